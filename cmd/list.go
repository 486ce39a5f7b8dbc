package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
)

// watchInterval is the polling interval of list --watch; one request serves all
// rows.
const watchInterval = 3 * time.Second

func newList() *command {
	c := &cobra.Command{
		Use: "list",
		Long: `List the computes of the workspace, with one request per page.

-v prints full objects, --raw the service's own response. --watch updates the
list as it changes, in place on a terminal, else with one line per change.`,
		Example: `  computetarget list
  computetarget list --mine --state running
  computetarget list -o name --owner me | computetarget stop -
  computetarget list --type computeinstance --older-than 30d -o table
  computetarget list --query "[?state=='Running'].name" -o tsv`,
		Args: noNames,
	}
	wanted := filterFlags(c.Flags())
	viewZoneFlag(c.Flags())
	raw := c.Flags().Bool("raw", false, "print the service's own responses")
	watch := c.Flags().Bool("watch", false, "update the list as it changes, until ctrl-c")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		if wanted.kind == "" {
			wanted.kind = a.ComputeType
		}
		passes, err := wanted.predicates()
		if err != nil {
			return render.Result{}, err
		}
		client, err := a.Client()
		if err != nil {
			return render.Result{}, err
		}
		owned, err := wanted.owned(ctx, a)
		if err != nil {
			return render.Result{}, err
		}
		passes = append(passes, owned...)
		list := func(ctx context.Context) (app.Look, error) {
			all, err := client.All(ctx)
			if err == nil && !*watch {
				a.Names.SawComputes(all)
			}
			now := client.Now()
			return app.Look{Found: keep(all, now, passes), Of: len(all), At: now}, err
		}
		if *watch {
			return render.Result{}, a.Watch(ctx, watchInterval, list)
		}
		seen, err := list(ctx)
		if err != nil {
			return render.Result{}, err
		}
		return view.Matches(seen.Found, seen.Of, a.Where(), detail(a, *raw)), nil
	})
}
