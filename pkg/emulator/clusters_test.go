package emulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

func cluster(scale, more string) string {
	return `{"location":"eastus","properties":{"computeType":"AmlCompute","properties":{"vmSize":"STANDARD_NC6","scaleSettings":` + scale + more + `}}}`
}

// counts returns current and target node counts, the allocation state, and how
// many nodes are preparing, idle, running and leaving.
func (r *rig) counts(name string) [7]any {
	r.t.Helper()
	c := r.show(name)
	n := func(state string) any { return c.inner("nodeStateCounts", state+"NodeCount") }
	return [7]any{c.inner("currentNodeCount"), c.inner("targetNodeCount"), c.inner("allocationState"), n("preparing"), n("idle"), n("running"), n("leaving")}
}

// The specification's example of a PUT on a cluster sends scale settings alone.
func TestClusterPutAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	bare := `{"properties":{"computeType":"AmlCompute","properties":{"scaleSettings":{"minNodeCount":1,"maxNodeCount":3}}}}`
	r.want("a new one without a size", r.at(stable, "PUT", "/computes/fleet", bare).status, 400)
	r.do(stable, "PUT", "/computes/fleet", cluster(`{"maxNodeCount":2}`, `,"vmPriority":"LowPriority"`))
	r.want("one that is there", r.at(stable, "PUT", "/computes/fleet", bare).status, 200)
	got := r.show("fleet")
	r.want("vmSize", got.inner("vmSize"), "STANDARD_NC6")
	r.want("vmPriority", got.inner("vmPriority"), "LowPriority")
	r.want("maxNodeCount", got.inner("scaleSettings", "maxNodeCount"), 3.0)
}

// The rule of instances is not that of clusters, and neither is its message.
func TestClusterNames(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	for _, name := range []string{"cpu-cluster-4", "gpu-v100-8", "ab", "cpu_1"} {
		r.want(name, r.at(stable, "PUT", "/computes/"+name, cluster(`{"maxNodeCount":1}`, "")).status, 201)
	}
	for _, name := range []string{"1st", "a.b", "a%20b", "%E2%80%93yes", strings.Repeat("x", 65)} {
		refused := r.at(stable, "PUT", "/computes/"+name, cluster(`{"maxNodeCount":1}`, ""))
		r.want(name, refused.status, 400)
		if message := fmt.Sprint(refused.get("error", "message")); !strings.Contains(message, "type AmlCompute") || strings.Contains(message, "Instance") {
			t.Errorf("%s: %s", name, message)
		}
	}
}

func TestClusterNodes(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	made := r.do(stable, "PUT", "/computes/fleet", cluster(`{"minNodeCount":1,"maxNodeCount":4,"nodeIdleTimeBeforeScaleDown":"PT600S"}`, ""))
	r.want("PUT", made.status, 201)
	r.want("provisioningState", made.get("properties", "provisioningState"), "Creating")
	check := func(what string, want [7]any) {
		t.Helper()
		if got := r.counts("fleet"); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("while it is created", [7]any{0.0, 1.0, "Steady", 0.0, 0.0, 0.0, 0.0})
	r.clock.Advance(time.Minute)
	check("the least nodes come", [7]any{1.0, 1.0, "Resizing", 1.0, 0.0, 0.0, 0.0})
	r.clock.Advance(5 * time.Minute)
	check("they are there", [7]any{1.0, 1.0, "Steady", 0.0, 1.0, 0.0, 0.0})

	r.set("fleet", `"jobs":9`)
	check("jobs take the idle node and ask for the most", [7]any{4.0, 4.0, "Resizing", 3.0, 0.0, 1.0, 0.0})
	r.clock.Advance(5 * time.Minute)
	check("they run", [7]any{4.0, 4.0, "Steady", 0.0, 0.0, 4.0, 0.0})
	nodes := r.do(stable, "POST", "/computes/fleet/listNodes", "").get("nodes").([]any)
	node := nodes[3].(map[string]any)
	if node["nodeState"] != "running" || node["runId"] == nil || node["port"] != 50003.0 || len(node["nodeId"].(string)) < 10 {
		t.Errorf("node = %v", node)
	}
	r.set("fleet", `"jobs":0`)
	check("jobs end", [7]any{4.0, 4.0, "Steady", 0.0, 4.0, 0.0, 0.0})
	r.clock.Advance(10*time.Minute - time.Second)
	check("just before they have idled enough", [7]any{4.0, 4.0, "Steady", 0.0, 4.0, 0.0, 0.0})
	r.clock.Advance(time.Second)
	check("surplus nodes leave", [7]any{4.0, 1.0, "Resizing", 0.0, 1.0, 0.0, 3.0})
	r.clock.Advance(time.Minute)
	check("they are gone", [7]any{1.0, 1.0, "Steady", 0.0, 1.0, 0.0, 0.0})
}

func TestClusterChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.do(stable, "PUT", "/computes/fleet", cluster(`{"maxNodeCount":4}`, ""))
	r.want("idle time when none is given", r.show("fleet").inner("scaleSettings", "nodeIdleTimeBeforeScaleDown"), "PT120S")

	a := r.do(stable, "PATCH", "/computes/fleet", `{"properties":{"properties":{"scaleSettings":{"minNodeCount":1,"maxNodeCount":6,"nodeIdleTimeBeforeScaleDown":"PT1800S"}}}}`)
	r.want("PATCH status", a.status, 200)
	r.want("PATCH provisioningState", a.get("properties", "provisioningState"), "Updating")
	if a.header.Get("Azure-AsyncOperation") == "" {
		t.Error("PATCH has no operation")
	}
	got := r.show("fleet")
	r.want("max", got.inner("scaleSettings", "maxNodeCount"), 6.0)
	r.want("idle", got.inner("scaleSettings", "nodeIdleTimeBeforeScaleDown"), "PT1800S")
	r.want("provisioningState", got.get("properties", "provisioningState"), "Succeeded")

	again := r.do(stable, "PUT", "/computes/fleet", cluster(`{"maxNodeCount":2,"minNodeCount":1}`, ""))
	r.want("PUT again", again.status, 200)
	r.want("nodes are kept", r.show("fleet").inner("currentNodeCount"), 1.0)
	for name, bad := range map[string]string{
		"min above max": `{"minNodeCount":3,"maxNodeCount":2}`, "negative": `{"minNodeCount":-1}`, "not a duration": `{"nodeIdleTimeBeforeScaleDown":"120"}`,
	} {
		r.want(name, r.at(stable, "PATCH", "/computes/fleet", `{"properties":{"properties":{"scaleSettings":`+bad+`}}}`).status, 400)
	}
	r.want("max is as it was", r.show("fleet").inner("scaleSettings", "maxNodeCount"), 2.0)
}

func TestClusterIdentity(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	const one, two = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one", "/subscriptions/s/two"
	body := strings.Replace(cluster(`{"maxNodeCount":1}`, ""), "{", `{"identity":{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"`+one+`":{}}},`, 1)
	r.do(stable, "PUT", "/computes/fleet", body)
	who := func() map[string]any { m, _ := r.show("fleet").get("identity").(map[string]any); return m }
	r.want("type", who()["type"], "SystemAssigned,UserAssigned")
	if id, _ := who()["principalId"].(string); len(id) != 36 {
		t.Errorf("principalId = %q", id)
	}
	users := func() map[string]any { m, _ := who()["userAssignedIdentities"].(map[string]any); return m }
	patch := func(identity string) int {
		return r.at(stable, "PATCH", "/computes/fleet", `{"identity":`+identity+`}`).status
	}
	r.want("add", patch(`{"type":"UserAssigned","userAssignedIdentities":{"`+two+`":{}}}`), 200)
	r.want("number of identities", len(users()), 2)
	r.want("principalId without a system identity", who()["principalId"], nil)
	r.want("remove one", patch(`{"type":"UserAssigned","userAssignedIdentities":{"`+one+`":null}}`), 200)
	if len(users()) != 1 || users()[two] == nil {
		t.Errorf("identities = %v", users())
	}
	r.want("none left", patch(`{"type":"UserAssigned","userAssignedIdentities":{"`+two+`":null}}`), 400)
	r.want("an unknown type", patch(`{"type":"Magic"}`), 400)
	r.want("None", patch(`{"type":"None"}`), 200)
	r.want("identity", r.show("fleet").get("identity"), nil)
}

func TestLowPriorityAndPreemption(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.do(stable, "PUT", "/computes/fleet", cluster(`{"minNodeCount":2,"maxNodeCount":2}`, `,"vmPriority":"lowpriority"`))
	r.want("priority", r.show("fleet").inner("vmPriority"), "LowPriority")
	r.want("regional low priority", r.usage("Total Cluster LowPriority Regional vCPUs"), 12.0)
	r.want("regional dedicated", r.usage("Total Cluster Dedicated Regional vCPUs"), 0.0)
	r.want("dedicated", r.usage("Standard NC Family Cluster Dedicated vCPUs"), 0.0)
	r.want("low priority of the family", r.usage("Standard NC Family Cluster LowPriority vCPUs"), 12.0)
	r.set("fleet", `"state":"preempted"`)
	r.want("nodes come back", r.counts("fleet"), [7]any{2.0, 2.0, "Steady", 0.0, 2.0, 0.0, 0.0})
}

// What a cluster is to have at least is held before its nodes are there.
func TestQuotaOfNodesToCome(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.do(stable, "PUT", "/computes/fleet", cluster(`{"minNodeCount":2,"maxNodeCount":2}`, ""))
	r.want("dedicated", r.usage("Total Cluster Dedicated Regional vCPUs"), 12.0)
}

// usage is the current value of the first row of a name.
func (r *rig) usage(name string) any {
	r.t.Helper()
	a := r.send("GET", host+locationPath+"usages?api-version="+stable, "")
	for _, v := range a.get("value").([]any) {
		row := v.(map[string]any)
		if row["name"].(map[string]any)["value"] == name {
			return row["currentValue"]
		}
	}
	return "no such row"
}

// A workspace's share of a family binds it alone.
func TestWorkspaceQuota(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	row := "Standard_DSv2_Family_Cluster_Dedicated_vCPUs"
	set := func(id string, limit int) any {
		a := r.send("POST", host+locationPath+"updateQuotas?api-version="+stable, fmt.Sprintf(`{"value":[{"id":%q,"type":"x","limit":%d,"unit":"Count"}]}`, id, limit))
		list, _ := a.get("value").([]any)
		if len(list) != 1 {
			t.Fatalf("updateQuotas: %d %s", a.status, a.text)
		}
		return list[0].(map[string]any)["status"] //nolint:forcetypeassert // a panic fails the test as well
	}
	r.want("more than the subscription has", set(workspacePath+"/quotas/"+row, 101), "InvalidQuotaExceedsSubscriptionLimit")
	r.want("a share", set(workspacePath+"/quotas/"+row, 6), "Success")
	r.want("4 of 6", r.at(stable, "PUT", "/computes/one", instance("STANDARD_DS3_V2", "")).status, 201)
	r.want("8 of 6", r.at(stable, "PUT", "/computes/two", instance("STANDARD_DS3_V2", "")).status, 400)
	r.want("another family", r.at(stable, "PUT", "/computes/two", instance("STANDARD_D3_V2", "")).status, 201)
	r.want("less than is held", set(workspacePath+"/quotas/"+row, 3), "InvalidQuotaBelowClusterMinimum")
	elsewhere := host + strings.Replace(workspacePath, "local-ws", "other-ws", 1)
	r.want("another workspace", r.send("PUT", elsewhere+"/computes/six?api-version="+stable, instance("STANDARD_DS4_V2", "")).status, 201)
	quotas := r.send("GET", host+locationPath+"quotas?api-version="+stable, "").text
	usages := r.send("GET", host+locationPath+"usages?api-version="+stable, "").text
	for _, c := range [][2]string{
		{quotas, `{"id":"/subscriptions/` + emulator.Subscription + `/quotas/` + row + `","type":"Microsoft.MachineLearningServices/vmFamily/quotas","limit":100,`},
		{quotas, `{"id":"` + workspacePath + `/quotas/` + row + `","type":"Microsoft.MachineLearningServices/workspaces/quotas","limit":6,`},
		{usages, `{"id":"` + workspacePath + `/usages/` + row + `","type":"Microsoft.MachineLearningServices/workspaces/usages","currentValue":4,"limit":6,`},
	} {
		if !strings.Contains(c[0], c[1]) {
			t.Errorf("%s\nis not in %s", c[1], c[0])
		}
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{FamilyCores: 10})
	put := func(name, size string) answer { return r.at(stable, "PUT", "/computes/"+name, instance(size, "")) }
	r.want("8 of 10", put("one", "STANDARD_DS4_V2").status, 201)
	a := put("two", "STANDARD_DS3_V2")
	r.want("4 more", a.status, 400)
	r.want("code", a.code(), "BadRequest")
	r.want("message", a.get("error", "message"),
		"The specified subscription has a total vCPU quota of 2 and cannot accomodate for at least 1 requested "+ //nolint:misspell // as the service has it
			"managed compute node which maps to 4 vCPUs.")
	r.want("2 more fit", put("three", "STANDARD_DS2_V2").status, 201)
	r.want("another family", put("four", "STANDARD_D4_V2").status, 201)
	r.do(stable, "POST", "/computes/one/stop", "")
	r.want("a stopped instance holds on", put("five", "STANDARD_DS1_V2").status, 400)
	r.do(stable, "DELETE", "/computes/one?underlyingResourceAction=Delete", "")
	r.want("a deleted one does not", put("five", "STANDARD_DS1_V2").status, 201)

	// Rows nest: region, family, workspace, compute.
	r.want("clusters", r.usage("Clusters"), 3.0)
	r.want("regional", r.usage("Total Cluster Dedicated Regional vCPUs"), 11.0)
	text := r.send("GET", host+locationPath+"usages?api-version="+stable, "").text
	name := `"name":{"localizedValue":"Standard DSv2 Family Cluster Dedicated vCPUs","value":"Standard DSv2 Family Cluster Dedicated vCPUs"},"unit":"Count"}`
	row := "Standard_DSv2_Family_Cluster_Dedicated_vCPUs"
	for _, want := range []string{
		`{"id":"/subscriptions/` + emulator.Subscription + `/usages/` + row + `","type":"Microsoft.MachineLearningServices/vmFamily/usages","currentValue":3,"limit":10,` + name,
		`{"id":"` + workspacePath + `/usages/` + row + `","type":"Microsoft.MachineLearningServices/workspaces/usages","currentValue":3,"limit":10,` + name,
		`{"id":"` + workspacePath + `/computes/three/usages/` + row + `","type":"Microsoft.MachineLearningServices/workspaces/computes/usages","currentValue":2,"limit":10,` + name,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("usages lack %s", want)
		}
	}

	// A flag of the preview lets go of the quota with the stop, and start may find none.
	r.do(preview, "PUT", "/computes/six", instance("STANDARD_D2_V2", `"releaseQuotaOnStop":true`))
	r.do(stable, "POST", "/computes/six/stop", "")
	r.want("released", put("seven", "STANDARD_D2_V2").status, 201)
	r.want("start", r.at(stable, "POST", "/computes/six/start", "").status, 400)

	// A cluster holds its least nodes from the start, and gets no more than fit.
	r.do(stable, "PUT", "/computes/fleet", strings.Replace(cluster(`{"minNodeCount":1,"maxNodeCount":4}`, ""), "NC6", "NC6S_V3", 1))
	r.want("one node is there", r.counts("fleet")[0], 1.0)
	r.set("fleet", `"jobs":4`)
	r.want("a second does not fit", r.counts("fleet")[0], 1.0)
	if e, _ := r.show("fleet").inner("errors").([]any); len(e) != 1 {
		t.Errorf("errors = %v", e)
	}
	r.want("more at once", r.at(stable, "PUT", "/computes/farm2", cluster(`{"minNodeCount":2,"maxNodeCount":4}`, "")).status, 400)
}

// A compute can be in another region than its workspace; names and quota count
// where it is.
func TestComputeLocation(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	a := r.do(stable, "PUT", "/computes/fleet", strings.Replace(cluster(`{"minNodeCount":1,"maxNodeCount":2}`, ""), `"computeType"`, `"computeLocation":"West US","computeType"`, 1))
	if op := a.header.Get("Azure-AsyncOperation"); !strings.Contains(op, "/locations/westus/") {
		t.Errorf("operation %.200s is not in the compute's region", op)
	}
	got := r.show("fleet")
	r.want("location", got.get("location"), "eastus")
	r.want("computeLocation", got.get("properties", "computeLocation"), "westus")
	r.want("usage in the workspace's region", r.usage("Standard NC Family Cluster Dedicated vCPUs"), 0.0)
}

// The number of computes in a region is found to be too high only later, under
// HTTP 200.
func TestTooManyComputes(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{FamilyCores: 1000})
	entry := strings.TrimSuffix(r.create("first", "").text, "\n")
	var all []string
	for n := range 500 {
		all = append(all, strings.ReplaceAll(entry, "computes/first", "computes/n"+strings.Repeat("x", n%3)+string(rune('a'+n%26))+string(rune('a'+n/26))))
	}
	r.admin("POST", "load", "["+strings.Join(all, ",")+"]")
	made := r.create("last", "")
	poll := r.send("GET", made.header.Get("Azure-AsyncOperation"), "")
	r.want("HTTP status", poll.status, 200)
	r.want("status", poll.get("status"), "Failed")
	if m, _ := poll.get("error", "message").(string); !strings.Contains(m, "exceeding quota limits of Microsoft.Batchlusters") {
		t.Errorf("message %q", m)
	}
	got := r.show("last")
	r.want("state", got.inner("state"), "CreateFailed")
	r.want("provisioningState", got.get("properties", "provisioningState"), "Failed")
	r.want("provisioningErrors", len(got.get("properties", "provisioningErrors").([]any)), 1)
	r.want("operationStatus", got.inner("lastOperation", "operationStatus"), "CreateFailed")
}

func TestAttachedComputes(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	const id = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ContainerService/managedClusters/k"
	r.do(stable, "PUT", "/computes/aks", `{"properties":{"computeType":"aks","resourceId":"`+id+`"}}`)
	got := r.show("aks")
	r.want("type", got.get("properties", "computeType"), "AKS")
	r.want("attached", got.get("properties", "isAttachedCompute"), true)
	r.want("resourceId", got.get("properties", "resourceId"), id)
	r.do(stable, "PUT", "/computes/own", `{"properties":{"computeType":"AKS","properties":{"agentCount":5}}}`)
	got = r.show("own")
	r.want("made, not attached", got.get("properties", "isAttachedCompute"), false)
	r.want("agentCount", got.inner("agentCount"), 5.0)
	r.want("agentVmSize", got.inner("agentVmSize"), "Standard_D3_v2")
	r.do(stable, "PUT", "/computes/own", `{"properties":{"computeType":"AKS","properties":{"loadBalancerType":"InternalLoadBalancer"}}}`)
	got = r.show("own")
	r.want("what an update does not say", got.inner("agentCount"), 5.0)
	r.want("what it says", got.inner("loadBalancerType"), "InternalLoadBalancer")
	r.do(stable, "PUT", "/computes/k8s", `{"properties":{"computeType":"Kubernetes","resourceId":"`+id+`"}}`)
	r.want("namespace", r.show("k8s").inner("namespace"), "default")

	keys := r.do(stable, "POST", "/computes/aks/listKeys", "")
	if cfg, _ := keys.get("adminKubeConfig").(string); !strings.Contains(cfg, "kind: Config\n") || !strings.Contains(cfg, "client-key-data: ") {
		t.Errorf("kubeconfig = %q", cfg)
	}
	a := r.do(stable, "DELETE", "/computes/aks?underlyingResourceAction=dEtAcH", "")
	r.want("detach", a.status, 202)
	r.want("after a detach", r.at(stable, "GET", "/computes/aks", "").status, 404)
}
