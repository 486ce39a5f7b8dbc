package emulator_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file in testdata. Ids drawn at random and
// signatures are masked.
func golden(t *testing.T, name, text string) {
	t.Helper()
	text = regexp.MustCompile(`"id": "[0-9a-f]{8}-[0-9a-f-]{27}"`).ReplaceAllString(text, `"id": "<random>"`)
	text = regexp.MustCompile(`computeOperationsStatus/[0-9a-f-]{36}`).ReplaceAllString(text, "computeOperationsStatus/<random>")
	text = regexp.MustCompile(`&t=\d+&c=MII[\w-]+&s=[\w-]+&h=[\w-]+`).ReplaceAllString(text, "&<signature>")
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs; run go test -update and look at the change:\n%s", path, text)
	}
}

// http writes an answer as a golden file has it: status, the headers that say
// something about the request, body.
func (a answer) http(t *testing.T) string {
	t.Helper()
	out := fmt.Sprintf("%d\n", a.status)
	for _, h := range []string{"Azure-AsyncOperation", "Location", "Retry-After", "Retry-After-Ms", "Content-Length"} {
		if v := a.header.Get(h); v != "" && (h != "Content-Length" || a.text == "") {
			out += h + ": " + v + "\n"
		}
	}
	if a.text == "" {
		return out
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(a.text), "", "  "); err != nil {
		t.Fatal(err)
	}
	return out + "\n" + pretty.String() + "\n"
}

// The life of an instance as it was recorded of the service, answer by answer.
func TestRecordedLife(t *testing.T) {
	t.Parallel()
	const version = "2022-10-01-preview"
	r := newRig(t, emulator.Options{Pace: emulator.PaceReal})
	put := r.at(version, "PUT", "/computes/desk1", `{"location":"eastus","identity":{"type":"SystemAssigned"},
		"properties":{"computeType":"ComputeInstance","description":"some desk","disableLocalAuth":false,"properties":{"vmSize":"Standard_DS2_v2"}}}`)
	golden(t, "put-201", put.http(t))
	operation := put.header.Get("Azure-AsyncOperation")
	golden(t, "operation-inprogress", r.send("GET", operation, "").http(t))
	r.admin("POST", "advance", `{"by":"3m"}`)
	golden(t, "operation-succeeded", r.send("GET", operation, "").http(t))
	golden(t, "get-running", r.at(version, "GET", "/computes/desk1", "").http(t))
	golden(t, "stop-202", r.at(version, "POST", "/computes/desk1/stop", "").http(t))
	r.admin("POST", "advance", `{"by":"1m"}`)
	golden(t, "get-stopped", r.at(version, "GET", "/computes/desk1", "").http(t))
	golden(t, "start-202", r.at(version, "POST", "/computes/desk1/start", "").http(t))
	r.admin("POST", "advance", `{"by":"2m"}`)
	golden(t, "delete-202", r.at(version, "DELETE", "/computes/desk1?underlyingResourceAction=Delete", "").http(t))
	golden(t, "get-deleting", r.at(version, "GET", "/computes/desk1", "").http(t))
}

func TestOtherBodies(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	put := r.at(stable, "PUT", "/computes/fleet", cluster(`{"minNodeCount":1,"maxNodeCount":2,"nodeIdleTimeBeforeScaleDown":"PT5M"}`, `,"userAccountCredentials":{"adminUserName":"me","adminUserPassword":"x"}`))
	golden(t, "cluster-201", put.http(t))
	golden(t, "cluster-get", r.at(stable, "GET", "/computes/fleet", "").http(t))
	golden(t, "cluster-nodes", r.at(stable, "POST", "/computes/fleet/listNodes", "").http(t))
	r.do(stable, "PUT", "/computes/aks", `{"properties":{"computeType":"AKS","resourceId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/k"}}`)
	golden(t, "aks-get", r.at(stable, "GET", "/computes/aks", "").http(t))
	golden(t, "workspace-get", r.at(stable, "GET", "", "").http(t))
	golden(t, "not-found", r.at(stable, "GET", "/computes/nothing", "").http(t))
	r.create("desk", "")
	golden(t, "usages", r.send("GET", host+locationPath+"usages?api-version="+stable, "").http(t))
	sizes := r.send("GET", host+locationPath+"vmSizes?api-version="+stable, "")
	sizes.text = string(first(t, sizes, "value"))
	golden(t, "vmsize", sizes.http(t))
}

// first is the first item of a list in a body.
func first(t *testing.T, a answer, key string) []byte {
	t.Helper()
	raw, err := json.Marshal(a.body[key].([]any)[0])
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A field that an api-version lacks is neither shown nor taken.
func TestFieldsByVersion(t *testing.T) {
	t.Parallel()
	all := `"idleTimeBeforeShutdown":"PT60M","enableSSO":false,"enableRootAccess":false,"enableOSPatching":true,"releaseQuotaOnStop":true,
		"enableNodePublicIp":false,"autologgerSettings":{"mlflowAutologger":"Enabled"},
		"customServices":[{"name":"s","image":{"reference":"r"},"kernel":{"displayName":"k"}}]`
	fields := []string{"idleTimeBeforeShutdown", "enableSSO", "enableRootAccess", "enableOSPatching", "releaseQuotaOnStop",
		"enableNodePublicIp", "autologgerSettings", "customServices", "osImageMetadata", "schedules", "dataMounts"}
	for version, has := range map[string][]string{
		"2022-10-01":         {"enableNodePublicIp", "schedules", "dataMounts"},
		"2023-08-01-preview": fields,
		"2024-04-01":         {"enableNodePublicIp", "schedules", "dataMounts", "customServices", "osImageMetadata"},
		"2025-12-01":         {"enableNodePublicIp", "schedules", "dataMounts", "customServices", "osImageMetadata", "idleTimeBeforeShutdown", "enableSSO"},
	} {
		r := newRig(t, emulator.Options{})
		r.do(preview, "PUT", "/computes/full", instance("STANDARD_DS1_V2", all))
		r.do(version, "PUT", "/computes/taken", instance("STANDARD_DS1_V2", all))
		shown := r.do(version, "GET", "/computes/full", "").inner().(map[string]any)
		for _, f := range fields {
			if _, ok := shown[f]; ok != slices.Contains(has, f) {
				t.Errorf("%s: shows %s: %v", version, f, ok)
			}
		}
		taken := r.show("taken")
		r.want(version+": takes idleTimeBeforeShutdown", taken.inner("idleTimeBeforeShutdown") != nil, slices.Contains(has, "idleTimeBeforeShutdown"))
		r.want(version+": takes enableSSO", taken.inner("enableSSO") == false, slices.Contains(has, "enableSSO"))
		r.want(version+": takes enableRootAccess", taken.inner("enableRootAccess") == false, slices.Contains(has, "enableRootAccess"))
		r.want(version+": takes customServices", len(taken.inner("customServices").([]any)) == 1, slices.Contains(has, "customServices"))
		kernel := strings.Contains(r.do(version, "GET", "/computes/full", "").text, `"kernel"`)
		r.want(version+": shows kernel", kernel, version == "2023-08-01-preview" || version == "2025-12-01")
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulator.Options{})
	r.create("desk", "")
	for version, code := range map[string]any{
		"2022-10-01": nil, "2023-08-01-preview": nil, "2024-04-01": nil, "2025-12-01": nil, "2022-10-01-Preview": nil, "2026-03-15-preview": nil,
		"":                   "MissingApiVersionParameter",
		"1999-01-01":         "NoRegisteredProviderFound",
		"2024-04-02":         "NoRegisteredProviderFound",
		"2022-10-01-privat":  "InvalidApiVersionParameter",
		"latest":             "InvalidApiVersionParameter",
		"2023-08-01":         "NoRegisteredProviderFound", // a preview only
		"2025-12-01-preview": "NoRegisteredProviderFound",
	} {
		a := r.at(version, "GET", "/computes/desk", "")
		r.want(version, a.code(), code)
		if code == "NoRegisteredProviderFound" {
			if m, _ := a.get("error", "message").(string); !strings.Contains(m, "2025-12-01") {
				t.Errorf("%s: the message names no version that works: %s", version, m)
			}
		}
	}
	for action, versions := range map[string]struct{ yes, no []string }{
		"updateSchedules":            {[]string{"2021-03-01-preview", "2021-07-01", "2022-10-01", "2022-10-01-preview"}, []string{"2023-08-01-preview", "2024-04-01", "2025-12-01"}},
		"updateIdleShutdownSetting":  {[]string{"2022-06-01-preview", "2023-08-01-preview", "2026-03-15-preview"}, []string{"2022-02-01-preview", "2022-10-01", "2025-12-01"}},
		"customServices":             {[]string{"2022-06-01-preview", "2023-08-01-preview"}, []string{"2024-04-01", "2025-12-01"}},
		"updateDataMounts":           {[]string{"2023-08-01-preview"}, []string{"2022-10-01-preview", "2025-12-01"}},
		"resize":                     {[]string{"2023-08-01-preview"}, []string{"2022-10-01-preview", "2025-12-01"}},
		"getAllowedVmSizesForResize": {[]string{"2023-08-01-preview"}, []string{"2022-10-01-preview", "2025-12-01"}},
	} {
		for _, v := range versions.yes {
			if c := r.at(v, "POST", "/computes/desk/"+action, `[]`).code(); c == "NoRegisteredProviderFound" {
				t.Errorf("%s is refused at %s", action, v)
			}
		}
		for _, v := range versions.no {
			r.want(action+" at "+v, r.at(v, "POST", "/computes/desk/"+action, `[]`).code(), "NoRegisteredProviderFound")
		}
	}
}
