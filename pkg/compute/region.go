package compute

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
)

// Size is a machine size a region knows.
type Size struct {
	Name                  string   `json:"name"`
	Family                string   `json:"family"`
	VCPUs                 int      `json:"vCPUs"`
	GPUs                  int      `json:"gpus"`
	MemoryGB              float64  `json:"memoryGB"`
	OSDiskMB              int      `json:"osVhdSizeMB"`
	ResourceDiskMB        int      `json:"maxResourceVolumeMB"`
	LowPriority           bool     `json:"lowPriorityCapable"`
	PremiumIO             bool     `json:"premiumIO"`
	SupportedComputeTypes []string `json:"supportedComputeTypes"`
	Prices                *Prices  `json:"estimatedVMPrices"`

	// Raw is the size as the service sent it.
	Raw json.RawMessage `json:"-"`
}

// Prices are the estimated prices of a size.
type Prices struct {
	Currency string  `json:"billingCurrency"`
	Unit     string  `json:"unitOfMeasure"`
	Values   []Price `json:"values"`
}

// Price is what a size costs per hour under one system and tier.
type Price struct {
	Retail float64 `json:"retailPrice"`
	OSType string  `json:"osType"`
	Tier   string  `json:"vmTier"` // Standard, LowPriority or Spot
}

// Supports reports whether the size is offered for a compute type. A size
// that names no types is taken to be offered for all.
func (s *Size) Supports(computeType string) bool {
	for _, t := range s.SupportedComputeTypes {
		if strings.EqualFold(t, computeType) {
			return true
		}
	}
	return len(s.SupportedComputeTypes) == 0
}

// PerHour is the estimated price of one hour on Linux; ok is false when the
// service gives none.
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
	return collect(ctx, c, k, "value amlCompute", (*Size).raw) // the second until 2021-04-01
}

// Usage is one row of a region's quota: how much of a limit is used.
type Usage struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Unit      string `json:"unit"`
	Current   int64  `json:"currentValue"`
	Limit     int64  `json:"limit"` // -1 means unlimited
	Workspace string `json:"amlWorkspaceLocation"`
	Name      struct {
		Value     string `json:"value"`
		Localized string `json:"localizedValue"`
	} `json:"name"`

	// Raw is the row as the service sent it.
	Raw json.RawMessage `json:"-"`
}

func (u *Usage) raw() *json.RawMessage { return &u.Raw }

// Usages lists a region's quota and what is used of it (Usages_List).
func (c *Client) Usages(ctx context.Context, location string) ([]Usage, error) {
	k, err := c.location(opUsages, location)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "value", (*Usage).raw)
}

// market is what a region offers and how much of its quota is used, read at once.
func (c *Client) market(ctx context.Context, location string) (sizes []Size, usages []Usage, sizesErr, usagesErr error) {
	var group sync.WaitGroup
	group.Go(func() { sizes, sizesErr = c.VMSizes(ctx, location) })
	group.Go(func() { usages, usagesErr = c.Usages(ctx, location) })
	group.Wait()
	return sizes, usages, sizesErr, usagesErr
}

func (c *Client) location(op operation, location string) (call, error) {
	if !segment(c.workspace.Subscription) {
		return call{}, invalidf("", "the subscription %.100q cannot be part of an address; give its id", c.workspace.Subscription)
	}
	if !segment(location) {
		return call{}, invalidf("", "%.100q is not the name of a region", location)
	}
	return call{op: op, address: c.endpoint + "/subscriptions/" + url.PathEscape(c.workspace.Subscription) +
		"/providers/Microsoft.MachineLearningServices/locations/" + url.PathEscape(location) + op.suffix}, nil
}

// WorkspaceInfo is a workspace as the service describes it.
type WorkspaceInfo struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Properties struct {
		FriendlyName string `json:"friendlyName"`
		Description  string `json:"description"`
		DiscoveryURL string `json:"discoveryUrl"`
	} `json:"properties"`

	// Raw is the workspace as the service sent it.
	Raw json.RawMessage `json:"-"`
}

func (w *WorkspaceInfo) raw() *json.RawMessage { return &w.Raw }

// Workspace is the workspace's subscription, group and name, read from its id.
func (w *WorkspaceInfo) Workspace() Workspace {
	ws, _, _ := ParseID(w.ID)
	return ws
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

// Subscription is a subscription the caller can see.
type Subscription struct {
	ID    string `json:"subscriptionId"`
	Name  string `json:"displayName"`
	State string `json:"state"` // Enabled, Warned, PastDue, Disabled or Deleted

	// Raw is the subscription as the service sent it.
	Raw json.RawMessage `json:"-"`
}

func (s *Subscription) raw() *json.RawMessage { return &s.Raw }

// Subscriptions lists the subscriptions the caller can see
// (Subscriptions_List). The client needs no subscription for it.
func (c *Client) Subscriptions(ctx context.Context) ([]Subscription, error) {
	return collect(ctx, c, call{op: opSubscriptions, address: c.endpoint + opSubscriptions.suffix}, "value", (*Subscription).raw)
}

// ListWorkspaces lists the workspaces of the client's subscription that the
// caller can see (Workspaces_ListBySubscription), or those of one resource
// group (Workspaces_ListByResourceGroup) when group is not "".
func (c *Client) ListWorkspaces(ctx context.Context, group string) ([]WorkspaceInfo, error) {
	op, path := opListWorkspaces, c.endpoint+"/subscriptions/"+url.PathEscape(c.workspace.Subscription)
	if !segment(c.workspace.Subscription) {
		return nil, invalidf("", "the subscription %.100q cannot be part of an address; give its id", c.workspace.Subscription)
	}
	if group != "" {
		if !segment(group) {
			return nil, invalidf("", "%.100q is not the name of a resource group", group)
		}
		op, path = opGroupSpaces, path+"/resourceGroups/"+url.PathEscape(group)
	}
	return collect(ctx, c, call{op: op, address: path + "/providers/Microsoft.MachineLearningServices/workspaces"},
		"value", (*WorkspaceInfo).raw)
}
