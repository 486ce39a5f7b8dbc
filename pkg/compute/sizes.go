package compute

import (
	"cmp"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/nearest"
)

// MatchSize finds the size asked for among those a region offers for a compute
// type, without regard to case. When it is not there, near are the names most
// likely meant, the best first; only one when it is just written another way.
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
			// The word everybody has to write can be misspelt, too.
			d = min(d, nearest.Distance(plain, "standard"+plainSize(s.Name), limit+1))
		}
		if d <= limit {
			candidates = append(candidates, candidate{s.Name, d})
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
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

// plainSize is a size's name without what people leave out or write their own
// way: "Standard_D3_v2" and "d3v2" are both "d3v2".
func plainSize(name string) string {
	name = strings.ToLower(shorten(name, 64))
	name = strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' || r == '.' {
			return -1
		}
		return r
	}, name)
	return strings.TrimPrefix(name, "standard")
}
