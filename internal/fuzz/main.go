// Command fuzz runs every fuzz test of the repository in sequence and prints a
// line for each. It fails if one of them does.
//
//	go run ./internal/fuzz [-time 10m] [-run REGEXP] [-parallel N]
//
// go test keeps a failing input under testdata/fuzz of its package, where every
// later go test runs it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("fuzz: ")
	each := flag.Duration("time", 10*time.Minute, "how long to run each target")
	match := flag.String("run", "", "only run targets whose PACKAGE.NAME matches this regular expression")
	parallel := flag.Int("parallel", 0, "how many inputs to try at once; 0 for one per processor")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *match, *each, *parallel); err != nil {
		log.Fatal(err)
	}
}

// run fuzzes each matching target for the given time.
func run(ctx context.Context, match string, each time.Duration, parallel int) error {
	wanted, err := regexp.Compile(match)
	if err != nil {
		return fmt.Errorf("reading -run: %w", err)
	}
	out, err := exec.CommandContext(ctx, "go", "test", "-vet=off", "-list", "^Fuzz", "./...").Output()
	if err != nil {
		return fmt.Errorf("listing the targets: %w\n%s", err, out)
	}
	var ran, failed int
	for _, t := range targets(string(out)) {
		if !wanted.MatchString(t.pkg + "." + t.name) {
			continue
		}
		ran++
		line, err := t.fuzz(ctx, each, parallel)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		result := "ok  "
		if err != nil {
			result = "FAIL"
			failed++
		}
		fmt.Printf("%s %s.%s %s\n", result, t.pkg, t.name, line)
	}
	switch {
	case ran == 0:
		return fmt.Errorf("no target matches %q", match)
	case failed > 0:
		return fmt.Errorf("%d of %d targets failed", failed, ran)
	}
	return nil
}

// target is one fuzz test.
type target struct{ pkg, name string }

// targets reads what go test -list prints: the names of a package, then a line
// "ok PACKAGE TIME".
func targets(list string) []target {
	var found []target
	var names []string
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) > 1 && fields[0] == "ok":
			for _, name := range names {
				found = append(found, target{fields[1], name})
			}
			names = nil
		}
	}
	return found
}

// fuzz runs the target and returns its last progress line, or all its output if
// it failed.
func (t target) fuzz(ctx context.Context, each time.Duration, parallel int) (string, error) {
	args := []string{"test", "-vet=off", "-run", "^$", "-fuzz", "^" + t.name + "$", "-fuzztime", each.String(),
		"-fuzzminimizetime", "1s"} // the default is a minute per interesting input
	if parallel > 0 {
		args = append(args, "-parallel", strconv.Itoa(parallel))
	}
	cmd := exec.CommandContext(ctx, "go", append(args, t.pkg)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // go test ends its children
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && !onlyTimeUp(out.String()) {
		return "\n" + out.String(), err
	}
	return progress(out.String()), nil
}

// onlyTimeUp reports whether a run failed because its time ended while an input
// was being tried: go test then reports the deadline as the target's failure. A
// failure of the target itself names a line of the test and the file of the input.
func onlyTimeUp(out string) bool {
	_, failure, failed := strings.Cut(out, "--- FAIL: ")
	_, failure, _ = strings.Cut(failure, "\n")
	said, _, _ := strings.Cut(failure, "\nFAIL")
	return failed && strings.TrimSpace(said) == "context deadline exceeded"
}

// progress is the last line of go test that counts inputs.
func progress(out string) string {
	last := ""
	for line := range strings.Lines(out) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "fuzz: elapsed: "); ok {
			last = text
		}
	}
	return last
}
