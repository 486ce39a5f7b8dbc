package cmd

import "strings"

// entry is one command: its words, the line help shows for it, and how to
// build it. Only the command asked for is built, so the table costs nothing at
// start-up.
type entry struct {
	words string // below computetarget, separated by spaces
	short string
	build func() *command // nil for a group of commands
}

// section is one block of the root help.
type section struct {
	title   string
	entries []entry
}

var sections = []section{
	{"Your machine", []entry{
		{"create", "Create a compute", nil},
		{"create computeinstance", "Create a compute instance", newCreateInstance},
		{"create amlcompute", "Create a compute cluster", newCreateCluster},
		{"create aks", "Create an AKS inference cluster", newCreateAKS},
		{"create datafactory", "Create a Data Factory compute target", newCreateDataFactory},
		{"list", "List the computes of the workspace", newList},
		{"show", "Show a compute", newShow},
		{"start", "Start compute instances", newStart},
		{"stop", "Stop compute instances", newStop},
		{"restart", "Restart compute instances", newRestart},
		{"resize", "Change the size of compute instances", newResize},
		{"delete", "Delete computes", newDelete},
		{"wait", "Wait until computes are ready, or in a state", newWait},
		{"open", "Open an instance's notebooks in the browser", newOpen},
		{"ssh", "Open a shell on an instance, or run a command there", newSSH},
		{"ssh-config", "Print or write the ssh configuration of instances", newSSHConfig},
	}},
	{"Its hours", []entry{
		{"schedule", "When instances start and stop by themselves", nil},
		{"schedule set", "Set the hours of an instance", newScheduleSet},
		{"schedule create", "Add one schedule to an instance", newScheduleCreate},
		{"schedule list", "List the schedules of instances", newScheduleList},
		{"schedule enable", "Switch schedules on", newScheduleEnable},
		{"schedule disable", "Switch schedules off", newScheduleDisable},
		{"schedule delete", "Delete schedules", newScheduleDelete},
		{"schedule skip", "Leave out what a schedule does next", newScheduleSkip},
		{"schedule pause", "Leave out all that schedules do until a day", newSchedulePause},
		{"schedule preview", "Show the week that schedules make, as a picture", newSchedulePreview},
		{"schedule apply", "Give instances the hours that a file says", newScheduleApply},
		{"idle", "Set after how long without use instances stop", newIdle},
	}},
	{"The workspace", []entry{
		{"use", "Choose the workspace to act in", newUse},
		{"workspace", "The workspaces you can see", nil},
		{"workspace list", "List the workspaces you can see", newWorkspaceList},
		{"list-sizes", "List the VM sizes the region offers", newListSizes},
		{"list-usage", "List what is used of the quota, and by whom", newListUsage},
	}},
	{"Clusters and attached", []entry{
		{"update", "Change computes", nil},
		{"update computeinstance", "Change after how long without use an instance stops", newUpdateInstance},
		{"update amlcompute", "Change how a cluster scales", newUpdateCluster},
		{"update aks", "Change an AKS target's certificate or load balancer", newUpdateAKS},
		{"attach", "Attach existing computes", nil},
		{"attach aks", "Attach an AKS cluster", newAttachAKS},
		{"attach kubernetes", "Attach a Kubernetes cluster", newAttachKubernetes},
		{"attach remote", "Attach a machine reached by SSH", newAttachRemote},
		{"detach", "Detach computes, leaving what they stand for", newDetach},
		{"amlcompute", "The identities of clusters", nil},
		{"amlcompute identity", "The identities of clusters", nil},
		{"amlcompute identity assign", "Give a cluster identities", newIdentityAssign},
		{"amlcompute identity remove", "Take identities from a cluster", newIdentityRemove},
		{"amlcompute identity show", "Show the identity of a cluster", newIdentityShow},
		{"list-nodes", "List the nodes of a cluster", newListNodes},
		{"get-credentials", "Print the secrets of an attached compute", newGetCredentials},
	}},
	{"Old scripts", []entry{
		{"shim", "Let old scripts that call az run unchanged", nil},
		{"shim install", "Put an az in front of az that knows the old commands", newShimInstall},
		{"shim uninstall", "Remove the az in front of az", newShimUninstall},
		{"shim status", "Show which az answers in this shell, in scripts and in cron", newShimStatus},
		{"shim answer", "Say what az says of its extensions, azure-cli-ml among them", newShimAnswer},
		{"shim print", "Print the az in front of az", newShimPrint},
		{"migrate", "Find calls of the old CLI in scripts, and rewrite them", newMigrate},
		{"folder", "Attach a folder to a workspace", nil},
		{"folder attach", "Attach a folder to a workspace, as az ml folder attach did", newFolderAttach},
	}},
	{"Try without Azure", []entry{
		{"emulator", "Azure Resource Manager on this machine", nil},
		{"emulator serve", "Serve the emulator to any client", newEmulatorServe},
		{"emulator exec", "Run a command beside an emulator of its own", newEmulatorExec},
		{"emulator env", "Print what clients need in their environment", newEmulatorEnv},
		{"emulator advance", "Move the emulator's clock forward", newEmulatorAdvance},
		{"emulator status", "Show what the emulator holds", newEmulatorStatus},
		{"emulator reset", "Forget everything the emulator holds", newEmulatorReset},
		{"emulator set", "Put computes of the emulator into a state", newEmulatorSet},
		{"emulator load", "Load computes into the emulator", newEmulatorLoad},
		{"emulator requests", "List the requests the emulator has answered", newEmulatorRequests},
		{"emulator fault", "What goes wrong in the emulator", nil},
		{"emulator fault add", "Let requests to the emulator go wrong", newEmulatorFaultAdd},
		{"emulator fault list", "List the faults of the emulator", newEmulatorFaultList},
		{"emulator fault clear", "Remove the faults of the emulator", newEmulatorFaultClear},
	}},
	{"Yourself", []entry{
		{"auth", "Who you are signed in as", nil},
		{"auth status", "Show who you are signed in as", newAuthStatus},
		{"config", "Settings and where they come from", nil},
		{"config show", "Show every setting and where it comes from", newConfigShow},
		{"config get", "Print one setting", newConfigGet},
		{"config set", "Keep a setting in your config.yaml", newConfigSet},
		{"completion", "Print a shell's completion script", newCompletion},
		{"version", "Print the version", newVersion},
	}},
}

// find returns the entry of a command path.
func find(path []string) (entry, bool) {
	words := strings.Join(path, " ")
	for _, s := range sections {
		for _, e := range s.entries {
			if e.words == words {
				return e, true
			}
		}
	}
	return entry{}, false
}

// below returns the commands of a group, in the table's order; those of the
// root for "".
func below(words string) []entry {
	var out []entry
	if words != "" {
		words += " "
	}
	for _, s := range sections {
		for _, e := range s.entries {
			if rest, ok := strings.CutPrefix(e.words, words); ok && !strings.Contains(rest, " ") {
				out = append(out, e)
			}
		}
	}
	return out
}

// takesType reports whether a compute type may stand beside the verb, before
// or after it: computeinstance stop, stop computeinstance.
func (e entry) takesType() bool {
	switch e.words {
	case "list", "show", "start", "stop", "restart", "delete", "detach", "wait", "resize", "get-credentials", "list-nodes":
		return true
	}
	return false
}
