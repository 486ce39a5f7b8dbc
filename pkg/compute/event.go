package compute

import (
	"errors"
	"time"
)

// EventKind says what an Event tells.
type EventKind int

const (
	// EventState is a compute seen in a new state, or seen first.
	EventState EventKind = iota
	// EventPoll is a look that found nothing new.
	EventPoll
	// EventAccepted is a request the service accepted.
	EventAccepted
	// EventTrouble is a look that failed and will be repeated; Err says why.
	EventTrouble
	// EventDone is the end of the wait for this compute; Err is nil when its
	// goal was reached.
	EventDone
)

// Event is one moment of waiting for one compute.
type Event struct {
	Kind EventKind
	Name string
	Verb Verb
	// State is the state now, States the path so far, State included.
	State  string
	States []string
	// Elapsed is the time since the operation was accepted, by the service's clock.
	Elapsed time.Duration
	// Next is in how long the service is asked again; 0 at the end.
	Next time.Duration
	// Compute is the compute as last read, nil before that.
	Compute *Compute
	Err     error
	// Note is a sentence worth telling.
	Note string
}

// Usual is how long a verb usually takes, from recorded runs and the product
// documentation. Both are 0 when nobody measured.
func (v Verb) Usual() (from, to time.Duration) {
	switch v {
	case VerbCreate:
		return 3 * time.Minute, 5 * time.Minute
	case VerbStart, VerbRestart:
		return 2 * time.Minute, 3 * time.Minute
	case VerbStop:
		return time.Minute, 2 * time.Minute
	case VerbDelete:
		return time.Minute, 3 * time.Minute
	}
	return 0, 0
}

// Outcome is how what was asked ended for one compute.
type Outcome struct {
	Name string
	Verb Verb
	// Workspace is where the compute is.
	Workspace Workspace
	// Compute is the compute as last read; nil when it never was. After a
	// delete it is what was deleted.
	Compute *Compute
	// Operation is what the service accepted; nil when nothing was sent.
	Operation *Operation
	// Already is true when there was nothing to do.
	Already bool
	// Unfinished is true when the request was accepted and, with NoWait, not
	// waited for. Compute is in the transition that leads to.
	Unfinished bool
	// Pending is true when, at an error, what was asked for goes on or may go on,
	// or when the compute is still in the transition that was waited for.
	Pending bool
	// States is the path of states seen.
	States []string
	// Elapsed is how long it took, by the service's clock.
	Elapsed time.Duration
	// Note is a sentence worth telling besides success.
	Note string
	Err  error
}

// end ends a task.
func (l *loop) end(t *task, err error) {
	t.done = true
	if t.stage.asked() || uncertain(err) {
		err = afterAccepted(err)
		t.out.Pending = goingOn(err) || isHostError(err) || uncertain(err)
	} else if s, ok := t.stage.(*asking); ok && s.settling || t.request == nil {
		t.out.Pending = goingOn(err) && t.missing == nil
	}
	t.out.Err = err
	if !t.begun.IsZero() {
		t.out.Elapsed = max(0, l.c.Now().Sub(t.begun))
	}
	l.emit(t, Event{Kind: EventDone, Err: err, Note: t.out.Note})
}

// afterAccepted is err, saying that a write was accepted before it, or may have
// been. It is not about wrong input any more then.
func afterAccepted(err error) error {
	e, ok := err.(*Error) //nolint:errorlint // a wrapped one keeps its wrapping
	if !ok {
		return err
	}
	copied := *e
	copied.Accepted = true
	if copied.Kind == KindInvalid {
		copied.Kind = KindFailed
	}
	return &copied
}

// goingOn reports whether an error ended a wait rather than what it waited for.
func goingOn(err error) bool {
	var e *Error
	if errors.As(err, &e) && e.ongoing {
		return true
	}
	switch KindOf(err) {
	case KindTimeout, KindInterrupted, KindAuth:
		return true
	}
	return false
}

// notice records and tells a state not seen before.
func (l *loop) notice(t *task) {
	if t.begun.IsZero() {
		t.begun = l.c.Now()
		if last := t.now.LastOperation(); t.request == nil && last.inProgress() && !last.Time.IsZero() {
			t.begun = last.Time.Time
		}
	}
	state := "Deleted"
	switch w, watching := t.stage.(*watching); {
	case t.now != nil:
		state = t.now.State()
	case !t.removes() && (!watching || w.goal != GoalDeleted):
		return
	}
	if n := len(t.out.States); n == 0 || t.out.States[n-1] != state {
		t.out.States = append(t.out.States, state)
		l.emit(t, Event{Kind: EventState})
	}
}

// report tells when every active task is looked at next.
func (l *loop) report() {
	for _, t := range l.active() {
		if t.trouble == nil {
			l.emit(t, Event{Kind: EventPoll})
		}
	}
}

func (l *loop) emit(t *task, e Event) {
	if l.o.OnEvent == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Name, e.Verb, e.Compute = t.name, t.verb, t.out.Compute
	e.States = t.out.States[:len(t.out.States):len(t.out.States)]
	if n := len(e.States); n > 0 {
		e.State = e.States[n-1]
	}
	if !t.begun.IsZero() {
		e.Elapsed = max(0, l.c.Now().Sub(t.begun))
	}
	if e.Kind == EventPoll || e.Kind == EventTrouble {
		e.Next = l.next
	}
	l.o.OnEvent(e)
}
