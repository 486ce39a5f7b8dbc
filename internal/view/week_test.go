package view

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// withHours is an instance in a state with hours in a zone.
func withHours(t testing.TB, name, state, zone, idle string, texts ...string) Preview {
	t.Helper()
	set := []compute.Schedule{}
	if len(texts) > 0 {
		resolved, err := schedule.Resolve(zone)
		if err != nil {
			t.Fatal(err)
		}
		hours, err := schedule.ParseHours(texts, resolved.Windows)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range hours.Entries {
			e.ID = fmt.Sprintf("0000000%d-1111-2222-3333-444444444444", i+1)
			set = append(set, compute.Schedule{Entry: e})
		}
	}
	text, err := json.Marshal(map[string]any{"computeStartStop": set})
	if err != nil {
		t.Fatal(err)
	}
	c, err := compute.Decode(fmt.Appendf(nil, `{"id":"/x/%[1]s","name":%[1]q,"properties":{"computeType":"ComputeInstance",
		"properties":{"state":%[2]q,"schedules":%[3]s,"idleTimeBeforeShutdown":%[4]q}}}`, name, state, text, idle))
	if err != nil {
		t.Fatal(err)
	}
	return Preview{Name: name, Compute: c, Schedules: c.Schedules()}
}

// drawing is a preview as printed: to a pipe with width 0, else to a terminal.
func drawing(t testing.TB, list []Preview, at time.Time, days, width int, color, emulator bool) string {
	t.Helper()
	s, out, errs := render.TestStreams("", width, width)
	s.Out.Color = color
	if err := render.Print(s, render.Options{Now: at, Emulator: emulator}, Previews(list, schedule.Zone{}, at, days, len(list) != 1)); err != nil {
		t.Fatal(err)
	}
	return out.String() + errs.String()
}

func TestPreviewPictures(t *testing.T) {
	t.Parallel()
	monday := now(t)
	article := func() []Preview {
		return []Preview{withHours(t, "dev", "Running", "Europe/Berlin", "PT60M", "mon-thu 09:00-18:00", "fri 09:00-16:00")}
	}
	spring := time.Date(2026, 3, 27, 8, 30, 0, 0, monday.Location())
	autumn := time.Date(2026, 10, 24, 23, 10, 0, 0, monday.Location())
	team := func() []Preview {
		return []Preview{
			withHours(t, "dev", "Running", "Europe/Berlin", "", "mon-thu 09:00-18:00", "fri 09:00-16:00"),
			withHours(t, "gpu-of-the-vision-team", "Stopped", "Europe/Berlin", "", "-19:00"),
			withHours(t, "nightly", "Stopped", "Asia/Tokyo", "", "22:00-06:00"),
			withHours(t, "odd", "Unknown", "", ""),
		}
	}
	for name, tt := range map[string]struct {
		list            []Preview
		at              time.Time
		days, width     int
		color, emulator bool
	}{
		"week-article":        {list: article(), at: monday, days: 7},
		"week-terminal":       {list: article(), at: monday, days: 7, width: 80},
		"week-color":          {list: article(), at: monday, days: 7, width: 80, color: true},
		"week-emulator":       {list: article(), at: monday, days: 7, width: 80, emulator: true},
		"week-wide":           {list: article(), at: monday, days: 7, width: 140},
		"week-narrow":         {list: article(), at: monday, days: 7, width: 44},
		"week-tiny":           {list: article(), at: monday, days: 2, width: 24},
		"week-spring":         {list: []Preview{withHours(t, "dev", "Stopped", "Europe/Berlin", "", "22:00-06:00")}, at: spring, days: 4},
		"week-autumn":         {list: []Preview{withHours(t, "dev", "Running", "Europe/Berlin", "", "22:00-06:00")}, at: autumn, days: 3},
		"week-none":           {list: []Preview{withHours(t, "dev", "Running", "", "PT15M")}, at: monday, days: 3},
		"week-stop-only":      {list: []Preview{withHours(t, "dev", "Running", "UTC", "", "-19:00")}, at: monday, days: 3},
		"week-turn-of-year":   {list: article(), at: time.Date(2026, 12, 30, 8, 0, 0, 0, monday.Location()), days: 4},
		"weeks-team":          {list: team(), at: monday, days: 7},
		"weeks-team-terminal": {list: team(), at: monday, days: 7, width: 100, color: true},
		"weeks-team-month":    {list: team(), at: spring, days: 10},
		"weeks-team-narrow":   {list: team(), at: monday, days: 7, width: 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := drawing(t, tt.list, tt.at, tt.days, tt.width, tt.color, tt.emulator)
			golden(t, name, []byte(got))
			most := tt.width
			if most == 0 {
				most = 80
			}
			for line := range strings.Lines(got) {
				if n := render.Columns(withoutColor(strings.TrimSuffix(line, "\n"))); n > most && most >= 44 {
					t.Errorf("%d columns of %d: %q", n, most, line)
				}
			}
			if tt.width == 0 && strings.ContainsFunc(got, func(r rune) bool { return r > 0x7e || r < 0x20 && r != '\n' }) {
				t.Error("off a terminal it is not plain ASCII")
			}
		})
	}
}

func withoutColor(s string) string {
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return s
		}
		n := strings.IndexByte(s[i:], 'm')
		s = s[:i] + s[i+n+1:]
	}
}

func TestScheduleViews(t *testing.T) {
	t.Parallel()
	dev := withHours(t, "dev", "Running", "America/New_York", "PT60M", "mon-thu 09:00-18:00", "fri 09:00-16:00").Compute
	bare := withHours(t, "bare", "Stopped", "", "").Compute
	long, err := compute.Decode([]byte(`{"name":"long","properties":{"computeType":"ComputeInstance","properties":{"schedules":{"computeStartStop":[
		{"id":"00000001-1","action":"Stop","triggerType":"Recurrence","recurrence":{"frequency":"Week","interval":2,"startTime":"2027-01-04T00:00:00",
		"timeZone":"W. Europe Standard Time","schedule":{"hours":[9,21],"minutes":[0],"weekDays":["Monday","Thursday"]}}}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	show := func(title string, r render.Result) {
		s, out, errs := render.TestStreams("", 80, 80)
		if err := render.Print(s, render.Options{Now: now(t)}, r); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "-- %s --\n%s%s", title, out, errs)
	}
	show("list", Schedules([]*compute.Compute{dev}, false))
	show("list several", Schedules([]*compute.Compute{dev, bare}, true))
	show("list long", Schedules([]*compute.Compute{long}, false))
	show("list nobody", Schedules(nil, true))
	show("idle", Idle([]*compute.Compute{dev, bare}, true))
	show("idle changed", IdleChanged([]compute.Change{{Name: "dev", Before: bare, After: dev}, {Name: "bare", Before: bare, Already: true}, {Name: "bare", Before: dev, After: bare}}, true))
	show("hours changed", HoursChanged([]compute.Change{{Name: "dev", Before: dev, After: dev}, {Name: "bare", Before: bare, Already: true}}, true, now(t),
		map[string][]string{"dev": {"22:00-06:00 stops the next day"}}))
	golden(t, "schedules", []byte(b.String()))
}

// Whatever the service says, a view stays on its lines.
func TestScheduleViewsOfHostileText(t *testing.T) {
	t.Parallel()
	c, err := compute.Decode([]byte(`{"name":"a\u001b[31mb\nc","properties":{"computeType":"ComputeInstance","properties":{"state":"Run\u202ening",
		"idleTimeBeforeShutdown":"x\u001b[2J","schedules":{"computeStartStop":[{"id":"\u001b]0;x\u0007","action":"St\u001bop"},
		{"id":"\u001b[1m","action":"Stop","cron":{"expression":"0 18 * * *","timeZone":"No\u001bwhere"}},null,7]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	list := []Preview{{Name: c.Name, Compute: c, Schedules: c.Schedules()}}
	text := drawing(t, list, now(t), 7, 80, false, false) + drawing(t, list, now(t), 7, 0, false, false)
	for _, r := range []render.Result{Schedules([]*compute.Compute{c}, false), Idle([]*compute.Compute{c}, false)} {
		s, out, errs := render.TestStreams("", 80, 80)
		if err := render.Print(s, render.Options{Now: now(t)}, r); err != nil {
			t.Fatal(err)
		}
		text += out.String() + errs.String()
	}
	if strings.ContainsAny(text, "\x1b\x07\u202e") {
		t.Errorf("control characters came through:\n%q", text)
	}
}
