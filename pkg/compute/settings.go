package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// ChangeOptions say how a change of schedules or idle times goes about it.
type ChangeOptions struct {
	// Save is given the schedules as they are, {"computeStartStop":[…]}, before
	// they are replaced, unless there are none. When it fails nothing is sent.
	Save func(name string, old json.RawMessage) error
	// CompareOnly sends nothing: the change says what would be.
	CompareOnly bool
	// Timeout is the longest time it takes, by the wall clock; 0 sets no end.
	Timeout time.Duration
	// OnEvent receives events, one call at a time.
	OnEvent func(Event)
	// Before is that of ActOptions.
	Before func(seen []Outcome) error
}

// Change is how a change of one instance's schedules or idle time ended.
type Change struct {
	Name string
	// Before is the instance as it was read before the change; nil when it
	// could not be.
	Before *Compute
	// After is the instance as it was read back; nil when nothing was sent.
	After *Compute
	// Want are the schedules asked for.
	Want []Schedule
	// Already is true when there was nothing to change.
	Already bool
	// Sent is true when the service may have made the change, as asked or not.
	Sent bool
	Err  error
}

// Now is the instance as last read.
func (o Change) Now() *Compute {
	if o.After != nil {
		return o.After
	}
	return o.Before
}

// Lost are the schedules that were there before the change and are none of those
// asked for, in the service's order.
func (o Change) Lost() []Schedule {
	var lost []Schedule
	kept := make([]bool, len(o.Want))
	for _, have := range o.Before.Schedules() {
		found := false
		for i, want := range o.Want {
			if !kept[i] && have.same(want) {
				kept[i], found = true, true
				break
			}
		}
		if !found {
			lost = append(lost, have)
		}
	}
	return lost
}

// Difference says in words what the schedules asked for and those there are do.
func (o Change) Difference() string {
	return fmt.Sprintf("has %s, should have %s", inWords(o.Now().Schedules()), inWords(o.Want))
}

// ChangeSchedules changes the schedules of instances by reading them, having
// them edited, sending the whole list (Compute_UpdateSchedules) and reading
// them again until they show the change, for 30 seconds at most.
//
// edit returns the schedules that the named instance is to have. Schedules that
// do the same as before are not sent. When somebody else changed them between
// two reads nothing is sent and the error is of KindBusy. The outcomes stand in
// the order of the names.
func (c *Client) ChangeSchedules(ctx context.Context, names []string, o ChangeOptions, edit func(name string, have []Schedule) ([]Schedule, error)) []Change {
	return c.change(ctx, names, o, func(out *Change) rewrite {
		name := out.Name
		return rewrite{
			op: opSchedules, what: "schedules",
			value: func(now *Compute) string {
				var texts []string
				for _, s := range now.Schedules() {
					texts = append(texts, s.Entry.ID+s.text())
				}
				return strings.Join(texts, "\n")
			},
			body: func(now *Compute) (any, error) {
				have := now.Schedules()
				want, err := edit(name, slices.Clone(have))
				if err != nil {
					return nil, named(name, err)
				}
				if err := checkSchedules(name, have, want); err != nil {
					return nil, err
				}
				set, same := reuse(have, want)
				out.Want = set
				if same {
					return nil, nil
				}
				return schedulesBody(set), nil
			},
			save: func(now *Compute) error {
				have := now.Schedules()
				if o.Save == nil || len(have) == 0 {
					return nil
				}
				raw := make([]json.RawMessage, len(have))
				for i, s := range have {
					raw[i] = s.Raw
				}
				text, err := json.MarshalIndent(map[string]any{"computeStartStop": raw}, "", "  ")
				if err != nil {
					return err
				}
				return o.Save(name, text)
			},
			shows: func(now *Compute) bool {
				return sameSet(now.Schedules(), out.Want)
			},
			differs: func(now *Compute) string {
				return fmt.Sprintf("the service took the schedules of %s, but %s later it shows others: %s, where %s was asked for",
					name, showGrace, inWords(now.Schedules()), inWords(out.Want))
			},
		}
	})
}

// ChangeIdle sets after how long without use instances stop themselves
// (Compute_UpdateIdleShutdownSetting) and reads it back, for 30 seconds at
// most: 15 minutes to 3 days in whole minutes, 0 for never. One that has that
// time already is left alone. The outcomes stand in the order of the names.
func (c *Client) ChangeIdle(ctx context.Context, names []string, d time.Duration, o ChangeOptions) []Change {
	idle := func(now *Compute) time.Duration {
		have, _ := now.Instance.IdleShutdown()
		return have
	}
	return c.change(ctx, names, o, func(out *Change) rewrite {
		return rewrite{
			op: opIdle, what: "an idle time before shutdown",
			value: func(now *Compute) string { return now.Instance.IdleTime },
			body: func(now *Compute) (any, error) {
				if idle(now) == d {
					return nil, nil
				}
				return idleBody(d), nil
			},
			save:  func(*Compute) error { return nil },
			shows: func(now *Compute) bool { return idle(now) == d },
			differs: func(now *Compute) string {
				text := fmt.Sprintf("the service took the idle time of %s, but %s later it still shows %s, not %s",
					out.Name, showGrace, schedule.FormatIdle(idle(now)), schedule.FormatIdle(d))
				if d == 0 {
					text += "; how the service is told to switch it off is not documented"
				}
				return text
			},
		}
	}, func(name string) error {
		if d != 0 && (d < schedule.MinIdle || d > schedule.MaxIdle || d%time.Minute != 0) {
			return invalidf(name, "the idle time before shutdown must be whole minutes from 15 minutes to 3 days, and %s is not", d)
		}
		return nil
	})
}

// rewrite is a write that replaces a setting and depends on what it replaces.
type rewrite struct {
	op   operation
	what string // is set, in words
	// value is what is replaced, to see whether somebody else changed it.
	value func(*Compute) string
	// body is what to send; nil when there is nothing to change.
	body func(*Compute) (any, error)
	// save keeps what is replaced.
	save func(*Compute) error
	// shows reports whether the instance shows what was asked for, differs says
	// in what it does not.
	shows   func(*Compute) bool
	differs func(*Compute) string
}

// change makes a rewrite of several instances.
func (c *Client) change(ctx context.Context, names []string, o ChangeOptions, of func(*Change) rewrite, checks ...func(string) error) []Change {
	outcomes := make([]Change, len(names))
	var tasks []*task
	var at []int
	for i, name := range names {
		out := &outcomes[i]
		out.Name = name
		for _, check := range checks {
			out.Err = check(name)
		}
		if out.Err == nil {
			tasks, at = append(tasks, &task{name: name, intent: c.rewriting(out, of(out), o.CompareOnly), stage: &asking{}}), append(at, i)
		}
	}
	for n, ended := range c.run(ctx, tasks, ActOptions{Timeout: o.Timeout, OnEvent: o.OnEvent, Before: o.Before, single: true}) {
		out := &outcomes[at[n]]
		out.Err, out.Sent = ended.Err, ended.Operation != nil
		var e *Error
		if errors.As(ended.Err, &e) && e.Accepted {
			out.Sent = true
		}
		if out.Sent {
			out.After = ended.Compute
		}
	}
	return outcomes
}

// rewriting is the intent of a rewrite: read, decide, read again, write, and read
// back.
func (c *Client) rewriting(out *Change, r rewrite, check bool) intent {
	i := intentOf(VerbUpdate)
	i.setting = true
	var body any
	saved, sent := false, false
	changedMeanwhile := func() error {
		so := "so nothing was sent"
		if sent {
			so = "so the change was not sent again"
		}
		return errorf(KindBusy, out.Name, "somebody else changed %s meanwhile, %s; look at it and try again", out.Name, so)
	}
	i.means = func(now *Compute) (verdict, error) {
		if err := r.settable(now); err != nil {
			return failed, err
		}
		if out.Before != nil && r.value(now) != r.value(out.Before) {
			return failed, changedMeanwhile()
		}
		out.Before = now
		var err error
		if body, err = r.body(now); err != nil {
			return failed, err
		}
		out.Already = body == nil
		if out.Already || check {
			return reached, nil
		}
		return apart, nil
	}
	i.request = func(ctx context.Context, t *task) (*Operation, error) {
		again, err := c.Get(ctx, out.Name)
		if err != nil {
			return nil, err
		}
		if err := r.settable(again); err != nil {
			return nil, err
		}
		if r.value(again) != r.value(t.now) {
			return nil, changedMeanwhile()
		}
		if !saved && c.dryRun == nil {
			if err := r.save(again); err != nil {
				return nil, &Error{Kind: KindFailed, Name: out.Name, Err: err,
					Message: fmt.Sprintf("the schedules of %s could not be saved before the change, so nothing was sent: %v", out.Name, err)}
			}
			saved = true
		}
		sent = true
		return c.write(ctx, r.op, VerbUpdate, out.Name, body)
	}
	i.shown = func(now, _ *Compute) bool { return now.Instance != nil && r.shows(now) }
	i.differs = func(now *Compute) string {
		if now.Instance == nil {
			return fmt.Sprintf("the service took the change of %s, but %s later it does not tell its settings", out.Name, showGrace)
		}
		return r.differs(now)
	}
	return i
}

// settable says why a compute cannot be given the setting.
func (r rewrite) settable(now *Compute) error {
	switch {
	case !now.IsInstance():
		return invalidf(now.Name, "%s is of type %s; only compute instances have %s", now.Name, now.ComputeType, r.what)
	case now.Instance == nil:
		return errorf(KindBusy, now.Name, "the service does not tell the settings of %s yet (%s); try again later", now.Name, now.State())
	}
	return nil
}

// checkSchedules says what is wrong with a set before it is sent. What the
// service holds already is not judged.
func checkSchedules(name string, have, want []Schedule) error {
	if len(want) > schedule.Max {
		return invalidf(name, "%s would have %d schedules, and an instance can have %d: delete some first, or set the whole set at once", name, len(want), schedule.Max)
	}
	for i, s := range want {
		if s.Err != nil || slices.ContainsFunc(have, s.same) {
			continue
		}
		if err := s.Entry.Validate(); err != nil {
			return invalidf(name, "schedule %d: %v", i+1, err)
		}
	}
	return nil
}

func idleBody(d time.Duration) any {
	var value any
	if d > 0 {
		value = formatDuration(d)
	}
	return map[string]any{"idleTimeBeforeShutdown": value}
}

// named makes an error about an instance's input one of this package.
func named(name string, err error) error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // a wrapped one keeps its wrapping
		return e
	}
	return &Error{Kind: KindInvalid, Name: name, Message: err.Error(), Err: err}
}
