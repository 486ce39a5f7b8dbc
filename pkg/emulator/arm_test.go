package emulator_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	sdk "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// arm sends a request to a path of ARM outside machine learning.
func (r *rig) arm(method, path, body string) answer {
	r.t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return r.send(method, host+path+sep+"api-version=2022-12-01", body)
}

// names are the names of a list's items.
func (a answer) names() string {
	list, _ := a.get("value").([]any)
	var out []string
	for _, item := range list {
		m, _ := item.(map[string]any)
		for _, k := range []string{"name", "subscriptionId", "tenantId", "namespace"} {
			if s, ok := m[k].(string); ok {
				out = append(out, s)
				break
			}
		}
	}
	return strings.Join(out, " ")
}

func TestARMPaths(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{StrictWorkspaces: true})
	sub := "/subscriptions/" + emulator.Subscription
	for path, names := range map[string]string{
		"/tenants":              "00000000-0000-0000-0000-000000000000",
		"/subscriptions":        emulator.Subscription,
		"/SUBSCRIPTIONS":        emulator.Subscription,
		sub + "/resourcegroups": "local-rg", sub + "/resourceGroups/local-rg/resources": "local-ws",
		sub + "/resources": "local-ws", sub + "/providers": "Microsoft.MachineLearningServices",
		sub + "/resources?$filter=" + url.QueryEscape("resourceType eq 'Microsoft.Storage/storageAccounts'"):                                            "",
		sub + "/resources?$filter=" + url.QueryEscape("resourceGroup eq 'LOCAL-RG' and resourceType eq 'Microsoft.MachineLearningServices/workspaces'"): "local-ws",
	} {
		if a := r.arm("GET", path, ""); a.status != 200 || a.names() != names {
			t.Errorf("GET %s: %d %q, want %q", path, a.status, a.names(), names)
		}
	}
	for path, code := range map[string]string{
		"/subscriptions/11111111-1111-1111-1111-111111111111": "SubscriptionNotFound",
		sub + "/resourceGroups/none":                          "ResourceGroupNotFound",
		sub + "/providers/Microsoft.Storage":                  "InvalidResourceNamespace",
		sub + "/nothing":                                      "InvalidResourceType",
	} {
		if a := r.arm("GET", path, ""); a.status != 404 || a.code() != code {
			t.Errorf("GET %s: %d %v, want 404 %s", path, a.status, a.code(), code)
		}
	}
	r.create("desk", "")
	r.want("permissions of no compute", r.arm("GET", workspacePath+"/computes/none/providers/Microsoft.Authorization/permissions", "").status, 404)
	for _, path := range []string{sub, sub + "/resourceGroups/local-rg", workspacePath, workspacePath + "/computes/desk"} {
		a := r.arm("GET", path+"/providers/Microsoft.Authorization/permissions", "")
		list, _ := a.get("value").([]any)
		if a.status != 200 || len(list) != 1 {
			t.Errorf("permissions of %s: %d %s", path, a.status, a.text)
		}
	}
	r.want("no api-version", r.send("GET", host+"/subscriptions", "").code(), "MissingApiVersionParameter")
	r.want("no date", r.send("GET", host+"/subscriptions?api-version=latest", "").code(), "InvalidApiVersionParameter")
	if a := r.arm("GET", sub+"/locations", ""); !strings.Contains(a.names(), "eastus") {
		t.Errorf("locations are %s", a.names())
	}
}

// A filter holds for every page.
func TestFilteredPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{PageSize: 1})
	for _, name := range []string{"ada-ws", "bob-ws", "cat-ws"} {
		location := map[bool]string{true: "eastus", false: "westeurope"}[name == "bob-ws"]
		r.want("PUT", r.send("PUT", host+strings.Replace(workspacePath, "local-ws", name, 1)+"?api-version="+stable, `{"location":"`+location+`"}`).status, 200)
	}
	first := r.arm("GET", "/subscriptions/"+emulator.Subscription+"/resources?$filter="+url.QueryEscape("location eq 'westeurope'"), "")
	next, _ := first.get("nextLink").(string)
	second := r.send("GET", next, "")
	r.want("the pages", first.names()+" "+second.names(), "ada-ws cat-ws")
	r.want("a third", second.get("nextLink"), nil)
}

func TestResourceGroups(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{StrictWorkspaces: true})
	rg := "/subscriptions/" + emulator.Subscription + "/resourceGroups/team-rg"
	r.want("HEAD of none", r.arm("HEAD", rg, "").status, 404)
	r.want("PUT", r.arm("PUT", rg, `{"location":"West Europe","tags":{"a":"b"}}`).status, 201)
	r.want("PUT again", r.arm("PUT", rg, `{"location":"westeurope"}`).status, 200)
	r.want("PUT elsewhere", r.arm("PUT", rg, `{"location":"eastus"}`).code(), "InvalidResourceGroupLocation")
	r.want("PUT nowhere", r.arm("PUT", rg, `{}`).code(), "LocationRequired")
	r.want("HEAD", r.arm("HEAD", rg, "").status, 204)
	ws := host + rg + "/providers/Microsoft.MachineLearningServices/workspaces/team-ws"
	r.want("a workspace in it", r.send("PUT", ws+"?api-version="+stable, `{"location":"westeurope"}`).status, 200)
	r.want("a compute in that", r.send("PUT", ws+"/computes/desk?api-version="+stable, instance("STANDARD_DS1_V2", "")).status, 201)
	r.want("DELETE", r.arm("DELETE", rg, "").status, 200)
	r.want("DELETE of none", r.arm("DELETE", rg, "").status, 404)
	r.want("the workspace", r.send("GET", ws+"?api-version="+stable, "").status, 404)
	st, err := r.Status(context.Background())
	if err != nil || st.Computes != 0 || st.Workspaces != 1 {
		t.Errorf("left are %+v, %v", st, err)
	}
}

// A cloud is a list of one until 2022-09-01, and an object from then on.
func TestCloudEndpoints(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	for version, list := range map[string]bool{"2019-05-01": true, "2022-09-01": false} {
		res, err := (&http.Client{Transport: r.Transport()}).Get(host + "/metadata/endpoints?api-version=" + version)
		if err != nil {
			t.Fatal(err)
		}
		type cloud struct {
			ResourceManager string
			Authentication  struct{ LoginEndpoint string }
		}
		clouds := make([]cloud, 1)
		into := any(&clouds[0])
		if list {
			into = &clouds
		}
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
		if c := clouds[0]; c.ResourceManager != host || c.Authentication.LoginEndpoint != host+"/adfs" {
			t.Errorf("at %s: %+v", version, c)
		}
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{StrictAuth: true})
	found := r.send("GET", host+"/adfs/.well-known/openid-configuration", "")
	at, _ := found.get("token_endpoint").(string)
	r.want("token endpoint", at, host+"/adfs/oauth2/token")
	for form, code := range map[string]string{
		"grant_type=client_credentials&client_id=me&client_secret=x&scope=https%3A%2F%2Fmanagement.azure.com%2F%2F.default": "",
		"grant_type=client_credentials&client_id=me&client_assertion=x&resource=https%3A%2F%2Femulator.local":               "",
		"grant_type=password&client_id=me&username=ada&password=x&scope=openid+https%3A%2F%2Femulator.local%2F.default":     "",
		"grant_type=client_credentials&client_id=me":                                                                        "invalid_client",
		"grant_type=client_credentials&client_secret=x":                                                                     "invalid_request",
		"grant_type=urn:ietf:params:oauth:grant-type:device_code":                                                           "unsupported_grant_type",
		"%zz": "invalid_request",
	} {
		a := r.send("POST", at, form)
		if code != "" {
			if a.status != 400 || a.get("error") != code {
				t.Errorf("%s: %d %s, want %s", form, a.status, a.text, code)
			}
			continue
		}
		token, _ := a.get("access_token").(string)
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, host+workspacePath+"?api-version="+stable, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := r.Transport().RoundTrip(req)
		if err != nil || res.StatusCode != 200 {
			t.Errorf("%s: the token is refused: %v, %v", form, res, err)
		}
	}
	seen, err := r.Requests(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range seen {
		if len(q.Body) > 0 {
			t.Errorf("the journal holds the body of a sign-in: %s", q.Body)
		}
	}
}

// The calls of Microsoft's client that the other tests do not make.
func TestSDKWorkspaces(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, f := factory(t, emulator.Options{StrictWorkspaces: true})
	workspaces := f.NewWorkspacesClient()
	rg := srv.ResourceGroup

	made := must[sdk.WorkspacesClientCreateOrUpdateResponse](t)(finish[sdk.WorkspacesClientCreateOrUpdateResponse](ctx)(workspaces.BeginCreateOrUpdate(ctx, rg, "team-ws", sdk.Workspace{
		Location: to.Ptr("westeurope"), Identity: &sdk.ManagedServiceIdentity{
			Type:                   to.Ptr(sdk.ManagedServiceIdentityTypeUserAssigned),
			UserAssignedIdentities: map[string]*sdk.UserAssignedIdentity{"/subscriptions/x": {}},
		},
		Properties: &sdk.WorkspaceProperties{
			FriendlyName: to.Ptr("The team's"), Description: to.Ptr("for vision"), HbiWorkspace: to.Ptr(true), ImageBuildCompute: to.Ptr("cpus"),
			StorageAccount: to.Ptr("/subscriptions/y"), PublicNetworkAccess: to.Ptr(sdk.PublicNetworkAccessDisabled),
		},
	}, nil)))
	if *made.Name != "team-ws" || *made.Location != "westeurope" || *made.Properties.FriendlyName != "The team's" {
		t.Errorf("made %s in %s", *made.Name, *made.Location)
	}
	changed := must[sdk.WorkspacesClientUpdateResponse](t)(finish[sdk.WorkspacesClientUpdateResponse](ctx)(workspaces.BeginUpdate(ctx, rg, "team-ws", sdk.WorkspaceUpdateParameters{
		Tags: map[string]*string{"team": to.Ptr("vision")}, Properties: &sdk.WorkspacePropertiesUpdateParameters{Description: to.Ptr("for sound")},
	}, nil)))
	if *changed.Tags["team"] != "vision" || *changed.Properties.FriendlyName != "The team's" {
		t.Errorf("changed to %v, %s", changed.Tags, *changed.Properties.FriendlyName)
	}
	// What was sent is found again, by who compares it as Terraform does.
	for _, c := range []struct{ what, got, want string }{
		{"description", *made.Properties.Description, "for vision"}, {"description, changed", *changed.Properties.Description, "for sound"},
		{"storageAccount", *changed.Properties.StorageAccount, "/subscriptions/y"}, {"imageBuildCompute", *changed.Properties.ImageBuildCompute, "cpus"},
		{"publicNetworkAccess", string(*changed.Properties.PublicNetworkAccess), "Disabled"}, {"identity", string(*changed.Identity.Type), "UserAssigned"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.what, c.got, c.want)
		}
	}
	if !*changed.Properties.HbiWorkspace || changed.Identity.UserAssignedIdentities["/subscriptions/x"].ClientID == nil {
		t.Error("hbiWorkspace or the identity was not kept")
	}
	_, err := workspaces.BeginCreateOrUpdate(ctx, rg, "team-ws", sdk.Workspace{Location: to.Ptr("eastus")}, nil)
	wantError(t, err, http.StatusConflict, "InvalidResourceLocation")

	keys := must[sdk.WorkspacesClientListKeysResponse](t)(workspaces.ListKeys(ctx, rg, "team-ws", nil))
	storage := must[sdk.WorkspacesClientListStorageAccountKeysResponse](t)(workspaces.ListStorageAccountKeys(ctx, rg, "team-ws", nil))
	notebook := must[sdk.WorkspacesClientListNotebookKeysResponse](t)(workspaces.ListNotebookKeys(ctx, rg, "team-ws", nil))
	if *keys.UserStorageKey != *storage.UserStorageKey || *keys.NotebookAccessKeys.PrimaryAccessKey != *notebook.PrimaryAccessKey {
		t.Error("the keys of a workspace are not the same everywhere")
	}
	token := must[sdk.WorkspacesClientListNotebookAccessTokenResponse](t)(workspaces.ListNotebookAccessToken(ctx, rg, "team-ws", nil))
	ready := must[sdk.WorkspacesClientPrepareNotebookResponse](t)(finish[sdk.WorkspacesClientPrepareNotebookResponse](ctx)(workspaces.BeginPrepareNotebook(ctx, rg, "team-ws", nil)))
	if *token.HostName != *ready.Fqdn || *token.AccessToken == "" {
		t.Errorf("notebooks are at %s and %s", *token.HostName, *ready.Fqdn)
	}
	hosts := must[sdk.WorkspacesClientListOutboundNetworkDependenciesEndpointsResponse](t)(workspaces.ListOutboundNetworkDependenciesEndpoints(ctx, rg, "team-ws", nil))
	if *hosts.Value[0].Properties.Endpoints[0].DomainName != "westeurope.api.azureml.ms" {
		t.Errorf("outbound is %s", *hosts.Value[0].Properties.Endpoints[0].DomainName)
	}
	found := must[sdk.WorkspacesClientDiagnoseResponse](t)(finish[sdk.WorkspacesClientDiagnoseResponse](ctx)(workspaces.BeginDiagnose(ctx, rg, "team-ws", nil)))
	if found.Value == nil || len(found.Value.OtherResults) > 0 {
		t.Errorf("the diagnosis is %+v", found.Value)
	}
	must[sdk.WorkspacesClientResyncKeysResponse](t)(finish[sdk.WorkspacesClientResyncKeysResponse](ctx)(workspaces.BeginResyncKeys(ctx, rg, "team-ws", nil)))
	computes := f.NewComputeClient()
	must[sdk.ComputeClientCreateOrUpdateResponse](t)(finish[sdk.ComputeClientCreateOrUpdateResponse](ctx)(computes.BeginCreateOrUpdate(ctx, rg, "team-ws", "desk1", instanceBody("STANDARD_DS1_V2"), nil)))
	must[sdk.WorkspacesClientDeleteResponse](t)(finish[sdk.WorkspacesClientDeleteResponse](ctx)(workspaces.BeginDelete(ctx, rg, "team-ws", nil)))
	_, err = workspaces.Get(ctx, rg, "team-ws", nil)
	wantError(t, err, http.StatusNotFound, "ResourceNotFound")
	_, err = computes.Get(ctx, rg, "team-ws", "desk1", nil)
	wantError(t, err, http.StatusNotFound, "ResourceNotFound")
	_, err = finish[sdk.WorkspacesClientUpdateResponse](ctx)(workspaces.BeginUpdate(ctx, rg, "team-ws", sdk.WorkspaceUpdateParameters{}, nil))
	wantError(t, err, http.StatusNotFound, "ResourceNotFound")
}
