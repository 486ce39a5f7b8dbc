package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Local is a wall-clock date and time without a time zone: the form of
// startTime on the wire ("yyyy-MM-ddTHH:mm:ss"; computes REST API, definition
// Cron). The zero value means "none".
type Local struct {
	Year   int
	Month  time.Month
	Day    int
	Hour   int
	Minute int
	Second int
}

// LocalOf returns the wall time of t in its location.
func LocalOf(t time.Time) Local {
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	return Local{y, mo, d, h, mi, s}
}

// IsZero reports whether l is "none".
func (l Local) IsZero() bool { return l == Local{} }

// String returns l as the service writes it, "2027-01-04T09:00:00", or "" for none.
func (l Local) String() string {
	if l.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", l.Year, int(l.Month), l.Day, l.Hour, l.Minute, l.Second)
}

func (l Local) date() (year int, month time.Month, day int) { return l.Year, l.Month, l.Day }

// In returns the instant of l in loc: the first instant after the gap if a clock
// change skips l, the first of two if l comes twice.
func (l Local) In(loc *time.Location) time.Time {
	at, _ := instant(l.seconds(), loc)
	return at
}

// seconds is l on a clock that never changes, as seconds since 1970.
func (l Local) seconds() int64 {
	return time.Date(l.Year, l.Month, l.Day, l.Hour, l.Minute, l.Second, 0, time.UTC).Unix()
}

// localAt is the inverse of seconds.
func localAt(seconds int64) Local { return LocalOf(time.Unix(seconds, 0).UTC()) }

// wallSeconds is the wall time of t, in Local.seconds.
func wallSeconds(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}

// instant converts wall seconds to an instant in loc; skipped means that a clock
// change skips them.
func instant(wall int64, loc *time.Location) (at time.Time, skipped bool) {
	// Offsets are below 26 hours, and the clock may change more than once within
	// them: try each period of constant offset.
	t := time.Unix(wall-26*3600, 0).In(loc)
	for {
		_, offset := t.Zone()
		end := periodEnd(t)
		candidate := wall - int64(offset)
		if end.IsZero() || candidate < end.Unix() {
			if candidate < t.Unix() {
				return t, true
			}
			return time.Unix(candidate, 0).In(loc), false
		}
		t = end
	}
}

// periodEnd is an instant after t until which the offset at t holds; zero if it
// holds forever.
func periodEnd(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	// Beyond its table, package time ends a period after 365 days of the year. On
	// the last day of a leap year that end is past.
	if !end.IsZero() && !end.After(t) {
		return t.Add(time.Hour)
	}
	return end
}

// ParseStart parses a start time: "2027-01-04", "2027-01-04T09:00" or
// "2027-01-04T09:00:00". A space may stand for the T; a fraction of a second is
// dropped. With an offset ("Z", "+01:00") it is converted to the wall time of
// zone, which must be known. "" is the zero value.
func ParseStart(s, zone string) (Local, error) {
	if s == "" {
		return Local{}, nil
	}
	const want = "write it as 2027-01-04 or 2027-01-04T09:00:00"
	if len(s) > 40 {
		return Local{}, fmt.Errorf("start time %s is too long: %s", quote(s), want)
	}
	for _, layout := range [...]string{
		"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02", "2006-01-02 15:04:05", "2006-01-02 15:04",
	} {
		for _, offset := range [...]string{"", "Z07:00"} {
			t, err := time.Parse(layout+offset, s)
			var wrong *time.ParseError
			switch {
			case errors.As(err, &wrong) && strings.HasSuffix(wrong.Message, "out of range"), err == nil && t.Year() < 1:
				return Local{}, fmt.Errorf("start time %s is not in the calendar: %s", quote(s), want)
			case err != nil:
				continue
			case offset != "":
				loc, err := location(zone)
				if err != nil {
					return Local{}, fmt.Errorf("start time %s names an offset: %w", quote(s), err)
				}
				t = t.In(loc)
			}
			if t.Year() < 1 || t.Year() > 9999 { // in the zone, though not where it was written
				return Local{}, fmt.Errorf("start time %s is not in the calendar: %s", quote(s), want)
			}
			return LocalOf(t), nil
		}
	}
	return Local{}, fmt.Errorf("start time %s is not a date and time: %s", quote(s), want)
}
