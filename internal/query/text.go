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

func (w *jsonText) string(s string) {
	w.b = append(w.b, '"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == '"' || r == '\\':
			w.b = append(w.b, '\\', byte(r))
		case r >= ' ' && r <= '~':
			w.b = append(w.b, byte(r))
		case r == '\n':
			w.b = append(w.b, `\n`...)
		case r == '\r':
			w.b = append(w.b, `\r`...)
		case r == '\t':
			w.b = append(w.b, `\t`...)
		case r == '\b':
			w.b = append(w.b, `\b`...)
		case r == '\f':
			w.b = append(w.b, `\f`...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			w.b = fmt.Appendf(w.b, `\u%04x\u%04x`, high, low)
		default:
			w.b = fmt.Appendf(w.b, `\u%04x`, r)
		}
	}
	w.b = append(w.b, '"')
}
