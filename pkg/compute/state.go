package compute

import (
	"encoding/json"
	"strings"
)

// InTransition reports whether an operation is changing the compute's state.
func (c *Compute) InTransition() bool {
	if c.Instance != nil && c.Instance.State != "" { // it has none while it is created
		return strings.EqualFold(c.ProvisioningState, StateDeleting) ||
			listed("creating settingup usersettingup starting stopping restarting deleting resizing", c.Instance.State)
	}
	return inProgress(c)
}

// InFailedState reports whether the compute is unusable and stays so.
func (c *Compute) InFailedState() bool {
	if c.Instance != nil && c.Instance.State != "" {
		return listed("createfailed setupfailed usersetupfailed unusable", c.Instance.State)
	}
	return listed("failed canceled", c.ProvisioningState)
}

// IsRunning reports whether an instance is on. A job on it does not change that.
func (c *Compute) IsRunning() bool {
	return c.Instance != nil && running(c.State())
}

// IsStopped reports whether an instance is off.
func (c *Compute) IsStopped() bool {
	return c.Instance != nil && strings.EqualFold(c.State(), StateStopped)
}

func running(state string) bool { return listed("running jobrunning", state) }

// about reports whether c has a type and is the compute of this name.
func (c *Compute) about(name string) bool {
	own := c.Name
	if own == "" {
		own = c.ID[strings.LastIndexByte(c.ID, '/')+1:]
	}
	return c.ComputeType != "" && strings.EqualFold(own, name)
}

// accepted is c in the transition of an accepted verb, as the next read would
// show it.
func (c *Compute) accepted(v Verb) *Compute {
	states, _ := v.signs()
	state := states[strings.LastIndexByte(states, ' ')+1:]
	var body map[string]any
	if state == "" || json.Unmarshal(c.Raw, &body) != nil {
		return c
	}
	outer, _ := body["properties"].(map[string]any)
	inner, _ := outer["properties"].(map[string]any)
	switch {
	case c.IsInstance() && inner != nil:
		inner["state"] = state
	case outer != nil:
		outer["provisioningState"] = state
	}
	text, err := json.Marshal(body)
	if moved, failed := Decode(text); err == nil && failed == nil {
		return moved
	}
	return c
}

// The operationStatus is InProgress, Succeeded, or a name that ends in Failed.
func (l *LastOperation) inProgress() bool {
	return l != nil && strings.EqualFold(l.Status, "InProgress")
}

func (l *LastOperation) failed() bool {
	return l != nil && strings.HasSuffix(strings.ToLower(l.Status), "failed")
}

// reachedBy reports whether the state shows the end of an operation, although
// lastOperation may still say InProgress.
func (l *LastOperation) reachedBy(state string) bool {
	switch strings.ToLower(l.Name) {
	case "create", "start", "restart", "reimage":
		return running(state)
	case "stop", "resize":
		return strings.EqualFold(state, StateStopped)
	}
	return false
}

// laterThan reports whether l is another operation than before.
func (l *LastOperation) laterThan(before *LastOperation) bool {
	return before == nil || !before.Time.Equal(l.Time.Time) || !strings.EqualFold(before.Name, l.Name)
}

// madeAfter reports whether c replaced before, which was deleted.
func (c *Compute) madeAfter(before *Compute) bool {
	return before != nil && !before.CreatedOn.IsZero() && c.CreatedOn.After(before.CreatedOn.Time)
}

// failureOf is the error of a failed compute or operation.
func failureOf(c *Compute) *Error {
	last := c.LastOperation()
	if last.failed() && !c.InFailedState() {
		return stateError(c, "the last operation on %s failed (%s), and it is %s", c.Name, last.Status, c.State())
	}
	return stateError(c, "%s is in state %s", c.Name, c.State())
}

// stateError is an error of a compute with the compute's own errors.
func stateError(c *Compute, format string, args ...any) *Error {
	e := errorf(KindState, c.Name, format, args...)
	e.Details = c.Errors()
	if len(e.Details) > 0 {
		e.Code = e.Details[0].Code
		e.Kind = operationKind(e.Details[0].Code, e.Details[0].Message)
		e.Message += ": " + e.Details[0].Message
		e.Details = e.Details[1:]
	}
	return e
}
