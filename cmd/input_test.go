//go:build !windows

package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
)

// A signal ends a command that waits for its input: a pipe nobody writes to the
// end of, or stdin.
//
// Real time: reading a pipe blocks in the system.
func TestSignalsEndReads(t *testing.T) {
	t.Parallel()
	binary := built(t)
	for name, args := range map[string][]string{
		"schedule apply -f":   {"schedule", "apply", "dev", "-f", "PIPE"},
		"schedule preview -f": {"schedule", "preview", "-f", "PIPE"},
		"--ssh-key":           {"create", "dev", "-s", "Standard_DS3_v2", "--ssh-key", "PIPE"},
		"--setup-script":      {"create", "dev", "-s", "Standard_DS3_v2", "--setup-script", "PIPE"},
		"--private-key-file":  {"attach", "remote", "-n", "box", "-a", "10.0.0.4", "-u", "me", "--private-key-file", "PIPE"},
		"-p @FILE":            {"attach", "remote", "-n", "box", "-a", "10.0.0.4", "-u", "me", "-p", "@PIPE"},
		"--ssl-cert-file":     {"create", "aks", "-n", "k", "--ssl-cname", "a.b", "--ssl-key-file", "/dev/null", "--ssl-cert-file", "PIPE"},
		"emulator load":       {"emulator", "load", "PIPE"},
		"exec --load":         {"emulator", "exec", "--load", "PIPE", "--", "true"},
		"migrate":             {"migrate", "PIPE"},
		"setup-script lint":   {"setup-script", "lint", "PIPE"},
		"a script on stdin":   {"setup-script", "lint", "-"},
		"names on stdin":      {"stop", "-"},
		"hours on stdin":      {"schedule", "apply", "dev", "-f", "-"},
		"computes on stdin":   {"emulator", "load", "-"},
		"@-":                  {"attach", "remote", "-n", "box", "-a", "10.0.0.4", "-u", "me", "-p", "@-"},
	} {
		for signal, want := range map[syscall.Signal]int{syscall.SIGINT: exit.Interrupted, syscall.SIGTERM: exit.Terminated} {
			t.Run(name+" "+signal.String(), func(t *testing.T) {
				t.Parallel()
				dir := folder(t)
				pipe := filepath.Join(dir, "pipe")
				if err := syscall.Mkfifo(pipe, 0o600); err != nil {
					t.Fatal(err)
				}
				own := append([]string(nil), args...)
				for i := range own {
					own[i] = strings.Replace(own[i], "PIPE", pipe, 1)
				}
				c := exec.Command(binary, own...)
				c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "COMPUTETARGET_CLOUD=emulator", "COMPUTETARGET_EMULATOR_DIR=" + dir}
				stdin, err := c.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				var errs strings.Builder
				c.Stderr = &errs
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Process.Kill() })
				// More than a pipe holds: once it is written, it is being read.
				text := []byte(strings.Repeat("dev\n", 1<<15))
				if strings.Contains(strings.Join(own, " "), pipe) {
					w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = w.Close() }()
					_, err = w.Write(text)
					if err != nil {
						t.Fatal(err)
					}
				} else if _, err := stdin.Write(text); err != nil {
					t.Fatal(err)
				}
				if err := c.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				if got := codeOf(c.Wait()); got != want {
					t.Errorf("exit code %d, not %d\n%s", got, want, errs.String())
				}
				if errs.String() != "" {
					t.Errorf("a signal needs no words: %s", errs.String())
				}
			})
		}
	}
}
