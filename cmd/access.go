package cmd

import (
	"context"
	"errors"
	"path/filepath"
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
rstudio, or vscode, which uses SSH and the host from ssh-config --write; or a page
of the studio: notebooks, terminal (a button on the page of the notebooks), or
studio, which shows the instance's details. Without a browser, or with --print, the
address is printed. The emulator's addresses are not real, so they are only
printed.

Only the person an instance is assigned to, or else its creator, can open it.
For anybody else the exit code is 6; --print still prints the address.`,
		Example: `  computetarget open dev --print
  computetarget open dev --app jupyter --print`,
	}
	names := nameFlag(c)
	application := c.Flags().String("app", "jupyterlab", "`APP` to open: jupyterlab, jupyter, rstudio, vscode, notebooks, terminal or studio")
	choice(c.Flags(), "app", access.Apps()...)
	onlyPrint := c.Flags().Bool("print", false, "print the address")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		have, client, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		a.Introduce(ctx, have)
		if err := strangers(ctx, a, have, *application, *onlyPrint); err != nil {
			return render.Result{}, err
		}
		address, err := addressOf(ctx, a, client, have, *application)
		if err != nil {
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

// addressOf is the address of an application, or of a page of the studio.
func addressOf(ctx context.Context, a *app.App, client *compute.Client, have *compute.Compute, application string) (string, error) {
	if !access.IsPage(application) {
		return access.App(have, application)
	}
	studio, err := a.Studio()
	if err != nil {
		return "", err
	}
	tenant, err := a.Tenant(ctx)
	if err != nil {
		return "", err
	}
	return access.Page(have, application, studio, client.Workspace(), tenant)
}

// strangers refuses to open somebody else's instance: the service only admits
// its owner, not even the creator. --print still prints the address.
func strangers(ctx context.Context, a *app.App, have *compute.Compute, application string, onlyPrint bool) error {
	switch application {
	case "studio": // anybody may see the details
		return nil
	case "vscode": // uses SSH
		return foreignKeys(ctx, a, have)
	}
	me, err := caller(ctx, a)
	if err != nil || isFor(have, me) {
		return err
	}
	text := have.Name + " is not yours: only its owner gets in, " + view.Owner(have)
	if onlyPrint {
		a.Note("%s", text)
		return nil
	}
	tip := "--print prints the address, to pass it on"
	if madeBy(have, me) {
		tip = "who created an instance for somebody else cannot open it, either; " + tip
	}
	return &exit.Error{Exit: exit.Auth, Text: text, Tip: tip}
}

// foreignKeys says that SSH to somebody else's instance takes a key that they, or
// who created it, put there: SSH does not ask who is signed in to Azure.
func foreignKeys(ctx context.Context, a *app.App, have *compute.Compute) error {
	me, err := caller(ctx, a)
	if err != nil || isFor(have, me) {
		return err
	}
	if madeBy(have, me) {
		a.Note("%s is for %s: SSH lets you in only with a key that they put there", have.Name, view.Owner(have))
		return nil
	}
	a.Note("%s is not yours but %s's: SSH lets you in only with a key that was put there for you", have.Name, view.Owner(have))
	return nil
}

func newSSH() *command {
	c := &cobra.Command{
		Use: "ssh NAME [-- COMMAND…]",
		Long: `Open a shell on a running instance with this machine's ssh, or run a command
there. The exit code is ssh's.

SSH from the internet must have been enabled when the instance was created.
--private connects to port 22 of the private address, from inside the network;
there, a key given at creation always works. If SSH cannot work, the error says
why and how to fix it. The emulator's addresses are not real, so the ssh command
is printed, not run.

An instance without a public address is reached through its Jupyter, as with az ml
compute connect-ssh: ssh's ProxyCommand is this command with --stdio, which passes
stdin and stdout on through a websocket. It takes a key on the instance, and only
works for who created it or has it assigned: your access token goes to it.`,
		Example: `  computetarget ssh dev
  computetarget ssh dev -- nvidia-smi`,
	}
	names := nameFlag(c)
	private := c.Flags().Bool("private", false, "use the private address")
	stdio := c.Flags().Bool("stdio", false, "connect stdin and stdout through Jupyter; for ssh's ProxyCommand")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		var command []string
		if dash := c.ArgsLenAtDash(); dash >= 0 {
			args, command = args[:dash], args[dash:]
		}
		if *stdio && (*private || len(command) > 0) {
			return render.Result{}, exit.Usagef("--stdio takes neither --private nor a command: it only connects")
		}
		have, _, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		if *stdio {
			return render.Result{}, relay(ctx, a, have)
		}
		a.Introduce(ctx, have)
		if err := foreignKeys(ctx, a, have); err != nil {
			return render.Result{}, err
		}
		to, err := destination(ctx, a, have, *private)
		if err != nil {
			return render.Result{}, err
		}
		return runSSH(a, have, to.Arguments(command))
	})
}

// runSSH runs ssh, or prints its command if the computes are made up.
func runSSH(a *app.App, have *compute.Compute, args []string) (render.Result, error) {
	if a.Rehearsal() {
		line := "ssh " + app.Words(args)
		return render.Result{Data: line, Text: line + "\n", Names: []string{have.Name}, IDs: []string{have.ID},
			Notes: []string{"not run: " + have.Name + " is in the emulator, and its address is not real"}}, nil
	}
	return render.Result{}, access.Run("ssh", args)
}

// destination is how ssh reaches an instance: by its address or, where it has none,
// through its Jupyter.
func destination(ctx context.Context, a *app.App, have *compute.Compute, private bool) (access.Destination, error) {
	if private || !access.Addressless(have) {
		return access.SSH(have, private)
	}
	return throughJupyter(ctx, a, have)
}

// throughJupyter is how ssh reaches an instance of the caller through its Jupyter.
func throughJupyter(ctx context.Context, a *app.App, have *compute.Compute) (access.Destination, error) {
	to, err := access.ThroughJupyter(have)
	if err != nil {
		return to, err
	}
	if err := a.Admit(ctx, have, to.Host); err != nil {
		return to, err
	}
	me, err := caller(ctx, a)
	if err != nil {
		return to, err
	}
	if !isFor(have, me) { // who created it for them
		a.Note("your access token goes to the Jupyter of %s, where %s is root", have.Name, view.Owner(have))
	}
	to.Proxy, err = a.ProxyCommand(have)
	return to, err
}

// relay connects stdin and stdout to the SSH server of an instance.
func relay(ctx context.Context, a *app.App, have *compute.Compute) error {
	to, err := access.ThroughJupyter(have)
	if err != nil {
		return err
	}
	through, err := a.Tunnel(ctx, have, to.Host)
	if err != nil {
		return err
	}
	return through.Relay(ctx, a.Stdin, a.Out.Writer)
}

func newSSHConfig() *command {
	c := &cobra.Command{
		Use: "ssh-config NAME… | --all",
		Long: `Print the configuration for "ssh NAME" and VS Code's Remote-SSH to reach
instances. --write adds it to ~/.ssh/config, as one marked block per instance,
or updates the existing block; the rest of the file is never touched. --all
includes every running instance that SSH can reach. An instance without a public
address is reached through its Jupyter, see computetarget ssh --help.`,
		Example: `  computetarget ssh-config dev
  computetarget ssh-config --all --write`,
	}
	names := namesFlag(c)
	all := c.Flags().Bool("all", false, "every running instance SSH can reach")
	private := c.Flags().Bool("private", false, "use private addresses")
	write := c.Flags().Bool("write", false, "write to ~/.ssh/config")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		to, err := destinations(ctx, a, names, args, *all, *private)
		if err != nil {
			return render.Result{}, err
		}
		var text strings.Builder
		client, err := a.Client()
		if err != nil {
			return render.Result{}, err
		}
		list := []any{}
		ids := []string{}
		for _, d := range to {
			ids = append(ids, client.Workspace().ComputeID(d.Name))
			text.WriteString(d.Block())
			entry := map[string]any{"name": d.Name, "host": d.Host, "port": d.Port, "user": d.User, "proxyCommand": nil}
			if d.Proxy != "" {
				entry["proxyCommand"] = d.Proxy
			}
			list = append(list, entry)
		}
		if !*write || a.Rehearsal() {
			if len(to) == 0 {
				text.WriteString("# no running instance that SSH can reach\n")
			}
			r := render.Result{Data: list, IDs: ids, Text: text.String()}
			if *write {
				r.Notes = []string{"not written: the emulator's addresses are not real"}
			}
			return r, nil
		}
		home := a.Settings.Home()
		if home == "" {
			return render.Result{}, exit.Usagef("no home folder to write .ssh/config in; set HOME")
		}
		file := filepath.Join(home, ".ssh", "config")
		if err := access.Write(file, to); err != nil {
			return render.Result{}, exit.Errorf(exit.Failed, "%s was not written: %w", file, err)
		}
		return render.Result{Data: list, IDs: ids, People: func(p *render.Page) {
			for _, d := range to {
				if d.Proxy != "" {
					p.Line("ssh %s now reaches it through %s", d.Name, d.Host)
					continue
				}
				p.Line("ssh %s now reaches %s port %d", d.Name, d.Host, d.Port)
			}
		}}, nil
	})
}

// destinations are the SSH destinations of the named instances, or of all it
// can reach.
func destinations(ctx context.Context, a *app.App, names *names, args []string, all, private bool) ([]access.Destination, error) {
	var list []*compute.Compute
	if all {
		if names.given(args) {
			return nil, exit.Usagef("give either names or --all")
		}
		client, err := a.Client()
		if err != nil {
			return nil, err
		}
		if list, err = client.All(ctx); err != nil {
			return nil, err
		}
	} else {
		asked, err := names.all(a, args)
		if err != nil {
			return nil, err
		}
		read, err := getEach(ctx, a, asked)
		if err != nil {
			return nil, err
		}
		if list, err = split(read); err != nil {
			return nil, err
		}
	}
	var out []access.Destination
	var failures []error
	for _, c := range list {
		d, err := destination(ctx, a, c, private)
		switch {
		case err == nil:
			out = append(out, d)
		case !all:
			failures = append(failures, err)
		}
	}
	return out, errors.Join(failures...)
}
