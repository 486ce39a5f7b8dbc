package machinelearning

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/resources"
	"github.com/computetarget/computetarget/pkg/emulator/storage"
)

// workspace is one Azure ML workspace: what computes need of it, and what was
// sent, so that clients that compare find it again.
type workspace struct {
	Subscription  string                     `json:"subscription"`
	ResourceGroup string                     `json:"resourceGroup"`
	Name          string                     `json:"name"`
	Location      string                     `json:"location"`
	Tags          map[string]*string         `json:"tags,omitempty"`
	Identity      *identity                  `json:"identity,omitempty"` // nil is the system's own
	SKU           json.RawMessage            `json:"sku,omitempty"`
	Kind          string                     `json:"kind,omitempty"`
	Properties    map[string]json.RawMessage `json:"properties,omitempty"` // as sent, what the service decides left out
}

// workspaceInput is the body of a PUT or PATCH of a workspace.
type workspaceInput struct {
	Location   string
	Tags       map[string]*string
	Identity   *identityInput
	SKU        json.RawMessage
	Kind       string
	Properties map[string]json.RawMessage
}

func (w *workspace) id() string {
	return "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.ResourceGroup + "/providers/" + workspaceType + "/" + w.Name
}

func (w *workspace) key() string { return arm.Key(w.Subscription, w.ResourceGroup, w.Name) }

func (w *workspace) body() *arm.Object {
	who := w.Identity
	if who == nil {
		who = &identity{Type: "SystemAssigned", PrincipalID: arm.Anybody.ObjectID, TenantID: arm.Anybody.TenantID}
	}
	o := new(arm.Object).
		Set("id", w.id()).Set("name", w.Name).Set("type", workspaceType).
		Set("location", w.Location).Set("tags", arm.Tags(w.Tags)).Set("identity", who.body())
	if arm.IsNull(w.SKU) {
		o.Set("sku", new(arm.Object).Set("name", "Basic").Set("tier", "Basic"))
	} else {
		o.Set("sku", w.SKU)
	}
	kind := w.Kind
	if kind == "" {
		kind = "Default"
	}
	return o.Set("kind", kind).Set("properties", w.properties())
}

// properties are those that were sent, and what the service decides otherwise.
func (w *workspace) properties() *arm.Object {
	near := "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.ResourceGroup + "/providers/"
	o := new(arm.Object)
	rest := maps.Clone(w.Properties)
	put := func(name string, otherwise any) {
		for k, v := range rest {
			if strings.EqualFold(k, name) {
				delete(rest, k)
				if !arm.IsNull(v) {
					otherwise = v
				}
			}
		}
		o.Set(name, otherwise)
	}
	put("friendlyName", w.Name)
	put("description", "")
	put("storageAccount", w.accountID())
	put("keyVault", near+"Microsoft.KeyVault/vaults/localvault")
	put("applicationInsights", near+"Microsoft.Insights/components/localinsights")
	put("containerRegistry", nil)
	o.Set("workspaceId", w.guid())
	put("discoveryUrl", "https://"+w.Location+".api.azureml.ms/discovery")
	put("hbiWorkspace", false)
	put("allowPublicAccessWhenBehindVnet", false)
	put("publicNetworkAccess", "Enabled")
	put("systemDatastoresAuthMode", "accesskey")
	for _, k := range slices.Sorted(maps.Keys(rest)) {
		o.Set(k, rest[k])
	}
	return o.Set("provisioningState", "Succeeded")
}

// decided are the properties of a workspace that the service alone sets.
var decided = []string{
	"workspaceId", "provisioningState", "tenantId", "mlFlowTrackingUri", "notebookInfo", "privateLinkCount",
	"privateEndpointConnections", "serviceProvisionedResourceGroup", "storageHnsEnabled",
}

// take puts what was sent into w, beside what is there when merge is set.
func (w *workspace) take(in *workspaceInput, who arm.Person, merge bool) error {
	if in.Identity != nil {
		assigned, err := in.Identity.assign(w.Identity, who, w.key(), merge)
		if err != nil {
			return err
		}
		if assigned == nil {
			assigned = &identity{Type: "None"}
		}
		w.Identity = assigned
	}
	props := arm.DropSecrets("", in.Properties)
	maps.DeleteFunc(props, func(k string, _ json.RawMessage) bool { return oneOf(k, decided...) != "" })
	if !merge {
		w.Tags, w.SKU, w.Kind, w.Properties = in.Tags, in.SKU, in.Kind, props
		return nil
	}
	if in.Tags != nil {
		w.Tags = in.Tags
	}
	if !arm.IsNull(in.SKU) {
		w.SKU = in.SKU
	}
	kept := maps.Clone(w.Properties)
	for k := range props {
		maps.DeleteFunc(kept, func(old string, _ json.RawMessage) bool { return strings.EqualFold(old, k) })
	}
	maps.Copy(props, kept)
	w.Properties = props
	return nil
}

// guid is an id of the workspace that stays the same.
func (w *workspace) guid() string { return arm.StableUUID(w.key()) }

// needWorkspace returns the workspace that the first three arguments of a path
// name. It makes it and what it stands in on first use, unless unknown ones are
// refused or it was deleted.
func needWorkspace(t *arm.Tx, args []string) (*workspace, error) {
	sub, rg, name := args[0], args[1], args[2]
	k := arm.Key(sub, rg, name)
	if w := workspaces.Get(t, k); w != nil {
		return w, nil
	}
	if err := resources.NeedGroup(t, sub, rg); err != nil {
		return nil, err
	}
	if t.Strict || workspaces.Buried(t, k) {
		return nil, arm.NotFound(workspaceType, name, rg)
	}
	if !workspaceName(name) {
		return nil, inworkspaceName(name)
	}
	w := &workspace{Subscription: sub, ResourceGroup: rg, Name: name, Location: resources.Location}
	addWorkspace(t, w)
	return w, nil
}

func addWorkspace(t *arm.Tx, w *workspace) {
	workspaces.Put(t, w.key(), w)
	storage.Make(t, w.account(), "Users")
	storage.AllowKeys(t, w.account(), !w.keyless())
}

func inworkspaceName(name string) error {
	return arm.Fail(http.StatusBadRequest, "InvalidResourceName",
		"Workspace name '%s' is invalid: it must be 3 to 33 letters, digits, underscores and hyphens, starting with a letter or digit.", name)
}

// putWorkspace makes a workspace or changes what it was made with. The service
// takes minutes for this, under 202; the emulator answers at once, with 200 for
// a new one too: the API knows no 201 here.
func putWorkspace(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var in workspaceInput
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	sub, rg, name := q.Args[0], q.Args[1], q.Args[2]
	if !workspaceName(name) {
		return nil, inworkspaceName(name)
	}
	if err := resources.NeedGroup(t, sub, rg); err != nil {
		return nil, err
	}
	made := workspace{Subscription: sub, ResourceGroup: rg, Name: name, Location: arm.Region(in.Location)}
	old := workspaces.Get(t, made.key())
	switch {
	case old == nil && in.Location == "":
		return nil, arm.Fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case old != nil && in.Location != "" && made.Location != old.Location:
		return nil, arm.Fail(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. "+
			"A resource with the same name cannot be created in location '%s'. Please select a new resource name.", old.Name, old.Location, rg, made.Location)
	case old != nil:
		made = *old
	}
	if err := made.take(&in, q.Caller, false); err != nil {
		return nil, err
	}
	return keepWorkspace(t, &made), nil
}

// patchWorkspace changes what was sent of a workspace; what was not stays.
func patchWorkspace(t *arm.Tx, q *arm.Request, w *workspace) (*arm.Response, error) {
	var in workspaceInput
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	changed := *w
	if err := changed.take(&in, q.Caller, true); err != nil {
		return nil, err
	}
	return keepWorkspace(t, &changed), nil
}

func keepWorkspace(t *arm.Tx, w *workspace) *arm.Response {
	addWorkspace(t, w)
	return arm.OK(w.body())
}

// deleteWorkspace removes a workspace and every compute in it.
func deleteWorkspace(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	k := arm.Key(q.Args[:3]...)
	if workspaces.Get(t, k) == nil {
		return arm.NewResponse(http.StatusNoContent), nil
	}
	removeWorkspace(t, k)
	return arm.NewResponse(http.StatusOK), nil
}

func removeWorkspace(t *arm.Tx, ws string) {
	for _, k := range slices.Clone(computes.Keys(t, ws+"/")) {
		if b := computes.Get(t, k).Busy; b != nil {
			conclude(t, b, "Canceled", nil)
		}
		computes.Delete(t, k)
	}
	workspaces.Bury(t, ws)
}

// inWorkspace is a handler of paths that begin with a workspace's.
func inWorkspace(handle func(*arm.Tx, *arm.Request, *workspace) (*arm.Response, error)) func(*arm.Tx, *arm.Request) (*arm.Response, error) {
	return func(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
		w, err := needWorkspace(t, q.Args)
		if err != nil {
			return nil, err
		}
		return handle(t, q, w)
	}
}

// ofWorkspace answers an action of a workspace that changes nothing.
func ofWorkspace(answer func(*workspace) *arm.Object) func(*arm.Tx, *arm.Request) (*arm.Response, error) {
	return inWorkspace(func(_ *arm.Tx, _ *arm.Request, w *workspace) (*arm.Response, error) { return arm.OK(answer(w)), nil })
}

// secret is a key that the emulator makes up; it opens nothing.
func (w *workspace) secret(what string) string { return arm.StableUUID(what + " of " + w.key()) }

func (w *workspace) storageKeys() *arm.Object {
	return new(arm.Object).Set("userStorageKey", storage.Key(w.account()))
}

func (w *workspace) notebookKeys() *arm.Object {
	return new(arm.Object).Set("primaryAccessKey", w.secret("first notebook key")).Set("secondaryAccessKey", w.secret("second notebook key"))
}

// notebookHost is where the notebooks of a workspace would be.
func (w *workspace) notebookHost() string {
	return "ml-" + strings.ToLower(w.Name) + "-" + w.Location + "-" + w.guid() + ".notebooks.azure.net"
}

func (w *workspace) keys() *arm.Object {
	return w.storageKeys().
		Set("userStorageResourceId", w.accountID()).
		Set("appInsightsInstrumentationKey", w.secret("insights key")).
		Set("containerRegistryCredentials", nil).
		Set("notebookAccessKeys", w.notebookKeys())
}

func (w *workspace) notebookToken() *arm.Object {
	return new(arm.Object).Set("notebookResourceId", w.secret("notebook")).Set("hostName", w.notebookHost()).Set("publicDns", w.notebookHost()).
		Set("accessToken", w.secret("notebook token")).Set("tokenType", "Bearer").Set("expiresIn", int(time.Hour.Seconds())).
		Set("refreshToken", w.secret("refresh token")).Set("scope", "aznb_identity")
}

func (w *workspace) notebook() *arm.Object {
	return new(arm.Object).Set("resourceId", w.secret("notebook")).Set("fqdn", w.notebookHost()).Set("notebookPreparationError", nil)
}

// outbound are hosts that a workspace's computes reach; the list is short.
func (w *workspace) outbound() *arm.Object {
	host := new(arm.Object).Set("domainName", w.Location+".api.azureml.ms").Set("endpointDetails", []*arm.Object{new(arm.Object).Set("port", 443)})
	return new(arm.Object).Set("value", []*arm.Object{
		new(arm.Object).Set("properties", new(arm.Object).Set("category", "Azure Machine Learning").Set("endpoints", []*arm.Object{host})),
	})
}

// diagnosis finds nothing wrong with a workspace.
func (w *workspace) diagnosis() *arm.Object {
	found := new(arm.Object)
	for _, about := range [...]string{
		"userDefinedRouteResults", "networkSecurityRuleResults", "resourceLockResults", "dnsResolutionResults",
		"storageAccountResults", "keyVaultResults", "containerRegistryResults", "applicationInsightsResults", "otherResults",
	} {
		found.Set(about, []*arm.Object{})
	}
	return new(arm.Object).Set("value", found)
}

// resyncKeys would fetch the keys of the storage account again.
func resyncKeys(*arm.Tx, *arm.Request, *workspace) (*arm.Response, error) {
	return arm.NewResponse(http.StatusOK), nil
}

// computesOf returns the keys of a workspace's computes, in order.
func computesOf(t *arm.Tx, w *workspace) []string { return computes.Keys(t, w.key()+"/") }

// listWorkspaces lists a subscription's workspaces, or those of one group.
func listWorkspaces(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	prefix := arm.Key(q.Args...) + "/"
	err := resources.NeedSubscription(t, q.Args[0])
	if len(q.Args) == 2 {
		err = resources.NeedGroup(t, q.Args[0], q.Args[1])
	}
	if err != nil {
		return nil, err
	}
	return t.Page(q, prefix, workspaces.Keys(t, prefix), func(k string) *arm.Object { return workspaces.Get(t, k).body() })
}

// listed are the workspaces in ARM's list of resources.
func listed(t *arm.Tx, under string) []arm.Resource {
	var list []arm.Resource
	for _, k := range workspaces.Keys(t, under+"/") {
		w := workspaces.Get(t, k)
		list = append(list, arm.Resource{ID: w.id(), Name: w.Name, Type: workspaceType, Location: w.Location, Group: w.ResourceGroup,
			Body: new(arm.Object).Set("id", w.id()).Set("name", w.Name).Set("type", workspaceType).Set("kind", "Default").
				Set("location", w.Location).Set("sku", new(arm.Object).Set("name", "Basic").Set("tier", "Basic")).Set("tags", arm.Tags(w.Tags))})
	}
	return list
}

// empty removes the workspaces of a group.
func empty(t *arm.Tx, group string) {
	for _, k := range slices.Clone(workspaces.Keys(t, group+"/")) {
		removeWorkspace(t, k)
	}
}
