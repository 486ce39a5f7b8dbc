package compute

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ActOptions configure a verb.
type ActOptions struct {
	NoWait  bool          // return once the service accepted the request
	Timeout time.Duration // longest wait in wall-clock time; 0 waits forever
	Strict  bool          // send the request in any state, and let the service refuse it
	OnEvent func(Event)   // receives events, one call at a time
	// Before is called once, after the first look at every compute and before the
	// first request. The outcomes are in the order of the names; Err says why a
	// compute cannot be asked. If Before returns an error, nothing is sent and the
	// tasks end with that error.
	Before func(seen []Outcome) error

	single bool // read each compute by itself, because the list may omit settings
}

// intent is what a verb wants of one compute. prepare, check and differs may be
// nil.
type intent struct {
	verb    Verb
	once    bool // a second request would have the effect twice
	setting bool // the request leaves the state alone
	// means says what the compute means for the verb before anything is sent.
	// failed comes with an error.
	means func(now *Compute) (verdict, error)
	// prepare reads what must be known before the request.
	prepare func(ctx context.Context, name string) error
	// request sends the verb; nil if the task only waits.
	request func(ctx context.Context, t *task) (*Operation, error)
	// shown reports whether the compute shows the goal. before is the compute at
	// the time of the request, nil if that does not matter.
	shown   func(now, before *Compute) bool
	check   func(now *Compute) error  // compares the result with the request
	differs func(now *Compute) string // describes a compute that does not show the goal
}

// intentOf is the intent of a verb without its request.
func intentOf(verb Verb) intent {
	i := intent{verb: verb, means: verb.means}
	switch verb {
	case VerbStart:
		i.shown = func(now, _ *Compute) bool { return now.IsRunning() }
	case VerbRestart:
		// It was running before, so only a later operation shows a restart.
		i.once = true
		i.shown = func(now, before *Compute) bool {
			last := now.LastOperation()
			return now.IsRunning() && (before == nil || last != nil && last.laterThan(before.LastOperation()))
		}
	case VerbStop:
		i.shown = func(now, _ *Compute) bool { return now.IsStopped() }
	case VerbDelete, VerbDetach:
		i.shown = func(*Compute, *Compute) bool { return false }
	case VerbCreate, VerbAttach:
		i.means = func(now *Compute) (verdict, error) {
			return failed, errorf(KindConflict, now.Name, "%s was made by somebody else meanwhile (%s)", now.Name, now.State())
		}
		fallthrough
	default:
		i.shown = func(now, _ *Compute) bool { return !now.InFailedState() }
	}
	return i
}

// removes reports whether the goal is that the compute does not exist.
func (i *intent) removes() bool { return i.verb == VerbDelete || i.verb == VerbDetach }

// landed reports whether a compute shows that a request whose response was lost
// had its effect.
func (i *intent) landed(now, before *Compute) bool {
	switch {
	case now == nil:
		return i.removes()
	case i.removes() && now.madeAfter(before):
		return true
	case i.verb.makes(), i.shown(now, before):
		return true
	}
	verb := i.verb
	if verb == VerbRestart && before.IsStopped() {
		verb = VerbStart
	}
	states, operation := verb.signs()
	if listed(states, now.State()) {
		return true
	}
	last := now.LastOperation()
	return last != nil && strings.EqualFold(last.Name, operation) && last.laterThan(before.LastOperation())
}

// notThere is the error of a compute that does not exist.
func (t *task) notThere(ws Workspace) error {
	return &Error{Kind: KindNotFound, Code: "ResourceNotFound", Name: t.name, Err: t.missing,
		Message: fmt.Sprintf("there is no compute %s in the workspace %s", t.name, ws.Name)}
}

// Start starts instances (Compute_Start) and waits until they run. A running
// instance is left alone; one in transition is waited for first.
func (c *Client) Start(ctx context.Context, names []string, o ActOptions) []Outcome {
	return c.plain(ctx, VerbStart, opStart, names, o)
}

// Stop stops instances (Compute_Stop) and waits until they are stopped.
func (c *Client) Stop(ctx context.Context, names []string, o ActOptions) []Outcome {
	return c.plain(ctx, VerbStop, opStop, names, o)
}

// Restart restarts instances (Compute_Restart) and waits until they run. It
// starts a stopped instance instead and notes that in the outcome.
func (c *Client) Restart(ctx context.Context, names []string, o ActOptions) []Outcome {
	i := intentOf(VerbRestart)
	i.request = func(ctx context.Context, t *task) (*Operation, error) {
		if o.Strict || !t.now.IsStopped() {
			return c.write(ctx, opRestart, VerbRestart, t.name, nil)
		}
		t.out.Note = "it was stopped, so it was started"
		return c.write(ctx, opStart, VerbStart, t.name, nil)
	}
	return c.run(ctx, tasks(names, i), o)
}

// Delete deletes computes and their underlying resources (Compute_Delete with
// underlyingResourceAction=Delete) and waits until they are gone. A missing
// compute is an error.
func (c *Client) Delete(ctx context.Context, names []string, o ActOptions) []Outcome {
	return c.plain(ctx, VerbDelete, opDelete, names, o)
}

// Detach removes computes from the workspace, keeps their underlying resources
// (Compute_Delete with underlyingResourceAction=Detach), and waits until they
// are gone.
func (c *Client) Detach(ctx context.Context, names []string, o ActOptions) []Outcome {
	return c.plain(ctx, VerbDetach, opDetach, names, o)
}

// plain runs a verb whose request has no body.
func (c *Client) plain(ctx context.Context, verb Verb, op operation, names []string, o ActOptions) []Outcome {
	i := intentOf(verb)
	i.request = func(ctx context.Context, t *task) (*Operation, error) { return c.write(ctx, op, verb, t.name, nil) }
	return c.run(ctx, tasks(names, i), o)
}

// Resize changes the size of instances (Compute_Resize, preview) and waits
// until done. It refuses a size that the service does not allow for the
// instance (Compute_getAllowedResizeSizes) before sending the request.
func (c *Client) Resize(ctx context.Context, names []string, size string, o ActOptions) []Outcome {
	i := intentOf(VerbResize)
	i.once = true
	i.shown = func(now, _ *Compute) bool { return strings.EqualFold(now.VMSize(), size) }
	i.means = func(now *Compute) (verdict, error) {
		if i.shown(now, nil) && !now.InTransition() {
			return reached, nil
		}
		return VerbResize.means(now)
	}
	i.prepare = func(ctx context.Context, name string) error { return c.checkResize(ctx, name, size) }
	i.request = func(ctx context.Context, t *task) (*Operation, error) {
		return c.write(ctx, opResize, VerbResize, t.name, map[string]string{"targetVMSize": size})
	}
	return c.run(ctx, tasks(names, i), o)
}

// checkResize refuses a size that an instance cannot have and lists those it can.
// If the service does not list them, it decides itself.
func (c *Client) checkResize(ctx context.Context, name, size string) error {
	allowed, err := c.AllowedSizes(ctx, name)
	if err != nil || len(allowed) == 0 {
		return nil
	}
	found, near := MatchSize(size, allowed, TypeInstance)
	if found != nil {
		return nil
	}
	const most = 100
	var can []string
	for _, s := range allowed {
		if s.Supports(TypeInstance) {
			can = append(can, s.Name)
		}
	}
	slices.Sort(can)
	more := ""
	if len(can) > most {
		more = fmt.Sprintf(" and %d more", len(can)-most)
		can = can[:most]
	}
	meant := ""
	if len(near) > 0 {
		meant = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return invalidf(name, "%s cannot get the size %q%s; it can have %s%s", name, shorten(size, 60), meant, strings.Join(can, ", "), more)
}

// UpdateScale changes how a cluster scales (Compute_Update) and waits until
// done.
func (c *Client) UpdateScale(ctx context.Context, name string, scale ScaleSettings, o ActOptions) Outcome {
	return c.update(ctx, name, o, opUpdate, map[string]any{"properties": scaled(scale)}, scale.shown)
}

// shown reports whether a cluster has these scale settings.
func (s ScaleSettings) shown(now *Compute) bool {
	if now.Cluster == nil || now.Cluster.Scale == nil {
		return false
	}
	have := *now.Cluster.Scale
	idle, known := have.IdleScaleDown()
	want, asked := s.IdleScaleDown()
	return have.MinNodes == s.MinNodes && have.MaxNodes == s.MaxNodes && (!asked || known && idle == want)
}

// scaled are the properties of a cluster with these scale settings.
func scaled(scale ScaleSettings) any {
	return map[string]any{"properties": map[string]any{"scaleSettings": scale}}
}

// UpdateIdentity changes the managed identities of a cluster (Compute_Update,
// as in the v1 SDK) and waits until done.
func (c *Client) UpdateIdentity(ctx context.Context, name string, identity IdentitySpec, o ActOptions) Outcome {
	shown := func(now *Compute) bool {
		d := &differences{}
		d.identity(now.Identity, identity, true)
		return len(d.list) == 0 && (now.Identity == nil || len(now.Identity.UserAssigned) <= len(identity.User))
	}
	return c.update(ctx, name, o, opUpdate, map[string]any{"identity": identity}, shown)
}

// update changes one compute and waits until a read shows the change.
func (c *Client) update(ctx context.Context, name string, o ActOptions, op operation, body any, shown func(*Compute) bool) Outcome {
	i := intentOf(VerbUpdate)
	i.shown = func(now, _ *Compute) bool { return shown(now) }
	i.request = func(ctx context.Context, t *task) (*Operation, error) {
		return c.write(ctx, op, VerbUpdate, name, body)
	}
	return c.run(ctx, tasks([]string{name}, i), o)[0]
}

// tasks are one task for each name, all at the beginning.
func tasks(names []string, i intent) []*task {
	list := make([]*task, len(names))
	for n, name := range names {
		list[n] = &task{name: name, intent: i, stage: &asking{}}
	}
	return list
}
