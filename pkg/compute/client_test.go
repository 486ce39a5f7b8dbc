package compute

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// fixed is a credential that always has the same token, or the same error.
type fixed struct{ err error }

func (f fixed) GetToken(context.Context, azpolicy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "s3cret", ExpiresOn: time.Now().Add(time.Hour)}, f.err
}

func TestNewRefusesWrongEndpoints(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"management.azure.com", "http://management.azure.com", "ftp://x", "https://", "https://a:b@host", "https://host?x=1", "https://host#f", "%zz", "http://10.0.0.1:80"} {
		if _, err := New(testWorkspace, Options{Endpoint: endpoint}); KindOf(err) != KindInvalid || err == nil {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{"", "https://management.chinacloudapi.cn/", "http://localhost:8443", "http://127.0.0.1:1", "http://[::1]:1", "https://arm.example/prefix"} {
		if _, err := New(testWorkspace, Options{Endpoint: endpoint}); err != nil {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

func TestTokenHosts(t *testing.T) {
	t.Parallel()
	suffixes := []string{"*.api.azureml.ms", ".Example.NET", "other.example.org"}
	for _, test := range []struct {
		endpoint, address string
		allowed           bool
	}{
		{"https://management.azure.com", "https://management.azure.com/x", true},
		{"https://management.azure.com", "https://MANAGEMENT.azure.com:443/x", true},
		{"https://management.azure.com", "https://eastus.api.azureml.ms/x", true},
		{"https://management.azure.com", "https://a.example.net/", true},
		{"https://management.azure.com", "https://other.example.org/", true},
		{"https://management.azure.com", "https://api.azureml.ms/x", false},
		{"https://management.azure.com", "https://.api.azureml.ms/x", false},
		{"https://management.azure.com", "https://evilapi.azureml.ms/x", false},
		{"https://management.azure.com", "https://x.api.azureml.ms.evil.example/x", false},
		{"https://management.azure.com", "https://sub.other.example.org/", false},
		{"https://management.azure.com", "https://eastus.api.azureml.ms:8443/x", false},
		{"https://management.azure.com", "http://management.azure.com/x", false},
		{"https://management.azure.com", "http://eastus.api.azureml.ms/x", false},
		{"https://management.azure.com", "https://management.azure.com./x", false},
		{"https://management.azure.com", "https://user@management.azure.com/x", false},
		{"https://management.azure.com", "https://localhost/x", false},
		{"https://management.azure.com", "http://127.0.0.1/x", false},
		{"https://arm.example:8443", "https://arm.example:8443/x", true},
		{"https://arm.example:8443", "https://arm.example/x", false},
		{"http://127.0.0.1:8443", "http://127.0.0.1:8443/x", true},
		{"http://127.0.0.1:8443", "http://localhost:8443/x", true},
		{"http://127.0.0.1:8443", "https://[::1]:8443/x", true},
		{"http://127.0.0.1:8443", "http://127.0.0.1:9999/x", false},
		{"http://127.0.0.1:8443", "https://localhost/x", false},
		{"http://127.0.0.1:8443", "ftp://127.0.0.1:8443/x", false},
		{"https://127.0.0.1:8443", "http://127.0.0.1:8443/x", false},
		{"http://127.0.0.1:8443", "https://eastus.api.azureml.ms/x", false},
		{"http://127.0.0.1:8443", "http://127.0.0.1.evil.example/x", false},
		{"http://localhost:8443", "http://localhost.evil.example/x", false},
	} {
		endpoint, err := url.Parse(test.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		address, err := url.Parse(test.address)
		if err != nil {
			t.Fatal(err)
		}
		if got := newTokenHosts(endpoint, suffixes).allow(address); got != test.allowed {
			t.Errorf("%s may send a token to %s: %v", test.endpoint, test.address, got)
		}
	}
}

func TestTokenIsNotSentWhereAnAnswerPoints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for what, answer := range map[string]*http.Response{
			"next page": reply(200, `{"value":[],"nextLink":"https://evil.example/next?x=1"}`),
			"redirect":  reply(307, "", "Location: https://evil.example/"),
			"moved":     reply(301, "", "Location: https://evil.example/"),
		} {
			asked := 0
			c := dial(t, func(req *http.Request) (*http.Response, error) {
				asked++
				if req.URL.Host != "management.azure.com" {
					t.Errorf("%s: %s was asked", what, req.URL)
				}
				if req.Header.Get("Authorization") != "Bearer s3cret" {
					t.Errorf("%s: authorization %q", what, req.Header.Get("Authorization"))
				}
				return answer, nil
			}, Options{Credential: fixed{}})
			_, err := c.All(t.Context())
			if err == nil || asked != 1 {
				t.Errorf("%s: %v after %d requests", what, err, asked)
			}
			var host *HostError
			if what == "next page" && (!errors.As(err, &host) || host.Host != "evil.example") {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for err, want := range map[error]Kind{
			errors.New("az login has expired"):                             KindAuth,
			&net.DNSError{Err: "no such host", Name: "login.example"}:      KindUnreachable,
			fmt.Errorf("token: %w", &net.OpError{Op: "dial", Err: io.EOF}): KindUnreachable,
		} {
			c := dial(t, func(req *http.Request) (*http.Response, error) {
				t.Error("a request was sent without a token")
				return reply(200, "{}"), nil
			}, Options{Credential: fixed{err}})
			_, got := c.Get(t.Context(), "ci")
			if KindOf(got) != want || !errors.Is(got, err) || !strings.Contains(got.Error(), err.Error()) {
				t.Errorf("%v: %s %v", err, KindOf(got), got)
			}
		}
	})
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ids := map[string]bool{}
		n := 0
		c := dial(t, func(req *http.Request) (*http.Response, error) {
			h := req.Header
			ids[h.Get("x-ms-client-request-id")] = true
			if h.Get("x-ms-correlation-request-id") != "corr" || h.Get("User-Agent") != "computetarget/9" || h.Get("Accept") != "application/json" {
				t.Errorf("headers %v", h)
			}
			if n++; n == 1 {
				return reply(503, ""), nil
			}
			return reply(404, `{"error":{"code":"ResourceNotFound","message":"no"}}`, "x-ms-request-id: r1"), nil
		}, Options{CorrelationID: "corr", Application: "computetarget/9"})
		_, err := c.Get(t.Context(), "ci")
		var e *Error
		if !errors.As(err, &e) || e.RequestID != "r1" || e.CorrelationID != "corr" || e.Operation != "Compute_Get" || e.Status != 404 || e.Name != "ci" {
			t.Errorf("%+v", e)
		}
		if len(ids) != 2 || ids[""] {
			t.Errorf("request ids %v", ids)
		}
	})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := &net.OpError{Op: "dial", Err: errReset}
		for _, test := range []struct {
			what   string
			write  bool
			status int
			err    error
			tries  int
			lost   bool
		}{
			{"read, 429", false, 429, nil, 5, false},
			{"read, 500", false, 500, nil, 5, false},
			{"read, 504", false, 504, nil, 5, false},
			{"read, reset", false, 0, errReset, 5, false},
			{"read, refused", false, 0, refused, 2, false},
			{"read, unknown host", false, 0, &net.DNSError{Err: "no such host"}, 1, false},
			{"read, 404", false, 404, nil, 1, false},
			{"read, 409", false, 409, nil, 1, false},
			{"write, 429", true, 429, nil, 5, false},
			{"write, 503", true, 503, nil, 5, false},
			{"write, 500", true, 500, nil, 1, true},
			{"write, 502", true, 502, nil, 1, true},
			{"write, 408", true, 408, nil, 1, true},
			{"write, reset", true, 0, errReset, 1, true},
			{"write, refused", true, 0, refused, 2, false},
			{"write, 409", true, 409, nil, 1, false},
			{"write, not found", true, 404, nil, 1, false},
		} {
			tries := 0
			c := dial(t, func(*http.Request) (*http.Response, error) {
				tries++
				if test.err != nil {
					return nil, test.err
				}
				return reply(test.status, "{}", "retry-after-ms: 1"), nil
			}, Options{})
			var err error
			if test.write {
				_, err = c.write(t.Context(), opStart, VerbStart, "ci", nil)
			} else {
				_, err = c.Get(t.Context(), "ci")
			}
			if err == nil || tries != test.tries || uncertain(err) != test.lost {
				t.Errorf("%s: %d tries, uncertain %v (%v)", test.what, tries, uncertain(err), err)
			}
		}
	})
}

func TestOneTryIsLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := dial(t, func(req *http.Request) (*http.Response, error) {
			tries++
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, Options{TryTimeout: time.Millisecond})
		_, err := c.Get(t.Context(), "ci")
		if KindOf(err) != KindUnreachable || tries != 5 || !strings.Contains(err.Error(), "did not answer within 1ms") {
			t.Errorf("%d tries, %v", tries, err)
		}
		if _, err = c.write(t.Context(), opStop, VerbStop, "ci", nil); !uncertain(err) {
			t.Errorf("%v", err)
		}
	})
}

func TestCancelledRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := dial(t, func(req *http.Request) (*http.Response, error) {
			cancel()
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, Options{})
		if _, err := c.write(ctx, opStart, VerbStart, "ci", nil); KindOf(err) != KindInterrupted || !strings.Contains(err.Error(), "may have been carried out") {
			t.Errorf("%v", err)
		}
		done, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
		defer cancel()
		if _, err := c.Get(done, "ci"); KindOf(err) != KindTimeout {
			t.Errorf("%v", err)
		}
	})
}

// A page that breaks off is asked for again, after a pause. The list may be
// another one by then: nothing is skipped and nothing comes twice.
func TestPagesThatBreakOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for what, test := range map[string]struct {
			pages []string
			want  string
		}{
			"twice":                  {[]string{`[{"name":"a1"},{"na`, `[{"name":"a1"},{"name":"b1"},{"name`, `[{"name":"a1"},{"name":"b1"},{"name":"c1"}]`}, "a1 b1 c1"},
			"it shrank meanwhile":    {[]string{`[{"name":"a1"},{"name":"b1"},{"na`, `[{"name":"b1"},{"name":"c1"},{"name":"d1"}]`}, "a1 b1 c1 d1"},
			"its states moved":       {[]string{`[{"name":"a1","tags":{"x":"1"}},{"na`, `[{"name":"A1","tags":{"x":"2"}},{"name":"b1"}]`}, "a1 b1"},
			"an element that is off": {[]string{`[{"name":"a1"},{"name":},{"name":"c1"}]`, `[{"name":"a1"},{"name":"b1"},{"name":"c1"}]`}, "a1 b1 c1"},
			"it never comes whole":   {[]string{`[{"name":"a1"},`, `[{"name":"a1"},`, `[{"name":"a1"},`, `[{"name":"a1"},`}, "an error"},
		} {
			asked := 0
			begun := time.Now()
			c := dial(t, func(*http.Request) (*http.Response, error) {
				asked++
				return reply(200, `{"value":`+test.pages[asked-1]+strings.Repeat("}", strings.Count(test.pages[asked-1], "]"))), nil
			}, Options{})
			all, err := c.All(t.Context())
			got := "an error"
			if err == nil {
				var names []string
				for _, compute := range all {
					names = append(names, compute.Name)
				}
				got = strings.Join(names, " ")
			}
			if got != test.want || asked != len(test.pages) {
				t.Errorf("%s: %s after %d requests: %v", what, got, asked, err)
			}
			if paused := time.Since(begun); paused < time.Duration(asked-1)*garbledPause {
				t.Errorf("%s: %d requests within %s", what, asked, paused)
			}
		}
	})
}

func TestListsThatAreNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for body, want := range map[string]string{
			`{"value":[{"name":"a1"}],"nextLink":null}`: "a1", `{"VALUE":[{"name":"a1"}]}`: "a1", `{"value":null}`: "error", `{"value":[]}`: "",
			`{"error":null,"value":[{"name":"a1"}]}`: "a1", `{"value":[null]}`: "error", `{"value":[{"name":"a1"},1]}`: "error", `{}`: "error", `{"nextLink":""}`: "error",
			`[]`: "error", ``: "error", `<html>`: "error", `{"value":{"name":"a1"}}`: "error", `{"value":[{"name":}]}`: "error", `null`: "error",
		} {
			c := dial(t, func(*http.Request) (*http.Response, error) { return reply(200, body), nil }, Options{})
			all, err := c.All(t.Context())
			got := ""
			if err != nil {
				got = "error"
			} else if len(all) > 0 {
				got = all[0].Name
			}
			if got != want || len(all) > 1 {
				t.Errorf("%s: %q, %v", body, got, err)
			}
		}
	})
}

func TestErrorsUnderSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body := `{"error":{"code":"UserError","message":"{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"not you\"}}"}}`
		c := dial(t, func(*http.Request) (*http.Response, error) { return reply(200, body), nil }, Options{})
		_, shown := c.Get(t.Context(), "ci")
		_, listed := c.All(t.Context())
		for what, err := range map[string]error{"show": shown, "list": listed} {
			if KindOf(err) != KindAuth || !strings.Contains(fmt.Sprint(err), "not you") {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestListThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := dial(t, func(req *http.Request) (*http.Response, error) {
			asked++
			return reply(200, `{"value":[{"name":"a"}],"nextLink":"`+req.URL.Path+`?page=2"}`), nil
		}, Options{})
		if _, err := c.All(t.Context()); err == nil || !strings.Contains(err.Error(), "does not end") || asked != 2 {
			t.Errorf("%v after %d requests", err, asked)
		}
	})
}

// endless is a body without an end.
type endless struct{ io.Reader }

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
func (endless) Close() error { return nil }

// TestBrokenAnswersInPlainWords: what azcore says of a body that it could not
// read whole is not what people are told.
func TestBrokenAnswersInPlainWords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			end  error
			want string
		}{
			"cut":      {io.ErrUnexpectedEOF, "it broke off before its end"},
			"not gzip": {gzip.ErrHeader, "it says that it is compressed with gzip, and it is not"},
			"bad gzip": {flate.CorruptInputError(7), "it says that it is compressed with gzip, and it is not"},
			"checksum": {gzip.ErrChecksum, "it says that it is compressed with gzip, and it is not"},
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				c := dial(t, func(req *http.Request) (*http.Response, error) {
					if req.Method != method {
						return reply(200, stopped), nil
					}
					resp := reply(200, "")
					resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), iotest.ErrReader(test.end)))
					return resp, nil
				}, Options{})
				var err error
				if method == http.MethodGet {
					_, err = c.Get(t.Context(), "dev")
				} else {
					_, err = c.write(t.Context(), opStart, VerbStart, "dev", nil)
				}
				if err == nil || !strings.Contains(err.Error(), "cannot be read: "+test.want) || strings.Contains(err.Error(), "policy") {
					t.Errorf("%s, %s: %v", name, method, err)
				}
			}
		}
	})
}

const stopped = `{"name":"dev","properties":{"computeType":"ComputeInstance","properties":{"state":"Stopped"}}}`

func TestBodiesAreCapped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := dial(t, func(*http.Request) (*http.Response, error) {
			asked++
			resp := reply(200, "")
			resp.Body = endless{}
			return resp, nil
		}, Options{})
		if _, err := c.All(t.Context()); !isTooLarge(err) || asked != 1 || !strings.HasSuffix(err.Error(), "cannot be read: it is larger than 128 MB") {
			t.Errorf("%v after %d requests", err, asked)
		}
	})
}

func TestNamesThatAreNoNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, func(req *http.Request) (*http.Response, error) {
			t.Errorf("%s %s was sent", req.Method, req.URL)
			return reply(200, "{}"), nil
		}, Options{})
		for _, name := range []string{"", ".", "..", "a/b", "../x", `a\b`, "a?b", "a#b", "a%2f", "a\nb", strings.Repeat("x", 300)} {
			if _, err := c.write(t.Context(), opDelete, VerbDelete, name, nil); KindOf(err) != KindInvalid {
				t.Errorf("%q: %v", name, err)
			}
		}
		c.workspace.Name = ".."
		for _, err := range []error{
			func() error { _, err := c.All(t.Context()); return err }(),
			func() error { _, err := c.GetWorkspace(t.Context()); return err }(),
			func() error { _, err := c.CheckName(t.Context(), "abc"); return err }(),
			func() error { _, err := c.Get(t.Context(), "abc"); return err }(),
			func() error { _, err := c.VMSizes(t.Context(), "../x"); return err }(),
			func() error { _, err := c.ListWorkspaces(t.Context(), ".."); return err }(),
		} {
			if KindOf(err) != KindInvalid {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestVersions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := ""
		serve := func(req *http.Request) (*http.Response, error) {
			asked = req.URL.Query().Get("api-version")
			if strings.HasSuffix(req.URL.Path, "/updateSchedules") {
				return reply(200, `{}`), nil
			}
			return reply(200, `{"value":[]}`), nil
		}
		calls := map[string]func(*Client) error{
			"2025-12-01": func(c *Client) error { _, err := c.All(t.Context()); return err },
			"2023-08-01-preview": func(c *Client) error {
				_, err := c.AllowedSizes(t.Context(), "ci")
				return err
			},
			"2021-03-01-preview": func(c *Client) error { return setSchedules(t, c) },
		}
		for want, call := range calls {
			if err := call(dial(t, serve, Options{})); err != nil || asked != want {
				t.Errorf("asked at %s (%v), want %s", asked, err, want)
			}
			if err := call(dial(t, serve, Options{APIVersion: "2024-04-01"})); err != nil || asked != "2024-04-01" {
				t.Errorf("asked at %s (%v) though another was wanted", asked, err)
			}
		}
		var tried []string
		known := ""
		c := dial(t, func(req *http.Request) (*http.Response, error) {
			version := req.URL.Query().Get("api-version")
			tried = append(tried, version)
			if version == known {
				return reply(200, ""), nil
			}
			return reply(400, `{"error":{"code":"InvalidApiVersionParameter","message":"no"}}`), nil
		}, Options{})
		known = "2022-10-01-preview"
		if err := setSchedules(t, c); err != nil || !slices.Equal(tried, []string{"2021-03-01-preview", "2021-07-01", "2022-10-01-preview"}) {
			t.Errorf("%v, tried %v", err, tried)
		}
		known, tried = "", nil
		if err := setSchedules(t, c); KindOf(err) != KindInvalid || len(tried) != 3 {
			t.Errorf("%v, tried %v", err, tried)
		}
	})
}

// setSchedules makes the request of a change of schedules.
func setSchedules(t *testing.T, c *Client) error {
	_, err := c.write(t.Context(), opSchedules, VerbUpdate, "ci", schedulesBody(nil))
	return err
}

// A setting is sent a second time when the answer was lost and nothing shows it,
// but not over what somebody else wrote in between.
func TestSettingsWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for what, test := range map[string]struct {
			first string // what the first request leaves there
			posts int
			kind  Kind
		}{
			"it arrived":                   {"PT1H", 1, -1},
			"it did not":                   {"PT30M", 2, -1},
			"it did not, and another came": {"PT45M", 1, KindBusy},
		} {
			idle, posts := "PT30M", 0
			c := dial(t, func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodGet {
					return reply(200, `{"name":"ci","properties":{"computeType":"ComputeInstance","properties":{"state":"Running","idleTimeBeforeShutdown":"`+idle+`"}}}`), nil
				}
				posts++
				body, _ := io.ReadAll(req.Body)
				if string(body) != `{"idleTimeBeforeShutdown":"PT60M"}` {
					t.Errorf("sent %s", body)
				}
				if posts == 1 {
					idle = test.first
					return nil, errReset
				}
				idle = "PT1H"
				return reply(200, "{}"), nil
			}, Options{})
			out := c.ChangeIdle(t.Context(), []string{"ci"}, time.Hour, ChangeOptions{})[0]
			if test.kind < 0 && out.Err != nil || test.kind >= 0 && KindOf(out.Err) != test.kind || posts != test.posts || !out.Sent {
				t.Errorf("%s: %d requests, sent %t, %v", what, posts, out.Sent, out.Err)
			}
			if test.kind >= 0 && idle != test.first {
				t.Errorf("%s: %s was overwritten with %s", what, test.first, idle)
			}
		}
	})
}

// What a success has to say to be one.
func TestWellFormedAcceptances(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const address = "Azure-AsyncOperation: https://management.azure.com/operations/ci"
		ours := func(state string) string {
			return `{"name":"CI","properties":{"computeType":"AmlCompute","provisioningState":"` + state + `"}}`
		}
		type row struct {
			status   int
			body     string
			headers  []string
			accepted bool
			done     bool
		}
		everywhere := []row{
			{202, "", []string{address}, true, false}, {200, ours("Succeeded"), nil, true, true}, {200, ours("Updating"), nil, true, false},
			{202, `{"id":"x","name":"5","status":"InProgress"}`, []string{address}, true, false},
			{200, `{"id":"/s/computes/ci","properties":{"computeType":"AKS"}}`, nil, true, true},
			{200, "null", nil, false, false}, {202, "null", []string{address}, false, false}, {200, "[]", nil, false, false}, {201, "{}", nil, false, false},
			{200, "<html>", nil, false, false}, {200, "{", nil, false, false}, {200, `"ok"`, nil, false, false},
			{200, `{"name":"other","properties":{"computeType":"AmlCompute"}}`, nil, false, false},
			{200, `{"name":"ci","properties":null}`, nil, false, false},
			{200, `{"error":{"code":"Conflict","message":"no"}}`, nil, false, false},
			{200, `{"code":"Conflict","message":"no"}`, nil, false, false},
			{200, `{"status":"Failed","error":{"code":"E"}}`, nil, false, false},
		}
		for verb, test := range map[string]struct {
			begin func(*Client) (*Operation, error)
			rows  []row
		}{
			"action": {func(c *Client) (*Operation, error) { return c.write(t.Context(), opStop, VerbStop, "ci", nil) }, append([]row{{200, "", nil, true, true}, {204, "", nil, true, true}, {202, "", nil, true, false}}, everywhere...)},
			"DELETE": {func(c *Client) (*Operation, error) { return c.write(t.Context(), opDetach, VerbDetach, "ci", nil) }, append([]row{{200, "", nil, true, true}, {204, "", nil, true, true}, {202, "", nil, true, false}}, everywhere...)},
			"PATCH": {func(c *Client) (*Operation, error) {
				return c.write(t.Context(), opUpdate, VerbUpdate, "ci", map[string]any{"properties": scaled(ScaleSettings{MaxNodes: 1})})
			}, append([]row{{200, "", nil, false, false}, {204, "", nil, false, false}, {202, "", nil, false, false}}, everywhere...)},
			"PUT": {func(c *Client) (*Operation, error) {
				return c.write(t.Context(), opCreate, VerbCreate, "ci", &Spec{Location: "eastus", AKS: &AKSSpec{}})
			}, append([]row{{200, "", nil, false, false}, {202, "", nil, false, false}}, everywhere...)},
		} {
			for _, row := range test.rows {
				c := dial(t, func(*http.Request) (*http.Response, error) { return reply(row.status, row.body, row.headers...), nil }, Options{})
				op, err := test.begin(c)
				if (err == nil) != row.accepted || err != nil && !uncertain(err) || err == nil && op.Done != row.done {
					t.Errorf("%s %d %s: %+v, %v", verb, row.status, row.body, op, err)
				}
			}
		}
	})
}

func TestRetryAfterHeaders(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"Retry-After: 5": 5 * time.Second, "Retry-After: 0": 0, "Retry-After: -3": 0, "Retry-After: soon": 0, "Retry-After: 99999999999999": time.Hour, "Retry-After: 99999999999999999999": 0,
		"Retry-After: Mon, 02 Mar 2026 09:01:00 GMT": time.Minute, "Retry-After: Mon, 02 Mar 2026 08:00:00 GMT": 0, "Retry-After: Mon, 02 Mar 2036 09:01:00 GMT": time.Hour,
		"retry-after-ms: 250": 250 * time.Millisecond, "x-ms-retry-after-ms: 9223372036854775807": time.Hour,
	} {
		if got := retryAfter(reply(200, "", header).Header, now); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
}

func TestDebugShowsNoSecrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		secrets := map[string]any{
			"adminUserPassword": "S1", "password": "S2", "privateKeyData": "S3", "userKubeConfig": "S4", "adminKubeConfig": "S5", "databricksAccessToken": "S6",
			"relayConnectionString": "S7", "serviceBusConnectionString": "S8", "key": "S9", "cert": "S10", "scriptData": "S11", "scriptArguments": "S12",
			"environmentVariables": map[string]any{"A": map[string]any{"value": "S13"}}, "accountKey": "S14", "client_secret": "S15", "access_token": "S16",
			"imagePullSecretName": "S17", "sasSignature": "S18", "privateKeyPassphrase": "S19", "userAccountCredentials": "S20",
			"list": []any{map[string]any{"Password": "S21"}, "https://x.example/y?sig=S22&api-version=1"}, "visible": "V1", "vmSize": "V2", "nothing": nil,
		}
		secrets["name"], secrets["properties"] = "ci", map[string]any{"computeType": TypeInstance}
		body, err := json.Marshal(secrets)
		if err != nil {
			t.Fatal(err)
		}
		c := dial(t, func(req *http.Request) (*http.Response, error) {
			return reply(200, string(body), "Set-Cookie: S30", "x-ms-request-id: V3", "Azure-AsyncOperation: https://management.azure.com/op?api-version=V4&t=S31&s=S32",
				"Location: https://user:S33@management.azure.com/op?s=S34", "X-Unknown: S35", "WWW-Authenticate: V5"), nil
		}, Options{Credential: fixed{}, Log: func(text string) { log.WriteString(text) }})
		if _, err := c.ListKeys(t.Context(), "ci"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.write(t.Context(), opCreate, VerbCreate, "ci", &Spec{Location: "V6", Instance: &InstanceSpec{VMSize: "V7", CreationScript: &Script{Data: "S40"}}}); err != nil {
			t.Fatal(err)
		}
		shown := log.String()
		for i := range 60 {
			if secret := fmt.Sprintf("S%d", i); strings.Contains(shown, secret+`"`) || strings.Contains(shown, secret+"\n") || strings.Contains(shown, "="+secret) || strings.Contains(shown, ":"+secret) {
				t.Errorf("%s is shown", secret)
			}
		}
		for _, visible := range []string{"V1", "V2", "V3", "V4", "V5", "V6", "V7", "POST", "PUT", "x-ms-client-request-id", "computes/ci/listKeys"} {
			if !strings.Contains(strings.ToLower(shown), strings.ToLower(visible)) {
				t.Errorf("%s is not shown", visible)
			}
		}
		if strings.Contains(shown, "s3cret") {
			t.Error("the token is shown")
		}
		if t.Failed() {
			t.Log(shown)
		}
	})
}

func TestDebugShowsListsAndOddBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		body := `{"value":[{"name":"a1"}]}`
		c := dial(t, func(*http.Request) (*http.Response, error) { return reply(200, body), nil }, Options{Log: func(text string) { log.WriteString(text) }})
		if all, err := c.All(t.Context()); err != nil || len(all) != 1 || !strings.Contains(log.String(), `"name": "a1"`) {
			t.Errorf("%v, %v, %s", all, err, log.String())
		}
		log.Reset()
		body = "<html>" + strings.Repeat("x", 5000)
		if _, err := c.Get(t.Context(), "ci"); err == nil || log.Len() > 4000 || !strings.Contains(log.String(), "5006 bytes that are not JSON") || strings.Contains(log.String(), "xx") {
			t.Errorf("%v, %d bytes", err, log.Len())
		}
	})
}

// Whatever a success holds, it is taken for an acceptance only when it is about
// the compute that was asked for, or about its operation, or says nothing where
// nothing need be said.
func FuzzAcceptance(f *testing.F) {
	for _, seed := range []string{"", " ", "null", "[]", "{}", "{", "<html>", `"x"`, `{"name":"ci","properties":{"computeType":"AKS"}}`, `{"name":"other","properties":{"computeType":"AKS"}}`,
		`{"id":"a/ci","properties":{"computeType":5}}`, `{"status":"InProgress"}`, `{"status":"Failed","error":{"code":"E"}}`, `{"error":null}`, `{"code":"E","message":"m"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, op := range []operation{opStop, opDelete, opCreate, opUpdate, opIdle} {
			c, told := acceptance(call{op: op, name: "ci"}, &answer{status: 200, body: body}, false)
			if c != nil && (!told || !c.about("ci")) {
				t.Fatalf("%q: %+v, %t", body, c, told)
			}
			if told && len(readProblems(body, 0)) > 0 {
				t.Fatalf("%q: an error was taken for an acceptance", body)
			}
			if !told && shape(body) == "" {
				t.Fatalf("%q: nothing is said of it", body)
			}
		}
	})
}
