package compute

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// Schedule is a schedule of an instance.
type Schedule struct {
	Entry        schedule.Entry // what it does and when; incomplete if Err is set
	Err          error          // why Raw cannot be read
	Provisioning string         // Completed, Provisioning or Failed; "" if unknown
	// Raw is the schedule as the service sent it, nil for a new one. What Entry does
	// not hold survives a change of Entry.
	Raw json.RawMessage
}

// Schedules are the schedules of an instance in the service's order, with those
// that cannot be read. It is nil for other computes, and if the service did not
// return any list.
func (c *Compute) Schedules() []Schedule {
	if c == nil || c.Instance == nil {
		return nil
	}
	list, _ := ReadSchedules(c.Instance.Schedules)
	return list
}

// ReadSchedules reads the service's JSON: a list of schedules, or an object that
// has one as computeStartStop. What is wrong with one schedule is in its Err.
func ReadSchedules(data []byte) ([]Schedule, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return nil, nil
	}
	var list []Schedule
	d := newDecoder(bytes.NewBuffer(data))
	elements := func() error {
		if list = nil; d.PeekKind() == '[' {
			list = []Schedule{}
		}
		return readElements(d, func(value jsontext.Value) error {
			end := int(d.InputOffset())
			list = append(list, readSchedule(slices.Clip(data[end-len(value):end])))
			return nil
		})
	}
	var err error
	if data[0] == '{' {
		err = readMembers(d, func(name string) error {
			if strings.EqualFold(name, "computeStartStop") {
				return elements()
			}
			return d.SkipValue()
		})
	} else {
		err = elements()
	}
	if err == nil {
		if _, err = d.ReadToken(); errors.Is(err, io.EOF) {
			return list, nil
		}
	}
	if errors.Is(err, errBadList) {
		return nil, invalidf("", "schedules must be a list of objects")
	}
	return nil, invalidf("", "these schedules cannot be read: %v", err)
}

func readSchedule(raw json.RawMessage) Schedule {
	var wire wireSchedule
	err := json.Unmarshal(raw, &wire)
	s := Schedule{Raw: raw, Provisioning: wire.ProvisioningStatus}
	if s.Entry, s.Err = wire.entry(); err != nil {
		s.Err = invalidf("", "a schedule has a value of a type that is not expected: %v", err)
	}
	return s
}

// wire is s as it is sent: Raw with the changes of Entry, without what only the
// service sets. Keys are spelled as the service does, and unknown ones stay.
func (s Schedule) wire() (map[string]any, error) {
	base := map[string]any{}
	if s.Raw != nil {
		if err := json.Unmarshal(s.Raw, &base); err != nil {
			return nil, invalidf("", "a schedule is not a JSON object: %.60s", s.Raw)
		}
	}
	old := readSchedule(s.Raw)
	// Two names of a time zone are equal, but the service knows only the Windows one.
	same := old.Entry.Equal(s.Entry) && old.Entry.ID == s.Entry.ID && old.Entry.Zone == s.Entry.Zone
	if s.Raw == nil || old.Err == nil && (s.Entry.ID == "" || !same) {
		over, err := asMap(toWire(s.Entry))
		if err != nil {
			return nil, err
		}
		for _, trigger := range [...]string{"cron", "recurrence"} {
			old, _ := base[trigger].(map[string]any)
			if s.Entry.Start.IsZero() {
				delete(old, "startTime")
			}
			if s.Entry.End.IsZero() {
				delete(old, "endTime")
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

// MarshalJSON writes the schedule as it is sent.
func (s Schedule) MarshalJSON() ([]byte, error) {
	if s.Raw == nil {
		return json.Marshal(toWire(s.Entry))
	}
	body, err := s.wire()
	if err != nil {
		return nil, err
	}
	return json.Marshal(body)
}

// respell deletes the keys of base that over has in another case.
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

// same reports whether two schedules do the same. Their ids may differ.
func (s Schedule) same(o Schedule) bool {
	if s.Err == nil && o.Err == nil {
		return s.Entry.Equal(o.Entry)
	}
	return (s.Err == nil) == (o.Err == nil) && s.text() == o.text()
}

// text is the schedule without its id, to compare schedules that cannot be read.
func (s Schedule) text() string {
	body, err := s.wire()
	if err != nil {
		return string(s.Raw)
	}
	delete(body, "id")
	text, _ := json.Marshal(body) // it was JSON before
	return string(text)
}

// reuse is want with the schedules of have that do the same, which keep their ids
// and all that the service knows about them. same reports whether all of both
// sets do the same.
func reuse(have, want []Schedule) (set []Schedule, same bool) {
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
			set[i].Entry.ID = "" // from another instance or time
		}
	}
	return set, same
}

// KeepShifted is want with the schedules of have that only begin later: they were
// skipped or paused, and go on as asked for by themselves.
func KeepShifted(have, want []Schedule) []Schedule {
	set := slices.Clone(want)
	used := make([]bool, len(have))
	for i, w := range set {
		for j, h := range have {
			at := h.Entry.Start
			h.Entry.Start = w.Entry.Start
			if used[j] || at.IsZero() || at.String() < w.Entry.Start.String() || !h.same(w) {
				continue
			}
			used[j], set[i] = true, have[j]
			break
		}
	}
	return set
}

// sameSet reports whether two sets of schedules do the same.
func sameSet(a, b []Schedule) bool {
	_, same := reuse(a, b)
	return same
}

// schedulesBody is a set of schedules as it is sent.
func schedulesBody(set []Schedule) any {
	return map[string]any{"computeStartStop": append([]Schedule{}, set...)}
}

// inWords describes schedules.
func inWords(list []Schedule) string {
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

// wireSchedule is an element of computeStartStop.
type wireSchedule struct {
	ID                 string          `json:"id,omitempty"`
	ProvisioningStatus string          `json:"provisioningStatus,omitempty"` // Completed, Provisioning or Failed; read-only
	Status             string          `json:"status,omitempty"`             // Enabled or Disabled
	Action             string          `json:"action,omitempty"`             // Start or Stop
	TriggerType        string          `json:"triggerType,omitempty"`        // Cron or Recurrence
	Cron               *wireCron       `json:"cron,omitempty"`
	Recurrence         *wireRecurrence `json:"recurrence,omitempty"`
}

// wireCron is a trigger by a five-field cron expression.
type wireCron struct {
	Expression string `json:"expression"`
	StartTime  string `json:"startTime,omitempty"` // yyyy-MM-ddTHH:mm:ss in TimeZone
	EndTime    string `json:"endTime,omitempty"`   // as StartTime
	TimeZone   string `json:"timeZone,omitempty"`  // a Windows name; "" is UTC
}

// wireRecurrence is a trigger every Interval of Frequency.
type wireRecurrence struct {
	Frequency string     `json:"frequency"` // Minute, Hour, Day, Week or Month
	Interval  int        `json:"interval"`
	StartTime string     `json:"startTime,omitempty"`
	EndTime   string     `json:"endTime,omitempty"`
	TimeZone  string     `json:"timeZone,omitempty"`
	Schedule  *wireTimes `json:"schedule,omitempty"`
}

// wireTimes are the times and days of a recurrence.
type wireTimes struct {
	Hours     []int    `json:"hours"`
	Minutes   []int    `json:"minutes"`
	WeekDays  []string `json:"weekDays,omitempty"`
	MonthDays []int    `json:"monthDays,omitempty"`
}

// entry is s as a schedule.Entry.
func (s wireSchedule) entry() (schedule.Entry, error) {
	e := schedule.Entry{ID: s.ID, Enabled: !strings.EqualFold(s.Status, "Disabled")}
	switch {
	case strings.EqualFold(s.Action, string(schedule.Start)):
		e.Action = schedule.Start
	case strings.EqualFold(s.Action, string(schedule.Stop)):
		e.Action = schedule.Stop
	default:
		return e, invalidf("", "a schedule with the action %.40q is neither a start nor a stop", s.Action)
	}
	start, end := "", ""
	recurring := strings.EqualFold(s.TriggerType, "Recurrence")
	switch {
	case s.Cron != nil && !(recurring && s.Recurrence != nil):
		cron, err := schedule.ParseCron(s.Cron.Expression)
		if err != nil {
			return e, err
		}
		e.Cron, e.Zone, start, end = &cron, s.Cron.TimeZone, s.Cron.StartTime, s.Cron.EndTime
	case s.Recurrence != nil:
		r, err := s.Recurrence.entry()
		if err != nil {
			return e, err
		}
		e.Recurrence, e.Zone, start, end = &r, s.Recurrence.TimeZone, s.Recurrence.StartTime, s.Recurrence.EndTime
	default:
		return e, invalidf("", "a schedule without a cron expression or a recurrence never fires")
	}
	var err error
	if e.Start, err = schedule.ParseStart(start, e.Zone); err != nil {
		return e, err
	}
	if e.End, err = schedule.ParseStart(end, e.Zone); err != nil {
		return e, invalidf("", "a schedule ends at %.40q, which is not a date and time", end)
	}
	return e, nil
}

func (r *wireRecurrence) entry() (schedule.Recurrence, error) {
	frequency, err := schedule.ParseFrequency(r.Frequency)
	if err != nil {
		return schedule.Recurrence{}, err
	}
	out := schedule.Recurrence{Frequency: frequency, Interval: r.Interval}
	if r.Schedule == nil {
		return out, nil
	}
	out.Hours, out.Minutes, out.MonthDays = r.Schedule.Hours, r.Schedule.Minutes, r.Schedule.MonthDays
	for _, name := range r.Schedule.WeekDays {
		day, err := schedule.ParseWeekday(name)
		if err != nil {
			return out, err
		}
		out.WeekDays = append(out.WeekDays, day)
	}
	return out, nil
}

// toWire is an entry as it is sent. The status is always sent, because the API
// names no default.
func toWire(e schedule.Entry) wireSchedule {
	s := wireSchedule{ID: e.ID, Status: "Disabled", Action: string(e.Action)}
	if e.Enabled {
		s.Status = "Enabled"
	}
	if e.Cron != nil {
		s.TriggerType = "Cron"
		s.Cron = &wireCron{Expression: e.Cron.String(), StartTime: e.Start.String(), EndTime: e.End.String(), TimeZone: e.Zone}
	}
	if r := e.Recurrence; r != nil {
		s.TriggerType = "Recurrence"
		times := &wireTimes{Hours: r.Hours, Minutes: r.Minutes, MonthDays: r.MonthDays}
		for _, day := range r.WeekDays {
			times.WeekDays = append(times.WeekDays, day.String())
		}
		s.Recurrence = &wireRecurrence{Frequency: string(r.Frequency), Interval: r.Interval,
			StartTime: e.Start.String(), EndTime: e.End.String(), TimeZone: e.Zone, Schedule: times}
	}
	return s
}

// parseDuration reads an ISO 8601 duration.
func parseDuration(s string) (d time.Duration, ok bool) {
	d, err := schedule.ParseISO(s)
	return d, err == nil && d >= 0
}

// formatDuration writes d as ISO 8601: in minutes if they are whole, else in
// seconds.
func formatDuration(d time.Duration) string {
	if d%time.Minute == 0 {
		return schedule.FormatISO(d)
	}
	return fmt.Sprintf("PT%dS", int64(d/time.Second))
}
