package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
)

func newGetCredentials() *command {
	c := &cobra.Command{
		Use: "get-credentials NAME",
		Long: `Print the secrets of an attached compute: the kubeconfigs of an AKS cluster, or
the account of a machine. This is the only command that prints secrets.`,
		Example: `  computetarget get-credentials serving
  computetarget get-credentials serving --query userKubeConfig -o tsv`,
	}
	names := nameFlag(c)
	policyFlags(c.Flags())
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		name, err := names.one(a, args)
		if err != nil {
			return render.Result{}, err
		}
		if err := ofKind(ctx, a, chosen(name)); err != nil {
			return render.Result{}, err
		}
		client, err := a.Client()
		if err != nil {
			return render.Result{}, err
		}
		keys, err := client.ListKeys(ctx, name)
		if err != nil {
			return render.Result{}, err
		}
		return render.Result{Data: keys.Raw}, nil
	})
}
