package argv

import (
	"slices"
	"strings"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/lookalike"
	"github.com/computetarget/computetarget/pkg/nearest"
)

// Flag describes one flag of a command.
type Flag struct {
	Name       string   // without dashes; "" for a flag with only a short form
	Short      string   // one character without its dash, or ""
	Aliases    []string // other long names, matched like Name and replaced by it
	TakesValue bool     // needs exactly one value
	Repeat     bool     // takes any number of values: --tags a=b c=d
	Bool3      bool     // takes True or False in any case; alone it means true
	V1         bool     // a flag of v1, even a global one: its prefixes win
	Values     []string // the allowed values, ignoring case; nil for any
}

// takesNext reports whether the argument after the flag belongs to it.
func (f Flag) takesNext() bool { return f.TakesValue || f.Repeat || f.Bool3 }

// label names the flag in messages the way az does: --name/-n.
func (f Flag) label() string {
	switch {
	case f.Name == "":
		return "-" + f.Short
	case f.Short == "":
		return "--" + f.Name
	}
	return "--" + f.Name + "/-" + f.Short
}

// Expand rewrites rest, the arguments of one command, to an unambiguous form:
// every flag has its full name, every value is attached with "=", a flag with
// several values is repeated, and "--" and what follows stay. The flag help
// (-h) is always known.
//
// It resolves what argparse and az accept: unique prefixes of long flags (v1
// flags first, others if no v1 flag matches), --flag=value, -nVALUE, switches
// joined as in -vn NAME (but not one dash and a whole long name), True and
// False in any case, and values with a leading dash that are negative numbers,
// times of day (-19:00) or contain a blank.
//
// A value @FILE is replaced by what read returns for FILE, as az does: without
// a byte order mark and trailing line ends, decoded if it is UTF-16, in base64
// if it is binary. "-" is standard input, read once. If the file does not exist
// the value stays literal, as does everything after "--"; a file that exists
// but cannot be read is an error. A nil read turns this off. Quotes that a
// wrapper left around a resource id, a GUID or [system] are removed.
func Expand(rest []string, flags []Flag, read func(path string) ([]byte, error)) ([]string, error) {
	e := expander{flags: flags, files: files{read: read}}
	if !slices.ContainsFunc(flags, func(f Flag) bool { return f.Name == "help" }) {
		e.flags = append(slices.Clip(flags), Flag{Name: "help", Short: "h", V1: true})
	}
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		var err error
		switch {
		case arg == "--":
			return e.ended(rest), nil
		case isClock(arg):
			e.clocks = append(e.clocks, arg)
		case !e.isFlag(arg):
			err = e.positional(arg)
		case strings.HasPrefix(arg, "--"):
			rest, err = e.long(arg, rest)
		default:
			rest, err = e.short(arg, rest)
		}
		if err == nil {
			err = e.files.err
		}
		if err != nil {
			return nil, err
		}
	}
	if len(e.clocks) > 0 {
		return e.ended(nil), nil
	}
	return e.out, nil
}

type expander struct {
	flags  []Flag
	files  files
	out    []string
	clocks []string // arguments such as -19:00, which go behind "--"
}

// ended returns the result, with the arguments that are not flags, whatever
// they look like.
func (e *expander) ended(rest []string) []string {
	return append(append(append(e.out, "--"), e.clocks...), rest...)
}

// isClock reports whether arg is a time of day at which hours end, such as
// -19:00, which cannot be a flag.
func isClock(arg string) bool {
	if !strings.HasPrefix(arg, "-") {
		return false
	}
	hour, minute, ok := strings.Cut(arg[1:], ":")
	digits := func(s string) bool { return s != "" && len(s) <= 2 && strings.Trim(s, "0123456789") == "" }
	return ok && digits(hour) && digits(minute)
}

// isFlag reports whether argparse would treat arg as a flag: negative numbers
// and texts with a blank are values unless they name a flag.
func (e *expander) isFlag(arg string) bool {
	if !dashed(arg) {
		return false
	}
	if arg == "--" {
		return true
	}
	if strings.HasPrefix(arg, "--") {
		name, _, assigned := strings.Cut(arg[2:], "=")
		if assigned || !strings.Contains(arg, " ") {
			return !strings.Contains(name, " ")
		}
		return false
	}
	if _, ok := e.byShort(arg[1:2]); ok {
		return true
	}
	return !strings.Contains(arg, " ") && !isNumber(arg[1:]) && !isClock(arg)
}

// isNumber reports whether s is digits with at most one point, followed by a
// digit.
func isNumber(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	return digits(whole) && digits(fraction) && (fraction != "" || !point && whole != "")
}

// positional adds an argument that is not a flag. The content of a file must
// not become a flag.
func (e *expander) positional(arg string) error {
	v := e.value(arg)
	if dashed(arg) || dashed(v) {
		return errorf("", "unrecognized argument: %s", flagText(arg))
	}
	e.out = append(e.out, v)
	return nil
}

func (e *expander) long(arg string, rest []string) ([]string, error) {
	name, value, assigned := strings.Cut(arg[2:], "=")
	f, err := e.byName(name)
	if err != nil {
		return nil, err
	}
	return e.flag(f, value, assigned, rest)
}

// short splits combined short flags: switches first, then at most one flag with
// a value, attached or not.
func (e *expander) short(arg string, rest []string) ([]string, error) {
	name, _, _ := strings.Cut(arg[1:], "=")
	if long := e.longName(name); long != "" {
		return nil, errorf("write --"+long+", with two dashes", "%s is the name of a flag with one dash", flagText("-"+name))
	}
	for cluster := arg[1:]; ; {
		f, ok := e.byShort(cluster[:1])
		if !ok {
			return nil, e.unknown(arg)
		}
		cluster = cluster[1:]
		if cluster == "" {
			return e.flag(f, "", false, rest)
		}
		if value, assigned := strings.CutPrefix(cluster, "="); assigned || f.takesNext() {
			if !assigned {
				// az recognizes @ only at the start of an argument or after its
				// "=".
				return e.attach(f, []string{value}, rest)
			}
			return e.flag(f, value, true, rest)
		}
		if _, err := e.flag(f, "", false, nil); err != nil {
			return nil, err
		}
	}
}

// longName returns the long flag that name is with one dash, or "". Hyphens may
// be left out, as in PowerShell, whose -WhatIf is --dry-run. az reads the first
// letter as a short flag and the rest as its value: -name dev asks for a compute
// "ame", -whatif for a workspace "hatif".
func (e *expander) longName(name string) string {
	if len(name) < 2 {
		return ""
	}
	bare := func(s string) string { return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s)) }
	for _, f := range e.flags {
		for _, long := range append([]string{f.Name}, f.Aliases...) {
			if long != "" && bare(long) == bare(name) || long == "dry-run" && bare(name) == "whatif" {
				return long
			}
		}
	}
	return ""
}

// flag adds f with its value, taken from rest unless attached.
func (e *expander) flag(f Flag, value string, assigned bool, rest []string) ([]string, error) {
	switch {
	case assigned && f.takesNext():
		return e.attach(f, []string{e.attached(value)}, rest)
	case assigned:
		truth, ok := truth(value)
		if !ok {
			return nil, errorf("", "argument %s takes no value, and %s is neither True nor False", f.label(), show(value))
		}
		e.out = append(e.out, f.full()+"="+truth)
		return rest, nil
	case f.Repeat:
		n := 0
		for n < len(rest) && !e.isFlag(rest[n]) {
			n++
		}
		values := make([]string, 0, max(n, 1))
		for _, v := range rest[:n] {
			values = append(values, e.value(v))
		}
		if n == 0 {
			values = append(values, "")
		}
		return e.attach(f, values, rest[n:])
	case f.takesNext() && len(rest) > 0 && !e.isFlag(rest[0]):
		return e.attach(f, []string{e.value(rest[0])}, rest[1:])
	case f.TakesValue:
		tip := ""
		if len(rest) > 0 && rest[0] != "--" && f.Name != "" {
			tip = "attach a value that begins with a dash: --" + f.Name + "=" + flagText(rest[0])
		}
		return nil, errorf(tip, "argument %s: expected one argument", f.label())
	case f.Bool3:
		return e.attach(f, []string{"true"}, rest)
	}
	e.out = append(e.out, f.full())
	return rest, nil
}

// attach adds f once for each value, after checking it.
func (e *expander) attach(f Flag, values, rest []string) ([]string, error) {
	for _, v := range values {
		if f.Bool3 {
			t, ok := truth(v)
			if !ok {
				return nil, errorf("use True or False", "argument %s: %s is neither True nor False", f.label(), show(v))
			}
			v = t
		}
		if f.Values != nil {
			i := slices.IndexFunc(f.Values, func(known string) bool { return strings.EqualFold(known, v) })
			if i < 0 {
				tip := ""
				if near := nearest.Word(strings.ToLower(v), f.Values); near != "" {
					tip = "did you mean " + near + "?"
				}
				return nil, errorf(tip, "%s is not a valid value for %s; allowed values: %s", show(v), f.label(), strings.Join(f.Values, ", "))
			}
			v = f.Values[i]
		}
		e.out = append(e.out, f.full()+"="+v)
	}
	return rest, nil
}

// full returns the flag as Expand writes it.
func (f Flag) full() string {
	if f.Name == "" {
		return "-" + f.Short
	}
	return "--" + f.Name
}

func (e *expander) byShort(short string) (Flag, bool) {
	for _, f := range e.flags {
		if f.Short != "" && f.Short == short {
			return f, true
		}
	}
	return Flag{}, false
}

// byName resolves a long name or a unique prefix of one.
func (e *expander) byName(name string) (Flag, error) {
	var found [2][]Flag // v1 flags, others
	var names []string
	if name == "" {
		return Flag{}, errorf("", "unrecognized argument: --")
	}
	for _, f := range e.flags {
		for i, long := range append([]string{f.Name}, f.Aliases...) {
			if long == "" || !strings.HasPrefix(long, name) {
				continue
			}
			if long == name {
				return f, nil
			}
			group := &found[1]
			if f.V1 && i == 0 {
				group = &found[0]
			}
			*group = append(*group, f)
		}
	}
	matches := found[0]
	if len(matches) == 0 {
		matches = found[1]
	}
	for _, f := range matches {
		if !slices.Contains(names, f.full()) {
			names = append(names, f.full())
		}
	}
	switch len(names) {
	case 0:
		return Flag{}, e.unknown("--" + name)
	case 1:
		return matches[0], nil
	}
	slices.Sort(names)
	return Flag{}, errorf("", "ambiguous option: %s could match %s", flagText("--"+name), strings.Join(names, ", "))
}

// unknown is the error for an unknown flag.
func (e *expander) unknown(arg string) error {
	return &exit.Error{Exit: exit.Usage, Text: "unrecognized argument: " + flagText(arg), Tip: e.near(arg),
		Err: &Unknown{Flag: strings.TrimLeft(arg, "-")}}
}

// near returns advice for an unknown flag.
func (e *expander) near(arg string) string {
	var known []string
	for _, f := range e.flags {
		if f.Name != "" {
			known = append(known, "--"+f.Name)
		}
		for _, a := range f.Aliases {
			known = append(known, "--"+a)
		}
	}
	tip := ""
	if r, found := lookalike.First(arg); found {
		tip = "it contains " + lookalike.Describe(r)
		arg = lookalike.Plain(arg)
	}
	if near := nearest.Word(strings.ToLower(arg), known); near != "" {
		if tip != "" {
			tip += "; "
		}
		tip += "did you mean " + near + "?"
	}
	return tip
}

func truth(s string) (string, bool) {
	s = strings.ToLower(s)
	return s, s == "true" || s == "false"
}
