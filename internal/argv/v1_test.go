package argv

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

type v1Flag struct {
	Name       string   `json:"name"`
	Short      string   `json:"short"`
	Required   bool     `json:"required"`
	TakesValue bool     `json:"takesValue"`
	Bool       bool     `json:"bool"`
	Repeat     bool     `json:"repeat"`
	Default    string   `json:"default"`
	Values     []string `json:"values"`
}

func (f v1Flag) flag() Flag {
	return Flag{Name: f.Name, Short: f.Short, TakesValue: f.TakesValue, Bool3: f.Bool, V1: true, Values: f.Values}
}

type v1Tree struct {
	Global   []v1Flag `json:"global"`
	Commands []struct {
		Path  string   `json:"path"`
		Flags []v1Flag `json:"flags"`
	} `json:"commands"`
}

func readV1(t *testing.T) v1Tree {
	t.Helper()
	data, err := os.ReadFile("../../testdata/v1/commands.json")
	if err != nil {
		t.Fatal(err)
	}
	var tree v1Tree
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestV1TreeIsComplete(t *testing.T) {
	t.Parallel()
	tree := readV1(t)
	if len(tree.Commands) != 20 || len(tree.Global) != 7 {
		t.Fatalf("%d commands and %d global flags, want 20 and 7", len(tree.Commands), len(tree.Global))
	}
	seen := map[string]bool{}
	for _, c := range tree.Commands {
		names := map[string]bool{}
		shorts := map[string]bool{}
		for _, f := range slices.Concat(c.Flags, tree.Global) {
			if f.Name != "" && names[f.Name] || f.Short != "" && shorts[f.Short] || f.Name+f.Short == "" {
				t.Errorf("%s: %+v is there twice or has no name", c.Path, f)
			}
			names[f.Name], shorts[f.Short] = true, true
		}
		if seen[c.Path] {
			t.Errorf("%s is there twice", c.Path)
		}
		seen[c.Path] = true
	}
}

// Every unique prefix of every v1 flag means that flag, and every other prefix
// is refused with all it could mean, also when newer flags share the prefix.
func TestEveryPrefixOfEveryV1Flag(t *testing.T) {
	t.Parallel()
	tree := readV1(t)
	newer := []Flag{
		{Name: "subnet-id", TakesValue: true}, {Name: "dry-run"}, {Name: "strict"}, {Name: "timeout", TakesValue: true},
		{Name: "raw"}, {Name: "cloud", TakesValue: true}, {Name: "endpoint", TakesValue: true}, {Name: "yes", Short: "y"},
	}
	tried := 0
	for _, c := range tree.Commands {
		flags := slices.Clone(newer)
		var names []string
		for _, f := range slices.Concat(c.Flags, tree.Global) {
			flags = append(flags, f.flag())
			if f.Name != "" {
				names = append(names, f.Name)
			}
		}
		slices.Sort(names)
		for _, f := range slices.Concat(c.Flags, tree.Global) {
			value := []string{"x"}
			switch {
			case f.Values != nil:
				value = f.Values[:1]
			case f.Bool:
				value = []string{"true"}
			case !f.TakesValue:
				value = nil
			}
			want := []string{"--" + f.Name}
			if f.Name == "" {
				want[0] = "-" + f.Short
			}
			if value != nil {
				want[0] += "=" + value[0]
			}
			if f.Short != "" {
				got, err := Expand(append([]string{"-" + f.Short}, value...), flags, nil)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s: -%s gave %q, %v", c.Path, f.Short, got, err)
				}
			}
			for n := 1; n <= len(f.Name); n++ {
				prefix := f.Name[:n]
				var could []string
				for _, name := range names {
					if strings.HasPrefix(name, prefix) {
						could = append(could, "--"+name)
					}
				}
				if n < len(f.Name) && slices.Contains(names, prefix) {
					continue // the whole name of another flag
				}
				unique := len(could) == 1 || n == len(f.Name)
				for _, args := range [][]string{append([]string{"--" + prefix}, value...), {"--" + prefix + "=" + strings.Join(value, "")}} {
					if len(value) == 0 {
						args = args[:1]
						args[0] = "--" + prefix
					}
					got, err := Expand(args, flags, nil)
					tried++
					if unique && (err != nil || !slices.Equal(got, want)) {
						t.Errorf("%s: %q gave %q, %v; want %q", c.Path, args, got, err, want)
					}
					if !unique && (err == nil || !strings.HasSuffix(err.Error(), strings.Join(could, ", "))) {
						t.Errorf("%s: %q gave %q, %v; want a choice of %v", c.Path, args, got, err, could)
					}
				}
			}
		}
	}
	if tried < 4000 {
		t.Errorf("only %d prefixes tried", tried)
	}
}
