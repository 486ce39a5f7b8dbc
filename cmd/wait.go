package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newWait() *command {
	c := &cobra.Command{
		Use: "wait NAME…",
		Long: `Wait until no operation is in progress on the computes.

With --for, wait for a state: running, stopped, deleted, or any state of the
service. A compute that runs a job counts as running.

Exit codes: 0 reached, 4 timed out (the operation continues), 5 failed, 3 not
found.`,
		Example: `  computetarget wait dev
  computetarget wait dev gpu --for running --timeout 15m
  computetarget wait dev --for deleted`,
	}
	names := namesFlag(c)
	goal := c.Flags().String("for", "", "`STATE` to wait for: running, stopped, deleted, or another")
	timeoutFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if c.Flags().Changed("for") {
			if err := checkState("for", *goal); err != nil {
				return render.Result{}, err
			}
		}
		asked, err := names.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		if err := ofKind(ctx, a, asked); err != nil {
			return render.Result{}, err
		}
		timeout, err := a.Settings.Duration(config.Timeout)
		if err != nil {
			return render.Result{}, err
		}
		drawn, err := a.Progress()
		if err != nil {
			return render.Result{}, err
		}
		defer drawn.Stop()
		ended, err := each(a, asked, func(client *compute.Client, names []string) []compute.Outcome {
			targets := make([]compute.Target, len(names))
			for i, name := range names {
				targets[i].Name = name
			}
			return in(client, client.Wait(ctx, targets, compute.WaitOptions{
				Goal: compute.Goal(*goal), Timeout: timeout, OnEvent: events(a, client, drawn.Handle),
			}))
		})
		drawn.Stop()
		if err != nil {
			return render.Result{}, err
		}
		return outcomes(a, asked, resumable(a, ended, compute.Goal(*goal)))
	})
}
