package azure

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
)

const cloudsConfig = `[AzureCloud]
subscription = x

[stack]
endpoint_resource_manager = https://management.local.azurestack.external/
endpoint_active_directory = https://adfs.local.azurestack.external/adfs/
endpoint_active_directory_resource_id = https://management.adfs.azurestack.local/guid
endpoint_portal = https://portal.local.azurestack.external/
suffix_storage_endpoint = local.azurestack.external

[plain]
endpoint_resource_manager = http://management.example.com
endpoint_active_directory = https://login.example.com

[old]
endpoint_resource_manager = https://management.old.example
endpoint_active_directory = https://login.old.example
endpoint_management = https://core.old.example/

[half]
endpoint_resource_manager = https://management.half.example
`

func cloudsFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "clouds.config"), []byte(cloudsConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFindCloud(t *testing.T) {
	t.Parallel()
	dir := cloudsFolder(t)
	for name, want := range map[string]string{"public": Public, "PUBLIC": Public, "AzureCloud": Public, "azurecloud": Public,
		"china": China, "AzureChinaCloud": China, "usgov": USGovernment, "AzureUSGovernment": USGovernment, "stack": "stack"} {
		if cloud, err := FindCloud(name, dir); err != nil || cloud.Name != want {
			t.Errorf("%s: %s, %v", name, cloud.Name, err)
		}
	}
	for name, want := range map[string]string{"Stack": "use one of public, china, usgov, emulator", "plain": "is not an https URL",
		"half": "endpoint_active_directory: it is not set", "": "is not known"} {
		_, err := FindCloud(name, dir)
		var e *exit.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Exit != 2 {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	stack, err := FindCloud("stack", dir)
	if err != nil {
		t.Fatal(err)
	}
	if stack.Endpoint != "https://management.local.azurestack.external" || stack.Authority != "https://adfs.local.azurestack.external/adfs" ||
		stack.Scope() != "https://management.adfs.azurestack.local/guid/.default" || !stack.Registered || stack.Portal != "https://portal.local.azurestack.external" {
		t.Errorf("%+v", stack)
	}
	if old, err := FindCloud("old", dir); err != nil || old.Scope() != "https://core.old.example/.default" {
		t.Errorf("%+v, %v", old, err)
	}
	if clouds, err := Clouds(dir); err != nil || len(clouds) != 5 {
		t.Errorf("%d clouds, %v", len(clouds), err)
	}
	if clouds, err := Clouds(""); err != nil || len(clouds) != 3 {
		t.Errorf("%d clouds, %v", len(clouds), err)
	}
}

func TestBuiltinNeedsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "clouds.config"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := FindCloud("public", dir); err != nil {
		t.Error(err)
	}
	if _, err := FindCloud("other", dir); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("err = %v", err)
	}
}

func TestAllowsToken(t *testing.T) {
	t.Parallel()
	dir := cloudsFolder(t)
	tests := []struct {
		cloud, url string
		want       bool
	}{
		{"public", "https://management.azure.com/subscriptions", true},
		{"public", "https://MANAGEMENT.azure.com./x", true},
		{"public", "https://management.azure.com:443/x", true},
		{"public", "https://eastus.management.azure.com/x", true},
		{"public", "https://eastus.api.azureml.ms/operation", true},
		{"public", "https://a.b.api.azureml.ms/operation", true},
		{"public", "https://api.azureml.ms/", false},
		{"public", "https://evilapi.azureml.ms/", false},
		{"public", "https://api.azureml.ms.evil.example/", false},
		{"public", "https://management.azure.com.evil.example/", false},
		{"public", "https://evil.example/management.azure.com", false},
		{"public", "http://management.azure.com/", false},
		{"public", "https://management.azure.com:8443/", false},
		{"public", "https://user@management.azure.com/", false},
		{"public", "https://management.azure.com@evil.example/", false},
		{"public", "https://management.usgovcloudapi.net/", false},
		{"public", "https://eastus.api.ml.azure.us/", false},
		{"usgov", "https://usgovarizona.api.ml.azure.us/x", true},
		{"usgov", "https://management.usgovcloudapi.net/", true},
		{"china", "https://chinaeast2.api.ml.azure.cn/x", true},
		{"china", "https://management.chinacloudapi.cn/x", true},
		{"stack", "https://management.local.azurestack.external/x", true},
		{"stack", "https://east.management.local.azurestack.external/x", true},
		{"stack", "https://local.azurestack.external/x", false},
		{"stack", "https://management.azure.com/x", false},
	}
	for _, test := range tests {
		cloud, err := FindCloud(test.cloud, dir)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := cloud.AllowsToken(u); got != test.want {
			t.Errorf("%s %s: %v, want %v", test.cloud, test.url, got, test.want)
		}
	}
}

// A host that only ends like those of a cloud is somebody else's.
func TestTokenHostsOfEveryCloud(t *testing.T) {
	t.Parallel()
	for _, cloud := range builtin() {
		wild := 0
		for _, allowed := range cloud.TokenHosts {
			suffix, ok := strings.CutPrefix(allowed, "*")
			if !ok {
				continue
			}
			wild++
			for host, want := range map[string]bool{"east" + suffix: true, "evil" + strings.TrimPrefix(suffix, "."): false, suffix: false, "east" + suffix + ".evil.example": false} {
				if got := cloud.AllowsToken(&url.URL{Scheme: "https", Host: host}); got != want {
					t.Errorf("%s: %s: %t", cloud.Name, host, got)
				}
			}
		}
		if wild == 0 {
			t.Errorf("%s: no host of operations", cloud.Name)
		}
	}
}

// Only a host below the chosen cloud's instances may get the token of its owner.
func TestAllowsInstance(t *testing.T) {
	t.Parallel()
	const ours = "dev.eastus.instances.azureml.ms"
	for _, test := range []struct {
		cloud, host string
		want        bool
	}{
		{"public", ours, true}, {"public", "DEV.EastUS.Instances.AzureML.MS", true}, {"public", "dev.instances.azureml.ms", true},
		{"china", "dev.chinaeast2.instances.azureml.cn", true}, {"usgov", "dev.usgovvirginia.instances.azureml.us", true},
		{"public", "dev.chinaeast2.instances.azureml.cn", false}, {"china", ours, false}, {"usgov", ours, false}, {"stack", ours, false},
		{"public", "instances.azureml.ms", false}, {"public", ".instances.azureml.ms", false}, {"public", "evilinstances.azureml.ms", false},
		{"public", "dev.evilinstances.azureml.ms", false}, {"public", ours + ".evil.example", false}, {"public", ours + ".", false},
		{"public", ours + ":443", false}, {"public", "me@" + ours, false}, {"public", "evil.example/." + "instances.azureml.ms", false},
		{"public", "evil.example#.instances.azureml.ms", false}, {"public", "d\u00e9v.instances.azureml.ms", false}, {"public", "a..instances.azureml.ms", false},
		{"public", "eastus.api.azureml.ms", false}, {"public", "management.azure.com", false}, {"public", "", false},
	} {
		cloud, err := FindCloud(test.cloud, cloudsFolder(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := cloud.AllowsInstance(test.host); got != test.want {
			t.Errorf("%s: %q: %t", test.cloud, test.host, got)
		}
		if u, err := url.Parse("https://" + test.host); test.want && (err != nil || cloud.AllowsToken(u)) {
			t.Errorf("%q gets the token of every request", test.host)
		}
	}
	if (Cloud{}).AllowsInstance("dev.") {
		t.Error("a cloud without instances has a host of one")
	}
}

func TestLocate(t *testing.T) {
	t.Parallel()
	dir := cloudsFolder(t)
	tests := []struct {
		cloud, endpoint   string
		name, url         string
		loopback, foreign bool
		err               bool
	}{
		{cloud: "public", name: Public, url: "https://management.azure.com"},
		{cloud: "stack", name: "stack", url: "https://management.local.azurestack.external"},
		{cloud: "nope", err: true},
		{cloud: "public", endpoint: "https://eastus.management.azure.com/", name: Public, url: "https://eastus.management.azure.com"},
		{cloud: "public", endpoint: "https://management.usgovcloudapi.net", name: USGovernment, url: "https://management.usgovcloudapi.net"},
		{cloud: "public", endpoint: "https://management.local.azurestack.external", name: "stack", url: "https://management.local.azurestack.external"},
		{cloud: "public", endpoint: "https://arm.example.com/base/", url: "https://arm.example.com/base", foreign: true},
		{cloud: "public", endpoint: "http://127.0.0.1:8443", url: "http://127.0.0.1:8443", loopback: true},
		{cloud: "nope", endpoint: "https://localhost:8443", url: "https://localhost:8443", loopback: true},
		{cloud: "", endpoint: "https://emulator.localhost", url: "https://emulator.localhost", loopback: true},
		{cloud: "public", endpoint: "http://[::1]:1", url: "http://[::1]:1", loopback: true},
		{cloud: "public", endpoint: "http://arm.example.com", err: true},
		{cloud: "public", endpoint: "arm.example.com", err: true},
		{cloud: "public", endpoint: "https://management.azure.com.", name: Public, url: "https://management.azure.com"},
		{cloud: "public", endpoint: "https://arm.example.com:0", err: true},
		{cloud: "public", endpoint: "https://arm.example.com:65536", err: true},
		{cloud: "public", endpoint: "http://[::1%25lo]:80", err: true},
		{cloud: "public", endpoint: "https://u:p@arm.example.com", err: true},
		{cloud: "public", endpoint: "https://arm.example.com?x=1", err: true},
		{cloud: "public", endpoint: "https://localhost.evil.example", url: "https://localhost.evil.example", foreign: true},
	}
	for _, test := range tests {
		got, err := Locate(test.cloud, test.endpoint, dir)
		if test.err {
			var code *exit.Error
			if !errors.As(err, &code) || code.Exit != 2 || strings.Contains(err.Error(), "u:p") {
				t.Errorf("%s %s: %v, want exit code 2", test.cloud, test.endpoint, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", test.cloud, test.endpoint, err)
			continue
		}
		if got.Cloud.Name != test.name || got.Cloud.Endpoint != test.url || got.Loopback != test.loopback || got.Foreign != test.foreign {
			t.Errorf("%s %s: %+v", test.cloud, test.endpoint, got)
		}
		if got.Cloud.Audience == "" || len(got.Cloud.TokenHosts) == 0 {
			t.Errorf("%s %s: no audience or token hosts", test.cloud, test.endpoint)
		}
	}
}

func FuzzClouds(f *testing.F) {
	f.Add([]byte(cloudsConfig))
	f.Add([]byte("[x]\nendpoint_resource_manager = https://a b\nendpoint_active_directory=%(x)s"))
	for _, host := range []string{"000000000000000.", "h:", "h.:443", "[::1]", "a..b", "x@h", "h/#"} {
		f.Add([]byte("[x]\nendpoint_resource_manager = https://" + host + "\nendpoint_active_directory = https://login.example"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ini := ParseINI(data)
		for _, section := range ini.Sections() {
			cloud, err := registered(ini, section)
			if err != nil {
				continue
			}
			if !strings.HasPrefix(cloud.Endpoint, "https://") || !strings.HasPrefix(cloud.Authority, "https://") {
				t.Errorf("%+v", cloud)
			}
			u, err := url.Parse(cloud.Endpoint)
			if err != nil || !cloud.AllowsToken(u) {
				t.Errorf("its own endpoint %q is not allowed a token (%v)", cloud.Endpoint, err)
			}
		}
	})
}

func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{"https://management.azure.com", "http://127.0.0.1:1/", "http://[::1%25x]", "https://a@b", "::", "https://localhost",
		"https://0/#", "https://h?", "https://h:", "https://h.", "https://h/ /", "HTTPS://H:443/a%2F", "https://münchen.example", "http://[::1]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, err := ParseEndpoint(value)
		if err != nil {
			return
		}
		again, err := ParseEndpoint(got.URL)
		if err != nil || again != got {
			t.Errorf("%q became %+v, then %+v (%v)", value, got, again, err)
		}
		u, err := url.Parse(got.URL)
		if err != nil || (u.Scheme == "http" && !got.Loopback) {
			t.Errorf("%q: http beyond this machine (%v)", value, err)
		}
	})
}
