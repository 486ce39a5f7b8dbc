package emulator

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// StoreError says that the state in a directory cannot be used.
type StoreError struct {
	Path    string // the state file
	MovedTo string // where a damaged file was moved; "" when nothing was moved
	Reason  string // what is wrong with it
	Err     error  // the cause, or nil
}

// Error says what is wrong and what to do.
func (e *StoreError) Error() string {
	if e.MovedTo != "" {
		return fmt.Sprintf("the emulator's state %s was damaged (%s) and has been moved to %s; run the command again to start with an empty emulator", e.Path, e.Reason, e.MovedTo)
	}
	return fmt.Sprintf("the emulator's state %s cannot be used: %s", e.Path, e.Reason)
}

// Unwrap returns the cause.
func (e *StoreError) Unwrap() error { return e.Err }

// NonRetriable tells azcore's retry policy that asking again would only hide
// this error: the next request starts with an empty emulator.
func (e *StoreError) NonRetriable() {}

// Permanent tells clients that wait that waiting longer does not cure it.
func (e *StoreError) Permanent() bool { return true }

// failed turns an error that is no ARM error into an answer.
func (e *Emulator) failed(err error) *arm.Response {
	code := "InternalServerError"
	var s *StoreError
	if errors.As(err, &s) {
		code = "EmulatorStateUnusable"
	}
	return arm.Fail(http.StatusInternalServerError, code, "%s", err).Response()
}
