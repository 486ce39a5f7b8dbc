package view

import (
	"testing"

	"github.com/computetarget/computetarget/internal/policy"
	"github.com/computetarget/computetarget/pkg/compute"
)

func TestBreaches(t *testing.T) {
	t.Parallel()
	one := policy.Breach{Compute: &compute.Compute{ID: "/a"}, Rule: policy.KindStop}
	also := policy.Breach{Compute: &compute.Compute{ID: "/A"}, Rule: policy.KindIdle}
	two := policy.Breach{Compute: &compute.Compute{ID: "/b"}, Rule: policy.KindStop}
	for want, broken := range map[string][]policy.Breach{
		"0 of 3 break it":                  nil,
		"1 of 3 breaks it: stop 1, idle 1": {one, also},
		"2 of 3 break it: stop 2":          {one, two},
	} {
		if got := Breaks(broken, 3); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if said := Policy([]*compute.Compute{one.Compute}, []policy.Breach{one}, nil, true).Aside; len(said) != 1 || said[0] != "1 of 1 broke it before: stop 1" {
		t.Errorf("after a repair: %q", said)
	}
}
