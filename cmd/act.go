package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

// waiting holds the flags of verbs that change something and wait for it.
type waiting struct {
	noWait, strict bool
	goal           compute.Goal // of the command wait
}

// waitingFlags adds --no-wait, --timeout and --dry-run.
func waitingFlags(c *cobra.Command) *waiting {
	w := &waiting{}
	c.Flags().BoolVar(&w.noWait, "no-wait", false, "return once the request is accepted")
	markV1(c.Flags(), "no-wait")
	changeFlags(c)
	return w
}

// changeFlags adds --timeout and --dry-run.
func changeFlags(c *cobra.Command) {
	timeoutFlag(c)
	dryRunFlag(c)
}

func timeoutFlag(c *cobra.Command) {
	c.Flags().String("timeout", "", "longest wait, a `DURATION` such as 90m (default 1h; 0 waits forever)")
}

func dryRunFlag(c *cobra.Command) {
	c.Flags().Bool("dry-run", false, "show the request instead of sending it")
	policyFlags(c.Flags())
}

// verb is a call of the client that acts on computes of one workspace.
type verb func(*compute.Client, context.Context, []string, compute.ActOptions) []compute.Outcome

// act calls a verb of the client, shows progress on stderr and renders the
// outcomes. It calls the verb once per workspace.
func (w *waiting) act(ctx context.Context, a *app.App, asked []target, verb verb) (render.Result, error) {
	timeout, err := a.Settings.Duration(config.Timeout)
	if err != nil {
		return render.Result{}, err
	}
	drawn, err := a.Progress()
	if err != nil {
		return render.Result{}, err
	}
	defer drawn.Stop()
	ended, err := eachOrNone(a, asked, func(client *compute.Client, names []string, before consenting) []compute.Outcome {
		return in(client, verb(client, ctx, names, compute.ActOptions{
			NoWait: w.noWait, Strict: w.strict, Timeout: timeout, OnEvent: events(a, client, drawn.Handle), Before: before,
		}))
	})
	drawn.Stop()
	if err != nil {
		return render.Result{}, err
	}
	return outcomes(ctx, a, asked, resumable(a, ended, w.goal))
}

// actOn is act for one compute of the chosen workspace.
func (w *waiting) actOn(ctx context.Context, a *app.App, name string, verb func(*compute.Client, compute.ActOptions) compute.Outcome) (render.Result, error) {
	return w.actAt(ctx, a, target{name: name}, verb)
}

// actAt is act for one compute.
func (w *waiting) actAt(ctx context.Context, a *app.App, at target, verb func(*compute.Client, compute.ActOptions) compute.Outcome) (render.Result, error) {
	return w.act(ctx, a, []target{at}, func(client *compute.Client, _ context.Context, _ []string, o compute.ActOptions) []compute.Outcome {
		return []compute.Outcome{verb(client, o)}
	})
}

// in sets the workspace of outcomes.
func in(client *compute.Client, ended []compute.Outcome) []compute.Outcome {
	for i := range ended {
		ended[i].Workspace = client.Workspace()
	}
	return ended
}

// events tells of computes in several workspaces which one it is about.
func events(a *app.App, client *compute.Client, tell func(compute.Event)) func(compute.Event) {
	if !a.Spread() {
		return tell
	}
	return func(e compute.Event) {
		e.Name = target{e.Name, client.Workspace()}.label()
		tell(e)
	}
}

// resumable adds how to resume waits that ended before their goal. Computes
// being deleted are waited for until they are gone.
func resumable(a *app.App, ended []compute.Outcome, goal compute.Goal) []compute.Outcome {
	var left []string
	last, going := 0, true
	for i, o := range ended {
		if o.Pending {
			left, last = append(left, a.Reference(o.Workspace, o.Name)), i
			going = going && (o.Verb == compute.VerbDelete || o.Verb == compute.VerbDetach || o.Compute != nil && strings.EqualFold(o.Compute.State(), compute.StateDeleting))
		}
	}
	if len(left) == 0 {
		return ended
	}
	if going && goal == compute.GoalSettled {
		goal = compute.GoalDeleted
	}
	ended[last].Err = waitAgain(a, ended[last].Err, left, goal)
	return ended
}

// resumableHours adds how to wait for unconfirmed changes of schedules or idle
// times.
func resumableHours(a *app.App, client *compute.Client, ended []compute.Change) []compute.Change {
	var left []string
	last := 0
	for i, o := range ended {
		switch compute.KindOf(o.Err) {
		case compute.KindInterrupted, compute.KindTimeout, compute.KindAuth:
			if o.Sent {
				left, last = append(left, a.Reference(client.Workspace(), o.Name)), i
			}
		}
	}
	if len(left) == 0 {
		return ended
	}
	ended[last].Err = waitAgain(a, ended[last].Err, left, compute.GoalSettled)
	return ended
}

// waitAgain adds to an error how to wait for the computes that it leaves behind.
func waitAgain(a *app.App, err error, left []string, goal compute.Goal) error {
	tip := "to wait again: " + a.Resume(left, goal)
	if advice := render.Hint(err); advice != "" {
		tip = advice + "\n" + tip // each is a line to paste
	}
	return &exit.Error{Tip: tip, Err: err}
}

// outcomes renders the outcomes of a verb: one object for one name, an array
// for several.
func outcomes(ctx context.Context, a *app.App, asked []target, ended []compute.Outcome) (render.Result, error) {
	a.Names.SawOutcomes(ended)
	var seen []*compute.Compute
	for _, o := range ended {
		if o.Compute != nil {
			seen = append(seen, o.Compute)
		}
	}
	a.Recollect(seen...)
	r := view.Outcomes(ended, len(asked) != 1, detail(a, false))
	r.Notes = append(r.Notes, setupLog(ctx, a, ended)...)
	return r, nil
}

// detail is how much of a compute to print.
func detail(a *app.App, raw bool) view.Detail {
	switch {
	case raw:
		return view.Raw
	case a.Full:
		return view.Verbose
	}
	return view.Brief
}

// consent is given to a command for several computes when every one of them was
// looked at, in all workspaces: when one can never be asked for that, nothing is
// sent, for wrong input changes nothing. One compute refuses for itself.
type consent struct {
	a      *app.App
	asked  []target
	looked sync.WaitGroup // a workspace each

	mu    sync.Mutex
	wrong map[string]error
}

// consenting is asked before the first request of a workspace, with what was
// seen there.
type consenting func(seen []compute.Outcome) error

// eachOrNone is each for what changes computes: all of them, or none when one
// can never be asked for that.
func eachOrNone[T any](a *app.App, asked []target, f func(*compute.Client, []string, consenting) []T) ([]T, error) {
	all := newConsent(a, asked)
	ended, err := each(a, asked, func(client *compute.Client, names []string) []T { return f(client, names, all.before(client)) })
	if err == nil {
		err = all.refusal()
	}
	return ended, err
}

func newConsent(a *app.App, asked []target) *consent {
	c := &consent{a: a, asked: asked, wrong: map[string]error{}}
	workspaces := map[string]bool{}
	for _, t := range asked {
		workspaces[strings.ToLower(t.in.ID())] = true
	}
	c.looked.Add(len(workspaces))
	return c
}

// before is the consent of a workspace; nil for a command for one compute.
func (c *consent) before(client *compute.Client) consenting {
	if len(c.asked) < 2 {
		return nil
	}
	return func(seen []compute.Outcome) error {
		for _, o := range seen {
			if compute.KindOf(o.Err) == compute.KindInvalid {
				t := target{name: o.Name}
				if c.a.Spread() {
					t.in = client.Workspace()
				}
				c.mu.Lock()
				c.wrong[t.key()] = o.Err
				c.mu.Unlock()
			}
		}
		c.looked.Done()
		if !c.a.DryRun { // a dry run goes through the workspaces in sequence
			c.looked.Wait()
		}
		return c.refusal()
	}
}

// refusal is why nothing was sent; nil if all may proceed.
func (c *consent) refusal() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := make([]error, len(c.asked))
	for i, t := range c.asked {
		found[i] = c.wrong[t.key()]
	}
	return refused(c.asked, found)
}

// refused are the errors of computes that can never be asked for something; what
// stands beside them is left alone.
func refused(asked []target, found []error) error {
	var wrong []error
	var others []string
	for i, err := range found {
		if err != nil {
			wrong = append(wrong, err)
		} else {
			others = append(others, asked[i].label())
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	if len(others) > 0 {
		const most = 10
		tip := "nothing was done to " + strings.Join(others[:min(most, len(others))], ", ")
		if more := len(others) - most; more > 0 {
			tip += fmt.Sprintf(" and %d more", more)
		}
		wrong[len(wrong)-1] = &exit.Error{Tip: tip, Err: wrong[len(wrong)-1]}
	}
	return errors.Join(wrong...)
}

// warn says what a person should know of what is about to be sent. It is said
// first, so that it stands beside a refusal and in a dry run too.
func warn(a *app.App, notes ...string) {
	for _, note := range notes {
		if note != "" {
			a.Note("%s", note)
		}
	}
}
