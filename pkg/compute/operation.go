package compute

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

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
