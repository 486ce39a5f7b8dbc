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
	if file, ok := from.(*os.File); ok {
		_ = unix.IoctlSetInt(int(file.Fd()), unix.TCFLSH, unix.TCIFLUSH) // a failure leaves what was typed
	}
}
