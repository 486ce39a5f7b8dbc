// Package input reads what a person names: files, pipes and standard input. A
// read is bounded, so that /dev/zero ends it; it ends with its context, so that
// ctrl-c works while nobody writes to a pipe; and text may have a byte order
// mark or be UTF-16, as editors and shells of Windows write it.
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

// The most bytes that are read of each kind of input. Each is far above the
// largest real one.
const (
	// Value is for one value or a few: a key, a certificate, a password, hours.
	Value = 1 << 20
	// Names is for names on stdin, one a line.
	Names = 16 << 20
	// Settings is for configuration, of az too, and for scripts.
	Settings = 16 << 20
	// Computes is for lists of computes: 10,000 instances with four schedules
	// each are a quarter of it.
	Computes = 128 << 20
)

// File reads the file, pipe or device that a person named, limit bytes at most.
// What cannot be read is an exit.Error; one for a file that is not there wraps
// fs.ErrNotExist. When ctx ends first, its cause is returned as it is.
func File(ctx context.Context, path string, limit int64) ([]byte, error) {
	return until(ctx, func() ([]byte, error) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, problem(path, err)
		}
		return read(path, info, limit)
	})
}

// Stream reads a stream such as stdin to its end, limit bytes at most. name
// stands for it in errors. When ctx ends first, its cause is returned as it is.
func Stream(ctx context.Context, r io.Reader, name string, limit int64) ([]byte, error) {
	return until(ctx, func() ([]byte, error) { return bounded(r, name, limit) })
}

// Plain reads a settings file that is looked for rather than named: pipes and
// devices, which nobody keeps settings in, are refused. It returns
// fs.ErrNotExist, wrapped, when nothing of that name can be there.
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
		return nil, err // it is the end of the command, and no fault of the input
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
	return exit.Usagef("%s is larger than %d MiB, the most that is read here", name, limit>>20)
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

// until runs a read that may never end. What is still reading when ctx ends is
// left behind: the process is about to end, too.
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
		own := make([]byte, len(p)) // a read that is left behind must not write into p
		n, err := u.r.Read(own)
		return own[:n], err
	})
	return copy(p, data), err
}

// Text returns the text in data as UTF-8: a byte order mark is dropped and
// UTF-16 is converted. The error is a clause that continues "PATH …".
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
		return nil, errors.New("is not text in UTF-8")
	}
	return data, nil
}

func fromUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, errors.New("is UTF-16 that is cut off; save it as UTF-8")
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units))), nil
}

// TextFile reads the text file that a person named, see File and Text.
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
