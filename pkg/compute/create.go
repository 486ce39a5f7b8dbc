package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
)

// IfExists says what Create does if the name is in use in the workspace.
type IfExists string

// What Create may do with an existing compute.
const (
	ExistsMatch IfExists = "match" // accept the same settings, update a cluster, refuse any other
	ExistsUse   IfExists = "use"   // accept any settings
	ExistsFail  IfExists = "fail"  // refuse it
)

// CreateOptions configure Create.
type CreateOptions struct {
	ActOptions
	IfExists IfExists          // defaults to ExistsMatch
	Warn     func(text string) // receives the warnings of Preflight before anything is sent
	// Prepare is called, when set, once all checks passed and the name is free,
	// before the request. If it returns an error, the request is not sent.
	Prepare func(ctx context.Context) error
}

// CheckSpec lists what is wrong with a compute to create. It sends nothing.
func CheckSpec(name string, spec *Spec) []Finding {
	var out []Finding
	wrong := func(field, format string, args ...any) {
		out = append(out, Finding{Kind: KindInvalid, Field: field, Message: fmt.Sprintf(format, args...)})
	}
	if err := validateNew(name, spec.Instance != nil); err != nil {
		out = append(out, Finding{Kind: KindInvalid, Field: "name", Message: err.Error(), Suggestions: []string{ProposeName(name)}})
	}
	if id := spec.ResourceID; id != "" && !isResourceID(id) {
		wrong("resourceId", "%q is not the id of a resource; it looks like /subscriptions/…/resourceGroups/…/providers/…", shorten(id, 100))
	}
	if i := spec.Instance; i != nil {
		if i.SSHPublicAccess != nil && *i.SSHPublicAccess && i.SSHPublicKey == "" && i.AssignedUser == nil {
			wrong("sshPublicKey", "SSH from the internet needs the public key of who may sign in, and none is given")
		}
		if i.SSHPublicKey != "" {
			if err := ValidateSSHKey(i.SSHPublicKey); err != nil {
				wrong("sshPublicKey", "%s", err)
			}
			if i.AssignedUser != nil {
				wrong("sshPublicKey", "an SSH key cannot be set when the instance is for another user; the service says: \"Setting SSH key at creation time is not allowed when compute instance is provisioned on behalf of another user.\" Leave the key out: that person adds one in a terminal of the instance, to ~/.ssh/authorized_keys2")
			}
		}
		if d := i.IdleShutdown; d != 0 && (d < schedule.MinIdle || d > schedule.MaxIdle || d%time.Minute != 0) {
			wrong("idleShutdown", "the idle time before shutdown must be whole minutes from 15 minutes to 3 days, and %s is not", d)
		}
		if n := len(i.Schedules); n > schedule.Max {
			wrong("schedules", "an instance can have %d schedules, and these are %d", schedule.Max, n)
		}
		checkScript(i.CreationScript, "creationScript", wrong)
		checkScript(i.StartupScript, "startupScript", wrong)
		if i.AssignedUser != nil && (i.AssignedUser.ObjectID == "" || i.AssignedUser.TenantID == "") {
			wrong("assignedUser", "an instance for another user needs both the object id and the tenant id of that user")
		}
	}
	if c := spec.Cluster; c != nil {
		switch {
		case c.MinNodes < 0 || c.MaxNodes < 0:
			wrong("scale", "a cluster cannot have fewer than 0 nodes")
		case c.MinNodes > c.MaxNodes:
			wrong("scale", "the fewest nodes (%d) cannot be more than the most nodes (%d)", c.MinNodes, c.MaxNodes)
		}
		if c.IdleScaleDown < 0 {
			wrong("scale", "a node cannot be idle for %s", c.IdleScaleDown)
		}
	}
	return out
}

// CheckNew is CheckSpec, and lists also what is wrong only if there is no compute of
// this name yet: the service does not create an administrator of a cluster without
// a secret, and never tells those that there are.
func CheckNew(name string, spec *Spec) []Finding {
	return append(CheckSpec(name, spec), checkSecret(spec)...)
}

func checkSecret(spec *Spec) []Finding {
	c := spec.Cluster
	if c == nil || c.AdminUserName == "" || c.AdminPassword != "" || c.AdminSSHKey != "" {
		return nil
	}
	return []Finding{{Kind: KindInvalid, Field: "adminUserName",
		Message: "the administrator " + c.AdminUserName + " of a cluster needs a password or an SSH key, and none is given"}}
}

// isResourceID reports whether id has the form of an ARM id:
// /subscriptions/S/resourceGroups/G/providers/PROVIDER/TYPE/NAME.
func isResourceID(id string) bool {
	parts := strings.Split(id, "/")
	return len(parts) >= 9 && parts[0] == "" && !slices.Contains(parts[1:], "") &&
		strings.EqualFold(parts[1], "subscriptions") && strings.EqualFold(parts[3], "resourceGroups") && strings.EqualFold(parts[5], "providers")
}

// Preflight is the result of the checks before a create.
type Preflight struct {
	Spec     *Spec    // with its location filled in
	Existing *Compute // the compute of this name in the workspace; nil if there is none
	Warnings []string // sentences about problems that do not prevent the create
}

// Preflight checks a compute before its creation and reports all problems in one
// *CheckError: the settings, the size, the quota, and whether the name is free in
// the region. It skips checks for which the caller lacks a permission. It sends
// at most five requests, and one more if a quota is too small.
func (c *Client) Preflight(ctx context.Context, name string, spec *Spec) (*Preflight, error) {
	findings := CheckSpec(name, spec)
	if i := spec.Instance; i != nil && i.IdleShutdown > 0 && !KnowsIdle(c.options.APIVersion) {
		findings = append(findings, Finding{Kind: KindInvalid, Field: "idleShutdown",
			Message: "the api-version " + c.options.APIVersion + " has no idle time before shutdown, so it would not be set; " + DefaultAPIVersion + " has"})
	}
	fail := func() error { return &CheckError{Name: name, Findings: findings} }
	nameGood := !slices.ContainsFunc(findings, func(f Finding) bool { return f.Field == "name" })

	p := &Preflight{Spec: spec}
	var group sync.WaitGroup
	var info *WorkspaceInfo
	var infoErr, getErr, nameErr error
	var free NameCheck
	asksName := nameGood && spec.Instance != nil
	if spec.Location == "" {
		group.Go(func() { info, infoErr = c.GetWorkspace(ctx) })
	}
	if nameGood {
		get := c.Get
		if spec.NeedsWhole() {
			get = c.GetWhole
		}
		group.Go(func() { p.Existing, getErr = get(ctx, name) })
	}
	if asksName {
		group.Go(func() {
			ctx, cancel := within(ctx, advicePatience)
			defer cancel()
			free, nameErr = c.CheckName(ctx, name)
		})
	}
	group.Wait()
	if spec.Location == "" && infoErr == nil {
		if info.Location == "" {
			return nil, errorf(KindFailed, "", "the service did not say in which region the workspace %s is", c.workspace.Name)
		}
		copied := *spec
		copied.Location = info.Location
		p.Spec = &copied
	}
	if i := spec.Instance; i != nil && info != nil && infoErr == nil && i.EnableNodePublicIP != nil && !*i.EnableNodePublicIP && !info.HasPrivateNetwork() {
		p.Warnings = append(p.Warnings, fmt.Sprintf("the workspace %s has neither a private endpoint nor a managed network: the service refuses an instance without a public address there", c.workspace.Name))
	}
	if isMissing(getErr) {
		p.Existing, getErr = nil, nil
	}
	for _, err := range [...]error{infoErr, getErr} {
		if err != nil && (len(findings) == 0 || ctx.Err() != nil) {
			return nil, err
		}
	}
	if infoErr != nil || getErr != nil {
		return nil, fail()
	}
	if p.Existing != nil {
		if len(findings) > 0 {
			return nil, fail()
		}
		return p, nil
	}
	findings = append(findings, checkSecret(spec)...)
	if asksName && nameErr == nil && !free.Available {
		findings = append(findings, nameFinding(name, free))
	}
	if size, _ := p.Spec.vmSize(); size != "" {
		findings = append(findings, c.checkSize(ctx, p)...)
	}
	if len(findings) > 0 {
		return nil, fail()
	}
	if ctx.Err() != nil {
		return nil, c.stopped(ctx, call{op: opGet, name: name}).after(call{op: opGet}, lastAnswer(nameErr))
	}
	return p, nil
}

// advicePatience is the longest wait for checks that the service makes anyway.
const advicePatience = 20 * time.Second

// nameFinding describes the service's refusal of a name.
func nameFinding(name string, check NameCheck) Finding {
	f := Finding{Kind: KindConflict, Field: "name",
		Message: fmt.Sprintf("the name %s is taken in this region: names are unique across all workspaces of a region; choose another", name)}
	if strings.EqualFold(check.Reason, "Invalid") {
		f.Kind = KindInvalid
		f.Message = fmt.Sprintf("the service does not take the name %s: %s", name, check.Message)
	}
	return f
}

// checkSize checks the size and the quota for it.
func (c *Client) checkSize(ctx context.Context, p *Preflight) []Finding {
	ctx, cancel := within(ctx, advicePatience)
	defer cancel()
	want, machines := p.Spec.vmSize()
	location, kind := p.Spec.Location, p.Spec.Type()
	sizes, usages, sizesErr, usagesErr := c.market(ctx, location)
	if sizesErr != nil || len(sizes) == 0 {
		return nil
	}
	size, near := MatchSize(want, sizes, kind)
	if size == nil {
		f := Finding{Kind: KindInvalid, Field: "vmSize", Suggestions: near,
			Message: fmt.Sprintf("%s does not offer the size %q for %s", location, shorten(want, 60), kind)}
		if len(near) > 0 {
			f.Message += "; did you mean " + strings.Join(near, " or ") + "?"
		} else {
			f.Message += ", nor one like it"
		}
		return []Finding{f}
	}
	if usagesErr != nil {
		return nil
	}
	short := CheckQuota(size, machines, p.Spec.lowPriority(), usages)
	if len(short) == 0 {
		if c := p.Spec.Cluster; c != nil {
			p.Warnings = growth(size, 0, c.MaxNodes, p.Spec.lowPriority(), usages, location)
		}
		return nil
	}
	computes, _ := c.All(ctx) // without them fewer holders are known
	holders := holdersOf(size, c.workspace, usages, sizes, computes)
	fitting := fittingSizes(size, machines, p.Spec.lowPriority(), kind, sizes, usages)
	var out []Finding
	for _, s := range short {
		out = append(out, quotaFinding(size, location, s, holders, fitting))
		holders, fitting = nil, nil // once is enough
	}
	return out
}

// Create creates a compute (Compute_CreateOrUpdate) and waits until it is ready.
// It never overwrites a compute of that name, see o.IfExists. It reports all
// problems of the request in one *CheckError before anything is sent.
func (c *Client) Create(ctx context.Context, name string, spec *Spec, o CreateOptions) Outcome {
	ctx, cancel := within(ctx, o.Timeout)
	defer cancel()
	begun := time.Now()
	for {
		p, err := c.patientPreflight(ctx, name, spec, o.OnEvent)
		if o.Timeout > 0 {
			o.Timeout = max(time.Nanosecond, o.Timeout-since(begun, time.Now()))
			begun = time.Now()
		}
		switch {
		case err != nil:
			return Outcome{Name: name, Verb: spec.verb(), Err: err}
		case p.Existing == nil:
			if o.Warn != nil {
				for _, text := range p.Warnings {
					o.Warn(text)
				}
			}
			return c.create(ctx, name, p.Spec, o)
		case !strings.EqualFold(p.Existing.State(), StateDeleting) || o.IfExists == ExistsFail:
			return c.exists(ctx, p, o)
		case o.NoWait:
			return Outcome{Name: name, Verb: spec.verb(), Compute: p.Existing,
				Err: errorf(KindBusy, name, "%s is being deleted, so it cannot be asked to %s now", name, spec.verb())}
		}
		if out := c.run(ctx, []*task{watch(spec.verb(), name, GoalDeleted)}, o.ActOptions)[0]; out.Err != nil {
			return out
		}
	}
}

// patientPreflight is Preflight, repeated while the service throttles it.
func (c *Client) patientPreflight(ctx context.Context, name string, spec *Spec, told func(Event)) (*Preflight, error) {
	for {
		p, err := c.Preflight(ctx, name, spec)
		var e *Error
		if !throttled(err) || !errors.As(err, &e) {
			return p, err
		}
		pause := max(firstInterval, e.RetryAfter)
		if told != nil {
			told(Event{Kind: EventTrouble, Name: name, Verb: spec.verb(), Err: err, Next: pause})
		}
		if sleep(ctx, pause) != nil {
			return nil, c.stopped(ctx, call{op: opGet, name: name}).after(call{op: opGet}, err)
		}
	}
}

// create sends the request, waits, and compares the result with the request.
func (c *Client) create(ctx context.Context, name string, spec *Spec, o CreateOptions) Outcome {
	return c.run(ctx, []*task{c.creation(name, spec, o)}, o.ActOptions)[0]
}

// Creation is a compute to create.
type Creation struct {
	Name string
	Spec *Spec // as Preflight returns it
}

// CreateEach creates computes that Preflight found free to create, and waits for
// all of them together. The outcomes are in the order of the list.
func (c *Client) CreateEach(ctx context.Context, list []Creation, o ActOptions) []Outcome {
	all := make([]*task, len(list))
	for i, one := range list {
		all[i] = c.creation(one.Name, one.Spec, CreateOptions{})
	}
	return c.run(ctx, all, o)
}

// Compare lists how a compute differs from a request, as Create judges it.
func (c *Client) Compare(have *Compute, want *Spec) []Difference { return c.differences(have, want) }

// Refresh changes the scale, the tags and the identity of a cluster to those of a
// request. It refuses any other difference.
func (c *Client) Refresh(ctx context.Context, have *Compute, want *Spec, o ActOptions) Outcome {
	return c.exists(ctx, &Preflight{Spec: want, Existing: have}, CreateOptions{ActOptions: o})
}

// creation is the task of creating a compute.
func (c *Client) creation(name string, spec *Spec, o CreateOptions) *task {
	i := intentOf(spec.verb())
	i.request = func(ctx context.Context, t *task) (*Operation, error) {
		return c.write(ctx, spec.operation(), spec.verb(), name, spec)
	}
	i.shown = func(now, _ *Compute) bool {
		told := (spec.Instance == nil || now.Instance != nil) && (spec.Cluster == nil || now.Cluster != nil)
		return told && !now.InFailedState()
	}
	i.check = func(now *Compute) error {
		if differences := c.differences(now, spec); len(differences) > 0 {
			done := map[Verb]string{VerbCreate: "created", VerbAttach: "attached"}[spec.verb()]
			return errorf(KindFailed, name, "%s was %s, but not as it was asked for: %s", name, done, words(differences))
		}
		return nil
	}
	if o.Prepare != nil {
		i.prepare = func(ctx context.Context, _ string) error { return o.Prepare(ctx) }
	}
	return &task{name: name, intent: i, stage: &unseen{}}
}

// exists decides what a compute that exists means for a create.
func (c *Client) exists(ctx context.Context, p *Preflight, o CreateOptions) Outcome {
	have := p.Existing
	name := have.Name
	out := Outcome{Name: name, Verb: p.Spec.verb(), Compute: have}
	var differences []Difference
	if o.IfExists != ExistsUse && o.IfExists != ExistsFail {
		differences = c.differences(have, p.Spec)
	}
	switch {
	case o.IfExists == ExistsFail:
		out.Err = errorf(KindConflict, name, "%s exists already (%s); nothing was sent", name, have.State())
	case slices.ContainsFunc(differences, func(d Difference) bool { return !d.Changeable }):
		err := errorf(KindConflict, name, "%s exists with other settings: %s; nothing was sent", name, words(differences))
		err.Existing, err.Differences = have, differences
		out.Err = err
	case len(differences) > 0:
		return c.refresh(ctx, p, differences, o.ActOptions)
	case have.InFailedState():
		out.Err = failureOf(have)
	case have.InTransition() && !o.NoWait:
		out = c.run(ctx, []*task{watch(p.Spec.verb(), name, GoalSettled)}, o.ActOptions)[0]
	case have.IsStopped():
		out.Note = "it exists already and is Stopped; start it to use it"
	}
	out.Already = out.Err == nil
	return out
}

// differences are those between a compute and a request. What the service leaves
// out differs too, unless the compute is in transition or the api-version is
// another one, which may not know it.
func (c *Client) differences(have *Compute, want *Spec) []Difference {
	return compare(have, want, !have.InTransition() && c.options.APIVersion == "")
}

// words lists differences.
func words(differences []Difference) string {
	list := make([]string, len(differences))
	for i, d := range differences {
		list[i] = d.String()
	}
	return strings.Join(list, ", ")
}

// refresh brings an existing cluster to the scale, tags and identity asked for.
func (c *Client) refresh(ctx context.Context, p *Preflight, differences []Difference, o ActOptions) Outcome {
	has := func(prefix string) bool {
		return slices.ContainsFunc(differences, func(d Difference) bool { return strings.HasPrefix(d.Field, prefix) })
	}
	var out Outcome
	if has("tags.") { // a PATCH cannot change them
		out = c.Update(ctx, p.Existing, p.Spec, o)
	} else {
		patch := map[string]any{}
		if has("identity") {
			patch["identity"] = p.Spec.Identity
		}
		if has("minNodeCount") || has("maxNodeCount") || has("nodeIdleTime") {
			scale := p.Spec.Cluster.scale()
			if scale.IdleTime == "" && p.Existing.Cluster.Scale != nil {
				scale.IdleTime = p.Existing.Cluster.Scale.IdleTime
			}
			patch["properties"] = scaled(scale)
		}
		shown := func(now *Compute) bool { return len(Differences(now, p.Spec)) == 0 }
		out = c.update(ctx, p.Existing.Name, o, opUpdate, patch, shown)
	}
	if out.Err == nil {
		out.Note = "it existed and was updated: " + words(differences)
	}
	return out
}

// Update changes only what the spec gives (Compute_CreateOrUpdate with the
// whole resource, because a PUT replaces everything) and waits until done.
func (c *Client) Update(ctx context.Context, have *Compute, want *Spec, o ActOptions) Outcome {
	body, err := merged(have, want)
	if err != nil {
		return Outcome{Name: have.Name, Verb: VerbUpdate, Err: err}
	}
	return c.update(ctx, have.Name, o, opCreate, body, func(now *Compute) bool {
		return len(Differences(now, want)) == 0 && (want.AKS == nil || now.Attached != nil && now.Attached.shows(want.AKS))
	})
}

// merged is the body of a PUT that changes only what want gives.
func merged(have *Compute, want *Spec) (json.RawMessage, error) {
	base, err := readable(have)
	if err != nil {
		return nil, fmt.Errorf("the existing %s cannot be read as JSON: %w", have.Name, err)
	}
	over, err := asMap(want)
	if err != nil {
		return nil, err
	}
	return json.Marshal(overlay(base, over))
}

// asMap is a value as the JSON object that it is written as.
func asMap(v any) (object map[string]any, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &object)
	}
	return object, err
}

// overlay is base with the values of over, which win. Objects are merged.
func overlay(base, over map[string]any) map[string]any {
	if base == nil {
		base = map[string]any{}
	}
	for key, value := range over {
		below, ok := base[key].(map[string]any)
		if above, isMap := value.(map[string]any); isMap && ok {
			base[key] = overlay(below, above)
		} else {
			base[key] = value
		}
	}
	return base
}
