package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A compute is made again as it was.
func TestRecreate(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	must := func(args ...string) string {
		t.Helper()
		e := b.run(args...)
		if e.code != 0 {
			t.Fatalf("%s: %d\n%s\n%s", strings.Join(args, " "), e.code, e.out, e.errors)
		}
		return e.out
	}
	must("create", "dev", "-s", "Standard_DS3_v2", "--hours", "mon-fri 09:00-18:00", "--time-zone", "UTC", "--idle-shutdown", "1h", "--tag", "a=b", "--stopped", "-o", "none")
	must("create", "amlcompute", "-n", "cpu", "-s", "Standard_DS3_v2", "--max-nodes", "3", "-o", "none")
	before, made := must("show", "dev", "--raw"), must("show", "dev", "--query", "createdOn")
	e := b.run("recreate", "dev")
	if e.code != 2 || !strings.Contains(e.errors, "dev (") || !strings.Contains(e.errors, "loses its disk") || !strings.Contains(e.errors, "--yes") {
		t.Fatalf("%d\n%s", e.code, e.errors)
	}
	e = b.run("recreate", "dev", "cpu", "--dry-run", "--query", "[].method", "-o", "tsv")
	if e.code != 0 || e.out != "DELETE\nDELETE\nPUT\nPUT\n" {
		t.Fatalf("%d\n%s\n%s", e.code, e.out, e.errors)
	}
	if must("show", "dev", "--query", "createdOn") != made {
		t.Fatal("it was made again")
	}
	e = b.run("recreate", "dev", "cpu", "--yes", "--query", "[].[name, result, state]", "-o", "tsv")
	if e.code != 0 || e.out != "dev\trecreated\tStopped\ncpu\trecreated\tSteady\n" || e.took < time.Minute {
		t.Fatalf("%d\n%s\n%s", e.code, e.out, e.errors)
	}
	if after := must("show", "dev", "--raw"); volatile.ReplaceAllString(after, "") != volatile.ReplaceAllString(before, "") {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if must("show", "dev", "--query", "createdOn") == made {
		t.Error("it was not made again")
	}
	left, err := filepath.Glob(filepath.Join(b.dir, "home", "*", "*", "*", "computes", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// When the new one cannot be made, its settings are in a file that makes it.
func TestRecreateFails(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.run("create", "dev", "-s", "Standard_DS3_v2", "--tag", "a=b", "-o", "none")
	b.run("emulator", "fault", "add", "--match", "PUT */computes/*", "--status", "400", "--times", "1")
	e := b.run("recreate", "dev", "--yes", "-o", "none")
	file := regexp.MustCompile(`computetarget apply -f (\S+)`).FindStringSubmatch(e.errors)
	if e.code == 0 || file == nil {
		t.Fatalf("%d\n%s", e.code, e.errors)
	}
	if info, err := os.Stat(file[1]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if e := b.run("apply", "-f", file[1], "--query", "[].[result, tags.a]", "-o", "tsv"); e.code != 0 || e.out != "created\tb\n" {
		t.Errorf("%d\n%s\n%s", e.code, e.out, e.errors)
	}
}

// Nothing is deleted that cannot be made again.
func TestRecreateRefuses(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	path := filepath.Join(b.dir, "body.yml")
	if err := os.WriteFile(path, []byte("name: vm\ntype: virtualmachine\nresource_id: /subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v1\nssh_settings: {admin_username: ops}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(b.dir, "key.pub")
	if err := os.WriteFile(key, []byte(aKey), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"apply", "-f", path, "-o", "none"},
		{"create", "keyed", "-s", "Standard_DS3_v2", "--ssh-key", key, "-o", "none"},
		{"create", "plain", "-s", "Standard_DS3_v2", "-o", "none"},
	} {
		if e := b.run(args...); e.code != 0 {
			t.Fatalf("%v: %d\n%s", args, e.code, e.errors)
		}
	}
	for name, want := range map[string]string{"vm": "attached", "keyed": "cannot be made again with what the service tells", "nobody": "nobody"} {
		e := b.run("recreate", "plain", name, "--yes", "-o", "none")
		if e.code == 0 || !strings.Contains(e.errors, want) {
			t.Errorf("%s: %d\n%s", name, e.code, e.errors)
		}
	}
	if e := b.run("list", "--query", "length(@)"); e.out != "3\n" {
		t.Errorf("%s", e.out)
	}
}
