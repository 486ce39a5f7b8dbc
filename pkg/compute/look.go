package compute

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// look reads the computes of the active tasks: the list for many, each by itself
// for few. A compute that the list leaves out is read by itself, because only that
// shows that it does not exist.
func (l *loop) look(ctx context.Context) {
	var tasks []*task
	for _, t := range l.active() {
		if _, fresh := t.stage.(*unseen); !fresh {
			tasks = append(tasks, t)
		}
	}
	single := l.o.single || len(tasks) <= 1 || len(tasks) < l.pages
	if !single {
		found, err := l.list(ctx, tasks)
		var e *Error
		switch {
		case err == nil:
			var rest []*task
			for _, t := range tasks {
				if compute := found[strings.ToLower(t.name)]; compute != nil && !stateless(compute) {
					t.saw(compute, nil)
				} else {
					rest = append(rest, t)
				}
			}
			tasks = rest
		case errors.As(err, &e) && e.Status == http.StatusForbidden:
			l.o.single = true // some may read their computes but not the list
		default:
			for _, t := range tasks {
				t.saw(nil, err)
			}
			l.holdOff(retryAfterOf(err))
			return
		}
	}
	l.c.each(len(tasks), func(i int) { l.read(ctx, tasks[i]) })
}

// stateless reports whether a list left out an instance's state. No api-version
// promises it.
func stateless(c *Compute) bool {
	return c.IsInstance() && (c.Instance == nil || c.Instance.State == "") && strings.EqualFold(c.ProvisioningState, "Succeeded")
}

// list reads the list and returns the computes of the tasks by lower-case name.
func (l *loop) list(ctx context.Context, tasks []*task) (map[string]*Compute, error) {
	c := l.c
	if err := c.workspace.check(); err != nil {
		return nil, err
	}
	found := make(map[string]*Compute, len(tasks)) // nil until it is seen
	for _, t := range tasks {
		found[strings.ToLower(t.name)] = nil
	}
	k := call{op: opList, address: c.endpoint + c.workspace.path() + "/computes", once: l.tick > 0}
	count, err := c.eachCompute(ctx, k, func(compute *Compute) error {
		name := strings.ToLower(compute.Name)
		if _, wanted := found[name]; wanted {
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
		t.saw(nil, err)
		return
	}
	k.once = l.tick > 0
	compute, a, err := l.c.get(ctx, k)
	t.saw(compute, err)
	l.holdOff(retryAfterOf(err))
	if err == nil {
		l.holdOff(a.retryAfter)
	}
}

// saw keeps what a look showed.
func (t *task) saw(now *Compute, err error) {
	switch {
	case err == nil:
		t.now, t.missing, t.trouble, t.heard, t.troubles = now, nil, nil, nil, 0
		t.out.Compute = now
	case isMissing(err):
		t.now, t.missing, t.trouble, t.heard, t.troubles = nil, err, nil, nil, 0
	default:
		if t.trouble == nil || KindOf(t.trouble) != KindOf(err) {
			t.troubles = 0
		}
		t.troubles++
		t.trouble = err
		if answer := lastAnswer(err); answer != nil {
			t.heard = answer
		}
	}
}

// lastAnswer is the last failure before the time ran out: err itself, unless it
// only says that.
func lastAnswer(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindTimeout && e.Kind != KindInterrupted {
		return err
	}
	if errors.As(e.Err, &e) {
		return e
	}
	return nil
}

// isMissing reports whether err says that the compute itself does not exist.
// Another code, the 404 of a proxy, or a missing workspace or group does not.
func isMissing(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusNotFound || e.Name == "" ||
		!strings.EqualFold(e.Code, "ResourceNotFound") && !strings.EqualFold(e.Code, "NotFound") {
		return false
	}
	text := strings.ToLower(e.Message)
	return !strings.Contains(text, "workspace") && !strings.Contains(text, "subscription") || strings.Contains(text, "compute")
}

// IsMissing reports whether err says that a compute does not exist, and not its
// workspace.
func IsMissing(err error) bool { return isMissing(err) }

// holdOff delays the next look by as long as a response asked for.
func (l *loop) holdOff(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retryAfter = max(l.retryAfter, d)
}

// retryAfterOf is the pause that an error asks for.
func retryAfterOf(err error) time.Duration {
	var e *Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.RetryAfter
}

// endure decides what a failed look means. A temporary failure does not end the
// task; an expired sign-in or a wrong name does.
func (l *loop) endure(t *task) {
	err := t.trouble
	first := l.tick == 0
	asked := t.stage.asked()
	var e *Error
	known := errors.As(err, &e)
	switch kind := KindOf(err); {
	case kind == KindInterrupted || kind == KindTimeout:
		return // run gives up
	case isHostError(err), isPermanent(err):
		l.end(t, err)
	case throttled(err):
		l.emit(t, Event{Kind: EventTrouble, Err: err})
	case kind == KindAuth && (first || known && e.Status == http.StatusForbidden || t.troubles >= signInPatience):
		l.end(t, t.goesOn(err))
	case (kind == KindInvalid || kind == KindNotFound || kind == KindFailed && known && e.Status/100 == 4 && e.Code != "") && (!asked || t.troubles >= badPatience):
		l.end(t, t.goesOn(err))
	case first && t.stage.impatient(err):
		l.end(t, err)
	default:
		if s, ok := t.stage.(*lost); ok && l.o.NoWait && t.troubles >= 2*badPatience {
			l.end(t, s.cause)
			return
		}
		l.emit(t, Event{Kind: EventTrouble, Err: err})
	}
}

// throttled reports whether the service asked for fewer requests. The request had
// no effect.
func throttled(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusTooManyRequests
}

func isHostError(err error) bool {
	var host *HostError
	return errors.As(err, &host)
}

// goesOn adds to an error that ends only the wait that the operation goes on.
func (t *task) goesOn(err error) error {
	var e *Error
	if !t.stage.asked() || !errors.As(err, &e) {
		return err
	}
	copied := *e
	copied.ongoing = true
	copied.Message += fmt.Sprintf("; the %s of %s goes on", t.verb, t.name)
	return &copied
}
