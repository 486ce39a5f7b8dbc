package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newDelete(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "delete NAME…",
		Short: "Delete computes",
		Long: `Delete computes, with everything on their disks, and wait until they are gone.
What is only attached is refused: detach removes it and leaves what it stands
for.

On a terminal the names, owners and states are shown and a yes is asked for;
--yes skips that. Elsewhere nothing is ever asked.`,
		Example: `  computetarget delete dev
  computetarget delete dev gpu --yes
  computetarget delete dev --no-wait`,
	}
	names := namesFlag(c)
	wait := waitingFlags(c)
	notV1(c.Flags(), "no-wait")
	return run(c, a, func(ctx context.Context, args []string) (render.Result, error) {
		asked, err := names.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		if err := confirmDelete(ctx, a, asked); err != nil {
			return render.Result{}, err
		}
		return wait.act(a, asked, func(client *compute.Client, names []string, o compute.ActOptions) []compute.Outcome {
			return client.Delete(ctx, names, o)
		})
	})
}

// confirmDelete asks on a terminal, naming what would go.
func confirmDelete(ctx context.Context, a *app.App, asked []target) error {
	if a.Yes || a.DryRun || len(asked) == 0 || !a.CanPrompt() {
		return nil
	}
	what := make([]string, 0, len(asked))
	where := map[string]bool{}
	for _, t := range asked {
		client, err := a.ClientOf(t.in)
		if err != nil {
			return err
		}
		c, err := client.Get(ctx, t.name)
		if err != nil {
			return err
		}
		what = append(what, fmt.Sprintf("%s (%s, %s)", t.label(), orNone(render.Owner(c)), orNone(c.State())))
		where[client.Workspace().Name] = true
	}
	of := ""
	if len(where) == 1 {
		of = " in workspace " + slices.Collect(maps.Keys(where))[0]
	}
	ok, err := a.Confirm(ctx, fmt.Sprintf("Delete %s%s, with everything on the disk?", strings.Join(what, ", "), of))
	if err == nil && !ok {
		return render.Errorf(render.ExitFailed, "nothing was deleted")
	}
	return err
}
