package emulator

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Change is what Set puts a compute into; what is nil stays as it is.
type Change struct {
	// State is an instance's state, a cluster's node state (unusable,
	// preempted) or a provisioning state. The operation the compute is in, if
	// any, is canceled; a transitional state set this way does not end.
	State *string `json:"state,omitempty"`
	// Jobs is how many nodes of a cluster jobs ask for from now on.
	Jobs *int `json:"jobs,omitempty"`
	// DiskFull makes the service refuse to stop an instance.
	DiskFull *bool `json:"diskFull,omitempty"`
	// NoCapacity lets every start of an instance fail while it goes on.
	NoCapacity *bool `json:"noCapacity,omitempty"`
	// StickySize gives whatever is created under the name after a delete the
	// size of today, as the service once did (azure-rest-api-specs issue 18889).
	StickySize *bool `json:"stickySize,omitempty"`
}

// Set changes the compute with an ARM id from outside, as failures and people do.
func (e *Emulator) Set(ctx context.Context, id string, c Change) error {
	return e.update(ctx, func(t *tx) error { return t.set(id, c) })
}

// armID splits a compute's ARM id into subscription, group, workspace and name.
func armID(id string) ([]string, bool) {
	return match(computePath, strings.Split(strings.Trim(id, "/"), "/"))
}

func (t *tx) set(id string, ch Change) error {
	parts, ok := armID(id)
	if !ok {
		return badRequest("'%s' is not the resource id of a compute.", id)
	}
	c := t.s.computes[key(parts...)]
	if c == nil {
		return notFound(computeType, parts[2]+"/"+parts[3], parts[1])
	}
	if c.Instance == nil && (ch.DiskFull != nil || ch.NoCapacity != nil) {
		return badRequest("diskFull and noCapacity are of compute instances; %s is of type %s.", c.Name, c.Type)
	}
	if ch.Jobs != nil && (c.Cluster == nil || *ch.Jobs < 0) {
		return badRequest("jobs is a number of nodes of a cluster; %s is of type %s.", c.Name, c.Type)
	}
	if ch.State != nil {
		if err := t.setState(c, *ch.State); err != nil {
			return err
		}
	}
	if ch.DiskFull != nil {
		c.Instance.DiskFull = *ch.DiskFull
	}
	if ch.NoCapacity != nil {
		c.Instance.NoCapacity = *ch.NoCapacity
	}
	if ch.StickySize != nil {
		c.StickySize = *ch.StickySize
	}
	if ch.Jobs != nil {
		c.Cluster.Jobs = *ch.Jobs
		t.settleCluster(c)
	}
	t.s.touch(computeKey + c.key())
	return nil
}

// The states that can be set, in the service's spelling.
var (
	instanceStates = []string{
		"Creating", "CreateFailed", "Deleting", "Running", "Restarting", "JobRunning", "SettingUp", "SetupFailed", "Starting",
		"Stopped", "Stopping", "UserSettingUp", "UserSetupFailed", "Unknown", "Unusable", "Resizing",
	}
	provisioningStates = []string{"Unknown", "Updating", "Creating", "Deleting", "Succeeded", "Failed", "Canceled"}
)

func (t *tx) setState(c *compute, state string) error {
	allowed := provisioningStates
	switch {
	case c.Instance != nil:
		allowed = instanceStates
	case c.Cluster != nil:
		allowed = append([]string{"unusable", "preempted"}, provisioningStates...)
	}
	s := oneOf(state, allowed...)
	if s == "" {
		return badRequest("A compute of type %s has no state '%s'. Use one of %s.", c.Type, state, strings.Join(allowed, ", "))
	}
	if c.Busy != nil {
		t.conclude(c.Busy, "Canceled", nil)
		c.Busy = nil
	}
	switch {
	case c.Instance != nil:
		c.setInstanceState(s, t)
	case s == "unusable" || s == "preempted":
		for _, n := range c.Cluster.Nodes {
			n.State, n.Moves = s, time.Time{}
			if s == "preempted" {
				n.Moves = t.now.Add(t.e.opts.Pace.scale(nodeStopTime))
			}
		}
		t.settleCluster(c)
	default:
		c.ProvisioningState = s
		c.ProvisioningErrors = nil
		if s == "Failed" {
			c.ProvisioningErrors = []*apiError{madeUp(s)}
		}
	}
	return nil
}

// setInstanceState sets a state with what the service shows beside it.
func (c *compute) setInstanceState(s string, t *tx) {
	i := c.Instance
	i.State, i.Errors, c.ProvisioningErrors, c.ProvisioningState, c.Modified = s, nil, nil, "Succeeded", t.now
	switch s {
	case "Creating", "SettingUp", "UserSettingUp":
		c.ProvisioningState = "Creating"
	case "Deleting":
		c.ProvisioningState = "Deleting"
	case "Running":
		i.IdleSince = t.now
	case "CreateFailed":
		c.ProvisioningState = "Failed"
		c.ProvisioningErrors = []*apiError{madeUp(s)}
		i.Last = &lastOperation{Name: createOperation, Time: t.now, Status: s, Trigger: triggerUser}
	}
	if slices.Contains([]string{"CreateFailed", "SetupFailed", "UserSetupFailed", "Unusable"}, s) {
		i.Errors = []*apiError{madeUp(s)}
	}
}

// rememberSize keeps the size of a compute that was asked to be sticky.
func (t *tx) rememberSize(c *compute) {
	if !c.StickySize {
		return
	}
	t.s.sizes[c.key()] = c.vmSize()
	t.s.touch(sizeKey + c.key())
}

// stickySize returns the size that a new compute gets who asks for one.
func (t *tx) stickySize(c *compute, asked string) string {
	old, ok := t.s.sizes[c.key()]
	if !ok {
		return asked
	}
	delete(t.s.sizes, c.key())
	t.s.touch(sizeKey + c.key())
	return old
}

func madeUp(state string) *apiError {
	return fail(http.StatusBadRequest, state, "The compute was put into the state %s by hand.", state)
}
