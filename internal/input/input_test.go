package input_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sparse is a file of some size that takes no room.
func sparse(t *testing.T, size int64) string {
	t.Helper()
	path := write(t, "huge", "")
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "text", strings.Repeat("x", 100)} {
		if data, err := input.File(t.Context(), write(t, "some", text), 100); string(data) != text || err != nil {
			t.Errorf("%q: %q, %v", text, data, err)
		}
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := write(t, "good", "text")
	says := map[string]string{
		dir:                               "is a folder",
		filepath.Join(dir, "no"):          "does not exist",
		filepath.Join(dir, "no", "no"):    "does not exist",
		filepath.Join(good, "below"):      "does not exist",
		write(t, "long", "more than one"): "is larger than the limit of 0 MiB",
		sparse(t, 1<<40):                  "is larger than the limit of 0 MiB",
	}
	if runtime.GOOS != "windows" {
		loop := filepath.Join(dir, "loop")
		if err := os.Symlink(loop, loop); err != nil {
			t.Fatal(err)
		}
		says[loop] = "cannot be read"
		says["/dev/zero"] = "is larger than the limit of 0 MiB"
		if os.Geteuid() != 0 {
			closed := write(t, "closed", "text")
			if err := os.Chmod(closed, 0); err != nil {
				t.Fatal(err)
			}
			says[closed] = "permission denied"
		}
	}
	for path, want := range says {
		_, err := input.File(t.Context(), path, 10)
		var e *exit.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Exit != exit.Usage || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
		if (want == "does not exist") != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v and fs.ErrNotExist", path, err)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	if data, err := input.Plain(write(t, "settings", "text")); string(data) != "text" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	var e *exit.Error
	if _, err := input.Plain(filepath.Join(t.TempDir(), "no")); !errors.Is(err, fs.ErrNotExist) || errors.As(err, &e) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := input.Plain(sparse(t, input.Settings+1)); err == nil || !strings.Contains(err.Error(), "larger than the limit of 16 MiB") {
		t.Errorf("a huge file: %v", err)
	}
	if _, err := input.Plain(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: %v", err)
	}
	if runtime.GOOS != "windows" {
		if _, err := input.Plain("/dev/zero"); err == nil || !strings.Contains(err.Error(), "not a plain file") {
			t.Errorf("a device: %v", err)
		}
	}
}

// ended is a context that ended for a reason of its own.
func ended(t *testing.T) (context.Context, error) {
	t.Helper()
	why := errors.New("ctrl-c")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	return ctx, why
}

// silent never delivers, as a terminal nobody types at.
type silent struct{}

func (silent) Read([]byte) (int, error) { select {} }

func TestReadsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	ctx, why := ended(t)
	if _, err := input.Stream(ctx, silent{}, "stdin", 10); err != why { //nolint:errorlint // as it is
		t.Errorf("a stream: %v", err)
	}
	if _, err := io.ReadAll(input.Until(ctx, silent{})); err != why { //nolint:errorlint // as it is
		t.Errorf("a reader: %v", err)
	}
	if _, err := input.Stream(t.Context(), input.Until(ctx, silent{}), "stdin", 10); err != why { //nolint:errorlint // as it is
		t.Errorf("a stream over a reader: %v", err)
	}
	// The context ends while the read is under way.
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(why)
	if _, err := io.ReadAll(input.Until(ctx, silent{})); err != why { //nolint:errorlint // as it is
		t.Errorf("a reader that waits: %v", err)
	}
}

// A read that is left behind ends one day, when what it was to fill is used for
// something else.
func TestAReadLeftBehindWritesNowhere(t *testing.T) {
	t.Parallel()
	read, write := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	reader := input.Until(ctx, read)
	go cancel()
	p := []byte("mine")
	if n, err := reader.Read(p); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := write.Write([]byte("late")); err != nil { // returns when it was read
		t.Fatal(err)
	}
	if string(p) != "mine" {
		t.Errorf("%q", p)
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	if data, err := input.Stream(t.Context(), iotest.OneByteReader(strings.NewReader("abc")), "stdin", 3); string(data) != "abc" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := input.Stream(t.Context(), strings.NewReader("abcd"), "stdin", 3); err == nil || !strings.HasPrefix(err.Error(), "stdin is larger than") {
		t.Errorf("too long: %v", err)
	}
	if _, err := input.Stream(t.Context(), iotest.ErrReader(errors.New("broken")), "stdin", 3); err == nil || err.Error() != "stdin cannot be read (broken)" {
		t.Errorf("broken: %v", err)
	}
	if err := iotest.TestReader(input.Until(t.Context(), strings.NewReader("some text")), []byte("some text")); err != nil {
		t.Error(err)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"":                                 "",
		"a":                                "a",
		"grün":                             "grün",
		"\xef\xbb\xbfgrün":                 "grün",
		"\xff\xfea\x00\xfc\x00":            "aü",
		"\xfe\xff\x00a\x00\xfc":            "aü",
		"a\x00b\x00":                       "ab", // without its mark
		"\x00a\x00b":                       "ab",
		"\xff\xfe\x3d\xd8\x00\xde":         "😀",
		"\xff\xfe":                         "",
		"\xef\xbb\xbf\xef\xbb\xbfonly one": "\ufeffonly one",
	} {
		if got, err := input.Text([]byte(data)); string(got) != want || err != nil {
			t.Errorf("%q: %q, %v", data, got, err)
		}
	}
	for data, want := range map[string]string{
		"gr\xfcn":                  "not UTF-8 text", // Windows-1252
		"\xff\xfea":                "truncated UTF-16",
		"\xff\xfe\x00\x00a\x00":    "UTF-32",
		"\x1f\x8b\x08\x00\xff\xff": "not UTF-8 text",
	} {
		if got, err := input.Text([]byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v, want %q", data, got, err, want)
		}
	}
	_, err := input.TextFile(t.Context(), write(t, "old.txt", "gr\xfcn"), 100)
	if err == nil || !strings.HasSuffix(err.Error(), "old.txt is not UTF-8 text") {
		t.Errorf("a binary file: %v", err)
	}
}

// Text is UTF-8 or an error, and the mark that told its encoding is gone.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "a", "gr\xc3\xbcn", "gr\xfcn", "\xef\xbb\xbfa", "\xff\xfea\x00", "\xfe\xff\x00a", "\xff\xfe\x00\x00", "a\x00b\x00", "\xff\xfe\x00\xd8", "\x00a\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given := bytes.Clone(data)
		text, err := input.Text(data)
		if !bytes.Equal(data, given) {
			t.Fatalf("%q was changed to %q", given, data)
		}
		if err != nil {
			if text != nil {
				t.Errorf("%q: %q and %v", data, text, err)
			}
			return
		}
		if !utf8.Valid(text) {
			t.Errorf("%q: %q is not UTF-8", data, text)
		}
		if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) && string(text) != string(data[3:]) || utf8.Valid(data) && !bytes.ContainsAny(data, "\x00\ufeff") && string(text) != string(data) {
			t.Errorf("%q became %q", data, text)
		}
	})
}
