package cmd_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/computetarget/computetarget/cmd"
	"github.com/computetarget/computetarget/pkg/emulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"computetarget": func() { os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the scenarios through Main on the embedded emulator, where
// every operation is over by the next request.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			home(env)
			env.Setenv("COMPUTETARGET_CLOUD", "emulator")
			env.Setenv("COMPUTETARGET_EMULATOR_PACE", "instant")
			return nil
		},
	})
}

// TestScriptsOverHTTP runs the same scenarios against a listener at sixty
// times the pace of Azure, so that every wait meets transitions.
func TestScriptsOverHTTP(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Condition:           func(string) (bool, error) { return false, nil },
		Setup: func(env *testscript.Env) error {
			home(env)
			server, err := newServer(env, "60")
			if err != nil {
				return err
			}
			env.Setenv("COMPUTETARGET_ENDPOINT", server.URL)
			return nil
		},
	})
}

// TestScriptsBuilt runs the scenarios about waits and signals through the
// binary people get: azcore waits differently inside a test binary.
func TestScriptsBuilt(t *testing.T) {
	binary := built(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "../testdata/built",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			home(env)
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("COMPUTETARGET_CLOUD", "emulator")
			env.Setenv("COMPUTETARGET_EMULATOR_PACE", "60")
			return nil
		},
	})
}

// home gives a scenario an empty home and a place for the emulator's state.
func home(env *testscript.Env) {
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("COMPUTETARGET_EMULATOR_DIR", filepath.Join(env.WorkDir, "emulator"))
	env.Setenv("COMPUTETARGET_TIME_ZONE", "Europe/Berlin")
}

func newServer(env *testscript.Env, pace string) (*httptest.Server, error) {
	p, err := emulator.ParsePace(pace)
	if err != nil {
		return nil, err
	}
	e, err := emulator.New(emulator.Options{Pace: p})
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(e)
	env.Defer(func() { server.Close(); _ = e.Close() })
	env.Setenv("COMPUTETARGET_SUBSCRIPTION", "00000000-0000-0000-0000-000000000000")
	env.Setenv("COMPUTETARGET_RESOURCE_GROUP", "local-rg")
	env.Setenv("COMPUTETARGET_WORKSPACE", "local-ws")
	return server, nil
}

var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "computetarget-built")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "computetarget")
	out, err := exec.Command("go", "build", "-o", binary, "..").CombinedOutput()
	if err != nil {
		return "", &buildError{string(out), err}
	}
	return binary, nil
})

type buildError struct {
	out string
	err error
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + e.out }

// built returns the path of the binary people get.
func built(t *testing.T) string {
	t.Helper()
	binary, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}
