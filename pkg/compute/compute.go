package compute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Compute types, as in computeType. The service may add others.
const (
	TypeInstance          = "ComputeInstance"
	TypeCluster           = "AmlCompute"
	TypeAKS               = "AKS"
	TypeKubernetes        = "Kubernetes"
	TypeVirtualMachine    = "VirtualMachine"
	TypeDatabricks        = "Databricks"
	TypeHDInsight         = "HDInsight"
	TypeDataLakeAnalytics = "DataLakeAnalytics"
	TypeDataFactory       = "DataFactory"
	TypeSynapseSpark      = "SynapseSpark"
)

// States of an instance. The service may add others.
const (
	StateCreating        = "Creating"
	StateCreateFailed    = "CreateFailed"
	StateDeleting        = "Deleting"
	StateRunning         = "Running"
	StateRestarting      = "Restarting"
	StateJobRunning      = "JobRunning"
	StateSettingUp       = "SettingUp"
	StateSetupFailed     = "SetupFailed"
	StateStarting        = "Starting"
	StateStopped         = "Stopped"
	StateStopping        = "Stopping"
	StateUserSettingUp   = "UserSettingUp"
	StateUserSetupFailed = "UserSetupFailed"
	StateUnknown         = "Unknown"
	StateUnusable        = "Unusable"
	StateResizing        = "Resizing"
)

// Compute is one compute of a workspace (ComputeResource). Any field may be empty,
// because the service often omits fields, especially after a create. Raw has
// everything else.
type Compute struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags"`
	Identity *Identity         `json:"identity"`

	Properties `json:"-"`

	// One of these is set if the service sent the properties of the type.
	Instance *Instance       `json:"-"` // of a ComputeInstance
	Cluster  *Cluster        `json:"-"` // of an AmlCompute
	Attached *Attached       `json:"-"` // of any other type
	Raw      json.RawMessage `json:"-"` // as the service sent it
}

// Properties are the fields of all types.
type Properties struct {
	ComputeType        string   `json:"computeType"`
	ComputeLocation    string   `json:"computeLocation"`
	Description        string   `json:"description"`
	ProvisioningState  string   `json:"provisioningState"`
	ProvisioningErrors Problems `json:"provisioningErrors"`
	CreatedOn          Time     `json:"createdOn"`
	ModifiedOn         Time     `json:"modifiedOn"`
	ResourceID         string   `json:"resourceId"`
	IsAttachedCompute  bool     `json:"isAttachedCompute"`
	DisableLocalAuth   *bool    `json:"disableLocalAuth"`
}

// Identity is the managed identity of a compute.
type Identity struct {
	Type         string                  `json:"type"` // None, SystemAssigned, UserAssigned or "SystemAssigned,UserAssigned"
	PrincipalID  string                  `json:"principalId"`
	TenantID     string                  `json:"tenantId"`
	UserAssigned map[string]UserIdentity `json:"userAssignedIdentities"` // by ARM id
}

// UserIdentity is one user-assigned identity.
type UserIdentity struct {
	PrincipalID string `json:"principalId"`
	ClientID    string `json:"clientId"`
}

// Instance are the properties of a ComputeInstance.
type Instance struct {
	VMSize                   string            `json:"vmSize"`
	Subnet                   *Reference        `json:"subnet"`
	ApplicationSharingPolicy string            `json:"applicationSharingPolicy"` // Personal or Shared
	AuthorizationType        string            `json:"computeInstanceAuthorizationType"`
	Personal                 *PersonalSettings `json:"personalComputeInstanceSettings"`
	SSH                      *SSHSettings      `json:"sshSettings"`
	SetupScripts             *SetupScripts     `json:"setupScripts"`
	Schedules                json.RawMessage   `json:"schedules"`              // see Compute.Schedules
	IdleTime                 string            `json:"idleTimeBeforeShutdown"` // ISO 8601, see IdleShutdown
	EnableNodePublicIP       *bool             `json:"enableNodePublicIp"`
	EnableSSO                *bool             `json:"enableSSO"`
	EnableRootAccess         *bool             `json:"enableRootAccess"`
	EnableOSPatching         *bool             `json:"enableOSPatching"`
	ReleaseQuotaOnStop       *bool             `json:"releaseQuotaOnStop"`
	CustomServices           []CustomService   `json:"customServices"`
	DataDisks                []DataDisk        `json:"dataDisks"`
	DataMounts               []DataMount       `json:"dataMounts"`
	Image                    *ImageMetadata    `json:"osImageMetadata"`
	Endpoints                *Endpoints        `json:"connectivityEndpoints"`
	Applications             []Application     `json:"applications"`
	CreatedBy                *CreatedBy        `json:"createdBy"`
	Errors                   Problems          `json:"errors"`
	State                    string            `json:"state"`
	LastOperation            *LastOperation    `json:"lastOperation"`
}

// Reference points at another ARM resource.
type Reference struct {
	ID string `json:"id"`
}

// PersonalSettings name the user of an instance.
type PersonalSettings struct {
	AssignedUser *AssignedUser `json:"assignedUser"`
}

// AssignedUser is the user for whom an instance was created.
type AssignedUser struct {
	ObjectID string `json:"objectId"`
	TenantID string `json:"tenantId"`

	Name string `json:"-"` // from the directory, see NameAssignee
}

// SSHSettings are the SSH settings of an instance. The service does not return the
// key.
type SSHSettings struct {
	PublicAccess  string `json:"sshPublicAccess,omitempty"` // Enabled or Disabled
	AdminUserName string `json:"adminUserName,omitempty"`
	Port          int    `json:"sshPort,omitempty"`
	PublicKey     string `json:"adminPublicKey,omitempty"`
}

// SetupScripts run when an instance is created and each time it starts.
type SetupScripts struct {
	Scripts struct {
		Creation *Script `json:"creationScript,omitempty"`
		Startup  *Script `json:"startupScript,omitempty"`
	} `json:"scripts"`
}

// Script is one setup script.
type Script struct {
	Source    string `json:"scriptSource,omitempty"` // "inline" or "workspaceStorage"
	Data      string `json:"scriptData,omitempty"`   // base64 of the script, or its path
	Arguments string `json:"scriptArguments,omitempty"`
	Timeout   string `json:"timeout,omitempty"` // as for the timeout command, such as 15m
}

// CustomService is a container with endpoints on an instance.
type CustomService struct {
	Name  string `json:"name"`
	Image *struct {
		Type      string `json:"type"`
		Reference string `json:"reference"`
	} `json:"image"`
}

// DataDisk is a disk of an instance besides that of the system.
type DataDisk struct {
	LUN     int    `json:"lun"`
	SizeGB  int    `json:"diskSizeGB"`
	Account string `json:"storageAccountType"` // Standard_LRS or Premium_LRS
}

// DataMount is data that is mounted on an instance.
type DataMount struct {
	Source string `json:"source"`
	Name   string `json:"mountName"`
	Path   string `json:"mountPath"`
	State  string `json:"mountState"` // MountRequested, Mounted, MountFailed, …
	Mode   string `json:"mountMode"`  // ReadOnly or ReadWrite
	Error  string `json:"error"`
}

// ImageMetadata are the versions of the OS image of an instance.
type ImageMetadata struct {
	Current string `json:"currentImageVersion"`
	Latest  string `json:"latestImageVersion"`
	IsLast  *bool  `json:"isLatestOsImageVersion"`
}

// Endpoints are the addresses of an instance.
type Endpoints struct {
	PublicIP  string `json:"publicIpAddress"`
	PrivateIP string `json:"privateIpAddress"`
}

// Application is something an instance serves, such as Jupyter Lab.
type Application struct {
	Name string `json:"displayName"`
	URI  string `json:"endpointUri"`
}

// CreatedBy is the user who created an instance.
type CreatedBy struct {
	UserName string `json:"userName"`
	OrgID    string `json:"userOrgId"`
	UserID   string `json:"userId"`
}

// LastOperation is the last operation on an instance.
type LastOperation struct {
	Name    string `json:"operationName"`    // Create, Start, Stop, Restart, Reimage, Delete, Resize
	Time    Time   `json:"operationTime"`    // when it began
	Status  string `json:"operationStatus"`  // InProgress, Succeeded, StartFailed, …
	Trigger string `json:"operationTrigger"` // User, Schedule, IdleShutdown
}

// Cluster are the properties of an AmlCompute.
type Cluster struct {
	OSType                 string         `json:"osType"`
	VMSize                 string         `json:"vmSize"`
	VMPriority             string         `json:"vmPriority"` // Dedicated or LowPriority
	IsolatedNetwork        *bool          `json:"isolatedNetwork"`
	Scale                  *ScaleSettings `json:"scaleSettings"`
	Account                *Account       `json:"userAccountCredentials"`
	Subnet                 *Reference     `json:"subnet"`
	RemoteLogin            string         `json:"remoteLoginPortPublicAccess"`
	EnableNodePublicIP     *bool          `json:"enableNodePublicIp"`
	AllocationState        string         `json:"allocationState"` // Steady or Resizing
	AllocationStateChanged Time           `json:"allocationStateTransitionTime"`
	Errors                 Problems       `json:"errors"`
	CurrentNodes           int            `json:"currentNodeCount"`
	TargetNodes            int            `json:"targetNodeCount"`
	NodeStates             *NodeStates    `json:"nodeStateCounts"`
}

// ScaleSettings say how a cluster grows and shrinks.
type ScaleSettings struct {
	MaxNodes int    `json:"maxNodeCount"`
	MinNodes int    `json:"minNodeCount"`
	IdleTime string `json:"nodeIdleTimeBeforeScaleDown,omitempty"` // ISO 8601, see IdleScaleDown
}

// Account is the administrator account on the nodes of a cluster.
type Account struct {
	UserName string `json:"adminUserName"`
}

// NodeStates count the nodes of a cluster by state.
type NodeStates struct {
	Idle      int `json:"idleNodeCount"`
	Running   int `json:"runningNodeCount"`
	Preparing int `json:"preparingNodeCount"`
	Unusable  int `json:"unusableNodeCount"`
	Leaving   int `json:"leavingNodeCount"`
	Preempted int `json:"preemptedNodeCount"`
}

// Attached are some properties of the other types.
type Attached struct {
	// AKS
	AgentCount         int     `json:"agentCount"`
	AgentVMSize        string  `json:"agentVmSize"`
	ClusterPurpose     string  `json:"clusterPurpose"`
	LoadBalancerType   string  `json:"loadBalancerType"`
	LoadBalancerSubnet string  `json:"loadBalancerSubnet"`
	SSL                *AKSSSL `json:"sslConfiguration"` // without certificate and key
	// Kubernetes
	Namespace string `json:"namespace"`
	// VirtualMachine, HDInsight
	VMSize  string `json:"virtualMachineSize"`
	Address string `json:"address"`
	SSHPort int    `json:"sshPort"`
}

// Time is a time of the service; the zero time if it is missing or unreadable.
type Time struct{ time.Time }

// UnmarshalJSON reads RFC 3339 with or without an offset, which is UTC then. It
// never fails.
func (t *Time) UnmarshalJSON(data []byte) error {
	t.Time = time.Time{}
	s := strings.Trim(string(data), `"`)
	if parsed, err := time.Parse(time.RFC3339, s); err == nil {
		t.Time = parsed
	} else if parsed, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
		t.Time = parsed
	}
	return nil
}

// Decode reads one compute. It skips fields of an unexpected type and fails only
// if data is not a JSON object. Raw is a copy of data.
func Decode(data []byte) (*Compute, error) {
	c := new(Compute)
	if err := c.decode(bytes.Clone(bytes.TrimSpace(data))); err != nil {
		return nil, err
	}
	return c, nil
}

// decode fills c from data, which it keeps.
func (c *Compute) decode(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return fmt.Errorf("a compute must be a JSON object, not %.20q", data)
	}
	// The type is only known once all is read. Guessing it saves reading the
	// properties twice; a wrong guess is put right below.
	guess := ""
	switch {
	case bytes.Contains(data, []byte(TypeInstance)):
		guess = TypeInstance
	case bytes.Contains(data, []byte(TypeCluster)):
		guess = TypeCluster
	}
	for range 2 {
		*c = Compute{}
		type fields Compute // without Compute's methods, UnmarshalJSON among them
		var envelope struct {
			*fields
			Properties struct {
				*Properties
				Inner any `json:"properties"`
			} `json:"properties"`
		}
		envelope.fields = (*fields)(c)
		envelope.Properties.Properties = &c.Properties
		switch guess {
		case TypeInstance:
			envelope.Properties.Inner = &c.Instance
		case TypeCluster:
			envelope.Properties.Inner = &c.Cluster
		default:
			envelope.Properties.Inner = &c.Attached
		}
		if err := unmarshal(data, &envelope); err != nil {
			return fmt.Errorf("the JSON of a compute cannot be read: %w", err)
		}
		known := knownType(c.ComputeType)
		if known == guess {
			break
		}
		guess = known
	}
	c.Raw = data
	return nil
}

// knownType is one of the types with properties of their own, or "".
func knownType(computeType string) string {
	switch {
	case strings.EqualFold(computeType, TypeInstance):
		return TypeInstance
	case strings.EqualFold(computeType, TypeCluster):
		return TypeCluster
	}
	return ""
}

// UnmarshalJSON is Decode, so that a larger document can contain a Compute.
func (c *Compute) UnmarshalJSON(data []byte) error {
	*c = Compute{}
	return c.decode(bytes.Clone(data))
}

// MarshalJSON is the service's own JSON.
func (c *Compute) MarshalJSON() ([]byte, error) {
	if len(c.Raw) == 0 {
		return []byte("null"), nil
	}
	return c.Raw, nil
}

// State is the state of an instance, the allocation state of a cluster, or the
// provisioning state of a compute that has neither, is being created or deleted,
// or has failed. It is never empty.
func (c *Compute) State() string {
	provisioning := c.ProvisioningState
	switch {
	case strings.EqualFold(provisioning, StateDeleting):
		return StateDeleting
	case c.Instance != nil && c.Instance.State != "":
		return c.Instance.State
	case c.Cluster != nil && c.Cluster.AllocationState != "" && strings.EqualFold(provisioning, "Succeeded"):
		return c.Cluster.AllocationState
	case provisioning != "":
		return provisioning
	default:
		return StateUnknown
	}
}

// VMSize is the size of the machines; "" for types without one.
func (c *Compute) VMSize() string {
	switch {
	case c.Instance != nil:
		return c.Instance.VMSize
	case c.Cluster != nil:
		return c.Cluster.VMSize
	case c.Attached != nil && c.Attached.AgentVMSize != "":
		return c.Attached.AgentVMSize
	case c.Attached != nil:
		return c.Attached.VMSize
	}
	return ""
}

// User is the user of a compute.
type User struct {
	ID       string // object id
	TenantID string
	Name     string // often missing
}

// Owner is the assigned user of an instance, else its creator. It is the zero User
// if the service names neither.
func (c *Compute) Owner() User {
	var owner User
	if c.Instance == nil {
		return owner
	}
	if by := c.Instance.CreatedBy; by != nil {
		owner = User{ID: by.UserID, TenantID: by.OrgID, Name: by.UserName}
	}
	if p := c.Instance.Personal; p != nil && p.AssignedUser != nil && p.AssignedUser.ObjectID != "" {
		if !strings.EqualFold(owner.ID, p.AssignedUser.ObjectID) {
			owner.Name = p.AssignedUser.Name
		}
		owner.ID, owner.TenantID = p.AssignedUser.ObjectID, p.AssignedUser.TenantID
	}
	return owner
}

// NameAssignee gives a name to the person the compute was assigned to: the
// service tells only the id, see Owner.
func (c *Compute) NameAssignee(name string) {
	if c.Instance != nil && c.Instance.Personal != nil && c.Instance.Personal.AssignedUser != nil {
		c.Instance.Personal.AssignedUser.Name = name
	}
}

// Errors are the compute's own errors and those of its provisioning, each once.
func (c *Compute) Errors() []Problem {
	all := append([]Problem(nil), c.ProvisioningErrors...)
	switch {
	case c.Instance != nil:
		all = append(all, c.Instance.Errors...)
	case c.Cluster != nil:
		all = append(all, c.Cluster.Errors...)
	}
	var out []Problem
	for _, p := range all {
		if !slices.ContainsFunc(out, func(said Problem) bool { return said.Code == p.Code && said.Message == p.Message }) {
			out = append(out, p)
		}
	}
	return out
}

// LastOperation is the last operation on an instance; nil if unknown or if c is
// nil.
func (c *Compute) LastOperation() *LastOperation {
	if c == nil || c.Instance == nil {
		return nil
	}
	return c.Instance.LastOperation
}

// IsInstance reports whether it is a ComputeInstance.
func (c *Compute) IsInstance() bool { return strings.EqualFold(c.ComputeType, TypeInstance) }

// IsCluster reports whether it is an AmlCompute.
func (c *Compute) IsCluster() bool { return strings.EqualFold(c.ComputeType, TypeCluster) }

// IdleShutdown is the idle time after which an instance stops; ok is false if it
// does not, or if unknown.
func (i *Instance) IdleShutdown() (d time.Duration, ok bool) {
	d, ok = parseDuration(i.IdleTime)
	return d, ok && d > 0
}

// IdleUnread is what the service says of the idle time where it is not understood,
// which is not the same as off; "" where it is.
func (i *Instance) IdleUnread() string {
	if _, ok := parseDuration(i.IdleTime); ok {
		return ""
	}
	return i.IdleTime
}

// InNetwork reports whether an instance is in a virtual network, where it has a
// private address.
func (i *Instance) InNetwork() bool {
	return i.Subnet != nil && i.Subnet.ID != "" || i.EnableNodePublicIP != nil && !*i.EnableNodePublicIP
}

// SetIdleScaleDown sets the idle time after which a node is removed, in whole
// seconds, as v1 wrote it: PT1800S.
func (s *ScaleSettings) SetIdleScaleDown(d time.Duration) {
	s.IdleTime = fmt.Sprintf("PT%dS", int64(d/time.Second))
}

// SetIdle is SetIdleScaleDown, unless it is that already in other words.
func (s *ScaleSettings) SetIdle(d time.Duration) {
	if have, ok := s.IdleScaleDown(); !ok || have != d {
		s.SetIdleScaleDown(d)
	}
}

// IdleScaleDown is the idle time after which a node is removed.
func (s *ScaleSettings) IdleScaleDown() (d time.Duration, ok bool) {
	return parseDuration(s.IdleTime)
}
