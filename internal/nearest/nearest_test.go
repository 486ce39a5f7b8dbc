package nearest

import "testing"

func TestWord(t *testing.T) {
	t.Parallel()
	words := []string{"workspace", "resource-group", "timeout", "time-zone"}
	for given, want := range map[string]string{"workspce": "workspace", "worksapce": "workspace", "resource_group": "resource-group",
		"TIMEOUT": "timeout", "timezone": "time-zone", "x": "", "subscription": "", "": ""} {
		if got := Word(given, words); got != want {
			t.Errorf("Word(%q) = %q, want %q", given, got, want)
		}
	}
}
