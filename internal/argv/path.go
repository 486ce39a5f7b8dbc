package argv

import (
	"maps"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/lookalike"
	"github.com/computetarget/computetarget/pkg/nearest"
)

// Words is a level of the command tree. Keys are in lower case.
type Words map[string]Word

// Word is one word of the command tree.
type Word struct {
	Next  Words // words that may follow; nil for a leaf
	Runs  bool  // with Next: also a command itself, so that any other word is an argument
	Typed bool  // may carry a compute type (stop computeinstance, computeinstance stop)

	Meant   string // the word of Next that is meant when none of them is there
	ByFlags bool   // Meant only when a flag comes next
}

// Command is a command found in the arguments.
type Command struct {
	Path []string // canonical words, for example ["create", "computeinstance"]; may be empty
	Type string   // the given compute type if not part of Path, or ""
	Rest []string // the rest for Expand; global flags before the command come first
}

// Types returns the reserved words for compute types.
func Types() []string {
	return []string{"aks", "amlcompute", "computeinstance", "datafactory", "kubernetes", "remote"}
}

// Path finds the command in args.
//
// Leading `ml computetarget`, `computetarget` or `compute` are dropped, as is `ml`
// before `folder`; `ml compute` is too, unless the tree has it. Global flags may come before and between
// the words if written in full (`-o json`, `--output=json`). A compute type may
// come before or after the verb; where the tree has a command for each type it
// may also come as v2's `--type TYPE` or `-t TYPE`, and without one the one
// that is Meant is taken. Words match regardless of case, as in az. `help
// WORDS` becomes `WORDS --help`, unless the tree has its own help; completion
// calls pass unchanged.
//
// An unknown command is an error that names the nearest one. Words after a
// complete command are its arguments, except a type directly after a Typed one.
func Path(args []string, words Words, globals []Flag) (Command, error) {
	if len(args) > 0 && strings.HasPrefix(args[0], "__complete") {
		return Command{Path: args[:1:1], Rest: slices.Clone(args[1:])}, nil
	}
	p := scanner{rest: args, globals: globals}
	if err := p.dropRoot(words); err != nil {
		return Command{}, err
	}
	help := false
	if w, _ := p.word(); w == "help" && !has(words, "help") {
		p.take()
		help = true
		if err := p.dropRoot(words); err != nil {
			return Command{}, err
		}
	}
	c, err := p.command(words, help)
	if err != nil {
		return Command{}, err
	}
	c.Rest = append(p.front, p.rest...)
	if help {
		c.Rest = append(c.Rest, "--help")
	}
	return c, nil
}

// command descends the tree; unused words stay in p.
func (p *scanner) command(words Words, help bool) (Command, error) {
	var c Command
	node := Word{Next: words}
	enter := func(w string) {
		c.Path = append(c.Path, w)
		node = node.Next[w]
	}

	if w, ok := p.word(); ok && isType(w) {
		p.take()
		second, ok := p.word()
		if has(words, w) && (!ok || has(words[w].Next, second)) {
			enter(w)
		} else if c.Type = w; !ok {
			if help || p.helpNext() {
				return c, nil
			}
			return c, errorf("for example: computetarget start "+w+" NAME",
				"%s is a type of compute; the command is missing", w)
		}
	}

	for len(node.Next) > 0 {
		if len(c.Path) > 0 && c.Type != "" && has(node.Next, c.Type) {
			enter(c.Type)
			c.Type = ""
			continue
		}
		w, ok := p.word()
		if ok && has(node.Next, w) {
			p.take()
			enter(w)
			continue
		}
		if perType(node.Next) && !help && !p.helpNext() && (!ok || !isType(w)) && c.Type == "" {
			kind, err := p.typeFlag(c.Path, node)
			switch {
			case err != nil:
				return c, err
			case kind != "":
				enter(kind)
				continue
			case node.Meant != "" && (!node.ByFlags || len(p.rest) > 0 && dashed(p.rest[0])):
				enter(node.Meant)
				continue
			}
		}
		if node.Runs {
			break
		}
		return c, p.noCommand(c, node, help)
	}

	if w, ok := p.word(); ok && c.Type == "" && node.Typed && isType(w) {
		p.take()
		c.Type = w
	}
	if c.Type != "" && !node.Typed {
		return c, errorf("", "%s does not go with %s", strings.Join(c.Path, " "), c.Type)
	}
	return c, nil
}

// noCommand says why the words so far are not a complete command; nil for a
// request for help or if nothing follows, which the caller answers with help.
func (p *scanner) noCommand(c Command, node Word, help bool) error {
	w, ok := p.word()
	if ok {
		group := "a computetarget command"
		if len(c.Path) > 0 {
			group = "a command of " + strings.Join(c.Path, " ")
		}
		if r, found := lookalike.First(p.rest[0]); found {
			tip := "it contains " + lookalike.Describe(r)
			switch plain := lookalike.Plain(p.rest[0]); {
			case len(plain) > 2 && plain[0] == '-' && plain[1] != '-':
				tip += ": write -" + plain
			case plain != "":
				tip += ": write " + plain
			}
			return errorf(tip, "%s is not %s", show(p.rest[0]), group)
		}
		known := slices.Sorted(maps.Keys(node.Next))
		tip := "computetarget " + strings.Join(append(c.Path, "--help"), " ") + " lists the commands"
		if near := nearest.Word(w, known); near != "" {
			tip = "did you mean " + strings.Join(append(c.Path, near), " ") + "?"
		} else if len(c.Path) > 0 {
			tip = "it takes one of: " + strings.Join(known, ", ")
		}
		return &exit.Error{Exit: exit.Usage, Text: show(p.rest[0]) + " is not " + group, Tip: tip,
			Err: &Unknown{Path: c.Path, Word: w}}
	}
	if len(p.rest) == 0 || help || p.helpNext() || p.rest[0] == "--version" || p.global(p.rest[0]) > 0 {
		return nil // a global flag is only left if its value is missing, which Expand reports
	}
	name, _, _ := strings.Cut(p.rest[0], "=")
	tip := "put it after the command"
	for _, g := range p.globals {
		if "-"+g.Name == name {
			tip = "write -" + name + ", with two dashes"
			break
		}
		if g.Name != "" && strings.HasPrefix("--"+g.Name, name) && len(name) > 2 {
			tip = "write --" + g.Name + " in full, or put it after the command"
			break
		}
	}
	return errorf(tip, "%s comes before the command, where only global flags written in full are allowed", flagText(name))
}

// scanner iterates over words and the global flags between them.
type scanner struct {
	front   []string // skipped global flags
	rest    []string
	globals []Flag
}

// word returns the next word in lower case, skipping global flags; false if
// another flag, or nothing, comes next.
func (p *scanner) word() (string, bool) {
	for len(p.rest) > 0 {
		arg := p.rest[0]
		if !dashed(arg) {
			return strings.ToLower(arg), true
		}
		n := p.global(arg)
		if n == 0 || n > len(p.rest) {
			return "", false
		}
		p.front = append(p.front, p.rest[:n]...)
		p.rest = p.rest[n:]
	}
	return "", false
}

func (p *scanner) take() { p.rest = p.rest[1:] }

// global returns the number of arguments of the global flag arg, 0 if it is not
// one.
func (p *scanner) global(arg string) int {
	name, _, assigned := strings.Cut(arg, "=")
	if slices.ContainsFunc(p.globals, func(g Flag) bool { return len(g.Name) > 1 && "-"+g.Name == name }) {
		return 0 // one dash and a whole long name, see longName
	}
	for _, g := range p.globals {
		switch {
		case g.Name != "" && name == "--"+g.Name, g.Short != "" && name == "-"+g.Short:
			if g.takesNext() && !assigned {
				return 2
			}
			return 1
		case g.Short != "" && g.TakesValue && strings.HasPrefix(arg, "-"+g.Short):
			return 1
		}
	}
	return 0
}

func (p *scanner) helpNext() bool {
	return len(p.rest) > 0 && (p.rest[0] == "-h" || p.rest[0] == "--help")
}

func (p *scanner) dropRoot(words Words) error {
	w, ok := p.word()
	if ok && w == "ml" {
		before := *p
		p.take()
		w, ok = p.word()
		if ok && has(words["ml"].Next, w) { // they are commands of the tree
			*p = before
			return nil
		}
		if ok && w != "computetarget" && w != "compute" && w != "folder" && w != "help" {
			return errorf("of az ml, only computetarget, compute and folder are supported here",
				"%s is not a supported command", show("ml "+p.rest[0]))
		}
	}
	if ok && (w == "computetarget" || w == "compute") && !has(words, w) {
		p.take()
	}
	return nil
}

// typeFlag removes v2's --type TYPE from the arguments if the tree has a
// command for each type. It returns "" without the flag.
func (p *scanner) typeFlag(path []string, node Word) (string, error) {
	for i, arg := range p.rest {
		if arg == "--" {
			break
		}
		name, value, assigned := strings.Cut(arg, "=")
		if name != "--type" && name != "-t" {
			continue
		}
		end := i + 1
		if !assigned {
			if end == len(p.rest) {
				break
			}
			value = p.rest[end]
			end++
		}
		kind := strings.ToLower(value)
		if kind == "virtualmachine" {
			kind = "remote" // v2's name
		}
		if !isType(kind) || !has(node.Next, kind) {
			if node.Runs {
				return "", nil
			}
			return "", errorf("use one of: "+strings.Join(typesIn(node.Next), ", "),
				"%s --type: %s is not a type", strings.Join(path, " "), show(value))
		}
		p.rest = slices.Concat(p.rest[:i], p.rest[end:])
		return kind, nil
	}
	return "", nil
}

func has(words Words, w string) bool {
	_, ok := words[w]
	return ok
}

func isType(w string) bool { return slices.Contains(Types(), w) }

func typesIn(words Words) []string {
	return slices.DeleteFunc(Types(), func(t string) bool { return !has(words, t) })
}

func perType(words Words) bool {
	return slices.ContainsFunc(Types(), func(t string) bool { return has(words, t) })
}

// dashed reports whether arg looks like a flag; a lone "-" is a word.
func dashed(arg string) bool { return len(arg) > 1 && arg[0] == '-' }
