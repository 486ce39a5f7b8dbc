package machinelearning

import (
	"fmt"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// Rows of quotas and usages that are not VM families.
const (
	lowPriorityRow  = "lowPriority"
	dedicatedRow    = "dedicated"
	clustersLimit   = 500 // computes in a region, instances included; documented default
	noLimit         = -1
	providerRowType = namespace + "/"
)

// cores is how many vCPUs c holds, and in which row. A stopped instance holds
// on to its own unless it was made to let go.
func (c *compute) cores() (row string, n int) {
	switch {
	case c.Instance != nil:
		size := sizeOf(c.Instance.VMSize)
		if c.Instance.State == "Stopped" && is(c.Instance.ReleaseQuota) {
			return size.family, 0
		}
		return size.family, size.cores
	case c.Cluster != nil:
		return c.Cluster.family(), sizeOf(c.Cluster.VMSize).cores * max(len(c.Cluster.Nodes), c.Cluster.Scale.Min)
	}
	return "", 0
}

// vmSize is the size of c, "" when it has none.
func (c *compute) vmSize() string {
	switch {
	case c.Instance != nil:
		return c.Instance.VMSize
	case c.Cluster != nil:
		return c.Cluster.VMSize
	}
	return ""
}

// limit is the number of vCPUs a row allows.
func limit(t *arm.Tx, sub, location, row string) int {
	if n, ok := quotas.Lookup(t, arm.Key(sub, location, row)); ok {
		return n
	}
	if row == dedicatedRow {
		return t.FamilyCores * len(families)
	}
	return t.FamilyCores
}

// used adds up what the computes of a subscription hold in a region's row.
func used(t *arm.Tx, sub, location, row string, except *compute) int {
	n := 0
	for c := range computes.All(t) {
		if c == except || !c.standsIn(sub, location) {
			continue
		}
		if r, cores := c.cores(); r == row || row == dedicatedRow && r != lowPriorityRow {
			n += cores
		}
	}
	return n
}

// workspaceLimit is what a workspace may use of a row, where that was set.
func workspaceLimit(t *arm.Tx, location, row string, w *workspace) (int, bool) {
	return quotas.Lookup(t, arm.Key(w.Subscription, location, row, w.ResourceGroup, w.Name))
}

// usedIn adds up what the computes of a workspace hold in a region's row.
func usedIn(t *arm.Tx, location, row string, w *workspace, except *compute) int {
	n := 0
	for _, k := range computesOf(t, w) {
		c := computes.Get(t, k)
		if r, cores := c.cores(); c != except && r == row && c.region() == location {
			n += cores
		}
	}
	return n
}

// free is how many vCPUs are left for c beside everything but except.
func free(t *arm.Tx, c, except *compute) int {
	row, _ := c.cores()
	left := limit(t, c.Subscription, c.region(), row) - used(t, c.Subscription, c.region(), row, except)
	if row != lowPriorityRow {
		left = min(left, limit(t, c.Subscription, c.region(), dedicatedRow)-used(t, c.Subscription, c.region(), dedicatedRow, except))
	}
	w := &workspace{Subscription: c.Subscription, ResourceGroup: c.ResourceGroup, Name: c.Workspace}
	if limit, ok := workspaceLimit(t, c.region(), row, w); ok {
		left = min(left, limit-usedIn(t, c.region(), row, w, except))
	}
	return left
}

// fits refuses c when the quota does not hold nodes of it beside everything but
// old. The message is the service's, spelling included.
func fits(t *arm.Tx, c, old *compute, nodes int) error {
	need, left := nodes*sizeOf(c.vmSize()).cores, free(t, c, old)
	if need > max(0, left) {
		return arm.BadRequest("The specified subscription has a total vCPU quota of %d and cannot accomodate for at least %d requested "+ //nolint:misspell // as the service has it
			"managed compute node which maps to %d vCPUs.", max(0, left), nodes, need)
	}
	return nil
}

// standsIn tells whether c counts in the quota of a subscription in a region.
func (c *compute) standsIn(sub, location string) bool {
	return c.region() == location && (c.Subscription == sub || strings.EqualFold(c.Subscription, sub))
}

// managed are the instances and clusters of a subscription in a region.
func managed(t *arm.Tx, sub, location string) []*compute {
	var in []*compute
	for _, k := range computes.Keys(t, "") {
		if c := computes.Get(t, k); c.Other == nil && c.standsIn(sub, location) {
			in = append(in, c)
		}
	}
	return in
}

// crowded lets the creation of c fail while it goes on when the region holds as
// many computes as it may: the service finds this out late, under HTTP 200. The
// message is its own, spelling included.
func crowded(t *arm.Tx, c *compute) {
	if len(managed(t, c.Subscription, c.region())) > clustersLimit {
		c.Busy.Failure = &failure{State: "CreateFailed", Error: arm.BadRequest("Operation results in exceeding quota limits of Microsoft.Batchlusters. Maximum allowed: %d.", clustersLimit)}
	}
}

// row is one line of usages or quotas.
type row struct {
	id, kind, name string
	used, limit    int
}

func familyName(f family) string { return "Standard " + f.display + " Family Cluster Dedicated vCPUs" }

func rowID(name string) string { return strings.ReplaceAll(name, " ", "_") }

// usageRows are the rows of a region in the order the service lists them: the
// region, then each family followed by the workspaces and computes that use it.
func usageRows(t *arm.Tx, sub, location string) []row {
	base := "/subscriptions/" + sub + "/usages"
	in := managed(t, sub, location)
	rows := []row{
		{base, "totalCores/usages", "Clusters", len(in), clustersLimit},
		{base, "dedicatedCores/usages", "Total Cluster Dedicated Regional vCPUs", used(t, sub, location, dedicatedRow, nil), limit(t, sub, location, dedicatedRow)},
		{base, "lowPriorityCores/usages", "Total Cluster LowPriority Regional vCPUs", used(t, sub, location, lowPriorityRow, nil), limit(t, sub, location, lowPriorityRow)},
	}
	for _, f := range families {
		name := familyName(f)
		limit := limit(t, sub, location, f.name)
		rows = append(rows, row{base + "/" + rowID(name), "vmFamily/usages", name, used(t, sub, location, f.name, nil), limit})
		rows = append(rows, holders(t, in, f.name, name, limit)...)
		low := "Standard " + f.display + " Family Cluster LowPriority vCPUs"
		rows = append(rows, row{base + "/" + rowID(low), "vmFamily/usages", low, lowUsed(in, f.name), noLimit})
	}
	return rows
}

// holders are the rows of the workspaces and computes that hold a family.
func holders(t *arm.Tx, in []*compute, family, name string, limit int) []row {
	var rows []row
	last := -1
	for _, c := range in {
		r, n := c.cores()
		if r != family {
			continue
		}
		ws, _, _ := strings.Cut(c.id(), "/computes/")
		id := ws + "/usages/" + rowID(name)
		if last < 0 || rows[last].id != id {
			last = len(rows)
			own := limit
			if n, ok := workspaceLimit(t, c.region(), family, &workspace{Subscription: c.Subscription, ResourceGroup: c.ResourceGroup, Name: c.Workspace}); ok {
				own = n
			}
			rows = append(rows, row{id, "workspaces/usages", name, 0, own})
		}
		rows[last].used += n
		rows = append(rows, row{c.id() + "/usages/" + rowID(name), "workspaces/computes/usages", name, n, limit})
	}
	return rows
}

func lowUsed(in []*compute, family string) int {
	n := 0
	for _, c := range in {
		if r, cores := c.cores(); r == lowPriorityRow && sizeOf(c.Cluster.VMSize).family == family {
			n += cores
		}
	}
	return n
}

func (r row) body(usage bool) *arm.Object {
	o := new(arm.Object).Set("id", r.id).Set("type", providerRowType+r.kind)
	if usage {
		o.Set("currentValue", r.used)
	}
	return o.Set("limit", r.limit).Set("name", new(arm.Object).Set("localizedValue", r.name).Set("value", r.name)).Set("unit", "Count")
}

func listUsages(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	return rowsPage(t, q, usageRows(t, q.Args[0], arm.Region(q.Args[1])), true)
}

func listQuotas(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var rows []row
	for _, f := range families {
		name := familyName(f)
		rows = append(rows, row{"/subscriptions/" + q.Args[0] + "/quotas/" + rowID(name), "vmFamily/quotas", name, 0,
			limit(t, q.Args[0], arm.Region(q.Args[1]), f.name)})
		rows = append(rows, workspaceQuotas(t, arm.Key(q.Args[0], arm.Region(q.Args[1]), f.name)+"/", arm.Key(q.Args[0]), name)...)
	}
	return rowsPage(t, q, rows, false)
}

// workspaceQuotas are the rows of the workspaces whose share of a family was
// set; their keys begin with the prefix.
func workspaceQuotas(t *arm.Tx, prefix, sub, name string) []row {
	var rows []row
	for _, k := range quotas.Keys(t, prefix) {
		if w := workspaces.Get(t, sub+"/"+strings.TrimPrefix(k, prefix)); w != nil {
			rows = append(rows, row{w.id() + "/quotas/" + rowID(name), "workspaces/quotas", name, 0, quotas.Get(t, k)})
		}
	}
	return rows
}

// rowsPage pages rows by their position.
func rowsPage(t *arm.Tx, q *arm.Request, rows []row, usage bool) (*arm.Response, error) {
	keys := make([]string, len(rows))
	at := make(map[string]int, len(rows))
	for i := range rows {
		keys[i] = fmt.Sprintf("%09d", i) // sorts as i does
		at[keys[i]] = i
	}
	return t.Page(q, "", keys, func(k string) *arm.Object { return rows[at[k]].body(usage) })
}

// updateQuotas sets the limits of VM families in a region, for the subscription
// or for one of its workspaces.
func updateQuotas(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var in struct {
		Value []struct {
			ID, Type, Unit string
			Limit          int
		}
	}
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	value := []*arm.Object{}
	for _, v := range in.Value {
		status := setQuota(t, q.Args[0], arm.Region(q.Args[1]), v.ID, v.Limit)
		value = append(value, new(arm.Object).Set("id", v.ID).Set("type", v.Type).Set("limit", v.Limit).Set("unit", v.Unit).Set("status", status))
	}
	return arm.OK(new(arm.Object).Set("value", value)), nil
}

// setQuota sets one limit, which its id names, and returns how that went.
func setQuota(t *arm.Tx, sub, location, id string, most int) (status string) {
	name := id[strings.LastIndexByte(id, '/')+1:]
	i := slices.IndexFunc(families, func(f family) bool {
		return strings.EqualFold(rowID(familyName(f)), name) || strings.EqualFold(f.name, name)
	})
	if i < 0 {
		return "InvalidVMFamilyName"
	}
	row := families[i].name
	k, held := arm.Key(sub, location, row), 0
	if of, ok := arm.MatchID(wsPath+"/quotas/{}", id); ok {
		w := &workspace{Subscription: sub, ResourceGroup: of[1], Name: of[2]}
		if most > limit(t, sub, location, row) {
			return "InvalidQuotaExceedsSubscriptionLimit"
		}
		k, held = arm.Key(sub, location, row, w.ResourceGroup, w.Name), usedIn(t, location, row, w, nil)
	} else {
		held = used(t, sub, location, row, nil)
	}
	if most < held {
		return "InvalidQuotaBelowClusterMinimum"
	}
	quotas.Put(t, k, most)
	return "Success"
}
