package compute

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Modification is what Modify changes. What is nil stays as it is.
type Modification struct {
	Scale    *ScaleSettings    // of a cluster
	Identity *IdentitySpec     // replaces the identities there are
	Tags     map[string]string // replaces all tags; an empty map removes them
}

// Modify changes the scale settings, identities and tags of a compute, as "az ml
// compute update" does, and waits until a read shows them. Scale settings alone are
// a PATCH (Compute_Update); anything else is a PUT of what was read
// (Compute_CreateOrUpdate), because a PATCH takes nothing else. Secrets are not read
// and so not sent. If nothing differs, nothing is sent.
//
// Tags of an instance are refused: the service takes them when it is created only
// (hashicorp/terraform-provider-azurerm#31747). So are the identities of an instance
// with SSH from the internet, whose key the request would have to repeat.
func (c *Client) Modify(ctx context.Context, have *Compute, m Modification, o ActOptions) Outcome {
	name := have.Name
	if have.IsInstance() && m.Tags != nil && !maps.Equal(m.Tags, have.Tags) {
		return Outcome{Name: name, Verb: VerbUpdate, Err: invalidf(name, "the service does not change the tags of an instance once it is created, so nothing was sent to %s", name)}
	}
	if i := have.Instance; m.Identity != nil && i != nil && i.SSH != nil && strings.EqualFold(i.SSH.PublicAccess, access(true)) {
		return Outcome{Name: name, Verb: VerbUpdate, Err: invalidf(name, "the identities of %s cannot be changed: it has SSH from the internet, and the request would have to repeat the key, which the service does not tell", name)}
	}
	if m.shown(have) {
		return Outcome{Name: name, Verb: VerbUpdate, Compute: have, Already: true, Note: "nothing to change"}
	}
	if m.Identity == nil && m.Tags == nil {
		return c.UpdateScale(ctx, name, *m.Scale, o)
	}
	body, err := m.body(have)
	if err != nil {
		return Outcome{Name: name, Verb: VerbUpdate, Err: err}
	}
	return c.update(ctx, name, o, opCreate, body, m.shown)
}

// shown reports whether a compute has what is asked for.
func (m Modification) shown(now *Compute) bool {
	if m.Tags != nil && !maps.Equal(m.Tags, now.Tags) {
		return false
	}
	if m.Identity != nil {
		d := &differences{}
		d.identity(now.Identity, *m.Identity, true)
		if len(d.list) > 0 || now.Identity != nil && len(now.Identity.UserAssigned) > len(m.Identity.User) {
			return false
		}
	}
	return m.Scale == nil || m.Scale.shown(now)
}

// body is the whole resource as it was read, with the changes.
func (m Modification) body(have *Compute) (json.RawMessage, error) {
	base, err := readable(have)
	if err != nil {
		return nil, fmt.Errorf("the existing %s cannot be read as JSON: %w", have.Name, err)
	}
	if m.Tags != nil {
		base["tags"] = m.Tags
	}
	if m.Identity != nil {
		base["identity"] = m.Identity
	} else if identity, ok := base["identity"].(map[string]any); ok {
		delete(identity, "principalId")
		delete(identity, "tenantId")
		users, _ := identity["userAssignedIdentities"].(map[string]any)
		for id := range users {
			users[id] = struct{}{} // their ids are read-only
		}
	}
	outer, _ := base["properties"].(map[string]any)
	if inner, ok := outer["properties"].(map[string]any); ok {
		// Its password and key are not told, and the service refuses it without.
		delete(inner, "userAccountCredentials")
		if m.Scale != nil {
			inner["scaleSettings"] = m.Scale
		}
	}
	return json.Marshal(base)
}

// readable is a compute as it was read, without what a PUT does not take.
func readable(have *Compute) (map[string]any, error) {
	base, err := asMap(have)
	if err != nil {
		return nil, err
	}
	drop := func(object map[string]any, keys ...string) {
		for _, key := range keys {
			delete(object, key)
		}
	}
	outer, _ := base["properties"].(map[string]any)
	inner, _ := outer["properties"].(map[string]any)
	drop(base, "id", "name", "type", "systemData")
	drop(outer, "provisioningState", "provisioningErrors", "provisioningWarnings", "createdOn", "modifiedOn", "isAttachedCompute")
	drop(inner, "allocationState", "allocationStateTransitionTime", "errors", "currentNodeCount", "targetNodeCount", "nodeStateCounts")
	if have.IsInstance() {
		drop(inner, "state", "lastOperation", "applications", "connectivityEndpoints", "createdBy", "osImageMetadata", "containers", "versions")
		ssh, _ := inner["sshSettings"].(map[string]any)
		drop(ssh, "adminUserName", "sshPort")
	}
	return base, nil
}
