// Package policy is Azure Policy as far as it judges computes: definitions and
// assignments of Microsoft.Authorization, which append to, modify, refuse and
// audit the computes that are put, and the states of Microsoft.PolicyInsights.
// The language is that of
// https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule.
package policy

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/authorization"
)

const (
	namespace       = "Microsoft.Authorization"
	definitionsPath = "{*}/providers/" + namespace + "/policyDefinitions"
	assignmentsPath = "{*}/providers/" + namespace + "/policyAssignments"
	setsPath        = "{*}/providers/" + namespace + "/policySetDefinitions"
)

// What the provider keeps.
const (
	definitions arm.Table[*definition] = "policy"           // custom ones, by scope/name
	assignments arm.Table[*assignment] = "policyAssignment" // by scope/name
)

// Provider is the policies of Microsoft.Authorization and Microsoft.PolicyInsights.
func Provider() *arm.Provider {
	return &arm.Provider{
		Tables: []arm.Declared{definitions, assignments},
		Admit:  admit,
		Empty: func(t *arm.Tx, group string) {
			sub, name, _ := strings.Cut(group, "/")
			for _, k := range slices.Clone(assignments.Keys(t, "")) {
				if authorization.Holds("subscriptions/"+sub+"/resourceGroups/"+name, assignments.Get(t, k).Scope) {
					assignments.Delete(t, k)
				}
			}
		},
		Routes: []arm.Route{
			{Method: "GET", Path: definitionsPath, Handle: inScope(listDefinitions)},
			{Method: "GET", Path: definitionsPath + "/{}", Handle: inScope(getDefinition)},
			{Method: "PUT", Path: definitionsPath + "/{}", Handle: inScope(putDefinition)},
			{Method: "DELETE", Path: definitionsPath + "/{}", Handle: inScope(deleteDefinition)},
			{Method: "GET", Path: setsPath, Handle: inScope(listSets)},
			{Method: "GET", Path: assignmentsPath, Handle: inScope(listAssignments)},
			{Method: "GET", Path: assignmentsPath + "/{}", Handle: inScope(getAssignment)},
			{Method: "PUT", Path: assignmentsPath + "/{}", Handle: inScope(putAssignment)},
			{Method: "DELETE", Path: assignmentsPath + "/{}", Handle: inScope(deleteAssignment)},
			{Method: "POST", Path: "{*}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults", Handle: inScope(queryStates)},
		},
	}
}

// inScope is a handler of paths that begin with a scope that exists.
//
//go:noinline
func inScope(handle func(*arm.Tx, *arm.Request) (*arm.Response, error)) func(*arm.Tx, *arm.Request) (*arm.Response, error) {
	return func(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
		if err := authorization.Find(t, q.Args[0]); err != nil {
			return nil, err
		}
		return handle(t, q)
	}
}

// parameter is one that a definition takes.
type parameter struct {
	Type          string          `json:"type"`
	AllowedValues []any           `json:"allowedValues,omitempty"`
	DefaultValue  any             `json:"defaultValue,omitempty"`
	Metadata      json.RawMessage `json:"metadata,omitempty"`
}

// definition is a policy definition.
type definition struct {
	Scope       string               `json:"scope"` // an id; "/" of those that are built in
	Name        string               `json:"name"`
	DisplayName string               `json:"displayName,omitempty"`
	Description string               `json:"description,omitempty"`
	Mode        string               `json:"mode"`
	Version     string               `json:"version,omitempty"`
	Metadata    map[string]any       `json:"metadata,omitempty"`
	Parameters  map[string]parameter `json:"parameters,omitempty"`
	Rule        json.RawMessage      `json:"policyRule"`

	builtIn bool
}

func (d *definition) Valid() bool { return d.Name != "" && len(d.Rule) > 0 }

func (d *definition) id() string {
	return strings.TrimSuffix(d.Scope, "/") + "/providers/" + namespace + "/policyDefinitions/" + d.Name
}

func (d *definition) title() string {
	if d.DisplayName != "" {
		return d.DisplayName
	}
	return d.Name
}

func (d *definition) body() *arm.Object {
	kind := "Custom"
	if d.builtIn {
		kind = "BuiltIn"
	}
	o := new(arm.Object).Nest("properties", func(o *arm.Object) {
		o.Set("displayName", d.DisplayName).Set("policyType", kind).Set("mode", d.Mode)
		if d.Description != "" {
			o.Set("description", d.Description)
		}
		o.Set("metadata", d.Metadata).Set("version", d.Version).Set("parameters", d.Parameters).Set("policyRule", d.Rule)
	})
	return o.Set("id", d.id()).Set("type", namespace+"/policyDefinitions").Set("name", d.Name)
}

// key is where a thing with a name at a scope is kept.
func key(scope, name string) string { return arm.Key(strings.Trim(scope, "/"), name) }

// find returns the definition with an id, or nil.
func find(t *arm.Tx, id string) *definition {
	i := strings.LastIndexByte(id, '/')
	if i < 0 {
		return nil
	}
	scope, _, ok := strings.Cut(strings.ToLower(id[:i]), "/providers/"+strings.ToLower(namespace)+"/policydefinitions")
	if !ok {
		return nil
	}
	if strings.Trim(scope, "/") == "" {
		return builtIn(id[i+1:])
	}
	return definitions.Get(t, key(scope, id[i+1:]))
}

func builtIn(name string) *definition {
	for _, d := range builtIns() {
		if strings.EqualFold(d.Name, name) {
			return d
		}
	}
	return nil
}

// refuse is a 400.
func refuse(code, format string, a ...any) error {
	return arm.Fail(http.StatusBadRequest, code, format, a...)
}

func noDefinition(name string) error {
	return arm.Fail(http.StatusNotFound, "PolicyDefinitionNotFound", "The policy definition '%s' could not be found.", name)
}

func listDefinitions(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	asked, err := filter(q)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(builtIns())
	for _, k := range definitions.Keys(t, "") {
		all = append(all, definitions.Get(t, k))
	}
	out := []*arm.Object{}
	for _, d := range all {
		kind, byKind := asked["policytype"]
		if byKind && strings.EqualFold(kind, "BuiltIn") != d.builtIn || !authorization.Holds(d.Scope, q.Args[0]) {
			continue
		}
		out = append(out, d.body())
	}
	return arm.List(out...), nil
}

// listSets answers that there are no initiatives.
func listSets(*arm.Tx, *arm.Request) (*arm.Response, error) { return arm.List([]*arm.Object{}...), nil }

func getDefinition(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	d := definitions.Get(t, key(q.Args[0], q.Args[1]))
	if q.Args[0] == "" {
		d = builtIn(q.Args[1])
	}
	if d == nil {
		return nil, noDefinition(q.Args[1])
	}
	return arm.OK(d.body()), nil
}

// definitionInput are the properties of a definition as clients send them.
type definitionInput struct {
	DisplayName, Description, Mode, PolicyType, Version string
	Metadata                                            map[string]any
	Parameters                                          map[string]parameter
	PolicyRule                                          json.RawMessage
}

func putDefinition(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	var in struct{ Properties definitionInput }
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	parts := strings.Split(q.Args[0], "/")
	if q.Args[0] == "" || strings.EqualFold(parts[0], "subscriptions") && len(parts) != 2 {
		return nil, refuse("InvalidCreatePolicyDefinitionRequest", "The policy definition '%s' cannot be put here: definitions belong to a subscription or a management group.", q.Args[1])
	}
	d, err := in.Properties.definition(t, q.Args[0], q.Args[1], q.Caller.ObjectID)
	if err != nil {
		return nil, err
	}
	definitions.Put(t, key(q.Args[0], d.Name), d)
	return arm.NewResponse(http.StatusCreated).JSON(d.body()), nil
}

// definition checks what was sent and returns the definition it makes.
func (p *definitionInput) definition(t *arm.Tx, scope, name, by string) (*definition, error) {
	if arm.IsNull(p.PolicyRule) {
		return nil, refuse("InvalidPolicyRule", "The policy definition '%s' has no policyRule.", name)
	}
	if p.Mode == "" {
		p.Mode = "Indexed"
	}
	if p.Version == "" {
		p.Version = "1.0.0"
	}
	for n, one := range p.Parameters {
		if !validType(one.Type) {
			return nil, refuse("InvalidPolicyParameters", "The policy definition '%s' has the parameter '%s' of the type '%s', which does not exist.", name, n, one.Type)
		}
	}
	if _, err := compile(p.PolicyRule, p.Parameters); err != nil {
		code := "InvalidPolicyRule"
		if errors.Is(err, errAlias) {
			code = "InvalidPolicyAlias"
		}
		return nil, refuse(code, "The policy definition '%s' rule is invalid: %s.", name, err)
	}
	return &definition{Scope: authorization.ID(scope), Name: name, DisplayName: p.DisplayName, Description: p.Description, Mode: p.Mode, Version: p.Version,
		Metadata: stamped(p.Metadata, by, t.Now), Parameters: p.Parameters, Rule: p.PolicyRule}, nil
}

// everywhere is the management group that Load assigns to: every subscription is
// in it.
const everywhere = "/providers/Microsoft.Management/managementGroups/emulator"

// Load puts a policy definition, its properties alone or below properties, and
// assigns it to everything.
func Load(t *arm.Tx, raw json.RawMessage) error {
	var in struct {
		definitionInput
		Name       string
		Properties *definitionInput
	}
	if err := arm.Decode(raw, &in); err != nil {
		return err
	}
	p := &in.definitionInput
	if in.Properties != nil {
		p = in.Properties
	}
	name := in.Name
	if name == "" {
		name = arm.StableUUID("policy " + p.DisplayName)
	}
	d, err := p.definition(t, everywhere, name, arm.Anybody.ObjectID)
	if err != nil {
		return err
	}
	a := &assignment{Scope: everywhere, Name: name, DisplayName: d.DisplayName, Definition: d.id(), Enforcement: "Default", Location: "eastus",
		Identity: json.RawMessage(`{"type":"SystemAssigned"}`), Metadata: d.Metadata}
	if err := a.check(d); err != nil {
		return err
	}
	definitions.Put(t, key(everywhere, name), d)
	assignments.Put(t, key(everywhere, name), a)
	return nil
}

func validType(s string) bool {
	return slices.ContainsFunc([]string{"String", "Array", "Object", "Boolean", "Integer", "Float", "DateTime"}, func(k string) bool { return strings.EqualFold(k, s) })
}

// stamped is metadata with who made it and when.
func stamped(given map[string]any, by string, now time.Time) map[string]any {
	out := maps.Clone(given)
	if out == nil {
		out = map[string]any{}
	}
	out["createdBy"], out["createdOn"], out["updatedBy"], out["updatedOn"] = by, now.Format(time.RFC3339Nano), nil, nil
	return out
}

func deleteDefinition(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	d := definitions.Get(t, key(q.Args[0], q.Args[1]))
	if d == nil {
		return arm.NewResponse(http.StatusNoContent), nil
	}
	for a := range assignments.All(t) {
		if strings.EqualFold(a.Definition, d.id()) {
			return nil, refuse("InvalidDeletePolicyDefinitionRequest", "The policy definition '%s' cannot be deleted: the policy assignment '%s' uses it.", d.Name, a.id())
		}
	}
	definitions.Delete(t, key(q.Args[0], q.Args[1]))
	return arm.OK(d.body()), nil
}

// term is one comparison of an OData filter with a text.
var term = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(\w+)\s+eq\s+(?:'((?:[^']|'')*)'|(true|false))|(atScope|atExactScope)\(\)`)
})

// filter reads a filter as what it asks for, by lower-case word.
func filter(q *arm.Request) (map[string]string, error) {
	given := q.Query.Get("$filter")
	out := map[string]string{}
	rest := term().ReplaceAllStringFunc(given, func(s string) string {
		m := term().FindStringSubmatch(s)
		if m[4] != "" {
			out[strings.ToLower(m[4])] = "yes"
		} else {
			out[strings.ToLower(m[1])] = strings.ReplaceAll(m[2], "''", "'") + m[3]
		}
		return ""
	})
	for _, word := range strings.Fields(rest) {
		if !strings.EqualFold(word, "and") {
			return nil, refuse("InvalidFilterInQueryString", "The filter '%s' is not supported.", given)
		}
	}
	return out, nil
}
