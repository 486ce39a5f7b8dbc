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

// How every verb and every wait goes (docs/architecture.md draws it):
//
//	look → decide → send → look → … → settled
//
// A look reads the computes (look.go). Each task is in a stage (stage.go), which
// decides by the look what comes next: nothing, the request, or a question to
// the address of the operation (operation.go). What a look means for a goal is
// in one table (verdict.go), what a verb wants in one row (act.go).

const (
	firstInterval = time.Second
	lastInterval  = 10 * time.Second
	// creationGrace is how long a compute we just asked for may be unknown to
	// the service's own reads.
	creationGrace = time.Minute
	// showGrace is how long reads have to show what the service says is done.
	showGrace = 30 * time.Second
	// moveGrace is how long an accepted request has to move anything.
	moveGrace = time.Minute
	// opEvery is the number of ticks after which one operation is asked although
	// its compute is still on its way.
	opEvery = 10
	// signInPatience is how many looks in a row may fail for lack of a token.
	signInPatience = 3
	// badPatience is how many answers in a row may be of no use: of an operation's
	// address before it is dropped, of reads that are refused after a request was
	// accepted before the wait ends.
	badPatience = 5
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
	// Timeout is the longest wait in wall-clock time; 0 waits forever.
	Timeout time.Duration
	// OnEvent receives events, one call at a time.
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
	troubles int      // looks in a row that failed for the same kind of reason
	heard    error    // the last answer that was of no use

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
	pages      int           // of the list, when it was last read
	retryAfter time.Duration // what the service asked to wait
	limit      time.Duration // the next look must come within; 0 sets no limit
	started    time.Time
	next       time.Duration
	turn       int // whose operation is asked next on a tenth tick

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

// decide has the stage of every task decide by the last look, and makes the
// requests that come of it. It reports whether one of them may have been carried
// out.
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
	l.c.each(len(writes), func(i int) { l.prepare(ctx, writes[i]) })
	if l.tick == 0 {
		l.before()
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

// prepare asks what must be known before the request of a task.
func (l *loop) prepare(ctx context.Context, t *task) {
	if t.prepare == nil {
		return
	}
	if err := t.prepare(ctx, t.name); err != nil && ctx.Err() == nil {
		l.end(t, err)
	}
	t.prepare = nil
}

// before shows the caller what the first look saw, who may stop all of it.
func (l *loop) before() {
	if l.o.Before == nil {
		return
	}
	if err := l.o.Before(l.outcomes()); err != nil {
		for _, t := range l.active() {
			l.end(t, err)
		}
	}
}

// outcomes are how far every task has come.
func (l *loop) outcomes() []Outcome {
	out := make([]Outcome, len(l.tasks))
	for i, t := range l.tasks {
		out[i] = t.out
		out[i].Name, out[i].Verb = t.name, t.verb
	}
	return out
}

// lookWithin has the next look come within d, when something ends by then.
func (l *loop) lookWithin(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d > 0 && (l.limit == 0 || d < l.limit) {
		l.limit = d
	}
}

// inTurn is the one task whose operation is asked although its compute is
// still on its way.
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

// each runs f for 0 to n-1, a few at a time; in order when it is a dry run, so
// that what would be sent is shown in order.
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
	var out []*task
	for _, t := range l.tasks {
		if !t.done {
			out = append(out, t)
		}
	}
	return out
}

// within is ctx, ended after the timeout; 0 is never.
func within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
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

// sleep sleeps for d by the wall clock, so that it ends at once when the
// machine wakes from a longer sleep of its own.
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

// giveUp ends a task that did not come to its end in time.
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
		case t.heard != nil:
			e.Message += fmt.Sprintf("; the last answer that was of no use: %s", t.heard)
		}
	}
	if more := t.stage.remains(t); more != "" {
		e.Message += "; " + more
	}
	l.end(t, e)
}
