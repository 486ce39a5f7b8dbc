package compute

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// step is what a task does before the next look.
type step int

const (
	rest step = iota // nothing
	send             // send the request
	ask              // read the operation's address
)

// stage is how far a task has come.
type stage interface {
	// next decides what comes before the next look, or ends the task. The last look
	// succeeded.
	next(l *loop, t *task) step
	// asked reports whether a request may have had its effect.
	asked() bool
	// impatient reports whether a failure of the first look ends the task.
	impatient(err error) bool
	// remains says what is left when the wait ends in this stage.
	remains(t *task) string
}

// unseen is a task that sends its request without a look.
type unseen struct{}

func (*unseen) next(*loop, *task) step { return send }
func (*unseen) asked() bool            { return false }
func (*unseen) impatient(error) bool   { return true }
func (*unseen) remains(*task) string   { return "nothing was sent" }

// asking is a task that has sent nothing, or nothing that had an effect.
type asking struct {
	followed bool // another operation was bringing it to the goal
	settling bool // it waits until it can send the request
	refused  bool // the service refused the request for a state that had changed
	again    bool // it sent the request before, which showed no effect
}

func (s *asking) next(l *loop, t *task) step {
	if t.now == nil {
		switch {
		case t.verb.makes():
			return send
		case s.followed && t.removes():
			l.end(t, nil)
		default:
			l.end(t, t.notThere(l.c.workspace))
		}
		return rest
	}
	if l.o.Strict && !t.verb.makes() {
		return send
	}
	means, err := t.means(t.now)
	if t.verb == VerbRestart && s.followed && t.now.IsRunning() {
		// One restart is enough.
		means, t.out.Note = reached, "it was restarting already"
	}
	switch means {
	case failed:
		l.end(t, err)
	case reached:
		t.out.Already = true
		if s.followed && t.out.Note == "" {
			t.out.Note = "it was on its way already"
		}
		l.end(t, nil)
	case apart:
		return send
	default:
		if l.o.NoWait {
			l.leave(t, means)
			break
		}
		s.settling, s.followed = true, s.followed || means == coming
	}
	return rest
}

// leave ends a task that may not wait for the transition of another operation.
func (l *loop) leave(t *task, means verdict) {
	if means == coming {
		t.out.Already = true
		t.out.Note = fmt.Sprintf("it is %s already", t.now.State())
		l.end(t, nil)
		return
	}
	l.end(t, errorf(KindBusy, t.name, "%s is %s, so it cannot be asked to %s now", t.name, t.now.State(), t.verb))
}

func (s *asking) asked() bool          { return s.again }
func (s *asking) impatient(error) bool { return true }

func (s *asking) remains(t *task) string {
	switch {
	case s.again:
		return fmt.Sprintf("the %s was sent, and nothing shows that it was carried out", t.verb)
	case s.followed:
		return "that goes on, and nothing was sent"
	case s.settling:
		return fmt.Sprintf("nothing was sent: ask for the %s again when that is over", t.verb)
	}
	return "nothing was sent"
}

// send sends the request of a task.
func (l *loop) send(ctx context.Context, t *task) {
	before := t.now
	op, err := t.request(ctx, t)
	if err == nil {
		l.accept(t, op, before)
		return
	}
	s, _ := t.stage.(*asking)
	if s == nil {
		s = &asking{}
	}
	var e *Error
	errors.As(err, &e)
	switch {
	case op != nil && !uncertain(err): // accepted, but its address must not be read
		t.follow(op, before, time.Now())
		l.end(t, err)
	case ctx.Err() != nil && !uncertain(err):
		if t.heard = lastAnswer(err); !isTurnedAway(t.heard) {
			t.trouble = err
		} // run gives up
	case uncertain(err):
		t.stage = &lost{before: before, cause: err, op: op, last: s.again}
		l.emit(t, Event{Kind: EventTrouble, Err: err})
	case throttled(err), l.mayWait(t, e):
		// It had no effect. It is sent again later.
		s.settling = !throttled(err)
		t.heard, t.stage = err, s
		l.holdOff(retryAfterOf(err))
		l.emit(t, Event{Kind: EventTrouble, Err: err})
	case e != nil && refusedForState(e) && !l.o.Strict && before != nil && before.InFailedState():
		l.end(t, stateError(before, "%s is in state %s, in which the service does not %s it; stop it first, or delete it and create it again",
			t.name, before.State(), t.verb))
	case e != nil && refusedForState(e) && !l.o.Strict && !s.refused:
		// The state changed after the look, so look again, once.
		s.refused = true
	case isMissing(err) && before != nil && !s.refused:
		// It was deleted after the look, so look again, once.
		s.refused, s.followed = true, s.followed || t.removes()
	case isMissing(err) && before != nil:
		l.end(t, errorf(KindFailed, t.name, "the service refuses the %s of %s as if it were not there, and shows it: %s", t.verb, t.name, err))
	default:
		l.end(t, err)
	}
}

// mayWait reports whether a request was refused because of another operation,
// and can be sent after that.
func (l *loop) mayWait(t *task, e *Error) bool {
	return e != nil && e.Kind == KindBusy && e.Status != 0 && !isCapacity(strings.ToLower(e.Code+" "+e.Message)) &&
		!l.o.Strict && !l.o.NoWait && t.now != nil
}

// refusedForState reports whether the service refused a request because of the
// compute's state.
func refusedForState(e *Error) bool {
	return containsAny(strings.ToLower(e.Code+" "+e.Message), "onlyallowedin", "only allowed when")
}

// accept follows an operation that the service accepted.
func (l *loop) accept(t *task, op *Operation, before *Compute) {
	t.follow(op, before, time.Now())
	switch {
	case op.Compute != nil:
		t.now = op.Compute
	case before != nil && l.o.NoWait:
		t.now = before.accepted(op.Verb)
	}
	t.out.Compute = t.now
	l.emit(t, Event{Kind: EventAccepted})
	if l.o.NoWait {
		t.out.Unfinished = true
		l.end(t, nil)
	}
}

// follow makes a task wait for an operation.
func (t *task) follow(op *Operation, before *Compute, now time.Time) {
	// An accepted setting takes effect at once, unless there is an operation to read.
	over := op.Done || t.setting && op.URL == ""
	t.stage = &sent{op: op, before: before, url: op.URL, over: over, accepted: now, last: now}
	t.out.Operation, t.begun, t.heard = op, op.Accepted, nil
}

// lost is a task whose request got no response, or none that says whether it was
// accepted. If looks show no sign of it, it is sent again, unless that could have
// the effect twice.
type lost struct {
	before *Compute
	cause  error
	op     *Operation // what the response said; may be nil
	looks  int
	last   bool // the request was sent twice
}

// signLooks is the number of looks without a sign that are enough.
const signLooks = 3

func (s *lost) next(l *loop, t *task) step {
	if t.landed(t.now, s.before) {
		op := &Operation{Verb: t.verb, Name: t.name, Accepted: l.c.Now(), Done: t.now == nil}
		if s.op != nil {
			*op = *s.op
		}
		op.Adopted, op.Compute = true, t.now
		if last := t.now.LastOperation(); last != nil && !last.Time.IsZero() {
			op.Accepted = last.Time.Time
		}
		l.accept(t, op, s.before)
		if next, ok := t.stage.(*sent); ok && !t.done {
			next.underway = true
			return next.next(l, t)
		}
		return rest
	}
	if s.looks++; s.looks < signLooks {
		return rest
	}
	if s.last || t.once {
		l.end(t, s.withoutSign(t))
		return rest
	}
	again := &asking{again: true}
	t.stage = again
	return again.next(l, t)
}

// withoutSign is the error of a lost request without a sign.
func (s *lost) withoutSign(t *task) error {
	var e *Error
	if !errors.As(s.cause, &e) {
		return s.cause
	}
	copied := *e
	copied.uncertain, copied.Accepted = false, true
	copied.Message += fmt.Sprintf("; %s shows no sign of the %s", t.name, t.verb)
	if t.once {
		copied.Message += ", which was not sent again because it would be another one"
	}
	return &copied
}

func (*lost) asked() bool          { return true }
func (*lost) impatient(error) bool { return false }

func (s *lost) remains(t *task) string {
	if kind := KindOf(s.cause); kind == KindInterrupted || kind == KindTimeout {
		return fmt.Sprintf("the %s was on its way and may have been carried out", t.verb)
	}
	return fmt.Sprintf("the %s was sent and may have been carried out: %s", t.verb, s.cause)
}

// sent is a task whose request was accepted.
type sent struct {
	op       *Operation
	before   *Compute  // at the time of the request
	accepted time.Time // by this machine's clock, like last
	last     time.Time // when it was accepted, was over, or was last in transition
	underway bool      // a look showed it in transition
	still    int       // looks in a row that did not

	url     string // address of the operation; "" if only the compute decides
	over    bool   // the operation succeeded, by its address
	err     error  // the operation failed
	running bool   // the operation goes on, by its address
	asks    int    // reads of the address
	nextAsk int    // tick of the next read
	useless int    // useless responses in a row
	heard   error  // the last of them
}

// open reports whether the operation's address can be read.
func (s *sent) open() bool { return s.url != "" && !s.over && s.err == nil }

func (s *sent) next(l *loop, t *task) step {
	now := time.Now()
	means := s.means(t)
	if means == coming {
		s.underway, s.still, s.last = true, 0, now
		return rest
	}
	s.still++
	if s.open() && l.tick >= s.nextAsk && (means == reached || s.underway || s.changed(t.now) || s.still > 2) {
		return ask
	}
	s.settle(l, t, means)
	return rest
}

// settle ends a task whose compute is not in transition, once that is certain.
func (s *sent) settle(l *loop, t *task, means verdict) {
	now := time.Now()
	waited, age := since(s.last, now), since(s.accepted, now)
	shown := s.over || s.underway || s.changed(t.now)
	switch {
	case s.err != nil:
		l.end(t, s.err)
	case means == gone && t.verb.makes() && age < creationGrace:
		// Reads may not show it yet.
	case s.open() && waited < showGrace && means != gone:
		// The operation may not be over.
	case means == reached && t.check != nil && t.now != nil:
		l.end(t, t.check(t.now))
	case means == reached:
		l.end(t, nil)
	case means == failed && shown:
		l.end(t, failureOf(t.now))
	case means == gone && !t.verb.makes() && (!s.over || waited >= showGrace):
		l.end(t, errorf(KindNotFound, t.name, "%s is not there any more; it was deleted meanwhile", t.name))
	case shown && waited >= showGrace && !s.open():
		l.end(t, s.notShown(t))
	case !shown && age >= moveGrace && (!s.running || t.now == nil || t.now.IsInstance()):
		l.end(t, s.nothingHappened(t))
	}
	if !t.done {
		l.lookWithin(showGrace - waited)
		l.lookWithin(moveGrace - age)
	}
}

// means is what a look means for the goal after the request was accepted.
func (s *sent) means(t *task) verdict {
	now := t.now
	switch {
	case t.removes() && (now == nil || now.madeAfter(s.before)):
		return reached
	case now == nil:
		return gone
	case now.InTransition() && !t.setting:
		return coming
	case t.shown(now, s.before), (s.underway || s.over && s.tells(now.LastOperation())) && t.shown(now, nil):
		return reached
	case t.removes(), t.setting:
		return apart
	case s.changed(now) && now.LastOperation().failed(),
		now.InFailedState() && (s.underway || s.changed(now) || s.before == nil || !s.before.InFailedState()):
		return failed
	}
	return apart
}

// changed reports whether a compute shows a later operation than before the
// request. A cluster shows none.
func (s *sent) changed(now *Compute) bool {
	last := now.LastOperation()
	switch {
	case last == nil:
		return now == nil && s.before != nil
	case s.before == nil:
		return !last.Time.Before(s.op.Accepted.Add(-2 * time.Second))
	}
	return last.laterThan(s.before.LastOperation())
}

// tells reports whether the last operation that a compute shows can be the one
// that is over. The service's times are whole seconds, so two operations within
// one look alike. A cluster shows none.
func (s *sent) tells(last *LastOperation) bool {
	return last == nil || !s.op.Accepted.IsZero() && !last.Time.Before(s.op.Accepted.Truncate(time.Second))
}

// notShown is the error of an operation that ended without reaching the goal.
func (s *sent) notShown(t *task) error {
	if t.now == nil {
		return errorf(KindFailed, t.name, "the service carried out the %s, yet %s later there is no compute %s", t.verb, showGrace, t.name)
	}
	if t.differs != nil {
		return errorf(KindFailed, t.name, "%s", t.differs(t.now))
	}
	text := fmt.Sprintf("the %s of %s was carried out", t.verb, t.name)
	if s.over {
		text = fmt.Sprintf("the service says that the %s of %s is done", t.verb, t.name)
	}
	text = fmt.Sprintf("%s, yet %s later %s", text, showGrace, t.appearance())
	if last := t.now.LastOperation(); last != nil && last.Trigger != "" && s.changed(t.now) {
		text += fmt.Sprintf(" (last operation: %s by %s)", last.Name, last.Trigger)
	}
	return errorf(KindFailed, t.name, "%s", text)
}

func (s *sent) nothingHappened(t *task) error {
	text := "there is no compute " + t.name
	if t.now != nil {
		text = t.appearance()
	}
	e := errorf(KindFailed, t.name, "the %s of %s was accepted, but nothing happened: %s later %s", t.verb, t.name, moveGrace, text)
	e.ongoing = true
	if s.heard != nil {
		e.Message += fmt.Sprintf("; the address of the operation was of no use: %s", s.heard)
		if KindOf(s.heard) == KindAuth {
			e.Err = s.heard
		}
	}
	return e
}

// appearance describes a compute that does not show the goal.
func (t *task) appearance() string {
	switch t.verb {
	case VerbUpdate:
		return t.name + " does not show the change"
	case VerbResize:
		return t.name + " has the size " + t.now.VMSize()
	}
	return t.name + " is " + t.now.State()
}

func (*sent) asked() bool          { return true }
func (*sent) impatient(error) bool { return false }

func (s *sent) remains(t *task) string {
	text := fmt.Sprintf("the %s goes on", t.verb)
	if s.over {
		text = fmt.Sprintf("the %s was accepted, and whether it took effect was not seen", t.verb)
	}
	if s.heard != nil {
		text += fmt.Sprintf("; the address of its operation was of no use: %s", s.heard)
	}
	return text
}

// ask reads the operation's address. After some useless responses the address is
// dropped, and the compute decides.
func (l *loop) ask(ctx context.Context, t *task) {
	s := t.stage.(*sent) //nolint:forcetypeassert // only a sent task asks
	state, err := l.c.status(ctx, s.op, s.url)
	var e *Error
	switch {
	case err == nil && !state.over:
		s.running, s.useless, s.heard = true, 0, nil
		l.holdOff(state.retryAfter)
		s.asks++
		s.nextAsk = l.tick + 1
		if len(l.tasks) > 1 {
			// Each of many would cost a request per tick.
			s.nextAsk = l.tick + min(1<<min(s.asks, 8), opEvery)
		}
	case err == nil && state.err != nil:
		s.err = state.err
	case err == nil:
		s.over, s.heard, s.last = true, nil, time.Now()
	case ctx.Err() != nil:
		return // run gives up
	case errors.As(err, &e) && expired(e.Status), isHostError(err):
		s.url, s.heard = "", err
	default:
		s.running, s.heard = false, err
		if s.useless++; s.useless >= badPatience {
			s.url = ""
		}
		l.holdOff(retryAfterOf(err))
		l.emit(t, Event{Kind: EventTrouble, Err: err})
	}
	if means := s.means(t); means != coming {
		s.settle(l, t, means)
	}
}

// expired reports whether an address with this status will never be of use.
func expired(status int) bool {
	return status/100 == 3 || slices.Contains([]int{http.StatusNotFound, http.StatusGone, http.StatusBadRequest, http.StatusForbidden}, status)
}

// watching is a task that only waits for a goal.
type watching struct{ goal Goal }

// watch is a task that waits for a goal.
func watch(verb Verb, name string, goal Goal) *task {
	return &task{name: name, intent: intent{verb: verb}, stage: &watching{goal}}
}

func (s *watching) next(l *loop, t *task) step {
	if last := t.out.Compute; t.now == nil && last != nil && l.tick > 0 && s.goal == GoalSettled && strings.EqualFold(last.State(), StateDeleting) {
		t.out.Note = "it was deleted"
		t.out.States = append(t.out.States, "Deleted")
		l.end(t, nil)
		return rest
	}
	switch s.goal.means(t.now) {
	case reached:
		t.out.Already = l.tick == 0
		l.end(t, nil)
	case gone:
		l.end(t, t.notThere(l.c.workspace))
	case failed:
		l.end(t, failureOf(t.now))
	case apart:
		if l.tick == 0 && s.idle(t.now) {
			l.emit(t, Event{Kind: EventPoll, Note: "nothing is in progress"})
		}
	case coming, busy:
	}
	return rest
}

// idle reports whether no operation is in progress.
func (*watching) idle(now *Compute) bool {
	means := GoalSettled.means(now)
	return means == reached || means == failed
}

func (*watching) asked() bool { return false }

func (*watching) impatient(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Err != nil && neverSent(e.Err)
}

func (s *watching) remains(t *task) string {
	switch {
	case t.verb.makes() && s.goal == GoalDeleted:
		return fmt.Sprintf("nothing was sent: ask for the %s again when it is gone", t.verb)
	case t.verb.makes():
		return "that goes on, and nothing was sent"
	case t.now != nil && s.idle(t.now):
		return "nothing is in progress on it"
	}
	return ""
}
