package machinelearning

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// Change is a change that Set makes to a compute; nil fields stay unchanged.
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
	// SetupFails lets every later setup under the name fail: the scripts of an
	// instance that has some (UserSetupFailed), the machine's own setup of one
	// that has none (SetupFailed). The compute need not exist yet.
	SetupFails *bool `json:"setupFails,omitempty"`
	// SetupTakes is how long its scripts run from now on, as a Go duration;
	// 0s is back to the usual. The compute need not exist yet.
	SetupTakes *string `json:"setupTakes,omitempty"`
	// StickySize gives whatever is created under the name after a delete the
	// size of today, as the service once did (azure-rest-api-specs issue 18889).
	StickySize *bool `json:"stickySize,omitempty"`
}

// Set changes the compute with an ARM id from outside, as failures and people do.
func Set(t *arm.Tx, id string, ch Change) error {
	parts, ok := arm.MatchID(computePath, id)
	if !ok {
		return arm.BadRequest("'%s' is not the resource id of a compute.", id)
	}
	c := computes.Get(t, arm.Key(parts...))
	if ch.SetupFails != nil || ch.SetupTakes != nil {
		if c != nil && c.Instance == nil {
			return arm.BadRequest("setupFails and setupTakes are of compute instances; %s is of type %s.", c.Name, c.Type)
		}
		if err := planSetup(t, arm.Key(parts...), ch); err != nil {
			return err
		}
		if ch.SetupFails, ch.SetupTakes = nil, nil; ch == (Change{}) {
			return nil
		}
	}
	if c == nil {
		return arm.NotFound(computeType, parts[2]+"/"+parts[3], parts[1])
	}
	if c.Instance == nil && (ch.DiskFull != nil || ch.NoCapacity != nil) {
		return arm.BadRequest("diskFull and noCapacity are of compute instances; %s is of type %s.", c.Name, c.Type)
	}
	if ch.Jobs != nil && (c.Cluster == nil || *ch.Jobs < 0) {
		return arm.BadRequest("jobs is a number of nodes of a cluster; %s is of type %s.", c.Name, c.Type)
	}
	if ch.State != nil {
		if err := setState(t, c, *ch.State); err != nil {
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
		settleCluster(t, c)
	}
	computes.Put(t, c.key(), c)
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

func setState(t *arm.Tx, c *compute, state string) error {
	allowed := provisioningStates
	switch {
	case c.Instance != nil:
		allowed = instanceStates
	case c.Cluster != nil:
		allowed = append([]string{"unusable", "preempted"}, provisioningStates...)
	}
	s := oneOf(state, allowed...)
	if s == "" {
		return arm.BadRequest("A compute of type %s has no state '%s'. Use one of %s.", c.Type, state, strings.Join(allowed, ", "))
	}
	if c.Busy != nil {
		conclude(t, c.Busy, "Canceled", nil)
		c.Busy = nil
	}
	switch {
	case c.Instance != nil:
		c.setInstanceState(s, t)
	case s == "unusable" || s == "preempted":
		for _, n := range c.Cluster.Nodes {
			n.State, n.Moves = s, time.Time{}
			if s == "preempted" {
				n.Moves = t.Now.Add(t.Takes(nodeStopTime))
			}
		}
		settleCluster(t, c)
	default:
		c.ProvisioningState = s
		c.ProvisioningErrors = nil
		if s == "Failed" {
			c.ProvisioningErrors = []*arm.Error{madeUp(s)}
		}
	}
	return nil
}

// setInstanceState sets a state with what the service shows beside it.
func (c *compute) setInstanceState(s string, t *arm.Tx) {
	i := c.Instance
	i.State, i.Errors, c.ProvisioningErrors, c.ProvisioningState, c.Modified = s, nil, nil, "Succeeded", t.Now
	switch s {
	case "Creating", "SettingUp", "UserSettingUp":
		c.ProvisioningState = "Creating"
	case "Deleting":
		c.ProvisioningState = "Deleting"
	case "Running":
		i.IdleSince = t.Now
	case "CreateFailed":
		c.ProvisioningState = "Failed"
		c.ProvisioningErrors = []*arm.Error{madeUp(s)}
		i.Last = &lastOperation{Name: createOperation, Time: t.Now, Status: s, Trigger: triggerUser}
	}
	if slices.Contains([]string{"CreateFailed", "SetupFailed", "UserSetupFailed", "Unusable"}, s) {
		i.Errors = []*arm.Error{madeUp(s)}
	}
}

// rememberSize keeps the size of a compute that was asked to be sticky.
func rememberSize(t *arm.Tx, c *compute) {
	if !c.StickySize {
		return
	}
	stickySizes.Put(t, c.key(), c.vmSize())
}

// stickySize returns the size that a new compute gets who asks for one.
func stickySize(t *arm.Tx, c *compute, asked string) string {
	old, ok := stickySizes.Lookup(t, c.key())
	if !ok {
		return asked
	}
	stickySizes.Delete(t, c.key())
	return old
}

func madeUp(state string) *arm.Error {
	return arm.Fail(http.StatusBadRequest, state, "The compute was put into the state %s by hand.", state)
}

// Count counts workspaces and computes, those in an operation and all by state;
// by provisioning state where a type has no other.
func Count(t *arm.Tx) (ofWorkspaces, ofComputes, busy int, states map[string]int) {
	states = map[string]int{}
	for c := range computes.All(t) {
		state := c.ProvisioningState
		if c.Instance != nil {
			state = c.Instance.State
		}
		states[state]++
		if c.Busy != nil {
			busy++
		}
	}
	return workspaces.Len(t), computes.Len(t), busy, states
}
