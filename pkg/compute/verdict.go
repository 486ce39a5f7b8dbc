package compute

import "strings"

// Goal is what a wait waits for: one of these, or a state in any case, such as
// "JobRunning".
type Goal string

// The goals with a name.
const (
	GoalSettled Goal = ""        // nothing is in progress
	GoalRunning Goal = "running" // Running or JobRunning
	GoalStopped Goal = "stopped" // Stopped
	GoalDeleted Goal = "deleted" // the compute does not exist
)

// verdict is what a compute means for a goal.
type verdict int

const (
	apart   verdict = iota // not at the goal, and nothing leads there
	coming                 // in a transition to the goal
	busy                   // in another transition
	reached                // at the goal
	failed                 // it cannot reach the goal
	gone                   // the compute does not exist
)

// means is the table of a wait: what a compute means for the goal. now is nil if
// it does not exist.
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

// matches reports whether the goal is reached in a state.
func (g Goal) matches(state string) bool {
	return strings.EqualFold(string(g), state) || strings.EqualFold(string(g), string(GoalRunning)) && running(state)
}

// Check says why the verb can never work on a compute, with an error of
// KindInvalid.
func (v Verb) Check(c *Compute) error {
	if _, err := v.means(c); KindOf(err) == KindInvalid {
		return err
	}
	return nil
}

// means is the table of a verb before its request: what a compute means for the
// verb. failed comes with the reason.
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
			// The service would delete a resource that exists outside the workspace.
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

// signs are what a compute shows of a verb: the states of its transition, the
// last of which follows the acceptance, and the name of its operation.
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

// listed reports whether a word is in a list of words, in any case.
func listed(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
