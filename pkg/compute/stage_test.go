package compute

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A lost request that the reads show two looks later was carried out: it is not
// made again.
func TestLostRequestIsLookedForThreeTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
	})
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
	synctest.Test(t, func(t *testing.T) {
		for lag, want := range map[time.Duration]Kind{50 * time.Second: -1, 2 * time.Minute: KindFailed} {
			f := newFake(t)
			f.answer = func(_ int, req *http.Request) (*http.Response, error) {
				switch {
				case req.Method == http.MethodPut:
					m := f.add("ci", StateRunning, "Create Succeeded")
					m.operation = `{"status":"Succeeded"}`
					return reply(201, `{"name":"ci","properties":{"computeType":"ComputeInstance"}}`,
						"Azure-AsyncOperation: https://management.azure.com/operations/ci?x=1"), nil
				case strings.HasSuffix(req.URL.Path, "computes/ci") && time.Since(f.begun) < lag:
					return reply(404, `{"error":{"code":"ResourceNotFound","message":"no"}}`), nil
				}
				return nil, nil
			}
			c := f.client()
			op, err := c.write(t.Context(), opCreate, VerbCreate, "ci", &Spec{Location: "eastus", Instance: &InstanceSpec{VMSize: "S"}})
			if err != nil {
				t.Fatal(err)
			}
			out := c.Wait(t.Context(), []Target{{"ci", op}}, WaitOptions{})[0]
			if want < 0 && out.Err != nil || want >= 0 && KindOf(out.Err) != want {
				t.Errorf("unknown for %s: %v", lag, out.Err)
			}
		}
	})
}

// What somebody deletes while it is being stopped is missed at the next look,
// whatever the operation's address goes on saying.
func TestDeletedMeanwhileIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateRunning, "Start Succeeded")
		time.AfterFunc(31*time.Second, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			m.state, m.next = "gone", nil
		})
		out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]
		if KindOf(out.Err) != KindNotFound || !strings.Contains(out.Err.Error(), "deleted meanwhile") {
			t.Errorf("%v", out.Err)
		}
		if took := time.Since(f.begun); took > 45*time.Second {
			t.Errorf("said after %s", took)
		}
	})
}

// A cluster tells of no operation: while its address says that it goes on, a
// change that is not seen yet is not a failure. An instance would have told.
func TestClusterMayTakeItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		nodes := 1
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			over := time.Since(f.begun) > 5*time.Minute
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
	})
}

// A wait that knows only the operation must not take the failure of an earlier
// one, which reads that lag still show, for its end.
func TestOldFailureIsNotTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateStopped, "Start Failed")
		old := m.json("ci")
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			switch {
			case req.Method == http.MethodPost:
				f.usual(req)
				return reply(202, ""), nil
			case time.Since(f.begun) < 10*time.Second:
				return reply(200, old), nil
			}
			return nil, nil
		}
		c := f.client()
		op, err := c.write(t.Context(), opStart, VerbStart, "ci", nil)
		if err != nil {
			t.Fatal(err)
		}
		if out := c.Wait(t.Context(), []Target{{"ci", op}}, WaitOptions{})[0]; out.Err != nil {
			t.Error(out.Err)
		}
	})
}

// Operations of many that linger although their computes show the end are not
// asked at every look.
func TestLingeringOperationsOfManyAreAskedRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
	})
}

// An address that may not be read is as good as none: it is asked once.
func TestForbiddenAddressIsDroppedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
	})
}

// Troubles of different kinds do not add up to a sign-in that died.
func TestTroublesOfDifferentKindsDoNotAddUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateRunning, "Start Succeeded")
		looks := 0
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			if req.Method != http.MethodGet || f.count0("POST") == 0 || strings.Contains(req.URL.Path, "operations") {
				return nil, nil
			}
			looks++
			switch looks {
			case 1, 2:
				return reply(503, ""), nil
			case 3, 4: // a request that is refused is made twice
				return reply(401, `{"error":{"code":"ExpiredAuthenticationToken","message":"too old"}}`), nil
			}
			return nil, nil
		}
		if out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]; out.Err != nil {
			t.Errorf("%v\n%s", out.Err, f.requests())
		}
	})
}

// A restart of a stopped instance is a start: its lost answer shows as one.
func TestLostRestartOfAStoppedInstance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateStopped, "Stop Succeeded")
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				f.usual(req)
				return nil, errReset
			}
			return nil, nil
		}
		out := f.client().Restart(t.Context(), []string{"ci"}, ActOptions{})[0]
		if out.Err != nil || !out.Compute.IsRunning() || f.count("POST", "") != 1 {
			t.Errorf("%v\n%s", out.Err, f.requests())
		}
	})
}

// An earlier operation is no evidence of the one whose answer was lost.
func TestOldOperationIsNoSign(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateRunning, "Stop Failed")
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost && f.count0("POST") == 1 {
				return nil, errReset // it did not arrive
			}
			return nil, nil
		}
		out := f.client().Stop(t.Context(), []string{"ci"}, ActOptions{})[0]
		if out.Err != nil || f.count("POST", "stop") != 2 {
			t.Errorf("%v\n%s", out.Err, f.requests())
		}
	})
}

// A size is reached when the resize is over, not when it is shown.
func TestResizeInTheMiddleOfOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci", StateStopped, "Stop Succeeded")
		m.size = "T"
		f.begin(m, "Resize", StateResizing, StateStopped, time.Minute)
		out := f.client().Resize(t.Context(), []string{"ci"}, "T", ActOptions{})[0]
		if out.Err != nil || !out.Already || !out.Compute.IsStopped() || f.count("POST", "/resize") != 0 {
			t.Errorf("%+v, %v", out, out.Err)
		}
	})
}

// What is being deleted is not waited for by a create that takes nothing that
// exists.
func TestCreateThatTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci-a", StateRunning, "Start Succeeded")
		f.begin(m, "Delete", StateDeleting, "", time.Hour)
		out := f.client().Create(t.Context(), "ci-a", &Spec{Location: "eastus", Instance: &InstanceSpec{VMSize: "S"}}, CreateOptions{IfExists: ExistsFail})
		if KindOf(out.Err) != KindConflict || !time.Now().Equal(f.begun) {
			t.Errorf("%v after %s", out.Err, time.Since(f.begun))
		}
	})
}

// While a compute is on its way the service need not say yet what it was asked
// for.
func TestSilenceDuringACreateIsNoDifference(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		m := f.add("ci-a", StateCreating, "Create InProgress")
		f.begin(m, "Create", StateCreating, StateRunning, time.Minute)
		spec := &Spec{Location: "eastus", Instance: &InstanceSpec{VMSize: "S"}, Tags: map[string]string{"team": "vision"}}
		out := f.client().Create(t.Context(), "ci-a", spec, CreateOptions{})
		if out.Err != nil || !out.Already || !out.Compute.IsRunning() {
			t.Errorf("%+v, %v", out, out.Err)
		}
	})
}

func TestMergedLeavesOutWhatOnlyTheServiceSays(t *testing.T) {
	t.Parallel()
	have := &Compute{Name: "gpu", Raw: []byte(`{"id":"i","name":"gpu","type":"t","systemData":{},"location":"eastus","mine":1,"properties":{"provisioningState":"Failed",
		"provisioningErrors":[{}],"provisioningWarnings":[],"createdOn":"c","modifiedOn":"m","isAttachedCompute":false,"description":"kept","properties":{"allocationState":"Steady",
		"allocationStateTransitionTime":"t","errors":[{}],"currentNodeCount":1,"targetNodeCount":1,"nodeStateCounts":{},"vmSize":"S"}}}`)}
	got, err := merged(have, &Spec{Location: "eastus", Cluster: &ClusterSpec{VMSize: "S"}, Tags: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields("id systemData provisioningState provisioningErrors provisioningWarnings createdOn modifiedOn isAttachedCompute allocationState allocationStateTransitionTime errors currentNodeCount targetNodeCount nodeStateCounts") {
		if strings.Contains(string(got), `"`+key+`"`) {
			t.Errorf("%s is sent: %s", key, got)
		}
	}
	for _, part := range []string{`"mine":1`, `"description":"kept"`, `"a":"b"`} {
		if !strings.Contains(string(got), part) {
			t.Errorf("%s is not sent: %s", part, got)
		}
	}
}

func TestCheckSpecBounds(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{15*time.Minute + 30*time.Second, 14 * time.Minute, 73 * time.Hour} {
		if found := CheckSpec("ci-a", &Spec{Instance: &InstanceSpec{VMSize: "S", IdleShutdown: d}}); len(found) != 1 || found[0].Field != "idleShutdown" {
			t.Errorf("%s: %v", d, found)
		}
	}
	for id, want := range map[string]bool{
		"/subscriptions/s/resourceGroups/g/providers/P/T/N":  true,
		"/subscriptions/s/resourceGroups/g/providers/P/T":    false,
		"/subscriptions/s/resourceGroups/g/providers/P/T/":   false,
		"/subscriptions//resourceGroups/g/providers/P/T/N":   false,
		"subscriptions/s/resourceGroups/g/providers/P/T/N/x": false,
	} {
		if got := isResourceID(id); got != want {
			t.Errorf("%s: %t", id, got)
		}
	}
}

// The service knows the Windows names of zones only: another name of the same
// zone is a change.
func TestNameOfAZoneIsSent(t *testing.T) {
	t.Parallel()
	list, err := ReadSchedules([]byte(`[{"id":"1","action":"Stop","status":"Enabled","triggerType":"Cron","cron":{"expression":"0 18 * * *","timeZone":"Europe/Berlin"}}]`))
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	s := list[0]
	s.Entry.Zone = "W. Europe Standard Time"
	body, err := s.wire()
	if err != nil || body["cron"].(map[string]any)["timeZone"] != "W. Europe Standard Time" {
		t.Errorf("%v, %v", body, err)
	}
}

// Of schedules that do the same the one of the same id is kept, and an id that
// is not of this instance says nothing here.
func TestReuseByID(t *testing.T) {
	t.Parallel()
	one := func(id string, hour int) string {
		return fmt.Sprintf(`{"id":%q,"action":"Stop","status":"Enabled","triggerType":"Cron","cron":{"expression":"0 %d * * *"}}`, id, hour)
	}
	read := func(list ...string) []Schedule {
		s, err := ReadSchedules([]byte("[" + strings.Join(list, ",") + "]"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	have := read(one("1", 18), one("2", 18), one("3", 19))
	for _, test := range []struct {
		want []Schedule
		ids  string
		same bool
	}{
		{read(one("2", 18), one("1", 18), one("3", 19)), "2 1 3", true},
		{read(one("2", 18)), "2", false},
		{read(one("elsewhere", 18)), "1", false},
		{read(one("elsewhere", 20)), "", false},
		{read(one("3", 20)), "3", false},
	} {
		set, same := reuse(have, test.want)
		var ids []string
		for _, s := range set {
			ids = append(ids, s.Entry.ID)
		}
		if got := strings.Join(ids, " "); got != test.ids || same != test.same {
			t.Errorf("%q, %t; want %q, %t", got, same, test.ids, test.same)
		}
	}
}

// A sign-in that somebody broke off says nothing about the next one.
func TestBrokenOffSignInIsNotShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := &credential{TokenCredential: signIn(func(ctx context.Context) error { asked++; return ctx.Err() })}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.GetToken(ended, azpolicy.TokenRequestOptions{}); err == nil {
			t.Error("a token")
		}
		if _, err := c.GetToken(t.Context(), azpolicy.TokenRequestOptions{}); err != nil || asked != 2 {
			t.Errorf("%v, asked %d times", err, asked)
		}
	})
}

type signIn func(context.Context) error

func (f signIn) GetToken(ctx context.Context, _ azpolicy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t"}, f(ctx)
}

// Only the service's word about the compute itself says that it is not there.
func TestWhatIsAbsence(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status        int
		code, message string
		want          bool
	}{
		{404, "ResourceNotFound", "The compute ci was not found.", true},
		{404, "NotFound", "", true},
		{404, "ResourceNotFound", "Compute ci of the workspace ws was not found.", true},
		{404, "ResourceNotFound", "The workspace ws was not found.", false},
		{404, "ResourceNotFound", "The subscription sub was not found.", false},
		{404, "InvalidResourceType", "no", false},
		{404, "", "<html>", false},
		{400, "ResourceNotFound", "no", false},
		{410, "NotFound", "no", false},
	} {
		if got := isMissing(&Error{Status: test.status, Code: test.code, Message: test.message, Name: "ci"}); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
	if isMissing(&Error{Status: 404, Code: "ResourceNotFound"}) {
		t.Error("of a list")
	}
}

// A scale is changed when all of it is shown, the idle time too.
func TestScaleIsShownWithItsIdleTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			switch {
			case req.Method == http.MethodPatch:
				return reply(202, "", "Azure-AsyncOperation: https://management.azure.com/operations/gpu"), nil
			case strings.Contains(req.URL.Path, "operations"):
				return reply(200, `{"status":"Succeeded"}`), nil
			}
			idle := "PT120S"
			if time.Since(f.begun) > 20*time.Second {
				idle = "PT300S"
			}
			return reply(200, fmt.Sprintf(`{"name":"gpu","properties":{"computeType":"AmlCompute","provisioningState":"Succeeded","properties":{"vmSize":"S","allocationState":"Steady","scaleSettings":{"minNodeCount":0,"maxNodeCount":4,"nodeIdleTimeBeforeScaleDown":%q}}}}`, idle)), nil
		}
		out := f.client().UpdateScale(t.Context(), "gpu", ScaleSettings{MaxNodes: 4, IdleTime: "PT300S"}, ActOptions{})
		if out.Err != nil || out.Compute.Cluster.Scale.IdleTime != "PT300S" {
			t.Errorf("%v\n%s", out.Err, f.requests())
		}
	})
}

// A cluster keeps its idle time when a create changes only the number of nodes.
func TestScalePatchKeepsTheIdleTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		most, sent := 4, ""
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPatch {
				body, _ := io.ReadAll(req.Body)
				most, sent = 8, string(body)
			}
			return reply(200, fmt.Sprintf(`{"name":"cpu","location":"eastus","properties":{"computeType":"AmlCompute","provisioningState":"Succeeded","properties":{"vmSize":"S","allocationState":"Steady","scaleSettings":{"minNodeCount":0,"maxNodeCount":%d,"nodeIdleTimeBeforeScaleDown":"PT1800S"}}}}`, most)), nil
		}
		out := f.client().Create(t.Context(), "cpu", &Spec{Location: "eastus", Cluster: &ClusterSpec{VMSize: "S", MaxNodes: 8}}, CreateOptions{})
		if want := `{"properties":{"properties":{"scaleSettings":{"maxNodeCount":8,"minNodeCount":0,"nodeIdleTimeBeforeScaleDown":"PT1800S"}}}}`; out.Err != nil || sent != want {
			t.Errorf("%v, sent %s, want %s", out.Err, sent, want)
		}
	})
}

// A setting that the service accepted without an address to ask takes effect at
// once, or not at all.
func TestSettingWithoutAnAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.add("ci", StateRunning, "Start Succeeded")
		f.answer = func(_ int, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				return reply(202, ""), nil
			}
			return nil, nil
		}
		begun := time.Now()
		out := f.client().ChangeIdle(t.Context(), []string{"ci"}, time.Hour, ChangeOptions{})[0]
		if KindOf(out.Err) != KindFailed || !strings.HasPrefix(out.Err.Error(), "the service took the idle time of ci, but 30s later it still shows") || !out.Sent {
			t.Errorf("%v", out.Err)
		}
		if took := time.Since(begun); took > showGrace+lastInterval {
			t.Errorf("it took %s", took)
		}
	})
}

// What is attached is not created.
func TestAttachIsCalledSo(t *testing.T) {
	t.Parallel()
	spec := &Spec{Location: "eastus", Kubernetes: &KubernetesSpec{}, ResourceID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/aks"}
	for name, test := range map[string]struct{ put, operation, says string }{
		"failed":   {"202", `{"status":"Failed"}`, "the attach of k8s ended as Failed without a reason"},
		"goes on":  {"202", `{"status":"InProgress"}`, "the attach goes on"},
		"lost":     {"lost", "", "the attach was sent and may have been carried out"},
		"deleting": {"deleting", "", "nothing was sent: ask for the attach again when it is gone"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			put := false
			f.answer = func(_ int, req *http.Request) (*http.Response, error) {
				put = put || req.Method == http.MethodPut
				switch {
				case req.Method == http.MethodPut && test.put == "lost":
					return nil, io.ErrUnexpectedEOF
				case req.Method == http.MethodPut:
					return reply(202, "", "Azure-AsyncOperation: https://management.azure.com/operations/k8s"), nil
				case strings.Contains(req.URL.Path, "operations"):
					return reply(200, test.operation), nil
				case test.put == "deleting":
					return reply(200, `{"name":"k8s","properties":{"computeType":"Kubernetes","provisioningState":"Deleting"}}`), nil
				case test.put == "lost" && put:
					return reply(503, ""), nil
				}
				return reply(404, `{"error":{"code":"ResourceNotFound","message":"no compute k8s"}}`), nil
			}
			out := f.client().Create(t.Context(), "k8s", spec, CreateOptions{ActOptions: ActOptions{Timeout: 40 * time.Second}})
			if out.Verb != VerbAttach || out.Err == nil || !strings.Contains(out.Err.Error(), test.says) || strings.Contains(out.Err.Error(), "create") {
				t.Errorf("%s: %s: %v", name, out.Verb, out.Err)
			}
		})
	}
}

// Retry-After delays the next look, but it cannot outlast the timeout, and never
// delays it by more than an hour.
func TestHugeRetryAfter(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 429} {
		for _, limit := range []time.Duration{5 * time.Minute, 0} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				m := f.add("ci", StateStarting, "Start InProgress")
				m.next = []change{{at: time.Now().Add(10 * time.Minute), state: StateRunning, last: "Start Succeeded"}}
				f.answer = func(_ int, req *http.Request) (*http.Response, error) {
					if status != 200 && time.Since(f.begun) < 20*time.Minute {
						return reply(status, `{"error":{"code":"TooManyRequests","message":"later"}}`, "Retry-After: 99999999"), nil
					}
					return reply(200, fmt.Sprintf(`{"name":"ci","properties":{"computeType":"ComputeInstance","provisioningState":"Succeeded","properties":{"state":%q}}}`, m.state), "Retry-After: 99999999"), nil
				}
				out := f.client().Wait(t.Context(), []Target{{Name: "ci"}}, WaitOptions{Goal: GoalRunning, Timeout: limit})[0]
				took := time.Since(f.begun)
				if limit > 0 && (KindOf(out.Err) != KindTimeout || took != limit) {
					t.Errorf("%d with a timeout: %v after %s", status, out.Err, took)
				}
				if limit == 0 && (out.Err != nil || took > maxRetryAfter+lastInterval) {
					t.Errorf("%d without a timeout: %v after %s", status, out.Err, took)
				}
			})
		}
	}
}

// A subnet that the service leaves out after a create was not set.
func TestSilenceIsADifferenceOnlyIfStrict(t *testing.T) {
	t.Parallel()
	have := mustDecode(t, `{"name":"ci","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"S"}}}`)
	want := &Spec{Instance: &InstanceSpec{VMSize: "s", SubnetID: "/n"}}
	if list := compare(have, want, true); len(list) != 1 || list[0].Field != "subnet" || len(compare(have, want, false)) != 0 {
		t.Errorf("%v", list)
	}
}
