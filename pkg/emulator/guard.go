package emulator

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/loopback"
)

// ControlHeader is the header that the emulator's own operations require, with
// any value. A web page of another site cannot send it.
const ControlHeader = "X-Computetarget-Emulator"

// An emulator on a socket is within reach of every web page that is open on
// this machine. What a browser sends on a page's behalf is known by three
// things, and refused before anything is looked at: the page's origin, a Host
// that is a name of the page's own (DNS rebinding), and, on the emulator's own
// operations, a header and a content type that a page cannot send to another
// origin without asking first.

// fromPage refuses a request that a page of another origin sent.
func fromPage(r *http.Request) *arm.Error {
	own := "http://" + r.Host
	if r.TLS != nil {
		own = "https://" + r.Host
	}
	for _, origin := range r.Header.Values("Origin") {
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(origin, own) || !loopback.Is(u.Hostname()) {
			return forbidden("A page of another origin cannot use the emulator.")
		}
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" { // none is a person's own typing
			return forbidden("A page of another site cannot use the emulator.")
		}
	}
	if !isControl(r.URL.Path) {
		return nil
	}
	if r.Header.Get(ControlHeader) == "" {
		return forbidden("The emulator's own operations need the header %s, with any value.", ControlHeader)
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if r.Method != http.MethodGet && !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return forbidden("The emulator's own operations need the header Content-Type: application/json.")
	}
	return nil
}

// isControl tells whether a path may be one of the emulator's own operations,
// which any number of slashes can stand before.
func isControl(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return strings.EqualFold(first, adminPrefix)
}

// thisMachine serves requests whose Host is a name or address of this machine,
// with any port: a tunnel or a container may have another one.
func thisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, err := url.Parse("//" + r.Host); err != nil || u.Host != r.Host || !loopback.Is(u.Hostname()) {
			// The Host is not repeated: it is somebody else's words.
			refuse(w, forbidden("The emulator answers to localhost, names below it, 127.0.0.1 and [::1] only, unless it listens for other machines."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func forbidden(format string, args ...any) *arm.Error {
	return arm.Fail(http.StatusForbidden, "Forbidden", format, args...)
}

// refuse answers with an error outside any transaction.
func refuse(w http.ResponseWriter, e *arm.Error) {
	res := e.Response()
	w.Header()["Content-Type"] = res.Header["Content-Type"]
	w.WriteHeader(res.Status)
	_, _ = w.Write(res.Body) // the caller has gone; nobody is left to tell
}
