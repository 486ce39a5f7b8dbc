package cmd

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/shim"
	"github.com/computetarget/computetarget/internal/view"
)

func newShimInstall() *command {
	c := &cobra.Command{
		Use: "install",
		Long: `Write a small program named az into a folder of PATH that stands before the real
az. It sends az ml computetarget and az ml folder attach here and hands everything
else to the real az. Old scripts run unchanged: delete returns at once and the
sign-in is az's, as before.

Scripts also install the extension azure-cli-ml and look for it. az extension add
and update for it are answered with success; az extension list and show, az
version and az --version have it among the extensions. az extension remove is the
real az's.

Without --dir the first folder of PATH that stands before the real az and can be
written to is taken.`,
		Example: `  computetarget shim install
  computetarget shim install --dir ~/bin`,
		Args: noNames,
	}
	dir := c.Flags().String("dir", "", "`FOLDER` to write az into")
	return run(c, func(context.Context, *app.App, []string) (render.Result, error) {
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

func newShimUninstall() *command {
	c := &cobra.Command{
		Use: "uninstall",
		Long: `Remove what shim install wrote: from the folder of --dir, or from every folder of
PATH. Only the shim is removed, never the real az.`,
		Example: `  computetarget shim uninstall
  computetarget shim uninstall --dir ~/bin`,
		Args: noNames,
	}
	dir := c.Flags().String("dir", "", "`FOLDER` to remove it from")
	return run(c, func(context.Context, *app.App, []string) (render.Result, error) {
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

func newShimStatus() *command {
	c := &cobra.Command{
		Use: "status",
		Long: `Show which az answers in this shell, in scripts and in cron: the shim or another
program, the real az behind the shim, and what to do where the shim does not
answer.`,
		Example: `  computetarget shim status
  computetarget shim status --query "[?shim].where" -o tsv`,
		Args: noNames,
	}
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
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
			view.Table(p, []string{"WHERE", "ANSWERS", "AZ", "REAL AZ"}, rows)
		}}, nil
	})
}

func newShimPrint() *command {
	c := &cobra.Command{
		Use: "print",
		Long: `Print what shim install would write, to read it or to put it in place by other
means, such as a container image.`,
		Example: `  computetarget shim print
  computetarget shim print --file az.cmd`,
		Args: noNames,
	}
	file := c.Flags().String("file", "az", "`FILE` to print: az for POSIX shells, or az.cmd for Windows")
	choice(c.Flags(), "file", "az", "az.cmd")
	return run(c, func(context.Context, *app.App, []string) (render.Result, error) {
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
		return render.Result{}, exit.Usagef("there is no shim %s for %s", *file, goos)
	})
}

func newShimAnswer() *command {
	c := &cobra.Command{
		Use: "answer extension list|extension show|version|versions",
		Long: `Print what az extension list, az extension show -n azure-cli-ml, az version and
az --version (versions) print, with azure-cli-ml among the extensions: old
scripts look for it. The shim calls this; --az is the real az, which is asked for
the rest.`,
		Example: `  computetarget shim answer extension list --az /usr/bin/az -o table
  computetarget shim answer version --az /usr/bin/az`,
		Args: cobra.ArbitraryArgs,
	}
	az := c.Flags().String("az", "", "`FILE` of the real az; without it there is none")
	c.Flags().StringP("name", "n", "", "`NAME` of the extension that show shows: "+shim.Extension)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		system, err := thisSystem()
		if err != nil {
			return render.Result{}, err
		}
		switch question := strings.ToLower(strings.Join(args, " ")); question {
		case "extension show":
			return render.Result{Data: shim.AddExtension(nil, system.Binary)[0], Body: true}, nil
		case "extension list":
			list := []any{}
			err := askAz(ctx, a, *az, &list, "extension", "list")
			return render.Result{Data: shim.AddExtension(list, system.Binary), Body: true}, err
		case "version":
			version := map[string]any{}
			err := askAz(ctx, a, *az, &version, "version")
			shim.AddToVersion(version)
			return render.Result{Data: version, Body: true}, err
		case "versions":
			text, err := realAz(ctx, a, *az, "--version")
			return render.Result{Data: shim.AddToText(string(text)), Text: shim.AddToText(string(text))}, err
		default:
			return render.Result{}, exit.Usagef("%q is not a question the shim answers", question)
		}
	})
}

// askAz reads what the real az answers, as JSON; nothing without an az.
func askAz(ctx context.Context, a *app.App, az string, into any, words ...string) error {
	out, err := realAz(ctx, a, az, append(words, "--output", "json")...)
	if err != nil || az == "" {
		return err
	}
	if err := json.Unmarshal(out, into); err != nil {
		return exit.Errorf(exit.Failed, "what az %s printed was not understood: %w", strings.Join(words, " "), err)
	}
	return nil
}

// realAz runs the real az and returns what it prints; it writes to stderr itself.
func realAz(ctx context.Context, a *app.App, az string, words ...string) ([]byte, error) {
	if az == "" {
		return nil, nil
	}
	c := exec.CommandContext(ctx, az, words...)
	c.Stderr = a.Err
	out, err := c.Output()
	if err != nil {
		return nil, exit.Errorf(exit.Failed, "az %s: %w", strings.Join(words, " "), err)
	}
	return out, nil
}

// thisSystem is the machine this process runs on.
func thisSystem() (shim.System, error) {
	binary, err := os.Executable()
	if err != nil {
		return shim.System{}, exit.Errorf(exit.Failed, "finding this program's own file: %w", err)
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
