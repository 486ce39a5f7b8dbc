package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

const scheduling = "2021-03-01-preview"

// cronEntry is a schedule as a client sends it.
func cronEntry(action, expression, zone string) string {
	return `{"status":"Enabled","action":"` + action + `","triggerType":"Cron","cron":{"expression":"` + expression + `","timeZone":"` + zone + `"}}`
}

func list(entries ...string) string {
	return `{"computeStartStop":[` + strings.Join(entries, ",") + `]}`
}

func (r *rig) advance(d time.Duration) emulator.Status {
	r.t.Helper()
	st, err := r.Advance(context.Background(), d)
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

// A year with two clock changes and a leap day, checked against instants that
// were worked out by hand. Berlin goes to summer time on 26 March 2028 at 02:00
// and back on 29 October at 03:00.
func TestYearOfSchedules(t *testing.T) {
	t.Parallel()
	want := []string{
		"2028-01-29T01:30:00Z Start", "2028-01-30T17:00:00Z Stop",
		"2028-02-29T01:30:00Z Start", // a leap day; no 30 February follows
		"2028-03-26T01:00:00Z Stop",  // 02:30 does not exist: the first instant after the gap
		"2028-03-29T00:30:00Z Start", "2028-03-30T16:00:00Z Stop",
		"2028-04-29T00:30:00Z Start", "2028-04-30T16:00:00Z Stop",
		"2028-05-29T00:30:00Z Start", "2028-05-30T16:00:00Z Stop",
		"2028-06-29T00:30:00Z Start", "2028-06-30T16:00:00Z Stop",
		"2028-07-29T00:30:00Z Start", "2028-07-30T16:00:00Z Stop",
		"2028-08-29T00:30:00Z Start", "2028-08-30T16:00:00Z Stop",
		"2028-09-29T00:30:00Z Start", "2028-09-30T16:00:00Z Stop",
		"2028-10-29T00:30:00Z Start", // 02:30 comes twice: the first one
		"2028-10-30T17:00:00Z Stop",
		"2028-11-29T01:30:00Z Start", "2028-11-30T17:00:00Z Stop",
		"2028-12-29T01:30:00Z Start", "2028-12-30T17:00:00Z Stop",
	}
	const berlin = "W. Europe Standard Time"
	begin := func() *rig {
		r := newRig(t, emulator.Options{Clock: emulator.NewManualClock(time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC))})
		r.create("desk", "")
		r.do(stable, "POST", "/computes/desk/stop", "")
		r.do(scheduling, "POST", "/computes/desk/updateSchedules",
			list(cronEntry("Start", "30 2 29 * *", berlin), cronEntry("Stop", "0 18 30 * *", berlin), cronEntry("Stop", "30 2 26 3 *", berlin)))
		return r
	}

	// Hop from one moment at which something happens to the next.
	r := begin()
	var got []string
	for st := r.advance(0); st.Next.Year() == 2028; {
		st = r.advance(st.Next.Sub(st.Now))
		last := r.show("desk").inner("lastOperation").(map[string]any)
		at, err := time.Parse(time.RFC3339, last["operationTime"].(string))
		if err != nil {
			t.Fatal(err)
		}
		line := at.UTC().Format(time.RFC3339) + " " + last["operationName"].(string)
		if len(got) == 0 || got[len(got)-1] != line {
			got = append(got, line)
			r.want(line+": trigger", last["operationTrigger"], "Schedule")
		}
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("fired\n%s\nwant\n%s", g, w)
	}

	// The same year in one go ends the same way.
	whole := begin()
	whole.advance(366 * 24 * time.Hour)
	whole.want("lastOperation after a year in one go", whole.show("desk").inner("lastOperation", "operationTime"), "2028-12-30T17:00:00+00:00")
}

func TestSchedulesOfAnInstance(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", "")
	set := func(body string) answer { return r.at(scheduling, "POST", "/computes/desk/updateSchedules", body) }
	entries := func() []any { return r.show("desk").inner("schedules", "computeStartStop").([]any) }
	id := func(i int) string { return entries()[i].(map[string]any)["id"].(string) }

	stop := cronEntry("Stop", "0 18 * * *", "UTC")
	a := set(list(stop, `{"status":"Disabled","action":"Start","triggerType":"Recurrence","recurrence":{"frequency":"Week","interval":1,
		"startTime":"2026-01-01T00:00:00","schedule":{"hours":[9],"minutes":[0],"weekDays":["Monday","friday"]}}}`))
	r.want("status", a.status, 200)
	r.want("body", a.text, "{}")
	got := r.show("desk").text
	for _, part := range []string{
		`"provisioningStatus":"Completed","status":"Enabled","action":"Stop","triggerType":"Cron","cron":{"startTime":null,"timeZone":"UTC","expression":"0 18 * * *"},"recurrence":null`,
		`"cron":null,"recurrence":{"frequency":"Week","interval":1,"startTime":"2026-01-01T00:00:00","timeZone":"UTC","schedule":{"hours":[9],"minutes":[0],"weekDays":["Monday","friday"],"monthDays":null}}`,
	} {
		if !strings.Contains(got, part) {
			t.Errorf("GET lacks %s\nin %s", part, got)
		}
	}

	// Ids stay with the entries that are sent with theirs.
	first, second := id(0), id(1)
	withID := func(id string) string { return strings.Replace(stop, "{", `{"id":"`+id+`",`, 1) }
	set(list(stop, withID(second), withID(first), withID("not-one-of-these")))
	if id(1) != second || id(2) != first || id(0) == first || id(3) == "not-one-of-these" || id(3) == "" {
		t.Errorf("ids %s %s %s %s after %s %s", id(0), id(1), id(2), id(3), first, second)
	}
	set(list(withID(first), withID(first)))
	if id(0) != first || id(1) == first {
		t.Errorf("one id for two: %s %s", id(0), id(1))
	}
	set(list(stop, stop, stop, stop))
	r.want("the fifth is refused", set(list(stop, stop, stop, stop, stop)).status, 400)
	r.want("entries after a refusal", len(entries()), 4)
	for _, body := range []string{`{}`, `{"computeStartStop":null}`, `{"schedules":` + list() + `}`, `{"properties":{"schedules":` + list() + `}}`} {
		r.want("a body without the list: "+body, set(body).code(), "InvalidScheduleFormat")
	}
	r.want("entries after such bodies", len(entries()), 4)
	set(list())
	r.want("entries after an empty list", len(entries()), 0)

	for name, bad := range map[string]string{
		"no action":             `{"status":"Enabled","triggerType":"Cron","cron":{"expression":"0 18 * * *"}}`,
		"no trigger":            `{"status":"Enabled","action":"Stop","cron":{"expression":"0 18 * * *"}}`,
		"the other trigger":     `{"status":"Enabled","action":"Stop","triggerType":"Recurrence","cron":{"expression":"0 18 * * *"}}`,
		"status":                `{"status":"On","action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * *"}}`,
		"six fields":            cronEntry("Stop", "0 0 18 * * *", "UTC"),
		"never":                 cronEntry("Stop", "0 0 30 2 *", "UTC"),
		"an IANA zone":          cronEntry("Stop", "0 18 * * *", "Europe/Berlin"),
		"an unknown day":        `{"action":"Stop","triggerType":"Recurrence","recurrence":{"frequency":"Week","interval":1,"schedule":{"hours":[9],"minutes":[0],"weekDays":["Funday"]}}}`,
		"a frequency":           `{"action":"Stop","triggerType":"Recurrence","recurrence":{"frequency":"Fortnight","interval":1,"schedule":{"hours":[9],"minutes":[0]}}}`,
		"an invalid start":      `{"action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * *","startTime":"soon"}}`,
		"hours of another kind": `{"action":"Stop","triggerType":"Recurrence","recurrence":{"frequency":"Day","interval":1,"schedule":{"hours":["nine"],"minutes":[0]}}}`,
	} {
		if a := set(list(bad)); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	r.want("not an instance's version", r.at(stable, "POST", "/computes/desk/updateSchedules", list()).code(), "NoRegisteredProviderFound")

	// A zone that nobody knows is kept and does not fire.
	set(list(cronEntry("Stop", "* * * * *", "Middle-earth Standard Time")))
	r.want("provisioningStatus", entries()[0].(map[string]any)["provisioningStatus"], "Failed")
	r.clock.Advance(24 * time.Hour)
	r.want("state", r.state("desk"), "Running")
}

// A copy of a list does what its original does: a schedule that has ended or failed
// there does so here.
func TestLoadedSchedules(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	loaded := func(name, entry string) {
		t.Helper()
		list := `[{"id":"/subscriptions/` + emulator.Subscription + `/resourceGroups/` + emulator.ResourceGroup + `/providers/Microsoft.MachineLearningServices/workspaces/` + emulator.Workspace +
			`/computes/` + name + `","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2","state":"Running","schedules":{"computeStartStop":[` + entry + `]}}}}]`
		if _, err := r.Load(t.Context(), []byte(list)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	now := r.clock.Now().UTC()
	ends := func(after time.Duration) string { return now.Add(after).Format("2006-01-02T15:04:05") }
	const rest = `"status":"Enabled","action":"Stop"`
	cron := func(more string) string {
		return rest + `,"triggerType":"Cron","cron":{"expression":"0 * * * *","timeZone":"UTC"` + more + `}`
	}
	recurrence := rest + `,"triggerType":"Recurrence","recurrence":{"frequency":"Hour","interval":1,"timeZone":"UTC","endTime":"%s","schedule":{"hours":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23],"minutes":[0]}}`
	for _, test := range []struct{ name, entry, status, end, state string }{
		{"fires", `{"provisioningStatus":"Completed",` + cron("") + `}`, "Completed", "", "Stopped"},
		{"unsaid", `{` + cron("") + `}`, "Completed", "", "Stopped"},
		{"failed", `{"provisioningStatus":"Failed",` + cron("") + `}`, "Failed", "", "Running"},
		{"waiting", `{"provisioningStatus":"Provisioning",` + cron("") + `}`, "Provisioning", "", "Stopped"},
		{"ended", `{"provisioningStatus":"Completed",` + cron(`,"endTime":"`+ends(-time.Hour)+`"`) + `}`, "Completed", ends(-time.Hour), "Running"},
		{"ends", `{"provisioningStatus":"Completed",` + cron(`,"endTime":"`+ends(240*time.Hour)+`"`) + `}`, "Completed", ends(240 * time.Hour), "Stopped"},
		{"ended-too", `{"provisioningStatus":"Completed",` + fmt.Sprintf(recurrence, ends(-time.Hour)) + `}`, "Completed", ends(-time.Hour), "Running"},
		{"never-read", `{"provisioningStatus":"Completed",` + cron(`,"endTime":"soon"`) + `}`, "Completed", "soon", "Running"},
		{"no-zone", `{"provisioningStatus":"Completed",` + strings.Replace(cron(""), "UTC", "Middle-earth Standard Time", 1) + `}`, "Completed", "", "Running"},
	} {
		loaded(test.name, test.entry)
		entry := r.show(test.name).inner("schedules", "computeStartStop").([]any)[0].(map[string]any)
		r.want(test.name+": provisioningStatus", entry["provisioningStatus"], test.status)
		trigger, _ := entry["cron"].(map[string]any)
		if trigger == nil {
			trigger = entry["recurrence"].(map[string]any)
		}
		end, _ := trigger["endTime"].(string)
		r.want(test.name+": endTime", end, test.end)
		r.clock.Advance(90 * time.Minute)
		r.want(test.name+": state", r.state(test.name), test.state)
	}
}

// Settings can be changed while an operation runs, except by one who comes to a
// compute that is going.
func TestSettingsInTransition(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.create("desk", "")
	r.want("while it is created", r.at(preview, "POST", "/computes/desk/updateIdleShutdownSetting", `{"idleTimeBeforeShutdown":"PT30M"}`).status, 200)
	r.clock.Advance(time.Hour)
	r.do(stable, "POST", "/computes/desk/start", "")
	r.clock.Advance(time.Hour)
	r.do(stable, "DELETE", "/computes/desk?underlyingResourceAction=Delete", "")
	r.want("while it is deleted", r.at(preview, "POST", "/computes/desk/updateIdleShutdownSetting", `{}`).status, 409)
}

// Disabled and future schedules are silent, one that fires during another
// operation passes, and one that finds its goal reached does nothing.
func TestSilentSchedules(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.create("desk", "")
	r.clock.Advance(time.Hour) // 09:00
	set := func(entries ...string) {
		r.do(scheduling, "POST", "/computes/desk/updateSchedules", list(entries...))
	}
	hourly := cronEntry("Stop", "0 * * * *", "UTC")
	set(strings.Replace(hourly, "Enabled", "Disabled", 1), strings.Replace(hourly, `"cron":{`, `"cron":{"startTime":"2026-01-05T11:30:00",`, 1))
	r.clock.Advance(2*time.Hour + 30*time.Minute) // 11:30
	r.want("state before the start time", r.state("desk"), "Running")
	r.clock.Advance(31 * time.Minute) // 12:01
	r.want("state after it", r.state("desk"), "Stopped")

	set(cronEntry("Start", "10 12 * * *", "UTC"), cronEntry("Stop", "11 12 * * *", "UTC"), cronEntry("Start", "20 12 * * *", "UTC"))
	r.clock.Advance(10 * time.Minute) // 12:11, still starting
	r.want("state", r.state("desk"), "Starting")
	r.clock.Advance(20 * time.Minute) // 12:31
	got := r.show("desk")
	r.want("state", got.inner("state"), "Running")
	r.want("operationTime", got.inner("lastOperation", "operationTime"), "2026-01-05T12:10:00+00:00")
}

func TestIdleShutdown(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", `"idleTimeBeforeShutdown":"PT60M"`)
	set := func(body string) answer {
		return r.at(preview, "POST", "/computes/desk/updateIdleShutdownSetting", body)
	}
	r.clock.Advance(50 * time.Minute)
	a := set(`{"idleTimeBeforeShutdown":"PT30M"}`) // shortening begins the idle clock anew
	r.want("status", a.status, 200)
	r.want("body", a.text, "")
	r.clock.Advance(29 * time.Minute)
	r.want("state", r.state("desk"), "Running")
	r.clock.Advance(time.Minute)
	got := r.show("desk")
	r.want("state", got.inner("state"), "Stopped")
	r.want("trigger", got.inner("lastOperation", "operationTrigger"), "IdleShutdown")
	r.want("time", got.inner("lastOperation", "operationTime"), "2026-01-05T09:20:00+00:00")

	r.do(stable, "POST", "/computes/desk/start", "")
	set(`{"idleTimeBeforeShutdown":null}`)
	r.clock.Advance(100 * time.Hour)
	r.want("state when it is off", r.state("desk"), "Running")
	r.want("value when it is off", r.show("desk").inner("idleTimeBeforeShutdown"), nil)

	set(`{"idleTimeBeforeShutdown":"PT15M"}`)
	r.do(preview, "POST", "/computes/desk/customServices", `[{"name":"rstudio","image":{"reference":"r"}}]`)
	r.clock.Advance(100 * time.Hour)
	r.want("state with a custom application", r.state("desk"), "Running")
	r.do(preview, "POST", "/computes/desk/customServices", `[]`)
	r.clock.Advance(15 * time.Minute)
	r.want("state without one", r.state("desk"), "Stopped")

	for _, bad := range []string{`{"idleTimeBeforeShutdown":"PT14M"}`, `{"idleTimeBeforeShutdown":"P3DT1M"}`, `{"idleTimeBeforeShutdown":"-PT60M"}`, `{"idleTimeBeforeShutdown":60}`, ``} {
		r.want(bad, set(bad).status, 400)
	}
	r.want("at a stable version", r.at(stable, "POST", "/computes/desk/updateIdleShutdownSetting", `{}`).code(), "NoRegisteredProviderFound")
}

// What happens at several computes happens in the order of its time, though
// nobody looked meanwhile.
func TestOrderAcrossComputes(t *testing.T) {
	t.Parallel()
	// Quota for one of the two: the first to stop lets the other start.
	r := newRig(t, emulator.Options{FamilyCores: 1})
	flag := `"releaseQuotaOnStop":true`
	r.create("ann", flag)
	r.do(stable, "POST", "/computes/ann/stop", "")
	r.create("bob", flag)
	r.do(scheduling, "POST", "/computes/bob/updateSchedules", list(cronEntry("Stop", "0 10 * * *", "UTC")))
	r.do(scheduling, "POST", "/computes/ann/updateSchedules", list(cronEntry("Start", "30 9 * * *", "UTC"), cronEntry("Start", "30 10 * * *", "UTC")))
	r.clock.Advance(24 * time.Hour)
	r.want("bob", r.state("bob"), "Stopped")
	got := r.show("ann")
	r.want("ann", got.inner("state"), "Running")
	r.want("ann's start", got.inner("lastOperation", "operationTime"), "2026-01-05T10:30:00+00:00")
}

func TestResize(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.create("desk", "")
	r.clock.Advance(time.Hour)
	allowed := r.do(preview, "POST", "/computes/desk/getAllowedVmSizesForResize", "").text
	if strings.Contains(allowed, "DS1_v2") || !strings.Contains(allowed, "DS2_v2") || strings.Contains(allowed, "NC6") {
		t.Errorf("allowed sizes of a DS1_v2: %s", allowed)
	}
	a := r.do(preview, "POST", "/computes/desk/resize", `{"targetVMSize":"standard_ds2_v2"}`)
	r.want("status", a.status, 202)
	if a.header.Get("Location") == "" {
		t.Error("no Location")
	}
	got := r.show("desk")
	r.want("state", got.inner("state"), "Resizing")
	r.want("size meanwhile", got.inner("vmSize"), "STANDARD_DS1_V2")
	r.clock.Advance(time.Hour)
	got = r.show("desk")
	r.want("state", got.inner("state"), "Running")
	r.want("size", got.inner("vmSize"), "STANDARD_DS2_V2")
	r.want("operation", got.inner("lastOperation", "operationName"), "Resize")
	for _, bad := range []string{`{"targetVMSize":"Standard_NC6"}`, `{"targetVMSize":"Standard_DS2_v2"}`, `{"targetVMSize":"Standard_B2s"}`, `{}`} {
		r.want(bad, r.at(preview, "POST", "/computes/desk/resize", bad).status, 400)
	}
	r.want("at a stable version", r.at(stable, "POST", "/computes/desk/resize", `{}`).code(), "NoRegisteredProviderFound")
}

func TestDataMounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", "")
	r.do(preview, "POST", "/computes/desk/updateDataMounts", `[{"source":"azureml://x","sourceType":"URI","mountName":"hello","mountAction":"Mount","mountMode":"ReadOnly"}]`)
	mount := func(version string) map[string]any {
		return r.do(version, "GET", "/computes/desk", "").inner("dataMounts").([]any)[0].(map[string]any)
	}
	r.want("mountState", mount(stable)["mountState"], "Mounted")
	r.want("mountMode", mount(stable)["mountMode"], "ReadOnly")
	if _, has := mount("2024-04-01")["mountMode"]; has {
		t.Error("2024-04-01 has mountMode")
	}
	r.want("not a list", r.at(preview, "POST", "/computes/desk/updateDataMounts", `{}`).status, 400)
	r.want("a null", r.at(preview, "POST", "/computes/desk/updateDataMounts", `[null]`).status, 400)
}

// admin sends one of the emulator's own operations.
func (r *rig) admin(method, verb, body string) (emulator.Status, answer) {
	r.t.Helper()
	a := r.send(method, host+"/_emulator/"+verb, body)
	var st emulator.Status
	if a.status == 200 {
		if err := json.Unmarshal([]byte(a.text), &st); err != nil {
			r.t.Fatal(err)
		}
	}
	return st, a
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.create("desk", "")
	st, _ := r.admin("GET", "status", "")
	if st.Computes != 1 || st.Busy != 1 || st.States["Creating"] != 1 || st.Pace != "real" || st.Next == nil || !st.Now.Equal(monday) {
		t.Errorf("status = %+v", st)
	}
	st, _ = r.admin("POST", "advance", `{"by":"3m"}`)
	if st.States["Running"] != 1 || st.Advanced != "3m0s" || !st.Now.Equal(monday.Add(3*time.Minute)) {
		t.Errorf("status after advance = %+v", st)
	}
	for _, bad := range []string{`{"by":"-3m"}`, `{"by":"3 days"}`, `{"by":""}`, `{"by":"1000000h"}`, `{}`, `x`, ``} {
		if _, a := r.admin("POST", "advance", bad); a.status != 400 {
			t.Errorf("advance %s: %d %s", bad, a.status, a.text)
		}
	}
	st, _ = r.admin("POST", "reset", "")
	if st.Computes != 0 || st.Workspaces != 1 || !st.Now.Equal(monday) {
		t.Errorf("status after reset = %+v", st)
	}
	r.want("desk after reset", r.at(stable, "GET", "/computes/desk", "").status, 404)
	if _, a := r.admin("GET", "reset", ""); a.status != 404 {
		t.Errorf("GET reset: %d", a.status)
	}
}

// set puts a compute into a state, as `emulator set` does.
func (r *rig) set(name, change string) answer {
	r.t.Helper()
	_, a := r.admin("POST", "set", `{"id":"`+workspacePath+"/computes/"+name+`",`+change+`}`)
	return a
}

func TestSet(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", "")
	r.set("desk", `"diskFull":true`)
	a := r.at(stable, "POST", "/computes/desk/stop", "")
	r.want("stop with a full disk", a.get("error", "message"), "StopCompute is not allowed when ComputeInstance disk is full.")
	r.set("desk", `"diskFull":false,"noCapacity":true`)
	r.do(stable, "POST", "/computes/desk/stop", "")
	op := r.do(stable, "POST", "/computes/desk/start", "").header.Get("Azure-AsyncOperation")
	poll := r.send("GET", op, "")
	r.want("a start without capacity: HTTP status", poll.status, 200)
	r.want("a start without capacity", poll.get("status"), "Failed")
	r.want("its code", poll.code(), "AllocationFailed")
	op = r.do("2018-11-19", "POST", "/computes/desk/start", "").header.Get("Azure-AsyncOperation")
	r.want("its code, wrapped twice as it was once", r.send("GET", op, "").get("error", "error", "code"), "AllocationFailed")
	got := r.show("desk")
	r.want("state", got.inner("state"), "Stopped")
	r.want("operationStatus", got.inner("lastOperation", "operationStatus"), "StartFailed")
	r.want("errors", len(got.inner("errors").([]any)), 1)
	r.want("provisioningState", got.get("properties", "provisioningState"), "Succeeded")

	for state, provisioned := range map[string]string{"CreateFailed": "Failed", "unusable": "Succeeded", "SetupFailed": "Succeeded", "JobRunning": "Succeeded", "Creating": "Creating"} {
		r.want(state, r.set("desk", `"state":"`+state+`"`).status, 200)
		got := r.show("desk")
		if s, _ := got.inner("state").(string); !strings.EqualFold(s, state) {
			t.Errorf("state %s after set %s", s, state)
		}
		r.want(state+": provisioningState", got.get("properties", "provisioningState"), provisioned)
	}
	r.want("an unknown state", r.set("desk", `"state":"Happy"`).status, 400)
	r.want("an unknown compute", r.set("none", `"state":"Running"`).status, 404)
	r.want("jobs of an instance", r.set("desk", `"jobs":1`).status, 400)
	_, a = r.admin("POST", "set", `{"id":"desk","state":"Running"}`)
	r.want("an invalid id", a.status, 400)

	r.set("desk", `"state":"Running","stickySize":true`)
	r.do(stable, "DELETE", "/computes/desk?underlyingResourceAction=Delete", "")
	r.do(stable, "PUT", "/computes/desk", instance("STANDARD_DS3_V2", ""))
	r.want("the size of a sticky name", r.show("desk").inner("vmSize"), "STANDARD_DS1_V2")
	r.do(stable, "DELETE", "/computes/desk?underlyingResourceAction=Delete", "")
	r.do(stable, "PUT", "/computes/desk", instance("STANDARD_DS3_V2", ""))
	r.want("the size the time after", r.show("desk").inner("vmSize"), "STANDARD_DS3_V2")
}

// What a list shows can be loaded elsewhere and shows the same there.
func TestLoad(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", `"idleTimeBeforeShutdown":"PT60M","schedules":`+list(cronEntry("Stop", "0 18 * * *", "UTC")))
	r.do(stable, "POST", "/computes/desk/stop", "")
	r.do(stable, "PUT", "/computes/fleet", `{"tags":{"a":"b"},"identity":{"type":"SystemAssigned"},"properties":{"computeType":"AmlCompute","description":"d",
		"properties":{"vmSize":"STANDARD_NC6","vmPriority":"LowPriority","scaleSettings":{"maxNodeCount":4,"minNodeCount":2,"nodeIdleTimeBeforeScaleDown":"PT300S"}}}}`)
	r.do(stable, "PUT", "/computes/aks", `{"properties":{"computeType":"AKS","resourceId":"/subscriptions/x"}}`)
	r.clock.Advance(time.Hour)
	want := r.do(preview, "GET", "/computes", "")

	other := newRig(t, emulator.Options{Clock: r.clock, StrictWorkspaces: true})
	raw, err := json.Marshal(want.body["value"])
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{string(raw), want.text} {
		if _, a := other.admin("POST", "load", form); a.status != 200 {
			t.Fatalf("load: %d %s", a.status, a.text)
		}
		if got := other.do(preview, "GET", "/computes", ""); !reflect.DeepEqual(got.body, want.body) {
			t.Errorf("loaded\n%s\nwant\n%s", got.text, want.text)
		}
	}
	// Loaded schedules fire, and sizes nobody offers do no harm.
	odd := strings.ReplaceAll(want.text, "STANDARD_DS1_V2", "STANDARD_B2S")
	odd = strings.Replace(odd, `"Stopped"`, `"Running"`, 1)
	if _, a := other.admin("POST", "load", odd); a.status != 200 {
		t.Fatalf("load: %d %s", a.status, a.text)
	}
	r.clock.Advance(24 * time.Hour)
	other.want("state of a loaded instance", other.state("desk"), "Stopped")
	other.do(stable, "POST", "/computes/desk/start", "")

	// Nor do schedules that we would refuse: they are kept, and silent.
	odd = strings.Replace(want.text, `"0 18 * * *"`, `"every evening"`, 1)
	if _, a := other.admin("POST", "load", odd); a.status != 200 || !strings.Contains(other.show("desk").text, `"every evening"`) {
		t.Errorf("load: %d %s\n%s", a.status, a.text, other.show("desk").text)
	}
	one, err := json.Marshal(other.show("aks").body) // as show --raw prints it
	if err != nil {
		t.Fatal(err)
	}
	alone := newRig(t, emulator.Options{Clock: r.clock})
	_, a := alone.admin("POST", "load", string(one))
	alone.want("computes after one alone was loaded", a.get("computes"), 1.0)

	for name, bad := range map[string]string{
		"no id": `[{"properties":{"computeType":"AKS"}}]`, "another id": `[{"id":"/subscriptions/x","properties":{"computeType":"AKS"}}]`,
		"no type": `[{"id":"` + workspacePath + `/computes/x"}]`, "not a list": `7`, "nulls": `[null]`, "nothing": ``,
		"null": `null`, "an object of something else": `{"computes":[]}`,
	} {
		if _, a := other.admin("POST", "load", bad); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}
