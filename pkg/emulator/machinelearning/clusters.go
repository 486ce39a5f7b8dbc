package machinelearning

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	timetable "github.com/computetarget/computetarget/pkg/schedule"
)

// cluster is what an AmlCompute has beyond the envelope.
type cluster struct {
	VMSize       string          `json:"vmSize"`
	Priority     string          `json:"priority"` // Dedicated or LowPriority
	OSType       string          `json:"osType"`
	Image        json.RawMessage `json:"image,omitempty"`
	Subnet       json.RawMessage `json:"subnet,omitempty"`
	PropertyBag  json.RawMessage `json:"propertyBag,omitempty"`
	Isolated     bool            `json:"isolated,omitempty"`
	NodePublicIP *bool           `json:"nodePublicIp,omitempty"`
	RemoteLogin  string          `json:"remoteLogin"`
	AdminUser    string          `json:"adminUser,omitempty"`
	Scale        scale           `json:"scale"`

	Jobs       int          `json:"jobs,omitempty"` // nodes that jobs ask for
	Nodes      []*node      `json:"nodes,omitempty"`
	Made       int          `json:"made,omitempty"` // nodes ever made, for their ids
	Allocation string       `json:"allocation"`     // Steady or Resizing
	Since      time.Time    `json:"since"`          // of the allocation state
	Errors     []*arm.Error `json:"errors,omitempty"`
}

type scale struct {
	Min  int    `json:"min"`
	Max  int    `json:"max"`
	Idle string `json:"idle"` // ISO 8601, as sent
}

type node struct {
	ID    string    `json:"id"`
	State string    `json:"state"` // preparing, idle, running, leaving, unusable, preempted
	Port  int       `json:"port"`
	Idle  time.Time `json:"idle"`  // idle since then
	Moves time.Time `json:"moves"` // when preparing or leaving ends
}

// How long a node takes to come and go at the real pace; our estimates.
const (
	nodeStartTime = 150 * time.Second
	nodeStopTime  = 60 * time.Second
)

// defaultNodeIdle is how long a node idles before it is taken away when the
// request does not say; the service's own default is not known.
const defaultNodeIdle = "PT120S"

type scaleInput struct {
	MaxNodeCount                *int
	MinNodeCount                *int
	NodeIdleTimeBeforeScaleDown *string
}

type clusterInput struct {
	VMSize                      string
	VMPriority                  *string
	OSType                      *string
	VirtualMachineImage         json.RawMessage
	IsolatedNetwork             *bool
	ScaleSettings               *scaleInput
	UserAccountCredentials      *struct{ AdminUserName string }
	Subnet                      json.RawMessage
	RemoteLoginPortPublicAccess *string
	EnableNodePublicIP          *bool
	PropertyBag                 json.RawMessage
}

// putCluster creates a cluster, or changes one.
func putCluster(t *arm.Tx, q *arm.Request, c, old *compute, raw json.RawMessage) (*arm.Response, error) {
	var in clusterInput
	if !arm.IsNull(raw) {
		if err := arm.Decode(raw, &in); err != nil {
			return nil, err
		}
	}
	if old != nil {
		in.keep(old.Cluster)
	}
	cl, err := in.cluster()
	if err != nil {
		return nil, err
	}
	c.Cluster = cl
	cl.Allocation, cl.Since = "Steady", t.Now
	if old != nil && old.Cluster.VMSize == cl.VMSize && old.Cluster.Priority == cl.Priority && old.ProvisioningState == "Succeeded" {
		was := old.Cluster
		cl.Jobs, cl.Nodes, cl.Made, cl.Allocation, cl.Since, cl.Errors = was.Jobs, was.Nodes, was.Made, was.Allocation, was.Since, was.Errors
		c.Created, c.CreatedBy, c.ProvisioningState = old.Created, old.CreatedBy, old.ProvisioningState
		if err := fits(t, c, old, cl.Scale.Min); err != nil {
			return nil, err
		}
		computes.Put(t, c.key(), c)
		operate(t, c, updateOperation, triggerUser)
		return accept(t, c, q, arm.OK(c.body(q.Version, false))), nil
	}
	if err := fits(t, c, old, cl.Scale.Min); err != nil {
		return nil, err
	}
	cl.VMSize = stickySize(t, c, cl.VMSize)
	computes.Put(t, c.key(), c)
	operate(t, c, createOperation, triggerUser)
	crowded(t, c)
	return accept(t, c, q, arm.NewResponse(http.StatusCreated).JSON(c.body(q.Version, true))), nil
}

// keep fills in what a PUT on an existing cluster leaves out and needs: the
// specification's own example sends scale settings alone.
func (in *clusterInput) keep(old *cluster) {
	if in.VMSize == "" {
		in.VMSize = old.VMSize
		if in.VMPriority == nil {
			in.VMPriority = &old.Priority
		}
	}
	if in.ScaleSettings == nil {
		in.ScaleSettings = &scaleInput{MaxNodeCount: &old.Scale.Max, MinNodeCount: &old.Scale.Min, NodeIdleTimeBeforeScaleDown: &old.Scale.Idle}
	}
}

// cluster checks what was asked for and returns the cluster it makes.
func (in *clusterInput) cluster() (*cluster, error) {
	if in.VMSize == "" {
		return nil, arm.BadRequest("The request is invalid: properties.properties.vmSize is required.")
	}
	size := findSize(in.VMSize)
	if size == nil || !size.supports(clusterType) {
		return nil, arm.BadRequest("%s is not a supported VM size", in.VMSize)
	}
	cl := &cluster{
		VMSize: strings.ToUpper(size.name), Priority: "Dedicated", OSType: "Linux", RemoteLogin: "NotSpecified",
		Image: in.VirtualMachineImage, Subnet: in.Subnet, PropertyBag: in.PropertyBag, NodePublicIP: in.EnableNodePublicIP,
		Scale: scale{Idle: defaultNodeIdle},
	}
	if err := in.settings(cl); err != nil {
		return nil, err
	}
	if in.ScaleSettings == nil || in.ScaleSettings.MaxNodeCount == nil {
		return nil, arm.BadRequest("The request is invalid: scaleSettings.maxNodeCount is required.")
	}
	return cl, cl.Scale.change(in.ScaleSettings)
}

// settings takes over the fields with a fixed set of values.
func (in *clusterInput) settings(cl *cluster) error {
	for _, f := range []struct {
		name    string
		in      *string
		out     *string
		allowed []string
	}{
		{"vmPriority", in.VMPriority, &cl.Priority, []string{"Dedicated", "LowPriority"}},
		{"osType", in.OSType, &cl.OSType, []string{"Linux", "Windows"}},
		{"remoteLoginPortPublicAccess", in.RemoteLoginPortPublicAccess, &cl.RemoteLogin, []string{"Enabled", "Disabled", "NotSpecified"}},
	} {
		if f.in == nil || *f.in == "" {
			continue
		}
		if *f.out = oneOf(*f.in, f.allowed...); *f.out == "" {
			return arm.BadRequest("The %s '%s' is not valid: it must be one of %s.", f.name, *f.in, strings.Join(f.allowed, ", "))
		}
	}
	if in.IsolatedNetwork != nil {
		cl.Isolated = *in.IsolatedNetwork
	}
	if in.UserAccountCredentials != nil {
		cl.AdminUser = in.UserAccountCredentials.AdminUserName // password and key are dropped here
	}
	return nil
}

// change takes over what in sets.
func (s *scale) change(in *scaleInput) error {
	next := *s
	if in.MinNodeCount != nil {
		next.Min = *in.MinNodeCount
	}
	if in.MaxNodeCount != nil {
		next.Max = *in.MaxNodeCount
	}
	if d := in.NodeIdleTimeBeforeScaleDown; d != nil && *d != "" {
		if idle, err := timetable.ParseISO(*d); err != nil || idle < 0 {
			return arm.BadRequest("The nodeIdleTimeBeforeScaleDown '%s' is not an ISO 8601 duration.", *d)
		}
		next.Idle = *d
	}
	if next.Min < 0 || next.Max < 0 || next.Min > next.Max || next.Max > 65000 {
		return arm.BadRequest("The scale settings are not valid: minNodeCount %d and maxNodeCount %d.", next.Min, next.Max)
	}
	*s = next
	return nil
}

func (s scale) idle() time.Duration {
	d, _ := timetable.ParseISO(s.Idle) // checked when it was set
	return d
}

// patchCluster changes scale settings, identity and tags.
func patchCluster(t *arm.Tx, q *arm.Request, c *compute) (*arm.Response, error) {
	var in struct {
		Tags       map[string]*string
		Identity   *identityInput
		Properties *struct {
			Properties *struct{ ScaleSettings *scaleInput }
		}
	}
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	who, scale := c.Identity, c.Cluster.Scale
	if in.Identity != nil {
		var err error
		if who, err = in.Identity.assign(c.Identity, q.Caller, c.key(), true); err != nil {
			return nil, err
		}
	}
	if p := in.Properties; p != nil && p.Properties != nil && p.Properties.ScaleSettings != nil {
		if err := scale.change(p.Properties.ScaleSettings); err != nil {
			return nil, err
		}
		if err := fits(t, c, c, scale.Min); err != nil {
			return nil, err
		}
	}
	c.Identity, c.Cluster.Scale = who, scale
	if in.Tags != nil {
		c.Tags = in.Tags
	}
	operate(t, c, updateOperation, triggerUser)
	return accept(t, c, q, arm.OK(c.body(q.Version, false))), nil
}

// active counts the nodes that are here to stay.
func (cl *cluster) active() int {
	n := 0
	for _, nd := range cl.Nodes {
		if nd.State != "leaving" && nd.State != "preempted" {
			n++
		}
	}
	return n
}

// wanted is how many nodes scale settings and jobs ask for.
func (cl *cluster) wanted() int { return min(cl.Scale.Max, max(cl.Scale.Min, cl.Jobs)) }

// nextMove is when a node comes, goes, or has idled long enough.
func (cl *cluster) nextMove() time.Time {
	var next time.Time
	surplus := cl.active() - cl.wanted()
	for _, nd := range cl.Nodes {
		switch {
		case !nd.Moves.IsZero():
			next = earlier(next, nd.Moves)
		case nd.State == "idle" && surplus > 0:
			next = earlier(next, nd.Idle.Add(cl.Scale.idle()))
		}
	}
	return next
}

// addNode makes a node with a new id.
func (cl *cluster) addNode(c *compute, now time.Time) *node {
	pool := crc32.ChecksumIEEE([]byte(c.key()))
	n := &node{ID: fmt.Sprintf("tvm-%010d_%d-%s", pool, cl.Made+1, now.Format("20060102t150405z")), Port: 50000 + cl.Made%10000, Idle: now}
	cl.Made++
	cl.Nodes = append(cl.Nodes, n)
	return n
}

// moveCluster lets nodes arrive, leave, and be given up.
func moveCluster(t *arm.Tx, c *compute) {
	cl := c.Cluster
	stay := cl.Nodes[:0]
	for _, nd := range cl.Nodes {
		if !nd.Moves.IsZero() && !nd.Moves.After(t.Now) {
			nd.Moves = time.Time{}
			if nd.State == "leaving" || nd.State == "preempted" {
				continue
			}
			nd.State, nd.Idle = "idle", t.Now
		}
		stay = append(stay, nd)
	}
	cl.Nodes = stay
	settleCluster(t, c)
}

// settleCluster starts what brings the nodes nearer to what is wanted.
func settleCluster(t *arm.Tx, c *compute) {
	cl := c.Cluster
	if c.ProvisioningState != "Succeeded" && c.ProvisioningState != "Updating" {
		return
	}
	cl.Errors = nil
	for cl.active() < cl.wanted() {
		// The vCPUs of the least nodes are held from the start.
		if len(cl.Nodes) >= cl.Scale.Min && free(t, c, nil) < sizeOf(cl.VMSize).cores {
			cl.Errors = []*arm.Error{arm.Fail(http.StatusBadRequest, "ClusterCoreQuotaReached",
				"Operation results in exceeding quota limits of Core. Maximum allowed: %d.", limit(t, c.Subscription, c.region(), cl.family()))}
			break
		}
		n := cl.addNode(c, t.Now)
		n.State, n.Moves = "preparing", t.Now.Add(t.Takes(nodeStartTime))
	}
	running := 0
	for _, nd := range cl.Nodes {
		if nd.State == "running" || nd.State == "idle" {
			busy := running < cl.Jobs
			if busy {
				running++
				nd.State = "running"
			} else if nd.State == "running" {
				nd.State, nd.Idle = "idle", t.Now
			}
		}
	}
	surplus := cl.active() - cl.wanted()
	for _, nd := range cl.Nodes {
		if surplus > 0 && nd.State == "idle" && !nd.Idle.Add(cl.Scale.idle()).After(t.Now) {
			nd.State, nd.Moves = "leaving", t.Now.Add(t.Takes(nodeStopTime))
			surplus--
		}
	}
	allocation := "Steady"
	for _, nd := range cl.Nodes {
		if !nd.Moves.IsZero() {
			allocation = "Resizing"
		}
	}
	if allocation != cl.Allocation {
		cl.Allocation, cl.Since = allocation, t.Now
	}
}

// family is the row of quotas and usages that the nodes count in.
func (cl *cluster) family() string {
	if cl.Priority == "LowPriority" {
		return lowPriorityRow
	}
	return sizeOf(cl.VMSize).family
}

func (cl *cluster) body() *arm.Object {
	counts := map[string]int{}
	for _, nd := range cl.Nodes {
		counts[nd.State]++
	}
	var account *arm.Object
	if cl.AdminUser != "" {
		account = new(arm.Object).Set("adminUserName", cl.AdminUser).Set("adminUserSshPublicKey", nil).Set("adminUserPassword", nil)
	}
	o := new(arm.Object).Set("osType", cl.OSType).Set("vmSize", cl.VMSize).Set("vmPriority", cl.Priority).
		Set("virtualMachineImage", cl.Image).Set("isolatedNetwork", cl.Isolated).
		Set("scaleSettings", new(arm.Object).Set("maxNodeCount", cl.Scale.Max).Set("minNodeCount", cl.Scale.Min).Set("nodeIdleTimeBeforeScaleDown", cl.Scale.Idle)).
		Set("userAccountCredentials", account).Set("subnet", cl.Subnet).Set("remoteLoginPortPublicAccess", cl.RemoteLogin).
		Set("allocationState", cl.Allocation).Set("allocationStateTransitionTime", cl.Since.Format(operationTime))
	o.Set("errors", orNull(wrapped(cl.Errors))).Set("currentNodeCount", len(cl.Nodes)).Set("targetNodeCount", max(cl.active(), cl.wanted()))
	states := new(arm.Object)
	for _, s := range [...]string{"preparing", "running", "idle", "unusable", "leaving", "preempted"} {
		states.Set(s+"NodeCount", counts[s])
	}
	o.Set("nodeStateCounts", states).Set("enableNodePublicIp", cl.NodePublicIP == nil || *cl.NodePublicIP)
	if !arm.IsNull(cl.PropertyBag) {
		o.Set("propertyBag", cl.PropertyBag)
	}
	return o
}

// listNodes lists a cluster's nodes; the page's key is nodes, not value.
func listNodes(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	c, err := find(t, q.Args)
	if err != nil {
		return nil, err
	}
	if c.Cluster == nil {
		return nil, arm.BadRequest("ComputeListNodes with computeType %s is not supported.", c.Type)
	}
	nodes := []*arm.Object{}
	for _, nd := range c.Cluster.Nodes {
		public, private := addresses(nd.ID)
		n := new(arm.Object).Set("nodeId", nd.ID).Set("privateIpAddress", private).Set("publicIpAddress", public).
			Set("port", nd.Port).Set("nodeState", nd.State)
		if nd.State == "running" {
			n.Set("runId", arm.StableUUID("run on "+nd.ID))
		}
		nodes = append(nodes, n)
	}
	return arm.OK(new(arm.Object).Set("nodes", nodes)), nil
}
