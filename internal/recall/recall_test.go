package recall

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var seen = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func texts(l List) []string {
	var out []string
	for _, n := range l.Names {
		out = append(out, n.Text)
	}
	return out
}

func TestKeepsListsApart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	ws := In(dir, "https://management.azure.com /subscriptions/s/ws1")
	other := In(dir, "https://management.azure.com /subscriptions/s/ws2")
	if err := ws.Put(Computes, List{Seen: seen, Names: []Name{{Text: "dev", About: "instance"}, {Text: "gpu", About: ""}}}); err != nil {
		t.Fatal(err)
	}
	if err := ws.Put(Sizes, List{Seen: seen, Names: []Name{{Text: "Standard_DS3_v2", About: ""}}}); err != nil {
		t.Fatal(err)
	}
	got := ws.Get(Computes)
	if !slices.Equal(texts(got), []string{"dev", "gpu"}) || got.Names[0].About != "instance" || !got.Seen.Equal(seen) {
		t.Errorf("computes: %+v", got)
	}
	if got := texts(ws.Get(Sizes)); !slices.Equal(got, []string{"Standard_DS3_v2"}) {
		t.Errorf("sizes: %v", got)
	}
	if got := other.Get(Computes); len(got.Names) > 0 || !got.Seen.IsZero() {
		t.Errorf("another scope knows %+v", got)
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	f := In(t.TempDir(), "scope")
	change := func(add []Name, remove ...string) {
		t.Helper()
		if err := f.Change(Computes, add, remove); err != nil {
			t.Fatal(err)
		}
	}
	change([]Name{{Text: "dev", About: "old"}, {Text: "gpu", About: ""}})
	if got := f.Get(Computes); !got.Seen.IsZero() {
		t.Errorf("names met in passing are no list that was read: %+v", got)
	}
	change([]Name{{Text: "dev", About: "new"}}, "gpu", "unknown")
	if got := f.Get(Computes); !slices.Equal(got.Names, []Name{{Text: "dev", About: "new"}}) {
		t.Errorf("got %+v", got)
	}
	if err := f.Put(Computes, List{Seen: seen, Names: []Name{{Text: "a", About: ""}}}); err != nil {
		t.Fatal(err)
	}
	change([]Name{{Text: "b", About: ""}})
	if got := f.Get(Computes); !got.Seen.Equal(seen) || !slices.Equal(texts(got), []string{"a", "b"}) {
		t.Errorf("a change must not make a list older or newer: %+v", got)
	}
	before, _ := os.Stat(f.path)
	change([]Name{{Text: "b", About: ""}}, "unknown")
	if after, _ := os.Stat(f.path); !os.SameFile(before, after) {
		t.Error("a list that stays the same was written")
	}
}

func TestUselessFilesAreNotThere(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":         "",
		"cut":           `{"version":1,"scope":"scope","lists":{"computes":{"names":[{"na`,
		"no json":       "\x00\x01\x02",
		"null":          "null",
		"array":         "[]",
		"other version": `{"version":2,"scope":"scope","lists":{"computes":{"names":[{"name":"dev"}]}}}`,
		"other scope":   `{"version":1,"scope":"else","lists":{"computes":{"names":[{"name":"dev"}]}}}`,
		"wrong types":   `{"version":1,"scope":"scope","lists":{"computes":{"names":"dev"}}}`,
		"no lists":      `{"version":1,"scope":"scope"}`,
		"bad time":      `{"version":1,"scope":"scope","lists":{"computes":{"seen":"then","names":[]}}}`,
		"huge":          `{"version":1,"scope":"` + strings.Repeat("x", maxBytes) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := In(t.TempDir(), "scope")
			if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := f.Get(Computes); len(got.Names) > 0 || !got.Seen.IsZero() {
				t.Errorf("got %+v", got)
			}
			if err := f.Put(Computes, List{Seen: seen, Names: []Name{{Text: "dev", About: ""}}}); err != nil {
				t.Fatal(err)
			}
			if got := texts(f.Get(Computes)); !slices.Equal(got, []string{"dev"}) {
				t.Errorf("not rebuilt: %v", got)
			}
		})
	}
}

func TestForTheUserAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "computetarget")
	f := In(dir, "scope")
	if err := f.Put(Computes, List{}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, f.path: 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want && os.PathSeparator == '/' {
			t.Errorf("%s has mode %o, not %o", path, got, want)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("temporary files are left: %v %v", left, err)
	}
}

func TestNowhereToKeep(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := In(filepath.Join(file, "below"), "scope")
	if err := f.Put(Computes, List{}); err == nil {
		t.Error("a folder below a file took a list")
	}
	if got := f.Get(Computes); len(got.Names) > 0 {
		t.Errorf("got %+v", got)
	}
}

// A file of any content is a list of names or none, and can be written over.
func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"scope":"s","lists":{"compute":{"seen":"2026-01-01T00:00:00Z","names":[{"name":"a","about":"b"}]}}}`))
	f.Add([]byte(`{"version":1,"scope":"s","lists":{"compute":{"names":[null,{}]},"":{}}}`))
	f.Add([]byte(`{"version":2,"scope":"s","lists":null}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := In(t.TempDir(), "s")
		if err := os.WriteFile(file.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file.Get(Computes)
		if err := file.Change(Computes, []Name{{Text: "new"}}, []string{"a"}); err != nil {
			t.Fatal(err)
		}
		names := file.Get(Computes).Names
		if !slices.Contains(names, Name{Text: "new"}) || slices.ContainsFunc(names, func(n Name) bool { return n.Text == "a" }) {
			t.Fatalf("%q holds %v", data, names)
		}
	})
}
