package atomicfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/computetarget/computetarget/pkg/atomicfile"
)

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// only says that nothing but the given files is left in a folder.
func only(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if err != nil || strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q, %v; want %q", dir, names, err, want)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for i, write := range []func(string, []byte, fs.FileMode) error{atomicfile.Write, atomicfile.WriteUnsynced} {
		for _, mode := range []fs.FileMode{0o600, 0o755, 0o444} { // also over a read-only one
			text := strings.Repeat("x", i) + mode.String()
			if err := write(path, []byte(text), mode); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil || content(t, path) != text || runtime.GOOS != "windows" && info.Mode().Perm() != mode {
				t.Errorf("%q, %v, %v", content(t, path), info.Mode(), err)
			}
		}
	}
	only(t, dir, "f")
}

func TestALinkStaysALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(real, []byte("old"), 0o600), os.Symlink("real", link)); err != nil {
		t.Skip(err)
	}
	if err := atomicfile.Write(link, []byte("new"), 0o600); err != nil || content(t, real) != "new" {
		t.Errorf("%q, %v", content(t, real), err)
	}
	if to, err := os.Readlink(link); err != nil || to != "real" {
		t.Errorf("%q, %v", to, err)
	}
	only(t, dir, "link", "real")
}

func TestFailuresLeaveNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "folder"), 0o700), os.Symlink("loop", loop)); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{filepath.Join(dir, "none", "f"), filepath.Join(dir, "folder"), loop} {
		err := atomicfile.Write(path, []byte("x"), 0o600)
		var where *fs.PathError
		if !errors.As(err, &where) || where.Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
	only(t, dir, "folder", "loop")
	only(t, filepath.Join(dir, "folder"))
}

// A reader never sees a part, and of two that write at once one wins.
func TestReadersSeeAWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	a, b := bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<15)
	if err := atomicfile.Write(path, a, 0o600); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for _, data := range [][]byte{a, b} {
		group.Go(func() {
			for range 50 {
				if err := atomicfile.WriteUnsynced(path, data, 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		if got := content(t, path); got != string(a) && got != string(b) {
			t.Errorf("read %d bytes", len(got))
		}
	}
	group.Wait()
	only(t, dir, "f")
}

// A file that cannot take its place is not left beside it.
func TestAFailedRenameLeavesNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows takes .. out of a path before it looks for the folders in it")
	}
	dir := t.TempDir()
	path := dir + "/none/../f" // in dir for filepath.Dir, nowhere for rename
	var where *fs.PathError
	if err := atomicfile.Write(path, []byte("x"), 0o600); !errors.As(err, &where) || where.Path != path {
		t.Errorf("%v", err)
	}
	only(t, dir)
}
