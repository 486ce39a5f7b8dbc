package compute

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// Scheduled is one schedule of an instance, or one it is to have.
type Scheduled struct {
	// Entry says what it does and when. When Err is set it is not all of it.
	Entry schedule.Entry
	// Err is why the service's object cannot be read; nil otherwise.
	Err error
	// Provisioning is whether the service has set it up: Completed,
	// Provisioning or Failed; "" when it does not say.
	Provisioning string
	// Raw is the object as the service sent it, nil for a new one. What is in
	// it and not in Entry survives a change of Entry.
	Raw json.RawMessage
}

// Scheduled are the schedules of an instance in the service's order, those
// that cannot be read included; none for any other compute.
func (c *Compute) Scheduled() []Scheduled {
	var body struct {
		Properties struct {
			Properties struct {
				Schedules json.RawMessage `json:"schedules"`
			} `json:"properties"`
		} `json:"properties"`
	}
	if c == nil || c.Instance == nil || json.Unmarshal(c.Raw, &body) != nil {
		return nil
	}
	list, _ := ReadSchedules(body.Properties.Properties.Schedules)
	return list
}

// ReadSchedules reads schedules as the service writes them: a list of them, or
// an object that holds one as computeStartStop. The error is about the whole;
// what is wrong with one schedule is in its Err.
func ReadSchedules(data []byte) ([]Scheduled, error) {
	data = bytes.TrimSpace(data)
	if len(data) > 0 && data[0] == '{' {
		var object struct {
			StartStop json.RawMessage `json:"computeStartStop"`
		}
		if err := json.Unmarshal(data, &object); err != nil {
			return nil, invalidf("", "these schedules cannot be read: %v", err)
		}
		data = object.StartStop
	}
	var raw []json.RawMessage
	if len(data) > 0 {
		if err := json.Unmarshal(data, &raw); err != nil {
			return nil, invalidf("", "schedules are a list of objects, and this is none")
		}
	}
	list := make([]Scheduled, 0, len(raw))
	for _, r := range raw {
		var wire Schedule
		err := json.Unmarshal(r, &wire)
		s := Scheduled{Raw: r, Provisioning: wire.ProvisioningStatus}
		if s.Entry, s.Err = wire.Entry(); err != nil {
			s.Err = invalidf("", "a schedule has a value of a type that is not expected: %v", err)
		}
		list = append(list, s)
	}
	return list, nil
}

// scheduled are the schedules in terms of package schedule.
func (s Schedules) scheduled() []Scheduled {
	list := make([]Scheduled, len(s))
	for i, one := range s {
		entry, err := one.Entry()
		raw, _ := json.Marshal(one) // it has nothing that cannot be written
		list[i] = Scheduled{Entry: entry, Err: err, Provisioning: one.ProvisioningStatus, Raw: raw}
	}
	return list
}

func readEntry(raw json.RawMessage) (schedule.Entry, error) {
	var s Schedule
	if err := json.Unmarshal(raw, &s); err != nil {
		return schedule.Entry{}, invalidf("", "a schedule has a value of a type that is not expected: %v", err)
	}
	return s.Entry()
}

// wire is s as it is sent: what the service sent stays, but for what Entry
// changes and for what only the service says. What others wrote is spelled as
// the service spells it, and keeps what is not known here.
func (s Scheduled) wire() (map[string]any, error) {
	base := map[string]any{}
	if s.Raw != nil {
		if err := json.Unmarshal(s.Raw, &base); err != nil {
			return nil, invalidf("", "a schedule is no JSON object: %.60s", s.Raw)
		}
	}
	read, err := readEntry(s.Raw)
	// Two names of one zone are equal, but the service knows only the Windows one.
	same := read.Equal(s.Entry) && read.ID == s.Entry.ID && read.Zone == s.Entry.Zone
	if s.Raw == nil || err == nil && (s.Entry.ID == "" || !same) {
		text, err := json.Marshal(NewSchedule(s.Entry))
		if err != nil {
			return nil, err
		}
		var over map[string]any
		if err := json.Unmarshal(text, &over); err != nil {
			return nil, err
		}
		for _, trigger := range [...]string{"cron", "recurrence"} {
			if old, ok := base[trigger].(map[string]any); ok && s.Entry.Start.IsZero() {
				delete(old, "startTime")
			}
		}
		respell(base, over)
		base = overlay(base, over)
	}
	if s.Entry.ID == "" && s.Err == nil {
		delete(base, "id")
	}
	delete(base, "provisioningStatus")
	for key, value := range base {
		if value == nil {
			delete(base, key)
		}
	}
	return base, nil
}

// respell drops the keys of base that over has in another case.
func respell(base, over map[string]any) {
	for key, below := range base {
		for canonical, above := range over {
			if key != canonical && strings.EqualFold(key, canonical) {
				delete(base, key)
			}
			inner, ok := below.(map[string]any)
			if outer, both := above.(map[string]any); ok && both && key == canonical {
				respell(inner, outer)
			}
		}
	}
}

// same reports whether two schedules do the same, whatever their ids.
func (s Scheduled) same(o Scheduled) bool {
	if s.Err == nil && o.Err == nil {
		return s.Entry.Equal(o.Entry)
	}
	return (s.Err == nil) == (o.Err == nil) && s.text() == o.text()
}

// text tells apart schedules that cannot be read.
func (s Scheduled) text() string {
	body, err := s.wire()
	if err != nil {
		return string(s.Raw)
	}
	delete(body, "id")
	text, _ := json.Marshal(body) // it was JSON before
	return string(text)
}

// reuse gives each wanted schedule that is there already the service's own
// object, so that it keeps its id and what else the service knows about it,
// and reports whether the two sets do the same.
func reuse(have, want []Scheduled) (set []Scheduled, same bool) {
	set = slices.Clone(want)
	used := make([]bool, len(have))
	same = len(have) == len(want)
	known := map[string]bool{}
	for _, h := range have {
		known[h.Entry.ID] = true
	}
	for i := range set {
		match := -1
		for j := range have {
			if !used[j] && have[j].same(set[i]) && (match < 0 || have[j].Entry.ID == set[i].Entry.ID) {
				match = j
			}
		}
		if match >= 0 {
			used[match], set[i] = true, have[match]
			continue
		}
		same = false
		if !known[set[i].Entry.ID] {
			set[i].Entry.ID = "" // an id of another time or place says nothing here
		}
	}
	return set, same
}

// sameSet reports whether two sets of schedules do the same.
func sameSet(a, b []Scheduled) bool {
	_, same := reuse(a, b)
	return same
}

// HoursOptions say how a change of schedules or idle times goes about it.
type HoursOptions struct {
	// Save is given the schedules as they are, {"computeStartStop":[…]}, before
	// they are replaced, unless there are none. When it fails nothing is sent.
	Save func(name string, old json.RawMessage) error
	// Check only compares: nothing is sent.
	Check bool
	// Timeout is the longest time it takes, by the wall clock; 0 sets no end.
	Timeout time.Duration
	// OnEvent is told what happens, one call at a time.
	OnEvent func(Event)
	// Before is that of ActOptions.
	Before func(seen []Outcome) error
}

// HoursOutcome is how a change of one instance's schedules or idle time ended.
type HoursOutcome struct {
	Name string
	// Before is the instance as it was read before the change; nil when it
	// could not be.
	Before *Compute
	// After is the instance as it was read back; nil when nothing was sent.
	After *Compute
	// Want are the schedules asked for.
	Want []Scheduled
	// Already is true when there was nothing to change.
	Already bool
	// Sent is true when the service may have made the change, as asked or not.
	Sent bool
	Err  error
}

// Now is the instance as last read.
func (o HoursOutcome) Now() *Compute {
	if o.After != nil {
		return o.After
	}
	return o.Before
}

// Lost are the schedules that were there before the change and are none of those
// asked for, in the service's order.
func (o HoursOutcome) Lost() []Scheduled {
	var lost []Scheduled
	kept := make([]bool, len(o.Want))
	for _, have := range o.Before.Scheduled() {
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
func (o HoursOutcome) Difference() string {
	return fmt.Sprintf("has %s, should have %s", scheduledWords(o.Now().Scheduled()), scheduledWords(o.Want))
}

// ChangeSchedules changes the schedules of instances by reading them, having
// them edited, sending the whole list (Compute_UpdateSchedules) and reading
// them again until they show the change, for 30 seconds at most.
//
// edit returns the schedules that the named instance is to have. Schedules that
// do the same as before are not sent. When somebody else changed them between
// two reads nothing is sent and the error is of KindBusy. The outcomes stand in
// the order of the names.
func (c *Client) ChangeSchedules(ctx context.Context, names []string, o HoursOptions, edit func(name string, have []Scheduled) ([]Scheduled, error)) []HoursOutcome {
	return c.changeHours(ctx, names, o, func(out *HoursOutcome) rewrite {
		name := out.Name
		return rewrite{
			op: opSchedules, what: "schedules",
			value: func(now *Compute) string {
				var texts []string
				for _, s := range now.Scheduled() {
					texts = append(texts, s.Entry.ID+s.text())
				}
				return strings.Join(texts, "\n")
			},
			plan: func(now *Compute) (any, error) {
				have := now.Scheduled()
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
				return schedulesBody(set)
			},
			save: func(now *Compute) error {
				have := now.Scheduled()
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
				return sameSet(now.Scheduled(), out.Want)
			},
			differs: func(now *Compute) string {
				return fmt.Sprintf("the service took the schedules of %s, but %s later it shows others: %s, where %s was asked for",
					name, showGrace, scheduledWords(now.Scheduled()), scheduledWords(out.Want))
			},
		}
	})
}

// ChangeIdle sets after how long without use instances stop themselves
// (Compute_UpdateIdleShutdownSetting) and reads it back, for 30 seconds at
// most: 15 minutes to 3 days in whole minutes, 0 for never. One that has that
// time already is left alone. The outcomes stand in the order of the names.
func (c *Client) ChangeIdle(ctx context.Context, names []string, d time.Duration, o HoursOptions) []HoursOutcome {
	idle := func(now *Compute) time.Duration {
		have, _ := now.Instance.IdleShutdown()
		return have
	}
	return c.changeHours(ctx, names, o, func(out *HoursOutcome) rewrite {
		return rewrite{
			op: opIdle, what: "an idle time before shutdown",
			value: func(now *Compute) string { return now.Instance.IdleTime },
			plan: func(now *Compute) (any, error) {
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
	// plan is the body to send; nil when there is nothing to change.
	plan func(*Compute) (body any, err error)
	// save keeps what is replaced.
	save func(*Compute) error
	// shows reports whether the instance shows what was asked for, differs says
	// in what it does not.
	shows   func(*Compute) bool
	differs func(*Compute) string
}

// changeHours makes a rewrite of several instances.
func (c *Client) changeHours(ctx context.Context, names []string, o HoursOptions, of func(*HoursOutcome) rewrite, checks ...func(string) error) []HoursOutcome {
	outcomes := make([]HoursOutcome, len(names))
	var tasks []*task
	var at []int
	for i, name := range names {
		out := &outcomes[i]
		out.Name = name
		for _, check := range checks {
			out.Err = check(name)
		}
		if out.Err == nil {
			tasks, at = append(tasks, &task{name: name, intent: c.rewriting(out, of(out), o.Check), stage: &asking{}}), append(at, i)
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

// rewriting is the intent of a rewrite: read, plan, read again, write, and read
// back.
func (c *Client) rewriting(out *HoursOutcome, r rewrite, check bool) intent {
	i := bare(VerbUpdate)
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
		if body, err = r.plan(now); err != nil {
			return failed, err
		}
		out.Already = body == nil
		if out.Already || check {
			return reached, nil
		}
		return apart, nil
	}
	i.request = func(ctx context.Context, now *Compute) (*Operation, error) {
		again, err := c.Get(ctx, out.Name)
		if err != nil {
			return nil, err
		}
		if err := r.settable(again); err != nil {
			return nil, err
		}
		if r.value(again) != r.value(now) {
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
		return c.begin(ctx, r.op, VerbUpdate, out.Name, "", body)
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
func checkSchedules(name string, have, want []Scheduled) error {
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

func schedulesBody(set []Scheduled) (any, error) {
	list := make([]map[string]any, 0, len(set))
	for _, s := range set {
		body, err := s.wire()
		if err != nil {
			return nil, err
		}
		list = append(list, body)
	}
	return map[string]any{"computeStartStop": list}, nil
}

func idleBody(d time.Duration) any {
	var value any
	if d > 0 {
		value = formatDuration(d)
	}
	return map[string]any{"idleTimeBeforeShutdown": value}
}

// scheduledWords says what schedules do, for an error.
func scheduledWords(list []Scheduled) string {
	if len(list) == 0 {
		return "none"
	}
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = "one that cannot be read"
		if s.Err == nil {
			words[i] = s.Entry.Explain()
		}
	}
	return fmt.Sprintf("%d (%s)", len(list), strings.Join(words, "; "))
}

// named makes an error about an instance's input one of this package.
func named(name string, err error) error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // a wrapped one keeps its wrapping
		return e
	}
	return &Error{Kind: KindInvalid, Name: name, Message: err.Error(), Err: err}
}
