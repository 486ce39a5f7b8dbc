package cmd_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// chaos is what a verb meets: a fault and the exit code that is right then.
type chaos struct {
	name  string
	fault emulator.Fault
	code  int
}

// faultsFor are all kinds of faults, on the request that does what a verb is for
// (such as POST */stop), on reads and on polls.
func faultsFor(write string) []chaos {
	const done = 0
	// A request that may have been carried out is repeated only where doing it
	// twice is doing it once.
	again := done
	if strings.HasSuffix(write, "/restart") {
		again = 1
	}
	return []chaos{
		{"429 on the write", emulator.Fault{Match: write, Status: 429, RetryAfter: "1s", Times: 2}, done},
		{"429 on reads", emulator.Fault{Match: "GET *", Status: 429, RetryAfter: "1s", Times: 2}, done},
		{"500 on reads", emulator.Fault{Match: "GET *", Status: 500, Times: 2}, done},
		{"503 on the write", emulator.Fault{Match: write, Status: 503, RetryAfter: "1s", Times: 1}, done},
		{"reads slow", emulator.Fault{Match: "GET *", Latency: "200ms"}, done},
		{"write slow", emulator.Fault{Match: write, Latency: "500ms"}, done},
		{"reset before the write", emulator.Fault{Match: write, Reset: "before", Times: 1}, again},
		{"reset after the write", emulator.Fault{Match: write, Reset: "after", Times: 1}, done},
		{"reset of reads", emulator.Fault{Match: "GET *", Reset: "before", Times: 2}, done},
		{"write truncated", emulator.Fault{Match: write, Body: "truncated", Times: 1}, done},
		{"write malformed", emulator.Fault{Match: write, Body: "malformed", Times: 1}, done},
		{"write html", emulator.Fault{Match: write, Body: "html", Times: 1}, done},
		{"write empty", emulator.Fault{Match: write, Body: "empty", Times: 1}, done},
		{"polls truncated", emulator.Fault{Match: "GET */computeOperationsStatus/*", Body: "truncated", Times: 2}, done},
		{"polls malformed", emulator.Fault{Match: "GET */computeOperationsStatus/*", Body: "malformed", Times: 2}, done},
		{"polls html", emulator.Fault{Match: "GET */computeOperationsStatus/*", Body: "html", Times: 2}, done},
		{"operation lost", emulator.Fault{Match: write, Operation: "lost", Times: 1}, done},
		{"operation failed", emulator.Fault{Match: write, Operation: "failed", Times: 1}, 5},
		{"operation without end", emulator.Fault{Match: write, Operation: "never-ending", Times: 1}, 4},
		{"token expired", emulator.Fault{Match: "* *", ExpiredToken: true}, 6},
		{"forbidden", emulator.Fault{Match: write, Status: 403}, 6},
	}
}

// Every verb through every fault: no false failure, no false success, no action
// done twice, no control character on stderr.
func TestChaos(t *testing.T) {
	t.Parallel()
	for _, verb := range []struct {
		args          string
		write         string // the request that acts
		before, after string // states
	}{
		{"create dev -s Standard_DS3_v2", "PUT */computes/dev", "", "Running"},
		{"stop dev", "POST */computes/dev/stop", "Running", "Stopped"},
		{"start dev", "POST */computes/dev/start", "Stopped", "Running"},
		{"restart dev", "POST */computes/dev/restart", "Running", "Running"},
		{"delete dev --yes", "DELETE */computes/dev", "Stopped", ""},
	} {
		for _, c := range faultsFor(verb.write) {
			t.Run(strings.Fields(verb.args)[0]+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				chaotic(t, verb.args, verb.write, verb.before, verb.after, c)
			})
		}
	}
}

func chaotic(t *testing.T, args, write, before, after string, c chaos) {
	t.Helper()
	ctx := context.Background()
	b := virtual(t)
	if before != "" {
		b.load("dev", before)
	}
	b.emulator(func(e *emulator.Emulator) error {
		_, err := e.AddFault(ctx, c.fault)
		return err
	})
	got := b.run(append(strings.Fields(args), "--timeout", "20m", "-o", "none")...)
	if got.code != c.code {
		t.Errorf("exit code %d, not %d", got.code, c.code)
	}
	for _, r := range got.errors {
		if r != '\n' && unicode.IsControl(r) {
			t.Errorf("stderr holds the control character %q", r)
			break
		}
	}
	var requests []emulator.Request
	b.emulator(func(e *emulator.Emulator) (err error) {
		requests, err = e.Requests(ctx)
		return errors.Join(err, e.ClearFaults(ctx))
	})
	accepted := 0
	method, path, _ := strings.Cut(write, " *")
	for _, r := range requests {
		// A status of 0 is an answer that got lost, unless the request did first.
		if r.Method == method && strings.HasSuffix(r.Path, path) && r.Status < 300 && (r.Status != 0 || c.fault.Reset == "after") {
			accepted++
		}
	}
	if accepted > 1 || got.code == 0 && accepted == 0 {
		t.Errorf("%s was accepted %d times", write, accepted)
	}
	if state := b.state("dev"); got.code == 0 && state != after {
		t.Errorf("exit code 0, and it is %q", state)
	}
}
