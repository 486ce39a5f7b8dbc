//go:build unix

package cmd_test

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A watch ends when a person ends it: with the code of that and without words.
//
// Real time: a signal of the system ends the process.
func TestWatchIsInterrupted(t *testing.T) {
	t.Parallel()
	p := emulated(t, "instant")
	p.must("create", "dev", "-s", "Standard_A1_v2", "-o", "none")
	for _, tty := range []bool{true, false} {
		out := &watcher{word: "dev ", seen: make(chan struct{})}
		errs := &watcher{word: "dev ", seen: make(chan struct{})}
		c := p.command("list", "--watch")
		interrupt := func() error { return c.Process.Signal(os.Interrupt) }
		read := make(chan struct{})
		if tty {
			terminal, err := pty.StartWithSize(c, &pty.Winsize{Rows: 24, Cols: 100})
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			go func() { _, _ = io.Copy(out, terminal); close(read) }()
			interrupt = func() error { _, err := terminal.Write([]byte{3}); return err }
		} else {
			c.Stdout, c.Stderr = out, errs
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			close(read)
		}
		select {
		case <-out.seen:
		case <-time.After(patience):
			t.Fatalf("nothing is shown: %s%s", out, errs)
		}
		if err := interrupt(); err != nil {
			t.Fatal(err)
		}
		if code := codeOf(c.Wait()); code != 130 {
			t.Errorf("exit code %d", code)
		}
		<-read
		if tty {
			if _, after, _ := strings.Cut(out.String(), "1 running"); strings.TrimSpace(strings.TrimPrefix(after, " (emulator)")) != "^C\r\x1b[K" {
				t.Errorf("it ended with more than the line cleared: %q", out)
			}
		} else if got := out.String(); errs.String() != "" || strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, " dev Running\n") {
			t.Errorf("stdout %q\nstderr %q", got, errs)
		}
	}
}
