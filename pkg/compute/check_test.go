package compute

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"
)

var testSizes = []Size{
	{Name: "Standard_D2_v2", Family: "standardDv2Family", VCPUs: 2, SupportedComputeTypes: []string{"AmlCompute", "ComputeInstance"}},
	{Name: "Standard_D3_v2", Family: "standardDv2Family", VCPUs: 4, SupportedComputeTypes: []string{"AmlCompute", "ComputeInstance"}},
	{Name: "Standard_DS3_v2", Family: "standardDSv2Family", VCPUs: 4, SupportedComputeTypes: []string{"AmlCompute", "ComputeInstance"}},
	{Name: "Standard_D4s_v3", Family: "standardDSv3Family", VCPUs: 4, LowPriority: true},
	{Name: "Standard_NC6", Family: "standardNCFamily", VCPUs: 6, GPUs: 1, SupportedComputeTypes: []string{"AmlCompute"}},
}

func TestMatchSize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ want, kind, found, first string }{
		{"STANDARD_D3_V2", TypeInstance, "Standard_D3_v2", ""},
		{"standard_ds3_v2", TypeInstance, "Standard_DS3_v2", ""},
		{"standard_d3v2", TypeInstance, "", "Standard_D3_v2"},
		{"D3_v2", TypeInstance, "", "Standard_D3_v2"},
		{"Standard_DS3v2", TypeInstance, "", "Standard_DS3_v2"},
		{"Standard_D3_v3", TypeInstance, "", "Standard_D3_v2"},
		{"Standard_NC6", TypeCluster, "Standard_NC6", ""},
		{"Standard_NC6", TypeInstance, "", ""},
		{"Standard_D4s_v3", TypeInstance, "Standard_D4s_v3", ""}, // names no types
		{"something else", TypeInstance, "", ""},
		{"", TypeInstance, "", ""},
		{strings.Repeat("x", 100000), TypeInstance, "", ""},
	} {
		size, near := MatchSize(test.want, testSizes, test.kind)
		name, first := "", ""
		if size != nil {
			name = size.Name
		}
		if len(near) > 0 {
			first = near[0]
		}
		if name != test.found || first != test.first {
			t.Errorf("%.20q for %s: found %q, near %v; want %q, %q first", test.want, test.kind, name, near, test.found, test.first)
		}
	}
}

func usage(kind, name string, current, limit int64) Usage {
	u := Usage{Type: "Microsoft.MachineLearningServices/" + kind, Current: current, Limit: limit}
	u.Name.Value = name
	return u
}

func TestCheckQuota(t *testing.T) {
	t.Parallel()
	const dedicated, regional = "Standard DSv2 Family Cluster Dedicated vCPUs", "Total Cluster Dedicated Regional vCPUs"
	for _, test := range []struct {
		what     string
		size     int
		machines int
		low      bool
		usages   []Usage
		short    []string
	}{
		{"fits exactly", 2, 1, false, []Usage{usage("vmFamily/usages", dedicated, 96, 100)}, nil},
		{"one too many", 2, 1, false, []Usage{usage("vmFamily/usages", dedicated, 97, 100)}, []string{dedicated}},
		{"several machines", 2, 3, false, []Usage{usage("vmFamily/usages", dedicated, 90, 100)}, []string{dedicated}},
		{"another family", 1, 1, false, []Usage{usage("vmFamily/usages", dedicated, 100, 100)}, nil},
		{"no limit", 2, 1, false, []Usage{usage("vmFamily/usages", dedicated, 97, -1)}, nil},
		{"the region", 2, 1, false, []Usage{usage("vmFamily/usages", dedicated, 0, 100), usage("dedicatedCores/usages", regional, 22, 24)}, []string{regional}},
		{"an empty cluster in a full quota", 2, 0, false, []Usage{usage("vmFamily/usages", dedicated, 100, 100)}, nil},
		{"an empty cluster in no quota", 2, 0, false, []Usage{usage("vmFamily/usages", dedicated, 0, 0)}, []string{dedicated}},
		{"another workspace's row", 2, 1, false, []Usage{usage("workspaces/usages", dedicated, 100, 100)}, nil},
		{"low priority does not count against dedicated", 2, 1, true, []Usage{usage("vmFamily/usages", dedicated, 100, 100)}, nil},
		{"low priority", 2, 1, true, []Usage{usage("lowPriorityCores/usages", "Total Cluster LowPriority Regional vCPUs", 100, 100)}, []string{"Total Cluster LowPriority Regional vCPUs"}},
		{"low priority does not count against the region's dedicated cores", 2, 1, true, []Usage{usage("dedicatedCores/usages", regional, 24, 24)}, nil},
		{"dedicated does not count against the region's low priority cores", 2, 1, false, []Usage{usage("lowPriorityCores/usages", "Total Cluster LowPriority Regional vCPUs", 100, 100)}, nil},
		{"a low priority family", 2, 1, true, []Usage{usage("vmFamily/usages", "Standard DSv2 Family Cluster LowPriority vCPUs", 100, 100)}, []string{"Standard DSv2 Family Cluster LowPriority vCPUs"}},
		{"dedicated does not count against a low priority family", 2, 1, false, []Usage{usage("vmFamily/usages", "Standard DSv2 Family Cluster LowPriority vCPUs", 100, 100)}, nil},
		{"number of computes", 2, 1, false, []Usage{usage("totalCores/usages", "Clusters", 100, 100)}, []string{"Clusters"}},
		{"quota spelling of the type", 2, 1, false, []Usage{usage("vmFamily/quota", dedicated, 100, 100)}, []string{dedicated}},
	} {
		var got []string
		for _, s := range CheckQuota(&testSizes[test.size], test.machines, test.low, test.usages) {
			got = append(got, s.Quota)
		}
		if !slices.Equal(got, test.short) {
			t.Errorf("%s: short %v, want %v", test.what, got, test.short)
		}
	}
}

func TestHoldersAndFitting(t *testing.T) {
	t.Parallel()
	ws := Workspace{"s", "rg", "ws"}
	const family = "Standard Dv2 Family Cluster Dedicated vCPUs"
	row := usage("workspaces/computes/usages", family, 8, -1)
	row.ID = Workspace{"s", "rg", "other"}.ComputeID("big") + "/usages/x"
	mine := usage("workspace/computes/usages", family, 2, -1)
	mine.ID = ws.ComputeID("Mine") + "/usages/x"
	usages := []Usage{row, mine, usage("vmFamily/usages", family, 98, 100), usage("vmFamily/usages", "Standard DSv2 Family Cluster Dedicated vCPUs", 0, 100)}
	computes := []*Compute{
		mustDecode(t, `{"name":"mine","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_D2_V2","state":"Stopped","createdBy":{"userName":"Anna"}}}}`),
		mustDecode(t, `{"name":"nodes","properties":{"computeType":"AmlCompute","provisioningState":"Succeeded","properties":{"vmSize":"standard_d3_v2","currentNodeCount":2,"allocationState":"Steady"}}}`),
		mustDecode(t, `{"name":"elsewhere","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"Standard_NC6","state":"Running"}}}`),
	}
	holders := holdersOf(&testSizes[1], ws, usages, testSizes, computes)
	var got []string
	for _, h := range holders {
		got = append(got, h.Name)
	}
	if !slices.Equal(got, []string{"big", "nodes", "Mine"}) || holders[1].Cores != 8 || holders[2].Owner.Name != "Anna" || holders[2].State != "Stopped" {
		t.Errorf("holders %+v", holders)
	}
	fitting := fittingSizes(&testSizes[1], 1, false, TypeInstance, testSizes, usages)
	if !slices.Equal(fitting, []string{"Standard_DS3_v2", "Standard_D2_v2"}) {
		t.Errorf("fitting %v", fitting)
	}
	f := quotaFinding(&testSizes[1], "eastus", CheckQuota(&testSizes[1], 1, false, usages)[0], holders, fitting)
	want := `the quota "Standard Dv2 Family Cluster Dedicated vCPUs" in eastus cannot hold Standard_D3_v2: it needs 4, and 98 of 100 are used; they are held by big (8), nodes (8, Steady), Mine (2, Anna, Stopped); sizes that would fit: Standard_DS3_v2, Standard_D2_v2`
	if f.Message != want || f.Kind != KindConflict {
		t.Errorf("said %s\nwant %s", f.Message, want)
	}
}

func mustDecode(t *testing.T, data string) *Compute {
	t.Helper()
	c, err := Decode([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rsaKey is an ssh-rsa line with a modulus of so many bytes.
func rsaKey(kind string, modulus int, tail string) string {
	var b []byte
	for _, part := range []string{kind, "\x01\x00\x01", "\x00" + strings.Repeat("\xc1", modulus)} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return base64.StdEncoding.EncodeToString(append(b, tail...))
}

func TestValidateSSHKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"ssh-rsa " + rsaKey("ssh-rsa", 256, ""), "ssh-rsa " + rsaKey("ssh-rsa", 512, "") + " anna@laptop some words", "\n ssh-rsa " + rsaKey("ssh-rsa", 128, "") + " x\n"} {
		if err := ValidateSSHKey(key); err != nil {
			t.Errorf("%.40q: %v", key, err)
		}
	}
	for key, says := range map[string]string{
		"":                                      "is empty",
		"ssh-ed25519 AAAA anna":                 `SSH keys of type "ssh-ed25519" are not taken`,
		"ecdsa-sha2-nistp256 AAAA x":            "ssh-keygen -t rsa -b 2048",
		"ssh-rsa":                               "stops after its type",
		"ssh-rsa notbase64!!":                   "it is not base64",
		"ssh-rsa AAAAB3Nz":                      "it is cut off",
		"ssh-rsa " + rsaKey("ssh-dss", 256, ""): `holds a "ssh-dss"`,
		"ssh-rsa " + rsaKey("ssh-rsa", 64, ""):  "it has 512 bits",
		"ssh-rsa " + rsaKey("ssh-rsa", 256, "more"):       "more in it than a key",
		"ssh-rsa " + rsaKey("ssh-rsa", 256, "") + "\nx y": "must be one line",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nabc":        "private SSH key",
		"-----BEGIN RSA PUBLIC KEY-----\nabc":             "another format",
		"---- BEGIN SSH2 PUBLIC KEY ----\nabc":            "another format",
		"~/.ssh/id_rsa.pub":                               "are not taken",
	} {
		err := ValidateSSHKey(key)
		if err == nil || !strings.Contains(err.Error(), says) || KindOf(err) != KindInvalid {
			t.Errorf("%.40q: %v, want something about %q", key, err, says)
		}
		if err != nil && strings.Contains(key, "PRIVATE") && strings.Contains(err.Error(), "abc") {
			t.Errorf("a private key is repeated in %v", err)
		}
	}
}

func FuzzValidateSSHKey(f *testing.F) {
	f.Add("ssh-rsa " + rsaKey("ssh-rsa", 256, ""))
	f.Add("ssh-rsa AAAA/////w==")
	f.Add("ssh-rsa")
	f.Fuzz(func(t *testing.T, key string) {
		if ValidateSSHKey(key) == nil && !strings.HasPrefix(strings.TrimSpace(key), "ssh-rsa") {
			t.Errorf("%q was accepted", key)
		}
	})
}

func TestCheckSpecTellsEverything(t *testing.T) {
	t.Parallel()
	findings := CheckSpec("cpu-1", &Spec{Instance: &InstanceSpec{
		SSHPublicKey: "ssh-ed25519 AAAA", AssignedUser: &AssignedUser{ObjectID: "o"}, IdleShutdown: time.Minute, Schedules: make([]Schedule, 5),
	}})
	var fields []string
	for _, f := range findings {
		fields = append(fields, f.Field)
	}
	if want := []string{"name", "sshPublicKey", "sshPublicKey", "idleShutdown", "schedules", "assignedUser"}; !slices.Equal(fields, want) {
		t.Errorf("found %v, want %v", fields, want)
	}
	on := true
	for _, wrong := range []struct {
		field string
		spec  *Spec
	}{
		{"scale", &Spec{Cluster: &ClusterSpec{MinNodes: 3, MaxNodes: 2}}},
		{"scale", &Spec{Cluster: &ClusterSpec{MaxNodes: 2, IdleScaleDown: -time.Second}}},
		{"sshPublicKey", &Spec{Instance: &InstanceSpec{SSHPublicAccess: &on}}},
		{"resourceId", &Spec{ResourceID: "aks", AKS: &AKSSpec{}}},
		{"resourceId", &Spec{ResourceID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/", AKS: &AKSSpec{}}},
	} {
		if found := CheckSpec("abc", wrong.spec); len(found) != 1 || found[0].Field != wrong.field {
			t.Errorf("%s: %v", wrong.field, found)
		}
	}
	if found := CheckSpec("abc", &Spec{Instance: &InstanceSpec{IdleShutdown: 72 * time.Hour}}); len(found) != 0 {
		t.Errorf("a good one: %v", found)
	}
}
