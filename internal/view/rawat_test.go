package view

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func TestRawAt(t *testing.T) {
	t.Parallel()
	const doc = ` { "a" : 1 , "b\"c" : "}", "n":null, "o" : {"x":[{"a":2},"]"],"y":{ } , "z" : "\\\"" } ,"a2":true}`
	for _, c := range []struct {
		path []string
		want string
	}{
		{nil, doc[1:]}, {[]string{"a"}, "1"}, {[]string{"n"}, "null"}, {[]string{"o", "x"}, `[{"a":2},"]"]`}, {[]string{"o", "y"}, "{ }"},
		{[]string{"o", "z"}, `"\\\""`}, {[]string{"a2"}, "true"}, {[]string{"x"}, ""}, {[]string{"a", "b"}, ""}, {[]string{"o", "y", "q"}, ""}, {[]string{"n", "a"}, ""},
	} {
		if got := string(rawAt([]byte(doc), c.path...)); got != c.want {
			t.Errorf("%q: %q, want %q", c.path, got, c.want)
		}
	}
}

// keyOf is the slow way to one key of an object, through encoding/json: the
// first value of the key, nil when there is none.
func keyOf(doc []byte, key string) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(doc))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	for d.More() {
		k, err := d.Token()
		var raw json.RawMessage
		if err != nil || d.Decode(&raw) != nil {
			return nil
		}
		if k == key {
			return raw
		}
	}
	return nil
}

// FuzzRawAt compares with encoding/json, and holds that broken documents do no
// harm.
func FuzzRawAt(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,{"c":"}\\\""}]},"b":1}`), "a", "b")
	f.Add([]byte(`{"a" : "x\\", "a":{"b":{} }}`), "a", "b")
	f.Add([]byte(`{"a`), "a", "b")
	f.Add([]byte(`{"a":`), "a", "b")
	f.Add([]byte(`{"`), "", "")
	f.Fuzz(func(t *testing.T, doc []byte, a, b string) {
		got := rawAt(doc, a, b)
		if !json.Valid(doc) || !utf8.Valid(doc) {
			return
		}
		want := keyOf(keyOf(doc, a), b)
		if got == nil && bytes.IndexByte(doc, '\\') >= 0 {
			return // a key written with escapes is not found; the service writes none
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%q in %q: %q, want %q", []string{a, b}, doc, got, want)
		}
	})
}
