package view

import (
	"testing"
	"time"

	"github.com/computetarget/computetarget/internal/render"
)

func TestElapsedAndSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		-time.Second:                  {"0s", "0s"},
		0:                             {"0s", "0s"},
		400 * time.Millisecond:        {"0s", "0s"},
		12 * time.Second:              {"12s", "12s"},
		68 * time.Second:              {"1m08s", "1m8s"},
		182 * time.Second:             {"3m02s", "3m2s"},
		time.Hour:                     {"1h00m", "1h"},
		90 * time.Minute:              {"1h30m", "1h30m"},
		72 * time.Hour:                {"3d00h", "3d"},
		76*time.Hour + 59*time.Minute: {"3d04h", "3d4h59m"},
		1<<63 - 1:                     {"106751d23h", "106751d23h47m16s"},
	} {
		if got := [2]string{Elapsed(d), Span(d)}; got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}

func TestAgoAndWhen(t *testing.T) {
	t.Parallel()
	now := now(t)
	for d, want := range map[time.Duration][2]string{
		0:                     {"just now", "today 11:00"},
		time.Minute:           {"just now", "today 11:01"},
		-90 * time.Second:     {"1m ago", "today 10:58"},
		-3 * time.Hour:        {"3h ago", "today 08:00"},
		-12 * time.Hour:       {"12h ago", "yesterday 23:00"},
		-26 * time.Hour:       {"1 day ago", "yesterday 09:00"},
		-50 * time.Hour:       {"2 days ago", "7 Mar 09:00"},
		-400 * 24 * time.Hour: {"400 days ago", "2 Feb 2025 11:00"},
		13 * time.Hour:        {"just now", "tomorrow 00:00"},
		3 * 24 * time.Hour:    {"just now", "Thu 11:00"},
		20 * 24 * time.Hour:   {"just now", "29 Mar 12:00"}, // the clocks changed that night
		300 * 24 * time.Hour:  {"just now", "3 Jan 2027 11:00"},
	} {
		at := now.Add(d)
		if got := [2]string{Ago(at, now), render.When(at.UTC(), now)}; got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
