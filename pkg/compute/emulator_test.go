package compute_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// recorder counts requests on their way to a server.
type recorder struct {
	next http.RoundTripper
	mu   sync.Mutex
	sent []string
	// before may answer or fail a request instead of the server; after may
	// spoil the server's answer.
	before func(*http.Request) (*http.Response, error)
	after  func(*http.Request, *http.Response) (*http.Response, error)
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.sent = append(r.sent, req.Method+" "+req.URL.Path)
	r.mu.Unlock()
	if r.before != nil {
		if resp, err := r.before(req); resp != nil || err != nil {
			return resp, err
		}
	}
	resp, err := r.next.RoundTrip(req)
	if err == nil && r.after != nil {
		return r.after(req, resp)
	}
	return resp, err
}

func (r *recorder) count(method, part string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, line := range r.sent {
		if strings.HasPrefix(line, method) && strings.Contains(line, part) {
			n++
		}
	}
	return n
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = nil
}

const emulated = "https://emulator.localhost"

type bench struct {
	*compute.Client
	requests *recorder
	endpoint string
}

func newBench(t *testing.T, pace emulator.Pace) *bench {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	e, err := emulator.New(emulator.Options{Pace: pace, PageSize: 50})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	requests := &recorder{next: e.Transport()}
	client, err := compute.New(compute.Workspace{Subscription: emulator.Subscription, ResourceGroup: emulator.ResourceGroup, Name: emulator.Workspace},
		compute.Options{Endpoint: emulated, Transport: requests})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{client, requests, emulated}
}

func (b *bench) make(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		out := b.Create(t.Context(), name, instance("STANDARD_D3_V2"), compute.CreateOptions{})
		if out.Err != nil {
			t.Fatalf("create %s: %v", name, out.Err)
		}
	}
	b.requests.reset()
}

func instance(size string) *compute.Spec {
	return &compute.Spec{Instance: &compute.InstanceSpec{VMSize: size}}
}

func TestLifeOfAnInstance(t *testing.T) {
	t.Parallel()
	for _, pace := range []emulator.Pace{emulator.PaceInstant, emulator.PaceFast, emulator.PaceReal} {
		t.Run(fmt.Sprint(pace), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, pace)
				ctx := t.Context()
				out := b.Create(ctx, "ci-anna", instance("STANDARD_D3_V2"), compute.CreateOptions{})
				if out.Err != nil || out.Already || out.Compute == nil || out.Compute.State() != "Running" {
					t.Fatalf("create: %+v (%v)", out, out.Err)
				}
				for _, step := range []struct {
					verb    string
					act     func(context.Context, []string, compute.ActOptions) []compute.Outcome
					already bool
					state   string
				}{
					{"start", b.Start, true, "Running"},
					{"stop", b.Stop, false, "Stopped"},
					{"stop", b.Stop, true, "Stopped"},
					{"restart", b.Restart, false, "Running"},
					{"restart", b.Restart, false, "Running"},
					{"stop", b.Stop, false, "Stopped"},
					{"start", b.Start, false, "Running"},
				} {
					out := step.act(ctx, []string{"ci-anna"}, compute.ActOptions{})[0]
					if out.Err != nil || out.Already != step.already || out.Compute.State() != step.state {
						t.Fatalf("%s: already %v, state %s, err %v; want %v, %s", step.verb, out.Already, out.Compute.State(), out.Err, step.already, step.state)
					}
				}
				if out := b.Delete(ctx, []string{"ci-anna"}, compute.ActOptions{})[0]; out.Err != nil {
					t.Fatal(out.Err)
				}
				if _, err := b.Get(ctx, "ci-anna"); !compute.IsNotFound(err) {
					t.Errorf("after delete Get says %v", err)
				}
				if out := b.Delete(ctx, []string{"ci-anna"}, compute.ActOptions{})[0]; !compute.IsNotFound(out.Err) {
					t.Errorf("deleting again says %v", out.Err)
				}
			})
		})
	}
}

func TestWaitKeepsItsBudgetOfRequests(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 10} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, emulator.PaceReal)
				var names []string
				for i := range n {
					names = append(names, fmt.Sprintf("ci-%dx", i))
				}
				b.make(t, names...)
				for _, verb := range []string{"stop", "delete"} {
					act := map[string]func(context.Context, []string, compute.ActOptions) []compute.Outcome{"stop": b.Stop, "delete": b.Delete}[verb]
					b.requests.reset()
					begun := time.Now()
					for _, out := range act(t.Context(), names, compute.ActOptions{}) {
						if out.Err != nil {
							t.Fatal(out.Err)
						}
					}
					took := time.Since(begun)
					budget := 3*n + 4 + int(took.Seconds()/4)
					if got := len(b.requests.sent); got > budget {
						t.Errorf("%s of %d took %s and %d requests, more than %d:\n%s", verb, n, took, got, budget, strings.Join(b.requests.sent, "\n"))
					}
					if limit := 60*time.Second + 11*time.Second; took > limit {
						t.Errorf("%s that lasts 60 s was noticed after %s", verb, took)
					}
				}
			})
		})
	}
}

func TestCreateAsksLittle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		out := b.Create(t.Context(), "ci-anna", instance("STANDARD_D3_V2"), compute.CreateOptions{ActOptions: compute.ActOptions{NoWait: true}})
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		if got := len(b.requests.sent); got > 6 {
			t.Errorf("create made %d requests:\n%s", got, strings.Join(b.requests.sent, "\n"))
		}
	})
}

func TestAnswerLostAfterTheServiceAccepted(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"create", "start", "stop", "restart", "delete"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, emulator.PaceReal)
				if verb != "create" {
					b.make(t, "ci-anna")
				}
				if verb == "start" {
					b.Stop(t.Context(), []string{"ci-anna"}, compute.ActOptions{})
				}
				b.requests.reset()
				lost := 0
				b.requests.after = func(req *http.Request, resp *http.Response) (*http.Response, error) {
					if req.Method != http.MethodGet && !strings.Contains(req.URL.Path, "Availability") {
						lost++
						_ = resp.Body.Close()
						return nil, fmt.Errorf("connection reset by peer")
					}
					return resp, nil
				}
				var out compute.Outcome
				names := []string{"ci-anna"}
				switch verb {
				case "create":
					out = b.Create(t.Context(), "ci-anna", instance("STANDARD_D3_V2"), compute.CreateOptions{})
				case "start":
					out = b.Start(t.Context(), names, compute.ActOptions{})[0]
				case "stop":
					out = b.Stop(t.Context(), names, compute.ActOptions{})[0]
				case "restart":
					out = b.Restart(t.Context(), names, compute.ActOptions{})[0]
				case "delete":
					out = b.Delete(t.Context(), names, compute.ActOptions{})[0]
				}
				if out.Err != nil || lost != 1 || out.Operation == nil || !out.Operation.Adopted {
					t.Fatalf("%d requests sent, outcome %+v, err %v", lost, out, out.Err)
				}
				want := map[string]string{"create": "Running", "start": "Running", "stop": "Stopped", "restart": "Running", "delete": "Deleting"}[verb]
				if got := out.Compute.State(); got != want {
					t.Errorf("ended %s, want %s", got, want)
				}
			})
		})
	}
}

// A state that breaks in the middle of a wait is told at once: the next look
// would find an empty emulator and say that the instance was deleted.
func TestStateThatBreaksDuringAWait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e, err := emulator.New(emulator.Options{Dir: dir, Pace: emulator.PaceReal})
	if err != nil {
		t.Fatal(err)
	}
	ws := compute.Workspace{Subscription: emulator.Subscription, ResourceGroup: emulator.ResourceGroup, Name: emulator.Workspace}
	c, err := compute.New(ws, compute.Options{Endpoint: "https://emulator.localhost", Transport: e.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	out := c.Create(t.Context(), "desk", instance("STANDARD_D3_V2"), compute.CreateOptions{ActOptions: compute.ActOptions{OnEvent: func(e compute.Event) {
		if e.Kind == compute.EventAccepted {
			if err := os.WriteFile(filepath.Join(dir, "state.log"), []byte("nothing"), 0o600); err != nil {
				t.Error(err)
			}
		}
	}}})
	var broken *emulator.StoreError
	if !errors.As(out.Err, &broken) || broken.MovedTo == "" || out.Err.Error() != broken.Error() {
		t.Errorf("error = %v", out.Err)
	}
}
