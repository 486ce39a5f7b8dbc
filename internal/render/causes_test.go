package render

import (
	"errors"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Computes that failed for one cause are one error; what differs stays apart.
func TestOneErrorForACause(t *testing.T) {
	t.Parallel()
	fails := func(name, code, message string) error {
		return &compute.Error{Kind: compute.KindFailed, Code: code, Message: message, Name: name, RequestID: "id-" + name}
	}
	for _, c := range []struct {
		what string
		errs []error
		want string
	}{
		{"its name in the sentence", []error{fails("a", "", "there is no a here"), fails("b", "", "there is no b here")},
			"ERROR: there is no a, b here\nrequest id: id-a\n"},
		{"its name at the head", []error{fails("a", "", "a is still Stopping"), fails("b", "", "b is still Stopping")},
			"ERROR: a, b: each is still Stopping\nrequest id: id-a\n"},
		{"its name in a path", []error{fails("a", "X", "'/computes/a' was refused"), fails("b", "X", "'/computes/b' was refused")},
			"ERROR: (X) a, b: '/computes/NAME' was refused\nrequest id: id-a\n"},
		{"no name in the sentence", []error{fails("a", "X", "no cores"), fails("b", "X", "no cores")},
			"ERROR: (X) a, b: no cores\nrequest id: id-a\n"},
		{"ids and times differ", []error{
			fails("a", "X", "refused, see 11111111-2222-3333-4444-555555555555 of 2026-06-01T08:00:00Z"),
			fails("b", "X", "refused, see 99999999-2222-3333-4444-555555555555 of 2026-06-01T08:00:01Z")},
			"ERROR: (X) a, b: refused, see 11111111-2222-3333-4444-555555555555 of 2026-06-01T08:00:00Z\nrequest id: id-a\n"},
		{"another code", []error{fails("a", "X", "no"), fails("b", "Y", "no")},
			"ERROR: (X) a: no\nrequest id: id-a\nERROR: (Y) b: no\nrequest id: id-b\n"},
		{"another cause between them", []error{fails("a", "X", "no"), fails("b", "X", "not today"), fails("c", "X", "no")},
			"ERROR: (X) a, c: no\nrequest id: id-a\nERROR: (X) b: not today\nrequest id: id-b\n"},
		{"a name that is part of another", []error{fails("dev", "", "dev-2 holds dev"), fails("dev-2", "", "dev-2 holds dev-2")},
			"ERROR: dev-2 holds dev\nrequest id: id-dev\nERROR: dev-2 holds dev-2\nrequest id: id-dev-2\n"},
		{"advice of the last only", []error{fails("a", "", "a waits"), &exit.Error{Tip: "wait a b", Err: fails("b", "", "b waits")}},
			"ERROR: a, b: each waits\nhint: wait a b\nrequest id: id-a\n"},
	} {
		s, _, errs := TestStreams("", 0, 0)
		PrintError(s, errors.Join(c.errs...))
		if errs.String() != c.want {
			t.Errorf("%s:\n%swant\n%s", c.what, errs, c.want)
		}
	}
}
