package share

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// sharedKey signs requests with an account's key. Source: "Authorize with Shared
// Key". The service sorts the names of headers as words; of those that are sent
// here the order is that of their bytes, too.
type sharedKey struct {
	account string
	key     []byte
	now     func() time.Time // the service's time: it refuses what is older than 15 minutes
}

func (k sharedKey) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	raw.Header.Set("x-ms-date", k.now().UTC().Format(http.TimeFormat))
	mac := hmac.New(sha256.New, k.key)
	mac.Write([]byte(k.toSign(raw)))
	raw.Header.Set("Authorization", "SharedKey "+k.account+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return req.Next()
}

// toSign is the text whose signature proves that the key is known.
func (k sharedKey) toSign(r *http.Request) string {
	length := ""
	if r.ContentLength > 0 {
		length = strconv.FormatInt(r.ContentLength, 10)
	}
	// Headers that are never sent here are empty lines: encoding, language, MD5,
	// the date, which x-ms-date stands for, and the conditions.
	lines := []string{r.Method, "", "", length, "", r.Header.Get("Content-Type"), "", "", "", "", "", r.Header.Get("Range")}
	var names []string
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-ms-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		lines = append(lines, name+":"+r.Header.Get(name))
	}
	resource := "/" + k.account + r.URL.EscapedPath()
	query := r.URL.Query()
	var params []string
	for name := range query {
		params = append(params, name)
	}
	slices.Sort(params)
	for _, name := range params {
		resource += "\n" + strings.ToLower(name) + ":" + strings.Join(query[name], ",")
	}
	return strings.Join(append(lines, resource), "\n")
}
