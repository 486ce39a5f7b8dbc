// Package schedule computes when schedules start and stop a compute instance. It
// reads five-field cron, Logic Apps recurrence, hours such as
// "mon-thu 09:00-18:00", and Windows and IANA time zones. It is pure: it reads no
// clock, and no file but the time zone database of package time.
//
// How the service treats clock changes is not documented. Here a time that a
// clock change skips fires at the first instant after the gap, and a time that
// comes twice fires only once, the first time. UNVERIFIED against the live
// service.
package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Max is the number of schedules an instance can have ("You can create a
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
	// ID is given by the service; "" before the entry is sent.
	ID string
	// Action is what happens when the entry fires.
	Action Action
	// Enabled entries fire.
	Enabled bool
	// Cron is the trigger by cron expression.
	Cron *Cron
	// Recurrence is the trigger by Logic Apps recurrence.
	Recurrence *Recurrence
	// Start is the wall time in Zone before which nothing fires. The intervals
	// of a recurrence count from it. Zero is none.
	Start Local
	// End is the wall time in Zone after which nothing fires. Zero is none. Policy
	// aliases name it (recurrence.endTime, cron.endTime); no specification of the
	// computes does.
	End Local
	// Zone is the time zone by its Windows name, as the service has it; "" is UTC.
	Zone string
}

// Next returns the first firing strictly after an instant, in the entry's zone.
// ok is false if the entry is disabled, never fires, or has firings that cannot
// be computed (Check says why).
func (e Entry) Next(after time.Time) (at time.Time, ok bool) {
	if !e.Enabled {
		return time.Time{}, false
	}
	f, ok := e.next(after)
	return f.at, ok
}

// firing is a firing of an entry that is not yet part of a list.
type firing struct {
	at      time.Time
	wall    int64 // the wall time asked for, as Local.seconds
	skipped bool  // a clock change jumps over that wall time
}

// next is Next for a disabled entry, too.
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
	// Where the clock is set back, wall times repeat. Skip those that have fired.
	for wall, ok := r.at(from); ok; wall, ok = r.at(wall + 1) {
		if !e.End.IsZero() && wall > e.End.seconds() {
			break
		}
		if at, skipped := instant(wall, loc); at.After(after) {
			return firing{at, wall, skipped}, true
		}
	}
	return firing{}, false
}

// Check returns why the firings of e cannot be computed, or nil. It accepts
// entries that the service may return but would not accept; Validate does not.
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

// Validate returns why e should not be sent to the service: an unknown action or
// zone, a trigger out of bounds, or a schedule that never fires.
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
	// From the year 1 on, so that only an impossible date fails.
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

// rule computes wall times, in Local.seconds: at returns the first one that is
// not before from.
type rule interface {
	at(from int64) (wall int64, ok bool)
}

// quote makes text of unknown origin safe for an error: one line, without control
// or bidirectional characters, and cut if long.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.QuoteToGraphic(s)
}

// clean replaces what could control a terminal in text of unknown origin.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
