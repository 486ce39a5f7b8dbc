package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newResize() *command {
	c := &cobra.Command{
		Use: "resize NAME… -s SIZE",
		Long: `Change the VM size of compute instances, keep their disks, and wait until done.
A size that the service does not allow for an instance is refused before
anything is sent, with a list of allowed sizes. Resizing is in preview.`,
		Example: `  computetarget resize dev -s Standard_DS11_v2
  computetarget resize gpu -s Standard_NC6s_v3 --no-wait`,
	}
	names := namesFlag(c)
	wait := waitingFlags(c)
	size := sizeFlag(c.Flags())
	required(c, "vm-size")
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		return wait.act(ctx, a, asked, func(client *compute.Client, ctx context.Context, names []string, o compute.ActOptions) []compute.Outcome {
			return client.Resize(ctx, names, *size, o)
		})
	})
}
