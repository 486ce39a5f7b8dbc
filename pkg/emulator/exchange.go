package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/signin"
)

// exchange is a response and what a fault does to it.
type exchange struct {
	*arm.Response
	reset bool // the connection breaks before the response
	cut   bool // the connection breaks in the middle of the body
}

// exchange serves one request: faults, rate limit and token come before the
// providers, the journal after them. Its errors are failures of the emulator; ARM
// errors are responses.
func (e *Emulator) exchange(r *http.Request) (exchange, error) {
	q, err := readRequest(r)
	var bad *arm.Error
	if err != nil && !errors.As(err, &bad) {
		return exchange{}, err
	}
	if len(q.Path) == 1 && q.Path[0] == "healthz" {
		return exchange{Response: health()}, nil
	}
	var (
		out exchange
		f   *Fault
	)
	ctx := r.Context()
	late := false
	err = e.update(ctx, func(t *tx) error {
		if !q.Under(adminPrefix) {
			if f = t.strike(q); f != nil && f.delay() > 0 {
				late = true
				return nil
			}
			if f != nil { // it counts even if the request fails
				if err := t.commit(); err != nil {
					return err
				}
			}
		}
		return t.exchange(r, q, bad, f, &out)
	})
	if err == nil && late {
		if err = sleep(ctx, f.delay()); err == nil {
			err = e.update(ctx, func(t *tx) error { return t.exchange(r, q, bad, f, &out) })
		}
	}
	return out, err
}

// exchange puts the response to one request in out and the request in the journal.
// A refused request changes nothing.
func (t *tx) exchange(r *http.Request, q *request, bad *arm.Error, f *Fault, out *exchange) error {
	err := t.answer(q, bad, f, out)
	var api *arm.Error
	if errors.As(err, &api) {
		out.Response, err = q.refuse(api), nil
	}
	if err != nil {
		return err
	}
	if out.Status >= http.StatusBadRequest {
		if err := t.Rollback(); err != nil {
			return err
		}
	}
	if f != nil {
		t.spoil(q, f, out)
	}
	if !out.reset {
		t.stamp(r, q, out.Response)
	}
	if q.Under(adminPrefix) {
		return nil
	}
	return t.record(r, q, f, out)
}

// answer puts the response of the service in out.
func (t *tx) answer(q *request, bad *arm.Error, f *Fault, out *exchange) error {
	if bad != nil {
		return bad
	}
	if q.Under(adminPrefix) {
		res, err := t.admin(q)
		out.Response = res
		return err
	}
	if res, ok, err := f.instead(); ok {
		out.Response, out.reset = res, f.Reset == resetBefore
		return err
	}
	if err := t.limitRate(q); err != nil {
		return err
	}
	if t.CheckTokens && q.plane() == nil {
		if err := signin.Check(&q.Request, q.authorization); err != nil {
			return err
		}
	}
	res, err := t.serve(q)
	out.Response = res
	return err
}

// failed is the response for an error other than an ARM error.
func (e *Emulator) failed(err error) *arm.Response {
	code := "InternalServerError"
	var s *StoreError
	if errors.As(err, &s) {
		code = "EmulatorStateUnusable"
	}
	return arm.Fail(http.StatusInternalServerError, code, "%s", err).Response()
}

// health is the response of /healthz, which has no rate limit and no entry in the
// journal.
func health() *arm.Response {
	res := arm.NewResponse(http.StatusOK)
	res.Body = []byte("ok\n")
	res.Header["Content-Type"] = []string{"text/plain; charset=utf-8"}
	return res
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Request is an entry of the journal: a client's request and its response.
type Request struct {
	Time   time.Time       `json:"time"`   // the emulator's
	Method string          `json:"method"` // as sent
	Path   string          `json:"path"`   // unescaped, in the client's case
	Query  string          `json:"query,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"` // JSON without secrets; anything else is left out
	Status int             `json:"status"`         // 0 when the connection was broken instead
	Agent  string          `json:"userAgent,omitempty"`
	ID     string          `json:"requestId,omitempty"` // x-ms-request-id of the answer
	Fault  string          `json:"fault,omitempty"`     // id of the fault that struck
}

// record adds a request to the journal.
func (t *tx) record(r *http.Request, q *request, f *Fault, out *exchange) error {
	entry := Request{Time: t.Now, Method: q.Method, Path: "/" + strings.Join(q.Path, "/"), Query: plainQuery(r.URL.Query()), Agent: r.UserAgent()}
	if len(entry.Agent) > 200 {
		entry.Agent = entry.Agent[:200]
	}
	if f != nil {
		entry.Fault = f.ID
	}
	if !out.reset {
		entry.Status, entry.ID = out.Status, out.Header.Get("x-ms-request-id")
	}
	if len(q.Body) > 0 && json.Valid(q.Body) && q.plane() == nil {
		entry.Body = arm.DropNested("", q.Body)
	}
	return t.e.journal.add(entry)
}

// plainQuery is a query without the parameters of a signature.
func plainQuery(v url.Values) string {
	kept := url.Values{}
	for k, list := range v {
		switch strings.ToLower(k) {
		case "t", "c", "s", "h", "sig":
		default:
			kept[k] = list
		}
	}
	return kept.Encode()
}
