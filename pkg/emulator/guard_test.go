package emulator_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// ask sends a request with headers to a server; a Host among them is the
// request's own.
func ask(t *testing.T, client *http.Client, method, url, body string, headers ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(raw)
}

const ours, asJSON = "X-Computetarget-Emulator: 1", "Content-Type: application/json"

// What a web page can send to a server on this machine is refused, and changes
// nothing.
func TestPagesAreRefused(t *testing.T) {
	t.Parallel()
	srv := listening(t, emulator.Options{Dir: t.TempDir()}, "")
	client := trusting(t, srv.CAFile)
	port := srv.Endpoint[strings.LastIndexByte(srv.Endpoint, ':'):]
	compute := workspacePath + "/computes/desk?api-version=" + stable
	if status, _, body := ask(t, client, "PUT", srv.Endpoint+compute, `{"location":"eastus","properties":{"computeType":"DataFactory"}}`); status != 201 {
		t.Fatalf("nothing to protect: %d %s", status, body)
	}
	for _, attack := range []struct {
		name, method, path, body string
		headers                  []string
	}{
		{"a form", "POST", "/_emulator/reset", "a=b", []string{"Content-Type: application/x-www-form-urlencoded", "Origin: https://evil.example"}},
		{"a form without an origin", "POST", "/_emulator/reset", "a=b", []string{"Content-Type: application/x-www-form-urlencoded"}},
		{"a fetch of plain text", "POST", "/_emulator/reset", "{}", []string{"Content-Type: text/plain", "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}},
		{"plain text with our header", "POST", "/_emulator/reset", "{}", []string{ours, "Content-Type: text/plain"}},
		{"no content type", "POST", "/_emulator/reset", "", []string{ours}},
		{"a list of content types", "POST", "/_emulator/reset", "", []string{ours, "Content-Type: text/plain, application/json"}},
		{"JSON without our header", "POST", "/_emulator/reset", "{}", []string{asJSON}},
		{"an empty header", "POST", "/_emulator/reset", "{}", []string{"X-Computetarget-Emulator: ", asJSON}},
		{"many slashes", "POST", "//_Emulator//reset", "{}", []string{asJSON}},
		{"an escaped letter", "POST", "/%5Femulator/reset", "{}", []string{asJSON}},
		{"a load", "POST", "/_emulator/load", "[]", []string{"Content-Type: text/plain"}},
		{"reading what was asked", "GET", "/_emulator/requests", "", nil},
		{"clearing faults", "DELETE", "/_emulator/faults", "", []string{ours}},
		{"all of it from a foreign origin", "POST", "/_emulator/reset", "{}", []string{ours, asJSON, "Origin: https://evil.example"}},
		{"an origin on another port", "POST", "/_emulator/reset", "{}", []string{ours, asJSON, "Origin: https://127.0.0.1:1"}},
		{"an origin without a name", "POST", "/_emulator/reset", "{}", []string{ours, asJSON, "Origin: null"}},
		{"two origins", "POST", "/_emulator/reset", "{}", []string{ours, asJSON, "Origin: " + srv.Endpoint, "Origin: https://evil.example"}},
		{"a neighbouring site", "POST", "/_emulator/reset", "{}", []string{ours, asJSON, "Sec-Fetch-Site: same-site"}},
		{"a delete from a page", "DELETE", compute, "", []string{"Origin: https://evil.example"}},
		{"a delete from a frame", "DELETE", compute, "", []string{"Sec-Fetch-Site: cross-site"}},
		{"a read from a page", "GET", compute, "", []string{"Origin: https://evil.example"}},
		{"asking first", "OPTIONS", compute, "", []string{"Origin: https://evil.example", "Access-Control-Request-Method: DELETE"}},
		{"a rebound name", "DELETE", compute, "", []string{"Host: evil.example" + port}},
		{"a rebound name as its own origin", "DELETE", compute, "", []string{"Host: evil.example" + port, "Origin: https://evil.example" + port, "Sec-Fetch-Site: same-origin"}},
		{"a name that begins like ours", "DELETE", compute, "", []string{"Host: localhost.evil.example"}},
		{"an address that begins like ours", "DELETE", compute, "", []string{"Host: 127.0.0.1.evil.example"}},
		{"a name that ends like ours", "DELETE", compute, "", []string{"Host: evillocalhost"}},
		{"every address", "DELETE", compute, "", []string{"Host: 0.0.0.0" + port}},
		{"a user before the name", "DELETE", compute, "", []string{"Host: localhost@evil.example"}},
		{"a path in it", "DELETE", compute, "", []string{"Host: localhost/evil.example"}},
		{"this machine behind a user", "DELETE", compute, "", []string{"Host: evil.example@localhost"}},
		{"health under a rebound name", "GET", "/healthz", "", []string{"Host: evil.example"}},
	} {
		status, header, body := ask(t, client, attack.method, srv.Endpoint+attack.path, attack.body, attack.headers...)
		if status != http.StatusForbidden && status != http.StatusBadRequest {
			t.Errorf("%s: %d %s, want 403", attack.name, status, body)
		}
		if strings.Contains(body, "evil") || header.Get("Location") != "" || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: the answer repeats the host or invites the page: %v %s", attack.name, header, body)
		}
		if status, _, _ := ask(t, client, "GET", srv.Endpoint+compute, ""); status != http.StatusOK {
			t.Fatalf("%s: it has removed what was there (%d)", attack.name, status)
		}
	}
	status, _, requests := ask(t, client, "GET", srv.Endpoint+"/_emulator/requests", "", ours)
	if status != http.StatusOK || strings.Contains(requests, "DELETE") {
		t.Errorf("%d: a refused request is in the journal: %s", status, requests)
	}
}

// What clients of this machine send is answered: by every name of this machine,
// with any port, and by a page of the server's own.
func TestThisMachineIsAnswered(t *testing.T) {
	t.Parallel()
	srv := listening(t, emulator.Options{}, t.TempDir())
	client := trusting(t, srv.CAFile)
	for _, headers := range [][]string{
		nil,
		{"Host: localhost"}, {"Host: LOCALHOST:9443"}, {"Host: localhost."}, {"Host: emulator.localhost"}, {"Host: [::1]:1"}, {"Host: 127.1.2.3"},
		{"Sec-Fetch-Site: none"},
		{"Origin: " + srv.Endpoint, "Sec-Fetch-Site: same-origin"},
		{"Host: localhost:9443", "Origin: https://localhost:9443"},
	} {
		status, _, body := ask(t, client, "GET", srv.Endpoint+workspacePath+"?api-version="+stable, "", headers...)
		if status != http.StatusOK {
			t.Errorf("%q: %d %s", headers, status, body)
		}
	}
	for _, kind := range []string{asJSON, "Content-Type: application/json; charset=utf-8", "Content-Type: Application/JSON"} {
		if status, _, body := ask(t, client, "POST", srv.Endpoint+"/_emulator/advance", `{"by":"1h"}`, ours, kind); status != http.StatusOK {
			t.Errorf("%s: %d %s", kind, status, body)
		}
	}
	// The address of an operation is what the client called the server.
	_, header, _ := ask(t, client, "PUT", srv.Endpoint+workspacePath+"/computes/desk?api-version="+stable, instance("STANDARD_DS1_V2", `"x":1`), "Host: localhost:9443")
	if at := header.Get("Azure-AsyncOperation"); !strings.HasPrefix(at, "https://localhost:9443/") {
		t.Errorf("the operation is at %q", at)
	}
}

// A server for other machines takes any name, and still no page's requests.
func TestOtherMachines(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := e.Listen(emulator.ListenOptions{Address: "0.0.0.0:0", Remote: true, NoTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx) }()
	defer func() { cancel(); <-ended }()
	for want, headers := range map[int][][]string{
		http.StatusOK: {{"Host: build.example:8443"}, nil},
		http.StatusForbidden: {
			{"Host: build.example:8443", "Origin: https://evil.example"},
			{"Host: evil.example", "Origin: http://evil.example"},
			{"Host: evil.example", "Sec-Fetch-Site: cross-site"},
		},
	} {
		for _, h := range headers {
			if status, _, body := ask(t, http.DefaultClient, "GET", srv.Endpoint+workspacePath+"?api-version="+stable, "", h...); status != want {
				t.Errorf("%q: %d %s, want %d", h, status, body, want)
			}
		}
	}
	if status, _, _ := ask(t, http.DefaultClient, "POST", srv.Endpoint+"/_emulator/reset", "{}", asJSON); status != http.StatusForbidden {
		t.Errorf("a reset without the header: %d", status)
	}
}

// A handler that is served in another way refuses pages, too.
func TestHandlerRefusesPages(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, headers := range []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"} {
		rec := newRecorder(t, e, "DELETE", workspacePath+"?api-version="+stable, headers)
		var body struct{ Error struct{ Code string } }
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != http.StatusForbidden || body.Error.Code != "Forbidden" {
			t.Errorf("%s: %d %s", headers, rec.Code, rec.Body)
		}
	}
	if rec := newRecorder(t, e, "GET", workspacePath+"?api-version="+stable, "X-Any: 1"); rec.Code != http.StatusOK {
		t.Errorf("the workspace is gone: %d", rec.Code)
	}
}

func newRecorder(t *testing.T, h http.Handler, method, path, header string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(context.Background(), method, path, nil)
	name, value, _ := strings.Cut(header, ": ")
	req.Header.Set(name, value)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

// sendThrough sends a request in this process.
func sendThrough(t *testing.T, e *emulator.Emulator, method, path string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := e.Transport().RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, string(raw), err
}

// HTTP/2 accepts an authority that HTTP/1 refuses as a Host: the emulator reads
// all of it.
func TestAuthoritiesAreReadWhole(t *testing.T) {
	t.Parallel()
	srv := listening(t, emulator.Options{}, t.TempDir())
	transport := trusting(t, srv.CAFile).Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.NextProtos = []string{"h2"}
	for authority, want := range map[string]string{
		"localhost":              "200",
		"evil.example@localhost": "PROTOCOL_ERROR",
		"localhost/evil.example": "403",
		"localhost?evil.example": "403",
	} {
		conn, err := (&tls.Dialer{Config: transport.TLSClientConfig}).DialContext(t.Context(), "tcp", strings.TrimPrefix(srv.Endpoint, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		if got := statusOverHTTP2(t, conn, authority); got != want {
			t.Errorf("%q: %s, want %s", authority, got, want)
		}
		_ = conn.Close()
	}
}

// statusOverHTTP2 asks for /healthz frame by frame, as no client of Go does.
func statusOverHTTP2(t *testing.T, conn net.Conn, authority string) (status string) {
	t.Helper()
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range [...][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", authority}, {":path", "/healthz"}} {
		if err := encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			t.Fatal(err)
		}
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_, err := io.WriteString(conn, http2.ClientPreface)
	err = errors.Join(err, framer.WriteSettings(), framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true,
	}))
	for err == nil {
		var frame http2.Frame
		if frame, err = framer.ReadFrame(); err != nil {
			break
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			return frame.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return frame.ErrCode.String()
		}
	}
	t.Fatal(err)
	return ""
}
