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

// shownHeaders are the headers that are shown with their values. Any other header
// may hold a secret, now or later.
const shownHeaders = `accept azure-asyncoperation cache-control content-encoding content-length content-type date
	etag location retry-after retry-after-ms server strict-transport-security transfer-encoding user-agent via www-authenticate
	x-ms-client-request-id x-ms-correlation-request-id x-ms-error-code x-ms-ratelimit-remaining-subscription-deletes
	x-ms-ratelimit-remaining-subscription-reads x-ms-ratelimit-remaining-subscription-writes x-ms-request-id
	x-ms-response-type x-ms-retry-after-ms x-ms-routing-request-id x-request-time`

// shownQuery are the query parameters that are shown with their values. The
// others of an operation's address are its signature.
const shownQuery = "api-version service underlyingresourceaction"

// secretKey matches the JSON keys, in lower case and without - and _, whose
// values may hold a secret. So do keys that end in "key" or "keys" and are not
// public.
var secretKey = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`password|passwd|passphrase|secret|token|connectionstring|kubeconfig|authorization|cookie|` +
		`signature|credential|certificatedata|privatekey|assertion|scriptdata|scriptarguments|environmentvariables|` +
		`^(cert|pfx|sas|pwd|pin|codeverifier)$`)
})

// secretText matches what looks like a secret anywhere in a text: a JWT, a private
// key, a connection string, a signature, an Authorization header.
var secretText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)eyJ[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY|\b(bearer|basic)\s+[\w+/=.~-]{8,}|` +
		`(password|passwd|pwd|secret|(account|access|shared\w*)key|signature|sig|token|assertion)(["'\\]+\s*[:=]|\s*=)|password\s*:`)
})

// objectLike matches the beginning of JSON, valid or not.
var objectLike = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*(\[\s*)*(\{|\[\s*['"])`) })

// userInURL matches the user of an address in a text.
var userInURL = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`://[^/\s@]*@`) })

// signed matches the signature of an address in a text.
var signed = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)([?&](?:sig|signature|token|access_token|code)=)[^\s&"'<>]+`)
})

// logPolicy logs each try of each request, and its response, without secrets.
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
		if listed(shownHeaders, key) {
			value = safeText(strings.Join(h[key], ", "))
		}
		fmt.Fprintf(b, "%s%s: %s\n", prefix, key, value)
	}
}

// writeBody writes a JSON body, indented and without secrets. In any other body
// secrets cannot be found, so it writes only the type and the length.
func writeBody(b *strings.Builder, prefix string, h http.Header, data []byte) {
	if len(bytes.TrimSpace(data)) == 0 {
		return
	}
	of := ""
	if kind := h.Get("Content-Type"); kind != "" {
		of = fmt.Sprintf("of %q ", shorten(kind, 100))
	}
	shown := fmt.Sprintf("%d bytes %sthat are not JSON", len(data), of)
	if value, ok := decodeWhole(data); ok {
		if text, err := json.MarshalIndent(withoutSecrets(value), "", "  "); err == nil {
			shown = string(text)
		}
	}
	fmt.Fprintf(b, "%s%s\n", prefix, strings.ReplaceAll(shown, "\n", "\n"+prefix))
}

// decodeWhole decodes data that is one JSON value.
func decodeWhole(data []byte) (value any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return nil, false
	}
	_, err := d.Token()
	return value, errors.Is(err, io.EOF)
}

// withoutSecrets hides the secrets in a decoded JSON value.
func withoutSecrets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		named := namesSecret(v)
		for key, value := range v {
			if strings.EqualFold(key, "scriptData") && inShare(value) {
				continue
			}
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

// inShare reports whether scriptData is the path of a script, not its text, which
// is base64 and has no dot.
func inShare(data any) bool {
	path, _ := data.(string)
	return strings.HasPrefix(path, "Users/") && strings.HasSuffix(path, ".sh") && !strings.ContainsAny(path, "\r\n")
}

// namesSecret reports whether the value of a pair of a name and a value is a
// secret.
func namesSecret(o map[string]any) bool {
	for key, value := range o {
		if name, _ := value.(string); listed("name key", key) && isSecret(name) {
			return true
		}
	}
	return false
}

func isSecret(key string) bool {
	key = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(key))
	if strings.HasSuffix(key, "type") { // of a token, of the authorization
		return false
	}
	isKey := strings.HasSuffix(key, "key") || strings.HasSuffix(key, "keys")
	return isKey && !strings.Contains(key, "public") || secretKey().MatchString(key)
}

// safeText is the text of a header or of a string in a body without secrets: in
// JSON inside the string, in addresses, and in what looks like a secret.
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

// safeURL hides the user, the query's values and the fragment of an address. It
// returns any other text unchanged.
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
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		isWord := strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == ""
		if pair != "" && !(listed(shownQuery, key) && isWord) {
			pairs[i] = key + "=" + hidden
		}
	}
	u.RawQuery = strings.Join(pairs, "&")
	return u.String()
}
