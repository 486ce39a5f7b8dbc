// Package lookalike finds characters that web pages, word processors and chats
// substitute for plain ones: dashes other than "-", curly quotes, and invisible
// characters.
package lookalike

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
)

// names are the names of the most common characters.
var names = sync.OnceValue(func() map[rune]string {
	return map[rune]string{
		'\t': "a tab", '\n': "a line break", '\r': "a carriage return, as in Windows line ends",
		0x00a0: "a no-break space", 0x00ad: "a soft hyphen", 0x2002: "an en space", 0x2003: "an em space", 0x2007: "a figure space",
		0x2009: "a thin space", 0x200b: "a zero-width space", 0x200c: "a zero-width non-joiner", 0x200d: "a zero-width joiner",
		0x200e: "a left-to-right mark", 0x200f: "a right-to-left mark", 0x202a: "a left-to-right embedding", 0x202e: "a right-to-left override",
		0x202f: "a narrow no-break space", 0x2060: "a word joiner", 0x3000: "an ideographic space", 0xfeff: "a byte order mark",
		0x2010: "a typographic hyphen", 0x2011: "a non-breaking hyphen", 0x2012: "a figure dash", 0x2013: "an en dash", 0x2014: "an em dash",
		0x2015: "a horizontal bar", 0x2212: "a minus sign", 0xfe58: "a small em dash", 0xfe63: "a small hyphen", 0xff0d: "a full-width hyphen",
		0x2018: "a curly quote", 0x2019: "a curly quote", 0x201a: "a low quote", 0x201b: "a curly quote",
		0x201c: "a curly quote", 0x201d: "a curly quote", 0x201e: "a low quote", 0x201f: "a curly quote",
		0x00ab: "a guillemet", 0x00bb: "a guillemet", 0x2039: "a guillemet", 0x203a: "a guillemet",
	}
})

// Dash reports whether r looks like "-" and is not.
func Dash(r rune) bool {
	switch r {
	case '-':
		return false
	case 0x2212, 0x207b, 0x208b, 0x02d7, 0x2043, 0x00af, 0x2500, 0x30fc: // math signs, bullets, rules
		return true
	}
	return unicode.Is(unicode.Pd, r)
}

// Quote reports whether r is a quote that shells do not recognize.
func Quote(r rune) bool {
	switch r {
	case 0x00b4, 0x2032, 0x2033, 0xff02, 0xff07: // an accent, primes, full-width quotes
		return true
	}
	return unicode.In(r, unicode.Pi, unicode.Pf) || r == 0x201a || r == 0x201e
}

// Unseen reports whether r is invisible or looks like a blank.
func Unseen(r rune) bool {
	return r != ' ' && (unicode.In(r, unicode.Z, unicode.C) || 0xfe00 <= r && r <= 0xfe0f || r == 0x034f || r == 0x115f || r == 0x3164)
}

// Any reports whether r is any lookalike.
func Any(r rune) bool { return Dash(r) || Quote(r) || Unseen(r) }

// First returns the first lookalike in text, and whether there is one.
func First(text string) (rune, bool) {
	for _, r := range text {
		if Any(r) {
			return r, true
		}
	}
	return 0, false
}

// Describe names r, for example: an en dash (U+2013).
func Describe(r rune) string {
	name := names()[r]
	switch {
	case name != "":
	case Dash(r):
		name = "a kind of dash"
	case Quote(r):
		name = "a kind of quote"
	case unicode.IsSpace(r):
		name = "an unusual blank"
	case Unseen(r):
		name = "an invisible character"
	case unicode.Is(unicode.Cyrillic, r):
		name = fmt.Sprintf("the Cyrillic letter %q", r)
	case unicode.Is(unicode.Greek, r):
		name = fmt.Sprintf("the Greek letter %q", r)
	default:
		name = fmt.Sprintf("%q", r)
	}
	return fmt.Sprintf("%s (U+%04X)", name, r)
}

// Plain returns the text that was meant: keyboard dashes and quotes, without
// surrounding quotes and invisible characters, and with a leading em dash as
// two dashes.
func Plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case (r == 0x2014 || r == 0x2015) && b.Len() == 0:
			b.WriteString("--")
		case Dash(r):
			b.WriteByte('-')
		case r == 0x201c || r == 0x201d || r == 0x201e || r == 0x201f || r == 0x2033 || r == 0xff02 || r == 0x00ab || r == 0x00bb:
			b.WriteByte('"')
		case Quote(r):
			b.WriteByte('\'')
		case Unseen(r):
		default:
			b.WriteRune(r)
		}
	}
	return strings.Trim(b.String(), `"' `)
}
