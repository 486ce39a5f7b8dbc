package emulator

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Clock is the clock that Advance adds to.
type Clock interface{ Now() time.Time }

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

// ManualClock is a Clock that only moves on demand. It is safe for concurrent
// use.
type ManualClock struct {
	mu  sync.Mutex
	now time.Time
}

// NewManualClock returns a clock that shows t.
func NewManualClock(t time.Time) *ManualClock { return &ManualClock{now: t} }

// Now returns the time shown.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d; a negative d is ignored.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.now = c.now.Add(d)
	}
}

// scaledClock is factor times as fast as the wall clock.
type scaledClock struct {
	start  time.Time
	factor float64
}

func (c scaledClock) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.start)) * c.factor))
}

// ParseClock parses a clock: "" or "wall", "manual" (stands still from now on), or
// "xN" for one N times as fast as the wall clock.
func ParseClock(s string) (Clock, error) {
	switch s {
	case "", "wall":
		return wallClock{}, nil
	case "manual":
		return NewManualClock(time.Now()), nil
	}
	if n, ok := strings.CutPrefix(s, "x"); ok {
		if f, err := strconv.ParseFloat(n, 64); err == nil && f > 0 && f <= 1e6 {
			return scaledClock{start: time.Now(), factor: f}, nil
		}
	}
	return nil, fmt.Errorf("%q is not a clock: use wall, manual, or xN such as x60", s)
}

// Pace scales how long operations take. Schedules and idle shutdown are not
// scaled: they fire on the clock. The zero value is PaceFast.
type Pace struct{ speed float64 }

// The paces that have a name. At PaceReal operations take as long as was
// recorded of the service: 180 s to create an instance, 120 s to start it, 60 s
// to stop it. At PaceInstant the accepting answer still shows the transition;
// every later request sees it finished.
var (
	PaceInstant = Pace{math.Inf(1)}
	PaceFast    = Pace{60}
	PaceReal    = Pace{1}
)

// ParsePace parses "instant", "fast", "real", or a number N for N times as fast as
// real. "" is PaceFast.
func ParsePace(s string) (Pace, error) {
	switch s {
	case "instant":
		return PaceInstant, nil
	case "", "fast":
		return PaceFast, nil
	case "real":
		return PaceReal, nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		return Pace{}, fmt.Errorf("%q is not a pace: use instant, fast, real, or a number such as 20 for twenty times as fast as real", s)
	}
	return Pace{n}, nil
}

// String returns the pace in the form of ParsePace.
func (p Pace) String() string {
	switch p.factor() {
	case math.Inf(1):
		return "instant"
	case 60:
		return "fast"
	case 1:
		return "real"
	}
	return strconv.FormatFloat(p.speed, 'g', -1, 64)
}

func (p Pace) factor() float64 {
	if p.speed == 0 {
		return PaceFast.speed
	}
	return p.speed
}
