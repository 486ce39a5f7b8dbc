package authorization

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// definition is a role definition.
type definition struct {
	Name        string       `json:"name"` // a UUID
	RoleName    string       `json:"roleName"`
	Description string       `json:"description,omitempty"`
	Permissions []permission `json:"permissions"`
	Scopes      []string     `json:"assignableScopes"`
	Created     time.Time    `json:"created"`
	Updated     time.Time    `json:"updated"`
	CreatedBy   string       `json:"createdBy,omitempty"`

	builtIn bool
}

func (d *definition) Valid() bool { return d.Name != "" && d.RoleName != "" }

// assignment is a role assignment.
type assignment struct {
	Name          string    `json:"name"`
	Scope         string    `json:"scope"` // an id
	Role          string    `json:"role"`  // the name of its definition
	Principal     string    `json:"principalId"`
	PrincipalType string    `json:"principalType"`
	Description   string    `json:"description,omitempty"`
	Created       time.Time `json:"created"`
	CreatedBy     string    `json:"createdBy,omitempty"`
}

func (a *assignment) Valid() bool { return a.Name != "" && a.Principal != "" }

// builtIns are the roles of Azure that are about computes, from
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles.
var builtIns = sync.OnceValue(func() []*definition {
	const ml = "Microsoft.MachineLearningServices/"
	role := func(name, roleName, description string, actions, notActions []string) *definition {
		published := time.Date(2021, time.November, 11, 0, 0, 0, 0, time.UTC)
		return &definition{Name: name, RoleName: roleName, Description: description, Scopes: []string{"/"}, Created: published, Updated: published,
			Permissions: []permission{{Actions: actions, NotActions: notActions}}, builtIn: true}
	}
	return []*definition{
		role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.", []string{"*"}, nil),
		role("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.", []string{"*"}, []string{
			namespace + "/*/Delete", namespace + "/*/Write", namespace + "/elevateAccess/Action",
			"Microsoft.Blueprint/blueprintAssignments/write", "Microsoft.Blueprint/blueprintAssignments/delete", "Microsoft.Compute/galleries/share/action",
		}),
		role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "View all resources, but does not allow you to make any changes.", []string{"*/read"}, nil),
		role("e503ece1-11d0-4e8e-8e2c-7a6c3bf38815", "AzureML Compute Operator", "Can access and perform CRUD operations on Machine Learning Services managed compute resources (including Notebook VMs).",
			[]string{ml + "workspaces/computes/*", ml + "workspaces/notebooks/vm/*"}, nil),
		role("f6c7c914-8db3-469d-8ca1-694a8f32e121", "AzureML Data Scientist", "Can perform all actions within an Azure Machine Learning workspace, except for creating or deleting compute resources and modifying the workspace itself.",
			[]string{ml + "workspaces/*/read", ml + "workspaces/*/action", ml + "workspaces/*/delete", ml + "workspaces/*/write"},
			[]string{
				ml + "workspaces/delete", ml + "workspaces/write", ml + "workspaces/computes/*/write", ml + "workspaces/computes/*/delete",
				ml + "workspaces/computes/listKeys/action", ml + "workspaces/listKeys/action",
				ml + "workspaces/hubs/write", ml + "workspaces/hubs/delete", ml + "workspaces/featurestores/write", ml + "workspaces/featurestores/delete",
			}),
	}
})

// findDefinition returns the definition that a UUID or an id names, or nil.
func findDefinition(t *arm.Tx, role string) *definition {
	name := role[strings.LastIndexByte(role, '/')+1:]
	for _, d := range builtIns() {
		if strings.EqualFold(d.Name, name) {
			return d
		}
	}
	if d := definitions.Get(t, arm.Key(name)); d != nil {
		return d
	}
	for p := range permits.All(t) {
		if d := p.definition(); strings.EqualFold(d.Name, name) {
			return d
		}
	}
	return nil
}

// definition and assignment show a permit as a role that is assigned at the
// root, so that clients who read roles see it.
func (p *permit) definition() *definition {
	return &definition{Name: arm.StableUUID("permit of " + arm.Key(p.Principal)), RoleName: "Permit of " + p.who(), Scopes: []string{"/"},
		Description: "What the emulator was told to permit.", Permissions: []permission{p.permission}}
}

func (p *permit) assignment() *assignment {
	return &assignment{Name: arm.StableUUID("permit for " + arm.Key(p.Principal)), Scope: "/", Role: p.definition().Name, Principal: p.Principal, PrincipalType: "User"}
}

func (p *permit) who() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Principal
}

// roleID is the id of a definition as a scope shows it: below the subscription.
func roleID(scope, name string) string {
	id := "/providers/" + namespace + "/roleDefinitions/" + name
	if parts := strings.Split(strings.Trim(scope, "/"), "/"); len(parts) > 1 && strings.EqualFold(parts[0], "subscriptions") {
		return "/" + parts[0] + "/" + parts[1] + id
	}
	return id
}

func (d *definition) body(scope string) *arm.Object {
	kind := "CustomRole"
	if d.builtIn {
		kind = "BuiltInRole"
	}
	var can []*arm.Object
	for _, p := range d.Permissions {
		can = append(can, p.body())
	}
	return new(arm.Object).Set("id", roleID(scope, d.Name)).Set("type", namespace+"/roleDefinitions").Set("name", d.Name).
		Nest("properties", func(o *arm.Object) {
			o.Set("roleName", d.RoleName).Set("type", kind).Set("description", d.Description).Set("assignableScopes", d.Scopes).
				Set("permissions", can).Set("createdOn", d.Created.Format(time.RFC3339Nano)).Set("updatedOn", d.Updated.Format(time.RFC3339Nano)).
				Set("createdBy", d.CreatedBy).Set("updatedBy", d.CreatedBy)
		})
}

// comparison is one comparison of an OData filter with a text.
var comparison = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(roleName|type|principalId)\s+eq\s+'((?:[^']|'')*)'|(assignedTo)\('([^']*)'\)|(atScopeAndBelow|atScope)\(\)`)
})

// filter reads a filter as what it asks for, by lower-case word.
func filter(q *arm.Request) (map[string]string, error) {
	given := strings.TrimSpace(q.Query.Get("$filter"))
	out := map[string]string{}
	rest := comparison().ReplaceAllStringFunc(given, func(term string) string {
		m := comparison().FindStringSubmatch(term)
		switch {
		case m[1] != "":
			out[strings.ToLower(m[1])] = strings.ReplaceAll(m[2], "''", "'")
		case m[3] != "":
			out[strings.ToLower(m[3])] = m[4]
		default:
			out[strings.ToLower(m[5])] = "yes"
		}
		return ""
	})
	for _, word := range strings.Fields(rest) {
		if !strings.EqualFold(word, "and") {
			return nil, arm.Fail(http.StatusBadRequest, "InvalidFilter", "The filter '%s' is not supported.", given)
		}
	}
	return out, nil
}

func listDefinitions(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	asked, err := filter(q)
	if err != nil {
		return nil, err
	}
	scope := q.Args[0]
	all := slices.Clone(builtIns())
	for _, k := range definitions.Keys(t, "") {
		all = append(all, definitions.Get(t, k))
	}
	for _, k := range permits.Keys(t, "") {
		all = append(all, permits.Get(t, k).definition())
	}
	out := []*arm.Object{}
	for _, d := range all {
		name, byName := asked["rolename"]
		kind, byKind := asked["type"]
		here := func(assignable string) bool {
			return Holds(assignable, scope) || asked["atscopeandbelow"] != "" && Holds(scope, assignable)
		}
		if byName && !strings.EqualFold(name, d.RoleName) || byKind && strings.EqualFold(kind, "CustomRole") == d.builtIn || !slices.ContainsFunc(d.Scopes, here) {
			continue
		}
		out = append(out, d.body(scope))
	}
	return arm.List(out...), nil
}

func getDefinition(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	d := findDefinition(t, q.Args[1])
	if d == nil {
		return nil, arm.Fail(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", q.Args[1])
	}
	return arm.OK(d.body(q.Args[0])), nil
}

// badDefinition refuses a role definition.
func badDefinition(code, format string, a ...any) error {
	return arm.Fail(http.StatusBadRequest, code, format, a...)
}

func putDefinition(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var in struct {
		Properties struct {
			RoleName, Description, Type string
			Permissions                 []permission
			AssignableScopes            []string
		}
	}
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	p, name := &in.Properties, q.Args[1]
	switch {
	case p.RoleName == "":
		return nil, badDefinition("RoleDefinitionNameNullOrEmpty", "The role definition has no name.")
	case len(p.AssignableScopes) == 0:
		return nil, badDefinition("MissingAssignableScopes", "The role definition has no assignable scopes.")
	case len(p.Permissions) == 0 || len(p.Permissions[0].Actions)+len(p.Permissions[0].DataActions) == 0:
		return nil, badDefinition("InvalidRoleDefinitionActions", "The role definition has no actions.")
	}
	for _, s := range p.AssignableScopes {
		if err := Find(t, strings.Trim(s, "/")); err != nil {
			return nil, badDefinition("InvalidAssignableScope", "The assignable scope '%s' does not exist.", s)
		}
	}
	d := &definition{Name: strings.ToLower(name), RoleName: p.RoleName, Description: p.Description, Permissions: p.Permissions, Scopes: p.AssignableScopes,
		Created: t.Now, Updated: t.Now, CreatedBy: q.Caller.ObjectID}
	for _, other := range append(slices.Collect(definitions.All(t)), builtIns()...) {
		if strings.EqualFold(other.RoleName, d.RoleName) && !strings.EqualFold(other.Name, name) {
			return nil, arm.Fail(http.StatusConflict, "RoleDefinitionWithSameNameExists", "A custom role with the same name already exists in this directory. Use a different name.")
		}
	}
	if old := findDefinition(t, name); old != nil {
		if definitions.Get(t, arm.Key(name)) == nil {
			return nil, badDefinition("CannotUpdateBuiltInRoles", "Built-in roles cannot be changed.")
		}
		d.Created, d.CreatedBy = old.Created, old.CreatedBy
	}
	definitions.Put(t, arm.Key(name), d)
	return arm.NewResponse(http.StatusCreated).JSON(d.body(q.Args[0])), nil
}

func deleteDefinition(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	d := definitions.Get(t, arm.Key(q.Args[1]))
	if d == nil {
		return arm.NewResponse(http.StatusNoContent), nil
	}
	for a := range assignments.All(t) {
		if strings.EqualFold(a.Role, d.Name) {
			return nil, badDefinition("RoleDefinitionHasAssignments", "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments)")
		}
	}
	definitions.Delete(t, arm.Key(d.Name))
	return arm.OK(d.body(q.Args[0])), nil
}

func (a *assignment) body(scope string) *arm.Object {
	id := strings.TrimSuffix(a.Scope, "/") + "/providers/" + namespace + "/roleAssignments/" + a.Name
	return new(arm.Object).Set("id", id).Set("type", namespace+"/roleAssignments").Set("name", a.Name).
		Nest("properties", func(o *arm.Object) {
			o.Set("roleDefinitionId", roleID(scope, a.Role)).Set("principalId", a.Principal).Set("principalType", a.PrincipalType).
				Set("scope", a.Scope).Set("condition", nil).Set("conditionVersion", nil).
				Set("createdOn", a.Created.Format(time.RFC3339Nano)).Set("updatedOn", a.Created.Format(time.RFC3339Nano)).
				Set("createdBy", a.CreatedBy).Set("updatedBy", a.CreatedBy).Set("delegatedManagedIdentityResourceId", nil).Set("description", a.Description)
		})
}

func assignmentKey(scope, name string) string { return arm.Key(strings.Trim(scope, "/"), name) }

// listAssignments lists those at, above and, unless atScope() is asked for,
// below the scope.
func listAssignments(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	asked, err := filter(q)
	if err != nil {
		return nil, err
	}
	scope := q.Args[0]
	var all []*assignment
	for _, k := range assignments.Keys(t, "") {
		all = append(all, assignments.Get(t, k))
	}
	for _, k := range permits.Keys(t, "") {
		all = append(all, permits.Get(t, k).assignment())
	}
	out := []*arm.Object{}
	for _, a := range all {
		who, byWho := asked["principalid"]
		if other, ok := asked["assignedto"]; ok {
			who, byWho = other, true
		}
		if byWho && !strings.EqualFold(who, a.Principal) || !Holds(a.Scope, scope) && (asked["atscope"] != "" || !Holds(scope, a.Scope)) {
			continue
		}
		out = append(out, a.body(scope))
	}
	return arm.List(out...), nil
}

func getAssignment(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	a := assignments.Get(t, assignmentKey(q.Args[0], q.Args[1]))
	if a == nil {
		return nil, arm.Fail(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", q.Args[1])
	}
	return arm.OK(a.body(q.Args[0])), nil
}

func putAssignment(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var in struct {
		Properties struct{ RoleDefinitionID, PrincipalID, PrincipalType, Description string }
	}
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	p := &in.Properties
	if p.PrincipalID == "" || p.RoleDefinitionID == "" {
		return nil, arm.Fail(http.StatusBadRequest, "InvalidCreateRoleAssignmentRequest", "The request to create role assignment '%s' is not valid. Role definition and principal are required.", q.Args[1])
	}
	d := findDefinition(t, p.RoleDefinitionID)
	if d == nil {
		return nil, arm.Fail(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", p.RoleDefinitionID)
	}
	if !slices.ContainsFunc(d.Scopes, func(s string) bool { return Holds(s, q.Args[0]) }) {
		return nil, arm.Fail(http.StatusBadRequest, "RoleDefinitionNotAssignable", "The role '%s' cannot be assigned at the scope '%s'.", d.RoleName, ID(q.Args[0]))
	}
	a := &assignment{Name: q.Args[1], Scope: ID(q.Args[0]), Role: d.Name, Principal: p.PrincipalID, PrincipalType: p.PrincipalType, Description: p.Description,
		Created: t.Now, CreatedBy: q.Caller.ObjectID}
	if a.PrincipalType == "" {
		a.PrincipalType = "User"
	}
	for other := range assignments.All(t) {
		same := strings.EqualFold(other.Scope, a.Scope)
		switch {
		case same && strings.EqualFold(other.Name, a.Name):
			if !strings.EqualFold(other.Principal, a.Principal) || !strings.EqualFold(other.Role, a.Role) {
				return nil, arm.Fail(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
			}
			return arm.OK(other.body(q.Args[0])), nil
		case same && strings.EqualFold(other.Principal, a.Principal) && strings.EqualFold(other.Role, a.Role):
			return nil, arm.Fail(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists.")
		}
	}
	assignments.Put(t, assignmentKey(q.Args[0], a.Name), a)
	return arm.NewResponse(http.StatusCreated).JSON(a.body(q.Args[0])), nil
}

func deleteAssignment(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	k := assignmentKey(q.Args[0], q.Args[1])
	a := assignments.Get(t, k)
	if a == nil {
		return arm.NewResponse(http.StatusNoContent), nil
	}
	assignments.Delete(t, k)
	return arm.OK(a.body(q.Args[0])), nil
}
