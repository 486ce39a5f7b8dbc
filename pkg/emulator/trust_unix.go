//go:build unix

package emulator

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// trustOwner refuses a file of another user but root, who can change every file
// anyway.
func trustOwner(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Geteuid() && stat.Uid != 0 {
		return &TrustError{Path: path, Reason: "belongs to another user"}
	}
	return nil
}

// trustMode refuses a file that its group or others can write to.
func trustMode(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return &TrustError{Path: path, Reason: fmt.Sprintf("can be written to by others (mode %04o)", mode), Tip: "chmod go-w " + path}
	}
	return nil
}
