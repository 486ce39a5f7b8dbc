package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
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
		Args: noNames,
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
