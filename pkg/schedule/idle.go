package schedule

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The bounds of the idle time before a shutdown (computes REST API,
// IdleShutdownSetting: "Minimum is 15 min, maximum is 3 days").
const (
	MinIdle = 15 * time.Minute
	MaxIdle = 72 * time.Hour
)

// ParseIdle parses an idle time: "off" (0), "1h", "90m", "1h30m", "2d", or ISO
// 8601 as the service does, "PT60M". It must be whole minutes from 15 minutes
// to 3 days.
func ParseIdle(s string) (time.Duration, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	if text == "off" || text == "0" {
		return 0, nil
	}
	if n, ok := number(text); ok {
		return 0, fmt.Errorf("idle time %s has no unit: write %dm for minutes or %dh for hours", quote(s), n, n)
	}
	var d time.Duration
	var err error
	if strings.HasPrefix(text, "p") {
		d, err = ParseISO(s)
	} else {
		d, err = parseUnits(text)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("idle time %s is not a duration: write 15m to 3d, such as 1h or 1h30m, or off", quote(s))
	case d < MinIdle:
		return 0, fmt.Errorf("idle time %s is too short: the service takes 15 minutes to 3 days, or off", quote(s))
	case d > MaxIdle:
		return 0, fmt.Errorf("idle time %s is too long: the service takes 15 minutes to 3 days, or off", quote(s))
	case d%time.Minute != 0:
		return 0, fmt.Errorf("idle time %s is not whole minutes: the service counts in minutes", quote(s))
	}
	return d, nil
}

// parseUnits reads "1d12h30m".
func parseUnits(s string) (time.Duration, error) {
	var total float64
	last := math.Inf(1)
	if s == "" {
		return 0, errNotDuration
	}
	for s != "" {
		digits := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 1 {
			return 0, errNotDuration
		}
		n, ok := number(s[:digits])
		unit, known := map[byte]float64{'d': 86400, 'h': 3600, 'm': 60, 's': 1}[s[digits]]
		if !ok || !known || unit >= last {
			return 0, errNotDuration
		}
		total, last = total+float64(n)*unit, unit
		s = s[digits+1:]
	}
	return duration(total)
}

var errNotDuration = errors.New("not a duration")

// duration turns seconds into a Duration unless there are too many.
func duration(seconds float64) (time.Duration, error) {
	ns := math.Round(seconds * 1e9)
	if math.Abs(ns) >= math.MaxInt64 {
		return 0, errors.New("the duration is longer than 292 years")
	}
	return time.Duration(ns), nil
}

// ParseISO reads an ISO 8601 duration, such as "PT60M", "P1DT12H" or "PT0.5H".
// It may have a sign. Years and months have no fixed length and must be 0.
func ParseISO(s string) (time.Duration, error) {
	unreadable := func() (time.Duration, error) {
		return 0, fmt.Errorf("%s is not an ISO 8601 duration such as PT60M", quote(s))
	}
	rest, negative := strings.CutPrefix(strings.ToUpper(s), "-")
	if !negative {
		rest = strings.TrimPrefix(rest, "+")
	}
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok || len(s) > 80 {
		return unreadable()
	}
	units, inTime, seen := "YMWD", false, false
	var total float64
	for rest != "" {
		if rest[0] == 'T' && !inTime {
			units, inTime, rest = "HMS", true, rest[1:]
			if rest == "" {
				return unreadable()
			}
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != ',' })
		if end < 1 {
			return unreadable()
		}
		text := strings.Replace(rest[:end], ",", ".", 1)
		n, err := strconv.ParseFloat(text, 64)
		at := strings.IndexByte(units, rest[end])
		if err != nil || at < 0 || text[0] == '.' || text[len(text)-1] == '.' {
			return unreadable()
		}
		// Only the smallest part may have a fraction.
		if strings.Contains(text, ".") && end+1 != len(rest) {
			return unreadable()
		}
		size := [...]float64{'W': 7 * 86400, 'D': 86400, 'H': 3600, 'M': 60, 'S': 1, 'Y': 0}[rest[end]]
		if calendar := !inTime && (rest[end] == 'Y' || rest[end] == 'M'); calendar && n != 0 {
			return 0, fmt.Errorf("duration %s counts years or months, which have no fixed length: use days or smaller", quote(s))
		}
		total += n * size
		units, rest, seen = units[at+1:], rest[end+1:], true
	}
	if !seen {
		return unreadable()
	}
	if negative {
		total = -total
	}
	return duration(total)
}

// FormatISO writes a duration in whole minutes, as the service's pages do:
// "PT60M". It drops seconds.
func FormatISO(d time.Duration) string {
	return fmt.Sprintf("PT%dM", int64(d/time.Minute))
}

// FormatIdle writes an idle time for people, as ParseIdle reads it: "1h30m",
// "3d", "off".
func FormatIdle(d time.Duration) string {
	if d <= 0 {
		return "off"
	}
	var b strings.Builder
	for _, unit := range [...]struct {
		size   time.Duration
		letter byte
	}{{24 * time.Hour, 'd'}, {time.Hour, 'h'}, {time.Minute, 'm'}, {time.Second, 's'}} {
		if n := d / unit.size; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteByte(unit.letter)
			d -= n * unit.size
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}
