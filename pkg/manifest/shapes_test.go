package manifest_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/manifest"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// The set that every shape below holds, and what it is understood to say.
const (
	entries = `[
  {"status": "Enabled", "action": "Stop", "triggerType": "Cron", "cron": {"timeZone": "W. Europe Standard Time", "expression": "0 19 * * 1-5"}},
  {"status": "Disabled", "action": "Start", "triggerType": "Recurrence", "recurrence": {"frequency": "Week", "interval": 1,
    "startTime": "2026-01-05T00:00:00", "timeZone": "W. Europe Standard Time", "schedule": {"hours": [8], "minutes": [30], "weekDays": ["Monday", "Friday"]}}}
]`
	setWords = "Stop at 19:00 from Monday to Friday, W. Europe Standard Time; " +
		"Start every week on Monday and Friday at 08:30, W. Europe Standard Time, from 2026-01-05T00:00:00 (disabled);"

	v2Entries = `
    - action: stop
      trigger: {type: cron, expression: "0 19 * * 1-5", time_zone: W. Europe Standard Time}
    - action: start
      state: disabled
      trigger:
        type: recurrence
        frequency: week
        interval: 1
        start_time: 2026-01-05T00:00:00
        time_zone: W. Europe Standard Time
        schedule: {week_days: [monday, friday], hours: [8], minutes: [30]}
`
)

// shapes are ways in which people have that set. Those that name the instance
// call it dev.
func shapes() map[string]string {
	object := `{"computeStartStop": ` + entries + `}`
	service := `{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/dev", "name": "dev", "location": "eastus",
		"type": "Microsoft.MachineLearningServices/workspaces/computes", "tags": {"team-a": "x", "teama": "y"},
		"properties": {"computeType": "ComputeInstance", "provisioningState": "Succeeded", "properties": {"vmSize": "STANDARD_DS3_V2", "schedules": ` + object + `, "errors": null, "tomorrow": 1}}}`
	cluster := `{"name": "cpu", "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2"}}}`
	resource := func(schedules string) string {
		return `{"type": "Microsoft.MachineLearningServices/workspaces/computes", "apiVersion": "2021-07-01", "name": "[concat(parameters('workspaceName'), '/', parameters('computeName'))]",
			"location": "[parameters('location')]", "properties": {"computeType": "ComputeInstance", "properties": {"vmSize": "[parameters('vmSize')]", "schedules": ` + schedules + `}}}`
	}
	template := func(more, resources string) string {
		return `{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0", ` + more + ` "resources": ` + resources + `}`
	}
	parameters := `{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#", "contentVersion": "1.0.0.0",
		"parameters": {"computeName": {"value": "dev"}, "creationScript.cmdArguments": {"value": ""}, "schedules": {"value": ` + object + `}}}`
	return map[string]string{
		"the list":                        entries,
		"the service's object":            object,
		"as it stands in properties":      `{"schedules": ` + object + `}`,
		"a list under schedules":          `{"schedules": ` + entries + `}`,
		"PascalCase":                      strings.NewReplacer(`"c`, `"C`, `"s`, `"S`, `"a`, `"A`, `"t`, `"T`, `"e`, `"E`, `"r`, `"R`, `"f`, `"F`, `"i`, `"I`, `"h`, `"H`, `"m`, `"M`, `"w`, `"W`).Replace(object),
		"Windows line ends":               strings.ReplaceAll(entries, "\n", "\r\n"),
		"no-break spaces between tokens":  strings.ReplaceAll(entries, " ", "\u00a0"),
		"narrow no-break spaces and BOMs": "\ufeff" + strings.ReplaceAll(entries, ": ", "\u202f:\u2009\u200b"),
		"tabs":                            strings.ReplaceAll(entries, "  ", "\t"),
		"comments, as in templates":       "// hours\n/* of\n dev */ " + strings.Replace(object, `"cron"`, `"cron" // when`+"\n", 1),
		"a comma too many":                strings.Replace(object, `"0 19 * * 1-5"}}`, `"0 19 * * 1-5",},}`, 1),
		"a parameter":                     `{"value": ` + object + `}`,
		"a parameter that is a list":      `{"value": ` + entries + `}`,
		"the article's parameters block":  `{"schedules": {"value": ` + object + `}}`,
		"the same without braces":         `"schedules": {"value": ` + strings.ReplaceAll(object, "\n", "") + `}`,
		"a whole parameters file":         parameters,
		"the parameters of a file":        `{"parameters": {"schedules": {"value": ` + object + `}}}`,
		"a parameter of another name":     strings.Replace(parameters, `"schedules"`, `"hoursOfDev"`, 1),
		"a template's declaration":        `{"schedules": {"type": "Object", "defaultValue": ` + object + `}}`,
		"a template":                      template("", `[{"type": "Microsoft.Storage/storageAccounts", "name": "s"}, `+resource(object)+`]`),
		"a template's parameter":          template(`"parameters": {"schedules": {"type": "object", "defaultValue": `+object+`}},`, `[`+resource(`"[parameters('schedules')]"`)+`]`),
		"a template's variable":           template(`"variables": {"stop": "0 19 * * 1-5", "all": `+strings.Replace(object, `"0 19 * * 1-5"`, `"[variables('stop')]"`, 1)+`},`, `[`+resource(`"[variables('all')]"`)+`]`),
		"what Bicep compiles":             template(`"languageVersion": "2.0", "metadata": {"_generator": {"name": "bicep"}},`, `{"dev": `+resource(object)+`}`),
		"a nested resource":               template("", `[{"type": "Microsoft.MachineLearningServices/workspaces", "name": "w", "resources": [`+strings.Replace(resource(object), "Microsoft.MachineLearningServices/workspaces/", "", 1)+`]}]`),
		"a nested deployment":             template("", `[{"type": "Microsoft.Resources/deployments", "name": "d", "properties": {"template": `+template("", `[`+resource(object)+`]`)+`}}]`),
		"a policy":                        `{"properties": {"policyRule": {"if": {"field": "type", "equals": "x"}, "then": {"effect": "append", "details": [{"field": "Microsoft.MachineLearningServices/workspaces/computes/schedules", "value": ` + object + `}]}}}}`,
		"a policy's rule":                 `{"if": {}, "then": {"effect": "append", "details": [{"field": "x", "value": 1}, {"field": "Microsoft.MachineLearningServices/workspaces/computes/schedules.computeStartStop", "value": ` + entries + `}]}}`,
		"a policy's detail":               `{"field": "Microsoft.MachineLearningServices/workspaces/computes/schedules", "value": ` + object + `}`,
		"a policy's details":              `[{"field": "Microsoft.MachineLearningServices/workspaces/computes/schedules", "value": ` + object + `}]`,
		"a policy's parameter":            `{"parameters": {"schedules": {"type": "Object", "defaultValue": ` + object + `}}, "policyRule": {"then": {"effect": "append", "details": [{"field": "Microsoft.MachineLearningServices/workspaces/computes/schedules", "value": "[parameters('schedules')]"}]}}}`,
		"show --raw":                      service,
		"list --raw":                      `[` + cluster + `, ` + service + `]`,
		"the service's page":              `{"value": [` + service + `, ` + cluster + `], "nextLink": null}`,
		"several of ours":                 `[{"name": "dev", "schedules": ` + entries + `}]`,
		"schedule set -o json":            `{"changed": true, "hoursPerWeek": null, "id": "x", "name": "dev", "next": [], "schedules": ` + entries + `}`,
		"v2 YAML":                         "$schema: https://azuremlschemas.azureedge.net/latest/computeInstance.schema.json\nname: dev\ntype: computeinstance\nsize: Standard_DS3_v2\nidle_time_before_shutdown_minutes: 90\nschedules:\n  compute_start_stop:" + v2Entries,
		"v2 schedules alone":              "schedules:\n  compute_start_stop:" + v2Entries,
		"v2's list alone":                 strings.ReplaceAll(v2Entries, "\n    ", "\n"),
		"YAML with anchors and merge keys": `
- action: Stop
  cron: &week {<<: &zone {timeZone: W. Europe Standard Time}, expression: 0 19 * * 1-5}
- action: Start
  status: disabled
  recurrence:
    <<: [*zone, {interval: 1}]
    frequency: week
    startTime: 2026-01-05T00:00:00
    schedule: {hours: [08], minutes: ["30"], weekDays: [mon, Fri]}
`,
	}
}

func utc() (schedule.Zone, error) { return schedule.Resolve("UTC") }

// Whatever the shape, one set is understood as one set.
func TestShapes(t *testing.T) {
	t.Parallel()
	for name, file := range shapes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := manifest.ReadSchedules([]byte(file), noZone)
			if err != nil {
				t.Fatalf("%v\n%s", err, file)
			}
			_, got, _ := strings.Cut(said(list), ": ")
			if got != setWords {
				t.Errorf("got\n%s\nwant\n%s", got, setWords)
			}
			if len(list[0].Notes) != 0 {
				t.Errorf("notes: %q", list[0].Notes)
			}
		})
	}
}

// What docs/schedules.md shows is read as it says.
func TestDocumentedShapes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/schedules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Files you already have")
	section, _, _ = strings.Cut(section, "\n## ")
	examples := regexp.MustCompile("(?m)^\\|.*\\| `(.*)` \\|$").FindAllStringSubmatch(section, -1)
	if len(examples) < 9 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, example := range examples {
		list, err := manifest.ReadSchedules([]byte(example[1]), utc)
		if err != nil || len(list) != 1 || len(list[0].Schedules) != 1 || list[0].Schedules[0].Entry.Explain() != "Stop at 19:00 from Monday to Friday, UTC" {
			t.Errorf("%s\nis read as %q, %v", example[1], said(list), err)
		}
	}
}

// Two instances in one file of any kind are two instances.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	const stop = `[{"action": "Stop", "cron": {"expression": "0 19 * * *"}}]`
	const want = "a: Stop at 19:00 every day, UTC;\nb: Stop at 19:00 every day, UTC;"
	compute := func(name string) string {
		return `{"type": "Microsoft.MachineLearningServices/workspaces/computes", "name": "ws/` + name + `", "properties": {"computeType": "ComputeInstance", "properties": {"schedules": {"computeStartStop": ` + stop + `}}}}`
	}
	v2 := func(name string) string {
		return "name: " + name + "\ntype: computeinstance\nschedules:\n  compute_start_stop:\n  - action: stop\n    trigger: {type: cron, expression: 0 19 * * *}\n"
	}
	for name, file := range map[string]string{
		"a template":        `{"resources": [` + compute("a") + `,` + compute("b") + `]}`,
		"a page":            `{"value": [` + compute("a") + `,` + compute("b") + `]}`,
		"a list":            `[` + compute("a") + `,` + compute("b") + `]`,
		"documents":         v2("a") + "---\n" + v2("b") + "---\n",
		"JSON after JSON":   compute("a") + "\n" + compute("b"),
		"ours":              `{"instances": {"a": {"schedules": ` + stop + `}, "b": {"schedules": ` + stop + `}}}`,
		"ours, in a list":   `{"instances": [{"name": "a", "schedules": ` + stop + `}, {"name": "b", "schedules": ` + stop + `}]}`,
		"documents of ours": "name: a\nschedules: " + stop + "\n---\nname: b\nschedules: " + stop,
	} {
		list, err := manifest.ReadSchedules([]byte(file), noZone)
		if err != nil || said(list) != want {
			t.Errorf("%s: got\n%s\n%v", name, said(list), err)
		}
	}
}

// Names that differ in a hyphen are two names.
func TestNamesAreNotFolded(t *testing.T) {
	t.Parallel()
	list, err := manifest.ReadSchedules([]byte("instances: {gpu-1: {schedules: []}, gpu1: {schedules: []}, gpu_1: {schedules: []}}"), noZone)
	if err != nil || said(list) != "gpu-1:\ngpu1:\ngpu_1:" {
		t.Errorf("%q, %v", said(list), err)
	}
}

// What is not understood is refused with its line and what was meant. None of
// these may ever read as "no schedules".
func TestShapesRefused(t *testing.T) {
	t.Parallel()
	entry := func(more string) string {
		return `[{"action": "Stop", "cron": {"expression": "0 19 * * *"}, ` + more + `}]`
	}
	for _, tt := range []struct{ file, says string }{
		{`{"schedules":{"foo":1}}`, `line 1: schedules has the key "foo", which is unknown; the keys are computeStartStop`},
		{`{"schedules":{}}`, "line 1: schedules has no computeStartStop"},
		{`{"schedules":{"computeStartStop":null}}`, "line 1: computeStartStop is null"},
		{`{"schedules":{"computeStartStop":{}}}`, "computeStartStop is a block of keys, not a list"},
		{"{\"schedules\":\n{\"computeStartSop\":[]}}", `line 2: schedules has the key "computeStartSop"; did you mean computeStartStop?`},
		{`{"schedules":{"value":null}}`, "schedules is null"},
		{`{"schedules":{"value":{}}}`, "schedules has no computeStartStop"},
		{`{"schedules":{"value":[],"computeStartStop":[]}}`, `"computeStartStop", which is unknown`},
		{`{"schedules":"none"}`, `schedules is "none", not a list`},
		{`{"schedules":false}`, "schedules is false, not a list"},
		{`{"schedules":[],"Schedules":[]}`, `"schedules" and "Schedules" are the same key`},
		{`{"computeStartStop":[],"compute_start_stop":[]}`, "are the same key"},
		{`{"schedules":[],"schedules":[]}`, "occurs twice"},
		{`{"value":[]}`, "value is an empty list"},
		{`{"value":[{"name":"cpu","properties":{"computeType":"AmlCompute"}}]}`, "the list has no compute instance"},
		{`{"value":null}`, "schedules is null"},
		{`{"value":[],"values":1}`, `did you mean value?`},
		{`{"parameters":{}}`, "no parameter has schedules"},
		{`{"parameters":{"computeName":{"value":"dev"}}}`, `no parameter has schedules, only "computeName"`},
		{`{"parameters":{"schedules":{}}}`, `the parameter "schedules" has no value`},
		{`{"parameters":{"schedules":{"reference":{"keyVault":{}}}}}`, "in a key vault"},
		{`{"parameters":{"a":{"value":{"computeStartStop":[]}},"b":{"value":{"computeStartStop":[]}}}}`, `"a" and "b" both have schedules`},
		{`{"resources":[]}`, "the template has no compute instance"},
		{`{"resources":[{"type":"Microsoft.MachineLearningServices/workspaces/computes","name":"w/dev","properties":{"computeType":"ComputeInstance","properties":{}}}]}`, "this instance does not mention schedules"},
		{"{\"resources\":[{\"type\":\"Microsoft.MachineLearningServices/workspaces/computes\",\"name\":\"w/dev\",\"properties\":{\"computeType\":\"ComputeInstance\",\"properties\":{\n\"schedules\":\"[parameters('schedules')]\"}}}]}",
			`line 2: the parameter "schedules" has no value here`},
		{"{\"resources\":[{\"type\":\"Microsoft.MachineLearningServices/workspaces/computes\",\"name\":\"w/dev\",\"properties\":{\"computeType\":\"ComputeInstance\",\"properties\":{\"schedules\":{\"computeStartStop\":[{\"action\":\"Stop\",\"cron\":{\"expression\":\"0 19 * * *\",\n\"timeZone\":\"[reference('a').b]\"}}]}}}}]}",
			`line 2: the expression "[reference('a').b]": the function reference() is not supported here; write its value`},
		{`{"variables":{"a":["[variables('b')]","[variables('b')]","[variables('b')]","[variables('b')]"],"b":["[variables('a')]","[variables('a')]","[variables('a')]","[variables('a')]"]},"resources":[{"type":"Microsoft.MachineLearningServices/workspaces/computes","properties":{"computeType":"ComputeInstance","properties":{"schedules":"[variables('a')]"}}}]}`, "more than schedules need|too deeply"},
		{`{"schedules":"[parameters('schedules')]"}`, "is the expression"},
		{`{"policyRule":{"then":{"effect":"append","details":[{"field":"Microsoft.MachineLearningServices/workspaces/computes/schedules","value":"[parameters('schedules')]"}]}}}`, `the parameter "schedules" has no value here`},
		{`{"policyRule":{"then":{"effect":"deny"}}}`, "appends nothing to the schedules"},
		{`{"name":"dev","type":"computeinstance","size":"x"}`, "does not mention schedules"},
		{`{"name":"dev","type":"computeinstance","schedule":{}}`, `has the key "schedule"; did you mean schedules?`},
		{`{"name":"dev","type":"computeinstance","schedules":null}`, "schedules is null"},
		{`{"name":"cpu","type":"amlcompute"}`, "only instances have schedules"},
		{`{"name":"dev","properties":{"computeType":"ComputeInstance","properties":{"schedules":null}}}`, "schedules is null"},
		{`{"name":"dev","properties":{"computeType":"ComputeInstance","properties":{}}}`, "does not mention schedules"},
		{"hours: 9-18\n---\nhours: 9-19\n", "one has no name|no zone is set"},
		{"schedules: []\n---\nschedules: []\n", "one has no name"},

		// Inside a schedule.
		{entry(`"stauts": "Disabled"`), `line 1: a schedule has the key "stauts"; did you mean status?`},
		{entry(`"stat": "Disabled"`), `did you mean status?`},
		{entry(`"enabled": false`), "write status: Enabled or Disabled"},
		{entry(`"state": "disabled"`), "write status: Enabled or Disabled"},
		{entry(`"status": "Disbaled"`), `status is "Disbaled"; did you mean Disabled?`},
		{entry(`"status": "off"`), `status is "off"; write Enabled or Disabled`},
		{entry(`"status": false`), "status is false, not text; write Enabled or Disabled"},
		{entry(`"Action": "Start"`), "are the same key"},
		{entry(`"triggerType": "Recurrence"`), "triggerType is Recurrence, but recurrence is missing"},
		{entry(`"triggerType": "Corn"`), "did you mean Cron?"},
		{entry(`"triggerType": "Moon"`), `triggerType is "Moon"; write Cron or Recurrence`},
		{entry(`"recurrence": {"frequency": "Day", "interval": 1, "schedule": {"hours": [1], "minutes": [0]}}`), "both cron and recurrence"},
		{entry(`"timeZone": "UTC"`), "write timeZone, inside cron or recurrence"},
		{entry("\"\u201cstatus\u201d\": 1"), "a curly quote (U+201C)"},
		{`[{"action": "Stop", "cron": "0 19 * * *"}]`, `cron is "0 19 * * *", not a block of keys`},
		{`[{"action": "Stpo", "cron": {"expression": "0 19 * * *"}}]`, "did you mean Stop?"},
		{`[{"id": "1", "action": "Stpo", "cron": {"expression": "0 19 * * *"}}]`, "did you mean Stop?"},
		{`[{"id": "1"}]`, "not a schedule"},
		{`[{"action": "Stop", "cron": {"expresion": "0 19 * * *"}}]`, "did you mean expression?"},
		{`[{"action": "Stop", "cron": {"expression": 5}}]`, "expression is 5, not text; write it in quotes"},
		{`[{"action": "Stop", "cron": {"expression": "0 19 * * *", "tz": "UTC"}}]`, "write timeZone"},
		{`[{"action": "Stop", "recurrence": {"frequency": "Day", "interval": true}}]`, "interval is true, not a whole number"},
		{`[{"action": "Stop", "recurrence": {"frequency": "Day", "interval": 1.5}}]`, "interval is 1.5, not a whole number"},
		{`[{"action": "Stop", "recurrence": {"frequency": "Day", "interval": 1, "schedule": {"hours": 9, "minutes": [0]}}}]`, "hours is 9, not a list such as [9]"},
		{`[{"action": "Stop", "recurrence": {"frequency": "Week", "interval": 1, "schedule": {"hours": [9], "minutes": [0], "weekdys": ["Monday"]}}}]`, "did you mean weekDays?"},
		{`[{"action": "Stop", "recurrence": {"frequency": "Week", "interval": 1, "schedule": {"hours": [9], "minutes": [0], "moonPhase": 1}}}]`, "which is unknown; the keys are hours, minutes, weekDays, monthDays"},
		{"- action: stop\n  trigger: {type: corn, expression: 0 19 * * *}", "did you mean Cron?"},
		{"- action: stop\n  trigger: {type: sun}", "cron or recurrence"},
		{"- action: stop\n  trigger:\n", "without a trigger"},
		{"- action: stop\n  enabled: false\n  trigger: {type: cron, expression: 0 19 * * *}", "line 2: a schedule has the key \"enabled\"; write state: enabled or disabled"},
		{"- action: stop\n  trigger: {type: cron, expression: 0 19 * * *, end_time: x}", `"end_time"`},

		// Text that is no text.
		{"{\"schedules\":\n [\n}", "line 3: the file is not JSON"},
		{"{\"schedules\": [", "ends too early"},
		{"{\u201cschedules\u201d: []}", "line 1, column 2: a curly quote (U+201C) instead of a plain quote|a curly quote"},
		{"hours:\n\t- 9-18\n", "line 2: the file is not YAML: the line is indented with a tab; use blanks"},
		{"hours: [\n", "the file is not YAML"},
		{"<<: 5\nschedules: []", "<< merges a block of keys, and this is 5"},
	} {
		list, err := manifest.ReadSchedules([]byte(tt.file), noZone)
		found := false
		for one := range strings.SplitSeq(tt.says, "|") {
			found = found || err != nil && strings.Contains(err.Error(), one)
		}
		if !found {
			t.Errorf("%.200s\n  read as %q, error %v\n  want one with %s", tt.file, said(list), err, tt.says)
		}
	}
}

// Variables that name variables may not multiply without end.
func TestVariablesThatMultiply(t *testing.T) {
	t.Parallel()
	var variables []string
	for i := range 9 {
		refs := strings.Repeat(fmt.Sprintf(`"[variables('v%d')]",`, i+1), 12)
		variables = append(variables, fmt.Sprintf(`"v%d": [%s]`, i, strings.TrimSuffix(refs, ",")))
	}
	file := `{"variables": {` + strings.Join(variables, ",") + `, "v9": 1}, "resources": [{"type": "Microsoft.MachineLearningServices/workspaces/computes",
		"properties": {"computeType": "ComputeInstance", "properties": {"schedules": "[variables('v0')]"}}}]}`
	if _, err := manifest.ReadSchedules([]byte(file), noZone); err == nil || !strings.Contains(err.Error(), "more than schedules need") {
		t.Errorf("%v", err)
	}
}

// A key that resembles no known one may be the service's of tomorrow.
func TestKeysOfTomorrow(t *testing.T) {
	t.Parallel()
	list, err := manifest.ReadSchedules([]byte(`[{"action": "Stop", "moonPhase": {"a": [1, null]}, "cron": {"expression": "0 19 * * *", "endTime": "2030-01-01T00:00:00"}}]`), noZone)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(list[0].Notes, "\n"); !strings.Contains(notes, `the unknown key "moonPhase"`) || !strings.Contains(notes, `the unknown key "endTime"`) {
		t.Errorf("notes: %q", notes)
	}
	if raw := string(list[0].Schedules[0].Raw); !strings.Contains(raw, `"moonPhase":{"a":[1,null]}`) || !strings.Contains(raw, `"endTime":"2030-01-01T00:00:00"`) {
		t.Errorf("sent is %s", raw)
	}
}

var (
	noise     = regexp.MustCompile(`(?s)#[^\n]*|//[^\n]*|/\*.*?\*/|[\s\p{Zs}\p{Cf}\x{85}\x{2028}\x{2029}]+`)
	emptyList = "[]"
)

// emptied reports whether text holds an explicit empty list. What looks like a
// comment may be part of a name.
func emptied(text string) bool {
	return strings.Contains(noise.ReplaceAllString(text, ""), emptyList) || strings.Contains(text, emptyList)
}

// Nothing panics, no error holds control characters, and only a file with an
// empty list in it asks for no schedules.
func FuzzRead(f *testing.F) {
	for _, file := range shapes() {
		f.Add([]byte(file))
	}
	for _, seed := range []string{"schedules:", "schedules: {}", `{"schedules":{"value":{}}}`, `{"value":[]}`, "instances: {a: {schedules: []}}", "[ # none\n]",
		"a: &a []\nschedules: *a", "<<: {schedules: [ ]}", "- action: stop\n  trigger: {type: cron, expression: 0 19 * * *}", "// x\n[/* */]", "[/*/]", "instances: {a#b: {schedules: []}}", "hours: []",
		"", "hours: 9-18", "time-zone: UTC\nhours: [mon-thu 09:00-18:00, fri 9-16]", "instances: {dev: {schedules: []}}",
		"a: &a [*a]", "&x {hours: *x}", "- {name: dev, schedules: [{action: Stop, cron: {expression: 0 18 * * *}}]}",
		"{\"computeStartStop\": [{\"recurrence\": {\"interval\": 1e400}}]}", "hours: !!binary aGk=", "? [a]\n: b", "schedules: [~]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := manifest.ReadSchedules(data, utc)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x00\x1b") {
				t.Errorf("the error holds control characters: %q", err)
			}
			return
		}
		if len(list) == 0 {
			t.Error("neither an instance nor an error")
		}
		for _, w := range list {
			if len(w.Schedules) > schedule.Max {
				t.Errorf("%d schedules", len(w.Schedules))
			}
			if len(w.Schedules) == 0 && !emptied(string(data)) {
				t.Errorf("%q would delete all schedules of %q", data, w.Name)
			}
		}
	})
}
