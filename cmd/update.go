package cmd

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func newUpdateCluster() *command {
	c := &cobra.Command{
		Use: "amlcompute -n NAME",
		Long: `Change how a cluster scales and wait until done. Settings you omit stay
unchanged; without any, nothing is sent.`,
		Example: `  computetarget update amlcompute -n cpu --max-nodes 8
  computetarget update amlcompute -n cpu --min-nodes 1 --idle-seconds-before-scaledown 600`,
	}
	names := nameFlag(c)
	wait := &waiting{}
	changeFlags(c)
	asked := scaleFlags(c.Flags())
	f := c.Flags()
	f.Lookup("idle-seconds-before-scaledown").DefValue = ""
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if err := asked.check(f.Changed("min-nodes") && f.Changed("max-nodes")); err != nil {
			return render.Result{}, err
		}
		have, client, err := names.read(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		if err := mustBeCluster(have); err != nil {
			return render.Result{}, err
		}
		scale := compute.ScaleSettings{}
		if have.Cluster.Scale != nil {
			scale = *have.Cluster.Scale
		}
		before := scale
		if f.Changed("min-nodes") {
			scale.MinNodes = asked.min
		}
		if f.Changed("max-nodes") {
			scale.MaxNodes = asked.max
		}
		if idle, ok := scale.IdleScaleDown(); f.Changed("idle-seconds-before-scaledown") && (!ok || idle != time.Duration(asked.idle)*time.Second) {
			scale.SetIdleScaleDown(time.Duration(asked.idle) * time.Second)
		}
		if scale.MaxNodes < scale.MinNodes {
			return render.Result{}, exit.Usagef("a cluster cannot have at least %d and at most %d nodes", scale.MinNodes, scale.MaxNodes)
		}
		if scale == before {
			return outcomes(ctx, a, chosen(have.Name), []compute.Outcome{{Name: have.Name, Verb: compute.VerbUpdate, Compute: have, Already: true, Note: "nothing to change"}})
		}
		if scale.MaxNodes > before.MaxNodes {
			warn(a, client.GrowthWarnings(ctx, have, scale.MaxNodes)...)
		}
		return wait.actOn(ctx, a, have.Name, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
			return client.UpdateScale(ctx, have.Name, scale, o)
		})
	})
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
