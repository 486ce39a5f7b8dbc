package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Field is a key of an exported compute: its value is text, a whole number, a
// truth, a Block, or a list of these.
type Field struct {
	Key   string
	Value any
}

// Block are the keys of a mapping, in order.
type Block []Field

// Exported is a compute as a file describes it.
type Exported struct {
	Name string
	Keys Block
	// Left are sentences about what the file cannot hold: secrets, and what v2 has
	// no key for.
	Left []string
}

// Export describes a compute with the keys of az ml compute, so that Read makes an
// equal one of it. ours adds keys that v2 lacks, where there is something to say.
func Export(c *compute.Compute, in compute.Workspace, ours bool) (Exported, error) {
	kind := strings.ToLower(c.ComputeType)
	e := &exporting{Exported: Exported{Name: c.Name}, ours: ours, c: c}
	switch {
	case !slices.Contains(v2Types, kind):
		return Exported{}, fmt.Errorf("%s is of type %s, and files can have %s", c.Name, c.ComputeType, strings.Join(v2Types, ", "))
	case c.Instance == nil && c.Cluster == nil && c.Attached == nil:
		return Exported{}, fmt.Errorf("the service does not tell the settings of %s yet (%s); try again later", c.Name, c.State())
	}
	e.text("$schema", schemaOf(kind))
	e.text("name", c.Name)
	e.text("type", kind)
	if c.Instance == nil {
		e.text("location", c.Location)
	}
	e.text("description", c.Description)
	if len(c.Tags) > 0 {
		var tags Block
		for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
			tags = append(tags, Field{key, c.Tags[key]})
		}
		e.add("tags", tags)
	}
	e.text("resource_id", c.ResourceID)
	e.identity()
	switch {
	case c.Instance != nil:
		e.instance(c.Instance)
	case c.Cluster != nil:
		e.cluster(c.Cluster)
	case kind == "kubernetes":
		e.kubernetes()
	case kind == "virtualmachine":
		e.machine()
	}
	if c.DisableLocalAuth != nil && *c.DisableLocalAuth {
		e.own("disable_local_auth", true)
	}
	if ours {
		e.text("workspace", in.Name)
		e.text("resource_group", in.ResourceGroup)
		e.text("subscription", in.Subscription)
	}
	return e.Exported, nil
}

// schemaOf is the schema of a type; "" for Spark pools, which have none.
func schemaOf(kind string) string {
	name := map[string]string{"amlcompute": "amlCompute", "computeinstance": "computeInstance", "virtualmachine": "vmCompute", "kubernetes": "kubernetesCompute"}[kind]
	if name == "" {
		return ""
	}
	return "https://azuremlschemas.azureedge.net/latest/" + name + ".schema.json"
}

type exporting struct {
	Exported
	ours bool
	c    *compute.Compute
}

// add adds a key. Copies of it would take some 8 kB.
//
//go:noinline
func (e *exporting) add(key string, value any) { e.Keys = append(e.Keys, Field{key, value}) }

func (e *exporting) text(key, value string) {
	if value != "" {
		e.add(key, value)
	}
}

func (e *exporting) truth(key string, value *bool) {
	if value != nil {
		e.add(key, *value)
	}
}

func (e *exporting) block(key string, keys Block) {
	if len(keys) > 0 {
		e.add(key, keys)
	}
}

func (e *exporting) left(format string, args ...any) {
	e.Left = append(e.Left, e.c.Name+": "+fmt.Sprintf(format, args...))
}

// own adds a key that v2 lacks, or says that it is left out.
func (e *exporting) own(key string, value any) {
	if e.ours {
		e.add(key, value)
	} else {
		e.left("%s is left out, because az ml compute has no key for it; --ours writes it", key)
	}
}

func (e *exporting) identity() {
	i := e.c.Identity
	if i == nil || i.Type == "" || strings.EqualFold(i.Type, "None") {
		return
	}
	var kinds []string
	for _, kind := range strings.Split(strings.ToLower(i.Type), ",") {
		kinds = append(kinds, strings.Replace(strings.TrimSpace(kind), "assigned", "_assigned", 1))
	}
	keys := Block{{"type", strings.Join(kinds, ",")}}
	var ids []any
	for _, id := range slices.Sorted(maps.Keys(i.UserAssigned)) {
		ids = append(ids, Block{{"resource_id", id}})
	}
	if len(ids) > 0 {
		keys = append(keys, Field{"user_assigned_identities", ids})
	}
	e.add("identity", keys)
}

func (e *exporting) subnet(r *compute.Reference) {
	if r != nil && r.ID != "" {
		e.add("network_settings", Block{{"subnet", r.ID}})
	}
}

func (e *exporting) instance(i *compute.Instance) {
	e.text("size", i.VMSize)
	e.subnet(i.Subnet)
	if p := i.Personal; p != nil && p.AssignedUser != nil && p.AssignedUser.ObjectID != "" {
		e.add("create_on_behalf_of", Block{{"user_tenant_id", p.AssignedUser.TenantID}, {"user_object_id", p.AssignedUser.ObjectID}})
	}
	if s := i.SSH; s != nil && s.PublicAccess != "" {
		on := strings.EqualFold(s.PublicAccess, "Enabled")
		e.add("ssh_public_access_enabled", on)
		if s.PublicKey != "" {
			e.add("ssh_settings", Block{{"ssh_key_value", s.PublicKey}})
		} else if on {
			e.left("the service does not tell its SSH public key; give it as ssh_settings: {ssh_key_value: …}")
		}
	}
	if idle, ok := i.IdleShutdown(); ok && idle > 0 {
		e.add("idle_time_before_shutdown_minutes", int(idle.Minutes()))
	} else if said := i.IdleUnread(); said != "" {
		e.left("its idle time %.40q is left out, because it is not understood", said)
	}
	e.schedules()
	e.scripts(i)
	e.applications()
	e.truth("enable_node_public_ip", i.EnableNodePublicIP)
	e.truth("enable_sso", i.EnableSSO)
	e.truth("enable_root_access", i.EnableRootAccess)
	e.truth("enable_os_patching", i.EnableOSPatching)
	e.truth("release_quota_on_stop", i.ReleaseQuotaOnStop)
	if p := i.ApplicationSharingPolicy; p != "" && !strings.EqualFold(p, "Shared") {
		e.own("application_sharing_policy", p)
	}
	if e.ours && e.c.IsStopped() {
		e.add("stopped", true)
	}
	if len(i.DataMounts) > 0 {
		e.left("its data mounts are left out")
	}
}

func (e *exporting) schedules() {
	var list []any
	for n, s := range e.c.Schedules() {
		if s.Err != nil {
			e.left("schedule %d is left out, because it cannot be read: %v", n+1, s.Err)
			continue
		}
		list = append(list, scheduleKeys(s.Entry))
	}
	if len(list) > 0 {
		e.add("schedules", Block{{"compute_start_stop", list}})
	}
}

func scheduleKeys(s schedule.Entry) Block {
	state := "disabled"
	if s.Enabled {
		state = "enabled"
	}
	var trigger Block
	if s.Cron != nil {
		trigger = Block{{"type", "cron"}, {"expression", s.Cron.String()}}
	} else if r := s.Recurrence; r != nil {
		trigger = Block{{"type", "recurrence"}, {"frequency", strings.ToLower(string(r.Frequency))}, {"interval", r.Interval}}
	}
	if at := s.Start.String(); at != "" {
		trigger = append(trigger, Field{"start_time", at})
	}
	if s.Zone != "" {
		trigger = append(trigger, Field{"time_zone", s.Zone})
	}
	if r := s.Recurrence; r != nil && len(r.Hours)+len(r.Minutes)+len(r.WeekDays)+len(r.MonthDays) > 0 {
		times := Block{{"hours", each(r.Hours)}, {"minutes", each(r.Minutes)}}
		if len(r.WeekDays) > 0 {
			var days []any
			for _, day := range r.WeekDays {
				days = append(days, strings.ToLower(day.String()))
			}
			times = append(times, Field{"week_days", days})
		}
		if len(r.MonthDays) > 0 {
			times = append(times, Field{"month_days", each(r.MonthDays)})
		}
		trigger = append(trigger, Field{"schedule", times})
	}
	return Block{{"action", strings.ToLower(string(s.Action))}, {"state", state}, {"trigger", trigger}}
}

func each(list []int) []any {
	out := []any{}
	for _, n := range list {
		out = append(out, n)
	}
	return out
}

func (e *exporting) scripts(i *compute.Instance) {
	if i.SetupScripts == nil {
		return
	}
	var keys Block
	for _, s := range []struct {
		key    string
		script *compute.Script
	}{{"creation_script", i.SetupScripts.Scripts.Creation}, {"startup_script", i.SetupScripts.Scripts.Startup}} {
		if one := e.script(s.key, s.script); len(one) > 0 {
			keys = append(keys, Field{s.key, one})
		}
	}
	e.block("setup_scripts", keys)
}

func (e *exporting) script(key string, s *compute.Script) Block {
	if s == nil || s.Source == "" && s.Data == "" {
		return nil
	}
	var keys Block
	switch text := s.Text(); {
	case s.Data == "":
		e.left("%s is left out, because the service does not tell it", key)
		return nil
	case !s.Inline():
		keys = Block{{"path", s.Data}}
	case !e.ours:
		e.left("%s is left out, because it was sent inline, and az ml compute has no key for that; --ours writes it", key)
		return nil
	case text == nil:
		e.left("%s is left out, because it is not base64", key)
		return nil
	default:
		keys = Block{{"inline", string(text)}}
	}
	if s.Arguments != "" {
		keys = append(keys, Field{"command", s.Arguments})
	}
	if s.Timeout == "" {
		return keys
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(s.Timeout, "m")); err == nil && strings.HasSuffix(s.Timeout, "m") {
		return append(keys, Field{"timeout_minutes", n})
	}
	if e.ours {
		return append(keys, Field{"timeout", s.Timeout})
	}
	e.left("the timeout of %s, %s, is left out, because az ml compute takes minutes only; --ours writes it", key, s.Timeout)
	return keys
}

// custom are the custom services of an instance, with all their keys.
func (e *exporting) applications() {
	var body struct {
		Properties struct {
			Properties struct {
				CustomServices []json.RawMessage `json:"customServices"`
			} `json:"properties"`
		} `json:"properties"`
	}
	if json.Unmarshal(e.c.Raw, &body) != nil {
		return
	}
	var list []any
	for _, raw := range body.Properties.Properties.CustomServices {
		keys, ok := applicationKeys(raw)
		if !ok {
			var named struct{ Name string }
			_ = json.Unmarshal(raw, &named)
			e.left("the custom application %s is left out, because az ml compute has no key for some of its settings", named.Name)
			continue
		}
		list = append(list, keys)
	}
	if len(list) > 0 {
		e.add("custom_applications", list)
	}
}

// applicationKeys describes a custom service; false if v2's keys cannot.
func applicationKeys(raw json.RawMessage) (Block, bool) {
	var s service
	if json.Unmarshal(raw, &s) != nil || s.Image["type"] == "azureml" || s.Name == "" || s.Image["reference"] == "" {
		return nil, false
	}
	keys := Block{{"name", s.Name}, {"type", "docker"}, {"image", Block{{"reference", s.Image["reference"]}}}}
	var endpoints, mounts []any
	for _, p := range s.Endpoints {
		if p.Protocol != "http" || p.Name != "connect" {
			return nil, false
		}
		endpoints = append(endpoints, Block{{"target", p.Target}, {"published", p.Published}})
	}
	keys = append(keys, Field{"endpoints", endpoints})
	if len(s.Environment) > 0 {
		var vars Block
		for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
			if s.Environment[name].Type != "local" {
				return nil, false
			}
			vars = append(vars, Field{name, s.Environment[name].Value})
		}
		keys = append(keys, Field{"environment_variables", vars})
	}
	for _, v := range s.Volumes {
		if v.Type != "bind" || v.ReadOnly {
			return nil, false
		}
		mounts = append(mounts, Block{{"source", v.Source}, {"target", v.Target}})
	}
	if len(mounts) > 0 {
		keys = append(keys, Field{"bind_mounts", mounts})
	}
	return keys, s.Docker["privileged"] && len(endpoints) > 0
}

func (e *exporting) cluster(c *compute.Cluster) {
	e.text("size", c.VMSize)
	switch strings.ToLower(c.VMPriority) {
	case "dedicated":
		e.add("tier", "dedicated")
	case "lowpriority":
		e.add("tier", "low_priority")
	}
	if s := c.Scale; s != nil {
		e.add("min_instances", s.MinNodes)
		e.add("max_instances", s.MaxNodes)
		if idle, ok := s.IdleScaleDown(); ok && idle > 0 {
			e.add("idle_time_before_scale_down", int(idle.Seconds()))
		}
	}
	switch strings.ToLower(c.RemoteLogin) {
	case "enabled":
		e.add("ssh_public_access_enabled", true)
	case "disabled":
		e.add("ssh_public_access_enabled", false)
	}
	if c.Account != nil && c.Account.UserName != "" {
		e.add("ssh_settings", Block{{"admin_username", c.Account.UserName}})
		e.left("the password and the SSH key of %s are left out: the service does not tell them; give one as admin_password or ssh_key_value", c.Account.UserName)
	}
	e.subnet(c.Subnet)
	e.truth("enable_node_public_ip", c.EnableNodePublicIP)
	if c.OSType != "" && !strings.EqualFold(c.OSType, "Linux") {
		e.own("os_type", c.OSType)
	}
	if c.IsolatedNetwork != nil && *c.IsolatedNetwork {
		e.own("isolated_network", true)
	}
}

// kubernetes reads what the typed compute does not keep.
func (e *exporting) kubernetes() {
	var body struct {
		Properties struct {
			Properties compute.KubernetesSpec `json:"properties"`
		} `json:"properties"`
	}
	if json.Unmarshal(e.c.Raw, &body) != nil {
		return
	}
	k := body.Properties.Properties
	e.text("namespace", k.Namespace)
	var keys Block
	if k.DefaultInstanceType != "" {
		keys = append(keys, Field{"default_instance_type", k.DefaultInstanceType})
	}
	var types map[string]any
	if json.Unmarshal(k.InstanceTypes, &types) == nil && len(types) > 0 {
		keys = append(keys, Field{"instance_types", blockOf(types)})
	}
	e.block("properties", keys)
}

// blockOf is a JSON object as a Block, its keys sorted, without nulls.
func blockOf(object map[string]any) Block {
	var out Block
	for _, key := range slices.Sorted(maps.Keys(object)) {
		switch v := object[key].(type) {
		case nil:
		case map[string]any:
			out = append(out, Field{key, blockOf(v)})
		case float64:
			out = append(out, Field{key, int(v)})
		default:
			out = append(out, Field{key, v})
		}
	}
	return out
}

func (e *exporting) machine() {
	var body struct {
		Properties struct {
			Properties compute.VirtualMachineSpec `json:"properties"`
		} `json:"properties"`
	}
	if json.Unmarshal(e.c.Raw, &body) != nil {
		return
	}
	m := body.Properties.Properties
	var keys Block
	if m.Account != nil && m.Account.UserName != "" {
		keys = append(keys, Field{"admin_username", m.Account.UserName})
	}
	if m.SSHPort != 0 {
		keys = append(keys, Field{"ssh_port", m.SSHPort})
	}
	e.block("ssh_settings", keys)
	e.left("the password or private key is left out; give it as admin_password or ssh_private_key_file")
}

// YAML writes a Block as YAML that every version of YAML reads alike.
func (b Block) YAML() string {
	var out strings.Builder
	b.write(&out, "")
	return out.String()
}

func (b Block) write(out *strings.Builder, indent string) {
	for i, f := range b {
		if i > 0 || indent == "" {
			out.WriteString(indent)
		}
		out.WriteString(scalar(f.Key) + ":")
		write(out, f.Value, indent)
	}
}

// write writes a value after its key or its dash.
func write(out *strings.Builder, value any, indent string) {
	switch v := value.(type) {
	case Block:
		if len(v) == 0 {
			out.WriteString(" {}\n")
			return
		}
		out.WriteString("\n" + indent + "  ")
		v.write(out, indent+"  ")
	case []any:
		writeList(out, v, indent+"  ")
	case string:
		if lines, ok := literal(v); ok {
			out.WriteString(" |\n")
			for _, line := range lines {
				if line != "" {
					line = indent + "  " + line
				}
				out.WriteString(line + "\n")
			}
			return
		}
		out.WriteString(" " + scalar(v) + "\n")
	default:
		fmt.Fprintf(out, " %v\n", v)
	}
}

func writeList(out *strings.Builder, list []any, indent string) {
	if len(list) == 0 {
		out.WriteString(" []\n")
		return
	}
	out.WriteString("\n")
	for _, item := range list {
		out.WriteString(indent + "-")
		if b, ok := item.(Block); ok && len(b) > 0 {
			out.WriteString(" ")
			b.write(out, indent+"  ")
		} else {
			write(out, item, indent)
		}
	}
}

// literal are the lines of a text that a block of YAML holds unchanged.
func literal(text string) ([]string, bool) {
	body, ends := strings.CutSuffix(text, "\n")
	if !ends || body == "" || strings.HasSuffix(body, "\n") || strings.HasPrefix(body, " ") || strings.HasPrefix(body, "\n") ||
		strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) {
		return nil, false
	}
	return strings.Split(body, "\n"), true
}

// scalar is a text, in quotes where one version of YAML or another would read
// something else.
func scalar(text string) string {
	plain := text != "" && strings.Trim(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz0123456789_-./") == "" &&
		(text[0] >= 'a' && text[0] <= 'z' || text[0] >= 'A' && text[0] <= 'Z' || text[0] == '/' || strings.HasPrefix(text, "$"))
	switch strings.ToLower(text) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		plain = false
	case "$schema":
		plain = true
	}
	if plain || strings.HasPrefix(text, "https://") && strings.Trim(strings.ToLower(text[8:]), "abcdefghijklmnopqrstuvwxyz0123456789_-./") == "" {
		return text
	}
	return strconv.Quote(text) // YAML has all escapes of Go
}

// MarshalJSON writes the keys in order.
func (b Block) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, f := range b {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(f.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.Value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}
