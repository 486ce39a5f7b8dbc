package exit_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
)

// The sentence of an error is its own, and that of its cause when it has none.
func TestError(t *testing.T) {
	t.Parallel()
	cause := errors.New("the disk is full")
	for want, e := range map[string]*exit.Error{
		"the file was not written":     {Text: "the file was not written", Err: cause},
		"the disk is full":             {Err: cause},
		"the file was not written (2)": {Text: "the file was not written (2)"},
		"":                             {},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
	err := exit.Usagef("reading %s: %w", "x", fs.ErrNotExist)
	var e *exit.Error
	if !errors.As(err, &e) || e.Exit != exit.Usage || !errors.Is(err, fs.ErrNotExist) || err.Error() != "reading x: file does not exist" {
		t.Errorf("%+v", err)
	}
}
