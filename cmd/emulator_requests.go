package cmd

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/emulator"
)

func newEmulatorRequests() *command {
	c := &cobra.Command{
		Use: "requests",
		Long: `List the requests that the emulator has answered since its last reset: method,
path, query, body without secrets, status, and the emulator's time. Status 0
means that a fault broke the connection.`,
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
