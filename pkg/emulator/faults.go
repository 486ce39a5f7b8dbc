package emulator

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/order"
)

// Fault makes matching requests fail. Set exactly one of Status, Reset, Body,
// Operation and ExpiredToken; Latency works with any of them or alone.
type Fault struct {
	ID string `json:"id"` // given by the emulator

	// Match is a method and a path, such as "POST */start": * matches any text,
	// case and query are ignored. The method * means every method.
	Match string `json:"match"`
	// Times is how often the fault strikes; 0 is every time.
	Times int `json:"times,omitempty"`

	// Status is the HTTP status of a response that replaces serving the request.
	Status int `json:"status,omitempty"`
	// Code and Message are for the error body of Status, which has defaults for
	// both.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// RetryAfter is the header of Status, a Go duration of whole seconds.
	RetryAfter string `json:"retryAfter,omitempty"`
	// Latency is how long the request waits before it is served, a Go duration
	// of wall clock time.
	Latency string `json:"latency,omitempty"`
	// Reset breaks the connection "before" the request is served, or "after".
	Reset string `json:"reset,omitempty"`
	// Body changes the body after the request is served: "truncated" breaks the
	// connection in the middle, "malformed" makes it invalid JSON, "html" a web
	// page, "empty" nothing.
	Body string `json:"body,omitempty"`
	// Operation changes the operation that the request starts: "never-ending"
	// never ends, "lost" has a URL that returns 404 although the compute goes on,
	// "failed" fails.
	Operation string `json:"operation,omitempty"`
	// ExpiredToken returns 401 ExpiredAuthenticationToken.
	ExpiredToken bool `json:"expiredToken,omitempty"`

	// Struck counts the requests that the fault has met.
	Struck int `json:"struck"`
}

const (
	resetBefore = "before"
	resetAfter  = "after"

	bodyTruncated = "truncated"
	bodyMalformed = "malformed"
	bodyHTML      = "html"
	bodyEmpty     = "empty"

	operationNeverEnding = "never-ending"
	operationLost        = "lost"
	operationFailed      = "failed"
)

// maxFaults limits the number of faults.
const maxFaults = 1000

// AddFault adds a fault and returns it with its id. If several match a request,
// the first one added strikes.
func (e *Emulator) AddFault(ctx context.Context, f Fault) (Fault, error) {
	return transact(ctx, e, func(t *tx) (Fault, error) { return t.addFault(f) })
}

// Faults returns all faults in the order they were added, also those that no
// longer strike.
func (e *Emulator) Faults(ctx context.Context) ([]Fault, error) {
	return transact(ctx, e, func(t *tx) ([]Fault, error) { return t.faults(), nil })
}

// ClearFaults removes all faults.
func (e *Emulator) ClearFaults(ctx context.Context) error {
	return e.update(ctx, func(t *tx) error {
		t.clearFaults()
		return nil
	})
}

func (t *tx) addFault(f Fault) (Fault, error) {
	if err := f.check(); err != nil {
		return f, err
	}
	if faults.Len(t.Tx) >= maxFaults {
		return f, arm.BadRequest("There are %d faults already: clear them first.", faults.Len(t.Tx))
	}
	n := 1
	for _, id := range faults.Keys(t.Tx, "") {
		if k, err := strconv.Atoi(id); err == nil && k >= n {
			n = k + 1
		}
	}
	f.ID, f.Struck = strconv.Itoa(n), 0
	kept := f
	faults.Put(t.Tx, f.ID, &kept)
	return f, nil
}

func (t *tx) faults() []Fault {
	out := []Fault{}
	for f := range faults.All(t.Tx) {
		out = append(out, *f)
	}
	order.By(out, func(a, b Fault) int {
		if len(a.ID) != len(b.ID) {
			return len(a.ID) - len(b.ID)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

func (t *tx) clearFaults() []Fault {
	for _, id := range slices.Clone(faults.Keys(t.Tx, "")) {
		faults.Delete(t.Tx, id)
	}
	return []Fault{}
}

// Valid reports whether a fault from the store is usable.
func (f *Fault) Valid() bool { return f.check() == nil }

// check returns what is wrong with a fault.
func (f *Fault) check() error {
	method, path, ok := strings.Cut(f.Match, " ")
	if !ok || method == "" || path == "" {
		return arm.BadRequest("'%s' matches nothing: give a method and a path, such as 'POST */start'.", f.Match)
	}
	kinds := 0
	for _, set := range []bool{f.Status != 0, f.Reset != "", f.Body != "", f.Operation != "", f.ExpiredToken} {
		if set {
			kinds++
		}
	}
	latency, err := faultDuration("latency", f.Latency)
	if err != nil {
		return err
	}
	if _, err := faultDuration("retryAfter", f.RetryAfter); err != nil {
		return err
	}
	switch {
	case kinds > 1 || kinds == 0 && latency == 0:
		return arm.BadRequest("A fault is one of status, reset, body, operation and expiredToken, or latency alone.")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return arm.BadRequest("%d is not a status to answer with: give one from 200 to 599.", f.Status)
	case f.Status == 0 && (f.RetryAfter != "" || f.Code != "" || f.Message != ""):
		return arm.BadRequest("retryAfter, code and message need a status.")
	case f.Times < 0:
		return arm.BadRequest("times is how often the fault strikes, 0 for every time, not %d.", f.Times)
	case f.Reset != "" && !slices.Contains([]string{resetBefore, resetAfter}, f.Reset):
		return arm.BadRequest("'%s' is not a moment for a reset: use before or after.", f.Reset)
	case f.Body != "" && !slices.Contains([]string{bodyTruncated, bodyMalformed, bodyHTML, bodyEmpty}, f.Body):
		return arm.BadRequest("'%s' is not a way to spoil a body: use truncated, malformed, html or empty.", f.Body)
	case f.Operation != "" && !slices.Contains([]string{operationNeverEnding, operationLost, operationFailed}, f.Operation):
		return arm.BadRequest("'%s' is not an outcome of an operation: use never-ending, lost or failed.", f.Operation)
	}
	return nil
}

func faultDuration(name, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > 24*time.Hour {
		return 0, arm.BadRequest("%s is '%s', not a duration such as 7s or 2m.", name, text)
	}
	return d, nil
}

func (f *Fault) delay() time.Duration {
	d, err := faultDuration("latency", f.Latency)
	if err != nil {
		return 0 // it was checked when it was added
	}
	return d
}

// strike returns the fault for a request, or nil, and counts it.
func (t *tx) strike(q *request) *Fault {
	if faults.Len(t.Tx) == 0 {
		return nil
	}
	path := "/" + strings.Join(q.Path, "/")
	for _, f := range t.faults() {
		if f.Times > 0 && f.Struck >= f.Times || !f.matches(q.Method, path) {
			continue
		}
		kept := faults.Get(t.Tx, f.ID)
		kept.Struck++
		faults.Put(t.Tx, f.ID, kept)
		return &f
	}
	return nil
}

func (f *Fault) matches(method, path string) bool {
	m, pattern, _ := strings.Cut(f.Match, " ")
	if m != "*" && !strings.EqualFold(m, method) {
		return false
	}
	return glob(strings.ToLower(strings.TrimSpace(pattern)), strings.ToLower(path))
}

// glob reports whether s matches the pattern, in which * stands for any text.
func glob(pattern, s string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		_, after, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = after
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// instead returns the response of a fault that replaces serving the request, or
// its error; ok is false if the request is served.
func (f *Fault) instead() (res *arm.Response, ok bool, err error) {
	switch {
	case f == nil:
		return nil, false, nil
	case f.Reset == resetBefore:
		return arm.NewResponse(0), true, nil
	case f.ExpiredToken:
		e := arm.Fail(http.StatusUnauthorized, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")
		e.Header = http.Header{"Www-Authenticate": {`Bearer error="invalid_token", error_description="` + e.Message + `"`}}
		return nil, true, e
	case f.Status == 0:
		return nil, false, nil
	}
	header := http.Header{}
	if d, err := faultDuration("retryAfter", f.RetryAfter); err == nil && d > 0 {
		header["Retry-After"] = []string{strconv.Itoa(int((d + time.Second - 1) / time.Second))}
	}
	if f.Status >= 300 {
		code, message := f.Code, f.Message
		if code == "" {
			code = cmp.Or(faultCodes()[f.Status], strings.ReplaceAll(http.StatusText(f.Status), " ", ""))
		}
		if message == "" {
			message = fmt.Sprintf("The emulator was told to answer %d here.", f.Status)
		}
		e := arm.Fail(f.Status, code, "%s", message)
		e.Header = header
		return nil, true, e
	}
	res = arm.NewResponse(f.Status)
	res.Header = header
	return res, true, nil
}

// faultCodes are ARM's error codes that differ from the name of the status.
func faultCodes() map[int]string {
	return map[int]string{
		http.StatusUnauthorized: "AuthenticationFailed", http.StatusForbidden: "AuthorizationFailed", http.StatusNotFound: "ResourceNotFound",
		http.StatusTooManyRequests: throttled, http.StatusServiceUnavailable: "ServerTimeout",
	}
}

const page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>A page where an answer was expected</h1></body></html>\n"

// spoil applies a fault to a response.
func (t *tx) spoil(q *request, f *Fault, out *exchange) {
	switch {
	case f.Reset == resetAfter:
		out.reset = true
	case f.Body == bodyTruncated:
		out.cut = true
	case f.Body == bodyMalformed:
		out.Body = append([]byte(`{"value": [{"id": `), out.Body[:len(out.Body)/2]...)
	case f.Body == bodyHTML:
		out.Body = []byte(page)
		out.Header["Content-Type"] = []string{"text/html; charset=utf-8"}
	case f.Body == bodyEmpty:
		out.Body = nil
	case f.Operation != "" && q.provider != nil && q.provider.Doom != nil:
		q.provider.Doom(t.Tx, &q.Request, f.Operation)
	}
}
