package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func entryLines(entries []Entry) string {
	var lines []string
	for _, e := range entries {
		lines = append(lines, string(e.Action)+" "+e.Cron.String())
	}
	return strings.Join(lines, "; ")
}

func TestParseHours(t *testing.T) {
	t.Parallel()
	const joined = "hours that overlap or touch are joined"
	tests := []struct {
		in    string // texts parted by |
		want  string
		notes []string
	}{
		{"mon-thu 09:00-18:00|fri 09:00-16:00", "Start 0 9 * * 1-5; Stop 0 18 * * 1-4; Stop 0 16 * * 5", nil},
		{"09:00-18:00", "Start 0 9 * * *; Stop 0 18 * * *", nil},
		{"daily 9-18", "Start 0 9 * * *; Stop 0 18 * * *", nil},
		{"Every Day 9:00 - 18:00", "Start 0 9 * * *; Stop 0 18 * * *", nil},
		{"Monday - Thursday 09:00–18:30", "Start 0 9 * * 1-4; Stop 30 18 * * 1-4", nil},
		{"weekdays 09:00-", "Start 0 9 * * 1-5", nil},
		{"-19:00", "Stop 0 19 * * *", nil},
		{"weekdays -24:00", "Stop 0 0 * * 2-6", nil},
		{"weekdays 08:30-|daily -19:00", "Start 30 8 * * 1-5; Stop 0 19 * * *", nil},
		{"tues-Thurs 09:00-12:00", "Start 0 9 * * 2-4; Stop 0 12 * * 2-4", nil},
		{"22:00-06:00", "Start 0 22 * * *; Stop 0 6 * * *", []string{"22:00-06:00 stops the next day, at 06:00"}},
		{"mon, wed ,fri 09:00-12:00", "Start 0 9 * * 1,3,5; Stop 0 12 * * 1,3,5", nil},
		{"fri-mon 10:00-14:00", "Start 0 10 * * 0,1,5,6; Stop 0 14 * * 0,1,5,6", nil},
		{"weekend 10:00-14:00", "Start 0 10 * * 0,6; Stop 0 14 * * 0,6", nil},
		{"mon-wed,sat 10:00-14:00", "Start 0 10 * * 1-3,6; Stop 0 14 * * 1-3,6", nil},
		{"mon, 09:00-18:00,", "Start 0 9 * * 1; Stop 0 18 * * 1", nil},
		{"fri 22:00-06:00", "Start 0 22 * * 5; Stop 0 6 * * 6",
			[]string{"22:00-06:00 on fri stops the next day, at 06:00 on sat"}},
		{"sat,sun 22:00-06:00", "Start 0 22 * * 0,6; Stop 0 6 * * 0,1",
			[]string{"22:00-06:00 on sat,sun stops the next day, at 06:00 on mon,sun"}},
		{"mon 22:00-24:00", "Start 0 22 * * 1; Stop 0 0 * * 2", nil},
		{"mon-fri 00:00-24:00", "Start 0 0 * * 1; Stop 0 0 * * 6", []string{joined}},
		{"mon-fri 09:00-18:00|wed 12:00-20:00", "Start 0 9 * * 1-5; Stop 0 18 * * 1,2,4,5; Stop 0 20 * * 3", []string{joined}},
		{"mon-fri 09:00-12:00,13:00-18:00", "Start 0 9,13 * * 1-5; Stop 0 12,18 * * 1-5", nil},
		{"mon-fri 09:00-12:30 13:30-18:00", "Start 0 9 * * 1-5; Start 30 13 * * 1-5; Stop 30 12 * * 1-5; Stop 0 18 * * 1-5", nil},
		// The same minute of three hours in a row.
		{"mon 08:00-08:30,09:00-09:30,10:00-10:30", "Start 0 8-10 * * 1; Stop 30 8-10 * * 1", nil},
		{"mon 09:00-10:00|mon 09:00-10:00", "Start 0 9 * * 1; Stop 0 10 * * 1", nil},
		// Neither days first nor hours first alone finds two starts here.
		{"mon 08:00-|mon 09:00-|mon 10:00-|tue 08:00-|wed 08:00-", "Start 0 8 * * 1-3; Start 0 9,10 * * 1", nil},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			h, err := ParseHours(strings.Split(tt.in, "|"), "Tokyo Standard Time")
			if err != nil {
				t.Fatal(err)
			}
			if got := entryLines(h.Entries); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if !slices.Equal(h.Notes, tt.notes) {
				t.Errorf("notes %q, want %q", h.Notes, tt.notes)
			}
			for _, e := range h.Entries {
				if !e.Enabled || e.Zone != "Tokyo Standard Time" || e.Validate() != nil {
					t.Errorf("entry %+v: %v", e, e.Validate())
				}
				if again := mustCron(t, e.Cron.String()); *again != *e.Cron {
					t.Errorf("%s means %+v and reads %+v", e.Cron, *e.Cron, *again)
				}
			}
		})
	}
}

func TestParseHoursErrors(t *testing.T) {
	t.Parallel()
	form := `write days and hours such as "mon-thu 09:00-18:00"`
	tests := []struct{ in, want string }{
		{"", `hours "" have no time: ` + form},
		{"mon-thu", `hours "mon-thu" have no time: ` + form},
		{"09:00-18:00 mon", `hours "09:00-18:00 mon" have days after the time: write the days first, and hours of other days apart, such as "mon-thu 09:00-18:00" "fri 09:00-16:00"`},
		{"mo 09:00-18:00", `hours "mo 09:00-18:00": "mo" is not a day of the week: write Monday to Sunday, or mon to sun`},
		{"mondays 09:00-18:00", `hours "mondays 09:00-18:00": "mondays" is not a day of the week: write Monday to Sunday, or mon to sun`},
		{"0 9 * * 1-5", `"0 9 * * 1-5" is a cron expression, which says when to start or when to stop: ` + form},
		{"lundi 09:00-18:00", `hours "lundi 09:00-18:00": "lundi" is not a day of the week: write Monday to Sunday, or mon to sun`},
		{"mon-x 09:00-18:00", `hours "mon-x 09:00-18:00": "x" is not a day of the week: write Monday to Sunday, or mon to sun`},
		{"- 09:00-18:00", `hours "- 09:00-18:00": "" is not a day of the week: write Monday to Sunday, or mon to sun`},
		{"mon 09:00", `hours "mon 09:00": "09:00" is one time: write "09:00-" to start then, or "-09:00" to stop then`},
		{"mon 25:00-26:00", `hours "mon 25:00-26:00": "25:00" is not a time of day: write 00:00 to 24:00`},
		{"mon 9:5-10:00", `hours "mon 9:5-10:00": "9:5" is not a time of day: write 00:00 to 24:00`},
		{"mon 24:30-", `hours "mon 24:30-": "24:30" is not a time of day: write 00:00 to 24:00`},
		{"mon 24:00-06:00", `hours "mon 24:00-06:00": 24:00 is the end of a day: write 00:00 of the next day`},
		{"mon 9am-5pm", `hours "mon 9am-5pm": "9am" is not a time of day: write 00:00 to 24:00`},
		{"mon 09:00-09:00", `hours "mon 09:00-09:00": "09:00-09:00" starts and stops at the same time: write 00:00-24:00 for whole days`},
		{"daily 00:00-24:00", "these hours cover the whole week, so nothing would ever start or stop: write 00:00- to start every day"},
		{"mon-fri 09:00-18:00|wed 18:00-", "these hours start and stop at the same time, Wednesday at 18:00: leave one of them out"},
		{"mon 09:00-18:00|tue 10:00-19:00|wed 11:00-20:00",
			"these hours need 6 schedules (start mon 09:00, tue 10:00, wed 11:00; stop mon 18:00, tue 19:00, wed 20:00), but an instance has at most four: let more days start or stop at the same time"},
		{"-10:00,-11:30,-12:10,-13:20,-14:50", "these hours need 5 schedules (start none; stop daily 10:00, daily 11:30, daily 12:10, daily 13:20, daily 14:50), but an instance has at most four: let more days start or stop at the same time"},
		{strings.Repeat("mon,", 60) + "tue 9-10", `hours "` + strings.Repeat("mon,", 15) + `…" are too long: ` + form},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			h, err := ParseHours(strings.Split(tt.in, "|"), "")
			if message(err) != tt.want {
				t.Errorf("got %s, %q\nwant %q", entryLines(h.Entries), message(err), tt.want)
			}
		})
	}
	if _, err := ParseHours(nil, ""); message(err) != "no hours were given: "+form {
		t.Errorf("no texts: %v", err)
	}
}

// The entries must fire exactly at the edges of the hours, whatever was merged.
func TestParseHoursFireAtEdges(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	names := [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	sunday := time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)
	compiled := 0
	for range 300 {
		var texts []string
		on := map[int]bool{} // minute of the week
		for range 1 + r.IntN(3) {
			first, last := r.IntN(7), r.IntN(7)
			from := r.IntN(48) * 30
			to := from + 30 + r.IntN(40)*30
			if to >= from+1440 || to%1440 == 0 {
				continue
			}
			texts = append(texts, fmt.Sprintf("%s-%s %02d:%02d-%02d:%02d", names[first], names[last],
				from/60, from%60, to%1440/60, to%60))
			for d := first; ; d = (d + 1) % 7 {
				for m := from; m < to; m++ {
					on[(d*1440+m)%weekMinutes] = true
				}
				if d == last {
					break
				}
			}
		}
		h, err := ParseHours(texts, "")
		if err != nil {
			continue // too many entries, or none
		}
		compiled++
		var want []string
		for m := range weekMinutes {
			at := sunday.Add(time.Duration(m) * time.Minute)
			switch before := on[(m+weekMinutes-1)%weekMinutes]; {
			case on[m] && !before:
				want = append(want, "Start "+at.String())
			case !on[m] && before:
				want = append(want, "Stop "+at.String())
			}
		}
		var got []string
		for _, f := range Firings(h.Entries, sunday, sunday.AddDate(0, 0, 7)) {
			got = append(got, string(f.Action)+" "+f.At.String())
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q:\ngot  %q\nwant %q", texts, got, want)
		}
	}
	if compiled < 100 {
		t.Errorf("only %d of 300 could be compiled: the test says little", compiled)
	}
}

// fewest finds the smallest number of boxes that are within the points and
// together are all of them, by trying.
func fewest(points []int, most int) int {
	inside := map[int]bool{}
	for _, p := range points {
		inside[p] = true
	}
	var days, hours, minutes []int
	for _, p := range points {
		days, hours, minutes = append(days, p/1440), append(hours, p%1440/60), append(minutes, p%60)
	}
	subsets := func(values []int) [][]int {
		slices.Sort(values)
		values = slices.Compact(values)
		var out [][]int
		for set := 1; set < 1<<len(values); set++ {
			var s []int
			for i, v := range values {
				if set>>i&1 == 1 {
					s = append(s, v)
				}
			}
			out = append(out, s)
		}
		return out
	}
	var boxes [][]int
	for _, ds := range subsets(days) {
		for _, hs := range subsets(hours) {
			for _, ms := range subsets(minutes) {
				var b []int
				fits := true
				for _, d := range ds {
					for _, h := range hs {
						for _, m := range ms {
							p := d*1440 + h*60 + m
							fits = fits && inside[p]
							b = append(b, p)
						}
					}
				}
				if fits {
					boxes = append(boxes, b)
				}
			}
		}
	}
	var search func(left map[int]bool, used int) bool
	search = func(left map[int]bool, used int) bool {
		if len(left) == 0 {
			return true
		}
		if used == 0 {
			return false
		}
		var first int
		for _, p := range points {
			if left[p] {
				first = p
				break
			}
		}
		for _, b := range boxes {
			if !slices.Contains(b, first) {
				continue
			}
			rest := map[int]bool{}
			for p := range left {
				rest[p] = !slices.Contains(b, p)
				if !rest[p] {
					delete(rest, p)
				}
			}
			if search(rest, used-1) {
				return true
			}
		}
		return false
	}
	for n := 1; n <= most; n++ {
		if search(inside, n) {
			return n
		}
	}
	return most + 1
}

func TestCoverIsFewest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for range 400 {
		set := map[int]bool{}
		for range 1 + r.IntN(7) {
			set[(1+r.IntN(3))*1440+(9+r.IntN(3))*60+30*r.IntN(2)] = true
		}
		var points []int
		for p := range set {
			points = append(points, p)
		}
		slices.Sort(points)
		got := cover(points)
		if want := fewest(points, Max); len(got) > want && want <= Max {
			t.Errorf("%v: %d boxes %v, %d would do", points, len(got), boxWords(got), want)
		}
	}
}

func FuzzParseHours(f *testing.F) {
	for _, seed := range []string{"mon-thu 09:00-18:00", "fri 22:00-06:00", "09:00-", "-19:00", "weekdays 9-12,13-18", "fri-mon 0-24", "every day 9–17", "mon - - 9-", "\x040"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHours([]string{text}, "")
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("control characters in %q", err)
			}
			return
		}
		if len(h.Entries) == 0 || len(h.Entries) > Max {
			t.Fatalf("%q: %d entries", text, len(h.Entries))
		}
		for _, e := range h.Entries {
			if err := e.Validate(); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

// Starts in one hour become one entry, and so do stops.
func TestMinutesOfAnHour(t *testing.T) {
	t.Parallel()
	hours, err := ParseHours([]string{"mon 09:00-09:20,09:30-09:50"}, "UTC")
	if err != nil || len(hours.Entries) != 2 || hours.Entries[0].Cron.String() != "0,30 9 * * 1" || hours.Entries[1].Cron.String() != "20,50 9 * * 1" {
		t.Errorf("%+v, %v", hours.Entries, err)
	}
}
