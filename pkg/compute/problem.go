package compute

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Problem is an error in the service's JSON: in a failed response or operation,
// in a compute's errors and provisioningErrors.
type Problem struct {
	Code    string
	Message string
	Target  string
	Details []Problem
}

// String is "(Code) Message".
func (p Problem) String() string {
	if p.Code == "" {
		return p.Message
	}
	return "(" + p.Code + ") " + p.Message
}

func (p Problem) empty() bool {
	return p.Code == "" && p.Message == "" && len(p.Details) == 0
}

// Problems are errors. Any JSON decodes into it.
type Problems []Problem

// UnmarshalJSON reads a list, or one error. Anything else is an empty list.
func (ps *Problems) UnmarshalJSON(data []byte) error {
	*ps = readProblems(data, 0)
	return nil
}

const (
	maxNesting = 8    // of error in error, and of JSON in a message
	maxDetails = 50   // kept per list
	maxMessage = 4096 // bytes kept of one message
)

// text decodes from a string or a number. Anything else is "".
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	*t = ""
	var s string
	switch err := unmarshal(data, &s); {
	case err == nil && s != "":
		*t = text(s)
	case len(data) > 0 && (data[0] == '-' || data[0] >= '0' && data[0] <= '9'):
		*t = text(data)
	}
	return nil
}

// wireError has the keys under which errors have been seen, in any case.
// Description is OAuth's key.
type wireError struct {
	Code        text            `json:"code"`
	Message     text            `json:"message"`
	Description text            `json:"error_description"`
	Target      text            `json:"target"`
	Error       json.RawMessage `json:"error"`
	InnerError  json.RawMessage `json:"innererror"`
	Errors      json.RawMessage `json:"errors"`
	Details     json.RawMessage `json:"details"`
}

// readProblems reads errors in any shape that has been seen: {"error":{…}},
// nested or not, {"code","message"}, a list of either, or a message that is such
// JSON. It returns nil if data has no error.
func readProblems(data []byte, depth int) []Problem {
	data = bytes.TrimSpace(data)
	if depth > maxNesting || len(data) == 0 {
		return nil
	}
	switch data[0] {
	case '[':
		var items []json.RawMessage
		if unmarshal(data, &items) != nil {
			return nil
		}
		var out []Problem
		for _, item := range items[:min(len(items), maxDetails)] {
			out = append(out, readProblems(item, depth+1)...)
		}
		return out
	case '{':
		if p := readProblem(data, depth); !p.empty() {
			return []Problem{p}
		}
	case '"':
		var s string
		if unmarshal(data, &s) == nil && strings.TrimSpace(s) != "" {
			return []Problem{unwrapMessage(Problem{Message: s}, depth)}
		}
	}
	return nil
}

func readProblem(data []byte, depth int) Problem {
	var w wireError
	_ = unmarshal(data, &w) // what can be read is enough
	p := unwrapMessage(Problem{Code: string(w.Code), Message: string(cmp.Or(w.Message, w.Description)), Target: string(w.Target),
		Details: readProblems(w.Details, depth+1)}, depth)
	for _, inner := range [...]json.RawMessage{w.Error, w.Errors} {
		p = merge(p, readProblems(inner, depth+1))
	}
	// OData's inner error has a finer code, often without a message, so it is a
	// detail.
	for _, d := range readProblems(w.InnerError, depth+1) {
		if d.Message != "" && d.Message != p.Message {
			p.Details = append(p.Details, d)
		}
	}
	if p.Code == "" && p.Message == "" && len(p.Details) > 0 {
		first := p.Details[0]
		first.Details = append(first.Details, p.Details[1:]...)
		p = first
	}
	return p
}

// merge puts inner errors before the one around them: they are the cause, and it
// usually says only that something failed.
func merge(outer Problem, inner []Problem) Problem {
	if len(inner) == 0 {
		return outer
	}
	first := inner[0]
	return Problem{
		Code: cmp.Or(first.Code, outer.Code), Message: cmp.Or(first.Message, outer.Message), Target: cmp.Or(first.Target, outer.Target),
		Details: slices.Concat(first.Details, outer.Details, inner[1:]),
	}
}

// unwrapMessage replaces a message that is an error in JSON.
func unwrapMessage(p Problem, depth int) Problem {
	s := strings.TrimSpace(p.Message)
	if strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
		if found := readProblems([]byte(s), depth+1); len(found) > 0 {
			p.Message = ""
			p = merge(p, found)
		}
	}
	p.Message = signed().ReplaceAllString(shorten(p.Message, maxMessage), "${1}"+hidden)
	return p
}

// shorten cuts s to at most n bytes at a character boundary.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := n
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// refusal is the body of a 2xx response that is only an error.
type refusal []byte

func (refusal) Error() string { return "the service answered with an error" }

// refused reports whether a body is only {"error":…}.
func refused(body []byte) bool {
	if !bytes.Contains(body, []byte(`"error"`)) {
		return false
	}
	var keys map[string]json.RawMessage
	return json.Unmarshal(body, &keys) == nil && len(keys) == 1 && len(readProblems(keys["error"], 0)) > 0
}

// answerError is the error that a response stands for.
func answerError(op operation, name string, a *answer) *Error {
	e := &Error{
		Name: name, Operation: op.id, Status: a.status,
		RequestID:     a.header.Get("x-ms-request-id"),
		CorrelationID: a.correlation,
		RetryAfter:    a.retryAfter,
	}
	if found := readProblems(a.body, 0); len(found) > 0 {
		p := found[0]
		e.Code, e.Message, e.Target, e.Details = p.Code, p.Message, p.Target, append(p.Details, found[1:]...)
	}
	if bytes.Contains(a.body, []byte("additionalInfo")) {
		e.Violations = readViolations(a.body, 0)
	}
	e.Code = cmp.Or(e.Code, shorten(a.header.Get("x-ms-error-code"), 100))
	e.Message = cmp.Or(e.Message, describe(a))
	e.Kind = classify(a.status, e.Code, e.Message)
	if isPage(a.body) {
		// A web page is not from the service, so a 404 is not a missing compute.
		e.Kind = KindUnreachable
	}
	for _, d := range e.Details {
		// Quota and capacity are often in a detail under a general code.
		if k := classify(0, d.Code, d.Message); e.Kind == KindInvalid && k != KindFailed {
			e.Kind = k
		}
	}
	return e
}

// isPage reports whether a body is a web page.
func isPage(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// describe describes a response without a readable error.
func describe(a *answer) string {
	status := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", a.status, http.StatusText(a.status)))
	body := bytes.TrimSpace(a.body)
	switch {
	case a.status >= 300 && a.status < 400:
		return fmt.Sprintf("the service answered %s, a redirect to another address, which is not followed because a token must not travel there; check the endpoint", status)
	case len(body) == 0:
		return fmt.Sprintf("the service answered %s without a reason", status)
	case isPage(body):
		titled := ""
		if found := pageTitle().FindSubmatch(body[:min(len(body), 8192)]); found != nil {
			text := strings.Join(strings.Fields(strings.ToValidUTF8(string(found[1]), "")), " ")
			titled = fmt.Sprintf(" titled %q", shorten(text, 120))
		}
		return fmt.Sprintf("something between here and the service answered %s with a web page%s; check the proxy and the endpoint", status, titled)
	case body[0] == '{' || body[0] == '[':
		return fmt.Sprintf("the service answered %s with a body that holds no error", status)
	case !isSentence(body):
		return fmt.Sprintf("the service answered %s with a body that is not JSON", status)
	default:
		return fmt.Sprintf("the service answered %s: %s", status, shorten(string(body), 300))
	}
}

var pageTitle = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)<title>\s*([^<\s][^<]*)<`) })

// isSentence reports whether a body is text for people. Anything else may hold a
// secret that cannot be found.
func isSentence(body []byte) bool {
	return utf8.Valid(body) && !bytes.ContainsFunc(body, func(r rune) bool {
		return strings.ContainsRune("{}[]<>=\"", r) || r < ' ' && r != '\n' && r != '\r' && r != '\t'
	})
}
