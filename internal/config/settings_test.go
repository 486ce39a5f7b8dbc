package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/internal/exit"
)

const (
	subA = "aaaaaaaa-0000-4000-8000-000000000001"
	subB = "bbbbbbbb-0000-4000-8000-000000000002"
	subC = "cccccccc-0000-4000-8000-000000000003"
)

// world is a machine made for one test: a home folder, a folder to work in
// below it, and an environment that holds nothing else.
type world struct {
	t     *testing.T
	home  string
	dir   string
	env   map[string]string
	flags map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	home := t.TempDir()
	w := &world{t: t, home: home, dir: filepath.Join(home, "src", "project"),
		env: map[string]string{}, flags: map[string]string{}}
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

// write makes a file, given relative to the home folder.
func (w *world) write(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.home, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) settings() *Settings {
	return New(Inputs{
		Getenv: func(name string) string { return w.env[name] },
		Flags:  w.flags,
		Dir:    w.dir,
		Home:   w.home,
		GOOS:   "linux",
	})
}

func (w *world) get(key string) Value {
	w.t.Helper()
	value, err := w.settings().Get(key)
	if err != nil {
		w.t.Fatalf("Get(%s): %v", key, err)
	}
	return value
}

const azProfile = "\ufeff" + `{"installationId": "x", "subscriptions": [
  {"id": "` + subA + `", "name": "Team A", "state": "Enabled", "isDefault": true, "environmentName": "AzureCloud", "tenantId": "t1", "user": {"name": "a@example.com", "type": "user"}},
  {"id": "` + subB + `", "name": "Team B", "state": "Enabled", "isDefault": false, "environmentName": "AzureCloud", "tenantId": "t1", "user": {"name": "a@example.com", "type": "user"}},
  {"id": "` + subC + `", "name": "Twin", "isDefault": false, "environmentName": "AzureCloud"},
  {"id": "dddddddd-0000-4000-8000-000000000004", "name": "twin", "isDefault": false, "environmentName": "AzureCloud"},
  {"id": "eeeeeeee-0000-4000-8000-000000000005", "name": "Gov", "isDefault": true, "environmentName": "AzureUSGovernment"}
]}`

// everywhere sets the workspace in every source.
func (w *world) everywhere() {
	w.write(".azure/azureProfile.json", azProfile)
	w.write(".azure/config", "[defaults]\ngroup = az-rg\nworkspace = az-ws\n")
	w.write(".config/computetarget/config.yaml", "subscription: user-sub\nresource-group: user-rg\nworkspace: user-ws\n")
	w.write("src/project/.azureml/config.json", `{"subscription_id": "project-sub", "resource_group": "project-rg", "workspace_name": "project-ws"}`)
	w.env["COMPUTETARGET_SUBSCRIPTION"] = "env-sub"
	w.env["COMPUTETARGET_RESOURCE_GROUP"] = "env-rg"
	w.env["COMPUTETARGET_WORKSPACE"] = "env-ws"
	w.flags["subscription-id"] = "flag-sub"
	w.flags["resource-group"] = "flag-rg"
	w.flags["workspace-name"] = "flag-ws"
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.everywhere()
	steps := []struct {
		remove                   func()
		sub, group, name, source string
	}{
		{func() {}, "flag-sub", "flag-rg", "flag-ws", "flag -w"},
		{func() { clear(w.flags) }, "env-sub", "env-rg", "env-ws", "COMPUTETARGET_WORKSPACE"},
		{func() { clear(w.env) }, "project-sub", "project-rg", "project-ws", "./.azureml/config.json"},
		{func() { _ = os.RemoveAll(filepath.Join(w.dir, ".azureml")) }, "user-sub", "user-rg", "user-ws", "~/.config/computetarget/config.yaml"},
		{func() { _ = os.RemoveAll(filepath.Join(w.home, ".config")) }, subA, "az-rg", "az-ws", "az config defaults.workspace"},
		{func() { _ = os.RemoveAll(filepath.Join(w.home, ".azure")) }, "", "", "", ""},
	}
	for _, step := range steps {
		step.remove()
		if got := w.get(Subscription).Text; got != step.sub {
			t.Errorf("subscription = %q, want %q", got, step.sub)
		}
		if got := w.get(ResourceGroup).Text; got != step.group {
			t.Errorf("resource group = %q, want %q", got, step.group)
		}
		name := w.get(Workspace)
		if name.Text != step.name || filepath.ToSlash(name.Source) != step.source {
			t.Errorf("workspace = %q from %q, want %q from %q", name.Text, name.Source, step.name, step.source)
		}
	}
}

// TestProjectFileAndFlags holds CLI v1's rule: with both -g and -w the project
// file is not read; with one of them the rest of it counts.
func TestProjectFileAndFlags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                   string
		flags                  map[string]string
		sub, group, workspace  string
		wantNote, wantNoSource bool
	}{
		{"none", nil, "project-sub", "project-rg", "project-ws", false, false},
		{"only -w", map[string]string{"workspace-name": "w"}, "project-sub", "project-rg", "w", true, false},
		{"only -g", map[string]string{"resource-group": "g"}, "project-sub", "g", "project-ws", true, false},
		{"both", map[string]string{"workspace-name": "w", "resource-group": "g"}, subA, "g", "w", false, false},
		{"both and subscription", map[string]string{"workspace-name": "w", "resource-group": "g", "subscription-id": subB}, subB, "g", "w", false, false},
		{"empty -w", map[string]string{"workspace-name": "", "resource-group": "g"}, "project-sub", "g", "project-ws", true, false},
		{"subscription alone", map[string]string{"subscription-id": subB}, subB, "project-rg", "project-ws", false, false},
		{"--subscription-id before --subscription", map[string]string{"subscription-id": subB, "subscription": subC}, subB, "project-rg", "project-ws", false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write(".azure/azureProfile.json", azProfile)
			w.write(".azure/config", "[defaults]\ngroup = az-rg\nworkspace = az-ws\n")
			w.write("src/project/.azureml/config.json", `{"subscription_id": "project-sub", "resource_group": "project-rg", "workspace_name": "project-ws"}`)
			w.flags = test.flags
			s := w.settings()
			ref, err := s.Workspace()
			if test.sub == "project-sub" {
				// It is no GUID and az knows no subscription of that name.
				var e *exit.Error
				if !errors.As(err, &e) || !strings.Contains(e.Error(), `"project-sub"`) {
					t.Fatalf("err = %v, want one about the subscription", err)
				}
				ref.Subscription.Text = "project-sub"
			} else if err != nil {
				t.Fatal(err)
			}
			got := [3]string{ref.Subscription.Text, ref.ResourceGroup.Text, ref.Name.Text}
			if want := [3]string{test.sub, test.group, test.workspace}; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
			if (ref.Note() != "") != test.wantNote {
				t.Errorf("note = %q, wanted one: %v", ref.Note(), test.wantNote)
			}
		})
	}
}

func TestBothFlagsDoNotTouchTheProjectFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("src/project/.azureml/config.json", "{broken")
	w.flags = map[string]string{"workspace-name": "w", "resource-group": "g", "subscription-id": subA}
	if _, err := w.settings().Workspace(); err != nil {
		t.Errorf("err = %v, want none: the file has no say", err)
	}
	delete(w.flags, "resource-group")
	if _, err := w.settings().Workspace(); err == nil || !strings.Contains(err.Error(), "config.json:1") {
		t.Errorf("err = %v, want one that names the file and line", err)
	}
}

func TestEmptyFlagIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.flags["workspace-name"] = ""
	w.env["COMPUTETARGET_WORKSPACE"] = "ws"
	s := w.settings()
	for range 2 {
		if v, err := s.Get(Workspace); err != nil || v.Text != "ws" {
			t.Fatalf("got %+v, %v", v, err)
		}
	}
	if got := s.Warnings(); len(got) != 1 || !strings.Contains(got[0], "-w is empty") {
		t.Errorf("warnings = %q, want one about -w", got)
	}
}

func TestProjectSearch(t *testing.T) {
	t.Parallel()
	shape := func(name string) string {
		return `{"subscription_id": "s", "resource_group": "g", "workspace_name": "` + name + `"}`
	}
	tests := []struct {
		name  string
		files map[string]string
		path  string // --path
		want  string
		err   string
		warn  bool
	}{
		{name: "nothing"},
		{name: "first shape", files: map[string]string{"src/project/.azureml/config.json": shape("w")}, want: "w"},
		{name: "scope", files: map[string]string{"src/project/.azureml/config.json": `{"Id": null, "Scope": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/projects/exp"}`}, want: "w"},
		{name: "scope wins", files: map[string]string{"src/project/.azureml/config.json": `{"workspace_name": "other", "Scope": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"}`}, want: "w"},
		{name: "bom", files: map[string]string{"src/project/.azureml/config.json": "\ufeff" + shape("w")}, want: "w"},
		{name: ".azureml above beats ./config.json", files: map[string]string{"src/project/config.json": shape("near"), "src/.azureml/config.json": shape("above")}, want: "above"},
		{name: ".azureml/config.json above beats ./.azureml/project.json", files: map[string]string{"src/project/.azureml/project.json": shape("near"), ".azureml/config.json": shape("above")}, want: "above"},
		{name: ".azureml before aml_config", files: map[string]string{"src/project/aml_config/config.json": shape("old"), ".azureml/project.json": shape("new")}, want: "new"},
		{name: "aml_config before plain", files: map[string]string{"aml_config/project.json": shape("old"), "src/project/config.json": shape("plain")}, want: "old"},
		{name: "near before far", files: map[string]string{"src/project/.azureml/config.json": shape("near"), ".azureml/config.json": shape("far")}, want: "near"},
		{name: "plain config.json", files: map[string]string{"src/project/config.json": shape("w")}, want: "w"},
		{name: "plain project.json above", files: map[string]string{"src/project.json": shape("w")}, want: "w"},
		{name: "another program's config.json is passed over", files: map[string]string{"src/project/config.json": `{"port": 80}`, "src/config.json": shape("w")}, want: "w"},
		{name: "another program's broken config.json is passed over", files: map[string]string{"src/project/config.json": `// comment`, "src/config.json": shape("w")}, want: "w"},
		{name: "another program's array", files: map[string]string{"src/project/config.json": `[1]`}},
		{name: "wrong type in our own shape", files: map[string]string{"src/project/config.json": `{"workspace_name": 7}`}, err: "workspace_name that is not text"},
		{name: "a key of other spelling", files: map[string]string{"src/project/.azureml/config.json": `{"subscription_id": "s", "resource_group": "g", "workspaceName": "w"}`}, err: `the key "workspaceName"; did you mean workspace_name?`},
		{name: "a key cut short", files: map[string]string{"src/project/config.json": `{"subscription_id": "s", "resource_group": "g", "workspace": "w"}`}, err: `the key "workspace"; did you mean workspace_name?`},
		{name: "a key mistyped", files: map[string]string{"src/project/config.json": `{"subscription_id": "s", "resorce_group": "g", "workspace_name": "w"}`}, err: `the key "resorce_group"; did you mean resource_group?`},
		{name: "keys of others beside ours", files: map[string]string{"src/project/.azureml/config.json": `{"subscription_id": "s", "resource_group": "g", "workspace_name": "w", "experiment_name": "e", "workspace": "old"}`}, want: "w"},
		{name: "UTF-16, as PowerShell writes it", files: map[string]string{"src/project/.azureml/config.json": "\xff\xfe" + strings.Join(strings.Split(shape("w"), ""), "\x00") + "\x00"}, want: "w"},
		{name: "broken .azureml/config.json", files: map[string]string{"src/project/.azureml/config.json": "{\n\"a\": ]"}, err: "config.json:2"},
		{name: "empty .azureml/config.json", files: map[string]string{"src/project/.azureml/config.json": ""}, err: "config.json:1"},
		{name: ".azureml/config.json of nothing", files: map[string]string{"src/project/.azureml/config.json": "{}"}, err: "names no workspace"},
		{name: "scope of something else", files: map[string]string{"src/project/.azureml/config.json": `{"Scope": "/subscriptions/s"}`}, err: "Scope that is not"},
		{name: "name with a slash", files: map[string]string{"src/project/.azureml/config.json": shape("a/b")}, err: "a name with invalid characters"},
		{name: "names with escapes", files: map[string]string{"src/project/.azureml/config.json": shape("a%2fb")}, err: "a name with invalid characters"},
		{name: "no scope", files: map[string]string{"src/project/.azureml/config.json": `{"Scope": null, "workspace_name": "w"}`}, want: "w"},
		{name: "null keys", files: map[string]string{"src/project/.azureml/config.json": `{"subscription_id": null, "workspace_name": "w"}`}, want: "w"},
		{name: "--path folder", files: map[string]string{"other/.azureml/config.json": shape("there"), "src/project/.azureml/config.json": shape("here")}, path: "../../other", want: "there"},
		{name: "--path below", files: map[string]string{"src/project/a/b/x": "", "src/project/.azureml/config.json": shape("here")}, path: "a/b", want: "here"},
		{name: "--path file", files: map[string]string{"other/any.json": shape("there")}, path: "../../other/any.json", want: "there"},
		{name: "--path file of another program", files: map[string]string{"other/any.json": `{}`}, path: "../../other/any.json", err: "names no workspace"},
		{name: "--path without a file warns", path: "../../nowhere", warn: true},
		{name: "--path . without a file is silent", path: "."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for name, content := range test.files {
				w.write(name, content)
			}
			if test.path != "" {
				w.flags["path"] = filepath.FromSlash(test.path)
			}
			s := w.settings()
			value, err := s.Get(Workspace)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("err = %v, want %q in it", err, test.err)
				}
				if codeOf(err) != exit.Usage {
					t.Errorf("exit code of %v is not 2", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if value.Text != test.want {
				t.Errorf("workspace = %q, want %q", value.Text, test.want)
			}
			if (len(s.Warnings()) > 0) != test.warn {
				t.Errorf("warnings = %q", s.Warnings())
			}
		})
	}
}

func TestProjectDecidesOnlyTheWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("src/project/.azureml/config.json", `{"subscription_id": "s", "resource_group": "g", "workspace_name": "w",
		"cloud": "emulator", "endpoint": "https://evil.example", "auth-mode": "token", "ca-file": "x", "output": "none"}`)
	for _, key := range []string{CloudName, Endpoint, AuthMode, CAFile, Output} {
		if value := w.get(key); value.Level == LevelProject || strings.Contains(value.Text, "evil") {
			t.Errorf("%s = %+v", key, value)
		}
	}
}

func TestHostileProjectFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need rights on Windows")
	}
	makers := map[string]func(path string) error{
		"folder":    func(path string) error { return os.Mkdir(path, 0o755) },
		"link loop": func(path string) error { return os.Symlink(path, path) },
		"huge":      func(path string) error { return os.WriteFile(path, make([]byte, 17<<20), 0o600) },
		"binary":    func(path string) error { return os.WriteFile(path, []byte{0, 1, 0xff, 0xfe}, 0o600) },
	}
	for name, make := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("src/project/.azureml/x", "")
			if err := make(filepath.Join(w.dir, ".azureml", "config.json")); err != nil {
				t.Fatal(err)
			}
			_, err := w.settings().Get(Workspace)
			if err == nil || !strings.Contains(err.Error(), "config.json") || strings.Contains(err.Error(), "\n") {
				t.Errorf("err = %v, want one line that names the file", err)
			}
		})
	}
}

func TestAzDefaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, config     string
		env              map[string]string
		group, workspace string
	}{
		{"workspace first", "[defaults]\ngroup=g\nworkspace=a\naml_workspace=b\nworkspace_name=c\n", nil, "g", "a"},
		{"then aml_workspace", "[defaults]\naml_workspace=b\nworkspace_name=c\n", nil, "", "b"},
		{"then workspace_name", "[defaults]\nworkspace_name: c\n", nil, "", "c"},
		{"environment first", "[defaults]\ngroup=g\nworkspace=a\n", map[string]string{"AZURE_DEFAULTS_GROUP": "eg", "AZURE_DEFAULTS_WORKSPACE": "ew"}, "eg", "ew"},
		{"the better name before the environment's worse one", "[defaults]\nworkspace=a\n", map[string]string{"AZURE_DEFAULTS_AML_WORKSPACE": "e"}, "", "a"},
		{"empty variable", "[defaults]\ngroup=g\n", map[string]string{"AZURE_DEFAULTS_GROUP": ""}, "g", ""},
		{"unusable name is passed over", "[defaults]\nworkspace=a/b\n", nil, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("az dir/config", test.config)
			for k, v := range test.env {
				w.env[k] = v
			}
			w.env["AZURE_CONFIG_DIR"] = filepath.Join(w.home, "az dir")
			if got := w.get(ResourceGroup).Text; got != test.group {
				t.Errorf("group = %q, want %q", got, test.group)
			}
			if got := w.get(Workspace).Text; got != test.workspace {
				t.Errorf("workspace = %q, want %q", got, test.workspace)
			}
		})
	}
}

func TestActiveSubscriptionIsThatOfTheCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(".azure/azureProfile.json", azProfile)
	if got := w.get(Subscription); got.Text != subA || got.Source != "az's active subscription" {
		t.Errorf("public: %+v", got)
	}
	w.write(".azure/config", "[cloud]\nname = AzureUSGovernment\n")
	if got := w.get(Subscription).Text; got != "eeeeeeee-0000-4000-8000-000000000005" {
		t.Errorf("az's cloud is usgov: %s", got)
	}
	w.env["COMPUTETARGET_CLOUD"] = "china"
	if got := w.get(Subscription); got.Set() {
		t.Errorf("china: %+v, want none", got)
	}
	w.env["COMPUTETARGET_CLOUD"] = "PUBLIC"
	if got := w.get(Subscription).Text; got != subA {
		t.Errorf("PUBLIC: %s", got)
	}
}

func TestSubscriptionByName(t *testing.T) {
	t.Parallel()
	tests := []struct{ given, want, err string }{
		{subB, subB, ""},
		{"Team B", subB, ""},
		{"team b", subB, ""},
		{"Twin", "", "2 subscriptions"},
		{"Gov", "", "knows no subscription of that name in AzureCloud"},
		{"nobody", "", "knows no subscription of that name"},
	}
	for _, test := range tests {
		w := newWorld(t)
		w.write(".azure/azureProfile.json", azProfile)
		w.flags["subscription"] = test.given
		got, err := w.settings().Subscription()
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: err = %v, want %q in it", test.given, err, test.err)
			}
		} else if err != nil || got.Text != test.want {
			t.Errorf("%s: %q, %v, want %q", test.given, got.Text, err, test.want)
		}
	}
}

func TestSubscriptionAtAnEndpoint(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"sub-1": "sub-1", "Team B": subB, subC: subC} {
		w := newWorld(t)
		w.write(".azure/azureProfile.json", azProfile)
		w.flags = map[string]string{"subscription": given, "endpoint": "https://arm.example.com"}
		if got, err := w.settings().Subscription(); err != nil || got.Text != want {
			t.Errorf("%s: %q, %v, want %q", given, got.Text, err, want)
		}
	}
}

// At an endpoint of this machine a name is what it is, whatever az knows by it.
func TestSubscriptionAtLoopback(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"sub-1", "Team B", "Twin"} {
		w := newWorld(t)
		w.write(".azure/azureProfile.json", azProfile)
		w.flags = map[string]string{"subscription": given, "endpoint": "http://127.0.0.1:8443"}
		if got, err := w.settings().Subscription(); err != nil || got.Text != given {
			t.Errorf("%s: %q, %v", given, got.Text, err)
		}
	}
}

func TestEmulator(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, w *world, sub, group, name string) {
		t.Helper()
		ref, err := w.settings().Workspace()
		if err != nil {
			t.Fatal(err)
		}
		got := [3]string{ref.Subscription.Text, ref.ResourceGroup.Text, ref.Name.Text}
		if want := [3]string{sub, group, name}; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	t.Run("newcomer", func(t *testing.T) {
		w := newWorld(t)
		w.flags["cloud"] = "Emulator"
		check(t, w, EmulatorSubscription, EmulatorResourceGroup, EmulatorWorkspace)
		if got := w.get(Workspace).Source; got != "emulator default" {
			t.Errorf("source = %q", got)
		}
	})
	t.Run("az's defaults hold, its subscription does not", func(t *testing.T) {
		w := newWorld(t)
		w.write(".azure/azureProfile.json", "{broken")
		w.write(".azure/config", "[defaults]\ngroup = az-rg\nworkspace = az-ws\n")
		w.env["AZURE_DEFAULTS_GROUP"] = "env-az-rg"
		w.env["COMPUTETARGET_CLOUD"] = "emulator"
		check(t, w, EmulatorSubscription, "env-az-rg", "az-ws")
	})
	t.Run("a script is rehearsed with its own names", func(t *testing.T) {
		w := newWorld(t)
		w.flags = map[string]string{"cloud": "emulator", "workspace-name": "w", "resource-group": "g", "subscription": "Team B"}
		check(t, w, "Team B", "g", "w")
	})
	t.Run("a project keeps its names", func(t *testing.T) {
		w := newWorld(t)
		w.write("src/project/.azureml/config.json", `{"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}`)
		w.flags["cloud"] = "emulator"
		check(t, w, "s", "g", "w")
	})
	t.Run("used workspace", func(t *testing.T) {
		w := newWorld(t)
		w.write(".config/computetarget/config.yaml", "cloud: emulator\nworkspace: mine\n")
		check(t, w, EmulatorSubscription, EmulatorResourceGroup, "mine")
	})
	t.Run("az's cloud cannot be it by accident", func(t *testing.T) {
		w := newWorld(t)
		w.write(".azure/config", "[cloud]\nname = emulator\n")
		if _, err := w.settings().Target(); err == nil || !strings.Contains(err.Error(), "reserved") {
			t.Errorf("err = %v", err)
		}
	})
}

func TestEndpointOrEmulator(t *testing.T) {
	t.Parallel()
	const url = "https://localhost:8443"
	tests := []struct {
		name            string
		flags, env      map[string]string
		user            string
		cloud, endpoint string
		err             bool
	}{
		{name: "neither", cloud: "AzureCloud"},
		{name: "both flags", flags: map[string]string{"cloud": "emulator", "endpoint": url}, err: true},
		{name: "both env", env: map[string]string{"COMPUTETARGET_CLOUD": "emulator", "COMPUTETARGET_ENDPOINT": url}, cloud: "AzureCloud", endpoint: url},
		{name: "flag emulator beats env endpoint", flags: map[string]string{"cloud": "emulator"}, env: map[string]string{"COMPUTETARGET_ENDPOINT": url}, cloud: "emulator"},
		{name: "flag endpoint beats env emulator", flags: map[string]string{"endpoint": url}, env: map[string]string{"COMPUTETARGET_CLOUD": "emulator"}, cloud: "AzureCloud", endpoint: url},
		{name: "env endpoint beats file emulator", env: map[string]string{"COMPUTETARGET_ENDPOINT": url}, user: "cloud: emulator\n", cloud: "AzureCloud", endpoint: url},
		{name: "env emulator beats file endpoint", env: map[string]string{"COMPUTETARGET_CLOUD": "emulator"}, user: "endpoint: " + url + "\n", cloud: "emulator"},
		{name: "both in the file", user: "cloud: emulator\nendpoint: " + url + "\n", cloud: "AzureCloud", endpoint: url},
		{name: "flag endpoint over two emulators", flags: map[string]string{"endpoint": url}, env: map[string]string{"COMPUTETARGET_CLOUD": "emulator"}, user: "cloud: EMULATOR\n", cloud: "AzureCloud", endpoint: url},
		{name: "endpoint in a cloud", flags: map[string]string{"endpoint": url, "cloud": "usgov"}, cloud: "AzureUSGovernment", endpoint: url},
		{name: "flag emulator needs no file", flags: map[string]string{"cloud": "emulator"}, user: "{broken", cloud: "emulator"},
		{name: "not a URL", flags: map[string]string{"endpoint": "localhost:8443"}, err: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for k, v := range test.env {
				w.env[k] = v
			}
			w.flags = test.flags
			if test.user != "" {
				w.write(".config/computetarget/config.yaml", test.user)
			}
			target, err := w.settings().Target()
			if test.err {
				if codeOf(err) != exit.Usage {
					t.Fatalf("err = %v, want exit code 2", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if target.Cloud.Text != test.cloud || target.Endpoint.Text != test.endpoint {
				t.Errorf("got %q %q, want %q %q", target.Cloud.Text, target.Endpoint.Text, test.cloud, test.endpoint)
			}
		})
	}
}

func TestUserFile(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, content, key, want, err string }{
		{name: "plain", content: "workspace: ml-dev\n", key: Workspace, want: "ml-dev"},
		{name: "bom", content: "\ufeffworkspace: ml-dev\n", key: Workspace, want: "ml-dev"},
		{name: "text stays text", content: "api-version: 2025-12-01\n", key: APIVersion, want: "2025-12-01"},
		{name: "numbers too", content: "workspace: 007\n", key: Workspace, want: "007"},
		{name: "choice in any case", content: "output: TSV\n", key: Output, want: "tsv"},
		{name: "empty", content: "", key: Timeout, want: "1h"},
		{name: "only a comment", content: "# nothing yet\n", key: Timeout, want: "1h"},
		{name: "null value", content: "timeout:\n", key: Timeout, want: "1h"},
		{name: "typo", content: "# my settings\nworkspce: x\n", key: Workspace, err: `config.yaml:2 has an unknown setting "workspce"; did you mean workspace?`},
		{name: "underscore", content: "resource_group: x\n", key: Workspace, err: "did you mean resource-group?"},
		{name: "far off", content: "colour-of-money: x\n", key: Workspace, err: "the settings are"},
		{name: "secret", content: "access-token: x\n", key: Workspace, err: "COMPUTETARGET_ACCESS_TOKEN"},
		{name: "twice", content: "workspace: a\nworkspace: b\n", key: Workspace, err: "config.yaml:2"},
		{name: "list", content: "workspace: [a, b]\n", key: Workspace, err: "config.yaml:1"},
		{name: "syntax", content: "workspace: a\n  b: c: d\n", key: Workspace, err: "is not YAML"},
		{name: "not a mapping", content: "- a\n- b\n", key: Workspace, err: "config.yaml:1"},
		{name: "bad choice", content: "output: tabel\n", key: Output, err: "did you mean table?"},
		{name: "bad duration", content: "timeout: 90\n", key: Timeout, err: "90s for seconds or 90m for minutes"},
		{name: "tab", content: "workspace:\tml\n\tx: y\n", key: Workspace, err: "is not YAML"},
		{name: "bomb", content: "a: &a [x,x]\nb: &b [*a,*a]\nworkspace: *b\n", key: Workspace, err: "config.yaml:1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.env["XDG_CONFIG_HOME"] = filepath.Join(w.home, "xdg")
			w.write("xdg/computetarget/config.yaml", test.content)
			value, err := w.settings().Get(test.key)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("err = %v, want %q in it", err, test.err)
				}
				return
			}
			if err != nil || value.Text != test.want {
				t.Errorf("got %q, %v, want %q", value.Text, err, test.want)
			}
		})
	}
}

func TestUserFilePlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		goos string
		env  map[string]string
		want string
	}{
		{"linux", nil, "/h/.config/computetarget/config.yaml"},
		{"linux", map[string]string{"XDG_CONFIG_HOME": "/x"}, "/x/computetarget/config.yaml"},
		{"linux", map[string]string{"XDG_CONFIG_HOME": "relative"}, "/h/.config/computetarget/config.yaml"},
		{"darwin", nil, "/h/.config/computetarget/config.yaml"},
		{"windows", map[string]string{"AppData": "/appdata"}, "/appdata/computetarget/config.yaml"},
		{"windows", nil, "/h/.config/computetarget/config.yaml"},
	}
	for _, test := range tests {
		s := New(Inputs{Getenv: func(k string) string { return test.env[k] }, Home: "/h", Dir: "/", GOOS: test.goos})
		if got := filepath.ToSlash(s.UserFile()); got != test.want {
			t.Errorf("%s %v: %s, want %s", test.goos, test.env, got, test.want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = map[string]string{
		"COMPUTETARGET_TIMEOUT":   "1d2h30m",
		"NO_COLOR":                "0",
		"AZURE_CORE_OUTPUT":       "table",
		"COMPUTETARGET_AUTH_MODE": "MSI",
		"COMPUTETARGET_PROGRESS":  "",
	}
	w.write(".azure/config", "[core]\nonly_show_errors = yes\nno_color = nonsense\n")
	s := w.settings()
	if d, err := s.Duration(Timeout); err != nil || d != 26*time.Hour+30*time.Minute {
		t.Errorf("timeout = %v, %v", d, err)
	}
	if on, err := s.Bool(NoColor); err != nil || !on {
		t.Errorf("NO_COLOR=0 must count: %v %v", on, err)
	}
	if on, err := s.Bool(OnlyShowErrors); err != nil || !on {
		t.Errorf("only_show_errors = yes must count: %v %v", on, err)
	}
	for key, want := range map[string]string{Output: "table", AuthMode: "msi", Progress: "auto"} {
		if got, err := s.Get(key); err != nil || got.Text != want {
			t.Errorf("%s = %q, %v, want %q", key, got.Text, err, want)
		}
	}
	w.env["COMPUTETARGET_AUTH_MODE"] = "azurcli"
	if _, err := w.settings().Get(AuthMode); err == nil || !strings.Contains(err.Error(), "did you mean azurecli?") || !strings.Contains(err.Error(), "COMPUTETARGET_AUTH_MODE") {
		t.Errorf("err = %v", err)
	}
	w.flags["timeout"] = "5 minutes"
	if _, err := w.settings().Duration(Timeout); err == nil || !strings.Contains(err.Error(), "flag --timeout") {
		t.Errorf("err = %v", err)
	}
	if _, err := s.Get("wrkspace"); err == nil {
		t.Error("an unknown key must be an error")
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	good := map[string]time.Duration{"0": 0, "90s": 90 * time.Second, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute,
		"3d": 72 * time.Hour, "1d12h": 36 * time.Hour, "1H": time.Hour, " 5m ": 5 * time.Minute, "1.5h": 90 * time.Minute}
	for text, want := range good {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "-1h", "h", "d", "1w", "1h-30m", "3d-1h", "yes", "999999d999999h", "1e3", "∞"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}

func TestAllHidesSecretsAndShowsErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["COMPUTETARGET_ACCESS_TOKEN"] = "super-secret"
	w.write(".config/computetarget/config.yaml", "{broken")
	values := w.settings().All()
	if len(values) != len(Options()) {
		t.Fatalf("%d values for %d options", len(values), len(Options()))
	}
	failed := false
	for _, v := range values {
		if strings.Contains(v.Text+v.Source, "super-secret") {
			t.Errorf("%s shows the secret", v.Key)
		}
		if v.Key == AccessToken && v.Text != "(set)" {
			t.Errorf("access token = %+v", v)
		}
		failed = failed || strings.Contains(v.Source, "is not YAML")
	}
	if !failed {
		t.Error("the broken file is not mentioned")
	}
}

// TestLazy holds that nothing is read before a value needs it.
func TestLazy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(".config/computetarget/config.yaml", "{broken")
	w.write(".azure/config", "[defaults]\n")
	w.write(".azure/azureProfile.json", "{broken")
	w.write("src/project/.azureml/config.json", "{broken")
	w.flags = map[string]string{"workspace-name": "w", "resource-group": "g", "subscription-id": subA, "cloud": "public",
		"endpoint": "https://localhost", "output": "json", "timeout": "5m"}
	s := w.settings()
	if _, err := s.Workspace(); err != nil {
		t.Errorf("Workspace: %v", err)
	}
	for _, key := range []string{Output, Timeout, CloudName, Endpoint} {
		if _, err := s.Get(key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.settings().Workspace()
	if !errors.Is(err, ErrNotChosen) || err.Error() != "no workspace is chosen" || codeOf(err) != exit.Usage {
		t.Fatalf("err = %v", err)
	}
	w.flags = map[string]string{"workspace-name": "w"}
	ref, err := w.settings().Workspace()
	if !errors.Is(err, ErrNotChosen) || err.Error() != "no resource group is chosen" || ref.Name.Text != "w" {
		t.Errorf("err = %v", err)
	}
	w.flags["resource-group"] = "g"
	if _, err = w.settings().Workspace(); !errors.Is(err, ErrNotChosen) || err.Error() != "no subscription is chosen" {
		t.Errorf("err = %v", err)
	}
}

func TestNoHomeIsNoCrash(t *testing.T) {
	t.Parallel()
	s := New(Inputs{Getenv: func(string) string { return "" }, Dir: t.TempDir(), Home: "", GOOS: "linux"})
	s.in.Home = ""
	if _, err := s.Get(Workspace); err != nil {
		t.Error(err)
	}
	if err := s.Set(Change{Workspace, "x"}); err == nil {
		t.Error("nowhere to write, but no error")
	}
}

func TestTableIsSound(t *testing.T) {
	t.Parallel()
	keys, envs, flags := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, o := range Options() {
		if keys[o.Key] || (o.Env != "" && envs[o.Env]) {
			t.Errorf("%s is in the table twice", o.Key)
		}
		keys[o.Key], envs[o.Env] = true, true
		for _, f := range o.Flags {
			if flags[f] {
				t.Errorf("--%s sets two options", f)
			}
			flags[f] = true
		}
		if o.Help == "" {
			t.Errorf("%s has no help", o.Key)
		}
		if (o.Kind == Choice) != (len(o.Values) > 0) {
			t.Errorf("%s: choices and kind disagree", o.Key)
		}
		if o.Default != "" {
			if _, err := Canonical(o, o.Default); err != nil {
				t.Errorf("%s: default %q %v", o.Key, o.Default, err)
			}
		}
		if o.Secret && (o.User || o.Project || o.Az) {
			t.Errorf("%s is secret and in a file", o.Key)
		}
	}
}

func TestFilesAreNotThere(t *testing.T) {
	t.Parallel()
	// A file where a folder is expected is as good as nothing.
	w := newWorld(t)
	w.write(".config", "")
	w.write(".azure", "")
	w.write("src/project/.azureml", "")
	if v := w.get(Workspace); v.Set() {
		t.Errorf("got %+v", v)
	}
	if err := w.settings().Set(Change{Workspace, "x"}); err == nil {
		t.Error("a setting cannot be kept in a folder that is a file")
	} else if errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "\n") {
		t.Errorf("err = %v", err)
	}
}

// codeOf is the exit code that an error asks for; -1 when it asks for none.
func codeOf(err error) int {
	var e *exit.Error
	var file *exit.Error
	switch {
	case errors.As(err, &e):
		return e.Exit
	case errors.As(err, &file):
		return file.Exit
	}
	return -1
}

// Without files, a command obeys flags, the environment and defaults alone: not
// a word of any file, broken ones included.
func TestNoFiles(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"good": `{"subscription_id": "` + subA + `", "resource_group": "rg", "workspace_name": "ws"}`, "broken": `{`} {
		w := newWorld(t)
		w.write("src/project/.azureml/config.json", content)
		w.write(".config/computetarget/config.yaml", map[string]string{"good": "output: table\n", "broken": "{"}[name])
		w.write(".azure/config", "[defaults]\nworkspace = az\ngroup = az\n")
		w.env["COMPUTETARGET_TIMEOUT"] = "5m"
		s := New(Inputs{Getenv: func(name string) string { return w.env[name] }, Dir: w.dir, Home: w.home, GOOS: "linux", NoFiles: true})
		for key, want := range map[string]string{Workspace: "", ResourceGroup: "", Subscription: "", Output: "", Timeout: "5m", AuthMode: "auto"} {
			if got, err := s.Get(key); err != nil || got.Text != want {
				t.Errorf("%s: %s is %+v, %v, want %q", name, key, got, err, want)
			}
		}
	}
}

// Two long parts do not add up to a short time.
func TestDurationsAddUp(t *testing.T) {
	t.Parallel()
	if d, err := ParseDuration("65535d2562047h"); err == nil {
		t.Errorf("%s", d)
	}
	if d, err := ParseDuration("65535d1h"); err != nil || d != 65535*24*time.Hour+time.Hour {
		t.Errorf("%s, %v", d, err)
	}
}
