package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func hours(t testing.TB, zone string, texts ...string) []Entry {
	t.Helper()
	h, err := ParseHours(texts, zone)
	if err != nil {
		t.Fatal(err)
	}
	return h.Entries
}

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := location(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// picture draws a plan a row a day: # on, . off, ? unknown, space for time the
// clock skips, upper-case N for the present, + for a cell that is not all one.
func picture(p Plan, cells int) string {
	var b strings.Builder
	for _, d := range p.Days {
		b.WriteString(d.From.Format("Mon 02 "))
		for _, c := range d.Cells(cells) {
			switch {
			case c.Now:
				b.WriteByte('N')
			case c.Missing:
				b.WriteByte(' ')
			case c.Mixed:
				b.WriteByte('+')
			case c.Twice:
				b.WriteByte("!;="[c.State])
			default:
				b.WriteByte("?.#"[c.State])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestPlanPicture(t *testing.T) {
	t.Parallel()
	article := []string{"mon-thu 09:00-18:00", "fri 09:00-16:00"}
	tests := []struct {
		name    string
		entries []Entry
		view    View
		want    string
		totals  string // on, off, unknown
	}{
		{"article's week, from Monday", hours(t, "W. Europe Standard Time", article...),
			View{First: mustTime(t, "2026-05-04T12:00:00+02:00"), Days: 7, Zone: zoneOf(t, "Europe/Berlin"), State: Off}, `
Mon 04 .........#########......
Tue 05 .........#########......
Wed 06 .........#########......
Thu 07 .........#########......
Fri 08 .........#######........
Sat 09 ........................
Sun 10 ........................
`, "43h0m0s 125h0m0s 0s"},
		{"unknown until something fires", hours(t, "", "tue 09:00-18:00"),
			View{First: mustTime(t, "2026-05-04T00:00:00Z"), Days: 3}, `
Mon 04 ????????????????????????
Tue 05 ?????????#########......
Wed 06 ........................
`, "9h0m0s 30h0m0s 33h0m0s"},
		{"known now: started by hand at night", hours(t, "", "daily 09:00-18:00"),
			View{First: mustTime(t, "2026-05-04T00:00:00Z"), Days: 2, Now: mustTime(t, "2026-05-04T20:30:00Z"), State: On}, `
Mon 04 .........#########..N###
Tue 05 ##################......
`, "30h30m0s 17h30m0s 0s"},
		{"now before the plan", hours(t, "", "daily 09:00-18:00"),
			View{First: mustTime(t, "2026-05-05T00:00:00Z"), Days: 1, Now: mustTime(t, "2026-05-04T12:00:00Z"), State: On}, `
Tue 05 .........#########......
`, "9h0m0s 15h0m0s 0s"},
		{"now just before the plan, left on", hours(t, "", "daily 09:00-18:00"),
			View{First: mustTime(t, "2026-05-05T00:00:00Z"), Days: 1, Now: mustTime(t, "2026-05-04T19:00:00Z"), State: On}, `
Tue 05 ##################......
`, "18h0m0s 6h0m0s 0s"},
		{"unknown now: as the schedules left it", hours(t, "", "daily 09:00-18:00"),
			View{First: mustTime(t, "2026-05-05T00:00:00Z"), Days: 1, Now: mustTime(t, "2026-05-05T10:00:00Z")}, `
Tue 05 .........#N#######......
`, "9h0m0s 15h0m0s 0s"},
		{"overnight through the spring change", hours(t, "W. Europe Standard Time", "daily 22:00-06:00"),
			View{First: mustTime(t, "2026-03-28T12:00:00Z"), Days: 2, Zone: zoneOf(t, "Europe/Berlin"), State: On}, `
Sat 28 ######................##
Sun 29 ## ###................##
`, "15h0m0s 32h0m0s 0s"},
		{"overnight through the autumn change", hours(t, "W. Europe Standard Time", "daily 22:00-06:00"),
			View{First: mustTime(t, "2026-10-25T12:00:00Z"), Days: 1, Zone: zoneOf(t, "Europe/Berlin"), State: On}, `
Sun 25 ##=###................##
`, "9h0m0s 16h0m0s 0s"},
		{"half an hour skipped on Lord Howe", hours(t, "Lord Howe Standard Time", "daily 02:00-03:00"),
			View{First: mustTime(t, "2026-10-04T00:00:00+10:30"), Days: 1, Zone: zoneOf(t, "Australia/Lord_Howe"), State: Off}, `
Sun 04 ..#.....................
`, "30m0s 23h0m0s 0s"},
		{"no midnight in Santiago", hours(t, "Pacific SA Standard Time", "daily 00:00-03:00"),
			View{First: mustTime(t, "2026-09-06T12:00:00Z"), Days: 1, Zone: zoneOf(t, "America/Santiago"), State: Off}, `
Sun 06  ##.....................
`, "2h0m0s 21h0m0s 0s"},
		{"Samoa's missing day", hours(t, "Samoa Standard Time", "daily 09:00-18:00"),
			View{First: mustTime(t, "2011-12-29T12:00:00-10:00"), Days: 3, Zone: zoneOf(t, "Pacific/Apia"), State: Off}, `
Thu 29 .........#########......
Sat 31 ?????????#########......
`, "18h0m0s 21h0m0s 9h0m0s"},
		{"another zone than the schedule's", hours(t, "Tokyo Standard Time", "daily 09:00-18:00"),
			View{First: mustTime(t, "2026-05-05T00:00:00Z"), Days: 1, State: On}, `
Tue 05 #########...............
`, "9h0m0s 15h0m0s 0s"},
		{"start and stop together", []Entry{
			{Action: Start, Enabled: true, Cron: mustCron(t, "0 9 * * *")}, {Action: Stop, Enabled: true, Cron: mustCron(t, "0 9,18 * * *")}},
			View{First: mustTime(t, "2026-05-05T00:00:00Z"), Days: 1, State: Off}, `
Tue 05 .........?????????......
`, "0s 15h0m0s 9h0m0s"},
		{"a stop within the hour", hours(t, "", "daily 09:30-18:00"),
			View{First: mustTime(t, "2026-05-05T00:00:00Z"), Days: 1, State: Off}, `
Tue 05 .........+########......
`, "8h30m0s 15h30m0s 0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := NewPlan(tt.entries, tt.view)
			if got := "\n" + picture(p, 24); got != tt.want {
				t.Errorf("got%swant%s", got, tt.want)
			}
			if got := fmt.Sprint(p.On, p.Off, p.Unknown); got != tt.totals {
				t.Errorf("totals %s, want %s", got, tt.totals)
			}
			checkPlan(t, p)
		})
	}
}

// checkPlan holds what is true of every plan.
func checkPlan(t *testing.T, p Plan) {
	t.Helper()
	at := p.From
	for _, d := range p.Days {
		if !d.From.Equal(at) {
			t.Errorf("day begins %s, the one before ended %s", d.From, at)
		}
		for i, s := range d.Segments {
			if !s.From.Equal(at) || !s.To.After(s.From) {
				t.Errorf("segment %s to %s, want from %s", s.From, s.To, at)
			}
			if i > 0 && s.State == d.Segments[i-1].State {
				t.Errorf("two segments in a row are %s", s.State)
			}
			at = s.To
		}
		if !at.Equal(d.To) {
			t.Errorf("segments end %s, the day %s", at, d.To)
		}
	}
	if !at.Equal(p.To) {
		t.Errorf("days end %s, the plan %s", at, p.To)
	}
	if p.On+p.Off+p.Unknown != p.To.Sub(p.From) {
		t.Errorf("%v on, %v off, %v unknown do not make %v", p.On, p.Off, p.Unknown, p.To.Sub(p.From))
	}
}

func TestPlanDetails(t *testing.T) {
	t.Parallel()
	entries := append(hours(t, "Eastern Standard Time", "daily 02:30-10:00"),
		Entry{Action: Stop, Enabled: true, Cron: mustCron(t, "0 9 * * *"), Zone: "Atlantis Standard Time"},
		Entry{Action: Stop, Enabled: false, Cron: mustCron(t, "0 9 * * *"), Zone: "Atlantis Standard Time"})
	p := NewPlan(entries, View{First: mustTime(t, "2026-03-07T12:00:00-05:00"), Days: 2, Zone: zoneOf(t, "America/New_York"), State: Off})
	checkPlan(t, p)
	if len(p.Problems) != 1 || p.Problems[0].Entry != 2 ||
		message(p.Problems[0].Err) != `time zone "Atlantis Standard Time" is not known here, so its firings are not known` {
		t.Errorf("problems: %v", p.Problems)
	}
	if len(p.Firings) != 4 || !p.Firings[2].Moved || p.Firings[2].At.Format(time.RFC3339) != "2026-03-08T03:00:00-04:00" {
		t.Errorf("firings: %v", p.Firings)
	}
	if len(p.Days[0].Changes) != 0 || len(p.Days[1].Changes) != 1 {
		t.Fatalf("changes: %v, %v", p.Days[0].Changes, p.Days[1].Changes)
	}
	if c := p.Days[1].Changes[0]; c.By != time.Hour || c.At.Format(time.RFC3339) != "2026-03-08T03:00:00-04:00" {
		t.Errorf("change: %+v", c)
	}
	if d := p.Days[1]; d.To.Sub(d.From) != 23*time.Hour {
		t.Errorf("the day of the change has %v", d.To.Sub(d.From))
	}

	// A change at midnight belongs to the day that begins with it.
	p = NewPlan(nil, View{First: mustTime(t, "2026-09-05T12:00:00-04:00"), Days: 2, Zone: zoneOf(t, "America/Santiago")})
	if len(p.Days[0].Changes) != 0 || len(p.Days[1].Changes) != 1 {
		t.Errorf("Santiago: %v, %v", p.Days[0].Changes, p.Days[1].Changes)
	}
	if p = NewPlan(nil, View{First: mustTime(t, "2026-09-05T12:00:00Z"), Days: -3}); len(p.Days) != 1 || p.Unknown != 24*time.Hour {
		t.Errorf("days out of range: %d days, %v", len(p.Days), p.Unknown)
	}
}

func TestStateAt(t *testing.T) {
	t.Parallel()
	entries := hours(t, "", "mon-fri 09:00-18:00")
	for at, want := range map[string]string{
		"2026-05-04T08:59:00Z": "off", "2026-05-04T09:00:00Z": "on", "2026-05-04T17:59:59Z": "on",
		"2026-05-04T18:00:00Z": "off", "2026-05-10T12:00:00Z": "off",
	} {
		if got := StateAt(entries, mustTime(t, at)).String(); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if got := StateAt(nil, mustTime(t, "2026-05-04T08:59:00Z")).String(); got != "unknown" {
		t.Errorf("no entries: %s", got)
	}
}

func TestOnPerWeek(t *testing.T) {
	t.Parallel()
	at := mustTime(t, "2026-05-06T13:00:00Z")
	later := hours(t, "", "mon-fri 09:00-18:00")
	for i := range later {
		later[i].Start = mustStart(t, "2027-01-04")
	}
	monthly := func(action Action, hour int) Entry {
		return Entry{Action: action, Enabled: true, Start: mustStart(t, "2026-01-01"),
			Recurrence: &Recurrence{Frequency: Month, Interval: 1, Hours: []int{hour}, Minutes: []int{0}, MonthDays: []int{1}}}
	}
	disabled := hours(t, "", "mon-fri 09:00-18:00")
	disabled[1].Enabled = false
	tests := []struct {
		name    string
		entries []Entry
		want    string
	}{
		{"article", hours(t, "W. Europe Standard Time", "mon-thu 09:00-18:00", "fri 09:00-16:00"), "43h0m0s true"},
		{"paused", later, "0s false"},
		{"once a month", []Entry{monthly(Start, 9), monthly(Stop, 18)}, "0s true"},
		{"no stop", hours(t, "", "mon-fri 09:00-"), "0s false"},
		{"no start", hours(t, "", "-19:00"), "0s false"},
		{"stop disabled", disabled, "0s false"},
		{"none", nil, "0s false"},
		{"unknown zone", hours(t, "Atlantis Standard Time", "mon-fri 09:00-18:00"), "0s false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			on, ok := OnPerWeek(tt.entries, at)
			if got := fmt.Sprint(on, ok); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestOnPerWeekOfAClockChange: a week that is an hour longer is not the measure.
func TestOnPerWeekOfAClockChange(t *testing.T) {
	t.Parallel()
	entries := hours(t, "W. Europe Standard Time", "mon-thu 09:00-18:00")
	for _, at := range []string{"2026-10-19T10:00:00Z", "2026-10-22T10:00:00Z", "2027-03-22T10:00:00Z"} {
		if on, ok := OnPerWeek(entries, mustTime(t, at)); !ok || on != 36*time.Hour {
			t.Errorf("%s: %s, %t", at, on, ok)
		}
	}
	changes := ClockChanges("Europe/Berlin", mustTime(t, "2026-10-20T00:00:00Z"), mustTime(t, "2026-10-30T00:00:00Z"))
	if len(changes) != 1 || !changes[0].At.Equal(mustTime(t, "2026-10-25T01:00:00Z")) || changes[0].By != -time.Hour {
		t.Errorf("changes = %v", changes)
	}
	if changes = ClockChanges("Atlantis", mustTime(t, "2026-10-20T00:00:00Z"), mustTime(t, "2026-10-30T00:00:00Z")); changes != nil {
		t.Errorf("changes of an unknown zone = %v", changes)
	}
}

// Cells of any number cover what segments cover.
func TestCellsAddUp(t *testing.T) {
	t.Parallel()
	for _, c := range changes {
		loc := zoneOf(t, c.zone)
		day, _ := time.ParseInLocation(time.DateOnly, c.day, loc)
		p := NewPlan(hours(t, c.zone, "daily 01:15-02:45"), View{First: day, Days: 1, Zone: loc, State: Off})
		checkPlan(t, p)
		for _, d := range p.Days {
			missing, twice := 0, 0
			for _, cell := range d.Cells(96) {
				if cell.Missing {
					missing++
				}
				if cell.Twice {
					twice++
				}
			}
			if got, want := 24*time.Hour-time.Duration(missing-twice)*15*time.Minute, d.To.Sub(d.From); got != want {
				t.Errorf("%s %s: %d cells missing and %d twice make %v, the day has %v", c.zone, c.day, missing, twice, got, want)
			}
		}
	}
}

// A state that is known only after the days shown says nothing about them.
func TestPlanOfThePast(t *testing.T) {
	t.Parallel()
	first := time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC)
	p := NewPlan(nil, View{First: first, Days: 2, Now: first.AddDate(0, 0, 5), State: On})
	if p.On != 0 || p.Unknown != 48*time.Hour || p.Off != 0 {
		t.Errorf("on %s, off %s, unknown %s", p.On, p.Off, p.Unknown)
	}
}

// A start and a stop at one instant leave the state unknown as it was: no moment
// of either stands between.
func TestPlanOfAnUnknownInstant(t *testing.T) {
	t.Parallel()
	at := mustCron(t, "0 9 * * *")
	both := []Entry{{Action: Start, Enabled: true, Cron: at}, {Action: Stop, Enabled: true, Cron: at}}
	p := NewPlan(both, View{First: mustTime(t, "2026-03-02T00:00:00Z"), Days: 1})
	if s := p.Days[0].Segments; len(s) != 1 || s[0].State != Unknown || p.Unknown != 24*time.Hour {
		t.Errorf("%+v, unknown for %s", s, p.Unknown)
	}
}
