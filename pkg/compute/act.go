package compute

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ActOptions say how far a verb goes.
type ActOptions struct {
	// NoWait returns once the service accepted the request.
	NoWait bool
	// Timeout is the longest wait in wall-clock time; 0 waits for ever.
	Timeout time.Duration
	// Strict sends the request whatever the state, so that the service refuses
	// what it refuses.
	Strict bool
	// OnEvent is told what happens, one call at a time.
	OnEvent func(Event)
}

// Start starts instances (Compute_Start) and waits until they run. One that
// runs already is left alone; one that is on its way elsewhere is waited for
// first.
func (c *Client) Start(ctx context.Context, names []string, o ActOptions) []Outcome {
	return c.act(ctx, VerbStart, names, o, c.BeginStart)
}

// Stop stops instances (Compute_Stop) and waits until they are stopped.
func (c *Client) Stop(ctx context.Context, names []string, o ActOptions) []Outcome {
	return c.act(ctx, VerbStop, names, o, c.BeginStop)
}

// Restart restarts instances (Compute_Restart) and waits until they run. One
// that is stopped is started instead, which its outcome notes.
func (c *Client) Restart(ctx context.Context, names []string, o ActOptions) []Outcome {
	tasks := c.tasks(VerbRestart, names, c.BeginRestart)
	if !o.Strict {
		for _, t := range tasks {
			t.begin = func(ctx context.Context) (*Operation, error) {
				if t.before == nil || !t.before.IsStopped() {
					return c.BeginRestart(ctx, t.name)
				}
				t.out.Note = "it was stopped, so it was started"
				return c.BeginStart(ctx, t.name)
			}
		}
	}
	return c.run(ctx, tasks, o)
}

// Delete deletes computes and what they stand for (Compute_Delete) and waits
// until they are gone. One that is not there is an error.
func (c *Client) Delete(ctx context.Context, names []string, o ActOptions) []Outcome {
	return c.act(ctx, VerbDelete, names, o, c.BeginDelete)
}

// Detach removes computes from the workspace, leaving what they stand for alone
// (Compute_Delete), and waits until they are gone.
func (c *Client) Detach(ctx context.Context, names []string, o ActOptions) []Outcome {
	return c.act(ctx, VerbDetach, names, o, c.BeginDetach)
}

// Resize changes the size of instances (Compute_Resize, preview) and waits
// until that is over. A size that the service does not allow for the instance
// (Compute_getAllowedResizeSizes) is refused before it is asked for.
func (c *Client) Resize(ctx context.Context, names []string, size string, o ActOptions) []Outcome {
	tasks := c.tasks(VerbResize, names, func(ctx context.Context, name string) (*Operation, error) {
		if err := c.checkResize(ctx, name, size); err != nil {
			return nil, err
		}
		return c.BeginResize(ctx, name, size)
	})
	for _, t := range tasks {
		t.satisfied = func(now *Compute) bool { return strings.EqualFold(now.VMSize(), size) && !now.InTransition() }
	}
	return c.run(ctx, tasks, o)
}

// checkResize refuses a size that an instance cannot have, naming those it can.
// When the service does not tell them it is left to the service to refuse.
func (c *Client) checkResize(ctx context.Context, name, size string) error {
	allowed, err := c.AllowedSizes(ctx, name)
	if err != nil || len(allowed) == 0 {
		return ctx.Err()
	}
	found, near := MatchSize(size, allowed, TypeInstance)
	if found != nil {
		return nil
	}
	const most = 100 // a region has fewer; it is the list to choose from
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
	e := invalidf(name, "%s cannot get the size %q", name, shorten(size, 60))
	if len(near) > 0 {
		e.Message += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	e.Message += "; it can have " + strings.Join(can, ", ") + more
	return e
}

// UpdateScale changes how a cluster scales (Compute_Update) and waits until
// that is over.
func (c *Client) UpdateScale(ctx context.Context, name string, scale ScaleSettings, o ActOptions) Outcome {
	return c.update(ctx, name, o, func(ctx context.Context, name string) (*Operation, error) {
		return c.BeginUpdateScale(ctx, name, scale)
	})
}

// UpdateIdentity changes the managed identities of a cluster (Compute_Update)
// and waits until that is over.
func (c *Client) UpdateIdentity(ctx context.Context, name string, identity IdentitySpec, o ActOptions) Outcome {
	return c.update(ctx, name, o, func(ctx context.Context, name string) (*Operation, error) {
		return c.BeginUpdateIdentity(ctx, name, identity)
	})
}

func (c *Client) update(ctx context.Context, name string, o ActOptions, begin func(context.Context, string) (*Operation, error)) Outcome {
	return c.act(ctx, VerbUpdate, []string{name}, o, begin)[0]
}

// act brings every name to the verb's goal, together.
func (c *Client) act(ctx context.Context, verb Verb, names []string, o ActOptions, begin func(context.Context, string) (*Operation, error)) []Outcome {
	return c.run(ctx, c.tasks(verb, names, begin), o)
}

func (c *Client) tasks(verb Verb, names []string, begin func(context.Context, string) (*Operation, error)) []*task {
	tasks := make([]*task, len(names))
	for i, name := range names {
		t := &task{name: name, verb: verb}
		t.begin = func(ctx context.Context) (*Operation, error) { return begin(ctx, name) }
		t.landed = t.tookEffect
		tasks[i] = t
	}
	return tasks
}
