package cmd

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
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
		Args: noNames,
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
		slices.SortFunc(sizes, func(a, b compute.Size) int {
			return cmp.Or(cmp.Compare(a.GPUs, b.GPUs), cmp.Compare(a.VCPUs, b.VCPUs), cmp.Compare(a.Name, b.Name))
		})
		return view.None(sizesResult(sizes), len(sizes), total, view.Where{}), nil
	})
}

func sizesResult(sizes []compute.Size) render.Result {
	list := make([]any, 0, len(sizes))
	names := make([]string, 0, len(sizes))
	rows := make([][]string, 0, len(sizes))
	for i := range sizes {
		s := &sizes[i]
		var hour any
		shown := ""
		if price, currency, ok := s.PerHour(false); ok {
			hour, shown = price, money(price)+" "+currency
		}
		list = append(list, map[string]any{
			"name": s.Name, "family": s.Family, "vCPUs": s.VCPUs, "gpus": s.GPUs, "memoryGB": s.MemoryGB, "pricePerHour": hour,
		})
		names = append(names, s.Name)
		rows = append(rows, []string{s.Name, strconv.Itoa(s.VCPUs), strconv.Itoa(s.GPUs), strconv.FormatFloat(s.MemoryGB, 'f', -1, 64), shown, s.Family})
	}
	return render.Result{Data: list, Names: names, People: func(p *render.Page) {
		view.Table(p, []string{"SIZE", "CORES", "GPUS", "GB", "PER HOUR", "FAMILY"}, rows)
	}}
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
