package cmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
)

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
