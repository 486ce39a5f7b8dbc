package render

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	colorKey    = "\x1b[34m"
	colorString = "\x1b[32m"
	colorWord   = "\x1b[36m"
	colorOff    = "\x1b[0m"
)

// writeJSON writes JSON as az does: two spaces of indent, sorted keys, UTF-8 as
// it is (but for characters that could act on a terminal), one line break at
// the end.
func writeJSON(out io.Writer, v any, color bool) error {
	w := jsonWriter{out: out, color: color}
	w.value(v, 0)
	w.b = append(w.b, '\n')
	return w.flush()
}

// piece is how many elements of a list are prepared and spelled at once. They
// need several times the memory of what they are made of.
const piece = 128

// writeJSONList writes a list whose elements are prepared and spelled by every
// processor, because a list of thousands feels that.
func writeJSONList(out io.Writer, list []any, prepare func(any) (any, error), color bool) error {
	if len(list) == 0 {
		return writeJSON(out, list, color)
	}
	pieces := slices.Collect(slices.Chunk(list, piece))
	lanes := make([]chan *jsonWriter, min(runtime.GOMAXPROCS(0), len(pieces)))
	spare := sync.Pool{New: func() any { return &jsonWriter{color: color} }}
	done := make(chan struct{})
	var group sync.WaitGroup
	defer group.Wait()
	defer close(done)
	for first := range lanes {
		lanes[first] = make(chan *jsonWriter, 1)
		group.Go(func() {
			for i := first; i < len(pieces); i += len(lanes) {
				w := spare.Get().(*jsonWriter)
				w.elements(pieces[i], prepare, i == 0)
				select {
				case lanes[first] <- w:
				case <-done:
					return
				}
			}
		})
	}
	for i := range pieces {
		w := <-lanes[i%len(lanes)]
		if w.err != nil {
			return w.err
		}
		if i == len(pieces)-1 {
			w.b = append(w.b, "\n]\n"...)
		}
		if _, err := out.Write(w.b); err != nil {
			return err
		}
		w.b = w.b[:0]
		spare.Put(w)
	}
	return nil
}

// elements spells some elements of the outermost list. The error of the first
// one that cannot be prepared is kept in w.err.
func (w *jsonWriter) elements(list []any, prepare func(any) (any, error), first bool) {
	for _, e := range list {
		ready, err := prepare(e)
		if err != nil {
			w.err = err
			return
		}
		w.b = append(w.b, ',')
		if first {
			w.b[len(w.b)-1], first = '[', false
		}
		w.newline(1)
		w.value(ready, 1)
	}
}

type jsonWriter struct {
	out   io.Writer // nil keeps everything in b
	b     []byte    // not yet written
	err   error     // of writing, nothing more is written after it
	color bool
	yaml  bool // escapes as YAML spells them
}

// chunk is how much is written at once, so that long lists are not held in
// memory as text, too.
const chunk = 64 << 10

func (w *jsonWriter) flush() error {
	if w.err == nil {
		_, w.err = w.out.Write(w.b)
	}
	w.b = w.b[:0]
	return w.err
}

func (w *jsonWriter) newline(depth int) {
	if len(w.b) > chunk && w.out != nil {
		_ = w.flush() // kept in w.err
	}
	w.b = append(w.b, '\n')
	for range depth {
		w.b = append(w.b, "  "...)
	}
}

func (w *jsonWriter) painted(color, text string) {
	if w.color {
		w.b = append(append(append(w.b, color...), text...), colorOff...)
		return
	}
	w.b = append(w.b, text...)
}

func (w *jsonWriter) string(color, s string) {
	if w.color {
		w.b = append(w.b, color...)
	}
	w.b = appendQuoted(w.b, s, w.yaml)
	if w.color {
		w.b = append(w.b, colorOff...)
	}
}

func (w *jsonWriter) value(v any, depth int) {
	switch v := v.(type) {
	case string:
		w.string(colorString, v)
		return
	case []any:
		if len(v) == 0 {
			w.b = append(w.b, "[]"...)
			return
		}
		w.b = append(w.b, '[')
		for i, e := range v {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.newline(depth + 1)
			w.value(e, depth+1)
		}
		w.newline(depth)
		w.b = append(w.b, ']')
		return
	}
	list, ok := sorted(v)
	if !ok {
		w.painted(colorWord, scalar(v, "null", "true", "false"))
		return
	}
	if len(list) == 0 {
		w.b = append(w.b, "{}"...)
		return
	}
	w.b = append(w.b, '{')
	for i, m := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.newline(depth + 1)
		w.string(colorKey, m.Key)
		w.b = append(w.b, ": "...)
		w.value(m.Value, depth+1)
	}
	w.newline(depth)
	w.b = append(w.b, '}')
}

// appendQuoted writes a JSON string or, which differs only in how characters
// beyond U+FFFF are escaped, a double-quoted YAML one.
func appendQuoted(b []byte, s string, yaml bool) []byte {
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
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c == '\n':
				b = append(b, '\\', 'n')
			case c == '\r':
				b = append(b, '\\', 'r')
			case c == '\t':
				b = append(b, '\\', 't')
			case c == '\b':
				b = append(b, '\\', 'b')
			case c == '\f':
				b = append(b, '\\', 'f')
			default:
				b = fmt.Appendf(b, `\u%04x`, c)
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case !unsafeRune(r):
			b = utf8.AppendRune(b, r)
		case r > 0xffff && yaml:
			b = fmt.Appendf(b, `\U%08x`, r)
		case r > 0xffff:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
		i += size
	}
	return append(b, '"')
}

// scalar writes null, a bool or a number with the words of the format.
func scalar(v any, null, yes, no string) string {
	switch v := v.(type) {
	case nil:
		return null
	case bool:
		if v {
			return yes
		}
		return no
	case string:
		return v
	case json.Number:
		return number(v)
	case float64:
		return float(v)
	}
	return fmt.Sprint(v)
}

// number writes a JSON number as Python does after reading it: integers as
// they are, anything else as the shortest float.
func number(n json.Number) string {
	s := string(n)
	if !strings.ContainsAny(s, ".eE") {
		if s == "-0" {
			return "0"
		}
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return float(f)
}

// float writes a float as Python's repr does.
func float(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return "null"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
