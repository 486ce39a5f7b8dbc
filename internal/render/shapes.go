package render

import (
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Detail is how much of a compute is printed.
type Detail int

const (
	// Brief is the default object: the keys of v1's objects and those people
	// filter by.
	Brief Detail = iota
	// Verbose is -v: v1's full object plus every field of the service
	// that it lacks.
	Verbose
	// Raw is --raw: the service's own body.
	Raw
)

// Object returns the JSON value of a compute, nil for nil.
func Object(c *compute.Compute, d Detail) any {
	switch {
	case c == nil:
		return nil
	case d == Raw:
		return c.Raw
	case d == Verbose:
		return verbose(c)
	}
	return summary{c}
}

// summary stands for the default object of a compute until it is printed: what
// it says of the next firings depends on the time then.
type summary struct{ c *compute.Compute }

// settled replaces the summaries in a result by the objects they stand for.
func settled(v any, now time.Time) any {
	switch v := v.(type) {
	case summary:
		return brief(v.c, now)
	case []any:
		out := slices.Clone(v)
		for i, e := range out {
			if s, ok := e.(summary); ok {
				out[i] = brief(s.c, now)
			}
		}
		return out
	}
	return v
}

// Objects returns the JSON value of several computes.
func Objects(list []*compute.Compute, d Detail) []any {
	out := make([]any, 0, len(list))
	for _, c := range list {
		out = append(out, Object(c, d))
	}
	return out
}

// IDObject is what delete and detach print.
func IDObject(id string) any { return query.Object{{Key: "id", Value: id}} }

// IdentityObject is what "amlcompute identity show" prints: v1's keys, or the
// whole identity with -v. It is nil when the cluster has no identity.
func IdentityObject(c *compute.Compute, d Detail) any {
	if c == nil {
		return nil
	}
	decoded, err := decode(rawAt(c.Raw, "identity"))
	identity, ok := decoded.(query.Object)
	if err != nil || !ok {
		return nil
	}
	if d != Brief {
		return identity
	}
	keys := []string{"principalId", "tenantId", "type"}
	if kind, _ := field(identity, "type").(string); !strings.EqualFold(kind, "SystemAssigned") {
		keys = []string{"type", "userAssignedIdentities"}
	}
	out := make(query.Object, 0, len(keys))
	for _, k := range keys {
		out = append(out, member{Key: k, Value: field(identity, k)})
	}
	return out
}

// brief is the default object, its keys sorted. Errors and tags are the
// service's own JSON, times are in UTC.
func brief(c *compute.Compute, now time.Time) query.Object {
	starts, stops := firings(c, now)
	running, _ := runningSince(c)
	return query.Object{
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
	}
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
	decoded, err := decode(c.Raw)
	members, ok := decoded.(query.Object)
	if err != nil || !ok {
		return nil
	}
	body := mapOf(members)
	for _, k := range []string{"id", "name", "tags"} {
		fill(body, k, nil)
	}
	if l := location(c); l != "" {
		body["location"] = l
	}
	fill(body, "location", nil)
	properties := object(body, "properties")
	for _, k := range []string{"description", "computeType", "computeLocation", "resourceId", "provisioningErrors", "provisioningState"} {
		fill(properties, k, nil)
	}
	if _, ok := properties["properties"].(query.Object); ok {
		dropSecrets(object(properties, "properties"))
	}
	switch {
	case c.IsInstance():
		verboseInstance(properties)
	case c.IsCluster():
		fill(body, "identity", nil)
		verboseCluster(properties)
	case strings.EqualFold(c.ComputeType, compute.TypeAKS):
		verboseAKS(properties)
	}
	return body
}

func verboseInstance(properties map[string]any) {
	inner := object(properties, "properties")
	for _, k := range []string{"vmSize", "applications", "personalComputeInstanceSettings", "errors"} {
		fill(inner, k, nil)
	}
	nulls(inner, "connectivityEndpoints", "publicIpAddress", "privateIpAddress")
	nulls(inner, "sshSettings", "sshPublicAccess", "adminUserName", "adminPublicKey", "sshPort")
	nulls(inner, "subnet", "id")
	created := inner["createdBy"]
	properties["status"] = map[string]any{
		"errors":       inner["errors"],
		"creationTime": isoformat(properties["createdOn"]),
		"createdBy": map[string]any{
			"userObjectId": field(created, "userId"),
			"userTenantId": field(created, "userOrgId"),
			"userName":     field(created, "userName"),
		},
		"modifiedTime": isoformat(properties["modifiedOn"]),
		"state":        inner["state"],
		"vmSize":       inner["vmSize"],
	}
}

func verboseCluster(properties map[string]any) {
	inner := object(properties, "properties")
	for _, k := range []string{"vmSize", "vmPriority", "remoteLoginPortPublicAccess"} {
		fill(inner, k, nil)
	}
	nulls(inner, "scaleSettings", "minNodeCount", "maxNodeCount", "nodeIdleTimeBeforeScaleDown")
	nulls(inner, "userAccountCredentials", "adminUserName", "adminUserPassword", "adminUserSshPublicKey")
	nulls(inner, "subnet", "id")
	counts := inner["nodeStateCounts"]
	states := map[string]any{}
	for _, k := range []string{"preparing", "running", "idle", "unusable", "leaving", "preempted"} {
		states[k+"NodeCount"] = field(counts, k+"NodeCount")
	}
	properties["status"] = map[string]any{
		"currentNodeCount":                inner["currentNodeCount"],
		"targetNodeCount":                 inner["targetNodeCount"],
		"nodeStateCounts":                 states,
		"allocationState":                 inner["allocationState"],
		"allocationStateTransitionTime":   isoformat(inner["allocationStateTransitionTime"]),
		"errors":                          inner["errors"],
		"creationTime":                    isoformat(properties["createdOn"]),
		"modifiedTime":                    isoformat(properties["modifiedOn"]),
		"provisioningState":               properties["provisioningState"],
		"provisioningStateTransitionTime": isoformat(properties["provisioningStateTransitionTime"]),
		"scaleSettings":                   inner["scaleSettings"],
		"vmPriority":                      inner["vmPriority"],
		"vmSize":                          inner["vmSize"],
	}
}

func verboseAKS(properties map[string]any) {
	fill(properties, "isAttachedCompute", nil)
	inner := object(properties, "properties")
	for _, k := range []string{"agentCount", "agentVmSize", "clusterFqdn", "clusterPurpose", "loadBalancerSubnet", "loadBalancerType", "sslConfiguration", "systemServices"} {
		fill(inner, k, nil)
	}
	services, _ := inner["systemServices"].([]any)
	for i := range services {
		if o, ok := services[i].(query.Object); ok {
			s := mapOf(o)
			services[i] = s
			fill(s, "serviceType", s["systemServiceType"])
			fill(s, "publicIpAddress", nil)
			fill(s, "version", nil)
		}
	}
}

// fill sets a key that is missing.
func fill(m map[string]any, key string, v any) {
	if _, ok := m[key]; !ok {
		m[key] = v
	}
}

// object returns the object under a key, put there when there is none.
func object(m map[string]any, key string) map[string]any {
	o, ok := m[key].(map[string]any)
	if !ok {
		members, _ := m[key].(query.Object)
		o = mapOf(members)
		m[key] = o
	}
	return o
}

// mapOf is an object to which keys can be added.
func mapOf(o query.Object) map[string]any {
	m := make(map[string]any, len(o)+4)
	for _, member := range o {
		m[member.Key] = member.Value
	}
	return m
}

// nulls makes the value of a key an object that has at least the given keys.
func nulls(m map[string]any, key string, keys ...string) {
	o := object(m, key)
	for _, k := range keys {
		fill(o, k, nil)
	}
}

// dropSecrets nulls the passwords and keys a type's properties could hold. The
// service does not return them; should it ever, they stay off the screen.
func dropSecrets(inner map[string]any) {
	for _, path := range [...][2]string{
		{"", "databricksAccessToken"},
		{"", "relayConnectionString"},
		{"", "serviceBusConnectionString"},
		{"administratorAccount", "password"},
		{"administratorAccount", "privateKeyData"},
		{"sslConfiguration", "key"},
		{"userAccountCredentials", "adminUserPassword"},
	} {
		holder := inner
		if path[0] != "" {
			if _, ok := inner[path[0]].(query.Object); !ok {
				continue
			}
			holder = object(inner, path[0])
		}
		if _, ok := holder[path[1]]; ok {
			holder[path[1]] = nil
		}
	}
}

// isoformat writes a time of the service as v1 did, with Python's isoformat:
// microseconds cut off, left out when zero, offset as +00:00. What is no time
// stays as it is.
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
