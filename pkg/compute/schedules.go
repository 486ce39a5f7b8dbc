package compute

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
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
	if err := json.Unmarshal(data, &wire); err == nil || isTypeError(err) {
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

// parseDuration reads an ISO 8601 duration of weeks, days, hours, minutes and
// seconds. Years and months have no fixed length and are not durations here.
func parseDuration(s string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok || rest == "" {
		return 0, false
	}
	var total float64
	units, inTime := "WD", false
	for rest != "" {
		if r, ok := strings.CutPrefix(rest, "T"); ok {
			if inTime || r == "" {
				return 0, false
			}
			rest, units, inTime = r, "HMS", true
		}
		end := strings.IndexAny(rest, units)
		if end <= 0 {
			return 0, false
		}
		number := strings.Replace(rest[:end], ",", ".", 1)
		if strings.Trim(number, "0123456789.") != "" {
			return 0, false
		}
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0, false
		}
		seconds := map[byte]float64{'W': 7 * 86400, 'D': 86400, 'H': 3600, 'M': 60, 'S': 1}[rest[end]]
		total += value * seconds
		units = units[strings.IndexByte(units, rest[end])+1:]
		rest = rest[end+1:]
	}
	if total > math.MaxInt64/float64(time.Second)/2 {
		return 0, false
	}
	return time.Duration(math.Round(total * float64(time.Second))), true
}

// formatDuration writes d as ISO 8601: in minutes when it is whole minutes,
// else in seconds.
func formatDuration(d time.Duration) string {
	if d%time.Minute == 0 {
		return "PT" + strconv.FormatInt(int64(d/time.Minute), 10) + "M"
	}
	return "PT" + strconv.FormatInt(int64(d/time.Second), 10) + "S"
}
