package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// ChangeOptions configure a change of schedules or idle times. Timeout, OnEvent
// and Before are those of ActOptions.
type ChangeOptions struct {
	// Save receives the old schedules, {"computeStartStop":[…]}, before they are
	// replaced, unless there are none. If it fails, nothing is sent.
	Save func(name string, old json.RawMessage) error
	// Check refuses a change of an instance before it is sent.
	Check func(now *Compute) error
	// AtMost leaves an instance alone that has a shorter idle time than asked for.
	AtMost bool
	// CompareOnly sends nothing. The Change says what would change.
	CompareOnly bool
	Timeout     time.Duration
	OnEvent     func(Event)
	Before      func(seen []Outcome) error
}

// Change is the result of a change to one instance.
type Change struct {
	Name    string
	Before  *Compute   // the instance before the change; nil if it could not be read
	After   *Compute   // the instance after the change; nil if nothing was sent
	Want    []Schedule // the schedules asked for
	Already bool       // there was nothing to change
	Sent    bool       // the service may have made the change, or part of it
	Err     error
}

// Now is the instance as last read.
func (o Change) Now() *Compute {
	if o.After != nil {
		return o.After
	}
	return o.Before
}

// Lost are the schedules from before the change that were not asked for, in the
// service's order.
func (o Change) Lost() []Schedule {
	var lost []Schedule
	kept := slices.Clone(o.Want)
	for _, have := range o.Before.Schedules() {
		if i := slices.IndexFunc(kept, have.same); i >= 0 {
			kept = slices.Delete(kept, i, i+1)
		} else {
			lost = append(lost, have)
		}
	}
	return lost
}

// Difference describes the schedules that the instance has and those asked for.
func (o Change) Difference() string {
	return fmt.Sprintf("has %s, should have %s", inWords(o.Now().Schedules()), inWords(o.Want))
}

// ChangeSchedules reads the schedules of instances, passes them to edit, sends
// the list that edit returns (Compute_UpdateSchedules), and reads them for up to
// 30 seconds until they show the change.
//
// Schedules that do the same as before are not sent. If the schedules changed
// between two reads, nothing is sent and the error is of KindBusy. The results
// are in the order of the names.
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
				have, err := ReadSchedules(now.Instance.Schedules)
				if err != nil { // what would be sent would replace them
					return nil, errorf(KindFailed, name, "the schedules of %s are not understood, so nothing was sent", name)
				}
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
				var raw []json.RawMessage
				for _, s := range now.Schedules() {
					raw = append(raw, s.Raw)
				}
				text, err := json.MarshalIndent(map[string]any{"computeStartStop": raw}, "", "  ")
				if err != nil || len(raw) == 0 || o.Save == nil {
					return err
				}
				return o.Save(name, text)
			},
			shows: func(now *Compute) bool { return sameSet(now.Schedules(), out.Want) },
			differs: func(now *Compute) string {
				return fmt.Sprintf("the service took the schedules of %s, but %s later it shows others: %s, where %s was asked for",
					name, showGrace, inWords(now.Schedules()), inWords(out.Want))
			},
		}
	})
}

// ChangeIdle sets the idle time after which instances stop
// (Compute_UpdateIdleShutdownSetting) and reads it for up to 30 seconds until it
// shows: 15 minutes to 3 days in whole minutes, or 0 for never. An instance that
// has this idle time is left alone. The results are in the order of the names.
func (c *Client) ChangeIdle(ctx context.Context, names []string, d time.Duration, o ChangeOptions) []Change {
	if d != 0 && (d < schedule.MinIdle || d > schedule.MaxIdle || d%time.Minute != 0) {
		out := make([]Change, len(names))
		for i, name := range names {
			out[i] = Change{Name: name, Err: invalidf(name, "the idle time before shutdown must be whole minutes from 15 minutes to 3 days, and %s is not", d)}
		}
		return out
	}
	idle := func(now *Compute) time.Duration {
		if now.Instance.IdleUnread() != "" {
			return -1 // no time that was asked for
		}
		have, _ := now.Instance.IdleShutdown()
		return have
	}
	return c.change(ctx, names, o, func(out *Change) rewrite {
		return rewrite{
			op: opIdle, what: "an idle time before shutdown",
			value: func(now *Compute) string { return now.Instance.IdleTime },
			body: func(now *Compute) (any, error) {
				if have := idle(now); have == d || o.AtMost && have > 0 && have < d {
					return nil, nil
				}
				if d == 0 {
					return map[string]any{"idleTimeBeforeShutdown": nil}, nil
				}
				return map[string]any{"idleTimeBeforeShutdown": formatDuration(d)}, nil
			},
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
	})
}

// ChangeSSO switches single sign-on of instances on or off and reads it for up to
// 30 seconds until it shows. The service allows it to the person an instance is
// for only. Source: fact sheet v2-compute, section 0.
func (c *Client) ChangeSSO(ctx context.Context, names []string, on bool, o ChangeOptions) []Change {
	word := map[bool]string{true: "on", false: "off"}
	return c.change(ctx, names, o, func(out *Change) rewrite {
		shows := func(now *Compute) bool { return now.Instance.EnableSSO != nil && *now.Instance.EnableSSO == on }
		return rewrite{
			op: opSSO, what: "single sign-on",
			value: func(now *Compute) string {
				if now.Instance.EnableSSO == nil {
					return ""
				}
				return strconv.FormatBool(*now.Instance.EnableSSO)
			},
			body: func(now *Compute) (any, error) {
				if shows(now) {
					return nil, nil
				}
				return map[string]any{"enableSSO": on}, nil
			},
			shows: shows,
			differs: func(*Compute) string {
				return fmt.Sprintf("the service took the change of single sign-on of %s, but %s later it does not show that it is %s", out.Name, showGrace, word[on])
			},
		}
	})
}

// rewrite replaces a setting whose new value depends on the old one.
type rewrite struct {
	op      operation
	what    string                      // the setting in words
	value   func(*Compute) string       // to see whether the setting changed meanwhile
	body    func(*Compute) (any, error) // nil if there is nothing to change
	save    func(*Compute) error        // keeps the old value; may be nil
	shows   func(*Compute) bool         // whether the instance has the new value
	differs func(*Compute) string       // how the instance differs from it
}

// change makes a rewrite of each instance.
func (c *Client) change(ctx context.Context, names []string, o ChangeOptions, of func(*Change) rewrite) []Change {
	changes := make([]Change, len(names))
	list := make([]*task, len(names))
	for i, name := range names {
		changes[i].Name = name
		list[i] = tasks([]string{name}, c.rewriting(&changes[i], of(&changes[i]), o))[0]
	}
	for i, ended := range c.run(ctx, list, ActOptions{Timeout: o.Timeout, OnEvent: o.OnEvent, Before: o.Before, single: true}) {
		out := &changes[i]
		var e *Error
		out.Err = ended.Err
		if out.Sent = ended.Operation != nil || errors.As(ended.Err, &e) && e.Accepted; out.Sent {
			out.After = ended.Compute
		}
	}
	return changes
}

// rewriting is the intent of a rewrite: read, decide, read again, write, read.
func (c *Client) rewriting(out *Change, r rewrite, o ChangeOptions) intent {
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
		if out.Already || o.CompareOnly {
			return reached, nil
		}
		if o.Check != nil {
			if err := o.Check(now); err != nil {
				return failed, err
			}
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
		if r.save != nil && !saved && c.options.DryRun == nil {
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

// settable says why a compute cannot have the setting.
func (r rewrite) settable(now *Compute) error {
	switch {
	case !now.IsInstance():
		return invalidf(now.Name, "%s is of type %s; only compute instances have %s", now.Name, now.ComputeType, r.what)
	case now.Instance == nil:
		return errorf(KindBusy, now.Name, "the service does not tell the settings of %s yet (%s); try again later", now.Name, now.State())
	}
	return nil
}

// checkSchedules says what is wrong with schedules before they are sent. Those
// that the instance has already are not checked.
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

// named makes an error of edit an *Error.
func named(name string, err error) error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // a wrapped one keeps its wrapping
		return e
	}
	return &Error{Kind: KindInvalid, Name: name, Message: err.Error(), Err: err}
}
