package render

import (
	"cmp"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
)

// A rule is advice for one kind of failure. It applies when the code is the
// error's (in any case; empty fits any) and the message contains the words (in
// any case; empty fits any).
type rule struct {
	code   string
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
		quota     = "computetarget list-usage shows who holds the cores; stopped instances hold theirs until they are deleted; computetarget list-sizes --fits-quota shows sizes that fit"
		capacity  = "the region has no such machine free now: try again later, or take another size (computetarget list-sizes)"
		busy      = "another operation runs on it: computetarget wait {name}, then try again"
		signIn    = "sign in again: az login; computetarget auth status shows which identity is used"
		workspace = "computetarget workspace list shows the workspaces you can see, computetarget config show where the settings came from"
		version   = "leave --api-version and COMPUTETARGET_API_VERSION unset, or choose a version that the message lists"
		script    = "the setup script runs as root and must exist, exit with 0 and end in time; its output is in the logs of {name} in the studio"
		outage    = "the service has trouble: try again in some minutes; if it stays so, the request id is what Azure support asks for"
	)
	return []rule{
		// What a compute is doing.
		{"StartComputeInstanceOnlyAllowedInStoppedState", "", "computetarget show {name} tells its state; one that runs is restarted with computetarget restart {name}"},
		{"", "is only allowed when the instance", "computetarget show {name} tells its state"},
		{"", "disk is full", "free about 5 GB on it first: delete what is large in /home and /tmp, in a terminal of its notebooks (computetarget open {name})"},
		{"", "being processed by another command", busy},
		{"", "active operation", busy},
		{"AnotherOperationInProgress", "", busy},
		{"ConflictingOperation", "", busy},
		{"ConflictingServerOperation", "", busy},
		{"OperationInProgress", "", busy},
		{"", "operation is in progress", busy},
		{"", ", so it cannot be", "computetarget wait {name}, then try again; without --no-wait it is waited for"},

		// Capacity before quota: its messages may mention quota too.
		{"AllocationFailed", "", capacity},
		{"OverconstrainedAllocationRequest", "", capacity},
		{"OverconstrainedZonalAllocationRequest", "", capacity},
		{"ZonalAllocationFailed", "", capacity},
		{"SkuNotAvailable", "", capacity},
		{"", "out of capacity", capacity},
		{"", "sufficient capacity", capacity},
		{"", "enough capacity", capacity},
		{"ClusterCoreQuotaReached", "", quota},
		{"QuotaExceeded", "", quota},
		{"", "quota limits", quota},
		{"", "vcpu quota", quota},
		{"", "core quota", quota},
		{"", "quota", quota},

		// Who may do it.
		{"", "private link configuration", "the workspace lets nobody in from this network: run it from inside, or by its VPN or gateway; its owner can allow public access"},
		{"LinkedAuthorizationFailed", "", "the identity needs permission on the linked resource, too: the subnet, network or identity named in the message"},
		{"AuthorizationFailed", "", "the role AzureML Compute Operator or Contributor on the workspace allows it; ask an owner of the resource group, and sign in again once it is assigned"},
		{"InvalidAuthenticationTokenTenant", "", "the sign-in is for another tenant: az login --tenant TENANT, or choose a subscription of yours with --subscription-id"},
		{"InvalidAuthenticationToken", "wrong issuer", "the sign-in is for another tenant: az login --tenant TENANT, or choose a subscription of yours with --subscription-id"},
		{"InvalidAuthenticationToken", "", signIn},
		{"ExpiredAuthenticationToken", "", signIn},
		{"AuthenticationFailed", "", signIn},
		{"RequestDisallowedByPolicy", "", "a policy of your organisation forbids it, named in the message; its owner knows what is allowed (often: no public IP, SSH off, certain sizes or tags)"},
		{"ScopeLocked", "", "a lock on the workspace or its group forbids it: az lock list shows it, an owner can remove it"},
		{"ReadOnlyDisabledSubscription", "", "the subscription is disabled: its owner can enable it again, or choose another with --subscription-id"},

		// What is not there.
		{"SubscriptionNotFound", "", "az account list shows the subscriptions you can see; choose one with --subscription-id or az account set"},
		{"InvalidSubscriptionId", "", "az account list shows the subscriptions you can see; choose one with --subscription-id or az account set"},
		{"MissingSubscriptionRegistration", "", "register the service in the subscription once: az provider register --namespace Microsoft.MachineLearningServices"},
		{"SubscriptionNotRegistered", "", "register the service in the subscription once: az provider register --namespace Microsoft.MachineLearningServices"},
		{"ResourceGroupNotFound", "", workspace},
		{"ParentResourceNotFound", "", workspace},
		{"WorkspaceNotFound", "", workspace},
		{"ComputeNotFound", "", "computetarget list shows what the workspace has"},
		{"ResourceNotFound", "/computes/", "computetarget list shows what the workspace has"},
		{"ResourceNotFound", "microsoft.machinelearningservices/workspaces/", workspace},
		{"ResourceNotFound", "", "computetarget list shows what the workspace has, computetarget config show which workspace is asked"},

		// What was asked for.
		{"", "compute with this name already exists", "names are unique in the whole region, also across workspaces: choose another one"},
		{"AlreadyExists", "", "names are unique in the whole region, also across workspaces: choose another one"},
		{"", "is not a supported vm size", sizesAdvice},
		{"", "is not available in the specified region", sizesAdvice},
		{"InvalidVMSize", "", sizesAdvice},
		{"", "setting ssh key at creation time is not allowed", "leave out the SSH key: an instance made for somebody else takes none"},
		{"", "setup script file not found", "the path of a setup script is that of a file in the workspace's file share, starting with Users/"},
		{"SetupScriptFailed", "", script},
		{"", "setup script", script},
		{"", "setupscript", script},
		{"InvalidApiVersionParameter", "", version},
		{"NoRegisteredProviderFound", "", version},
		{"InvalidResourceType", "", version},

		// The service itself.
		{"TooManyRequests", "", "wait a minute and try again; one command for many computes asks the service less often than many commands"},
		{"SubscriptionRequestsThrottled", "", "wait a minute and try again; one command for many computes asks the service less often than many commands"},
		{"ServerBusy", "", outage},
		{"InternalServerError", "", outage},
		{"ServiceUnavailable", "", outage},
		{"ServerTimeout", "", outage},
		{"GatewayTimeout", "", outage},
	}
}

// changes says how what differs between an existing compute and the one asked
// for can be changed, or that it cannot.
func changes(have *compute.Compute, differences []compute.Difference) string {
	var ways, fixed []string
	for _, d := range differences {
		switch {
		case d.Field == "type":
			return "the name is that of another type of compute: choose another name"
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
		ways = append(ways, "nothing changes "+strings.Join(fixed, ", ")+" of what exists: choose another name, or "+
			Command("delete NAME", have.Name)+" first, which deletes its disk too")
		if !have.IsInstance() {
			ways[len(ways)-1] = strings.TrimSuffix(ways[len(ways)-1], ", which deletes its disk too")
		}
	}
	if have.IsInstance() {
		ways = append(ways, "--if-exists use takes it as it is")
	}
	return strings.Join(ways, "; ")
}

// advise returns the advice for a service error, or "".
func advise(code, message, name string) string {
	message = strings.ToLower(message)
	for _, r := range rules() {
		if (r.code == "" || strings.EqualFold(r.code, code)) && strings.Contains(message, r.words) {
			return strings.ReplaceAll(r.advice, "{name}", strings.TrimPrefix(Command("NAME", name), "computetarget "))
		}
	}
	return ""
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
