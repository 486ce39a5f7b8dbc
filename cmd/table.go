package cmd

import (
	"strings"

	"github.com/computetarget/computetarget/internal/argv"
	"github.com/computetarget/computetarget/internal/recall"
	"github.com/computetarget/computetarget/pkg/compute"
)

// entry describes a command for help, the grammar, completion, the reference
// and the run; its file has the rest. Only the requested command is built, so
// the table costs nothing at start-up.
type entry struct {
	words string          // below computetarget, separated by spaces
	short string          // the line help shows
	build func() *command // nil for a group of commands

	typed   bool      // a compute type may stand beside the verb, before or after it
	on      *computes // the computes it acts on; nil for all of them
	useless []string  // the states in which it has no effect on an instance
	then    then      // what follows the first name
	unnamed bool      // it also works without a name
	prints  prints    // the names and ARM ids in its result
	noFiles bool      // it reads no settings files, so that broken ones do not matter
	endless bool      // it runs until a signal or its child ends it
	lacks   []string  // the global flags that its v1 command did not have

	// Of groups.
	meant   string // the default command
	byFlags bool   // only when flags follow
	example string // the most common use, or ""
}

// computes are the compute types that a command acts on.
type computes struct {
	noun string
	is   func(kind string) bool
}

func only(kind, noun string) *computes {
	return &computes{noun, func(k string) bool { return strings.EqualFold(k, kind) }}
}

var (
	instance = only(compute.TypeInstance, "compute instances")
	cluster  = only(compute.TypeCluster, "clusters")
	attached = &computes{"attached computes", func(kind string) bool { return !instance.is(kind) && !cluster.is(kind) }}
	running  = []string{compute.StateRunning, compute.StateJobRunning}
	stopped  = []string{compute.StateStopped}

	attachLacks = []string{"path", "subscription-id", fullObject}
)

// then is what follows the first name.
type then int

const (
	moreNames then = iota
	freeWords      // hours, a time, a date
	enabledSchedules
	disabledSchedules
	allSchedules
	newName // nothing: the name is for a new compute
)

// prints is what -o name and -o id find in a result.
type prints int

const (
	whatItTakes prints = iota // both if it takes names of computes, else neither
	namesAndIDs
	onlyNames
	neither
)

// section is one block of the root help.
type section struct {
	title   string
	entries []entry
}

var sections = []section{
	{"Your machine", []entry{
		{words: "create", short: "Create a compute", meant: "computeinstance", example: "create dev -s Standard_DS3_v2     # without a type: an instance"},
		{words: "create computeinstance", short: "Create a compute instance", build: newCreateInstance, then: newName},
		{words: "create amlcompute", short: "Create a compute cluster", build: newCreateCluster, then: newName},
		{words: "create aks", short: "Create an AKS inference cluster", build: newCreateAKS, then: newName},
		{words: "create datafactory", short: "Create a Data Factory compute target", build: newCreateDataFactory, then: newName},
		{words: "list", short: "List the computes of the workspace", build: newList, typed: true, prints: namesAndIDs},
		{words: "show", short: "Show a compute", build: newShow, typed: true},
		{words: "start", short: "Start compute instances", build: newStart, on: instance, typed: true, useless: running},
		{words: "stop", short: "Stop compute instances", build: newStop, on: instance, typed: true, useless: stopped},
		{words: "restart", short: "Restart compute instances", build: newRestart, on: instance, typed: true},
		{words: "resize", short: "Change the size of compute instances", build: newResize, on: instance, typed: true},
		{words: "delete", short: "Delete computes", build: newDelete, typed: true},
		{words: "recreate", short: "Delete computes and create them again with the same settings", build: newRecreate, typed: true},
		{words: "wait", short: "Wait until computes are ready, or in a state", build: newWait, typed: true},
		{words: "open", short: "Open an instance's notebooks in the browser", build: newOpen, on: instance, useless: stopped},
		{words: "ssh", short: "Open a shell on an instance, or run a command there", build: newSSH, on: instance, useless: stopped, endless: true},
		{words: "logs", short: "Show the log of an instance's setup script", build: newLogs, on: instance, prints: neither},
		{words: "ssh-config", short: "Print or write the ssh configuration of instances", build: newSSHConfig, on: instance, unnamed: true},
		{words: "enable-sso", short: "Switch single sign-on of instances on or off", build: newEnableSSO, on: instance},
	}},
	{"Its hours", []entry{
		{words: "schedule", short: "Start and stop instances by the clock", example: "schedule set dev 'mon-fri 09:00-18:00' --time-zone Europe/Berlin"},
		{words: "schedule set", short: "Set the hours of an instance", build: newScheduleSet, on: instance, then: freeWords},
		{words: "schedule create", short: "Add one schedule to an instance", build: newScheduleCreate, on: instance, then: freeWords},
		{words: "schedule list", short: "List the schedules of instances", build: newScheduleList, on: instance, unnamed: true},
		{words: "schedule enable", short: "Enable schedules", build: newScheduleEnable, on: instance, then: disabledSchedules},
		{words: "schedule disable", short: "Disable schedules", build: newScheduleDisable, on: instance, then: enabledSchedules},
		{words: "schedule delete", short: "Delete schedules", build: newScheduleDelete, on: instance, then: allSchedules},
		{words: "schedule skip", short: "Skip the next firing of a schedule", build: newScheduleSkip, on: instance, then: enabledSchedules},
		{words: "schedule pause", short: "Pause schedules until a day", build: newSchedulePause, on: instance, then: freeWords},
		{words: "schedule preview", short: "Show the week of schedules as a picture", build: newSchedulePreview, on: instance, unnamed: true},
		{words: "schedule apply", short: "Set the hours of instances from a file", build: newScheduleApply, on: instance, then: freeWords, unnamed: true},
		{words: "idle", short: "Set the idle time after which instances stop", build: newIdle, on: instance, unnamed: true},
	}},
	{"As files", []entry{
		{words: "apply", short: "Make computes as files describe them", build: newApply, prints: namesAndIDs},
		{words: "export", short: "Print computes as files", build: newExport, prints: onlyNames},
		{words: "setup-script", short: "Read setup scripts of instances"},
		{words: "setup-script lint", short: "Find what goes wrong in setup scripts before they are sent", build: newSetupScriptLint},
	}},
	{"The workspace", []entry{
		{words: "use", short: "Choose the default workspace", build: newUse, prints: namesAndIDs},
		{words: "workspace", short: "List workspaces"},
		{words: "workspace list", short: "List the workspaces you can see", build: newWorkspaceList, prints: namesAndIDs},
		{words: "policy", short: "Set rules for compute instances, and check them"},
		{words: "policy print", short: "Print an Azure Policy definition for new instances", build: newPolicyPrint},
		{words: "policy check", short: "List the instances that break a rule, and repair them", build: newPolicyCheck, on: instance, unnamed: true, prints: namesAndIDs},
		{words: "list-sizes", short: "List the VM sizes the region offers", build: newListSizes, prints: onlyNames},
		{words: "list-usage", short: "List the quota and the computes that use it", build: newListUsage, prints: onlyNames},
		{words: "permissions", short: "Show what you may do in the workspace", build: newPermissions},
		{words: "permissions role", short: "Print a custom role for a task", build: newPermissionsRole},
	}},
	{"Clusters and attached", []entry{
		{words: "update", short: "Change computes", build: newUpdate},
		{words: "update computeinstance", short: "Change the idle time after which an instance stops", build: newUpdateInstance, on: instance},
		{words: "update amlcompute", short: "Change how a cluster scales", build: newUpdateCluster, on: cluster},
		{words: "update aks", short: "Change an AKS target's certificate or load balancer", build: newUpdateAKS, on: only(compute.TypeAKS, "AKS clusters")},
		{words: "attach", short: "Attach existing computes"},
		{words: "attach aks", short: "Attach an AKS cluster", build: newAttachAKS, then: newName, lacks: attachLacks},
		{words: "attach kubernetes", short: "Attach a Kubernetes cluster", build: newAttachKubernetes, then: newName, lacks: attachLacks},
		{words: "attach remote", short: "Attach a machine over SSH", build: newAttachRemote, then: newName, lacks: attachLacks},
		{words: "detach", short: "Detach computes without deleting them", build: newDetach, on: attached, typed: true},
		{words: "amlcompute", short: "Manage identities of clusters"},
		{words: "amlcompute identity", short: "Manage identities of clusters"},
		{words: "amlcompute identity assign", short: "Assign identities to a cluster", build: newIdentityAssign, on: cluster},
		{words: "amlcompute identity remove", short: "Remove identities from a cluster", build: newIdentityRemove, on: cluster},
		{words: "amlcompute identity show", short: "Show the identity of a cluster", build: newIdentityShow, on: cluster},
		{words: "list-nodes", short: "List the nodes of a cluster", build: newListNodes, on: cluster, typed: true, prints: onlyNames},
		{words: "get-credentials", short: "Print the secrets of an attached compute", build: newGetCredentials, on: attached, typed: true, prints: neither},
	}},
	{"Old scripts", []entry{
		{words: "shim", short: "Run old scripts that call az unchanged"},
		{words: "shim install", short: "Install an az that runs the old commands in front of az", build: newShimInstall},
		{words: "shim uninstall", short: "Remove the az in front of az", build: newShimUninstall},
		{words: "shim status", short: "Show which az this shell, scripts and cron find", build: newShimStatus},
		{words: "shim answer", short: "Print az's extensions, including azure-cli-ml", build: newShimAnswer, noFiles: true},
		{words: "shim print", short: "Print the az in front of az", build: newShimPrint},
		{words: "migrate", short: "Find calls of the old CLI in scripts and rewrite them", build: newMigrate},
		{words: "folder", short: "Attach a folder to a workspace"},
		{words: "folder attach", short: "Attach a folder to a workspace, as az ml folder attach did", build: newFolderAttach},
	}},
	{"Try without Azure", []entry{
		{words: "emulator", short: "Emulate Azure Resource Manager on this machine", example: "emulator exec -- computetarget create dev -s Standard_DS3_v2"},
		{words: "emulator serve", short: "Serve the emulator to any client", build: newEmulatorServe, endless: true},
		{words: "emulator exec", short: "Run a command with its own emulator", build: newEmulatorExec, endless: true},
		{words: "emulator env", short: "Print the environment that clients need", build: newEmulatorEnv},
		{words: "emulator advance", short: "Move the emulator's clock forward", build: newEmulatorAdvance},
		{words: "emulator status", short: "Show the state of the emulator", build: newEmulatorStatus},
		{words: "emulator reset", short: "Delete everything in the emulator", build: newEmulatorReset},
		{words: "emulator set", short: "Put computes of the emulator into a state", build: newEmulatorSet},
		{words: "emulator load", short: "Load computes and people into the emulator", build: newEmulatorLoad},
		{words: "emulator permit", short: "Let somebody do only some actions in the emulator", build: newEmulatorPermit, then: newName},
		{words: "emulator requests", short: "List the requests the emulator has answered", build: newEmulatorRequests},
		{words: "emulator fault", short: "Inject faults into the emulator"},
		{words: "emulator fault add", short: "Make requests to the emulator fail", build: newEmulatorFaultAdd},
		{words: "emulator fault list", short: "List the faults of the emulator", build: newEmulatorFaultList},
		{words: "emulator fault clear", short: "Remove the faults of the emulator", build: newEmulatorFaultClear},
	}},
	{"Yourself", []entry{
		{words: "auth", short: "Show how you are signed in"},
		{words: "auth status", short: "Show who you are signed in as", build: newAuthStatus},
		{words: "config", short: "Manage settings"},
		{words: "config show", short: "Show every setting and its source", build: newConfigShow},
		{words: "config get", short: "Print one setting", build: newConfigGet},
		{words: "config set", short: "Save settings in your config.yaml", build: newConfigSet},
		{words: "completion", short: "Print a shell's completion script", build: newCompletion, noFiles: true},
		{words: "version", short: "Print the version", build: newVersion, noFiles: true},
	}},
}

// v2Entries are the commands of the extension ml, CLI v2. Their flags, output and
// exit codes are v2's, so they stand apart: help shows them below "ml compute" only.
var v2Entries = []entry{
	{words: "ml", short: "The words of az that stand before the old commands"},
	{words: v2Words, short: "Manage computes exactly as az ml compute (CLI v2) does", example: "ml compute show -n dev --query state -o tsv"},
	{words: v2Words + " create", short: "Create a compute", build: newV2Create, then: newName},
	{words: v2Words + " attach", short: "Attach an existing compute", build: newV2Attach, then: newName},
	{words: v2Words + " update", short: "Change a compute", build: newV2Update},
	{words: v2Words + " show", short: "Show a compute", build: newV2Show},
	{words: v2Words + " list", short: "List the computes of the workspace", build: newV2List, prints: namesAndIDs},
	{words: v2Words + " delete", short: "Delete a compute", build: newV2Delete},
	{words: v2Words + " detach", short: "Detach a compute", build: newV2Detach, on: attached},
	{words: v2Words + " start", short: "Start a compute instance", build: newV2Start, on: instance, useless: running},
	{words: v2Words + " stop", short: "Stop a compute instance", build: newV2Stop, on: instance, useless: stopped},
	{words: v2Words + " restart", short: "Restart a compute instance", build: newV2Restart, on: instance},
	{words: v2Words + " list-nodes", short: "List the nodes of a cluster", build: newV2ListNodes, on: cluster, prints: onlyNames},
	{words: v2Words + " list-sizes", short: "List the VM sizes of a region", build: newV2ListSizes, prints: onlyNames},
	{words: v2Words + " list-usage", short: "List the quota of a region", build: newV2ListUsage, prints: neither},
	{words: v2Words + " connect-ssh", short: "Open a shell on an instance", build: newV2ConnectSSH, on: instance, prints: neither},
	{words: v2Words + " enable-sso", short: "Switch single sign-on of an instance on or off", build: newV2EnableSSO, on: instance},
}

// v2Words are the words before the commands of v2.
const v2Words = "ml compute"

// v2 reports whether the entry is a command of v2.
func (e entry) v2() bool { return strings.HasPrefix(e.words, v2Words) }

// all yields every entry, in table order and then v2's.
func all(yield func(entry) bool) {
	for _, s := range sections {
		for _, e := range s.entries {
			if !yield(e) {
				return
			}
		}
	}
	for _, e := range v2Entries {
		if !yield(e) {
			return
		}
	}
}

// find returns the entry of a command path.
func find(path []string) (entry, bool) {
	words := strings.Join(path, " ")
	for e := range all {
		if e.words == words {
			return e, true
		}
	}
	return entry{}, false
}

// below returns the commands of a group, in table order; "" is the root.
func below(words string) []entry {
	var out []entry
	if words != "" {
		words += " "
	}
	for e := range all {
		if rest, ok := strings.CutPrefix(e.words, words); ok && !strings.Contains(rest, " ") && rest != "ml" {
			out = append(out, e)
		}
	}
	return out
}

// tree describes the commands to the argument grammar.
func tree() argv.Words {
	tree := argv.Words{}
	for e := range all {
		at := tree
		path := strings.Fields(e.words)
		for _, w := range path[:len(path)-1] {
			if above := at[w]; above.Next == nil { // a command that is a group, too
				above.Next, above.Runs = argv.Words{}, true
				at[w] = above
			}
			at = at[w].Next
		}
		word := argv.Word{Typed: e.typed, Meant: e.meant, ByFlags: e.byFlags}
		if e.build == nil {
			word.Next = argv.Words{}
		}
		at[path[len(path)-1]] = word
	}
	tree["help"] = argv.Word{}
	return tree
}

// fits reports whether a command applies to a cached compute. Names seen in
// passing may lack type and state.
func (e entry) fits(n recall.Name) bool {
	kind, _, _ := strings.Cut(n.About, " ")
	return kind == "" || e.on == nil || e.on.is(kind)
}

// useful reports whether a command has an effect in a state.
func (e entry) useful(state string) bool { return !containsFold(e.useless, state) }
