//go:build unix

package cmd_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/computetarget/computetarget/cmd"
)

// terminal is a pseudo-terminal of 24 lines. It keeps every byte written to it
// and what a person would see.
type terminal struct {
	t      *testing.T
	master *os.File
	slave  *os.File

	mu   sync.Mutex
	all  bytes.Buffer
	more chan struct{} // signalled when something was written
	end  chan struct{} // closed when everything has been read
}

func newTerminal(t *testing.T, columns uint16) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	tty := &terminal{t: t, master: master, slave: slave, more: make(chan struct{}, 1), end: make(chan struct{})}
	go func() {
		defer close(tty.end)
		data := make([]byte, 4096)
		for ended := false; !ended; {
			n, err := master.Read(data)
			tty.mu.Lock()
			tty.all.Write(data[:n])
			if ended = bytes.HasSuffix(tty.all.Bytes(), []byte(lastWords)); ended {
				tty.all.Truncate(tty.all.Len() - len(lastWords))
			}
			tty.mu.Unlock()
			select {
			case tty.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return tty
}

// lastWords are written to a terminal when its command has ended. Not every
// kernel tells the reader when the last writer has closed it.
const lastWords = "\x04\x04\x04"

// start starts a command whose streams are the terminal where they are nil.
func (tty *terminal) start(c *exec.Cmd) {
	tty.t.Helper()
	if c.Stdin == nil {
		c.Stdin = tty.slave
	}
	if c.Stdout == nil {
		c.Stdout = tty.slave
	}
	if c.Stderr == nil {
		c.Stderr = tty.slave
	}
	// ctrl-c reaches those whose own terminal it is.
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: c.Stdin == tty.slave}
	if err := c.Start(); err != nil {
		tty.t.Fatal(err)
	}
}

// run runs a command to its end and returns its exit code.
func (tty *terminal) run(c *exec.Cmd) int {
	tty.t.Helper()
	tty.start(c)
	return tty.wait(c)
}

func (tty *terminal) wait(c *exec.Cmd) int {
	code := codeOf(c.Wait())
	tty.close()
	tty.t.Logf("%s: exit code %d\n%q", strings.Join(c.Args[1:], " "), code, tty.bytes())
	return code
}

// onNewTerminal runs a command in this process with every stream on a terminal.
func onNewTerminal(t *testing.T, args []string, run func(cmd.Process) int) (code int, screen string) {
	tty := newTerminal(t, 120)
	code = run(process(args, tty.slave, tty.slave, tty.slave))
	tty.close()
	return code, tty.bytes()
}

// close waits for everything that was written.
func (tty *terminal) close() {
	_, _ = io.WriteString(tty.slave, lastWords)
	<-tty.end
	_ = tty.slave.Close()
}

func (tty *terminal) bytes() string {
	tty.mu.Lock()
	defer tty.mu.Unlock()
	return tty.all.String()
}

// until waits until text has been written.
func (tty *terminal) until(text string) {
	tty.t.Helper()
	late := time.After(patience)
	for !strings.Contains(tty.bytes(), text) {
		select {
		case <-tty.more:
		case <-tty.end:
			if !strings.Contains(tty.bytes(), text) {
				tty.t.Fatalf("%q was never written:\n%q", text, tty.bytes())
			}
		case <-late:
			tty.t.Fatalf("%q is not written:\n%q", text, tty.bytes())
		}
	}
}

// answer types a line.
func (tty *terminal) answer(line string) {
	tty.t.Helper()
	if _, err := io.WriteString(tty.master, line+"\n"); err != nil {
		tty.t.Fatal(err)
	}
}

// screen is what stands on the terminal in the end, and the column of the
// cursor. It knows what is written here: text, carriage return, line feed,
// erase to the end of the line, up to the line before, colours.
func (tty *terminal) screen() (lines []string, column int) {
	sequence := regexp.MustCompile("^\x1b\\[([0-9;]*)([A-Za-z])")
	rows := [][]rune{nil}
	row, col := 0, 0
	for text := tty.bytes(); text != ""; {
		if found := sequence.FindStringSubmatch(text); found != nil {
			text = text[len(found[0]):]
			switch found[2] {
			case "K":
				rows[row] = rows[row][:min(col, len(rows[row]))]
			case "F":
				row, col = max(row-1, 0), 0
			case "m":
			default:
				tty.t.Errorf("%q was written, which this terminal does not know", found[0])
			}
			continue
		}
		r := []rune(text[:min(len(text), 4)])[0]
		text = text[len(string(r)):]
		switch r {
		case '\r':
			col = 0
		case '\n':
			if row++; row == len(rows) {
				rows = append(rows, nil)
			}
		default:
			if r < ' ' {
				tty.t.Errorf("control character %q was written", r)
			}
			for len(rows[row]) <= col {
				rows[row] = append(rows[row], ' ')
			}
			rows[row][col] = r
			col++
		}
	}
	for _, runes := range rows {
		lines = append(lines, strings.TrimRight(string(runes), " "))
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines, col
}

// A wait draws one line on a stderr terminal, with the path of states, and
// leaves nothing of it. stdout has the result and nothing else.
//
// Real time: a terminal is drawn on.
func TestSpinner(t *testing.T) {
	t.Parallel()
	s := emulated(t, "60")
	tty := newTerminal(t, 100)
	c := s.command("create", "computeinstance", "-n", "instance", "-s", "STANDARD_D3_V2")
	var out bytes.Buffer
	c.Stdout = &out
	if code := tty.run(c); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	drawn := tty.bytes()
	for _, part := range []string{"⠋", "instance  Creating → SettingUp", "usually 3–5m on Azure", "ctrl-c stops waiting", "(emulator)", "\x1b[36m"} {
		if !strings.Contains(drawn, part) {
			t.Errorf("%q was not drawn", part)
		}
	}
	if strings.Contains(drawn, "\x1b[?25l") && !strings.HasSuffix(drawn, "\x1b[?25h") {
		t.Errorf("the cursor was hidden and not brought back")
	}
	if lines, column := tty.screen(); len(lines) != 0 || column != 0 {
		t.Errorf("left on the terminal: %q, cursor in column %d", lines, column)
	}
	if !strings.HasPrefix(out.String(), "{\n") || strings.ContainsAny(out.String(), "\x1b\r") {
		t.Errorf("stdout: %q", out.String())
	}
}

// When stdout is the terminal and stderr is not, nothing is drawn.
//
// Real time: a terminal is drawn on.
func TestNoSpinnerOnStdout(t *testing.T) {
	t.Parallel()
	s := emulated(t, "100")
	tty := newTerminal(t, 80)
	c := s.command("create", "instance", "-s", "STANDARD_D3_V2")
	var errs bytes.Buffer
	c.Stderr = &errs
	if code := tty.run(c); code != 0 || errs.Len() > 0 {
		t.Fatalf("exit code %d, stderr %q", code, errs.String())
	}
	lines, _ := tty.screen()
	if len(lines) != 1 || !regexp.MustCompile(`^instance is Running \(\ds\) · ssh off, cannot be enabled later.* \(emulator\)$`).MatchString(lines[0]) {
		t.Errorf("%q", lines)
	}
	if strings.Contains(tty.bytes(), "\x1b") {
		t.Errorf("escape sequences on stdout: %q", tty.bytes())
	}
}

// NO_COLOR takes the colour away, TERM=dumb the drawing.
//
// Real time: a terminal is drawn on.
func TestColour(t *testing.T) {
	t.Parallel()
	colour := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, test := range []struct {
		env           string
		colour, drawn bool
	}{
		{"NO_COLOR=", true, true},
		{"NO_COLOR=1", false, true},
		{"TERM=dumb", false, false},
		{"COMPUTETARGET_PROGRESS=none", false, false},
		{"COMPUTETARGET_PROGRESS=plain", false, false},
		{"CI=true", false, false}, // the terminal of a build service
		{"CI=false", true, true},
	} {
		t.Run(test.env, func(t *testing.T) {
			t.Parallel()
			s := emulated(t, "200", test.env)
			tty := newTerminal(t, 100)
			c := s.command("create", "instance", "-s", "STANDARD_D3_V2")
			c.Stdout = io.Discard
			if code := tty.run(c); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			if got := colour.MatchString(tty.bytes()); got != test.colour {
				t.Errorf("coloured: %v", got)
			}
			if got := strings.Contains(tty.bytes(), "\x1b[K"); got != test.drawn {
				t.Errorf("drawn: %v", got)
			}
			plain := strings.Contains(tty.bytes(), "Z instance create accepted (emulator)")
			if want := strings.HasSuffix(test.env, "plain") || test.env == "TERM=dumb"; plain != want {
				t.Errorf("plain lines: %v", plain)
			}
		})
	}
}

// ctrl-c on a terminal ends the wait with a clean line and the way back.
//
// Real time: the terminal sends the signal.
func TestCtrlCOnATerminal(t *testing.T) {
	t.Parallel()
	s := emulated(t, "real")
	tty := newTerminal(t, 300)
	c := s.command("create", "instance", "-s", "STANDARD_D3_V2")
	tty.start(c)
	tty.until("ctrl-c stops waiting")
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := tty.wait(c); code != 130 {
		t.Errorf("exit code %d", code)
	}
	lines, column := tty.screen()
	if len(lines) != 2 || column != 0 || lines[0] != "ERROR: the wait for instance was interrupted; the create goes on" ||
		!strings.HasPrefix(lines[1], "hint: to wait again: ") || !strings.Contains(lines[1], " computetarget wait instance ") {
		t.Errorf("%q, cursor in column %d", lines, column)
	}
	if state := s.state("instance"); state != "Creating" {
		t.Errorf("it is %s", state)
	}
}

// What the terminal shows of ctrl-c itself does not stay before the shell's
// prompt.
//
// Real time: the terminal sends the signal.
func TestCtrlCLeavesNothing(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	s.must("create", "instance", "-s", "STANDARD_D3_V2", "-o", "none")
	for _, c := range []struct {
		args  []string
		shown string
		code  int
	}{
		{[]string{"emulator", "serve", "--in-memory", "--no-tls", "--listen", "127.0.0.1:0"}, `"pid"`, 0},
		{[]string{"list", "--watch"}, "1 compute, 1 running", 130},
	} {
		tty := newTerminal(t, 200)
		cmd := s.command(c.args...)
		tty.start(cmd)
		tty.until(c.shown)
		if _, err := tty.master.Write([]byte{3}); err != nil {
			t.Fatal(err)
		}
		if code := tty.wait(cmd); code != c.code {
			t.Errorf("%v: exit code %d", c.args, code)
		}
		lines, column := tty.screen()
		if column != 0 || strings.Contains(strings.Join(lines, "\n"), "^C") {
			t.Errorf("%v: %q, cursor in column %d", c.args, lines, column)
		}
	}
}

// Losing schedules that a line of hours does not bring back is asked on a
// terminal; other hours are not.
//
// Real time: a terminal asks and answers.
func TestLosingSchedulesAsks(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	s.must("create", "dev", "-s", "STANDARD_D3_V2", "-o", "none")
	s.must("schedule", "set", "dev", "mon-fri 9-17", "--time-zone", "UTC", "-o", "none")
	empty := filepath.Join(folder(t), "none.json")
	if err := os.WriteFile(empty, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	count := func() string {
		return strings.TrimSpace(s.must("schedule", "list", "dev", "--query", "length(@)").out)
	}
	set := []string{"schedule", "set", "dev", "mon-fri 9-18", "--time-zone", "UTC"}

	tty := newTerminal(t, 120)
	if code := tty.run(s.command(set...)); code != 0 || strings.Contains(tty.bytes(), "[y/N]") {
		t.Errorf("other hours: exit code %d", code)
	}
	for _, args := range [][]string{{"schedule", "delete", "dev", "--all"}, {"schedule", "apply", "dev", "-f", empty}} {
		tty = newTerminal(t, 120)
		c := s.command(args...)
		tty.start(c)
		tty.until("Delete the schedules of dev (Start at 09:00 from Monday to Friday, UTC; Stop at 18:00 from Monday to Friday, UTC)? (emulator) [y/N] ")
		tty.answer("n")
		if code := tty.wait(c); code != 1 || !strings.Contains(tty.bytes(), "ERROR: no schedule was changed\r\n") || count() != "2" {
			t.Errorf("%v: exit code %d, %s left", args, code, count())
		}
	}
	// --yes is not asked, and nobody is who cannot be.
	tty = newTerminal(t, 120)
	if code := tty.run(s.command("schedule", "delete", "dev", "1", "--yes")); code != 0 || count() != "1" {
		t.Errorf("--yes: exit code %d, %s left", code, count())
	}
	s.must("schedule", "create", "dev", "--action", "stop", "--cron", "0 18 1 * *", "--time-zone", "UTC", "-o", "none")
	tty = newTerminal(t, 120)
	c := s.command(set...)
	tty.start(c)
	tty.until("Delete the schedules of dev (")
	tty.answer("y")
	if code := tty.wait(c); code != 0 || count() != "2" || !strings.Contains(tty.bytes(), "dev: to restore the 2 schedules it had: ") {
		t.Errorf("made by hand: exit code %d, %s left", code, count())
	}
}

// policy check --fix asks on a terminal, after what it would do.
//
// Real time: a terminal asks and answers.
func TestPolicyFixAsks(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	s.must("create", "dev", "-s", "STANDARD_D3_V2", "-o", "none")
	count := func() string {
		return strings.TrimSpace(s.must("schedule", "list", "dev", "--query", "length(@)").out)
	}
	for _, test := range []struct {
		answer, said, left string
		code               int
	}{
		{"n", "ERROR: nothing was changed\r\n", "0", 1},
		{"y", "dev   " + me(), "1", 0},
	} {
		tty := newTerminal(t, 120)
		c := s.command("policy", "check", "--stop", "22:00", "--time-zone", "UTC", "--fix")
		tty.start(c)
		tty.until("dev: no stop → add a stop at 22:00\r\nChange 1 instance? (emulator) [y/N] ")
		tty.answer(test.answer)
		if code := tty.wait(c); code != test.code || !strings.Contains(tty.bytes(), test.said) || count() != test.left {
			t.Errorf("%s: exit code %d, %s schedules\n%s", test.answer, code, count(), tty.bytes())
		}
	}
}

// delete asks on a terminal, naming the owner, the state and the workspace.
//
// Real time: a terminal asks and answers.
func TestDeleteAsks(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	s.must("create", "instance", "-s", "STANDARD_D3_V2", "-o", "none")
	s.must("stop", "instance", "-o", "none")
	question := "Delete instance (" + me() + ", Stopped) in workspace local-ws, with everything on the disk? (emulator) [y/N] "

	for _, no := range []string{"n", "", "nope"} {
		tty := newTerminal(t, 120)
		c := s.command("delete", "instance")
		tty.start(c)
		tty.until(question)
		tty.answer(no)
		if code := tty.wait(c); code != 1 || !strings.Contains(tty.bytes(), "ERROR: nothing was deleted\r\n") {
			t.Errorf("%q: exit code %d", no, code)
		}
		if state := s.state("instance"); state != "Stopped" {
			t.Fatalf("after %q it is %s", no, state)
		}
	}

	tty := newTerminal(t, 120)
	c := s.command("delete", "instance")
	tty.start(c)
	tty.until(question)
	if err := c.Process.Signal(os.Interrupt); err != nil { // and no line end
		t.Fatal(err)
	}
	if code := tty.wait(c); code != 130 || strings.Contains(tty.bytes(), "ERROR") {
		t.Errorf("ctrl-c: exit code %d: %q", code, tty.bytes())
	}

	tty = newTerminal(t, 120)
	c = s.command("delete", "instance")
	tty.start(c)
	tty.until(question)
	tty.answer("y")
	if code := tty.wait(c); code != 0 || !strings.Contains(tty.bytes(), "instance is deleted") {
		t.Errorf("y: exit code %d", code)
	}
	if e := s.run("show", "instance"); e.code != 3 {
		t.Errorf("it is still there")
	}
}

// delete of az ml compute asks az's question until it is answered, and its result is
// az's on a terminal, too.
//
// Real time: a terminal asks and answers.
func TestV2DeleteAsks(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	s.must("create", "instance", "-s", "STANDARD_D3_V2", "-o", "none")
	const question = "Are you sure you want to perform this operation? (y/n): "
	ask := func() (*terminal, *exec.Cmd) {
		tty := newTerminal(t, 120)
		c := s.command("ml", "compute", "delete", "-n", "instance")
		tty.start(c)
		tty.until(question)
		return tty, c
	}

	tty, c := ask()
	tty.answer("maybe")
	tty.until(question + "maybe\r\n" + question)
	tty.answer("N")
	if code := tty.wait(c); code != 1 || !strings.Contains(tty.bytes(), "ERROR: Operation cancelled.\r\n") {
		t.Errorf("n: exit code %d: %q", code, tty.bytes())
	}
	tty, c = ask()
	tty.answer("\x04")
	if code := tty.wait(c); code != 1 {
		t.Errorf("ctrl-d: exit code %d: %q", code, tty.bytes())
	}
	tty, c = ask()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := tty.wait(c); code != 143 {
		t.Errorf("SIGTERM: exit code %d: %q", code, tty.bytes())
	}

	tty = newTerminal(t, 120)
	if code := tty.run(s.command("ml", "compute", "show", "-n", "instance", "--query", "[name, state]")); code != 0 || !strings.Contains(tty.bytes(), "[\r\n  \"instance\",\r\n  \"Running\"\r\n]") {
		t.Errorf("show: exit code %d: %q", code, tty.bytes())
	}

	// A pipe cannot answer.
	tty = newTerminal(t, 120)
	c = s.command("ml", "compute", "delete", "-n", "instance")
	c.Stdin = strings.NewReader("y\n")
	if code := tty.run(c); code != 1 || strings.Contains(tty.bytes(), "(y/n)") {
		t.Errorf("a pipe: exit code %d: %q", code, tty.bytes())
	}

	tty, c = ask()
	tty.answer("y")
	if code := tty.wait(c); code != 0 {
		t.Errorf("y: exit code %d: %q", code, tty.bytes())
	}
	if e := s.run("show", "instance"); e.code != 3 {
		t.Errorf("it is still there")
	}
}

// Nothing is asked of somebody who cannot see the question or cannot answer
// it, nor with --yes.
//
// Real time: a terminal could ask.
func TestDeleteDoesNotAsk(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*exec.Cmd){
		"stdin is not a terminal":  func(c *exec.Cmd) { c.Stdin = strings.NewReader("n\n") },
		"stderr is not a terminal": func(c *exec.Cmd) { c.Stderr = io.Discard },
		"it is CI":                 func(c *exec.Cmd) { c.Env = append(c.Env, "CI=true") },
		"--yes":                    func(c *exec.Cmd) { c.Args = append(c.Args, "--yes") },
		"-y":                       func(c *exec.Cmd) { c.Args = append(c.Args, "-y") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := emulated(t, "instant")
			s.must("create", "instance", "-s", "STANDARD_D3_V2", "-o", "none")
			tty := newTerminal(t, 120)
			c := s.command("delete", "instance")
			prepare(c)
			if code := tty.run(c); code != 0 || strings.Contains(tty.bytes(), "[y/N]") {
				t.Errorf("exit code %d", code)
			}
			if e := s.run("show", "instance"); e.code != 3 {
				t.Errorf("it is still there")
			}
		})
	}
}

// Names that come from a pipe are shown and asked for on the controlling
// terminal, whatever stdin is.
//
// Real time: a terminal asks beside a pipe.
func TestDeleteAsksAboutAPipe(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	for _, name := range []string{"anna", "bert", "cleo"} {
		s.must("create", name, "-s", "STANDARD_D3_V2", "-o", "none")
	}
	shown := "  anna (" + me() + ", Running)\r\n  bert (" + me() + ", Running)\r\n  cleo (" + me() + ", Running)\r\n"
	question := "Delete these 3 computes in workspace local-ws, with everything on their disks? (emulator) type 3 to confirm: "
	piped := func() *exec.Cmd {
		c := s.command()
		c.Args, c.Path = []string{"sh", "-c", "trap : INT; " + s.binary + " list -o name | " + s.binary + " delete - -o name"}, "/bin/sh"
		return c
	}

	for _, no := range []string{"n", "y", "yes", "", "2", "\x04"} {
		tty := newTerminal(t, 120)
		c := piped()
		tty.start(c)
		tty.until(question)
		if !strings.Contains(tty.bytes(), shown) {
			t.Errorf("%q does not show %q", tty.bytes(), shown)
		}
		tty.answer(no)
		if code := tty.wait(c); code != 1 || strings.Contains(tty.bytes(), "[y/N]") || !strings.Contains(tty.bytes(), "ERROR: nothing was deleted\r\n") {
			t.Errorf("%q: exit code %d", no, code)
		}
		if e := s.must("list", "-o", "name"); e.out != "anna\nbert\ncleo\n" {
			t.Fatalf("after %q: %q", no, e.out)
		}
	}

	tty := newTerminal(t, 120)
	c := piped()
	tty.start(c)
	tty.until(question)
	if _, err := tty.master.Write([]byte{3}); err != nil { // ctrl-c
		t.Fatal(err)
	}
	if code := tty.wait(c); code != 130 || strings.Contains(tty.bytes(), "ERROR") {
		t.Errorf("ctrl-c: exit code %d: %q", code, tty.bytes())
	}

	// What was typed before the question was not typed as an answer to it.
	tty = newTerminal(t, 120)
	c = s.command()
	c.Args, c.Path = []string{"sh", "-c", "echo ready; read go < /dev/tty; " + s.binary + " delete anna bert"}, "/bin/sh"
	tty.start(c)
	tty.until("ready")
	tty.answer("go\n2\n2")
	tty.until("Delete these 2 computes")
	tty.until("confirm: ")
	tty.answer("n")
	if code := tty.wait(c); code != 1 {
		t.Errorf("typed ahead: exit code %d", code)
	}
	if e := s.must("list", "-o", "name"); e.out != "anna\nbert\ncleo\n" {
		t.Fatalf("typed ahead: %q", e.out)
	}

	// A person in a hurry answers y; only the number deletes several.
	tty = newTerminal(t, 120)
	c = piped()
	tty.start(c)
	tty.until(question)
	tty.answer("3")
	if code := tty.wait(c); code != 0 {
		t.Errorf("3: exit code %d", code)
	}
	if e := s.must("list", "-o", "name"); e.out != "" {
		t.Errorf("3: %q is left", e.out)
	}
}

// The people's views fit the terminal, and every line of theirs says that it is
// the emulator they are about.
//
// Real time: a terminal has a width.
func TestPeoplesViews(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	s.must("create", "instance", "-s", "STANDARD_D3_V2", "-o", "none")
	s.must("create", "trainer", "-s", "Standard_NC24ads_A100_v4", "--tags", "team=vision", "purpose=training of the large model", "-o", "none")
	s.must("stop", "instance", "-o", "none")
	for _, test := range []struct {
		columns uint16
		args    []string
		want    []string // of the first line
		absent  []string // of all
	}{
		{40, []string{"list"}, []string{"NAME", "STATE", "UP", "NEXT-STOP"}, []string{"SIZE", "IDLE"}},
		{80, []string{"list"}, []string{"NAME", "STATE", "OWNER", "SIZE", "UP", "IDLE", "NEXT-STOP"}, nil},
		{200, []string{"list"}, []string{"NAME", "STATE", "OWNER", "SIZE", "UP", "IDLE", "NEXT-STOP"}, nil},
		{40, []string{"show", "trainer"}, []string{"trainer"}, nil},
		{80, []string{"show", "trainer"}, []string{"trainer is Running"}, nil},
		{200, []string{"show", "trainer"}, []string{"trainer is Running", "STANDARD_NC24ADS_A100_V4", "eastus"}, nil},
		{200, []string{"show", "instance"}, []string{"instance is Stopped"}, nil},
		{80, []string{"emulator", "status"}, []string{"It is "}, nil},
		{80, []string{"list-sizes", "--min-cores", "96"}, []string{"PER HOUR"}, []string{"27.2 USD"}},
		{80, []string{"schedule", "preview", "instance"}, []string{"instance · "}, []string{"Local"}},
	} {
		t.Run(strings.Join(test.args, " ")+" "+strconv.Itoa(int(test.columns)), func(t *testing.T) {
			t.Parallel()
			tty := newTerminal(t, test.columns)
			if code := tty.run(s.command(test.args...)); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			lines, _ := tty.screen()
			if len(lines) == 0 {
				t.Fatal("nothing was written")
			}
			for _, part := range test.want {
				if !strings.Contains(lines[0], part) {
					t.Errorf("%q is not in %q", part, lines[0])
				}
			}
			for _, part := range test.absent {
				if strings.Contains(tty.bytes(), part) {
					t.Errorf("%q is there", part)
				}
			}
			for i, line := range lines {
				// Sentences may wrap, so that a command in them can be copied;
				// tables and cards fit.
				table := test.args[0] == "list" && i < len(lines)-1 || strings.HasPrefix(line, "  ")
				if n := len([]rune(line)); table && n > int(test.columns) {
					t.Errorf("%d columns: %q", n, line)
				}
			}
			if n := strings.Count(tty.bytes(), "(emulator)"); n != 1 {
				t.Errorf("it is said %d times that it is the emulator, want once: %q", n, tty.bytes())
			}
		})
	}
	// -o and --query give a terminal what a script gets.
	tty := newTerminal(t, 80)
	if code := tty.run(s.command("list", "-o", "name")); code != 0 || tty.bytes() != "instance\r\ntrainer\r\n" {
		t.Errorf("exit code %d, %q", code, tty.bytes())
	}
}
