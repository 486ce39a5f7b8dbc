package cmd_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The service's times are whole seconds: a restart within the second of the one
// before is told apart by its own operation, and seen to its end.
func TestRestartTwiceInOneSecond(t *testing.T) {
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	b.must("create", "dev", "-s", "Standard_DS3_v2")
	b.must("restart", "dev")
	b.now = b.now.Truncate(time.Second)
	for range 2 {
		if e := b.must("restart", "dev"); e.took > 5*time.Second {
			t.Errorf("a restart took %s", e.took)
		}
		b.now = b.now.Truncate(time.Second)
	}
}

// What the service turned away was not carried out, and the last answer is named
// when the time runs out.
func TestTurnedAwayUntilTheTimeout(t *testing.T) {
	for _, args := range []string{
		"stop dev", "delete dev --yes", "restart dev", "idle dev 1h", "schedule set dev -19:00 --time-zone UTC",
		"create other -s Standard_DS3_v2", "resize off -s Standard_DS12_v2",
	} {
		for _, status := range []int{429, 503} {
			t.Run(strings.Join([]string{args, http.StatusText(status)}, " "), func(t *testing.T) {
				b := virtual(t)
				b.load("dev", "Running")
				b.load("off", "Stopped")
				b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "getAllowed") || strings.Contains(r.URL.Path, "checkCompute") {
						return next.RoundTrip(r)
					}
					return answered(r, status, `{"error":{"code":"ServerBusy","message":"Not now."}}`, "Retry-After: 1"), nil
				}
				e := b.run(append(strings.Fields(args), "--timeout", "3500ms")...)
				if e.code != 4 || strings.Contains(e.errors, "may have been") || !strings.Contains(e.errors, "Not now.") || !strings.Contains(e.errors, "nothing was sent") {
					t.Errorf("exit code %d\n%s", e.code, e.errors)
				}
			})
		}
	}
}

// A write of which nothing was heard may have been carried out.
func TestUnheardAfterTurnedAway(t *testing.T) {
	b := virtual(t)
	b.load("dev", "Running")
	tries := 0
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodGet {
			return next.RoundTrip(r)
		}
		if tries++; tries == 1 {
			return answered(r, 429, `{"error":{"code":"TooManyRequests","message":"Not now."}}`, "Retry-After: 1"), nil
		}
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	e := b.run("stop", "dev", "--timeout", "3s")
	if e.code != 4 || tries != 2 || !strings.Contains(e.errors, "may have been carried out") {
		t.Errorf("exit code %d after %d tries\n%s", e.code, tries, e.errors)
	}
}

// A compute that somebody made anew under the name of one that was deleted is
// another one: the delete is done, and is not asked for again.
func TestDeletedAndMadeAnew(t *testing.T) {
	for _, made := range []string{"create dev -s Standard_DS3_v2", "attach aks dev -i " + aksID} {
		for _, answer := range []int{202, 500} {
			b := virtual(t)
			b.must(strings.Fields(made)...)
			b.must("wait", "dev")
			args := "delete dev --yes"
			if strings.HasPrefix(made, "attach") {
				args = "detach dev --yes"
			}
			var now []byte // what the service shows
			deletes := 0
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch {
				case r.Method == http.MethodDelete:
					deletes++
					if _, err := next.RoundTrip(r); err != nil {
						return nil, err
					}
					return answered(r, answer, ""), nil
				case deletes > 0:
					return answered(r, 200, string(now)), nil
				}
				resp, err := next.RoundTrip(r)
				if err == nil && strings.HasSuffix(r.URL.Path, "/computes/dev") {
					now, _ = io.ReadAll(resp.Body)
					resp.Body = io.NopCloser(bytes.NewReader(now))
					now = bytes.Replace(now, []byte(`"createdOn":"2026`), []byte(`"createdOn":"2027`), 1)
				}
				return resp, err
			}
			e := b.run(strings.Fields(args)...)
			if !bytes.Contains(now, []byte("2027")) {
				t.Fatalf("no time in %s", now)
			}
			if e.code != 0 || deletes != 1 {
				t.Errorf("%s, answered %d: exit code %d after %d requests\n%s", args, answer, e.code, deletes, e.errors)
			}
		}
	}
}

// Each command that a hint offers is a line of its own, to be pasted.
func TestHintsAreLines(t *testing.T) {
	b := virtual(t)
	b.load("dev", "Running")
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodPost {
			return answered(r, 500, ""), nil
		}
		return next.RoundTrip(r)
	}
	e := b.run("schedule", "set", "dev", "-19:00", "--time-zone", "UTC", "--timeout", "2s") // before three looks showed no sign
	var hints []string
	for line := range strings.Lines(e.errors) {
		if rest, ok := strings.CutPrefix(line, "hint: "); ok {
			hints = append(hints, rest)
		}
	}
	if len(hints) != 2 || !strings.HasPrefix(hints[0], "to restore") || !strings.HasPrefix(hints[1], "to wait again: ") {
		t.Fatalf("hints: %q", hints)
	}
	b.network = nil
	b.paste(strings.TrimSpace(strings.TrimPrefix(hints[1], "to wait again: ")))
}

// The line that resumes a detach waits until the compute is gone.
func TestResumeDetach(t *testing.T) {
	b := virtual(t)
	b.must("attach", "aks", "k8s", "-i", aksID)
	b.must("wait", "k8s")
	e := b.run("detach", "k8s", "--yes", "--timeout", "1s")
	_, line, ok := strings.Cut(e.errors, "to wait again: ")
	if e.code != 4 || !ok {
		t.Fatalf("exit code %d\n%s", e.code, e.errors)
	}
	b.now = b.now.Add(time.Hour)
	b.paste(strings.TrimSpace(line))
}

// A cluster whose settings the service leaves out is a cluster all the same.
func TestClusterWithoutSettings(t *testing.T) {
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	b.must("create", "amlcompute", "cpu", "-s", "Standard_DS3_v2", "--max-nodes", "2")
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/computes/cpu") {
			return answered(r, 200, `{"id":"`+r.URL.Path+`","name":"cpu","properties":{"computeType":"AmlCompute","provisioningState":"Succeeded"}}`), nil
		}
		return next.RoundTrip(r)
	}
	for _, args := range []string{"update amlcompute cpu --max-nodes 3", "amlcompute identity assign cpu --identities [system]"} {
		if e := b.run(strings.Fields(args)...); e.code != 8 || strings.Contains(e.errors, "not a cluster") {
			t.Errorf("%s: exit code %d\n%s", args, e.code, e.errors)
		}
	}
}

// What only spares the service a request is not waited for long.
func TestAdviceIsNotWaitedFor(t *testing.T) {
	silent := func(part string) func(*http.Request, http.RoundTripper) (*http.Response, error) {
		return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.Contains(r.URL.Path, part) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return next.RoundTrip(r)
		}
	}
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	for name, part := range map[string]string{"by-name": "/checkComputeNameAvailability", "by-size": "/vmSizes", "by-quota": "/usages"} {
		b.network = silent(part)
		if e := b.must("create", name, "-s", "Standard_DS3_v2"); e.took > time.Minute {
			t.Errorf("without %s it took %s", part, e.took)
		}
		e := b.run("create", name+"-2nd", "-s", "Standard_DS3_v2", "--timeout", "5s")
		if e.code != 4 || strings.Contains(e.errors, "unknown state") || strings.Contains(e.errors, "may have been") {
			t.Errorf("without %s: exit code %d\n%s", part, e.code, e.errors)
		}
	}
	b.network = nil
	b.must("create", "amlcompute", "cpu", "-s", "Standard_DS3_v2", "--max-nodes", "2")
	b.network = silent("/usages")
	if e := b.must("update", "amlcompute", "cpu", "--max-nodes", "3"); e.took > time.Minute {
		t.Errorf("it took %s", e.took)
	}
	e := b.run("update", "amlcompute", "cpu", "--max-nodes", "4", "--timeout", "5s")
	if e.code != 4 || !strings.Contains(e.errors, "before the service was asked about cpu; nothing was sent") {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
}

// When the computes cannot be read until the timeout, the last answer is named,
// whatever verb reads them.
func TestUnreadUntilTheTimeout(t *testing.T) {
	b := virtual(t)
	b.must("attach", "aks", "k8s", "-i", aksID)
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return answered(r, 500, `{"error":{"code":"Broken","message":"It is down."}}`), nil
	}
	for _, args := range []string{"detach k8s", "detach k8s k9s", "delete aks k8s --yes", "stop k8s k9s", "detach k8s --no-wait"} {
		e := b.run(append(strings.Fields(args), "--timeout", "5s")...)
		if e.code != 4 || !strings.Contains(e.errors, "It is down.") || strings.Contains(e.errors, "unknown state") {
			t.Errorf("%s: exit code %d\n%s", args, e.code, e.errors)
		}
	}
}

// A web page in the place of a list is called one.
func TestListIsAPage(t *testing.T) {
	b := virtual(t)
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		resp := answered(r, 200, "<html><title>Sign in</title></html>")
		resp.Header.Set("Content-Type", "text/html; charset=utf-8")
		return resp, nil
	}
	if e := b.run("list"); e.code != 1 || !strings.Contains(e.errors, `with a web page titled "Sign in"; check the proxy`) {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
}
