package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
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
	CreatedBy          person             `json:"createdBy"`
	ProvisioningState  string             `json:"provisioningState"`
	ProvisioningErrors []*apiError        `json:"provisioningErrors,omitempty"`
	Busy               *transition        `json:"busy,omitempty"`
	StickySize         bool               `json:"stickySize,omitempty"` // a later compute of this name gets this one's size

	Instance *instance `json:"instance,omitempty"`
	Cluster  *cluster  `json:"cluster,omitempty"`
	Other    *other    `json:"other,omitempty"`
}

func (c *compute) valid() bool {
	if c == nil || c.Instance == nil && c.Cluster == nil && c.Other == nil {
		return false
	}
	return (c.Busy == nil || len(c.Busy.Steps) > 0) &&
		(c.Instance == nil || !slices.Contains(c.Instance.Schedules, nil)) &&
		(c.Cluster == nil || !slices.Contains(c.Cluster.Nodes, nil))
}

func (c *compute) key() string {
	return key(c.Subscription, c.ResourceGroup, c.Workspace, c.Name)
}

func (c *compute) id() string {
	return "/subscriptions/" + c.Subscription + "/resourceGroups/" + c.ResourceGroup + "/providers/" + workspaceType + "/" + c.Workspace + "/computes/" + c.Name
}

// region is where the machines are: names and quota are counted there.
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

// identityInput is an identity as a client sends it.
type identityInput struct {
	Type                   string
	UserAssignedIdentities map[string]*json.RawMessage
}

// assign returns the identity that in asks for, on top of old. User-assigned
// identities are merged, and one sent as null is taken away, when merge is set;
// otherwise the list is replaced.
func (in *identityInput) assign(old *identity, who person, seed string, merge bool) (*identity, error) {
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
			return nil, fail(http.StatusBadRequest, "InvalidIdentityType", "The identity type '%s' is not supported.", in.Type)
		}
	}
	out := &identity{TenantID: who.TenantID}
	if system {
		out.Type, out.PrincipalID = "SystemAssigned", stableUUID("principal of "+seed)
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
			out.UserAssigned[id] = &assignedPerson{stableUUID("principal of " + key(id)), stableUUID("client of " + key(id))}
		}
		if len(out.UserAssigned) == 0 {
			return nil, fail(http.StatusBadRequest, "InvalidIdentity", "The identity type 'UserAssigned' needs at least one user assigned identity.")
		}
		out.Type = strings.TrimPrefix(out.Type+",UserAssigned", ",")
	}
	if !system && !user {
		return nil, nil
	}
	return out, nil
}

func (i *identity) body() *object {
	if i == nil {
		return nil
	}
	o := new(object).set("type", i.Type)
	if i.PrincipalID != "" {
		o.set("principalId", i.PrincipalID)
	}
	if i.TenantID != "" {
		o.set("tenantId", i.TenantID)
	}
	if i.UserAssigned != nil {
		o.set("userAssignedIdentities", i.UserAssigned)
	}
	return o
}

// computeInput is the body of a PUT.
type computeInput struct {
	Location   string
	Tags       map[string]*string
	Identity   *identityInput
	SKU        json.RawMessage
	Properties *struct {
		ComputeType      string
		ComputeLocation  *string
		Description      *string
		ResourceID       *string
		DisableLocalAuth *bool
		Properties       json.RawMessage
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
func (c *compute) body(v apiVersion, accepted bool) *object {
	tags := c.Tags
	if tags == nil {
		tags = map[string]*string{}
	}
	o := sized(3072).set("id", c.id()).set("name", c.Name).set("type", computeType).set("location", c.Location)
	if accepted {
		o.set("tags", nil)
	} else {
		o.set("tags", tags)
	}
	o.set("identity", c.Identity.body())
	if !isNull(c.SKU) {
		o.set("sku", c.SKU)
	}
	return o.nest("properties", func(p *object) { c.properties(p, v, accepted) })
}

// properties writes those of the envelope into p.
func (c *compute) properties(p *object, v apiVersion, accepted bool) {
	p.set("createdOn", c.Created.Format(envelopeTime)).set("modifiedOn", c.Modified.Format(envelopeTime)).
		set("disableLocalAuth", c.DisableLocalAuth).set("description", c.Description).set("resourceId", c.ResourceID).
		set("computeType", c.Type)
	if !accepted {
		p.set("computeLocation", c.region())
	}
	p.set("provisioningState", c.ProvisioningState)
	if len(c.ProvisioningErrors) > 0 {
		p.set("provisioningErrors", wrapped(c.ProvisioningErrors))
	} else {
		p.set("provisioningErrors", nil)
	}
	p.set("isAttachedCompute", c.Attached)
	switch {
	case c.Instance != nil:
		p.nest("properties", func(in *object) { c.Instance.properties(in, c, v, accepted) })
	case c.Cluster != nil:
		p.set("properties", c.Cluster.body())
	case c.Other != nil:
		p.set("properties", c.Other.body())
	}
}

func wrapped(errs []*apiError) []*object {
	out := make([]*object, 0, len(errs))
	for _, e := range errs {
		out = append(out, e.body())
	}
	return out
}

// find returns the compute that a request names.
func (t *tx) find(q *request) (*compute, error) {
	if _, err := t.ensureWorkspace(q); err != nil {
		return nil, err
	}
	c := t.s.computes[key(q.args[:4]...)]
	if c == nil {
		return nil, notFound(computeType, q.args[2]+"/"+q.args[3], q.args[1])
	}
	return c, nil
}

func listComputes(t *tx, q *request) (*response, error) {
	w, err := t.ensureWorkspace(q)
	if err != nil {
		return nil, err
	}
	return t.page(q, w.key()+"/", t.s.computesOf(w), func(k string) *object { return t.s.computes[k].body(q.version, false) })
}

func getCompute(t *tx, q *request) (*response, error) {
	c, err := t.find(q)
	if err != nil {
		return nil, err
	}
	return newResponse(http.StatusOK).json(c.body(q.version, false)), nil
}

// putCompute creates a compute or overwrites one.
func putCompute(t *tx, q *request) (*response, error) {
	w, err := t.ensureWorkspace(q)
	if err != nil {
		return nil, err
	}
	var in computeInput
	if err := decode(q.body, &in); err != nil {
		return nil, err
	}
	if in.Properties == nil || in.Properties.ComputeType == "" {
		return nil, badRequest("The request is invalid: properties.computeType is required.")
	}
	kind, ok := computeKind(in.Properties.ComputeType)
	if !ok {
		return nil, badRequest("The compute type '%s' is not supported.", in.Properties.ComputeType)
	}
	old := t.s.computes[key(q.args[:4]...)]
	if old == nil {
		if err := checkNewName(q.args[3], kind); err != nil {
			return nil, err
		}
	}
	if old != nil && old.Type != kind {
		return nil, fail(http.StatusConflict, "Conflict", "Compute with this name already exists with the compute type %s, which cannot be changed.", old.Type)
	}
	if old != nil && old.Busy != nil {
		return nil, busy(old.Name)
	}
	c := &compute{
		Subscription: w.Subscription, ResourceGroup: w.ResourceGroup, Workspace: w.Name, Name: q.args[3],
		Type: kind, Location: w.Location,
		Tags: in.Tags, SKU: in.SKU, Description: in.Properties.Description, ResourceID: in.Properties.ResourceID,
		Created: t.now, Modified: t.now, CreatedBy: q.caller, ProvisioningState: "Creating",
	}
	if in.Location != "" {
		c.Location = region(in.Location)
	}
	if old != nil {
		c.Name = old.Name // in the case it was created with
	}
	if l := in.Properties.ComputeLocation; l != nil {
		c.PlacedIn = region(*l)
	}
	if d := in.Properties.DisableLocalAuth; d != nil {
		c.DisableLocalAuth = *d
	}
	if in.Identity != nil {
		if c.Identity, err = in.Identity.assign(nil, q.caller, c.key(), false); err != nil {
			return nil, err
		}
	}
	switch kind {
	case instanceType:
		return t.putInstance(q, c, old, in.Properties.Properties)
	case clusterType:
		return t.putCluster(q, c, old, in.Properties.Properties)
	}
	return t.putOther(q, c, old, in.Properties.Properties)
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
func deleteCompute(t *tx, q *request) (*response, error) {
	if _, err := t.ensureWorkspace(q); err != nil {
		return nil, err
	}
	how := q.query.Get("underlyingresourceaction")
	detach := strings.EqualFold(how, "Detach")
	if !detach && !strings.EqualFold(how, "Delete") {
		return nil, badRequest("The query parameter underlyingResourceAction is required and must be Delete or Detach.")
	}
	c := t.s.computes[key(q.args[:4]...)]
	if c == nil {
		return newResponse(http.StatusNoContent), nil
	}
	if c.Busy != nil {
		return nil, busy(c.Name)
	}
	if detach && c.Other == nil {
		return nil, badRequest("Detach is not supported for compute type %s. Use Delete instead.", c.Type)
	}
	t.operate(c, deleteOperation, triggerUser)
	return t.accept(c, q, newResponse(http.StatusAccepted)), nil
}

// patchCompute changes what can be changed of a cluster in place.
func patchCompute(t *tx, q *request) (*response, error) {
	c, err := t.find(q)
	if err != nil {
		return nil, err
	}
	if c.Cluster == nil {
		return nil, badRequest("Updating a compute of type %s is not supported.", c.Type)
	}
	if c.Busy != nil {
		return nil, busy(c.Name)
	}
	return t.patchCluster(q, c)
}

// phase is one state an operation passes through.
type phase struct {
	state string
	takes time.Duration
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
		return []phase{{"Creating", takes}}, "Succeeded"
	case deleteOperation:
		return []phase{{"Deleting", takes}}, ""
	}
	return []phase{{"Updating", takes}}, "Succeeded"
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
		c.ProvisioningState, c.ProvisioningErrors = "Failed", []*apiError{b.Failure.Error}
	}
	if c.Instance != nil {
		c.Instance.finish(b, state, now)
	}
}

// nameRule is the service's message, full-width comma included.
const nameRule = "A name for an Azure ML Compute Instance must be between 3 and 24 characters in length and must use only numbers, letters and minus symbol (-)，must start with letters. Numbers cannot be the ending of the name if the previous character is a minus symbol (-). Please specify a different Azure ML Instance name"

// checkNewName refuses a name that a new compute of a type cannot have. The rule
// of instances is published; of the other types it is not, and names such as
// cpu-cluster-4 are in use, so only what no name can hold is refused.
func checkNewName(name, kind string) error {
	if kind == instanceType {
		if !validName(name) {
			return badRequest("%s", nameRule)
		}
		return nil
	}
	ok := name != "" && len(name) <= 64 && isAlnum(name[0]) && name[0] > '9'
	for i := range len(name) {
		ok = ok && (isAlnum(name[i]) || name[i] == '-' || name[i] == '_')
	}
	if !ok {
		return badRequest("The compute name '%s' is not valid for a compute of type %s: it must start with a letter and contain letters, digits, hyphens and underscores only, 64 at most.", name, kind)
	}
	return nil
}

// validName is the pattern of computeName: 3 to 24 letters, digits and hyphens,
// starting with a letter, not ending in a hyphen and digits.
func validName(s string) bool {
	if len(s) < 3 || len(s) > 24 || !isAlnum(s[0]) || s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' {
			return false
		}
	}
	stem := strings.TrimRight(s, "0123456789")
	return stem == s || !strings.HasSuffix(stem, "-")
}

// taken tells whether an instance of this name exists in the region, in any
// workspace of any subscription.
func (t *tx) taken(name, location string) bool {
	for _, c := range t.s.computes {
		if c.Instance != nil && c.region() == location && strings.EqualFold(c.Name, name) {
			return true
		}
	}
	return false
}

// checkName answers whether a name can be used for a new instance, as
// checkComputeNameAvailability of the workspace does for old clients.
func checkName(t *tx, q *request) (*response, error) {
	w, err := t.ensureWorkspace(q)
	if err != nil {
		return nil, err
	}
	var in struct{ Name, Type string }
	if err := decode(q.body, &in); err != nil {
		return nil, err
	}
	out := new(object)
	switch {
	case !validName(in.Name):
		out.set("nameAvailable", false).set("reason", "Invalid").set("message", nameRule)
	case t.taken(in.Name, w.Location) || t.s.computes[key(w.Subscription, w.ResourceGroup, w.Name, in.Name)] != nil:
		out.set("nameAvailable", false).set("reason", "AlreadyExists").
			set("message", "The specified name "+in.Name+" is already in use and is therefore unavailable")
	default:
		out.set("nameAvailable", true).set("reason", nil).set("message", nil)
	}
	return newResponse(http.StatusOK).json(out), nil
}
