package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// workspace is one Azure ML workspace, as far as computes need it.
type workspace struct {
	Subscription  string             `json:"subscription"`
	ResourceGroup string             `json:"resourceGroup"`
	Name          string             `json:"name"`
	Location      string             `json:"location"`
	Tags          map[string]*string `json:"tags,omitempty"`
	FriendlyName  string             `json:"friendlyName,omitempty"`
}

func (w *workspace) valid() bool    { return w != nil }
func (s *subscription) valid() bool { return s != nil }
func (g *group) valid() bool        { return g != nil }

func (w *workspace) id() string {
	return "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.ResourceGroup + "/providers/" + workspaceType + "/" + w.Name
}

func (w *workspace) key() string { return key(w.Subscription, w.ResourceGroup, w.Name) }

func (w *workspace) body() *object {
	near := "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.ResourceGroup + "/providers/"
	friendly := w.FriendlyName
	if friendly == "" {
		friendly = w.Name
	}
	tags := w.Tags
	if tags == nil {
		tags = map[string]*string{}
	}
	return new(object).
		set("id", w.id()).set("name", w.Name).set("type", workspaceType).
		set("location", w.Location).set("tags", tags).
		set("identity", new(object).set("type", "SystemAssigned").set("principalId", defaultPerson.ObjectID).set("tenantId", defaultPerson.TenantID)).
		set("sku", new(object).set("name", "Basic").set("tier", "Basic")).
		set("kind", "Default").
		set("properties", new(object).
			set("friendlyName", friendly).set("description", "").
			set("storageAccount", near+"Microsoft.Storage/storageAccounts/localstorage").
			set("keyVault", near+"Microsoft.KeyVault/vaults/localvault").
			set("applicationInsights", near+"Microsoft.Insights/components/localinsights").
			set("containerRegistry", nil).
			set("workspaceId", w.guid()).
			set("discoveryUrl", "https://"+w.Location+".api.azureml.ms/discovery").
			set("hbiWorkspace", false).set("allowPublicAccessWhenBehindVnet", false).
			set("publicNetworkAccess", "Enabled").
			set("provisioningState", "Succeeded"))
}

// guid is an id of the workspace that stays the same.
func (w *workspace) guid() string { return stableUUID(w.key()) }

// workspace returns the workspace that the first three arguments of a request
// name, making it and what it stands in unless unknown ones are refused.
func (t *tx) workspace(q *request) (*workspace, error) {
	sub, rg, name := q.args[0], q.args[1], q.args[2]
	if w := t.s.workspaces[key(sub, rg, name)]; w != nil {
		return w, nil
	}
	if err := t.group(sub, rg); err != nil {
		return nil, err
	}
	if t.e.opts.StrictWorkspaces {
		return nil, notFound(workspaceType, name, rg)
	}
	if !validWorkspaceName(name) {
		return nil, invalidWorkspaceName(name)
	}
	w := &workspace{Subscription: sub, ResourceGroup: rg, Name: name, Location: Location}
	t.s.workspaces[w.key()] = w
	t.s.touch(workspaceKey + w.key())
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

// subscription answers for a subscription, making it on first use.
func (t *tx) subscription(id string) error {
	if t.s.subscriptions[key(id)] != nil {
		return nil
	}
	if t.e.opts.StrictWorkspaces {
		return fail(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", id)
	}
	if len(id) > 64 {
		return fail(http.StatusBadRequest, "InvalidSubscriptionId", "The provided subscription identifier '%s' is malformed or invalid.", id)
	}
	t.s.subscriptions[key(id)] = &subscription{ID: id}
	t.s.touch(subscriptionKey + key(id))
	return nil
}

// group answers for a resource group, making it on first use.
func (t *tx) group(sub, name string) error {
	if err := t.subscription(sub); err != nil {
		return err
	}
	k := key(sub, name)
	if t.s.groups[k] != nil {
		return nil
	}
	if t.e.opts.StrictWorkspaces {
		return fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
	}
	if len(name) > 90 {
		return fail(http.StatusBadRequest, "InvalidResourceGroup", "The provided resource group name '%s' has these invalid characters or is too long.", name)
	}
	t.s.groups[k] = &group{Subscription: sub, Name: name, Location: Location}
	t.s.touch(groupKey + k)
	return nil
}

func getWorkspace(t *tx, q *request) (*response, error) {
	w, err := t.workspace(q)
	if err != nil {
		return nil, err
	}
	return newResponse(http.StatusOK).json(w.body()), nil
}

// putWorkspace makes a workspace or changes its tags and friendly name. The
// service takes minutes for this, under 202; the emulator answers at once, with
// 200 for a new one too: the API knows no 201 here.
func putWorkspace(t *tx, q *request) (*response, error) {
	var in struct {
		Location   string
		Tags       map[string]*string
		Properties struct{ FriendlyName string }
	}
	if err := decode(q.body, &in); err != nil {
		return nil, err
	}
	sub, rg, name := q.args[0], q.args[1], q.args[2]
	if !validWorkspaceName(name) {
		return nil, invalidWorkspaceName(name)
	}
	if err := t.group(sub, rg); err != nil {
		return nil, err
	}
	w := t.s.workspaces[key(sub, rg, name)]
	if w == nil {
		if in.Location == "" {
			return nil, fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
		}
		w = &workspace{Subscription: sub, ResourceGroup: rg, Name: name, Location: region(in.Location)}
		t.s.workspaces[w.key()] = w
	}
	w.Tags, w.FriendlyName = in.Tags, in.Properties.FriendlyName
	t.s.touch(workspaceKey + w.key())
	return newResponse(http.StatusOK).json(w.body()), nil
}

// patchWorkspace changes the tags and the friendly name of a workspace; what is
// not sent stays.
func patchWorkspace(t *tx, q *request) (*response, error) {
	var in struct {
		Tags       map[string]*string
		Properties struct{ FriendlyName *string }
	}
	if err := decode(q.body, &in); err != nil {
		return nil, err
	}
	w, err := t.workspace(q)
	if err != nil {
		return nil, err
	}
	if in.Tags != nil {
		w.Tags = in.Tags
	}
	if name := in.Properties.FriendlyName; name != nil {
		w.FriendlyName = *name
	}
	t.s.touch(workspaceKey + w.key())
	return newResponse(http.StatusOK).json(w.body()), nil
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
	t.s.touch(workspaceKey + ws)
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
	err := t.subscription(q.args[0])
	if len(q.args) == 2 {
		err = t.group(q.args[0], q.args[1])
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
	value := append(make([]byte, 0, 3000*len(keys)), '[')
	for i, k := range keys {
		if i > 0 {
			value = append(value, ',')
		}
		value = appendValue(value, item(k))
	}
	out := new(object).set("value", json.RawMessage(append(value, ']')))
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
