package cmd

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
)

// A filter that was given is a filter: it is refused, or what nothing is known
// of does not pass it.
func FuzzFilter(f *testing.F) {
	for _, seed := range [][2]string{{"state", "running"}, {"state", "Runing"}, {"state", " "}, {"tag", "team=vision"}, {"tag", "="}, {"tag", ""}, {"type", "instance"},
		{"type", "amlcomput"}, {"type", ""}, {"older-than", "30d"}, {"older-than", "-1h"}, {"older-than", "\x1b[2J"}, {"older-than", "0"}, {"state", "\u202e"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		flags := pflag.NewFlagSet("list", pflag.ContinueOnError)
		w := filterFlags(flags)
		switch name {
		case "state", "tag", "type", "older-than":
		default:
			t.Skip()
		}
		if err := flags.Set(name, value); err != nil {
			t.Fatal(err)
		}
		passes, err := w.predicates()
		if err != nil {
			var e *exit.Error
			if !errors.As(err, &e) || e.Exit != exit.Usage || strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Errorf("--%s %q: %v", name, value, err)
			}
			return
		}
		if len(passes) != 1 {
			t.Errorf("--%s %q is %d filters", name, value, len(passes))
		}
		if left := keep([]*compute.Compute{{}}, time.Now(), passes); len(left) > 0 {
			t.Errorf("--%s %q lets pass what nothing is known of", name, value)
		}
	})
}
