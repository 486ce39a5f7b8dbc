package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// The state of a directory is one file of lines. The first line is a header: the
// schema version, a random id of the file, and the acknowledged length. Every other
// line is one transaction: a checksum, a space and a JSON object of the records it
// puts and deletes. A transaction is one write(2) before its request is answered;
// then the length is updated in place. So a killed process loses nothing
// acknowledged. Lines are not synced, so a crash of the system may lose some.
// Beyond the length, a last line without a newline is an unacknowledged write and
// is cut. A shorter file, or anything else that cannot be read, is damage: the file
// is moved aside.
//
// Each request holds the lock file. It first reads what other processes have
// appended, or the whole file if its id has changed.
const (
	stateFile   = "state.log"
	lockFile    = "state.lock"
	stateFormat = "computetarget-emulator"
	schema      = 1

	newSuffix    = ".new-*"
	compactAbove = 1 << 20 // bytes; a smaller file is not compacted
)

type header struct {
	Format string `json:"format"`
	Schema int    `json:"schema"`
	File   string `json:"file"` // id of the file; a rewritten one has another
	Length length `json:"length"`
}

// length is a number of bytes, written with a fixed width so that it can be
// overwritten; 0 in files without one.
type length int64

const lengthDigits = 16

func (n length) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%0*d", lengthDigits, n), nil }

func (n *length) UnmarshalText(text []byte) error {
	v, err := strconv.ParseInt(string(text), 10, 64)
	*n = length(v)
	return err
}

// lengthAt returns the offset of the length in a header; ok is false if it has
// none.
func lengthAt(line []byte) (at int64, ok bool) {
	i := bytes.LastIndex(line, []byte(`"length":"`))
	return int64(i + len(`"length":"`)), i >= 0
}

// disk is the state file of a directory.
type disk struct {
	dir, path string
	waiting   func(pid int) // see Options.Waiting
	seeded    func() *arm.Records
	file      string // id of the file that was read, or ""
	offset    int64  // the file was read up to here
	live      int64  // about how many bytes of that are current
	mark      int64  // offset of the acknowledged length; 0 if the file has none
}

func openDisk(dir string, waiting func(pid int), seeded func() *arm.Records) (*disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &StoreError{Path: dir, Reason: "its directory cannot be made: " + reason(err), Err: err}
	}
	return &disk{
		dir:     dir,
		path:    filepath.Join(dir, stateFile),
		waiting: waiting,
		seeded:  seeded,
	}, nil
}

// reason is a file error without the path, which StoreError has.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Op + ": " + p.Err.Error()
	}
	return err.Error()
}

func (d *disk) lock(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(d.dir, lockFile)
	unlock, err = lock(ctx, path, d.waiting)
	if errors.Is(err, fs.ErrNotExist) && os.MkdirAll(d.dir, 0o700) == nil { // the directory was removed
		unlock, err = lock(ctx, path, d.waiting)
	}
	var bad *StoreError
	if err != nil && ctx.Err() == nil && !errors.As(err, &bad) {
		err = &StoreError{Path: d.path, Reason: "its lock cannot be taken: " + reason(err), Err: err}
	}
	return unlock, err
}

// refresh applies what is new in the file to s, which is empty or what this process
// read earlier. The lock is held. After an error, the next refresh reads the whole
// file.
func (d *disk) refresh(s *arm.Records) (_ *arm.Records, err error) {
	defer func() {
		if err != nil {
			d.file = ""
			err = d.unusable(err)
		}
	}()
	if err := plainFile(d.path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if d.file == "" {
			return s, nil
		}
		d.file, d.offset, d.live = "", 0, 0 // the file was removed: start over
		return d.seeded(), nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // a truncation is checked by itself

	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	h, line, err := readHeader(f)
	if err != nil {
		return nil, err
	}
	if int64(h.Length) > info.Size() {
		return nil, damage(fmt.Sprintf("it was cut to %d of %d bytes", info.Size(), h.Length))
	}
	size := int64(len(line) + 1)
	d.mark = 0
	if at, ok := lengthAt(line); ok {
		d.mark = at
	}
	if h.File != d.file || info.Size() < d.offset || d.offset < size {
		s, d.file, d.offset, d.live = s.Fresh(), h.File, size, 0
	}
	if info.Size() == d.offset {
		return s, nil
	}
	tail := make([]byte, info.Size()-d.offset)
	if _, err := f.ReadAt(tail, d.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	good, live, err := replay(s, tail)
	if err != nil {
		return nil, err
	}
	d.offset += int64(good)
	d.live += int64(live)
	if good < len(tail) {
		return s, f.Truncate(d.offset)
	}
	return s, nil
}

// damage is why a file is moved aside.
type damage string

func (d damage) Error() string { return string(d) }

// unusable returns err as a *StoreError, after moving a damaged file aside.
func (d *disk) unusable(err error) error {
	var known *StoreError
	var bad damage
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &bad):
		to := d.path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000000000Z")
		if err := os.Rename(d.path, to); err != nil {
			return &StoreError{Path: d.path, Reason: string(bad) + ", and it cannot be moved aside: " + reason(err), Err: err}
		}
		return &StoreError{Path: d.path, MovedTo: to, Reason: string(bad)}
	}
	return &StoreError{Path: d.path, Reason: reason(err), Err: err}
}

// readHeader reads the first line.
func readHeader(r io.ReaderAt) (h header, line []byte, err error) {
	buf := make([]byte, 256)
	n, err := r.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return h, nil, err
	}
	line, _, ok := bytes.Cut(buf[:n], []byte{'\n'})
	switch {
	case n == 0:
		return h, nil, damage("it is empty")
	case !ok || json.Unmarshal(line, &h) != nil || h.Format != stateFormat || h.Schema < 1 || h.File == "":
		return h, nil, damage("its first line is not a header of this emulator")
	case h.Schema > schema:
		return h, nil, fmt.Errorf("it was written by a newer version (schema %d, this one knows %d); use that version, or another directory", h.Schema, schema)
	}
	return h, line, nil
}

// parseLine parses one transaction, without its newline.
func parseLine(line []byte) (arm.Change, bool) {
	var t arm.Change
	if len(line) < 10 || line[8] != ' ' {
		return t, false
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil || crc32.ChecksumIEEE(line[9:]) != uint32(sum) {
		return t, false
	}
	return t, json.Unmarshal(line[9:], &t) == nil
}

// replay applies the complete lines of b. It returns their length and that of the
// records they leave, or what is wrong with one of them.
func replay(s *arm.Records, b []byte) (good, live int, err error) {
	latest := map[string]json.RawMessage{} // only the last value of a record is decoded
	for {
		line, _, ok := bytes.Cut(b[good:], []byte{'\n'})
		if !ok {
			break
		}
		t, ok := parseLine(line)
		if !ok {
			return 0, 0, damage("a line in it does not match its checksum")
		}
		for _, k := range t.Delete {
			latest[k] = nil
		}
		for k, v := range t.Put {
			latest[k] = v
		}
		good += len(line) + 1
	}
	for k, v := range latest {
		live += len(v)
		if err := s.Load(k, v); err != nil {
			return 0, 0, damage("a record in it does not read: " + err.Error())
		}
	}
	return good, live, nil
}

func writeLine(c arm.Change) ([]byte, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(body)+10)
	out = fmt.Appendf(out, "%08x ", crc32.ChecksumIEEE(body))
	return append(append(out, body...), '\n'), nil
}

// append writes a transaction, which then survives this process. The lock is held
// and refresh has run.
func (d *disk) append(c arm.Change, s *arm.Records) (err error) {
	if d.file == "" || d.mark == 0 {
		return d.rewrite(s)
	}
	line, err := writeLine(c)
	if err != nil {
		return err
	}
	end := d.offset + int64(len(line))
	if err := d.write(line, end); err != nil {
		d.file = ""
		return d.unusable(err)
	}
	d.offset = end
	if d.offset > compactAbove && d.offset > 3*d.live {
		return d.rewrite(s)
	}
	return nil
}

// write appends a line and updates the length in the header.
func (d *disk) write(line []byte, end int64) error {
	f, err := os.OpenFile(d.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(line, d.offset)
	if err == nil {
		_, err = fmt.Fprintf(io.NewOffsetWriter(f, d.mark), "%0*d", lengthDigits, end)
	}
	if err != nil {
		_ = f.Truncate(d.offset) // the next reader would cut it, too
	}
	return errors.Join(err, f.Close())
}

// rewrite replaces the file by one with the current records only.
func (d *disk) rewrite(s *arm.Records) (err error) {
	id := uuid()
	defer func() {
		if err != nil {
			d.file = ""
			err = &StoreError{Path: d.path, Reason: "it cannot be written: " + reason(err), Err: err}
		}
	}()
	left, _ := filepath.Glob(d.path + newSuffix) // the pattern is constant and well formed
	for _, f := range left {
		_ = os.Remove(f) // we hold the lock, so its writer was killed
	}
	tmp, err := os.CreateTemp(d.dir, stateFile+newSuffix) // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	var all []byte
	whole, err := s.Snapshot()
	if err != nil {
		return err
	}
	for _, c := range whole {
		line, err := writeLine(c)
		if err != nil {
			return err
		}
		all = append(all, line...)
	}
	h := header{Format: stateFormat, Schema: schema, File: id}
	first, err := json.Marshal(h)
	if err != nil {
		return err
	}
	h.Length = length(len(first) + 1 + len(all)) // of fixed width
	if first, err = json.Marshal(h); err != nil {
		return err
	}
	mark, _ := lengthAt(first)
	all = append(append(first, '\n'), all...)
	if _, err = tmp.Write(all); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), d.path); err != nil {
		return err
	}
	d.file, d.offset, d.live, d.mark = id, int64(len(all)), int64(len(all)), mark
	return nil
}

// StoreError is a state that cannot be used.
type StoreError struct {
	Path    string // the state file
	MovedTo string // where a damaged file was moved, or ""
	Reason  string // what is wrong with it
	Err     error  // the cause, or nil
}

// Error implements error.
func (e *StoreError) Error() string {
	if e.MovedTo != "" {
		return fmt.Sprintf("the emulator's state %s was damaged (%s) and has been moved to %s; the next use starts with an empty emulator", e.Path, e.Reason, e.MovedTo)
	}
	return fmt.Sprintf("the emulator's state %s cannot be used: %s", e.Path, e.Reason)
}

// Unwrap returns the cause.
func (e *StoreError) Unwrap() error { return e.Err }

// NonRetriable ends azcore's retries, which would hide the error: the next request
// starts with an empty emulator.
func (e *StoreError) NonRetriable() {}

// Permanent tells clients that wait that waiting longer does not cure it.
func (e *StoreError) Permanent() bool { return true }
