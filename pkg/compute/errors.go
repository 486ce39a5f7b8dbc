package compute

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind classifies a failure.
type Kind int

// The kinds.
const (
	KindFailed      Kind = iota // any other: a 5xx after all retries, an invalid response
	KindUnreachable             // the service could not be reached
	KindConflict                // the request conflicts with what exists: a name, other settings, a lock, a quota
	KindInvalid                 // wrong input, such as a size that the region does not offer; nothing was changed
	KindNotFound                // the compute, workspace or group does not exist
	KindTimeout                 // the wait timed out; the operation continues
	KindState                   // the operation failed, or the compute is in a failed state
	KindAuth                    // the sign-in failed, or a permission is missing
	KindBusy                    // try again later: throttled, no capacity, another operation in progress, changed meanwhile
	KindInterrupted             // the caller canceled the wait or the request
)

var kindWords = [...]string{KindFailed: "failed", KindUnreachable: "unreachable", KindConflict: "conflict", KindInvalid: "invalid", KindNotFound: "not found",
	KindTimeout: "timeout", KindState: "failed state", KindAuth: "auth", KindBusy: "busy", KindInterrupted: "interrupted"}

// String is a word for the kind.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindWords) {
		return kindWords[KindFailed]
	}
	return kindWords[k]
}

// Error is the error of every request and wait. Code, Message, Target and Details
// come from the service and may hold control characters.
type Error struct {
	Kind    Kind
	Code    string // ARM error code, such as ResourceNotFound; "" if there is none
	Message string
	Target  string
	Details []Problem

	// Violations are the policies that refused the request; nil for every other
	// error.
	Violations []Violation

	Name          string        // of the compute; "" if it is about none
	Operation     string        // the REST operation, such as Compute_Start
	Status        int           // HTTP status; 0 if there was no response
	RequestID     string        // x-ms-request-id of the response
	CorrelationID string        // x-ms-correlation-request-id of the request
	RetryAfter    time.Duration // that the service asked for; 0 if it did not
	Err           error         // the cause, if it was not a response

	Existing    *Compute     // the compute that has the name of a create
	Differences []Difference // between Existing and the create
	Accepted    bool         // the service accepted a write before this failure, or may have

	uncertain bool // the request may have had its effect
	ongoing   bool // an accepted operation goes on, or may
	garbled   bool // there was a response, but to something else
}

// Error is "(Code) Message", as az prints it.
func (e *Error) Error() string {
	message := e.Message
	if message == "" && e.Err != nil {
		message = e.Err.Error()
	}
	return Problem{Code: e.Code, Message: message}.String()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error. It is KindFailed for nil and for errors of
// other packages.
func KindOf(err error) Kind {
	var e *Error
	var checks *CheckError
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.As(err, &checks):
		return checks.Kind()
	case errors.Is(err, context.Canceled):
		return KindInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	default:
		return KindFailed
	}
}

// IsNotFound reports whether err says that something does not exist.
func IsNotFound(err error) bool { return err != nil && KindOf(err) == KindNotFound }

// uncertain reports whether the request behind err may have had its effect.
func uncertain(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.uncertain
}

// invalidf is an error of what was asked. Copies of it would take 8 kB.
//
//go:noinline
func invalidf(name, format string, args ...any) *Error {
	return &Error{Kind: KindInvalid, Name: name, Message: fmt.Sprintf(format, args...)}
}

//go:noinline
func errorf(kind Kind, name, format string, args ...any) *Error {
	return &Error{Kind: kind, Name: name, Message: fmt.Sprintf(format, args...)}
}

// classify is the kind of a response: by the code and the message, because
// BadRequest means several things, then by the status.
func classify(status int, code, message string) Kind {
	text := strings.ToLower(code + " " + message)
	has := func(words ...string) bool { return containsAny(text, words...) }
	switch {
	case strings.EqualFold(code, CodeDisallowed):
		return KindAuth // whatever words the names of policies hold
	case status == http.StatusUnauthorized,
		has("authorizationfailed", "authenticationfailed", "invalidauthenticationtoken", "expiredauthenticationtoken", "linkedauthorizationfailed"):
		return KindAuth
	case status == http.StatusTooManyRequests, has("toomanyrequests", "serverbusy", "throttl"):
		return KindBusy
	case isCapacity(text):
		return KindBusy
	case has("quota", "corelimit", "corequota"):
		return KindConflict
	case has("being processed by another", "active operation", "anotheroperationinprogress", "operationinprogress",
		"operation is in progress", "operation in progress", "concurrentoperation", "conflictingoperation", "conflictingserveroperation"):
		return KindBusy
	case has("already exists", "alreadyexists", "already in use", "onlyallowedinstoppedstate", "only allowed when the instance", "scopelocked"):
		return KindConflict
	case has("is not allowed when computeinstance disk is full"):
		return KindFailed
	}
	switch status {
	case http.StatusNotFound, http.StatusGone:
		// Without such a code it may be a proxy, a wrong address or an unknown type.
		if code := strings.ToLower(code); strings.HasSuffix(code, "notfound") || strings.HasSuffix(code, "notexist") {
			return KindNotFound
		}
		return KindFailed
	case http.StatusForbidden:
		return KindAuth
	case http.StatusConflict:
		return KindConflict
	case http.StatusPreconditionFailed, http.StatusLocked:
		return KindBusy
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusUnprocessableEntity,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusRequestURITooLong:
		return KindInvalid
	}
	return KindFailed
}

// isCapacity reports whether lower-case text says that the region has no machine
// left.
func isCapacity(text string) bool {
	return containsAny(text, "allocationfailed", "overconstrainedallocation", "zonalallocation", "skunotavailable",
		"capacitynotavailable", "insufficientcapacity", "outofcapacity", "out of capacity", "capacity crunch",
		"not enough capacity", "sufficient capacity")
}

func containsAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

// operationKind is the kind of a failed operation.
func operationKind(code, message string) Kind {
	if isCapacity(strings.ToLower(code + " " + message)) {
		return KindBusy
	}
	return KindState
}
