package progress

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// clock is a time that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func TestWhichMode(t *testing.T) {
	t.Parallel()
	event := compute.Event{Kind: compute.EventState, Name: "a", Verb: compute.VerbStart, State: "Starting"}
	for _, c := range []struct {
		name   string
		width  int
		dumb   bool
		o      Options
		silent bool
	}{
		{"off a terminal", 0, false, Options{}, true},
		{"off a terminal, verbose", 0, false, Options{Verbose: true}, false},
		{"off a terminal, plain", 0, false, Options{Mode: Plain}, false},
		{"off a terminal, none and verbose", 0, false, Options{Mode: None, Verbose: true}, true},
		{"terminal, plain", 80, false, Options{Mode: Plain}, false},
		{"terminal, none", 80, false, Options{Mode: None}, true},
		{"terminal that cannot redraw", 80, true, Options{}, false},
	} {
		s, out, errs := render.TestStreams("", 0, c.width)
		s.Err.Redraw = s.Err.Redraw && !c.dumb
		p := New(s, c.o)
		p.Handle(event)
		p.Stop()
		if out.Len() != 0 || (errs.Len() == 0) != c.silent || strings.Contains(errs.String(), "\x1b") {
			t.Errorf("%s: stdout %q, stderr %q", c.name, out, errs)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	at := newClock()
	s, _, errs := render.TestStreams("", 0, 0)
	p := New(s, Options{Mode: Plain, Emulator: true, Now: at.now})
	say := func(e compute.Event) {
		e.Name, e.Verb = "a", compute.VerbStart
		p.Handle(e)
		at.advance(10 * time.Second)
	}
	say(compute.Event{Kind: compute.EventAccepted})
	say(compute.Event{Kind: compute.EventState, State: "Starting"})
	say(compute.Event{Kind: compute.EventPoll, State: "Starting"})
	say(compute.Event{Kind: compute.EventPoll, State: "Starting", Note: "the token was renewed"})
	say(compute.Event{Kind: compute.EventTrouble, Err: errors.New("HTTP 503\nERROR: forged")})
	say(compute.Event{Kind: compute.EventTrouble, Err: errors.New("HTTP 503\nERROR: forged")})
	say(compute.Event{Kind: compute.EventPoll, State: "Starting"})
	say(compute.Event{Kind: compute.EventTrouble, Err: errors.New("HTTP 503\nERROR: forged")})
	say(compute.Event{Kind: compute.EventTrouble, Err: errors.New("HTTP 429")})
	say(compute.Event{Kind: compute.EventState, State: "Run\x1b[2Jning"})
	say(compute.Event{Kind: compute.EventDone, Elapsed: 51 * time.Second, Note: "it was stopped, so it was started"})
	say(compute.Event{Kind: compute.EventDone, Elapsed: 61 * time.Second, Err: errors.New("no")})
	say(compute.Event{Kind: compute.EventDone, Elapsed: 71 * time.Second, Err: &compute.Error{Kind: compute.KindInterrupted, Message: "interrupted"}})
	p.Stop()
	say(compute.Event{Kind: compute.EventState, State: "Stopped"})
	const want = `2026-03-09T10:00:00Z a start accepted
2026-03-09T10:00:10Z a Starting
2026-03-09T10:00:30Z a the token was renewed
2026-03-09T10:00:40Z a trying again: HTTP 503 ERROR: forged
2026-03-09T10:01:20Z a trying again: HTTP 429
2026-03-09T10:01:30Z a Run\u001b[2Jning
2026-03-09T10:01:40Z a done in 51s · it was stopped, so it was started
2026-03-09T10:01:50Z a failed after 1m01s: no
2026-03-09T10:02:00Z a left after 1m11s: interrupted
`
	if errs.String() != want {
		t.Errorf("got\n%s\nwant\n%s", errs, want)
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	at := newClock().now()
	base := row{name: "instance", verb: compute.VerbCreate, states: []string{"Creating", "SettingUp"}, elapsed: 68 * time.Second, seen: at}
	change := func(f func(*row)) row { r := base; f(&r); return r }
	for _, c := range []struct {
		name     string
		row      row
		width    int
		later    time.Duration
		emulator bool
		want     string
	}{
		{"wide", base, 200, 0, false, "instance  Creating → SettingUp   1m08s   usually 3–5m   ctrl-c stops waiting"},
		{"time goes on between looks", base, 200, 7 * time.Second, false, "instance  Creating → SettingUp   1m15s   usually 3–5m   ctrl-c stops waiting"},
		{"the clock was set back", base, 200, -time.Hour, false, "instance  Creating → SettingUp   1m08s   usually 3–5m   ctrl-c stops waiting"},
		{"80 columns", base, 75, 0, false, "instance  Creating → SettingUp  1m08s  usually 3–5m  ctrl-c stops waiting"},
		{"narrower", base, 60, 0, false, "instance  Creating → SettingUp  1m08s  usually 3–5m"},
		{"narrow", base, 40, 0, false, "instance  Creating → SettingUp  1m08s"},
		{"very narrow: the state it is in stays", base, 30, 0, false, "instance  SettingUp  1m08s"},
		{"narrower than name and state", base, 24, 0, false, "insta…  SettingUp  1m08s"},
		{"a long name", change(func(r *row) { r.name, r.states = "a-very-long-name-24chars", []string{"Running", "Stopping"} }), 29, 0, true, "a-very-long…  Stopping  1m08s"},
		{"hardly there", base, 5, 0, false, "…"},
		{"emulator", base, 200, 0, true, "instance  Creating → SettingUp   1m08s   usually 3–5m on Azure   ctrl-c stops waiting"},
		{"three times the usual", base, 200, 15 * time.Minute, false, "instance  Creating → SettingUp   16m08s   unusually long; computetarget show instance tells more   ctrl-c stops waiting"},
		{"three times the usual, emulator", base, 200, 15 * time.Minute, true, "instance  Creating → SettingUp   16m08s   usually 3–5m on Azure   ctrl-c stops waiting"},
		{"nothing known", change(func(r *row) { r.states, r.verb = nil, compute.VerbWait }), 200, 0, false, "instance  wait   1m08s   ctrl-c stops waiting"},
		{"done", change(func(r *row) { r.done = true }), 200, time.Hour, false, "instance  Creating → SettingUp   1m08s   done"},
		{"failed", change(func(r *row) { r.done, r.failed = true, true }), 200, 0, false, "instance  Creating → SettingUp   1m08s   failed"},
		{"trouble", change(func(r *row) { r.trouble = "trying again: no\nnet" }), 200, 0, false, "instance  Creating → SettingUp   1m08s   trying again: no net"},
		{"note", change(func(r *row) { r.note = "nothing is in progress" }), 200, 0, false, "instance  Creating → SettingUp   1m08s   nothing is in progress   ctrl-c stops waiting"},
		{"hostile", change(func(r *row) { r.name, r.states = "i\x1b[2J", []string{"\u202eX"} }), 200, 0, false, "i\\u001b[2J  \\u202eX   1m08s   usually 3–5m   ctrl-c stops waiting"},
	} {
		got := c.row.line(at.Add(c.later), 0, c.width, c.emulator)
		if got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
		if render.Columns(got) > c.width {
			t.Errorf("%s: %d columns of %d", c.name, render.Columns(got), c.width)
		}
	}
}

func TestFrameOfMany(t *testing.T) {
	t.Parallel()
	s, _, _ := render.TestStreams("", 0, 40)
	p := New(s, Options{Now: newClock().now})
	for i := range 14 {
		e := compute.Event{Kind: compute.EventState, Name: fmt.Sprintf("c%d", i), Verb: compute.VerbStop, State: "Stopping"}
		if i < 3 {
			e.Kind = compute.EventDone
		}
		p.update(e)
	}
	lines, done := p.frame()
	if len(lines) != maxRows+1 || lines[maxRows] != "and 4 more" {
		t.Fatalf("%q", lines)
	}
	for i, line := range lines[:maxRows] {
		if done[i] || !strings.HasPrefix(line, fmt.Sprintf("%-3s  Stopping  0s", fmt.Sprintf("c%d", i+3))) {
			t.Errorf("line %d: %q", i, line)
		}
	}
}

func TestNoteIsAboutAState(t *testing.T) {
	t.Parallel()
	s, _, _ := render.TestStreams("", 0, 80)
	p := New(s, Options{Now: newClock().now})
	p.update(compute.Event{Kind: compute.EventState, Name: "a", State: "Running"})
	if r := p.update(compute.Event{Kind: compute.EventPoll, Name: "a", State: "Running", Note: "nothing is in progress"}); r.note == "" {
		t.Error("the note is not kept")
	}
	if r := p.update(compute.Event{Kind: compute.EventState, Name: "a", State: "Stopping"}); r.note != "" {
		t.Errorf("%q is kept in another state", r.note)
	}
}

// terminal is a pseudo-terminal and what a person would see on it.
type terminal struct {
	t     *testing.T
	file  *os.File
	bytes chan []byte
	raw   bytes.Buffer
	lines [][]rune
	row   int
	col   int
	width int
}

func newTerminal(t *testing.T, width int) *terminal {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no pseudo-terminals")
	}
	master, file, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: uint16(width)}); err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, file: file, bytes: make(chan []byte), lines: [][]rune{nil}, width: width}
	go func() {
		defer close(term.bytes)
		r := bufio.NewReader(master)
		for {
			b := make([]byte, 4096)
			n, err := r.Read(b)
			if err != nil {
				return
			}
			term.bytes <- b[:n]
		}
	}()
	t.Cleanup(func() {
		file.Close()
		master.Close()
		for range term.bytes {
		}
	})
	return term
}

// until reads what was drawn until the screen is as wanted. A test that waits
// for ever is ended by go test.
func (term *terminal) until(wanted func(screen string) bool) string {
	for {
		// A sequence may be split between two reads: draw the whole anew.
		term.draw()
		if screen := term.screen(); wanted(screen) {
			return screen
		}
		b, ok := <-term.bytes
		if !ok {
			term.t.Fatalf("the terminal closed with\n%s", term.screen())
		}
		term.raw.Write(b)
	}
}

func (term *terminal) screen() string {
	var b strings.Builder
	for _, line := range term.lines {
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return b.String()
}

// draw does what a terminal does with the bytes that progress may use.
func (term *terminal) draw() {
	term.lines, term.row, term.col = [][]rune{nil}, 0, 0
	text := term.raw.String()
	for text != "" {
		switch {
		case strings.HasPrefix(text, "\x1b[K"):
			term.lines[term.row] = term.lines[term.row][:min(term.col, len(term.lines[term.row]))]
			text = text[3:]
		case strings.HasPrefix(text, "\x1b[F"):
			term.row, term.col = max(term.row-1, 0), 0
			text = text[3:]
		case strings.HasPrefix(text, "\x1b"):
			i := strings.IndexAny(text, "mhl")
			if i < 0 {
				return // the rest has not come yet
			}
			if text[i] != 'm' {
				term.t.Fatalf("the cursor is hidden or shown: %q", text[:i+1])
			}
			text = text[i+1:]
		case text[0] == '\r':
			term.col = 0
			text = text[1:]
		case text[0] == '\n':
			term.newline()
			text = text[1:]
		default:
			if !utf8.FullRuneInString(text) {
				return
			}
			r, size := utf8.DecodeRuneInString(text)
			if term.col == term.width {
				term.newline()
				term.col = 0
			}
			line := term.lines[term.row]
			for len(line) <= term.col {
				line = append(line, ' ')
			}
			line[term.col] = r
			term.lines[term.row] = line
			term.col++
			text = text[size:]
		}
	}
}

func (term *terminal) newline() {
	term.row++
	if term.row == len(term.lines) {
		term.lines = append(term.lines, nil)
	}
}

func TestDrawing(t *testing.T) {
	t.Parallel()
	for _, width := range []int{40, 80, 200} {
		for _, names := range [][]string{{"instance"}, {"a", "second", "c"}} {
			t.Run(fmt.Sprintf("%d columns, %d computes", width, len(names)), func(t *testing.T) {
				t.Parallel()
				term := newTerminal(t, width)
				s := render.NewStreams(strings.NewReader(""), new(bytes.Buffer), term.file, func(string) string { return "" })
				fmt.Fprint(term.file, "$ computetarget start\n")
				p := New(s, Options{Now: newClock().now, Emulator: true})
				for _, n := range names {
					p.Handle(compute.Event{Kind: compute.EventState, Name: n, Verb: compute.VerbStart, State: "Stopped"})
				}
				term.until(func(screen string) bool { return strings.Count(screen, "Stop") == len(names) })
				for i, n := range names {
					p.Handle(compute.Event{Kind: compute.EventState, Name: n, Verb: compute.VerbStart, State: "Up", States: []string{"Up"}, Elapsed: 8 * time.Second})
					if i == 1 {
						p.Handle(compute.Event{Kind: compute.EventDone, Name: n, Elapsed: 9 * time.Second})
					}
				}
				screen := term.until(func(screen string) bool { return strings.Count(screen, "Up") == len(names) })
				lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
				if len(lines) != len(names)+1 || lines[0] != "$ computetarget start" {
					t.Errorf("the screen shows\n%s", screen)
				}
				for _, line := range lines[1:] {
					if !strings.HasSuffix(line, "(emulator)") || utf8.RuneCountInString(line) >= width {
						t.Errorf("the line is %q", line)
					}
				}
				p.Stop()
				p.Stop()
				p.Handle(compute.Event{Kind: compute.EventState, Name: "late", State: "Late"})
				fmt.Fprint(term.file, "result\n")
				screen = term.until(func(screen string) bool { return strings.Contains(screen, "result") })
				if got := strings.TrimRight(screen, "\n"); got != "$ computetarget start\nresult" {
					t.Errorf("after the wait the screen shows\n%s", screen)
				}
			})
		}
	}
}

// TestHandleAndStopAtOnce is for the race detector.
func TestHandleAndStopAtOnce(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80)
	s := render.NewStreams(strings.NewReader(""), new(bytes.Buffer), term.file, func(string) string { return "" })
	p := New(s, Options{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				p.Handle(compute.Event{Kind: compute.EventState, Name: fmt.Sprint("c", i), State: "Starting"})
			}
			p.Stop()
		})
	}
	wg.Wait()
	fmt.Fprint(term.file, "end\n")
	term.until(func(screen string) bool { return strings.HasSuffix(screen, "end\n\n") })
	if got := strings.TrimRight(term.screen(), "\n"); got != "end" {
		t.Errorf("left on the screen:\n%s", got)
	}
}

func TestNilShowsNothing(t *testing.T) {
	t.Parallel()
	var p *Progress
	p.Handle(compute.Event{})
	p.Stop()
}
