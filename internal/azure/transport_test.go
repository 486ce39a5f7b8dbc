package azure

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/computetarget/computetarget/internal/exit"
)

func fetch(t *testing.T, client *http.Client, target string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer secret")
	response, err := client.Do(request)
	if err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	return response, err
}

func client(t *testing.T, opts TransportOptions) *http.Client {
	t.Helper()
	if opts.Getenv == nil {
		opts.Getenv = environment()
	}
	c, err := NewTransport(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func quiet(handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	return server
}

func tlsServer(t *testing.T) (server *httptest.Server, caFile string) {
	t.Helper()
	server = quiet(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }))
	server.StartTLS()
	t.Cleanup(server.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(caFile, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return server, caFile
}

func networkError(t *testing.T, err error) *exit.Error {
	t.Helper()
	e := asShown(t, err)
	if e.Exit != exit.Failed {
		t.Errorf("%d %q", e.Exit, e)
	}
	return e
}

func isLasting(err error) bool {
	var marked interface{ NonRetriable() }
	return errors.As(err, &marked)
}

func TestPrivateAuthority(t *testing.T) {
	t.Parallel()
	server, caFile := tlsServer(t)
	_, err := fetch(t, client(t, TransportOptions{}), server.URL)
	e := networkError(t, err)
	if !strings.Contains(e.Error(), `was issued by "O=Acme Co", which is not trusted here`) || !strings.Contains(e.Tip, "--ca-file") || !isLasting(err) {
		t.Errorf("%q, hint %q", e, e.Tip)
	}
	for name, opts := range map[string]TransportOptions{
		"--ca-file":           {CAFile: caFile},
		"SSL_CERT_FILE":       {Getenv: environment("SSL_CERT_FILE", caFile)},
		"REQUESTS_CA_BUNDLE":  {Getenv: environment("REQUESTS_CA_BUNDLE", caFile)},
		"the emulator's file": {LoopbackCAFile: caFile},
	} {
		if _, err := fetch(t, client(t, opts), server.URL); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := fetch(t, client(t, TransportOptions{LoopbackCAFile: caFile + ".no"}), server.URL); err == nil {
		t.Error("trusted a file that is not there")
	}
}

func TestBadCAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "text": "hello", "key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := NewTransport(TransportOptions{CAFile: path, Getenv: environment()})
		var e *exit.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), path) || e.Tip == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "no")} {
		_, err := NewTransport(TransportOptions{Getenv: environment("SSL_CERT_FILE", path)})
		var e *exit.Error
		if !errors.As(err, &e) || e.Exit != exit.Usage {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestWrongHostAndOldTLS(t *testing.T) {
	t.Parallel()
	certificate, key := selfSigned(t, "another.example")
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	server := quiet(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err = fetch(t, client(t, TransportOptions{CAFile: caFile}), server.URL)
	if e := networkError(t, err); !strings.Contains(e.Error(), "for another host") || !isLasting(err) {
		t.Errorf("%q", e)
	}

	old, oldCA := tlsServer(t)
	old.TLS.MaxVersion = tls.VersionTLS11
	old.TLS.MinVersion = tls.VersionTLS10
	_, err = fetch(t, client(t, TransportOptions{CAFile: oldCA}), old.URL)
	if e := networkError(t, err); !strings.Contains(e.Error(), "protocol version") {
		t.Errorf("%q", e)
	}
}

func TestNotTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	_, err := fetch(t, client(t, TransportOptions{}), strings.Replace(server.URL, "http:", "https:", 1))
	if e := networkError(t, err); !strings.Contains(e.Error(), "does not speak TLS") {
		t.Errorf("%q", e)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, err = fetch(t, client(t, TransportOptions{}), "http://"+address)
	e := networkError(t, err)
	if e.Error() != address+" refused the connection" || !strings.Contains(e.Tip, "emulator serve") || isLasting(err) {
		t.Errorf("%q, hint %q", e, e.Tip)
	}
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" {
		t.Error("the cause is lost: the client could not tell that nothing was sent")
	}
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	// .invalid is never registered (RFC 2606); without a network the answer
	// differs, and is one line as well.
	_, err := fetch(t, client(t, TransportOptions{}), "https://nobody.invalid")
	if e := networkError(t, err); !strings.Contains(e.Error(), "nobody.invalid") || e.Tip == "" || !isLasting(err) {
		t.Errorf("%q, hint %q", e, e.Tip)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	dialled := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := []struct {
		name    string
		proxy   string
		err     error
		want    string
		lasting bool
	}{
		{"unknown", "", dialled(&net.DNSError{Name: "h", IsNotFound: true}), "the host h does not exist", true},
		{"no resolver", "", dialled(&net.DNSError{Name: "h", IsTemporary: true}), "could not be looked up (no network?)", true},
		{"resolver silent", "", dialled(&net.DNSError{Name: "h", IsTimeout: true}), "could not be looked up", true},
		{"unreachable", "", dialled(os.NewSyscallError("connect", syscall.ENETUNREACH)), "h:1 could not be reached (network is unreachable)", true},
		{"silent", "", dialled(context.DeadlineExceeded), "h:1 did not answer within 4s", true},
		{"refused", "", dialled(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "h:1 refused the connection", false},
		{"proxy refused", "proxy:3128", &net.OpError{Op: "proxyconnect", Err: dialled(syscall.ECONNREFUSED)}, "the proxy proxy:3128 could not be used for h:1 (connection refused)", true},
		{"reset", "", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, "the connection to h:1 broke (connection reset by peer)", false},
		{"end", "", io.ErrUnexpectedEOF, "the connection to h:1 broke (unexpected EOF)", false},
		{"slow", "", os.ErrDeadlineExceeded, "h:1 did not answer in time", false},
		{"hostile", "", errors.New("bad\x1b[31m\nline \u202e"), "the connection to h:1 broke (bad [31m line)", false},
	}
	for _, test := range tests {
		err := explain("h:1", test.proxy, test.err)
		e := networkError(t, err)
		if !strings.Contains(e.Error(), test.want) || isLasting(err) != test.lasting || !errors.Is(err, test.err) {
			t.Errorf("%s: %q, lasting %v", test.name, e, isLasting(err))
		}
	}
}

func TestCancelledRequestIsNoNetworkError(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err = client(t, TransportOptions{}).Do(request)
	var e *exit.Error
	if !errors.Is(err, context.Canceled) || errors.As(err, &e) {
		t.Errorf("err = %v", err)
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	var asked []string
	proxy := quiet(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	proxy.Start()
	t.Cleanup(proxy.Close)
	c := client(t, TransportOptions{Getenv: environment("HTTPS_PROXY", proxy.URL, "http_proxy", proxy.URL)})
	_, err := fetch(t, c, "https://management.azure.com/x")
	if e := networkError(t, err); !strings.Contains(e.Error(), "refused to connect to management.azure.com (403 Forbidden)") || !isLasting(err) {
		t.Errorf("%q", e)
	}
	if response, err := fetch(t, c, "http://plain.example/x"); err != nil || response.StatusCode != 403 {
		t.Errorf("%v", err)
	}
	if got := strings.Join(asked, ", "); got != "CONNECT management.azure.com:443, GET plain.example" {
		t.Errorf("asked %s", got)
	}

	choose := proxyFunc(environment("HTTPS_PROXY", "http://proxy:1", "HTTP_PROXY", "http://proxy:1", "NO_PROXY", ".internal,10.0.0.0/8"))
	for target, want := range map[string]bool{
		"https://management.azure.com": true, "http://example.com": true, "https://a.internal": false, "https://10.1.2.3": false,
		"http://169.254.169.254/metadata": false, "http://127.0.0.1:1": false, "http://[::1]:1": false, "https://localhost": false,
		"http://[fe80::1]": false,
	} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		got, err := choose(&http.Request{URL: u})
		if err != nil || (got != nil) != want {
			t.Errorf("%s: proxy %v, %v, want one: %v", target, got, err, want)
		}
	}
}

func TestRedirectsCarryNoToken(t *testing.T) {
	t.Parallel()
	var second string
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/second":
			second = "authorization: " + r.Header.Get("Authorization")
		default:
			http.Redirect(w, r, server.URL+"/second", http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(server.Close)
	c := client(t, TransportOptions{})
	if _, err := fetch(t, c, server.URL+"/first"); err != nil || second != "authorization: " {
		t.Errorf("%v, %q", err, second)
	}
	if _, err := fetch(t, c, server.URL+"/loop"); err == nil || !strings.Contains(err.Error(), "10 redirects") {
		t.Errorf("err = %v", err)
	}
}
