package view

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// page is what a view is drawn on.
type page struct{ *render.Page }

// Where is the workspace a view is about, and where that choice came from.
type Where struct {
	Workspace     string
	ResourceGroup string
	Source        string // in words, such as ./.azureml/config.json; may be empty
}

func (w Where) String() string {
	if w.Workspace == "" {
		return ""
	}
	inside := "rg " + w.ResourceGroup
	if w.Source != "" {
		inside += ", from " + w.Source
	}
	return w.Workspace + " (" + inside + ")"
}

// List is the result of listing computes.
func List(list []*compute.Compute, w Where, d Detail) render.Result {
	r := render.Result{Data: Objects(list, d), Names: names(list), IDs: ids(list), V1: render.V1List()}
	return detailed(r, d, func(p *render.Page) { page{p}.list(list, w) })
}

// detailed fits r to how much is printed: full objects and bodies have no view
// for people.
func detailed(r render.Result, d Detail, people func(*render.Page)) render.Result {
	switch d {
	case Verbose:
		r.V1 = render.V1Verbose()
	case Raw:
		r.V1, r.Body = nil, true
	case Brief:
		r.People = people
	}
	return r
}

// Matches is the result of a list of which only what passed filters is left:
// when nothing is, it says so rather than that there is nothing.
func Matches(list []*compute.Compute, total int, w Where, d Detail) render.Result {
	return None(List(list, w, d), len(list), total, w)
}

// None makes r say that nothing is left of a list of total when shown is 0.
func None(r render.Result, shown, total int, w Where) render.Result {
	if shown > 0 || total == 0 {
		return r
	}
	none := fmt.Sprintf("0 of %d match", total)
	r.Aside = append(r.Aside, none)
	if place := w.String(); place != "" {
		none += " · " + place
	}
	r.People = func(p *render.Page) { p.Aside("%s", none) }
	return r
}

// Show is the result of showing computes: one object when a single name was
// asked for, an array otherwise.
func Show(list []*compute.Compute, several bool, d Detail) render.Result {
	r := render.Result{Names: names(list), IDs: ids(list), V1: render.V1Show()}
	r.Data = one(Objects(list, d), several)
	return detailed(r, d, func(p *render.Page) {
		for _, c := range list {
			page{p}.card(c)
		}
	})
}

func names(list []*compute.Compute) []string {
	return each(list, func(c *compute.Compute) string { return c.Name })
}

func ids(list []*compute.Compute) []string {
	return each(list, func(c *compute.Compute) string { return c.ID })
}

// each is something of each element.
func each[E, T any](list []E, of func(E) T) []T {
	out := make([]T, len(list))
	for i, c := range list {
		out[i] = of(c)
	}
	return out
}

// one is the only element of a list when one thing was asked for, and nothing
// when that one failed.
func one(list []any, several bool) any {
	switch {
	case several:
		return list
	case len(list) > 0:
		return list[0]
	}
	return nil
}

// Outcomes is the result of a verb on one or more computes. What failed is in
// Err only; the rest is in Data in the order asked for.
func Outcomes(outcomes []compute.Outcome, several bool, d Detail) render.Result {
	r := render.Result{Names: []string{}, IDs: []string{}}
	data := []any{}
	var errs []error
	for _, o := range outcomes {
		if o.Err != nil {
			errs = append(errs, o.Err)
			continue
		}
		id := o.Workspace.ComputeID(o.Name)
		if o.Compute != nil && o.Compute.ID != "" {
			id = o.Compute.ID
		}
		r.Names, r.IDs = append(r.Names, o.Name), append(r.IDs, id)
		removed := removal(o)
		switch {
		case removed && (d == Brief || o.Compute == nil):
			data = append(data, IDObject(id))
		case o.Compute != nil:
			data = append(data, Object(o.Compute, d))
		}
		if r.V1 == nil {
			r.V1 = v1Of(o, d)
		}
		if o.Note != "" {
			note := o.Note
			if !strings.Contains(note, o.Name) {
				note = o.Name + ": " + note
			}
			r.Notes = append(r.Notes, note)
		}
		if words := alreadySo(o); words != "" && o.Note == "" && o.Verb != compute.VerbCreate && o.Verb != compute.VerbAttach {
			r.Aside = append(r.Aside, words)
		}
	}
	r.Err = together(errs)
	r.Data = one(data, several)
	r.Did = func(p *render.Page) {
		for _, o := range outcomes {
			if o.Err == nil {
				p.Sentence("%s", sentence(o, p.Now))
			}
		}
	}
	if d == Brief {
		r.People = r.Did
	}
	r.Summary = fared(len(outcomes), r.Err, func(i int) (string, error) {
		o := outcomes[i]
		switch {
		case o.Err != nil:
			return "", o.Err
		case removal(o) && gone(o) && o.Verb == compute.VerbDetach:
			return "detached", nil
		case removal(o) && gone(o):
			return "deleted", nil
		case o.Compute == nil || o.Unfinished && !o.Compute.InTransition():
			return "accepted", nil
		}
		return strings.ToLower(o.Compute.State()), nil
	})
	return r
}

// v1Of is the v1 shape of a verb's result.
func v1Of(o compute.Outcome, d Detail) *render.V1 {
	instance := o.Compute != nil && o.Compute.IsInstance()
	removed := removal(o)
	switch {
	case d == Raw:
		return nil
	case removed && d == Brief:
		return render.V1ID()
	case d == Verbose && instance && !removed:
		return render.V1VerboseInstance()
	case d == Verbose:
		return render.V1Verbose()
	case instance:
		return render.V1Instance()
	}
	return render.V1Show()
}

// sentence says how a verb ended for one compute.
func sentence(o compute.Outcome, now time.Time) string {
	c := o.Compute
	took := ""
	if o.Elapsed >= time.Second {
		took = " (" + Elapsed(o.Elapsed) + ")"
	}
	var parts []string
	switch {
	case removal(o):
		done := "deleted"
		if o.Verb == compute.VerbDetach {
			done = "detached"
		}
		if gone(o) {
			return o.Name + " is " + done + took
		}
		return o.Name + " is being " + done + " · " + render.Command("wait NAME --for deleted", o.Name)
	case c == nil:
		return o.Name + ": " + string(o.Verb) + " accepted · " + render.Command("wait NAME", o.Name)
	case c.InTransition():
		return o.Name + " is " + c.State() + " · " + render.Command("wait NAME", o.Name)
	case o.Unfinished:
		// Its state is still the one from before.
		return o.Name + ": " + string(o.Verb) + " accepted · " + render.Command("wait NAME", o.Name)
	case alreadySo(o) != "":
		parts = append(parts, alreadySo(o))
		if o.Verb != compute.VerbCreate && o.Verb != compute.VerbAttach && o.Verb != compute.VerbResize {
			parts[0] += upFor(c, now)
		}
	case o.Verb == compute.VerbUpdate:
		parts = append(parts, o.Name+" is updated"+took)
	case o.Verb == compute.VerbResize:
		parts = append(parts, o.Name+" is now "+c.VMSize()+took)
	default:
		parts = append(parts, o.Name+" is "+c.State()+took)
	}
	switch {
	case c.Cluster != nil:
		if c.Cluster.Scale != nil {
			parts = append(parts, scale(c.Cluster.Scale))
		}
	case o.Verb == compute.VerbCreate && c.Instance != nil:
		if access := ssh(c); access != "" {
			parts = append(parts, access)
		}
	}
	switch {
	case o.Verb == compute.VerbStop || o.Verb == compute.VerbResize:
	case c.IsRunning() && !forAnother(c):
		parts = append(parts, render.Command("open NAME", c.Name))
	case c.IsStopped() && o.Verb == compute.VerbCreate:
		parts = append(parts, render.Command("start NAME", c.Name))
	}
	return strings.Join(parts, " · ")
}

// forAnother reports whether an instance is for somebody else than who created it,
// who cannot open it.
func forAnother(c *compute.Compute) bool {
	return c.Instance != nil && c.Instance.CreatedBy != nil && !strings.EqualFold(c.Instance.CreatedBy.UserID, c.Owner().ID)
}

// alreadySo says that there was nothing to do, or is "".
func alreadySo(o compute.Outcome) string {
	switch {
	case !o.Already || removal(o) || o.Compute == nil || o.Verb == compute.VerbWait || o.Compute.InTransition():
		return ""
	case o.Verb == compute.VerbCreate, o.Verb == compute.VerbAttach:
		return o.Name + " exists already and is " + o.Compute.State()
	case o.Verb == compute.VerbResize:
		return o.Name + " has the size " + o.Compute.VMSize() + " already"
	}
	return o.Name + " is already " + o.Compute.State()
}

// removal reports whether a verb took a compute away, or a wait saw it go.
func removal(o compute.Outcome) bool {
	return o.Verb == compute.VerbDelete || o.Verb == compute.VerbDetach || o.Verb == compute.VerbWait && gone(o)
}

// gone reports whether a delete was followed to its end.
func gone(o compute.Outcome) bool {
	return len(o.States) > 0 && o.States[len(o.States)-1] == "Deleted"
}

// ssh says in few words whether an instance can be reached by SSH; "" when the
// service has not said.
func ssh(c *compute.Compute) string {
	switch s := c.Instance.SSH; {
	case s == nil || s.PublicAccess == "":
		return ""
	case strings.EqualFold(s.PublicAccess, "Enabled"):
		return render.Command("ssh NAME", c.Name)
	}
	if c.Instance.InNetwork() {
		key := "a key it was created with"
		if p := c.Instance.Personal; p != nil && p.AssignedUser != nil && p.AssignedUser.ObjectID != "" { // which takes none
			key = "a key that its owner put there"
		}
		return "ssh only from inside its network, with " + key + ": " + render.Command("ssh NAME --private", c.Name)
	}
	return "ssh off, cannot be enabled later"
}

// scale says between what a cluster grows and shrinks.
func scale(s *compute.ScaleSettings) string {
	text := fmt.Sprintf("%d to %s", s.MinNodes, count(s.MaxNodes, "node"))
	if d, ok := s.IdleScaleDown(); ok {
		text += ", removed after " + Span(d) + " idle"
	}
	return text
}

// runningSince is when the operation that turned an instance on began; ok is
// false when the service does not tell.
func runningSince(c *compute.Compute) (t time.Time, ok bool) {
	last := c.LastOperation()
	if !c.IsRunning() || last == nil || last.Time.IsZero() || !strings.EqualFold(last.Status, "Succeeded") {
		return time.Time{}, false
	}
	switch strings.ToLower(last.Name) {
	case "create", "start", "restart":
		return last.Time.Time, true
	}
	return time.Time{}, false
}

func upFor(c *compute.Compute, now time.Time) string {
	if t, ok := runningSince(c); ok {
		return " (" + Elapsed(now.Sub(t)) + ")"
	}
	return ""
}

// size is a VM size without the prefix all of them share.
func size(s string) string {
	const prefix = "standard_"
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}

// shortOwner is the owner in a column: an object id, which nobody knows by
// heart, is cut to its first part.
func shortOwner(c *compute.Compute) string {
	o := c.Owner()
	if o.Name == "" && len(o.ID) == len("00000000-0000-0000-0000-000000000000") {
		return o.ID[:8] + "…"
	}
	return render.Clean(Owner(c))
}

// ownerMax is the widest an owner gets in a column.
const ownerMax = 24

// withoutDomain shortens addresses to what stands before the @, if all share what
// stands behind it; empty ones do not count.
func withoutDomain(owners []string) []string {
	shared := ""
	out := make([]string, len(owners))
	for i, owner := range owners {
		name, domain, ok := strings.Cut(owner, "@")
		if owner != "" && (!ok || shared != "" && !strings.EqualFold(domain, shared)) {
			return owners
		}
		if out[i] = name; owner != "" {
			shared = domain
		}
	}
	return out
}

// list draws computes as a table, and the summary on stderr.
func (p page) list(list []*compute.Compute, w Where) {
	running := 0
	rows := make([][]string, 0, len(list))
	owners := each(list, shortOwner)
	for i, c := range list {
		if c.IsRunning() {
			running++
		}
		rows = append(rows, []string{c.Name, c.State(), render.Cut(owners[i], ownerMax), render.Cut(size(c.VMSize()), 20), up(c, p.Now), idle(c), p.nextStop(c)})
	}
	headers := []string{"NAME", "STATE", "OWNER", "SIZE", "UP", "IDLE", "NEXT-STOP"}
	if fitting(headers, rows, p.Width()) < len(headers) {
		for i, owner := range withoutDomain(owners) {
			rows[i][2] = render.Cut(owner, ownerMax)
		}
	}
	Table(p.Page, headers, rows, "IDLE", "SIZE", "OWNER")
	summary := []string{count(len(list), "compute")}
	if len(list) == 0 {
		summary[0] = "no computes"
	} else {
		summary[0] += ", " + strconv.Itoa(running) + " running"
	}
	if zone := p.NameZone(); zone != "" {
		summary = append(summary, "times in "+zone)
	}
	if place := w.String(); place != "" {
		summary = append(summary, place)
	}
	if len(list) == 0 {
		summary = append(summary, "computetarget create NAME -s STANDARD_DS3_V2 makes one")
	}
	p.Aside("%s", strings.Join(summary, " · "))
}

// up is how long an instance runs, or how many nodes a cluster has.
func up(c *compute.Compute, now time.Time) string {
	if c.Cluster != nil && c.Cluster.CurrentNodes > 0 {
		return count(c.Cluster.CurrentNodes, "node")
	}
	if t, ok := runningSince(c); ok {
		return Elapsed(now.Sub(t))
	}
	return ""
}

// idle is after how long without use an instance stops, or a node is removed.
func idle(c *compute.Compute) string {
	switch {
	case c.Instance != nil:
		d, ok := c.Instance.IdleShutdown()
		switch {
		case ok && idleRemark(c) != "":
			return "never"
		case ok:
			return Span(d)
		}
		return idleText(c)
	case c.Cluster != nil && c.Cluster.Scale != nil:
		if d, ok := c.Cluster.Scale.IdleScaleDown(); ok {
			return Span(d)
		}
	}
	return ""
}

// nextStop is when the schedules of a running instance stop it next.
func (p page) nextStop(c *compute.Compute) string {
	if !c.IsRunning() {
		return ""
	}
	if _, at := firings(c, p.Now); !at.IsZero() {
		return p.When(at)
	}
	return "none"
}

// firings are when the schedules of an instance start and stop it next; the zero
// time where none does.
func firings(c *compute.Compute, now time.Time) (starts, stops time.Time) {
	if c.Instance == nil {
		return starts, stops
	}
	for _, s := range c.Schedules() {
		e := s.Entry
		if s.Err != nil {
			continue // what cannot be read is in -v; here it never fires
		}
		first := &stops
		if e.Action == schedule.Start {
			first = &starts
		}
		if at, fires := e.Next(now); fires && (first.IsZero() || at.Before(*first)) {
			*first = at
		}
	}
	return starts, stops
}

// card draws one compute: is it on, who stopped it and when, whose is it, how
// is it reached, when does it stop.
func (p page) card(c *compute.Compute) {
	name := c.Name
	if name == "" {
		name = "a compute without a name"
	}
	head := []string{name + " is " + c.State()}
	if t, ok := runningSince(c); ok {
		head[0] += " for " + Elapsed(p.Now.Sub(t))
	}
	if !c.IsInstance() && c.ComputeType != "" {
		head = append(head, c.ComputeType)
	}
	for _, s := range []string{c.VMSize(), location(c)} {
		if s != "" {
			head = append(head, s)
		}
	}
	p.Sentence("%s", strings.Join(head, " · "))
	p.Row("about", c.Description)
	p.Row("owner", p.owner(c))
	p.Row(p.lastOperation(c))
	switch {
	case c.Instance != nil:
		p.instanceRows(c)
	case c.Cluster != nil:
		p.clusterRows(c)
	}
	p.Row("target", c.ResourceID)
	p.Row("tags", tags(c.Tags))
	for _, e := range c.Errors() {
		p.Row("error", e.String())
	}
}

// owner names whose compute it is, and for whom it was created.
func (p page) owner(c *compute.Compute) string {
	name := Owner(c)
	if name == "" || c.Instance == nil || c.Instance.CreatedBy == nil {
		return name
	}
	by := c.Instance.CreatedBy
	creator := by.UserName
	if creator == "" {
		creator = by.UserID
	}
	if creator != "" && forAnother(c) {
		return name + ", created by " + creator
	}
	return name
}

// lastOperation says what was last done to an instance, by whom or what, and
// when; the label is the past tense of it.
func (p page) lastOperation(c *compute.Compute) (label, value string) {
	last := c.LastOperation()
	if last == nil || last.Name == "" {
		if !c.CreatedOn.IsZero() {
			return "created", p.at(c.CreatedOn.Time)
		}
		return "", ""
	}
	past := map[string]string{"create": "created", "start": "started", "stop": "stopped", "restart": "restarted",
		"reimage": "reimaged", "delete": "deleted", "resize": "resized"}
	label = past[strings.ToLower(last.Name)]
	if label == "" {
		label = "last"
		value = last.Name + " "
	}
	switch strings.ToLower(last.Trigger) {
	case "user":
		value += "by a user"
	case "schedule":
		value += "by a schedule"
	case "idleshutdown":
		value += "by idle shutdown"
	case "":
	default:
		value += "by " + last.Trigger
	}
	if !last.Time.IsZero() {
		value = strings.TrimPrefix(value+", "+p.at(last.Time.Time), ", ")
	}
	switch status := strings.ToLower(last.Status); {
	case status == "inprogress":
		value += ", in progress"
	case strings.HasSuffix(status, "failed"):
		value += ", FAILED"
	}
	return label, value
}

// at writes a past instant: 3h ago (today 12:03).
func (p page) at(t time.Time) string {
	return Ago(t, p.Now) + " (" + p.When(t) + ")"
}

func (p page) instanceRows(c *compute.Compute) {
	i := c.Instance
	if c.IsRunning() {
		p.Row("open", render.Command("open NAME", c.Name))
		for _, a := range i.Applications {
			if strings.EqualFold(strings.ReplaceAll(a.Name, " ", ""), "jupyterlab") {
				p.Row("", a.URI)
			}
		}
	} else if c.IsStopped() {
		p.Row("open", "start it first: "+render.Command("start NAME", c.Name))
	}
	access := strings.TrimPrefix(ssh(c), "ssh ")
	if i.SSH != nil && strings.EqualFold(i.SSH.PublicAccess, "Enabled") && i.Endpoints != nil {
		address := i.Endpoints.PublicIP
		if address == "" {
			address = i.Endpoints.PrivateIP
		}
		if address != "" {
			access += fmt.Sprintf(" · %s@%s port %d", i.SSH.AdminUserName, address, i.SSH.Port)
		}
	}
	p.Row("ssh", access)
	starts, stops := firings(c, p.Now)
	p.Row("stops", p.stops(c, stops))
	if !starts.IsZero() && !c.IsRunning() {
		p.Row("starts", p.bySchedule(starts))
	}
	p.details(c)
}

// stops says what will stop an instance, and when; "" when it is off and
// nothing is set. An idle time that can never pass does not stop it.
func (p page) stops(c *compute.Compute, bySchedule time.Time) string {
	var ways []string
	if !bySchedule.IsZero() {
		ways = append(ways, p.bySchedule(bySchedule))
	}
	d, idle := c.Instance.IdleShutdown()
	remark := idleRemark(c)
	if idle && remark == "" {
		ways = append(ways, "after "+Span(d)+" idle")
	}
	switch text := strings.Join(ways, ", or "); {
	case remark != "" && text != "":
		return text + " · idle shutdown after " + Span(d) + " will not happen: " + remark
	case remark != "" && c.IsRunning():
		return "never by itself: " + remark + " · " + render.Command("schedule set NAME '-19:00'", c.Name)
	case text == "" && c.IsRunning() && c.Instance.IdleUnread() != "":
		return "not known: its idle time is " + idleText(c)
	case text == "" && c.IsRunning():
		return "never by itself · " + render.Command("idle NAME 1h", c.Name)
	default:
		return text
	}
}

// bySchedule is when a schedule fires, here and in its own zone where that is
// another one.
func (p page) bySchedule(at time.Time) string {
	text := p.When(at) + " by schedule"
	if clock := at.Format("15:04"); clock != at.In(p.Now.Location()).Format("15:04") {
		text += " (" + clock + " in " + at.Location().String() + ")"
	}
	return text
}

func (p page) clusterRows(c *compute.Compute) {
	k := c.Cluster
	nodes := fmt.Sprintf("%d now", k.CurrentNodes)
	if k.TargetNodes != k.CurrentNodes {
		nodes += fmt.Sprintf(", going to %d", k.TargetNodes)
	}
	if n := k.NodeStates; n != nil {
		for _, s := range []struct {
			n    int
			what string
		}{{n.Running, "running"}, {n.Idle, "idle"}, {n.Preparing, "preparing"}, {n.Leaving, "leaving"}, {n.Unusable, "unusable"}, {n.Preempted, "preempted"}} {
			if s.n > 0 {
				nodes += fmt.Sprintf(", %d %s", s.n, s.what)
			}
		}
	}
	p.Row("nodes", nodes)
	if k.Scale != nil {
		p.Row("scale", scale(k.Scale))
	}
	p.Row("priority", k.VMPriority)
	if c.Identity != nil {
		p.Row("identity", c.Identity.Type)
	}
}

func tags(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for k, v := range m {
		pairs = append(pairs, k+"="+v)
	}
	sort.Strings(pairs)
	return strings.Join(pairs, ", ")
}
