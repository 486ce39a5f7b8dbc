package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/query"
)

// Result is what a command returns; Print renders it. The zero Result prints
// nothing and is a success.
type Result struct {
	// Data is the result as a JSON value: maps, slices, strings, numbers,
	// json.RawMessage, or anything encoding/json can marshal. One name asked
	// for gives an object, several an array. nil prints nothing.
	Data any

	// Body says that Data is a body of the service's own protocol: it is shown
	// as it goes over the wire, without the resourceGroup that results get.
	Body bool

	// Names are printed one a line by -o name, IDs by -o id. When nil, they are
	// read from Data: the name and the ARM id of every object.
	Names, IDs []string

	// People draws the view for a person: on a terminal without -o and --query,
	// and with -o wide. nil means that a terminal gets JSON too (as with -v).
	People func(*Page)

	// Text is the result of commands whose result is text (scripts,
	// configuration lines, reports by line, the plain lines of attach). It is
	// printed as it is when neither -o nor --query is given, on a terminal or
	// not, unless People applies.
	Text string

	// IsText says that the result is text, which may be empty.
	IsText bool

	// Table, when set, makes what -o table prints: columns of its own, or a
	// picture that no columns could draw.
	Table func() string

	// Did draws what a command has done already. It is said on stderr when the
	// result cannot be printed, so that a failure there does not hide it.
	Did func(*Page)

	// Summary is how several computes fared, when some failed: "29 running, 11
	// failed: quota". It is for a person who has read the errors.
	Summary string

	// V1 narrows tsv and table to exactly what the v1 command printed, off a
	// terminal and without --query.
	V1 *V1

	// Notes are sentences for people, written to stderr after the result.
	Notes []string

	// Aside are sentences that People says itself: notes wherever it is not
	// drawn.
	Aside []string

	// Err is a failure that leaves something to print: the rest is rendered
	// and Print returns Err.
	Err error
}

// nothing reports whether there is nothing to print.
func (r Result) nothing() bool {
	list, ok := r.Data.([]any)
	return r.Data == nil || ok && len(list) == 0
}

// nothingIn reports whether a query found nothing: null, or only nulls.
func nothingIn(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !nothingIn(e) })
	case query.Object:
		return !slices.ContainsFunc(v, func(m query.Member) bool { return !nothingIn(m.Value) })
	}
	return false
}

// Searcher is a compiled --query expression.
type Searcher interface {
	Search(data any) (any, error)
}

// Options say how to print.
type Options struct {
	// Format is the format from -o or the settings; empty means the readable
	// view on a terminal and JSON elsewhere.
	Format Format
	// Query is the compiled --query, nil for none.
	Query Searcher
	// Emulator marks what a person reads with "(emulator)", once.
	Emulator bool
	// Missed, when set, is a note on a query that found nothing, or "".
	Missed func() string
	// OnlyErrors drops notes (--only-show-errors).
	OnlyErrors bool
	// Now is the service's time in the zone people read times in; zero means
	// the machine's clock and zone.
	Now time.Time
	// Zone names the zone of Now where it is not the machine's; "" where it is.
	Zone string
}

// Print renders r. It returns r.Err once the rest is printed, or the reason
// why r cannot be printed; nothing has been said about either on stderr, the
// caller passes it to PrintError and ExitCode.
func Print(s *Streams, o Options, r Result) error {
	if err := printResult(s, o, &r); err != nil {
		if r.Did != nil && !drawn(s, o, &r) {
			p := newPage(s, o)
			p.emulator = false // stderr says it where it is a terminal
			r.Did(p)
			_, _ = p.out.WriteTo(s.Err) // the failure itself says more
		}
		switch {
		case r.Err != nil && o.Query != nil && r.nothing():
			err = r.Err // a query about nothing says nothing of the failure
		case r.Err != nil:
			err = errors.Join(err, r.Err)
		}
		return err
	}
	if !drawn(s, o, &r) {
		r.Notes = append(slices.Clip(r.Aside), r.Notes...)
	}
	for _, note := range r.Notes {
		Note(s, o, note)
	}
	return r.Err
}

// Lines are the lines that Print would write: the result's, and the notes that
// stand on stderr.
func Lines(s *Streams, o Options, r Result) (result, notes []string, err error) {
	var texts [2]bytes.Buffer
	in, out, errs := *s, *s.Out, *s.Err
	out.Writer, errs.Writer = &texts[0], &texts[1]
	in.Out, in.Err = &out, &errs
	err = Print(&in, o, r)
	return linesOf(texts[0].String()), linesOf(texts[1].String()), err
}

func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// Note writes one sentence for people to stderr, unless only errors are wanted.
func Note(s *Streams, o Options, sentence string) {
	if o.OnlyErrors {
		return
	}
	line := s.said(sentence)
	if o.Emulator && s.Err.TTY && !s.marked {
		line += emulatorMark
		s.marked = true
	}
	fmt.Fprintln(s.Err, line)
}

const emulatorMark = " (emulator)"

// drawn reports whether the readable view is printed.
func drawn(s *Streams, o Options, r *Result) bool {
	return r.People != nil && (o.Format == Wide || o.Format == "" && o.Query == nil && s.Out.TTY)
}

func printResult(s *Streams, o Options, r *Result) error {
	plain := (o.Format == "" || o.Format == Wide) && o.Query == nil
	if drawn(s, o, r) {
		p := newPage(s, o)
		r.People(p)
		return p.flush()
	}
	if plain && (r.IsText || r.Text != "") {
		_, err := io.WriteString(s.Out, r.Text)
		return err
	}
	format := o.Format
	if format == "" || format == Wide {
		format = JSON
	}
	if format == None {
		return nil
	}
	if format == Table && o.Query == nil && r.Table != nil {
		_, err := io.WriteString(s.Out, r.Table())
		return err
	}
	if format == Name && o.Query == nil && r.Names != nil {
		return writeNames(s.Out, r.Names)
	}
	if format == ID && o.Query == nil && r.IDs != nil {
		return writeNames(s.Out, r.IDs)
	}
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	prepared := func(v any) (any, error) {
		v, err := simplify(v, now)
		switch {
		case err != nil:
			return nil, fmt.Errorf("the result cannot be printed: %w", err)
		case depth(v) > maxDepth:
			return nil, errDepth
		case !r.Body:
			v = injectResourceGroup(v)
		}
		return v, nil
	}
	if list, ok := r.Data.([]any); ok && o.Query == nil && (format == JSON || format == JSONC) {
		return writeJSONList(s.Out, list, prepared, format == JSONC && s.Out.Color)
	}
	data, err := prepared(r.Data)
	if err != nil {
		return err
	}
	if o.Query != nil {
		had := !r.nothing()
		if data, err = o.Query.Search(data); err != nil {
			return err
		}
		if had && o.Missed != nil && nothingIn(data) {
			if note := o.Missed(); note != "" {
				r.Notes = append(slices.Clip(r.Notes), note)
			}
		}
	}
	if o.Query != nil && depth(data) > maxDepth {
		return errDepth
	}
	v1 := r.V1
	if s.Out.TTY || o.Query != nil {
		v1 = nil
	}
	return write(s.Out, format, data, v1, o.Query != nil)
}
