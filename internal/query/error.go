package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error says why a query is wrong or cannot be applied to the data.
type Error struct {
	// Expression is the query as it was given.
	Expression string
	// Offset is the byte in Expression where the error is, -1 for no place.
	Offset int
	// Reason is the cause, without the expression.
	Reason string
}

// Error is one line: the expression, the reason, and a caret in front of the
// place.
func (e *Error) Error() string {
	s := fmt.Sprintf("argument --query: invalid JMESPath %s: %s", quote(e.Expression, 120), e.Reason)
	if e.Offset < 0 || e.Offset > len(e.Expression) {
		return s
	}
	before, after := e.Expression[:e.Offset], e.Expression[e.Offset:]
	return fmt.Sprintf("%s (character %d: %s^%s)", s,
		utf8.RuneCountInString(before)+1, printable(tail(before, 24)), printable(head(after, 24)))
}

// ExitCode is 2, wrong input.
func (e *Error) ExitCode() int { return 2 }

// quote shows text from outside in single quotes, cut to a number of
// characters.
func quote(s string, limit int) string {
	return "'" + printable(head(s, limit)) + "'"
}

// printable replaces what could act on a terminal or break the line.
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
