package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newDetach() *command {
	c := &cobra.Command{
		Use: "detach NAME…",
		Long: `Remove attached computes from the workspace. The resource itself, such as an AKS
cluster, is kept. Instances and clusters cannot be detached, only deleted.`,
		Example: `  computetarget detach serving
  computetarget detach serving k8s --no-wait`,
	}
	names := namesFlag(c)
	wait := waitingFlags(c)
	notV1(c.Flags(), "no-wait")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		found, err := getEach(ctx, a, asked)
		if err != nil {
			return render.Result{}, err
		}
		if err := unread(ctx, found); err != nil {
			return render.Result{}, err
		}
		if err := refused(asked, otherKinds(a, found)); err != nil {
			return render.Result{}, err
		}
		for _, o := range found {
			if o.Err == nil && (o.Compute.IsInstance() || o.Compute.IsCluster()) {
				return render.Result{}, exit.Usagef("%s is of type %s, which cannot be detached: use delete instead", o.Name, o.Compute.ComputeType)
			}
		}
		return wait.act(ctx, a, asked, (*compute.Client).Detach)
	})
}
