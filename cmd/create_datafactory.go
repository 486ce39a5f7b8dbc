package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newCreateDataFactory() *command {
	c := &cobra.Command{
		Use:  "datafactory -n NAME",
		Long: `Create a Data Factory as a compute target and wait for it.`,
		Example: `  computetarget create datafactory -n factory
  computetarget create datafactory -n factory --location westeurope`,
	}
	names := newNameFlag(c)
	wait := waitingFlags(c)
	location := locationFlag(c.Flags())
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		name, err := names.fresh(args)
		if err != nil {
			return render.Result{}, err
		}
		spec := &compute.Spec{Location: *location, DataFactory: &compute.DataFactorySpec{}}
		return wait.act(ctx, a, chosen(name), func(client *compute.Client, ctx context.Context, _ []string, o compute.ActOptions) []compute.Outcome {
			return []compute.Outcome{client.Create(ctx, name, spec, compute.CreateOptions{ActOptions: o})}
		})
	})
}
