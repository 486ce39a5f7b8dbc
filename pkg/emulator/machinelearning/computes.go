package machinelearning

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// compute is one compute target of a workspace: the envelope, and one of the
// three kinds.
type compute struct {
	Subscription  string `json:"subscription"`
	ResourceGroup string `json:"resourceGroup"`
	Workspace     string `json:"workspace"`
	Name          string `json:"name"`
	Type          string `json:"type"`                      // computeType
	Location      string `json:"location"`                  // of the resource: the workspace's, as a rule
	PlacedIn      string `json:"computeLocation,omitempty"` // of the machines, when it is another one

	Tags               map[string]*string `json:"tags,omitempty"`
	Identity           *identity          `json:"identity,omitempty"`
	SKU                json.RawMessage    `json:"sku,omitempty"`
	Description        *string            `json:"description,omitempty"`
	ResourceID         *string            `json:"resourceId,omitempty"`
	DisableLocalAuth   bool               `json:"disableLocalAuth,omitempty"`
	Attached           bool               `json:"attached,omitempty"`
	Created            time.Time          `json:"created"`
	Modified           time.Time          `json:"modified"`
	CreatedBy          arm.Person         `json:"createdBy"`
	ProvisioningState  string             `json:"provisioningState"`
	ProvisioningErrors []*arm.Error       `json:"provisioningErrors,omitempty"`
	Busy               *transition        `json:"busy,omitempty"`
	StickySize         bool               `json:"stickySize,omitempty"` // a later compute of this name gets this one's size

	Instance *instance `json:"instance,omitempty"`
	Cluster  *cluster  `json:"cluster,omitempty"`
	Other    *other    `json:"other,omitempty"`
}

func (c *compute) Valid() bool {
	if c.Instance == nil && c.Cluster == nil && c.Other == nil {
		return false
	}
	return (c.Busy == nil || len(c.Busy.Steps) > 0) &&
		(c.Instance == nil || !slices.Contains(c.Instance.Schedules, nil)) &&
		(c.Cluster == nil || !slices.Contains(c.Cluster.Nodes, nil))
}

//go:noinline
func (c *compute) key() string {
	return arm.Key(c.Subscription, c.ResourceGroup, c.Workspace, c.Name)
}

func (c *compute) id() string {
	return "/subscriptions/" + c.Subscription + "/resourceGroups/" + c.ResourceGroup + "/providers/" + workspaceType + "/" + c.Workspace + "/computes/" + c.Name
}

// region is where the machines are: names and quota are counted there.
//
//go:noinline
func (c *compute) region() string {
	if c.PlacedIn != "" {
		return c.PlacedIn
	}
	return c.Location
}

type identity struct {
	Type         string                     `json:"type"`
	PrincipalID  string                     `json:"principalId,omitempty"`
	TenantID     string                     `json:"tenantId,omitempty"`
	UserAssigned map[string]*assignedPerson `json:"userAssignedIdentities,omitempty"`
}

type assignedPerson struct {
	PrincipalID string `json:"principalId"`
	ClientID    string `json:"clientId"`
}

// identityInput is an identity as a client sends it, or the service lists it.
type identityInput struct {
	Type, PrincipalID, TenantID string
	UserAssignedIdentities      map[string]*assignedPerson
}

// assign returns the identity that in asks for, on top of old. User-assigned
// identities are merged, and one sent as null is taken away, when merge is set;
// otherwise the list is replaced.
func (in *identityInput) assign(old *identity, who arm.Person, seed string, merge bool) (*identity, error) {
	system := false
	user := false
	for _, part := range strings.Split(in.Type, ",") {
		switch strings.ToLower(strings.TrimSpace(part)) {
		case "none", "":
		case "systemassigned":
			system = true
		case "userassigned":
			user = true
		default:
			return nil, arm.Fail(http.StatusBadRequest, "InvalidIdentityType", "The identity type '%s' is not supported.", in.Type)
		}
	}
	out := &identity{TenantID: who.TenantID}
	if system {
		out.Type, out.PrincipalID = "SystemAssigned", arm.StableUUID("principal of "+seed)
	}
	if user {
		out.UserAssigned = map[string]*assignedPerson{}
		if merge && old != nil {
			maps.Copy(out.UserAssigned, old.UserAssigned)
		}
		for id, v := range in.UserAssignedIdentities {
			if v == nil {
				delete(out.UserAssigned, id)
				continue
			}
			out.UserAssigned[id] = &assignedPerson{arm.StableUUID("principal of " + arm.Key(id)), arm.StableUUID("client of " + arm.Key(id))}
		}
		if len(out.UserAssigned) == 0 {
			return nil, arm.Fail(http.StatusBadRequest, "InvalidIdentity", "The identity type 'UserAssigned' needs at least one user assigned identity.")
		}
		out.Type = strings.TrimPrefix(out.Type+",UserAssigned", ",")
	}
	if !system && !user {
		return nil, nil
	}
	return out, nil
}

func (i *identity) body() *arm.Object {
	if i == nil {
		return nil
	}
	o := new(arm.Object).Set("type", i.Type)
	if i.PrincipalID != "" {
		o.Set("principalId", i.PrincipalID)
	}
	if i.TenantID != "" {
		o.Set("tenantId", i.TenantID)
	}
	if i.UserAssigned != nil {
		o.Set("userAssignedIdentities", i.UserAssigned)
	}
	return o
}

// computeInput is the body of a PUT, and what a list of the service shows beyond
// it, which a PUT ignores.
type computeInput struct {
	ID         string
	Location   string
	Tags       map[string]*string
	Identity   *identityInput
	SKU        json.RawMessage
	Properties struct {
		ComputeType        string
		ComputeLocation    string
		Description        *string
		ResourceID         *string
		DisableLocalAuth   bool
		IsAttachedCompute  bool
		CreatedOn          string
		ModifiedOn         string
		ProvisioningState  string
		ProvisioningErrors json.RawMessage
		Properties         json.RawMessage
	}
}

// Layouts of the service's times: seven digits in the envelope, up to three in
// lastOperation.
const (
	envelopeTime  = "2006-01-02T15:04:05.0000000-07:00"
	operationTime = "2006-01-02T15:04:05.999-07:00"
)

// body is the resource as the service sends it at an api-version. accepted is
// set for the answer that accepts a PUT, which leaves most of it null.
func (c *compute) body(v arm.Version, accepted bool) *arm.Object {
	o := arm.Sized(3072).Set("id", c.id()).Set("name", c.Name).Set("type", computeType).Set("location", c.Location)
	if accepted {
		o.Set("tags", nil)
	} else {
		o.Set("tags", arm.Tags(c.Tags))
	}
	o.Set("identity", c.Identity.body())
	if !arm.IsNull(c.SKU) {
		o.Set("sku", c.SKU)
	}
	return o.Nest("properties", func(p *arm.Object) { c.properties(p, v, accepted) })
}

// properties writes those of the envelope into p.
func (c *compute) properties(p *arm.Object, v arm.Version, accepted bool) {
	p.Set("createdOn", c.Created.Format(envelopeTime)).Set("modifiedOn", c.Modified.Format(envelopeTime)).
		Set("disableLocalAuth", c.DisableLocalAuth).Set("description", c.Description).Set("resourceId", c.ResourceID).
		Set("computeType", c.Type)
	if !accepted {
		p.Set("computeLocation", c.region())
	}
	p.Set("provisioningState", c.ProvisioningState)
	p.Set("provisioningErrors", orNull(wrapped(c.ProvisioningErrors)))
	p.Set("isAttachedCompute", c.Attached)
	switch {
	case c.Instance != nil:
		p.Nest("properties", func(in *arm.Object) { c.Instance.properties(in, c, v, accepted) })
	case c.Cluster != nil:
		p.Set("properties", c.Cluster.body())
	case c.Other != nil:
		p.Set("properties", c.Other.body())
	}
}

// orNull is null where the list is empty.
func orNull(list []*arm.Object) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func wrapped(errs []*arm.Error) []*arm.Object {
	out := make([]*arm.Object, 0, len(errs))
	for _, e := range errs {
		out = append(out, e.Body())
	}
	return out
}

// find returns the compute that the arguments of a path name.
func find(t *arm.Tx, args []string) (*compute, error) {
	if _, err := needWorkspace(t, args); err != nil {
		return nil, err
	}
	c := computes.Get(t, arm.Key(args[:4]...))
	if c == nil {
		return nil, arm.NotFound(computeType, args[2]+"/"+args[3], args[1])
	}
	return c, nil
}

func listComputes(t *arm.Tx, q *arm.Request, w *workspace) (*arm.Response, error) {
	return t.Page(q, w.key()+"/", computesOf(t, w), func(k string) *arm.Object { return computes.Get(t, k).body(q.Version, false) })
}

// computesBelow are the computes below a scope, or the one that it is, as the
// newest api-version shows them.
func computesBelow(t *arm.Tx, scope string) []arm.Resource {
	newest, _ := arm.ParseVersion(published[len(published)-1]) // the list is ours
	under := strings.ToLower("/" + strings.Trim(scope, "/"))
	var out []arm.Resource
	for _, k := range computes.Keys(t, "") {
		c := computes.Get(t, k)
		if id := strings.ToLower(c.id()); under != "/" && id != under && !strings.HasPrefix(id, under+"/") {
			continue
		}
		out = append(out, arm.Resource{ID: c.id(), Name: c.Name, Type: computeType, Location: c.Location, Group: c.ResourceGroup, Body: c.body(newest, false)})
	}
	return out
}

func getCompute(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	c, err := find(t, q.Args)
	if err != nil {
		return nil, err
	}
	return arm.OK(c.body(q.Version, false)), nil
}

// putCompute creates a compute or overwrites one.
func putCompute(t *arm.Tx, q *arm.Request, w *workspace) (*arm.Response, error) {
	var in computeInput
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	if in.Properties.ComputeType == "" {
		return nil, arm.BadRequest("The request is invalid: properties.computeType is required.")
	}
	kind, ok := computeKind(in.Properties.ComputeType)
	if !ok {
		return nil, arm.BadRequest("The compute type '%s' is not supported.", in.Properties.ComputeType)
	}
	old := computes.Get(t, arm.Key(q.Args[:4]...))
	if old == nil {
		if err := checkNewName(q.Args[3], kind); err != nil {
			return nil, err
		}
	}
	if old != nil && old.Type != kind {
		return nil, arm.Fail(http.StatusConflict, "Conflict", "Compute with this name already exists with the compute type %s, which cannot be changed.", old.Type)
	}
	if old != nil && old.Busy != nil {
		return nil, busy(old.Name)
	}
	c := &compute{
		Subscription: w.Subscription, ResourceGroup: w.ResourceGroup, Workspace: w.Name, Name: q.Args[3],
		Type: kind, Location: w.Location,
		Tags: in.Tags, SKU: in.SKU, Description: in.Properties.Description, ResourceID: in.Properties.ResourceID,
		DisableLocalAuth: in.Properties.DisableLocalAuth, PlacedIn: arm.Region(in.Properties.ComputeLocation),
		Created: t.Now, Modified: t.Now, CreatedBy: q.Caller, ProvisioningState: "Creating",
	}
	if in.Location != "" {
		c.Location = arm.Region(in.Location)
	}
	if old != nil {
		c.Name = old.Name // in the case it was created with
	}
	if in.Identity != nil {
		who, err := in.Identity.assign(nil, q.Caller, c.key(), false)
		if err != nil {
			return nil, err
		}
		c.Identity = who
	}
	switch kind {
	case instanceType:
		return putInstance(t, q, c, old, in.Properties.Properties)
	case clusterType:
		return putCluster(t, q, c, old, in.Properties.Properties)
	}
	return putOther(t, q, c, old, in.Properties.Properties)
}

const (
	instanceType = "ComputeInstance"
	clusterType  = "AmlCompute"
)

// computeKind returns the service's spelling of a compute type.
func computeKind(s string) (string, bool) {
	for _, k := range [...]string{instanceType, clusterType, "AKS", "Kubernetes", "DataFactory", "VirtualMachine",
		"HDInsight", "Databricks", "DataLakeAnalytics", "SynapseSpark"} {
		if strings.EqualFold(k, s) {
			return k, true
		}
	}
	return "", false
}

// deleteCompute deletes a compute, or detaches one that was attached.
func deleteCompute(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	if _, err := needWorkspace(t, q.Args); err != nil {
		return nil, err
	}
	how := q.Query.Get("underlyingresourceaction")
	detach := strings.EqualFold(how, "Detach")
	if !detach && !strings.EqualFold(how, "Delete") {
		return nil, arm.BadRequest("The query parameter underlyingResourceAction is required and must be Delete or Detach.")
	}
	c := computes.Get(t, arm.Key(q.Args[:4]...))
	if c == nil {
		return arm.NewResponse(http.StatusNoContent), nil
	}
	if c.Busy != nil {
		return nil, busy(c.Name)
	}
	if detach && c.Other == nil {
		return nil, arm.BadRequest("Detach is not supported for compute type %s. Use Delete instead.", c.Type)
	}
	operate(t, c, deleteOperation, triggerUser)
	return accept(t, c, q, arm.NewResponse(http.StatusAccepted)), nil
}

// patchCompute changes what can be changed of a cluster in place.
func patchCompute(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	c, err := find(t, q.Args)
	if err != nil {
		return nil, err
	}
	if c.Cluster == nil {
		return nil, arm.BadRequest("Updating a compute of type %s is not supported.", c.Type)
	}
	if c.Busy != nil {
		return nil, busy(c.Name)
	}
	return patchCluster(t, q, c)
}

// NextMove is when c changes by itself next.
func (c *compute) NextMove() time.Time {
	var next time.Time
	if c.Busy != nil && len(c.Busy.Steps) > 0 {
		next = c.Busy.Steps[0].At
	}
	if c.Instance != nil {
		next = earlier(next, earlier(c.Instance.nextFiring(), c.Instance.idleStop(c)))
	}
	if c.Cluster != nil {
		next = earlier(next, c.Cluster.nextMove())
	}
	return next
}

// earlier is the earlier of two moments; a zero one never comes.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Move lets c do what is due at t.Now. Steps of an operation come first, so that
// a schedule that falls on the end of one finds it done.
func (c *compute) Move(t *arm.Tx) {
	if c.Busy != nil && len(c.Busy.Steps) > 0 && !c.Busy.Steps[0].At.After(t.Now) {
		proceed(t, c)
		return
	}
	if c.Instance != nil {
		if at := c.Instance.nextFiring(); !at.IsZero() && !at.After(t.Now) {
			fireSchedules(t, c)
			return
		}
		if at := c.Instance.idleStop(c); !at.IsZero() && !at.After(t.Now) {
			operate(t, c, stopOperation, triggerIdle)
			return
		}
	}
	if c.Cluster != nil {
		moveCluster(t, c)
	}
}

// phase is one state an operation passes through.
type phase struct {
	state  string
	takes  time.Duration
	script string // the one that runs in it, if any
}

// phases are the states an operation passes through, and the one it ends in.
// That instances set up between creating and running is documented; how long
// each phase takes is our estimate.
func (c *compute) phases(operation string) ([]phase, string) {
	if c.Instance != nil {
		return c.Instance.phases(operation)
	}
	takes := attachTime
	if c.Cluster != nil {
		takes = clusterTime
	}
	switch operation {
	case createOperation:
		return []phase{{"Creating", takes, ""}}, "Succeeded"
	case deleteOperation:
		return []phase{{"Deleting", takes, ""}}, ""
	}
	return []phase{{"Updating", takes, ""}}, "Succeeded"
}

// setState shows a state of an operation that goes on.
func (c *compute) setState(s string) {
	if c.Instance != nil {
		c.Instance.State = s
	}
	switch s {
	case "Creating", "Updating", "Deleting":
		c.ProvisioningState = s
	}
}

// finish shows the end of an operation.
func (c *compute) finish(b *transition, state string, now time.Time) {
	switch {
	case b.Failure == nil:
		c.ProvisioningState, c.ProvisioningErrors = "Succeeded", nil
	case b.Name == createOperation || b.Name == deleteOperation || c.Instance == nil:
		c.ProvisioningState, c.ProvisioningErrors = "Failed", []*arm.Error{b.Failure.Error}
	}
	if c.Instance != nil {
		c.Instance.finish(b, state, now)
	}
}

// nameRule is the service's message, full-width comma included.
const nameRule = "A name for an Azure ML Compute Instance must be between 3 and 24 characters in length and must use only numbers, letters and minus symbol (-)，must start with letters. Numbers cannot be the ending of the name if the previous character is a minus symbol (-). Please specify a different Azure ML Instance name"

// What names may be. The rule of instances is published, as is the pattern of
// workspaceName. Of the other types of computes it is not, and names such as
// cpu-cluster-4 are in use, so only what no name can hold is refused.
var patterns = sync.OnceValue(func() struct{ workspace, compute, instance, numbered *regexp.Regexp } {
	return struct{ workspace, compute, instance, numbered *regexp.Regexp }{
		regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$`),
		regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`),
		regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{2,23}$`),
		regexp.MustCompile(`^.*-[0-9]+$`), // which an instance's name may not be
	}
})

func workspaceName(s string) bool { return patterns().workspace.MatchString(s) }
func computeName(s string) bool   { return patterns().compute.MatchString(s) }

func validInstance(name string) bool {
	return patterns().instance.MatchString(name) && !patterns().numbered.MatchString(name)
}

// checkNewName refuses a name that a new compute of a type cannot have.
func checkNewName(name, kind string) error {
	switch {
	case kind == instanceType && !validInstance(name):
		return arm.BadRequest("%s", nameRule)
	case !computeName(name):
		return arm.BadRequest("The compute name '%s' is not valid for a compute of type %s: it must start with a letter and contain letters, digits, hyphens and underscores only, 64 at most.", name, kind)
	}
	return nil
}

// taken tells whether an instance of this name exists in the region, in any
// workspace of any subscription.
func taken(t *arm.Tx, name, location string) bool {
	for c := range computes.All(t) {
		if c.Instance != nil && c.region() == location && strings.EqualFold(c.Name, name) {
			return true
		}
	}
	return false
}

// checkName answers whether a name can be used for a new instance, as
// checkComputeNameAvailability of the workspace does for old clients.
func checkName(t *arm.Tx, q *arm.Request, w *workspace) (*arm.Response, error) {
	var in struct{ Name, Type string }
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	out := new(arm.Object)
	switch {
	case !validInstance(in.Name):
		out.Set("nameAvailable", false).Set("reason", "Invalid").Set("message", nameRule)
	case taken(t, in.Name, w.Location) || computes.Get(t, arm.Key(w.Subscription, w.ResourceGroup, w.Name, in.Name)) != nil:
		out.Set("nameAvailable", false).Set("reason", "AlreadyExists").
			Set("message", "The specified name "+in.Name+" is already in use and is therefore unavailable")
	default:
		out.Set("nameAvailable", true).Set("reason", nil).Set("message", nil)
	}
	return arm.OK(out), nil
}
