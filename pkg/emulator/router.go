package emulator

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// request is what a handler sees of an HTTP request.
type request struct {
	method  string
	base    string // scheme and host the client used, for URLs in answers
	path    []string
	args    []string   // what stood for each {} of the route's pattern
	query   url.Values // names in lower case: ARM does not look at theirs
	version apiVersion
	body    []byte
	caller  person

	authorization string // the header
	remaining     int    // tokens left in the caller's bucket, plus one; 0 when nobody counts
}

// under tells whether the path begins with a segment.
func (q *request) under(segment string) bool {
	return len(q.path) > 0 && strings.EqualFold(q.path[0], segment)
}

// response is an answer before it is sent.
type response struct {
	status int
	header http.Header
	body   []byte
}

func newResponse(status int) *response { return &response{status: status, header: http.Header{}} }

// json makes o the body.
func (r *response) json(o *object) *response {
	r.body = o.bytes()
	r.header["Content-Type"] = []string{"application/json; charset=utf-8"}
	return r
}

// http turns r into a client's view of it.
func (r *response) http(req *http.Request) *http.Response {
	body := r.body
	if req.Method == http.MethodHead {
		body = nil
	}
	return &http.Response{
		Status: strconv.Itoa(r.status) + " " + http.StatusText(r.status), StatusCode: r.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// route is one operation of the API. In a pattern {} stands for one segment;
// the others match without regard to case, as ARM does.
type route struct {
	method   string
	pattern  string
	kind     string                // resource type in messages about api-versions
	versions func(apiVersion) bool // nil for any that is a date
	handle   func(*tx, *request) (*response, error)
}

const (
	provider      = "Microsoft.MachineLearningServices"
	workspaceType = provider + "/workspaces"
	computeType   = workspaceType + "/computes"

	subPath      = "subscriptions/{}/"
	groupPath    = subPath + "resourceGroups/{}/providers/" + workspaceType
	wsPath       = groupPath + "/{}"
	computePath  = wsPath + "/computes/{}"
	locationPath = subPath + "providers/" + provider + "/locations/{}/"
)

// routes is the API. The first route whose pattern and method match answers.
var routes = []route{
	{"GET", wsPath + "/computes", "workspaces/computes", anyVersion, listComputes},
	{"GET", computePath, "workspaces/computes", anyVersion, getCompute},
	{"PUT", computePath, "workspaces/computes", anyVersion, putCompute},
	{"PATCH", computePath, "workspaces/computes", anyVersion, patchCompute},
	{"DELETE", computePath, "workspaces/computes", anyVersion, deleteCompute},
	{"POST", computePath + "/start", "workspaces/computes", anyVersion, startCompute},
	{"POST", computePath + "/stop", "workspaces/computes", anyVersion, stopCompute},
	{"POST", computePath + "/restart", "workspaces/computes", anyVersion, restartCompute},
	{"POST", computePath + "/listKeys", "workspaces/computes", anyVersion, listKeys},
	{"POST", computePath + "/listNodes", "workspaces/computes", anyVersion, listNodes},
	{"POST", computePath + "/updateSchedules", "workspaces/computes/updateSchedules", scheduleVersion, updateSchedules},
	{"POST", computePath + "/updateIdleShutdownSetting", "workspaces/computes/updateIdleShutdownSetting", idleActionVersion, updateIdle},
	{"POST", computePath + "/customServices", "workspaces/computes/customServices", idleActionVersion, updateCustomServices},
	{"POST", computePath + "/updateDataMounts", "workspaces/computes/updateDataMounts", resizeVersion, updateDataMounts},
	{"POST", computePath + "/resize", "workspaces/computes/resize", resizeVersion, resizeCompute},
	{"POST", computePath + "/getAllowedVmSizesForResize", "workspaces/computes/getAllowedVmSizesForResize", resizeVersion, allowedSizes},
	{"POST", wsPath + "/checkComputeNameAvailability", "workspaces", anyVersion, checkName},
	{"GET", wsPath, "workspaces", anyVersion, getWorkspace},
	{"PUT", wsPath, "workspaces", anyVersion, putWorkspace},
	{"PATCH", wsPath, "workspaces", anyVersion, patchWorkspace},
	{"DELETE", wsPath, "workspaces", anyVersion, deleteWorkspace},
	{"POST", wsPath + "/listKeys", "workspaces", anyVersion, ofWorkspace((*workspace).keys)},
	{"POST", wsPath + "/listStorageAccountKeys", "workspaces", anyVersion, ofWorkspace((*workspace).storageKeys)},
	{"POST", wsPath + "/listNotebookKeys", "workspaces", anyVersion, ofWorkspace((*workspace).notebookKeys)},
	{"POST", wsPath + "/listNotebookAccessToken", "workspaces", anyVersion, ofWorkspace((*workspace).notebookToken)},
	{"POST", wsPath + "/prepareNotebook", "workspaces", anyVersion, ofWorkspace((*workspace).notebook)},
	{"POST", wsPath + "/diagnose", "workspaces", anyVersion, ofWorkspace((*workspace).diagnosis)},
	{"POST", wsPath + "/resyncKeys", "workspaces", anyVersion, resyncKeys},
	{"GET", wsPath + "/outboundNetworkDependenciesEndpoints", "workspaces", anyVersion, ofWorkspace((*workspace).outbound)},
	{"GET", groupPath, "workspaces", anyVersion, listWorkspaces},
	{"GET", subPath + "providers/" + workspaceType, "workspaces", anyVersion, listWorkspaces},
	{"GET", locationPath + "vmSizes", "locations/vmSizes", anyVersion, listSizes},
	{"GET", locationPath + "usages", "locations/usages", anyVersion, listUsages},
	{"GET", locationPath + "quotas", "locations/quotas", anyVersion, listQuotas},
	{"POST", locationPath + "updateQuotas", "locations/updateQuotas", anyVersion, updateQuotas},
	{"GET", locationPath + "computeOperationsStatus/{}", "locations/computeOperationsStatus", anyVersion, getOperation},
}

// match returns what stands for each {} of pattern, or false.
func match(pattern string, path []string) ([]string, bool) {
	var args []string
	for _, seg := range path {
		var want string
		want, pattern, _ = strings.Cut(pattern, "/")
		switch {
		case want == "{}":
			args = append(args, seg)
		case want == "" || !strings.EqualFold(want, seg):
			return nil, false
		}
	}
	return args, pattern == ""
}

// readRequest takes in everything of r before any lock is held.
func readRequest(r *http.Request) (*request, error) {
	q := &request{method: r.Method, base: "http://" + r.Host, authorization: r.Header.Get("Authorization")}
	q.caller = callerOf(q.authorization)
	if r.TLS != nil {
		q.base = "https://" + r.Host
	}
	for _, seg := range strings.Split(r.URL.EscapedPath(), "/") {
		if seg == "" {
			continue // ARM takes several slashes for one, and az sends such paths
		}
		plain, err := url.PathUnescape(seg)
		if err != nil || strings.ContainsAny(plain, "/\\") {
			return q, badRequest("The request path is not valid.")
		}
		q.path = append(q.path, plain)
	}
	if len(q.path) == 0 {
		return q, badRequest("The request path is not valid.")
	}
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, badRequest("The query string is not valid.")
	}
	q.query = make(url.Values, len(given))
	for name, values := range given {
		name = strings.ToLower(name)
		q.query[name] = append(q.query[name], values...)
	}
	limit := maxBody
	if q.under(adminPrefix) {
		limit = maxLoad
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil {
		return q, err
	}
	if len(body) > limit {
		return q, fail(http.StatusRequestEntityTooLarge, "RequestContentTooLarge", "The request content is larger than %d bytes.", limit)
	}
	q.body = body
	return q, nil
}

// serve finds the operation and runs it.
func (t *tx) serve(q *request) (*response, error) {
	if q.under(adminPrefix) {
		return t.admin(q)
	}
	if isSignIn(q) {
		return signIn(t, q)
	}
	var allowed []string
	for i := range len(routes) + len(armRoutes) {
		r := &armRoutes[max(0, i-len(routes))]
		if i < len(routes) {
			r = &routes[i]
		}
		args, ok := match(r.pattern, q.path)
		if !ok {
			continue
		}
		if r.method != q.method {
			allowed = append(allowed, r.method)
			continue
		}
		var err error
		if q.version, err = r.version(q); err != nil {
			return nil, err
		}
		q.args = args
		return r.handle(t, q)
	}
	if allowed != nil {
		e := fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The HTTP method '%s' is not supported for this resource.", q.method)
		e.header = http.Header{"Allow": {strings.Join(allowed, ", ")}}
		return nil, e
	}
	return nil, fail(http.StatusNotFound, "InvalidResourceType", "The resource type of the path '/%s' could not be found.", strings.Join(q.path, "/"))
}

// stamp puts on the headers that every answer of ARM carries.
func (t *tx) stamp(r *http.Request, q *request, res *response) {
	h := res.header
	h["Date"] = []string{t.clockNow().Format(http.TimeFormat)}
	if res.status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(len(res.body))}
	}
	h["Cache-Control"] = []string{"no-cache"}
	h["Pragma"] = []string{"no-cache"}
	h["Expires"] = []string{"-1"}
	h["Strict-Transport-Security"] = []string{"max-age=31536000; includeSubDomains"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h.Set("x-ms-request-id", t.e.uuid())
	correlation := r.Header.Get("x-ms-correlation-request-id")
	if !wellFormedID(correlation) {
		correlation = h.Get("x-ms-request-id")
	}
	h.Set("x-ms-correlation-request-id", correlation)
	if id := r.Header.Get("x-ms-client-request-id"); wellFormedID(id) {
		h.Set("x-ms-client-request-id", id)
	}
	h.Set("x-ms-routing-request-id", "EMULATOR:"+t.now.Format("20060102T150405Z")+":"+correlation)
	name, left := q.remainingTokens()
	h[name] = []string{left}
}

// wellFormedID tells whether a client's id can be echoed: short, printable.
func wellFormedID(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
