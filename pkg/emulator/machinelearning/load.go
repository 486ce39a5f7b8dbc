package machinelearning

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/resources"
)

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

// Load puts computes into the emulator as a list of the service shows them; see
// the emulator's Load.
func Load(t *arm.Tx, raw []byte) (int, error) {
	list, err := computesIn(raw)
	if err != nil {
		return 0, err
	}
	made := make([]*compute, 0, len(list))
	for n, item := range list {
		c, err := loadCompute(t, item)
		var why *arm.Error
		if errors.As(err, &why) {
			return 0, arm.BadRequest("Compute %d of the list cannot be loaded: %s", n+1, why.Message)
		}
		if err != nil {
			return 0, err
		}
		made = append(made, c)
	}
	for _, c := range made { // only now, so that a bad list changes nothing
		resources.Adopt(t, c.Subscription, c.ResourceGroup, c.Location)
		if w := (&workspace{Subscription: c.Subscription, ResourceGroup: c.ResourceGroup, Name: c.Workspace, Location: c.Location}); workspaces.Get(t, w.key()) == nil {
			addWorkspace(t, w)
		}
		computes.Put(t, c.key(), c)
	}
	return len(made), nil
}

// computesIn returns the computes of a list in any of its forms.
func computesIn(raw []byte) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte{'{'}) {
		if err := arm.Decode(raw, &list); err != nil {
			return nil, err
		}
		if list == nil {
			return nil, arm.BadRequest("The request has no list of computes.")
		}
		return list, nil
	}
	var page struct {
		Value *[]json.RawMessage
		ID    string
	}
	if err := arm.Decode(raw, &page); err != nil {
		return nil, err
	}
	switch {
	case page.Value != nil:
		return *page.Value, nil
	case page.ID != "":
		return []json.RawMessage{raw}, nil
	}
	return nil, arm.BadRequest("There is neither a list of computes under value nor a compute with its id in what was sent.")
}

func loadCompute(t *arm.Tx, raw json.RawMessage) (*compute, error) {
	var in computeInput
	if err := arm.Decode(raw, &in); err != nil {
		return nil, err
	}
	at, ok := arm.MatchID(computePath, in.ID)
	if !ok {
		return nil, arm.BadRequest("its id '%s' is not one of a compute", in.ID)
	}
	if in.Properties.ComputeType == "" {
		return nil, arm.BadRequest("it has no properties.computeType, which the service's own bodies have")
	}
	kind, ok := computeKind(in.Properties.ComputeType)
	if !ok {
		return nil, arm.BadRequest("its computeType '%s' is not known", in.Properties.ComputeType)
	}
	p := &in.Properties
	c := &compute{
		Subscription: at[0], ResourceGroup: at[1], Workspace: at[2], Name: at[3], Type: kind, Location: resources.Location,
		Tags: in.Tags, SKU: in.SKU, Description: p.Description, ResourceID: p.ResourceID, DisableLocalAuth: p.DisableLocalAuth,
		Attached: p.IsAttachedCompute, Created: moment(t, p.CreatedOn), Modified: moment(t, p.ModifiedOn), CreatedBy: arm.Anybody,
		ProvisioningState: p.ProvisioningState, ProvisioningErrors: loadErrors(p.ProvisioningErrors),
	}
	if in.Location != "" {
		c.Location = arm.Region(in.Location)
	}
	if l := arm.Region(p.ComputeLocation); l != c.Location {
		c.PlacedIn = l
	}
	if c.ProvisioningState == "" {
		c.ProvisioningState = "Succeeded"
	}
	if w := in.Identity; w != nil && w.Type != "" && !strings.EqualFold(w.Type, "None") {
		c.Identity = &identity{Type: w.Type, PrincipalID: w.PrincipalID, TenantID: w.TenantID, UserAssigned: w.UserAssignedIdentities}
	}
	if arm.IsNull(p.Properties) {
		p.Properties = json.RawMessage("{}")
	}
	switch kind {
	case instanceType:
		return c, loadInstance(t, c, p.Properties)
	case clusterType:
		return c, loadCluster(t, c, p.Properties)
	}
	var props map[string]json.RawMessage
	if err := arm.Decode(p.Properties, &props); err != nil {
		return nil, err
	}
	c.Other = &other{Properties: arm.DropSecrets("", props)}
	return c, nil
}

// moment reads a time of the service; without one it is now.
func moment(t *arm.Tx, s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t.Now
	}
	return at.UTC()
}

// loadErrors reads errors[] of a resource, each wrapped or not.
func loadErrors(raw json.RawMessage) []*arm.Error {
	var list []struct {
		Error         *arm.Error
		Code, Message string
	}
	if arm.IsNull(raw) || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var out []*arm.Error
	for _, e := range list {
		if e.Error != nil {
			out = append(out, e.Error)
		} else {
			out = append(out, &arm.Error{Code: e.Code, Message: e.Message})
		}
	}
	return out
}

func loadInstance(t *arm.Tx, c *compute, raw json.RawMessage) error {
	var in loadedInstance
	if err := arm.Decode(raw, &in); err != nil {
		return err
	}
	i := &instance{
		VMSize: strings.ToUpper(in.VMSize), Subnet: in.Subnet, SharingPolicy: "Shared", Authorization: "personal", SetupScripts: in.SetupScripts,
		NodePublicIP: in.EnableNodePublicIP, CustomServices: in.CustomServices, DataMounts: in.DataMounts, Autologger: in.AutologgerSettings,
		OSPatching: in.EnableOSPatching, RootAccess: in.EnableRootAccess, ReleaseQuota: in.ReleaseQuotaOnStop, SSO: in.EnableSSO,
		Idle: in.IdleTimeBeforeShutdown, State: in.State, Errors: loadErrors(in.Errors), IdleSince: t.Now,
	}
	c.Instance = i
	if i.State == "" {
		i.State = "Unknown"
	}
	if in.ApplicationSharingPolicy != nil && *in.ApplicationSharingPolicy != "" {
		i.SharingPolicy = *in.ApplicationSharingPolicy
	}
	if p := in.PersonalComputeInstanceSettings; p != nil && p.AssignedUser != nil {
		i.Assigned = &arm.Person{ObjectID: p.AssignedUser.ObjectID, TenantID: p.AssignedUser.TenantID}
	}
	if s := in.SSHSettings; s != nil && s.SSHPublicAccess != nil {
		i.SSH = strings.EqualFold(*s.SSHPublicAccess, "Enabled")
	}
	if by := in.CreatedBy; by != nil {
		c.CreatedBy = arm.Person{ObjectID: by.UserID, TenantID: by.UserOrgID, Name: by.UserName}
	}
	if l := in.LastOperation; l != nil {
		i.Last = &lastOperation{Name: l.OperationName, Time: moment(t, l.OperationTime), Status: l.OperationStatus, Trigger: l.OperationTrigger}
	}
	i.PublicIP, i.PrivateIP = addresses(c.key())
	if e := in.ConnectivityEndpoints; e != nil {
		i.PublicIP, i.PrivateIP = e.PublicIPAddress, e.PrivateIPAddress
	}
	if in.Schedules == nil {
		return nil
	}
	var held struct{ Schedules map[string]json.RawMessage }
	if err := arm.Decode(raw, &held); err != nil {
		return err
	}
	for name := range held.Schedules { // read as none, they would be lost
		if !strings.EqualFold(name, "computeStartStop") {
			return arm.BadRequest("its schedules have the key '%.60s', which is not known; the service's own bodies have computeStartStop", name)
		}
	}
	for n, e := range in.Schedules.ComputeStartStop {
		if deref(e.ID) == "" {
			id := t.NewID()
			e.ID = &id
		}
		s := &schedule{ID: *e.ID, Status: deref(e.Status), Action: e.Action, TriggerType: e.TriggerType,
			Cron: e.Cron, Recurrence: e.Recurrence, Provisioning: "Failed"}
		in.Schedules.ComputeStartStop[n] = e
		one := &schedulesInput{ComputeStartStop: in.Schedules.ComputeStartStop[n : n+1]}
		// One that we would refuse is kept as it is, and silent: the service has it.
		if list, err := schedules(t, one, []*schedule{{ID: s.ID}}); err == nil {
			s = list[0]
		}
		if e.ProvisioningStatus != "" {
			s.Provisioning = e.ProvisioningStatus // the service's own word
			if !s.Next.IsZero() {
				s.aim(t.Now)
			}
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

func loadCluster(t *arm.Tx, c *compute, raw json.RawMessage) error {
	var in struct {
		clusterInput
		AllocationState               string
		AllocationStateTransitionTime string
		Errors                        json.RawMessage
		NodeStateCounts               struct {
			IdleNodeCount, RunningNodeCount, PreparingNodeCount, UnusableNodeCount, LeavingNodeCount, PreemptedNodeCount int
		}
	}
	if err := arm.Decode(raw, &in); err != nil {
		return err
	}
	if in.ScaleSettings == nil {
		in.ScaleSettings = &scaleInput{}
	}
	cl := &cluster{
		VMSize: strings.ToUpper(in.VMSize), Priority: "Dedicated", OSType: "Linux", RemoteLogin: "NotSpecified", Image: in.VirtualMachineImage,
		Subnet: in.Subnet, PropertyBag: in.PropertyBag, NodePublicIP: in.EnableNodePublicIP, Scale: scale{Idle: defaultNodeIdle},
		Allocation: "Steady", Since: moment(t, in.AllocationStateTransitionTime), Errors: loadErrors(in.Errors),
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
			cl.addNode(c, t.Now).State = some.state
		}
	}
	cl.Jobs = n.RunningNodeCount
	settleCluster(t, c)
	return nil
}
