package cmd

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// filter says which computes of a list are wanted.
type filter struct {
	mine      bool
	owner     string
	states    []string
	tags      []string
	kind      string
	olderThan string
}

func filterFlags(f *pflag.FlagSet) *filter {
	w := &filter{}
	f.BoolVar(&w.mine, "mine", false, "only those assigned to you, or created by you and assigned to nobody")
	f.StringVar(&w.owner, "owner", "", "only those of `USER`: a name, an object id, or me")
	f.StringArrayVar(&w.states, "state", nil, "only those in `STATE`, such as running; repeatable")
	f.StringArrayVar(&w.tags, "tag", nil, "only those with the tag `KEY=VALUE`, or KEY with any value; repeatable")
	f.StringVar(&w.kind, "type", "", "only those of `TYPE`: computeinstance, amlcompute, aks, kubernetes, …")
	f.StringVar(&w.olderThan, "older-than", "", "only those created longer than `DURATION` ago, such as 30d")
	return w
}

// apply returns the computes that pass. It asks who the user is only when that
// matters.
func (w *filter) apply(ctx context.Context, a *app.App, all []*compute.Compute, now time.Time) ([]*compute.Compute, error) {
	passes, err := w.checks(ctx, a, now)
	if err != nil {
		return nil, err
	}
	if len(passes) == 0 {
		return all, nil
	}
	out := []*compute.Compute{}
next:
	for _, c := range all {
		for _, pass := range passes {
			if !pass(c) {
				continue next
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// checks are the tests a compute must pass, one per flag.
func (w *filter) checks(ctx context.Context, a *app.App, now time.Time) ([]func(*compute.Compute) bool, error) {
	var out []func(*compute.Compute) bool
	if w.mine || strings.EqualFold(w.owner, "me") {
		credential, err := a.Credential()
		if err != nil {
			return nil, err
		}
		me, err := credential.Describe(ctx)
		if err != nil {
			return nil, err
		}
		if me.ObjectID == "" {
			return nil, render.Errorf(render.ExitAuth, "the access token does not say who you are; give --owner with your object id")
		}
		out = append(out, func(c *compute.Compute) bool { return strings.EqualFold(c.Owner().ID, me.ObjectID) })
	} else if w.owner != "" {
		out = append(out, func(c *compute.Compute) bool {
			owner := c.Owner()
			return strings.EqualFold(owner.ID, w.owner) || strings.EqualFold(owner.Name, w.owner)
		})
	}
	if len(w.states) > 0 {
		out = append(out, func(c *compute.Compute) bool { return containsFold(w.states, c.State()) })
	}
	for _, tag := range w.tags {
		key, value, exact := strings.Cut(tag, "=")
		out = append(out, func(c *compute.Compute) bool {
			have, ok := c.Tags[key]
			return ok && (!exact || have == value)
		})
	}
	if w.kind != "" {
		want := computeType(w.kind)
		out = append(out, func(c *compute.Compute) bool { return strings.EqualFold(c.ComputeType, want) })
	}
	if w.olderThan != "" {
		age, err := config.ParseDuration(w.olderThan)
		if err != nil {
			return nil, render.Usagef("--older-than: %w", err)
		}
		before := now.Add(-age)
		// A compute that does not say when it was created is never old.
		out = append(out, func(c *compute.Compute) bool { return !c.CreatedOn.IsZero() && c.CreatedOn.Before(before) })
	}
	return out, nil
}

// computeType is the service's word for a type named as v1 did.
func computeType(word string) string {
	switch strings.ToLower(word) {
	case "remote":
		return compute.TypeVirtualMachine
	case "instance":
		return compute.TypeInstance
	case "cluster":
		return compute.TypeCluster
	}
	return word
}
