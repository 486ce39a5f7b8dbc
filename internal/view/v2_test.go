package view

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// The objects of az ml compute, of a body of every type. Microsoft's own client,
// azure-ai-ml 1.4.0, prints the same of these bodies, but lacks the keys that came
// later: created_on of an instance and a cluster, custom_applications, enable_sso and
// what follows it, tags of an instance.
func TestV2Objects(t *testing.T) {
	t.Parallel()
	have := v2Output(t, render.JSON)
	const golden = "testdata/v2/objects.json"
	if *update {
		if err := os.WriteFile(golden, []byte(have), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if have != string(want) {
		t.Errorf("the objects of v2 differ from %s:\n%s", golden, have)
	}
}

func TestV2Table(t *testing.T) {
	t.Parallel()
	const want = `Name    Compute type                      State         Instance type
------  --------------------------------  ------------  ----------------
full    computeinstance                   Running       STANDARD_DS3_V2
bare    computeinstance                   CreateFailed  STANDARD_DS3_V2
net     amlcompute                        Succeeded     STANDARD_NC6S_V3
k8s     kubernetes                        Succeeded
vm      virtualmachine                    Succeeded
spark   synapsespark                      Succeeded
aks     *** unsupported compute type ***  Succeeded
`
	if have := v2Output(t, render.Table); have != want {
		t.Errorf("the table of v2 is\n%s", have)
	}
}

// Keys that ours lack are explained, whatever stands around them.
func TestV2Key(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		names []string
		want  string
	}{
		{[]string{"name"}, ""},
		{[]string{"properties", "provisioning_state"}, "provisioning_state is a key of az ml compute: \"computetarget ml compute\" prints it; here it is provisioningState"},
		{[]string{"min_instances"}, "min_instances is a key of az ml compute: \"computetarget ml compute\" prints it"},
	} {
		if have := V2Key(test.names); have != test.want {
			t.Errorf("%v: %q", test.names, have)
		}
	}
}

// v2Output prints the bodies as az ml compute list does.
func v2Output(t *testing.T, format render.Format) string {
	t.Helper()
	data, err := os.ReadFile("testdata/v2/bodies.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []*compute.Compute
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	streams := render.NewStreams(nil, &out, &out, func(string) string { return "" })
	if err := render.Print(streams, render.Options{Format: format}, V2List(list)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
