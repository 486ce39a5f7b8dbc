package share

import (
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// tryTimeout limits one try of one request: files are small, and a private
// account does not answer at all.
const tryTimeout = 20 * time.Second

// transporter sends through an http.RoundTripper, which unlike an http.Client
// follows no redirect.
type transporter struct{ http.RoundTripper }

func (t transporter) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

// logged tells of each request and response. Headers and bodies stay out: they
// are signatures, and what people wrote.
type logged struct{ log func(string) }

func (l logged) Do(req *policy.Request) (*http.Response, error) {
	u := *req.Raw().URL
	query := u.Query()
	for name := range query {
		switch name {
		case "restype", "comp", "marker", "maxresults", "include", "prefix":
		default:
			query.Set(name, "REDACTED")
		}
	}
	u.RawQuery = query.Encode()
	l.log("> " + req.Raw().Method + " " + u.String())
	start := time.Now()
	resp, err := req.Next()
	took := time.Since(start).Round(time.Millisecond)
	if err != nil {
		l.log(fmt.Sprintf("< no answer after %s: %s", took, withoutURL(err)))
		return resp, err
	}
	text := fmt.Sprintf("< %d %s after %s", resp.StatusCode, http.StatusText(resp.StatusCode), took)
	if code := resp.Header.Get("x-ms-error-code"); code != "" {
		text += ": " + code
	}
	l.log(text)
	return resp, nil
}
