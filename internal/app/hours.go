package app

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Zone is the time zone that hours are meant in: the setting's or, on a
// terminal, this machine's. Elsewhere a zone must be given: the machine a
// script runs on stands anywhere.
func (a *App) Zone() (schedule.Zone, error) {
	zone, ok, err := a.GivenZone()
	if ok || err != nil {
		return zone, err
	}
	name := ""
	if a.Out.TTY {
		name = machineZone(a.Getenv)
	}
	if name == "" {
		return schedule.Zone{}, &render.Error{Exit: render.ExitUsage,
			Text: "hours need a time zone, and none is set",
			Tip:  "give --time-zone Europe/Berlin, or set it once: computetarget config set time-zone=Europe/Berlin"}
	}
	zone, err = schedule.Resolve(name)
	if err != nil {
		return zone, render.Usagef("%w (this machine's zone); give --time-zone", err)
	}
	return zone, nil
}

// GivenZone is the time zone of the settings; ok is false when there is none.
func (a *App) GivenZone() (zone schedule.Zone, ok bool, err error) {
	setting, err := a.Settings.Get(config.TimeZone)
	if err != nil || !setting.Set() {
		return schedule.Zone{}, false, err
	}
	zone, err = schedule.Resolve(setting.Text)
	if err != nil {
		return zone, false, render.Usagef("%w (from %s)", err, setting.Source)
	}
	return zone, true, nil
}

// Saved are the schedules that were saved before they were replaced.
type Saved struct {
	mu    sync.Mutex
	dir   string
	files map[string]string // by the compute's name
}

// SaveSchedules returns a place to save schedules in.
func (a *App) SaveSchedules() *Saved {
	dir := a.Settings.StateDir()
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "computetarget")
	}
	return &Saved{dir: filepath.Join(dir, "schedules"), files: map[string]string{}}
}

// Save keeps the schedules of a compute in a file that only its owner can read.
func (s *Saved) Save(name string, old json.RawMessage) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	// A name of the file's own, so that an older copy is never lost.
	file, err := os.CreateTemp(s.dir, filepath.Base(name)+"-"+time.Now().UTC().Format("20060102T150405Z")+"-*.json")
	if err != nil {
		return err
	}
	_, err = file.Write(append(old, '\n'))
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = file.Name()
	return nil
}

// Settle removes what was saved of the changes that came out as asked, and adds
// to the errors of the others how to restore what was there before.
func (s *Saved) Settle(a *App, outcomes []compute.HoursOutcome) {
	for i, o := range outcomes {
		file, saved := s.files[o.Name]
		if o.Err == nil || !o.Sent {
			if saved {
				_ = os.Remove(file) // a copy too many hurts nobody
			}
			continue
		}
		restore := []string{"schedule", "delete", quote(o.Name), "--all"}
		if saved {
			restore = []string{"schedule", "apply", quote(o.Name), "-f", quote(file)}
		}
		outcomes[i].Err = &render.Error{Err: o.Err,
			Tip: "to restore what was there before: " + a.line(restore)}
	}
}

// machineZone is the IANA or Windows name of this machine's time zone, or "".
func machineZone(getenv func(string) string) string {
	if name := getenv("TZ"); name != "" {
		name = strings.TrimPrefix(name, ":")
		if _, err := time.LoadLocation(name); err == nil && !filepath.IsAbs(name) {
			return name
		}
	}
	return systemZone()
}
