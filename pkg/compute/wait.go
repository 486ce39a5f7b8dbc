package compute

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	firstInterval = time.Second
	lastInterval  = 10 * time.Second
	// creationGrace is how long a compute we just asked for may be unknown to
	// the service's own reads.
	creationGrace = time.Minute
	// staleGrace is how long reads may lag behind an operation that ended.
	staleGrace = 30 * time.Second
	// opEvery is the number of ticks after which one operation is asked although
	// its compute is still on its way.
	opEvery = 10
	// signInPatience is how many looks in a row may fail for lack of a token.
	signInPatience = 3
	// parallel is how many requests are made at the same time.
	parallel = 8
)

// Target is one compute to wait for.
type Target struct {
	Name string
	// Operation is what the service accepted; nil waits by the compute's state.
	Operation *Operation
}

// WaitOptions say what to wait for and how long.
type WaitOptions struct {
	// Goal is used for targets without an operation.
	Goal Goal
	// Timeout is the longest wait in wall-clock time; 0 waits for ever.
	Timeout time.Duration
	// OnEvent is told what happens, one call at a time.
	OnEvent func(Event)
}

// Wait waits for every target and returns their outcomes in the same order.
//
// One read of the list per tick serves all of them, first at once, then after
// 1 s growing to 10 s; the service's Retry-After goes first. A look that fails
// is repeated until the timeout. An operation's own address is read when its
// compute left its transition, and one of them, in turn, every tenth tick.
func (c *Client) Wait(ctx context.Context, targets []Target, o WaitOptions) []Outcome {
	tasks := make([]*task, len(targets))
	for i, target := range targets {
		t := &task{name: target.Name, verb: VerbWait, goal: o.Goal, phase: resumed}
		if target.Operation != nil {
			t.adopt(target.Operation)
		}
		tasks[i] = t
	}
	return c.run(ctx, tasks, ActOptions{Timeout: o.Timeout, OnEvent: o.OnEvent})
}

// loop is one run of the waiting loop.
type loop struct {
	c       *Client
	o       ActOptions
	tasks   []*task
	tick    int
	pages   int           // of the list, when it was last read
	single  bool          // the list may not be read: read computes one by one
	hint    time.Duration // what the service asked to wait
	started time.Time
	next    time.Duration
	turn    int // whose operation is asked next on a tenth tick

	mu sync.Mutex // of events
}

// run brings every task to its end.
func (c *Client) run(ctx context.Context, tasks []*task, o ActOptions) []Outcome {
	l := &loop{c: c, o: o, tasks: tasks, started: c.clock.Now(), pages: 1}
	caller := ctx
	if o.Timeout > 0 {
		// No single request outlives the wait either.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	interval := firstInterval
	for len(l.active()) > 0 && ctx.Err() == nil {
		l.hint = 0
		l.observe(ctx)
		acted := l.step(ctx)
		l.tick++
		if acted {
			continue // what was just accepted is looked at at once
		}
		if len(l.active()) == 0 || ctx.Err() != nil {
			break
		}
		l.next = jitter(interval)
		if l.hint > 0 {
			l.next = l.hint
		}
		if o.Timeout > 0 {
			left := o.Timeout - since(l.started, c.clock.Now())
			if left <= 0 {
				break
			}
			l.next = min(l.next, left)
		}
		l.report()
		if c.pause(ctx, l.next) != nil {
			break
		}
		interval = min(interval*3/2, lastInterval)
	}
	for _, t := range l.active() {
		l.giveUp(caller, t)
	}
	out := make([]Outcome, len(tasks))
	for i, t := range tasks {
		out[i] = t.out
		out[i].Name, out[i].Verb = t.name, t.verb
		if t.out.Compute == nil {
			out[i].Compute = t.seen
		}
	}
	return out
}

func (l *loop) active() []*task {
	var out []*task
	for _, t := range l.tasks {
		if t.phase != finished {
			out = append(out, t)
		}
	}
	return out
}

// jitter spreads the looks of many clients over time.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/10)
}

// since is the time from start to now: by the wall clock, because that is what
// a person watches and because it goes on while the machine sleeps, and never
// less than by the monotonic clock, because a wall clock can be set back.
func since(start, now time.Time) time.Duration {
	return max(now.Sub(start), now.Round(0).Sub(start.Round(0)))
}

// pause sleeps for d by the wall clock, so that it ends at once when the
// machine wakes from a longer sleep of its own.
func (c *Client) pause(ctx context.Context, d time.Duration) error {
	start := c.clock.Now()
	for {
		left := d - since(start, c.clock.Now())
		if left <= 0 {
			return ctx.Err()
		}
		if err := c.clock.Sleep(ctx, min(left, time.Second)); err != nil {
			return err
		}
	}
}

// giveUp ends a task that did not come to its end in time.
func (l *loop) giveUp(caller context.Context, t *task) {
	state := "in an unknown state"
	if t.seen != nil && !t.absent {
		state = t.seen.State()
	}
	after := since(l.started, l.c.clock.Now()).Round(time.Second)
	e := &Error{Name: t.name, CorrelationID: l.c.correlation}
	if caller.Err() != nil && !errors.Is(caller.Err(), context.DeadlineExceeded) {
		e.Kind, e.Err = KindInterrupted, context.Cause(caller)
		e.Message = fmt.Sprintf("the wait for %s was interrupted", t.name)
	} else {
		e.Kind, e.Err = KindTimeout, t.readErr
		e.Message = fmt.Sprintf("%s is still %s after %s", t.name, state, after)
		if t.readErr != nil && (t.seen == nil || KindOf(t.readErr) != KindTimeout) { // no look that the end of this wait cut off
			e.Message = fmt.Sprintf("the service could not be asked about %s any more (%s) when the time ran out after %s", t.name, t.readErr, after)
		}
	}
	switch {
	case t.op != nil:
		e.Message += fmt.Sprintf("; the %s goes on", t.verb)
	case t.phase == settling && t.followed, t.verb == VerbCreate && t.phase == resumed && t.goal != GoalDeleted:
		e.Message += "; that goes on, and nothing was sent"
	case t.phase == settling:
		e.Message += fmt.Sprintf("; nothing was sent: ask for the %s again when that is over", t.verb)
	case t.phase != resumed:
		e.Message += "; nothing was sent"
	case t.verb == VerbCreate:
		e.Message += "; nothing was sent: ask for the create again when it is gone"
	case t.seen != nil && !t.absent && decide(t.seen, GoalSettled) != verdictWait:
		e.Message += "; nothing is in progress on it"
	}
	l.finish(t, e)
}
