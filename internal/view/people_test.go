package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

var update = flag.Bool("update", false, "write the golden files anew")

// now is Monday noon in Berlin.
func now(t testing.TB) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 3, 9, 11, 0, 0, 0, zone)
}

func load(t testing.TB, name string) *compute.Compute {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "computes", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := compute.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func loadAll(t testing.TB, names ...string) []*compute.Compute {
	t.Helper()
	var list []*compute.Compute
	for _, n := range names {
		list = append(list, load(t, n))
	}
	return list
}

var everything = []string{"running", "forgotten", "stopped", "creating", "failed", "cluster", "aks", "nulls"}

// golden compares got with a file of testdata/golden, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it):\n%s\nwant\n%s", file, got, want)
	}
}

// capture is one printing of a result: exit code, stdout and stderr.
func capture(t *testing.T, title string, width int, o render.Options, r render.Result) string {
	t.Helper()
	s, out, errs := render.TestStreams("", width, width)
	o.Now = now(t)
	err := render.Print(s, o, r)
	render.PrintError(s, err)
	if width > 0 && r.People != nil {
		shown := 0
		for line := range strings.Lines(out.String() + errs.String()) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(line, "ERROR") || strings.HasPrefix(line, "hint") || strings.HasPrefix(line, "request id") {
				continue
			}
			shown++
			sentence := strings.Contains(line, " is ") || strings.Contains(line, " compute") || r.Notes != nil && strings.Contains(line, ": ")
			if n := render.Columns(line); n > width && !sentence {
				t.Errorf("%s: %d columns on a terminal of %d: %q", title, n, width, line)
			}
			if render.Clean(line) != line {
				t.Errorf("%s: unsafe characters: %q", title, line)
			}
		}
		if n := strings.Count(out.String()+errs.String(), "(emulator)"); o.Emulator && (n > 1 || n == 0 && shown > 0) {
			t.Errorf("%s: the emulator is named %d times, want once:\n%s%s", title, n, out, errs)
		}
	}
	return fmt.Sprintf("=== %s: exit %d\n--- stdout\n%s--- stderr\n%s", title, render.ExitCode(err, false), out, errs)
}

// captureAll prints a result for terminals of several widths, for the
// emulator, and in every format for scripts.
func captureAll(t *testing.T, make func(Detail) render.Result) []byte {
	t.Helper()
	var b strings.Builder
	for _, w := range []int{40, 80, 200} {
		b.WriteString(capture(t, fmt.Sprintf("%d columns", w), w, render.Options{}, make(Brief)))
	}
	b.WriteString(capture(t, "80 columns, emulator", 80, render.Options{Emulator: true}, make(Brief)))
	b.WriteString(capture(t, "pipe", 0, render.Options{}, make(Brief)))
	b.WriteString(capture(t, "80 columns -v", 80, render.Options{}, make(Verbose)))
	for _, f := range []render.Format{render.TSV, render.Table, render.Name, render.YAML} {
		b.WriteString(capture(t, "-o "+string(f), 0, render.Options{Format: f}, make(Brief)))
	}
	for _, f := range []render.Format{render.TSV, render.Table} {
		b.WriteString(capture(t, "-v -o "+string(f), 0, render.Options{Format: f}, make(Verbose)))
	}
	return []byte(b.String())
}

func TestListViews(t *testing.T) {
	t.Parallel()
	where := Where{"ml-dev", "ml-dev-rg", "./.azureml/config.json"}
	for name, list := range map[string][]string{"list": everything, "list-empty": nil, "list-hostile": {"hostile"}} {
		golden(t, name, captureAll(t, func(d Detail) render.Result { return List(loadAll(t, list...), where, d) }))
	}
}

// A domain that all owners share gives way before any column does.
func TestSharedDomain(t *testing.T) {
	t.Parallel()
	list := func(owners ...string) []*compute.Compute {
		var out []*compute.Compute
		for i, owner := range owners {
			c, err := compute.Decode(fmt.Appendf(nil, `{"name":"instance-%d","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2","state":"Running","createdBy":{"userName":%q}}}}`, i, owner))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, c)
		}
		return out
	}
	for _, test := range []struct {
		width  int
		owners string
		want   string // the column, "" if there is none
	}{
		{200, "ada@contoso.com ben@contoso.com", "ada@contoso.com ben@contoso.com"},
		{60, "ada@contoso.com ben@CONTOSO.com", "ada ben"},
		{60, "ada.archer@ml.research.contoso.com ben@ml.research.contoso.com", "ada.archer ben"},
		{60, "ada@contoso.com ben@contoso.de", "ada@contoso.com ben@contoso.de"},
		{60, "ada@contoso.com Ben-Brook", "ada@contoso.com Ben-Brook"},
		{0, "ada@contoso.com ben@contoso.com", "ada@contoso.com ben@contoso.com"},
	} {
		s, out, _ := render.TestStreams("", test.width, test.width)
		if err := render.Print(s, render.Options{Now: now(t), Format: map[bool]render.Format{true: render.Wide}[test.width == 0]}, List(list(strings.Fields(test.owners)...), Where{}, Brief)); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(out.String(), "\n")
		got := ""
		if at := strings.Index(lines[0], "OWNER"); at >= 0 {
			got = strings.Fields(lines[1][at:])[0] + " " + strings.Fields(lines[2][at:])[0]
		}
		if got != test.want || strings.Contains(lines[0], "IDLE") == (test.width == 60 && strings.Contains(test.want, "@")) {
			t.Errorf("%d columns, %s: %q\n%s", test.width, test.owners, got, out)
		}
	}
}

func TestShowViews(t *testing.T) {
	t.Parallel()
	for _, name := range append(everything, "hostile", "assigned") {
		golden(t, "show-"+name, captureAll(t, func(d Detail) render.Result { return Show(loadAll(t, name), false, d) }))
	}
	golden(t, "show-two", captureAll(t, func(d Detail) render.Result { return Show(loadAll(t, "running", "cluster"), true, d) }))
}

func TestOutcomeViews(t *testing.T) {
	t.Parallel()
	ws := compute.Workspace{Subscription: "s", ResourceGroup: "rg", Name: "w"}
	done := []string{"Stopping", "Deleted"}
	broken := &compute.Error{Kind: compute.KindState, Code: "SetupScriptFailed", Message: "Setup script exited with 1", Name: "broken", RequestID: "req-1"}
	missing := &compute.Error{Kind: compute.KindNotFound, Code: "ResourceNotFound", Message: "The Resource 'Microsoft.MachineLearningServices/workspaces/w/computes/b' was not found", Name: "b"}
	for name, outcomes := range map[string][]compute.Outcome{
		"create":          {{Name: "instance", Verb: compute.VerbCreate, Compute: load(t, "running"), Elapsed: 182 * time.Second}},
		"create-ssh":      {{Name: "gpu", Verb: compute.VerbCreate, Compute: load(t, "forgotten"), Elapsed: 182 * time.Second}},
		"create-nowait":   {{Name: "new1", Verb: compute.VerbCreate, Compute: load(t, "creating")}},
		"create-exists":   {{Name: "nightly", Verb: compute.VerbCreate, Compute: load(t, "stopped"), Already: true, Note: "it is Stopped"}},
		"create-cluster":  {{Name: "cpu", Verb: compute.VerbCreate, Compute: load(t, "cluster"), Elapsed: 12 * time.Second}},
		"create-failed":   {{Name: "broken", Verb: compute.VerbCreate, Compute: load(t, "failed"), Err: broken}},
		"start":           {{Name: "instance", Verb: compute.VerbStart, Compute: load(t, "running"), Elapsed: 151 * time.Second}},
		"start-already":   {{Name: "instance", Verb: compute.VerbStart, Compute: load(t, "running"), Already: true}},
		"stop":            {{Name: "nightly", Verb: compute.VerbStop, Compute: load(t, "stopped"), Elapsed: 62 * time.Second}},
		"delete":          {{Name: "instance", Verb: compute.VerbDelete, Compute: load(t, "running"), States: done, Elapsed: time.Minute}},
		"delete-nowait":   {{Name: "instance", Verb: compute.VerbDelete}},
		"detach":          {{Name: "aks1", Verb: compute.VerbDetach, Compute: load(t, "aks"), States: done}},
		"update":          {{Name: "cpu", Verb: compute.VerbUpdate, Compute: load(t, "cluster"), Elapsed: 3 * time.Second}},
		"stop-nowait":     {{Name: "instance", Verb: compute.VerbStop, Compute: load(t, "running"), Operation: &compute.Operation{}, Unfinished: true}},
		"wait-deleted":    {{Name: "new1", Verb: compute.VerbWait, Compute: load(t, "creating"), States: []string{"Deleting", "Deleted"}, Elapsed: time.Minute}},
		"wait":            {{Name: "instance", Verb: compute.VerbWait, Compute: load(t, "running"), Already: true}},
		"several":         {{Name: "instance", Verb: compute.VerbStart, Compute: load(t, "running")}, {Name: "b", Verb: compute.VerbStart, Err: missing}, {Name: "nightly", Verb: compute.VerbStart, Compute: load(t, "stopped"), Note: "a note"}},
		"several-failed":  {{Name: "broken", Verb: compute.VerbStart, Err: broken}, {Name: "b", Verb: compute.VerbStart, Err: missing}},
		"several-missing": {{Name: "b", Verb: compute.VerbDelete, Err: missing}, {Name: "c", Verb: compute.VerbDelete, Err: missing}},
	} {
		for i := range outcomes {
			outcomes[i].Workspace = ws
		}
		golden(t, "verb-"+name, captureAll(t, func(d Detail) render.Result { return Outcomes(outcomes, len(outcomes) > 1, d) }))
	}
}

// TestVerboseKeepsEverything holds that -v lacks nothing the service sent and
// has every path v1 had.
func TestVerboseKeepsEverything(t *testing.T) {
	t.Parallel()
	paths := map[string][]string{
		"running": {"id", "name", "location", "tags", "properties.description", "properties.computeType", "properties.computeLocation", "properties.resourceId",
			"properties.provisioningErrors", "properties.provisioningState", "properties.properties.vmSize", "properties.properties.applications",
			"properties.properties.connectivityEndpoints.publicIpAddress", "properties.properties.connectivityEndpoints.privateIpAddress",
			"properties.properties.sshSettings.sshPublicAccess", "properties.properties.sshSettings.adminUserName", "properties.properties.sshSettings.adminPublicKey",
			"properties.properties.sshSettings.sshPort", "properties.properties.personalComputeInstanceSettings", "properties.properties.subnet.id",
			"properties.properties.errors", "properties.status.errors", "properties.status.creationTime", "properties.status.createdBy.userObjectId",
			"properties.status.createdBy.userTenantId", "properties.status.createdBy.userName", "properties.status.modifiedTime", "properties.status.state", "properties.status.vmSize"},
		"cluster": {"identity", "properties.properties.vmSize", "properties.properties.vmPriority", "properties.properties.scaleSettings.minNodeCount",
			"properties.properties.scaleSettings.maxNodeCount", "properties.properties.scaleSettings.nodeIdleTimeBeforeScaleDown",
			"properties.properties.userAccountCredentials.adminUserName", "properties.properties.userAccountCredentials.adminUserPassword",
			"properties.properties.userAccountCredentials.adminUserSshPublicKey", "properties.properties.subnet.id", "properties.properties.remoteLoginPortPublicAccess",
			"properties.status.currentNodeCount", "properties.status.targetNodeCount", "properties.status.nodeStateCounts.preparingNodeCount",
			"properties.status.nodeStateCounts.runningNodeCount", "properties.status.nodeStateCounts.idleNodeCount", "properties.status.nodeStateCounts.unusableNodeCount",
			"properties.status.nodeStateCounts.leavingNodeCount", "properties.status.nodeStateCounts.preemptedNodeCount", "properties.status.allocationState",
			"properties.status.allocationStateTransitionTime", "properties.status.errors", "properties.status.creationTime", "properties.status.modifiedTime",
			"properties.status.provisioningState", "properties.status.provisioningStateTransitionTime", "properties.status.scaleSettings", "properties.status.vmPriority", "properties.status.vmSize"},
		"aks": {"properties.isAttachedCompute", "properties.properties.agentCount", "properties.properties.agentVmSize", "properties.properties.clusterFqdn",
			"properties.properties.clusterPurpose", "properties.properties.loadBalancerSubnet", "properties.properties.loadBalancerType",
			"properties.properties.sslConfiguration", "properties.properties.systemServices.0.serviceType"},
	}
	paths["creating"], paths["failed"] = paths["running"], paths["running"]
	for _, name := range append(everything, "hostile") {
		c := load(t, name)
		var got any
		if err := json.Unmarshal(must(json.Marshal(verbose(c))), &got); err != nil {
			t.Fatal(err)
		}
		for _, path := range paths[name] {
			if !has(got, strings.Split(path, ".")) {
				t.Errorf("%s lacks %s", name, path)
			}
		}
		var sent any
		if err := json.Unmarshal(c.Raw, &sent); err != nil {
			t.Fatal(err)
		}
		missing(t, name, "", sent, got)
	}
	if text := must(json.Marshal(verbose(load(t, "cluster")))); bytes.Contains(text, []byte("hunter2")) {
		t.Error("-v prints a password")
	}
}

func must(raw []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return raw
}

// has reports whether a path of keys and list positions exists.
func has(v any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		e, ok := v[path[0]]
		return ok && has(e, path[1:])
	case []any:
		return len(v) > 0 && has(v[0], path[1:])
	}
	return false
}

// missing reports keys that were sent and are not in got.
func missing(t *testing.T, name, at string, sent, got any) {
	t.Helper()
	switch sent := sent.(type) {
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: %s is %T", name, at, got)
			return
		}
		for k, e := range sent {
			if _, ok := m[k]; !ok {
				t.Errorf("%s: %s.%s is missing", name, at, k)
			}
			missing(t, name, at+"."+k, e, m[k])
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(sent) {
			t.Errorf("%s: %s is %v", name, at, got)
			return
		}
		for i := range sent {
			missing(t, name, at, sent[i], list[i])
		}
	}
}

func TestBriefKeys(t *testing.T) {
	t.Parallel()
	want := "computeType createdOn errors id idleShutdown location name nextStart nextStop owner provisioningErrors provisioningState resourceGroup runningSince state tags vmSize workspace"
	for _, name := range everything {
		s, out, _ := render.TestStreams("", 0, 0)
		if err := render.Print(s, render.Options{}, Show(loadAll(t, name), false, Brief)); err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(out.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(slices.Sorted(maps.Keys(m)), " ")
		if name == "nulls" {
			got = strings.Replace(got, "provisioningState", "provisioningState resourceGroup", 1)
		}
		if got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestRawIsTheServicesBody(t *testing.T) {
	t.Parallel()
	for _, name := range everything {
		c := load(t, name)
		s, out, _ := render.TestStreams("", 80, 80)
		if err := render.Print(s, render.Options{}, Show([]*compute.Compute{c}, false, Raw)); err != nil {
			t.Fatal(err)
		}
		var sent, got map[string]any
		if err := errors.Join(json.Unmarshal(c.Raw, &sent), json.Unmarshal(out.Bytes(), &got)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(sent, got) {
			t.Errorf("%s: --raw prints %s, the service sent %s", name, out, c.Raw)
		}
	}
}

func TestIdentityObject(t *testing.T) {
	t.Parallel()
	cases := []struct{ body, brief, verbose string }{
		{`{"identity":null}`, "", ""},
		{`{"identity":7}`, "", ""},
		{`{"identity":{"type":"SystemAssigned","principalId":"p","tenantId":"t","userAssignedIdentities":null}}`,
			`{"principalId":"p","tenantId":"t","type":"SystemAssigned"}`, `{"principalId":"p","tenantId":"t","type":"SystemAssigned","userAssignedIdentities":null}`},
		{`{"identity":{"type":"SystemAssigned,UserAssigned","principalId":"p","userAssignedIdentities":{"/x":{}}}}`,
			`{"principalId":"p","tenantId":null,"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"/x":{}}}`, `{"principalId":"p","type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"/x":{}}}`},
	}
	for _, c := range cases {
		k, err := compute.Decode([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		for d, want := range map[Detail]string{Brief: c.brief, Verbose: c.verbose} {
			got := ""
			if v := IdentityObject(k, d); v != nil {
				got = string(must(json.Marshal(v)))
			}
			if got != want {
				t.Errorf("%s: %s, want %s", c.body, got, want)
			}
		}
	}
}

// TestTableCells holds that a long value is cut only where its row does not fit
// the terminal.
func TestTableCells(t *testing.T) {
	t.Parallel()
	const long = "/home/somebody/.local/state/computetarget/emulator" // 50 columns
	result := render.Result{People: func(p *render.Page) {
		Table(p, []string{"SETTING", "VALUE", "FROM"}, [][]string{{"emulator-dir", long, "default"}})
	}}
	for _, c := range []struct {
		width int
		want  string
	}{
		{73, "emulator-dir  " + long + "  default\n"},
		{72, "emulator-dir  /home/somebody/.local/state/computetarg…  default\n"},
		{60, "emulator-dir  /home/somebody/.local/state/computetarg…\n"},
		{40, "emulator-dir  /home/somebody/.local/sta…\n"},
		{20, "emulator…  /home/so…\n"},
	} {
		s, out, _ := render.TestStreams("", c.width, c.width)
		if err := render.Print(s, render.Options{}, result); err != nil {
			t.Fatal(err)
		}
		if _, row, _ := strings.Cut(out.String(), "\n"); row != c.want {
			t.Errorf("%d columns:\n got %q\nwant %q", c.width, row, c.want)
		}
	}
}

func TestTimesOfAnObject(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	const stop = `{"action":"Stop","status":"Enabled","triggerType":"Cron","cron":{"expression":"0 19 * * *","timeZone":"UTC"}}`
	for name, test := range map[string]struct {
		inner string
		want  string // runningSince, nextStart, nextStop, idleShutdown
	}{
		"started":      {`"state":"Running","lastOperation":{"operationName":"Start","operationTime":"2026-03-02T09:00:00+01:00","operationStatus":"Succeeded"}`, `"2026-03-02T08:00:00Z" null null null`},
		"runs a job":   {`"state":"JobRunning","lastOperation":{"operationName":"Restart","operationTime":"2026-03-02T08:00:00Z","operationStatus":"Succeeded"}`, `"2026-03-02T08:00:00Z" null null null`},
		"still starts": {`"state":"Running","lastOperation":{"operationName":"Start","operationTime":"2026-03-02T08:00:00Z","operationStatus":"InProgress"}`, `null null null null`},
		"not stopped":  {`"state":"Running","lastOperation":{"operationName":"Stop","operationTime":"2026-03-02T08:00:00Z","operationStatus":"StopFailed"}`, `null null null null`},
		"stopped":      {`"state":"Stopped","lastOperation":{"operationName":"Start","operationTime":"2026-03-02T08:00:00Z","operationStatus":"Succeeded"}`, `null null null null`},
		"its hours":    {`"state":"Stopped","idleTimeBeforeShutdown":"PT1H","schedules":{"computeStartStop":[` + stop + `]}`, `null null "2026-03-02T19:00:00Z" "1h"`},
		"disabled":     {`"state":"Running","schedules":{"computeStartStop":[` + strings.Replace(stop, "Enabled", "Disabled", 1) + `]}`, `null null null null`},
	} {
		c, err := compute.Decode([]byte(`{"name":"dev","properties":{"computeType":"ComputeInstance","properties":{` + test.inner + `}}}`))
		if err != nil {
			t.Fatal(err)
		}
		s, out, _ := render.TestStreams("", 0, 0)
		if err := render.Print(s, render.Options{Now: now}, Show([]*compute.Compute{c}, false, Brief)); err != nil {
			t.Fatal(err)
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal(out.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s %s %s %s", m["runningSince"], m["nextStart"], m["nextStop"], m["idleShutdown"]); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestNarrowList: what people list computes for stays as the terminal narrows.
func TestNarrowList(t *testing.T) {
	t.Parallel()
	list := loadAll(t, "running", "stopped")
	for width, want := range map[int]string{
		0:   "NAME STATE OWNER SIZE UP IDLE NEXT-STOP",
		100: "NAME STATE OWNER SIZE UP IDLE NEXT-STOP",
		60:  "NAME STATE OWNER SIZE UP NEXT-STOP",
		55:  "NAME STATE OWNER UP NEXT-STOP",
		45:  "NAME STATE UP NEXT-STOP",
		36:  "NAME STATE UP NEXT-STOP",
		30:  "NAME STATE UP NEXT-STOP",
	} {
		s, out, _ := render.TestStreams("", width, width)
		o := render.Options{Now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
		if width == 0 {
			o.Format = render.Wide
		}
		if err := render.Print(s, o, List(list, Where{}, Brief)); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(out.String(), "\n")
		if got := strings.Join(strings.Fields(head), " "); got != want {
			t.Errorf("%d columns: %s, want %s\n%s", width, got, want, out)
		}
		for line := range strings.Lines(out.String()) {
			if n := render.Columns(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
				t.Errorf("%d columns: a line takes %d: %s", width, n, line)
			}
		}
	}
}

func TestZoneIsNamed(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	o := render.Options{Now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).In(berlin), Zone: "Europe/Berlin"}
	s, out, errs := render.TestStreams("", 100, 100)
	if err := render.Print(s, o, List(loadAll(t, "running"), Where{}, Brief)); err != nil || strings.Count(errs.String(), "times in Europe/Berlin")+strings.Count(errs.String(), "times are in Europe/Berlin") != 1 {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
	s, out, errs = render.TestStreams("", 100, 100)
	if err := render.Print(s, o, Show(loadAll(t, "running"), false, Brief)); err != nil || strings.Count(errs.String(), "times are in Europe/Berlin") != 1 {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
	o.Zone = ""
	s, out, errs = render.TestStreams("", 100, 100)
	if err := render.Print(s, o, Show(loadAll(t, "running"), false, Brief)); err != nil || strings.Contains(errs.String(), "times are") {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
}

// TestNeverIdle: an instance with a custom application is never idle, so nothing
// says that it stops when it is.
func TestNeverIdle(t *testing.T) {
	t.Parallel()
	c, err := compute.Decode([]byte(`{"name":"dev","properties":{"computeType":"ComputeInstance","properties":{"state":"Running","idleTimeBeforeShutdown":"PT45M","customServices":[{"name":"rstudio"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	list := []*compute.Compute{c}
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for name, r := range map[string]render.Result{
		"show": Show(list, false, Brief), "list": List(list, Where{}, Brief),
		"preview": Previews([]Preview{{Name: "dev", Compute: c}}, schedule.Zone{}, now, 7, false),
	} {
		s, out, errs := render.TestStreams("", 120, 120)
		if err := render.Print(s, render.Options{Now: now}, r); err != nil {
			t.Fatal(err)
		}
		text := out.String() + errs.String()
		if strings.Contains(text, "after 45m idle") || strings.Contains(text, "45m without use") || strings.Contains(text, " 45m ") {
			t.Errorf("%s promises a stop:\n%s", name, text)
		}
		if name == "show" && !strings.Contains(text, "never by itself: never idle: it has a custom application") {
			t.Errorf("%s does not say why:\n%s", name, text)
		}
	}
	if got := Applies(now, c); got != "it is Running, and nothing stops it" {
		t.Errorf("Applies = %q", got)
	}
}

// TestClockChangeAhead: who sets hours is told when clocks change soon, once for
// each zone, and not when it is far off, nothing changed or the schedule is off.
func TestClockChangeAhead(t *testing.T) {
	t.Parallel()
	instance := func(status string) *compute.Compute {
		c, err := compute.Decode([]byte(`{"name":"dev","properties":{"computeType":"ComputeInstance","properties":{"schedules":{"computeStartStop":[
			{"action":"Start","status":"` + status + `","triggerType":"Cron","cron":{"expression":"0 9 * * *","timeZone":"W. Europe Standard Time"}},
			{"action":"Stop","status":"` + status + `","triggerType":"Cron","cron":{"expression":"0 18 * * *","timeZone":"W. Europe Standard Time"}}]}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const note = "the clocks of W. Europe Standard Time go back by 1h on Sun 25 Oct: the hours stay as they are written, in UTC they are 1h later then\n"
	for name, test := range map[string]struct {
		day     int
		status  string
		already bool
		want    string
	}{
		"ten days ahead":    {15, "Enabled", false, note},
		"a month ahead":     {1, "Enabled", false, ""},
		"past":              {26, "Enabled", false, ""},
		"nothing changed":   {15, "Enabled", true, "dev: unchanged\n"},
		"schedules are off": {15, "Disabled", false, ""},
	} {
		now := time.Date(2026, 10, test.day, 12, 0, 0, 0, time.UTC)
		s, _, errs := render.TestStreams("", 0, 0)
		o := compute.Change{Name: "dev", Before: instance(test.status), Already: test.already}
		if err := render.Print(s, render.Options{Now: now, Format: render.None}, HoursChanged([]compute.Change{o}, false, now, nil)); err != nil || errs.String() != test.want {
			t.Errorf("%s: %q, %v", name, errs, err)
		}
	}
}

// TestQueryKeepsItsOrder holds that the hashes of a query keep their order in
// table and tsv and lose it in JSON, as with az, and that the objects of the
// service under a query do not get another order.
func TestQueryKeepsItsOrder(t *testing.T) {
	t.Parallel()
	list := loadAll(t, "running", "stopped")
	for _, c := range []struct {
		query string
		f     render.Format
		want  string
	}{
		{"[].{n:name, a:state}", render.TSV, "instance\tRunning\nnightly\tStopped\n"},
		{"[].{n:name, a:state}", render.Table, "N         A\n--------  -------\ninstance  Running\nnightly   Stopped\n"},
		{"[0].{n:name, a:state}", render.JSON, "{\n  \"a\": \"Running\",\n  \"n\": \"instance\"\n}\n"},
		{"[0].{n:name, a:state}", render.YAML, "a: Running\n\"n\": instance\n"},
		{"[?state==`Stopped`].name | [0]", render.TSV, "nightly\n"},
		{"[].resourceGroup", render.TSV, "ml-dev-rg\nml-dev-rg\n"},
		{"[?name=='nightly']", render.TSV, "ComputeInstance\t2026-03-02T08:00:00Z\t0\t/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/ml-dev-rg/providers/Microsoft.MachineLearningServices/workspaces/ml-dev/computes/nightly\tNone\twesteurope\tnightly\t2026-03-03T07:30:00Z\t2026-03-02T18:00:00Z\tbbbbbbbb-0000-0000-0000-000000000003\tNone\tSucceeded\tml-dev-rg\tNone\tStopped\t\tSTANDARD_D3_V2\tml-dev\n"},
		{"[].nope", render.TSV, ""},
		{"[0].nope", render.JSON, ""},
		{"length(@)", render.JSON, "2\n"},
		{"[].{name:name}", render.Name, "instance\nnightly\n"},
	} {
		q, err := query.Compile(c.query)
		if err != nil {
			t.Fatal(err)
		}
		s, out, _ := render.TestStreams("", 0, 0)
		if err := render.Print(s, render.Options{Format: c.f, Query: q, Now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}, List(list, Where{}, Brief)); err != nil || out.String() != c.want {
			t.Errorf("%s as %s: %v\n got %q\nwant %q", c.query, c.f, err, out, c.want)
		}
	}
}
