package compute

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Shortage is a quota that cannot hold what is asked for.
type Shortage struct {
	// Quota is the service's name for it, such as "Standard DSv2 Family Cluster
	// Dedicated vCPUs".
	Quota string
	// Needed is what is asked for, Used and Limit what the quota has, in vCPUs,
	// or in computes for the quota of computes.
	Needed, Used, Limit int64
	// Family is true when only this family of sizes is short.
	Family bool
}

// CheckQuota tells which of a region's quotas cannot hold machines of a size.
// No machines, as for a cluster that starts empty, still need a quota that
// could hold one.
func CheckQuota(size *Size, machines int, lowPriority bool, usages []Usage) []Shortage {
	var out []Shortage
	for i := range usages {
		u := &usages[i]
		if u.Limit < 0 {
			continue
		}
		need, used := int64(size.VCPUs)*int64(machines), u.Current
		if machines == 0 {
			need, used = int64(size.VCPUs), 0
		}
		kind := u.kind()
		switch {
		case kind == "vmfamily" && plainFamily(u.Name.Value) == plainFamily(size.Family) && u.lowPriority() == lowPriority:
		case kind == "dedicatedcores" && !lowPriority, kind == "lowprioritycores" && lowPriority:
		case kind == "totalcores":
			// Named for cores, it counts computes ("Clusters").
			need, used = 1, u.Current
		default:
			continue
		}
		if used+need > u.Limit {
			out = append(out, Shortage{Quota: u.Name.Value, Needed: need, Used: u.Current, Limit: u.Limit, Family: kind == "vmfamily"})
		}
	}
	return out
}

// growth warns of a cluster that may have more nodes than the tightest quota
// holds beside the nodes it has now: it stays smaller, and jobs wait.
func growth(size *Size, nodes, most int, lowPriority bool, usages []Usage, location string) []string {
	if most <= nodes {
		return nil
	}
	cores := slices.DeleteFunc(slices.Clone(usages), func(u Usage) bool { return u.kind() == "totalcores" }) // which counts computes
	short := CheckQuota(size, most-nodes, lowPriority, cores)
	if len(short) == 0 {
		return nil
	}
	s := slices.MinFunc(short, func(a, b Shortage) int { return cmp.Compare(a.Limit-a.Used, b.Limit-b.Used) })
	left := max(0, s.Limit-s.Used)
	return []string{fmt.Sprintf("%d nodes of %s are more than the quota %q in %s holds: with %d of its %d cores left the cluster grows to %d",
		most, size.Name, s.Quota, location, left, s.Limit, int64(nodes)+left/int64(max(1, size.VCPUs)))}
}

// GrowthWarnings says what keeps a cluster from growing to a number of nodes,
// as far as the service tells.
func (c *Client) GrowthWarnings(ctx context.Context, have *Compute, most int) []string {
	if have.Cluster == nil {
		return nil
	}
	ctx, cancel := within(ctx, advicePatience)
	defer cancel()
	sizes, usages, sizesErr, usagesErr := c.market(ctx, have.Location)
	if sizesErr != nil || usagesErr != nil {
		return nil
	}
	size, _ := MatchSize(have.VMSize(), sizes, TypeCluster)
	if size == nil {
		return nil
	}
	low := strings.EqualFold(have.Cluster.VMPriority, "LowPriority")
	return growth(size, have.Cluster.CurrentNodes, most, low, usages, have.Location)
}

// kind is the quota's type without its provider, in lower case: vmfamily,
// dedicatedcores, … Rows of one workspace or compute have a longer one.
func (u *Usage) kind() string {
	kind := strings.ToLower(u.Type)
	kind = strings.TrimPrefix(kind, "microsoft.machinelearningservices/")
	for _, tail := range [...]string{"/usages", "/usage", "/quotas", "/quota"} {
		kind = strings.TrimSuffix(kind, tail)
	}
	return kind
}

func (u *Usage) lowPriority() bool {
	return strings.Contains(strings.ToLower(u.Name.Value), "lowpriority")
}

// plainFamily brings a size's family and a quota's name to one form:
// "standardDSv2Family" and "Standard DSv2 Family Cluster Dedicated vCPUs" are
// both "standarddsv2".
func plainFamily(name string) string {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	before, _, _ := strings.Cut(name, "family")
	return before
}

// Holder is a compute that holds cores of a quota.
type Holder struct {
	Workspace Workspace
	Name      string
	Cores     int64
	Owner     User   // as far as known
	State     string // "" when not known
}

// holdersOf tells who holds cores of the family of a size: by the rows of the
// usages that belong to single computes, and by the computes of the workspace
// at hand. The largest come first. A stopped instance holds its cores too.
func holdersOf(size *Size, ws Workspace, usages []Usage, sizes []Size, computes []*Compute) []Holder {
	var out []Holder
	known := map[string]int{}
	for i := range usages {
		u := &usages[i]
		if !strings.HasSuffix(u.kind(), "computes") || u.Current <= 0 || plainFamily(u.Name.Value) != plainFamily(size.Family) {
			continue
		}
		where, name, err := ParseID(u.ID)
		if err != nil || name == "" {
			continue
		}
		key := strings.ToLower(where.ComputeID(name))
		if _, ok := known[key]; ok {
			continue
		}
		known[key] = len(out)
		out = append(out, Holder{Workspace: where, Name: name, Cores: u.Current})
	}
	for _, c := range computes {
		key := strings.ToLower(ws.ComputeID(c.Name))
		i, ok := known[key]
		if !ok {
			cores := coresOf(c, size, sizes)
			if cores == 0 {
				continue
			}
			i = len(out)
			out = append(out, Holder{Workspace: ws, Name: c.Name, Cores: cores})
		}
		out[i].Owner, out[i].State = c.Owner(), c.State()
	}
	slices.SortStableFunc(out, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(b.Cores, a.Cores), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// coresOf is how many cores of size's family a compute holds.
func coresOf(c *Compute, size *Size, sizes []Size) int64 {
	for i := range sizes {
		s := &sizes[i]
		if !strings.EqualFold(s.Name, c.VMSize()) || plainFamily(s.Family) != plainFamily(size.Family) {
			continue
		}
		switch {
		case c.Instance != nil:
			return int64(s.VCPUs)
		case c.Cluster != nil:
			return int64(s.VCPUs) * int64(c.Cluster.CurrentNodes)
		}
	}
	return 0
}

// fittingSizes are the names of sizes for a compute type that the quotas can hold,
// most like the given one first.
func fittingSizes(size *Size, machines int, lowPriority bool, computeType string, sizes []Size, usages []Usage) []string {
	var fit []*Size
	for i := range sizes {
		s := &sizes[i]
		if s.Supports(computeType) && (s.LowPriority || !lowPriority) && s.VCPUs > 0 &&
			len(CheckQuota(s, machines, lowPriority, usages)) == 0 && hasFamily(s, usages) {
			fit = append(fit, s)
		}
	}
	distance := func(s *Size) int {
		return abs(s.VCPUs-size.VCPUs) + 1000*abs(s.GPUs-size.GPUs)
	}
	slices.SortStableFunc(fit, func(a, b *Size) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a.Name, b.Name))
	})
	var out []string
	for _, s := range fit[:min(len(fit), 3)] {
		out = append(out, s.Name)
	}
	return out
}

// hasFamily reports whether the usages say anything about the size's family:
// one they are silent about may have no quota at all.
func hasFamily(s *Size, usages []Usage) bool {
	for i := range usages {
		if usages[i].kind() == "vmfamily" && plainFamily(usages[i].Name.Value) == plainFamily(s.Family) {
			return true
		}
	}
	return false
}

func abs(n int) int { return max(n, -n) }

// quotaFinding puts a shortage into words.
func quotaFinding(size *Size, location string, short Shortage, holders []Holder, fitting []string) Finding {
	var b strings.Builder
	if short.Quota == "" {
		short.Quota = size.Family
	}
	fmt.Fprintf(&b, "the quota %q in %s cannot hold %s: it needs %d, and %d of %d are used", short.Quota, location, size.Name, short.Needed, short.Used, short.Limit)
	for i, h := range holders {
		if i == 5 {
			fmt.Fprintf(&b, ", and %d more", len(holders)-i)
			break
		}
		if i == 0 {
			b.WriteString("; they are held by ")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s (%d", h.Name, h.Cores)
		for _, word := range [...]string{cmp.Or(h.Owner.Name, h.Owner.ID), h.State} {
			if word != "" {
				b.WriteString(", " + word)
			}
		}
		b.WriteString(")")
	}
	if len(fitting) > 0 {
		fmt.Fprintf(&b, "; sizes that would fit: %s", strings.Join(fitting, ", "))
	}
	return Finding{Kind: KindConflict, Field: "quota", Message: b.String(), Suggestions: fitting}
}

// FamilyUsage is the quota of one family of sizes and who holds it.
type FamilyUsage struct {
	Name        string // the service's name of the quota
	LowPriority bool
	Used, Limit int64 // vCPUs; a limit of -1 is none
	// Running and Stopped are the vCPUs that computes known to be on or off
	// hold; what is left of Used is held by computes nobody could name.
	Running, Stopped int64
	Holders          []Holder
}

// FamilyUsages tells, for every family of sizes of a region, what is used of
// the quota and by which computes, in the order of the usages.
func FamilyUsages(ws Workspace, usages []Usage, sizes []Size, computes []*Compute) []FamilyUsage {
	sample := map[string]*Size{}
	for i := range sizes {
		sample[plainFamily(sizes[i].Family)] = &sizes[i]
	}
	var out []FamilyUsage
	for i := range usages {
		u := &usages[i]
		if u.kind() != "vmfamily" {
			continue
		}
		f := FamilyUsage{Name: u.Name.Value, LowPriority: u.lowPriority(), Used: u.Current, Limit: u.Limit}
		if size := sample[plainFamily(u.Name.Value)]; size != nil && u.Current > 0 {
			for _, h := range holdersOf(size, ws, usages, sizes, priority(computes, f.LowPriority)) {
				f.Holders = append(f.Holders, h)
				switch {
				case strings.EqualFold(h.State, StateStopped):
					f.Stopped += h.Cores
				case h.State != "":
					f.Running += h.Cores
				}
			}
		}
		out = append(out, f)
	}
	return out
}

// priority are the computes whose machines are of low priority, or the others.
func priority(computes []*Compute, low bool) []*Compute {
	var out []*Compute
	for _, c := range computes {
		if low == (c.Cluster != nil && strings.EqualFold(c.Cluster.VMPriority, "LowPriority")) {
			out = append(out, c)
		}
	}
	return out
}
