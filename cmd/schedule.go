package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func newScheduleSet() *command {
	c := &cobra.Command{
		Use: "set NAME HOURS…",
		Long: `Set the hours of an instance: all its schedules are replaced by the fewest that
start and stop it at these hours, four at most. Running it again changes nothing.

Hours are days and times: 'mon-thu 09:00-18:00', 'mon,wed 9-17', 'weekdays
08:00-12:00,13:00-17:00', '22:00-06:00' (every day, stops the next day). '09:00-'
only starts, '-19:00' only stops. Days are names, ranges, lists, weekdays,
weekends or daily.

The hours are in the zone of --time-zone, of COMPUTETARGET_TIME_ZONE or of the
setting time-zone; on a terminal this machine's zone is taken when none is set.
With --time-zone and no hours, the schedules there are move to that zone.

Schedules are read, changed, sent and read back. When somebody else changes them
in between nothing is sent (exit code 8); when the service does not show what was
asked, the command that restores the old ones is printed.`,
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
			// A zone from the settings is not asked for here and now: whoever
			// forgot the hours would move the schedules.
			return render.Result{}, exit.Usagef("give hours such as 'mon-thu 09:00-18:00', or --time-zone to move the schedules there are")
		default:
			return moveZone(ctx, a, asked)
		}
		entries, err := compileHours(a, hours)
		if err != nil {
			return render.Result{}, err
		}
		return replaceSchedules(ctx, a, asked, func(compute.Workspace, string) []compute.Schedule { return entries }, false)
	})
}

// moveZone moves the schedules there are to the zone of --time-zone.
func moveZone(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
	zone, err := a.Zone()
	if err != nil {
		return render.Result{}, err
	}
	warn(a, zone.Warning)
	return changeSchedules(ctx, a, asked, func(_ *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error) {
		if len(have) == 0 {
			return nil, errors.New(name + " has no schedules whose time zone could be changed; give hours")
		}
		want := slices.Clone(have)
		for i := range want {
			if want[i].Err != nil {
				return nil, cannotRead(name, i, want[i].Err)
			}
			want[i].Entry.Zone = zone.Windows
		}
		return want, nil
	})
}

// warn says what a person should know of what is about to be sent. It is said
// first, so that it stands beside a refusal and in a dry run too.
func warn(a *app.App, notes ...string) {
	for _, note := range notes {
		if note != "" {
			a.Note("%s", note)
		}
	}
}

// compileHours compiles hours in the zone of the settings.
func compileHours(a *app.App, texts []string) ([]compute.Schedule, error) {
	zone, err := a.Zone()
	if err != nil {
		return nil, err
	}
	hours, err := schedule.ParseHours(texts, zone.Windows)
	if err != nil {
		return nil, exit.Usagef("%w", err)
	}
	warn(a, append(hours.Notes, zone.Warning)...)
	var out []compute.Schedule
	for _, e := range hours.Entries {
		out = append(out, compute.Schedule{Entry: e})
	}
	return out, nil
}

func newScheduleCreate() *command {
	c := &cobra.Command{
		Use: "create NAME --action start|stop --cron EXPRESSION",
		Long: `Add one schedule to those an instance has, by a cron expression or by a recurrence.

A cron expression has five fields: minute, hour, day of month, month, day of week
(0 is Sunday). When day of month and day of week are both given, both must match.

A recurrence is every --interval of --frequency: --at times of day, on --days,
which are days of the week for week and days of the month for month. Intervals
are counted from --from.`,
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
	disabled := f.Bool("disabled", false, "add it switched off")
	zoneFlag(f)
	timeoutFlag(c)
	dryRunFlag(c)
	choice(f, "action", "start", "stop")
	choice(f, "frequency", "minute", "hour", "day", "week", "month")
	required(c, "action")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, rest, err := names.first(a, args)
		if err != nil {
			return render.Result{}, err
		}
		if len(rest) > 0 {
			return render.Result{}, noNames(c, rest)
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
		return changeSchedules(ctx, a, asked, func(n *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error) {
			added := compute.Schedule{Entry: e}
			for i, s := range have {
				if s.Err == nil && s.Entry.Equal(e) {
					n.add(name, fmt.Sprintf("schedule %d does that already", i+1))
					return have, nil
				}
			}
			return append(slices.Clone(have), added), nil
		})
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
				return nil, exit.Usagef("--days: %q is no day of the month; write numbers such as 1,15", text)
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
			return nil, exit.Usagef("--at: %q is no time of day; write 00:00 to 23:59", text)
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
		return nil, exit.Usagef("--at: a recurrence fires at every one of its hours and minutes together, so %s would fire more often; use two schedules", strings.Join(at, ","))
	}
	return r, nil
}

// countedFrom checks r and that --from is there when r is counted from it.
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

func newScheduleList() *command {
	c := &cobra.Command{
		Use: "list [NAME…]",
		Long: `List the schedules of instances: what each does, in words, and when it fires next
in its zone and in UTC. Without a name, those of all instances that have some.

The number in front names a schedule for enable, disable, delete, skip and pause.
As JSON they are the service's own objects.`,
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
		if len(found) == 0 && failed != nil { // "schedule apply -f -" takes an empty list for no schedules
			return render.Result{}, failed
		}
		r := view.Schedules(found, several)
		r.Err = failed
		return r, nil
	})
}

// instances reads the instances named, or all of the workspace. failed are
// those that could not be read; several is true unless one name was given.
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
			errs = append(errs, exit.Usagef("%s is of type %s; only compute instances have hours", o.Name, o.Compute.ComputeType))
		default:
			found = append(found, o.Compute)
		}
	}
	return found, len(asked) != 1, errors.Join(errs...), nil
}

func newScheduleEnable() *command {
	return newScheduleEdit(&cobra.Command{
		Use: "enable NAME SCHEDULE…",
		Long: `Switch schedules of an instance on. A schedule is named by the number "schedule
list" shows, by its id or by the beginning of it; --all names them all.`,
		Example: `  computetarget schedule enable dev 2
  computetarget schedule enable -n dev -n gpu --all`,
	}, switched(true))
}

func newScheduleDisable() *command {
	return newScheduleEdit(&cobra.Command{
		Use: "disable NAME SCHEDULE…",
		Long: `Switch schedules of an instance off and keep them. A schedule is named by the
number "schedule list" shows, by its id or by the beginning of it; --all names
them all.`,
		Example: `  computetarget schedule disable dev 2
  computetarget schedule disable dev --all`,
	}, switched(false))
}

func newScheduleDelete() *command {
	return newScheduleEdit(&cobra.Command{
		Use: "delete NAME SCHEDULE…",
		Long: `Delete schedules of an instance. A schedule is named by the number "schedule
list" shows, by its id or by the beginning of it; --all names them all.`,
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

// newScheduleEdit is a command that acts on the schedules named after the
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
		return changeSchedules(ctx, a, asked, func(_ *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error) {
			picked, err := pick(have, ids)
			if err != nil {
				return nil, err
			}
			return edit(name, have, picked)
		})
	})
}

// pick finds the schedules people name; all when they name none.
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

func cannotRead(name string, i int, err error) error {
	return fmt.Errorf("schedule %d of %s cannot be read, so it cannot be changed, only deleted: %w", i+1, name, err)
}

func zoneFlag(f *pflag.FlagSet) *string {
	return f.String("time-zone", "", "`ZONE` of the hours, such as Europe/Berlin or W. Europe Standard Time")
}

// viewZoneFlag adds --time-zone to a command that shows times.
func viewZoneFlag(f *pflag.FlagSet) {
	f.String("time-zone", "", "`ZONE` of the times shown, such as Europe/Berlin")
}

// notebook collects what people should know about each compute.
type notebook struct {
	mu    sync.Mutex
	notes map[string][]string
}

// about is what is said about an instance once its change came out.
type about func(now time.Time, c *compute.Compute) string

func (n *notebook) add(name string, notes ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, note := range notes {
		if note != "" {
			n.notes[name] = append(n.notes[name], note)
		}
	}
}

// edit returns the schedules that the named instance is to have. It may be
// called for several at a time.
type edit func(n *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error)

// changeSchedules changes the schedules of instances and renders how that
// ended.
func changeSchedules(ctx context.Context, a *app.App, asked []target, edit edit) (render.Result, error) {
	return changeAndTell(ctx, a, asked, edit, nil)
}

// replaceSchedules gives instances the schedules wanted in the place of all they
// have. With check nothing is sent, and each that has others is an error of
// exit code 7.
func replaceSchedules(ctx context.Context, a *app.App, asked []target, wanted func(in compute.Workspace, name string) []compute.Schedule, check bool) (render.Result, error) {
	return change{wanted: wanted, check: check}.run(ctx, a, asked)
}

// changeAndTell is changeSchedules with a last word about each instance.
func changeAndTell(ctx context.Context, a *app.App, asked []target, edit edit, last about) (render.Result, error) {
	return change{edit: edit, last: last}.run(ctx, a, asked)
}

// change is a change of schedules.
type change struct {
	edit   edit
	wanted func(in compute.Workspace, name string) []compute.Schedule // instead of edit: whatever is there is replaced
	last   about                                                      // may be nil
	check  bool                                                       // only compare
}

func (c change) run(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
	o, err := hoursOptions(a)
	if err != nil {
		return render.Result{}, err
	}
	if !c.check {
		if err := c.confirm(ctx, a, asked); err != nil {
			return render.Result{}, err
		}
	}
	notes := &notebook{notes: map[string][]string{}}
	var settling sync.Mutex
	all := newConsent(a, asked)
	ended, err := each(a, asked, func(client *compute.Client, names []string) []compute.Change {
		saved, o := app.SaveSchedules(a, client.Workspace()), o
		o.Save, o.Check = saved.Save, c.check
		if !c.check {
			o.Before = all.before(client)
		}
		ended := client.ChangeSchedules(ctx, names, o, c.by(client, notes))
		if !c.check {
			settling.Lock() // what it says of one workspace comes after that of another
			saved.Settle(ended, c.wanted != nil)
			settling.Unlock()
		}
		return resumableHours(a, client, ended)
	})
	if err == nil {
		err = all.refusal()
	}
	if err != nil {
		return render.Result{}, err
	}
	for _, o := range ended {
		if o.Err == nil && c.last != nil {
			notes.add(o.Name, c.last(a.Now(), o.Now()))
		}
	}
	r := view.HoursChanged(ended, len(asked) != 1, a.Now(), notes.notes)
	if c.check {
		r.Err = errors.Join(drift(ended), r.Err)
	}
	return r, nil
}

// planned is how the change would go; nothing is sent.
func (c change) planned(ctx context.Context, client *compute.Client, names []string) []compute.Change {
	return client.ChangeSchedules(ctx, names, compute.ChangeOptions{Check: true}, c.by(client, &notebook{notes: map[string][]string{}}))
}

// by is what the instances of a client are to have.
func (c change) by(client *compute.Client, n *notebook) func(string, []compute.Schedule) ([]compute.Schedule, error) {
	return func(name string, have []compute.Schedule) ([]compute.Schedule, error) {
		if c.wanted != nil {
			return c.wanted(client.Workspace(), name), nil
		}
		return c.edit(n, name, have)
	}
}

// confirm asks a person before schedules are lost that a line of hours does not
// bring back.
func (c change) confirm(ctx context.Context, a *app.App, asked []target) error {
	if a.Yes || a.DryRun || !a.CanAsk() {
		return nil
	}
	planned, err := each(a, asked, func(client *compute.Client, names []string) []compute.Change {
		return c.planned(ctx, client, names)
	})
	if err != nil {
		return err
	}
	var lost []string
	wrong := make([]error, len(planned))
	for i, o := range planned {
		if compute.KindOf(o.Err) == compute.KindInvalid {
			wrong[i] = o.Err
		}
		if o.Err == nil && app.Loses(o, c.wanted != nil) {
			var words []string
			for _, s := range o.Lost() {
				words = append(words, explained(s))
			}
			lost = append(lost, fmt.Sprintf("%s (%s)", o.Name, strings.Join(words, "; ")))
		}
	}
	if err := refused(asked, wrong); err != nil || len(lost) == 0 {
		return err
	}
	ok, err := a.Confirm(ctx, fmt.Sprintf("Delete the schedules of %s?", strings.Join(lost, ", ")))
	if err == nil && !ok {
		return exit.Errorf(exit.Failed, "no schedule was changed")
	}
	return err
}

func explained(s compute.Schedule) string {
	if s.Err != nil {
		return "one that cannot be read"
	}
	return s.Entry.Explain()
}

// drift is an error of exit code 7 for each instance that has other schedules
// than it should.
func drift(ended []compute.Change) error {
	var drift []error
	for _, o := range ended {
		if o.Err == nil && !o.Already {
			drift = append(drift, exit.Errorf(exit.Check, "%s %s", o.Name, o.Difference()))
		}
	}
	return errors.Join(drift...)
}
