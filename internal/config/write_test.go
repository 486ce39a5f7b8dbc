package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func (w *world) read(name string) string {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.home, filepath.FromSlash(name)))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

const userPath = ".config/computetarget/config.yaml"

func TestSet(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, before, key, text, after string }{
		{"new file", "", Workspace, "ml-dev", "workspace: ml-dev\n"},
		{"add", "output: table\n", Workspace, "ml-dev", "output: table\nworkspace: ml-dev\n"},
		{"replace", "workspace: a\noutput: table\n", Workspace, "b", "workspace: b\noutput: table\n"},
		{"keep comments", "# mine\nworkspace: a # for now\n\n# how\noutput: table\n", Workspace, "b", "# mine\nworkspace: b # for now\n\n# how\noutput: table\n"},
		{"remove", "workspace: a\noutput: table\n", Workspace, "", "output: table\n"},
		{"remove the last", "workspace: a\n", Workspace, "", ""},
		{"remove what is not there", "output: table\n", Workspace, "", "output: table\n"},
		{"spelled as in the table", "", Output, "TABLE", "output: table\n"},
		{"text that looks like something else", "", Workspace, "007", "workspace: \"007\"\n"},
		{"a date", "", APIVersion, "2025-12-01", "api-version: \"2025-12-01\"\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if test.before != "" {
				w.write(userPath, test.before)
			}
			if err := w.settings().Set(Change{test.key, test.text}); err != nil {
				t.Fatal(err)
			}
			if got := w.read(userPath); got != test.after {
				t.Errorf("file:\n%s\nwant:\n%s", got, test.after)
			}
			if test.text != "" {
				if got := w.get(test.key); !strings.EqualFold(got.Text, test.text) || got.Level != LevelUser {
					t.Errorf("read back %+v", got)
				}
			}
			info, err := os.Stat(filepath.Join(w.home, userPath))
			if err != nil {
				t.Fatal(err)
			}
			if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("mode = %v", info.Mode())
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ key, text, before, want string }{
		{"wrkspace", "x", "", "no setting called"},
		{AccessToken, "x", "", "cannot be set"},
		{NoColor, "true", "", "cannot be set"},
		{Output, "tabel", "", "did you mean table?"},
		{Timeout, "5", "", "without a unit"},
		{Workspace, "a\nb", "", "control characters"},
		{Workspace, "b", "- a\n", "config.yaml:1"},
		{Workspace, "b", "a: b: c\n", "is not YAML"},
	}
	for _, test := range tests {
		w := newWorld(t)
		if test.before != "" {
			w.write(userPath, test.before)
		}
		err := w.settings().Set(Change{test.key, test.text})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Set(%s, %q): %v, want %q in it", test.key, test.text, err, test.want)
		}
		if test.before != "" && w.read(userPath) != test.before {
			t.Errorf("Set(%s) changed a file it refused", test.key)
		}
	}
}

// YAML ends lines where text files do not. The setting is found all the same.
func TestSetBehindALineOfYAML(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\u0085", "\u2028", "\u2029"} {
		w := newWorld(t)
		w.write(userPath, "# mine"+end+"workspace: a\n")
		if err := w.settings().Set(Change{Workspace, "b"}); err != nil {
			t.Fatalf("%q: %v", end, err)
		}
		if got := strings.TrimSpace(w.read(userPath)); !strings.HasSuffix(got, "workspace: b") || !strings.Contains(got, "# mine") {
			t.Errorf("%q: %q", end, got)
		}
	}
}

func TestUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(userPath, "output: table\nworkspace: old\n")
	path, err := w.settings().Use(subA, "rg", "ws")
	if err != nil || path != filepath.Join(w.home, filepath.FromSlash(userPath)) {
		t.Fatalf("%s, %v", path, err)
	}
	ref, err := w.settings().Workspace()
	if err != nil || ref.Subscription.Text != subA || ref.ResourceGroup.Text != "rg" || ref.Name.Text != "ws" {
		t.Errorf("read back %+v, %v", ref, err)
	}
	if got := filepath.ToSlash(ref.Source()); got != "~/"+userPath {
		t.Errorf("source = %s", got)
	}
	path, err = w.settings().UseHere(subB, "rg2", "ws2")
	if err != nil || path != filepath.Join(w.dir, ".azureml", "config.json") {
		t.Fatalf("%s, %v", path, err)
	}
	want := "{\n    \"subscription_id\": \"" + subB + "\",\n    \"resource_group\": \"rg2\",\n    \"workspace_name\": \"ws2\"\n}\n"
	if got := w.read("src/project/.azureml/config.json"); got != want {
		t.Errorf("file:\n%s\nwant:\n%s", got, want)
	}
	if ref, err = w.settings().Workspace(); err != nil || ref.Name.Text != "ws2" || ref.Subscription.Text != subB {
		t.Errorf("read back %+v, %v", ref, err)
	}
}

// What use chose holds for the cloud it was chosen in: a rehearsal changes
// nothing that Azure gets, nor Azure what the rehearsal gets.
func TestUseBelongsToItsCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := func(cloud string) *Settings {
		w.env["COMPUTETARGET_CLOUD"], w.env["COMPUTETARGET_ENDPOINT"] = cloud, ""
		if strings.HasPrefix(cloud, "http") {
			w.env["COMPUTETARGET_CLOUD"], w.env["COMPUTETARGET_ENDPOINT"] = "", cloud
		}
		return w.settings()
	}
	chosen := func(cloud string) string {
		ref, err := in(cloud).Workspace()
		if err != nil {
			return "none"
		}
		return ref.Subscription.Text + " " + ref.ResourceGroup.Text + " " + ref.Name.Text
	}
	use := func(cloud, sub, group, name string) string {
		t.Helper()
		path, err := in(cloud).Use(sub, group, name)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(path)
	}
	want := func(cloud, expected string) {
		t.Helper()
		if got := chosen(cloud); got != expected {
			t.Errorf("in %s: %s, want %s", cloud, got, expected)
		}
	}
	const seeded = EmulatorSubscription + " " + EmulatorResourceGroup + " " + EmulatorWorkspace
	if file := use("emulator", EmulatorSubscription, "rehearsal-rg", "rehearsal"); file != "config.emulator.yaml" {
		t.Errorf("the emulator's choice is in %s", file)
	}
	want("public", "none")
	want("china", "none")
	want("emulator", EmulatorSubscription+" rehearsal-rg rehearsal")
	want("http://127.0.0.1:8443", EmulatorSubscription+" rehearsal-rg rehearsal")
	if file := use("public", subA, "rg", "ws"); file != "config.yaml" {
		t.Errorf("Azure's choice is in %s", file)
	}
	want("public", subA+" rg ws")
	want("emulator", EmulatorSubscription+" rehearsal-rg rehearsal")
	want("china", "none")
	use("usgov", subB, "rg2", "ws2")
	want("usgov", subB+" rg2 ws2")
	want("public", subA+" rg ws")

	// A setting that is changed by hand is changed where it holds.
	if err := in("emulator").Set(Change{Workspace, "other"}, Change{Output, "table"}); err != nil {
		t.Fatal(err)
	}
	want("emulator", EmulatorSubscription+" rehearsal-rg other")
	want("public", subA+" rg ws")
	if got, err := in("public").Get(Output); err != nil || got.Text != "table" {
		t.Errorf("the output is %+v, %v", got, err)
	}
	for _, key := range []string{Subscription, ResourceGroup, Workspace} {
		if err := in("emulator").Set(Change{key, ""}); err != nil {
			t.Fatal(err)
		}
	}
	want("emulator", seeded)

	// What people write themselves holds everywhere, as it always did.
	w.write(userPath, "subscription: "+subC+"\nresource-group: mine\nworkspace: mine\n")
	want("public", subC+" mine mine")
	want("emulator", subC+" mine mine")
}

// A folder's choice is its cloud's, and a rehearsal does not replace Azure's.
func TestUseHereBelongsToItsCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["COMPUTETARGET_CLOUD"] = "emulator"
	for range 2 { // a choice for the same cloud is replaced
		if _, err := w.settings().UseHere(EmulatorSubscription, "rg", "another"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.settings().UseHere(EmulatorSubscription, "rg", "rehearsal"); err != nil {
		t.Fatal(err)
	}
	if got := w.get(Workspace).Text; got != "rehearsal" {
		t.Errorf("in the emulator: %s", got)
	}
	delete(w.env, "COMPUTETARGET_CLOUD")
	if got := w.get(Workspace); got.Set() {
		t.Errorf("in Azure: %+v", got)
	}
	if _, err := w.settings().UseHere(subA, "rg", "ws"); err != nil {
		t.Fatal(err)
	}
	if got := w.get(Workspace).Text; got != "ws" {
		t.Errorf("in Azure: %s", got)
	}
	w.env["COMPUTETARGET_CLOUD"] = "emulator"
	if _, err := w.settings().UseHere(EmulatorSubscription, "rg", "rehearsal"); err == nil || !strings.Contains(err.Error(), "is not replaced") {
		t.Errorf("a rehearsal replaced Azure's choice: %v", err)
	}
}

func TestWriteProjectAsFolderAttachDid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, err := WriteProject(dir, Project{Subscription: "s", ResourceGroup: "g", Workspace: "w"}, "exp")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "{\n    \"Id\": null,\n    \"Scope\": \"/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/projects/exp\"\n}\n"
	if string(data) != want {
		t.Errorf("file:\n%s\nwant:\n%s", data, want)
	}
	project, ours, err := ParseProject(data)
	if err != nil || !ours || project.Workspace != "w" || project.Subscription != "s" || project.ResourceGroup != "g" {
		t.Errorf("read back %+v %v %v", project, ours, err)
	}
	if _, err := WriteProject(dir, Project{Subscription: "s", ResourceGroup: "g/../x", Workspace: "w"}, ""); err == nil {
		t.Error("a name with a slash was written")
	}
}

func TestWritingThroughALink(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need rights on Windows")
	}
	w := newWorld(t)
	w.write("dotfiles/ct.yaml", "output: table\n")
	w.write(".config/computetarget/x", "")
	link := filepath.Join(w.home, userPath)
	if err := os.Symlink(filepath.Join(w.home, "dotfiles", "ct.yaml"), link); err != nil {
		t.Fatal(err)
	}
	if err := w.settings().Set(Change{Workspace, "ws"}); err != nil {
		t.Fatal(err)
	}
	if got := w.read("dotfiles/ct.yaml"); got != "output: table\nworkspace: ws\n" {
		t.Errorf("target of the link: %q", got)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", info, err)
	}
}

// TestWritersDoNotTear has many writers at once: the file is always one of
// theirs, never a mixture, and nothing is left lying about.
func TestWritersDoNotTear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				if _, err := w.settings().Use(subA, "rg", "ws"); err != nil {
					t.Error(err)
				}
				if _, err := w.settings().Workspace(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	entries, err := os.ReadDir(filepath.Join(w.home, ".config", "computetarget"))
	if err != nil || len(entries) != 1 {
		t.Errorf("left over: %v %v", entries, err)
	}
}
