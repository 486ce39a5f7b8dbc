// Package loopback tells names and addresses of this machine from all others:
// what a token, a password or an http URL is decided by, so it is decided once.
package loopback

import (
	"errors"
	"net/netip"
	"strings"
	"syscall"
)

// Is reports whether a host, as url.URL.Hostname returns it, is this machine:
// localhost, a name below .localhost (RFC 6761), an address in 127.0.0.0/8, or
// ::1. A name is judged by itself and not looked up; Control holds the
// connection to it.
func Is(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// ErrElsewhere says that a name of this machine was looked up and led to
// another one.
var ErrElsewhere = errors.New("its name leads to another machine")

// Control is for net.Dialer.Control: it refuses to connect to any other machine,
// whatever a resolver says.
func Control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		return ErrElsewhere
	}
	return nil
}
