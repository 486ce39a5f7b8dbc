package cmd_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The life of an instance takes what it takes on Azure, by the virtual clock.
func TestLifeAtThePaceOfAzure(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	for _, step := range []struct {
		verb        string
		state       string
		least, most time.Duration
	}{
		{"create dev -s Standard_DS3_v2", "Running", 180 * time.Second, 191 * time.Second},
		{"stop dev", "Stopped", 60 * time.Second, 71 * time.Second},
		{"start dev", "Running", 120 * time.Second, 131 * time.Second},
		{"delete dev --yes", "", 30 * time.Second, 191 * time.Second},
	} {
		got := b.must(strings.Fields(step.verb)...)
		if got.took < step.least || got.took > step.most {
			t.Errorf("%s took %s", step.verb, got.took)
		}
		if state := b.state("dev"); state != step.state {
			t.Errorf("after %s it is %q", step.verb, state)
		}
	}
}

// A signal ends a wait at once, with its own code and the line that resumes.
func TestSignalsEndAWait(t *testing.T) {
	t.Parallel()
	for s, code := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		b := virtual(t)
		b.beside = func(c *running) { time.Sleep(95 * time.Second); c.signal(s) }
		got := b.run("create", "dev", "-s", "Standard_DS3_v2")
		if got.code != code || got.took != 95*time.Second || !strings.Contains(got.errors, "to wait again: ") {
			t.Errorf("%v: exit code %d after %s", s, got.code, got.took)
		}
	}
}
