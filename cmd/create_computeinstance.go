package cmd

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func newCreateInstance() *command {
	c := &cobra.Command{
		Use: "computeinstance -n NAME -s SIZE",
		Long: `Create a compute instance and wait until it is running.

The name, size, quota and SSH key are checked before anything is sent, and all
problems are reported together.

create never overwrites. If an instance with the same settings exists, it is
printed and the exit code is 0. If its settings differ, the differences are
listed and the exit code is 1. Use --if-exists use to accept any existing
instance, or --if-exists fail to accept none.

Set its hours with --hours and --idle-shutdown; change them later with
"schedule" and "idle". With --stopped, the instance is created and then stopped,
because the service only creates running instances.

--assign-to creates it for somebody else, whom the directory of the tenant knows by
an e-mail address or a sign-in name; an object id needs no directory. Only they can
open it, and it takes no SSH key. What they have to do is printed.

A script given with --setup-script runs once, one given with --startup-script at
every start. A file of this machine is checked as "setup-script lint" does and
sent along, up to 3072 bytes. With --upload-to it is put into the workspace's file
share first; a file there with other content is left alone, and nothing is
created, unless you say --replace. A value that begins with Users/ is a path in
the share; write ./Users/… for a file of this machine.

With -f, the settings come from a file with the keys of "az ml compute", see "apply".
--set wins over the file, and flags win over both. A file can describe a cluster or
an attached compute, too.`,
		Example: `  computetarget create computeinstance -n instance -s STANDARD_D3_V2
  computetarget create dev -s Standard_DS3_v2 --tag team=vision --no-wait
  computetarget create gpu -s Standard_NC6s_v3 --ssh-key ~/.ssh/id_rsa.pub
  computetarget create dev -s Standard_DS3_v2 --hours 'mon-fri 09:00-18:00' --time-zone Europe/Berlin --idle-shutdown 1h
  computetarget create dev -s Standard_DS3_v2 --setup-script setup.sh --setup-script-args 'numpy scipy'
  computetarget create dev -s Standard_DS3_v2 --startup-script setup.sh --upload-to Users/me/
  computetarget create ada-ci -s Standard_DS3_v2 --assign-to ada@contoso.com
  computetarget create -f dev.yml
  computetarget create dev2 -f dev.yml --set tags.team=vision
  computetarget create dev -s Standard_DS3_v2 --dry-run`,
	}
	names := newNameFlag(c)
	wait := waitingFlags(c)
	f := c.Flags()
	size := sizeFlag(f)
	description := f.String("description", "", "`TEXT` about the compute")
	tags := tagFlags(f)
	public := f.String("ssh-public-access", "", "`True` or False: SSH from the internet; cannot be changed later")
	key := f.String("admin-user-ssh-public-key", "", "SSH public `KEY` (RSA), as text")
	keyFile := f.String("ssh-key", "", "`FILE` of the SSH public key; turns SSH on unless --no-public-ip")
	subnet := subnetFlags(f)
	noPublicIP := f.Bool("no-public-ip", false, "create it without a public address (requires a private network)")
	publicIP := f.String("enable-node-public-ip", "", "`True` or False: False is --no-public-ip")
	location := f.StringP("location", "l", "", "without effect: an instance is in the `REGION` of its workspace")
	identity := identityFlags(f)
	identity.assignFlag(f)
	assignTo := f.String("assign-to", "", "`PERSON` to create it for: e-mail address or object id")
	user := f.String("user-object-id", "", "object `ID` of the person to create it for")
	tenant := f.String("user-tenant-id", "", "tenant `ID` of that person")
	ifExists := f.String("if-exists", "match", "if the name exists: `match` its settings, use it, or fail")
	hours := f.StringArray("hours", nil, "`HOURS` when it runs, such as 'mon-fri 09:00-18:00'; repeatable")
	zoneFlag(f)
	idle := idleFlag(c)
	stopped := f.Bool("stopped", false, "stop it once it is created")
	scripts := addScripts(f)
	source := sourceFlags(c)
	markV1(f, "description", "ssh-public-access", "admin-user-ssh-public-key", "user-object-id", "user-tenant-id")
	alias(f, "ssh-public-access", "ssh-public-access-enabled")
	alias(f, "admin-user-ssh-public-key", "ssh-key-value")
	trueOrFalse(f, "ssh-public-access")
	trueOrFalse(f, "enable-node-public-ip")
	choice(f, "if-exists", "match", "use", "fail")
	required(c, "vm-size")

	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		from, err := source.read(ctx, a, names, args, "computeinstance")
		if err != nil {
			return render.Result{}, err
		}
		name, spec := from.at.name, from.spec
		if err := from.override(f, *size, *description, tags); err != nil {
			return render.Result{}, err
		}
		wanted, err := identity.spec()
		if err != nil {
			return render.Result{}, err
		}
		if wanted != nil {
			spec.Identity = wanted
		}
		if *location != "" {
			a.Note("--location has no effect: an instance is created in the region of its workspace")
		}
		if spec.Instance == nil {
			if err := from.otherType(f); err != nil {
				return render.Result{}, err
			}
			return from.create(ctx, a, wait, compute.CreateOptions{IfExists: compute.IfExists(*ifExists)})
		}
		instance := spec.Instance
		*stopped = *stopped || from.Stopped
		k, err := keyText(ctx, *key)
		switch {
		case err != nil:
			return render.Result{}, err
		case k != "":
			instance.SSHPublicKey = k
		}
		switch *publicIP {
		case "false":
			*noPublicIP = true
		case "true":
			if *noPublicIP {
				return render.Result{}, exit.Usagef("--no-public-ip contradicts --enable-node-public-ip True")
			}
			instance.EnableNodePublicIP = nil
		}
		if *stopped && wait.noWait {
			return render.Result{}, exit.Usagef("--stopped cannot be used with --no-wait: the instance must be running before it can stop")
		}
		var wrong []error
		if err := giveHours(a, instance, *hours, *idle); err != nil {
			wrong = append(wrong, err)
		}
		if c.Flags().Changed("ssh-key") {
			if instance.SSHPublicKey, err = readKey(ctx, *keyFile); ctx.Err() != nil {
				return render.Result{}, err
			} else if err != nil {
				wrong = append(wrong, err)
			} else {
				on := !*noPublicIP
				instance.SSHPublicAccess = &on
			}
		}
		if *public != "" {
			on := *public == "true"
			instance.SSHPublicAccess = &on
		}
		if *noPublicIP {
			off := false
			instance.EnableNodePublicIP = &off
		}
		if err := refuseScripts(ctx, name, spec, scripts.give(ctx, a, instance, from.place), wrong); err != nil {
			return render.Result{}, err
		}
		warn(a, compute.DoubtfulName(name))
		client, err := a.ClientOf(from.at.in)
		if err != nil {
			return render.Result{}, err
		}
		if id, err := subnet.id(client.Workspace()); err != nil {
			wrong = append(wrong, err)
		} else if id != "" {
			instance.SubnetID = id
		}
		whom := person{*assignTo, *user, *tenant}
		if whom == (person{}) {
			whom = from.whom()
		}
		if c.Flags().Changed("assign-to") && whom.who == "" {
			return render.Result{}, exit.Usagef("--assign-to is empty")
		}
		instance.AssignedUser = whom.provisional()
		if len(wrong) > 0 || whom.who != "" && len(compute.CheckSpec(name, spec)) > 0 { // before the directory is asked
			return render.Result{}, together(ctx, client, name, spec, wrong)
		}
		if instance.AssignedUser, err = whom.assigned(ctx, a); err != nil {
			return render.Result{}, err
		}
		if instance.BeginsWithoutSSO() {
			a.Note("single sign-on of %s will be off, because it is for somebody else and has a script or custom applications; only %s can switch it on",
				name, cmp.Or(instance.AssignedUser.Name, instance.AssignedUser.ObjectID))
		}
		var created compute.Outcome
		r, err := wait.actAt(ctx, a, from.at, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
			created = explainScripts(client.Create(ctx, name, spec, compute.CreateOptions{ActOptions: o, IfExists: compute.IfExists(*ifExists),
				Warn: func(text string) { warn(a, text) }, Prepare: scripts.prepare(a, client, instance)}), instance)
			if *ifExists == string(compute.ExistsMatch) {
				created = scripts.compared(ctx, a, client, created)
			}
			if *stopped {
				return thenStop(ctx, client, created, o)
			}
			return created
		})
		r.Notes = append(r.Notes, scripts.notes(a, created)...)
		if instance.SSHPublicKey != "" && instance.SSHPublicAccess == nil && err == nil && r.Err == nil {
			r.Notes = append(r.Notes, "SSH from the internet stays off without --ssh-public-access True, and cannot be enabled later; the key works from inside its network: computetarget ssh "+name+" --private")
		}
		if c := created.Compute; err == nil && r.Err == nil && instance.SSHPublicKey != "" && c != nil && c.DisableLocalAuth != nil && *c.DisableLocalAuth {
			r.Notes = append(r.Notes, "the local authentication of "+name+" is disabled, which closes SSH; a policy of your organization may have done it")
		}
		if err == nil && r.Err == nil && !created.Already {
			r.Notes = append(r.Notes, stepsOf(instance.AssignedUser, created)...)
		}
		return r, err
	})
}

// thenStop stops what was just created, not what was there before.
func thenStop(ctx context.Context, client *compute.Client, created compute.Outcome, o compute.ActOptions) compute.Outcome {
	switch {
	case created.Err != nil:
		return created
	case created.Already:
		if created.Compute.IsRunning() {
			created.Note = "it already existed, so it was not stopped"
		}
		return created
	}
	ended := client.Stop(ctx, []string{created.Name}, o)[0]
	ended.Elapsed += created.Elapsed
	if ended.Err == nil {
		ended.Verb, ended.Note = created.Verb, "it was created and then stopped: the service creates running instances only"
	}
	return ended
}

// together combines problems of the flags with problems of the compute, to
// report them all at once.
func together(ctx context.Context, client *compute.Client, name string, spec *compute.Spec, wrong []error) error {
	all := &compute.CheckError{Name: name}
	var found *compute.CheckError
	if _, err := client.Preflight(ctx, name, spec); errors.As(err, &found) {
		all.Findings = found.Findings
	}
	for _, err := range wrong {
		all.Findings = append(all.Findings, compute.Finding{Kind: compute.KindInvalid, Message: err.Error()})
	}
	return all
}

// readKey reads an SSH public key and refuses a private one.
func readKey(ctx context.Context, path string) (string, error) {
	if path == "" {
		return "", exit.Usagef("argument --ssh-key: the file name is empty")
	}
	data, err := input.TextFile(ctx, path, input.Value)
	if err != nil {
		return "", unreadable("ssh-key", err)
	}
	if strings.Contains(string(data), "PRIVATE KEY") {
		return "", exit.Usagef("%s is a private key; name the public one, usually %s.pub", path, path)
	}
	return strings.TrimSpace(string(data)), nil
}

// giveHours puts hours and an idle time into what is asked for.
func giveHours(a *app.App, instance *compute.InstanceSpec, hours []string, idle string) (err error) {
	if idle != "" {
		if instance.IdleShutdown, err = schedule.ParseIdle(idle); err != nil {
			return exit.Usagef("--idle-shutdown: %w", err)
		}
	}
	if len(hours) > 0 {
		instance.Schedules, err = compileHours(a, hours)
	}
	return err
}
