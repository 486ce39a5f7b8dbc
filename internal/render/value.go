package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/computetarget/computetarget/internal/query"
)

// member is one key of an object with its value.
type member = query.Member

// Timed is a value that depends on when it is printed. It is computed then, so
// that only one of thousands is in memory at a time.
type Timed interface{ At(now time.Time) any }

// simplify turns a value into nil, bool, string, json.Number, []any or an
// ordered object, and a compute into its object at a time; every other type
// goes through encoding/json.
func simplify(v any, now time.Time) (any, error) {
	switch v := v.(type) {
	case nil, bool, string, json.Number:
		return v, nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			n, err := simplify(e, now)
			if err != nil {
				return nil, err
			}
			out[i] = n
		}
		return out, nil
	case map[string]any:
		o := make(query.Object, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			o = append(o, member{Key: key, Value: v[key]})
		}
		return simplify(o, now)
	case query.Object:
		for i := range v {
			n, err := simplify(v[i].Value, now)
			if err != nil {
				return nil, err
			}
			v[i].Value = n
		}
		return v, nil
	case Timed:
		return simplify(v.At(now), now)
	case json.RawMessage:
		// Most of what is passed on undecoded is one of these.
		switch string(v) {
		case "", "null":
			return nil, nil
		case "[]":
			return []any{}, nil
		case "{}":
			return query.Object{}, nil
		}
		return Decode(v)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Decode(raw)
}

// Decode reads one JSON value, objects as ordered ones sorted by key. A key
// given twice keeps its last value.
func Decode(raw []byte) (any, error) {
	d := decoder{text: string(raw), Decoder: jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text follows the JSON value")
	}
	return v, nil
}

type decoder struct {
	*jsontext.Decoder
	text string // what it reads
}

// string is the string that was read last: a part of the text, which costs no
// memory of its own, unless it is spelled with escapes.
func (d decoder) string(token jsontext.Token) string {
	end := int(d.InputOffset()) - 1
	start := strings.LastIndexByte(d.text[:end], '"') + 1
	s := d.text[start:end]
	if start > 1 && d.text[start-2] == '\\' || strings.IndexByte(s, '\\') >= 0 || !utf8.ValidString(s) {
		return token.String()
	}
	return s
}

func (d decoder) value() (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		return d.object()
	case '[':
		list := []any{}
		for d.PeekKind() != ']' {
			e, err := d.value()
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		_, err := d.ReadToken()
		return list, err
	case '"':
		return d.string(token), nil
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil
}

// object reads the members and the end of an object.
func (d decoder) object() (any, error) {
	o := make(query.Object, 0, 8)
	for d.PeekKind() != '}' {
		key, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := d.string(key)
		e, err := d.value()
		if err != nil {
			return nil, err
		}
		o.Set(name, e)
	}
	_, err := d.ReadToken()
	return o, err
}

// sorted returns an object's keys in sorted order.
func sorted(v any) (list query.Object, ok bool) {
	list, ok = v.(query.Object)
	if !slices.IsSortedFunc(list, byKey) {
		list = slices.Clone(list)
		sortMembers(list)
	}
	return list, ok
}

func sortMembers(list []member) { slices.SortFunc(list, byKey) }

func byKey(a, b member) int { return strings.Compare(a.Key, b.Key) }

// Field reads one key of an object.
func Field(v any, key string) any {
	o, _ := v.(query.Object)
	e, _ := o.Get(key)
	return e
}

// maxDepth bounds the nesting that is printed: indentation makes the output
// grow with the square of it.
const maxDepth = 200

var errDepth = fmt.Errorf("the result cannot be printed: it is nested more than %d levels deep", maxDepth)

// depth returns how deep lists and objects are nested; 0 for a scalar.
func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
	case query.Object:
		for i := range v {
			deepest = max(deepest, depth(v[i].Value))
		}
	default:
		return 0
	}
	return deepest + 1
}

// injectResourceGroup adds resourceGroup to every object, at any depth, that
// has an ARM id and no such key in any case, as az does before --query.
func injectResourceGroup(v any) any {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			v[i] = injectResourceGroup(e)
		}
	case query.Object:
		has := false
		for i := range v {
			v[i].Value = injectResourceGroup(v[i].Value)
			has = has || strings.EqualFold(v[i].Key, "resourceGroup")
		}
		if id, ok := Field(v, "id").(string); ok && !has {
			if group, ok := groupOf(id); ok {
				v = append(v, member{Key: "resourceGroup", Value: group})
				if slices.IsSortedFunc(v[:len(v)-1], byKey) {
					sortMembers(v)
				}
				return v
			}
		}
	}
	return v
}

// groupOf returns the resource group of an ARM id; ok is false when the id has
// not the form /subscriptions/x/resourceGroups/y/providers/a/b/c.
func groupOf(id string) (group string, ok bool) {
	s := strings.SplitN(id, "/", 10)
	if len(s) < 9 || !strings.EqualFold(s[3], "resourceGroups") {
		return "", false
	}
	return s[4], true
}
