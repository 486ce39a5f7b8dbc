// Package resources is Azure Resource Manager itself, as far as clients of the
// computes need it: tenants, subscriptions, resource groups, providers and
// locations. Other providers keep their resources in its groups.
package resources

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// What every new emulator holds.
const (
	Subscription  = "00000000-0000-0000-0000-000000000000"
	ResourceGroup = "local-rg"
	Location      = "eastus" // of whatever is made on first use, too
)

const (
	subscriptionPath = "subscriptions/{}"
	groupsPath       = subscriptionPath + "/resourceGroups"
	groupPath        = groupsPath + "/{}"
)

// Provider is Microsoft.Resources. It takes any api-version that is a date.
func Provider() *arm.Provider {
	return &arm.Provider{
		Tables: []arm.Declared{subscriptions, groups},
		Seed: func(t *arm.Tx) {
			addSubscription(t, Subscription)
			addGroup(t, &group{Subscription: Subscription, Name: ResourceGroup, Location: Location})
		},
		Scopes: []arm.Scope{
			{Path: subscriptionPath, Find: func(t *arm.Tx, args []string) error { return NeedSubscription(t, args[0]) }},
			{Path: groupPath, Find: func(t *arm.Tx, args []string) error { return NeedGroup(t, args[0], args[1]) }},
		},
		Routes: []arm.Route{
			{Method: "GET", Path: "tenants", Handle: listTenants},
			{Method: "GET", Path: "subscriptions", Handle: listSubscriptions},
			{Method: "GET", Path: subscriptionPath, Handle: InSubscription(getSubscription)},
			{Method: "GET", Path: subscriptionPath + "/locations", Handle: InSubscription(listLocations)},
			{Method: "GET", Path: subscriptionPath + "/resources", Handle: InSubscription(listResources)},
			{Method: "GET", Path: groupsPath, Handle: InSubscription(listGroups)},
			{Method: "GET", Path: groupPath, Handle: InSubscription(getGroup)},
			{Method: "HEAD", Path: groupPath, Handle: InSubscription(headGroup)},
			{Method: "PUT", Path: groupPath, Handle: InSubscription(putGroup)},
			{Method: "DELETE", Path: groupPath, Handle: deleteGroup},
			{Method: "GET", Path: groupPath + "/resources", Handle: InSubscription(listResources)},
			{Method: "GET", Path: subscriptionPath + "/providers", Handle: InSubscription(listProviders)},
			{Method: "GET", Path: subscriptionPath + "/providers/{}", Handle: InSubscription(getProvider)},
			{Method: "POST", Path: subscriptionPath + "/providers/{}/register", Handle: InSubscription(getProvider)},
		},
	}
}

const (
	subscriptions arm.Table[*subscription] = "subscription" // by id
	groups        arm.Table[*group]        = "group"        // by sub/group
)

type subscription struct {
	ID string `json:"id"`
}

type group struct {
	Subscription string `json:"subscription"`
	Name         string `json:"name"`
	Location     string `json:"location"`

	Tags map[string]*string `json:"tags,omitempty"`
}

// Count is how many subscriptions there are.
func Count(t *arm.Tx) int { return subscriptions.Len(t) }

// NeedSubscription makes a subscription on first use, or refuses an unknown one.
func NeedSubscription(t *arm.Tx, id string) error {
	switch {
	case subscriptions.Get(t, arm.Key(id)) != nil:
		return nil
	case t.Strict:
		return arm.Fail(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", id)
	case len(id) > 64:
		return arm.Fail(http.StatusBadRequest, "InvalidSubscriptionId", "The provided subscription identifier '%s' is malformed or invalid.", id)
	}
	addSubscription(t, id)
	return nil
}

// InSubscription is a handler of paths that begin with a subscription's, which
// may be its first use.
func InSubscription(handle func(*arm.Tx, *arm.Request) (*arm.Response, error)) func(*arm.Tx, *arm.Request) (*arm.Response, error) {
	return func(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
		if err := NeedSubscription(t, q.Args[0]); err != nil {
			return nil, err
		}
		return handle(t, q)
	}
}

// NeedGroup makes a resource group on first use, or refuses an unknown one.
func NeedGroup(t *arm.Tx, sub, name string) error {
	if err := NeedSubscription(t, sub); err != nil {
		return err
	}
	k := arm.Key(sub, name)
	switch {
	case groups.Get(t, k) != nil:
		return nil
	case t.Strict || groups.Buried(t, k):
		return noGroup(name)
	case len(name) > 90:
		return badGroupName(name)
	}
	addGroup(t, &group{Subscription: sub, Name: name, Location: Location})
	return nil
}

// Adopt makes a subscription and a group that are not there, strict or not.
func Adopt(t *arm.Tx, sub, name, location string) {
	if subscriptions.Get(t, arm.Key(sub)) == nil {
		addSubscription(t, sub)
	}
	if groups.Get(t, arm.Key(sub, name)) == nil {
		addGroup(t, &group{Subscription: sub, Name: name, Location: location})
	}
}

func addSubscription(t *arm.Tx, id string) { subscriptions.Put(t, arm.Key(id), &subscription{ID: id}) }
func addGroup(t *arm.Tx, g *group)         { groups.Put(t, arm.Key(g.Subscription, g.Name), g) }

func noGroup(name string) error {
	return arm.Fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
}

func badGroupName(name string) error {
	return arm.Fail(http.StatusBadRequest, "InvalidResourceGroup", "The provided resource group name '%s' has these invalid characters or is too long.", name)
}

func listTenants(*arm.Tx, *arm.Request) (*arm.Response, error) {
	id := arm.Anybody.TenantID
	return arm.List(new(arm.Object).Set("id", "/tenants/"+id).Set("tenantId", id).Set("countryCode", "US").
		Set("displayName", "Emulator").Set("domains", []string{"localhost"}).Set("tenantCategory", "Home")), nil
}

func (s *subscription) body() *arm.Object {
	return new(arm.Object).
		Set("id", "/subscriptions/"+s.ID).Set("subscriptionId", s.ID).Set("tenantId", arm.Anybody.TenantID).
		Set("displayName", "Emulator").Set("state", "Enabled").Set("authorizationSource", "RoleBased").
		Set("managedByTenants", []string{}).
		Set("subscriptionPolicies", new(arm.Object).Set("locationPlacementId", "Internal_2014-09-01").Set("quotaId", "Internal_2014-09-01").Set("spendingLimit", "Off"))
}

func listSubscriptions(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	return t.Page(q, "", subscriptions.Keys(t, ""), func(k string) *arm.Object { return subscriptions.Get(t, k).body() })
}

func getSubscription(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	return arm.OK(subscriptions.Get(t, arm.Key(q.Args[0])).body()), nil
}

// regions are the locations that are listed; computes can be in any.
func regions() [][2]string {
	return [][2]string{
		{"eastus", "East US"}, {"eastus2", "East US 2"}, {"westus2", "West US 2"}, {"westus3", "West US 3"}, {"centralus", "Central US"},
		{"northeurope", "North Europe"}, {"westeurope", "West Europe"}, {"germanywestcentral", "Germany West Central"},
		{"uksouth", "UK South"}, {"japaneast", "Japan East"}, {"southeastasia", "Southeast Asia"}, {"australiaeast", "Australia East"},
	}
}

func listLocations(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var out []*arm.Object
	for _, r := range regions() {
		out = append(out, new(arm.Object).Set("id", "/subscriptions/"+q.Args[0]+"/locations/"+r[0]).
			Set("name", r[0]).Set("type", "Region").Set("displayName", r[1]).Set("regionalDisplayName", r[1]).
			Set("metadata", new(arm.Object).Set("regionType", "Physical").Set("regionCategory", "Recommended")))
	}
	return arm.List(out...), nil
}

func (g *group) body() *arm.Object {
	return new(arm.Object).
		Set("id", "/subscriptions/"+g.Subscription+"/resourceGroups/"+g.Name).Set("name", g.Name).
		Set("type", "Microsoft.Resources/resourceGroups").Set("location", g.Location).Set("tags", arm.Tags(g.Tags)).
		Set("properties", new(arm.Object).Set("provisioningState", "Succeeded"))
}

func listGroups(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	prefix := arm.Key(q.Args[0]) + "/"
	return t.Page(q, prefix, groups.Keys(t, prefix), func(k string) *arm.Object { return groups.Get(t, k).body() })
}

// getGroup answers about a group that exists: asking for one does not make it,
// since clients ask in order to find out.
func getGroup(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	g := groups.Get(t, arm.Key(q.Args...))
	if g == nil {
		return nil, noGroup(q.Args[1])
	}
	return arm.OK(g.body()), nil
}

func headGroup(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	if _, err := getGroup(t, q); err != nil {
		return arm.NewResponse(http.StatusNotFound), nil //nolint:nilerr // the status is the answer
	}
	return arm.NewResponse(http.StatusNoContent), nil
}

func putGroup(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var in struct {
		Location string
		Tags     map[string]*string
	}
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	g, status := groups.Get(t, arm.Key(q.Args...)), http.StatusOK
	switch {
	case in.Location == "":
		return nil, arm.Fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case len(q.Args[1]) > 90:
		return nil, badGroupName(q.Args[1])
	case g != nil && g.Location != arm.Region(in.Location):
		return nil, arm.Fail(http.StatusConflict, "InvalidResourceGroupLocation",
			"Invalid resource group location '%s'. The Resource group already exists in location '%s'.", arm.Region(in.Location), g.Location)
	case g == nil:
		g, status = &group{Subscription: q.Args[0], Name: q.Args[1], Location: arm.Region(in.Location)}, http.StatusCreated
	}
	g.Tags = in.Tags
	addGroup(t, g)
	return arm.NewResponse(status).JSON(g.body()), nil
}

// deleteGroup removes a group and what stands in it; the service takes minutes
// for this, the emulator answers at once.
func deleteGroup(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	k := arm.Key(q.Args...)
	if groups.Get(t, k) == nil {
		return nil, noGroup(q.Args[1])
	}
	for _, p := range t.Providers {
		if p.Empty != nil {
			p.Empty(t, k)
		}
	}
	groups.Bury(t, k)
	return arm.NewResponse(http.StatusOK), nil
}

// filterTerm is one comparison of an OData filter as az writes it.
var filterTerm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(resourceType|resourceGroup|name|location)\s+eq\s+'([^']*)'`)
})

// listResources lists what stands by itself in a subscription or a group.
func listResources(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	terms := filterTerm().FindAllStringSubmatch(q.Query.Get("$filter"), -1)
	found := map[string]*arm.Object{}
	var keys []string
	for _, p := range t.Providers {
		if p.Resources == nil {
			continue
		}
		for _, r := range p.Resources(t, arm.Key(q.Args...)) {
			have := map[string]string{"resourcetype": r.Type, "resourcegroup": r.Group, "name": r.Name, "location": r.Location}
			if !slices.ContainsFunc(terms, func(term []string) bool { return !strings.EqualFold(have[strings.ToLower(term[1])], term[2]) }) {
				keys = append(keys, arm.Key(r.ID))
				found[arm.Key(r.ID)] = r.Body
			}
		}
	}
	slices.Sort(keys)
	return t.Page(q, "", keys, func(k string) *arm.Object { return found[k] })
}

// registered is a provider as a subscription shows it.
func registered(p *arm.Provider, sub string) *arm.Object {
	var places []string
	for _, r := range regions() {
		places = append(places, r[1])
	}
	newest := slices.SortedFunc(slices.Values(p.Versions), func(a, b string) int { return strings.Compare(b, a) })
	var types []*arm.Object
	for _, kind := range p.Types {
		types = append(types, new(arm.Object).Set("resourceType", kind).Set("locations", places).
			Set("apiVersions", newest).Set("capabilities", "None"))
	}
	return new(arm.Object).Set("id", "/subscriptions/"+sub+"/providers/"+p.Namespace).Set("namespace", p.Namespace).
		Set("registrationState", "Registered").Set("registrationPolicy", "RegistrationRequired").Set("resourceTypes", types)
}

func listProviders(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var out []*arm.Object
	for _, p := range t.Providers {
		if p.Types != nil {
			out = append(out, registered(p, q.Args[0]))
		}
	}
	return arm.List(out...), nil
}

func getProvider(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	for _, p := range t.Providers {
		if p.Types != nil && strings.EqualFold(q.Args[1], p.Namespace) {
			return arm.OK(registered(p, q.Args[0])), nil
		}
	}
	return nil, arm.Fail(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", q.Args[1])
}
