package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
)

func newEmulatorEnv() *command {
	var shell string
	c := &cobra.Command{
		Use: "env",
		Long: `Print the environment variables that clients need to use a running server, for a
shell to evaluate. The server is the one that owns the emulator's folder, or the
one at --endpoint.`,
		Example: `  eval "$(computetarget emulator env)"
  computetarget emulator env --shell fish
  computetarget emulator env -o json`,
		Args: noNames,
	}
	c.Flags().StringVar(&shell, "shell", "", "`SHELL` to print for: bash, zsh, sh, fish, powershell or dotenv (default sh)")
	choice(c.Flags(), "shell", "bash", "zsh", "sh", "fish", "powershell", "dotenv")
	return run(c, func(_ context.Context, a *app.App, _ []string) (render.Result, error) {
		info, err := a.Emulator.Server()
		if err != nil {
			return render.Result{}, err
		}
		data := map[string]string{}
		var text strings.Builder
		for _, v := range app.ClientEnv(info) {
			data[v.Name] = v.Value
			text.WriteString(assignment(shell, v))
		}
		return render.Result{Data: data, Text: text.String()}, nil
	})
}

// assignment sets a variable in a shell's syntax.
func assignment(shell string, v app.Variable) string {
	switch shell {
	case "fish":
		return fmt.Sprintf("set -gx %s '%s'\n", v.Name, strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(v.Value))
	case "powershell":
		return fmt.Sprintf("$env:%s = '%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", "''"))
	case "dotenv":
		return fmt.Sprintf("%s=%s\n", v.Name, v.Value)
	}
	return fmt.Sprintf("export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
}
