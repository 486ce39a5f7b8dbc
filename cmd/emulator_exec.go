package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
)

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
