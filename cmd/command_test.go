package cmd_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/computetarget/computetarget/cmd"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// The variables by which a scenario tells its commands how to run.
const (
	// clockFile names the file of a scenario's clock. Its commands run on
	// virtual time then, each from where the one before ended. Without it they
	// run on real time and hear the signals of the system.
	clockFile = "TEST_CLOCK"
	// serverDir names the folder of an emulator that answers at every
	// endpoint, where every operation is over by the next request.
	serverDir = "TEST_SERVER"
)

// command is the computetarget that scenarios run: this test binary.
func command(m *testing.M) {
	if testing.CoverMode() != "" && os.Getenv("GOCOVERDIR") == "" {
		// An environment that was emptied, as cron's is. What was covered is
		// written beside the binary, instead of a warning to stderr.
		if own, err := os.Executable(); err == nil {
			dir := filepath.Join(filepath.Dir(own), "cover")
			_ = os.MkdirAll(dir, 0o700)
			_ = os.Setenv("GOCOVERDIR", dir)
		}
	}
	p := cmd.Process{Args: os.Args[1:], In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	if dir := os.Getenv(serverDir); dir != "" {
		p.Network = func(http.RoundTripper) http.RoundTripper {
			return carrier(func(r *http.Request) (*http.Response, error) {
				e, err := emulator.New(emulator.Options{Dir: dir, Pace: emulator.PaceInstant})
				if err != nil {
					return nil, err
				}
				defer e.Close() //nolint:errcheck // what was acknowledged is on disk
				return e.Transport().RoundTrip(r)
			})
		}
	}
	if os.Getenv(clockFile) == "" {
		os.Exit(cmd.Run(p))
	}
	// A bubble needs a test: TestVirtualCommand.
	virtualCommand = &p
	os.Args = []string{os.Args[0], "-test.run=^TestVirtualCommand$"}
	os.Exit(m.Run())
}

var virtualCommand *cmd.Process

// TestVirtualCommand runs one command of a scenario on virtual time.
func TestVirtualCommand(t *testing.T) {
	if virtualCommand == nil {
		t.Skip("this is how scenarios run their commands")
	}
	file := os.Getenv(clockFile)
	begun := time.Now().Round(0)
	now, ended, code := begun.Add(ahead(file)), begun, 0
	synctest.Test(t, func(*testing.T) {
		time.Sleep(time.Until(now))
		p := *virtualCommand
		p.Signals = make(chan os.Signal) // those of the system kill
		code = cmd.Run(p)
		ended = time.Now().Round(0)
	})
	if mine := ended.Sub(begun) - time.Since(begun); mine > ahead(file) {
		move(file, mine)
	}
	os.Exit(code)
}

// ahead is how far the clock of a scenario is before real time.
func ahead(file string) time.Duration {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0 // nothing has waited yet
	}
	d, err := time.ParseDuration(string(text))
	must(err)
	return d
}

// move sets how far the clock of a scenario is ahead. Commands at the same time
// find one or the other, whole.
func move(file string, d time.Duration) {
	next := fmt.Sprint(file, ".", os.Getpid())
	must(os.WriteFile(next, []byte(d.String()), 0o600))
	must(os.Rename(next, file))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99) // no code of a command
	}
}

// sleep is the sleep of scenarios' shell scripts, on the scenario's clock.
func sleep() {
	seconds, err := strconv.Atoi(os.Args[1])
	must(err)
	d := time.Duration(seconds) * time.Second
	if file := os.Getenv(clockFile); file != "" {
		move(file, ahead(file)+d)
		return
	}
	time.Sleep(d)
}
