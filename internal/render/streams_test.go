package render

import (
	"bytes"
	"os"
	"runtime"
	"testing"

	"github.com/creack/pty"
)

func env(pairs map[string]string) func(string) string {
	return func(k string) string { return pairs[k] }
}

func TestStreamsOffATerminal(t *testing.T) {
	t.Parallel()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := NewStreams(bytes.NewReader(nil), file, new(bytes.Buffer), env(nil))
	if s.InTTY || s.Out.TTY || s.Err.TTY || s.Out.Color || s.Err.Redraw {
		t.Errorf("files and buffers are taken for terminals: %+v %+v", s.Out, s.Err)
	}
	if s.Out.Width() != 0 || s.Out.File() != file || s.Err.File() != nil {
		t.Errorf("width %d", s.Out.Width())
	}
}

func TestStreamsOnATerminal(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no pseudo-terminals")
	}
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer terminal.Close()
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 57}); err != nil {
		t.Fatal(err)
	}
	pipe := new(bytes.Buffer)
	cases := []struct {
		name          string
		env           map[string]string
		color, redraw bool
		out, in, err  bool
	}{
		{name: "stderr only", color: true, redraw: true, err: true},
		{name: "stdin and stderr", color: true, redraw: true, in: true, err: true},
		{name: "no colour", env: map[string]string{"NO_COLOR": "1"}, redraw: true, err: true},
		{name: "empty NO_COLOR", env: map[string]string{"NO_COLOR": ""}, color: true, redraw: true, err: true},
		{name: "dumb", env: map[string]string{"TERM": "dumb"}, err: true},
	}
	for _, c := range cases {
		var s *Streams
		if c.in {
			s = NewStreams(terminal, pipe, terminal, env(c.env))
		} else {
			s = NewStreams(pipe, pipe, terminal, env(c.env))
		}
		if s.Out.TTY || s.Out.Color || !s.Err.TTY || s.Err.Color != c.color || s.Err.Redraw != c.redraw {
			t.Errorf("%s: %+v %+v", c.name, s.Out, s.Err)
		}
		if s.Err.Width() != 57 {
			t.Errorf("%s: width %d", c.name, s.Err.Width())
		}
	}
	if err := pty.Setsize(master, &pty.Winsize{}); err != nil {
		t.Fatal(err)
	}
	if w := NewStreams(pipe, pipe, terminal, env(nil)).Err.Width(); w != 80 {
		t.Errorf("a terminal that does not tell its width has %d columns", w)
	}
}
