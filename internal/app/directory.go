package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/people"
	"github.com/computetarget/computetarget/internal/recall"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Graph returns a client of Microsoft Graph, the directory of people.
func (c *Connector) Graph(ctx context.Context) (*compute.Client, error) {
	base, err := c.connection()
	if err != nil {
		return nil, err
	}
	if base.mode == azure.ModeToken {
		return nil, exit.Errorf(exit.Auth, "--auth-mode token has a token for the Resource Manager only, not for the directory")
	}
	services, err := c.Services(ctx)
	if err != nil {
		return nil, err
	}
	if services.Graph == "" {
		return nil, exit.Errorf(exit.Auth, "the address of Microsoft Graph is not known for this cloud or endpoint")
	}
	credential, err := c.Credential()
	if err != nil {
		return nil, err
	}
	options := base.Options
	options.Endpoint, options.Audience, options.TokenHosts, options.Credential = services.Graph, services.Graph, nil, credential
	return compute.New(compute.Workspace{}, options)
}

// Services returns the cloud's services beside its Resource Manager. A loopback
// endpoint is asked for its own.
func (c *Connector) Services(ctx context.Context) (azure.Services, error) {
	base, err := c.connection()
	if err != nil || !base.target.Loopback {
		return base.services(), err
	}
	if c.services != nil {
		return *c.services, nil
	}
	arm, err := c.Connect(compute.Workspace{})
	if err != nil {
		return azure.Services{}, err
	}
	var body json.RawMessage
	if err := arm.Fetch(ctx, "metadata/endpoints", url.Values{"api-version": {"2022-09-01"}}, &body); err != nil {
		return azure.Services{}, fmt.Errorf("the services of the endpoint are not known: %w", err)
	}
	metadata := make([]azure.Metadata, 1)
	if json.Unmarshal(body, &metadata[0]) != nil && (json.Unmarshal(body, &metadata) != nil || len(metadata) == 0) {
		return azure.Services{}, exit.Errorf(exit.Failed, "the endpoint's answer at /metadata/endpoints does not tell its services")
	}
	services, err := metadata[0].At(base.target.Cloud.Endpoint)
	if err != nil {
		return azure.Services{}, err
	}
	c.services = &services
	return services, nil
}

func (b *base) services() azure.Services {
	if b == nil {
		return azure.Services{}
	}
	return b.target.Cloud.Services
}

// Person finds the one person that an e-mail address, a sign-in name or an
// object id means. An object id is taken as it is, without a request.
func (a *App) Person(ctx context.Context, who string) (people.Person, error) {
	who = strings.TrimSpace(who) // as pasted
	switch {
	case config.IsGUID(who) && strings.Trim(who, "0-") == "":
		return people.Person{}, exit.Usagef("%s is the object id of nobody", who)
	case config.IsGUID(who):
		return people.Person{ID: who}, nil
	case who == "":
		return people.Person{}, exit.Usagef("the e-mail address or object id is empty")
	case !isAddress(who):
		return people.Person{}, exit.Usagef("%q is neither an e-mail address nor an object id", who)
	}
	graph, err := a.Graph(ctx)
	var found []people.Person
	if err == nil {
		found, err = people.Find(ctx, graph, who)
	}
	switch {
	case err != nil:
		return people.Person{}, unreadable(who, err)
	case len(found) == 0:
		return people.Person{}, &exit.Error{Exit: exit.NotFound, Text: "nobody in the directory has the address " + who,
			Tip: "guests are found by the address they were invited with; somebody added a minute ago may not be found yet"}
	case len(found) > 1:
		var each []string
		for _, p := range found {
			each = append(each, strings.Join(strings.Fields(p.ID+" "+p.Name+" "+p.SignIn), " "))
		}
		return people.Person{}, &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("%s means %d people: %s", who, len(found), strings.Join(each, "; ")),
			Tip: "give the object id of the one you mean"}
	}
	a.Names.sawPeople(found)
	return found[0], nil
}

// isAddress reports whether text may be an e-mail address or a sign-in name.
func isAddress(text string) bool {
	return strings.Contains(strings.Trim(text, "@"), "@") && !strings.ContainsAny(text, " \t\r\n<>,;\"/\\?")
}

// Tenant is the directory that the caller signed in to. People in it, guests
// included, have their object ids there.
func (a *App) Tenant(ctx context.Context) (string, error) {
	credential, err := a.Credential()
	if err != nil {
		return "", err
	}
	me, err := credential.Describe(ctx)
	if err == nil && me.Tenant == "" {
		err = exit.Usagef("the access token does not tell the tenant; give it with --user-tenant-id")
	}
	return me.Tenant, err
}

// unreadable is the error of a directory that did not answer: what forbids it is
// a question of rights, and an object id does without.
func unreadable(who string, err error) error {
	out := &exit.Error{Text: "the directory cannot be asked for " + who + ": " + err.Error(), Err: err,
		Tip: "give the object id instead, which needs no directory: az ad user show --id " + quote(who) + " --query id -o tsv"}
	switch compute.KindOf(err) {
	case compute.KindAuth:
		out.Exit = exit.Auth
		out.Tip += "; reading the directory takes the right User.ReadBasic.All"
	case compute.KindUnreachable, compute.KindInvalid: // it is our question that was not taken
		out.Exit = exit.Failed
	}
	return out
}

// Expect signs in to the directory beside what a command asks first, if owners
// without a name are remembered: az takes a second for that, which is as long as
// Introduce waits. It ends with the function that it returns.
func (a *App) Expect(ctx context.Context) (end context.CancelFunc) {
	ctx, end = context.WithCancel(ctx)
	base, err := a.connection()
	if err != nil || base.target.Loopback || !a.showsOwners() || !a.Names.expectPeople() {
		return end
	}
	graph, err := a.Graph(ctx)
	if err != nil {
		return end
	}
	credential, err := a.Credential()
	if err != nil {
		return end
	}
	time.AfterFunc(10*time.Millisecond, func() { // the command's own token comes first
		if _, err := credential.Describe(ctx); err == nil {
			_ = graph.SignIn(ctx) // Introduce tells
		}
	})
	return end
}

// expectPeople reports whether the directory will be asked for a name.
func (n *Names) expectPeople() bool {
	file, ok := n.remembered(recall.Owners)
	if !ok || n.isSilent(file) {
		return false
	}
	known := n.known()
	return slices.ContainsFunc(file.Get(recall.Owners).Names, func(owner recall.Name) bool {
		_, seen := known[strings.ToLower(owner.Text)]
		return owner.About == "" && !seen
	})
}

// Introduce gives names to the owners of computes of whom the service tells an id
// only: people instances were created for. The directory is asked for those not
// remembered, if it answers within a second; the others keep their ids. It does
// nothing for output without owners.
func (a *App) Introduce(ctx context.Context, computes ...*compute.Compute) {
	if a.showsOwners() {
		a.Names.introduce(computes, func(ids map[string]bool) map[string]string { return a.Names.people(ctx, ids) })
	}
}

// showsOwners reports whether the output may have owners in it.
func (a *App) showsOwners() bool {
	return !a.Full && !slices.Contains([]render.Format{render.Name, render.ID, render.None}, a.output.Format)
}

// Recollect is Introduce without the directory: it gives the names that are
// remembered.
func (a *App) Recollect(computes ...*compute.Compute) {
	a.Names.introduce(computes, func(map[string]bool) map[string]string { return a.Names.known() })
}

// introduce may be called for several workspaces at once.
func (n *Names) introduce(computes []*compute.Compute, names func(ids map[string]bool) map[string]string) {
	nameless := map[string]bool{}
	for _, c := range computes {
		if owner := c.Owner(); owner.Name == "" && config.IsGUID(owner.ID) {
			nameless[strings.ToLower(owner.ID)] = true
		}
	}
	if len(nameless) == 0 {
		return
	}
	n.introducing.Lock()
	defer n.introducing.Unlock()
	known := names(nameless)
	for _, c := range computes {
		if owner := c.Owner(); owner.Name == "" {
			c.NameAssignee(known[strings.ToLower(owner.ID)])
		}
	}
}

// Recognize is Introduce for computes of which those of one person are looked for.
// The ids, in lower case, are of the people that an e-mail address or a sign-in name
// means; nil if no compute may be theirs under another name. All of it takes a
// second at most. The error says what the directory did not tell.
func (a *App) Recognize(ctx context.Context, who string, computes []*compute.Compute) (ids map[string]bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, completionPatience)
	defer cancel()
	a.Recollect(computes...)
	a.Introduce(ctx, computes...)
	another := func(c *compute.Compute) bool {
		owner := c.Owner()
		return owner.ID != "" && !strings.EqualFold(owner.Name, who)
	}
	if isAddress(who) && slices.ContainsFunc(computes, another) {
		ids = map[string]bool{}
		var found []people.Person
		found, err = soon(ctx, func(ctx context.Context) ([]people.Person, error) {
			graph, err := a.Graph(ctx)
			if err != nil {
				return nil, err
			}
			return people.Find(ctx, graph, who)
		})
		if err != nil {
			a.Names.silent(ctx)
		}
		for _, p := range found {
			ids[strings.ToLower(p.ID)] = true
		}
		a.Names.sawPeople(found)
	}
	return ids, err
}

const peopleFresh = time.Hour

// people returns the names of people by their ids in lower case. Those whom the
// directory does not name are remembered, too, so that it is not asked each time,
// and for a minute that it did not answer.
func (n *Names) people(ctx context.Context, ids map[string]bool) map[string]string {
	known := n.known()
	var unknown []string
	for id := range ids {
		if _, seen := known[id]; !seen {
			unknown = append(unknown, id)
		}
	}
	if file, _ := n.remembered(recall.Directory); len(unknown) == 0 || n.isSilent(file) {
		return known
	}
	slices.Sort(unknown)
	ctx, cancel := context.WithTimeout(ctx, completionPatience)
	defer cancel()
	var names []recall.Name
	for some := range slices.Chunk(unknown, people.Most) {
		found, err := soon(ctx, func(ctx context.Context) (map[string]people.Person, error) {
			graph, err := n.connector.Graph(ctx)
			if err != nil {
				return nil, err
			}
			return people.Named(ctx, graph, some)
		})
		if err != nil {
			if len(names) == 0 {
				n.silent(ctx)
			}
			break // those of the others are for the next time
		}
		for _, id := range some {
			name := ""
			if p, ok := found[id]; ok {
				name = p.Label()
			}
			known[id] = name
			names = append(names, recall.Name{Text: id, About: name})
		}
	}
	n.meet(names)
	return known
}

// known are the names that are remembered, by ids in lower case.
func (n *Names) known() map[string]string {
	known := map[string]string{}
	file, _ := n.remembered(recall.People)
	for _, p := range met(file) {
		if p.About != "" || !n.session.Rehearsal() { // an emulator's directory changes by a command
			known[p.Text] = p.About
		}
	}
	return known
}

// People are the names of those who were met, in order.
func (n *Names) People() []string {
	var out []string
	for _, name := range n.known() {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// silent remembers that the directory did not answer, unless the command was ended.
func (n *Names) silent(ctx context.Context) {
	if file, ok := n.remembered(recall.Directory); ok && !errors.Is(ctx.Err(), context.Canceled) && !n.session.Rehearsal() {
		_ = file.Put(recall.Directory, recall.List{Seen: time.Now()}) // as in saw
	}
}

// isSilent reports whether the directory did not answer lately.
func (n *Names) isSilent(file recall.File) bool {
	silent := time.Since(file.Get(recall.Directory).Seen)
	return silent >= 0 && silent < retryAfter
}

// met are the people that a file remembers, none if that was too long ago.
func met(file recall.File) []recall.Name {
	list := file.Get(recall.People)
	if age := time.Since(list.Seen); age < 0 || age >= peopleFresh {
		return nil
	}
	return list.Names
}

// meet remembers people.
func (n *Names) meet(seen []recall.Name) {
	file, ok := n.remembered(recall.People)
	if !ok || len(seen) == 0 {
		return
	}
	list := file.Get(recall.People)
	if len(met(file)) == 0 {
		list = recall.List{Seen: time.Now()}
	}
	anew := map[string]bool{}
	for _, p := range seen {
		anew[p.Text] = true
	}
	list.Names = append(slices.DeleteFunc(list.Names, func(p recall.Name) bool { return anew[p.Text] }), seen...)
	_ = file.Put(recall.People, list) // as in saw
}

func (n *Names) sawPeople(found []people.Person) {
	var names []recall.Name
	for _, p := range found {
		names = append(names, recall.Name{Text: strings.ToLower(p.ID), About: p.Label()})
	}
	n.meet(names)
}
