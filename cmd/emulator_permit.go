package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
)

func newEmulatorPermit() *command {
	var denied []string
	c := &cobra.Command{
		Use: "permit WHO [ACTION…]",
		Long: `Let somebody do only these actions in the emulator, besides what their role
assignments allow. WHO is an object id, the address of one of the emulator's
people, or me. In an action, * matches any text; workspaces/… and locations/… are
actions of Microsoft.MachineLearningServices. Without actions, everything is
refused. The last permit applies. Identities without a permit or a role may do
everything.

To close the directory to somebody, deny Microsoft.Graph/users/read.`,
		Example: `  computetarget emulator permit me 'workspaces/*/read' workspaces/computes/start/action
  computetarget emulator permit ada@contoso.com '*' --deny workspaces/computes/delete
  computetarget emulator permit me '*'`,
	}
	c.Flags().StringArrayVar(&denied, "deny", nil, "`ACTION` to refuse (repeatable)")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) == 0 {
			return render.Result{}, exit.Usagef("name whom to permit it: an object id, an address or me")
		}
		who := args[0]
		if strings.EqualFold(who, "me") {
			me, err := whoami(ctx, a)
			if err != nil {
				return render.Result{}, err
			}
			who = me
		}
		body := struct {
			Who     string   `json:"who"`
			Actions []string `json:"actions"`
			Denied  []string `json:"denied"`
		}{who, fullActions(args[1:]), fullActions(denied)}
		return emulatorStatus(a.Emulator.Drive(ctx, "POST", "permit", body))
	})
}

// whoami is the caller's object id.
func whoami(ctx context.Context, a *app.App) (string, error) {
	me, err := caller(ctx, a)
	if err == nil && me == "" {
		err = exit.Errorf(exit.Auth, "the access token does not say who you are; give your object id")
	}
	return me, err
}

// fullActions puts the provider before the actions that lack it.
func fullActions(actions []string) []string {
	out := make([]string, 0, len(actions))
	for _, action := range actions {
		lower := strings.ToLower(action)
		if strings.HasPrefix(lower, "workspaces/") || strings.HasPrefix(lower, "locations/") {
			action = "Microsoft.MachineLearningServices/" + action
		}
		out = append(out, action)
	}
	return out
}
