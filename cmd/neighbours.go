package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/argv"
	"github.com/computetarget/computetarget/internal/exit"
)

// advise adds our name for a word or flag of other tools: people type the words
// of az, kubectl, gh, docker, terraform and the shell.
func advise(err error, path []string, flags *pflag.FlagSet) error {
	var mistake *argv.Unknown
	if !errors.As(err, &mistake) {
		return err
	}
	tip := ""
	switch {
	case strings.Join(mistake.Path, " ") == v2Words:
		if mistake.Word != "compute" && hasCommand(mistake.Word) {
			tip = "az ml compute has no such command; write: computetarget " + mistake.Word + ", which --help explains"
		} else if tip = neighbour("", mistake.Word); tip != "" {
			tip = "az ml compute has no such command; " + tip
		}
	case mistake.Word != "":
		tip = neighbour(strings.Join(mistake.Path, " "), mistake.Word)
	case mistake.Flag != "" && flags != nil:
		tip = neighbourFlag(strings.Join(path, " "), mistake.Flag, flags)
	}
	if tip == "" {
		return err
	}
	return &exit.Error{Tip: tip, Err: err}
}

// neighbour returns our name for a word of other tools in a group ("" is the
// root), or "".
func neighbour(group, word string) string {
	for _, known := range neighbours(group) {
		if strings.Contains(" "+known.words+" ", " "+word+" ") {
			return known.ours
		}
	}
	return ""
}

// foreign maps words of other tools to our commands.
type foreign struct{ words, ours string }

func neighbours(group string) []foreign {
	switch group {
	case "":
		return []foreign{
			{"ls ps dir computes all list-computes", "computetarget list lists the computes"},
			{"instances instance vm vms machine machines ci", "computetarget list lists the computes; the other commands take their names, such as computetarget start NAME"},
			{"clusters cluster", "computetarget list --type amlcompute lists the clusters, computetarget create amlcompute creates one"},
			{"get", "computetarget show NAME shows one compute, computetarget list lists them all"},
			{"describe info inspect view cat details detail", "computetarget show NAME shows a compute"},
			{"status state", "computetarget show NAME shows a compute, computetarget list all of them, computetarget auth status who you are signed in as"},
			{"up on boot poweron power-on wake start-all", "computetarget start NAME turns an instance on"},
			{"resume unpause", "computetarget start NAME turns an instance on; paused schedules resume by themselves"},
			{"down off halt shutdown poweroff power-off deallocate suspend hibernate sleep", "computetarget stop NAME turns an instance off and keeps its disk"},
			{"pause", "computetarget stop NAME turns an instance off; computetarget schedule pause NAME --until DATE pauses its schedules until a day"},
			{"stop-all stopall", "computetarget list --state running -o name | computetarget stop - stops all running instances"},
			{"reboot bounce reload reset redeploy", "computetarget restart NAME restarts an instance"},
			{"reimage rebuild", "an instance cannot be reimaged: computetarget recreate NAME deletes it and creates it again with the same settings"},
			{"rm del destroy terminate drop purge erase delete-all", "computetarget delete NAME deletes a compute and its disk"},
			{"remove", "computetarget delete NAME deletes a compute, computetarget detach NAME detaches an attached compute"},
			{"kill", "computetarget stop NAME turns an instance off, computetarget delete NAME deletes it"},
			{"new add provision make deploy launch", "computetarget create NAME -s SIZE creates an instance"},
			{"init", "computetarget use WORKSPACE chooses the workspace, computetarget create NAME -s SIZE creates an instance"},
			{"import load", "computetarget apply -f FILE makes computes as a file describes them, computetarget create -f FILE creates one"},
			{"dump backup save", "computetarget export NAME prints a compute as a file"},
			{"edit modify change patch configure", "computetarget resize NAME changes the size, computetarget schedule set NAME the hours, computetarget idle NAME the idle shutdown, computetarget update amlcompute how a cluster scales"},
			{"set unset", "computetarget config set KEY=VALUE saves a setting, an empty value removes it"},
			{"scale", "computetarget update amlcompute changes how a cluster scales, computetarget resize NAME the size of an instance"},
			{"tag tags label labels untag annotate", "set tags with computetarget create NAME --tag KEY=VALUE; the same command changes a cluster's tags, but an instance's tags cannot change"},
			{"rename mv move", "a compute cannot be renamed: computetarget create NAME -s SIZE creates another one"},
			{"clone duplicate copy fork", "a compute cannot be copied: computetarget show NAME shows its settings, computetarget create NAME -s SIZE creates another one"},
			{"cp scp rsync sftp sync push pull upload download", "scp copies files: set it up with computetarget ssh-config NAME --write"},
			{"exec shell bash sh console connect connect-ssh remote-ssh tunnel port-forward", "computetarget ssh NAME opens a shell, computetarget ssh NAME -- COMMAND runs a command there"},
			{"run", "computetarget ssh NAME -- COMMAND runs a command on an instance, computetarget start NAME turns it on"},
			{"top stats metrics monitor", "computetarget ssh NAME -- top shows the processes of an instance, computetarget list --watch the states of all"},
			{"watch", "computetarget list --watch updates the list as it changes, computetarget wait NAME waits for one compute"},
			{"log tail", "computetarget logs NAME shows the log of an instance's setup script, computetarget show NAME the errors of a compute"},
			{"events event history activity audit", "computetarget show NAME shows the last operation on a compute, by whom and when; az monitor activity-log list has the rest"},
			{"quota quotas usage limits limit cores", "computetarget list-usage shows the quota and the computes that use it"},
			{"sizes size skus sku vm-sizes list-skus machine-types flavors", "computetarget list-sizes shows the sizes of the region, computetarget resize NAME changes the size of an instance"},
			{"cost costs price prices pricing billing", "computetarget list-sizes shows prices per hour"},
			{"nodes node list-node", "computetarget list-nodes NAME lists the nodes of a cluster"},
			{"diagnose doctor troubleshoot debug check health", "computetarget show NAME shows the state and errors of a compute, computetarget auth status who you are, computetarget config show the source of settings"},
			{"validate verify test lint plan preview preflight what-if", "computetarget create NAME -s SIZE --dry-run checks and shows what would be sent; every command that changes something takes --dry-run"},
			{"snooze extend postpone delay keepalive keep-alive", "computetarget schedule skip NAME skips the next stop, computetarget idle NAME changes the idle shutdown"},
			{"skip", "computetarget schedule skip NAME skips the next firing"},
			{"autostop auto-stop autoshutdown auto-shutdown idle-shutdown ttl expire", "computetarget idle NAME 1h stops it after an hour without use, computetarget schedule set NAME '-19:00' every day at 19:00"},
			{"hours cron crontab timer timers timetable schedules at in", "computetarget schedule set NAME HOURS sets when an instance starts and stops"},
			{"whoami me account user users", "computetarget auth status shows who you are signed in as"},
			{"login signin sign-in logout logoff", "az login and az logout sign in and out; computetarget auth status shows who you are signed in as"},
			{"roles role rbac access iam", "computetarget permissions shows what you may do in the workspace, computetarget permissions role prints a custom role"},
			{"workspaces ws list-workspaces projects", "computetarget workspace list lists the workspaces, computetarget use WORKSPACE chooses one"},
			{"switch context ctx select project cd default set-default use-context", "computetarget use WORKSPACE chooses the workspace"},
			{"settings setting env environment", "computetarget config show shows every setting and its source"},
			{"jupyter notebook notebooks lab jupyterlab browse web studio ui portal dashboard", "computetarget open NAME opens the notebooks of an instance"},
			{"code vscode vs-code rstudio", "computetarget open NAME --app vscode or rstudio opens it"},
			{"key keys list-keys secret secrets credentials kubeconfig", "computetarget get-credentials NAME prints the secrets of an attached compute"},
			{"identity identities", "computetarget amlcompute identity show -n NAME shows the identity of a cluster"},
			{"sso", "computetarget enable-sso NAME switches single sign-on on or off"},
			{"assign share give", "computetarget create NAME -s SIZE --assign-to PERSON creates an instance for somebody; that cannot change later"},
			{"setup startup script scripts", "computetarget create NAME -s SIZE --setup-script FILE runs a script on a new instance, computetarget setup-script lint reads one"},
			{"policies governance compliance", "computetarget policy check lists the instances that break a rule, computetarget policy print prints an Azure Policy"},
			{"emulate mock simulate simulator local sandbox demo", "--cloud emulator on any command, or computetarget emulator serve, works without an Azure account"},
			{"convert translate upgrade-scripts", "computetarget migrate rewrites calls of the old CLI in scripts"},
			{"upgrade self-update", "go install github.com/computetarget/computetarget@latest installs the newest version"},
			{"man docs doc manual tutorial examples", "computetarget help lists the commands and topics"},
		}
	case "schedule":
		return []foreign{
			{"show get ls describe view status next", "computetarget schedule list NAME lists the schedules of an instance"},
			{"week calendar plan draw picture", "computetarget schedule preview NAME shows the week as a picture"},
			{"resume unpause continue restore", "paused schedules resume by themselves; computetarget schedule set NAME HOURS sets the hours again"},
			{"clear remove rm reset unset none purge", "computetarget schedule delete NAME --all deletes all schedules; a number instead of --all deletes one"},
			{"add new make", "computetarget schedule set NAME HOURS sets the hours, computetarget schedule create NAME adds one schedule"},
			{"edit update change modify replace move", "computetarget schedule set NAME HOURS replaces the schedules"},
			{"on start", "computetarget schedule enable NAME SCHEDULE enables a schedule, computetarget start NAME turns the instance on"},
			{"off stop suspend", "computetarget schedule disable NAME SCHEDULE disables a schedule, computetarget stop NAME turns the instance off"},
			{"snooze postpone extend delay cancel", "computetarget schedule skip NAME skips the next firing"},
			{"holiday holidays vacation hold", "computetarget schedule pause NAME --until DATE pauses all schedules until a day"},
			{"export dump save backup", "computetarget schedule list NAME -o json prints schedules for computetarget schedule apply"},
			{"import load", "computetarget schedule apply NAME -f FILE sets the hours from a file"},
			{"check validate diff test", "computetarget schedule apply NAME -f FILE --check compares"},
			{"idle", "computetarget idle NAME 1h sets the idle shutdown"},
			{"zone timezone time-zone", "computetarget schedule set NAME --time-zone ZONE moves the schedules to a time zone"},
		}
	case "config":
		return []foreign{
			{"unset remove rm delete del reset clear", "computetarget config set KEY= removes a setting"},
			{"list ls view cat status", "computetarget config show shows every setting"},
			{"edit add write put", "computetarget config set KEY=VALUE saves a setting"},
			{"use use-context set-context workspace", "computetarget use WORKSPACE chooses the workspace"},
			{"path file where", "computetarget config show shows every setting and its file"},
		}
	case "auth":
		return []foreign{
			{"login logout signin switch setup refresh", "az login and az logout sign in and out; computetarget auth status shows who you are signed in as"},
			{"show whoami list ls get me", "computetarget auth status shows who you are signed in as"},
			{"token print-access-token", "az account get-access-token prints a token"},
		}
	case "workspace":
		return []foreign{
			{"ls show get describe current", "computetarget workspace list lists the workspaces and marks the chosen one"},
			{"use set switch select choose default", "computetarget use WORKSPACE chooses the workspace"},
			{"create new add delete rm update", "az ml workspace creates, changes and deletes workspaces"},
		}
	case "emulator":
		return []foreign{
			{"start run up listen", "computetarget emulator serve starts a server, computetarget emulator exec runs a command with its own emulator; --cloud emulator needs neither"},
			{"stop down kill", "ctrl-c stops computetarget emulator serve"},
			{"clear clean wipe delete rm", "computetarget emulator reset deletes everything"},
			{"tick forward sleep time clock skip", "computetarget emulator advance DURATION moves the clock"},
			{"ls list show info", "computetarget emulator status shows its state, computetarget list --cloud emulator the computes"},
			{"logs log journal history", "computetarget emulator requests lists the requests"},
			{"import seed restore add", "computetarget emulator load FILE loads computes"},
			{"fail break inject faults", "computetarget emulator fault add makes requests fail"},
		}
	case "emulator fault":
		return []foreign{
			{"ls show get", "computetarget emulator fault list lists the faults"},
			{"create new set inject", "computetarget emulator fault add makes requests fail"},
			{"remove rm delete del reset", "computetarget emulator fault clear removes the faults"},
		}
	case "amlcompute":
		return []foreign{
			{"ls", "computetarget list --type amlcompute lists the clusters"},
			{"nodes", "computetarget list-nodes NAME lists the nodes of a cluster"},
			{"scale resize", "computetarget update amlcompute changes how a cluster scales"},
		}
	case "amlcompute identity":
		return []foreign{
			{"add set grant create", "computetarget amlcompute identity assign assigns identities to a cluster"},
			{"delete rm revoke unassign clear", "computetarget amlcompute identity remove removes identities from a cluster"},
			{"list ls get", "computetarget amlcompute identity show shows the identity of a cluster"},
		}
	case "shim":
		return []foreign{
			{"remove rm delete off disable", "computetarget shim uninstall removes it"},
			{"add on enable setup create", "computetarget shim install installs it"},
			{"show list check which", "computetarget shim status shows which az is found"},
			{"cat view", "computetarget shim print prints it"},
		}
	case "folder":
		return []foreign{
			{"detach remove rm", "a folder is attached by its file .azureml/config.json: delete the file"},
			{"show list status", "computetarget config show shows the workspace of this folder"},
		}
	case "attach":
		return []foreign{
			{"k8s arc", "computetarget attach kubernetes attaches a Kubernetes cluster"},
			{"virtualmachine vm ssh machine", "computetarget attach remote attaches a machine over SSH"},
		}
	}
	return nil
}

// neighbourFlag returns our name for a flag of other tools, or "".
func neighbourFlag(command, flag string, flags *pflag.FlagSet) string {
	if len(flag) > 1 {
		flag, _, _ = strings.Cut(strings.ToLower(flag), ":") // PowerShell writes -Confirm:$false
	}
	verb, _, _ := strings.Cut(command, " ")
	switch verb {
	case "stop", "start", "restart":
		if strings.Contains(" in at after delay when on cron ", " "+flag+" ") {
			if verb == "start" {
				return "computetarget start acts now: computetarget schedule set NAME '09:00-' starts it at a time of day"
			}
			return "computetarget " + verb + " acts now: computetarget schedule set NAME '-19:00' stops it at a time of day, computetarget idle NAME 1h after an hour without use"
		}
	case "wait":
		if strings.Contains(" state until status condition target created updated exists custom deleted running stopped ", " "+flag+" ") {
			return "--for names the goal: --for running, --for stopped, --for deleted, or a state"
		}
	case "list":
		switch flag {
		case "sort-by", "sort", "order-by", "order", "reverse", "sort-order":
			return `--query "sort_by(@, &state)" -o table sorts the list`
		case "filter", "where", "search", "match", "grep":
			return "--state, --owner, --tag, --type and --older-than filter, --query \"[?contains(name, 'dev')]\" filters by anything else"
		case "running", "stopped", "failed":
			return "--state " + flag + " filters by state"
		case "selector", "label", "labels", "tags":
			return "--tag KEY=VALUE filters by tag"
		case "limit", "max-results", "top", "max-items", "page-size":
			return `--query "[:10]" prints the first ten`
		case "all", "all-workspaces", "all-namespaces", "A":
			return "computetarget workspace list lists the workspaces, computetarget list -w NAME lists the computes of one"
		}
	case "show":
		if flag == "watch" || flag == "follow" {
			return "computetarget list --watch shows states as they change, computetarget wait NAME waits"
		}
	}
	for _, known := range [...]foreign{
		{"force quiet-delete no-prompt assume-yes non-interactive confirm auto-approve yes-all", "yes"},
		{"json yaml format out-format output-format", "output"},
		{"name-only names-only quiet no-headers no-header", "output"},
		{"jmespath jq jsonpath", "query"},
		{"sku vm-type instance-type machine-type node-vm-size instance-size", "vm-size"},
		{"timezone tz zone", "time-zone"},
		{"async background detach nowait asynchronous", "no-wait"},
		{"dryrun what-if simulate preview check diff", "dry-run"},
		{"public-key ssh-public-key pubkey key-file ssh-key-file", "ssh-key admin-user-ssh-key"},
		{"idle idle-time idle-timeout idle-time-before-shutdown idle-time-before-shutdown-minutes auto-shutdown autostop", "idle-shutdown"},
		{"schedule schedules schedules-file", "hours"},
		{"label labels", "tag"},
		{"user assign-to for owner", "user-object-id"},
		{"min min-count min-instances-count", "min-nodes"},
		{"max max-count count nodes node-count", "max-nodes"},
		{"region", "location"},
		{"workspace ws namespace project", "workspace-name"},
		{"rg group", "resource-group"},
		{"sub account", "subscription-id"},
		{"silent no-warnings", "only-show-errors"},
		{"trace log-level", "debug"},
		{"mine-only my", "mine"},
	} {
		if !strings.Contains(" "+known.words+" ", " "+flag+" ") {
			continue
		}
		for ours := range strings.FieldsSeq(known.ours) {
			if f := flags.Lookup(ours); f != nil && !f.Hidden {
				_, about := pflag.UnquoteUsage(f)
				return "use --" + ours + ": " + about
			}
		}
	}
	if flag == "wait" && flags.Lookup("no-wait") != nil {
		return "it waits by default; --no-wait does not"
	}
	return ""
}
