package cmd_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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
		before  string // the state that the verb begins in
		verb    string
		method  string
		path    string
		then    string // the state at the end
		spoiled func(*http.Request, http.RoundTripper) (*http.Response, error)
	}{
		{"create cut off", "", "create dev -s Standard_DS3_v2", "PUT", "/computes/dev", "Running", lost},
		{"start cut off", "Stopped", "start dev", "POST", "/start", "Running", lost},
		{"stop cut off", "Running", "stop dev", "POST", "/stop", "Stopped", lost},
		{"restart cut off", "Running", "restart dev", "POST", "/restart", "Running", lost},
		{"delete cut off", "Running", "delete dev", "DELETE", "/computes/dev", "", lost},
		{"start behind a bad gateway", "Stopped", "start dev", "POST", "/start", "Running", badGateway},
		{"start without waiting", "Stopped", "start dev --no-wait", "POST", "/start", "Running", lost},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := virtual(t)
			if test.before != "" {
				b.load("dev", test.before)
			}
			sent := 0
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				if r.Method != test.method || !strings.HasSuffix(r.URL.Path, test.path) {
					return next.RoundTrip(r)
				}
				sent++
				return test.spoiled(r, next)
			}
			b.must(strings.Fields(test.verb)...)
			if sent != 1 {
				t.Errorf("%s was sent %d times", test.method, sent)
			}
			if test.then != "" {
				b.must("wait", "dev")
			}
			if got := b.state("dev"); got != test.then {
				t.Errorf("it is %q, not %q", got, test.then)
			}
		})
	}
}

// badGateway carries a request to its end and answers with the page of a
// gateway that gave up.
func badGateway(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	if _, err := lost(r, next); err != io.ErrUnexpectedEOF { //nolint:errorlint // as lost returns it
		return nil, err
	}
	return answered(r, http.StatusBadGateway, "<html><head><title>502 Bad Gateway</title></head></html>", "Content-Type: text/html"), nil
}

// Troubles of a service that will pass are ridden out, before a request was
// accepted and in the middle of a wait.
func TestTroublesPass(t *testing.T) {
	t.Parallel()
	const throttled = `{"error":{"code":"TooManyRequests","message":"Too many requests."}}`
	for _, trouble := range []struct {
		name string
		make func(*http.Request) (*http.Response, error)
		// writes is true when the trouble says that a write was not carried out.
		writes bool
	}{
		{"throttled", func(r *http.Request) (*http.Response, error) {
			return answered(r, http.StatusTooManyRequests, throttled, "Retry-After: 1"), nil
		}, true},
		{"unavailable", func(r *http.Request) (*http.Response, error) {
			return answered(r, http.StatusServiceUnavailable, "", "Retry-After-Ms: 50"), nil
		}, true},
		{"cut off", func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, false},
		{"a web page", func(r *http.Request) (*http.Response, error) {
			return answered(r, http.StatusBadGateway, "<html><head><title>502 Bad Gateway</title></head></html>", "Content-Type: text/html"), nil
		}, false},
		{"nonsense", func(r *http.Request) (*http.Response, error) {
			return answered(r, http.StatusOK, `{"properties":`), nil
		}, false},
	} {
		t.Run(trouble.name, func(t *testing.T) {
			t.Parallel()
			b := virtual(t)
			b.load("dev", "Running")
			accepted, spoiled := false, 0
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				// What says nothing about a write comes once the wait is under way.
				if strikes := trouble.writes || accepted; strikes && spoiled < 3 {
					spoiled++
					return trouble.make(r)
				}
				accepted = accepted || r.Method == http.MethodPost
				return next.RoundTrip(r)
			}
			if got := b.must("stop", "dev", "--query", "state", "-o", "tsv"); got.out != "Stopped\n" {
				t.Errorf("stop: %q", got.out)
			}
			if spoiled != 3 {
				t.Errorf("%d answers were spoiled", spoiled)
			}
		})
	}
}

// A service that asks to be left alone for a minute is left alone that long.
func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	asked := 0
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if asked++; asked > 2 {
			return next.RoundTrip(r)
		}
		return answered(r, http.StatusTooManyRequests, "", "Retry-After: 17"), nil
	}
	if got := b.must("list"); asked != 3 || got.took != 34*time.Second {
		t.Errorf("asked %d times in %s", asked, got.took)
	}
}

// A service that never stops refusing ends the command: try later (8).
func TestThrottledBeyondPatience(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answered(r, http.StatusTooManyRequests, `{"error":{"code":"TooManyRequests","message":"Too many requests."}}`, "Retry-After-Ms: 10"), nil
	}
	e := b.run("list")
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
//
// Real time: connections are made to hosts that must not get one.
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
	const endpoint = "http://127.0.0.1:8443"
	b := virtual(t, "COMPUTETARGET_CLOUD=", "COMPUTETARGET_ENDPOINT="+endpoint, "COMPUTETARGET_AUTH_MODE=token",
		"COMPUTETARGET_ACCESS_TOKEN="+token(begin.Add(24*time.Hour)))
	var accepted, over atomic.Bool
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if accepted.Load() && !over.Load() {
			return answered(r, http.StatusUnauthorized,
				`{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry UTC time is earlier than current UTC time."}}`,
				`WWW-Authenticate: Bearer authorization_uri="https://login.windows.net/", error="invalid_token"`), nil
		}
		if r.Method == http.MethodPut {
			accepted.Store(true)
		}
		return b.service().RoundTrip(r)
	}
	e := b.run("create", "dev", "-s", "Standard_DS3_v2")
	if e.code != 6 || e.out != "" {
		t.Errorf("exit code %d\n%s", e.code, e.out)
	}
	for _, part := range []string{"ERROR: (ExpiredAuthenticationToken)", "the create of dev goes on", "az login",
		"to wait again: COMPUTETARGET_ENDPOINT=" + endpoint + " computetarget wait dev "} {
		if !strings.Contains(e.errors, part) {
			t.Errorf("%q is not said:\n%s", part, e.errors)
		}
	}
	over.Store(true)
	if got := b.must("wait", "dev", "--query", "state"); got.out != "\"Running\"\n" {
		t.Errorf("it is %s", got.out)
	}
}

// Hardly anything can be asked by somebody who may not look: the checks before
// a create that are refused are left out, and the create goes on.
//
// Real time: a listener answers, as Azure does.
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
