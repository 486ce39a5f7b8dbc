package compute

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// Permission is one set of allowed actions, as roles grant it. An action is
// allowed if some one Permission allows it and does not exclude it itself.
// Patterns ignore case, and * matches any run of characters. Source: Understand
// Azure role definitions, learn.microsoft.com.
type Permission struct {
	Actions    []string
	NotActions []string
	// Unclear is true if the permission holds under a condition only, or if a part of
	// it is not understood.
	Unclear bool

	// Raw is the permission as the service sent it.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads a permission. One whose actions cannot be read may allow
// everything.
func (p *Permission) UnmarshalJSON(data []byte) error {
	var wire struct{ Actions, NotActions, Condition json.RawMessage }
	err := json.Unmarshal(data, &wire)
	actions, known := patterns(wire.Actions)
	if !known || err != nil || string(data) == "null" {
		*p = Permission{Actions: []string{"*"}, Unclear: true}
		return nil
	}
	not, known := patterns(wire.NotActions)
	*p = Permission{Actions: actions, NotActions: not, Unclear: !known || !blank(wire.Condition)}
	return nil
}

// patterns reads a list of patterns. known is false if it is something else.
func patterns(raw json.RawMessage) (list []string, known bool) {
	if blank(raw) {
		return nil, len(raw) == 0 || string(raw) == "null"
	}
	err := json.Unmarshal(raw, &list)
	return list, err == nil && !slices.Contains(list, "")
}

// blank reports whether a value is missing, null or an empty text.
func blank(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null" || string(raw) == `""`
}

func (p *Permission) raw() *json.RawMessage { return &p.Raw }

// Assignment is a role that a principal has at a scope.
type Assignment struct {
	Scope     string // ARM id of the subscription, group or resource
	Role      string // ARM id of the role definition
	Condition string // the assignment counts only if this holds, as JSON; "" for always

	// Raw is the assignment as the service sent it.
	Raw json.RawMessage
}

// RoleDefinition is a built-in or custom role.
type RoleDefinition struct {
	Name        string
	Permissions []Permission

	// Raw is the definition as the service sent it.
	Raw json.RawMessage
}

const authorization = "/providers/Microsoft.Authorization/"

// Permissions returns what the caller may do in the workspace
// (Permissions_ListForResource). Deny assignments, locks and policies are not
// part of it.
func (c *Client) Permissions(ctx context.Context) ([]Permission, error) {
	return c.permissions(ctx, c.workspace.path())
}

// GroupPermissions returns what the caller may do in the workspace's resource
// group (Permissions_ListForResourceGroup).
func (c *Client) GroupPermissions(ctx context.Context) ([]Permission, error) {
	path, _, _ := strings.Cut(c.workspace.path(), "/providers/")
	return c.permissions(ctx, path)
}

func (c *Client) permissions(ctx context.Context, path string) ([]Permission, error) {
	if err := c.workspace.check(); err != nil {
		return nil, err
	}
	return collect(ctx, c, call{op: opPermissions, address: c.endpoint + path + authorization + opPermissions.suffix}, "value", (*Permission).raw)
}

// Assignments returns the roles that a principal has in the workspace, its own
// and those of its groups, assigned to the workspace or above
// (RoleAssignments_ListForScope). The principal is an object id.
func (c *Client) Assignments(ctx context.Context, principal string) ([]Assignment, error) {
	if err := c.workspace.check(); err != nil {
		return nil, err
	}
	op := opAssignments
	op.query = "$filter=" + url.QueryEscape("assignedTo('"+strings.ReplaceAll(principal, "'", "''")+"')")
	type wire struct {
		Properties struct {
			Scope            text            `json:"scope"`
			RoleDefinitionID text            `json:"roleDefinitionId"`
			PrincipalID      text            `json:"principalId"`
			PrincipalType    text            `json:"principalType"`
			Condition        json.RawMessage `json:"condition"`
		} `json:"properties"`
		body json.RawMessage
	}
	found, err := collect(ctx, c, call{op: op, address: c.endpoint + c.workspace.path() + authorization + op.suffix}, "value",
		func(w *wire) *json.RawMessage { return &w.body })
	if err != nil {
		return nil, err
	}
	var out []Assignment
	for _, w := range found {
		p := w.Properties
		a := Assignment{Scope: string(p.Scope), Role: string(p.RoleDefinitionID), Raw: w.body}
		if !blank(p.Condition) {
			a.Condition = string(p.Condition)
		}
		// The assignments of groups have ids of their own; those of another person are none of these.
		other := p.PrincipalID != "" && p.PrincipalType != "" && !strings.EqualFold(string(p.PrincipalID), principal) &&
			!strings.HasSuffix(strings.ToLower(string(p.PrincipalType)), "group")
		if covers(a.Scope, c.workspace.ID()) && !other {
			out = append(out, a)
		}
	}
	return out, nil
}

// covers reports whether a scope is that of an id, or above it.
func covers(scope, id string) bool {
	scope, id = strings.ToLower(strings.TrimRight(scope, "/")), strings.ToLower(id)
	return scope == id || strings.HasPrefix(id, scope+"/") || strings.HasPrefix(scope, "/providers/microsoft.management/managementgroups/")
}

// Role returns a role definition by its ARM id (RoleDefinitions_GetById).
func (c *Client) Role(ctx context.Context, id string) (*RoleDefinition, error) {
	for part := range strings.SplitSeq(strings.Trim(id, "/"), "/") {
		if !segment(part) {
			return nil, invalidf("", "%.100q is not the id of a role", id)
		}
	}
	var wire struct {
		Properties struct {
			RoleName    text         `json:"roleName"`
			Permissions []Permission `json:"permissions"`
		} `json:"properties"`
	}
	k := call{op: opRole, address: c.endpoint + "/" + strings.Trim(id, "/")}
	a, err := c.read(ctx, k, func(a *answer) error {
		if err := decode(k.op, "", a, &wire); err != nil || wire.Properties.RoleName != "" && wire.Properties.Permissions != nil {
			return err
		}
		return garbledError(k, a, "the service's answer is not a role definition")
	})
	if err != nil {
		return nil, err
	}
	return &RoleDefinition{string(wire.Properties.RoleName), wire.Properties.Permissions, a.body}, nil
}
