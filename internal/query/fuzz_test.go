package query

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzSearch holds, for any expression on any JSON: no panic, an Error or a
// value that is JSON, the same each time, and an input left alone.
func FuzzSearch(f *testing.F) {
	for _, c := range cases {
		f.Add(c.expr, documents[c.doc])
	}
	f.Add("[@,@]|[@,@][]|to_string(@)", `[1e999, -0, 1.0, "\ud800"]`)
	f.Add("sort_by(@,&a)[::-1].{b:a,a:b}", `[{"a":1},{"a":18446744073709551616},{"a":1e-9}]`)
	f.Fuzz(func(t *testing.T, expr, data string) {
		v, err := decode([]byte(data), maxDepth, false)
		if err != nil || len(data) > 10000 {
			return
		}
		before := spell(t, v)
		q, err := Compile(expr)
		if err != nil {
			checkError(t, expr, err)
			return
		}
		if q.String() != expr || !utf8.ValidString(expr) {
			t.Fatalf("compiled %q as %q", expr, q)
		}
		got, err := q.Search(v)
		again, errAgain := q.Search(v)
		if (err == nil) != (errAgain == nil) {
			t.Fatalf("%q: %v the first time, %v the second", expr, err, errAgain)
		}
		if err != nil {
			checkError(t, expr, err)
			return
		}
		if spell(t, got) != spell(t, again) {
			t.Fatalf("%q: two results", expr)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Fatalf("%q: the result is not JSON: %v", expr, err)
		}
		if after := spell(t, v); after != before {
			t.Fatalf("%q changed its input from %s to %s", expr, before, after)
		}
	})
}

// FuzzNumber holds that numbers keep their value when they are spelled, and
// that their order is one.
func FuzzNumber(f *testing.F) {
	for _, seed := range [][2]string{{"1", "1.0"}, {"-0", "0"}, {"1e400", "9007199254740993"}, {"1e-400", "123456789012345678901234567890"}, {"0.1", "1E+2"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.TrimSpace(a), strings.TrimSpace(b)
		if !json.Valid([]byte(a)) || !json.Valid([]byte(b)) || kindOf(mustDecode(t, a)) != kindNumber || kindOf(mustDecode(t, b)) != kindNumber {
			return
		}
		x, y := parseNumber(a), parseNumber(b)
		if x.compare(y) != -y.compare(x) || x.compare(x) != 0 {
			t.Fatalf("%s and %s: %d one way, %d the other", a, b, x.compare(y), y.compare(x))
		}
		if spelled := Canonical(json.Number(a)); parseNumber(string(spelled)).compare(x) != 0 || !json.Valid([]byte(spelled)) {
			t.Fatalf("%s is spelled %s", a, spelled)
		}
		if text, ok := textNumber(a); ok && text.compare(x) != 0 {
			t.Fatalf("the text %q is the number %s", a, text.json())
		}
	})
}
