//go:build unix

package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// servedDir is a directory that looks as if a server owned it: its lock is
// held, and its file names an endpoint.
func servedDir(t *testing.T, endpoint string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "emulator")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(emulator.ServerInfo{Endpoint: endpoint, PID: os.Getpid()})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "server.json"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	hold(t, filepath.Join(dir, "server.lock"))
	return dir
}

func hold(t *testing.T, path string) {
	t.Helper()
	lock := flock.New(path, flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Unlock() })
}

func TestServingTrusts(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"https://127.0.0.1:8443", "http://localhost:1", "https://[::1]:8443", "https://emulator.localhost:8443"} {
		if info, served, err := emulator.Serving(servedDir(t, endpoint)); err != nil || !served || info.Endpoint != endpoint {
			t.Errorf("%s: %+v %v %v", endpoint, info, served, err)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(servedDir(t, "http://127.0.0.1:1"), link); err != nil {
		t.Fatal(err)
	}
	if _, served, err := emulator.Serving(link); err != nil || !served {
		t.Errorf("a link of one's own: %v %v", served, err)
	}
	if _, served, err := emulator.Serving(filepath.Join(t.TempDir(), "none")); err != nil || served {
		t.Errorf("no directory: %v %v", served, err)
	}
}

// What somebody else may have written into the directory is not believed.
func TestServingRefuses(t *testing.T) {
	t.Parallel()
	const good = "https://127.0.0.1:8443"
	chmod := func(name string, mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	linked := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, name)
			to := filepath.Join(t.TempDir(), name)
			if err := errors.Join(os.Rename(path, to), os.Symlink(to, path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	given := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			if err := os.Lchown(filepath.Join(dir, name), 4711, 4711); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		endpoint string
		spoil    func(*testing.T, string)
		says     string
	}{
		"another host":             {endpoint: "https://evil.example", says: "not on this machine's loopback"},
		"another host, http":       {endpoint: "http://10.0.0.1:8443", says: "not on this machine's loopback"},
		"a look-alike":             {endpoint: "https://localhost.evil.example", says: "not on this machine's loopback"},
		"a user in it":             {endpoint: "https://localhost@evil.example", says: "not on this machine's loopback"},
		"this machine as the user": {endpoint: "https://me@localhost:1", says: "not on this machine's loopback"},
		"a path":                   {endpoint: good + "/x", says: "not on this machine's loopback"},
		"another scheme":           {endpoint: "ftp://127.0.0.1", says: "not on this machine's loopback"},
		"no endpoint":              {endpoint: "", says: "not on this machine's loopback"},
		"a group's directory":      {endpoint: good, spoil: chmod("", 0o770), says: "can be written to by others (mode 0770)"},
		"everybody's directory":    {endpoint: good, spoil: chmod("", 0o707), says: "can be written to by others"},
		"a group's file":           {endpoint: good, spoil: chmod("server.json", 0o620), says: "server.json can be written to by others"},
		"everybody's lock":         {endpoint: good, spoil: chmod("server.lock", 0o602), says: "server.lock can be written to by others"},
		"a link for the file":      {endpoint: good, spoil: linked("server.json"), says: "server.json is not a regular file"},
		"a link for the lock":      {endpoint: good, spoil: linked("server.lock"), says: "server.lock is not a regular file"},
		"another's directory":      {endpoint: good, spoil: given(""), says: "belongs to another user"},
		"another's file":           {endpoint: good, spoil: given("server.json"), says: "server.json belongs to another user"},
		"another's lock":           {endpoint: good, spoil: given("server.lock"), says: "server.lock belongs to another user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := servedDir(t, test.endpoint)
			if test.spoil != nil {
				test.spoil(t, dir)
			}
			_, served, err := emulator.Serving(dir)
			var refused *emulator.TrustError
			if served || !errors.As(err, &refused) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("served: %v, %v; want a refusal that says %q", served, err, test.says)
			}
		})
	}
}

// A server does not begin where its clients would refuse it, and the authority
// of a directory that others write to is not trusted.
func TestSharedDirs(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shared")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ca := emulator.CAFile(dir)
	if err := os.WriteFile(ca, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := emulator.TrustedCAFile(dir); got != ca {
		t.Errorf("the authority of one's own directory is %q", got)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := emulator.TrustedCAFile(dir); got != "" {
		t.Errorf("the authority of everybody's directory is %q", got)
	}
	for _, o := range []emulator.Options{{Dir: dir}, {}} {
		e, err := emulator.New(o)
		if err != nil {
			t.Fatal(err)
		}
		var refused *emulator.TrustError
		if _, err := e.Listen(emulator.ListenOptions{Address: "127.0.0.1:0", Dir: dir}); !errors.As(err, &refused) {
			t.Errorf("%+v: a server began in everybody's directory (%v)", o, err)
		}
	}
}

// Links in the directory do not lead out of it.
func TestLinkedFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"state.log", "state.lock", "requests.log"} {
		dir := t.TempDir()
		victim := filepath.Join(t.TempDir(), "victim")
		if err := errors.Join(os.WriteFile(victim, []byte("mine"), 0o600), os.Symlink(victim, filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
		e, err := emulator.New(emulator.Options{Dir: dir})
		if err == nil {
			_, _, err = sendThrough(t, e, "GET", workspacePath+"?api-version="+stable)
		}
		if err == nil {
			t.Errorf("%s: a link was followed", name)
		}
		if raw, err := os.ReadFile(victim); err != nil || string(raw) != "mine" {
			t.Errorf("%s: the file behind the link is now %q (%v)", name, raw, err)
		}
	}
}

// Nothing that the emulator writes is for others to read, but certificates.
func TestModes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "emulator")
	srv := listening(t, emulator.Options{Dir: dir}, "")
	if status, _, body := ask(t, trusting(t, srv.CAFile), "GET", srv.Endpoint+workspacePath+"?api-version="+stable, ""); status != 200 {
		t.Fatal(body)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 6 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range append(files, nil) {
		path := dir
		if f != nil {
			path = filepath.Join(dir, f.Name())
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// Waiting for another process ends with the request, and says who it is.
func TestWaitingForTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	said := make(chan int, 1)
	e, err := emulator.New(emulator.Options{Dir: dir, Waiting: func(pid int) { said <- pid }})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state.lock")
	lock := flock.New(path)
	if err := errors.Join(lock.Lock(), os.WriteFile(path, []byte("      4711\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := e.Status(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that was given up: %v", err)
	}
	if _, err := emulator.Open(ctx, emulator.Options{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("opening was given up: %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { _, err := e.Status(ctx); ended <- err }()
	if pid := <-said; pid != 4711 {
		t.Errorf("process %d is said to hold the lock, want 4711", pid)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "process 4711 holds "+path) {
		t.Errorf("after that: %v", err)
	}
	// The waits that were given up do not keep the lock when they get it.
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Status(context.Background()); err != nil {
		t.Error(err)
	}
}

// A directory that is reached through another user's link is that user's choice.
func TestServingThroughALinkOfAnother(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a link away")
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(servedDir(t, "https://127.0.0.1:8443"), link); err != nil {
		t.Fatal(err)
	}
	if _, _, err := emulator.Serving(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(link, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	var trust *emulator.TrustError
	if _, _, err := emulator.Serving(link); !errors.As(err, &trust) {
		t.Errorf("%v", err)
	}
}
