package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// journal keeps the latest requests: in memory, or in a file of JSON lines beside
// the state, which several processes write under the state's lock.
type journal struct {
	path string    // "" in memory
	list []Request // in memory
}

const (
	journalFile  = "requests.log"
	journalOld   = ".old"   // the file before
	journalBytes = 16 << 20 // size at which a new file begins
	journalSize  = 20000    // entries kept in memory
)

func newJournal(dir string) *journal {
	if dir == "" {
		return &journal{}
	}
	return &journal{path: filepath.Join(dir, journalFile)}
}

func (j *journal) add(r Request) error {
	if j.path == "" {
		if len(j.list) >= 2*journalSize {
			j.list = append([]Request(nil), j.list[journalSize:]...)
		}
		j.list = append(j.list, r)
		return nil
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := plainFile(j.path); err != nil {
		return err
	}
	f, err := os.OpenFile(j.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return &StoreError{Path: j.path, Reason: reason(err), Err: err}
	}
	_, err = f.Write(append(line, '\n'))
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Close()); err == nil && info.Size() > journalBytes {
		err = os.Rename(j.path, j.path+journalOld)
	}
	if err != nil {
		return &StoreError{Path: j.path, Reason: reason(err), Err: err}
	}
	return nil
}

// all returns the entries, the oldest first. It skips invalid lines, which a killed
// process may leave.
func (j *journal) all() ([]Request, error) {
	if j.path == "" {
		return append([]Request{}, j.list...), nil
	}
	out := []Request{}
	for _, path := range []string{j.path + journalOld, j.path} {
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, &StoreError{Path: path, Reason: reason(err), Err: err}
		}
		for line := range bytes.Lines(raw) {
			var r Request
			if json.Unmarshal(line, &r) == nil {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

func (j *journal) clear() error {
	j.list = nil
	if j.path == "" {
		return nil
	}
	for _, path := range []string{j.path + journalOld, j.path} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &StoreError{Path: path, Reason: reason(err), Err: err}
		}
	}
	return nil
}

// Requests returns the journal: at least the latest 20,000 requests in the order of
// their responses, without the emulator's own. Reset clears it.
func (e *Emulator) Requests(ctx context.Context) ([]Request, error) {
	return transact(ctx, e, func(t *tx) ([]Request, error) { return t.e.journal.all() })
}
