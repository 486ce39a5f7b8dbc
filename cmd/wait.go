package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
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
	wait := &waiting{}
	c.Flags().StringVar((*string)(&wait.goal), "for", "", "`STATE` to wait for: running, stopped, deleted, or another")
	timeoutFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if c.Flags().Changed("for") {
			if err := checkState("for", string(wait.goal)); err != nil {
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
		return wait.act(ctx, a, asked, func(client *compute.Client, ctx context.Context, names []string, o compute.ActOptions) []compute.Outcome {
			targets := make([]compute.Target, len(names))
			for i, name := range names {
				targets[i].Name = name
			}
			return client.Wait(ctx, targets, compute.WaitOptions{Goal: wait.goal, Timeout: o.Timeout, OnEvent: o.OnEvent})
		})
	})
}
