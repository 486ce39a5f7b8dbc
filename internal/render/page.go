package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// Page is what a people's view draws on: lines for a terminal of a known
// width. Everything written is cleaned of control characters.
type Page struct {
	// Now is the service's time.
	Now time.Time

	s        *Streams
	zone     string // of Now, "" for the machine's
	timed    bool   // a time of day was written in that zone
	zoned    bool   // the zone is named already
	wide     bool   // whatever the terminal's width
	emulator bool
	out      bytes.Buffer
	errs     bytes.Buffer
}

func newPage(s *Streams, o Options) *Page {
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	return &Page{Now: now, s: s, zone: o.Zone, wide: o.Format == Wide, emulator: o.Emulator}
}

// Width returns the columns a line of the view may take.
func (p *Page) Width() int {
	w := p.s.Out.Width()
	if w == 0 || p.wide {
		return 0
	}
	return max(w, 1)
}

// Line writes one line to stdout, cut to the width of the terminal.
func (p *Page) Line(format string, args ...any) {
	text := p.s.carried(Clean(fmt.Sprintf(format, args...)))
	if w := p.Width(); w > 0 {
		text = Cut(text, w)
	}
	p.put(&p.out, text)
}

// Sentence writes one sentence to stdout. It is not cut, because it may end in
// a command that people copy; the terminal wraps it.
func (p *Page) Sentence(format string, args ...any) {
	p.put(&p.out, Cut(p.s.carried(Clean(fmt.Sprintf(format, args...))), sentenceMax))
}

// Aside writes one sentence to stderr: what a person wants to know beside the
// result, such as the summary under a list.
func (p *Page) Aside(format string, args ...any) {
	p.put(&p.errs, Cut(p.s.carried(Clean(fmt.Sprintf(format, args...))), sentenceMax))
}

// Row writes a labelled value, wrapped below itself when it is longer than the
// terminal is wide. An empty value writes nothing.
func (p *Page) Row(label, value string) {
	if value == "" {
		return
	}
	head := fmt.Sprintf("  %-*s ", labelWidth, label)
	width := p.Width() - len(head)
	if width < 1 {
		width = sentenceMax
	}
	for i, line := range wrap(p.s.carried(Clean(value)), width) {
		if i == rowMax {
			p.Line("%*s…", len(head), "")
			return
		}
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		p.Line("%s%s", head, line)
	}
}

const (
	// sentenceMax bounds what is not cut to the terminal's width.
	sentenceMax = 1000
	// labelWidth is that of the longest label of a row.
	labelWidth = len("restarted")
	// rowMax is how many lines one value may take.
	rowMax = 8
)

// wrap breaks text into lines of at most width columns, at spaces where it
// can.
func wrap(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		for {
			n := Columns(word)
			if used > 0 && used+1+n <= width {
				line, used = line+" "+word, used+1+n
				break
			}
			if used > 0 {
				lines, line, used = append(lines, line), "", 0
			}
			if n <= width {
				line, used = word, n
				break
			}
			head := widths().Truncate(word, width, "")
			if head == "" {
				return append(lines, "…") // one character is wider than the line
			}
			lines, word = append(lines, head), word[len(head):]
			if len(lines) > rowMax {
				return lines
			}
		}
	}
	if used > 0 {
		lines = append(lines, line)
	}
	return lines
}

func (p *Page) put(b *bytes.Buffer, text string) {
	b.WriteString(text)
	b.WriteByte('\n')
}

// when is When in the zone of the page, which is named below the view.
func (p *Page) when(t time.Time) string {
	p.timed = true
	return When(t, p.Now)
}

// zoneNote names the zone of the times that were written, "" when that is the
// machine's own.
func (p *Page) zoneNote() string {
	if !p.timed || p.zone == "" {
		return ""
	}
	return "times are in " + p.zone
}

func (p *Page) flush() error {
	if note := p.zoneNote(); note != "" && !p.zoned {
		p.Aside("%s", note)
	}
	if p.emulator {
		p.mark()
	}
	if _, err := p.s.Out.Write(p.out.Bytes()); err != nil {
		return err
	}
	_, err := p.s.Err.Write(p.errs.Bytes())
	return err
}

// mark says once that what is shown is the emulator's: behind the first sentence
// beside the result, or behind the result's last line where it fits.
func (p *Page) mark() {
	beside, rest, ok := bytes.Cut(p.errs.Bytes(), []byte{'\n'})
	if ok {
		p.errs = *bytes.NewBuffer(slices.Concat(beside, []byte(emulatorMark+"\n"), rest))
	} else if whole, ok := bytes.CutSuffix(p.out.Bytes(), []byte{'\n'}); ok {
		last := whole[bytes.LastIndexByte(whole, '\n')+1:]
		lines := bytes.Count(whole, []byte{'\n'}) + 1
		if w := p.Width(); lines > 1 && w > 0 && Columns(string(last))+len(emulatorMark) > w {
			p.errs.WriteString(strings.TrimSpace(emulatorMark) + "\n")
		} else {
			p.out = *bytes.NewBuffer(slices.Concat(whole, []byte(emulatorMark+"\n")))
		}
	}
	p.s.marked = true
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
