// Package exit is the one error type of the command line, and the codes it ends
// the process with. It imports nothing of this module, so that every package
// that refuses something a person asked for can say so in the same way.
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
	Timeout     = 4   // the wait timed out; the operation goes on
	Broken      = 5   // the operation, or the compute, is in a failed state
	Auth        = 6   // sign-in or permission
	Check       = 7   // a check says no
	TryLater    = 8   // throttled, no capacity, busy, changed meanwhile
	CannotRun   = 126 // a program that was named cannot be run, as shells have it
	NoProgram   = 127 // a program that was named is not there, as shells have it
	Interrupted = 130 // SIGINT
	Terminated  = 143 // SIGTERM
)

// Error is a failure of a command: what people read and what the process ends
// with. One without words is that of a program that was run for the user and has
// said itself what there was to say: nothing is printed about it.
type Error struct {
	Exit int    // exit code; 0 is that of the cause, or Failed when that has none
	Code string // the service's error code, "" for our own errors
	Text string // one sentence: what failed and why; "" is the text of the cause
	Tip  string // what to do next, printed as "hint: …"; "" is that of the cause
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

// Usagef returns an error for wrong input: nothing was changed.
func Usagef(format string, args ...any) error {
	return Errorf(Usage, format, args...)
}

// Child returns the error of a program that ended with the exit code, see Error.
func Child(code int) error { return &Error{Exit: code} }

// Signal is what ended the context of a command.
type Signal struct{ os.Signal }

func (s Signal) Error() string { return s.String() }
