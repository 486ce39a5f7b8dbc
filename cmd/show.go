package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newShow() *command {
	c := &cobra.Command{
		Use: "show NAME…",
		Long: `Show a compute: whether it is on, who stopped it and when, its owner, how to
reach it and when it stops.

-v prints the full object, --raw the service's own response.`,
		Example: `  computetarget show dev
  computetarget show dev --query state -o tsv
  computetarget show dev -v
  computetarget show dev --raw`,
	}
	names := namesFlag(c)
	viewZoneFlag(c.Flags())
	raw := c.Flags().Bool("raw", false, "print the service's own response")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		read, err := getEach(ctx, a, asked)
		if err != nil {
			return render.Result{}, err
		}
		if err := refused(asked, otherKinds(a, read)); err != nil {
			return render.Result{}, err
		}
		var found []*compute.Compute
		var failures []error
		for _, o := range read {
			if o.Err != nil {
				failures = append(failures, o.Err)
				continue
			}
			found = append(found, o.Compute)
		}
		a.Names.SawSome(found)
		r := view.Show(found, len(asked) != 1, detail(a, *raw))
		r.Err = errors.Join(failures...)
		return r, nil
	})
}
