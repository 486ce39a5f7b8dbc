package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Saved are the schedules that were saved before they were replaced.
type Saved struct {
	session   *Session
	connector *Connector
	in        compute.Workspace
	dir       string

	mu      sync.Mutex
	files   map[string]string // by the compute's name
	printed map[string]bool
}

// SaveSchedules returns a place to save schedules of a workspace's computes in.
func SaveSchedules(a *App, in compute.Workspace) *Saved {
	dir := a.Settings.StateDir()
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "computetarget")
	}
	return &Saved{session: a.Session, connector: a.Connector, in: in,
		dir: filepath.Join(dir, "schedules"), files: map[string]string{}, printed: map[string]bool{}}
}

// Save keeps the schedules of a compute in a file that only its owner can read.
// Where no file can be written, as in a container whose home is read-only, they
// are printed on stderr, also with --only-show-errors: nothing else holds them.
func (s *Saved) Save(name string, old json.RawMessage) error {
	file, err := s.write(name, old)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.files[name] = file
		return nil
	}
	s.printed[name] = true
	var line bytes.Buffer
	if json.Compact(&line, old) != nil {
		line.Write(old)
	}
	_, err = fmt.Fprintf(s.session.Err, "%s: its schedules before this change cannot be kept in a file (%s); they were:\n%s\n", name, render.Clean(err.Error()), line.String())
	return err
}

func (s *Saved) write(name string, old json.RawMessage) (string, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return "", err
	}
	// A name of the file's own, so that an older copy is never lost.
	file, err := os.CreateTemp(s.dir, filepath.Base(name)+"-"+time.Now().UTC().Format("20060102T150405Z")+"-*.json")
	if err != nil {
		return "", err
	}
	_, err = file.Write(append(old, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(file.Name()) // a part of them restores nothing
	}
	return file.Name(), err
}

// Settle removes what was saved of the changes that came out as asked and lost
// nothing. Of the others it says how to restore what was there before: beside
// the error, or in a note. replaced is whether the whole set was replaced.
func (s *Saved) Settle(outcomes []compute.Change, replaced bool) {
	for i, o := range outcomes {
		file, saved := s.files[o.Name]
		name := quote(s.connector.Reference(s.in, o.Name))
		restore := s.connector.line([]string{"schedule", "delete", name, "--all"})
		switch {
		case saved:
			restore = s.connector.line([]string{"schedule", "apply", name, "-f", quote(file)})
		case s.printed[o.Name]:
			restore = s.connector.line([]string{"schedule", "apply", name, "-f", "-"}) + ", with the schedules printed above as its input"
		}
		switch had := len(o.Before.Schedules()); {
		case o.Err != nil && o.Sent:
			outcomes[i].Err = &exit.Error{Err: o.Err, Tip: "to restore what was there before: " + restore}
		case o.Err == nil && Loses(o, replaced) && (saved || s.printed[o.Name]):
			what := fmt.Sprintf("the %d schedules it had", had)
			if had == 1 {
				what = "the schedule it had"
			}
			s.session.Note("%s: to restore %s: %s", o.Name, what, restore)
		case saved:
			_ = os.Remove(file)
		}
	}
}

// Loses reports whether a change of schedules loses what cannot be made again
// with a line of hours: all of them or, when the set is replaced, one that was
// made by hand.
func Loses(o compute.Change, replaced bool) bool {
	lost := o.Lost()
	return len(lost) > 0 && (len(o.Want) == 0 || replaced && slices.ContainsFunc(lost, byHand))
}

// byHand reports whether hours do not compile to such a schedule: a recurrence,
// one that is disabled or begins later, or a cron expression with more in it
// than a time and days of the week.
func byHand(s compute.Schedule) bool {
	if s.Err != nil || s.Entry.Cron == nil || !s.Entry.Enabled || !s.Entry.Start.IsZero() {
		return true
	}
	f := strings.Fields(s.Entry.Cron.String())
	return len(f) != 5 || strings.Trim(f[0]+f[1], "0123456789,") != "" || f[2] != "*" || f[3] != "*"
}
