package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// List yields the computes of the workspace as the service's pages arrive
// (Compute_List). It ends after the first error.
func (c *Client) List(ctx context.Context) iter.Seq2[*Compute, error] {
	return func(yield func(*Compute, error) bool) {
		if err := c.workspace.check(); err != nil {
			yield(nil, err)
			return
		}
		k := call{op: opList, address: c.endpoint + c.workspace.path() + "/computes"}
		_, err := c.eachCompute(ctx, k, func(compute *Compute) error {
			if !yield(compute, nil) {
				return errStop
			}
			return nil
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// eachCompute reads all pages of computes. count is the number of pages.
func (c *Client) eachCompute(ctx context.Context, k call, each func(*Compute) error) (count int, err error) {
	return pages(ctx, c, k, "value", func(data json.RawMessage) error {
		compute := new(Compute)
		if compute.decode(data) != nil {
			// Something in the list that is no object is nobody's compute.
			return nil
		}
		return each(compute)
	})
}

// All is List as a slice.
func (c *Client) All(ctx context.Context) ([]*Compute, error) {
	var out []*Compute
	for compute, err := range c.List(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, compute)
	}
	return out, nil
}

var errStop = errors.New("stop")

// maxPages ends a list whose pages never do.
const maxPages = 10000

// pages calls each for every element of the array at key in every page. The
// elements handed out are the caller's to keep.
func pages(ctx context.Context, c *Client, k call, key string, each func(json.RawMessage) error) (count int, err error) {
	seen := map[string]bool{}
	for {
		next, err := c.page(ctx, k, key, each)
		count++
		switch {
		case errors.Is(err, errStop):
			return count, nil
		case err != nil:
			return count, err
		case next == "":
			return count, nil
		case seen[next] || count >= maxPages:
			return count, errorf(KindFailed, k.name, "the service's list does not end: it names the same next page again; try again later")
		}
		seen[next] = true
		address, err := c.resolve(k.address, next)
		if err != nil {
			return count, errorf(KindFailed, k.name, "the service named a next page that is not an address: %.200q", next)
		}
		k.address, k.verbatim = address, true
	}
}

// page reads one page. Elements are handed out as they arrive, so that a list
// of any length costs the memory of what is kept of it. When a page breaks off
// it is asked for again and the elements already handed out are skipped.
func (c *Client) page(ctx context.Context, k call, key string, each func(json.RawMessage) error) (next string, err error) {
	done := 0
	for try := 0; ; try++ {
		var stopped error
		k.stream = func(r io.Reader) error {
			index := 0
			var err error
			next, err = readPage(r, key, func(data json.RawMessage) error {
				index++
				if index <= done {
					return nil
				}
				done = index
				stopped = each(data)
				return stopped
			})
			return err
		}
		_, err = c.send(ctx, k)
		if stopped != nil {
			return "", stopped
		}
		if err == nil || try == 2 || ctx.Err() != nil || !brokeOff(err) {
			return next, err
		}
	}
}

// brokeOff reports whether err came while the body of an answer was read.
func brokeOff(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || isSyntax(err)
}

// resolve makes an address the service named absolute, changing nothing else.
func (c *Client) resolve(base, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if u.IsAbs() {
		return address, nil
	}
	from, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	return from.ResolveReference(u).String(), nil
}

// Get reads one compute (Compute_Get).
func (c *Client) Get(ctx context.Context, name string) (*Compute, error) {
	k, err := c.compute(opGet, name)
	if err != nil {
		return nil, err
	}
	compute, _, err := c.get(ctx, k)
	return compute, err
}

// GetEach reads several computes (Compute_Get), a few at a time. The outcomes
// stand in the order of the names.
func (c *Client) GetEach(ctx context.Context, names []string) []Outcome {
	outcomes := make([]Outcome, len(names))
	slots := make(chan struct{}, parallel)
	var reads sync.WaitGroup
	for i, name := range names {
		reads.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			outcomes[i].Name = name
			outcomes[i].Compute, outcomes[i].Err = c.Get(ctx, name)
		})
	}
	reads.Wait()
	return outcomes
}

func (c *Client) get(ctx context.Context, k call) (*Compute, *answer, error) {
	a, err := c.send(ctx, k)
	if err != nil {
		return nil, a, err
	}
	compute := new(Compute)
	if err := decode(k.op, k.name, a, compute); err != nil {
		return nil, a, err
	}
	return compute, a, nil
}

// NameCheck is the service's word on whether a name is free in the region.
type NameCheck struct {
	Available bool   `json:"nameAvailable"`
	Reason    string `json:"reason"` // AlreadyExists, Invalid, …
	Message   string `json:"message"`
}

// CheckName asks whether an instance may have this name (the workspace's
// action checkComputeNameAvailability). Names are unique in a region.
func (c *Client) CheckName(ctx context.Context, name string) (NameCheck, error) {
	if err := c.workspace.check(); err != nil {
		return NameCheck{}, err
	}
	k := call{op: opCheckName, name: name, address: c.endpoint + c.workspace.path() + opCheckName.suffix,
		body: map[string]string{"Name": name, "Type": "Microsoft.BatchAI/DataScienceInstance"}}
	a, err := c.send(ctx, k)
	if err != nil {
		return NameCheck{}, err
	}
	var check NameCheck
	return check, decode(k.op, name, a, &check)
}

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

func (s *Size) load(data json.RawMessage) {
	_ = json.Unmarshal(data, s)
	s.Raw = data
}

// VMSizes lists the machine sizes of a region (VirtualMachineSizes_List).
func (c *Client) VMSizes(ctx context.Context, location string) ([]Size, error) {
	k, err := c.location(opVMSizes, location)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "value", (*Size).load)
}

// Usage is one row of a region's quota: how much of a limit is used.
type Usage struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Unit      string `json:"unit"`
	Current   int64  `json:"currentValue"`
	Limit     int64  `json:"limit"` // -1 is no limit
	Workspace string `json:"amlWorkspaceLocation"`
	Name      struct {
		Value     string `json:"value"`
		Localized string `json:"localizedValue"`
	} `json:"name"`

	// Raw is the row as the service sent it.
	Raw json.RawMessage `json:"-"`
}

func (u *Usage) load(data json.RawMessage) {
	_ = json.Unmarshal(data, u)
	u.Raw = data
}

// Usages lists a region's quota and what is used of it (Usages_List).
func (c *Client) Usages(ctx context.Context, location string) ([]Usage, error) {
	k, err := c.location(opUsages, location)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "value", (*Usage).load)
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

// collect reads all pages of a list of T.
func collect[T any](ctx context.Context, c *Client, k call, key string, load func(*T, json.RawMessage)) ([]T, error) {
	out := []T{}
	_, err := pages(ctx, c, k, key, func(data json.RawMessage) error {
		var item T
		load(&item, data)
		out = append(out, item)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
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

func (w *WorkspaceInfo) load(data json.RawMessage) {
	_ = json.Unmarshal(data, w)
	w.Raw = data
}

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
	a, err := c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	w := new(WorkspaceInfo)
	if err := decode(k.op, "", a, w); err != nil {
		return nil, err
	}
	w.Raw = a.body
	return w, nil
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
		"value", (*WorkspaceInfo).load)
}

// Keys are the secrets of an attached compute: print them only where they were
// asked for.
type Keys struct {
	ComputeType           string          `json:"computeType"`
	UserKubeConfig        string          `json:"userKubeConfig"`
	AdminKubeConfig       string          `json:"adminKubeConfig"`
	ImagePullSecretName   string          `json:"imagePullSecretName"`
	DatabricksAccessToken string          `json:"databricksAccessToken"`
	Account               *MachineAccount `json:"administratorAccount"`

	// Raw is the answer as the service sent it.
	Raw json.RawMessage `json:"-"`
}

// ListKeys reads the secrets of a compute (Compute_ListKeys).
func (c *Client) ListKeys(ctx context.Context, name string) (*Keys, error) {
	k, err := c.compute(opListKeys, name)
	if err != nil {
		return nil, err
	}
	a, err := c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	keys := new(Keys)
	if err := decode(k.op, name, a, keys); err != nil {
		return nil, err
	}
	keys.Raw = a.body
	return keys, nil
}

// Node is one node of a cluster.
type Node struct {
	ID        string `json:"nodeId"`
	PrivateIP string `json:"privateIpAddress"`
	PublicIP  string `json:"publicIpAddress"`
	Port      int    `json:"port"`
	State     string `json:"nodeState"` // idle, running, preparing, unusable, leaving, preempted
	RunID     string `json:"runId"`

	// Raw is the node as the service sent it.
	Raw json.RawMessage `json:"-"`
}

func (n *Node) load(data json.RawMessage) {
	_ = json.Unmarshal(data, n)
	n.Raw = data
}

// ListNodes lists the nodes of a cluster (Compute_ListNodes).
func (c *Client) ListNodes(ctx context.Context, name string) ([]Node, error) {
	k, err := c.compute(opListNodes, name)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "nodes", (*Node).load)
}

// AllowedSizes lists the sizes an instance may be resized to
// (Compute_getAllowedResizeSizes, preview).
func (c *Client) AllowedSizes(ctx context.Context, name string) ([]Size, error) {
	k, err := c.compute(opAllowedSizes, name)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "value", (*Size).load)
}

// UpdateSchedules replaces all schedules of an instance
// (Compute_UpdateSchedules, specified at 2021-03-01-preview): every schedule to
// keep must be among them. It is done when it returns.
func (c *Client) UpdateSchedules(ctx context.Context, name string, schedules Schedules) error {
	return c.set(ctx, opSchedules, name, schedules, func(now *Compute) bool {
		return scheduleText(now.Instance.Schedules) == scheduleText(schedules)
	})
}

// UpdateIdleShutdown sets after how long without use an instance stops itself
// (Compute_UpdateIdleShutdownSetting, preview): 15 minutes to 3 days, in whole
// minutes; 0 asks for never, which the service may not know how to do. It is
// done when it returns.
func (c *Client) UpdateIdleShutdown(ctx context.Context, name string, d time.Duration) error {
	return c.set(ctx, opIdle, name, idleBody(d), func(now *Compute) bool {
		idle, _ := now.Instance.IdleShutdown()
		return idle == d
	})
}

// UpdateCustomServices replaces the custom services of an instance
// (Compute_UpdateCustomServices, preview); services is a JSON array. It is done
// when it returns.
func (c *Client) UpdateCustomServices(ctx context.Context, name string, services json.RawMessage) error {
	return c.set(ctx, opServices, name, services, func(*Compute) bool { return false })
}

// set makes a synchronous write that replaces a value. When its answer was
// lost the instance is read: if it does not show the value, the write is made
// once more, which is safe because doing it twice is doing it once.
func (c *Client) set(ctx context.Context, op operation, name string, body any, shows func(*Compute) bool) error {
	k, err := c.compute(op, name)
	if err != nil {
		return err
	}
	k.body = body
	_, err = c.send(ctx, k)
	if err == nil || !uncertain(err) || ctx.Err() != nil {
		return err
	}
	now, readErr := c.Get(ctx, name)
	switch {
	case readErr != nil:
		return err
	case now.Instance != nil && shows(now):
		return nil
	}
	_, err = c.send(ctx, k)
	return err
}

// region is where the client's workspace is, for calls that need it.
func (c *Client) region(ctx context.Context) (string, error) {
	w, err := c.GetWorkspace(ctx)
	if err != nil {
		return "", err
	}
	if w.Location == "" {
		return "", errorf(KindFailed, "", "the service did not say in which region the workspace %s is", c.workspace.Name)
	}
	return w.Location, nil
}

// Verb is what is done to a compute.
type Verb string

// The verbs.
const (
	VerbCreate  Verb = "create"
	VerbStart   Verb = "start"
	VerbStop    Verb = "stop"
	VerbRestart Verb = "restart"
	VerbDelete  Verb = "delete"
	VerbDetach  Verb = "detach"
	VerbUpdate  Verb = "update"
	VerbResize  Verb = "resize"
	VerbWait    Verb = "wait"
)

// Operation is something the service accepted to do.
type Operation struct {
	Verb Verb
	Name string // the compute
	// URL is where its status is read, exactly as the service wrote it; ""
	// when the service named none.
	URL string
	// Done is true when the answer said that there is nothing to wait for.
	Done bool
	// Adopted is true when the answer was lost and the operation was recognised
	// by reading the compute.
	Adopted bool
	// Compute is the resource the service answered with, if it did.
	Compute *Compute
	// Accepted is when the service accepted it, by the service's clock.
	Accepted time.Time
	// RetryAfter is how long the service asked to wait before asking; 0 when it
	// did not say.
	RetryAfter time.Duration

	byLocation bool // URL came from Location, whose status is told by HTTP status
}

// BeginCreate asks for a compute (Compute_CreateOrUpdate). It overwrites a
// compute of that name, which cannot be undone: Create looks first. spec.Location "" is the workspace's region.
func (c *Client) BeginCreate(ctx context.Context, name string, spec *Spec) (*Operation, error) {
	if spec.Location == "" {
		location, err := c.region(ctx)
		if err != nil {
			return nil, err
		}
		copied := *spec
		copied.Location = location
		spec = &copied
	}
	return c.begin(ctx, spec.operation(), VerbCreate, name, "", spec)
}

// BeginUpdateScale changes how a cluster scales (Compute_Update).
func (c *Client) BeginUpdateScale(ctx context.Context, name string, scale ScaleSettings) (*Operation, error) {
	type inner struct {
		Scale ScaleSettings `json:"scaleSettings"`
	}
	type outer struct {
		Properties inner `json:"properties"`
	}
	return c.begin(ctx, opUpdate, VerbUpdate, name, "", struct {
		Properties outer `json:"properties"`
	}{outer{inner{scale}}})
}

// BeginUpdateIdentity changes the managed identities of a cluster
// (Compute_Update, as the v1 SDK did it).
func (c *Client) BeginUpdateIdentity(ctx context.Context, name string, identity IdentitySpec) (*Operation, error) {
	return c.begin(ctx, opUpdate, VerbUpdate, name, "", map[string]any{"identity": identity})
}

// BeginDelete deletes a compute (Compute_Delete with
// underlyingResourceAction=Delete).
func (c *Client) BeginDelete(ctx context.Context, name string) (*Operation, error) {
	return c.begin(ctx, opDelete, VerbDelete, name, "underlyingResourceAction=Delete", nil)
}

// BeginDetach removes a compute from the workspace and leaves what it stands
// for alone (Compute_Delete with underlyingResourceAction=Detach).
func (c *Client) BeginDetach(ctx context.Context, name string) (*Operation, error) {
	return c.begin(ctx, opDelete, VerbDetach, name, "underlyingResourceAction=Detach", nil)
}

// BeginStart starts an instance (Compute_Start). The service refuses it in any
// state but Stopped.
func (c *Client) BeginStart(ctx context.Context, name string) (*Operation, error) {
	return c.begin(ctx, opStart, VerbStart, name, "", nil)
}

// BeginStop stops an instance (Compute_Stop).
func (c *Client) BeginStop(ctx context.Context, name string) (*Operation, error) {
	return c.begin(ctx, opStop, VerbStop, name, "", nil)
}

// BeginRestart restarts an instance (Compute_Restart).
func (c *Client) BeginRestart(ctx context.Context, name string) (*Operation, error) {
	return c.begin(ctx, opRestart, VerbRestart, name, "", nil)
}

// BeginResize changes the size of a stopped instance (Compute_Resize, preview).
func (c *Client) BeginResize(ctx context.Context, name, size string) (*Operation, error) {
	return c.begin(ctx, opResize, VerbResize, name, "", map[string]string{"targetVMSize": size})
}

// begin makes one write and reads from its answer what there is to wait for.
func (c *Client) begin(ctx context.Context, op operation, verb Verb, name, query string, body any) (*Operation, error) {
	k, err := c.compute(op, name)
	if err != nil {
		return nil, err
	}
	k.query, k.body = query, body
	a, err := c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	o := &Operation{Verb: verb, Name: name, Accepted: a.date, RetryAfter: a.retryAfter}
	if len(a.body) > 0 && a.body[0] == '{' {
		if compute, err := Decode(a.body); err == nil && compute.ComputeType != "" {
			o.Compute = compute
		}
	}
	o.URL = a.header.Get("Azure-AsyncOperation")
	if o.URL == "" {
		o.URL, o.byLocation = a.header.Get("Location"), true
	}
	if o.URL != "" {
		u, err := url.Parse(o.URL)
		switch {
		case err != nil || !u.IsAbs() || u.Host == "":
			// Nothing can be read there; the compute itself will tell.
			o.URL, o.byLocation = "", false
		case !c.hosts.allow(u):
			refused := &HostError{Host: u.Host, Scheme: u.Scheme}
			return o, &Error{Kind: KindFailed, Name: name, Operation: op.id, Err: refused,
				Message: fmt.Sprintf("%s was accepted, but %s; the operation goes on: wait for %s by its name", verb, refused.Error(), name)}
		}
	}
	o.Done = o.URL == "" && (a.status == http.StatusOK || a.status == http.StatusNoContent) && !inProgress(o.Compute)
	return o, nil
}

// inProgress reports whether a resource answered to a write says that the
// write is still being carried out.
func inProgress(c *Compute) bool {
	if c == nil {
		return false
	}
	switch strings.ToLower(c.ProvisioningState) {
	case "creating", "updating", "deleting":
		return true
	}
	return false
}
