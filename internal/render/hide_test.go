package render

import (
	"errors"
	"strings"
	"testing"
)

func TestHide(t *testing.T) {
	t.Parallel()
	const shadow = "root:$6$secretsecret:19000\nuser:x:1"
	for name, test := range map[string]struct{ text, message, want string }{
		"whole":            {"hunter2", "there is no compute hunter2", "there is no compute …"},
		"twice":            {"hunter2", "hunter2, hunter2", "…, …"},
		"quoted":           {shadow, `the size "root:$6$secretsecret:19000\nuser:x:1" is not offered`, `the size "…" is not offered`},
		"cleaned":          {shadow, "root:$6$secretsecret:19000 user:x:1 does not exist", "… does not exist"},
		"shortened":        {shadow, `"root:$6$secr…" is not a name`, `"……" is not a name`},
		"marked":           {shadow, "invalid (character 6: root:^$6$secretsecret:19000 us…)", "invalid (character 6: root:^……)"},
		"a line alone":     {"one\ntwo2\n" + shadow, "no compute two2", "no compute …"},
		"too short":        {"one", "there is no compute one", "there is no compute one"},
		"not there":        {"hunter2", "there is no compute dev", "there is no compute dev"},
		"part of a letter": {"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9x", "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "…\u00e9"},
	} {
		s, _, errs := TestStreams("", 0, 0)
		s.Hide(test.text, "…")
		if got := s.withoutHidden(test.message); got != test.want && name != "part of a letter" || strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		PrintError(s, errors.New(test.message))
		Note(s, Options{}, test.message)
		if len(test.text) >= shortestHidden && strings.Contains(errs.String(), test.text) {
			t.Errorf("%s: %s", name, errs)
		}
	}
}
