package cmd_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRestore meets a service that adds schedules where it should replace them:
// the old set is saved first, and the command that is printed restores it.
func TestRestore(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_TIME_ZONE=UTC")
	b.must("create", "dev", "-s", "Standard_DS3_v2", "-o", "none")
	b.must("schedule", "set", "dev", "mon-thu 09:00-18:00", "-o", "none")
	before := b.must("schedule", "list", "dev")

	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/updateSchedules") {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			body = bytes.Replace(body, []byte("["), []byte(`[{"action":"Stop","status":"Enabled","triggerType":"Cron","cron":{"expression":"0 3 * * *"}},`), 1)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		return next.RoundTrip(r)
	}
	ran := b.run("schedule", "set", "dev", "mon-fri 08:00-16:00")
	if ran.code != 1 || ran.out != "" || !strings.Contains(ran.errors, "where 2 (Start at 08:00") || ran.took < 30*time.Second {
		t.Errorf("exit code %d after %s", ran.code, ran.took)
	}
	saved, err := filepath.Glob(filepath.Join(b.dir, "home", ".local", "state", "computetarget", "schedules", "dev-*.json"))
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

	b.network = nil
	b.paste(line)
	strip := func(text string) string {
		var lines []string
		for l := range strings.Lines(text) {
			if !strings.Contains(l, `"id"`) {
				lines = append(lines, l)
			}
		}
		return strings.Join(lines, "")
	}
	if after := b.run("schedule", "list", "dev"); strip(after.out) != strip(before.out) {
		t.Errorf("restored are %s", after.out)
	}
}
