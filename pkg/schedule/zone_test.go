package schedule

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestZoneTable(t *testing.T) {
	t.Parallel()
	if len(zones().windows) < 130 || len(zones().iana) < 500 {
		t.Fatalf("%d Windows and %d IANA zones: the table is too small", len(zones().windows), len(zones().iana))
	}
	for _, part := range [][]zoneName{zones().windows, zones().iana} {
		if !slices.IsSortedFunc(part, func(a, b zoneName) int { return compareFold(a.name, b.name) }) {
			t.Errorf("the names from %s on are not sorted", part[0].name)
		}
	}
	for _, w := range zones().windows {
		z, err := Resolve(w.name)
		if err != nil || z.Windows != w.name || z.IANA != w.other || z.Location == nil || z.Warning != "" {
			t.Errorf("%s: got %+v, %v", w.name, z, err)
		}
		back, err := Resolve(w.other)
		if err != nil || back.Windows != w.name {
			t.Errorf("%s is %s, which is %s, %v", w.name, w.other, back.Windows, err)
		}
	}
	for _, z := range zones().iana {
		if _, err := location(z.name); err != nil {
			t.Errorf("%s: %v", z.name, err)
		}
		if _, known := search(zones().windows, z.other); !known && z.other != "" {
			t.Errorf("%s belongs to %s, which is not a Windows zone", z.name, z.other)
		}
	}
	for _, name := range Zones() {
		if _, err := Resolve(name); err != nil {
			t.Errorf("%s is listed: %v", name, err)
		}
	}
}

func TestResolveAzureNames(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/zones-azure-ai-ml.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(names) != 131 {
		t.Errorf("%d names, want 131", len(names))
	}
	for _, name := range names {
		for _, spelling := range []string{name, strings.ToUpper(name), strings.ToLower(name), " " + name + " "} {
			z, err := Resolve(spelling)
			if err != nil || !strings.EqualFold(z.Windows, name) || z.Location == nil {
				t.Errorf("%q: got %+v, %v", spelling, z, err)
			}
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, windows, iana, location, warning, err string }{
		{"", "UTC", "Etc/UTC", "UTC", "", ""},
		{"utc", "UTC", "Etc/UTC", "UTC", "", ""},
		{"Europe/Berlin", "W. Europe Standard Time", "Europe/Berlin", "Europe/Berlin", "", ""},
		{"europe/paris", "Romance Standard Time", "Europe/Paris", "Europe/Paris", "", ""},
		{"Asia/Calcutta", "India Standard Time", "Asia/Calcutta", "Asia/Calcutta", "", ""},
		{"Asia/Kolkata", "India Standard Time", "Asia/Kolkata", "Asia/Kolkata", "", ""},
		{"India Standard Time", "India Standard Time", "Asia/Kolkata", "Asia/Kolkata", "", ""},
		{"Europe/Kiev", "FLE Standard Time", "Europe/Kiev", "Europe/Kiev", "", ""},
		{"America/Argentina/Buenos_Aires", "Argentina Standard Time", "America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires", "", ""},
		{"US/Pacific", "Pacific Standard Time", "US/Pacific", "US/Pacific", "", ""},
		{"Etc/GMT-5", "West Asia Standard Time", "Etc/GMT-5", "Etc/GMT-5", "", ""},
		{"turks and caicos standard time", "Turks And Caicos Standard Time", "America/Grand_Turk", "America/Grand_Turk", "", ""},
		{"EST", "SA Pacific Standard Time", "EST", "EST", "time zone EST has no summer time: New York's clock is America/New_York", ""},
		{"Kamchatka Standard Time", "Kamchatka Standard Time", "Asia/Kamchatka", "Asia/Kamchatka",
			`time zone "Kamchatka Standard Time" is retired: Windows gives it a summer time that its region no longer has, so from March to October it may fire an hour early`, ""},
		{"Atlantis Standard Time", "Atlantis Standard Time", "", "",
			`time zone "Atlantis Standard Time" is not known here: it is sent as it is, and firings cannot be computed; did you mean "Atlantic Standard Time"?`, ""},
		{"W Europe Standard Time", "W Europe Standard Time", "", "",
			`time zone "W Europe Standard Time" is not known here: it is sent as it is, and firings cannot be computed; did you mean "W. Europe Standard Time"?`, ""},
		{"UTC+05", "UTC+05", "", "", `time zone "UTC+05" is not known here: it is sent as it is, and firings cannot be computed; did you mean "Etc/GMT-5"?`, ""},
		{"UTC+1", "", "", "", "", `time zone "UTC+1" is unknown: did you mean "Etc/GMT-1"?`},
		{"gmt-03:00", "", "", "", "", `time zone "gmt-03:00" is unknown: did you mean "Etc/GMT+3"?`},
		{"+01:00", "", "", "", "", `time zone "+01:00" is unknown: did you mean "Etc/GMT-1"?`},
		{"UTC+5:30", "", "", "", "", `time zone "UTC+5:30" is unknown: write one such as Europe/Berlin or "W. Europe Standard Time"`},
		{"UTC-99", "UTC-99", "", "", `time zone "UTC-99" is not known here: it is sent as it is, and firings cannot be computed`, ""},
		{"Antarctica/Troll", "", "", "", "", "time zone Antarctica/Troll has no Windows name, which the service needs: choose another zone with the same clock"},
		{"Europe/Berln", "", "", "", "", `time zone "Europe/Berln" is unknown: did you mean "Europe/Berlin"?`},
		{"Asia/Berlin", "", "", "", "", `time zone "Asia/Berlin" is unknown: did you mean "Europe/Berlin"?`},
		{"America/Indianapoliss", "", "", "", "", `time zone "America/Indianapoliss" is unknown: did you mean "America/Indianapolis"?`},
		{"berlin", "", "", "", "", `time zone "berlin" is unknown: did you mean "Europe/Berlin"?`},
		{"America/San_Francisco", "", "", "", "", `time zone "America/San_Francisco" is unknown: write one such as Europe/Berlin or "W. Europe Standard Time"`},
		{"PST", "", "", "", "", `time zone "PST" is unknown: did you mean "America/Los_Angeles"?`},
		{"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "", "", "", "", `time zone "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna" is unknown: did you mean "Europe/Amsterdam"?`},
		{"(UTC-08:00) Pacific Time (US & Canada)", "", "", "", "", `time zone "(UTC-08:00) Pacific Time (US & Canada)" is unknown: did you mean "America/Los_Angeles"?`},
		{"(UTC-03:00) City of Buenos Aires", "", "", "", "", `time zone "(UTC-03:00) City of Buenos Aires" is unknown: write one such as Europe/Berlin or "W. Europe Standard Time"`},
		{"(utc+05:30) Chennai, Kolkata, Mumbai, New Delhi", "", "", "", "", `time zone "(utc+05:30) Chennai, Kolkata, Mumbai, New Delhi" is unknown: did you mean "Asia/Kolkata"?`},
		{"(UTC+01:00) , ", "", "", "", "", `time zone "(UTC+01:00) ," is unknown: write one such as Europe/Berlin or "W. Europe Standard Time"`},
		{"Local", "", "", "", "", `time zone "Local" is unknown: write one such as Europe/Berlin or "W. Europe Standard Time"`},
		{"../../etc/passwd", "", "", "", "", `time zone "../../etc/passwd" is unknown: write one such as Europe/Berlin or "W. Europe Standard Time"`},
		{"Evil\x1b[2J Standard Time", "", "", "", "", `time zone "Evil\x1b[2J Standard Time" is not a name: write one such as Europe/Berlin or "W. Europe Standard Time"`},
		{"Ev\u202eil Standard Time", "", "", "", "", `time zone "Ev\u202eil Standard Time" is not a name: write one such as Europe/Berlin or "W. Europe Standard Time"`},
		{strings.Repeat("x", 90), "", "", "", "", `time zone "` + strings.Repeat("x", 60) + `…" is not a name: write one such as Europe/Berlin or "W. Europe Standard Time"`},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			z, err := Resolve(tt.in)
			where := ""
			if z.Location != nil {
				where = z.Location.String()
			}
			if z.Windows != tt.windows || z.IANA != tt.iana || where != tt.location || z.Warning != tt.warning || message(err) != tt.err {
				t.Errorf("got  %q %q %q %q %q\nwant %q %q %q %q %q", z.Windows, z.IANA, where, z.Warning, message(err),
					tt.windows, tt.iana, tt.location, tt.warning, tt.err)
			}
		})
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	e := Entry{Action: Stop, Enabled: true, Cron: mustCron(t, "0 18 * * 1-5"), Zone: "W. Europe Standard Time"}
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	e.Next(at) // loads the zone
	if n := testing.AllocsPerRun(100, func() { e.Next(at) }); n > 2 {
		t.Errorf("Next allocates %v times: is the zone read again for every call?", n)
	}
}

func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"", "UTC", "Europe/Berlin", "W. Europe Standard Time", "UTC+05", "Asia/Berlin", "../x", "Local", "é Standard Time"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		z, err := Resolve(name)
		if err == nil && z.Windows == "" {
			t.Errorf("%q has no name to send", name)
		}
		if err == nil && z.Location == nil && z.Warning == "" {
			t.Errorf("%q is unknown and nobody says so", name)
		}
		if err == nil {
			again, err := Resolve(z.Windows)
			if err != nil || again.Windows != z.Windows {
				t.Errorf("%q is %q, which is %q, %v", name, z.Windows, again.Windows, err)
			}
		}
	})
}

// A start time that is read is written in a form that reads as the same time.
func FuzzParseStart(f *testing.F) {
	for _, s := range []string{"2027-01-04", "2027-01-04T09:00", "2027-01-04 09:00:00.5", "2027-01-04T09:00:00+01:00", "2027-02-30", "0000-01-01", "9999-12-31T23:59:59-12:00", ""} {
		f.Add(s, "Europe/Berlin")
	}
	f.Add("0001-01-01T00:00:00Z", "W. Europe Standard Time")
	f.Fuzz(func(t *testing.T, s, zone string) {
		start, err := ParseStart(s, zone)
		if err != nil || start.IsZero() {
			return
		}
		again, err := ParseStart(start.String(), zone)
		if err != nil || again != start {
			t.Fatalf("%q in %q is %s, which is %s (%v)", s, zone, start, again, err)
		}
	})
}
