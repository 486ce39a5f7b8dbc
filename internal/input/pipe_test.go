//go:build !windows

package input_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/computetarget/computetarget/internal/input"
)

func TestNamedPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	// Nobody writes: opening it waits already.
	ctx, why := ended(t)
	if _, err := input.File(ctx, pipe, 10); err != why { //nolint:errorlint // as it is
		t.Errorf("%v", err)
	}
	if _, err := input.Plain(pipe); err == nil {
		t.Error("settings were read from a pipe")
	}
	// What is written to it is read, as from <(command).
	pipe = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() { _ = os.WriteFile(pipe, []byte("text"), 0o600) }()
	if data, err := input.File(t.Context(), pipe, 10); string(data) != "text" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}
