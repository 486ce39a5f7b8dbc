package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Watch shows a list again and again until ctx ends, whose cause it returns: on
// a terminal in place, elsewhere as a line for every change of state. A trouble
// that may pass is said and ridden out, unless it comes first.
func (a *App) Watch(ctx context.Context, every time.Duration, list func(context.Context) (found []*compute.Compute, total int, err error)) error {
	if a.output.Format != "" || a.output.Query != nil || a.Full {
		return exit.Usagef("--watch prints lines for people; leave -o, --query and -v out")
	}
	show := a.changes()
	if a.Out.TTY && a.Out.Redraw {
		show = a.redraw()
	}
	for first := true; ; first = false {
		found, total, err := list(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && (first || lasting(err)):
			return err
		}
		if err := show(found, total, err); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(every):
		}
	}
}

// lasting reports whether err will not go away by waiting.
func lasting(err error) bool {
	switch compute.KindOf(err) {
	case compute.KindAuth, compute.KindInvalid, compute.KindNotFound:
		return true
	}
	return false
}

// redraw draws the list over the one before, and a trouble below the last list
// that could be read.
func (a *App) redraw() func([]*compute.Compute, int, error) error {
	drawn := 0
	var last []*compute.Compute
	of := 0
	return func(found []*compute.Compute, total int, trouble error) error {
		if trouble == nil {
			last, of = found, total
		}
		lines, err := a.fit(last, of, a.Out.Height())
		if err != nil {
			return err
		}
		if trouble != nil {
			lines = append(lines, render.Cut(render.Clean(trouble.Error()+"; trying again"), a.Out.Width()))
		}
		var frame strings.Builder
		if drawn > 0 {
			fmt.Fprintf(&frame, "\x1b[%dA\x1b[J", drawn)
		}
		for _, line := range lines {
			frame.WriteString(line + "\n")
		}
		drawn = len(lines)
		_, err = io.WriteString(a.Out, frame.String())
		return err
	}
}

// fit is the list as it stands on a terminal of some lines (0 is any number),
// its summary last. What does not fit could not be drawn over, so it is left
// out.
func (a *App) fit(list []*compute.Compute, total, height int) ([]string, error) {
	var table, summary bytes.Buffer
	out, errs := a.Out.Writer, a.Err.Writer
	a.Out.Writer, a.Err.Writer = &table, &summary
	err := a.Print(render.Matches(list, total, render.Where{}, render.Brief))
	a.Out.Writer, a.Err.Writer = out, errs
	lines, below := textLines(&table), textLines(&summary)
	for i := range below {
		below[i] = render.Cut(below[i], a.Out.Width())
	}
	// A trouble may take a line more, and the cursor stands below the last one.
	if room := max(2, height-len(below)-2); height > 0 && len(lines) > room {
		lines = append(lines[:room-1:room-1], fmt.Sprintf("… and %d more", len(lines)-room+1))
	}
	return append(lines, below...), err
}

func textLines(text *bytes.Buffer) []string {
	if text.Len() == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
}

// changes prints a line for every compute that is new, gone from the list or in
// another state than before.
func (a *App) changes() func([]*compute.Compute, int, error) error {
	before := map[string]string{}
	return func(found []*compute.Compute, _ int, trouble error) error {
		if trouble != nil {
			a.Note("%v; trying again", trouble)
			return nil
		}
		now := time.Now()
		if a.client != nil {
			now = a.client.Now()
		}
		seen := map[string]string{}
		line := func(name, state string) error {
			_, err := fmt.Fprintf(a.Out, "%s %s %s\n", now.UTC().Format(time.RFC3339), render.Clean(name), render.Clean(state))
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
		for _, name := range slices.Sorted(maps.Keys(before)) {
			if _, ok := seen[name]; !ok {
				if err := line(name, "gone"); err != nil {
					return err
				}
			}
		}
		before = seen
		return nil
	}
}
