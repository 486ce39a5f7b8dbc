package cmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/argv"
	"github.com/computetarget/computetarget/internal/render"
)

func newCompletion(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a shell's completion script",
		Long: `Print the completion script of a shell: bash, zsh, fish or powershell.

Load it for this session, or install it once:

  bash         computetarget completion bash > ~/.local/share/bash-completion/completions/computetarget
  zsh          computetarget completion zsh > "${fpath[1]}/_computetarget"
  fish         computetarget completion fish > ~/.config/fish/completions/computetarget.fish
  powershell   computetarget completion powershell >> $PROFILE`,
		Example: `  source <(computetarget completion bash)
  computetarget completion zsh
  computetarget completion fish
  computetarget completion powershell`,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
	}
	return run(c, a, func(_ context.Context, args []string) (render.Result, error) {
		if len(args) != 1 || !slices.Contains(c.ValidArgs, args[0]) {
			return render.Result{}, render.Usagef("name one shell: %s", strings.Join(c.ValidArgs, ", "))
		}
		script, err := Completion(args[0])
		return render.Result{Data: script, Text: script}, err
	})
}

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

// completionTree hangs every command below root by name and description, and
// the one being completed in full.
func completionTree(a *app.App, root *cobra.Command, args []string) {
	building := ""
	if len(args) > 0 {
		if found, err := argv.Path(args[:len(args)-1], words(), nil); err == nil {
			building = strings.Join(found.Path, " ")
		}
	}
	groups := map[string]*cobra.Command{"": root}
	for _, s := range sections {
		for _, e := range s.entries {
			parent, name := "", e.words
			if i := strings.LastIndexByte(e.words, ' '); i >= 0 {
				parent, name = e.words[:i], e.words[i+1:]
			}
			c := &cobra.Command{Use: name, Short: e.short, Run: func(*cobra.Command, []string) {}}
			if e.build != nil && e.words == building {
				c = build(a, e)
			}
			groups[parent].AddCommand(c)
			groups[e.words] = c
		}
	}
}
