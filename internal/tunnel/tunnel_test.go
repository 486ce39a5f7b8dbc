package tunnel

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/computetarget/computetarget/internal/exit"
)

// jupyter is an instance's, reached as example.com.
type jupyter struct {
	*httptest.Server
	transport *http.Transport
	asked     atomic.Int32
	elsewhere atomic.Int32 // connections to any other host
}

func newJupyter(t *testing.T, answer http.HandlerFunc) *jupyter {
	t.Helper()
	j := &jupyter{}
	j.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j.asked.Add(1)
		if r.URL.Path != "/nbip/v1.0/ws-tcp/port/22" {
			t.Errorf("asked for %s", r.URL)
		}
		answer(w, r)
	}))
	j.Config.ErrorLog = log.New(io.Discard, "", 0)
	j.EnableHTTP2 = true
	j.StartTLS()
	roots := x509.NewCertPool()
	roots.AddCert(j.Certificate())
	j.transport = &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true, // as all our requests: the handshake must not
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != "example.com:443" {
				j.elsewhere.Add(1)
				return nil, errors.New("nothing may connect to " + address)
			}
			return (&net.Dialer{}).DialContext(ctx, network, j.Listener.Addr().String())
		},
	}
	t.Cleanup(func() { j.transport.CloseIdleConnections(); j.Close() })
	return j
}

const secret = "secret.access.token"

func (j *jupyter) options() Options {
	return Options{Name: "dev", Host: "example.com", Transport: j.transport, Agent: "test", pause: time.Millisecond, quiet: 50 * time.Millisecond,
		Token: func(context.Context, bool) (string, error) { return secret, nil }}
}

// accept makes a handler of a function that has the other end of a connection.
func accept(t *testing.T, serve func(context.Context, *websocket.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+secret {
			t.Errorf("the handshake is signed with %q", got)
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow() //nolint:errcheck // closed
		c.SetReadLimit(-1)
		serve(r.Context(), c)
	}
}

// echo sends back what comes, until it is closed.
func echo(ctx context.Context, c *websocket.Conn) { echoSome(ctx, c, 1<<40) }

// echoSome closes after some bytes.
func echoSome(ctx context.Context, c *websocket.Conn, n int) {
	for n > 0 {
		kind, data, err := c.Read(ctx)
		if err != nil {
			return
		}
		if c.Write(ctx, kind, data) != nil {
			return
		}
		n -= len(data)
	}
	_ = c.Close(websocket.StatusNormalClosure, "")
}

func dial(t *testing.T, o Options) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// leaves runs f and reports goroutines of ours that it leaves behind.
func leaves(t *testing.T, f func()) {
	t.Helper()
	f()
	var stacks string
	for range 200 {
		buffer := make([]byte, 1<<20)
		stacks = string(buffer[:runtime.Stack(buffer, true)])
		stacks = stacks[strings.Index(stacks, "\n\n")+1:] // without this one
		if !strings.Contains(stacks, "tunnel.(*relay)") && !strings.Contains(stacks, "tunnel.(*Conn)") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", stacks)
}

// Every byte of ten megabytes comes back as it was sent, also after the end of what
// is sent.
func TestRelayIsTransparent(t *testing.T) {
	sent := make([]byte, 10<<20)
	j := newJupyter(t, accept(t, func(ctx context.Context, c *websocket.Conn) { echoSome(ctx, c, len(sent)) }))
	var seed [32]byte
	if _, err := rand.NewChaCha8(seed).Read(sent); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	o := j.options()
	o.quiet = time.Minute
	leaves(t, func() {
		if err := dial(t, o).Relay(t.Context(), bytes.NewReader(sent), &got); err != nil {
			t.Fatal(err)
		}
	})
	if !bytes.Equal(got.Bytes(), sent) {
		t.Errorf("%d bytes came back of %d", got.Len(), len(sent))
	}
}

// What is never read is not asked for: a reader that stops, stops the server.
func TestRelayHoldsBack(t *testing.T) {
	var written atomic.Int64
	j := newJupyter(t, accept(t, func(ctx context.Context, c *websocket.Conn) {
		for range 1 << 10 { // 64 MiB, in messages larger than what libraries take by default
			if c.Write(ctx, websocket.MessageBinary, make([]byte, 4*piece)) != nil {
				return
			}
			written.Add(4 * piece)
		}
		_ = c.Close(websocket.StatusNormalClosure, "")
	}))
	out, in := io.Pipe() // in takes nothing before out is read
	never, unblock := io.Pipe()
	var ended sync.WaitGroup
	c := dial(t, j.options())
	ended.Go(func() {
		if err := c.Relay(t.Context(), never, in); err != nil {
			t.Error(err)
		}
		_ = in.Close()
	})
	before := int64(-1)
	for now := written.Load(); now == 0 || now != before; now = written.Load() {
		before = now
		time.Sleep(50 * time.Millisecond)
	}
	if before >= 32<<20 {
		t.Errorf("%d bytes were sent to a reader that reads nothing", before)
	}
	n, err := io.Copy(io.Discard, out)
	if n != 64<<20 || err != nil {
		t.Errorf("%d bytes arrived, %v", n, err)
	}
	ended.Wait()
	_ = unblock.Close()
}

// What is still to come after the end of stdin comes, however slowly it is taken; and
// a server that has no more to say is not waited for.
func TestEndOfStdin(t *testing.T) {
	t.Parallel()
	j := newJupyter(t, accept(t, func(ctx context.Context, c *websocket.Conn) {
		for range 3 {
			_ = c.Write(ctx, websocket.MessageBinary, []byte("answer\n"))
		}
		_, _, _ = c.Read(ctx) // the end
	}))
	o := j.options()
	var got strings.Builder
	slow := writer(func(p []byte) (int, error) {
		time.Sleep(2 * o.quiet)
		return got.Write(p)
	})
	if err := dial(t, o).Relay(t.Context(), strings.NewReader(""), slow); err != nil || got.String() != "answer\nanswer\nanswer\n" {
		t.Errorf("%q, %v", &got, err)
	}
}

// How a server ends a connection decides what is said.
func TestServerEnds(t *testing.T) {
	t.Parallel()
	banner := func(ctx context.Context, c *websocket.Conn) {
		_ = c.Write(ctx, websocket.MessageText, []byte("SSH-2.0-x\r\n"))
	}
	for name, test := range map[string]struct {
		serve func(context.Context, *websocket.Conn)
		says  string
	}{
		"normally": {func(ctx context.Context, c *websocket.Conn) {
			banner(ctx, c)
			_ = c.Close(websocket.StatusNormalClosure, "")
		}, ""},
		"without status": {func(ctx context.Context, c *websocket.Conn) {
			banner(ctx, c)
			_ = c.Close(websocket.StatusNoStatusRcvd, "")
		}, ""},
		"dropping it":    {func(ctx context.Context, c *websocket.Conn) { banner(ctx, c); _ = c.CloseNow() }, ""},
		"before SSH":     {func(_ context.Context, c *websocket.Conn) { _ = c.Close(websocket.StatusNormalClosure, "") }, "the Jupyter of dev closed the connection before SSH answered"},
		"dropped before": {func(_ context.Context, c *websocket.Conn) { _ = c.CloseNow() }, "the Jupyter of dev closed the connection before SSH answered"},
		"with an error": {func(ctx context.Context, c *websocket.Conn) {
			banner(ctx, c)
			_ = c.Close(websocket.StatusInternalError, "no\x1b[2J")
		}, `example.com closed the connection (1011, "no\x1b[2J")`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJupyter(t, accept(t, test.serve))
			stdin, keep := io.Pipe()
			defer keep.Close() //nolint:errcheck // a pipe
			var out bytes.Buffer
			err := dial(t, j.options()).Relay(t.Context(), stdin, &out)
			if test.says == "" && (err != nil || out.String() != "SSH-2.0-x\r\n") || test.says != "" && (err == nil || err.Error() != test.says) {
				t.Errorf("%v, want %q; out %q", err, test.says, &out)
			}
		})
	}
}

// A signal ends a connection that is idle, and so does a reader that is gone.
func TestRelayEnds(t *testing.T) {
	j := newJupyter(t, accept(t, func(ctx context.Context, c *websocket.Conn) {
		_ = c.Write(ctx, websocket.MessageBinary, []byte("SSH-2.0-x\r\n"))
		echo(ctx, c)
	}))
	stop := errors.New("interrupted")
	leaves(t, func() {
		ctx, cancel := context.WithCancelCause(t.Context())
		stdin, _ := io.Pipe()
		arrived := writer(func(p []byte) (int, error) { cancel(stop); return len(p), nil })
		if err := dial(t, j.options()).Relay(ctx, stdin, arrived); !errors.Is(err, stop) {
			t.Errorf("ended with %v", err)
		}
	})
	leaves(t, func() {
		stdin, _ := io.Pipe()
		gone := writer(func([]byte) (int, error) { return 0, io.ErrClosedPipe })
		if err := dial(t, j.options()).Relay(t.Context(), stdin, gone); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// Nobody types, nothing ends: pings go out, and are not needed to be answered.
func TestIdle(t *testing.T) {
	t.Parallel()
	pinged := make(chan struct{}, 100)
	for _, answered := range []bool{true, false} {
		j := newJupyter(t, func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, &websocket.AcceptOptions{OnPingReceived: func(context.Context, []byte) bool {
				pinged <- struct{}{}
				return answered
			}})
			if err == nil {
				echo(r.Context(), c)
			}
		})
		o := j.options()
		o.ping = 10 * time.Millisecond
		stdin, keyboard := io.Pipe()
		out, screen := io.Pipe()
		var ended sync.WaitGroup
		c := dial(t, o)
		ended.Go(func() {
			if err := c.Relay(t.Context(), stdin, screen); err != nil {
				t.Error(err)
			}
		})
		for range 5 {
			<-pinged
		}
		if _, err := keyboard.Write([]byte("ls\n")); err != nil {
			t.Error(err)
		}
		line := make([]byte, 3)
		if _, err := io.ReadFull(out, line); err != nil || string(line) != "ls\n" {
			t.Errorf("%q, %v", line, err)
		}
		_ = keyboard.Close()
		ended.Wait()
	}
}

// What a server answers instead of a websocket is said with cause, exit code and what
// to do, and never holds the token. Only what may pass is asked again, and no
// redirect is followed.
func TestRefusals(t *testing.T) {
	t.Parallel()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", to); w.WriteHeader(302) }
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		code   int
		asked  int32
		says   string
		tip    string
	}{
		"401": {status(401), exit.Auth, 1, "does not take your sign-in (401)", "az login"},
		"403": {status(403), exit.Auth, 1, "does not let you in (403)", "its creator"},
		"404": {status(404), exit.Failed, 1, "has no connection for SSH (404)", "--private"},
		"429": {status(429), exit.TryLater, attempts, "has too many requests (429)", "again"},
		"500": {status(500), exit.Failed, 1, "did not open a connection (500)", "again"},
		"502": {status(502), exit.Failed, attempts, "is not ready (502)", "again"},
		"503": {status(503), exit.Failed, attempts, "is not ready (503)", "again"},
		"200": {status(200), exit.Failed, 1, "answers as a web page and not as a websocket (200)", "proxy"},
		"101": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Sec-WebSocket-Accept", "forged")
			w.WriteHeader(101)
		}, exit.Failed, 1, "does not speak the websocket protocol (101)", "again"},
		"to the sign-in": {redirect("https://login.microsoftonline.com/x?y=z"), exit.Auth, 1, `a redirect to "login.microsoftonline.com", which`, "computetarget open dev"},
		"to itself":      {redirect("/nbip/v1.0/ws-tcp/port/22"), exit.Auth, 1, "a redirect, which", "computetarget open dev"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJupyter(t, test.answer)
			o := j.options()
			var told strings.Builder
			o.Log = func(text string) { told.WriteString(text + "\n") }
			o.Note = o.Log
			_, err := Dial(t.Context(), o)
			var e *exit.Error
			if !errors.As(err, &e) || e.Exit != test.code || !strings.Contains(e.Text, test.says) || !strings.Contains(e.Tip, test.tip) {
				t.Fatalf("%+v", err)
			}
			if n := j.asked.Load(); n != test.asked || j.elsewhere.Load() != 0 {
				t.Errorf("asked %d times, %d times elsewhere", n, j.elsewhere.Load())
			}
			if strings.Contains(told.String()+e.Text+e.Tip, secret) {
				t.Errorf("the token is told: %s", &told)
			}
			if !strings.Contains(told.String(), ": "+name) && len(name) == 3 {
				t.Errorf("the answer is not told: %s", &told)
			}
		})
	}
}

// A server that is starting is asked again, and a token that was not taken is
// replaced once.
func TestSecondAttempt(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	j := newJupyter(t, func(w http.ResponseWriter, r *http.Request) {
		switch n := asked.Add(1); {
		case n == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.Header.Get("Authorization") != "Bearer new":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			c, err := websocket.Accept(w, r, nil)
			if err == nil {
				_ = c.Close(websocket.StatusNormalClosure, "")
			}
		}
	})
	o := j.options()
	o.Token = func(_ context.Context, refused bool) (string, error) {
		if refused {
			return "new", nil
		}
		return "old", nil
	}
	_ = dial(t, o).socket.CloseNow()
	if asked.Load() != 3 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// Certificates are checked, and a signal ends the attempts.
func TestDialFails(t *testing.T) {
	t.Parallel()
	j := newJupyter(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	o := j.options()
	o.pause = time.Hour
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	o.Note = func(string) { cancel(stop) }
	if _, err := Dial(ctx, o); !errors.Is(err, stop) {
		t.Errorf("ended with %v", err)
	}
	j.transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	j.transport.CloseIdleConnections()
	before := j.asked.Load()
	if _, err := Dial(t.Context(), o); err == nil || !strings.Contains(err.Error(), "certificate") || j.asked.Load() != before {
		t.Errorf("ended with %v", err)
	}
	o.Token = func(context.Context, bool) (string, error) { return "", stop }
	if _, err := Dial(t.Context(), o); !errors.Is(err, stop) {
		t.Errorf("ended with %v", err)
	}
}
