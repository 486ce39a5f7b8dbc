package schedule

import (
	"testing"
	"time"
)

func TestEqual(t *testing.T) {
	t.Parallel()
	base := Entry{ID: "1", Action: Stop, Enabled: true, Cron: mustCron(t, "0 18 * * 1-5"), Zone: "India Standard Time"}
	same := []Entry{
		{ID: "2", Action: Stop, Enabled: true, Cron: mustCron(t, "00 18 * * mon-fri"), Zone: "Asia/Kolkata"},
		{Action: Stop, Enabled: true, Cron: mustCron(t, "0 18 * * 1,2,3,4,5"), Zone: "india standard time"},
	}
	for _, o := range same {
		if !base.Equal(o) || !o.Equal(base) {
			t.Errorf("%s and %s should be equal", base.Explain(), o.Explain())
		}
	}
	change := func(f func(*Entry)) Entry { e := base; f(&e); return e }
	different := []Entry{
		change(func(e *Entry) { e.Action = Start }),
		change(func(e *Entry) { e.Enabled = false }),
		change(func(e *Entry) { e.Cron = mustCron(t, "0 18 * * 1-4") }),
		change(func(e *Entry) { e.Cron = nil }),
		change(func(e *Entry) { e.Zone = "" }),
		change(func(e *Entry) { e.Zone = "Atlantis Standard Time" }),
		change(func(e *Entry) { e.Start = mustStart(t, "2027-01-01") }),
		change(func(e *Entry) { e.Recurrence = &Recurrence{} }),
	}
	for _, o := range different {
		if base.Equal(o) || o.Equal(base) {
			t.Errorf("%s and %s should differ", base.Explain(), o.Explain())
		}
	}
	r := func(r Recurrence) Entry { return Entry{Recurrence: &r} }
	week := Recurrence{Frequency: Week, Interval: 1, Hours: []int{9, 18}, Minutes: []int{0}, WeekDays: []time.Weekday{1, 4}}
	shuffled := Recurrence{Frequency: Week, Interval: 1, Hours: []int{18, 9, 9}, Minutes: []int{0}, WeekDays: []time.Weekday{4, 1}, MonthDays: []int{}}
	if !r(week).Equal(r(shuffled)) {
		t.Error("the order of a recurrence's lists should not matter")
	}
	for _, f := range []func(*Recurrence){
		func(r *Recurrence) { r.Frequency = Day }, func(r *Recurrence) { r.Interval = 2 },
		func(r *Recurrence) { r.Hours = []int{9} }, func(r *Recurrence) { r.Minutes = []int{1} },
		func(r *Recurrence) { r.WeekDays = nil }, func(r *Recurrence) { r.MonthDays = []int{1} },
	} {
		other := week
		f(&other)
		if r(week).Equal(r(other)) {
			t.Errorf("%+v and %+v should differ", week, other)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	entries := []Entry{{ID: "abc1"}, {ID: "abd2"}, {ID: "2"}, {ID: "71c0"}}
	tests := []struct {
		name string
		want int
		err  string
	}{
		{"abc1", 0, ""}, {"abd", 1, ""}, {"1", 0, ""}, {"4", 3, ""},
		{"2", 2, ""}, // an id that looks like a number is an id
		{"ab", -1, `"ab" is the beginning of 2 schedule ids: write more of it`},
		{"71c", 3, ""},
		{"7", -1, `there is no schedule "7": name one by its number, 1 to 4, or its id`},
		{"71", -1, `there is no schedule "71": name one by its number, 1 to 4, or its id`},
		{"5", -1, `there is no schedule "5": name one by its number, 1 to 4, or its id`},
		{"0", -1, `there is no schedule "0": name one by its number, 1 to 4, or its id`},
		{"", -1, `there is no schedule "": name one by its number, 1 to 4, or its id`},
	}
	for _, tt := range tests {
		if got, err := Find(entries, tt.name); got != tt.want || message(err) != tt.err {
			t.Errorf("%q: got %d, %q; want %d, %q", tt.name, got, message(err), tt.want, tt.err)
		}
	}
	if _, err := Find(nil, "1"); message(err) != `there is no schedule "1": the instance has none` {
		t.Errorf("none: %v", err)
	}
}

func TestFirings(t *testing.T) {
	t.Parallel()
	entries := []Entry{
		{Action: Start, Enabled: true, Cron: mustCron(t, "30 2 * * *"), Zone: "W. Europe Standard Time"},
		{Action: Stop, Enabled: true, Cron: mustCron(t, "0 1 * * *")},
		{Action: Stop, Enabled: false, Cron: mustCron(t, "* * * * *")},
		{Action: Stop, Enabled: true, Cron: mustCron(t, "0 9 * * *"), Zone: "Atlantis Standard Time"},
	}
	firings := Firings(entries, mustTime(t, "2026-03-29T01:00:00Z"), mustTime(t, "2026-03-30T01:00:00Z"))
	want := []struct {
		at    string
		entry int
		asked string
		moved bool
	}{
		{"2026-03-29T03:00:00+02:00", 0, "2026-03-29T02:30:00", true},
		{"2026-03-29T01:00:00Z", 1, "2026-03-29T01:00:00", false},
		{"2026-03-30T02:30:00+02:00", 0, "2026-03-30T02:30:00", false},
	}
	if len(firings) != len(want) {
		t.Fatalf("%d firings: %v", len(firings), firings)
	}
	for i, w := range want {
		f := firings[i]
		if f.At.Format(time.RFC3339) != w.at || f.Entry != w.entry || f.Action != entries[w.entry].Action || f.Asked.String() != w.asked || f.Moved != w.moved {
			t.Errorf("firing %d: got %+v, want %+v", i, f, w)
		}
	}

	next, ok := Next(entries, Stop, mustTime(t, "2026-03-29T01:00:00Z"))
	if !ok || next.Entry != 1 || next.At.Format(time.RFC3339) != "2026-03-30T01:00:00Z" {
		t.Errorf("next stop: %+v %v", next, ok)
	}
	next, ok = Next(entries, "", mustTime(t, "2026-03-29T01:00:00Z"))
	if !ok || next.Entry != 0 {
		t.Errorf("next of any: %+v %v", next, ok)
	}
	if next, ok = Next(entries[2:], "", mustTime(t, "2026-03-29T01:00:00Z")); ok {
		t.Errorf("nothing enabled and known: %+v", next)
	}
}

// A year with a leap day and two clock changes.
func TestFiringsOfAYear(t *testing.T) {
	t.Parallel()
	h, err := ParseHours([]string{"mon-thu 09:00-18:00", "fri 09:00-16:00"}, "W. Europe Standard Time")
	if err != nil {
		t.Fatal(err)
	}
	loc := time.FixedZone("CET", 3600)
	firings := Firings(h.Entries, time.Date(2028, 1, 1, 0, 0, 0, 0, loc), time.Date(2029, 1, 1, 0, 0, 0, 0, loc))
	// 2028 begins on a Saturday and has 366 days: 52 whole weeks, a Saturday
	// and a Sunday.
	if len(firings) != 52*10 {
		t.Errorf("%d firings, want %d", len(firings), 52*10)
	}
	seen := map[string]bool{}
	for _, f := range firings {
		seen[string(f.Action)+" "+f.At.UTC().Format(time.RFC3339)] = true
	}
	for _, want := range []string{
		"Start 2028-01-03T08:00:00Z", "Start 2028-02-29T08:00:00Z", "Stop 2028-02-29T17:00:00Z",
		"Stop 2028-03-24T15:00:00Z", "Start 2028-03-27T07:00:00Z", "Stop 2028-03-27T16:00:00Z",
		"Stop 2028-10-27T14:00:00Z", "Start 2028-10-30T08:00:00Z", "Stop 2028-12-29T15:00:00Z",
	} {
		if !seen[want] {
			t.Errorf("%s is missing", want)
		}
	}
}
