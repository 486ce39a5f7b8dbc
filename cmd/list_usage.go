package cmd

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newListUsage() *command {
	c := &cobra.Command{
		Use: "list-usage",
		Long: `List the quota of the workspace's region: the cores in use, the limit, and the
computes that use them, largest first, in this workspace and in others of the
subscription. A stopped instance still counts against the quota. Families
without usage are hidden unless you pass --all.

The owner and state of a compute in another workspace are not shown.`,
		Example: `  computetarget list-usage
  computetarget list-usage --all -o table`,
		Args: noNames,
	}
	everything := c.Flags().Bool("all", false, "include families without usage")
	location := c.Flags().StringP("location", "l", "", "`REGION`; the workspace's own by default")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		client, region, err := regionOf(ctx, a, *location)
		if err != nil {
			return render.Result{}, err
		}
		usages, err := client.Usages(ctx, region)
		if err != nil {
			return render.Result{}, err
		}
		// Usage by compute is shown as far as the caller may read it.
		sizes, err := client.VMSizes(ctx, region)
		if err != nil {
			a.Note("usage by compute is not known: %v", err)
		}
		computes, err := client.All(ctx)
		if err != nil {
			a.Note("usage by compute is not known: %v", err)
		}
		var list []any
		var families []compute.FamilyUsage
		for _, f := range compute.FamilyUsages(client.Workspace(), usages, sizes, computes) {
			if f.Used == 0 && !*everything {
				continue
			}
			list = append(list, usageObject(f))
			families = append(families, f)
		}
		if list == nil {
			list = []any{}
		}
		return render.Result{Data: list, People: func(p *render.Page) {
			for _, f := range families {
				showUsage(p, region, client.Workspace(), f)
			}
			if len(families) == 0 {
				p.Aside("nothing is used in %s", region)
			}
		}}, nil
	})
}

// showUsage draws the quota of one family: the region's on the first line, then
// a line for each scope of those who hold it.
func showUsage(p *render.Page, region string, here compute.Workspace, f compute.FamilyUsage) {
	p.Sentence("%s: %d of %s cores used in %s", f.Name, f.Used, limitText(f.Limit), region)
	var local, others []string
	known := int64(0)
	for _, h := range f.Holders {
		known += h.Cores
		if strings.EqualFold(h.Workspace.ID(), here.ID()) {
			local = append(local, holderText(h))
			continue
		}
		others = append(others, holderText(h)+" in "+h.Workspace.Name)
	}
	if len(local) > 0 {
		p.Row("here", fmt.Sprintf("%d running, %d stopped: %s", f.Running, f.Stopped, someOf(local)))
	}
	p.Row("elsewhere", someOf(others))
	if left := f.Used - known; left > 0 {
		p.Row("unknown", fmt.Sprintf("%d used by computes that are not listed", left))
	}
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

// someOf lists the first of many, and how many more there are.
func someOf(list []string) string {
	const most = 20
	if len(list) > most {
		list = append(list[:most:most], fmt.Sprintf("and %d more, which -o json has", len(list)-most))
	}
	return strings.Join(list, ", ")
}

// holderText is a compute's name and cores, with its owner and state if known.
func holderText(h compute.Holder) string {
	text := h.Name + " " + strconv.FormatInt(h.Cores, 10)
	var about []string
	for _, word := range []string{cmp.Or(h.Owner.Name, h.Owner.ID), h.State} {
		if word != "" {
			about = append(about, word)
		}
	}
	if len(about) > 0 {
		text += " (" + strings.Join(about, ", ") + ")"
	}
	return text
}
