// Package exit defines the error type of the command line and the exit codes.
// It imports nothing of this module, so that every package can use it.
package exit

import (
	"errors"
	"fmt"
	"os"
)

// Exit codes of the process.
const (
	Done        = 0   // done
	Failed      = 1   // failed, unreachable, or in conflict with what exists
	Usage       = 2   // usage or wrong input; nothing was changed
	NotFound    = 3   // not found
	Timeout     = 4   // the wait timed out; the operation continues
	Broken      = 5   // the operation, or the compute, is in a failed state
	Auth        = 6   // sign-in or permission
	Check       = 7   // a check failed
	TryLater    = 8   // throttled, no capacity, busy, changed meanwhile
	CannotRun   = 126 // the program cannot be run, as in shells
	NoProgram   = 127 // the program does not exist, as in shells
	Interrupted = 130 // SIGINT
	Terminated  = 143 // SIGTERM
)

// Error is a failure of a command, with its message and exit code. One without
// text is from a program run for the user, which printed its own error; nothing
// else is printed.
type Error struct {
	Exit int    // exit code; 0 means the cause's, or Failed
	Code string // the service's error code, "" for our own errors
	Text string // one sentence: what failed and why; "" means the cause's
	Tip  string // what to do next, printed as "hint: …"; "" means the cause's
	Err  error  // cause, may be nil
}

func (e *Error) Error() string {
	if e.Text == "" && e.Err != nil {
		return e.Err.Error()
	}
	return e.Text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an error that ends the process with the exit code. A %w verb
// keeps its operand as the cause.
func Errorf(code int, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Exit: code, Text: err.Error(), Err: errors.Unwrap(err)}
}

// Usagef returns an error for wrong input, with nothing changed.
//
//go:noinline // called in hundreds of places
func Usagef(format string, args ...any) error {
	return Errorf(Usage, format, args...)
}

// Child returns the error of a program that ended with the exit code, see Error.
func Child(code int) error { return &Error{Exit: code} }

// Signal is the signal that ended the context of a command.
type Signal struct{ os.Signal }

func (s Signal) Error() string { return s.String() }
