package cmd

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/share"
	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/emulator/emulatortest"
)

// A log that grows is printed by whole lines, and one that begins anew from its
// beginning.
func TestFollowerPrintsWholeLines(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{})
	files := share.New(share.Options{Client: srv.Computes, Storage: srv.URL + "/storage", Transport: srv.Client().Transport})
	var out strings.Builder
	f := follower{files: files, name: "dev", out: render.NewStreams(strings.NewReader(""), &out, os.Stderr, os.Getenv).Out, printed: map[string]int64{}}
	for _, step := range []struct {
		text, want string
		end        bool
	}{
		{"one\ntw", "one\n", false},
		{"one\ntwo\nthr", "two\n", false},
		{"one\ntwo\nthr", "", false},
		{"again\n", "again\n", false},
		{"again\nand the end", "and the end", true},
	} {
		if _, err := files.Put(ctx, []share.File{{Path: "Logs/dev/log", Text: []byte(step.text)}}, true); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if err := f.step(ctx, step.end); err != nil || out.String() != step.want {
			t.Errorf("of %q it prints %q, want %q: %v", step.text, out.String(), step.want, err)
		}
	}
}

// A log that cannot be printed is not passed over as one that cannot be read.
func TestFollowerCannotPrint(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{})
	files := share.New(share.Options{Client: srv.Computes, Storage: srv.URL + "/storage", Transport: srv.Client().Transport})
	if _, err := files.Put(ctx, []share.File{{Path: "Logs/dev/log", Text: []byte("line\n")}}, true); err != nil {
		t.Fatal(err)
	}
	f := follower{files: files, name: "dev", out: render.NewStreams(strings.NewReader(""), full{}, os.Stderr, os.Getenv).Out, printed: map[string]int64{}}
	if err := f.step(ctx, false); !errors.Is(err, syscall.ENOSPC) || passes(err) {
		t.Errorf("a full disk gives %v, which passes: %t", err, passes(err))
	}
}

// full is a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// On a terminal a log cannot do more than be read.
func TestLogsAreHarmlessOnATerminal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{})
	files := share.New(share.Options{Client: srv.Computes, Storage: srv.URL + "/storage", Transport: srv.Client().Transport})
	const text = "a\x1b[31mred\x1b]0;title\x07 \u202ebidi\u202c\tcell\nthe end\n"
	if _, err := files.Put(ctx, []share.File{{Path: "Logs/dev/log", Text: []byte(text)}}, true); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	streams := render.NewStreams(strings.NewReader(""), &out, &out, os.Getenv)
	streams.Out.TTY = true
	f := follower{files: files, name: "dev", out: streams.Out, printed: map[string]int64{}}
	if err := f.step(ctx, true); err != nil {
		t.Fatal(err)
	}
	logs, err := files.Logs(ctx, "dev")
	if err != nil {
		t.Fatal(err)
	}
	r, err := readLogs(ctx, files, "dev", logs)
	if err != nil {
		t.Fatal(err)
	}
	if err := render.Print(streams, render.Options{}, r); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.ContainsAny(got, "\x1b\x07\u202e") || strings.Count(got, "\tcell\nthe end\n") != 2 {
		t.Errorf("printed %q", got)
	}
}
