package cmd_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/cmd"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// person runs the built binary as somebody with an empty home does.
type person struct {
	t      *testing.T
	binary string
	dir    string
	env    []string
}

// newPerson returns somebody whose environment is PATH, HOME and env.
func newPerson(t *testing.T, env ...string) *person {
	t.Helper()
	dir := folder(t)
	return &person{t: t, binary: built(t), dir: dir, env: append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + filepath.Join(dir, "home"),
		"TERM=xterm-256color",
		"COMPUTETARGET_EMULATOR_DIR=" + filepath.Join(dir, "emulator"),
	}, env...)}
}

// emulated is somebody on an embedded emulator of its own.
func emulated(t *testing.T, pace string, env ...string) *person {
	t.Helper()
	return newPerson(t, append([]string{"COMPUTETARGET_CLOUD=emulator", "COMPUTETARGET_EMULATOR_PACE=" + pace}, env...)...)
}

// on is somebody who points at an endpoint, in the emulator's workspace.
func on(t *testing.T, endpoint string, env ...string) *person {
	t.Helper()
	return newPerson(t, append([]string{
		"COMPUTETARGET_ENDPOINT=" + endpoint,
		"COMPUTETARGET_SUBSCRIPTION=" + emulator.Subscription,
		"COMPUTETARGET_RESOURCE_GROUP=" + emulator.ResourceGroup,
		"COMPUTETARGET_WORKSPACE=" + emulator.Workspace,
	}, env...)...)
}

// command is computetarget with arguments, not started yet.
func (s *person) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s.t.Cleanup(cancel)
	c := exec.CommandContext(ctx, s.binary, args...)
	c.Dir, c.Env = s.dir, s.env
	return c
}

// ended is how a command ended.
type ended struct {
	code        int
	out, errors string
	took        time.Duration // on the clock of a bubble
}

// run runs computetarget to its end.
func (s *person) run(args ...string) ended {
	s.t.Helper()
	var out, errs strings.Builder
	c := s.command(args...)
	c.Stdout, c.Stderr = &out, &errs
	code := codeOf(c.Run())
	s.t.Logf("computetarget %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	return ended{code: code, out: out.String(), errors: errs.String()}
}

// here runs computetarget in this process, for what is not about the binary. It
// is in another folder, and hears no signals.
func (s *person) here(args ...string) ended {
	s.t.Helper()
	var out, errs strings.Builder
	code := cmd.Run(cmd.Process{Args: args, In: strings.NewReader(""), Out: &out, Err: &errs, Signals: make(chan os.Signal),
		Getenv: func(name string) (value string) {
			for _, entry := range s.env { // the last one counts
				if v, ok := strings.CutPrefix(entry, name+"="); ok {
					value = v
				}
			}
			return value
		}})
	s.t.Logf("computetarget %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	return ended{code: code, out: out.String(), errors: errs.String()}
}

// must runs computetarget, which has to end with exit code 0.
func (s *person) must(args ...string) ended {
	s.t.Helper()
	e := s.run(args...)
	if e.code != 0 {
		s.t.Fatalf("computetarget %s: exit code %d\n%s", strings.Join(args, " "), e.code, e.errors)
	}
	return e
}

// state is the state of a compute.
func (s *person) state(name string) string {
	s.t.Helper()
	var c struct{ State string }
	if err := json.Unmarshal([]byte(s.must("show", name).out), &c); err != nil {
		s.t.Fatal(err)
	}
	return c.State
}

// between is a server before an emulator. intercept sees every request first;
// what it does not answer (false) goes on to the emulator.
func between(t *testing.T, pace string, intercept func(w http.ResponseWriter, r *http.Request, forward http.Handler) bool) *httptest.Server {
	t.Helper()
	p, err := emulator.ParsePace(pace)
	if err != nil {
		t.Fatal(err)
	}
	e, err := emulator.New(emulator.Options{Pace: p})
	if err != nil {
		t.Fatal(err)
	}
	behind := httptest.NewServer(e)
	t.Cleanup(func() { behind.Close(); _ = e.Close() })
	to, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // addresses in answers lead here
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !intercept(w, r, forward) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}
