package setup

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"mvdan.cc/sh/v3/syntax"

	"github.com/computetarget/computetarget/pkg/lookalike"
)

// command looks at one command that runs.
func (l *linter) command(sc *scope, s *syntax.Stmt, c call) {
	writes := slices.ContainsFunc(s.Redirs, func(r *syntax.Redirect) bool { return r.Op == syntax.RdrOut || r.Op == syntax.AppOut })
	for i, w := range c.words {
		l.placeholder(sc, w.node.Pos(), w, c.name(), writes || sc.pipes[s])
		if i > 0 {
			l.secretFlag(sc, c.words[i-1], w, c.name())
		}
		if c.other && !sc.other {
			l.rootsWord(sc, w)
		}
	}
	l.relative(sc, reads(c))
	switch c.name() {
	case "$":
		if l.once("$") {
			l.at(sc.offset(int(s.Pos().Offset())), "pasted", Error, "$ is the prompt of a page, and no command", "take it out, on every line")
		}
	case "set":
		sc.set(c.args())
	case "source", ".":
		sc.read(c.args())
	case "eval":
		sc.condaRead = sc.condaRead || slices.ContainsFunc(c.args(), func(w word) bool { return !w.static() || strings.Contains(w.text, "conda") })
		sc.sourced = true
	case "conda", "mamba", "micromamba":
		l.conda(sc, s, c)
	case "apt-get", "apt", "add-apt-repository", "apt-add-repository":
		l.apt(sc, s, c)
	case "pip", "pip3":
		if verb, _, _ := subcommand(c.args()); verb == "uninstall" && !has(c.args(), "y", "--yes") && !sc.answered[s] && !mayBeOptions(c.args()) {
			l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "pip-yes", Warning, "pip uninstall asks before it goes on, and nobody can answer", "add -y")
		}
	case "git":
		l.git(sc, c)
		sc.fetched = sc.fetched || strings.Contains(texts(c.args()), "clone")
	case "python", "python3", "jupyter":
		l.kernel(c)
		sc.fetched = sc.fetched || strings.Contains(texts(c.args()), "venv")
	case "chown":
		if slices.ContainsFunc(c.args(), func(w word) bool { return strings.Contains(w.text, "conda") || !w.static() }) {
			l.envs.chowned = true
		}
	case "shutdown", "reboot", "poweroff", "halt":
		l.shutdown(sc, c, c.name())
	case "init", "telinit":
		if a := c.args(); len(a) == 1 && (a[0].text == "0" || a[0].text == "6") {
			l.shutdown(sc, c, "init "+a[0].text)
		}
	case "systemctl":
		for _, a := range c.args() {
			switch a.text {
			case "reboot", "poweroff", "halt", "kexec":
				l.shutdown(sc, c, "systemctl "+a.text)
			}
		}
	case "cd", "pushd":
		sc.move(c.args())
	case "mkdir", "touch", "git-lfs", "wget", "curl", "tar", "unzip", "cp", "mv", "az", "azcopy", "rsync", "scp", "ln", "tee", "gunzip", "7z",
		"virtualenv", "uv", "poetry", "npm", "make", "cmake", "install":
		sc.fetched = true
	}
	sc.fetched = sc.fetched || writes // it may write what is read later
	l.fetched = l.fetched || sc.fetched
	if c.name() == "az" || c.name() == "azcopy" {
		l.login(sc, c)
	}
}

// login tells of a sign-in that waits for a person.
func (l *linter) login(sc *scope, c call) {
	verb, rest, ok := subcommand(c.args())
	if !ok || verb != "login" || mayBeOptions(rest) ||
		has(rest, "", "--identity", "-i", "--service-principal", "--username", "-u", "--federated-token", "--login-type", "--help", "-h") {
		return
	}
	l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "login", Warning,
		c.name()+" login waits for somebody to sign in", "use the instance's identity: az login --identity")
}

// set notes set -e, and arguments that the script sets itself.
func (sc *scope) set(args []word) {
	for i, w := range args {
		switch {
		case w.text == "--":
			sc.argsSet = true
		case strings.HasPrefix(w.text, "-") && !strings.HasPrefix(w.text, "--"):
			if strings.Contains(w.text, "e") {
				sc.errexit = true
			}
			if strings.HasSuffix(w.text, "o") && i+1 < len(args) && args[i+1].text == "errexit" {
				sc.errexit = true
			}
		case i == 0 && !strings.HasPrefix(w.text, "+"):
			sc.argsSet = true
		}
	}
}

// read notes that a file is read by the shell itself.
func (sc *scope) read(args []word) {
	if len(args) == 0 {
		return
	}
	file := args[0].text
	for _, part := range []string{"conda", "mamba", "activate", "bashrc", "profile"} {
		if strings.Contains(file, part) {
			sc.condaRead = true
			return
		}
	}
	sc.sourced = true
	sc.condaRead = sc.condaRead || !args[0].static()
}

// has reports whether the options in front of or among words have a letter or a
// long name.
//
//go:noinline
func has(args []word, letter string, long ...string) bool {
	for _, w := range args {
		name, _, _ := strings.Cut(w.text, "=")
		switch {
		case w.text == "--":
			return false
		case slices.Contains(long, name):
			return true
		case strings.HasPrefix(w.text, "-") && !strings.HasPrefix(w.text, "--") && letter != "" && strings.Contains(w.text, letter):
			return true
		}
	}
	return false
}

// option returns the value of an option.
func option(args []word, names ...string) (word, bool) {
	for i, w := range args {
		for _, name := range names {
			if value, ok := strings.CutPrefix(w.text, name+"="); ok {
				return word{value, w.node}, true
			}
			if w.text == name && i+1 < len(args) {
				return args[i+1], true
			}
		}
	}
	return word{}, false
}

// subcommand is the first word that is no option, and the words after it. ok is
// false when an expansion before it may be options.
func subcommand(args []word) (name string, rest []word, ok bool) {
	for i, w := range args {
		switch {
		case !w.static():
			return "", nil, false
		case !strings.HasPrefix(w.text, "-"):
			return w.text, args[i+1:], true
		}
	}
	return "", nil, false
}

// mayBeOptions reports whether an unknown word may be options, by the name of its
// variable.
func mayBeOptions(args []word) bool {
	for _, w := range args {
		if !w.whole() || len(w.node.Parts) != 1 {
			continue
		}
		p, ok := w.node.Parts[0].(*syntax.ParamExp)
		if q, quoted := w.node.Parts[0].(*syntax.DblQuoted); quoted && len(q.Parts) == 1 {
			p, ok = q.Parts[0].(*syntax.ParamExp)
		}
		if !ok || p.Param == nil {
			return true
		}
		name := strings.ToUpper(p.Param.Value)
		for _, part := range []string{"OPT", "ARG", "FLAG", "YES", "@", "*"} {
			if strings.Contains(name, part) {
				return true
			}
		}
	}
	return false
}

func (l *linter) conda(sc *scope, s *syntax.Stmt, c call) {
	verb, rest, ok := subcommand(c.args())
	if !ok {
		return
	}
	switch verb {
	case "activate":
		if !sc.condaRead && sc.once("conda-activate") {
			l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "conda-activate", Warning,
				c.name()+" activate fails in a script: this shell has not read conda's profile script",
				"put this before it, in the same block: source /anaconda/etc/profile.d/conda.sh")
		}
		if len(rest) > 0 {
			l.envs.use(c, rest[0])
		}
	case "create":
		name, given := option(rest, "-n", "--name")
		if path, ok := option(rest, "-p", "--prefix"); ok {
			name, given = path, true
		}
		l.envs.make(sc, c, name, given)
	case "env":
		if sub, more, _ := subcommand(rest); sub == "create" {
			name, given := option(more, "-n", "--name", "-p", "--prefix")
			l.envs.make(sc, c, name, given)
		}
		return
	case "run":
		if name, ok := option(rest, "-n", "--name"); ok {
			l.envs.use(c, name)
		}
		return
	case "config":
		text := texts(rest)
		if strings.Contains(text, "always_yes") {
			sc.condaYes = true
		}
		return
	case "init", "shell":
		return
	}
	switch verb {
	case "create", "install", "remove", "uninstall", "update", "upgrade":
	default:
		return
	}
	if has(c.args(), "y", "--yes", "--dry-run", "-d", "--help", "-h") || sc.asksNot(s) || mayBeOptions(c.args()) ||
		slices.Contains(c.sets, "CONDA_ALWAYS_YES") {
		return
	}
	l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "conda-yes", Warning,
		fmt.Sprintf("%s %s asks before it goes on, and nobody can answer", c.name(), verb), "add -y")
}

// asksNot reports whether questions are answered: conda was told so here or
// around, or yes stands before the command.
func (sc *scope) asksNot(s *syntax.Stmt) bool { return sc.condaYes || sc.answered[s] }

// texts are words, each with a space behind it.
//
//go:noinline
func texts(args []word) string {
	var b strings.Builder
	for _, w := range args {
		b.WriteString(w.text + " ")
	}
	return b.String()
}

func (l *linter) apt(sc *scope, s *syntax.Stmt, c call) {
	verb := "asks for Enter before it goes on"
	if strings.HasPrefix(c.name(), "apt") && c.name() != "apt-add-repository" {
		sub, _, ok := subcommand(withoutValues(c.args()))
		if !ok {
			return
		}
		switch sub {
		case "install", "upgrade", "dist-upgrade", "full-upgrade", "remove", "purge", "autoremove", "autopurge", "build-dep", "satisfy":
		default:
			return
		}
		verb = sub + " asks before it goes on"
	}
	if has(c.args(), "y", "--yes", "--assume-yes", "--force-yes", "--dry-run", "--simulate", "--just-print", "-s", "--print-uris", "--help") ||
		quiet(c.args()) || sc.answered[s] || mayBeOptions(c.args()) || bytes.Contains(bytes.ToLower(l.text), []byte("assume-yes \"")) {
		return
	}
	if o := strings.ToLower(texts(c.args())); strings.Contains(o, "assume-yes=") {
		return
	}
	l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "apt-yes", Warning, c.name()+" "+verb+", and nobody can answer", "add -y")
}

// withoutValues leaves out the values of -o, -t and -c.
func withoutValues(args []word) []word {
	var out []word
	for i := 0; i < len(args); i++ {
		switch args[i].text {
		case "-o", "-t", "-c", "--option", "--target-release", "--config-file", "-a":
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

// quiet reports whether apt-get is as quiet as implies -y.
func quiet(args []word) bool {
	n := 0
	for _, w := range args {
		if w.text == "-q=2" || w.text == "--quiet=2" {
			return true
		}
		if w.text == "--quiet" {
			n++
		}
		if strings.HasPrefix(w.text, "-") && !strings.HasPrefix(w.text, "--") {
			n += strings.Count(w.text, "q")
		}
	}
	return n > 1
}

func (l *linter) git(sc *scope, c call) {
	verb, rest, ok := subcommand(c.args())
	if !ok || verb != "config" || c.other || !has(rest, "", "--global") || slices.Contains(c.sets, "HOME") ||
		sc.exported["HOME"] || strings.Contains(texts(rest), "safe.directory") ||
		has(rest, "", "--get", "--list", "-l", "--get-all", "--get-regexp", "get", "list") {
		return
	}
	if !sc.once("git-config-root") {
		return
	}
	l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "git-config-root", Warning,
		"git config --global writes root's settings, which azureuser never reads",
		"run it in a sudo -u azureuser -i block, or use --system")
}

func (l *linter) shutdown(sc *scope, c call, what string) {
	if has(c.args(), "", "--help", "-c", "--show") {
		return
	}
	l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "shutdown", Warning,
		what+" ends the setup; an instance that is shut down from inside goes on being billed", "remove it; computetarget stop and restart do it")
}

// lookalikes tells of characters that only look like those of the shell, where
// they are not inside quotes.
func (l *linter) lookalikes(sc *scope, w *syntax.Word) {
	for i, part := range w.Parts {
		lit, ok := part.(*syntax.Lit)
		if !ok {
			continue
		}
		start := int(lit.Pos().Offset())
		if start >= len(sc.text) {
			continue
		}
		for at, r := range lit.Value {
			if r == '\n' || r == '\t' || r == 0xfe0f || unicode.Is(unicode.Co, r) {
				continue
			}
			if i == 0 && at == 0 && lookalike.Dash(r) || lookalike.Quote(r) || lookalike.Unseen(r) {
				l.at(sc.offset(start+at), "lookalike", Warning, lookalike.Describe(r)+" is an ordinary character for the shell", "type the plain character")
				return
			}
		}
	}
}
