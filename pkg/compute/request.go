package compute

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Spec is a compute as it is asked for (the body of Compute_CreateOrUpdate).
// Exactly one of the type fields is set.
type Spec struct {
	// Location is the region; "" is the workspace's own, which Create fills in.
	Location    string
	Description string
	Tags        map[string]string
	Identity    *IdentitySpec
	// ResourceID is the ARM id of what is attached.
	ResourceID string
	// DisableLocalAuth of an instance goes with SSH being off; nil leaves it to
	// the service.
	DisableLocalAuth *bool

	Instance          *InstanceSpec
	Cluster           *ClusterSpec
	AKS               *AKSSpec
	Kubernetes        *KubernetesSpec
	VirtualMachine    *VirtualMachineSpec
	Databricks        *DatabricksSpec
	HDInsight         *HDInsightSpec
	SynapseSpark      *SynapseSparkSpec
	DataLakeAnalytics *DataLakeAnalyticsSpec
	DataFactory       *DataFactorySpec
}

// IdentitySpec asks for managed identities. Neither System nor User removes
// them all.
type IdentitySpec struct {
	System bool
	User   []string // ARM ids of user-assigned identities
}

// MarshalJSON writes the envelope's identity.
func (i IdentitySpec) MarshalJSON() ([]byte, error) {
	wire := struct {
		Type string              `json:"type"`
		User map[string]struct{} `json:"userAssignedIdentities,omitempty"`
	}{Type: i.kind()}
	for _, id := range i.User {
		if wire.User == nil {
			wire.User = map[string]struct{}{}
		}
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

// InstanceSpec asks for a ComputeInstance. A nil pointer or empty value is left
// out and so left to the service.
type InstanceSpec struct {
	VMSize                   string
	SubnetID                 string
	ApplicationSharingPolicy string // Personal or Shared
	SSHPublicAccess          *bool
	SSHPublicKey             string // "ssh-rsa …"
	AssignedUser             *AssignedUser
	CreationScript           *Script
	StartupScript            *Script
	Schedules                []Schedule
	// IdleShutdown is 15 minutes to 3 days, in whole minutes; 0 leaves it out.
	IdleShutdown       time.Duration
	EnableNodePublicIP *bool
	EnableSSO          *bool
	CustomServices     json.RawMessage // an array, as the service takes it
	// The next three are known to preview versions only; setting one sends the
	// create at such a version.
	EnableRootAccess   *bool
	EnableOSPatching   *bool
	ReleaseQuotaOnStop *bool
}

func (s *InstanceSpec) preview() bool {
	return s.EnableRootAccess != nil || s.EnableOSPatching != nil || s.ReleaseQuotaOnStop != nil
}

// MarshalJSON writes the inner properties.
func (s *InstanceSpec) MarshalJSON() ([]byte, error) {
	type scripts struct {
		Creation *Script `json:"creationScript,omitempty"`
		Startup  *Script `json:"startupScript,omitempty"`
	}
	type setup struct {
		Scripts scripts `json:"scripts"`
	}
	type ssh struct {
		Access string `json:"sshPublicAccess,omitempty"`
		Key    string `json:"adminPublicKey,omitempty"`
	}
	wire := struct {
		VMSize        string            `json:"vmSize,omitempty"`
		Subnet        *Reference        `json:"subnet,omitempty"`
		Sharing       string            `json:"applicationSharingPolicy,omitempty"`
		Authorization string            `json:"computeInstanceAuthorizationType,omitempty"`
		Personal      *PersonalSettings `json:"personalComputeInstanceSettings,omitempty"`
		SSH           *ssh              `json:"sshSettings,omitempty"`
		Setup         *setup            `json:"setupScripts,omitempty"`
		Schedules     any               `json:"schedules,omitempty"`
		Idle          string            `json:"idleTimeBeforeShutdown,omitempty"`
		PublicIP      *bool             `json:"enableNodePublicIp,omitempty"`
		SSO           *bool             `json:"enableSSO,omitempty"`
		Services      json.RawMessage   `json:"customServices,omitempty"`
		Root          *bool             `json:"enableRootAccess,omitempty"`
		Patching      *bool             `json:"enableOSPatching,omitempty"`
		ReleaseQuota  *bool             `json:"releaseQuotaOnStop,omitempty"`
	}{
		VMSize: s.VMSize, Subnet: reference(s.SubnetID), Sharing: s.ApplicationSharingPolicy,
		PublicIP: s.EnableNodePublicIP, SSO: s.EnableSSO, Services: s.CustomServices,
		Root: s.EnableRootAccess, Patching: s.EnableOSPatching, ReleaseQuota: s.ReleaseQuotaOnStop,
	}
	if s.AssignedUser != nil {
		wire.Authorization = "personal"
		wire.Personal = &PersonalSettings{AssignedUser: s.AssignedUser}
	}
	if s.SSHPublicAccess != nil || s.SSHPublicKey != "" {
		wire.SSH = &ssh{Key: s.SSHPublicKey}
		if s.SSHPublicAccess != nil {
			wire.SSH.Access = access(*s.SSHPublicAccess)
		}
	}
	if s.CreationScript != nil || s.StartupScript != nil {
		wire.Setup = &setup{scripts{s.CreationScript, s.StartupScript}}
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

// ClusterSpec asks for an AmlCompute.
type ClusterSpec struct {
	VMSize     string
	VMPriority string // Dedicated or LowPriority
	MinNodes   int
	MaxNodes   int
	// IdleScaleDown is how long a node stays idle before it goes, in whole
	// seconds; 0 leaves it to the service.
	IdleScaleDown      time.Duration
	AdminUserName      string
	AdminPassword      string // secret
	AdminSSHKey        string
	SubnetID           string
	RemoteLogin        string // Enabled, Disabled or NotSpecified
	EnableNodePublicIP *bool
	IsolatedNetwork    *bool
	OSType             string // Linux or Windows
}

// MarshalJSON writes the inner properties.
func (s *ClusterSpec) MarshalJSON() ([]byte, error) {
	type account struct {
		Name     string `json:"adminUserName"`
		Password string `json:"adminUserPassword,omitempty"`
		Key      string `json:"adminUserSshPublicKey,omitempty"`
	}
	wire := struct {
		OSType      string        `json:"osType,omitempty"`
		VMSize      string        `json:"vmSize,omitempty"`
		VMPriority  string        `json:"vmPriority,omitempty"`
		Isolated    *bool         `json:"isolatedNetwork,omitempty"`
		Scale       ScaleSettings `json:"scaleSettings"`
		Account     *account      `json:"userAccountCredentials,omitempty"`
		Subnet      *Reference    `json:"subnet,omitempty"`
		RemoteLogin string        `json:"remoteLoginPortPublicAccess,omitempty"`
		PublicIP    *bool         `json:"enableNodePublicIp,omitempty"`
	}{
		OSType: s.OSType, VMSize: s.VMSize, VMPriority: s.VMPriority, Isolated: s.IsolatedNetwork,
		Scale: s.scale(), Subnet: reference(s.SubnetID), RemoteLogin: s.RemoteLogin, PublicIP: s.EnableNodePublicIP,
	}
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

// HDInsightSpec attaches an HDInsight cluster.
type HDInsightSpec struct {
	Address string          `json:"address,omitempty"`
	SSHPort int             `json:"sshPort,omitempty"`
	Account *MachineAccount `json:"administratorAccount,omitempty"`
}

// DatabricksSpec attaches a Databricks workspace. The token is a secret.
type DatabricksSpec struct {
	AccessToken  string `json:"databricksAccessToken,omitempty"`
	WorkspaceURL string `json:"workspaceUrl,omitempty"`
}

// DataLakeAnalyticsSpec attaches a Data Lake Analytics account.
type DataLakeAnalyticsSpec struct {
	StoreAccountName string `json:"dataLakeStoreAccountName,omitempty"`
}

// DataFactorySpec asks for a Data Factory target, which has no settings.
type DataFactorySpec struct{}

// SynapseSparkSpec attaches a Synapse Spark pool.
type SynapseSparkSpec struct {
	PoolName      string `json:"poolName,omitempty"`
	WorkspaceName string `json:"workspaceName,omitempty"`
	ResourceGroup string `json:"resourceGroup,omitempty"`
	Subscription  string `json:"subscriptionId,omitempty"`
}

// Type is the computeType asked for, "" when no type field is set.
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
	case s.Databricks != nil:
		return TypeDatabricks, s.Databricks
	case s.HDInsight != nil:
		return TypeHDInsight, s.HDInsight
	case s.SynapseSpark != nil:
		return TypeSynapseSpark, s.SynapseSpark
	case s.DataLakeAnalytics != nil:
		return TypeDataLakeAnalytics, s.DataLakeAnalytics
	case s.DataFactory != nil:
		return TypeDataFactory, nil
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

// operation is the row of the table that a create of s uses.
func (s *Spec) operation() operation {
	if s.Instance != nil && s.Instance.preview() {
		return opCreatePreview
	}
	return opCreate
}

// vmSize is the size asked for, with the number of machines it is asked for.
func (s *Spec) vmSize() (size string, machines int) {
	switch {
	case s.Instance != nil:
		return s.Instance.VMSize, 1
	case s.Cluster != nil:
		return s.Cluster.VMSize, s.Cluster.MinNodes
	}
	return "", 0
}

// lowPriority reports whether the spec asks for machines of low priority,
// which count against another quota.
func (s *Spec) lowPriority() bool {
	return s.Cluster != nil && strings.EqualFold(s.Cluster.VMPriority, "LowPriority")
}
