//go:build darwin || freebsd || netbsd || openbsd

package app

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// terminalFile is the terminal that controls the process.
const terminalFile = "/dev/tty"

// discardTyped drops what was typed on a terminal and not read yet.
func discardTyped(from io.Reader) {
	const readSide = 1 // FREAD of sys/fcntl.h
	if file, ok := from.(*os.File); ok {
		_ = unix.IoctlSetPointerInt(int(file.Fd()), unix.TIOCFLUSH, readSide) // a failure leaves what was typed
	}
}
