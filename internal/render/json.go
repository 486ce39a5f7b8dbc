package render

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/query"
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
	return query.AppendQuoted(b, s, func(b []byte, r rune) []byte {
		switch {
		case !unsafeRune(r):
			return utf8.AppendRune(b, r)
		case r > 0xffff && yaml:
			return fmt.Appendf(b, `\U%08x`, r)
		}
		return query.AppendEscaped(b, r)
	})
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
		return string(query.Canonical(v))
	}
	return fmt.Sprint(v)
}
