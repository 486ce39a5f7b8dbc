package cmd

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/argv"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
)

// execute finds the command in args, builds it and runs it. The App is nil if
// it failed before.
func execute(ctx context.Context, w app.World, args []string) (*app.App, error) {
	root := &cobra.Command{Use: "computetarget", SilenceErrors: true, SilenceUsage: true}
	root.SetIn(w.In)
	root.SetOut(w.Out)
	root.SetErr(w.Err)
	root.SetHelpCommand(&cobra.Command{Hidden: true})
	root.CompletionOptions.DisableDefaultCmd = true
	var helped error // cobra's help cannot fail
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		helped = printed(w.Out, func(out io.Writer) { writeHelp(out, c) })
	})
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) {
			what := map[string]string{"int": "not a whole number", "float64": "not a number", "bool": "not true or false"}[invalid.GetFlag().Value.Type()]
			if what != "" {
				return exit.Usagef("argument --%s: %q is %s", invalid.GetFlag().Name, invalid.GetValue(), what)
			}
		}
		return exit.Usagef("%w", err)
	})

	hideSecrets(w.Streams, args)
	globalSet := &cobra.Command{}
	globals(globalSet.Flags())
	found, err := argv.Path(args, tree(), grammar(globalSet.Flags()))
	if err != nil {
		return nil, advise(err, nil, nil)
	}
	if len(found.Path) > 0 && strings.HasPrefix(found.Path[0], "__complete") {
		complete(ctx, w, found.Rest, found.Path[0] == cobra.ShellCompRequestCmd)
		return nil, nil
	}
	if len(found.Path) > 0 && found.Path[0] == "help" {
		return nil, help(w.Out, root, found.Rest)
	}
	e, ok := find(found.Path)
	switch {
	case len(found.Path) == 0 && slices.Contains(found.Rest, "--version"):
		e, _ = find([]string{"version"})
		found.Path, found.Rest = []string{"version"}, nil
	case len(found.Path) == 0:
		return nil, printed(w.Out, writeRootHelp)
	case ok && e.build == nil:
		if wantsHelp(found.Rest) {
			return nil, printed(w.Out, func(out io.Writer) { writeGroupHelp(out, e, root) })
		}
		writeGroupHelp(w.Err, e, nil)
		return nil, exit.Usagef("%s requires a command", e.words)
	}
	c := attach(root, e)
	rest, err := argv.Expand(found.Rest, grammar(c.Flags()), func(path string) ([]byte, error) {
		text, err := w.ReadArgument(ctx, path, input.Value)
		w.Hide(argv.Text(text), "@"+path)
		return text, err
	})
	if err != nil {
		return nil, advise(err, found.Path, c.Flags())
	}
	var a *app.App
	c.RunE = func(_ *cobra.Command, args []string) (err error) {
		a, err = c.perform(ctx, w, found.Type, args)
		return err
	}
	root.SetArgs(append(slices.Clone(found.Path), rest...))
	if err := root.ExecuteContext(ctx); err != nil {
		return a, err
	}
	return a, helped
}

// attach builds the command of an entry and adds it to root, below its groups.
func attach(root *cobra.Command, e entry) *command {
	parent := root
	words := strings.Fields(e.words)
	for _, w := range words[:len(words)-1] {
		group := &cobra.Command{Use: w}
		parent.AddCommand(group)
		parent = group
	}
	c := build(e)
	parent.AddCommand(c.Command)
	return c
}

// build makes the command of an entry, with the global flags.
func build(e entry) *command {
	c := e.build()
	c.entry = e
	globals(c.Flags())
	notV1(c.Flags(), e.lacks...)
	if e.v2() {
		notV1(c.Flags(), attachLacks...) // az's other extension lacks them, too
	}
	if c.Args == nil && !strings.Contains(c.Use, " ") { // its usage names no argument
		c.Args = noNames
	}
	c.InitDefaultHelpFlag()
	c.Flags().Lookup("help").Usage = "show this help"
	annotate(c.Flags().Lookup("help"), globalFlag)
	markV1(c.Flags(), "help")
	c.DisableFlagsInUseLine = true
	return c
}
