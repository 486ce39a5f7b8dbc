//go:build unix

package cmd_test

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gofrs/flock"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// poison makes a person's emulator folder one that a server at an endpoint
// seems to own.
func (s *person) poison(endpoint string) string {
	s.t.Helper()
	dir := filepath.Join(s.dir, "emulator")
	raw, err := json.Marshal(emulator.ServerInfo{Endpoint: endpoint, PID: os.Getpid()})
	if err = errors.Join(err, os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "server.json"), raw, 0o600)); err != nil {
		s.t.Fatal(err)
	}
	lock := flock.New(filepath.Join(dir, "server.lock"), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = lock.Unlock() })
	return dir
}

// A folder that names a server elsewhere, or that others can write to, gets
// nothing: no token, no password, not even a connection.
//
// Real time: a listener tells who connects, and the lock of a file is held.
func TestPoisonedFolder(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing was written
	var dialled atomic.Int32
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			dialled.Add(1)
			_ = c.Close()
		}
	}()
	at := "http://" + listener.Addr().String()
	computes := filepath.Join(folder(t), "computes.json")
	if err := os.WriteFile(computes, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := [][]string{
		{"list"}, {"show", "dev"}, {"stop", "dev"}, {"create", "dev", "-s", "Standard_DS3_v2"}, {"open", "dev"}, {"use", "local-ws"},
		{"attach", "remote", "-n", "vm", "--address", "1.2.3.4", "-u", "me", "-p", "hunter2"},
		{"emulator", "status"}, {"emulator", "reset"}, {"emulator", "env"}, {"emulator", "load", computes}, {"emulator", "serve", "--listen", "127.0.0.1:0"},
	}
	for name, test := range map[string]struct {
		endpoint, proxy string
		mode            os.FileMode
	}{
		"another host, behind a proxy that would tell": {"https://evil.example", at, 0o700},
		"another host, http":                           {"http://evil.example", at, 0o700},
		"a name that only seems to be this machine":    {"http://localhost.evil.example", at, 0o700},
		"everybody's folder":                           {at, "", 0o777},
		"a group's folder":                             {at, "", 0o770},
	} {
		s := emulated(t, "instant", "COMPUTETARGET_AUTH_MODE=token", "COMPUTETARGET_ACCESS_TOKEN=eyJhbGciOiJub25lIn0.e30.hunter2")
		if test.proxy != "" {
			s.env = append(s.env, "HTTP_PROXY="+test.proxy, "HTTPS_PROXY="+test.proxy)
		}
		if err := os.Chmod(s.poison(test.endpoint), test.mode); err != nil {
			t.Fatal(err)
		}
		for _, args := range commands {
			got := s.here(args...)
			if got.code == 0 || got.out != "" || strings.Contains(got.errors, "hunter2") {
				t.Errorf("%s: %q ended with %d: %s%s", name, args, got.code, got.out, got.errors)
			}
			if !slices.Contains(args, "serve") && !strings.Contains(got.errors, "no server is used through it") {
				t.Errorf("%s: %q does not say why: %s", name, args, got.errors)
			}
		}
	}
	if n := dialled.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
}
