// Package policy has the rules that an organization sets for its compute
// instances: as Azure Policy definitions for new instances, and as a check of
// those that exist, which Azure Policy does not change.
package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Rules are what instances must have; a nil rule asks for nothing.
type Rules struct {
	// Stop is the time of day by which a schedule stops instances.
	Stop *Stop
	// Idle is the longest idle time; 0 asks for none.
	Idle time.Duration
	// Script is the path of the setup script in the workspace's file share,
	// Users/…; "" asks for none.
	Script string
}

// Stop is a time of day in a time zone.
type Stop struct {
	Hour, Minute int
	Zone         schedule.Zone
}

// ParseStop reads a time of day such as 22:00.
func ParseStop(text string, zone schedule.Zone) (*Stop, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time of day; write 00:00 to 23:59", text)
	}
	return &Stop{Hour: t.Hour(), Minute: t.Minute(), Zone: zone}, nil
}

// String is the time of day.
func (s Stop) String() string { return fmt.Sprintf("%02d:%02d", s.Hour, s.Minute) }

// Entry is the schedule that stops an instance then, every day.
func (s Stop) Entry() schedule.Entry {
	cron, err := schedule.ParseCron(s.cron())
	if err != nil {
		panic(err) // two numbers in range
	}
	return schedule.Entry{Action: schedule.Stop, Enabled: true, Cron: &cron, Zone: s.Zone.Windows}
}

func (s Stop) cron() string { return fmt.Sprintf("%d %d * * *", s.Minute, s.Hour) }

// Kind is one of the rules.
type Kind string

// The rules by the names that tables and JSON use.
const (
	KindStop   Kind = "stop"
	KindIdle   Kind = "idle"
	KindScript Kind = "setup-script"
)

// Breach is one rule that one instance breaks.
type Breach struct {
	Compute *compute.Compute
	Rule    Kind
	Has     string // what the instance has instead
	Want    string // what the rule asks for
	Fix     string // what would repair it; "" if nothing short of a new instance does
	Why     string // why nothing does
}

// Check returns the rules that instances break at a time, in the order of the
// instances. It judges the schedules of a year from then on, because clock
// changes move the hours of other time zones.
func (r Rules) Check(list []*compute.Compute, now time.Time) []Breach {
	var out []Breach
	judged := map[string]verdict{} // most instances have the schedules of others
	for _, c := range list {
		out = append(out, r.check(c, now, judged)...)
	}
	return out
}

// verdict is what was found out about some schedules.
type verdict struct {
	has   string
	holds bool
}

func (r Rules) check(c *compute.Compute, now time.Time, judged map[string]verdict) []Breach {
	var out []Breach
	if r.Stop != nil {
		list, unread := compute.ReadSchedules(c.Instance.Schedules)
		key := sameness(list)
		v, ok := judged[key]
		if !ok {
			v.has, v.holds = r.Stop.check(list, now)
			judged[key] = v
		}
		if has := v.has; !v.holds {
			b := Breach{Compute: c, Rule: KindStop, Has: has, Want: r.Stop.String(), Fix: "add a stop at " + r.Stop.String()}
			switch n := len(list); {
			case unread != nil:
				b.Has, b.Fix, b.Why = "schedules that are not understood", "", "by hand"
			case has == mayRestart:
				b.Fix, b.Why = "", "by hand"
			case n >= schedule.Max:
				b.Has, b.Fix, b.Why = fmt.Sprintf("%s; %d of %d schedules used", has, n, schedule.Max), "", "by hand"
			}
			out = append(out, b)
		}
	}
	if r.Idle > 0 {
		if has, holds, understood := hasIdle(c, r.Idle); !holds {
			b := Breach{Compute: c, Rule: KindIdle, Has: has, Want: schedule.FormatIdle(r.Idle), Fix: "set " + schedule.FormatIdle(r.Idle)}
			if !understood {
				b.Fix, b.Why = "", "by hand"
			}
			out = append(out, b)
		}
	}
	if r.Script != "" {
		if has, holds := hasScript(c, r.Script); !holds {
			out = append(out, Breach{Compute: c, Rule: KindScript, Has: has, Want: r.Script, Why: "recreate it"})
		}
	}
	if strings.EqualFold(c.State(), compute.StateDeleting) {
		for i := range out {
			out[i].Fix, out[i].Why = "", "it is being deleted"
		}
	}
	return out
}

// hasIdle reports whether an instance stops after an idle time that is not longer
// than most. What the service says and nobody understands is not off.
func hasIdle(c *compute.Compute, most time.Duration) (has string, holds, understood bool) {
	d, on := c.Instance.IdleShutdown()
	if said := c.Instance.IdleUnread(); said != "" {
		return fmt.Sprintf("%.40q, which is not understood", said), false, false
	}
	return schedule.FormatIdle(d), on && d <= most, true
}

// sameness is equal for schedules that do the same.
func sameness(list []compute.Schedule) string {
	var b strings.Builder
	for _, s := range list {
		e := s.Entry
		fmt.Fprintf(&b, "%t %s %s %t %s %s %s", s.Err != nil, s.Provisioning, e.Action, e.Enabled, e.Start, e.End, e.Zone)
		if e.Cron != nil {
			b.WriteString(" cron " + e.Cron.String())
		}
		if e.Recurrence != nil {
			fmt.Fprintf(&b, " recurrence %v", *e.Recurrence)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// hasScript reports whether an instance was set up by a script of the share.
func hasScript(c *compute.Compute, path string) (has string, holds bool) {
	if c.Instance.SetupScripts == nil || c.Instance.SetupScripts.Scripts.Creation == nil {
		return "none", false
	}
	s := c.Instance.SetupScripts.Scripts.Creation
	if strings.EqualFold(s.Source, sourceInline) {
		return "a script sent inline", false
	}
	if strings.EqualFold(c.State(), compute.StateUserSetupFailed) {
		return s.Data + ", which failed", false
	}
	return s.Data, samePath(s.Data, path)
}

const (
	sourceInline    = "inline"
	sourceWorkspace = "workspaceStorage"
)

func samePath(a, b string) bool { return strings.Trim(a, "/") == strings.Trim(b, "/") }

// fault is how a day breaks a rule about stops.
type fault int

const (
	none     fault = iota + 1 // no stop by then
	restarts                  // a stop, and then a start
)

// horizon is how many days are judged.
const horizon = 366

// mayRestart is what is wrong with schedules that stop an instance, where one that
// cannot be read may start it again.
const mayRestart = "one not understood, which may start it"

// Holds reports whether schedules stop an instance by s on every day, judged at a
// time.
func (s Stop) Holds(list []compute.Schedule, now time.Time) bool {
	_, holds := s.check(list, now)
	return holds
}

// check reports whether the schedules stop an instance by s on every day, and
// what they do instead. What cannot be read or computed stops nothing, and may
// start the instance unless it is a stop.
func (s Stop) check(list []compute.Schedule, now time.Time) (has string, holds bool) {
	var entries []schedule.Entry
	var silent []string
	off, stops, mayStart := 0, false, false
	for _, one := range list {
		switch {
		case one.Err != nil:
			silent = append(silent, "one not understood")
			mayStart = mayStart || one.Entry.Action != schedule.Stop
		case !one.Entry.Enabled:
			off++
		case one.Entry.Check() != nil || strings.EqualFold(one.Provisioning, "Failed"):
			silent = append(silent, "one that never fires")
		case ended(one.Entry, now):
			silent = append(silent, "one that has ended")
		default:
			entries = append(entries, one.Entry)
			stops = stops || one.Entry.Action == schedule.Stop
		}
	}
	if off > 0 {
		silent = append(silent, fmt.Sprintf("%d disabled", off))
	}
	besides := ""
	if len(silent) > 0 {
		besides = " (" + strings.Join(slices.Compact(silent), ", ") + ")"
	}
	if !stops {
		return "no stop" + besides, false
	}
	faults, days := s.faults(entries, now)
	switch {
	case len(faults) == 0 && mayStart:
		return mayRestart, false
	case len(faults) == 0:
		return "", true
	}
	return s.describe(entries, faults, days, now) + besides, false
}

// ended reports whether an entry that has an end does not fire again.
func ended(e schedule.Entry, now time.Time) bool {
	if e.End.IsZero() {
		return false
	}
	_, again := e.Next(now)
	return !again
}

// faults counts the days on which entries break s, by fault and weekday, and all
// days by weekday.
func (s Stop) faults(entries []schedule.Entry, now time.Time) (faults map[fault][7]int, days [7]int) {
	loc := s.Zone.Location
	year, month, day := now.In(loc).Date()
	at := func(i, hour, minute int) time.Time {
		return schedule.Local{Year: year, Month: month, Day: day + i, Hour: hour, Minute: minute}.In(loc)
	}
	first := 0
	if now.After(at(0, s.Hour, s.Minute)) {
		first = 1 // today is past judging
	}
	faults = map[fault][7]int{}
	for i := first; i < first+horizon; i++ {
		w := at(i, 12, 0).Weekday()
		days[w]++
		if f := s.fault(entries, at(i, 0, 0), at(i, s.Hour, s.Minute)); f != 0 {
			count := faults[f]
			count[w]++
			faults[f] = count
		}
	}
	return faults, days
}

// fault is what is wrong with the day that begins at begin; 0 is nothing.
func (s Stop) fault(entries []schedule.Entry, begin, by time.Time) fault {
	stop, ok := schedule.Next(entries, schedule.Stop, begin.Add(-1))
	if !ok || stop.At.After(by) {
		return none
	}
	// The last thing before that must be the stop.
	after := stop.At
	for range 100 {
		start, ok := schedule.Next(entries, schedule.Start, after.Add(-1))
		if !ok || start.At.After(by) {
			return 0
		}
		stop, ok := schedule.Next(entries, schedule.Stop, start.At)
		if !ok || stop.At.After(by) {
			return restarts
		}
		after = stop.At
	}
	return restarts // and stops all the time
}

// describe says what entries do instead of stopping by s.
func (s Stop) describe(entries []schedule.Entry, faults map[fault][7]int, days [7]int, now time.Time) string {
	var parts []string
	if count, ok := faults[none]; ok {
		on, some := weekdays(count, days)
		text := "none"
		if stop, ok := schedule.Next(entries, schedule.Stop, now); ok && on == "" && !some {
			text = "stops at " + stop.At.In(s.Zone.Location).Format("15:04")
		} else if on != "" {
			text += " on " + on
		}
		parts = append(parts, text)
	}
	if count, ok := faults[restarts]; ok {
		on, _ := weekdays(count, days)
		text := "starts again after its stop"
		if on != "" {
			text += " on " + on
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// weekdays are the days that count has, "" if it has all; some is true if it has
// not all of any.
func weekdays(count, days [7]int) (text string, some bool) {
	var names []string
	full := 0
	for i := range 7 {
		d := time.Weekday((i + 1) % 7) // Monday first
		if count[d] == 0 {
			continue
		}
		name := d.String()[:3]
		if count[d] < days[d] {
			name, some = "some "+name, true
		} else {
			full++
		}
		names = append(names, name)
	}
	switch {
	case full == 7:
		return "", false
	case full == 0 && len(names) == 7:
		return "some days", true
	}
	return strings.Join(names, ", "), some
}
