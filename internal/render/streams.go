// Package render turns the value a command returns into what people and
// scripts read: az's output formats, people's views on a terminal, and errors.
package render

import (
	"bytes"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Output is an output stream and its properties. Each stream has its own:
// stdout may be a pipe while stderr is a terminal.
type Output struct {
	io.Writer
	// TTY says that a person reads this output.
	TTY bool
	// Color says that ANSI colours may be written.
	Color bool
	// Redraw says that lines already written may be drawn again in place.
	Redraw bool

	file  *os.File
	width int
}

// fallbackWidth is used when a terminal does not tell its width.
const fallbackWidth = 80

// Width returns the columns of the terminal, read on each call because
// terminals are resized. Elsewhere it returns 0, which means: do not cut.
func (o *Output) Width() int {
	if !o.TTY {
		return 0
	}
	if o.width > 0 {
		return o.width
	}
	if o.file != nil {
		if w, _, err := term.GetSize(int(o.file.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return fallbackWidth
}

// Height returns the lines of the terminal, or 0 when it is not known.
func (o *Output) Height() int {
	if o.TTY && o.file != nil {
		if _, h, err := term.GetSize(int(o.file.Fd())); err == nil {
			return h
		}
	}
	return 0
}

// ClearLine removes what stands on the terminal's line, such as the ^C that the
// terminal shows when a person interrupts, so that what is printed next begins
// at its start. Off a terminal it does nothing.
func (o *Output) ClearLine() {
	switch {
	case o.Redraw:
		_, _ = io.WriteString(o, "\r\x1b[K") // what follows says more than this failure
	case o.TTY:
		_, _ = io.WriteString(o, "\n")
	}
}

// File returns the operating system's file behind the output, nil in tests.
func (o *Output) File() *os.File { return o.file }

// Streams are the standard streams of one invocation.
type Streams struct {
	// In is stdin as commands read it: it may end with the command.
	In io.Reader
	// Stdin is stdin as it was given, for the programs that commands run.
	Stdin io.Reader
	InTTY bool
	// CI is true in a build service, which sets the variable CI: nobody can
	// answer, whatever the streams are.
	CI  bool
	Out *Output
	Err *Output

	// Carry are the flags that commands in texts for people repeat.
	Carry Carried

	hidden []hiddenText
	marked bool // it was said that this is the emulator
}

// NewStreams looks at each stream on its own. getenv supplies NO_COLOR
// (any value but the empty one: no colours) and TERM (dumb: no colours and no
// redrawing).
func NewStreams(in io.Reader, out, errs io.Writer, getenv func(string) string) *Streams {
	dumb := getenv("TERM") == "dumb"
	color := getenv("NO_COLOR") == "" && !dumb
	s := &Streams{In: in, Stdin: in, Out: newOutput(out), Err: newOutput(errs)}
	switch strings.ToLower(getenv("CI")) {
	case "", "0", "false":
	default:
		s.CI = true
	}
	if f, ok := in.(*os.File); ok && f != nil {
		s.InTTY = term.IsTerminal(int(f.Fd()))
	}
	for _, o := range []*Output{s.Out, s.Err} {
		o.Color = o.TTY && color
		o.Redraw = o.TTY && !dumb
	}
	return s
}

func newOutput(w io.Writer) *Output {
	o := &Output{Writer: w}
	if f, ok := w.(*os.File); ok && f != nil {
		o.file = f
		o.TTY = term.IsTerminal(int(f.Fd()))
	}
	return o
}

// TestStreams returns streams over buffers for tests. Widths above 0 make an
// output a terminal of that many columns, without colours.
func TestStreams(in string, outWidth, errWidth int) (s *Streams, out, errs *bytes.Buffer) {
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	s = &Streams{
		In:  strings.NewReader(in),
		Out: &Output{Writer: out, TTY: outWidth > 0, Redraw: outWidth > 0, width: outWidth},
		Err: &Output{Writer: errs, TTY: errWidth > 0, Redraw: errWidth > 0, width: errWidth},
	}
	return s, out, errs
}
