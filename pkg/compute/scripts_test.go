package compute

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func withScripts(creation, startup *Script) *Compute {
	c := &Compute{Properties: Properties{ComputeType: TypeInstance}, Instance: &Instance{VMSize: "a"}}
	if creation != nil || startup != nil {
		c.Instance.SetupScripts = &SetupScripts{}
		c.Instance.SetupScripts.Scripts.Creation, c.Instance.SetupScripts.Scripts.Startup = creation, startup
	}
	return c
}

// What differs between the scripts of an instance and those asked for. The text
// and the arguments are not told.
func TestScriptDifferences(t *testing.T) {
	t.Parallel()
	inline := func(text, args, timeout string) *Script { return InlineScript([]byte(text), args, timeout) }
	shared := ShareScript
	for _, c := range []struct {
		have, want   *Script
		loose, exact string // differences in creationScript, when what is left out counts too
	}{
		{nil, nil, "", ""},
		{inline("a", "", ""), nil, "", ""},
		{nil, inline("a", "", ""), "", "creationScript is empty, not an inline script of 1 bytes"},
		{inline("a", "x", "15m"), inline("a", "x", "900"), "", ""},
		{inline("a", "", ""), inline("a", "", "15m"), "", ""},
		{inline("a", "", ""), inline("a", "", "0.25h"), "", ""},
		{inline("a", "", "20.0m"), inline("a", "", "20m"), "", ""},
		{inline("a", "", "20m"), inline("a", "", ""), "", ""},
		{inline("a", "", ""), inline("a", "", "20m"), "", "creationScript.timeout is 15m, not 20m"},
		{inline("a", "", "20m"), inline("a", "", "10m"), "creationScript.timeout is 20m, not 10m", "creationScript.timeout is 20m, not 10m"},
		{inline("a", "", "Nonem"), inline("a", "", "10m"), "creationScript.timeout is Nonem, not 10m", "creationScript.timeout is Nonem, not 10m"},
		{inline("a", "", ""), inline("a", "hunter2", ""), "", "creationScript.scriptArguments is empty, not what is asked for"},
		{inline("a", "hunter2", ""), inline("a", "", ""), "creationScript.scriptArguments is another text, not empty", "creationScript.scriptArguments is another text, not empty"},
		{inline("a", "hunter2", ""), inline("a", "hunter3", ""), "creationScript.scriptArguments is another text, not what is asked for", "creationScript.scriptArguments is another text, not what is asked for"},
		{inline("hunter2", "", ""), inline("hunter3", "", ""), "creationScript is an inline script of 7 bytes with other content, not an inline script of 7 bytes",
			"creationScript is an inline script of 7 bytes with other content, not an inline script of 7 bytes"},
		{&Script{Source: "Inline"}, inline("a", "", ""), "", ""}, // the text is not told
		{shared("Users/me/a.sh", "", ""), inline("a", "", ""), "creationScript is Users/me/a.sh, not an inline script of 1 bytes", "creationScript is Users/me/a.sh, not an inline script of 1 bytes"},
		{shared("Users/me/a.sh", "", ""), shared("Users/me/b.sh", "", ""), "creationScript is Users/me/a.sh, not Users/me/b.sh", "creationScript is Users/me/a.sh, not Users/me/b.sh"},
		{&Script{Source: "workspace", Data: "/users/Me/a.sh"}, shared("Users/me/a.sh", "", ""), "", ""},
	} {
		for strict, wanted := range map[bool]string{false: c.loose, true: c.exact} {
			have := withScripts(c.have, nil)
			if got := words(compare(have, &Spec{Instance: &InstanceSpec{VMSize: "a", CreationScript: c.want}}, strict)); got != wanted {
				t.Errorf("%+v against %+v, strict %t: %q, not %q", c.have, c.want, strict, got, wanted)
			}
			have = withScripts(nil, c.have)
			wanted = strings.ReplaceAll(wanted, "creationScript", "startupScript")
			if got := words(compare(have, &Spec{Instance: &InstanceSpec{VMSize: "a", StartupScript: c.want}}, strict)); got != wanted {
				t.Errorf("%+v against %+v, strict %t: %q, not %q", c.have, c.want, strict, got, wanted)
			}
		}
	}
}

// The service refuses an empty script and one that is not base64, so neither is
// sent.
func TestCheckScripts(t *testing.T) {
	t.Parallel()
	for want, script := range map[string]*Script{
		"":              InlineScript([]byte("a"), "", ""),
		"is empty":      {Arguments: "x"},
		"is not base64": {Source: "inline", Data: "#!/bin/bash"},
	} {
		for _, spec := range []*InstanceSpec{{VMSize: "a", CreationScript: script}, {VMSize: "a", StartupScript: script}} {
			found := CheckSpec("dev", &Spec{Instance: spec})
			if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || !strings.Contains(found[0].Message, want)) {
				t.Errorf("%+v: %v", script, found)
			}
		}
	}
	body, err := json.Marshal(&InstanceSpec{CreationScript: ShareScript("Users/me/a.sh", "", "")})
	if want := `"setupScripts":{"scripts":{"creationScript":{"scriptSource":"workspaceStorage","scriptData":"Users/me/a.sh"}}}`; err != nil || !strings.Contains(string(body), want) {
		t.Errorf("%s, %v", body, err)
	}
}

// The path of a script is shown, its text is not.
func TestScriptDataIsHidden(t *testing.T) {
	t.Parallel()
	for data, hides := range map[string]bool{
		"Users/me/setup.sh": false, "aGkK": true, "": true, "Users/aGkK": true, "Users/me/x.sh\nhunter2 .sh": true, "echo Users/me.sh": true,
	} {
		shown, _ := withoutSecrets(map[string]any{"scriptData": data}).(map[string]any)
		if (shown["scriptData"] == hidden) != hides {
			t.Errorf("%q is shown as %v", data, shown)
		}
	}
}

func FuzzScriptLimit(f *testing.F) {
	for _, seed := range []string{"", "900", "15m", "1.5h", "1d", "Nonem", "PT15M", "m", ".", "1e9", "-1m", "99999999999999999999d", "0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		limit, ok := (&Script{Timeout: text}).Limit()
		if limit < 0 || !ok && limit != 0 || text == "" && limit != 15*time.Minute {
			t.Errorf("%q: %s, %t", text, limit, ok)
		}
		if again, _ := (&Script{Timeout: text}).Limit(); again != limit {
			t.Errorf("%q: %s and %s", text, limit, again)
		}
	})
}
