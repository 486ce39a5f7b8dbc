package cmd

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/manifest"
)

func newExport() *command {
	c := &cobra.Command{
		Use: "export NAME…",
		Long: `Print computes as the YAML of "az ml compute", which "apply", "create -f" and az
read. Several computes are several documents. Passwords and keys are not in it, and
neither is what az has no key for: both are named on stderr.

--ours adds keys that only computetarget reads, so that all settings are in it:
inline setup scripts, the workspace, whether it is stopped.`,
		Example: `  computetarget export dev > dev.yml
  computetarget export dev --ours > dev.yml
  computetarget list --type computeinstance -o name | computetarget export -`,
	}
	names := namesFlag(c)
	ours := c.Flags().Bool("ours", false, "add keys that only computetarget reads")
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		read, err := getEach(ctx, a, asked)
		if err == nil {
			err = unread(ctx, read)
		}
		if err != nil {
			return render.Result{}, err
		}
		var out []manifest.Exported
		var wrong []error
		for _, o := range read {
			if o.Err != nil {
				wrong = append(wrong, o.Err)
				continue
			}
			one, err := manifest.Export(o.Compute, o.Workspace, *ours)
			if err != nil {
				wrong = append(wrong, exit.Errorf(exit.Failed, "%w", err))
				continue
			}
			out = append(out, one)
		}
		return exported(out, len(asked) != 1, errors.Join(wrong...)), nil
	})
}

// exported is the result of an export: the YAML, or JSON with the same keys.
func exported(list []manifest.Exported, several bool, failed error) render.Result {
	r := render.Result{Names: []string{}, IDs: []string{}, Err: failed, Body: true}
	data := []any{}
	var texts []string
	for _, e := range list {
		r.Names, data, texts = append(r.Names, e.Name), append(data, e.Keys), append(texts, e.Keys.YAML())
		r.Notes = append(r.Notes, e.Left...)
	}
	r.Text = strings.Join(texts, "---\n")
	if r.Data = data; !several && len(data) == 1 {
		r.Data = data[0]
	}
	return r
}
