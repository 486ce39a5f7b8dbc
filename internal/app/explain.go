package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/recall"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Explain adds advice from the settings and cached names to an error: the
// workspaces if none is chosen, and the nearest name if something is not found.
func (a *App) Explain(ctx context.Context, err error) error {
	if errors.Is(err, config.ErrNotChosen) {
		return a.candidates(ctx, err)
	}
	return a.located(err)
}

// located says one way what is not there, whatever the service's words are: the
// nearest of the names that are remembered, in which workspace it was looked
// for and where that choice came from, because the usual reason is that another
// name or another workspace was meant.
func (a *App) located(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined errors are taken apart
		var all []error
		for _, e := range several.Unwrap() {
			all = append(all, a.located(e))
		}
		return errors.Join(all...)
	}
	var refused *compute.Error
	if a.client == nil || a.spread || !errors.As(err, &refused) || refused.Kind != compute.KindNotFound {
		return err
	}
	where := a.Where()
	if where.Workspace == "" {
		return err
	}
	text, meant := "", ""
	advice := render.Hint(err)
	switch ws := a.client.Workspace().Name; {
	case isCompute(refused):
		text = fmt.Sprintf("there is no compute %s in the workspace %s", refused.Name, ws)
		advice = "computetarget list shows what the workspace has"
		meant = a.Names.nearest(recall.Computes, refused.Name)
	case strings.Contains(strings.ToLower(refused.Message), "workspaces/"):
		meant = a.Names.nearest(recall.Workspaces, ws)
	}
	if meant != "" {
		advice = "did you mean " + meant + "? " + advice
	}
	hint := "looked in " + where.String()
	if advice != "" {
		hint = advice + "; " + hint
	}
	return &exit.Error{Text: text, Tip: hint, Err: err}
}

// isCompute reports whether the compute itself is missing, as opposed to its
// workspace or group.
func isCompute(e *compute.Error) bool {
	message := strings.ToLower(e.Message)
	switch strings.ToLower(e.Code) {
	case "computenotfound":
		return e.Name != ""
	case "resourcenotfound", "notfound":
		return e.Name != "" && (strings.Contains(message, "/computes/") || !strings.Contains(message, "workspaces/"))
	}
	return false
}

// candidatesPatience is how long the error about a missing workspace waits for
// the workspaces it could name: with what comes before and after it, five
// seconds.
const candidatesPatience = 4 * time.Second

// candidates adds to the error of a missing workspace the workspaces there are
// to choose from. When they cannot be had in a moment the error stays as it is.
func (a *App) candidates(ctx context.Context, err error) error {
	chosen, _ := a.Settings.Workspace() // as far as it is
	ctx, cancel := context.WithTimeout(ctx, candidatesPatience)
	defer cancel()
	found, lookup := a.Workspaces(ctx, "")
	var refused *exit.Error
	if errors.As(lookup, &refused) && refused.Exit == exit.Auth && (!chosen.Name.Set() || !chosen.ResourceGroup.Set()) {
		tip := "run az login to be shown the workspaces there are, or give --workspace-name, --resource-group and --subscription-id; without an Azure account add --cloud emulator"
		return &exit.Error{Exit: exit.Usage, Tip: tip, Err: err}
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
		if !chosen.Subscription.Set() {
			lines.WriteString(" --subscription-id " + quote(ws.Subscription))
		}
	}
	return &exit.Error{Exit: exit.Usage, Tip: lines.String(), Err: err}
}
