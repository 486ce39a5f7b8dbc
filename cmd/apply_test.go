package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Several computes are made at once, and waited for together: as long as the
// slowest takes.
func TestApplyAtOnce(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	var file strings.Builder
	for _, name := range []string{"aaa", "bbb", "ccc", "ddd", "eee"} {
		file.WriteString("---\nname: " + name + "\ntype: computeinstance\nhours: mon-fri 09:00-18:00\ntime_zone: UTC\n")
	}
	file.WriteString("---\nname: fff\ntype: computeinstance\nstopped: true\n")
	path := filepath.Join(b.dir, "class.yml")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	e := b.run("apply", "-f", path, "--query", "[].[name, result, state]", "-o", "tsv")
	want := "aaa\tcreated\tRunning\nbbb\tcreated\tRunning\nccc\tcreated\tRunning\nddd\tcreated\tRunning\neee\tcreated\tRunning\nfff\tcreated\tStopped\n"
	if e.code != 0 || e.out != want {
		t.Fatalf("%d\n%s\n%s", e.code, e.out, e.errors)
	}
	if e.took < 3*time.Minute || e.took > 6*time.Minute {
		t.Errorf("took %s", e.took)
	}
	again := b.run("apply", "-f", path, "--query", "[].result", "-o", "tsv")
	if again.code != 0 || strings.Trim(again.out, "unchaged\n") != "" || again.took > 5*time.Second {
		t.Errorf("%d in %s\n%s%s", again.code, again.took, again.out, again.errors)
	}
}

// A wait that ends early says how to go on, and the same line goes on.
func TestApplyResumes(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	path := filepath.Join(b.dir, "two.yml")
	if err := os.WriteFile(path, []byte("name: aaa\ntype: computeinstance\n---\nname: bbb\ntype: computeinstance\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := b.run("apply", "-f", path, "--timeout", "1m", "-o", "none")
	if e.code != 4 || !strings.Contains(e.errors, "wait aaa bbb ") {
		t.Fatalf("%d\n%s", e.code, e.errors)
	}
	e = b.run("apply", "-f", path, "--query", "[].[result, state]", "-o", "tsv")
	if e.code != 0 || e.out != "unchanged\tRunning\nunchanged\tRunning\n" {
		t.Fatalf("%d\n%s\n%s", e.code, e.out, e.errors)
	}
}

// What fails for one compute does not keep the others from being made, and the next
// run makes the rest.
func TestApplyInPart(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.run("create", "old", "-s", "Standard_DS3_v2", "-o", "none")
	path := filepath.Join(b.dir, "two.yml")
	text := "name: old\ntype: computeinstance\ntags: {a: b}\n---\nname: fresh\ntype: computeinstance\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := b.run("apply", "-f", path, "--query", "[].[name, result]", "-o", "tsv")
	if e.code != 1 || e.out != "fresh\tcreated\n" || !strings.Contains(e.errors, "tags.a is empty, not b") {
		t.Fatalf("%d\n%s\n%s", e.code, e.out, e.errors)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, "tags: {a: b}\n", "", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if e = b.run("apply", "-f", path, "--query", "[].result", "-o", "tsv"); e.code != 0 || e.out != "unchanged\nunchanged\n" {
		t.Fatalf("%d\n%s\n%s", e.code, e.out, e.errors)
	}
}
