package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is an identifier or a literal of the expression.
type word struct {
	at    int // byte offset
	value any // the name or the literal's value
}

// scanned is an expression rewritten for the parser: every identifier is a
// letter and an index into words, every literal an index in backticks. The
// parser's own lexer never sees their text, so that bare words, key order, big
// numbers and Python's escapes are ours, and every node knows its place.
type scanned struct {
	expression string
	text       []byte
	origin     []int // for each byte of text, its offset in the expression
	words      []word
	slices     [][3]*int // those written as an index, see bracket
}

// firstSlice is the index that stands for slices[0]; clamp keeps the indices
// of an expression below it.
const firstSlice = 1_000_000_000

// scan does what Python's lexer does, and refuses what it refuses.
func scan(expression string) (*scanned, error) {
	s := &scanned{expression: expression}
	operand := false // the token before ends an operand
	name := false    // the token before is an unquoted identifier or a ")"
	index := false   // an index bracket stands before
	for i := 0; i < len(expression); {
		c := expression[i]
		rest := expression[i:]
		two := ""
		if len(rest) > 1 {
			two = rest[:2]
		}
		wasOperand, wasName, wasIndex := operand, name, index
		operand, name, index = false, false, false
		switch {
		case isSpace(c):
			s.emit(i, " ")
			operand, name, index = wasOperand, wasName, wasIndex
			i++
		case isLetter(c):
			n := 1
			for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n])) {
				n++
			}
			s.identifier(i, rest[:n])
			operand, name = true, true
			i += n
		case numberSize(rest) > 0:
			n := numberSize(rest)
			s.emit(i, clamp(rest[:n])+" ")
			operand = true
			i += n
		case c == '"':
			end, err := s.until(i)
			if err != nil {
				return nil, err
			}
			var key string
			if json.Unmarshal([]byte(expression[i:end]), &key) != nil {
				return nil, s.fail(i, "the quoted name is not a JSON string")
			}
			s.identifier(i, key)
			operand = true
			i = end
		case c == '\'':
			end, err := s.until(i)
			if err != nil {
				return nil, err
			}
			s.literal(i, strings.ReplaceAll(expression[i+1:end-1], `\'`, `'`))
			operand = true
			i = end
		case c == '`':
			end, err := s.until(i)
			if err != nil {
				return nil, err
			}
			v, err := literalValue(strings.ReplaceAll(expression[i+1:end-1], "\\`", "`"))
			if err != nil {
				return nil, s.fail(i, "the literal is neither JSON nor a bare word")
			}
			s.literal(i, v)
			operand = true
			i = end
		case two == "||" || two == "&&" || two == "==" || two == "!=" || two == "<=" || two == ">=" || two == "[?":
			s.emit(i, two)
			i += 2
		case two == "[]":
			s.emit(i, two)
			operand = true
			i += 2
		case c == '(' && wasOperand && !wasName:
			return nil, s.fail(i, "only the name of a function can stand before (")
		case (c == '*' || c == '!' || c == '{') && wasOperand:
			return nil, s.fail(i, "unexpected "+string(c))
		case strings.IndexByte("@)}]*", c) >= 0:
			s.emit(i, string(c))
			operand, name = true, c == ')'
			i++
		case c == '[':
			end := s.bracket(i, wasIndex)
			index, operand = end > 0, end > 0
			if end == 0 {
				s.emit(i, "[")
				end = i + 1
			}
			i = end
		case strings.IndexByte(".,:({|&<>!", c) >= 0:
			s.emit(i, string(c))
			i++
		case c == '=':
			return nil, s.fail(i, "unexpected =, equality is ==")
		default:
			r, _ := utf8.DecodeRuneInString(rest)
			return nil, s.fail(i, "unexpected "+printable(string(r)))
		}
	}
	return s, nil
}

func (s *scanned) fail(at int, reason string) error {
	return &Error{Expression: s.expression, Offset: at, Reason: reason}
}

func (s *scanned) emit(at int, text string) {
	s.text = append(s.text, text...)
	for range len(text) {
		s.origin = append(s.origin, at)
	}
}

func (s *scanned) identifier(at int, name string) {
	s.emit(at, "w"+strconv.Itoa(len(s.words))+" ")
	s.words = append(s.words, word{at, name})
}

func (s *scanned) literal(at int, v any) {
	s.emit(at, "`"+strconv.Itoa(len(s.words))+"`")
	s.words = append(s.words, word{at, v})
}

// bracket writes the bracket at an offset as an index, when it is one or a
// slice right behind one, and returns the offset behind it; 0 for any other
// bracket. Python's parser takes a slice behind an index as one more index, so
// that a[0][1:3].b is field b of the sliced array, which is null, and not
// field b of its elements.
func (s *scanned) bracket(at int, afterIndex bool) (end int) {
	var parts [3]*int
	colons := 0
	for i := at + 1; i < len(s.expression); {
		switch c := s.expression[i]; {
		case isSpace(c):
			i++
		case c == ':' && colons < 2 && afterIndex:
			colons++
			i++
		case c == ']' && colons > 0:
			s.emit(at, fmt.Sprintf("[%d]", firstSlice+len(s.slices)))
			s.slices = append(s.slices, parts)
			return i + 1
		case c == ']' && parts[0] != nil:
			s.emit(at, fmt.Sprintf("[%d]", *parts[0]))
			return i + 1
		default:
			size := numberSize(s.expression[i:])
			if size == 0 || parts[colons] != nil {
				return 0
			}
			n, _ := strconv.Atoi(clamp(s.expression[i : i+size]))
			parts[colons] = &n
			i += size
		}
	}
	return 0
}

// until returns the offset behind the delimiter that closes the one at start.
func (s *scanned) until(start int) (int, error) {
	for i := start + 1; i < len(s.expression); i++ {
		switch s.expression[i] {
		case '\\':
			i++
		case s.expression[start]:
			return i + 1, nil
		}
	}
	return 0, s.fail(start, "a "+s.expression[start:start+1]+" is not closed")
}

// literalValue reads the inside of backticks: JSON, or else a bare word, which
// stands for itself.
func literalValue(text string) (any, error) {
	v, err := decode([]byte(text), maxDepth)
	if err == nil || errors.Is(err, errDepth) {
		return v, err
	}
	var bare string
	err = json.Unmarshal([]byte(`"`+strings.TrimLeftFunc(text, unicode.IsSpace)+`"`), &bare)
	return bare, err
}

var errDepth = errors.New("nested too deeply")

// decode reads one JSON value nested no deeper than a limit, keeping the order
// of keys and the digits of numbers.
func decode(raw []byte, limit int) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := decodeValue(d, limit)
	// The token reader accepts some text that is not JSON.
	if err == nil && !json.Valid(raw) {
		err = errors.New("not JSON")
	}
	return v, err
}

func decodeValue(d *json.Decoder, limit int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		if n, ok := t.(json.Number); ok {
			return canonical(n), nil
		}
		return t, nil
	}
	if limit == 0 {
		return nil, errDepth
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := decodeValue(d, limit-1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	object := newBuilder(0)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeValue(d, limit-1)
		if err != nil {
			return nil, err
		}
		object.set(fmt.Sprint(key), v)
	}
	_, err = d.Token()
	return object.object, err
}

// clamp keeps an index or a slice bound inside an int on every machine; no
// list is that long.
func clamp(number string) string {
	digits := strings.TrimPrefix(number, "-")
	sign := number[:len(number)-len(digits)]
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		return "0"
	case len(digits) > 9:
		return sign + "999999999"
	}
	return sign + digits
}

// numberSize is the length of the index at the beginning of a text.
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
