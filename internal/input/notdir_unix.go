//go:build !windows

package input

import (
	"errors"
	"syscall"
)

// isNotDir reports that a part of the path is a file where a folder would be
// needed: nothing can be at such a path.
func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
