package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Shift is an entry with a later start, which skips firings.
type Shift struct {
	// Entry is the entry to send. Only Start differs.
	Entry Entry
	// Skipped are the first hundred firings that will not happen, in the entry's
	// zone. If there are none, Entry is unchanged.
	Skipped []time.Time
	// More says that Skipped is not all of them.
	More bool
	// Next is the first firing that is kept.
	Next time.Time
}

// SkipNext moves the start of e so that its next firing after now does not
// happen and the one after it does.
func SkipNext(e Entry, now time.Time) (Shift, error) {
	if err := e.canShift(); err != nil {
		return Shift{}, err
	}
	first, ok := e.next(now)
	if !ok {
		return Shift{}, errors.New("the schedule never fires again, so there is nothing to skip")
	}
	return e.shift(now, first.at.Add(1))
}

// PauseUntil moves the start of e so that nothing fires after now and before
// until. A firing at until is kept.
func PauseUntil(e Entry, now, until time.Time) (Shift, error) {
	if !until.After(now) {
		return Shift{}, fmt.Errorf("the pause would end at %s, which is past: name a later time", until.Format("2006-01-02 15:04"))
	}
	if err := e.canShift(); err != nil {
		return Shift{}, err
	}
	return e.shift(now, until)
}

func (e Entry) canShift() error {
	if !e.Enabled {
		return errors.New("the schedule is disabled, so there is nothing to skip")
	}
	return e.Check()
}

// shift drops the firings of e after now and before keep.
func (e Entry) shift(now, keep time.Time) (Shift, error) {
	s := Shift{Entry: e}
	kept, ok := e.next(keep.Add(-1))
	if !ok {
		return Shift{}, fmt.Errorf("the schedule does not fire again from %s on: disable or delete it", keep.Format("2006-01-02 15:04"))
	}
	s.Next = kept.at
	for f, ok := e.next(now); ok && f.at.Before(keep); f, ok = e.next(f.at) {
		if len(s.Skipped) == 100 {
			s.More = true
			break
		}
		s.Skipped = append(s.Skipped, f.at)
	}
	if len(s.Skipped) == 0 {
		return s, nil
	}
	start, ok := e.startFor(kept.wall, keep)
	if !ok {
		return Shift{}, fmt.Errorf("the schedule runs every %d %ss counted from %s, and no start time leaves out these firings without moving later ones: disable it and enable it again afterwards",
			e.Recurrence.Interval, strings.ToLower(string(e.Recurrence.Frequency)), e.Start)
	}
	s.Entry.Start = start
	return s, nil
}

// startFor returns a start with which e fires at wall and not before keep.
func (e Entry) startFor(wall int64, keep time.Time) (Local, bool) {
	if e.Cron != nil || e.Recurrence.Interval == 1 {
		return localAt(wall), true
	}
	// How the service counts intervals (from the day or the minute, weeks from
	// Sunday or not) is not known. Only a start moved by whole intervals counts
	// the same in each case. No firing to skip may come after it.
	loc, err := location(e.Zone)
	if err != nil {
		return Local{}, false
	}
	interval := int64(e.Recurrence.Interval)
	first := e.Start.seconds()
	var last int64 // the last whole interval not after wall
	if e.Recurrence.Frequency == Month {
		to := localAt(wall)
		last = (int64(to.Year-e.Start.Year)*12 + int64(to.Month-e.Start.Month)) / interval
	} else {
		last = (wall - first) / (interval * e.Recurrence.Frequency.seconds())
	}
	for n := last; n > 0; n-- {
		start := localAt(first + n*interval*e.Recurrence.Frequency.seconds())
		if e.Recurrence.Frequency == Month {
			start = e.Start.addMonths(n * interval)
			if start.Day != e.Start.Day || start.seconds() > wall {
				continue // a month without the day, or the month of wall but too late in it
			}
		}
		moved := e
		moved.Start = start
		if f, ok := moved.next(start.In(loc).Add(-1)); !ok || f.at.Before(keep) {
			return Local{}, false // earlier starts would skip even less
		}
		return start, true
	}
	return Local{}, false
}

// seconds is the length of the unit on a clock that never changes; 0 for a month.
func (f Frequency) seconds() int64 {
	return map[Frequency]int64{Minute: 60, Hour: 3600, Day: 86400, Week: 7 * 86400}[f]
}

// addMonths adds months. A day that the month lacks becomes one of the next.
func (l Local) addMonths(n int64) Local {
	t := time.Date(l.Year, l.Month+time.Month(n), l.Day, l.Hour, l.Minute, l.Second, 0, time.UTC)
	return LocalOf(t)
}
