package migrate

import (
	"bytes"
	jsontext "encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// view is a part of a file as its reader sees it, with escapes undone, so that
// it has commands as the shell gets them. Byte i of text came from the bytes
// from[i] to to[i] of the file.
type view struct {
	kind     kind
	text     []byte
	from, to []int // nil: byte i is byte base+i of the file
	base     int
	comments []span // for kinds with block comments
	literal  bool   // a string literal, to which a program may append
	inPage   bool   // shown in the text of a page
}

type span struct{ start, end int }

func (v view) start(i int) int {
	switch {
	case v.from == nil:
		return v.base + i
	case i < len(v.from):
		return v.from[i]
	case i > 0:
		return v.to[i-1]
	}
	return v.base
}

// end is the end of byte i in the file.
func (v view) end(i int) int {
	if v.from == nil {
		return v.base + i + 1
	}
	return v.to[i]
}

// part returns a part of v.
//
//go:noinline
func (v view) part(start, end int, k kind) view {
	p := view{kind: k, text: v.text[start:end], base: v.start(start)}
	if v.from != nil {
		p.from, p.to = v.from[start:end], v.to[start:end]
	}
	return p
}

// edits replaces the bytes start to end of the view in the file. Bytes between
// two lines of a notebook are not in the view and stay.
func (v view) edits(start, end int, text string) []edit {
	if v.from == nil || start == end {
		return []edit{{v.start(start), v.start(start) + end - start, text}}
	}
	out := []edit{{v.from[start], v.to[start], text}}
	for i := start + 1; i < end; i++ {
		if last := &out[len(out)-1]; last.end == v.from[i] {
			last.end = v.to[i]
		} else {
			out = append(out, edit{v.from[i], v.to[i], ""})
		}
	}
	return out
}

// views splits v, read as k, into the parts that can contain commands.
func views(v view, k kind) []view {
	v.kind = k
	switch k {
	case notebook:
		return notebookViews(v)
	case markdown:
		return markdownViews(v)
	case python:
		return pythonViews(v)
	case json:
		return jsonViews(v)
	case powershell:
		v.comments = blockComments(v.text, "<#", "#>")
	case terraform, groovy:
		v.comments = blockComments(v.text, "/*", "*/")
	}
	return []view{v}
}

// blockComments returns the spans between open and end. An open after a visible
// character is text, as in a glob (dir/*).
func blockComments(text []byte, open, end string) []span {
	var spans []span
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(open))
		if i < 0 {
			return spans
		}
		start := at + i
		at = start + len(open)
		if start > 0 && !isSpace(text[start-1]) {
			continue
		}
		n := bytes.Index(text[at:], []byte(end))
		if n < 0 {
			return spans
		}
		at += n + len(end)
		spans = append(spans, span{start, at})
	}
}

// markdownViews returns code blocks, fenced or indented, and inline code.
func markdownViews(v view) []view {
	var out []view
	fence, language, block := "", "", 0
	for at := 0; at < len(v.text); {
		end := len(v.text)
		if n := bytes.IndexByte(v.text[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		line := string(v.text[at:end])
		bare := strings.TrimLeft(line, " \t>")
		switch {
		case fence != "":
			if rest := strings.TrimSpace(bare); strings.HasPrefix(rest, fence) && strings.Trim(rest, fence[:1]) == "" {
				out = append(out, views(v.part(block, at, shell), kindByLanguage(language))...)
				fence = ""
			}
		case fenced(&bare):
			language = strings.TrimLeft(bare, bare[:1])
			if strings.Contains(language, "`") {
				out = append(out, inlineCode(v, at, end)...)
				break
			}
			fence = bare[:len(bare)-len(language)]
			language, _, _ = strings.Cut(strings.TrimSpace(language), " ")
			block = end
		case strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t"):
			if !strings.Contains(line, "`") && !strings.Contains(line, "](") { // a link stands in the text of a list
				out = append(out, v.part(at, end, shell))
				break
			}
			fallthrough
		default:
			out = append(out, inlineCode(v, at, end)...)
			out = append(out, quotedCode(v, at, end)...)
		}
		at = end
	}
	if fence != "" {
		out = append(out, views(v.part(block, len(v.text), shell), kindByLanguage(language))...)
	}
	return out
}

// fenced reports whether a line opens a code block, and removes a list marker
// from it.
func fenced(line *string) bool {
	bare := *line
	if item := strings.TrimLeft(strings.TrimLeft(bare, "0123456789"), "-*+.)"); item != bare {
		bare = strings.TrimLeft(item, " \t")
	}
	if strings.HasPrefix(bare, "```") || strings.HasPrefix(bare, "~~~") {
		*line = bare
		return true
	}
	return false
}

// inlineCode returns the text between backticks on a line.
func inlineCode(v view, start, end int) []view {
	var out []view
	line := v.text[start:end]
	for at := 0; at < len(line); {
		if line[at] != '`' {
			at++
			continue
		}
		n := 1
		for at+n < len(line) && line[at+n] == '`' {
			n++
		}
		open := at + n
		size := bytes.Index(line[open:], line[at:open])
		if size < 0 {
			at = open
			continue
		}
		code := v.part(start+open, start+open+size, shell)
		code.inPage = true
		out = append(out, code)
		at = open + size + n
	}
	return out
}

// asCode finds commands that a page shows without backticks: in quotes, in code
// tags, and, if they have flags, on their own line.
var asCode = sync.OnceValue(func() *regexp.Regexp {
	const command = `az(?:\.cmd)?[ \t]+(?:ml|extension)[ \t]`
	return regexp.MustCompile(`(?i)(?:^|[\s(>:])'(` + command + `[^\r\n]*?)'(?:$|\W)` +
		`|(?:^|[\s(>:])"(` + command + `[^"\r\n]*)"` +
		`|<(?:code|pre|kbd)>(` + command + `[^<\r\n]*)</` +
		`|^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?:\$[ \t]+)?(` + command + `[^\r\n]*?[ \t]--?[a-z][^\r\n]*)$`)
})

func quotedCode(v view, start, end int) []view {
	var out []view
	for _, m := range asCode().FindAllSubmatchIndex(bytes.TrimRight(v.text[start:end], "\r\n"), -1) {
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				code := v.part(start+m[g], start+m[g+1], shell)
				code.inPage = true
				out = append(out, code)
			}
		}
	}
	return out
}

// jsonViews returns the text of every string, and the whole, which is searched
// for lists of strings only. It skips comments, which editor settings have.
func jsonViews(v view) []view {
	out := []view{v}
	for at := 0; at < len(v.text); at++ {
		rest := v.text[at:]
		skip := 0
		switch {
		case rest[0] == '"':
			end := closing(v.text, at+1, `"`)
			if end < 0 {
				continue
			}
			literal := view{kind: shell, from: []int{}, to: []int{}, literal: true}
			literal.appendJSON(v, span{at, end + 1})
			if len(literal.text) > 0 {
				out = append(out, literal)
			}
			at = end
		case bytes.HasPrefix(rest, []byte("//")):
			skip = bytes.IndexByte(rest, '\n')
		case bytes.HasPrefix(rest, []byte("/*")):
			skip = bytes.Index(rest, []byte("*/"))
		}
		if skip < 0 {
			break
		}
		if skip > 0 {
			out[0].comments = append(out[0].comments, span{at, at + skip})
			at += skip
		}
	}
	return out
}

// pythonViews returns the text of every string literal, and the code, which is
// searched for lists of strings only.
func pythonViews(v view) []view {
	v.kind = python
	out := []view{v}
	open := "" // a triple quote that is never closed
	for at := 0; at < len(v.text); {
		switch c := v.text[at]; {
		case c == '#':
			n := bytes.IndexByte(v.text[at:], '\n')
			if n < 0 {
				return out
			}
			at += n
		case c == '"' || c == '\'':
			raw := false
			for i := at - 1; i >= 0 && i >= at-2 && isLetter(v.text[i]); i-- {
				raw = raw || v.text[i] == 'r' || v.text[i] == 'R'
			}
			quote := string(c)
			if bytes.HasPrefix(v.text[at:], []byte(strings.Repeat(quote, 3))) {
				quote = strings.Repeat(quote, 3)
			}
			start := at + len(quote)
			end := -1
			if quote != open {
				end = closing(v.text, start, quote)
			}
			if end < 0 {
				if len(quote) > 1 {
					open = quote
				}
				at++ // not a literal after all
				continue
			}
			literal := v.part(start, end, shell)
			if !raw {
				literal = literal.unescape()
			}
			literal.literal = true
			out = append(out, literal)
			at = end + len(quote)
		default:
			at++
		}
	}
	return out
}

// closing returns the end of the literal that starts at start, or -1.
func closing(text []byte, start int, quote string) int {
	for i := start; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '\n' && len(quote) == 1:
			return -1
		case bytes.HasPrefix(text[i:], []byte(quote)):
			return i
		}
	}
	return -1
}

// unescape undoes the escapes that matter in a command: \n, \t, \\, \" and \'.
func (v view) unescape() view {
	if bytes.IndexByte(v.text, '\\') < 0 {
		return v
	}
	out := view{kind: v.kind, base: v.base}
	for i := 0; i < len(v.text); i++ {
		c, n := v.text[i], 1
		if c == '\\' && i+1 < len(v.text) {
			switch next := v.text[i+1]; next {
			case 'n':
				c, n = '\n', 2
			case 't':
				c, n = '\t', 2
			case 'r':
				c, n = '\r', 2
			case '\\', '"', '\'':
				c, n = next, 2
			}
		}
		out.text = append(out.text, c)
		out.from = append(out.from, v.start(i))
		out.to = append(out.to, v.end(i+n-1))
		i += n - 1
	}
	return out
}

// notebookViews returns the sources of the cells, without outputs.
func notebookViews(v view) []view {
	cells, ok := notebookCells(v.text)
	if !ok {
		return nil
	}
	var out []view
	for _, c := range cells {
		cell := view{from: []int{}, to: []int{}}
		for _, s := range c.source {
			cell.appendJSON(v, s)
		}
		if len(cell.text) == 0 {
			continue
		}
		switch c.kind {
		case "markdown":
			out = append(out, markdownViews(cell)...)
		case "code":
			out = append(out, cellViews(cell)...)
		}
	}
	return out
}

// cellViews reads a code cell: a cell of another language by its %% line, else
// Python with shell lines (!az …).
func cellViews(v view) []view {
	first, _, _ := strings.Cut(strings.TrimLeft(string(v.text), " \t\r\n"), "\n")
	if magic, ok := strings.CutPrefix(first, "%%"); ok {
		name := strings.Fields(magic + " x")
		switch name[0] {
		case "bash", "sh", "!", "system", "sx", "script":
			if name[0] == "script" {
				return views(v, kindByLanguage(name[1]))
			}
			return views(v, shell)
		case "cmd":
			return views(v, batch)
		case "powershell", "pwsh":
			return views(v, powershell)
		}
	}
	out := pythonViews(v)
	for at := 0; at < len(v.text); {
		end := at
		for end < len(v.text) && (v.text[end] != '\n' || bytes.HasSuffix(v.text[:end], []byte(`\`))) {
			end++
		}
		line := strings.TrimSpace(string(v.text[at:end]))
		name, right, assigned := strings.Cut(line, "=")
		if assigned && strings.TrimSpace(name) != "" && !strings.ContainsAny(name, "!%\"'(") {
			line = strings.TrimSpace(right)
		}
		for _, mark := range []string{"!", "%sx ", "%system ", "%%time !"} {
			if strings.HasPrefix(line, mark) {
				out = append(out, v.part(at, end, shell))
				break
			}
		}
		at = end + 1
	}
	return out
}

type cell struct {
	kind   string
	source []span // string literals, quotes included
}

// notebookCells finds the cells of a notebook and their sources.
func notebookCells(text []byte) ([]cell, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	var cells []cell
	var path []string // keys of the objects around; "" in arrays
	var inArray []bool
	key, wantKey := "", false
	for {
		before := int(d.InputOffset())
		token, err := d.Token()
		if err == io.EOF {
			return cells, len(path) == 0
		}
		if err != nil {
			return nil, false
		}
		after := int(d.InputOffset())
		if delim, ok := token.(jsontext.Delim); ok {
			switch delim {
			case '{', '[':
				if len(path) > 200 {
					return nil, false
				}
				path = append(path, key)
				inArray = append(inArray, delim == '[')
				key, wantKey = "", delim == '{'
				// {"cells": [ { …
				if delim == '{' && len(path) == 3 && path[1] == "cells" && inArray[1] {
					cells = append(cells, cell{})
				}
			default:
				path, inArray = path[:len(path)-1], inArray[:len(inArray)-1]
				key, wantKey = "", len(inArray) > 0 && !inArray[len(inArray)-1]
			}
			continue
		}
		s, isString := token.(string)
		if wantKey {
			key, wantKey = s, false
			continue
		}
		if isString && len(cells) > 0 && len(path) >= 3 && path[1] == "cells" {
			c := &cells[len(cells)-1]
			quote := bytes.IndexByte(text[before:after], '"')
			switch {
			case len(path) == 3 && key == "cell_type":
				c.kind = s
			case len(path) == 3 && key == "source", len(path) == 4 && path[3] == "source" && inArray[3]:
				c.source = append(c.source, span{before + quote, after})
			}
		}
		if n := len(inArray); n > 0 && !inArray[n-1] {
			key, wantKey = "", true
		}
	}
}

// appendJSON adds the text of the JSON string literal at s.
func (v *view) appendJSON(whole view, s span) {
	file := whole.text
	add := func(text string, from, to int) {
		for i := range len(text) {
			v.text = append(v.text, text[i])
			v.from = append(v.from, whole.start(from))
			v.to = append(v.to, whole.end(to-1))
		}
	}
	for i := s.start + 1; i < s.end-1; {
		n := 1
		text := string(file[i : i+1])
		if file[i] == '\\' && i+1 < s.end-1 {
			n = 2
			switch c := file[i+1]; c {
			case 'n':
				text = "\n"
			case 't':
				text = "\t"
			case 'r':
				text = "\r"
			case 'b', 'f':
				text = " "
			case 'u':
				n = min(6, s.end-1-i)
				text = "?" // never part of a command; a surrogate pair is two of them
				if code, err := strconv.ParseUint(string(file[i+2:i+n]), 16, 16); err == nil && code < utf8.RuneSelf {
					text = string(rune(code))
				}
			default:
				text = string(c)
			}
		}
		add(text, i, i+n)
		i += n
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
