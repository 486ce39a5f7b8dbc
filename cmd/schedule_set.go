package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
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
	changeFlags(c)
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

func newScheduleApply() *command {
	c := &cobra.Command{
		Use: "apply [NAME…] -f FILE",
		Long: `Set the hours or schedules of instances from a YAML or JSON file. Instances that
already match the file are left alone, so you can run it again at any time.

  time-zone: Europe/Berlin
  instances:
    dev:
      hours: [mon-thu 09:00-18:00, fri 09:00-16:00]
    gpu:
      hours: "-19:00"

A file without instances has the hours, or schedules as "schedule list -o json"
prints them, for the instances on the command line. If the file has instances,
names on the command line select some of them.

It also reads parameters files, ARM templates, policies, the YAML of az's ml
extension and the output of "show --raw". Anything else is an error; only an
empty list, such as schedules: [], removes all schedules. On a terminal you are
asked first.

--check sends nothing and exits with code 7 if an instance does not match the
file.`,
		Example: `  computetarget schedule list dev -o json | computetarget schedule apply dev -f -
  computetarget schedule apply -f hours.yaml
  computetarget schedule apply -f hours.yaml --check`,
	}
	names := namesFlag(c)
	file := fileFlag(c)
	check := c.Flags().Bool("check", false, "only compare; exit code 7 if something differs")
	zoneFlag(c.Flags())
	required(c, "file")
	changeFlags(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, wanted, err := readHours(ctx, a, names, args, *file)
		if err != nil {
			return render.Result{}, err
		}
		if len(asked) == 1 && asked[0].name == "" {
			return render.Result{}, exit.Usagef("%s names no instance; name one on the command line", *file)
		}
		for _, t := range asked {
			for _, note := range wanted[t.key()].Notes {
				warn(a, t.label()+": "+note)
			}
		}
		return change{check: *check, wanted: func(in compute.Workspace, name string) []compute.Schedule {
			return wantedIn(wanted, in, name).Schedules
		}}.run(ctx, a, asked)
	})
}

func fileFlag(c *cobra.Command) *string {
	return c.Flags().StringP("file", "f", "", "`FILE` of hours or schedules, YAML or JSON; - is stdin")
}

// wantedIn is what a file wants for a compute of a workspace.
func wantedIn(wanted map[string]manifest.Wanted, in compute.Workspace, name string) manifest.Wanted {
	if w, ok := wanted[target{name: name}.key()]; ok {
		return w
	}
	return wanted[target{name, in}.key()]
}

// readHours reads a file of hours and returns its instances, limited to the
// given names, if any.
func readHours(ctx context.Context, a *app.App, names *names, args []string, file string) ([]target, map[string]manifest.Wanted, error) {
	var asked []target
	var err error
	if names.given(args) {
		if asked, err = names.all(a, args); err != nil {
			return nil, nil, err
		}
	}
	data, err := a.ReadText(ctx, file, input.Value)
	if err != nil {
		return nil, nil, err
	}
	list, err := manifest.ReadSchedules(data, a.Zone)
	if err != nil {
		return nil, nil, exit.Usagef("%s: %w", file, err)
	}
	var own []string
	wanted := map[string]manifest.Wanted{}
	for _, w := range list {
		if w.Name != "" {
			own = append(own, w.Name)
			continue
		}
		if len(asked) == 0 {
			wanted[target{}.key()] = w
		}
		for _, t := range asked {
			wanted[t.key()] = w
		}
	}
	inFile, err := names.named(a, own)
	switch {
	case err != nil:
		return nil, nil, exit.Usagef("%s: %w", file, err)
	case len(inFile) < len(own):
		return nil, nil, exit.Usagef("%s names an instance twice: %s", file, strings.Join(own, ", "))
	}
	for i, t := range inFile {
		wanted[t.key()] = list[slices.IndexFunc(list, func(w manifest.Wanted) bool { return w.Name == own[i] })]
	}
	if len(asked) == 0 {
		asked = inFile
	}
	for _, t := range asked {
		if _, ok := wanted[t.key()]; !ok {
			return nil, nil, exit.Usagef("%s does not mention %s, only %s", file, t.name, strings.Join(slices.Sorted(slices.Values(own)), ", "))
		}
	}
	if len(asked) == 0 && len(wanted) > 0 {
		asked = []target{{}} // hours of no instance
	}
	return asked, wanted, nil
}
