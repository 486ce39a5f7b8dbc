package cmd

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newCreateCluster() *command {
	c := &cobra.Command{
		Use: "amlcompute -n NAME -s SIZE --max-nodes N",
		Long: `Create a compute cluster (AmlCompute) and wait until it is ready.

Running it again succeeds. If scale settings, tags or identities differ, the
existing cluster is updated. If anything else differs, the differences are
listed and nothing is sent.

With -f, the settings come from a file with the keys of "az ml compute", see "apply".
--set wins over the file, and flags win over both.`,
		Example: `  computetarget create amlcompute -n cpu -s Standard_D2_v2 --max-nodes 4
  computetarget create amlcompute -n spot -s Standard_D2_v2 --max-nodes 8 -p lowpriority
  computetarget create amlcompute -n own -s Standard_D2_v2 --max-nodes 2 --assign-identity '[system]'`,
	}
	f := c.Flags()
	size := sizeFlag(f)
	scale := scaleFlags(f)
	priority := f.StringP("vm-priority", "p", "dedicated", "`PRIORITY`: dedicated or lowpriority")
	userName := f.String("admin-username", "", "`NAME` of the administrator on the nodes")
	password := f.String("admin-user-password", "", "its `PASSWORD`")
	key := f.String("admin-user-ssh-key", "", "SSH public `KEY` of the administrator, as text")
	remote := f.String("remote-login-port-public-access", "", "SSH from the internet: `Enabled` or Disabled")
	identity := identityFlags(f)
	identity.assignFlag(f)
	publicIP := f.String("enable-node-public-ip", "True", "`True` or False: public addresses for nodes in a virtual network")
	location := locationFlag(f)
	description := f.String("description", "", "`TEXT` about the compute")
	tags := tagFlags(f)
	subnet := subnetFlags(f)
	markV1(f, "vm-priority", "admin-username", "admin-user-password", "admin-user-ssh-key",
		"remote-login-port-public-access", "assign-identity", "enable-node-public-ip", "description")
	alias(f, "admin-user-password", "admin-password")
	alias(f, "admin-user-ssh-key", "ssh-key-value")
	alias(f, "vm-priority", "tier")
	choice(f, "vm-priority", "dedicated", "lowpriority", "low_priority")
	choice(f, "remote-login-port-public-access", "Enabled", "Disabled", "NotSpecified")
	trueOrFalse(f, "enable-node-public-ip")
	required(c, "vm-size", "max-nodes")

	source := sourceFlags(c)
	names, wait := newNameFlag(c), waitingFlags(c)
	spec := func(ctx context.Context, a *app.App, from *creating) (*compute.Spec, error) {
		var err error
		if *key, err = keyText(ctx, *key); err != nil {
			return nil, err
		}
		switch given := *password != "" || *key != ""; {
		case from.fromFile && *password == "": // the file may have the rest
		case *userName != "" && !given:
			return nil, exit.Usagef("--admin-username needs --admin-user-password or --admin-user-ssh-key")
		case *userName == "" && given:
			return nil, exit.Usagef("--admin-user-password and --admin-user-ssh-key need --admin-username")
		case *password != "" && kinds(*password) < 3:
			return nil, exit.Usagef("--admin-user-password: the service requires three of lower case, upper case, digits and other characters")
		}
		cluster := &compute.ClusterSpec{
			VMSize: *size, VMPriority: "Dedicated",
			MinNodes: scale.min, MaxNodes: scale.max, IdleScaleDown: time.Duration(scale.idle) * time.Second,
			AdminUserName: *userName, AdminPassword: *password, AdminSSHKey: *key, RemoteLogin: *remote,
		}
		if strings.HasPrefix(strings.ToLower(*priority), "low") {
			cluster.VMPriority = "LowPriority"
		}
		spec := &compute.Spec{Location: *location, Description: *description, Cluster: cluster}
		if spec.Tags, err = tags.values(); err != nil {
			return nil, err
		}
		if spec.Identity, err = identity.spec(); err != nil {
			return nil, err
		}
		client, err := a.ClientOf(from.at.in)
		if err != nil {
			return nil, err
		}
		if cluster.SubnetID, err = subnet.id(client.Workspace()); err != nil {
			return nil, err
		}
		switch {
		case cluster.SubnetID != "", from.fromFile:
			on := strings.EqualFold(*publicIP, "true")
			cluster.EnableNodePublicIP = &on
		case f.Changed("enable-node-public-ip"):
			a.Note("--enable-node-public-ip is not sent: it only applies in a virtual network")
		}
		return spec, nil
	}
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		from, err := source.read(ctx, a, names, args, "amlcompute")
		if err != nil {
			return render.Result{}, err
		}
		given, err := spec(ctx, a, from)
		if err != nil {
			return render.Result{}, err
		}
		if !from.fromFile {
			from.spec = given
		} else if err := from.overrideCluster(f, given); err != nil {
			return render.Result{}, err
		} else if err := from.override(f, *size, *description, tags); err != nil {
			return render.Result{}, err
		}
		return from.create(ctx, a, wait, compute.CreateOptions{})
	})
}

// kinds counts the kinds of characters in a password: lower case, upper case,
// digits and others. CLI v1 required three.
func kinds(password string) int {
	seen := map[string]bool{}
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			seen["lower"] = true
		case unicode.IsUpper(r):
			seen["upper"] = true
		case unicode.IsDigit(r):
			seen["digit"] = true
		default:
			seen["other"] = true
		}
	}
	return len(seen)
}

// scale are the scale settings of a cluster: nodes, and idle seconds.
type scale struct{ min, max, idle int }

func scaleFlags(f *pflag.FlagSet) *scale {
	s := &scale{}
	f.IntVar(&s.max, "max-nodes", 0, "maximum `NUMBER` of nodes")
	f.IntVar(&s.min, "min-nodes", 0, "minimum `NUMBER` of nodes")
	f.IntVar(&s.idle, "idle-seconds-before-scaledown", 1800, "`SECONDS` a node is idle before it is removed")
	markV1(f, "max-nodes", "min-nodes", "idle-seconds-before-scaledown")
	alias(f, "max-nodes", "max-instances")
	alias(f, "min-nodes", "min-instances")
	alias(f, "idle-seconds-before-scaledown", "idle-time-before-scale-down")
	return s
}

// check refuses impossible settings before any request; both is true if both
// numbers of nodes were given.
func (s *scale) check(both bool) error {
	switch {
	case s.min < 0 || s.max < 0:
		return exit.Usagef("a cluster cannot have fewer than 0 nodes")
	case both && s.max < s.min:
		return exit.Usagef("a cluster cannot have at least %d and at most %d nodes", s.min, s.max)
	case s.idle < 0:
		return exit.Usagef("--idle-seconds-before-scaledown: a node cannot be idle for %d seconds", s.idle)
	}
	return nil
}

func locationFlag(f *pflag.FlagSet) *string {
	location := f.StringP("location", "l", "", "`REGION`; the workspace's own by default")
	markV1(f, "location")
	return location
}
