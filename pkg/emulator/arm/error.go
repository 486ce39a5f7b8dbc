package arm

import (
	"fmt"
	"net/http"
)

// Error is an error in ARM's shape with the HTTP status it travels under.
type Error struct {
	Status  int         `json:"-"`
	Header  http.Header `json:"-"` // of the answer, besides the usual ones
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Target  string      `json:"target,omitempty"`
	Details []*Error    `json:"details,omitempty"`

	// AdditionalInfo says more, in a form that its types know.
	AdditionalInfo []*Object `json:"-"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Body is the error as ARM sends it: common-types ErrorResponse.
func (e *Error) Body() *Object {
	if e == nil {
		return nil
	}
	in := new(Object).Set("code", e.Code).Set("message", e.Message)
	if e.Target != "" {
		in.Set("target", e.Target)
	}
	if len(e.Details) > 0 {
		in.Set("details", e.Details)
	}
	if len(e.AdditionalInfo) > 0 {
		in.Set("additionalInfo", e.AdditionalInfo)
	}
	return new(Object).Set("error", in)
}

// Response is the answer that refuses a request.
func (e *Error) Response() *Response {
	r := NewResponse(e.Status).JSON(e.Body())
	for k, v := range e.Header {
		r.Header[k] = v
	}
	return r
}

// Fail returns an error of a status and a code. Copied to its two hundred callers,
// it and what is built on it would take 50 kB.
//
//go:noinline
func Fail(status int, code, format string, a ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, a...)}
}

// BadRequest is 400 with the code that most providers give. See Fail for its size.
//
//go:noinline
func BadRequest(format string, a ...any) *Error {
	return Fail(http.StatusBadRequest, "BadRequest", format, a...)
}

// NotFound is ARM's answer for a resource that does not exist.
func NotFound(kind, name, group string) *Error {
	return Fail(http.StatusNotFound, "ResourceNotFound",
		"The Resource '%s/%s' under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix", kind, name, group)
}
