package emulator

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/authorization"
	"github.com/computetarget/computetarget/pkg/emulator/graph"
	"github.com/computetarget/computetarget/pkg/emulator/machinelearning"
	"github.com/computetarget/computetarget/pkg/emulator/policy"
	"github.com/computetarget/computetarget/pkg/emulator/resources"
	"github.com/computetarget/computetarget/pkg/emulator/signin"
	"github.com/computetarget/computetarget/pkg/emulator/storage"
)

// providers are all providers. The first route that matches serves a request.
var providers = sync.OnceValue(func() []*arm.Provider {
	return []*arm.Provider{machinelearning.Provider(), resources.Provider(), authorization.Provider(), policy.Provider(), graph.Provider(), signin.Provider(), storage.Provider()}
})

// request is an HTTP request as the core sees it.
type request struct {
	arm.Request

	authorization string        // the header
	remaining     int           // tokens left in the caller's bucket, plus one; 0 without a rate limit
	provider      *arm.Provider // serves it; nil before it is found
}

// readRequest reads r completely, before any lock is taken.
func readRequest(r *http.Request) (*request, error) {
	q := &request{Request: arm.Request{Method: r.Method, Base: "http://" + r.Host, RawPath: r.URL.EscapedPath(), Header: r.Header}, authorization: r.Header.Get("Authorization")}
	q.Caller = signin.Caller(q.authorization)
	if r.TLS != nil {
		q.Base = "https://" + r.Host
	}
	for _, seg := range strings.Split(q.RawPath, "/") {
		if seg == "" {
			continue // ARM accepts several slashes, and az sends them
		}
		plain, err := url.PathUnescape(seg)
		parts := []string{plain}
		if q.plane() != nil { // clients of file shares escape slashes, too
			parts = strings.FieldsFunc(plain, func(r rune) bool { return r == '/' })
		}
		for _, part := range parts {
			if err != nil || strings.ContainsAny(part, "/\\") {
				return q, arm.BadRequest("The request path is not valid.")
			}
			q.Path = append(q.Path, part)
		}
	}
	if len(q.Path) == 0 {
		return q, arm.BadRequest("The request path is not valid.")
	}
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, arm.BadRequest("The query string is not valid.")
	}
	q.Query = make(url.Values, len(given))
	for name, values := range given {
		name = strings.ToLower(name)
		q.Query[name] = append(q.Query[name], values...)
	}
	limit := maxBody
	if q.Under(adminPrefix) {
		limit = maxLoad
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil {
		return q, err
	}
	if len(body) > limit {
		return q, arm.Fail(http.StatusRequestEntityTooLarge, "RequestContentTooLarge", "The request content is larger than %d bytes.", limit)
	}
	q.Body = body
	return q, nil
}

// plane is the API that the request is for; nil for Resource Manager.
func (q *request) plane() *arm.Plane {
	for _, p := range providers() {
		if p.Plane != nil && slices.ContainsFunc(p.Plane.Roots, q.Under) {
			return p.Plane
		}
	}
	return nil
}

// refuse is an error as the API that the request is for sends it.
func (q *request) refuse(e *arm.Error) *arm.Response {
	if p := q.plane(); p != nil && p.Refuse != nil {
		return p.Refuse(&q.Request, e)
	}
	return e.Response()
}

// serve finds the route and runs it.
func (t *tx) serve(q *request) (*arm.Response, error) {
	var allowed []string
	for _, p := range providers() {
		for i := range p.Routes {
			r := &p.Routes[i]
			args, ok := arm.Match(r.Path, q.Path)
			if !ok {
				continue
			}
			if r.Method != q.Method {
				allowed = append(allowed, r.Method)
				continue
			}
			if err := p.Accept(r, &q.Request); err != nil {
				return nil, err
			}
			q.Args, q.provider = args, p
			in := q.Request // the journal keeps the body that was sent
			if !r.NoVersion {
				if err := t.admit(&in); err != nil {
					return nil, err
				}
			}
			return r.Handle(t.Tx, &in)
		}
	}
	if allowed != nil {
		e := arm.Fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The HTTP method '%s' is not supported for this resource.", q.Method)
		e.Header = http.Header{"Allow": {strings.Join(allowed, ", ")}}
		return nil, e
	}
	return nil, arm.Fail(http.StatusNotFound, "InvalidResourceType", "The resource type of the path '/%s' could not be found.", strings.Join(q.Path, "/"))
}

// admit asks every provider whether a request may be served.
func (t *tx) admit(q *arm.Request) error {
	for _, p := range providers() {
		if p.Admit == nil {
			continue
		}
		if err := p.Admit(t.Tx, q); err != nil {
			return err
		}
	}
	return nil
}

// stamp adds the headers of every response, and those of ARM's responses.
func (t *tx) stamp(r *http.Request, q *request, res *arm.Response) {
	h := res.Header
	h["Date"] = []string{t.e.clockNow(t.Tx).Format(http.TimeFormat)}
	if res.Status != http.StatusNoContent && h["Content-Length"] == nil { // an answer to HEAD knows better
		h["Content-Length"] = []string{strconv.Itoa(len(res.Body))}
	}
	h.Set("x-ms-request-id", t.NewID())
	if id := r.Header.Get("x-ms-client-request-id"); wellFormedID(id) {
		h.Set("x-ms-client-request-id", id)
	}
	if q.plane() != nil {
		return
	}
	h["Cache-Control"] = []string{"no-cache"}
	h["Pragma"] = []string{"no-cache"}
	h["Expires"] = []string{"-1"}
	h["Strict-Transport-Security"] = []string{"max-age=31536000; includeSubDomains"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	correlation := r.Header.Get("x-ms-correlation-request-id")
	if !wellFormedID(correlation) {
		correlation = h.Get("x-ms-request-id")
	}
	h.Set("x-ms-correlation-request-id", correlation)
	h.Set("x-ms-routing-request-id", "EMULATOR:"+t.Now.Format("20060102T150405Z")+":"+correlation)
	name, left := q.remainingTokens()
	h[name] = []string{left}
}

// wellFormedID reports whether a client's id can be echoed: short and printable.
func wellFormedID(s string) bool {
	return s != "" && len(s) <= 128 && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
