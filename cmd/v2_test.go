package cmd

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/computetarget/computetarget/internal/argv"
)

func readV2Tree(t testing.TB) v1Tree {
	t.Helper()
	return readTree(t, "../testdata/v2/commands.json", 15)
}

// Every flag of every command of az ml compute is there: name, short form and kind
// of value. It counts as one of theirs, so that its prefixes win.
func TestEveryV2Flag(t *testing.T) {
	t.Parallel()
	tree := readV2Tree(t)
	for _, command := range tree.Commands {
		c := commandOf(t, "ml compute "+command.Path)
		flags := grammar(c.Flags())
		for _, o := range slices.Concat(command.Flags, tree.Global) {
			at := slices.IndexFunc(flags, func(g argv.Flag) bool { return g.Name == o.Name })
			if at < 0 {
				t.Errorf("%s: no flag %s", command.Path, o.spelling())
				continue
			}
			if g := flags[at]; g.Short != o.Short || g.TakesValue != o.TakesValue || g.Repeat != o.Repeat || !g.V1 {
				t.Errorf("%s: %s is %+v", command.Path, o.spelling(), g)
			}
		}
		for _, g := range flags {
			if theirs := slices.ContainsFunc(slices.Concat(command.Flags, tree.Global), func(o v1Option) bool { return o.Name == g.Name }); g.V1 && !theirs && g.Name != "" {
				t.Errorf("%s: --%s counts as a flag of az, which has none", command.Path, g.Name)
			}
		}
	}
}

// Every prefix that means one flag in az ml compute means that flag here.
func TestEveryV2Prefix(t *testing.T) {
	t.Parallel()
	tree := readV2Tree(t)
	tried := 0
	for _, command := range tree.Commands {
		flags := grammar(commandOf(t, "ml compute "+command.Path).Flags())
		tried += tryPrefixes(t, command.Path, flags, slices.Concat(command.Flags, tree.Global))
	}
	if tried < 1500 {
		t.Errorf("only %d spellings tried", tried)
	}
}

// Whatever is typed after --set, --add and --remove changes the object or is refused.
func FuzzV2Edits(f *testing.F) {
	f.Add("tags.a=b", "list [0]", "tags")
	f.Add("a[0].b=1", "identity.user_assigned_identities", "identity.user_assigned_identities[-1]")
	f.Add("a[key=value]={}", "k=v", "-1")
	f.Fuzz(func(t *testing.T, set, add, remove string) {
		force := false
		e := &edits{force: &force, list: []v2Edit{{"set", set}, {"add", add}, {"add", "k=v"}, {"remove", remove}, {"remove", "-1"}}}
		object := map[string]any{"tags": map[string]any{"a": "b"}, "list": []any{map[string]any{"key": "value"}}}
		if err := e.apply(object); err != nil {
			return
		}
		if text, err := json.Marshal(object); err != nil || !json.Valid(text) {
			t.Errorf("%q %q %q: %v", set, add, remove, err)
		}
	})
}
