package cmd_test

import (
	"fmt"
	"io"
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
	run := "-test.run=^TestVirtualCommand$" // a bubble needs a test
	switch {
	case os.Getenv(workerMark) != "":
		run = "-test.run=^TestWorker$"
	case os.Getenv(clockFile) == "":
		os.Exit(cmd.Run(process(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)))
	}
	commandArgs = os.Args[1:]
	os.Args = []string{os.Args[0], run}
	os.Exit(m.Run())
}

// commandArgs are the arguments of the command that TestVirtualCommand runs.
var commandArgs []string

// process is a run of computetarget as the variables of a scenario want it.
func process(args []string, in io.Reader, out, errs io.Writer) cmd.Process {
	p := cmd.Process{Args: args, In: in, Out: out, Err: errs}
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
	return p
}

// TestVirtualCommand runs one command of a scenario in a process of its own.
func TestVirtualCommand(t *testing.T) {
	if commandArgs == nil {
		t.Skip("this is how scenarios run what reads a shell's streams")
	}
	os.Exit(runVirtual(t, process(commandArgs, os.Stdin, os.Stdout, os.Stderr)))
}

// runVirtual runs a command on the clock of its scenario.
func runVirtual(t *testing.T, p cmd.Process) (code int) {
	file := os.Getenv(clockFile)
	begun := time.Now().Round(0)
	now, ended := begun.Add(ahead(file)), begun
	synctest.Test(t, func(*testing.T) {
		time.Sleep(time.Until(now))
		p.Signals = make(chan os.Signal) // those of the system kill
		code = cmd.Run(p)
		ended = time.Now().Round(0)
	})
	if mine := ended.Sub(begun) - time.Since(begun); mine > ahead(file) {
		move(file, mine)
	}
	return code
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
