package cmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/nearest"
)

// filter selects computes of a list.
type filter struct {
	flags     *pflag.FlagSet
	mine      bool
	owner     string
	people    map[string]bool // ids of those whom owner means by an address
	states    []string
	tags      []string
	kind      string
	olderThan string
}

func filterFlags(f *pflag.FlagSet) *filter {
	w := &filter{flags: f}
	f.BoolVar(&w.mine, "mine", false, "only those assigned to you, or created by you and not assigned")
	f.StringVar(&w.owner, "owner", "", "only those of `USER`: a name, an e-mail address, an object id, or me")
	f.StringArrayVar(&w.states, "state", nil, "only those in `STATE`, such as running; repeatable")
	f.StringArrayVar(&w.tags, "tag", nil, "only those with the tag `KEY=VALUE`, or KEY with any value; repeatable")
	f.StringVar(&w.kind, "type", "", "only those of `TYPE`: computeinstance, amlcompute, aks, kubernetes, …")
	f.StringVar(&w.olderThan, "older-than", "", "only those created longer than `DURATION` ago, such as 30d, regardless of uptime")
	return w
}

// predicate reports whether a compute passes a filter at a time of the service.
type predicate func(c *compute.Compute, now time.Time) bool

// keep returns the computes that pass every predicate.
func keep(all []*compute.Compute, now time.Time, passes []predicate) []*compute.Compute {
	out := []*compute.Compute{}
next:
	for _, c := range all {
		for _, pass := range passes {
			if !pass(c, now) {
				continue next
			}
		}
		out = append(out, c)
	}
	return out
}

// predicates are the conditions of the given flags, except those about owners.
// An empty filter value, as from an unset variable, is an error: everything
// would pass.
func (w *filter) predicates() ([]predicate, error) {
	for _, name := range []string{"owner", "tag", "type", "older-than"} {
		f := w.flags.Lookup(name)
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if f.Changed && slices.Contains(values, "") {
			return nil, exit.Usagef("--%s is empty", name)
		}
	}
	var out []predicate
	for _, state := range w.states {
		if err := checkState("state", state); err != nil {
			return nil, err
		}
	}
	if len(w.states) > 0 {
		out = append(out, func(c *compute.Compute, _ time.Time) bool { return containsFold(w.states, c.State()) })
	}
	for _, tag := range w.tags {
		key, value, exact := strings.Cut(tag, "=")
		out = append(out, func(c *compute.Compute, _ time.Time) bool {
			for k, have := range c.Tags { // Azure's tag keys ignore case
				if strings.EqualFold(k, key) && (!exact || have == value) {
					return true
				}
			}
			return false
		})
	}
	if w.kind != "" {
		want, err := computeType(w.kind)
		if err != nil {
			return nil, err
		}
		out = append(out, func(c *compute.Compute, _ time.Time) bool { return strings.EqualFold(c.ComputeType, want) })
	}
	if w.olderThan != "" {
		age, err := config.ParseDuration(w.olderThan)
		if err != nil {
			return nil, exit.Usagef("--older-than %w", err)
		}
		// A compute without a creation time is never old.
		out = append(out, func(c *compute.Compute, now time.Time) bool {
			return !c.CreatedOn.IsZero() && c.CreatedOn.Before(now.Add(-age))
		})
	}
	return out, nil
}

// checkState refuses a value that is almost a state: no compute is ever in it,
// so a list would be empty and a wait would time out. Other words pass, because
// the service may have new states.
func checkState(flag, state string) error {
	if strings.TrimSpace(state) == "" {
		return exit.Usagef("--%s is empty", flag)
	}
	known := append(states(), "Deleted", "Steady", "Succeeded", "Failed", "Canceled", "Updating") // of clusters and others, too
	if containsFold(known, state) {
		return nil
	}
	meant := nearest.Word(state, known)
	for _, s := range known {
		if strings.HasPrefix(strings.ToLower(s), strings.ToLower(state)) {
			meant = s
			break
		}
	}
	if meant == "" {
		return nil
	}
	return exit.Usagef("--%s is %q, which is not a state; did you mean %s?", flag, state, strings.ToLower(meant))
}

// owned are the predicates about owners. The user's identity is only looked up
// if needed.
func (w *filter) owned(ctx context.Context, a *app.App) ([]predicate, error) {
	var out []predicate
	if w.mine || strings.EqualFold(w.owner, "me") {
		me, err := caller(ctx, a)
		if err != nil {
			return nil, err
		}
		if me == "" {
			return nil, exit.Errorf(exit.Auth, "the access token does not say who you are; give --owner with your object id")
		}
		out = append(out, func(c *compute.Compute, _ time.Time) bool { return strings.EqualFold(c.Owner().ID, me) })
	}
	if w.owner != "" && !strings.EqualFold(w.owner, "me") {
		out = append(out, func(c *compute.Compute, _ time.Time) bool {
			owner := c.Owner()
			return strings.EqualFold(owner.ID, w.owner) || strings.EqualFold(owner.Name, w.owner) || w.people[strings.ToLower(owner.ID)]
		})
	}
	return out, nil
}

// recognize gives names to the owners of computes if they are shown, and finds whom
// --owner means by an address.
func (w *filter) recognize(ctx context.Context, a *app.App, all []*compute.Compute, shown bool) {
	if w.owner == "" || w.people != nil {
		if shown {
			a.Introduce(ctx, all...)
		}
		return
	}
	var err error
	if w.people, err = a.Recognize(ctx, w.owner, all); err != nil && ctx.Err() == nil {
		a.Note("the directory did not tell who %s is, so only the names that the service tells were compared: %v", w.owner, err)
	}
}

// computeType is the service's name for a type, which may be v1's name.
func computeType(word string) (string, error) {
	switch strings.ToLower(word) {
	case "remote":
		return compute.TypeVirtualMachine, nil
	case "instance":
		return compute.TypeInstance, nil
	case "cluster":
		return compute.TypeCluster, nil
	}
	known := []string{
		compute.TypeInstance, compute.TypeCluster, compute.TypeAKS, compute.TypeKubernetes, compute.TypeVirtualMachine, compute.TypeDatabricks,
		compute.TypeHDInsight, compute.TypeDataLakeAnalytics, compute.TypeDataFactory, compute.TypeSynapseSpark,
	}
	for _, kind := range known {
		if strings.EqualFold(kind, word) {
			return kind, nil
		}
	}
	if near := nearest.Word(word, known); near != "" {
		return "", exit.Usagef("--type: %q is not a compute type; did you mean %s?", word, strings.ToLower(near))
	}
	return "", exit.Usagef("--type: %q is not a compute type; the types are %s", word, strings.ToLower(strings.Join(known, ", ")))
}

func containsFold(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
}
