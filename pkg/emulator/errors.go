package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// apiError is an error in ARM's shape with the HTTP status it travels under.
type apiError struct {
	status  int
	header  http.Header // of the answer, besides the usual ones
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Target  string      `json:"target,omitempty"`
	Details []*apiError `json:"details,omitempty"`
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// body is the error as ARM sends it: common-types ErrorResponse.
func (e *apiError) body() *object {
	if e == nil {
		return nil
	}
	in := new(object).set("code", e.Code).set("message", e.Message)
	if e.Target != "" {
		in.set("target", e.Target)
	}
	if len(e.Details) > 0 {
		in.set("details", e.Details)
	}
	return new(object).set("error", in)
}

func fail(status int, code, format string, a ...any) *apiError {
	return &apiError{status: status, Code: code, Message: fmt.Sprintf(format, a...)}
}

func badRequest(format string, a ...any) *apiError {
	return fail(http.StatusBadRequest, "BadRequest", format, a...)
}

// notFound is ARM's answer for a resource that does not exist.
func notFound(kind, name, group string) *apiError {
	return fail(http.StatusNotFound, "ResourceNotFound",
		"The Resource '%s/%s' under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix", kind, name, group)
}

// busy is the service's refusal of a second operation on one compute. Old and
// new wording are both in it because old clients look for the old one.
func busy(name string) *apiError {
	return fail(http.StatusConflict, "Conflict",
		"Compute %s is currently being processed by another command, such as Deleting or Shutting down. There is already an active operation submitted.", name)
}

func missingVersion() *apiError {
	return fail(http.StatusBadRequest, "MissingApiVersionParameter",
		"The api-version query parameter (?api-version=) is required for all requests.")
}

func noProvider(kind, version string, supported []string) *apiError {
	return fail(http.StatusBadRequest, "NoRegisteredProviderFound",
		"No registered resource provider found for API version '%s' for type '%s'. The supported api-versions are '%s'.",
		version, kind, strings.Join(supported, ", "))
}

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
func (e *Emulator) failed(err error) *response {
	code := "InternalServerError"
	var s *StoreError
	if errors.As(err, &s) {
		code = "EmulatorStateUnusable"
	}
	res := newResponse(http.StatusInternalServerError).json(fail(http.StatusInternalServerError, code, "%s", err).body())
	return res
}
