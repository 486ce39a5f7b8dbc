package compute

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// Difference is a setting of a compute that differs from the request.
type Difference struct {
	Field      string
	Have, Want string
	// Changeable is true if it can change without recreating the compute: the
	// scale, tags and identity of a cluster.
	Changeable bool
}

// String is the difference in a few words.
func (d Difference) String() string {
	return fmt.Sprintf("%s is %s, not %s", d.Field, cmp.Or(d.Have, "empty"), cmp.Or(d.Want, "empty"))
}

// Differences lists how a compute differs from a request. It compares only the
// settings that are requested and that the service returned.
func Differences(have *Compute, want *Spec) []Difference {
	return compare(have, want, false)
}

// compare is Differences. If strict, a setting that the service did not return
// differs too, where the service leaves out only what is not set.
func compare(have *Compute, want *Spec, strict bool) []Difference {
	d := &differences{strict: strict}
	kind := want.Type()
	if !strings.EqualFold(have.ComputeType, kind) {
		d.add("type", have.ComputeType, kind)
		return d.list
	}
	cluster := want.Cluster != nil
	plain := func(region string) string { return strings.ReplaceAll(strings.ToLower(region), " ", "") } // "East US" is eastus
	if plain(have.Location) != plain(want.Location) {
		given(d, "location", have.Location, want.Location)
	}
	if given(d, "description", have.Description, want.Description); d.strict && have.Description == "" && want.Description != "" {
		d.add("description", "", want.Description)
	}
	d.fold("resourceId", have.ResourceID, want.ResourceID)
	for _, key := range slices.Sorted(maps.Keys(want.Tags)) {
		if (have.Tags != nil || strict) && have.Tags[key] != want.Tags[key] {
			d.change("tags."+key, have.Tags[key], want.Tags[key], cluster)
		}
	}
	if want.Identity != nil {
		d.identity(have.Identity, *want.Identity, cluster)
	}
	switch a := have.Attached; {
	case want.Instance != nil && have.Instance != nil:
		d.instance(have, want.Instance)
	case want.Cluster != nil && have.Cluster != nil:
		d.cluster(have.Cluster, want.Cluster)
	case a == nil:
	case want.AKS != nil:
		given(d, "agentCount", a.AgentCount, want.AKS.AgentCount)
		d.fold("agentVmSize", a.AgentVMSize, want.AKS.AgentVMSize)
		d.fold("clusterPurpose", a.ClusterPurpose, want.AKS.ClusterPurpose)
		d.fold("loadBalancerType", a.LoadBalancerType, want.AKS.LoadBalancerType)
		given(d, "loadBalancerSubnet", a.LoadBalancerSubnet, want.AKS.LoadBalancerSubnet)
		if ssl, asked := a.SSL, want.AKS.SSL; ssl != nil && asked != nil {
			d.fold("sslConfiguration.status", ssl.Status, asked.Status)
			d.fold("sslConfiguration.cname", ssl.CNAME, asked.CNAME)
			d.fold("sslConfiguration.leafDomainLabel", ssl.LeafDomainLabel, asked.LeafDomainLabel)
		}
	case want.Kubernetes != nil:
		given(d, "namespace", a.Namespace, want.Kubernetes.Namespace)
	case want.VirtualMachine != nil:
		given(d, "address", a.Address, want.VirtualMachine.Address)
		given(d, "sshPort", a.SSHPort, want.VirtualMachine.SSHPort)
	}
	return d.list
}

type differences struct {
	strict bool
	list   []Difference
}

func (d *differences) add(field, have, want string) { d.change(field, have, want, false) }

// change adds a difference. Copies of it would take 8 kB.
//
//go:noinline
func (d *differences) change(field, have, want string, changeable bool) {
	d.list = append(d.list, Difference{Field: field, Have: have, Want: want, Changeable: changeable})
}

// given compares two values of which neither is the zero value.
func given[T comparable](d *differences, field string, have, want T) {
	var zero T
	if have != zero && want != zero && have != want {
		d.add(field, fmt.Sprint(have), fmt.Sprint(want))
	}
}

// fold compares two names in any case, as the service does.
func (d *differences) fold(field, have, want string) {
	if !strings.EqualFold(have, want) {
		given(d, field, have, want)
	}
}

// told is fold for a setting that the service leaves out only if it is not set.
func (d *differences) told(field, have, want string) {
	if d.fold(field, have, want); d.strict && have == "" && want != "" {
		d.add(field, have, want)
	}
}

func (d *differences) truth(field string, have, want *bool) {
	if have != nil && want != nil && *have != *want {
		d.add(field, strconv.FormatBool(*have), strconv.FormatBool(*want))
	}
}

func (d *differences) subnet(have *Reference, want string) {
	id := ""
	if have != nil {
		id = have.ID
	}
	d.told("subnet", strings.Trim(id, "/"), strings.Trim(want, "/"))
}

// noPublicIP compares the address, because the setting alone does not prove that
// there is none.
func (d *differences) noPublicIP(have *Endpoints, want *bool) {
	if have == nil || want == nil || *want {
		return
	}
	if a, err := netip.ParseAddr(have.PublicIP); err == nil && a.IsGlobalUnicast() && !a.IsPrivate() {
		d.add("publicIpAddress", have.PublicIP, "")
	}
}

func (d *differences) identity(have *Identity, want IdentitySpec, changeable bool) {
	if have == nil {
		have = &Identity{}
	}
	current := cmp.Or(have.Type, "None")
	if !strings.EqualFold(strings.ReplaceAll(current, " ", ""), want.kind()) {
		d.change("identity", current, want.kind(), changeable)
		return
	}
	held := map[string]bool{}
	plain := func(id string) string { return strings.ToLower(strings.Trim(id, "/")) }
	for id := range have.UserAssigned {
		held[plain(id)] = true
	}
	for _, id := range want.User {
		if !held[plain(id)] {
			d.change("identity", "without "+id, "with "+id, changeable)
		}
	}
}

// Fields of an instance that can be changed, though not by creating it.
const (
	FieldSize      = "vmSize"
	FieldIdle      = "idleTimeBeforeShutdown"
	FieldSchedules = "schedules"
	FieldSSO       = "enableSSO"
	FieldServices  = "customServices"
)

func (d *differences) instance(compute *Compute, want *InstanceSpec) {
	have := compute.Instance
	d.fold(FieldSize, have.VMSize, want.VMSize)
	d.subnet(have.Subnet, want.SubnetID)
	d.fold("applicationSharingPolicy", have.ApplicationSharingPolicy, want.ApplicationSharingPolicy)
	switch asked := want.SSHPublicAccess; {
	case asked != nil && have.SSH != nil:
		d.fold("sshPublicAccess", have.SSH.PublicAccess, access(*asked))
	case asked != nil && *asked:
		d.told("sshPublicAccess", "", access(true))
	}
	if want.AssignedUser != nil {
		var user AssignedUser
		if have.Personal != nil && have.Personal.AssignedUser != nil {
			user = *have.Personal.AssignedUser
		}
		d.told("assignedUser", user.ObjectID, want.AssignedUser.ObjectID)
	}
	d.truth("enableNodePublicIp", have.EnableNodePublicIP, want.EnableNodePublicIP)
	d.noPublicIP(have.Endpoints, want.EnableNodePublicIP)
	d.truth(FieldSSO, have.EnableSSO, want.EnableSSO)
	d.truth("enableRootAccess", have.EnableRootAccess, want.EnableRootAccess)
	d.truth("enableOSPatching", have.EnableOSPatching, want.EnableOSPatching)
	d.truth("releaseQuotaOnStop", have.ReleaseQuotaOnStop, want.ReleaseQuotaOnStop)
	if idle, ok := have.IdleShutdown(); want.IdleShutdown > 0 && idle != want.IdleShutdown && (ok || d.strict && have.IdleTime == "") {
		d.add(FieldIdle, schedule.FormatIdle(idle), schedule.FormatIdle(want.IdleShutdown))
	}
	d.services(compute.Raw, want.CustomServices)
	var setup SetupScripts
	if have.SetupScripts != nil {
		setup = *have.SetupScripts
	}
	d.script("creationScript", setup.Scripts.Creation, want.CreationScript)
	d.script("startupScript", setup.Scripts.Startup, want.StartupScript)
	there, asked := compute.Schedules(), want.Schedules
	if asked != nil && (there != nil || d.strict) && !sameSet(there, asked) {
		d.add(FieldSchedules, inWords(there), inWords(asked))
	}
}

// services compares custom services by name: what is asked of each must be so.
func (d *differences) services(body, want json.RawMessage) {
	if want == nil {
		return
	}
	var have struct {
		Properties struct {
			Properties struct {
				CustomServices []any `json:"customServices"`
			} `json:"properties"`
		} `json:"properties"`
	}
	var asked []any
	if json.Unmarshal(body, &have) != nil || json.Unmarshal(want, &asked) != nil {
		return
	}
	there := have.Properties.Properties.CustomServices
	if there == nil && !d.strict {
		return
	}
	called := func(list []any) string {
		var names []string
		for _, s := range list {
			object, _ := s.(map[string]any)
			names = append(names, fmt.Sprint(object["name"]))
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	if called(there) != called(asked) {
		d.add(FieldServices, called(there), called(asked))
		return
	}
	for _, a := range asked {
		object, _ := a.(map[string]any)
		if !slices.ContainsFunc(there, func(h any) bool { return holds(h, a) }) {
			d.add(FieldServices, fmt.Sprintf("another %v", object["name"]), "the one asked for")
		}
	}
}

// holds reports whether all of b is in a.
func holds(a, b any) bool {
	switch b := b.(type) {
	case map[string]any:
		a, ok := a.(map[string]any)
		for key, value := range b {
			if ok && !holds(a[key], value) {
				return false
			}
		}
		return ok
	case []any:
		a, ok := a.([]any)
		return ok && len(a) == len(b) && !slices.ContainsFunc(b, func(v any) bool { return !slices.ContainsFunc(a, func(h any) bool { return holds(h, v) }) })
	}
	return a == b
}

func access(on bool) string {
	if on {
		return "Enabled"
	}
	return "Disabled"
}

func (d *differences) cluster(have *Cluster, want *ClusterSpec) {
	d.fold("vmSize", have.VMSize, want.VMSize)
	d.fold("vmPriority", have.VMPriority, want.VMPriority)
	d.fold("osType", have.OSType, want.OSType)
	d.subnet(have.Subnet, want.SubnetID)
	// az ml compute prints both as false, and so asks for the other when that is fed
	// back. In a network, where the service leaves it open, the ports are closed.
	if !strings.EqualFold(have.RemoteLogin, "NotSpecified") || !strings.EqualFold(want.RemoteLogin, access(false)) {
		d.fold("remoteLoginPortPublicAccess", have.RemoteLogin, want.RemoteLogin)
	}
	d.truth("enableNodePublicIp", have.EnableNodePublicIP, want.EnableNodePublicIP)
	d.truth("isolatedNetwork", have.IsolatedNetwork, want.IsolatedNetwork)
	if have.Account != nil {
		given(d, "adminUserName", have.Account.UserName, want.AdminUserName)
	}
	if s := have.Scale; s != nil {
		if s.MinNodes != want.MinNodes {
			d.change("minNodeCount", strconv.Itoa(s.MinNodes), strconv.Itoa(want.MinNodes), true)
		}
		if s.MaxNodes != want.MaxNodes {
			d.change("maxNodeCount", strconv.Itoa(s.MaxNodes), strconv.Itoa(want.MaxNodes), true)
		}
		if idle, ok := s.IdleScaleDown(); ok && want.IdleScaleDown > 0 && idle != want.IdleScaleDown {
			d.change("nodeIdleTimeBeforeScaleDown", s.IdleTime, formatDuration(want.IdleScaleDown), true)
		}
	}
}

// shows reports whether an AKS target shows the changeable settings that are asked
// for. The service may leave out TLS that is off.
func (a *Attached) shows(want *AKSSpec) bool {
	return (want.LoadBalancerType == "" || a.LoadBalancerType != "") && (want.LoadBalancerSubnet == "" || a.LoadBalancerSubnet != "") &&
		(want.SSL == nil || a.SSL != nil || strings.EqualFold(want.SSL.Status, "Disabled"))
}
