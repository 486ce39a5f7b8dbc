package cmd_test

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// company is a Resource Manager that can only be reached as example.com, over
// TLS of an authority that nobody knows, and through a proxy.
type company struct {
	server, proxy *httptest.Server

	mu    sync.Mutex
	asked []string // of the proxy
}

func newCompany(t *testing.T) *company {
	t.Helper()
	e, err := emulator.New(emulator.Options{Pace: emulator.PaceInstant})
	if err != nil {
		t.Fatal(err)
	}
	c := &company{server: httptest.NewUnstartedServer(e)}
	c.server.Config.ErrorLog = log.New(io.Discard, "", 0) // those who do not trust it are expected
	c.server.StartTLS()
	c.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.asked = append(c.asked, r.Method+" "+r.Host)
		c.mu.Unlock()
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		there, err := net.Dial("tcp", c.server.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		w.WriteHeader(http.StatusOK)
		here, sent, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		go func() { _, _ = io.Copy(there, sent); _ = there.Close() }()
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}))
	t.Cleanup(func() { c.proxy.Close(); c.server.Close(); _ = e.Close() })
	return c
}

func (c *company) proxied() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// withToken is the environment of somebody who brings a token.
func withToken() []string {
	return []string{"COMPUTETARGET_AUTH_MODE=token", "COMPUTETARGET_ACCESS_TOKEN=" + token(time.Now().Add(time.Hour))}
}

// Proxies and authorities of a company are found where people put them.
//
// Real time: proxies and certificates need sockets.
func TestCompanyNetwork(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	const endpoint = "https://example.com"
	ca := caFile(t, c.server)
	for name, test := range map[string]struct {
		env  []string
		args []string
	}{
		"--ca-file":          {[]string{"HTTPS_PROXY=" + c.proxy.URL}, []string{"--ca-file", ca}},
		"SSL_CERT_FILE":      {[]string{"https_proxy=" + c.proxy.URL, "SSL_CERT_FILE=" + ca}, nil},
		"REQUESTS_CA_BUNDLE": {[]string{"HTTPS_PROXY=" + c.proxy.URL, "REQUESTS_CA_BUNDLE=" + ca, "NO_PROXY=.example.org"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := on(t, endpoint, append(withToken(), test.env...)...)
			before := c.proxied()
			if e := p.must(append([]string{"list", "-o", "json"}, test.args...)...); e.out != "[]\n" || e.errors != "" {
				t.Errorf("stdout %q\nstderr %q", e.out, e.errors)
			}
			if c.proxied() == before {
				t.Errorf("the proxy was not asked")
			}
		})
	}
	t.Run("config.yaml", func(t *testing.T) {
		t.Parallel()
		p := on(t, endpoint, append(withToken(), "HTTPS_PROXY="+c.proxy.URL)...)
		p.must("config", "set", "ca-file="+ca)
		p.must("list")
	})
}

// What keeps the service from being reached is said in one line, with exit code
// 1, before anybody loses patience.
//
// Real time: the network of the system refuses.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(guarded.Close)
	nobody := filepath.Join(folder(t), "none.pem")
	for name, test := range map[string]struct {
		endpoint string
		env      []string
		code     int
		says     string
	}{
		"unknown issuer":   {c.server.URL, nil, 1, `was issued by "O=Acme Co", which is not trusted here`},
		"unknown host":     {"https://nobody.invalid", nil, 1, "nobody.invalid"},
		"nothing listens":  {gone.URL, nil, 1, strings.TrimPrefix(gone.URL, "http://") + " refused the connection"},
		"no proxy there":   {"https://example.com", []string{"HTTPS_PROXY=" + gone.URL}, 1, "the proxy " + strings.TrimPrefix(gone.URL, "http://") + " could not be used for example.com"},
		"proxy says no":    {"https://example.com", []string{"HTTPS_PROXY=" + guarded.URL}, 1, "refused to connect to example.com (407 Proxy Authentication Required)"},
		"around the proxy": {"https://nobody.invalid", []string{"HTTPS_PROXY=" + gone.URL, "NO_PROXY=.invalid"}, 1, "nobody.invalid"},
		"not routed":       {"https://192.0.2.1", nil, 1, "192.0.2.1"},
		"no TLS there":     {strings.Replace(c.proxy.URL, "http:", "https:", 1), nil, 1, "does not speak TLS"},
		"no such CA file":  {c.server.URL, []string{"SSL_CERT_FILE=" + nobody}, 2, nobody + " does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := on(t, test.endpoint, append(withToken(), test.env...)...)
			var all sync.WaitGroup // they are patient, each for itself
			for _, args := range [][]string{{"list"}, {"show", "dev"}, {"stop", "dev"}, {"create", "dev", "-s", "Standard_A1_v2"}, {"wait", "dev", "--timeout", "10m"}} {
				all.Go(func() {
					begun := time.Now()
					e := p.run(args...)
					lines := strings.Split(strings.TrimSuffix(e.errors, "\n"), "\n")
					if e.code != test.code || e.out != "" && e.out != "[]\n" || !strings.HasPrefix(lines[0], "ERROR: ") || !strings.Contains(lines[0], test.says) {
						t.Errorf("%v: exit code %d, stdout %q\n%s", args, e.code, e.out, e.errors)
					}
					if len(lines) > 2 || len(lines) == 2 && !strings.HasPrefix(lines[1], "hint: ") {
						t.Errorf("%v: this is more than a line and a hint:\n%s", args, e.errors)
					}
					if took := time.Since(begun); took > patience/2 {
						t.Errorf("%v took %s", args, took)
					}
				})
			}
			all.Wait()
		})
	}
}

// Azure's instances are opened, dialled and written down: an emulator under
// another name stands in for Azure.
//
// Real time: other programs are started: ssh and a browser.
func TestReachingAzure(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	p := on(t, "https://example.com", append(withToken(), "HTTPS_PROXY="+c.proxy.URL, "SSL_CERT_FILE="+caFile(t, c.server), "DISPLAY=:0")...)
	bin, home := filepath.Join(p.dir, "bin"), filepath.Join(p.dir, "home")
	opened := filepath.Join(p.dir, "opened")
	for name, text := range map[string]string{
		filepath.Join(bin, "ssh"):             "#!/bin/sh\necho \"$@\"\nexit 7\n",
		filepath.Join(bin, "xdg-open"):        "#!/bin/sh\necho \"$@\" >" + opened + ".tmp && mv " + opened + ".tmp " + opened + "\n",
		filepath.Join(home, ".ssh", "config"): "Host *\n    ServerAliveInterval 30\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o700)); err != nil { //nolint:gosec // programs
			t.Fatal(err)
		}
	}
	p.env = append(p.env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	p.must("create", "dev", "-s", "Standard_DS3_v2", "--ssh-key", keyFile(t), "-o", "none")
	p.must("create", "off", "-s", "Standard_DS3_v2", "-o", "none")
	got := p.run("ssh", "dev", "--", "nvidia-smi", "-L")
	if got.code != 7 || !strings.HasPrefix(got.out, "-p 50000 -l azureuser -- 203.0.113.") || !strings.HasSuffix(got.out, " nvidia-smi -L\n") {
		t.Errorf("ssh ended with %d: %s%s", got.code, got.out, got.errors)
	}
	p.must("ssh-config", "--all", "--write")
	p.must("ssh-config", "dev", "--write")
	config, err := os.ReadFile(filepath.Join(home, ".ssh", "config"))
	if err != nil || !strings.Contains(string(config), "\nHost dev\n") || !strings.Contains(string(config), "ServerAliveInterval 30") ||
		strings.Contains(string(config), "Host off") || strings.Count(string(config), ">>> computetarget dev >>>") != 1 {
		t.Errorf("the configuration of ssh is %v\n%s", err, config)
	}
	if runtime.GOOS != "linux" {
		return
	}
	p.must("open", "dev")
	for range 1000 { // the browser is not waited for
		if raw, err := os.ReadFile(opened); err == nil {
			if string(raw) != "https://dev.eastus.instances.azureml.ms/lab\n" {
				t.Errorf("the browser got %q", raw)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("no browser was started")
}

// keyFile is the path of a public key of ssh.
func keyFile(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("../testdata/script/reaching.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(script), "-- key.pub --\n")
	path := filepath.Join(folder(t), "key.pub")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
