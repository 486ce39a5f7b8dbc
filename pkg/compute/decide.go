package compute

import "strings"

// Goal is what a wait waits for: nothing in progress any more, or a state.
type Goal string

// The goals with a name. Any other word is a state, such as "JobRunning",
// compared without regard to case.
const (
	// GoalSettled is reached when nothing is in progress.
	GoalSettled Goal = ""
	// GoalRunning is reached in Running and JobRunning.
	GoalRunning Goal = "running"
	// GoalStopped is reached in Stopped.
	GoalStopped Goal = "stopped"
	// GoalDeleted is reached when the compute is not there.
	GoalDeleted Goal = "deleted"
)

// verdict is what a look at a compute says about a wait for it.
type verdict int

const (
	verdictWait    verdict = iota // not yet
	verdictReached                // there is nothing more to wait for
	verdictFailed                 // it will not come
	verdictMissing                // it is not there
)

// InTransition reports whether the compute is on its way from one state to
// another by itself.
func (c *Compute) InTransition() bool {
	switch strings.ToLower(c.ProvisioningState) {
	case "creating", "updating", "deleting":
		// An instance tells its own state better; while it is created it has
		// none at first.
		if c.Instance == nil || c.Instance.State == "" || strings.EqualFold(c.ProvisioningState, StateDeleting) {
			return true
		}
	}
	return c.Instance != nil && transient(c.Instance.State)
}

func transient(state string) bool {
	switch strings.ToLower(state) {
	case "creating", "settingup", "usersettingup", "starting", "stopping", "restarting", "deleting", "resizing":
		return true
	}
	return false
}

// InFailedState reports whether the compute is in a state it does not leave by
// itself and in which it is of no use.
func (c *Compute) InFailedState() bool {
	if c.Instance != nil && c.Instance.State != "" {
		switch strings.ToLower(c.Instance.State) {
		case "createfailed", "setupfailed", "usersetupfailed", "unusable":
			return true
		}
		return false
	}
	switch strings.ToLower(c.ProvisioningState) {
	case "failed", "canceled":
		return true
	}
	return false
}

// IsRunning reports whether an instance is on. A job on it does not change that.
func (c *Compute) IsRunning() bool {
	return c.Instance != nil && running(c.State())
}

// IsStopped reports whether an instance is off.
func (c *Compute) IsStopped() bool {
	return c.Instance != nil && strings.EqualFold(c.State(), StateStopped)
}

func running(state string) bool {
	return strings.EqualFold(state, StateRunning) || strings.EqualFold(state, StateJobRunning)
}

// inProgress and failedStatus read lastOperation.operationStatus: InProgress,
// Succeeded, or the operation's name and Failed.
func (l *LastOperation) inProgress() bool {
	return l != nil && strings.EqualFold(l.Status, "InProgress")
}

func (l *LastOperation) failed() bool {
	return l != nil && strings.HasSuffix(strings.ToLower(l.Status), "failed")
}

// reachedBy reports whether an operation that is said to be in progress has
// come to its end, by the state: lastOperation can lag behind.
func reachedBy(l *LastOperation, state string) bool {
	switch strings.ToLower(l.Name) {
	case "create", "start", "restart", "reimage":
		return running(state)
	case "stop", "resize":
		return strings.EqualFold(state, StateStopped)
	}
	return false
}

// decide is the table of a wait that has no operation to ask: it goes by the
// state, the last operation and the errors of the compute. c is nil when it is
// not there.
func decide(c *Compute, goal Goal) verdict {
	if c == nil {
		if goal == GoalDeleted {
			return verdictReached
		}
		return verdictMissing
	}
	last := c.LastOperation()
	switch {
	case goal == GoalSettled:
		switch {
		case c.InTransition():
			return verdictWait
		case c.InFailedState():
			return verdictFailed
		case last.failed():
			return verdictFailed
		case last.inProgress() && !reachedBy(last, c.State()):
			return verdictWait
		case c.Cluster != nil && strings.EqualFold(c.State(), "Resizing"):
			return verdictWait
		case last == nil && c.Instance != nil && len(c.Instance.Errors) > 0:
			return verdictFailed
		}
		return verdictReached
	case goal.matches(c.State()):
		return verdictReached
	case goal == GoalDeleted:
		if last.failed() && strings.EqualFold(last.Name, "Delete") && !c.InTransition() {
			return verdictFailed
		}
		return verdictWait
	case c.InFailedState():
		return verdictFailed
	}
	return verdictWait
}

// matches reports whether a compute in this state is where the goal wants it.
func (g Goal) matches(state string) bool {
	switch {
	case strings.EqualFold(string(g), string(GoalRunning)):
		return running(state)
	case g == GoalSettled:
		return false
	default:
		return strings.EqualFold(string(g), state)
	}
}

// step is what to do about a verb, given the compute as it is.
type step int

const (
	stepSend   step = iota // make the request
	stepDone               // the goal is reached already
	stepFollow             // on its way to the goal by itself
	stepSettle             // on its way elsewhere: wait for that first
	stepRefuse             // it cannot be done
)

// plan is the table of what a verb does with a compute in a state. Nothing
// here asks the service.
func plan(verb Verb, c *Compute) (step, error) {
	state := strings.ToLower(c.State())
	deleting := state == "deleting"
	switch verb {
	case VerbDelete, VerbDetach:
		if deleting {
			return stepFollow, nil
		}
		if c.InTransition() {
			return stepSettle, nil
		}
		if verb == VerbDelete && c.IsAttachedCompute {
			// The action would go for what it stands for, and that was made elsewhere.
			return stepRefuse, invalidf(c.Name, "%s is attached (%s): what it stands for was not created here and is not deleted; detach removes it from the workspace", c.Name, c.ComputeType)
		}
		return stepSend, nil
	case VerbUpdate:
		if c.InTransition() {
			return stepSettle, nil
		}
		return stepSend, nil
	}
	if !c.IsInstance() {
		return stepRefuse, invalidf(c.Name, "%s is of type %s; only a compute instance can be asked to %s", c.Name, c.ComputeType, verb)
	}
	if state == "createfailed" || state == "failed" {
		return stepRefuse, stateError(c, "%s is in state %s and cannot be asked to %s; delete it and create it again", c.Name, c.State(), verb)
	}
	switch verb {
	case VerbStart:
		switch {
		case c.IsRunning():
			return stepDone, nil
		case state == "starting", state == "restarting", state == "creating", state == "settingup", state == "usersettingup":
			return stepFollow, nil
		}
	case VerbStop:
		switch state {
		case "stopped":
			return stepDone, nil
		case "stopping":
			return stepFollow, nil
		}
	case VerbRestart:
		if state == "restarting" {
			return stepFollow, nil
		}
	}
	if c.InTransition() {
		return stepSettle, nil
	}
	return stepSend, nil
}

// stateError is the error of a compute in a failed state, with the compute's
// own errors.
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
