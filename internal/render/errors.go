package render

import (
	"context"
	"errors"
	"fmt"
)

// Error is a failure with its own exit code and, where there is one, advice.
// Any error type may take part by having the methods ExitCode, ErrorCode,
// Hint or RequestID.
type Error struct {
	Exit int    // exit code; contract of the command line
	Code string // the service's error code, "" for our own errors
	Text string // one sentence: what failed, why, what to do
	Tip  string // what to do next, printed as "hint: …"
	Err  error  // cause
}

func (e *Error) Error() string {
	if e.Text == "" && e.Err != nil {
		return e.Err.Error()
	}
	return e.Text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ExitCode returns the exit code the process ends with.
func (e *Error) ExitCode() int {
	if e.Exit == 0 {
		return ExitFailed
	}
	return e.Exit
}

// ErrorCode returns the service's error code.
func (e *Error) ErrorCode() string { return e.Code }

// Hint returns advice, or "".
func (e *Error) Hint() string { return e.Tip }

// Usagef returns an error for wrong input (exit code 2; nothing was changed).
func Usagef(format string, args ...any) error {
	return Errorf(ExitUsage, format, args...)
}

// Errorf returns an error that ends the process with the exit code. A %w verb
// keeps its operand as the cause.
func Errorf(exit int, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Exit: exit, Text: err.Error(), Err: errors.Unwrap(err)}
}

// Exit codes of the process.
const (
	ExitDone        = 0   // done
	ExitFailed      = 1   // failed, unreachable, or in conflict with what exists
	ExitUsage       = 2   // usage or wrong input; nothing was changed
	ExitNotFound    = 3   // not found
	ExitTimeout     = 4   // the wait timed out; the operation goes on
	ExitBroken      = 5   // the operation, or the compute, is in a failed state
	ExitAuth        = 6   // sign-in or permission
	ExitCheck       = 7   // a check says no
	ExitTryLater    = 8   // throttled, no capacity, busy, changed meanwhile
	ExitInterrupted = 130 // SIGINT
	ExitTerminated  = 143 // SIGTERM
)

// ExitCode maps an error to the exit code of the process. Several errors
// joined give their common code, else 1.
func ExitCode(err error) int {
	if err == nil {
		return ExitDone
	}
	for e := err; e != nil; {
		if c, ok := e.(interface{ ExitCode() int }); ok {
			return c.ExitCode()
		}
		if code, ok := classify(e); ok {
			return code
		}
		switch u := e.(type) {
		case interface{ Unwrap() error }:
			e = u.Unwrap()
		case interface{ Unwrap() []error }:
			return commonCode(u.Unwrap())
		default:
			return ExitFailed
		}
	}
	return ExitFailed
}

// classify knows the errors of other packages that carry no exit code.
func classify(err error) (int, bool) {
	if err == context.Canceled {
		return ExitInterrupted, true
	}
	return 0, false
}

func commonCode(errs []error) int {
	common := ExitDone
	for _, e := range errs {
		if e == nil {
			continue
		}
		code := ExitCode(e)
		if common != ExitDone && code != common {
			return ExitFailed
		}
		common = code
	}
	return common
}

// PrintError writes err to stderr: "ERROR: (Code) message", then "hint: …" and
// "request id: …" when there are any. Joined errors are written one by one.
func PrintError(s *Streams, err error) {
	if err == nil {
		return
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range j.Unwrap() {
			PrintError(s, e)
		}
		return
	}
	message := Clean(err.Error())
	if c, ok := find[interface{ ErrorCode() string }](err); ok && c.ErrorCode() != "" {
		message = "(" + Clean(c.ErrorCode()) + ") " + message
	}
	fmt.Fprintln(s.Err, "ERROR: "+message)
	if h, ok := find[interface{ Hint() string }](err); ok && h.Hint() != "" {
		fmt.Fprintln(s.Err, "hint: "+Clean(h.Hint()))
	}
	if r, ok := find[interface{ RequestID() string }](err); ok && r.RequestID() != "" {
		fmt.Fprintln(s.Err, "request id: "+Clean(r.RequestID()))
	}
}

// find returns the first error in the chain that is a T.
func find[T any](err error) (T, bool) {
	var t T
	ok := errors.As(err, &t)
	return t, ok
}
