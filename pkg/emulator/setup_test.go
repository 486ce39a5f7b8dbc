package emulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/file"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/share"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// files is a client of the workspace's share, signed in with a token.
func (r *rig) files() *share.Client {
	r.t.Helper()
	store := r.do(stable, "GET", "/datastores/workspaceworkingdirectory", "")
	at := "https://" + store.get("properties", "endpoint").(string) + "/" + store.get("properties", "accountName").(string) + "/" + codeShare
	c, err := share.NewClient(at, storageToken{}, &share.ClientOptions{FileRequestIntent: to.Ptr(share.TokenIntentBackup),
		ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: r.Transport()}}})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) file(path string) string {
	r.t.Helper()
	got, err := r.files().NewRootDirectoryClient().NewFileClient(path).DownloadStream(context.Background(), nil)
	if err != nil {
		return err.Error()
	}
	raw, err := io.ReadAll(got.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(raw)
}

func (r *rig) contains(what, text string, parts ...string) {
	r.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			r.t.Errorf("%s does not hold %q:\n%s", what, part, text)
		}
	}
}

// failed is the error of a setup that failed, unwrapped as clients must.
func (r *rig) failed(operation string) (code, message string) {
	r.t.Helper()
	poll := r.send("GET", operation, "")
	r.want("the operation", poll.get("status"), "Failed")
	r.want("its code", poll.get("error", "code"), "BadRequest")
	var inner struct {
		ID, Name, Status, StartTime, EndTime string
		Error                                struct{ Code, Message string }
	}
	text, _ := poll.get("error", "message").(string)
	if err := json.Unmarshal([]byte(text), &inner); err != nil {
		r.t.Fatalf("the message is not JSON: %v\n%s", err, text)
	}
	if inner.Status != "Failed" || inner.StartTime == "" || inner.EndTime == "" || !strings.HasPrefix(inner.ID, "https://eastus.api.azureml.ms/") {
		r.t.Errorf("the message is %+v", inner)
	}
	return inner.Error.Code, inner.Error.Message
}

const inlineScript = `"setupScripts":{"scripts":{"creationScript":{"scriptSource":"inline","scriptData":"ZWNobyBoaQo=","scriptArguments":"a b"}}}`

// A script runs between the machine's setup and its first use, and leaves a log.
func TestSetupScript(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	operation := r.create("desk", inlineScript).header.Get("Azure-AsyncOperation")
	for _, step := range []struct {
		after time.Duration
		state string
	}{{0, "Creating"}, {108 * time.Second, "SettingUp"}, {45 * time.Second, "UserSettingUp"}, {26 * time.Second, "UserSettingUp"}} {
		r.clock.Advance(step.after)
		r.want("state", r.state("desk"), step.state)
	}
	const log = "Logs/desk/creation_script.log"
	r.contains("the log of a script that runs", r.file(log), "2026-01-05T08:02:33.000Z inline script started, with the arguments 'a b' and 15m0s to run\n")
	if got := r.file(log); strings.Contains(got, "exit code") {
		t.Errorf("the script has ended: %s", got)
	}
	r.clock.Advance(time.Second)
	r.want("state", r.state("desk"), "Running")
	r.want("operation", r.send("GET", operation, "").get("status"), "Succeeded")
	r.contains("the log", r.file(log), "exit code 0\n")
}

// A startup script runs whenever the machine starts, the first time included.
func TestStartupScript(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.create("desk", strings.ReplaceAll(inlineScript, "creationScript", "startupScript"))
	r.clock.Advance(180 * time.Second)
	r.want("state", r.state("desk"), "Running")
	for n, verb := range []string{"stop", "start", "restart"} {
		r.do(stable, "POST", "/computes/desk/"+verb, "")
		r.clock.Advance(119 * time.Second)
		if verb != "stop" {
			r.want("state", r.state("desk"), map[string]string{"start": "Starting", "restart": "Restarting"}[verb])
		}
		r.clock.Advance(28 * time.Second)
		r.want("state after "+verb, r.state("desk"), map[bool]string{true: "Stopped", false: "Running"}[verb == "stop"])
		if got := strings.Count(r.file("Logs/desk/startup_script.log"), "exit code 0"); got != n+1 {
			t.Errorf("after %s the script ran %d times, want %d", verb, got, n+1)
		}
	}
	r.change("desk", emulator.Change{SetupFails: to.Ptr(true)})
	operation := r.do(stable, "POST", "/computes/desk/restart", "").header.Get("Azure-AsyncOperation")
	r.clock.Advance(147 * time.Second)
	r.want("state", r.state("desk"), "UserSetupFailed")
	r.want("lastOperation", r.show("desk").inner("lastOperation", "operationStatus"), "RestartFailed")
	if code, _ := r.failed(operation); code != "SetupScriptsError" {
		t.Errorf("the code is %s", code)
	}
}

func (r *rig) change(name string, c emulator.Change) {
	r.t.Helper()
	if err := r.Set(context.Background(), workspacePath+"/computes/"+name, c); err != nil {
		r.t.Fatal(err)
	}
}

// What fails in a setup fails as at the service: with JSON in the message.
func TestSetupFails(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	script := func(fields string) string {
		return `"setupScripts":{"scripts":{"creationScript":{` + fields + `}}}`
	}
	for name, test := range map[string]struct {
		more   string
		change emulator.Change
		after  time.Duration // the moment at which it fails
		state  string
		code   string
		parts  []string
	}{
		"told": {inlineScript, emulator.Change{SetupFails: to.Ptr(true)}, 180 * time.Second, "UserSetupFailed", "SetupScriptsError",
			[]string{"The specified Azure ML Compute Instance told user script setup failed with error \"Setup script exited with code 1\""}},
		"machine": {"", emulator.Change{SetupFails: to.Ptr(true)}, 180 * time.Second, "SetupFailed", "StorageMountError", []string{"Failed to mount storage"}},
		"slow": {script(`"scriptSource":"inline","scriptData":"ZWNobyBoaQo=","timeout":"1.5m"`), emulator.Change{SetupTakes: to.Ptr("20m")},
			153*time.Second + 90*time.Second, "UserSetupFailed", "SetupScriptsError", []string{"timed out after 1m30s"}},
		"slower": {inlineScript, emulator.Change{SetupTakes: to.Ptr("16m")}, 153*time.Second + 15*time.Minute, "UserSetupFailed", "SetupScriptsError", []string{"timed out after 15m0s"}},
		"nowhere": {script(`"scriptSource":"workspaceStorage","scriptData":"Users/me/gone.sh"`), emulator.Change{}, 153 * time.Second, "UserSetupFailed", "SetupScriptsError",
			[]string{"User specified setup script file not found", "/mnt/batch/tasks/shared/LS_root/mounts/clusters/nowhere/code/Users/me/gone.sh"}},
		"plain": {script(`"scriptSource":"inline","scriptData":"echo hi"`), emulator.Change{}, 153 * time.Second, "UserSetupFailed", "SetupScriptsError", []string{"file not found"}},
		"sas": {script(`"scriptSource":"https://x/","scriptData":"setup.sh"`), emulator.Change{}, 153 * time.Second, "UserSetupFailed", "SetupScriptsError",
			[]string{"/mounts/clusters/sas/code/setup.sh"}},
	} {
		if test.change != (emulator.Change{}) {
			r.change(name, test.change) // before there is one
		}
		operation := r.create(name, test.more).header.Get("Azure-AsyncOperation")
		r.clock.Advance(test.after - time.Second)
		if got := r.state(name); got == test.state {
			t.Errorf("%s failed early", name)
		}
		r.clock.Advance(time.Second)
		got := r.show(name)
		r.want(name+": state", got.inner("state"), test.state)
		r.want(name+": provisioningState", got.get("properties", "provisioningState"), "Failed")
		code, message := r.failed(operation)
		r.want(name+": code", code, test.code)
		r.contains(name, message, test.parts...)
		if test.state == "UserSetupFailed" {
			r.contains("the last line of "+name+"'s log", r.file("Logs/"+name+"/creation_script.log"), "\n"+r.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z "))
			for _, part := range test.parts { // the error quotes what the log says
				if _, quoted, ok := strings.Cut(part, "error \""); ok {
					part = strings.TrimSuffix(quoted, "\"")
				}
				r.contains(name+"'s log", r.file("Logs/"+name+"/creation_script.log"), part)
			}
		}
		r.do(stable, "DELETE", "/computes/"+name+"?underlyingResourceAction=Delete", "")
		r.clock.Advance(2 * time.Minute)
	}
	r.change("told", emulator.Change{SetupFails: to.Ptr(false)})
	r.create("told", inlineScript)
	r.clock.Advance(180 * time.Second)
	r.want("state when it is no longer told to", r.state("told"), "Running")
	if got := r.file("Logs/told/creation_script.log"); strings.Contains(got, "code 1") {
		t.Errorf("the log of the earlier machine is left:\n%s", got)
	}
}

// A script in the share is found there, whatever the case of its path.
func TestSetupScriptInShare(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, emulator.Options{})
	code := r.files()
	if _, err := code.NewDirectoryClient("Users").NewFileClient("setup.sh").Create(ctx, 3, &file.CreateOptions{OptionalBody: body("id\n")}); err != nil {
		t.Fatal(err)
	}
	r.create("desk", `"setupScripts":{"scripts":{"creationscript":{"scriptSource":"workspaceStorage","scriptData":"users/Setup.sh"}}}`)
	r.want("state", r.state("desk"), "Running")
	r.contains("the log", r.file("logs/DESK/creation_script.log"), "users/Setup.sh started", "exit code 0")

	// A share that is gone is not written to.
	if _, err := code.Delete(ctx, nil); err != nil {
		t.Fatal(err)
	}
	r.create("table", inlineScript)
	r.want("state", r.state("table"), "Running")
}

// What the service refuses before it makes anything.
func TestSetupScriptChecks(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	inline := func(n int) string {
		return `"creationScript":{"scriptSource":"inline","scriptData":"` + strings.Repeat("A", n) + `"}`
	}
	for scripts, want := range map[string]string{
		`"creationScript":{}`: "creationScript.scriptData cannot be null or empty.",
		`"startupScript":{"scriptSource":"inline","scriptData":null}`: "startupScript.scriptData cannot be null or empty.",
		`"creationScript":{"scriptData":"QQ==","timeout":"PT20M"}`:    "The specified script timeout PT20M is invalid. It should be a floating point number followed by suffix 'm' for minutes",
		`"creationScript":{"scriptData":"QQ==","timeout":"900"}`:      "The specified script timeout 900 is invalid.",
		`"creationScript":{"scriptData":"QQ==","timeout":"0m"}`:       "The specified script timeout 0m is invalid.",
		`"creationScript":{"scriptData":"QQ==","timeout":"1e1m"}`:     "The specified script timeout 1e1m is invalid.",
		`"creationScript":{"scriptData":"QQ==","timeout":"30m"}`:      "The specified script timeout 30m is invalid.",
		inline(4097): "creationScript.scriptData cannot be longer than 4096 characters.",
	} {
		a := r.at(preview, "PUT", "/computes/desk", instance("STANDARD_DS1_V2", `"setupScripts":{"scripts":{`+scripts+`}}`))
		r.want(scripts+": status", a.status, http.StatusBadRequest)
		r.want(scripts+": code", a.code(), "UserError")
		if text, _ := a.get("error", "message").(string); !strings.HasPrefix(text, want) {
			t.Errorf("%s: %s", scripts, text)
		}
	}
	for _, scripts := range []string{inline(4096), `"creationScript":null`, `"creationScript":{"scriptSource":"inline","scriptData":"QQ==","timeout":"25m"}`} {
		a := r.at(preview, "PUT", "/computes/desk", instance("STANDARD_DS1_V2", `"setupScripts":{"scripts":{`+scripts+`}}`))
		r.want(scripts+": status", a.status, http.StatusCreated)
		r.want("state", r.state("desk"), "Running")
		r.do(stable, "DELETE", "/computes/desk?underlyingResourceAction=Delete", "")
	}
	for id, ch := range map[string]emulator.Change{
		"desk": {SetupTakes: to.Ptr("20")}, "table": {SetupTakes: to.Ptr("-1m")}, "gone": {SetupFails: to.Ptr(true), DiskFull: to.Ptr(true)},
	} {
		if err := r.Set(context.Background(), workspacePath+"/computes/"+id, ch); err == nil {
			t.Errorf("%+v was set", ch)
		}
	}
}
