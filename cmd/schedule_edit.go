package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
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
	changeFlags(c)
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

func newScheduleSkip() *command {
	c := &cobra.Command{
		Use: "skip NAME",
		Long: `Skip the next firing of an instance's schedules once: "I work late today".
--next stop skips the next stop, even if a start comes first. The start time of
the schedule moves to its following occurrence. What will not happen and what
happens next are printed. Idle shutdown still applies.`,
		Example: `  computetarget schedule skip dev --next stop
  computetarget schedule skip dev`,
	}
	names := namesFlag(c)
	next := c.Flags().String("next", "", "which firing: `start` or stop (default the next of either)")
	choice(c.Flags(), "next", "start", "stop")
	changeFlags(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.only(a, args)
		if err != nil {
			return render.Result{}, err
		}
		var action schedule.Action
		switch *next {
		case "start":
			action = schedule.Start
		case "stop":
			action = schedule.Stop
		}
		return shift(ctx, a, asked, func(now time.Time, have []schedule.Entry) ([]int, func(schedule.Entry) (schedule.Shift, error), error) {
			first, ok := schedule.Next(have, action, now)
			if !ok {
				what := strings.ToLower(string(action))
				if what == "" {
					what = "start or stop"
				}
				return nil, nil, fmt.Errorf("no schedule will %s it, so there is nothing to skip", what)
			}
			var picked []int
			for i, e := range have {
				if at, ok := e.Next(now); ok && e.Action == first.Action && at.Equal(first.At) {
					picked = append(picked, i)
				}
			}
			return picked, func(e schedule.Entry) (schedule.Shift, error) { return schedule.SkipNext(e, now) }, nil
		})
	})
}

func newSchedulePause() *command {
	c := &cobra.Command{
		Use: "pause NAME --until DATE",
		Long: `Skip all firings of an instance's schedules until a day or time, for example
over the holidays. Schedules then resume by themselves. The start times of the
enabled schedules move to their first occurrence from that day on. What will not
happen and what happens next are printed. Idle shutdown still applies.

The day is in the schedules' own time zone.`,
		Example: `  computetarget schedule pause dev --until 2027-01-04
  computetarget schedule pause -n dev -n gpu --until 2027-01-04T12:00`,
	}
	names := namesFlag(c)
	until := c.Flags().String("until", "", "`DATE` from which schedules fire again, such as 2027-01-04")
	required(c, "until")
	changeFlags(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.only(a, args)
		if err != nil {
			return render.Result{}, err
		}
		if at, err := schedule.ParseStart(*until, "UTC"); err != nil || at.IsZero() {
			return render.Result{}, exit.Usagef("--until: write a day such as 2027-01-04, or 2027-01-04T09:00")
		}
		return shift(ctx, a, asked, func(now time.Time, have []schedule.Entry) ([]int, func(schedule.Entry) (schedule.Shift, error), error) {
			var picked []int
			for i, e := range have {
				if e.Enabled {
					picked = append(picked, i)
				}
			}
			if len(picked) == 0 {
				return nil, nil, fmt.Errorf("no schedule is enabled, so there is nothing to pause")
			}
			return picked, func(e schedule.Entry) (schedule.Shift, error) {
				at, err := schedule.ParseStart(*until, e.Zone)
				if err != nil {
					return schedule.Shift{}, err
				}
				zone, err := schedule.Resolve(e.Zone)
				if err != nil || zone.Location == nil {
					return schedule.Shift{}, fmt.Errorf("the time zone %q is not known here", e.Zone)
				}
				return schedule.PauseUntil(e, now, at.In(zone.Location))
			}, nil
		})
	})
}

// shift moves the start times of the schedules that choose returns.
func shift(ctx context.Context, a *app.App, asked []target, choose func(now time.Time, have []schedule.Entry) ([]int, func(schedule.Entry) (schedule.Shift, error), error)) (render.Result, error) {
	return change{last: view.Applies, edit: func(n *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error) {
		now := a.Now()
		entries, numbers := view.Entries(have)
		picked, move, err := choose(now, entries)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		want := slices.Clone(have)
		for _, i := range picked {
			s, err := move(entries[i])
			if err != nil {
				return nil, fmt.Errorf("%s: schedule %d: %w", name, numbers[i], err)
			}
			want[numbers[i]-1].Entry = s.Entry
			n.add(name, view.Skipped(s, now))
		}
		return want, nil
	}}.run(ctx, a, asked)
}
