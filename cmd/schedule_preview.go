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
		Long: `Show what the schedules of an instance do over the next days, one row per day
or, for several instances, one row per instance. It marks the current time and
clock changes, and shows the hours on per week and the savings against always
on. It assumes that only schedules start or stop the instance and ignores idle
shutdown.

With -f it shows the effect of a file of "schedule apply", without any request.
As JSON it lists every firing, in the schedule's time zone and in UTC.`,
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
