// Package permissions says which actions of Azure's role-based access control a
// person needs for a task, and judges roles by them. It sends nothing.
//
// Sources: the article "Create and manage a compute instance" for the lists,
// Microsoft's pages on the operations and built-in roles of Azure Machine
// Learning, and "Understand Azure role definitions" for the rules.
package permissions

import (
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
)

// Namespace is what every action here begins with.
const Namespace = "Microsoft.MachineLearningServices/"

// Tasks are what people do with instances: those who make them, those who run
// them, and those an instance was made for.
const (
	Creator  = "creator"
	Operator = "operator"
	Assignee = "assignee"
)

// Tasks returns all tasks.
func Tasks() []string { return []string{Creator, Operator, Assignee} }

// Action is one action that a task needs.
type Action struct {
	Name  string   // with the namespace
	Tasks []string // that need it
}

// InSubscription reports whether the action is one of the subscription, which
// a role on the workspace or its group does not grant.
func (a Action) InSubscription() bool { return strings.HasPrefix(a.Name, Namespace+"locations/") }

// actions are those of the article, and those without which the commands of this
// program tell less: they read the workspace, sizes, usage and operations.
var actions = []struct{ name, tasks string }{
	{"workspaces/read", "creator operator"},
	{"workspaces/checkComputeNameAvailability/action", "creator"},
	{"workspaces/computes/read", "creator operator assignee"},
	{"workspaces/computes/write", "creator"},
	{"workspaces/computes/delete", "creator"},
	{"workspaces/computes/start/action", "creator operator assignee"},
	{"workspaces/computes/stop/action", "creator operator assignee"},
	{"workspaces/computes/restart/action", "creator operator assignee"},
	{"workspaces/computes/updateSchedules/action", "creator operator assignee"},
	{"workspaces/computes/updateIdleShutdownSetting/action", "creator operator"},
	{"workspaces/computes/applicationaccess/action", "assignee"},
	{"workspaces/computes/enableSso/action", "assignee"},
	{"locations/computeoperationsstatus/read", "creator operator"},
	{"locations/vmsizes/read", "creator"},
	{"locations/usages/read", "creator operator"},
}

// Needed returns the actions of a task, or of all tasks for "".
func Needed(task string) []Action {
	var out []Action
	for _, a := range actions {
		tasks := strings.Fields(a.tasks)
		if task == "" || slices.Contains(tasks, task) {
			out = append(out, Action{Namespace + a.name, tasks})
		}
	}
	return out
}

// Verdict is what is known of an action.
type Verdict int

// Unknown is the verdict where documents and patterns disagree, or where what
// would decide could not be read.
const (
	Missing Verdict = iota
	Unknown
	Allowed
)

// Judge tells whether permissions allow an action. It is allowed if some one of
// them has a pattern that matches, and no exclusion that does.
func Judge(of []compute.Permission, action string) Verdict {
	best := Missing
	for _, p := range of {
		sure := anyMatches(p.Actions, action)
		switch {
		case anyMatches(p.NotActions, action):
		case !sure && !anyMatches(collapsed(p.Actions), action):
		case !sure, p.Unclear, anyMatches(collapsed(p.NotActions), action):
			best = max(best, Unknown)
		default:
			return Allowed
		}
	}
	return best
}

// collapsed are patterns as they are documented where that is more than they
// match: computes/*/write of the role AzureML Data Scientist is said to exclude
// computes/write, too, and its workspaces/*/read would allow workspaces/read.
func collapsed(patterns []string) []string {
	out := make([]string, len(patterns))
	for i, p := range patterns {
		out[i] = strings.ReplaceAll(p, "/*/", "/")
	}
	return out
}

func anyMatches(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(strings.ToLower(p), strings.ToLower(action)) })
}

// matches reports whether a pattern matches an action; * is any run of
// characters, with slashes.
func matches(pattern, action string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == action
	}
	rest, ok := strings.CutPrefix(action, parts[0])
	last := parts[len(parts)-1]
	if !ok || !strings.HasSuffix(rest, last) {
		return false
	}
	rest = rest[:len(rest)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return true
}

// builtIn are the built-in roles that grant actions on computes, those that
// grant least first.
func builtIn() []compute.RoleDefinition {
	role := func(name, actions, not string) compute.RoleDefinition {
		return compute.RoleDefinition{Name: name, Permissions: []compute.Permission{{Actions: strings.Fields(actions), NotActions: strings.Fields(not)}}}
	}
	const ws = Namespace + "workspaces/"
	return []compute.RoleDefinition{
		role("Reader", "*/read", ""),
		role("AzureML Compute Operator", ws+"computes/* "+ws+"notebooks/vm/*", ""),
		role("AzureML Data Scientist", ws+"*/read "+ws+"*/action "+ws+"*/delete "+ws+"*/write",
			ws+"delete "+ws+"write "+ws+"computes/*/write "+ws+"computes/*/delete "+ws+"computes/listKeys/action "+ws+"listKeys/action"),
		role("Contributor", "*", "Microsoft.Authorization/*/Delete Microsoft.Authorization/*/Write Microsoft.Authorization/elevateAccess/Action"),
	}
}

// RoleFor names the built-in role that grants an action and the least besides,
// "" if there is none.
func RoleFor(action string) string {
	for _, r := range builtIn() {
		if Judge(r.Permissions, action) == Allowed {
			return r.Name
		}
	}
	return ""
}

// Definition is a custom role for a task, as `az role definition create` reads
// it. It can be assigned at the scope or below.
func Definition(task, scope string) map[string]any {
	var names []string
	for _, a := range Needed(task) {
		names = append(names, a.Name)
	}
	return map[string]any{
		"Name":             "Compute instance " + task,
		"IsCustom":         true,
		"Description":      purpose(task),
		"Actions":          names,
		"NotActions":       []string{},
		"DataActions":      []string{},
		"NotDataActions":   []string{},
		"AssignableScopes": []string{scope},
	}
}

func purpose(task string) string {
	switch task {
	case Creator:
		return "Create, start, stop and delete compute instances of a workspace, also for other people."
	case Operator:
		return "Start, stop and schedule the compute instances of a workspace."
	}
	return "Use a compute instance that was made for you."
}
