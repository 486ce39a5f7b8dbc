package cmd

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

// The commands of "az ml compute", the extension ml (CLI v2): its flags, prompts,
// output and exit codes, also on a terminal. Source: fact sheet v2-compute. What
// differs is in docs/compatibility.md.

// v2Run makes a command of v2, which acts in the chosen workspace.
func v2Run(c *cobra.Command, f func(context.Context, *app.App, *compute.Client) (render.Result, error)) *command {
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		client, err := a.Client()
		if err != nil {
			if render.ExitCode(err, false) == exit.Usage {
				return render.Result{}, err // to az's parser it is a missing flag
			}
			return render.Result{}, v2Exit(err)
		}
		r, err := f(ctx, a, client)
		r.Err = v2Exit(r.Err)
		return r, v2Exit(err)
	})
}

// v2Exit gives an error the exit code of v2: 3 when something is not there, else 1
// for all that az's parser let pass.
func v2Exit(err error) error {
	switch render.ExitCode(err, false) {
	case exit.Done, exit.Failed, exit.NotFound, exit.Interrupted, exit.Terminated:
		return err
	}
	return &exit.Error{Exit: exit.Failed, Err: err}
}

// v2Named makes a command of v2 that takes the name of one compute.
func v2Named(c *cobra.Command, f func(context.Context, *app.App, *compute.Client, string) (render.Result, error)) *command {
	name := v2NameFlag(c)
	var asked string
	v2 := v2Run(c, func(ctx context.Context, a *app.App, client *compute.Client) (render.Result, error) {
		return f(ctx, a, client, asked)
	})
	act := v2.do
	v2.do = func(ctx context.Context, a *app.App, args []string) (_ render.Result, err error) {
		if asked, err = v2Name(c, *name, a); err != nil {
			return render.Result{}, err
		}
		return act(ctx, a, args)
	}
	return v2
}

func v2NameFlag(c *cobra.Command) *string {
	name := c.Flags().StringP("name", "n", "", "`NAME` of the compute")
	markV1(c.Flags(), "name")
	return name
}

// v2Name is the compute that --name names.
func v2Name(c *cobra.Command, name string, a *app.App) (string, error) {
	n := names{command: c}
	if c.Flags().Changed("name") {
		n.flag = []string{name}
	}
	return n.one(a, nil)
}

// v2NoWait adds --no-wait, and our own --timeout and --dry-run.
func v2NoWait(c *cobra.Command) *waiting { return waitingFlags(c) }

// v2Act calls a verb for one compute. Its result is the compute, or nothing where
// v2 prints nothing: with --no-wait, and where show is false.
func v2Act(ctx context.Context, a *app.App, wait *waiting, at target, show bool, verb func(*compute.Client, compute.ActOptions) compute.Outcome) (render.Result, error) {
	var done compute.Outcome
	r, err := wait.actAt(ctx, a, at, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
		done = verb(client, o)
		return done
	})
	r = render.Result{Notes: r.Notes, Err: r.Err}
	if show && !wait.noWait && done.Err == nil {
		whole := v2Whole(ctx, a, at, done.Compute)
		if ctx.Err() != nil {
			text := "what was asked of " + done.Name + " is done, but reading it again was interrupted"
			return render.Result{}, &exit.Error{Text: text, Tip: "to wait again: " + a.Resume([]string{done.Name}, compute.GoalSettled), Err: context.Cause(ctx)}
		}
		r.Data = view.V2Object(whole)
	}
	return r, err
}

// v2Whole is an instance with what only a preview version tells of it. When that
// cannot be read, what was done is still done, and the rest is shown.
func v2Whole(ctx context.Context, a *app.App, at target, done *compute.Compute) *compute.Compute {
	if done == nil || done.Instance == nil || a.DryRun {
		return done
	}
	client, err := a.ClientOf(at.in)
	if err != nil {
		return done
	}
	whole, err := client.GetWhole(ctx, done.Name)
	if err != nil {
		a.Note("enable_root_access, enable_os_patching and release_quota_on_stop could not be read, and are shown as v2's defaults")
		return done
	}
	return whole
}

func newV2Show() *command {
	c := &cobra.Command{
		Use:     "show",
		Long:    `Show a compute as az ml compute show does.`,
		Example: `  computetarget ml compute show -n dev --query state -o tsv`,
	}
	return v2Named(c, func(ctx context.Context, a *app.App, client *compute.Client, name string) (render.Result, error) {
		found, err := client.GetWhole(ctx, name)
		if err != nil {
			return render.Result{}, err
		}
		a.Names.SawSome([]*compute.Compute{found})
		return render.Result{Data: view.V2Object(found)}, nil
	})
}

func newV2List() *command {
	c := &cobra.Command{
		Use:  "list",
		Long: `List the computes of the workspace as az ml compute list does.`,
		Example: `  computetarget ml compute list --type ComputeInstance -o table
  computetarget ml compute list --query "[?state=='Running'].name" -o tsv`,
	}
	kind := c.Flags().String("type", "", "compute `TYPE`: amlcompute, computeinstance, kubernetes, virtualmachine or synapsespark")
	most := c.Flags().IntP("max-results", "r", 0, "longest list, a `NUMBER`")
	markV1(c.Flags(), "type", "max-results")
	return v2Run(c, func(ctx context.Context, a *app.App, client *compute.Client) (render.Result, error) {
		if *most < 0 || c.Flags().Changed("max-results") && *most == 0 {
			return render.Result{}, exit.Usagef("--max-results: a list cannot hold %d computes", *most)
		}
		found, err := client.AllWhole(ctx)
		if err != nil {
			return render.Result{}, err
		}
		a.Names.SawComputes(found)
		if *kind != "" {
			var of []*compute.Compute
			for _, c := range found {
				if strings.EqualFold(c.ComputeType, *kind) {
					of = append(of, c)
				}
			}
			found = of
		}
		if *most > 0 && len(found) > *most {
			found = found[:*most]
		}
		return view.V2List(found), nil
	})
}

// v2Power makes start, stop and restart.
func v2Power(word, done string, verb verb) *command {
	c := &cobra.Command{
		Use:     word,
		Long:    v2Sentence(word) + ` a compute instance and wait until it is ` + done + `, as az ml compute ` + word + ` does. Nothing is printed.`,
		Example: `  computetarget ml compute ` + word + ` -n dev --no-wait`,
	}
	wait := v2NoWait(c)
	return v2Named(c, func(ctx context.Context, a *app.App, _ *compute.Client, name string) (render.Result, error) {
		return v2Act(ctx, a, wait, target{name: name}, false, one(ctx, name, verb))
	})
}

// one is a verb for one compute.
func one(ctx context.Context, name string, verb verb) func(*compute.Client, compute.ActOptions) compute.Outcome {
	return func(client *compute.Client, o compute.ActOptions) compute.Outcome {
		return verb(client, ctx, []string{name}, o)[0]
	}
}

func v2Sentence(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

func newV2Start() *command   { return v2Power("start", "running", (*compute.Client).Start) }
func newV2Stop() *command    { return v2Power("stop", "stopped", (*compute.Client).Stop) }
func newV2Restart() *command { return v2Power("restart", "running", (*compute.Client).Restart) }

// v2Removal makes delete and detach, which ask.
func v2Removal(word, long string, verb verb) *command {
	c := &cobra.Command{
		Use: word,
		Long: long + `

Without --yes you are asked. Where nobody can be asked, nothing is changed and the
exit code is 1, as with az. Nothing is printed.`,
		Example: `  computetarget ml compute ` + word + ` -n dev --yes --no-wait`,
	}
	wait := v2NoWait(c)
	c.Flags().BoolP("yes", "y", false, "do not ask")
	markV1(c.Flags(), "yes")
	return v2Named(c, func(ctx context.Context, a *app.App, _ *compute.Client, name string) (render.Result, error) {
		if !a.DryRun {
			yes, asked, err := a.ConfirmAz(ctx, "Are you sure you want to perform this operation?")
			switch {
			case err != nil:
				return render.Result{}, err
			case !asked:
				return render.Result{}, &exit.Error{Exit: exit.Failed, Text: "Operation cancelled.", Tip: "Unable to prompt for confirmation as no tty available. Use --yes."}
			case !yes:
				return render.Result{}, exit.Errorf(exit.Failed, "Operation cancelled.")
			}
		}
		return v2Act(ctx, a, wait, target{name: name}, false, one(ctx, name, verb))
	})
}

func newV2Delete() *command {
	return v2Removal("delete", `Delete a compute and wait until it is gone, as az ml compute delete does.`, (*compute.Client).Delete)
}

func newV2Detach() *command {
	return v2Removal("detach", `Remove an attached compute from the workspace, as az ml compute detach does.`, (*compute.Client).Detach)
}

func newV2ListNodes() *command {
	c := &cobra.Command{
		Use:     "list-nodes",
		Long:    `List the nodes of a cluster as az ml compute list-nodes does.`,
		Example: `  computetarget ml compute list-nodes -n cpu --query "[].node_id" -o tsv`,
	}
	return v2Named(c, func(ctx context.Context, _ *app.App, client *compute.Client, name string) (render.Result, error) {
		nodes, err := client.ListNodes(ctx, name)
		if err != nil {
			if found, failed := client.Get(ctx, name); failed == nil && !found.IsCluster() {
				return render.Result{}, &exit.Error{Exit: exit.Failed, Text: fmt.Sprintf("%s is of type %s, and only clusters have nodes", name, found.ComputeType),
					Tip: "computetarget ml compute show -n " + name + " shows its addresses"}
			}
			return render.Result{}, err
		}
		return view.V2Nodes(nodes), nil
	})
}

func v2Location(fs *pflag.FlagSet) *string {
	location := fs.StringP("location", "l", "", "`REGION`; the workspace's own by default")
	markV1(fs, "location")
	return location
}

func newV2ListSizes() *command {
	c := &cobra.Command{
		Use:     "list-sizes",
		Long:    `List the VM sizes of a region as az ml compute list-sizes does.`,
		Example: `  computetarget ml compute list-sizes --type ComputeInstance -o table`,
	}
	location := v2Location(c.Flags())
	kind := c.Flags().StringP("type", "t", "", "compute `TYPE` to list sizes for")
	markV1(c.Flags(), "type")
	return v2Run(c, func(ctx context.Context, a *app.App, _ *compute.Client) (render.Result, error) {
		client, region, err := regionOf(ctx, a, *location)
		if err != nil {
			return render.Result{}, err
		}
		sizes, err := client.VMSizes(ctx, region)
		if err != nil {
			return render.Result{}, err
		}
		if *kind != "" {
			var of []compute.Size
			for _, s := range sizes {
				if len(s.SupportedComputeTypes) > 0 && s.Supports(*kind) {
					of = append(of, s)
				}
			}
			sizes = of
		}
		return view.V2Sizes(sizes), nil
	})
}

func newV2ListUsage() *command {
	c := &cobra.Command{
		Use:     "list-usage",
		Long:    `List the quota of a region as az ml compute list-usage does.`,
		Example: `  computetarget ml compute list-usage -l westeurope -o table`,
	}
	location := v2Location(c.Flags())
	return v2Run(c, func(ctx context.Context, a *app.App, _ *compute.Client) (render.Result, error) {
		client, region, err := regionOf(ctx, a, *location)
		if err != nil {
			return render.Result{}, err
		}
		usages, err := client.Usages(ctx, region)
		if err != nil {
			return render.Result{}, err
		}
		return view.V2Usages(usages)
	})
}

func newV2ConnectSSH() *command {
	c := &cobra.Command{
		Use: "connect-ssh",
		Long: `Open a shell on an instance through its Jupyter, as az ml compute connect-ssh does:
SSH from the internet need not be on, but a key must be on the instance. Only who
created it or has it assigned is let in. The exit code is ssh's. The emulator's
hosts are not real, so the ssh command is printed, not run.`,
		Example: `  computetarget ml compute connect-ssh -n dev -f ~/.ssh/id_rsa`,
	}
	key := c.Flags().StringP("private-key-file-path", "f", "", "`FILE` of the private key; ssh's own by default")
	markV1(c.Flags(), "private-key-file-path")
	return v2Named(c, func(ctx context.Context, a *app.App, client *compute.Client, name string) (render.Result, error) {
		if *key != "" {
			if info, err := os.Stat(*key); err != nil || info.IsDir() {
				return render.Result{}, exit.Errorf(exit.Failed, "There is no file on target path: %s", *key)
			}
		}
		have, err := client.Get(ctx, name)
		if err != nil {
			return render.Result{}, err
		}
		if have.Instance == nil {
			return render.Result{}, exit.Errorf(exit.Failed, "connect-ssh is only for compute instance, and %s is of type %s", name, have.ComputeType)
		}
		to, err := throughJupyter(ctx, a, have)
		if err != nil {
			return render.Result{}, err
		}
		args := to.Arguments(nil)
		if *key != "" {
			args = append([]string{"-i", *key}, args...)
		}
		return runSSH(a, have, args)
	})
}

func newV2EnableSSO() *command {
	c := &cobra.Command{
		Use: "enable-sso",
		Long: `Switch single sign-on of an instance on, or off with --disable, as az ml compute
enable-sso does. Only the person it is for can. Nothing is printed.`,
		Example: `  computetarget ml compute enable-sso -n dev --disable`,
	}
	disable := c.Flags().Bool("disable", false, "switch it off")
	markV1(c.Flags(), "disable")
	timeoutFlag(c)
	dryRunFlag(c)
	return v2Named(c, func(ctx context.Context, a *app.App, _ *compute.Client, name string) (render.Result, error) {
		r, err := switchSSO(ctx, a, chosen(name), *disable)
		return render.Result{Notes: r.Notes, Err: r.Err}, err
	})
}
