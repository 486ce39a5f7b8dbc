// Package migrate finds calls of `az ml computetarget`, the retired azure-cli-ml
// extension, in scripts, pipelines, notebooks and pages, and rewrites them to
// call computetarget.
//
// It is pure: bytes in, findings or bytes out. A rewrite changes only the calls
// it understands.
package migrate

import (
	"bytes"
	"encoding/binary"
	"github.com/computetarget/computetarget/pkg/order"
	"slices"
	"unicode/utf16"
)

// Finding is a call of the retired extension, or a check for it.
type Finding struct {
	File     string   // as given
	Line     int      // from 1
	Text     string   // the original call, on one line
	Becomes  string   // the rewritten call, on one line; "" if it must be changed by hand
	Warnings []string // what behaves differently, or why it must be changed by hand

	role       role
	args       []string // what computetarget would get; nil if unknown
	start, end int      // the range of the words that make it a call
	edits      []edit
}

// role tells how a finding affects the line that installs the extension.
type role int

const (
	ordinary role = iota
	installs      // az extension add|update -n azure-cli-ml
	asks          // a check for azure-cli-ml
	attaches      // az ml folder attach
	runs          // az ml run, which reads the files of folder attach
	shared        // a call that either extension serves; not reported
	newer         // az ml compute, of the extension ml
)

// byHand marks f as a call that is not rewritten.
func (f *Finding) byHand(why string) {
	f.Becomes, f.edits, f.Warnings = "", nil, []string{why}
}

// edit replaces the bytes of a file from start to end.
type edit struct {
	start, end int
	text       string
}

// Options is what is known besides the file.
type Options struct {
	// Refuses returns why computetarget would refuse words, or nil. A value
	// from a variable is AnyValue. A nil Refuses accepts everything.
	Refuses func(words []string) error

	// V2 finds az ml compute of the newer extension, too.
	V2 bool

	// Needed names a call outside the file that still needs azure-cli-ml, or is
	// "". A file that only installs the extension then keeps doing so.
	Needed string
}

// AnyValue stands for the value of a variable. It is valid for a flag that
// takes True or False, too.
const AnyValue = "true"

const bom = "\xef\xbb\xbf"

// Find returns the calls in content, in order. The file's name decides the
// syntax; the default is a shell script. Binary content has no calls.
func Find(file string, content []byte, o Options) []Finding {
	_, found := Rewrite(file, content, o)
	return found
}

// Rewrite returns content with every call that has a Becomes replaced, and all
// findings. A second Rewrite changes nothing.
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
		// If a rewritten call would be part of another one, the text is
		// ambiguous.
		for i := range found {
			if found[i].edits != nil {
				found[i].byHand("its rewrite would be read as part of another call: change it by hand")
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
	if !o.V2 {
		found = slices.DeleteFunc(found, func(f Finding) bool { return f.role == newer })
	}
	all.kind = kind
	found = inOrder(found)
	for i := range found {
		if found[i].edits != nil && inContainer(text, found[i].start, kind) {
			found[i].byHand("it runs in another container, which may not have computetarget: install it there")
		}
		if err := o.refuses(found[i]); err != nil {
			found[i].byHand(refusedWhy + err.Error())
		}
	}
	found = inOrder(append(found, all.throughNames(found, o)...))
	found = inOrder(append(found, all.openCalls(found)...))
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

// inContainer reports whether docker run, or GitHub's azure/cli action, runs
// the call at i in a container.
func inContainer(text []byte, i int, k kind) bool {
	line := bytes.LastIndexByte(text[:i], '\n') + 1
	for line > 0 && bytes.HasSuffix(bytes.TrimRight(text[:line-1], " \t\r"), []byte("\\")) { // continued
		line = bytes.LastIndexByte(text[:line-1], '\n') + 1
	}
	const longest = 1 << 12 // bytes of a line that are searched
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

// inOrder sorts findings by position and drops duplicates from overlapping
// views.
func inOrder(found []Finding) []Finding {
	order.By(found, func(a, b Finding) int { return a.start - b.start })
	kept := found[:0]
	end := -1
	for _, f := range found {
		if f.start < end {
			continue
		}
		order.By(f.edits, func(a, b edit) int { return a.start - b.start })
		if n := len(f.edits); n > 0 {
			f.end = max(f.end, f.edits[n-1].end)
		}
		end = f.end
		kept = append(kept, f)
	}
	return kept
}

// toUTF8 returns the text of a file and a function that encodes it again. It
// decodes UTF-16 with a byte order mark, which PowerShell writes; ok is false
// for binary content.
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
