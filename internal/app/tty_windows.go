package app

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// terminalFile is the console that controls the process.
const terminalFile = "CONIN$"

// discardTyped drops what was typed on a console and not read yet.
func discardTyped(from io.Reader) {
	if file, ok := from.(*os.File); ok {
		_ = windows.FlushConsoleInputBuffer(windows.Handle(file.Fd())) // a failure leaves what was typed
	}
}
