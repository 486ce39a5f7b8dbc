package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
)

// candidatesPatience is how long the error about a missing workspace waits for
// the workspaces it could name: with what comes before and after it, five
// seconds.
const candidatesPatience = 4 * time.Second

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
			a.SawWorkspaces(all)
		}
		return all, err
	}
	visible, err := client.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	var all []compute.WorkspaceInfo
	for _, subscription := range visible {
		if client, err = a.Connect(compute.Workspace{Subscription: subscription.ID}); err != nil {
			return nil, err
		}
		found, err := client.ListWorkspaces(ctx, group)
		switch {
		case group != "" && compute.IsNotFound(err):
			continue // the group is another subscription's
		case err != nil:
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// candidates adds to the error of a missing workspace the workspaces there are
// to choose from. When they cannot be had in a moment the error stays as it is.
func (a *App) candidates(err error) error {
	if _, cause := a.options(""); errors.Is(cause, azure.ErrCloud) {
		return cause // that nothing is chosen in a cloud nobody knows is no wonder
	}
	var missing *config.MissingError
	if !errors.As(err, &missing) {
		return err
	}
	ctx, cancel := context.WithTimeout(a.Context, candidatesPatience)
	defer cancel()
	found, lookup := a.Workspaces(ctx, "")
	var nobody *azure.SignInError
	if errors.As(lookup, &nobody) && missing.Key != config.Subscription {
		tip := "run az login to be shown the workspaces there are, or give --workspace-name, --resource-group and --subscription-id; without an Azure account add --cloud emulator"
		return &exit.Error{Exit: exit.Usage, Text: missing.Error(), Tip: tip, Err: err}
	}
	if lookup != nil || len(found) == 0 {
		return err
	}
	const most = 10
	var lines strings.Builder
	lines.WriteString("choose one once:")
	for i, info := range found {
		if i == most {
			lines.WriteString("\n  … computetarget workspace list shows all")
			break
		}
		ws := info.Workspace()
		lines.WriteString("\n  computetarget use " + quote(ws.Name) + " -g " + quote(ws.ResourceGroup))
		if !missing.Known.Subscription.Set() {
			lines.WriteString(" --subscription-id " + quote(ws.Subscription))
		}
	}
	return &exit.Error{Exit: exit.Usage, Text: missing.Error(), Tip: lines.String(), Err: err}
}
