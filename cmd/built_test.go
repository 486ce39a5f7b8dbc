package cmd_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScriptsBuilt runs the scenarios about waits and signals through the
// binary people get: azcore waits differently inside a test binary. They wait on
// the real clock, so this is the file that go test starts with.
func TestScriptsBuilt(t *testing.T) {
	t.Parallel()
	long(t)
	binary := built(t)
	testscript.Run(t, testscript.Params{
		Dir:                "../testdata/built",
		WorkdirRoot:        folder(t),
		RequireUniqueNames: true,
		Cmds:               commands(nil),
		Setup: func(env *testscript.Env) error {
			home(env)
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("COMPUTETARGET_CLOUD", "emulator")
			env.Setenv("COMPUTETARGET_EMULATOR_PACE", "180")
			return nil
		},
	})
}
