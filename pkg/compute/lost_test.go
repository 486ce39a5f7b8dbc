package compute

import (
	"fmt"
	"strings"
	"testing"
)

// What is lost is what was there and is not asked for, each as often as it is
// missing.
func TestLost(t *testing.T) {
	t.Parallel()
	one := func(hour int) string {
		return fmt.Sprintf(`{"id":"%d","action":"Stop","status":"Enabled","triggerType":"Cron","cron":{"expression":"0 %d * * *"}}`, hour, hour)
	}
	read := func(list ...string) []Schedule {
		t.Helper()
		s, err := ReadSchedules([]byte("[" + strings.Join(list, ",") + "]"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := &Compute{Instance: &Instance{Schedules: []byte(`{"computeStartStop":[` + one(8) + `,` + one(9) + `,` + one(8) + `]}`)}}
	for _, tt := range []struct {
		want []Schedule
		lost string
	}{
		{nil, "8 9 8 "},
		{read(one(8)), "9 8 "},
		{read(one(9), one(8), one(8)), ""},
		{read(one(9), one(10)), "8 8 "},
	} {
		got := ""
		for _, s := range (Change{Before: before, Want: tt.want}).Lost() {
			got += s.Entry.ID + " "
		}
		if got != tt.lost {
			t.Errorf("%d wanted: lost %q, want %q", len(tt.want), got, tt.lost)
		}
	}
	if lost := (Change{}).Lost(); lost != nil {
		t.Errorf("of what could not be read is lost %v", lost)
	}
}
