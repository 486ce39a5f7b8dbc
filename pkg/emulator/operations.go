package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// operation is an accepted request that goes on, under
// locations/{location}/computeOperationsStatus/{id}.
type operation struct {
	ID           string    `json:"id"`
	Subscription string    `json:"subscription"`
	Location     string    `json:"location"`
	Version      string    `json:"version"` // api-version of the request, part of the URL
	Status       string    `json:"status"`  // InProgress, Succeeded, Failed, Canceled
	Error        *apiError `json:"error,omitempty"`
	Started      time.Time `json:"started"`
}

func (o *operation) valid() bool { return o != nil }

// transition is the operation a compute is in, with the moments it moves on.
type transition struct {
	Operation string    `json:"operation,omitempty"` // id; "" when nobody was given an operation URL
	Name      string    `json:"name"`                // as in lastOperation.operationName
	Trigger   string    `json:"trigger"`
	Started   time.Time `json:"started"`
	Steps     []step    `json:"steps"` // still to come; the last one ends the operation
	Failure   *failure  `json:"failure,omitempty"`
	Size      string    `json:"size,omitempty"` // the size a resize ends with
}

type step struct {
	At    time.Time `json:"at"`
	State string    `json:"state"` // the compute's state from then on
}

// failure makes an operation end badly.
type failure struct {
	State string    `json:"state"` // the state the compute is left in
	Error *apiError `json:"error"`
}

const operationHeader = "Azure-AsyncOperation"

// Names of operations and triggers, as lastOperation shows them.
const (
	createOperation  = "Create"
	startOperation   = "Start"
	stopOperation    = "Stop"
	restartOperation = "Restart"
	resizeOperation  = "Resize"
	deleteOperation  = "Delete"
	updateOperation  = "Update" // clusters and attached computes; never shown

	triggerUser     = "User"
	triggerSchedule = "Schedule"
	triggerIdle     = "IdleShutdown"
)

// How long operations take at the real pace. Create, start and stop of an
// instance are recorded of the service; the others are our estimates.
const (
	createTime  = 180 * time.Second
	startTime   = 120 * time.Second
	stopTime    = 60 * time.Second
	restartTime = 120 * time.Second
	resizeTime  = 120 * time.Second
	deleteTime  = 60 * time.Second
	clusterTime = 30 * time.Second // creating or changing a cluster, its nodes apart
	attachTime  = 30 * time.Second
)

// keptOperations bounds how many finished operations can still be asked for.
const keptOperations = 20000

// operate starts an operation on c now. The states it passes through are the
// phases of its name; nobody is given its URL unless accept is called.
func (t *tx) operate(c *compute, name, trigger string) *transition {
	c.Busy = &transition{Name: name, Trigger: trigger, Started: t.now}
	at := t.now
	phases, goal := c.phases(name)
	for i, p := range phases {
		if i == 0 {
			c.setState(p.state)
		} else {
			c.Busy.Steps = append(c.Busy.Steps, step{at, p.state})
		}
		at = at.Add(t.e.opts.Pace.scale(p.takes))
	}
	c.Busy.Steps = append(c.Busy.Steps, step{at, goal})
	if c.Instance != nil {
		if name == startOperation && c.Instance.NoCapacity {
			c.Busy.Failure = &failure{State: "Stopped", Error: fail(http.StatusConflict, "AllocationFailed",
				"Allocation failed. We do not have sufficient capacity for the requested VM size in this region.")}
		}
		c.Instance.Last = &lastOperation{Name: name, Time: t.now, Status: "InProgress", Trigger: trigger}
	}
	t.s.touch(computeKey + c.key())
	return c.Busy
}

// accept makes the operation that c is in one that can be asked for, and
// returns the headers of the answer that accepts it.
func (t *tx) accept(c *compute, q *request, res *response) *response {
	id := t.e.uuid()
	c.Busy.Operation = id
	t.s.operations[id] = &operation{
		ID: id, Subscription: c.Subscription, Location: c.region(),
		Version: q.version.String(), Status: "InProgress", Started: t.now,
	}
	t.s.touch(operationKey + id)
	t.forgetOperations()
	res.header.Set(operationHeader, q.base+t.s.operations[id].path())
	return t.pollAgain(res)
}

// pollAgain asks the client to come back soon under fast paces; the service
// itself sends no Retry-After.
func (t *tx) pollAgain(res *response) *response {
	if ms, ok := t.e.opts.Pace.retryAfter(); ok {
		res.header["Retry-After-Ms"] = []string{fmt.Sprint(ms)}
	}
	return res
}

// forgetOperations drops the oldest finished operations beyond a bound.
func (t *tx) forgetOperations() {
	if len(t.s.operations) <= keptOperations+keptOperations/10 {
		return
	}
	var done []*operation
	for _, o := range t.s.operations {
		if o.Status != "InProgress" {
			done = append(done, o)
		}
	}
	slices.SortFunc(done, func(a, b *operation) int { return a.Started.Compare(b.Started) })
	for _, o := range done[:max(0, min(len(done), len(t.s.operations)-keptOperations))] {
		delete(t.s.operations, o.ID)
		t.s.touch(operationKey + o.ID)
	}
}

// step moves the operation that c is in on by one state, or ends it.
func (t *tx) step(c *compute) {
	b := c.Busy
	next := b.Steps[0]
	b.Steps = b.Steps[1:]
	if len(b.Steps) > 0 {
		c.setState(next.State)
		return
	}
	c.Busy = nil
	c.Modified = t.now
	status := "Succeeded"
	var cause *apiError
	if b.Failure != nil {
		status, next.State, cause = "Failed", b.Failure.State, b.Failure.Error
	}
	t.conclude(b, status, cause)
	if b.Name == deleteOperation && b.Failure == nil {
		t.rememberSize(c)
		t.s.removeCompute(c.key())
		return
	}
	c.finish(b, next.State, t.now)
	if c.Cluster != nil && b.Failure == nil {
		t.settleCluster(c)
	}
}

// conclude gives the operation that can be asked for its final status.
func (t *tx) conclude(b *transition, status string, cause *apiError) {
	if o := t.s.operations[b.Operation]; o != nil {
		o.Status, o.Error = status, cause
		t.s.touch(operationKey + o.ID)
	}
}

// path is the operation's URL without the host, as long and as signed as the
// service's. It holds nothing that cannot be made again from the operation.
func (o *operation) path() string {
	return fmt.Sprintf("/subscriptions/%s/providers/Microsoft.MachineLearningServices/locations/%s/computeOperationsStatus/%s?%s",
		o.Subscription, o.Location, o.ID, o.query())
}

func (o *operation) query() string {
	sum := sha256.Sum256([]byte("signature of " + o.ID))
	var chain strings.Builder
	for part := sum; chain.Len() < 1800; part = sha256.Sum256(part[:]) {
		chain.WriteString(base64.RawURLEncoding.EncodeToString(part[:]))
	}
	return fmt.Sprintf("api-version=%s&service=new&t=%d&c=MII%s&s=%s&h=%s", o.Version,
		o.Started.UnixNano(), chain.String(),
		base64.RawURLEncoding.EncodeToString(sum[:]), base64.RawURLEncoding.EncodeToString(sum[:16]))
}

// getOperation answers a poll. The URL must come back as it was given.
func getOperation(t *tx, q *request) (*response, error) {
	o := t.s.operations[strings.ToLower(q.args[2])]
	if o == nil || !strings.EqualFold(o.Subscription, q.args[0]) || !strings.EqualFold(o.Location, q.args[1]) {
		return nil, fail(http.StatusNotFound, "NotFound", "The operation '%s' was not found.", q.args[2])
	}
	want, err := url.ParseQuery(o.query())
	if err != nil {
		return nil, err
	}
	for k := range want {
		if len(q.query[k]) != 1 || q.query[k][0] != want[k][0] {
			return nil, fail(http.StatusForbidden, "InvalidOperationUrl",
				"The signature of the operation URL is not valid: query parameter '%s' is missing or was changed.", k)
		}
	}
	res := newResponse(http.StatusOK)
	switch o.Status {
	case "InProgress":
		return t.pollAgain(res.json(new(object).set("status", o.Status))), nil
	case "Succeeded":
		return res.json(new(object).set("status", o.Status).set("percentComplete", json100)), nil
	}
	out := new(object).set("status", o.Status)
	switch {
	case o.Error == nil:
	case o.Version < "2019-06-01": // which wrapped it once more
		out.set("error", o.Error.body())
	default:
		out.set("error", o.Error)
	}
	return res.json(out), nil
}
