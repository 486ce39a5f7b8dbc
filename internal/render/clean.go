package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unsafeRune reports whether a character could act on a terminal instead of
// being seen: control characters, bidi and other invisible format characters,
// the two line separators, and the two characters that never stand in text. The
// joiners U+200C and U+200D stay: written languages need them.
func unsafeRune(r rune) bool {
	if r < 0x7f {
		return r < 0x20
	}
	switch r {
	case 0x200c, 0x200d:
		return false
	case 0x2028, 0x2029, 0xfffe, 0xffff:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf)
}

// Clean makes text from the service safe for one line of a terminal: tabs and
// line breaks become spaces, other characters that could act on the terminal
// are shown as \u escapes, and broken UTF-8 as U+FFFD.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case r > 0xffff && unsafeRune(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		case unsafeRune(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isClean(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, unsafeRune)
		}
	}
	return true
}

// CleanLines is Clean for text of several lines: tabs and line breaks stay.
func CleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		cells := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		for j, cell := range cells {
			cells[j] = Clean(cell)
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}
