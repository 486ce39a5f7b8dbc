package azure

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/pkg/loopback"
)

// dialPatience limits lookup and connection, so that without a network, or for
// an unknown host, a command ends within five seconds.
const dialPatience = 4 * time.Second

// TransportOptions configure the transport.
type TransportOptions struct {
	// CAFile is a PEM file of certificate authorities to trust besides the
	// system's; the value of --ca-file.
	CAFile string
	// LoopbackCAFile is the emulator's PEM file, trusted only for servers on
	// this machine. It is read on the first connection to one, and may be
	// missing.
	LoopbackCAFile string
	// Getenv reads HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE and
	// REQUESTS_CA_BUNDLE, which users of az set to a company's authority.
	// Default os.Getenv.
	Getenv func(string) string
}

// NewTransport returns the HTTP client for all requests. It requires TLS 1.2 or
// newer, uses the proxy variables, follows redirects without credentials, and
// returns errors with advice. It is safe for concurrent use and keeps
// connections open.
func NewTransport(opts TransportOptions) (*http.Client, error) {
	if opts.Getenv == nil {
		opts.Getenv = os.Getenv
	}
	var bundles []bundle
	for _, file := range []string{opts.CAFile, opts.Getenv("SSL_CERT_FILE"), opts.Getenv("REQUESTS_CA_BUNDLE")} {
		if file == "" || slices.ContainsFunc(bundles, func(b bundle) bool { return b.file == file }) {
			continue
		}
		data, err := readCertificates(file)
		if err != nil {
			return nil, err
		}
		bundles = append(bundles, bundle{file, data})
	}
	network := &roundTripper{
		proxy: proxyFunc(opts.Getenv),
		plain: transport(nil, nil, dialLocal),
		remote: sync.OnceValue(func() http.RoundTripper {
			return transport(proxyFunc(opts.Getenv), trust(bundles), dial)
		}),
		local: sync.OnceValue(func() http.RoundTripper {
			all := bundles
			if opts.LoopbackCAFile != "" {
				if data, err := readCertificates(opts.LoopbackCAFile); err == nil {
					all = append(slices.Clone(bundles), bundle{opts.LoopbackCAFile, data})
				}
			}
			return transport(nil, trust(all), dialLocal)
		}),
	}
	return &http.Client{
		Transport: network,
		CheckRedirect: func(request *http.Request, via []*http.Request) error {
			if len(via) >= 10 {
				return errors.New("stopped after 10 redirects")
			}
			request.Header.Del("Authorization")
			return nil
		},
	}, nil
}

// dialer opens a connection for http.Transport.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func transport(proxy func(*http.Request) (*url.URL, error), roots *x509.CertPool, dial dialer) *http.Transport {
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           dial,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   dialPatience,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   16,
		ForceAttemptHTTP2:     true,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode != http.StatusOK {
				return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: proxyRefusal(answer.StatusCode)} // as for any unusable proxy
			}
			return nil
		},
	}
}

// proxyRefusal is the status with which a proxy refused to connect to a host.
type proxyRefusal int

func (r proxyRefusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", int(r), http.StatusText(int(r))))
}

// bundle is the content of a PEM file of certificates.
type bundle struct {
	file string
	data []byte
}

// trust returns the system's certificate pool plus the bundles; nil, meaning
// the system's, if there are none. Parsing the system's certificates takes
// longer than a request, so it is called only when a server needs to be
// verified.
func trust(bundles []bundle) *x509.CertPool {
	if len(bundles) == 0 {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, b := range bundles {
		pool.AppendCertsFromPEM(b.data)
	}
	return pool
}

// readCertificates reads a PEM file that must contain a certificate.
func readCertificates(file string) ([]byte, error) {
	data, err := input.Plain(file)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, noCertificates(file, "does not exist")
	}
	why := "is not a PEM file"
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			return data, nil
		}
		why = "contains no certificate"
	}
	return nil, noCertificates(file, why)
}

func noCertificates(file, why string) error {
	return &exit.Error{Exit: exit.Usage, Text: file + " " + why, Tip: "give a PEM file of certificates with --ca-file or SSL_CERT_FILE"}
}

// proxyFunc reads the proxy variables as net/http does, from getenv. Loopback
// and link-local addresses, such as the metadata service's, never use a proxy.
func proxyFunc(getenv func(string) string) func(*http.Request) (*url.URL, error) {
	choose := sync.OnceValue(func() func(*url.URL) (*url.URL, error) {
		either := func(upper, lower string) string { return cmp.Or(getenv(upper), getenv(lower)) }
		return (&httpproxy.Config{
			HTTPProxy:  either("HTTP_PROXY", "http_proxy"),
			HTTPSProxy: either("HTTPS_PROXY", "https_proxy"),
			NoProxy:    either("NO_PROXY", "no_proxy"),
			CGI:        getenv("REQUEST_METHOD") != "",
		}).ProxyFunc()
	})
	return func(request *http.Request) (*url.URL, error) {
		if ip := net.ParseIP(request.URL.Hostname()); ip != nil && (ip.IsLinkLocalUnicast() || ip.IsLoopback()) {
			return nil, nil
		}
		return choose()(request.URL)
	}
}

// dial connects within dialPatience.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	return dialWith(ctx, &net.Dialer{KeepAlive: 30 * time.Second}, network, address)
}

// dialLocal is dial for this machine. It ignores a resolver that maps a name of
// this machine to another address.
func dialLocal(ctx context.Context, network, address string) (net.Conn, error) {
	return dialWith(ctx, &net.Dialer{KeepAlive: 30 * time.Second, Control: loopback.Control}, network, address)
}

// dialWith retries once after a temporary resolver failure; nothing has been
// sent by then.
func dialWith(ctx context.Context, dialer *net.Dialer, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	conn, err := dialer.DialContext(ctx, network, address)
	var lookup *net.DNSError
	if errors.As(err, &lookup) && lookup.IsTemporary && !lookup.IsTimeout {
		select {
		case <-time.After(500 * time.Millisecond):
			return dialer.DialContext(ctx, network, address)
		case <-ctx.Done():
		}
	}
	return conn, err
}

// roundTripper sends requests and reduces network errors to one line.
type roundTripper struct {
	proxy  func(*http.Request) (*url.URL, error)
	plain  http.RoundTripper        // to this machine, without TLS
	local  func() http.RoundTripper // to this machine
	remote func() http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *roundTripper) RoundTrip(request *http.Request) (*http.Response, error) {
	var next http.RoundTripper
	switch local := loopback.Is(request.URL.Hostname()); {
	case local && request.URL.Scheme == "http":
		next = t.plain
	case local:
		next = t.local()
	default:
		next = t.remote()
	}
	response, err := next.RoundTrip(request)
	if err == nil || request.Context().Err() != nil {
		return response, err
	}
	via := ""
	if proxy, problem := t.proxy(request); problem == nil && proxy != nil && !loopback.Is(request.URL.Hostname()) {
		via = cmp.Or(proxy.Host, proxy.Redacted())
	}
	return response, explain(request.URL.Host, via, err)
}

// lasting is a failure that a retry does not cure. Its method stops azcore's
// retries.
type lasting struct{ error }

// NonRetriable marks the error for azcore.
func (lasting) NonRetriable() {}

func (e lasting) Unwrap() error { return e.error }

// explain returns the network error in err, with advice.
func explain(host, proxy string, err error) error {
	reason, tip, lasts := diagnose(host, proxy, err)
	failed := &exit.Error{Exit: exit.Failed, Text: reason, Tip: tip, Err: err}
	if lasts {
		return lasting{failed}
	}
	return failed
}

// unreached returns the network error in the chain of err, or nil.
func unreached(err error) error {
	var e *exit.Error
	if errors.As(err, &e) && e.Exit == exit.Failed {
		return e
	}
	return nil
}

// diagnose says why a host cannot be reached and what to do; lasts is true if a
// retry does not help.
func diagnose(host, proxy string, err error) (reason, tip string, lasts bool) {
	var (
		unknownCA   x509.UnknownAuthorityError
		wrongHost   x509.HostnameError
		invalid     x509.CertificateInvalidError
		verify      *tls.CertificateVerificationError
		lookup      *net.DNSError
		op          *net.OpError
		notTLS      tls.RecordHeaderError
		peerIssuer  string
		timeout     interface{ Timeout() bool }
		isDial      = errors.As(err, &op) && op.Op == "dial"
		isProxyDial = errors.As(err, &op) && op.Op == "proxyconnect"
		refusal     proxyRefusal
	)
	if errors.As(err, &verify) && len(verify.UnverifiedCertificates) > 0 {
		chain := verify.UnverifiedCertificates
		peerIssuer = oneLine(chain[len(chain)-1].Issuer.String())
	}
	switch {
	case errors.As(err, &unknownCA):
		if peerIssuer == "" && unknownCA.Cert != nil {
			peerIssuer = oneLine(unknownCA.Cert.Issuer.String())
		}
		return fmt.Sprintf("the certificate of %s was issued by %q, which is not trusted here", host, peerIssuer),
			"if that is your company's authority, give its certificate with --ca-file FILE or SSL_CERT_FILE", true
	case errors.As(err, &wrongHost):
		return fmt.Sprintf("the certificate of %s is for another host", host), "", true
	case errors.As(err, &invalid):
		return fmt.Sprintf("the certificate of %s is not valid (%s)", host, oneLine(invalid.Error())),
			"check this machine's clock", true
	case errors.As(err, &notTLS):
		return host + " does not speak TLS on this port", "", true
	case errors.As(err, &lookup):
		name := lookup.Name
		if lookup.IsNotFound {
			reason = fmt.Sprintf("the host %s does not exist", name)
			tip = "check the name, the network and, behind a proxy, HTTPS_PROXY"
		} else {
			reason = fmt.Sprintf("the name %s could not be looked up (no network?)", name)
			tip = "check the network and, behind a proxy, HTTPS_PROXY"
		}
		return reason, tip, true
	case errors.As(err, &refusal):
		reason = fmt.Sprintf("the proxy %s refused to connect to %s (%s)", proxy, host, refusal)
		tip = "check HTTPS_PROXY and NO_PROXY, and that the proxy allows this host"
		if refusal == http.StatusProxyAuthRequired {
			tip = "give the proxy's user and password: HTTPS_PROXY=http://USER:PASSWORD@" + proxy
		}
		return reason, tip, true
	case isProxyDial || (proxy != "" && isDial):
		return fmt.Sprintf("the proxy %s could not be used for %s (%s)", proxy, host, cause(err)),
			"check HTTPS_PROXY and NO_PROXY", true
	case errors.Is(err, syscall.ECONNREFUSED):
		reason = host + " refused the connection"
		if loopback.Is(hostname(host)) {
			tip = "start the server first: computetarget emulator serve"
		}
		// A restarting server is back at once.
		return reason, tip, false
	case isDial && errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s did not answer within %s", host, dialPatience),
			"check the network and, behind a proxy, HTTPS_PROXY", true
	case isDial:
		return fmt.Sprintf("%s could not be reached (%s)", host, cause(err)),
			"check the network", true
	case errors.As(err, &timeout) && timeout.Timeout():
		return host + " did not answer in time", "", false
	}
	return fmt.Sprintf("the connection to %s broke (%s)", host, cause(err)), "", false
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// cause is the innermost cause of a network error, without addresses.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return oneLine(err.Error())
		}
		err = next
	}
}
