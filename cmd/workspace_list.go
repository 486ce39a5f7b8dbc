package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newWorkspaceList() *command {
	c := &cobra.Command{
		Use: "list",
		Long: `List the workspaces of the subscription or, if none is chosen, of every
subscription you can see. -g limits the list to a resource group. The chosen
workspace is marked.`,
		Example: `  computetarget workspace list
  computetarget workspace list -g local-rg -o name`,
		Args: noNames,
	}
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		group, err := a.Settings.Get(config.ResourceGroup)
		if err != nil {
			return render.Result{}, err
		}
		if group.Level != config.LevelFlag {
			group.Text = ""
		}
		all, err := a.Workspaces(ctx, group.Text)
		if err != nil {
			return render.Result{}, err
		}
		chosen := ""
		if ref, err := a.Settings.Workspace(); err == nil {
			chosen = compute.Workspace{Subscription: ref.Subscription.Text, ResourceGroup: ref.ResourceGroup.Text, Name: ref.Name.Text}.ID()
		}
		list := make([]any, 0, len(all))
		rows := make([][]string, 0, len(all))
		for _, info := range all {
			ws := info.Workspace()
			current := strings.EqualFold(ws.ID(), chosen)
			list = append(list, map[string]any{
				"id": ws.ID(), "name": ws.Name, "location": info.Location, "subscription": ws.Subscription, "chosen": current,
			})
			mark := ""
			if current {
				mark = "chosen"
			}
			rows = append(rows, []string{ws.Name, ws.ResourceGroup, info.Location, mark})
		}
		return render.Result{Data: list, People: func(p *render.Page) {
			view.Table(p, []string{"NAME", "GROUP", "LOCATION", ""}, rows)
		}}, nil
	})
}
