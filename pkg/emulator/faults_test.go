package emulator_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/emulator/emulatortest"
)

func (r *rig) fault(f emulator.Fault) {
	r.t.Helper()
	if _, err := r.AddFault(context.Background(), f); err != nil {
		r.t.Fatal(err)
	}
}

func TestFaultStatus(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", "")
	r.fault(emulator.Fault{Match: "post */STOP", Status: 429, RetryAfter: "6500ms", Times: 2})
	for range 2 {
		a := r.at(stable, "POST", "/computes/desk/stop", "")
		r.want("status", a.status, 429)
		r.want("Retry-After", a.header.Get("Retry-After"), "7")
		r.want("code", a.code(), "SubscriptionRequestsThrottled")
	}
	r.want("state after two refusals", r.state("desk"), "Running")
	r.want("the third", r.at(stable, "POST", "/computes/desk/stop", "").status, 202)
	list, err := r.Faults(context.Background())
	if err != nil || len(list) != 1 || list[0].Struck != 2 {
		t.Errorf("faults = %+v, %v; want one that struck twice", list, err)
	}
	if err := r.ClearFaults(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.fault(emulator.Fault{Match: "GET *", ExpiredToken: true, Times: 1})
	a := r.at(stable, "GET", "/computes/desk", "")
	r.want("expired token", a.status, 401)
	r.want("its code", a.code(), "ExpiredAuthenticationToken")
	if a.header.Get("Www-Authenticate") == "" {
		t.Error("a 401 without a challenge")
	}
	r.want("and then", r.state("desk"), "Stopped")
}

// A pattern is about the whole path, and what becomes of an operation is decided
// by the request that starts it.
func TestFaultsMeetWhatTheyName(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.create("desk", "")
	r.fault(emulator.Fault{Match: "GET */computes", Status: 500})
	r.want("another path", r.at(stable, "GET", "/computes/desk", "").status, 200)
	r.want("the path", r.at(stable, "GET", "/computes", "").status, 500)
	if err := r.ClearFaults(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Second)
	r.fault(emulator.Fault{Match: "GET *", Operation: "failed"})
	r.want("while it is created", r.state("desk"), "Creating")
	r.clock.Advance(time.Hour)
	r.want("and then", r.state("desk"), "Running")
}

// Over a socket, as clients meet them.
func TestFaultConnections(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault  emulator.Fault
		served bool // the request did what it asked for
		broken bool // the client sees no whole answer
		body   string
	}{
		{emulator.Fault{Reset: "before"}, false, true, ""},
		{emulator.Fault{Reset: "after"}, true, true, ""},
		{emulator.Fault{Body: "truncated"}, true, true, ""},
		{emulator.Fault{Body: "malformed"}, true, false, `{"value": [{"id": `},
		{emulator.Fault{Body: "html"}, true, false, "<!DOCTYPE html>"},
		{emulator.Fault{Body: "empty"}, true, false, ""},
		{emulator.Fault{Latency: "1ms"}, true, false, `{"id":`},
	} {
		srv := emulatortest.NewServer(t, emulator.Options{})
		test.fault.Match = "PUT */computes/*"
		srv.Fault(test.fault)
		url := srv.URL + workspacePath + "/computes/desk?api-version=" + stable
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, url, strings.NewReader(instance("STANDARD_DS1_V2", "")))
		if err != nil {
			t.Fatal(err)
		}
		var body []byte
		res, err := srv.Client().Do(req)
		if err == nil {
			body, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
		}
		if (err != nil) != test.broken || err == nil && !strings.HasPrefix(string(body), test.body) {
			t.Errorf("%+v: %v, body %.60q", test.fault, err, body)
		}
		st, err := srv.Emulator.Status(context.Background())
		if err != nil || (st.Computes == 1) != test.served {
			t.Errorf("%+v: %d computes, %v", test.fault, st.Computes, err)
		}
		seen := srv.Requests()
		if len(seen) != 1 || seen[0].Fault == "" || (seen[0].Status == 0) != (test.fault.Reset != "") {
			t.Errorf("%+v: the journal is %+v", test.fault, seen)
		}
	}
}

// In process a reset is an error of the transport.
func TestFaultInProcess(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	for _, f := range []emulator.Fault{{Reset: "before"}, {Body: "truncated"}} {
		f.Match, f.Times = "GET *", 1
		r.fault(f)
		res, err := (&http.Client{Transport: r.Transport()}).Get(host + workspacePath + "?api-version=" + stable)
		if err == nil {
			_, err = io.ReadAll(res.Body)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%+v: %v, want an unexpected end", f, err)
		}
	}
}

func TestFaultOperations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fate, status, state string
		answer              int
	}{
		{"never-ending", "InProgress", "Starting", 200},
		{"lost", "", "Running", 404},
		{"failed", "Failed", "Stopped", 200},
	} {
		r := newRig(t, emulator.Options{})
		r.create("desk", "")
		r.show("desk")
		r.do(stable, "POST", "/computes/desk/stop", "")
		r.fault(emulator.Fault{Match: "POST */start", Operation: test.fate})
		at := r.do(stable, "POST", "/computes/desk/start", "").header.Get("Azure-AsyncOperation")
		r.clock.Advance(24 * time.Hour)
		a := r.send("GET", at, "")
		r.want(test.fate+": the poll's answer", a.status, test.answer)
		if test.status != "" {
			r.want(test.fate+": the operation", a.get("status"), test.status)
		}
		r.want(test.fate+": the instance", r.state("desk"), test.state)
	}
}

func TestFaultsAreChecked(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	for _, f := range []emulator.Fault{
		{}, {Match: "GET"}, {Match: "GET /x"}, {Match: "GET *", Status: 99}, {Match: "GET *", Status: 500, Reset: "after"},
		{Match: "GET *", Reset: "sometimes"}, {Match: "GET *", Body: "green"}, {Match: "GET *", Operation: "odd"},
		{Match: "GET *", Latency: "7"}, {Match: "GET *", Status: 500, Times: -1}, {Match: "GET *", Reset: "after", RetryAfter: "1s"},
	} {
		if _, err := r.AddFault(context.Background(), f); err == nil {
			t.Errorf("%+v was accepted", f)
		}
	}
}

// Faults stay in the directory: the next process meets them, in order of age.
func TestFaultsLast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRig(t, emulator.Options{Dir: dir})
	for n := range 12 {
		r.fault(emulator.Fault{Match: "GET *", Status: 500 + n, Times: 1})
	}
	r = newRig(t, emulator.Options{Dir: dir})
	for n := range 12 {
		r.want("status", r.at(stable, "GET", "/computes", "").status, 500+n)
	}
	r.want("after all of them", r.at(stable, "GET", "/computes", "").status, 200)
	seen, err := r.Requests(context.Background())
	if err != nil || len(seen) != 13 || seen[0].Fault != "1" || seen[12].Fault != "" {
		t.Errorf("%d requests, %v: %+v", len(seen), err, seen)
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		r := newRig(t, emulator.Options{Dir: dir})
		r.do(stable, "PUT", "/computes/box", `{"location":"eastus","properties":{"computeType":"VirtualMachine","properties":{
			"address":"192.0.2.7","sshPort":22,"administratorAccount":{"username":"me","password":"hunter2"}}}}`)
		r.clock.Advance(time.Hour)
		r.show("box")
		r.send("GET", host+"/_emulator/status", "")
		seen, err := r.Requests(context.Background())
		if err != nil || len(seen) != 2 {
			t.Fatalf("%d requests, %v", len(seen), err)
		}
		put := seen[0]
		if put.Method != "PUT" || put.Path != workspacePath+"/computes/box" || put.Status != 201 || put.Query != "api-version="+stable || put.ID == "" {
			t.Errorf("the journal says %+v", put)
		}
		if body := string(put.Body); strings.Contains(body, "hunter2") || !strings.Contains(body, "192.0.2.7") {
			t.Errorf("the body is %s", body)
		}
		if !put.Time.Equal(monday) || !seen[1].Time.Equal(monday.Add(time.Hour)) {
			t.Errorf("times are %s and %s", put.Time, seen[1].Time)
		}
		if _, err := r.Reset(context.Background()); err != nil {
			t.Fatal(err)
		}
		if seen, err = r.Requests(context.Background()); err != nil || len(seen) != 0 {
			t.Errorf("%d requests after a reset, %v", len(seen), err)
		}
	}
}

// The published buckets: 250 reads and 25 a second, 200 writes and 10 a second.
func TestThrottle(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Throttle: true})
	get := func() answer { return r.at(stable, "GET", "", "") }
	for n := range 250 {
		a := get()
		if left := a.header.Get("x-ms-ratelimit-remaining-subscription-reads"); a.status != 200 || left != fmt.Sprint(249-n) {
			t.Fatalf("read %d: %d, %s left", n+1, a.status, left)
		}
	}
	a := get()
	r.want("the 251st", a.status, 429)
	r.want("Retry-After", a.header.Get("Retry-After"), "1")
	r.want("reads left", a.header.Get("x-ms-ratelimit-remaining-subscription-reads"), "0")
	r.want("a write meanwhile", r.at(stable, "PATCH", "", `{"tags":{}}`).status, 200)
	r.clock.Advance(900 * time.Millisecond)
	r.want("too early", get().status, 429)
	r.clock.Advance(900 * time.Millisecond)
	r.want("too early again: asking early begins the wait anew", get().status, 429)
	r.clock.Advance(time.Second)
	for range 25 {
		r.want("after the wait", get().status, 200)
	}
}

func TestStrictAuth(t *testing.T) {
	t.Parallel()
	srv := emulatortest.NewServer(t, emulator.Options{StrictAuth: true})
	token := func(aud string, exp time.Time) string {
		return "Bearer " + unsigned(fmt.Sprintf(`{"aud":%q,"exp":%d}`, aud, exp.Unix()))
	}
	later := time.Now().Add(time.Hour)
	const graph = "/graph/v1.0/users"
	for _, test := range []struct {
		authorization, code string
		path                string // of Resource Manager when empty
	}{
		{token("https://graph.microsoft.com", later), "", graph},
		{token(srv.URL+"/graph/", later), "", graph},
		{token("https://management.azure.com", later), "InvalidAuthenticationTokenAudience", graph},
		{token(srv.URL, later), "InvalidAuthenticationTokenAudience", graph},
		{token(srv.URL+"/graph", later), "InvalidAuthenticationTokenAudience", ""},
	} {
		strictly(t, srv, test.authorization, test.code, cmp.Or(test.path, workspacePath+"?api-version="+stable))
	}
	for _, test := range []struct {
		authorization, code string
	}{
		{"", "AuthenticationFailed"},
		{"Basic eDp5", "AuthenticationFailed"},
		{"Bearer nonsense", "InvalidAuthenticationToken"},
		{"Bearer a.b.c", "InvalidAuthenticationToken"},
		{token("https://graph.microsoft.com", later), "InvalidAuthenticationTokenAudience"},
		{token("https://management.azure.com", time.Now().Add(-time.Minute)), "ExpiredAuthenticationToken"},
		{token("https://management.azure.com/", later), ""},
		{token("https://management.core.windows.net/", later), ""},
		{token(srv.URL, later), ""},
	} {
		strictly(t, srv, test.authorization, test.code, workspacePath+"?api-version="+stable)
	}
}

// strictly sends a GET with an Authorization header and expects a code, "" for
// none.
func strictly(t *testing.T, srv *emulatortest.Server, authorization, code, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if (res.StatusCode == 401) != (code != "") || !strings.Contains(string(body), code) || (res.Header.Get("WWW-Authenticate") != "") != (code != "") {
		t.Errorf("%s at %s: %s %s, want %q", authorization, path, res.Status, body, code)
	}
}

func FuzzFault(f *testing.F) {
	f.Add("POST */start", "429", "POST", "/subscriptions/a/start")
	f.Add("* *", "", "GET", "/")
	f.Add("GET a*b*c", "", "GET", "/axbxc")
	f.Fuzz(func(t *testing.T, match, latency, method, path string) {
		r := newRig(t, emulator.Options{})
		if _, err := r.AddFault(context.Background(), emulator.Fault{Match: match, Latency: latency, Status: 418}); err != nil {
			return
		}
		if _, err := r.Faults(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// unsigned is a JWT with the claims.
func unsigned(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
}
