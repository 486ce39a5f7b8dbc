package policy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/schedule"
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

// What differs in what it gives differs in its name, or it would replace the other.
func TestNames(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	see := func(what string, r Rules, effect Effect) {
		t.Helper()
		list, err := r.Definitions(effect)
		if err != nil {
			t.Fatal(err)
		}
		name := list[0].Name
		if len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.Contains(name, "--") || strings.HasSuffix(name, "-") {
			t.Errorf("%s: %q", what, name)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("%s and %s are both %s", other, what, name)
		}
		seen[name] = what
	}
	zones := map[string]bool{}
	for _, name := range schedule.Zones() {
		if z := zone(t, name); !zones[z.Windows] {
			zones[z.Windows] = true
			see(z.Windows, Rules{Stop: &Stop{Hour: 22, Zone: z}}, Default)
		}
	}
	if len(zones) < 130 {
		t.Errorf("%d zones", len(zones))
	}
	see("another hour", Rules{Stop: &Stop{Hour: 2, Zone: zone(t, "UTC")}}, Default)
	see("another minute", Rules{Stop: &Stop{Hour: 22, Minute: 20, Zone: zone(t, "UTC")}}, Default)
	see("any stop", Rules{Stop: &Stop{Hour: 22, Zone: zone(t, "UTC")}}, Require)
	for _, d := range []time.Duration{15 * time.Minute, 90 * time.Minute, time.Hour, 72 * time.Hour} {
		see(d.String(), Rules{Idle: d}, Default)
	}
	for _, file := range []string{"Users/a/setup.sh", "Users/b/setup.sh", "Users/a/заготовка.sh", "Users/a/" + strings.Repeat("long-", 40) + ".sh", "Users/a/seventeen-letters-x.sh"} {
		for _, effect := range []Effect{Default, Require, Audit} {
			see(file+" "+string(effect), Rules{Script: file}, effect)
		}
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
