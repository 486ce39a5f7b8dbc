package compute

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// Difference is a setting of an existing compute that differs from the request.
type Difference struct {
	Field      string
	Have, Want string
	// Changeable is true if it can change without recreating the compute: the
	// scale, tags and identity of a cluster.
	Changeable bool
}

// String is the difference in a few words.
func (d Difference) String() string {
	return fmt.Sprintf("%s is %s, not %s", d.Field, word(d.Have), word(d.Want))
}

func word(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

// Differences lists how an existing compute differs from the request. Only
// settings that are requested, and that the service returns, count.
func Differences(have *Compute, want *Spec) []Difference {
	d := &differences{}
	kind := want.Type()
	if !strings.EqualFold(have.ComputeType, kind) {
		d.add("type", have.ComputeType, kind)
		return d.list
	}
	cluster := want.Cluster != nil
	d.place(have.Location, want.Location)
	d.text("description", have.Description, want.Description)
	d.fold("resourceId", have.ResourceID, want.ResourceID)
	for _, key := range slices.Sorted(maps.Keys(want.Tags)) {
		if have.Tags != nil && have.Tags[key] != want.Tags[key] {
			d.change("tags."+key, have.Tags[key], want.Tags[key], cluster)
		}
	}
	if want.Identity != nil {
		d.identity(have.Identity, *want.Identity, cluster)
	}
	switch {
	case want.Instance != nil && have.Instance != nil:
		d.instance(have.Instance, want.Instance)
		if there, asked := have.Schedules(), want.Instance.Schedules; there != nil && asked != nil && !sameSet(there, asked) {
			d.add(FieldSchedules, inWords(there), inWords(asked))
		}
	case want.Cluster != nil && have.Cluster != nil:
		d.cluster(have.Cluster, want.Cluster)
	case want.AKS != nil && have.Attached != nil:
		d.number("agentCount", have.Attached.AgentCount, want.AKS.AgentCount)
		d.fold("agentVmSize", have.Attached.AgentVMSize, want.AKS.AgentVMSize)
		d.fold("clusterPurpose", have.Attached.ClusterPurpose, want.AKS.ClusterPurpose)
		d.fold("loadBalancerType", have.Attached.LoadBalancerType, want.AKS.LoadBalancerType)
		d.text("loadBalancerSubnet", have.Attached.LoadBalancerSubnet, want.AKS.LoadBalancerSubnet)
		if ssl, asked := have.Attached.SSL, want.AKS.SSL; ssl != nil && asked != nil {
			d.fold("sslConfiguration.status", ssl.Status, asked.Status)
			d.fold("sslConfiguration.cname", ssl.CNAME, asked.CNAME)
			d.fold("sslConfiguration.leafDomainLabel", ssl.LeafDomainLabel, asked.LeafDomainLabel)
		}
	case want.Kubernetes != nil && have.Attached != nil:
		d.text("namespace", have.Attached.Namespace, want.Kubernetes.Namespace)
	case want.VirtualMachine != nil && have.Attached != nil:
		d.text("address", have.Attached.Address, want.VirtualMachine.Address)
		d.number("sshPort", have.Attached.SSHPort, want.VirtualMachine.SSHPort)
	}
	return d.list
}

type differences struct{ list []Difference }

func (d *differences) add(field, have, want string) { d.change(field, have, want, false) }

func (d *differences) change(field, have, want string, changeable bool) {
	d.list = append(d.list, Difference{Field: field, Have: have, Want: want, Changeable: changeable})
}

func (d *differences) text(field, have, want string) {
	if have != "" && want != "" && have != want {
		d.add(field, have, want)
	}
}

// silent is a setting that is asked for and of which nothing is said.
func (d *differences) silent(field string, nothing bool, want string) {
	if nothing && want != "" {
		d.add(field, "", want)
	}
}

// shows reports whether an AKS target shows the settings that can be changed
// and are asked for. Only TLS that is off may be said nothing of.
func (a *Attached) shows(want *AKSSpec) bool {
	return (want.LoadBalancerType == "" || a.LoadBalancerType != "") && (want.LoadBalancerSubnet == "" || a.LoadBalancerSubnet != "") &&
		(want.SSL == nil || a.SSL != nil || strings.EqualFold(want.SSL.Status, "Disabled"))
}

// fold compares names the service treats without regard to case.
func (d *differences) fold(field, have, want string) {
	if have != "" && want != "" && !strings.EqualFold(have, want) {
		d.add(field, have, want)
	}
}

// place compares regions, which are written "East US" and "eastus".
func (d *differences) place(have, want string) {
	plain := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	if have != "" && want != "" && !strings.EqualFold(plain(have), plain(want)) {
		d.add("location", have, want)
	}
}

func (d *differences) number(field string, have, want int) {
	if have != 0 && want != 0 && have != want {
		d.add(field, strconv.Itoa(have), strconv.Itoa(want))
	}
}

func (d *differences) truth(field string, have, want *bool) {
	if have != nil && want != nil && *have != *want {
		d.add(field, strconv.FormatBool(*have), strconv.FormatBool(*want))
	}
}

func (d *differences) identity(have *Identity, want IdentitySpec, changeable bool) {
	current := "None"
	if have != nil && have.Type != "" {
		current = have.Type
	}
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "") }
	if plain(current) != plain(want.kind()) {
		d.change("identity", current, want.kind(), changeable)
		return
	}
	for _, id := range want.User {
		held := false
		for other := range have.UserAssigned {
			held = held || strings.EqualFold(strings.Trim(other, "/"), strings.Trim(id, "/"))
		}
		if !held {
			d.change("identity", "without "+id, "with "+id, changeable)
		}
	}
}

func (d *differences) instance(have *Instance, want *InstanceSpec) {
	d.fold(FieldSize, have.VMSize, want.VMSize)
	d.subnet(have.Subnet, want.SubnetID)
	d.fold("applicationSharingPolicy", have.ApplicationSharingPolicy, want.ApplicationSharingPolicy)
	if have.SSH != nil && want.SSHPublicAccess != nil {
		d.fold("sshPublicAccess", have.SSH.PublicAccess, access(*want.SSHPublicAccess))
	}
	if want.AssignedUser != nil && have.Personal != nil && have.Personal.AssignedUser != nil {
		d.fold("assignedUser", have.Personal.AssignedUser.ObjectID, want.AssignedUser.ObjectID)
	}
	d.truth("enableNodePublicIp", have.EnableNodePublicIP, want.EnableNodePublicIP)
	d.truth("enableSSO", have.EnableSSO, want.EnableSSO)
	d.truth("enableRootAccess", have.EnableRootAccess, want.EnableRootAccess)
	d.truth("enableOSPatching", have.EnableOSPatching, want.EnableOSPatching)
	d.truth("releaseQuotaOnStop", have.ReleaseQuotaOnStop, want.ReleaseQuotaOnStop)
	if idle, ok := have.IdleShutdown(); ok && want.IdleShutdown > 0 && idle != want.IdleShutdown {
		d.add(FieldIdle, schedule.FormatIdle(idle), schedule.FormatIdle(want.IdleShutdown))
	}
}

// Fields of an instance that can be changed where it is, though not by creating
// it.
const (
	FieldSize      = "vmSize"
	FieldIdle      = "idleTimeBeforeShutdown"
	FieldSchedules = "schedules"
)

func access(on bool) string {
	if on {
		return "Enabled"
	}
	return "Disabled"
}

func (d *differences) subnet(have *Reference, want string) {
	if have != nil {
		d.fold("subnet", strings.Trim(have.ID, "/"), strings.Trim(want, "/"))
	}
}

func (d *differences) cluster(have *Cluster, want *ClusterSpec) {
	d.fold("vmSize", have.VMSize, want.VMSize)
	d.fold("vmPriority", have.VMPriority, want.VMPriority)
	d.fold("osType", have.OSType, want.OSType)
	d.subnet(have.Subnet, want.SubnetID)
	d.fold("remoteLoginPortPublicAccess", have.RemoteLogin, want.RemoteLogin)
	d.truth("enableNodePublicIp", have.EnableNodePublicIP, want.EnableNodePublicIP)
	d.truth("isolatedNetwork", have.IsolatedNetwork, want.IsolatedNetwork)
	if have.Account != nil {
		d.text("adminUserName", have.Account.UserName, want.AdminUserName)
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
