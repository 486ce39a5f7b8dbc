package cmd

import (
	"context"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/shim"
)

func newShimInstall(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "install",
		Short: "Put an az in front of az that knows the old commands",
		Long: `Write a small program named az into a folder of PATH that stands before the real
az. It sends az ml computetarget and az ml folder attach here, answers az
extension add, update and remove for azure-cli-ml with success, and hands
everything else to the real az. Old scripts run unchanged: delete returns at once
and the sign-in is az's, as before.

Without --dir the first folder of PATH that stands before the real az and can be
written to is taken.`,
		Example: `  computetarget shim install
  computetarget shim install --dir ~/bin`,
		Args: noNames,
	}
	dir := c.Flags().String("dir", "", "`FOLDER` to write az into")
	return run(c, a, func(context.Context, []string) (render.Result, error) {
		system, err := thisSystem()
		if err != nil {
			return render.Result{}, err
		}
		into := *dir
		if into == "" {
			if into, err = system.Dir(); err != nil {
				return render.Result{}, err
			}
		}
		done, err := system.Install(into)
		if err != nil {
			return render.Result{}, err
		}
		r := render.Result{Data: done, Text: strings.Join(done.Files, "\n") + "\n", People: func(p *render.Page) {
			p.Line("%s sends az ml computetarget here and everything else to the real az", strings.Join(done.Files, ", "))
		}}
		if done.Advice != "" {
			r.Notes = append(r.Notes, done.Advice)
		}
		return r, nil
	})
}

func newShimUninstall(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove the az in front of az",
		Long: `Remove what shim install wrote: from the folder of --dir, or from every folder of
PATH. Only the shim is removed, never the real az.`,
		Example: `  computetarget shim uninstall
  computetarget shim uninstall --dir ~/bin`,
		Args: noNames,
	}
	dir := c.Flags().String("dir", "", "`FOLDER` to remove it from")
	return run(c, a, func(context.Context, []string) (render.Result, error) {
		system, err := thisSystem()
		if err != nil {
			return render.Result{}, err
		}
		removed, err := system.Uninstall(*dir)
		if err != nil {
			return render.Result{}, err
		}
		r := render.Result{Data: map[string]any{"removed": append([]string{}, removed...)}}
		for _, file := range removed {
			r.Text += file + "\n"
		}
		if len(removed) == 0 {
			r.Text = "there is no shim to remove\n"
		}
		return r, nil
	})
}

func newShimStatus(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Show which az answers in this shell, in scripts and in cron",
		Long: `Show which az answers in this shell, in scripts and in cron: the shim or another
program, the real az behind the shim, and what to do where the shim does not
answer.`,
		Example: `  computetarget shim status
  computetarget shim status --query "[?shim].where" -o tsv`,
		Args: noNames,
	}
	return run(c, a, func(ctx context.Context, _ []string) (render.Result, error) {
		system, err := thisSystem()
		if err != nil {
			return render.Result{}, err
		}
		places := system.Status(ctx)
		list := make([]any, 0, len(places))
		rows := make([][]string, 0, len(places))
		notes := []string{}
		for _, place := range places {
			list = append(list, map[string]any{
				"where": place.Where, "path": orNull(place.Path), "shim": place.Shim,
				"real": orNull(place.Real), "advice": orNull(place.Advice),
			})
			answers := "no az"
			switch {
			case place.Shim:
				answers = "the shim"
			case place.Path != "":
				answers = "not the shim"
			}
			rows = append(rows, []string{place.Where, answers, place.Path, place.Real})
			if place.Advice != "" {
				notes = append(notes, place.Where+": "+place.Advice)
			}
		}
		return render.Result{Data: list, Notes: notes, People: func(p *render.Page) {
			p.Table([]string{"WHERE", "ANSWERS", "AZ", "REAL AZ"}, rows)
		}}, nil
	})
}

func newShimPrint(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "print",
		Short: "Print the az in front of az",
		Long: `Print what shim install would write, to read it or to put it in place by other
means, such as a container image.`,
		Example: `  computetarget shim print
  computetarget shim print --file az.cmd`,
		Args: noNames,
	}
	file := c.Flags().String("file", "az", "`FILE` to print: az for POSIX shells, or az.cmd for Windows")
	choice(c.Flags(), "file", "az", "az.cmd")
	return run(c, a, func(context.Context, []string) (render.Result, error) {
		system, err := thisSystem()
		if err != nil {
			return render.Result{}, err
		}
		goos := system.GOOS
		if *file == "az.cmd" {
			goos = "windows"
		}
		files, err := shim.Files(goos, system.Binary)
		if err != nil {
			return render.Result{}, err
		}
		for _, f := range files {
			if f.Name == *file {
				return render.Result{Data: f.Text, Text: f.Text}, nil
			}
		}
		return render.Result{}, render.Usagef("there is no shim %s for %s", *file, goos)
	})
}

// thisSystem is the machine this process runs on.
func thisSystem() (shim.System, error) {
	binary, err := os.Executable()
	if err != nil {
		return shim.System{}, render.Errorf(render.ExitFailed, "finding this program's own file: %w", err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // cron and containers have none
	}
	s := shim.System{GOOS: runtime.GOOS, Path: os.Getenv("PATH"), Home: home, Binary: binary}
	if s.GOOS != "windows" {
		s.Shell, s.Cron = "/bin/sh", "/usr/bin:/bin"
	}
	return s, nil
}
