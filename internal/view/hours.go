package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Schedules is the result of listing the schedules of instances: the service's
// own objects of one, or objects with name and schedules of several.
func Schedules(list []*compute.Compute, several bool) render.Result {
	r := render.Result{Names: []string{}, IDs: ids(list)}
	all := []any{}
	for _, c := range list {
		objects, ids := serviceObjects(c)
		r.Names = append(r.Names, ids...)
		if !several {
			r.Data = objects
			break
		}
		all = append(all, query.Object{{Key: "name", Value: c.Name}, {Key: "schedules", Value: objects}})
	}
	if several {
		r.Data = all
		r.Names = names(list)
	}
	r.Table = func() string { return render.TableOf(scheduleRows(list, several)) }
	r.People = func(p *render.Page) {
		for _, c := range list {
			page{p}.hours(c)
		}
		if len(list) == 0 {
			p.Aside("no instance has schedules · computetarget schedule set NAME 'mon-fri 09:00-18:00'")
		}
	}
	return r
}

// scheduleRows are schedules as rows of a table.
func scheduleRows(list []*compute.Compute, several bool) []any {
	rows := []any{}
	for _, c := range list {
		for i, s := range c.Schedules() {
			row := query.Object{{Key: "Schedule", Value: strconv.Itoa(i + 1)}}
			if several {
				row = append(query.Object{{Key: "Name", Value: render.Clean(c.Name)}}, row...)
			}
			what, status := "cannot be read", "Enabled"
			if s.Err == nil {
				what = s.Entry.Explain()
			}
			if !s.Entry.Enabled {
				status = "Disabled"
			}
			rows = append(rows, append(row, query.Object{{Key: "Does", Value: render.Clean(what)}, {Key: "Status", Value: status}, {Key: "Id", Value: render.Clean(s.Entry.ID)}}...))
		}
	}
	return rows
}

// serviceObjects are an instance's schedules as the service sent them, and
// their ids.
func serviceObjects(c *compute.Compute) (objects []any, ids []string) {
	objects, ids = []any{}, []string{}
	for _, s := range c.Schedules() {
		objects = append(objects, s.Raw)
		if s.Entry.ID != "" {
			ids = append(ids, s.Entry.ID)
		}
	}
	return objects, ids
}

// Entries are the schedules that can be read. numbers are their numbers for
// users.
//
//go:noinline
func Entries(list []compute.Schedule) (entries []schedule.Entry, numbers []int) {
	for i, s := range list {
		if s.Err == nil {
			entries, numbers = append(entries, s.Entry), append(numbers, i+1)
		}
	}
	return entries, numbers
}

// HoursChanged is the result of a change of schedules. notes are told about the
// compute of that name.
func HoursChanged(outcomes []compute.Change, several bool, now time.Time, notes map[string][]string) render.Result {
	r := changed(outcomes, several, func(o compute.Change) any { return hoursObject(o, now) },
		func(p *render.Page, o compute.Change) { page{p}.hours(o.Now()) })
	for _, o := range outcomes {
		if o.Err == nil || errors.Is(o.Err, compute.ErrDryRun) {
			for _, note := range notes[o.Name] {
				if several && !strings.Contains(note, o.Name) {
					note = o.Name + ": " + note
				}
				r.Notes = append(r.Notes, note)
			}
		}
		if o.Err != nil {
			continue
		}
		if o.Already {
			r.Notes = append(r.Notes, o.Name+": unchanged")
		}
		for i, s := range o.Now().Schedules() {
			if strings.EqualFold(s.Provisioning, "Failed") {
				r.Notes = append(r.Notes, fmt.Sprintf("%s has schedule %d, but the service says that it failed to set it up; look at its zone and times", o.Name, i+1))
			}
		}
	}
	r.Notes = append(r.Notes, clockNotes(outcomes, now)...)
	return r
}

// changed is the result of a change of hours or idle times: what object says of
// each instance for programs, and draw for people.
func changed(outcomes []compute.Change, several bool, object func(compute.Change) any, draw func(*render.Page, compute.Change)) render.Result {
	r := render.Result{Names: []string{}}
	data := []any{}
	var errs []error
	for _, o := range outcomes {
		if o.Err != nil {
			errs = append(errs, o.Err)
			continue
		}
		r.Names, data = append(r.Names, o.Name), append(data, object(o))
	}
	r.Err = together(errs)
	r.Data = one(data, several)
	r.People = func(p *render.Page) {
		for _, o := range outcomes {
			if o.Err == nil {
				draw(p, o)
			}
		}
	}
	r.Did = r.People
	r.Summary = fared(len(outcomes), r.Err, func(i int) (string, error) {
		if outcomes[i].Already {
			return "unchanged", nil
		}
		return "changed", outcomes[i].Err
	})
	return r
}

// clockAhead is how long before a clock change those who set hours are told.
const clockAhead = 14 * 24 * time.Hour

// clockNotes name the clock changes that new schedules meet soon, once for each
// zone.
func clockNotes(outcomes []compute.Change, now time.Time) []string {
	var notes []string
	for _, o := range outcomes {
		if o.Err != nil || o.Already {
			continue
		}
		for _, s := range o.Now().Schedules() {
			if s.Err != nil || !s.Entry.Enabled {
				continue
			}
			for _, change := range schedule.ClockChanges(s.Entry.Zone, now, now.Add(clockAhead)) {
				way, utc := "forward", "earlier"
				if change.By < 0 {
					way, utc = "back", "later"
				}
				by := Span(change.By.Abs())
				note := fmt.Sprintf("the clocks of %s go %s by %s on %s: the hours stay as they are written, in UTC they are %s %s then",
					s.Entry.Zone, way, by, change.At.Format("Mon 2 Jan"), by, utc)
				if !slices.Contains(notes, note) {
					notes = append(notes, note)
				}
			}
		}
	}
	return notes
}

// together returns nil, the only error, or all of them joined.
func together(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// hoursObject is one instance's schedules after a change, as a JSON value.
func hoursObject(o compute.Change, now time.Time) any {
	c := o.Now()
	objects, _ := serviceObjects(c)
	next := []any{}
	for i, s := range c.Schedules() {
		f := query.Object{{Key: "schedule", Value: i + 1}, {Key: "id", Value: text(s.Entry.ID)}}
		if at, ok := s.Entry.Next(now); s.Err == nil && ok {
			f = append(f, firing(at, s.Entry.Action)...)
			next = append(next, f)
		}
	}
	var week any
	entries, _ := Entries(c.Schedules())
	if on, ok := schedule.OnPerWeek(entries, now); ok {
		week = hoursOf(on)
	}
	return query.Object{
		{Key: "changed", Value: !o.Already}, {Key: "hoursPerWeek", Value: week}, {Key: "id", Value: text(c.ID)},
		{Key: "name", Value: o.Name}, {Key: "next", Value: next}, {Key: "schedules", Value: objects},
	}
}

// firing are the members of a firing in JSON: the instant in the schedule's
// zone and in UTC.
func firing(at time.Time, action schedule.Action) query.Object {
	return query.Object{
		{Key: "action", Value: string(action)}, {Key: "at", Value: at.Format(time.RFC3339)},
		{Key: "utc", Value: at.UTC().Format(time.RFC3339)},
	}
}

func hoursOf(d time.Duration) json.Number {
	return json.Number(strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", d.Hours()), "0"), "."))
}

// hours draws the schedules of an instance: what each does, and when next in
// its zone, here and in UTC.
func (p page) hours(c *compute.Compute) {
	list := c.Schedules()
	if len(list) == 0 {
		p.Sentence("%s has no schedules · %s", c.Name, render.Command("schedule set NAME 'mon-fri 09:00-18:00'", c.Name))
		return
	}
	head := []string{fmt.Sprintf("%s: %d of %d schedules", c.Name, len(list), schedule.Max)}
	entries, _ := Entries(list)
	if on, ok := schedule.OnPerWeek(entries, p.Now); ok {
		head = append(head, perWeek(on))
	} else if at, ok := quietUntil(entries, p.Now); ok {
		head = append(head, "nothing happens before "+day(at, p.Now))
	}
	p.Sentence("%s", strings.Join(head, " · "))
	width := p.Width()
	if width == 0 {
		width = 1000
	}
	for i, s := range list {
		id := s.Entry.ID
		if len(id) > 8 {
			id = id[:8]
		}
		if s.Err != nil {
			p.Line("  %d  cannot be read: %v", i+1, s.Err)
			continue
		}
		head := fmt.Sprintf("  %d  ", i+1)
		for _, line := range render.Wrap(s.Entry.Explain(), max(width-len("       "), 1)) {
			p.Line("%s%s", head, line)
			head = "       "
		}
		if next := p.next(s.Entry); id == "" {
			p.Line("     %s", next)
		} else {
			p.Line("     %s · id %s", next, id)
		}
	}
}

// quietUntil is when schedules that do nothing for more than a week, such as
// paused ones, resume.
func quietUntil(entries []schedule.Entry, now time.Time) (at time.Time, ok bool) {
	for _, e := range entries {
		if next, fires := e.Next(now); fires && (!ok || next.Before(at)) {
			at, ok = next, true
		}
	}
	return at, ok && at.Sub(now) > weekLength
}

// perWeek is how long an instance is on in a week, and what that saves.
func perWeek(on time.Duration) string {
	return fmt.Sprintf("on %s a week, %s saved against always on", clockHours(on), share(weekLength-on, weekLength))
}

const weekLength = 7 * 24 * time.Hour

func share(part, whole time.Duration) string {
	return fmt.Sprintf("%.0f%%", 100*part.Hours()/max(whole.Hours(), 1))
}

// clockHours writes a length in hours and minutes: 43h, 9h30m, 0h.
func clockHours(d time.Duration) string {
	minutes := int64(d / time.Minute)
	if minutes%60 == 0 {
		return fmt.Sprintf("%dh", minutes/60)
	}
	return fmt.Sprintf("%dh%02dm", minutes/60, minutes%60)
}

// next says when an entry fires next: in its own zone, on the clock here where
// that shows something else, and in UTC.
func (p page) next(e schedule.Entry) string {
	if !e.Enabled {
		return "disabled"
	}
	at, ok := e.Next(p.Now)
	if !ok {
		if err := e.Check(); err != nil {
			return "unknown when: " + err.Error()
		}
		return "never fires again"
	}
	words := []string{"next " + day(at, p.Now)}
	other := func(t time.Time, where string) {
		layout := "15:04"
		if t.Day() != at.Day() {
			layout = "Mon 15:04"
		}
		words = append(words, t.Format(layout)+" "+where)
	}
	if here := at.In(p.Now.Location()); offset(here) != offset(at) && offset(here) != 0 {
		where := "here"
		if p.Zone != "" {
			where = p.Zone
		}
		other(here, where)
	}
	other(at.UTC(), "UTC")
	return strings.Join(words, ", ")
}

func offset(t time.Time) int {
	_, seconds := t.Zone()
	return seconds
}

// day writes an instant with its day in its own zone, the year where it is
// another one than now.
func day(at, now time.Time) string {
	if at.Year() != now.In(at.Location()).Year() {
		return at.Format("Mon 2 Jan 2006 15:04")
	}
	return at.Format("Mon 2 Jan 15:04")
}

// Skipped says what a schedule that was moved will not do.
func Skipped(s schedule.Shift, now time.Time) string {
	const most = 4
	action := strings.ToLower(string(s.Entry.Action))
	if len(s.Skipped) == 0 {
		return fmt.Sprintf("nothing to skip: the next %s is %s", action, day(s.Next, now))
	}
	var words []string
	for i, at := range s.Skipped {
		if i == most {
			more := fmt.Sprintf("and %d more", len(s.Skipped)-most)
			if s.More {
				more = "and many more"
			}
			words = append(words, more)
			break
		}
		words = append(words, day(at, now))
	}
	return fmt.Sprintf("will not %s %s; the next %s is %s", action, strings.Join(words, ", "), action, day(s.Next, now))
}

// Applies says what still stops an instance whose schedules skip something, or
// that nothing does.
func Applies(now time.Time, c *compute.Compute) string {
	if d, ok := c.Instance.IdleShutdown(); ok && idleRemark(c) == "" {
		return "idle shutdown still applies: it stops after " + schedule.FormatIdle(d) + " without use"
	}
	if !c.IsRunning() {
		return ""
	}
	entries, _ := Entries(c.Schedules())
	if f, ok := schedule.Next(entries, schedule.Stop, now); ok {
		return fmt.Sprintf("it is %s, and nothing stops it before %s", c.State(), day(f.At, now))
	}
	return fmt.Sprintf("it is %s, and nothing stops it", c.State())
}

// Idle is the result of listing after how long without use instances stop.
func Idle(list []*compute.Compute, several bool) render.Result {
	r := Rows(list, []string{"NAME", "STATE", "IDLE", "REMARK"}, func(c *compute.Compute) (any, []string) {
		return query.Object{
			{Key: "id", Value: text(c.ID)}, {Key: "idleShutdown", Value: idleText(c)}, {Key: "idleTimeBeforeShutdown", Value: text(c.Instance.IdleTime)},
			{Key: "name", Value: c.Name}, {Key: "state", Value: text(c.State())},
		}, []string{c.Name, c.State(), idleText(c), idleRemark(c)}
	})
	r.Names, r.Data = names(list), one(r.Data.([]any), several)
	if len(list) == 0 {
		r.People = func(p *render.Page) { p.Aside("no compute instances") }
	}
	return r
}

func idleText(c *compute.Compute) string {
	if said := c.Instance.IdleUnread(); said != "" {
		return fmt.Sprintf("%.40q, not understood", said)
	}
	d, _ := c.Instance.IdleShutdown()
	return schedule.FormatIdle(d)
}

// idleRemark says what keeps an instance from ever being idle.
func idleRemark(c *compute.Compute) string {
	if _, ok := c.Instance.IdleShutdown(); ok && len(c.Instance.CustomServices) > 0 {
		return "never idle: it has a custom application"
	}
	return ""
}

// SSOChanged is the result of a change of single sign-on.
func SSOChanged(outcomes []compute.Change, on, several bool) render.Result {
	return changed(outcomes, several, func(o compute.Change) any {
		return query.Object{{Key: "changed", Value: !o.Already}, {Key: "enableSSO", Value: on}, {Key: "id", Value: text(o.Now().ID)}, {Key: "name", Value: o.Name}}
	}, func(p *render.Page, o compute.Change) {
		word := map[bool]string{true: "on", false: "off"}[on]
		if o.Already {
			word += ", unchanged"
		}
		p.Sentence("%s: single sign-on is %s", o.Name, word)
	})
}

// IdleChanged is the result of a change of the idle time.
func IdleChanged(outcomes []compute.Change, several bool) render.Result {
	r := changed(outcomes, several, func(o compute.Change) any {
		return query.Object{
			{Key: "after", Value: idleText(o.Now())}, {Key: "before", Value: idleText(o.Before)}, {Key: "changed", Value: !o.Already},
			{Key: "id", Value: text(o.Now().ID)}, {Key: "idleTimeBeforeShutdown", Value: text(o.Now().Instance.IdleTime)}, {Key: "name", Value: o.Name},
		}
	}, func(p *render.Page, o compute.Change) {
		if o.Already {
			p.Sentence("%s: %s, unchanged", o.Name, idleSentence(o.Now()))
			return
		}
		text := fmt.Sprintf("%s: %s (before: %s)", o.Name, idleSentence(o.Now()), idleText(o.Before))
		if _, on := o.Now().Instance.IdleShutdown(); on && o.Now().IsRunning() {
			text += " · its idle time counts from now"
		}
		p.Sentence("%s", text)
	})
	for _, o := range outcomes {
		if o.Err == nil && idleRemark(o.Now()) != "" {
			r.Aside = append(r.Aside, o.Name+" is "+idleRemark(o.Now()))
		}
	}
	return r
}

func idleSentence(c *compute.Compute) string {
	if d, ok := c.Instance.IdleShutdown(); ok && idleRemark(c) != "" {
		return "would stop after " + schedule.FormatIdle(d) + " without use, but is " + idleRemark(c)
	} else if ok {
		return "stops after " + schedule.FormatIdle(d) + " without use"
	}
	if c.Instance.IdleUnread() != "" {
		return "has the idle time " + idleText(c)
	}
	return "does not stop when idle"
}
