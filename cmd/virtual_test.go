package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/computetarget/computetarget/cmd"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// A bubble runs computetarget in this process on virtual time: each command in
// a bubble of testing/synctest, where a pause of an hour takes no time and the
// clock of the next command goes on from where the one before ended. Tests use
// it for everything that waits:
//
//	b := virtual(t)                   // an emulator of its own, at the pace of Azure
//	b.must("create", "dev", "-s", "Standard_DS3_v2")
//	got := b.run("stop", "dev", "--timeout", "10s")
//	// got.code, got.out, got.errors, and got.took on the virtual clock
//
// Its fields put something in the way of the commands that follow. What really
// blocks (a file, a process, a listener) stops the virtual clock while it does;
// that, and what is about signals of the system, terminals or the binary, is
// tested with a person.
type bubble struct {
	t   *testing.T
	dir string            // a folder of its own
	env map[string]string // all there is of an environment
	now time.Time         // the clock when the next command begins

	// in is the commands' stdin; nil is empty.
	in io.Reader
	// network answers a request in the place of next, which is the emulator;
	// nil lets everything pass. It runs inside the bubble, also for several
	// requests at once.
	network func(r *http.Request, next http.RoundTripper) (*http.Response, error)
	// beside runs inside the bubble while a command does.
	beside func(c *running)
}

// begin is when a bubble's clock begins, a Monday, whatever day it is outside.
var begin = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)

// virtual returns a bubble around an embedded emulator. env adds to its
// environment, or replaces what is there.
func virtual(t *testing.T, env ...string) *bubble {
	t.Helper()
	dir := folder(t)
	b := &bubble{t: t, dir: dir, now: begin, env: map[string]string{
		"HOME":                         filepath.Join(dir, "home"),
		"TZ":                           "UTC",
		"COMPUTETARGET_CLOUD":          "emulator",
		"COMPUTETARGET_EMULATOR_DIR":   filepath.Join(dir, "emulator"),
		"COMPUTETARGET_EMULATOR_PACE":  "real",
		"COMPUTETARGET_SUBSCRIPTION":   emulator.Subscription,
		"COMPUTETARGET_RESOURCE_GROUP": emulator.ResourceGroup,
		"COMPUTETARGET_WORKSPACE":      emulator.Workspace,
	}}
	b.set(env...)
	return b
}

// set changes the environment of the commands that follow.
func (b *bubble) set(env ...string) {
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		b.env[name] = value
	}
}

// running is a command that runs in a bubble.
type running struct {
	out, errs *watcher
	signals   chan os.Signal
	done      chan struct{}
}

// signal ends the command as a signal of the system would.
func (c *running) signal(s os.Signal) { c.signals <- s }

// run runs computetarget to its end.
func (b *bubble) run(args ...string) ended {
	b.t.Helper()
	var e ended
	in := b.in
	if in == nil {
		in = strings.NewReader("")
	}
	synctest.Test(b.t, func(*testing.T) {
		time.Sleep(time.Until(b.now))
		c := &running{out: &watcher{}, errs: &watcher{}, signals: make(chan os.Signal, 8), done: make(chan struct{})}
		p := cmd.Process{Args: args, In: in, Out: c.out, Err: c.errs, Signals: c.signals,
			Getenv: func(name string) string { return b.env[name] }, Network: b.wire(),
		}
		if b.beside != nil {
			go b.beside(c)
		}
		begun := time.Now()
		e.code = cmd.Run(p)
		close(c.done)
		b.now = time.Now()
		e.took, e.out, e.errors = b.now.Sub(begun), c.out.String(), c.errs.String()
		if in == (silence{}) {
			time.Sleep(25 * time.Hour) // a process would leave the read behind
		}
	})
	b.t.Logf("computetarget %s: exit code %d after %s\n%s%s", strings.Join(args, " "), e.code, e.took, e.out, e.errors)
	return e
}

// wire is network as a process takes it.
func (b *bubble) wire() func(http.RoundTripper) http.RoundTripper {
	network := b.network
	if network == nil {
		return nil
	}
	return func(next http.RoundTripper) http.RoundTripper {
		return carrier(func(r *http.Request) (*http.Response, error) { return network(r, next) })
	}
}

// silence is a stdin that nobody writes to for a day.
type silence struct{}

func (silence) Read([]byte) (int, error) {
	time.Sleep(24 * time.Hour)
	return 0, io.EOF
}

// must runs computetarget, which has to end with exit code 0.
func (b *bubble) must(args ...string) ended {
	b.t.Helper()
	e := b.run(args...)
	if e.code != 0 {
		b.t.Fatalf("computetarget %s: exit code %d\n%s", strings.Join(args, " "), e.code, e.errors)
	}
	return e
}

// paste runs a line that was printed for any shell: variables, computetarget and
// its arguments. Nothing is known then but HOME.
func (b *bubble) paste(line string) ended {
	b.t.Helper()
	words := strings.Fields(line) // the folders of tests have no blanks
	env := map[string]string{"HOME": b.env["HOME"]}
	for len(words) > 0 && words[0] != "computetarget" {
		name, value, ok := strings.Cut(words[0], "=")
		if !ok {
			break
		}
		env[name], words = value, words[1:]
	}
	if len(words) < 2 || strings.Contains(line, "'") {
		b.t.Fatalf("not a line to paste: %s", line)
	}
	elsewhere := *b
	elsewhere.env = env
	e := elsewhere.must(words[1:]...)
	b.now = elsewhere.now
	return e
}

// state is the state of a compute, "" when it is not there; nothing is in the
// way of this look.
func (b *bubble) state(name string) string {
	b.t.Helper()
	free := *b
	free.network, free.beside, free.in = nil, nil, nil
	e := free.run("show", name)
	b.now = free.now
	var c struct{ State string }
	if e.code == 3 {
		return ""
	}
	if err := json.Unmarshal([]byte(e.out), &c); err != nil {
		b.t.Fatal(err)
	}
	return c.State
}

// emulator calls f with the emulator of the bubble, inside it.
func (b *bubble) emulator(f func(e *emulator.Emulator) error) {
	b.t.Helper()
	synctest.Test(b.t, func(t *testing.T) {
		time.Sleep(time.Until(b.now))
		e := b.open()
		defer e.Close() //nolint:errcheck // what was acknowledged is on disk
		if err := f(e); err != nil {
			t.Fatal(err)
		}
		b.now = time.Now()
	})
}

// like gives a bubble the state of another, in the file it already has: one that
// is made anew costs more than the command.
func (b *bubble) like(other *bubble) {
	b.t.Helper()
	const dir = "COMPUTETARGET_EMULATOR_DIR"
	file := filepath.Join(b.env[dir], "state.log")
	state, err := os.ReadFile(filepath.Join(other.env[dir], "state.log"))
	if errors.Is(err, fs.ErrNotExist) {
		err = os.RemoveAll(file) // nothing was done there
	} else {
		err = errors.Join(err, os.MkdirAll(b.env[dir], 0o700), os.WriteFile(file, state, 0o600))
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.now, b.network = other.now, nil
}

func (b *bubble) open() *emulator.Emulator {
	pace, err := emulator.ParsePace(b.env["COMPUTETARGET_EMULATOR_PACE"])
	if err != nil {
		b.t.Fatal(err)
	}
	e, err := emulator.New(emulator.Options{Dir: b.env["COMPUTETARGET_EMULATOR_DIR"], Pace: pace})
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// service is the emulator as what answers at another endpoint: what a network
// function carries requests to when the environment names one.
func (b *bubble) service() http.RoundTripper { return b.open().Transport() }

// computePath is the resource id of a compute in the emulator's workspace.
func computePath(name string) string {
	return "/subscriptions/" + emulator.Subscription + "/resourceGroups/" + emulator.ResourceGroup +
		"/providers/Microsoft.MachineLearningServices/workspaces/" + emulator.Workspace + "/computes/" + name
}

// load puts an instance into a state.
func (b *bubble) load(name, state string) {
	b.t.Helper()
	list, err := json.Marshal([]map[string]any{{
		"id":         computePath(name),
		"properties": map[string]any{"computeType": "ComputeInstance", "properties": map[string]any{"vmSize": "STANDARD_DS3_V2", "state": state}},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.emulator(func(e *emulator.Emulator) error {
		_, err := e.Load(context.Background(), list)
		return err
	})
}

// carrier is a function as an http.RoundTripper.
type carrier func(*http.Request) (*http.Response, error)

func (f carrier) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answered is an answer to a request: a status, headers written "Name: value",
// and a body.
func answered(r *http.Request, status int, body string, headers ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// lost carries a request to its end and loses the answer.
func lost(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

// rewritten is an answer with its body changed.
func rewritten(resp *http.Response, change func([]byte) []byte) (*http.Response, error) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	body = change(body)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// sealed lets no request through. What it returns is the first one that was
// tried, "" when there was none.
func (b *bubble) sealed() *string {
	tried := new(string)
	var first sync.Once
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		first.Do(func() { *tried = r.Method + " " + r.URL.Path })
		return answered(r, http.StatusForbidden, `{"error":{"code":"Sealed","message":"no request was to be made"}}`), nil
	}
	return tried
}
