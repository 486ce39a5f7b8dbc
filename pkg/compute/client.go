package compute

import (
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/policy"
	armruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/computetarget/computetarget/pkg/loopback"
)

// Options configure a Client. The zero value means Azure's public cloud without
// a credential.
type Options struct {
	Endpoint      string                 // of ARM; "" is https://management.azure.com
	Audience      string                 // of tokens; "" is the endpoint
	Credential    azcore.TokenCredential // signs requests; nil sends them unsigned
	APIVersion    string                 // overrides the api-version of every operation
	Application   string                 // User-Agent, such as "computetarget/1.0"
	CorrelationID string                 // x-ms-correlation-request-id of every request; "" generates one
	TryTimeout    time.Duration          // of one try of one request; 0 is one minute
	Log           func(text string)      // receives every request and response, without secrets
	// TokenHosts may receive a token over https, as the endpoint's host does. They
	// are names, or suffixes such as "*.api.azureml.ms". With a loopback endpoint
	// they are ignored.
	TokenHosts []string
	// Transport sends the requests; nil is http.DefaultTransport. Redirects are
	// not followed. If an error has a method Permanent() bool that returns true,
	// the request had no effect, it is not sent again, and a wait ends.
	Transport http.RoundTripper
	// DryRun receives the first request of a call that would change something. The
	// request is not sent, and the call ends with ErrDryRun.
	DryRun func(Request)
	// OnWrite is called when the service accepted a request that changes
	// something, or may have accepted it.
	OnWrite func()

	retryDelay time.Duration // first pause before a retry; 0 is azcore's 0.8 s
}

// Client calls the computes API of one workspace. It is safe for concurrent use.
type Client struct {
	workspace Workspace
	options   Options // with the defaults filled in
	endpoint  string
	pipeline  runtime.Pipeline
	hosts     tokenHosts
	skew      atomic.Pointer[skew]
}

// skew is the service's time at one local time.
type skew struct{ service, local time.Time }

// New returns a client for the computes of ws. It sends nothing and requests no
// token. ListWorkspaces, VMSizes and Usages need only the subscription of ws, and
// Subscriptions needs nothing.
func New(ws Workspace, o Options) (*Client, error) {
	endpoint := cmp.Or(strings.TrimRight(o.Endpoint, "/"), cloud.AzurePublic.Services[cloud.ResourceManager].Endpoint)
	address, err := url.Parse(endpoint)
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return nil, invalidf("", "%.200q is not an address of a service; an endpoint looks like https://management.azure.com", o.Endpoint)
	}
	if address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return nil, invalidf("", "the endpoint for %s must not carry a user, a query or a fragment; give its plain address", address.Host)
	}
	if address.Scheme == "http" && !loopback.Is(address.Hostname()) {
		return nil, invalidf("", "the endpoint %s is not https, so no token may go there; only a loopback address may be http", address.Host)
	}
	o.Audience = strings.TrimRight(cmp.Or(o.Audience, endpoint), "/")
	o.Application = cmp.Or(o.Application, "computetarget")
	o.CorrelationID = cmp.Or(o.CorrelationID, newGUID())
	o.TryTimeout = cmp.Or(o.TryTimeout, time.Minute)
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	c := &Client{workspace: ws, options: o, endpoint: endpoint, hosts: newTokenHosts(address, o.TokenHosts)}
	perTry := []azpolicy.Policy{headerPolicy{agent: o.Application, correlation: o.CorrelationID}, c.hosts}
	var cred azcore.TokenCredential
	if o.Credential != nil {
		cred = &credential{TokenCredential: o.Credential}
		perTry = append([]azpolicy.Policy{freshToken{}}, perTry...)
	}
	clientOptions := &policy.ClientOptions{
		ClientOptions: azpolicy.ClientOptions{
			Cloud: cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
				cloud.ResourceManager: {Endpoint: endpoint, Audience: o.Audience},
			}},
			// tokenHosts, which comes first, allows http on loopback only.
			InsecureAllowCredentialWithHTTP: true,
			Telemetry:                       azpolicy.TelemetryOptions{Disabled: true},
			Transport:                       roundTripper{o.Transport},
		},
		DisableRPRegistration: true,
	}
	if o.Log != nil {
		clientOptions.PerRetryPolicies = []azpolicy.Policy{logPolicy{log: o.Log}}
	}
	c.pipeline, err = armruntime.NewPipeline("computetarget", "v0.0.0", cred, runtime.PipelineOptions{PerRetry: perTry}, clientOptions)
	if err != nil {
		return nil, fmt.Errorf("the ARM pipeline for %s cannot be built: %w", address.Host, err)
	}
	return c, nil
}

// Workspace is the workspace the client acts on.
func (c *Client) Workspace() Workspace { return c.workspace }

// Now is the service's time, by its last Date header, in this machine's time
// zone. Before the first response it is this machine's time.
func (c *Client) Now() time.Time {
	now := time.Now()
	if s := c.skew.Load(); s != nil {
		return s.service.Add(now.Sub(s.local)).In(now.Location())
	}
	return now
}

// answer is the response to one request.
type answer struct {
	status      int
	header      http.Header
	body        []byte
	date        time.Time // the service's time when it answered
	retryAfter  time.Duration
	correlation string
}

// call is one request to be sent.
type call struct {
	op       operation
	name     string // of the compute, for errors
	address  string // absolute, without the api-version unless verbatim
	body     any
	verbatim bool                  // the service named the address, so nothing is added
	once     bool                  // one try only
	stream   func(io.Reader) error // reads the body of a 200 as it arrives
}

// compute is a call on the named compute of the workspace.
func (c *Client) compute(op operation, name string) (call, error) {
	if err := c.workspace.check(); err != nil {
		return call{}, err
	}
	if !PossibleName(name) {
		return call{}, invalidf(name, "%q cannot be the name of a compute", shorten(name, 100))
	}
	return call{op: op, name: name, address: c.endpoint + c.workspace.path() + "/computes/" + name + op.suffix}, nil
}

// send sends the call and returns the response. Any response but 2xx is an
// *Error, and so is a missing one.
func (c *Client) send(ctx context.Context, k call) (*answer, error) {
	if k.verbatim {
		return c.try(ctx, k, k.address)
	}
	var firstErr error
	for _, version := range c.versions(k.op) {
		address := k.address + "?api-version=" + url.QueryEscape(version)
		if k.op.query != "" {
			address += "&" + k.op.query
		}
		if c.options.DryRun != nil && !k.op.read {
			return nil, c.show(k, address)
		}
		a, err := c.try(ctx, k, address)
		if !k.op.read && c.options.OnWrite != nil && (err == nil || uncertain(err)) {
			c.options.OnWrite()
		}
		if err == nil || !unknownVersion(err) {
			return a, err
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	return nil, firstErr
}

// unknownVersion reports whether err says that the service does not have this
// operation at this api-version.
func unknownVersion(err error) bool {
	var e *Error
	return errors.As(err, &e) && (listed("InvalidApiVersionParameter NoRegisteredProviderFound UnsupportedApiVersion InvalidResourceType", e.Code) ||
		e.Status == http.StatusNotFound && e.Code == "" || e.Status == http.StatusMethodNotAllowed)
}

func (c *Client) try(ctx context.Context, k call, address string) (*answer, error) {
	var heard error
	retrying := azpolicy.WithRetryOptions(ctx, c.retryOptions(k, &heard))
	if !k.op.read {
		retrying = context.WithValue(retrying, listener{}, func(resp *http.Response) {
			if heard = nil; resp != nil {
				heard = c.failure(k, resp, nil)
			}
		})
	}
	req, err := runtime.NewRequest(retrying, k.op.method, address)
	if err != nil {
		return nil, &Error{Kind: KindFailed, Name: k.name, Operation: k.op.id, Err: err,
			Message: "the address for this request cannot be used: " + withoutURL(err)}
	}
	if k.body != nil {
		if err := runtime.MarshalAsJSON(req, k.body); err != nil {
			return nil, invalidf(k.name, "the request cannot be written as JSON: %v", err)
		}
	}
	stream := k.stream != nil && c.options.Log == nil
	if stream {
		runtime.SkipBodyDownload(req)
	}
	resp, err := c.pipeline.Do(req)
	if err != nil {
		return nil, c.transportError(ctx, k, req.Raw(), err).after(k, heard)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode, header: resp.Header, retryAfter: retryAfter(resp.Header, time.Now()), correlation: c.options.CorrelationID}
	a.date = c.readDate(resp.Header)
	if stream && resp.StatusCode == http.StatusOK && !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		err := k.stream(resp.Body)
		var said refusal
		if errors.As(err, &said) {
			a.body = said
			e := answerError(k.op, k.name, a)
			e.garbled = true
			return a, e
		}
		if err != nil {
			e := c.transportError(ctx, k, req.Raw(), err)
			e.garbled = e.garbled || e.Kind == KindUnreachable
			return nil, e
		}
		return a, nil
	}
	if a.body, err = runtime.Payload(resp); err != nil {
		return nil, c.transportError(ctx, k, req.Raw(), err)
	}
	a.body = bytes.TrimPrefix(a.body, []byte("\ufeff")) // some proxies write one
	if resp.StatusCode < 200 || resp.StatusCode > 299 || refused(a.body) {
		e := answerError(k.op, k.name, a)
		// An error that comes as a success says nothing certain, either.
		e.garbled = resp.StatusCode < 300
		e.uncertain = !k.op.read && (e.garbled || mayHaveBeenDone(resp.StatusCode))
		return a, e
	}
	if k.stream != nil && isPage(a.body) {
		e := answerError(k.op, k.name, a)
		e.garbled = true
		return a, e
	}
	if k.stream != nil && resp.StatusCode == http.StatusOK {
		if err := k.stream(bytes.NewReader(a.body)); err != nil {
			return nil, c.transportError(ctx, k, req.Raw(), err)
		}
	}
	return a, nil
}

// read sends a read until use accepts the response. It repeats a few times if the
// response is damaged or about something else.
func (c *Client) read(ctx context.Context, k call, use func(*answer) error) (*answer, error) {
	for pause := garbledPause; ; pause *= 2 {
		a, err := c.send(ctx, k)
		if err == nil && use != nil {
			err = use(a)
		}
		if err == nil || k.once || pause > maxGarbledPause || !isGarbled(err) || sleep(ctx, pause) != nil {
			return a, err
		}
	}
}

// The first and the last pause before read repeats.
const (
	garbledPause    = 500 * time.Millisecond
	maxGarbledPause = 2 * time.Second
)

// isGarbled reports whether a response arrived but could not be used.
func isGarbled(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.garbled
}

func garbledError(k call, a *answer, message string) *Error {
	return &Error{Kind: KindFailed, Name: k.name, Operation: k.op.id, Status: a.status, garbled: true, uncertain: !k.op.read,
		RequestID: a.header.Get("x-ms-request-id"), CorrelationID: a.correlation, Message: message}
}

// mayHaveBeenDone reports whether a write that failed with this status may have
// had its effect: a gateway gave up on the service, or the service failed midway.
func mayHaveBeenDone(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// transportError is the error of a request without a usable response.
func (c *Client) transportError(ctx context.Context, k call, req *http.Request, err error) *Error {
	e := &Error{Name: k.name, Operation: k.op.id, CorrelationID: c.options.CorrelationID, Err: err}
	var signIn *signInError
	var host *HostError
	switch {
	case ctx.Err() != nil:
		return c.stopped(ctx, k)
	case errors.As(err, &host):
		e.Kind, e.Message = KindFailed, host.Error()
	case errors.As(err, &signIn):
		e.Kind, e.Message = KindAuth, signIn.Error()
		var network net.Error
		if errors.As(signIn.err, &network) {
			e.Kind = KindUnreachable
		}
	case isPermanent(err):
		e.Kind, e.Message = KindFailed, withoutURL(err)
	case isTooLarge(err), isSyntax(err):
		words := withoutURL(err)
		if e.garbled = !isTooLarge(err); !e.garbled {
			words = "it is larger than 128 MB"
		}
		e.Kind, e.uncertain = KindFailed, !k.op.read
		e.Message = fmt.Sprintf("the answer of %s cannot be read: %s", req.URL.Host, words)
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind = KindUnreachable
		e.Message = fmt.Sprintf("%s did not answer within %s; check the network and the endpoint", req.URL.Host, c.options.TryTimeout)
		e.uncertain = !k.op.read
	default:
		e.Kind = KindUnreachable
		e.Message = withoutURL(err)
		if !strings.Contains(e.Message, req.URL.Hostname()) { // some transports name the host
			e.Message = fmt.Sprintf("%s cannot be reached: %s", req.URL.Host, e.Message)
		}
		if words := broken(err); words != "" {
			e.Message, e.garbled = fmt.Sprintf("the answer of %s cannot be read: %s", req.URL.Host, words), true
		}
		e.uncertain = !k.op.read && !neverSent(err)
	}
	return e
}

// stopped is the error of a request that ended with the caller's context.
func (c *Client) stopped(ctx context.Context, k call) *Error {
	e := &Error{Kind: KindInterrupted, Name: k.name, Operation: k.op.id, CorrelationID: c.options.CorrelationID,
		Err: context.Cause(ctx), Message: "interrupted", uncertain: !k.op.read}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Kind, e.Message = KindTimeout, "the time given ran out before the service answered"
	}
	if !k.op.read {
		e.Message += onItsWay
	}
	return e
}

// after adds the last failure to the error of a request that ended with its
// context. If that failure turned a write away, the write is not on its way.
func (e *Error) after(k call, heard error) *Error {
	if heard == nil || e.Kind != KindTimeout && e.Kind != KindInterrupted {
		return e
	}
	if !k.op.read && isTurnedAway(heard) {
		e.uncertain = false
		e.Message = strings.TrimSuffix(e.Message, onItsWay)
	}
	if e.Kind == KindTimeout {
		e.Err = heard
		e.Message += "; its last answer: " + heard.Error()
	}
	return e
}

// turnedAway reports whether a request with this status had no effect, because
// the service was too busy.
func turnedAway(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

func isTurnedAway(err error) bool {
	var e *Error
	return errors.As(err, &e) && turnedAway(e.Status)
}

const onItsWay = "; the request was on its way and may have been carried out"

// withoutURL is the text of err without azcore's terms and without the address,
// which can be signed.
func withoutURL(err error) string {
	var u *url.Error
	if errors.As(err, &u) && u.Err != nil {
		err = u.Err
	}
	return strings.TrimPrefix(err.Error(), "body download policy: ")
}

// broken says what is wrong with an incomplete response; "" if there was none.
func broken(err error) string {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return "it says that it is compressed with gzip, and it is not"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it broke off before its end"
	}
	return ""
}

// neverSent reports whether the request never left: there was no connection, or
// the other side was not trusted.
func neverSent(err error) bool {
	var lookup *net.DNSError
	var op *net.OpError
	var distrust *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	return errors.As(err, &lookup) || errors.As(err, &distrust) || errors.As(err, &notTLS) ||
		errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// isPermanent reports whether a transport says that a retry is useless.
func isPermanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// readDate reads the service's time from a response.
func (c *Client) readDate(h http.Header) time.Time {
	now := time.Now()
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return c.Now()
	}
	c.skew.Store(&skew{service: date, local: now})
	return date
}

// maxRetryAfter is the longest pause that a header can ask for.
const maxRetryAfter = time.Hour

// retryAfter is the pause that a response asks for: retry-after-ms and
// x-ms-retry-after-ms in milliseconds, Retry-After in seconds or as a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	for _, key := range [...]string{"retry-after-ms", "x-ms-retry-after-ms"} {
		if ms, err := strconv.ParseInt(h.Get(key), 10, 64); err == nil && ms > 0 {
			return time.Duration(min(ms, maxRetryAfter.Milliseconds())) * time.Millisecond
		}
	}
	value := h.Get("Retry-After")
	if s, err := strconv.ParseInt(value, 10, 64); err == nil && s > 0 {
		return time.Duration(min(s, int64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return min(at.Sub(now), maxRetryAfter)
	}
	return 0
}

// decode reads a response's body into v.
func decode(op operation, name string, a *answer, v any) error {
	err := unmarshal(a.body, v)
	if err == nil {
		return nil
	}
	e := garbledError(call{op: op, name: name}, a, fmt.Sprintf("the service's answer is not the JSON it should be: %v", err))
	e.Err = err
	switch {
	case isPage(a.body):
		e.Kind, e.Message = KindUnreachable, describe(a)
	case len(bytes.TrimSpace(a.body)) == 0:
		e.Message = describe(a)
	}
	return e
}
