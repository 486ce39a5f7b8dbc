package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newStart() *command {
	return powerCommand(&cobra.Command{
		Use: "start NAME…",
		Long: `Start compute instances and wait until they are running.

A running instance is left alone and the exit code is 0. If an instance is
stopping, start waits for that first. ctrl-c stops waiting, not the operation,
and prints how to wait again.`,
		Example: `  computetarget start dev
  computetarget start dev gpu --timeout 15m
  computetarget start dev --no-wait`,
	}, (*compute.Client).Start)
}

func newStop() *command {
	return powerCommand(&cobra.Command{
		Use: "stop NAME…",
		Long: `Stop compute instances and wait until they are stopped.

A stopped instance is left alone and the exit code is 0. If an instance is
starting or being created, stop waits for that first. A stopped instance keeps
its disk and settings, and still counts against the quota.`,
		Example: `  computetarget stop dev
  computetarget stop dev gpu --no-wait
  computetarget list --type computeinstance -o name | computetarget stop -`,
	}, (*compute.Client).Stop)
}

func newRestart() *command {
	return powerCommand(&cobra.Command{
		Use: "restart NAME…",
		Long: `Restart compute instances and wait until they are running.

A stopped instance is started, with a note.`,
		Example: `  computetarget restart dev
  computetarget restart dev gpu`,
	}, (*compute.Client).Restart)
}

// powerCommand turns instances on or off.
func powerCommand(c *cobra.Command, verb verb) *command {
	names := namesFlag(c)
	wait := waitingFlags(c)
	c.Flags().BoolVar(&wait.strict, "strict", false, "fail if there is nothing to do, as the service does")
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		return wait.act(ctx, a, asked, verb)
	})
}
