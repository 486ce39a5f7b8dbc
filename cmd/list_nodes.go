package cmd

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newListNodes() *command {
	c := &cobra.Command{
		Use: "list-nodes NAME",
		Long: `List the nodes of a cluster with their addresses, states and runs. An instance
is shown as a single node.`,
		Example: `  computetarget list-nodes cpu
  computetarget list-nodes cpu -o table`,
	}
	names := nameFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		have, client, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		if err := otherKind(a, have); err != nil {
			return render.Result{}, err
		}
		nodes := []compute.Node{instanceNode(have)}
		if !have.IsInstance() {
			if nodes, err = client.ListNodes(ctx, have.Name); err != nil {
				return render.Result{}, err
			}
		}
		list := make([]any, 0, len(nodes))
		rows := make([][]string, 0, len(nodes))
		ids := make([]string, 0, len(nodes))
		for _, n := range nodes {
			port := ""
			if n.Port != 0 {
				port = strconv.Itoa(n.Port)
			}
			ids = append(ids, n.ID)
			list = append(list, map[string]any{
				"nodeId": n.ID, "nodeState": n.State, "privateIpAddress": orNull(n.PrivateIP),
				"publicIpAddress": orNull(n.PublicIP), "port": orNull(port), "runId": orNull(n.RunID),
			})
			rows = append(rows, []string{n.ID, n.State, n.PrivateIP, n.PublicIP, port, n.RunID})
		}
		return render.Result{Data: list, Names: ids, People: func(p *render.Page) {
			view.Table(p, []string{"NODE", "STATE", "PRIVATE", "PUBLIC", "PORT", "RUN"}, rows)
		}}, nil
	})
}

// instanceNode shows an instance as a single node: the service lists nodes of
// clusters only.
func instanceNode(c *compute.Compute) compute.Node {
	n := compute.Node{ID: c.Name, State: c.State()}
	if i := c.Instance; i != nil {
		if i.Endpoints != nil {
			n.PrivateIP, n.PublicIP = i.Endpoints.PrivateIP, i.Endpoints.PublicIP
		}
		if i.SSH != nil {
			n.Port = i.SSH.Port
		}
	}
	return n
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
