package setup

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// The limits of what is read as shell. The parser goes down the stack with every
// level of nesting, by some kilobytes each; what people write stays far below.
const (
	maxShell = 256 << 10
	maxNest  = 5000
	maxDepth = 4 // blocks in blocks
)

// parse reads the script as shell.
func (l *linter) parse(s source, variant syntax.LangVariant) {
	if len(s.text) > maxShell || tooNested(s.text) {
		l.file("unread", Warning, "the file is too long or too deeply nested to be read as shell, so most checks were skipped",
			"move what it installs into files of its own")
		return
	}
	f, err := l.parsed(s, variant)
	if err != nil && variant == syntax.LangPOSIX {
		bash, worse := l.parsed(s, syntax.LangBash)
		if worse == nil {
			offset, what := place(err)
			l.at(s.offset(offset), "bashism", Warning, "#!/bin/sh is dash on these machines, and this is bash: "+what, "write #!/bin/bash")
		}
		f, err = bash, worse
	}
	if err != nil {
		l.broken(s, err)
	}
	sc := &scope{source: s, args: many}
	l.lint(sc, f, 0)
	l.envs.report(l)
	if line, _, _ := bytes.Cut(s.text, []byte("\n")); bytes.HasPrefix(line, []byte("#!")) {
		for _, option := range strings.Fields(string(line))[1:] {
			sc.errexit = sc.errexit || strings.HasPrefix(option, "-") && strings.Contains(option, "e")
		}
	}
	if len(f.Stmts) > 1 && !sc.errexit {
		l.at(s.offset(int(f.Stmts[0].Pos().Offset())), "no-set-e", Warning,
			"without set -e the script goes on after a command that failed, and the create is reported as done", "put set -e before it")
	}
}

// parsed are the statements of a text up to the first syntax error.
func (l *linter) parsed(s source, variant syntax.LangVariant) (*syntax.File, error) {
	text := s.text
	for range 100 {
		f, err := statements(text, variant)
		at, end := arithmetic(text, err)
		if at == end {
			return f, err
		}
		// For bash this is no syntax error: it evaluates it when it runs, and the
		// keys of associative arrays never.
		if !subscript(text, at, end) && !bytes.Contains(s.text[at:end], []byte(unknown)) {
			l.at(s.offset(at), "arithmetic", Warning, string(s.text[at:end])+" is not an arithmetic expression, which bash finds out when it gets there", "correct it")
		}
		text = slices.Concat(text[:at], bytes.Repeat([]byte("0"), end-at), text[end:])
	}
	return statements(text, variant)
}

func statements(text []byte, variant syntax.LangVariant) (*syntax.File, error) {
	f := &syntax.File{}
	var first error
	for stmt, err := range syntax.NewParser(syntax.Variant(variant)).StmtsSeq(bytes.NewReader(text)) {
		switch { // no break or return: the parser panics when it has more to say
		case first != nil:
		case err != nil:
			first = err
		default:
			f.Stmts = append(f.Stmts, stmt)
		}
	}
	return f, first
}

// arithmetic is the expression that a parser's error is about, if it is one.
func arithmetic(text []byte, err error) (at, end int) {
	if err == nil {
		return 0, 0
	}
	at, what := place(err)
	of := false
	for _, part := range []string{"an expression", "arithmetic", "follow a name", "followed by a literal", "ternary"} {
		of = of || strings.Contains(what, part)
	}
	if !of || at >= len(text) {
		return 0, 0
	}
	stops := " \t\n[](){}:;"
	line := bytes.LastIndexByte(text[:at], '\n') + 1
	if open := bytes.LastIndexByte(text[line:at], '['); open >= 0 && bytes.IndexByte(text[line+open:at], ']') < 0 {
		stops = "\n[]" // a subscript, which may have blanks
	}
	for at > 0 && strings.IndexByte(stops, text[at-1]) < 0 {
		at--
	}
	for end = at; end < len(text) && strings.IndexByte(stops, text[end]) < 0; end++ {
	}
	if bytes.Trim(text[at:end], "0") == nil {
		return 0, 0 // it was replaced before
	}
	return at, end
}

// subscript reports whether a range is between brackets.
func subscript(text []byte, at, end int) bool {
	return at > 0 && text[at-1] == '[' && end < len(text) && text[end] == ']'
}

// tooNested reports whether the brackets and words of a text could be nested
// deeper than those of any script.
func tooNested(text []byte) bool {
	depth := 0
	for i, b := range text {
		switch b {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth = max(0, depth-1)
		case 'f', 'e', 'l', '!': // if, while, until
			if i+1 < len(text) && (text[i+1] == ' ' || text[i+1] == '\n' || text[i+1] == '\t') && keyword(text[:i+1]) {
				depth++
			}
		}
		if depth > maxNest {
			return true
		}
	}
	return false
}

// keyword reports whether a text ends with a word that others nest in.
func keyword(text []byte) bool {
	for _, word := range []string{"if", "while", "until", "!"} {
		if bytes.HasSuffix(text, []byte(word)) {
			return true
		}
	}
	return false
}

// broken tells of a syntax error.
func (l *linter) broken(s source, err error) {
	offset, what := place(err)
	line := s.text[min(offset, len(s.text)):]
	start := bytes.LastIndexByte(s.text[:len(s.text)-len(line)], '\n') + 1
	end := bytes.IndexByte(append(slices.Clip(s.text[start:]), '\n'), '\n')
	if m := patterns().redirect.Find(s.text[start : start+end]); m != nil {
		l.at(s.offset(offset), "syntax", Error, "the shell cannot read the placeholder "+string(bytes.TrimSpace(m)), "fill it in")
		return
	}
	l.at(s.offset(offset), "syntax", Error, "the shell cannot read this: "+what, "correct it; bash -n shows the same place")
}

// place is where a parser's error is, and what it says.
func place(err error) (int, string) {
	var parse syntax.ParseError
	var lang syntax.LangError
	switch {
	case errors.As(err, &parse):
		return int(parse.Pos.Offset()), parse.Text
	case errors.As(err, &lang):
		return int(lang.Pos.Offset()), lang.Feature
	}
	return 0, err.Error()
}
