package schedule

import (
	"fmt"
	"github.com/computetarget/computetarget/pkg/order"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Equal reports whether e and o do the same. It ignores ids and the spelling of
// triggers.
func (e Entry) Equal(o Entry) bool {
	return e.Action == o.Action && e.Enabled == o.Enabled && e.Start == o.Start && e.End == o.End &&
		sameZone(e.Zone, o.Zone) && sameCron(e.Cron, o.Cron) && sameRecurrence(e.Recurrence, o.Recurrence)
}

func sameZone(a, b string) bool {
	x, _, knownX := lookup(a)
	y, _, knownY := lookup(b)
	if knownX && knownY && x != "" && y != "" {
		return x == y
	}
	return strings.EqualFold(a, b)
}

func sameCron(a, b *Cron) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.text, y.text = "", ""
	return x == y
}

func sameRecurrence(a, b *Recurrence) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Frequency == b.Frequency && a.Interval == b.Interval &&
		sameNumbers(a.Hours, b.Hours) && sameNumbers(a.Minutes, b.Minutes) &&
		sameNumbers(a.WeekDays, b.WeekDays) && sameNumbers(a.MonthDays, b.MonthDays)
}

// sameNumbers compares lists as sets.
func sameNumbers[T ~int](a, b []T) bool {
	sorted := func(s []T) []T { return slices.Compact(slices.Sorted(slices.Values(s))) }
	return slices.Equal(sorted(a), sorted(b))
}

// Find returns the index of an entry by id, number (from 1) or prefix of an id.
// One or two digits are always a number, so that a number out of range does not
// match an id.
func Find(entries []Entry, name string) (int, error) {
	if i := slices.IndexFunc(entries, func(e Entry) bool { return e.ID != "" && e.ID == name }); i >= 0 {
		return i, nil
	}
	n, err := strconv.Atoi(name)
	if err == nil && n >= 1 && n <= len(entries) {
		return n - 1, nil
	}
	number := err == nil && len(name) <= 2
	found, count := -1, 0
	for i, e := range entries {
		if name != "" && !number && strings.HasPrefix(e.ID, name) {
			found = i
			count++
		}
	}
	switch {
	case count == 1:
		return found, nil
	case count > 1:
		return -1, fmt.Errorf("%s is the beginning of %d schedule ids: write more of it", quote(name), count)
	case len(entries) == 0:
		return -1, fmt.Errorf("there is no schedule %s: the instance has none", quote(name))
	}
	return -1, fmt.Errorf("there is no schedule %s: name one by its number, 1 to %d, or its id", quote(name), len(entries))
}

// Warnings are sentences for the user to read before e is sent.
func (e Entry) Warnings() []string {
	var warnings []string
	if zone, err := Resolve(e.Zone); err == nil && zone.Warning != "" {
		warnings = append(warnings, zone.Warning)
	}
	if e.Cron != nil && e.Cron.months != 0 {
		anyDay, anyMonth := e.Cron.days == everyDate, e.Cron.months == everyMonth
		if !anyDay && e.Cron.week != everyDay {
			warnings = append(warnings, fmt.Sprintf("%q names days of the month and days of the week: it fires only when both fit", e.Cron.text))
		}
		if !anyDay || !anyMonth {
			warnings = append(warnings, fmt.Sprintf("%q limits days of the month or months; the service ignores those in the schedules of jobs, and may ignore them here: look at the first firings", e.Cron.text))
		}
	}
	return warnings
}

// Firing is one firing of one of several entries.
type Firing struct {
	// At is the instant, in the entry's zone.
	At time.Time
	// Action is what the entry does.
	Action Action
	// Entry is the index of the entry.
	Entry int
	// Asked is the wall time of the schedule. It differs from At's if Moved.
	Asked Local
	// Moved is true if a clock change skips that time; the entry fires at the
	// end of the gap.
	Moved bool
}

func (f firing) of(entries []Entry, i int) Firing {
	return Firing{At: f.at, Action: entries[i].Action, Entry: i, Asked: localAt(f.wall), Moved: f.skipped}
}

// Firings lists the firings from an instant (included) to another (excluded), in
// order; those at one instant are in the order of entries. Disabled entries and
// those that fail Check do not fire. An entry may fire every minute, so the
// result may be long.
func Firings(entries []Entry, from, to time.Time) []Firing {
	var firings []Firing
	for i, e := range entries {
		if !e.Enabled {
			continue
		}
		for f, ok := e.next(from.Add(-1)); ok && f.at.Before(to); f, ok = e.next(f.at) {
			firings = append(firings, f.of(entries, i))
		}
	}
	order.By(firings, func(a, b Firing) int { return a.At.Compare(b.At) })
	return firings
}

// Next returns the first firing of the enabled entries strictly after an instant,
// for one action, or for any if action is "".
func Next(entries []Entry, action Action, after time.Time) (Firing, bool) {
	var best Firing
	found := false
	for i, e := range entries {
		if !e.Enabled || action != "" && e.Action != action {
			continue
		}
		if f, ok := e.next(after); ok && (!found || f.at.Before(best.At)) {
			best, found = f.of(entries, i), true
		}
	}
	return best, found
}
