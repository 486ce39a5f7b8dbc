package emulator

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/loopback"
)

// ControlHeader is the header that the emulator's own operations require, with any
// value. A web page of another origin cannot send it.
const ControlHeader = "X-Computetarget-Emulator"

// Every web page that is open on this machine can reach an emulator on a socket.
// Three checks refuse what a browser sends for a page: the page's origin, a Host
// with a name of the page's (DNS rebinding), and, for the emulator's own operations,
// a header and content type that a page cannot send to another origin without
// asking first.

// fromPage refuses a request from a page of another origin.
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
		if site != "same-origin" && site != "none" { // none: typed by a person
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

// isControl reports whether a path may be one of the emulator's own operations.
// Any number of slashes may come first.
func isControl(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return strings.EqualFold(first, adminPrefix)
}

// thisMachine accepts requests whose Host is a name or address of this machine,
// with any port, because tunnels and containers change ports.
func thisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, err := url.Parse("//" + r.Host); err != nil || u.Host != r.Host || !loopback.Is(u.Hostname()) {
			// An attacker chose the Host, so the message does not repeat it.
			refuse(w, forbidden("The emulator answers to localhost, names below it, 127.0.0.1 and [::1] only, unless it listens for other machines."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func forbidden(format string, args ...any) *arm.Error {
	return arm.Fail(http.StatusForbidden, "Forbidden", format, args...)
}

// refuse writes an error outside any transaction.
func refuse(w http.ResponseWriter, e *arm.Error) {
	res := e.Response()
	w.Header()["Content-Type"] = res.Header["Content-Type"]
	w.WriteHeader(res.Status)
	_, _ = w.Write(res.Body) // fails only if the client has gone
}
