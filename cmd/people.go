package cmd

import (
	"cmp"
	"context"
	"strings"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
)

// caller is the object id of who runs the command; "" if the token does not tell.
func caller(ctx context.Context, a *app.App) (string, error) {
	credential, err := a.Credential()
	if err != nil {
		return "", err
	}
	me, err := credential.Describe(ctx)
	return me.ObjectID, err
}

// isFor reports whether an instance is somebody's, or may be: the service admits its
// assignee, or else its creator.
func isFor(c *compute.Compute, id string) bool {
	owner := c.Owner().ID
	return owner == "" || id == "" || strings.EqualFold(owner, id)
}

// madeBy reports whether somebody created an instance.
func madeBy(c *compute.Compute, id string) bool {
	return c.Instance.CreatedBy != nil && strings.EqualFold(c.Instance.CreatedBy.UserID, id)
}

// stepsOf are what the person an instance was made for has to do once: nobody else
// can.
func stepsOf(owner *compute.AssignedUser, created compute.Outcome) []string {
	if owner == nil {
		return nil
	}
	why := "if single sign-on is off (computetarget show " + created.Name + " tells)"
	if c := created.Compute; c != nil && c.Instance != nil && c.Instance.EnableSSO != nil && !*c.Instance.EnableSSO {
		why = "because single sign-on is off"
	}
	return []string{
		cmp.Or(owner.Name, owner.ObjectID) + " has two steps to do, once it is running and signed in as themselves:",
		"  1. computetarget open " + created.Name + ", and accept the question whether to trust the instance",
		"  2. computetarget enable-sso " + created.Name + ", " + why,
	}
}

// person is whom an instance is for: somebody to find in the directory, or v1's two
// ids.
type person struct{ who, id, tenant string }

// provisional stands for the person in checks that come before the directory.
func (p person) provisional() *compute.AssignedUser {
	switch {
	case p == (person{}):
		return nil
	case p.who == "":
		return &compute.AssignedUser{ObjectID: p.id, TenantID: p.tenant}
	}
	return &compute.AssignedUser{ObjectID: p.who, TenantID: cmp.Or(p.tenant, "the caller's")}
}

// assigned is the person as the service takes them.
func (p person) assigned(ctx context.Context, a *app.App) (*compute.AssignedUser, error) {
	switch {
	case p.who == "":
		return p.provisional(), nil
	case p.id != "":
		return nil, exit.Usagef("give either --assign-to or --user-object-id")
	}
	found, err := a.Person(ctx, p.who)
	if err != nil {
		return nil, err
	}
	if found.Enabled != nil && !*found.Enabled {
		a.Note("the account of %s is disabled: nobody can open the instance until it is enabled", found.Label())
	}
	if p.tenant == "" {
		if p.tenant, err = a.Tenant(ctx); err != nil {
			return nil, err
		}
	}
	return &compute.AssignedUser{ObjectID: found.ID, TenantID: p.tenant, Name: found.Label()}, nil
}
