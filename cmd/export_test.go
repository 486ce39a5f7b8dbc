package cmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const aKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQClLZWZMIFOMBWBM6LO2rkS9W03wyWkCiZdpAkJWgLWBxMOsoEYim8ms3rAPGbDis2jkDuVHFA5XHqEGTN/BX8I9fPgL1TGTmSooD5NAd6Sw+e2VUJr1iFoh+b5rtBmZ/miQft2wWhdjCZaXxMBbw7UR4XKjTKCiNtR+pvgvb91Ki+1u2U/YI0DW2kMOPHuCfYUbPAwQ1fPf6aeAngMem6NoV36nekv3O+tshMv4p//Z8jMIaBZCDAGJeFJBK6E9JjVOyntPQHu57qdBT7M/4LiwLV1WvoqfYxsS+xnxFRCFfJxrjH8H2ZWnWjyMw5miDj9XKDcIPPTZpHcQrTk/AkFc4siZBjKU+jSMB5v/EhG4cEivH/qlzyZGOwr/9IdS0uL9r/EViy5NN2oGdpT3EJGBmYNsnY9mjqy/ognqrBzFED8q/HtsGALEdw0UdnLPA/7mUUN0bCqJ1y7jmXhEx8OKDb60LIc8ulUSbXUh2nfKtJh4l9Y1LdnCXXLNkuTKPk= test"

// everything are files that together have every key that can be set.
func everything() map[string]string {
	const identities = "/subscriptions/S/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	return map[string]string{
		"the shortest instance": "name: dev\ntype: computeinstance\n",
		"an instance with all that v2 has": `
name: dev
type: computeinstance
description: "it's: for # tests"
tags: {team: vision, n: 42, empty: "", yes: no, "a b": "c: d", "é": ü, multi: "a\nb", bracket: "[x]", two: "[[x"}
size: Standard_DS11_v2
network_settings: {vnet_name: v, subnet: s}
identity:
  type: system_assigned,user_assigned
  user_assigned_identities: [` + identities + `u2, ` + identities + `u1]
ssh_public_access_enabled: false
idle_time_before_shutdown_minutes: 90
schedules:
  compute_start_stop:
    - {action: stop, trigger: {type: cron, expression: 0 19 * * 1-5, time_zone: W. Europe Standard Time}}
    - {action: start, state: disabled, trigger: {type: recurrence, frequency: week, interval: 2, start_time: 2026-01-05T00:00:00, time_zone: UTC, schedule: {week_days: [monday, friday], hours: [8], minutes: [30]}}}
    - {action: stop, trigger: {type: recurrence, frequency: day, interval: 1, schedule: {hours: [20, 22], minutes: [0]}}}
setup_scripts:
  creation_script: {path: Users/me/make.sh, command: --fast x, timeout_minutes: 25}
  startup_script: {path: Users/me/boot.sh}
custom_applications:
  - name: rstudio
    image: {reference: "ghcr.io/me/rstudio:1"}
    endpoints: [{target: 8787, published: 8788}]
    environment_variables: {LICENSE: abc, NUMBER: 7}
    bind_mounts: [{source: /home/azureuser/cloudfiles, target: /data}]
enable_sso: false
enable_root_access: false
enable_os_patching: true
release_quota_on_stop: true
`,
		"an instance with what v2 lacks": `
name: dev
type: computeinstance
stopped: true
application_sharing_policy: Personal
disable_local_auth: true
setup_scripts:
  creation_script: {inline: "#!/bin/sh\n\nif true; then\n  echo \"ü\" # x\nfi\n", timeout: 1.5m}
  startup_script: {inline: "#!/bin/sh\necho 'a: b' | cat\n\n\techo tab", command: a b}
`,
		"an instance for somebody else": "name: dev\ntype: computeinstance\ncreate_on_behalf_of: {user_tenant_id: 00000000-0000-0000-0000-000000000000, user_object_id: 11111111-1111-4111-8111-111111111111}\n",
		"a cluster with all there is": `
name: cpu
type: amlcompute
location: westus2
description: nightly
tags: {a: b}
size: Standard_NC6s_v3
tier: low_priority
min_instances: 1
max_instances: 3
idle_time_before_scale_down: 901
ssh_public_access_enabled: false
network_settings: {subnet: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s}
enable_node_public_ip: false
identity: {type: user_assigned, user_assigned_identities: [{resource_id: ` + identities + `u1}]}
isolated_network: true
os_type: Windows
`,
		"a Kubernetes cluster": `
name: k8s
type: kubernetes
resource_id: /subscriptions/S/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/aks1
namespace: team1
identity: {type: SystemAssigned}
properties: {default_instance_type: small, instance_types: {small: {resources: {requests: {cpu: "1", "nvidia.com/gpu": 1}}}}}
`,
		"a virtual machine": `
name: vm
type: virtualmachine
resource_id: /subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v1
ssh_settings: {admin_username: ops, ssh_port: 2222}
`,
	}
}

// volatile is what differs between two computes made alike.
var volatile = regexp.MustCompile(`"(createdOn|modifiedOn|operationTime|creationTime|modifiedTime|allocationStateTransitionTime|id|privateIpAddress|publicIpAddress|principalId|clientId)": "[^"]*"`)

// Export, delete, apply: the compute is as it was.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for about, text := range everything() {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			b := virtual(t)
			file, again := filepath.Join(b.dir, "a.yml"), filepath.Join(b.dir, "b.yml")
			write := func(path, text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			must := func(args ...string) string {
				t.Helper()
				e := b.run(args...)
				if e.code != 0 {
					t.Fatalf("%s: %d\n%s\n%s", strings.Join(args, " "), e.code, e.out, e.errors)
				}
				return e.out
			}
			write(file, text)
			name := strings.Fields(text)[1]
			if strings.Contains(text, "Users/me/") { // scripts that are in the share
				for _, script := range []string{"make.sh", "boot.sh"} {
					write(filepath.Join(b.dir, script), "#!/bin/sh\necho\n")
				}
				must("create", "seed", "-s", "Standard_DS3_v2", "--setup-script", filepath.Join(b.dir, "make.sh"), "--startup-script", filepath.Join(b.dir, "boot.sh"), "--upload-to", "Users/me/", "-o", "none")
			}
			must("apply", "-f", file, "-o", "none")
			if got := must("apply", "-f", file, "--query", "[].result", "-o", "tsv"); got != "unchanged\n" {
				t.Errorf("the second run says %s", got)
			}
			before, exported := must("show", name, "--raw"), must("export", name, "--ours")
			write(again, exported)
			if got := must("apply", "-f", again, "--query", "[].result", "-o", "tsv"); got != "unchanged\n" {
				t.Errorf("what was exported is %s\n%s", got, exported)
			}
			template := filepath.Join(b.dir, "azuredeploy.json")
			write(template, must("export", name, "--format", "arm"))
			if got := must("apply", "-f", template, "--query", "[].result", "-o", "tsv"); got != "unchanged\n" {
				t.Errorf("the template is %s", got)
			}
			var keys map[string]any
			if err := json.Unmarshal([]byte(must("export", name, "--ours", "-o", "json")), &keys); err != nil || keys["name"] != name {
				t.Errorf("%v, %v", keys, err)
			}
			remove := "delete"
			if strings.Contains(text, "resource_id: /subscriptions/S/resourceGroups/g/providers/Microsoft.Co") {
				remove = "detach"
			}
			must(remove, name, "-y", "-o", "none")
			must("apply", "-f", again, "-o", "none")
			if after := must("show", name, "--raw"); volatile.ReplaceAllString(after, "") != volatile.ReplaceAllString(before, "") {
				t.Errorf("before\n%s\nafter\n%s\nof\n%s", before, after, exported)
			}
			if now := must("export", name, "--ours"); now != exported {
				t.Errorf("exported\n%s\nthen\n%s", exported, now)
			}
		})
	}
}
