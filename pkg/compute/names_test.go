package compute

import (
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
		"my instance": "my-instance", "été": "t-ci", "a\u202eb": "a-b", "-": "instance", "99": "ci99", "a-1-2": "a12",
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

func FuzzProposeName(f *testing.F) {
	for _, seed := range []string{"", "a", "cpu-1", "local", "a-1-2-3", "1-1", "x--1", strings.Repeat("a-1", 20), "ab1-12345678901234567890123"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if proposal := ProposeName(name); ValidateName(proposal) != nil {
			t.Errorf("%q: the proposal %q is refused: %v", name, proposal, ValidateName(proposal))
		}
		if ValidateName(name) == nil && !segment(name) {
			t.Errorf("%q is valid and yet no part of an address", name)
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
