package manifest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
)

var here = compute.Workspace{Subscription: "S", ResourceGroup: "rg1", Name: "ws"}

func options() manifest.Options { return manifest.Options{Zone: utc} }

// bodies are files and the request that creates the compute: the examples of
// az ml compute's own pages, with other names.
func bodies() []struct{ about, file, want string } {
	const identities = "/subscriptions/S/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	return []struct{ about, file, want string }{
		{"a cluster of low priority", `
$schema: https://azuremlschemas.azureedge.net/latest/amlCompute.schema.json
name: night
type: amlcompute
description: trains at night
size: Standard_NC6s_v3
tier: low_priority
min_instances: 0
max_instances: 6
idle_time_before_scale_down: 900
location: westus2
tags: {team: vision, cost: 42, version: 1.10, zip: 0042, on: yes}
`, `{"location":"westus2","tags":{"cost":"42","on":"yes","team":"vision","version":"1.10","zip":"0042"},"properties":{"computeType":"AmlCompute","description":"trains at night","properties":{"osType":"Linux","vmSize":"Standard_NC6s_v3","vmPriority":"LowPriority","scaleSettings":{"maxNodeCount":6,"minNodeCount":0,"nodeIdleTimeBeforeScaleDown":"PT900S"}}}}`},
		{"a cluster in a virtual network, with SSH", `
name: net
type: AmlCompute
network_settings: {vnet_name: vn1, subnet: train}
enable_node_public_ip: off
ssh_public_access_enabled: yes
ssh_settings: {admin_username: ops, ssh_key_value: ssh-rsa AAAA me, admin_password: 12345}
`, `{"properties":{"computeType":"AmlCompute","properties":{"osType":"Linux","vmSize":"STANDARD_DS3_V2","remoteLoginPortPublicAccess":"Enabled","enableNodePublicIp":false,"scaleSettings":{"maxNodeCount":1,"minNodeCount":0},"userAccountCredentials":{"adminUserName":"ops","adminUserPassword":"12345","adminUserSshPublicKey":"ssh-rsa AAAA me"},"subnet":{"id":"/subscriptions/S/resourceGroups/rg1/providers/Microsoft.Network/virtualNetworks/vn1/subnets/train"}}}}`},
		{"a cluster with identities, one a plain string", `
name: id
type: amlcompute
identity:
  type: user_assigned
  user_assigned_identities:
    - ` + identities + `u1
    - {resource_id: ` + identities + `u2, client_id: dropped}
`, `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"` + identities + `u1":{},"` + identities + `u2":{}}},"properties":{"computeType":"AmlCompute","properties":{"osType":"Linux","vmSize":"STANDARD_DS3_V2","scaleSettings":{"maxNodeCount":1,"minNodeCount":0}}}}`},
		{"the shortest instance", "name: dev\ntype: computeinstance\n", `{"properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2"}}}`},
		{"an instance for somebody else", `
name: dev
type: computeinstance
size: Standard_DS11_v2
ssh_public_access_enabled: true
ssh_settings: {ssh_key_value: "ssh-rsa AAAA me", admin_username: azureuser, ssh_port: "4000"}
network_settings:
  subnet: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s
  private_ip_address: 10.0.0.4
create_on_behalf_of: {user_tenant_id: t1, user_object_id: o1}
identity: {type: SystemAssigned}
`, `{"identity":{"type":"SystemAssigned"},"properties":{"computeType":"ComputeInstance","properties":{"vmSize":"Standard_DS11_v2","subnet":{"id":"/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s"},"computeInstanceAuthorizationType":"personal","personalComputeInstanceSettings":{"assignedUser":{"objectId":"o1","tenantId":"t1"}},"sshSettings":{"sshPublicAccess":"Enabled","adminPublicKey":"ssh-rsa AAAA me"}}}}`},
		{"an instance with schedules, a time without quotes", `
name: dev
type: computeinstance
idle_time_before_shutdown_minutes: 90
idle_time_before_shutdown: PT1H30M
schedules:
  compute_start_stop:
    - action: stop
      trigger: {type: cron, expression: "0 19 * * 1-5", time_zone: W. Europe Standard Time}
    - action: start
      state: disabled
      schedule_id: c6
      provisioning_state: Completed
      trigger:
        type: recurrence
        frequency: week
        interval: 1
        start_time: 2026-01-05T00:00:00
        time_zone: W. Europe Standard Time
        schedule: {week_days: [monday, friday], hours: [8], minutes: [30]}
`, `{"properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2","schedules":{"computeStartStop":[{"action":"Stop","cron":{"expression":"0 19 * * 1-5","timeZone":"W. Europe Standard Time"},"status":"Enabled","triggerType":"Cron"},{"action":"Start","recurrence":{"frequency":"Week","interval":1,"schedule":{"hours":[8],"minutes":[30],"weekDays":["Monday","Friday"]},"startTime":"2026-01-05T00:00:00","timeZone":"W. Europe Standard Time"},"status":"Disabled","triggerType":"Recurrence"}]},"idleTimeBeforeShutdown":"PT90M"}}}`},
		{"scripts without a timeout, and switches", `
name: dev
type: computeinstance
idle_time_before_shutdown: PT45M
setup_scripts:
  creation_script: {path: Users/me/make.sh, command: --fast, timeout_minutes: 25}
  startup_script: {path: Users/me/boot.sh}
enable_sso: false
enable_root_access: false
enable_os_patching: true
release_quota_on_stop: true
`, `{"properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2","enableSSO":false,"enableRootAccess":false,"enableOSPatching":true,"releaseQuotaOnStop":true,"setupScripts":{"scripts":{"creationScript":{"scriptSource":"workspaceStorage","scriptData":"Users/me/make.sh","scriptArguments":"--fast","timeout":"25m"},"startupScript":{"scriptSource":"workspaceStorage","scriptData":"Users/me/boot.sh"}}},"idleTimeBeforeShutdown":"PT45M"}}}`},
		{"an application", `
name: dev
type: computeinstance
custom_applications:
  - name: rstudio
    type: docker
    image: {reference: "ghcr.io/me/rstudio:1"}
    endpoints: [{target: 8787, published: 8788}]
    environment_variables: {LICENSE: abc}
    bind_mounts: [{source: /home/azureuser/cloudfiles, target: /data}]
`, `{"properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2","customServices":[{"type":"docker","name":"rstudio","image":{"reference":"ghcr.io/me/rstudio:1","type":"docker"},"environmentVariables":{"LICENSE":{"type":"local","value":"abc"}},"docker":{"privileged":true},"endpoints":[{"protocol":"http","name":"connect","target":8787,"published":8788}],"volumes":[{"type":"bind","readOnly":false,"source":"/home/azureuser/cloudfiles","target":"/data"}]}]}}}`},
		{"a Kubernetes cluster", `
name: k8s
type: kubernetes
resource_id: /subscriptions/S/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/aks1
namespace: team1
identity: {type: SystemAssigned}
properties: {default_instance_type: small, instance_types: {small: {resources: {requests: {cpu: "1"}}}}}
`, `{"identity":{"type":"SystemAssigned"},"properties":{"computeType":"Kubernetes","resourceId":"/subscriptions/S/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/aks1","properties":{"namespace":"team1","defaultInstanceType":"small","instanceTypes":{"small":{"resources":{"requests":{"cpu":"1"}}}}}}}`},
		{"a virtual machine", `
name: vm
type: virtualmachine
resource_id: /subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v1
ssh_settings: {admin_username: ops, ssh_port: 2222, ssh_private_key_file: keys/id_rsa}
`, `{"properties":{"computeType":"VirtualMachine","resourceId":"/subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v1","properties":{"sshPort":2222,"administratorAccount":{"username":"ops"}}}}`},
		{"a Spark pool", `
name: spark
type: synapsespark
resource_id: /subscriptions/S/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w/bigDataPools/p
identity: {type: system_assigned}
`, `{"identity":{"type":"SystemAssigned"},"properties":{"computeType":"SynapseSpark","resourceId":"/subscriptions/S/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w/bigDataPools/p"}}`},
		{"the service's body", `{"id": "/subscriptions/x/computes/dev", "name": "dev", "type": "Microsoft.MachineLearningServices/workspaces/computes", "location": "eastus", "identity": null, "tags": {"a": "b"},
"properties": {"computeType": "ComputeInstance", "provisioningState": "Succeeded", "disableLocalAuth": true, "description": null, "properties": {"VMSize": "STANDARD_DS3_V2", "subnet": {"id": null},
"state": "Stopped", "schedules": null, "idleTimeBeforeShutdown": "PT30M", "tomorrow": null, "customServices": [], "sshSettings": {"sshPublicAccess": "Disabled", "adminPublicKey": null, "sshPort": 4000}}}}`,
			`{"tags":{"a":"b"},"properties":{"computeType":"ComputeInstance","disableLocalAuth":true,"properties":{"vmSize":"STANDARD_DS3_V2","customServices":[],"sshSettings":{"sshPublicAccess":"Disabled"},"idleTimeBeforeShutdown":"PT30M"}}}`},
		{"what show prints", `{"computeType": "ComputeInstance", "name": "dev", "vmSize": "STANDARD_DS3_V2", "state": "Running", "idleShutdown": "1h", "tags": {}, "nextStop": null, "errors": [], "owner": "me"}`,
			`{"properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2","idleTimeBeforeShutdown":"PT60M"}}}`},
		{"what az prints of a cluster", `
enable_node_public_ip: true
id: /subscriptions/x
idle_time_before_scale_down: 120
location: eastus
max_instances: 4
min_instances: 0
name: c1
network_settings: {}
provisioning_state: Succeeded
resourceGroup: rg1
size: STANDARD_DS3_V2
ssh_public_access_enabled: true
tier: dedicated
type: amlcompute
`, `{"location":"eastus","properties":{"computeType":"AmlCompute","properties":{"osType":"Linux","vmSize":"STANDARD_DS3_V2","vmPriority":"Dedicated","remoteLoginPortPublicAccess":"Enabled","enableNodePublicIp":true,"scaleSettings":{"maxNodeCount":4,"minNodeCount":0,"nodeIdleTimeBeforeScaleDown":"PT120S"}}}}`},
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	for _, c := range bodies() {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			read, err := manifest.Read([]byte(c.file), options())
			if err != nil || len(read.Documents) != 1 {
				t.Fatalf("%v, %v", read, err)
			}
			d := read.Documents[0]
			body, err := json.Marshal(d.Create(here))
			if err != nil || string(body) != c.want {
				t.Errorf("got\n%s\nwant\n%s (%v)", body, c.want, err)
			}
			if d.Name == "" {
				t.Error("no name")
			}
		})
	}
}

// Our keys stand beside v2's.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	read, err := manifest.Read([]byte(`
name: dev
type: computeinstance
hours: [mon-fri 09:00-18:00]
time_zone: Europe/Berlin
assign_to: ada@example.com
stopped: true
workspace: w
resource_group: g
subscription: s
`), options())
	if err != nil {
		t.Fatal(err)
	}
	d := read.Documents[0]
	if d.AssignTo != "ada@example.com" || !d.Stopped || d.Workspace != "w" || d.ResourceGroup != "g" || d.Subscription != "s" || len(d.Spec.Instance.Schedules) != 2 {
		t.Errorf("%+v", d)
	}
	if at := d.Where(compute.FieldSchedules, "f"); at != "f:4:1" {
		t.Errorf("schedules are at %s", at)
	}
	if at := d.Where("vmSize", "f"); at != "f:2:1" {
		t.Errorf("what is not given is at %s", at)
	}
}

// Every mistake is one line with its place, and the key that was meant.
func TestMistakes(t *testing.T) {
	t.Parallel()
	instance := "name: dev\ntype: computeinstance\n"
	cluster := "name: cpu\ntype: amlcompute\n"
	for _, c := range []struct{ file, want string }{
		{instance + "siz: x\n", `f:3:1: this computeinstance has the key "siz"; did you mean size?`},
		{cluster + "maxInstances: 4\n", `f:3:1: this amlcompute has the key "maxInstances"; did you mean max_instances?`},
		{instance + "idle_time_before_scale_down: 1800\n", `f:3:1: this computeinstance has the key "idle_time_before_scale_down", which is for clusters; write idle_time_before_shutdown_minutes`},
		{cluster + "idle_time_before_shutdown_minutes: 30\n", `which is for instances; write idle_time_before_scale_down, in seconds`},
		{instance + "namespace: x\n", `has the key "namespace", which is a key of kubernetes only`},
		{instance + "flavour: x\n", `has the key "flavour", which is unknown; the keys are application_sharing_policy, assign_to, create_on_behalf_of`},
		{instance + "network_settings: {vnet: a}\n", `f:3:20: network_settings has the key "vnet"; did you mean vnet_name?`},
		{cluster + "tier: LowPriority\n", `f:3:7: tier is "LowPriority"; did you mean low_priority?`},
		{cluster + "min_instances: 1.5\n", `f:3:16: min_instances is 1.5, not a whole number`},
		{cluster + "min_instances: 3\nmax_instances: 2\n", `a cluster cannot have at least 3 and at most 2 nodes`},
		{cluster + "max_instances: -1\n", `f:3:16: max_instances cannot be below 0`},
		{instance + "enable_sso: maybe\n", `f:3:13: enable_sso is "maybe"; write true or false`},
		{instance + "tags: [a=b]\n", `f:3:7: tags is a list, not a block of keys`},
		{instance + "tags: {a: [1]}\n", `f:3:11: a is a list, not text`},
		{instance + "size:\n", `f:3:1: size has no value: give one, or leave the key out`},
		{instance + "idle_time_before_shutdown_minutes: 5\n", `must be whole minutes from 15 minutes to 3 days, and it is 5`},
		{instance + "idle_time_before_shutdown: 1h\n", `write an ISO 8601 duration such as PT45M`},
		{instance + "schedules: {compute_start_stop: [{action: halt, trigger: {type: cron, expression: 0 19 * * *}}]}\n", `f:3:`},
		{instance + "hours: mon-fry 9-17\n", `f:3:8: `},
		{instance + "time_zone: Europe/Berlin\n", `f:3:12: time_zone needs hours or schedules`},
		{instance + "assign_to: a@b\ncreate_on_behalf_of: {user_tenant_id: t, user_object_id: o}\n", `give either assign_to or create_on_behalf_of`},
		{instance + "create_on_behalf_of: {user_object_id: o}\n", `needs both the object id and the tenant id`},
		{instance + "network_settings: {subnet: train}\n", `subnet is the name "train": give vnet_name too`},
		{instance + "network_settings: {vnet_name: v}\n", `a subnet is needed beside vnet_name`},
		{instance + "identity: {type: user_assigned}\n", `names no user-assigned identity`},
		{instance + "identity: {type: managed}\n", `the type of the identity is "managed"`},
		{instance + "setup_scripts: {creation_script: {command: x}}\n", `creation_script needs path`},
		{instance + "setup_scripts: {setup_script: {path: x}}\n", `has the key "setup_script"`},
		{instance + "custom_applications: [{name: a, image: {reference: r}, endpoints: [{target: 80, published: 8080}]}]\n", `target is 80; a port is from 1025 to 65535`},
		{instance + "custom_applications: [{name: a, endpoints: [{target: 8080, published: 8080}]}]\n", `an application needs image: {reference: …}`},
		{"type: computeinstance\n", `f:1:1: this compute has no name; give the key name`},
		{"name: dev\nsize: Standard_DS3_v2\n", `f:1:1: this compute has no type; write type: and one of computeinstance, amlcompute, kubernetes, virtualmachine, synapsespark`},
		{"name: dev\ntype: computeinstanse\n", `f:2:7: the type is "computeinstanse"; did you mean computeinstance?`},
		{"name: dev\ntype: aks\nsize: x\n", `f:2:7: the type is "aks", and files can have`},
		{"name: k\ntype: kubernetes\n", `this compute has no resource_id, which a compute of type kubernetes needs`},
		{"name: dev\nname: dev2\ntype: computeinstance\n", `f:2:1: the key "name" occurs twice`},
		{"{\"name\": \"dev\",\n \"type\": \"computeinstance\",\n \"siz\": 1}", `f:3:2: this computeinstance has the key "siz"; did you mean size?`},
		{`{"name": "dev", "properties": {"computeType": "ComputeInstance", "properties": {"vmSizes": "x"}}}`, `f:1:81: the computeinstance has the key "vmSizes"; did you mean vmSize?`},
		{`{"name": "dev", "properties": {"computeType": "AKS", "properties": {}}}`, `f:1:47: the type is "AKS", and files can have`},
		{`{"name": "dev", "properties": {"computeType": "ComputeInstance", "properties": {"setupScripts": {"scripts": {"creationScript": {"scriptSource": "inline"}}}}}}`, `creationScript has no scriptData`},
		{"hello\n", `f:1:1: this is "hello", not the keys of a compute`},
	} {
		_, err := manifest.Read([]byte(c.file), options())
		var list manifest.ErrorList
		if !errors.As(err, &list) {
			t.Errorf("%s\nis read: %v", c.file, err)
			continue
		}
		var all []string
		for _, m := range list {
			all = append(all, m.In("f"))
			if strings.Contains(m.In("f"), "\n") {
				t.Errorf("%q has several lines", m.In("f"))
			}
		}
		if got := strings.Join(all, "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.file, got, c.want)
		}
	}
}

// All mistakes of a file are told at once, in its order.
func TestAllMistakes(t *testing.T) {
	t.Parallel()
	_, err := manifest.Read([]byte("name: a\ntype: amlcompute\nmin_instances: x\nsiz: y\n---\ntype: computeinstance\nhours: never\n"), options())
	var list manifest.ErrorList
	if !errors.As(err, &list) || len(list) != 4 || list[0].Line != 3 || list[1].Line != 4 || list[2].Line != 6 || list[3].Line != 7 {
		t.Errorf("%v", err)
	}
}

// Jobs and other files of a folder are no computes, and are counted.
func TestOthers(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json\ncommand: python train.py\ncompute: azureml:cpu\n",
		"type: pipeline\njobs: {}\n",
		"on: push\njobs: {build: {runs-on: ubuntu-latest}}\n",
		"name: data\ntype: uri_folder\npath: x\n",
		`{"compilerOptions": {}}`,
	} {
		read, err := manifest.Read([]byte(file), options())
		if err != nil || len(read.Documents) != 0 || read.Others != 1 {
			t.Errorf("%s\nis read as %v, %v", file, read, err)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	o := options()
	file := []byte("type: computeinstance\nschedules: {compute_start_stop: [{action: stop, trigger: {type: cron, expression: 0 19 * * *}}]}\n")
	sets := func(pairs ...string) (out []manifest.Assignment) {
		for _, pair := range pairs {
			key, value, _ := strings.Cut(pair, "=")
			out = append(out, manifest.Assignment{Key: key, Value: value, Source: "--set " + key})
		}
		return out
	}
	o.Set = sets("name=dev", "tags.team=a=b", "enable_sso=false", "schedules.compute_start_stop[0].action=start", "idle_time_before_shutdown_minutes=30")
	read, err := manifest.Read(file, o)
	if err != nil {
		t.Fatal(err)
	}
	d := read.Documents[0]
	i := d.Spec.Instance
	if d.Name != "dev" || d.Spec.Tags["team"] != "a=b" || *i.EnableSSO || i.Schedules[0].Entry.Action != "Start" || i.IdleShutdown.Minutes() != 30 {
		t.Errorf("%+v %+v", d, i)
	}
	for set, want := range map[string]string{
		"=1":               `--set : "" is not the path of a key`,
		"type.x=1":         "--set type.x: the file has no keys below type, as type.x needs",
		"a[0]=1":           "--set a[0]: there is no element [0] in the file for a[0]",
		"siz=x":            `--set siz: this computeinstance has the key "siz"; did you mean size?`,
		"schedules=":       "--set schedules: schedules is",
		"enable_sso=maybe": "--set enable_sso: enable_sso is",
	} {
		o.Set = sets("name=dev", set)
		if _, err := manifest.Read(file, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: %v, want %s", set, err, want)
		}
	}
}

// A skipped schedule is as the file asks for it; another one is not.
func TestOver(t *testing.T) {
	t.Parallel()
	read, err := manifest.Read([]byte("name: dev\ntype: computeinstance\nschedules: {compute_start_stop: [{action: stop, trigger: {type: cron, expression: 0 19 * * *}}]}\n"), options())
	if err != nil {
		t.Fatal(err)
	}
	have := func(start, expression string) *compute.Compute {
		c, err := compute.Decode([]byte(`{"name": "dev", "location": "eastus", "properties": {"computeType": "ComputeInstance", "properties": {"vmSize": "x", "schedules": {"computeStartStop": [
			{"id": "1", "status": "Enabled", "action": "Stop", "triggerType": "Cron", "cron": {"expression": "` + expression + `", "startTime": "` + start + `"}}]}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	skipped, other := have("2030-01-01T00:00:00", "0 19 * * *"), have("2030-01-01T00:00:00", "0 18 * * *")
	if list := compute.Differences(skipped, read.Documents[0].Over(here, skipped)); len(list) != 0 {
		t.Errorf("a skip is a difference: %v", list)
	}
	if list := compute.Differences(other, read.Documents[0].Over(here, other)); len(list) != 1 {
		t.Errorf("%v", list)
	}
	cluster, err := manifest.Read([]byte("name: cpu\ntype: amlcompute\nmax_instances: 2\n"), options())
	if err != nil {
		t.Fatal(err)
	}
	c, err := compute.Decode([]byte(`{"name": "cpu", "location": "eastus", "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "y", "scaleSettings": {"minNodeCount": 1, "maxNodeCount": 2}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if list := compute.Differences(c, cluster.Documents[0].Over(here, c)); len(list) != 0 {
		t.Errorf("what the file leaves out differs: %v", list)
	}
}

func FuzzComputes(f *testing.F) {
	for _, c := range bodies() {
		f.Add([]byte(c.file))
	}
	for _, file := range shapes() {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := manifest.Read(data, options())
		var list manifest.ErrorList
		if err != nil && (!errors.As(err, &list) || len(list) == 0) {
			t.Fatalf("%T is not a list of mistakes", err)
		}
		for _, d := range read.Documents {
			if d.Name == "" || d.Spec.Type() == "" {
				t.Fatalf("%+v has no name or type", d)
			}
			if _, err := json.Marshal(d.Create(here)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
