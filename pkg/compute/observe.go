package compute

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

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
	case isHostError(err), isPermanent(err):
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
