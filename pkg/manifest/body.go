package manifest

import (
	"encoding/json"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// body reads a compute as the service has it, or as a template asks for it. Keys
// match in any case, as in the service; null is not set.
func (r *reading) body(n *node) {
	inner := n.find("properties")
	if inner == nil || inner.mapping == nil {
		r.mistake(n.place, "this compute has no properties")
		return
	}
	if !r.typed(inner, inner.find("computeType")) {
		return
	}
	r.block(n, "this "+r.kind, keys{
		"id": nil, "type": nil, "sku": nil, "systemData": nil, "resourceGroup": nil, "workspace": nil, "createdOn": nil, "apiVersion": nil,
		"dependsOn": nil, "comments": nil, "metadata": nil, "etag": nil,
		"name": func(r *reading, p pair) {
			name := r.text(p)
			r.d.Name = name[strings.LastIndex(name, "/")+1:]
			r.d.mark("name", p.place)
		},
		"location":   (*reading).location,
		"tags":       (*reading).tags,
		"identity":   (*reading).bodyIdentity,
		"properties": (*reading).bodyProperties,
	}, true)
}

func (r *reading) bodyProperties(p pair) {
	r.block(p.value, p.key, keys{
		"computeType": nil, "computeLocation": nil, "provisioningState": nil, "provisioningErrors": nil, "provisioningWarnings": nil, "createdOn": nil,
		"modifiedOn": nil, "isAttachedCompute": nil, "status": nil,
		"description":      setText(func(r *reading) *string { return &r.d.Spec.Description }, "description"),
		"resourceId":       (*reading).resourceID,
		"disableLocalAuth": setTruth(func(r *reading) **bool { return &r.d.Spec.DisableLocalAuth }, "disableLocalAuth"),
		"properties": func(r *reading, p pair) {
			r.block(p.value, "the "+r.kind, r.bodyKeys(), true)
		},
	}, true)
}

func (r *reading) bodyIdentity(p pair) {
	kind := ""
	var ids []string
	r.block(p.value, p.key, keys{
		"principalId": nil, "tenantId": nil,
		"type": func(r *reading, p pair) { kind = r.text(p) },
		"userAssignedIdentities": func(r *reading, p pair) {
			if p.value.mapping == nil {
				r.mistake(p.value.place, "%s is %s, not a block of keys", p.key, p.value.kind())
				return
			}
			for _, id := range p.value.mapping.pairs {
				ids = append(ids, id.key)
			}
		},
	}, true)
	if p.value.mapping != nil {
		r.identity(p, kind, ids)
	}
}

// bodyKeys are the keys of the inner properties.
func (r *reading) bodyKeys() keys {
	switch r.kind {
	case "computeinstance":
		return bodyInstance()
	case "amlcompute":
		return bodyCluster()
	case "kubernetes":
		return kubernetesProperties()
	case "virtualmachine":
		return bodyMachine()
	}
	return keys{"autoScaleProperties": nil, "autoPauseProperties": nil, "sparkVersion": nil, "nodeCount": nil, "nodeSize": nil, "nodeSizeFamily": nil,
		"subscriptionId": nil, "resourceGroup": nil, "workspaceName": nil, "poolName": nil}
}

func bodySubnet(r *reading, p pair) {
	r.block(p.value, p.key, keys{"id": (*reading).subnetID}, true)
}

func bodyInstance() keys {
	return keys{
		"applications": nil, "connectivityEndpoints": nil, "containers": nil, "createdBy": nil, "dataDisks": nil, "dataMounts": nil, "errors": nil,
		"lastOperation": nil, "osImageMetadata": nil, "state": nil, "versions": nil, "updateStatus": nil, "isNotebookInstanceCompute": nil,
		"vmSize":                   setText(func(r *reading) *string { return &r.instance().VMSize }, compute.FieldSize),
		"subnet":                   bodySubnet,
		"applicationSharingPolicy": setText(func(r *reading) *string { return &r.instance().ApplicationSharingPolicy }, "applicationSharingPolicy"),
		"computeInstanceAuthorizationType": func(r *reading, p pair) {
			r.word(p, "personal")
		},
		"enableNodePublicIp": setTruth(func(r *reading) **bool { return &r.instance().EnableNodePublicIP }, "enableNodePublicIp"),
		"enableSSO":          setTruth(func(r *reading) **bool { return &r.instance().EnableSSO }, "enableSSO"),
		"enableRootAccess":   setTruth(func(r *reading) **bool { return &r.instance().EnableRootAccess }, "enableRootAccess"),
		"enableOSPatching":   setTruth(func(r *reading) **bool { return &r.instance().EnableOSPatching }, "enableOSPatching"),
		"releaseQuotaOnStop": setTruth(func(r *reading) **bool { return &r.instance().ReleaseQuotaOnStop }, "releaseQuotaOnStop"),
		"idleTimeBeforeShutdown": func(r *reading, p pair) {
			r.isoIdle(p)
		},
		"schedules": func(r *reading, p pair) {
			if inner := p.value.find("computeStartStop"); inner != nil && inner.null() {
				return
			}
			r.schedules = p.value
			r.d.mark(compute.FieldSchedules, p.place)
		},
		"sshSettings": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{
				"adminUserName": nil, "sshPort": nil,
				"adminPublicKey": setText(func(r *reading) *string { return &r.instance().SSHPublicKey }, "sshPublicKey"),
				"sshPublicAccess": func(r *reading, p pair) {
					on := r.word(p, "Enabled", "Disabled") == "Enabled"
					r.instance().SSHPublicAccess = &on
					r.d.mark("sshPublicAccess", p.place)
				},
			}, true)
		},
		"personalComputeInstanceSettings": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{"assignedUser": func(r *reading, p pair) {
				r.instance().AssignedUser = &compute.AssignedUser{}
				r.d.mark("assignedUser", p.place)
				r.block(p.value, p.key, keys{
					"objectId": func(r *reading, p pair) { r.instance().AssignedUser.ObjectID = r.text(p) },
					"tenantId": func(r *reading, p pair) { r.instance().AssignedUser.TenantID = r.text(p) },
				}, true)
			}}, true)
		},
		"setupScripts": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{"scripts": func(r *reading, p pair) {
				r.block(p.value, p.key, keys{
					"creationScript": func(r *reading, p pair) { r.instance().CreationScript = r.bodyScript(p, "creationScript") },
					"startupScript":  func(r *reading, p pair) { r.instance().StartupScript = r.bodyScript(p, "startupScript") },
				}, true)
			}}, true)
		},
		"customServices": func(r *reading, p pair) {
			r.list(p)
			r.d.mark(compute.FieldServices, p.place)
			r.instance().CustomServices, _ = json.Marshal(p.value.plain()) // plain values
		},
	}
}

func (r *reading) bodyScript(p pair, field string) *compute.Script {
	r.d.mark(field, p.place)
	s := &compute.Script{}
	r.block(p.value, p.key, keys{
		"scriptSource": func(r *reading, p pair) {
			s.Source = r.word(p, "inline", "workspaceStorage", "workspace")
		},
		"scriptData":      func(r *reading, p pair) { s.Data = r.text(p) },
		"scriptArguments": func(r *reading, p pair) { s.Arguments = r.text(p) },
		"timeout":         func(r *reading, p pair) { s.Timeout = r.text(p) },
	}, true)
	if s.Data == "" {
		if s.Source == "" {
			return nil
		}
		r.mistake(p.place, "%s has no scriptData: the service does not return the text of a script; give it, or leave the script out", p.key)
	}
	return s
}

func bodyCluster() keys {
	return keys{
		"allocationState": nil, "allocationStateTransitionTime": nil, "currentNodeCount": nil, "targetNodeCount": nil, "nodeStateCounts": nil, "errors": nil,
		"propertyBag": nil,
		"virtualMachineImage": func(r *reading, p pair) {
			r.mistake(p.place, "virtualMachineImage is not supported here")
		},
		"osType": setText(func(r *reading) *string { return &r.cluster().OSType }, "osType"),
		"vmSize": setText(func(r *reading) *string { return &r.cluster().VMSize }, compute.FieldSize),
		"vmPriority": func(r *reading, p pair) {
			r.cluster().VMPriority = r.word(p, "Dedicated", "LowPriority")
			r.d.mark("vmPriority", p.place)
		},
		"isolatedNetwork": setTruth(func(r *reading) **bool { return &r.cluster().IsolatedNetwork }, "isolatedNetwork"),
		"remoteLoginPortPublicAccess": func(r *reading, p pair) {
			r.cluster().RemoteLogin = r.word(p, "Enabled", "Disabled", "NotSpecified")
			r.d.mark("remoteLoginPortPublicAccess", p.place)
		},
		"enableNodePublicIp": setTruth(func(r *reading) **bool { return &r.cluster().EnableNodePublicIP }, "enableNodePublicIp"),
		"subnet":             bodySubnet,
		"scaleSettings": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{
				"minNodeCount": func(r *reading, p pair) { r.cluster().MinNodes = r.nodes(p, "minNodeCount", &r.d.minNodes) },
				"maxNodeCount": func(r *reading, p pair) { r.cluster().MaxNodes = r.nodes(p, "maxNodeCount", &r.d.maxNodes) },
				"nodeIdleTimeBeforeScaleDown": func(r *reading, p pair) {
					d, err := schedule.ParseISO(r.text(p))
					if err != nil || d < 0 {
						r.mistake(p.value.place, "%s is %s; write an ISO 8601 duration such as PT2M", p.key, p.value.kind())
					}
					r.cluster().IdleScaleDown = d
					r.d.mark("nodeIdleTimeBeforeScaleDown", p.place)
				},
			}, true)
		},
		"userAccountCredentials": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{
				"adminUserName":         setText(func(r *reading) *string { return &r.cluster().AdminUserName }, "adminUserName"),
				"adminUserPassword":     setText(func(r *reading) *string { return &r.cluster().AdminPassword }, "adminUserPassword"),
				"adminUserSshPublicKey": setText(func(r *reading) *string { return &r.cluster().AdminSSHKey }, "adminUserSshPublicKey"),
			}, true)
		},
	}
}

func bodyMachine() keys {
	return keys{
		"isNotebookInstanceCompute": nil, "notebookServerPort": nil,
		"virtualMachineSize": setText(func(r *reading) *string { return &r.d.Spec.VirtualMachine.VMSize }, compute.FieldSize),
		"address":            setText(func(r *reading) *string { return &r.d.Spec.VirtualMachine.Address }, "address"),
		"sshPort":            func(r *reading, p pair) { r.d.Spec.VirtualMachine.SSHPort = r.whole(p); r.d.mark("sshPort", p.place) },
		"administratorAccount": func(r *reading, p pair) {
			account := &compute.MachineAccount{}
			r.d.Spec.VirtualMachine.Account = account
			r.block(p.value, p.key, keys{
				"username":       func(r *reading, p pair) { account.UserName = r.text(p) },
				"password":       func(r *reading, p pair) { account.Password = r.text(p) },
				"publicKeyData":  func(r *reading, p pair) { account.PublicKey = r.text(p) },
				"privateKeyData": func(r *reading, p pair) { account.PrivateKey = r.text(p) },
			}, true)
		},
	}
}

// shown reads the short object that "show" and "list" print, which has part of
// the settings only.
func (r *reading) shown(n *node) {
	if !r.typed(n, n.find("computeType")) {
		return
	}
	known := keys{
		"computeType": nil, "createdOn": nil, "errors": nil, "id": nil, "nextStart": nil, "nextStop": nil, "owner": nil, "provisioningErrors": nil,
		"provisioningState": nil, "resourceGroup": nil, "runningSince": nil, "state": nil, "workspace": nil, "pricePerHour": nil,
		"name":     setText(func(r *reading) *string { return &r.d.Name }, "name"),
		"location": (*reading).location,
		"tags":     (*reading).tags,
		"vmSize":   nil,
		"idleShutdown": func(r *reading, p pair) {
			r.mistake(p.place, "idleShutdown is of instances only")
		},
	}
	switch r.kind {
	case "computeinstance":
		known["vmSize"] = setText(func(r *reading) *string { return &r.instance().VMSize }, compute.FieldSize)
		known["idleShutdown"] = func(r *reading, p pair) {
			d, err := schedule.ParseIdle(r.text(p))
			if err != nil {
				r.mistake(p.value.place, "idleShutdown: %w", err)
			}
			r.idle(p, d)
		}
	case "amlcompute":
		known["vmSize"] = setText(func(r *reading) *string { return &r.cluster().VMSize }, compute.FieldSize)
	}
	r.block(n, "this "+r.kind, known, true)
	r.d.Notes = append(r.d.Notes, `this is what "show" prints, which has part of the settings only; "show --raw" has all of them`)
}
