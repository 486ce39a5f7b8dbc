package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
)

func newRecreate() *command {
	c := &cobra.Command{
		Use: "recreate NAME…",
		Long: `Delete computes and create them again with the same settings: schedules, idle time,
scripts, tags, identity, network, whom they are for. An instance that was stopped is
stopped again. This brings a new image of the operating system, and repairs what is
in a failed state.

What is on the disk of an instance and was installed there is lost; files in the
workspace's share stay. The plan says what else is lost, and asks; where nobody can
be asked, --yes is needed. Nothing is deleted when the compute could not be made
again: a size that the region no longer offers, or an SSH key, which the service
does not tell.

The settings are kept in a file until the new compute is there. When creating it
fails, the line that makes it from that file is printed.`,
		Example: `  computetarget recreate gpu --dry-run
  computetarget recreate gpu cpu --yes`,
	}
	names := namesFlag(c)
	changeFlags(c)
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		if err := ofKind(ctx, a, asked); err != nil {
			return render.Result{}, err
		}
		w := &recreating{applying: applying{a: a}}
		if err := w.plan(ctx, asked); err != nil {
			return render.Result{}, err
		}
		if err := w.confirm(ctx); err != nil {
			return render.Result{}, err
		}
		return w.run(ctx)
	})
}

// recreating makes computes again.
type recreating struct {
	applying
	plans []string          // a line each
	files map[string]string // of the settings, by the compute's name
}

// plan reads the computes and finds whether they can be made again.
func (w *recreating) plan(ctx context.Context, asked []target) error {
	read, err := getWholeEach(ctx, w.a, asked)
	if err == nil {
		err = unread(ctx, read)
	}
	if err != nil {
		return err
	}
	there, failed := split(read)
	if failed != nil {
		return failed
	}
	w.a.Introduce(ctx, there...)
	me, err := caller(ctx, w.a)
	if err != nil {
		return err
	}
	wrong := make([]error, len(asked))
	for i, o := range read {
		wrong[i] = w.planOne(ctx, asked[i], o, me)
	}
	return refused(asked, wrong)
}

func (w *recreating) planOne(ctx context.Context, at target, o compute.Outcome, me string) error {
	if err := compute.VerbDelete.Check(o.Compute); err != nil {
		return err
	}
	client, err := w.a.ClientOf(at.in)
	if err != nil {
		return err
	}
	e, err := manifest.Export(o.Compute, client.Workspace(), true)
	if err != nil {
		return exit.Usagef("%w, so it cannot be made again", err)
	}
	text := e.Keys.YAML()
	read, err := manifest.Read([]byte(text), manifest.Options{Zone: w.a.Zone})
	if err != nil || len(read.Documents) != 1 {
		return exit.Usagef("the settings of %s are not understood, so it cannot be made again: %w", at.name, err)
	}
	g := &goal{asked: asked{read.Documents[0], at.name}, at: at, client: client, yaml: text}
	if err := g.ready(ctx, w.a); err != nil {
		return &exit.Error{Exit: exit.Usage, Text: at.name + " cannot be made again with what the service tells: " + err.Error(),
			Tip: "computetarget export " + at.name + " --ours prints its settings; complete them, delete it, and make it with computetarget apply -f FILE"}
	}
	whose := view.Owner(o.Compute)
	if i := g.want.Instance; i != nil && i.AssignedUser == nil && !isFor(o.Compute, me) {
		owner := o.Compute.Owner()
		i.AssignedUser = &compute.AssignedUser{ObjectID: owner.ID, TenantID: owner.TenantID, Name: whose}
	} else if i != nil && i.AssignedUser != nil {
		i.AssignedUser.Name = whose
	}
	if err := g.offered(ctx, o.Compute.Location); err != nil {
		return err
	}
	w.goals = append(w.goals, g)
	w.plans = append(w.plans, planned(o.Compute, at.label(), whose, append(e.Left, untold(o.Compute)...)))
	return nil
}

// offered refuses a size that the region no longer has.
func (g *goal) offered(ctx context.Context, region string) error {
	size := ""
	if i := g.want.Instance; i != nil {
		size, g.want.Location = i.VMSize, region
	} else if c := g.want.Cluster; c != nil {
		size = c.VMSize
	}
	sizes, err := g.client.VMSizes(ctx, region)
	if err != nil || len(sizes) == 0 || size == "" {
		return nil
	}
	if found, _ := compute.MatchSize(size, sizes, g.want.Type()); found == nil {
		return exit.Usagef("%s no longer offers the size %s, so %s cannot be made again", region, size, g.Name)
	}
	return nil
}

// planned says what happens to a compute, and what is lost.
func planned(c *compute.Compute, label, whose string, left []string) string {
	lost := "its disk, with all that was installed there"
	if c.Cluster != nil {
		lost = "its nodes, with what runs on them"
	}
	for _, l := range left {
		lost += "; " + strings.TrimPrefix(l, c.Name+": ")
	}
	about := orNone(c.State())
	if whose != "" { // clusters are nobody's
		about = whose + ", " + about
	}
	return render.Clean(fmt.Sprintf("%s (%s) loses %s", label, about, lost))
}

// confirm shows the plan and asks.
func (w *recreating) confirm(ctx context.Context) error {
	if w.a.Yes && !w.a.DryRun {
		warn(w.a, w.plans...) // who agreed beforehand is told, too
	}
	if w.a.Yes || w.a.DryRun || len(w.goals) == 0 {
		return nil
	}
	plan := "  " + strings.Join(w.plans, "\n  ") + "\n"
	if !w.a.CanAsk() {
		warn(w.a, w.plans...)
		return &exit.Error{Exit: exit.Usage, Text: "nothing was deleted, because nobody can be asked",
			Tip: "--yes agrees to it; --dry-run shows the requests"}
	}
	ok, err := false, error(nil)
	if len(w.goals) == 1 {
		ok, err = w.a.Confirm(ctx, plan+"Delete it and make it again with the same settings?")
	} else {
		ok, err = w.a.ConfirmNumber(ctx, fmt.Sprintf("%sDelete these %d computes and make them again with the same settings?", plan, len(w.goals)), len(w.goals))
	}
	if err == nil && !ok {
		return exit.Errorf(exit.Failed, "nothing was deleted")
	}
	return err
}

// run deletes the computes, waits until their names are free, and creates them.
func (w *recreating) run(ctx context.Context) (render.Result, error) {
	timeout, err := w.a.Settings.Duration(config.Timeout)
	if err != nil {
		return render.Result{}, err
	}
	if err := w.save(); err != nil {
		return render.Result{}, err
	}
	drawn, err := w.a.Progress()
	if err != nil {
		return render.Result{}, err
	}
	defer drawn.Stop()
	byWorkspace := map[*compute.Client][]*goal{}
	var clients []*compute.Client
	for _, g := range w.goals {
		if byWorkspace[g.client] == nil {
			clients = append(clients, g.client)
		}
		byWorkspace[g.client] = append(byWorkspace[g.client], g)
	}
	some(len(clients), func(i int) { w.again(ctx, byWorkspace[clients[i]], drawn, timeout) })
	drawn.Stop()
	for _, g := range w.goals {
		if g.done.Result != "" {
			g.done.Result = "recreated"
			_ = os.Remove(w.files[g.at.key()])
		}
	}
	return w.result(), nil
}

// again makes the computes of a workspace again.
func (w *recreating) again(ctx context.Context, goals []*goal, drawn *progress.Progress, timeout time.Duration) {
	client, o := goals[0].client, w.options(goals[0].client, drawn, timeout)
	names := make([]string, len(goals))
	for i, g := range goals {
		names[i] = g.Name
	}
	var free []*goal
	took := map[string]time.Duration{}
	for i, out := range resumable(w.a, in(client, client.Delete(ctx, names, o)), compute.GoalDeleted) {
		if out.Err != nil && !errors.Is(out.Err, compute.ErrDryRun) {
			goals[i].ended("", out)
			continue
		}
		took[out.Name] = out.Elapsed
		free = append(free, goals[i])
	}
	for _, g := range free {
		if g.want.Instance != nil && !w.a.DryRun {
			freed(ctx, client, g.Name)
		}
	}
	if len(free) > 0 {
		w.create(ctx, free, o)
	}
	for _, g := range goals {
		g.done.Elapsed += took[g.Name]
		if file := w.files[g.at.key()]; g.done.Err != nil && file != "" {
			tip := "its settings are in " + file + "; once it is gone, this makes it again: computetarget apply -f " + app.Words([]string{file})
			if own := render.Hint(g.done.Err); own != "" {
				tip = own + "\n" + tip
			}
			g.done.Err = &exit.Error{Err: g.done.Err, Tip: tip}
		}
	}
}

// freed waits until a name can be used again: names are unique in a region, and one
// is not free as soon as its compute is gone.
func freed(ctx context.Context, client *compute.Client, name string) {
	for range 60 {
		check, err := client.CheckName(ctx, name)
		if err != nil || check.Available {
			return // what is wrong, the create says
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Second):
		}
	}
}

// save keeps the settings in files that only their owner can read, until the new
// computes are there.
func (w *recreating) save() error {
	w.files = map[string]string{}
	if w.a.DryRun {
		return nil
	}
	dir := w.a.Settings.StateDir()
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "computetarget")
	}
	dir = filepath.Join(dir, "computes")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return exit.Errorf(exit.Failed, "the settings cannot be kept in a file, so nothing was deleted: %w", err)
	}
	for _, g := range w.goals {
		file, err := os.CreateTemp(dir, filepath.Base(g.Name)+"-*.yml")
		if err == nil {
			_, err = file.WriteString(g.yaml)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			return exit.Errorf(exit.Failed, "the settings of %s cannot be kept in a file, so nothing was deleted: %w", g.Name, err)
		}
		w.files[g.at.key()] = file.Name()
	}
	return nil
}
