// Package progress shows waits while they last: one line per compute redrawn
// in place on a stderr terminal, timestamped state changes as plain lines, or
// nothing.
package progress

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Mode says how waits are shown.
type Mode string

// The modes of COMPUTETARGET_PROGRESS.
const (
	// Auto draws on a stderr terminal and is silent elsewhere.
	Auto Mode = "auto"
	// Plain writes a line with the time for every state change.
	Plain Mode = "plain"
	// None shows nothing.
	None Mode = "none"
)

// Options say how to show waits.
type Options struct {
	// Mode is how; empty is Auto.
	Mode Mode
	// Verbose turns silence off a terminal into plain lines (--verbose).
	Verbose bool
	// Emulator marks lines on a terminal with "(emulator)".
	Emulator bool
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Progress shows the waits of one command. Its methods may be called from
// several goroutines.
type Progress struct {
	err      *render.Output
	mode     Mode
	emulator bool
	now      func() time.Time

	mu      sync.Mutex
	stopped bool
	rows    []*row
	screen  *screen // nil until something is drawn
}

// row is the progress of the wait for one compute.
type row struct {
	name    string
	verb    compute.Verb
	states  []string
	elapsed time.Duration // at the time of seen
	seen    time.Time
	note    string // about the state it is in
	trouble string
	told    string // the trouble last written as a plain line
	done    bool
	failed  bool
}

// New returns a Progress that writes to stderr. It writes nothing until the
// first event.
func New(s *render.Streams, o Options) *Progress {
	p := &Progress{err: s.Err, mode: o.Mode, emulator: o.Emulator, now: o.Now}
	if p.now == nil {
		p.now = time.Now
	}
	if p.mode == "" {
		p.mode = Auto
	}
	if p.mode == Auto {
		switch {
		case (s.CI || !s.Err.TTY) && !o.Verbose:
			p.mode = None
		case s.CI || !s.Err.Redraw:
			p.mode = Plain
		}
	}
	return p
}

// Handle shows one event of a wait.
func (p *Progress) Handle(e compute.Event) {
	if p == nil || p.mode == None {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.update(e)
	switch {
	case p.stopped:
	case p.mode == Plain:
		p.writePlain(r, e)
	case p.screen == nil:
		p.screen = newScreen(p.err, p.frame)
		p.screen.start()
	}
}

// Stop removes what was drawn and leaves the cursor at the start of the line.
// Events that come later show nothing. It may be called more than once.
func (p *Progress) Stop() {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.stopped = true
	sc := p.screen
	p.screen = nil
	p.mu.Unlock()
	// Without the lock: a frame being drawn asks for it.
	if sc != nil {
		sc.stop()
	}
}

// update keeps what an event tells and returns the compute's row.
func (p *Progress) update(e compute.Event) *row {
	var r *row
	for _, known := range p.rows {
		if known.name == e.Name {
			r = known
		}
	}
	if r == nil {
		r = &row{name: e.Name, verb: e.Verb}
		p.rows = append(p.rows, r)
	}
	if e.Verb != "" {
		r.verb = e.Verb
	}
	if len(e.States) > 0 {
		r.states = e.States
	} else if e.State != "" && (len(r.states) == 0 || r.states[len(r.states)-1] != e.State) {
		r.states, r.note = append(r.states, e.State), ""
	}
	if e.Note != "" {
		r.note = e.Note
	}
	r.elapsed, r.seen = max(e.Elapsed, 0), p.now()
	r.trouble = ""
	switch e.Kind {
	case compute.EventTrouble:
		r.trouble = "the service does not answer, trying again"
		if e.Err != nil {
			r.trouble = "trying again: " + e.Err.Error()
		}
	case compute.EventDone:
		r.done, r.failed = true, e.Err != nil
	}
	return r
}

// writePlain writes the line of an event; looks that found nothing new have
// none.
func (p *Progress) writePlain(r *row, e compute.Event) {
	var what string
	switch e.Kind {
	case compute.EventAccepted:
		what = string(r.verb) + " accepted"
	case compute.EventState:
		what = e.State
	case compute.EventTrouble:
		if what = r.trouble; what == r.told {
			return // already reported
		}
		r.told = what
	case compute.EventDone:
		what = "done in " + view.Elapsed(e.Elapsed)
		if e.Err != nil {
			what = "failed after "
			switch compute.KindOf(e.Err) {
			case compute.KindInterrupted, compute.KindTimeout:
				what = "left after " // the operation has not failed
			}
			what += view.Elapsed(e.Elapsed) + ": " + e.Err.Error()
		}
	default:
		what = e.Note
	}
	if what == "" {
		return
	}
	if e.Kind != compute.EventTrouble {
		r.told = ""
	}
	line := p.now().UTC().Format(time.RFC3339) + " " + r.name + " " + what
	if e.Note != "" && what != e.Note {
		line += " · " + e.Note
	}
	fmt.Fprintln(p.err, render.Clean(line)+p.mark())
}

func (p *Progress) mark() string {
	if p.emulator && p.err.TTY {
		return " (emulator)"
	}
	return ""
}

// maxRows bounds the lines drawn, so that they fit a small terminal.
const maxRows = 10

// frame returns the lines to draw now, without the leading spinner glyph.
// Those still waiting come first once there are more than fit.
func (p *Progress) frame() (lines []string, done []bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rows := p.rows
	more := 0
	if len(rows) > maxRows {
		waiting := make([]*row, 0, len(rows))
		for _, r := range rows {
			if !r.done {
				waiting = append(waiting, r)
			}
		}
		for _, r := range rows {
			if r.done {
				waiting = append(waiting, r)
			}
		}
		more = len(rows) - maxRows
		rows = waiting[:maxRows]
	}
	widest := 0
	for _, r := range rows {
		widest = max(widest, render.Columns(render.Clean(r.name)))
	}
	// The last column stays free: a terminal wraps a line that fills it.
	width := max(p.err.Width()-len(glyphDone+" ")-1-len(p.mark()), 1)
	now := p.now()
	for _, r := range rows {
		lines = append(lines, r.line(now, widest, width, p.emulator)+p.mark())
		done = append(done, r.done)
	}
	if more > 0 {
		lines = append(lines, render.Cut(fmt.Sprintf("and %d more", more), width)+p.mark())
		done = append(done, true)
	}
	return lines, done
}

// line is a row's text: name, path of states, elapsed, what is usual, and what
// can be done; the last parts are left out when the terminal is too narrow.
func (r *row) line(now time.Time, widest, width int, emulator bool) string {
	elapsed := r.elapsed
	if !r.done {
		elapsed += max(now.Sub(r.seen), 0)
	}
	parts := []string{r.where(widest, 0), view.Elapsed(elapsed)}
	switch from, to := r.verb.Usual(); {
	case r.done && r.failed:
		parts = append(parts, "failed")
	case r.done:
		parts = append(parts, "done")
	case r.trouble != "":
		parts = append(parts, render.Clean(r.trouble))
	case r.note != "":
		parts = append(parts, render.Clean(r.note), detach)
	case to > 0 && elapsed > 3*to && !emulator:
		parts = append(parts, fmt.Sprintf("unusually long; computetarget show %s tells more", render.Clean(r.name)), detach)
	case to > 0:
		usual := "usually " + span(from, to)
		if emulator {
			usual += " on Azure"
		}
		parts = append(parts, usual, detach)
	default:
		parts = append(parts, detach)
	}
	// A narrow terminal costs the air between the parts first, then the last
	// parts, then the start of the path, then the end of the name.
	gap := "   "
	if render.Columns(strings.Join(parts, gap)) > width {
		gap = "  "
	}
	if room := width - len(gap) - len(parts[1]); render.Columns(parts[0]) > room {
		parts[0] = r.where(widest, max(room, 1))
	}
	text := parts[0]
	for _, part := range parts[1:] {
		if render.Columns(text)+len(gap)+render.Columns(part) > width {
			break
		}
		text += gap + part
	}
	return render.Cut(text, width)
}

// where is the name, padded to the widest one, and the path of states, in at
// most room columns; 0 is any number. The state it is in stays longest.
func (r *row) where(widest, room int) string {
	name, states := render.Clean(r.name), r.states
	widest = max(widest, render.Columns(name))
	if len(states) == 0 {
		states = []string{string(r.verb)}
	}
	path := render.Clean(strings.Join(states, " → "))
	for room > 0 && len(states) > 1 && widest+2+render.Columns(path) > room {
		states = states[1:]
		path = render.Clean(strings.Join(states, " → "))
	}
	if room > 0 {
		widest = min(widest, max(room-2-render.Columns(path), nameMin))
		name = render.Cut(name, widest)
	}
	text := name + strings.Repeat(" ", max(widest-render.Columns(name), 0)) + "  " + path
	if room > 0 {
		text = render.Cut(text, room)
	}
	return text
}

// nameMin is how many columns of a name are kept on the narrowest terminals.
const nameMin = 6

const detach = "ctrl-c stops waiting"

// span writes a range of minutes: 3–5m.
func span(from, to time.Duration) string {
	if from == to {
		return view.Span(to)
	}
	return strings.TrimSuffix(view.Span(from), "m") + "–" + view.Span(to)
}
