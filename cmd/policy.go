package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/policy"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// ruleFlags are the rules that policies are about.
type ruleFlags struct {
	flags              *pflag.FlagSet
	stop, idle, script *string
}

func newRuleFlags(f *pflag.FlagSet) *ruleFlags {
	r := &ruleFlags{flags: f}
	r.stop = f.String("stop", "", "`TIME` of day by which a schedule stops instances, such as 22:00")
	r.idle = f.String("idle-shutdown", "", "longest idle `TIME` after which they stop, such as 2h")
	r.script = f.String("setup-script", "", "`PATH` of their setup script in the workspace's file share, Users/…")
	zoneFlag(f)
	return r
}

// rules are the rules as given; at least one must be. A check reads instances.
func (r *ruleFlags) rules(a *app.App, check bool) (policy.Rules, error) {
	var rules policy.Rules
	if !r.flags.Changed("stop") && !r.flags.Changed("idle-shutdown") && !r.flags.Changed("setup-script") {
		return rules, exit.Usagef("name a rule: --stop 22:00, --idle-shutdown 2h or --setup-script Users/…")
	}
	if r.flags.Changed("stop") {
		if _, err := policy.ParseStop(*r.stop, schedule.Zone{}); err != nil {
			return rules, exit.Usagef("--stop: %w", err)
		}
		zone, err := a.Zone()
		if err != nil {
			return rules, err
		}
		if zone.Location == nil {
			return rules, exit.Usagef("the hours of the time zone %s are not known here; give another with --time-zone", zone.Windows)
		}
		if rules.Stop, err = policy.ParseStop(*r.stop, zone); err != nil {
			return rules, exit.Usagef("--stop: %w", err)
		}
	}
	if r.flags.Changed("idle-shutdown") {
		d, err := schedule.ParseIdle(*r.idle)
		if err != nil {
			return rules, exit.Usagef("--idle-shutdown: %w", err)
		}
		if d == 0 {
			return rules, exit.Usagef("--idle-shutdown: a rule needs a time, not off")
		}
		if version, err := a.Settings.Get(config.APIVersion); err != nil {
			return rules, err
		} else if !compute.KnowsIdle(version.Text) && check {
			return rules, exit.Usagef("the api-version %s does not tell idle times; %s does", version.Text, compute.DefaultAPIVersion)
		}
		rules.Idle = d
	}
	if r.flags.Changed("setup-script") {
		if err := policy.CheckScript(*r.script); err != nil {
			return rules, err
		}
		rules.Script = *r.script
	}
	return rules, nil
}

func newPolicyPrint() *command {
	c := &cobra.Command{
		Use: "print --stop TIME | --idle-shutdown TIME | --setup-script PATH",
		Long: `Print an Azure Policy definition for compute instances that are created from now
on. It sends nothing.

--effect says what the policy does with an instance that breaks the rule:

  default  gives it what it lacks: a stop, an idle time or a script. What it is
           created with stays
  require  refuses it
  audit    reports it

--format is policy, the definition as the portal takes it; arm, a template for a
subscription that creates and assigns definitions; or az, the az commands that do.
Their names hold what a policy gives, such as the time and zone of a stop: another
time makes another definition, and the old one stays until it is deleted.

Policies do not change instances that exist; "policy check" finds and repairs
those. Defaults and refusals are documented for schedules and scripts. The others
are UNVERIFIED against the live service.`,
		Example: `  computetarget policy print --stop 22:00 --time-zone Europe/Berlin
  computetarget policy print --stop 22:00 --time-zone Europe/Berlin --format az > policy.sh
  computetarget policy print --idle-shutdown 2h --effect require
  computetarget policy print --setup-script Users/admin/setup.sh --format arm > policy.json`,
		Args: noNames,
	}
	f := c.Flags()
	given := newRuleFlags(f)
	effect := f.String("effect", "default", "what it does with an instance that breaks the rule: `default`, require or audit")
	format := f.String("format", "policy", "`FORMAT` of the definition: policy, arm or az")
	choice(f, "effect", "default", "require", "audit")
	choice(f, "format", "policy", "arm", "az")
	return run(c, func(_ context.Context, a *app.App, _ []string) (render.Result, error) {
		rules, err := given.rules(a, false)
		if err != nil {
			return render.Result{}, err
		}
		list, err := rules.Definitions(policy.Effect(*effect))
		if err != nil {
			return render.Result{}, err
		}
		var r render.Result
		for _, d := range list {
			r.Notes = append(r.Notes, d.Notes...)
		}
		switch *format {
		case "arm":
			r.Data = policy.Template(list)
		case "az":
			commands, err := policy.Commands(list)
			if err != nil {
				return render.Result{}, err
			}
			var arguments []any
			for _, d := range list {
				arguments = append(arguments, d.Arguments())
			}
			r.Data, r.Text = arguments, commands
		default:
			if len(list) > 1 {
				return render.Result{}, exit.Usagef("a policy definition has one rule: print one at a time, or all of them with --format arm or az")
			}
			r.Data = list[0].JSON()
		}
		r.Body = true
		return r, nil
	})
}

func newPolicyCheck() *command {
	c := &cobra.Command{
		Use: "check [NAME…] --stop TIME | --idle-shutdown TIME | --setup-script PATH",
		Long: `List the instances that break a rule; exit code 7 if there are any. Without
names, it checks every instance of the workspace.

--stop holds if on every day an enabled schedule stops the instance at or before
that time, and none starts it again before then. It assumes that no person starts
it after that stop: a stop at 01:00 satisfies --stop 22:00, also where people start
the instance at nine. Days and times are those of --time-zone; schedules of other
zones are followed through a year of clock changes. --idle-shutdown holds if the idle time is set and not longer.
--setup-script holds if the instance was set up by that script of the workspace's
file share.

--fix shows what it would do and asks; where nobody can be asked, it needs --yes.
It adds a stop or sets the idle time. It replaces no schedule: an instance that has
four is left to you, and so are an idle time that is not understood and a setup
script, which only a new instance runs. It changes none that is being deleted. The
exit code is 0 if nothing breaks a rule afterwards, else 7.`,
		Example: `  computetarget policy check --stop 22:00 --time-zone Europe/Berlin
  computetarget policy check dev gpu --idle-shutdown 2h
  computetarget policy check --stop 22:00 --idle-shutdown 2h --time-zone Europe/Berlin --fix --yes`,
	}
	names := namesFlag(c)
	given := newRuleFlags(c.Flags())
	fix := c.Flags().Bool("fix", false, "repair the instances that break a rule")
	timeoutFlag(c)
	dryRunFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		rules, err := given.rules(a, true)
		if err != nil {
			return render.Result{}, err
		}
		if a.DryRun && !*fix {
			return render.Result{}, exit.Usagef("--dry-run goes with --fix; without it, check changes nothing")
		}
		if *fix && !a.Yes && !a.DryRun && !a.CanAsk() {
			return render.Result{}, &exit.Error{Exit: exit.Usage, Text: "nothing was changed: --fix needs --yes where there is no terminal to ask on", Tip: "--dry-run shows what it would do"}
		}
		found, _, failed, err := instances(ctx, a, names, args)
		if err != nil {
			return render.Result{}, err
		}
		if *fix && render.ExitCode(failed, false) == exit.Usage {
			return render.Result{}, failed // which promises that nothing was changed
		}
		a.Introduce(ctx, found...)
		broken := rules.Check(found, a.Now())
		if !*fix || len(broken) == 0 {
			return checked(view.Policy(found, broken, nil, false), broken, len(found), failed), nil
		}
		return repair(ctx, a, rules, found, broken, failed)
	})
}

// checked adds the outcome of a check to its view. The exit code is that of the
// check, also where an instance could not be read.
func checked(r render.Result, broken []policy.Breach, of int, failed error) render.Result {
	r.Err = failed
	if len(broken) == 0 {
		return r
	}
	errs := []error{exit.Errorf(exit.Check, "%s", view.Breaks(broken, of))}
	r.Err = errors.Join(append(errs, asCheck(failed)...)...)
	return r
}

// asCheck gives failures the exit code of a check, one by one.
func asCheck(failed error) []error {
	if failed == nil {
		return nil
	}
	several, ok := failed.(interface{ Unwrap() []error }) //nolint:errorlint // the joined errors are taken apart
	if !ok {
		return []error{&exit.Error{Exit: exit.Check, Err: failed}}
	}
	var out []error
	for _, err := range several.Unwrap() {
		out = append(out, asCheck(err)...)
	}
	return out
}

// repair repairs what can be repaired, after showing it, and checks again.
func repair(ctx context.Context, a *app.App, rules policy.Rules, found []*compute.Compute, broken []policy.Breach, failed error) (render.Result, error) {
	stops, idles := mendable(broken, policy.KindStop), mendable(broken, policy.KindIdle)
	if len(stops)+len(idles) == 0 {
		return checked(view.Policy(found, broken, nil, false), broken, len(found), failed), nil
	}
	if !a.Yes && !a.DryRun {
		yes, err := a.Confirm(ctx, fmt.Sprintf("%sChange %s?", view.PolicyPlan(broken), view.Counted(len(distinct(slices.Concat(stops, idles))), "instance")))
		if err != nil {
			return render.Result{}, err
		}
		if !yes {
			return render.Result{}, exit.Errorf(exit.Failed, "nothing was changed")
		}
	}
	var ended []compute.Change
	if len(stops) > 0 {
		changed, err := addStops(ctx, a, stops, rules.Stop)
		if err != nil {
			return render.Result{}, err
		}
		ended = append(ended, changed...)
	}
	if len(idles) > 0 {
		changed, err := setIdle(ctx, a, idles, rules.Idle)
		if err != nil {
			return render.Result{}, err
		}
		ended = append(ended, changed...)
	}
	if a.DryRun { // which shows the requests
		r := render.Result{Data: []any{}, Notes: strings.Split(strings.TrimSpace(view.PolicyPlan(broken)), "\n")}
		return checked(r, broken, len(found), failed), nil
	}
	now := map[string]*compute.Compute{}
	for _, o := range ended {
		if o.Err != nil {
			failed = errors.Join(failed, o.Err)
		} else {
			now[strings.ToLower(o.Now().ID)] = o.Now() // the last change has read both
		}
	}
	after := slices.Clone(found)
	for i, c := range after {
		if changed, ok := now[strings.ToLower(c.ID)]; ok {
			after[i] = changed
		}
	}
	left := rules.Check(after, a.Now())
	return checked(view.Policy(after, broken, left, true), left, len(after), failed), nil
}

// mendable are the instances that break a rule in a way that can be repaired.
func mendable(broken []policy.Breach, kind policy.Kind) []target {
	var out []target
	for _, b := range broken {
		if b.Rule == kind && b.Fix != "" {
			if ws, name, err := compute.ParseComputeID(b.Compute.ID); err == nil {
				out = append(out, target{name, ws})
			}
		}
	}
	return out
}

// addStops adds a stop to the schedules of instances. Those that got one meanwhile
// are left alone.
func addStops(ctx context.Context, a *app.App, asked []target, stop *policy.Stop) ([]compute.Change, error) {
	timeout, err := a.Settings.Duration(config.Timeout)
	if err != nil {
		return nil, err
	}
	var settling sync.Mutex
	return each(a, asked, func(client *compute.Client, names []string) []compute.Change {
		saved := app.SaveSchedules(a, client.Workspace())
		o := compute.ChangeOptions{Timeout: timeout, Save: saved.Save}
		ended := client.ChangeSchedules(ctx, names, o, func(_ string, have []compute.Schedule) ([]compute.Schedule, error) {
			if stop.Holds(have, a.Now()) {
				return have, nil
			}
			return append(slices.Clone(have), compute.Schedule{Entry: stop.Entry()}), nil
		})
		settling.Lock()
		saved.Settle(ended, false)
		settling.Unlock()
		return resumableHours(a, client, ended)
	})
}

// setIdle sets the idle time of instances. Those that got a shorter one meanwhile
// are left alone.
func setIdle(ctx context.Context, a *app.App, asked []target, d time.Duration) ([]compute.Change, error) {
	timeout, err := a.Settings.Duration(config.Timeout)
	if err != nil {
		return nil, err
	}
	return each(a, asked, func(client *compute.Client, names []string) []compute.Change {
		return resumableHours(a, client, client.ChangeIdle(ctx, names, d, compute.ChangeOptions{
			Timeout: timeout, AtMost: true}))
	})
}
