package query

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Member is one key of an [Object] with its value.
type Member struct {
	Key   string
	Value any
}

// Object is a JSON object that keeps the order of its keys. Keys are unique.
type Object []Member

// Get returns the value of a key.
func (o Object) Get(key string) (v any, ok bool) {
	for i := range o {
		if o[i].Key == key {
			return o[i].Value, true
		}
	}
	return nil, false
}

// Set gives a key of an object whose keys are sorted a value.
func (o *Object) Set(key string, v any) {
	at, found := slices.BinarySearchFunc(*o, key, func(m Member, key string) int { return strings.Compare(m.Key, key) })
	if !found {
		*o = slices.Insert(*o, at, Member{Key: key})
	}
	(*o)[at].Value = v
}

// MarshalJSON writes the members in order.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// builder builds an object from keys that may repeat: the first position and
// the last value stay, as in a Python dict.
type builder struct {
	object Object
	places map[string]int
}

func (b *builder) set(key string, v any) {
	if i, ok := b.places[key]; ok {
		b.object[i].Value = v
		return
	}
	if b.places == nil {
		b.places = map[string]int{}
	}
	b.places[key] = len(b.object)
	b.object = append(b.object, Member{key, v})
}

// kind is a set of JMESPath types.
type kind uint8

const (
	kindNull kind = 1 << iota
	kindBoolean
	kindNumber
	kindString
	kindArray
	kindObject
)

func kindOf(v any) kind {
	switch v.(type) {
	case nil:
		return kindNull
	case bool:
		return kindBoolean
	case string:
		return kindString
	case json.Number, float64, int, int64:
		return kindNumber
	case []any:
		return kindArray
	case Object:
		return kindObject
	}
	return 0
}

// String is the name of a single type, as type() returns it.
func (k kind) String() string {
	switch k {
	case kindNull:
		return "null"
	case kindBoolean:
		return "boolean"
	case kindNumber:
		return "number"
	case kindString:
		return "string"
	case kindArray:
		return "array"
	case kindObject:
		return "object"
	}
	return "unknown"
}

// plain returns v if Search supports its types, else its encoding/json form.
func plain(v any) (any, error) {
	if isPlain(v, 0) {
		return v, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return decode(raw, maxValueDepth, false)
}

func isPlain(v any, depth int) bool {
	if depth > maxValueDepth {
		return false
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if !isPlain(e, depth+1) {
				return false
			}
		}
		return true
	case Object:
		for i := range v {
			if !isPlain(v[i].Value, depth+1) {
				return false
			}
		}
		return true
	}
	return kindOf(v) != 0
}

// isFalse is JMESPath's notion of false, which excludes 0.
func isFalse(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case Object:
		return len(v) == 0
	}
	return false
}
