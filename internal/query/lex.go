package query

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokName
	tokQuoted // a name in double quotes
	tokLiteral
	tokNumber
	tokAt
	tokDot
	tokStar
	tokComma
	tokColon
	tokBracket      // [
	tokFlatten      // []
	tokFilter       // [?
	tokCloseBracket // ]
	tokParen
	tokCloseParen
	tokBrace
	tokCloseBrace
	tokExpref // &
	tokPipe
	tokOr
	tokAnd
	tokNot
	tokEqual
	tokNotEqual
	tokLess
	tokLessEqual
	tokGreater
	tokGreaterEqual
)

// token is one word of an expression.
type token struct {
	kind  tokenKind
	at    int    // byte offset
	text  string // a name, or the text for messages
	value any    // of a literal
	index int    // of a number
}

// signs are the tokens with fixed text, longest first.
var signs = []struct {
	text string
	kind tokenKind
}{
	{"[]", tokFlatten}, {"[?", tokFilter}, {"||", tokOr}, {"&&", tokAnd},
	{"==", tokEqual}, {"!=", tokNotEqual}, {"<=", tokLessEqual}, {">=", tokGreaterEqual},
	{".", tokDot}, {"*", tokStar}, {",", tokComma}, {":", tokColon}, {"@", tokAt},
	{"[", tokBracket}, {"]", tokCloseBracket}, {"(", tokParen}, {")", tokCloseParen},
	{"{", tokBrace}, {"}", tokCloseBrace}, {"&", tokExpref}, {"|", tokPipe},
	{"!", tokNot}, {"<", tokLess}, {">", tokGreater},
}

// lex splits an expression as Python's lexer does.
func lex(expression string) ([]token, error) {
	var out []token
	for i := 0; i < len(expression); {
		if isSpace(expression[i]) {
			i++
			continue
		}
		t, size, reason := next(expression[i:])
		if reason != "" {
			return nil, invalid(expression, i, reason)
		}
		t.at = i
		out = append(out, t)
		i += size
	}
	return append(out, token{kind: tokEnd, at: len(expression)}), nil
}

// next reads the token at the start of a text, or says why it cannot.
func next(text string) (t token, size int, reason string) {
	switch c := text[0]; {
	case isLetter(c):
		n := 1
		for n < len(text) && (isLetter(text[n]) || isDigit(text[n])) {
			n++
		}
		return token{kind: tokName, text: text[:n]}, n, ""
	case numberSize(text) > 0:
		n := numberSize(text)
		return token{kind: tokNumber, index: clamp(text[:n]), text: "number"}, n, ""
	case c == '"' || c == '\'' || c == '`':
		return quoted(text)
	}
	for _, s := range signs {
		if strings.HasPrefix(text, s.text) {
			return token{kind: s.kind, text: s.text}, len(s.text), ""
		}
	}
	if text[0] == '=' {
		return t, 0, "unexpected =, equality is =="
	}
	r, _ := utf8.DecodeRuneInString(text)
	return t, 0, "unexpected " + printable(string(r))
}

// quoted reads a name in double quotes, a string in single quotes, or a
// literal in backticks.
func quoted(text string) (t token, size int, reason string) {
	quote := text[0]
	size = 1
	for ; size < len(text) && text[size] != quote; size++ {
		if text[size] == '\\' {
			size++
		}
	}
	if size >= len(text) {
		return t, 0, "a " + string(quote) + " is not closed"
	}
	inside := text[1:size]
	size++
	t = token{kind: tokLiteral, text: "literal or quoted name"}
	switch quote {
	case '"':
		t.kind = tokQuoted
		if json.Unmarshal([]byte(text[:size]), &t.text) != nil {
			return t, 0, "the quoted name is not a JSON string"
		}
	case '\'':
		t.value = strings.ReplaceAll(inside, `\'`, `'`)
	default:
		var err error
		if t.value, err = literalValue(strings.ReplaceAll(inside, "\\`", "`")); err != nil {
			return t, 0, "the literal is neither JSON nor a bare word"
		}
	}
	return t, size, ""
}

// literalValue reads the text between backticks: JSON, or a bare word, which is
// a string.
func literalValue(text string) (any, error) {
	v, err := decode([]byte(text), maxDepth, false)
	if err == nil || errors.Is(err, errDepth) {
		return v, err
	}
	var bare string
	err = json.Unmarshal([]byte(`"`+strings.TrimLeftFunc(text, unicode.IsSpace)+`"`), &bare)
	return bare, err
}

// clamp reads an index or slice bound, limited to an int on every machine: no
// list is longer.
func clamp(number string) int {
	const most = 999_999_999
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err == nil:
		return int(max(-most, min(n, most)))
	case number[0] == '-':
		return -most
	}
	return most
}

// numberSize is the length of the index at the start of a text.
func numberSize(s string) int {
	sign := 0
	if strings.HasPrefix(s, "-") {
		sign = 1
	}
	n := sign
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n == sign {
		return 0
	}
	return n
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isLetter(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
