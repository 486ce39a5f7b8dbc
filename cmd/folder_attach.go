package cmd

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
)

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
