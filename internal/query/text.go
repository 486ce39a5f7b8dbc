package query

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonText writes JSON as to_string() does: no spaces, ASCII only, keys in
// order.
type jsonText struct {
	search *search
	b      []byte
	paid   int
}

func (w *jsonText) value(v any) error {
	if err := w.search.spendText(len(w.b) - w.paid); err != nil {
		return err
	}
	w.paid = len(w.b)
	switch v := v.(type) {
	case nil:
		w.b = append(w.b, "null"...)
	case bool:
		w.b = strconv.AppendBool(w.b, v)
	case string:
		w.string(v)
	case []any:
		w.b = append(w.b, '[')
		for i, e := range v {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			if err := w.value(e); err != nil {
				return err
			}
		}
		w.b = append(w.b, ']')
	case Object:
		if err := w.search.spend(len(v)); err != nil {
			return err
		}
		w.b = append(w.b, '{')
		for i, m := range v {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.string(m.Key)
			w.b = append(w.b, ':')
			if err := w.value(m.Value); err != nil {
				return err
			}
		}
		w.b = append(w.b, '}')
	default:
		if n := numberOf(v); n.finite() {
			w.b = append(w.b, n.json()...)
		} else {
			w.b = fmt.Append(w.b, v)
		}
	}
	return nil
}

func (w *jsonText) string(s string) { w.b = AppendQuoted(w.b, s, AppendEscaped) }

// AppendQuoted writes a JSON string; other writes a character beyond ASCII.
func AppendQuoted(b []byte, s string, other func([]byte, rune) []byte) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		// Nearly everything is plain, and copied in one go.
		end := i
		for end < len(s) && s[end] >= ' ' && s[end] < 0x7f && s[end] != '"' && s[end] != '\\' {
			end++
		}
		b = append(b, s[i:end]...)
		if i = end; i == len(s) {
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= '\b' && r <= '\r' && r != '\v':
			b = append(b, '\\', "btn_fr"[r-'\b'])
		case r < utf8.RuneSelf:
			b = AppendEscaped(b, r)
		default:
			b = other(b, r)
		}
	}
	return append(b, '"')
}

// AppendEscaped writes a character as JSON escapes it, in two halves beyond
// U+FFFF.
func AppendEscaped(b []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); r > 0xffff {
		return fmt.Appendf(b, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}
