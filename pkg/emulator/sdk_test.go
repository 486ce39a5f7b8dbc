package emulator_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	sdk "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/emulator/emulatortest"
)

// These tests drive the emulator with Microsoft's own client, which knows
// nothing of this repository, through its pollers and pagers over TLS.

func factory(t *testing.T, o emulator.Options) (*emulatortest.Server, *sdk.ClientFactory) {
	t.Helper()
	srv := emulatortest.NewServer(t, o)
	f, err := sdk.NewClientFactory(srv.Subscription, srv.Credential(), srv.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	return srv, f
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// finish waits for what a Begin method started: finish(ctx)(client.BeginX(…)).
func finish[T any](ctx context.Context) func(*runtime.Poller[T], error) (T, error) {
	return func(p *runtime.Poller[T], err error) (T, error) {
		if err != nil {
			var none T
			return none, err
		}
		return p.PollUntilDone(ctx, nil)
	}
}

func instanceBody(size string) sdk.ComputeResource {
	return sdk.ComputeResource{
		Location: to.Ptr("eastus"),
		Tags:     map[string]*string{"team": to.Ptr("vision")},
		Properties: &sdk.ComputeInstance{
			ComputeType: to.Ptr(sdk.ComputeTypeComputeInstance),
			Description: to.Ptr("a desk"),
			Properties:  &sdk.ComputeInstanceProperties{VMSize: to.Ptr(size)},
		},
	}
}

func clusterBody(minNodes, maxNodes int32) sdk.ComputeResource {
	return sdk.ComputeResource{
		Location: to.Ptr("eastus"),
		Properties: &sdk.AmlCompute{
			ComputeType: to.Ptr(sdk.ComputeTypeAmlCompute),
			Properties: &sdk.AmlComputeProperties{
				VMSize: to.Ptr("STANDARD_DS3_V2"),
				ScaleSettings: &sdk.ScaleSettings{
					MinNodeCount: to.Ptr(minNodes), MaxNodeCount: to.Ptr(maxNodes), NodeIdleTimeBeforeScaleDown: to.Ptr("PT5M"),
				},
			},
		},
	}
}

func instanceOf(t *testing.T, p sdk.ComputeClassification) *sdk.ComputeInstance {
	t.Helper()
	i, ok := p.(*sdk.ComputeInstance)
	if !ok {
		t.Fatalf("properties are a %T, not a ComputeInstance", p)
	}
	return i
}

func TestSDKInstanceLife(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, f := factory(t, emulator.Options{})
	computes := f.NewComputeClient()
	rg, ws := srv.ResourceGroup, srv.Workspace

	created := must[sdk.ComputeClientCreateOrUpdateResponse](t)(finish[sdk.ComputeClientCreateOrUpdateResponse](ctx)(computes.BeginCreateOrUpdate(ctx, rg, ws, "desk1", instanceBody("standard_ds3_v2"), nil)))
	i := instanceOf(t, created.Properties)
	if got := *i.Properties.State; got != sdk.ComputeInstanceStateRunning {
		t.Errorf("state after create = %s", got)
	}
	if got := *i.Properties.VMSize; got != "STANDARD_DS3_V2" {
		t.Errorf("vmSize = %s, want upper case", got)
	}
	if by := i.Properties.CreatedBy; *by.UserID != emulatortest.ObjectID || *by.UserOrgID != emulatortest.TenantID || *by.UserName != emulatortest.UserName {
		t.Errorf("createdBy = %v %v %v, not the token's claims", *by.UserID, *by.UserOrgID, *by.UserName)
	}

	states := func() (sdk.ComputeInstanceState, sdk.OperationName, sdk.OperationStatus, sdk.OperationTrigger) {
		got := must[sdk.ComputeClientGetResponse](t)(computes.Get(ctx, rg, ws, "desk1", nil))
		p := instanceOf(t, got.Properties).Properties
		return *p.State, *p.LastOperation.OperationName, *p.LastOperation.OperationStatus, *p.LastOperation.OperationTrigger
	}
	must[sdk.ComputeClientStopResponse](t)(finish[sdk.ComputeClientStopResponse](ctx)(computes.BeginStop(ctx, rg, ws, "desk1", nil)))
	if s, op, st, tr := states(); s != "Stopped" || op != "Stop" || st != "Succeeded" || tr != "User" {
		t.Errorf("after stop: %s %s %s %s", s, op, st, tr)
	}
	must[sdk.ComputeClientStartResponse](t)(finish[sdk.ComputeClientStartResponse](ctx)(computes.BeginStart(ctx, rg, ws, "desk1", nil)))
	if s, op, _, _ := states(); s != "Running" || op != "Start" {
		t.Errorf("after start: %s %s", s, op)
	}
	must[sdk.ComputeClientRestartResponse](t)(finish[sdk.ComputeClientRestartResponse](ctx)(computes.BeginRestart(ctx, rg, ws, "desk1", nil)))
	if s, op, _, _ := states(); s != "Running" || op != "Restart" {
		t.Errorf("after restart: %s %s", s, op)
	}

	_, err := computes.BeginStart(ctx, rg, ws, "desk1", nil)
	wantError(t, err, http.StatusBadRequest, "StartComputeInstanceOnlyAllowedInStoppedState")
	_, err = computes.NewListNodesPager(rg, ws, "desk1", nil).NextPage(ctx)
	wantError(t, err, http.StatusBadRequest, "BadRequest")

	must[sdk.ComputeClientDeleteResponse](t)(finish[sdk.ComputeClientDeleteResponse](ctx)(computes.BeginDelete(ctx, rg, ws, "desk1", sdk.UnderlyingResourceActionDelete, nil)))
	_, err = computes.Get(ctx, rg, ws, "desk1", nil)
	wantError(t, err, http.StatusNotFound, "ResourceNotFound")
	// Deleting what is not there is a success: 204.
	must[sdk.ComputeClientDeleteResponse](t)(finish[sdk.ComputeClientDeleteResponse](ctx)(computes.BeginDelete(ctx, rg, ws, "desk1", sdk.UnderlyingResourceActionDelete, nil)))
}

func wantError(t *testing.T, err error, status int, code string) {
	t.Helper()
	var res *azcore.ResponseError
	if !errors.As(err, &res) || res.StatusCode != status || res.ErrorCode != code {
		t.Errorf("error = %v, want %d %s", err, status, code)
	}
}

func TestSDKClusterLife(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, f := factory(t, emulator.Options{})
	computes := f.NewComputeClient()
	rg, ws := srv.ResourceGroup, srv.Workspace

	created := must[sdk.ComputeClientCreateOrUpdateResponse](t)(finish[sdk.ComputeClientCreateOrUpdateResponse](ctx)(computes.BeginCreateOrUpdate(ctx, rg, ws, "cluster1", clusterBody(2, 4), nil)))
	if got := *created.Properties.GetCompute().ProvisioningState; got != sdk.ProvisioningStateSucceeded {
		t.Errorf("provisioningState = %s", got)
	}
	nodes := func() (list []*sdk.AmlComputeNodeInformation) {
		t.Helper()
		pages := computes.NewListNodesPager(rg, ws, "cluster1", nil)
		for pages.More() {
			list = append(list, must[sdk.ComputeClientListNodesResponse](t)(pages.NextPage(ctx)).Nodes...)
		}
		return list
	}
	if got := nodes(); len(got) != 2 || *got[0].NodeState != sdk.NodeStateIdle {
		t.Fatalf("nodes = %d, want two idle ones", len(got))
	}
	updated := must[sdk.ComputeClientUpdateResponse](t)(finish[sdk.ComputeClientUpdateResponse](ctx)(computes.BeginUpdate(ctx, rg, ws, "cluster1", sdk.ClusterUpdateParameters{
		Properties: &sdk.ClusterUpdateProperties{Properties: &sdk.ScaleSettingsInformation{
			ScaleSettings: &sdk.ScaleSettings{MinNodeCount: to.Ptr[int32](0), MaxNodeCount: to.Ptr[int32](6)},
		}},
	}, nil)))
	scale := updated.Properties.(*sdk.AmlCompute).Properties.ScaleSettings
	if *scale.MaxNodeCount != 6 || *scale.MinNodeCount != 0 || *scale.NodeIdleTimeBeforeScaleDown != "PT5M" {
		t.Errorf("scale settings = %d to %d, %s", *scale.MinNodeCount, *scale.MaxNodeCount, *scale.NodeIdleTimeBeforeScaleDown)
	}
	srv.Clock.Advance(4 * time.Minute)
	if got := nodes(); len(got) != 2 {
		t.Errorf("%d nodes after four idle minutes of five, want 2", len(got))
	}
	srv.Clock.Advance(2 * time.Minute)
	if got := nodes(); len(got) != 0 {
		t.Errorf("%d nodes after six idle minutes, want none", len(got))
	}
	_, err := computes.BeginDelete(ctx, rg, ws, "cluster1", sdk.UnderlyingResourceActionDetach, nil)
	wantError(t, err, http.StatusBadRequest, "BadRequest")
	_, err = computes.BeginStart(ctx, rg, ws, "cluster1", nil)
	wantError(t, err, http.StatusBadRequest, "BadRequest")
	must[sdk.ComputeClientDeleteResponse](t)(finish[sdk.ComputeClientDeleteResponse](ctx)(computes.BeginDelete(ctx, rg, ws, "cluster1", sdk.UnderlyingResourceActionDelete, nil)))
}

func TestSDKAttachedComputes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, f := factory(t, emulator.Options{})
	computes := f.NewComputeClient()
	rg, ws := srv.ResourceGroup, srv.Workspace
	aks := to.Ptr("/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/k")

	for name, p := range map[string]sdk.ComputeClassification{
		"aks": &sdk.AKS{ComputeType: to.Ptr(sdk.ComputeTypeAKS), ResourceID: aks, Properties: &sdk.AKSSchemaProperties{AgentCount: to.Ptr[int32](4)}},
		"k8s": &sdk.Kubernetes{ComputeType: to.Ptr(sdk.ComputeTypeKubernetes), ResourceID: aks, Properties: &sdk.KubernetesProperties{Namespace: to.Ptr("ml")}},
		"adf": &sdk.DataFactory{ComputeType: to.Ptr(sdk.ComputeTypeDataFactory)},
		"box": &sdk.VirtualMachine{ComputeType: to.Ptr(sdk.ComputeTypeVirtualMachine), Properties: &sdk.VirtualMachineSchemaProperties{
			Address: to.Ptr("192.0.2.7"), SSHPort: to.Ptr[int32](2222),
			AdministratorAccount: &sdk.VirtualMachineSSHCredentials{Username: to.Ptr("me"), Password: to.Ptr("hunter2"), PrivateKeyData: to.Ptr("-----BEGIN")},
		}},
		"bricks": &sdk.Databricks{ComputeType: to.Ptr(sdk.ComputeTypeDatabricks), Properties: &sdk.DatabricksProperties{
			DatabricksAccessToken: to.Ptr("dapi-secret"), WorkspaceURL: to.Ptr("https://adb.example"),
		}},
		"spark": &sdk.SynapseSpark{ComputeType: to.Ptr(sdk.ComputeTypeSynapseSpark), Properties: &sdk.SynapseSparkProperties{NodeCount: to.Ptr[int32](3)}},
	} {
		made := must[sdk.ComputeClientCreateOrUpdateResponse](t)(finish[sdk.ComputeClientCreateOrUpdateResponse](ctx)(computes.BeginCreateOrUpdate(ctx, rg, ws, name,
			sdk.ComputeResource{Location: to.Ptr("eastus"), Properties: p}, nil)))
		if got := *made.Properties.GetCompute().ProvisioningState; got != sdk.ProvisioningStateSucceeded {
			t.Errorf("%s: provisioningState %s", name, got)
		}
	}

	keys := must[sdk.ComputeClientListKeysResponse](t)(computes.ListKeys(ctx, rg, ws, "aks", nil))
	if k := keys.ComputeSecretsClassification.(*sdk.AksComputeSecrets); *k.UserKubeConfig == "" || *k.AdminKubeConfig == *k.UserKubeConfig {
		t.Error("the kubeconfigs of an AKS are empty or the same")
	}
	keys = must[sdk.ComputeClientListKeysResponse](t)(computes.ListKeys(ctx, rg, ws, "box", nil))
	if a := keys.ComputeSecretsClassification.(*sdk.VirtualMachineSecrets).AdministratorAccount; *a.Username != "me" || a.Password != nil || a.PrivateKeyData != nil {
		t.Error("a virtual machine's secrets were kept")
	}
	keys = must[sdk.ComputeClientListKeysResponse](t)(computes.ListKeys(ctx, rg, ws, "bricks", nil))
	if k := keys.ComputeSecretsClassification.(*sdk.DatabricksComputeSecrets); k.DatabricksAccessToken != nil {
		t.Error("a Databricks token was kept")
	}
	_, err := computes.ListKeys(ctx, rg, ws, "spark", nil)
	wantError(t, err, http.StatusBadRequest, "BadRequest")

	must[sdk.ComputeClientDeleteResponse](t)(finish[sdk.ComputeClientDeleteResponse](ctx)(computes.BeginDelete(ctx, rg, ws, "aks", sdk.UnderlyingResourceActionDetach, nil)))
	left := 0
	for pages := computes.NewListPager(rg, ws, nil); pages.More(); {
		left += len(must[sdk.ComputeClientListResponse](t)(pages.NextPage(ctx)).Value)
	}
	if left != 5 {
		t.Errorf("%d computes after a detach, want 5", left)
	}
}

func TestSDKPaging(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, f := factory(t, emulator.Options{PageSize: 3})
	computes := f.NewComputeClient()
	want := 8
	for n := range want {
		name := "desk-" + string(rune('a'+n))
		must[sdk.ComputeClientCreateOrUpdateResponse](t)(finish[sdk.ComputeClientCreateOrUpdateResponse](ctx)(computes.BeginCreateOrUpdate(ctx, srv.ResourceGroup, srv.Workspace, name, instanceBody("STANDARD_DS1_V2"), nil)))
	}
	pages, names := 0, map[string]bool{}
	for p := computes.NewListPager(srv.ResourceGroup, srv.Workspace, nil); p.More(); pages++ {
		for _, c := range must[sdk.ComputeClientListResponse](t)(p.NextPage(ctx)).Value {
			names[*c.Name] = true
		}
	}
	if pages != 3 || len(names) != want {
		t.Errorf("%d names on %d pages, want %d on 3", len(names), pages, want)
	}
	rows := 0
	for p := f.NewUsagesClient().NewListPager("eastus", nil); p.More(); {
		for _, u := range must[sdk.UsagesClientListResponse](t)(p.NextPage(ctx)).Value {
			rows++
			if *u.Name.Value == "Standard DSv2 Family Cluster Dedicated vCPUs" && *u.Type == "Microsoft.MachineLearningServices/vmFamily/usages" && *u.CurrentValue != int64(want) {
				t.Errorf("DSv2 usage = %d, want %d", *u.CurrentValue, want)
			}
		}
	}
	if rows < want {
		t.Errorf("%d usage rows, want one for each compute at least", rows)
	}
}

func TestSDKSurroundings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, f := factory(t, emulator.Options{})

	w := must[sdk.WorkspacesClientGetResponse](t)(f.NewWorkspacesClient().Get(ctx, srv.ResourceGroup, srv.Workspace, nil))
	if *w.Location != "eastus" || *w.Name != srv.Workspace {
		t.Errorf("workspace %s in %s", *w.Name, *w.Location)
	}
	n := 0
	for p := f.NewWorkspacesClient().NewListBySubscriptionPager(nil); p.More(); {
		n += len(must[sdk.WorkspacesClientListBySubscriptionResponse](t)(p.NextPage(ctx)).Value)
	}
	for p := f.NewWorkspacesClient().NewListByResourceGroupPager(srv.ResourceGroup, nil); p.More(); {
		n += len(must[sdk.WorkspacesClientListByResourceGroupResponse](t)(p.NextPage(ctx)).Value)
	}
	if n != 2 {
		t.Errorf("the seeded workspace was listed %d times, want twice", n)
	}

	sizes := must[sdk.VirtualMachineSizesClientListResponse](t)(f.NewVirtualMachineSizesClient().List(ctx, "eastus", nil))
	found := false
	for _, s := range sizes.Value {
		found = found || *s.Name == "Standard_DS3_v2" && *s.VCPUs == 4 && *s.Family == "standardDSv2Family" && len(s.EstimatedVMPrices.Values) == 4
	}
	if !found {
		t.Error("Standard_DS3_v2 is not in the catalogue as it should be")
	}

	quotas := f.NewQuotasClient()
	id := ""
	for p := quotas.NewListPager("eastus", nil); p.More(); {
		for _, q := range must[sdk.QuotasClientListResponse](t)(p.NextPage(ctx)).Value {
			if *q.Name.Value == "Standard DSv2 Family Cluster Dedicated vCPUs" && *q.Limit == 100 {
				id = *q.ID
			}
		}
	}
	res := must[sdk.QuotasClientUpdateResponse](t)(quotas.Update(ctx, "eastus", sdk.QuotaUpdateParameters{Value: []*sdk.QuotaBaseProperties{
		{ID: to.Ptr(id), Type: to.Ptr("x"), Limit: to.Ptr[int64](2)},
		{ID: to.Ptr("/nothing"), Limit: to.Ptr[int64](2)},
	}}, nil))
	if *res.Value[0].Status != sdk.StatusSuccess || *res.Value[1].Status != sdk.StatusInvalidVMFamilyName {
		t.Errorf("updateQuotas: %s, %s", *res.Value[0].Status, *res.Value[1].Status)
	}
	_, err := f.NewComputeClient().BeginCreateOrUpdate(ctx, srv.ResourceGroup, srv.Workspace, "big", instanceBody("STANDARD_DS3_V2"), nil)
	wantError(t, err, http.StatusBadRequest, "BadRequest")
}
