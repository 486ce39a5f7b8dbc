package schedule_test

import (
	"fmt"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
)

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
