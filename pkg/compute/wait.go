package compute

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Every verb and every wait runs this loop (drawn in docs/architecture.md):
//
//	look → decide → send → look → … → settled
//
// A look reads the computes (look.go). The stage of a task (stage.go) decides
// what comes next: nothing, the request, or a read of the operation's address
// (operation.go). A table says what a look means for a goal (verdict.go), and an
// intent what a verb wants (act.go).

const (
	firstInterval  = time.Second // between looks, growing to lastInterval
	lastInterval   = 10 * time.Second
	creationGrace  = time.Minute      // until reads must show a compute that is being created
	showGrace      = 30 * time.Second // until reads must show what the service says is done
	moveGrace      = time.Minute      // until an accepted request must have changed something
	opEvery        = 10               // ticks until one operation is read although its compute is in transition
	signInPatience = 3                // looks in a row that may fail without a token
	badPatience    = 5                // useless responses in a row: of an operation's address, or of reads after a request
	parallel       = 8                // requests at the same time
)

// Target is one compute to wait for.
type Target struct {
	Name      string
	Operation *Operation // to wait for; nil waits for the Goal
}

// WaitOptions configure Wait.
type WaitOptions struct {
	Goal    Goal          // for targets without an operation
	Timeout time.Duration // longest wait in wall-clock time; 0 waits forever
	OnEvent func(Event)   // receives events, one call at a time
}

// Wait waits for every target and returns their outcomes in the same order.
//
// It reads the list for all of them, first at once, then after 1 s growing to
// 10 s, or when Retry-After says, which may be an hour at most and ends with the
// timeout. A failed read is repeated until the timeout. An operation's address is
// read when its compute left its transition, and every tenth time for one of
// them, in turn.
func (c *Client) Wait(ctx context.Context, targets []Target, o WaitOptions) []Outcome {
	tasks := make([]*task, len(targets))
	for i, target := range targets {
		tasks[i] = watch(VerbWait, target.Name, o.Goal)
		if op := target.Operation; op != nil {
			tasks[i] = &task{name: target.Name, intent: intentOf(op.Verb)}
			tasks[i].follow(op, nil, time.Now())
		}
	}
	return c.run(ctx, tasks, ActOptions{Timeout: o.Timeout, OnEvent: o.OnEvent})
}

// task is one compute on its way to what is wanted of it.
type task struct {
	name string
	intent
	stage stage

	now      *Compute // by the last look; nil when it is not there
	missing  error    // why it is not there
	trouble  error    // the last look failed, and this is why
	troubles int      // looks in a row that failed with the same kind
	heard    error    // the last useless response

	begun time.Time // by the service's clock
	out   Outcome
	done  bool
}

// loop brings tasks to their end, together.
type loop struct {
	c          *Client
	o          ActOptions
	tasks      []*task
	tick       int
	pages      int           // of the list when it was last read
	retryAfter time.Duration // that the service asked for
	limit      time.Duration // until the next look at the latest; 0 is none
	started    time.Time
	next       time.Duration // until the next look
	turn       int           // of the task whose operation is read on a tenth tick

	mu sync.Mutex // of events, retryAfter and limit
}

// run brings every task to its end.
func (c *Client) run(ctx context.Context, tasks []*task, o ActOptions) []Outcome {
	l := &loop{c: c, o: o, tasks: tasks, started: time.Now(), pages: 1}
	caller := ctx
	ctx, cancel := within(ctx, o.Timeout)
	defer cancel()
	interval := firstInterval
	for ; ; l.tick++ {
		l.retryAfter, l.limit = 0, 0
		l.look(ctx)
		asked := l.decide(ctx)
		if len(l.active()) == 0 || ctx.Err() != nil {
			break
		}
		if asked {
			continue // what was just accepted is looked at at once
		}
		if l.next = jitter(interval); l.retryAfter > 0 {
			l.next = l.retryAfter
		}
		if l.limit > 0 {
			l.next = min(l.next, l.limit)
		}
		if o.Timeout > 0 {
			l.next = min(l.next, o.Timeout-since(l.started, time.Now()))
		}
		if l.next <= 0 {
			break
		}
		l.report()
		if sleep(ctx, l.next) != nil {
			break
		}
		interval = min(interval*3/2, lastInterval)
	}
	for _, t := range l.active() {
		l.giveUp(caller, t)
	}
	return l.outcomes()
}

// decide asks the stage of every task what comes next and sends the requests. It
// reports whether one of them may have had its effect.
func (l *loop) decide(ctx context.Context) bool {
	var writes, questions []*task
	for _, t := range l.active() {
		if t.trouble != nil {
			l.endure(t)
			continue
		}
		l.notice(t)
		switch t.stage.next(l, t) {
		case send:
			writes = append(writes, t)
		case ask:
			questions = append(questions, t)
		case rest:
		}
	}
	l.c.each(len(writes), func(i int) {
		if t := writes[i]; t.prepare != nil {
			if err := t.prepare(ctx, t.name); err != nil && ctx.Err() == nil {
				l.end(t, err)
			}
			t.prepare = nil
		}
	})
	if l.tick == 0 && l.o.Before != nil {
		if err := l.o.Before(l.outcomes()); err != nil {
			for _, t := range l.active() {
				l.end(t, err)
			}
		}
	}
	if ctx.Err() != nil {
		return false
	}
	ended := func(t *task) bool { return t.done }
	writes = slices.DeleteFunc(writes, ended)
	if questions = slices.DeleteFunc(questions, ended); len(writes)+len(questions) == 0 && l.tick > 0 && l.tick%opEvery == 0 {
		if t := l.inTurn(); t != nil {
			questions = append(questions, t)
		}
	}
	l.c.each(len(writes), func(i int) { l.send(ctx, writes[i]) })
	l.c.each(len(questions), func(i int) { l.ask(ctx, questions[i]) })
	return slices.ContainsFunc(writes, func(t *task) bool { return t.stage.asked() })
}

// outcomes are the outcomes of all tasks so far.
func (l *loop) outcomes() []Outcome {
	out := make([]Outcome, len(l.tasks))
	for i, t := range l.tasks {
		out[i] = t.out
		out[i].Name, out[i].Verb = t.name, t.verb
	}
	return out
}

// lookWithin has the next look come within d.
func (l *loop) lookWithin(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d > 0 && (l.limit == 0 || d < l.limit) {
		l.limit = d
	}
}

// inTurn is the next task whose operation can be read.
func (l *loop) inTurn() *task {
	for range l.tasks {
		t := l.tasks[l.turn%len(l.tasks)]
		l.turn++
		if s, ok := t.stage.(*sent); ok && !t.done && t.trouble == nil && s.open() {
			return t
		}
	}
	return nil
}

// each runs f for 0 to n-1, a few at a time. A dry run is in order.
func (c *Client) each(n int, f func(int)) {
	if n == 1 || c.options.DryRun != nil {
		for i := range n {
			f(i)
		}
		return
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range n {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
	group.Wait()
}

func (l *loop) active() []*task {
	return slices.DeleteFunc(slices.Clone(l.tasks), func(t *task) bool { return t.done })
}

// within is ctx with a timeout; 0 is none.
func within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}

// jitter spreads the reads of many clients over time.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/10)
}

// since is the time from start to now: by the wall clock, which goes on while the
// machine sleeps, or by the monotonic clock if that says more, because the wall
// clock can be set back.
func since(start, now time.Time) time.Duration {
	return max(now.Sub(start), now.Round(0).Sub(start.Round(0)))
}

// sleep sleeps for d by the wall clock, so that it ends at once after the machine
// was suspended for longer.
func sleep(ctx context.Context, d time.Duration) error { return sleepBy(ctx, d, time.Now) }

func sleepBy(ctx context.Context, d time.Duration, now func() time.Time) error {
	for start := now(); ; {
		left := d - since(start, now())
		if left <= 0 {
			return ctx.Err()
		}
		select {
		case <-time.After(min(left, time.Second)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// giveUp ends a task because the wait was interrupted or the time ran out.
func (l *loop) giveUp(caller context.Context, t *task) {
	state := "in an unknown state"
	switch {
	case t.now != nil:
		state = t.now.State()
	case t.missing != nil:
		state = "not there"
	}
	after := since(l.started, time.Now()).Round(time.Second)
	e := &Error{Name: t.name, CorrelationID: l.c.options.CorrelationID}
	if caller.Err() != nil && !errors.Is(caller.Err(), context.DeadlineExceeded) {
		e.Kind, e.Err = KindInterrupted, context.Cause(caller)
		e.Message = fmt.Sprintf("the wait for %s was interrupted", t.name)
	} else {
		e.Kind, e.Err = KindTimeout, t.heard
		e.Message = fmt.Sprintf("%s is still %s after %s", t.name, state, after)
		switch {
		case t.heard != nil && t.trouble != nil:
			e.Message = fmt.Sprintf("the service could not be asked about %s any more when the time ran out after %s; its last answer: %s", t.name, after, t.heard)
		case l.tick == 0 && t.now == nil && t.missing == nil && t.heard == nil && !t.stage.asked():
			e.Message = fmt.Sprintf("the time given ran out before the service was asked about %s", t.name)
			if _, ok := t.stage.(*unseen); ok { // it was asked before, by the checks of a create
				e.Message = fmt.Sprintf("the time given ran out before the request for %s", t.name)
			}
		case t.heard != nil:
			e.Message += fmt.Sprintf("; the last answer that was of no use: %s", t.heard)
		}
	}
	if more := t.stage.remains(t); more != "" {
		e.Message += "; " + more
	}
	l.end(t, e)
}
