package cmd_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// writes counts the requests that change something.
func (b *bubble) writes() *atomic.Int32 {
	var n atomic.Int32
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		path := r.URL.Path
		read := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodPost &&
			(strings.HasSuffix(path, "/getAllowedVmSizesForResize") || strings.HasSuffix(path, "/listNodes") || strings.HasSuffix(path, "/listKeys"))
		if !read {
			n.Add(1)
		}
		return next.RoundTrip(r)
	}
	return &n
}

// Exit code 2 promises that nothing was changed: several names are looked at
// before the first of them is asked for anything.
func TestWrongInputChangesNothing(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	b.load("dev", "Running")
	b.load("gpu", "Running")
	b.must("create", "amlcompute", "-n", "cpu", "-s", "Standard_DS3_v2", "--max-nodes", "2", "-o", "none")
	b.must("schedule", "set", "dev", "mon-fri 09:00-18:00", "--time-zone", "UTC", "-o", "none")
	names := "dev\ncpu\ngpu\n"
	many := "dev\ncpu\ngpu\nnobody\n"
	for _, c := range []struct{ args, stdin string }{
		{"stop -", names},
		{"stop -", many},
		{"stop - --no-wait", names},
		{"start -", names},
		{"restart -", names},
		{"restart dev gpu cpu", ""},
		{"resize - -s Standard_DS11_v2", names},
		{"resize dev gpu -s Standard_D2s_v99", ""},
		{"idle - 1h", names},
		{"idle - off", many},
		{"update computeinstance -n dev -n cpu --idle-shutdown 1h", ""},
		{"schedule set - -19:00 --time-zone UTC", names},
		{"schedule set dev --time-zone Europe/Berlin -n gpu", ""},
		{"schedule create - --action stop --cron 0_18_*_*_* --time-zone UTC", names},
		{"schedule enable -n dev -n gpu 1", ""},
		{"schedule disable -n dev -n gpu 1", ""},
		{"schedule delete -n dev -n gpu 1", ""},
		{"schedule disable -n dev -n cpu --all", ""},
		{"schedule delete -n dev -n cpu --all", ""},
		{"schedule pause -n dev -n cpu --until 2027-01-04", ""},
		{"schedule skip -n dev -n cpu 1", ""},
		{"detach - --yes", names},
		{"stop dev gpu --query length(", ""},
		{"delete dev gpu --query length( --yes", ""},
		{"delete - ", "dev\ngpu\n"},
	} {
		n := b.writes()
		b.in = strings.NewReader(c.stdin)
		var args []string
		for _, word := range strings.Fields(c.args) {
			args = append(args, strings.ReplaceAll(word, "_", " "))
		}
		for i, word := range args { // names of sizes keep theirs
			if strings.HasPrefix(word, "Standard ") {
				args[i] = strings.ReplaceAll(word, " ", "_")
			}
		}
		if e := b.run(args...); e.code != 2 || n.Load() != 0 || e.out != "" {
			t.Errorf("%s: exit code %d, %d requests changed something, stdout %q\n%s", c.args, e.code, n.Load(), e.out, e.errors)
		}
	}
}

// What looks like wrong input once the request was accepted is not called so.
func TestRefusedPollIsNoWrongInput(t *testing.T) {
	t.Parallel()
	for verb, args := range map[string][]string{
		"stop": {"stop", "dev"}, "restart": {"restart", "dev"}, "delete": {"delete", "dev", "--yes"},
		"resize": {"resize", "dev", "-s", "Standard_DS11_v2"},
	} {
		b := virtual(t)
		b.load("dev", map[bool]string{true: "Stopped", false: "Running"}[verb == "resize"])
		accepted := false
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if accepted && r.Method == http.MethodGet {
				return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
					Body: io.NopCloser(bytes.NewReader([]byte(`{"error":{"code":"BadRequest","message":"no"}}`)))}, nil
			}
			answer, err := next.RoundTrip(r)
			accepted = accepted || err == nil && answer.StatusCode/100 == 2 && r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "ForResize")
			return answer, err
		}
		e := b.run(append(args, "--timeout", "2m")...)
		if e.code != 1 && e.code != 4 || !strings.Contains(e.errors, "goes on") {
			t.Errorf("%s: exit code %d\n%s", verb, e.code, e.errors)
		}
		if e.code == 2 {
			t.Errorf("%s: the request was accepted", verb)
		}
	}
}

// Many computes that fail for one cause are one error, one advice and one id.
func TestOneErrorForOneCause(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	args := []string{"start"}
	for _, name := range strings.Fields("anna bert cleo dora emil") {
		b.load(name, "Stopped")
		args = append(args, name)
	}
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodPost && !strings.Contains(r.URL.Path, "/anna/") {
			return &http.Response{StatusCode: http.StatusBadRequest, Request: r,
				Header: http.Header{"Content-Type": {"application/json"}, "X-Ms-Request-Id": {"id-of-" + r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]}},
				Body:   io.NopCloser(strings.NewReader(`{"error":{"code":"QuotaExceeded","message":"The quota of 100 cores is used up."}}`))}, nil
		}
		return next.RoundTrip(r)
	}
	e := b.run(args...)
	if e.code != 1 || strings.Count(e.errors, "ERROR: (QuotaExceeded) bert, cleo, dora, emil: The quota") != 1 ||
		strings.Count(e.errors, "ERROR") != 1 || strings.Count(e.errors, "hint: ") != 1 || strings.Count(e.errors, "request id: ") != 1 ||
		!strings.HasSuffix(e.errors, "\n1 running, 4 failed: quota\n") {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
	if !strings.Contains(e.out, `"name": "anna"`) || strings.Contains(e.out, "quota") {
		t.Errorf("stdout: %s", e.out)
	}
}
