package emulator_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/computetarget/computetarget/pkg/emulator"
)

func statePath(dir string) string { return filepath.Join(dir, "state.log") }

func readState(t *testing.T, dir string) []byte {
	t.Helper()
	raw, err := os.ReadFile(statePath(dir))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestStateSurvives(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "for", "it")
	r := newRig(t, emulator.Options{Dir: dir})
	r.create("desk", `"idleTimeBeforeShutdown":"PT30M"`)
	r.do(stable, "POST", "/computes/desk/stop", "")
	want := r.do(preview, "GET", "/computes/desk", "").text

	again := newRig(t, emulator.Options{Dir: dir})
	again.want("the compute in a later process", again.do(preview, "GET", "/computes/desk", "").text, want)

	for path, mode := range map[string]fs.FileMode{statePath(dir): 0o600, filepath.Join(dir, "state.lock"): 0o600, dir: 0o700} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("%s has mode %o, want %o", path, got, mode)
		}
	}

	// The clock goes on from the sum of all advances.
	if _, err := again.Advance(context.Background(), 1000*3600e9); err != nil {
		t.Fatal(err)
	}
	third := newRig(t, emulator.Options{Dir: dir})
	st, err := third.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := monday.Add(1000 * 3600e9); !st.Now.Equal(want) {
		t.Errorf("now = %s, want %s", st.Now, want)
	}
	if _, err := third.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.want("the compute after a reset elsewhere", r.at(stable, "GET", "/computes/desk", "").status, http.StatusNotFound)
}

func TestDamage(t *testing.T) {
	t.Parallel()
	intact := func(t *testing.T) (string, []byte) {
		dir := t.TempDir()
		r := newRig(t, emulator.Options{Dir: dir})
		for _, name := range []string{"one", "two", "three"} {
			r.create(name, "")
		}
		return dir, readState(t, dir)
	}
	for name, c := range map[string]struct {
		harm func([]byte) []byte
		left int // computes still there when nothing was moved; -1 when the file must be moved
	}{
		"empty":              {func(b []byte) []byte { return nil }, -1},
		"header cut":         {func(b []byte) []byte { return b[:10] }, -1},
		"not a header":       {func(b []byte) []byte { return append([]byte("hello\n"), b...) }, -1},
		"middle overwritten": {func(b []byte) []byte { copy(b[len(b)/2:], bytes.Repeat([]byte{0}, 64)); return b }, -1},
		"one bit":            {func(b []byte) []byte { b[len(b)/3] ^= 1; return b }, -1},
		"a line too many":    {func(b []byte) []byte { return append(b, "00000000 {}\n"...) }, -1},
		"an empty line":      {func(b []byte) []byte { return append(b, '\n') }, -1},
		"random bytes": {func(b []byte) []byte {
			noise := rand.New(rand.NewPCG(1, 2))
			for i := range b {
				b[i] = byte(noise.Uint32())
			}
			return b
		}, -1},
		"cut in a line":        {func(b []byte) []byte { return b[:len(b)-len(b)/3] }, -1},
		"cut by one byte":      {func(b []byte) []byte { return b[:len(b)-1] }, -1},
		"cut after a line":     {func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] }, -1},
		"cut to its header":    {func(b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] }, -1},
		"length of the header": {func(b []byte) []byte { return bytes.Replace(b, []byte(`"length":"0`), []byte(`"length":"x`), 1) }, -1},
		"last write torn":      {func(b []byte) []byte { return append(b, `0123abcd {"put":{"compute/`...) }, 3},
		"of before lengths": {func(b []byte) []byte {
			at := bytes.Index(b, []byte(`,"length":"`))
			return append(b[:at:at], b[at+len(`,"length":"0000000000000000"`):]...)
		}, 3},
		"last newline missing": {func(b []byte) []byte { return append(b, "00000000 {}"...) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, raw := intact(t)
			if err := os.WriteFile(statePath(dir), c.harm(raw), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.left < 0 {
				_, err := emulator.New(emulator.Options{Dir: dir})
				var damaged *emulator.StoreError
				if !errors.As(err, &damaged) || damaged.MovedTo == "" || !strings.Contains(err.Error(), damaged.MovedTo) {
					t.Fatalf("error = %v, want one that names the moved file", err)
				}
				if _, err := os.Stat(damaged.MovedTo); err != nil {
					t.Errorf("the damaged file is gone: %v", err)
				}
			}
			r := newRig(t, emulator.Options{Dir: dir}) // says it once: now it starts afresh
			if got := len(r.do(stable, "GET", "/computes", "").get("value").([]any)); got != max(0, c.left) {
				t.Errorf("%d computes, want %d", got, max(0, c.left))
			}
			r.create("after", "")
			r.want("state afterwards", newRig(t, emulator.Options{Dir: dir}).state("after"), "Running")
		})
	}
}

// Damage that happens under a running emulator is reported by the request that
// meets it, as an error of the transport, and once.
func TestDamageMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRig(t, emulator.Options{Dir: dir})
	r.create("desk", "")
	if err := os.WriteFile(statePath(dir), []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), "GET", host+workspacePath+"/computes?api-version="+stable, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&http.Client{Transport: r.Transport()}).Do(req)
	var damaged *emulator.StoreError
	if !errors.As(err, &damaged) || damaged.MovedTo == "" {
		t.Fatalf("error = %v", err)
	}
	var final interface{ NonRetriable() }
	if !errors.As(err, &final) {
		t.Error("a client would retry and never tell")
	}
	r.want("computes afterwards", len(r.do(stable, "GET", "/computes", "").get("value").([]any)), 0)
}

// What is not damaged is never moved.
func TestUnusable(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"newer version": func(path string) error {
			return os.WriteFile(path, []byte(`{"format":"computetarget-emulator","schema":2,"file":"f"}`+"\n"), 0o600)
		},
		"unreadable": func(path string) error { // a link to itself, which not even root can read
			return errors.Join(os.Remove(path), os.Symlink(path, path))
		},
		"a directory": func(path string) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			newRig(t, emulator.Options{Dir: dir}).create("desk", "")
			if err := spoil(statePath(dir)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				_, err := emulator.New(emulator.Options{Dir: dir})
				var unusable *emulator.StoreError
				if !errors.As(err, &unusable) || unusable.MovedTo != "" {
					t.Fatalf("error = %v, want one that says nothing was moved", err)
				}
			}
			if left, err := filepath.Glob(filepath.Join(dir, "*damaged*")); err != nil || len(left) > 0 {
				t.Errorf("moved aside: %v, %v", left, err)
			}
		})
	}
}

// The log is rewritten when most of it is out of date, also when every process
// adds just a little.
func TestCompaction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := strings.Repeat("x", 300<<10)
	body := strings.Replace(instance("STANDARD_DS1_V2", ""), `"properties":{"computeType"`, `"properties":{"description":"`+text+`","computeType"`, 1)
	reader := newRig(t, emulator.Options{Dir: dir})
	newRig(t, emulator.Options{Dir: dir}).do(stable, "PUT", "/computes/desk", body)
	for range 20 {
		r := newRig(t, emulator.Options{Dir: dir})
		r.do(stable, "PUT", "/computes/desk", body)
		reader.want("what another process sees", reader.state("desk"), "Running")
	}
	if size := len(readState(t, dir)); size > 3<<20 {
		t.Errorf("the log has %d bytes for one compute of 300 KB", size)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// Environment variables that turn this test binary into another process that
// uses an emulator; see TestMain.
const (
	childDir  = "EMULATOR_TEST_DIR"
	childName = "EMULATOR_TEST_NAME"
)

// TestMain lets the tests run this binary as a second process that creates
// computes and says on stdout which were acknowledged.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir, os.Getenv(childName)))
	}
	os.Exit(m.Run())
}

func child(dir, name string) int {
	e, err := emulator.New(emulator.Options{Dir: dir, Pace: emulator.PaceInstant, FamilyCores: 1 << 20})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	client := &http.Client{Transport: e.Transport()}
	for n := range 1 << 20 {
		compute := fmt.Sprintf("%s%dx", name, n)
		req, err := http.NewRequestWithContext(context.Background(), "PUT", host+workspacePath+"/computes/"+compute+"?api-version="+stable,
			strings.NewReader(instance("STANDARD_DS1_V2", "")))
		if err != nil {
			return 1
		}
		res, err := client.Do(req)
		if err != nil || res.StatusCode != http.StatusCreated {
			fmt.Fprintln(os.Stderr, err, res)
			return 1
		}
		fmt.Println(compute)
	}
	return 0
}

// Two processes write at once and are killed without warning, again and again:
// nothing that was acknowledged is ever lost.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 6 {
		var children []*exec.Cmd
		var outputs []*bufio.Scanner
		for _, who := range []string{"ann", "bob"} {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childDir+"="+dir, fmt.Sprintf("%s=%s%d", childName, who, round))
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			children, outputs = append(children, cmd), append(outputs, bufio.NewScanner(out))
		}
		for n := range 5 + 3*round { // kill at another moment each time
			for _, out := range outputs {
				if !out.Scan() {
					t.Fatalf("round %d: a process ended by itself after %d computes: %v", round, n, out.Err())
				}
				acknowledged[out.Text()] = true
			}
		}
		for i, cmd := range children {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for outputs[i].Scan() {
				acknowledged[outputs[i].Text()] = true
			}
			_ = cmd.Wait() // killed, so not a success
		}
	}
	r := newRig(t, emulator.Options{Dir: dir, PageSize: 1 << 20})
	found := map[string]bool{}
	for _, v := range r.do(stable, "GET", "/computes", "").get("value").([]any) {
		found[v.(map[string]any)["name"].(string)] = true
	}
	for name := range acknowledged {
		if !found[name] {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
	if len(acknowledged) < 100 {
		t.Errorf("only %d computes were acknowledged", len(acknowledged))
	}
}

// Every line of the log reads back by itself.
func TestLogLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRig(t, emulator.Options{Dir: dir})
	r.create("desk", "")
	for n, line := range bytes.Split(bytes.TrimSuffix(readState(t, dir), []byte("\n")), []byte("\n")) {
		if n > 0 {
			line = line[9:]
		}
		if !json.Valid(line) {
			t.Errorf("line %d is not JSON: %.80s", n+1, line)
		}
	}
}

// The emulator's time never goes back, whatever the clocks of the processes
// that share its state say, and goes on from where it was.
func TestClockNeverGoesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fast := emulator.NewManualClock(monday.Add(100 * time.Hour))
	newRig(t, emulator.Options{Dir: dir, Clock: fast}).create("desk", "")
	r := newRig(t, emulator.Options{Dir: dir}) // shows monday
	r.want("a time that was seen", r.advance(0).Now, monday.Add(100*time.Hour))
	r.do(stable, "POST", "/computes/desk/stop", "")
	r.clock.Advance(time.Hour)
	r.want("an hour later", r.advance(0).Now, monday.Add(101*time.Hour))
}

// A write that was not acknowledged is cut from the file by the next reader.
func TestTornWriteIsCut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newRig(t, emulator.Options{Dir: dir}).create("desk", "")
	newRig(t, emulator.Options{Dir: dir}) // the creation ends
	whole := readState(t, dir)
	if err := os.WriteFile(statePath(dir), append(bytes.Clone(whole), `0123abcd {"put":{"compute/`...), 0o600); err != nil {
		t.Fatal(err)
	}
	newRig(t, emulator.Options{Dir: dir})
	if got := readState(t, dir); !bytes.Equal(got, whole) {
		t.Errorf("%d bytes, want %d", len(got), len(whole))
	}
}

// A request that gave up waiting for another process does not keep the lock that
// it gets in the end.
func TestGivingUpLeavesTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRig(t, emulator.Options{Dir: dir})
	other := flock.New(filepath.Join(dir, "state.lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.Status(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another process has the lock: %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), time.Minute) // only a lock that is kept takes as long
	defer cancel()
	for range 3 { // at once, and after the request before has the lock
		if _, err := r.Status(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// turned is a clock that somebody sets back.
type turned struct{ now time.Time }

func (c *turned) Now() time.Time { return c.now }

// A clock that is set back while the emulator runs does not show in its time.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	clock := &turned{now: monday}
	r := newRig(t, emulator.Options{Clock: clock})
	r.create("desk", "")
	clock.now = monday.Add(-time.Hour)
	r.want("at once", r.advance(0).Now, monday)
	clock.now = clock.now.Add(time.Minute)
	r.want("a minute later", r.advance(0).Now, monday.Add(time.Minute))
}

// The address of an operation is signed; what signs it stays out of the journal.
func TestJournalHasNoSignatures(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	for _, name := range []string{"t", "c", "s", "h", "sig", "SIG"} {
		r.do(stable, "GET", "/computes?kept=1&"+name+"=secret", "")
	}
	requests, err := r.Requests(context.Background())
	if err != nil || len(requests) != 6 {
		t.Fatalf("%+v, %v", requests, err)
	}
	for _, request := range requests {
		if strings.Contains(request.Query, "secret") || !strings.Contains(request.Query, "kept=1") {
			t.Errorf("%+v", request)
		}
	}
}

// The journal's file is begun anew when it is large; the entries of the one
// before it are kept.
func TestJournalIsBegunAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRig(t, emulator.Options{Dir: dir})
	r.do(stable, "GET", "/computes", "")
	file := filepath.Join(dir, "requests.log")
	if err := os.Truncate(file, 17<<20); err != nil { // takes no room
		t.Fatal(err)
	}
	r.do(stable, "GET", "/computes", "")
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file goes on: %v", err)
	}
	r.do(stable, "GET", "", "")
	requests, err := r.Requests(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(requests); n != 2 || !strings.HasSuffix(requests[0].Path, "/computes") || strings.HasSuffix(requests[1].Path, "/computes") {
		t.Errorf("%d entries: %+v", n, requests)
	}
}

// What another process makes or removes stands in the next list.
func TestListsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := newRig(t, emulator.Options{Dir: dir}), newRig(t, emulator.Options{Dir: dir})
	names := func(r *rig) string {
		var list []string
		for _, v := range r.do(stable, "GET", "/computes", "").get("value").([]any) {
			list = append(list, v.(map[string]any)["name"].(string))
		}
		return strings.Join(list, " ")
	}
	one.create("bert", "")
	one.want("its own", names(one), "bert")
	two.want("the other's", names(two), "bert")
	two.create("anna", "")
	one.want("both", names(one), "anna bert")
	two.do(stable, "DELETE", "/computes/bert?underlyingResourceAction=Delete", "")
	two.want("its own", names(two), "anna")
	one.want("one is gone", names(one), "anna")
}

// Another process may have written the file anew, and longer than it was: what
// was read of the one before says nothing about it.
func TestAnotherFileOfTheSameName(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	r := newRig(t, emulator.Options{Dir: dir})
	r.create("ours", "")
	other := newRig(t, emulator.Options{Dir: elsewhere})
	for _, name := range []string{"one", "two", "three"} {
		other.create(name, "")
	}
	if len(readState(t, elsewhere)) <= len(readState(t, dir)) {
		t.Fatal("the new file is not longer")
	}
	if err := os.Rename(statePath(elsewhere), statePath(dir)); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range r.do(stable, "GET", "/computes", "").get("value").([]any) {
		names = append(names, v.(map[string]any)["name"].(string))
	}
	r.want("computes", strings.Join(names, " "), "one three two")
}

// A process that was killed while it wrote the file anew leaves its draft, and
// the next one to do so removes it.
func TestDraftsAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	draft := statePath(dir) + ".new-123"
	if err := os.WriteFile(draft, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	newRig(t, emulator.Options{Dir: dir}).create("desk", "")
	if _, err := os.Stat(draft); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", draft, err)
	}
}
