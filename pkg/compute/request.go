package compute

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Spec describes a compute to create or attach (the body of
// Compute_CreateOrUpdate). Exactly one of the type fields is set.
type Spec struct {
	Location         string // region; Create fills in the workspace's if it is ""
	Description      string
	Tags             map[string]string
	Identity         *IdentitySpec
	ResourceID       string // ARM id of what is attached
	DisableLocalAuth *bool  // of an instance: true if SSH is off; nil lets the service decide

	Instance       *InstanceSpec
	Cluster        *ClusterSpec
	AKS            *AKSSpec
	Kubernetes     *KubernetesSpec
	VirtualMachine *VirtualMachineSpec
	DataFactory    *DataFactorySpec
	SynapseSpark   *SynapseSparkSpec
}

// IdentitySpec asks for managed identities. An empty one removes them all.
type IdentitySpec struct {
	System bool
	User   []string // ARM ids of user-assigned identities
}

// MarshalJSON writes the envelope's identity.
func (i IdentitySpec) MarshalJSON() ([]byte, error) {
	wire := struct {
		Type string              `json:"type"`
		User map[string]struct{} `json:"userAssignedIdentities,omitempty"`
	}{Type: i.kind(), User: map[string]struct{}{}}
	for _, id := range i.User {
		wire.User[id] = struct{}{}
	}
	return json.Marshal(wire)
}

func (i IdentitySpec) kind() string {
	switch {
	case i.System && len(i.User) > 0:
		return "SystemAssigned,UserAssigned"
	case i.System:
		return "SystemAssigned"
	case len(i.User) > 0:
		return "UserAssigned"
	default:
		return "None"
	}
}

// InstanceSpec asks for a ComputeInstance. The service decides what is nil or
// empty.
type InstanceSpec struct {
	VMSize                   string          `json:"vmSize,omitempty"`
	SubnetID                 string          `json:"-"`
	ApplicationSharingPolicy string          `json:"applicationSharingPolicy,omitempty"` // Personal or Shared
	SSHPublicAccess          *bool           `json:"-"`
	SSHPublicKey             string          `json:"-"` // "ssh-rsa …"
	AssignedUser             *AssignedUser   `json:"-"`
	CreationScript           *Script         `json:"-"`
	StartupScript            *Script         `json:"-"`
	Schedules                []Schedule      `json:"-"`
	IdleShutdown             time.Duration   `json:"-"` // 15 minutes to 3 days, in whole minutes; 0 omits it
	EnableNodePublicIP       *bool           `json:"enableNodePublicIp,omitempty"`
	EnableSSO                *bool           `json:"enableSSO,omitempty"`
	CustomServices           json.RawMessage `json:"customServices,omitempty"` // an array

	// These exist in preview versions only, so setting one sends the create at
	// such a version.
	EnableRootAccess   *bool `json:"enableRootAccess,omitempty"`
	EnableOSPatching   *bool `json:"enableOSPatching,omitempty"`
	ReleaseQuotaOnStop *bool `json:"releaseQuotaOnStop,omitempty"`
}

// BeginsWithoutSSO reports whether the service creates the instance with single
// sign-on off: it is for another user and has a script or custom services. Only
// that user can switch it on, see ChangeSSO. Source: "Create and manage a compute
// instance"; whether a startup script counts is not documented, so it does here.
func (s *InstanceSpec) BeginsWithoutSSO() bool {
	var services []json.RawMessage
	return s.AssignedUser != nil && (s.CreationScript != nil || s.StartupScript != nil || json.Unmarshal(s.CustomServices, &services) == nil && len(services) > 0)
}

// MarshalJSON writes the inner properties.
func (s *InstanceSpec) MarshalJSON() ([]byte, error) {
	type plain InstanceSpec // has no MarshalJSON
	wire := struct {
		*plain
		Subnet        *Reference        `json:"subnet,omitempty"`
		Authorization string            `json:"computeInstanceAuthorizationType,omitempty"`
		Personal      *PersonalSettings `json:"personalComputeInstanceSettings,omitempty"`
		SSH           *SSHSettings      `json:"sshSettings,omitempty"`
		Setup         *SetupScripts     `json:"setupScripts,omitempty"`
		Schedules     any               `json:"schedules,omitempty"`
		Idle          string            `json:"idleTimeBeforeShutdown,omitempty"`
	}{plain: (*plain)(s), Subnet: reference(s.SubnetID)}
	if s.AssignedUser != nil {
		wire.Authorization = "personal"
		wire.Personal = &PersonalSettings{AssignedUser: s.AssignedUser}
	}
	if s.SSHPublicAccess != nil || s.SSHPublicKey != "" {
		wire.SSH = &SSHSettings{PublicKey: s.SSHPublicKey}
		if s.SSHPublicAccess != nil {
			wire.SSH.PublicAccess = access(*s.SSHPublicAccess)
		}
	}
	if s.CreationScript != nil || s.StartupScript != nil {
		wire.Setup = &SetupScripts{}
		wire.Setup.Scripts.Creation, wire.Setup.Scripts.Startup = s.CreationScript, s.StartupScript
	}
	if len(s.Schedules) > 0 {
		wire.Schedules = schedulesBody(s.Schedules)
	}
	if s.IdleShutdown > 0 {
		wire.Idle = formatDuration(s.IdleShutdown)
	}
	return json.Marshal(wire)
}

func reference(id string) *Reference {
	if id == "" {
		return nil
	}
	return &Reference{ID: id}
}

// ClusterSpec asks for an AmlCompute. The service decides what is nil or empty.
type ClusterSpec struct {
	OSType             string        `json:"osType,omitempty"` // Linux or Windows
	VMSize             string        `json:"vmSize,omitempty"`
	VMPriority         string        `json:"vmPriority,omitempty"` // Dedicated or LowPriority
	IsolatedNetwork    *bool         `json:"isolatedNetwork,omitempty"`
	MinNodes           int           `json:"-"`
	MaxNodes           int           `json:"-"`
	IdleScaleDown      time.Duration `json:"-"` // before an idle node is removed, in whole seconds; 0 omits it
	AdminUserName      string        `json:"-"`
	AdminPassword      string        `json:"-"` // secret
	AdminSSHKey        string        `json:"-"`
	SubnetID           string        `json:"-"`
	RemoteLogin        string        `json:"remoteLoginPortPublicAccess,omitempty"` // Enabled, Disabled or NotSpecified
	EnableNodePublicIP *bool         `json:"enableNodePublicIp,omitempty"`
}

// MarshalJSON writes the inner properties.
func (s *ClusterSpec) MarshalJSON() ([]byte, error) {
	type plain ClusterSpec // has no MarshalJSON
	type account struct {
		Name     string `json:"adminUserName"`
		Password string `json:"adminUserPassword,omitempty"`
		Key      string `json:"adminUserSshPublicKey,omitempty"`
	}
	wire := struct {
		*plain
		Scale   ScaleSettings `json:"scaleSettings"`
		Account *account      `json:"userAccountCredentials,omitempty"`
		Subnet  *Reference    `json:"subnet,omitempty"`
	}{plain: (*plain)(s), Scale: s.scale(), Subnet: reference(s.SubnetID)}
	if s.AdminUserName != "" {
		wire.Account = &account{s.AdminUserName, s.AdminPassword, s.AdminSSHKey}
	}
	return json.Marshal(wire)
}

func (s *ClusterSpec) scale() ScaleSettings {
	scale := ScaleSettings{MaxNodes: s.MaxNodes, MinNodes: s.MinNodes}
	if s.IdleScaleDown > 0 {
		scale.SetIdleScaleDown(s.IdleScaleDown)
	}
	return scale
}

// AKSSpec asks for an AKS inference cluster, or attaches one when the Spec has
// a ResourceID.
type AKSSpec struct {
	AgentCount         int            `json:"agentCount,omitempty"`
	AgentVMSize        string         `json:"agentVmSize,omitempty"`
	ClusterPurpose     string         `json:"clusterPurpose,omitempty"` // FastProd, DenseProd or DevTest
	ClusterFQDN        string         `json:"clusterFqdn,omitempty"`
	LoadBalancerType   string         `json:"loadBalancerType,omitempty"` // PublicIp or InternalLoadBalancer
	LoadBalancerSubnet string         `json:"loadBalancerSubnet,omitempty"`
	SSL                *AKSSSL        `json:"sslConfiguration,omitempty"`
	Networking         *AKSNetworking `json:"aksNetworkingConfiguration,omitempty"`
}

// AKSSSL are the TLS settings of an AKS target. Cert and Key are PEM; Key is a
// secret.
type AKSSSL struct {
	Status            string `json:"status,omitempty"` // Disabled, Enabled or Auto
	Cert              string `json:"cert,omitempty"`
	Key               string `json:"key,omitempty"`
	CNAME             string `json:"cname,omitempty"`
	LeafDomainLabel   string `json:"leafDomainLabel,omitempty"`
	OverwriteExisting *bool  `json:"overwriteExistingDomain,omitempty"`
}

// AKSNetworking are the network settings of an AKS target.
type AKSNetworking struct {
	SubnetID         string `json:"subnetId,omitempty"`
	ServiceCIDR      string `json:"serviceCidr,omitempty"`
	DNSServiceIP     string `json:"dnsServiceIP,omitempty"`
	DockerBridgeCIDR string `json:"dockerBridgeCidr,omitempty"`
}

// KubernetesSpec attaches a Kubernetes cluster.
type KubernetesSpec struct {
	Namespace           string          `json:"namespace,omitempty"`
	DefaultInstanceType string          `json:"defaultInstanceType,omitempty"`
	InstanceTypes       json.RawMessage `json:"instanceTypes,omitempty"`
}

// MachineAccount is the account used to sign in to an attached machine. The
// password and the private key are secrets.
type MachineAccount struct {
	UserName   string `json:"username"`
	Password   string `json:"password,omitempty"`
	PublicKey  string `json:"publicKeyData,omitempty"`
	PrivateKey string `json:"privateKeyData,omitempty"`
}

// VirtualMachineSpec attaches a machine reached by SSH.
type VirtualMachineSpec struct {
	VMSize  string          `json:"virtualMachineSize,omitempty"`
	Address string          `json:"address,omitempty"`
	SSHPort int             `json:"sshPort,omitempty"`
	Account *MachineAccount `json:"administratorAccount,omitempty"`
}

// DataFactorySpec asks for a Data Factory target, which has no settings.
type DataFactorySpec struct{}

// SynapseSparkSpec attaches a Spark pool of Synapse. It has no settings.
type SynapseSparkSpec struct{}

// Type is the computeType; "" if no type field is set.
func (s *Spec) Type() string {
	kind, _ := s.inner()
	return kind
}

func (s *Spec) inner() (kind string, properties any) {
	switch {
	case s.Instance != nil:
		return TypeInstance, s.Instance
	case s.Cluster != nil:
		return TypeCluster, s.Cluster
	case s.AKS != nil:
		return TypeAKS, s.AKS
	case s.Kubernetes != nil:
		return TypeKubernetes, s.Kubernetes
	case s.VirtualMachine != nil:
		return TypeVirtualMachine, s.VirtualMachine
	case s.DataFactory != nil:
		return TypeDataFactory, nil
	case s.SynapseSpark != nil:
		return TypeSynapseSpark, nil
	}
	return "", nil
}

// MarshalJSON writes the body of the PUT. It may hold secrets.
func (s *Spec) MarshalJSON() ([]byte, error) {
	kind, inner := s.inner()
	if kind == "" {
		return nil, fmt.Errorf("the compute to create has no type")
	}
	type properties struct {
		ComputeType      string `json:"computeType"`
		Description      string `json:"description,omitempty"`
		ResourceID       string `json:"resourceId,omitempty"`
		DisableLocalAuth *bool  `json:"disableLocalAuth,omitempty"`
		Properties       any    `json:"properties,omitempty"`
	}
	return json.Marshal(struct {
		Location   string            `json:"location,omitempty"`
		Tags       map[string]string `json:"tags,omitempty"`
		Identity   *IdentitySpec     `json:"identity,omitempty"`
		Properties properties        `json:"properties"`
	}{s.Location, s.Tags, s.Identity, properties{kind, s.Description, s.ResourceID, s.DisableLocalAuth, inner}})
}

// verb is VerbAttach for a compute that exists outside the workspace.
func (s *Spec) verb() Verb {
	if s.ResourceID != "" || s.Kubernetes != nil || s.VirtualMachine != nil || s.SynapseSpark != nil {
		return VerbAttach
	}
	return VerbCreate
}

// operation is the one that creates s.
func (s *Spec) operation() operation {
	if s.NeedsWhole() {
		return opCreatePreview
	}
	return opCreate
}

// APIVersion is the newest version that takes all that s asks for.
func (s *Spec) APIVersion() string { return cmp.Or(s.operation().version, DefaultAPIVersion) }

// NeedsWhole reports whether s asks for something that only a preview version
// takes and tells, so that it can be compared with what GetWhole reads alone.
func (s *Spec) NeedsWhole() bool {
	i := s.Instance
	return i != nil && (i.EnableRootAccess != nil || i.EnableOSPatching != nil || i.ReleaseQuotaOnStop != nil)
}

// vmSize is the size asked for and the number of machines.
func (s *Spec) vmSize() (size string, machines int) {
	switch {
	case s.Instance != nil:
		return s.Instance.VMSize, 1
	case s.Cluster != nil:
		return s.Cluster.VMSize, s.Cluster.MinNodes
	}
	return "", 0
}

// lowPriority reports whether s asks for machines of low priority, which have a
// quota of their own.
func (s *Spec) lowPriority() bool {
	return s.Cluster != nil && strings.EqualFold(s.Cluster.VMPriority, "LowPriority")
}
