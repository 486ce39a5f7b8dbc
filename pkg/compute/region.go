package compute

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Size is a size of machine.
type Size struct {
	Name                  string          `json:"name"`
	Family                string          `json:"family"`
	VCPUs                 int             `json:"vCPUs"`
	GPUs                  int             `json:"gpus"`
	MemoryGB              float64         `json:"memoryGB"`
	OSDiskMB              int             `json:"osVhdSizeMB"`
	ResourceDiskMB        int             `json:"maxResourceVolumeMB"`
	LowPriority           bool            `json:"lowPriorityCapable"`
	PremiumIO             bool            `json:"premiumIO"`
	SupportedComputeTypes []string        `json:"supportedComputeTypes"`
	Prices                *Prices         `json:"estimatedVMPrices"`
	Raw                   json.RawMessage `json:"-"` // as the service sent it
}

// Prices are the estimated prices of a size.
type Prices struct {
	Currency string  `json:"billingCurrency"`
	Values   []Price `json:"values"`
}

// Price is the price of an hour with one operating system and tier.
type Price struct {
	Retail float64 `json:"retailPrice"`
	OSType string  `json:"osType"`
	Tier   string  `json:"vmTier"` // Standard, LowPriority or Spot
}

// Supports reports whether the size is offered for a compute type. A size that
// names no types is offered for all.
func (s *Size) Supports(computeType string) bool {
	return len(s.SupportedComputeTypes) == 0 ||
		slices.ContainsFunc(s.SupportedComputeTypes, func(t string) bool { return strings.EqualFold(t, computeType) })
}

// PerHour is the estimated price of an hour on Linux; ok is false if the service
// names none.
func (s *Size) PerHour(lowPriority bool) (price float64, currency string, ok bool) {
	if s.Prices == nil {
		return 0, "", false
	}
	tier := "Standard"
	if lowPriority {
		tier = "LowPriority"
	}
	for _, v := range s.Prices.Values {
		if strings.EqualFold(v.OSType, "Linux") && strings.EqualFold(v.Tier, tier) {
			return v.Retail, s.Prices.Currency, true
		}
	}
	return 0, "", false
}

func (s *Size) raw() *json.RawMessage { return &s.Raw }

// VMSizes lists the machine sizes of a region (VirtualMachineSizes_List).
func (c *Client) VMSizes(ctx context.Context, location string) ([]Size, error) {
	k, err := c.location(opVMSizes, location)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "value amlCompute", (*Size).raw) // amlCompute until 2021-04-01
}

// Usage is one row of a region's quota.
type Usage struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Current int64  `json:"currentValue"`
	Limit   int64  `json:"limit"` // -1 is none
	Name    struct {
		Value string `json:"value"`
	} `json:"name"`
	Raw json.RawMessage `json:"-"` // as the service sent it
}

func (u *Usage) raw() *json.RawMessage { return &u.Raw }

// Usages lists the quota of a region (Usages_List).
func (c *Client) Usages(ctx context.Context, location string) ([]Usage, error) {
	k, err := c.location(opUsages, location)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "value", (*Usage).raw)
}

// market reads the sizes and the quota of a region at the same time.
func (c *Client) market(ctx context.Context, location string) (sizes []Size, usages []Usage, sizesErr, usagesErr error) {
	var group sync.WaitGroup
	group.Go(func() { sizes, sizesErr = c.VMSizes(ctx, location) })
	group.Go(func() { usages, usagesErr = c.Usages(ctx, location) })
	group.Wait()
	return sizes, usages, sizesErr, usagesErr
}

func (c *Client) location(op operation, location string) (call, error) {
	subscription, err := c.subscription()
	if err != nil {
		return call{}, err
	}
	if !segment(location) {
		return call{}, invalidf("", "%.100q is not the name of a region", location)
	}
	return call{op: op, address: subscription + "/providers/Microsoft.MachineLearningServices/locations/" + url.PathEscape(location) + op.suffix}, nil
}

// subscription is the address of the client's subscription.
func (c *Client) subscription() (string, error) {
	if !segment(c.workspace.Subscription) {
		return "", invalidf("", "the subscription %.100q cannot be part of an address; give its id", c.workspace.Subscription)
	}
	return c.endpoint + "/subscriptions/" + url.PathEscape(c.workspace.Subscription), nil
}

// WorkspaceInfo is a workspace as the service describes it.
type WorkspaceInfo struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Location string          `json:"location"`
	Raw      json.RawMessage `json:"-"` // as the service sent it

	Properties struct {
		PublicNetworkAccess string            `json:"publicNetworkAccess"` // Enabled or Disabled
		PrivateLinkCount    int               `json:"privateLinkCount"`
		PrivateEndpoints    []json.RawMessage `json:"privateEndpointConnections"`
		ManagedNetwork      *struct {
			IsolationMode string `json:"isolationMode"` // Disabled, AllowInternetOutbound or AllowOnlyApprovedOutbound
		} `json:"managedNetwork"`
	} `json:"properties"`
}

func (w *WorkspaceInfo) raw() *json.RawMessage { return &w.Raw }

// Workspace is the workspace that the id names.
func (w *WorkspaceInfo) Workspace() Workspace {
	ws, _, _ := ParseID(w.ID)
	return ws
}

// HasPrivateNetwork reports whether the workspace has a private endpoint or a
// managed network, without which the service refuses instances that have no public
// address. It is true where the workspace does not tell its network at all.
// Source: fact sheet article-rest, section 6.6.
func (w *WorkspaceInfo) HasPrivateNetwork() bool {
	p := w.Properties
	managed := p.ManagedNetwork != nil && p.ManagedNetwork.IsolationMode != "" && !strings.EqualFold(p.ManagedNetwork.IsolationMode, "Disabled")
	return p.PublicNetworkAccess == "" || p.PrivateLinkCount > 0 || len(p.PrivateEndpoints) > 0 || managed
}

// GetWorkspace reads the client's workspace (Workspaces_Get).
func (c *Client) GetWorkspace(ctx context.Context) (*WorkspaceInfo, error) {
	if err := c.workspace.check(); err != nil {
		return nil, err
	}
	k := call{op: opGetWorkspace, address: c.endpoint + c.workspace.path()}
	w := new(WorkspaceInfo)
	a, err := c.read(ctx, k, func(a *answer) error {
		if err := decode(k.op, "", a, w); err != nil || w.ID != "" || w.Name != "" {
			return err
		}
		return garbledError(k, a, "the service's answer is not about the workspace "+c.workspace.Name)
	})
	if err != nil {
		return nil, err
	}
	w.Raw = a.body
	return w, nil
}

// Subscription is a subscription that the caller can see.
type Subscription struct {
	ID    string          `json:"subscriptionId"`
	Name  string          `json:"displayName"`
	State string          `json:"state"` // Enabled, Warned, PastDue, Disabled or Deleted
	Raw   json.RawMessage `json:"-"`     // as the service sent it
}

func (s *Subscription) raw() *json.RawMessage { return &s.Raw }

// Subscriptions lists the subscriptions that the caller can see
// (Subscriptions_List).
func (c *Client) Subscriptions(ctx context.Context) ([]Subscription, error) {
	return collect(ctx, c, call{op: opSubscriptions, address: c.endpoint + opSubscriptions.suffix}, "value", (*Subscription).raw)
}

// ListWorkspaces lists the workspaces that the caller can see in the client's
// subscription (Workspaces_ListBySubscription) or, if group is not "", in one
// resource group (Workspaces_ListByResourceGroup).
func (c *Client) ListWorkspaces(ctx context.Context, group string) ([]WorkspaceInfo, error) {
	address, err := c.subscription()
	if err != nil {
		return nil, err
	}
	op := opListWorkspaces
	if group != "" {
		if !segment(group) {
			return nil, invalidf("", "%.100q is not the name of a resource group", group)
		}
		op, address = opGroupSpaces, address+"/resourceGroups/"+url.PathEscape(group)
	}
	return collect(ctx, c, call{op: op, address: address + "/providers/Microsoft.MachineLearningServices/workspaces"}, "value", (*WorkspaceInfo).raw)
}
