package render

import (
	"errors"
	"testing"
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
