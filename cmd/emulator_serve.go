package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
)

// serving holds the flags that serve and exec share.
type serving struct{ clock, throttle, auth string }

func servingFlags(c *cobra.Command) *serving {
	s := &serving{}
	c.Flags().String("pace", "", "speed of operations: instant, fast, real, or a `NUMBER` of times real")
	c.Flags().StringVar(&s.clock, "clock", "", "`CLOCK` of the emulator: wall, xN for N times as fast, or manual, moved by emulator advance only")
	c.Flags().StringVar(&s.throttle, "throttle", "", "refuse requests beyond a `RATE`: arm, Azure's published limits")
	c.Flags().StringVar(&s.auth, "auth", "", "`CHECK` of tokens: strict requires a valid token for this endpoint")
	choice(c.Flags(), "throttle", "arm", "none")
	choice(c.Flags(), "auth", "strict", "none")
	return s
}

func (s *serving) options() app.ServeOptions {
	return app.ServeOptions{Clock: s.clock, Throttle: s.throttle == "arm", Auth: s.auth == "strict"}
}

func newEmulatorServe() *command {
	var (
		listen                   string
		inMemory, noTLS, anybody bool
		strict                   = true
	)
	c := &cobra.Command{
		Use: "serve",
		Long: `Serve the emulator over TLS on this machine until ctrl-c or SIGTERM.

The first line on stdout is a JSON object with endpoint, caFile, subscription,
resourceGroup, workspace and pid. Requests are logged on stderr. The certificate
authority is valid for this machine only, and its key is discarded once the
certificate is made. computetarget trusts it by itself; for other clients, use
"emulator env".

The server owns the emulator's folder: while it runs, commands with --cloud
emulator go to it. With --in-memory nothing is saved. Unknown workspaces are
refused unless you pass --strict-workspaces=false.`,
		Example: `  computetarget emulator serve
  computetarget emulator serve --listen 127.0.0.1:0 --in-memory --pace instant
  computetarget emulator serve --throttle arm --auth strict`,
	}
	s := servingFlags(c)
	c.Flags().StringVar(&listen, "listen", "", "`ADDRESS` to listen on (default 127.0.0.1:8443); port 0 picks a port")
	c.Flags().BoolVar(&inMemory, "in-memory", false, "keep nothing")
	c.Flags().BoolVar(&noTLS, "no-tls", false, "speak http")
	c.Flags().BoolVar(&anybody, "allow-other-machines", false, "accept an address that other machines can reach; they get full access")
	c.Flags().BoolVar(&strict, "strict-workspaces", true, "refuse workspaces that do not exist")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		o := s.options()
		o.InMemory, o.Strict = inMemory, strict
		o.Listen.Address, o.Listen.NoTLS, o.Listen.Remote = listen, noTLS, anybody
		return render.Result{}, a.Emulator.Serve(ctx, o)
	})
}

func newEmulatorExec() *command {
	var load string
	c := &cobra.Command{
		Use: "exec -- COMMAND…",
		Long: `Start an emulator in memory, run the command with the environment that clients
need, and exit with the command's exit code.

The command finds the endpoint in COMPUTETARGET_ENDPOINT, and the workspace in
COMPUTETARGET_SUBSCRIPTION, COMPUTETARGET_RESOURCE_GROUP and
COMPUTETARGET_WORKSPACE. Certificate variables name a file that includes the
system's authorities. Workspaces are created on first use.`,
		Example: `  computetarget emulator exec -- computetarget list
  computetarget emulator exec --pace instant -- env
  computetarget list --raw -o json | computetarget emulator exec --load - -- computetarget list -o name`,
	}
	s := servingFlags(c)
	c.Flags().StringVar(&load, "load", "", "`FILE` of initial computes, from list --raw -o json; - is stdin")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) == 0 {
			return render.Result{}, exit.Usagef("name a command after --, such as: computetarget emulator exec -- go test ./...")
		}
		o := s.options()
		var computes []byte
		var err error
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
		Long: `Print the environment variables that clients need to use a running server, for a
shell to evaluate. The server is the one that owns the emulator's folder, or the
one at --endpoint.`,
		Example: `  eval "$(computetarget emulator env)"
  computetarget emulator env --shell fish
  computetarget emulator env -o json`,
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
