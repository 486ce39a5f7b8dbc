package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Frequency is the unit a recurrence counts in (computes REST API,
// ComputeRecurrenceFrequency).
type Frequency string

// The frequencies of the service.
const (
	Minute Frequency = "Minute"
	Hour   Frequency = "Hour"
	Day    Frequency = "Day"
	Week   Frequency = "Week"
	Month  Frequency = "Month"
)

// maxInterval is the longest interval that Logic Apps accepts; 0 for an unknown
// frequency.
func (f Frequency) maxInterval() int {
	switch f {
	case Minute:
		return 72000
	case Hour:
		return 12000
	case Day:
		return 500
	case Week:
		return 71
	case Month:
		return 16
	}
	return 0
}

// Recurrence is a Logic Apps recurrence: every Interval-th Frequency, counted
// from the entry's start, at each of Hours × Minutes.
//
// The count begins with the day, week or month of the start. Weeks begin on
// Sunday (UNVERIFIED; it matters only for an Interval above 1). What is left out
// is that of the start: the minute; the hour, unless the frequency is Minute or
// Hour; the day of the week or month. Months without the day are skipped. With
// Minute and Hour, the lists are filters.
//
// Source: computes REST API, definition Recurrence; Logic Apps "Recurrence
// trigger".
type Recurrence struct {
	Frequency Frequency
	Interval  int            // from 1
	Hours     []int          // 0 to 23
	Minutes   []int          // 0 to 59
	WeekDays  []time.Weekday // sent with Week only
	MonthDays []int          // 1 to 31; sent with Month only
}

// ParseWeekday parses an English day name in any case, in full or its first three
// letters or more.
func ParseWeekday(name string) (time.Weekday, error) {
	if i, ok := nameIndex(dayNames, name); ok {
		return time.Weekday(i), nil
	}
	return 0, fmt.Errorf("%s is not a day of the week: write Monday to Sunday, or mon to sun", quote(name))
}

// ParseFrequency parses minute, hour, day, week or month, in any case.
func ParseFrequency(name string) (Frequency, error) {
	for _, f := range [...]Frequency{Minute, Hour, Day, Week, Month} {
		if strings.EqualFold(name, string(f)) {
			return f, nil
		}
	}
	return "", fmt.Errorf("frequency %s is unknown: write minute, hour, day, week or month", quote(name))
}

// Validate returns why the service would refuse r: an unknown frequency, an
// interval or list out of bounds, missing hours or minutes (it requires both), or
// days that do not go with the frequency.
func (r Recurrence) Validate() error {
	if err := r.checkBounds(); err != nil {
		return err
	}
	switch most := r.Frequency.maxInterval(); {
	case r.Interval > most:
		return fmt.Errorf("an interval of %d is too long: for frequency %s it goes from 1 to %d", r.Interval, r.Frequency, most)
	case len(r.Hours) == 0 || len(r.Minutes) == 0:
		return errors.New("the recurrence says no time of day: the service requires hours and minutes")
	case len(r.WeekDays) > 0 && r.Frequency != Week:
		return fmt.Errorf("days of the week go with frequency Week, not %s: use Week, or leave them out", r.Frequency)
	case len(r.MonthDays) > 0 && r.Frequency != Month:
		return fmt.Errorf("days of the month go with frequency Month, not %s: use Month, or leave them out", r.Frequency)
	}
	return nil
}

func (r Recurrence) checkBounds() error {
	if r.Frequency.maxInterval() == 0 {
		return fmt.Errorf("frequency %s is unknown: use Minute, Hour, Day, Week or Month", quote(string(r.Frequency)))
	}
	if r.Interval < 1 {
		return fmt.Errorf("an interval of %d is too short: it goes from 1", r.Interval)
	}
	for _, list := range [...]struct {
		name     string
		values   []int
		min, max int
	}{{"hour", r.Hours, 0, 23}, {"minute", r.Minutes, 0, 59}, {"day of the month", r.MonthDays, 1, 31}} {
		for _, v := range list.values {
			if v < list.min || v > list.max {
				return fmt.Errorf("the recurrence has the %s %d: it goes from %d to %d", list.name, v, list.min, list.max)
			}
		}
	}
	for _, d := range r.WeekDays {
		if d < time.Sunday || d > time.Saturday {
			return fmt.Errorf("the recurrence has the day of the week %d: it goes from 0 (Sunday) to 6", int(d))
		}
	}
	return nil
}

// check returns why firings cannot be computed for an entry with this start.
func (r *Recurrence) check(start Local) error {
	if err := r.checkBounds(); err != nil {
		return err
	}
	if !start.IsZero() {
		return nil
	}
	byDay := r.Frequency != Minute && r.Frequency != Hour
	switch {
	case r.Interval > 1:
		return fmt.Errorf("the recurrence is every %d %ss but has no start time to count from, so its firings are not known", r.Interval, strings.ToLower(string(r.Frequency)))
	case len(r.Minutes) == 0 && r.Frequency != Minute, len(r.Hours) == 0 && byDay,
		len(r.WeekDays) == 0 && r.Frequency == Week,
		len(r.MonthDays) == 0 && len(r.WeekDays) == 0 && r.Frequency == Month:
		return errors.New("the recurrence leaves the day or the time to its start time but has none, so its firings are not known")
	}
	return nil
}

// rule compiles r; check has passed.
func (r *Recurrence) rule(start Local) rule {
	rr := recurrenceRule{
		frequency: r.Frequency,
		interval:  min(int64(r.Interval), 1<<40), // minutes of two million years
		clock:     clock{minutes: setOf(r.Minutes), hours: uint32(setOf(r.Hours))},
		monthDays: uint32(setOf(r.MonthDays)),
		week:      uint8(setOf(r.WeekDays)),
		anchor:    start.seconds(),
	}
	byDay := r.Frequency != Minute && r.Frequency != Hour
	if len(r.Minutes) == 0 {
		rr.second = int64(start.Second)
		rr.minutes = 1 << start.Minute
		if r.Frequency == Minute {
			rr.minutes = 1<<60 - 1
		}
	}
	if len(r.Hours) == 0 {
		rr.hours = 1<<24 - 1
		if byDay {
			rr.hours = 1 << start.Hour
		}
	}
	if rr.week == 0 {
		rr.week = everyDay
		if r.Frequency == Week {
			rr.week = 1 << weekday(floorDiv(rr.anchor, 86400))
		}
	}
	if rr.monthDays == 0 {
		rr.monthDays = 1<<32 - 1
		if r.Frequency == Month && len(r.WeekDays) == 0 {
			rr.monthDays = 1 << start.Day
		}
	}
	return rr
}

type recurrenceRule struct {
	clock
	frequency Frequency
	interval  int64
	second    int64
	monthDays uint32
	week      uint8
	anchor    int64 // wall seconds the count starts in
}

func (r recurrenceRule) at(from int64) (int64, bool) {
	// The first whole minute, plus the second, that is not before from.
	first := floorDiv(from-r.second+59, 60)
	var minute int64
	var ok bool
	switch r.frequency {
	case Minute:
		minute, ok = r.atUnit(first, 1)
	case Hour:
		minute, ok = r.atUnit(first, 60)
	default:
		minute, ok = r.atDay(first)
	}
	return minute*60 + r.second, ok
}

// atDay tries day by day. Forty years contain every pattern of months and leap
// days that an accepted interval can produce.
func (r recurrenceRule) atDay(first int64) (minute int64, ok bool) {
	day := floorDiv(first, 1440)
	low := int(first - day*1440)
	for range 40 * 366 {
		if r.dayFits(day) {
			if m, ok := r.timeOfDay(low); ok {
				return day*1440 + int64(m), true
			}
		}
		day, low = day+1, 0
	}
	return 0, false
}

// atUnit tries each minute or hour (unit, in minutes) of the interval and skips
// days and hours that do not fit. In the minutes of a week any interval repeats
// after at most 10080 steps; the other steps are for days of the month.
func (r recurrenceRule) atUnit(first, unit int64) (minute int64, ok bool) {
	anchor := floorDiv(r.anchor, 60*unit)
	align := func(minute int64) int64 {
		k := floorDiv(minute, unit)
		wait := (anchor - k) % r.interval
		if wait < 0 {
			wait += r.interval
		}
		return (k + wait) * unit
	}
	end := first + 400*366*1440
	for at, steps := align(first), 0; at < end && steps < 20000; steps++ {
		day := floorDiv(at, 1440)
		if !r.dayFits(day) {
			at = align((day + 1) * 1440)
			continue
		}
		m, ok := r.timeOfDay(int(max(at, first) - day*1440))
		switch found := day*1440 + int64(m); {
		case !ok:
			at = align((day + 1) * 1440)
		case found < at+unit:
			return found, true
		default:
			at = align(found)
		}
	}
	return 0, false
}

func (r recurrenceRule) dayFits(day int64) bool {
	if r.week>>weekday(day)&1 == 0 {
		return false
	}
	anchorDay := floorDiv(r.anchor, 86400)
	switch r.frequency {
	case Day:
		if (day-anchorDay)%r.interval != 0 {
			return false
		}
	case Week:
		if (sundays(day)-sundays(anchorDay))%r.interval != 0 {
			return false
		}
	}
	if r.monthDays == 1<<32-1 && r.frequency != Month {
		return true
	}
	year, month, d := localAt(day * 86400).date()
	if r.frequency == Month && r.interval > 1 {
		anchorYear, anchorMonth, _ := localAt(r.anchor).date()
		if (int64(year-anchorYear)*12+int64(month-anchorMonth))%r.interval != 0 {
			return false
		}
	}
	return r.monthDays>>d&1 == 1
}

// weekday is the day of the week of a day counted from 1970-01-01, a Thursday.
func weekday(day int64) int64 { return day + 4 - sundays(day)*7 }

// sundays counts the weeks, from Sunday on, up to the given day.
func sundays(day int64) int64 { return floorDiv(day+4, 7) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// setOf packs small numbers into bits.
func setOf[T ~int](values []T) (set uint64) {
	for _, v := range values {
		set |= 1 << v
	}
	return set
}

// Explain describes when r fires for an entry with this start, for example
// "every 2 weeks on Monday and Thursday at 09:00".
func (r Recurrence) Explain(start Local) string {
	unit := strings.ToLower(string(r.Frequency))
	text := "every " + unit
	if r.Interval != 1 {
		text = fmt.Sprintf("every %d %ss", r.Interval, unit)
	}
	if set := uint8(setOf(r.WeekDays)); set != 0 {
		text += " on " + weekWords(set)
	}
	if days := slices.Sorted(slices.Values(r.MonthDays)); len(days) > 0 {
		text += " on day " + numberWords(slices.Compact(days))
	}
	switch {
	case len(r.Hours) > 0 && len(r.Minutes) > 0:
		text += " at " + timeWords(clock{setOf(r.Minutes), uint32(setOf(r.Hours))})
	case len(r.Hours) > 0:
		text += " in hour " + numberWords(slices.Compact(slices.Sorted(slices.Values(r.Hours))))
	case len(r.Minutes) > 0:
		text += " at minute " + numberWords(slices.Compact(slices.Sorted(slices.Values(r.Minutes))))
	}
	if !start.IsZero() && r.Interval != 1 {
		text += ", counted from " + start.String()
	}
	return text
}
