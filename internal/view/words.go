package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Elapsed writes a readable time span of two units: 12s, 3m02s, 2h11m, 3d04h.
// Negative spans are 0s.
func Elapsed(d time.Duration) string {
	s := int64(max(d, 0).Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s%86400/3600)
}

// Span writes a duration someone chose, without parts that are zero: 15m,
// 1h30m, 3d.
func Span(d time.Duration) string {
	if d <= 0 {
		return "0s"
	}
	var b strings.Builder
	rest := int64(d.Seconds())
	for _, unit := range [...]struct {
		size int64
		name byte
	}{{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}} {
		if n := rest / unit.size; n > 0 {
			b.WriteString(strconv.FormatInt(n, 10))
			b.WriteByte(unit.name)
			rest %= unit.size
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// Ago writes a readable past time: "just now", "3h ago", "2 days ago".
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	}
	return count(int(d.Hours()/24), "day") + " ago"
}

// count writes a number with its noun: 1 compute, 3 computes.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
