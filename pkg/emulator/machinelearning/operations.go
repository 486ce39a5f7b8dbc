package machinelearning

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// operation is an accepted request that goes on, under
// locations/{location}/computeOperationsStatus/{id}.
type operation struct {
	ID           string     `json:"id"`
	Subscription string     `json:"subscription"`
	Location     string     `json:"location"`
	Version      string     `json:"version"` // api-version of the request, part of the URL
	Status       string     `json:"status"`  // InProgress, Succeeded, Failed, Canceled
	Error        *arm.Error `json:"error,omitempty"`
	Started      time.Time  `json:"started"`
}

// transition is the operation a compute is in, with the moments it moves on.
type transition struct {
	Operation string    `json:"operation,omitempty"` // id; "" when nobody was given an operation URL
	Name      string    `json:"name"`                // as in lastOperation.operationName
	Trigger   string    `json:"trigger"`
	Started   time.Time `json:"started"`
	Steps     []step    `json:"steps"` // still to come; the last one ends the operation
	Failure   *failure  `json:"failure,omitempty"`
	Size      string    `json:"size,omitempty"`   // the size a resize ends with
	Script    string    `json:"script,omitempty"` // which script of an instance runs now
}

type step struct {
	At    time.Time `json:"at"`
	State string    `json:"state"` // the compute's state from then on
	// Script is which of an instance's scripts runs from then on, if any.
	Script string `json:"script,omitempty"`
}

// failure makes an operation end badly.
type failure struct {
	State  string     `json:"state"` // the state the compute is left in
	Error  *arm.Error `json:"error"`
	Script string     `json:"script,omitempty"` // why a script failed, whose error is made when it ends
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
func operate(t *arm.Tx, c *compute, name, trigger string) *transition {
	c.Busy = &transition{Name: name, Trigger: trigger, Started: t.Now}
	at := t.Now
	phases, goal := c.phases(name)
	for i, p := range phases {
		if i == 0 {
			c.setState(p.state)
		} else {
			c.Busy.Steps = append(c.Busy.Steps, step{at, p.state, p.script})
		}
		at = at.Add(t.Takes(p.takes))
	}
	c.Busy.Steps = append(c.Busy.Steps, step{At: at, State: goal})
	if c.Instance != nil {
		if name == startOperation && c.Instance.NoCapacity {
			c.Busy.Failure = &failure{State: "Stopped", Error: arm.Fail(http.StatusConflict, "AllocationFailed",
				"Allocation failed. We do not have sufficient capacity for the requested VM size in this region.")}
		}
		c.Instance.Last = &lastOperation{Name: name, Time: t.Now, Status: "InProgress", Trigger: trigger}
	}
	computes.Put(t, c.key(), c)
	return c.Busy
}

// accept makes the operation that c is in one that can be asked for, and
// returns the headers of the answer that accepts it.
func accept(t *arm.Tx, c *compute, q *arm.Request, res *arm.Response) *arm.Response {
	id := t.NewID()
	c.Busy.Operation = id
	o := &operation{
		ID: id, Subscription: c.Subscription, Location: c.region(),
		Version: q.Version.String(), Status: "InProgress", Started: t.Now,
	}
	operations.Put(t, id, o)
	forgetOperations(t)
	res.Header.Set(operationHeader, q.Base+o.path())
	return pollAgain(t, res)
}

// pollAgain asks the client to come back soon under fast paces; the service
// itself sends no Retry-After.
func pollAgain(t *arm.Tx, res *arm.Response) *arm.Response {
	if ms := max(1, t.Takes(createTime).Milliseconds()/6); ms <= 1000 {
		res.Header["Retry-After-Ms"] = []string{fmt.Sprint(ms)}
	}
	return res
}

// forgetOperations drops the oldest finished operations beyond a bound.
func forgetOperations(t *arm.Tx) {
	if operations.Len(t) <= keptOperations+keptOperations/10 {
		return
	}
	var done []*operation
	for o := range operations.All(t) {
		if o.Status != "InProgress" {
			done = append(done, o)
		}
	}
	slices.SortFunc(done, func(a, b *operation) int { return a.Started.Compare(b.Started) })
	for _, o := range done[:max(0, min(len(done), operations.Len(t)-keptOperations))] {
		operations.Delete(t, o.ID)
	}
}

// proceed moves the operation that c is in on by one state, or ends it.
func proceed(t *arm.Tx, c *compute) {
	b := c.Busy
	if b.Script != "" {
		endScript(t, c, b.Script)
		b.Script = ""
	}
	next := b.Steps[0]
	b.Steps = b.Steps[1:]
	if len(b.Steps) > 0 {
		c.setState(next.State)
		if b.Script = next.Script; b.Script != "" {
			beginScript(t, c, b.Script)
		}
		return
	}
	c.failPlatform(t)
	c.Busy = nil
	c.Modified = t.Now
	status := "Succeeded"
	var cause *arm.Error
	if b.Failure != nil {
		status, next.State, cause = "Failed", b.Failure.State, b.Failure.Error
	}
	conclude(t, b, status, cause)
	if b.Name == deleteOperation && b.Failure == nil {
		rememberSize(t, c)
		computes.Delete(t, c.key())
		return
	}
	c.finish(b, next.State, t.Now)
	if c.Cluster != nil && b.Failure == nil {
		settleCluster(t, c)
	}
}

// conclude gives the operation that can be asked for its final status.
func conclude(t *arm.Tx, b *transition, status string, cause *arm.Error) {
	if o := operations.Get(t, b.Operation); o != nil {
		o.Status, o.Error = status, cause
		operations.Put(t, o.ID, o)
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
func getOperation(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	o := operations.Get(t, strings.ToLower(q.Args[2]))
	if o == nil || !strings.EqualFold(o.Subscription, q.Args[0]) || !strings.EqualFold(o.Location, q.Args[1]) {
		return nil, arm.Fail(http.StatusNotFound, "NotFound", "The operation '%s' was not found.", q.Args[2])
	}
	want, err := url.ParseQuery(o.query())
	if err != nil {
		return nil, err
	}
	for k := range want {
		if len(q.Query[k]) != 1 || q.Query[k][0] != want[k][0] {
			return nil, arm.Fail(http.StatusForbidden, "InvalidOperationUrl",
				"The signature of the operation URL is not valid: query parameter '%s' is missing or was changed.", k)
		}
	}
	res := arm.NewResponse(http.StatusOK)
	switch o.Status {
	case "InProgress":
		return pollAgain(t, res.JSON(new(arm.Object).Set("status", o.Status))), nil
	case "Succeeded":
		return res.JSON(new(arm.Object).Set("status", o.Status).Set("percentComplete", json100)), nil
	}
	out := new(arm.Object).Set("status", o.Status)
	switch {
	case o.Error == nil:
	case o.Version < "2019-06-01": // which wrapped it once more
		out.Set("error", o.Error.Body())
	default:
		out.Set("error", o.Error)
	}
	return res.JSON(out), nil
}

// busy is the service's refusal of a second operation on one compute. Old and
// new wording are both in it because old clients look for the old one.
func busy(name string) *arm.Error {
	return arm.Fail(http.StatusConflict, "Conflict",
		"Compute %s is currently being processed by another command, such as Deleting or Shutting down. There is already an active operation submitted.", name)
}

// doom decides the fate of the operation that a request has just started: it
// never ends, its URL is lost, or it fails.
func doom(t *arm.Tx, q *arm.Request, fate string) {
	if len(q.Args) < 4 {
		return
	}
	c := computes.Get(t, arm.Key(q.Args[:4]...))
	if c == nil || c.Busy == nil || !c.Busy.Started.Equal(t.Now) {
		return
	}
	switch fate {
	case "lost":
		operations.Delete(t, c.Busy.Operation)
	case "never-ending":
		for i := range c.Busy.Steps {
			c.Busy.Steps[i].At = t.Now.AddDate(1000, 0, 0)
		}
	case "failed":
		c.Busy.Failure = &failure{State: failedState(c.Busy.Name), Error: arm.Fail(http.StatusInternalServerError, "InternalServerError",
			"The operation %s of %s failed because the emulator was told so.", c.Busy.Name, c.Name)}
	}
	computes.Put(t, c.key(), c)
}

// failedState is where an operation that fails leaves an instance.
func failedState(operation string) string {
	switch operation {
	case createOperation:
		return "CreateFailed"
	case startOperation, resizeOperation:
		return "Stopped"
	case stopOperation, restartOperation:
		return "Running"
	}
	return "Unusable"
}
