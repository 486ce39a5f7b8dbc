package setup

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// linter reads one file.
type linter struct {
	name  string
	text  []byte // the file
	lines []int  // where its lines start
	found []Finding

	envs    envs
	fetched bool            // the script has fetched or made files
	told    map[string]bool // what was told once for all of the file
}

// once reports whether something is told for the first time.
func (l *linter) once(what string) bool {
	if l.told == nil {
		l.told = map[string]bool{}
	}
	first := !l.told[what]
	l.told[what] = true
	return first
}

// position is the line and column of a byte.
func (l *linter) position(offset int) (line, column int) {
	if l.lines == nil {
		l.lines = []int{0}
		for i, b := range l.text {
			if b == '\n' {
				l.lines = append(l.lines, i+1)
			}
		}
	}
	offset = min(max(offset, 0), len(l.text))
	line = sort.SearchInts(l.lines, offset+1)
	start := l.lines[line-1]
	before := bytes.TrimPrefix(l.text[start:offset], []byte(bom))
	return line, utf8.RuneCount(before) + 1
}

const bom = "\xef\xbb\xbf"

// read makes the findings of a file: of its bytes, its first line, and what the
// shell makes of the rest.
func (l *linter) read() {
	switch {
	case bytes.HasPrefix(l.text, []byte("\xff\xfe")), bytes.HasPrefix(l.text, []byte("\xfe\xff")):
		l.at(0, "bom", Error, "the file is UTF-16, as Windows editors save it", "save it as UTF-8 without a byte order mark")
		return
	case bytes.IndexByte(l.text, 0) >= 0:
		l.at(bytes.IndexByte(l.text, 0), "nul", Error, "the file has NUL bytes: it is UTF-16, or not a script", "save it as UTF-8")
		return
	case len(bytes.TrimSpace(bytes.TrimPrefix(l.text, []byte(bom)))) == 0:
		l.file("syntax", Error, "the file is empty", "write the script, or leave the flag out")
		return
	}
	s := l.plain()
	l.fence(s)
	l.secretTexts()
	name := l.shebang(s)
	if s.text[len(s.text)-1] != '\n' {
		l.at(s.offset(len(s.text)-1), "no-final-newline", Warning, "the last line does not end in a line break", "add one")
	}
	variant, ok := variantOf(name)
	if !ok {
		return
	}
	l.parse(s, variant)
}

// plain is the text as UTF-8 with Unix line ends and no byte order mark: what is
// wrong with these is told once, and the rest is read as it was meant.
func (l *linter) plain() source {
	text, from := l.text, 0
	if bytes.HasPrefix(text, []byte(bom)) {
		l.at(0, "bom", Error, "the file begins with a byte order mark, so the first line is not #!", "save it as UTF-8 without a byte order mark")
		from = len(bom)
	}
	ends := bytes.Count(text, []byte("\r\n"))
	alone := ends == 0 && !bytes.Contains(text, []byte("\n")) && bytes.Contains(text, []byte("\r"))
	if ends > 0 {
		first := bytes.Index(text, []byte("\r\n"))
		reason := "the line ends with CR LF, as on Windows: the shell reads the CR as part of the last word"
		if ends > 1 {
			reason = fmt.Sprintf("%d lines end with CR LF, as on Windows: the shell reads the CR as part of the last word", ends)
		}
		l.at(first, "crlf", Error, reason, `convert the file: sed -i 's/\r$//' FILE`)
	} else if alone {
		l.at(bytes.IndexByte(text, '\r'), "crlf", Error, "the lines end with CR only: for the shell the file is one line", `convert the file: tr '\r' '\n' < FILE`)
	}
	valid := utf8.Valid(text)
	if !valid {
		i := 0
		for i < len(text) {
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			i += n
		}
		l.at(i, "not-utf8", Warning, "the file is not UTF-8 here", "save it as UTF-8")
	}
	if from == 0 && ends == 0 && !alone && valid {
		return source{text: text}
	}
	var s source
	for i := from; i < len(text); {
		_, n := utf8.DecodeRune(text[i:])
		b := text[i : i+n]
		switch {
		case text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n':
			i += n
			continue
		case text[i] == '\r' && alone:
			b = []byte("\n")
		case n == 1 && text[i] >= utf8.RuneSelf:
			b = []byte("?")
		}
		for j := range b {
			s.at = append(s.at, int32(i+j))
		}
		s.text = append(s.text, b...)
		i += n
	}
	return s
}

// shebang reads the first line and returns the name of the interpreter.
func (l *linter) shebang(s source) string {
	line, rest, _ := bytes.Cut(s.text, []byte("\n"))
	if !bytes.HasPrefix(line, []byte("#!")) {
		reason := "the first line does not name the shell"
		if trimmed := bytes.TrimSpace(s.text); bytes.HasPrefix(trimmed, []byte("#!")) || bytes.Contains(rest, []byte("\n#!")) && onlyComments(s.text) {
			reason = "#! counts on the first line only, from its first character"
		}
		l.at(s.offset(0), "no-shebang", Warning, reason, "begin with #!/bin/bash")
		return "bash"
	}
	words := strings.Fields(string(line[2:]))
	if len(words) > 0 && path.Base(words[0]) == "env" {
		words = slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "-") || strings.Contains(w, "=") })
	}
	if len(words) == 0 {
		l.at(s.offset(0), "no-shebang", Warning, "the first line does not name the shell", "begin with #!/bin/bash")
		return "bash"
	}
	name := path.Base(words[0])
	if _, ok := variantOf(name); !ok {
		l.at(s.offset(2), "interpreter", Warning,
			name+" runs the script: the service documents shell scripts, and the checks of shell were skipped",
			"call it from a bash script")
	}
	return name
}

// onlyComments reports whether what stands before the first #! of the text are
// comments and blank lines.
func onlyComments(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("#!")) {
			return true
		}
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return false
}

// variantOf is the language of a shell, and whether it is one that is read here.
func variantOf(name string) (syntax.LangVariant, bool) {
	switch name {
	case "bash":
		return syntax.LangBash, true
	case "sh", "dash", "ash":
		return syntax.LangPOSIX, true
	}
	return 0, false
}

// silenced reads the comments that silence codes. One behind a command is for
// its line, one on a line of its own for the next line and the next command, and
// one above the first command for the whole file.
func (l *linter) silenced() func(Finding) bool {
	everywhere := map[string]bool{}
	lines := map[int][]string{}
	head := true
	var above []string // the codes of the comments above
	number, offset := 0, 0
	for line := range bytes.Lines(l.text) {
		number++
		trimmed := bytes.TrimSpace(bytes.TrimPrefix(line, []byte(bom)))
		comment := len(trimmed) == 0 || trimmed[0] == '#'
		head = head && comment
		codes := l.ignored(line, offset)
		offset += len(line)
		lines[number] = slices.Concat(codes, above)
		switch {
		case !comment:
			above = nil
		case head:
			for _, code := range codes {
				everywhere[code] = true
			}
		default:
			above = append(above, codes...)
		}
	}
	return func(f Finding) bool {
		return everywhere[f.Code] || slices.Contains(lines[f.Line], f.Code) || slices.Contains(lines[f.top], f.Code)
	}
}

// ignored are the codes that a comment of a line silences.
func (l *linter) ignored(line []byte, offset int) []string {
	if !bytes.Contains(line, []byte("computetarget:ignore")) {
		return nil
	}
	m := patterns().ignore.FindSubmatchIndex(line)
	if m == nil {
		return nil
	}
	if m[2] < 0 {
		l.at(offset+m[0]+bytes.IndexByte(line[m[0]:], '#'), "ignore", Warning,
			"computetarget:ignore names no code, so it silences nothing", "name the code that the finding has in brackets")
		return nil
	}
	var codes []string
	for _, code := range strings.FieldsFunc(string(line[m[2]:m[3]]), func(r rune) bool { return strings.ContainsRune(", \t", r) }) {
		if !known(code) {
			l.at(offset+m[2], "ignore", Warning,
				"computetarget:ignore does not know the code "+code+", so it silences nothing", "name the code that the finding has in brackets")
			continue
		}
		codes = append(codes, code)
	}
	return codes
}
