package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newStop() *command {
	c := &cobra.Command{
		Use: "stop NAME…",
		Long: `Stop compute instances and wait until they are stopped.

A stopped instance is left alone and the exit code is 0. If an instance is
starting or being created, stop waits for that first. A stopped instance keeps
its disk and settings, and still counts against the quota.`,
		Example: `  computetarget stop dev
  computetarget stop dev gpu --no-wait
  computetarget list --type computeinstance -o name | computetarget stop -`,
	}
	names := namesFlag(c)
	wait := waitingFlags(c)
	wait.strictFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		return wait.act(ctx, a, asked, (*compute.Client).Stop)
	})
}
