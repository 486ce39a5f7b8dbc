package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// driveCommand sends the emulator one of its own requests.
func driveCommand(c *cobra.Command, method, path string, show func(json.RawMessage, error) (render.Result, error)) *command {
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		return show(a.Emulator.Drive(ctx, method, path, nil))
	})
}

// answer is the emulator's answer: printed as it came, and drawn for people.
func answer[T any](answer json.RawMessage, err error, draw func(*render.Page, T)) (render.Result, error) {
	if err != nil {
		return render.Result{}, err
	}
	var read T
	if err := json.Unmarshal(answer, &read); err != nil {
		return render.Result{}, exit.Errorf(exit.Failed, "the emulator's answer cannot be read: %w", err)
	}
	return render.Result{Data: answer, People: func(p *render.Page) { draw(p, read) }}, nil
}

func newEmulatorStatus() *command {
	return driveCommand(&cobra.Command{
		Use: "status",
		Long: `Show the emulator's time, pace, number of computes by state, and next scheduled
event.

It queries the emulator at --endpoint if set, else the one on this machine.`,
		Example: `  computetarget emulator status
  computetarget emulator status -o json`,
	}, "GET", "status", emulatorStatus)
}

func newEmulatorAdvance() *command {
	c := &cobra.Command{
		Use: "advance DURATION",
		Long: `Move the emulator's clock forward. Everything due in that time happens in order:
operations end, schedules fire, idle instances shut down.`,
		Example: `  computetarget emulator advance 12h
  computetarget emulator advance 3d`,
	}
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) != 1 {
			return render.Result{}, exit.Usagef("name one duration, such as 12h")
		}
		by, err := config.ParseDuration(args[0])
		if err != nil {
			return render.Result{}, exit.Usagef("the duration %w", err)
		}
		return emulatorStatus(a.Emulator.Drive(ctx, "POST", "advance", map[string]string{"by": by.String()}))
	})
}

func newEmulatorReset() *command {
	return driveCommand(&cobra.Command{
		Use:  "reset",
		Long: `Delete everything in the emulator and set its clock to the present.`,
		Example: `  computetarget emulator reset
  computetarget emulator reset --endpoint http://127.0.0.1:8443`,
	}, "POST", "reset", emulatorStatus)
}

func emulatorStatus(raw json.RawMessage, err error) (render.Result, error) {
	return answer(raw, err, func(p *render.Page, st emulator.Status) {
		line := fmt.Sprintf("It is %s in the emulator, pace %s: %d computes, %d busy",
			st.Now.Format(time.RFC1123), st.Pace, st.Computes, st.Busy)
		if st.Next != nil {
			line += ", next event " + render.When(*st.Next, st.Now)
		}
		p.Line("%s", line)
	})
}

func newEmulatorRequests() *command {
	return driveCommand(&cobra.Command{
		Use: "requests",
		Long: `List the requests that the emulator has answered since its last reset: method,
path, query, body without secrets, status, and the emulator's time. Status 0
means that a fault broke the connection.`,
		Example: `  computetarget emulator requests
  computetarget emulator requests -o json --query "[?method=='POST'].path"`,
	}, "GET", "requests", emulatorRequests)
}

func emulatorRequests(raw json.RawMessage, err error) (render.Result, error) {
	return answer(raw, err, func(p *render.Page, list []emulator.Request) {
		for _, r := range list {
			p.Line("%s  %d  %s %s", r.Time.Format("2006-01-02 15:04:05"), r.Status, r.Method, r.Path)
		}
		p.Aside("%d requests", len(list))
	})
}

func newEmulatorLoad() *command {
	c := &cobra.Command{
		Use: "load FILE",
		Long: `Load computes into the emulator from the output of "list --raw -o json", to
rehearse on a copy of production. Existing computes are replaced; missing
workspaces are created. - reads stdin.

A file {"people": [...]} adds people to the emulator's directory, each with
objectId, displayName, userPrincipalName, mail and userType (Member or Guest). Put
computes beside them under "value". A policy definition, as "policy print" prints
it, is assigned to everything.`,
		Example: `  computetarget list --raw -o json > production.json && computetarget emulator load production.json
  computetarget list --raw -o json | computetarget emulator load -`,
		Args: cobra.ArbitraryArgs,
	}
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) != 1 {
			return render.Result{}, exit.Usagef("name one file, or - for stdin")
		}
		list, err := a.ReadText(ctx, args[0], input.Computes)
		if err != nil {
			return render.Result{}, err
		}
		if !json.Valid(list) {
			return render.Result{}, exit.Usagef("%s is not JSON: use the output of list --raw -o json", args[0])
		}
		answer, err := a.Emulator.Drive(ctx, "POST", "load", json.RawMessage(list))
		var refused *exit.Error
		if errors.As(err, &refused) && refused.Exit == exit.Usage && !strings.HasPrefix(refused.Text, "Person ") && !strings.HasPrefix(refused.Text, "The policy ") {
			refused.Tip = "use the output of list --raw -o json"
		}
		return emulatorStatus(answer, err)
	})
}

func newEmulatorSet() *command {
	var (
		change                     emulator.Change
		state, takes               string
		jobs                       int
		diskFull, noCapacity, size bool
		fails                      bool
	)
	c := &cobra.Command{
		Use: "set NAME…",
		Long: `Put computes of the emulator into a state, as failures do: Unusable,
CreateFailed, SetupFailed, or any other state of the service. This cancels
operations in progress. To clear a property, set it to False.

--setup-fails and --setup-takes are about the setups to come, of instances that
exist and of those that are still to be created: with a setup script, the script
fails (UserSetupFailed); without one, the setup of the machine does (SetupFailed).
A script that takes longer than its timeout fails when that is over.`,
		Example: `  computetarget emulator set dev --state Unusable
  computetarget emulator set dev --disk-full True
  computetarget emulator set dev --no-capacity True
  computetarget emulator set dev --setup-takes 20m`,
	}
	asked := namesFlag(c)
	c.Flags().StringVar(&state, "state", "", "`STATE` as the service spells it")
	c.Flags().IntVar(&jobs, "jobs", 0, "`NUMBER` of cluster nodes that jobs need")
	c.Flags().BoolVar(&diskFull, "disk-full", false, "refuse to stop the instance")
	c.Flags().BoolVar(&noCapacity, "no-capacity", false, "fail every start for lack of capacity")
	c.Flags().BoolVar(&fails, "setup-fails", false, "fail every setup of the instance")
	c.Flags().StringVar(&takes, "setup-takes", "", "`DURATION` that setup scripts run, such as 20m; 0s is the usual")
	c.Flags().BoolVar(&size, "sticky-size", false, "after a delete, give a new compute of that name the old size")
	trueOrFalse(c.Flags(), "disk-full")
	trueOrFalse(c.Flags(), "no-capacity")
	trueOrFalse(c.Flags(), "setup-fails")
	trueOrFalse(c.Flags(), "sticky-size")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		names, err := asked.all(a, args)
		if err != nil {
			return render.Result{}, err
		}
		for flag, set := range map[string]func(){
			"state":       func() { change.State = &state },
			"jobs":        func() { change.Jobs = &jobs },
			"disk-full":   func() { change.DiskFull = &diskFull },
			"no-capacity": func() { change.NoCapacity = &noCapacity },
			"setup-fails": func() { change.SetupFails = &fails },
			"setup-takes": func() { change.SetupTakes = &takes },
			"sticky-size": func() { change.StickySize = &size },
		} {
			if c.Flags().Changed(flag) {
				set()
			}
		}
		if change == (emulator.Change{}) {
			return render.Result{}, exit.Usagef("name what to set: --state, --disk-full, --no-capacity, --setup-fails, --setup-takes, --sticky-size or --jobs")
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
