package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/loopback"
)

// Whatever is sent gets an answer that is JSON or empty and no failure of the
// emulator, and leaves a state that goes on and can be asked for.
func FuzzRequest(f *testing.F) {
	stop := list(cronEntry("Stop", "0 18 * * *", "W. Europe Standard Time"))
	for _, seed := range [][3]string{
		{"PUT", "/computes/new", instance("STANDARD_DS1_V2", `"idleTimeBeforeShutdown":"PT60M","schedules":`+stop)},
		{"PUT", "/computes/new", cluster(`{"minNodeCount":1,"maxNodeCount":4}`, `,"vmPriority":"LowPriority"`)},
		{"PUT", "/computes/new", `{"properties":{"computeType":"AKS","resourceId":"/subscriptions/x","properties":{"sslConfiguration":{"key":[{"password":1}]}}}}`},
		{"PUT", "/computes/new", `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"x":{}}},"properties":{"computeType":"VirtualMachine"}}`},
		{"PUT", "/computes/desk", instance("STANDARD_DS2_V2", `"subnet":{"id":"x"}`)},
		{"PUT", "/computes/new", instance("STANDARD_DS1_V2", inlineScript)},
		{"PUT", "/computes/new", instance("STANDARD_DS1_V2", `"setupScripts":{"scripts":{"startupScript":{"scriptSource":"x","scriptData":"../a\"b","timeout":"0.001m"}}}`)},
		{"GET", "/datastores?names=workspaceblobstore&isDefault=true&searchText=B", ``},
		{"POST", "/datastores/workspaceworkingdirectory/listSecrets", `{"expirableSecret":true}`},
		{"PATCH", "/computes/fleet", `{"tags":null,"identity":{"type":"None"},"properties":{"properties":{"scaleSettings":{"minNodeCount":0}}}}`},
		{"POST", "/computes/desk/updateSchedules", stop},
		{"POST", "/computes/desk/updateSchedules", `{"computeStartStop":[{"action":"Stop","triggerType":"Recurrence","recurrence":{"frequency":"Day","interval":2,"schedule":{"hours":[1],"minutes":[2]}}}]}`},
		{"POST", "/computes/desk/updateIdleShutdownSetting", `{"idleTimeBeforeShutdown":"PT120M"}`},
		{"POST", "/computes/desk/customServices", `[{"name":"x","image":{"type":null}}]`},
		{"POST", "/computes/desk/updateDataMounts", `[{"mountAction":"Unmount"}]`},
		{"POST", "/computes/desk/resize", `{"targetVMSize":"STANDARD_DS2_V2"}`},
		{"POST", "/computes/fleet/listNodes", ``},
		{"POST", "/checkComputeNameAvailability", `{"Name":"x-1"}`},
		{"DELETE", "/computes/desk?underlyingResourceAction=Delete", ``},
		{"GET", "/computes?$skip=desk", ``},
		{"PUT", "", `{"location":"West Europe"}`},
		{"ADMIN", "set", `{"id":"` + workspacePath + `/computes/desk","state":"Unusable"}`},
		{"ADMIN", "set", `{"id":"` + workspacePath + `/computes/new","setupFails":true,"setupTakes":"1h"}`},
		{"ADMIN", "load", `[{"id":"` + workspacePath + `/computes/x","properties":{"computeType":"AmlCompute","properties":{"errors":[null,{"error":null}]}}}]`},
		{"QUOTAS", "", `{"value":[{"id":"/x","limit":-1},{"id":""}]}`},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		clock := emulator.NewManualClock(monday)
		e, err := emulator.New(emulator.Options{Clock: clock, Pace: emulator.PaceInstant})
		if err != nil {
			t.Fatal(err)
		}
		send := func(method, url, body string) (int, []byte) {
			req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
			if err != nil {
				t.Skip("not a request that a client could send")
			}
			res, err := e.Transport().RoundTrip(req)
			if err != nil {
				t.Fatalf("%s %s: %v", method, url, err)
			}
			raw, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode >= 500 || len(raw) > 0 && !json.Valid(raw) {
				t.Fatalf("%s %s: %d %s", method, url, res.StatusCode, raw)
			}
			return res.StatusCode, raw
		}
		at := func(version, method, path, body string) (int, []byte) {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			return send(method, host+workspacePath+path+sep+"api-version="+version, body)
		}
		at(stable, "PUT", "/computes/desk", instance("STANDARD_DS1_V2", ""))
		at(stable, "PUT", "/computes/fleet", cluster(`{"minNodeCount":1,"maxNodeCount":4}`, ""))
		switch method {
		case "ADMIN":
			send("POST", host+"/_emulator/"+path, body)
		case "QUOTAS":
			send("POST", host+locationPath+"updateQuotas?api-version="+stable, body)
		default:
			for _, v := range []string{preview, scheduling, stable} {
				at(v, method, path, body)
			}
		}
		clock.Advance(26 * time.Hour)
		status, all := at(preview, "GET", "/computes", "")
		if status != 200 {
			t.Fatalf("list: %d", status)
		}
		send("GET", host+locationPath+"usages?api-version="+stable, "")
		// What is shown can be loaded, and shows the same.
		other, err := emulator.New(emulator.Options{Clock: clock, Pace: emulator.PaceInstant})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Load(context.Background(), all); err != nil {
			t.Fatalf("load: %v\n%s", err, all)
		}
	})
}

// A state file of any content is either read or reported, and never twice; what
// was read goes on.
func FuzzStore(f *testing.F) {
	header := `{"format":"computetarget-emulator","schema":1,"file":"f"}` + "\n"
	f.Add([]byte(header), false)
	f.Add([]byte("hello\n"), false)
	f.Add([]byte(header+"00000000 {}\n"), false)
	f.Add([]byte(header+"7c4c3a6a torn"), false)
	for _, record := range []string{
		`{}`, `null`, `{"put":{"clock":{"offset":1}}}`, `{"put":null,"delete":["compute/x","clock"]}`,
		`{"put":{"compute/x/y/z/c":{"instance":{"vmSize":"x","state":"Stopped","schedules":[null]}}}}`,
		`{"put":{"compute/x/y/z/c":{"instance":{},"busy":{"steps":[{"at":"2026-01-01T00:00:00Z"}],"failure":{}}}}}`,
		`{"put":{"compute/x/y/z/c":{"cluster":{"nodes":[{}],"scale":{"min":1,"max":2}},"provisioningState":"Succeeded","provisioningErrors":[null]}}}`,
		`{"put":{"compute/x/y/z/c":{"other":{"properties":{"a":1}}},"operation/o":null,"workspace/x":{},"quota/x":"y"}}`,
	} {
		f.Add([]byte(record), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, record bool) {
		if record { // a transaction with a checksum that is right
			content = fmt.Appendf([]byte(header), "%08x %s\n", crc32.ChecksumIEEE(content), content)
		}
		dir := t.TempDir()
		if err := os.WriteFile(statePath(dir), content, 0o600); err != nil {
			t.Fatal(err)
		}
		o := emulator.Options{Dir: dir, Clock: emulator.NewManualClock(monday), Pace: emulator.PaceInstant}
		e, err := emulator.New(o)
		if err != nil {
			var s *emulator.StoreError
			if !errors.As(err, &s) {
				t.Fatalf("error %v of another kind", err)
			}
			if s.MovedTo == "" {
				return // a newer schema: left alone
			}
			if e, err = emulator.New(o); err != nil {
				t.Fatalf("said twice: %v", err)
			}
		}
		for _, path := range []string{workspacePath + "/computes", "/subscriptions/x/resourceGroups/y/providers/Microsoft.MachineLearningServices/workspaces/z/computes", locationPath + "usages"} {
			req, err := http.NewRequestWithContext(context.Background(), "GET", host+path+"?api-version="+preview, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := e.Transport().RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if raw, err := io.ReadAll(res.Body); err != nil || !json.Valid(raw) {
				t.Fatalf("%s: %s, %v", path, raw, err)
			}
		}
	})
}

// A list that is loaded comes back when it is loaded again, and a bad one
// changes nothing.
func FuzzLoad(f *testing.F) {
	const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c"
	for _, s := range []string{
		`[{"id":"` + id + `","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"x","state":"Running"}}}]`,
		`{"value":[{"id":"` + id + `","properties":{"computeType":"AmlCompute","properties":{"scaleSettings":{"maxNodeCount":-1}}}}]}`,
		`{"id":"` + id + `","properties":{"computeType":"Kubernetes","properties":null}}`,
		`{"value":[null]}`, `[]`, "null", `{"value":{}}`,
		`[{"id":"` + id + `","properties":{"computeType":"ComputeInstance","properties":{"schedules":{"computeStartStop":[null,{"cron":{"expression":"* *"}}]},"idleTimeBeforeShutdown":"x","lastOperation":{"operationTime":"never"}}}}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		e, err := emulator.New(emulator.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close() //nolint:errcheck // nothing is on disk
		ctx := context.Background()
		n, err := e.Load(ctx, list)
		if err != nil {
			if n != 0 {
				t.Fatalf("%d loaded, and %v", n, err)
			}
			return
		}
		if again, err := e.Load(ctx, list); err != nil || again != n {
			t.Fatalf("%d, then %d (%v)", n, again, err)
		}
		if _, err := e.Advance(ctx, 24*time.Hour); err != nil {
			t.Fatal(err)
		}
	})
}

// A clock or a pace that is taken runs forward.
func FuzzClockAndPace(f *testing.F) {
	for _, s := range []string{"", "wall", "manual", "x60", "x0", "x-1", "xNaN", "x1e6", "instant", "fast", "real", "20", "1e-300", "1e308", "0x1p-1074", "Inf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if clock, err := emulator.ParseClock(s); err == nil {
			if first := clock.Now(); clock.Now().Before(first) {
				t.Fatalf("clock %q runs backwards", s)
			}
		}
		pace, err := emulator.ParsePace(s)
		if err != nil {
			return
		}
		if again, err := emulator.ParsePace(pace.String()); err != nil || again != pace {
			t.Fatalf("pace %q is %s, which is %s (%v)", s, pace, again, err)
		}
	})
}

// Whatever server.json holds, a server that is used through it is on this
// machine; anything else is refused, in words that hold nothing of the file.
func FuzzServing(f *testing.F) {
	for _, seed := range []string{`{"endpoint":"https://127.0.0.1:8443"}`, `{"endpoint":"http://localhost:1/"}`, `{"endpoint":"https://127.0.0.1@evil.example"}`,
		`{"endpoint":"https://evil.example","caFile":"/x"}`, `{"endpoint":"https://[::1%25x]:1"}`, `{"endpoint":"https://127.0.0.1:1/?x#y"}`, `null`, `{}`, `[]`, ``, `{"pid":1e400}`, "\x00"} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, "server.json"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		info, served, err := emulator.Serving(dir)
		if err != nil {
			var trust *emulator.TrustError
			if !errors.As(err, &trust) || !strings.HasPrefix(err.Error(), dir) || strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Errorf("%q: %v", content, err)
			}
			return
		}
		u, err := url.Parse(info.Endpoint)
		if err != nil || u.User != nil || !loopback.Is(u.Hostname()) || u.Scheme != "http" && u.Scheme != "https" {
			t.Errorf("%q: %q is used", content, info.Endpoint)
		}
		if served {
			t.Errorf("%q: nobody holds the lock", content)
		}
	})
}
