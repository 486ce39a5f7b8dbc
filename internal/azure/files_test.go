package azure

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
)

func TestConfigDir(t *testing.T) {
	t.Parallel()
	if got := ConfigDir(environment("AZURE_CONFIG_DIR", "/x"), "/h"); got != "/x" {
		t.Error(got)
	}
	if got := ConfigDir(environment(), "/h"); got != filepath.Join("/h", ".azure") {
		t.Error(got)
	}
	if got := ConfigDir(environment(), ""); got != "" {
		t.Error(got)
	}
}

func TestINI(t *testing.T) {
	t.Parallel()
	ini := ParseINI([]byte("\ufeff" + `stray = text
; comment
# comment
[DEFAULT]
base = rg
[defaults]
group = rg1
WORKSPACE : w=1
url = https://x:1/y
empty =
bare
many = one
  two
	three
next = %(base)s-%(GROUP)s
percent = 100%% %(nope %
loop = %(loop)s
[Defaults]
group = other
[defaults]
group = again
[ spaced ]
a=1 ; not a comment
[broken
x = y
`))
	tests := []struct{ section, option, want string }{
		{"defaults", "group", "again"},
		{"defaults", "GROUP", "again"},
		{"Defaults", "group", "other"},
		{"defaults", "workspace", "w=1"},
		{"defaults", "url", "https://x:1/y"},
		{"defaults", "empty", ""},
		{"defaults", "bare", ""},
		{"defaults", "many", "one\ntwo\nthree"},
		{"defaults", "next", "rg-again"},
		{"defaults", "base", "rg"},
		{"defaults", "percent", "100% %(nope %"},
		{"defaults", "stray", ""},
		{"nowhere", "base", ""},
		{" spaced ", "a", "1 ; not a comment"},
		{" spaced ", "x", "y"},
	}
	for _, test := range tests {
		if got := ini.Get(test.section, test.option); got != test.want {
			t.Errorf("[%s] %s = %q, want %q", test.section, test.option, got, test.want)
		}
	}
	if got := strings.Join(ini.Sections(), ","); got != " spaced ,Defaults,defaults" {
		t.Errorf("sections = %q", got)
	}
	if got := ini.Get("defaults", "loop"); len(got) > 100 {
		t.Errorf("a loop grew to %d bytes", len(got))
	}
	if ini, err := ReadINI(filepath.Join(t.TempDir(), "no")); err != nil || len(ini.Sections()) != 0 {
		t.Errorf("a missing file: %v", err)
	}
}

func TestINIBomb(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("[s]\nv0 = xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n")
	for i := range 12 {
		name, before := string(rune('a'+i+1)), string(rune('a'+i))
		if i == 0 {
			before = "v0"
		}
		text.WriteString(name + " = " + strings.Repeat("%("+before+")s", 50) + "\n")
	}
	if got := len(ParseINI([]byte(text.String())).Get("s", "m")); got > maxValue {
		t.Errorf("grew to %d bytes", got)
	}
}

func FuzzINI(f *testing.F) {
	f.Add([]byte("[defaults]\ngroup = rg1\nworkspace: w\n"))
	f.Add([]byte("[a]\nb = %(b)s %(c)s %% %\n  more\n[DEFAULT]\nc = 1\n"))
	f.Add([]byte("\ufeff[]\n[\n]=\n=x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ini := ParseINI(data)
		for _, section := range ini.Sections() {
			if section == "" || strings.ContainsAny(section, "\n") {
				t.Errorf("section %q", section)
			}
			for option := range ini.sections[section] {
				if option != strings.ToLower(option) {
					t.Errorf("option %q", option)
				}
				if got := ini.Get(section, option); len(got) > max(maxValue, len(data)) {
					t.Errorf("%d bytes from %d", len(got), len(data))
				}
			}
		}
	})
}

func TestProfile(t *testing.T) {
	t.Parallel()
	profile, err := ParseProfile([]byte("\ufeff" + `{"installationId": "x", "subscriptions": [
		{"id": "S1", "name": "Prod", "state": "Enabled", "user": {"name": "a@b", "type": "user"}, "isDefault": true, "tenantId": "T", "environmentName": "AzureCloud"},
		{"id": "S2", "name": "Dev", "isDefault": false, "environmentName": "AzureCloud", "user": {"name": "systemAssignedIdentity", "type": "servicePrincipal", "assignedIdentityInfo": "MSI"}},
		{"id": "S3", "name": "dev", "isDefault": "yes", "environmentName": "AzureCloud", "user": {"name": "x", "type": "user", "cloudShellID": true}},
		{"id": "S4", "name": "Prod", "isDefault": true, "environmentName": "AzureUSGovernment"},
		{"id": 7, "name": "numeric id"}, null, [], "text", {"name": "no id"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(profile.Subscriptions) != 4 {
		t.Fatalf("%d subscriptions", len(profile.Subscriptions))
	}
	if !profile.Subscriptions[1].ManagedIdentity || !profile.Subscriptions[2].CloudShell || profile.Subscriptions[2].Default {
		t.Errorf("%+v", profile.Subscriptions)
	}
	if active, ok := profile.Active(Public); !ok || active.ID != "S1" || active.User != "a@b" || active.Tenant != "T" {
		t.Errorf("active = %+v", active)
	}
	if active, ok := profile.Active(USGovernment); !ok || active.ID != "S4" {
		t.Errorf("active = %+v", active)
	}
	if _, ok := profile.Active(China); ok {
		t.Error("active in a cloud without subscriptions")
	}
	for given, want := range map[string]string{"s2": "S2", "PROD": "S1", "dev": "", "S4": "", "none": ""} {
		found, several := profile.Find(Public, given)
		if found.ID != want || (given == "dev") != (len(several) == 2) {
			t.Errorf("Find(%s) = %q, %d", given, found.ID, len(several))
		}
	}
}

func TestHostileProfile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "azureProfile.json")
	for content, want := range map[string]string{
		"":                      "",
		"\ufeff":                "",
		"{}":                    "",
		`{"subscriptions": 7}`:  "",
		`{"subscriptions": {}}`: "",
		"null":                  "",
		"[]":                    "found array where an object was expected",
		"{\"a\":":               "is not the JSON az writes",
		"\x00\x01":              "is not the JSON az writes",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		profile, err := ReadProfile(dir)
		if want == "" {
			if err != nil || len(profile.Subscriptions) != 0 {
				t.Errorf("%q: %+v, %v", content, profile, err)
			}
			continue
		}
		var e *exit.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || e.Tip == "" {
			t.Errorf("%q: %v", content, err)
		}
	}
	if profile, err := ReadProfile(filepath.Join(dir, "no")); err != nil || len(profile.Subscriptions) != 0 {
		t.Errorf("no folder: %v", err)
	}
}

func FuzzProfile(f *testing.F) {
	f.Add([]byte("\ufeff" + `{"subscriptions": [{"id": "S1", "name": "n", "isDefault": true, "environmentName": "AzureCloud", "user": {"name": "a", "type": "user"}}]}`))
	f.Add([]byte(`{"subscriptions": [null, 1, {"id": {}}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		profile, err := ParseProfile(data)
		if err != nil {
			return
		}
		for _, sub := range profile.Subscriptions {
			if sub.ID == "" {
				t.Error("a subscription without an id")
			}
			if found, _ := profile.Find(sub.Cloud, sub.ID); !strings.EqualFold(found.ID, sub.ID) {
				t.Errorf("cannot find %q", sub.ID)
			}
		}
	})
}
