package setup

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

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
		switch p.Exp.Op {
		case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
			return
		}
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

// rootsWord tells of root's home in a command of another user.
func (l *linter) rootsWord(sc *scope, w word) {
	for _, part := range w.node.Parts {
		params := []syntax.WordPart{part}
		if q, ok := part.(*syntax.DblQuoted); ok {
			params = q.Parts
		}
		for _, p := range params {
			if p, ok := p.(*syntax.ParamExp); ok && simple(p) == "HOME" {
				l.rootsVariable(sc, p, "HOME")
			}
		}
	}
	if len(w.node.Parts) > 0 {
		if lit, ok := w.node.Parts[0].(*syntax.Lit); ok && (lit.Value == "~" || strings.HasPrefix(lit.Value, "~/")) && !sc.setsAnywhere("HOME") {
			l.at(sc.offset(int(lit.Pos().Offset())), "early-variable", Warning,
				"~ is root's home here: it is replaced before the other user's command runs", "write /home/azureuser")
		}
	}
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
