//go:build unix

package cmd_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/computetarget/computetarget/cmd"
)

// The time given ends a command that waits for its stdin, and says so.
func TestTimeEndsStdin(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"stop -", "start -", "restart -", "delete - --yes", "wait -", "show -", "idle - 1h", "resize - -s Standard_DS2_v2",
		"schedule list -", "schedule apply dev -f -", "schedule preview -f -", "emulator load -", "migrate -",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			b := virtual(t, "COMPUTETARGET_TIMEOUT=90s")
			b.in = silence{}
			got := b.run(strings.Fields(args)...)
			if got.code != 4 || got.took > 91*time.Second || !strings.Contains(got.errors, "the time given, 1m30s, is over") {
				t.Errorf("exit code %d after %s", got.code, got.took)
			}
		})
	}
}

// What holds a file's lock or writes to no end of a pipe is waited for until a
// signal or the time given ends that, and is named meanwhile. Locks and pipes are
// the system's, so this runs on real time.
func TestBlocked(t *testing.T) {
	t.Parallel()
	locked := []string{
		"list", "show dev", "create dev -s Standard_DS3_v2", "start dev", "stop dev", "restart dev", "delete dev --yes", "resize dev -s Standard_DS2_v2",
		"wait dev", "idle dev 1h", "schedule list dev", "schedule set dev -19:00 --time-zone UTC", "list-sizes", "list-usage", "workspace list",
		"use local-ws", "open dev", "ssh dev", "ssh-config dev", "emulator status", "emulator advance 1h", "emulator reset", "emulator serve --listen 127.0.0.1:0",
	}
	var all sync.WaitGroup // all at once: each waits for seconds and does next to nothing
	for i, args := range locked {
		for _, end := range []string{"interrupt", "terminated", "time"} {
			if end == "time" && (strings.HasPrefix(args, "emulator serve") || strings.HasPrefix(args, "ssh dev")) {
				continue // they have no end of their own
			}
			dir := filepath.Join(folder(t), fmt.Sprint(i, end))
			state := filepath.Join(dir, "emulator")
			holdLock(t, state)
			all.Go(func() {
				code, errs := blocked(dir, end, strings.Fields(args))
				if want := map[string]int{"interrupt": 130, "terminated": 143, "time": 4}[end]; code != want {
					t.Errorf("%s, %s: exit code %d, not %d: %s", args, end, code, want, errs)
				}
				if !strings.Contains(errs, "waiting for process 4711, which uses the emulator in "+state) {
					t.Errorf("%s, %s: the holder is not named: %s", args, end, errs)
				}
			})
		}
	}
	for _, args := range []string{"schedule apply dev -f PIPE", "emulator load PIPE", "create dev -s Standard_DS3_v2 --ssh-key PIPE"} {
		dir := folder(t)
		pipe := filepath.Join(dir, "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if code, errs := blocked(dir, "time", strings.Fields(strings.Replace(args, "PIPE", pipe, 1))); code != 4 {
				t.Errorf("%s: exit code %d: %s", args, code, errs)
			}
		})
	}
	all.Wait()
}

// holdLock takes the lock of an emulator's folder in the name of process 4711.
func holdLock(t *testing.T, state string) {
	t.Helper()
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(state, "state.lock")
	holder := flock.New(lock, flock.SetPermissions(0o600))
	if err := holder.Lock(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Unlock() })
	if err := os.WriteFile(lock, []byte("      4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// blocked runs a command that something blocks, and ends it by a signal once it
// has said what it waits for, or by the time given.
func blocked(dir, end string, args []string) (code int, errs string) {
	text := &watcher{word: "waiting for process", seen: make(chan struct{})}
	signals := make(chan os.Signal, 1)
	env := map[string]string{"HOME": dir, "COMPUTETARGET_CLOUD": "emulator", "COMPUTETARGET_EMULATOR_DIR": filepath.Join(dir, "emulator")}
	if end == "time" {
		env["COMPUTETARGET_TIMEOUT"] = "6s" // the holder is named after two
	}
	ended := make(chan int, 1)
	go func() {
		ended <- cmd.Run(cmd.Process{Args: args, In: strings.NewReader(""), Out: io.Discard, Err: text, Signals: signals,
			Getenv: func(name string) string { return env[name] }})
	}()
	if end != "time" {
		select {
		case <-text.seen:
		case code = <-ended:
			return code, fmt.Sprint("it did not wait: ", text)
		}
		signals <- map[string]os.Signal{"interrupt": os.Interrupt, "terminated": syscall.SIGTERM}[end]
	}
	select {
	case code = <-ended:
	case <-time.After(patience):
		return -1, fmt.Sprint("it does not end: ", text)
	}
	return code, text.String()
}

// Completion waits for nobody longer than its second: not for a lock either.
//
// Real time: the lock of a file is the system's.
func TestCompletionOfALockedEmulator(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	state := filepath.Join(dir, "emulator")
	holdLock(t, state)
	for _, args := range [][]string{{"stop", ""}, {"create", "-s", ""}, {"list", "-w", ""}, {"schedule", "delete", "dev", ""}} {
		var out strings.Builder
		env := map[string]string{"HOME": dir, "COMPUTETARGET_CLOUD": "emulator", "COMPUTETARGET_EMULATOR_DIR": state}
		code := cmd.Run(cmd.Process{Args: append([]string{"__complete"}, args...), In: strings.NewReader(""), Out: &out, Err: io.Discard,
			Getenv: func(name string) string { return env[name] }})
		if code != 0 || !strings.Contains(out.String(), ":") {
			t.Errorf("%q: exit code %d, %q", args, code, out.String())
		}
	}
}
