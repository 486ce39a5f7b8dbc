package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
)

func newSchedulePreview() *command {
	c := &cobra.Command{
		Use: "preview [NAME…]",
		Long: `Show what the schedules of an instance do over the next days: a row a day, or a row
an instance when there are several. The present and clock changes are marked; the
hours on per week, and what they save against always on, are below. It is what
schedules do when nobody else starts or stops the instance; idle shutdown is left
out.

With -f it shows what a file of "schedule apply" would do, and asks nobody. As
JSON it is every firing, in the schedule's zone and in UTC.`,
		Example: `  computetarget schedule preview dev
  computetarget schedule preview
  computetarget schedule preview dev --days 31 -o json --query firings`,
	}
	names := namesFlag(c)
	days := c.Flags().Int("days", 7, "how many `DAYS`, from today, up to 366")
	file := fileFlag(c)
	zoneFlag(c.Flags())
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if *days < 1 || *days > 366 {
			return render.Result{}, exit.Usagef("--days: %d is not from 1 to 366", *days)
		}
		zone, _, err := a.GivenZone()
		if err != nil {
			return render.Result{}, err
		}
		var list []view.Preview
		if *file != "" {
			asked, wanted, err := readHours(ctx, a, names, args, *file)
			if err != nil {
				return render.Result{}, err
			}
			for _, t := range asked {
				list = append(list, view.Preview{Name: t.name, Schedules: wanted[t.key()].Schedules})
			}
			return view.Previews(list, zone, time.Now(), *days, len(list) != 1), nil
		}
		found, several, failed, err := instances(ctx, a, names, args)
		if err != nil {
			return render.Result{}, err
		}
		for _, one := range found {
			list = append(list, view.Preview{Name: one.Name, Compute: one, Schedules: one.Schedules()})
		}
		if len(list) == 0 && failed != nil {
			return render.Result{}, failed
		}
		r := view.Previews(list, zone, a.Now(), *days, several)
		r.Err = failed
		return r, nil
	})
}
