package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// candidatesPatience is how long the error about a missing workspace waits for
// the workspaces it could name.
const candidatesPatience = 5 * time.Second

// candidates adds to the error of a missing workspace the workspaces there are
// to choose from. When they cannot be had in a moment the error stays as it is.
func (a *App) candidates(err error) error {
	var unknown *azure.CloudError
	if _, cause := a.options(""); errors.As(cause, &unknown) {
		return cause // that nothing is chosen in a cloud nobody knows is no wonder
	}
	var missing *config.MissingError
	if !errors.As(err, &missing) || missing.Key == config.Subscription {
		return err
	}
	subscription, lookup := a.Settings.Subscription()
	if lookup != nil || !subscription.Set() {
		return err
	}
	client, lookup := a.Connect(compute.Workspace{Subscription: subscription.Text})
	if lookup != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), candidatesPatience)
	defer cancel()
	found, lookup := client.ListWorkspaces(ctx, "")
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
	}
	return &render.Error{Exit: render.ExitUsage, Text: missing.Error(), Tip: lines.String(), Err: err}
}
