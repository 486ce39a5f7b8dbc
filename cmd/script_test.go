package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/computetarget/computetarget/pkg/emulator"
)

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "computetarget":
		command(m)
	case "sleep":
		sleep()
	default:
		os.Exit(tests(m))
	}
}

// work is the folder that everything tests write is in.
var work string

// tests runs this package's tests, which wait for clocks more than they work:
// more of them at a time than there are processors, unless -parallel says so.
// What scenarios run is in PATH: this binary, by other names.
func tests(m *testing.M) (code int) {
	_ = flag.Set("test.parallel", "60") // the command line, parsed later, goes first
	debug.SetGCPercent(400)             // there is memory, but not time
	own, err := os.Executable()
	must(err)
	work, err = os.MkdirTemp(memory(), "computetarget-tests")
	must(err)
	defer os.RemoveAll(work)    //nolint:errcheck // a folder left in the temporary one is harmless
	must(os.Chmod(work, 0o755)) //nolint:gosec // TestCron runs the binary in it as somebody else
	bin := filepath.Join(work, "bin")
	must(os.Mkdir(bin, 0o700))
	for _, name := range []string{"computetarget", "sleep"} {
		installed := filepath.Join(bin, name)
		must(install(own, installed))
		own = installed // whose other names are in the same file system
	}
	must(os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH")))
	return m.Run()
}

// folder returns a folder of the test's own. It goes with all others at the end:
// a file system that has just deleted files is slow to make new ones.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(work, "")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// install puts a program where it has another name. A symbolic link would be
// looked through.
func install(program, name string) error {
	if os.Link(program, name) == nil {
		return nil
	}
	text, err := os.ReadFile(program) // on another file system
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o700)
}

// long leaves a test of many commands out where time is short (-short).
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs many commands, which takes seconds")
	}
}

// TestScripts runs the scenarios on the embedded emulator at the pace of Azure,
// on virtual time.
func TestScripts(t *testing.T) {
	t.Parallel()
	w := newWorkers(t)
	testscript.Run(t, testscript.Params{
		Dir:                "../testdata/script",
		WorkdirRoot:        folder(t),
		RequireUniqueNames: true,
		Condition:          condition(true),
		Cmds:               commands(w),
		Setup: func(env *testscript.Env) error {
			home(env)
			env.Setenv(clockFile, filepath.Join(env.WorkDir, "clock"))
			env.Setenv("COMPUTETARGET_CLOUD", "emulator")
			env.Setenv("COMPUTETARGET_EMULATOR_PACE", "real")
			return w.enter(env)
		},
	})
}

// TestScriptsAtAnEndpoint runs scenarios that could go another way at an
// endpoint, or where every operation is over by the next request. What only the
// embedded emulator can show is marked [embedded].
func TestScriptsAtAnEndpoint(t *testing.T) {
	t.Parallel()
	long(t)
	var files []string
	for _, name := range []string{
		"emulator", "first-instance", "idle", "idempotent", "no-wait", "not-there", "pipeline", "resize", "settings",
		"several-names", "v1-instances", "v1-nightly-stop", "wait",
	} {
		files = append(files, "../testdata/script/"+name+".txtar")
	}
	w := newWorkers(t)
	testscript.Run(t, testscript.Params{
		Files:              files,
		WorkdirRoot:        folder(t),
		RequireUniqueNames: true,
		Condition:          condition(false),
		Cmds:               commands(w),
		Setup: func(env *testscript.Env) error {
			home(env)
			env.Setenv(clockFile, filepath.Join(env.WorkDir, "clock"))
			env.Setenv(serverDir, filepath.Join(env.WorkDir, "server"))
			env.Setenv("COMPUTETARGET_ENDPOINT", "http://127.0.0.1:8443")
			env.Setenv("COMPUTETARGET_SUBSCRIPTION", emulator.Subscription)
			env.Setenv("COMPUTETARGET_RESOURCE_GROUP", emulator.ResourceGroup)
			env.Setenv("COMPUTETARGET_WORKSPACE", emulator.Workspace)
			return w.enter(env)
		},
	})
}

// home gives a scenario an empty home, a place for the emulator's state, and
// $ME, the person the emulator takes for the owner.
func home(env *testscript.Env) {
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("COMPUTETARGET_EMULATOR_DIR", filepath.Join(env.WorkDir, "emulator"))
	env.Setenv("COMPUTETARGET_TIME_ZONE", "Europe/Berlin")
	env.Setenv("ME", me())
}

func me() string {
	if current, err := user.Current(); err == nil {
		return current.Username
	}
	return os.Getenv("USER")
}

// condition knows [embedded], which is what the scenario's emulator is, and
// [root], whom no file refuses anything.
func condition(embedded bool) func(string) (bool, error) {
	return func(name string) (bool, error) {
		switch name {
		case "embedded":
			return embedded, nil
		case "root":
			return os.Geteuid() == 0, nil
		}
		return false, fmt.Errorf("%s is not a condition", name)
	}
}

// commands are what scenarios may use besides testscript's own.
// Computetarget itself runs in w; nil makes each a process of its own.
func commands(w *workers) map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"exits": w.exits, "interrupt": interrupt, "paste": paste, "damage": damage, "json": isJSON, "like": like,
	}
	if w != nil {
		all["computetarget"] = w.command
	}
	return all
}

// exits CODE COMMAND… runs a command that must end with the exit code.
func (w *workers) exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if w != nil && args[1] == "computetarget" {
		got = w.code(ts, args[2:])
	} else {
		got = codeOf(ts.Exec(args[1], args[2:]...))
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// like stdout FILE compares what the last command printed with a file in which
// "…" stands for any text and $NAME for a variable.
func like(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: like stdout FILE")
	}
	want := os.Expand(ts.ReadFile(args[1]), ts.Getenv)
	if got := ts.ReadFile(args[0]); !matches(want, got) {
		ts.Fatalf("%s is not like %s:\n%s\nbut\n%s", args[0], args[1], want, got)
	}
}

// interrupt SIGNAL CODE COMMAND… runs a command, sends it a signal once the
// service has accepted its request, and expects the exit code.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt SIGINT|SIGTERM CODE COMMAND…")
	}
	signal := map[string]os.Signal{"SIGINT": os.Interrupt, "SIGTERM": syscall.SIGTERM}[args[0]]
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if signal == nil {
		ts.Fatalf("%s is neither SIGINT nor SIGTERM", args[0])
	}
	path, err := lookPath(args[2], ts.Getenv("PATH"))
	ts.Check(err)
	c := exec.Command(path, args[3:]...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "COMPUTETARGET_CLOUD", "COMPUTETARGET_EMULATOR_DIR", "COMPUTETARGET_EMULATOR_PACE"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	c.Env = append(c.Env, "COMPUTETARGET_PROGRESS=plain")
	errs := &watcher{word: " accepted", seen: make(chan struct{})}
	c.Stdout, c.Stderr = ts.Stdout(), io.MultiWriter(errs, ts.Stderr())
	ts.Check(c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case <-errs.seen:
		ts.Check(c.Process.Signal(signal))
		err = <-ended
	case err = <-ended:
	}
	if got := codeOf(err); got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// paste runs the command that the last one printed after "to wait again: ", in
// a shell that knows nothing else but PATH and HOME.
func paste(ts *testscript.TestScript, neg bool, args []string) {
	_, rest, ok := strings.Cut(ts.ReadFile("stderr"), "to wait again: ")
	line, _, _ := strings.Cut(rest, "\n")
	if neg || len(args) > 0 || !ok {
		ts.Fatalf("usage: paste, after a command that printed how to wait again")
	}
	ts.Logf("[pasted] %s", line)
	ts.Check(ts.Exec("env", "-i", "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("HOME"), "sh", "-c", line))
}

// damage HOW FILE spoils a file: truncated, cut, overwritten, random, empty.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage HOW FILE")
	}
	path := ts.MkAbs(args[1])
	data := []byte(ts.ReadFile(path))
	switch args[0] {
	case "truncated":
		// In the middle of a line that is not the last one.
		cut := bytes.IndexByte(data, '\n') + 20
		data = append(data[:cut:cut], '\n')
	case "cut":
		data = data[:len(data)*2/3]
	case "overwritten":
		copy(data[len(data)/2:], bytes.Repeat([]byte{0}, 64))
	case "random":
		for i := range data {
			data[i] = byte(i*i*7 + i*31 + 13)
		}
	case "empty":
		data = nil
	default:
		ts.Fatalf("no way to damage a file is called %s", args[0])
	}
	ts.Check(os.WriteFile(path, data, 0o600))
}

// isJSON FILE expects one JSON value and a line end, nothing else.
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: json FILE")
	}
	text := ts.ReadFile(args[0])
	if !json.Valid([]byte(text)) || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("this is not JSON and a line end: %q", text)
	}
}

// codeOf is the exit code a command ended with; -1 when it was killed or did
// not start.
func codeOf(err error) int {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	return -1
}

// watcher keeps what is written to it and closes seen, if there is one, when a
// word is among it.
type watcher struct {
	mu   sync.Mutex
	text strings.Builder
	word string
	seen chan struct{}
	done bool
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if w.seen != nil && !w.done && strings.Contains(w.text.String(), w.word) {
		w.done = true
		close(w.seen)
	}
	return len(p), nil
}

func (w *watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func lookPath(name, path string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return filepath.Join(dir, name), nil
		}
	}
	return "", fmt.Errorf("%s is not in PATH", name)
}

// built returns the path of the binary people get.
func built(t *testing.T) string {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

var build = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(work, "built", "computetarget")
	if out, err := exec.Command("go", "build", "-ldflags=-w", "-o", binary, "..").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return binary, nil
})

// patience bounds what these tests wait for; nothing is expected to take that
// long.
const patience = 60 * time.Second
