package emulator

import (
	"container/heap"
	"time"
)

// tx is one request's view of the state: what it changes is written when it
// ends. now is the emulator's time for the whole of it.
type tx struct {
	e   *Emulator
	s   *state
	now time.Time
}

func (e *Emulator) begin() *tx {
	t := &tx{e: e, s: e.state}
	t.now = t.clockNow()
	return t
}

// commit makes the changes durable.
func (t *tx) commit() error {
	if len(t.s.changed) == 0 {
		return nil
	}
	t.s.clock.Seen = t.now
	t.s.touch(clockKey)
	change, err := t.s.pending()
	if err != nil {
		return err
	}
	if t.e.disk != nil {
		if err := t.e.disk.append(change, t.s, t.e.uuid); err != nil {
			return err
		}
	}
	t.s.committed(change)
	return nil
}

// applyDue lets everything happen that was due until now, in the order of its
// time: steps of operations, schedules, idle shutdowns, cluster nodes.
func (t *tx) applyDue() {
	now := t.now
	defer func() { t.now = now }()
	for len(t.s.due) > 0 && !t.s.due[0].at.After(now) {
		d := heap.Pop(&t.s.due).(dueAt)
		c := t.s.computes[d.key]
		if c == nil {
			continue
		}
		if at, ok := c.nextMove(); !ok || !at.Equal(d.at) {
			continue // a stale entry: this compute has moved or changed since
		}
		t.now = d.at
		t.move(c)
		if t.s.computes[d.key] == c {
			t.s.touch(computeKey + d.key)
		}
	}
}

// nextMove is when c changes by itself next.
func (c *compute) nextMove() (time.Time, bool) {
	var next time.Time
	earlier := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if c.Busy != nil && len(c.Busy.Steps) > 0 {
		earlier(c.Busy.Steps[0].At)
	}
	if c.Instance != nil {
		earlier(c.Instance.nextFiring())
		earlier(c.Instance.idleStop(c))
	}
	if c.Cluster != nil {
		earlier(c.Cluster.nextMove())
	}
	return next, !next.IsZero()
}

// move lets c do what is due at t.now. Steps of an operation come first, so that
// a schedule that falls on the end of one finds it done.
func (t *tx) move(c *compute) {
	if c.Busy != nil && len(c.Busy.Steps) > 0 && !c.Busy.Steps[0].At.After(t.now) {
		t.step(c)
		return
	}
	if c.Instance != nil {
		if at := c.Instance.nextFiring(); !at.IsZero() && !at.After(t.now) {
			t.fireSchedules(c)
			return
		}
		if at := c.Instance.idleStop(c); !at.IsZero() && !at.After(t.now) {
			t.operate(c, stopOperation, triggerIdle)
			return
		}
	}
	if c.Cluster != nil {
		t.moveCluster(c)
	}
}
