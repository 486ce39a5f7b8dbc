package render

import (
	"testing"

	"github.com/computetarget/computetarget/pkg/compute"
)

// What a policy refuses is told with the flags of create that would satisfy it.
func TestSatisfy(t *testing.T) {
	t.Parallel()
	const at = "Microsoft.MachineLearningServices/workspaces/computes/"
	field := func(alias, operator, target string) compute.ViolatedField {
		return compute.ViolatedField{Alias: alias, Operator: operator, Target: target}
	}
	for _, test := range []struct {
		field compute.ViolatedField
		want  string
	}{
		{field("type", "Equals", `"x"`), ""},
		{field(at+"computeType", "Equals", `"ComputeInstance"`), "the policy applies"}, // nothing else is known
		{field(at+"schedules", "Exists", `"false"`), "create it with --hours 'mon-fri 09:00-18:00' --time-zone ZONE"},
		{field(at+"schedules.computeStartStop[*]", "Equals", `0`), "create it with --hours 'mon-fri 09:00-18:00' --time-zone ZONE"},
		{field(at+"idleTimeBeforeShutdown", "Exists", `"false"`), "create it with --idle-shutdown 1h"},
		{field(at+"idleTimeBeforeShutdown", "NotEquals", `"PT30M"`), "create it with --idle-shutdown 30m"},
		{field(at+"idleTimeBeforeShutdown", "NotEquals", `"soon"`), "create it with --idle-shutdown 1h"},
		{field(at+"setupScripts.scripts.creationScript.scriptData", "NotEquals", `"Users/admin/setup.sh"`), "create it with --setup-script Users/admin/setup.sh"},
		{field(at+"setupScripts.scripts.creationScript.scriptData", "NotEquals", `"Users/a b; rm -rf ~"`), "create it with --setup-script PATH"},
		{field(at+"subnet.id", "Exists", `"false"`), "create it with --subnet-id ID"},
		{field(at+"enableNodePublicIp", "Equals", `true`), "create it with --no-public-ip"},
		{field(at+"sshSettings.sshPublicAccess", "Equals", `"Enabled"`), "leave out --ssh-key and --ssh-public-access"},
		{field(at+"vmSize", "NotIn", `["Standard_DS3_v2","Standard_D2_v2"]`), "create it with -s Standard_DS3_v2"},
		{field(at+"vmSize", "Like", `"Standard_N*"`), "create it with -s SIZE"},
		{field("tags['cost']", "Exists", `"false"`), "create it with --tag cost=VALUE"},
		{field("tags.team", "NotEquals", `"vision"`), "create it with --tag team=vision"},
		{field("tags['a$(b)']", "Exists", `"false"`), "create it with --tag KEY=VALUE"},
		{field("tags", "Exists", `"false"`), "create it with --tag KEY=VALUE"},
		{field(at+"applicationSharingPolicy", "NotEquals", `"Personal"`), `the policy applies because of: applicationSharingPolicy notequals "Personal"; its owner knows what is allowed`},
	} {
		if got := policyHint(&compute.Error{Violations: []compute.Violation{{Fields: []compute.ViolatedField{test.field}}}}); got != test.want && (test.want != "the policy applies" || got != "") {
			t.Errorf("%+v: %q, want %q", test.field, got, test.want)
		}
	}
}

// A flag is named once, with the value that is asked for first.
func TestSatisfySeveral(t *testing.T) {
	t.Parallel()
	got := satisfy([]compute.Violation{{Fields: []compute.ViolatedField{
		{Alias: "x/workspaces/computes/setupScripts.scripts.creationScript.scriptData", Operator: "NotEquals", Target: `"Users/a.sh"`},
		{Alias: "x/workspaces/computes/setupScripts.scripts.creationScript.scriptSource", Operator: "NotEquals", Target: `"workspaceStorage"`},
		{Alias: "tags['a']", Operator: "Exists", Target: `"false"`}, {Alias: "tags['b']", Operator: "Exists", Target: `"false"`},
	}}, {Fields: []compute.ViolatedField{{Alias: "x/workspaces/computes/sshSettings.sshPublicAccess", Operator: "Equals", Target: `"Enabled"`}}}})
	if want := "create it with --setup-script Users/a.sh --tag a=VALUE --tag b=VALUE; leave out --ssh-key and --ssh-public-access"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDisallowed(t *testing.T) {
	t.Parallel()
	e := &compute.Error{Name: "dev", Message: "Resource 'dev' was disallowed by policy. Reasons: 'Give it hours.'. See error details for policy resource IDs.", Violations: []compute.Violation{
		{Definition: "Hours", Assignment: "Hours for all", Scope: "/subscriptions/s/resourceGroups/rg"},
		{Definition: "Sizes", Assignment: "Sizes", Scope: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"},
	}}
	want := `dev is disallowed by the policy "Hours", assigned as "Hours for all" to the resource group rg, and by the policy "Sizes", assigned to the workspace ws: Give it hours.`
	if got := disallowed(e); got != want {
		t.Errorf("%s", got)
	}
}
