package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
)

func newAuthStatus() *command {
	c := &cobra.Command{
		Use: "status",
		Long: `Sign in as every command does and show the identity, its source, the tenant, the
subscription and when the token expires. The token itself is never shown. Exits
with code 6 if sign-in fails.`,
		Example: `  computetarget auth status
  computetarget auth status --auth-mode azurecli -o json`,
		Args: noNames,
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
				p.Row("tenant", orNone(who.Tenant))
				p.Row("subscription", orNone(who.Subscription))
				p.Row("token ends", render.When(who.Expires, p.Now))
			},
		}, nil
	})
}
