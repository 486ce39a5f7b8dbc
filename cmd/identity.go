package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newIdentityShow() *command {
	c := &cobra.Command{
		Use:     "show -n NAME",
		Long:    `Show the managed identities of a cluster.`,
		Example: `  computetarget amlcompute identity show -n cpu`,
	}
	names := nameFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		have, _, err := names.read(ctx, a, args)
		if err == nil {
			err = mustBeCluster(have)
		}
		return identityResult(a, have), err
	})
}

func newIdentityAssign() *command {
	c := &cobra.Command{
		Use: "assign -n NAME --identities IDENTITIES",
		Long: `Assign identities to a cluster: [system], or ARM ids separated by commas.
Existing identities stay.`,
		Example: `  computetarget amlcompute identity assign -n cpu --identities '[system]'`,
	}
	return identityChange(c, func(have []string, asked []string) []string {
		for _, id := range asked {
			if !containsFold(have, id) {
				have = append(have, id)
			}
		}
		return have
	})
}

func newIdentityRemove() *command {
	c := &cobra.Command{
		Use:     "remove -n NAME --identities IDENTITIES",
		Long:    `Remove identities from a cluster: [system], or ARM ids separated by commas.`,
		Example: `  computetarget amlcompute identity remove -n cpu --identities '[system]'`,
	}
	return identityChange(c, func(have []string, asked []string) []string {
		return slices.DeleteFunc(have, func(id string) bool { return containsFold(asked, id) })
	})
}

// identityChange reads the identities, changes the set, and sends it if it
// differs.
func identityChange(c *cobra.Command, change func(have, asked []string) []string) *command {
	names := nameFlag(c)
	given := c.Flags().StringArray("identities", nil, "`IDENTITIES`: [system], or ARM ids separated by commas")
	markV1(c.Flags(), "identities")
	severalValues(c.Flags(), "identities")
	wait := &waiting{}
	changeFlags(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		// The name is a flag or the first argument; identities follow.
		if len(names.flag) == 0 && len(args) > 0 {
			names.flag, args = args[:1], args[1:]
		}
		if err := names.misreadIn(nil, args); err != nil {
			return render.Result{}, err
		}
		asked := splitIdentities(append(slices.Clone(*given), args...))
		if len(asked) == 0 {
			return render.Result{}, exit.Usagef("the following arguments are required: --identities")
		}
		have, client, err := names.read(ctx, a, nil)
		if err == nil {
			err = mustBeCluster(have)
		}
		if err != nil {
			return render.Result{}, err
		}
		before := identitiesOf(have)
		after := change(slices.Clone(before), asked)
		if slices.Equal(before, after) {
			a.Note("%s: nothing to change", have.Name)
			return identityResult(a, have), nil
		}
		want, err := parseIdentities(after)
		if err != nil {
			return render.Result{}, err
		}
		r, err := wait.actOn(ctx, a, have.Name, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
			return client.UpdateIdentity(ctx, have.Name, *want, o)
		})
		if err != nil || r.Err != nil || a.DryRun {
			return r, err
		}
		name := have.Name
		if have, err = client.Get(ctx, name); err != nil {
			return render.Result{}, &exit.Error{Text: fmt.Sprintf("the identities of %s were changed, but could not be read back: %v", name, err), Err: err,
				Tip: "to wait again: " + a.Resume([]string{name}, compute.GoalSettled)}
		}
		return identityResult(a, have), nil
	})
}

func identityResult(a *app.App, c *compute.Compute) render.Result {
	r := render.Result{Data: view.IdentityObject(c, detail(a, false))}
	if c != nil {
		r.Names, r.IDs = []string{c.Name}, []string{c.ID}
	}
	return r
}

// mustBeCluster refuses a compute that is not a cluster.
func mustBeCluster(c *compute.Compute) error {
	switch {
	case c.Cluster == nil && strings.EqualFold(c.ComputeType, compute.TypeCluster):
		return &exit.Error{Text: fmt.Sprintf("the service does not tell the settings of %s yet (%s); try again later", c.Name, c.State()), Exit: exit.TryLater}
	case c.Cluster == nil:
		return exit.Usagef("%s is of type %s, not a cluster", c.Name, c.ComputeType)
	}
	return nil
}

const systemIdentity = "[system]"

// identitiesOf returns the identities of a compute, as --identities takes them.
func identitiesOf(c *compute.Compute) []string {
	var out []string
	if c.Identity == nil {
		return nil
	}
	if strings.Contains(strings.ToLower(c.Identity.Type), "systemassigned") {
		out = append(out, systemIdentity)
	}
	ids := make([]string, 0, len(c.Identity.UserAssigned))
	for id := range c.Identity.UserAssigned {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return append(out, ids...)
}

// splitIdentities splits values at commas and blanks.
func splitIdentities(values []string) []string {
	return strings.FieldsFunc(strings.Join(values, ","), func(r rune) bool { return r == ',' || r == ' ' })
}

// parseIdentities turns [system] and ARM ids into a request; an empty list
// requests no identity.
func parseIdentities(values []string) (*compute.IdentitySpec, error) {
	spec := &compute.IdentitySpec{}
	for _, id := range splitIdentities(values) {
		switch {
		case strings.EqualFold(id, systemIdentity):
			spec.System = true
		case strings.HasPrefix(strings.ToLower(id), "/subscriptions/"):
			spec.User = append(spec.User, id)
		default:
			return nil, exit.Usagef("%q is neither [system] nor the ARM id of an identity", id)
		}
	}
	return spec, nil
}

// identities are those that a compute is to have: v1's list, or v2's type and list.
type identities struct{ all, kind, user string }

// identityFlags adds v2's flags.
func identityFlags(f *pflag.FlagSet) *identities {
	i := &identities{}
	f.StringVar(&i.kind, "identity-type", "", "`TYPE` of identity: SystemAssigned, UserAssigned, both with a comma, or None")
	f.StringVar(&i.user, "user-assigned-identities", "", "ARM `IDS` of user-assigned identities, separated by commas")
	return i
}

// assignFlag adds v1's --assign-identity.
func (i *identities) assignFlag(f *pflag.FlagSet) {
	f.StringVar(&i.all, "assign-identity", "", "`IDENTITIES`: [system], or ARM ids separated by commas")
}

// spec is the identity asked for, nil for none. Without a type, ids ask for
// user-assigned identities, and [system] in the list for the system's, as v2's help
// says.
func (i *identities) spec() (*compute.IdentitySpec, error) {
	switch {
	case i.all != "" && i.kind+i.user != "":
		return nil, exit.Usagef("give either --assign-identity or --identity-type and --user-assigned-identities")
	case i.all != "":
		return parseIdentities([]string{i.all})
	case i.kind+i.user == "":
		return nil, nil
	}
	spec, err := parseIdentities([]string{i.user})
	if err != nil {
		return nil, exit.Usagef("--user-assigned-identities: %w", err)
	}
	user := false
	for part := range strings.SplitSeq(i.kind, ",") {
		switch strings.ToLower(strings.NewReplacer("_", "", " ", "").Replace(part)) {
		case "":
			if i.kind != "" {
				return nil, exit.Usagef("--identity-type: %q has an empty part", i.kind)
			}
		case "systemassigned":
			spec.System = true
		case "userassigned":
			user = true
		case "none":
			if i.user != "" || strings.Contains(i.kind, ",") {
				return nil, exit.Usagef("--identity-type None goes with no identities")
			}
		default:
			return nil, exit.Usagef("--identity-type: %q is not one of SystemAssigned, UserAssigned and None", part)
		}
	}
	if user && len(spec.User) == 0 {
		return nil, exit.Usagef("--identity-type UserAssigned needs the ARM ids of identities: --user-assigned-identities ID,ID")
	}
	return spec, nil
}
