package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
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

func (w *workspace) valid() bool    { return w != nil }
func (s *subscription) valid() bool { return s != nil }
func (g *group) valid() bool        { return g != nil }

func (w *workspace) id() string {
	return "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.ResourceGroup + "/providers/" + workspaceType + "/" + w.Name
}

func (w *workspace) key() string { return key(w.Subscription, w.ResourceGroup, w.Name) }

func (w *workspace) body() *object {
	tags := w.Tags
	if tags == nil {
		tags = map[string]*string{}
	}
	who := w.Identity
	if who == nil {
		who = &identity{Type: "SystemAssigned", PrincipalID: defaultPerson.ObjectID, TenantID: defaultPerson.TenantID}
	}
	o := new(object).
		set("id", w.id()).set("name", w.Name).set("type", workspaceType).
		set("location", w.Location).set("tags", tags).set("identity", who.body())
	if isNull(w.SKU) {
		o.set("sku", new(object).set("name", "Basic").set("tier", "Basic"))
	} else {
		o.set("sku", w.SKU)
	}
	kind := w.Kind
	if kind == "" {
		kind = "Default"
	}
	return o.set("kind", kind).set("properties", w.properties())
}

// properties are those that were sent, and what the service decides otherwise.
func (w *workspace) properties() *object {
	near := "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.ResourceGroup + "/providers/"
	o := new(object)
	rest := maps.Clone(w.Properties)
	put := func(name string, otherwise any) {
		for k, v := range rest {
			if strings.EqualFold(k, name) {
				delete(rest, k)
				if !isNull(v) {
					otherwise = v
				}
			}
		}
		o.set(name, otherwise)
	}
	put("friendlyName", w.Name)
	put("description", "")
	put("storageAccount", near+"Microsoft.Storage/storageAccounts/localstorage")
	put("keyVault", near+"Microsoft.KeyVault/vaults/localvault")
	put("applicationInsights", near+"Microsoft.Insights/components/localinsights")
	put("containerRegistry", nil)
	o.set("workspaceId", w.guid())
	put("discoveryUrl", "https://"+w.Location+".api.azureml.ms/discovery")
	put("hbiWorkspace", false)
	put("allowPublicAccessWhenBehindVnet", false)
	put("publicNetworkAccess", "Enabled")
	for _, k := range slices.Sorted(maps.Keys(rest)) {
		o.set(k, rest[k])
	}
	return o.set("provisioningState", "Succeeded")
}

// decided are the properties of a workspace that the service alone sets.
var decided = []string{
	"workspaceId", "provisioningState", "tenantId", "mlFlowTrackingUri", "notebookInfo", "privateLinkCount",
	"privateEndpointConnections", "serviceProvisionedResourceGroup", "storageHnsEnabled",
}

// take puts what was sent into w, beside what is there when merge is set.
func (w *workspace) take(in *workspaceInput, who person, merge bool) error {
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
	props := dropSecrets("", in.Properties)
	maps.DeleteFunc(props, func(k string, _ json.RawMessage) bool { return oneOf(k, decided...) != "" })
	if !merge {
		w.Tags, w.SKU, w.Kind, w.Properties = in.Tags, in.SKU, in.Kind, props
		return nil
	}
	if in.Tags != nil {
		w.Tags = in.Tags
	}
	if !isNull(in.SKU) {
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
func (w *workspace) guid() string { return stableUUID(w.key()) }

// ensureWorkspace returns the workspace that the first three arguments of a
// request name. It makes it and what it stands in on first use, unless unknown
// ones are refused or it was deleted.
func (t *tx) ensureWorkspace(q *request) (*workspace, error) {
	sub, rg, name := q.args[0], q.args[1], q.args[2]
	if w := t.s.workspaces[key(sub, rg, name)]; w != nil {
		return w, nil
	}
	if err := t.ensureGroup(sub, rg); err != nil {
		return nil, err
	}
	if t.e.opts.StrictWorkspaces || t.s.deleted[workspaceKey+key(sub, rg, name)] {
		return nil, notFound(workspaceType, name, rg)
	}
	if !validWorkspaceName(name) {
		return nil, invalidWorkspaceName(name)
	}
	w := &workspace{Subscription: sub, ResourceGroup: rg, Name: name, Location: Location}
	t.addWorkspace(w)
	return w, nil
}

func invalidWorkspaceName(name string) error {
	return fail(http.StatusBadRequest, "InvalidResourceName",
		"Workspace name '%s' is invalid: it must be 3 to 33 letters, digits, underscores and hyphens, starting with a letter or digit.", name)
}

// validWorkspaceName is the pattern of the REST reference for workspaceName.
func validWorkspaceName(s string) bool {
	if len(s) < 3 || len(s) > 33 || s[0] == '-' || s[0] == '_' {
		return false
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' && s[i] != '_' {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// ensureSubscription makes a subscription on first use, or refuses an unknown one.
func (t *tx) ensureSubscription(id string) error {
	if t.s.subscriptions[key(id)] != nil {
		return nil
	}
	if t.e.opts.StrictWorkspaces {
		return fail(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", id)
	}
	if len(id) > 64 {
		return fail(http.StatusBadRequest, "InvalidSubscriptionId", "The provided subscription identifier '%s' is malformed or invalid.", id)
	}
	t.addSubscription(&subscription{ID: id})
	return nil
}

// ensureGroup makes a resource group on first use, or refuses an unknown one.
func (t *tx) ensureGroup(sub, name string) error {
	if err := t.ensureSubscription(sub); err != nil {
		return err
	}
	k := key(sub, name)
	if t.s.groups[k] != nil {
		return nil
	}
	if t.e.opts.StrictWorkspaces || t.s.deleted[groupKey+k] {
		return fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
	}
	if len(name) > 90 {
		return fail(http.StatusBadRequest, "InvalidResourceGroup", "The provided resource group name '%s' has these invalid characters or is too long.", name)
	}
	t.addGroup(&group{Subscription: sub, Name: name, Location: Location})
	return nil
}

// addSubscription, addGroup and addWorkspace keep a new or changed one; one that
// was deleted before exists again.
func (t *tx) addSubscription(s *subscription) {
	t.s.subscriptions[key(s.ID)] = s
	t.s.touch(subscriptionKey + key(s.ID))
}

func (t *tx) addGroup(g *group) {
	k := key(g.Subscription, g.Name)
	t.s.groups[k] = g
	t.s.touch(groupKey + k)
	t.revive(groupKey + k)
}

func (t *tx) addWorkspace(w *workspace) {
	t.s.workspaces[w.key()] = w
	t.s.touch(workspaceKey + w.key())
	t.revive(workspaceKey + w.key())
}

// bury remembers that a group or workspace was deleted, so that the next
// request for it does not make it.
func (t *tx) bury(storeKey string) {
	t.s.deleted[storeKey] = true
	t.s.touch(storeKey)
	t.s.touch(deletedKey + storeKey)
}

func (t *tx) revive(storeKey string) {
	if t.s.deleted[storeKey] {
		delete(t.s.deleted, storeKey)
		t.s.touch(deletedKey + storeKey)
	}
}

func getWorkspace(t *tx, q *request) (*response, error) {
	w, err := t.ensureWorkspace(q)
	if err != nil {
		return nil, err
	}
	return newResponse(http.StatusOK).json(w.body()), nil
}

// putWorkspace makes a workspace or changes what it was made with. The service
// takes minutes for this, under 202; the emulator answers at once, with 200 for
// a new one too: the API knows no 201 here.
func putWorkspace(t *tx, q *request) (*response, error) {
	var in workspaceInput
	if err := decode(q.body, &in); err != nil {
		return nil, err
	}
	sub, rg, name := q.args[0], q.args[1], q.args[2]
	if !validWorkspaceName(name) {
		return nil, invalidWorkspaceName(name)
	}
	if err := t.ensureGroup(sub, rg); err != nil {
		return nil, err
	}
	made := workspace{Subscription: sub, ResourceGroup: rg, Name: name, Location: region(in.Location)}
	old := t.s.workspaces[made.key()]
	switch {
	case old == nil && in.Location == "":
		return nil, fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case old != nil && in.Location != "" && made.Location != old.Location:
		return nil, fail(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. "+
			"A resource with the same name cannot be created in location '%s'. Please select a new resource name.", old.Name, old.Location, rg, made.Location)
	case old != nil:
		made = *old
	}
	if err := made.take(&in, q.caller, false); err != nil {
		return nil, err
	}
	return t.keepWorkspace(&made), nil
}

// patchWorkspace changes what was sent of a workspace; what was not stays.
func patchWorkspace(t *tx, q *request) (*response, error) {
	var in workspaceInput
	if err := decode(q.body, &in); err != nil {
		return nil, err
	}
	w, err := t.ensureWorkspace(q)
	if err != nil {
		return nil, err
	}
	changed := *w
	if err := changed.take(&in, q.caller, true); err != nil {
		return nil, err
	}
	return t.keepWorkspace(&changed), nil
}

func (t *tx) keepWorkspace(w *workspace) *response {
	t.addWorkspace(w)
	return newResponse(http.StatusOK).json(w.body())
}

// deleteWorkspace removes a workspace and every compute in it.
func deleteWorkspace(t *tx, q *request) (*response, error) {
	k := key(q.args[:3]...)
	if t.s.workspaces[k] == nil {
		return newResponse(http.StatusNoContent), nil
	}
	t.removeWorkspace(k)
	return newResponse(http.StatusOK), nil
}

func (t *tx) removeWorkspace(ws string) {
	for _, k := range slices.Clone(t.s.computesOf(t.s.workspaces[ws])) {
		if b := t.s.computes[k].Busy; b != nil {
			t.conclude(b, "Canceled", nil)
		}
		t.s.removeCompute(k)
	}
	delete(t.s.workspaces, ws)
	t.bury(workspaceKey + ws)
}

// ofWorkspace answers an action of a workspace that changes nothing.
func ofWorkspace(answer func(*workspace) *object) func(*tx, *request) (*response, error) {
	return func(t *tx, q *request) (*response, error) {
		w, err := t.ensureWorkspace(q)
		if err != nil {
			return nil, err
		}
		return newResponse(http.StatusOK).json(answer(w)), nil
	}
}

// secret is a key that the emulator makes up; it opens nothing.
func (w *workspace) secret(what string) string { return stableUUID(what + " of " + w.key()) }

func (w *workspace) storageKeys() *object {
	return new(object).set("userStorageKey", w.secret("storage key"))
}

func (w *workspace) notebookKeys() *object {
	return new(object).set("primaryAccessKey", w.secret("first notebook key")).set("secondaryAccessKey", w.secret("second notebook key"))
}

// notebookHost is where the notebooks of a workspace would be.
func (w *workspace) notebookHost() string {
	return "ml-" + strings.ToLower(w.Name) + "-" + w.Location + "-" + w.guid() + ".notebooks.azure.net"
}

func (w *workspace) keys() *object {
	return w.storageKeys().
		set("userStorageResourceId", "/subscriptions/"+w.Subscription+"/resourceGroups/"+w.ResourceGroup+"/providers/Microsoft.Storage/storageAccounts/localstorage").
		set("appInsightsInstrumentationKey", w.secret("insights key")).
		set("containerRegistryCredentials", nil).
		set("notebookAccessKeys", w.notebookKeys())
}

func (w *workspace) notebookToken() *object {
	return new(object).set("notebookResourceId", w.secret("notebook")).set("hostName", w.notebookHost()).set("publicDns", w.notebookHost()).
		set("accessToken", w.secret("notebook token")).set("tokenType", "Bearer").set("expiresIn", int(tokenLifetime.Seconds())).
		set("refreshToken", w.secret("refresh token")).set("scope", "aznb_identity")
}

func (w *workspace) notebook() *object {
	return new(object).set("resourceId", w.secret("notebook")).set("fqdn", w.notebookHost()).set("notebookPreparationError", nil)
}

// outbound are hosts that a workspace's computes reach; the list is short.
func (w *workspace) outbound() *object {
	host := new(object).set("domainName", w.Location+".api.azureml.ms").set("endpointDetails", []*object{new(object).set("port", 443)})
	return new(object).set("value", []*object{
		new(object).set("properties", new(object).set("category", "Azure Machine Learning").set("endpoints", []*object{host})),
	})
}

// diagnosis finds nothing wrong with a workspace.
func (w *workspace) diagnosis() *object {
	found := new(object)
	for _, about := range [...]string{
		"userDefinedRouteResults", "networkSecurityRuleResults", "resourceLockResults", "dnsResolutionResults",
		"storageAccountResults", "keyVaultResults", "containerRegistryResults", "applicationInsightsResults", "otherResults",
	} {
		found.set(about, []*object{})
	}
	return new(object).set("value", found)
}

// resyncKeys would fetch the keys of the storage account again.
func resyncKeys(t *tx, q *request) (*response, error) {
	if _, err := t.ensureWorkspace(q); err != nil {
		return nil, err
	}
	return newResponse(http.StatusOK), nil
}

// computesOf returns the keys of a workspace's computes, in order.
func (s *state) computesOf(w *workspace) []string {
	names := s.names()
	from, _ := slices.BinarySearch(names, w.key()+"/")
	to, _ := slices.BinarySearch(names, w.key()+"0") // the character after the slash
	return names[from:to]
}

// listWorkspaces lists a subscription's workspaces, or those of one group.
func listWorkspaces(t *tx, q *request) (*response, error) {
	prefix := key(q.args...) + "/"
	err := t.ensureSubscription(q.args[0])
	if len(q.args) == 2 {
		err = t.ensureGroup(q.args[0], q.args[1])
	}
	if err != nil {
		return nil, err
	}
	var keys []string
	for k := range t.s.workspaces {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return t.page(q, prefix, keys, func(k string) *object { return t.s.workspaces[k].body() })
}

// page answers with one page of the items under the sorted keys, which share a
// prefix. $skip is the rest of the key after which the page starts, so that
// pages stay true while items come and go.
func (t *tx) page(q *request, prefix string, keys []string, item func(string) *object) (*response, error) {
	if after := q.query.Get("$skip"); after != "" {
		i, found := slices.BinarySearch(keys, prefix+after)
		if found {
			i++
		}
		keys = keys[i:]
	}
	more := len(keys) > t.e.opts.PageSize
	if more {
		keys = keys[:t.e.opts.PageSize]
	}
	out := sized(3072*len(keys) + 1024)
	out.b = append(out.b, `{"value":[`...)
	for i, k := range keys {
		if i > 0 {
			out.b = append(out.b, ',')
		}
		out.b = appendValue(out.b, item(k))
	}
	out.b = append(out.b, ']')
	if more {
		next := maps.Clone(q.query) // filters hold for every page
		next.Set("$skip", strings.TrimPrefix(keys[len(keys)-1], prefix))
		var path strings.Builder
		for _, seg := range q.path {
			path.WriteString("/" + url.PathEscape(seg))
		}
		out.set("nextLink", q.base+path.String()+"?"+next.Encode())
	}
	return newResponse(http.StatusOK).json(out), nil
}

// region turns a region's display name into its name: "East US" is "eastus".
func region(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, " ", ""))
}
