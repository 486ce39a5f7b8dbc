package compute

import (
	"net/url"
	"strings"
	"testing"
)

func TestValidateName(t *testing.T) {
	t.Parallel()
	// The rule and most of these names are the REST API's KeyName pattern.
	good := []string{"abc", "cpu1", "cpu-1a", "a-1-b", "a1-", "abc-", "a--b", strings.Repeat("x", 24), "Local1", "ci-anna"}
	for _, name := range good {
		if err := ValidateName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	bad := map[string]string{ // name: proposal
		"ab": "ab-ci", "1abc": "ci1abc", "cpu_1": "cpu1", "cpu-1": "cpu1", "cpu-12": "cpu12",
		"cpu-cluster-1": "cpu-cluster1", "gpu-v100-2": "gpu-v1002", strings.Repeat("x", 25): strings.Repeat("x", 24),
		"": "instance", "local": "local-ci", "AmlCompute": "AmlCompute-ci", "..": "instance", "a/b": "a-b",
		"my instance": "my-instance", "été": "ete", "équipe-gpu": "equipe-gpu", "e\u0301quipe": "equipe", "Größe": "Grosse", "a\u202eb": "a-b", "-": "instance", "99": "ci99", "a-1-2": "a12",
	}
	for name, proposal := range bad {
		err := ValidateName(name)
		if KindOf(err) != KindInvalid || err == nil {
			t.Errorf("%q was accepted: %v", name, err)
		}
		if got := ProposeName(name); got != proposal {
			t.Errorf("%q: proposed %q, want %q", name, got, proposal)
		}
	}
}

func TestPossibleName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "ab", "cpu-cluster-4", "cpu_1", "a-", "A1", strings.Repeat("x", 64)} {
		if !PossibleName(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, word := range []string{"", "-", "1", "1a", "_a", "-a", "–a", "a b", "a.b", "a/b", "a–b", "é", "ae\u0301", "a\u00ad", "a\n", " a", "a ", "..", "*", "a*",
		"a,b", "a%2e", `a\`, "a`", "a^", "=a", "#", strings.Repeat("x", 65), "\xff", "a\xff"} {
		if PossibleName(word) {
			t.Errorf("%q is taken for a name", word)
		}
	}
}

// Only instances have a rule for new names that is known.
func TestNewNamesByType(t *testing.T) {
	t.Parallel()
	cluster, attached := &Spec{Cluster: &ClusterSpec{}}, &Spec{AKS: &AKSSpec{}}
	for _, name := range []string{"cpu-cluster-4", "gpu-v100-8", "ab", "cpu_1"} {
		for _, spec := range []*Spec{cluster, attached} {
			if found := CheckSpec(name, spec); len(found) > 0 {
				t.Errorf("%q for a %s: %v", name, spec.Type(), found)
			}
		}
		if found := CheckSpec(name, &Spec{Instance: &InstanceSpec{}}); len(found) != 1 || found[0].Field != "name" {
			t.Errorf("%q for an instance: %v", name, found)
		}
	}
	for _, name := range []string{"local", "1a", "a b", ""} {
		if found := CheckSpec(name, cluster); len(found) != 1 || found[0].Kind != KindInvalid {
			t.Errorf("%q for a cluster: %v", name, found)
		}
	}
}

func TestDoubtfulName(t *testing.T) {
	t.Parallel()
	for name, doubtful := range map[string]bool{"abc-": true, "ab--": true, "a-b-": true, "a-b--": true, "abc": false, "a-1b": false, "a--b": false, "abc-1": false, "-": false} {
		if got := DoubtfulName(name) != ""; got != doubtful {
			t.Errorf("%q: doubtful is %v", name, got)
		}
	}
}

func FuzzProposeName(f *testing.F) {
	for _, seed := range []string{"", "a", "cpu-1", "local", "a-1-2-3", "1-1", "x--1", strings.Repeat("a-1", 20), "ab1-12345678901234567890123"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if proposal := ProposeName(name); ValidateName(proposal) != nil {
			t.Errorf("%q: the proposal %q is refused: %v", name, proposal, ValidateName(proposal))
		}
		if ValidateName(name) == nil && !PossibleName(name) {
			t.Errorf("%q is valid for an instance and yet not possible", name)
		}
		if PossibleName(name) && (!segment(name) || url.PathEscape(name) != name) {
			t.Errorf("%q is possible and yet changes an address", name)
		}
	})
}

func FuzzParseID(f *testing.F) {
	const id = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
	for _, seed := range []string{id, id + "/computes/ci", strings.ToUpper(id) + "/", id[1:], id + "/computes/ci/start?api-version=1", "", "/", id + "/computes/.."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		ws, name, err := ParseID(id)
		if err != nil {
			return
		}
		again, second, err := ParseID(ws.ComputeID(name))
		if err != nil || again != ws || second != name {
			t.Errorf("%q: %v %q, and again %v %q %v", id, ws, name, again, second, err)
		}
	})
}

func TestParseID(t *testing.T) {
	t.Parallel()
	want := Workspace{"s", "rg", "ws"}
	for id, compute := range map[string]string{
		"/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws":                  "",
		"/subscriptions/s/resourcegroups/rg/providers/microsoft.machinelearningservices/WORKSPACES/ws/":                 "",
		"subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/computes/ci":       "ci",
		"/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/computes/ci/a/b?": "ci",
		"/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/jobs/j":           "",
		" /subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws\n":               "",
	} {
		ws, name, err := ParseID(id)
		if err != nil || ws != want || name != compute {
			t.Errorf("%q: %v %q %v", id, ws, name, err)
		}
	}
	for _, id := range []string{"", "/", "/subscriptions/s", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm",
		"/subscriptions/s/resourceGroups/../providers/Microsoft.MachineLearningServices/workspaces/ws", "/subscriptions//resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"} {
		if ws, _, err := ParseID(id); err == nil {
			t.Errorf("%q was read as %v", id, ws)
		}
	}
}

func TestParseComputeID(t *testing.T) {
	t.Parallel()
	const workspace = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
	for _, id := range []string{workspace + "/computes/dev", "/" + workspace + "/computes/dev/", strings.ToLower(workspace) + "/COMPUTES/dev"} {
		ws, name, err := ParseComputeID(id)
		if err != nil || name != "dev" || ws != (Workspace{"11111111-1111-1111-1111-111111111111", "rg", "ws"}) {
			t.Errorf("%s: %v %q %v", id, ws, name, err)
		}
	}
	for id, is := range map[string]string{
		workspace:                            "the id of the workspace ws",
		workspace + "/jobs/one":              "the id of one of the jobs of the workspace ws",
		workspace + "/computes/dev/x":        "the id of something below the compute dev",
		workspace + "/computes/":             "a damaged id",
		workspace + "/computes/1":            "a damaged id",
		workspace + "/computes/a–b":          "a damaged id",
		workspace + "/computes/dev?x=1":      "a damaged id",
		"/subscriptions/1":                   "the id of a subscription",
		"/subscriptions/1/resourceGroups/rg": "the id of a resource group",
		"/subscriptions/1/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm":       "the id of a resource of type Microsoft.Compute/virtualMachines",
		strings.ReplaceAll(workspace, "/workspaces/ws", "/registries/r/x") + "/computes/dev":      "a damaged id",
		strings.ReplaceAll(workspace, "workspaces/ws", "workspaces/w–s") + "/computes/dev":        "a damaged id",
		strings.ReplaceAll(workspace, "resourceGroups/rg", "resourceGroups/..") + "/computes/dev": "a damaged id",
	} {
		_, _, err := ParseComputeID(id)
		if KindOf(err) != KindInvalid || err == nil || !strings.Contains(err.Error(), " is "+is+", not of a compute") {
			t.Errorf("%s: %v; want %s", id, err, is)
		}
	}
}
