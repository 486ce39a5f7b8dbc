package render

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
)

// ExitCode is the exit code of a process that ends with err: the one table there
// is. changed says that the command changed something, or may have. Code 2
// promises that it did not, so wrong input that shows afterwards is code 1.
// Several errors joined give their common code, else 1.
func ExitCode(err error, changed bool) int {
	code, ok := exitCode(err)
	switch {
	case err == nil:
		return exit.Done
	case !ok, code == exit.Usage && changed:
		return exit.Failed
	}
	return code
}

// exitCode is ExitCode of what changed nothing; ok is false when nothing in the
// chain has a code.
func exitCode(err error) (code int, ok bool) {
	for err != nil {
		// One link of the chain at a time: a wrapper may know better than what it
		// wraps.
		switch e := any(err).(type) {
		case *exit.Error:
			if e.Exit != 0 {
				return e.Exit, true
			}
			err = e.Err
			continue
		case exit.Signal:
			if e.Signal == syscall.SIGTERM {
				return exit.Terminated, true
			}
			return exit.Interrupted, true
		case *compute.Error:
			switch e.Kind {
			case compute.KindFailed, compute.KindUnreachable, compute.KindAuth, compute.KindInterrupted:
				// The cause knows better what it is: a sign-in that failed for want
				// of a network, the signal behind an interrupted wait.
				if code, ok := exitCode(e.Err); ok && (code != exit.Timeout || e.Kind != compute.KindUnreachable) { // a request took too long, not a wait
					return code, true
				}
			case compute.KindInvalid:
				if e.Accepted {
					return exit.Failed, true
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
			return exit.Interrupted, true
		case errors.Is(err, context.DeadlineExceeded):
			return exit.Timeout, true
		}
		return 0, false
	}
	return 0, false
}

// kindCode is the exit code of a kind of failure of the client.
func kindCode(k compute.Kind) int {
	code, ok := map[compute.Kind]int{
		compute.KindInvalid: exit.Usage, compute.KindNotFound: exit.NotFound, compute.KindTimeout: exit.Timeout,
		compute.KindState: exit.Broken, compute.KindAuth: exit.Auth, compute.KindBusy: exit.TryLater, compute.KindInterrupted: exit.Interrupted,
	}[k]
	if !ok {
		return exit.Failed
	}
	return code
}

func commonCode(errs []error) int {
	common := exit.Done
	for _, e := range errs {
		if e == nil {
			continue
		}
		code := ExitCode(e, false)
		if common != exit.Done && code != common {
			return exit.Failed
		}
		common = code
	}
	return common
}

// PrintError writes err to stderr: "ERROR: (Code) message", then "hint: …" and
// "request id: …" when there are any. Joined errors are written one by one;
// errors with the same cause become one that names every compute. The output is
// always text, whatever -o says.
func PrintError(s *Streams, err error) {
	for _, r := range byCause(reportsOf(err, false)) {
		r.print(s)
	}
}

// reportsOf returns the reports of err; several is true if there are other
// errors, so that each must name its compute.
func reportsOf(err error, several bool) []report {
	if err == nil {
		return nil
	}
	if list, ok := joined(err); ok {
		var all []report
		for _, e := range list {
			all = append(all, reportsOf(e, len(list) > 1)...)
		}
		return all
	}
	if checks, ok := find[*compute.CheckError](err); ok {
		var all []report
		for _, f := range checks.Findings {
			r := report{message: f.Message}
			if several {
				r.name = checks.Name
			}
			if len(f.Suggestions) > 0 && !strings.Contains(f.Message, f.Suggestions[0]) {
				r.hint = "use " + strings.Join(f.Suggestions, " or ")
			}
			if f.Field == "vmSize" && len(f.Suggestions) == 0 {
				r.hint = sizesAdvice
			}
			all = append(all, r)
		}
		return all
	}
	r := reportOf(err)
	if !several {
		r.name = ""
	}
	return []report{r}
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

// report describes one failure.
type report struct {
	name, code, message, hint, requestID string
}

func reportOf(err error) report {
	r := report{message: err.Error(), hint: tipOf(err)}
	if e, ok := find[*exit.Error](err); ok {
		r.code = e.Code
	}
	if e, ok := find[*compute.Error](err); ok {
		r.name, r.code, r.requestID = e.Name, e.Code, e.RequestID
		r.message += details(r.message, e.Details)
		r.message = strings.TrimPrefix(r.message, "("+e.Code+") ")
		if r.hint == "" && e.Existing != nil {
			r.hint = changes(e.Existing, e.Differences)
		}
		if len(e.Violations) > 0 {
			r.message = disallowed(e)
			if r.hint == "" {
				r.hint = policyHint(e)
			}
		}
		if r.hint == "" {
			r.hint = advise(e.Code, r.message, e.Name)
		}
	}
	return r
}

// tipOf is the first advice in the chain: what wraps an error without adding
// advice leaves it its own.
func tipOf(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		if e, ok := err.(*exit.Error); ok && e.Tip != "" { //nolint:errorlint // one link of the chain at a time
			return e.Tip
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
	fmt.Fprintln(s.Err, "ERROR: "+s.said(prefix+message))
	if r.hint != "" {
		// Lines that are to be pasted stay lines.
		for line := range strings.SplitSeq(r.hint, "\n") {
			fmt.Fprintln(s.Err, "hint: "+s.said(line))
		}
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
