package cmd

import (
	"context"
	"strings"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// goesWith refuses a compute type beside a verb that is for others: stop
// amlcompute stops no cluster, and must not stop an instance.
func (c *command) goesWith(kind string) error {
	if kind == "" || c.entry.on == nil {
		return nil
	}
	want, err := computeType(kind)
	if err != nil || c.entry.on.is(want) {
		return err
	}
	return exit.Usagef("%s does not go with %s: it is for %s", c.Name(), kind, c.entry.on.noun)
}

// ofKind refuses computes that are not of the type named beside the verb, before
// anything is done to one of them: delete amlcompute dev must not delete the
// instance dev. It asks nothing of the service when no type was named.
func ofKind(ctx context.Context, a *app.App, asked []target) error {
	if a.ComputeType == "" {
		return nil
	}
	found, err := getEach(ctx, a, asked)
	if err != nil {
		return err
	}
	if err := unread(ctx, found); err != nil {
		return err
	}
	return refused(asked, otherKinds(a, found))
}

// otherKinds says of each outcome what speaks against the type named beside the
// verb; nil where nothing does.
func otherKinds(a *app.App, found []compute.Outcome) []error {
	errs := make([]error, len(found))
	for i, o := range found {
		if o.Compute != nil {
			errs[i] = otherKind(a, o.Compute)
		}
	}
	return errs
}

func otherKind(a *app.App, have *compute.Compute) error {
	if a.ComputeType == "" {
		return nil
	}
	want, err := computeType(a.ComputeType)
	if err != nil || strings.EqualFold(have.ComputeType, want) {
		return err
	}
	return &exit.Error{Exit: exit.Usage,
		Text: have.Name + " is of type " + render.Clean(have.ComputeType) + ", not " + want,
		Tip:  "leave " + a.ComputeType + " out to mean any compute of that name"}
}
