package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	got := targets("ok  \tm/cmd\t0.02s\nFuzzA\nFuzzB\nok  \tm/a\t0.01s\n?   \tm/none\t[no test files]\nFuzzC\nok  \tm/b\t(cached)\n")
	want := []target{{"m/a", "FuzzA"}, {"m/a", "FuzzB"}, {"m/b", "FuzzC"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	got := progress("fuzz: elapsed: 0s, gathering baseline coverage: 0/3 completed\nfuzz: elapsed: 3s, execs: 5 (2/sec), new interesting: 1 (total: 4)\nPASS\nok  \tm/a\t3.1s\n")
	if got != "3s, execs: 5 (2/sec), new interesting: 1 (total: 4)" {
		t.Errorf("%q", got)
	}
}

func TestOnlyTimeUp(t *testing.T) {
	t.Parallel()
	const start, end = "fuzz: elapsed: 30s, execs: 5 (2/sec), new interesting: 1 (total: 4)\n", "FAIL\nexit status 1\nFAIL\tm/a\t30.1s\n"
	for out, want := range map[string]bool{
		start + "--- FAIL: FuzzA (30.01s)\n    context deadline exceeded\n" + end:                                                     true,
		start + "--- FAIL: FuzzA (0.01s)\n    --- FAIL: FuzzA (0.00s)\n        a_test.go:9: context deadline exceeded\n    \n" + end:  false,
		start + "--- FAIL: FuzzA (30.01s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzA/1\n" + end: false,
		start + "--- FAIL: FuzzA (30.01s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\n" + end:                false,
		"# m/a\na_test.go:9: undefined: context deadline exceeded\n" + end:                                                            false,
		start + "PASS\nok  \tm/a\t30.1s\n": false,
		"":                                 false,
	} {
		if got := onlyTimeUp(out); got != want {
			t.Errorf("%v for %q", got, out)
		}
	}
}

// An ordinary go test runs what each target was seeded with and every input
// that once failed. A target without a seed would test nothing there, and a
// folder of inputs whose target was renamed would be run by nobody.
func TestEveryTargetRunsInOrdinaryTests(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	fuzzed := map[string]bool{} // folder/FuzzName: has seeds
	var folders []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir() && strings.HasSuffix(filepath.ToSlash(filepath.Dir(path)), "testdata/fuzz"):
			folders = append(folders, path)
		case strings.HasSuffix(path, "_test.go"):
			return readTargets(filepath.Join(root, path), filepath.Dir(path), fuzzed)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(fuzzed) == 0 {
		t.Fatal("found no target")
	}
	for name, seeded := range fuzzed {
		if !seeded {
			t.Errorf("%s has no seed: call f.Add", name)
		}
	}
	for _, folder := range folders {
		name := filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(folder))), filepath.Base(folder))
		if _, ok := fuzzed[name]; !ok {
			t.Errorf("%s belongs to no target", folder)
		}
	}
}

// readTargets notes the targets of a file and whether they call Add.
func readTargets(file, folder string, fuzzed map[string]bool) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Fuzz") {
			continue
		}
		seeded := false
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Add" {
				seeded = true
			}
			return true
		})
		fuzzed[filepath.Join(folder, f.Name.Name)] = seeded
	}
	return nil
}
