package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestParseCronErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", `the cron expression is empty: write five fields such as "0 18 * * 1-5" (minute, hour, day of month, month, day of week)`},
		{"0 18 * *", `cron expression "0 18 * *" has 4 fields: write five (minute, hour, day of month, month, day of week), such as "0 18 * * 1-5"`},
		{"0 0 18 * * 1-5", `cron expression "0 0 18 * * 1-5" has six fields, the service takes five and no seconds: write "0 18 * * 1-5"`},
		{"0 0 18 ? * 1-5", `cron expression "0 0 18 ? * 1-5" has 6 fields: write five (minute, hour, day of month, month, day of week), such as "0 18 * * 1-5"`},
		{"@daily", `the service does not take the cron word "@daily": write "0 0 * * *"`},
		{"@Midnight", `the service does not take the cron word "@Midnight": write "0 0 * * *"`},
		{"@hourly", `the service does not take the cron word "@hourly": write "0 * * * *"`},
		{"@weekly", `the service does not take the cron word "@weekly": write "0 0 * * 0"`},
		{"@monthly", `the service does not take the cron word "@monthly": write "0 0 1 * *"`},
		{"@yearly", `the service does not take the cron word "@yearly": write "0 0 1 1 *"`},
		{"@reboot", `cron expression "@reboot" has no five-field form: write five fields such as "0 18 * * 1-5"`},
		{"@every 5m", `cron expression "@every 5m" has no five-field form: write five fields such as "0 18 * * 1-5"`},
		{"60 * * * *", `cron expression "60 * * * *": the minute field has "60": it goes from 0 to 59`},
		{"0 24 * * *", `cron expression "0 24 * * *": the hour field has "24": it goes from 0 to 23`},
		{"0 0 0 * *", `cron expression "0 0 0 * *": the day of month field has "0": it goes from 1 to 31`},
		{"0 0 * 13 *", `cron expression "0 0 * 13 *": the month field has "13": it goes from 1 to 12`},
		{"0 0 * * 7", `cron expression "0 0 * * 7": the day of week field has 7: Sunday is 0`},
		{"0 0 * * 8", `cron expression "0 0 * * 8": the day of week field has "8": it goes from 0 to 6`},
		{"0 0 ? * 1", `cron expression "0 0 ? * 1": the day of month field has ?, which the service does not take: write *`},
		{"0 0 * * 5-1", `cron expression "0 0 * * 5-1": the day of week field has the range "5-1", which runs backwards: write 0-1,5-6`},
		{"0 0 * * sat-mon", `cron expression "0 0 * * sat-mon": the day of week field has the range "sat-mon", which runs backwards: write 0-1,6`},
		{"0 22-6 * * *", `cron expression "0 22-6 * * *": the hour field has the range "22-6", which runs backwards: write 0-6,22-23`},
		{"*/0 * * * *", `cron expression "*/0 * * * *": the minute field has the step "0": a step is a number from 1, as in */15`},
		{"*/x * * * *", `cron expression "*/x * * * *": the minute field has the step "x": a step is a number from 1, as in */15`},
		{"1,,2 * * * *", `cron expression "1,,2 * * * *": the minute field has an empty element: write *, a number, a list (1,3) or a range (1-5)`},
		{"-1 * * * *", `cron expression "-1 * * * *": the minute field has an empty element: write *, a number, a list (1,3) or a range (1-5)`},
		{"0 0 * * mo", `cron expression "0 0 * * mo": the day of week field has "mo": write *, a number from 0 to 6, a list (1,3) or a range (1-5)`},
		{"0 0 * * mondays", `cron expression "0 0 * * mondays": the day of week field has "mondays": write *, a number from 0 to 6, a list (1,3) or a range (1-5)`},
		{"mon * * * *", `cron expression "mon * * * *": the minute field has "mon": write *, a number from 0 to 59, a list (1,3) or a range (1-5)`},
		{"0 0 L * *", `cron expression "0 0 L * *": the day of month field has "L": write *, a number from 1 to 31, a list (1,3) or a range (1-5)`},
		{"0 0 * * \x1b[2J", `cron expression "0 0 * * \x1b[2J": the day of week field has "\x1b[2J": write *, a number from 0 to 6, a list (1,3) or a range (1-5)`},
		{strings.Repeat("1", 1001), `the cron expression is longer than 1000 characters: write five short fields such as "0 18 * * 1-5"`},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			c, err := ParseCron(tt.in)
			if message(err) != tt.want {
				t.Errorf("got %v, %q\nwant %q", c, message(err), tt.want)
			}
		})
	}
}

func TestCronExplain(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, text, want string }{
		{"0 18 * * 1-5", "0 18 * * 1-5", "at 18:00 from Monday to Friday"},
		{" 0  18\t* * * ", "0 18 * * *", "at 18:00 every day"},
		{"00 09 * * MON,wed,Friday", "00 09 * * MON,wed,Friday", "at 09:00 on Monday, Wednesday and Friday"},
		{"0 9 * sept Tues-thurs", "0 9 * sept Tues-thurs", "at 09:00 from Tuesday to Thursday in September"},
		{"30 8,17 * * 0,6", "30 8,17 * * 0,6", "at 08:30 and 17:30 on Saturday and Sunday"},
		{"0 9 * * 0-2", "0 9 * * 0-2", "at 09:00 on Monday, Tuesday and Sunday"},
		{"0 9 13 * 5", "0 9 13 * 5", "at 09:00 on day 13, only when it is Friday"},
		{"0 9 1-7 1,jul mon", "0 9 1-7 1,jul mon", "at 09:00 on day 1 to 7, only when it is Monday in January and July"},
		{"0 9 1,15,31 * *", "0 9 1,15,31 * *", "at 09:00 on day 1, 15 and 31"},
		{"*/15 9-17 * * 1-5", "*/15 9-17 * * 1-5", "at minute 0, 15, 30 and 45 of hour 9 to 17 from Monday to Friday"},
		{"* * * * *", "* * * * *", "at every minute of every hour every day"},
		{"10/20 * * * *", "10/20 * * * *", "at minute 10, 30 and 50 of every hour every day"},
		// NCrontab reads a step of 1 after a number as that number.
		{"10/1 0 * * *", "10/1 0 * * *", "at 00:10 every day"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			c, err := ParseCron(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if c.String() != tt.text || c.Explain() != tt.want {
				t.Errorf("got %q, %q; want %q, %q", c, c.Explain(), tt.text, tt.want)
			}
		})
	}
	if got := (Cron{}).Explain(); got != "never" {
		t.Errorf("zero Cron: got %q", got)
	}
}

func TestEntryExplain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		e    Entry
		want string
	}{
		{Entry{Action: Stop, Enabled: true, Cron: mustCron(t, "0 18 * * 1-5"), Zone: "W. Europe Standard Time", Start: mustStart(t, "2027-01-04")},
			"Stop at 18:00 from Monday to Friday, W. Europe Standard Time, from 2027-01-04T00:00:00"},
		{Entry{Action: Start, Recurrence: &Recurrence{Frequency: Week, Interval: 2, Hours: []int{9}, Minutes: []int{0, 30}, WeekDays: []time.Weekday{4, 1}}, Start: mustStart(t, "2027-01-04")},
			"Start every 2 weeks on Monday and Thursday at 09:00 and 09:30, counted from 2027-01-04T00:00:00, UTC (disabled)"},
		{Entry{Action: Stop, Enabled: true, Recurrence: &Recurrence{Frequency: Month, Interval: 1, Hours: []int{9}, MonthDays: []int{15, 1}}},
			"Stop every month on day 1 and 15 in hour 9, UTC"},
		{Entry{Action: Stop, Enabled: true, Recurrence: &Recurrence{Frequency: Hour, Interval: 1, Minutes: []int{45, 15}}},
			"Stop every hour at minute 15 and 45, UTC"},
		{Entry{Action: "Explode\x1b[2J", Enabled: true, Zone: "a\u202eb"}, "Explode\uFFFD[2J never, a\uFFFDb"},
	}
	for _, tt := range tests {
		if got := tt.e.Explain(); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	months := `limits days of the month or months; the service ignores those in the schedules of jobs, and may ignore them here: look at the first firings`
	tests := []struct {
		cron, zone string
		want       []string
	}{
		{"0 18 * * 1-5", "Tokyo Standard Time", nil},
		{"0 18 13 * 5", "", []string{`"0 18 13 * 5" names days of the month and days of the week: it fires only when both fit`, `"0 18 13 * 5" ` + months}},
		{"0 18 * 1 *", "", []string{`"0 18 * 1 *" ` + months}},
		{"0 18 * * *", "EST", []string{"time zone EST has no summer time: New York's clock is America/New_York"}},
	}
	for _, tt := range tests {
		got := Entry{Action: Stop, Cron: mustCron(t, tt.cron), Zone: tt.zone}.Warnings()
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s %s: got %q, want %q", tt.cron, tt.zone, got, tt.want)
		}
	}
}

func FuzzParseCron(f *testing.F) {
	for _, seed := range []string{"0 18 * * 1-5", "*/15 9-17/2 1,15 jan-mar sun", "0 0 30 2 *", "@daily", "0 0 0 1 1 *", "5/9999 * * * *", "1-,/ * * * *", "* * * * 6/6", "0 0 1 1 0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCron(text)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("control characters in %q", err)
			}
			return
		}
		again, err := ParseCron(c.String())
		if err != nil || again != c {
			t.Fatalf("%q becomes %q, which gives %v, %v", text, c, again, err)
		}
		after := time.Date(2026, 3, 1, 0, 0, 30, 0, time.UTC)
		e := Entry{Action: Stop, Enabled: true, Cron: &c, Zone: "Lord Howe Standard Time"}
		for range 3 {
			at, ok := e.Next(after)
			if !ok {
				break
			}
			if !at.After(after) {
				t.Fatalf("%q fires at %s, not after %s", text, at, after)
			}
			after = at
		}
		if c.Explain() == "" {
			t.Error("no explanation")
		}
	})
}
