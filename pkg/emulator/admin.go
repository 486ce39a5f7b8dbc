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
// no ARM path begins with:
//
//	GET  /_emulator/status            → Status
//	POST /_emulator/advance {"by":"12h"} → Status; by is a Go duration
//	POST /_emulator/reset             → Status
//	POST /_emulator/set {"id":"/subscriptions/…", "state":…} → Status; see Change
//	POST /_emulator/load [compute, …] → Status; see Load
//	GET  /_emulator/requests          → [Request, …]
//	GET  /_emulator/faults            → [Fault, …]
//	POST /_emulator/faults Fault      → [Fault, …]; see AddFault
//	DELETE /_emulator/faults          → [Fault, …], none
const adminPrefix = "_emulator"

// Status says what an emulator holds.
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
	var st Status
	err := e.update(ctx, func(t *tx) error {
		if err := t.advance(d); err != nil {
			return err
		}
		st = t.status()
		return nil
	})
	return st, err
}

// Reset removes everything, faults and journal included, and seeds the emulator
// anew; its clock shows the time of the clock below again.
func (e *Emulator) Reset(ctx context.Context) (Status, error) {
	var st Status
	err := e.update(ctx, func(t *tx) error {
		if err := t.reset(); err != nil {
			return err
		}
		st = t.status()
		return nil
	})
	return st, err
}

// Status reports what the emulator holds.
func (e *Emulator) Status(ctx context.Context) (Status, error) {
	var st Status
	err := e.update(ctx, func(t *tx) error {
		st = t.status()
		return nil
	})
	return st, err
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
	held := machinelearning.Count(t.Tx)
	st := Status{
		Now: t.Now, Advanced: clocks.Get(t.Tx, "").Offset.String(), Pace: t.e.opts.Pace.String(), Dir: t.e.opts.Dir,
		Subscriptions: resources.CountSubscriptions(t.Tx), Workspaces: held.Workspaces, Computes: held.Computes, States: held.States, Busy: held.Busy,
	}
	if at, ok := t.NextMove(); ok {
		st.Next = &at
	}
	return st
}

// admin serves the emulator's own operations.
func (t *tx) admin(q *request) (*arm.Response, error) {
	verb := ""
	if len(q.Path) == 2 {
		verb = q.Path[1]
	}
	switch {
	case q.Method == http.MethodGet && verb == "status":
	case q.Method == http.MethodPost && verb == "advance":
		var in struct{ By string }
		if err := arm.Decode(q.Body, &in); err != nil {
			return nil, err
		}
		d, err := time.ParseDuration(in.By)
		if err != nil {
			return nil, arm.BadRequest("%q is not a duration such as 90m or 12h.", in.By)
		}
		if err := t.advance(d); err != nil {
			return nil, err
		}
	case q.Method == http.MethodPost && verb == "reset":
		if err := t.reset(); err != nil {
			return nil, err
		}
	case q.Method == http.MethodPost && verb == "set":
		var in struct {
			ID string
			Change
		}
		if err := arm.Decode(q.Body, &in); err != nil {
			return nil, err
		}
		if err := machinelearning.Set(t.Tx, in.ID, in.Change); err != nil {
			return nil, err
		}
	case q.Method == http.MethodPost && verb == "load":
		if _, err := machinelearning.Load(t.Tx, q.Body); err != nil {
			return nil, err
		}
	case q.Method == http.MethodGet && verb == "requests":
		list, err := t.e.journal.all()
		if err != nil {
			return nil, err
		}
		return adminAnswer(list)
	case verb == "faults":
		switch q.Method {
		case http.MethodPost:
			var f Fault
			if err := arm.Decode(q.Body, &f); err != nil {
				return nil, err
			}
			if _, err := t.addFault(f); err != nil {
				return nil, err
			}
		case http.MethodDelete:
			t.clearFaults()
		case http.MethodGet:
		default:
			return nil, arm.Fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "Faults are listed with GET, added with POST and cleared with DELETE.")
		}
		return adminAnswer(t.faults())
	default:
		return nil, arm.Fail(http.StatusNotFound, "NotFound", "The emulator has no operation %s %s.", q.Method, fmt.Sprint(q.Path[1:]))
	}
	return adminAnswer(t.status())
}

func adminAnswer(v any) (*arm.Response, error) {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	res := arm.NewResponse(http.StatusOK)
	res.Body = append(raw, '\n')
	res.Header["Content-Type"] = []string{"application/json; charset=utf-8"}
	return res, nil
}
