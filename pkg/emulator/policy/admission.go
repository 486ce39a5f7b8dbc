package policy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/authorization"
)

const computePath = "subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}/computes/{}"

// admit judges a compute that is put: append and modify change the request, in
// the order of the assignments; then deny refuses what came of it.
func admit(t *arm.Tx, q *arm.Request) error {
	if q.Method != http.MethodPut || assignments.Len(t) == 0 {
		return nil
	}
	at, ok := arm.Match(computePath, q.Path)
	if !ok {
		return nil
	}
	var resource map[string]any
	if arm.Decode(q.Body, &resource) != nil || resource == nil {
		return nil // the provider says what is wrong with it
	}
	id := authorization.ID(strings.Join(q.Path, "/"))
	judged, err := applicable(t, id)
	if err != nil {
		return err
	}
	describe(resource, id, at)
	s := &scope{resource: resource, subscription: at[0], group: at[1], version: q.Version.String(), now: t.Now}
	var violated []*arm.Object
	changed := false
	for _, effects := range [][]string{{"append", "modify"}, {"deny"}} {
		for _, j := range judged {
			effect, holds, err := j.judge(s)
			if err != nil {
				return refuse("PolicyEvaluationFailed", "The policy definition '%s' could not be evaluated: %s.", j.definition.Name, err)
			}
			if !holds || j.assignment.Enforcement != "Default" || !slices.Contains(effects, effect) {
				continue
			}
			conflict := effect == "deny"
			if !conflict {
				changes, err := j.rule.changes(s, effect)
				if err != nil {
					return refuse("PolicyEvaluationFailed", "The policy definition '%s' could not be evaluated: %s.", j.definition.Name, err)
				}
				for _, ch := range changes {
					changed = true
					conflict = !ch.apply(resource) || conflict
				}
			}
			if conflict {
				violated = append(violated, j.violation(effect, s.trace))
			}
		}
	}
	if len(violated) > 0 {
		return disallowed(at[3], judged, violated)
	}
	if !changed {
		return nil
	}
	for _, k := range []string{"id", "name", "type", "fullName"} {
		delete(resource, k)
	}
	q.Body, err = json.Marshal(resource)
	return err
}

// describe puts into a resource what its id says.
func describe(resource map[string]any, id string, at []string) {
	for k, v := range map[string]string{"id": id, "type": computeType, "name": at[3], "fullName": at[2] + "/" + at[3]} {
		set(resource, k, v)
	}
}

// judgement is an assignment with its definition, for one resource.
type judgement struct {
	assignment *assignment
	definition *definition
	rule       *rule

	identifiers *arm.Object // set by violation
}

// applicable are the assignments that cover a resource, in the order of their
// ids.
func applicable(t *arm.Tx, id string) ([]*judgement, error) {
	var out []*judgement
	for _, k := range assignments.Keys(t, "") {
		a := assignments.Get(t, k)
		d := find(t, a.Definition)
		if d == nil || !a.covers(id) {
			continue
		}
		r, err := compile(d.Rule, d.Parameters)
		if err != nil {
			return nil, err // it was compiled before it was kept
		}
		out = append(out, &judgement{assignment: a, definition: d, rule: r})
	}
	return out, nil
}

// judge evaluates a rule. The effect is in lower case.
func (j *judgement) judge(s *scope) (effect string, holds bool, err error) {
	s.parameters, s.trace, s.bound = j.assignment.parameters(j.definition), nil, nil
	word, err := j.rule.effect(s)
	if err != nil {
		return "", false, err
	}
	effect = strings.ToLower(text(word))
	if effect == "disabled" {
		return effect, false, nil
	}
	holds, err = j.rule.holds(s)
	return effect, holds, err
}

// violation is what a refusal says of one assignment.
func (j *judgement) violation(effect string, trace []*arm.Object) *arm.Object {
	a, d := j.assignment, j.definition
	j.identifiers = new(arm.Object).
		Set("policyAssignment", new(arm.Object).Set("name", a.title()).Set("id", a.id())).
		Set("policyDefinition", new(arm.Object).Set("name", d.title()).Set("id", d.id()))
	info := new(arm.Object).
		Set("evaluationDetails", new(arm.Object).Set("evaluatedExpressions", trace)).
		Set("policyDefinitionId", d.id()).Set("policyDefinitionName", d.Name).Set("policyDefinitionDisplayName", d.title()).
		Set("policyDefinitionVersion", d.Version).Set("policyDefinitionEffect", effect).
		Set("policyAssignmentId", a.id()).Set("policyAssignmentName", a.Name).Set("policyAssignmentDisplayName", a.title()).
		Set("policyAssignmentScope", a.Scope).Set("policyAssignmentParameters", a.Parameters)
	return new(arm.Object).Set("type", "PolicyViolation").Set("info", info)
}

// disallowed is the refusal of a compute that breaks policies.
func disallowed(name string, judged []*judgement, violated []*arm.Object) error {
	var ids []*arm.Object
	reason := ""
	for _, j := range judged {
		if j.identifiers == nil {
			continue
		}
		ids = append(ids, j.identifiers)
		if reason == "" && len(j.assignment.Messages) > 0 {
			reason = j.assignment.Messages[0].Message
		}
	}
	raw, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	why := fmt.Sprintf("Resource '%s' was disallowed by policy. Policy identifiers: '%s'.", name, raw)
	if reason != "" {
		why = fmt.Sprintf("Resource '%s' was disallowed by policy. Reasons: '%s'. See error details for policy resource IDs.", name, reason)
	}
	return &arm.Error{Status: http.StatusForbidden, Code: "RequestDisallowedByPolicy", Target: name, Message: why, AdditionalInfo: violated}
}

// queryStates says which computes below a scope comply with which assignments,
// as they are now: Azure looks every 24 hours.
func queryStates(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	asked, err := filter(q)
	if err != nil {
		return nil, err
	}
	most := -1
	if s := q.Query.Get("$top"); s != "" {
		if most, err = strconv.Atoi(s); err != nil || most < 0 {
			return nil, refuse("InvalidTopInQueryString", "The $top '%s' is not a number.", s)
		}
	}
	out := []*arm.Object{}
	for _, p := range t.Providers {
		if p.Below == nil {
			continue
		}
		for _, r := range p.Below(t, q.Args[0]) {
			states, err := statesOf(t, r, asked)
			if err != nil {
				return nil, err
			}
			out = append(out, states...)
		}
	}
	if most >= 0 && len(out) > most {
		out = out[:most]
	}
	return arm.OK(new(arm.Object).Set("@odata.context", q.Base+"/$metadata#latest").Set("@odata.count", len(out)).Set("@odata.nextLink", nil).Set("value", out)), nil
}

// statesOf are the states of one resource that a filter asks for.
func statesOf(t *arm.Tx, r arm.Resource, asked map[string]string) ([]*arm.Object, error) {
	at, ok := arm.MatchID(computePath, r.ID)
	var resource map[string]any
	if raw, err := json.Marshal(r.Body); err != nil || json.Unmarshal(raw, &resource) != nil || !ok {
		return nil, err
	}
	judged, err := applicable(t, r.ID)
	if err != nil {
		return nil, err
	}
	describe(resource, r.ID, at)
	s := &scope{resource: resource, subscription: at[0], group: at[1], now: t.Now}
	var out []*arm.Object
	for _, j := range judged {
		effect, holds, err := j.judge(s)
		if err != nil || effect == "disabled" {
			continue // Azure says nothing of these either
		}
		state := "Compliant"
		if holds {
			state = "NonCompliant"
		}
		have := map[string]string{
			"iscompliant": strconv.FormatBool(!holds), "compliancestate": state, "resourceid": r.ID, "resourcetype": computeType,
			"policyassignmentid": j.assignment.id(), "policyassignmentname": j.assignment.Name, "policydefinitionid": j.definition.id(),
			"policydefinitionname": j.definition.Name, "policydefinitionaction": effect,
		}
		wanted := true
		for k, v := range asked {
			known, ok := have[k]
			if !ok {
				return nil, refuse("InvalidFilterInQueryString", "The filter on '%s' is not supported.", k)
			}
			wanted = wanted && strings.EqualFold(known, v)
		}
		if !wanted {
			continue
		}
		out = append(out, new(arm.Object).Set("timestamp", t.Now.Format(time.RFC3339Nano)).Set("resourceId", r.ID).Set("resourceType", computeType).
			Set("resourceLocation", r.Location).Set("policyAssignmentId", j.assignment.id()).Set("policyAssignmentName", j.assignment.Name).
			Set("policyAssignmentScope", j.assignment.Scope).Set("policyDefinitionId", j.definition.id()).Set("policyDefinitionName", j.definition.Name).
			Set("policyDefinitionAction", effect).Set("policySetDefinitionId", nil).Set("isCompliant", !holds).Set("complianceState", state))
	}
	return out, nil
}
