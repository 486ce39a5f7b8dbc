package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// names are the computes a command acts on: positional, -n, or read from stdin
// with "-". A compute is given by name or by ARM id, which includes its
// workspace.
type names struct {
	command *cobra.Command
	flag    []string
	piped   int // how many were read from stdin and not named besides
}

// namesFlag adds -n to a command that takes one name or several.
func namesFlag(c *cobra.Command) *names {
	return addNames(c, "`NAME` or id of the compute; repeat it, or give names as arguments, or - to read them from stdin")
}

// nameFlag adds -n to a command that takes the name of one compute there is.
func nameFlag(c *cobra.Command) *names {
	return addNames(c, "`NAME` or id of the compute; it may also be given as an argument")
}

// newNameFlag adds -n to a command that takes the name of one new compute.
func newNameFlag(c *cobra.Command) *names {
	return addNames(c, "`NAME` of the new compute; it may also be given as an argument")
}

func addNames(c *cobra.Command, usage string) *names {
	n := &names{command: c}
	c.Flags().StringArrayVarP(&n.flag, "name", "n", nil, usage)
	markV1(c.Flags(), "name")
	c.Args = cobra.ArbitraryArgs
	return n
}

// run makes the command one that acts on the computes it names.
func (n *names) run(f func(context.Context, *app.App, []target) (render.Result, error)) *command {
	return run(n.command, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := n.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		return f(ctx, a, asked)
	})
}

// target is a compute as named by the user.
type target struct {
	name string
	in   compute.Workspace // zero for the workspace that is chosen
}

// given reports whether anything was named.
func (n *names) given(args []string) bool { return len(n.flag)+len(args) > 0 }

// all returns the computes in order, each once, ignoring case as the service
// does. The list is only empty for an empty stdin. All words that cannot be
// names are refused together, before any request.
func (n *names) all(a *app.App, args []string) ([]target, error) {
	if !n.given(args) {
		return nil, errNameRequired()
	}
	var words []string
	typed := map[string]bool{}
	piped := false
	for _, word := range slices.Concat(n.flag, args) {
		if trimmed(word) != "-" {
			words = append(words, word)
			typed[strings.ToLower(trimmed(word))] = true
			continue
		}
		if piped {
			continue // it has been read to its end
		}
		piped = true
		lines, err := namesIn(a)
		if err != nil {
			return nil, err
		}
		words = append(words, lines...)
	}
	asked, wrong := n.parse(words)
	if len(wrong) > 0 {
		return nil, refusal(wrong, piped)
	}
	out, err := n.located(a, asked)
	if piped {
		n.piped = max(0, len(out)-len(typed))
	}
	return out, err
}

// named returns the computes that words of a file name.
func (n *names) named(a *app.App, words []string) ([]target, error) {
	asked, wrong := n.parse(words)
	if len(wrong) > 0 {
		return nil, refusal(wrong, false)
	}
	return n.located(a, asked)
}

func (n *names) parse(words []string) (out []target, wrong []misreading) {
	for _, word := range words {
		out, wrong = n.add(out, wrong, word)
	}
	return out, wrong
}

// add reads a word as a compute.
func (n *names) add(out []target, wrong []misreading, word string) ([]target, []misreading) {
	word = trimmed(word)
	if word == "" {
		return out, append(wrong, misreading{})
	}
	if isID(word) {
		ws, name, err := compute.ParseComputeID(word)
		if err != nil {
			return out, append(wrong, misreading{word: word, text: err.Error()})
		}
		return append(out, target{name, ws}), wrong
	}
	if reason := notName(n.command, word); reason != "" {
		return out, append(wrong, misreading{word, reason})
	}
	return append(out, target{name: word}), wrong
}

// first returns the computes if only the first argument, or -n, names them, and
// the remaining arguments.
func (n *names) first(a *app.App, args []string) (asked []target, rest []string, err error) {
	own := args[:min(1, len(args))]
	if len(n.flag) > 0 {
		own = nil
	}
	rest = args[len(own):]
	if err := n.misreadIn(own, rest); err != nil {
		return nil, nil, err
	}
	asked, err = n.all(a, own)
	return asked, rest, err
}

// only is first for a command that takes nothing else.
func (n *names) only(a *app.App, args []string) ([]target, error) {
	asked, rest, err := n.first(a, args)
	if err == nil && len(rest) > 0 {
		err = noNames(n.command, rest)
	}
	return asked, err
}

// misreadIn refuses words after the names that look like flags, together with
// invalid names.
func (n *names) misreadIn(own, rest []string) error {
	var wrong []misreading
	for _, word := range rest {
		if reason := notArgument(n.command, word); reason != "" {
			wrong = append(wrong, misreading{word, reason})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	var before []misreading
	for _, word := range slices.Concat(n.flag, own) {
		if trimmed(word) != "-" {
			_, before = n.add(nil, before, word)
		}
	}
	return refusal(append(before, wrong...), false)
}

// one returns the name of the compute, for commands that act on one. The
// workspace in its id becomes the current one.
func (n *names) one(a *app.App, args []string) (string, error) {
	words := slices.Concat(n.flag, args)
	var wrong []misreading
	for _, word := range words {
		if _, bad := n.add(nil, nil, word); len(words) > 1 || trimmed(word) != "-" {
			wrong = append(wrong, bad...)
		}
	}
	switch {
	case len(wrong) > 0:
		return "", refusal(wrong, false)
	case len(words) > 1:
		return "", exit.Usagef("%s takes one name, not %d: %s", verbOf(n.command), len(words), strings.Join(words, ", "))
	}
	asked, err := n.all(a, args)
	if err != nil {
		return "", err
	}
	if len(asked) != 1 {
		return "", exit.Usagef("%s takes one name, and stdin has %d", verbOf(n.command), len(asked))
	}
	return asked[0].name, nil
}

// client is one, with the client of its workspace, once the compute is known to be
// of a kind that the command acts on.
func (n *names) client(ctx context.Context, a *app.App, args []string) (string, *compute.Client, error) {
	name, err := n.one(a, args)
	if err == nil {
		err = ofKind(ctx, a, chosen(name))
	}
	if err != nil {
		return "", nil, err
	}
	client, err := a.Client()
	return name, client, err
}

// fresh returns the name of a compute to create. It refuses words not meant as
// a name. Names that the service does not allow are left to the check of the
// whole compute, which reports all problems together.
func (n *names) fresh(args []string) (string, error) {
	words := slices.Concat(n.flag, args)
	if len(words) == 0 {
		return "", errNameRequired()
	}
	var wrong []misreading
	for i, word := range words {
		words[i] = trimmed(word)
		if words[i] == "" {
			wrong = append(wrong, misreading{})
			continue
		}
		reason := cmp.Or(notArgument(n.command, word), notPlain(words[i]))
		switch {
		case reason != "":
		case isID(words[i]):
			reason = "is an id, but a new compute needs a name: it is created in the workspace of -g and -w"
		case words[i] == "-":
			reason = "stands for names on stdin, but " + verbOf(n.command) + " takes one name from the command line"
		default:
			continue
		}
		wrong = append(wrong, misreading{word, reason})
	}
	switch {
	case len(wrong) > 0:
		return "", refusal(wrong, false)
	case len(words) > 1:
		return "", exit.Usagef("%s creates one compute at a time, not %d: %s", verbOf(n.command), len(words), strings.Join(words, ", "))
	}
	return words[0], nil
}

// read returns the named compute, and the client that read it.
func (n *names) read(ctx context.Context, a *app.App, args []string) (*compute.Compute, *compute.Client, error) {
	name, err := n.one(a, args)
	if err != nil {
		return nil, nil, err
	}
	client, err := a.Client()
	if err != nil {
		return nil, nil, err
	}
	have, err := client.Get(ctx, name)
	return have, client, err
}

func errNameRequired() error {
	return exit.Usagef("the following arguments are required: --name/-n")
}

// trimmed is a word without the blanks that a shell or file left around it.
func trimmed(word string) string { return strings.Trim(word, " \t\r\n") }

// isID reports whether a word is meant as an ARM id: only those hold slashes.
func isID(word string) bool {
	const root = "subscriptions/"
	word = strings.TrimLeft(word, "/")
	return len(word) >= len(root) && strings.EqualFold(word[:len(root)], root)
}

// namesIn reads names from stdin, one a line.
func namesIn(a *app.App) ([]string, error) {
	text, err := a.ReadText(context.Background(), "-", input.Names) // a.In ends with the command
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		line = trimmed(line)
		switch {
		case line == "":
			continue
		case len(out) == 0 && strings.ContainsRune("[{", rune(line[0])):
			return nil, exit.Usagef("%s on stdin is not a name: this is JSON; computetarget list -o name prints names, one a line", cutWord(line))
		}
		out = append(out, line)
	}
	return out, nil
}

// located determines the workspace of each compute. Ids of one workspace make
// it the current one, as flags would; a contradicting flag is an error.
func (n *names) located(a *app.App, asked []target) ([]target, error) {
	if !slices.ContainsFunc(asked, func(t target) bool { return t.in != compute.Workspace{} }) {
		return distinct(asked), nil
	}
	for i, t := range asked {
		if t.in != (compute.Workspace{}) {
			if err := contradicts(a, t.in, "the id of "+t.name); err != nil {
				return nil, err
			}
			continue
		}
		client, err := a.Client()
		if err != nil {
			return nil, err
		}
		asked[i].in = client.Workspace()
	}
	asked = distinct(asked)
	in := make([]compute.Workspace, len(asked))
	for i, t := range asked {
		in[i] = t.in
	}
	if a.Choose(in...); a.Spread() {
		return asked, nil
	}
	for i := range asked {
		asked[i].in = compute.Workspace{}
	}
	return asked, nil
}

// contradicts refuses an id in another workspace than a flag names.
func contradicts(a *app.App, in compute.Workspace, id string) error {
	for _, part := range []struct{ key, flag, have string }{
		{config.Workspace, "--workspace-name/-w", in.Name},
		{config.ResourceGroup, "--resource-group/-g", in.ResourceGroup},
		{config.Subscription, "--subscription-id", in.Subscription},
	} {
		var said config.Value
		var err error
		if part.key == config.Subscription {
			said, err = a.Settings.Subscription() // which may be given by its name
		} else {
			said, err = a.Settings.Get(part.key)
		}
		if said.Level != config.LevelFlag {
			continue // what was chosen before gives way to an id
		}
		if err != nil {
			return err
		}
		if !strings.EqualFold(said.Text, part.have) {
			return exit.Usagef("%s says %s, but %s says %s: omit the flag, or give another id", part.flag, said.Text, id, part.have)
		}
	}
	return nil
}

// distinct drops duplicates.
func distinct(asked []target) []target {
	known := map[string]bool{}
	return slices.DeleteFunc(asked, func(t target) bool {
		again := known[t.key()]
		known[t.key()] = true
		return again
	})
}

// each calls f once per workspace, concurrently, with its client and names. f
// returns a result for each name; each returns them in the order of the names.
func each[T any](a *app.App, asked []target, f func(*compute.Client, []string) []T) ([]T, error) {
	type group struct {
		client *compute.Client
		names  []string
		places []int // in asked
	}
	var groups []*group
	of := map[string]*group{}
	for i, t := range asked {
		key := strings.ToLower(t.in.ID())
		g := of[key]
		if g == nil {
			client, err := a.ClientOf(t.in)
			if err != nil {
				return nil, err
			}
			g = &group{client: client}
			of[key], groups = g, append(groups, g)
		}
		g.names, g.places = append(g.names, t.name), append(g.places, i)
	}
	if len(groups) == 0 { // no request, but the workspace must be valid
		if _, err := a.Client(); err != nil {
			return nil, err
		}
	}
	out := make([]T, len(asked))
	var running sync.WaitGroup
	for _, g := range groups {
		run := func() {
			for i, result := range f(g.client, g.names) {
				out[g.places[i]] = result
			}
		}
		if a.DryRun { // requests are shown in order
			run()
			continue
		}
		running.Go(run)
	}
	running.Wait()
	return out, nil
}

// chosen are names in the chosen workspace.
func chosen(names ...string) []target {
	out := make([]target, len(names))
	for i, name := range names {
		out[i].name = name
	}
	return out
}

// getEach reads computes; the outcomes are in the order of the names.
func getEach(ctx context.Context, a *app.App, asked []target) ([]compute.Outcome, error) {
	return each(a, asked, func(client *compute.Client, names []string) []compute.Outcome {
		return in(client, client.GetEach(ctx, names))
	})
}

// getWholeEach is getEach, and tells of an instance also what only a preview
// version does.
func getWholeEach(ctx context.Context, a *app.App, asked []target) ([]compute.Outcome, error) {
	return each(a, asked, func(client *compute.Client, names []string) []compute.Outcome {
		return in(client, client.GetWholeEach(ctx, names))
	})
}

// split are the computes that were read, and why the others were not.
func split(read []compute.Outcome) (found []*compute.Compute, failed error) {
	var errs []error
	for _, o := range read {
		if o.Err != nil {
			errs = append(errs, o.Err)
			continue
		}
		found = append(found, o.Compute)
	}
	return found, errors.Join(errs...)
}

// unread are the errors of computes that were being read when the time ran out
// or a signal came; nil when neither did.
func unread(ctx context.Context, found []compute.Outcome) error {
	if ctx.Err() == nil {
		return nil
	}
	_, failed := split(found)
	return failed
}

// verbOf is the name of a command in a sentence.
func verbOf(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
}

// key is equal for names of the same compute.
func (t target) key() string { return strings.ToLower(t.in.ComputeID(t.name)) }

// label names a compute in messages, with its workspace if there are several.
func (t target) label() string {
	if t.in == (compute.Workspace{}) {
		return t.name
	}
	return fmt.Sprintf("%s (workspace %s)", t.name, t.in.Name)
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
