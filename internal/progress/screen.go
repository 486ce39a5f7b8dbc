package progress

import (
	"io"
	"strings"
	"sync"
	"time"

	"github.com/briandowns/spinner"

	"github.com/computetarget/computetarget/internal/render"
)

const (
	frameTime = 100 * time.Millisecond
	glyphDone = "·"
	cyan      = "\x1b[36m"
	plain     = "\x1b[0m"
)

func frames() []string {
	return []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}
}

// screen redraws lines in place, all from one spinner: the first line is the
// spinner's own, the others are its suffix.
type screen struct {
	spinner *spinner.Spinner
	lines   func() (lines []string, done []bool)
	glyphs  []string
	at      int // index of the next glyph
}

func newScreen(o *render.Output, lines func() ([]string, []bool)) *screen {
	sc := &screen{lines: lines, glyphs: frames()}
	if o.File() == nil {
		return sc // nothing to draw on
	}
	if o.Color {
		// The spinner's own colours ask stdout whether it is a terminal.
		for i, glyph := range sc.glyphs {
			sc.glyphs[i] = cyan + glyph + plain
		}
	}
	// The spinner asks the file whether it is a terminal. It never hides the
	// cursor: then nothing has to bring it back, however the process ends.
	sc.spinner = spinner.New(sc.glyphs, frameTime, spinner.WithWriterFile(o.File()), spinner.WithHiddenCursor(false))
	sc.spinner.Writer = &eraser{out: o.Writer, lines: 1}
	sc.spinner.PreUpdate = sc.update
	return sc
}

func (sc *screen) start() {
	if sc.spinner != nil {
		sc.spinner.Start()
	}
}

func (sc *screen) stop() {
	if sc.spinner != nil {
		sc.spinner.Stop()
	}
}

// update puts the lines of now into the spinner, which holds its lock.
func (sc *screen) update(s *spinner.Spinner) {
	lines, done := sc.lines()
	glyph := sc.glyphs[sc.at]
	sc.at = (sc.at + 1) % len(sc.glyphs)
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
			if done[i] {
				b.WriteString(glyphDone)
			} else {
				b.WriteString(glyph)
			}
		}
		b.WriteByte(' ')
		b.WriteString(line)
	}
	s.Suffix = b.String()
	s.Writer.(*eraser).drawn(len(lines))
}

// eraser stands between the spinner and the terminal. The spinner guesses how
// many lines to erase from the width of stdin and the bytes of the text, and
// would erase lines above its own; eraser knows how many were drawn.
type eraser struct {
	out   io.Writer
	mu    sync.Mutex
	lines int // to erase next
	next  int // being drawn
}

const (
	eraseLine = "\r\033[K"
	eraseUp   = "\033[F\033[K"
)

func (e *eraser) drawn(lines int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next = lines
}

func (e *eraser) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := string(p)
	if strings.HasPrefix(text, eraseLine) {
		text = eraseLine + strings.Repeat(eraseUp, max(e.lines-1, 0))
	} else if e.next > 0 {
		e.lines = e.next
	}
	if _, err := io.WriteString(e.out, text); err != nil {
		return 0, err
	}
	return len(p), nil
}
