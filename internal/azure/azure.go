// Package azure answers who and where: which Azure clouds exist and where
// their endpoints are, what az has written down about this machine's user,
// which credential signs requests, and how the network is reached. It is the
// only package that imports azidentity. Nothing is read or dialled before a
// value is asked for.
package azure

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFile is the largest file read here, in bytes. The largest real one, a
// token cache of an identity with many tenants, is far below it.
const maxFile = 16 << 20

// ConfigDir is the folder az keeps its files in: $AZURE_CONFIG_DIR, else
// .azure in the home folder. It is empty when neither is known.
func ConfigDir(getenv func(string) string, home string) string {
	if dir := getenv("AZURE_CONFIG_DIR"); dir != "" {
		return dir
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".azure")
}

// FileError says that a file which is there cannot be used: it is not a plain
// file, cannot be read, is far too large or does not hold what it should. A
// file that is not there is no FileError but fs.ErrNotExist.
type FileError struct {
	Path   string
	Line   int // 1-based; 0 when the whole file is meant
	Reason string
	Tip    string // what to do, one sentence; may be empty
	Err    error  // the cause; may be nil
}

func (e *FileError) Error() string {
	where := e.Path
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.Path, e.Line)
	}
	return fmt.Sprintf("%s %s", where, e.Reason)
}

// Hint is what to do, or "".
func (e *FileError) Hint() string { return e.Tip }

func (e *FileError) Unwrap() error { return e.Err }

// ExitCode is 2: the input is wrong and nothing was changed.
func (e *FileError) ExitCode() int { return 2 }

// ReadFile reads a settings file whole. It returns fs.ErrNotExist when nothing
// of that name can be there (the file or a folder above it is missing), and a
// FileError for folders, devices, pipes, link loops, unreadable files and
// files over 16 MiB.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileProblem(path, err)
	}
	if info.IsDir() {
		return nil, &FileError{Path: path, Reason: "is a folder, not a file"}
	}
	if !info.Mode().IsRegular() {
		return nil, &FileError{Path: path, Reason: "is not a plain file"}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fileProblem(path, err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fileProblem(path, err)
	}
	if len(data) > maxFile {
		return nil, &FileError{Path: path, Reason: "is larger than 16 MiB"}
	}
	return data, nil
}

func fileProblem(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || isNotDir(err) {
		return fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	cause := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		cause = pathErr.Err
	}
	reason := "cannot be read (" + cause.Error() + ")"
	return &FileError{Path: path, Reason: reason, Err: err}
}

// trimBOM drops the byte order mark that az writes in front of its JSON and
// that Windows editors put in front of everything.
func trimBOM(data []byte) []byte {
	return []byte(strings.TrimPrefix(string(data), "\ufeff"))
}
