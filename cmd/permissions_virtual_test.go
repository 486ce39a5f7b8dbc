package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

const (
	subscriptionScope = "/subscriptions/" + emulator.Subscription
	groupScope        = subscriptionScope + "/resourceGroups/" + emulator.ResourceGroup
	workspaceScope    = groupScope + "/providers/Microsoft.MachineLearningServices/workspaces/" + emulator.Workspace
	forbidden         = `{"error":{"code":"AuthorizationFailed","message":"The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/read' over scope 's' or the scope is invalid."}}`
)

// allowedBy is what "permissions" says of each action, without its namespace.
func allowedBy(t *testing.T, e ended) map[string]string {
	t.Helper()
	var rows []struct{ Action, Allowed string }
	if err := json.Unmarshal([]byte(e.out), &rows); err != nil {
		t.Fatalf("%v: %s", err, e.out)
	}
	out := map[string]string{}
	for _, r := range rows {
		out[strings.TrimPrefix(r.Action, "Microsoft.MachineLearningServices/")] = r.Allowed
	}
	return out
}

// The caller's own rights: of the workspace as they are told, of the subscription as
// far as those of its group tell.
func TestOwnPermissions(t *testing.T) {
	t.Parallel()
	entry := func(actions, not string) string {
		return fmt.Sprintf(`{"actions":[%s],"notActions":[%s],"dataActions":[],"notDataActions":[]}`, actions, not)
	}
	const scientist = `"Microsoft.MachineLearningServices/workspaces/*/read","Microsoft.MachineLearningServices/workspaces/*/action","Microsoft.MachineLearningServices/workspaces/*/write"`
	for _, test := range []struct {
		what             string
		workspace, group string // "" is a refusal
		code             int
		want             map[string]string
		says             string
	}{
		{"everything", entry(`"*"`, ""), entry(`"*"`, ""), 0, map[string]string{"workspaces/computes/write": "yes", "locations/usages/read": "unknown"}, ""},
		{"reader", entry(`"*/read"`, ""), entry(`"*/read"`, ""), 7, map[string]string{"workspaces/computes/read": "yes", "workspaces/computes/write": "no", "locations/usages/read": "unknown"}, "ERROR: missing: workspaces/checkComputeNameAvailability/action, workspaces/computes/write"},
		{"the workspace only", entry(`"*"`, ""), entry("", ""), 7, map[string]string{"workspaces/computes/delete": "yes", "locations/usages/read": "no"}, "locations/usages/read"},
		{"a group that is not told", entry(`"*"`, ""), "", 0, map[string]string{"locations/usages/read": "unknown"}, "rights on the resource group are not known: "},
		{"a workspace that is not told", "", entry(`"*"`, ""), 6, nil, "missing: Microsoft.Authorization/roleAssignments/read"},
		{"documents against patterns", entry(scientist, `"Microsoft.MachineLearningServices/workspaces/computes/*/write"`), entry(`"*/read"`, ""), 7,
			map[string]string{"workspaces/computes/write": "unknown", "workspaces/computes/start/action": "yes", "workspaces/computes/delete": "no"}, ""},
		{"excluded", entry(`"*"`, `"Microsoft.MachineLearningServices/workspaces/computes/start/action"`), entry(`"*"`, ""), 7, map[string]string{"workspaces/computes/start/action": "no"}, "ERROR: missing: workspaces/computes/start/action\n"},
		{"nothing at all", `{"actions":null,"notActions":null}`, `null`, 7, map[string]string{"workspaces/computes/read": "no"}, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				scope, ok := strings.CutSuffix(r.URL.Path, "/providers/Microsoft.Authorization/permissions")
				if !ok {
					return next.RoundTrip(r)
				}
				body := test.group
				if strings.EqualFold(scope, workspaceScope) {
					body = test.workspace
				} else if !strings.EqualFold(scope, groupScope) {
					t.Errorf("asked for %s", scope)
				}
				if body == "" {
					return answered(r, http.StatusForbidden, forbidden), nil
				}
				return answered(r, http.StatusOK, `{"value":[`+body+`]}`), nil
			}
			e := b.run("permissions")
			if e.code != test.code || !strings.Contains(e.errors, test.says) {
				t.Errorf("exit code %d\n%s", e.code, e.errors)
			}
			if test.want == nil {
				return
			}
			got := allowedBy(t, e)
			for action, want := range test.want {
				if got[action] != want {
					t.Errorf("%s: %q, want %q", action, got[action], want)
				}
			}
		})
	}
}

// Somebody else's rights come from their role assignments: those at the workspace
// or above count, a condition makes them uncertain, and what cannot be read is no
// answer.
func TestPermissionsOfOthers(t *testing.T) {
	t.Parallel()
	const gone = "/providers/Microsoft.Authorization/roleDefinitions/gone"
	const operator, all = "/providers/Microsoft.Authorization/roleDefinitions/operator", "/providers/Microsoft.Authorization/roleDefinitions/all"
	given := func(scope, role, condition string) string {
		return fmt.Sprintf(`{"id":"x","name":"x","properties":{"scope":%q,"roleDefinitionId":%q,"principalId":"p","condition":%s}}`, scope, role, condition)
	}
	for _, test := range []struct {
		what        string
		assignments string // "" is a refusal
		code        int
		start       string // of workspaces/computes/start/action
		usages      string // of locations/usages/read
		says        string
	}{
		{"nothing", ` `, 7, "no", "no", ""},
		{"on the workspace", given(workspaceScope, operator, "null"), 7, "yes", "no", ""},
		{"on the group, in other letters", given(strings.ToUpper(groupScope), operator, "null"), 7, "yes", "no", ""},
		{"on the subscription", given(subscriptionScope, all, "null"), 0, "yes", "yes", ""},
		{"on a management group", given("/providers/Microsoft.Management/managementGroups/m", all, "null"), 0, "yes", "yes", ""},
		{"with a condition", given(subscriptionScope, all, `"@Resource[x] StringEquals 'y'"`), 0, "unknown", "unknown", ""},
		{"with a condition, and without", given(subscriptionScope, all, `"c"`) + "," + given(workspaceScope, operator, "null"), 0, "yes", "unknown", ""},
		{"on another workspace", given(workspaceScope+"2", all, "null"), 7, "no", "no", ""},
		{"on another subscription", given("/subscriptions/99999999-0000-4000-8000-000000000009", all, "null"), 7, "no", "no", ""},
		{"on one compute", given(workspaceScope+"/computes/dev", all, "null"), 7, "no", "no", ""},
		{"a role that is not there", given(workspaceScope, gone, "null"), 7, "unknown", "no", "the role /providers/Microsoft.Authorization/roleDefinitions/gone is not known: "},
		{"twice a role that is not there", given(workspaceScope, gone, "null") + "," + given(subscriptionScope, gone, "null"), 0, "unknown", "unknown", "gone is not known: "},
		{"a role that is no address", given(workspaceScope, "../../evil?x=", "null"), 7, "unknown", "no", "is not the id of a role"},
		{"not permitted", "", 6, "", "", "hint: missing: Microsoft.Authorization/roleAssignments/read, which the role Reader has"},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch r.URL.Path {
				case workspaceScope + "/providers/Microsoft.Authorization/roleAssignments":
					if got := r.URL.Query().Get("$filter"); got != "assignedTo('"+adaID+"')" {
						t.Errorf("filter %s", got)
					}
					if test.assignments == "" {
						return answered(r, http.StatusForbidden, forbidden), nil
					}
					return answered(r, http.StatusOK, `{"value":[`+test.assignments+`]}`), nil
				case operator:
					return answered(r, http.StatusOK, `{"properties":{"roleName":"Operator","permissions":[{"actions":["Microsoft.MachineLearningServices/workspaces/computes/*"],"notActions":[]}]}}`), nil
				case all:
					return answered(r, http.StatusOK, `{"properties":{"roleName":"All","permissions":[{"actions":["*"],"notActions":null}]}}`), nil
				case gone:
					return answered(r, http.StatusNotFound, `{"error":{"code":"RoleDefinitionDoesNotExist","message":"The role does not exist."}}`), nil
				}
				return next.RoundTrip(r)
			}
			e := b.run("permissions", "--user", adaID)
			if e.code != test.code || !strings.Contains(e.errors, test.says) {
				t.Errorf("exit code %d\n%s", e.code, e.errors)
			}
			if test.start == "" {
				return
			}
			got := allowedBy(t, e)
			if got["workspaces/computes/start/action"] != test.start || got["locations/usages/read"] != test.usages {
				t.Errorf("start %q, usages %q", got["workspaces/computes/start/action"], got["locations/usages/read"])
			}
		})
	}
}

// Every command that is refused ends with 6, names the action that is missing and
// where to see what is allowed, and changes nothing.
func TestRefusalsNameTheAction(t *testing.T) {
	t.Parallel()
	made := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant", "XDG_CACHE_HOME=/dev/null")
	for _, args := range []string{
		"create dev -s Standard_DS3_v2", "create off -s Standard_DS3_v2 --stopped", "create amlcompute cpu -s Standard_DS3_v2 --max-nodes 2",
		"create amlcompute with-id -s Standard_DS3_v2 --max-nodes 2 --assign-identity [system]", "create aks k8s", "schedule set dev 9-18 --time-zone UTC",
	} {
		made.must(strings.Fields(args)...)
	}
	refused := func(t *testing.T, allowed, args string) {
		t.Parallel()
		b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant", "XDG_CACHE_HOME=/dev/null")
		b.like(made)
		b.must(append([]string{"emulator", "permit", "me", "-o", "none"}, strings.Fields(allowed)...)...)
		e := b.run(strings.Fields(args)...)
		hint := "hint: missing: Microsoft.MachineLearningServices/"
		code := 6
		if strings.HasPrefix(args, "ml compute ") {
			code = 1 // az's
		}
		if e.code != code || e.out != "" || !strings.Contains(e.errors, hint) || !strings.Contains(e.errors, "; computetarget permissions shows what you may do;") {
			t.Errorf("exit code %d\n%s%s", e.code, e.out, e.errors)
		}
	}
	for _, w := range writes {
		t.Run(w.args, func(t *testing.T) { refused(t, "*/read", w.args) })
	}
	for _, args := range []string{
		"list", "show dev", "list-nodes cpu", "list-sizes", "list-usage", "workspace list", "schedule list", "schedule preview dev", "idle", "open dev", "ssh dev",
		"ssh-config dev", "ssh-config --all", "get-credentials -n k8s", "amlcompute identity show -n cpu", "wait dev", "policy check --idle-shutdown 2h",
	} {
		t.Run(args, func(t *testing.T) { refused(t, "Microsoft.Other/read", args) })
	}
	t.Run("get-credentials", func(t *testing.T) { refused(t, "*/read", "get-credentials -n k8s") })
	t.Run("list-nodes", func(t *testing.T) { refused(t, "*/read", "list-nodes cpu") })
}
