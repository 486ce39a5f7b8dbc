package emulator_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// listening serves an emulator until the test ends.
func listening(t *testing.T, o emulator.Options, dir string) *emulator.Server {
	t.Helper()
	e, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv, err := e.Listen(emulator.ListenOptions{Address: "127.0.0.1:0", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with: %v", err)
		}
		_ = e.Close()
	})
	return srv
}

func trusting(t *testing.T, file string) *http.Client {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
}

// The authority can vouch for this machine only, and nothing of its key is kept.
func TestAuthority(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var servers []*emulator.Server
	for range 2 { // two servers in memory share the files
		servers = append(servers, listening(t, emulator.Options{}, dir))
	}
	for _, srv := range servers {
		for _, host := range []string{"127.0.0.1", "localhost", "emulator.localhost"} {
			client := trusting(t, srv.CAFile)
			client.Transport.(*http.Transport).TLSClientConfig.ServerName = host //nolint:forcetypeassert // made above
			res, err := client.Get(srv.Endpoint + "/healthz")
			if err != nil {
				t.Fatalf("as %s: %v", host, err)
			}
			_ = res.Body.Close()
		}
	}
	raw, err := os.ReadFile(servers[0].CAFile)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		count++
		if !ca.IsCA || !ca.MaxPathLenZero || !ca.PermittedDNSDomainsCritical ||
			fmt.Sprint(ca.PermittedDNSDomains) != "[localhost]" || fmt.Sprint(ca.PermittedIPRanges) != "[127.0.0.0/8 ::1/128]" {
			t.Errorf("the authority may vouch for %v and %v", ca.PermittedDNSDomains, ca.PermittedIPRanges)
		}
	}
	if count != 2 {
		t.Errorf("%d authorities, want 2", count)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if raw, err := os.ReadFile(file); err != nil || strings.Contains(string(raw), "PRIVATE KEY") {
			t.Errorf("%s holds a key, %v", file, err)
		}
	}
}

func TestServerLimits(t *testing.T) {
	t.Parallel()
	srv := listening(t, emulator.Options{}, t.TempDir())
	client := trusting(t, srv.CAFile)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.Endpoint+workspacePath+"?api-version="+stable, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-large", strings.Repeat("x", 100<<10))
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("100 KB of headers: %s", res.Status)
	}
	res, err = client.Post(srv.Endpoint+workspacePath+"/computes/a/start?api-version="+stable, "application/json", strings.NewReader(strings.Repeat(" ", 5<<20)))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 5 MB: %s", res.Status)
	}
}

// Three hundred clients at once, each on a connection of its own, on a server
// with a directory.
func TestManyClients(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := listening(t, emulator.Options{Dir: dir, Pace: emulator.PaceInstant}, "")
	info, served, err := emulator.Serving(dir)
	if err != nil || !served || info != srv.ServerInfo {
		t.Errorf("the directory is served by %+v, %v %v", info, served, err)
	}
	const clients = 300
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			client := trusting(t, srv.CAFile)
			defer client.CloseIdleConnections()
			url := fmt.Sprintf("%s%s/computes/adf%dx?api-version=%s", srv.Endpoint, workspacePath, n, stable)
			req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, url, strings.NewReader(`{"location":"eastus","properties":{"computeType":"DataFactory"}}`))
			if err != nil {
				t.Error(err)
				return
			}
			res, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusCreated {
				t.Errorf("PUT: %s", res.Status)
			}
		})
	}
	wg.Wait()
	e, err := emulator.New(emulator.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if st, err := e.Status(context.Background()); err != nil || st.Computes != clients {
		t.Errorf("%d computes, %v, want %d", st.Computes, err, clients)
	}
}

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // nothing was written
	dir := t.TempDir()
	e, err := emulator.New(emulator.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:0", "example.com:0", "[::]:0", "127.0.0.1", taken.Addr().String()} {
		if srv, err := e.Listen(emulator.ListenOptions{Address: address}); err == nil {
			t.Errorf("it listens on %s, at %s", address, srv.Endpoint)
		}
		if info, served, err := emulator.Serving(dir); served || err != nil {
			t.Errorf("%s: the directory seems to be served by %+v (%v)", address, info, err)
		}
	}
}

// A server that has ended leaves no sign that there is one.
func TestEndedServerLeavesNoMark(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	e, err := emulator.New(emulator.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := e.Listen(emulator.ListenOptions{Address: "127.0.0.1:0", NoTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(dir, "server.json")
	if _, err := os.Stat(mark); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := srv.Serve(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mark); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", mark, err)
	}
}

// Authorities whose time is over are not kept beside new ones.
func TestExpiredAuthoritiesAreDropped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := emulator.CAFile(dir)
	if err := os.WriteFile(file, authority(t, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := listening(t, emulator.Options{}, dir)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(raw, []byte("BEGIN CERTIFICATE")); n != 1 || srv.CAFile != file {
		t.Errorf("%d authorities in %s, want the new one", n, srv.CAFile)
	}
}

// Old authorities make room for new ones, so the file stays small.
func TestOldAuthoritiesMakeRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := emulator.CAFile(dir)
	if err := os.WriteFile(file, bytes.Repeat(authority(t, time.Now()), 40), 0o600); err != nil {
		t.Fatal(err)
	}
	trusting(t, listening(t, emulator.Options{}, dir).CAFile)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(raw, []byte("BEGIN CERTIFICATE")); n != 16 {
		t.Errorf("%d authorities", n)
	}
}

// authority is the PEM text of a certificate that is valid for a month.
func authority(t *testing.T, from time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: from.AddDate(0, 1, 0)}
	der, err := x509.CreateCertificate(rand.Reader, old, old, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
