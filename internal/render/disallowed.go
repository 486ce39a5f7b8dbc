package render

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// disallowed describes a refusal by Azure Policy: which policies, as what they are
// assigned to what, and the reason that their owners give. The service's own
// message holds their ids as JSON.
func disallowed(e *compute.Error) string {
	var by []string
	for _, v := range e.Violations {
		text := "the policy \"" + v.Definition + "\""
		if v.Assignment != "" && v.Assignment != v.Definition {
			text += ", assigned as \"" + v.Assignment + "\""
		}
		if where := scopeWords(v.Scope); where != "" {
			if v.Assignment == "" || v.Assignment == v.Definition {
				text += ", assigned"
			}
			text += " to " + where
		}
		by = append(by, text)
	}
	text := "it is disallowed by " + strings.Join(by, ", and by ")
	if e.Name != "" {
		text = e.Name + strings.TrimPrefix(text, "it")
	}
	if _, reason, ok := strings.Cut(e.Message, "Reasons: '"); ok {
		if reason, _, ok = strings.Cut(reason, "'. See error details"); ok {
			text += ": " + reason
		}
	}
	return text
}

// scopeWords names the resource that an id is of.
func scopeWords(id string) string {
	parts := strings.Split(strings.Trim(id, "/"), "/")
	if len(parts) < 2 {
		return ""
	}
	name := parts[len(parts)-1]
	switch strings.ToLower(parts[len(parts)-2]) {
	case "subscriptions":
		return "the subscription " + name
	case "resourcegroups":
		return "the resource group " + name
	case "workspaces":
		return "the workspace " + name
	case "managementgroups":
		return "the management group " + name
	}
	return id
}

// satisfy returns the flags of create that would satisfy the policies, as advice,
// or "".
func satisfy(violations []compute.Violation) string {
	var flags, without []string
	for _, v := range violations {
		for _, f := range v.Fields {
			flag, leave := flagFor(f)
			// One flag, the value that the first condition asks for; tags are many.
			name, _, _ := strings.Cut(flag, " ")
			if flag != "" && (name == "--tag" && !slices.Contains(flags, flag) || !slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(f, name+" ") || f == name })) {
				flags = append(flags, flag)
			}
			if leave != "" && !slices.Contains(without, leave) {
				without = append(without, leave)
			}
		}
	}
	var ways []string
	if len(flags) > 0 {
		ways = append(ways, "create it with "+strings.Join(flags, " "))
	}
	if len(without) > 0 {
		ways = append(ways, "leave out "+strings.Join(without, " and "))
	}
	return strings.Join(ways, "; ")
}

// flagFor returns the flag that changes what a condition is about, or the flags
// to leave out. Conditions on the type satisfy nobody.
func flagFor(f compute.ViolatedField) (flag, without string) {
	const above = "/workspaces/computes/"
	name := f.Alias
	if i := strings.Index(strings.ToLower(name), above); i >= 0 && len(name) == len(strings.ToLower(name)) {
		name = name[i+len(above):]
	}
	alias := strings.ToLower(name)
	root, _, _ := strings.Cut(alias, ".")
	root, _, _ = strings.Cut(root, "[")
	want := wanted(f)
	switch root {
	case "schedules":
		return "--hours 'mon-fri 09:00-18:00' --time-zone ZONE", ""
	case "idletimebeforeshutdown":
		d, err := schedule.ParseISO(want)
		if err != nil {
			return "--idle-shutdown 1h", ""
		}
		return "--idle-shutdown " + schedule.FormatIdle(d), ""
	case "setupscripts":
		if strings.HasPrefix(want, "Users/") && plainPath(want) {
			return "--setup-script " + want, ""
		}
		return "--setup-script PATH", ""
	case "subnet":
		return "--subnet-id ID", ""
	case "enablenodepublicip":
		return "--no-public-ip", ""
	case "sshsettings":
		return "", "--ssh-key and --ssh-public-access"
	case "vmsize":
		if plainWord(want) != "" {
			return "-s " + want, ""
		}
		return "-s SIZE", ""
	case "tags":
		key := strings.Trim(strings.TrimPrefix(name[len("tags"):], "."), "[]'")
		if plainWord(key) == "" {
			return "--tag KEY=VALUE", ""
		}
		if plainWord(want) == "" {
			want = "VALUE"
		}
		return "--tag " + key + "=" + want, ""
	}
	return "", ""
}

// wanted is the value that a policy asks for, where a condition says so: it held
// because the value is another one.
func wanted(f compute.ViolatedField) string {
	if !strings.EqualFold(f.Operator, "NotEquals") && !strings.EqualFold(f.Operator, "NotIn") {
		return ""
	}
	var one string
	var list []string
	if json.Unmarshal([]byte(f.Target), &one) == nil {
		return one
	}
	if json.Unmarshal([]byte(f.Target), &list) == nil && len(list) > 0 {
		return list[0]
	}
	return ""
}

// plainPath reports whether a path is one word to every shell.
func plainPath(path string) bool {
	return !slices.ContainsFunc(strings.Split(path, "/"), func(part string) bool { return plainWord(part) == "" })
}

// policyHint is what to do about a refusal by Azure Policy; "" if the refusal
// does not say what it is about.
func policyHint(e *compute.Error) string {
	if hint := satisfy(e.Violations); hint != "" {
		return hint
	}
	var fields []string
	for _, v := range e.Violations {
		for _, f := range v.Fields {
			if i := strings.LastIndexByte(f.Alias, '/'); i >= 0 && !strings.EqualFold(f.Alias[i+1:], "computeType") {
				fields = append(fields, fmt.Sprintf("%s %s %s", f.Alias[i+1:], strings.ToLower(f.Operator), f.Target))
			}
		}
	}
	if len(fields) == 0 {
		return ""
	}
	return "the policy applies because of: " + strings.Join(fields, ", ") + "; its owner knows what is allowed"
}
