package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newDelete() *command {
	c := &cobra.Command{
		Use: "delete NAME…",
		Long: `Delete computes and everything on their disks, and wait until they are gone. To
remove an attached compute from the workspace, use detach.

On a terminal you see names, owners and states and are asked to confirm, even if
the names come from a pipe. To delete several, type their number. --yes skips
the question. In CI, or where nobody can be asked, more than one name from stdin
requires --yes.`,
		Example: `  computetarget delete dev
  computetarget delete dev gpu --yes
  computetarget list --state stopped --older-than 90d -o name | computetarget delete -
  computetarget delete dev --no-wait`,
	}
	names := namesFlag(c)
	wait := waitingFlags(c)
	notV1(c.Flags(), "no-wait")
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		if err := ofKind(ctx, a, asked); err != nil {
			return render.Result{}, err
		}
		if err := confirmDelete(ctx, a, asked, names.piped); err != nil {
			return render.Result{}, err
		}
		return wait.act(ctx, a, asked, (*compute.Client).Delete)
	})
}

// confirmDelete shows what would be deleted and asks on a terminal. Where
// nobody can be asked, names on the command line count as confirmed, but
// several names from a pipe need --yes.
func confirmDelete(ctx context.Context, a *app.App, asked []target, piped int) error {
	if a.Yes || a.DryRun || len(asked) == 0 {
		return nil
	}
	if !a.CanAsk() {
		if piped < 2 {
			return nil
		}
		return &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("nothing was deleted: %d names came from stdin, and there is no terminal to confirm on", piped),
			Tip: "use --yes to delete them all; --dry-run shows them"}
	}
	found, err := getEach(ctx, a, asked)
	if err != nil {
		return err
	}
	there, _ := split(found)
	a.Introduce(ctx, there...)
	var what []string
	var absent error
	where := map[string]bool{}
	wrong := make([]error, len(found))
	for i, o := range found {
		switch {
		case compute.IsNotFound(o.Err):
			absent = o.Err
		case o.Err != nil:
			return o.Err
		default:
			wrong[i] = compute.VerbDelete.Check(o.Compute)
			what = append(what, render.Clean(fmt.Sprintf("%s (%s, %s)", asked[i].label(), orNone(view.Owner(o.Compute)), orNone(o.Compute.State()))))
			where[o.Workspace.Name] = true
		}
	}
	if len(what) == 0 {
		return absent
	}
	if err := refused(asked, wrong); err != nil {
		return err
	}
	of := ""
	if len(where) == 1 {
		of = " in workspace " + slices.Collect(maps.Keys(where))[0]
	}
	ok := false
	if len(what) == 1 {
		ok, err = a.Confirm(ctx, fmt.Sprintf("Delete %s%s, with everything on the disk?", what[0], of))
	} else {
		const most = 50
		shown := what[:min(most, len(what))]
		question := "  " + strings.Join(shown, "\n  ") + "\n"
		if more := len(what) - len(shown); more > 0 {
			question += fmt.Sprintf("  and %d more\n", more)
		}
		question += fmt.Sprintf("Delete these %d computes%s, with everything on their disks?", len(what), of)
		ok, err = a.ConfirmNumber(ctx, question, len(what))
	}
	if err == nil && !ok {
		return exit.Errorf(exit.Failed, "nothing was deleted")
	}
	return err
}
