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
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/computetarget/computetarget/pkg/loopback"
)

// retryOptions say when a call is sent again.
//
// A read is sent again after any temporary failure. A write is sent again only if
// a response says that nothing was done (429, 503) or if the request never left
// this machine. heard is set to the last failure, for when the time runs out
// before the next try.
func (c *Client) retryOptions(k call, heard *error) azpolicy.RetryOptions {
	o := azpolicy.RetryOptions{MaxRetries: 4, TryTimeout: c.options.TryTimeout, RetryDelay: c.options.retryDelay}
	if k.once {
		o.MaxRetries = -1
	}
	refused := 0
	o.ShouldRetry = func(resp *http.Response, err error) bool {
		*heard = c.failure(k, resp, err)
		switch {
		case err == nil:
			return turnedAway(resp.StatusCode) || k.op.read && mayHaveBeenDone(resp.StatusCode)
		case isTooLarge(err):
			return false
		case neverSent(err):
			// A server that restarts is back at once. A wrong name or a dead network
			// is not.
			var lookup *net.DNSError
			refused++
			return refused == 1 && !errors.As(err, &lookup) && !isTimeout(err)
		}
		return k.op.read
	}
	return o
}

// failure is the error of one try; nil if it succeeded or was cut off.
func (c *Client) failure(k call, resp *http.Response, err error) error {
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return nil
	case err != nil:
		return &Error{Kind: KindUnreachable, Name: k.name, Operation: k.op.id, CorrelationID: c.options.CorrelationID, Err: err, Message: withoutURL(err)}
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
	return answerError(k.op, k.name, &answer{status: resp.StatusCode, header: resp.Header, body: body, correlation: c.options.CorrelationID})
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// headerPolicy names the caller and the request.
type headerPolicy struct{ agent, correlation string }

// listener is the context key of a func(*http.Response) that is called for every
// try of a write: with nil before it, and with the response after it.
type listener struct{}

func (p headerPolicy) Do(req *azpolicy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	tell, isWrite := ctx.Value(listener{}).(func(*http.Response))
	if isWrite && ctx.Err() != nil {
		return nil, ctx.Err() // too late to be sent
	}
	h := req.Raw().Header
	h.Set("User-Agent", p.agent)
	h.Set("Accept", "application/json")
	h.Set("x-ms-correlation-request-id", p.correlation)
	h.Set("x-ms-client-request-id", newGUID())
	if !isWrite {
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

// freshToken sends a request, even a write, a second time after a 401. By then
// the sign-in policy has dropped the refused token and gets another one.
type freshToken struct{}

func (freshToken) Do(req *azpolicy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	if err := req.RewindBody(); err != nil {
		return resp, nil //nolint:nilerr // the 401 matters more
	}
	_ = resp.Body.Close()
	return req.Next()
}

// HostError says that the service named an address that must not receive a
// token. No request was sent there.
type HostError struct {
	Host   string // with the port, if one was named
	Scheme string
}

// Error names the address and the reason.
func (e *HostError) Error() string {
	if e.Scheme != "https" {
		return fmt.Sprintf("the service named %s://%s, which is not an https address; no token was sent there", e.Scheme, e.Host)
	}
	return fmt.Sprintf("the service named the host %s, which does not belong to the chosen cloud; no token was sent there", e.Host)
}

// NonRetriable tells azcore's retry policy not to try again.
func (e *HostError) NonRetriable() {}

// tokenHosts stops requests to hosts that must not receive a token. It comes
// before the sign-in policy.
type tokenHosts struct {
	scheme   string
	host     string // of the endpoint, with port
	loopback bool
	others   []string // names, and suffixes with a leading dot
}

func newTokenHosts(endpoint *url.URL, hosts []string) tokenHosts {
	t := tokenHosts{scheme: endpoint.Scheme, host: hostPort(endpoint), loopback: loopback.Is(endpoint.Hostname())}
	for _, h := range hosts {
		t.others = append(t.others, strings.ToLower(strings.TrimPrefix(h, "*")))
	}
	return t
}

func (t tokenHosts) allow(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	switch {
	case u.User != nil:
		return false
	case t.loopback:
		// This machine has many names. Another port may belong to another user.
		return loopback.Is(host) && port(hostPort(u)) == port(t.host) && (u.Scheme == t.scheme || u.Scheme == "https")
	case u.Scheme != "https":
		return false
	case t.scheme == "https" && hostPort(u) == t.host:
		return true
	case u.Port() != "" && u.Port() != "443":
		return false
	}
	return slices.ContainsFunc(t.others, func(other string) bool {
		if strings.HasPrefix(other, ".") {
			return len(host) > len(other) && strings.HasSuffix(host, other)
		}
		return host == other && host != ""
	})
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

// credential marks the errors of signing in. Concurrent requests share a failure,
// because it can take seconds to find out that nobody is signed in.
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

// signInError is a failure to get a token. A refused token is not one.
type signInError struct{ err error }

func (e *signInError) Error() string { return e.err.Error() }
func (e *signInError) Unwrap() error { return e.err }
func (e *signInError) NonRetriable() {}

// maxBody is the largest response. A page of thousands of computes is a tenth of
// it.
const maxBody = 128 << 20

func isTooLarge(err error) bool {
	var e *http.MaxBytesError
	return errors.As(err, &e)
}

// roundTripper lets the pipeline send through an http.RoundTripper. Unlike an
// http.Client it follows no redirects, where a token must not go.
type roundTripper struct{ http.RoundTripper }

func (t roundTripper) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxBody)
	return resp, nil
}
