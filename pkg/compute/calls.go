package compute

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// Get reads one compute (Compute_Get).
func (c *Client) Get(ctx context.Context, name string) (*Compute, error) {
	k, err := c.compute(opGet, name)
	if err != nil {
		return nil, err
	}
	compute, _, err := c.get(ctx, k)
	return compute, err
}

// GetEach reads several computes (Compute_Get), a few at a time. The outcomes
// stand in the order of the names.
func (c *Client) GetEach(ctx context.Context, names []string) []Outcome {
	outcomes := make([]Outcome, len(names))
	slots := make(chan struct{}, parallel)
	var reads sync.WaitGroup
	for i, name := range names {
		reads.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			outcomes[i].Name = name
			outcomes[i].Compute, outcomes[i].Err = c.Get(ctx, name)
		})
	}
	reads.Wait()
	return outcomes
}

func (c *Client) get(ctx context.Context, k call) (*Compute, *answer, error) {
	a, err := c.send(ctx, k)
	if err != nil {
		return nil, a, err
	}
	compute := new(Compute)
	if err := decode(k.op, k.name, a, compute); err != nil {
		return nil, a, err
	}
	return compute, a, nil
}

// NameCheck is the service's word on whether a name is free in the region.
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
	a, err := c.send(ctx, k)
	if err != nil {
		return NameCheck{}, err
	}
	var check NameCheck
	return check, decode(k.op, name, a, &check)
}

// Keys are the secrets of an attached compute: print them only where they were
// asked for.
type Keys struct {
	ComputeType           string          `json:"computeType"`
	UserKubeConfig        string          `json:"userKubeConfig"`
	AdminKubeConfig       string          `json:"adminKubeConfig"`
	ImagePullSecretName   string          `json:"imagePullSecretName"`
	DatabricksAccessToken string          `json:"databricksAccessToken"`
	Account               *MachineAccount `json:"administratorAccount"`

	// Raw is the answer as the service sent it.
	Raw json.RawMessage `json:"-"`
}

// ListKeys reads the secrets of a compute (Compute_ListKeys).
func (c *Client) ListKeys(ctx context.Context, name string) (*Keys, error) {
	k, err := c.compute(opListKeys, name)
	if err != nil {
		return nil, err
	}
	a, err := c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	keys := new(Keys)
	if err := decode(k.op, name, a, keys); err != nil {
		return nil, err
	}
	keys.Raw = a.body
	return keys, nil
}

// Node is one node of a cluster.
type Node struct {
	ID        string `json:"nodeId"`
	PrivateIP string `json:"privateIpAddress"`
	PublicIP  string `json:"publicIpAddress"`
	Port      int    `json:"port"`
	State     string `json:"nodeState"` // idle, running, preparing, unusable, leaving, preempted
	RunID     string `json:"runId"`

	// Raw is the node as the service sent it.
	Raw json.RawMessage `json:"-"`
}

func (n *Node) load(data json.RawMessage) {
	_ = unmarshal(data, n)
	n.Raw = data
}

// ListNodes lists the nodes of a cluster (Compute_ListNodes).
func (c *Client) ListNodes(ctx context.Context, name string) ([]Node, error) {
	k, err := c.compute(opListNodes, name)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "nodes", (*Node).load)
}

// AllowedSizes lists the sizes an instance may be resized to
// (Compute_getAllowedResizeSizes, preview).
func (c *Client) AllowedSizes(ctx context.Context, name string) ([]Size, error) {
	k, err := c.compute(opAllowedSizes, name)
	if err != nil {
		return nil, err
	}
	return collect(ctx, c, k, "value", (*Size).load)
}

// UpdateSchedules replaces all schedules of an instance
// (Compute_UpdateSchedules, specified at 2021-03-01-preview): every schedule to
// keep must be among them. It is done when it returns.
func (c *Client) UpdateSchedules(ctx context.Context, name string, schedules Schedules) error {
	return c.set(ctx, opSchedules, name, schedules, func(now *Compute) bool {
		return scheduleText(now.Instance.Schedules) == scheduleText(schedules)
	})
}

// UpdateIdleShutdown sets after how long without use an instance stops itself
// (Compute_UpdateIdleShutdownSetting, preview): 15 minutes to 3 days, in whole
// minutes; 0 asks for never, which the service may not know how to do. It is
// done when it returns.
func (c *Client) UpdateIdleShutdown(ctx context.Context, name string, d time.Duration) error {
	return c.set(ctx, opIdle, name, idleBody(d), func(now *Compute) bool {
		idle, _ := now.Instance.IdleShutdown()
		return idle == d
	})
}

// UpdateCustomServices replaces the custom services of an instance
// (Compute_UpdateCustomServices, preview); services is a JSON array. It is done
// when it returns.
func (c *Client) UpdateCustomServices(ctx context.Context, name string, services json.RawMessage) error {
	return c.set(ctx, opServices, name, services, func(*Compute) bool { return false })
}

// set makes a synchronous write that replaces a value. When its answer was
// lost the instance is read: if it does not show the value, the write is made
// once more, which is safe because doing it twice is doing it once.
func (c *Client) set(ctx context.Context, op operation, name string, body any, shows func(*Compute) bool) error {
	k, err := c.compute(op, name)
	if err != nil {
		return err
	}
	k.body = body
	_, err = c.send(ctx, k)
	if err == nil || !uncertain(err) || ctx.Err() != nil {
		return err
	}
	now, readErr := c.Get(ctx, name)
	switch {
	case readErr != nil:
		return err
	case now.Instance != nil && shows(now):
		return nil
	}
	_, err = c.send(ctx, k)
	return err
}
