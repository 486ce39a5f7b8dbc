package cmd

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/access"
	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newSSHConfig() *command {
	c := &cobra.Command{
		Use: "ssh-config NAME… | --all",
		Long: `Print the configuration for "ssh NAME" and VS Code's Remote-SSH to reach
instances. --write adds it to ~/.ssh/config, as one marked block per instance,
or updates the existing block; the rest of the file is never touched. --all
includes every running instance that SSH can reach.`,
		Example: `  computetarget ssh-config dev
  computetarget ssh-config --all --write`,
	}
	names := namesFlag(c)
	all := c.Flags().Bool("all", false, "every running instance SSH can reach")
	private := c.Flags().Bool("private", false, "use private addresses")
	write := c.Flags().Bool("write", false, "write to ~/.ssh/config")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		to, err := destinations(ctx, a, names, args, *all, *private)
		if err != nil {
			return render.Result{}, err
		}
		var text strings.Builder
		client, err := a.Client()
		if err != nil {
			return render.Result{}, err
		}
		list := []any{}
		ids := []string{}
		for _, d := range to {
			ids = append(ids, client.Workspace().ComputeID(d.Name))
			text.WriteString(d.Block())
			list = append(list, map[string]any{"name": d.Name, "host": d.Host, "port": d.Port, "user": d.User})
		}
		if !*write || a.Rehearsal() {
			if len(to) == 0 {
				text.WriteString("# no running instance that SSH can reach\n")
			}
			r := render.Result{Data: list, IDs: ids, Text: text.String()}
			if *write {
				r.Notes = []string{"not written: the emulator's addresses are not real"}
			}
			return r, nil
		}
		home := a.Settings.Home()
		if home == "" {
			return render.Result{}, exit.Usagef("no home folder to write .ssh/config in; set HOME")
		}
		file := filepath.Join(home, ".ssh", "config")
		if err := access.Write(file, to); err != nil {
			return render.Result{}, exit.Errorf(exit.Failed, "%s was not written: %w", file, err)
		}
		return render.Result{Data: list, IDs: ids, People: func(p *render.Page) {
			for _, d := range to {
				p.Line("ssh %s now reaches %s port %d", d.Name, d.Host, d.Port)
			}
		}}, nil
	})
}

// destinations are the SSH destinations of the named instances, or of all it
// can reach.
func destinations(ctx context.Context, a *app.App, names *names, args []string, all, private bool) ([]access.Destination, error) {
	var list []*compute.Compute
	if all {
		if names.given(args) {
			return nil, exit.Usagef("give either names or --all")
		}
		client, err := a.Client()
		if err != nil {
			return nil, err
		}
		if list, err = client.All(ctx); err != nil {
			return nil, err
		}
	} else {
		asked, err := names.all(a, args)
		if err != nil {
			return nil, err
		}
		read, err := getEach(ctx, a, asked)
		if err != nil {
			return nil, err
		}
		for _, o := range read {
			if o.Err != nil {
				return nil, o.Err
			}
			list = append(list, o.Compute)
		}
	}
	var out []access.Destination
	var failures []error
	for _, c := range list {
		d, err := access.SSH(c, private)
		switch {
		case err == nil:
			out = append(out, d)
		case !all:
			failures = append(failures, err)
		}
	}
	return out, errors.Join(failures...)
}
