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
	do func(context.Context, *app.App, []string) (render.Result, error)
}

// run makes f what the command does: settings are checked first, then f is
// called, then its value is rendered.
func run(c *cobra.Command, f func(context.Context, *app.App, []string) (render.Result, error)) *command {
	return &command{c, f}
}

// execute finds the command in args, builds it and runs it. The App is nil when
// it did not come to that.
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
			what := map[string]string{"int": "no whole number", "float64": "no number", "bool": "not true or false"}[invalid.GetFlag().Value.Type()]
			if what != "" {
				return exit.Usagef("argument --%s: %q is %s", invalid.GetFlag().Name, invalid.GetValue(), what)
			}
		}
		return exit.Usagef("%w", err)
	})

	hideSecrets(w.Streams, args)
	globalSet := &cobra.Command{}
	globals(globalSet.Flags())
	found, err := argv.Path(args, words(), grammar(globalSet.Flags()))
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
		return nil, exit.Usagef("%s needs one of its commands", e.words)
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

// attach builds the command of an entry and hangs it below root, under the
// groups its words name.
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

// build makes the command of an entry with the flags every command has.
func build(e entry) *command {
	c := e.build()
	globals(c.Flags())
	if strings.HasPrefix(e.words, "attach ") {
		notV1(c.Flags(), "path", "subscription-id", fullObject)
	}
	if c.Flags().Lookup("dry-run") != nil || e.words == "get-credentials" || e.words == "folder attach" {
		policyFlags(c.Flags())
	}
	c.InitDefaultHelpFlag()
	c.Flags().Lookup("help").Usage = "show this help"
	annotate(c.Flags().Lookup("help"), globalFlag)
	markV1(c.Flags(), "help")
	c.DisableFlagsInUseLine = true
	return c
}

// help answers "help", "help COMMAND" and "help TOPIC".
func help(out io.Writer, root *cobra.Command, args []string) error {
	args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return wantsHelp([]string{arg}) })
	known := words()
	for _, t := range topics() {
		known[t.word] = argv.Word{}
	}
	found, err := argv.Path(append(args, "--help"), known, nil)
	if err != nil {
		return advise(err, nil, nil)
	}
	if len(found.Path) == 1 {
		for _, t := range topics() {
			if t.word == found.Path[0] {
				return printed(out, t.write)
			}
		}
	}
	e, ok := find(found.Path)
	return printed(out, func(w io.Writer) {
		switch {
		case !ok:
			writeRootHelp(w)
		case e.build == nil:
			writeGroupHelp(w, e, root)
		default:
			writeHelp(w, attach(root, e).Command)
		}
	})
}

func wantsHelp(args []string) bool {
	return slices.Contains(args, "--help") || slices.Contains(args, "-h")
}

// words describes the tree to the argument grammar.
func words() argv.Words {
	tree := argv.Words{}
	for _, s := range sections {
		for _, e := range s.entries {
			at := tree
			path := strings.Fields(e.words)
			for _, w := range path[:len(path)-1] {
				at = at[w].Next
			}
			word := argv.Word{Typed: e.takesType()}
			if e.build == nil {
				word.Next = argv.Words{}
			}
			at[path[len(path)-1]] = word
		}
	}
	tree["help"] = argv.Word{}
	return tree
}

// perform checks what was typed and the settings, calls what the command does
// and renders its value.
func (c *command) perform(ctx context.Context, w app.World, kind string, args []string) (*app.App, error) {
	if err := misreadFlags(c.Command); err != nil {
		return nil, err
	}
	if c.Flags().Lookup("name") == nil { // what is beside names is refused with them
		if err := misreadArguments(c.Command, args); err != nil {
			return nil, err
		}
	}
	if err := missing(c.Command, args); err != nil {
		return nil, err
	}
	names, ids := lists(c.Command)
	a, err := app.Begin(w, app.Call{
		Flags: c.Flags(), ComputeType: kind, NoFiles: c.Annotations[readsNothing] != "", Names: names, IDs: ids,
	})
	if err != nil {
		return nil, err
	}
	for _, name := range withoutEffect(c.Flags()) {
		a.Note("%s has no effect: it is for az's own requests", name)
	}
	result, err := c.call(ctx, a, args)
	if err == nil || errors.Is(err, compute.ErrDryRun) {
		err = a.Print(result)
	}
	return a, a.Explain(ctx, err)
}

// call does what the command does, within its time.
func (c *command) call(ctx context.Context, a *app.App, args []string) (render.Result, error) {
	ctx, cancel, err := bounded(ctx, c.Command, a)
	if err != nil {
		return render.Result{}, err
	}
	defer cancel()
	a.In = input.Until(ctx, a.In)
	result, err := c.do(ctx, a, args)
	if err == nil && result.Err == nil && ctx.Err() != nil && !a.Changed() && c.Annotations[endless] == "" {
		// What was read in part is no result.
		err = context.Cause(ctx)
	}
	return result, err
}

// listed is the annotation of commands that tell what -o name and -o id print of
// their result: "names", "names ids", or "" for neither. Without it a command
// that takes names of computes has both.
const listed = "computetarget_listed"

// lists tells whether the result of a command has names and ARM ids.
func lists(c *cobra.Command) (names, ids bool) {
	what, told := c.Annotations[listed]
	if !told && c.Flags().Lookup("name") != nil {
		return true, true
	}
	return strings.Contains(what, "names"), strings.Contains(what, "ids")
}

// endless is the annotation of commands that go on until they are ended, by a
// signal or by what they run.
const endless = "computetarget_endless"

// bounded is the context of a command. It ends with the setting of --timeout, so
// that whatever the command waits for has an end: an operation, a request, a
// file, stdin, a lock.
func bounded(ctx context.Context, c *cobra.Command, a *app.App) (context.Context, context.CancelFunc, error) {
	watch := c.Flags().Lookup("watch")
	if c.Annotations[endless] != "" || c.Annotations[readsNothing] != "" || watch != nil && watch.Changed {
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

// readsNothing is the annotation of commands that read no settings from files:
// they stand in start-up files of shells and in reports of problems, where a
// file that is broken must not matter.
const readsNothing = "computetarget_reads_nothing"

// missing says which required flags were not given, as az says it, or were given
// an empty value. A name may stand without its flag.
func missing(c *cobra.Command, args []string) error {
	var absent []string
	own, _ := flagLists(c)
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
		if f := c.Flags().Lookup("name"); f != nil && !f.Changed && len(args) == 0 && c.Name() != "apply" { // whose file holds names
			absent = append([]string{"--name/-n"}, absent...)
		}
		return exit.Usagef("the following arguments are required: %s", strings.Join(absent, ", "))
	}
	return nil
}

// noNames refuses positional arguments.
func noNames(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		if err := misreadArguments(c, args); err != nil {
			return err
		}
		return exit.Usagef("unrecognized arguments: %s", strings.Join(args, " "))
	}
	return nil
}
