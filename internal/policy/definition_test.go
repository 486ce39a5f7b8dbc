package policy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The commands of az reach az as they are meant, through a shell.
func TestCommands(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no POSIX shell")
	}
	list, err := Rules{Stop: &Stop{Hour: 22, Zone: zone(t, "Europe/Berlin")}, Idle: time.Hour, Script: "Users/it's/a.sh"}.Definitions(Default)
	if err != nil {
		t.Fatal(err)
	}
	script, err := Commands(list)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "policy.sh")
	if err := os.WriteFile(file, []byte("az() { for a; do printf '%s\\n' \"$a\"; done; echo; }\n"+script), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "sh", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	calls := strings.Split(strings.TrimSpace(string(out)), "\n\n")
	if len(calls) != 2*len(list) {
		t.Fatalf("%d calls: %q", len(calls), calls)
	}
	for i, d := range list {
		args := strings.Split(calls[2*i], "\n")
		value := func(flag string) string {
			for n, a := range args {
				if a == flag && n+1 < len(args) {
					return args[n+1]
				}
			}
			return ""
		}
		for flag, want := range map[string]any{"--rules": d.Rule, "--params": d.Parameters} {
			raw, err := json.Marshal(want)
			if err != nil || value(flag) != string(raw) {
				t.Errorf("%s of %s is %s, want %s", flag, d.Name, value(flag), raw)
			}
		}
		if value("--display-name") != d.DisplayName || value("--name") != d.Name || value("--mode") != "All" {
			t.Errorf("the call is %q", args)
		}
	}
}

// Where a definition is refused, nothing is assigned: one of the same name from
// before may be another.
func TestCommandsStop(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no POSIX shell")
	}
	list, err := Rules{Idle: time.Hour}.Definitions(Default)
	if err != nil {
		t.Fatal(err)
	}
	script, err := Commands(list)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "az() { echo $2; return 1; }\n"+script).Output()
	if err == nil || string(out) != "definition\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// The portal takes no longer name.
func TestDisplayNames(t *testing.T) {
	t.Parallel()
	list, err := Rules{Script: "Users/" + strings.Repeat("long/", 40) + "a.sh"}.Definitions(Default)
	if err != nil || len(list[0].DisplayName) > 128 {
		t.Errorf("%v, %v", list, err)
	}
}

// A bracket that begins a value of a policy is not the template's.
func TestTemplate(t *testing.T) {
	t.Parallel()
	list, err := Rules{Idle: time.Hour}.Definitions(Default)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(Template(list))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(raw); strings.Count(text, `"[[parameters(`) != 2 || strings.Contains(text, `"[parameters(`) || strings.Count(text, `"[subscriptionResourceId(`) != 2 {
		t.Errorf("%s", text)
	}
}
