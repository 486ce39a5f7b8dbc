package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
)

func newEmulatorSet() *command {
	var (
		change                     emulator.Change
		state                      string
		jobs                       int
		diskFull, noCapacity, size bool
	)
	c := &cobra.Command{
		Use: "set NAME…",
		Long: `Put computes of the emulator into a state, as failures do: Unusable,
CreateFailed, SetupFailed, or any other state of the service. This cancels
operations in progress. To clear a property, set it to False.`,
		Example: `  computetarget emulator set dev --state Unusable
  computetarget emulator set dev --disk-full True
  computetarget emulator set dev --no-capacity True`,
	}
	asked := namesFlag(c)
	c.Flags().StringVar(&state, "state", "", "`STATE` as the service spells it")
	c.Flags().IntVar(&jobs, "jobs", 0, "`NUMBER` of cluster nodes that jobs need")
	c.Flags().BoolVar(&diskFull, "disk-full", false, "refuse to stop the instance")
	c.Flags().BoolVar(&noCapacity, "no-capacity", false, "fail every start for lack of capacity")
	c.Flags().BoolVar(&size, "sticky-size", false, "after a delete, give a new compute of that name the old size")
	trueOrFalse(c.Flags(), "disk-full")
	trueOrFalse(c.Flags(), "no-capacity")
	trueOrFalse(c.Flags(), "sticky-size")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		names, err := asked.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		fs := c.Flags()
		if fs.Changed("state") {
			change.State = &state
		}
		if fs.Changed("jobs") {
			change.Jobs = &jobs
		}
		if fs.Changed("disk-full") {
			change.DiskFull = &diskFull
		}
		if fs.Changed("no-capacity") {
			change.NoCapacity = &noCapacity
		}
		if fs.Changed("sticky-size") {
			change.StickySize = &size
		}
		if change == (emulator.Change{}) {
			return render.Result{}, exit.Usagef("name what to set: --state, --disk-full, --no-capacity, --sticky-size or --jobs")
		}
		workspace, err := emulatorWorkspace(a)
		if err != nil {
			return render.Result{}, err
		}
		var answer json.RawMessage
		for _, t := range names {
			in := cmp.Or(t.in, workspace)
			body := struct {
				ID string `json:"id"`
				emulator.Change
			}{in.ComputeID(t.name), change}
			if answer, err = a.Emulator.Drive(ctx, "POST", "set", body); err != nil {
				return render.Result{}, err
			}
		}
		return emulatorStatus(answer, nil)
	})
}

// emulatorWorkspace is the chosen workspace. Parts that are not set are the
// emulator's defaults, even at an --endpoint.
func emulatorWorkspace(a *app.App) (compute.Workspace, error) {
	ref, err := a.Settings.Workspace()
	if err != nil && !errors.Is(err, config.ErrNotChosen) {
		return compute.Workspace{}, err
	}
	if note := ref.Note(); note != "" {
		a.Note("%s", note)
	}
	return compute.Workspace{
		Subscription:  cmp.Or(ref.Subscription.Text, config.EmulatorSubscription),
		ResourceGroup: cmp.Or(ref.ResourceGroup.Text, config.EmulatorResourceGroup),
		Name:          cmp.Or(ref.Name.Text, config.EmulatorWorkspace),
	}, nil
}
