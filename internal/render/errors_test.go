package render

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	of := func(k compute.Kind) error { return &compute.Error{Kind: k, Message: "m"} }
	cases := []struct {
		name string
		err  error
		want int
	}{
		{"nil", nil, 0},
		{"anything", errors.New("x"), 1},
		{"usage", exit.Usagef("x"), 2},
		{"usage wrapped", fmt.Errorf("y: %w", exit.Usagef("x")), 2},
		{"own code zero", &exit.Error{Text: "x"}, 1},
		{"failed", of(compute.KindFailed), 1},
		{"unreachable", of(compute.KindUnreachable), 1},
		{"conflict", of(compute.KindConflict), 1},
		{"invalid", of(compute.KindInvalid), 2},
		{"not found", of(compute.KindNotFound), 3},
		{"timeout", of(compute.KindTimeout), 4},
		{"failed state", of(compute.KindState), 5},
		{"auth", of(compute.KindAuth), 6},
		{"busy", of(compute.KindBusy), 8},
		{"interrupted", of(compute.KindInterrupted), 130},
		{"terminated", &compute.Error{Kind: compute.KindInterrupted, Err: exit.Signal{Signal: syscall.SIGTERM}}, 143},
		{"sign-in without a network", &compute.Error{Kind: compute.KindAuth, Err: exit.Errorf(exit.Failed, "no network")}, 1},
		{"a request that was not answered in time", &compute.Error{Kind: compute.KindUnreachable, Err: context.DeadlineExceeded}, 1},
		{"time ran out while the network was down", &compute.Error{Kind: compute.KindTimeout, Err: exit.Errorf(exit.Failed, "no network")}, 4},
		{"state keeps its code", &compute.Error{Kind: compute.KindState, Err: context.Canceled}, 5},
		{"checks", &compute.CheckError{Findings: []compute.Finding{{Kind: compute.KindConflict}, {Kind: compute.KindInvalid}}}, 2},
		{"checks of what exists", &compute.CheckError{Findings: []compute.Finding{{Kind: compute.KindConflict}}}, 1},
		{"a child", exit.Child(42), 42},
		{"the cause's code", &exit.Error{Tip: "x", Err: fmt.Errorf("y: %w", of(compute.KindNotFound))}, 3},
		{"wrong input that shows after a write", &compute.Error{Kind: compute.KindInvalid, Accepted: true}, 1},
		{"not found after a write", &compute.Error{Kind: compute.KindNotFound, Accepted: true}, 3},
		{"cancelled", fmt.Errorf("x: %w", context.Canceled), 130},
		{"deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), 4},
		{"joined alike", errors.Join(of(compute.KindNotFound), nil, fmt.Errorf("y: %w", of(compute.KindNotFound))), 3},
		{"joined unlike", errors.Join(of(compute.KindNotFound), of(compute.KindBusy)), 1},
		{"joined below a wrapper", fmt.Errorf("z: %w", errors.Join(of(compute.KindBusy))), 8},
	}
	for _, c := range cases {
		if got := ExitCode(c.err, false); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		// Exit code 2 promises that nothing was changed.
		want := c.want
		if want == exit.Usage {
			want = exit.Failed
		}
		if got := ExitCode(c.err, true); got != want {
			t.Errorf("%s after a write: %d, want %d", c.name, got, want)
		}
	}
}

func TestPrintError(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"plain", errors.New("it broke"), "ERROR: it broke\n"},
		{"own", &exit.Error{Text: "bad name", Tip: "use instance1"}, "ERROR: bad name\nhint: use instance1\n"},
		{"own cause", &exit.Error{Exit: 6, Code: "C", Err: errors.New("why")}, "ERROR: (C) why\n"},
		{"advice", &exit.Error{Tip: "run az login", Err: errors.New("not signed in")}, "ERROR: not signed in\nhint: run az login\n"},
		{
			"service",
			&compute.Error{Kind: compute.KindAuth, Code: "AuthorizationFailed", Message: "The client does not have authorization", RequestID: "r-1", Name: "a"},
			"ERROR: (AuthorizationFailed) The client does not have authorization\n" +
				"hint: computetarget permissions shows what is missing; ask an owner of the resource group for the role AzureML Compute Operator or Contributor on the workspace, then sign in again\n" +
				"request id: r-1\n",
		},
		{
			"wrapped service", fmt.Errorf("listing workspaces: %w", &compute.Error{Code: "Odd", Message: "m", RequestID: "r-2"}),
			"ERROR: listing workspaces: (Odd) m\nrequest id: r-2\n",
		},
		{
			"details", &compute.Error{Code: "C", Message: "m", Details: []compute.Problem{{Code: "D", Message: "more"}, {Message: "m"}, {Code: "E"}}},
			"ERROR: (C) m; (D) more\n",
		},
		{
			"advice from the words of a detail", &compute.Error{Code: "BadRequest", Message: "failed", Name: "gpu", Details: []compute.Problem{{Message: "There is already an active operation submitted"}}},
			"ERROR: (BadRequest) failed; There is already an active operation submitted\nhint: another operation is in progress: run computetarget wait gpu, then try again\n",
		},
		{
			"sign-in below the service's error", &compute.Error{Kind: compute.KindAuth, Message: "not signed in", Err: &exit.Error{Tip: "run az login", Err: errors.New("x")}},
			"ERROR: not signed in\nhint: run az login\n",
		},
		{
			"checks", &compute.CheckError{Findings: []compute.Finding{
				{Kind: compute.KindInvalid, Message: "the name may not end in - and digits", Suggestions: []string{"cpu1", "cpu2"}},
				{Kind: compute.KindInvalid, Message: "no such size; did you mean S?", Suggestions: []string{"S"}},
			}},
			"ERROR: the name may not end in - and digits\nhint: use cpu1 or cpu2\nERROR: no such size; did you mean S?\n",
		},
		{
			"several", errors.Join(&compute.Error{Code: "X", Message: "m", Name: "a"}, &compute.Error{Code: "X", Message: "about b", Name: "b"}),
			"ERROR: (X) a: m\nERROR: (X) about b\n",
		},
		{
			"hostile", &compute.Error{Code: "C\x1b[2J", Message: "line\nERROR: forged\u202e", RequestID: "\a", Name: "x"},
			"ERROR: (C\\u001b[2J) line ERROR: forged\\u202e\nrequest id: \\u0007\n",
		},
		{
			"hostile name stays out of commands", &compute.Error{Code: "AnotherOperationInProgress", Message: "busy", Name: "a; rm -rf ~"},
			"ERROR: (AnotherOperationInProgress) busy\nhint: another operation is in progress: run computetarget wait NAME, then try again\n",
		},
	}
	for _, c := range cases {
		s, out, errs := TestStreams("", 0, 0)
		PrintError(s, c.err)
		if out.Len() != 0 || errs.String() != c.want {
			t.Errorf("%s: stdout %q, stderr\n%s\nwant\n%s", c.name, out, errs, c.want)
		}
	}
}

// TestAdvice holds what is said for the codes and words the verbs meet.
func TestAdvice(t *testing.T) {
	t.Parallel()
	cases := []struct{ code, message, want string }{
		{"StartComputeInstanceOnlyAllowedInStoppedState", "Start Azure ML Compute Instance is only allowed when the instance a is in 'stopped' state", "computetarget show a"},
		{"Conflict", "currently being processed by another command, such as Deleting or Shutting down", "computetarget wait a"},
		{"", "StopCompute is not allowed when ComputeInstance disk is full.", "free about 5 GB"},
		{"BadRequest", "The specified subscription has a total vCPU quota of 0 and cannot hold the requested node", "list-usage"},
		{"BadRequest", "The specified subscription has a Standard DSv2 family vCPU quota of 0 and is less than the requested", "list-usage"},
		{"", "Operation results in exceeding quota limits of Microsoft.Batchlusters", "list-usage"},
		{"clustercorequotareached", "", "list-usage"},
		{"AuthorizationFailed", "", "AzureML Compute Operator"},
		{"AuthorizationFailed", "The client 'a' with object id 'b' does not have authorization to perform action 'Microsoft.MachineLearningServices/workspaces/computes/start/action' over scope '/subscriptions/s' or the scope is invalid.",
			"missing: Microsoft.MachineLearningServices/workspaces/computes/start/action, which the role AzureML Compute Operator has"},
		{"AuthorizationFailed", "to perform action '; rm -rf /' over scope", "computetarget permissions shows what is missing"},
		{"DenyAssignmentAuthorizationFailed", "The client 'a' has permission to perform action 'Microsoft.MachineLearningServices/workspaces/computes/write' on scope 's'; however, the access is denied because of the deny assignment with name 'd'.", "a deny assignment forbids it"},
		{"LinkedAuthorizationFailed", "", "linked resource"},
		{"LinkedAuthorizationFailed", "The client has permission to perform action 'Microsoft.MachineLearningServices/workspaces/computes/write' on scope 'x'; however, it does not have permission to perform action 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) 'y'.",
			"missing: Microsoft.Network/virtualNetworks/subnets/join/action, which the role Contributor has"},
		{"ResourceNotFound", "The Resource 'Microsoft.MachineLearningServices/workspaces/w/computes/a' under resource group 'g' was not found.", "computetarget list"},
		{"ResourceNotFound", "The Resource 'Microsoft.MachineLearningServices/workspaces/w' under resource group 'g' was not found.", "workspace list"},
		{"ResourceNotFound", "gone", "config show"},
		{"ResourceGroupNotFound", "Resource group 'g' could not be found.", "workspace list"},
		{"SubscriptionNotFound", "", "az account list"},
		{"InvalidAuthenticationToken", "The access token is from the wrong issuer 'https://sts…'", "--tenant"},
		{"InvalidAuthenticationToken", "The access token is invalid.", "az login"},
		{"ExpiredAuthenticationToken", "", "az login"},
		{"RequestDisallowedByPolicy", "", "policy"},
		{"ScopeLocked", "", "az lock list"},
		{"UserError", "User specified setup script file not found", "Users/"},
		{"SetupScriptFailed", "", "computetarget logs a"},
		{"AllocationFailed", "", "try again later"},
		{"", "We do not have sufficient capacity for the requested VM size; quota is fine", "try again later"},
		{"TooManyRequests", "", "wait a minute"},
		{"InvalidApiVersionParameter", "The api-version '1' is invalid.", "--api-version"},
		{"NoRegisteredProviderFound", "", "--api-version"},
		{"", "Compute with this name already exists. Compute name needs to be unique across all existing computes within an Azure region.", "in the region"},
		{"", "Standard_B2s is not a supported VM size", "list-sizes"},
		{"InternalServerError", "", "request id"},
		{"NeverSeen", "something else", ""},
		{"", "", ""},
	}
	for _, c := range cases {
		got := advise(c.code, c.message, "a")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("(%s) %s: %q, want %q", c.code, c.message, got, c.want)
		}
	}
}

// TestRules holds that every rule can apply, that its text is matched in lower
// case, and that its advice is a sentence that can be printed.
func TestRules(t *testing.T) {
	t.Parallel()
	var list []rule // one code each
	for _, r := range rules() {
		for _, code := range strings.Split(r.codes, " ") {
			list = append(list, rule{code, r.words, r.advice})
		}
	}
	for i, r := range list {
		if r.codes == "" && r.words == "" || r.words != strings.ToLower(r.words) || Clean(r.advice) != r.advice || strings.HasSuffix(r.advice, ".") {
			t.Errorf("rule %d is not well formed: %+v", i, r)
		}
		for _, earlier := range list[:i] {
			if (earlier.codes == "" || strings.EqualFold(earlier.codes, r.codes)) && strings.Contains(r.words, earlier.words) {
				t.Errorf("%+v never applies because of %+v", r, earlier)
			}
		}
	}
}
