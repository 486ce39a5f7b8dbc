package cmd

import (
	"cmp"
	"context"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// v2DefaultSize is the size that v2 asks for when none is given.
const v2DefaultSize = "STANDARD_DS3_V2"

// v2Flags are the flags of one of v2's commands. All values are text, and an empty
// one counts as not given, as in v2.
type v2Flags struct {
	set  *pflag.FlagSet
	tags []string
}

// text adds flags with a value: "name usage".
func (f *v2Flags) text(lines ...string) {
	for _, line := range lines {
		name, usage, _ := strings.Cut(line, " ")
		name, short, _ := strings.Cut(name, "/")
		f.set.StringP(name, short, "", usage)
		markV1(f.set, name)
	}
}

// tagsFlag adds --tags.
func (f *v2Flags) tagsFlag() {
	f.set.StringArrayVar(&f.tags, "tags", nil, "`KEY[=VALUE]` tags, separated by blanks; they replace all there are")
	markV1(f.set, "tags")
	severalValues(f.set, "tags")
}

// refused adds flags that read or edit files, which refuse to be used.
func (f *v2Flags) refused(names ...string) {
	for _, name := range names {
		name, short, _ := strings.Cut(name, "/")
		f.set.StringArrayP(name, short, nil, "not supported: use the other flags")
		markV1(f.set, name)
		if name != "file" {
			severalValues(f.set, name)
		}
	}
}

// get is the value of a flag; "" when it was not given.
func (f *v2Flags) get(name string) string { return f.set.Lookup(name).Value.String() }

// unread refuses flags that read or edit files.
func (f *v2Flags) unread() error {
	for _, name := range []string{"file", "set", "add", "remove"} {
		if f.set.Changed(name) {
			return exit.Usagef("--%s is not supported: give the settings with the other flags, which --help lists", name)
		}
	}
	return nil
}

// number is the whole number of a flag; given is false without one.
func (f *v2Flags) number(name string) (n int, given bool, err error) {
	text := f.get(name)
	if text == "" {
		return 0, false, nil
	}
	n, err = strconv.Atoi(strings.TrimSpace(text))
	switch {
	case err != nil:
		return 0, true, exit.Usagef("--%s: %q is not a whole number", name, text)
	case n < 0:
		return 0, true, exit.Usagef("--%s: %d is less than 0", name, n)
	}
	return n, true, nil
}

// truth is the yes or no of a flag, nil without one. The words are v2's.
func (f *v2Flags) truth(name string) (*bool, error) {
	on := false
	switch text := f.get(name); text {
	case "":
		return nil, nil
	case "true", "True", "TRUE", "t", "T", "1", "on", "On", "ON", "y", "Y", "yes", "Yes", "YES":
		on = true
	case "false", "False", "FALSE", "f", "F", "0", "off", "Off", "OFF", "n", "N", "no", "No", "NO":
	default:
		return nil, exit.Usagef("--%s: %q is neither true nor false", name, text)
	}
	return &on, nil
}

// tagValues are the tags given, nil for none. A tag without a value has an empty one.
func (f *v2Flags) tagValues() (map[string]string, error) {
	var out map[string]string
	for _, pair := range f.tags {
		key, value, _ := strings.Cut(pair, "=")
		if key == "" {
			if pair == "" {
				continue // --tags "" gives no tags
			}
			return nil, exit.Usagef("--tags: %q is not KEY=VALUE", pair)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	return out, nil
}

// identity is what --identity-type and --user-assigned-identities ask for, nil
// without them.
func (f *v2Flags) identity() (*compute.IdentitySpec, error) {
	return (&identities{kind: f.get("identity-type"), user: f.get("user-assigned-identities")}).spec()
}

// v2Subnet is the ARM id of a subnet that v2 takes as an id, or as two names in the
// subscription and resource group of the workspace.
func v2Subnet(vnet, subnet string, ws compute.Workspace) (string, error) {
	switch {
	case vnet == "" && subnet == "":
		return "", nil
	case isID(subnet):
		if id := "/" + strings.Trim(subnet, "/"); isSubnetID(id) {
			return id, nil
		}
		return "", exit.Usagef("--subnet: %q is not the id of a subnet", subnet)
	case subnet == "":
		return "", exit.Usagef("Subnet is required when vnet name is specified.")
	case vnet == "":
		return "", exit.Usagef("--subnet %s needs its virtual network: --vnet-name NAME, or give the ARM id of the subnet", subnet)
	}
	return "/subscriptions/" + ws.Subscription + "/resourceGroups/" + ws.ResourceGroup +
		"/providers/Microsoft.Network/virtualNetworks/" + vnet + "/subnets/" + subnet, nil
}

// keyText is an SSH public key that was given as text, or as the name of its file.
func keyText(ctx context.Context, value string) (string, error) {
	value = strings.TrimSpace(value)
	if value == "" || strings.ContainsAny(value, " \n") {
		return value, nil
	}
	if _, err := input.File(ctx, value, input.Value); err != nil {
		return value, nil //nolint:nilerr // no file of that name, so it is the key, which is checked as one
	}
	return readKey(ctx, value)
}

func newV2Create() *command {
	c := &cobra.Command{
		Use: "create",
		Long: `Create a compute instance or a cluster and wait until it is ready, as az ml
compute create does. With --no-wait nothing is printed.

It never overwrites. A compute with the same settings is printed; a cluster that
differs in its scale, tags or identities is updated; otherwise the differences are
listed and the exit code is 1.`,
		Example: `  computetarget ml compute create -n dev --type ComputeInstance --size Standard_DS3_v2
  computetarget ml compute create -n cpu --type AmlCompute --min-instances 0 --max-instances 4`,
	}
	name := v2NameFlag(c)
	wait := v2NoWait(c)
	f := &v2Flags{set: c.Flags()}
	f.text("type/t `TYPE`: amlcompute or computeinstance", "size VM `SIZE` (default "+v2DefaultSize+")", "description `TEXT` about the compute",
		"location/l `REGION` of a cluster; the workspace's own by default",
		"vnet-name `NAME` of the virtual network", "subnet `NAME` or ARM id of the subnet",
		"enable-node-public-ip `true` or false: public addresses (default true)",
		"ssh-public-access-enabled/p `true` or false: SSH from the internet",
		"ssh-key-value SSH public `KEY`, as text or in a file",
		"admin-username `NAME` of the administrator on the nodes of a cluster", "admin-password its `PASSWORD`",
		"identity-type `TYPE`: SystemAssigned, UserAssigned or None", "user-assigned-identities/i ARM `IDS`, separated by commas",
		"min-instances fewest `NODES` of a cluster (default 0)", "max-instances most `NODES` of a cluster (default 1)",
		"idle-time-before-scale-down/d `SECONDS` a node of a cluster is idle before it is removed",
		"tier `TIER` of a cluster: dedicated or low_priority",
		"user-tenant-id tenant `ID` of the person an instance is for", "user-object-id object `ID` of that person")
	f.tagsFlag()
	f.refused("file/f", "set")
	return v2Run(c, func(ctx context.Context, a *app.App, client *compute.Client) (render.Result, error) {
		n := names{command: c, flag: []string{*name}}
		if *name == "" {
			return render.Result{}, errNameRequired()
		}
		asked, err := n.fresh(nil)
		if err != nil {
			return render.Result{}, err
		}
		spec, err := f.spec(ctx, a, client.Workspace(), asked)
		if err != nil {
			return render.Result{}, err
		}
		return v2Make(ctx, a, wait, asked, spec)
	}).before(f.unread)
}

// before makes the command check something before it reads any setting: what az's
// own parser would refuse.
func (c *command) before(check func() error) *command {
	act := c.do
	c.do = func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if err := check(); err != nil {
			return render.Result{}, err
		}
		return act(ctx, a, args)
	}
	return c
}

// v2Make creates or attaches a compute.
func v2Make(ctx context.Context, a *app.App, wait *waiting, name string, spec *compute.Spec) (render.Result, error) {
	return v2Act(ctx, a, wait, name, true, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
		return client.Create(ctx, name, spec, compute.CreateOptions{ActOptions: o, Warn: func(text string) { warn(a, text) }})
	})
}

// spec is the compute that the flags of create ask for.
func (f *v2Flags) spec(ctx context.Context, a *app.App, ws compute.Workspace, name string) (*compute.Spec, error) {
	spec := &compute.Spec{Description: f.get("description")}
	var err error
	if spec.Tags, err = f.tagValues(); err != nil {
		return nil, err
	}
	if spec.Identity, err = f.identity(); err != nil {
		return nil, err
	}
	subnet, err := v2Subnet(f.get("vnet-name"), f.get("subnet"), ws)
	if err != nil {
		return nil, err
	}
	publicIP, err := f.truth("enable-node-public-ip")
	if err != nil {
		return nil, err
	}
	ssh, err := f.truth("ssh-public-access-enabled")
	if err != nil {
		return nil, err
	}
	key, err := keyText(ctx, f.get("ssh-key-value"))
	if err != nil {
		return nil, err
	}
	size := cmp.Or(f.get("size"), v2DefaultSize)
	switch kind := strings.ToLower(f.get("type")); kind {
	case "computeinstance":
		if err := f.onlyClusters(name, compute.TypeInstance); err != nil {
			return nil, err
		}
		if f.get("location") != "" {
			a.Note("--location is only for clusters: the instance is created in the workspace's region")
		}
		spec.Instance = &compute.InstanceSpec{VMSize: size, SubnetID: subnet, EnableNodePublicIP: publicIP, SSHPublicAccess: ssh, SSHPublicKey: key}
		if key != "" && ssh == nil {
			off := false
			spec.Instance.SSHPublicAccess = &off // as v2 sends it
		}
		if tenant, object := f.get("user-tenant-id"), f.get("user-object-id"); tenant != "" || object != "" {
			spec.Instance.AssignedUser = &compute.AssignedUser{TenantID: tenant, ObjectID: object}
		}
	case "amlcompute":
		if f.given("user-tenant-id") || f.given("user-object-id") {
			return nil, exit.Usagef("--user-tenant-id and --user-object-id are for instances, and %s is of type %s", name, compute.TypeCluster)
		}
		spec.Location = f.get("location")
		spec.Cluster = &compute.ClusterSpec{VMSize: size, SubnetID: subnet, EnableNodePublicIP: publicIP, AdminSSHKey: key,
			AdminUserName: f.get("admin-username"), AdminPassword: f.get("admin-password"), MaxNodes: 1}
		if ssh != nil {
			spec.Cluster.RemoteLogin = map[bool]string{true: "Enabled", false: "Disabled"}[*ssh]
		}
		if err := f.cluster(spec.Cluster); err != nil {
			return nil, err
		}
	case "":
		return nil, exit.Usagef("Unknown compute type: None. Give --type AmlCompute or --type ComputeInstance")
	case "kubernetes", "virtualmachine", "synapsespark":
		return nil, exit.Usagef("a compute of type %s is not created but attached: use ml compute attach", kind)
	default:
		return nil, exit.Usagef("Unknown compute type: %s. Give --type AmlCompute or --type ComputeInstance", kind)
	}
	return spec, nil
}

// cluster fills in what only clusters have.
func (f *v2Flags) cluster(spec *compute.ClusterSpec) error {
	switch f.get("tier") {
	case "":
	default:
		switch tier := strings.ToLower(strings.ReplaceAll(f.get("tier"), "_", "")); tier {
		case "dedicated":
			spec.VMPriority = "Dedicated"
		case "lowpriority":
			spec.VMPriority = "LowPriority"
		default:
			return exit.Usagef("--tier: %q is neither dedicated nor low_priority", f.get("tier"))
		}
	}
	if spec.AdminUserName == "" && (spec.AdminPassword != "" || spec.AdminSSHKey != "") {
		return exit.Usagef("--admin-password and --ssh-key-value of a cluster need --admin-username")
	}
	if spec.AdminUserName != "" && spec.AdminPassword == "" && spec.AdminSSHKey == "" {
		return exit.Usagef("--admin-username of a cluster needs --admin-password or --ssh-key-value")
	}
	for name, into := range map[string]*int{"min-instances": &spec.MinNodes, "max-instances": &spec.MaxNodes} {
		n, given, err := f.number(name)
		if err != nil {
			return err
		}
		if given {
			*into = n
		}
	}
	idle, _, err := f.number("idle-time-before-scale-down")
	spec.IdleScaleDown = time.Duration(idle) * time.Second
	return err
}

// onlyClusters refuses the flags of clusters for a compute of another type.
func (f *v2Flags) onlyClusters(name, kind string) error {
	for _, flag := range []string{"idle-time-before-scale-down", "min-instances", "max-instances", "tier", "admin-username", "admin-password"} {
		if !f.given(flag) {
			continue
		}
		tip := ""
		if flag == "idle-time-before-scale-down" && strings.EqualFold(kind, compute.TypeInstance) {
			tip = "an instance has an idle time of its own: computetarget idle " + name + " 30m"
		}
		return &exit.Error{Exit: exit.Usage, Text: "--" + flag + " is for clusters, and " + name + " is of type " + kind, Tip: tip}
	}
	return nil
}

// given reports whether a flag that the command may have is given and not empty.
func (f *v2Flags) given(name string) bool {
	flag := f.set.Lookup(name)
	return flag != nil && flag.Value.String() != ""
}

func newV2Attach() *command {
	c := &cobra.Command{
		Use: "attach",
		Long: `Attach a Kubernetes cluster or a virtual machine and wait until it is ready, as az
ml compute attach does. With --no-wait nothing is printed.`,
		Example: `  computetarget ml compute attach -n k8s --type Kubernetes --namespace ml --resource-id ` + exampleAKS,
	}
	name := v2NameFlag(c)
	wait := v2NoWait(c)
	f := &v2Flags{set: c.Flags()}
	f.text("type/t `TYPE`: virtualmachine or kubernetes", "resource-id ARM `ID` of what is attached", "namespace `NAME` of the Kubernetes namespace (default default)",
		"admin-username `NAME` to sign in to the machine with", "admin-password its `PASSWORD`", "ssh-port `PORT` of SSH (default 22)",
		"ssh-private-key-file `FILE` of the private key", "identity-type `TYPE`: SystemAssigned, UserAssigned or None",
		"user-assigned-identities/i ARM `IDS`, separated by commas")
	f.refused("file/f")
	return v2Run(c, func(ctx context.Context, a *app.App, client *compute.Client) (render.Result, error) {
		n := names{command: c, flag: []string{*name}}
		if *name == "" {
			return render.Result{}, errNameRequired()
		}
		asked, err := n.fresh(nil)
		if err != nil {
			return render.Result{}, err
		}
		spec, err := f.attachment(ctx)
		if err != nil {
			return render.Result{}, err
		}
		return v2Make(ctx, a, wait, asked, spec)
	}).before(f.unread)
}

// attachment is the compute that the flags of attach ask for.
func (f *v2Flags) attachment(ctx context.Context) (*compute.Spec, error) {
	spec := &compute.Spec{ResourceID: f.get("resource-id")}
	var err error
	if spec.Identity, err = f.identity(); err != nil {
		return nil, err
	}
	kind := strings.ToLower(f.get("type"))
	switch kind {
	case "kubernetes":
		spec.Kubernetes = &compute.KubernetesSpec{Namespace: cmp.Or(f.get("namespace"), "default")}
	case "virtualmachine":
		if spec.VirtualMachine, err = f.machine(ctx); err != nil {
			return nil, err
		}
	case "amlcompute", "computeinstance":
		return nil, exit.Usagef("a compute of type %s is not attached but created: use ml compute create", kind)
	default:
		return nil, exit.Usagef("Unknown compute type: %s. Give --type Kubernetes or --type virtualmachine", cmp.Or(kind, "None"))
	}
	if spec.ResourceID == "" {
		return nil, exit.Usagef("--resource-id is required to attach a compute of type %s", kind)
	}
	return spec, nil
}

// machine is a virtual machine to attach.
func (f *v2Flags) machine(ctx context.Context) (*compute.VirtualMachineSpec, error) {
	port, given, err := f.number("ssh-port")
	switch {
	case err != nil:
		return nil, err
	case !given:
		port = 22
	case port < 1 || port > 65535:
		return nil, exit.Usagef("--ssh-port: %d is not a port", port)
	}
	account := &compute.MachineAccount{UserName: f.get("admin-username"), Password: f.get("admin-password")}
	if file := f.get("ssh-private-key-file"); file != "" {
		if account.PrivateKey, err = readPrivateKey(ctx, "ssh-private-key-file", file); err != nil {
			return nil, err
		}
	}
	switch {
	case account.UserName == "":
		return nil, exit.Usagef("--admin-username is required to attach a virtual machine")
	case account.Password == "" && account.PrivateKey == "":
		return nil, exit.Usagef("give --admin-password or --ssh-private-key-file to attach a virtual machine")
	}
	return &compute.VirtualMachineSpec{SSHPort: port, Account: account}, nil
}

func newV2Update() *command {
	c := &cobra.Command{
		Use: "update",
		Long: `Change the scale settings, tags or identities of a compute and wait until done, as
az ml compute update does. Only what is given is changed. --tags replaces all tags;
--merge-tags adds to them. With --no-wait nothing is printed.`,
		Example: `  computetarget ml compute update -n cpu --max-instances 8
  computetarget ml compute update -n cpu --merge-tags team=vision`,
	}
	wait := v2NoWait(c)
	f := &v2Flags{set: c.Flags()}
	f.text("max-instances most `NODES` of a cluster", "min-instances fewest `NODES` of a cluster",
		"idle-time-before-scale-down/d `SECONDS` a node of a cluster is idle before it is removed",
		"identity-type `TYPE`: SystemAssigned, UserAssigned or None; it replaces the identities there are",
		"user-assigned-identities/i ARM `IDS`, separated by commas")
	f.tagsFlag()
	merge := c.Flags().StringArray("merge-tags", nil, "`KEY[=VALUE]` tags to add, separated by blanks")
	severalValues(c.Flags(), "merge-tags")
	f.refused("set", "add", "remove")
	c.Flags().Bool("force-string", false, "accepted, without effect")
	markV1(c.Flags(), "force-string")
	return v2Named(c, func(ctx context.Context, a *app.App, client *compute.Client, name string) (render.Result, error) {
		have, err := client.Get(ctx, name)
		if err != nil {
			return render.Result{}, err
		}
		m, err := f.modification(have, *merge)
		if err != nil {
			return render.Result{}, err
		}
		return v2Act(ctx, a, wait, name, true, modify(ctx, a, have, m))
	}).before(f.unread)
}

// modify is the call that changes a compute.
func modify(ctx context.Context, a *app.App, have *compute.Compute, m compute.Modification) func(*compute.Client, compute.ActOptions) compute.Outcome {
	return func(client *compute.Client, o compute.ActOptions) compute.Outcome {
		if m.Scale != nil && have.Cluster.Scale != nil && m.Scale.MaxNodes > have.Cluster.Scale.MaxNodes {
			warn(a, client.GrowthWarnings(ctx, have, m.Scale.MaxNodes)...)
		}
		return client.Modify(ctx, have, m, o)
	}
}

// modification is what the flags of update ask for.
func (f *v2Flags) modification(have *compute.Compute, merge []string) (m compute.Modification, err error) {
	switch strings.ToLower(have.ComputeType) {
	case "amlcompute":
		if err := mustBeCluster(have); err != nil {
			return m, err
		}
	case "computeinstance", "kubernetes", "synapsespark":
		if err := f.onlyClusters(have.Name, have.ComputeType); err != nil {
			return m, err
		}
	default:
		return m, exit.Usagef("%s is of type %s, which cannot be updated", have.Name, have.ComputeType)
	}
	if m.Identity, err = f.identity(); err != nil {
		return m, err
	}
	if m.Tags, err = f.tagValues(); err != nil {
		return m, err
	}
	if m.Tags, err = mergeTags(m.Tags, merge, have); err != nil || !have.IsCluster() {
		return m, err
	}
	m.Scale, err = f.rescaled(have.Cluster.Scale)
	return m, err
}

// mergeTags are the tags that replace those of a compute: the ones it has, or those
// in its place, and more.
func mergeTags(tags map[string]string, more []string, have *compute.Compute) (map[string]string, error) {
	added, err := (&v2Flags{tags: more}).tagValues()
	if err != nil || added == nil {
		return tags, err
	}
	if tags == nil {
		tags = maps.Clone(have.Tags)
	}
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, added)
	return tags, nil
}

// rescaled are the scale settings asked for; nil when none are.
func (f *v2Flags) rescaled(have *compute.ScaleSettings) (*compute.ScaleSettings, error) {
	scale := compute.ScaleSettings{}
	if have != nil {
		scale = *have
	}
	least, hasLeast, err := f.number("min-instances")
	if err != nil {
		return nil, err
	}
	most, hasMost, err := f.number("max-instances")
	if err != nil {
		return nil, err
	}
	idle, hasIdle, err := f.number("idle-time-before-scale-down")
	if err != nil || !hasLeast && !hasMost && !hasIdle {
		return nil, err
	}
	if hasLeast {
		scale.MinNodes = least
	}
	if hasMost {
		scale.MaxNodes = most
	}
	if hasIdle {
		scale.SetIdle(time.Duration(idle) * time.Second)
	}
	return &scale, fits(&scale)
}
