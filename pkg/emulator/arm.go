package emulator

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// ARM itself, as far as clients of the computes need it: tenants,
// subscriptions, resource groups, providers, locations, resources, permissions
// and the endpoints of the cloud. They take any api-version that is a date.

const (
	groupsPath     = subPath + "resourceGroups"
	permissions    = "/providers/Microsoft.Authorization/permissions"
	subscriptionNS = "subscriptions"
)

var armRoutes = []route{
	{"GET", "metadata/endpoints", "metadata", nil, cloudEndpoints},
	{"GET", "tenants", "tenants", nil, listTenants},
	{"GET", "subscriptions", subscriptionNS, nil, listSubscriptions},
	{"GET", "subscriptions/{}", subscriptionNS, nil, getSubscription},
	{"GET", subPath + "locations", subscriptionNS, nil, listLocations},
	{"GET", subPath + "resources", subscriptionNS, nil, listResources},
	{"GET", groupsPath, "resourceGroups", nil, listGroups},
	{"GET", groupsPath + "/{}", "resourceGroups", nil, getGroup},
	{"HEAD", groupsPath + "/{}", "resourceGroups", nil, headGroup},
	{"PUT", groupsPath + "/{}", "resourceGroups", nil, putGroup},
	{"DELETE", groupsPath + "/{}", "resourceGroups", nil, deleteGroup},
	{"GET", groupsPath + "/{}/resources", "resourceGroups", nil, listResources},
	{"GET", subPath + "providers", "providers", nil, listProviders},
	{"GET", subPath + "providers/{}", "providers", nil, getProvider},
	{"POST", subPath + "providers/{}/register", "providers", nil, getProvider},
	{"GET", "subscriptions/{}" + permissions, "permissions", nil, listPermissions},
	{"GET", groupsPath + "/{}" + permissions, "permissions", nil, listPermissions},
	{"GET", wsPath + permissions, "permissions", nil, listPermissions},
	{"GET", computePath + permissions, "permissions", nil, listPermissions},
}

func single(o ...*object) *response {
	return newResponse(http.StatusOK).json(new(object).set("value", o))
}

// cloudEndpoints answers clients that learn a cloud from its Resource Manager:
// a list until 2022-09-01, one cloud from then on.
func cloudEndpoints(_ *tx, q *request) (*response, error) {
	o := new(object).
		set("name", "computetarget-emulator").
		set("portal", q.base).
		set("resourceManager", q.base).
		set("gallery", q.base).set("graph", q.base).set("graphAudience", q.base).set("microsoftGraphResourceId", q.base).
		set("batch", q.base).set("media", q.base).set("sqlManagement", q.base).set("vmImageAliasDoc", q.base).
		set("activeDirectoryDataLake", q.base).set("logAnalyticsResourceId", q.base).set("appInsightsResourceId", q.base).
		set("authentication", new(object).
			set("loginEndpoint", q.base+"/"+signInPrefix).
			set("audiences", []string{q.base}).
			set("tenant", signInPrefix).
			set("identityProvider", "ADFS")).
		set("suffixes", new(object).
			set("storage", "core.localhost").set("keyVaultDns", "vault.localhost").set("sqlServerHostname", "database.localhost").
			set("acrLoginServer", "azurecr.localhost").set("azureDataLakeStoreFileSystem", "datalake.localhost").
			set("azureDataLakeAnalyticsCatalogAndJob", "analytics.localhost"))
	if q.query.Get("api-version") >= "2022-09-01" {
		return newResponse(http.StatusOK).json(o), nil
	}
	res := newResponse(http.StatusOK).json(o)
	res.body = append(append([]byte{'['}, res.body...), ']')
	return res, nil
}

func listTenants(*tx, *request) (*response, error) {
	id := defaultPerson.TenantID
	return single(new(object).set("id", "/tenants/"+id).set("tenantId", id).set("countryCode", "US").
		set("displayName", "Emulator").set("domains", []string{"localhost"}).set("tenantCategory", "Home")), nil
}

func (s *subscription) body() *object {
	return new(object).
		set("id", "/subscriptions/"+s.ID).set("subscriptionId", s.ID).set("tenantId", defaultPerson.TenantID).
		set("displayName", "Emulator").set("state", "Enabled").set("authorizationSource", "RoleBased").
		set("managedByTenants", []string{}).
		set("subscriptionPolicies", new(object).set("locationPlacementId", "Internal_2014-09-01").set("quotaId", "Internal_2014-09-01").set("spendingLimit", "Off"))
}

func listSubscriptions(t *tx, q *request) (*response, error) {
	keys := keysOf(t.s.subscriptions)
	slices.Sort(keys)
	return t.page(q, "", keys, func(k string) *object { return t.s.subscriptions[k].body() })
}

func getSubscription(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	return newResponse(http.StatusOK).json(t.s.subscriptions[key(q.args[0])].body()), nil
}

// regions are the locations that are listed; computes can be in any.
func regions() [][2]string {
	return [][2]string{
		{"eastus", "East US"}, {"eastus2", "East US 2"}, {"westus2", "West US 2"}, {"westus3", "West US 3"}, {"centralus", "Central US"},
		{"northeurope", "North Europe"}, {"westeurope", "West Europe"}, {"germanywestcentral", "Germany West Central"},
		{"uksouth", "UK South"}, {"japaneast", "Japan East"}, {"southeastasia", "Southeast Asia"}, {"australiaeast", "Australia East"},
	}
}

func listLocations(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	var out []*object
	for _, r := range regions() {
		out = append(out, new(object).set("id", "/subscriptions/"+q.args[0]+"/locations/"+r[0]).
			set("name", r[0]).set("type", "Region").set("displayName", r[1]).set("regionalDisplayName", r[1]).
			set("metadata", new(object).set("regionType", "Physical").set("regionCategory", "Recommended")))
	}
	return single(out...), nil
}

func (g *group) body() *object {
	tags := g.Tags
	if tags == nil {
		tags = map[string]*string{}
	}
	return new(object).
		set("id", "/subscriptions/"+g.Subscription+"/resourceGroups/"+g.Name).set("name", g.Name).
		set("type", "Microsoft.Resources/resourceGroups").set("location", g.Location).set("tags", tags).
		set("properties", new(object).set("provisioningState", "Succeeded"))
}

func listGroups(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	prefix := key(q.args[0]) + "/"
	var keys []string
	for k := range t.s.groups {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return t.page(q, prefix, keys, func(k string) *object { return t.s.groups[k].body() })
}

// getGroup answers about a group that exists: asking for one does not make it,
// since clients ask in order to find out.
func getGroup(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	g := t.s.groups[key(q.args[:2]...)]
	if g == nil {
		return nil, fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", q.args[1])
	}
	return newResponse(http.StatusOK).json(g.body()), nil
}

func headGroup(t *tx, q *request) (*response, error) {
	if _, err := getGroup(t, q); err != nil {
		return newResponse(http.StatusNotFound), nil //nolint:nilerr // the status is the answer
	}
	return newResponse(http.StatusNoContent), nil
}

func putGroup(t *tx, q *request) (*response, error) {
	var in struct {
		Location string
		Tags     map[string]*string
	}
	if err := decode(q.body, &in); err != nil {
		return nil, err
	}
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	k := key(q.args[:2]...)
	g, status := t.s.groups[k], http.StatusOK
	switch {
	case in.Location == "":
		return nil, fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case len(q.args[1]) > 90:
		return nil, fail(http.StatusBadRequest, "InvalidResourceGroup", "The provided resource group name '%s' has these invalid characters or is too long.", q.args[1])
	case g != nil && g.Location != region(in.Location):
		return nil, fail(http.StatusConflict, "InvalidResourceGroupLocation",
			"Invalid resource group location '%s'. The Resource group already exists in location '%s'.", region(in.Location), g.Location)
	case g == nil:
		g, status = &group{Subscription: q.args[0], Name: q.args[1], Location: region(in.Location)}, http.StatusCreated
	}
	g.Tags = in.Tags
	t.addGroup(g)
	return newResponse(status).json(g.body()), nil
}

// deleteGroup removes a group and what stands in it; the service takes minutes
// for this, the emulator answers at once.
func deleteGroup(t *tx, q *request) (*response, error) {
	k := key(q.args[:2]...)
	if t.s.groups[k] == nil {
		return nil, fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", q.args[1])
	}
	for _, w := range keysOf(t.s.workspaces) {
		if strings.HasPrefix(w, k+"/") {
			t.removeWorkspace(w)
		}
	}
	delete(t.s.groups, k)
	t.bury(groupKey + k)
	return newResponse(http.StatusOK), nil
}

// filterTerm is one comparison of an OData filter as az writes it.
var filterTerm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(resourceType|resourceGroup|name|location)\s+eq\s+'([^']*)'`)
})

// listResources lists what has an id of its own: the workspaces.
func listResources(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	prefix := key(q.args...) + "/"
	terms := filterTerm().FindAllStringSubmatch(q.query.Get("$filter"), -1)
	var keys []string
next:
	for k, w := range t.s.workspaces {
		if !strings.HasPrefix(k, prefix) {
			continue
		}
		for _, term := range terms {
			have := map[string]string{"resourcetype": workspaceType, "resourcegroup": w.ResourceGroup, "name": w.Name, "location": w.Location}
			if !strings.EqualFold(have[strings.ToLower(term[1])], term[2]) {
				continue next
			}
		}
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return t.page(q, prefix, keys, func(k string) *object {
		w := t.s.workspaces[k]
		tags := w.Tags
		if tags == nil {
			tags = map[string]*string{}
		}
		return new(object).set("id", w.id()).set("name", w.Name).set("type", workspaceType).set("kind", "Default").
			set("location", w.Location).set("sku", new(object).set("name", "Basic").set("tier", "Basic")).set("tags", tags)
	})
}

func providerBody(sub string) *object {
	var places []string
	for _, r := range regions() {
		places = append(places, r[1])
	}
	var types []*object
	for _, kind := range []string{"workspaces", "workspaces/computes", "operations", "locations", "locations/vmSizes", "locations/usages", "locations/quotas", "locations/computeOperationsStatus"} {
		types = append(types, new(object).set("resourceType", kind).set("locations", places).
			set("apiVersions", newestFirst(allVersions(anyVersion))).set("capabilities", "None"))
	}
	return new(object).set("id", "/subscriptions/"+sub+"/providers/"+provider).set("namespace", provider).
		set("registrationState", "Registered").set("registrationPolicy", "RegistrationRequired").set("resourceTypes", types)
}

func newestFirst(versions []string) []string {
	slices.SortFunc(versions, func(a, b string) int { return strings.Compare(b, a) })
	return versions
}

func listProviders(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	return single(providerBody(q.args[0])), nil
}

func getProvider(t *tx, q *request) (*response, error) {
	if err := t.ensureSubscription(q.args[0]); err != nil {
		return nil, err
	}
	if !strings.EqualFold(q.args[1], provider) {
		return nil, fail(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", q.args[1])
	}
	return newResponse(http.StatusOK).json(providerBody(q.args[0])), nil
}

// listPermissions lets everybody do everything.
func listPermissions(t *tx, q *request) (*response, error) {
	var err error
	switch len(q.args) {
	case 1:
		err = t.ensureSubscription(q.args[0])
	case 2:
		err = t.ensureGroup(q.args[0], q.args[1])
	case 3:
		_, err = t.ensureWorkspace(q)
	default:
		_, err = t.find(q)
	}
	if err != nil {
		return nil, err
	}
	none := []string{}
	return single(new(object).set("actions", []string{"*"}).set("notActions", none).set("dataActions", none).set("notDataActions", none)), nil
}
