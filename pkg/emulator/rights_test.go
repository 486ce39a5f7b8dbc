package emulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// as sends a request with the token of somebody.
func (r *rig) as(oid, name, method, path, body string) answer {
	r.t.Helper()
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(`{"alg":"none"}`)) + "." + part(fmt.Appendf(nil, `{"oid":%q,"name":%q}`, oid, name)) + "."
	url := host + path
	if !strings.Contains(path, "api-version") && !strings.HasPrefix(path, "/graph") {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		url += sep + "api-version=" + preview
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return r.read(req)
}

const (
	boss     = "b0550000-0000-4000-8000-000000000001"
	operator = "09e20000-0000-4000-8000-000000000002"

	subscriptionPath = "/subscriptions/" + emulator.Subscription
	actions          = "Microsoft.MachineLearningServices/workspaces/"
)

func (r *rig) permit(who string, actions, denied []string) {
	r.t.Helper()
	if err := r.Permit(r.t.Context(), who, actions, denied); err != nil {
		r.t.Fatal(err)
	}
}

// A permit holds for whom it is, and for nobody else.
func TestPermits(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", "")
	r.permit(operator, []string{actions + "computes/read", actions + "computes/st*/action"}, []string{actions + "computes/start/action"})
	desk := workspacePath + "/computes/desk"

	r.want("read", r.as(operator, "olga", "GET", desk, "").status, 200)
	r.want("stop", r.as(operator, "olga", "POST", desk+"/stop", "").status, 202)
	r.want("the operation's address", r.as(operator, "olga", "GET", locationPath+"computeOperationsStatus/none", "").status, 404)
	refused := r.as(operator, "olga", "POST", desk+"/start", "")
	r.want("start", refused.status, 403)
	r.want("its code", refused.code(), "AuthorizationFailed")
	r.want("its message", refused.get("error", "message"), "The client 'olga' with object id '"+operator+"' does not have authorization to perform action '"+
		actions+"computes/start/action' over scope '"+desk+"' or the scope is invalid. If access was recently granted, please refresh your credentials.")
	for _, no := range []struct{ method, path, body, action, scope string }{
		{"DELETE", desk, "", actions + "computes/delete", desk},
		{"PUT", desk, instance("STANDARD_DS1_V2", ""), actions + "computes/write", desk},
		{"PATCH", desk, "{}", actions + "computes/write", desk},
		{"GET", workspacePath, "", actions + "read", workspacePath},
		{"POST", workspacePath + "/diagnose", "{}", actions + "diagnose/read", workspacePath},
		{"POST", workspacePath + "/checkComputeNameAvailability", "{}", actions + "checkComputeNameAvailability/action", workspacePath},
		{"GET", locationPath + "vmSizes", "", "Microsoft.MachineLearningServices/locations/vmSizes/read", strings.TrimSuffix(locationPath, "/")},
		{"GET", subscriptionPath, "", "Microsoft.Resources/subscriptions/read", subscriptionPath},
		{"GET", subscriptionPath + "/resourceGroups", "", "Microsoft.Resources/subscriptions/resourceGroups/read", subscriptionPath},
		{"PUT", subscriptionPath + "/resourceGroups/providers", `{"location":"eastus"}`, "Microsoft.Resources/subscriptions/resourceGroups/write", subscriptionPath + "/resourceGroups/providers"},
		{"GET", subscriptionPath + "/providers", "", "Microsoft.Resources/subscriptions/providers/read", subscriptionPath},
		{"GET", workspacePath + "/providers/Microsoft.Authorization/roleAssignments", "", "Microsoft.Authorization/roleAssignments/read", workspacePath},
	} {
		got := r.as(operator, "olga", no.method, no.path, no.body)
		why, _ := got.get("error", "message").(string)
		if got.status != 403 || !strings.Contains(why, "'"+no.action+"' over scope '"+no.scope+"'") {
			t.Errorf("%s %s: %d %s, want 403 for %s at %s", no.method, no.path, got.status, why, no.action, no.scope)
		}
	}
	r.want("the list of subscriptions", r.as(operator, "olga", "GET", "/subscriptions", "").status, 200)
	r.want("of somebody else", r.as(boss, "bo", "POST", desk+"/start", "").status, 202)

	mine := r.as(operator, "olga", "GET", workspacePath+"/providers/Microsoft.Authorization/permissions", "")
	r.want("what it says", mine.text, `{"value":[{"actions":["`+actions+`computes/read","`+actions+`computes/st*/action"],"notActions":["`+actions+`computes/start/action"],"dataActions":[],"notDataActions":[]}]}`)
	if text := r.as(boss, "bo", "GET", workspacePath+"/providers/Microsoft.Authorization/permissions", "").text; !strings.Contains(text, `"actions":["*"]`) {
		t.Errorf("somebody else may %s", text)
	}

	r.permit(operator, []string{"*"}, nil)
	r.want("delete after all was permitted", r.as(operator, "olga", "DELETE", desk+"?underlyingResourceAction=Delete", "").status, 202)
	if err := r.Permit(t.Context(), "nobody@contoso.com", nil, nil); err == nil {
		t.Error("a permit for nobody was made")
	}
	if err := r.Permit(t.Context(), operator, []string{"start"}, nil); err == nil {
		t.Error("a permit for what is no action was made")
	}
}

// Custom roles are made, assigned and enforced at and below their scope.
func TestRoles(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", "")
	role, grant := arm.StableUUID("role"), arm.StableUUID("grant")
	at := func(scope, kind, name string) string {
		return scope + "/providers/Microsoft.Authorization/" + kind + "/" + name
	}
	body := `{"properties":{"roleName":"Compute starter","description":"d","type":"CustomRole","permissions":[{"actions":["` + actions + `computes/*"],"notActions":["` +
		actions + `computes/delete"]}],"assignableScopes":["` + workspacePath + `"]}}`
	made := r.as(boss, "bo", "PUT", at(workspacePath, "roleDefinitions", role), body)
	r.want("a role", made.status, 201)
	r.want("its id", made.get("id"), at(subscriptionPath, "roleDefinitions", role))
	r.want("one of the same name", r.as(boss, "bo", "PUT", at(workspacePath, "roleDefinitions", grant), body).code(), "RoleDefinitionWithSameNameExists")
	r.want("a built-in one", r.as(boss, "bo", "PUT", at(subscriptionPath, "roleDefinitions", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), strings.Replace(body, "Compute starter", "x", 1)).code(), "CannotUpdateBuiltInRoles")
	for filter, want := range map[string]string{
		"roleName eq 'Compute starter'":              "Compute starter",
		"type eq 'CustomRole'":                       "Compute starter",
		"roleName eq 'azureml compute operator'":     "AzureML Compute Operator",
		"type eq 'CustomRole' and roleName eq 'x'''": "",
	} {
		r.want(filter, r.roles(workspacePath, filter), want)
	}
	r.want("above its scope", r.roles(subscriptionPath, "type eq 'CustomRole'"), "")
	r.want("above its scope and below", r.roles(subscriptionPath, "atScopeAndBelow() and type eq 'CustomRole'"), "Compute starter")
	r.want("another filter", r.as(boss, "bo", "GET", subscriptionPath+"/providers/Microsoft.Authorization/roleDefinitions?$filter="+url.QueryEscape("roleName ne 'x'"), "").code(), "InvalidFilter")

	give := `{"properties":{"roleDefinitionId":"` + at(subscriptionPath, "roleDefinitions", role) + `","principalId":"` + operator + `","principalType":"User"}}`
	r.want("outside of its scopes", r.as(boss, "bo", "PUT", at(subscriptionPath, "roleAssignments", grant), give).code(), "RoleDefinitionNotAssignable")
	r.want("an assignment", r.as(boss, "bo", "PUT", at(workspacePath, "roleAssignments", grant), give).status, 201)
	r.want("again", r.as(boss, "bo", "PUT", at(workspacePath, "roleAssignments", grant), give).status, 200)
	r.want("under another name", r.as(boss, "bo", "PUT", at(workspacePath, "roleAssignments", role), give).code(), "RoleAssignmentExists")
	r.want("for another", r.as(boss, "bo", "PUT", at(workspacePath, "roleAssignments", grant), strings.Replace(give, operator, boss, 1)).code(), "RoleAssignmentUpdateNotPermitted")
	for _, list := range []struct {
		scope, filter string
		want          int
	}{
		{workspacePath, "", 1},
		{workspacePath + "/computes/desk", "atScope()", 1},
		{subscriptionPath, "", 1},
		{subscriptionPath, "atScope()", 0},
		{subscriptionPath, "principalId eq '" + operator + "'", 1},
		{workspacePath, "atScope() and assignedTo('" + operator + "')", 1},
		{workspacePath, "assignedTo('" + boss + "')", 0},
	} {
		a := r.as(boss, "bo", "GET", list.scope+"/providers/Microsoft.Authorization/roleAssignments?$filter="+url.QueryEscape(list.filter), "")
		got, _ := a.get("value").([]any)
		r.want(list.scope+" "+list.filter, len(got), list.want)
	}
	r.want("stop with it", r.as(operator, "olga", "POST", workspacePath+"/computes/desk/stop", "").status, 202)
	r.want("delete with it", r.as(operator, "olga", "DELETE", workspacePath+"/computes/desk?underlyingResourceAction=Delete", "").code(), "AuthorizationFailed")
	r.want("the workspace with it", r.as(operator, "olga", "GET", workspacePath, "").code(), "AuthorizationFailed")
	r.want("another workspace with it", r.as(operator, "olga", "GET", strings.Replace(workspacePath, "local-ws", "other-ws", 1)+"/computes", "").code(), "AuthorizationFailed")
	r.want("a role for oneself", r.as(boss, "bo", "PUT", at(workspacePath, "roleAssignments", role), strings.Replace(give, operator, boss, 1)).status, 201)
	r.want("does not shut one out", r.as(boss, "bo", "GET", workspacePath, "").status, 200)
	r.want("a role in use", r.as(boss, "bo", "DELETE", at(workspacePath, "roleDefinitions", role), "").code(), "RoleDefinitionHasAssignments")
	r.want("delete", r.as(boss, "bo", "DELETE", at(workspacePath, "roleAssignments", grant), "").status, 200)
	r.want("delete of none", r.as(boss, "bo", "DELETE", at(workspacePath, "roleAssignments", grant), "").status, 204)
	r.want("nobody is refused any more", r.as(operator, "olga", "GET", workspacePath, "").status, 200)
	r.want("deny assignments", r.as(boss, "bo", "GET", workspacePath+"/providers/Microsoft.Authorization/denyAssignments", "").text, `{"value":[]}`)

	// A permit is seen as a role, so that those who ask for roles know of it.
	r.permit(operator, []string{actions + "read"}, nil)
	shown := r.as(boss, "bo", "GET", workspacePath+"/providers/Microsoft.Authorization/roleAssignments?$filter="+url.QueryEscape("principalId eq '"+operator+"'"), "")
	id, _ := shown.first("properties", "roleDefinitionId").(string)
	r.want("its actions", fmt.Sprint(r.as(boss, "bo", "GET", id, "").get("properties", "permissions").([]any)[0].(map[string]any)["actions"]), "["+actions+"read]")
}

// AzureML Data Scientist cannot write computes: that is what is documented,
// though its patterns do not say so.
func TestDataScientist(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", "")
	give := `{"properties":{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/f6c7c914-8db3-469d-8ca1-694a8f32e121","principalId":"` + operator + `"}}`
	r.want("the assignment", r.as(boss, "bo", "PUT", workspacePath+"/providers/Microsoft.Authorization/roleAssignments/"+arm.StableUUID("x"), give).status, 201)
	r.want("stop", r.as(operator, "olga", "POST", workspacePath+"/computes/desk/stop", "").status, 202)
	r.want("write", r.as(operator, "olga", "PUT", workspacePath+"/computes/desk", instance("STANDARD_DS1_V2", "")).code(), "AuthorizationFailed")
	r.want("delete", r.as(operator, "olga", "DELETE", workspacePath+"/computes/desk?underlyingResourceAction=Delete", "").code(), "AuthorizationFailed")
}

// roles are the names of the roles that a filter finds.
func (r *rig) roles(scope, filter string) string {
	r.t.Helper()
	a := r.as(boss, "bo", "GET", scope+"/providers/Microsoft.Authorization/roleDefinitions?$filter="+url.QueryEscape(filter), "")
	list, _ := a.get("value").([]any)
	var out []string
	for _, one := range list {
		out = append(out, one.(map[string]any)["properties"].(map[string]any)["roleName"].(string))
	}
	return strings.Join(out, " ")
}

// first walks the first item of a list.
func (a answer) first(keys ...string) any {
	list, _ := a.get("value").([]any)
	if len(list) == 0 {
		return nil
	}
	m, _ := list[0].(map[string]any)
	return answer{body: m}.get(keys...)
}

// Graph knows the people that were loaded, some that are always there, and the
// caller.
func TestPeople(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	if _, err := r.Load(t.Context(), []byte(`{"people":[
		{"objectId":"11111111-1111-4111-8111-111111111111","displayName":"Eve O'Hara","userPrincipalName":"eve@contoso.com","mail":"eve.ohara@contoso.com"},
		{"objectId":"22222222-2222-4222-8222-222222222222","displayName":"Eve Two","userPrincipalName":"eve2@contoso.com","mail":"eve.ohara@contoso.com"},
		{"objectId":"33333333-3333-4333-8333-333333333333","displayName":"Gil","userPrincipalName":"gil_fabrikam.com#EXT#@contoso.onmicrosoft.com","mail":"gil@fabrikam.com","userType":"Guest"}]}`)); err != nil {
		t.Fatal(err)
	}
	ask := func(path string) answer { return r.as(boss, "bo@contoso.com", "GET", "/graph/v1.0/"+path, "") }
	filter := func(f string) string {
		a := ask("users?$select=displayName&$filter=" + url.QueryEscape(f))
		list, _ := a.get("value").([]any)
		var out []string
		for _, one := range list {
			out = append(out, one.(map[string]any)["displayName"].(string))
		}
		if a.status != 200 {
			return fmt.Sprint(a.code())
		}
		return strings.Join(out, ", ")
	}
	r.want("by id", ask("users/11111111-1111-4111-8111-111111111111?$select=id,displayName,mail,userType,accountEnabled").text,
		`{"@odata.context":"`+host+`/graph/v1.0/$metadata#users/$entity","id":"11111111-1111-4111-8111-111111111111","displayName":"Eve O'Hara","mail":"eve.ohara@contoso.com","userType":"Member","accountEnabled":true}`)
	r.want("by user principal name", ask("users/EVE@contoso.com").get("id"), "11111111-1111-4111-8111-111111111111")
	r.want("a guest", ask("users/gil_fabrikam.com%23EXT%23@contoso.onmicrosoft.com?$select=userType").get("userType"), "Guest")
	r.want("in parentheses", ask("users('eve@contoso.com')").get("displayName"), "Eve O'Hara")
	r.want("by mail alone", ask("users/eve.ohara@contoso.com").code(), "Request_ResourceNotFound")
	r.want("somebody who was there", ask("users/ada@contoso.com").status, 200)
	r.want("oneself", ask("me").get("userPrincipalName"), "bo@contoso.com")
	r.want("without a name", r.send("GET", host+"/graph/v1.0/me", "").code(), "BadRequest")

	missing := ask("users/nobody@contoso.com")
	r.want("nobody", missing.status, 404)
	r.want("the code", missing.code(), "Request_ResourceNotFound")
	for _, k := range []string{"date", "request-id", "client-request-id"} {
		if missing.get("error", "innerError", k) == nil {
			t.Errorf("the error has no %s: %s", k, missing.text)
		}
	}
	for f, want := range map[string]string{
		"mail eq 'eve.ohara@contoso.com'":                        "Eve O'Hara, Eve Two",
		"mail eq 'x' or userPrincipalName eq 'eve2@contoso.com'": "Eve Two",
		"displayName eq 'Eve O''Hara' and not (mail eq 'x')":     "Eve O'Hara",
		"startswith(displayName,'eve') and userType ne 'Guest'":  "Eve O'Hara, Eve Two",
		"id in ('33333333-3333-4333-8333-333333333333','x')":     "Gil",
		"mail eq 'nobody'":             "",
		"endswith(mail,'contoso.com')": "Request_UnsupportedQuery",
		"otherMails/any(x:x eq 'a')":   "Request_UnsupportedQuery",
		"mail eq eve":                  "Request_UnsupportedQuery",
		"mail eq 'a' or":               "Request_UnsupportedQuery",
		"(mail eq 'a'":                 "Request_UnsupportedQuery",
	} {
		r.want(f, filter(f), want)
	}
	r.want("an unknown field", ask("users?$select=shoeSize").code(), "BadRequest")

	names := ""
	next := host + "/graph/v1.0/users?$top=2&$select=displayName"
	for next != "" {
		page := r.as(boss, "bo", "GET", strings.TrimPrefix(next, host), "")
		list, _ := page.get("value").([]any)
		r.want("a page", len(list) > 0 && len(list) <= 2, true)
		for _, one := range list {
			names += one.(map[string]any)["displayName"].(string) + " "
		}
		next, _ = page.get("@odata.nextLink").(string)
	}
	r.want("all of them", len(strings.Fields(strings.ReplaceAll(strings.ReplaceAll(names, "Eve ", "Eve"), "O'Hara", "x"))), 6+3)

	r.want("many at once", r.as(boss, "bo", "POST", "/graph/v1.0/directoryObjects/getByIds",
		`{"ids":["22222222-2222-4222-8222-222222222222","`+boss+`","44444444-4444-4444-8444-444444444444"],"types":["user"]}`).values("displayName"), "Eve Two, bo")
	r.want("without a list", r.as(boss, "bo", "POST", "/graph/v1.0/directoryObjects/getByIds", `{}`).status, 400)
	r.want("service principals", ask("servicePrincipals").values("id"), "")
	r.want("other paths", ask("sites").code(), "BadRequest")

	r.permit(boss, []string{"*"}, []string{"Microsoft.Graph/users/read"})
	refused := ask("users/eve@contoso.com")
	r.want("who may not read people", refused.status, 403)
	r.want("the code", refused.code(), "Authorization_RequestDenied")

	for _, bad := range []string{`{"people":[{"objectId":"x","mail":"a@b"}]}`, `{"people":[{"objectId":"11111111-1111-4111-8111-111111111111"}]}`,
		`{"people":[{"objectId":"11111111-1111-4111-8111-111111111111","mail":"a@b","userType":"Robot"}]}`} {
		if _, err := r.Load(t.Context(), []byte(bad)); err == nil {
			t.Errorf("%s was loaded", bad)
		}
	}
}

// values are the values of a field in a list.
func (a answer) values(field string) string {
	list, _ := a.get("value").([]any)
	var out []string
	for _, one := range list {
		out = append(out, fmt.Sprint(one.(map[string]any)[field]))
	}
	return strings.Join(out, ", ")
}

// Single sign-on is off where a creator's script would get an assignee's sign-in,
// and the assignee alone switches it on.
func TestEnableSSO(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	somebody := `"personalComputeInstanceSettings":{"assignedUser":{"objectId":"` + operator + `","tenantId":"t"}}`
	script := `"setupScripts":{"scripts":{"creationScript":{"scriptSource":"inline","scriptData":"ZWNobw=="}}}`
	sso := func(name string) any { return r.show(name).inner("enableSSO") }
	r.create("mine", script)
	r.create("theirs", somebody)
	r.create("scripted", somebody+","+script)
	r.create("served", somebody+`,"customServices":[{"name":"x"}]`)
	r.want("of my own with a script", sso("mine"), true)
	r.want("for somebody", sso("theirs"), true)
	r.want("for somebody with a script", sso("scripted"), false)
	r.want("for somebody with an application", sso("served"), false)

	path := workspacePath + "/computes/scripted/enableSso?api-version=2024-01-01-preview"
	r.want("by the creator", r.as(boss, "bo", "POST", path, `{"enableSSO":true}`).status, 403)
	r.want("it is", sso("scripted"), false)
	on := r.as(operator, "olga", "POST", path, `{"enableSSO":true}`)
	r.want("by the assignee", on.status, 200)
	r.want("the body", on.text, "")
	r.want("it is", sso("scripted"), true)
	r.want("off again", r.as(operator, "olga", "POST", path, `{"enableSSO":false}`).status, 200)
	r.want("it is", sso("scripted"), false)
	r.want("without a word", r.as(operator, "olga", "POST", path, `{}`).status, 400)
	r.want("before it was there", r.at(preview, "POST", "/computes/scripted/enableSso", `{"enableSSO":true}`).code(), "NoRegisteredProviderFound")

	key := r.at(preview, "PUT", "/computes/keyed", instance("STANDARD_DS1_V2", somebody+`,"sshSettings":{"sshPublicAccess":"Enabled","adminPublicKey":"ssh-rsa A"}`))
	r.want("with a key", key.code(), "UserError")
	r.want("its message", key.get("error", "message"), "Setting SSH key at creation time is not allowed when compute instance is provisioned on behalf of another user.")
	r.want("with a key to come", r.at(preview, "PUT", "/computes/keyless", instance("STANDARD_DS1_V2", somebody+`,"sshSettings":{"sshPublicAccess":"Enabled"}`)).status, 201)
}
