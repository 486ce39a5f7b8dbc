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

// command is a verb: what cobra knows of it, and what it does. Building one does
// nothing else, so the reference and the completion build them, too.
type command struct {
	*cobra.Command
	entry entry
	do    func(context.Context, *app.App, []string) (render.Result, error)
}

// run makes f what the command does: settings are checked first, then f is
// called, then its value is rendered.
func run(c *cobra.Command, f func(context.Context, *app.App, []string) (render.Result, error)) *command {
	return &command{Command: c, do: f}
}

// perform checks what was typed and the settings, does what the command does,
// within its time, and renders what came of it. The App is nil when it did not
// come to that.
func (c *command) perform(ctx context.Context, w app.World, kind string, args []string) (*app.App, error) {
	if err := c.misread(kind, args); err != nil {
		return nil, err
	}
	names, ids := c.prints()
	a, err := app.Begin(w, app.Call{Flags: c.Flags(), ComputeType: kind, NoFiles: c.entry.noFiles, Names: names, IDs: ids})
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
		// What was read in part is no result.
		err = context.Cause(within)
	}
	if err == nil || errors.Is(err, compute.ErrDryRun) {
		err = a.Print(result)
	}
	return a, a.Explain(ctx, err)
}

// misread refuses what was meant as something else, and what is missing.
func (c *command) misread(kind string, args []string) error {
	if err := misreadFlags(c.Command); err != nil {
		return err
	}
	if !c.takesNames() { // what is beside names is refused with them
		if err := misreadArguments(c.Command, args); err != nil {
			return err
		}
	}
	if err := c.missing(args); err != nil {
		return err
	}
	return c.goesWith(kind)
}

// bounded is the context of a command. It ends with the setting of --timeout, so
// that whatever the command waits for has an end: an operation, a request, a
// file, stdin, a lock.
func (c *command) bounded(ctx context.Context, a *app.App) (context.Context, context.CancelFunc, error) {
	watch := c.Flags().Lookup("watch")
	if c.entry.endless || c.entry.noFiles || watch != nil && watch.Changed {
		return ctx, func() {}, nil
	}
	timeout, err := a.Settings.Duration(config.Timeout)
	switch {
	case err != nil && c.Flags().Lookup("timeout") != nil:
		return nil, nil, err
	case err != nil || timeout <= 0: // a setting for other commands keeps none from its work
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, exit.Errorf(exit.Timeout, "the time given, %s, is over", timeout))
	return ctx, cancel, nil
}

// takesNames reports whether the command takes names of computes.
func (c *command) takesNames() bool { return c.Flags().Lookup("name") != nil }

// prints tells whether the result of the command has names and ARM ids.
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

// missing says which required flags were not given, as az says it, or were given
// an empty value. A name may stand without its flag.
func (c *command) missing(args []string) error {
	var absent []string
	own, _ := flagLists(c.Command)
	for _, f := range own {
		if f.Annotations[requiredFlag] == nil {
			continue
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name += "/-" + f.Shorthand
		}
		switch {
		case !f.Changed:
			absent = append(absent, name)
		case strings.TrimSpace(f.Value.String()) == "": // of a variable that is not set, perhaps
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
