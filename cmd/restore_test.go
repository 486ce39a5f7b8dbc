package cmd_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// TestRestore meets a service that adds schedules where it should replace them:
// the old set is saved first, and the command that is printed restores it.
func TestRestore(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits half a minute for the service to show what was asked")
	}
	e, err := emulator.New(emulator.Options{Pace: emulator.PaceInstant})
	if err != nil {
		t.Fatal(err)
	}
	var adds atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if adds.Load() && strings.HasSuffix(req.URL.Path, "/updateSchedules") {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				t.Error(err)
			}
			body = bytes.Replace(body, []byte("["), []byte(`[{"action":"Stop","status":"Enabled","triggerType":"Cron","cron":{"expression":"0 3 * * *"}},`), 1)
			req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		e.ServeHTTP(w, req)
	}))
	t.Cleanup(func() { server.Close(); _ = e.Close() })
	s := on(t, server.URL, "COMPUTETARGET_TIME_ZONE=UTC")
	for _, args := range [][]string{
		{"create", "dev", "-s", "Standard_DS3_v2", "-o", "none"},
		{"schedule", "set", "dev", "mon-thu 09:00-18:00", "-o", "none"},
	} {
		if ran := s.run(args...); ran.code != 0 {
			t.Fatalf("exit code %d", ran.code)
		}
	}
	before := s.run("schedule", "list", "dev")

	adds.Store(true)
	ran := s.run("schedule", "set", "dev", "mon-fri 08:00-16:00")
	if ran.code != 1 || ran.out != "" || !strings.Contains(ran.errors, "where 2 (Start at 08:00") {
		t.Errorf("exit code %d", ran.code)
	}
	saved, err := filepath.Glob(filepath.Join(s.dir, "home", ".local", "state", "computetarget", "schedules", "dev-*.json"))
	if err != nil || len(saved) != 1 {
		t.Fatalf("saved are %v (%v)", saved, err)
	}
	if info, err := os.Stat(saved[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the saved file: %v (%v)", info.Mode(), err)
	}
	_, line, ok := strings.Cut(ran.errors, "to restore what was there before: ")
	line, _, _ = strings.Cut(line, "\n")
	if !ok {
		t.Fatal("no command that restores")
	}

	adds.Store(false)
	c := exec.Command("sh", "-c", line)
	c.Env = []string{"PATH=" + filepath.Dir(s.binary) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + filepath.Join(s.dir, "home")}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	strip := func(text string) string {
		var lines []string
		for l := range strings.Lines(text) {
			if !strings.Contains(l, `"id"`) {
				lines = append(lines, l)
			}
		}
		return strings.Join(lines, "")
	}
	if after := s.run("schedule", "list", "dev"); strip(after.out) != strip(before.out) {
		t.Errorf("restored are %s", after.out)
	}
}
