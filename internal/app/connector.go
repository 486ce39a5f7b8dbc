package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/share"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
)

// emulatorEndpoint is the name the emulator in this process is called by. A
// name below localhost is this machine by definition.
const emulatorEndpoint = "https://emulator.localhost"

// Connector makes clients and says where they act. All of them share one
// transport, and those of one tenant one credential.
type Connector struct {
	session *Session
	host    *Host

	base        *base
	services    *azure.Services              // of a loopback endpoint
	credentials map[string]*azure.Credential // by the account that az uses
	client      *compute.Client              // of the chosen workspace
	others      []*compute.Client            // of workspaces that ids named
	shares      map[string]*share.Share      // by the id of their workspace, in lower case
	sharing     sync.Mutex                   // guards shares
	spread      bool
	unsent      unsent
}

// base is what all clients of a run have in common.
type base struct {
	compute.Options
	target azure.Target
	mode   string // of signing in
}

// Client returns the client of the chosen workspace.
func (c *Connector) Client() (*compute.Client, error) {
	if c.client != nil {
		return c.client, nil
	}
	ref, err := c.session.Settings.Workspace()
	if err != nil {
		if _, cause := c.target(); errors.Is(cause, azure.ErrCloud) {
			return nil, cause // nothing is chosen in a cloud that does not exist
		}
		return nil, err
	}
	if note := ref.Note(); note != "" {
		c.session.Note("%s", note)
	}
	for _, w := range c.session.Settings.Warnings() {
		c.session.Note("%s", w)
	}
	c.client, err = c.Connect(WorkspaceOf(ref))
	return c.client, err
}

// WorkspaceOf is the workspace that settings choose.
func WorkspaceOf(ref config.WorkspaceRef) compute.Workspace {
	return compute.Workspace{Subscription: ref.Subscription.Text, ResourceGroup: ref.ResourceGroup.Text, Name: ref.Name.Text}
}

// Choose makes the workspaces that ids named the ones to act in: a single one
// as flags would.
func (c *Connector) Choose(in ...compute.Workspace) {
	for _, ws := range in {
		if !strings.EqualFold(ws.ID(), in[0].ID()) {
			c.spread = true
			return
		}
	}
	c.session.Settings.Choose(in[0].Subscription, in[0].ResourceGroup, in[0].Name, "the compute's id")
}

// Spread reports whether the command is about computes in several workspaces.
func (c *Connector) Spread() bool { return c.spread }

// ClientOf returns the client of a workspace, and of the chosen one for none.
func (c *Connector) ClientOf(ws compute.Workspace) (*compute.Client, error) {
	if ws == (compute.Workspace{}) {
		return c.Client()
	}
	for _, client := range append([]*compute.Client{c.client}, c.others...) {
		if client != nil && strings.EqualFold(client.Workspace().ID(), ws.ID()) {
			return client, nil
		}
	}
	client, err := c.Connect(ws)
	if err == nil {
		c.others = append(c.others, client)
	}
	return client, err
}

// Now is the service's time as far as it has been told, see compute.Client.Now.
func (c *Connector) Now() time.Time {
	switch {
	case c.client != nil:
		return c.client.Now()
	case len(c.others) > 0:
		return c.others[0].Now()
	}
	return time.Now()
}

// Where is the workspace and where the choice came from.
func (c *Connector) Where() view.Where {
	ref, err := c.session.Settings.Workspace()
	if err != nil {
		return view.Where{}
	}
	return view.Where{Workspace: ref.Name.Text, ResourceGroup: ref.ResourceGroup.Text, Source: ref.Source()}
}

// Connect returns a client of any workspace, or of a subscription when the
// workspace has no name.
func (c *Connector) Connect(ws compute.Workspace) (*compute.Client, error) {
	credential, err := c.credential(ws.Subscription)
	if err != nil {
		return nil, err
	}
	options := c.base.Options
	options.Credential = credential
	return compute.New(ws, options)
}

// Credential is what signs the requests of the chosen workspace.
func (c *Connector) Credential() (*azure.Credential, error) {
	subscription, err := c.session.Settings.Subscription()
	if err != nil {
		return nil, err
	}
	return c.credential(subscription.Text)
}

// credential is what signs requests to a subscription. Subscriptions that az
// signs in to with one account share it, so that its sign-in happens once.
func (c *Connector) credential(subscription string) (*azure.Credential, error) {
	base, err := c.connection()
	if err != nil {
		return nil, err
	}
	account := ""
	if !base.target.Loopback { // which gets one dummy token
		if profile, err := c.session.Settings.AzProfile(); err == nil {
			of, _ := profile.Account(base.target.Cloud.Name, subscription)
			account = of.Tenant + " " + of.User
		}
	}
	if known := c.credentials[account]; known != nil {
		return known, nil
	}
	made := azure.NewCredential(azure.Options{
		Mode:         base.mode,
		Target:       base.target,
		ConfigDir:    c.session.Settings.AzDir(),
		Subscription: subscription,
		Getenv:       c.session.Getenv,
		Transport:    &http.Client{Transport: base.Transport},
	})
	if c.credentials == nil {
		c.credentials = map[string]*azure.Credential{}
	}
	c.credentials[account] = made
	return made, nil
}

// connection says where clients point, how their requests get there, and how
// they are signed.
func (c *Connector) connection() (*base, error) {
	if c.base != nil {
		return c.base, nil
	}
	s := c.session
	o := compute.Options{Application: s.Agent, OnWrite: s.Wrote}
	if s.DryRun {
		o.DryRun = c.unsent.add
	}
	if s.debug {
		o.Log = func(text string) { fmt.Fprintln(s.Err, render.CleanLines(text)) }
	}
	// What is only looked at while waiting, or afterwards, is checked first.
	for _, key := range []string{config.Progress, config.Timeout, config.TimeZone} {
		if _, err := s.Settings.Get(key); err != nil {
			return nil, err
		}
	}
	version, err := s.Settings.Get(config.APIVersion)
	if err != nil {
		return nil, err
	}
	o.APIVersion = version.Text
	chosen, err := s.Settings.Target()
	if err != nil {
		return nil, err
	}
	carry := s.network
	if chosen.Emulator() {
		carry = c.host.transport
	}
	if o.Transport, err = carry(); err != nil {
		return nil, err
	}
	target, err := c.target()
	if err != nil {
		return nil, err
	}
	o.Endpoint, o.Audience, o.TokenHosts = target.Cloud.Endpoint, target.Cloud.Audience, target.Cloud.TokenHosts
	mode, err := s.Settings.Get(config.AuthMode)
	if err != nil {
		return nil, err
	}
	c.base = &base{o, target, mode.Text}
	return c.base, nil
}

// Studio is the base URL of the studio, "" where it is not known. The emulator has
// the public cloud's, whose pages show nothing of it.
func (c *Connector) Studio() (string, error) {
	target, err := c.target()
	if err == nil && c.session.Emulated() {
		target, err = azure.Locate(azure.Public, "", c.session.Settings.AzDir())
	}
	return target.Cloud.Studio, err
}

// target is the cloud or endpoint that requests go to.
func (c *Connector) target() (azure.Target, error) {
	chosen, err := c.session.Settings.Target()
	if err != nil {
		return azure.Target{}, err
	}
	if chosen.Emulator() {
		at, err := azure.Locate("", emulatorEndpoint, c.session.Settings.AzDir())
		at.Cloud.Name = config.EmulatorCloud // what people call it
		return at, err
	}
	at, err := azure.Locate(chosen.Cloud.Text, chosen.Endpoint.Text, c.session.Settings.AzDir())
	if errors.Is(err, azure.ErrCloud) {
		return at, &exit.Error{Err: err, Text: fmt.Sprintf("%v (the cloud is from %s)", err, chosen.Cloud.Source)}
	}
	return at, err
}

// abreast is how many subscriptions are queried at a time.
const abreast = 8

// Workspaces lists the workspaces of the chosen subscription or, when none is
// chosen, of all that the identity can see; with a group, those of the group.
func (a *App) Workspaces(ctx context.Context, group string) ([]compute.WorkspaceInfo, error) {
	chosen, err := a.Settings.Subscription()
	if err != nil {
		return nil, err
	}
	client, err := a.Connect(compute.Workspace{Subscription: chosen.Text})
	if err != nil {
		return nil, err
	}
	if chosen.Set() {
		all, err := client.ListWorkspaces(ctx, group)
		if err == nil && group == "" {
			a.Names.SawWorkspaces(all)
		}
		return all, err
	}
	visible, err := client.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	clients := make([]*compute.Client, len(visible))
	for i, subscription := range visible {
		if clients[i], err = a.Connect(compute.Workspace{Subscription: subscription.ID}); err != nil {
			return nil, err
		}
	}
	found, errs := make([][]compute.WorkspaceInfo, len(clients)), make([]error, len(clients))
	var asking sync.WaitGroup
	turns := make(chan struct{}, abreast)
	for i, client := range clients {
		turns <- struct{}{}
		asking.Go(func() {
			defer func() { <-turns }()
			found[i], errs[i] = client.ListWorkspaces(ctx, group)
		})
	}
	asking.Wait()
	for _, err := range errs {
		if err != nil && !(group != "" && compute.IsNotFound(err)) { // the group is another subscription's
			return nil, err
		}
	}
	return slices.Concat(found...), nil
}
