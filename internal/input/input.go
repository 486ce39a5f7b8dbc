// Package input reads files, pipes and standard input that users name. A read
// is bounded, so /dev/zero ends it. It ends with its context, so ctrl-c works
// on a silent pipe. Text may have a byte order mark or be UTF-16, as Windows
// editors and shells write it.
package input

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/exit"
)

// The limits in bytes, each far above the largest real input.
const (
	// Value is for one value or a few: a key, a certificate, a password, hours.
	Value = 1 << 20
	// Names is for names on stdin, one a line.
	Names = 16 << 20
	// Settings is for configuration files, including az's, and scripts.
	Settings = 16 << 20
	// Computes is for lists of computes: 10,000 instances with four schedules
	// each take a quarter of it.
	Computes = 128 << 20
)

// File reads at most limit bytes from the file, pipe or device that the user
// named. A failure is an exit.Error; for a missing file it wraps
// fs.ErrNotExist. If ctx ends first, File returns its cause.
func File(ctx context.Context, path string, limit int64) ([]byte, error) {
	return until(ctx, func() ([]byte, error) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, problem(path, err)
		}
		return read(path, info, limit)
	})
}

// Stream reads a stream such as stdin to its end, at most limit bytes. Errors
// call it name. If ctx ends first, Stream returns its cause.
func Stream(ctx context.Context, r io.Reader, name string, limit int64) ([]byte, error) {
	return until(ctx, func() ([]byte, error) { return bounded(r, name, limit) })
}

// Plain reads a settings file that was searched for, not named. It refuses
// pipes and devices. It returns a wrapped fs.ErrNotExist if the file cannot
// exist.
func Plain(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		if isNotThere(err) {
			return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		}
		return nil, problem(path, err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, exit.Usagef("%s is not a plain file", path)
	}
	return read(path, info, Settings)
}

func read(path string, info fs.FileInfo, limit int64) ([]byte, error) {
	if info.IsDir() {
		return nil, exit.Usagef("%s is a folder, not a file", path)
	}
	if info.Mode().IsRegular() && info.Size() > limit {
		return nil, tooLarge(path, limit)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, problem(path, err)
	}
	defer func() { _ = file.Close() }()
	return bounded(file, path, limit)
}

func bounded(r io.Reader, name string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if u, ok := r.(*reader); ok && err != nil && u.ctx.Err() != nil {
		return nil, err // the command ends; the input is not at fault
	}
	if err != nil {
		return nil, problem(name, err)
	}
	if int64(len(data)) > limit {
		return nil, tooLarge(name, limit)
	}
	return data, nil
}

func tooLarge(name string, limit int64) error {
	return exit.Usagef("%s is larger than the limit of %d MiB", name, limit>>20)
}

func problem(path string, err error) error {
	if isNotThere(err) {
		return &exit.Error{Exit: exit.Usage, Text: path + " does not exist", Err: fs.ErrNotExist}
	}
	cause := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		cause = pathErr.Err
	}
	return exit.Usagef("%s cannot be read (%w)", path, cause)
}

func isNotThere(err error) bool { return errors.Is(err, fs.ErrNotExist) || isNotDir(err) }

// until runs a read that may never end. If ctx ends first, the read is
// abandoned: the process is about to end, too.
func until(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type outcome struct {
		data []byte
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		data, err := read()
		done <- outcome{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case o := <-done:
		return o.data, o.err
	}
}

// Until returns a reader of r whose reads end with ctx and return its cause.
func Until(ctx context.Context, r io.Reader) io.Reader { return &reader{ctx, r} }

type reader struct {
	ctx context.Context //nolint:containedctx // a reader has no other place for it
	r   io.Reader
}

// Read implements io.Reader.
func (u *reader) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	data, err := until(u.ctx, func() ([]byte, error) {
		own := make([]byte, len(p)) // an abandoned read must not write into p
		n, err := u.r.Read(own)
		return own[:n], err
	})
	return copy(p, data), err
}

// Text returns data as UTF-8. It drops a byte order mark and converts UTF-16.
// The error is a clause that continues "PATH …".
func Text(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		return nil, errors.New("is UTF-32; save it as UTF-8")
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return fromUTF16(data[2:], binary.BigEndian)
	case len(data) > 1 && len(data)%2 == 0 && data[0] != 0 && data[1] == 0:
		return fromUTF16(data, binary.LittleEndian)
	case len(data) > 1 && len(data)%2 == 0 && data[0] == 0 && data[1] != 0:
		return fromUTF16(data, binary.BigEndian)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8 text")
	}
	return data, nil
}

func fromUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, errors.New("is truncated UTF-16; save it as UTF-8")
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units))), nil
}

// TextFile reads the text file that the user named; see File and Text.
func TextFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	data, err := File(ctx, path, limit)
	if err != nil {
		return nil, err
	}
	text, err := Text(data)
	if err != nil {
		return nil, exit.Usagef("%s %w", path, err)
	}
	return text, nil
}
