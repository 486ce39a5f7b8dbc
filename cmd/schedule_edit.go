package cmd

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func newScheduleEnable() *command {
	return newScheduleEdit(&cobra.Command{
		Use: "enable NAME SCHEDULE…",
		Long: `Enable schedules of an instance. Name a schedule by its number in "schedule
list", its id or a prefix of its id; --all means all.`,
		Example: `  computetarget schedule enable dev 2
  computetarget schedule enable -n dev -n gpu --all`,
	}, switched(true))
}

func newScheduleDisable() *command {
	return newScheduleEdit(&cobra.Command{
		Use: "disable NAME SCHEDULE…",
		Long: `Disable schedules of an instance without deleting them. Name a schedule by its
number in "schedule list", its id or a prefix of its id; --all means all.`,
		Example: `  computetarget schedule disable dev 2
  computetarget schedule disable dev --all`,
	}, switched(false))
}

func newScheduleDelete() *command {
	return newScheduleEdit(&cobra.Command{
		Use: "delete NAME SCHEDULE…",
		Long: `Delete schedules of an instance. Name a schedule by its number in "schedule
list", its id or a prefix of its id; --all means all.`,
		Example: `  computetarget schedule delete dev 2
  computetarget schedule delete dev --all`,
	}, func(name string, have []compute.Schedule, picked []int) ([]compute.Schedule, error) {
		var left []compute.Schedule
		for i, s := range have {
			if !slices.Contains(picked, i) {
				left = append(left, s)
			}
		}
		return left, nil
	})
}

func switched(on bool) func(string, []compute.Schedule, []int) ([]compute.Schedule, error) {
	return func(name string, have []compute.Schedule, picked []int) ([]compute.Schedule, error) {
		want := slices.Clone(have)
		for _, i := range picked {
			if want[i].Err != nil {
				return nil, cannotRead(name, i, want[i].Err)
			}
			want[i].Entry.Enabled = on
		}
		return want, nil
	}
}

// newScheduleEdit returns a command that acts on the schedules named after the
// instance, or on all with --all.
func newScheduleEdit(c *cobra.Command, edit func(name string, have []compute.Schedule, picked []int) ([]compute.Schedule, error)) *command {
	names := namesFlag(c)
	all := c.Flags().Bool("all", false, "all schedules of the instance")
	timeoutFlag(c)
	dryRunFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, ids, err := names.first(a, args)
		switch {
		case err != nil:
			return render.Result{}, err
		case *all && len(ids) > 0:
			return render.Result{}, exit.Usagef("give either schedules or --all")
		case !*all && len(ids) == 0:
			return render.Result{}, exit.Usagef("name schedules by their number or id, or give --all")
		}
		return change{edit: func(_ *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error) {
			picked, err := pick(have, ids)
			if err != nil {
				return nil, err
			}
			return edit(name, have, picked)
		}}.run(ctx, a, asked)
	})
}

// pick finds the named schedules, or all if none is named.
func pick(have []compute.Schedule, ids []string) ([]int, error) {
	entries := make([]schedule.Entry, len(have))
	var picked []int
	for i, s := range have {
		entries[i] = s.Entry
		if len(ids) == 0 {
			picked = append(picked, i)
		}
	}
	for _, id := range ids {
		i, err := schedule.Find(entries, id)
		if err != nil {
			return nil, err
		}
		picked = append(picked, i)
	}
	return picked, nil
}
