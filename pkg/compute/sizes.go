package compute

import (
	"cmp"
	"strings"

	"github.com/computetarget/computetarget/pkg/nearest"
	"github.com/computetarget/computetarget/pkg/order"
)

// MatchSize finds a size in any case among those for a compute type. If it is not
// there, near are up to three similar names, the best first, or the one that is
// only written another way.
func MatchSize(want string, sizes []Size, computeType string) (found *Size, near []string) {
	type candidate struct {
		name     string
		distance int
	}
	var candidates []candidate
	plain := plainSize(want)
	limit := max(2, len(plain)/4)
	for i := range sizes {
		s := &sizes[i]
		if !s.Supports(computeType) {
			continue
		}
		if strings.EqualFold(s.Name, want) {
			return s, nil
		}
		d := nearest.Distance(plain, plainSize(s.Name), limit+1)
		if d > 0 && strings.HasPrefix(plain, "st") {
			// "Standard" can be misspelt, too.
			d = min(d, nearest.Distance(plain, "standard"+plainSize(s.Name), limit+1))
		}
		if d <= limit {
			candidates = append(candidates, candidate{s.Name, d})
		}
	}
	order.By(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name))
	})
	if len(candidates) > 0 && candidates[0].distance == 0 {
		candidates = candidates[:1]
	}
	for _, c := range candidates[:min(len(candidates), 3)] {
		near = append(near, c.name)
	}
	return nil, near
}

// plainSize is the short form of a size's name: "Standard_D3_v2" and "d3v2" are
// both "d3v2".
func plainSize(name string) string {
	name = strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(strings.ToLower(shorten(name, 64)))
	return strings.TrimPrefix(name, "standard")
}
