package emulator_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// These tests drive a served emulator with programs that nobody here wrote.
// Where one of them is not installed the test is skipped and says so; .ci/run
// installs them.

// outsider serves an emulator over TLS and returns the environment its clients
// need: in it stands nothing that turns a check of certificates off.
func outsider(t *testing.T, o emulator.Options) (env []string) {
	t.Helper()
	o.StrictWorkspaces = true
	e, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	srv, err := e.Listen(emulator.ListenOptions{Address: "127.0.0.1:0", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with: %v", err)
		}
		_ = e.Close()
	})
	return append(os.Environ(),
		"HOME="+dir, "AZURE_CONFIG_DIR="+dir, "AZURE_CORE_COLLECT_TELEMETRY=no", "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1",
		"COMPUTETARGET_ENDPOINT="+srv.Endpoint, "COMPUTETARGET_SUBSCRIPTION="+srv.Subscription,
		"COMPUTETARGET_RESOURCE_GROUP="+srv.ResourceGroup, "COMPUTETARGET_WORKSPACE="+srv.Workspace,
		"REQUESTS_CA_BUNDLE="+srv.BundleFile(), "SSL_CERT_FILE="+srv.BundleFile(), "NODE_EXTRA_CA_CERTS="+srv.CAFile)
}

func outcome(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = env
	out, err := c.Output()
	if err != nil {
		var stderr []byte
		if failed, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output returns it bare
			stderr = failed.Stderr
		}
		t.Fatalf("%s: %v\n%s%s", name, err, out, stderr)
	}
	return string(out)
}

func TestClientAz(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("az takes its time")
	}
	if _, err := exec.LookPath("az"); err != nil {
		t.Skip("az is not installed: apt-get install azure-cli")
	}
	env := outsider(t, emulator.Options{Pace: emulator.PaceInstant, StrictAuth: true})
	got := outcome(t, env, "bash", "testdata/clients/az.sh")
	if want := "Running\nlocal-ws\neastus\nlocal-rg\ntrue\nEast US\n"; got != want {
		t.Errorf("az says %q, want %q", got, want)
	}
}

// az roles and policies: names come from Graph, and what is assigned acts.
func TestClientAzRights(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("az takes its time")
	}
	if exec.Command(debianPython, "-c", "import azure.cli").Run() != nil {
		t.Skip("az is not installed: apt-get install azure-cli")
	}
	env := outsider(t, emulator.Options{Pace: emulator.PaceInstant, StrictAuth: true})
	got := outcome(t, env, "bash", "testdata/clients/az-rights.sh")
	if want := "Starter\nada@contoso.com\tStarter\nDefault\nhours\nRequestDisallowedByPolicy\n"; got != want {
		t.Errorf("az says %q, want %q", got, want)
	}
}

// debianPython is where Debian's python3-azure puts the client.
const debianPython = "/usr/bin/python3"

func TestClientPython(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("Python takes its time")
	}
	if exec.Command(debianPython, "-c", "import azure.mgmt.machinelearningservices").Run() != nil {
		t.Skip("Microsoft's Python client is not installed: apt-get install python3-azure")
	}
	for _, version := range []string{"2022-10-01", "2023-08-01-preview", "2024-04-01", "2025-12-01"} {
		env := outsider(t, emulator.Options{Pace: emulator.PaceInstant})
		if got := outcome(t, env, debianPython, "testdata/clients/life.py", version); got != "done\n" {
			t.Errorf("at %s it says %q", version, got)
		}
	}
}

func TestClientJavaScript(t *testing.T) {
	t.Parallel()
	javaScript(t, "arm-machinelearning", "testdata/clients/life.cjs")
}

func TestClientJavaScriptShare(t *testing.T) {
	t.Parallel()
	javaScript(t, "storage-file-share", "testdata/clients/share.cjs")
}

// javaScript runs a program of Node with one of Microsoft's packages.
func javaScript(t *testing.T, client, program string) {
	t.Helper()
	if testing.Short() {
		t.Skip("Node takes its time")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("there is no cache folder to look for Node packages in")
	}
	modules := filepath.Join(cache, "computetarget-clients", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "@azure", client)); err != nil {
		t.Skip("Microsoft's JavaScript client is not installed: npm install --prefix " + filepath.Dir(modules) + " @azure/" + client)
	}
	env := outsider(t, emulator.Options{Pace: emulator.PaceInstant})
	got := outcome(t, append(env, "NODE_PATH="+modules), "node", program)
	if strings.TrimSpace(got) != "done" {
		t.Errorf("it says %q", got)
	}
}
