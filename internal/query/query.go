// Package query implements --query: JMESPath as az evaluates it, which is
// Python's jmespath 1.0 with hashes that keep the order of the expression.
//
// It is written from scratch: Go's JMESPath libraries lose the order of keys,
// which -o table and -o tsv print, read numbers as floats, and support neither
// az's bare-word literals (`foo`) nor its comparison of strings.
//
// Deliberate differences from az:
//   - A wrong function name, a wrong number of arguments and a misplaced & are
//     errors of [Compile], before any request is sent, even where evaluation
//     would never reach them.
//   - `NaN` and `Infinity` are strings and to_number('nan') is null, because
//     JSON has no such numbers; a sum too large for a float is an error.
//   - merge() refuses an empty array or string instead of ignoring it.
//   - Excessive nesting or memory use is an error.
package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/exit"
)

const (
	// maxLength limits the expression, in bytes.
	maxLength = 32 << 10
	// maxDepth limits the nesting of an expression; Python's limit is lower.
	maxDepth = 500
	// maxSteps limits the work of one search: nodes visited, elements produced,
	// and a step for every 4 bytes of text. A query of 40 nodes over 10,000
	// computes takes 400,000.
	maxSteps = 1 << 24
	// shareLimit is how many times a value may occur in a result before the
	// result is measured. [@,@] doubles it and can be piped into itself.
	shareLimit = 1 << 12
)

// Query is a compiled expression. It is safe for concurrent use.
type Query struct {
	expression string
	root       node
	shares     int
	steps      int // maxSteps, less in tests
}

// Compile parses an expression. The error has exit code 2.
func Compile(expr string) (*Query, error) {
	switch {
	case expr == "":
		return nil, invalid(expr, -1, "it is empty")
	case len(expr) > maxLength:
		return nil, invalid(expr, -1, "it is longer than 32 KiB")
	case !utf8.ValidString(expr):
		return nil, invalid(strings.ToValidUTF8(expr, "\ufffd"), -1, "it is not valid UTF-8")
	}
	return parse(expr)
}

// Search applies the query to a JSON value made of nil, bool, string,
// json.Number, int, int64, float64, []any and [Object]; any other value, such as
// a map, goes through encoding/json first. The value is not changed; the result shares
// parts with it. Hashes of the query come back as [Object], computed numbers as
// json.Number in Python's spelling. The error has exit code 1: the service has
// done the request by then.
func (q *Query) Search(v any) (any, error) {
	v, err := plain(v)
	if err != nil {
		return nil, q.fail(-1, "the data cannot be read as JSON")
	}
	s := &search{query: q, left: q.steps}
	result, err := s.eval(&q.root, v)
	if err == nil && q.shares > shareLimit {
		err = s.measure(result)
	}
	if err != nil {
		return nil, err
	}
	return result, nil
}

// Names are the keys that the expression reads, in its order.
func (q *Query) Names() []string { return q.root.names(nil) }

func (n *node) names(list []string) []string {
	if n.op == opField {
		list = append(list, n.name)
	}
	for i := range n.kids {
		list = n.kids[i].names(list)
	}
	return list
}

// String returns the original expression.
func (q *Query) String() string { return q.expression }

func (q *Query) fail(at int, reason string) error {
	return unfit(q.expression, at, reason)
}

// invalid is the error for an invalid expression. at is the byte offset of the
// error, or -1.
func invalid(expression string, at int, reason string) error {
	return exit.Usagef("argument --query: invalid JMESPath %s: %s%s", quote(expression, 120), reason, place(expression, at))
}

// unfit is the error for an expression that does not fit the data. The service
// may have done the request by then.
func unfit(expression string, at int, reason string) error {
	return exit.Errorf(exit.Failed, "argument --query: JMESPath %s does not fit the result: %s%s", quote(expression, 120), reason, place(expression, at))
}

// place shows a position in an expression, marked with a caret.
func place(expression string, at int) string {
	if at < 0 || at > len(expression) {
		return ""
	}
	before, after := expression[:at], expression[at:]
	return fmt.Sprintf(" (character %d: %s^%s)", utf8.RuneCountInString(before)+1, printable(tail(before, 24)), printable(head(after, 24)))
}

// quote shows untrusted text in single quotes, cut to a number of characters.
func quote(s string, limit int) string {
	return "'" + printable(head(s, limit)) + "'"
}

// printable replaces characters that could control a terminal or break the
// line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return '\ufffd'
	}, s)
}

func head(s string, limit int) string {
	for i := range s {
		if limit == 0 {
			return s[:i] + "…"
		}
		limit--
	}
	return s
}

func tail(s string, limit int) string {
	for i := len(s); i > 0; limit-- {
		if limit == 0 {
			return "…" + s[i:]
		}
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s
}
