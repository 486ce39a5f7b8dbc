package cmd

import (
	"bytes"
	"context"
	"encoding/pem"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newAttachAKS() *command {
	c := &cobra.Command{
		Use:     "aks -n NAME -i RESOURCE-ID",
		Long:    `Attach an existing Azure Kubernetes Service cluster as a compute target.` + attachLong,
		Example: `  computetarget attach aks -n serving -i ` + exampleAKS,
	}
	id := resourceFlag(c)
	return attachCommand(c, "Attaching compute resource...", func(context.Context, *app.App) (*compute.Spec, error) {
		return &compute.Spec{ResourceID: *id, AKS: &compute.AKSSpec{}}, nil
	})
}

func newAttachKubernetes() *command {
	c := &cobra.Command{
		Use:     "kubernetes -n NAME -i RESOURCE-ID",
		Long:    `Attach a Kubernetes cluster, AKS or Arc, as a compute target.` + attachLong,
		Example: `  computetarget attach kubernetes -n k8s --namespace ml -i ` + exampleAKS,
	}
	id := resourceFlag(c)
	namespace := c.Flags().String("namespace", "", "`NAME` of the Kubernetes namespace")
	markV1(c.Flags(), "namespace")
	return attachCommand(c, "Attaching kubernetes compute...", func(context.Context, *app.App) (*compute.Spec, error) {
		return &compute.Spec{ResourceID: *id, Kubernetes: &compute.KubernetesSpec{Namespace: *namespace}}, nil
	})
}

func newAttachRemote() *command {
	c := &cobra.Command{
		Use:  "remote -n NAME -a ADDRESS -u USER",
		Long: `Attach a machine as a compute target over SSH.` + attachLong,
		Example: `  computetarget attach remote -n box -a 10.1.2.3 -u azureuser --private-key-file ~/.ssh/id_rsa
  computetarget attach remote -n box -a box.example.com -u azureuser --ssh-port 2222 -p @password.txt`,
	}
	f := c.Flags()
	address := f.StringP("address", "a", "", "`ADDRESS` or name of the machine")
	user := f.StringP("username", "u", "", "`NAME` to sign in with")
	port := f.Int("ssh-port", 22, "`PORT` of SSH")
	password := f.StringP("password", "p", "", "`PASSWORD` to sign in with; @FILE keeps it off the command line")
	keyFile := f.String("private-key-file", "", "`FILE` of the private key to sign in with")
	passphrase := f.String("private-key-passphrase", "", "`PASSPHRASE` of that key; the service does not accept encrypted keys")
	markV1(f, "address", "username", "ssh-port", "password", "private-key-file", "private-key-passphrase")
	required(c, "address", "username")
	return attachCommand(c, "Attaching compute resource...", func(ctx context.Context, a *app.App) (*compute.Spec, error) {
		if *port < 1 || *port > 65535 {
			return nil, exit.Usagef("--ssh-port: %d is not a port", *port)
		}
		if *password == "" && *keyFile == "" {
			return nil, exit.Usagef("give --password or --private-key-file")
		}
		account := &compute.MachineAccount{UserName: *user, Password: *password}
		if *keyFile != "" {
			var err error
			if account.PrivateKey, err = readPrivateKey(ctx, "private-key-file", *keyFile); err != nil {
				return nil, err
			}
		}
		if *passphrase != "" {
			a.Note("--private-key-passphrase has no effect: encrypted keys are not sent")
		}
		return &compute.Spec{VirtualMachine: &compute.VirtualMachineSpec{Address: *address, SSHPort: *port, Account: account}}, nil
	})
}

// readPrivateKey reads the file that a flag names, which must hold a private key
// that needs no passphrase.
func readPrivateKey(ctx context.Context, flag, file string) (string, error) {
	key, err := input.TextFile(ctx, file, input.Value)
	switch {
	case err != nil:
		return "", unreadable(flag, err)
	case !bytes.Contains(key, []byte("PRIVATE KEY-----")):
		return "", exit.Usagef("%s holds no private key: one begins with -----BEGIN … PRIVATE KEY-----", file)
	case isEncryptedKey(key):
		return "", exit.Usagef("%s is encrypted, and the service has no field for its passphrase: give a decrypted copy (ssh-keygen -p)", file)
	}
	return string(key), nil
}

// isEncryptedKey reports whether a private key needs a passphrase: in PKCS #8,
// the older PEM, or the OpenSSH format, which names the cipher first
// (PROTOCOL.key).
func isEncryptedKey(key []byte) bool {
	block, _ := pem.Decode(key)
	if block == nil {
		return false
	}
	if cipher, ok := bytes.CutPrefix(block.Bytes, []byte("openssh-key-v1\x00")); ok {
		return !bytes.HasPrefix(cipher, []byte("\x00\x00\x00\x04none"))
	}
	return block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED")
}

const (
	attachLong = `

It returns once the service accepted the request and prints the lines the old
CLI printed; with -o or --query it prints the compute instead.`
	exampleAKS = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks"
)

func resourceFlag(c *cobra.Command) *string {
	id := c.Flags().StringP("compute-resource-id", "i", "", "ARM `ID` of the cluster")
	markV1(c.Flags(), "compute-resource-id")
	alias(c.Flags(), "compute-resource-id", "resource-id")
	required(c, "compute-resource-id")
	return id
}

// attachCommand sends the spec and, like the old CLI, does not wait.
func attachCommand(c *cobra.Command, first string, spec func(context.Context, *app.App) (*compute.Spec, error)) *command {
	names := newNameFlag(c)
	dryRunFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		name, err := names.fresh(args)
		if err != nil {
			return render.Result{}, err
		}
		asked, err := spec(ctx, a)
		if err != nil {
			return render.Result{}, err
		}
		wait := waiting{noWait: true}
		var done compute.Outcome
		r, err := wait.actOn(ctx, a, name, func(client *compute.Client, o compute.ActOptions) compute.Outcome {
			done = client.Create(ctx, name, asked, compute.CreateOptions{ActOptions: o})
			return done
		})
		if done.Already && done.Note == "" {
			r.Notes = append(r.Notes, name+": already attached, nothing was sent")
		}
		if err == nil && r.Err == nil {
			r.People = nil
			r.Text = strings.Join([]string{
				first,
				"Resource attach submitted successfully.",
				"To see if your compute target is ready to use, run:",
				"  az ml computetarget show -n " + name,
			}, "\n") + "\n"
		}
		return r, err
	})
}

func newDetach() *command {
	c := &cobra.Command{
		Use: "detach NAME…",
		Long: `Remove attached computes from the workspace. The resource itself, such as an AKS
cluster, is kept. Instances and clusters cannot be detached, only deleted.`,
		Example: `  computetarget detach serving
  computetarget detach serving k8s --no-wait`,
	}
	names := namesFlag(c)
	wait := waitingFlags(c)
	notV1(c.Flags(), "no-wait")
	return names.run(func(ctx context.Context, a *app.App, asked []target) (render.Result, error) {
		found, err := readOfKind(ctx, a, asked)
		if err != nil {
			return render.Result{}, err
		}
		for _, o := range found {
			if o.Err == nil && (o.Compute.IsInstance() || o.Compute.IsCluster()) {
				return render.Result{}, exit.Usagef("%s is of type %s, which cannot be detached: use delete instead", o.Name, o.Compute.ComputeType)
			}
		}
		return wait.act(ctx, a, asked, (*compute.Client).Detach)
	})
}

func newGetCredentials() *command {
	c := &cobra.Command{
		Use: "get-credentials NAME",
		Long: `Print the secrets of an attached compute: the kubeconfigs of an AKS cluster, or
the account of a machine. This is the only command that prints secrets.`,
		Example: `  computetarget get-credentials serving
  computetarget get-credentials serving --query userKubeConfig -o tsv`,
	}
	names := nameFlag(c)
	policyFlags(c.Flags())
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		name, client, err := names.client(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		keys, err := client.ListKeys(ctx, name)
		if err != nil {
			return render.Result{}, err
		}
		return render.Result{Data: keys.Raw}, nil
	})
}
