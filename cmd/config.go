package cmd

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
)

func newConfigShow() *command {
	c := &cobra.Command{
		Use: "show",
		Long: `Show every setting with its value and source: a flag, the environment, a
project's config.json, your config.yaml, or az. Secrets are never shown.`,
		Example: `  computetarget config show
  computetarget config show -w other-ws -g other-rg -o table`,
	}
	return run(c, func(_ context.Context, a *app.App, _ []string) (render.Result, error) {
		return view.Rows(a.Settings.All(), []string{"SETTING", "VALUE", "FROM"}, func(v config.Value) (any, []string) {
			return setting(v), []string{v.Key, shown(v), v.Source}
		}), nil
	})
}

func newConfigGet() *command {
	c := &cobra.Command{
		Use:  "get KEY",
		Long: `Print the value of a setting as commands would use it in this folder.`,
		Example: `  computetarget config get workspace
  computetarget config get output -o json`,
	}
	return run(c, func(_ context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) != 1 {
			return render.Result{}, exit.Usagef("name one setting, such as workspace")
		}
		v, err := a.Settings.Get(args[0])
		if err != nil {
			return render.Result{}, err
		}
		return render.Result{Data: setting(v), Text: render.Clean(shown(v)) + "\n"}, nil
	})
}

func newConfigSet() *command {
	c := &cobra.Command{
		Use: "set KEY=VALUE…",
		Long: `Save settings in your config.yaml. If one is invalid, none is saved. An empty
value removes a setting. The rest of the file, including comments, stays
unchanged.`,
		Example: `  computetarget config set output=table
  computetarget config set time-zone=Europe/Berlin timeout=30m
  computetarget config set output=`,
	}
	return run(c, func(_ context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) == 0 {
			return render.Result{}, exit.Usagef("give at least one KEY=VALUE")
		}
		if len(args) == 2 && !strings.Contains(args[0], "=") {
			args = []string{args[0] + "=" + args[1]} // as in git and gh
		}
		changes := make([]config.Change, 0, len(args))
		for _, pair := range args {
			key, value, ok := strings.Cut(pair, "=")
			if !ok {
				return render.Result{}, exit.Usagef("%q is not KEY=VALUE", pair)
			}
			changes = append(changes, config.Change{Key: key, Text: value})
		}
		if err := a.Settings.Set(changes...); err != nil {
			return render.Result{}, err
		}
		return render.Result{Notes: []string{"written to " + a.Settings.UserFile()}}, nil
	})
}

// setting is a value for scripts.
func setting(v config.Value) any {
	value := any(nil)
	if v.Set() {
		value = shown(v)
	}
	return map[string]any{"key": v.Key, "value": value, "source": orNull(v.Source)}
}

// shown is a value for display; of a secret, only whether it is set.
func shown(v config.Value) string {
	if v.Secret && v.Set() {
		return "(set)"
	}
	return v.Text
}

func newAuthStatus() *command {
	c := &cobra.Command{
		Use: "status",
		Long: `Sign in as every command does and show the identity, its source, the tenant, the
subscription and when the token expires. The token itself is never shown. Exits
with code 6 if sign-in fails.`,
		Example: `  computetarget auth status
  computetarget auth status --auth-mode azurecli -o json`,
	}
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		credential, err := a.Credential()
		if err != nil {
			return render.Result{}, err
		}
		who, err := credential.Describe(ctx)
		if err != nil {
			return render.Result{}, err
		}
		return render.Result{
			Data: map[string]any{
				"name": who.Name, "objectId": who.ObjectID, "type": who.Type, "tenant": who.Tenant,
				"source": who.Source, "cloud": who.Cloud, "subscription": who.Subscription, "expires": who.Expires.UTC().Format(time.RFC3339),
			},
			People: func(p *render.Page) {
				p.Line("%s · %s", orNone(who.Name), orNone(who.Type))
				p.Line("signed in through %s, in %s", who.Source, who.Cloud)
				p.Labels("subscription")
				p.Row("tenant", orNone(who.Tenant))
				p.Row("subscription", orNone(who.Subscription))
				p.Row("token ends", render.When(who.Expires, p.Now))
			},
		}, nil
	})
}
