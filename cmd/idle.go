package cmd

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func newIdle() *command {
	c := &cobra.Command{
		Use: "idle [NAME… TIME|off]",
		Long: `Set the idle time after which instances stop: 15 minutes to 3 days, in whole
minutes, or off. The old and new values are printed after reading the setting
back. If the service shows another value, the exit code is 1.

Changing it restarts the idle time. Without a time, it lists the idle times.`,
		Example: `  computetarget idle dev 1h
  computetarget idle dev gpu 1h30m
  computetarget idle dev off
  computetarget idle`,
	}
	names := namesFlag(c)
	changeFlags(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		last := len(args) - 1
		if last < 0 || len(args)+len(names.flag) == 1 && !isIdleTime(args[last]) {
			return listIdle(ctx, a, names, args)
		}
		own := slices.DeleteFunc(slices.Clone(args[:last]), isIdleTime)
		if err := names.misreadIn(own, args[last:]); err != nil {
			return render.Result{}, err
		}
		d, err := schedule.ParseIdle(args[last])
		if err != nil {
			return render.Result{}, exit.Usagef("%w", err)
		}
		asked, err := names.all(a, args[:last])
		if err != nil {
			return render.Result{}, err
		}
		return changeIdle(ctx, a, asked, d)
	})
}

// changeIdle sets the idle time of instances and renders the outcome.
func changeIdle(ctx context.Context, a *app.App, asked []target, d time.Duration) (render.Result, error) {
	ended, err := changeSetting(a, asked, func(client *compute.Client, names []string, o compute.ChangeOptions) []compute.Change {
		return client.ChangeIdle(ctx, names, d, o)
	})
	if err != nil {
		return render.Result{}, err
	}
	return view.IdleChanged(ended, len(asked) != 1), nil
}

// changeSetting changes a setting of instances, or of none if one of them cannot
// have it.
func changeSetting(a *app.App, asked []target, change func(*compute.Client, []string, compute.ChangeOptions) []compute.Change) ([]compute.Change, error) {
	timeout, err := a.Settings.Duration(config.Timeout)
	if err != nil {
		return nil, err
	}
	return eachOrNone(a, asked, func(client *compute.Client, names []string, before consenting) []compute.Change {
		return resumableHours(a, client, change(client, names, compute.ChangeOptions{Timeout: timeout, Before: before}))
	})
}

// isIdleTime reports whether a lone argument is meant as a time rather than a
// name.
func isIdleTime(text string) bool {
	_, err := schedule.ParseIdle(text)
	return err == nil || text != "-" && !isID(text) && !compute.PossibleName(text)
}

func listIdle(ctx context.Context, a *app.App, names *names, args []string) (render.Result, error) {
	found, several, failed, err := instances(ctx, a, names, args)
	if err != nil {
		return render.Result{}, err
	}
	r := view.Idle(found, several)
	r.Err = failed
	return r, nil
}
