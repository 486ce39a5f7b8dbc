package cmd_test

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var initLine = regexp.MustCompile(`(?m)^init (\S+) @.* clock, (\d+) bytes, (\d+) allocs`)

// What happens before main is paid by every command, completion included. The
// runtime may allocate beside a package, so the least of some runs counts.
func TestLittleHappensBeforeMain(t *testing.T) {
	t.Parallel()
	least := map[string]int{}
	for range 3 {
		for name, bytes := range beforeMain(t) {
			if had, ok := least[name]; !ok || bytes < had {
				least[name] = bytes
			}
		}
	}
	total, own := 0, 0
	for name, bytes := range least {
		total += bytes
		if strings.HasPrefix(name, "github.com/computetarget/computetarget") {
			own += bytes
			if bytes > 1024 {
				t.Errorf("package %s allocates %d bytes when it is initialized", name, bytes)
			}
		}
	}
	if total > 1_200_000 {
		t.Errorf("%d bytes are allocated before main", total)
	}
	if own > 4096 { // a sync.OnceValue costs 72
		t.Errorf("packages of ours allocate %d bytes before main", own)
	}
}

// beforeMain is how many bytes each package allocates when it is initialized.
func beforeMain(t *testing.T) map[string]int {
	t.Helper()
	c := exec.Command(built(t), "version")
	c.Env = []string{"GODEBUG=inittrace=1"}
	var errs strings.Builder
	c.Stderr = &errs
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for _, f := range initLine.FindAllStringSubmatch(errs.String(), -1) {
		bytes, err := strconv.Atoi(f[2])
		if err != nil {
			t.Fatal(err)
		}
		all[f[1]] = bytes
	}
	if len(all) < 20 {
		t.Fatalf("the runtime tells of %d packages only:\n%s", len(all), &errs)
	}
	return all
}
