package compute

import (
	"context"
	"strings"
	"time"
)

type phase int

const (
	planning phase = iota // look, then decide what to do
	sending               // make the request now
	settling              // on its way elsewhere: let it arrive, then plan again
	waiting               // the request was accepted
	resumed               // nothing was asked here: wait for the goal
	finished
)

// task is one compute in the loop.
type task struct {
	name  string
	verb  Verb
	goal  Goal
	phase phase

	// begin makes the request of the verb.
	begin func(context.Context) (*Operation, error)
	// landed reports whether a request whose answer was lost was carried out,
	// going by the compute as it is now (nil when it is not there).
	landed func(now *Compute) bool
	// satisfied reports whether there is nothing to do, beyond what plan knows.
	satisfied func(*Compute) bool

	seen    *Compute // as last read
	absent  bool     // the last read did not find it
	readErr error    // the last read failed
	before  *Compute // as read before the request

	op       *Operation
	url      string    // where op's status is read; "" when only the compute tells
	opDone   bool      // the service said that the operation succeeded
	opDoneAt time.Time // by the service's clock
	opAsked  int       // how often the operation was asked and still ran
	opNext   int       // tick from which it may be asked again
	opErr    error     // what the operation failed with
	moved    bool      // was seen in transition
	quiet    int       // ticks out of transition without a sign of the operation
	resends  int
	refusals int // requests the service refused because something else ran
	bad      int // reads that failed in a row for lack of a token
	followed bool

	begun time.Time // by the service's clock
	out   Outcome
}

func (t *task) adopt(op *Operation) {
	t.op, t.phase, t.begun = op, waiting, op.Accepted
	t.url = op.URL
	if t.verb == VerbWait && op.Verb != "" {
		t.verb = op.Verb
	}
	if op.Done {
		t.opDone, t.opDoneAt = true, op.Accepted
	}
	t.out.Operation = op
}

func (t *task) saw(c *Compute) {
	t.readErr, t.bad = nil, 0
	t.absent = c == nil
	if c == nil {
		return
	}
	t.seen = c
}

func (t *task) deleting() bool {
	return t.verb == VerbDelete || t.verb == VerbDetach || t.goal == GoalDeleted
}

func (t *task) lastOperation() *LastOperation {
	if t.seen == nil {
		return nil
	}
	return t.seen.LastOperation()
}

// pending reports whether something that was asked for or waited for goes on,
// as far as anyone knows, after a task that ends with err.
func (t *task) pending(err error) bool {
	if uncertain(err) || isHostError(err) {
		return true
	}
	switch KindOf(err) {
	case KindTimeout, KindInterrupted, KindAuth:
		return t.op != nil || t.phase == resumed || t.phase == settling && !t.absent
	}
	return false
}

// left reports whether the compute shows that the operation is over: it was on
// its way and is not any more, or is gone, or says so itself, or has not moved
// for some looks.
func (t *task) left() bool {
	return t.absent || t.moved || t.quiet >= 3 || t.changed()
}

// changed reports whether the compute tells of an operation later than the one
// it told of before the request.
func (t *task) changed() bool {
	last := t.lastOperation()
	if last == nil {
		// A cluster tells of no operations: its provisioning state is all there is.
		return t.seen != nil && !t.seen.IsInstance()
	}
	if t.before == nil {
		return t.verb == VerbCreate || !t.op.Accepted.IsZero() && !last.Time.Before(t.op.Accepted.Add(-2*time.Second))
	}
	old := t.before.LastOperation()
	return old == nil || !old.Time.Equal(last.Time.Time) || !strings.EqualFold(old.Name, last.Name)
}

// unfinished reports whether the compute tells of an operation that is still
// being carried out.
func (t *task) unfinished() bool {
	last := t.lastOperation()
	return last.inProgress() && !reachedBy(last, t.seen.State())
}

// arrived reports whether the compute is where the verb brings it.
func (t *task) arrived() bool {
	switch t.verb {
	case VerbStart, VerbRestart:
		return t.seen.IsRunning()
	case VerbStop:
		return t.seen.IsStopped()
	case VerbDelete, VerbDetach:
		return t.absent
	}
	return true
}

// tookEffect reports whether the compute shows that the verb was accepted.
func (t *task) tookEffect(now *Compute) bool {
	if now == nil {
		return t.deleting()
	}
	want, states := "", ""
	switch t.verb {
	case VerbStart:
		want, states = "Start", "starting settingup usersettingup"
	case VerbStop:
		want, states = "Stop", "stopping"
	case VerbRestart:
		want, states = "Restart", "restarting"
		if t.before != nil && t.before.IsStopped() {
			want, states = "Start", "starting settingup usersettingup"
		}
	case VerbResize:
		want, states = "Resize", "resizing"
	case VerbDelete, VerbDetach:
		want, states = "Delete", "deleting"
	case VerbUpdate:
		return strings.EqualFold(now.ProvisioningState, "Updating")
	}
	for word := range strings.FieldsSeq(states) {
		if strings.EqualFold(now.State(), word) {
			return true
		}
	}
	last := now.LastOperation()
	if last == nil || !strings.EqualFold(last.Name, want) {
		return false
	}
	if t.before == nil {
		return last.inProgress()
	}
	old := t.before.LastOperation()
	return old == nil || !strings.EqualFold(old.Name, want) || last.Time.After(old.Time.Time)
}
