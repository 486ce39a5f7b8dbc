package render

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/internal/query"
)

// writeYAML writes block YAML with sorted keys. Strings that a YAML parser
// could misread are double-quoted.
func writeYAML(out io.Writer, v any, color bool) error {
	w := jsonWriter{out: out, color: color, yaml: true}
	w.block(v, 0, false)
	return w.flush()
}

// block writes v with its nested lines indented by depth; inline says that
// something already stands on the line.
func (w *jsonWriter) block(v any, depth int, inline bool) {
	if list, ok := v.([]any); ok && len(list) > 0 {
		for i, e := range list {
			w.yamlIndent(depth, inline && i == 0)
			w.b = append(w.b, "- "...)
			w.block(e, depth+1, true)
		}
		return
	}
	if list, ok := sorted(v); ok && len(list) > 0 {
		for i, m := range list {
			w.yamlIndent(depth, inline && i == 0)
			if len(m.Key) > longKey {
				w.b = append(w.b, "? "...)
				w.yamlString(colorKey, m.Key)
				w.b = append(w.b, '\n')
				w.yamlIndent(depth, false)
			} else {
				w.yamlString(colorKey, m.Key)
			}
			w.b = append(w.b, ':')
			if nested(m.Value) {
				w.b = append(w.b, '\n')
				w.block(m.Value, depth+1, false)
				continue
			}
			w.b = append(w.b, ' ')
			w.block(m.Value, depth, true)
		}
		return
	}
	switch e := v.(type) {
	case string:
		w.yamlString(colorString, e)
	case []any:
		w.b = append(w.b, "[]"...)
	default:
		if _, ok := v.(query.Object); ok {
			w.b = append(w.b, "{}"...)
			break
		}
		w.painted(colorWord, yamlScalar(v))
	}
	w.b = append(w.b, '\n')
}

// longKey is the length above which a key is written as an explicit one: YAML
// readers look only so far for the colon of a simple key.
const longKey = 128

func nested(v any) bool {
	if list, ok := v.([]any); ok {
		return len(list) > 0
	}
	list, ok := v.(query.Object)
	return ok && len(list) > 0
}

func (w *jsonWriter) yamlIndent(depth int, skip bool) {
	if len(w.b) > chunk {
		_ = w.flush() // kept in w.err
	}
	if skip {
		return
	}
	for range depth {
		w.b = append(w.b, "  "...)
	}
}

// yamlScalar keeps floats floats for readers of YAML 1.1, which want a dot, and
// for numbers beyond any float, which they would read as strings.
func yamlScalar(v any) string {
	s := scalar(v, "null", "true", "false")
	i := strings.IndexAny(s, "eE")
	if _, number := v.(json.Number); !number || i < 0 {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err != nil {
		return strings.Repeat("-", strings.Count(s[:1], "-")) + ".inf"
	}
	if !strings.Contains(s[:i], ".") {
		s = s[:i] + ".0" + s[i:]
	}
	return s
}

func (w *jsonWriter) yamlString(color, s string) {
	if plainYAML(s) {
		w.painted(color, s)
		return
	}
	w.string(color, s)
}

// plainYAML reports whether s is the same string to every YAML reader without
// quotes: it starts with an ASCII letter, continues with letters, digits and
// "_-./", and is not a reserved word.
func plainYAML(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		other := c >= '0' && c <= '9' || strings.IndexByte("_-./", c) >= 0
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf":
		return false
	}
	return true
}
