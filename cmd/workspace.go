package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/nearest"
)

func newUse() *command {
	c := &cobra.Command{
		Use: "use WORKSPACE",
		Long: `Choose the default workspace: for you everywhere (saved in your config.yaml), or
with --here for a folder and those below it (saved in .azureml/config.json). The
choice applies to the current cloud; other clouds and the emulator keep their
own.

The workspace must exist. Without -g, it is searched by name in the chosen
subscription or, if none is chosen, in every subscription you can see.`,
		Example: `  computetarget use local-ws
  computetarget use local-ws -g local-rg --here`,
	}
	here := c.Flags().Bool("here", false, "for this folder instead of everywhere")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if chosen, err := a.Settings.Get(config.Workspace); err == nil && len(args) == 0 && chosen.Level == config.LevelFlag {
			args = []string{chosen.Text}
		}
		if len(args) != 1 {
			return render.Result{}, exit.Usagef("name one workspace; computetarget workspace list shows them")
		}
		name, err := workspaceName(a, args[0])
		if err != nil {
			return render.Result{}, err
		}
		ws, err := findWorkspace(ctx, a, name)
		if err != nil {
			return render.Result{}, err
		}
		var file string
		if *here {
			file, err = a.Settings.UseHere(ws.Subscription, ws.ResourceGroup, ws.Name)
		} else {
			file, err = a.Settings.Use(ws.Subscription, ws.ResourceGroup, ws.Name)
		}
		if err != nil {
			return render.Result{}, err
		}
		return render.Result{
			Data: map[string]any{"id": ws.ID(), "name": ws.Name, "subscription": ws.Subscription, "file": file},
			People: func(p *render.Page) {
				p.Line("%s (rg %s) is now the workspace, written to %s", ws.Name, ws.ResourceGroup, file)
			},
			Notes: overruled(a, ws),
		}, nil
	})
}

// workspaceName is the workspace name in a word. An id also sets group and
// subscription.
func workspaceName(a *app.App, word string) (string, error) {
	if !isID(word) {
		if reason := notPlain(word); reason != "" {
			return "", exit.Usagef("%s %s", cutWord(word), reason)
		}
		return word, nil
	}
	ws, name, err := compute.ParseID(word)
	switch {
	case err != nil:
		return "", err
	case name != "":
		return "", exit.Usagef("%q is the id of a compute; the id of its workspace is %s", word, ws.ID())
	}
	if err := contradicts(a, ws, "the id of "+ws.Name); err != nil {
		return "", err
	}
	a.Choose(ws)
	return ws.Name, nil
}

// overruled reports a source that overrides the choice just written: a project
// file overrides the user's choice, a variable overrides both.
func overruled(a *app.App, chosen compute.Workspace) []string {
	ref, err := config.New(config.Inputs{Getenv: a.Getenv}).Workspace()
	now := app.WorkspaceOf(ref)
	if err != nil || strings.EqualFold(now.ID(), chosen.ID()) {
		return nil
	}
	return []string{fmt.Sprintf("in this folder and shell it stays %s (rg %s), because %s takes precedence", now.Name, now.ResourceGroup, ref.Source())}
}

// findWorkspace finds a workspace by name, ignoring case as Azure does: in the
// group of -g, else in the whole subscription or, if none is chosen, in all
// that the identity can see.
func findWorkspace(ctx context.Context, a *app.App, name string) (compute.Workspace, error) {
	subscription, err := a.Settings.Subscription()
	if err != nil {
		return compute.Workspace{}, err
	}
	group, err := a.Settings.Get(config.ResourceGroup)
	if err != nil {
		return compute.Workspace{}, err
	}
	if group.Level != config.LevelFlag {
		group = config.Value{} // the current group does not limit the search
	}
	if group.Set() && subscription.Set() {
		client, err := a.Connect(compute.Workspace{Subscription: subscription.Text, ResourceGroup: group.Text, Name: name})
		if err != nil {
			return compute.Workspace{}, err
		}
		info, err := client.GetWorkspace(ctx)
		if err != nil {
			return compute.Workspace{}, err
		}
		return info.Workspace(), nil
	}
	all, err := a.Workspaces(ctx, group.Text)
	if err != nil {
		return compute.Workspace{}, err
	}
	var found []compute.Workspace
	var known []string
	for _, info := range all {
		ws := info.Workspace()
		known = append(known, ws.Name)
		if strings.EqualFold(ws.Name, name) {
			found = append(found, ws)
		}
	}
	where := "subscription " + subscription.Text
	if !subscription.Set() {
		where = "the subscriptions you can see"
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		tip := "computetarget workspace list shows the workspaces"
		if near := nearest.Word(name, known); near != "" {
			tip = "did you mean " + near + "?"
		}
		return compute.Workspace{}, &exit.Error{Exit: exit.NotFound, Text: fmt.Sprintf("no workspace %s in %s", name, where), Tip: tip}
	}
	return compute.Workspace{}, exit.Usagef("%d workspaces in %s are called %s: choose one with -g or --subscription-id", len(found), where, name)
}

func newWorkspaceList() *command {
	c := &cobra.Command{
		Use: "list",
		Long: `List the workspaces of the subscription or, if none is chosen, of every
subscription you can see. -g limits the list to a resource group. The chosen
workspace is marked.`,
		Example: `  computetarget workspace list
  computetarget workspace list -g local-rg -o name`,
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
			chosen = app.WorkspaceOf(ref).ID()
		}
		return view.Rows(all, []string{"NAME", "GROUP", "LOCATION", ""}, func(info compute.WorkspaceInfo) (any, []string) {
			ws, mark := info.Workspace(), ""
			if strings.EqualFold(ws.ID(), chosen) {
				mark = "chosen"
			}
			return map[string]any{
				"id": ws.ID(), "name": ws.Name, "location": info.Location, "subscription": ws.Subscription, "chosen": mark != "",
			}, []string{ws.Name, ws.ResourceGroup, info.Location, mark}
		}), nil
	})
}

func newFolderAttach() *command {
	c := &cobra.Command{
		Use: "attach -w WORKSPACE -g GROUP",
		Long: `Attach a folder to a workspace, so that computetarget uses that workspace in the
folder and below. It writes .azureml/config.json in the format of az ml folder
attach, which the SDK and CLI v1 read, but no sample run configurations.

computetarget use --here does the same in the format of the portal's download.`,
		Example: `  computetarget folder attach -w local-ws -g local-rg
  computetarget folder attach -w local-ws -g local-rg -e training --path .`,
		Args: noNames,
	}
	f := c.Flags()
	policyFlags(f)
	experiment := f.StringP("experiment-name", "e", "", "`NAME` of the experiment; the folder's own by default")
	copyTo := f.StringP("output-metadata-file", "t", "", "`FILE` to write the result to as well")
	folder := f.String("path", ".", "`FOLDER` to attach")
	markV1(f, "experiment-name", "output-metadata-file", "path")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		dir, err := filepath.Abs(*folder)
		if err != nil {
			return render.Result{}, exit.Usagef("finding the folder: %w", err)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return render.Result{}, exit.Usagef("%s is not a folder", *folder)
		}
		name := *experiment
		if name == "" {
			name = filepath.Base(dir)
		}
		client, err := a.Client()
		if err != nil {
			return render.Result{}, err
		}
		if _, err := client.GetWorkspace(ctx); err != nil {
			return render.Result{}, err
		}
		ws := client.Workspace()
		result := map[string]any{
			"Experiment name": name,
			"Project path":    dir,
			"Resource group":  ws.ResourceGroup,
			"Subscription id": ws.Subscription,
			"Workspace name":  ws.Name,
		}
		file, err := config.WriteProject(dir, config.Project{Subscription: ws.Subscription, ResourceGroup: ws.ResourceGroup, Workspace: ws.Name}, name)
		if err != nil {
			return render.Result{}, err
		}
		if *copyTo != "" {
			text, err := json.MarshalIndent(result, "", "  ")
			if err == nil {
				err = os.WriteFile(*copyTo, append(text, '\n'), 0o644) //nolint:gosec // names, for other programs to read
			}
			if err != nil {
				return render.Result{}, exit.Errorf(exit.Failed, "the folder is attached, but the copy cannot be written: %w", err)
			}
		}
		return render.Result{Data: result, People: func(p *render.Page) {
			p.Line("%s is now the workspace of %s, written to %s", ws.Name, dir, file)
		}}, nil
	})
}
