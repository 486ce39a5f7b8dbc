package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/emulator"
)

func newEmulatorStatus() *command {
	c := &cobra.Command{
		Use: "status",
		Long: `Show the emulator's time, pace, number of computes by state, and next scheduled
event.

It queries the emulator at --endpoint if set, else the one on this machine.`,
		Example: `  computetarget emulator status
  computetarget emulator status -o json`,
		Args: noNames,
	}
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		return emulatorStatus(a.Emulator.Drive(ctx, "GET", "status", nil))
	})
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
	c := &cobra.Command{
		Use:  "reset",
		Long: `Delete everything in the emulator and set its clock to the present.`,
		Example: `  computetarget emulator reset
  computetarget emulator reset --endpoint http://127.0.0.1:8443`,
		Args: noNames,
	}
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		return emulatorStatus(a.Emulator.Drive(ctx, "POST", "reset", nil))
	})
}

func emulatorStatus(answer json.RawMessage, err error) (render.Result, error) {
	if err != nil {
		return render.Result{}, err
	}
	var st emulator.Status
	if err := json.Unmarshal(answer, &st); err != nil {
		return render.Result{}, exit.Errorf(exit.Failed, "the emulator's answer cannot be read: %w", err)
	}
	return render.Result{
		Data: answer,
		People: func(p *render.Page) {
			line := fmt.Sprintf("It is %s in the emulator, pace %s: %d computes, %d busy",
				st.Now.Format(time.RFC1123), st.Pace, st.Computes, st.Busy)
			if st.Next != nil {
				line += ", next event " + render.When(*st.Next, st.Now)
			}
			p.Line("%s", line)
		},
	}, nil
}

func notUnderstood(err error) error {
	return exit.Errorf(exit.Failed, "the emulator's answer cannot be read: %w", err)
}
