//go:build unix

package cmd_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// Cron gives its jobs next to nothing: no HOME, no PATH. A command given the
// workspace works, and one that is not says what is missing.
//
// Real time: another user of the system runs the binary.
func TestCron(t *testing.T) {
	t.Parallel()
	server := between(t, "instant", func(http.ResponseWriter, *http.Request, http.Handler) bool { return false })
	binary := built(t)
	at := []string{"--endpoint", server.URL, "-g", emulator.ResourceGroup, "-w", emulator.Workspace, "--subscription-id", emulator.Subscription}
	state := filepath.Join(folder(t), "state")
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"version"}, 0, ""},
		{[]string{"help"}, 0, ""},
		{append([]string{"create", "dev", "-s", "Standard_A1_v2"}, at...), 0, ""},
		{append([]string{"stop", "dev"}, at...), 0, ""},
		{append([]string{"list", "-o", "table"}, at...), 0, ""},
		{append([]string{"auth", "status"}, at...), 0, ""},
		{[]string{"config", "show"}, 0, ""},
		{[]string{"list"}, 2, "ERROR: no "},
		{[]string{"list", "--cloud", "emulator"}, 2, "ERROR: the emulator has no place for its state: set COMPUTETARGET_EMULATOR_DIR or HOME\n"},
		{[]string{"config", "set", "output=table"}, 2, "ERROR: no home folder to keep settings in\nhint: set HOME or XDG_CONFIG_HOME\n"},
	} {
		c := exec.Command(binary, test.args...)
		c.Dir, c.Env = "/", []string{}
		if os.Geteuid() == 0 {
			// Somebody the user database does not know either: nothing of this
			// machine's can be read or written.
			if err := os.Chmod(filepath.Dir(binary), 0o755); err != nil {
				t.Fatal(err)
			}
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
		} else if test.code != 0 || test.args[0] != "version" && test.args[0] != "help" {
			c.Env = []string{"HOME=" + state, "COMPUTETARGET_EMULATOR_DIR=" + state}
			if test.code != 0 {
				continue // the tester has a home
			}
		}
		var out, errs strings.Builder
		c.Stdout, c.Stderr = &out, &errs
		code := codeOf(c.Run())
		if code != test.code || !strings.HasPrefix(errs.String(), test.says) || (code == 0) != (errs.String() == "") {
			t.Errorf("%v: exit code %d\n%s%s", test.args, code, out.String(), errs.String())
		}
	}
}
