package cmd

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/argv"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/recall"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/setup"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Directives for the shell, by cobra's numbers.
const (
	shellFiles   = 0
	shellNothing = int(cobra.ShellCompDirectiveNoFileComp)
	shellFolders = int(cobra.ShellCompDirectiveFilterDirs)
	shellNoSpace = int(cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp)
)

// here stands for the word to complete while the words before it are resolved.
// It cannot occur in an argument.
const here = "\x00"

// complete prints the completions of the last word in the format of cobra's
// scripts: one candidate per line with a tab and a description, then a colon
// and a directive. Errors are never printed; they only shorten the list.
func complete(ctx context.Context, w app.World, words []string, described bool) {
	quiet := *w.Streams
	quiet.Err = &render.Output{Writer: io.Discard}
	w.Streams = &quiet
	c := completion{ctx: ctx, world: w, shell: shellNothing}
	if len(words) > 0 {
		c.words(words[:len(words)-1], words[len(words)-1])
	}
	var out strings.Builder
	for _, found := range c.found {
		out.WriteString(found.Text)
		if described && found.About != "" {
			out.WriteString("\t" + found.About)
		}
		out.WriteString("\n")
	}
	fmt.Fprintf(w.Out, "%s:%d\n", out.String(), c.shell)
}

// completion collects the answer.
type completion struct {
	ctx   context.Context
	world app.World
	found []recall.Name
	shell int
}

// words completes current, the word after before.
func (c *completion) words(before []string, current string) {
	if len(before) == 1 && strings.EqualFold(before[0], "ml") {
		c.offer(current, "compute", "Manage computes exactly as az ml compute (CLI v2) does")
		c.offer(current, "computetarget", "Azure Machine Learning compute targets")
		return
	}
	globalSet := &cobra.Command{}
	globals(globalSet.Flags())
	// The question for help keeps Path from guessing what is not typed yet; it
	// is the last word of what remains.
	found, err := argv.Path(append(slices.Clone(before), "--help"), tree(), grammar(globalSet.Flags()))
	if err != nil {
		return
	}
	rest := found.Rest[:len(found.Rest)-1]
	e, ok := find(found.Path)
	cmd := globalSet
	switch {
	case ok && e.build != nil:
		cmd = build(e).Command
	case ok && e.meant != "" && strings.HasPrefix(current, "-"):
		e, _ = find([]string{e.words, e.meant})
		cmd = build(e).Command
	case len(found.Path) > 0 && found.Path[0] == "help":
		c.help(rest, current)
		return
	}

	prefix, _, assigned := strings.Cut(current, "=")
	assigned = assigned && strings.HasPrefix(current, "-")
	marker := here
	if assigned {
		marker = prefix + "=" + here
	}
	out, err := argv.Expand(append(slices.Clone(rest), marker), open(grammar(cmd.Flags())), nil)
	if err != nil {
		return
	}
	last := out[len(out)-1]
	typed := out[:len(out)-1]
	if err := cmd.Flags().Parse(typed); err != nil {
		return
	}
	at := place{entry: e, cmd: cmd, kind: found.Type, given: cmd.Flags().Args(), current: current}
	name, isValue := strings.CutSuffix(last, "="+here)
	switch {
	case isValue && assigned:
		at.current = current[len(prefix)+1:]
		c.value(at, cmd.Flags().Lookup(strings.TrimPrefix(name, "--")))
	case strings.HasPrefix(current, "-") && !slices.Contains(typed, "--"):
		c.flags(at)
	case isValue:
		c.value(at, cmd.Flags().Lookup(strings.TrimPrefix(name, "--")))
	default:
		c.arguments(at)
	}
}

// open makes flags take any value, so that an incomplete value is not an error.
func open(flags []argv.Flag) []argv.Flag {
	for i := range flags {
		flags[i].Values = nil
		if flags[i].Bool3 {
			flags[i].Bool3, flags[i].TakesValue = false, true
		}
	}
	return flags
}

// place is the position of the word to complete.
type place struct {
	entry   entry
	cmd     *cobra.Command // the command, or the global flags before there is one
	kind    string         // the compute type given with the verb
	given   []string       // arguments before it
	isName  bool           // the word is the value of --name
	current string
}

// begin prepares the command as if it ran.
func (c *completion) begin(at place) (*app.App, error) {
	return app.Begin(c.world, app.Call{Flags: at.cmd.Flags(), Names: true, IDs: true})
}

// known are names from the service; none if the settings are unusable.
func (c *completion) known(at place, kind recall.Kind) []recall.Name {
	a, err := c.begin(at)
	if err != nil {
		return nil
	}
	return a.Names.Known(c.ctx, kind)
}

// offer adds a candidate that starts with the typed text.
// Copies of it would take 8 kB.
//
//go:noinline
func (c *completion) offer(current, text, about string) {
	if strings.HasPrefix(text, current) {
		c.found = append(c.found, recall.Name{Text: text, About: about})
	}
}

// offerAnyCase adds values that ignore case. Shells compare letter by letter,
// so the typed text keeps its case.
func (c *completion) offerAnyCase(current string, list ...recall.Name) {
	for _, n := range list {
		if len(n.Text) >= len(current) && strings.EqualFold(n.Text[:len(current)], current) {
			c.found = append(c.found, recall.Name{Text: current + n.Text[len(current):], About: n.About})
		}
	}
}

// texts are values without a description.
func texts(list ...string) []recall.Name {
	out := make([]recall.Name, len(list))
	for i, text := range list {
		out[i].Text = text
	}
	return out
}

// offerKnown adds names from the service. It skips those that a shell could
// misread.
func (c *completion) offerKnown(at place, kind recall.Kind, fits func(recall.Name) bool) {
	for _, n := range c.known(at, kind) {
		if !plainName(n.Text) || fits != nil && !fits(n) {
			continue
		}
		n.About = render.Clean(n.About)
		c.offerAnyCase(at.current, n)
	}
}

func plainName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("-_.()", r)) {
			return false
		}
	}
	return s != "" && len(s) <= 260
}

// flags completes a flag's name.
func (c *completion) flags(at place) {
	own, global := flagLists(at.cmd)
	for _, f := range append(own, global...) {
		if f.Changed && !takesMore(f) {
			continue
		}
		if f.Name == fullObject {
			c.offer(at.current, "-v", f.Usage)
			continue
		}
		_, about := pflag.UnquoteUsage(f)
		c.offer(at.current, "--"+f.Name, about)
	}
}

// takesMore reports whether a flag may be given again.
func takesMore(f *pflag.Flag) bool {
	_, list := f.Value.(pflag.SliceValue)
	return list
}

// value completes a flag's value.
func (c *completion) value(at place, f *pflag.Flag) {
	if f == nil {
		return
	}
	if values := f.Annotations[choiceFlag]; values != nil {
		c.offerAnyCase(at.current, texts(values...)...)
		return
	}
	if f.Annotations[truthFlag] != nil {
		c.offerAnyCase(at.current, texts("True", "False")...)
		return
	}
	placeholder, _ := pflag.UnquoteUsage(f)
	switch {
	case f.Name == "name":
		at.isName = true
		c.computes(at)
	case placeholder == "SIZE":
		c.offerKnown(at, recall.Sizes, nil)
	case f.Name == "workspace-name":
		group := at.cmd.Flags().Lookup("resource-group")
		c.offerKnown(at, recall.Workspaces, func(n recall.Name) bool {
			return !group.Changed || strings.EqualFold(n.About, group.Value.String())
		})
	case f.Name == "resource-group":
		c.groups(at)
	case f.Name == "subscription", f.Name == "subscription-id":
		c.subscriptions(at, f.Name == "subscription-id")
	case f.Name == "cloud":
		c.offerAnyCase(at.current, texts("public", "china", "usgov", config.EmulatorCloud)...)
	case f.Name == "time-zone":
		c.offerAnyCase(at.current, texts(schedule.Zones()...)...)
	case f.Name == "pace":
		c.offerAnyCase(at.current, texts("instant", "fast", "real")...)
	case f.Name == "for":
		c.offerAnyCase(at.current, texts("running", "stopped", "deleted")...)
	case f.Name == "state":
		c.offerAnyCase(at.current, texts(states()...)...)
	case f.Name == "owner":
		c.owners(at)
	case f.Name == "assign-to", f.Name == "user":
		c.people(at)
	case f.Name == "type":
		c.offerAnyCase(at.current, texts(argv.Types()...)...)
	case f.Name == "upload-to": // no folder of this machine
		c.offer(at.current, setup.Share, "")
		c.shell = shellNoSpace
	case placeholder == "FILE":
		c.shell = shellFiles
	case placeholder == "FOLDER":
		c.shell = shellFolders
	default:
		c.optionValues(at.current, f.Name)
	}
}

// optionValues completes the value of a flag that is a setting.
func (c *completion) optionValues(current, flag string) {
	for _, option := range config.Options() {
		if slices.Contains(option.Flags, flag) {
			c.settingValues(current, option)
		}
	}
}

func (c *completion) settingValues(current string, option config.Option) {
	switch option.Kind {
	case config.Choice:
		c.offerAnyCase(current, texts(option.Values...)...)
	case config.Bool:
		c.offerAnyCase(current, texts("true", "false")...)
	case config.Cloud:
		c.offerAnyCase(current, texts("public", "china", "usgov", config.EmulatorCloud)...)
	}
}

func states() []string {
	return []string{
		compute.StateRunning, compute.StateStopped, compute.StateCreating, compute.StateStarting, compute.StateStopping,
		compute.StateRestarting, compute.StateSettingUp, compute.StateDeleting, compute.StateJobRunning, compute.StateResizing,
		compute.StateCreateFailed, compute.StateSetupFailed, compute.StateUserSettingUp, compute.StateUserSetupFailed,
		compute.StateUnusable, compute.StateUnknown,
	}
}

// arguments completes a word that is not a flag: a command of a group, or an
// argument of a command.
func (c *completion) arguments(at place) {
	e := at.entry
	if len(at.given) == 0 {
		c.commands(e.words, at.kind, at.current)
	}
	if e.build == nil {
		return
	}
	placeholder := ""
	if usage := strings.Fields(at.cmd.Use); len(usage) > 1 {
		placeholder = strings.TrimRight(usage[1], "…")
	}
	switch {
	case at.cmd.Flags().Lookup("name") != nil:
		c.computes(at)
	case strings.Contains(placeholder, "FILE"):
		c.shell = shellFiles
	case strings.Contains(placeholder, "FOLDER"):
		c.shell = shellFolders
	case len(at.given) == 0 && at.cmd.ValidArgs != nil:
		c.offerAnyCase(at.current, texts(at.cmd.ValidArgs...)...)
	case len(at.given) == 0 && placeholder == "WORKSPACE":
		c.offerKnown(at, recall.Workspaces, nil)
	case len(at.given) == 0 && placeholder == "KEY":
		for _, option := range config.Options() {
			c.offer(at.current, option.Key, option.Help)
		}
	case placeholder == "KEY=VALUE":
		c.setting(at.current)
	}
	if len(c.found) > 0 {
		return
	}
	switch {
	case at.current == "":
		c.required(at)
	case e.typed && len(at.given) == 0 && at.kind == "":
		c.offerAnyCase(at.current, texts(argv.Types()...)...)
	}
}

// commands offers the commands of a group or the root. After a compute type it
// only offers those that take it.
func (c *completion) commands(group, kind, current string) {
	current = strings.ToLower(current)
	list := below(group)
	for _, e := range list {
		word := e.words[strings.LastIndexByte(e.words, ' ')+1:]
		if kind == "" || e.typed || hasCommand(e.words+" "+kind) {
			c.offer(current, word, e.short)
		}
	}
	if group == "" && kind == "" {
		c.offer(current, "help", "Explain a command or a topic")
		if current != "" {
			for _, t := range argv.Types() {
				c.offer(current, t, "")
			}
		}
	}
}

func hasCommand(words string) bool {
	_, ok := find(strings.Fields(words))
	return ok
}

// required offers the flags that must still be given.
func (c *completion) required(at place) {
	own, _ := flagLists(at.cmd)
	for _, f := range own {
		if f.Annotations[requiredFlag] != nil && !f.Changed {
			_, about := pflag.UnquoteUsage(f)
			c.offer("", "--"+f.Name, about)
		}
	}
}

// computes offers the computes a command can act on, except those already
// named; none for a command that creates one.
func (c *completion) computes(at place) {
	if at.entry.then == newName {
		return
	}
	var named []string
	if list, ok := at.cmd.Flags().Lookup("name").Value.(pflag.SliceValue); ok {
		named = list.GetSlice()
	}
	given := append(slices.Clone(named), at.given...)
	if at.entry.then != moreNames && len(given) > 0 && !at.isName {
		c.schedules(at, named)
		return
	}
	fits := func(n recall.Name) bool {
		kind, _, _ := strings.Cut(n.About, " ")
		return !slices.Contains(given, n.Text) && at.entry.fits(n) && (at.kind == "" || strings.EqualFold(at.kind, kind))
	}
	before := len(c.found)
	c.offerKnown(at, recall.Computes, func(n recall.Name) bool { return fits(n) && at.entry.useful(n.State) })
	if len(c.found) == before { // a state may have changed since
		c.offerKnown(at, recall.Computes, fits)
	}
}

// schedules offers the numbers of an instance's schedules, for commands that
// take them.
func (c *completion) schedules(at place, named []string) {
	then := at.entry.then
	numbers := at.given
	if len(named) == 0 {
		named, numbers = at.given[:1], at.given[1:]
	}
	if then == freeWords || len(named) != 1 {
		return
	}
	a, err := c.begin(at)
	if err != nil {
		return
	}
	for i, s := range a.Names.Scheduled(c.ctx, named[0]) {
		number := strconv.Itoa(i + 1)
		wanted := then == allSchedules || s.Entry.Enabled == (then == enabledSchedules)
		if wanted && !slices.Contains(numbers, number) {
			c.offer(at.current, number, render.Clean(s.Entry.Explain()))
		}
	}
}

// people offers the people who were met before. The directory is not asked: it holds
// everybody.
func (c *completion) people(at place) {
	a, err := c.begin(at)
	if err != nil {
		return
	}
	for _, name := range a.Names.People() {
		if plainAddress(name) {
			c.offerAnyCase(at.current, recall.Name{Text: name})
		}
	}
}

// plainAddress is plainName for the address of a person.
func plainAddress(s string) bool { return plainName(strings.ReplaceAll(s, "@", "-")) }

// owners offers whose computes there are: by an address, or else by the object id,
// for a name may have words in it.
func (c *completion) owners(at place) {
	c.offer(at.current, "me", "computes that are yours")
	for _, n := range c.known(at, recall.Owners) {
		if plainAddress(n.About) {
			n.Text, n.About = n.About, ""
		} else if !plainName(n.Text) {
			continue
		}
		n.About = render.Clean(n.About)
		c.offerAnyCase(at.current, n)
	}
}

// groups offers the resource groups of the workspaces.
func (c *completion) groups(at place) {
	var seen []string
	for _, ws := range c.known(at, recall.Workspaces) {
		if group := ws.About; plainName(group) && !slices.Contains(seen, group) {
			seen = append(seen, group)
		}
	}
	slices.Sort(seen)
	c.offerAnyCase(at.current, texts(seen...)...)
}

// subscriptions offers the subscriptions az knows, by id or by name.
func (c *completion) subscriptions(at place, byID bool) {
	a, err := c.begin(at)
	if err != nil {
		return
	}
	profile, err := a.Settings.AzProfile()
	if err != nil {
		return
	}
	for _, s := range profile.Subscriptions {
		if byID && plainName(s.ID) {
			c.offer(at.current, s.ID, render.Clean(s.Name))
		} else if !byID && plainName(strings.ReplaceAll(s.Name, " ", "")) {
			c.offer(at.current, s.Name, s.ID)
		}
	}
}

// setting completes KEY=VALUE.
func (c *completion) setting(current string) {
	key, value, assigned := strings.Cut(current, "=")
	for _, option := range config.Options() {
		if !option.User {
			continue
		}
		if !assigned {
			c.offer(current, option.Key+"=", option.Help)
			c.shell = shellNoSpace
			continue
		}
		if option.Key == key {
			before := len(c.found)
			c.settingValues(value, option)
			for i := range c.found[before:] {
				c.found[before+i].Text = key + "=" + c.found[before+i].Text
			}
		}
	}
}

// help completes the words after help.
func (c *completion) help(path []string, current string) {
	words := strings.ToLower(strings.Join(path, " "))
	if words != "" && !hasCommand(words) {
		return
	}
	c.commands(words, "", current)
	if words == "" {
		c.found = slices.DeleteFunc(c.found, func(n recall.Name) bool { return n.Text == "help" })
		for _, t := range topics() {
			c.offer(current, t.word, t.short)
		}
	}
}

func newCompletion() *command {
	c := &cobra.Command{
		Use: "completion SHELL",
		Long: `Print the completion script for bash, zsh, fish or powershell.

Load it for this session, or install it once:

  bash         mkdir -p ~/.local/share/bash-completion/completions
               computetarget completion bash > ~/.local/share/bash-completion/completions/computetarget
  zsh          mkdir -p ~/.zfunc
               computetarget completion zsh > ~/.zfunc/_computetarget
               echo 'fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit' >> ~/.zshrc
  fish         mkdir -p ~/.config/fish/completions
               computetarget completion fish > ~/.config/fish/completions/computetarget.fish
  powershell   New-Item -ItemType Directory -Force (Split-Path $PROFILE)
               computetarget completion powershell >> $PROFILE`,
		Example: `  source <(computetarget completion bash)
  computetarget completion zsh
  computetarget completion fish
  computetarget completion powershell`,
		ValidArgs: Shells(),
	}
	return run(c, func(_ context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) != 1 || !slices.Contains(c.ValidArgs, args[0]) {
			return render.Result{}, exit.Usagef("name one shell: %s", strings.Join(c.ValidArgs, ", "))
		}
		script, err := Completion(args[0])
		return render.Result{Data: script, Text: script}, err
	})
}

// Shells are the shells with a completion script.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// Completion returns the completion script of a shell.
func Completion(shell string) (string, error) {
	var script strings.Builder
	var err error
	root := &cobra.Command{Use: "computetarget"}
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(&script, true)
	case "zsh":
		err = root.GenZshCompletion(&script)
	case "fish":
		err = root.GenFishCompletion(&script, true)
	default:
		err = root.GenPowerShellCompletionWithDesc(&script)
	}
	return script.String(), err
}
