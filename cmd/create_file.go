package cmd

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
)

// source is the file of a compute to create, and the keys that win over it.
type source struct {
	file string
	set  *[]string
}

func sourceFlags(c *cobra.Command) *source {
	s := &source{}
	c.Flags().StringVarP(&s.file, "file", "f", "", "`FILE` that describes the compute, YAML or JSON; - is stdin; flags win over it")
	s.set = setFlag(c)
	return s
}

// creating is a compute to create: from flags, or from a file that flags win over.
type creating struct {
	asked    // without a file nothing but the name
	at       target
	spec     *compute.Spec
	fromFile bool
}

// read returns what is to be created: what the file describes, else an empty
// request for an instance.
func (s *source) read(ctx context.Context, a *app.App, names *names, args []string, kind string) (*creating, error) {
	name := ""
	var err error
	if s.file == "" || names.given(args) {
		if name, err = names.fresh(args); err != nil {
			return nil, err
		}
	}
	switch {
	case s.file == "" && len(*s.set) > 0:
		return nil, exit.Usagef("--set needs --file: it is about the keys of a file")
	case s.file == "":
		return &creating{asked: asked{Document: &manifest.Document{}}, at: target{name: name}, spec: &compute.Spec{Instance: &compute.InstanceSpec{}}}, nil
	}
	set, err := assignments(*s.set)
	if err != nil {
		return nil, err
	}
	list, err := readComputes(ctx, a, []string{s.file}, manifest.Options{Zone: a.Zone, Set: set, Name: name, Type: kind})
	if err != nil {
		return nil, err
	}
	return onlyOne(ctx, a, s.file, name, list)
}

// onlyOne is the compute that a file describes; a name that is given wins over the
// file's.
func onlyOne(ctx context.Context, a *app.App, file, name string, list []asked) (*creating, error) {
	if len(list) > 1 {
		return nil, &exit.Error{Exit: exit.Usage, Text: file + " describes " + strconv.Itoa(len(list)) + " computes, and create makes one",
			Tip: "computetarget apply -f " + app.Words([]string{file}) + " makes all of them"}
	}
	d := list[0]
	if d.Hours {
		return nil, exit.Usagef("%s: these are the hours of an instance, not an instance", d.place("name"))
	}
	if name != "" {
		d.Name = name // the flag wins
	}
	for _, note := range d.Notes {
		a.Note("%s: %s", d.Name, note)
	}
	if err := d.key(ctx); err != nil {
		return nil, err
	}
	at, err := locatedIn(a, list)
	if err != nil {
		return nil, err
	}
	client, err := a.ClientOf(at[0].in)
	if err != nil {
		return nil, err
	}
	return &creating{asked: d, at: at[0], spec: d.Create(client.Workspace()), fromFile: true}, nil
}

// override lays the flags that all types have over the file.
func (c *creating) override(f *pflag.FlagSet, size, description string, tags *tags) error {
	given, err := tags.values()
	if err != nil {
		return err
	}
	if given != nil {
		c.spec.Tags = given
	}
	if f.Changed("description") {
		c.spec.Description = description
	}
	switch {
	case size == "":
	case c.spec.Instance != nil:
		c.spec.Instance.VMSize = size
	case c.spec.Cluster != nil:
		c.spec.Cluster.VMSize = size
	default:
		return exit.Usagef("--vm-size is for instances and clusters, and %s is a compute of type %s", c.place("type"), c.spec.Type())
	}
	return nil
}

// whom is the person that a file names.
func (c *creating) whom() person {
	if i := c.Spec.Instance; i != nil && i.AssignedUser != nil {
		return person{id: i.AssignedUser.ObjectID, tenant: i.AssignedUser.TenantID}
	}
	return person{who: c.AssignTo}
}

// otherType refuses flags of instances for what is not an instance.
func (c *creating) otherType(f *pflag.FlagSet) error {
	var wrong []string
	f.Visit(func(flag *pflag.Flag) {
		if slices.Contains(instanceFlags(), flag.Name) {
			wrong = append(wrong, "--"+flag.Name)
		}
	})
	if len(wrong) > 0 {
		return exit.Usagef("%s: this is a compute of type %s, and %s does not go with it", c.place("type"), c.spec.Type(), strings.Join(wrong, ", "))
	}
	return nil
}

// create creates the compute and waits for it.
func (c *creating) create(ctx context.Context, a *app.App, wait *waiting, o compute.CreateOptions) (render.Result, error) {
	return wait.actAt(ctx, a, c.at, func(client *compute.Client, act compute.ActOptions) compute.Outcome {
		o.ActOptions, o.Warn = act, func(text string) { warn(a, text) }
		return client.Create(ctx, c.at.name, c.spec, o)
	})
}

// instanceFlags are the flags of "create computeinstance" that other types lack.
func instanceFlags() []string {
	return []string{"ssh-public-access", "admin-user-ssh-public-key", "ssh-key", "vnet-name", "subnet-name", "vnet-resourcegroup-name", "subnet-id",
		"no-public-ip", "enable-node-public-ip", "assign-to", "user-object-id", "user-tenant-id", "hours", "idle-shutdown", "stopped",
		"setup-script", "setup-script-args", "setup-script-timeout", "startup-script", "startup-script-args", "startup-script-timeout", "upload-to", "replace"}
}

// overrideCluster lays the flags of a cluster over the file.
func (c *creating) overrideCluster(f *pflag.FlagSet, flags *compute.Spec) error {
	have, want := c.spec.Cluster, flags.Cluster
	if have == nil {
		return exit.Usagef("%s: this is a compute of type %s, not a cluster", c.place("type"), c.spec.Type())
	}
	for name, lay := range map[string]func(){
		"min-nodes":                       func() { have.MinNodes = want.MinNodes },
		"max-nodes":                       func() { have.MaxNodes = want.MaxNodes },
		"idle-seconds-before-scaledown":   func() { have.IdleScaleDown = want.IdleScaleDown / time.Second * time.Second },
		"vm-priority":                     func() { have.VMPriority = want.VMPriority },
		"admin-username":                  func() { have.AdminUserName = want.AdminUserName },
		"admin-user-password":             func() { have.AdminPassword = want.AdminPassword },
		"admin-user-ssh-key":              func() { have.AdminSSHKey = want.AdminSSHKey },
		"remote-login-port-public-access": func() { have.RemoteLogin = want.RemoteLogin },
		"location":                        func() { c.spec.Location = flags.Location },
	} {
		if f.Changed(name) {
			lay()
		}
	}
	if flags.Identity != nil {
		c.spec.Identity = flags.Identity
	}
	if want.SubnetID != "" {
		have.SubnetID = want.SubnetID
	}
	if want.EnableNodePublicIP != nil && f.Changed("enable-node-public-ip") {
		have.EnableNodePublicIP = want.EnableNodePublicIP
	}
	return nil
}
