package schedule

import (
	"slices"
	"time"
)

// State is whether an instance is on, off, or not known.
type State int8

// The states of a plan.
const (
	Unknown State = iota
	Off
	On
)

// String returns "on", "off" or "unknown".
func (s State) String() string {
	switch s {
	case On:
		return "on"
	case Off:
		return "off"
	}
	return "unknown"
}

// View is the stretch of time a Plan shows.
type View struct {
	// First is the first day shown: the date of this instant in Zone.
	First time.Time
	// Days is the number of days, limited to 1 to 366.
	Days int
	// Zone is the clock of the days; nil is UTC.
	Zone *time.Location
	// Now is the instant of State; zero is the beginning of the view.
	Now time.Time
	// State is the state at Now. For the time before Now, the plan shows what the
	// schedules alone would have done.
	State State
}

// Plan is when schedules start and stop an instance, if nothing else does. It
// ignores idle shutdown.
type Plan struct {
	Zone *time.Location
	// From and To bound the plan; To is not part of it.
	From, To time.Time
	// Now is as in the View; it may lie outside.
	Now time.Time
	// Days are the days in order.
	Days []PlanDay
	// Firings are all firings in order.
	Firings []Firing
	// On, Off and Unknown are times in each state; they add up to the plan.
	On, Off, Unknown time.Duration
	// Problems are the enabled entries whose firings cannot be computed. The
	// plan ignores them.
	Problems []Problem
}

// Problem is an entry that cannot be computed.
type Problem struct {
	Entry int // its index
	Err   error
}

// PlanDay is one day of a plan, from one midnight of its zone to the next.
type PlanDay struct {
	// From and To bound the day, which has 23 or 25 hours when a clock changes.
	From, To time.Time
	// Segments cover the day; neighbors differ in state.
	Segments []Segment
	// Changes are the clock changes of the day.
	Changes []ClockChange

	now time.Time
}

// Segment is a stretch of time in one state.
type Segment struct {
	From, To time.Time
	State    State
}

// ClockChange is a change of a zone's offset.
type ClockChange struct {
	// At is the first instant with the new offset.
	At time.Time
	// By is how far the clock jumps: an hour forward in spring.
	By time.Duration
}

// NewPlan computes a plan for the days of a view. If a start and a stop fire at
// the same instant, the state after it is Unknown.
func NewPlan(entries []Entry, v View) Plan {
	p := Plan{Zone: v.Zone, Now: v.Now}
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	days := min(max(v.Days, 1), 366)
	year, month, day := v.First.In(p.Zone).Date()
	midnight := func(n int) time.Time {
		// In normalizes the day, and takes the end of the gap for a skipped midnight.
		return Local{Year: year, Month: month, Day: day + n}.In(p.Zone)
	}
	p.From, p.To = midnight(0), midnight(days)
	for i, e := range entries {
		if err := e.Check(); err != nil && e.Enabled {
			p.Problems = append(p.Problems, Problem{i, err})
		}
	}
	p.Firings = Firings(entries, p.From, p.To)
	segments := p.segments(entries, v.State)
	for n := range days {
		d := PlanDay{From: midnight(n), To: midnight(n + 1), now: v.Now}
		if !d.From.Before(d.To) {
			continue // the zone skipped this date
		}
		for _, s := range segments {
			if from, to := later(s.From, d.From), earlier(s.To, d.To); from.Before(to) {
				d.Segments = append(d.Segments, Segment{from, to, s.State})
			}
		}
		d.Changes = clockChanges(d.From, d.To)
		p.Days = append(p.Days, d)
	}
	times := spent(segments, p.From, p.To)
	p.On, p.Off, p.Unknown = times[On], times[Off], times[Unknown]
	return p
}

// spent is the time in each state between two instants.
func spent(segments []Segment, from, to time.Time) (times [3]time.Duration) {
	for _, s := range segments {
		if a, b := later(from, s.From), earlier(to, s.To); a.Before(b) {
			times[s.State] += b.Sub(a)
		}
	}
	return times
}

// segments applies the firings to the state.
func (p *Plan) segments(entries []Entry, state State) []Segment {
	now := p.Now
	var known []Segment // with To not set yet
	set := func(at time.Time, state State) {
		if n := len(known); n > 0 && known[n-1].From.Equal(at) {
			known[n-1].State = state
			return
		}
		known = append(known, Segment{From: at, State: state})
	}
	switch {
	case now.IsZero():
		set(p.From, state)
	case now.Before(p.From):
		set(p.From, stateAfter(state, Firings(entries, later(now.Add(1), p.From.AddDate(0, 0, -lookBack)), p.From)))
	default:
		set(p.From, StateAt(entries, p.From.Add(-1)))
	}
	told := now.Before(p.From) || !now.Before(p.To) || state == Unknown
	for i, f := range p.Firings {
		if !told && f.At.After(now) {
			set(now.In(p.Zone), state)
			told = true
		}
		next := f.Action.state()
		if i > 0 && f.At.Equal(p.Firings[i-1].At) && known[len(known)-1].State != next {
			next = Unknown
		}
		set(f.At.In(p.Zone), next)
	}
	if !told {
		set(now.In(p.Zone), state)
	}
	var merged []Segment
	for i, s := range known {
		s.To = p.To
		if i+1 < len(known) {
			s.To = known[i+1].From
		}
		if n := len(merged); n > 0 && merged[n-1].State == s.State {
			merged[n-1].To = s.To
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

func (a Action) state() State {
	switch a {
	case Start:
		return On
	case Stop:
		return Off
	}
	return Unknown
}

// Cell is a part of a day's wall clock, for drawing.
type Cell struct {
	// State is the one that fills most of the cell.
	State State
	// Mixed says that the state changes within the cell.
	Mixed bool
	// Partly says that the cell is on, but not for most of it.
	Partly bool
	// Missing cells do not happen: the clock jumps over them.
	Missing bool
	// Twice is true if the clock is set back within the cell, which makes it
	// longer than the others.
	Twice bool
	// Now is true if the cell contains the current time.
	Now bool
}

// Cells cuts the day's wall clock from 00:00 to 24:00 into n equal cells; n is
// brought into 1 to 1440.
func (d PlanDay) Cells(n int) []Cell {
	n = min(max(n, 1), 1440)
	cells := make([]Cell, n)
	midnight := floorDiv(wallSeconds(d.From), 86400) * 86400
	// Within a period of constant offset wall time and time run alike.
	type period struct{ from, to time.Time }
	var periods []period
	from := d.From
	for _, c := range d.Changes {
		periods = append(periods, period{from, c.At})
		from = c.At
	}
	periods = append(periods, period{from, d.To})
	for i := range cells {
		low, high := midnight+int64(i)*86400/int64(n), midnight+int64(i+1)*86400/int64(n)
		var times [3]time.Duration
		var total time.Duration
		for _, p := range periods {
			shift := wallSeconds(p.from) - p.from.Unix()
			a, b := later(time.Unix(low-shift, 0), p.from), earlier(time.Unix(high-shift, 0), p.to)
			if !a.Before(b) {
				continue
			}
			total += b.Sub(a)
			cells[i].Now = cells[i].Now || !d.now.IsZero() && !d.now.Before(a) && d.now.Before(b)
			for s, d := range spent(d.Segments, a, b) {
				times[s] += d
			}
		}
		cells[i].Missing = total == 0
		cells[i].Twice = total > time.Duration(high-low)*time.Second
		for s, d := range times {
			if d > times[cells[i].State] {
				cells[i].State = State(s)
			}
		}
		cells[i].Mixed = times[cells[i].State] < total
		cells[i].Partly = cells[i].State != On && times[On] > 0
	}
	return cells
}

// ClockChanges lists the clock changes of a zone, by its Windows or IANA name,
// between two instants; none if the zone is not known.
func ClockChanges(zone string, from, to time.Time) []ClockChange {
	loc, err := location(zone)
	if err != nil {
		return nil
	}
	return clockChanges(from.In(loc), to)
}

// clockChanges lists the changes of offset in [from, to).
func clockChanges(from, to time.Time) []ClockChange {
	var changes []ClockChange
	for t := from.Add(-1); ; {
		end := periodEnd(t)
		if end.IsZero() || !end.Before(to) {
			return changes
		}
		_, before := t.Zone()
		_, after := end.Zone()
		if after != before {
			changes = append(changes, ClockChange{end, time.Duration(after-before) * time.Second})
		}
		t = end
	}
}

// lookBack is the number of days after which a firing no longer decides the state.
const lookBack = 35

// StateAt is the state at an instant if only the schedules start and stop the
// instance: after the last firing of the five weeks before, or Unknown.
func StateAt(entries []Entry, at time.Time) State {
	return stateAfter(Unknown, Firings(entries, at.AddDate(0, 0, -lookBack), at.Add(1)))
}

// stateAfter is the state after the firings.
func stateAfter(state State, firings []Firing) State {
	for i, f := range firings {
		next := f.Action.state()
		if i > 0 && f.At.Equal(firings[i-1].At) && state != next {
			next = Unknown
		}
		state = next
	}
	return state
}

// OnPerWeek is how long the schedules keep an instance on in a week: the first of
// six weeks in which the state is always known and, if possible, no clock changes.
// The weeks begin at the given instant, or when the last enabled entry begins. ok
// is false if none of the weeks will do, if an enabled entry cannot be computed or
// begins more than a week later, as a paused one does, and if nothing starts or
// nothing stops the instance, because its users then decide.
func OnPerWeek(entries []Entry, from time.Time) (on time.Duration, ok bool) {
	const week = 7 * 24 * time.Hour
	starts, stops := false, false
	soon := from.Add(week)
	for _, e := range entries {
		if !e.Enabled {
			continue
		}
		loc, err := location(e.Zone)
		if err != nil || e.checkTrigger() != nil {
			return 0, false
		}
		starts, stops = starts || e.Action == Start, stops || e.Action == Stop
		if !e.Start.IsZero() {
			if from = later(from, e.Start.In(loc)); from.After(soon) {
				return 0, false
			}
		}
	}
	if !starts || !stops {
		return 0, false
	}
	p := Plan{From: from, To: from.Add(6 * week), Zone: time.UTC}
	p.Firings = Firings(entries, p.From, p.To)
	segments := p.segments(entries, Unknown)
	for n := range 6 {
		a := from.Add(time.Duration(n) * week)
		b := a.Add(week)
		times := spent(segments, a, b)
		if times[Unknown] > 0 {
			continue
		}
		if !ok {
			on, ok = times[On], true
		}
		// A week in which a clock changes is an hour longer or shorter than others.
		if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Enabled && len(ClockChanges(e.Zone, a, b)) > 0 }) {
			return times[On], true
		}
	}
	return on, ok
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
