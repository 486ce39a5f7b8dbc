package share

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// Versions of Azure Files. readVersion takes tokens for files and tells the times of
// what it lists; writeVersion also takes the content of a file with the request that
// makes it, so that no file of zeros is ever there.
const (
	readVersion  = "2024-11-04"
	writeVersion = "2026-06-06"
)

// scope is that of tokens for storage, the same in every cloud.
const scope = "https://storage.azure.com/.default"

// client makes the five calls on a share. Microsoft's own client of Azure Files,
// azfile, makes them in the tests of the emulator: docs/architecture.md says why
// not here.
type client struct {
	url      string // of the share
	sas      string // signature in the address, "" for none
	token    bool   // requests are signed with a token, which is for backup only
	pipeline runtime.Pipeline
}

// newClient returns a client whose requests auth signs; nil for a signature in the
// address.
func (s *Share) newClient(auth policy.Policy) *client {
	o := runtime.PipelineOptions{}
	if auth != nil {
		o.PerRetry = []policy.Policy{auth}
	}
	all := &policy.ClientOptions{
		Transport: transporter{s.options.Transport},
		Telemetry: policy.TelemetryOptions{ApplicationID: "computetarget"},
		Retry:     policy.RetryOptions{MaxRetries: 2, TryTimeout: tryTimeout},
	}
	if s.options.Log != nil {
		all.PerRetryPolicies = []policy.Policy{logged{s.options.Log}}
	}
	return &client{url: s.at.url, pipeline: runtime.NewPipeline("share", "v1.0.0", o, all)}
}

// withKey returns a client that signs with the account's key.
func (s *Share) withKey(key []byte) *client {
	return s.newClient(sharedKey{account: s.at.account, key: key, now: s.options.Client.Now})
}

// withCredential returns a client that signs with tokens.
func (s *Share) withCredential(cred azcore.TokenCredential) *client {
	c := s.newClient(runtime.NewBearerTokenPolicy(cred, []string{scope}, &policy.BearerTokenOptions{
		// http is used for a loopback endpoint only, see locate.
		InsecureAllowCredentialWithHTTP: strings.HasPrefix(s.at.url, "http://"),
	}))
	c.token = true
	return c
}

// call is one request.
type call struct {
	method, path string // path below the share, as people write it
	query        string
	headers      []string // names and values
	body         []byte
	ok           []int // statuses of success
	most         int64 // how much of the answer is read, in bytes; 0 for all of it
}

// send makes a call and returns the body of its answer. Its error is an
// *azcore.ResponseError, or that of the network.
func (c *client) send(ctx context.Context, k call) ([]byte, error) {
	address := c.url
	if k.path != "" {
		address += "/" + escaped(k.path)
	}
	if query := strings.Trim(k.query+"&"+c.sas, "&"); query != "" {
		address += "?" + query
	}
	req, err := runtime.NewRequest(ctx, k.method, address)
	if err != nil {
		return nil, err
	}
	h := req.Raw().Header
	h.Set("x-ms-version", readVersion)
	h.Set("Accept", "application/xml")
	if c.token {
		h.Set("x-ms-file-request-intent", "backup")
	}
	for i := 0; i+1 < len(k.headers); i += 2 {
		h.Set(k.headers[i], k.headers[i+1])
	}
	if len(k.body) > 0 {
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(k.body)), "application/octet-stream"); err != nil {
			return nil, err
		}
	}
	if k.most > 0 {
		runtime.SkipBodyDownload(req)
	}
	resp, err := c.pipeline.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case isPage(resp.Header):
		return nil, strangerError{resp.StatusCode}
	case !runtime.HasStatusCode(resp, k.ok...):
		return nil, runtime.NewResponseError(resp)
	case k.most > 0:
		return io.ReadAll(io.LimitReader(resp.Body, k.most))
	}
	return runtime.Payload(resp)
}

// read returns a file from an offset on, most bytes at most; nothing beyond its
// end.
func (c *client) read(ctx context.Context, at string, offset, most int64) ([]byte, error) {
	k := call{method: http.MethodGet, path: at, ok: []int{http.StatusOK, http.StatusPartialContent}, most: most}
	if offset > 0 {
		k.headers = []string{"x-ms-range", fmt.Sprintf("bytes=%d-", offset)}
	}
	text, err := c.send(ctx, k)
	if code(err) == "InvalidRange" {
		return nil, nil
	}
	return text, err
}

// write makes a file, or replaces one.
func (c *client) write(ctx context.Context, at string, text []byte) error {
	size := strconv.Itoa(len(text))
	k := call{method: http.MethodPut, path: at, ok: []int{http.StatusCreated}, body: text,
		headers: []string{"x-ms-type", "file", "x-ms-content-length", size, "x-ms-version", writeVersion}}
	_, err := c.send(ctx, k)
	var refused *azcore.ResponseError
	if len(text) == 0 || !errors.As(err, &refused) || refused.StatusCode != http.StatusBadRequest || refused.ErrorCode != "InvalidHeaderValue" {
		return err
	}
	// A cloud that does not have this version yet: in two steps.
	k.body, k.headers[len(k.headers)-1] = nil, readVersion
	if _, err := c.send(ctx, k); err != nil {
		return err
	}
	k = call{method: http.MethodPut, path: at, query: "comp=range", ok: k.ok, body: text,
		headers: []string{"x-ms-write", "update", "x-ms-range", fmt.Sprintf("bytes=0-%d", len(text)-1)}}
	_, err = c.send(ctx, k)
	return err
}

// makeFolder makes a folder in one that exists.
func (c *client) makeFolder(ctx context.Context, at string) error {
	_, err := c.send(ctx, call{method: http.MethodPut, path: at, query: "restype=directory", ok: []int{http.StatusCreated}})
	return err
}

// item is an entry of a folder.
type item struct {
	name     string
	folder   bool
	size     int64
	modified time.Time
}

// list returns one page of a folder, and where the next one begins: "" after the
// last.
func (c *client) list(ctx context.Context, at, marker string) ([]item, string, error) {
	query := url.Values{"restype": {"directory"}, "comp": {"list"}, "include": {"Timestamps"}}
	if marker != "" {
		query.Set("marker", marker)
	}
	text, err := c.send(ctx, call{method: http.MethodGet, path: at, query: query.Encode(), ok: []int{http.StatusOK},
		headers: []string{"x-ms-file-extended-info", "true"}})
	if err != nil {
		return nil, "", err
	}
	return readList(text)
}

// readList reads the entries of a listing.
func readList(text []byte) (items []item, next string, err error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	var within []string
	var value strings.Builder
	encoded, whole := false, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && whole {
			return items, next, nil
		}
		if err != nil {
			return nil, "", unreadableError{err}
		}
		switch token := token.(type) {
		case xml.StartElement:
			within = append(within, token.Name.Local)
			value.Reset()
			encoded = false
			for _, a := range token.Attr {
				encoded = encoded || a.Name.Local == "Encoded" && a.Value == "true"
			}
			if len(within) == 3 && within[1] == "Entries" {
				items = append(items, item{folder: token.Name.Local == "Directory"})
			}
		case xml.CharData:
			value.Write(token)
		case xml.EndElement:
			where := strings.Join(within, "/")
			within = within[:len(within)-1]
			whole = whole || where == "EnumerationResults"
			if where == "EnumerationResults/NextMarker" {
				next = value.String()
			}
			if len(items) > 0 && strings.HasPrefix(where, "EnumerationResults/Entries/") {
				items[len(items)-1].set(token.Name.Local, value.String(), encoded)
			}
			value.Reset()
		}
	}
}

// set is one property of a listed entry.
func (i *item) set(name, value string, encoded bool) {
	switch name {
	case "Name":
		i.name = value
		if plain, err := url.QueryUnescape(value); encoded && err == nil {
			i.name = plain
		}
	case "Content-Length":
		i.size, _ = strconv.ParseInt(value, 10, 64) // 0 is as good as unknown
	case "LastWriteTime":
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			i.modified = at
		}
	case "Last-Modified":
		if at, err := http.ParseTime(value); err == nil && i.modified.IsZero() {
			i.modified = at
		}
	}
}
