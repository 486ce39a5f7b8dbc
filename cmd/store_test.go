package cmd_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Processes that act on one emulator at the same time lose nothing of each
// other's.
//
// Real time: processes share files and locks.
func TestProcessesAtOnce(t *testing.T) {
	t.Parallel()
	long(t)
	s := emulated(t, "instant")
	var all sync.WaitGroup
	var want []string
	for i := range 8 {
		name := fmt.Sprintf("at-once%d", i)
		want = append(want, name)
		all.Go(func() {
			if e := s.run("create", name, "-s", "Standard_A1_v2", "-o", "none"); e.code != 0 {
				t.Errorf("%s: exit code %d\n%s", name, e.code, e.errors)
			}
			if e := s.run("stop", name, "-o", "none"); e.code != 0 {
				t.Errorf("%s: exit code %d\n%s", name, e.code, e.errors)
			}
		})
	}
	all.Wait()
	got := strings.Fields(s.must("list", "--query", "[?state=='Stopped'].name", "-o", "tsv").out)
	if !slices.Equal(got, want) {
		t.Errorf("there are %v, not %v", got, want)
	}
}

// Whenever a process is killed, the next one finds everything that was
// acknowledged, and nothing that cannot be read.
//
// Real time: the system kills a process.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	long(t)
	s := emulated(t, "instant")
	// A whole run tells over which time to spread the kills.
	begun := time.Now()
	s.must("create", "whole", "-s", "Standard_A1_v2", "-o", "none")
	whole := time.Since(begun)

	acknowledged := []string{"whole"}
	killed := 0
	const rounds = 25
	for i := 0; i < rounds || killed == 0; i++ { // a busy machine may kill too late
		name := fmt.Sprintf("killed%02d", i)
		var out strings.Builder
		c := s.command("create", name, "-s", "Standard_A1_v2", "-o", "name", "--no-wait")
		c.Stdout = &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * time.Duration(i%rounds) / rounds)
		_ = c.Process.Kill() // it may have ended already
		if err := c.Wait(); err != nil {
			killed++
		}
		if strings.TrimSpace(out.String()) == name {
			acknowledged = append(acknowledged, name)
		}
		e := s.run("list", "-o", "name")
		if e.code != 0 {
			t.Fatalf("after a kill: exit code %d\n%s", e.code, e.errors)
		}
		there := strings.Fields(e.out)
		for _, name := range acknowledged {
			if !slices.Contains(there, name) {
				t.Fatalf("%s was acknowledged and is lost; there are %v", name, there)
			}
		}
	}
	// What was there when a process died can still be acted on.
	s.must("delete", "whole", "-o", "none")
}
