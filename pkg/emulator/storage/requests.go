package storage

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// maxPage is how many entries a listing has at most.
const maxPage = 5000

// answer serves a request for a share, a directory or a file: Azure Files tells
// them apart by two query parameters.
func answer(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	p := place{account: q.Args[0], share: q.Args[1]}
	if len(q.Args) > 2 {
		p.path = q.Args[2]
	}
	if err := authorize(t, q, p.account); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	res, err := p.serve(t, q)
	if err != nil {
		return nil, err
	}
	if v := q.Header.Get("x-ms-version"); v != "" {
		res.Header.Set("x-ms-version", v)
	}
	return res, nil
}

func (p place) serve(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	method, kind, what := q.Method, strings.ToLower(q.Query.Get("restype")), strings.ToLower(q.Query.Get("comp"))
	if kind == "share" {
		if p.path != "" || what != "" {
			return nil, unsupported("comp", what)
		}
		return p.ofShare(t, method)
	}
	if !p.shared(t) {
		return nil, fail(http.StatusNotFound, "ShareNotFound", "The specified share does not exist.")
	}
	switch {
	case kind == "directory" && what == "list" && method == http.MethodGet:
		return p.list(t, q)
	case kind == "directory" && what == "":
		return p.ofDirectory(t, method)
	case kind != "" || p.path == "":
		return nil, unsupported("restype", kind)
	case what == "range" && method == http.MethodPut:
		return p.write(t, q)
	case what == "properties" && method == http.MethodPut:
		return p.resize(t, q)
	case what == "rangelist" && method == http.MethodGet:
		return p.ranges(t)
	case what != "":
		return nil, unsupported("comp", what)
	}
	return p.ofFile(t, q)
}

func unsupported(name, value string) error {
	return fail(http.StatusBadRequest, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid: %s=%s.", name, value)
}

// check refuses names that no file can have.
func (p place) check() error {
	if p.path == "" {
		return nil
	}
	for name := range strings.SplitSeq(p.path, "/") {
		if name == "." || name == ".." || len(name) > 255 || strings.ContainsAny(name, `"\:|<>*?`) ||
			strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' || r == '\ufffe' || r == '\uffff' }) {
			return fail(http.StatusBadRequest, "InvalidResourceName", "The specified resource name contains invalid characters.")
		}
	}
	if len(p.path) > 2048 {
		return fail(http.StatusBadRequest, "InvalidResourceName", "The specified resource name length is not within the permissible limits.")
	}
	return nil
}

func (p place) ofShare(t *arm.Tx, method string) (*arm.Response, error) {
	k := arm.Key(p.account, p.share)
	switch {
	case method == http.MethodPut && p.shared(t):
		return nil, fail(http.StatusConflict, "ShareAlreadyExists", "The specified share already exists.")
	case method == http.MethodPut:
		shares.Put(t, k, true)
		return arm.NewResponse(http.StatusCreated), nil
	case !p.shared(t):
		return nil, fail(http.StatusNotFound, "ShareNotFound", "The specified share does not exist.")
	case method == http.MethodDelete:
		p.clear(t)
		shares.Bury(t, k)
		return arm.NewResponse(http.StatusAccepted), nil
	}
	res := arm.NewResponse(http.StatusOK)
	res.Header.Set("x-ms-share-quota", "102400")
	return res, nil
}

// at returns what is at p.
func (p place) at(t *arm.Tx, dir bool) (*entry, error) {
	e, ok := entries.Lookup(t, p.key())
	switch {
	case !ok && !p.parent(t):
		return nil, fail(http.StatusNotFound, "ParentNotFound", "The specified parent path does not exist.")
	case !ok:
		return nil, fail(http.StatusNotFound, "ResourceNotFound", "The specified resource does not exist.")
	case e.Dir != dir:
		return nil, fail(http.StatusConflict, "ResourceTypeMismatch", "The specified resource type does not match the type of the existing resource.")
	}
	return e, nil
}

// parent tells whether the directory that p is in exists.
func (p place) parent(t *arm.Tx) bool {
	above := p.above()
	if len(above) == 0 {
		return true
	}
	e, ok := entries.Lookup(t, above[len(above)-1].key())
	return ok && e.Dir
}

func (p place) ofDirectory(t *arm.Tx, method string) (*arm.Response, error) {
	if p.path == "" {
		if method == http.MethodGet || method == http.MethodHead {
			return arm.NewResponse(http.StatusOK), nil
		}
		return nil, fail(http.StatusConflict, "ResourceAlreadyExists", "The specified resource already exists.")
	}
	if method == http.MethodPut {
		_, exists := entries.Lookup(t, p.key())
		switch {
		case exists:
			return nil, fail(http.StatusConflict, "ResourceAlreadyExists", "The specified resource already exists.")
		case !p.parent(t):
			return nil, fail(http.StatusNotFound, "ParentNotFound", "The specified parent path does not exist.")
		}
		e := &entry{Dir: true}
		p.put(t, e)
		return e.describe(arm.NewResponse(http.StatusCreated)), nil
	}
	e, err := p.at(t, true)
	if err != nil {
		return nil, err
	}
	if method != http.MethodDelete {
		return e.describe(arm.NewResponse(http.StatusOK)), nil
	}
	if len(entries.Keys(t, p.under())) > 0 {
		return nil, fail(http.StatusConflict, "DirectoryNotEmpty", "The specified directory is not empty.")
	}
	entries.Delete(t, p.key())
	return arm.NewResponse(http.StatusAccepted), nil
}

func (p place) ofFile(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	if q.Method == http.MethodPut {
		return p.create(t, q)
	}
	e, err := p.at(t, false)
	if err != nil {
		return nil, err
	}
	switch q.Method {
	case http.MethodDelete:
		entries.Delete(t, p.key())
		return arm.NewResponse(http.StatusAccepted), nil
	case http.MethodHead:
		res := e.describe(arm.NewResponse(http.StatusOK))
		res.Header["Content-Length"] = []string{strconv.Itoa(len(e.Content))}
		res.Header.Set("x-ms-type", "File")
		return res, nil
	}
	return e.read(q)
}

// create makes a file of zeros, or of what the body holds, in the place of one
// that is there.
func (p place) create(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	size, err := length(q)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(q.Header.Get("x-ms-type"), "file") {
		return nil, fail(http.StatusBadRequest, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: x-ms-type.")
	}
	old, exists := entries.Lookup(t, p.key())
	was := 0
	switch {
	case !p.parent(t):
		return nil, fail(http.StatusNotFound, "ParentNotFound", "The specified parent path does not exist.")
	case exists && old.Dir:
		return nil, fail(http.StatusConflict, "ResourceTypeMismatch", "The specified resource type does not match the type of the existing resource.")
	case len(q.Body) > size:
		return nil, fail(http.StatusBadRequest, "InvalidRange", "The range specified is invalid for the current size of the resource.")
	case exists:
		was = len(old.Content)
	}
	if err := p.fits(t, size, was); err != nil {
		return nil, err
	}
	content := make([]byte, size)
	copy(content, q.Body)
	e := &entry{Content: content}
	p.put(t, e)
	return e.describe(arm.NewResponse(http.StatusCreated)), nil
}

// length is the size that a request gives a file.
func length(q *arm.Request) (int, error) {
	size, err := strconv.Atoi(q.Header.Get("x-ms-content-length"))
	switch {
	case q.Header.Get("x-ms-content-length") == "":
		return 0, fail(http.StatusBadRequest, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: x-ms-content-length.")
	case err != nil || size < 0:
		return 0, fail(http.StatusBadRequest, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: x-ms-content-length.")
	}
	return size, nil
}

// fits refuses what would make a file or the share too large.
func (p place) fits(t *arm.Tx, size, was int) error {
	if size > maxFile || p.used(t)-was+size > maxShare {
		return fail(http.StatusForbidden, "ShareSizeLimitReached",
			"The share size limit has been reached: the emulator keeps files of up to %d bytes in shares of up to %d.", maxFile, maxShare)
	}
	return nil
}

// write puts a range into a file, or clears it.
func (p place) write(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	e, err := p.at(t, false)
	if err != nil {
		return nil, err
	}
	from, to, ok := byteRange(q, len(e.Content))
	clearing := strings.EqualFold(q.Header.Get("x-ms-write"), "clear")
	switch {
	case !clearing && !strings.EqualFold(q.Header.Get("x-ms-write"), "update"):
		return nil, fail(http.StatusBadRequest, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: x-ms-write.")
	case !ok || to > len(e.Content):
		return nil, fail(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range specified is invalid for the current size of the resource.")
	case clearing && len(q.Body) > 0 || !clearing && len(q.Body) != to-from:
		return nil, fail(http.StatusBadRequest, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: Content-Length.")
	}
	content := slices.Clone(e.Content)
	clear(content[from:to])
	copy(content[from:to], q.Body)
	changed := &entry{Content: content, Created: e.Created}
	p.put(t, changed)
	return changed.describe(arm.NewResponse(http.StatusCreated)), nil
}

// resize gives a file another size.
func (p place) resize(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	e, err := p.at(t, false)
	if err != nil {
		return nil, err
	}
	size := len(e.Content)
	if q.Header.Get("x-ms-content-length") != "" {
		if size, err = length(q); err != nil {
			return nil, err
		}
	}
	if err := p.fits(t, size, len(e.Content)); err != nil {
		return nil, err
	}
	changed := &entry{Content: make([]byte, size), Created: e.Created}
	copy(changed.Content, e.Content)
	p.put(t, changed)
	return changed.describe(arm.NewResponse(http.StatusOK)), nil
}

// ranges lists what a file holds: one range, since ours has no holes.
func (p place) ranges(t *arm.Tx) (*arm.Response, error) {
	e, err := p.at(t, false)
	if err != nil {
		return nil, err
	}
	x := new(markup)
	x.open("Ranges")
	if n := len(e.Content); n > 0 {
		x.open("Range").text("Start", "0").text("End", strconv.Itoa(n-1)).close("Range")
	}
	res := x.close("Ranges").body(e.describe(arm.NewResponse(http.StatusOK)))
	res.Header.Set("x-ms-content-length", strconv.Itoa(len(e.Content)))
	return res, nil
}

// read answers with a file or a part of it.
func (e *entry) read(q *arm.Request) (*arm.Response, error) {
	res := arm.NewResponse(http.StatusOK)
	res.Body = e.Content
	if q.Header.Get("x-ms-range") != "" || q.Header.Get("Range") != "" {
		from, to, ok := byteRange(q, len(e.Content))
		if !ok || from >= len(e.Content) {
			return nil, fail(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range specified is invalid for the current size of the resource.")
		}
		to = min(to, len(e.Content))
		res.Status, res.Body = http.StatusPartialContent, e.Content[from:to]
		res.Header.Set("Content-Range", "bytes "+strconv.Itoa(from)+"-"+strconv.Itoa(to-1)+"/"+strconv.Itoa(len(e.Content)))
	}
	res.Header["Content-Type"] = []string{"application/octet-stream"}
	res.Header.Set("Accept-Ranges", "bytes")
	res.Header.Set("x-ms-type", "File")
	res.Body = slices.Clone(res.Body) // the answer must not share memory with the record
	return e.describe(res), nil
}

// byteRange reads the range of a request, of which to is the first byte after it;
// one without an end goes to that of the file.
func byteRange(q *arm.Request, size int) (from, to int, ok bool) {
	text := q.Header.Get("x-ms-range")
	if text == "" {
		text = q.Header.Get("Range")
	}
	text, ok = strings.CutPrefix(text, "bytes=")
	first, last, dash := strings.Cut(text, "-")
	from, err := strconv.Atoi(first)
	if !ok || !dash || err != nil || from < 0 {
		return 0, 0, false
	}
	if last == "" {
		return from, max(size, from), true
	}
	to, err = strconv.Atoi(last)
	return from, to + 1, err == nil && to >= from && to < 1<<40
}

// describe puts on the headers that every answer about a file or directory has.
func (e *entry) describe(res *arm.Response) *arm.Response {
	h := res.Header
	h["Etag"] = []string{e.ETag}
	h["Last-Modified"] = []string{e.Modified.Format(http.TimeFormat)}
	h.Set("x-ms-request-server-encrypted", "true")
	h.Set("x-ms-file-creation-time", e.Created.Format(fileTime))
	h.Set("x-ms-file-last-write-time", e.Modified.Format(fileTime))
	h.Set("x-ms-file-change-time", e.Modified.Format(fileTime))
	attributes := "Archive"
	if e.Dir {
		attributes = "Directory"
	}
	h.Set("x-ms-file-attributes", attributes)
	return res
}

const fileTime = "2006-01-02T15:04:05.0000000Z"

// list answers with one page of a directory, in the order of names.
func (p place) list(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	if p.path != "" {
		if _, err := p.at(t, true); err != nil {
			return nil, err
		}
	}
	most := maxPage
	if s := q.Query.Get("maxresults"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fail(http.StatusBadRequest, "OutOfRangeQueryParameterValue", "One of the query parameters specified in the request URI is outside the permissible range: maxresults.")
		}
		most = min(n, maxPage)
	}
	x := new(markup)
	x.open("EnumerationResults", "ServiceEndpoint", endpointOf(q, p.account), "ShareName", p.share, "DirectoryPath", p.path)
	x.text("Prefix", q.Query.Get("prefix")).text("Marker", q.Query.Get("marker")).text("MaxResults", strconv.Itoa(most)).open("Entries")
	under := p.under()
	begins := under + strings.ToLower(q.Query.Get("prefix"))
	count, next := 0, ""
	for _, k := range entries.Keys(t, begins) {
		name := strings.TrimPrefix(k, under)
		if strings.Contains(name, "/") || name < q.Query.Get("marker") {
			continue
		}
		if count == most {
			next = name
			break
		}
		count++
		e, _ := entries.Lookup(t, k)
		e.item(x, strings.ToLower(q.Query.Get("include")))
	}
	x.close("Entries").text("NextMarker", next).close("EnumerationResults")
	return x.body(arm.NewResponse(http.StatusOK)), nil
}

// item writes one entry of a listing.
func (e *entry) item(x *markup, include string) {
	kind := "File"
	if e.Dir {
		kind = "Directory"
	}
	x.open(kind).text("Name", e.Name).open("Properties")
	if !e.Dir {
		x.text("Content-Length", strconv.Itoa(len(e.Content)))
	}
	if strings.Contains(include, "timestamps") {
		x.text("CreationTime", e.Created.Format(fileTime)).text("LastAccessTime", e.Modified.Format(fileTime)).
			text("LastWriteTime", e.Modified.Format(fileTime)).text("ChangeTime", e.Modified.Format(fileTime)).
			text("Last-Modified", e.Modified.Format(http.TimeFormat))
	}
	if strings.Contains(include, "etag") {
		x.text("Etag", e.ETag)
	}
	x.close("Properties").close(kind)
}
