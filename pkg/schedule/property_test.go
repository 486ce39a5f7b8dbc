package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/teambition/rrule-go"
)

// naive finds firings the slow way: it walks real time minute by minute and
// looks at the clock on the wall. Wall times the clock has shown before do not
// count again; those it jumps over count at the minute after the jump.
func naive(matches func(wall time.Time) bool, loc *time.Location, from, to time.Time) []time.Time {
	wallOf := func(t time.Time) time.Time {
		l := t.In(loc)
		return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
	}
	var firings []time.Time
	// Far enough back to know which wall times near from were shown before.
	t := from.Add(-26 * time.Hour)
	for shown := wallOf(t); t.Before(to); t = t.Add(time.Minute) {
		fires := false
		for wall := wallOf(t); shown.Before(wall); {
			shown = shown.Add(time.Minute)
			fires = fires || matches(shown)
		}
		if fires && !t.Before(from) {
			firings = append(firings, t)
		}
	}
	return firings
}

// randomField makes a cron field and the values it stands for.
func randomField(r *rand.Rand, low, high int) (string, []bool) {
	in := make([]bool, high+1)
	mark := func(a, b, step int) {
		for v := a; v <= b; v += step {
			in[v] = true
		}
	}
	var parts []string
	for range 1 + r.IntN(2) {
		a := low + r.IntN(high-low+1)
		b := a + r.IntN(high-a+1)
		step := 2 + r.IntN(10)
		switch r.IntN(6) {
		case 0:
			mark(low, high, 1)
			parts = append(parts, "*")
		case 1:
			mark(a, a, 1)
			parts = append(parts, strconv.Itoa(a))
		case 2:
			mark(a, b, 1)
			parts = append(parts, fmt.Sprintf("%d-%d", a, b))
		case 3:
			mark(low, high, step)
			parts = append(parts, fmt.Sprintf("*/%d", step))
		case 4:
			mark(a, b, step)
			parts = append(parts, fmt.Sprintf("%d-%d/%d", a, b, step))
		default:
			mark(a, high, step)
			parts = append(parts, fmt.Sprintf("%d/%d", a, step))
		}
	}
	return strings.Join(parts, ","), in
}

// changes are days around which clocks change, and quiet ones.
var changes = []struct{ zone, day string }{
	{"Europe/Berlin", "2026-03-29"}, {"Europe/Berlin", "2026-10-25"},
	{"America/New_York", "2026-03-08"}, {"America/New_York", "2026-11-01"},
	{"Australia/Sydney", "2026-04-05"}, {"Australia/Sydney", "2026-10-04"},
	{"Australia/Lord_Howe", "2026-04-05"}, {"Australia/Lord_Howe", "2026-10-04"},
	{"Pacific/Chatham", "2026-04-05"}, {"Pacific/Chatham", "2026-09-27"},
	{"America/Santiago", "2026-04-05"}, {"America/Santiago", "2026-09-06"},
	{"America/Havana", "2026-03-08"}, {"America/Havana", "2026-11-01"},
	{"Africa/Casablanca", "2026-02-15"}, {"Asia/Kathmandu", "2028-02-29"},
	{"Atlantic/Azores", "2026-10-25"}, {"Africa/Cairo", "2026-04-24"}, {"Africa/Cairo", "2026-10-30"},
	{"Australia/Lord_Howe", "2044-12-31"}, {"Europe/Berlin", "2044-12-31"}, {"America/Santiago", "2048-12-31"},
	{"Europe/Dublin", "2044-03-27"}, {"Africa/Casablanca", "2087-04-20"}, {"America/New_York", "2088-11-07"},
	{"Pacific/Apia", "2011-12-30"}, {"UTC", "2024-02-29"}, {"Asia/Kolkata", "2026-12-31"},
}

// sameFirings compares Next, and Firings, with a list.
func sameFirings(t *testing.T, e Entry, from, to time.Time, want []time.Time) {
	t.Helper()
	var got []time.Time
	for at, ok := e.Next(from.Add(-1)); ok && at.Before(to); at, ok = e.Next(at) {
		got = append(got, at)
	}
	if !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Fatalf("%s between %s and %s:\ngot  %v\nwant %v", e.Explain(), from, to, got, want)
	}
	listed := Firings([]Entry{e}, from, to)
	if !slices.EqualFunc(listed, want, func(f Firing, at time.Time) bool { return f.At.Equal(at) }) {
		t.Fatalf("%s: Firings and Next disagree", e.Explain())
	}
}

func TestCronAgainstNaive(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		c := changes[r.IntN(len(changes))]
		loc, err := location(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		minute, minutes := randomField(r, 0, 59)
		hour, hours := randomField(r, 0, 23)
		day, days := "*", slices.Repeat([]bool{true}, 32)
		month, months := "*", slices.Repeat([]bool{true}, 13)
		weekday, weekdays := "*", slices.Repeat([]bool{true}, 7)
		if r.IntN(3) == 0 {
			day, days = randomField(r, 1, 31)
		}
		if r.IntN(3) == 0 {
			month, months = randomField(r, 1, 12)
		}
		if r.IntN(3) == 0 {
			weekday, weekdays = randomField(r, 0, 6)
		}
		e := Entry{Action: Stop, Enabled: true, Zone: c.zone,
			Cron: mustCron(t, strings.Join([]string{minute, hour, day, month, weekday}, " "))}
		middle, _ := time.ParseInLocation(time.DateOnly, c.day, loc)
		from := middle.Add(-time.Duration(r.IntN(30*60)) * time.Minute)
		to := from.Add(72 * time.Hour)
		want := naive(func(w time.Time) bool {
			return minutes[w.Minute()] && hours[w.Hour()] && days[w.Day()] && months[w.Month()] && weekdays[w.Weekday()]
		}, loc, from, to)
		sameFirings(t, e, from, to, want)
	}
}

func pick(r *rand.Rand, low, high int) []int {
	var out []int
	for range 1 + r.IntN(3) {
		out = append(out, low+r.IntN(high-low+1))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestRecurrenceAgainstNaive(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		c := changes[r.IntN(len(changes))]
		loc, err := location(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		middle, _ := time.ParseInLocation(time.DateOnly, c.day, loc)
		rec := Recurrence{Frequency: [...]Frequency{Minute, Hour, Day, Week, Month}[r.IntN(5)], Interval: 1 + r.IntN(3)}
		if r.IntN(4) > 0 {
			rec.Hours = pick(r, 0, 23)
		}
		if r.IntN(4) > 0 {
			rec.Minutes = pick(r, 0, 59)
		}
		if rec.Frequency == Week && r.IntN(2) > 0 {
			for _, d := range pick(r, 0, 6) {
				rec.WeekDays = append(rec.WeekDays, time.Weekday(d))
			}
		}
		if rec.Frequency == Month && r.IntN(2) > 0 {
			rec.MonthDays = pick(r, 1, 31)
		}
		anchor := middle.AddDate(0, 0, -r.IntN(60)).Add(time.Duration(r.IntN(1440)) * time.Minute)
		start := LocalOf(anchor)
		start.Second = 0
		e := Entry{Action: Start, Enabled: true, Recurrence: &rec, Start: start, Zone: c.zone}
		from := middle.Add(-time.Duration(r.IntN(30*60)) * time.Minute)
		to := from.Add(72 * time.Hour)
		first := time.Date(start.Year, start.Month, start.Day, start.Hour, start.Minute, 0, 0, time.UTC)
		want := naive(func(w time.Time) bool { return naiveRecurrence(rec, first, w) }, loc, from, to)
		sameFirings(t, e, from, to, want)
	}
}

// naiveRecurrence says whether a wall minute belongs to the recurrence.
func naiveRecurrence(r Recurrence, first, w time.Time) bool {
	if w.Before(first) {
		return false
	}
	day := func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
	sunday := func(t time.Time) time.Time { return day(t).AddDate(0, 0, -int(t.Weekday())) }
	has := func(list []int, v, fallback int) bool {
		if len(list) == 0 {
			return fallback < 0 || v == fallback
		}
		return slices.Contains(list, v)
	}
	hour, minute := first.Hour(), first.Minute()
	var passed int
	switch r.Frequency {
	case Minute:
		passed, hour, minute = int(w.Sub(first)/time.Minute), -1, -1
	case Hour:
		passed, hour = int(w.Truncate(time.Hour).Sub(first.Truncate(time.Hour))/time.Hour), -1
	case Day:
		passed = int(day(w).Sub(day(first)) / (24 * time.Hour))
	case Week:
		passed = int(sunday(w).Sub(sunday(first)) / (7 * 24 * time.Hour))
		if len(r.WeekDays) == 0 && w.Weekday() != first.Weekday() ||
			len(r.WeekDays) > 0 && !slices.Contains(r.WeekDays, w.Weekday()) {
			return false
		}
	case Month:
		passed = (w.Year()-first.Year())*12 + int(w.Month()) - int(first.Month())
		if !has(r.MonthDays, w.Day(), first.Day()) {
			return false
		}
	}
	return passed%r.Interval == 0 && has(r.Hours, w.Hour(), hour) && has(r.Minutes, w.Minute(), minute)
}

// robfig/cron fires when either day field fits, so at most one is limited here;
// UTC has no clock changes to differ over.
func TestCronAgainstRobfig(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		minute, _ := randomField(r, 0, 59)
		hour, _ := randomField(r, 0, 23)
		month, _ := randomField(r, 1, 12)
		day, weekday := "*", "*"
		if r.IntN(2) == 0 {
			day, _ = randomField(r, 1, 31)
		} else {
			weekday, _ = randomField(r, 0, 6)
		}
		text := strings.Join([]string{minute, hour, day, month, weekday}, " ")
		other, err := cron.ParseStandard(text)
		if err != nil {
			t.Fatal(err)
		}
		e := Entry{Action: Stop, Enabled: true, Cron: mustCron(t, text)}
		at := time.Date(2020+r.IntN(20), 1, 1+r.IntN(365), 0, r.IntN(1440), r.IntN(60), 0, time.UTC)
		for range 30 {
			// robfig gives up after five years.
			want := other.Next(at)
			if want.IsZero() {
				break
			}
			got, ok := e.Next(at)
			if !ok || !got.Equal(want) {
				t.Fatalf("%q after %s: got %v %v, want %s", text, at, got, ok, want)
			}
			at = got
		}
	}
}

func TestRecurrenceAgainstRRule(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	frequencies := map[Frequency]rrule.Frequency{Minute: rrule.MINUTELY, Hour: rrule.HOURLY, Day: rrule.DAILY, Week: rrule.WEEKLY, Month: rrule.MONTHLY}
	weekdays := [...]rrule.Weekday{rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA}
	for range 300 {
		rec := Recurrence{Frequency: [...]Frequency{Minute, Hour, Day, Week, Month}[r.IntN(5)], Interval: 1 + r.IntN(5)}
		option := rrule.ROption{Freq: frequencies[rec.Frequency], Interval: rec.Interval, Wkst: rrule.SU}
		if rec.Frequency != Minute && rec.Frequency != Hour {
			rec.Hours, rec.Minutes = pick(r, 0, 23), pick(r, 0, 59)
			option.Byhour, option.Byminute = rec.Hours, rec.Minutes
		}
		if rec.Frequency == Week {
			for _, d := range pick(r, 0, 6) {
				rec.WeekDays = append(rec.WeekDays, time.Weekday(d))
				option.Byweekday = append(option.Byweekday, weekdays[d])
			}
		}
		if rec.Frequency == Month && r.IntN(2) == 0 {
			rec.MonthDays = pick(r, 1, 31)
			option.Bymonthday = rec.MonthDays
		}
		option.Dtstart = time.Date(2024, 1, 1+r.IntN(700), r.IntN(24), r.IntN(60), 0, 0, time.UTC)
		rule, err := rrule.NewRRule(option)
		if err != nil {
			t.Fatal(err)
		}
		e := Entry{Action: Stop, Enabled: true, Recurrence: &rec, Start: LocalOf(option.Dtstart)}
		next := rule.Iterator()
		at := option.Dtstart.Add(-1)
		for range 40 {
			want, more := next()
			got, ok := e.Next(at)
			if more != ok || !got.Equal(want) {
				t.Fatalf("%s after %s: got %v %v, want %s", e.Explain(), at, got, ok, want)
			}
			at = got
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add(uint8(3), 2, 9, 0, 1, 15, int64(1767225600), int64(1774751400), "Europe/Berlin")
	f.Add(uint8(0), 90, -1, -1, -1, -1, int64(1767225600), int64(2366841600), "Australia/Lord_Howe")
	f.Add(uint8(4), 16, 2, 30, -1, 29, int64(0), int64(-1), "Africa/Cairo")
	f.Add(uint8(2), 1, 0, 0, -1, -1, int64(0), int64(253402300800), "Pacific/Apia")
	f.Fuzz(func(t *testing.T, frequency uint8, interval, hour, minute, weekday, monthDay int, start, after int64, zone string) {
		r := Recurrence{Frequency: [...]Frequency{Minute, Hour, Day, Week, Month, "Year"}[frequency%6], Interval: interval}
		if hour >= 0 {
			r.Hours = []int{hour}
		}
		if minute >= 0 {
			r.Minutes = []int{minute}
		}
		if weekday >= 0 {
			r.WeekDays = []time.Weekday{time.Weekday(weekday)}
		}
		if monthDay >= 0 {
			r.MonthDays = []int{monthDay}
		}
		const far = 400000000000 // about the year 14645
		e := Entry{Action: Start, Enabled: true, Recurrence: &r, Zone: zone}
		if start %= far; start != 0 {
			e.Start = localAt(start)
		}
		from := time.Unix(after%far, 0)
		at, ok := e.Next(from)
		if !ok {
			return
		}
		if e.Check() != nil {
			t.Fatalf("%s fires though %v", e.Explain(), e.Check())
		}
		if !at.After(from) {
			t.Fatalf("%s fires at %s, not after %s", e.Explain(), at, from)
		}
		if loc, _ := location(zone); !e.Start.IsZero() && at.Before(e.Start.In(loc)) {
			t.Fatalf("%s fires at %s, before its start", e.Explain(), at)
		}
		if again, ok := e.Next(at.Add(-1)); !ok || !again.Equal(at) {
			t.Fatalf("%s: %s is a firing, but asked just before it there is %s %v", e.Explain(), at, again, ok)
		}
	})
}
