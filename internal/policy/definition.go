package policy

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"path"
	"strings"
	"unicode"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Effect is what a definition does to an instance that breaks its rule.
type Effect string

// The effects.
const (
	Default Effect = "default" // gives it what it lacks
	Require Effect = "require" // refuses it
	Audit   Effect = "audit"   // reports it
)

// The type that the definitions are about and, below it, their aliases, as
// how-to-integrate-azure-policy and Azure's list of aliases have them.
const (
	computesType  = "Microsoft.MachineLearningServices/workspaces/computes"
	aliasType     = computesType + "/computeType"
	aliasHours    = computesType + "/schedules"
	aliasSchedule = computesType + "/schedules.computeStartStop[*]"
	aliasIdle     = computesType + "/idleTimeBeforeShutdown"
	aliasScript   = computesType + "/setupScripts.scripts.creationScript"
)

// Definition is an Azure Policy definition.
type Definition struct {
	Name        string
	DisplayName string
	Description string
	Parameters  map[string]any
	Rule        map[string]any

	// Notes say what Azure Policy cannot express of the rule.
	Notes []string
}

// Definitions are those of the rules, in the order stop, idle, script. The error
// is about what no definition can do.
func (r Rules) Definitions(effect Effect) ([]Definition, error) {
	var out []Definition
	if r.Stop != nil {
		out = append(out, r.Stop.definition(effect))
	}
	if r.Idle > 0 {
		out = append(out, idleDefinition(schedule.FormatISO(r.Idle), schedule.FormatIdle(r.Idle), effect))
	}
	if r.Script != "" {
		out = append(out, scriptDefinition(r.Script, effect))
	}
	return out, nil
}

// maxDisplayName is how long the display name of a definition may be
// (policyDefinitions, Microsoft.Authorization 2023-04-01).
const maxDisplayName = 128

// CheckScript refuses a path that is not one of a script in the share.
func CheckScript(p string) error {
	switch {
	case p == "":
		return exit.Usagef("--setup-script: the path is empty")
	case strings.ContainsFunc(p, unicode.IsControl):
		return exit.Usagef("--setup-script: %q has a control character", p)
	case !strings.HasPrefix(p, "Users/") || path.Clean(p) != p:
		return exit.Usagef("--setup-script: %s is not in the workspace's file share; a policy holds a path there, such as Users/admin/setup.sh, and no script", p)
	case !strings.HasSuffix(p, ".sh"):
		return exit.Usagef("--setup-script: %s does not end in .sh, as the service requires of scripts in the share", p)
	}
	return nil
}

type object = map[string]any

// field is a condition of a field. Copies of it and the next three to their callers
// would take some 8 kB.
//
//go:noinline
func field(alias string, operator string, value any) object {
	return object{"field": alias, operator: value}
}

// isInstance is the condition of an instance that meets others.
//
//go:noinline
func isInstance(conditions ...any) object {
	return object{"allOf": append([]any{field("type", "equals", computesType), field(aliasType, "equals", "ComputeInstance")}, conditions...)}
}

// text is a parameter that is a text.
//
//go:noinline
func text(title, value string) object {
	return object{"type": "String", "defaultValue": value, "metadata": object{"displayName": title}}
}

// effectParameter lets an assignment choose among what a rule can do.
//
//go:noinline
func effectParameter(effect Effect) object {
	p := text("Effect", "Audit")
	p["allowedValues"] = []any{"Audit", "Deny", "Disabled"}
	switch effect {
	case Default:
		p["defaultValue"], p["allowedValues"] = "Append", []any{"Append", "Disabled"}
	case Require:
		p["defaultValue"] = "Deny"
	}
	return p
}

func then(details ...any) object {
	out := object{"effect": "[parameters('effect')]"}
	if len(details) > 0 {
		out["details"] = details
	}
	return out
}

// named is the name of a definition with the effect in it and what else tells it
// from others, so that several can be there: a second one of the same name would
// replace the first. At most maxName characters are left of it.
func named(rule string, effect Effect, of ...string) string {
	name := "compute-instance-" + rule + "-" + string(effect)
	for _, part := range of {
		name += "-" + slug(part)
	}
	return strings.TrimRight(name[:min(len(name), maxName)], "-")
}

// maxName is how long the names of definitions and assignments may be at a
// subscription (resource-name-rules, Microsoft.Authorization).
const maxName = 64

// slug is text in small letters, digits and single dashes.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimRight(b.String(), "-")
}

// zoneSlug is a short word for a time zone: w-europe for W. Europe Standard Time.
// Those without a name are told apart by their sign.
func zoneSlug(windows string) string {
	return slug(strings.NewReplacer(" Standard Time", "", "+", " plus ").Replace(windows))
}

// scriptSlug is a short word for the path of a script. Its sum tells scripts of the
// same name in several folders apart.
func scriptSlug(file string) string {
	const longest = 18
	base := slug(strings.TrimSuffix(path.Base(file), ".sh"))
	return fmt.Sprintf("%s-%08x", base[:min(len(base), longest)], crc32.ChecksumIEEE([]byte(file)))
}

// definition is that of a stop. By default it is the article's: an instance
// without schedules gets one. Azure Policy cannot read a cron expression, so the
// others ask for any schedule that stops it.
func (s Stop) definition(effect Effect) Definition {
	d := Definition{Name: named("stop", effect), Parameters: object{"effect": effectParameter(effect)}}
	if effect == Default {
		d.Name = named("stop", effect, fmt.Sprintf("%02d%02d", s.Hour, s.Minute), zoneSlug(s.Zone.Windows))
		d.DisplayName = "Compute instances without schedules stop at " + s.String() + " (" + s.Zone.Windows + ")"
		d.Description = "A compute instance that is created without schedules gets one that stops it every day. One that is created with schedules keeps them."
		d.Parameters["cron"] = text("Cron expression of the stop", s.cron())
		d.Parameters["timeZone"] = text("Time zone of the stop, a Windows name", s.Zone.Windows)
		d.Rule = object{
			"if": isInstance(field(aliasHours, "exists", "false")),
			"then": then(field(aliasHours, "value", object{"computeStartStop": []any{object{
				"triggerType": "Cron", "action": "Stop", "status": "Enabled",
				"cron": object{"startTime": "2021-03-10T21:21:07", "timeZone": "[parameters('timeZone')]", "expression": "[parameters('cron')]"},
			}}})),
		}
		return d
	}
	d.DisplayName = "Compute instances should have a schedule that stops them"
	d.Description = "A compute instance should be created with an enabled schedule whose action is Stop. Its time is not looked at."
	d.Rule = object{
		"if": isInstance(object{
			"count": object{"field": aliasSchedule, "where": object{"allOf": []any{
				field(aliasSchedule+".action", "equals", "Stop"), field(aliasSchedule+".status", "notEquals", "Disabled"),
			}}},
			"equals": 0,
		}),
		"then": then(),
	}
	d.Notes = append(d.Notes, "Azure Policy cannot read the time of a schedule, so any enabled stop satisfies the definition; computetarget policy check --stop "+s.String()+" compares the times")
	return d
}

// idleDefinition is that of an idle time.
func idleDefinition(iso, words string, effect Effect) Definition {
	d := Definition{Name: named("idle", effect), Parameters: object{"effect": effectParameter(effect)}}
	if effect == Default {
		d.Name = named("idle", effect, words)
		d.DisplayName = "Compute instances without an idle time stop after " + words + " without use"
		d.Description = "A compute instance that is created without an idle time gets one."
		d.Parameters["idleTime"] = text("Idle time, an ISO 8601 duration", iso)
		d.Rule = object{"if": isInstance(field(aliasIdle, "exists", "false")), "then": then(field(aliasIdle, "value", "[parameters('idleTime')]"))}
	} else {
		d.DisplayName = "Compute instances should have an idle time"
		d.Description = "A compute instance should be created with an idle time after which it stops. Clients must use an api-version that has it."
		d.Rule = object{"if": isInstance(object{"anyOf": []any{field(aliasIdle, "exists", "false"), field(aliasIdle, "equals", "")}}), "then": then()}
		d.Notes = append(d.Notes, "Azure Policy compares durations as texts, so any idle time satisfies the definition; computetarget policy check --idle-shutdown "+words+" compares them")
	}
	return d
}

// scriptDefinition is that of a setup script in the share.
func scriptDefinition(file string, effect Effect) Definition {
	d := Definition{Name: named("setup-script", effect, scriptSlug(file)), Parameters: object{"effect": effectParameter(effect), "path": text("Path of the script in the workspace's file share", file)}}
	source, data := aliasScript+".scriptSource", aliasScript+".scriptData"
	if effect == Default {
		d.DisplayName = "Compute instances without a setup script run " + file
		if len(d.DisplayName) > maxDisplayName {
			d.DisplayName = "Compute instances without a setup script run one of the organization"
		}
		d.Description = "A compute instance that is created without a setup script gets one from the workspace's file share, where it must be."
		d.Rule = object{
			"if":   isInstance(field(data, "exists", "false")),
			"then": then(field(source, "value", sourceWorkspace), field(data, "value", "[parameters('path')]")),
		}
		return d
	}
	d.DisplayName = "Compute instances should be set up by a script of the organization"
	d.Description = "A compute instance should be created with this setup script from the workspace's file share."
	d.Rule = object{
		"if":   isInstance(object{"anyOf": []any{field(data, "notEquals", "[parameters('path')]"), field(source, "notEquals", sourceWorkspace)}}),
		"then": then(),
	}
	return d
}

// category is where the portal lists the definitions.
const category = "Machine Learning"

// JSON is the definition as the portal and the article have it: the properties
// of its resource.
func (d Definition) JSON() any {
	return object{"displayName": d.DisplayName, "description": d.Description, "mode": "All", "metadata": object{"category": category},
		"parameters": d.Parameters, "policyRule": d.Rule}
}

// Template is an ARM template for a subscription that creates definitions and
// assigns them to it.
func Template(list []Definition) any {
	var resources []any
	for _, d := range list {
		id := "[subscriptionResourceId('Microsoft.Authorization/policyDefinitions', '" + d.Name + "')]"
		properties, _ := escaped(d.JSON()).(object)
		properties["policyType"] = "Custom"
		resources = append(resources,
			object{"type": "Microsoft.Authorization/policyDefinitions", "apiVersion": "2023-04-01", "name": d.Name, "properties": properties},
			object{"type": "Microsoft.Authorization/policyAssignments", "apiVersion": "2023-04-01", "name": d.Name, "dependsOn": []any{id},
				"properties": object{"displayName": d.DisplayName, "policyDefinitionId": id}})
	}
	return object{
		"$schema":        "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
		"contentVersion": "1.0.0.0", "resources": resources,
	}
}

// escaped is a value of a policy inside a template: what begins with a bracket
// is the policy's expression, not the template's.
func escaped(v any) any {
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "[") {
			return "[" + v
		}
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = escaped(e)
		}
		return out
	case object:
		out := make(object, len(v))
		for k, e := range v {
			out[k] = escaped(e)
		}
		return out
	}
	return v
}

// Arguments are those of az policy definition create, by name.
func (d Definition) Arguments() any {
	return object{"name": d.Name, "display-name": d.DisplayName, "description": d.Description, "mode": "All", "metadata": object{"category": category},
		"rules": d.Rule, "params": d.Parameters}
}

// Commands are the az commands that create definitions and assign them to the
// subscription that az has chosen. What is refused is not assigned.
func Commands(list []Definition) (string, error) {
	var b strings.Builder
	for _, d := range list {
		rule, err := json.Marshal(d.Rule)
		if err != nil {
			return "", err
		}
		parameters, err := json.Marshal(d.Parameters)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "az policy definition create --name %s --display-name %s --description %s --mode All --metadata category=%s --rules %s --params %s &&\n",
			d.Name, quote(d.DisplayName), quote(d.Description), quote(category), quote(string(rule)), quote(string(parameters)))
		fmt.Fprintf(&b, "az policy assignment create --name %s --display-name %s --policy %s\n", d.Name, quote(d.DisplayName), d.Name)
	}
	return b.String(), nil
}

// quote makes s one word of a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
