package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/machinelearning"
	"github.com/computetarget/computetarget/pkg/emulator/resources"
)

// adminPrefix is the first path segment of the emulator's own operations, which
// no ARM path begins with; see controls.
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

// Advance moves the emulator's clock forward by d and lets everything happen,
// in order, that falls into that time.
func (e *Emulator) Advance(ctx context.Context, d time.Duration) (Status, error) {
	return transact(ctx, e, func(t *tx) (Status, error) { return t.after(t.advance(d)) })
}

// Reset removes everything, faults and journal included, and seeds the emulator
// anew; its clock shows the time of the clock below again.
func (e *Emulator) Reset(ctx context.Context) (Status, error) {
	return transact(ctx, e, func(t *tx) (Status, error) { return t.after(t.reset()) })
}

// Status returns the state of the emulator.
func (e *Emulator) Status(ctx context.Context) (Status, error) {
	return transact(ctx, e, func(t *tx) (Status, error) { return t.after(nil) })
}

// Load puts computes into the emulator as a list of the service shows them: a
// JSON array, an object with the array under value, or one compute alone. A
// compute that is there is replaced. Names, sizes, schedules and quota are not
// checked, so that a copy of production can be rehearsed on; a compute in a
// transition stays in it. It returns how many there were.
func (e *Emulator) Load(ctx context.Context, list []byte) (int, error) {
	return transact(ctx, e, func(t *tx) (int, error) { return machinelearning.Load(t.Tx, list) })
}

// Change is a change that Set makes to a compute; nil fields stay unchanged.
type Change = machinelearning.Change

// Set changes the compute with an ARM id from outside, as failures and people do.
func (e *Emulator) Set(ctx context.Context, id string, c Change) error {
	return e.update(ctx, func(t *tx) error { return machinelearning.Set(t.Tx, id, c) })
}

// after is the status after something was done, unless that failed.
func (t *tx) after(err error) (Status, error) {
	if err != nil {
		return Status{}, err
	}
	return t.status(), nil
}

// maxAdvance bounds one advance: ten years of schedules are enough to wait for.
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

// reset forgets every record and seeds the emulator anew.
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

// controls are those operations by method and path. Those that change something
// answer with the Status or the faults; by is a Go duration.
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
			_, err := machinelearning.Load(t.Tx, body)
			return t.after(err)
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
