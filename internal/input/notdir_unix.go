//go:build !windows

package input

import (
	"errors"
	"syscall"
)

// isNotDir reports whether a parent in the path is a file, so that the path
// cannot exist.
func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
