package emulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// versions that tests use; the second has the preview actions.
const (
	stable  = "2025-12-01"
	preview = "2023-08-01-preview"
)

// monday is when the clocks of these tests start.
var monday = time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)

// rig is an emulator in memory with a clock that stands still.
type rig struct {
	*emulator.Emulator
	t     *testing.T
	clock *emulator.ManualClock
}

func newRig(t *testing.T, o emulator.Options) *rig {
	t.Helper()
	r := &rig{t: t, clock: emulator.NewManualClock(monday)}
	if o.Clock == nil {
		o.Clock = r.clock
	}
	if o.Pace == (emulator.Pace{}) {
		o.Pace = emulator.PaceInstant
	}
	e, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Emulator = e
	return r
}

// answer is a response with its body decoded.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

const host = "https://emulator.local"

const workspacePath = "/subscriptions/" + emulator.Subscription + "/resourceGroups/" + emulator.ResourceGroup +
	"/providers/Microsoft.MachineLearningServices/workspaces/" + emulator.Workspace

const locationPath = "/subscriptions/" + emulator.Subscription + "/providers/Microsoft.MachineLearningServices/locations/eastus/"

// send sends a request as it is.
func (r *rig) send(method, url, body string) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	return r.read(req)
}

// read sends a request that is made.
func (r *rig) read(req *http.Request) answer {
	r.t.Helper()
	res, err := r.Transport().RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, text: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			r.t.Fatalf("%s %s answered what is not JSON: %v\n%s", req.Method, req.URL, err, raw)
		}
	}
	return a
}

// at sends a request below the workspace at an api-version.
func (r *rig) at(version, method, path, body string) answer {
	r.t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return r.send(method, host+workspacePath+path+sep+"api-version="+version, body)
}

// do sends a request that must succeed.
func (r *rig) do(version, method, path, body string) answer {
	r.t.Helper()
	a := r.at(version, method, path, body)
	if a.status >= 300 {
		r.t.Fatalf("%s %s: %d %s", method, path, a.status, a.text)
	}
	return a
}

// get walks a decoded body: get("properties", "properties", "state").
func (a answer) get(keys ...string) any {
	var v any = a.body
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

func (a answer) inner(keys ...string) any {
	return a.get(append([]string{"properties", "properties"}, keys...)...)
}

func (a answer) code() any { return a.get("error", "code") }

func (r *rig) show(name string) answer {
	r.t.Helper()
	return r.do(preview, "GET", "/computes/"+name, "")
}

func (r *rig) state(name string) string {
	r.t.Helper()
	s, _ := r.show(name).inner("state").(string)
	return s
}

// create makes an instance; more is put into its inner properties.
func (r *rig) create(name string, more string) answer {
	r.t.Helper()
	return r.do(preview, "PUT", "/computes/"+name, instance("STANDARD_DS1_V2", more))
}

func instance(size, more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"location":"eastus","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"` + size + `"` + more + `}}}`
}

func (r *rig) want(what string, got, want any) {
	r.t.Helper()
	if got != want {
		r.t.Errorf("%s = %v, want %v", what, got, want)
	}
}
