package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestParseIdle(t *testing.T) {
	t.Parallel()
	const notDuration = "write 15m to 3d, such as 1h or 1h30m, or off"
	tests := []struct {
		in   string
		want time.Duration
		iso  string
		err  string
	}{
		{"1h", time.Hour, "PT60M", ""},
		{"90m", 90 * time.Minute, "PT90M", ""},
		{" 1H30M ", 90 * time.Minute, "PT90M", ""},
		{"900s", 15 * time.Minute, "PT15M", ""},
		{"3d", 72 * time.Hour, "PT4320M", ""},
		{"1d12h", 36 * time.Hour, "PT2160M", ""},
		{"PT60M", time.Hour, "PT60M", ""},
		{"P1D", 24 * time.Hour, "PT1440M", ""},
		{"off", 0, "PT0M", ""},
		{"0", 0, "PT0M", ""},
		{"60", 0, "", `idle time "60" has no unit: write 60m for minutes or 60h for hours`},
		{"14m", 0, "", `idle time "14m" is too short: the service takes 15 minutes to 3 days, or off`},
		{"0m", 0, "", `idle time "0m" is too short: the service takes 15 minutes to 3 days, or off`},
		{"73h", 0, "", `idle time "73h" is too long: the service takes 15 minutes to 3 days, or off`},
		{"15m30s", 0, "", `idle time "15m30s" is not whole minutes: the service counts in minutes`},
		{"", 0, "", `idle time "" is not a duration: ` + notDuration},
		{"1.5h", 0, "", `idle time "1.5h" is not a duration: ` + notDuration},
		{"30m1h", 0, "", `idle time "30m1h" is not a duration: ` + notDuration},
		{"1h1h", 0, "", `idle time "1h1h" is not a duration: ` + notDuration},
		{"1w", 0, "", `idle time "1w" is not a duration: ` + notDuration},
		{"-1h", 0, "", `idle time "-1h" is not a duration: ` + notDuration},
		{"99999h", 0, "", `idle time "99999h" is not a duration: ` + notDuration},
		{"-PT60M", 0, "", `idle time "-PT60M" is not a duration: ` + notDuration},
		{"P1M", 0, "", `idle time "P1M" is not a duration: ` + notDuration},
		{"\x1b[2J", 0, "", `idle time "\x1b[2J" is not a duration: ` + notDuration},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			got, err := ParseIdle(tt.in)
			if got != tt.want || message(err) != tt.err {
				t.Errorf("got %v, %q; want %v, %q", got, message(err), tt.want, tt.err)
			}
			if err == nil && FormatISO(got) != tt.iso {
				t.Errorf("on the wire %s, want %s", FormatISO(got), tt.iso)
			}
		})
	}
}

func TestFormatIdle(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "off", -time.Minute: "off", time.Hour: "1h", 90 * time.Minute: "1h30m", 72 * time.Hour: "3d",
		25*time.Hour + time.Minute: "1d1h1m", 30 * time.Second: "30s", time.Millisecond: "0s",
	} {
		if got := FormatIdle(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

func TestParseISO(t *testing.T) {
	t.Parallel()
	good := map[string]time.Duration{
		"PT60M": time.Hour, "PT1H": time.Hour, "PT1800S": 30 * time.Minute, "PT5M": 5 * time.Minute,
		"P3D": 72 * time.Hour, "P1DT12H": 36 * time.Hour, "P2W": 14 * 24 * time.Hour, "PT0.5H": 30 * time.Minute,
		"PT1,5M": 90 * time.Second, "PT0S": 0, "P0D": 0, "-PT5M": -5 * time.Minute, "+PT5M": 5 * time.Minute,
		"pt1h30m": 90 * time.Minute, "P0Y0M1D": 24 * time.Hour, "PT1H2M3.5S": time.Hour + 2*time.Minute + 3500*time.Millisecond,
	}
	for in, want := range good {
		if got, err := ParseISO(in); got != want || err != nil {
			t.Errorf("%s: got %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "P", "PT", "1h", "P1", "PT1", "PT1D", "P1H", "PT1M1H", "PT1H1H", "PT.5H", "PT5.H", "PT1.5H3M",
		"PT1..5H", "PTT1H", "P1DT", "P1Y", "P1M", "P-1D", "--PT1M", "PT1e3M", "PTinfM", "P999999999W", "PT١M", "01:00:00",
		"PT" + strings.Repeat("0", 90) + "1M"} {
		if got, err := ParseISO(in); err == nil {
			t.Errorf("%q: got %v, want an error", in, got)
		}
	}
	if _, err := ParseISO("P1Y2M"); message(err) != `duration "P1Y2M" counts years or months, which have no fixed length: use days or smaller` {
		t.Errorf("years: %v", err)
	}
}

func FuzzParseISO(f *testing.F) {
	for _, seed := range []string{"PT60M", "P1DT12H", "PT0.5H", "-PT5M", "P0Y", "PT1,5S", "P99999999999W"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseISO(text)
		if err != nil {
			return
		}
		whole := d.Truncate(time.Minute)
		if whole < 0 {
			return
		}
		if again, err := ParseISO(FormatISO(d)); err != nil || again != whole {
			t.Errorf("%q is %v, written %s, read %v, %v", text, d, FormatISO(d), again, err)
		}
	})
}

func FuzzParseIdle(f *testing.F) {
	for _, seed := range []string{"1h", "90m", "off", "60", "PT60M", "1d12h", "15m30s", "9999d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseIdle(text)
		if err != nil {
			return
		}
		if d != 0 && (d < MinIdle || d > MaxIdle || d%time.Minute != 0) {
			t.Errorf("%q: %v is out of bounds", text, d)
		}
		if again, err := ParseIdle(FormatIdle(d)); err != nil || again != d {
			t.Errorf("%q is %v, written %s, read %v, %v", text, d, FormatIdle(d), again, err)
		}
	})
}
