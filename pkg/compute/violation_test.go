package compute

import (
	"fmt"
	"strings"
	"testing"
)

const violationBody = `{"error":{"code":"RequestDisallowedByPolicy","target":"dev","message":"Resource 'dev' was disallowed by policy.","additionalInfo":[
 {"type":"PolicyViolation","info":{"evaluationDetails":{"evaluatedExpressions":[
   {"result":"True","expressionKind":"Field","expression":"type","path":"type","expressionValue":"x","targetValue":"x","operator":"Equals"},
   {"result":"True","expressionKind":"Field","expression":"Microsoft.MachineLearningServices/workspaces/computes/vmSize","expressionValue":"A","targetValue":["B","C"],"operator":"NotIn"},
   {"result":"False","expressionKind":"Field","expression":"tags[owner]","targetValue":"false","operator":"Exists"}]},
  "policyDefinitionName":"d","policyDefinitionDisplayName":"Sizes","policyAssignmentName":"a","policyAssignmentScope":"/subscriptions/s"}},
 {"type":"Other","info":{}},{"type":"PolicyViolation","info":"x"},{"type":"PolicyViolation","info":{}},{"type":"policyviolation","info":{"policyDefinitionName":"second","policyAssignmentDisplayName":"Second"}}]}}`

func TestViolations(t *testing.T) {
	t.Parallel()
	for what, body := range map[string]string{
		"as it comes":     violationBody,
		"in a deployment": `{"error":{"code":"InvalidTemplateDeployment","message":"The template deployment failed.","details":[` + strings.TrimSuffix(strings.TrimPrefix(violationBody, `{"error":`), "}") + `]}}`,
	} {
		e := answerError(operation{}, "dev", &answer{status: 403, body: []byte(body)})
		if got := fmt.Sprint(e.Violations); got != "[{Sizes a /subscriptions/s [{type Equals \"x\" \"x\"} {Microsoft.MachineLearningServices/workspaces/computes/vmSize NotIn \"A\" [\"B\",\"C\"]}]} {second Second  []}]" {
			t.Errorf("%s: %s", what, got)
		}
		if e.Kind != KindAuth {
			t.Errorf("%s: it is of kind %s", what, e.Kind)
		}
	}
	// The name of a policy may hold words that mean something else in a message.
	e := answerError(operation{}, "dev", &answer{status: 403, body: []byte(`{"error":{"code":"RequestDisallowedByPolicy","message":"Resource 'dev' was disallowed by policy 'quota that already exists'."}}`)})
	if e.Kind != KindAuth || e.Violations != nil {
		t.Errorf("%s, %v", e.Kind, e.Violations)
	}
}

func FuzzViolations(f *testing.F) {
	f.Add(violationBody)
	f.Add(`{"error":{"details":[{"details":[null]}],"additionalInfo":[1,{"type":"PolicyViolation","info":[]}]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, v := range readViolations([]byte(body), 0) {
			if len(v.Definition) > 400 || len(v.Fields) > maxDetails {
				t.Errorf("%+v is too long", v)
			}
		}
	})
}
