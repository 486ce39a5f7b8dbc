package machinelearning

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// properties writes the inner properties into o. The answer that accepts a PUT
// leaves out or nulls whatever the service does not know yet at that moment.
func (i *instance) properties(o *arm.Object, c *compute, v arm.Version, accepted bool) {
	put := func(name string, value any) {
		switch {
		case !has(name, v) || accepted && slices.Contains(later, name):
		case accepted && !slices.Contains(asked, name):
			o.Set(name, nil)
		default:
			o.Set(name, value)
		}
	}
	put("vmSize", i.VMSize)
	put("subnet", i.Subnet)
	access, port := "Disabled", 4000
	if i.SSH {
		access, port = "Enabled", 50000
	}
	put("sshSettings", new(arm.Object).
		Set("sshPublicAccess", access).Set("adminUserName", "azureuser").Set("sshPort", port).Set("adminPublicKey", nil))
	put("autologgerSettings", i.Autologger)
	put("errors", wrapped(i.Errors))
	public := &i.PublicIP
	if i.NodePublicIP != nil && !*i.NodePublicIP {
		public = nil
	}
	put("connectivityEndpoints", new(arm.Object).Set("publicIpAddress", public).Set("privateIpAddress", i.PrivateIP))
	host := "https://" + c.Name + "." + c.region() + ".instances.azureml.ms"
	put("applications", []*arm.Object{
		new(arm.Object).Set("displayName", "Jupyter").Set("endpointUri", host+"/tree/"),
		new(arm.Object).Set("displayName", "Jupyter Lab").Set("endpointUri", host+"/lab"),
	})
	put("state", i.State)
	put("lastOperation", i.Last.body())
	put("createdBy", createdBy(c.CreatedBy))
	put("applicationSharingPolicy", i.SharingPolicy)
	put("computeInstanceAuthorizationType", i.Authorization)
	put("personalComputeInstanceSettings", i.assignedBody())
	put("setupScripts", i.SetupScripts)
	list := make([]*arm.Object, 0, len(i.Schedules))
	for _, s := range i.Schedules {
		list = append(list, s.body())
	}
	put("schedules", new(arm.Object).Set("computeStartStop", list))
	if i.Idle != nil {
		put("idleTimeBeforeShutdown", i.Idle)
	}
	put("dataMounts", i.mounts(v))
	put("dataDisks", nil)
	put("containers", nil)
	put("updateStatus", nil)
	put("versions", new(arm.Object).Set("runtime", "3.0.02094.0004"))
	if i.NodePublicIP != nil {
		put("enableNodePublicIp", i.NodePublicIP)
	}
	put("customServices", i.services(v))
	put("osImageMetadata", new(arm.Object).
		Set("currentImageVersion", "22.09.21").Set("latestImageVersion", "22.09.21").Set("isLatestOsImageVersion", true))
	put("enableOSPatching", is(i.OSPatching))
	put("enableRootAccess", i.RootAccess == nil || *i.RootAccess)
	put("releaseQuotaOnStop", is(i.ReleaseQuota))
	put("enableSSO", i.SSO == nil || *i.SSO)
}

func is(b *bool) bool { return b != nil && *b }

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
	if has("dataMounts.mountMode", v) {
		return i.DataMounts
	}
	return without(i.DataMounts, "mountMode")
}

// services is customServices without kernel where a version lacks it.
func (i *instance) services(v arm.Version) json.RawMessage {
	if arm.IsNull(i.CustomServices) {
		return json.RawMessage("[]")
	}
	if has("customServices.kernel", v) {
		return i.CustomServices
	}
	return without(i.CustomServices, "kernel")
}

// without drops a key from each object of a list.
func without(list json.RawMessage, field string) json.RawMessage {
	if out, err := eachItem(list, func(item map[string]json.RawMessage) { delete(item, field) }); err == nil {
		return out
	}
	return list
}

// addresses makes up a public address from the block kept for documentation and
// a private one; they depend on the seed alone.
func addresses(seed string) (public, private string) {
	b := sha256.Sum256([]byte(seed))
	return fmt.Sprintf("203.0.113.%d", 1+int(b[0])%254), fmt.Sprintf("10.0.%d.%d", b[1]%64, 4+int(b[2])%250)
}

var json100 = json.RawMessage("100.0")
