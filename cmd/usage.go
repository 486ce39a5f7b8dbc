package cmd

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newListUsage(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "list-usage",
		Short: "List what is used of the quota, and by whom",
		Long: `List the quota of the workspace's region: cores used, the limit, and how many of
the used ones running and stopped computes hold, the names with the most first.
A stopped instance keeps its cores. Families nobody uses are left out; --all
shows them.`,
		Example: `  computetarget list-usage
  computetarget list-usage --all -o table`,
		Args:        noNames,
		Annotations: map[string]string{listed: "names"},
	}
	everything := c.Flags().Bool("all", false, "show families nobody uses too")
	location := c.Flags().StringP("location", "l", "", "`REGION`; the workspace's own by default")
	return run(c, a, func(ctx context.Context, _ []string) (render.Result, error) {
		client, region, err := regionOf(ctx, a, *location)
		if err != nil {
			return render.Result{}, err
		}
		usages, err := client.Usages(ctx, region)
		if err != nil {
			return render.Result{}, err
		}
		// Who holds the cores is told as far as the caller may ask.
		sizes, err := client.VMSizes(ctx, region)
		if err != nil {
			a.Note("who holds the cores is not known: %v", err)
		}
		computes, err := client.All(ctx)
		if err != nil {
			a.Note("who holds the cores is not known: %v", err)
		}
		var list []any
		var rows [][]string
		for _, f := range compute.FamilyUsages(client.Workspace(), usages, sizes, computes) {
			if f.Used == 0 && !*everything {
				continue
			}
			list = append(list, usageObject(f))
			rows = append(rows, []string{f.Name, strconv.FormatInt(f.Used, 10), limitText(f.Limit),
				strconv.FormatInt(f.Running, 10), strconv.FormatInt(f.Stopped, 10), holdersText(f.Holders)})
		}
		if list == nil {
			list = []any{}
		}
		return render.Result{Data: list, People: func(p *render.Page) {
			p.Table([]string{"QUOTA", "USED", "LIMIT", "RUNNING", "STOPPED", "HELD BY"}, rows)
		}}, nil
	})
}

func usageObject(f compute.FamilyUsage) any {
	holders := make([]any, 0, len(f.Holders))
	for _, h := range f.Holders {
		holders = append(holders, map[string]any{
			"name": h.Name, "workspace": h.Workspace.Name, "cores": h.Cores, "state": orNull(h.State), "owner": orNull(h.Owner.Name),
		})
	}
	var limit any
	if f.Limit >= 0 {
		limit = f.Limit
	}
	return map[string]any{"name": f.Name, "used": f.Used, "limit": limit, "running": f.Running, "stopped": f.Stopped, "holders": holders}
}

func limitText(limit int64) string {
	if limit < 0 {
		return "none"
	}
	return strconv.FormatInt(limit, 10)
}

// holdersText names who holds cores, the largest first.
func holdersText(holders []compute.Holder) string {
	words := make([]string, 0, len(holders))
	for _, h := range holders {
		words = append(words, h.Name+" "+strconv.FormatInt(h.Cores, 10))
	}
	return strings.Join(words, ", ")
}
