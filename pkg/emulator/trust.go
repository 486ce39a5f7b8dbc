package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/computetarget/computetarget/pkg/loopback"
)

// TrustError is a directory, or a server named in it, that is not trusted, because
// another user may have written the files.
type TrustError struct {
	Path   string
	Reason string // what is wrong with it
	Tip    string // what to do about it; may be empty
}

// Error implements error.
func (e *TrustError) Error() string {
	return fmt.Sprintf("%s %s: no server is used through it", e.Path, e.Reason)
}

// Permanent tells clients not to wait for a cure.
func (e *TrustError) Permanent() bool { return true }

// trustDir refuses a directory that other users can write to, and a link that
// another user made. The directory may be missing.
func trustDir(dir string) error {
	info, err := os.Lstat(dir)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if err := trustOwner(dir, info); err != nil {
			return err
		}
		info, err = os.Stat(dir)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return &TrustError{Path: dir, Reason: "is not a directory"}
	}
	return trustInfo(dir, info)
}

// trustFile refuses a file that other users can write to, and anything but a
// regular file. The file may be missing.
func trustFile(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return &TrustError{Path: path, Reason: "is not a regular file"}
	}
	return trustInfo(path, info)
}

func trustInfo(path string, info fs.FileInfo) error {
	if err := trustOwner(path, info); err != nil {
		return err
	}
	return trustMode(path, info)
}

// trustServer refuses a server on another machine.
func trustServer(path string, info ServerInfo) error {
	u, err := url.Parse(info.Endpoint)
	bare := err == nil && u.User == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
	if !bare || u.Scheme != "http" && u.Scheme != "https" || !loopback.Is(u.Hostname()) {
		return &TrustError{Path: path, Reason: "names a server that is not on this machine's loopback address",
			Tip: "remove the file if you did not expect it; a server on another machine is used by its URL"}
	}
	return nil
}

// TrustedCAFile is CAFile, or "" if other users can write to it.
func TrustedCAFile(dir string) string {
	file := filepath.Join(dir, authorityFile)
	if trustDir(dir) != nil || trustFile(file) != nil {
		return ""
	}
	return file
}
