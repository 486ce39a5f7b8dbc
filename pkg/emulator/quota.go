package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Rows of quotas and usages that are not VM families.
const (
	lowPriorityRow  = "lowPriority"
	dedicatedRow    = "dedicated"
	clustersLimit   = 500 // computes in a region, instances included; documented default
	noLimit         = -1
	providerRowType = provider + "/"
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
func (t *tx) limit(sub, location, row string) int {
	if n, ok := t.s.quotas[key(sub, location, row)]; ok {
		return n
	}
	if row == dedicatedRow {
		return t.e.opts.FamilyCores * len(families)
	}
	return t.e.opts.FamilyCores
}

// used adds up what the computes of a subscription hold in a region's row.
func (t *tx) used(sub, location, row string, except *compute) int {
	n := 0
	for _, c := range t.s.computes {
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
func (t *tx) workspaceLimit(location, row string, w *workspace) (int, bool) {
	n, ok := t.s.quotas[key(w.Subscription, location, row, w.ResourceGroup, w.Name)]
	return n, ok
}

// usedIn adds up what the computes of a workspace hold in a region's row.
func (t *tx) usedIn(location, row string, w *workspace, except *compute) int {
	n := 0
	for _, k := range t.s.computesOf(w) {
		c := t.s.computes[k]
		if r, cores := c.cores(); c != except && r == row && c.region() == location {
			n += cores
		}
	}
	return n
}

// free is how many vCPUs are left for c beside everything but except.
func (t *tx) free(c, except *compute) int {
	row, _ := c.cores()
	left := t.limit(c.Subscription, c.region(), row) - t.used(c.Subscription, c.region(), row, except)
	if row != lowPriorityRow {
		left = min(left, t.limit(c.Subscription, c.region(), dedicatedRow)-t.used(c.Subscription, c.region(), dedicatedRow, except))
	}
	w := &workspace{Subscription: c.Subscription, ResourceGroup: c.ResourceGroup, Name: c.Workspace}
	if limit, ok := t.workspaceLimit(c.region(), row, w); ok {
		left = min(left, limit-t.usedIn(c.region(), row, w, except))
	}
	return left
}

// fits refuses c when the quota does not hold nodes of it beside everything but
// old. The message is the service's, spelling included.
func (t *tx) fits(c, old *compute, nodes int) error {
	need, left := nodes*sizeOf(c.vmSize()).cores, t.free(c, old)
	if need > max(0, left) {
		return badRequest("The specified subscription has a total vCPU quota of %d and cannot accomodate for at least %d requested "+ //nolint:misspell // as the service has it
			"managed compute node which maps to %d vCPUs.", max(0, left), nodes, need)
	}
	return nil
}

// standsIn tells whether c counts in the quota of a subscription in a region.
func (c *compute) standsIn(sub, location string) bool {
	return c.region() == location && (c.Subscription == sub || strings.EqualFold(c.Subscription, sub))
}

// managed are the instances and clusters of a subscription in a region.
func (t *tx) managed(sub, location string) []*compute {
	var in []*compute
	for _, k := range t.s.names() {
		if c := t.s.computes[k]; c.Other == nil && c.standsIn(sub, location) {
			in = append(in, c)
		}
	}
	return in
}

// crowded lets the creation of c fail while it goes on when the region holds as
// many computes as it may: the service finds this out late, under HTTP 200. The
// message is its own, spelling included.
func (t *tx) crowded(c *compute) {
	if len(t.managed(c.Subscription, c.region())) > clustersLimit {
		c.Busy.Failure = &failure{State: "CreateFailed", Error: badRequest("Operation results in exceeding quota limits of Microsoft.Batchlusters. Maximum allowed: %d.", clustersLimit)}
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
func (t *tx) usageRows(sub, location string) []row {
	base := "/subscriptions/" + sub + "/usages"
	in := t.managed(sub, location)
	rows := []row{
		{base, "totalCores/usages", "Clusters", len(in), clustersLimit},
		{base, "dedicatedCores/usages", "Total Cluster Dedicated Regional vCPUs", t.used(sub, location, dedicatedRow, nil), t.limit(sub, location, dedicatedRow)},
		{base, "lowPriorityCores/usages", "Total Cluster LowPriority Regional vCPUs", t.used(sub, location, lowPriorityRow, nil), t.limit(sub, location, lowPriorityRow)},
	}
	for _, f := range families {
		name := familyName(f)
		limit := t.limit(sub, location, f.name)
		rows = append(rows, row{base + "/" + rowID(name), "vmFamily/usages", name, t.used(sub, location, f.name, nil), limit})
		rows = append(rows, t.holders(in, f.name, name, limit)...)
		low := "Standard " + f.display + " Family Cluster LowPriority vCPUs"
		rows = append(rows, row{base + "/" + rowID(low), "vmFamily/usages", low, lowUsed(in, f.name), noLimit})
	}
	return rows
}

// holders are the rows of the workspaces and computes that hold a family.
func (t *tx) holders(in []*compute, family, name string, limit int) []row {
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
			if n, ok := t.workspaceLimit(c.region(), family, &workspace{Subscription: c.Subscription, ResourceGroup: c.ResourceGroup, Name: c.Workspace}); ok {
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

func (r row) body(usage bool) *object {
	o := new(object).set("id", r.id).set("type", providerRowType+r.kind)
	if usage {
		o.set("currentValue", r.used)
	}
	return o.set("limit", r.limit).set("name", new(object).set("localizedValue", r.name).set("value", r.name)).set("unit", "Count")
}

func listUsages(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	return t.rowsPage(q, t.usageRows(q.args[0], region(q.args[1])), true)
}

func listQuotas(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	var rows []row
	for _, f := range families {
		name := familyName(f)
		rows = append(rows, row{"/subscriptions/" + q.args[0] + "/quotas/" + rowID(name), "vmFamily/quotas", name, 0,
			t.limit(q.args[0], region(q.args[1]), f.name)})
		rows = append(rows, t.workspaceQuotas(key(q.args[0], region(q.args[1]), f.name)+"/", key(q.args[0]), name)...)
	}
	return t.rowsPage(q, rows, false)
}

// workspaceQuotas are the rows of the workspaces whose share of a family was
// set; their keys begin with the prefix.
func (t *tx) workspaceQuotas(prefix, sub, name string) []row {
	var rows []row
	for _, k := range slices.Sorted(maps.Keys(t.s.quotas)) {
		at, ok := strings.CutPrefix(k, prefix)
		if w := t.s.workspaces[sub+"/"+at]; ok && w != nil {
			rows = append(rows, row{w.id() + "/quotas/" + rowID(name), "workspaces/quotas", name, 0, t.s.quotas[k]})
		}
	}
	return rows
}

// rowsPage pages rows by their position.
func (t *tx) rowsPage(q *request, rows []row, usage bool) (*response, error) {
	keys := make([]string, len(rows))
	at := make(map[string]int, len(rows))
	for i := range rows {
		keys[i] = position(i)
		at[keys[i]] = i
	}
	return t.page(q, "", keys, func(k string) *object { return rows[at[k]].body(usage) })
}

// position is i as a key that sorts as i does.
func position(i int) string {
	b := []byte("000000000")
	for p := len(b) - 1; i > 0 && p >= 0; p-- {
		b[p] = byte('0' + i%10)
		i /= 10
	}
	return string(b)
}

// updateQuotas sets the limits of VM families in a region, for the subscription
// or for one of its workspaces.
func updateQuotas(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	var in struct {
		Value []struct {
			ID, Type, Unit string
			Limit          int
		}
	}
	if err := decode(q.body, &in); err != nil {
		return nil, err
	}
	value := []*object{}
	for _, v := range in.Value {
		status := t.setQuota(q.args[0], region(q.args[1]), v.ID, v.Limit)
		value = append(value, new(object).set("id", v.ID).set("type", v.Type).set("limit", v.Limit).set("unit", v.Unit).set("status", status))
	}
	return newResponse(http.StatusOK).json(new(object).set("value", value)), nil
}

// setQuota sets one limit, which its id names, and returns how that went.
func (t *tx) setQuota(sub, location, id string, limit int) (status string) {
	name := id[strings.LastIndexByte(id, '/')+1:]
	i := slices.IndexFunc(families, func(f family) bool {
		return strings.EqualFold(rowID(familyName(f)), name) || strings.EqualFold(f.name, name)
	})
	if i < 0 {
		return "InvalidVMFamilyName"
	}
	row := families[i].name
	k, used := key(sub, location, row), 0
	if of, ok := match(wsPath+"/quotas/{}", strings.Split(strings.Trim(id, "/"), "/")); ok {
		w := &workspace{Subscription: sub, ResourceGroup: of[1], Name: of[2]}
		if limit > t.limit(sub, location, row) {
			return "InvalidQuotaExceedsSubscriptionLimit"
		}
		k, used = key(sub, location, row, w.ResourceGroup, w.Name), t.usedIn(location, row, w, nil)
	} else {
		used = t.used(sub, location, row, nil)
	}
	if limit < used {
		return "InvalidQuotaBelowClusterMinimum"
	}
	t.s.quotas[k] = limit
	t.s.touch(quotaKey + k)
	return "Success"
}
