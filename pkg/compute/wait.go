package compute

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
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
	if op.Verb != "" {
		t.verb = op.Verb
	}
	if op.Done {
		t.opDone, t.opDoneAt = true, op.Accepted
	}
	t.out.Operation = op
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

// observe reads the state of every active task that needs it.
func (l *loop) observe(ctx context.Context) {
	var tasks []*task
	for _, t := range l.active() {
		if t.phase != sending {
			tasks = append(tasks, t)
		}
	}
	if len(tasks) == 0 {
		return
	}
	if l.single || len(tasks) == 1 || len(tasks) < l.pages {
		l.each(tasks, func(t *task) { l.read(ctx, t) })
		return
	}
	found, err := l.list(ctx, tasks)
	if err != nil {
		var e *Error
		if errors.As(err, &e) && e.Status == http.StatusForbidden {
			// Some may read their computes but not the list.
			l.single = true
			l.each(tasks, func(t *task) { l.read(ctx, t) })
			return
		}
		for _, t := range tasks {
			t.readErr = err
		}
		l.heed(err)
		return
	}
	var again []*task
	for _, t := range tasks {
		compute := found[strings.ToLower(t.name)]
		switch {
		case compute == nil && t.phase != planning && !t.deleting():
			// Gone from a list in the middle of something is worth a second look.
			again = append(again, t)
		case compute != nil && stateless(compute):
			again = append(again, t)
		default:
			t.saw(compute)
		}
	}
	l.each(again, func(t *task) { l.read(ctx, t) })
}

// stateless reports whether a list left out the state of an instance that has
// one, which no version promises not to do.
func stateless(c *Compute) bool {
	return c.IsInstance() && (c.Instance == nil || c.Instance.State == "") && strings.EqualFold(c.ProvisioningState, "Succeeded")
}

// list reads the whole list and keeps what the tasks are about, by lower-case
// name.
func (l *loop) list(ctx context.Context, tasks []*task) (map[string]*Compute, error) {
	c := l.c
	if err := c.workspace.check(); err != nil {
		return nil, err
	}
	wanted := make(map[string]bool, len(tasks))
	for _, t := range tasks {
		wanted[strings.ToLower(t.name)] = true
	}
	found := make(map[string]*Compute, len(tasks))
	k := call{op: opList, address: c.endpoint + c.workspace.path() + "/computes", once: l.tick > 0}
	count, err := c.eachCompute(ctx, k, func(compute *Compute) error {
		if name := strings.ToLower(compute.Name); wanted[name] {
			found[name] = compute
		}
		return nil
	})
	if err == nil {
		l.pages = count
	}
	return found, err
}

func (l *loop) read(ctx context.Context, t *task) {
	k, err := l.c.compute(opGet, t.name)
	if err != nil {
		t.readErr = err
		return
	}
	k.once = l.tick > 0
	compute, a, err := l.c.get(ctx, k)
	switch {
	case err == nil:
		t.saw(compute)
		l.wish(a.retryAfter)
	case isMissing(err):
		t.saw(nil)
	default:
		t.readErr = err
		l.heed(err)
	}
}

// isMissing reports whether err says that the compute itself is not there, not
// its workspace or group.
func isMissing(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindNotFound {
		return false
	}
	text := strings.ToLower(e.Code + " " + e.Message)
	return !strings.Contains(text, "resourcegroupnotfound") && !strings.Contains(text, "subscriptionnotfound") &&
		!strings.Contains(text, "parentresourcenotfound") && !strings.Contains(text, "workspacenotfound")
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

// each runs f for every task, a few at a time; in order when it is a dry run,
// so that what would be sent is shown in order.
func (l *loop) each(tasks []*task, f func(*task)) {
	if len(tasks) == 1 || l.c.dryRun != nil {
		for _, t := range tasks {
			f(t)
		}
		return
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for _, t := range tasks {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			f(t)
		})
	}
	group.Wait()
}

// wish takes the pause an answer asked for.
func (l *loop) wish(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hint = max(l.hint, d)
}

func (l *loop) heed(err error) {
	var e *Error
	if errors.As(err, &e) {
		l.wish(e.RetryAfter)
	}
}

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
		if t.phase == waiting && t.op.URL != "" && !t.opDone {
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
		if !t.absent && decide(t.seen, GoalSettled) == verdictWait {
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

func (t *task) lastOperation() *LastOperation {
	if t.seen == nil {
		return nil
	}
	return t.seen.LastOperation()
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
			t.out.Note = fmt.Sprintf("nothing is in progress on %s; it is %s", t.name, now.State())
			l.emit(t, Event{Kind: EventPoll, Note: t.out.Note})
		}
	}
}

// failureOf is the error of a compute whose last operation failed or that is
// in a failed state.
func failureOf(c *Compute) *Error {
	last := c.LastOperation()
	if last.failed() && !c.InFailedState() {
		e := stateError(c, "the last operation on %s failed (%s), and it is %s", c.Name, last.Status, c.State())
		return e
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
	if t.op.URL != "" && !t.opDone {
		if onItsWay || !t.left() || l.tick < t.opNext {
			return stay
		}
		return askNow
	}
	l.conclude(t)
	return stay
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

// conclude ends a task whose operation is known to be over and whose compute
// shows it, or whose compute tells the end by itself.
func (l *loop) conclude(t *task) {
	switch {
	case t.opErr != nil:
		l.finish(t, t.opErr)
		return
	case t.op.URL != "" && !t.opDone:
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
		if !t.arrived() && !t.changed() && l.c.Now().Sub(t.opDoneAt) < staleGrace {
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

// ask reads the operation's address.
func (l *loop) ask(ctx context.Context, t *task) {
	status, err := l.c.status(ctx, t.op)
	var e *Error
	switch {
	case err == nil:
		l.wish(status.retryAfter)
		switch {
		case !status.over:
			t.opAsked++
			t.opNext = l.tick + 1
			if len(l.tasks) > 1 {
				// Many that linger would each cost a request per tick.
				t.opNext = l.tick + min(1<<min(t.opAsked, 8), opEvery)
			}
		case status.err != nil:
			t.opErr = status.err
		default:
			t.opDone, t.opDoneAt = true, l.c.Now()
		}
	case errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusGone || e.Status == http.StatusBadRequest || e.Status == http.StatusForbidden || e.Status >= 300 && e.Status < 400):
		// The address has expired or was never any good. The compute tells.
		t.op.URL = ""
		t.moved = true
	default:
		t.readErr = err
		l.heed(err)
		l.trouble(t)
	}
}

// trouble decides what a failed read means: a passing trouble is ridden out, a
// sign-in that died or a wrong name is not.
func (l *loop) trouble(t *task) {
	err := t.readErr
	kind := KindOf(err)
	first := l.tick == 0
	var e *Error
	known := errors.As(err, &e)
	switch {
	case kind == KindInterrupted || kind == KindTimeout:
		return // the loop sees to it
	case kind == KindAuth:
		t.bad++
		if first || known && e.Status == http.StatusForbidden || t.bad >= signInPatience {
			l.finish(t, l.goesOn(t, err))
			return
		}
	case kind == KindInvalid, kind == KindNotFound:
		l.finish(t, err)
		return
	case isHostError(err):
		l.finish(t, err)
		return
	case first && (t.phase == planning || t.phase == resumed && known && e.Err != nil && neverSent(e.Err)):
		// Nothing was asked for yet, so there is nothing to be patient for.
		l.finish(t, err)
		return
	}
	l.emit(t, Event{Kind: EventTrouble, Err: err})
}

func isHostError(err error) bool {
	var host *HostError
	return errors.As(err, &host)
}

// goesOn adds to a sign-in error what it means for an operation under way.
func (l *loop) goesOn(t *task, err error) error {
	var e *Error
	if t.op == nil || !errors.As(err, &e) {
		return err
	}
	copied := *e
	copied.Message += fmt.Sprintf("; the %s of %s goes on", t.verb, t.name)
	return &copied
}

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
	case e != nil && e.Kind == KindConflict && t.verb != VerbCreate && t.refusals == 0:
		// Its state changed between the look and the request: look again, once.
		t.refusals++
		t.phase = planning
	case t.deleting() && IsNotFound(err):
		l.finish(t, nil)
	default:
		l.finish(t, err)
	}
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
	repeatable := t.verb != VerbRestart && t.verb != VerbResize
	if looks == 3 && repeatable && t.resends == 0 {
		t.resends++
		l.act(ctx, t)
		return
	}
	l.finish(t, cause)
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
		if t.readErr != nil {
			e.Message = fmt.Sprintf("the service could not be asked about %s any more (%s) when the time ran out after %s", t.name, t.readErr, after)
		}
	}
	switch {
	case t.op != nil:
		e.Message += fmt.Sprintf("; the %s goes on", t.verb)
	case t.phase != resumed:
		e.Message += "; nothing was sent"
	}
	l.finish(t, e)
}

// finish ends a task.
func (l *loop) finish(t *task, err error) {
	t.phase = finished
	t.out.Err = err
	t.out.Compute = t.seen
	if !t.begun.IsZero() {
		t.out.Elapsed = max(0, l.c.Now().Sub(t.begun))
	}
	l.emit(t, Event{Kind: EventDone, Err: err, Note: t.out.Note})
}

// notice records and tells a state not seen before.
func (l *loop) notice(t *task) {
	state := "not there"
	if !t.absent && t.seen != nil {
		state = t.seen.State()
	} else if !t.deleting() {
		return
	} else {
		state = "Deleted"
	}
	if n := len(t.out.States); n == 0 || t.out.States[n-1] != state {
		t.out.States = append(t.out.States, state)
		l.emit(t, Event{Kind: EventState})
	}
}

// report tells when every active task is looked at next.
func (l *loop) report() {
	for _, t := range l.active() {
		if t.readErr == nil {
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
	e.Name, e.Verb, e.Compute = t.name, t.verb, t.seen
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

// opState is what an operation's address says.
type opState struct {
	over       bool
	err        error
	retryAfter time.Duration
}

// status reads the address of an operation, exactly as the service named it.
func (c *Client) status(ctx context.Context, op *Operation) (opState, error) {
	if u, err := url.Parse(op.URL); err != nil || !u.IsAbs() {
		return opState{}, invalidf(op.Name, "%.200q is not the address of an operation", op.URL)
	}
	a, err := c.send(ctx, call{op: opStatus, name: op.Name, address: op.URL, verbatim: true, once: true})
	if err != nil {
		return opState{}, err
	}
	s := opState{retryAfter: a.retryAfter}
	if a.status == http.StatusAccepted {
		return s, nil
	}
	var body struct {
		Status     text `json:"status"`
		Properties struct {
			Status text `json:"status"`
		} `json:"properties"`
	}
	if len(a.body) > 0 {
		if err := decode(opStatus, op.Name, a, &body); err != nil {
			return opState{}, err
		}
	}
	word := string(body.Status)
	switch strings.ToLower(word) {
	case "succeeded", "completed":
		s.over = true
	case "failed", "canceled", "cancelled":
		s.over = true
		s.err = c.operationError(op, a, word)
	case "":
		// An address given as Location tells its end by the HTTP status alone.
		if !op.byLocation && a.status == http.StatusOK {
			return opState{}, &Error{Kind: KindFailed, Name: op.Name, Operation: opStatus.id, Status: a.status,
				Message: "the operation's answer does not say how it stands"}
		}
		s.over = true
	}
	return s, nil
}

// operationError is the error of an operation that ended badly, which arrives
// under HTTP 200.
func (c *Client) operationError(op *Operation, a *answer, word string) error {
	e := answerError(operation{id: opStatus.id}, op.Name, a)
	if len(readProblems(a.body, 0)) == 0 {
		e.Message = fmt.Sprintf("the %s of %s ended as %s without a reason", op.Verb, op.Name, word)
	}
	e.Kind = operationKind(e.Code, e.Message)
	return e
}
