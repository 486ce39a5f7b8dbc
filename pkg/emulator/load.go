package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// loaded is a compute as a list of the service shows it, read-only fields
// included.
type loaded struct {
	ID       string
	Location string
	Tags     map[string]*string
	Identity *struct {
		Type, PrincipalID, TenantID string
		UserAssignedIdentities      map[string]*assignedPerson
	}
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

// loadedInstance is what a list shows of an instance beyond what a PUT takes.
type loadedInstance struct {
	instanceInput
	State         string
	DataMounts    json.RawMessage
	CreatedBy     *struct{ UserName, UserOrgID, UserID string }
	Errors        json.RawMessage
	LastOperation *struct{ OperationName, OperationTime, OperationStatus, OperationTrigger string }

	ConnectivityEndpoints *struct{ PublicIPAddress, PrivateIPAddress string }
}

// Load puts computes into the emulator as a list of the service shows them: a
// JSON array, an object with the array under value, or one compute alone. A
// compute that is there is replaced. Names, sizes, schedules and quota are not
// checked, so that a copy of production can be rehearsed on; a compute in a
// transition stays in it.
func (e *Emulator) Load(ctx context.Context, list []byte) (int, error) {
	n := 0
	err := e.update(ctx, func(t *tx) (err error) {
		n, err = t.load(list)
		return err
	})
	return n, err
}

func (t *tx) load(raw []byte) (int, error) {
	list, err := computesIn(raw)
	if err != nil {
		return 0, err
	}
	made := make([]*compute, 0, len(list))
	for n, item := range list {
		c, err := t.loadCompute(item)
		var why *apiError
		if errors.As(err, &why) {
			return 0, badRequest("Compute %d of the list cannot be loaded: %s", n+1, why.Message)
		}
		if err != nil {
			return 0, err
		}
		made = append(made, c)
	}
	for _, c := range made { // only now, so that a bad list changes nothing
		t.adopt(c.Subscription, c.ResourceGroup, c.Workspace, c.Location)
		t.s.addCompute(c.key(), c)
	}
	return len(made), nil
}

// computesIn returns the computes of a list in any of its forms.
func computesIn(raw []byte) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte{'{'}) {
		if err := decode(raw, &list); err != nil {
			return nil, err
		}
		if list == nil {
			return nil, badRequest("There is no list of computes in what was sent.")
		}
		return list, nil
	}
	var page struct {
		Value *[]json.RawMessage
		ID    string
	}
	if err := decode(raw, &page); err != nil {
		return nil, err
	}
	switch {
	case page.Value != nil:
		return *page.Value, nil
	case page.ID != "":
		return []json.RawMessage{raw}, nil
	}
	return nil, badRequest("There is neither a list of computes under value nor a compute with its id in what was sent.")
}

// adopt makes what a loaded compute stands in.
func (t *tx) adopt(sub, rg, name, location string) {
	if t.s.subscriptions[key(sub)] == nil {
		t.addSubscription(&subscription{ID: sub})
	}
	if k := key(sub, rg); t.s.groups[k] == nil {
		t.addGroup(&group{Subscription: sub, Name: rg, Location: location})
	}
	if k := key(sub, rg, name); t.s.workspaces[k] == nil {
		t.addWorkspace(&workspace{Subscription: sub, ResourceGroup: rg, Name: name, Location: location})
	}
}

func (t *tx) loadCompute(raw json.RawMessage) (*compute, error) {
	var in loaded
	if err := decode(raw, &in); err != nil {
		return nil, err
	}
	at, ok := armID(in.ID)
	if !ok {
		return nil, badRequest("its id '%s' is not one of a compute", in.ID)
	}
	if in.Properties.ComputeType == "" {
		return nil, badRequest("it has no properties.computeType, which the service's own bodies have")
	}
	kind, ok := computeKind(in.Properties.ComputeType)
	if !ok {
		return nil, badRequest("its computeType '%s' is not known", in.Properties.ComputeType)
	}
	p := &in.Properties
	c := &compute{
		Subscription: at[0], ResourceGroup: at[1], Workspace: at[2], Name: at[3], Type: kind, Location: Location,
		Tags: in.Tags, SKU: in.SKU, Description: p.Description, ResourceID: p.ResourceID, DisableLocalAuth: p.DisableLocalAuth,
		Attached: p.IsAttachedCompute, Created: t.moment(p.CreatedOn), Modified: t.moment(p.ModifiedOn), CreatedBy: defaultPerson,
		ProvisioningState: p.ProvisioningState, ProvisioningErrors: loadErrors(p.ProvisioningErrors),
	}
	if in.Location != "" {
		c.Location = region(in.Location)
	}
	if l := region(p.ComputeLocation); l != c.Location {
		c.PlacedIn = l
	}
	if c.ProvisioningState == "" {
		c.ProvisioningState = "Succeeded"
	}
	if w := in.Identity; w != nil && w.Type != "" && !strings.EqualFold(w.Type, "None") {
		c.Identity = &identity{Type: w.Type, PrincipalID: w.PrincipalID, TenantID: w.TenantID, UserAssigned: w.UserAssignedIdentities}
	}
	if isNull(p.Properties) {
		p.Properties = json.RawMessage("{}")
	}
	switch kind {
	case instanceType:
		return c, t.loadInstance(c, p.Properties)
	case clusterType:
		return c, t.loadCluster(c, p.Properties)
	}
	var props map[string]json.RawMessage
	if err := decode(p.Properties, &props); err != nil {
		return nil, err
	}
	c.Other = &other{Properties: dropSecrets("", props)}
	return c, nil
}

// moment reads a time of the service; without one it is now.
func (t *tx) moment(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t.now
	}
	return at.UTC()
}

// loadErrors reads errors[] of a resource, each wrapped or not.
func loadErrors(raw json.RawMessage) []*apiError {
	var list []struct {
		Error *apiError
		apiError
	}
	if isNull(raw) || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var out []*apiError
	for _, e := range list {
		if e.Error != nil {
			out = append(out, e.Error)
		} else {
			out = append(out, &apiError{Code: e.Code, Message: e.Message})
		}
	}
	return out
}

func (t *tx) loadInstance(c *compute, raw json.RawMessage) error {
	var in loadedInstance
	if err := decode(raw, &in); err != nil {
		return err
	}
	i := &instance{
		VMSize: strings.ToUpper(in.VMSize), Subnet: in.Subnet, SharingPolicy: "Shared", Authorization: "personal", SetupScripts: in.SetupScripts,
		NodePublicIP: in.EnableNodePublicIP, CustomServices: in.CustomServices, DataMounts: in.DataMounts, Autologger: in.AutologgerSettings,
		OSPatching: in.EnableOSPatching, RootAccess: in.EnableRootAccess, ReleaseQuota: in.ReleaseQuotaOnStop, SSO: in.EnableSSO,
		Idle: in.IdleTimeBeforeShutdown, State: in.State, Errors: loadErrors(in.Errors), IdleSince: t.now,
	}
	c.Instance = i
	if i.State == "" {
		i.State = "Unknown"
	}
	if in.ApplicationSharingPolicy != nil && *in.ApplicationSharingPolicy != "" {
		i.SharingPolicy = *in.ApplicationSharingPolicy
	}
	if p := in.PersonalComputeInstanceSettings; p != nil && p.AssignedUser != nil {
		i.Assigned = &person{ObjectID: p.AssignedUser.ObjectID, TenantID: p.AssignedUser.TenantID}
	}
	if s := in.SSHSettings; s != nil && s.SSHPublicAccess != nil {
		i.SSH = strings.EqualFold(*s.SSHPublicAccess, "Enabled")
	}
	if by := in.CreatedBy; by != nil {
		c.CreatedBy = person{ObjectID: by.UserID, TenantID: by.UserOrgID, Name: by.UserName}
	}
	if l := in.LastOperation; l != nil {
		i.Last = &lastOperation{Name: l.OperationName, Time: t.moment(l.OperationTime), Status: l.OperationStatus, Trigger: l.OperationTrigger}
	}
	i.PublicIP, i.PrivateIP = addresses(c.key())
	if e := in.ConnectivityEndpoints; e != nil {
		i.PublicIP, i.PrivateIP = e.PublicIPAddress, e.PrivateIPAddress
	}
	if in.Schedules == nil {
		return nil
	}
	var held struct{ Schedules map[string]json.RawMessage }
	if err := decode(raw, &held); err != nil {
		return err
	}
	for name := range held.Schedules { // read as none, they would be lost
		if !strings.EqualFold(name, "computeStartStop") {
			return badRequest("its schedules have the key '%.60s', which is not known; the service's own bodies have computeStartStop", name)
		}
	}
	for n, e := range in.Schedules.ComputeStartStop {
		if deref(e.ID) == "" {
			id := t.e.uuid()
			e.ID = &id
		}
		s := &schedule{ID: *e.ID, Status: deref(e.Status), Action: e.Action, TriggerType: e.TriggerType,
			Cron: e.Cron, Recurrence: e.Recurrence, Provisioning: "Failed"}
		in.Schedules.ComputeStartStop[n] = e
		one := &schedulesInput{ComputeStartStop: in.Schedules.ComputeStartStop[n : n+1]}
		// One that we would refuse is kept as it is, and silent: the service has it.
		if list, err := t.schedules(one, []*schedule{{ID: s.ID}}); err == nil {
			s = list[0]
		}
		i.Schedules = append(i.Schedules, s)
	}
	return nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (t *tx) loadCluster(c *compute, raw json.RawMessage) error {
	var in struct {
		clusterInput
		AllocationState               string
		AllocationStateTransitionTime string
		Errors                        json.RawMessage
		NodeStateCounts               struct {
			IdleNodeCount, RunningNodeCount, PreparingNodeCount, UnusableNodeCount, LeavingNodeCount, PreemptedNodeCount int
		}
	}
	if err := decode(raw, &in); err != nil {
		return err
	}
	if in.ScaleSettings == nil {
		in.ScaleSettings = &scaleInput{}
	}
	cl := &cluster{
		VMSize: strings.ToUpper(in.VMSize), Priority: "Dedicated", OSType: "Linux", RemoteLogin: "NotSpecified", Image: in.VirtualMachineImage,
		Subnet: in.Subnet, PropertyBag: in.PropertyBag, NodePublicIP: in.EnableNodePublicIP, Scale: scale{Idle: defaultNodeIdle},
		Allocation: "Steady", Since: t.moment(in.AllocationStateTransitionTime), Errors: loadErrors(in.Errors),
	}
	c.Cluster = cl
	if err := in.settings(cl); err != nil {
		return err
	}
	if err := cl.Scale.change(in.ScaleSettings); err != nil {
		return err
	}
	n := in.NodeStateCounts
	for _, some := range []struct {
		state string
		count int
	}{{"idle", n.IdleNodeCount}, {"running", n.RunningNodeCount}, {"unusable", n.UnusableNodeCount}} {
		for range min(some.count, cl.Scale.Max) {
			cl.addNode(c, t.now).State = some.state
		}
	}
	cl.Jobs = n.RunningNodeCount
	t.settleCluster(c)
	return nil
}
