package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func newScheduleCreate() *command {
	c := &cobra.Command{
		Use: "create NAME --action start|stop --cron EXPRESSION",
		Long: `Add a schedule to an instance, with a cron expression or a recurrence.

A cron expression has five fields: minute, hour, day of month, month, day of
week (0 is Sunday). If day of month and day of week are both given, both must
match.

A recurrence fires every --interval of --frequency, --at times of day, on
--days: days of the week for week, days of the month for month. Intervals count
from --from.`,
		Example: `  computetarget schedule create dev --action stop --cron "0 18 * * 1-5" --time-zone Europe/Berlin
  computetarget schedule create dev --action start --frequency week --interval 1 --days mon,thu --at 09:00 --time-zone Europe/Berlin
  computetarget schedule create dev --action stop --frequency month --days 1,15 --at 20:00 --from 2027-01-01 --disabled --time-zone UTC`,
	}
	names := namesFlag(c)
	f := c.Flags()
	action := f.String("action", "", "what it does: `start` or stop")
	cron := f.String("cron", "", "five-field cron `EXPRESSION`")
	frequency := f.String("frequency", "", "`UNIT` of a recurrence: minute, hour, day, week or month")
	interval := f.Int("interval", 1, "every `N` of the frequency")
	days := f.StringSlice("days", nil, "`DAYS` of a recurrence: mon,thu with week, 1,15 with month")
	at := f.StringSlice("at", nil, "`TIMES` of day of a recurrence, such as 09:00")
	from := f.String("from", "", "`DATE` before which it does not fire, such as 2027-01-04 or 2027-01-04T09:00")
	disabled := f.Bool("disabled", false, "add it disabled")
	zoneFlag(f)
	changeFlags(c)
	choice(f, "action", "start", "stop")
	choice(f, "frequency", "minute", "hour", "day", "week", "month")
	required(c, "action")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.only(a, args)
		if err != nil {
			return render.Result{}, err
		}
		e := schedule.Entry{Action: schedule.Stop, Enabled: !*disabled}
		if *action == "start" {
			e.Action = schedule.Start
		}
		recurring := f.Changed("frequency") || f.Changed("interval") || f.Changed("days") || f.Changed("at")
		switch {
		case f.Changed("cron") && recurring:
			return render.Result{}, exit.Usagef("give either --cron or --frequency with its --interval, --days and --at")
		case f.Changed("cron"):
			parsed, err := schedule.ParseCron(*cron)
			if err != nil {
				return render.Result{}, exit.Usagef("--cron: %w", err)
			}
			e.Cron = &parsed
		case *frequency == "":
			return render.Result{}, exit.Usagef("say when: --cron '0 18 * * 1-5', or --frequency week --days mon-fri --at 18:00")
		default:
			if e.Recurrence, err = recurrence(*frequency, *interval, *days, *at); err != nil {
				return render.Result{}, err
			}
			if err := countedFrom(e.Recurrence, *from); err != nil {
				return render.Result{}, err
			}
		}
		zone, err := a.Zone()
		if err != nil {
			return render.Result{}, err
		}
		e.Zone = zone.Windows
		if e.Start, err = schedule.ParseStart(*from, e.Zone); err != nil {
			return render.Result{}, exit.Usagef("--from: %w", err)
		}
		if err := e.Validate(); err != nil {
			return render.Result{}, exit.Usagef("%w", err)
		}
		warn(a, e.Warnings()...)
		return change{edit: func(n *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error) {
			added := compute.Schedule{Entry: e}
			for i, s := range have {
				if s.Err == nil && s.Entry.Equal(e) {
					n.add(name, fmt.Sprintf("schedule %d already does that", i+1))
					return have, nil
				}
			}
			return append(slices.Clone(have), added), nil
		}}.run(ctx, a, asked)
	})
}

// recurrence builds a recurrence from the flags of schedule create.
func recurrence(frequency string, interval int, days, at []string) (*schedule.Recurrence, error) {
	unit, err := schedule.ParseFrequency(frequency)
	if err != nil {
		return nil, exit.Usagef("%w", err)
	}
	r := &schedule.Recurrence{Frequency: unit, Interval: interval}
	for _, text := range days {
		switch unit {
		case schedule.Month:
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				return nil, exit.Usagef("--days: %q is not a day of the month; write numbers such as 1,15", text)
			}
			r.MonthDays = append(r.MonthDays, n)
		case schedule.Week:
			first, last, ranged := strings.Cut(strings.TrimSpace(text), "-")
			day, err := schedule.ParseWeekday(first)
			if err != nil {
				return nil, exit.Usagef("--days: %w", err)
			}
			end := day
			if ranged {
				if end, err = schedule.ParseWeekday(last); err != nil {
					return nil, exit.Usagef("--days: %w", err)
				}
			}
			for ; ; day = (day + 1) % 7 {
				r.WeekDays = append(r.WeekDays, day)
				if day == end {
					break
				}
			}
		default:
			return nil, exit.Usagef("--days goes with --frequency week or month")
		}
	}
	if len(at) == 0 {
		return nil, exit.Usagef("a recurrence needs --at with its times of day, such as --at 09:00")
	}
	times := map[[2]int]bool{}
	for _, text := range at {
		t, err := time.Parse("15:04", strings.TrimSpace(text))
		if err != nil {
			return nil, exit.Usagef("--at: %q is not a time of day; write 00:00 to 23:59", text)
		}
		times[[2]int{t.Hour(), t.Minute()}] = true
		if !slices.Contains(r.Hours, t.Hour()) {
			r.Hours = append(r.Hours, t.Hour())
		}
		if !slices.Contains(r.Minutes, t.Minute()) {
			r.Minutes = append(r.Minutes, t.Minute())
		}
	}
	if len(r.Hours)*len(r.Minutes) != len(times) {
		return nil, exit.Usagef("--at: a recurrence fires at every combination of its hours and minutes, so %s would fire more often; use two schedules", strings.Join(at, ","))
	}
	return r, nil
}

// countedFrom checks r, and that --from is given if r counts from it.
func countedFrom(r *schedule.Recurrence, from string) error {
	if err := r.Validate(); err != nil {
		return exit.Usagef("%w", err)
	}
	unit := strings.ToLower(string(r.Frequency))
	days := len(r.WeekDays) + len(r.MonthDays)
	switch {
	case from != "":
	case r.Interval > 1:
		return exit.Usagef("every %d %ss is counted from a day: give it with --from, such as --from 2027-01-04", r.Interval, unit)
	case days == 0 && r.Frequency == schedule.Week:
		return exit.Usagef("on which days of the week? give --days mon,thu, or --from a day to take its day of the week")
	case days == 0 && r.Frequency == schedule.Month:
		return exit.Usagef("on which days of the month? give --days 1,15, or --from a day to take its day of the month")
	}
	return nil
}
