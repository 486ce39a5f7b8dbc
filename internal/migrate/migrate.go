// Package migrate finds calls of `az ml computetarget`, the retired azure-cli-ml
// extension, in scripts, pipelines, notebooks and pages, and rewrites them to
// call computetarget.
//
// It is a pure engine: bytes in, findings or bytes out. A rewrite changes the
// words of the calls it understands and nothing else.
package migrate

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// Finding is one call of the retired extension, or a question whether it is
// installed.
type Finding struct {
	File     string   // the name that was given
	Line     int      // from 1
	Text     string   // the call as it stands, on one line
	Becomes  string   // the call Rewrite writes, on one line; "" when it has to be changed by hand
	Warnings []string // what behaves differently, or why it has to be changed by hand

	role       role
	args       []string // what computetarget would get; nil when that cannot be told
	start, end int      // where the words that make it a call stand in the file
	edits      []edit
}

// role is what a finding means for the line that installs the extension.
type role int

const (
	ordinary role = iota
	installs      // az extension add|update -n azure-cli-ml
	asks          // a question whether azure-cli-ml is installed
	attaches      // az ml folder attach
	runs          // az ml run, which reads what attaching a folder wrote
	shared        // a call that either extension of az serves; not reported
)

// byHand makes f a call that is not rewritten.
func (f *Finding) byHand(why string) {
	f.Becomes, f.edits, f.Warnings = "", nil, []string{why}
}

// edit replaces the bytes of a file from start to end.
type edit struct {
	start, end int
	text       string
}

// Options says what is known besides the file.
type Options struct {
	// Refuses says why computetarget would refuse words, nil when it takes
	// them. Where a variable decides a value, the word is AnyValue. A nil
	// Refuses takes everything.
	Refuses func(words []string) error

	// Needed says which call outside the file still needs azure-cli-ml, ""
	// for none: a file that only installs the extension then keeps doing so.
	Needed string
}

// AnyValue stands for a value that is in a variable. It is a word that a flag
// for True or False takes, too.
const AnyValue = "true"

const bom = "\xef\xbb\xbf"

// Find returns the calls in content, in order. The file's name decides how it
// is read; an unknown name is read as a shell script. Content that is not text
// has none.
func Find(file string, content []byte, o Options) []Finding {
	_, found := Rewrite(file, content, o)
	return found
}

// Rewrite returns content with every call replaced that has a Becomes, and all
// findings. It changes nothing else, and a second Rewrite changes nothing.
func Rewrite(file string, content []byte, o Options) ([]byte, []Finding) {
	text, encode, ok := toUTF8(content)
	if !ok {
		return content, nil
	}
	found := find(file, text, o)
	out, changed := applyEdits(text, found)
	if !changed {
		return content, found
	}
	if again := find(file, out, o); slices.ContainsFunc(again, func(f Finding) bool { return f.edits != nil }) {
		// A rewritten call reads as part of another one: such a text can be
		// understood in two ways.
		for i := range found {
			if found[i].edits != nil {
				found[i].byHand("what it becomes would be read as part of another call: change it by hand")
			}
		}
		return content, found
	}
	return encode(out), found
}

// applyEdits returns text after the edits of all findings.
func applyEdits(text []byte, found []Finding) (out []byte, changed bool) {
	at := 0
	for _, f := range found {
		for _, e := range f.edits {
			out = append(append(out, text[at:e.start]...), e.text...)
			at = e.end
			changed = true
		}
	}
	return append(out, text[at:]...), changed
}

// find returns the calls in text, in order.
func find(file string, text []byte, o Options) []Finding {
	kind := kindOf(file, bytes.TrimPrefix(text, []byte(bom)))
	var found []Finding
	all := view{text: text}
	if bytes.HasPrefix(text, []byte(bom)) {
		all = all.part(len(bom), len(text), shell)
	}
	for _, v := range views(all, kind) {
		found = append(found, v.calls()...)
	}
	all.kind = kind
	found = inOrder(found)
	for i := range found {
		if found[i].edits != nil && inContainer(text, found[i].start, kind) {
			found[i].byHand("it runs in another container, which may have az and no computetarget: install it there")
		}
		if err := o.refuses(found[i]); err != nil {
			found[i].byHand(refusedWhy + err.Error())
		}
	}
	found = inOrder(append(found, all.throughNames(found, o)...))
	line, at := 1, 0
	for i := range found {
		line += bytes.Count(text[at:found[i].start], []byte("\n"))
		at = found[i].start
		found[i].Line, found[i].File = line, file
	}
	found = keepNeeded(found, text, o)
	warnFile(found, text)
	return found
}

// inContainer reports whether the call at i is not run where the script is, but
// by docker run, or in the container of GitHub's azure/cli action.
func inContainer(text []byte, i int, k kind) bool {
	line := bytes.LastIndexByte(text[:i], '\n') + 1
	for line > 0 && bytes.HasSuffix(bytes.TrimRight(text[:line-1], " \t\r"), []byte("\\")) { // continued
		line = bytes.LastIndexByte(text[:line-1], '\n') + 1
	}
	const longest = 1 << 12 // bytes of a line that are looked at
	if compiled().container.Match(text[max(line, i-longest):i]) {
		return true
	}
	if k != yaml {
		return false
	}
	const most = 1 << 14 // bytes of one step
	text, i = text[max(0, i-most):i], min(i, most)
	step := bytes.LastIndex(text, []byte("uses:"))
	if step < 0 {
		return false
	}
	action, between, _ := bytes.Cut(text[step+len("uses:"):i], []byte("\n"))
	indent := step - bytes.LastIndexByte(text[:step], '\n') - 1 - len("- ") // of the step
	next := append(bytes.Repeat([]byte(" "), max(0, indent)), "- "...)
	return bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(action)), []byte("azure/cli@")) &&
		!bytes.HasPrefix(between, next) && !bytes.Contains(between, append([]byte("\n"), next...))
}

const refusedWhy = "computetarget would refuse it: "

func (o Options) refuses(f Finding) error {
	if o.Refuses == nil || f.args == nil || f.Becomes == "" {
		return nil
	}
	return o.Refuses(f.args)
}

// inOrder sorts findings by where they stand and drops what was seen in two
// readings of the file.
func inOrder(found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int { return a.start - b.start })
	kept := found[:0]
	end := -1
	for _, f := range found {
		if f.start < end {
			continue
		}
		slices.SortFunc(f.edits, func(a, b edit) int { return a.start - b.start })
		if n := len(f.edits); n > 0 {
			f.end = max(f.end, f.edits[n-1].end)
		}
		end = f.end
		kept = append(kept, f)
	}
	return kept
}

// toUTF8 returns the text of a file and the way back. UTF-16 with a byte order
// mark, which PowerShell writes, is decoded; ok is false for what is not text.
func toUTF8(content []byte) (text []byte, encode func([]byte) []byte, ok bool) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(content, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return content, func(b []byte) []byte { return b }, bytes.IndexByte(content, 0) < 0
	}
	encode = func(b []byte) []byte {
		var out []byte
		for _, u := range utf16.Encode([]rune(string(b))) {
			out = append(out, 0, 0)
			order.PutUint16(out[len(out)-2:], u)
		}
		return out
	}
	units := make([]uint16, 0, len(content)/2)
	for b := content; len(b) > 1; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	text = []byte(string(utf16.Decode(units)))
	return text, encode, bytes.Equal(encode(text), content)
}
