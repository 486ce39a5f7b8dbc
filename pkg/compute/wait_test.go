package compute

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errReset = errors.New("read: connection reset by peer")

func TestPassingTroubleIsRiddenOut(t *testing.T) {
	t.Parallel()
	troubles := map[string]func(*http.Request) (*http.Response, error){
		"reset":      func(*http.Request) (*http.Response, error) { return nil, errReset },
		"refused":    func(*http.Request) (*http.Response, error) { return nil, &net.OpError{Op: "dial", Err: errReset} },
		"dns":        func(*http.Request) (*http.Response, error) { return nil, &net.DNSError{Err: "no such host"} },
		"500":        func(*http.Request) (*http.Response, error) { return reply(500, `{"error":{"code":"X"}}`), nil },
		"404 HTML":   func(*http.Request) (*http.Response, error) { return reply(404, `<html>`), nil },
		"403 HTML":   func(*http.Request) (*http.Response, error) { return reply(403, `<html>`), nil },
		"502 HTML":   func(*http.Request) (*http.Response, error) { return reply(502, `<html>`), nil },
		"200 HTML":   func(*http.Request) (*http.Response, error) { return reply(200, `<html>`), nil },
		"200 empty":  func(*http.Request) (*http.Response, error) { return reply(200, ``), nil },
		"truncated":  func(*http.Request) (*http.Response, error) { return reply(200, `{"value":[{"name":"ci"`), nil },
		"429":        func(*http.Request) (*http.Response, error) { return reply(429, ``), nil },
		"503":        func(*http.Request) (*http.Response, error) { return reply(503, ``), nil },
		"401 once":   nil,
		"wrong JSON": func(*http.Request) (*http.Response, error) { return reply(200, `{"value":{"a":1}}`), nil },
	}
	for what, trouble := range troubles {
		for _, names := range [][]string{{"ci"}, {"ci", "other"}} {
			t.Run(fmt.Sprintf("%s %d", what, len(names)), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t)
					for _, name := range names {
						f.add(name, StateRunning, "Start Succeeded")
					}
					bad := 0
					f.answer = func(n int, req *http.Request) (*http.Response, error) {
						elapsed := time.Since(f.begun)
						if req.Method != http.MethodGet || elapsed < 3*time.Second || elapsed > 90*time.Second {
							return nil, nil
						}
						if trouble == nil {
							if bad++; bad == 2 {
								return reply(401, ``), nil
							}
							return nil, nil
						}
						bad++
						return trouble(req)
					}
					events := 0
					for _, out := range f.client().Stop(t.Context(), names, ActOptions{OnEvent: func(e Event) {
						if e.Kind == EventTrouble {
							events++
						}
					}}) {
						if out.Err != nil || out.Compute.State() != StateStopped {
							t.Errorf("%v\n%s", out.Err, f.requests())
						}
					}
					if bad == 0 || events == 0 {
						t.Errorf("%d troubles, %d told of", bad, events)
					}
				})
			})
		}
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]time.Duration{"Retry-After: 25": 25 * time.Second, "retry-after-ms: 200": 200 * time.Millisecond, "x-ms-retry-after-ms: 13000": 13 * time.Second} {
			f := newFake(t)
			f.add("ci", StateRunning, "Start Succeeded")
			var at time.Time
			var gap time.Duration
			f.answer = func(n int, req *http.Request) (*http.Response, error) {
				switch {
				case !at.IsZero() && gap == 0:
					gap = time.Since(at)
				case n == 4:
					at = time.Now()
					return reply(429, "", header), nil
				}
				return nil, nil
			}
			if out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]; out.Err != nil {
				t.Error(out.Err)
			}
			if gap != want {
				t.Errorf("%s: asked again after %s", header, gap)
			}
		}
	})
}

func TestIntervalsGrowFromOneSecondToTen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		var gaps []time.Duration
		for i := 1; i < len(f.log); i++ {
			if gap := f.log[i].at.Sub(f.log[i-1].at); gap > 0 {
				gaps = append(gaps, gap)
			}
		}
		if f.log[2].at != f.log[1].at {
			t.Errorf("the first look came %s after the request", f.log[2].at.Sub(f.log[1].at))
		}
		if gaps[0] < 900*time.Millisecond || gaps[0] > time.Second || slices.Max(gaps) > 10*time.Second || slices.Max(gaps) < 9*time.Second {
			t.Errorf("gaps %v", gaps)
		}
		if took := f.log[len(f.log)-1].at.Sub(f.begun); took > 2*time.Minute+10*time.Second {
			t.Errorf("what lasted 2m was noticed after %s", took)
		}
		if n := f.count("POST", "start"); n != 1 {
			t.Errorf("%d starts", n)
		}
	})
}

func TestOperationThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for body, want := range map[string]struct {
			kind Kind
			text string
		}{
			`{"status":"Failed","error":{"error":{"code":"BatchClusterFailure","message":"Operation results in exceeding quota limits of Microsoft.Batchlusters"}}}`: {KindState, "(BatchClusterFailure) Operation results in exceeding"},
			`{"status":"failed","error":{"code":"AllocationFailed","message":"{\"error\":{\"message\":\"no room\"}}"}}`:                                              {KindBusy, "(AllocationFailed) no room"},
			`{"status":"Canceled"}`: {KindState, "the start of ci ended as Canceled without a reason"},
			`{"status":"Failed","error":null,"properties":{"status":"x"}}`: {KindState, "the start of ci ended as Failed without a reason"},
		} {
			f := newFake(t)
			m := f.add("ci", StateStopped, "Stop Succeeded")
			f.answer = func(n int, req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPost {
					f.begin(m, "Start", StateStarting, StateStopped, time.Minute)
					m.next[0].last, m.next[0].status = "Start StartFailed", body
					return reply(202, "", "Azure-AsyncOperation: https://management.azure.com/operations/ci?x=1"), nil
				}
				return nil, nil
			}
			out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
			if KindOf(out.Err) != want.kind || out.Err == nil || !strings.Contains(out.Err.Error(), want.text) {
				t.Errorf("%s: %s, %v", body, KindOf(out.Err), out.Err)
			}
		}
	})
}

func TestOperationAddressIsUsedAsItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateRunning, "Start Succeeded")
		const address = "https://management.azure.com/operations/ci?api-version=2022-10-01-preview&service=new&t=6%2b3&c=MII%2FB&s=a%3d%3D&h="
		asked := ""
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if strings.Contains(req.URL.Path, "operations") {
				asked = req.URL.String()
			}
			if req.Method == http.MethodPost {
				resp := f.usual(req)
				resp.Header.Set("Azure-AsyncOperation", address)
				return resp, nil
			}
			return nil, nil
		}
		if out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]; out.Err != nil || out.Operation.URL != address {
			t.Errorf("%+v %v", out.Operation, out.Err)
		}
		if asked != address {
			t.Errorf("asked %s", asked)
		}
	})
}

func TestAddressesOfOperations(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		status  int
		headers []string
		asks    func(f *fake, m *machine) *http.Response // the operation's address
		address bool
	}{
		"location, 202 then 200": {202, []string{"Location: https://management.azure.com/operations/ci"},
			func(f *fake, m *machine) *http.Response {
				if len(m.next) > 0 {
					return reply(202, "")
				}
				return reply(200, "")
			}, true},
		"location that ends in 204": {202, []string{"Location: https://management.azure.com/operations/ci"},
			func(f *fake, m *machine) *http.Response { return reply(204, "") }, true},
		"both": {202, []string{"Location: https://management.azure.com/elsewhere", "Azure-AsyncOperation: https://management.azure.com/operations/ci"}, nil, true},
		"an address that expired": {202, []string{"Azure-AsyncOperation: https://management.azure.com/operations/ci"},
			func(f *fake, m *machine) *http.Response { return reply(404, "") }, true},
		"an invalid address": {202, []string{"Azure-AsyncOperation: %zz"}, nil, false},
		"a placeholder":      {202, []string{"Location: example_location"}, nil, false},
		"no address":         {202, nil, nil, false},
		"synchronous":        {200, nil, nil, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				m := f.add("ci", StateRunning, "Start Succeeded")
				asked := 0
				f.answer = func(n int, req *http.Request) (*http.Response, error) {
					switch {
					case req.Method == http.MethodPost:
						f.begin(m, "Stop", StateStopping, StateStopped, time.Minute)
						return reply(test.status, "", test.headers...), nil
					case strings.Contains(req.URL.Path, "operations"):
						asked++
						if test.asks != nil {
							return test.asks(f, m), nil
						}
					}
					return nil, nil
				}
				out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]
				if out.Err != nil || out.Compute.State() != StateStopped {
					t.Errorf("%s, %v\n%s", out.Compute.State(), out.Err, f.requests())
				}
				if (asked > 0) != test.address {
					t.Errorf("the address was asked %d times", asked)
				}
			})
		})
	}
}

func TestForeignHostOfAnOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, header := range []string{"Azure-AsyncOperation", "Location"} {
			for _, host := range []string{"https://evil.example/op", "http://management.azure.com/op", "https://management.azure.com.evil.example/", "https://management.azure.com@evil.example/", "https://127.0.0.1/op", "https://management.azure.com:8443/op"} {
				f := newFake(t)
				f.add("ci", StateRunning, "Start Succeeded")
				f.answer = func(n int, req *http.Request) (*http.Response, error) {
					if req.URL.Host != "management.azure.com" {
						t.Errorf("%s was asked, authorization %q", req.URL, req.Header.Get("Authorization"))
					}
					if req.Method == http.MethodPost {
						return reply(202, "", header+": "+host), nil
					}
					return nil, nil
				}
				out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]
				var refused *HostError
				if !errors.As(out.Err, &refused) || out.Operation == nil || !strings.Contains(out.Err.Error(), "goes on") {
					t.Errorf("%s %s: %v", header, host, out.Err)
				}
			}
		}
	})
}

func TestTimeoutInTheMiddleOfALook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateRunning, "Start Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if n > 1 {
				<-req.Context().Done()
				return nil, req.Context().Err()
			}
			return nil, nil
		}
		out := f.client().Wait(t.Context(), []Target{{Name: "ci"}}, WaitOptions{Goal: GoalStopped, Timeout: 500 * time.Millisecond})[0]
		if KindOf(out.Err) != KindTimeout || !strings.HasPrefix(out.Err.Error(), "ci is still Running after") {
			t.Errorf("%s: %v", KindOf(out.Err), out.Err)
		}
	})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{Timeout: 20 * time.Second})[0]
		if KindOf(out.Err) != KindTimeout || out.Err.Error() != "ci is still Starting after 20s; the start goes on" {
			t.Errorf("%s: %v", KindOf(out.Err), out.Err)
		}
		if took := time.Since(f.begun); took != 20*time.Second {
			t.Errorf("took %s", took)
		}
		if out.Compute.State() != StateStarting || out.Operation == nil || !slices.Equal(out.States, []string{StateStopped, StateStarting}) {
			t.Errorf("%+v", out)
		}
	})
}

func TestTimeoutWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if n > 3 {
				return nil, errReset
			}
			return nil, nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{Timeout: time.Minute})[0]
		if KindOf(out.Err) != KindTimeout || !strings.Contains(out.Err.Error(), "could not be asked") || !strings.Contains(out.Err.Error(), "connection reset") {
			t.Errorf("%v", out.Err)
		}
	})
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		f.add("busy", StateStopping, "Stop InProgress")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { cancel(errors.New("SIGINT")) })
		outs := f.client().Start(ctx, []string{"ci", "busy"}, ActOptions{})
		for i, want := range []string{"the wait for ci was interrupted; the start goes on", "the wait for busy was interrupted; nothing was sent: ask for the start again when that is over"} {
			if err := outs[i].Err; KindOf(err) != KindInterrupted || err.Error() != want || errors.Unwrap(err).Error() != "SIGINT" || !outs[i].Pending {
				t.Errorf("%s: %v", KindOf(err), err)
			}
		}
	})
}

func TestSleepEndsAfterASuspend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		now := func() time.Time {
			at := time.Now()
			if at.Sub(begun) > 3*time.Second {
				at = at.Add(8 * time.Hour) // the lid was closed
			}
			return at
		}
		if err := sleepBy(t.Context(), 10*time.Minute, now); err != nil || time.Since(begun) > 5*time.Second {
			t.Errorf("slept %s, %v", time.Since(begun), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestOneListServesMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		var names []string
		for i := range 20 {
			names = append(names, fmt.Sprintf("ci-%dx", i))
			f.add(names[i], StateRunning, "Start Succeeded")
		}
		for i, out := range f.client().Stop(t.Context(), names, ActOptions{}) {
			if out.Err != nil || out.Name != names[i] || out.Compute.Name != names[i] {
				t.Errorf("%s: %v", names[i], out.Err)
			}
		}
		if n := f.count("GET", "computes/ci"); n != 0 {
			t.Errorf("%d computes were read by themselves", n)
		}
		if total, budget := len(f.log), 3*20+4+60/4; total > budget {
			t.Errorf("%d requests, budget %d", total, budget)
		}
	})
}

func TestEveryTenthTickAsksOneOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		for _, name := range []string{"a1", "b1", "c1"} {
			m := f.add(name, StateRunning, "Start Succeeded")
			f.begin(m, "Stop", StateStopping, StateStopped, 10*time.Minute)
		}
		var targets []Target
		for _, name := range []string{"a1", "b1", "c1"} {
			targets = append(targets, Target{name, &Operation{Verb: VerbStop, Name: name, URL: "https://management.azure.com/operations/" + name, Accepted: time.Now()}})
		}
		outs := f.client().Wait(t.Context(), targets, WaitOptions{})
		var early []string
		for _, l := range f.log {
			if strings.Contains(l.line, "operations") && l.at.Sub(f.begun) < 10*time.Minute {
				early = append(early, l.line[len(l.line)-2:])
			}
		}
		if len(early) < 4 || !slices.Equal(early[:4], []string{"a1", "b1", "c1", "a1"}) {
			t.Errorf("asked in the middle: %v, outcomes %v\n%s", early, outs, f.requests())
		}
	})
}

func TestLargeWorkspaceIsNotListedForOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("a1", StateRunning, "Start Succeeded")
		f.add("b1", StateRunning, "Start Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(req.URL.Path, "computes") {
				return nil, nil
			}
			page := 0
			_, _ = fmt.Sscan(req.URL.Query().Get("$skip"), &page)
			if page == 4 {
				return nil, nil
			}
			return reply(200, fmt.Sprintf(`{"value":[],"nextLink":"https://management.azure.com%s?$skip=%d"}`, req.URL.Path, page+1)), nil
		}
		for _, out := range f.client().Stop(t.Context(), []string{"a1", "b1"}, ActOptions{}) {
			if out.Err != nil {
				t.Error(out.Err)
			}
		}
		if n := f.count("GET", "computes"); f.count("GET", "computes/") < 5 || n-f.count("GET", "computes/") != 5 {
			t.Errorf("the list's pages were read too often\n%s", f.requests())
		}
	})
}

func TestListWithoutStates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("a1", StateRunning, "Start Succeeded")
		f.add("b1", StateRunning, "Start Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "computes") {
				item := `{"name":"%s","properties":{"computeType":"ComputeInstance","provisioningState":"Succeeded"}}`
				return reply(200, fmt.Sprintf(`{"value":[`+item+`,`+item+`]}`, "a1", "b1")), nil
			}
			return nil, nil
		}
		for _, out := range f.client().Stop(t.Context(), []string{"a1", "b1"}, ActOptions{}) {
			if out.Err != nil || out.Compute.State() != StateStopped {
				t.Errorf("%s %v", out.Compute.State(), out.Err)
			}
		}
	})
}

func TestListMayBeForbidden(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("a1", StateRunning, "Start Succeeded")
		f.add("b1", StateRunning, "Start Succeeded")
		lists := 0
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "computes") {
				lists++
				return reply(403, `{"error":{"code":"AuthorizationFailed","message":"no"}}`), nil
			}
			return nil, nil
		}
		for _, out := range f.client().Stop(t.Context(), []string{"a1", "b1"}, ActOptions{}) {
			if out.Err != nil {
				t.Error(out.Err)
			}
		}
		if lists != 1 {
			t.Errorf("the list was asked for %d times", lists)
		}
	})
}

func TestSignInThatDies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if n > 4 {
				return reply(401, `{"error":{"code":"ExpiredAuthenticationToken","message":"too old"}}`), nil
			}
			return nil, nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if KindOf(out.Err) != KindAuth || out.Err.Error() != "(ExpiredAuthenticationToken) too old; the start of ci goes on" {
			t.Errorf("%v", out.Err)
		}
		if took := time.Since(f.begun); took > time.Minute {
			t.Errorf("noticed after %s", took)
		}
	})
}

func TestOwnCreateMayBeUnknownForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			lag    time.Duration
			header string
			want   Kind
		}{
			{40 * time.Second, "Azure-AsyncOperation: https://management.azure.com/operations/ci?x=1", -1},
			{5 * time.Minute, "Azure-AsyncOperation: https://management.azure.com/operations/ci?x=1", KindFailed},
			{40 * time.Second, "No-Operation: named", -1},
			{90 * time.Second, "No-Operation: named", KindFailed},
		} {
			lag, want := test.lag, test.want
			f := newFake(t)
			f.answer = func(n int, req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPut {
					m := f.add("ci", StateCreating, "Create InProgress")
					f.begin(m, "Create", StateCreating, StateRunning, 3*time.Minute)
					return reply(201, `{"name":"ci","properties":{"computeType":"ComputeInstance","provisioningState":"Creating","properties":{"state":null}}}`, test.header), nil
				}
				if strings.HasSuffix(req.URL.Path, "computes/ci") && time.Since(f.begun) < lag {
					return reply(404, `{"error":{"code":"ResourceNotFound","message":"no"}}`), nil
				}
				return nil, nil
			}
			c := f.client()
			op, err := c.write(t.Context(), opCreate, VerbCreate, "ci", &Spec{Location: "eastus", Instance: &InstanceSpec{VMSize: "S"}})
			if err != nil {
				t.Fatal(err)
			}
			out := c.Wait(t.Context(), []Target{{"ci", op}}, WaitOptions{})[0]
			if want < 0 && (out.Err != nil || out.Compute.State() != StateRunning) || want >= 0 && KindOf(out.Err) != want {
				t.Errorf("unknown for %s, %s: %v", lag, test.header, out.Err)
			}
		}
	})
}

func TestTransitionsAreWaitedForFirst(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what           string
		verb           Verb
		before         func(f *fake, m *machine)
		posts          int
		already        bool
		state          string
		noWait         Kind // of the error with NoWait; -1 none
		strict         Kind
		noteOfTheFirst string
	}{
		{"start while stopping", VerbStart, func(f *fake, m *machine) { f.begin(m, "Stop", StateStopping, StateStopped, time.Minute) }, 1, false, StateRunning, KindBusy, KindBusy, ""},
		{"start while starting", VerbStart, func(f *fake, m *machine) { f.begin(m, "Start", StateStarting, StateRunning, time.Minute) }, 0, true, StateRunning, -1, KindBusy, "it was on its way already"},
		{"start what runs", VerbStart, func(f *fake, m *machine) {}, 0, true, StateRunning, -1, KindConflict, ""},
		{"stop while starting", VerbStop, func(f *fake, m *machine) { f.begin(m, "Start", StateStarting, StateRunning, time.Minute) }, 1, false, StateStopped, KindBusy, KindBusy, ""},
		{"stop while a job runs", VerbStop, func(f *fake, m *machine) { m.state = StateJobRunning }, 1, false, StateStopped, -1, -1, ""},
		{"start while a job runs", VerbStart, func(f *fake, m *machine) { m.state = StateJobRunning }, 0, true, StateJobRunning, -1, KindConflict, ""},
		{"stop what is stopped", VerbStop, func(f *fake, m *machine) { m.state = StateStopped }, 0, true, StateStopped, -1, -1, ""},
		{"restart while restarting", VerbRestart, func(f *fake, m *machine) { f.begin(m, "Restart", StateRestarting, StateRunning, time.Minute) }, 0, true, StateRunning, -1, KindBusy, "it was restarting already"},
		{"restart what is stopped", VerbRestart, func(f *fake, m *machine) { m.state = StateStopped }, 1, false, StateRunning, -1, -1, "it was stopped, so it was started"},
		{"delete while deleting", VerbDelete, func(f *fake, m *machine) { f.begin(m, "Delete", StateDeleting, "", time.Minute) }, 0, false, "", -1, KindBusy, ""},
		{"start what failed to be created", VerbStart, func(f *fake, m *machine) {
			m.state, m.errors = StateCreateFailed, `[{"error":{"code":"E","message":"why"}}]`
		}, 0, false, "", KindState, KindConflict, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, mode := range []string{"", "no wait", "strict"} {
					f := newFake(t)
					test.before(f, f.add("ci", StateRunning, "Start Succeeded"))
					o := ActOptions{NoWait: mode == "no wait", Strict: mode == "strict"}
					c, names := f.client(), []string{"ci"}
					var out Outcome
					switch test.verb {
					case VerbStart:
						out = c.Start(t.Context(), names, o)[0]
					case VerbStop:
						out = c.Stop(t.Context(), names, o)[0]
					case VerbRestart:
						out = c.Restart(t.Context(), names, o)[0]
					case VerbDelete:
						out = c.Delete(t.Context(), names, o)[0]
					}
					want := map[string]Kind{"": -1, "no wait": test.noWait, "strict": test.strict}[mode]
					if test.noWait == KindState && mode == "" {
						want = KindState
					}
					if want < 0 && out.Err != nil || want >= 0 && (out.Err == nil || KindOf(out.Err) != want) {
						t.Errorf("%q: %v (%s)\n%s", mode, out.Err, KindOf(out.Err), f.requests())
						continue
					}
					if mode != "" || out.Err != nil {
						continue
					}
					if posts := f.count("POST", "") + f.count("DELETE", ""); posts != test.posts || out.Already != test.already || out.Note != test.noteOfTheFirst {
						t.Errorf("%d requests, already %v, note %q", posts, out.Already, out.Note)
					}
					if test.state != "" && out.Compute.State() != test.state {
						t.Errorf("ended %s", out.Compute.State())
					}
				}
			})
		})
	}
}

func TestBusyIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateStopped, "Stop Succeeded")
		refused := 0
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost && time.Since(f.begun) < 30*time.Second {
				refused++
				return reply(400, `{"error":{"message":"There is already an active operation submitted"}}`), nil
			}
			return nil, nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if out.Err != nil || m.state != StateRunning || refused < 2 {
			t.Errorf("%v after %d refusals", out.Err, refused)
		}
		f = newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				return reply(409, `{"error":{"code":"Conflict","message":"ci is currently being processed by another command"}}`), nil
			}
			return nil, nil
		}
		if out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{NoWait: true})[0]; KindOf(out.Err) != KindBusy {
			t.Errorf("with NoWait: %v", out.Err)
		}
	})
}

func TestStartedBySomebodyElseMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				m.state, m.last, m.lastTime = StateRunning, "Start Succeeded", time.Now()
			}
			return nil, nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if out.Err != nil || !out.Already || f.count("POST", "start") != 1 {
			t.Errorf("%+v, %d starts", out, f.count("POST", "start"))
		}
	})
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what   string
		verb   Verb
		arrive []bool // did the n-th request reach the service?
		lost   func() (*http.Response, error)
		posts  int
		fails  bool
	}{
		{"start that arrived", VerbStart, []bool{true}, func() (*http.Response, error) { return nil, errReset }, 1, false},
		{"start that arrived, 504", VerbStart, []bool{true}, func() (*http.Response, error) { return reply(504, "<html>"), nil }, 1, false},
		{"start that arrived, 500", VerbStart, []bool{true}, func() (*http.Response, error) { return reply(500, ""), nil }, 1, false},
		{"start that did not arrive", VerbStart, []bool{false, true}, func() (*http.Response, error) { return nil, errReset }, 2, false},
		{"start that never arrives", VerbStart, []bool{false, false}, func() (*http.Response, error) { return nil, errReset }, 2, true},
		{"restart that arrived", VerbRestart, []bool{true}, func() (*http.Response, error) { return nil, errReset }, 1, false},
		{"restart that did not arrive", VerbRestart, []bool{false}, func() (*http.Response, error) { return nil, errReset }, 1, true},
		{"resize that arrived", VerbResize, []bool{true}, func() (*http.Response, error) { return nil, errReset }, 1, false},
		{"resize that did not arrive", VerbResize, []bool{false}, func() (*http.Response, error) { return nil, errReset }, 1, true},
		{"resize whose answer says nothing", VerbResize, []bool{false}, func() (*http.Response, error) { return reply(200, "[]"), nil }, 1, true},
		{"delete that arrived", VerbDelete, []bool{true}, func() (*http.Response, error) { return nil, errReset }, 1, false},
		{"stop that arrived", VerbStop, []bool{true}, func() (*http.Response, error) { return nil, context.DeadlineExceeded }, 1, false},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				state := StateRunning
				if test.verb == VerbStart || test.verb == VerbResize {
					state = StateStopped
				}
				f.add("ci", state, "Reimage Succeeded")
				posts := 0
				f.answer = func(n int, req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodGet || strings.HasSuffix(req.URL.Path, "Resize") {
						return nil, nil
					}
					posts++
					if posts <= len(test.arrive) && test.arrive[posts-1] {
						f.usual(req)
					}
					if posts == len(test.arrive) && len(test.arrive) > 1 && test.arrive[posts-1] {
						return reply(202, ""), nil
					}
					return test.lost()
				}
				c, names := f.client(), []string{"ci"}
				act := map[Verb]func(context.Context, []string, ActOptions) []Outcome{VerbStart: c.Start, VerbStop: c.Stop, VerbRestart: c.Restart, VerbDelete: c.Delete,
					VerbResize: func(ctx context.Context, names []string, o ActOptions) []Outcome { return c.Resize(ctx, names, "T", o) }}[test.verb]
				out := act(t.Context(), names, ActOptions{})[0]
				if (out.Err != nil) != test.fails || posts != test.posts {
					t.Errorf("%d requests, %v\n%s", posts, out.Err, f.requests())
				}
				var e *Error
				if test.fails && (!errors.As(out.Err, &e) || KindOf(out.Err) != KindUnreachable && e.Status == 0 || out.Pending || !e.Accepted ||
					strings.Contains(out.Err.Error(), "was not sent again") != (test.verb == VerbRestart || test.verb == VerbResize)) {
					t.Errorf("%s: %v (pending: %t)", KindOf(out.Err), out.Err, out.Pending)
				}
				if !test.fails && test.posts == 1 && !out.Operation.Adopted {
					t.Errorf("%+v", out.Operation)
				}
			})
		})
	}
}

// Reads that lag by twenty seconds behind what the service does.
func TestReadsThatLagBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateStopped, "Stop Succeeded")
		type moment struct {
			at   time.Time
			json string
		}
		past := []moment{{f.begun, m.json("ci")}}
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			for tick := time.NewTicker(time.Second); ; {
				select {
				case <-stop:
					return
				case <-tick.C:
					f.mu.Lock()
					f.advance()
					past = append(past, moment{time.Now(), m.json("ci")})
					f.mu.Unlock()
				}
			}
		}()
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(req.URL.Path, "computes/ci") {
				return nil, nil
			}
			shown := past[0]
			for _, p := range past {
				if time.Since(p.at) >= 20*time.Second {
					shown = p
				}
			}
			return reply(200, shown.json), nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if out.Err != nil || out.Compute.State() != StateRunning || out.Note != "" {
			t.Errorf("%s, note %q, %v", out.Compute.State(), out.Note, out.Err)
		}
	})
}

func TestStoppedAgainMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				resp := f.usual(req)
				m.next[0].state, m.next[0].last = StateStopped, "Stop Succeeded"
				return resp, nil
			}
			return nil, nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if out.Err == nil || out.Err.Error() != "the service says that the start of ci is done, yet 30s later ci is Stopped (last operation: Stop by User)" || KindOf(out.Err) != KindFailed || out.Pending {
			t.Errorf("%v, pending %t", out.Err, out.Pending)
		}
	})
}

func TestReadsThatSayInProgressTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "computes/ci") && time.Since(f.begun) < 2*time.Minute+20*time.Second && m.last != "Stop Succeeded" {
				old := *m
				old.state, old.last = StateStopped, "Start InProgress"
				return reply(200, old.json("ci")), nil
			}
			return nil, nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if out.Err != nil || out.Compute.State() != StateRunning || out.Note != "" {
			t.Errorf("%s, note %q, %v", out.Compute.State(), out.Note, out.Err)
		}
	})
}

// What the reads show of an operation decides when its address is asked: not
// before they show something of it, at once when they show its end, and after
// some looks when they never show anything.
func TestWhenAnOperationIsAsked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what      string
		takes     time.Duration // the operation
		lag       time.Duration // of reads behind it
		from, to  time.Duration // when its address is asked first
		asked     int           // at most
		requested int           // requests in all, at most
	}{
		{"shown late", 2 * time.Minute, 2 * time.Second, 40 * time.Second, 130 * time.Second, 2, 25}, // the tenth tick asks, too
		{"over at once", 0, 0, 0, 0, 1, 4},
		{"never shown", 2 * time.Second, 20 * time.Second, time.Second, 6 * time.Second, 2, 25},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				m := f.add("ci", StateStopped, "Stop Succeeded")
				old := m.json("ci")
				var asked []time.Duration
				f.answer = func(n int, req *http.Request) (*http.Response, error) {
					now := time.Since(f.begun)
					switch {
					case req.Method == http.MethodPost:
						resp := f.usual(req)
						m.next[0].at = time.Now().Add(test.takes)
						return resp, nil
					case strings.Contains(req.URL.Path, "operations"):
						asked = append(asked, now)
					case now < test.lag:
						return reply(200, old), nil
					}
					return nil, nil
				}
				out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
				if out.Err != nil || len(asked) == 0 || len(asked) > test.asked || asked[0] < test.from || asked[0] > test.to || len(f.log) > test.requested {
					t.Errorf("asked at %v, %d requests, %v", asked, len(f.log), out.Err)
				}
			})
		})
	}
}

func TestReadsThatLagWithoutAnAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateRunning, "Start Succeeded")
		old := m.json("ci")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			switch {
			case req.Method == http.MethodPost:
				f.usual(req)
				return reply(202, ""), nil
			case time.Since(f.begun) < 5*time.Second:
				return reply(200, old), nil
			}
			return nil, nil
		}
		if out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]; out.Err != nil || out.Compute.State() != StateStopped {
			t.Errorf("%s %v", out.Compute.State(), out.Err)
		}
	})
}

func TestOperationThatSucceedsIntoAFailedState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				resp := f.usual(req)
				m.next[0].state, m.errors = StateSetupFailed, `[{"error":{"code":"ScriptFailed","message":"exit 1"}}]`
				return resp, nil
			}
			return nil, nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if KindOf(out.Err) != KindState || out.Err.Error() != "(ScriptFailed) ci is in state SetupFailed: exit 1" {
			t.Errorf("%v", out.Err)
		}
	})
}

func TestCreateOfWhatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci-a", StateCreateFailed, "Create CreateFailed").errors = `[{"error":{"code":"E","message":"why"}}]`
		out := f.client().Create(t.Context(), "ci-a", &Spec{Location: "eastus", Instance: &InstanceSpec{VMSize: "S"}}, CreateOptions{})
		if KindOf(out.Err) != KindState || out.Already || out.Err.Error() != "(E) ci-a is in state CreateFailed: why" {
			t.Errorf("%+v %v", out, out.Err)
		}
	})
}

func TestListThatForgetsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		for _, name := range []string{"a1", "b1"} {
			f.begin(f.add(name, StateStopped, "Stop Succeeded"), "Start", StateStarting, StateRunning, 2*time.Minute)
		}
		forgot := false
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/computes") && !forgot && time.Since(f.begun) > 20*time.Second {
				forgot = true
				return reply(200, `{"value":[`+f.machines["a1"].json("a1")+`]}`), nil
			}
			return nil, nil
		}
		for _, out := range f.client().Wait(t.Context(), []Target{{Name: "a1"}, {Name: "b1"}}, WaitOptions{}) {
			if out.Err != nil || out.Compute.State() != StateRunning || out.Already {
				t.Errorf("%+v %v", out, out.Err)
			}
		}
		if !forgot {
			t.Error("the list forgot nothing")
		}
		if out := f.client().Wait(t.Context(), []Target{{Name: "a1"}}, WaitOptions{Goal: GoalRunning})[0]; !out.Already {
			t.Error("what runs already was waited for")
		}
	})
}

func TestResumedWaits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what  string
		setup func(f *fake, m *machine)
		goal  Goal
		kind  Kind // -1 is success
		state string
		note  string
	}{
		{"nothing in progress", func(f *fake, m *machine) {}, GoalSettled, -1, StateRunning, ""},
		{"starting", func(f *fake, m *machine) { f.begin(m, "Start", StateStarting, StateRunning, time.Minute) }, GoalSettled, -1, StateRunning, ""},
		{"a start that fails", func(f *fake, m *machine) {
			f.begin(m, "Start", StateStarting, StateStopped, time.Minute)
			m.next[0].last = "Start StartFailed"
		}, GoalSettled, KindState, StateStopped, ""},
		{"being deleted", func(f *fake, m *machine) { f.begin(m, "Delete", StateDeleting, "", time.Minute) }, GoalSettled, -1, "", "it was deleted"},
		{"for deleted", func(f *fake, m *machine) { f.begin(m, "Delete", StateDeleting, "", time.Minute) }, GoalDeleted, -1, "", ""},
		{"not there", func(f *fake, m *machine) { m.state = "gone" }, GoalSettled, KindNotFound, "", ""},
		{"not there, for deleted", func(f *fake, m *machine) { m.state = "gone" }, GoalDeleted, -1, "", ""},
		{"for stopped, and nothing happens", func(f *fake, m *machine) {}, GoalStopped, KindTimeout, StateRunning, ""},
		{"for stopped, and somebody stops it", func(f *fake, m *machine) {
			m.next = []change{{at: time.Now().Add(time.Minute), state: StateStopping, last: "Stop InProgress"}, {at: time.Now().Add(2 * time.Minute), state: StateStopped, last: "Stop Succeeded"}}
		}, GoalStopped, -1, StateStopped, ""},
		{"for running, a job runs", func(f *fake, m *machine) { m.state = StateJobRunning }, GoalRunning, -1, StateJobRunning, ""},
		{"failed", func(f *fake, m *machine) {
			m.state, m.errors = StateSetupFailed, `[{"error":{"code":"ScriptFailed","message":"exit 1"}}]`
		}, GoalSettled, KindState, StateSetupFailed, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				test.setup(f, f.add("ci", StateRunning, "Start Succeeded"))
				out := f.client().Wait(t.Context(), []Target{{Name: "ci"}}, WaitOptions{Goal: test.goal, Timeout: 10 * time.Minute})[0]
				if test.kind < 0 && out.Err != nil || test.kind >= 0 && (out.Err == nil || KindOf(out.Err) != test.kind) {
					t.Errorf("%v", out.Err)
				}
				if test.state != "" && out.Compute.State() != test.state || out.Note != test.note {
					t.Errorf("%+v, note %q", out.Compute, out.Note)
				}
			})
		})
	}
}

func TestWrongNamesAmongGoodOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateRunning, "Start Succeeded")
		outs := f.client().Stop(t.Context(), []string{"nobody", "ci", "..", "CI-other"}, ActOptions{})
		for i, want := range []Kind{KindNotFound, -1, KindInvalid, KindNotFound} {
			if want < 0 && outs[i].Err != nil || want >= 0 && KindOf(outs[i].Err) != want {
				t.Errorf("%s: %v", outs[i].Name, outs[i].Err)
			}
		}
		out := f.client().Delete(t.Context(), []string{".."}, ActOptions{})[0]
		if KindOf(out.Err) != KindInvalid || f.count("DELETE", "") != 0 {
			t.Errorf("..: %v", out.Err)
		}
	})
}

func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.speed = 60
		f.add("ci", StateStopped, "Stop Succeeded")
		var told []string
		var last Event
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{OnEvent: func(e Event) {
			if e.Kind != EventPoll {
				told = append(told, fmt.Sprintf("%d %s", e.Kind, e.State))
			} else if e.Next <= 0 || e.Next > 10*time.Second {
				t.Errorf("next in %s", e.Next)
			}
			last = e
		}})[0]
		if want := []string{"0 Stopped", "2 Stopped", "0 Starting", "0 Running", "4 Running"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		// The service's clock runs sixty times as fast as ours.
		if out.Elapsed < 2*time.Hour || out.Elapsed > 2*time.Hour+11*time.Minute || last.Elapsed != out.Elapsed {
			t.Errorf("elapsed %s and %s", out.Elapsed, last.Elapsed)
		}
		if !slices.Equal(out.States, []string{StateStopped, StateStarting, StateRunning}) {
			t.Errorf("path %v", out.States)
		}
	})
}

func TestNoWaitReturnsAfterAcceptance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{NoWait: true})[0]
		if out.Err != nil || out.Operation == nil || len(f.log) != 2 {
			t.Errorf("%+v, %d requests", out, len(f.log))
		}
	})
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("a1", StateRunning, "Start Succeeded")
		f.add("b1", StateRunning, "Start Succeeded")
		var shown []string
		c := dial(t, f.serve, Options{DryRun: func(r Request) { shown = append(shown, r.Method+" "+r.URL[len(r.URL)-40:]) }})
		for _, out := range c.Stop(t.Context(), []string{"b1", "a1"}, ActOptions{}) {
			if !errors.Is(out.Err, ErrDryRun) {
				t.Error(out.Err)
			}
		}
		if want := []string{"POST ws/computes/b1/stop?api-version=2025-12-01", "POST ws/computes/a1/stop?api-version=2025-12-01"}; len(shown) != 2 || !strings.HasSuffix(want[0], shown[0][5:]) || !strings.HasSuffix(want[1], shown[1][5:]) {
			t.Errorf("shown %v", shown)
		}
		if f.count("POST", "") != 0 {
			t.Error("a request was sent")
		}
	})
}

// An error tells whether something may have been changed, whatever its kind.
func TestErrorsTellWhetherAWriteWasAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for what, test := range map[string]struct {
			answer   func(*fake, *http.Request) (*http.Response, error)
			accepted bool
		}{
			"refused": {func(f *fake, req *http.Request) (*http.Response, error) {
				return reply(400, `{"error":{"code":"BadRequest","message":"no"}}`), nil
			}, false},
			"accepted, then it failed": {func(f *fake, req *http.Request) (*http.Response, error) {
				resp := f.usual(req)
				f.machines["ci"].next[0].status = `{"status":"Failed","error":{"code":"BadRequest","message":"no"}}`
				return resp, nil
			}, true},
			"no answer": {func(f *fake, req *http.Request) (*http.Response, error) { return nil, errReset }, true},
		} {
			f := newFake(t)
			f.add("ci", StateRunning, "Start Succeeded")
			f.answer = func(n int, req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPost {
					return test.answer(f, req)
				}
				return nil, nil
			}
			out := f.client().Restart(t.Context(), []string{"ci"}, ActOptions{Timeout: 10 * time.Minute})[0]
			var e *Error
			if !errors.As(out.Err, &e) || e.Accepted != test.accepted {
				t.Errorf("%s: %+v", what, out.Err)
			}
		}
	})
}

// An address that gives nothing usable is asked five times and no more. The
// compute decides, also when it went somewhere else.
func TestAddressOfNoUseIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for end, want := range map[string]Kind{StateRunning: -1, StateStopped: KindFailed} {
			f := newFake(t)
			m := f.add("ci", StateStopped, "Stop Succeeded")
			asked := 0
			f.answer = func(n int, req *http.Request) (*http.Response, error) {
				switch {
				case req.Method == http.MethodPost:
					resp := f.usual(req)
					m.next[0].state = end
					return resp, nil
				case strings.Contains(req.URL.Path, "operations"):
					asked++
					return reply(200, `{"status":"Banana"}`), nil
				}
				return nil, nil
			}
			out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{Timeout: time.Hour})[0]
			if want < 0 && out.Err != nil || want >= 0 && KindOf(out.Err) != want || asked != badPatience {
				t.Errorf("ends %s, asked %d times: %v", end, asked, out.Err)
			}
			if took := time.Since(f.begun); took > 3*time.Minute {
				t.Errorf("ends %s: took %s", end, took)
			}
		}
	})
}

// Wrong input is what changed nothing; after an acceptance it is something else.
func TestRefusedLookIsNoWrongInput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateRunning, "Start Succeeded")
		f.answer = func(n int, req *http.Request) (*http.Response, error) {
			if n > 2 {
				return reply(400, `{"error":{"code":"BadRequest","message":"no"}}`), nil
			}
			return nil, nil
		}
		out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]
		var e *Error
		if !errors.As(out.Err, &e) || e.Kind != KindFailed || !e.Accepted || !out.Pending || e.Error() != "(BadRequest) no; the stop of ci goes on" {
			t.Errorf("%+v, pending %t", out.Err, out.Pending)
		}
	})
}

// Before is asked once, when all were looked at by one read of the list, and its
// error keeps every request from being sent.
func TestBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		for _, name := range []string{"a1", "b1", "c1"} {
			f.add(name, StateRunning, "Start Succeeded")
		}
		f.add("nodes", "", "").kind = TypeCluster
		names := []string{"a1", "nodes", "b1", "c1", "gone"}
		no := errors.New("no")
		asked := 0
		outs := f.client().Stop(t.Context(), names, ActOptions{Before: func(seen []Outcome) error {
			asked++
			for i, o := range seen {
				if o.Name != names[i] || (o.Err != nil) != (o.Name == "nodes" || o.Name == "gone") || (o.Compute == nil) != (o.Name == "gone") {
					t.Errorf("%+v", o)
				}
			}
			if f.count("GET", "") != 2 || f.count("POST", "") != 0 { // the list, and the one it left out
				t.Errorf("asked after\n%s", f.requests())
			}
			return no
		}})
		if asked != 1 || f.count("POST", "") != 0 {
			t.Errorf("asked %d times\n%s", asked, f.requests())
		}
		for i, kind := range []Kind{KindFailed, KindInvalid, KindFailed, KindFailed, KindNotFound} {
			if KindOf(outs[i].Err) != kind || (kind == KindFailed) != errors.Is(outs[i].Err, no) {
				t.Errorf("%s: %v", outs[i].Name, outs[i].Err)
			}
		}
		if VerbDelete.Check(outs[1].Compute) != nil || KindOf(VerbStop.Check(outs[1].Compute)) != KindInvalid || VerbStop.Check(outs[0].Compute) != nil {
			t.Error("Check says something else")
		}
	})
}

// A size that one instance cannot get is known before the first is resized.
func TestBeforeAResize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("a1", StateStopped, "Stop Succeeded")
		f.add("b1", StateStopped, "Stop Succeeded")
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "b1/getAllowedVmSizesForResize") {
				return reply(200, `{"value":[{"name":"U"}]}`), nil
			}
			return nil, nil
		}
		for _, refuse := range []bool{true, false} {
			outs := f.client().Resize(t.Context(), []string{"a1", "b1"}, "T", ActOptions{Before: func(seen []Outcome) error {
				if seen[0].Err != nil || KindOf(seen[1].Err) != KindInvalid {
					t.Errorf("%v, %v", seen[0].Err, seen[1].Err)
				}
				if refuse {
					return seen[1].Err
				}
				return nil
			}})
			if sent := f.count("POST", "a1/resize"); (sent == 0) != refuse || (outs[0].Err == nil) == refuse || f.count("POST", "b1/resize") != 0 {
				t.Errorf("%v, %v\n%s", outs[0].Err, outs[1].Err, f.requests())
			}
		}
	})
}

// Nothing is sent when the time ends while the caller decides.
func TestBeforeThatIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateRunning, "Start Succeeded")
		ctx, cancel := context.WithCancel(t.Context())
		out := f.client().Stop(ctx, []string{"ci"}, ActOptions{Before: func([]Outcome) error { cancel(); return nil }})[0]
		if KindOf(out.Err) != KindInterrupted || out.Pending || f.count("POST", "") != 0 || !strings.HasSuffix(out.Err.Error(), "nothing was sent") {
			t.Errorf("%v, pending %t\n%s", out.Err, out.Pending, f.requests())
		}
	})
}

// To delete takes what a compute stands for with it, to detach leaves it alone.
func TestDeleteAndDetachSayWhatBecomesOfTheResource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for want, verb := range map[string]func(*Client, context.Context, []string, ActOptions) []Outcome{"Delete": (*Client).Delete, "Detach": (*Client).Detach} {
			f := newFake(t)
			f.add("ci", StateStopped, "Stop Succeeded")
			said := ""
			f.answer = func(_ int, req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodDelete {
					said = req.URL.Query().Get("underlyingResourceAction")
				}
				return nil, nil
			}
			if out := verb(f.client(), t.Context(), []string{"ci"}, ActOptions{})[0]; out.Err != nil || said != want {
				t.Errorf("%s asks for %q: %v", want, said, out.Err)
			}
		}
	})
}
