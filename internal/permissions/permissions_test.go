package permissions

import (
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/compute"
)

// TestJudge holds the rules of role definitions: one entry must allow the
// action and not exclude it, patterns ignore case and cross slashes.
func TestJudge(t *testing.T) {
	t.Parallel()
	entry := func(actions, not string) compute.Permission {
		return compute.Permission{Actions: strings.Fields(actions), NotActions: strings.Fields(not)}
	}
	const start = "Microsoft.MachineLearningServices/workspaces/computes/start/action"
	const write = "Microsoft.MachineLearningServices/workspaces/computes/write"
	cases := []struct {
		what   string
		of     []compute.Permission
		action string
		want   Verdict
	}{
		{"nothing", nil, start, Missing},
		{"everything", []compute.Permission{entry("*", "")}, start, Allowed},
		{"the action itself", []compute.Permission{entry(start, "")}, start, Allowed},
		{"in another case", []compute.Permission{entry(strings.ToUpper(start), "")}, start, Allowed},
		{"a pattern with slashes", []compute.Permission{entry("microsoft.machinelearningservices/*/action", "")}, start, Allowed},
		{"a pattern in two parts", []compute.Permission{entry("Microsoft.*/computes/*/action", "")}, start, Allowed},
		{"a pattern whose parts overlap", []compute.Permission{entry("Microsoft.MachineLearningServices/workspaces/computes/start/action*action", "")}, start, Missing},
		{"reads only", []compute.Permission{entry("*/read", "")}, start, Missing},
		{"excluded", []compute.Permission{entry("*", start)}, start, Missing},
		{"excluded by one, allowed by another", []compute.Permission{entry("*", start), entry(start, "")}, start, Allowed},
		{"an exclusion of another entry", []compute.Permission{entry("*/read", "*"), entry("*", "")}, start, Allowed},
		{"a longer action", []compute.Permission{entry(start+"/x", "")}, start, Missing},
		{"documented as allowed, not matched", []compute.Permission{entry("Microsoft.MachineLearningServices/workspaces/*/read", "")}, "Microsoft.MachineLearningServices/workspaces/read", Unknown},
		{"and excluded", []compute.Permission{entry("Microsoft.MachineLearningServices/workspaces/*/write", "Microsoft.MachineLearningServices/workspaces/write")}, "Microsoft.MachineLearningServices/workspaces/write", Missing},
		{"under a condition", []compute.Permission{{Actions: []string{"*"}, Unclear: true}}, start, Unknown},
		{"under a condition, and without", []compute.Permission{{Actions: []string{"*"}, Unclear: true}, entry("*", "")}, start, Allowed},
		{"documented as excluded, not matched", []compute.Permission{entry("Microsoft.MachineLearningServices/workspaces/*/write", "Microsoft.MachineLearningServices/workspaces/computes/*/write")}, write, Unknown},
	}
	for _, c := range cases {
		if got := Judge(c.of, c.action); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// TestRoleFor holds the built-in roles that the documentation gives for actions.
func TestRoleFor(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"workspaces/read":                                 "Reader",
		"locations/usages/read":                           "Reader",
		"workspaces/computes/write":                       "AzureML Compute Operator",
		"workspaces/computes/start/action":                "AzureML Compute Operator",
		"workspaces/checkComputeNameAvailability/action":  "AzureML Data Scientist",
		"workspaces/write":                                "Contributor",
		"workspaces/computes/updateIdleShutdownSetting/x": "AzureML Compute Operator",
	} {
		if got := RoleFor(Namespace + action); got != want {
			t.Errorf("%s: %q, want %q", action, got, want)
		}
	}
	if got := RoleFor("Microsoft.Authorization/roleAssignments/write"); got != "" {
		t.Errorf("a role that may assign roles: %q", got)
	}
}

// TestArticle holds the action lists of the article, word for word.
func TestArticle(t *testing.T) {
	t.Parallel()
	for task, words := range map[string]string{
		Creator:  "computes/write checkComputeNameAvailability/action",
		Operator: "computes/read computes/start/action computes/stop/action computes/restart/action computes/updateSchedules/action",
		Assignee: "computes/start/action computes/stop/action computes/restart/action computes/applicationaccess/action computes/updateSchedules/action",
	} {
		names := map[string]bool{}
		for _, a := range Needed(task) {
			names[a.Name] = true
		}
		for word := range strings.FieldsSeq(words) {
			if !names[Namespace+"workspaces/"+word] {
				t.Errorf("%s lacks %s", task, word)
			}
		}
	}
}

func FuzzMatches(f *testing.F) {
	f.Add("*/read", "a/read")
	f.Add("a*b*c", "aXbYc")
	f.Fuzz(func(t *testing.T, pattern, action string) {
		if matches(pattern, action) && !strings.Contains(pattern, "*") && pattern != action {
			t.Errorf("%q matches %q", pattern, action)
		}
		if !matches("*", action) || !matches(action+"*", action) && !strings.Contains(action, "*") {
			t.Errorf("* does not match %q", action)
		}
	})
}
