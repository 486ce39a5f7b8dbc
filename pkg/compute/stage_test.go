package compute

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A lost request that the reads show two looks later was carried out: it is not
// made again.
func TestLostRequestIsLookedForThreeTimes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m := f.add("ci", StateRunning, "Start Succeeded")
	old, reads := m.json("ci"), 0
	f.answer = func(_ int, req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost {
			f.usual(req)
			return nil, errReset
		}
		if f.count0("POST") == 0 {
			return nil, nil
		}
		if reads++; reads < signLooks {
			return reply(200, old), nil
		}
		return nil, nil
	}
	out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]
	if out.Err != nil || f.count("POST", "stop") != 1 {
		t.Errorf("%v\n%s", out.Err, f.requests())
	}
}

// count0 is count for an answer, which runs with the lock held.
func (f *fake) count0(method string) int {
	n := 0
	for _, l := range f.log {
		if strings.HasPrefix(l.line, method+" ") {
			n++
		}
	}
	return n
}

// The operation of a create may be over before the service's own reads know of
// the compute.
func TestCreateThatIsDoneBeforeItIsKnown(t *testing.T) {
	t.Parallel()
	for lag, want := range map[time.Duration]Kind{50 * time.Second: -1, 2 * time.Minute: KindFailed} {
		f := newFake(t)
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			switch {
			case req.Method == http.MethodPut:
				m := f.add("ci", StateRunning, "Create Succeeded")
				m.operation = `{"status":"Succeeded"}`
				return reply(201, `{"name":"ci","properties":{"computeType":"ComputeInstance"}}`,
					"Azure-AsyncOperation: https://management.azure.com/operations/ci?x=1"), nil
			case strings.HasSuffix(req.URL.Path, "computes/ci") && f.clock.Now().Sub(f.begun) < lag:
				return reply(404, `{"error":{"code":"ResourceNotFound","message":"no"}}`), nil
			}
			return nil, nil
		}
		c := f.client()
		op, err := c.BeginCreate(t.Context(), "ci", &Spec{Location: "eastus", Instance: &InstanceSpec{VMSize: "S"}})
		if err != nil {
			t.Fatal(err)
		}
		out := c.Wait(t.Context(), []Target{{"ci", op}}, WaitOptions{})[0]
		if want < 0 && out.Err != nil || want >= 0 && KindOf(out.Err) != want {
			t.Errorf("unknown for %s: %v", lag, out.Err)
		}
	}
}

// What somebody deletes while it is being stopped is missed at the next look,
// whatever the operation's address goes on saying.
func TestDeletedMeanwhileIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m := f.add("ci", StateRunning, "Start Succeeded")
	f.clock.onSleep = func(*fakeClock, time.Duration) {
		if f.clock.Now().Sub(f.begun) > 30*time.Second {
			f.mu.Lock()
			defer f.mu.Unlock()
			m.state, m.next = "gone", nil
		}
	}
	out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]
	if KindOf(out.Err) != KindNotFound || !strings.Contains(out.Err.Error(), "deleted meanwhile") {
		t.Errorf("%v", out.Err)
	}
	if took := f.clock.Now().Sub(f.begun); took > 45*time.Second {
		t.Errorf("said after %s", took)
	}
}

// A cluster tells of no operation: while its address says that it goes on, a
// change that is not seen yet is no failure. An instance would have told.
func TestClusterMayTakeItsTime(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	nodes := 1
	f.answer = func(_ int, req *http.Request) (*http.Response, error) {
		over := f.clock.Now().Sub(f.begun) > 5*time.Minute
		if over {
			nodes = 4
		}
		switch {
		case req.Method == http.MethodPatch:
			return reply(202, "", "Azure-AsyncOperation: https://management.azure.com/operations/gpu"), nil
		case strings.Contains(req.URL.Path, "operations"):
			status := "InProgress"
			if over {
				status = "Succeeded"
			}
			return reply(200, `{"status":"`+status+`"}`), nil
		}
		return reply(200, fmt.Sprintf(`{"name":"gpu","properties":{"computeType":"AmlCompute","provisioningState":"Succeeded","properties":{"vmSize":"S","allocationState":"Steady","scaleSettings":{"minNodeCount":0,"maxNodeCount":%d}}}}`, nodes)), nil
	}
	out := f.client().UpdateScale(t.Context(), "gpu", ScaleSettings{MaxNodes: 4}, ActOptions{})
	if out.Err != nil {
		t.Errorf("%v\n%s", out.Err, f.requests())
	}
}

// A wait that knows only the operation must not take the failure of an earlier
// one, which reads that lag still show, for its end.
func TestOldFailureIsNotTheEnd(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m := f.add("ci", StateStopped, "Start Failed")
	old := m.json("ci")
	f.answer = func(_ int, req *http.Request) (*http.Response, error) {
		switch {
		case req.Method == http.MethodPost:
			f.usual(req)
			return reply(202, ""), nil
		case f.clock.Now().Sub(f.begun) < 10*time.Second:
			return reply(200, old), nil
		}
		return nil, nil
	}
	c := f.client()
	op, err := c.BeginStart(t.Context(), "ci")
	if err != nil {
		t.Fatal(err)
	}
	if out := c.Wait(t.Context(), []Target{{"ci", op}}, WaitOptions{})[0]; out.Err != nil {
		t.Error(out.Err)
	}
}

// Operations of many that linger although their computes show the end are not
// asked at every look.
func TestLingeringOperationsOfManyAreAskedRarely(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	names := []string{"a1", "b1"}
	for _, name := range names {
		f.add(name, StateRunning, "Start Succeeded")
	}
	f.answer = func(_ int, req *http.Request) (*http.Response, error) {
		if strings.Contains(req.URL.Path, "operations") {
			return reply(200, `{"status":"InProgress"}`, "Retry-After: 1"), nil
		}
		return nil, nil
	}
	for _, out := range f.client().Stop(t.Context(), names, ActOptions{}) {
		if out.Err != nil {
			t.Error(out.Err)
		}
	}
	if asked := f.count("GET", "operations"); asked > 16 {
		t.Errorf("asked %d times\n%s", asked, f.requests())
	}
}

// An address that may not be read is as good as none: it is asked once.
func TestForbiddenAddressIsDroppedAtOnce(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 410, 302} {
		f := newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			if strings.Contains(req.URL.Path, "operations") {
				return reply(status, `{"error":{"code":"AuthorizationFailed","message":"no"}}`), nil
			}
			return nil, nil
		}
		out := f.client().Start(t.Context(), []string{"ci"}, ActOptions{})[0]
		if asked := f.count("GET", "operations"); out.Err != nil || asked != 1 {
			t.Errorf("%d: asked %d times, %v", status, asked, out.Err)
		}
	}
}
