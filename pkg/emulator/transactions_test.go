package emulator_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// A request that is refused leaves nothing behind, in memory and on disk: not
// even the subscription and the group it would have been the first use of.
func TestRefusedRequestsChangeNothing(t *testing.T) {
	t.Parallel()
	elsewhere := func(rest string) string {
		return host + strings.NewReplacer(emulator.Subscription, "new-sub", emulator.ResourceGroup, "new-rg").Replace(workspacePath) + rest + "?api-version=" + stable
	}
	for _, dir := range []string{"", t.TempDir()} {
		r := newRig(t, emulator.Options{Dir: dir})
		r.create("desk", "")
		whole := r.at(preview, "GET", "/computes/desk", "").text
		before, err := r.Status(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, refused := range []struct{ method, url, body string }{
			{"PUT", elsewhere(""), `{"location":""}`},
			{"PUT", elsewhere("/computes/x"), instance("STANDARD_NOT_THERE", "")},
			{"PUT", elsewhere("/computes/x"), `{`},
			{"GET", elsewhere("/computes/x"), ""},
			{"POST", elsewhere("/computes/x/start"), ""},
			{"DELETE", elsewhere("/computes/x"), ""},
			{"PUT", host + workspacePath + "/computes/y?api-version=" + stable, instance("STANDARD_NOT_THERE", "")},
			{"POST", host + workspacePath + "/computes/desk/start?api-version=" + stable, ""},
			{"POST", host + workspacePath + "/computes/desk/customServices?api-version=" + preview, `[{"name":"x"},null]`},
			{"POST", host + workspacePath + "/computes/desk/updateDataMounts?api-version=" + preview, `[{"source":"x"},null]`},
			{"POST", host + workspacePath + "/computes/desk/updateIdleShutdownSetting?api-version=" + preview, `{"idleTimeBeforeShutdown":"PT1S"}`},
			{"HEAD", host + "/subscriptions/new-sub/resourceGroups/new-rg?api-version=" + stable, ""},
			{"POST", host + "/_emulator/load", `[{"id":"` + strings.Replace(workspacePath, emulator.Workspace, "new-ws", 1) + `/computes/a","properties":{"computeType":"DataFactory"}},{"id":"x"}]`},
		} {
			a := r.send(refused.method, refused.url, refused.body)
			if a.status < 400 {
				t.Errorf("%s %s: %d, want a refusal", refused.method, refused.url, a.status)
			}
			after, err := r.Status(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if after.Subscriptions != before.Subscriptions || after.Workspaces != before.Workspaces || after.Computes != before.Computes || after.Busy != before.Busy {
				t.Errorf("%s %s in %q: it was refused with %d and left %+v, want %+v", refused.method, refused.url, dir, a.status, after, before)
			}
		}
		groups := r.send("GET", host+"/subscriptions/"+emulator.Subscription+"/resourcegroups?api-version="+stable, "")
		r.want("groups", len(groups.get("value").([]any)), 1)
		r.want("the whole of desk", r.at(preview, "GET", "/computes/desk", "").text, whole)
		r.want("desk", r.show("desk").get("properties", "provisioningState"), "Succeeded")
		if dir == "" {
			continue
		}
		raw, err := os.ReadFile(statePath(dir))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "new-") {
			t.Errorf("the state file remembers what was refused:\n%s", raw)
		}
	}
}

// A Go call that fails changes nothing either, what came before it stays, and
// so does what became due while it ran.
func TestFailedCallsChangeNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	r.create("desk", "")
	r.clock.Advance(time.Hour)
	full := true
	jobs := 3
	id := workspacePath + "/computes/desk"
	if err := r.Set(ctx, id, emulator.Change{DiskFull: &full, Jobs: &jobs}); err == nil {
		t.Error("an instance has no jobs")
	}
	state := "Stopped"
	bad := "nonsense"
	if err := r.Set(ctx, id, emulator.Change{State: &bad}); err == nil {
		t.Error("a state was taken that there is not")
	}
	r.want("the end of its creation", r.show("desk").inner("state"), "Running")
	if err := r.Set(ctx, id, emulator.Change{State: &state}); err != nil {
		t.Fatal(err)
	}
	r.want("what was set", r.show("desk").inner("state"), "Stopped")
}

// The counter of a fault goes on, though the request that it struck is refused
// and undone.
func TestFaultsCountRefusedRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	if _, err := r.AddFault(context.Background(), emulator.Fault{Match: "GET */computes/none", Status: http.StatusBadGateway, Times: 1}); err != nil {
		t.Fatal(err)
	}
	r.want("first", r.at(stable, "GET", "/computes/none", "").status, http.StatusBadGateway)
	r.want("second", r.at(stable, "GET", "/computes/none", "").status, http.StatusNotFound)
}

// What was deleted is gone until it is made again, where everything else is
// made on first use: terraform destroy looks until a 404 comes.
func TestDeletedStaysDeleted(t *testing.T) {
	t.Parallel()
	group := host + "/subscriptions/" + emulator.Subscription + "/resourceGroups/" + emulator.ResourceGroup + "?api-version=2021-04-01"
	ws := host + workspacePath + "?api-version=" + stable
	inside := host + workspacePath + "/computes?api-version=" + stable
	dir := t.TempDir()
	for _, test := range []struct{ name, delete, gone, make string }{
		{"a workspace", ws, ws, ws},
		{"a workspace, by what is in it", ws, inside, ws},
		{"a group", group, host + strings.TrimSuffix(workspacePath, "/"+emulator.Workspace) + "?api-version=" + stable, group},
		{"a workspace, by its group", group, ws, ws},
	} {
		r := newRig(t, emulator.Options{Dir: dir})
		r.want(test.name+": deleted", r.send("DELETE", test.delete, "").status, 200)
		r.want(test.name+": gone", r.send("GET", test.gone, "").status, 404)
		again := newRig(t, emulator.Options{Dir: dir})
		again.want(test.name+": gone for another process", again.send("GET", test.gone, "").status, 404)
		if test.delete == group {
			again.send("PUT", group, `{"location":"eastus"}`)
		}
		again.send("PUT", test.make, `{"location":"eastus"}`)
		again.want(test.name+": made again", again.send("GET", test.gone, "").status, 200)
		if _, err := again.Reset(context.Background()); err != nil {
			t.Fatal(err)
		}
		again.want(test.name+": after a reset", again.send("GET", ws, "").status, 200)
	}
}

// What is loaded is kept without its passwords and keys, as what is sent is.
func TestLoadDropsSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRig(t, emulator.Options{Dir: dir})
	at := workspacePath + "/computes/"
	const secret = "hunter2hunter2"
	list := `[{"id":"` + at + `vm1","properties":{"computeType":"VirtualMachine","properties":{"address":"192.0.2.1","administratorAccount":{"username":"me","password":"` + secret + `","privateKeyData":"` + secret + `"}}}},
		{"id":"` + at + `cl1","properties":{"computeType":"AmlCompute","properties":{"vmSize":"STANDARD_D2_V2","userAccountCredentials":{"adminUserName":"me","adminUserPassword":"` + secret + `"}}}},
		{"id":"` + at + `db1","properties":{"computeType":"Databricks","properties":{"databricksAccessToken":"` + secret + `"}}}]`
	if n, err := r.Load(context.Background(), []byte(list)); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	if raw := readState(t, dir); strings.Contains(string(raw), secret) || !strings.Contains(string(raw), "192.0.2.1") {
		t.Errorf("the state holds %s", raw)
	}
	if a := r.do(stable, "GET", "/computes", ""); strings.Contains(a.text, secret) {
		t.Error("the list holds a secret")
	}
}
