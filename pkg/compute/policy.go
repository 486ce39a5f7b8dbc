package compute

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/computetarget/computetarget/pkg/loopback"
)

// retryOptions is how often and when a call is sent again.
//
// A read is repeated after any passing trouble. A write is repeated only when
// an answer says that it was not carried out (429, 503) or when it never left
// this machine: an answer that was lost says nothing about what was done. heard
// keeps the last failure, for when the time runs out before the next try.
func (c *Client) retryOptions(k call, heard *error) azpolicy.RetryOptions {
	o := azpolicy.RetryOptions{MaxRetries: 4, TryTimeout: c.tryTimeout, RetryDelay: c.retryDelay}
	if k.once {
		o.MaxRetries = -1
	}
	refused := 0
	o.ShouldRetry = func(resp *http.Response, err error) bool {
		*heard = c.failure(k, resp, err)
		if err != nil {
			if errors.Is(err, errTooLarge) {
				return false
			}
			if neverSent(err) {
				// A wrong name or a dead network stays so; a server that is
				// being restarted comes back at once.
				var lookup *net.DNSError
				refused++
				return refused == 1 && !errors.As(err, &lookup) && !isTimeout(err)
			}
			return k.op.read
		}
		switch resp.StatusCode {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			return true
		case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
			return k.op.read
		}
		return false
	}
	return o
}

// failure is what a try that failed says; nil when it did not fail, or only took
// too long.
func (c *Client) failure(k call, resp *http.Response, err error) error {
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return nil
	case err != nil:
		return &Error{Kind: KindUnreachable, Name: k.name, Operation: k.op.id, CorrelationID: c.correlation, Err: err, Message: withoutURL(err)}
	case resp.StatusCode < 300:
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
	if err != nil {
		return nil
	}
	return answerError(k.op, k.name, &answer{status: resp.StatusCode, header: resp.Header, body: body, correlation: c.correlation})
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// headerPolicy names the caller and the request.
type headerPolicy struct{ agent, correlation string }

// untold is the key of a context under which a write is told what is heard of
// it: nothing before each try, and the answer after it.
type untold struct{}

func (p headerPolicy) Do(req *azpolicy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	tell, told := ctx.Value(untold{}).(func(*http.Response))
	if told && ctx.Err() != nil {
		return nil, ctx.Err() // too late to be sent
	}
	h := req.Raw().Header
	h.Set("User-Agent", p.agent)
	h.Set("Accept", "application/json")
	h.Set("x-ms-correlation-request-id", p.correlation)
	h.Set("x-ms-client-request-id", newGUID())
	if !told {
		return req.Next()
	}
	tell(nil)
	resp, err := req.Next()
	if err == nil {
		tell(resp)
	}
	return resp, err
}

// newGUID is a random (version 4) GUID.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// freshToken is the policy that sends a request a second time after a 401: the
// sign-in policy behind it has forgotten the refused token by then, and asks
// for another one. Nothing was carried out, so this holds for writes too.
type freshToken struct{}

func (freshToken) Do(req *azpolicy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	if err := req.RewindBody(); err != nil {
		return resp, nil //nolint:nilerr // the refusal is what there is to tell
	}
	_ = resp.Body.Close()
	return req.Next()
}

// HostError says that an answer of the service named an address that must not
// be given a token, so it was not asked at all.
type HostError struct {
	// Host is the host (and port) that was named.
	Host string
	// Scheme is the scheme it was named with.
	Scheme string
}

// Error says what was refused and why.
func (e *HostError) Error() string {
	if e.Scheme != "https" {
		return fmt.Sprintf("the service named %s://%s, which is not an https address; no token was sent there", e.Scheme, e.Host)
	}
	return fmt.Sprintf("the service named the host %s, which does not belong to the chosen cloud; no token was sent there", e.Host)
}

// NonRetriable tells azcore's retry policy that asking again changes nothing.
func (e *HostError) NonRetriable() {}

// tokenHosts is the policy that stands before sign-in: a request to a host
// that is not allowed a token goes no further.
type tokenHosts struct {
	scheme   string
	host     string // of the endpoint, with port
	loopback bool
	names    []string
	suffixes []string // with leading dot
}

func newTokenHosts(endpoint *url.URL, hosts []string) tokenHosts {
	t := tokenHosts{scheme: endpoint.Scheme, host: hostPort(endpoint), loopback: loopback.Is(endpoint.Hostname())}
	if t.loopback {
		return t
	}
	for _, h := range hosts {
		h = strings.ToLower(strings.TrimPrefix(h, "*"))
		if strings.HasPrefix(h, ".") {
			t.suffixes = append(t.suffixes, h)
		} else if h != "" {
			t.names = append(t.names, h)
		}
	}
	return t
}

func (t tokenHosts) allow(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	switch {
	case u.User != nil:
		return false
	case t.loopback:
		// This machine has many names, and on each port another program, that of
		// another person perhaps.
		return loopback.Is(host) && port(hostPort(u)) == port(t.host) && (u.Scheme == t.scheme || u.Scheme == "https")
	case u.Scheme != "https":
		return false
	case t.scheme == "https" && hostPort(u) == t.host:
		return true
	case u.Port() != "" && u.Port() != "443":
		return false
	}
	for _, name := range t.names {
		if host == name {
			return true
		}
	}
	for _, suffix := range t.suffixes {
		if strings.HasSuffix(host, suffix) && len(host) > len(suffix) {
			return true
		}
	}
	return false
}

func (t tokenHosts) Do(req *azpolicy.Request) (*http.Response, error) {
	if u := req.Raw().URL; !t.allow(u) {
		return nil, &HostError{Host: u.Host, Scheme: u.Scheme}
	}
	return req.Next()
}

// hostPort is the lower-case host with its port, the scheme's when it has none.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func port(hostPort string) string { return hostPort[strings.LastIndexByte(hostPort, ':')+1:] }

// credential marks errors of signing in as such, so that they are told apart
// from answers of the service. Requests made at the same time share a failure:
// finding out that nobody is signed in can take seconds.
type credential struct {
	azcore.TokenCredential

	mu     sync.Mutex
	failed error
	at     time.Time
}

func (c *credential) GetToken(ctx context.Context, o azpolicy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil && since(c.at, time.Now()) < time.Second {
		return azcore.AccessToken{}, c.failed
	}
	token, err := c.TokenCredential.GetToken(ctx, o)
	c.failed = nil
	if err == nil {
		return token, nil
	}
	failed := &signInError{err}
	if ctx.Err() == nil {
		c.failed, c.at = failed, time.Now()
	}
	return token, failed
}

// signInError is a failure to get a token, as opposed to a token refused.
type signInError struct{ err error }

func (e *signInError) Error() string { return e.err.Error() }
func (e *signInError) Unwrap() error { return e.err }
func (e *signInError) NonRetriable() {}

// maxBody is the most that is read of one answer. A page of thousands of
// computes is a tenth of it.
const maxBody = 128 << 20

var errTooLarge = errors.New("it is larger than 128 MB")

// roundTripper lets the pipeline send through an http.RoundTripper, which
// unlike an http.Client follows no redirect: a token must not travel there.
type roundTripper struct{ http.RoundTripper }

func (t roundTripper) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	resp.Body = &cappedBody{resp.Body, maxBody}
	return resp, nil
}

type cappedBody struct {
	io.ReadCloser
	left int64
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, err
}
