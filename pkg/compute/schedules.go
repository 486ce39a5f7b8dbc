package compute

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// Schedule is one start or stop schedule of an instance, as the service
// writes it (computeStartStop).
type Schedule struct {
	ID                 string             `json:"id,omitempty"`
	ProvisioningStatus string             `json:"provisioningStatus,omitempty"` // Completed, Provisioning or Failed; read-only
	Status             string             `json:"status,omitempty"`             // Enabled or Disabled
	Action             string             `json:"action,omitempty"`             // Start or Stop
	TriggerType        string             `json:"triggerType,omitempty"`        // Cron or Recurrence
	Cron               *CronTrigger       `json:"cron,omitempty"`
	Recurrence         *RecurrenceTrigger `json:"recurrence,omitempty"`
}

// CronTrigger fires by a five-field cron expression.
type CronTrigger struct {
	Expression string `json:"expression"`
	StartTime  string `json:"startTime,omitempty"` // yyyy-MM-ddTHH:mm:ss in TimeZone
	TimeZone   string `json:"timeZone,omitempty"`  // a Windows zone name; "" is UTC
}

// RecurrenceTrigger fires every Interval of Frequency.
type RecurrenceTrigger struct {
	Frequency string              `json:"frequency"` // Minute, Hour, Day, Week or Month
	Interval  int                 `json:"interval"`
	StartTime string              `json:"startTime,omitempty"`
	TimeZone  string              `json:"timeZone,omitempty"`
	Schedule  *RecurrenceSchedule `json:"schedule,omitempty"`
}

// RecurrenceSchedule narrows a recurrence down to times and days.
type RecurrenceSchedule struct {
	Hours     []int    `json:"hours"`
	Minutes   []int    `json:"minutes"`
	WeekDays  []string `json:"weekDays,omitempty"`
	MonthDays []int    `json:"monthDays,omitempty"`
}

// Schedules are the schedules of an instance.
type Schedules []Schedule

// UnmarshalJSON reads {"computeStartStop":[…]}. It never fails: what cannot be
// read is left out here and stays in the compute's Raw.
func (s *Schedules) UnmarshalJSON(data []byte) error {
	*s = nil
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	var wire struct {
		StartStop []Schedule `json:"computeStartStop"`
	}
	if unmarshal(data, &wire) == nil {
		*s = wire.StartStop
	}
	return nil
}

// MarshalJSON writes {"computeStartStop":[…]}, with an empty list for none.
func (s Schedules) MarshalJSON() ([]byte, error) {
	list := []Schedule(s)
	if list == nil {
		list = []Schedule{}
	}
	return json.Marshal(map[string][]Schedule{"computeStartStop": list})
}

// Entry is the schedule in terms of package schedule, which knows when it
// fires. It is an error when the service holds something that cannot be read.
func (s Schedule) Entry() (schedule.Entry, error) {
	e := schedule.Entry{ID: s.ID, Enabled: !strings.EqualFold(s.Status, "Disabled")}
	switch {
	case strings.EqualFold(s.Action, string(schedule.Start)):
		e.Action = schedule.Start
	case strings.EqualFold(s.Action, string(schedule.Stop)):
		e.Action = schedule.Stop
	default:
		return e, invalidf("", "a schedule with the action %.40q is neither a start nor a stop", s.Action)
	}
	start := ""
	recurring := strings.EqualFold(s.TriggerType, "Recurrence")
	switch {
	case s.Cron != nil && !(recurring && s.Recurrence != nil):
		cron, err := schedule.ParseCron(s.Cron.Expression)
		if err != nil {
			return e, err
		}
		e.Cron, e.Zone, start = &cron, s.Cron.TimeZone, s.Cron.StartTime
	case s.Recurrence != nil:
		r, err := s.Recurrence.entry()
		if err != nil {
			return e, err
		}
		e.Recurrence, e.Zone, start = &r, s.Recurrence.TimeZone, s.Recurrence.StartTime
	default:
		return e, invalidf("", "a schedule without a cron expression or a recurrence never fires")
	}
	var err error
	e.Start, err = schedule.ParseStart(start, e.Zone)
	return e, err
}

func (r *RecurrenceTrigger) entry() (schedule.Recurrence, error) {
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

// NewSchedule is an entry as the service takes it. The status is always sent,
// because the API names no default for it.
func NewSchedule(e schedule.Entry) Schedule {
	s := Schedule{ID: e.ID, Status: "Disabled", Action: string(e.Action)}
	if e.Enabled {
		s.Status = "Enabled"
	}
	if e.Cron != nil {
		s.TriggerType = "Cron"
		s.Cron = &CronTrigger{Expression: e.Cron.String(), StartTime: e.Start.String(), TimeZone: e.Zone}
	}
	if r := e.Recurrence; r != nil {
		s.TriggerType = "Recurrence"
		times := &RecurrenceSchedule{Hours: r.Hours, Minutes: r.Minutes, MonthDays: r.MonthDays}
		for _, day := range r.WeekDays {
			times.WeekDays = append(times.WeekDays, day.String())
		}
		s.Recurrence = &RecurrenceTrigger{Frequency: string(r.Frequency), Interval: r.Interval,
			StartTime: e.Start.String(), TimeZone: e.Zone, Schedule: times}
	}
	return s
}

// parseDuration reads an ISO 8601 duration; ok is false for what is none.
func parseDuration(s string) (d time.Duration, ok bool) {
	d, err := schedule.ParseISO(s)
	return d, err == nil && d >= 0
}

// formatDuration writes d as ISO 8601: in minutes when it is whole minutes,
// else in seconds.
func formatDuration(d time.Duration) string {
	if d%time.Minute == 0 {
		return schedule.FormatISO(d)
	}
	return "PT" + strconv.FormatInt(int64(d/time.Second), 10) + "S"
}
