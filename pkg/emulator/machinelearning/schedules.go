package machinelearning

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	timetable "github.com/computetarget/computetarget/pkg/schedule"
)

// schedule is one entry of schedules.computeStartStop.
type schedule struct {
	ID           string      `json:"id"`
	Status       string      `json:"status"` // Enabled or Disabled
	Action       string      `json:"action"` // Start or Stop
	TriggerType  string      `json:"triggerType"`
	Cron         *cron       `json:"cron,omitempty"`
	Recurrence   *recurrence `json:"recurrence,omitempty"`
	Provisioning string      `json:"provisioning"` // Completed, or Failed when it cannot fire; another word when it was loaded with it
	Next         time.Time   `json:"next"`         // next firing; zero when there is none
}

type cron struct {
	Expression string  `json:"expression"`
	StartTime  *string `json:"startTime"`
	EndTime    *string `json:"endTime,omitempty"` // in the aliases of Azure Policy, and in no specification of the computes
	TimeZone   *string `json:"timeZone"`
}

type recurrence struct {
	Frequency string  `json:"frequency"`
	Interval  int     `json:"interval"`
	StartTime *string `json:"startTime"`
	EndTime   *string `json:"endTime,omitempty"` // as that of cron
	TimeZone  *string `json:"timeZone"`
	Schedule  *struct {
		Hours     []int    `json:"hours"`
		Minutes   []int    `json:"minutes"`
		WeekDays  []string `json:"weekDays"`
		MonthDays []int    `json:"monthDays"`
	} `json:"schedule"`
}

// schedulesInput is a list of schedules as clients send it.
type schedulesInput struct {
	ComputeStartStop []struct {
		ID          *string
		Status      *string
		Action      string
		TriggerType string
		Cron        *cron
		Recurrence  *recurrence

		ProvisioningStatus string // read-only: Load alone looks at it
	}
}

// schedules checks a list and returns it as it will be kept. An entry that
// carries the id of an old one keeps it; others get a new one.
func schedules(t *arm.Tx, in *schedulesInput, old []*schedule) ([]*schedule, error) {
	if len(in.ComputeStartStop) > timetable.Max {
		return nil, arm.BadRequest("The number of schedules %d exceeds the limit of %d schedules per compute instance.", len(in.ComputeStartStop), timetable.Max)
	}
	known := map[string]bool{}
	for _, s := range old {
		known[s.ID] = true
	}
	list := make([]*schedule, 0, len(in.ComputeStartStop))
	for n, e := range in.ComputeStartStop {
		s := &schedule{
			Status: "Enabled", Action: oneOf(e.Action, "Start", "Stop"), TriggerType: oneOf(e.TriggerType, "Cron", "Recurrence"),
			Provisioning: "Completed",
		}
		if e.Status != nil && *e.Status != "" {
			s.Status = oneOf(*e.Status, "Enabled", "Disabled")
		}
		switch s.TriggerType {
		case "Cron":
			s.Cron = e.Cron
		case "Recurrence":
			s.Recurrence = e.Recurrence
		}
		if s.Action == "" || s.Status == "" || s.Cron == nil && s.Recurrence == nil {
			return nil, badSchedule(n, "action, status and triggerType with its cron or recurrence are required")
		}
		entry, err := s.entry()
		if err != nil {
			return nil, badSchedule(n, err.Error())
		}
		if strings.Contains(entry.Zone, "/") {
			return nil, badSchedule(n, "the time zone '"+entry.Zone+"' is not the name of a Windows time zone")
		}
		if err := entry.Validate(); err != nil {
			return nil, badSchedule(n, err.Error())
		}
		if e.ID != nil && known[*e.ID] {
			s.ID = *e.ID
			delete(known, s.ID)
		} else {
			s.ID = t.NewID()
		}
		if entry.Check() != nil {
			s.Provisioning = "Failed" // a zone nobody here knows: kept, and silent
		}
		s.aim(t.Now)
		list = append(list, s)
	}
	return list, nil
}

func badSchedule(n int, why string) error {
	return arm.Fail(http.StatusBadRequest, "InvalidScheduleFormat", "Schedule format is not valid: computeStartStop[%d]: %s.", n, strings.TrimSuffix(why, "."))
}

// aim sets when s fires next after a moment. One that failed does not.
func (s *schedule) aim(after time.Time) {
	s.Next = time.Time{}
	if strings.EqualFold(s.Provisioning, "Failed") {
		return
	}
	if e, err := s.entry(); err == nil {
		if at, ok := e.Next(after); ok {
			s.Next = at.UTC()
		}
	}
}

// entry is s in the terms of pkg/schedule.
func (s *schedule) entry() (timetable.Entry, error) {
	e := timetable.Entry{ID: s.ID, Action: timetable.Action(s.Action), Enabled: s.Status == "Enabled"}
	var start, end, zone *string
	switch {
	case s.Cron != nil:
		c, err := timetable.ParseCron(s.Cron.Expression)
		if err != nil {
			return e, err
		}
		e.Cron, start, end, zone = &c, s.Cron.StartTime, s.Cron.EndTime, s.Cron.TimeZone
	case s.Recurrence != nil:
		r, err := s.Recurrence.plain()
		if err != nil {
			return e, err
		}
		e.Recurrence, start, end, zone = r, s.Recurrence.StartTime, s.Recurrence.EndTime, s.Recurrence.TimeZone
	}
	if zone != nil {
		e.Zone = *zone
	}
	if start != nil {
		at, err := timetable.ParseStart(*start, e.Zone)
		if err != nil {
			return e, err
		}
		e.Start = at
	}
	if end != nil {
		at, err := timetable.ParseStart(*end, e.Zone)
		if err != nil {
			return e, err
		}
		e.End = at
	}
	return e, nil
}

func (r *recurrence) plain() (*timetable.Recurrence, error) {
	frequency := oneOf(r.Frequency, "Minute", "Hour", "Day", "Week", "Month")
	out := &timetable.Recurrence{Frequency: timetable.Frequency(frequency), Interval: r.Interval}
	if r.Schedule != nil {
		out.Hours, out.Minutes, out.MonthDays = r.Schedule.Hours, r.Schedule.Minutes, r.Schedule.MonthDays
		for _, name := range r.Schedule.WeekDays {
			day := time.Sunday
			for !strings.EqualFold(day.String(), name) {
				if day++; day > time.Saturday {
					return nil, arm.BadRequest("'%s' is not a day of the week", name)
				}
			}
			out.WeekDays = append(out.WeekDays, day)
		}
	}
	return out, nil
}

func (s *schedule) body() *arm.Object {
	o := new(arm.Object).Set("id", s.ID).Set("provisioningStatus", s.Provisioning).Set("status", s.Status).
		Set("action", s.Action).Set("triggerType", s.TriggerType)
	zone := func(z *string) string {
		if z == nil || *z == "" {
			return "UTC"
		}
		return *z
	}
	ends := func(trigger *arm.Object, end *string) *arm.Object {
		if end != nil {
			trigger.Set("endTime", end)
		}
		return trigger
	}
	if c := s.Cron; c != nil {
		o.Set("cron", ends(new(arm.Object).Set("startTime", c.StartTime), c.EndTime).Set("timeZone", zone(c.TimeZone)).Set("expression", c.Expression))
	} else {
		o.Set("cron", nil)
	}
	if r := s.Recurrence; r != nil {
		o.Set("recurrence", ends(new(arm.Object).Set("frequency", oneOf(r.Frequency, "Minute", "Hour", "Day", "Week", "Month")).Set("interval", r.Interval).
			Set("startTime", r.StartTime), r.EndTime).Set("timeZone", zone(r.TimeZone)).Set("schedule", r.Schedule))
	} else {
		o.Set("recurrence", nil)
	}
	return o
}

// nextFiring is when the next schedule fires.
func (i *instance) nextFiring() time.Time {
	var next time.Time
	for _, s := range i.Schedules {
		next = earlier(next, s.Next)
	}
	return next
}

// fireSchedules fires every schedule that is due. One that finds the instance
// where it would bring it, or in another operation, does nothing.
func fireSchedules(t *arm.Tx, c *compute) {
	for _, s := range c.Instance.Schedules {
		if s.Next.IsZero() || s.Next.After(t.Now) {
			continue
		}
		s.aim(s.Next)
		if c.Busy != nil {
			continue
		}
		switch {
		case s.Action == "Start" && c.Instance.State == "Stopped" && fits(t, c, c, 1) == nil:
			operate(t, c, startOperation, triggerSchedule)
		case s.Action == "Stop" && c.Instance.on() && !c.Instance.DiskFull:
			operate(t, c, stopOperation, triggerSchedule)
		}
	}
}

// idleStop is when idle shutdown stops the instance; zero when it does not. An
// instance with a custom application never counts as idle, nor one that runs a
// job; nothing else in the emulator keeps one busy.
func (i *instance) idleStop(c *compute) time.Time {
	if i.Idle == nil || i.State != "Running" || c.Busy != nil || i.hasServices() || i.DiskFull {
		return time.Time{}
	}
	d, err := timetable.ParseISO(*i.Idle)
	if err != nil {
		return time.Time{}
	}
	return i.IdleSince.Add(d)
}

func (i *instance) hasServices() bool {
	return !arm.IsNull(i.CustomServices) && string(i.CustomServices) != "[]"
}

// setting is an action that changes an instance's settings at once; change
// returns the body of the answer, nil for none.
func setting(action string, change func(*arm.Tx, *arm.Request, *instance) (*arm.Object, error)) func(*arm.Tx, *arm.Request) (*arm.Response, error) {
	return func(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
		c, err := instanceOf(t, q, action)
		if err != nil {
			return nil, err
		}
		body, err := change(t, q, c.Instance)
		if err != nil {
			return nil, err
		}
		c.Modified = t.Now
		computes.Put(t, c.key(), c)
		if body == nil {
			return arm.NewResponse(http.StatusOK), nil
		}
		return arm.OK(body), nil
	}
}

// updateSchedules replaces an instance's whole list of schedules. That it
// replaces, and does not add, is how we read it; it is not documented.
func updateSchedules(t *arm.Tx, q *arm.Request, i *instance) (*arm.Object, error) {
	var in schedulesInput
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	if in.ComputeStartStop == nil {
		// A body wrapped in schedules or properties would clear the list unseen.
		return nil, arm.Fail(http.StatusBadRequest, "InvalidScheduleFormat", "Schedule format is not valid: the request has no computeStartStop.")
	}
	list, err := schedules(t, &in, i.Schedules)
	if err != nil {
		return nil, err
	}
	i.Schedules = list
	return new(arm.Object), nil // as its example has it
}

// updateIdle sets or, with null or an empty string, clears the idle time. How
// the service clears it is not known. Either way the idle clock begins anew.
func updateIdle(t *arm.Tx, q *arm.Request, i *instance) (*arm.Object, error) {
	var in struct{ IdleTimeBeforeShutdown *string }
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	d := in.IdleTimeBeforeShutdown
	if deref(d) == "" {
		d = nil
	} else if _, err := idleTime(*d); err != nil {
		return nil, err
	}
	i.Idle, i.IdleSince = d, t.Now
	return nil, nil
}

// idleTime checks the bounds of idleTimeBeforeShutdown.
func idleTime(s string) (time.Duration, error) {
	d, err := timetable.ParseISO(s)
	if err != nil {
		return 0, arm.BadRequest("The idleTimeBeforeShutdown '%s' is not an ISO 8601 duration.", s)
	}
	if d < 15*time.Minute || d > 72*time.Hour {
		return 0, arm.BadRequest("The idleTimeBeforeShutdown '%s' is out of range. Minimum is 15 min, maximum is 3 days.", s)
	}
	return d, nil
}

// customServices checks a list of custom services and sets the default that the
// specification names: an image is one of docker.
func customServices(raw json.RawMessage) (json.RawMessage, error) {
	return eachItem(raw, func(s map[string]json.RawMessage) {
		var image map[string]json.RawMessage
		if json.Unmarshal(s["image"], &image) == nil && image != nil && arm.IsNull(image["type"]) {
			image["type"] = arm.Value("docker")
			s["image"] = arm.Value(image)
		}
	})
}

// eachItem runs f on every object of a list.
func eachItem(raw json.RawMessage, f func(map[string]json.RawMessage)) (json.RawMessage, error) {
	var list []map[string]json.RawMessage
	if err := arm.Decode(raw, &list); err != nil {
		return nil, err
	}
	for i := range list {
		if list[i] == nil {
			return nil, arm.BadRequest("The request is invalid: a list entry is null.")
		}
		f(list[i])
	}
	if list == nil {
		return json.RawMessage("[]"), nil
	}
	return json.Marshal(list)
}

// updateCustomServices overwrites the list of custom services; the body is the
// bare list.
func updateCustomServices(t *arm.Tx, q *arm.Request, i *instance) (*arm.Object, error) {
	list, err := customServices(q.Body)
	if err != nil {
		return nil, err
	}
	i.CustomServices, i.IdleSince = list, t.Now
	return nil, nil
}

// updateDataMounts overwrites the list of data mounts; the body is the bare
// list. Mounting takes no time here.
func updateDataMounts(t *arm.Tx, q *arm.Request, i *instance) (*arm.Object, error) {
	list, err := eachItem(q.Body, func(m map[string]json.RawMessage) {
		state := "Mounted"
		if strings.EqualFold(string(m["mountAction"]), `"Unmount"`) {
			state = "Unmounted"
		}
		m["mountState"] = arm.Value(state)
		m["mountedOn"] = arm.Value(t.Now.Format(operationTime))
		m["createdBy"] = arm.Value(q.Caller.Name)
		m["error"] = arm.Value(nil)
	})
	if err != nil {
		return nil, err
	}
	i.DataMounts = list
	return nil, nil
}
