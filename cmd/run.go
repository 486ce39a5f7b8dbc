package cmd

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// command is a verb: its cobra command, and what it does. Building one has no
// effect, so the reference and completion build them, too.
type command struct {
	*cobra.Command
	entry entry
	do    func(context.Context, *app.App, []string) (render.Result, error)
}

// run sets f as the command's action: settings are checked, f is called, and
// its value is rendered.
//
//go:noinline
func run(c *cobra.Command, f func(context.Context, *app.App, []string) (render.Result, error)) *command {
	return &command{Command: c, do: f}
}

// perform checks arguments and settings, runs the command within its timeout,
// and renders the result. The App is nil if it failed before.
func (c *command) perform(ctx context.Context, w app.World, kind string, args []string) (*app.App, error) {
	if err := c.misread(kind, args); err != nil {
		return nil, err
	}
	names, ids := c.prints()
	a, err := app.Begin(w, app.Call{Flags: c.Flags(), ComputeType: kind, NoFiles: c.entry.noFiles, Names: names, IDs: ids, V2: c.entry.v2()})
	if err != nil {
		return nil, err
	}
	for _, name := range withoutEffect(c.Flags()) {
		a.Note("%s has no effect: it is for az's own requests", name)
	}
	within, cancel, err := c.bounded(ctx, a)
	if err != nil {
		return a, err
	}
	defer cancel()
	a.In = input.Until(within, a.In)
	result, err := c.do(within, a, args)
	if err == nil && result.Err == nil && within.Err() != nil && !a.Changed() && !c.entry.endless {
		// A partial read is not a result.
		err = context.Cause(within)
	}
	if err == nil || errors.Is(err, compute.ErrDryRun) {
		err = a.Print(result)
	}
	return a, a.Explain(ctx, err)
}

// misread refuses misread and missing arguments.
func (c *command) misread(kind string, args []string) error {
	if err := misreadFlags(c.Command); err != nil {
		return err
	}
	missing := c.missing(args)
	if missing != nil || !c.takesNames() { // otherwise refused together with the names
		if err := misreadArguments(c.Command, args); err != nil {
			return err // the flag that is missing may be the one that was mistyped
		}
	}
	if missing != nil {
		return missing
	}
	return c.goesWith(kind)
}

// bounded is the context of a command. It ends after --timeout, which limits
// every wait: for an operation, a request, a file, stdin or a lock.
func (c *command) bounded(ctx context.Context, a *app.App) (context.Context, context.CancelFunc, error) {
	watch := c.Flags().Lookup("watch")
	if c.entry.endless || c.entry.noFiles || watch != nil && watch.Changed {
		return ctx, func() {}, nil
	}
	timeout, err := a.Settings.Duration(config.Timeout)
	switch {
	case err != nil && c.Flags().Lookup("timeout") != nil:
		return nil, nil, err
	case err != nil || timeout <= 0: // an invalid setting of other commands is ignored
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, exit.Errorf(exit.Timeout, "the time given, %s, is over", timeout))
	return ctx, cancel, nil
}

// takesNames reports whether the command takes names of computes.
func (c *command) takesNames() bool { return c.Flags().Lookup("name") != nil }

// prints reports whether the result of the command has names and ARM ids.
func (c *command) prints() (names, ids bool) {
	switch c.entry.prints {
	case namesAndIDs:
		return true, true
	case onlyNames:
		return true, false
	case neither:
		return false, false
	}
	return c.takesNames(), c.takesNames()
}

// missing names the required flags that are missing or empty, in az's words. A
// name does not need its flag.
func (c *command) missing(args []string) error {
	var absent []string
	own, _ := flagLists(c.Command)
	file := c.Flags().Lookup("file") // which may hold the rest
	for _, f := range own {
		if f.Annotations[requiredFlag] == nil || file != nil && file.Changed && f != file {
			continue
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name += "/-" + f.Shorthand
		}
		switch {
		case !f.Changed:
			absent = append(absent, name)
		case strings.TrimSpace(f.Value.String()) == "": // perhaps an unset variable
			return exit.Usagef("argument %s: its value is empty", name)
		}
	}
	if len(absent) > 0 {
		if f := c.Flags().Lookup("name"); f != nil && !f.Changed && len(args) == 0 && !c.entry.unnamed {
			absent = append([]string{"--name/-n"}, absent...)
		}
		return exit.Usagef("the following arguments are required: %s", strings.Join(absent, ", "))
	}
	return nil
}
