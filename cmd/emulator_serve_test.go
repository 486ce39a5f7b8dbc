//go:build unix

package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// servedEmulator is a running computetarget emulator serve.
type servedEmulator struct {
	emulator.ServerInfo
	cmd    *exec.Cmd
	first  string        // line of stdout
	stdout *bufio.Reader // after the first line
	log    *bytes.Buffer // to be read after end
}

// serve starts a server and waits for its first line.
func (s *person) serve(args ...string) *servedEmulator {
	s.t.Helper()
	return s.await(s.command(append([]string{"emulator", "serve", "--listen", "127.0.0.1:0"}, args...)...))
}

func (s *person) await(c *exec.Cmd) *servedEmulator {
	s.t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	e := &servedEmulator{cmd: c, stdout: bufio.NewReader(out), log: &bytes.Buffer{}}
	c.Stderr = e.log
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Process.Kill() })
	e.first, err = e.stdout.ReadString('\n')
	if err != nil {
		_ = c.Wait()
		s.t.Fatalf("the server said nothing: %v\n%s", err, e.log)
	}
	if err := json.Unmarshal([]byte(e.first), &e.ServerInfo); err != nil {
		s.t.Fatalf("the first line is %q: %v", e.first, err)
	}
	return e
}

// end sends a signal and returns the exit code.
func (e *servedEmulator) end(signal os.Signal) int {
	_ = e.cmd.Process.Signal(signal)
	_, _ = io.Copy(io.Discard, e.stdout)
	return codeOf(e.cmd.Wait())
}

// client trusts the file of certificates alone.
func (e *servedEmulator) client(t *testing.T, caFile string) *http.Client {
	t.Helper()
	raw, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		t.Fatal("the file of certificates holds none")
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64, ForceAttemptHTTP2: true,
	}}
}

// endless runs an example of emulator serve until it listens, and ends it.
func endless(t *testing.T, s *person, line string) {
	t.Helper()
	if !strings.Contains(line, "--listen") {
		line += " --listen 127.0.0.1:0" // the usual port may be somebody else's
	}
	c := exec.Command("bash", "-c", "exec "+line)
	c.Dir, c.Env = s.dir, s.env
	if code := s.await(c).end(os.Interrupt); code != 0 {
		t.Errorf("exit code %d after ctrl-c, want 0", code)
	}
}

// Real time: it serves on a socket, and a signal of the system ends it.
func TestServe(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		s := emulated(t, "instant")
		if got := s.run("create", "before", "-s", "Standard_DS3_v2", "-o", "none"); got.code != 0 {
			t.Fatal("nothing to serve")
		}
		e := s.serve()
		want := emulator.ServerInfo{
			Endpoint: e.Endpoint, CAFile: filepath.Join(s.dir, "emulator", "ca.pem"), Subscription: emulator.Subscription,
			ResourceGroup: emulator.ResourceGroup, Workspace: emulator.Workspace, PID: e.cmd.Process.Pid,
		}
		if e.ServerInfo != want || !strings.HasPrefix(e.Endpoint, "https://127.0.0.1:") {
			t.Errorf("the first line is %s", e.first)
		}
		for _, file := range []string{e.CAFile, e.BundleFile()} {
			res, err := e.client(t, file).Get(e.Endpoint + "/healthz")
			if err != nil {
				t.Fatal(err)
			}
			if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
				t.Errorf("/healthz answers %s", res.Status)
			}
		}
		// Ours trusts it by itself, and what is meant for the folder goes to it.
		at := on(t, e.Endpoint, "COMPUTETARGET_EMULATOR_DIR="+filepath.Join(s.dir, "emulator"))
		if got := at.run("list", "-o", "name"); got.out != "before\n" {
			t.Errorf("--endpoint lists %q", got.out)
		}
		if got := s.run("create", "during", "-s", "Standard_DS3_v2", "-o", "none"); got.code != 0 {
			t.Error("the embedded emulator does not go to the server")
		}
		if got := s.run("list", "-g", "other-rg", "-w", "other-ws"); got.code != 3 {
			t.Errorf("another workspace: exit code %d, want 3: the server is strict", got.code)
		}
		if got := s.run("emulator", "serve", "--listen", "127.0.0.1:0"); got.code != 1 || !strings.Contains(got.errors, "is served already at "+e.Endpoint) {
			t.Errorf("a second server: exit code %d, %s", got.code, got.errors)
		}
		if code := e.end(signal); code != 0 {
			t.Errorf("%v: exit code %d, want 0", signal, code)
		}
		if !strings.Contains(e.log.String(), "PUT /subscriptions/"+emulator.Subscription) || strings.Contains(e.log.String(), "api-version") {
			t.Errorf("the log holds no PUT, or queries:\n%s", e.log)
		}
		if got := s.run("list", "-o", "name"); got.out != "before\nduring\n" {
			t.Errorf("after the server ended there are %q", got.out)
		}
	}
}

// Real time: it listens on a socket.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"--listen 0.0.0.0:0", 2, "can be reached from other machines"},
		{"--listen [::]:0", 2, "hint: to say so, add --allow-other-machines"},
		{"--listen nowhere", 2, "give a host and a port"},
		{"--listen 127.0.0.1:99999", 2, "give a host and a port"},
		{"--clock never", 2, "is not a clock"},
		{"--pace never", 2, "is not a pace"},
		{"--throttle some", 2, "throttle"},
		{"--auth some", 2, "auth"},
	} {
		got := s.run(append([]string{"emulator", "serve"}, strings.Fields(test.args)...)...)
		if got.code != test.code || !strings.Contains(got.errors, test.says) {
			t.Errorf("%s: exit code %d, %s", test.args, got.code, got.errors)
		}
	}
	memory := s.serve("--in-memory", "--pace", "instant")
	at := on(t, memory.Endpoint, "COMPUTETARGET_EMULATOR_DIR="+filepath.Join(s.dir, "emulator"))
	at.run("create", "dev", "-s", "Standard_DS3_v2", "-o", "none")
	nowhere := newPerson(t, "COMPUTETARGET_EMULATOR_DIR="+filepath.Join(s.dir, "emulator"))
	if got := nowhere.run("emulator", "set", "dev", "--state", "Stopped", "--endpoint", memory.Endpoint, "--query", "states.Stopped"); got.out != "1\n" {
		t.Errorf("set where no workspace is chosen: exit code %d, %q %s", got.code, got.out, got.errors)
	}
	plain := s.serve("--listen", ":0", "--no-tls", "--in-memory", "--strict-workspaces=false")
	if !strings.HasPrefix(plain.Endpoint, "http://127.0.0.1:") || plain.CAFile != "" {
		t.Errorf("without TLS: %s", plain.first)
	}
	if got := on(t, plain.Endpoint).run("list", "-w", "any-ws", "-g", "any-rg"); got.code != 0 {
		t.Errorf("exit code %d in a workspace that nobody made, want 0", got.code)
	}
}

// A server that is killed under load has lost nothing that it had acknowledged.
//
// Real time: the system kills a process that serves on a socket.
func TestServeKilled(t *testing.T) {
	t.Parallel()
	long(t)
	s := emulated(t, "instant")
	e := s.serve()
	client := e.client(t, e.CAFile)
	base := e.Endpoint + "/subscriptions/" + emulator.Subscription + "/resourceGroups/" + emulator.ResourceGroup +
		"/providers/Microsoft.MachineLearningServices/workspaces/" + emulator.Workspace + "/computes/"
	var (
		mu    sync.Mutex
		acked []string
		wg    sync.WaitGroup
	)
	const enough, workers = 60, 8
	var once sync.Once
	for w := range workers {
		wg.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("adf%d-%dx", w, n)
				req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, base+name+"?api-version=2025-12-01",
					strings.NewReader(`{"location":"eastus","properties":{"computeType":"DataFactory"}}`))
				if err != nil {
					t.Error(err)
					return
				}
				res, err := client.Do(req)
				if err != nil {
					return // it has been killed
				}
				_ = res.Body.Close()
				if res.StatusCode != http.StatusCreated {
					t.Errorf("PUT %s: %s", name, res.Status)
					return
				}
				mu.Lock()
				acked = append(acked, name)
				if len(acked) >= enough {
					once.Do(func() { _ = e.cmd.Process.Kill() })
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	_ = e.cmd.Wait()
	got := s.run("list", "-o", "name")
	there := map[string]bool{}
	for name := range strings.Lines(got.out) {
		there[strings.TrimSpace(name)] = true
	}
	for _, name := range acked {
		if !there[name] {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
	if len(acked) < enough {
		t.Errorf("only %d were acknowledged", len(acked))
	}
}

// Real time: a child reaches a socket, and signals of the system end both.
func TestExec(t *testing.T) {
	t.Parallel()
	s := newPerson(t, "COMPUTETARGET_CLOUD=public")
	ct := s.binary
	got := s.run("emulator", "exec", "--pace", "instant", "--", "sh", "-c",
		ct+" create dev -s Standard_DS3_v2 -o none && "+ct+" list -o name && "+ct+" list -w other-ws -o name; exit 7")
	if got.code != 7 || got.out != "dev\n" || strings.Contains(got.errors, "ERROR") {
		t.Errorf("exit code %d, out %q, errors %q; want 7 and dev", got.code, got.out, got.errors)
	}
	if got := s.run("emulator", "exec", "--", "sh", "-c", "kill -9 $$"); got.code != 137 || got.errors != "" {
		t.Errorf("a killed command: exit code %d, %q, want 137", got.code, got.errors)
	}
	if got := s.run("emulator", "exec", "--", "no-such-command"); got.code != 127 {
		t.Errorf("no command: exit code %d, want 127", got.code)
	}
	if got := s.run("emulator", "exec"); got.code != 2 {
		t.Errorf("no words: exit code %d, want 2", got.code)
	}
	// The bundle holds more than our own authority where the system has a file.
	got = s.run("emulator", "exec", "--", "sh", "-c", "ls $NODE_EXTRA_CA_CERTS && grep -c BEGIN $SSL_CERT_FILE")
	if _, err := os.Stat("/etc/ssl/certs/ca-certificates.crt"); err == nil && strings.HasSuffix(got.out, "\n1\n") {
		t.Errorf("the bundle lacks the system's authorities: %s", got.out)
	}
	file, _, _ := strings.Cut(got.out, "\n")
	if _, err := os.Stat(file); err == nil {
		t.Errorf("%s is left behind", file)
	}
}

// exec --load rehearses on a copy of what list --raw printed.
//
// Real time: a child reaches a socket.
func TestExecLoad(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	for _, name := range []string{"ada", "bob"} {
		s.run("create", name, "-s", "Standard_DS3_v2", "-o", "none")
	}
	s.run("stop", "bob", "-o", "none")
	raw := s.run("list", "--raw", "-o", "json")
	if err := os.WriteFile(filepath.Join(s.dir, "production.json"), []byte(raw.out), 0o600); err != nil {
		t.Fatal(err)
	}
	got := s.run("emulator", "exec", "--load", "production.json", "--", s.binary, "list", "--query", "[].[name,state]", "-o", "tsv")
	if got.code != 0 || got.out != "ada\tRunning\nbob\tStopped\n" {
		t.Errorf("exit code %d, %q", got.code, got.out)
	}
}
