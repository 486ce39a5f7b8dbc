package compute

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind classifies a failure for the caller.
type Kind int

const (
	// KindFailed is a failure that fits no other kind: a 5xx after all retries,
	// or an invalid response.
	KindFailed Kind = iota
	// KindUnreachable is a service that could not be reached.
	KindUnreachable
	// KindConflict is a request in conflict with what exists: name taken, other
	// settings, a lock, quota.
	KindConflict
	// KindInvalid is wrong input, including a size the region does not offer.
	// Nothing was changed.
	KindInvalid
	// KindNotFound is a compute, workspace or group that does not exist.
	KindNotFound
	// KindTimeout is a wait that timed out; the operation continues.
	KindTimeout
	// KindState is an operation that failed, or a compute in a failed state.
	KindState
	// KindAuth is a failed sign-in or a missing permission.
	KindAuth
	// KindBusy is worth a retry later: still throttled, no capacity, another
	// operation in progress, changed meanwhile.
	KindBusy
	// KindInterrupted is a wait or request the caller cancelled.
	KindInterrupted
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

// Error is the one error type of this package's requests and waits. Code,
// Message, Target and Details are the service's words, untrusted: they may
// hold control characters.
type Error struct {
	Kind    Kind
	Code    string // ARM error code, such as ResourceNotFound; "" when there is none
	Message string
	Target  string
	Details []Problem

	Name          string        // the compute it is about, when there is one
	Operation     string        // the REST operation, such as Compute_Start
	Status        int           // HTTP status; 0 when no answer came
	RequestID     string        // x-ms-request-id of the answer
	CorrelationID string        // x-ms-correlation-request-id sent with the request
	RetryAfter    time.Duration // how long the service asked to wait; 0 when it did not say
	Err           error         // the cause, when it was not an answer of the service

	// Existing is the compute that a create found under its name, Differences
	// what it is not as asked for; nil for every other error.
	Existing    *Compute
	Differences []Difference

	// Accepted is true when the service accepted a write before this failure, or
	// may have: something was changed, or may have been.
	Accepted bool

	uncertain bool // the request may have been carried out although it failed
	ongoing   bool // what was accepted before it goes on, or may
	garbled   bool // an answer came, and it is not what was asked for
}

// Error is "(Code) Message", as az prints it.
func (e *Error) Error() string {
	message := e.Message
	if message == "" && e.Err != nil {
		message = e.Err.Error()
	}
	if e.Code == "" {
		return message
	}
	return "(" + e.Code + ") " + message
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error of this package; KindFailed for any other
// error, and for nil.
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

// IsNotFound reports whether err says that something is not there.
func IsNotFound(err error) bool { return err != nil && KindOf(err) == KindNotFound }

// uncertain reports whether the request behind err may have been carried out.
func uncertain(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.uncertain
}

func invalidf(name, format string, args ...any) *Error {
	return &Error{Kind: KindInvalid, Name: name, Message: fmt.Sprintf(format, args...)}
}

func errorf(kind Kind, name, format string, args ...any) *Error {
	return &Error{Kind: kind, Name: name, Message: fmt.Sprintf(format, args...)}
}

// classify is the kind of an answer of the service. The code decides first,
// then the words (the service says several different things under BadRequest),
// then the status.
func classify(status int, code, message string) Kind {
	text := strings.ToLower(code + " " + message)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
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
		// Without a code that says what is missing it may be anything: a proxy, an
		// address that is wrong, a type the service does not know.
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

// isCapacity reports whether lower-cased text says that the region has no
// machine left, which is not the caller's quota.
func isCapacity(text string) bool {
	for _, w := range [...]string{"allocationfailed", "overconstrainedallocation", "zonalallocation", "skunotavailable",
		"capacitynotavailable", "insufficientcapacity", "outofcapacity", "out of capacity", "capacity crunch",
		"not enough capacity", "insufficient capacity", "do not have sufficient capacity", "sufficient capacity"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// operationKind is the kind of a failure that ended an operation: the
// operation failed, unless trying later is all there is to do.
func operationKind(code, message string) Kind {
	if isCapacity(strings.ToLower(code + " " + message)) {
		return KindBusy
	}
	return KindState
}
