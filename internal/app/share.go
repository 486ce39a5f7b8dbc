package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/share"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Share returns the file share of a client's workspace: the same one for the same
// workspace, since finding it takes requests. A loopback endpoint is asked where
// its storage is; nothing else is sent before the share is used.
func (c *Connector) Share(ctx context.Context, client *compute.Client) (*share.Share, error) {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	of := strings.ToLower(client.Workspace().ID())
	if s := c.shares[of]; s != nil {
		return s, nil
	}
	base, err := c.connection()
	if err != nil {
		return nil, err
	}
	services, err := c.Services(ctx)
	if err != nil {
		return nil, err
	}
	o := share.Options{Client: client, Storage: services.Storage, Transport: base.Transport, OnWrite: c.session.Wrote}
	if base.mode != azure.ModeToken { // whose token is for the Resource Manager only
		if o.Credential, err = c.credential(client.Workspace().Subscription); err != nil {
			return nil, err
		}
	}
	if c.session.DryRun {
		o.DryRun = c.unsent.add
	}
	if c.session.debug {
		o.Log = func(line string) { fmt.Fprintln(c.session.Err, render.Clean(line)) }
	}
	if c.shares == nil {
		c.shares = map[string]*share.Share{}
	}
	c.shares[of] = share.New(o)
	return c.shares[of], nil
}
