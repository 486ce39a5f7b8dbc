package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/cmd"
)

const root = "../.."

func TestCommittedFilesAreFresh(t *testing.T) {
	t.Parallel()
	files, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Errorf("%v; run go generate ./...", err)
		} else if string(got) != want {
			t.Errorf("%s is stale; run go generate ./...\n%s", path, firstDifference(string(got), want))
		}
	}
	stale, err := others(root, files)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stale {
		t.Errorf("nothing generates %s; run go generate ./...", path)
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "committed: " + a[i] + "\ngenerated: " + b[i]
		}
	}
	return "one is longer than the other"
}

func TestWriteMakesAndRemoves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, "docs/reference/gone.md")
	stale := filepath.Join(dir, "docs/reference/stop.md")
	for _, path := range []string{old, stale} {
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Error("the page of a command that is gone was left")
	}
	if text, err := os.ReadFile(stale); err != nil || string(text) == "old" {
		t.Errorf("a stale page was left: %q %v", text, err)
	}
}

func TestEveryCommandHasItsPages(t *testing.T) {
	t.Parallel()
	files, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range cmd.References() {
		if r.Group {
			continue
		}
		word, _, _ := strings.Cut(r.Words, " ")
		page := files["docs/reference/"+word+".md"]
		man := files["docs/man/computetarget-"+word+".1"]
		for _, text := range []string{r.Usage, outdent(r.Example)} {
			if !strings.Contains(page, text) {
				t.Errorf("docs/reference/%s.md lacks %q", word, text)
			}
		}
		for _, f := range r.Flags {
			if !strings.Contains(page, f.Spelling) || !strings.Contains(man, roff(f.Spelling)) {
				t.Errorf("the pages of %s lack %s", r.Words, f.Spelling)
			}
		}
		if !strings.Contains(files["docs/reference/README.md"], "["+r.Words+"](") {
			t.Errorf("the index lacks %s", r.Words)
		}
	}
}

// groff reads every page as a manual page would be read, with all its warnings
// on.
func TestManPagesFormat(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	files, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range files {
		if !strings.HasSuffix(path, ".1") {
			continue
		}
		c := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z")
		c.Stdin = strings.NewReader(text)
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}
