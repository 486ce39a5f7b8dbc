package view

import (
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Detail is how much of a compute is printed.
type Detail int

const (
	// Brief is the default object: v1's keys and common keys to filter by.
	Brief Detail = iota
	// Verbose is -v: v1's full object plus every field of the service
	// that it lacks.
	Verbose
	// Raw is --raw: the service's own body.
	Raw
)

// Object returns the JSON value of a compute, nil for nil.
func Object(c *compute.Compute, d Detail) any {
	if c == nil {
		return nil
	}
	return object{c, d}
}

// object stands for the JSON object of a compute until it is printed: what it
// says of the next firings depends on the time then.
type object struct {
	c *compute.Compute
	d Detail
}

func (o object) At(now time.Time) any {
	switch o.d {
	case Raw:
		return o.c.Raw
	case Verbose:
		return verbose(o.c)
	}
	return brief(o.c, now)
}

// Objects returns the JSON value of several computes.
func Objects(list []*compute.Compute, d Detail) []any {
	return each(list, func(c *compute.Compute) any { return Object(c, d) })
}

// IDObject is what delete and detach print.
func IDObject(id string) any { return query.Object{{Key: "id", Value: id}} }

// IdentityObject is what "amlcompute identity show" prints: v1's keys, or the
// whole identity with -v. It is nil when the cluster has no identity.
func IdentityObject(c *compute.Compute, d Detail) any {
	if c == nil {
		return nil
	}
	decoded, err := query.Decode(rawAt(c.Raw, "identity"))
	identity, ok := decoded.(query.Object)
	if err != nil || !ok {
		return nil
	}
	if d != Brief {
		return identity
	}
	// v1 had the keys of a system identity or those of any other, which lost the
	// principal of a cluster that has both kinds.
	kind, _ := render.Field(identity, "type").(string)
	keys := []string{"type", "userAssignedIdentities"}
	switch kind = strings.ToLower(kind); {
	case kind == "systemassigned":
		keys = []string{"principalId", "tenantId", "type"}
	case strings.Contains(kind, "systemassigned"):
		keys = []string{"principalId", "tenantId", "type", "userAssignedIdentities"}
	}
	out := make(query.Object, 0, len(keys))
	for _, k := range keys {
		out = append(out, query.Member{Key: k, Value: render.Field(identity, k)})
	}
	return out
}

// brief is the default object, its keys sorted. Errors and tags are the
// service's own JSON, times are in UTC.
func brief(c *compute.Compute, now time.Time) query.Object {
	starts, stops := firings(c, now)
	running, _ := runningSince(c)
	room := make(query.Object, 0, 18) // one more than there are, for resourceGroup
	return append(room, query.Object{
		{Key: "computeType", Value: text(c.ComputeType)},
		{Key: "createdOn", Value: utc(c.CreatedOn.Time)},
		{Key: "errors", Value: rawAt(c.Raw, "properties", "properties", "errors")},
		{Key: "id", Value: text(c.ID)},
		{Key: "idleShutdown", Value: idleShutdown(c)},
		{Key: "location", Value: text(location(c))},
		{Key: "name", Value: text(c.Name)},
		{Key: "nextStart", Value: utc(starts)},
		{Key: "nextStop", Value: utc(stops)},
		{Key: "owner", Value: text(Owner(c))},
		{Key: "provisioningErrors", Value: rawAt(c.Raw, "properties", "provisioningErrors")},
		{Key: "provisioningState", Value: text(c.ProvisioningState)},
		{Key: "runningSince", Value: utc(running)},
		{Key: "state", Value: text(c.State())},
		{Key: "tags", Value: rawAt(c.Raw, "tags")},
		{Key: "vmSize", Value: text(c.VMSize())},
		{Key: "workspace", Value: workspace(c)},
	}...)
}

// utc is an instant as RFC 3339 in UTC, or null for none.
func utc(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// idleShutdown is after how long without use an instance stops, such as 1h; null
// when it does not, or the service does not tell.
func idleShutdown(c *compute.Compute) any {
	if c.Instance == nil {
		return nil
	}
	if d, ok := c.Instance.IdleShutdown(); ok {
		return schedule.FormatIdle(d)
	}
	return nil
}

// workspace is the name of the workspace a compute is in, null when its id does
// not say it.
func workspace(c *compute.Compute) any {
	ws, _, err := compute.ParseID(c.ID)
	if err != nil {
		return nil
	}
	return text(ws.Name)
}

// text is a string, or null for none.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// location is where the machine is, which v1 printed as the location; a body
// that does not say so has the workspace's.
func location(c *compute.Compute) string {
	if c.ComputeLocation != "" {
		return c.ComputeLocation
	}
	return c.Location
}

// Owner names whose compute it is: the person's name when the service tells
// it, else the object id; "" when it tells neither.
func Owner(c *compute.Compute) string {
	o := c.Owner()
	if o.Name != "" {
		return o.Name
	}
	return o.ID
}

// verbose builds v1's full object on top of the service's body, so that
// every key and path of v1 is there and nothing of the service is missing.
func verbose(c *compute.Compute) any {
	decoded, err := query.Decode(c.Raw)
	body, ok := decoded.(query.Object)
	if err != nil || !ok {
		return nil
	}
	fill(&body, "id", "name", "tags", "location")
	if l := location(c); l != "" {
		body.Set("location", l)
	}
	if c.IsCluster() {
		fill(&body, "identity")
	}
	edit(&body, "properties", func(properties *query.Object) {
		fill(properties, "description", "computeType", "computeLocation", "resourceId", "provisioningErrors", "provisioningState")
		if _, ok := render.Field(*properties, "properties").(query.Object); ok {
			edit(properties, "properties", dropSecrets)
		}
		switch {
		case c.IsInstance():
			verboseInstance(properties)
		case c.IsCluster():
			verboseCluster(properties)
		case strings.EqualFold(c.ComputeType, compute.TypeAKS):
			verboseAKS(properties)
		}
	})
	return body
}

func verboseInstance(properties *query.Object) {
	edit(properties, "properties", func(inner *query.Object) {
		fill(inner, "vmSize", "applications", "personalComputeInstanceSettings", "errors")
		nulls(inner, "connectivityEndpoints", "publicIpAddress", "privateIpAddress")
		nulls(inner, "sshSettings", "sshPublicAccess", "adminUserName", "adminPublicKey", "sshPort")
		nulls(inner, "subnet", "id")
	})
	inner := render.Field(*properties, "properties")
	created := render.Field(inner, "createdBy")
	properties.Set("status", query.Object{
		{Key: "createdBy", Value: query.Object{
			{Key: "userName", Value: render.Field(created, "userName")},
			{Key: "userObjectId", Value: render.Field(created, "userId")},
			{Key: "userTenantId", Value: render.Field(created, "userOrgId")},
		}},
		{Key: "creationTime", Value: isoformat(render.Field(*properties, "createdOn"))},
		{Key: "errors", Value: render.Field(inner, "errors")},
		{Key: "modifiedTime", Value: isoformat(render.Field(*properties, "modifiedOn"))},
		{Key: "state", Value: render.Field(inner, "state")},
		{Key: "vmSize", Value: render.Field(inner, "vmSize")},
	})
}

func verboseCluster(properties *query.Object) {
	edit(properties, "properties", func(inner *query.Object) {
		fill(inner, "vmSize", "vmPriority", "remoteLoginPortPublicAccess")
		nulls(inner, "scaleSettings", "minNodeCount", "maxNodeCount", "nodeIdleTimeBeforeScaleDown")
		nulls(inner, "userAccountCredentials", "adminUserName", "adminUserPassword", "adminUserSshPublicKey")
		nulls(inner, "subnet", "id")
	})
	inner := render.Field(*properties, "properties")
	counts := render.Field(inner, "nodeStateCounts")
	var states query.Object
	for _, k := range []string{"preparing", "running", "idle", "unusable", "leaving", "preempted"} {
		states.Set(k+"NodeCount", render.Field(counts, k+"NodeCount"))
	}
	status := query.Object{
		{Key: "allocationStateTransitionTime", Value: isoformat(render.Field(inner, "allocationStateTransitionTime"))},
		{Key: "creationTime", Value: isoformat(render.Field(*properties, "createdOn"))},
		{Key: "modifiedTime", Value: isoformat(render.Field(*properties, "modifiedOn"))},
		{Key: "nodeStateCounts", Value: states},
		{Key: "provisioningState", Value: render.Field(*properties, "provisioningState")},
		{Key: "provisioningStateTransitionTime", Value: isoformat(render.Field(*properties, "provisioningStateTransitionTime"))},
	}
	for _, k := range []string{"currentNodeCount", "targetNodeCount", "allocationState", "errors", "scaleSettings", "vmPriority", "vmSize"} {
		status.Set(k, render.Field(inner, k))
	}
	properties.Set("status", status)
}

func verboseAKS(properties *query.Object) {
	fill(properties, "isAttachedCompute")
	edit(properties, "properties", func(inner *query.Object) {
		fill(inner, "agentCount", "agentVmSize", "clusterFqdn", "clusterPurpose", "loadBalancerSubnet", "loadBalancerType", "sslConfiguration", "systemServices")
		services, _ := render.Field(*inner, "systemServices").([]any)
		for i := range services {
			if s, ok := services[i].(query.Object); ok {
				if render.Field(s, "serviceType") == nil {
					s.Set("serviceType", render.Field(s, "systemServiceType"))
				}
				fill(&s, "publicIpAddress", "version")
				services[i] = s
			}
		}
	})
}

// fill makes keys that are missing null.
func fill(o *query.Object, keys ...string) {
	for _, key := range keys {
		if _, found := o.Get(key); !found {
			o.Set(key, nil)
		}
	}
}

// edit changes the object under a key and creates it if missing.
func edit(o *query.Object, key string, change func(*query.Object)) {
	inner, _ := render.Field(*o, key).(query.Object)
	if inner == nil {
		inner = query.Object{}
	}
	change(&inner)
	o.Set(key, inner)
}

// nulls makes the value of a key an object that has at least the given keys.
func nulls(o *query.Object, key string, keys ...string) {
	edit(o, key, func(inner *query.Object) { fill(inner, keys...) })
}

// dropSecrets nulls the passwords and keys a type's properties could hold. The
// service does not return them; should it ever, they stay off the screen.
func dropSecrets(inner *query.Object) {
	for _, key := range []string{"databricksAccessToken", "relayConnectionString", "serviceBusConnectionString"} {
		drop(inner, key)
	}
	for _, path := range [...][2]string{
		{"administratorAccount", "password"},
		{"administratorAccount", "privateKeyData"},
		{"sslConfiguration", "key"},
		{"userAccountCredentials", "adminUserPassword"},
	} {
		if holder, ok := render.Field(*inner, path[0]).(query.Object); ok {
			drop(&holder, path[1])
		}
	}
}

func drop(o *query.Object, key string) {
	if _, found := o.Get(key); found {
		o.Set(key, nil)
	}
}

// isoformat writes a time of the service as v1 did, with Python's isoformat:
// microseconds cut off, left out when zero, offset as +00:00. Other text stays
// unchanged.
func isoformat(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return v
	}
	if t.Nanosecond()/1000 == 0 {
		return t.Format("2006-01-02T15:04:05-07:00")
	}
	return t.Format("2006-01-02T15:04:05.000000-07:00")
}
