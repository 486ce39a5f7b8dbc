package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/access"
	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
)

func newOpen(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "open NAME",
		Short: "Open an instance's notebooks in the browser",
		Long: `Open an application of a running instance in the browser: jupyterlab, jupyter,
rstudio, or vscode, which goes through SSH and the host that ssh-config --write
made. Where there is no browser, and with --print, the address is printed.`,
		Example: `  computetarget open dev --print
  computetarget open dev --app jupyter --print`,
	}
	names := namesFlag(c)
	application := c.Flags().String("app", "jupyterlab", "`APP` to open: jupyterlab, jupyter, rstudio or vscode")
	choice(c.Flags(), "app", access.Apps()...)
	onlyPrint := c.Flags().Bool("print", false, "print the address")
	return run(c, a, func(ctx context.Context, args []string) (render.Result, error) {
		have, _, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		address, err := access.App(have, *application)
		if err != nil {
			return render.Result{}, err
		}
		r := render.Result{Data: address, Names: []string{have.Name}, IDs: []string{have.ID}, Text: address + "\n"}
		if !*onlyPrint && access.Browse(address) {
			r.Text, r.People = "", func(p *render.Page) { p.Line("opened %s of %s", *application, have.Name) }
		}
		return r, nil
	})
}
