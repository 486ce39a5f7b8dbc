package storage

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/authorization"
	"github.com/computetarget/computetarget/pkg/emulator/signin"
)

// tokensSince is the first version of the service that takes tokens for files.
const tokensSince = "2022-11-02"

// authorize refuses a request that is signed neither with the account's key nor
// with a token for backup: the service gives tokens no other way in. Signatures
// in the URL (SAS) are not known here.
func authorize(t *arm.Tx, q *arm.Request, name string) error {
	how, what, _ := strings.Cut(q.Header.Get("Authorization"), " ")
	version := q.Header.Get("x-ms-version")
	switch strings.ToLower(how) {
	case "sharedkey":
		if a, ok := accounts.Lookup(t, arm.Key(name)); ok && a.KeysOff {
			return fail(http.StatusForbidden, "KeyBasedAuthenticationNotPermitted", "Key based authentication is not permitted on this storage account.")
		}
		user, signature, _ := strings.Cut(what, ":")
		if !strings.EqualFold(user, name) || !signed(q, name, signature) {
			return fail(http.StatusForbidden, "AuthenticationFailed",
				"Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.")
		}
		return nil
	case "bearer":
		if version < tokensSince {
			return fail(http.StatusForbidden, "AuthenticationFailed", "Authentication scheme Bearer is not supported in this version.")
		}
		if !strings.EqualFold(q.Header.Get("x-ms-file-request-intent"), "backup") {
			return fail(http.StatusBadRequest, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: x-ms-file-request-intent.")
		}
		if authorization.Denies(t, q.Caller.ObjectID, dataAction(q.Method)) {
			return fail(http.StatusForbidden, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission.")
		}
		if !t.CheckTokens {
			return nil
		}
		err := signin.Verify(q, q.Header.Get("Authorization"), "https://storage.azure.com", "https://"+name+".file.core.windows.net")
		if err == nil {
			return nil
		}
		e := fail(http.StatusUnauthorized, "InvalidAuthenticationInfo", "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.")
		e.Header = err.Header
		return e
	}
	e := fail(http.StatusUnauthorized, "NoAuthenticationInformation", "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.")
	e.Header = http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + q.Base + `/adfs/oauth2/authorize" resource_id="https://storage.azure.com"`}}
	return e
}

// dataAction is the right on files that a method needs.
func dataAction(method string) string {
	verb := "read"
	switch method {
	case http.MethodPut:
		verb = "write"
	case http.MethodDelete:
		verb = "delete"
	}
	return "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/" + verb
}

// signed tells whether a signature was made with the account's key.
func signed(q *arm.Request, name, signature string) bool {
	got, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || q.Header.Get("x-ms-date") == "" {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(Key(name))
	if err != nil {
		return false
	}
	// The service sorts headers as words, without their dashes; most clients sort
	// them as bytes. They differ in a few names only.
	for _, order := range []func(a, b string) int{strings.Compare, func(a, b string) int {
		return cmp.Or(strings.Compare(strings.ReplaceAll(a, "-", ""), strings.ReplaceAll(b, "-", "")), strings.Compare(a, b))
	}} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(toSign(q, name, order)))
		if hmac.Equal(got, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

// toSign is what a client signs of a request: "Authorize with Shared Key".
func toSign(q *arm.Request, name string, order func(a, b string) int) string {
	length := ""
	if len(q.Body) > 0 {
		length = strconv.Itoa(len(q.Body))
	}
	lines := []string{q.Method, q.Header.Get("Content-Encoding"), q.Header.Get("Content-Language"), length,
		q.Header.Get("Content-MD5"), q.Header.Get("Content-Type"), "", // x-ms-date stands for the date
		q.Header.Get("If-Modified-Since"), q.Header.Get("If-Match"), q.Header.Get("If-None-Match"), q.Header.Get("If-Unmodified-Since"),
		q.Header.Get("Range")}
	headers := map[string]string{}
	var names []string
	for k, v := range q.Header {
		if k = strings.ToLower(k); strings.HasPrefix(k, "x-ms-") {
			headers[k] = strings.Join(v, ",")
			names = append(names, k)
		}
	}
	slices.SortFunc(names, order)
	for _, k := range names {
		lines = append(lines, k+":"+headers[k])
	}
	resource := "/" + name + q.RawPath
	var params []string
	for k := range q.Query {
		params = append(params, k)
	}
	slices.Sort(params)
	for _, k := range params {
		values := slices.Sorted(slices.Values(q.Query[k]))
		resource += "\n" + k + ":" + strings.Join(values, ",")
	}
	return strings.Join(append(lines, resource), "\n")
}
