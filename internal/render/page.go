package render

import (
	"bytes"
	"fmt"
	"time"

	"github.com/mattn/go-runewidth"
)

// Page is what a people's view draws on: lines for a terminal of a known
// width. Every line is cleaned of control characters and cut to the width.
type Page struct {
	// Now is the service's time.
	Now time.Time

	s        *Streams
	emulator bool
	out      bytes.Buffer
	errs     bytes.Buffer
}

func newPage(s *Streams, o Options) *Page {
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	return &Page{Now: now, s: s, emulator: o.Emulator}
}

// Width returns the columns a line of the view may take, without the emulator
// mark that follows it.
func (p *Page) Width() int { return p.usable(p.s.Out) }

func (p *Page) usable(o *Output) int {
	w := o.Width()
	if w == 0 {
		return 0
	}
	if p.emulator {
		w -= len(emulatorMark)
	}
	return max(w, 1)
}

// Line writes one line to stdout.
func (p *Page) Line(format string, args ...any) {
	p.line(&p.out, p.s.Out, fmt.Sprintf(format, args...))
}

// Aside writes one line to stderr: what a person wants to know beside the
// result, such as the summary under a list.
func (p *Page) Aside(format string, args ...any) {
	p.line(&p.errs, p.s.Err, fmt.Sprintf(format, args...))
}

func (p *Page) line(b *bytes.Buffer, o *Output, text string) {
	text = Clean(text)
	if w := p.usable(o); w > 0 {
		text = Cut(text, w)
	}
	b.WriteString(text)
	if p.emulator {
		b.WriteString(emulatorMark)
	}
	b.WriteByte('\n')
}

func (p *Page) flush() error {
	if _, err := p.s.Out.Write(p.out.Bytes()); err != nil {
		return err
	}
	_, err := p.s.Err.Write(p.errs.Bytes())
	return err
}

// widths measures text for terminals. The locale's East Asian setting is not
// asked, so that a view is the same everywhere.
func widths() *runewidth.Condition {
	return &runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}
}

// Cut shortens text to at most width columns of a terminal, ending in "…" when
// something was cut.
func Cut(text string, width int) string {
	c := widths()
	if c.StringWidth(text) <= width {
		return text
	}
	return c.Truncate(text, width, "…")
}

// Columns returns the columns of a terminal that text takes.
func Columns(text string) int { return widths().StringWidth(text) }
