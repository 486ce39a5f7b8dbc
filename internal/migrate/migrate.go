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

// Finding is one call of the retired extension.
type Finding struct {
	File     string   // the name that was given
	Line     int      // from 1
	Text     string   // the call as it stands, on one line
	Becomes  string   // the call Rewrite writes, on one line; "" when it has to be changed by hand
	Warnings []string // what behaves differently, or why it has to be changed by hand

	start, end int // where the words that make it a call stand in the file
	edits      []edit
}

// edit replaces the bytes of a file from start to end.
type edit struct {
	start, end int
	text       string
}

const bom = "\xef\xbb\xbf"

// Find returns the calls in content, in order. The file's name decides how it
// is read; an unknown name is read as a shell script. Content that is not text
// has none.
func Find(file string, content []byte) []Finding {
	text, _, ok := toUTF8(content)
	if !ok {
		return nil
	}
	kind := kindOf(file, bytes.TrimPrefix(text, []byte(bom)))
	var found []Finding
	all := view{text: text}
	if bytes.HasPrefix(text, []byte(bom)) {
		all = all.part(len(bom), len(text), shell)
	}
	for _, v := range views(all, kind) {
		found = append(found, v.calls()...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return a.start - b.start })
	kept := found[:0]
	end := -1
	for _, f := range found {
		if f.start < end {
			continue // the same words, seen in two readings of the file
		}
		slices.SortFunc(f.edits, func(a, b edit) int { return a.start - b.start })
		if n := len(f.edits); n > 0 {
			f.end = max(f.end, f.edits[n-1].end)
		}
		end = f.end
		f.File = file
		kept = append(kept, f)
	}
	line, at := 1, 0
	for i := range kept {
		line += bytes.Count(text[at:kept[i].start], []byte("\n"))
		at = kept[i].start
		kept[i].Line = line
	}
	warnFile(kept, text)
	return kept
}

// Rewrite returns content with every call replaced that has a Becomes, and all
// findings. It changes nothing else, and a second Rewrite changes nothing.
func Rewrite(file string, content []byte) ([]byte, []Finding) {
	found := Find(file, content)
	text, encode, ok := toUTF8(content)
	if !ok {
		return content, nil
	}
	var out []byte
	at := 0
	for _, f := range found {
		for _, e := range f.edits {
			out = append(append(out, text[at:e.start]...), e.text...)
			at = e.end
		}
	}
	if at == 0 {
		return content, found
	}
	return encode(append(out, text[at:]...)), found
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
