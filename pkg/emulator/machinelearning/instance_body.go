package machinelearning

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// properties writes the inner properties into o. The answer that accepts a PUT
// leaves out or nulls whatever the service does not know yet at that moment.
func (i *instance) properties(o *arm.Object, c *compute, v arm.Version, accepted bool) {
	o.Set("vmSize", i.VMSize).Set("subnet", i.Subnet)
	if accepted {
		i.acceptedProperties(o, c, v)
		return
	}
	access, port := "Disabled", 4000
	if i.SSH {
		access, port = "Enabled", 50000
	}
	o.Set("sshSettings", new(arm.Object).
		Set("sshPublicAccess", access).Set("adminUserName", "azureuser").Set("sshPort", port).Set("adminPublicKey", nil))
	if autologgerField.Has(v) {
		o.Set("autologgerSettings", i.Autologger)
	}
	o.Set("errors", wrapped(i.Errors))
	ends := new(arm.Object)
	if i.NodePublicIP != nil && !*i.NodePublicIP {
		ends.Set("publicIpAddress", nil)
	} else {
		ends.Set("publicIpAddress", i.PublicIP)
	}
	o.Set("connectivityEndpoints", ends.Set("privateIpAddress", i.PrivateIP))
	host := "https://" + c.Name + "." + c.region() + ".instances.azureml.ms"
	o.Set("applications", []*arm.Object{
		new(arm.Object).Set("displayName", "Jupyter").Set("endpointUri", host+"/tree/"),
		new(arm.Object).Set("displayName", "Jupyter Lab").Set("endpointUri", host+"/lab"),
	})
	o.Set("state", i.State)
	o.Set("lastOperation", i.Last.body())
	o.Set("createdBy", createdBy(c.CreatedBy))
	o.Set("applicationSharingPolicy", i.SharingPolicy)
	o.Set("computeInstanceAuthorizationType", i.Authorization)
	o.Set("personalComputeInstanceSettings", i.assignedBody())
	o.Set("setupScripts", i.SetupScripts)
	if schedulesField.Has(v) {
		list := make([]*arm.Object, 0, len(i.Schedules))
		for _, s := range i.Schedules {
			list = append(list, s.body())
		}
		o.Set("schedules", new(arm.Object).Set("computeStartStop", list))
	}
	if idleField.Has(v) && i.Idle != nil {
		o.Set("idleTimeBeforeShutdown", i.Idle)
	}
	if containersField.Has(v) {
		o.Set("dataMounts", i.mounts(v)).Set("dataDisks", nil).Set("containers", nil).
			Set("updateStatus", nil).Set("versions", new(arm.Object).Set("runtime", "3.0.02094.0004"))
	}
	if nodePublicIPField.Has(v) && i.NodePublicIP != nil {
		o.Set("enableNodePublicIp", i.NodePublicIP)
	}
	if customServicesField.Has(v) {
		o.Set("customServices", i.services(v))
	}
	if imageMetadataField.Has(v) {
		o.Set("osImageMetadata", new(arm.Object).
			Set("currentImageVersion", "22.09.21").Set("latestImageVersion", "22.09.21").Set("isLatestOsImageVersion", true))
	}
	if previewFields.Has(v) {
		o.Set("enableOSPatching", is(i.OSPatching)).Set("enableRootAccess", i.RootAccess == nil || *i.RootAccess).Set("releaseQuotaOnStop", is(i.ReleaseQuota))
	}
	if ssoField.Has(v) {
		o.Set("enableSSO", i.SSO == nil || *i.SSO)
	}
}

func is(b *bool) bool { return b != nil && *b }

func (i *instance) acceptedProperties(o *arm.Object, c *compute, v arm.Version) {
	o.Set("sshSettings", nil)
	if autologgerField.Has(v) {
		o.Set("autologgerSettings", nil)
	}
	o.Set("errors", nil).Set("connectivityEndpoints", nil).Set("applications", nil).Set("state", nil).Set("lastOperation", nil)
	o.Set("createdBy", createdBy(c.CreatedBy)).Set("applicationSharingPolicy", nil).
		Set("computeInstanceAuthorizationType", i.Authorization).Set("personalComputeInstanceSettings", i.assignedBody()).
		Set("setupScripts", nil)
	if containersField.Has(v) {
		o.Set("dataMounts", nil).Set("dataDisks", nil).Set("containers", nil).Set("updateStatus", nil).Set("versions", nil)
	}
	if customServicesField.Has(v) {
		o.Set("customServices", nil)
	}
	if imageMetadataField.Has(v) {
		o.Set("osImageMetadata", nil)
	}
}

func (l *lastOperation) body() *arm.Object {
	if l == nil {
		return nil
	}
	return new(arm.Object).Set("operationName", l.Name).Set("operationTime", l.Time.Format(operationTime)).
		Set("operationStatus", l.Status).Set("operationTrigger", l.Trigger)
}

func createdBy(p arm.Person) *arm.Object {
	o := new(arm.Object)
	if p.Name != "" {
		o.Set("userName", p.Name)
	}
	return o.Set("userOrgId", p.TenantID).Set("userId", p.ObjectID)
}

func (i *instance) assignedBody() *arm.Object {
	if i.Assigned == nil {
		return nil
	}
	return new(arm.Object).Set("assignedUser", new(arm.Object).Set("objectId", i.Assigned.ObjectID).Set("tenantId", i.Assigned.TenantID))
}

// mounts is dataMounts without mountMode where a version lacks it.
func (i *instance) mounts(v arm.Version) json.RawMessage {
	if mountModeField.Has(v) {
		return i.DataMounts
	}
	return without(i.DataMounts, "mountMode")
}

// services is customServices without kernel where a version lacks it.
func (i *instance) services(v arm.Version) json.RawMessage {
	if arm.IsNull(i.CustomServices) {
		return json.RawMessage("[]")
	}
	if kernelField.Has(v) {
		return i.CustomServices
	}
	return without(i.CustomServices, "kernel")
}

// without drops a key from each object of a list.
func without(list json.RawMessage, field string) json.RawMessage {
	var items []map[string]json.RawMessage
	if arm.IsNull(list) || json.Unmarshal(list, &items) != nil {
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
