package compute

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// transport is a service in a function.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) { return t(req) }

// reply is an answer; headers are "Key: value".
func reply(status int, body string, headers ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for _, h := range headers {
		key, value, _ := strings.Cut(h, ": ")
		resp.Header.Add(key, value)
	}
	return resp
}

var testWorkspace = Workspace{"sub", "rg", "ws"}

// dial is a client whose requests go to f. In a bubble of testing/synctest
// its pauses take no time.
func dial(t *testing.T, f transport, o Options) *Client {
	t.Helper()
	o.Transport = f
	o.retryDelay = time.Nanosecond
	c, err := New(testWorkspace, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// spring has the clock of a bubble show the time that the tests tell of.
func spring() time.Time {
	time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	return time.Now()
}

// fake is a service with a few instances that go through states on the clock.
type fake struct {
	t  *testing.T
	mu sync.Mutex
	// machines by name; a nil one is not there.
	machines map[string]*machine
	// answer, when set, may answer instead; n counts requests from 1.
	answer func(n int, req *http.Request) (*http.Response, error)
	log    []logged
	speed  int // of the service's clock; 0 is 1
	begun  time.Time
}

type logged struct {
	at   time.Time
	line string
}

type machine struct {
	state, provisioning string
	last                string // "Start Succeeded"
	lastTime            time.Time
	errors              string
	size                string
	kind                string
	next                []change
	operation           string // body of its operation's address
}

// change is what a machine becomes at a time.
type change struct {
	at                  time.Time
	state, last, status string
	size                string // "" leaves it
	gone                bool
}

func newFake(t *testing.T) *fake {
	return &fake{t: t, machines: map[string]*machine{}, begun: spring()}
}

func (f *fake) client() *Client { return dial(f.t, f.serve, Options{}) }

// add puts an instance there.
func (f *fake) add(name, state, last string) *machine {
	m := &machine{state: state, provisioning: "Succeeded", last: last, lastTime: time.Now().Add(-time.Hour), kind: TypeInstance, size: "S", errors: "[]"}
	f.machines[name] = m
	return m
}

// start begins an operation on m that ends after d.
func (f *fake) begin(m *machine, verb, on, end string, d time.Duration) {
	m.state, m.last, m.lastTime = on, verb+" InProgress", time.Now()
	m.operation = `{"status":"InProgress"}`
	m.next = []change{{at: time.Now().Add(d), state: end, last: verb + " Succeeded", status: `{"status":"Succeeded"}`, gone: end == ""}}
}

func (f *fake) advance() {
	for _, m := range f.machines {
		for m != nil && len(m.next) > 0 && !time.Now().Before(m.next[0].at) {
			c := m.next[0]
			m.next = m.next[1:]
			m.state, m.last, m.operation = c.state, c.last, c.status
			if c.size != "" {
				m.size = c.size
			}
			if c.gone {
				m.state = "gone"
			}
		}
	}
}

func (m *machine) json(name string) string {
	operation, status, _ := strings.Cut(m.last, " ")
	last := "null"
	if m.last != "" {
		last = fmt.Sprintf(`{"operationName":%q,"operationStatus":%q,"operationTime":%q,"operationTrigger":"User"}`, operation, status, m.lastTime.Format(time.RFC3339Nano))
	}
	return fmt.Sprintf(`{"name":%q,"location":"eastus","properties":{"computeType":%q,"provisioningState":%q,"properties":{"vmSize":%q,"state":%q,"lastOperation":%s,"errors":%s}}}`,
		name, m.kind, m.provisioning, m.size, m.state, last, m.errors)
}

func (f *fake) serve(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	f.advance()
	path := req.URL.Path[strings.LastIndex(req.URL.Path, "/ws/")+1:]
	f.log = append(f.log, logged{time.Now(), req.Method + " " + path})
	resp, err := (*http.Response)(nil), error(nil)
	if f.answer != nil {
		resp, err = f.answer(len(f.log), req)
	}
	if resp == nil && err == nil {
		resp = f.usual(req)
	}
	if resp != nil && resp.Header.Get("Date") == "" {
		passed := time.Since(f.begun) * time.Duration(max(1, f.speed))
		resp.Header.Set("Date", f.begun.Add(passed).Format(http.TimeFormat))
	}
	return resp, err
}

func (f *fake) usual(req *http.Request) *http.Response {
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	if strings.Contains(req.URL.Path, "/operations/") {
		return reply(200, f.machines[last].operation)
	}
	if last == "computes" {
		var items []string
		for name, m := range f.machines {
			if m.state != "gone" {
				items = append(items, m.json(name))
			}
		}
		return reply(200, `{"value":[`+strings.Join(items, ",")+`]}`)
	}
	name, verb := last, ""
	if req.Method == http.MethodPost {
		name, verb = parts[len(parts)-2], last
	}
	m := f.machines[name]
	if m == nil || m.state == "gone" {
		return reply(404, `{"error":{"code":"ResourceNotFound","message":"no `+name+`"}}`)
	}
	operation := "Azure-AsyncOperation: https://management.azure.com/operations/" + name + "?t=1%2b2&s=%2Fsigned%3D"
	switch {
	case req.Method == http.MethodGet:
		return reply(200, m.json(name))
	case len(m.next) > 0:
		return reply(409, `{"error":{"code":"Conflict","message":"`+name+` is currently being processed by another command"}}`)
	case verb == "start":
		if m.state != StateStopped {
			return reply(400, `{"error":{"code":"StartComputeInstanceOnlyAllowedInStoppedState","message":"no"}}`)
		}
		f.begin(m, "Start", StateStarting, StateRunning, 2*time.Minute)
	case verb == "stop":
		f.begin(m, "Stop", StateStopping, StateStopped, time.Minute)
	case verb == "getAllowedVmSizesForResize":
		return reply(200, `{"value":[]}`)
	case verb == "resize":
		f.begin(m, "Resize", StateResizing, StateStopped, time.Minute)
		m.next[0].size = "T"
	case verb == "restart":
		f.begin(m, "Restart", StateRestarting, StateRunning, time.Minute)
	case req.Method == http.MethodDelete:
		f.begin(m, "Delete", StateDeleting, "", time.Minute)
	default:
		return reply(500, `{"error":{"code":"NotFaked","message":"`+req.Method+" "+req.URL.Path+`"}}`)
	}
	return reply(202, "", operation)
}

// count is how many requests were made of this method with this in their path.
func (f *fake) count(method, part string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, l := range f.log {
		if strings.HasPrefix(l.line, method+" ") && strings.Contains(l.line, part) {
			n++
		}
	}
	return n
}

func (f *fake) requests() string {
	var b strings.Builder
	for _, l := range f.log {
		fmt.Fprintf(&b, "%s %s\n", l.at.Sub(f.begun), l.line)
	}
	return b.String()
}
