package setup

import (
	"bytes"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// unknown stands in a text for what is known only when the script runs, such as
// the value of a variable. It is a character that shells and people do not use.
const unknown = "\ue000"

// source is a text that a shell reads, and where each of its bytes is in the
// file. A here-document or the string of bash -c is a source in another one.
type source struct {
	text []byte
	at   []int32 // the offset in the file; nil for the file itself
}

// offset is the place in the file of a byte of the source.
func (s source) offset(i int) int {
	switch {
	case s.at == nil:
		return i
	case i < len(s.at):
		return int(s.at[i])
	case len(s.at) > 0:
		return int(s.at[len(s.at)-1]) + 1
	}
	return 0
}

// piece collects a source from parts of another.
type piece struct {
	from source
	source
	expanded []*syntax.ParamExp // what the outer shell fills in
	filled   bool               // the outer shell fills something in
}

// copy takes the bytes from i to j as they are.
func (p *piece) copy(i, j int) {
	for ; i < j && i < len(p.from.text); i++ {
		p.text, p.at = append(p.text, p.from.text[i]), append(p.at, int32(p.from.offset(i)))
	}
}

// unescape takes the bytes from i to j without the backslashes that stand
// before one of the characters.
func (p *piece) unescape(i, j int, special string) {
	for ; i < j && i < len(p.from.text); i++ {
		if p.from.text[i] == '\\' && i+1 < j && strings.IndexByte(special, p.from.text[i+1]) >= 0 {
			i++
			if p.from.text[i] == '\n' {
				continue
			}
		}
		p.copy(i, i+1)
	}
}

// fill takes unknown for a part that the outer shell fills in.
func (p *piece) fill(part syntax.Node) {
	i := int(part.Pos().Offset())
	for range len(unknown) {
		p.at = append(p.at, int32(p.from.offset(i)))
	}
	p.text = append(p.text, unknown...)
	p.filled = true
	if param, ok := part.(*syntax.ParamExp); ok {
		p.expanded = append(p.expanded, param)
	}
}

// parts takes the text from i to j, in which parts of a word stand.
func (p *piece) parts(i, j int, parts []syntax.WordPart, special string) {
	for _, part := range parts {
		if _, ok := part.(*syntax.Lit); ok {
			continue
		}
		start, end := int(part.Pos().Offset()), int(part.End().Offset())
		p.unescape(i, start, special)
		p.fill(part)
		i = max(i, end)
	}
	p.unescape(i, j, special)
}

// document is what the shell that reads a here-document gets.
func (s source) document(r *syntax.Redirect) piece {
	p := piece{from: s}
	if r.Hdoc == nil {
		return p
	}
	start, end := int(r.Hdoc.Pos().Offset()), int(r.Hdoc.End().Offset())
	end = start + bytes.LastIndexByte(s.text[start:end], '\n') + 1 // without the delimiter
	if quotedDelimiter(r.Word) {
		p.copy(start, end)
		return p
	}
	p.parts(start, end, r.Hdoc.Parts, "$`\\\n")
	return p
}

// quotedDelimiter reports whether any of a delimiter is quoted, which keeps the
// outer shell from filling in variables: 'EOF', "EOF", \EOF, E'O'F.
func quotedDelimiter(w *syntax.Word) bool {
	for _, part := range w.Parts {
		lit, ok := part.(*syntax.Lit)
		if !ok || strings.Contains(lit.Value, "\\") {
			return true
		}
	}
	return false
}

// argument is what the shell that reads a word, as with -c, gets.
func (s source) argument(w *syntax.Word) piece {
	p := piece{from: s}
	for _, part := range w.Parts {
		start, end := int(part.Pos().Offset()), int(part.End().Offset())
		switch part := part.(type) {
		case *syntax.Lit:
			for ; start < end; start++ {
				if s.text[start] == '\\' && start+1 < end {
					start++
					if s.text[start] == '\n' {
						continue
					}
				}
				p.copy(start, start+1)
			}
		case *syntax.SglQuoted:
			start++
			if part.Dollar {
				start++
			}
			p.copy(start, end-1)
		case *syntax.DblQuoted:
			start++
			if part.Dollar {
				start++
			}
			p.parts(start, end-1, part.Parts, "$`\"\\\n")
		default:
			p.fill(part)
		}
	}
	return p
}
