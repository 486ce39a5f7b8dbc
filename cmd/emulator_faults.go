package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
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
		Long: `Put computes of the emulator into a state, as failures do: Unusable, CreateFailed,
SetupFailed, or any other state of the service. What is in progress there is
canceled. Give a property False to end it.`,
		Example: `  computetarget emulator set dev --state Unusable
  computetarget emulator set dev --disk-full True
  computetarget emulator set dev --no-capacity True`,
	}
	asked := namesFlag(c)
	c.Flags().StringVar(&state, "state", "", "`STATE` in the service's spelling")
	c.Flags().IntVar(&jobs, "jobs", 0, "`NUMBER` of nodes of a cluster that jobs ask for")
	c.Flags().BoolVar(&diskFull, "disk-full", false, "refuse to stop the instance")
	c.Flags().BoolVar(&noCapacity, "no-capacity", false, "let every start fail for want of capacity")
	c.Flags().BoolVar(&size, "sticky-size", false, "give what is created under the name after a delete the old size")
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
			return render.Result{}, exit.Usagef("say what to set: --state, --disk-full, --no-capacity, --sticky-size or --jobs")
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

// emulatorWorkspace is the workspace that is chosen; what of it is not is what
// every emulator is born with, at an --endpoint as well.
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

func newEmulatorLoad() *command {
	c := &cobra.Command{
		Use: "load FILE",
		Long: `Load computes into the emulator from what "list --raw -o json" printed, so that
one can rehearse on a copy of production. A compute that is there is replaced;
what the computes stand in is made. - reads stdin.`,
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
			return render.Result{}, exit.Usagef("%s is not JSON: give what list --raw -o json prints", args[0])
		}
		answer, err := a.Emulator.Drive(ctx, "POST", "load", json.RawMessage(list))
		var refused *exit.Error
		if errors.As(err, &refused) && refused.Exit == exit.Usage {
			refused.Tip = "give what list --raw -o json prints"
		}
		return emulatorStatus(answer, err)
	})
}

func newEmulatorRequests() *command {
	c := &cobra.Command{
		Use: "requests",
		Long: `List the requests the emulator has answered since it was last reset: method,
path, query, body without secrets, status, and the emulator's time. A status of
0 is a connection that a fault broke.`,
		Example: `  computetarget emulator requests
  computetarget emulator requests -o json --query "[?method=='POST'].path"`,
		Args: noNames,
	}
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		answer, err := a.Emulator.Drive(ctx, "GET", "requests", nil)
		if err != nil {
			return render.Result{}, err
		}
		var list []emulator.Request
		if err := json.Unmarshal(answer, &list); err != nil {
			return render.Result{}, notUnderstood(err)
		}
		return render.Result{Data: answer, People: func(p *render.Page) {
			for _, r := range list {
				p.Line("%s  %d  %s %s", r.Time.Format("2006-01-02 15:04:05"), r.Status, r.Method, r.Path)
			}
			p.Aside("%d requests", len(list))
		}}, nil
	})
}

func notUnderstood(err error) error {
	return exit.Errorf(exit.Failed, "the emulator's answer cannot be read: %w", err)
}

func newEmulatorFaultAdd() *command {
	var (
		f                   emulator.Fault
		latency, retryAfter string
	)
	c := &cobra.Command{
		Use: "add",
		Long: `Let requests that match go wrong from now on. --match is a method and a path, in
which * stands for any text. Say what goes wrong with one of --status, --reset,
--body, --operation and --expired-token; --latency can be added to each, or stand
alone. When several faults match a request, the oldest strikes.`,
		Example: `  computetarget emulator fault add --match 'POST */start' --status 429 --retry-after 7s --times 3
  computetarget emulator fault add --match 'PUT *' --reset after --times 1
  computetarget emulator fault add --match 'POST */stop' --operation never-ending
  computetarget emulator fault add --match '* *' --latency 2s`,
		Args: noNames,
	}
	fs := c.Flags()
	fs.StringVar(&f.Match, "match", "", "`REQUEST` such as 'POST */start'")
	fs.IntVar(&f.Times, "times", 0, "`NUMBER` of requests to meet (default all)")
	fs.IntVar(&f.Status, "status", 0, "`STATUS` to answer instead of serving the request")
	fs.StringVar(&f.Code, "code", "", "`CODE` of the error under --status")
	fs.StringVar(&f.Message, "message", "", "`TEXT` of the error under --status")
	fs.StringVar(&retryAfter, "retry-after", "", "`DURATION` that the answer under --status asks to wait")
	fs.StringVar(&latency, "latency", "", "`DURATION` that the request waits for")
	fs.StringVar(&f.Reset, "reset", "", "break the connection: `WHEN` is before or after the request is served")
	fs.StringVar(&f.Body, "body", "", "spoil the answer: `HOW` is truncated, malformed, html or empty")
	fs.StringVar(&f.Operation, "operation", "", "`FATE` of the operation that begins: never-ending, lost or failed")
	fs.BoolVar(&f.ExpiredToken, "expired-token", false, "answer that the token has expired")
	choice(fs, "reset", "before", "after")
	choice(fs, "body", "truncated", "malformed", "html", "empty")
	choice(fs, "operation", "never-ending", "lost", "failed")
	required(c, "match")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		for _, given := range []struct {
			flag, text string
			to         *string
		}{{"--latency", latency, &f.Latency}, {"--retry-after", retryAfter, &f.RetryAfter}} {
			if given.text == "" {
				continue
			}
			d, err := config.ParseDuration(given.text)
			if err != nil {
				return render.Result{}, exit.Usagef("%s %w", given.flag, err)
			}
			*given.to = d.String()
		}
		return faultList(a.Emulator.Drive(ctx, "POST", "faults", f))
	})
}

func newEmulatorFaultList() *command {
	c := &cobra.Command{
		Use: "list",
		Long: `List the faults of the emulator in the order in which they strike, and how many
requests each has met.`,
		Example: `  computetarget emulator fault list
  computetarget emulator fault list -o json`,
		Args: noNames,
	}
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		return faultList(a.Emulator.Drive(ctx, "GET", "faults", nil))
	})
}

func newEmulatorFaultClear() *command {
	c := &cobra.Command{
		Use:     "clear",
		Long:    `Remove all faults of the emulator. What they have done so far stays.`,
		Example: `  computetarget emulator fault clear`,
		Args:    noNames,
	}
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		return faultList(a.Emulator.Drive(ctx, "DELETE", "faults", nil))
	})
}

// faultList renders faults.
func faultList(answer json.RawMessage, err error) (render.Result, error) {
	if err != nil {
		return render.Result{}, err
	}
	var list []emulator.Fault
	if err := json.Unmarshal(answer, &list); err != nil {
		return render.Result{}, notUnderstood(err)
	}
	return render.Result{Data: answer, People: func(p *render.Page) {
		if len(list) == 0 {
			p.Aside("No faults")
		}
		for _, f := range list {
			times := "every time"
			if f.Times > 0 {
				times = fmt.Sprintf("%d of %d times", f.Struck, f.Times)
			}
			p.Line("%s  %s: %s, %s", f.ID, f.Match, faultWords(f), times)
		}
	}}, nil
}

// faultWords says what a fault does.
func faultWords(f emulator.Fault) string {
	var words []string
	if f.Latency != "" {
		words = append(words, "waits "+f.Latency)
	}
	switch {
	case f.Status != 0:
		words = append(words, fmt.Sprintf("status %d", f.Status))
	case f.Reset != "":
		words = append(words, "connection broken "+f.Reset+" it is served")
	case f.Body != "":
		words = append(words, "body "+f.Body)
	case f.Operation != "":
		words = append(words, "operation "+f.Operation)
	case f.ExpiredToken:
		words = append(words, "token expired")
	}
	return strings.Join(words, ", ")
}
