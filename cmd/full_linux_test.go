package cmd_test

import (
	"os"
	"strings"
	"testing"
)

// A failed write is an error in every command: a disk that is full must not
// look like success.
//
// Real time: a full disk is the system's.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	s.must("create", "instance", "-s", "STANDARD_D3_V2", "-o", "none")
	for _, args := range [][]string{
		{}, {"--help"}, {"create", "--help"}, {"start", "--help"}, {"help", "start"}, {"help", "formats"}, {"help", "emulator"},
		{"version"}, {"list"}, {"show", "instance", "-o", "table"}, {"completion", "bash"}, {"config", "show"},
		{"emulator", "serve", "--in-memory", "--no-tls", "--listen", "127.0.0.1:0"},
	} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		var said strings.Builder
		c := s.command(args...)
		c.Stdout, c.Stderr = full, &said
		if code := codeOf(c.Run()); code != 1 || !strings.Contains(said.String(), "no space left") {
			t.Errorf("%v: exit code %d, %q", args, code, said.String())
		}
		_ = full.Close() // nothing was kept
	}
}
