package compute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Problem is an error as the service writes it into bodies: in a failed
// answer, in a failed operation, in a compute's errors and provisioningErrors.
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

// Problems is a list of errors. It decodes from any shape and never fails.
type Problems []Problem

// UnmarshalJSON accepts an array, one object, null or nonsense (an empty list).
func (ps *Problems) UnmarshalJSON(data []byte) error {
	*ps = readProblems(data, 0)
	return nil
}

const (
	maxNesting = 8    // of error in error, and of JSON in a message
	maxDetails = 50   // kept per list
	maxMessage = 4096 // bytes kept of one message
)

// text is a string that tolerates numbers and ignores everything else.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	*t = ""
	switch {
	case len(data) == 0:
	case data[0] == '"':
		var s string
		if unmarshal(data, &s) == nil {
			*t = text(s)
		}
	case data[0] == '-' || data[0] >= '0' && data[0] <= '9':
		*t = text(data)
	}
	return nil
}

// wireError has the keys under which errors have been seen, matched without
// regard to case. Description is OAuth's spelling.
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

// readProblems reads errors from any shape seen: {"error":{…}}, that nested
// again, a bare {"code","message"}, a list of either, a message that is itself
// such JSON. It returns nil if data has no error.
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
		for _, item := range items {
			if len(out) >= maxDetails {
				break
			}
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
	// A type error leaves the other fields decoded, which is all there is to
	// know; the shape of an error body is nobody's promise.
	_ = unmarshal(data, &w)
	p := Problem{Code: string(w.Code), Message: string(w.Message), Target: string(w.Target)}
	if p.Message == "" {
		p.Message = string(w.Description)
	}
	p.Details = readProblems(w.Details, depth+1)
	p = unwrapMessage(p, depth)
	for _, inner := range [...]json.RawMessage{w.Error, w.Errors} {
		found := readProblems(inner, depth+1)
		if len(found) == 0 {
			continue
		}
		p = merge(p, found[0])
		p.Details = append(p.Details, found[1:]...)
	}
	// The inner error of OData names a finer code, often without a message: a
	// detail, not the error.
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

// merge puts an inner error's words before its wrapper's: the inner one is the
// cause, the wrapper usually says no more than that something failed.
func merge(outer, inner Problem) Problem {
	if inner.Code == "" {
		inner.Code = outer.Code
	}
	if inner.Message == "" {
		inner.Message = outer.Message
	}
	if inner.Target == "" {
		inner.Target = outer.Target
	}
	inner.Details = append(inner.Details, outer.Details...)
	return inner
}

// unwrapMessage replaces a message that is itself an error in JSON.
func unwrapMessage(p Problem, depth int) Problem {
	s := strings.TrimSpace(p.Message)
	if strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
		if found := readProblems([]byte(s), depth+1); len(found) > 0 {
			p.Message = ""
			p = merge(p, found[0])
			p.Details = append(p.Details, found[1:]...)
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

// refusal is the body of an answer that is an error and nothing else, although
// it came as a success.
type refusal []byte

func (refusal) Error() string { return "the service answered with an error" }

// refused reports whether a body is {"error":…} and nothing else.
func refused(body []byte) bool {
	if !bytes.Contains(body, []byte(`"error"`)) {
		return false
	}
	var keys map[string]json.RawMessage
	return json.Unmarshal(body, &keys) == nil && len(keys) == 1 && len(readProblems(keys["error"], 0)) > 0
}

// answerError is the error an answer of the service stands for.
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
	if e.Code == "" {
		e.Code = shorten(a.header.Get("x-ms-error-code"), 100)
	}
	if e.Message == "" {
		e.Message = describe(a)
	}
	e.Kind = classify(a.status, e.Code, e.Message)
	if isPage(a.body) {
		// The service did not write this: its 404 is not a missing compute and
		// its 403 not a missing permission.
		e.Kind = KindUnreachable
	}
	for _, d := range e.Details {
		// Quota and capacity are often told in a detail under a general code.
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

// describe says in words what an answer without a readable error was.
func describe(a *answer) string {
	status := fmt.Sprintf("HTTP %d", a.status)
	if words := http.StatusText(a.status); words != "" {
		status += " " + words
	}
	body := bytes.TrimSpace(a.body)
	switch {
	case a.status >= 300 && a.status < 400:
		return fmt.Sprintf("the service answered %s, a redirect to another address, which is not followed because a token must not travel there; check the endpoint", status)
	case len(body) == 0:
		return fmt.Sprintf("the service answered %s without a reason", status)
	case isPage(body):
		if title := htmlTitle(body); title != "" {
			return fmt.Sprintf("something between here and the service answered %s with a web page titled %q; check the proxy and the endpoint", status, title)
		}
		return fmt.Sprintf("something between here and the service answered %s with a web page; check the proxy and the endpoint", status)
	case body[0] == '{' || body[0] == '[':
		return fmt.Sprintf("the service answered %s with a body that holds no error", status)
	case !isSentence(body):
		return fmt.Sprintf("the service answered %s with a body that is not JSON", status)
	default:
		return fmt.Sprintf("the service answered %s: %s", status, shorten(string(body), 300))
	}
}

// isSentence reports whether a body is words for people. Anything else may hold
// a secret that cannot be told from the rest.
func isSentence(body []byte) bool {
	return utf8.Valid(body) && !bytes.ContainsFunc(body, func(r rune) bool {
		return strings.ContainsRune("{}[]<>=\"", r) || r < ' ' && r != '\n' && r != '\r' && r != '\t'
	})
}

func htmlTitle(body []byte) string {
	lower := bytes.Clone(body[:min(len(body), 8192)])
	for i, b := range lower {
		if 'A' <= b && b <= 'Z' {
			lower[i] = b + ('a' - 'A')
		}
	}
	start := bytes.Index(lower, []byte("<title>"))
	if start < 0 {
		return ""
	}
	start += len("<title>")
	end := bytes.Index(lower[start:], []byte("<"))
	if end < 0 {
		return ""
	}
	return shorten(strings.Join(strings.Fields(strings.ToValidUTF8(string(body[start:start+end]), "")), " "), 120)
}
