package compute_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
)

func fields(err error) []string {
	var found *compute.CheckError
	var out []string
	if errors.As(err, &found) {
		for _, f := range found.Findings {
			out = append(out, f.Field)
		}
	}
	return out
}

func TestCreateTellsAllProblemsInOneAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		b.make(t, "taken")
		other, err := compute.New(compute.Workspace{Subscription: emulator.Subscription, ResourceGroup: "other-rg", Name: "other-ws"},
			compute.Options{Endpoint: b.endpoint, Transport: b.requests})
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			what, name string
			spec       *compute.Spec
			client     *compute.Client
			kind       compute.Kind
			fields     []string
			says       string
		}{
			{"size", "x1a", instance("standard_d3v2"), b.Client, compute.KindInvalid, []string{"vmSize"}, `eastus does not offer the size "standard_d3v2" for ComputeInstance; did you mean STANDARD_D3_V2`},
			{"name and size", "cpu-1", instance("nonsense"), b.Client, compute.KindInvalid, []string{"name", "vmSize"}, `"cpu1" can`},
			{"taken in the region", "Taken", instance("STANDARD_D3_V2"), other, compute.KindConflict, []string{"name"}, "names are unique across all workspaces of a region"},
			{"taken and a wrong size", "taken", instance("STANDARD_D3V2"), other, compute.KindInvalid, []string{"name", "vmSize"}, "did you mean"},
		} {
			b.requests.reset()
			out := test.client.Create(t.Context(), test.name, test.spec, compute.CreateOptions{})
			if compute.KindOf(out.Err) != test.kind || !slices.Equal(fields(out.Err), test.fields) || !strings.Contains(strings.ToLower(out.Err.Error()), strings.ToLower(test.says)) {
				t.Errorf("%s: %s %v: %v", test.what, compute.KindOf(out.Err), fields(out.Err), out.Err)
			}
			if b.requests.count("PUT", "") != 0 {
				t.Errorf("%s: something was sent", test.what)
			}
		}
	})
}

func TestCreateWithoutQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		// Each takes 24 of the family's 100.
		for _, name := range []string{"big-a", "big-b", "big-c", "big-d"} {
			if out := b.Create(t.Context(), name, instance("Standard_NC24ads_A100_v4"), compute.CreateOptions{}); out.Err != nil {
				t.Fatal(out.Err)
			}
		}
		b.Stop(t.Context(), []string{"big-b"}, compute.ActOptions{})
		b.requests.reset()
		out := b.Create(t.Context(), "big-e", instance("Standard_NC24ads_A100_v4"), compute.CreateOptions{})
		if compute.KindOf(out.Err) != compute.KindConflict || !slices.Contains(fields(out.Err), "quota") {
			t.Fatalf("%v", out.Err)
		}
		for _, word := range []string{"needs 24", "96 of 100", "big-a (24", "big-b (24", "Stopped", "sizes that would fit: "} {
			if !strings.Contains(out.Err.Error(), word) {
				t.Errorf("%q is not in %v", word, out.Err)
			}
		}
		if n := len(b.requests.sent); n > 6 {
			t.Errorf("%d requests", n)
		}
		if b.requests.count("PUT", "") != 0 {
			t.Error("something was sent")
		}
	})
}

func TestCreateGoesOnWithoutChecksItMayNotMake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{403, 404, 500, 200} {
			b := newBench(t, emulator.PaceInstant)
			b.requests.before = func(req *http.Request) (*http.Response, error) {
				for _, check := range []string{"/vmSizes", "/usages", "/checkComputeNameAvailability"} {
					if strings.HasSuffix(req.URL.Path, check) {
						return &http.Response{StatusCode: status, Header: http.Header{"Retry-After-Ms": {"1"}}, Body: io.NopCloser(strings.NewReader("<html>"))}, nil
					}
				}
				return nil, nil
			}
			if out := b.Create(t.Context(), "ci-anna", instance("STANDARD_D3_V2"), compute.CreateOptions{}); out.Err != nil {
				t.Errorf("checks that answer %d: %v", status, out.Err)
			}
		}
	})
}

func TestCreateWhatExists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		b.make(t, "ci-anna")
		create := func(spec *compute.Spec, how compute.IfExists) compute.Outcome {
			b.requests.reset()
			out := b.Create(t.Context(), "ci-anna", spec, compute.CreateOptions{IfExists: how})
			if b.requests.count("PUT", "") != 0 {
				t.Errorf("%s: it was overwritten", how)
			}
			return out
		}
		if out := create(instance("standard_d3_v2"), ""); out.Err != nil || !out.Already || out.Note != "" || out.Compute == nil {
			t.Errorf("the same: %+v", out)
		}
		out := create(instance("STANDARD_D2_V2"), "")
		if compute.KindOf(out.Err) != compute.KindConflict || !strings.Contains(out.Err.Error(), "vmSize is STANDARD_D3_V2, not STANDARD_D2_V2") || out.Already {
			t.Errorf("another size: %v", out.Err)
		}
		if out := create(instance("STANDARD_D2_V2"), compute.ExistsUse); out.Err != nil || !out.Already {
			t.Errorf("use: %v", out.Err)
		}
		if out := create(instance("STANDARD_D3_V2"), compute.ExistsFail); compute.KindOf(out.Err) != compute.KindConflict {
			t.Errorf("fail: %v", out.Err)
		}
		if out := create(instance("no such size"), ""); compute.KindOf(out.Err) != compute.KindConflict {
			t.Errorf("an unknown size: %v", out.Err)
		}
		wrong := instance("STANDARD_D3_V2")
		wrong.Instance.SSHPublicKey = "ssh-ed25519 AAAA"
		if out := create(wrong, ""); compute.KindOf(out.Err) != compute.KindInvalid || !slices.Equal(fields(out.Err), []string{"sshPublicKey"}) {
			t.Errorf("a wrong key: %v", out.Err)
		}
		b.requests.before = func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/ci-anna") {
				return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody}, nil
			}
			return nil, nil
		}
		if out := create(instance("STANDARD_D3_V2"), ""); compute.KindOf(out.Err) != compute.KindAuth {
			t.Errorf("when it may not be looked at: %v", out.Err)
		}
		b.requests.before = nil
		b.Stop(t.Context(), []string{"ci-anna"}, compute.ActOptions{})
		if out := create(instance("STANDARD_D3_V2"), ""); out.Err != nil || !strings.Contains(out.Note, "Stopped") {
			t.Errorf("stopped: %q %v", out.Note, out.Err)
		}
	})
}

func TestCreateWhatIsBeingCreatedOrDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceReal)
		first := b.Create(t.Context(), "ci-anna", instance("STANDARD_D3_V2"), compute.CreateOptions{ActOptions: compute.ActOptions{NoWait: true}})
		second := b.Create(t.Context(), "ci-anna", instance("STANDARD_D3_V2"), compute.CreateOptions{})
		if first.Err != nil || second.Err != nil || !second.Already || second.Compute.State() != "Running" || b.requests.count("PUT", "") != 1 {
			t.Errorf("%v; %+v, %v", first.Err, second, second.Err)
		}
		b.Delete(t.Context(), []string{"ci-anna"}, compute.ActOptions{NoWait: true})
		if out := b.Create(t.Context(), "ci-anna", instance("STANDARD_D3_V2"), compute.CreateOptions{ActOptions: compute.ActOptions{NoWait: true}}); compute.KindOf(out.Err) != compute.KindBusy {
			t.Errorf("while it is deleted, without waiting: %v", out.Err)
		}
		if out := b.Create(t.Context(), "ci-anna", instance("STANDARD_D3_V2"), compute.CreateOptions{ActOptions: compute.ActOptions{Timeout: 10 * time.Second}}); compute.KindOf(out.Err) != compute.KindTimeout {
			t.Errorf("while it is deleted, with little time: %v", out.Err)
		}
		if out := b.Create(t.Context(), "ci-anna", instance("STANDARD_D2_V2"), compute.CreateOptions{}); out.Err != nil || out.Already || out.Compute.VMSize() != "STANDARD_D2_V2" {
			t.Errorf("after it was deleted: %+v %v", out, out.Err)
		}
	})
}

func TestCreateBringsAClusterUpToDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		cluster := func(maxNodes int) *compute.Spec {
			return &compute.Spec{Cluster: &compute.ClusterSpec{VMSize: "STANDARD_D3_V2", MaxNodes: maxNodes, IdleScaleDown: 30 * time.Minute}}
		}
		if out := b.Create(t.Context(), "cpu", cluster(4), compute.CreateOptions{}); out.Err != nil {
			t.Fatal(out.Err)
		}
		b.requests.reset()
		if out := b.Create(t.Context(), "cpu", cluster(4), compute.CreateOptions{}); out.Err != nil || !out.Already || b.requests.count("PATCH", "")+b.requests.count("PUT", "") != 0 {
			t.Errorf("as it is: %+v %v", out, out.Err)
		}
		out := b.Create(t.Context(), "cpu", cluster(8), compute.CreateOptions{})
		if out.Err != nil || out.Already || out.Compute.Cluster.Scale.MaxNodes != 8 || !strings.Contains(out.Note, "maxNodeCount is 4, not 8") {
			t.Errorf("scale: %+v, note %q, %v", out.Compute.Cluster.Scale, out.Note, out.Err)
		}
		tagged := cluster(9)
		tagged.Tags = map[string]string{"team": "search"}
		tagged.Identity = &compute.IdentitySpec{System: true}
		out = b.Create(t.Context(), "cpu", tagged, compute.CreateOptions{})
		if out.Err != nil || out.Compute.Tags["team"] != "search" || out.Compute.Cluster.Scale.MaxNodes != 9 || out.Compute.Identity == nil || out.Compute.Identity.Type != "SystemAssigned" {
			t.Errorf("tags: %+v, %v", out.Compute, out.Err)
		}
		if idle, ok := out.Compute.Cluster.Scale.IdleScaleDown(); !ok || idle != 30*time.Minute {
			t.Errorf("idle time became %s", out.Compute.Cluster.Scale.IdleTime)
		}
		wider := cluster(10)
		wider.Cluster.IdleScaleDown = 0 // left to what it has
		out = b.Create(t.Context(), "cpu", wider, compute.CreateOptions{})
		if idle, ok := out.Compute.Cluster.Scale.IdleScaleDown(); out.Err != nil || out.Compute.Cluster.Scale.MaxNodes != 10 || !ok || idle != 30*time.Minute {
			t.Errorf("another scale: %+v, %v", out.Compute.Cluster.Scale, out.Err)
		}
		fixed := cluster(10)
		fixed.Cluster.VMPriority = "LowPriority"
		if out := b.Create(t.Context(), "cpu", fixed, compute.CreateOptions{}); compute.KindOf(out.Err) != compute.KindConflict {
			t.Errorf("priority: %v", out.Err)
		}
	})
}

func TestOtherCallsAgainstTheEmulator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		b.make(t, "ci-anna")
		ctx := t.Context()
		info, err := b.GetWorkspace(ctx)
		if err != nil || info.Location != emulator.Location || info.Workspace() != b.Workspace() {
			t.Errorf("workspace %+v, %v", info, err)
		}
		for _, group := range []string{"", emulator.ResourceGroup} {
			if all, err := b.ListWorkspaces(ctx, group); err != nil || len(all) != 1 || all[0].Name != emulator.Workspace {
				t.Errorf("workspaces of %q: %+v, %v", group, all, err)
			}
		}
		if visible, err := b.Subscriptions(ctx); err != nil || len(visible) != 1 || visible[0].ID != emulator.Subscription || visible[0].State != "Enabled" {
			t.Errorf("subscriptions: %+v, %v", visible, err)
		}
		sizes, err := b.VMSizes(ctx, emulator.Location)
		if size, _ := compute.MatchSize("standard_d3_v2", sizes, compute.TypeInstance); err != nil || size == nil || size.VCPUs != 4 {
			t.Errorf("%d sizes, %v", len(sizes), err)
		} else if price, currency, ok := size.PerHour(false); !ok || price <= 0 || currency != "USD" {
			t.Errorf("price %v %s %v", price, currency, ok)
		}
		usages, err := b.Usages(ctx, emulator.Location)
		if err != nil || len(usages) == 0 {
			t.Errorf("%d usages, %v", len(usages), err)
		}
		if check, err := b.CheckName(ctx, "ci-anna"); err != nil || check.Available || check.Reason != "AlreadyExists" {
			t.Errorf("%+v, %v", check, err)
		}
		if out := b.ChangeIdle(ctx, []string{"ci-anna"}, time.Hour, compute.ChangeOptions{})[0]; out.Err != nil {
			t.Error(out.Err)
		}
		if out := b.ChangeSchedules(ctx, []string{"ci-anna"}, compute.ChangeOptions{}, setTo(hoursOf(t, "-18:00")))[0]; out.Err != nil {
			t.Error(out.Err)
		}
		now, err := b.Get(ctx, "ci-anna")
		if err != nil {
			t.Fatal(err)
		}
		if idle, ok := now.Instance.IdleShutdown(); !ok || idle != time.Hour || len(now.Schedules()) != 1 || now.Schedules()[0].Entry.ID == "" {
			t.Errorf("idle %s, schedules %+v", now.Instance.IdleTime, now.Schedules())
		}
		allowed, err := b.AllowedSizes(ctx, "ci-anna")
		if err != nil || len(allowed) == 0 {
			t.Errorf("%d sizes to resize to, %v", len(allowed), err)
		}
		b.Stop(ctx, []string{"ci-anna"}, compute.ActOptions{})
		out := b.Resize(ctx, []string{"ci-anna"}, "Standard_D2_v2", compute.ActOptions{})[0]
		if out.Err != nil || !strings.EqualFold(out.Compute.VMSize(), "Standard_D2_v2") {
			t.Errorf("resize: %s %v", out.Compute.VMSize(), out.Err)
		}
		if out := b.Resize(ctx, []string{"ci-anna"}, "standard_d2_V2", compute.ActOptions{})[0]; out.Err != nil || !out.Already {
			t.Errorf("resize to what it is: %+v", out)
		}
		if _, err := b.ListNodes(ctx, "ci-anna"); err == nil {
			t.Error("an instance has nodes")
		}
		attach := &compute.Spec{ResourceID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/k", AKS: &compute.AKSSpec{}}
		if out := b.Create(ctx, "k8s", attach, compute.CreateOptions{}); out.Err != nil || out.Compute.Attached == nil {
			t.Fatalf("%+v %v", out.Compute, out.Err)
		}
		if keys, err := b.ListKeys(ctx, "k8s"); err != nil || keys.UserKubeConfig == "" {
			t.Errorf("keys: %v", err)
		}
		if out := b.Detach(ctx, []string{"k8s"}, compute.ActOptions{})[0]; out.Err != nil {
			t.Error(out.Err)
		}
		if out := b.Create(ctx, "cpu", &compute.Spec{Cluster: &compute.ClusterSpec{VMSize: "STANDARD_D3_V2", MinNodes: 1, MaxNodes: 2}}, compute.CreateOptions{}); out.Err != nil {
			t.Fatal(out.Err)
		}
		time.Sleep(10 * time.Minute)
		if nodes, err := b.ListNodes(ctx, "cpu"); err != nil || len(nodes) != 1 || nodes[0].ID == "" {
			t.Errorf("nodes %+v, %v", nodes, err)
		}
		if out := b.UpdateScale(ctx, "cpu", compute.ScaleSettings{MaxNodes: 5}, compute.ActOptions{}); out.Err != nil || out.Compute.Cluster.Scale.MaxNodes != 5 {
			t.Errorf("scale: %v", out.Err)
		}
		if out := b.UpdateIdentity(ctx, "cpu", compute.IdentitySpec{System: true}, compute.ActOptions{}); out.Err != nil || out.Compute.Identity == nil || out.Compute.Identity.PrincipalID == "" {
			t.Errorf("identity: %+v %v", out.Compute.Identity, out.Err)
		}
	})
}

// Single sign-on begins off for somebody else's instance with a script or custom
// services, and only there.
func TestBeginsWithoutSSO(t *testing.T) {
	t.Parallel()
	her := &compute.AssignedUser{ObjectID: "o", TenantID: "t"}
	for _, test := range []struct {
		what string
		spec compute.InstanceSpec
		want bool
	}{
		{"one's own", compute.InstanceSpec{CreationScript: &compute.Script{}, CustomServices: json.RawMessage(`[{}]`)}, false},
		{"hers", compute.InstanceSpec{AssignedUser: her}, false},
		{"hers with a setup script", compute.InstanceSpec{AssignedUser: her, CreationScript: &compute.Script{}}, true},
		{"hers with a startup script", compute.InstanceSpec{AssignedUser: her, StartupScript: &compute.Script{}}, true},
		{"hers with an application", compute.InstanceSpec{AssignedUser: her, CustomServices: json.RawMessage(`[{"name":"rstudio"}]`)}, true},
		{"hers with no application", compute.InstanceSpec{AssignedUser: her, CustomServices: json.RawMessage(` [ ] `)}, false},
		{"hers with null", compute.InstanceSpec{AssignedUser: her, CustomServices: json.RawMessage(`null`)}, false},
	} {
		if got := test.spec.BeginsWithoutSSO(); got != test.want {
			t.Errorf("%s: %v", test.what, got)
		}
	}
}
