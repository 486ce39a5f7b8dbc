package setup

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// scope is what one shell runs: the script itself, or a block of it that another
// shell reads.
type scope struct {
	source

	outer   *scope
	other   bool // it runs as another user than root
	home    bool // it starts in the user's home, not in the script's folder
	args    int  // how many arguments it gets
	argsSet bool // it sets them itself

	vars      map[string]string // the values that are known
	assigned  map[string]bool   // the variables that it sets, anywhere
	exported  map[string]bool
	inherits  func(string) bool // whether a variable of the outer shell passes
	sourced   bool              // it reads a file that may set anything
	errexit   bool
	condaRead bool // conda's profile script was read
	condaYes  bool // conda was told not to ask
	moved     bool // it left its first folder for another that the script did not make
	fetched   bool // it fetched files or went where some are, so relative paths may be theirs
	told      map[string]bool

	answered map[*syntax.Stmt]bool    // "yes |" stands before it
	piped    map[*syntax.Stmt]feeding // what a cat or echo before it writes
	pipes    map[*syntax.Stmt]bool    // what it prints goes on
	reads    map[*syntax.Stmt]bool    // a pipe brings it its input
}

// once reports whether something is told for the first time in a scope.
func (sc *scope) once(what string) bool {
	first := !sc.told[what]
	sc.told[what] = true
	return first
}

// feeding is a text that a pipe brings to a shell.
type feeding struct {
	document *syntax.Redirect
	word     *syntax.Word
}

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
		if !subscript(text, at, end) {
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

// lint walks what one shell runs, in the order of the text.
func (l *linter) lint(sc *scope, f *syntax.File, depth int) {
	sc.vars, sc.exported = map[string]string{}, map[string]bool{}
	sc.answered, sc.pipes, sc.piped = map[*syntax.Stmt]bool{}, map[*syntax.Stmt]bool{}, map[*syntax.Stmt]feeding{}
	sc.reads, sc.told = map[*syntax.Stmt]bool{}, map[string]bool{}
	sc.assigned = assignments(f)
	type place struct {
		node   syntax.Node
		moved  bool
		top    int
		called int
	}
	var stack []place
	functions, top := 0, 0
	syntax.Walk(f, func(n syntax.Node) bool {
		if n == nil {
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			switch last.node.(type) {
			case *syntax.Subshell, *syntax.CmdSubst, *syntax.ProcSubst:
				sc.moved = last.moved
			case *syntax.FuncDecl:
				functions--
			}
			top = last.top
			return true
		}
		stack = append(stack, place{node: n, moved: sc.moved, top: top})
		before := len(l.found)
		switch n := n.(type) {
		case *syntax.FuncDecl:
			functions++
		case *syntax.BinaryCmd:
			sc.pipe(n)
		case *syntax.Stmt:
			top, _ = l.position(sc.offset(int(n.Pos().Offset())))
			l.statement(sc, n, depth)
		case *syntax.DeclClause:
			l.declare(sc, n)
		case *syntax.ForClause:
			if w, ok := n.Loop.(*syntax.WordIter); ok && !w.InPos.IsValid() && functions == 0 {
				l.lostArgument(sc, n.Pos(), `for without "in"`)
			}
		case *syntax.ParamExp:
			l.parameter(sc, n, functions > 0)
		case *syntax.Word:
			l.lookalikes(sc, n)
		}
		for i := before; i < len(l.found); i++ {
			if l.found[i].top == 0 { // not of a block in it
				l.found[i].top = top
			}
		}
		return true
	})
}

// pipe notes what a pipe brings to the command after it.
func (sc *scope) pipe(b *syntax.BinaryCmd) {
	if b.Op != syntax.Pipe && b.Op != syntax.PipeAll {
		return
	}
	sc.pipes[b.X], sc.reads[b.Y] = true, true
	e, ok := b.X.Cmd.(*syntax.CallExpr)
	if !ok {
		return
	}
	c := sc.resolve(e)
	switch c.name() {
	case "yes":
		sc.answered[b.Y] = true
	case "echo", "printf":
		sc.answered[b.Y] = true
		if args := c.args(); len(args) == 1 {
			sc.piped[b.Y] = feeding{word: args[0].node}
		}
	case "cat":
		for _, r := range b.X.Redirs {
			if r.Hdoc != nil && len(c.args()) == 0 {
				sc.piped[b.Y] = feeding{document: r}
			}
		}
	}
}

// statement looks at a command, and at the block it gives to another shell.
func (l *linter) statement(sc *scope, s *syntax.Stmt, depth int) {
	for _, r := range s.Redirs {
		if !l.placeholderRedirect(sc, r) && r.Op == syntax.RdrIn {
			l.relative(sc, []word{sc.value(r.Word)})
		}
	}
	e, ok := s.Cmd.(*syntax.CallExpr)
	if !ok {
		return
	}
	for _, a := range e.Assigns {
		l.assign(sc, a, len(e.Args) == 0)
	}
	if len(e.Args) == 0 {
		return
	}
	c := sc.resolve(e)
	if sh, ok := c.shell(); ok {
		l.block(sc, s, c, sh, depth)
	}
	l.command(sc, s, c)
}

// block lints the script that a call gives to a shell: with -c, as a
// here-document, as a here-string or through a pipe.
func (l *linter) block(sc *scope, s *syntax.Stmt, c call, sh shell, depth int) {
	var p piece
	switch {
	case sh.script != nil && substituted(sh.script) != nil:
		p = sc.source.document(substituted(sh.script))
	case sh.script != nil:
		p = sc.argument(sh.script)
	case sc.piped[s].document != nil:
		p = sc.source.document(sc.piped[s].document)
	case sc.piped[s].word != nil:
		p = sc.argument(sc.piped[s].word)
	}
	if sh.stdin {
		for _, r := range s.Redirs {
			switch {
			case r.Op == syntax.WordHdoc:
				p = sc.argument(r.Word)
			case r.Hdoc != nil:
				p = sc.source.document(r)
			}
		}
	}
	if len(c.words) == 0 && c.shells && sh.stdin && len(p.text) == 0 && len(s.Redirs) == 0 && !sc.reads[s] {
		l.at(sc.offset(int(s.Pos().Offset())), "bare-shell", Warning,
			"this starts a shell that has nothing to read and ends at once: the lines after it do not run in it",
			"give it the lines: sudo -u azureuser -i <<'EOF' … EOF")
	}
	if len(p.text) == 0 || depth >= maxDepth {
		return
	}
	inner := &scope{
		source: p.source, outer: sc,
		other: c.other, home: c.fresh || sc.home && !sc.moved, args: sh.args, errexit: sh.errexit,
		condaRead: sh.interactive,
		inherits: func(name string) bool {
			return slices.Contains(c.sets, name) || sc.exported[name] && (c.keeps || !c.sudo && !c.fresh) ||
				sc.inherits != nil && !c.sudo && !c.fresh && sc.inherits(name)
		},
	}
	f, err := l.parsed(p.source, syntax.LangBash)
	if err != nil && !p.filled { // what the outer shell fills in may make sense of it
		l.broken(p.source, err)
	}
	l.lint(inner, f, depth+1)
	l.early(sc, inner, c, p)
	if len(f.Stmts) > 1 && !inner.errexit {
		first := f.Stmts[0]
		l.at(p.offset(int(first.Pos().Offset())), "no-set-e", Warning,
			"the block goes on after a command that failed: the set -e of the script does not reach the shell that reads it", "put set -e at the start of the block")
	}
}

// substituted is the here-document of a word that is "$(cat <<EOF …)".
func substituted(w *syntax.Word) *syntax.Redirect {
	if len(w.Parts) != 1 {
		return nil
	}
	part := w.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	c, ok := part.(*syntax.CmdSubst)
	if !ok || len(c.Stmts) != 1 || len(c.Stmts[0].Redirs) != 1 {
		return nil
	}
	if e, ok := c.Stmts[0].Cmd.(*syntax.CallExpr); !ok || len(e.Args) != 1 || e.Args[0].Lit() != "cat" || c.Stmts[0].Redirs[0].Hdoc == nil {
		return nil
	}
	return c.Stmts[0].Redirs[0]
}

// assignments are the names of the variables that a script sets.
func assignments(f *syntax.File) map[string]bool {
	names := map[string]bool{}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			for _, a := range n.Assigns {
				if a.Name != nil && len(n.Args) == 0 {
					names[a.Name.Value] = true
				}
			}
			setByCommand(n, names)
		case *syntax.DeclClause:
			for _, a := range n.Args {
				if a.Name != nil && !(a.Naked && n.Variant.Value == "export") {
					names[a.Name.Value] = true
				}
			}
		case *syntax.WordIter:
			names[n.Name.Value] = true
		case *syntax.ParamExp:
			if n.Exp != nil && n.Param != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull) {
				names[n.Param.Value] = true
			}
		case *syntax.BinaryArithm:
			if w, ok := n.X.(*syntax.Word); ok && n.Op >= syntax.Assgn && n.Op <= syntax.ShrAssgn {
				names[w.Lit()] = true
			}
		}
		return true
	})
	return names
}

// setByCommand adds the variables that read, mapfile, getopts and printf -v set.
func setByCommand(e *syntax.CallExpr, names map[string]bool) {
	if len(e.Args) == 0 {
		return
	}
	words := make([]string, 0, len(e.Args))
	for _, w := range e.Args {
		words = append(words, w.Lit())
	}
	switch words[0] {
	case "read", "mapfile", "readarray", "getopts", "unset":
		for _, w := range words[1:] {
			if syntax.ValidName(w) {
				names[w] = true
			}
		}
		names["REPLY"], names["MAPFILE"] = true, true
	case "printf":
		if len(words) > 2 && words[1] == "-v" {
			names[words[2]] = true
		}
	}
}

// assign notes an assignment, and looks at its value.
func (l *linter) assign(sc *scope, a *syntax.Assign, lasts bool) {
	if a.Name == nil || a.Value == nil {
		return
	}
	name, value := a.Name.Value, sc.value(a.Value)
	if lasts {
		if value.static() && !a.Append {
			sc.vars[name] = value.text
		} else {
			delete(sc.vars, name)
		}
	}
	if name == "CONDA_ALWAYS_YES" {
		sc.condaYes = true
	}
	l.secretValue(sc, a.Value.Pos(), name, value)
	l.placeholder(sc, a.Value.Pos(), value, "", true)
}

func (l *linter) declare(sc *scope, d *syntax.DeclClause) {
	exports := d.Variant.Value == "export"
	for _, a := range d.Args {
		if a.Name == nil {
			exports = exports || a.Value != nil && strings.Contains(sc.value(a.Value).text, "x")
			continue
		}
		if exports {
			sc.exported[a.Name.Value] = true
		}
		l.assign(sc, a, true)
	}
}

// parameter looks at the use of a variable or argument.
func (l *linter) parameter(sc *scope, p *syntax.ParamExp, inFunction bool) {
	if p.Param == nil || sc.outer == nil {
		return
	}
	name := p.Param.Value
	switch {
	case inFunction && (name == "@" || name == "*" || name == "#" || name[0] >= '0' && name[0] <= '9'):
	case name == "@" || name == "*" || name == "#":
		if sc.args == 0 {
			l.lostArgument(sc, p.Pos(), "$"+name)
		}
	case name[0] >= '1' && name[0] <= '9':
		if number(name) > sc.args {
			l.lostArgument(sc, p.Pos(), "$"+name)
		}
	case syntax.ValidName(name):
		if sc.once("lost-variable " + name) {
			l.lostVariable(sc, p, name)
		}
	}
}

// number reads the number of an argument, bounded.
func number(digits string) int {
	n := 0
	for _, r := range digits {
		if r < '0' || r > '9' || n > 1000 {
			return n
		}
		n = 10*n + int(r-'0')
	}
	return n
}

func (l *linter) lostArgument(sc *scope, at syntax.Pos, what string) {
	if sc.outer == nil || sc.argsSet {
		return
	}
	l.at(sc.offset(int(at.Offset())), "lost-argument", Error,
		what+" is empty here: another shell reads this block, and the arguments of the script do not reach it",
		"pass them, as in bash -s -- \"$1\" <<'EOF' or bash -c '…' _ \"$1\"")
}

func (l *linter) lostVariable(sc *scope, p *syntax.ParamExp, name string) {
	if sc.assigned[name] || sc.sourced || sc.inherits(name) || given(name) {
		return
	}
	if p.Exp != nil { // ${NAME:-default} was made for it
		return
	}
	for outer := sc.outer; outer != nil; outer = outer.outer {
		if outer.assigned[name] || outer.vars[name] != "" {
			l.at(sc.offset(int(p.Pos().Offset())), "lost-variable", Warning,
				"$"+name+" is empty here: another shell reads this block, and the variable that the script sets does not reach it",
				"set it inside the block, or pass it: sudo -u azureuser "+name+"=\"$"+name+"\" …")
			return
		}
	}
}

// given are variables that every shell of a user has.
func given(name string) bool {
	switch name {
	case "HOME", "USER", "LOGNAME", "PATH", "PWD", "OLDPWD", "SHELL", "LANG", "TERM", "UID", "EUID", "HOSTNAME", "IFS", "RANDOM",
		"SECONDS", "LINENO", "PPID", "MAIL", "OSTYPE", "SHLVL", "TMPDIR", "REPLY", "SUDO_USER", "SUDO_UID", "SUDO_GID":
		return true
	}
	return strings.HasPrefix(name, "BASH") || strings.HasPrefix(name, "CONDA_") || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "CI_")
}

// early tells of variables of a block that the outer shell replaces before the
// block runs.
func (l *linter) early(sc, inner *scope, c call, p piece) {
	for _, param := range p.expanded {
		name := simple(param)
		if name == "" || sc.setsAnywhere(name) {
			continue
		}
		switch {
		case inner.assigned[name] && !given(name):
			l.at(sc.offset(int(param.Pos().Offset())), "early-variable", Warning,
				"$"+name+" is replaced before the block runs, and the script does not set it: only the block does",
				"write \\$"+name+", or quote the delimiter: <<'EOF'")
		case c.other && (name == "HOME" || name == "USER" || name == "LOGNAME"):
			l.rootsVariable(sc, param, name)
		}
	}
}

func (l *linter) rootsVariable(sc *scope, param *syntax.ParamExp, name string) {
	if sc.other || sc.setsAnywhere(name) {
		return
	}
	l.at(sc.offset(int(param.Pos().Offset())), "early-variable", Warning,
		"$"+name+" is root's here: it is replaced before the other user's command runs",
		"write /home/azureuser or azureuser, or \\$"+name+" in a block")
}

// setsAnywhere reports whether a shell or those around it set a variable.
func (sc *scope) setsAnywhere(name string) bool {
	for ; sc != nil; sc = sc.outer {
		if sc.assigned[name] {
			return true
		}
	}
	return false
}
