package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// desk is the compute that the conditions of these tests are about.
const desk = `{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w/computes/desk","name":"desk","type":"` + computeType + `",
"location":"eastus","tags":{"Team":"vision"},"Properties":{"computeType":"ComputeInstance","disableLocalAuth":false,"description":null,"properties":{
"VMSize":"STANDARD_DS3_V2","enableNodePublicIp":true,"idleTimeBeforeShutdown":"PT2H","customServices":[],
"scaleSettings":{"maxNodeCount":4},
"schedules":{"computeStartStop":[
 {"action":"Start","status":"Enabled","cron":{"expression":"0 8 * * *"}},
 {"action":"Stop","status":"Disabled","recurrence":{"frequency":"Day","schedule":{"hours":[22,23]}}}]}}}}`

func evaluate(t *testing.T, condition string) (bool, error) {
	t.Helper()
	var raw any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(condition, "~", computeType+"/")), &raw); err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	is, err := (&compiler{parameters: map[string]bool{"sizes": true, "limit": true}}).condition(raw)
	if err != nil {
		return false, err
	}
	s := &scope{subscription: "s", group: "rg", version: "2025-12-01", now: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
		parameters: map[string]any{"sizes": []any{"Standard_A1", "Standard_DS3_v2"}, "limit": 3.0}}
	if err := json.Unmarshal([]byte(desk), &s.resource); err != nil {
		t.Fatal(err)
	}
	return is(s)
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]bool{
		`{"field":"type","equals":"microsoft.machinelearningservices/WORKSPACES/computes"}`: true,
		`{"field":"~vmSize","equals":"standard_ds3_v2"}`:                                    true,
		`{"field":"~VMSIZE","notEquals":"Standard_A1"}`:                                     true,
		`{"field":"~vmSize","like":"Standard_*_v2"}`:                                        true,
		`{"field":"~vmSize","notLike":"*_v3"}`:                                              true,
		`{"field":"~vmSize","in":"[parameters('sizes')]"}`:                                  true,
		`{"field":"~vmSize","notIn":["Standard_DS3_V2"]}`:                                   false,
		`{"field":"~vmSize","contains":"DS3"}`:                                              true,
		`{"field":"~vmSize","notContains":"DS3"}`:                                           false,
		`{"field":"name","match":"d??k"}`:                                                   true,
		`{"field":"name","match":"D??k"}`:                                                   false,
		`{"field":"name","matchInsensitively":"D??k"}`:                                      true,
		`{"field":"name","notMatch":"####"}`:                                                true,
		`{"field":"~enableNodePublicIp","equals":"true"}`:                                   true,
		`{"field":"~disableLocalAuth","notEquals":true}`:                                    true,
		`{"field":"~description","exists":false}`:                                           true,
		`{"field":"~subnet.id","exists":"false"}`:                                           true,
		`{"field":"~subnet.id","equals":""}`:                                                false,
		`{"field":"~subnet.id","notEquals":"x"}`:                                            true,
		`{"field":"~idleTimeBeforeShutdown","exists":"true"}`:                               true,
		`{"field":"~scaleSettings.maxNodeCount","greater":"[parameters('limit')]"}`:         true,
		`{"field":"~scaleSettings.maxNodeCount","lessOrEquals":3}`:                          false,
		`{"field":"~idleTimeBeforeShutdown","less":"PT3H"}`:                                 true, // texts, as Azure compares durations
		`{"field":"~idleTimeBeforeShutdown","greaterOrEquals":5}`:                           false,
		`{"field":"tags['team']","equals":"vision"}`:                                        true,
		`{"field":"tags.team","equals":"vision"}`:                                           true,
		`{"field":"tags","containsKey":"TEAM"}`:                                             true,
		`{"field":"tags","notContainsKey":"owner"}`:                                         true,
		`{"not":{"field":"name","equals":"desk"}}`:                                          false,
		`{"anyOf":[{"field":"name","equals":"x"},{"field":"location","equals":"eastus"}]}`:  true,
		`{"allOf":[{"field":"name","equals":"x"},{"field":"location","equals":"eastus"}]}`:  false,

		// A bare field of a list is about every element.
		`{"field":"~schedules.computeStartStop[*].action","equals":"Stop"}`:             false,
		`{"field":"~schedules.computeStartStop[*].action","in":["Start","Stop"]}`:       true,
		`{"field":"~schedules.computeStartStop[*].action","notEquals":"Stop"}`:          false,
		`{"field":"~customServices[*].name","equals":"x"}`:                              true, // there is none that is not
		`{"field":"~dataMounts[*].source","equals":"x"}`:                                true,
		`{"field":"~schedules.computeStartStop[*].cron.expression","exists":true}`:      false,
		`{"field":"~schedules.computeStartStop[*].cron.Cron.expression","exists":true}`: false,

		`{"count":{"field":"~schedules.computeStartStop[*]"},"equals":2}`: true,
		`{"count":{"field":"~schedules.computeStartStop[*]","where":{"allOf":[{"field":"~schedules.computeStartStop[*].action","equals":"Stop"},{"field":"~schedules.computeStartStop[*].status","equals":"Enabled"}]}},"less":1}`: true,
		`{"count":{"field":"~schedules.computeStartStop[*].recurrence.schedule.hours[*]","where":{"field":"~schedules.computeStartStop[*].recurrence.schedule.hours[*]","greater":22}},"equals":1}`:                                true,
		`{"count":{"field":"~schedules.computeStartStop[*]","where":{"count":{"field":"~schedules.computeStartStop[*].recurrence.schedule.hours[*]"},"equals":2}},"equals":1}`:                                                     true,
		`{"count":{"field":"~dataMounts[*]"},"equals":0}`: true,
		`{"count":{"value":"[parameters('sizes')]","name":"size","where":{"field":"~vmSize","equals":"[current('size')]"}},"equals":1}`:                           true,
		`{"count":{"field":"~schedules.computeStartStop[*]","where":{"value":"[current('~schedules.computeStartStop[*].action')]","equals":"Start"}},"equals":1}`: true,
		`{"value":"[length(field('~schedules.computeStartStop[*].action'))]","equals":2}`:                                                                         true,
		`{"value":"[concat(field('name'), '-', toUpper('x'))]","equals":"desk-X"}`:                                                                                true,
		`{"value":"[first(split(field('~vmSize'), '_'))]","equals":"Standard"}`:                                                                                   true,
		`{"value":"[if(empty(field('tags')), 'none', string(length('abc')))]","equals":"3"}`:                                                                      true,
		`{"value":"[and(contains(field('~vmSize'),'ds3'), not(equals(field('name'),'x')))]","equals":true}`:                                                       true,
		`{"value":"[resourceGroup().name]","equals":"rg"}`:                                                                                                        true,
		`{"value":"[subscription().subscriptionId]","equals":"s"}`:                                                                                                true,
		`{"value":"[requestContext().apiVersion]","greaterOrEquals":"2025-12-01"}`:                                                                                true,
		`{"value":"[field('tags')['team']]","equals":"vision"}`:                                                                                                   true,
		`{"value":"[parameters('sizes')[1]]","equals":"Standard_DS3_v2"}`:                                                                                         true,
		`{"value":"[[text]","equals":"[[text]"}`:                                                                                                                  true,
		`{"value":"it''s","equals":"it''s"}`:                                                                                                                      true,
		`{"value":"[concat('it''s')]","equals":"it's"}`:                                                                                                           true,
		`{"value":"[substring('abcdef', 1, 3)]","equals":"bcd"}`:                                                                                                  true,
		`{"value":"[coalesce(null(), 'x')]","equals":"x"}`:                                                                                                        true,
		`{"value":"[int('7')]","greater":6}`:                                                                                                                      true,
	} {
		got, err := evaluate(t, condition)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", condition, got, err, want)
		}
	}
	for _, bad := range []string{
		`{"field":"~nothing","exists":true}`, `{"field":"name"}`, `{"equals":"x"}`, `{"count":{"field":"~vmSize"},"equals":0}`, `{"count":{},"equals":0}`, `"x"`,
		`{"allOf":{"field":"name","equals":"x"}}`, `{"value":"[parameters('sizes')[9]]","equals":"x"}`, `{"value":"[current()]","equals":"x"}`,
		`{"value":"[substring('ab', 1, 3)]","equals":"x"}`, `{"value":"[concat()]","equals":"x"}`, `{"value":"[1 2]","equals":"x"}`,
	} {
		if got, err := evaluate(t, bad); err == nil {
			t.Errorf("%s was taken: %v", bad, got)
		}
	}
}

// Aliases are those of Azure, with what stands above them.
func TestAliases(t *testing.T) {
	t.Parallel()
	for alias, want := range map[string]string{
		"computeType": "properties.computeType",
		"sku.name":    "sku.name",
		"schedules":   "properties.properties.schedules",
		"schedules.computeStartStop[*].cron.Cron.expression": "properties.properties.schedules.computeStartStop.[*].cron.expression",
		"SCHEDULES.computestartstop":                         "properties.properties.schedules.computeStartStop",
		"setupScripts.scripts.creationScript.scriptData":     "properties.properties.setupScripts.scripts.creationScript.scriptData",
		"setupScripts.scripts.startupScript.timeout":         "properties.properties.setupScripts.scripts.startupScript.timeout",
		"customServices[*].volumes[*].bind.propagation":      "properties.properties.customServices.[*].volumes.[*].bind.propagation",
		"customServices[*].kernel.argv[*]":                   "properties.properties.customServices.[*].kernel.argv.[*]",
		"personalComputeInstanceSettings.assignedUser":       "properties.properties.personalComputeInstanceSettings.assignedUser",
		"scaleSettings.maxNodeCount":                         "properties.properties.scaleSettings.maxNodeCount",
	} {
		path, ok := fieldPath(computeType + "/" + alias)
		if got := strings.Join(path, "."); !ok || got != want {
			t.Errorf("%s: %s, %v; want %s", alias, got, ok, want)
		}
	}
	for name := range aliases() {
		if strings.ContainsAny(name, "{}, ") {
			t.Errorf("%q is not written out", name)
		}
	}
}

// Append adds what is missing and adds to lists; a value that differs is a
// conflict.
func TestChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		before, operation, field string
		value                    any
		after                    string
		conflict                 bool
	}{
		{`{}`, "", "~idleTimeBeforeShutdown", "PT1H", `{"properties":{"properties":{"idleTimeBeforeShutdown":"PT1H"}}}`, false},
		{`{"Properties":{"properties":{"IdleTimeBeforeShutdown":null}}}`, "", "~idleTimeBeforeShutdown", "PT1H", `{"Properties":{"properties":{"idleTimeBeforeShutdown":"PT1H"}}}`, false},
		{`{"properties":{"properties":{"idleTimeBeforeShutdown":"PT2H"}}}`, "", "~idleTimeBeforeShutdown", "PT1H", `{"properties":{"properties":{"idleTimeBeforeShutdown":"PT2H"}}}`, true},
		{`{"properties":{"properties":{"idleTimeBeforeShutdown":"PT1H"}}}`, "", "~idleTimeBeforeShutdown", "PT1H", `{"properties":{"properties":{"idleTimeBeforeShutdown":"PT1H"}}}`, false},
		{`{"properties":{"disableLocalAuth":false}}`, "addorreplace", "~disableLocalAuth", true, `{"properties":{"disableLocalAuth":true}}`, false},
		{`{"tags":{"a":"b"}}`, "add", "tags['a']", "c", `{"tags":{"a":"b"}}`, false},
		{`{"tags":{"a":"b"}}`, "remove", "tags['A']", nil, `{"tags":{}}`, false},
		{`{"properties":{"properties":{"schedules":{"computeStartStop":[1]}}}}`, "", "~schedules.computeStartStop[*]", 2.0, `{"properties":{"properties":{"schedules":{"computeStartStop":[1,2]}}}}`, false},
		{`{}`, "", "~schedules.computeStartStop[*]", 2.0, `{"properties":{"properties":{"schedules":{"computeStartStop":[2]}}}}`, false},
	} {
		path, ok := fieldPath(strings.ReplaceAll(test.field, "~", computeType+"/"))
		if !ok {
			t.Fatalf("%s is not a field", test.field)
		}
		var resource map[string]any
		if err := json.Unmarshal([]byte(test.before), &resource); err != nil {
			t.Fatal(err)
		}
		kept := change{operation: test.operation, path: path, value: test.value}.apply(resource)
		after, err := json.Marshal(resource)
		if err != nil || string(after) != test.after || kept == test.conflict {
			t.Errorf("%s %s of %s: %s, %v; want %s", test.operation, test.field, test.before, after, kept, test.after)
		}
	}
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{"[concat('a', field('name'))]", "[parameters('p')[0].x]", "[if(empty(current()), 1, -2.5)]", "[[text]", "[']", "[substring('a', 0, 1e99)]", "[first('')]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !isExpression(s) {
			return
		}
		e, err := (&compiler{parameters: map[string]bool{"p": true}}).expression(s)
		if err != nil {
			return
		}
		_, _ = e(&scope{parameters: map[string]any{"p": []any{map[string]any{"x": 1.0}}}, resource: map[string]any{"name": "n"}})
	})
}
