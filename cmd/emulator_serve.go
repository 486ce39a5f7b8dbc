package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/nearest"
	"github.com/computetarget/computetarget/internal/render"
)

// serving are the flags that serve and exec have in common.
type serving struct{ clock, throttle, auth string }

func servingFlags(c *cobra.Command) *serving {
	s := &serving{}
	c.Flags().String("pace", "", "how fast operations are: instant, fast, real, or a `NUMBER` of times real")
	c.Flags().StringVar(&s.clock, "clock", "", "`CLOCK` of the emulator: wall, xN for N times as fast, or manual, which only emulator advance moves")
	c.Flags().StringVar(&s.throttle, "throttle", "", "refuse requests beyond a `RATE`: arm, the one that Azure publishes")
	c.Flags().StringVar(&s.auth, "auth", "", "`CHECK` of tokens: strict refuses requests without a token for this endpoint that is still valid")
	choice(c.Flags(), "throttle", "arm", "none")
	choice(c.Flags(), "auth", "strict", "none")
	return s
}

// options checks the values, which decide before anything listens.
func (s *serving) options() (app.ServeOptions, error) {
	o := app.ServeOptions{Clock: s.clock, Throttle: s.throttle == "arm", Auth: s.auth == "strict"}
	for _, c := range [][2]string{{"throttle", s.throttle}, {"auth", s.auth}} {
		allowed := map[string]string{"throttle": "arm", "auth": "strict"}[c[0]]
		if c[1] != "" && c[1] != "none" && c[1] != allowed {
			return o, exit.Usagef("--%s is %q: use %s or none", c[0], c[1], allowed)
		}
	}
	return o, nil
}

func newEmulatorServe() *command {
	var (
		listen                   string
		inMemory, noTLS, anybody bool
		strict                   = true
	)
	c := &cobra.Command{
		Use: "serve",
		Long: `Serve the emulator over TLS on this machine, until ctrl-c or SIGTERM.

The first line on stdout is one JSON object that says how to reach it: endpoint,
caFile, subscription, resourceGroup, workspace and pid. Requests are logged on
stderr. The certificate's authority can vouch for this machine only and its key
is gone once the certificate is made; computetarget trusts it by itself, other
clients with what "emulator env" prints.

The server owns the emulator's folder: commands with --cloud emulator go to it
while it runs. With --in-memory nothing is kept. Workspaces that do not exist
are refused, unless --strict-workspaces=false.`,
		Example: `  computetarget emulator serve
  computetarget emulator serve --listen 127.0.0.1:0 --in-memory --pace instant
  computetarget emulator serve --throttle arm --auth strict`,
		Args: noNames,
	}
	s := servingFlags(c)
	c.Flags().StringVar(&listen, "listen", "", "`ADDRESS` to listen on (default 127.0.0.1:8443); port 0 picks a port")
	c.Flags().BoolVar(&inMemory, "in-memory", false, "keep nothing")
	c.Flags().BoolVar(&noTLS, "no-tls", false, "speak http")
	c.Flags().BoolVar(&anybody, "allow-other-machines", false, "accept an address that other machines reach; whoever reaches it may do everything")
	c.Flags().BoolVar(&strict, "strict-workspaces", true, "refuse workspaces that do not exist")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		o, err := s.options()
		if err != nil {
			return render.Result{}, err
		}
		o.InMemory, o.Strict = inMemory, strict
		o.Listen.Address, o.Listen.NoTLS, o.Listen.Remote = listen, noTLS, anybody
		return render.Result{}, a.Emulator.Serve(ctx, o)
	})
}

func newEmulatorExec() *command {
	var load string
	c := &cobra.Command{
		Use: "exec -- COMMAND…",
		Long: `Start an emulator in memory, run the command with everything in its environment
that clients need to use it, and end with the command's exit code.

The command finds the endpoint in COMPUTETARGET_ENDPOINT, and the workspace in
COMPUTETARGET_SUBSCRIPTION, COMPUTETARGET_RESOURCE_GROUP and
COMPUTETARGET_WORKSPACE. Certificate variables point to a file that holds the
system's authorities too. Any workspace is made when it is first used.`,
		Example: `  computetarget emulator exec -- computetarget list
  computetarget emulator exec --pace instant -- env
  computetarget list --raw -o json | computetarget emulator exec --load - -- computetarget list -o name`,
	}
	s := servingFlags(c)
	c.Flags().StringVar(&load, "load", "", "`FILE` of computes to begin with, as list --raw -o json prints them; - is stdin")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) == 0 {
			return render.Result{}, exit.Usagef("name a command after --, such as: computetarget emulator exec -- go test ./...")
		}
		o, err := s.options()
		if err != nil {
			return render.Result{}, err
		}
		var computes []byte
		if load != "" {
			if computes, err = a.ReadText(ctx, load, input.Computes); err != nil {
				return render.Result{}, unreadable("load", err)
			}
		}
		return render.Result{}, a.Emulator.Exec(ctx, o, computes, args)
	})
}

func newEmulatorEnv() *command {
	var shell string
	c := &cobra.Command{
		Use: "env",
		Long: `Print the variables that clients need in order to use a running server, for a
shell to evaluate: the server that owns the emulator's folder, or the one at
--endpoint.`,
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
			line, err := assignment(shell, v)
			if err != nil {
				return render.Result{}, err
			}
			text.WriteString(line)
		}
		return render.Result{Data: data, Text: text.String()}, nil
	})
}

// assignment sets a variable in a shell's words.
func assignment(shell string, v app.Variable) (string, error) {
	single := "'" + strings.ReplaceAll(v.Value, "'", `'\''`) + "'"
	switch shell {
	case "", "bash", "zsh", "sh":
		return fmt.Sprintf("export %s=%s\n", v.Name, single), nil
	case "fish":
		return fmt.Sprintf("set -gx %s '%s'\n", v.Name, strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(v.Value)), nil
	case "powershell":
		return fmt.Sprintf("$env:%s = '%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", "''")), nil
	case "dotenv":
		return fmt.Sprintf("%s=%s\n", v.Name, v.Value), nil
	}
	shells := []string{"bash", "zsh", "sh", "fish", "powershell", "dotenv"}
	if near := nearest.Word(shell, shells); near != "" {
		return "", exit.Usagef("--shell is %q: did you mean %s?", shell, near)
	}
	return "", exit.Usagef("--shell is %q: use %s", shell, strings.Join(shells, ", "))
}
