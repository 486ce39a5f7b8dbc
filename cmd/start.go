package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newStart() *command {
	c := &cobra.Command{
		Use: "start NAME…",
		Long: `Start compute instances and wait until they are running.

A running instance is left alone and the exit code is 0. If an instance is
stopping, start waits for that first. ctrl-c stops waiting, not the operation,
and prints how to wait again.`,
		Example: `  computetarget start dev
  computetarget start dev gpu --timeout 15m
  computetarget start dev --no-wait`,
	}
	names := namesFlag(c)
	wait := waitingFlags(c)
	wait.strictFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		return wait.act(ctx, a, asked, (*compute.Client).Start)
	})
}
