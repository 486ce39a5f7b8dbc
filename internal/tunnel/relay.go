package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
)

// piece is how much is passed on at a time. Pings wait for one piece at most.
const piece = 16 << 10

// Relay passes in to the server and what it sends to out, until the server ends the
// connection, out takes no more, or ctx ends. It closes the connection. A websocket
// cannot end in one direction only, so after the end of in the answers are passed on
// until none has come for some seconds.
func (c *Conn) Relay(ctx context.Context, in io.Reader, out io.Writer) error {
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer c.socket.CloseNow() //nolint:errcheck // closed before, or broken
	defer cancel()

	r := relay{Conn: c, heard: make(chan struct{}, 1)}
	received, sent := make(chan error, 1), make(chan error, 1)
	running.Go(func() { received <- r.receive(ctx, out) })
	running.Go(func() { sent <- r.send(ctx, input.Until(ctx, in)) })
	running.Go(func() { r.keepAlive(ctx) })
	var silence <-chan time.Time
	for {
		select {
		case err := <-received:
			if outer.Err() != nil {
				return context.Cause(outer)
			}
			return r.ended(err)
		case <-sent: //nolint:errcheck // a failure is the server's, which receive tells
			sent = nil
			silence = time.After(c.options.quiet)
		case <-r.heard:
			if silence != nil {
				silence = time.After(c.options.quiet)
			}
		case <-silence:
			if r.delivering.Load() || len(r.heard) > 0 { // it is out that is slow
				silence = time.After(c.options.quiet)
				continue
			}
			_ = c.socket.Close(websocket.StatusNormalClosure, "") // it ends either way
			return nil
		}
	}
}

// relay is the state of a connection in use.
type relay struct {
	*Conn
	heard      chan struct{} // something was received
	answered   atomic.Bool   // ever
	delivering atomic.Bool   // out is taking it
	sending    atomic.Bool   // a message is on its way
}

// outError is that of the stream that takes what is received.
type outError struct{ error }

// receive passes on what the server sends, and returns why that ended.
func (r *relay) receive(ctx context.Context, out io.Writer) error {
	buffer := make([]byte, piece)
	for {
		_, message, err := r.socket.Reader(ctx)
		if err != nil {
			return err
		}
		for {
			n, err := message.Read(buffer)
			if n > 0 {
				r.answered.Store(true)
				r.delivering.Store(true)
				_, err := out.Write(buffer[:n])
				r.delivering.Store(false)
				if err != nil {
					return outError{err}
				}
				select {
				case r.heard <- struct{}{}:
				default:
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("within a message: %w", err)
			}
		}
	}
}

// send passes in on until its end.
func (r *relay) send(ctx context.Context, in io.Reader) error {
	buffer := make([]byte, piece)
	for {
		n, err := in.Read(buffer)
		if n > 0 {
			r.sending.Store(true)
			err := r.socket.Write(ctx, websocket.MessageBinary, buffer[:n])
			r.sending.Store(false)
			if err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// keepAlive pings, so that nothing on the way takes the connection for dead when
// nobody types. That no answer comes is no reason to end it: ssh has its own
// ServerAliveInterval for that. While a message waits to be sent, a ping would only
// wait, too, and the library gives up after five seconds.
func (r *relay) keepAlive(ctx context.Context) {
	ticks := time.NewTicker(r.options.ping)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if r.sending.Load() {
			continue
		}
		waited, cancel := context.WithTimeout(ctx, r.options.ping)
		_ = r.socket.Ping(waited)
		cancel()
	}
}

// ended says why the server ended a connection; nil when all is well.
func (r *relay) ended(err error) error {
	var of outError
	if errors.As(err, &of) { // whoever reads has ended, as ssh does
		return nil
	}
	host := r.options.Host
	var closed websocket.CloseError
	regular := errors.As(err, &closed) && (closed.Code == websocket.StatusNormalClosure || closed.Code == websocket.StatusGoingAway || closed.Code == websocket.StatusNoStatusRcvd)
	dropped := errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case (regular || dropped || errors.Is(err, net.ErrClosed)) && r.answered.Load():
		return nil
	case regular || dropped:
		return &exit.Error{Exit: exit.Failed, Text: "the Jupyter of " + r.options.Name + " closed the connection before SSH answered",
			Tip: "restart the instance; from inside its network: computetarget ssh " + r.options.Name + " --private"}
	case errors.As(err, &closed):
		text := fmt.Sprintf("%s closed the connection (%d", host, closed.Code)
		if closed.Reason != "" {
			text += fmt.Sprintf(", %q", strings.ToValidUTF8(closed.Reason, "?"))
		}
		return &exit.Error{Exit: exit.Failed, Text: text + ")", Tip: "connect again"}
	}
	return &exit.Error{Exit: exit.Failed, Text: fmt.Sprintf("the connection to %s broke (%v)", host, innermost(err)), Tip: "connect again", Err: err}
}

// innermost is the first cause of an error.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
