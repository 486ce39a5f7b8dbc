package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
)

func newList(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List the computes of the workspace",
		Long: `List the computes of the workspace, with one request for every page of the
service.

-v prints full objects, --raw the service's own bodies.`,
		Example: `  computetarget list
  computetarget list -o name
  computetarget list --query "[?state=='Running'].name" -o tsv`,
		Args: noNames,
	}
	raw := c.Flags().Bool("raw", false, "print the service's own bodies")
	return run(c, a, func(ctx context.Context, _ []string) (render.Result, error) {
		client, err := a.Client()
		if err != nil {
			return render.Result{}, err
		}
		all, err := client.All(ctx)
		if err != nil {
			return render.Result{}, err
		}
		return render.List(all, a.Where(), detail(a, *raw)), nil
	})
}
