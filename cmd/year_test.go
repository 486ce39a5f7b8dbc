package cmd_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// A leap year in Berlin, whose clock jumps from 02:00 to 03:00 on 26 March and
// back from 03:00 to 02:00 on 29 October 2028. Stop at 02:30 on the 26th, start
// at 02:30 on the 29th: the stop in March is moved out of the gap to 03:00, and
// the start in October happens the first time it is half past two. Written by
// hand: UTC is an hour behind Berlin in winter and two in summer.
var leapYear = []string{
	"Stop 2028-01-26T01:30:00Z", "Start 2028-01-29T01:30:00Z",
	"Stop 2028-02-26T01:30:00Z", "Start 2028-02-29T01:30:00Z",
	"Stop 2028-03-26T01:00:00Z", "Start 2028-03-29T00:30:00Z",
	"Stop 2028-04-26T00:30:00Z", "Start 2028-04-29T00:30:00Z",
	"Stop 2028-05-26T00:30:00Z", "Start 2028-05-29T00:30:00Z",
	"Stop 2028-06-26T00:30:00Z", "Start 2028-06-29T00:30:00Z",
	"Stop 2028-07-26T00:30:00Z", "Start 2028-07-29T00:30:00Z",
	"Stop 2028-08-26T00:30:00Z", "Start 2028-08-29T00:30:00Z",
	"Stop 2028-09-26T00:30:00Z", "Start 2028-09-29T00:30:00Z",
	"Stop 2028-10-26T00:30:00Z", "Start 2028-10-29T00:30:00Z",
	"Stop 2028-11-26T01:30:00Z", "Start 2028-11-29T01:30:00Z",
	"Stop 2028-12-26T01:30:00Z", "Start 2028-12-29T01:30:00Z",
}

// The same instants by recurrence: every month, in months that have the day.
// There are seven with a 31st, and 29 February stops what 31 January started.
var leapYearByRecurrence = []string{
	"Stop 2028-01-29T21:00:00Z", "Start 2028-01-31T22:15:00Z",
	"Stop 2028-02-29T21:00:00Z",
	"Stop 2028-03-29T20:00:00Z", "Start 2028-03-31T21:15:00Z",
	"Stop 2028-04-29T20:00:00Z",
	"Stop 2028-05-29T20:00:00Z", "Start 2028-05-31T21:15:00Z",
	"Stop 2028-06-29T20:00:00Z",
	"Stop 2028-07-29T20:00:00Z", "Start 2028-07-31T21:15:00Z",
	"Stop 2028-08-29T20:00:00Z", "Start 2028-08-31T21:15:00Z",
	"Stop 2028-09-29T20:00:00Z",
	"Stop 2028-10-29T21:00:00Z", "Start 2028-10-31T22:15:00Z",
	"Stop 2028-11-29T21:00:00Z",
	"Stop 2028-12-29T21:00:00Z", "Start 2028-12-31T22:15:00Z",
}

// TestLeapYear sets schedules, has them announced by schedule preview, and lets
// a year go by.
func TestLeapYear(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_TIME_ZONE=Europe/Berlin", "COMPUTETARGET_EMULATOR_PACE=instant")
	b.now = time.Date(2027, 12, 31, 23, 30, 0, 0, time.UTC) // 2028 in Berlin
	do := func(args ...string) string { return b.must(args...).out }
	do("create", "by-cron", "-s", "Standard_DS3_v2", "-o", "none")
	do("create", "by-recurrence", "-s", "Standard_DS3_v2", "-o", "none")
	do("schedule", "create", "by-cron", "--action", "start", "--cron", "30 2 29 * *", "-o", "none")
	do("schedule", "create", "by-cron", "--action", "stop", "--cron", "30 2 26 * *", "-o", "none")
	do("schedule", "create", "by-recurrence", "--action", "start", "--frequency", "month", "--days", "31", "--at", "23:15", "-o", "none")
	do("schedule", "create", "by-recurrence", "--action", "stop", "--frequency", "month", "--days", "29", "--at", "22:00", "-o", "none")

	want := map[string][]string{"by-cron": leapYear, "by-recurrence": leapYearByRecurrence}
	var announced []struct {
		Name    string
		Firings []struct{ Action, UTC string }
	}
	if err := json.Unmarshal([]byte(do("schedule", "preview", "by-cron", "by-recurrence", "--days", "366", "-o", "json")), &announced); err != nil {
		t.Fatal(err)
	}
	for _, a := range announced {
		var got []string
		for _, f := range a.Firings {
			got = append(got, f.Action+" "+f.UTC)
		}
		if !slices.Equal(got, want[a.Name]) {
			t.Errorf("%s: announced\n%q, want\n%q", a.Name, got, want[a.Name])
		}
	}

	happened := map[string][]string{}
	b.emulator(func(e *emulator.Emulator) error {
		client, err := compute.New(compute.Workspace{Subscription: emulator.Subscription, ResourceGroup: emulator.ResourceGroup, Name: emulator.Workspace},
			compute.Options{Endpoint: "https://emulator.localhost", Transport: e.Transport()})
		if err != nil {
			return err
		}
		for time.Now().Before(time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)) {
			time.Sleep(12 * time.Hour)
			for _, o := range client.GetEach(context.Background(), []string{"by-cron", "by-recurrence"}) {
				if o.Err != nil {
					return o.Err
				}
				last := o.Compute.LastOperation()
				if last == nil || last.Trigger != "Schedule" {
					continue
				}
				line := last.Name + " " + last.Time.UTC().Format(time.RFC3339)
				if list := happened[o.Name]; len(list) == 0 || list[len(list)-1] != line {
					happened[o.Name] = append(list, line)
				}
			}
		}
		return nil
	})
	if got := happened["by-cron"]; !slices.Equal(got, leapYear) {
		t.Errorf("by cron it happened at\n%q, want\n%q", got, leapYear)
	}
	if got, want := happened["by-recurrence"], changesOf(leapYearByRecurrence); !slices.Equal(got, want) {
		t.Errorf("by recurrence it happened at\n%q, want\n%q", got, want)
	}
}

// changesOf leaves out what finds the instance where it would bring it: a stop
// after a stop.
func changesOf(firings []string) []string {
	var out []string
	for _, f := range firings {
		if len(out) == 0 || out[len(out)-1][:4] != f[:4] {
			out = append(out, f)
		}
	}
	return out
}
