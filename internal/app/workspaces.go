package app

import (
	"context"
	"slices"
	"sync"

	"github.com/computetarget/computetarget/pkg/compute"
)

// abreast is how many subscriptions are queried at a time.
const abreast = 8

// Workspaces lists the workspaces of the chosen subscription or, when none is
// chosen, of all that the identity can see; with a group, those of the group.
func (a *App) Workspaces(ctx context.Context, group string) ([]compute.WorkspaceInfo, error) {
	chosen, err := a.Settings.Subscription()
	if err != nil {
		return nil, err
	}
	client, err := a.Connect(compute.Workspace{Subscription: chosen.Text})
	if err != nil {
		return nil, err
	}
	if chosen.Set() {
		all, err := client.ListWorkspaces(ctx, group)
		if err == nil && group == "" {
			a.Names.SawWorkspaces(all)
		}
		return all, err
	}
	visible, err := client.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	clients := make([]*compute.Client, len(visible))
	for i, subscription := range visible {
		if clients[i], err = a.Connect(compute.Workspace{Subscription: subscription.ID}); err != nil {
			return nil, err
		}
	}
	found, errs := make([][]compute.WorkspaceInfo, len(clients)), make([]error, len(clients))
	var asking sync.WaitGroup
	turns := make(chan struct{}, abreast)
	for i, client := range clients {
		turns <- struct{}{}
		asking.Go(func() {
			defer func() { <-turns }()
			found[i], errs[i] = client.ListWorkspaces(ctx, group)
		})
	}
	asking.Wait()
	for _, err := range errs {
		if err != nil && !(group != "" && compute.IsNotFound(err)) { // the group is another subscription's
			return nil, err
		}
	}
	return slices.Concat(found...), nil
}
