package compute

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// TestAuthorization reads what may be done, by whom and why, as Resource Manager
// tells it: in pages, with assignments below the workspace that do not count.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	ws := testWorkspace.ID()
	var asked []string
	c := dial(t, func(req *http.Request) (*http.Response, error) {
		asked = append(asked, req.URL.RequestURI())
		switch path := req.URL.Path; {
		case path == ws+"/providers/Microsoft.Authorization/permissions" && req.URL.Query().Get("page") == "":
			return reply(200, `{"value":[{"actions":["*/read"],"notActions":["x/read"]}],"nextLink":"https://management.azure.com`+path+`?api-version=2022-04-01&page=2"}`), nil
		case path == ws+"/providers/Microsoft.Authorization/permissions":
			return reply(200, `{"value":[{"actions":["a/b/action"],"notActions":[]}]}`), nil
		case strings.HasSuffix(path, "/resourceGroups/rg/providers/Microsoft.Authorization/permissions"):
			return reply(200, `{"value":[]}`), nil
		case strings.HasSuffix(path, "/roleAssignments"):
			item := func(scope string) string {
				return `{"properties":{"scope":"` + scope + `","roleDefinitionId":"/subscriptions/sub/providers/Microsoft.Authorization/roleDefinitions/r"}}`
			}
			return reply(200, `{"value":[`+strings.Join([]string{
				item(strings.ToUpper(ws)), item("/subscriptions/sub"), item("/providers/Microsoft.Management/managementGroups/m"), // count
				item(ws + "/computes/dev"), item(ws + "2"), item("/subscriptions/sub/resourceGroups/other"), // do not
			}, ",")+`]}`), nil
		case strings.HasSuffix(path, "/roleDefinitions/r"):
			return reply(200, `{"properties":{"roleName":"Reader","permissions":[{"actions":["*/read"]}]}}`), nil
		}
		return reply(404, `{"error":{"code":"NotFound","message":"no"}}`), nil
	}, Options{APIVersion: "2021-01-01"})

	own, err := c.Permissions(t.Context())
	if err != nil || len(own) != 2 || own[0].NotActions[0] != "x/read" || own[1].Actions[0] != "a/b/action" {
		t.Errorf("permissions %v, %v", own, err)
	}
	if group, err := c.GroupPermissions(t.Context()); err != nil || len(group) != 0 {
		t.Errorf("permissions on the group %v, %v", group, err)
	}
	given, err := c.Assignments(t.Context(), "o'brien")
	if err != nil || len(given) != 3 || given[1].Scope != "/subscriptions/sub" {
		t.Errorf("assignments %v, %v", given, err)
	}
	role, err := c.Role(t.Context(), given[0].Role)
	if err != nil || role.Name != "Reader" || role.Permissions[0].Actions[0] != "*/read" {
		t.Errorf("role %v, %v", role, err)
	}
	if _, err := c.Role(t.Context(), "/subscriptions/../x"); KindOf(err) != KindInvalid {
		t.Errorf("a path out of the role's: %v", err)
	}
	for _, uri := range asked {
		if !strings.Contains(uri, "api-version=2022-04-01") { // of Resource Manager, whatever Options say
			t.Errorf("asked %s", uri)
		}
	}
	if !strings.Contains(strings.Join(asked, "\n"), "%24filter=assignedTo%28%27o%27%27brien%27%29") && !strings.Contains(strings.Join(asked, "\n"), "$filter=assignedTo%28%27o%27%27brien%27%29") {
		t.Errorf("the filter is not in %v", asked)
	}
}

// TestPermissionForms holds that what is not understood of a permission makes it
// unclear, and never wider.
func TestPermissionForms(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"actions":["a"],"notActions":["b"]}`:                 "a-b",
		`{"Actions":["a"],"NOTACTIONS":["b"]}`:                 "a-b",
		`{"actions":["a"]}`:                                    "a-",
		`{"actions":["a"],"notActions":null,"condition":null}`: "a-",
		`{"actions":["a"],"condition":""}`:                     "a-",
		`{"actions":[],"notActions":["b"]}`:                    "-b",
		`{"actions":["a"],"notActions":"b"}`:                   "a- unclear",
		`{"actions":["a"],"notActions":{"b":1}}`:               "a- unclear",
		`{"actions":["a"],"notActions":[null]}`:                "a- unclear",
		`{"actions":["a"],"notActions":[7]}`:                   "a- unclear",
		`{"actions":["a"],"condition":"@Resource[x]"}`:         "a- unclear",
		`{"actions":["a"],"condition":{"x":1}}`:                "a- unclear",
		`{"actions":"a"}`:                                      "*- unclear",
		`{"actions":[{"a":1}]}`:                                "*- unclear",
		`null`:                                                 "*- unclear",
		`"a"`:                                                  "*- unclear",
		`["a"]`:                                                "*- unclear",
	} {
		c := dial(t, func(*http.Request) (*http.Response, error) { return reply(200, `{"value":[`+body+`]}`), nil }, Options{})
		got, err := c.Permissions(t.Context())
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", body, got, err)
			continue
		}
		text := strings.Join(got[0].Actions, ",") + "-"
		if got[0].Unclear {
			text += " unclear"
		} else {
			text += strings.Join(got[0].NotActions, ",")
		}
		if text != want {
			t.Errorf("%s: %s, want %s", body, text, want)
		}
	}
	for _, body := range []string{`null`, `"x"`, `{}`} {
		synctest.Test(t, func(t *testing.T) {
			c := dial(t, func(*http.Request) (*http.Response, error) {
				return reply(200, `{"properties":{"roleName":"R","permissions":`+body+`}}`), nil
			}, Options{})
			if role, err := c.Role(t.Context(), "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r"); err == nil {
				t.Errorf("a role with the permissions %s: %+v", body, role)
			}
		})
	}
}

// TestAssignmentsOfOthers holds that a role of another person is not taken for one of
// this, also where the service does not filter, and that conditions are kept in any
// form.
func TestAssignmentsOfOthers(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]string{
		`"principalId":"ME","principalType":"User"`:                   "given",
		`"principalId":"else","principalType":"User"`:                 "",
		`"principalId":"else","principalType":"ServicePrincipal"`:     "",
		`"principalId":"else","principalType":"Group"`:                "given",
		`"principalId":"else","principalType":"ForeignGroup"`:         "given",
		`"principalId":"else"`:                                        "given",
		`"principalId":"me","principalType":"User","condition":"x"`:   "given if",
		`"principalId":"me","principalType":"User","condition":[1]`:   "given if",
		`"principalId":"me","principalType":"User","condition":null`:  "given",
		`"principalId":"me","principalType":"User","condition":""`:    "given",
		`"principalId":"me","principalType":"User","condition":false`: "given if",
	} {
		body := `{"value":[{"properties":{"scope":"/subscriptions/sub","roleDefinitionId":"/r",` + more + `}}]}`
		c := dial(t, func(*http.Request) (*http.Response, error) { return reply(200, body), nil }, Options{})
		given, err := c.Assignments(t.Context(), "me")
		got := ""
		if len(given) > 0 {
			if got = "given"; given[0].Condition != "" {
				got += " if"
			}
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", more, got, want, err)
		}
	}
}
