package compute

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// unmarshal reads JSON as the service may write it: a field of another type than
// expected is left as it is, keys match in any case, and a truth may be a word.
//
// It takes half the time of encoding/json, which a list of thousands feels.
// The next encoding/json is as fast, but would add 0.6 MB to the program.
func unmarshal(data []byte, v any) error {
	d, _ := readers.Get().(*reader)
	defer readers.Put(d)
	d.Reset(bytes.NewBuffer(data), lenient...)
	if err := d.read(reflect.ValueOf(v).Elem()); err != nil {
		return notEOF(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return cmp.Or(err, errBadList)
	}
	return nil
}

// reader reads values.
type reader struct {
	jsontext.Decoder

	// texts are some that came before: those of states and sizes come again.
	texts [256]string
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// read reads one value into v.
func (d *reader) read(v reflect.Value) error {
	if v.Kind() != reflect.Pointer {
		if self, ok := v.Addr().Interface().(json.Unmarshaler); ok {
			value, err := d.ReadValue()
			if err != nil {
				return err
			}
			return self.UnmarshalJSON(value)
		}
	}
	switch kind := d.PeekKind(); v.Kind() {
	case reflect.Pointer:
		return d.pointer(v)
	case reflect.Interface:
		if to := v.Elem(); kind != 'n' && to.Kind() == reflect.Pointer && !to.IsNil() {
			return d.read(to.Elem())
		}
		return d.other(v)
	case reflect.Struct:
		if kind == '{' {
			return d.structure(v)
		}
	case reflect.Slice:
		return d.slice(v)
	case reflect.String:
		if kind == '"' {
			value, err := d.ReadValue()
			if err == nil {
				v.SetString(d.text(value))
			}
			return err
		}
	case reflect.Int, reflect.Int64:
		if kind == '0' {
			value, err := d.ReadValue()
			if n, bad := strconv.ParseInt(string(value), 10, v.Type().Bits()); err == nil && bad == nil {
				v.SetInt(n)
			}
			return err
		}
	case reflect.Bool:
		value, err := d.ReadValue()
		if truth, ok := truthOf(value); ok {
			v.SetBool(truth)
		}
		return err
	default:
		return d.other(v)
	}
	return d.SkipValue()
}

// other reads what encoding/json may read: maps, numbers with a fraction.
func (d *reader) other(v reflect.Value) error {
	value, err := d.ReadValue()
	if err != nil {
		return err
	}
	var otherType *json.UnmarshalTypeError
	if err := json.Unmarshal(value, v.Addr().Interface()); !errors.As(err, &otherType) {
		return err
	}
	return nil
}

// pointer points v at what is there. What is neither true nor false is no
// truth.
func (d *reader) pointer(v reflect.Value) error {
	if d.PeekKind() == 'n' {
		v.SetZero()
		return d.SkipValue()
	}
	if v.Type().Elem().Kind() == reflect.Bool {
		value, err := d.ReadValue()
		truth, ok := truthOf(value)
		if v.SetZero(); ok {
			v.Set(reflect.New(v.Type().Elem()))
			v.Elem().SetBool(truth)
		}
		return err
	}
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	return d.read(v.Elem())
}

// truthOf reads a truth, or the word for one.
func truthOf(value []byte) (truth, ok bool) {
	word := bytes.Trim(value, `"`)
	truth = bytes.EqualFold(word, []byte("true"))
	return truth, truth || bytes.EqualFold(word, []byte("false"))
}

func (d *reader) slice(v reflect.Value) error {
	switch d.PeekKind() {
	case 'n':
		v.SetZero()
		return d.SkipValue()
	case '[':
	default:
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for v.SetZero(); d.PeekKind() != ']'; {
		v.Grow(1)
		v.SetLen(v.Len() + 1)
		if err := d.read(v.Index(v.Len() - 1)); err != nil {
			return err
		}
	}
	if v.IsNil() {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	_, err := d.ReadToken()
	return err
}

func (d *reader) structure(v reflect.Value) error {
	fields := fieldsOf(v.Type())
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadValue()
		if err != nil {
			return err
		}
		at, known := fields.find(name)
		if !known {
			err = d.SkipValue()
		} else {
			err = d.read(v.FieldByIndex(at))
		}
		if err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// fields are where the fields of a struct are, by their names in lower case.
type fields map[string][]int

var known sync.Map // reflect.Type → fields

func fieldsOf(t reflect.Type) fields {
	if f, ok := known.Load(t); ok {
		return f.(fields)
	}
	f := fields{}
	f.add(t, nil)
	known.Store(t, f)
	return f
}

// add adds the fields of t, which is embedded at a place. An outer field hides one
// of an embedded struct.
func (f fields) add(t reflect.Type, at []int) {
	var embedded []int
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			embedded = append(embedded, i)
		case field.IsExported() && name != "-":
			key := strings.ToLower(cmp.Or(name, field.Name))
			if _, hidden := f[key]; !hidden {
				f[key] = append(slices.Clone(at), i)
			}
		}
	}
	for _, i := range embedded {
		inner := t.Field(i).Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		f.add(inner, append(slices.Clone(at), i))
	}
}

// find finds the field of a name as JSON writes it.
func (f fields) find(quoted []byte) (at []int, ok bool) {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		quoted = []byte(`"` + unquoted(quoted) + `"`)
	}
	var lower [64]byte
	if len(quoted) > len(lower) {
		return nil, false
	}
	name := lower[:copy(lower[:], quoted[1:len(quoted)-1])]
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			name[i] = c + 'a' - 'A'
		}
	}
	at, ok = f[string(name)]
	return at, ok
}

// text is a text without its quotes. One that just came before is not allocated
// again.
func (d *reader) text(value []byte) string {
	if bytes.IndexByte(value, '\\') >= 0 || !utf8.Valid(value) || len(value) < 3 {
		return unquoted(value)
	}
	b := value[1 : len(value)-1]
	hash := 7*len(b) + 31*int(b[0]) + 61*int(b[len(b)/2]) + int(b[len(b)-1])
	seen := &d.texts[hash%len(d.texts)]
	if *seen != string(b) {
		*seen = string(b)
	}
	return *seen
}

func unquoted(value []byte) string {
	text, _ := jsontext.AppendUnquote(nil, value) // bad UTF-8 is replaced
	return string(text)
}
