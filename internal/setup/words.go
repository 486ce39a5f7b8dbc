package setup

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// word is a word of a command, as far as it is known before the script runs.
type word struct {
	text string // with unknown for what is not known
	node *syntax.Word
}

// whole reports whether nothing of the word is known, as with $OPTIONS.
func (w word) whole() bool { return strings.ReplaceAll(w.text, unknown, "") == "" && w.text != "" }

// static reports whether all of the word is known.
func (w word) static() bool { return !strings.Contains(w.text, unknown) }

// several reports whether the shell may make several words of it: "$@", *.txt,
// {a,b}.
func (w word) several() bool {
	if !w.static() {
		return true
	}
	for _, part := range w.node.Parts {
		lit, ok := part.(*syntax.Lit)
		if !ok && !quoted(part) || ok && strings.ContainsAny(lit.Value, "*?[{") {
			return true
		}
	}
	return false
}

func quoted(part syntax.WordPart) bool {
	switch part.(type) {
	case *syntax.SglQuoted, *syntax.DblQuoted:
		return true
	}
	return false
}

// value evaluates a word with the variables that are known.
func (sc *scope) value(w *syntax.Word) word {
	if w == nil {
		return word{}
	}
	var b strings.Builder
	for _, part := range w.Parts {
		sc.evaluate(&b, part, false)
	}
	return word{b.String(), w}
}

func (sc *scope) evaluate(b *strings.Builder, part syntax.WordPart, quoted bool) {
	switch part := part.(type) {
	case *syntax.Lit:
		text, special := part.Value, ""
		if quoted {
			special = "$`\"\\\n"
		}
		for i := 0; i < len(text); i++ {
			if text[i] == '\\' && i+1 < len(text) && (special == "" || strings.IndexByte(special, text[i+1]) >= 0) {
				i++
				if text[i] == '\n' {
					continue
				}
			}
			b.WriteByte(text[i])
		}
	case *syntax.SglQuoted:
		b.WriteString(part.Value)
	case *syntax.DblQuoted:
		for _, p := range part.Parts {
			sc.evaluate(b, p, true)
		}
	case *syntax.ParamExp:
		if name := simple(part); name != "" {
			if value, ok := sc.vars[name]; ok {
				b.WriteString(value)
				return
			}
		}
		b.WriteString(unknown)
	default:
		b.WriteString(unknown)
	}
}

// simple is the name of a variable that is only read: $A or ${A}.
func simple(p *syntax.ParamExp) string {
	if p.Param == nil || p.Excl || p.Length || p.Width || p.IsSet || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Exp != nil || p.Names != 0 {
		return ""
	}
	return p.Param.Value
}

// call is a simple command without what only says how it runs.
type call struct {
	words []word // the program and its arguments; none for a bare sudo -i
	other bool   // it runs as another user than root
	fresh bool   // it has the environment and folder of a new login
	sudo  bool   // variables do not pass, unless kept or set
	keeps bool   // the environment passes
	sets  []string

	shells bool // it was told to start a shell: sudo -i or -s, or su

	su     []word // the string of su -c
	suArgs int    // the arguments after it, -1 if not known
}

// name is the program without its folder.
func (c call) name() string {
	if len(c.words) == 0 || !c.words[0].static() {
		return ""
	}
	return path.Base(c.words[0].text)
}

// args are the words after the program.
func (c call) args() []word {
	if len(c.words) == 0 {
		return nil
	}
	return c.words[1:]
}

// resolve unwraps sudo, su, env and the like.
func (sc *scope) resolve(e *syntax.CallExpr) call {
	c := call{other: sc.other, suArgs: -1}
	for _, w := range e.Args {
		c.words = append(c.words, sc.value(w))
	}
	for _, a := range e.Assigns {
		if a.Name != nil {
			c.sets = append(c.sets, a.Name.Value)
		}
	}
	for range 8 { // wrappers of wrappers
		switch c.name() {
		case "sudo":
			c.unwrapSudo()
		case "su", "runuser":
			c.unwrapSu()
			return c
		case "env":
			c.unwrap("uCS", "chdir unset split-string")
			c.variables()
		case "timeout":
			c.unwrap("ks", "kill-after signal")
			c.words = c.words[min(1, len(c.words)):]
		case "nice", "ionice", "chrt", "stdbuf", "setsid", "nohup", "exec", "command", "builtin", "time", "unbuffer":
			c.unwrap("nacioe", "adjustment class classdata")
		default:
			return c
		}
	}
	return c
}

// unwrap removes the first word and the options after it. The letters and long
// names are options that take the next word.
func (c *call) unwrap(letters, long string) map[string]string {
	found := map[string]string{}
	words := c.words[1:]
	next := func() string {
		if len(words) == 0 {
			return ""
		}
		w := words[0]
		words = words[1:]
		return w.text
	}
	for len(words) > 0 {
		text := words[0].text
		if len(text) < 2 || text[0] != '-' {
			break
		}
		words = words[1:]
		if text == "--" {
			break
		}
		if name, ok := strings.CutPrefix(text, "--"); ok {
			name, value, given := strings.Cut(name, "=")
			if !given && slices.Contains(strings.Fields(long), name) {
				value = next()
			}
			found[name] = value
			continue
		}
		for i := 1; i < len(text); i++ {
			letter := text[i : i+1]
			if !strings.Contains(letters, letter) {
				found[letter] = ""
				continue
			}
			if found[letter] = text[i+1:]; found[letter] == "" {
				found[letter] = next()
			}
			break
		}
	}
	c.words = words
	return found
}

// variables removes NAME=VALUE words in front.
func (c *call) variables() {
	for len(c.words) > 0 {
		name, _, ok := strings.Cut(c.words[0].text, "=")
		if !ok || !syntax.ValidName(name) {
			return
		}
		c.sets = append(c.sets, name)
		c.words = c.words[1:]
	}
}

func (c *call) unwrapSudo() {
	o := c.unwrap("ugpCDhrtTRU", "user group prompt close-from chdir host role type command-timeout chroot other-user")
	c.sudo, c.fresh, c.sets = true, false, nil
	c.variables()
	_, keep := o["E"]
	value, keepSome := o["preserve-env"]
	c.keeps = keep || keepSome && value == ""
	c.sets = append(c.sets, strings.Split(value, ",")...)
	user, given := o["u"]
	if long, ok := o["user"]; ok {
		user, given = long, true
	}
	c.other = given && user != "root" && user != "#0"
	_, short := o["i"]
	_, long := o["login"]
	c.fresh = short || long
	_, s := o["s"]
	_, shell := o["shell"]
	c.shells = c.fresh || s || shell
}

// unwrapSu reads su and runuser: the user and the string of -c stand anywhere.
func (c *call) unwrapSu() {
	fork := c.name() == "runuser"
	c.shells = true
	before := c.words
	o := c.unwrap("cgGsuwT", "command group supp-group shell session-command user whitelist-environment")
	_, keep := o["m"]
	_, preserve := o["p"]
	_, long := o["preserve-environment"]
	c.keeps = keep || preserve || long
	_, l := o["l"]
	_, login := o["login"]
	c.fresh = l || login
	if user, ok := o["u"]; ok && fork { // runuser -u USER COMMAND
		c.other = user != "root"
		return
	}
	var rest []word
	for len(c.words) > 0 {
		switch text := c.words[0].text; {
		case text == "-":
			c.fresh = true
			c.words = c.words[1:]
		case len(rest) < 2 && strings.HasPrefix(text, "-") && text != "--":
			more := call{words: append([]word{{}}, c.words...)}
			for name, value := range more.unwrap("cgGsuwT", "command group supp-group shell session-command user whitelist-environment") {
				o[name] = value
				c.fresh = c.fresh || name == "l" || name == "login"
			}
			c.words = more.words
		default:
			rest = append(rest, c.words[0])
			c.words = c.words[1:]
		}
	}
	c.other = len(rest) > 0 && rest[0].text != "root"
	c.suArgs = max(0, len(rest)-1)
	text, ok := o["c"]
	if !ok {
		text, ok = o["command"]
	}
	if ok {
		for _, w := range before {
			if w.text == text || strings.HasSuffix(w.text, "="+text) {
				c.su = append(c.su, w)
			}
		}
	}
	c.words = nil
}

// shell is how a call runs a shell, if it does.
type shell struct {
	script      *syntax.Word // the string of -c
	stdin       bool         // it reads its script from stdin
	args        int          // the arguments of the script; many if they are not known
	errexit     bool         // it was told to stop at a failure
	interactive bool
}

const many = 1 << 20

// shell reports whether a call is a shell that reads a script from a string or
// from stdin.
func (c call) shell() (shell, bool) {
	if len(c.su) > 0 {
		return shell{script: c.su[len(c.su)-1].node, args: max(0, c.suArgs-1)}, true
	}
	if len(c.words) == 0 && (c.sudo || c.suArgs >= 0) {
		return shell{stdin: true}, true
	}
	switch c.name() {
	case "bash", "sh", "dash", "ash":
	default:
		return shell{}, false
	}
	var sh shell
	var command, stdin bool
	args := c.args()
options:
	for len(args) > 0 {
		text := args[0].text
		switch {
		case text == "--" || text == "-":
			args = args[1:]
			break options
		case strings.HasPrefix(text, "--"):
			args = args[1:]
			if text == "--rcfile" || text == "--init-file" {
				args = args[min(1, len(args)):]
			}
		case len(text) > 1 && (text[0] == '-' || text[0] == '+'):
			args = args[1:]
			command = command || strings.Contains(text, "c")
			stdin = stdin || strings.Contains(text, "s")
			sh.errexit = sh.errexit || text[0] == '-' && strings.Contains(text, "e")
			sh.interactive = sh.interactive || strings.Contains(text, "i")
			if strings.ContainsAny(text, "oO") && len(args) > 0 {
				sh.errexit = sh.errexit || args[0].text == "errexit"
				args = args[1:]
			}
		default:
			break options
		}
	}
	switch {
	case command && len(args) == 0:
		return shell{}, false
	case command:
		sh.script = args[0].node
		args = args[min(2, len(args)):] // the next one is $0
	case stdin || len(args) == 0:
		sh.stdin = true
	case args[0].text == "/dev/stdin":
		sh.stdin = true
		args = args[1:]
	default:
		return shell{}, false // the name of a file
	}
	sh.args = len(args)
	if slices.ContainsFunc(args, word.several) {
		sh.args = many
	}
	if c.fresh && command {
		sh.args = 0 // the login shell of sudo -i fills in $1 before this one starts
	}
	return sh, true
}
