package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

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

func cannotRead(name string, i int, err error) error {
	return fmt.Errorf("schedule %d of %s cannot be read, so it cannot be changed, only deleted: %w", i+1, name, err)
}

func zoneFlag(f *pflag.FlagSet) *string {
	return f.String("time-zone", "", "time `ZONE` of the hours, such as Europe/Berlin or W. Europe Standard Time")
}

// viewZoneFlag adds --time-zone to a command that shows times.
func viewZoneFlag(f *pflag.FlagSet) {
	f.String("time-zone", "", "time `ZONE` to show times in, such as Europe/Berlin")
}

// notebook collects notes about each compute.
type notebook struct {
	mu    sync.Mutex
	notes map[string][]string
}

// about returns notes on an instance after its change.
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

// edit returns the new schedules of the named instance. It may be called
// concurrently.
type edit func(n *notebook, name string, have []compute.Schedule) ([]compute.Schedule, error)

// change is a change of schedules: an edit, or a replacement of all of them.
type change struct {
	edit   edit
	wanted func(in compute.Workspace, name string) []compute.Schedule // instead of edit
	last   about                                                      // may be nil
	check  bool                                                       // only compare: each instance that differs is an error with exit code 7
}

// run changes the schedules of instances and renders the outcome.
func (c change) run(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
	timeout, err := a.Settings.Duration(config.Timeout)
	if err == nil && !c.check {
		err = c.confirm(ctx, a, asked)
	}
	if err != nil {
		return render.Result{}, err
	}
	notes := &notebook{notes: map[string][]string{}}
	var settling sync.Mutex
	ended, err := eachOrNone(a, asked, func(client *compute.Client, names []string, before consenting) []compute.Change {
		saved := app.SaveSchedules(a, client.Workspace())
		o := compute.ChangeOptions{Timeout: timeout, Save: saved.Save, CompareOnly: c.check}
		if !c.check {
			o.Before = before
		}
		ended := client.ChangeSchedules(ctx, names, o, c.by(client, notes))
		if !c.check {
			settling.Lock() // questions about workspaces come one at a time
			saved.Settle(ended, c.wanted != nil)
			settling.Unlock()
		}
		return resumableHours(a, client, ended)
	})
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

// by returns the new schedules for the instances of a client.
func (c change) by(client *compute.Client, n *notebook) func(string, []compute.Schedule) ([]compute.Schedule, error) {
	return func(name string, have []compute.Schedule) ([]compute.Schedule, error) {
		if c.wanted != nil {
			return c.wanted(client.Workspace(), name), nil
		}
		return c.edit(n, name, have)
	}
}

// confirm asks before deleting schedules that hours cannot restore.
func (c change) confirm(ctx context.Context, a *app.App, asked []target) error {
	if a.Yes || a.DryRun || !a.CanAsk() {
		return nil
	}
	planned, err := each(a, asked, func(client *compute.Client, names []string) []compute.Change {
		return client.ChangeSchedules(ctx, names, compute.ChangeOptions{CompareOnly: true}, c.by(client, &notebook{notes: map[string][]string{}}))
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

// drift is an error with exit code 7 for each instance whose schedules differ.
func drift(ended []compute.Change) error {
	var drift []error
	for _, o := range ended {
		if o.Err == nil && !o.Already {
			drift = append(drift, exit.Errorf(exit.Check, "%s %s", o.Name, o.Difference()))
		}
	}
	return errors.Join(drift...)
}
