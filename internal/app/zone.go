package app

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Zone is the time zone that hours are meant in: the setting's or, on a
// terminal, this machine's. Elsewhere a zone must be given: the machine a
// script runs on stands anywhere.
func (s *Session) Zone() (schedule.Zone, error) {
	zone, ok, err := s.GivenZone()
	if ok || err != nil {
		return zone, err
	}
	name := ""
	if s.Out.TTY {
		name = machineZone(s.Getenv)
	}
	if name == "" {
		return schedule.Zone{}, &exit.Error{Exit: exit.Usage,
			Text: "hours need a time zone, and none is set: give --time-zone, such as --time-zone Europe/Berlin",
			Tip:  "to set it once: computetarget config set time-zone=Europe/Berlin"}
	}
	zone, err = schedule.Resolve(name)
	if err != nil {
		return zone, exit.Usagef("%w (this machine's zone); give --time-zone", err)
	}
	s.Note("the hours are in %s, this machine's time zone; --time-zone takes another", name)
	return zone, nil
}

// GivenZone is the time zone of the settings; ok is false if none is set.
func (s *Session) GivenZone() (zone schedule.Zone, ok bool, err error) {
	setting, err := s.Settings.Get(config.TimeZone)
	if err != nil || !setting.Set() {
		return schedule.Zone{}, false, err
	}
	zone, err = schedule.Resolve(setting.Text) // which the setting has checked
	return zone, err == nil, err
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
