package cmd

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

// watchInterval is the polling interval of list --watch; one request serves all
// rows.
const watchInterval = 3 * time.Second

func newList() *command {
	c := &cobra.Command{
		Use: "list",
		Long: `List the computes of the workspace, with one request per page. Owners have the
names that the service or the directory tells, or else their ids. --owner takes an
e-mail address whatever name is shown.

-v prints full objects, --raw the service's own response. --watch updates the
list as it changes, in place on a terminal, else with one line per change.`,
		Example: `  computetarget list
  computetarget list --mine --state running
  computetarget list -o name --owner me | computetarget stop -
  computetarget list --type computeinstance --older-than 30d -o table
  computetarget list --query "[?state=='Running'].name" -o tsv`,
	}
	wanted := filterFlags(c.Flags())
	viewZoneFlag(c.Flags())
	raw := c.Flags().Bool("raw", false, "print the service's own responses")
	most := c.Flags().Int("max-results", 0, "show the first `NUMBER` of them only")
	watch := c.Flags().Bool("watch", false, "update the list as it changes, until ctrl-c")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		if wanted.kind == "" {
			wanted.kind = a.ComputeType
		}
		if *most < 0 || *most == 0 && c.Flags().Changed("max-results") {
			return render.Result{}, exit.Usagef("--max-results: a list cannot hold %d computes", *most)
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
			wanted.recognize(ctx, a, all, !*raw)
			if err == nil && !*watch {
				a.Names.SawComputes(all)
			}
			now := client.Now()
			found := keep(all, now, passes)
			if *most > 0 && len(found) > *most {
				found = found[:*most]
			}
			return app.Look{Found: found, Of: len(all), At: now}, err
		}
		if *watch {
			return render.Result{}, a.Watch(ctx, watchInterval, list)
		}
		if !*raw {
			defer a.Expect(ctx)()
		}
		seen, err := list(ctx)
		if err != nil {
			return render.Result{}, err
		}
		return view.Matches(seen.Found, seen.Of, a.Where(), detail(a, *raw)), nil
	})
}

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
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		read, err := getEach(ctx, a, asked)
		if err != nil {
			return render.Result{}, err
		}
		if err := refused(asked, otherKinds(a, read)); err != nil {
			return render.Result{}, err
		}
		found, failed := split(read)
		a.Names.SawSome(found)
		if !*raw {
			a.Introduce(ctx, found...)
		}
		r := view.Show(found, len(asked) != 1, detail(a, *raw))
		r.Err = failed
		return r, nil
	})
}

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
		r := view.Rows(nodes, []string{"NODE", "STATE", "PRIVATE", "PUBLIC", "PORT", "RUN"}, func(n compute.Node) (any, []string) {
			port := ""
			if n.Port != 0 {
				port = strconv.Itoa(n.Port)
			}
			return map[string]any{
				"nodeId": n.ID, "nodeState": n.State, "privateIpAddress": orNull(n.PrivateIP),
				"publicIpAddress": orNull(n.PublicIP), "port": orNull(port), "runId": orNull(n.RunID),
			}, []string{n.ID, n.State, n.PrivateIP, n.PublicIP, port, n.RunID}
		})
		r.Names = []string{}
		for _, n := range nodes {
			r.Names = append(r.Names, n.ID)
		}
		return r, nil
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
