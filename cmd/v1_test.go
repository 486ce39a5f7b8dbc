package cmd

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/argv"
)

// v1Tree is the command tree of the old CLI, testdata/v1/commands.json.
type v1Tree struct {
	Global, Policy []v1Option
	Commands       []struct {
		Path  string
		Flags []v1Option
	}
}

type v1Option struct {
	Name, Short                        string
	Required, TakesValue, Bool, Repeat bool
	Default                            string
	Values                             []string
}

// spelling is how the flag is typed.
func (o v1Option) spelling() string {
	switch {
	case o.Name == "":
		return "-" + o.Short
	case o.Short == "":
		return "--" + o.Name
	}
	return "--" + o.Name + "/-" + o.Short
}

// value is one the flag takes, "" for a switch.
func (o v1Option) value() string {
	switch {
	case !o.TakesValue:
		return ""
	case len(o.Values) > 0:
		return o.Values[0]
	case o.Bool:
		return "True"
	}
	return "1"
}

func readV1Tree(t testing.TB) v1Tree {
	t.Helper()
	return readTree(t, "../testdata/v1/commands.json", 20)
}

// readTree reads the command tree of one of az's extensions.
func readTree(t testing.TB, file string, leaves int) v1Tree {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tree v1Tree
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	if len(tree.Commands) != leaves {
		t.Fatalf("%d commands, want the %d leaves", len(tree.Commands), leaves)
	}
	return tree
}

// v1Command finds and builds the command an old call names.
func v1Command(t testing.TB, path string) *cobra.Command {
	t.Helper()
	return commandOf(t, "ml computetarget "+path)
}

// commandOf finds and builds the command of a call of az.
func commandOf(t testing.TB, path string) *cobra.Command {
	t.Helper()
	globalSet := pflag.NewFlagSet("", pflag.ContinueOnError)
	globals(globalSet)
	found, err := argv.Path(strings.Fields(path), tree(), grammar(globalSet))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	e, ok := find(found.Path)
	if !ok || e.build == nil || len(found.Rest) > 0 {
		t.Fatalf("%s is not a command", path)
	}
	return attach(&cobra.Command{Use: "computetarget"}, e).Command
}

// lookup finds a flag by the name the old CLI gave it.
func lookup(c *cobra.Command, o v1Option) *pflag.Flag {
	if o.Name == "" {
		return c.Flags().Lookup("-" + o.Short)
	}
	return c.Flags().Lookup(o.Name)
}

// Every flag of every command of the old CLI is there: name, short form, kind
// of value, default, choices, and whether it must be given.
func TestEveryV1Flag(t *testing.T) {
	t.Parallel()
	tree := readV1Tree(t)
	for _, command := range tree.Commands {
		c := v1Command(t, command.Path)
		grammar := grammar(c.Flags())
		policy := tree.Policy
		switch command.Path {
		case "list", "show", "amlcompute identity show": // they change nothing
			policy = nil
		}
		for _, o := range slices.Concat(command.Flags, tree.Global, policy) {
			f := lookup(c, o)
			if f == nil {
				t.Errorf("%s: no flag %s", command.Path, o.spelling())
				continue
			}
			at := slices.IndexFunc(grammar, func(g argv.Flag) bool { return g.Name == o.Name && (g.Name != "" || g.Short == o.Short) })
			g := grammar[at]
			if g.Short != o.Short || g.TakesValue != o.TakesValue && !o.Bool || g.Bool3 != o.Bool {
				t.Errorf("%s: %s is %+v", command.Path, o.spelling(), g)
			}
			if def := f.DefValue; o.Default != "" && o.Name != "output" && o.Name != "path" && def != o.Default {
				t.Errorf("%s: the default of %s is %q, not %q", command.Path, o.spelling(), def, o.Default)
			}
			for _, v := range o.Values {
				if len(g.Values) > 0 && !slices.Contains(g.Values, v) {
					t.Errorf("%s: %s does not take %s", command.Path, o.spelling(), v)
				}
			}
			if len(o.Values) > 0 && len(g.Values) == 0 && o.Name != "output" {
				t.Errorf("%s: %s takes anything, not only %v", command.Path, o.spelling(), o.Values)
			}
			// A name, and identities, may stand without their flag; the SSH
			// port was said to be required and had a default.
			free := o.Name == "name" || o.Name == "identities"
			if want := o.Required && o.Name != "ssh-port"; !free && want != (f.Annotations[requiredFlag] != nil) {
				t.Errorf("%s: required of %s is not %v", command.Path, o.spelling(), want)
			}
		}
	}
}

// Every prefix that meant one flag in the old CLI means that flag, whatever
// flags were added since.
func TestEveryV1Prefix(t *testing.T) {
	t.Parallel()
	tree := readV1Tree(t)
	tried := 0
	for _, command := range tree.Commands {
		flags := grammar(v1Command(t, command.Path).Flags())
		tried += tryPrefixes(t, command.Path, flags, slices.Concat(command.Flags, tree.Global))
	}
	if tried < 2000 {
		t.Errorf("only %d spellings tried", tried)
	}
}

// A flag of the old CLI counts as one only where the old CLI had it, and no new
// flag is the beginning of an old one: that is what keeps prefixes unique.
func TestNewFlagsStayOutOfTheWay(t *testing.T) {
	t.Parallel()
	tree := readV1Tree(t)
	for _, command := range tree.Commands {
		c := v1Command(t, command.Path)
		all := slices.Concat(command.Flags, tree.Global)
		c.Flags().VisitAll(func(f *pflag.Flag) {
			old := slices.ContainsFunc(all, func(o v1Option) bool { return f == lookup(c, o) })
			if marked := f.Annotations[v1Flag] != nil; marked != old {
				t.Errorf("%s: --%s is marked as v1's: %v", command.Path, f.Name, marked)
			}
			names := f.Annotations[aliasFlag]
			if !old {
				names = append(names, f.Name)
			}
			for _, name := range names {
				for _, o := range all {
					if name != o.Name && strings.HasPrefix(o.Name, name) {
						t.Errorf("%s: --%s is the beginning of --%s", command.Path, name, o.Name)
					}
				}
			}
		})
	}
}

// tryPrefixes spells the flags of a command in every way that was unique among them
// in az, and returns how many there are.
func tryPrefixes(t *testing.T, path string, flags []argv.Flag, all []v1Option) (tried int) {
	t.Helper()
	for _, o := range all {
		var want, got []string
		var err error
		check := func(args ...string) {
			tried++
			if got, err = argv.Expand(args, flags, nil); err != nil || !slices.EqualFunc(got, want, strings.EqualFold) {
				t.Errorf("%s: %q gave %q, %v; want %q", path, args, got, err, want)
			}
		}
		full := "--" + o.Name
		if o.Name == "" {
			full = "-" + o.Short
		}
		want = []string{full}
		if o.TakesValue {
			want[0] += "=" + o.value()
		}
		if o.Short != "" && !o.TakesValue {
			check("-" + o.Short)
		} else if o.Short != "" {
			check("-"+o.Short, o.value())
			check("-" + o.Short + o.value())
		}
		for n := 1; n <= len(o.Name); n++ {
			prefix := o.Name[:n]
			if slices.ContainsFunc(all, func(other v1Option) bool {
				return other.Name != o.Name && strings.HasPrefix(other.Name, prefix) && n < len(o.Name)
			}) {
				continue // it could mean two flags then, too
			}
			if !o.TakesValue {
				check("--" + prefix)
				continue
			}
			check("--"+prefix, o.value())
			check("--" + prefix + "=" + o.value())
		}
	}
	return tried
}
