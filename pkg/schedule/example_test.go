package schedule_test

import (
	"fmt"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// A schedule of an instance: checked, told in words, and when it fires next.
func Example() {
	cron, err := schedule.ParseCron("30 18 * * mon-fri")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := schedule.Entry{Action: schedule.Stop, Enabled: true, Cron: &cron, Zone: "Tokyo Standard Time"}
	if err := e.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	next, ok := e.Next(time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC))
	fmt.Println(e.Explain())
	fmt.Println(next.Format(time.RFC1123Z), ok)
	// Output:
	// Stop at 18:30 from Monday to Friday, Tokyo Standard Time
	// Mon, 09 Mar 2026 18:30:00 +0900 true
}

// An interval above 1 counts from the start.
func ExampleRecurrence() {
	start, err := schedule.ParseStart("2026-03-02T09:00", "UTC")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := schedule.Entry{Action: schedule.Start, Enabled: true, Zone: "UTC", Start: start, Recurrence: &schedule.Recurrence{
		Frequency: schedule.Week, Interval: 2, WeekDays: []time.Weekday{time.Monday}, Hours: []int{9}, Minutes: []int{0},
	}}
	fmt.Println(e.Explain())
	for _, f := range schedule.Firings([]schedule.Entry{e}, start.In(time.UTC), start.In(time.UTC).AddDate(0, 1, 0)) {
		fmt.Println(f.Asked)
	}
	// Output:
	// Start every 2 weeks on Monday at 09:00, counted from 2026-03-02T09:00:00, UTC
	// 2026-03-02T09:00:00
	// 2026-03-16T09:00:00
	// 2026-03-30T09:00:00
}

// A pause moves the start of a schedule to its first firing afterwards.
func ExamplePauseUntil() {
	cron, err := schedule.ParseCron("0 9 * * 1-5")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := schedule.Entry{Action: schedule.Start, Enabled: true, Cron: &cron, Zone: "UTC"}
	now := time.Date(2026, 12, 23, 12, 0, 0, 0, time.UTC)
	pause, err := schedule.PauseUntil(e, now, time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(pause.Skipped), "left out, next", pause.Next.Format(time.DateOnly), "from", pause.Entry.Start)
	// Output: 7 left out, next 2027-01-04 from 2027-01-04T09:00:00
}

// The working hours of the Azure Machine Learning documentation, and what they
// do around a clock change.
func ExampleParseHours() {
	zone, err := schedule.Resolve("Europe/Paris")
	if err != nil {
		fmt.Println(err)
		return
	}
	hours, err := schedule.ParseHours([]string{"mon-thu 09:00-18:00", "fri 09:00-16:00"}, zone.Windows)
	if err != nil {
		fmt.Println(err)
		return
	}
	friday := time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)
	for _, e := range hours.Entries {
		next, _ := e.Next(friday)
		fmt.Println(e.Action, e.Cron, "next", next.Format(time.RFC3339))
	}
	on, _ := schedule.OnPerWeek(hours.Entries, friday)
	fmt.Println(on.Hours(), "hours on per week")
	// Output:
	// Start 0 9 * * 1-5 next 2026-03-30T09:00:00+02:00
	// Stop 0 18 * * 1-4 next 2026-03-30T18:00:00+02:00
	// Stop 0 16 * * 5 next 2026-03-27T16:00:00+01:00
	// 43 hours on per week
}

// What is wrong with a cron expression is an error; the rest is told in words.
func ExampleParseCron() {
	cron, err := schedule.ParseCron("0 18 * * 1-5")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := schedule.Entry{Action: schedule.Stop, Enabled: true, Cron: &cron, Zone: "W. Europe Standard Time"}
	fmt.Println(e.Explain())
	_, err = schedule.ParseCron("0 18 * *")
	fmt.Println(err != nil)
	// Output:
	// Stop at 18:00 from Monday to Friday, W. Europe Standard Time
	// true
}

// A zone is found by its Windows or IANA name; the service takes Windows names.
func ExampleResolve() {
	for _, name := range []string{"europe/paris", "Tokyo Standard Time"} {
		zone, err := schedule.Resolve(name)
		fmt.Println(zone.Windows, "is", zone.IANA, err)
	}
	_, err := schedule.Resolve("Europe/Pariss")
	fmt.Println(err)
	// Output:
	// Romance Standard Time is Europe/Paris <nil>
	// Tokyo Standard Time is Asia/Tokyo <nil>
	// time zone "Europe/Pariss" is unknown: did you mean "Europe/Paris"?
}

// The next firings of a set, in their zone, across the change of the clocks.
func ExampleFirings() {
	hours, err := schedule.ParseHours([]string{"sat-mon 09:00-18:00"}, "W. Europe Standard Time")
	if err != nil {
		fmt.Println(err)
		return
	}
	from := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	for _, f := range schedule.Firings(hours.Entries, from, from.AddDate(0, 0, 2)) {
		fmt.Println(f.Action, f.At.Format(time.RFC3339))
	}
	next, ok := schedule.Next(hours.Entries, schedule.Start, from)
	fmt.Println(next.At.Format(time.RFC3339), ok)
	// Output:
	// Stop 2026-03-28T18:00:00+01:00
	// Start 2026-03-29T09:00:00+02:00
	// Stop 2026-03-29T18:00:00+02:00
	// Start 2026-03-30T09:00:00+02:00
	// 2026-03-29T09:00:00+02:00 true
}

// A plan says for every day what is on and what is off.
func ExampleNewPlan() {
	hours, err := schedule.ParseHours([]string{"mon-fri 09:00-18:00"}, "UTC")
	if err != nil {
		fmt.Println(err)
		return
	}
	monday := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	plan := schedule.NewPlan(hours.Entries, schedule.View{First: monday, Days: 2, Zone: time.UTC, State: schedule.Off})
	for _, day := range plan.Days {
		for _, s := range day.Segments {
			fmt.Println(s.From.Format("Mon 15:04"), s.State, s.To.Sub(s.From))
		}
	}
	fmt.Println(plan.On, plan.Off)
	// Output:
	// Mon 00:00 off 9h0m0s
	// Mon 09:00 on 9h0m0s
	// Mon 18:00 off 6h0m0s
	// Tue 00:00 off 9h0m0s
	// Tue 09:00 on 9h0m0s
	// Tue 18:00 off 6h0m0s
	// 18h0m0s 30h0m0s
}

// Skipping one firing moves the start of a schedule behind it; every later one
// stays.
func ExampleSkipNext() {
	cron, err := schedule.ParseCron("0 18 * * *")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := schedule.Entry{Action: schedule.Stop, Enabled: true, Cron: &cron, Zone: "UTC"}
	shift, err := schedule.SkipNext(e, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("skips", shift.Skipped[0].Format(time.RFC3339), "next", shift.Next.Format(time.RFC3339))
	fmt.Println("starts", shift.Entry.Start)
	// Output:
	// skips 2026-03-02T18:00:00Z next 2026-03-03T18:00:00Z
	// starts 2026-03-03T18:00:00
}

// An idle time takes units, or is ISO 8601 as the service writes it.
func ExampleParseIdle() {
	for _, text := range []string{"90m", "1d", "PT30M", "off", "5m"} {
		d, err := schedule.ParseIdle(text)
		fmt.Println(d, err == nil)
	}
	// Output:
	// 1h30m0s true
	// 24h0m0s true
	// 30m0s true
	// 0s true
	// 0s false
}
