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
	"strings"
	"unicode/utf8"
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

// String returns the original expression.
func (q *Query) String() string { return q.expression }

func (q *Query) fail(at int, reason string) error {
	return unfit(q.expression, at, reason)
}
