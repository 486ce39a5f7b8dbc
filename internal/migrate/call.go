package migrate

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// word is one word of a command: its position, including quotes, and its text.
type word struct {
	start, end int
	text       string
}

// call is a call of az in a view.
type call struct {
	view  view
	words []word // starts with "az"
	list  bool   // words are separate strings: ["az", "ml", …]
	after int    // where the call ends
}

// The program's name in scripts: az, az.cmd, /usr/bin/az, quoted or not. Blanks
// and continued line ends separate words.
const (
	azName  = `az(?:\.cmd|\.exe|\.bat)?`
	notPath = `\s"'` + "`" + `;|&()<>=,!@\[\]`
	azStart = `(?:(?:(?:[^-+` + notPath + `][^` + notPath + `]*)?[/\\])?` + azName + `|"(?:[^"\r\n]*[/\\])?` + azName + `"|'(?:[^'\r\n]*[/\\])?` + azName + `')`
	gap     = `(?:[ \t]|(?:\\{1,2}|\^|` + "`" + `)[ \t]*\r?\n)+`
	globals = `(?:` + gap + `--(?:debug|verbose|only-show-errors))*`
	listGap = `["']?\s*,\s*["']?`
	yamlGap = `["']?[ \t]*\r?\n[ \t]*-[ \t]+["']?`
	foldGap = `(?:[ \t]|\r?\n[ \t]+)+`
	azWord  = `["']?(?:ml|extension)["']?`
)

// patterns are compiled for the first file.
type patterns struct {
	call, folded, list, yaml, pieces, exitCode, errorText, signIn                                      *regexp.Regexp
	mention, question, installsNext, removes, installer, named, defined, azOnly, use, image, container *regexp.Regexp
}

var compiled = sync.OnceValue(func() patterns {
	return patterns{
		call:      regexp.MustCompile(`(?i)` + azStart + globals + gap + azWord + gap),
		folded:    regexp.MustCompile(`(?i)` + azStart + foldGap + azWord + foldGap),
		list:      regexp.MustCompile(`(?i)["']?\b` + azName + listGap + `(?:ml|extension)` + listGap),
		yaml:      regexp.MustCompile(`(?i)["']?\b` + azName + yamlGap + `(?:ml|extension)` + yamlGap),
		pieces:    regexp.MustCompile(`(?i)\bml(?:` + gap + `|` + listGap + `)computetarget\b`),
		exitCode:  regexp.MustCompile(`(?i)(?:\$\?|lastexitcode|errorlevel|returncode|exit_?code)[\s"'})\]]{0,6}(?:-eq|-ne|==|!=|equ|neq|=)[\s"']{0,4}1\b`),
		errorText: regexp.MustCompile(`ComputeTargetNotFound|Azure-cli-ml Version|Provisioning operation finished|does not support Start operation|default workspace not set`),
		signIn:    regexp.MustCompile(`AZURE_(?:CLIENT_ID|CLIENT_SECRET|CLIENT_CERTIFICATE_PATH|FEDERATED_TOKEN_FILE)\b`),
		mention:   regexp.MustCompile(`(?i)(?:^|[\s"'=,*\[(:^]|cliextensions[/\\])(azure[-_]cli[-_]ml)\b`),
		question: regexp.MustCompile(`(?i)grep|findstr|select-string|\bjq\b|[=!]=|=~|-(?:eq|ne|i?match|i?like|contains|notcontains|notmatch|notlike|in|notin)\b|\bnot in\b|\bif\b|\bcase\b|\bfor(?:each)?\b|extension\s+(?:list|show)|=\s*["'(@]*azure[-_]cli[-_]ml|` +
			`\baz\s+(?:version|--version|-v)\b|cliextensions`),
		installsNext: regexp.MustCompile(`(?i)\bextension\s+(?:add|update)\s[^\n]*(?:-n|--name)[ =]?["']?ml\b`),
		removes:      regexp.MustCompile(`(?i)\bextension\s+remove\s[^\n]*azure[-_]cli[-_]ml\b`),
		use:          regexp.MustCompile(`(?:"?\$\{?(\w+)(?:\[@\])?\}?"?|\$\((\w+)\)|%(\w+)%|\{(\w+)\}|(?m:^|[;&|(])[ \t]*(\w+))[ \t]+[\w$%"-]`),
		image:        regexp.MustCompile(`(?im)^\s*(?:-\s+)?(?:FROM|image:)\s+["']?(\S*azure-cli[^\s"']*)`),
		container:    regexp.MustCompile(`(?i)\b(?:docker|podman|nerdctl|kubectl)\s[^\n]*\b(?:run|exec)\s|azure-cli(?::\S+)?\s+(?:(?:ba)?sh\s+-\w*c\s+)?["']?$`),
		installer:    regexp.MustCompile(`(?i)\bextension\s+(?:add|update|remove)\s`),
		named:        regexp.MustCompile(`(?i)\b(\w+)(?:\s*[:?+]?=\s*|\s*\(\)\s*\{\s*)["'(]?\s*$`),
		defined:      regexp.MustCompile(`(?im)\b(\w+)[ \t]*\([ \t]*\)[ \t]*\{|\b(?:function|(?:set-)?alias)[ \t]+(\w+)`),
		azOnly:       regexp.MustCompile(`(?im)\b(\w+)\s*[:?+]?=\s*["'(]?` + azName + globals + `(?:\s+ml)?["')]?[ \t]*(?:\r?$|[;&#])`),
	}
})

// calls returns the findings of one view.
func (v view) calls() []Finding {
	var found []Finding
	add := func(c call) {
		if f, ok := c.finding(); ok {
			found = append(found, f)
		}
	}
	p := compiled()
	near := v.candidates()
	// In Python and JSON only a string or a list of strings can be a command;
	// each string is a separate view.
	if v.kind != python && v.kind != json {
		for _, m := range v.all(p.call, near) {
			if v.starts(m[0]) && !v.inComment(m[0]) {
				add(v.shellCall(m[0]))
			}
		}
	}
	if v.kind == yaml {
		for _, m := range v.all(p.folded, near) {
			if v.starts(m[0]) && !v.inComment(m[0]) && v.folded(m[0]) {
				add(v.shellCall(m[0]))
			}
		}
		for _, m := range v.all(p.yaml, near) {
			if v.starts(m[0]) && !v.inComment(m[0]) {
				add(v.yamlCall(m[0]))
			}
		}
	}
	for _, m := range v.all(p.list, near) {
		quoted := v.text[m[0]] == '"' || v.text[m[0]] == '\''
		if (quoted || v.kind == yaml) && v.starts(m[0]) && !v.inComment(m[0]) {
			add(v.listCall(m[0]))
		}
	}
	found = append(found, v.questions()...)
	commands := sync.OnceValue(v.commands)
	for _, m := range v.all(p.pieces, near) {
		if !v.afterPiece(m[0], commands) || v.inComment(m[0]) {
			continue
		}
		found = append(found, Finding{
			Text:     oneLine(string(v.text[m[0]:m[1]])),
			Warnings: []string{piecesWhy},
			start:    v.start(m[0]),
			end:      v.end(m[1] - 1),
		})
	}
	return found
}

// questions returns the places where a script checks for the extension: az
// extension list | grep azure-cli-ml.
func (v view) questions() []Finding {
	var found []Finding
	p := compiled()
	for _, m := range p.mention.FindAllSubmatchIndex(v.text, -1) {
		at := m[2]
		start := v.line(at)
		line := v.text[start:]
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		before := v.text[start:at]
		before = before[bytes.LastIndexAny(before, "|;&(")+1:]
		if p.installer.Match(before) || !p.question.Match(line) || v.inComment(at) {
			continue
		}
		found = append(found, Finding{
			Text: oneLine(string(line)), Warnings: []string{asksWhy}, role: asks,
			start: v.start(at), end: v.end(m[3] - 1),
		})
	}
	return found
}

const piecesWhy = "appears to be a call built from pieces: make it run computetarget instead of az ml computetarget"

// candidates returns the parts of the text around the words ml and extension;
// the rest, nearly everything, needs no closer search.
func (v view) candidates() []span {
	const before, after = 300, 200 // a path and a line end between words
	var parts []span
	lower := bytes.ToLower(v.text)
	if len(lower) != len(v.text) {
		return []span{{0, len(v.text)}} // changing case changes their size
	}
	add := func(i int) {
		s := span{max(0, i-before), min(len(v.text), i+after)}
		if n := len(parts); n > 0 && s.start <= parts[n-1].end {
			parts[n-1].end = s.end
		} else {
			parts = append(parts, s)
		}
	}
	for i := range lower {
		if i > 0 && isLetter(lower[i-1]) {
			continue
		}
		rest := lower[i:]
		if bytes.HasPrefix(rest, []byte("ml")) && (len(rest) == 2 || !isLetter(rest[2])) || bytes.HasPrefix(rest, []byte("extension")) {
			add(i)
		}
	}
	return parts
}

// all returns the matches in the parts of the text.
func (v view) all(re *regexp.Regexp, parts []span) [][2]int {
	var out [][2]int
	for _, s := range parts {
		for _, m := range re.FindAllIndex(v.text[s.start:s.end], -1) {
			out = append(out, [2]int{s.start + m[0], s.start + m[1]})
		}
	}
	return out
}

// afterPiece reports whether the text before i can be the first half of a call:
// a variable, the end of a quoted text, an argument list, the start of an array, or
// a function or alias of the file. Anything else is prose.
func (v view) afterPiece(i int, commands func() map[string]bool) bool {
	line := bytes.TrimRight(v.text[v.line(i):i], " \t")
	if len(line) == 0 {
		return v.line(i) == 0
	}
	last := line[bytes.LastIndexAny(line, " \t")+1:]
	return commands()[string(last)] || bytes.HasSuffix(last, []byte("=(")) || bytes.IndexByte(last, '$') >= 0 || bytes.IndexByte(last, '%') >= 0 ||
		strings.IndexByte(`"'}),[:=`, last[len(last)-1]) >= 0
}

// commands returns the names of functions and aliases that the text defines.
func (v view) commands() map[string]bool {
	names := map[string]bool{}
	for _, m := range compiled().defined.FindAllSubmatch(v.text, -1) {
		names[string(m[1])+string(m[2])] = true
	}
	return names
}

// starts reports whether a command can begin at i: not inside a word, a path
// or a variable name.
func (v view) starts(i int) bool {
	if i == 0 {
		return true
	}
	if before := v.wordBefore(i); before == "az" || before == "ml" || before == "extension" {
		return false // an argument of another call
	}
	switch c := v.text[i-1]; c {
	case ' ', '\t', '\r', '\n', '"', '\'', '`', '(', '{', '[', ';', '&', '|', '!', '@', '=', ',', '>', ':':
		return true
	case '-', '+':
		line := v.text[v.line(i):i]
		return v.kind == makefile && len(bytes.Trim(line, "\t @-+")) == 0
	case 'n', 't', '\\':
		return i > 1 && v.text[i-2] == '\\' // an escape that stays
	}
	return false
}

// wordBefore returns the word before i in the same command or list.
func (v view) wordBefore(i int) string {
	t := bytes.TrimRight(v.text[v.line(i):i], " \t\"',")
	if string(bytes.TrimSpace(t)) == "-" { // an item of a YAML list
		start := max(0, v.line(i)-1)
		t = bytes.TrimRight(v.text[v.line(start):start], " \t\r\"'")
	} else if len(t) == i-v.line(i) {
		return "" // it touches i
	}
	return strings.ToLower(string(t[bytes.LastIndexAny(t, " \t\"',[")+1:]))
}

// line returns the start of i's line, within a reasonable distance.
func (v view) line(i int) int {
	const most = 4096
	low := max(0, i-most)
	return low + bytes.LastIndexByte(v.text[low:i], '\n') + 1
}

func (v view) inComment(i int) bool {
	for _, c := range v.comments {
		if c.start <= i && i < c.end {
			return true
		}
	}
	line := v.text[v.line(i):i]
	if v.kind == batch {
		bare := strings.ToLower(strings.TrimLeft(string(line), " \t@"))
		return strings.HasPrefix(bare, "rem ") || strings.HasPrefix(bare, "rem\t") || strings.HasPrefix(bare, "::")
	}
	_, comment := v.kind.state(line)
	return comment
}

// folded reports whether i is in a folded YAML block (key: >).
func (v view) folded(i int) bool {
	const most = 200 // lines of one folded command
	at := v.line(i)
	indent := indentOf(v.text[at:])
	for n := 0; at > 0 && n < most; n++ {
		end := at - 1
		at = v.line(end)
		line := bytes.TrimRight(v.text[at:end], " \t\r")
		if len(line) == 0 || indentOf(line) >= indent {
			continue
		}
		_, header, ok := bytes.Cut(line, []byte(": "))
		if !ok {
			header, ok = bytes.CutPrefix(bytes.TrimLeft(line, " "), []byte("- "))
		}
		return ok && bytes.HasPrefix(header, []byte(">"))
	}
	return false
}

func indentOf(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

// state reads a line up to the start of a call. It returns the open quote, or
// "", and whether a comment has begun.
func (k kind) state(line []byte) (quote string, comment bool) {
	var stack []string
	open := ""
	for i := 0; i < len(line); i++ {
		c := line[i]
		first := i == 0 || isSpace(line[i-1])
		switch {
		case c == '\\' && k != batch && k != powershell && open != "'":
			i++
		case c == '`' && k == powershell:
			i++
		case bytes.HasPrefix(line[i:], []byte("$(")) && open != "'" && k != makefile:
			stack = append(stack, open)
			open = ""
			i++
		case c == ')' && open == "" && len(stack) > 0:
			open = stack[len(stack)-1]
			stack = stack[:len(stack)-1]
		case open != "":
			if bytes.HasPrefix(line[i:], []byte(open)) {
				i += len(open) - 1
				open = ""
			}
		case c == '"' || c == '\'' && k != batch:
			open = string(c)
			if bytes.HasPrefix(line[i:], []byte(strings.Repeat(open, 3))) {
				open = strings.Repeat(open, 3)
				i += 2
			}
		case c == '#' && first && k != batch && k != json,
			c == '/' && first && (k == groovy || k == terraform) && i+1 < len(line) && line[i+1] == '/':
			return "", true
		}
	}
	return open, false
}

// shellCall reads the words of the command that starts at i.
func (v view) shellCall(i int) call {
	const most = 200 // words; no call of v1 comes near
	quote, _ := v.kind.state(v.text[v.line(i):i])
	folded := v.kind == yaml && v.folded(i)
	c := call{view: v, after: i}
	for at := i; at < len(v.text) && len(c.words) < most; {
		next, ok := v.gap(at, folded)
		if !ok {
			break
		}
		w := v.word(next, quote)
		if w.end == w.start {
			break
		}
		c.words = append(c.words, w)
		at, c.after = w.end, w.end
	}
	return c
}

// gap skips blanks and continued line ends; false at the end of the command.
func (v view) gap(at int, folded bool) (int, bool) {
	for at < len(v.text) {
		switch c := v.text[at]; {
		case c == ' ' || c == '\t':
			at++
			continue
		case c == '\n' || c == '\r':
			if !folded {
				return at, false
			}
			end := at + bytes.IndexByte(v.text[at:], '\n') + 1
			if end == at || end >= len(v.text) || v.text[end] != ' ' {
				return at, false
			}
			at = end
			continue
		case c == '\\', c == '^' && v.kind != powershell,
			c == '`' && (v.kind == powershell || at > 0 && isSpace(v.text[at-1])):
			n := at
			for n < len(v.text) && v.text[n] == c {
				n++
			}
			for n < len(v.text) && (v.text[n] == ' ' || v.text[n] == '\t' || v.text[n] == '\r') {
				n++
			}
			if n < len(v.text) && v.text[n] == '\n' {
				at = n + 1
				continue
			}
		}
		return at, true
	}
	return at, false
}

// word reads the word at i; empty at the end of the command. outer is the quote
// around the whole command.
func (v view) word(i int, outer string) word {
	w := word{start: i}
	var text strings.Builder
	t := v.text
	copyTo := func(end int) {
		text.Write(t[i:end])
		i = end
	}
	for i < len(t) {
		rest := t[i:]
		c := rest[0]
		switch {
		case outer != "" && bytes.HasPrefix(rest, []byte(outer)), isSpace(c):
		case c == '}' && i == w.start && !bytes.HasPrefix(rest, []byte("}}")): // of a block of PowerShell, of a map of YAML
		case c == '#' && i == w.start, strings.IndexByte(";|)", c) >= 0:
		case c == '&':
		case c == '>' || c == '<':
			// <name> is a placeholder in a page; anything else is a redirection.
			n := bytes.IndexAny(rest, ">\r\n")
			if c == '<' && n > 1 && rest[n] == '>' && isLetter(rest[1]) {
				copyTo(i + n + 1)
				continue
			}
			if strings.Trim(text.String(), "0123456789") == "" {
				i = w.start // 2> is not a word
			}
		case bytes.HasPrefix(rest, []byte("$(")) && v.kind != makefile:
			n := balanced(rest[1:])
			if n < 0 {
				break
			}
			copyTo(i + 1 + n)
			continue
		case bytes.HasPrefix(rest, []byte("{{")), bytes.HasPrefix(rest, []byte("${{")):
			n := bytes.Index(rest, []byte("}}"))
			if n < 0 {
				copyTo(i + 2)
				continue
			}
			copyTo(i + n + 2)
			continue
		case bytes.HasPrefix(rest, []byte("$(")), bytes.HasPrefix(rest, []byte("$$(")):
			n := bytes.IndexAny(rest, ")\n")
			if n < 0 || rest[n] == '\n' {
				break
			}
			copyTo(i + n + 1)
			continue
		case c == '`' && v.kind != powershell:
		case (c == '\\' && v.kind != powershell && v.kind != batch || c == '`' && v.kind == powershell) && len(rest) > 1:
			if outer == `"` && rest[1] == '"' {
				if n := bytes.Index(rest[2:], []byte(`\"`)); n >= 0 && bytes.IndexByte(rest[2:2+n], '\n') < 0 {
					text.Write(rest[2 : 2+n])
					i += n + 4
					continue
				}
			}
			if rest[1] == '\n' || rest[1] == '\r' {
				break
			}
			copyTo(i + 2)
			continue
		case c == '"' || c == '\'':
			n := quoted(rest, v.kind)
			if n < 0 {
				break
			}
			text.Write(rest[1 : n-1])
			i += n
			continue
		default:
			copyTo(i + 1)
			continue
		}
		break
	}
	w.end, w.text = i, text.String()
	return w
}

// quoted returns the length of the quoted text at the start of t, -1 if the
// quote is not closed within reason.
func quoted(t []byte, k kind) int {
	const most = 1 << 13
	for i := 1; i < len(t) && i < most; i++ {
		switch {
		case t[i] == t[0]:
			return i + 1
		case t[i] == '\\' && t[0] == '"' && k != batch && k != powershell:
			i++
		case t[i] == '\n' && k == batch:
			return -1
		}
	}
	return -1
}

// balanced returns the length of the parenthesis at the start of t.
func balanced(t []byte) int {
	const most = 1 << 10
	depth := 0
	for i := 0; i < len(t) && i < most; i++ {
		switch t[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// listCall reads the items of a list (["az", "ml", …]) from its first word on.
func (v view) listCall(i int) call {
	c := call{view: v, list: true, after: i}
	t := v.text
	const most = 200
	for at := i; at < len(t) && len(c.words) < most; {
		end := at
		if t[at] == '"' || t[at] == '\'' {
			end++
			for end < len(t) && t[end] != t[at] && t[end] != '\n' {
				if t[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(t) || t[end] == '\n' {
				break
			}
			end++
		} else {
			for end < len(t) && !isSpace(t[end]) && strings.IndexByte(`,])"'`, t[end]) < 0 {
				end++
			}
			if end == at {
				break
			}
		}
		c.words = append(c.words, word{at, end, strings.Trim(string(t[at:end]), `"'`)})
		c.after = end
		for end < len(t) && isSpace(t[end]) {
			end++
		}
		if end >= len(t) || t[end] != ',' {
			break
		}
		end++
		for end < len(t) && isSpace(t[end]) {
			end++
		}
		at = end
	}
	return c
}

// yamlCall reads the items of a YAML list (- az, - ml, …).
func (v view) yamlCall(i int) call {
	c := call{view: v, list: true, after: i}
	const most = 200
	for at := i; at < len(v.text) && len(c.words) < most; {
		end := len(v.text)
		if n := bytes.IndexByte(v.text[at:], '\n'); n >= 0 {
			end = at + n
		}
		item := bytes.TrimRight(v.text[at:end], " \t\r")
		c.words = append(c.words, word{at, at + len(item), strings.Trim(string(item), `"'`)})
		c.after = at + len(item)
		if end+1 >= len(v.text) {
			break
		}
		bare, ok := bytes.CutPrefix(bytes.TrimLeft(v.text[end+1:], " \t"), []byte("- "))
		if !ok {
			break
		}
		at = len(v.text) - len(bytes.TrimLeft(bare, " \t"))
	}
	return c
}

// oneLine joins a piece of a file to one line.
func oneLine(s string) string {
	fields := strings.Fields(s)
	kept := fields[:0]
	for _, f := range fields {
		if f != `\` && f != "^" && f != "`" {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}
