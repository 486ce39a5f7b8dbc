package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// Page collects the lines of a readable view for a terminal of a known width.
// It removes control characters from everything written.
type Page struct {
	// Now is the service's time, in the zone of the view.
	Now time.Time
	// Zone names that zone; "" for the machine's.
	Zone string

	s        *Streams
	timed    bool // a time of day was written
	wide     bool // whatever the terminal's width
	emulator bool
	labels   int  // the columns of the labels of rows, where they need more than usual
	row      bool // the last line of out holds values
	out      bytes.Buffer
	errs     bytes.Buffer
}

func newPage(s *Streams, o Options) *Page {
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	return &Page{Now: now, s: s, Zone: o.Zone, wide: o.Format == Wide, emulator: o.Emulator}
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

// Cells writes one line of a table or of labelled values, as Line does.
func (p *Page) Cells(line string) {
	p.Line("%s", line)
	p.row = true
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

// Labels makes room for the longest label of the rows that follow.
func (p *Page) Labels(longest string) { p.labels = Columns(longest) }

// Row writes a labelled value, wrapped below itself when it is longer than the
// terminal is wide. An empty value writes nothing.
func (p *Page) Row(label, value string) {
	if value == "" {
		return
	}
	head := fmt.Sprintf("  %-*s ", max(labelWidth, p.labels), label)
	width := p.Width() - len(head)
	if width < 1 {
		width = sentenceMax
	}
	for i, line := range Wrap(p.s.carried(Clean(value)), width) {
		if i == rowMax {
			p.Cells(fmt.Sprintf("%*s…", len(head), ""))
			return
		}
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		p.Cells(head + line)
	}
}

const (
	// sentenceMax limits text that is not cut to the terminal's width.
	sentenceMax = 1000
	// labelWidth is that of the labels of rows, unless Labels says otherwise.
	labelWidth = len("restarted")
	// rowMax is how many lines one value may take.
	rowMax = 8
)

// Wrap breaks text into lines of at most width columns, at spaces where it
// can.
func Wrap(text string, width int) []string {
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
	if b == &p.out {
		p.row = false
	}
	b.WriteString(text)
	b.WriteByte('\n')
}

// When writes an instant in the zone of the page, which is named below the view.
func (p *Page) When(t time.Time) string {
	p.timed = true
	return When(t, p.Now)
}

// NameZone returns the zone of the times that were written, for the view to name
// it; "" when that is the machine's own. A view that does not ask gets a line of
// its own about it.
func (p *Page) NameZone() string {
	if !p.timed {
		return ""
	}
	p.timed = false
	return p.Zone
}

// Color reports whether lines may be coloured, see Draw.
func (p *Page) Color() bool { return p.s.Out.Color }

// Draw writes one line of a picture to stdout as it is, colours and all.
func (p *Page) Draw(line string) { p.put(&p.out, line) }

func (p *Page) flush() error {
	if zone := p.NameZone(); zone != "" {
		p.Aside("times are in %s", zone)
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
// beside the result, on a terminal behind the result's last line where it fits and
// is not one of values, else on a line of its own. What goes into a pipe is data and stays as it is.
func (p *Page) mark() {
	beside, rest, ok := bytes.Cut(p.errs.Bytes(), []byte{'\n'})
	whole := bytes.TrimSuffix(p.out.Bytes(), []byte{'\n'})
	last := whole[bytes.LastIndexByte(whole, '\n')+1:]
	w := p.Width()
	switch {
	case ok:
		p.errs = *bytes.NewBuffer(slices.Concat(beside, []byte(emulatorMark+"\n"), rest))
	case len(whole) == 0:
	case !p.s.Out.TTY || p.row || len(last) < len(whole) && w > 0 && Columns(string(last))+len(emulatorMark) > w:
		p.errs.WriteString(strings.TrimSpace(emulatorMark) + "\n")
	default:
		p.out = *bytes.NewBuffer(slices.Concat(whole, []byte(emulatorMark+"\n")))
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
func Cut(text string, width int) string { return CutEnd(text, width, "…") }

// CutEnd is Cut with another ellipsis.
func CutEnd(text string, width int, end string) string {
	if Columns(text) <= width {
		return text
	}
	return widths().Truncate(text, width, end)
}

// Columns returns the columns of a terminal that text takes. Plain text, such as
// that of help, is counted here: the library makes its tables on first use, which
// takes two milliseconds.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		if (r < ' ' || r > '~') && r != '…' && r != '·' {
			return widths().StringWidth(text)
		}
		n++
	}
	return n
}

// When writes an instant near now as people say it, in the zone of now: "today
// 19:00", "tomorrow 07:30", "Mon 09:00" within the next six days, else "12 Jan
// 09:00", with the year when it is another one.
func When(t, now time.Time) string {
	t = t.In(now.Location())
	clock := t.Format("15:04")
	day := func(offset int) bool {
		y, m, d := now.AddDate(0, 0, offset).Date()
		ty, tm, td := t.Date()
		return y == ty && m == tm && d == td
	}
	switch {
	case day(0):
		return "today " + clock
	case day(1):
		return "tomorrow " + clock
	case day(-1):
		return "yesterday " + clock
	case t.After(now) && t.Sub(now) < 6*24*time.Hour:
		return t.Format("Mon ") + clock
	case t.Year() == now.Year():
		return t.Format("2 Jan ") + clock
	}
	return t.Format("2 Jan 2006 ") + clock
}
