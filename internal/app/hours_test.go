package app

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// begun is an App with an empty home on outputs of some width; 0 is no
// terminal.
func begun(t *testing.T, width int) *App {
	t.Helper()
	for _, name := range []string{"HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "LocalAppData", "AppData"} {
		t.Setenv(name, t.TempDir())
	}
	streams, _, _ := render.TestStreams("", width, width)
	a, err := Begin(World{Streams: streams, Getenv: os.Getenv}, Call{Flags: pflag.NewFlagSet("", pflag.ContinueOnError)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestZone(t *testing.T) {
	for _, tt := range []struct {
		name, setting, tz string
		width             int
		want              string // the Windows name, "" for an error
		code              int
	}{
		{"the setting", "Europe/Berlin", "Asia/Tokyo", 80, "W. Europe Standard Time", 0},
		{"the setting, no terminal", "UTC", "Asia/Tokyo", 0, "UTC", 0},
		{"the machine's, on a terminal", "", "Asia/Tokyo", 80, "Tokyo Standard Time", 0},
		{"the machine's with a colon", "", ":Europe/Paris", 80, "Romance Standard Time", 0},
		{"none without a terminal", "", "Asia/Tokyo", 0, "", exit.Usage},
		{"a wrong one", "Europe/Berln", "", 80, "", exit.Usage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("COMPUTETARGET_TIME_ZONE", tt.setting)
			t.Setenv("TZ", tt.tz)
			zone, err := begun(t, tt.width).Zone()
			if zone.Windows != tt.want && tt.want != "" || render.ExitCode(err, false) != tt.code {
				t.Errorf("zone %+v, error %v", zone, err)
			}
		})
	}
}

func TestSavedSchedules(t *testing.T) {
	a := begun(t, 0)
	saved := SaveSchedules(a, compute.Workspace{})
	for _, name := range []string{"good", "wrong", "wrong again", "../../etc"} {
		if err := saved.Save(name, json.RawMessage(`{"computeStartStop":[]}`)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(a.Settings.StateDir(), "schedules", "*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("saved are %v (%v)", files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v (%v)", file, info.Mode(), err)
		}
	}
	outcomes := []compute.Change{
		{Name: "good", Sent: true},
		{Name: "wrong", Sent: true, Err: errors.New("it shows something else")},
		{Name: "../../etc", Err: errors.New("refused")},
		{Name: "was empty", Sent: true, Err: errors.New("it shows something else")},
	}
	saved.Settle(outcomes, true)
	left, _ := filepath.Glob(filepath.Join(a.Settings.StateDir(), "schedules", "*"))
	if len(left) != 2 { // wrong, and wrong again, which nobody asked about
		t.Errorf("left are %v", left)
	}
	for i, want := range map[int]string{1: "computetarget schedule apply wrong -f ", 3: "computetarget schedule delete 'was empty' --all"} {
		var e *exit.Error
		if !errors.As(outcomes[i].Err, &e) || !strings.Contains(e.Tip, want) {
			t.Errorf("%s: %+v, want a tip with %q", outcomes[i].Name, e, want)
		}
	}
	if _, tipped := outcomes[2].Err.(*exit.Error); tipped { //nolint:errorlint // it must be as it was
		t.Error("nothing was sent, so there is nothing to restore")
	}
}
