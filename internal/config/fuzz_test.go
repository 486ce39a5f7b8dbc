package config

import (
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/input"
)

func FuzzParseProject(f *testing.F) {
	for _, seed := range []string{
		`{"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}`,
		`{"Id": null, "Scope": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/projects/e"}`,
		"\ufeff{}", `{"Scope": 1}`, `[]`, `null`, ``, `{"Scope": "/"}`, `{"workspace_name": null}`, `{"a":`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		project, ours, err := ParseProject(data)
		if err != nil && strings.ContainsRune(err.Error(), '\n') {
			t.Errorf("error of several lines: %q", err)
		}
		if err != nil || !ours {
			if project != (Project{}) {
				t.Errorf("refused and yet %+v", project)
			}
			return
		}
		if strings.ContainsAny(project.Subscription+project.ResourceGroup+project.Workspace, "/?#\n\x00") {
			t.Errorf("names that would change a URL: %+v", project)
		}
	})
}

func FuzzUserFile(f *testing.F) {
	for _, seed := range []string{
		"workspace: ml-dev\n", "# c\noutput: table # x\n", "a: b: c", "- 1", "workspace: [1]", "timeout: 5m\ntimeout: 6m",
		"? a\n: b", "&a workspace: *a", "workspace: !!binary aGk=", "%YAML 9\n---\n", "workspace: |\n  a\n  b\n", "{workspace: x}", "---\n---\n", "\ufeffworkspace: 1",
		"<<: {workspace: x}", "workspace: *nope", "!!map {workspace: ~}", "workspace: 0x10",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := map[string]any{}
		if err := (&strictYAML{}).Decode(data, before); err != nil {
			if strings.ContainsRune(err.Error(), '\n') {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		// What can be read can be changed, and the rest stays as it was.
		root, err := parseYAML(data)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := input.Text(data)
		if err != nil {
			t.Fatal(err)
		}
		text, err := edit(string(plain), root, Change{Workspace, "fuzzed"})
		if err != nil {
			t.Fatalf("read but not changed: %v", err)
		}
		after := map[string]any{}
		if err := (&strictYAML{}).Decode([]byte(text), after); err != nil {
			t.Fatalf("cannot be read back: %v\n%s", err, text)
		}
		before[Workspace] = "fuzzed"
		if !maps.Equal(before, after) {
			t.Errorf("was %v, is %v", before, after)
		}
	})
}

func FuzzCanonical(f *testing.F) {
	f.Add("1h30m", 3)
	f.Add("yes", 2)
	f.Add("https://x", 4)
	f.Add("tabel", 1)
	f.Fuzz(func(t *testing.T, text string, kind int) {
		options := Options()
		option := options[(kind%len(options)+len(options))%len(options)]
		once, err := Canonical(option, text)
		if err != nil {
			if utf8.ValidString(text) && strings.ContainsRune(err.Error(), '\n') {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		twice, err := Canonical(option, once)
		if err != nil || twice != once {
			t.Errorf("%s: %q became %q, then %q (%v)", option.Key, text, once, twice, err)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"0", "90m", "1h30m", "3d", "2d12h", "90", "-5m", "1.5h", "1d1d", "65535d", "9223372036s", "\u0663m", " 5M "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if d < 0 {
			t.Fatalf("%q is %s", s, d)
		}
		if bare := strings.Trim(strings.TrimSpace(s), "0123456789"); bare == "" && d != 0 {
			t.Fatalf("%q has no unit and is %s", s, d)
		}
		if again, err := ParseDuration(d.String()); err != nil || again != d {
			t.Fatalf("%q is %s, which is %s (%v)", s, d, again, err)
		}
	})
}
