package compute

import (
	"net/http"
	"strings"
	"testing"
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
