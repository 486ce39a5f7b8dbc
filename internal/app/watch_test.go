package app

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// look is a Look, or why there is none.
type look struct {
	computes []*compute.Compute
	err      error
}

func instance(name, state string) *compute.Compute {
	return &compute.Compute{Name: name, Properties: compute.Properties{ComputeType: compute.TypeInstance}, Instance: &compute.Instance{State: state}}
}

var errBroken = errors.New("the connection broke\x1b[2J")

// on is a session on streams that was asked for nothing.
func on(t *testing.T, s *render.Streams, flags ...string) *Session {
	t.Helper()
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	fs.StringP("output", "o", "", "")
	if err := fs.Parse(flags); err != nil {
		t.Fatal(err)
	}
	session, err := newSession(World{Streams: s, Getenv: func(string) string { return "" }}, Call{Flags: fs})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// watch watches the looks on streams and returns how it ended.
func watch(t *testing.T, s *render.Streams, looks []look) error {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	n := 0
	return on(t, s).Watch(ctx, 1, func(context.Context) (Look, error) {
		if n == len(looks) {
			cancel(errors.New("that is all"))
			return Look{}, ctx.Err()
		}
		n++
		return Look{looks[n-1].computes, len(looks[n-1].computes), time.Now()}, looks[n-1].err
	})
}

func life() []look {
	return []look{
		{[]*compute.Compute{instance("alpha", "Running"), instance("beta", "Stopped")}, nil},
		{[]*compute.Compute{instance("alpha", "Running"), instance("beta", "Stopped")}, nil},
		{[]*compute.Compute{instance("alpha", "Stopping"), instance("beta", "Stopped")}, nil},
		{nil, errBroken},
		{[]*compute.Compute{instance("alpha", "Stopped")}, nil},
	}
}

// Off a terminal every change is a line, and nothing else is.
func TestWatchLines(t *testing.T) {
	t.Parallel()
	s, out, errs := render.TestStreams("", 0, 0)
	if err := watch(t, s, life()); err == nil || err.Error() != "that is all" {
		t.Errorf("it ended with %v", err)
	}
	got := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ `).ReplaceAllString(out.String(), "")
	if want := "alpha Running\nbeta Stopped\nalpha Stopping\nalpha Stopped\nbeta gone\n"; got != want {
		t.Errorf("stdout %q, not %q", got, want)
	}
	if want := `the connection broke\u001b[2J; trying again` + "\n"; errs.String() != want {
		t.Errorf("stderr %q, not %q", errs, want)
	}
}

// On a terminal the list stands in one place: what is drawn is drawn over.
func TestWatchInPlace(t *testing.T) {
	t.Parallel()
	for n := 1; n <= len(life()); n++ {
		s, out, errs := render.TestStreams("", 100, 100)
		_ = watch(t, s, life()[:n])
		shown := screen(t, out.String())
		last := life()[n-1]
		lines := 2 + len(last.computes)
		if last.err != nil {
			lines = 5 // the list before, and the trouble
		}
		if len(shown) != lines || errs.Len() > 0 {
			t.Errorf("after %d looks stand %d lines, not %d:\n%s\nstderr %q", n, len(shown), lines, strings.Join(shown, "\n"), errs)
		}
		all := strings.Join(shown, "\n")
		for _, c := range last.computes {
			if !strings.Contains(all, c.Name) || !strings.Contains(all, c.State()) {
				t.Errorf("%s %s is not shown:\n%s", c.Name, c.State(), all)
			}
		}
		if last.err != nil && shown[4] != `the connection broke\u001b[2J; trying again` {
			t.Errorf("the trouble is not said:\n%s", all)
		}
	}
}

// screen plays what was written on a terminal and returns the lines that stand
// there.
func screen(t *testing.T, written string) []string {
	t.Helper()
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(written, "\n"), "\n") {
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			up, text, ok := strings.Cut(rest, "A\x1b[J")
			n, err := strconv.Atoi(up)
			if !ok || err != nil || n > len(lines) {
				t.Fatalf("this is not how a list is drawn over: %q", line)
			}
			lines, line = lines[:len(lines)-n], text
		}
		if strings.Contains(line, "\x1b") {
			t.Fatalf("control characters reach the terminal: %q", line)
		}
		lines = append(lines, line)
	}
	return lines
}

// What waiting does not cure ends the watch at once, other troubles only when
// they come first.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	denied := &compute.Error{Kind: compute.KindAuth, Message: "no"}
	for i, looks := range [][]look{{{nil, errBroken}}, {life()[0], {nil, denied}}} {
		s, _, _ := render.TestStreams("", 0, 0)
		if err := watch(t, s, looks); !errors.Is(err, looks[i].err) {
			t.Errorf("it ended with %v", err)
		}
	}
	s, _, _ := render.TestStreams("", 0, 0)
	if err := on(t, s, "-o", "json").Watch(t.Context(), 1, nil); render.ExitCode(err, false) != exit.Usage {
		t.Errorf("with -o json: %v", err)
	}
}

// A list that is longer than the screen is cut to it.
func TestWatchLongList(t *testing.T) {
	t.Parallel()
	var many []*compute.Compute
	for i := range 50 {
		many = append(many, instance(fmt.Sprintf("dev%02d", i), "Running"))
	}
	s, _, _ := render.TestStreams("", 100, 100)
	s.Out.TTY = true
	lines, err := on(t, s).fit(Look{Found: many, Of: len(many)}, 24)
	if err != nil || len(lines) != 22 || lines[20] != "… and 31 more" || !strings.HasPrefix(lines[21], "50 computes, 50 running") {
		t.Errorf("%d lines, %v\n%s", len(lines), err, strings.Join(lines, "\n"))
	}
}
