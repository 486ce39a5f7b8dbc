package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Look is what one reading of a list gives.
type Look struct {
	Found []*compute.Compute // those that are wanted
	Of    int                // how many there are
	At    time.Time          // the service's
}

// Watch updates a list until ctx ends and returns its cause: in place on a
// terminal, elsewhere with one line per change of state. It reports temporary
// errors and continues, unless the first read fails.
func (s *Session) Watch(ctx context.Context, every time.Duration, list func(context.Context) (Look, error)) error {
	if s.output.Format != "" || s.output.Query != nil || s.Full {
		return exit.Usagef("--watch prints lines for people; leave -o, --query and -v out")
	}
	show := s.changes()
	if s.Out.TTY && s.Out.Redraw {
		show = s.redraw()
	}
	for first := true; ; first = false {
		look, err := list(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && (first || lasting(err)):
			return err
		}
		if err := show(look, err); err != nil {
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
func (s *Session) redraw() func(Look, error) error {
	drawn := 0
	var last Look
	return func(look Look, trouble error) error {
		if trouble == nil {
			last = look
		}
		lines, err := s.fit(last, s.Out.Height())
		if err != nil {
			return err
		}
		if trouble != nil {
			lines = append(lines, render.Cut(render.Clean(trouble.Error()+"; trying again"), s.Out.Width()))
		}
		var frame strings.Builder
		if drawn > 0 {
			fmt.Fprintf(&frame, "\x1b[%dA\x1b[J", drawn)
		}
		for _, line := range lines {
			frame.WriteString(line + "\n")
		}
		drawn = len(lines)
		_, err = io.WriteString(s.Out, frame.String())
		return err
	}
}

// fit is the list as it stands on a terminal of some lines (0 is any number),
// its summary last. What does not fit could not be drawn over, so it is left
// out.
func (s *Session) fit(look Look, height int) ([]string, error) {
	table, below, err := render.Lines(s.Streams, s.at(look.At), view.Matches(look.Found, look.Of, view.Where{}, view.Brief))
	for i := range below {
		below[i] = render.Cut(below[i], s.Out.Width())
	}
	// A trouble may take a line more, and the cursor stands below the last one.
	if room := max(2, height-len(below)-2); height > 0 && len(table) > room {
		table = append(table[:room-1:room-1], fmt.Sprintf("… and %d more", len(table)-room+1))
	}
	return append(table, below...), err
}

// changes prints a line for every compute that is new, removed or in another
// state.
func (s *Session) changes() func(Look, error) error {
	before := map[string]string{}
	return func(look Look, trouble error) error {
		if trouble != nil {
			s.Note("%v; trying again", trouble)
			return nil
		}
		seen := map[string]string{}
		line := func(name, state string) error {
			_, err := fmt.Fprintf(s.Out, "%s %s %s\n", look.At.UTC().Format(time.RFC3339), render.Clean(name), render.Clean(state))
			return err
		}
		for _, c := range look.Found {
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
