package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// V2Object is a compute as "az ml compute show" prints it: keys in snake_case,
// absent when null. nil for nil. Source: fact sheet v2-compute, sections 4 and 6.
func V2Object(c *compute.Compute) any {
	if c == nil {
		return nil
	}
	return v2Object{c}
}

// v2Object is an object of v2 until it is printed, so that only one of thousands
// is decoded at a time.
type v2Object struct{ c *compute.Compute }

func (o v2Object) At(time.Time) any { return v2Compute(o.c) }

// V2List is the result of "az ml compute list". Its table has columns of its own.
func V2List(list []*compute.Compute) render.Result {
	return render.Result{Data: each(list, V2Object), Names: names(list), IDs: ids(list), Table: func() string {
		return render.TableOf(each(list, func(c *compute.Compute) any {
			o := v2Compute(c)
			state := o["state"]
			if state == nil {
				state = o["provisioning_state"]
			}
			return query.Object{{Key: "Name", Value: o["name"]}, {Key: "Compute type", Value: o["type"]},
				{Key: "State", Value: state}, {Key: "Instance type", Value: o["size"]}}
		}))
	}}
}

// V2Sizes is the result of "az ml compute list-sizes".
func V2Sizes(sizes []compute.Size) render.Result {
	columns := []string{"name", "family", "v_cp_us", "gpus", "os_vhd_size_mb", "max_resource_volume_mb", "memory_gb", "low_priority_capable", "premium_io", "supported_compute_types"}
	data := each(sizes, func(s compute.Size) any {
		types := "[]" // v2 prints Python's text of the list
		if len(s.SupportedComputeTypes) > 0 {
			types = "['" + strings.Join(s.SupportedComputeTypes, "', '") + "']"
		}
		return map[string]any{
			"name": s.Name, "family": s.Family, "v_cp_us": s.VCPUs, "gpus": s.GPUs, "os_vhd_size_mb": s.OSDiskMB,
			"max_resource_volume_mb": s.ResourceDiskMB, "memory_gb": s.MemoryGB, "low_priority_capable": s.LowPriority,
			"premium_io": s.PremiumIO, "supported_compute_types": types,
		}
	})
	return render.Result{Data: data, Table: v2Table(data, columns)}
}

// V2Usages is the result of "az ml compute list-usage".
func V2Usages(usages []compute.Usage) (render.Result, error) {
	var data, rows []any
	for _, u := range usages {
		decoded, err := query.Decode(u.Raw)
		if err != nil {
			return render.Result{}, err
		}
		o := v2Map{}
		o.take(decoded,
			"id", "id",
			"aml_workspace_location", "amlWorkspaceLocation",
			"type", "type",
			"unit", "unit",
			"current_value", "currentValue",
			"limit", "limit")
		name := v2Map{}
		name.take(decoded, "value", "name.value", "localized_value", "name.localizedValue")
		o["name"] = map[string]any(name)
		data = append(data, map[string]any(o))
		row := map[string]any{}
		for key, value := range o {
			row[key] = value
		}
		row["name"] = name["value"]
		rows = append(rows, row)
	}
	columns := []string{"aml_workspace_location", "type", "unit", "current_value", "limit", "name"}
	if data == nil {
		data = []any{}
	}
	return render.Result{Data: data, Table: v2Table(rows, columns)}, nil
}

// V2Nodes is the result of "az ml compute list-nodes". The port is a text there.
func V2Nodes(nodes []compute.Node) render.Result {
	r := render.Result{Names: []string{}}
	r.Data = each(nodes, func(n compute.Node) any {
		r.Names = append(r.Names, n.ID)
		port := ""
		if n.Port != 0 {
			port = strconv.Itoa(n.Port)
		}
		o := v2Map{}
		for key, value := range map[string]string{"node_id": n.ID, "private_ip_address": n.PrivateIP, "public_ip_address": n.PublicIP,
			"port": port, "node_state": n.State, "current_job_name": n.RunID} {
			o.put(key, text(value))
		}
		return map[string]any(o)
	})
	return r
}

// v2Table is az's table of objects, with columns in an order of their own.
func v2Table(objects []any, columns []string) func() string {
	return func() string {
		return render.TableOf(each(objects, func(o any) any {
			values, _ := o.(map[string]any)
			row := make(query.Object, len(columns))
			for i, key := range columns {
				row[i] = query.Member{Key: strings.ToUpper(key[:1]) + key[1:], Value: values[key]}
			}
			return row
		}))
	}
}

// v2Map is an object of v2, from which null is absent.
type v2Map map[string]any

func (m v2Map) put(key string, value any) {
	if value != nil {
		m[key] = value
	}
}

// take puts values of another object under keys: each key is followed by the path
// to its value there.
func (m v2Map) take(from any, keysAndPaths ...string) {
	for pair := range slices.Chunk(keysAndPaths, 2) {
		m.put(pair[0], field(from, strings.Split(pair[1], ".")...))
	}
}

// object puts an object under a key, unless it is empty.
//
//go:noinline
func (m v2Map) object(key string, o v2Map) {
	if len(o) > 0 {
		m[key] = map[string]any(o)
	}
}

// list puts a list under a key, unless it is empty.
func (m v2Map) list(key string, l []any) {
	if len(l) > 0 {
		m[key] = l
	}
}

// whole puts the number that a text is under a key, if it is one.
func (m v2Map) whole(key, number string) {
	if n, err := strconv.Atoi(number); err == nil && n >= 0 {
		m[key] = n
	}
}

// field reads the value under a path of keys. Copies of its loops to its callers
// would take 20 kB.
//
//go:noinline
func field(v any, keys ...string) any {
	for _, key := range keys {
		v = render.Field(v, key)
	}
	return v
}

// lower is a text in lower case, or null.
func lower(v any) any {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	return strings.ToLower(s)
}

func v2Compute(c *compute.Compute) map[string]any {
	decoded, err := query.Decode(c.Raw)
	if err != nil {
		return nil
	}
	outer := field(decoded, "properties")
	inner := field(outer, "properties")
	o := v2Map{}
	o.take(decoded,
		"name", "name",
		"id", "id",
		"location", "location")
	o.take(outer,
		"description", "description",
		"provisioning_state", "provisioningState",
		"resource_id", "resourceId")
	if created := c.CreatedOn.Time; !created.IsZero() {
		o["created_on"] = created.Format("2006-01-02T15:04:05.000000-0700")
	}
	kind := strings.ToLower(c.ComputeType)
	switch kind {
	case "amlcompute":
		o.put("location", text(location(c)))
		o.cluster(c, inner)
	case "computeinstance":
		o.instance(c, inner)
	case "kubernetes":
		o.take(inner, "namespace", "namespace")
		o.object("properties", v2Kubernetes(inner))
	case "virtualmachine":
		ssh := v2Map{}
		ssh.take(inner, "admin_username", "administratorAccount.username", "ssh_port", "sshPort")
		o.object("ssh_settings", ssh)
	case "synapsespark":
		o.spark(inner)
	default:
		o["type"] = "*** unsupported compute type ***"
		return o
	}
	o["type"] = kind
	if len(c.ProvisioningErrors) > 0 {
		o.put("provisioning_errors", text(c.ProvisioningErrors[0].Code))
	}
	if tags, _ := field(decoded, "tags").(query.Object); len(tags) > 0 {
		o["tags"] = tags
	}
	if kind != "virtualmachine" {
		o.object("identity", v2Identity(field(decoded, "identity")))
	}
	return o
}

func (m v2Map) cluster(c *compute.Compute, inner any) {
	m.take(inner, "size", "vmSize")
	tier := lower(field(inner, "vmPriority"))
	if tier == "lowpriority" {
		tier = "low_priority"
	}
	m.put("tier", tier)
	m.take(inner, "min_instances", "scaleSettings.minNodeCount", "max_instances", "scaleSettings.maxNodeCount")
	if c.Cluster != nil && c.Cluster.Scale != nil {
		if idle, ok := c.Cluster.Scale.IdleScaleDown(); ok {
			m["idle_time_before_scale_down"] = int(idle / time.Second)
		}
	}
	m["ssh_public_access_enabled"] = lower(field(inner, "remoteLoginPortPublicAccess")) == "enabled"
	ssh := v2Map{}
	ssh.take(inner, "admin_username", "userAccountCredentials.adminUserName", "ssh_key_value", "userAccountCredentials.adminUserSshPublicKey")
	m.object("ssh_settings", ssh)
	network := v2Map{}
	network.take(inner, "subnet", "subnet.id")
	m["network_settings"] = map[string]any(network) // v2 prints it when empty, too
	m["enable_node_public_ip"] = field(inner, "enableNodePublicIp") != false
}

func (m v2Map) instance(c *compute.Compute, inner any) {
	m.take(inner, "size", "vmSize", "state", "state")
	network := v2Map{}
	network.take(inner,
		"subnet", "subnet.id",
		"public_ip_address", "connectivityEndpoints.publicIpAddress",
		"private_ip_address", "connectivityEndpoints.privateIpAddress")
	m.object("network_settings", network)
	assigned := v2Map{}
	assigned.take(inner, "user_tenant_id", "personalComputeInstanceSettings.assignedUser.tenantId", "user_object_id", "personalComputeInstanceSettings.assignedUser.objectId")
	m.object("create_on_behalf_of", assigned)
	if settings := field(inner, "sshSettings"); settings != nil {
		ssh := v2Map{}
		ssh.take(settings, "admin_username", "adminUserName", "ssh_key_value", "adminPublicKey")
		if c.Instance != nil && c.Instance.SSH != nil && c.Instance.SSH.Port != 0 {
			ssh["ssh_port"] = strconv.Itoa(c.Instance.SSH.Port) // a text in v2
		}
		m.object("ssh_settings", ssh)
		m["ssh_public_access_enabled"] = lower(field(settings, "sshPublicAccess")) == "enabled"
	}
	last := v2Map{}
	for key, from := range map[string]string{"operation_name": "operationName", "operation_time": "operationTime",
		"operation_status": "operationStatus", "operation_trigger": "operationTrigger"} {
		last.put(key, field(inner, "lastOperation", from))
	}
	m.object("last_operation", last)
	m.list("services", mapped(field(inner, "applications"), func(app any) v2Map {
		o := v2Map{}
		o.take(app, "display_name", "displayName", "endpoint_uri", "endpointUri")
		return o
	}))
	if rules := mapped(field(inner, "schedules", "computeStartStop"), v2Schedule); len(rules) > 0 {
		m["schedules"] = map[string]any{"compute_start_stop": rules}
	}
	if idle, _ := field(inner, "idleTimeBeforeShutdown").(string); idle != "" {
		m["idle_time_before_shutdown"] = idle
		// v2 finds the minutes in PT90M, and none in PT1H.
		if minutes, found := strings.CutPrefix(idle, "PT"); found && strings.HasSuffix(minutes, "M") {
			m.whole("idle_time_before_shutdown_minutes", strings.TrimSuffix(minutes, "M"))
		}
	}
	m.list("custom_applications", mapped(field(inner, "customServices"), v2Application))
	setup := v2Map{}
	setup.object("creation_script", v2Script(field(inner, "setupScripts", "scripts", "creationScript")))
	setup.object("startup_script", v2Script(field(inner, "setupScripts", "scripts", "startupScript")))
	m.object("setup_scripts", setup)
	image := v2Map{}
	image.take(inner,
		"is_latest_os_image_version", "osImageMetadata.isLatestOsImageVersion",
		"current_image_version", "osImageMetadata.currentImageVersion",
		"latest_image_version", "osImageMetadata.latestImageVersion")
	m.object("os_image_metadata", image)
	// v2 prints its defaults where the service is silent.
	m["enable_node_public_ip"] = field(inner, "enableNodePublicIp") != false
	m["enable_sso"] = field(inner, "enableSSO") != false
	m["enable_root_access"] = field(inner, "enableRootAccess") != false
	m["release_quota_on_stop"] = field(inner, "releaseQuotaOnStop") == true
	m["enable_os_patching"] = field(inner, "enableOSPatching") == true
}

func (m v2Map) spark(inner any) {
	m.take(inner,
		"node_family", "nodeSizeFamily",
		"node_size", "nodeSize",
		"node_count", "nodeCount",
		"spark_version", "sparkVersion")
	scale := v2Map{}
	scale.take(inner,
		"min_node_count", "autoScaleProperties.minNodeCount",
		"max_node_count", "autoScaleProperties.maxNodeCount",
		"auto_scale_enabled", "autoScaleProperties.enabled")
	m.object("scale_settings", scale)
	pause := v2Map{}
	pause.take(inner, "delay_in_minutes", "autoPauseProperties.delayInMinutes", "auto_pause_enabled", "autoPauseProperties.enabled")
	m.object("auto_pause_settings", pause)
}

// mapped is something of each element of a list.
func mapped(list any, of func(any) v2Map) []any {
	elements, _ := list.([]any)
	return each(elements, func(e any) any { return map[string]any(of(e)) })
}

func v2Schedule(rule any) v2Map {
	o := v2Map{}
	o.put("action", lower(field(rule, "action")))
	o.put("state", lower(field(rule, "status")))
	o.take(rule, "schedule_id", "id", "provisioning_state", "provisioningStatus")
	trigger := v2Map{}
	at := field(rule, "recurrence")
	if cron := field(rule, "cron"); cron != nil {
		at = cron
		trigger["type"] = "cron"
		trigger.take(cron, "expression", "expression")
	} else if at != nil {
		trigger["type"] = "recurrence"
		trigger.put("frequency", lower(field(at, "frequency")))
		trigger.take(at, "interval", "interval")
		when := v2Map{}
		when.take(at, "hours", "schedule.hours", "minutes", "schedule.minutes")
		days, _ := field(at, "schedule", "weekDays").([]any)
		when.list("week_days", each(days, lower))
		trigger.object("schedule", when)
	}
	trigger.take(at, "start_time", "startTime", "time_zone", "timeZone")
	o.object("trigger", trigger)
	return o
}

func v2Application(service any) v2Map {
	o := v2Map{}
	o.take(service, "name", "name", "type", "type")
	image := v2Map{}
	image.take(service, "reference", "image.reference")
	o.object("image", image)
	o.list("endpoints", mapped(field(service, "endpoints"), func(e any) v2Map {
		ports := v2Map{}
		ports.take(e, "target", "target", "published", "published")
		return ports
	}))
	variables := v2Map{}
	all, _ := field(service, "environmentVariables").(query.Object)
	for _, v := range all {
		variables.put(v.Key, field(v.Value, "value"))
	}
	o.object("environment_variables", variables)
	o.list("bind_mounts", mapped(field(service, "volumes"), func(e any) v2Map {
		mount := v2Map{}
		mount.take(e, "source", "source", "target", "target")
		return mount
	}))
	return o
}

func v2Script(script any) v2Map {
	o := v2Map{}
	o.take(script, "path", "scriptData", "command", "scriptArguments")
	timeout, _ := field(script, "timeout").(string)
	if minutes, found := strings.CutSuffix(timeout, "m"); found { // v2 reads no others
		o.whole("timeout_minutes", minutes)
	}
	return o
}

func v2Identity(identity any) v2Map {
	o := v2Map{}
	kind, _ := field(identity, "type").(string)
	if kind == "" {
		return o
	}
	kinds := strings.Split(strings.ReplaceAll(kind, " ", ""), ",")
	for i, k := range kinds {
		kinds[i] = strings.ToLower(strings.Replace(k, "Assigned", "_assigned", 1))
	}
	o["type"] = strings.Join(kinds, ",")
	o.take(identity, "principal_id", "principalId", "tenant_id", "tenantId")
	users, _ := field(identity, "userAssignedIdentities").(query.Object)
	var list []any
	for _, u := range users {
		one := v2Map{"resource_id": u.Key}
		one.put("principal_id", field(u.Value, "principalId"))
		one.put("client_id", field(u.Value, "clientId"))
		one.put("tenant_id", field(u.Value, "tenantId"))
		list = append(list, map[string]any(one))
	}
	o.list("user_assigned_identities", list)
	return o
}

// v2Kubernetes are the properties of an attached Kubernetes cluster, with names in
// snake_case at the known levels: those of instance types and below are the
// user's. Connection strings are secrets and stay out.
func v2Kubernetes(inner any) v2Map {
	o := v2Map{}
	known, _ := inner.(query.Object)
	for _, m := range known {
		switch {
		case strings.HasSuffix(m.Key, "ConnectionString"):
		case m.Key == "instanceTypes":
			types := v2Map{}
			all, _ := m.Value.(query.Object)
			for _, t := range all {
				one := v2Map{}
				parts, _ := t.Value.(query.Object)
				for _, p := range parts {
					one.put(snake(p.Key), p.Value)
				}
				types[t.Key] = map[string]any(one)
			}
			o.object("instance_types", types)
		default:
			o.put(snake(m.Key), m.Value)
		}
	}
	return o
}

// snake is a camelCase name in snake_case.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r |= 0x20
		}
		b.WriteRune(r)
	}
	return b.String()
}

// V2Key is the note on a query that found nothing and names a key of v2's objects
// that ours do not have; "" if it names none.
func V2Key(names []string) string {
	ours := map[string]string{
		"provisioning_state": "provisioningState", "provisioning_errors": "provisioningErrors", "created_on": "createdOn",
		"resource_id": "", "size": "vmSize", "tier": "", "min_instances": "", "max_instances": "", "idle_time_before_scale_down": "",
		"idle_time_before_shutdown": "idleShutdown", "idle_time_before_shutdown_minutes": "idleShutdown", "ssh_public_access_enabled": "",
		"ssh_settings": "", "network_settings": "", "enable_node_public_ip": "", "create_on_behalf_of": "owner",
		"last_operation": "", "custom_applications": "", "setup_scripts": "", "os_image_metadata": "",
		"enable_sso": "", "enable_root_access": "", "release_quota_on_stop": "", "enable_os_patching": "",
		"node_id": "nodeId", "node_state": "nodeState", "private_ip_address": "privateIpAddress", "public_ip_address": "publicIpAddress",
		"current_job_name": "runId", "v_cp_us": "vCPUs", "memory_gb": "memoryGB", "current_value": "used",
	}
	i := slices.IndexFunc(names, func(name string) bool { _, ok := ours[name]; return ok })
	if i < 0 {
		return ""
	}
	note := names[i] + " is a key of az ml compute: \"computetarget ml compute\" prints it"
	if here := ours[names[i]]; here != "" {
		note += "; here it is " + here
	}
	return note
}
