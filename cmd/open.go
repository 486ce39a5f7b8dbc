package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/access"
	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newOpen() *command {
	c := &cobra.Command{
		Use: "open NAME",
		Long: `Open an application of a running instance in the browser: jupyterlab, jupyter,
rstudio, or vscode, which uses SSH and the host from ssh-config --write. Without
a browser, or with --print, the address is printed. The emulator's addresses are
not real, so they are only printed.

Only the person an instance is assigned to, or else its creator, can open it.
For anybody else the exit code is 6; --print still prints the address.`,
		Example: `  computetarget open dev --print
  computetarget open dev --app jupyter --print`,
	}
	names := nameFlag(c)
	application := c.Flags().String("app", "jupyterlab", "`APP` to open: jupyterlab, jupyter, rstudio or vscode")
	choice(c.Flags(), "app", access.Apps()...)
	onlyPrint := c.Flags().Bool("print", false, "print the address")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		have, _, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		address, err := access.App(have, *application)
		if err != nil {
			return render.Result{}, err
		}
		if err := strangers(ctx, a, have, *application, *onlyPrint); err != nil {
			return render.Result{}, err
		}
		r := render.Result{Data: address, Names: []string{have.Name}, IDs: []string{have.ID}, Text: address + "\n"}
		switch {
		case *onlyPrint:
		case a.Rehearsal():
			r.Notes = []string{"not opened: " + have.Name + " is in the emulator, and its address is not real"}
		case access.Browse(address):
			r.Text, r.People = "", func(p *render.Page) { p.Line("opened %s of %s", *application, have.Name) }
		}
		return r, nil
	})
}

// strangers refuses to open somebody else's instance: the service only admits
// its owner, not even the creator. --print still prints the address.
func strangers(ctx context.Context, a *app.App, have *compute.Compute, application string, onlyPrint bool) error {
	owner := have.Owner().ID
	if owner == "" || application == "vscode" { // uses SSH: a key is enough
		return nil
	}
	credential, err := a.Credential()
	if err != nil {
		return err
	}
	me, err := credential.Describe(ctx)
	if err != nil || me.ObjectID == "" || strings.EqualFold(me.ObjectID, owner) {
		return err
	}
	text := have.Name + " is not yours: only its owner gets in, " + view.Owner(have)
	if onlyPrint {
		a.Note("%s", text)
		return nil
	}
	return &exit.Error{Exit: exit.Auth, Text: text, Tip: "--print prints the address, to pass it on"}
}
