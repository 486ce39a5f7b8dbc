package cmd

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
)

func newExport() *command {
	c := &cobra.Command{
		Use: "export NAME…",
		Long: `Print computes as the YAML of "az ml compute", which "apply", "create -f" and az
read. Several computes are several documents. Passwords and keys are not in it, and
neither is what az has no key for: both are named on stderr.

--ours adds keys that only computetarget reads, so that all settings are in it:
inline setup scripts, the workspace, whether it is stopped.

--format arm prints one ARM template instead, with schedules and setup scripts; the
workspace and the region are its parameters.`,
		Example: `  computetarget export dev > dev.yml
  computetarget export dev --ours > dev.yml
  computetarget list --type computeinstance -o name | computetarget export -`,
	}
	names := namesFlag(c)
	ours := c.Flags().Bool("ours", false, "add keys that only computetarget reads")
	format := c.Flags().String("format", "yaml", "`FORMAT`: yaml, or arm for an ARM template")
	choice(c.Flags(), "format", "yaml", "arm")
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		read, err := getWholeEach(ctx, a, asked)
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
			one, err := manifest.Export(o.Compute, o.Workspace, *ours || *format == "arm")
			if err != nil {
				wrong = append(wrong, exit.Errorf(exit.Failed, "%w", err))
				continue
			}
			one.Left = append(one.Left, untold(o.Compute)...)
			out = append(out, one)
		}
		if *format == "arm" {
			return template(a, out, read, errors.Join(wrong...))
		}
		return exported(out, len(asked) != 1, errors.Join(wrong...)), nil
	})
}

// template is the result of an export as one ARM template.
func template(a *app.App, list []manifest.Exported, read []compute.Outcome, failed error) (render.Result, error) {
	r := render.Result{Names: []string{}, IDs: []string{}, Err: failed, Body: true}
	if a.Spread() {
		return r, exit.Usagef("an ARM template is of one workspace, and these computes are in several")
	}
	var all []*manifest.Document
	for _, e := range list {
		back, err := manifest.Read([]byte(e.Keys.YAML()), manifest.Options{Zone: a.Zone})
		if err != nil {
			return r, exit.Errorf(exit.Failed, "%s: %w", e.Name, err)
		}
		r.Names, all = append(r.Names, e.Name), append(all, back.Documents...)
		r.Notes = append(r.Notes, e.Left...)
	}
	if len(all) == 0 {
		return r, failed
	}
	block, err := manifest.ARM(all, read[0].Workspace)
	r.Data = block
	return r, err
}

// untold names the settings of an instance that the api-version does not tell.
func untold(c *compute.Compute) []string {
	if c.Instance == nil || c.Instance.EnableRootAccess != nil {
		return nil
	}
	return []string{c.Name + ": the service does not tell enable_root_access, enable_os_patching and release_quota_on_stop; they are left out"}
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
