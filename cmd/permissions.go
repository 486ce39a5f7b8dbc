package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/permissions"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newPermissions() *command {
	c := &cobra.Command{
		Use: "permissions",
		Long: `Show which of the actions that work with compute instances takes you may do in
the workspace, and the built-in role that grants what is missing. --role limits
the list to one task: creator (makes instances), operator (runs them) or assignee
(uses an instance that was made for them). Exits with code 7 if an action is
missing.

--user shows the rights of somebody else, from the roles assigned to them and to
their groups. Reading those takes the right to read role assignments. What a
condition limits, or a role that cannot be read may give, is "unknown".

Locks, policies and deny assignments can still forbid what is allowed here. A role
on the workspace or its group does not reach actions of the subscription, such as
locations/usages/read; "unknown" stands where Azure does not say.`,
		Example: `  computetarget permissions
  computetarget permissions --role operator -o table
  computetarget permissions --role assignee --user ada@contoso.com`,
		Args: noNames,
	}
	task := taskFlag(c)
	user := c.Flags().String("user", "", "the rights of `WHO`: an e-mail address or an object id")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		client, err := a.Client()
		if err != nil {
			return render.Result{}, err
		}
		var rights rights
		if c.Flags().Changed("user") {
			rights, err = rightsOf(ctx, a, client, *user)
		} else {
			rights, err = ownRights(ctx, a, client)
		}
		if err != nil {
			return render.Result{}, err
		}
		return rights.judged(permissions.Needed(*task), a.Where()), nil
	})
}

func newPermissionsRole() *command {
	c := &cobra.Command{
		Use: "role",
		Long: `Print the definition of a custom role with exactly the actions of a task, as az
role definition create --role-definition @role.json reads it. It can be assigned in the chosen subscription, to
the workspace or to a group. Actions of the subscription, such as
locations/usages/read, take an assignment there. Azure's list of operations lacks
enableSso/action; if a role with it is refused, leave it out.`,
		Example: `  computetarget permissions role --role operator > role.json`,
		Args:    noNames,
	}
	task := taskFlag(c)
	required(c, "role")
	return run(c, func(_ context.Context, a *app.App, _ []string) (render.Result, error) {
		subscription, err := a.Settings.Subscription()
		if err != nil {
			return render.Result{}, err
		}
		if subscription.Text == "" {
			return render.Result{}, exit.Usagef("no subscription is chosen, and a role is assigned in one: give --subscription-id")
		}
		return render.Result{Data: permissions.Definition(*task, "/subscriptions/"+subscription.Text), Body: true}, nil
	})
}

func taskFlag(c *cobra.Command) *string {
	task := c.Flags().String("role", "", "`TASK`: creator, operator or assignee")
	choice(c.Flags(), "role", permissions.Tasks()...)
	return task
}

// rights are what somebody may do in a workspace.
type rights struct {
	who       string
	workspace func(action string) permissions.Verdict
	beyond    func(action string) permissions.Verdict // of the subscription
}

// ownRights are the caller's. Azure tells them for the workspace and its group
// only: what the group does not allow the subscription does not, either.
func ownRights(ctx context.Context, a *app.App, client *compute.Client) (rights, error) {
	r := rights{who: "you"}
	if credential, err := a.Credential(); err == nil {
		if id, err := credential.Describe(ctx); err == nil {
			r.who = strings.Join(strings.Fields(id.Name+" "+id.ObjectID), ", ")
		}
	}
	own, err := client.Permissions(ctx)
	if err != nil {
		return rights{}, err
	}
	r.workspace = func(action string) permissions.Verdict { return permissions.Judge(own, action) }
	group, err := client.GroupPermissions(ctx)
	if err != nil {
		a.Note("rights on the resource group are not known: %v", err)
	}
	r.beyond = func(action string) permissions.Verdict {
		if err != nil {
			return permissions.Unknown
		}
		return min(permissions.Unknown, permissions.Judge(group, action))
	}
	return r, nil
}

// rightsOf are somebody else's, by the roles assigned to them.
func rightsOf(ctx context.Context, a *app.App, client *compute.Client, who string) (rights, error) {
	person, err := a.Person(ctx, who)
	if err != nil {
		return rights{}, err
	}
	assignments, err := client.Assignments(ctx, person.ID)
	if err != nil {
		return rights{}, err
	}
	// What a condition limits, or an unknown role gives, is not known to be allowed.
	type grant struct{ sure, limited []compute.Permission }
	var workspace, above grant
	roles := map[string]*compute.RoleDefinition{}
	for _, given := range assignments {
		key := strings.ToLower(given.Role)
		if roles[key] == nil {
			if roles[key], err = client.Role(ctx, given.Role); err != nil && ctx.Err() != nil {
				return rights{}, err
			} else if err != nil { // it may give anything
				a.Note("the role %s is not known: %v", given.Role, err)
				roles[key] = &compute.RoleDefinition{Permissions: []compute.Permission{{Actions: []string{"*"}}}}
			}
		}
		role := roles[key]
		to := []*grant{&workspace}
		if !strings.Contains(strings.ToLower(given.Scope), "/resourcegroups/") {
			to = append(to, &above)
		}
		for _, g := range to {
			if given.Condition != "" || role.Name == "" {
				g.limited = append(g.limited, role.Permissions...)
			} else {
				g.sure = append(g.sure, role.Permissions...)
			}
		}
	}
	judge := func(g grant) func(string) permissions.Verdict {
		return func(action string) permissions.Verdict {
			return max(permissions.Judge(g.sure, action), min(permissions.Unknown, permissions.Judge(g.limited, action)))
		}
	}
	if !strings.EqualFold(who, person.ID) {
		who = who + ", " + person.ID
	}
	return rights{who: who, workspace: judge(workspace), beyond: judge(above)}, nil
}

// judged is the result: one row for each action, and an error if one is missing.
func (r rights) judged(needed []permissions.Action, where view.Where) render.Result {
	words := map[permissions.Verdict]string{permissions.Missing: "no", permissions.Unknown: "unknown", permissions.Allowed: "yes"}
	data := make([]any, 0, len(needed))
	var rows [][]string
	var missing []string
	unknown := 0
	for _, action := range needed {
		verdict := r.workspace(action.Name)
		if action.InSubscription() {
			verdict = r.beyond(action.Name)
		}
		short := strings.TrimPrefix(action.Name, permissions.Namespace)
		role := permissions.RoleFor(action.Name)
		switch verdict {
		case permissions.Missing:
			missing = append(missing, short)
		case permissions.Unknown:
			unknown++
		}
		data = append(data, map[string]any{"action": action.Name, "allowed": words[verdict], "role": orNull(role), "tasks": action.Tasks})
		rows = append(rows, []string{short, words[verdict], role})
	}
	out := render.Result{Data: data, People: func(p *render.Page) {
		p.Line("%s · %s", where, r.who)
		view.Table(p, []string{"ACTION (" + permissions.Namespace + ")", "ALLOWED", "ROLE THAT HAS IT"}, rows, "") // the actions are cut, not the roles
		p.Aside("%d missing, %d unknown · locks, policies and deny assignments are not looked at", len(missing), unknown)
	}}
	if len(missing) > 0 {
		out.Err = &exit.Error{Exit: exit.Check, Text: "missing: " + strings.Join(missing, ", "),
			Tip: "an owner of the workspace can assign the role; computetarget permissions role prints one with exactly these actions"}
	}
	return out
}
