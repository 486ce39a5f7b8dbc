package compute

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
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

// Words that mark a JSON key whose value is a secret or may hold one, in lower
// case and without the characters - and _.
var secretWords = [...]string{"password", "passwd", "passphrase", "secret", "token", "connectionstring", "kubeconfig", "authorization", "cookie",
	"signature", "credential", "certificatedata", "privatekey", "assertion", "scriptdata", "scriptarguments", "environmentvariables"}

// JSON keys, written in the same way, that are secrets when they are exactly
// this. A key that ends in "key" or "keys" is one as well, unless it is public.
var secretKeys = [...]string{"cert", "pfx", "sas", "pwd", "pin", "codeverifier"}

// secretText is what only a secret looks like, wherever it stands: a JWT, a
// private key, a connection string, a signature, an Authorization header.
var secretText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)eyJ[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY|\b(bearer|basic)\s+[\w+/=.~-]{8,}|` +
		`(password|passwd|pwd|secret|(account|access|shared\w*)key|signature|sig|token|assertion)(["'\\]+\s*[:=]|\s*=)|password\s*:`)
})

// objectLike is the beginning of JSON, or of what was meant to be.
var objectLike = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*(\[\s*)*(\{|\[\s*['"])`) })

// userInURL is the user of an address within a text.
var userInURL = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`://[^/\s@]*@`) })

// signed is a signature in an address within a text.
var signed = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)([?&](?:sig|signature|token|access_token|code)=)[^\s&"'<>]+`)
})

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
			writeBody(&b, "> ", raw.Header, data.Bytes())
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
		writeBody(&b, "< ", resp.Header, data)
	}
	p.log(b.String())
	return resp, nil
}

func writeHeaders(b *strings.Builder, prefix string, h http.Header) {
	for _, key := range slices.Sorted(maps.Keys(h)) {
		value := hidden
		if slices.Contains(shownHeaders[:], strings.ToLower(key)) {
			value = safeText(strings.Join(h[key], ", "))
		}
		fmt.Fprintf(b, "%s%s: %s\n", prefix, key, value)
	}
}

// writeBody writes a body that is JSON, indented and without its secrets. Of
// anything else, where secrets cannot be told from the rest, it writes the type
// and the length.
func writeBody(b *strings.Builder, prefix string, h http.Header, data []byte) {
	if len(bytes.TrimSpace(data)) == 0 {
		return
	}
	shown := fmt.Sprintf("%d bytes that are not JSON", len(data))
	if kind := h.Get("Content-Type"); kind != "" {
		shown = fmt.Sprintf("%d bytes of %q that are not JSON", len(data), shorten(kind, 100))
	}
	if value, ok := decodeWhole(data); ok {
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

// decodeWhole decodes data that is one JSON value and nothing else.
func decodeWhole(data []byte) (value any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return nil, false
	}
	_, err := d.Token()
	return value, errors.Is(err, io.EOF)
}

// withoutSecrets replaces what may be secret in a decoded JSON value.
func withoutSecrets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		named := namesSecret(v)
		for key, value := range v {
			if value != nil && (isSecret(key) || named && strings.EqualFold(key, "value")) {
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
		return safeText(v)
	}
	return v
}

// namesSecret reports whether an object is a pair of a name and a value, and
// the name that of a secret.
func namesSecret(o map[string]any) bool {
	for key, value := range o {
		switch name, _ := value.(string); strings.ToLower(key) {
		case "name", "key":
			if isSecret(name) {
				return true
			}
		}
	}
	return false
}

func isSecret(key string) bool {
	key = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(key))
	if slices.Contains(secretKeys[:], key) {
		return true
	}
	if (strings.HasSuffix(key, "key") || strings.HasSuffix(key, "keys")) && !strings.Contains(key, "public") {
		return true
	}
	for _, word := range secretWords {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// safeText is a string of a body, or a header, without what may be secret in it:
// JSON that is written as a string, addresses, and what looks like a secret.
func safeText(s string) string {
	inner := strings.TrimLeft(s, " \t\r\n\ufeff")
	if value, ok := decodeWhole([]byte(inner)); !ok {
		if objectLike().MatchString(inner) {
			return fmt.Sprintf("%s (%d bytes)", hidden, len(s))
		}
	} else {
		switch value.(type) {
		case map[string]any, []any, string:
			text, err := json.Marshal(withoutSecrets(value))
			if err != nil {
				return hidden
			}
			return string(text)
		}
	}
	s = safeURL(s)
	if secretText().MatchString(strings.ReplaceAll(s, "="+hidden, "")) {
		return hidden
	}
	return s
}

// safeURL hides the values of an address's query and fragment, and a user in
// it. It returns other text unchanged.
func safeURL(s string) string {
	if !strings.Contains(s, "://") && !strings.HasPrefix(s, "/") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		before, _, _ := strings.Cut(s, "?")
		before, _, _ = strings.Cut(before, "#")
		return userInURL().ReplaceAllString(before, "://"+hidden+"@")
	}
	if u.User != nil {
		u.User = url.User(hidden)
	}
	if u.Fragment != "" {
		u.Fragment, u.RawFragment = hidden, ""
	}
	var query strings.Builder
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if query.Len() > 0 {
			query.WriteByte('&')
		}
		switch {
		case pair == "":
		case slices.Contains(shownQuery[:], strings.ToLower(key)) && isPlain(value):
			query.WriteString(pair)
		default:
			query.WriteString(key + "=" + hidden)
		}
	}
	u.RawQuery = query.String()
	return u.String()
}

// isPlain reports whether a query's value is one word.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '.' && r != '_' && !('0' <= r && r <= '9') && !('a' <= r && r <= 'z') && !('A' <= r && r <= 'Z')
	})
}
