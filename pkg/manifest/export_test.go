package manifest_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
)

// What is written as YAML is read as it was, wherever it stands.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{"", "yes", "No", "~", "null", "1", "1e3", "0x1f", "12:30:45", "2026-01-05", "a: b", "a #b", "- a", "a\nb\n", "a\n\n b\n", " a\n", "a\n\n", "\ta\n", "é", "a\x00", "\u2028", "'", `"`, "a\\", "{", "%", "@a", "!x", "&a", "*a", "=", "<<", "a:", ":a", "https://a/b", "$schema", ".nan", "---", "a\r\n", "trailing \n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip()
		}
		written := manifest.Block{{"a", text}, {"b", manifest.Block{{"c", text}}}, {"d", []any{text, manifest.Block{{"e", text}, {"f", []any{text}}}}}}.YAML()
		var read struct {
			A string
			B struct{ C string }
			D []yaml.Node
		}
		if err := yaml.Unmarshal([]byte(written), &read); err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		var first string
		var second struct {
			E string
			F []string
		}
		if err := read.D[0].Decode(&first); err != nil {
			t.Fatal(err)
		}
		if err := read.D[1].Decode(&second); err != nil {
			t.Fatal(err)
		}
		if read.A != text || read.B.C != text || first != text || second.E != text || second.F[0] != text {
			t.Errorf("%q is written as\n%s", text, written)
		}
	})
}

// Keys may be any text, too: tags have them.
func TestExportKeys(t *testing.T) {
	t.Parallel()
	written := manifest.Block{{"tags", manifest.Block{{"yes", "a"}, {"a: b", "c"}, {"1", "d"}, {"", "e"}}}, {"empty", manifest.Block{}}, {"none", []any{}}}.YAML()
	var read struct {
		Tags  map[string]string
		Empty map[string]string
		None  []string
	}
	if err := yaml.Unmarshal([]byte(written), &read); err != nil || len(read.Tags) != 4 || read.Tags["yes"] != "a" || read.Tags["a: b"] != "c" || read.Tags["1"] != "d" || read.Tags[""] != "e" || read.Empty == nil || read.None == nil {
		t.Errorf("%v %v\n%s", read, err, written)
	}
}

// What a file cannot hold is named, and never a secret in it.
func TestExportLeaves(t *testing.T) {
	t.Parallel()
	c, err := compute.Decode([]byte(`{"name": "dev", "location": "eastus", "properties": {"computeType": "ComputeInstance", "disableLocalAuth": true, "properties": {"vmSize": "x",
		"sshSettings": {"sshPublicAccess": "Enabled"}, "dataMounts": [{"source": "a"}], "applicationSharingPolicy": "Personal", "idleTimeBeforeShutdown": "02:00:00",
		"setupScripts": {"scripts": {"creationScript": {"scriptSource": "inline", "scriptData": "IyEvYmluL3NoCg==", "timeout": "5m"}, "startupScript": {"scriptSource": "workspaceStorage", "scriptData": "Users/a.sh", "timeout": "1.5m"}}},
		"schedules": {"computeStartStop": [{"action": "Stop", "triggerType": "Cron", "cron": {"expression": "never"}}]},
		"customServices": [{"name": "odd", "type": "docker", "image": {"type": "azureml", "reference": "x"}}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := manifest.Export(c, compute.Workspace{}, false)
	left := strings.Join(e.Left, "\n")
	for _, want := range []string{"SSH public key", `its idle time "02:00:00" is left out`, "data mounts", "application_sharing_policy", "disable_local_auth", "creation_script is left out, because it was sent inline", "the timeout of startup_script, 1.5m", "schedule 1 is left out", "custom application odd"} {
		if !strings.Contains(left, want) {
			t.Errorf("%s is not named in\n%s", want, left)
		}
	}
	if err != nil || strings.Contains(e.Keys.YAML(), "IyEv") {
		t.Errorf("%v\n%s", err, e.Keys.YAML())
	}
	other, err := compute.Decode([]byte(`{"name": "old", "properties": {"computeType": "AKS", "properties": {}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.Export(other, compute.Workspace{}, true); err == nil || !strings.Contains(err.Error(), "old is of type AKS") {
		t.Error(err)
	}
	if _, err := manifest.Export(&compute.Compute{Name: "new", Properties: compute.Properties{ComputeType: "ComputeInstance"}}, compute.Workspace{}, true); err == nil {
		t.Error("settings that are not told are exported")
	}
}
