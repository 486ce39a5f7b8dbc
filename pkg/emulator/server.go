package emulator

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/computetarget/computetarget/pkg/atomicfile"
	"github.com/computetarget/computetarget/pkg/loopback"
)

// DefaultAddress is the default address of a server.
const DefaultAddress = "127.0.0.1:8443"

// Limits of what a client may use of a server.
const (
	headerPatience = 10 * time.Second
	bodyPatience   = time.Minute
	idlePatience   = 2 * time.Minute
	writePatience  = time.Minute
	endPatience    = 5 * time.Second
	ownPatience    = 300 * time.Millisecond
	maxHeaders     = 64 << 10
)

const (
	serverFile = "server.json"
	serverLock = "server.lock"
)

// ListenOptions configure a server.
type ListenOptions struct {
	Address string    // host and port; "" is DefaultAddress, no host is 127.0.0.1, port 0 picks one
	Remote  bool      // allow an address that other machines can reach; the certificate is for this machine only
	NoTLS   bool      // serve http
	Dir     string    // directory of the certificate files, required for TLS; "" is the emulator's
	Log     io.Writer // gets a line for each request; may be nil
}

// Server is an emulator on a listening socket.
type Server struct {
	ServerInfo

	http   *http.Server
	listen net.Listener
	owner  *flock.Flock // nil in memory
	mark   string
}

// ServerInfo says how to reach a server, and its initial resources.
type ServerInfo struct {
	Endpoint      string `json:"endpoint"`         // URL
	CAFile        string `json:"caFile,omitempty"` // PEM file with the authority of its certificate
	Subscription  string `json:"subscription"`
	ResourceGroup string `json:"resourceGroup"`
	Workspace     string `json:"workspace"`
	PID           int    `json:"pid"`
}

// BundleFile is the file with the authorities of the system and the server; "" for
// http.
func (s ServerInfo) BundleFile() string {
	if s.CAFile == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(s.CAFile), bundleFile)
}

// CAFile is the file with the authorities of the servers whose certificate files
// are in dir.
func CAFile(dir string) string { return filepath.Join(dir, authorityFile) }

// AddressError is an address that a server does not listen on.
type AddressError struct {
	Address string
	Exposed bool // other machines can reach it, and Remote is not set; if false, it is not a host and port
}

// Error implements error.
func (e *AddressError) Error() string {
	if e.Exposed {
		return fmt.Sprintf("'%s' can be reached from other machines, and an emulator lets every caller do everything: listen on 127.0.0.1, or allow other machines", e.Address)
	}
	return fmt.Sprintf("'%s' is not an address to listen on: give a host and a port, such as %s", e.Address, DefaultAddress)
}

// Listen opens the socket and makes the server the owner of the emulator's
// directory, so that Serving finds it. Serve must follow.
func (e *Emulator) Listen(o ListenOptions) (*Server, error) {
	if o.Address == "" {
		o.Address = DefaultAddress
	}
	if o.Dir == "" {
		o.Dir = e.opts.Dir
	}
	host, port, err := net.SplitHostPort(o.Address)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port)
	}
	if err != nil {
		return nil, &AddressError{Address: o.Address}
	}
	if host == "" && !o.Remote {
		host = "127.0.0.1" // in package net ":0" is every address; here that requires Remote
		o.Address = net.JoinHostPort(host, port)
	}
	if !o.Remote && !loopback.Is(host) {
		return nil, &AddressError{Address: o.Address, Exposed: true}
	}
	s := &Server{ServerInfo: ServerInfo{Subscription: Subscription, ResourceGroup: ResourceGroup, Workspace: Workspace, PID: os.Getpid()}}
	for _, dir := range []string{o.Dir, e.opts.Dir} {
		if err := trustDir(dir); err != nil { // clients refuse it, too
			return nil, err
		}
	}
	if e.opts.Dir != "" {
		if err := s.own(e.opts.Dir); err != nil {
			return nil, err
		}
	}
	if err := s.open(e, o, host); err != nil {
		s.disown()
		return nil, err
	}
	return s, nil
}

func (s *Server) open(e *Emulator, o ListenOptions, host string) error {
	var err error
	if s.listen, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", o.Address); err != nil {
		return fmt.Errorf("cannot listen on %s: %w", o.Address, err)
	}
	// Clients of the endpoint are on this machine.
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if !o.NoTLS {
		scheme = "https"
		if err := s.secure(o.Dir); err != nil {
			_ = s.listen.Close() // the first error says more
			return fmt.Errorf("cannot write the certificate files: %w", err)
		}
	}
	_, port, err := net.SplitHostPort(s.listen.Addr().String())
	if err != nil {
		return err
	}
	s.Endpoint = scheme + "://" + net.JoinHostPort(host, port)
	var handler http.Handler = e
	if !o.Remote {
		handler = thisMachine(handler)
	}
	errs := log.New(io.Discard, "", 0)
	if o.Log != nil {
		errs = log.New(o.Log, "", log.LstdFlags)
		handler = logged(handler, errs)
	}
	s.http = &http.Server{
		Handler: handler, ErrorLog: errs, MaxHeaderBytes: maxHeaders,
		ReadHeaderTimeout: headerPatience, ReadTimeout: bodyPatience, IdleTimeout: idlePatience,
	}
	if s.owner == nil {
		return nil
	}
	mark, err := json.Marshal(s.ServerInfo)
	if err == nil {
		err = atomicfile.WriteUnsynced(s.mark, mark, 0o600)
	}
	if err != nil {
		_ = s.listen.Close() // the first error says more
	}
	return err
}

func (s *Server) secure(dir string) error {
	if dir == "" {
		return errors.New("no directory was named for them")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	cert, authority, err := issue(time.Now())
	if err != nil {
		return err
	}
	if s.CAFile, _, err = publish(dir, authority, time.Now()); err != nil {
		return err
	}
	s.listen = tls.NewListener(s.listen, &tls.Config{
		Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
	return nil
}

// own makes the server the owner of a directory, which has one at a time.
func (s *Server) own(dir string) error {
	s.mark = filepath.Join(dir, serverFile)
	lock := flock.New(filepath.Join(dir, serverLock), flock.SetPermissions(0o600))
	// A caller of Serving may hold the lock for a moment.
	ctx, cancel := context.WithTimeout(context.Background(), ownPatience)
	defer cancel()
	ok, err := lock.TryLockContext(ctx, 10*time.Millisecond)
	if err != nil && ctx.Err() == nil {
		return &StoreError{Path: lock.Path(), Reason: "its lock cannot be taken: " + reason(err), Err: err}
	}
	if !ok {
		at := ""
		if info, err := readServer(s.mark); err == nil {
			at = fmt.Sprintf(" at %s (process %d)", info.Endpoint, info.PID)
		}
		return fmt.Errorf("the emulator of %s is served already%s: end that server, or name another directory", dir, at)
	}
	s.owner = lock
	return nil
}

func (s *Server) disown() {
	if s.owner != nil {
		_ = os.Remove(s.mark) // has no meaning without the lock
		_ = s.owner.Unlock()  // the end of the process releases it in any case
	}
}

func readServer(path string) (ServerInfo, error) {
	var info ServerInfo
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &info)
	}
	return info, err
}

// Serving returns the server that owns the emulator in a directory, if there is
// one. Clients send it passwords, so Serving refuses, with a *TrustError, a server
// on another machine and a directory or file that other users can write to.
func Serving(dir string) (info ServerInfo, served bool, err error) {
	mark, owner := filepath.Join(dir, serverFile), filepath.Join(dir, serverLock)
	if _, err := os.Lstat(mark); errors.Is(err, fs.ErrNotExist) {
		return info, false, nil
	}
	if err := errors.Join(trustDir(dir), trustFile(mark), trustFile(owner)); err != nil {
		return info, false, err
	}
	info, err = readServer(mark)
	if errors.Is(err, fs.ErrNotExist) { // it has just ended
		return info, false, nil
	}
	if err != nil {
		return info, false, &TrustError{Path: mark, Reason: "cannot be read", Tip: "remove it when no server runs on " + dir}
	}
	if err := trustServer(mark, info); err != nil {
		return info, false, err
	}
	lock := flock.New(owner, flock.SetPermissions(0o600))
	free, err := lock.TryRLock()
	if err != nil {
		return info, false, &StoreError{Path: owner, Reason: "it cannot be told whether it is locked: " + reason(err), Err: err}
	}
	if free { // the server was killed
		_ = lock.Unlock()
	}
	return info, !free, nil
}

// Serve serves requests until ctx is done. It then gives those in progress a few
// seconds.
func (s *Server) Serve(ctx context.Context) error {
	defer s.disown()
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(s.listen) }()
	select {
	case err := <-ended:
		return fmt.Errorf("the server ended: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	if s.http.Shutdown(patience) != nil {
		_ = s.http.Close() // ends requests that take longer
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return nil
}

// logged writes a line for each request: method, path, status, duration.
func logged(next http.Handler, to *log.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &statusWriter{ResponseWriter: w}
		whole := false
		defer func() {
			status := fmt.Sprint(seen.status)
			if !whole {
				status += " broken off"
			}
			path := r.URL.EscapedPath() // without control characters
			if len(path) > 400 {
				path = path[:400] + "…"
			}
			to.Printf("%s %s %s %s", r.Method, path, status, time.Since(start).Round(100*time.Microsecond))
		}()
		next.ServeHTTP(seen, r)
		whole = true
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
