package cmd_test

import (
	"testing"

	"github.com/computetarget/computetarget/cmd"
)

// onNewTerminal is for guides, whose lines are for bash.
func onNewTerminal(t *testing.T, _ []string, _ func(cmd.Process) int) (code int, screen string) {
	t.Fatal("no terminal here")
	return 0, ""
}
