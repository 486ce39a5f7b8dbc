package setup

import (
	"slices"

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
	moved     bool // it went to a home or another folder that has none of its files
	elsewhere bool // it went to some other folder
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

// lint walks what one shell runs, in the order of the text.
func (l *linter) lint(sc *scope, f *syntax.File, depth int) {
	sc.vars, sc.exported = map[string]string{}, map[string]bool{}
	sc.answered, sc.pipes, sc.piped = map[*syntax.Stmt]bool{}, map[*syntax.Stmt]bool{}, map[*syntax.Stmt]feeding{}
	sc.reads, sc.told = map[*syntax.Stmt]bool{}, map[string]bool{}
	sc.assigned = assignments(f)
	type place struct {
		node      syntax.Node
		moved     bool
		elsewhere bool
		top       int
	}
	var stack []place
	functions, top := 0, 0
	syntax.Walk(f, func(n syntax.Node) bool {
		if n == nil {
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			switch last.node.(type) {
			case *syntax.Subshell, *syntax.CmdSubst, *syntax.ProcSubst:
				sc.moved, sc.elsewhere = last.moved, last.elsewhere
			case *syntax.FuncDecl:
				functions--
			}
			top = last.top
			return true
		}
		stack = append(stack, place{n, sc.moved, sc.elsewhere, top})
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
	if len(c.words) == 0 && !c.shells && len(p.text) > 0 {
		l.at(sc.offset(int(s.Pos().Offset())), "bare-shell", Warning,
			"sudo needs -i or a command: as it stands it prints its usage and fails", "write sudo -u azureuser -i")
	}
	if len(p.text) == 0 || depth >= maxDepth {
		return
	}
	inner := &scope{
		source: p.source, outer: sc,
		other: c.other, home: c.fresh || sc.home && !sc.moved && !sc.elsewhere, args: sh.args, errexit: sh.errexit,
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
