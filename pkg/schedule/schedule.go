// Package schedule knows when a compute instance starts and stops by itself:
// five-field cron, Logic Apps recurrence, working hours such as
// "mon-thu 09:00-18:00", Windows and IANA time zones, the next firings and the
// week they make. It is pure: no clock of its own, no network, no files except
// the time zone database of package time.
//
// The service's own treatment of clock changes is not documented. Here a time
// that a clock change skips fires at the first instant after the gap, and a
// time that comes twice fires the first time only. UNVERIFIED against the
// live service.
package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Max is how many schedules one compute instance can have ("You can create a
// total of four schedules per compute instance", how-to-create-compute-instance).
const Max = 4

// Action is what a schedule does to the instance (computes REST API,
// ComputePowerAction).
type Action string

// The actions of the service.
const (
	Start Action = "Start"
	Stop  Action = "Stop"
)

// Entry is one schedule of an instance (computes REST API,
// ComputeStartStopSchedule). Exactly one of Cron and Recurrence is set.
type Entry struct {
	// ID is given by the service; "" for one that was not sent yet.
	ID string
	// Action is what happens when the entry fires.
	Action Action
	// Enabled entries fire; the others are kept but silent.
	Enabled bool
	// Cron is the trigger by cron expression.
	Cron *Cron
	// Recurrence is the trigger by Logic Apps recurrence.
	Recurrence *Recurrence
	// Start is the wall time in Zone before which nothing fires, and what the
	// intervals of a recurrence are counted from. Zero: none.
	Start Local
	// Zone is the time zone as on the wire, a Windows name; "" is UTC.
	Zone string
}

// Next returns the first firing strictly after the given instant, in the
// entry's zone. ok is false if there is none: the entry is disabled, it never
// fires, or its firings cannot be computed (Check says why).
func (e Entry) Next(after time.Time) (at time.Time, ok bool) {
	if !e.Enabled {
		return time.Time{}, false
	}
	f, ok := e.next(after)
	return f.at, ok
}

// firing is one firing of one entry before it is tied to a set.
type firing struct {
	at      time.Time
	wall    int64 // the wall time asked for, as Local.seconds
	skipped bool  // a clock change jumps over that wall time
}

// next is Next, whether the entry is enabled or not.
func (e Entry) next(after time.Time) (firing, bool) {
	loc, err := location(e.Zone)
	if err != nil || e.checkTrigger() != nil {
		return firing{}, false
	}
	var r rule
	if e.Cron != nil {
		r = e.Cron.rule()
	} else {
		r = e.Recurrence.rule(e.Start)
	}
	from := wallSeconds(after.In(loc))
	if !e.Start.IsZero() {
		from = max(from, e.Start.seconds())
	}
	// Where the clock is set back, wall times come again that have fired
	// already: pass over them.
	for wall, ok := r.at(from); ok; wall, ok = r.at(wall + 1) {
		if at, skipped := instant(wall, loc); at.After(after) {
			return firing{at, wall, skipped}, true
		}
	}
	return firing{}, false
}

// Check says why the firings of e cannot be computed, in one sentence, or nil
// when they can. It accepts entries that the service may return but should not
// be sent; Validate does not.
func (e Entry) Check() error {
	if err := e.checkTrigger(); err != nil {
		return err
	}
	_, err := location(e.Zone)
	return err
}

func (e Entry) checkTrigger() error {
	switch {
	case e.Cron == nil && e.Recurrence == nil:
		return errors.New("the schedule has neither a cron expression nor a recurrence, so it never fires")
	case e.Cron != nil && e.Recurrence != nil:
		return errors.New("the schedule has both a cron expression and a recurrence: keep one of them")
	case e.Recurrence != nil:
		return e.Recurrence.check(e.Start)
	case e.Cron.months == 0:
		return errors.New("the schedule has an empty cron expression, so it never fires")
	}
	return nil
}

// Validate says what is wrong with e as something to send to the service: an
// unknown action, a trigger out of bounds, an unknown zone, or a schedule that
// never fires.
func (e Entry) Validate() error {
	if e.Action != Start && e.Action != Stop {
		return fmt.Errorf("action %s is unknown: use Start or Stop", quote(string(e.Action)))
	}
	if err := e.checkTrigger(); err != nil {
		return err
	}
	if e.Recurrence != nil {
		if err := e.Recurrence.Validate(); err != nil {
			return err
		}
	}
	zone, err := Resolve(e.Zone)
	if err != nil {
		return err
	}
	if zone.Location == nil {
		return nil
	}
	// From the year 1 on, so that only an impossible date is found wanting.
	if _, ok := e.next(time.Time{}); !ok {
		return fmt.Errorf("the schedule %s never fires: no date in the calendar fits it", quote(e.trigger()))
	}
	return nil
}

// trigger names the trigger for an error.
func (e Entry) trigger() string {
	if e.Cron != nil {
		return e.Cron.String()
	}
	return e.Recurrence.Explain(e.Start)
}

// rule finds wall times: at returns the first one that is not before from, in
// Local.seconds.
type rule interface {
	at(from int64) (wall int64, ok bool)
}

// quote shows text of unknown origin in an error: one line, no control or
// bidirectional characters, cut when long.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.QuoteToGraphic(s)
}

// clean keeps text of unknown origin from steering a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
