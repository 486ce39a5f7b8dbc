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

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"d3v2", "d3v2", 0}, {"d3v2", "ds3v2", 1}, {"d3v2", "d3v3", 1}, {"dv23", "d3v2", 2}, {"ab", "ba", 1}, {"kitten", "sitting", 3}} {
		if got := Distance(test.a, test.b, 9); got != test.want {
			t.Errorf("%q, %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestDistanceStopsAtItsLimit(t *testing.T) {
	t.Parallel()
	for limit := range 5 {
		if got := Distance("kitten", "sitting", limit); got < min(limit, 3) {
			t.Errorf("limit %d: %d", limit, got)
		}
	}
}
