//go:build unix

package cmd_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// publicCloud is Azure's public cloud, as far as SSH through Jupyter goes: the
// Resource Manager is an emulator, and every instance's Jupyter connects to a server
// that sends back what it gets in capitals. Everything is reached through a proxy.
type publicCloud struct {
	*person
	answer http.HandlerFunc  // of Jupyter, instead of a connection
	says   *strings.Replacer // what the Resource Manager says instead, nil for what is so

	mu     sync.Mutex
	dialed []string          // hosts
	signed map[string]string // who brought a token where: Authorization by host
}

const hers = "dev.eastus.instances.azureml.ms"

func newPublicCloud(t *testing.T) *publicCloud {
	t.Helper()
	e, err := emulator.New(emulator.Options{Pace: emulator.PaceInstant})
	if err != nil {
		t.Fatal(err)
	}
	c := &publicCloud{signed: map[string]string{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.signed[r.Host] = r.Header.Get("Authorization")
		c.mu.Unlock()
		switch {
		case r.Host == "management.azure.com" || r.Host == "arm.example":
			c.manage(e, w, r)
		case c.answer != nil:
			c.answer(w, r)
		case r.URL.Path == "/nbip/v1.0/ws-tcp/port/22":
			shout(w, r)
		default:
			http.NotFound(w, r)
		}
	}))
	certificate, ca := certificateFor(t, "management.azure.com", "*.eastus.instances.azureml.ms", "*.chinaeast2.instances.azureml.cn", "evil.example", "arm.example")
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.dialed = append(c.dialed, r.Host)
		c.mu.Unlock()
		there, err := net.Dial("tcp", server.Listener.Addr().String())
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
	t.Cleanup(func() { proxy.Close(); server.Close(); _ = e.Close() })
	c.person = newPerson(t, append(withToken(), "COMPUTETARGET_CLOUD=public", "HTTPS_PROXY="+proxy.URL, "SSL_CERT_FILE="+ca,
		"COMPUTETARGET_SUBSCRIPTION="+emulator.Subscription, "COMPUTETARGET_RESOURCE_GROUP="+emulator.ResourceGroup, "COMPUTETARGET_WORKSPACE="+emulator.Workspace)...)
	return c
}

// manage answers as the Resource Manager.
func (c *publicCloud) manage(e http.Handler, w http.ResponseWriter, r *http.Request) {
	if c.says == nil {
		e.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, r)
	for name, values := range answer.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Code)
	_, _ = c.says.WriteString(w, answer.Body.String())
}

// shout answers in capitals, and ends after "bye".
func shout(w http.ResponseWriter, r *http.Request) {
	s, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer s.CloseNow() //nolint:errcheck // closed
	for {
		kind, text, err := s.Read(context.Background())
		if err != nil || s.Write(context.Background(), kind, bytes.ToUpper(text)) != nil {
			return
		}
		if bytes.Contains(text, []byte("bye")) {
			_ = s.Close(websocket.StatusNormalClosure, "")
			return
		}
	}
}

// certificateFor makes a certificate for hosts, and the file of its authority.
func certificateFor(t *testing.T, hosts ...string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: hosts,
		IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder(t), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, path
}

// reached are the hosts dialed since the last call.
func (c *publicCloud) reached() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	hosts := c.dialed
	c.dialed = nil
	return hosts
}

// pipe runs computetarget with a text as its stdin.
func (c *publicCloud) pipe(text string, args ...string) ended {
	c.t.Helper()
	var out, errs strings.Builder
	child := c.command(args...)
	child.Stdin, child.Stdout, child.Stderr = strings.NewReader(text), &out, &errs
	code := codeOf(child.Run())
	c.t.Logf("computetarget %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	return ended{code: code, out: out.String(), errors: errs.String()}
}

// withSSH puts an ssh on PATH that makes its connection by ProxyCommand, as OpenSSH
// does, says a line and ends with 7.
func (c *publicCloud) withSSH() {
	bin := filepath.Join(c.dir, "bin")
	text := `#!/bin/sh
echo "$@"
for word; do
	case $word in ProxyCommand=*) proxy=$(printf %s "${word#ProxyCommand=}" | sed 's/%%/%/g') ;; esac
done
[ -z "$proxy" ] || printf 'hello, bye\n' | /bin/sh -c "exec $proxy"
exit 7
`
	if err := errors.Join(os.MkdirAll(bin, 0o700), os.WriteFile(filepath.Join(bin, "ssh"), []byte(text), 0o700)); err != nil { //nolint:gosec // a program
		c.t.Fatal(err)
	}
	c.env = append(c.env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func (c *publicCloud) createAddressless() {
	c.t.Helper()
	c.must("create", "dev", "-s", "Standard_DS3_v2", "--no-public-ip", "--vnet-name", "v", "--subnet-name", "s", "--vnet-resourcegroup-name", "r",
		"--ssh-key", keyFile(c.t), "-o", "none")
}

// ssh, and connect-ssh of v2, reach an instance without an address: ssh runs us again
// to connect, through the proxy of the company.
//
// Real time: other programs are started.
func TestSSHThroughJupyter(t *testing.T) {
	t.Parallel()
	c := newPublicCloud(t)
	c.withSSH()
	c.createAddressless()
	key := filepath.Join(c.dir, "my key")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args  []string
		words string
	}{
		{[]string{"ssh", "dev", "--", "nvidia-smi", "-L"}, " -l azureuser -- " + hers + " nvidia-smi -L\nHELLO, BYE\n"},
		{[]string{"ml", "compute", "connect-ssh", "-n", "dev"}, " -l azureuser -- " + hers + "\nHELLO, BYE\n"},
		{[]string{"ml", "compute", "connect-ssh", "--name", "dev", "-f", "my key"}, " -l azureuser -- " + hers + "\nHELLO, BYE\n"},
	} {
		c.reached()
		got := c.run(test.args...)
		if got.code != 7 || got.errors != "" || !strings.HasSuffix(got.out, test.words) || !slices.Contains(c.reached(), hers+":443") {
			t.Errorf("%q ended with %d: %s%s", test.args, got.code, got.out, got.errors)
		}
		if slices.Contains(test.args, "-f") != strings.HasPrefix(got.out, "-i my key -o ProxyCommand=") {
			t.Errorf("ssh was run with %s", got.out)
		}
	}
	if got := c.signed[hers]; !strings.HasPrefix(got, "Bearer ") {
		t.Errorf("the handshake was signed with %q", got)
	}
	if got := c.run("ml", "compute", "connect-ssh", "-n", "dev", "-f", "none"); got.code != 1 || !strings.Contains(got.errors, "There is no file on target path: none") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}

	// Editors start ssh with little of an environment.
	config := c.must("ssh-config", "dev").out
	_, line, _ := strings.Cut(config, "    ProxyCommand ")
	line, _, _ = strings.Cut(line, "\n")
	for _, flag := range []string{" ssh dev --stdio -g local-rg -w local-ws --subscription-id " + emulator.Subscription + " --cloud AzureCloud --auth-mode token"} {
		if !strings.HasSuffix(line, flag) {
			t.Errorf("%q is not the end of %q", flag, line)
		}
	}
	if !strings.Contains(config, "\n    HostName "+hers+"\n    User azureuser\n") {
		t.Errorf("the configuration is\n%s", config)
	}
	c.must("ssh-config", "--all", "--write")
	written, err := os.ReadFile(filepath.Join(c.dir, "home", ".ssh", "config"))
	if err != nil || string(written) != config {
		t.Errorf("%v\n%s", err, written)
	}
	if got := c.must("open", "dev", "--app", "vscode", "--print"); got.out != "vscode://vscode-remote/ssh-remote+dev/home/azureuser\n" {
		t.Errorf("the editor is opened at %s", got.out)
	}
}

// --stdio passes bytes on and says nothing else on stdout; its debugging output does
// not hold the token.
//
// Real time: sockets.
func TestStdio(t *testing.T) {
	t.Parallel()
	c := newPublicCloud(t)
	c.createAddressless()
	text := strings.Repeat("a\x00b\xff\r\n", 1<<16) + "bye"
	got := c.pipe(text, "ssh", "dev", "--stdio", "--debug")
	if got.code != 0 || got.out != string(bytes.ToUpper([]byte(text))) {
		t.Errorf("exit code %d, %d bytes of %d", got.code, len(got.out), len(text))
	}
	if !strings.Contains(got.errors, "GET wss://"+hers+"/nbip/v1.0/ws-tcp/port/22: 101\n") || strings.Contains(got.errors, "signature") || strings.Contains(got.errors, "Bearer ey") {
		t.Errorf("debugging output:\n%s", got.errors)
	}
	child := c.command("ssh", "dev", "--stdio")
	keyboard, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	screen, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	child.Stderr = &errs
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(keyboard, "hello")
	if _, err := io.ReadFull(screen, make([]byte, 5)); err != nil {
		t.Error(err)
	}
	if err := child.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if code := codeOf(child.Wait()); code != 130 || errs.String() != "" {
		t.Errorf("interrupted with %d: %s", code, &errs)
	}
	for _, args := range [][]string{{"ssh", "dev", "--stdio", "--private"}, {"ssh", "dev", "--stdio", "--", "ls"}} {
		if got := c.run(args...); got.code != 2 || !strings.Contains(got.errors, "--stdio takes neither") {
			t.Errorf("%q ended with %d: %s", args, got.code, got.errors)
		}
	}
	for status, want := range map[int]struct {
		code int
		says string
	}{
		401: {6, "the Jupyter of dev does not take your sign-in (401)"}, 403: {6, "the Jupyter of dev does not let you in (403)"},
		404: {1, "the Jupyter of dev has no connection for SSH (404)"}, 302: {6, `a redirect to "evil.example"`},
	} {
		c.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://evil.example/")
			w.WriteHeader(status)
		}
		got := c.pipe("", "ssh", "dev", "--stdio")
		if got.code != want.code || got.out != "" || !strings.Contains(got.errors, want.says) || !strings.Contains(got.errors, "hint: ") {
			t.Errorf("%d: exit code %d: %s%s", status, got.code, got.out, got.errors)
		}
	}
	if to := c.reached(); slices.Contains(to, "evil.example:443") {
		t.Errorf("a redirect was followed: %q", to)
	}
}

// Somebody's token gets to an instance of theirs only, and only in the cloud that is
// chosen.
//
// Real time: sockets.
func TestTokenGoesToOwnInstancesOnly(t *testing.T) {
	t.Parallel()
	c := newPublicCloud(t)
	c.withSSH()
	c.createAddressless()
	stranger := tokenOf(t, "44444444-4444-4444-4444-444444444444")
	commands := [][]string{{"ssh", "dev"}, {"ssh", "dev", "--stdio"}, {"ssh-config", "dev"}, {"ml", "compute", "connect-ssh", "-n", "dev"}}
	code := 6
	refused := func(about, says string, env ...string) {
		t.Helper()
		for _, args := range commands {
			c.reached()
			before := c.env
			c.env = append(slices.Clone(before), env...)
			got := c.run(args...)
			c.env = before
			want := code
			if args[0] == "ml" {
				want = 1 // as all failures that az's parser let pass
			}
			if to := c.reached(); got.code != want || got.out != "" || !strings.Contains(got.errors, says) || slices.ContainsFunc(to, func(h string) bool { return strings.Contains(h, "instances") }) {
				t.Errorf("%s: %q ended with %d after %q: %s%s", about, args, got.code, to, got.out, got.errors)
			}
		}
	}
	refused("a stranger", "ERROR: dev is not yours but ada's, so your sign-in is not sent to it", stranger)
	refused("an unreadable token", "does not tell who you are", "COMPUTETARGET_ACCESS_TOKEN=opaque")
	refused("an unknown cloud", "ERROR: the hosts of instances are not known for https://arm.example, so your sign-in", "COMPUTETARGET_ENDPOINT=https://arm.example")
	c.says = strings.NewReplacer(hers, "dev.chinaeast2.instances.azureml.cn")
	refused("another cloud's host", `ERROR: "dev.chinaeast2.instances.azureml.cn" is not a host of an instance in AzureCloud, so your sign-in is not sent there`)
	c.says = strings.NewReplacer(`"createdBy"`, `"made"`)
	refused("nobody's instance", "ERROR: dev may not be yours: the service does not say whose it is, so")
	code = 1
	c.says = strings.NewReplacer(hers, "dev.instances.azureml.ms.evil.example")
	refused("a stranger's host", "which is not an Azure Machine Learning address")
	c.says = nil
	if got := c.run("ssh-config", "--all"); !strings.Contains(got.out, "\"name\": \"dev\"") && !strings.Contains(got.out, "Host dev\n") {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
	c.env = append(c.env, stranger)
	if got := c.must("ssh-config", "--all"); strings.Contains(got.out, "Host dev") {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
}

// tokenOf is the variable of a token of somebody else.
func tokenOf(t *testing.T, id string) string {
	t.Helper()
	claims := fmt.Sprintf(`{"aud":"https://management.azure.com","exp":%d,"oid":%q,"name":"eve"}`, time.Now().Add(time.Hour).Unix(), id)
	part := base64.RawURLEncoding.EncodeToString
	return "COMPUTETARGET_ACCESS_TOKEN=" + part([]byte(`{"alg":"none"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}
