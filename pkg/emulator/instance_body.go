package emulator

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Which api-versions have a field of ComputeInstance; see the change log of
// workspaces/computes. A version that lacks one neither takes nor shows it.
func hasNodePublicIP(v apiVersion) bool   { return v.date >= "2022-05-01" }
func hasCustomServices(v apiVersion) bool { return v.since("2022-06-01", "2024-04-01") }
func hasImageMetadata(v apiVersion) bool  { return v.since("2022-10-01", "2024-04-01") }
func hasAutologger(v apiVersion) bool     { return v.since("2022-10-01", "") }
func hasPreviewFlags(v apiVersion) bool   { return v.since("2023-08-01", "") }
func hasSSO(v apiVersion) bool            { return v.since("2023-08-01", "2025-12-01") }
func hasIdle(v apiVersion) bool           { return v.since("2022-06-01", "2025-12-01") }
func hasSchedules(v apiVersion) bool      { return v.date >= "2021-03-01" }
func hasContainers(v apiVersion) bool     { return v.date >= "2022-05-01" }

// properties writes the inner properties into o. The answer that accepts a PUT
// leaves out or nulls whatever the service does not know yet at that moment.
func (i *instance) properties(o *object, c *compute, v apiVersion, accepted bool) {
	o.set("vmSize", i.VMSize).set("subnet", i.Subnet)
	if accepted {
		i.acceptedProperties(o, c, v)
		return
	}
	access, port := "Disabled", 4000
	if i.SSH {
		access, port = "Enabled", 50000
	}
	o.set("sshSettings", new(object).
		set("sshPublicAccess", access).set("adminUserName", "azureuser").set("sshPort", port).set("adminPublicKey", nil))
	if hasAutologger(v) {
		o.set("autologgerSettings", i.Autologger)
	}
	o.set("errors", wrapped(i.Errors))
	ends := new(object)
	if i.NodePublicIP != nil && !*i.NodePublicIP {
		ends.set("publicIpAddress", nil)
	} else {
		ends.set("publicIpAddress", i.PublicIP)
	}
	o.set("connectivityEndpoints", ends.set("privateIpAddress", i.PrivateIP))
	host := "https://" + c.Name + "." + c.region() + ".instances.azureml.ms"
	o.set("applications", []*object{
		new(object).set("displayName", "Jupyter").set("endpointUri", host+"/tree/"),
		new(object).set("displayName", "Jupyter Lab").set("endpointUri", host+"/lab"),
	})
	o.set("state", i.State)
	o.set("lastOperation", i.Last.body())
	o.set("createdBy", createdBy(c.CreatedBy))
	o.set("applicationSharingPolicy", i.SharingPolicy)
	o.set("computeInstanceAuthorizationType", i.Authorization)
	o.set("personalComputeInstanceSettings", i.assignedBody())
	o.set("setupScripts", i.SetupScripts)
	if hasSchedules(v) {
		list := make([]*object, 0, len(i.Schedules))
		for _, s := range i.Schedules {
			list = append(list, s.body())
		}
		o.set("schedules", new(object).set("computeStartStop", list))
	}
	if hasIdle(v) && i.Idle != nil {
		o.set("idleTimeBeforeShutdown", i.Idle)
	}
	if hasContainers(v) {
		o.set("dataMounts", i.mounts(v)).set("dataDisks", nil).set("containers", nil).
			set("updateStatus", nil).set("versions", new(object).set("runtime", "3.0.02094.0004"))
	}
	if hasNodePublicIP(v) && i.NodePublicIP != nil {
		o.set("enableNodePublicIp", i.NodePublicIP)
	}
	if hasCustomServices(v) {
		o.set("customServices", i.services(v))
	}
	if hasImageMetadata(v) {
		o.set("osImageMetadata", new(object).
			set("currentImageVersion", "22.09.21").set("latestImageVersion", "22.09.21").set("isLatestOsImageVersion", true))
	}
	if hasPreviewFlags(v) {
		o.set("enableOSPatching", is(i.OSPatching)).set("enableRootAccess", i.RootAccess == nil || *i.RootAccess).set("releaseQuotaOnStop", is(i.ReleaseQuota))
	}
	if hasSSO(v) {
		o.set("enableSSO", i.SSO == nil || *i.SSO)
	}
}

func is(b *bool) bool { return b != nil && *b }

func (i *instance) acceptedProperties(o *object, c *compute, v apiVersion) {
	o.set("sshSettings", nil)
	if hasAutologger(v) {
		o.set("autologgerSettings", nil)
	}
	o.set("errors", nil).set("connectivityEndpoints", nil).set("applications", nil).set("state", nil).set("lastOperation", nil)
	o.set("createdBy", createdBy(c.CreatedBy)).set("applicationSharingPolicy", nil).
		set("computeInstanceAuthorizationType", i.Authorization).set("personalComputeInstanceSettings", i.assignedBody()).
		set("setupScripts", nil)
	if hasContainers(v) {
		o.set("dataMounts", nil).set("dataDisks", nil).set("containers", nil).set("updateStatus", nil).set("versions", nil)
	}
	if hasCustomServices(v) {
		o.set("customServices", nil)
	}
	if hasImageMetadata(v) {
		o.set("osImageMetadata", nil)
	}
}

func (l *lastOperation) body() *object {
	if l == nil {
		return nil
	}
	return new(object).set("operationName", l.Name).set("operationTime", l.Time.Format(operationTime)).
		set("operationStatus", l.Status).set("operationTrigger", l.Trigger)
}

func createdBy(p person) *object {
	o := new(object)
	if p.Name != "" {
		o.set("userName", p.Name)
	}
	return o.set("userOrgId", p.TenantID).set("userId", p.ObjectID)
}

func (i *instance) assignedBody() *object {
	if i.Assigned == nil {
		return nil
	}
	return new(object).set("assignedUser", new(object).set("objectId", i.Assigned.ObjectID).set("tenantId", i.Assigned.TenantID))
}

// mounts is dataMounts without mountMode where a version lacks it.
func (i *instance) mounts(v apiVersion) json.RawMessage {
	if v.since("2022-05-01", "2025-12-01") {
		return i.DataMounts
	}
	return without(i.DataMounts, "mountMode")
}

// services is customServices without kernel where a version lacks it.
func (i *instance) services(v apiVersion) json.RawMessage {
	if isNull(i.CustomServices) {
		return json.RawMessage("[]")
	}
	if v.since("2023-08-01", "2025-12-01") {
		return i.CustomServices
	}
	return without(i.CustomServices, "kernel")
}

// without drops a key from each object of a list.
func without(list json.RawMessage, field string) json.RawMessage {
	var items []map[string]json.RawMessage
	if isNull(list) || json.Unmarshal(list, &items) != nil {
		return list
	}
	for _, item := range items {
		delete(item, field)
	}
	out, err := json.Marshal(items)
	if err != nil {
		return list
	}
	return out
}

// addresses makes up a public address from the block kept for documentation and
// a private one; they depend on the seed alone.
func addresses(seed string) (public, private string) {
	b := sha256.Sum256([]byte(seed))
	return fmt.Sprintf("203.0.113.%d", 1+int(b[0])%254), fmt.Sprintf("10.0.%d.%d", b[1]%64, 4+int(b[2])%250)
}

var json100 = json.RawMessage("100.0")
