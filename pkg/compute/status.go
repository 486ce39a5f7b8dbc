package compute

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ask reads the operation's address.
func (l *loop) ask(ctx context.Context, t *task) {
	status, err := l.c.status(ctx, t.op)
	var e *Error
	switch {
	case err == nil:
		l.wish(status.retryAfter)
		switch {
		case !status.over:
			t.opAsked++
			t.opNext = l.tick + 1
			if len(l.tasks) > 1 {
				// Many that linger would each cost a request per tick.
				t.opNext = l.tick + min(1<<min(t.opAsked, 8), opEvery)
			}
		case status.err != nil:
			t.opErr = status.err
		default:
			t.opDone, t.opDoneAt = true, l.c.Now()
		}
	case errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusGone || e.Status == http.StatusBadRequest || e.Status == http.StatusForbidden || e.Status >= 300 && e.Status < 400):
		// The address has expired or was never any good. The compute tells.
		t.url, t.moved = "", true
	default:
		t.readErr = err
		l.heed(err)
		l.trouble(t)
	}
}

// opState is what an operation's address says.
type opState struct {
	over       bool
	err        error
	retryAfter time.Duration
}

// status reads the address of an operation, exactly as the service named it.
func (c *Client) status(ctx context.Context, op *Operation) (opState, error) {
	if u, err := url.Parse(op.URL); err != nil || !u.IsAbs() {
		return opState{}, invalidf(op.Name, "%.200q is not the address of an operation", op.URL)
	}
	a, err := c.send(ctx, call{op: opStatus, name: op.Name, address: op.URL, verbatim: true, once: true})
	if err != nil {
		return opState{}, err
	}
	s := opState{retryAfter: a.retryAfter}
	if a.status == http.StatusAccepted {
		return s, nil
	}
	var body struct {
		Status text `json:"status"`
	}
	if len(a.body) > 0 {
		err := decode(opStatus, op.Name, a, &body)
		if err != nil && (!op.byLocation || isPage(a.body)) {
			return opState{}, err
		}
	}
	word := string(body.Status)
	switch strings.ToLower(word) {
	case "succeeded", "completed":
		s.over = true
	case "failed", "canceled", "cancelled":
		s.over = true
		s.err = c.operationError(op, a, word)
	case "":
		// An address given as Location tells its end by the HTTP status alone.
		if !op.byLocation && a.status == http.StatusOK {
			return opState{}, &Error{Kind: KindFailed, Name: op.Name, Operation: opStatus.id, Status: a.status,
				Message: "the operation's answer does not say how it stands"}
		}
		s.over = true
	}
	return s, nil
}

// operationError is the error of an operation that ended badly, which arrives
// under HTTP 200.
func (c *Client) operationError(op *Operation, a *answer, word string) error {
	e := answerError(operation{id: opStatus.id}, op.Name, a)
	if len(readProblems(a.body, 0)) == 0 {
		e.Message = fmt.Sprintf("the %s of %s ended as %s without a reason", op.Verb, op.Name, word)
	}
	e.Kind = operationKind(e.Code, e.Message)
	return e
}
