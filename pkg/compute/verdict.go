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

// verdict is what a look at a compute means for a goal.
type verdict int

const (
	apart   verdict = iota // not there, and not on its way
	coming                 // on its way there by itself
	busy                   // on its way elsewhere
	reached                // there
	failed                 // it will not come
	gone                   // the compute does not exist
)

// means is the table of a wait: what a compute's state, last operation and
// errors mean for the goal. now is nil when it does not exist.
func (g Goal) means(now *Compute) verdict {
	if now == nil {
		if g == GoalDeleted {
			return reached
		}
		return gone
	}
	last := now.LastOperation()
	onItsWay := now.InTransition() || last.inProgress() && !last.reachedBy(now.State()) || now.Cluster != nil && strings.EqualFold(now.State(), "Resizing")
	switch {
	case g == GoalSettled:
		switch {
		case now.InTransition():
			return coming
		case now.InFailedState(), last.failed(), last == nil && now.Instance != nil && len(now.Instance.Errors) > 0:
			return failed
		case onItsWay:
			return coming
		}
		return reached
	case g.matches(now.State()):
		return reached
	case g == GoalDeleted && last.failed() && strings.EqualFold(last.Name, "Delete") && !now.InTransition():
		return failed
	case g != GoalDeleted && now.InFailedState():
		return failed
	}
	return apart
}

// matches reports whether a compute in this state is where the goal wants it.
func (g Goal) matches(state string) bool {
	if strings.EqualFold(string(g), string(GoalRunning)) {
		return running(state)
	}
	return strings.EqualFold(string(g), state)
}

// Check says why a compute can never be asked for the verb, whatever becomes of
// it: an error of KindInvalid, else nil.
func (v Verb) Check(c *Compute) error {
	if _, err := v.means(c); KindOf(err) == KindInvalid {
		return err
	}
	return nil
}

// means is the table of what a verb finds before it asks for anything: what the
// compute as it is means for the verb. failed comes with the reason why it
// cannot be asked for.
func (v Verb) means(c *Compute) (verdict, error) {
	state := strings.ToLower(c.State())
	switch v {
	case VerbDelete, VerbDetach:
		switch {
		case state == "deleting":
			return coming, nil
		case c.InTransition():
			return busy, nil
		case v == VerbDelete && c.IsAttachedCompute:
			// The action would go for what it stands for, and that was made elsewhere.
			return failed, invalidf(c.Name, "%s is attached (%s): what it stands for was not created here and is not deleted; detach removes it from the workspace", c.Name, c.ComputeType)
		}
		return apart, nil
	case VerbUpdate:
		if c.InTransition() {
			return busy, nil
		}
		return apart, nil
	}
	switch {
	case !c.IsInstance():
		return failed, invalidf(c.Name, "%s is of type %s; only a compute instance can be asked to %s", c.Name, c.ComputeType, v)
	case state == "createfailed", state == "failed":
		return failed, stateError(c, "%s is in state %s and cannot be asked to %s; delete it and create it again", c.Name, c.State(), v)
	}
	for _, row := range [...]struct {
		verb  Verb
		means verdict
		in    string
	}{
		{VerbStart, reached, "running jobrunning"},
		{VerbStart, coming, "starting restarting creating settingup usersettingup"},
		{VerbStop, reached, "stopped"},
		{VerbStop, coming, "stopping"},
		{VerbRestart, coming, "restarting"},
	} {
		if row.verb == v && listed(row.in, state) {
			return row.means, nil
		}
	}
	if c.InTransition() {
		return busy, nil
	}
	return apart, nil
}

// signs are what a compute shows of a verb that is being carried out or was:
// the states it is in, the last of which its acceptance leads to, and the name
// of its operation.
func (v Verb) signs() (states, operation string) {
	switch v {
	case VerbStart:
		return "SettingUp UserSettingUp Starting", "Start"
	case VerbStop:
		return "Stopping", "Stop"
	case VerbRestart:
		return "Restarting", "Restart"
	case VerbResize:
		return "Resizing", "Resize"
	case VerbDelete, VerbDetach:
		return "Deleting", "Delete"
	case VerbUpdate:
		return "Updating", ""
	}
	return "", ""
}

// listed reports whether a state is among those in a list of words.
func listed(states, state string) bool {
	for word := range strings.FieldsSeq(states) {
		if strings.EqualFold(word, state) {
			return true
		}
	}
	return false
}
