package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/exit"
)

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
