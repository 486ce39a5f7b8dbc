package render

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/internal/query"
)

type fixedQuery struct {
	value any
	err   error
}

func (q fixedQuery) Search(any) (any, error) { return q.value, q.err }

func TestPrintChoosesWhatToPrint(t *testing.T) {
	t.Parallel()
	full := func() Result {
		return Result{
			Data:   map[string]any{"name": "a"},
			Text:   "text\n",
			People: func(p *Page) { p.Line("a is Running"); p.Aside("1 compute") },
			Notes:  []string{"a note"},
		}
	}
	const asJSON = "{\n  \"name\": \"a\"\n}\n"
	cases := []struct {
		name      string
		tty       int
		o         Options
		change    func(*Result)
		out, errs string
	}{
		{"terminal", 80, Options{}, nil, "a is Running\n", "1 compute\na note\n"},
		{"pipe with text", 0, Options{}, nil, "text\n", "a note\n"},
		{"pipe", 0, Options{}, func(r *Result) { r.Text = "" }, asJSON, "a note\n"},
		{"terminal with -o", 80, Options{Format: JSON}, nil, asJSON, "a note\n"},
		{"terminal with text only", 80, Options{}, func(r *Result) { r.People = nil }, "text\n", "a note\n"},
		{"terminal with neither", 80, Options{}, func(r *Result) { r.People, r.Text = nil, "" }, asJSON, "a note\n"},
		{"query", 80, Options{Query: fixedQuery{value: "v"}}, nil, "\"v\"\n", "a note\n"},
		{"query without result", 0, Options{Format: Table, Query: fixedQuery{}}, nil, "", "a note\n"},
		{"only errors", 0, Options{Format: None, OnlyErrors: true}, nil, "", ""},
		{"emulator", 80, Options{Emulator: true}, nil, "a is Running\n", "1 compute (emulator)\na note\n"},
		{"emulator on a terminal", 80, Options{Emulator: true}, func(r *Result) { r.People, r.Notes = func(p *Page) { p.Line("a is Running") }, nil }, "a is Running (emulator)\n", ""},
		{"emulator, wide in a pipe", 0, Options{Emulator: true, Format: Wide}, func(r *Result) { r.People, r.Notes = func(p *Page) { p.Line("a is Running") }, nil }, "a is Running\n", "(emulator)\n"},
		{"emulator, a table", 80, Options{Emulator: true}, func(r *Result) {
			r.People, r.Notes = func(p *Page) { p.Cells("NAME"); p.Cells("a") }, nil
		}, "NAME\na\n", "(emulator)\n"},
		{"labels of one width", 80, Options{}, func(r *Result) {
			r.People, r.Notes = func(p *Page) { p.Labels("subscription"); p.Row("tenant", "a"); p.Row("subscription", "b") }, nil
		}, "  tenant       a\n  subscription b\n", ""},
		{"emulator in a pipe", 0, Options{Emulator: true}, nil, "text\n", "a note\n"},
	}
	for _, c := range cases {
		r := full()
		if c.change != nil {
			c.change(&r)
		}
		s, out, errs := TestStreams("", c.tty, c.tty)
		if err := Print(s, c.o, r); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if out.String() != c.out || errs.String() != c.errs {
			t.Errorf("%s:\nstdout %q, want %q\nstderr %q, want %q", c.name, out, c.out, errs, c.errs)
		}
	}
}

func TestPrintReturnsFailures(t *testing.T) {
	t.Parallel()
	s, out, errs := TestStreams("", 0, 0)
	failed := errors.New("b failed")
	if err := Print(s, Options{}, Result{Data: []any{"a"}, Err: failed}); !errors.Is(err, failed) {
		t.Errorf("Err is lost: %v", err)
	}
	if out.String() != "[\n  \"a\"\n]\n" || errs.Len() != 0 {
		t.Errorf("stdout %q, stderr %q", out, errs)
	}
	bad := errors.New("bad query")
	if err := Print(s, Options{Query: fixedQuery{err: bad}}, Result{}); !errors.Is(err, bad) {
		t.Errorf("the query's failure is lost: %v", err)
	}
	if err := Print(s, Options{}, Result{Data: func() {}}); err == nil {
		t.Error("a value that is no JSON prints")
	}
}

// oddValues are JSON values that are easily spelled in another way by mistake.
var oddValues = []string{
	`{"b":1,"a":{"d":[],"c":{}},"id":"/subscriptions/s/resourceGroups/g/providers/p/t/n"}`,
	`{"a":1,"b":2,"a":3}`, `{"a":{"x":1},"a":{"y":2}}`, `{"id":"/subscriptions/s/resourceGroups/g/providers/p/t/n","RESOURCEGROUP":null}`,
	`"é 日本 😀 \ud83d\ude00 \ud800 \udc00x \u0000 \u001b[31m \u202e \u2028 \/ \\ \" \b\f\n\r\t"`, `{"\u0061\ud83d\ude00":"\u0061"}`,
	"\"\xff\xc3(\"", "{\"\xff\":1}", `12345678901234567890123`, `-0`, `-0.0`, `1e2`, `1E400`, `0.1e-6`, `1.0`, `100000000000000000.5`, `1e16`,
	`[[[[[[[[{"a":[{"b":[[]]}]}]]]]]]]]`, ` [ 1 , { "a" : null } ] `, `null`, `true`, `""`, `[]`, `{}`, `{"":""}`,
	strings.Repeat(`{"a":[`, 90) + strings.Repeat(`]}`, 90),
}

// What is read is what encoding/json reads.
func TestDecodeOddValues(t *testing.T) {
	t.Parallel()
	for _, text := range append(slices.Clone(oddValues), `["\\","\"",{"\"a":"\\\""},"a\"b","\\","",""]`) {
		read, err := query.Decode([]byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := json.Marshal(read)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		for _, c := range []struct {
			text string
			into *any
		}{{string(again), &got}, {text, &want}} {
			d := json.NewDecoder(strings.NewReader(c.text))
			d.UseNumber()
			if err := d.Decode(c.into); err != nil {
				t.Fatalf("%q: %v", c.text, err)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %#v, want %#v", text, got, want)
		}
	}
}

// What prints thousands of elements side by side writes what prints one value.
func TestListOfThousands(t *testing.T) {
	t.Parallel()
	var list []any
	for i := range 4*piece + 7 {
		list = append(list, json.RawMessage(oddValues[i%len(oddValues)]))
	}
	for _, n := range []int{1, 2, piece, piece + 1, len(list)} {
		var one strings.Builder
		for i, e := range list[:n] {
			if i > 0 {
				one.WriteByte(',')
			}
			one.Write(e.(json.RawMessage))
		}
		s, out, _ := TestStreams("", 0, 0)
		if err := Print(s, Options{Format: JSON}, Result{Data: list[:n]}); err != nil {
			t.Fatal(err)
		}
		if want := show(t, JSON, "["+one.String()+"]", nil); out.String() != want {
			t.Errorf("a list of %d is printed in another way than one value", n)
		}
	}
}

// fails counts how often it was written to, and fails from the second time on.
type fails int

func (f *fails) Write(p []byte) (int, error) {
	if *f++; *f > 1 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestListThatCannotBePrinted(t *testing.T) {
	t.Parallel()
	list := make([]any, 40*piece)
	for i := range list {
		list[i] = i
	}
	var pipe fails
	s, out, _ := TestStreams("", 0, 0)
	s.Out.Writer = &pipe
	if err := Print(s, Options{Format: JSON}, Result{Data: list}); !errors.Is(err, io.ErrClosedPipe) || pipe != 2 {
		t.Errorf("a pipe that closed after the first write was written to %d times: %v", pipe, err)
	}
	s.Out.Writer = out
	list[piece-1] = func() {}
	if err := Print(s, Options{Format: JSON}, Result{Data: list}); err == nil || out.Len() > 0 {
		t.Errorf("an element that has no JSON: %v, and %d bytes were printed", err, out.Len())
	}
}
