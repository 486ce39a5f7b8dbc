package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Watch shows a list again and again until ctx ends, whose cause it returns: on
// a terminal in place, elsewhere as a line for every change of state. A list
// that cannot be read now is tried again; only the first failure ends it.
func (a *App) Watch(ctx context.Context, every time.Duration, list func(context.Context) ([]*compute.Compute, error)) error {
	if a.output.Format != "" || a.output.Query != nil || a.Full {
		return render.Usagef("--watch prints lines for people; leave -o, --query and -v out")
	}
	show := a.changes()
	if a.Out.TTY && a.Out.Redraw {
		show = a.redraw()
	}
	for first := true; ; first = false {
		found, err := list(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && first:
			return err
		case err != nil:
			a.Note("%v; trying again", err)
		default:
			if err := show(found); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(every):
		}
	}
}

// redraw draws the list over the one before.
func (a *App) redraw() func([]*compute.Compute) error {
	lines := 0
	return func(found []*compute.Compute) error {
		if lines > 0 {
			fmt.Fprintf(a.Out, "\x1b[%dA\x1b[J", lines)
		}
		var drawn bytes.Buffer
		terminal := a.Out.Writer
		a.Out.Writer = &drawn
		err := a.Print(render.List(found, render.Where{}, render.Brief))
		a.Out.Writer = terminal
		lines = bytes.Count(drawn.Bytes(), []byte("\n"))
		if err == nil {
			_, err = io.Copy(a.Out, &drawn)
		}
		return err
	}
}

// changes prints a line for every compute that is new, gone or in another
// state than before.
func (a *App) changes() func([]*compute.Compute) error {
	before := map[string]string{}
	return func(found []*compute.Compute) error {
		now := time.Now().UTC().Format(time.RFC3339)
		seen := map[string]string{}
		line := func(name, state string) error {
			_, err := fmt.Fprintf(a.Out, "%s %s %s\n", now, render.Clean(name), render.Clean(state))
			return err
		}
		for _, c := range found {
			seen[c.Name] = c.State()
			if before[c.Name] != c.State() {
				if err := line(c.Name, c.State()); err != nil {
					return err
				}
			}
		}
		for name := range before {
			if _, ok := seen[name]; !ok {
				if err := line(name, "Deleted"); err != nil {
					return err
				}
			}
		}
		before = seen
		return nil
	}
}
