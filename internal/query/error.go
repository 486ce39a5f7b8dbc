package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/exit"
)

// invalid is the error of an expression that is wrong, whatever the data. at is
// the byte where it is wrong, -1 for no place.
func invalid(expression string, at int, reason string) error {
	return exit.Usagef("argument --query: invalid JMESPath %s: %s%s", quote(expression, 120), reason, place(expression, at))
}

// unfit is the error of an expression that cannot be applied to the data: what
// was asked of the service may have been done before that shows.
func unfit(expression string, at int, reason string) error {
	return exit.Errorf(exit.Failed, "argument --query: JMESPath %s does not fit the result: %s%s", quote(expression, 120), reason, place(expression, at))
}

// place shows where in an expression something is, with a caret in front of it.
func place(expression string, at int) string {
	if at < 0 || at > len(expression) {
		return ""
	}
	before, after := expression[:at], expression[at:]
	return fmt.Sprintf(" (character %d: %s^%s)", utf8.RuneCountInString(before)+1, printable(tail(before, 24)), printable(head(after, 24)))
}

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
