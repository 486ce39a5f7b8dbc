package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newRestart() *command {
	c := &cobra.Command{
		Use: "restart NAME…",
		Long: `Restart compute instances and wait until they are running.

A stopped instance is started, with a note.`,
		Example: `  computetarget restart dev
  computetarget restart dev gpu`,
	}
	names := namesFlag(c)
	wait := waitingFlags(c)
	wait.strictFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		return wait.act(ctx, a, asked, (*compute.Client).Restart)
	})
}
