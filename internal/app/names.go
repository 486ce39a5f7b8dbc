package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/internal/recall"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/nearest"
)

// How long cached names are valid, and how long completion waits for the
// service.
const (
	completionPatience = time.Second
	computesFresh      = 10 * time.Minute
	workspacesFresh    = time.Hour
	sizesFresh         = 7 * 24 * time.Hour
	// After the service did not answer, the cache is used for this long, so
	// that not every press of tab waits.
	retryAfter = time.Minute
)

// Names remembers names for completion and for what a mistyped one may mean.
type Names struct {
	session     *Session
	connector   *Connector
	introducing sync.Mutex
}

// Known returns names for completion: those remembered, and when they are old
// the service's, if it answers within a second. It tells
// nothing about what goes wrong.
func (n *Names) Known(ctx context.Context, kind recall.Kind) []recall.Name {
	file, ok := n.remembered(kind)
	if !ok {
		return nil
	}
	fresh := computesFresh
	switch {
	case n.session.Emulated():
		fresh = 0 // it is on this machine, and its clock jumps
	case kind == recall.Sizes:
		fresh = sizesFresh
	case kind == recall.Workspaces:
		fresh = workspacesFresh
	}
	list := file.Get(kind)
	now := time.Now()
	if age := now.Sub(list.Seen); age >= 0 && age < fresh {
		return list.Names
	}
	if found, err := n.askFor(ctx, kind); err == nil {
		list = recall.List{Seen: now, Names: found}
	} else {
		list.Seen = now.Add(retryAfter - fresh)
	}
	_ = file.Put(kind, list) // the next completion asks again
	return list.Names
}

// askFor asks the service for names.
func (n *Names) askFor(ctx context.Context, kind recall.Kind) ([]recall.Name, error) {
	client, err := n.completionClient(kind)
	if err != nil {
		return nil, err
	}
	return soon(ctx, func(ctx context.Context) ([]recall.Name, error) {
		if kind == recall.Owners {
			all, err := client.All(ctx)
			n.introduce(all, func(ids map[string]bool) map[string]string { return n.people(ctx, ids) })
			return ownerNames(all), err
		}
		return namesOf(ctx, client, kind)
	})
}

// Scheduled returns the schedules of an instance for completion, if the service
// answers within a second. It tells nothing about what goes wrong.
func (n *Names) Scheduled(ctx context.Context, name string) []compute.Schedule {
	client, err := n.connector.Client()
	if err != nil {
		return nil
	}
	list, _ := soon(ctx, func(ctx context.Context) ([]compute.Schedule, error) {
		c, err := client.Get(ctx, name)
		return c.Schedules(), err
	})
	return list
}

// soon is what ask returns, unless that takes longer than completionPatience: a
// sign-in may not listen to its context.
func soon[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, completionPatience)
	defer cancel()
	type answer struct {
		found T
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		found, err := ask(ctx)
		answered <- answer{found, err}
	}()
	select {
	case got := <-answered:
		return got.found, got.err
	case <-ctx.Done():
		return *new(T), ctx.Err()
	}
}

func (n *Names) completionClient(kind recall.Kind) (*compute.Client, error) {
	if kind != recall.Workspaces {
		return n.connector.Client()
	}
	subscription, err := n.session.Settings.Subscription()
	if err != nil {
		return nil, err
	}
	return n.connector.Connect(compute.Workspace{Subscription: subscription.Text})
}

func namesOf(ctx context.Context, client *compute.Client, kind recall.Kind) ([]recall.Name, error) {
	switch kind {
	case recall.Workspaces:
		all, err := client.ListWorkspaces(ctx, "")
		return workspaceNames(all), err
	case recall.Sizes:
		info, err := client.GetWorkspace(ctx)
		if err != nil {
			return nil, err
		}
		all, err := client.VMSizes(ctx, info.Location)
		return sizeNames(all), err
	default:
		all, err := client.All(ctx)
		return computeNames(all), err
	}
}

// SawComputes remembers the computes of the workspace, all of them, and their
// owners.
func (n *Names) SawComputes(all []*compute.Compute) {
	if file, ok := n.remembered(recall.Computes); ok {
		now := time.Now()
		_ = file.PutAll(map[recall.Kind]recall.List{ // as in saw
			recall.Computes: {Seen: now, Names: computeNames(all)},
			recall.Owners:   {Seen: now, Names: ownerNames(all)},
		})
	}
}

// SawSizes remembers the sizes the workspace's region offers.
func (n *Names) SawSizes(all []compute.Size) { n.saw(recall.Sizes, sizeNames(all)) }

// SawWorkspaces remembers the workspaces of the subscription, all of them.
func (n *Names) SawWorkspaces(all []compute.WorkspaceInfo) {
	n.saw(recall.Workspaces, workspaceNames(all))
}

func (n *Names) saw(kind recall.Kind, all []recall.Name) {
	if file, ok := n.remembered(kind); ok {
		_ = file.Put(kind, recall.List{Seen: time.Now(), Names: all}) // a guess that is lost costs a request
	}
}

// SawOutcomes remembers what verbs did to single computes.
func (n *Names) SawOutcomes(ended []compute.Outcome) {
	var there []recall.Name
	var gone []string
	for _, o := range ended {
		removes := o.Verb == compute.VerbDelete || o.Verb == compute.VerbDetach
		switch {
		case o.Err == nil && removes, compute.IsNotFound(o.Err):
			gone = append(gone, o.Name)
		case o.Err == nil && o.Compute != nil:
			there = append(there, computeNames([]*compute.Compute{o.Compute})...)
		}
	}
	if len(there) == 0 && len(gone) == 0 || n.session.DryRun || n.connector.spread {
		return
	}
	if file, ok := n.remembered(recall.Computes); ok {
		_ = file.Change(recall.Computes, there, gone) // as in saw
	}
}

// SawSome remembers computes that were met in passing.
func (n *Names) SawSome(met []*compute.Compute) {
	if len(met) == 0 {
		return
	}
	if file, ok := n.remembered(recall.Computes); ok {
		_ = file.Change(recall.Computes, computeNames(met), nil) // as in saw
	}
}

// nearest is the remembered name that a mistyped one most likely means, or "".
// The service is not asked: an error must not take longer for it.
func (n *Names) nearest(kind recall.Kind, name string) string {
	file, ok := n.remembered(kind)
	if !ok {
		return ""
	}
	var known []string
	for _, n := range file.Get(kind).Names {
		if !strings.EqualFold(n.Text, name) {
			known = append(known, n.Text)
		}
	}
	return nearest.Word(name, known)
}

// remembered is the file of names for where requests go and the workspace, or
// the subscription for names of workspaces.
func (n *Names) remembered(kind recall.Kind) (recall.File, bool) {
	dir := n.session.Settings.CacheDir()
	target, err := n.session.Settings.Target()
	if err != nil || dir == "" {
		return recall.File{}, false
	}
	dir = filepath.Join(dir, "names")
	where := target.Cloud.Text
	switch {
	case target.Emulator():
		if state, err := n.session.EmulatorDir(); err == nil {
			where += " " + state
		}
	case target.Endpoint.Set():
		where = target.Endpoint.Text
	}
	if kind == recall.Workspaces {
		subscription, err := n.session.Settings.Subscription()
		if err != nil || !subscription.Set() {
			return recall.File{}, false
		}
		return recall.In(dir, where+" "+strings.ToLower(subscription.Text)), true
	}
	ws, err := n.workspace()
	if err != nil {
		return recall.File{}, false
	}
	return recall.In(dir, where+" "+strings.ToLower(ws.ID())), true
}

// workspace is the chosen workspace.
func (n *Names) workspace() (compute.Workspace, error) {
	if n.connector.client != nil {
		return n.connector.client.Workspace(), nil
	}
	ref, err := n.session.Settings.Workspace()
	return WorkspaceOf(ref), err
}

func computeNames(all []*compute.Compute) []recall.Name {
	return remember(all, func(c *compute.Compute) recall.Name {
		return recall.Name{Text: c.Name, About: strings.TrimSpace(c.ComputeType + " " + c.VMSize()), State: c.State()}
	})
}

// ownerNames are whose the computes are, each once: the id, and the name About it.
func ownerNames(all []*compute.Compute) []recall.Name {
	var out []recall.Name
	seen := map[string]bool{}
	for _, c := range all {
		owner := c.Owner()
		if key := strings.ToLower(owner.ID); key != "" && !seen[key] {
			seen[key] = true
			out = append(out, recall.Name{Text: owner.ID, About: owner.Name})
		}
	}
	return out
}

func sizeNames(all []compute.Size) []recall.Name {
	return remember(all, func(s compute.Size) recall.Name {
		cores := "cores"
		if s.VCPUs == 1 {
			cores = "core"
		}
		about := fmt.Sprintf("%d %s, %g GB", s.VCPUs, cores, s.MemoryGB)
		if s.GPUs > 0 {
			about += fmt.Sprintf(", %d GPU", s.GPUs)
		}
		return recall.Name{Text: s.Name, About: about}
	})
}

func workspaceNames(all []compute.WorkspaceInfo) []recall.Name {
	return remember(all, func(info compute.WorkspaceInfo) recall.Name {
		return recall.Name{Text: info.Workspace().Name, About: info.Workspace().ResourceGroup}
	})
}

// remember is what is remembered of each thing.
func remember[T any](all []T, of func(T) recall.Name) []recall.Name {
	out := make([]recall.Name, len(all))
	for i, one := range all {
		out[i] = of(one)
	}
	return out
}
