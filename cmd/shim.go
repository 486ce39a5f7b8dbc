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
		Long: `Write a small program named az to a folder on PATH before the real az. It sends
az ml computetarget and az ml folder attach to computetarget and everything else
to the real az. Old scripts run unchanged: delete returns at once and az's
sign-in is used, as before.

Scripts also install the extension azure-cli-ml and check for it. The shim makes
az extension add and update succeed for it, and az extension list and show, az
version and az --version include it. az extension remove goes to the real az.

With --v2, az ml compute of the newer extension goes to computetarget, too, which
answers as that extension does. Without it the shim leaves az ml compute alone.

The default for --dir is the first writable folder on PATH before the real az.`,
		Example: `  computetarget shim install
  computetarget shim install --v2
  computetarget shim install --dir ~/bin`,
	}
	dir := c.Flags().String("dir", "", "`FOLDER` to write az into")
	v2 := v2Flag(c)
	return shimCommand(c, func(system shim.System) (render.Result, error) {
		into, err := *dir, error(nil)
		if into == "" {
			if into, err = system.Dir(); err != nil {
				return render.Result{}, err
			}
		}
		done, err := system.Install(into, *v2)
		if err != nil {
			return render.Result{}, err
		}
		r := render.Result{Data: done, Text: strings.Join(done.Files, "\n") + "\n", People: func(p *render.Page) {
			taken := "az ml computetarget"
			if *v2 {
				taken += " and az ml compute"
			}
			p.Line("%s sends %s here and everything else to the real az", strings.Join(done.Files, ", "), taken)
		}}
		if done.Advice != "" {
			r.Notes = append(r.Notes, done.Advice)
		}
		return r, nil
	})
}

func v2Flag(c *cobra.Command) *bool {
	return c.Flags().Bool("v2", false, "take az ml compute (CLI v2), too")
}

func newShimUninstall() *command {
	c := &cobra.Command{
		Use: "uninstall",
		Long: `Remove the shim from the folder of --dir, or from every folder on PATH. The real
az is never removed.`,
		Example: `  computetarget shim uninstall
  computetarget shim uninstall --dir ~/bin`,
	}
	dir := c.Flags().String("dir", "", "`FOLDER` to remove it from")
	return shimCommand(c, func(system shim.System) (render.Result, error) {
		removed, err := system.Uninstall(*dir)
		if err != nil {
			return render.Result{}, err
		}
		r := render.Result{Data: map[string]any{"removed": append([]string{}, removed...)}}
		for _, file := range removed {
			r.Text += file + "\n"
		}
		if len(removed) == 0 {
			r.Text = "no shim to remove\n"
		}
		return r, nil
	})
}

func newShimStatus() *command {
	c := &cobra.Command{
		Use: "status",
		Long: `Show which az this shell, scripts and cron find, the real az behind the shim,
and what to do if the shim is not found.`,
		Example: `  computetarget shim status
  computetarget shim status --query "[?shim].where" -o tsv`,
	}
	return run(c, func(ctx context.Context, _ *app.App, _ []string) (render.Result, error) {
		system, err := thisSystem()
		if err != nil {
			return render.Result{}, err
		}
		places := system.Status(ctx)
		r := view.Rows(places, []string{"WHERE", "ANSWERS", "AZ", "REAL AZ"}, func(place shim.Place) (any, []string) {
			answers := "no az"
			switch {
			case place.Shim:
				answers = "the shim"
			case place.Path != "":
				answers = "not the shim"
			}
			return map[string]any{
				"where": place.Where, "path": orNull(place.Path), "shim": place.Shim,
				"real": orNull(place.Real), "advice": orNull(place.Advice),
			}, []string{place.Where, answers, place.Path, place.Real}
		})
		for _, place := range places {
			if place.Advice != "" {
				r.Notes = append(r.Notes, place.Where+": "+place.Advice)
			}
		}
		return r, nil
	})
}

func newShimPrint() *command {
	c := &cobra.Command{
		Use: "print",
		Long: `Print the shim, to read it or to install it by other means, such as in a
container image.`,
		Example: `  computetarget shim print
  computetarget shim print --file az.cmd`,
	}
	file := c.Flags().String("file", "az", "`FILE` to print: az for POSIX shells, or az.cmd for Windows")
	choice(c.Flags(), "file", "az", "az.cmd")
	v2 := v2Flag(c)
	return shimCommand(c, func(system shim.System) (render.Result, error) {
		goos := system.GOOS
		if *file == "az.cmd" {
			goos = "windows"
		}
		files, err := shim.Files(goos, system.Binary, *v2)
		if err != nil {
			return render.Result{}, err
		}
		for _, f := range files {
			if f.Name == *file {
				return render.Result{Data: f.Text, Text: f.Text}, nil
			}
		}
		return render.Result{}, exit.Usagef("the shim has no file %s for %s", *file, goos)
	})
}

func newShimAnswer() *command {
	c := &cobra.Command{
		Use: "answer extension list|extension show|version|versions",
		Long: `Print the output of az extension list, az extension show -n azure-cli-ml, az
version or az --version (versions), with azure-cli-ml among the extensions,
because old scripts check for it. The shim calls this. --az is the real az,
which supplies the rest.`,
		Example: `  computetarget shim answer extension list --az /usr/bin/az -o table
  computetarget shim answer version --az /usr/bin/az`,
		Args: cobra.ArbitraryArgs,
	}
	az := c.Flags().String("az", "", "`FILE` of the real az (default none)")
	c.Flags().StringP("name", "n", "", "`NAME` of the extension for show: "+shim.Extension)
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
			return render.Result{}, exit.Usagef("%q is not a command the shim answers", question)
		}
	})
}

// shimCommand acts on the shim of this machine.
func shimCommand(c *cobra.Command, f func(shim.System) (render.Result, error)) *command {
	return run(c, func(context.Context, *app.App, []string) (render.Result, error) {
		system, err := thisSystem()
		if err != nil {
			return render.Result{}, err
		}
		return f(system)
	})
}

// askAz returns the real az's answer as JSON, or nothing without an az.
func askAz(ctx context.Context, a *app.App, az string, into any, words ...string) error {
	out, err := realAz(ctx, a, az, append(words, "--output", "json")...)
	if err != nil || az == "" {
		return err
	}
	if err := json.Unmarshal(out, into); err != nil {
		return exit.Errorf(exit.Failed, "the output of az %s was not understood: %w", strings.Join(words, " "), err)
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
		home = "" // cron and containers may not have one
	}
	s := shim.System{GOOS: runtime.GOOS, Path: os.Getenv("PATH"), Home: home, Binary: binary}
	if s.GOOS != "windows" {
		s.Shell, s.Cron = "/bin/sh", "/usr/bin:/bin"
	}
	return s, nil
}
