package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/manifest"
	"github.com/computetarget/computetarget/pkg/schedule"
)

var errNoZone = errors.New("no zone is set")

func noZone() (schedule.Zone, error) { return schedule.Zone{}, errNoZone }

// said is what a file was understood to say, a line per instance.
func said(list []manifest.Wanted) string {
	var lines []string
	for _, w := range list {
		line := w.Name + ":"
		for _, s := range w.Schedules {
			if s.Err != nil {
				line += " unreadable;"
				continue
			}
			line += " " + s.Entry.Explain() + ";"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ file, want string }{
		"hours of one": {"time-zone: UTC\nhours: mon-fri 9-18", ": Start at 09:00 from Monday to Friday, UTC; Stop at 18:00 from Monday to Friday, UTC;"},
		"several, the zone inherited or their own": {`
time-zone: Europe/Berlin
instances:
  b: {hours: ["-19:00"], time-zone: America/New_York}
  a:
    hours: -20:00
`, "b: Stop at 19:00 every day, Eastern Standard Time;\na: Stop at 20:00 every day, W. Europe Standard Time;"},
		"none at all":      {"schedules: []", ":"},
		"an empty list":    {"[]", ":"},
		"as a template":    {`{"computeStartStop":[{"action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * *","timeZone":"UTC"}}]}`, ": Stop at 18:00 every day, UTC;"},
		"as in properties": {`{"schedules":{"computeStartStop":[{"action":"start","triggerType":"Cron","cron":{"expression":"0 8 * * *"}}]}}`, ": Start at 08:00 every day, UTC;"},
		"as listed for several": {`
- name: dev
  schedules:
  - {id: x, action: Stop, triggerType: Cron, cron: {expression: 0 18 * * *}}
- name: gpu
  schedules: []
`, "dev: Stop at 18:00 every day, UTC;\ngpu:"},
		"a time without quotes stays a wall time": {`
- action: Stop
  triggerType: Cron
  cron: {expression: 0 18 * * *, startTime: 2027-01-04T00:00:00, timeZone: Asia/Tokyo}
`, ": Stop at 18:00 every day, Tokyo Standard Time, from 2027-01-04T00:00:00;"},
		"the zone of the file is that of what is written by hand": {`
time-zone: Europe/Paris
schedules:
- {action: stop, cron: {expression: 0 18 * * *}}
- {action: stop, cron: {expression: 0 19 * * *, timeZone: Asia/Tokyo}}
- {id: x, action: Stop, triggerType: Cron, cron: {expression: 0 20 * * *}}
`, ": Stop at 18:00 every day, Romance Standard Time; Stop at 19:00 every day, Tokyo Standard Time; Stop at 20:00 every day, UTC;"},
		"anchors": {`
instances:
  a: &same {time-zone: UTC, hours: "-19:00"}
  b: *same
`, "a: Stop at 19:00 every day, UTC;\nb: Stop at 19:00 every day, UTC;"},
		"what only the service can read, by its id": {`[{"id":"7","action":"Hibernate","cron":{"expression":"0 18 * * *"}}]`, ": unreadable;"},
		"hours and schedules together": {`
time-zone: UTC
hours: "-19:00"
schedules: [{action: Start, triggerType: Cron, cron: {expression: 0 7 * * *}}]
`, ": Stop at 19:00 every day, UTC; Start at 07:00 every day, UTC;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := manifest.ReadSchedules([]byte(tt.file), noZone)
			if err != nil {
				t.Fatal(err)
			}
			if got := said(list); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	five := "schedules:\n" + strings.Repeat("- {action: Stop, triggerType: Cron, cron: {expression: 0 18 * * *}}\n", 5)
	for _, tt := range []struct{ file, says string }{
		{"", "the file is empty"},
		{"# only a comment\n", "the file is empty"},
		{"---\n---\n", "the file is empty"},
		{"null", "the file is empty"},
		{"{}", "neither hours nor schedules"},
		{"schedules:", "schedules is null"},
		{"hours:", "hours are text such as mon-fri 09:00-18:00, not null"},
		{"hours: []", "write schedules: [] for none"},
		{"instances: {}", "instances needs names"},
		{"instances: []", "instances needs names"},
		{"just a text", "neither hours nor schedules"},
		{"time-zone: UTC", "neither hours nor schedules"},
		{"hours: [", "not YAML"},
		{"hours: mon-fri 9-18", "no zone is set"},
		{`schedules: [{action: Stop, triggerType: Cron, cron: {expression: "[parameters('evening')]"}}]`, "expression \"[parameters('evening')]\", which is not evaluated here"},
		{"hours: mon-fri", "no zone is set"},
		{"{time-zone: UTC, hours: mon-fri}", "have no time"},
		{"{time-zone: UTC, hours: [5]}", "hours are text"},
		{"{time-zone: UTC, hours: {a: b}}", "hours are text"},
		{"{time-zone: Europe/Berln, hours: 9-18}", "Europe/Berlin"},
		{"{time-zone: 5, hours: 9-18}", "time-zone is a name"},
		{"hour: 9-18", `line 1: the file has the key "hour"; did you mean hours?`},
		{"hours: 9-18\nflavour: sweet", `line 2: the file has the key "flavour", which is unknown; the keys are name, time-zone, hours, schedules, computeStartStop`},
		{"hours: 9-18\nhours: 9-19", "already defined|occurs twice"},
		{"instances: 5", "instances needs names"},
		{"instances: {dev: 5}", `line 1: "dev" is 5; write hours`},
		{"instances: {dev: {}}", "neither hours nor schedules"},
		{"{instances: {}, hours: 9-18}", `"hours", which is unknown`},
		{"[{name: dev, schedules: []}, {schedules: []}]", "has no name"},
		{"[{name: dev, schedules: []}, {name: DEV, schedules: []}]", `"dev" and "DEV" are the same instance`},
		{"[{name: dev, schedules: []}, {name: dev, schedules: []}]", `"dev" occurs twice in the file`},
		{"{time-zone: UTC, instances: {dev: {hours: 9-18}, DEV: {hours: 9-19}}}", `"dev" and "DEV" are the same instance`},
		{"[5]", "line 1: a schedule is 5, not a block of keys"},
		{"schedules: 5", "line 1: schedules is 5, not a list of schedules"},
		{"[{action: Stop, triggerType: Cron, cron: {expression: 0 25 * * *}}]", "schedule 1: "},
		{"[{action: Halt, triggerType: Cron, cron: {expression: 0 18 * * *}}]", "neither a start nor a stop"},
		{"[{action: Stop, triggerType: Cron, cron: {expression: .nan}}]", "not a number that can be read"},
		{five, "can have 4"},
		{"hours: " + strings.Repeat("[", 60) + strings.Repeat("]", 60), "more than schedules need"},
		{"a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]", "more than schedules need"},
		{"hours: " + strings.Repeat("x", 1<<20), "longer than a megabyte"},
	} {
		_, err := manifest.ReadSchedules([]byte(tt.file), noZone)
		found := false
		for one := range strings.SplitSeq(tt.says, "|") {
			found = found || err != nil && strings.Contains(err.Error(), one)
		}
		if !found {
			t.Errorf("%.80q: error %v, want one with %s", tt.file, err, tt.says)
		}
	}
}

// The largest file there may be is read, or refused, in no time: nothing here
// takes the square of its length.
func TestLargeFiles(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it reads megabytes for seconds")
	}
	var keys strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&keys, "%q:0,\n", fmt.Sprint("k", i))
	}
	for _, file := range []string{
		strings.Repeat("//\n", 300_000) + "{}",
		"{" + keys.String() + `"schedules":1}`,
		strings.Repeat("/**/", 200_000) + "[",
		"a: &a {" + keys.String() + "}\nb: {<<: *a}",
		strings.Repeat("---\n", 200_000),
		strings.Repeat("{} ", 60_000),
	} {
		if _, err := manifest.ReadSchedules([]byte(file), noZone); err == nil {
			t.Errorf("%.20q… is read", file)
		}
	}
}
