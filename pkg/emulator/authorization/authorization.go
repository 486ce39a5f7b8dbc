// Package authorization is Microsoft.Authorization as far as it is about rights:
// permissions, role definitions, role assignments and permits, which are the
// emulator's own way to say what somebody may do.
//
// Rights are enforced for those alone to whom somebody has given some: by a
// permit, or by a role assignment that another identity made. Anybody else may
// do everything.
package authorization

import (
	"net/http"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

const (
	namespace       = "Microsoft.Authorization"
	definitionsPath = "{*}/providers/" + namespace + "/roleDefinitions"
	assignmentsPath = "{*}/providers/" + namespace + "/roleAssignments"
)

// What the provider keeps.
const (
	definitions arm.Table[*definition] = "role"       // custom ones, by name
	assignments arm.Table[*assignment] = "assignment" // by scope/name
	permits     arm.Table[*permit]     = "permit"     // by principal
)

// Provider is Microsoft.Authorization without its policies.
func Provider() *arm.Provider {
	return &arm.Provider{
		Tables: []arm.Declared{definitions, assignments, permits},
		Admit:  admit,
		Routes: []arm.Route{
			{Method: "GET", Path: "{*}/providers/Microsoft.Authorization/permissions", Handle: inScope(listPermissions)},
			{Method: "GET", Path: definitionsPath, Handle: inScope(listDefinitions)},
			{Method: "GET", Path: definitionsPath + "/{}", Handle: inScope(getDefinition)},
			{Method: "PUT", Path: definitionsPath + "/{}", Handle: inScope(putDefinition)},
			{Method: "DELETE", Path: definitionsPath + "/{}", Handle: inScope(deleteDefinition)},
			{Method: "GET", Path: assignmentsPath, Handle: inScope(listAssignments)},
			{Method: "GET", Path: assignmentsPath + "/{}", Handle: inScope(getAssignment)},
			{Method: "PUT", Path: assignmentsPath + "/{}", Handle: inScope(putAssignment)},
			{Method: "DELETE", Path: assignmentsPath + "/{}", Handle: inScope(deleteAssignment)},
			{Method: "GET", Path: "{*}/providers/Microsoft.Authorization/denyAssignments", Handle: inScope(listDenials)},
		},
	}
}

// inScope is a handler of paths that begin with a scope that exists.
//
//go:noinline
func inScope(handle func(*arm.Tx, *arm.Request) (*arm.Response, error)) func(*arm.Tx, *arm.Request) (*arm.Response, error) {
	return func(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
		if err := Find(t, q.Args[0]); err != nil {
			return nil, err
		}
		return handle(t, q)
	}
}

// Find refuses a scope that does not exist. The root, which has no id, and
// management groups do.
func Find(t *arm.Tx, scope string) error {
	if scope == "" || isManagementGroup(scope) {
		return nil
	}
	for _, p := range t.Providers {
		for _, s := range p.Scopes {
			if args, ok := arm.MatchID(s.Path, scope); ok {
				return s.Find(t, args)
			}
		}
	}
	return arm.Fail(http.StatusNotFound, "InvalidResourceType", "The resource type of the path '/%s' could not be found.", strings.Trim(scope, "/"))
}

func isManagementGroup(scope string) bool {
	_, ok := arm.MatchID("providers/Microsoft.Management/managementGroups/{}", scope)
	return ok
}

// ID is a scope as an id: with a slash before it and none behind.
func ID(scope string) string { return "/" + strings.Trim(scope, "/") }

// Holds tells whether a scope is at or above a resource's id.
func Holds(scope, id string) bool {
	scope, id = strings.ToLower(strings.Trim(scope, "/")), strings.ToLower(strings.Trim(id, "/"))
	// Every subscription is below every management group here.
	return scope == "" || scope == id || strings.HasPrefix(id, scope+"/") || isManagementGroup(scope) && !isManagementGroup(id)
}

// permission is what a role allows: what matches an action and no notAction.
type permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

func (p permission) body() *arm.Object {
	return new(arm.Object).Set("actions", list(p.Actions)).Set("notActions", list(p.NotActions)).
		Set("dataActions", list(p.DataActions)).Set("notDataActions", list(p.NotDataActions))
}

// list is a list that is not null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func (p permission) allows(action string) bool {
	match := func(pattern string) bool { return matches(pattern, action) }
	return slices.ContainsFunc(p.Actions, match) && !slices.ContainsFunc(p.NotActions, func(pattern string) bool {
		// The documentation says that AzureML Data Scientist, whose notActions
		// have computes/*/write, cannot write computes.
		return match(pattern) || match(strings.ReplaceAll(pattern, "/*/", "/"))
	})
}

// matches tells whether an action is one of a pattern, in which * stands for any
// characters.
func matches(pattern, action string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	rest, ok := strings.CutPrefix(strings.ToLower(action), parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, last)
}

// permit is what the emulator was told that somebody may do, everywhere.
type permit struct {
	Principal string `json:"principal"`
	Name      string `json:"name,omitempty"`
	permission
}

func (p *permit) Valid() bool { return p.Principal != "" }

// Permit lets a principal do what the actions say and denied does not, and what
// its role assignments allow besides. A later permit replaces it.
func Permit(t *arm.Tx, principal, name string, actions, denied []string) error {
	for _, a := range append(slices.Clone(actions), denied...) {
		if !strings.Contains(a, "/") && !strings.Contains(a, "*") {
			return arm.BadRequest("'%s' is not an action such as Microsoft.MachineLearningServices/workspaces/computes/start/action, in which * matches any text.", a)
		}
	}
	permits.Put(t, arm.Key(principal), &permit{Principal: principal, Name: name, permission: permission{Actions: actions, NotActions: denied}})
	return nil
}

// Denies tells whether a permit takes an action away that is none of ARM.
func Denies(t *arm.Tx, principal, action string) bool {
	p := permits.Get(t, arm.Key(principal))
	return p != nil && slices.ContainsFunc(p.NotActions, func(pattern string) bool { return matches(pattern, action) })
}

// everything is what those may do to whom nobody has given rights.
var everything = permission{Actions: []string{"*"}}

// rights returns what a principal may do at a scope.
func rights(t *arm.Tx, principal, scope string) []permission {
	var out []permission
	p := permits.Get(t, arm.Key(principal))
	given := p != nil
	if given {
		out = append(out, p.permission)
	}
	for a := range assignments.All(t) {
		if !strings.EqualFold(a.Principal, principal) {
			continue
		}
		given = given || !strings.EqualFold(a.CreatedBy, principal)
		if d := findDefinition(t, a.Role); d != nil && Holds(a.Scope, scope) {
			out = append(out, d.Permissions...)
		}
	}
	if !given {
		return []permission{everything}
	}
	return out
}

func listPermissions(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	out := []*arm.Object{}
	for _, p := range rights(t, q.Caller.ObjectID, q.Args[0]) {
		out = append(out, p.body())
	}
	return arm.List(out...), nil
}

func listDenials(*arm.Tx, *arm.Request) (*arm.Response, error) {
	return arm.List([]*arm.Object{}...), nil
}

// admit refuses a request that its caller has no right to.
func admit(t *arm.Tx, q *arm.Request) error {
	if permits.Len(t) == 0 && assignments.Len(t) == 0 {
		return nil
	}
	action, scope := operation(q)
	if action == "" || slices.ContainsFunc(rights(t, q.Caller.ObjectID, scope), func(p permission) bool { return p.allows(action) }) {
		return nil
	}
	who := q.Caller.Name
	if who == "" {
		who = q.Caller.ObjectID
	}
	return arm.Fail(http.StatusForbidden, "AuthorizationFailed",
		"The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.",
		who, q.Caller.ObjectID, action, ID(scope))
}

// operation returns the action that a request is and the scope that it needs a
// right on; "" is an action that everybody may do.
func operation(q *arm.Request) (action, scope string) {
	path := q.Path
	at := -1
	for i, seg := range path {
		if i%2 == 0 && strings.EqualFold(seg, "providers") { // and no name
			at = i
		}
	}
	first := len(path) > 1 && (q.Under("subscriptions") || q.Under("providers"))
	switch {
	case !first:
		return "", "" // tenants, the list of subscriptions, what is no part of ARM
	case at >= 0 && len(path) <= at+2: // the providers of a subscription
		return "Microsoft.Resources/subscriptions/providers/read", strings.Join(path[:at], "/")
	case at < 0:
		return resourcesOperation(q)
	}
	kind, names := []string{path[at+1]}, path[at+2:]
	does := verb(q.Method)
	if q.Method == http.MethodPost && len(names) > 0 {
		does = names[len(names)-1] + "/action"
		names = names[:len(names)-1]
	}
	for i := 0; i < len(names); i += 2 {
		kind = append(kind, names[i])
	}
	action = strings.Join(append(kind, does), "/")
	end := at + 2 + len(names)
	if len(names)%2 == 1 { // a list of its parent
		end--
	}
	if end == at+2 {
		end = at
	}
	switch {
	case strings.EqualFold(action, namespace+"/permissions/read"),
		// The address of an operation is the receipt of whoever began it.
		strings.EqualFold(action, "Microsoft.MachineLearningServices/locations/computeOperationsStatus/read"):
		return "", ""
	case strings.EqualFold(action, "Microsoft.MachineLearningServices/workspaces/diagnose/action"):
		action = "Microsoft.MachineLearningServices/workspaces/diagnose/read"
	}
	return action, strings.Join(path[:end], "/")
}

// verb is the last word of the action that a method is.
func verb(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		return "read"
	case http.MethodDelete:
		return "delete"
	}
	return "write"
}

// resourcesOperation is operation for paths of Microsoft.Resources, which name
// no provider.
func resourcesOperation(q *arm.Request) (action, scope string) {
	kind := []string{"Microsoft.Resources"}
	for i := 0; i < len(q.Path); i += 2 {
		kind = append(kind, q.Path[i])
	}
	end := len(q.Path) - len(q.Path)%2
	return strings.Join(append(kind, verb(q.Method)), "/"), strings.Join(q.Path[:end], "/")
}
