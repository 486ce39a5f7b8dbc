package cmd

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/progress"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func newApply() *command {
	c := &cobra.Command{
		Use: "apply -f FILE…",
		Long: `Make computes as files describe them. What is missing is created; schedules, idle
times, single sign-on, and the scale, tags and identity of clusters are changed;
what is so already is unchanged. Nothing is ever deleted, and a second run changes
nothing.

A file has the keys of "az ml compute", and these beside them: hours, time_zone,
assign_to, stopped, workspace, resource_group, subscription.

  name: dev
  type: computeinstance
  size: Standard_DS3_v2
  hours: [mon-fri 09:00-18:00]
  time_zone: Europe/Berlin

A file may hold several computes; a folder means its *.yml, *.yaml and *.json. What
"show", "show --raw" and "list --raw" print can be applied too, and so can the file
of "schedule apply". A key that a file leaves out is not managed; an empty list,
such as schedules: [], removes all. A schedule that was skipped or paused is not a
difference. stopped and assign_to count when a compute is created.

A difference that only a new compute can have is an error (exit code 1), and
nothing is sent to that compute. All files, people, names, sizes and quotas are
checked before the first change.

--csv makes one compute a row of a table from one file. Its first row has keys, such
as name, assign_to and tags.course; --set name=ml101-{user} gives names where the
table has none: {user} is the address before its @, {KEY} the value of a column.

--check sends nothing, lists what differs, and exits with code 7 if anything does.`,
		Example: `  computetarget apply -f dev.yml
  computetarget apply -f computes/ --check
  computetarget apply -f cpu.yml --set max_instances=8 --set tags.team=vision`,
	}
	files := c.Flags().StringArrayP("file", "f", nil, "`FILE` or folder of computes, YAML or JSON; repeatable; - is stdin")
	table := c.Flags().String("csv", "", "`FILE` with a compute a row, made from the one file; the columns are keys")
	set := setFlag(c)
	check := c.Flags().Bool("check", false, "only compare; exit code 7 if something differs")
	zoneFlag(c.Flags())
	required(c, "file")
	changeFlags(c)
	c.Args = cobra.ArbitraryArgs
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if err := noNames(c, args); err != nil {
			return render.Result{}, err
		}
		o := manifest.Options{Zone: a.Zone}
		var err error
		if o.Set, err = assignments(*set); err != nil {
			return render.Result{}, err
		}
		var list []asked
		if c.Flags().Changed("csv") {
			list, err = readTable(ctx, a, *files, *table, o)
		} else {
			list, err = readComputes(ctx, a, *files, o)
		}
		if err != nil {
			return render.Result{}, err
		}
		w := &applying{a: a, check: *check}
		if err := w.look(ctx, list); err != nil {
			return render.Result{}, err
		}
		if *check {
			return w.compared(), nil
		}
		if err := w.prepare(ctx); err != nil {
			return render.Result{}, err
		}
		return w.run(ctx)
	})
}

// applying makes computes as files describe them.
type applying struct {
	a     *app.App
	check bool
	goals []*goal
	// unmanaged are the computes of the workspaces that no file names; with check
	// only.
	unmanaged []string
}

// goal is one compute that a file asks for.
type goal struct {
	asked
	at      target
	client  *compute.Client
	have    *compute.Compute // nil if it is to be created
	want    *compute.Spec
	differs []compute.Difference
	yaml    string // of recreate: the settings
	done    view.Applied
}

// look reads the computes that exist, and compares them.
func (w *applying) look(ctx context.Context, list []asked) error {
	at, err := locatedIn(w.a, list)
	if err != nil {
		return err
	}
	byWorkspace := map[*compute.Client][]*goal{}
	var clients []*compute.Client
	for i, d := range list {
		for _, note := range d.Notes {
			w.a.Note("%s: %s", d.Name, note)
		}
		client, err := w.a.ClientOf(at[i].in)
		if err != nil {
			return err
		}
		g := &goal{asked: d, at: at[i], client: client}
		w.goals = append(w.goals, g)
		if byWorkspace[client] == nil {
			clients = append(clients, client)
		}
		byWorkspace[client] = append(byWorkspace[client], g)
	}
	var wrong []error
	for _, client := range clients {
		wrong = append(wrong, w.lookIn(ctx, client, byWorkspace[client]))
	}
	return errors.Join(wrong...)
}

func (w *applying) lookIn(ctx context.Context, client *compute.Client, goals []*goal) error {
	all, each := client.All, client.GetEach
	if slices.ContainsFunc(goals, func(g *goal) bool { return g.Spec.NeedsWhole() }) {
		all, each = client.AllWhole, client.GetWholeEach
	}
	var read []compute.Outcome
	if w.check {
		all, err := all(ctx)
		if err != nil {
			return err
		}
		read = w.found(all, goals)
	} else {
		names := make([]string, len(goals))
		for i, g := range goals {
			names[i] = g.Name
		}
		read = each(ctx, names)
	}
	var wrong []error
	for i, g := range goals {
		switch {
		case gone(read[i]) && g.Hours:
			wrong = append(wrong, exit.Errorf(exit.NotFound, "%s: %s does not exist, and the file has only its hours", g.place("name"), g.Name))
		case gone(read[i]):
		case read[i].Err != nil:
			wrong = append(wrong, read[i].Err)
		default:
			g.compare(read[i].Compute)
			wrong = append(wrong, g.scalable())
		}
	}
	return errors.Join(wrong...)
}

// scalable refuses nodes that do not fit with those that the cluster has and the
// file leaves out.
func (g *goal) scalable() error {
	if g.have == nil || g.want.Cluster == nil || g.want.Cluster.MinNodes <= g.want.Cluster.MaxNodes {
		return nil
	}
	for _, d := range g.differs {
		if d.Field == "minNodeCount" || d.Field == "maxNodeCount" {
			return exit.Usagef("%s: %s: with what it has, this is at least %d and at most %d nodes",
				g.place(d.Field), g.Name, g.want.Cluster.MinNodes, g.want.Cluster.MaxNodes)
		}
	}
	return nil
}

// gone reports whether there is no such compute.
func gone(o compute.Outcome) bool {
	return compute.IsMissing(o.Err) || o.Err == nil && o.Compute == nil
}

// found are the goals among all computes of a workspace.
func (w *applying) found(all []*compute.Compute, goals []*goal) []compute.Outcome {
	read := make([]compute.Outcome, len(goals))
	for i, g := range goals {
		read[i].Name = g.Name
	}
	for _, c := range all {
		i := slices.IndexFunc(goals, func(g *goal) bool { return strings.EqualFold(g.Name, c.Name) })
		if i < 0 {
			w.unmanaged = append(w.unmanaged, c.Name)
			continue
		}
		read[i] = compute.Outcome{Compute: c}
	}
	return read
}

// compare finds how a compute differs from what is asked for. One that is being
// deleted is created again.
func (g *goal) compare(have *compute.Compute) {
	if strings.EqualFold(have.State(), compute.StateDeleting) {
		return
	}
	g.have, g.want = have, g.Over(g.client.Workspace(), have)
	if i := g.want.Instance; i != nil {
		i.AssignedUser = nil // assign_to counts at creation
		if u := g.Spec.Instance.AssignedUser; u != nil && g.AssignTo == "" {
			i.AssignedUser = u
		}
	}
	g.differs = g.client.Compare(have, g.want)
	if idle, on := idleOf(have); g.IdleOff && on {
		g.differs = append(g.differs, compute.Difference{Field: compute.FieldIdle, Have: schedule.FormatIdle(idle), Want: "off"})
	}
}

// idleOf is the idle time after which an instance stops, if there is one.
func idleOf(c *compute.Compute) (time.Duration, bool) {
	if c.Instance == nil {
		return 0, false
	}
	d, ok := c.Instance.IdleShutdown()
	return d, ok && d > 0
}

// needsNew are the differences that only a new compute can have.
func (g *goal) needsNew() []compute.Difference {
	var out []compute.Difference
	for _, d := range g.differs {
		own := g.have.IsInstance() && slices.Contains([]string{compute.FieldSchedules, compute.FieldIdle, compute.FieldSSO}, d.Field)
		if !d.Changeable && !own {
			out = append(out, d)
		}
	}
	return out
}

// conflict is the error of a compute that would have to be created again.
func (g *goal) conflict(list []compute.Difference) error {
	var wrong []error
	for _, d := range list {
		text := g.place(d.Field) + ": " + g.Name + ": " + d.String() + ", which only a new compute can have; nothing was sent"
		tip := "computetarget delete " + g.Name + " and apply again makes it new; its local disk is lost"
		if d.Field == compute.FieldSize && g.have.IsInstance() {
			text = g.place(d.Field) + ": " + g.Name + ": " + d.String() + ", and apply does not change it; nothing was sent"
			tip = "computetarget resize " + g.Name + " -s " + d.Want + " changes it, and keeps the disk"
		}
		wrong = append(wrong, &exit.Error{Exit: exit.Failed, Text: text, Tip: tip, Err: &compute.Error{Kind: compute.KindConflict, Name: g.Name, Message: text}})
	}
	return errors.Join(wrong...)
}

// compared is the result of --check.
func (w *applying) compared() render.Result {
	var list []view.Applied
	for _, g := range w.goals {
		o := view.Applied{Name: g.Name, Compute: g.have, Result: "unchanged", Differences: g.differs}
		var wrong []error
		for _, d := range g.differs {
			wrong = append(wrong, exit.Errorf(exit.Check, "%s: %s: %s", g.place(d.Field), g.Name, d.String()))
		}
		switch {
		case g.have == nil:
			o.Result = "missing"
			wrong = append(wrong, exit.Errorf(exit.Check, "%s: %s does not exist", g.place("name"), g.Name))
		case len(g.differs) > 0:
			o.Result = "differs"
		}
		o.Err = errors.Join(wrong...)
		list = append(list, o)
	}
	r := view.Applications(list)
	r.Summary = ""
	if len(w.unmanaged) > 0 {
		slices.Sort(w.unmanaged)
		r.Notes = append(r.Notes, "in no file: "+strings.Join(w.unmanaged, ", "))
	}
	return r
}

// prepare checks what is to be created, and finds the people it is for: all of it
// before the first request that changes anything.
func (w *applying) prepare(ctx context.Context) error {
	var wrong []error
	for _, g := range w.goals {
		if g.have == nil {
			wrong = append(wrong, g.ready(ctx, w.a))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	people := map[string]*compute.AssignedUser{}
	for _, g := range w.goals {
		who := strings.ToLower(g.AssignTo)
		if g.have != nil || who == "" {
			continue
		}
		if people[who] == nil {
			user, err := person{who: g.AssignTo}.assigned(ctx, w.a)
			if err != nil {
				wrong = append(wrong, &exit.Error{Text: g.place("assignedUser") + ": " + g.Name + ": " + err.Error(), Tip: render.Hint(err), Err: err})
				continue
			}
			people[who] = user
		}
		g.want.Instance.AssignedUser = people[who]
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	return w.preflight(ctx)
}

// ready makes the request of a new compute, and checks it without the service.
func (g *goal) ready(ctx context.Context, a *app.App) error {
	if err := g.key(ctx); err != nil {
		return err
	}
	g.want = g.Create(g.client.Workspace())
	if g.AssignTo != "" {
		g.want.Instance.AssignedUser = person{who: g.AssignTo}.provisional()
	}
	var wrong []error
	if g.want.Instance != nil {
		wrong = checkDescribed(a, g.want.Instance, g.place)
	}
	for _, f := range compute.CheckNew(g.Name, g.want) {
		wrong = append(wrong, exit.Usagef("%s: %s: %s", g.place(f.Field), g.Name, f.Message))
	}
	return errors.Join(wrong...)
}

// preflight asks the service what it can tell of the new computes before they are
// created.
func (w *applying) preflight(ctx context.Context) error {
	wrong := make([]error, len(w.goals))
	some(len(w.goals), func(i int) {
		g := w.goals[i]
		if g.have != nil {
			return
		}
		checked, err := g.client.Preflight(ctx, g.Name, g.want)
		if err != nil {
			wrong[i] = err
			return
		}
		g.want = checked.Spec
		warn(w.a, checked.Warnings...)
	})
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	return w.quota(ctx)
}

// quota checks the quotas for all new computes of a workspace together.
func (w *applying) quota(ctx context.Context) error {
	batches := map[*compute.Client][]compute.Creation{}
	for _, g := range w.goals {
		if g.have == nil {
			batches[g.client] = append(batches[g.client], compute.Creation{Name: g.Name, Spec: g.want})
		}
	}
	var wrong []error
	for client, list := range batches {
		if len(list) < 2 {
			continue
		}
		for _, s := range client.CheckBatch(ctx, list) {
			wrong = append(wrong, exit.Errorf(exit.Failed, "the %d new computes need %d of the quota %q, and %d of its %d are left; nothing was sent",
				len(list), s.Needed, s.Quota, max(0, s.Limit-s.Used), s.Limit))
		}
	}
	return errors.Join(wrong...)
}

// some calls f for each of n, a few at a time.
func some(n int, f func(i int)) {
	var group sync.WaitGroup
	room := make(chan struct{}, 8)
	for i := range n {
		room <- struct{}{}
		group.Go(func() {
			defer func() { <-room }()
			f(i)
		})
	}
	group.Wait()
}

// run creates and changes the computes.
func (w *applying) run(ctx context.Context) (render.Result, error) {
	timeout, err := w.a.Settings.Duration(config.Timeout)
	if err != nil {
		return render.Result{}, err
	}
	drawn, err := w.a.Progress()
	if err != nil {
		return render.Result{}, err
	}
	defer drawn.Stop()
	fresh := map[*compute.Client][]*goal{}
	var there []*goal
	for _, g := range w.goals {
		if g.have == nil {
			fresh[g.client] = append(fresh[g.client], g)
		} else {
			there = append(there, g)
		}
	}
	var group sync.WaitGroup
	begin := group.Go
	if w.a.DryRun { // requests are shown in order
		begin = func(f func()) { f() }
	}
	for _, g := range w.goals {
		if list := fresh[g.client]; list != nil {
			delete(fresh, g.client)
			begin(func() { w.create(ctx, list, w.options(g.client, drawn, timeout)) })
		}
	}
	begin(func() {
		change := func(i int) { there[i].change(ctx, w.a, w.options(there[i].client, drawn, timeout)) }
		if w.a.DryRun {
			for i := range there {
				change(i)
			}
			return
		}
		some(len(there), change)
	})
	group.Wait()
	drawn.Stop()
	return w.result(), nil
}

func (w *applying) options(client *compute.Client, drawn *progress.Progress, timeout time.Duration) compute.ActOptions {
	return compute.ActOptions{Timeout: timeout, OnEvent: events(w.a, client, drawn.Handle)}
}

// create creates the computes of a workspace, and stops those that are to be
// stopped.
func (w *applying) create(ctx context.Context, goals []*goal, o compute.ActOptions) {
	client := goals[0].client
	list := make([]compute.Creation, len(goals))
	for i, g := range goals {
		list[i] = compute.Creation{Name: g.Name, Spec: g.want}
	}
	var stop []string
	var stopping []*goal
	ended := resumable(w.a, in(client, client.CreateEach(ctx, list, o)), compute.GoalSettled)
	for i, g := range goals {
		g.ended("created", ended[i])
		if g.Stopped && ended[i].Err == nil {
			stop, stopping = append(stop, g.Name), append(stopping, g)
		}
	}
	if len(stop) == 0 {
		return
	}
	for i, out := range resumable(w.a, in(client, client.Stop(ctx, stop, o)), compute.GoalSettled) {
		out.Elapsed += stopping[i].done.Elapsed
		stopping[i].ended("created", out)
	}
}

// ended keeps what became of a compute.
func (g *goal) ended(how string, o compute.Outcome) {
	g.done = view.Applied{Name: g.Name, Compute: o.Compute, Result: how, Differences: g.differs, Elapsed: o.Elapsed}
	if o.Err != nil {
		g.done = view.Applied{Name: g.Name, Err: o.Err}
	}
}

// change changes what differs of a compute that exists.
func (g *goal) change(ctx context.Context, a *app.App, o compute.ActOptions) {
	if list := g.needsNew(); len(list) > 0 {
		g.done = view.Applied{Name: g.Name, Err: g.conflict(list)}
		return
	}
	how := "changed"
	if len(g.differs) == 0 {
		how = "unchanged"
	}
	if !g.have.IsInstance() || len(g.differs) == 0 {
		if slices.ContainsFunc(g.differs, func(d compute.Difference) bool { return strings.HasPrefix(d.Field, "tags.") }) {
			warnAccount(a, g.have)
		}
		ended := g.client.Refresh(ctx, g.have, g.want, o)
		g.ended(how, resumable(a, in(g.client, []compute.Outcome{ended}), compute.GoalSettled)[0])
		return
	}
	out := compute.Outcome{Name: g.Name, Compute: g.have}
	for _, d := range g.differs {
		if out.Err != nil && !errors.Is(out.Err, compute.ErrDryRun) {
			break
		}
		changed := g.set(ctx, a, d.Field, compute.ChangeOptions{Timeout: o.Timeout, OnEvent: o.OnEvent})
		if out.Err = changed.Err; changed.Now() != nil {
			out.Compute = changed.Now()
		}
	}
	g.ended(how, out)
}

// set changes one setting of an instance, each of which has a request of its own.
func (g *goal) set(ctx context.Context, a *app.App, field string, o compute.ChangeOptions) compute.Change {
	var ended []compute.Change
	names := []string{g.Name}
	switch field {
	case compute.FieldSchedules:
		saved := app.SaveSchedules(a, g.client.Workspace())
		o.Save = saved.Save
		ended = g.client.ChangeSchedules(ctx, names, o, func(_ string, have []compute.Schedule) ([]compute.Schedule, error) {
			return compute.KeepShifted(have, g.Spec.Instance.Schedules), nil
		})
		saved.Settle(ended, true)
	case compute.FieldIdle:
		ended = g.client.ChangeIdle(ctx, names, g.Spec.Instance.IdleShutdown, o)
	case compute.FieldSSO:
		on := *g.Spec.Instance.EnableSSO
		me, err := caller(ctx, a)
		if err != nil {
			return compute.Change{Name: g.Name, Err: err}
		}
		o.Check = func(now *compute.Compute) error { return maySwitchSSO(ctx, a, now, me, !on) }
		ended = g.client.ChangeSSO(ctx, names, on, o)
	}
	return resumableHours(a, g.client, ended)[0]
}

// result says what was done to each compute.
func (w *applying) result() render.Result {
	var list []view.Applied
	var seen []*compute.Compute
	for _, g := range w.goals {
		list = append(list, g.done)
		if g.done.Compute != nil {
			seen = append(seen, g.done.Compute)
		}
	}
	w.a.Names.SawSome(seen)
	w.a.Recollect(seen...)
	r := view.Applications(list)
	r.Notes = append(r.Notes, w.steps()...)
	return r
}

// steps are what the people have to do whom the new instances are for, told once.
func (w *applying) steps() []string {
	var theirs []*goal
	for _, g := range w.goals {
		if strings.HasSuffix(g.done.Result, "created") && g.want.Instance != nil && g.want.Instance.AssignedUser != nil {
			theirs = append(theirs, g)
		}
	}
	switch len(theirs) {
	case 0:
		return nil
	case 1:
		return stepsOf(theirs[0].want.Instance.AssignedUser, compute.Outcome{Name: theirs[0].Name, Compute: theirs[0].done.Compute})
	}
	return []string{
		strconv.Itoa(len(theirs)) + " people have two steps to do, each once their instance is running and signed in as themselves:",
		"  1. computetarget open NAME, and accept the question whether to trust the instance",
		"  2. computetarget enable-sso NAME, if single sign-on is off (computetarget show NAME tells)",
	}
}
