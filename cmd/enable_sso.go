package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newEnableSSO() *command {
	c := &cobra.Command{
		Use: "enable-sso NAME…",
		Long: `Switch single sign-on of instances on, or off with --disable. With it, az and the
SDKs on the instance are signed in as the person it is for.

It is off on an instance that was created for somebody else with a setup script or
custom applications. Only the person an instance is for can switch it, not even who
created it for them, and needs the action
Microsoft.MachineLearningServices/workspaces/computes/enableSso/action. For anybody
else nothing is sent and the exit code is 6. The setting is read back; if the
service shows another value, the exit code is 1.`,
		Example: `  computetarget enable-sso dev
  computetarget enable-sso dev --disable`,
	}
	names := namesFlag(c)
	disable := c.Flags().Bool("disable", false, "switch it off")
	timeoutFlag(c)
	dryRunFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		asked, err := names.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		return switchSSO(ctx, a, asked, *disable)
	})
}

// switchSSO switches single sign-on of instances on, or off.
func switchSSO(ctx context.Context, a *app.App, asked []target, off bool) (render.Result, error) {
	me, err := caller(ctx, a)
	if err != nil {
		return render.Result{}, err
	}
	ended, err := changeSetting(a, asked, func(client *compute.Client, names []string, o compute.ChangeOptions) []compute.Change {
		o.Check = func(now *compute.Compute) error { return maySwitchSSO(ctx, a, now, me, off) }
		return client.ChangeSSO(ctx, names, !off, o)
	})
	if err != nil {
		return render.Result{}, err
	}
	return view.SSOChanged(ended, !off, len(asked) != 1), nil
}

// maySwitchSSO refuses to switch the single sign-on of somebody else's instance.
func maySwitchSSO(ctx context.Context, a *app.App, now *compute.Compute, me string, off bool) error {
	if isFor(now, me) {
		return nil
	}
	a.Introduce(ctx, now)
	return &exit.Error{Exit: exit.Auth, Text: now.Name + " is for " + view.Owner(now) + ", and only they can switch its single sign-on; nothing was sent",
		Tip: "ask them to run: computetarget " + switchingSSO(now.Name, off)}
}

func switchingSSO(name string, off bool) string {
	if off {
		return "enable-sso " + name + " --disable"
	}
	return "enable-sso " + name
}
