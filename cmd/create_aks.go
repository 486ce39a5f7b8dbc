package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newCreateAKS() *command {
	c := &cobra.Command{
		Use:  "aks -n NAME",
		Long: `Create an Azure Kubernetes Service cluster as a compute target and wait for it.`,
		Example: `  computetarget create aks -n serving
  computetarget create aks -n serving --agent-count 3 --cluster-purpose DevTest --no-wait`,
	}
	f := c.Flags()
	size := sizeFlag(f)
	f.Lookup("vm-size").DefValue = "Standard_D3_v2"
	*size = "Standard_D3_v2"
	count := f.IntP("agent-count", "a", 3, "`NUMBER` of nodes")
	purpose := f.String("cluster-purpose", "", "`PURPOSE`: FastProd or DevTest")
	location := locationFlag(f)
	dns := f.String("dns-service-ip", "", "`ADDRESS` of the cluster's DNS")
	bridge := f.String("docker-bridge-cidr", "", "`CIDR` of the Docker bridge")
	service := f.String("service-cidr", "", "`CIDR` of the services")
	balancer := balancerFlags(f, "PublicIp", "aks-subnet")
	ssl := sslFlags(f)
	subnet := subnetFlags(f)
	markV1(f, "agent-count", "cluster-purpose", "dns-service-ip", "docker-bridge-cidr", "service-cidr")
	choice(f, "cluster-purpose", "FastProd", "DenseProd", "DevTest")

	return createCommand(c, func(ctx context.Context, a *app.App) (*compute.Spec, error) {
		aks := &compute.AKSSpec{
			AgentCount: *count, AgentVMSize: *size, ClusterPurpose: *purpose,
			LoadBalancerType: balancer.kind, LoadBalancerSubnet: balancer.subnet,
		}
		var err error
		if aks.SSL, err = ssl.settings(ctx); err != nil {
			return nil, err
		}
		client, err := a.Client()
		if err != nil {
			return nil, err
		}
		id, err := subnet.id(client.Workspace())
		if err != nil {
			return nil, err
		}
		if network := (compute.AKSNetworking{SubnetID: id, ServiceCIDR: *service, DNSServiceIP: *dns, DockerBridgeCIDR: *bridge}); network != (compute.AKSNetworking{}) {
			aks.Networking = &network
		}
		return &compute.Spec{Location: *location, AKS: aks}, nil
	})
}

// balancer are the load balancer settings of an AKS target.
type balancer struct{ kind, subnet string }

func balancerFlags(f *pflag.FlagSet, kind, subnet string) *balancer {
	b := &balancer{}
	f.StringVar(&b.kind, "load-balancer-type", kind, "`TYPE`: PublicIp or InternalLoadBalancer")
	f.StringVar(&b.subnet, "load-balancer-subnet", subnet, "`NAME` of the internal load balancer's subnet")
	markV1(f, "load-balancer-type", "load-balancer-subnet")
	choice(f, "load-balancer-type", "PublicIp", "InternalLoadBalancer")
	return b
}

// ssl are the TLS settings of an AKS target.
type ssl struct{ cert, cname, key, label, overwrite string }

func sslFlags(f *pflag.FlagSet) *ssl {
	s := &ssl{}
	f.StringVar(&s.cert, "ssl-cert-file", "", "PEM `FILE` of the certificate")
	f.StringVar(&s.cname, "ssl-cname", "", "`NAME` the certificate is for")
	f.StringVar(&s.key, "ssl-key-file", "", "PEM `FILE` of its key")
	f.StringVar(&s.label, "ssl-leaf-domain-label", "", "`LABEL` of a certificate of the service's own")
	f.StringVar(&s.overwrite, "ssl-overwrite-domain", "", "`True` or False: take over a domain label in use")
	markV1(f, "ssl-cert-file", "ssl-cname", "ssl-key-file", "ssl-leaf-domain-label", "ssl-overwrite-domain")
	trueOrFalse(f, "ssl-overwrite-domain")
	return s
}

// settings are the requested TLS settings, or nil.
func (s *ssl) settings(ctx context.Context) (*compute.AKSSSL, error) {
	switch given := given(s.cert, s.cname, s.key); {
	case given == 0 && s.label == "":
		if strings.EqualFold(s.overwrite, "true") {
			return nil, exit.Usagef("--ssl-overwrite-domain goes with --ssl-leaf-domain-label")
		}
		return nil, nil
	case given > 0 && s.label != "":
		return nil, exit.Usagef("give either --ssl-leaf-domain-label or your own certificate")
	case given > 0 && given < 3:
		return nil, exit.Usagef("--ssl-cert-file, --ssl-cname and --ssl-key-file go together: give all three or none")
	case s.label != "":
		out := &compute.AKSSSL{Status: "Auto", LeafDomainLabel: s.label}
		if s.overwrite != "" {
			on := strings.EqualFold(s.overwrite, "true")
			out.OverwriteExisting = &on
		}
		return out, nil
	}
	cert, err := input.TextFile(ctx, s.cert, input.Value)
	if err != nil {
		return nil, unreadable("ssl-cert-file", err)
	}
	key, err := input.TextFile(ctx, s.key, input.Value)
	if err != nil {
		return nil, unreadable("ssl-key-file", err)
	}
	return &compute.AKSSSL{Status: "Enabled", Cert: string(cert), Key: string(key), CNAME: s.cname}, nil
}
