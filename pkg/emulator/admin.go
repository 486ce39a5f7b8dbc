package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/authorization"
	"github.com/computetarget/computetarget/pkg/emulator/graph"
	"github.com/computetarget/computetarget/pkg/emulator/machinelearning"
	"github.com/computetarget/computetarget/pkg/emulator/policy"
	"github.com/computetarget/computetarget/pkg/emulator/resources"
)

// adminPrefix is the first path segment of the emulator's own operations; see
// controls. ARM has none like it.
const adminPrefix = "_emulator"

// Status is the state of an emulator.
type Status struct {
	Now           time.Time      `json:"now"`           // the emulator's time
	Advanced      string         `json:"advanced"`      // sum of all advances, as a Go duration
	Pace          string         `json:"pace"`          // as ParsePace reads it
	Dir           string         `json:"dir,omitempty"` // where the state is; empty in memory
	Subscriptions int            `json:"subscriptions"`
	Workspaces    int            `json:"workspaces"`
	Computes      int            `json:"computes"`
	States        map[string]int `json:"states,omitempty"`   // computes by state; by provisioning state where a type has no other
	Busy          int            `json:"busy"`               // computes in an operation
	Next          *time.Time     `json:"nextMove,omitempty"` // when something happens by itself next
}

// Advance moves the emulator's clock forward and applies, in order, what falls due
// in that time.
func (e *Emulator) Advance(ctx context.Context, d time.Duration) (Status, error) {
	return transact(ctx, e, func(t *tx) (Status, error) { return t.after(t.advance(d)) })
}

// Reset returns the emulator to its initial state. It removes faults, journal and
// advances, too.
func (e *Emulator) Reset(ctx context.Context) (Status, error) {
	return transact(ctx, e, func(t *tx) (Status, error) { return t.after(t.reset()) })
}

// Status returns the state of the emulator.
func (e *Emulator) Status(ctx context.Context) (Status, error) {
	return transact(ctx, e, func(t *tx) (Status, error) { return t.after(nil) })
}

// Load adds computes as the service lists them: a JSON array, an object with the
// array in value, or one compute. It replaces those that exist and returns the
// number of computes. It does not check names, sizes, schedules or quota, so that
// it accepts any copy of a workspace. A compute in transition stays so.
//
// Beside value, people may hold people of the directory, each with objectId,
// displayName, userPrincipalName, mail and userType (Member or Guest). They count,
// too. A policy definition instead of a list is assigned to everything.
func (e *Emulator) Load(ctx context.Context, list []byte) (int, error) {
	return transact(ctx, e, func(t *tx) (int, error) { return t.load(list) })
}

// Permit lets somebody do what actions say and denied does not, and what role
// assignments give them besides. who is an object id, a user principal name or a
// mail address. Those who were given nothing may do everything.
func (e *Emulator) Permit(ctx context.Context, who string, actions, denied []string) error {
	return e.update(ctx, func(t *tx) error { return t.permit(who, actions, denied) })
}

func (t *tx) permit(who string, actions, denied []string) error {
	id, name, err := graph.Find(t.Tx, who)
	if err != nil {
		return err
	}
	return authorization.Permit(t.Tx, id, name, actions, denied)
}

// load puts computes and people into the emulator, or a policy.
func (t *tx) load(list []byte) (int, error) {
	var in struct {
		People, Value, PolicyRule json.RawMessage
		ID                        string
		Properties                struct{ PolicyRule json.RawMessage }
	}
	if !bytes.HasPrefix(bytes.TrimSpace(list), []byte{'{'}) || json.Unmarshal(list, &in) != nil {
		return machinelearning.Load(t.Tx, list)
	}
	switch {
	case !arm.IsNull(in.PolicyRule) || !arm.IsNull(in.Properties.PolicyRule):
		return 1, policy.Load(t.Tx, list)
	case arm.IsNull(in.People):
		return machinelearning.Load(t.Tx, list)
	}
	n, err := graph.Load(t.Tx, in.People)
	if err != nil || arm.IsNull(in.Value) && in.ID == "" {
		return n, err
	}
	more, err := machinelearning.Load(t.Tx, list)
	return n + more, err
}

// Change is a change that Set makes to a compute; nil fields stay unchanged.
type Change = machinelearning.Change

// Set changes the compute with an ARM id without an operation.
func (e *Emulator) Set(ctx context.Context, id string, c Change) error {
	return e.update(ctx, func(t *tx) error { return machinelearning.Set(t.Tx, id, c) })
}

// after returns err, or else the status.
func (t *tx) after(err error) (Status, error) {
	if err != nil {
		return Status{}, err
	}
	return t.status(), nil
}

// maxAdvance limits one advance: ten years of schedules take long to apply.
const maxAdvance = 10 * 366 * 24 * time.Hour

func (t *tx) advance(d time.Duration) error {
	if d < 0 || d > maxAdvance {
		return arm.BadRequest("The clock cannot be advanced by %s: give a duration between 0 and %s.", d, maxAdvance)
	}
	if d == 0 {
		return nil
	}
	clock := clocks.Get(t.Tx, "")
	clock.Offset += d
	clocks.Put(t.Tx, "", clock)
	t.Now = t.Now.Add(d)
	t.ApplyDue()
	return nil
}

// reset replaces all records by those of a new emulator.
func (t *tx) reset() error {
	if err := t.e.journal.clear(); err != nil {
		return err
	}
	t.e.records.Clear()
	seed(t.Tx)
	t.Now = t.e.clockNow(t.Tx)
	clocks.Put(t.Tx, "", clockRecord{})
	clear(t.e.buckets)
	return nil
}

func (t *tx) status() Status {
	st := Status{
		Now: t.Now, Advanced: clocks.Get(t.Tx, "").Offset.String(), Pace: t.e.opts.Pace.String(), Dir: t.e.opts.Dir,
		Subscriptions: resources.Count(t.Tx),
	}
	st.Workspaces, st.Computes, st.Busy, st.States = machinelearning.Count(t.Tx)
	if at := t.NextMove(); !at.IsZero() {
		st.Next = &at
	}
	return st
}

// admin serves the emulator's own operations.
func (t *tx) admin(q *request) (*arm.Response, error) {
	verb := ""
	if len(q.Path) == 2 {
		verb = q.Method + " " + q.Path[1]
	}
	run, ok := controls()[verb]
	if !ok {
		return nil, arm.Fail(http.StatusNotFound, "NotFound", "The emulator has no operation %s %s.", q.Method, fmt.Sprint(q.Path[1:]))
	}
	out, err := run(t, q.Body)
	if err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, err
	}
	res := arm.NewResponse(http.StatusOK)
	res.Body = append(raw, '\n')
	res.Header["Content-Type"] = []string{"application/json; charset=utf-8"}
	return res, nil
}

// controls are the emulator's own operations by method and path. Those that change
// something return the Status or the faults.
func controls() map[string]func(t *tx, body []byte) (any, error) {
	return map[string]func(t *tx, body []byte) (any, error){
		"GET status": func(t *tx, _ []byte) (any, error) { return t.after(nil) },
		"POST reset": func(t *tx, _ []byte) (any, error) { return t.after(t.reset()) },
		"POST advance": func(t *tx, body []byte) (any, error) {
			var in struct{ By string }
			if err := arm.Decode(body, &in); err != nil {
				return nil, err
			}
			d, err := time.ParseDuration(in.By)
			if err != nil {
				return nil, arm.BadRequest("%q is not a duration such as 90m or 12h.", in.By)
			}
			return t.after(t.advance(d))
		},
		"POST set": func(t *tx, body []byte) (any, error) {
			var in struct {
				ID string
				Change
			}
			if err := arm.Decode(body, &in); err != nil {
				return nil, err
			}
			return t.after(machinelearning.Set(t.Tx, in.ID, in.Change))
		},
		"POST load": func(t *tx, body []byte) (any, error) {
			_, err := t.load(body)
			return t.after(err)
		},
		"POST permit": func(t *tx, body []byte) (any, error) {
			var in struct {
				Who             string
				Actions, Denied []string
			}
			if err := arm.Decode(body, &in); err != nil {
				return nil, err
			}
			return t.after(t.permit(in.Who, in.Actions, in.Denied))
		},
		"GET requests":  func(t *tx, _ []byte) (any, error) { return t.e.journal.all() },
		"GET faults":    func(t *tx, _ []byte) (any, error) { return t.faults(), nil },
		"DELETE faults": func(t *tx, _ []byte) (any, error) { return t.clearFaults(), nil },
		"POST faults": func(t *tx, body []byte) (any, error) {
			var f Fault
			if err := arm.Decode(body, &f); err != nil {
				return nil, err
			}
			_, err := t.addFault(f)
			return t.faults(), err
		},
	}
}
