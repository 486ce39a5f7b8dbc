package compute

import (
	"context"
	"fmt"
	"strings"
)

// step moves every task on by what was seen. It reports whether a request was
// accepted.
func (l *loop) step(ctx context.Context) bool {
	var ask, act []*task
	for _, t := range l.active() {
		switch l.consider(t) {
		case actNow:
			act = append(act, t)
		case askNow:
			ask = append(ask, t)
		}
	}
	if len(ask) == 0 && l.tick > 0 && l.tick%opEvery == 0 {
		ask = l.inTurn()
	}
	l.each(ask, func(t *task) { l.ask(ctx, t) })
	for _, t := range ask {
		if t.phase != finished {
			l.conclude(t)
		}
	}
	l.each(act, func(t *task) { l.act(ctx, t) })
	accepted := false
	for _, t := range act {
		accepted = accepted || t.phase == waiting
	}
	return accepted
}

// inTurn is the one task whose operation is asked although its compute is
// still on its way.
func (l *loop) inTurn() []*task {
	for range l.tasks {
		t := l.tasks[l.turn%len(l.tasks)]
		l.turn++
		if t.phase == waiting && t.url != "" && !t.opDone {
			return []*task{t}
		}
	}
	return nil
}

type move int

const (
	stay   move = iota
	actNow      // make the request
	askNow      // read the operation's address
)

// consider decides what a task needs next. It ends tasks that are at their end.
func (l *loop) consider(t *task) move {
	if t.phase == sending {
		return actNow
	}
	if t.readErr != nil {
		l.trouble(t)
		return stay
	}
	if t.begun.IsZero() {
		t.begun = l.c.Now()
		if last := t.lastOperation(); t.phase == resumed && last.inProgress() && !last.Time.IsZero() {
			t.begun = last.Time.Time
		}
	}
	l.notice(t)
	switch t.phase {
	case settling:
		if !t.absent && (t.seen.InTransition() || t.unfinished()) {
			return stay
		}
		t.phase = planning
		return l.plan(t)
	case planning:
		return l.plan(t)
	case resumed:
		l.resume(t)
		return stay
	default:
		return l.watch(t)
	}
}

// plan decides what a verb does with the compute as it is.
func (l *loop) plan(t *task) move {
	if t.absent {
		if t.deleting() && t.followed {
			l.finish(t, nil)
			return stay
		}
		l.finish(t, &Error{Kind: KindNotFound, Code: "ResourceNotFound", Name: t.name,
			Message: fmt.Sprintf("there is no compute %s in the workspace %s", t.name, l.c.workspace.Name)})
		return stay
	}
	t.before = t.seen
	if l.o.Strict {
		return actNow
	}
	if t.satisfied != nil && t.satisfied(t.seen) {
		t.out.Already = true
		l.finish(t, nil)
		return stay
	}
	if t.verb == VerbRestart && t.followed && t.seen.IsRunning() {
		// The restart it was in the middle of is as good as another one.
		t.out.Already, t.out.Note = true, "it was restarting already"
		l.finish(t, nil)
		return stay
	}
	what, err := plan(t.verb, t.seen)
	switch what {
	case stepRefuse:
		l.finish(t, err)
	case stepDone:
		t.out.Already = true
		if t.followed {
			t.out.Note = "it was on its way already"
		}
		l.finish(t, nil)
	case stepFollow, stepSettle:
		if l.o.NoWait {
			l.leave(t, what)
			return stay
		}
		t.phase, t.followed = settling, t.followed || what == stepFollow
	default:
		return actNow
	}
	return stay
}

// leave ends a task that may not wait for a transition it did not begin.
func (l *loop) leave(t *task, what step) {
	if what == stepFollow {
		t.out.Already = true
		t.out.Note = fmt.Sprintf("it is %s already", t.seen.State())
		l.finish(t, nil)
		return
	}
	l.finish(t, errorf(KindBusy, t.name, "%s is %s, so it cannot be asked to %s now; try again when that is over, or without --no-wait", t.name, t.seen.State(), t.verb))
}

// resume moves a wait on that began nothing itself.
func (l *loop) resume(t *task) {
	var now *Compute
	if !t.absent {
		now = t.seen
	}
	if now == nil && t.seen != nil && strings.EqualFold(t.seen.State(), StateDeleting) && t.goal == GoalSettled {
		t.out.Note = "it was deleted"
		t.out.States = append(t.out.States, "Deleted")
		l.finish(t, nil)
		return
	}
	switch decide(now, t.goal) {
	case verdictReached:
		t.out.Already = l.tick == 0
		l.finish(t, nil)
	case verdictMissing:
		l.finish(t, &Error{Kind: KindNotFound, Code: "ResourceNotFound", Name: t.name,
			Message: fmt.Sprintf("there is no compute %s in the workspace %s", t.name, l.c.workspace.Name)})
	case verdictFailed:
		l.finish(t, failureOf(t.seen))
	default:
		if l.tick == 0 && t.goal != GoalSettled && decide(now, GoalSettled) != verdictWait {
			l.emit(t, Event{Kind: EventPoll, Note: "nothing is in progress"})
		}
	}
}

// failureOf is the error of a compute whose last operation failed or that is
// in a failed state.
func failureOf(c *Compute) *Error {
	last := c.LastOperation()
	if last.failed() && !c.InFailedState() {
		return stateError(c, "the last operation on %s failed (%s), and it is %s", c.Name, last.Status, c.State())
	}
	return stateError(c, "%s is in state %s", c.Name, c.State())
}

// watch looks whether an accepted request came to its end.
func (l *loop) watch(t *task) move {
	onItsWay := !t.absent && t.seen != nil && t.seen.InTransition()
	if onItsWay {
		t.moved, t.quiet = true, 0
	} else {
		t.quiet++
	}
	if t.absent && t.verb == VerbCreate && l.c.Now().Sub(t.op.Accepted) < creationGrace {
		return stay
	}
	if t.url != "" && !t.opDone {
		if onItsWay || !t.left() || l.tick < t.opNext {
			return stay
		}
		return askNow
	}
	l.conclude(t)
	return stay
}

// conclude ends a task whose operation is known to be over and whose compute
// shows it, or whose compute tells the end by itself.
func (l *loop) conclude(t *task) {
	switch {
	case t.opErr != nil:
		l.finish(t, t.opErr)
		return
	case t.url != "" && !t.opDone:
		return
	}
	if t.absent {
		if t.deleting() {
			l.finish(t, nil)
			return
		}
		if t.opDone && l.c.Now().Sub(t.opDoneAt) < staleGrace {
			return
		}
		l.finish(t, &Error{Kind: KindNotFound, Code: "ResourceNotFound", Name: t.name,
			Message: fmt.Sprintf("%s is not there any more; it was deleted meanwhile", t.name)})
		return
	}
	if t.seen == nil || t.seen.InTransition() {
		return
	}
	if t.opDone {
		if !t.arrived() && (!t.changed() || t.unfinished()) && l.c.Now().Sub(t.opDoneAt) < staleGrace {
			return // the read lags behind
		}
		if !t.arrived() {
			t.out.Note = fmt.Sprintf("the service carried out the %s, yet %s is %s now", t.verb, t.name, t.seen.State())
			if last := t.lastOperation(); last != nil && last.Trigger != "" {
				t.out.Note += fmt.Sprintf(" (last operation: %s by %s)", last.Name, last.Trigger)
			}
		}
		if t.seen.InFailedState() {
			l.finish(t, failureOf(t.seen))
			return
		}
		l.finish(t, nil)
		return
	}
	// Nothing but the compute tells: the operation is over once the compute
	// shows a later one than before that is not in progress.
	if !t.moved && !t.changed() && t.quiet < staleLooks {
		return
	}
	switch decide(t.seen, GoalSettled) {
	case verdictReached:
		if t.deleting() {
			return // settled, but still there
		}
		l.finish(t, nil)
	case verdictFailed:
		l.finish(t, failureOf(t.seen))
	}
}

// staleLooks is how many looks may show nothing of an operation that has no
// address before the compute is believed.
const staleLooks = 6
