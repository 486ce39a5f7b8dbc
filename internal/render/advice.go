package render

import (
	"cmp"
	"strings"

	"github.com/computetarget/computetarget/internal/permissions"
	"github.com/computetarget/computetarget/pkg/compute"
)

// A rule is advice for one kind of failure. It applies when the error's code is
// one of the codes (in any case; empty fits any) and the message contains the
// words (in any case; empty fits any).
type rule struct {
	codes  string
	words  string
	advice string
}

const sizesAdvice = "computetarget list-sizes shows the sizes of the region"

// rules is the advice there is, most specific first: the first rule that
// applies counts. {name} stands for the compute. The texts matched are the
// service's own (Azure Resource Manager's common errors, and those of the
// Machine Learning resource provider seen in public issues).
//
// It is a function so that nothing is built before an error is shown.
func rules() []rule {
	const (
		quota     = "computetarget list-usage shows what uses the cores; a stopped instance counts until it is deleted; computetarget list-sizes --fits-quota shows sizes that fit"
		capacity  = "the region is out of machines of this size: try again later, or choose another size (computetarget list-sizes)"
		busy      = "another operation is in progress: run computetarget wait {name}, then try again"
		signIn    = "sign in again with az login; computetarget auth status shows the identity in use"
		workspace = "computetarget workspace list shows the workspaces you can see, computetarget config show where the settings came from"
		version   = "leave --api-version and COMPUTETARGET_API_VERSION unset, or choose a version that the message lists"
		script    = "the setup script must exist, exit with code 0 and finish in time; it runs as root; computetarget logs {name} shows its output"
		outage    = "the service has a problem: try again in a few minutes; if it persists, give Azure support the request id"
	)
	return []rule{
		// What a compute is doing.
		{"StartComputeInstanceOnlyAllowedInStoppedState", "", "computetarget show {name} shows its state; computetarget restart {name} restarts a running instance"},
		{"", "is only allowed when the instance", "computetarget show {name} shows its state"},
		{"", "disk is full", "free about 5 GB first: open a terminal in its notebooks (computetarget open {name}) and delete large files in /home and /tmp"},
		{"", "being processed by another command", busy},
		{"", "active operation", busy},
		{"AnotherOperationInProgress ConflictingOperation ConflictingServerOperation OperationInProgress", "", busy},
		{"", "operation is in progress", busy},
		{"", ", so it cannot be", "run computetarget wait {name}, then try again; without --no-wait the command waits by itself"},

		// Capacity before quota: its messages may mention quota too.
		{"AllocationFailed OverconstrainedAllocationRequest OverconstrainedZonalAllocationRequest ZonalAllocationFailed SkuNotAvailable", "", capacity},
		{"", "out of capacity", capacity},
		{"", "sufficient capacity", capacity},
		{"", "enough capacity", capacity},
		{"ClusterCoreQuotaReached QuotaExceeded", "", quota},
		{"", "quota", quota},

		// Who may do it.
		{"", "private link configuration", "the workspace does not accept requests from this network: connect from its virtual network or through its VPN; its owner can allow public access"},
		{"DenyAssignmentAuthorizationFailed", "", "a deny assignment forbids it, whatever roles allow: az role assignment cannot change that; ask who deployed what it protects"},
		{"LinkedAuthorizationFailed", "", "the identity also needs permission on the linked resource that the message names, such as a subnet or an identity"},
		{"AuthorizationFailed", "", "computetarget permissions shows what is missing; ask an owner of the resource group for the role AzureML Compute Operator or Contributor on the workspace, then sign in again"},
		{"InvalidAuthenticationTokenTenant", "", "the sign-in is for another tenant: az login --tenant TENANT, or choose another subscription with --subscription-id"},
		{"InvalidAuthenticationToken", "wrong issuer", "the sign-in is for another tenant: az login --tenant TENANT, or choose another subscription with --subscription-id"},
		{"InvalidAuthenticationToken ExpiredAuthenticationToken AuthenticationFailed", "", signIn},
		{"RequestDisallowedByPolicy", "", "a policy of your organization forbids it; the message names the policy, and its owner knows what is allowed (often: no public IP, no SSH, certain sizes or tags)"},
		{"ScopeLocked", "", "a lock on the workspace or its resource group forbids it: az lock list shows it, and an owner can remove it"},
		{"ReadOnlyDisabledSubscription", "", "the subscription is disabled: its owner can enable it again, or choose another with --subscription-id"},

		// What is not there.
		{"SubscriptionNotFound InvalidSubscriptionId", "", "az account list shows the subscriptions you can see; choose one with --subscription-id or az account set"},
		{"MissingSubscriptionRegistration SubscriptionNotRegistered", "", "register the service in the subscription once: az provider register --namespace Microsoft.MachineLearningServices"},
		{"ResourceGroupNotFound ParentResourceNotFound WorkspaceNotFound", "", workspace},
		{"ComputeNotFound", "", "computetarget list shows what the workspace has"},
		{"ResourceNotFound", "/computes/", "computetarget list shows what the workspace has"},
		{"ResourceNotFound", "microsoft.machinelearningservices/workspaces/", workspace},
		{"ResourceNotFound", "", "computetarget list shows what the workspace has, computetarget config show which workspace is asked"},

		// What was asked for.
		{"", "compute with this name already exists", "names must be unique in the region, across all workspaces: choose another name"},
		{"AlreadyExists", "", "names must be unique in the region, across all workspaces: choose another name"},
		{"", "is not a supported vm size", sizesAdvice},
		{"", "is not available in the specified region", sizesAdvice},
		{"InvalidVMSize", "", sizesAdvice},
		{"", "setting ssh key at creation time is not allowed", "omit the SSH key: an instance created for another user cannot have one"},
		{"", "setup script file not found", "give the path of the setup script in the workspace's file share, which starts with Users/"},
		{"SetupScriptFailed", "", script},
		{"", "setup script", script},
		{"", "setupscript", script},
		{"InvalidApiVersionParameter NoRegisteredProviderFound InvalidResourceType", "", version},

		// The service itself.
		{"TooManyRequests SubscriptionRequestsThrottled", "", "wait a minute and try again; one command for many computes sends fewer requests than many commands"},
		{"ServerBusy InternalServerError ServiceUnavailable ServerTimeout GatewayTimeout", "", outage},
	}
}

// changes says how what differs between an existing compute and the one asked
// for can be changed, or that it cannot.
func changes(have *compute.Compute, differences []compute.Difference) string {
	var ways, fixed []string
	for _, d := range differences {
		switch {
		case d.Field == "type":
			return "a compute of another type has this name: choose another name"
		case have.IsInstance() && d.Field == compute.FieldSize:
			ways = append(ways, Command("resize NAME -s "+cmp.Or(plainWord(d.Want), "SIZE"), have.Name)+" changes the size and keeps the disk")
		case have.IsInstance() && d.Field == compute.FieldIdle:
			ways = append(ways, Command("idle NAME "+plainWord(d.Want), have.Name)+" changes the idle time")
		case have.IsInstance() && d.Field == compute.FieldSchedules:
			ways = append(ways, Command("schedule set NAME HOURS", have.Name)+" changes its hours")
		case !d.Changeable:
			fixed = append(fixed, d.Field)
		}
	}
	if len(fixed) > 0 {
		ways = append(ways, strings.Join(fixed, ", ")+" cannot be changed: choose another name, or "+
			Command("delete NAME", have.Name)+" first, which also deletes its disk")
		if !have.IsInstance() {
			ways[len(ways)-1] = strings.TrimSuffix(ways[len(ways)-1], ", which also deletes its disk")
		}
	}
	if have.IsInstance() {
		ways = append(ways, "--if-exists use accepts it as it is")
	}
	return strings.Join(ways, "; ")
}

// advise returns the advice for a service error, or "".
func advise(code, message, name string) string {
	if strings.EqualFold(code, "AuthorizationFailed") || strings.EqualFold(code, "LinkedAuthorizationFailed") {
		if needed := missingAction(message); needed != "" {
			return needed
		}
	}
	message = strings.ToLower(message)
	for _, r := range rules() {
		if (r.codes == "" || code != "" && strings.Contains(" "+strings.ToLower(r.codes)+" ", " "+strings.ToLower(code)+" ")) && strings.Contains(message, r.words) {
			return strings.ReplaceAll(r.advice, "{name}", strings.TrimPrefix(Command("NAME", name), "computetarget "))
		}
	}
	return ""
}

// missingAction reads the action that a refusal names. Resource Manager words it
// "does not have authorization to perform action 'A' over scope 'S'"; of a linked
// resource the last one is missing.
func missingAction(message string) string {
	at := strings.LastIndex(message, "perform action '")
	if at < 0 {
		return ""
	}
	action, _, ended := strings.Cut(message[at+len("perform action '"):], "'")
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./"
	if !ended || action == "" || len(action) > 200 || strings.Trim(action, plain) != "" {
		return ""
	}
	text := "missing: " + action
	if role := permissions.RoleFor(action); role != "" {
		text += ", which the role " + role + " has"
	}
	text += "; ask an owner of the resource group"
	if strings.HasPrefix(strings.ToLower(action), strings.ToLower(permissions.Namespace)) {
		text += "; computetarget permissions shows what you may do"
	}
	return text + "; a role just assigned takes some minutes, and a new sign-in"
}

// Command is a command line people can paste: computetarget, the words, and a
// name.
func Command(words, name string) string {
	if plainWord(name) != "" {
		words = strings.Replace(words, "NAME", name, 1)
	}
	return "computetarget " + words
}

// plainWord is text that is one word to every shell, and no flag; "" for any
// other, which is the service's mistake or somebody's trap and is not put into a
// command.
func plainWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	if text == "" || text[0] == '-' || strings.Trim(text, plain) != "" {
		return ""
	}
	return text
}
