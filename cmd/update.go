package cmd

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func newUpdate() *command {
	c := &cobra.Command{
		Use: "update NAME",
		Long: `Change a compute and wait until done. Settings you omit stay unchanged; without
any, nothing is sent.

Of a cluster it changes the scale settings, tags and identities; of an instance the
idle time after which it stops, and its identities: the service does not change the
tags of an instance. --tag adds tags, --tags replaces all there are.
--identity-type and --user-assigned-identities replace the identities.

"update amlcompute", "update computeinstance" and "update aks" change one type each.`,
		Example: `  computetarget update cpu --max-nodes 8 --tag team=vision
  computetarget update dev --idle-shutdown 1h
  computetarget update cpu --identity-type SystemAssigned`,
	}
	return updateCommand(c, idleFlag(c))
}

func newUpdateCluster() *command {
	return updateCommand(&cobra.Command{
		Use: "amlcompute -n NAME",
		Long: `Change how a cluster scales, its tags or its identities, and wait until done.
Settings you omit stay unchanged; without any, nothing is sent. --tag adds tags,
--tags replaces all there are.`,
		Example: `  computetarget update amlcompute -n cpu --max-nodes 8
  computetarget update amlcompute -n cpu --min-nodes 1 --idle-seconds-before-scaledown 600
  computetarget update amlcompute -n cpu --tag team=vision`,
	}, nil)
}

// updateCommand changes a cluster or, where idle is a flag, an instance.
func updateCommand(c *cobra.Command, idle *string) *command {
	names := nameFlag(c)
	changeFlags(c)
	f := c.Flags()
	scale := scaleFlags(f)
	f.Lookup("idle-seconds-before-scaledown").DefValue = ""
	tags := tagFlags(f)
	notV1(f, "tag")
	identity := identityFlags(f)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if err := scale.check(f.Changed("min-nodes") && f.Changed("max-nodes")); err != nil {
			return render.Result{}, err
		}
		stops := time.Duration(0)
		if idle != nil && *idle != "" {
			var err error
			if stops, err = schedule.ParseIdle(*idle); err != nil {
				return render.Result{}, exit.Usagef("--idle-shutdown: %w", err)
			}
		}
		var m compute.Modification
		var err error
		if m.Identity, err = identity.spec(); err != nil {
			return render.Result{}, err
		}
		if _, err := tags.values(); err != nil {
			return render.Result{}, err
		}
		have, _, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		if idle != nil && !have.IsCluster() {
			if err := noScale(have, f); err != nil {
				return render.Result{}, err
			}
		} else if err := mustBeCluster(have); err != nil {
			return render.Result{}, err
		} else if m.Scale, err = scale.changed(f, have.Cluster.Scale); err != nil {
			return render.Result{}, err
		}
		if m.Tags, err = tags.over(have.Tags); err != nil {
			return render.Result{}, err
		}
		if idle != nil && *idle != "" {
			if m.Identity != nil || m.Tags != nil || have.IsCluster() {
				return render.Result{}, exit.Usagef("--idle-shutdown is for instances, and changed by itself")
			}
			return changeIdle(ctx, a, chosen(have.Name), stops)
		}
		return (&waiting{}).actOn(ctx, a, have.Name, modify(ctx, a, have, m))
	})
}

// noScale refuses the scale settings of clusters for another compute.
func noScale(have *compute.Compute, f *pflag.FlagSet) error {
	for _, flag := range []string{"max-nodes", "min-nodes", "idle-seconds-before-scaledown"} {
		if f.Changed(flag) {
			return exit.Usagef("--%s is for clusters, and %s is of type %s", flag, have.Name, have.ComputeType)
		}
	}
	return nil
}

// changed are the scale settings of a cluster with those that were given; nil when
// none were.
func (s *scale) changed(f *pflag.FlagSet, have *compute.ScaleSettings) (*compute.ScaleSettings, error) {
	if !f.Changed("min-nodes") && !f.Changed("max-nodes") && !f.Changed("idle-seconds-before-scaledown") {
		return nil, nil
	}
	scale := compute.ScaleSettings{}
	if have != nil {
		scale = *have
	}
	if f.Changed("min-nodes") {
		scale.MinNodes = s.min
	}
	if f.Changed("max-nodes") {
		scale.MaxNodes = s.max
	}
	if f.Changed("idle-seconds-before-scaledown") {
		scale.SetIdle(time.Duration(s.idle) * time.Second)
	}
	return &scale, fits(&scale)
}

// fits refuses scale settings that no cluster can have.
func fits(scale *compute.ScaleSettings) error {
	if scale.MaxNodes < scale.MinNodes {
		return exit.Usagef("a cluster cannot have at least %d and at most %d nodes", scale.MinNodes, scale.MaxNodes)
	}
	return nil
}

func newUpdateAKS() *command {
	c := &cobra.Command{
		Use: "aks -n NAME",
		Long: `Change the certificate or the load balancer of an AKS compute and wait until
done. Settings you omit stay unchanged.`,
		Example: `  computetarget update aks -n serving --load-balancer-type InternalLoadBalancer
  computetarget update aks -n serving --ssl-disable`,
	}
	names := nameFlag(c)
	wait := waitingFlags(c)
	f := c.Flags()
	balancer := balancerFlags(f, "", "")
	ssl := sslFlags(f)
	disable := f.String("ssl-disable", "", "`True` or False: turn TLS off")
	renew := f.String("ssl-renew", "", "`True` or False: renew the certificate")
	markV1(f, "ssl-disable", "ssl-renew")
	for _, name := range []string{"ssl-disable", "ssl-renew"} {
		trueOrFalse(f, name)
		f.Lookup(name).NoOptDefVal = "true" // without a value it means True
	}
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		want := &compute.AKSSpec{LoadBalancerType: balancer.kind, LoadBalancerSubnet: balancer.subnet}
		var err error
		if want.SSL, err = ssl.settings(ctx); err != nil {
			return render.Result{}, err
		}
		off, again := strings.EqualFold(*disable, "true"), strings.EqualFold(*renew, "true")
		switch {
		case off && (want.SSL != nil || again):
			return render.Result{}, exit.Usagef("--ssl-disable cannot be combined with other --ssl flags")
		case off:
			want.SSL = &compute.AKSSSL{Status: "Disabled"}
		case again && want.SSL == nil:
			return render.Result{}, exit.Usagef("--ssl-renew goes with --ssl-leaf-domain-label or your own certificate: it sends them again")
		}
		have, _, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		if !strings.EqualFold(have.ComputeType, compute.TypeAKS) {
			return render.Result{}, exit.Usagef("%s is of type %s, not AKS", have.Name, have.ComputeType)
		}
		if *want == (compute.AKSSpec{}) {
			return outcomes(ctx, a, chosen(have.Name), []compute.Outcome{{Name: have.Name, Verb: compute.VerbUpdate, Compute: have, Already: true, Note: "nothing to change"}})
		}
		return wait.actOn(ctx, a, have.Name, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
			return client.Update(ctx, have, &compute.Spec{Location: have.Location, ResourceID: have.ResourceID, AKS: want}, o)
		})
	})
}

func newUpdateInstance() *command {
	c := &cobra.Command{
		Use: "computeinstance -n NAME --idle-shutdown TIME",
		Long: `Change the idle time after which an instance stops: 15 minutes to 3 days, or
off. "idle" does the same; "schedule" changes the hours and "resize" the size.`,
		Example: `  computetarget update computeinstance -n dev --idle-shutdown 1h
  computetarget update computeinstance -n dev --idle-shutdown off`,
	}
	names := namesFlag(c)
	idle := idleFlag(c)
	changeFlags(c)
	required(c, "idle-shutdown")
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		d, err := schedule.ParseIdle(*idle)
		if err != nil {
			return render.Result{}, exit.Usagef("--idle-shutdown: %w", err)
		}
		return changeIdle(ctx, a, asked, d)
	})
}
