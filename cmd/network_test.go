package cmd_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// Whatever cuts an answer off after the service accepted the request, the
// request is not sent again and the command ends well.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		before  []string // what brings the compute where the verb can begin
		verb    []string
		method  string
		path    string
		then    string // the state at the end
		spoiled func(w http.ResponseWriter)
	}{
		{"create cut off", nil, []string{"create", "dev", "-s", "Standard_DS3_v2"}, "PUT", "/computes/dev", "Running", cut},
		{"start cut off", []string{"stop", "dev"}, []string{"start", "dev"}, "POST", "/start", "Running", cut},
		{"stop cut off", nil, []string{"stop", "dev"}, "POST", "/stop", "Stopped", cut},
		{"restart cut off", nil, []string{"restart", "dev"}, "POST", "/restart", "Running", cut},
		{"delete cut off", nil, []string{"delete", "dev"}, "DELETE", "/computes/dev", "", cut},
		{"start behind a bad gateway", []string{"stop", "dev"}, []string{"start", "dev"}, "POST", "/start", "Running", badGateway},
		{"start without waiting", []string{"stop", "dev"}, []string{"start", "dev", "--no-wait"}, "POST", "/start", "Running", cut},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int32
			var armed atomic.Bool
			server := between(t, "60", func(w http.ResponseWriter, r *http.Request, forward http.Handler) bool {
				if !armed.Load() || r.Method != test.method || !strings.HasSuffix(r.URL.Path, test.path) {
					return false
				}
				sent.Add(1)
				answer := httptest.NewRecorder()
				forward.ServeHTTP(answer, r)
				if answer.Code/100 != 2 {
					t.Errorf("the service refused the request: %d %s", answer.Code, answer.Body)
				}
				test.spoiled(w)
				return true
			})
			s := on(t, server.URL)
			if test.verb[0] != "create" {
				s.must("create", "dev", "-s", "Standard_DS3_v2", "-o", "none")
			}
			if test.before != nil {
				s.must(test.before...)
			}
			armed.Store(true)
			s.must(test.verb...)
			if n := sent.Load(); n != 1 {
				t.Errorf("%s was sent %d times", test.method, n)
			}
			if test.then == "" {
				if e := s.run("show", "dev"); e.code != 3 {
					t.Errorf("after the delete it is still there")
				}
				return
			}
			s.must("wait", "dev")
			if got := s.state("dev"); got != test.then {
				t.Errorf("it is %s, not %s", got, test.then)
			}
		})
	}
}

func badGateway(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	fmt.Fprint(w, "<html><head><title>502 Bad Gateway</title></head></html>")
}

// Troubles of a service that will pass are ridden out, before a request was
// accepted and in the middle of a wait.
func TestTroublesPass(t *testing.T) {
	t.Parallel()
	troubles := []struct {
		name string
		make func(w http.ResponseWriter)
		// writes is true when the trouble says that a write was not carried out.
		writes bool
	}{
		{"throttled", func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"error":{"code":"TooManyRequests","message":"Too many requests."}}`)
		}, true},
		{"unavailable", func(w http.ResponseWriter) {
			w.Header().Set("Retry-After-Ms", "50")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, true},
		{"cut off", cut, false},
		{"a web page", badGateway, false},
		{"nonsense", func(w http.ResponseWriter) { fmt.Fprint(w, `{"properties":`) }, false},
	}
	for _, trouble := range troubles {
		t.Run(trouble.name, func(t *testing.T) {
			t.Parallel()
			var armed atomic.Bool
			var spoiled atomic.Int32
			server := between(t, "60", func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
				write := r.Method != http.MethodGet
				if !armed.Load() || write && !trouble.writes {
					return false
				}
				if spoiled.Add(1) > 3 {
					return false
				}
				trouble.make(w)
				return true
			})
			s := on(t, server.URL)
			s.must("create", "dev", "-s", "Standard_DS3_v2", "--no-wait", "-o", "none")
			s.must("wait", "dev", "-o", "none")
			stopping := s.command("stop", "dev", "--query", "state", "-o", "tsv", "--verbose")
			accepted := &watcher{word: " accepted", seen: make(chan struct{})}
			var out strings.Builder
			stopping.Stdout, stopping.Stderr = &out, accepted
			armed.Store(trouble.writes) // else from the moment the wait is under way
			if err := stopping.Start(); err != nil {
				t.Fatal(err)
			}
			go func() {
				<-accepted.seen
				armed.Store(true)
			}()
			if err := stopping.Wait(); err != nil || out.String() != "Stopped\n" {
				t.Errorf("stop: %v, %q\n%s", err, out.String(), accepted)
			}
			if n := spoiled.Load(); n < 3 {
				t.Errorf("only %d answers were spoiled", n)
			}
		})
	}
}

// A service that asks to be left alone for a second is left alone that long.
func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []time.Time
	server := between(t, "instant", func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, time.Now())
		if len(asked) > 2 {
			return false
		}
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	on(t, server.URL).must("list")
	if len(asked) != 3 || asked[1].Sub(asked[0]) < time.Second || asked[2].Sub(asked[1]) < time.Second {
		t.Errorf("asked at %v", asked)
	}
}

// A service that never stops refusing ends the command: try later (8).
func TestThrottledBeyondPatience(t *testing.T) {
	t.Parallel()
	server := between(t, "instant", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.Header().Set("Retry-After-Ms", "10")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"error":{"code":"TooManyRequests","message":"Too many requests."}}`)
		return true
	})
	e := on(t, server.URL).run("list")
	if e.code != 8 || !strings.Contains(e.errors, "ERROR: (TooManyRequests)") || !strings.Contains(e.errors, "hint: ") {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
}

// token is a JWT like those of a cloud; nobody checks its signature here.
func token(expires time.Time) string {
	part := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"aud":"https://management.azure.com","exp":%d,"oid":"33333333-3333-3333-3333-333333333333","name":"ada"}`, expires.Unix())
	return part([]byte(`{"alg":"none"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}

// A token is sent to the endpoint and nowhere else, whatever an answer names.
func TestTokenStays(t *testing.T) {
	t.Parallel()
	secret := token(time.Now().Add(time.Hour))
	body := func(state string) string {
		return fmt.Sprintf(`{"id":"/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/%s/computes/dev",
			"name":"dev","location":"eastus","properties":{"computeType":"ComputeInstance","provisioningState":"Succeeded",
			"properties":{"vmSize":"STANDARD_DS3_V2","state":%q,"lastOperation":{"operationName":"Start","operationTime":"2026-01-05T08:00:00Z","operationStatus":"Succeeded","operationTrigger":"User"}}}}`,
			emulator.Subscription, emulator.ResourceGroup, emulator.Workspace, state)
	}
	show := func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/computes/dev") {
			fmt.Fprint(w, body("Running"))
			return true
		}
		return false
	}
	for _, test := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, elsewhere string)
		args   []string
	}{
		{"nextLink", func(w http.ResponseWriter, _ *http.Request, elsewhere string) {
			fmt.Fprintf(w, `{"value":[%s],"nextLink":%q}`, body("Running"), elsewhere+"/next")
		}, []string{"list"}},
		{"redirect of a read", func(w http.ResponseWriter, r *http.Request, elsewhere string) {
			http.Redirect(w, r, elsewhere+"/moved", http.StatusTemporaryRedirect)
		}, []string{"list"}},
		{"redirect of a write", func(w http.ResponseWriter, r *http.Request, elsewhere string) {
			if !show(w, r) {
				http.Redirect(w, r, elsewhere+"/moved", http.StatusPermanentRedirect)
			}
		}, []string{"stop", "dev"}},
		{"Azure-AsyncOperation", func(w http.ResponseWriter, r *http.Request, elsewhere string) {
			if !show(w, r) {
				w.Header().Set("Azure-AsyncOperation", elsewhere+"/operation")
				w.WriteHeader(http.StatusAccepted)
			}
		}, []string{"stop", "dev"}},
		{"Location", func(w http.ResponseWriter, r *http.Request, elsewhere string) {
			if !show(w, r) {
				w.Header().Set("Location", elsewhere+"/operation")
				w.WriteHeader(http.StatusAccepted)
			}
		}, []string{"stop", "dev"}},
	} {
		for _, where := range []string{"https://evil.example", "http://evil.example", "another port"} {
			t.Run(test.name+" "+where, func(t *testing.T) {
				t.Parallel()
				// Whatever is asked of another host comes here, by its address
				// or as to a proxy.
				var strayed atomic.Pointer[string]
				proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					what := r.Method + " " + r.Host + r.URL.Path
					strayed.Store(&what)
					w.WriteHeader(http.StatusForbidden)
				}))
				t.Cleanup(proxy.Close)
				elsewhere := where
				if where == "another port" {
					elsewhere = proxy.URL
				}
				var asked atomic.Int32
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					if r.Header.Get("Authorization") != "Bearer "+secret {
						t.Errorf("%s %s came without the token", r.Method, r.URL.Path)
					}
					test.answer(w, r, elsewhere)
				}))
				t.Cleanup(server.Close)
				s := on(t, server.URL, "HTTPS_PROXY="+proxy.URL, "HTTP_PROXY="+proxy.URL,
					"COMPUTETARGET_AUTH_MODE=token", "COMPUTETARGET_ACCESS_TOKEN="+secret)
				e := s.run(test.args...)
				if what := strayed.Load(); what != nil {
					t.Errorf("%s was asked", *what)
				}
				if e.code != 1 || !strings.HasPrefix(e.errors, "ERROR: ") || strings.Count(e.errors, "ERROR: ") != 1 {
					t.Errorf("exit code %d\n%s", e.code, e.errors)
				}
				if !strings.Contains(test.name, "redirect") && !strings.Contains(e.errors, strings.TrimPrefix(elsewhere, "https://")) {
					t.Errorf("the error does not name the host:\n%s", e.errors)
				}
				if strings.Contains(e.out+e.errors, secret) {
					t.Errorf("the token was printed")
				}
				if asked.Load() == 0 {
					t.Errorf("the endpoint was not asked")
				}
			})
		}
	}
}

// A token that ends in the middle of a wait ends the wait, not the operation:
// the exit code is that of a sign-in, and the line printed takes the wait up
// again once there is a token.
func TestTokenEndsInAWait(t *testing.T) {
	t.Parallel()
	var over atomic.Bool
	var accepted atomic.Bool
	server := between(t, "60", func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if r.Method == http.MethodPut {
			accepted.Store(true)
			return false
		}
		if !accepted.Load() || over.Load() {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="https://login.windows.net/", error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry UTC time is earlier than current UTC time."}}`)
		return true
	})
	s := on(t, server.URL, "COMPUTETARGET_AUTH_MODE=token", "COMPUTETARGET_ACCESS_TOKEN="+token(time.Now().Add(time.Hour)))
	e := s.run("create", "dev", "-s", "Standard_DS3_v2")
	if e.code != 6 || e.out != "" {
		t.Errorf("exit code %d\n%s", e.code, e.out)
	}
	for _, part := range []string{"ERROR: (ExpiredAuthenticationToken)", "the create of dev goes on", "az login",
		"to wait again: COMPUTETARGET_ENDPOINT=" + server.URL + " computetarget wait dev "} {
		if !strings.Contains(e.errors, part) {
			t.Errorf("%q is not said:\n%s", part, e.errors)
		}
	}
	over.Store(true)
	s.must("wait", "dev")
	if state := s.state("dev"); state != "Running" {
		t.Errorf("it is %s", state)
	}
}

// Hardly anything can be asked by somebody who may not look: the checks before
// a create that are refused are left out, and the create goes on.
func TestCreateWithoutPermissionToCheck(t *testing.T) {
	t.Parallel()
	server := between(t, "instant", func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		path := strings.ToLower(r.URL.Path)
		for _, check := range []string{"/vmsizes", "/usages", "/checkcomputenameavailability"} {
			if strings.HasSuffix(path, check) {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization."}}`)
				return true
			}
		}
		return false
	})
	s := on(t, server.URL)
	e := s.must("create", "dev", "-s", "Standard_DS3_v2")
	if !json.Valid([]byte(e.out)) || e.errors != "" {
		t.Errorf("stdout %q\nstderr %q", e.out, e.errors)
	}
}
