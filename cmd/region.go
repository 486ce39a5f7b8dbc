package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/order"
)

func newListSizes() *command {
	c := &cobra.Command{
		Use: "list-sizes",
		Long: `List the VM sizes that the workspace's region offers for a compute type, with
cores, memory, GPUs and, where known, the list price per hour.

--fits-quota only shows sizes that fit the remaining quota.`,
		Example: `  computetarget list-sizes
  computetarget list-sizes --gpu --fits-quota
  computetarget list-sizes --min-cores 8 --min-memory 32 -o table`,
	}
	f := c.Flags()
	gpu := f.Bool("gpu", false, "only sizes with GPUs")
	cores := f.Int("min-cores", 0, "only sizes with `NUMBER` cores or more")
	memory := f.Float64("min-memory", 0, "only sizes with `GB` of memory or more")
	fits := f.Bool("fits-quota", false, "only sizes that fit the remaining quota")
	kind := f.StringP("type", "t", "computeinstance", "compute `TYPE` to list sizes for")
	location := f.StringP("location", "l", "", "`REGION`; the workspace's own by default")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		wanted, err := computeType(*kind)
		if err != nil {
			return render.Result{}, err
		}
		client, region, err := regionOf(ctx, a, *location)
		if err != nil {
			return render.Result{}, err
		}
		sizes, err := client.VMSizes(ctx, region)
		if err != nil {
			return render.Result{}, err
		}
		if *location == "" {
			a.Names.SawSizes(sizes)
		}
		var usages []compute.Usage
		if *fits {
			if usages, err = client.Usages(ctx, region); err != nil {
				return render.Result{}, err
			}
		}
		sizes = slices.DeleteFunc(sizes, func(s compute.Size) bool { return !s.Supports(wanted) })
		total := len(sizes)
		sizes = slices.DeleteFunc(sizes, func(s compute.Size) bool {
			return *gpu && s.GPUs == 0 || s.VCPUs < *cores || s.MemoryGB < *memory ||
				*fits && len(compute.CheckQuota(&s, 1, false, usages)) > 0
		})
		order.By(sizes, func(a, b compute.Size) int {
			return cmp.Or(cmp.Compare(a.GPUs, b.GPUs), cmp.Compare(a.VCPUs, b.VCPUs), cmp.Compare(a.Name, b.Name))
		})
		return view.None(sizesResult(sizes), len(sizes), total, view.Where{}), nil
	})
}

func sizesResult(sizes []compute.Size) render.Result {
	r := view.Rows(sizes, []string{"SIZE", "CORES", "GPUS", "GB", "PER HOUR", "FAMILY"}, func(s compute.Size) (any, []string) {
		var hour any
		shown := ""
		if price, currency, ok := s.PerHour(false); ok {
			hour, shown = price, money(price)+" "+currency
		}
		return map[string]any{
			"name": s.Name, "family": s.Family, "vCPUs": s.VCPUs, "gpus": s.GPUs, "memoryGB": s.MemoryGB, "pricePerHour": hour,
		}, []string{s.Name, strconv.Itoa(s.VCPUs), strconv.Itoa(s.GPUs), strconv.FormatFloat(s.MemoryGB, 'f', -1, 64), shown, s.Family}
	})
	r.Names = []string{}
	for _, s := range sizes {
		r.Names = append(r.Names, s.Name)
	}
	return r
}

// regionOf is the requested region, else the workspace's.
func regionOf(ctx context.Context, a *app.App, region string) (*compute.Client, string, error) {
	client, err := a.Client()
	if err != nil || region != "" {
		return client, region, err
	}
	info, err := client.GetWorkspace(ctx)
	if err != nil {
		return nil, "", err
	}
	return client, info.Location, nil
}

// money is a price with two decimals, or more for a smaller one.
func money(price float64) string {
	if price > 0 && price < 0.01 {
		return strconv.FormatFloat(price, 'g', 2, 64)
	}
	return strconv.FormatFloat(price, 'f', 2, 64)
}

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
		a.Introduce(ctx, computes...)
		list := []any{}
		var families []compute.FamilyUsage
		for _, f := range compute.FamilyUsages(client.Workspace(), usages, sizes, computes) {
			if f.Used == 0 && !*everything {
				continue
			}
			list = append(list, usageObject(f))
			families = append(families, f)
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
			"name": h.Name, "workspace": h.Workspace.Name, "cores": h.Cores, "state": orNull(h.State), "owner": orNull(cmp.Or(h.Owner.Name, h.Owner.ID)),
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
