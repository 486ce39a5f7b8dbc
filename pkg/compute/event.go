package compute

import (
	"errors"
	"time"
)

// EventKind says what an Event is about.
type EventKind int

// The kinds of events.
const (
	EventState    EventKind = iota // the compute is in a new state, or was read for the first time
	EventPoll                      // a read showed nothing new
	EventAccepted                  // the service accepted the request
	EventTrouble                   // a read failed and will be repeated; Err says why
	EventDone                      // the wait for the compute ended; Err is nil if the goal was reached
)

// Event is something that happened in the wait for one compute.
type Event struct {
	Kind    EventKind
	Name    string
	Verb    Verb
	State   string        // now
	States  []string      // so far, with State
	Elapsed time.Duration // since the operation was accepted, by the service's clock
	Next    time.Duration // until the next read; 0 at the end
	Compute *Compute      // as last read; nil before that
	Err     error
	Note    string // a sentence for people
}

// Usual is how long a verb usually takes, from recorded runs and the product
// documentation. Both are 0 if unknown.
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

// Outcome is how a verb or a wait ended for one compute.
type Outcome struct {
	Name       string
	Verb       Verb
	Workspace  Workspace
	Compute    *Compute      // as last read, even if it was deleted since; nil if it was never read
	Operation  *Operation    // nil if nothing was sent
	Already    bool          // there was nothing to do
	Unfinished bool          // accepted but, with NoWait, not waited for; Compute is in that transition
	Pending    bool          // there is an error, and the operation or transition goes on, or may
	States     []string      // seen so far
	Elapsed    time.Duration // by the service's clock
	Note       string        // a sentence for people, besides success
	Err        error
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

// afterAccepted is err after a write that was accepted, or may have been. Then it
// is not about wrong input.
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

// goingOn reports whether an error ended only the wait.
func goingOn(err error) bool {
	var e *Error
	kind := KindOf(err)
	return errors.As(err, &e) && e.ongoing || kind == KindTimeout || kind == KindInterrupted || kind == KindAuth
}

// notice records a new state and emits it.
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

// report emits when the active tasks are looked at next.
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
