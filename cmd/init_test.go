package cmd_test

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var initLine = regexp.MustCompile(`(?m)^init (\S+) @.* clock, (\d+) bytes, (\d+) allocs`)

// What happens before main is paid by every command, completion included.
func TestLittleHappensBeforeMain(t *testing.T) {
	t.Parallel()
	const ours = "github.com/computetarget/computetarget"
	c := exec.Command(built(t), "version")
	c.Env = []string{"GODEBUG=inittrace=1"}
	var errs strings.Builder
	c.Stderr = &errs
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	found := initLine.FindAllStringSubmatch(errs.String(), -1)
	if len(found) < 20 {
		t.Fatalf("the runtime tells of %d packages only:\n%s", len(found), &errs)
	}
	total, own := 0, 0
	for _, f := range found {
		bytes, err := strconv.Atoi(f[2])
		if err != nil {
			t.Fatal(err)
		}
		total += bytes
		if strings.HasPrefix(f[1], ours) {
			own += bytes
			if bytes > 1024 {
				t.Errorf("package %s allocates %d bytes when it is initialized", f[1], bytes)
			}
		}
	}
	if total > 1_200_000 {
		t.Errorf("%d bytes are allocated before main", total)
	}
	if own > 3072 { // a sync.OnceValue costs 72
		t.Errorf("packages of ours allocate %d bytes before main", own)
	}
}
