package schedule

import (
	"slices"
	"testing"
	"time"
)

func rfc(times []time.Time) []string {
	var out []string
	for _, t := range times {
		out = append(out, t.Format(time.RFC3339))
	}
	return out
}

func TestSkipNext(t *testing.T) {
	t.Parallel()
	cron := func(text, zone string) Entry {
		return Entry{ID: "a", Action: Stop, Enabled: true, Cron: mustCron(t, text), Zone: zone}
	}
	rec := func(start string, r Recurrence) Entry {
		return Entry{ID: "a", Action: Stop, Enabled: true, Recurrence: &r, Start: mustStart(t, start)}
	}
	disabled := cron("0 18 * * *", "")
	disabled.Enabled = false
	tests := []struct {
		name, now     string
		e             Entry
		skipped, next string
		start, err    string
	}{
		{name: "tonight", now: "2026-05-04T12:00:00Z", e: cron("0 18 * * 1-5", "W. Europe Standard Time"),
			skipped: "2026-05-04T18:00:00+02:00", next: "2026-05-05T18:00:00+02:00", start: "2026-05-05T18:00:00"},
		{name: "over the weekend", now: "2026-05-08T12:00:00Z", e: cron("0 18 * * 1-5", ""),
			skipped: "2026-05-08T18:00:00Z", next: "2026-05-11T18:00:00Z", start: "2026-05-11T18:00:00"},
		{name: "one of two a day", now: "2026-05-04T12:00:00Z", e: cron("0 13,18 * * *", ""),
			skipped: "2026-05-04T13:00:00Z", next: "2026-05-04T18:00:00Z", start: "2026-05-04T18:00:00"},
		{name: "the one kept is in a gap", now: "2026-03-07T04:00:00-05:00", e: cron("30 2 * * 0,6", "Eastern Standard Time"),
			skipped: "2026-03-08T03:00:00-04:00", next: "2026-03-14T02:30:00-04:00", start: "2026-03-14T02:30:00"},
		{name: "kept in a gap", now: "2026-03-07T01:00:00-05:00", e: cron("30 2 * * *", "Eastern Standard Time"),
			skipped: "2026-03-07T02:30:00-05:00", next: "2026-03-08T03:00:00-04:00", start: "2026-03-08T02:30:00"},
		{name: "daily", now: "2026-05-04T12:00:00Z", e: rec("", Recurrence{Frequency: Day, Interval: 1, Hours: []int{17}, Minutes: []int{0}}),
			skipped: "2026-05-04T17:00:00Z", next: "2026-05-05T17:00:00Z", start: "2026-05-05T17:00:00"},
		{name: "weekly on the day of the start", now: "2026-05-04T00:00:00Z", e: rec("2026-04-01", Recurrence{Frequency: Week, Interval: 1, Hours: []int{17}, Minutes: []int{0}}),
			skipped: "2026-05-06T17:00:00Z", next: "2026-05-13T17:00:00Z", start: "2026-05-13T17:00:00"},
		{name: "not started yet", now: "2026-03-01T00:00:00Z", e: rec("2026-04-01", Recurrence{Frequency: Day, Interval: 1, Hours: []int{17}, Minutes: []int{0}}),
			skipped: "2026-04-01T17:00:00Z", next: "2026-04-02T17:00:00Z", start: "2026-04-02T17:00:00"},

		// Intervals: the start moves by whole ones.
		{name: "every second day", now: "2026-01-02T00:00:00Z", e: rec("2026-01-01T08:00:00", Recurrence{Frequency: Day, Interval: 2, Hours: []int{17}, Minutes: []int{0}}),
			skipped: "2026-01-03T17:00:00Z", next: "2026-01-05T17:00:00Z", start: "2026-01-05T08:00:00"},
		{name: "every second week, one day", now: "2026-01-08T00:00:00Z", e: rec("2026-01-05", Recurrence{Frequency: Week, Interval: 2, Hours: []int{9}, Minutes: []int{0}, WeekDays: []time.Weekday{time.Monday}}),
			skipped: "2026-01-19T09:00:00Z", next: "2026-02-02T09:00:00Z", start: "2026-02-02T00:00:00"},
		{name: "every second week, the last of its days", now: "2026-01-20T00:00:00Z", e: rec("2026-01-05", Recurrence{Frequency: Week, Interval: 2, Hours: []int{9}, Minutes: []int{0}, WeekDays: []time.Weekday{time.Monday, time.Thursday}}),
			skipped: "2026-01-22T09:00:00Z", next: "2026-02-02T09:00:00Z", start: "2026-02-02T00:00:00"},
		{name: "every second week, the first of its days", now: "2026-01-08T12:00:00Z", e: rec("2026-01-05", Recurrence{Frequency: Week, Interval: 2, Hours: []int{9}, Minutes: []int{0}, WeekDays: []time.Weekday{time.Monday, time.Thursday}}),
			err: "the schedule runs every 2 weeks counted from 2026-01-05T00:00:00, and no start time leaves out these firings without moving later ones: disable it and enable it again afterwards"},
		{name: "every second month on the 31st", now: "2026-01-01T00:00:00Z", e: rec("2025-12-31", Recurrence{Frequency: Month, Interval: 2, Hours: []int{9}, Minutes: []int{0}}),
			skipped: "2026-08-31T09:00:00Z", next: "2026-10-31T09:00:00Z", start: "2026-10-31T00:00:00"},
		{name: "every 90 minutes", now: "2026-01-01T01:00:00Z", e: rec("2026-01-01T00:00:00", Recurrence{Frequency: Minute, Interval: 90}),
			skipped: "2026-01-01T01:30:00Z", next: "2026-01-01T03:00:00Z", start: "2026-01-01T03:00:00"},

		{name: "disabled", now: "2026-05-04T12:00:00Z", e: disabled, err: "the schedule is disabled, so there is nothing to skip"},
		{name: "never", now: "2026-05-04T12:00:00Z", e: cron("0 0 30 2 *", ""), err: "the schedule never fires again, so there is nothing to skip"},
		{name: "unknown zone", now: "2026-05-04T12:00:00Z", e: cron("0 0 * * *", "Atlantis Standard Time"),
			err: `time zone "Atlantis Standard Time" is not known here, so its firings are not known`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := mustTime(t, tt.now)
			s, err := SkipNext(tt.e, now)
			if message(err) != tt.err {
				t.Fatalf("got error %q, want %q", message(err), tt.err)
			}
			if err != nil {
				return
			}
			if got := rfc(s.Skipped); !slices.Equal(got, []string{tt.skipped}) || s.More {
				t.Errorf("skipped %q, want %s", got, tt.skipped)
			}
			if got := s.Next.Format(time.RFC3339); got != tt.next {
				t.Errorf("next %s, want %s", got, tt.next)
			}
			if got := s.Entry.Start.String(); got != tt.start {
				t.Errorf("start %s, want %s", got, tt.start)
			}
			checkShift(t, tt.e, s, now)
		})
	}
}

// checkShift holds a shifted entry to its promise: what it lists is gone, and
// every later firing is as before.
func checkShift(t *testing.T, before Entry, s Shift, now time.Time) {
	t.Helper()
	after := s.Entry
	after.Start = before.Start
	if !after.Equal(before) || after.ID != before.ID {
		t.Errorf("more than the start changed: %+v", s.Entry)
	}
	at, was := now, s.Next.Add(-1)
	for i := range 60 {
		got, ok := s.Entry.Next(at)
		want, more := before.Next(was)
		if ok != more || !got.Equal(want) {
			t.Fatalf("firing %d of the shifted entry: %s %v, want %s %v", i+1, got, ok, want, more)
		}
		if !ok {
			return
		}
		at, was = got, want
	}
}

func TestPauseUntil(t *testing.T) {
	t.Parallel()
	e := Entry{Action: Start, Enabled: true, Cron: mustCron(t, "0 9 * * 1-5"), Zone: "W. Europe Standard Time"}
	now := mustTime(t, "2026-12-21T12:00:00+01:00")
	s, err := PauseUntil(e, now, mustTime(t, "2027-01-04T00:00:00+01:00"))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Skipped) != 9 || s.More || rfc(s.Skipped)[0] != "2026-12-22T09:00:00+01:00" || rfc(s.Skipped)[8] != "2027-01-01T09:00:00+01:00" {
		t.Errorf("skipped %q", rfc(s.Skipped))
	}
	if s.Entry.Start.String() != "2027-01-04T09:00:00" {
		t.Errorf("start %s", s.Entry.Start)
	}
	checkShift(t, e, s, now)

	// What is due at the end of the pause is kept.
	s, err = PauseUntil(e, now, mustTime(t, "2027-01-04T09:00:00+01:00"))
	if err != nil || s.Entry.Start.String() != "2027-01-04T09:00:00" {
		t.Errorf("until a firing: %s, %v", s.Entry.Start, err)
	}

	// Nothing fires in the pause.
	s, err = PauseUntil(e, now, now.Add(time.Hour))
	if err != nil || len(s.Skipped) > 0 || !s.Entry.Start.IsZero() || s.Next.Format(time.RFC3339) != "2026-12-22T09:00:00+01:00" {
		t.Errorf("short pause: %+v, %v", s, err)
	}

	if _, err = PauseUntil(e, now, now); message(err) != "the pause would end at 2026-12-21 12:00, which is past: name a later time" {
		t.Errorf("past: %v", err)
	}

	minutely := Entry{Action: Start, Enabled: true, Cron: mustCron(t, "* * * * *")}
	s, err = PauseUntil(minutely, now, now.AddDate(0, 0, 1))
	if err != nil || len(s.Skipped) != 100 || !s.More {
		t.Errorf("every minute: %d skipped, more %v, %v", len(s.Skipped), s.More, err)
	}
	checkShift(t, minutely, s, now)

	// An interval longer than anyone looks ahead.
	once := Entry{Action: Start, Enabled: true, Start: mustStart(t, "2026-01-01"),
		Recurrence: &Recurrence{Frequency: Month, Interval: 600, Hours: []int{9}, Minutes: []int{0}, MonthDays: []int{1}}}
	if _, err = PauseUntil(once, mustTime(t, "2025-12-01T00:00:00Z"), mustTime(t, "2026-02-01T00:00:00Z")); message(err) !=
		"the schedule does not fire again from 2026-02-01 00:00 on: disable or delete it" {
		t.Errorf("last firing: %v", err)
	}
}

// The start that leaves a firing out must not leave out the one that is kept,
// nor let the one through that is to be left out.
func TestSkipKeepsTheCount(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	months := Entry{Action: Stop, Enabled: true, Start: mustStart(t, "2027-01-15T09:00:00"),
		Recurrence: &Recurrence{Frequency: Month, Interval: 2, MonthDays: []int{1}, Hours: []int{9}, Minutes: []int{0}}}
	now := at("2027-02-01T00:00:00Z")
	s, err := SkipNext(months, now)
	if err != nil {
		t.Fatal(err)
	}
	if next, ok := s.Entry.Next(now); !ok || !next.Equal(s.Next) || !next.Equal(at("2027-05-01T09:00:00Z")) {
		t.Errorf("after the skip it fires at %s, not at %s", next, s.Next)
	}
	weeks := Entry{Action: Stop, Enabled: true, Start: mustStart(t, "2027-01-04T09:00:00"),
		Recurrence: &Recurrence{Frequency: Week, Interval: 2, WeekDays: []time.Weekday{time.Monday, time.Wednesday}, Hours: []int{9}, Minutes: []int{0}}}
	if s, err := SkipNext(weeks, at("2027-01-10T00:00:00Z")); err == nil {
		t.Errorf("Monday of every other week would be left out by a start of %s", s.Entry.Start)
	}
	// April has no 31st, and a start in May would count from May.
	quarters := Entry{Action: Stop, Enabled: true, Start: mustStart(t, "2027-01-31T00:00:00"),
		Recurrence: &Recurrence{Frequency: Month, Interval: 3, MonthDays: []int{15}, Hours: []int{9}, Minutes: []int{0}}}
	if s, err := SkipNext(quarters, at("2027-02-01T00:00:00Z")); err == nil {
		t.Errorf("quarters would be counted from %s", s.Entry.Start)
	}
}
