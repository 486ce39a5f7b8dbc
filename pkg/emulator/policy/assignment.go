package policy

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/authorization"
)

// assignment is a policy assignment.
type assignment struct {
	Scope       string           `json:"scope"` // an id
	Name        string           `json:"name"`
	DisplayName string           `json:"displayName,omitempty"`
	Description string           `json:"description,omitempty"`
	Definition  string           `json:"policyDefinitionId"`
	Parameters  map[string]given `json:"parameters,omitempty"`
	NotScopes   []string         `json:"notScopes,omitempty"`
	Enforcement string           `json:"enforcementMode"` // Default or DoNotEnforce
	Messages    []message        `json:"nonComplianceMessages,omitempty"`
	Metadata    map[string]any   `json:"metadata,omitempty"`
	Location    string           `json:"location,omitempty"`
	Identity    json.RawMessage  `json:"identity,omitempty"`
}

// given is the value of a parameter.
type given struct {
	Value any `json:"value"`
}

// message is what people read who are refused.
type message struct {
	Message string `json:"message"`
}

func (a *assignment) Valid() bool { return a.Name != "" && a.Definition != "" }

func (a *assignment) id() string {
	return strings.TrimSuffix(a.Scope, "/") + "/providers/" + namespace + "/policyAssignments/" + a.Name
}

func (a *assignment) title() string {
	if a.DisplayName != "" {
		return a.DisplayName
	}
	return a.Name
}

// covers tells whether an assignment is about a resource.
func (a *assignment) covers(id string) bool {
	return authorization.Holds(a.Scope, id) && !slices.ContainsFunc(a.NotScopes, func(s string) bool { return authorization.Holds(s, id) })
}

// parameters are what a definition's rule is evaluated with, by name in lower
// case.
func (a *assignment) parameters(d *definition) map[string]any {
	out := map[string]any{}
	for name, p := range d.Parameters {
		out[strings.ToLower(name)] = p.DefaultValue
		for key, v := range a.Parameters {
			if strings.EqualFold(key, name) {
				out[strings.ToLower(name)] = v.Value
			}
		}
	}
	return out
}

func (a *assignment) body() *arm.Object {
	o := new(arm.Object)
	if !arm.IsNull(a.Identity) {
		o.Set("identity", a.Identity)
	}
	if a.Location != "" {
		o.Set("location", a.Location)
	}
	o.Nest("properties", func(o *arm.Object) {
		o.Set("displayName", a.DisplayName).Set("policyDefinitionId", a.Definition).Set("scope", a.Scope)
		if a.Description != "" {
			o.Set("description", a.Description)
		}
		not := a.NotScopes
		if not == nil {
			not = []string{}
		}
		o.Set("notScopes", not).Set("parameters", a.Parameters).Set("metadata", a.Metadata).Set("enforcementMode", a.Enforcement)
		if len(a.Messages) > 0 {
			o.Set("nonComplianceMessages", a.Messages)
		}
	})
	return o.Set("id", a.id()).Set("type", namespace+"/policyAssignments").Set("name", a.Name)
}

// listAssignments lists those at, above and, unless a filter says otherwise,
// below the scope.
func listAssignments(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	asked, err := filter(q)
	if err != nil {
		return nil, err
	}
	scope := q.Args[0]
	out := []*arm.Object{}
	for _, k := range assignments.Keys(t, "") {
		a := assignments.Get(t, k)
		definition, byDefinition := asked["policydefinitionid"]
		above, below := authorization.Holds(a.Scope, scope), authorization.Holds(scope, a.Scope)
		switch {
		case byDefinition && !strings.EqualFold(definition, a.Definition):
		case asked["atexactscope"] != "" && !(above && below):
		case asked["atscope"] != "" && !above:
		case !above && !below:
		default:
			out = append(out, a.body())
		}
	}
	return arm.List(out...), nil
}

func noAssignment(name string) error {
	return arm.Fail(http.StatusNotFound, "PolicyAssignmentNotFound", "The policy assignment '%s' is not found.", name)
}

func getAssignment(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	a := assignments.Get(t, key(q.Args[0], q.Args[1]))
	if a == nil {
		return nil, noAssignment(q.Args[1])
	}
	return arm.OK(a.body()), nil
}

func putAssignment(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var in struct {
		Location   string
		Identity   json.RawMessage
		Properties struct {
			DisplayName, Description, PolicyDefinitionID, EnforcementMode string
			Parameters                                                    map[string]given
			NotScopes                                                     []string
			NonComplianceMessages                                         []message
			Metadata                                                      map[string]any
		}
	}
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	p, name := &in.Properties, q.Args[1]
	d := find(t, p.PolicyDefinitionID)
	switch {
	case q.Args[0] == "":
		return nil, refuse("InvalidCreatePolicyAssignmentRequest", "The policy assignment '%s' has no scope.", name)
	case p.PolicyDefinitionID == "":
		return nil, refuse("InvalidCreatePolicyAssignmentRequest", "The policy assignment '%s' has no policyDefinitionId.", name)
	case d == nil:
		return nil, arm.Fail(http.StatusNotFound, "PolicyDefinitionNotFound", "The policy assignment '%s' could not be created: the policy definition '%s' could not be found.", name, p.PolicyDefinitionID)
	case p.EnforcementMode != "" && !strings.EqualFold(p.EnforcementMode, "Default") && !strings.EqualFold(p.EnforcementMode, "DoNotEnforce"):
		return nil, refuse("InvalidCreatePolicyAssignmentRequest", "The enforcementMode '%s' of the policy assignment '%s' is not valid.", p.EnforcementMode, name)
	}
	a := &assignment{Scope: authorization.ID(q.Args[0]), Name: name, DisplayName: p.DisplayName, Description: p.Description, Definition: d.id(), Parameters: p.Parameters,
		NotScopes: p.NotScopes, Enforcement: "Default", Messages: p.NonComplianceMessages, Metadata: stamped(p.Metadata, q.Caller.ObjectID, t.Now), Location: in.Location, Identity: in.Identity}
	if strings.EqualFold(p.EnforcementMode, "DoNotEnforce") {
		a.Enforcement = "DoNotEnforce"
	}
	if err := a.check(d); err != nil {
		return nil, err
	}
	assignments.Put(t, key(q.Args[0], name), a)
	return arm.NewResponse(http.StatusCreated).JSON(a.body()), nil
}

// check refuses values that a definition's parameters cannot have, and an
// assignment that could not change what it should.
func (a *assignment) check(d *definition) error {
	for key := range a.Parameters {
		known := false
		for name := range d.Parameters {
			known = known || strings.EqualFold(name, key)
		}
		if !known {
			return refuse("UndefinedPolicyParameter", "The policy assignment '%s' has the parameter '%s', which the policy definition '%s' does not define.", a.Name, key, d.Name)
		}
	}
	values := a.parameters(d)
	for name, p := range d.Parameters {
		v := values[strings.ToLower(name)]
		switch {
		case v == nil:
			return refuse("MissingPolicyParameter", "The policy assignment '%s' is missing the parameter(s) '%s' as defined in the policy definition '%s'.", a.Name, name, d.Name)
		case len(p.AllowedValues) > 0 && !contains(p.AllowedValues, v):
			return refuse("PolicyParameterValueNotAllowed", "The policy assignment '%s' gives the parameter '%s' the value '%s', which is not one of those allowed.", a.Name, name, text(v))
		}
	}
	r, err := compile(d.Rule, d.Parameters)
	if err != nil {
		return refuse("InvalidPolicyRule", "The policy definition '%s' rule is invalid: %s.", d.Name, err)
	}
	effect, err := r.effect(&scope{parameters: values})
	if err != nil {
		return refuse("InvalidPolicyRule", "The effect of the policy definition '%s' is invalid: %s.", d.Name, err)
	}
	var who struct{ Type string }
	_ = json.Unmarshal(a.Identity, &who) // without one it stays empty
	if e := strings.ToLower(text(effect)); (e == "modify" || e == "deployifnotexists") && (who.Type == "" || strings.EqualFold(who.Type, "None") || a.Location == "") {
		return refuse("ResourceIdentityRequired", "The policy assignment '%s' needs an identity and a location, because the effect of its policy definition is %s.", a.Name, text(effect))
	}
	return nil
}

func deleteAssignment(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	k := key(q.Args[0], q.Args[1])
	a := assignments.Get(t, k)
	if a == nil {
		return arm.NewResponse(http.StatusNoContent), nil
	}
	assignments.Delete(t, k)
	return arm.OK(a.body()), nil
}
