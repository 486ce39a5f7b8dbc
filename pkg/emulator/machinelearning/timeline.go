package machinelearning

import (
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// NextMove is when c changes by itself next.
func (c *compute) NextMove() (time.Time, bool) {
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

// Move lets c do what is due at t.Now. Steps of an operation come first, so that
// a schedule that falls on the end of one finds it done.
func (c *compute) Move(t *arm.Tx) {
	if c.Busy != nil && len(c.Busy.Steps) > 0 && !c.Busy.Steps[0].At.After(t.Now) {
		proceed(t, c)
		return
	}
	if c.Instance != nil {
		if at := c.Instance.nextFiring(); !at.IsZero() && !at.After(t.Now) {
			fireSchedules(t, c)
			return
		}
		if at := c.Instance.idleStop(c); !at.IsZero() && !at.After(t.Now) {
			operate(t, c, stopOperation, triggerIdle)
			return
		}
	}
	if c.Cluster != nil {
		moveCluster(t, c)
	}
}
