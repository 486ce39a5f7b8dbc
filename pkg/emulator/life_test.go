package emulator_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// At the real pace operations take as long as was recorded of the service, and
// pass through the documented states.
func TestRealPace(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	made := r.create("desk", "")
	r.want("PUT status", made.status, http.StatusCreated)
	r.want("provisioningState", made.get("properties", "provisioningState"), "Creating")
	r.want("state in the 201", made.inner("state"), nil)
	r.want("Retry-After", made.header.Get("Retry-After")+made.header.Get("Retry-After-Ms"), "")
	operation := made.header.Get("Azure-AsyncOperation")

	for _, step := range []struct {
		after              time.Duration
		state, provisioned string
		operation          string
		done               any
	}{
		{0, "Creating", "Creating", "InProgress", nil},
		{125 * time.Second, "Creating", "Creating", "InProgress", nil},
		{2 * time.Second, "SettingUp", "Creating", "InProgress", nil},
		{52 * time.Second, "SettingUp", "Creating", "InProgress", nil},
		{1 * time.Second, "Running", "Succeeded", "Succeeded", 100.0},
	} {
		r.clock.Advance(step.after)
		got := r.show("desk")
		r.want("state", got.inner("state"), step.state)
		r.want("provisioningState", got.get("properties", "provisioningState"), step.provisioned)
		poll := r.send("GET", operation, "")
		r.want("operation status", poll.get("status"), step.operation)
		r.want("percentComplete", poll.get("percentComplete"), step.done)
	}

	for _, act := range []struct {
		verb, during, after string
		takes               time.Duration
	}{
		{"stop", "Stopping", "Stopped", 60 * time.Second},
		{"start", "Starting", "Running", 120 * time.Second},
		{"restart", "Restarting", "Running", 120 * time.Second},
	} {
		began := r.clock.Now()
		a := r.do(stable, "POST", "/computes/desk/"+act.verb, "")
		r.want(act.verb+" status", a.status, http.StatusAccepted)
		r.want(act.verb+" body", a.text, "")
		r.want("Location", a.header.Get("Location"), "")
		r.want("state at once", r.state("desk"), act.during)
		r.clock.Advance(act.takes - time.Second)
		r.want("state before the end", r.state("desk"), act.during)
		r.want("lastOperation before the end", r.show("desk").inner("lastOperation", "operationStatus"), "InProgress")
		r.clock.Advance(time.Second)
		got := r.show("desk")
		r.want("state at the end", got.inner("state"), act.after)
		r.want("provisioningState", got.get("properties", "provisioningState"), "Succeeded")
		r.want("operationTime", got.inner("lastOperation", "operationTime"), began.Format("2006-01-02T15:04:05.999-07:00"))
	}
}

// At the instant pace the accepting answer shows the transition and every later
// request sees it finished, though no time has passed.
func TestInstantPace(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	made := r.create("desk", "")
	r.want("provisioningState in the 201", made.get("properties", "provisioningState"), "Creating")
	r.want("Retry-After-Ms", made.header.Get("Retry-After-Ms"), "1")
	r.want("state", r.state("desk"), "Running")
	r.do(stable, "POST", "/computes/desk/stop", "")
	r.want("state", r.state("desk"), "Stopped")
}

func TestPaces(t *testing.T) {
	t.Parallel()
	for text, takes := range map[string]time.Duration{"": 2 * time.Second, "fast": 2 * time.Second, "real": 120 * time.Second, "20": 6 * time.Second, "0.5": 240 * time.Second} {
		p, err := emulator.ParsePace(text)
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, emulator.Options{Pace: p})
		r.create("desk", "")
		r.clock.Advance(time.Hour)
		r.do(stable, "POST", "/computes/desk/stop", "")
		r.clock.Advance(time.Hour)
		r.do(stable, "POST", "/computes/desk/start", "")
		r.clock.Advance(takes - time.Millisecond)
		r.want(text+": state just before", r.state("desk"), "Starting")
		r.clock.Advance(time.Millisecond)
		r.want(text+": state", r.state("desk"), "Running")
		if again, err := emulator.ParsePace(p.String()); err != nil || again != p {
			t.Errorf("%q does not survive String: %q, %v", text, p, err)
		}
	}
	for _, bad := range []string{"0", "-1", "slow", "nan", "inf", "1x"} {
		if _, err := emulator.ParsePace(bad); err == nil {
			t.Errorf("ParsePace(%q) is not an error", bad)
		}
	}
	for _, bad := range []string{"x0", "x", "x-3", "xnan", "x1e7", "60", "Manual"} {
		if _, err := emulator.ParseClock(bad); err == nil {
			t.Errorf("ParseClock(%q) is not an error", bad)
		}
	}
	for _, good := range []string{"", "wall", "manual", "x60"} {
		if c, err := emulator.ParseClock(good); err != nil || time.Since(c.Now()).Abs() > time.Minute {
			t.Errorf("ParseClock(%q) is not at the present: %v", good, err)
		}
	}
}

// However slow the pace, an operation goes on; it never ends before it began.
func TestPaceWithoutAnEnd(t *testing.T) {
	t.Parallel()
	pace, err := emulator.ParsePace("1e-300")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, emulator.Options{Pace: pace})
	r.create("desk", "")
	r.clock.Advance(1000 * time.Hour)
	r.want("state after 1000 hours", r.state("desk"), "Creating")
	before := r.clock.Now()
	r.clock.Advance(-time.Hour)
	r.want("a clock that is set back", r.clock.Now(), before)
}

// One operation at a time, and only from the states it makes sense in.
func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.create("desk", "")
	for _, req := range [][2]string{{"POST", "/computes/desk/start"}, {"POST", "/computes/desk/stop"}, {"DELETE", "/computes/desk?underlyingResourceAction=Delete"}, {"PUT", "/computes/desk"}} {
		a := r.at(preview, req[0], req[1], instance("STANDARD_DS2_V2", ""))
		r.want(req[0]+req[1], a.status, http.StatusConflict)
		if m, _ := a.get("error", "message").(string); !strings.Contains(m, "currently being processed by another command") || !strings.Contains(m, "There is already an active operation submitted") {
			t.Errorf("message %q lacks what clients look for", m)
		}
	}
	r.clock.Advance(time.Hour)
	a := r.at(stable, "POST", "/computes/desk/start", "")
	r.want("start while Running", a.status, http.StatusBadRequest)
	r.want("code", a.code(), "StartComputeInstanceOnlyAllowedInStoppedState")
	r.want("message", a.get("error", "message"), "Start Azure ML Compute Instance is only allowed when the instance desk is in 'stopped' state")
	r.do(stable, "POST", "/computes/desk/stop", "")
	r.clock.Advance(time.Hour)
	for _, verb := range []string{"stop", "restart"} {
		r.want(verb+" while Stopped", r.at(stable, "POST", "/computes/desk/"+verb, "").status, http.StatusBadRequest)
	}
	r.want("delete without how", r.at(stable, "DELETE", "/computes/desk", "").status, http.StatusBadRequest)
	r.want("detach of an instance", r.at(stable, "DELETE", "/computes/desk?underlyingResourceAction=Detach", "").status, http.StatusBadRequest)
	r.want("PATCH of an instance", r.at(stable, "PATCH", "/computes/desk", `{}`).status, http.StatusBadRequest)
	r.want("listKeys of an instance", r.at(stable, "POST", "/computes/desk/listKeys", ``).status, http.StatusBadRequest)
	a = r.at(stable, "POST", "/computes/desk/listNodes", ``)
	r.want("listNodes of an instance", a.get("error", "message"), "ComputeListNodes with computeType ComputeInstance is not supported.")
	r.want("start of nothing", r.at(stable, "POST", "/computes/nothing/start", "").code(), "ResourceNotFound")
	r.want("delete of nothing", r.at(stable, "DELETE", "/computes/nothing?underlyingResourceAction=delete", "").status, http.StatusNoContent)
}

// The URL of an operation must come back as it was given out.
func TestOperationURL(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	u := r.create("desk", "").header.Get("Azure-AsyncOperation")
	if len(u) < 2000 || !strings.HasPrefix(u, host+locationPath+"computeOperationsStatus/") || !strings.Contains(u, "?api-version="+preview+"&service=new&t=") {
		t.Errorf("operation URL does not look like the service's: %.200s", u)
	}
	r.want("as given", r.send("GET", u, "").status, 200)
	r.want("a second api-version", r.send("GET", u+"&api-version="+preview, "").status, 400)
	r.want("another api-version", r.send("GET", strings.Replace(u, preview, stable, 1), "").status, 403)
	r.want("cut short", r.send("GET", u[:len(u)-3], "").status, 403)
	bare, _, _ := strings.Cut(u, "&service")
	r.want("rebuilt", r.send("GET", bare, "").status, 403)
	r.want("unknown", r.send("GET", strings.Replace(u, "computeOperationsStatus/", "computeOperationsStatus/f", 1), "").status, 404)
}

func TestCreateChecks(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	key := `"sshSettings":{"sshPublicAccess":"Enabled","adminPublicKey":"ssh-rsa AAAA"}`
	user := `"personalComputeInstanceSettings":{"assignedUser":{"objectId":"o","tenantId":"t"}}`
	for name, c := range map[string]struct{ name, body, message string }{
		"size not offered":   {"desk", instance("Standard_B2s", ""), "is not a supported VM size"},
		"no size":            {"desk", `{"properties":{"computeType":"ComputeInstance"}}`, "vmSize is required"},
		"no type":            {"desk", `{"properties":{}}`, "computeType is required"},
		"unknown type":       {"desk", `{"properties":{"computeType":"Toaster"}}`, "not supported"},
		"no body":            {"desk", ``, "empty"},
		"not JSON":           {"desk", `{"properties":`, "could not be deserialized"},
		"wrong types":        {"desk", `{"properties":{"computeType":7}}`, "deserialized: 'the JSON number stands where another type belongs, position 30'"},
		"a list":             {"desk", `[]`, "deserialized: 'the JSON array stands where another type belongs, position 1'"},
		"a mark before it":   {"desk", "\uFEFF{}", "computeType is required"},
		"short name":         {"ab", instance("STANDARD_DS1_V2", ""), "between 3 and 24 characters"},
		"name ends in -1":    {"cpu-1", instance("STANDARD_DS1_V2", ""), "(-)，must start with letters"},
		"key for another":    {"desk", instance("STANDARD_DS1_V2", key+","+user), "Setting SSH key at creation time is not allowed"},
		"ssh without a key":  {"desk", instance("STANDARD_DS1_V2", `"sshSettings":{"sshPublicAccess":"Enabled"}`), "adminPublicKey is required"},
		"assigned to nobody": {"desk", instance("STANDARD_DS1_V2", `"personalComputeInstanceSettings":{"assignedUser":{"objectId":"o"}}`), "tenantId"},
		"sharing policy":     {"desk", instance("STANDARD_DS1_V2", `"applicationSharingPolicy":"None"`), "Personal or Shared"},
		"idle too short":     {"desk", instance("STANDARD_DS1_V2", `"idleTimeBeforeShutdown":"PT14M59S"`), "Minimum is 15 min"},
		"idle no duration":   {"desk", instance("STANDARD_DS1_V2", `"idleTimeBeforeShutdown":"90m"`), "ISO 8601"},
		"cluster without max": {"desk", `{"properties":{"computeType":"AmlCompute","properties":{"vmSize":"STANDARD_NC6"}}}`,
			"maxNodeCount is required"},
		"kubernetes without a resource": {"desk", `{"properties":{"computeType":"Kubernetes"}}`, "resourceId is required"},
	} {
		a := r.at(preview, "PUT", "/computes/"+c.name, c.body)
		if m, _ := a.get("error", "message").(string); a.status != 400 || !strings.Contains(m, c.message) {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	r.want("computes left behind", len(r.do(stable, "GET", "/computes", "").get("value").([]any)), 0)
}

func TestNames(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{FamilyCores: 1000})
	long := strings.Repeat("a", 24)
	for name, ok := range map[string]bool{
		"abc": true, "cpu1": true, "cpu-1a": true, "a-1-b": true, "a1-": true, "abc-": true, "a--b": true, long: true,
		"ab": false, "1abc": false, "cpu_1": false, "cpu-1": false, "cpu-12": false, "cpu-cluster-1": false, "gpu-v100-2": false, long + "a": false,
		"-abc": false, "äbc": false,
	} {
		check := r.do(stable, "POST", "/checkComputeNameAvailability", `{"Name":"`+name+`","Type":"Microsoft.BatchAI/DataScienceInstance"}`)
		r.want(name+": nameAvailable", check.get("nameAvailable"), ok)
		if !ok {
			r.want(name+": reason", check.get("reason"), "Invalid")
		}
		r.want(name+": PUT accepted", r.at(stable, "PUT", "/computes/"+name, instance("STANDARD_DS1_V2", "")).status == 201, ok)
	}

	// Names are the region's, in any case, from any workspace.
	other := strings.Replace(workspacePath, emulator.Workspace, "elsewhere", 1)
	a := r.send("POST", host+other+"/checkComputeNameAvailability?api-version="+stable, `{"Name":"ABC"}`)
	r.want("reason", a.get("reason"), "AlreadyExists")
	r.want("message", a.get("message"), "The specified name ABC is already in use and is therefore unavailable")
	a = r.send("PUT", host+other+"/computes/Abc?api-version="+stable, instance("STANDARD_DS1_V2", ""))
	r.want("PUT of a taken name", a.status, http.StatusConflict)
	r.want("message", a.get("error", "message"), "Compute with this name already exists. Compute name needs to be unique across all existing computes within an Azure region.")
	a = r.send("PUT", host+other+"/computes/abc?api-version="+stable, strings.Replace(instance("STANDARD_DS1_V2", ""), "eastus", "West Europe", 1))
	r.want("PUT in another region", a.status, http.StatusCreated)
	r.want("location", a.get("location"), "westeurope")
}

func TestCaseOfPathsAndNames(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("MyDesk", "")
	upper := strings.ToUpper(workspacePath + "/computes/mydesk")
	a := r.send("GET", host+upper+"?api-version="+stable, "")
	r.want("status", a.status, 200)
	r.want("id", a.get("id"), workspacePath+"/computes/MyDesk")
	r.want("name", a.get("name"), "MyDesk")
	a = r.send("PUT", host+upper+"?api-version="+stable, instance("STANDARD_DS1_V2", ""))
	r.want("name after a PUT in another case", a.get("name"), "MyDesk")
}

// A PUT on an instance that exists answers 200 and changes neither schedules
// nor idle time nor tags; what else it says overwrites.
func TestPutAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	stop := `"schedules":{"computeStartStop":[{"status":"Enabled","action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * *"}}]}`
	r.create("desk", `"idleTimeBeforeShutdown":"PT30M",`+inlineScript+`,`+stop)
	again := `{"location":"eastus","tags":{"a":"b"},"properties":{"computeType":"ComputeInstance","description":"new","properties":{
		"vmSize":"STANDARD_DS1_V2","idleTimeBeforeShutdown":"PT60M","applicationSharingPolicy":"Personal","schedules":{"computeStartStop":[]},
		"setupScripts":{"scripts":{"startupScript":{"scriptSource":"inline","scriptData":"QQ=="}}}}}}`
	a := r.do(preview, "PUT", "/computes/desk", again)
	r.want("status", a.status, http.StatusOK)
	r.want("operation", a.header.Get("Azure-AsyncOperation"), "")
	got := r.show("desk")
	r.want("idle", got.inner("idleTimeBeforeShutdown"), "PT30M")
	r.want("schedules", len(got.inner("schedules", "computeStartStop").([]any)), 1)
	r.want("creation script", got.inner("setupScripts", "scripts", "creationScript", "scriptData"), "ZWNobyBoaQo=")
	r.want("startup script", got.inner("setupScripts", "scripts", "startupScript"), nil)
	r.want("tags", len(got.get("tags").(map[string]any)), 0)
	r.want("description", got.get("properties", "description"), "new")
	r.want("sharing", got.inner("applicationSharingPolicy"), "Personal")
	r.want("state", got.inner("state"), "Running")

	r.do(stable, "POST", "/computes/desk/stop", "")
	a = r.do(preview, "PUT", "/computes/desk", instance("STANDARD_DS2_V2", ""))
	r.want("another size: status", a.status, http.StatusCreated)
	got = r.show("desk")
	r.want("another size", got.inner("vmSize"), "STANDARD_DS2_V2")
	r.want("a new machine is on", got.inner("state"), "Running")
	r.want("idle of the new machine", got.inner("idleTimeBeforeShutdown"), "PT30M")
	r.want("another type", r.at(stable, "PUT", "/computes/desk", `{"properties":{"computeType":"AKS"}}`).status, http.StatusConflict)
}

func TestSecretsAreDropped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRig(t, emulator.Options{Dir: dir})
	const secret = "hunter2-do-not-keep"
	r.create("desk", `"sshSettings":{"sshPublicAccess":"Enabled","adminPublicKey":"ssh-rsa `+secret+`"}`)
	bodies := map[string]string{
		"cluster": `{"properties":{"computeType":"AmlCompute","properties":{"vmSize":"STANDARD_NC6","scaleSettings":{"maxNodeCount":1},
			"userAccountCredentials":{"adminUserName":"me","adminUserPassword":"` + secret + `","adminUserSshPublicKey":"` + secret + `"}}}}`,
		"box": `{"properties":{"computeType":"VirtualMachine","properties":{"address":"a",
			"administratorAccount":{"username":"me","PASSWORD":"` + secret + `","privateKeyData":"` + secret + `"}}}}`,
		"aks": `{"properties":{"computeType":"AKS","properties":{"sslConfiguration":{"status":"Enabled","cert":"` + secret + `","key":"` + secret + `"}}}}`,
		"k8s": `{"properties":{"computeType":"Kubernetes","resourceId":"/subscriptions/x","properties":{"relayConnectionString":"` + secret + `","serviceBusConnectionString":"` + secret + `"}}}`,
		"dbx": `{"properties":{"computeType":"Databricks","properties":{"databricksAccessToken":"` + secret + `"}}}`,
	}
	for name, body := range bodies {
		if a := r.do(stable, "PUT", "/computes/"+name, body); strings.Contains(a.text, secret) {
			t.Errorf("%s: the answer to the PUT holds the secret", name)
		}
	}
	r.want("kept: an admin's name", r.show("cluster").inner("userAccountCredentials", "adminUserName"), "me")
	if a := r.do(stable, "GET", "/computes", ""); strings.Contains(a.text, secret) {
		t.Error("the list holds a secret")
	}
	if raw := readState(t, dir); strings.Contains(string(raw), secret) {
		t.Error("the state file holds a secret")
	}
}

func TestCallers(t *testing.T) {
	t.Parallel()
	jwt := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".sig"
	}
	const nobody = "00000000-0000-0000-0000-000000000000"
	for header, want := range map[string][3]any{
		"":                    {nobody, nobody, nil},
		"Bearer":              {nobody, nobody, nil},
		"Bearer junk":         {nobody, nobody, nil},
		"Bearer a.%%%.c":      {nobody, nobody, nil},
		"Bearer " + jwt(`{}`): {nobody, nobody, nil},
		"Bearer " + jwt(`{"oid":"o","tid":"t","name":"Ann"}`): {"o", "t", "Ann"},
		"bearer " + jwt(`{"oid":"o"}`):                        {"o", nobody, nil},
		"Bearer " + jwt(`[1]`):                                {nobody, nobody, nil},
	} {
		r := newRig(t, emulator.Options{})
		req := httptest.NewRequest("PUT", workspacePath+"/computes/desk?api-version="+stable, strings.NewReader(instance("STANDARD_DS1_V2", "")))
		req.Header.Set("Authorization", header)
		rec := httptest.NewRecorder()
		r.ServeHTTP(rec, req)
		got := r.show("desk")
		by := [3]any{got.inner("createdBy", "userId"), got.inner("createdBy", "userOrgId"), got.inner("createdBy", "userName")}
		if by != want {
			t.Errorf("%q: createdBy %v, want %v", header, by, want)
		}
	}
}

func TestStrictWorkspaces(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{StrictWorkspaces: true})
	replace := func(from, to string) string {
		return host + strings.Replace(workspacePath, from, to, 1) + "?api-version=" + stable
	}
	r.want("workspace", r.send("GET", replace(emulator.Workspace, "other"), "").code(), "ResourceNotFound")
	r.want("group", r.send("GET", replace(emulator.ResourceGroup, "other"), "").code(), "ResourceGroupNotFound")
	r.want("subscription", r.send("GET", replace(emulator.Subscription, "other"), "").code(), "SubscriptionNotFound")
	made := r.send("PUT", replace(emulator.Workspace, "other"), `{"location":"West Europe","tags":{"a":"b"}}`)
	r.want("PUT", made.status, 200)
	r.want("location", made.get("location"), "westeurope")
	r.want("GET", r.send("GET", replace(emulator.Workspace, "other"), "").status, 200)
	r.want("DELETE", r.send("DELETE", replace(emulator.Workspace, "other"), "").status, 200)
	r.want("GET", r.send("GET", replace(emulator.Workspace, "other"), "").status, 404)

	easy := newRig(t, emulator.Options{})
	for _, part := range []string{emulator.Workspace, emulator.ResourceGroup, emulator.Subscription} {
		easy.want("made on first use: "+part, easy.send("GET", replace(part, "some-name"), "").status, 200)
	}
	easy.want("not a workspace name", easy.send("GET", replace(emulator.Workspace, "a"), "").status, 400)
	list := easy.send("GET", host+"/subscriptions/some-name/providers/Microsoft.MachineLearningServices/workspaces?api-version="+stable, "")
	easy.want("listed", len(list.get("value").([]any)), 1)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	if _, err := r.Advance(context.Background(), 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	a := r.do(stable, "GET", "/computes", "")
	r.want("Date", a.header.Get("Date"), "Tue, 06 Jan 2026 08:00:00 GMT")
	b := r.at(stable, "GET", "/computes/none", "")
	for _, h := range []string{"x-ms-request-id", "x-ms-correlation-request-id", "x-ms-ratelimit-remaining-subscription-reads"} {
		if a.header.Get(h) == "" || b.header.Get(h) == "" {
			t.Errorf("%s is missing", h)
		}
	}
	if a.header.Get("x-ms-request-id") == b.header.Get("x-ms-request-id") {
		t.Error("two requests have one id")
	}
	req := httptest.NewRequest("GET", workspacePath+"?api-version="+stable, nil)
	req.Header.Set("x-ms-correlation-request-id", "my-id")
	req.Header.Set("x-ms-client-request-id", "two words")
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, req)
	r.want("correlation id", rec.Header().Get("x-ms-correlation-request-id"), "my-id")
	r.want("an invalid client id", rec.Header().Get("x-ms-client-request-id"), "")
}

func TestBadPaths(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	v := "?api-version=" + stable
	for path, status := range map[string]int{
		"/": 400, "/nothing" + v: 404, "//" + v: 400, "/subscriptions/s/nothing" + v: 404,
		workspacePath + "/computes/a%2Fb" + v: 400, workspacePath + "/computes/%ff" + v: 404, workspacePath + "/computes//start" + v: 404,
		workspacePath + "/computes?api-version=%zz": 400, workspacePath + "/computes/desk/start" + v: 405, "/_emulator/nothing": 404, "/_emulator": 404,
	} {
		if a := r.send("GET", host+path, ""); a.status != status || a.code() == nil {
			t.Errorf("GET %s: %d %s, want %d", path, a.status, a.text, status)
		}
	}
	r.want("two slashes", r.send("GET", host+strings.Replace(workspacePath, "/workspaces", "//workspaces", 1)+v, "").status, http.StatusOK)
	wrong := r.at(stable, "POST", "/computes/desk", "")
	r.want("a method that is not there", wrong.status, http.StatusMethodNotAllowed)
	r.want("Allow", wrong.header.Get("Allow"), "GET, PUT, PATCH, DELETE")
	r.want("names of queries in another case", r.send("DELETE", host+workspacePath+"/computes/desk?API-Version="+stable+"&underlyingresourceaction=delete", "").status, http.StatusNoContent)
	r.want("one name twice", r.send("GET", host+workspacePath+"?api-version="+stable+"&Api-Version="+stable, "").code(), "InvalidApiVersionParameter")
	big := r.at(stable, "PUT", "/computes/desk", strings.Repeat(" ", 5<<20))
	r.want("a body of 5 MB", big.status, http.StatusRequestEntityTooLarge)
}

func TestTransport(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", host+workspacePath+"?api-version="+stable, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Transport().RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled request: %v", err)
	}
	res, err := (&http.Client{Transport: r.Transport()}).Head(host + workspacePath + "?api-version=" + stable)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); len(body) > 0 || err != nil {
		t.Errorf("HEAD has a body: %q, %v", body, err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Transport().RoundTrip(req.WithContext(context.Background())); err == nil {
		t.Error("a closed emulator answers")
	}
}
