package cmd

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newScheduleList() *command {
	c := &cobra.Command{
		Use: "list [NAME…]",
		Long: `List the schedules of instances: what each does, and when it fires next in its
time zone and in UTC. Without a name, it lists all instances that have
schedules.

Use the number of a schedule with enable, disable and delete. As JSON, schedules
are the service's own objects.`,
		Example: `  computetarget schedule list dev
  computetarget schedule list dev -o json
  computetarget schedule list`,
	}
	names := namesFlag(c)
	viewZoneFlag(c.Flags())
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		found, several, failed, err := instances(ctx, a, names, args)
		if err != nil {
			return render.Result{}, err
		}
		if several && !names.given(args) {
			found = slices.DeleteFunc(found, func(c *compute.Compute) bool { return len(c.Schedules()) == 0 })
		}
		if len(found) == 0 && failed != nil { // "schedule apply -f -" reads an empty list as no schedules
			return render.Result{}, failed
		}
		r := view.Schedules(found, several)
		r.Err = failed
		return r, nil
	})
}

// instances reads the named instances, or all of the workspace. failed are
// those that could not be read; several is false for a single name.
func instances(ctx context.Context, a *app.App, names *names, args []string) (found []*compute.Compute, several bool, failed, err error) {
	if !names.given(args) {
		client, err := a.Client()
		if err != nil {
			return nil, false, nil, err
		}
		all, err := client.All(ctx)
		if err != nil {
			return nil, true, nil, err
		}
		for _, one := range all {
			if one.IsInstance() && one.Instance != nil {
				found = append(found, one)
			}
		}
		return found, true, nil, nil
	}
	asked, err := names.all(a, args)
	if err != nil {
		return nil, false, nil, err
	}
	read, err := getEach(ctx, a, asked)
	if err != nil {
		return nil, false, nil, err
	}
	var errs []error
	for _, o := range read {
		switch {
		case o.Err != nil:
			errs = append(errs, o.Err)
		case !o.Compute.IsInstance() || o.Compute.Instance == nil:
			errs = append(errs, exit.Usagef("%s is of type %s; only compute instances have schedules", o.Name, o.Compute.ComputeType))
		default:
			found = append(found, o.Compute)
		}
	}
	return found, len(asked) != 1, errors.Join(errs...), nil
}

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
