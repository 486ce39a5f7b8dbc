package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/access"
	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
)

func newSSH() *command {
	c := &cobra.Command{
		Use: "ssh NAME [-- COMMAND…]",
		Long: `Open a shell on a running instance with this machine's ssh, or run a command
there. The exit code is ssh's.

SSH from the internet must have been enabled when the instance was created.
--private connects to port 22 of the private address, from inside the network;
there, a key given at creation always works. If SSH cannot work, the error says
why and how to fix it. The emulator's addresses are not real, so the ssh command
is printed, not run.`,
		Example: `  computetarget ssh dev
  computetarget ssh dev -- nvidia-smi`,
	}
	names := nameFlag(c)
	private := c.Flags().Bool("private", false, "use the private address")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		var command []string
		if dash := c.ArgsLenAtDash(); dash >= 0 {
			args, command = args[:dash], args[dash:]
		}
		have, _, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		to, err := access.SSH(have, *private)
		if err != nil {
			return render.Result{}, err
		}
		if a.Rehearsal() {
			line := "ssh " + app.Words(to.Arguments(command))
			return render.Result{Data: line, Text: line + "\n", Names: []string{have.Name}, IDs: []string{have.ID},
				Notes: []string{"not run: " + have.Name + " is in the emulator, and its address is not real"}}, nil
		}
		return render.Result{}, access.Run("ssh", to.Arguments(command))
	})
}
