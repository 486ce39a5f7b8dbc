package compute

import (
	"context"
	"encoding/json"
	"fmt"
)

// Get reads one compute (Compute_Get).
func (c *Client) Get(ctx context.Context, name string) (*Compute, error) {
	return c.getBy(ctx, opGet, name)
}

// GetWhole is Get, and of an instance also what only a preview version tells:
// enableRootAccess, enableOSPatching and releaseQuotaOnStop. Where the service
// does not know that version, they stay nil.
func (c *Client) GetWhole(ctx context.Context, name string) (*Compute, error) {
	return c.getBy(ctx, opGetWhole, name)
}

func (c *Client) getBy(ctx context.Context, op operation, name string) (*Compute, error) {
	k, err := c.compute(op, name)
	if err != nil {
		return nil, err
	}
	compute, _, err := c.get(ctx, k)
	return compute, err
}

// GetEach reads several computes (Compute_Get). The outcomes are in the order of
// the names.
func (c *Client) GetEach(ctx context.Context, names []string) []Outcome {
	return c.getEachBy(ctx, opGet, names)
}

// GetWholeEach is GetEach with GetWhole.
func (c *Client) GetWholeEach(ctx context.Context, names []string) []Outcome {
	return c.getEachBy(ctx, opGetWhole, names)
}

func (c *Client) getEachBy(ctx context.Context, op operation, names []string) []Outcome {
	outcomes := make([]Outcome, len(names))
	c.each(len(names), func(i int) {
		outcomes[i].Name = names[i]
		outcomes[i].Compute, outcomes[i].Err = c.getBy(ctx, op, names[i])
	})
	return outcomes
}

// get reads a compute. A response about anything else is an error.
func (c *Client) get(ctx context.Context, k call) (compute *Compute, a *answer, err error) {
	read := new(Compute)
	a, err = c.read(ctx, k, func(a *answer) error {
		if err := decode(k.op, k.name, a, read); err != nil || read.about(k.name) {
			return err
		}
		return garbledError(k, a, fmt.Sprintf("the service's answer is not about the compute %s", k.name))
	})
	if err == nil {
		compute = read
	}
	return compute, a, err
}

// NameCheck says whether a name is free in the region.
type NameCheck struct {
	Available bool   `json:"nameAvailable"`
	Reason    string `json:"reason"` // AlreadyExists, Invalid, …
	Message   string `json:"message"`
}

// CheckName asks whether an instance may have this name (the workspace's
// action checkComputeNameAvailability). Names are unique in a region.
func (c *Client) CheckName(ctx context.Context, name string) (NameCheck, error) {
	if err := c.workspace.check(); err != nil {
		return NameCheck{}, err
	}
	k := call{op: opCheckName, name: name, address: c.endpoint + c.workspace.path() + opCheckName.suffix,
		body: map[string]string{"Name": name, "Type": "Microsoft.BatchAI/DataScienceInstance"}}
	var check NameCheck
	_, err := c.read(ctx, k, func(a *answer) error { return decode(k.op, name, a, &check) })
	return check, err
}

// Keys are the secrets of an attached compute.
type Keys struct {
	ComputeType           string          `json:"computeType"`
	UserKubeConfig        string          `json:"userKubeConfig"`
	AdminKubeConfig       string          `json:"adminKubeConfig"`
	ImagePullSecretName   string          `json:"imagePullSecretName"`
	DatabricksAccessToken string          `json:"databricksAccessToken"`
	Account               *MachineAccount `json:"administratorAccount"`
	Raw                   json.RawMessage `json:"-"` // as the service sent it
}

// ListKeys reads the secrets of a compute (Compute_ListKeys).
func (c *Client) ListKeys(ctx context.Context, name string) (*Keys, error) {
	k, err := c.compute(opListKeys, name)
	if err != nil {
		return nil, err
	}
	keys := new(Keys)
	a, err := c.read(ctx, k, func(a *answer) error { return decode(k.op, name, a, keys) })
	if err != nil {
		return nil, err
	}
	keys.Raw = a.body
	return keys, nil
}

// Node is one node of a cluster.
type Node struct {
	ID        string          `json:"nodeId"`
	PrivateIP string          `json:"privateIpAddress"`
	PublicIP  string          `json:"publicIpAddress"`
	Port      int             `json:"port"`
	State     string          `json:"nodeState"` // idle, running, preparing, unusable, leaving, preempted
	RunID     string          `json:"runId"`
	Raw       json.RawMessage `json:"-"` // as the service sent it
}

func (n *Node) raw() *json.RawMessage { return &n.Raw }

// ListNodes lists the nodes of a cluster (Compute_ListNodes).
func (c *Client) ListNodes(ctx context.Context, name string) ([]Node, error) {
	k, err := c.compute(opListNodes, name)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "nodes", (*Node).raw)
}

// AllowedSizes lists the sizes an instance may be resized to
// (Compute_getAllowedResizeSizes, preview).
func (c *Client) AllowedSizes(ctx context.Context, name string) ([]Size, error) {
	k, err := c.compute(opAllowedSizes, name)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "value", (*Size).raw)
}
