package cmd

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// createCommand creates the compute that spec asks for and waits for it.
func createCommand(c *cobra.Command, spec func(context.Context, *app.App) (*compute.Spec, error)) *command {
	names := newNameFlag(c)
	wait := waitingFlags(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		name, err := names.fresh(args)
		if err != nil {
			return render.Result{}, err
		}
		asked, err := spec(ctx, a)
		if err != nil {
			return render.Result{}, err
		}
		return wait.actOn(ctx, a, name, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
			return client.Create(ctx, name, asked, compute.CreateOptions{ActOptions: o, Warn: func(text string) { warn(a, text) }})
		})
	})
}

func newCreateDataFactory() *command {
	c := &cobra.Command{
		Use:  "datafactory -n NAME",
		Long: `Create a Data Factory as a compute target and wait for it.`,
		Example: `  computetarget create datafactory -n factory
  computetarget create datafactory -n factory --location westeurope`,
	}
	location := locationFlag(c.Flags())
	return createCommand(c, func(context.Context, *app.App) (*compute.Spec, error) {
		return &compute.Spec{Location: *location, DataFactory: &compute.DataFactorySpec{}}, nil
	})
}

// sizeFlag adds -s/--vm-size.
func sizeFlag(f *pflag.FlagSet) *string {
	size := f.StringP("vm-size", "s", "", "VM `SIZE`, such as Standard_DS3_v2")
	markV1(f, "vm-size")
	alias(f, "vm-size", "size")
	return size
}

// tags are the tags given by --tag and --tags.
type tags struct{ one, many []string }

func tagFlags(f *pflag.FlagSet) *tags {
	t := &tags{}
	f.StringArrayVar(&t.one, "tag", nil, "`KEY=VALUE`, repeatable")
	f.StringArrayVar(&t.many, "tags", nil, "`KEY=VALUE` pairs, separated by spaces")
	markV1(f, "tag")
	severalValues(f, "tags")
	return t
}

// values returns the tags, nil if none was given.
func (t *tags) values() (map[string]string, error) {
	var out map[string]string
	for _, pair := range append(append([]string{}, t.one...), t.many...) {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, exit.Usagef("--tag: %q is not KEY=VALUE", pair)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	return out, nil
}

// over are the tags of a compute with those that were given: --tag adds to them,
// --tags replaces them. nil when none were given.
func (t *tags) over(have map[string]string) (map[string]string, error) {
	out, err := (&tags{many: t.many}).values()
	if err != nil || len(t.one)+len(t.many) == 0 {
		return nil, err
	}
	if len(t.many) == 0 {
		out = maps.Clone(have)
	}
	if out == nil {
		out = map[string]string{}
	}
	added, err := (&tags{one: t.one}).values()
	maps.Copy(out, added)
	return out, err
}

// given is how many of the values of flags that go together are set.
func given(values ...string) int {
	return len(slices.DeleteFunc(values, func(value string) bool { return value == "" }))
}

// subnet is the subnet of a compute: v1's three names, or an id.
type subnet struct{ vnet, name, group, whole string }

func subnetFlags(f *pflag.FlagSet) *subnet {
	s := &subnet{}
	f.StringVar(&s.vnet, "vnet-name", "", "`NAME` of the virtual network")
	f.StringVar(&s.name, "subnet-name", "", "`NAME` of the subnet")
	f.StringVar(&s.group, "vnet-resourcegroup-name", "", "resource `GROUP` of the virtual network")
	f.StringVar(&s.whole, "subnet-id", "", "ARM `ID` of the subnet, instead of the three names")
	markV1(f, "vnet-name", "subnet-name", "vnet-resourcegroup-name")
	return s
}

// id is the ARM id of the subnet, or "". The three names refer to the
// workspace's subscription, as in v1.
func (s *subnet) id(ws compute.Workspace) (string, error) {
	switch given := given(s.vnet, s.name, s.group); {
	case given == 1 && strings.HasPrefix(strings.ToLower(s.name), "/subscriptions/"):
		return s.name, nil // v2's --subnet takes an id, too
	case given == 0 && s.whole != "" && !isSubnetID(s.whole):
		return "", exit.Usagef("--subnet-id: %q is not the id of a subnet, which looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/VNET/subnets/SUBNET", s.whole)
	case given == 0:
		return s.whole, nil
	case s.whole != "":
		return "", exit.Usagef("give either --subnet-id or --vnet-name, --subnet-name and --vnet-resourcegroup-name")
	case given < 3:
		return "", exit.Usagef("--vnet-name, --subnet-name and --vnet-resourcegroup-name go together: give all three or none")
	}
	for _, part := range []struct{ flag, name string }{{"vnet-name", s.vnet}, {"subnet-name", s.name}, {"vnet-resourcegroup-name", s.group}} {
		if strings.ContainsFunc(part.name, strangeInNetwork) {
			return "", exit.Usagef("--%s: %q cannot be a name: it may hold letters, digits and the characters . _ - ( ) only", part.flag, part.name)
		}
	}
	return "/subscriptions/" + ws.Subscription + "/resourceGroups/" + s.group +
		"/providers/Microsoft.Network/virtualNetworks/" + s.vnet + "/subnets/" + s.name, nil
}

// strangeInNetwork reports whether the names of groups, networks and subnets may
// not hold a character, as in <my-vnet> or net/default.
func strangeInNetwork(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-()", r)
}

// isSubnetID reports whether id has the form of a subnet's ARM id.
func isSubnetID(id string) bool {
	parts := strings.Split(strings.ToLower(id), "/")
	for i, want := range []string{"", "subscriptions", "*", "resourcegroups", "*", "providers", "microsoft.network", "virtualnetworks", "*", "subnets", "*"} {
		if i >= len(parts) || want == "*" && parts[i] == "" || want != "*" && parts[i] != want {
			return false
		}
	}
	return len(parts) == 11
}

func idleFlag(c *cobra.Command) *string {
	idle := c.Flags().String("idle-shutdown", "", "idle `TIME` after which it stops, such as 1h, or off")
	alias(c.Flags(), "idle-shutdown", "idle-time-before-shutdown")
	return idle
}
