package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/compute"
)

func instance(t testing.TB, name, inner string) *compute.Compute {
	t.Helper()
	c, err := compute.Decode([]byte(`{"name":"` + name + `","properties":{"computeType":"ComputeInstance","properties":` + inner + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const reach = `"state":"Running","connectivityEndpoints":{"publicIpAddress":"20.1.2.3","privateIpAddress":"10.0.0.4"}`

func TestSSH(t *testing.T) {
	t.Parallel()
	good := instance(t, "dev", `{`+reach+`,"sshSettings":{"sshPublicAccess":"Enabled","adminUserName":"azureuser","sshPort":50000}}`)
	d, err := SSH(good, false)
	if err != nil || d != (Destination{Name: "dev", Host: "20.1.2.3", Port: 50000, User: "azureuser"}) {
		t.Errorf("SSH = %+v, %v", d, err)
	}
	if d, err := SSH(good, true); err != nil || d.Host != "10.0.0.4" {
		t.Errorf("private SSH = %+v, %v", d, err)
	}
	if got := strings.Join(d.Arguments([]string{"ls", "-l"}), " "); got != "-p 50000 -l azureuser -- 20.1.2.3 ls -l" {
		t.Errorf("arguments: %s", got)
	}
	for name, c := range map[string]*compute.Compute{
		"off":           instance(t, "dev", `{`+reach+`,"sshSettings":{"sshPublicAccess":"Disabled","adminUserName":"azureuser","sshPort":4000}}`),
		"stopped":       instance(t, "dev", `{"state":"Stopped","sshSettings":{"sshPublicAccess":"Enabled"}}`),
		"no address":    instance(t, "dev", `{"state":"Running","sshSettings":{"sshPublicAccess":"Enabled","adminUserName":"a","sshPort":1}}`),
		"option host":   instance(t, "dev", `{"state":"Running","connectivityEndpoints":{"publicIpAddress":"-oProxyCommand=x"},"sshSettings":{"sshPublicAccess":"Enabled","adminUserName":"a","sshPort":22}}`),
		"two lines":     instance(t, "dev", `{"state":"Running","connectivityEndpoints":{"publicIpAddress":"20.1.2.3\nProxyCommand x"},"sshSettings":{"sshPublicAccess":"Enabled","adminUserName":"a","sshPort":22}}`),
		"option user":   instance(t, "dev", `{`+reach+`,"sshSettings":{"sshPublicAccess":"Enabled","adminUserName":"-oX","sshPort":22}}`),
		"user and line": instance(t, "dev", `{`+reach+`,"sshSettings":{"sshPublicAccess":"Enabled","adminUserName":"a\nb","sshPort":22}}`),
		"port":          instance(t, "dev", `{`+reach+`,"sshSettings":{"sshPublicAccess":"Enabled","adminUserName":"a","sshPort":70000}}`),
		"name":          instance(t, "dev *", `{`+reach+`,"sshSettings":{"sshPublicAccess":"Enabled","adminUserName":"a","sshPort":22}}`),
	} {
		if d, err := SSH(c, false); err == nil {
			t.Errorf("%s: SSH = %+v, want an error", name, d)
		}
	}
}

// An instance without a public address is reached through its Jupyter, whatever the
// settings of SSH are; its host is checked before it gets into a file.
func TestThroughJupyter(t *testing.T) {
	t.Parallel()
	const apps = `"applications":[{"displayName":"Jupyter","endpointUri":"https://Dev.eastus.instances.azureml.ms/tree/"},{"displayName":"Jupyter Lab","endpointUri":"https://x.instances.azureml.ms/lab"}]`
	const private = `"connectivityEndpoints":{"privateIpAddress":"10.0.0.4"}`
	for name, test := range map[string]struct {
		inner             string
		addressless, goes bool
	}{
		"no address":           {`{"state":"Running",` + apps + `,` + private + `,"sshSettings":{"sshPublicAccess":"Disabled","adminUserName":"azureuser","sshPort":4000}}`, true, true},
		"no endpoints":         {`{"state":"Running",` + apps + `}`, true, true},
		"a job":                {`{"state":"JobRunning",` + apps + `}`, true, true},
		"an address":           {`{` + reach + `,` + apps + `}`, false, true},
		"none by its settings": {`{"state":"Stopped","enableNodePublicIp":false}`, true, false},
		"stopped":              {`{"state":"Stopped"}`, false, false},
		"no applications":      {`{"state":"Running",` + private + `}`, false, false},
		"another application":  {`{"state":"Running","applications":[{"displayName":"Jupyter Lab","endpointUri":"https://dev.eastus.instances.azureml.ms/lab"}]}`, false, false},
		"a stranger's host":    {`{"state":"Running","applications":[{"displayName":"Jupyter","endpointUri":"https://evil.example/tree/"}]}`, true, false},
		"two lines":            {`{"state":"Running","applications":[{"displayName":"Jupyter","endpointUri":"https://dev.instances.azureml.ms\n/tree/"}]}`, true, false},
	} {
		c := instance(t, "dev", test.inner)
		if got := Addressless(c); got != test.addressless {
			t.Errorf("%s: without an address: %t", name, got)
		}
		d, err := ThroughJupyter(c)
		if want := (Destination{Name: "dev", Host: "dev.eastus.instances.azureml.ms", Port: 22, User: "azureuser"}); (err == nil) != test.goes || test.goes && d != want {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	other := instance(t, "dev", `{"state":"Running",`+apps+`,"sshSettings":{"adminUserName":"ops"}}`)
	if d, _ := ThroughJupyter(other); d.User != "ops" {
		t.Errorf("the user is %s", d.User)
	}
	cluster, err := compute.Decode([]byte(`{"name":"cpu","properties":{"computeType":"AmlCompute","properties":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if d, err := ThroughJupyter(cluster); err == nil || Addressless(cluster) {
		t.Errorf("a cluster is reached at %+v", d)
	}
	d := Destination{Name: "dev", Host: "h", Port: 22, User: "u", Proxy: "computetarget ssh dev --stdio"}
	if got := strings.Join(d.Arguments([]string{"ls"}), "|"); got != "-o|ProxyCommand=computetarget ssh dev --stdio|-l|u|--|h|ls" {
		t.Errorf("arguments: %s", got)
	}
	if got := d.Block(); got != "# >>> computetarget dev >>>\nHost dev\n    HostName h\n    User u\n    ProxyCommand computetarget ssh dev --stdio\n# <<< computetarget dev <<<\n" {
		t.Errorf("block:\n%s", got)
	}
}

func TestApp(t *testing.T) {
	t.Parallel()
	app := func(uri string) *compute.Compute {
		return instance(t, "dev", `{"state":"Running","applications":[{"displayName":"Jupyter Lab","endpointUri":"`+uri+`"}]}`)
	}
	if got, err := App(app("https://dev.eastus.instances.azureml.ms/lab"), "jupyterlab"); err != nil || got != "https://dev.eastus.instances.azureml.ms/lab" {
		t.Errorf("App = %q, %v", got, err)
	}
	for _, uri := range []string{
		"http://dev.eastus.instances.azureml.ms/lab", "https://evil.example/lab", "file:///etc/passwd", "-x",
		"https://dev.instances.azureml.ms.evil.example/", "https://a@dev.eastus.instances.azureml.ms/", "https://dev.eastus.instances.azureml.ms/a b",
	} {
		if got, err := App(app(uri), "jupyterlab"); err == nil {
			t.Errorf("App(%q) = %q, want an error", uri, got)
		}
	}
	if _, err := App(app("https://dev.eastus.instances.azureml.ms/lab"), "rstudio"); err == nil {
		t.Error("an application that is not there was found")
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	d := Destination{Name: "dev", Host: "20.1.2.3", Port: 50000, User: "azureuser"}
	before := "Host *\n    ServerAliveInterval 30"
	once := Merge(before, []Destination{d})
	if !strings.HasPrefix(once, before+"\n") || !strings.Contains(once, "Host dev\n") {
		t.Errorf("merged:\n%s", once)
	}
	if again := Merge(once, []Destination{d}); again != once {
		t.Errorf("a second merge changed something:\n%s", again)
	}
	d.Host = "20.9.9.9"
	moved := Merge(once+"Host other\n", []Destination{d})
	if strings.Contains(moved, "20.1.2.3") || !strings.Contains(moved, "20.9.9.9") || !strings.HasSuffix(moved, "Host other\n") {
		t.Errorf("replaced:\n%s", moved)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".ssh", "config")
	d := Destination{Name: "dev", Host: "20.1.2.3", Port: 50000, User: "azureuser"}
	if err := Write(path, []Destination{d}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a new file has mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	d.Port = 50001
	if err := Write(path, []Destination{d}); err != nil {
		t.Fatal(err)
	}
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the mode became %v, %v", info.Mode(), err)
	}
	if text, _ := os.ReadFile(path); string(text) != d.Block() {
		t.Errorf("file:\n%s", text)
	}
}

func FuzzMerge(f *testing.F) {
	d := Destination{Name: "dev", Host: "20.1.2.3", Port: 50000, User: "azureuser"}
	f.Add("Host *\n")
	f.Add(d.Block())
	f.Add("# >>> computetarget dev >>>\nx")
	f.Fuzz(func(t *testing.T, config string) {
		once := Merge(config, []Destination{d})
		if !strings.Contains(once, d.Block()) {
			t.Errorf("the block is missing in %q", once)
		}
		if Merge(once, []Destination{d}) != once {
			t.Errorf("merging %q twice is not merging once", config)
		}
	})
}

// An address is opened only when it is https on a host below the cloud's
// instances, and nothing that only looks like it.
func TestTrusted(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://dev.eastus.instances.azureml.ms/lab": true, "https://dev.eastus.instances.azureml.ms": true,
		"https://DEV.EastUS.Instances.AzureML.ms/lab?x=1": true,
		"https://dev.chinaeast2.instances.azureml.cn/":    true, "https://dev.usgovvirginia.instances.azureml.us/": true,

		"https://evilinstances.azureml.ms/": false, "https://dev.evilinstances.azureml.ms/": false, "https://instances.azureml.ms/": false,
		"https://.instances.azureml.ms/": false, "https://dev.instances.azureml.ms.evil.example/": false, "https://dev.instances.azureml.ms./": false,
		"https://evil.example/dev.instances.azureml.ms": false, "https://evil.example?.instances.azureml.ms": false, "https://evil.example#.instances.azureml.ms": false,
		"https://me@dev.instances.azureml.ms/": false, "https://dev.instances.azureml.ms@evil.example/": false, "https://dev.instances.azureml.ms:443/": false,
		"https://dev.instances.azureml.ms:8443/": false, "https://dev.instances.azureml.ms:/": false, "http://dev.instances.azureml.ms/": false,
		"//dev.instances.azureml.ms/": false, "javascript:alert(1)//.instances.azureml.ms": false, "file://dev.instances.azureml.ms/": false,
		"https://dev.instances.azurem\u013a.ms/": false, "https://d\u00e9v.instances.azureml.ms/": false, "https://dev.instances\u3002azureml.ms/": false,
		"https://evil.example\\.instances.azureml.ms/": false, "https://evil.example%2f.instances.azureml.ms/": false, "https://dev.instances.azureml.ms/\n": false,
		"https://-dev.instances.azureml.ms/": false, "https://dev.instances.azureml.ms/'x": false, "https://a..instances.azureml.ms/": false, "": false,
	} {
		if got := trusted(address); got != want {
			t.Errorf("%q: %t, want %t", address, got, want)
		}
	}
}
