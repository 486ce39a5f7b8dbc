package machinelearning

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/storage"
)

// instance is what a ComputeInstance has beyond the envelope.
type instance struct {
	VMSize         string          `json:"vmSize"` // upper case, as the service returns it
	Subnet         json.RawMessage `json:"subnet,omitempty"`
	SharingPolicy  string          `json:"sharingPolicy"`
	Authorization  string          `json:"authorization"`
	Assigned       *arm.Person     `json:"assigned,omitempty"`
	SSH            bool            `json:"ssh,omitempty"`
	SetupScripts   json.RawMessage `json:"setupScripts,omitempty"`
	NodePublicIP   *bool           `json:"nodePublicIp,omitempty"`
	CustomServices json.RawMessage `json:"customServices,omitempty"`
	DataMounts     json.RawMessage `json:"dataMounts,omitempty"`
	Autologger     json.RawMessage `json:"autologger,omitempty"`
	OSPatching     *bool           `json:"osPatching,omitempty"`
	RootAccess     *bool           `json:"rootAccess,omitempty"`
	ReleaseQuota   *bool           `json:"releaseQuota,omitempty"`
	SSO            *bool           `json:"sso,omitempty"`
	Idle           *string         `json:"idle,omitempty"` // ISO 8601, as sent
	IdleSince      time.Time       `json:"idleSince"`      // when the idle clock last began
	Schedules      []*schedule     `json:"schedules,omitempty"`
	State          string          `json:"state"`
	Errors         []*arm.Error    `json:"errors,omitempty"`
	Last           *lastOperation  `json:"lastOperation,omitempty"`
	DiskFull       bool            `json:"diskFull,omitempty"`   // stop is refused
	NoCapacity     bool            `json:"noCapacity,omitempty"` // start fails
	PublicIP       string          `json:"publicIp"`
	PrivateIP      string          `json:"privateIp"`
}

type lastOperation struct {
	Name    string    `json:"name"`
	Time    time.Time `json:"time"`
	Status  string    `json:"status"`
	Trigger string    `json:"trigger"`
}

// instanceInput is the inner properties of a PUT. Read-only fields and those of
// a later api-version are ignored, as the service does.
type instanceInput struct {
	VMSize                           string
	Subnet                           json.RawMessage
	ApplicationSharingPolicy         *string
	ComputeInstanceAuthorizationType *string
	PersonalComputeInstanceSettings  *struct {
		AssignedUser *struct{ ObjectID, TenantID string }
	}
	SSHSettings *struct {
		SSHPublicAccess *string
		AdminPublicKey  *string
	}
	SetupScripts           json.RawMessage
	Schedules              *schedulesInput
	IdleTimeBeforeShutdown *string
	EnableNodePublicIP     *bool
	CustomServices         json.RawMessage
	AutologgerSettings     json.RawMessage
	EnableOSPatching       *bool
	EnableRootAccess       *bool
	ReleaseQuotaOnStop     *bool
	EnableSSO              *bool
}

// putInstance creates an instance. On one that exists it keeps schedules and
// idle time whatever the request says, and the tags too: that is what the
// service does. Another size or subnet means a new machine under the old name.
func putInstance(t *arm.Tx, q *arm.Request, c, old *compute, raw json.RawMessage) (*arm.Response, error) {
	var in instanceInput
	if !arm.IsNull(raw) {
		if err := arm.Decode(raw, &in); err != nil {
			return nil, err
		}
	}
	i, err := in.instance(t, q.Version)
	if err != nil {
		return nil, err
	}
	c.Instance = i
	if old != nil {
		i.Schedules, i.Idle, c.Tags = old.Instance.Schedules, old.Instance.Idle, old.Tags
		if sameMachine(old, c) {
			i.State, i.Errors, i.Last, i.IdleSince = old.Instance.State, old.Instance.Errors, old.Instance.Last, old.Instance.IdleSince
			i.SetupScripts = old.Instance.SetupScripts
			i.PublicIP, i.PrivateIP, i.DataMounts = old.Instance.PublicIP, old.Instance.PrivateIP, old.Instance.DataMounts
			c.Created, c.CreatedBy, c.ProvisioningState, c.ProvisioningErrors = old.Created, old.CreatedBy, old.ProvisioningState, old.ProvisioningErrors
			computes.Put(t, c.key(), c)
			return arm.OK(c.body(q.Version, false)), nil
		}
	} else if taken(t, c.Name, c.region()) {
		return nil, arm.Fail(http.StatusConflict, "Conflict",
			"Compute with this name already exists. Compute name needs to be unique across all existing computes within an Azure region.")
	}
	if err := fits(t, c, old, 1); err != nil {
		return nil, err
	}
	i.VMSize = stickySize(t, c, i.VMSize)
	storage.Remove(t, c.account(t), c.logFolder())
	i.PublicIP, i.PrivateIP = addresses(c.key())
	computes.Put(t, c.key(), c)
	operate(t, c, createOperation, triggerUser)
	crowded(t, c)
	res := arm.NewResponse(http.StatusCreated).JSON(c.body(q.Version, true))
	return accept(t, c, q, res), nil
}

// sameMachine tells whether c can be old with other settings. A machine that
// never came up is not worth keeping.
func sameMachine(old, c *compute) bool {
	return old.Instance.VMSize == c.Instance.VMSize && old.region() == c.region() &&
		old.Instance.SSH == c.Instance.SSH && jsonEqual(old.Instance.Subnet, c.Instance.Subnet) &&
		old.ProvisioningState == "Succeeded"
}

// instance checks what was asked for and returns the instance it makes.
func (in *instanceInput) instance(t *arm.Tx, v arm.Version) (*instance, error) {
	if in.VMSize == "" {
		return nil, arm.BadRequest("The request is invalid: properties.properties.vmSize is required.")
	}
	size := findSize(in.VMSize)
	if size == nil || !size.supports(instanceType) {
		return nil, arm.BadRequest("%s is not a supported VM size", in.VMSize)
	}
	if err := checkScripts(in.SetupScripts); err != nil {
		return nil, err
	}
	i := &instance{
		VMSize: strings.ToUpper(size.name), SharingPolicy: "Shared", Authorization: "personal",
		Subnet: in.Subnet, SetupScripts: in.SetupScripts,
	}
	if p := in.ApplicationSharingPolicy; p != nil {
		if i.SharingPolicy = oneOf(*p, "Personal", "Shared"); i.SharingPolicy == "" {
			return nil, arm.BadRequest("The applicationSharingPolicy '%s' is not valid: it must be Personal or Shared.", *p)
		}
	}
	if a := in.ComputeInstanceAuthorizationType; a != nil && *a != "" {
		i.Authorization = *a
	}
	if p := in.PersonalComputeInstanceSettings; p != nil && p.AssignedUser != nil {
		if p.AssignedUser.ObjectID == "" || p.AssignedUser.TenantID == "" {
			return nil, arm.BadRequest("The request is invalid: assignedUser needs objectId and tenantId.")
		}
		i.Assigned = &arm.Person{ObjectID: p.AssignedUser.ObjectID, TenantID: p.AssignedUser.TenantID}
	}
	if s := in.SSHSettings; s != nil {
		access := "Disabled"
		if s.SSHPublicAccess != nil {
			if access = oneOf(*s.SSHPublicAccess, "Enabled", "Disabled", "NotSpecified"); access == "" {
				return nil, arm.BadRequest("The sshPublicAccess '%s' is not valid: it must be Enabled or Disabled.", *s.SSHPublicAccess)
			}
		}
		i.SSH = access == "Enabled"
		key := s.AdminPublicKey != nil && *s.AdminPublicKey != ""
		if i.SSH && !key && i.Assigned == nil { // who sets one up later
			return nil, arm.BadRequest("The request is invalid: adminPublicKey is required when sshPublicAccess is Enabled.")
		}
		if key && i.Assigned != nil {
			return nil, arm.Fail(http.StatusBadRequest, "UserError", "Setting SSH key at creation time is not allowed when compute instance is provisioned on behalf of another user.")
		}
	}
	if err := in.versioned(t, v, i); err != nil {
		return nil, err
	}
	if i.Assigned != nil && (i.scripted() || !arm.IsNull(i.CustomServices) && string(i.CustomServices) != "[]") {
		off := false // the creator's script or application does not get the assignee's sign-in
		i.SSO = &off
	}
	return i, nil
}

// scripted tells whether a script sets the instance up or starts with it.
func (i *instance) scripted() bool {
	return i.script(creationScript) != nil || i.script(startupScript) != nil
}

// enableSSO switches single sign-on on or off. Of an instance that was made for
// somebody, they alone can.
func enableSSO(t *arm.Tx, q *arm.Request, i *instance) (*arm.Object, error) {
	var in struct{ EnableSSO *bool }
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	switch {
	case in.EnableSSO == nil:
		return nil, arm.BadRequest("The request is invalid: enableSSO is required.")
	case i.Assigned != nil && !strings.EqualFold(i.Assigned.ObjectID, q.Caller.ObjectID):
		return nil, arm.Fail(http.StatusForbidden, "UserError", "Single sign-on of a compute instance that is provisioned on behalf of another user can only be changed by its assigned user.")
	}
	i.SSO = in.EnableSSO
	return nil, nil
}

// versioned takes over the fields that not every api-version has.
func (in *instanceInput) versioned(t *arm.Tx, v arm.Version, i *instance) error {
	if has("enableNodePublicIp", v) {
		i.NodePublicIP = in.EnableNodePublicIP
	}
	if has("customServices", v) && !arm.IsNull(in.CustomServices) {
		services, err := customServices(in.CustomServices)
		if err != nil {
			return err
		}
		i.CustomServices = services
	}
	if has("autologgerSettings", v) {
		i.Autologger = in.AutologgerSettings
	}
	if has("enableOSPatching", v) {
		i.OSPatching, i.RootAccess, i.ReleaseQuota = in.EnableOSPatching, in.EnableRootAccess, in.ReleaseQuotaOnStop
	}
	if has("enableSSO", v) {
		i.SSO = in.EnableSSO
	}
	if d := in.IdleTimeBeforeShutdown; d != nil && *d != "" && has("idleTimeBeforeShutdown", v) {
		if _, err := idleTime(*d); err != nil {
			return err
		}
		i.Idle = d
	}
	if in.Schedules != nil && has("schedules", v) {
		list, err := schedules(t, in.Schedules, nil)
		if err != nil {
			return err
		}
		i.Schedules = list
	}
	return nil
}

// oneOf returns the allowed value that s is, whatever its case, or "".
func oneOf(s string, allowed ...string) string {
	for _, a := range allowed {
		if strings.EqualFold(a, s) {
			return a
		}
	}
	return ""
}

// jsonEqual compares two values that came in as JSON; null and absent are equal.
func jsonEqual(a, b json.RawMessage) bool {
	var x, y any
	return (arm.IsNull(a) || json.Unmarshal(a, &x) == nil) && (arm.IsNull(b) || json.Unmarshal(b, &y) == nil) && reflect.DeepEqual(x, y)
}

// phases are the states of an instance's operation.
func (i *instance) phases(operation string) ([]phase, string) {
	share := func(d time.Duration, percent int) time.Duration { return d * time.Duration(percent) / 100 }
	switch operation {
	case createOperation:
		run := append(i.runs(creationScript, "UserSettingUp"), i.runs(startupScript, "UserSettingUp")...)
		if run == nil {
			return []phase{{"Creating", share(createTime, 70), ""}, {"SettingUp", share(createTime, 30), ""}}, "Running"
		}
		return append([]phase{{"Creating", share(createTime, 60), ""}, {"SettingUp", share(createTime, 25), ""}}, run...), "Running"
	case startOperation:
		return append([]phase{{"Starting", startTime, ""}}, i.runs(startupScript, "Starting")...), "Running"
	case stopOperation:
		return []phase{{"Stopping", stopTime, ""}}, "Stopped"
	case restartOperation:
		return append([]phase{{"Restarting", restartTime, ""}}, i.runs(startupScript, "Restarting")...), "Running"
	case resizeOperation:
		return []phase{{"Resizing", resizeTime, ""}}, i.State
	}
	return []phase{{"Deleting", deleteTime, ""}}, ""
}

// runs is the phase in which one of the scripts runs, if there is one.
func (i *instance) runs(which, state string) []phase {
	if i.script(which) == nil {
		return nil
	}
	return []phase{{state, scriptTime, which}}
}

// finish shows the end of an operation.
func (i *instance) finish(b *transition, state string, now time.Time) {
	i.State = state
	if i.Last != nil {
		i.Last.Status = "Succeeded"
	}
	i.Errors = nil
	if b.Failure != nil {
		i.Errors = []*arm.Error{b.Failure.Error}
		if i.Last != nil {
			i.Last.Status = b.Name + "Failed"
		}
		return
	}
	if b.Size != "" {
		i.VMSize = b.Size
	}
	if state == "Running" {
		i.IdleSince = now
	}
}

// startCompute starts a stopped instance.
func startCompute(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	c, err := instanceFor(t, q, "Start")
	if err != nil {
		return nil, err
	}
	if c.Instance.State != "Stopped" {
		return nil, arm.Fail(http.StatusBadRequest, "StartComputeInstanceOnlyAllowedInStoppedState",
			"Start Azure ML Compute Instance is only allowed when the instance %s is in 'stopped' state", c.Name)
	}
	if err := fits(t, c, c, 1); err != nil {
		return nil, err
	}
	operate(t, c, startOperation, triggerUser)
	return accept(t, c, q, arm.NewResponse(http.StatusAccepted)), nil
}

func stopCompute(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	return whileOn(t, q, stopOperation)
}

func restartCompute(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	return whileOn(t, q, restartOperation)
}

// whileOn starts an operation that only an instance that is on can do. The
// service's refusal is not known; ours follows the one of start.
func whileOn(t *arm.Tx, q *arm.Request, operation string) (*arm.Response, error) {
	c, err := instanceFor(t, q, operation)
	if err != nil {
		return nil, err
	}
	if !c.Instance.on() {
		return nil, arm.Fail(http.StatusBadRequest, operation+"ComputeInstanceOnlyAllowedInRunningState",
			"%s Azure ML Compute Instance is only allowed when the instance %s is in 'running' state", operation, c.Name)
	}
	if operation == stopOperation && c.Instance.DiskFull {
		return nil, arm.BadRequest("StopCompute is not allowed when ComputeInstance disk is full.")
	}
	operate(t, c, operation, triggerUser)
	return accept(t, c, q, arm.NewResponse(http.StatusAccepted)), nil
}

// on tells whether there is a machine to stop or restart.
func (i *instance) on() bool {
	switch i.State {
	case "Running", "JobRunning", "SetupFailed", "UserSetupFailed", "Unusable", "Ready", "Unknown":
		return true
	}
	return false
}

// instanceFor returns the instance a request acts on, if it is free to act.
func instanceFor(t *arm.Tx, q *arm.Request, operation string) (*compute, error) {
	c, err := instanceOf(t, q, operation)
	if err == nil && c.Busy != nil {
		return nil, busy(c.Name)
	}
	return c, err
}

// instanceOf returns the instance whose settings a request changes. That this
// can be done while another operation runs is our reading: it is not an
// operation.
func instanceOf(t *arm.Tx, q *arm.Request, action string) (*compute, error) {
	c, err := find(t, q.Args)
	if err != nil {
		return nil, err
	}
	if c.Instance == nil {
		return nil, arm.BadRequest("%s with computeType %s is not supported.", action, c.Type)
	}
	if c.Busy != nil && c.Busy.Name == deleteOperation {
		return nil, busy(c.Name)
	}
	return c, nil
}
