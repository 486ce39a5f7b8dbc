package cmd_test

import (
	"strings"
	"testing"
)

// TestNeighboursWords tries words of other tools: each is refused with what it
// is called here.
func TestNeighboursWords(t *testing.T) {
	t.Parallel()
	for line, ours := range map[string]string{
		"ls": "computetarget list", "ps": "computetarget list", "rm dev": "computetarget delete NAME", "get dev": "computetarget show NAME",
		"describe dev": "computetarget show NAME", "tag dev a=b": "--tag KEY=VALUE", "rename a b": "cannot be renamed",
		"quota": "computetarget list-usage", "sizes": "computetarget list-sizes", "nodes cpu": "computetarget list-nodes NAME",
		"clone a b": "cannot be copied", "snooze dev": "computetarget schedule skip NAME", "extend dev": "computetarget schedule skip NAME",
		"events dev": "computetarget show NAME", "diagnose dev": "computetarget show NAME", "validate f.yml": "--dry-run",
		"kill dev": "computetarget stop NAME", "whoami": "computetarget auth status", "login": "az login",
		"up dev": "computetarget start NAME", "down dev": "computetarget stop NAME", "deallocate dev": "computetarget stop NAME",
		"suspend dev": "computetarget stop NAME", "resume dev": "computetarget start NAME", "reboot dev": "computetarget restart NAME",
		"terminate dev": "computetarget delete NAME", "remove dev": "computetarget detach NAME", "add dev": "computetarget create NAME",
		"new dev": "computetarget create NAME", "edit dev": "computetarget resize NAME", "exec dev ls": "computetarget ssh NAME -- COMMAND",
		"run dev": "computetarget ssh NAME -- COMMAND", "scp a dev:": "computetarget ssh-config NAME --write", "cp a b": "ssh-config",
		"top": "computetarget ssh NAME -- top", "log dev": "computetarget logs NAME", "stop-all": "computetarget stop -", "cat dev": "computetarget show NAME",
		"info dev": "computetarget show NAME", "status": "computetarget show NAME", "LS": "computetarget list",
		"schedule show dev": "computetarget schedule list NAME", "schedule resume dev": "computetarget schedule set NAME HOURS",
		"schedule clear dev": "computetarget schedule delete NAME --all", "schedule rm dev": "computetarget schedule delete NAME --all",
		"config unset output": "computetarget config set KEY=", "config list": "computetarget config show", "auth login": "az login",
		"workspace use x": "computetarget use WORKSPACE", "emulator start": "computetarget emulator serve", "shim remove": "computetarget shim uninstall",
		"amlcompute identity add": "computetarget amlcompute identity assign", "help ls": "computetarget list",
		"stop dev --in 2h": "computetarget schedule set NAME '-19:00'", "start dev --at 9": "computetarget schedule set NAME '09:00-'", "wait dev --state running": "--for running",
		"list --sort-by state": "sort_by(@, &state)", "delete dev --force": "--yes", "create dev --sku X": "--vm-size",
		"create dev -s X --tz UTC": "--time-zone", "stop dev --wait": "--no-wait", "list --running": "--state running", "list -A": "computetarget workspace list",
	} {
		_, errs, code := helped(t, strings.Fields(line)...)
		if code != 2 || !strings.HasPrefix(errs, "ERROR: ") {
			t.Errorf("%s: exit code %d, %s", line, code, errs)
		}
		if _, hint, ok := strings.Cut(errs, "hint: "); !ok || !strings.Contains(hint, ours) {
			t.Errorf("%s does not lead to %s: %s", line, ours, errs)
		}
	}
}
