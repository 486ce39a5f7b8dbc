package cmd

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
)

func newEmulatorLoad() *command {
	c := &cobra.Command{
		Use: "load FILE",
		Long: `Load computes into the emulator from the output of "list --raw -o json", to
rehearse on a copy of production. Existing computes are replaced; missing
workspaces are created. - reads stdin.`,
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
		if errors.As(err, &refused) && refused.Exit == exit.Usage {
			refused.Tip = "use the output of list --raw -o json"
		}
		return emulatorStatus(answer, err)
	})
}
