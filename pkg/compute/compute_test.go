package compute

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
)

func TestDecodeToleratesAnything(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ what, body, state, size string }{
		{"right after a create", `{"name":"ci","tags":null,"properties":{"computeType":"ComputeInstance","provisioningState":"Creating","provisioningErrors":null,"properties":{"vmSize":"STANDARD_DS2_V2","subnet":null,"sshSettings":null,"errors":null,"applications":null,"state":null,"lastOperation":null,"setupScripts":null,"schedules":null,"customServices":null}}}`, "Creating", "STANDARD_DS2_V2"},
		{"type after the properties", `{"name":"ci","properties":{"properties":{"vmSize":"S","state":"Running"},"computeType":"ComputeInstance"}}`, "Running", "S"},
		{"type in other letters", `{"name":"ci","properties":{"computeType":"computeinstance","properties":{"vmSize":"S","state":"Running"}}}`, "Running", "S"},
		{"the type's word in a description only", `{"name":"ci","properties":{"description":"no ComputeInstance","computeType":"AmlCompute","provisioningState":"Succeeded","properties":{"vmSize":"S","allocationState":"Steady"}}}`, "Steady", "S"},
		{"no properties", `{"name":"ci"}`, "Unknown", ""},
		{"null properties", `{"name":"ci","properties":null}`, "Unknown", ""},
		{"null inner properties", `{"name":"ci","properties":{"computeType":"ComputeInstance","provisioningState":"Succeeded","properties":null}}`, "Succeeded", ""},
		{"properties of another kind", `{"name":"ci","properties":[1,2]}`, "Unknown", ""},
		{"inner properties of another kind", `{"name":"ci","properties":{"computeType":"ComputeInstance","provisioningState":"Failed","properties":"x"}}`, "Failed", ""},
		{"wrong types everywhere", `{"name":"ci","id":7,"location":{},"tags":[1],"identity":"x","properties":{"computeType":"ComputeInstance","createdOn":12,"isAttachedCompute":"yes","provisioningErrors":{"a":[]},"properties":{"vmSize":"S","sshSettings":{"sshPort":"22"},"schedules":[1],"errors":"e","applications":{},"createdBy":[],"customServices":{},"osImageMetadata":1,"lastOperation":{"operationTime":false},"state":"Stopped"}}}`, "Stopped", "S"},
		{"huge numbers", `{"name":"ci","properties":{"computeType":"AmlCompute","provisioningState":"Succeeded","properties":{"currentNodeCount":1e400,"vmSize":"S","allocationState":"Resizing"}}}`, "Resizing", "S"},
		{"being deleted", `{"name":"ci","properties":{"computeType":"ComputeInstance","provisioningState":"Deleting","properties":{"state":"Running","vmSize":"S"}}}`, "Deleting", "S"},
		{"attached", `{"name":"k","properties":{"computeType":"AKS","provisioningState":"Succeeded","properties":{"agentVmSize":"A","agentCount":3}}}`, "Succeeded", "A"},
		{"a type of tomorrow", `{"name":"q","properties":{"computeType":"Quantum","provisioningState":"Succeeded","properties":{"qubits":3}}}`, "Succeeded", ""},
	} {
		c, err := Decode([]byte(test.body))
		if err != nil {
			t.Errorf("%s: %v", test.what, err)
			continue
		}
		if c.State() != test.state || c.VMSize() != test.size || c.Name == "" {
			t.Errorf("%s: %s, state %q, size %q; want %q, %q", test.what, c.Name, c.State(), c.VMSize(), test.state, test.size)
		}
		if string(c.Raw) != test.body {
			t.Errorf("%s: raw is %s", test.what, c.Raw)
		}
	}
	for _, body := range []string{"", "null", "[]", `"x"`, "{", `{"a":}`, "\x00"} {
		if _, err := Decode([]byte(body)); err == nil {
			t.Errorf("%q was read as a compute", body)
		}
	}
}

func TestAbsentPropertiesAreNil(t *testing.T) {
	t.Parallel()
	c := mustDecode(t, `{"name":"ci","properties":{"computeType":"ComputeInstance","properties":null}}`)
	if c.Instance != nil || c.Cluster != nil || c.Attached != nil || c.IsRunning() || c.LastOperation() != nil || c.Owner() != (User{}) {
		t.Errorf("%+v", c)
	}
	if c = mustDecode(t, `{"name":"ci","properties":{"computeType":"AKS"}}`); c.Attached != nil {
		t.Errorf("%+v", c.Attached)
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	const creator = `"createdBy":{"userName":"Anna","userOrgId":"t","userId":"A1"}`
	for body, want := range map[string]User{
		creator: {ID: "A1", TenantID: "t", Name: "Anna"},
		creator + `,"personalComputeInstanceSettings":{"assignedUser":{"objectId":"b2","tenantId":"t"}}`: {ID: "b2", TenantID: "t"},
		creator + `,"personalComputeInstanceSettings":{"assignedUser":{"objectId":"a1","tenantId":"t"}}`: {ID: "a1", TenantID: "t", Name: "Anna"},
		creator + `,"personalComputeInstanceSettings":{"assignedUser":null}`:                             {ID: "A1", TenantID: "t", Name: "Anna"},
		`"createdBy":null`: {},
	} {
		c := mustDecode(t, `{"name":"ci","properties":{"computeType":"ComputeInstance","properties":{`+body+`}}}`)
		if got := c.Owner(); got != want {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
}

func TestErrorsOfACompute(t *testing.T) {
	t.Parallel()
	c := mustDecode(t, `{"name":"ci","properties":{"computeType":"ComputeInstance","provisioningErrors":[{"error":{"code":"A","message":"a"}}],"properties":{"errors":[{"error":{"code":"B","message":"{\"error\":{\"code\":\"C\",\"message\":\"c\"}}"}}]}}}`)
	want := []Problem{{Code: "A", Message: "a"}, {Code: "C", Message: "c"}}
	if got := c.Errors(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":"ci","properties":{"computeType":"ComputeInstance","properties":{"state":"Running","schedules":{"computeStartStop":[{"cron":{"expression":"0 8 * * *"}}]}}}}`,
		`{"properties":{"computeType":"AmlCompute","properties":{"scaleSettings":{"nodeIdleTimeBeforeScaleDown":"PT5M"}}}}`, `{"properties":{"properties":[]}}`, `{"tags":{"a":1}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Decode(body)
		if err != nil {
			if trimmed := strings.TrimSpace(string(body)); strings.HasPrefix(trimmed, "{") && json.Valid(body) {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if c.State() == "" || !json.Valid(c.Raw) {
			t.Errorf("%q: state %q", body, c.State())
		}
		c.Owner()
		c.Errors()
		GoalSettled.means(c)
		for _, verb := range []Verb{VerbStart, VerbDelete, VerbUpdate} {
			_, _ = verb.means(c)
		}
		Differences(c, &Spec{Instance: &InstanceSpec{}, Tags: map[string]string{"a": "b"}})
		if c.Instance != nil {
			c.Schedules()
		}
	})
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for wire, want := range map[string]time.Duration{"PT60M": time.Hour, "PT5M": 5 * time.Minute, "PT90S": 90 * time.Second} {
		if got, ok := parseDuration(wire); !ok || got != want || formatDuration(got) != wire {
			t.Errorf("%s: %s, %v, back %s", wire, got, ok, formatDuration(got))
		}
	}
	for wire, want := range map[string]bool{"PT1800S": true, "P1DT2H": true, "PT0S": false, "": false, "-PT5M": false, "1h": false} {
		if _, ok := (&Instance{IdleTime: wire}).IdleShutdown(); ok != want {
			t.Errorf("idle time %q: %v", wire, ok)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 2, 4, 5, 56, 8, 161749800, time.UTC)
	for text, want := range map[string]time.Time{
		`"2026-02-04T05:56:08.1617498+00:00"`: want, `"2026-02-04T06:56:08.1617498+01:00"`: want, `"2026-02-04T05:56:08"`: want.Truncate(time.Second),
		`null`: {}, `17`: {}, `"yesterday"`: {}, `{}`: {},
	} {
		var got Time
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestSchedulesRoundTrip(t *testing.T) {
	t.Parallel()
	const wire = `{"computeStartStop":[
{"id":"s1","provisioningStatus":"Completed","status":"Enabled","action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * 1-5","startTime":"2026-01-01T00:00:00","timeZone":"Pacific Standard Time"}},
{"id":"s2","status":"Disabled","action":"Start","triggerType":"Recurrence","recurrence":{"frequency":"Week","interval":1,"startTime":null,"timeZone":"UTC","schedule":{"hours":[8],"minutes":[30],"weekDays":["Monday","Friday"],"monthDays":null}}}]}`
	schedules, err := ReadSchedules([]byte(wire))
	if err != nil || len(schedules) != 2 {
		t.Fatal(schedules, err)
	}
	back := make([]Schedule, len(schedules))
	for i, s := range schedules {
		if s.Err != nil || s.Entry.Enabled != (i == 0) || s.Entry.ID == "" {
			t.Errorf("%+v", s)
		}
		back[i].Entry = s.Entry
	}
	if !sameSet(schedules, back) {
		t.Errorf("%+v became %+v", schedules, back)
	}
	if at, ok := schedules[0].Entry.Next(time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)); !ok || !at.Equal(time.Date(2026, 3, 7, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("fires next at %v", at)
	}
	for _, bad := range []string{
		`{}`, `{"action":"Explode","cron":{"expression":"0 8 * * *"}}`, `{"action":"Stop"}`, `{"action":"Stop","cron":{"expression":"@daily"}}`,
		`{"action":"Stop","recurrence":{"frequency":"Aeon","interval":1}}`, `{"action":"Stop","cron":{"expression":"0 8 * * *","startTime":"soon"}}`, `[]`, `{"action":1}`,
	} {
		if s := readSchedule([]byte(bad)); s.Err == nil {
			t.Errorf("%s became %+v", bad, s.Entry)
		}
	}
	for text, want := range map[string]bool{`[]`: true, `{"computeStartStop":[]}`: true, `null`: false, `{}`: false, `{"computeStartStop":null}`: false, ``: false} {
		if list, err := ReadSchedules([]byte(text)); err != nil || (list != nil) != want || len(list) != 0 {
			t.Errorf("%s is %#v, %v", text, list, err)
		}
	}
	for _, bad := range []string{`[] []`, `{} 1`, `[`, `{"computeStartStop":[}`, `{"computeStartStop":5}`, `"x"`, `5`} {
		if list, err := ReadSchedules([]byte(bad)); err == nil {
			t.Errorf("%s is %#v", bad, list)
		}
	}
	one, other := `{"id":"a","action":"Stop"}`, ` {"id" : "b"} `
	for _, text := range []string{`[` + one + `,` + other + `]`, `{"other":[1],"ComputeStartStop":[{}],"computeStartStop": [ ` + one + ` ,` + other + ` ] }`} {
		list, err := ReadSchedules([]byte(text))
		if err != nil || len(list) != 2 || string(list[0].Raw) != one || string(list[1].Raw) != strings.TrimSpace(other) || list[1].Entry.ID != "b" {
			t.Errorf("%s is %#v, %v", text, list, err)
		}
	}
	if text, err := json.Marshal(schedulesBody(nil)); err != nil || string(text) != `{"computeStartStop":[]}` {
		t.Errorf("no schedules are written %s, %v", text, err)
	}
	if text, _ := json.Marshal(Schedule{Entry: schedule.Entry{Action: schedule.Stop}}); !strings.Contains(string(text), `"status":"Disabled"`) {
		t.Errorf("the status is left out: %s", text)
	}
}

// stopAt is a schedule that stops by a cron expression.
func stopAt(t *testing.T, expression string) []Schedule {
	t.Helper()
	cron, err := schedule.ParseCron(expression)
	if err != nil {
		t.Fatal(err)
	}
	return []Schedule{{Entry: schedule.Entry{Action: schedule.Stop, Enabled: true, Cron: &cron}}}
}

func TestSpecBodies(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, test := range []struct {
		what string
		spec Spec
		want string
	}{
		{"instance", Spec{Location: "eastus", Instance: &InstanceSpec{VMSize: "S"}},
			`{"location":"eastus","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"S"}}}`},
		{"instance with everything", Spec{Location: "eastus", Description: "d", Tags: map[string]string{"a": "b"}, Identity: &IdentitySpec{System: true, User: []string{"/u"}}, DisableLocalAuth: &no,
			Instance: &InstanceSpec{VMSize: "S", SubnetID: "/n", ApplicationSharingPolicy: "Personal", SSHPublicAccess: &yes, SSHPublicKey: "ssh-rsa k",
				AssignedUser: &AssignedUser{ObjectID: "o", TenantID: "t"}, CreationScript: &Script{Source: "inline", Data: "eA==", Timeout: "15m"}, IdleShutdown: time.Hour,
				EnableNodePublicIP: &no, EnableSSO: &yes, CustomServices: json.RawMessage(`[]`),
				Schedules: stopAt(t, "0 18 * * *")}},
			`{"location":"eastus","tags":{"a":"b"},"identity":{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"/u":{}}},"properties":{"computeType":"ComputeInstance","description":"d","disableLocalAuth":false,"properties":{"vmSize":"S","applicationSharingPolicy":"Personal","enableNodePublicIp":false,"enableSSO":true,"customServices":[],"subnet":{"id":"/n"},"computeInstanceAuthorizationType":"personal","personalComputeInstanceSettings":{"assignedUser":{"objectId":"o","tenantId":"t"}},"sshSettings":{"sshPublicAccess":"Enabled","adminPublicKey":"ssh-rsa k"},"setupScripts":{"scripts":{"creationScript":{"scriptSource":"inline","scriptData":"eA==","timeout":"15m"}}},"schedules":{"computeStartStop":[{"status":"Enabled","action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * *"}}]},"idleTimeBeforeShutdown":"PT60M"}}}`},
		{"cluster", Spec{Cluster: &ClusterSpec{VMSize: "S", MaxNodes: 4, IdleScaleDown: 90 * time.Second, AdminUserName: "a", AdminPassword: "p"}, Identity: &IdentitySpec{}},
			`{"identity":{"type":"None"},"properties":{"computeType":"AmlCompute","properties":{"vmSize":"S","scaleSettings":{"maxNodeCount":4,"minNodeCount":0,"nodeIdleTimeBeforeScaleDown":"PT90S"},"userAccountCredentials":{"adminUserName":"a","adminUserPassword":"p"}}}}`},
		{"data factory", Spec{DataFactory: &DataFactorySpec{}}, `{"properties":{"computeType":"DataFactory"}}`},
		{"attach", Spec{ResourceID: "/k", Kubernetes: &KubernetesSpec{Namespace: "ns"}}, `{"properties":{"computeType":"Kubernetes","resourceId":"/k","properties":{"namespace":"ns"}}}`},
	} {
		got, err := json.Marshal(&test.spec)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %s (%v)\nwant %s", test.what, got, err, test.want)
		}
	}
	if _, err := json.Marshal(&Spec{}); err == nil {
		t.Error("a spec without a type was written")
	}
	if (&Spec{Instance: &InstanceSpec{}}).operation().version != "" || (&Spec{Instance: &InstanceSpec{EnableRootAccess: &no}}).operation().version != previewVersion {
		t.Error("preview settings and preview version do not go together")
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	yes := true
	ci := mustDecode(t, `{"name":"ci","location":"eastus","tags":{"a":"1"},"identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"/u/One":{}}},
"properties":{"computeType":"ComputeInstance","description":null,"properties":{"vmSize":"STANDARD_D3_V2","applicationSharingPolicy":"Shared","sshSettings":{"sshPublicAccess":"Disabled","adminPublicKey":null},
"idleTimeBeforeShutdown":"PT1H","enableSSO":null,"schedules":{"computeStartStop":[{"id":"x","provisioningStatus":"Completed","status":"Enabled","action":"Stop","triggerType":"Cron","cron":{"expression":"0  18 * * *","timeZone":"UTC"}}]}}}}`)
	cluster := mustDecode(t, `{"name":"cpu","location":"eastus","tags":{},"properties":{"computeType":"AmlCompute","properties":{"vmSize":"S","vmPriority":"Dedicated","scaleSettings":{"maxNodeCount":4,"minNodeCount":0,"nodeIdleTimeBeforeScaleDown":"PT30M"}}}}`)
	for _, test := range []struct {
		what       string
		have       *Compute
		want       Spec
		fields     string
		changeable bool
	}{
		{"size in other letters", ci, Spec{Location: "East US", Instance: &InstanceSpec{VMSize: "Standard_D3_v2"}}, "", false},
		{"another size", ci, Spec{Instance: &InstanceSpec{VMSize: "Standard_D4_v2"}}, "vmSize", false},
		{"another type", ci, Spec{Cluster: &ClusterSpec{VMSize: "STANDARD_D3_V2"}}, "type", false},
		{"not returned", ci, Spec{Description: "d", Instance: &InstanceSpec{SSHPublicKey: "k", EnableSSO: &yes}}, "", false},
		{"SSH", ci, Spec{Instance: &InstanceSpec{SSHPublicAccess: &yes}}, "sshPublicAccess", false},
		{"tags of an instance", ci, Spec{Tags: map[string]string{"a": "1", "b": "2"}, Instance: &InstanceSpec{}}, "tags.b", false},
		{"the same idle time", ci, Spec{Instance: &InstanceSpec{IdleShutdown: time.Hour}}, "", false},
		{"another idle time", ci, Spec{Instance: &InstanceSpec{IdleShutdown: 2 * time.Hour}}, "idleTimeBeforeShutdown", false},
		{"the same schedule", ci, Spec{Instance: &InstanceSpec{Schedules: stopAt(t, "0 18 * * *")}}, "", false},
		{"another schedule", ci, Spec{Instance: &InstanceSpec{Schedules: stopAt(t, "0 19 * * *")}}, "schedules", false},
		{"the same identity", ci, Spec{Identity: &IdentitySpec{System: true, User: []string{"/U/one"}}, Instance: &InstanceSpec{}}, "", false},
		{"another identity", ci, Spec{Identity: &IdentitySpec{System: true, User: []string{"/u/two"}}, Instance: &InstanceSpec{}}, "identity", false},
		{"no identity", ci, Spec{Identity: &IdentitySpec{}, Instance: &InstanceSpec{}}, "identity", false},
		{"region", ci, Spec{Location: "westus", Instance: &InstanceSpec{}}, "location", false},
		{"cluster as it is", cluster, Spec{Cluster: &ClusterSpec{VMSize: "s", MaxNodes: 4, IdleScaleDown: 1800 * time.Second}}, "", false},
		{"what can change", cluster, Spec{Tags: map[string]string{"x": "y"}, Identity: &IdentitySpec{System: true}, Cluster: &ClusterSpec{VMSize: "S", MinNodes: 1, MaxNodes: 9, IdleScaleDown: time.Minute}},
			"tags.x identity minNodeCount maxNodeCount nodeIdleTimeBeforeScaleDown", true},
		{"priority", cluster, Spec{Cluster: &ClusterSpec{VMPriority: "LowPriority", MaxNodes: 4}}, "vmPriority", false},
	} {
		var fields []string
		changeable := true
		for _, d := range Differences(test.have, &test.want) {
			fields = append(fields, d.Field)
			changeable = changeable && d.Changeable
		}
		if got := strings.Join(fields, " "); got != test.fields || got != "" && changeable != test.changeable {
			t.Errorf("%s: %q changeable %v; want %q, %v", test.what, got, changeable, test.fields, test.changeable)
		}
	}
}

// FuzzPage holds the reader of lists against encoding/json: what one finds in
// a document, the other finds.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{`{"value":[{"a":1},2,"x,]}",null,[1,[2]]],"nextLink":"n"}`, ` { "nextLink" : null , "value" : [ ] } `, `{"value":null}`, `{"value":{}}`, `{"x":"\"","value":[true , false]}`,
		`{"value":[{"s":"\\"}]}`, `{}`, `[]`, `{"value":[1`, `{"value":[1}`, `{"value":[1,]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got []string
		next, err := readPage(strings.NewReader(string(body)), "value", func(item json.RawMessage) error {
			if !json.Valid(item) {
				return errStop
			}
			got = append(got, string(item))
			return nil
		})
		var want struct {
			Value    *[]json.RawMessage `json:"value"`
			NextLink text               `json:"nextLink"`
		}
		// Doubled keys are read as they come here, and the last one counts there.
		if json.Unmarshal(body, &want) != nil || strings.Count(strings.ToLower(string(body)), "value") > 1 ||
			strings.Count(strings.ToLower(string(body)), "nextlink") > 1 || strings.Contains(string(body), `\u`) || !isASCII(body) {
			return
		}
		if want.Value == nil { // no list, or a null one
			if len(got) > 0 || err == nil {
				t.Fatalf("%q: %d items of no list, %v", body, len(got), err)
			}
			return
		}
		if err != nil || next != string(want.NextLink) || len(got) != len(*want.Value) {
			t.Fatalf("%q: %v, %d items and next %q; want %d and %q", body, err, len(got), next, len(*want.Value), want.NextLink)
		}
		for i := range got {
			if got[i] != string((*want.Value)[i]) {
				t.Fatalf("%q: item %d is %q, want %q", body, i, got[i], (*want.Value)[i])
			}
		}
	})
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c > 0x7e {
			return false
		}
	}
	return true
}

func TestUsualIsKnown(t *testing.T) {
	t.Parallel()
	for _, verb := range []Verb{VerbCreate, VerbStart, VerbStop, VerbRestart, VerbDelete} {
		if from, to := verb.Usual(); from <= 0 || to < from || to > math.MaxInt32*time.Second {
			t.Errorf("%s: %s to %s", verb, from, to)
		}
	}
}

// TestTruths reads what is true or false in other types, too: words say it, and
// nothing else is taken for false.
func TestTruths(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`true`: "true", `false`: "false", `null`: "nothing", `"true"`: "true", `"False"`: "false",
		`"yes"`: "nothing", `1`: "nothing", `{}`: "nothing", `[true]`: "nothing",
	} {
		c, err := Decode([]byte(`{"name":"dev","properties":{"computeType":"ComputeInstance","disableLocalAuth":` + text +
			`,"properties":{"vmSize":"S","enableSSO":` + text + `,"enableNodePublicIp":` + text + `,"osImageMetadata":{"currentImageVersion":"1","isLatestOsImageVersion":` + text +
			`},"schedules":{"computeStartStop":[]},"state":"Running"}}}`))
		if err != nil {
			t.Fatal(err)
		}
		for what, truth := range map[string]*bool{"disableLocalAuth": c.DisableLocalAuth, "enableSSO": c.Instance.EnableSSO,
			"enableNodePublicIp": c.Instance.EnableNodePublicIP, "isLatestOsImageVersion": c.Instance.Image.IsLast} {
			got := "nothing"
			if truth != nil {
				got = strconv.FormatBool(*truth)
			}
			if got != want {
				t.Errorf("%s: %s is %s, want %s", what, text, got, want)
			}
		}
		if c.State() != "Running" || c.Instance.VMSize != "S" || c.Schedules() == nil {
			t.Errorf("%s: the rest is %+v", text, c.Instance)
		}
	}
}
