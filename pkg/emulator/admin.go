package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
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
		return badRequest("The clock cannot be advanced by %s: give a duration between 0 and %s.", d, maxAdvance)
	}
	if d == 0 {
		return nil
	}
	t.s.clock.Offset += d
	t.s.touch(clockKey)
	t.now = t.now.Add(d)
	t.applyDue()
	return nil
}

// reset forgets every record, leaving the deletions to be written.
func (t *tx) reset() error {
	if err := t.e.journal.clear(); err != nil {
		return err
	}
	old := t.s
	fresh := newState()
	gone := func(prefix string, keys []string) {
		for _, k := range keys {
			fresh.changed[prefix+k] = true
		}
	}
	gone(subscriptionKey, keysOf(old.subscriptions))
	gone(groupKey, keysOf(old.groups))
	gone(workspaceKey, keysOf(old.workspaces))
	gone(computeKey, keysOf(old.computes))
	gone(operationKey, keysOf(old.operations))
	gone(quotaKey, keysOf(old.quotas))
	gone(sizeKey, keysOf(old.sizes))
	gone(faultKey, keysOf(old.faults))
	gone(deletedKey, keysOf(old.deleted))
	t.e.state, t.s = fresh, fresh
	t.now = t.clockNow()
	fresh.touch(clockKey)
	clear(t.e.buckets)
	return nil
}

func keysOf[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

func (t *tx) status() Status {
	st := Status{
		Now: t.now, Advanced: t.s.clock.Offset.String(), Pace: t.e.opts.Pace.String(), Dir: t.e.opts.Dir,
		Subscriptions: len(t.s.subscriptions), Workspaces: len(t.s.workspaces), Computes: len(t.s.computes),
		States: map[string]int{},
	}
	for _, c := range t.s.computes {
		state := c.ProvisioningState
		if c.Instance != nil {
			state = c.Instance.State
		}
		st.States[state]++
		if c.Busy != nil {
			st.Busy++
		}
		if at, ok := c.nextMove(); ok && (st.Next == nil || at.Before(*st.Next)) {
			st.Next = &at
		}
	}
	return st
}

// admin serves the emulator's own operations.
func (t *tx) admin(q *request) (*response, error) {
	verb := ""
	if len(q.path) == 2 {
		verb = q.path[1]
	}
	switch {
	case q.method == http.MethodGet && verb == "status":
	case q.method == http.MethodPost && verb == "advance":
		var in struct{ By string }
		if err := decode(q.body, &in); err != nil {
			return nil, err
		}
		d, err := time.ParseDuration(in.By)
		if err != nil {
			return nil, badRequest("%q is not a duration such as 90m or 12h.", in.By)
		}
		if err := t.advance(d); err != nil {
			return nil, err
		}
	case q.method == http.MethodPost && verb == "reset":
		if err := t.reset(); err != nil {
			return nil, err
		}
	case q.method == http.MethodPost && verb == "set":
		var in struct {
			ID string
			Change
		}
		if err := decode(q.body, &in); err != nil {
			return nil, err
		}
		if err := t.set(in.ID, in.Change); err != nil {
			return nil, err
		}
	case q.method == http.MethodPost && verb == "load":
		if _, err := t.load(q.body); err != nil {
			return nil, err
		}
	case q.method == http.MethodGet && verb == "requests":
		list, err := t.e.journal.all()
		if err != nil {
			return nil, err
		}
		return adminAnswer(list)
	case verb == "faults":
		switch q.method {
		case http.MethodPost:
			var f Fault
			if err := decode(q.body, &f); err != nil {
				return nil, err
			}
			if _, err := t.addFault(f); err != nil {
				return nil, err
			}
		case http.MethodDelete:
			t.clearFaults()
		case http.MethodGet:
		default:
			return nil, fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "Faults are listed with GET, added with POST and cleared with DELETE.")
		}
		return adminAnswer(t.faults())
	default:
		return nil, fail(http.StatusNotFound, "NotFound", "The emulator has no operation %s %s.", q.method, fmt.Sprint(q.path[1:]))
	}
	return adminAnswer(t.status())
}

func adminAnswer(v any) (*response, error) {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	res := newResponse(http.StatusOK)
	res.body = append(raw, '\n')
	res.header["Content-Type"] = []string{"application/json; charset=utf-8"}
	return res, nil
}
