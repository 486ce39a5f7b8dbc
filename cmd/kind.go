package cmd

import (
	"context"
	"strings"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// goesWith refuses a compute type that a verb does not take: stop amlcompute
// must not stop an instance.
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

// ofKind refuses computes of another type than the one given, before anything
// is done: delete amlcompute dev must not delete the instance dev. Without a
// type it sends no request.
func ofKind(ctx context.Context, a *app.App, asked []target) error {
	if a.ComputeType == "" {
		return nil
	}
	_, err := readOfKind(ctx, a, asked)
	return err
}

// readOfKind reads computes, and refuses those of another type than the one
// given.
func readOfKind(ctx context.Context, a *app.App, asked []target) ([]compute.Outcome, error) {
	found, err := getEach(ctx, a, asked)
	if err == nil {
		err = unread(ctx, found)
	}
	if err == nil {
		err = refused(asked, otherKinds(a, found))
	}
	return found, err
}

// otherKinds returns an error for each compute of another type than the one
// given, else nil.
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
