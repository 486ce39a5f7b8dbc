package order

import (
	"cmp"
	"slices"
	"testing"
)

// TestBy sorts, and leaves what is equal in its order.
func TestBy(t *testing.T) {
	t.Parallel()
	type pair struct{ key, place int }
	list := []pair{{2, 0}, {1, 1}, {2, 2}, {1, 3}}
	By(list, func(a, b pair) int { return cmp.Compare(a.key, b.key) })
	if want := []pair{{1, 1}, {1, 3}, {2, 0}, {2, 2}}; !slices.Equal(list, want) {
		t.Errorf("sorted to %v, want %v", list, want)
	}
	By[pair](nil, nil)
}
