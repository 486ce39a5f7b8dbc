package compute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const hidden = "REDACTED"

// Headers that are shown with their values. A header that is not on this list
// may carry a secret, today or tomorrow.
var shownHeaders = [...]string{
	"accept", "azure-asyncoperation", "cache-control", "content-encoding", "content-length", "content-type", "date",
	"etag", "location", "retry-after", "retry-after-ms", "server", "strict-transport-security", "transfer-encoding", "user-agent", "via", "www-authenticate",
	"x-ms-client-request-id", "x-ms-correlation-request-id", "x-ms-error-code", "x-ms-ratelimit-remaining-subscription-deletes",
	"x-ms-ratelimit-remaining-subscription-reads", "x-ms-ratelimit-remaining-subscription-writes", "x-ms-request-id",
	"x-ms-response-type", "x-ms-retry-after-ms", "x-ms-routing-request-id", "x-request-time",
}

// Query parameters that are shown with their values. The others of an
// operation's address are its signature.
var shownQuery = [...]string{"api-version", "service", "underlyingresourceaction"}

// Words that mark a JSON key, in lower case, whose value is a secret or may
// hold one.
var secretWords = [...]string{"password", "passphrase", "secret", "token", "connectionstring", "kubeconfig",
	"privatekey", "accountkey", "accesskey", "sharedkey", "primarykey", "secondarykey", "signature", "credential", "scriptdata", "scriptarguments", "environmentvariables"}

// JSON keys, in lower case, that are secrets when they are exactly this.
var secretKeys = [...]string{"key", "cert", "pfx", "sas", "code_verifier", "assertion"}

// logPolicy shows each try of each request, and its answer, without secrets.
type logPolicy struct{ log func(string) }

func (p logPolicy) Do(req *azpolicy.Request) (*http.Response, error) {
	var b strings.Builder
	raw := req.Raw()
	fmt.Fprintf(&b, "> %s %s\n", raw.Method, safeURL(raw.URL.String()))
	writeHeaders(&b, "> ", raw.Header)
	if body := req.Body(); body != nil {
		var data bytes.Buffer
		if _, err := data.ReadFrom(body); err == nil {
			writeBody(&b, "> ", data.Bytes())
		}
		if err := req.RewindBody(); err != nil {
			return nil, err
		}
	}
	p.log(b.String())
	start := time.Now()
	resp, err := req.Next()
	b.Reset()
	took := time.Since(start).Round(time.Millisecond)
	if err != nil {
		fmt.Fprintf(&b, "< no answer after %s: %s\n", took, withoutURL(err))
		p.log(b.String())
		return resp, err
	}
	fmt.Fprintf(&b, "< %d %s after %s\n", resp.StatusCode, http.StatusText(resp.StatusCode), took)
	writeHeaders(&b, "< ", resp.Header)
	if data, err := runtime.Payload(resp); err == nil {
		writeBody(&b, "< ", data)
	}
	p.log(b.String())
	return resp, nil
}

func writeHeaders(b *strings.Builder, prefix string, h http.Header) {
	keys := make([]string, 0, len(h))
	for key := range h {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		value := hidden
		if slices.Contains(shownHeaders[:], strings.ToLower(key)) {
			value = safeURL(strings.Join(h[key], ", "))
		}
		fmt.Fprintf(b, "%s%s: %s\n", prefix, key, value)
	}
}

// writeBody writes a body, JSON indented and without its secrets, anything
// else shortened.
func writeBody(b *strings.Builder, prefix string, data []byte) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return
	}
	shown := shorten(strings.ToValidUTF8(string(data), "\uFFFD"), 2000)
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if d.Decode(&value) == nil {
		if text, err := json.MarshalIndent(withoutSecrets(value), "", "  "); err == nil {
			shown = string(text)
		}
	}
	for line := range strings.SplitSeq(shown, "\n") {
		b.WriteString(prefix)
		b.WriteString(line)
		b.WriteByte('\n')
	}
}

// withoutSecrets replaces what may be secret in a decoded JSON value.
func withoutSecrets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if isSecret(key) && value != nil {
				v[key] = hidden
			} else {
				v[key] = withoutSecrets(value)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutSecrets(v[i])
		}
	case string:
		return safeURL(v)
	}
	return v
}

func isSecret(key string) bool {
	key = strings.ToLower(key)
	if slices.Contains(secretKeys[:], key) {
		return true
	}
	for _, word := range secretWords {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// safeURL hides the values of an address's query, and a user in it. What is no
// address comes back as it is.
func safeURL(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		before, _, _ := strings.Cut(s, "?")
		return before
	}
	if u.User != nil {
		u.User = url.User(hidden)
	}
	if u.RawQuery == "" {
		return u.String()
	}
	var query strings.Builder
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if query.Len() > 0 {
			query.WriteByte('&')
		}
		if slices.Contains(shownQuery[:], strings.ToLower(key)) {
			query.WriteString(pair)
		} else {
			query.WriteString(key + "=" + hidden)
		}
	}
	u.RawQuery = query.String()
	return u.String()
}
