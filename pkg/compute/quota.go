package compute

import (
	"cmp"
	"context"
	"fmt"
	"github.com/computetarget/computetarget/pkg/order"
	"slices"
	"strings"
)

// Shortage is a quota that is too small for a request.
type Shortage struct {
	// Quota is the service's name for it, such as "Standard DSv2 Family Cluster
	// Dedicated vCPUs".
	Quota string
	// Needed, Used and Limit are vCPUs, or computes for the quota of computes.
	Needed, Used, Limit int64
}

// CheckQuota lists the quotas of a region that are too small for more machines of
// a size. 0 machines, as of a cluster that starts empty, need a quota that could
// hold one.
func CheckQuota(size *Size, machines int, lowPriority bool, usages []Usage) []Shortage {
	var out []Shortage
	for i := range usages {
		u := &usages[i]
		need, used := u.need(size, machines, lowPriority), u.Current
		if machines == 0 && !u.counts() {
			need, used = u.need(size, 1, lowPriority), 0
		}
		if need > 0 && used+need > u.Limit {
			out = append(out, Shortage{Quota: u.Name.Value, Needed: need, Used: u.Current, Limit: u.Limit})
		}
	}
	return out
}

// need is what machines of a size take of a quota: 0 of one that is not theirs, or
// has no limit.
func (u *Usage) need(size *Size, machines int, lowPriority bool) int64 {
	switch kind := u.kind(); {
	case u.Limit < 0:
		return 0
	case u.counts():
		return 1
	case kind == "vmfamily" && size.inFamily(u.Name.Value) && u.lowPriority() == lowPriority,
		kind == "dedicatedcores" && !lowPriority, kind == "lowprioritycores" && lowPriority:
		return int64(size.VCPUs) * int64(machines)
	}
	return 0
}

// counts reports whether the quota is of computes ("Clusters"), despite its name.
func (u *Usage) counts() bool { return u.kind() == "totalcores" }

// CheckBatch lists the quotas that are too small for all of the computes together,
// as far as the service tells. Preflight checks each by itself.
func (c *Client) CheckBatch(ctx context.Context, list []Creation) []Shortage {
	ctx, cancel := within(ctx, advicePatience)
	defer cancel()
	var out []Shortage
	regions := map[string][]Creation{}
	for _, one := range list {
		regions[one.Spec.Location] = append(regions[one.Spec.Location], one)
	}
	for region, list := range regions {
		sizes, usages, sizesErr, usagesErr := c.market(ctx, region)
		if len(list) < 2 || sizesErr != nil || usagesErr != nil {
			continue
		}
		for i := range usages {
			u, needed := &usages[i], int64(0)
			for _, one := range list {
				name, machines := one.Spec.vmSize()
				if size, _ := MatchSize(name, sizes, one.Spec.Type()); size != nil {
					needed += u.need(size, machines, one.Spec.lowPriority())
				}
			}
			if needed > 0 && u.Current+needed > u.Limit {
				out = append(out, Shortage{Quota: u.Name.Value, Needed: needed, Used: u.Current, Limit: u.Limit})
			}
		}
	}
	return out
}

// growth warns if the tightest quota keeps a cluster from growing to most nodes.
// The cluster stays smaller, and jobs wait.
func growth(size *Size, nodes, most int, lowPriority bool, usages []Usage, location string) []string {
	if most <= nodes {
		return nil
	}
	cores := slices.DeleteFunc(slices.Clone(usages), func(u Usage) bool { return u.kind() == "totalcores" })
	short := CheckQuota(size, most-nodes, lowPriority, cores)
	if len(short) == 0 {
		return nil
	}
	s := slices.MinFunc(short, func(a, b Shortage) int { return cmp.Compare(a.Limit-a.Used, b.Limit-b.Used) })
	left := max(0, s.Limit-s.Used)
	return []string{fmt.Sprintf("%d nodes of %s are more than the quota %q in %s holds: with %d of its %d cores left the cluster grows to %d",
		most, size.Name, s.Quota, location, left, s.Limit, int64(nodes)+left/int64(max(1, size.VCPUs)))}
}

// GrowthWarnings says which quota keeps a cluster from growing to most nodes, as
// far as the service tells.
func (c *Client) GrowthWarnings(ctx context.Context, have *Compute, most int) []string {
	if have.Cluster == nil {
		return nil
	}
	ctx, cancel := within(ctx, advicePatience)
	defer cancel()
	sizes, usages, sizesErr, usagesErr := c.market(ctx, have.Location)
	size, _ := MatchSize(have.VMSize(), sizes, TypeCluster)
	if sizesErr != nil || usagesErr != nil || size == nil {
		return nil
	}
	return growth(size, have.Cluster.CurrentNodes, most, have.lowPriority(), usages, have.Location)
}

// kind is the quota's type in lower case without its provider: vmfamily,
// dedicatedcores, …. Rows of one workspace or compute have a longer one.
func (u *Usage) kind() string {
	kind := strings.TrimPrefix(strings.ToLower(u.Type), "microsoft.machinelearningservices/")
	for _, tail := range [...]string{"/usages", "/usage", "/quotas", "/quota"} {
		kind = strings.TrimSuffix(kind, tail)
	}
	return kind
}

func (u *Usage) lowPriority() bool {
	return strings.Contains(strings.ToLower(u.Name.Value), "lowpriority")
}

func (c *Compute) lowPriority() bool {
	return c.Cluster != nil && strings.EqualFold(c.Cluster.VMPriority, "LowPriority")
}

// inFamily reports whether a family or a quota is the size's.
func (s *Size) inFamily(name string) bool { return plainFamily(name) == plainFamily(s.Family) }

// plainFamily brings the names of families and of their quotas to one form:
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
	Owner     User   // zero if unknown
	State     string // "" if unknown
}

// holdersOf lists the computes that hold cores of the size's family, the largest
// first: those that the usages name, and those of computes, which are in ws. A
// stopped instance holds its cores too.
func holdersOf(size *Size, ws Workspace, usages []Usage, sizes []Size, computes []*Compute) []Holder {
	var out []Holder
	known := map[string]int{} // indexes of out by compute id
	hold := func(where Workspace, name string, cores int64) int {
		key := strings.ToLower(where.ComputeID(name))
		i, ok := known[key]
		if !ok && cores > 0 {
			i = len(out)
			known[key], out = i, append(out, Holder{Workspace: where, Name: name, Cores: cores})
		} else if !ok {
			return -1
		}
		return i
	}
	for i := range usages {
		u := &usages[i]
		if !strings.HasSuffix(u.kind(), "computes") || !size.inFamily(u.Name.Value) {
			continue
		}
		if where, name, err := ParseID(u.ID); err == nil && name != "" {
			hold(where, name, u.Current)
		}
	}
	for _, c := range computes {
		if i := hold(ws, c.Name, coresOf(c, size, sizes)); i >= 0 {
			out[i].Owner, out[i].State = c.Owner(), c.State()
		}
	}
	order.By(out, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(b.Cores, a.Cores), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// coresOf is the number of cores of size's family that a compute holds.
func coresOf(c *Compute, size *Size, sizes []Size) int64 {
	i := slices.IndexFunc(sizes, func(s Size) bool { return strings.EqualFold(s.Name, c.VMSize()) && size.inFamily(s.Family) })
	switch {
	case i >= 0 && c.Instance != nil:
		return int64(sizes[i].VCPUs)
	case i >= 0 && c.Cluster != nil:
		return int64(sizes[i].VCPUs) * int64(c.Cluster.CurrentNodes)
	}
	return 0
}

// fittingSizes names up to three sizes that the quotas can hold, the most similar
// first. Families without a row in the usages may have no quota at all.
func fittingSizes(size *Size, machines int, lowPriority bool, computeType string, sizes []Size, usages []Usage) []string {
	fit := slices.DeleteFunc(slices.Clone(sizes), func(s Size) bool {
		hasRow := slices.ContainsFunc(usages, func(u Usage) bool { return u.kind() == "vmfamily" && s.inFamily(u.Name.Value) })
		return !hasRow || !s.Supports(computeType) || lowPriority && !s.LowPriority || s.VCPUs <= 0 ||
			len(CheckQuota(&s, machines, lowPriority, usages)) > 0
	})
	abs := func(n int) int { return max(n, -n) }
	distance := func(s Size) int { return abs(s.VCPUs-size.VCPUs) + 1000*abs(s.GPUs-size.GPUs) }
	order.By(fit, func(a, b Size) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a.Name, b.Name))
	})
	var out []string
	for _, s := range fit[:min(len(fit), 3)] {
		out = append(out, s.Name)
	}
	return out
}

// quotaFinding describes a shortage.
func quotaFinding(size *Size, location string, short Shortage, holders []Holder, fitting []string) Finding {
	text := fmt.Sprintf("the quota %q in %s cannot hold %s: it needs %d, and %d of %d are used",
		cmp.Or(short.Quota, size.Family), location, size.Name, short.Needed, short.Used, short.Limit)
	var held []string
	for _, h := range holders[:min(len(holders), 5)] {
		words := []string{fmt.Sprint(h.Cores), cmp.Or(h.Owner.Name, h.Owner.ID), h.State}
		words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
		held = append(held, fmt.Sprintf("%s (%s)", h.Name, strings.Join(words, ", ")))
	}
	if more := len(holders) - len(held); more > 0 {
		held = append(held, fmt.Sprintf("and %d more", more))
	}
	if len(held) > 0 {
		text += "; they are held by " + strings.Join(held, ", ")
	}
	if len(fitting) > 0 {
		text += "; sizes that would fit: " + strings.Join(fitting, ", ")
	}
	return Finding{Kind: KindConflict, Field: "quota", Message: text, Suggestions: fitting}
}

// FamilyUsage is the quota of one family of sizes and the computes that hold it.
type FamilyUsage struct {
	Name        string // the service's name of the quota
	LowPriority bool
	Used, Limit int64 // vCPUs; a limit of -1 is none
	// Running and Stopped are the vCPUs of computes that are known to be on or
	// off. The rest of Used is held by unknown computes.
	Running, Stopped int64
	Holders          []Holder
}

// FamilyUsages lists the quota of every family of sizes of a region and the
// computes that hold it, in the order of the usages. computes are those of ws.
func FamilyUsages(ws Workspace, usages []Usage, sizes []Size, computes []*Compute) []FamilyUsage {
	var out []FamilyUsage
	for i := range usages {
		u := &usages[i]
		if u.kind() != "vmfamily" {
			continue
		}
		f := FamilyUsage{Name: u.Name.Value, LowPriority: u.lowPriority(), Used: u.Current, Limit: u.Limit}
		if at := slices.IndexFunc(sizes, func(s Size) bool { return s.inFamily(u.Name.Value) }); at >= 0 && u.Current > 0 {
			candidates := slices.DeleteFunc(slices.Clone(computes), func(c *Compute) bool { return c.lowPriority() != f.LowPriority })
			f.Holders = holdersOf(&sizes[at], ws, usages, sizes, candidates)
		}
		for _, h := range f.Holders {
			switch {
			case strings.EqualFold(h.State, StateStopped):
				f.Stopped += h.Cores
			case h.State != "":
				f.Running += h.Cores
			}
		}
		out = append(out, f)
	}
	return out
}
