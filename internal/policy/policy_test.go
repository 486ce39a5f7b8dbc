package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func zone(t testing.TB, name string) schedule.Zone {
	t.Helper()
	z, err := schedule.Resolve(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// instance is one with inner properties.
func instance(t testing.TB, inner string) *compute.Compute {
	t.Helper()
	c, err := compute.Decode([]byte(`{"name":"dev","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2"` + inner + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cron is a schedule by cron expression.
func cron(action, expression, zone string, more ...string) string {
	rest := strings.Join(more, "")
	return fmt.Sprintf(`{"action":%q,"triggerType":"Cron","status":"Enabled","provisioningStatus":"Completed","cron":{"expression":%q,"timeZone":%q%s}}`, action, expression, zone, rest)
}

func schedules(list ...string) string {
	return `,"schedules":{"computeStartStop":[` + strings.Join(list, ",") + `]}`
}

const berlin = "W. Europe Standard Time"

// saturday is before a rule's time on that day, in winter.
var saturday = time.Date(2026, time.November, 28, 12, 0, 0, 0, time.UTC)

func TestStop(t *testing.T) {
	t.Parallel()
	disabled := strings.Replace(cron("Stop", "0 20 * * *", berlin), "Enabled", "Disabled", 1)
	failed := strings.Replace(cron("Stop", "0 20 * * *", berlin), "Completed", "Failed", 1)
	for _, test := range []struct {
		what      string
		schedules []string
		has       string // "" if it holds
	}{
		{"nothing", nil, "no stop"},
		{"on time", []string{cron("Stop", "0 22 * * *", berlin)}, ""},
		{"earlier", []string{cron("Start", "0 8 * * *", berlin), cron("Stop", "30 17 * * *", berlin)}, ""},
		{"a minute late", []string{cron("Stop", "1 22 * * *", berlin)}, "stops at 22:01"},
		{"working days", []string{cron("Stop", "0 18 * * 1-5", berlin)}, "none on Sat, Sun"},
		{"late on Friday", []string{cron("Stop", "0 18 * * 0-4,6", berlin), cron("Stop", "0 23 * * 5", berlin)}, "none on Fri"},
		{"disabled", []string{disabled}, "no stop (1 disabled)"},
		{"failed", []string{failed}, "no stop (one that never fires)"},
		{"not understood", []string{`{"action":"Stop","triggerType":"Cron","cron":{"expression":"at ten"}}`}, "no stop (one not understood)"},
		{"started again", []string{cron("Stop", "0 12 * * *", berlin), cron("Start", "0 13 * * *", berlin)}, "starts again after its stop"},
		{"started again on Monday", []string{cron("Stop", "0 12 * * *", berlin), cron("Start", "0 13 * * 1", berlin)}, "starts again after its stop on Mon"},
		{"started again and stopped", []string{cron("Stop", "0 12,18 * * *", berlin), cron("Start", "0 13 * * *", berlin)}, ""},
		{"at night, and nothing starts it", []string{cron("Stop", "0 1 * * *", berlin)}, ""},
		{"at night, and started in the morning", []string{cron("Stop", "0 1 * * *", berlin), cron("Start", "0 9 * * *", berlin)}, "starts again after its stop"},
		{"nights", []string{cron("Start", "0 23 * * *", berlin), cron("Stop", "0 6 * * *", berlin)}, ""},
		{"the same in another zone", []string{cron("Stop", "0 21 * * *", "GMT Standard Time")}, ""},
		{"late in summer alone", []string{cron("Stop", "0 21 * * *", "UTC")}, "none on some days"},
		{"late where the clocks change on other days", []string{cron("Stop", "0 16 * * *", "Eastern Standard Time")}, ""},
		{"every day by recurrence", []string{`{"action":"Stop","triggerType":"Recurrence","status":"Enabled","recurrence":{"frequency":"Day","interval":1,"timeZone":"` + berlin + `","schedule":{"hours":[22],"minutes":[0]}}}`}, ""},
		{"every second day", []string{`{"action":"Stop","triggerType":"Recurrence","status":"Enabled","recurrence":{"frequency":"Day","interval":2,"startTime":"2026-11-28T00:00:00","timeZone":"` + berlin + `","schedule":{"hours":[22],"minutes":[0]}}}`}, "none on some days"},
		{"from next year on", []string{cron("Stop", "0 22 * * *", berlin, `,"startTime":"2027-01-04T00:00:00"`)}, "none on some days"},
		{"ended", []string{cron("Stop", "0 22 * * *", berlin, `,"endTime":"2026-01-01T00:00:00"`)}, "no stop (one that has ended)"},
		{"ends next year", []string{cron("Stop", "0 22 * * *", berlin, `,"endTime":"2027-01-01T00:00:00"`)}, "none on some days"},
		{"ends at a time not understood", []string{cron("Stop", "0 22 * * *", berlin, `,"endTime":"never"`)}, "no stop (one not understood)"},
		{"a start not understood", []string{cron("Stop", "0 20 * * *", berlin), cron("Start", "at nine", berlin)}, "one not understood, which may start it"},
		{"a stop not understood besides", []string{cron("Stop", "0 20 * * *", berlin), cron("Stop", "at nine", berlin)}, ""},
		{"all the time", []string{cron("Stop", "* * * * *", berlin), cron("Start", "* * * * *", berlin)}, "starts again after its stop"},
	} {
		rules := Rules{Stop: &Stop{Hour: 22, Zone: zone(t, "Europe/Berlin")}}
		got := rules.Check([]*compute.Compute{instance(t, schedules(test.schedules...))}, saturday)
		switch {
		case test.has == "" && len(got) != 0:
			t.Errorf("%s: broken, it has %q", test.what, got[0].Has)
		case test.has != "" && (len(got) != 1 || got[0].Has != test.has):
			t.Errorf("%s: %+v, want %q", test.what, got, test.has)
		}
	}
}

// A day whose time has passed is not judged, for nothing can change it.
func TestStopToday(t *testing.T) {
	t.Parallel()
	rules := Rules{Stop: &Stop{Hour: 22, Zone: zone(t, "Europe/Berlin")}}
	c := []*compute.Compute{instance(t, schedules(cron("Stop", "0 22 * * *", berlin, `,"startTime":"2026-11-29T00:00:00"`)))}
	if got := rules.Check(c, saturday); len(got) != 1 {
		t.Errorf("before: %+v", got)
	}
	if got := rules.Check(c, saturday.Add(10*time.Hour)); len(got) != 0 {
		t.Errorf("after: %+v", got)
	}
}

func TestFixes(t *testing.T) {
	t.Parallel()
	stop := &Stop{Hour: 22, Minute: 30, Zone: zone(t, "Europe/Berlin")}
	late := cron("Stop", "0 23 * * *", berlin)
	script := `,"setupScripts":{"scripts":{"creationScript":{"scriptSource":"%s","scriptData":"%s"}}}`
	for _, test := range []struct {
		rules Rules
		inner string
		want  string
	}{
		{Rules{Stop: stop}, "", "stop: no stop → add a stop at 22:30"},
		{Rules{Stop: stop}, schedules(late, late, late), "stop: stops at 23:00 → add a stop at 22:30"},
		{Rules{Stop: stop}, schedules(late, late, late, late), "stop: stops at 23:00; 4 of 4 schedules used → by hand"},
		{Rules{Stop: stop}, schedules(cron("Stop", "0 20 * * *", berlin), `{"action":"Nap"}`), "stop: one not understood, which may start it → by hand"},
		{Rules{Stop: stop}, `,"schedules":"daily"`, "stop: schedules that are not understood → by hand"},
		{Rules{Stop: stop}, `,"schedules":{"computeStartStop":{"action":"Stop"}}`, "stop: schedules that are not understood → by hand"},
		{Rules{Idle: 2 * time.Hour}, "", "idle: off → set 2h"},
		{Rules{Idle: 2 * time.Hour}, `,"idleTimeBeforeShutdown":"PT4H"`, "idle: 4h → set 2h"},
		{Rules{Idle: 2 * time.Hour}, `,"idleTimeBeforeShutdown":"PT2H"`, ""},
		{Rules{Idle: 2 * time.Hour}, `,"idleTimeBeforeShutdown":null`, "idle: off → set 2h"},
		{Rules{Idle: 2 * time.Hour}, `,"idleTimeBeforeShutdown":"PT0S"`, "idle: off → set 2h"},
		{Rules{Idle: 2 * time.Hour}, `,"idleTimeBeforeShutdown":"02:00:00"`, `idle: "02:00:00", which is not understood → by hand`},
		{Rules{Idle: 2 * time.Hour}, `,"idleTimeBeforeShutdown":"-PT1H"`, `idle: "-PT1H", which is not understood → by hand`},
		{Rules{Stop: stop, Idle: 2 * time.Hour}, `,"state":"Deleting"`, "stop: no stop → it is being deleted; idle: off → it is being deleted"},
		{Rules{Idle: 2 * time.Hour}, `,"idleTimeBeforeShutdown":"PT15M"`, ""},
		{Rules{Script: "Users/admin/a.sh"}, "", "setup-script: none → recreate it"},
		{Rules{Script: "Users/admin/a.sh"}, fmt.Sprintf(script, "inline", "ZWNobw=="), "setup-script: a script sent inline → recreate it"},
		{Rules{Script: "Users/admin/a.sh"}, fmt.Sprintf(script, "workspaceStorage", "Users/b.sh"), "setup-script: Users/b.sh → recreate it"},
		{Rules{Script: "Users/admin/a.sh"}, fmt.Sprintf(script, "workspaceStorage", "Users/admin/a.sh"), ""},
		{Rules{Script: "Users/admin/a.sh"}, `,"state":"UserSetupFailed"` + fmt.Sprintf(script, "workspaceStorage", "Users/admin/a.sh"), "setup-script: Users/admin/a.sh, which failed → recreate it"},
		{Rules{Stop: stop, Idle: time.Hour}, "", "stop: no stop → add a stop at 22:30; idle: off → set 1h"},
	} {
		var got []string
		for _, b := range test.rules.Check([]*compute.Compute{instance(t, test.inner)}, saturday) {
			got = append(got, fmt.Sprintf("%s: %s → %s", b.Rule, b.Has, b.Fix+b.Why))
		}
		if text := strings.Join(got, "; "); text != test.want {
			t.Errorf("%s: %q, want %q", test.inner, text, test.want)
		}
	}
}

// The stop that is added satisfies the rule, whatever was there.
func TestEntryHolds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"} {
		for _, stop := range []Stop{{0, 0, zone(t, name)}, {2, 30, zone(t, name)}, {22, 0, zone(t, name)}, {23, 59, zone(t, name)}} {
			raw, err := json.Marshal([]compute.Schedule{{Entry: stop.Entry()}})
			if err != nil {
				t.Fatal(err)
			}
			have := instance(t, `,"schedules":{"computeStartStop":`+string(raw)+`}`)
			if got := (Rules{Stop: &stop}).Check([]*compute.Compute{have}, saturday); len(got) != 0 {
				t.Errorf("%s in %s: %+v", stop, name, got)
			}
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	rules := Rules{Stop: &Stop{Hour: 22, Zone: zone(b, "Europe/Berlin")}}
	c := instance(b, schedules(cron("Start", "0 8 * * 1-5", berlin), cron("Stop", "0 18 * * 1-5", berlin), cron("Stop", "0 22 * * *", berlin)))
	for b.Loop() {
		rules.Check([]*compute.Compute{c}, saturday)
	}
}
