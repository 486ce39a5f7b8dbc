package manifest

import (
	"encoding/json"
	"maps"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
)

// v2Types are the types of az ml compute.
var v2Types = []string{"computeinstance", "amlcompute", "kubernetes", "virtualmachine", "synapsespark"}

// meantFor is what to write for a key of another type, or "".
func meantFor(kind, key string) string {
	switch kind {
	case "computeinstance":
		return map[string]string{
			"idle_time_before_scale_down": "idle_time_before_shutdown_minutes",
			"min_instances":               "type: amlcompute for a cluster", "max_instances": "type: amlcompute for a cluster",
		}[key]
	case "amlcompute":
		return map[string]string{
			"idle_time_before_shutdown": "idle_time_before_scale_down, in seconds", "idle_time_before_shutdown_minutes": "idle_time_before_scale_down, in seconds",
			"create_on_behalf_of": "identity: a cluster is nobody's own", "assign_to": "identity: a cluster is nobody's own",
			"hours": "min_instances: 0: a cluster scales down by itself", "schedules": "min_instances: 0: a cluster scales down by itself",
		}[key]
	}
	return ""
}

// otherKind is whom keys that an instance or a cluster lacks are for.
func otherKind(kind string) string {
	if kind == "amlcompute" {
		return "instances"
	}
	return "clusters"
}

// v2 reads a document with v2's keys and ours.
func (r *reading) v2(n *node) {
	if err := n.mapping.once("type"); err != nil {
		r.wrong = append(r.wrong, asMistake(err, n.place))
		return
	}
	if r.typed(n, n.find("type")) {
		r.block(n, "this "+r.kind, v2Keys(r.kind), false)
	}
}

// text settings are all read alike.
//
//go:noinline
func setText(to func(*reading) *string, field string) func(*reading, pair) {
	return func(r *reading, p pair) { *to(r) = r.text(p); r.d.mark(field, p.place) }
}

//go:noinline
func setTruth(to func(*reading) **bool, field string) func(*reading, pair) {
	return func(r *reading, p pair) { *to(r) = r.truth(p); r.d.mark(field, p.place) }
}

// v2Keys are the keys of a type.
func v2Keys(kind string) keys {
	common := keys{
		"$schema": nil, "id": nil, "created_on": nil, "provisioning_state": nil, "provisioning_errors": nil, "type": nil, "resourceGroup": nil,
		"name":               setText(func(r *reading) *string { return &r.d.Name }, "name"),
		"location":           (*reading).location,
		"description":        setText(func(r *reading) *string { return &r.d.Spec.Description }, "description"),
		"tags":               (*reading).tags,
		"resource_id":        (*reading).resourceID,
		"identity":           (*reading).v2Identity,
		"workspace":          setText(func(r *reading) *string { return &r.d.Workspace }, "workspace"),
		"resource_group":     setText(func(r *reading) *string { return &r.d.ResourceGroup }, "resource_group"),
		"disable_local_auth": setTruth(func(r *reading) **bool { return &r.d.Spec.DisableLocalAuth }, "disableLocalAuth"),
		"subscription":       setText(func(r *reading) *string { return &r.d.Subscription }, "subscription"),
	}
	switch kind {
	case "computeinstance":
		maps.Copy(common, v2Instance())
	case "amlcompute":
		maps.Copy(common, v2Cluster())
	case "kubernetes":
		maps.Copy(common, v2Kubernetes())
	case "virtualmachine":
		maps.Copy(common, v2Machine())
	case "synapsespark":
		maps.Copy(common, v2Spark())
	}
	return common
}

func v2Instance() keys {
	return keys{
		"size": setText(func(r *reading) *string { return &r.instance().VMSize }, compute.FieldSize),
		"network_settings": func(r *reading, p pair) {
			r.block(p.value, p.key, v2Network(), false)
		},
		"create_on_behalf_of": func(r *reading, p pair) {
			r.instance().AssignedUser = &compute.AssignedUser{}
			r.d.mark("assignedUser", p.place)
			r.block(p.value, p.key, keys{
				"user_tenant_id": func(r *reading, p pair) { r.instance().AssignedUser.TenantID = r.text(p) },
				"user_object_id": func(r *reading, p pair) { r.instance().AssignedUser.ObjectID = r.text(p) },
			}, false)
		},
		"ssh_public_access_enabled": setTruth(func(r *reading) **bool { return &r.instance().SSHPublicAccess }, "sshPublicAccess"),
		"ssh_settings": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{"admin_username": nil, "ssh_port": nil,
				"ssh_key_value": setText(func(r *reading) *string { return &r.instance().SSHPublicKey }, "sshPublicKey")}, false)
		},
		"idle_time_before_shutdown_minutes": func(r *reading, p pair) {
			r.minutes = true
			r.idle(p, time.Duration(r.whole(p))*time.Minute)
		},
		"idle_time_before_shutdown": (*reading).isoIdle,
		"schedules":                 func(r *reading, p pair) { r.schedules = p.value; r.d.mark(compute.FieldSchedules, p.place) },
		"setup_scripts": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{
				"creation_script": func(r *reading, p pair) { r.instance().CreationScript = r.v2Script(p, "creationScript") },
				"startup_script":  func(r *reading, p pair) { r.instance().StartupScript = r.v2Script(p, "startupScript") },
			}, false)
		},
		"custom_applications":   (*reading).v2Applications,
		"enable_node_public_ip": setTruth(func(r *reading) **bool { return &r.instance().EnableNodePublicIP }, "enableNodePublicIp"),
		"enable_sso":            setTruth(func(r *reading) **bool { return &r.instance().EnableSSO }, "enableSSO"),
		"enable_root_access":    setTruth(func(r *reading) **bool { return &r.instance().EnableRootAccess }, "enableRootAccess"),
		"enable_os_patching":    setTruth(func(r *reading) **bool { return &r.instance().EnableOSPatching }, "enableOSPatching"),
		"release_quota_on_stop": setTruth(func(r *reading) **bool { return &r.instance().ReleaseQuotaOnStop }, "releaseQuotaOnStop"),
		"state":                 nil,
		"last_operation":        nil,
		"services":              nil,
		"os_image_metadata":     nil,
		"hours":                 func(r *reading, p pair) { r.hours = p.value; r.d.mark(compute.FieldSchedules, p.place) },
		"time_zone":             func(r *reading, p pair) { r.zone = p.value },
		"time-zone":             func(r *reading, p pair) { r.zone = p.value },
		"assign_to":             func(r *reading, p pair) { r.d.AssignTo = r.text(p); r.d.mark("assignedUser", p.place) },
		"application_sharing_policy": func(r *reading, p pair) {
			r.d.mark("applicationSharingPolicy", p.place)
			r.instance().ApplicationSharingPolicy = r.word(p, "Personal", "Shared")
		},
		"stopped": func(r *reading, p pair) { r.d.Stopped = *r.truth(p) },
	}
}

func v2Network() keys {
	return keys{
		"public_ip_address": nil, "private_ip_address": nil,
		"vnet_name": func(r *reading, p pair) {
			if r.d.vnet = r.text(p); r.d.places["subnet"] == (place{}) {
				r.d.mark("subnet", p.place)
			}
		},
		"subnet": (*reading).subnetID,
	}
}

func v2Cluster() keys {
	return keys{
		"size": setText(func(r *reading) *string { return &r.cluster().VMSize }, compute.FieldSize),
		"tier": func(r *reading, p pair) {
			r.d.mark("vmPriority", p.place)
			r.cluster().VMPriority = map[string]string{"dedicated": "Dedicated", "low_priority": "LowPriority"}[r.word(p, "dedicated", "low_priority")]
		},
		"os_type": func(r *reading, p pair) {
			r.d.mark("osType", p.place)
			r.cluster().OSType = r.word(p, "Linux", "Windows")
		},
		"isolated_network": setTruth(func(r *reading) **bool { return &r.cluster().IsolatedNetwork }, "isolatedNetwork"),
		"min_instances":    func(r *reading, p pair) { r.cluster().MinNodes = r.nodes(p, "minNodeCount", &r.d.minNodes) },
		"max_instances":    func(r *reading, p pair) { r.cluster().MaxNodes = r.nodes(p, "maxNodeCount", &r.d.maxNodes) },
		"idle_time_before_scale_down": func(r *reading, p pair) {
			r.d.mark("nodeIdleTimeBeforeScaleDown", p.place)
			if r.cluster().IdleScaleDown = time.Duration(r.whole(p)) * time.Second; r.cluster().IdleScaleDown < 0 {
				r.mistake(p.value.place, "%s cannot be below 0", p.key)
			}
		},
		"ssh_public_access_enabled": func(r *reading, p pair) {
			r.d.mark("remoteLoginPortPublicAccess", p.place)
			r.cluster().RemoteLogin = map[bool]string{true: "Enabled", false: "Disabled"}[*r.truth(p)]
		},
		"ssh_settings": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{
				"admin_username": setText(func(r *reading) *string { return &r.cluster().AdminUserName }, "adminUserName"),
				"admin_password": setText(func(r *reading) *string { return &r.cluster().AdminPassword }, "adminUserPassword"),
				"ssh_key_value":  setText(func(r *reading) *string { return &r.cluster().AdminSSHKey }, "adminUserSshPublicKey"),
			}, false)
			if r.cluster().AdminUserName == "" {
				r.mistake(p.place, "ssh_settings needs admin_username")
			}
		},
		"network_settings": func(r *reading, p pair) {
			r.block(p.value, p.key, v2Network(), false)
		},
		"enable_node_public_ip": setTruth(func(r *reading) **bool { return &r.cluster().EnableNodePublicIP }, "enableNodePublicIp"),
	}
}

func v2Kubernetes() keys {
	return keys{
		"namespace": setText(func(r *reading) *string { return &r.d.Spec.Kubernetes.Namespace }, "namespace"),
		"properties": func(r *reading, p pair) {
			r.block(p.value, p.key, kubernetesProperties(), false)
		},
	}
}

func kubernetesProperties() keys {
	return keys{
		"namespace":           setText(func(r *reading) *string { return &r.d.Spec.Kubernetes.Namespace }, "namespace"),
		"defaultInstanceType": setText(func(r *reading) *string { return &r.d.Spec.Kubernetes.DefaultInstanceType }, "defaultInstanceType"),
		"instanceTypes":       (*reading).instanceTypes,
		// v2 takes both spellings.
		"default_instance_type":            setText(func(r *reading) *string { return &r.d.Spec.Kubernetes.DefaultInstanceType }, "defaultInstanceType"),
		"instance_types":                   (*reading).instanceTypes,
		"extension_principal_id":           nil,
		"extension_instance_release_train": nil,
		"extensionPrincipalId":             nil,
		"extensionInstanceReleaseTrain":    nil,
		"relay_connection_string":          nil,
		"service_bus_connection_string":    nil,
		"relayConnectionString":            nil,
		"serviceBusConnectionString":       nil,
		"vc_name":                          nil,
		"vcName":                           nil,
	}
}

func v2Machine() keys {
	return keys{
		"compute_location": nil,
		"ssh_settings": func(r *reading, p pair) {
			machine := r.d.Spec.VirtualMachine
			machine.Account = &compute.MachineAccount{}
			r.block(p.value, p.key, keys{
				"admin_username": func(r *reading, p pair) { machine.Account.UserName = r.text(p) },
				"admin_password": func(r *reading, p pair) { machine.Account.Password = r.text(p) },
				"ssh_port":       func(r *reading, p pair) { machine.SSHPort = r.whole(p); r.d.mark("sshPort", p.place) },
				"ssh_private_key_file": func(r *reading, p pair) {
					if r.d.KeyFile = r.text(p); r.d.KeyFile == "" {
						r.mistake(p.value.place, "%s is empty", p.key)
					}
				},
			}, false)
			if machine.Account.UserName == "" {
				r.mistake(p.place, "ssh_settings needs admin_username")
			}
		},
	}
}

func v2Spark() keys {
	return keys{
		"node_family": nil, "node_size": nil, "node_count": nil, "spark_version": nil, "scale_settings": nil, "auto_pause_settings": nil,
	}
}

func (r *reading) nodes(p pair, field string, given *bool) int {
	*given = true
	r.d.mark(field, p.place)
	n := r.whole(p)
	if n < 0 {
		r.mistake(p.value.place, "%s cannot be below 0", p.key)
	}
	return n
}

// location is of clusters and attached computes: an instance is where its
// workspace is, and v2 does not send another region.
func (r *reading) location(p pair) {
	if s := r.text(p); r.kind != "computeinstance" {
		r.d.Spec.Location = s
		r.d.mark("location", p.place)
	}
}

// resourceID is not sent for computes that the workspace makes, as in v2.
func (r *reading) resourceID(p pair) {
	if s := r.text(p); r.kind != "computeinstance" && r.kind != "amlcompute" {
		r.d.Spec.ResourceID = s
		r.d.mark("resourceId", p.place)
	}
}

func (r *reading) v2Identity(p pair) {
	kind := ""
	var ids []string
	r.block(p.value, p.key, keys{
		"principal_id": nil, "tenant_id": nil,
		"type": func(r *reading, p pair) { kind = r.text(p) },
		"user_assigned_identities": func(r *reading, p pair) {
			for _, item := range r.list(p) {
				if id, ok := item.text(); ok { // as the pages of v2 read
					ids = append(ids, id)
					continue
				}
				r.block(item, "an identity", keys{"principal_id": nil, "client_id": nil, "tenant_id": nil,
					"resource_id": func(r *reading, p pair) { ids = append(ids, r.text(p)) }}, false)
			}
		},
	}, false)
	if p.value.mapping != nil {
		r.identity(p, kind, ids)
	}
}

func (r *reading) v2Script(p pair, field string) *compute.Script {
	r.d.mark(field, p.place)
	var path, inline, arguments, timeout string
	r.block(p.value, p.key, keys{
		"path":    func(r *reading, p pair) { path = r.text(p) },
		"inline":  func(r *reading, p pair) { inline = r.text(p) },
		"timeout": func(r *reading, p pair) { timeout = r.text(p) },
		"command": func(r *reading, p pair) { arguments = r.text(p) },
		"timeout_minutes": func(r *reading, p pair) {
			if n := r.whole(p); n < 1 {
				r.mistake(p.value.place, "timeout_minutes must be at least 1")
			} else {
				timeout = minutes(n)
			}
		},
	}, false)
	switch {
	case inline != "" && path != "":
		r.mistake(p.place, "%s has both path and inline; keep one", p.key)
	case inline != "":
		return compute.InlineScript([]byte(inline), arguments, timeout)
	case path == "" && p.value.mapping != nil:
		r.mistake(p.place, "%s needs path, where the script is in the workspace's file share, such as Users/me/setup.sh", p.key)
	}
	return script(path, arguments, timeout)
}

// instanceTypes keeps the names inside as they are: they are the user's.
func (r *reading) instanceTypes(p pair) {
	if p.value.mapping == nil {
		r.mistake(p.value.place, "%s is %s, not a block of keys", p.key, p.value.kind())
		return
	}
	text, err := json.Marshal(p.value.plain())
	if err != nil {
		r.mistake(p.value.place, "%s: %w", p.key, err)
	}
	r.d.Spec.Kubernetes.InstanceTypes = text
}

// service is a custom application as the service takes it.
type service struct {
	Type        string              `json:"type"`
	Name        string              `json:"name"`
	Image       map[string]string   `json:"image"`
	Environment map[string]variable `json:"environmentVariables,omitempty"`
	Docker      map[string]bool     `json:"docker"`
	Endpoints   []endpoint          `json:"endpoints"`
	Volumes     []volume            `json:"volumes,omitempty"`
}

type variable struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type endpoint struct {
	Protocol  string `json:"protocol"`
	Name      string `json:"name"`
	Target    int    `json:"target"`
	Published int    `json:"published"`
}

type volume struct {
	Type     string `json:"type"`
	ReadOnly bool   `json:"readOnly"`
	Source   string `json:"source"`
	Target   string `json:"target"`
}

func (r *reading) v2Applications(p pair) {
	r.d.mark(compute.FieldServices, p.place)
	services := []service{}
	names, ports := map[string]bool{}, map[int]bool{}
	for _, item := range r.list(p) {
		s := r.v2Application(item)
		if names[s.Name] {
			r.mistake(item.place, "two applications have the name %s", show(s.Name))
		}
		names[s.Name] = true
		for _, e := range s.Endpoints {
			if ports[e.Published] {
				r.mistake(item.place, "two applications are published at the port %d", e.Published)
			}
			ports[e.Published] = true
		}
		services = append(services, s)
	}
	r.instance().CustomServices, _ = json.Marshal(services) // plain values
}

func (r *reading) v2Application(item *node) service {
	s := service{Type: "docker", Image: map[string]string{"type": "docker"}, Docker: map[string]bool{"privileged": true}, Endpoints: []endpoint{}}
	r.block(item, "an application", keys{
		"name": func(r *reading, p pair) { s.Name = r.text(p) },
		"type": func(r *reading, p pair) { r.word(p, "docker") },
		"image": func(r *reading, p pair) {
			r.block(p.value, p.key, keys{
				"type":      func(r *reading, p pair) { s.Image["type"] = r.word(p, "docker", "azureml") },
				"reference": func(r *reading, p pair) { s.Image["reference"] = r.text(p) },
			}, false)
		},
		"endpoints": func(r *reading, p pair) {
			for _, item := range r.list(p) {
				e := endpoint{Protocol: "http", Name: "connect"}
				r.block(item, "an endpoint", keys{
					"target": func(r *reading, p pair) { e.Target = r.port(p) }, "published": func(r *reading, p pair) { e.Published = r.port(p) },
					"protocol": func(r *reading, p pair) { e.Protocol = r.word(p, "http", "tcp", "udp") },
					"name":     func(r *reading, p pair) { e.Name = r.text(p) },
				}, false)
				if item.mapping != nil && (e.Target == 0 || e.Published == 0) {
					r.mistake(item.place, "an endpoint needs target and published")
				}
				s.Endpoints = append(s.Endpoints, e)
			}
		},
		"environment_variables": func(r *reading, p pair) {
			s.Environment = map[string]variable{}
			for name, value := range r.texts(p) {
				s.Environment[name] = variable{"local", value}
			}
		},
		"bind_mounts": func(r *reading, p pair) {
			for _, item := range r.list(p) {
				v := volume{Type: "bind"}
				r.block(item, "a bind mount", keys{
					"source": func(r *reading, p pair) { v.Source = r.text(p) }, "target": func(r *reading, p pair) { v.Target = r.text(p) },
				}, false)
				if item.mapping != nil && (v.Source == "" || v.Target == "") {
					r.mistake(item.place, "a bind mount needs source and target")
				}
				s.Volumes = append(s.Volumes, v)
			}
		},
	}, false)
	for key, missing := range map[string]bool{"name": s.Name == "", "image: {reference: …}": s.Image["reference"] == "", "endpoints": len(s.Endpoints) == 0} {
		if missing && item.mapping != nil {
			r.mistake(item.place, "an application needs %s", key)
		}
	}
	return s
}

// port reads a port that v2 takes.
func (r *reading) port(p pair) int {
	n := r.whole(p)
	if n < 1025 || n > 65535 {
		r.mistake(p.value.place, "%s is %s; a port is from 1025 to 65535", p.key, strings.TrimSpace(p.value.written))
	}
	return n
}
