package schedule

import (
	"testing"
	"time"
	_ "time/tzdata" // the database the program embeds
)

func mustCron(t testing.TB, text string) *Cron {
	t.Helper()
	c, err := ParseCron(text)
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

func mustTime(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func mustStart(t testing.TB, text string) Local {
	t.Helper()
	l, err := ParseStart(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// wantFirings checks the firings of e that follow an instant, one by one.
func wantFirings(t *testing.T, e Entry, after string, want []string) {
	t.Helper()
	at := mustTime(t, after)
	for i, w := range want {
		next, ok := e.Next(at)
		if w == "never" {
			if ok {
				t.Errorf("firing %d after %s: got %s, want none", i+1, after, next.Format(time.RFC3339))
			}
			return
		}
		if !ok {
			t.Fatalf("firing %d after %s: got none, want %s", i+1, after, w)
		}
		if got := next.Format(time.RFC3339); got != w {
			t.Errorf("firing %d after %s: got %s, want %s", i+1, after, got, w)
		}
		at = next
	}
}

func TestNextCron(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, cron, zone, after string
		want                    []string
	}{
		{"strictly after", "0 18 * * *", "UTC", "2026-05-04T18:00:00Z", []string{"2026-05-05T18:00:00Z"}},
		{"within the minute", "0 18 * * *", "", "2026-05-04T17:59:59Z", []string{"2026-05-04T18:00:00Z"}},
		{"a second late", "0 18 * * *", "", "2026-05-04T18:00:01Z", []string{"2026-05-05T18:00:00Z"}},
		{"working days", "30 9 * * 1-5", "W. Europe Standard Time", "2026-05-01T09:00:00Z",
			[]string{"2026-05-04T09:30:00+02:00", "2026-05-05T09:30:00+02:00"}},
		{"year's end", "59 23 31 12 *", "", "2026-12-31T23:59:00Z", []string{"2027-12-31T23:59:00Z"}},

		// Clock changes, north.
		{"Berlin gap", "30 2 * * *", "W. Europe Standard Time", "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}},
		{"Berlin overlap", "30 2 * * *", "W. Europe Standard Time", "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
		{"Berlin, asked in the second 02:10", "30 2 * * *", "W. Europe Standard Time", "2026-10-25T02:10:00+01:00",
			[]string{"2026-10-26T02:30:00+01:00"}},
		{"New York gap", "15 2 * * *", "Eastern Standard Time", "2026-03-07T12:00:00Z",
			[]string{"2026-03-08T03:00:00-04:00", "2026-03-09T02:15:00-04:00"}},
		{"New York overlap", "30 1 * * *", "Eastern Standard Time", "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"}},
		{"half-hours through an overlap", "*/30 * * * *", "Eastern Standard Time", "2026-11-01T00:30:00-04:00",
			[]string{"2026-11-01T01:00:00-04:00", "2026-11-01T01:30:00-04:00", "2026-11-01T02:00:00-05:00"}},
		{"half-hours through a gap", "*/30 * * * *", "Eastern Standard Time", "2026-03-08T01:00:00-05:00",
			[]string{"2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"}},
		{"Havana, midnight twice", "0 0 * * *", "Cuba Standard Time", "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"}},

		// Clock changes, south.
		{"Sydney overlap", "30 2 * * *", "AUS Eastern Standard Time", "2026-04-04T00:00:00Z",
			[]string{"2026-04-05T02:30:00+11:00", "2026-04-06T02:30:00+10:00"}},
		{"Sydney gap", "30 2 * * *", "AUS Eastern Standard Time", "2026-10-03T00:00:00Z",
			[]string{"2026-10-04T03:00:00+11:00", "2026-10-05T02:30:00+11:00"}},
		{"Santiago, no midnight", "0 0 * * *", "Pacific SA Standard Time", "2026-09-05T12:00:00Z",
			[]string{"2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"}},

		// Half hours and quarters.
		{"Lord Howe overlap of half an hour", "45 1 * * *", "Lord Howe Standard Time", "2026-04-04T00:00:00Z",
			[]string{"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"}},
		{"Lord Howe gap of half an hour", "15 2 * * *", "Lord Howe Standard Time", "2026-10-03T00:00:00Z",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}},
		{"Lord Howe, after the gap", "40 2 * * *", "Lord Howe Standard Time", "2026-10-03T00:00:00Z",
			[]string{"2026-10-04T02:40:00+11:00"}},
		{"Chatham gap", "0 3 * * *", "Chatham Islands Standard Time", "2026-09-26T00:00:00Z",
			[]string{"2026-09-27T03:45:00+13:45", "2026-09-28T03:00:00+13:45"}},
		{"Chatham overlap", "0 3 * * *", "Chatham Islands Standard Time", "2026-04-04T00:00:00Z",
			[]string{"2026-04-05T03:00:00+13:45", "2026-04-06T03:00:00+12:45"}},
		{"Kathmandu", "0 9 * * *", "Nepal Standard Time", "2026-05-01T00:00:00Z", []string{"2026-05-01T09:00:00+05:45"}},
		{"Samoa leaves a day out", "0 9 * * *", "Samoa Standard Time", "2011-12-29T18:00:00Z",
			[]string{"2011-12-29T09:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00"}},

		// Package time gives a period that is over on this day.
		{"the end of a leap year in far summer", "0 9 31 12 *", "Lord Howe Standard Time", "2044-12-31T00:00:00+11:00",
			[]string{"2044-12-31T09:00:00+11:00", "2045-12-31T09:00:00+11:00"}},

		// The calendar.
		{"leap day", "0 9 29 2 *", "", "2026-01-01T00:00:00Z", []string{"2028-02-29T09:00:00Z", "2032-02-29T09:00:00Z"}},
		{"no leap day in 2100", "0 9 29 2 *", "", "2096-03-01T00:00:00Z", []string{"2104-02-29T09:00:00Z"}},
		{"leap day on a Sunday", "0 9 29 2 0", "", "2032-03-01T00:00:00Z", []string{"2060-02-29T09:00:00Z"}},
		{"leap day on a Sunday, across 2100", "0 9 29 2 0", "", "2088-03-01T00:00:00Z", []string{"2128-02-29T09:00:00Z"}},
		{"the 31st skips short months", "0 9 31 * *", "", "2026-01-31T09:00:00Z",
			[]string{"2026-03-31T09:00:00Z", "2026-05-31T09:00:00Z", "2026-07-31T09:00:00Z", "2026-08-31T09:00:00Z"}},
		{"Friday the 13th needs both", "0 9 13 * 5", "", "2026-01-01T00:00:00Z",
			[]string{"2026-02-13T09:00:00Z", "2026-03-13T09:00:00Z", "2026-11-13T09:00:00Z", "2027-08-13T09:00:00Z"}},
		{"30 February", "0 0 30 2 *", "", "2026-01-01T00:00:00Z", []string{"never"}},
		{"31st of the short months", "0 0 31 2,4,6,9,11 *", "Eastern Standard Time", "2026-01-01T00:00:00Z", []string{"never"}},
		{"unknown zone", "0 9 * * *", "Atlantis Standard Time", "2026-01-01T00:00:00Z", []string{"never"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantFirings(t, Entry{Action: Stop, Enabled: true, Cron: mustCron(t, tt.cron), Zone: tt.zone}, tt.after, tt.want)
		})
	}
}

func TestNextStart(t *testing.T) {
	t.Parallel()
	e := Entry{Action: Stop, Enabled: true, Cron: mustCron(t, "0 22 * * *"), Zone: "Pacific Standard Time"}
	e.Start = mustStart(t, "2021-03-10T21:21:07")
	wantFirings(t, e, "2021-01-01T00:00:00Z", []string{"2021-03-10T22:00:00-08:00"})
	e.Start = mustStart(t, "2021-03-10T22:00:00")
	wantFirings(t, e, "2021-01-01T00:00:00Z", []string{"2021-03-10T22:00:00-08:00"})
	e.Start = mustStart(t, "2021-03-10T22:00:01")
	wantFirings(t, e, "2021-01-01T00:00:00Z", []string{"2021-03-11T22:00:00-08:00"})
	e.Enabled = false
	wantFirings(t, e, "2021-01-01T00:00:00Z", []string{"never"})
}

// What ends fires until then, the last time included.
func TestNextEnd(t *testing.T) {
	t.Parallel()
	e := Entry{Action: Stop, Enabled: true, Cron: mustCron(t, "0 22 * * *"), Zone: "Pacific Standard Time"}
	e.End = mustStart(t, "2026-03-02T22:00:00")
	wantFirings(t, e, "2026-03-01T12:00:00Z", []string{"2026-03-01T22:00:00-08:00", "2026-03-02T22:00:00-08:00", "never"})
	e.End = mustStart(t, "2026-03-02T21:59:59")
	wantFirings(t, e, "2026-03-01T12:00:00Z", []string{"2026-03-01T22:00:00-08:00", "never"})
	if got, want := e.Explain(), "Stop at 22:00 every day, Pacific Standard Time, until 2026-03-02T21:59:59"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if other := (Entry{Action: Stop, Enabled: true, Cron: e.Cron, Zone: e.Zone}); e.Equal(other) {
		t.Error("one that does not end is equal")
	}
}

func TestNextStartInGap(t *testing.T) {
	t.Parallel()
	e := Entry{Action: Stop, Enabled: true, Cron: mustCron(t, "30 2 * * *"), Zone: "Eastern Standard Time"}
	e.Start = mustStart(t, "2026-03-08T02:30:00")
	wantFirings(t, e, "2026-01-01T00:00:00Z", []string{"2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"})
	e.Start = mustStart(t, "2026-03-08T02:31:00")
	wantFirings(t, e, "2026-01-01T00:00:00Z", []string{"2026-03-09T02:30:00-04:00"})
}

func TestNextRecurrence(t *testing.T) {
	t.Parallel()
	at := func(h ...int) []int { return h }
	days := func(d ...time.Weekday) []time.Weekday { return d }
	tests := []struct {
		name         string
		r            Recurrence
		start, after string
		want         []string
	}{
		{"article: 17:00 each day", Recurrence{Frequency: Day, Interval: 1, Hours: at(17), Minutes: at(0)}, "", "2026-05-01T17:00:00Z",
			[]string{"2026-05-02T17:00:00Z"}},
		{"hours times minutes", Recurrence{Frequency: Day, Interval: 1, Hours: at(18, 9), Minutes: at(30, 0)}, "", "2026-05-01T00:00:00Z",
			[]string{"2026-05-01T09:00:00Z", "2026-05-01T09:30:00Z", "2026-05-01T18:00:00Z", "2026-05-01T18:30:00Z", "2026-05-02T09:00:00Z"}},
		{"every third day", Recurrence{Frequency: Day, Interval: 3, Hours: at(9), Minutes: at(0)}, "2026-02-26T12:00:00", "2026-01-01T00:00:00Z",
			[]string{"2026-03-01T09:00:00Z", "2026-03-04T09:00:00Z"}},
		{"weeks from Sunday", Recurrence{Frequency: Week, Interval: 2, Hours: at(9), Minutes: at(0), WeekDays: days(time.Sunday, time.Saturday)},
			"2026-01-07T00:00:00", "2026-01-01T00:00:00Z", // a Wednesday
			[]string{"2026-01-10T09:00:00Z", "2026-01-18T09:00:00Z", "2026-01-24T09:00:00Z", "2026-02-01T09:00:00Z"}},
		{"week day of the start", Recurrence{Frequency: Week, Interval: 1, Hours: at(9), Minutes: at(0)}, "2026-01-07T00:00:00", "2026-01-01T00:00:00Z",
			[]string{"2026-01-07T09:00:00Z", "2026-01-14T09:00:00Z"}},
		{"month day of the start skips short months", Recurrence{Frequency: Month, Interval: 1, Hours: at(9), Minutes: at(0)}, "2026-01-31T00:00:00", "2026-02-01T00:00:00Z",
			[]string{"2026-03-31T09:00:00Z", "2026-05-31T09:00:00Z"}},
		{"every third month", Recurrence{Frequency: Month, Interval: 3, Hours: at(9), Minutes: at(0), MonthDays: at(1, 15)}, "2025-11-10T00:00:00", "2025-01-01T00:00:00Z",
			[]string{"2025-11-15T09:00:00Z", "2026-02-01T09:00:00Z", "2026-02-15T09:00:00Z", "2026-05-01T09:00:00Z"}},
		{"leap day every twelfth month", Recurrence{Frequency: Month, Interval: 12, Hours: at(0), Minutes: at(0), MonthDays: at(29)}, "2024-02-01T00:00:00", "2024-03-01T00:00:00Z",
			[]string{"2028-02-29T00:00:00Z"}},
		{"every 90 minutes", Recurrence{Frequency: Minute, Interval: 90}, "2026-01-01T09:10:30", "2025-01-01T00:00:00Z",
			[]string{"2026-01-01T09:10:30Z", "2026-01-01T10:40:30Z", "2026-01-01T12:10:30Z"}},
		{"every 5 hours through the list", Recurrence{Frequency: Hour, Interval: 5, Hours: at(0, 10, 15), Minutes: at(5)}, "2026-01-01T00:00:00", "2025-01-01T00:00:00Z",
			[]string{"2026-01-01T00:05:00Z", "2026-01-01T10:05:00Z", "2026-01-01T15:05:00Z", "2026-01-06T00:05:00Z"}},
		{"each hour without start", Recurrence{Frequency: Hour, Interval: 1, Minutes: at(15)}, "", "2026-01-01T00:15:00Z",
			[]string{"2026-01-01T01:15:00Z"}},
		{"interval without start", Recurrence{Frequency: Day, Interval: 2, Hours: at(9), Minutes: at(0)}, "", "2026-01-01T00:00:00Z", []string{"never"}},
		{"no hours, no start", Recurrence{Frequency: Day, Interval: 1, Minutes: at(0)}, "", "2026-01-01T00:00:00Z", []string{"never"}},
		{"interval 0", Recurrence{Frequency: Day, Interval: 0, Hours: at(9), Minutes: at(0)}, "2026-01-01", "2026-01-01T00:00:00Z", []string{"never"}},
		{"hour out of range", Recurrence{Frequency: Day, Interval: 1, Hours: at(24), Minutes: at(0)}, "2026-01-01", "2026-01-01T00:00:00Z", []string{"never"}},
		{"the 30th of each twelfth February", Recurrence{Frequency: Month, Interval: 12, Hours: at(9), Minutes: at(0), MonthDays: at(30)}, "2026-02-01", "2026-01-01T00:00:00Z", []string{"never"}},
		{"odd minutes counted in twos", Recurrence{Frequency: Minute, Interval: 2, Minutes: at(1)}, "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", []string{"never"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := Entry{Action: Start, Enabled: true, Recurrence: &tt.r, Start: mustStart(t, tt.start)}
			wantFirings(t, e, tt.after, tt.want)
		})
	}
}

func TestCheckAndValidate(t *testing.T) {
	t.Parallel()
	daily := &Recurrence{Frequency: Day, Interval: 1, Hours: []int{9}, Minutes: []int{0}}
	with := func(change func(*Recurrence)) *Recurrence {
		r := *daily
		change(&r)
		return &r
	}
	start := mustStart(t, "2026-01-01")
	tests := []struct {
		name            string
		e               Entry
		check, validate string // errors; "" is none
	}{
		{"fine", Entry{Action: Stop, Recurrence: daily}, "", ""},
		{"fine cron", Entry{Action: Start, Cron: mustCron(t, "0 9 * * *"), Zone: "Tokyo Standard Time"}, "", ""},
		{"action", Entry{Action: "Restart", Recurrence: daily}, "", `action "Restart" is unknown: use Start or Stop`},
		{"no trigger", Entry{Action: Stop},
			"the schedule has neither a cron expression nor a recurrence, so it never fires",
			"the schedule has neither a cron expression nor a recurrence, so it never fires"},
		{"two triggers", Entry{Action: Stop, Recurrence: daily, Cron: mustCron(t, "0 9 * * *")},
			"the schedule has both a cron expression and a recurrence: keep one of them",
			"the schedule has both a cron expression and a recurrence: keep one of them"},
		{"empty cron", Entry{Action: Stop, Cron: &Cron{}},
			"the schedule has an empty cron expression, so it never fires",
			"the schedule has an empty cron expression, so it never fires"},
		{"never", Entry{Action: Stop, Cron: mustCron(t, "0 0 30 2 *")}, "",
			`the schedule "0 0 30 2 *" never fires: no date in the calendar fits it`},
		{"unknown zone may be sent", Entry{Action: Stop, Recurrence: daily, Zone: "Atlantis Standard Time"},
			`time zone "Atlantis Standard Time" is not known here, so its firings are not known`, ""},
		{"unknown city", Entry{Action: Stop, Recurrence: daily, Zone: "Europe/Berln"},
			`time zone "Europe/Berln" is not known here, so its firings are not known`,
			`time zone "Europe/Berln" is unknown: did you mean "Europe/Berlin"?`},
		{"frequency", Entry{Action: Stop, Recurrence: with(func(r *Recurrence) { r.Frequency = "Year" })},
			`frequency "Year" is unknown: use Minute, Hour, Day, Week or Month`,
			`frequency "Year" is unknown: use Minute, Hour, Day, Week or Month`},
		{"no times", Entry{Action: Stop, Start: start, Recurrence: with(func(r *Recurrence) { r.Hours = nil })}, "",
			"the recurrence says no time of day: the service requires hours and minutes"},
		{"interval too long", Entry{Action: Stop, Start: start, Recurrence: with(func(r *Recurrence) { r.Interval = 501 })}, "",
			"an interval of 501 is too long: for frequency Day it goes from 1 to 500"},
		{"interval without start", Entry{Action: Stop, Recurrence: with(func(r *Recurrence) { r.Interval = 2 })},
			"the recurrence is every 2 days but has no start time to count from, so its firings are not known",
			"the recurrence is every 2 days but has no start time to count from, so its firings are not known"},
		{"week days by day", Entry{Action: Stop, Recurrence: with(func(r *Recurrence) { r.WeekDays = []time.Weekday{1} })}, "",
			"days of the week go with frequency Week, not Day: use Week, or leave them out"},
		{"month days by day", Entry{Action: Stop, Recurrence: with(func(r *Recurrence) { r.MonthDays = []int{1} })}, "",
			"days of the month go with frequency Month, not Day: use Month, or leave them out"},
		{"month day 0", Entry{Action: Stop, Recurrence: with(func(r *Recurrence) { r.MonthDays = []int{0} })},
			"the recurrence has the day of the month 0: it goes from 1 to 31",
			"the recurrence has the day of the month 0: it goes from 1 to 31"},
		{"week day 7", Entry{Action: Stop, Recurrence: with(func(r *Recurrence) { r.WeekDays = []time.Weekday{7} })},
			"the recurrence has the day of the week 7: it goes from 0 (Sunday) to 6",
			"the recurrence has the day of the week 7: it goes from 0 (Sunday) to 6"},
		{"huge minute", Entry{Action: Stop, Recurrence: with(func(r *Recurrence) { r.Minutes = []int{1 << 40} })},
			"the recurrence has the minute 1099511627776: it goes from 0 to 59",
			"the recurrence has the minute 1099511627776: it goes from 0 to 59"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := message(tt.e.Check()); got != tt.check {
				t.Errorf("Check: got %q, want %q", got, tt.check)
			}
			if got := message(tt.e.Validate()); got != tt.validate {
				t.Errorf("Validate: got %q, want %q", got, tt.validate)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseStart(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, zone, want, err string }{
		{"", "", "", ""},
		{"2027-01-04", "", "2027-01-04T00:00:00", ""},
		{"2027-01-04T09:00", "", "2027-01-04T09:00:00", ""},
		{"2027-01-04 09:00", "", "2027-01-04T09:00:00", ""},
		{"2021-04-23T01:30:00", "", "2021-04-23T01:30:00", ""},
		{"2021-04-23T01:30:00.1234567", "", "2021-04-23T01:30:00", ""},
		{"2021-04-23T01:30:00Z", "Pacific Standard Time", "2021-04-22T18:30:00", ""},
		{"2021-04-23T01:30:00.0000000+02:00", "", "2021-04-22T23:30:00", ""},
		{"2021-04-23T01:30:00Z", "Atlantis Standard Time", "",
			`start time "2021-04-23T01:30:00Z" names an offset: time zone "Atlantis Standard Time" is not known here, so its firings are not known`},
		{"2027-02-29", "", "", `start time "2027-02-29" is not in the calendar: write it as 2027-01-04 or 2027-01-04T09:00:00`},
		{"0000-01-01", "", "", `start time "0000-01-01" is not in the calendar: write it as 2027-01-04 or 2027-01-04T09:00:00`},
		{"tomorrow\x1b[31m", "", "", `start time "tomorrow\x1b[31m" is not a date and time: write it as 2027-01-04 or 2027-01-04T09:00:00`},
		{"4/1/2027", "", "", `start time "4/1/2027" is not a date and time: write it as 2027-01-04 or 2027-01-04T09:00:00`},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := ParseStart(tt.in, tt.zone)
			if got.String() != tt.want || message(err) != tt.err {
				t.Errorf("got %q, %q; want %q, %q", got, message(err), tt.want, tt.err)
			}
		})
	}
}

// Intervals that go round the week many times before a listed hour comes up.
func TestNextLongIntervals(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, interval := range []int{7, 23, 25, 169, 11999} {
		e := Entry{Action: Stop, Enabled: true, Start: LocalOf(first),
			Recurrence: &Recurrence{Frequency: Hour, Interval: interval, Hours: []int{9}, Minutes: []int{30}}}
		want := first
		for want.Hour() != 9 {
			want = want.Add(time.Duration(interval) * time.Hour)
		}
		want = want.Add(30 * time.Minute)
		if got, ok := e.Next(first); !ok || !got.Equal(want) {
			t.Errorf("every %d hours: got %s %v, want %s", interval, got, ok, want)
		}
		e.Recurrence.Interval *= 60
		e.Recurrence.Frequency, e.Recurrence.Minutes = Minute, []int{0}
		if got, ok := e.Next(first); !ok || !got.Equal(want.Add(-30*time.Minute)) {
			t.Errorf("every %d minutes: got %s %v, want half an hour before %s", interval*60, got, ok, want)
		}
	}
}
