package emulator_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

const alias = "Microsoft.MachineLearningServices/workspaces/computes/"

// isInstance is a rule's if: a compute instance that meets a condition.
func isInstance(condition string) string {
	return `{"allOf":[{"field":"` + alias + `computeType","equals":"ComputeInstance"},` + condition + `]}`
}

// define puts a definition; it returns its id.
func (r *rig) define(name, rest, condition, then string) string {
	r.t.Helper()
	id := subscriptionPath + "/providers/Microsoft.Authorization/policyDefinitions/" + name
	a := r.arm("PUT", id, `{"properties":{"mode":"All"`+rest+`,"policyRule":{"if":`+condition+`,"then":`+then+`}}}`)
	if a.status != 201 {
		r.t.Fatalf("%s: %d %s", name, a.status, a.text)
	}
	return id
}

func (r *rig) assign(scope, name, definition, rest string) answer {
	r.t.Helper()
	return r.arm("PUT", scope+"/providers/Microsoft.Authorization/policyAssignments/"+name, `{"properties":{"policyDefinitionId":"`+definition+`"`+rest+`}}`)
}

const tenPM = `{"effect":"append","details":[{"field":"` + alias + `schedules","value":{"computeStartStop":[{"triggerType":"Cron","cron":{"startTime":"2021-03-10T21:21:07","timeZone":"Pacific Standard Time","expression":"0 22 * * *"},"action":"Stop","status":"Enabled"}]}}]}`

// The article's policy gives an instance without schedules one, and leaves those
// with schedules alone.
func TestPolicyAppend(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	id := r.define("stop-at-ten", "", isInstance(`{"field":"`+alias+`schedules","exists":"false"}`), tenPM)
	r.want("the assignment", r.assign(subscriptionPath, "hours", id, "").status, 201)
	r.create("bare", "")
	schedules, _ := r.show("bare").inner("schedules", "computeStartStop").([]any)
	r.want("its schedules", len(schedules), 1)
	r.want("when", schedules[0].(map[string]any)["cron"].(map[string]any)["expression"], "0 22 * * *")
	r.create("late", `"schedules":{"computeStartStop":[{"action":"Stop","triggerType":"Cron","cron":{"expression":"30 23 * * *"}}]}`)
	schedules, _ = r.show("late").inner("schedules", "computeStartStop").([]any)
	r.want("those of one that has some", schedules[0].(map[string]any)["cron"].(map[string]any)["expression"], "30 23 * * *")
	// Where another value is sent, append refuses: it never changes one.
	idle := r.define("idle", "", isInstance(`{"field":"name","equals":"quick"}`), `{"effect":"append","details":[{"field":"`+alias+`idleTimeBeforeShutdown","value":"PT1H"}]}`)
	r.want("another assignment", r.assign(subscriptionPath, "idle", idle, "").status, 201)
	r.want("another value", r.at(stable, "PUT", "/computes/quick", instance("STANDARD_DS1_V2", `"idleTimeBeforeShutdown":"PT2H"`)).code(), "RequestDisallowedByPolicy")
	r.want("the same value", r.at(stable, "PUT", "/computes/quick", instance("STANDARD_DS1_V2", `"idleTimeBeforeShutdown":"PT1H"`)).status, 201)
	r.do(preview, "PUT", "/computes/pool", `{"location":"eastus","properties":{"computeType":"AmlCompute","properties":{"vmSize":"STANDARD_DS1_V2","scaleSettings":{"minNodeCount":0,"maxNodeCount":1}}}}`)
	if log, err := r.Requests(t.Context()); err != nil || strings.Contains(string(log[2].Body), "0 22") {
		t.Errorf("the journal shows another body than was sent: %s, %v", log[2].Body, err)
	}
}

// A refusal names the definition, the assignment and what broke the rule.
func TestPolicyDeny(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	id := r.define("no-bare", `,"displayName":"Instances have hours","parameters":{"effect":{"type":"String","allowedValues":["Deny","Audit","Disabled"],"defaultValue":"Deny"}}`,
		isInstance(`{"field":"`+alias+`schedules","exists":false}`), `{"effect":"[parameters('effect')]"}`)
	group := subscriptionPath + "/resourceGroups/" + emulator.ResourceGroup
	r.want("the assignment", r.assign(group, "hours", id, `,"displayName":"Hours for all"`).status, 201)
	refused := r.at(stable, "PUT", "/computes/desk", instance("STANDARD_DS1_V2", ""))
	r.want("a bare one", refused.status, 403)
	r.want("the code", refused.code(), "RequestDisallowedByPolicy")
	r.want("the target", refused.get("error", "target"), "desk")
	r.want("the message", refused.get("error", "message"), `Resource 'desk' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"Hours for all","id":"`+group+
		`/providers/Microsoft.Authorization/policyAssignments/hours"},"policyDefinition":{"name":"Instances have hours","id":"`+id+`"}}]'.`)
	more := refused.get("error", "additionalInfo").([]any)[0].(map[string]any)
	r.want("its type", more["type"], "PolicyViolation")
	info := answer{body: more["info"].(map[string]any)}
	for k, want := range map[string]string{
		"policyDefinitionDisplayName": "Instances have hours", "policyDefinitionName": "no-bare", "policyDefinitionEffect": "deny",
		"policyAssignmentName": "hours", "policyAssignmentDisplayName": "Hours for all", "policyAssignmentScope": group,
	} {
		r.want(k, info.get(k), want)
	}
	tried, _ := info.get("evaluationDetails", "evaluatedExpressions").([]any)
	r.want("what was evaluated", tried[1].(map[string]any)["expression"], alias+"schedules")
	r.want("nothing was made", r.at(stable, "GET", "/computes/desk", "").status, 404)

	r.want("a message of one's own", r.assign(group, "hours", id, `,"nonComplianceMessages":[{"message":"Give it hours."}]`).status, 201)
	r.want("is told", r.at(stable, "PUT", "/computes/desk", instance("STANDARD_DS1_V2", "")).get("error", "message"),
		"Resource 'desk' was disallowed by policy. Reasons: 'Give it hours.'. See error details for policy resource IDs.")
	for what, rest := range map[string]string{
		"not enforced":  `,"enforcementMode":"DoNotEnforce"`,
		"another scope": `,"notScopes":["` + workspacePath + `"]`,
		"audit":         `,"parameters":{"effect":{"value":"Audit"}}`,
		"disabled":      `,"parameters":{"EFFECT":{"value":"Disabled"}}`,
	} {
		r.want(what, r.assign(group, "hours", id, rest).status, 201)
		r.want(what, r.at(stable, "PUT", "/computes/"+strings.ReplaceAll(what, " ", "-"), instance("STANDARD_DS1_V2", "")).status, 201)
	}
	r.want("the definition in use", r.arm("DELETE", id, "").status, 400)
	r.want("delete the assignment", r.arm("DELETE", group+"/providers/Microsoft.Authorization/policyAssignments/hours", "").status, 200)
	r.want("delete the definition", r.arm("DELETE", id, "").status, 200)
	r.want("delete it twice", r.arm("DELETE", id, "").status, 204)
	r.want("a bare one at last", r.at(stable, "PUT", "/computes/desk", instance("STANDARD_DS1_V2", "")).status, 201)
}

// A workspace's own assignments are deleted with its group, and others stay.
func TestPolicyScopes(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	id := r.define("any", "", isInstance(`{"field":"name","like":"x*"}`), `{"effect":"deny"}`)
	group := subscriptionPath + "/resourceGroups/" + emulator.ResourceGroup
	r.assign(workspacePath, "w", id, "")
	r.assign(group, "g", id, "")
	r.assign(subscriptionPath, "s", id, "")
	for _, list := range []struct{ scope, filter, want string }{
		{workspacePath, "", "g, w, s"}, {subscriptionPath, "", "g, w, s"}, {subscriptionPath, "atScope()", "s"}, {workspacePath, "atScope()", "g, w, s"},
		{group, "atExactScope()", "g"}, {group, "policyDefinitionId eq '" + id + "x'", ""},
	} {
		r.want(list.scope+list.filter, r.arm("GET", list.scope+"/providers/Microsoft.Authorization/policyAssignments?$filter="+url.QueryEscape(list.filter), "").values("name"), list.want)
	}
	r.want("an x", r.at(stable, "PUT", "/computes/xray", instance("STANDARD_DS1_V2", "")).code(), "RequestDisallowedByPolicy")
	r.want("another scope", r.assign("/subscriptions/other", "o", id, "").status, 201)
	r.want("delete the group", r.arm("DELETE", group, "").status, 200)
	r.want("what is left", r.arm("GET", subscriptionPath+"/providers/Microsoft.Authorization/policyAssignments", "").values("name"), "s")
}

// The built-in policies of Azure work, modify among them.
func TestPolicyBuiltIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	at := "/providers/Microsoft.Authorization/policyDefinitions/"
	r.want("a built-in one", r.arm("GET", at+"679ddf89-ab8f-48a5-9029-e76054077449", "").get("properties", "policyType"), "BuiltIn")
	r.want("without an identity", r.assign(subscriptionPath, "keys", at+"a6f9a2d0-cff7-4855-83ad-4cd750666512", "").code(), "ResourceIdentityRequired")
	r.want("with one", r.arm("PUT", subscriptionPath+"/providers/Microsoft.Authorization/policyAssignments/keys",
		`{"identity":{"type":"SystemAssigned"},"location":"eastus","properties":{"policyDefinitionId":"`+at+`a6f9a2d0-cff7-4855-83ad-4cd750666512"}}`).status, 201)
	r.want("idle", r.assign(subscriptionPath, "idle", at+"679ddf89-ab8f-48a5-9029-e76054077449", `,"parameters":{"effect":{"value":"Deny"}}`).status, 201)
	r.want("the image", r.assign(subscriptionPath, "image", at+"f110a506-2dcb-422e-bcea-d533fc8c35e2", "").status, 201)
	r.want("without idle", r.at(stable, "PUT", "/computes/desk", instance("STANDARD_DS1_V2", "")).code(), "RequestDisallowedByPolicy")
	r.create("desk", `"idleTimeBeforeShutdown":"PT1H"`)
	r.want("keys", r.show("desk").get("properties", "disableLocalAuth"), true)
	r.do(preview, "POST", "/computes/desk/updateIdleShutdownSetting", `{"idleTimeBeforeShutdown":null}`)
	states := func(filter string) string {
		a := r.arm("POST", subscriptionPath+"/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults?$filter="+url.QueryEscape(filter), "")
		return fmt.Sprint(a.status) + " " + a.values("policyAssignmentName")
	}
	r.want("what does not comply", states("complianceState eq 'NonCompliant'"), "200 idle")
	r.want("what does", states("isCompliant eq true and resourceId eq '"+workspacePath+"/computes/desk'"), "200 image, keys")
	r.want("another filter", states("color eq 'red'"), "400 ")
}

// What Azure has no alias, effect or operator for is refused when it is put.
func TestPolicyRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	put := func(properties string) any {
		return r.arm("PUT", subscriptionPath+"/providers/Microsoft.Authorization/policyDefinitions/p", `{"properties":`+properties+`}`).code()
	}
	rule := func(condition, then string) string {
		return `{"mode":"All","parameters":{"p":{"type":"String","defaultValue":"x"}},"policyRule":{"if":` + condition + `,"then":` + then + `}}`
	}
	deny := `{"effect":"deny"}`
	ok := `{"field":"` + alias + `vmSize","equals":"x"}`
	for what, got := range map[string]any{
		"InvalidPolicyAlias: field":       put(rule(`{"field":"`+alias+`schedule","exists":true}`, deny)),
		"InvalidPolicyAlias: count":       put(rule(`{"count":{"field":"`+alias+`schedules.computeStopStart[*]"},"equals":0}`, deny)),
		"InvalidPolicyAlias: append":      put(rule(ok, `{"effect":"append","details":[{"field":"`+alias+`hours","value":1}]}`)),
		"InvalidPolicyAlias: expression":  put(rule(`{"value":"[field('`+alias+`hours')]","equals":1}`, deny)),
		"InvalidPolicyRule: modify":       put(rule(ok, `{"effect":"modify","details":{"roleDefinitionIds":["x"],"operations":[{"operation":"add","field":"`+alias+`idleTimeBeforeShutdown","value":"PT1H"}]}}`)),
		"InvalidPolicyRule: no roles":     put(rule(ok, `{"effect":"modify","details":{"operations":[{"operation":"add","field":"`+alias+`disableLocalAuth","value":true}]}}`)),
		"InvalidPolicyRule: effect":       put(rule(ok, `{"effect":"forbid"}`)),
		"InvalidPolicyRule: no effect":    put(rule(ok, `{}`)),
		"InvalidPolicyRule: no details":   put(rule(ok, `{"effect":"append"}`)),
		"InvalidPolicyRule: operator":     put(rule(`{"field":"`+alias+`vmSize","is":"x"}`, deny)),
		"InvalidPolicyRule: two":          put(rule(`{"field":"`+alias+`vmSize","equals":"x","like":"y"}`, deny)),
		"InvalidPolicyRule: parameter":    put(rule(`{"field":"`+alias+`vmSize","equals":"[parameters('q')]"}`, deny)),
		"InvalidPolicyRule: function":     put(rule(`{"value":"[launch('x')]","equals":"x"}`, deny)),
		"InvalidPolicyRule: unfinished":   put(rule(`{"value":"[concat('x']","equals":"x"}`, deny)),
		"InvalidPolicyRule: no if":        put(`{"policyRule":{"then":{"effect":"deny"}}}`),
		"InvalidPolicyRule: none":         put(`{"mode":"All"}`),
		"InvalidPolicyParameters: a type": put(`{"parameters":{"p":{"type":"Text"}},"policyRule":{"if":` + ok + `,"then":` + deny + `}}`),
	} {
		code, _, _ := strings.Cut(what, ":")
		r.want(what, got, code)
	}
	id := r.define("p", `,"parameters":{"hour":{"type":"String"},"effect":{"type":"String","allowedValues":["deny"],"defaultValue":"deny"}}`, ok, `{"effect":"[parameters('effect')]"}`)
	r.want("a parameter that is missing", r.assign(subscriptionPath, "a", id, "").code(), "MissingPolicyParameter")
	r.want("one too many", r.assign(subscriptionPath, "a", id, `,"parameters":{"hour":{"value":"1"},"minute":{"value":"1"}}`).code(), "UndefinedPolicyParameter")
	r.want("a value", r.assign(subscriptionPath, "a", id, `,"parameters":{"hour":{"value":"1"},"effect":{"value":"audit"}}`).code(), "PolicyParameterValueNotAllowed")
	r.want("no definition", r.assign(subscriptionPath, "a", id+"x", "").code(), "PolicyDefinitionNotFound")
	r.want("a mode", r.assign(subscriptionPath, "a", id, `,"enforcementMode":"Sometimes"`).code(), "InvalidCreatePolicyAssignmentRequest")
}
