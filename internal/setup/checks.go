package setup

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"mvdan.cc/sh/v3/syntax"

	"github.com/computetarget/computetarget/internal/lookalike"
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
	case "git":
		l.git(sc, c)
		sc.fetched = sc.fetched || strings.Contains(texts(c.args()), "clone")
	case "python", "python3", "jupyter":
		l.kernel(c)
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
	case "mkdir", "touch", "git-lfs", "wget", "curl", "tar", "unzip", "cp", "mv", "az", "azcopy", "rsync", "scp", "ln", "tee", "gunzip", "7z":
		sc.fetched = true
	}
	sc.fetched = sc.fetched || writes // it may write what is read later
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

// move notes a change of the folder.
func (sc *scope) move(args []word) {
	args = slices.DeleteFunc(slices.Clone(args), func(w word) bool { return strings.HasPrefix(w.text, "-") && w.text != "-" })
	if len(args) == 0 {
		sc.moved = true
		return
	}
	to := args[0].text
	switch {
	case strings.Contains(to, "cloudfiles") || strings.Contains(to, "LS_root"): // the share
		sc.moved, sc.fetched = false, true
	case isHome(args[0].node), slices.Contains([]string{"~", "~azureuser", "/", "/root", "/home/azureuser", "/tmp", "/mnt", "/opt"}, path.Clean(to)):
		sc.moved = true
	default: // where the script's author knows files to be, or not known
		sc.fetched = true
	}
}

func isHome(w *syntax.Word) bool {
	if w == nil || len(w.Parts) != 1 {
		return false
	}
	part := w.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	return ok && simple(p) == "HOME"
}

// has reports whether the options in front of or among words have a letter or a
// long name.
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

// options reports whether an unknown word may be options, by the name of its
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
	if has(c.args(), "", "--yes", "-y", "-qy", "-yq", "--dry-run", "-d", "--help", "-h") || sc.asksNot(s) || mayBeOptions(c.args()) ||
		slices.Contains(c.sets, "CONDA_ALWAYS_YES") {
		return
	}
	l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "conda-yes", Warning,
		fmt.Sprintf("%s %s asks before it goes on, and nobody can answer", c.name(), verb), "add -y")
}

// asksNot reports whether questions are answered: conda was told so here or
// around, or yes stands before the command.
func (sc *scope) asksNot(s *syntax.Stmt) bool { return sc.condaYes || sc.answered[s] }

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

func (l *linter) kernel(c call) {
	if !strings.Contains(texts(c.args()), "ipykernel install") && !strings.Contains(texts(c.args()), "kernelspec install") {
		return
	}
	if name, ok := option(c.args(), "--name"); ok {
		l.envs.use(c, name)
	}
}

func (l *linter) shutdown(sc *scope, c call, what string) {
	if has(c.args(), "", "--help", "-c", "--show") {
		return
	}
	l.at(sc.offset(int(c.words[0].node.Pos().Offset())), "shutdown", Warning,
		what+" ends the setup; an instance that is shut down from inside goes on being billed", "remove it; computetarget stop and restart do it")
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

// relative tells of a file that is read by a relative path where the folder is
// no longer the script's.
func (l *linter) relative(sc *scope, files []word) {
	if !(sc.home || sc.moved) || sc.fetched {
		return
	}
	for _, w := range files {
		text := w.text
		if w.node == nil || !w.static() || text == "" || strings.ContainsAny(text[:1], "/~-<") || strings.Contains(text, "://") {
			continue
		}
		where := "the block starts in the user's home"
		if sc.moved {
			where = "the script has changed the folder"
		}
		l.at(sc.offset(int(w.node.Pos().Offset())), "relative-path", Warning,
			fmt.Sprintf("%s is looked for in another folder than the script's: %s", text, where),
			"write the path from the root: /home/azureuser/cloudfiles/code/Users/…")
		return
	}
}

// reads are the files that a command reads and that come with a script.
func reads(c call) []word {
	args := c.args()
	switch c.name() {
	case "source", ".":
		if len(args) == 0 || args[0].text == "activate" { // found on the PATH
			return nil
		}
		return args[:1]
	case "bash", "sh":
		for i, w := range args {
			if !strings.HasPrefix(w.text, "-") {
				return args[i : i+1]
			}
			if strings.ContainsAny(w.text, "cso") {
				return nil
			}
		}
		return nil
	case "conda", "mamba", "micromamba":
		return valuesOf(args, "-f", "--file")
	case "pip", "pip3", "uv":
		return valuesOf(args, "-r", "--requirement", "-c", "--constraint")
	case "python", "python3":
		if texts := texts(args); strings.Contains(texts, "pip install") {
			return valuesOf(args, "-r", "--requirement", "-c", "--constraint")
		}
		if len(args) > 0 && strings.HasSuffix(args[0].text, ".py") {
			return args[:1]
		}
		return nil
	case "cp", "cat":
		args = slices.DeleteFunc(slices.Clone(args), func(w word) bool { return strings.HasPrefix(w.text, "-") })
		return args[:min(1, len(args))]
	}
	if len(c.words) > 0 && strings.HasPrefix(c.words[0].text, "./") {
		return c.words[:1]
	}
	return nil
}

func valuesOf(args []word, names ...string) []word {
	var out []word
	for i, w := range args {
		for _, name := range names {
			if value, ok := strings.CutPrefix(w.text, name+"="); ok {
				out = append(out, word{value, w.node})
			}
			if w.text == name && i+1 < len(args) {
				out = append(out, args[i+1])
			}
		}
	}
	return out
}

// envs are the conda environments that root makes and azureuser uses.
type envs struct {
	made    []env
	own     bool // azureuser makes some, too
	used    []word
	chowned bool
}

type env struct {
	name   string // "" if it is in a file
	offset int
}

func (e *envs) make(sc *scope, c call, name word, given bool) {
	if c.other {
		e.own = true
		return
	}
	made := env{offset: sc.offset(int(c.words[0].node.Pos().Offset()))}
	if given && name.static() {
		made.name = path.Base(name.text)
	}
	e.made = append(e.made, made)
}

func (e *envs) use(c call, name word) {
	if c.other {
		e.used = append(e.used, name)
	}
}

// report tells of environments of root that azureuser uses.
func (e *envs) report(l *linter) {
	if e.own || e.chowned {
		return
	}
	for _, made := range e.made {
		for _, used := range e.used {
			name := path.Base(used.text)
			if made.name != "" && used.static() && made.name != name || strings.HasPrefix(name, "azureml_") || name == "base" {
				continue
			}
			l.at(made.offset, "root-env", Warning,
				"root makes this environment, and azureuser, who uses it, cannot install into it", "make it in the sudo -u azureuser block")
			break
		}
	}
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
