package compute

import (
	"encoding/json"
	"strings"
)

// CodeDisallowed is the code of a request that Azure Policy refused.
const CodeDisallowed = "RequestDisallowedByPolicy"

// Violation is one policy that a request breaks, from the additionalInfo of the
// refusal (https://learn.microsoft.com/azure/governance/policy/how-to/determine-non-compliance).
// Its texts are the service's, untrusted.
type Violation struct {
	Definition string // display name, else name
	Assignment string // display name, else name
	Scope      string // ARM id that the policy is assigned to
	Fields     []ViolatedField
}

// ViolatedField is a condition on a field, or on the number of its elements, that
// held and made the policy apply.
type ViolatedField struct {
	Alias    string // the field of the policy, such as …/computes/schedules
	Operator string // Exists, Equals, …
	Sent     string // the value that was sent, as JSON; "" if none was
	Target   string // the value that it was compared with, as JSON
}

// wireViolation is a policy violation on the wire.
type wireViolation struct {
	Type string `json:"type"`
	Info struct {
		EvaluationDetails struct {
			EvaluatedExpressions []struct {
				Result          text            `json:"result"` // True or False
				ExpressionKind  string          `json:"expressionKind"`
				Expression      string          `json:"expression"`
				ExpressionValue json.RawMessage `json:"expressionValue"`
				TargetValue     json.RawMessage `json:"targetValue"`
				Operator        string          `json:"operator"`
			} `json:"evaluatedExpressions"`
		} `json:"evaluationDetails"`
		PolicyDefinitionName        string `json:"policyDefinitionName"`
		PolicyDefinitionDisplayName string `json:"policyDefinitionDisplayName"`
		PolicyAssignmentName        string `json:"policyAssignmentName"`
		PolicyAssignmentDisplayName string `json:"policyAssignmentDisplayName"`
		PolicyAssignmentScope       string `json:"policyAssignmentScope"`
	} `json:"info"`
}

// readViolations finds policy violations in an error body, at any depth: a
// deployment nests them.
func readViolations(data []byte, depth int) []Violation {
	if depth > maxNesting {
		return nil
	}
	var w struct {
		Error          json.RawMessage   `json:"error"`
		Details        []json.RawMessage `json:"details"`
		AdditionalInfo []json.RawMessage `json:"additionalInfo"`
	}
	_ = unmarshal(data, &w) // what can be read is enough
	var out []Violation
	for _, raw := range w.AdditionalInfo[:min(len(w.AdditionalInfo), maxDetails)] {
		var v wireViolation
		if unmarshal(raw, &v) != nil || !strings.EqualFold(v.Type, "PolicyViolation") {
			continue
		}
		if found := v.violation(); found.Definition != "" || found.Assignment != "" || len(found.Fields) > 0 {
			out = append(out, found)
		}
	}
	for _, inner := range append(w.Details[:min(len(w.Details), maxDetails):min(len(w.Details), maxDetails)], w.Error) {
		if len(inner) > 0 {
			out = append(out, readViolations(inner, depth+1)...)
		}
	}
	return out
}

func (w wireViolation) violation() Violation {
	info := w.Info
	first := func(texts ...string) string {
		for _, t := range texts {
			if t != "" {
				return shorten(t, 300)
			}
		}
		return ""
	}
	v := Violation{
		Definition: first(info.PolicyDefinitionDisplayName, info.PolicyDefinitionName),
		Assignment: first(info.PolicyAssignmentDisplayName, info.PolicyAssignmentName),
		Scope:      first(info.PolicyAssignmentScope),
	}
	for _, e := range info.EvaluationDetails.EvaluatedExpressions {
		if len(v.Fields) < maxDetails && !strings.EqualFold(string(e.Result), "False") && (strings.EqualFold(e.ExpressionKind, "Field") || strings.EqualFold(e.ExpressionKind, "Count")) {
			v.Fields = append(v.Fields, ViolatedField{Alias: first(e.Expression), Operator: first(e.Operator),
				Sent: jsonText(e.ExpressionValue), Target: jsonText(e.TargetValue)})
		}
	}
	return v
}

// jsonText is a JSON value as text; "" for null.
func jsonText(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	return shorten(string(raw), 300)
}
