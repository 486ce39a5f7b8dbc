package compute

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// act makes the request of a task.
func (l *loop) act(ctx context.Context, t *task) {
	op, err := t.begin(ctx)
	if err == nil {
		l.accepted(t, op)
		return
	}
	var e *Error
	errors.As(err, &e)
	switch {
	case op != nil:
		t.out.Operation = op
		l.finish(t, err)
	case uncertain(err) && ctx.Err() == nil:
		l.recover(ctx, t, err)
	case l.o.Strict || l.o.NoWait && KindOf(err) == KindBusy:
		l.finish(t, err)
	case e != nil && e.Kind == KindBusy && e.Status != http.StatusTooManyRequests && !isCapacity(strings.ToLower(e.Code+" "+e.Message)):
		// Something else runs on it: let that end first, for as long as the
		// wait lasts.
		t.refusals++
		t.phase = settling
		l.emit(t, Event{Kind: EventTrouble, Err: err})
	case e != nil && refusedForState(e) && t.seen != nil && t.seen.InFailedState():
		l.finish(t, stateError(t.seen, "%s is in state %s, in which the service does not %s it; stop it first, or delete it and create it again",
			t.name, t.seen.State(), t.verb))
	case e != nil && refusedForState(e) && t.refusals == 0:
		// Its state changed between the look and the request: look again, once.
		t.refusals++
		t.phase = planning
	case t.deleting() && IsNotFound(err):
		l.finish(t, nil)
	default:
		l.finish(t, err)
	}
}

// refusedForState reports whether the service refused a request because of the
// state the compute is in.
func refusedForState(e *Error) bool {
	text := strings.ToLower(e.Code + " " + e.Message)
	return strings.Contains(text, "onlyallowedin") || strings.Contains(text, "only allowed when")
}

// operationOf is the REST operation an error is about.
func operationOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Operation
	}
	return ""
}

func (l *loop) accepted(t *task, op *Operation) {
	t.adopt(op)
	t.moved, t.quiet, t.opAsked, t.opNext = false, 0, 0, 0
	if op.Compute != nil {
		t.seen, t.absent = op.Compute, false
	}
	l.emit(t, Event{Kind: EventAccepted})
	if l.o.NoWait {
		t.out.Left = true
		l.finish(t, nil)
	}
}

// recover finds out what became of a request whose answer was lost, by reading
// the compute. Only when nothing shows, and when asking twice cannot do twice,
// is it sent again.
func (l *loop) recover(ctx context.Context, t *task, cause error) {
	l.emit(t, Event{Kind: EventTrouble, Err: cause})
	looks, pause := 0, time.Duration(0)
	for tries := 0; tries < 8 || !l.o.NoWait; tries++ {
		if pause > 0 && l.c.pause(ctx, pause) != nil {
			break
		}
		pause = max(firstInterval, min(2*pause, lastInterval))
		now, err := l.c.Get(ctx, t.name)
		if err != nil && !isMissing(err) {
			if kind := KindOf(err); kind == KindAuth || kind == KindInvalid || kind == KindInterrupted {
				break
			}
			continue
		}
		if t.landed(now) {
			op := &Operation{Verb: t.verb, Name: t.name, Adopted: true, Accepted: l.c.Now(), Compute: now, Done: now == nil}
			if now != nil {
				if last := now.LastOperation(); last != nil && !last.Time.IsZero() {
					op.Accepted = last.Time.Time
				}
			}
			l.accepted(t, op)
			t.moved = true
			return
		}
		if looks++; looks == 3 {
			break
		}
	}
	if ctx.Err() != nil {
		l.finish(t, l.c.stopped(ctx, call{op: operation{id: operationOf(cause)}, name: t.name}))
		return
	}
	if looks < 3 {
		l.finish(t, cause)
		return
	}
	// Starting, stopping, deleting or asking for the same twice is the service's
	// to refuse; a second restart would be another restart.
	repeatable := t.verb != VerbRestart && t.verb != VerbResize
	if repeatable && t.resends == 0 {
		t.resends++
		l.act(ctx, t)
		return
	}
	l.finish(t, withoutSign(t, cause, repeatable))
}

// withoutSign is the error of a request whose answer was lost and of which the
// compute shows nothing.
func withoutSign(t *task, cause error, repeatable bool) error {
	var e *Error
	if !errors.As(cause, &e) {
		return cause
	}
	copied := *e
	copied.uncertain, copied.Accepted = false, true
	if !repeatable {
		copied.Message += fmt.Sprintf("; %s shows no sign of the %s, which was not sent again because it would be another one", t.name, t.verb)
	}
	return &copied
}
