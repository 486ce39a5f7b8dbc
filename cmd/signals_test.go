package cmd_test

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// waits are commands that ask the service for something, and the states their
// compute is in before.
var waits = []struct{ args, before string }{
	{"create dev -s Standard_DS3_v2", ""},
	{"create amlcompute -n cpu -s Standard_D2_v2 --max-nodes 2", ""},
	{"attach remote -n box -a 10.0.0.4 -u me --private-key-file KEY", ""},
	{"start dev", "Stopped"},
	{"stop dev", "Running"},
	{"restart dev", "Running"},
	{"resize dev -s Standard_DS2_v2", "Stopped"},
	{"delete dev --yes", "Running"},
	{"detach box", "box"},
	{"update amlcompute -n cpu --max-nodes 3", "cpu"},
	{"amlcompute identity assign -n cpu --identities [system]", "cpu"},
	{"wait dev --for running", "Running"},
	{"wait dev", "Running"},
	{"schedule set dev mon-fri@09:00-18:00 --time-zone UTC --yes", "Running"},
	{"schedule create dev --action stop --cron 0@19@*@*@* --time-zone UTC", "Running"},
	{"schedule list dev", "Running"},
	{"schedule preview dev", "Running"},
	{"idle dev 1h", "Running"},
	{"update computeinstance -n dev --idle-shutdown 1h", "Running"},
	{"update cpu --tag a=1", "cpu"},
	{"ml compute create -n dev --type ComputeInstance", ""},
	{"ml compute stop -n dev", "Running"},
	{"ml compute delete -n dev --yes", "Running"},
	{"ml compute update -n cpu --max-instances 3 --tags a=1", "cpu"},
	{"ml compute list-nodes -n cpu", "cpu"},
	{"list", "Running"},
	{"list -v", "Running"},
	{"show dev", "Running"},
	{"list-sizes", ""},
	{"list-usage", ""},
	{"list-nodes cpu", "cpu"},
	{"open dev --print", "Running"},
	{"ssh-config --all", "Running"},
	{"workspace list", ""},
	{"use local-ws", ""},
	{"auth status", ""},
	{"emulator status", ""},
	{"emulator advance 1h", ""},
	{"emulator requests", ""},
	{"emulator fault list", ""},
	{"emulator reset", ""},
}

// prepared is a bubble for a command of waits.
func prepared(t *testing.T, args, before string) (*bubble, []string) {
	t.Helper()
	b := virtual(t, "COMPUTETARGET_TIME_ZONE=UTC")
	key := b.dir + "/key"
	if err := os.WriteFile(key, []byte("-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	switch before {
	case "":
	case "cpu":
		b.must("create", "amlcompute", "-n", "cpu", "-s", "Standard_D2_v2", "--max-nodes", "2")
	case "box":
		b.must("attach", "remote", "-n", "box", "-a", "10.0.0.4", "-u", "me", "--private-key-file", key)
		b.must("wait", "box")
	default:
		b.load("dev", before)
	}
	words := strings.Fields(args)
	for i := range words {
		words[i] = strings.ReplaceAll(strings.Replace(words[i], "KEY", key, 1), "@", " ")
	}
	return b, words
}

// isWrite reports whether a request changes something.
func isWrite(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return false
	case http.MethodPost:
		switch strings.ToLower(path.Base(r.URL.Path)) {
		case "listkeys", "listnodes", "checkcomputenameavailability", "getallowedvmsizesforresize":
			return false
		}
	}
	return true
}

// Whatever request a command waits for, its first, its second and so on, a
// signal ends it at once: with the signal's code, and with the line that resumes
// the wait when the service accepted something, or may have.
func TestSignalsEndRequests(t *testing.T) {
	t.Parallel()
	for _, w := range waits {
		for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			t.Run(fmt.Sprint(w.args, " ", s), func(t *testing.T) {
				t.Parallel()
				made, words := prepared(t, w.args, w.before)
				b := virtual(t, "COMPUTETARGET_TIME_ZONE=UTC")
				for nth := 1; b.stuckAt(made, words, nth, s); nth++ {
					if nth > 40 {
						t.Fatal("it never ends")
					}
				}
			})
		}
	}
}

// stuckAt runs a command whose nth request gets no answer, and reports whether
// there was one. Requests of the same moment may come in any order.
func (b *bubble) stuckAt(made *bubble, words []string, nth int, s os.Signal) bool {
	t := b.t
	t.Helper()
	b.like(made)
	code := map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143}[s]
	stuck := make(chan time.Time, 1)
	var sent, writes atomic.Int32
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if isWrite(r) {
			writes.Add(1)
		}
		if int(sent.Add(1)) != nth {
			return next.RoundTrip(r)
		}
		t.Logf("request %d, %s %s, gets no answer", nth, r.Method, path.Base(r.URL.Path))
		stuck <- time.Now()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	var at time.Time
	spared := false // the command did without that answer, as without names of people
	b.beside = func(c *running) {
		for { // a channel from outside would stop the virtual clock
			select {
			case at = <-stuck:
				select {
				case <-c.done:
					spared = true
				case <-time.After(10 * time.Second):
					at = at.Add(10 * time.Second)
					c.signal(s)
				}
				return
			default:
			}
			select {
			case <-c.done:
				return
			case <-time.After(time.Second):
			}
		}
	}
	started := b.now
	got := b.run(words...)
	if at.IsZero() {
		if got.code != 0 {
			t.Errorf("nothing in its way: exit code %d", got.code)
		}
		return false
	}
	if spared {
		if got.code != 0 || got.took > 5*time.Second {
			t.Errorf("request %d: exit code %d after %s, without its answer", nth, got.code, got.took)
		}
		return true
	}
	if late := started.Add(got.took).Sub(at); late > time.Second {
		t.Errorf("request %d: it ended %s after the signal", nth, late)
	}
	if got.code != code || got.out != "" {
		t.Errorf("request %d: exit code %d, not %d; stdout %q", nth, got.code, code, got.out)
	}
	resumable := writes.Load() > 0 && words[0] != "emulator"
	if told := strings.Contains(got.errors, "to wait again: "); told != resumable && words[0] != "wait" {
		t.Errorf("request %d: the line that resumes is there: %v; %d writes were sent", nth, told, writes.Load())
	}
	return true
}

// A signal ends the look for workspaces that could be chosen, too.
func TestSignalsEndTheLookForWorkspaces(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_CLOUD=", "COMPUTETARGET_WORKSPACE=", "COMPUTETARGET_ENDPOINT=http://127.0.0.1:8443")
	asked := false
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		asked = true
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	b.beside = func(c *running) { time.Sleep(time.Second); c.signal(syscall.SIGTERM) }
	if got := b.run("list"); got.code != 143 || got.took != time.Second || !asked {
		t.Errorf("exit code %d after %s; the network was asked: %v", got.code, got.took, asked)
	}
}
