package cmd

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newScheduleSet() *command {
	c := &cobra.Command{
		Use: "set NAME HOURS…",
		Long: `Set the hours of an instance. This replaces all its schedules by the fewest that
start and stop it at these hours, four at most. Running it again changes
nothing.

Hours are days and times: 'mon-thu 09:00-18:00', 'mon,wed 9-17', 'weekdays
08:00-12:00,13:00-17:00', '22:00-06:00' (every day, stops the next day).
'09:00-' only starts, '-19:00' only stops. Days are names, ranges, lists,
weekdays, weekends or daily.

The time zone is --time-zone, COMPUTETARGET_TIME_ZONE or the setting time-zone;
on a terminal the default is this machine's. With --time-zone and no hours, the
existing schedules move to that time zone.

Schedules are read, changed, sent and read back. If somebody else changed them
meanwhile, nothing is sent (exit code 8). If the service then shows other
schedules, the command that restores the old ones is printed.`,
		Example: `  computetarget schedule set dev 'mon-thu 09:00-18:00' 'fri 09:00-16:00' --time-zone Europe/Berlin
  computetarget schedule set dev '-19:00' --time-zone Europe/Berlin
  computetarget schedule set -n dev -n gpu 'weekdays 08:00-18:00' --time-zone UTC
  computetarget schedule set dev --time-zone America/New_York`,
	}
	names := namesFlag(c)
	zone := zoneFlag(c.Flags())
	timeoutFlag(c)
	dryRunFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, hours, err := names.first(a, args)
		switch {
		case err != nil:
			return render.Result{}, err
		case len(hours) > 0:
		case *zone == "":
			// A time zone from the settings does not count: forgetting the
			// hours would move the schedules.
			return render.Result{}, exit.Usagef("give hours such as 'mon-thu 09:00-18:00', or --time-zone to move the existing schedules")
		default:
			return moveZone(ctx, a, asked)
		}
		entries, err := compileHours(a, hours)
		if err != nil {
			return render.Result{}, err
		}
		return change{wanted: func(compute.Workspace, string) []compute.Schedule { return entries }}.run(ctx, a, asked)
	})
}

// moveZone moves the existing schedules to the time zone of --time-zone.
func moveZone(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
	zone, err := a.Zone()
	if err != nil {
		return render.Result{}, err
	}
	warn(a, zone.Warning)
	return change{edit: func(_ *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error) {
		if len(have) == 0 {
			return nil, errors.New(name + " has no schedules to move to another time zone; give hours")
		}
		want := slices.Clone(have)
		for i := range want {
			if want[i].Err != nil {
				return nil, cannotRead(name, i, want[i].Err)
			}
			want[i].Entry.Zone = zone.Windows
		}
		return want, nil
	}}.run(ctx, a, asked)
}
