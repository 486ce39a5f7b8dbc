// Package tunnel carries the SSH of an instance through the websocket of its
// Jupyter, for networks where the instance has no address to connect to. It is the
// way of az ml compute connect-ssh (azure-cli-extensions, _ssh_connector.py).
package tunnel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"github.com/computetarget/computetarget/internal/exit"
)

// path is that of port 22 below an instance's Jupyter.
const path = "/nbip/v1.0/ws-tcp/port/22"

const (
	// handshake is the longest time for one attempt to open a connection.
	handshake = 30 * time.Second
	// attempts is how often a connection is tried while Jupyter is starting, with
	// pauses of 1, 2, 4 and 8 seconds.
	attempts = 5
	// longest is the longest pause that Retry-After may ask for.
	longest = 30 * time.Second
)

// Options say what to connect to.
type Options struct {
	// Name is the compute's, for messages.
	Name string
	// Host is the one of its Jupyter. The caller has checked that it may get the
	// token.
	Host string
	// Token returns the access token for the handshake; refused tells that the last
	// one was not taken.
	Token func(ctx context.Context, refused bool) (string, error)
	// Transport carries the handshake and, when it succeeds, the connection.
	Transport http.RoundTripper
	// Agent is the User-Agent.
	Agent string
	// Note is told why there is a pause, Log every answer; both may be nil.
	Note, Log func(string)

	pause time.Duration // before the second attempt; tests shorten it
	ping  time.Duration // between pings
	quiet time.Duration // after the end of stdin
}

func (o Options) withDefaults() Options {
	ignore := func(string) {}
	if o.Note == nil {
		o.Note = ignore
	}
	if o.Log == nil {
		o.Log = ignore
	}
	o.pause = cmp.Or(o.pause, time.Second)
	o.ping = cmp.Or(o.ping, 30*time.Second)
	o.quiet = cmp.Or(o.quiet, 5*time.Second)
	return o
}

// Conn is an open connection to the SSH server of an instance.
type Conn struct {
	options Options
	socket  *websocket.Conn
}

// Dial opens a connection. The token is in the handshake's header only, and a
// redirect is not followed. What may pass by itself is tried again.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	o = o.withDefaults()
	token, err := o.Token(ctx, false)
	if err != nil {
		return nil, err
	}
	pause, renewed := o.pause, false
	for attempt := 1; ; attempt++ {
		socket, answer, err := o.open(ctx, token) //nolint:bodyclose // websocket.Dial has closed it
		if err == nil {
			socket.SetReadLimit(-1) // a message may be of any size: it is passed on in pieces
			return &Conn{o, socket}, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if answer != nil && answer.StatusCode == http.StatusUnauthorized && !renewed {
			renewed = true
			if next, err := o.Token(ctx, true); err == nil && next != token {
				token = next
				continue
			}
		}
		passes, failure := o.failure(answer, err)
		if !passes || attempt == attempts {
			return nil, failure
		}
		o.Note(failure.Error() + "; trying again")
		select {
		case <-time.After(max(pause, retryAfter(answer))):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		pause *= 2
	}
}

// open makes one attempt. The answer is nil if there was none.
func (o Options) open(ctx context.Context, token string) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, handshake)
	defer cancel()
	socket, answer, err := websocket.Dial(ctx, "wss://"+o.Host+path, &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport:     o.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		HTTPHeader: http.Header{"Authorization": {"Bearer " + token}, "User-Agent": {o.Agent}},
	})
	if answer != nil {
		o.Log("GET wss://" + o.Host + path + ": " + strconv.Itoa(answer.StatusCode))
	}
	return socket, answer, err
}

// retryAfter is the pause that an answer asks for.
func retryAfter(answer *http.Response) time.Duration {
	if answer == nil {
		return 0
	}
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, longest)
}

// failure says why a connection was not opened and what to do. passes tells
// whether it may be different the next time.
func (o Options) failure(answer *http.Response, err error) (passes bool, failure error) {
	if answer == nil {
		return o.unreached(err)
	}
	refuse := func(code int, text, tip string) error {
		return &exit.Error{Exit: code, Text: text + " (" + strconv.Itoa(answer.StatusCode) + ")", Tip: tip}
	}
	jupyter := "the Jupyter of " + o.Name
	again := "try again in a moment"
	switch status := answer.StatusCode; {
	case status == http.StatusUnauthorized:
		return false, refuse(exit.Auth, jupyter+" does not take your sign-in", "sign in again: az login")
	case status == http.StatusForbidden:
		return false, refuse(exit.Auth, jupyter+" does not let you in",
			"only the person it is assigned to, or else its creator, gets in; a workspace with a private link only from inside its network")
	case status == http.StatusNotFound:
		return false, refuse(exit.Failed, jupyter+" has no connection for SSH",
			"restart the instance, or create it anew if its image is old; from inside its network: computetarget ssh "+o.Name+" --private")
	case status >= 300 && status < 400:
		return false, refuse(exit.Auth, jupyter+" answers with a redirect"+where(answer)+", which the sign-in does not follow",
			"open it in a browser once, and accept the question whether to trust it: computetarget open "+o.Name)
	case status == http.StatusTooManyRequests:
		return true, refuse(exit.TryLater, jupyter+" has too many requests", again)
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return true, refuse(exit.Failed, jupyter+" is not ready", again)
	case status == http.StatusSwitchingProtocols:
		return false, refuse(exit.Failed, jupyter+" does not speak the websocket protocol", again)
	case status < 300:
		return false, refuse(exit.Failed, "something on the way to "+o.Host+" answers as a web page and not as a websocket",
			"if there is a proxy, it must let websockets through to *.instances.azureml.ms")
	}
	return false, refuse(exit.Failed, jupyter+" did not open a connection", again)
}

// where is the host that a redirect leads to.
func where(answer *http.Response) string {
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || to.Hostname() == "" {
		return ""
	}
	return fmt.Sprintf(" to %.100q", to.Hostname())
}

// unreached is failure for a host that did not answer.
func (o Options) unreached(err error) (passes bool, failure error) {
	var known *exit.Error
	var lasting interface{ NonRetriable() }
	if errors.As(err, &known) {
		return !errors.As(err, &lasting), known
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false, exit.Errorf(exit.Failed, "%s did not answer within %s", o.Host, handshake)
	}
	return false, exit.Errorf(exit.Failed, "the connection to %s could not be opened (%w)", o.Host, innermost(err))
}
