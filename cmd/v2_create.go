package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	"github.com/computetarget/computetarget/pkg/manifest"
)

// v2Flags are the flags of one of v2's commands. All values are text, and an empty
// one counts as not given, as in v2.
type v2Flags struct {
	command *cobra.Command
	set     *pflag.FlagSet
	tags    []string
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

// fileFlag adds --file.
func (f *v2Flags) fileFlag() {
	f.set.StringP("file", "f", "", "`FILE` that describes the compute, YAML or JSON; flags win over it")
	markV1(f.set, "file")
}

// get is the value of a flag; "" when it was not given.
func (f *v2Flags) get(name string) string { return f.set.Lookup(name).Value.String() }

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
	f := &v2Flags{command: c, set: c.Flags()}
	f.text("type/t `TYPE`: amlcompute or computeinstance", "size VM `SIZE` (default STANDARD_DS3_V2)", "description `TEXT` about the compute",
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
	f.fileFlag()
	set := setFlag(c)
	markV1(c.Flags(), "set")
	return v2Run(c, func(ctx context.Context, a *app.App, _ *compute.Client) (render.Result, error) {
		from, err := f.described(ctx, a, *name, *set, map[string]string{
			"size": "size", "description": "description", "location": "location",
			"vnet-name": "network_settings.vnet_name", "subnet": "network_settings.subnet",
			"enable-node-public-ip": "enable_node_public_ip", "ssh-public-access-enabled": "ssh_public_access_enabled",
			"admin-username": "ssh_settings.admin_username", "admin-password": "ssh_settings.admin_password",
			"min-instances": "min_instances", "max-instances": "max_instances",
			"idle-time-before-scale-down": "idle_time_before_scale_down",
			"user-tenant-id":              "create_on_behalf_of.user_tenant_id", "user-object-id": "create_on_behalf_of.user_object_id",
		})
		if err != nil {
			return render.Result{}, err
		}
		switch spec := from.spec; {
		case spec.Instance == nil && spec.Cluster == nil:
			return render.Result{}, exit.Usagef("a compute of type %s is not created but attached: use ml compute attach", strings.ToLower(spec.Type()))
		case spec.Instance != nil:
			if f.get("location") != "" {
				a.Note("--location is only for clusters: the instance is created in the workspace's region")
			}
			if i := spec.Instance; i.SSHPublicKey != "" && i.SSHPublicAccess == nil {
				off := false
				i.SSHPublicAccess = &off // as v2 sends it
			}
		case spec.Cluster.AdminUserName != "" && spec.Cluster.AdminPassword == "" && spec.Cluster.AdminSSHKey == "":
			return render.Result{}, exit.Usagef("the administrator of a cluster needs a password or an SSH key: --admin-password or --ssh-key-value")
		}
		return v2Make(ctx, a, wait, from)
	})
}

// described is the compute that --file, --set and the flags describe: flags win over
// --set, and --set over the file. paths are where flags belong in the file.
func (f *v2Flags) described(ctx context.Context, a *app.App, name string, set []string, paths map[string]string) (*creating, error) {
	if name != "" {
		var err error
		if name, err = (&names{command: f.command, flag: []string{name}}).fresh(nil); err != nil {
			return nil, err
		}
	}
	kind := strings.ToLower(f.get("type"))
	given, err := assignments(set)
	if err != nil {
		return nil, err
	}
	o := manifest.Options{Zone: a.Zone, Name: name, Type: kind, Alone: true, Set: given}
	lay := func(flag, key, value string) {
		o.Set = append(o.Set, manifest.Assignment{Key: key, Value: value, Source: "--" + flag})
	}
	switch kind {
	case "":
	case "amlcompute", "computeinstance", "kubernetes", "synapsespark", "virtualmachine":
		lay("type", "type", kind)
		if kind == "computeinstance" {
			if err := f.onlyClusters(cmp.Or(name, "it"), kind); err != nil {
				return nil, err
			}
		}
	default:
		return nil, exit.Usagef("Unknown compute type: %s. A compute is an amlcompute, computeinstance, kubernetes, synapsespark or virtualmachine", kind)
	}
	for _, flag := range slices.Sorted(maps.Keys(paths)) {
		if f.given(flag) {
			lay(flag, paths[flag], f.get(flag))
		}
	}
	if f.given("tier") {
		tier := strings.ToLower(f.get("tier"))
		if tier == "lowpriority" {
			tier = "low_priority"
		}
		lay("tier", "tier", tier)
	}
	if f.given("ssh-key-value") {
		key, err := keyText(ctx, f.get("ssh-key-value"))
		if err != nil {
			return nil, err
		}
		lay("ssh-key-value", "ssh_settings.ssh_key_value", key)
	}
	file := f.get("file")
	var list []asked
	if file != "" {
		list, err = readComputes(ctx, a, []string{file}, o)
	} else {
		list, err = fromFlags(o)
	}
	if err != nil {
		return nil, err
	}
	from, err := onlyOne(ctx, a, file, name, list)
	if err != nil {
		return nil, err
	}
	tags, err := f.tagValues()
	if err != nil {
		return nil, err
	}
	if tags != nil {
		from.spec.Tags = tags
	}
	return from, f.overIdentity(from.spec)
}

// fromFlags is the compute that flags alone describe.
func fromFlags(o manifest.Options) ([]asked, error) {
	if o.Name == "" && !sets(o, "name") {
		return nil, errNameRequired()
	}
	if o.Type == "" && !sets(o, "type") {
		return nil, exit.Usagef("Unknown compute type: None. Give --type")
	}
	read, err := manifest.Read([]byte("{}"), o)
	var wrong manifest.ErrorList
	if errors.As(err, &wrong) {
		texts := make([]string, len(wrong))
		for i, m := range wrong {
			texts[i] = m.Text
		}
		return nil, exit.Usagef("%s", strings.Join(texts, "; "))
	}
	if err != nil || len(read.Documents) == 0 {
		return nil, err
	}
	return []asked{{Document: read.Documents[0]}}, nil
}

// sets reports whether a key is set.
func sets(o manifest.Options, key string) bool {
	return slices.ContainsFunc(o.Set, func(a manifest.Assignment) bool { return a.Key == key })
}

// overIdentity lays --identity-type and --user-assigned-identities over the identity
// of a file.
func (f *v2Flags) overIdentity(spec *compute.Spec) error {
	flags := identities{kind: f.get("identity-type"), user: f.get("user-assigned-identities")}
	if have := spec.Identity; have != nil && flags.kind+flags.user != "" {
		if flags.kind == "" && have.System {
			flags.kind = "SystemAssigned"
		}
		if flags.user == "" && strings.Contains(strings.ToLower(flags.kind), "user") {
			flags.user = strings.Join(have.User, ",")
		}
	}
	identity, err := flags.spec()
	if identity != nil {
		spec.Identity = identity
	}
	return err
}

// v2Make creates or attaches a compute.
func v2Make(ctx context.Context, a *app.App, wait *waiting, from *creating) (render.Result, error) {
	return v2Act(ctx, a, wait, from.at, true, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
		if err := from.keepScale(ctx, client); err != nil {
			return compute.Outcome{Name: from.at.name, Verb: compute.VerbCreate, Err: err}
		}
		out := client.Create(ctx, from.at.name, from.spec, compute.CreateOptions{ActOptions: o, Warn: func(text string) { warn(a, text) }})
		if compute.KindOf(out.Err) == compute.KindConflict { // v2 has no such flag
			const ours = "--if-exists use accepts it as it is"
			out.Err = &exit.Error{Err: out.Err, Tip: strings.TrimSuffix(strings.TrimSuffix(render.Hint(out.Err), ours), "; ")}
		}
		return out
	})
}

// keepScale leaves the nodes of a cluster that exists as they are where nothing is
// said about them: the defaults are for a new one.
func (c *creating) keepScale(ctx context.Context, client *compute.Client) error {
	if c.spec.Cluster == nil {
		return nil
	}
	have, err := client.Get(ctx, c.at.name)
	switch {
	case compute.IsMissing(err):
		return nil
	case err != nil:
		return err
	case have.Cluster == nil:
		return nil
	}
	over := c.Over(client.Workspace(), have).Cluster
	c.spec.Cluster.MinNodes, c.spec.Cluster.MaxNodes = over.MinNodes, over.MaxNodes
	return nil
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
	f := &v2Flags{command: c, set: c.Flags()}
	f.text("type/t `TYPE`: virtualmachine or kubernetes", "resource-id ARM `ID` of what is attached", "namespace `NAME` of the Kubernetes namespace (default default)",
		"admin-username `NAME` to sign in to the machine with", "admin-password its `PASSWORD`", "ssh-port `PORT` of SSH (default 22)",
		"ssh-private-key-file `FILE` of the private key", "identity-type `TYPE`: SystemAssigned, UserAssigned or None",
		"user-assigned-identities/i ARM `IDS`, separated by commas")
	f.fileFlag()
	return v2Run(c, func(ctx context.Context, a *app.App, _ *compute.Client) (render.Result, error) {
		from, err := f.described(ctx, a, *name, nil, map[string]string{
			"resource-id": "resource_id", "namespace": "namespace", "admin-username": "ssh_settings.admin_username",
			"admin-password": "ssh_settings.admin_password", "ssh-port": "ssh_settings.ssh_port",
			"ssh-private-key-file": "ssh_settings.ssh_private_key_file",
		})
		if err != nil {
			return render.Result{}, err
		}
		switch vm := from.spec.VirtualMachine; {
		case from.spec.Instance != nil, from.spec.Cluster != nil:
			return render.Result{}, exit.Usagef("a compute of type %s is not attached but created: use ml compute create", strings.ToLower(from.spec.Type()))
		case vm != nil && (vm.Account == nil || vm.Account.UserName == "" || vm.Account.Password+vm.Account.PrivateKey == ""):
			return render.Result{}, exit.Usagef("a virtual machine is attached with --admin-username, and --admin-password or --ssh-private-key-file")
		}
		if vm := from.spec.VirtualMachine; vm != nil && vm.SSHPort == 0 {
			vm.SSHPort = 22
		}
		return v2Make(ctx, a, wait, from)
	})
}

func newV2Update() *command {
	c := &cobra.Command{
		Use: "update",
		Long: `Change the scale settings, tags or identities of a compute and wait until done, as
az ml compute update does. Only what is given is changed. --tags replaces all tags;
--merge-tags adds to them. --set, --add and --remove change the object that show
prints, before the other flags. With --no-wait nothing is printed.`,
		Example: `  computetarget ml compute update -n cpu --max-instances 8
  computetarget ml compute update -n cpu --merge-tags team=vision
  computetarget ml compute update -n cpu --set max_instances=8 tags.team=vision`,
	}
	wait := v2NoWait(c)
	f := &v2Flags{command: c, set: c.Flags()}
	f.text("max-instances most `NODES` of a cluster", "min-instances fewest `NODES` of a cluster",
		"idle-time-before-scale-down/d `SECONDS` a node of a cluster is idle before it is removed",
		"identity-type `TYPE`: SystemAssigned, UserAssigned or None; it replaces the identities there are",
		"user-assigned-identities/i ARM `IDS`, separated by commas")
	f.tagsFlag()
	merge := c.Flags().StringArray("merge-tags", nil, "`KEY[=VALUE]` tags to add, separated by blanks")
	severalValues(c.Flags(), "merge-tags")
	edits := editFlags(c.Flags())
	return v2Named(c, func(ctx context.Context, a *app.App, client *compute.Client, name string) (render.Result, error) {
		have, err := client.GetWhole(ctx, name)
		if err != nil {
			return render.Result{}, err
		}
		m, err := edits.modification(have)
		if err != nil {
			return render.Result{}, err
		}
		if err := f.modify(have, &m, *merge); err != nil {
			return render.Result{}, err
		}
		return v2Act(ctx, a, wait, target{name: name}, true, modify(ctx, a, have, m))
	})
}

// warnAccount tells, before the whole of a cluster is sent, that its administrator
// is left out: the service tells no secret, and refuses one without.
func warnAccount(a *app.App, have *compute.Compute) {
	if have.Cluster != nil && have.Cluster.Account != nil && have.Cluster.Account.UserName != "" {
		warn(a, fmt.Sprintf("%s: its SSH administrator %s is not sent along, because the service does not tell the password and the key: its nodes may no longer let %[2]s in",
			have.Name, have.Cluster.Account.UserName))
	}
}

// modify is the call that changes a compute.
func modify(ctx context.Context, a *app.App, have *compute.Compute, m compute.Modification) func(*compute.Client, compute.ActOptions) compute.Outcome {
	return func(client *compute.Client, o compute.ActOptions) compute.Outcome {
		if m.Scale != nil && have.Cluster.Scale != nil && m.Scale.MaxNodes > have.Cluster.Scale.MaxNodes {
			warn(a, client.GrowthWarnings(ctx, have, m.Scale.MaxNodes)...)
		}
		if m.Tags != nil || m.Identity != nil {
			warnAccount(a, have)
		}
		return client.Modify(ctx, have, m, o)
	}
}

// modify lays the flags of update over a modification: they win over --set.
func (f *v2Flags) modify(have *compute.Compute, m *compute.Modification, merge []string) error {
	switch strings.ToLower(have.ComputeType) {
	case "amlcompute":
		if err := mustBeCluster(have); err != nil {
			return err
		}
	case "computeinstance", "kubernetes", "synapsespark":
		if err := f.onlyClusters(have.Name, have.ComputeType); err != nil {
			return err
		}
	default:
		return exit.Usagef("%s is of type %s, which cannot be updated", have.Name, have.ComputeType)
	}
	identity, err := f.identity()
	if err != nil {
		return err
	}
	if identity != nil {
		m.Identity = identity
	}
	tags, err := f.tagValues()
	if err != nil {
		return err
	}
	if tags != nil {
		m.Tags = tags
	}
	if m.Tags, err = mergeTags(m.Tags, merge, have); err != nil || !have.IsCluster() {
		return err
	}
	base := have.Cluster.Scale
	if m.Scale != nil {
		base = m.Scale
	}
	scale, err := f.rescaled(base)
	if scale != nil {
		m.Scale = scale
	}
	if err == nil && m.Scale != nil {
		err = fits(m.Scale)
	}
	return err
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
