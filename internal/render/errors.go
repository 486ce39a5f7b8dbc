package render

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
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

// ExitCode maps an error to the exit code of the process: the one table there
// is. An error type of another package takes part by having ExitCode() int.
// Several errors joined give their common code, else 1.
func ExitCode(err error) int {
	if code, ok := exitCode(err); ok {
		return code
	}
	if err == nil {
		return ExitDone
	}
	return ExitFailed
}

// exitCode is ExitCode; ok is false when nothing in the chain has a code.
func exitCode(err error) (code int, ok bool) {
	for err != nil {
		// One link of the chain at a time: a wrapper may know better than what it
		// wraps.
		switch e := any(err).(type) {
		case interface{ ExitCode() int }:
			return e.ExitCode(), true
		case *compute.Error:
			switch e.Kind {
			case compute.KindFailed, compute.KindUnreachable, compute.KindAuth, compute.KindInterrupted:
				// The cause knows better what it is: a sign-in that failed for want
				// of a network, the signal behind an interrupted wait.
				if code, ok := exitCode(e.Err); ok {
					return code, true
				}
			}
			return kindCode(e.Kind), true
		case *compute.CheckError:
			return kindCode(e.Kind()), true
		case interface{ Unwrap() error }:
			err = e.Unwrap()
			continue
		case interface{ Unwrap() []error }:
			return commonCode(e.Unwrap()), true
		}
		switch {
		case errors.Is(err, context.Canceled):
			return ExitInterrupted, true
		case errors.Is(err, context.DeadlineExceeded):
			return ExitTimeout, true
		}
		return 0, false
	}
	return 0, false
}

// kindCode is the exit code of a kind of failure of the client.
func kindCode(k compute.Kind) int {
	switch k {
	case compute.KindInvalid:
		return ExitUsage
	case compute.KindNotFound:
		return ExitNotFound
	case compute.KindTimeout:
		return ExitTimeout
	case compute.KindState:
		return ExitBroken
	case compute.KindAuth:
		return ExitAuth
	case compute.KindBusy:
		return ExitTryLater
	case compute.KindInterrupted:
		return ExitInterrupted
	}
	return ExitFailed
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
// "request id: …" when there are any. Joined errors are written one by one,
// each naming its compute. Everything is text for people, whatever -o says.
func PrintError(s *Streams, err error) {
	printError(s, err, false)
}

func printError(s *Streams, err error, several bool) {
	if err == nil {
		return
	}
	if list, ok := joined(err); ok {
		for _, e := range list {
			printError(s, e, len(list) > 1)
		}
		return
	}
	if checks, ok := find[*compute.CheckError](err); ok {
		for _, f := range checks.Findings {
			write := report{message: f.Message}
			if several {
				write.name = checks.Name
			}
			if len(f.Suggestions) > 0 && !strings.Contains(f.Message, f.Suggestions[0]) {
				write.hint = "use " + strings.Join(f.Suggestions, " or ")
			}
			write.print(s)
		}
		return
	}
	r := reportOf(err)
	if !several {
		r.name = ""
	}
	r.print(s)
}

// Hint is the advice that PrintError gives about a failure, or "".
func Hint(err error) string { return reportOf(err).hint }

// joined lists the errors of errors.Join, also below one that only wraps it.
func joined(err error) ([]error, bool) {
	j, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, false
	}
	return slices.DeleteFunc(slices.Clone(j.Unwrap()), func(e error) bool { return e == nil }), true
}

// report is what is told about one failure.
type report struct {
	name, code, message, hint, requestID string
}

func reportOf(err error) report {
	r := report{message: err.Error()}
	if c, ok := find[interface{ ErrorCode() string }](err); ok {
		r.code = c.ErrorCode()
	}
	if id, ok := find[interface{ RequestID() string }](err); ok {
		r.requestID = id.RequestID()
	}
	service, ok := find[*compute.Error](err)
	if ok {
		r.name, r.code, r.requestID = service.Name, service.Code, service.RequestID
		r.message += details(r.message, service.Details)
	}
	if _, ok := find[interface{ Hint() string }](err); ok {
		r.hint = hintOf(err)
	} else if h, ok := find[interface{ Advice() string }](err); ok {
		r.hint = h.Advice()
	}
	if r.hint == "" && service != nil {
		r.hint = advise(service.Code, r.message, service.Name)
	}
	return r
}

// hintOf is the first advice in the chain: what wraps an error without adding
// advice leaves it its own.
func hintOf(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" { //nolint:errorlint // one link of the chain at a time
			return h.Hint()
		}
	}
	return ""
}

// details adds what the details of a service error say beyond its message.
func details(message string, list []compute.Problem) string {
	const most = 5
	var b strings.Builder
	for i, d := range list {
		if i == most {
			fmt.Fprintf(&b, "; and %d more", len(list)-most)
			break
		}
		if d.Message != "" && !strings.Contains(message+b.String(), d.Message) {
			b.WriteString("; " + d.String())
		}
	}
	return b.String()
}

func (r report) print(s *Streams) {
	message := r.message
	prefix := ""
	if r.code != "" {
		prefix = "(" + r.code + ") "
		message = strings.TrimPrefix(message, prefix)
		if strings.Contains(message, prefix) {
			prefix = ""
		}
	}
	if r.name != "" && !strings.Contains(message, r.name) {
		message = r.name + ": " + message
	}
	fmt.Fprintln(s.Err, "ERROR: "+Clean(prefix+message))
	if r.hint != "" {
		fmt.Fprintln(s.Err, "hint: "+Clean(r.hint))
	}
	if r.requestID != "" {
		fmt.Fprintln(s.Err, "request id: "+Clean(r.requestID))
	}
}

// find returns the first error in the chain that is a T.
func find[T any](err error) (T, bool) {
	var t T
	ok := errors.As(err, &t)
	return t, ok
}
