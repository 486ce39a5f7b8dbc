package schedule

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/computetarget/computetarget/pkg/nearest"
)

// The tables of zones_gen.go are those of a pinned release of Unicode CLDR.
// Run go run ./internal/genzones in this folder for those of another; it needs
// the network.

// Zone is a time zone by both its names.
type Zone struct {
	// Windows is the name that the service requires.
	Windows string
	// IANA is the name the rest of the world uses; "" when not known.
	IANA string
	// Location is nil when the zone is not known here: then firings cannot be
	// computed.
	Location *time.Location
	// Warning is a sentence for the user, or "".
	Warning string
}

// windowsZone is a Windows name with the IANA zone that stands for it (CLDR,
// territory 001).
type windowsZone struct{ name, iana string }

// ianaZone is an IANA name, an old one included, with the index of its Windows
// zone, or -1.
type ianaZone struct {
	name    string
	windows int16
}

// Resolve finds a time zone by its Windows or IANA name, in any case; "" is
// UTC. A name that looks like a Windows one but is not in the table is kept,
// with a warning, for the service may know it: azure-ai-ml's list and Windows
// itself differ. Any other unknown name is an error that offers the nearest.
func Resolve(name string) (Zone, error) {
	windows, iana, ok := lookup(name)
	if !ok {
		return unknownZone(name)
	}
	if windows == "" {
		return Zone{}, fmt.Errorf("time zone %s has no Windows name, which the service needs: choose another zone with the same clock", iana)
	}
	zone := Zone{Windows: windows, IANA: iana, Warning: zoneWarning(name, windows)}
	loc, err := load(iana)
	if err != nil {
		zone.Warning = fmt.Sprintf("this machine has no data for time zone %s, so firings cannot be computed here", iana)
		return zone, nil
	}
	zone.Location = loc
	return zone, nil
}

// lookup finds both names of a zone. For a Windows name, and for an old IANA
// one, iana is the name used today or the old one, whichever was asked for.
func lookup(name string) (windows, iana string, ok bool) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "UTC", "Etc/UTC", true
	}
	if i, ok := search(len(windowsZones), func(i int) string { return windowsZones[i].name }, name); ok {
		return windowsZones[i].name, windowsZones[i].iana, true
	}
	// Two names that Windows has retired and azure-ai-ml still accepts; CLDR
	// dropped them.
	switch {
	case strings.EqualFold(name, "Kamchatka Standard Time"):
		return "Kamchatka Standard Time", "Asia/Kamchatka", true
	case strings.EqualFold(name, "Mid-Atlantic Standard Time"):
		return "Mid-Atlantic Standard Time", "Etc/GMT+2", true
	}
	if i, ok := search(len(ianaZones), func(i int) string { return ianaZones[i].name }, name); ok {
		z := ianaZones[i]
		if z.windows < 0 {
			return "", z.name, true
		}
		return windowsZones[z.windows].name, z.name, true
	}
	return "", "", false
}

// zoneWarning is what a user should know about a zone that is known.
func zoneWarning(name, windows string) string {
	switch windows {
	case "Kamchatka Standard Time", "Mid-Atlantic Standard Time":
		return fmt.Sprintf("time zone %q is retired: Windows gives it a summer time that its region no longer has, so from March to October it may fire an hour early", windows)
	}
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "EST":
		return "time zone EST has no summer time: New York's clock is America/New_York"
	case "MST":
		return "time zone MST has no summer time: Denver's clock is America/Denver"
	}
	return ""
}

func unknownZone(name string) (Zone, error) {
	name = strings.TrimSpace(name)
	if len(name) > 80 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || r == unicode.ReplacementChar }) {
		return Zone{}, fmt.Errorf("time zone %s is not a name: write one such as Europe/Berlin or \"W. Europe Standard Time\"", quote(name))
	}
	near := abbreviated(name)
	if near == "" {
		near = fixedZone(name)
	}
	if near == "" && len(name) > 4 {
		near = nearestZone(name)
	}
	if !strings.Contains(name, "/") && looksWindows(name) {
		zone := Zone{Windows: name, Warning: fmt.Sprintf("time zone %s is not known here: it is sent as it is, and firings cannot be computed", quote(name))}
		if near != "" {
			zone.Warning += fmt.Sprintf("; did you mean %q?", near)
		}
		return zone, nil
	}
	if near != "" {
		return Zone{}, fmt.Errorf("time zone %s is unknown: did you mean %q?", quote(name), near)
	}
	return Zone{}, fmt.Errorf("time zone %s is unknown: write one such as Europe/Berlin or \"W. Europe Standard Time\"", quote(name))
}

// looksWindows tells "Foo Standard Time" and "UTC+05" from a slip of the pen.
func looksWindows(name string) bool {
	if isOffset(name) {
		return true
	}
	lower := strings.ToLower(name)
	return strings.HasSuffix(lower, " standard time") || strings.Contains(lower, " time zone ")
}

// isOffset recognises the names Windows has for fixed offsets, as "UTC-08".
func isOffset(name string) bool {
	if len(name) != 6 || !strings.EqualFold(name[:3], "UTC") || name[3] != '+' && name[3] != '-' {
		return false
	}
	_, ok := number(name[4:])
	return ok
}

// fixedZone is the zone of a whole number of hours from UTC, written as UTC+1,
// GMT+01 or +01:00, or "". The names of IANA count the other way round.
func fixedZone(name string) string {
	text, ok := offsetOf(name)
	if !ok {
		return ""
	}
	hours, ok := number(strings.TrimSuffix(text[1:], ":00"))
	if !ok {
		return ""
	}
	sign := "-"
	if text[0] == '-' {
		sign = "+"
	}
	_, zone, ok := lookup(fmt.Sprintf("Etc/GMT%s%d", sign, hours))
	if !ok {
		return ""
	}
	return zone
}

// offsetOf is the "+01:00" of a name that means an offset from UTC.
func offsetOf(name string) (offset string, ok bool) {
	text := strings.ToUpper(name)
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(text, "UTC"), "GMT"))
	return text, len(text) > 1 && (text[0] == '+' || text[0] == '-') && '0' <= text[1] && text[1] <= '9'
}

// abbreviated is the usual time zone for an abbreviation that is not a zone
// name, or "".
func abbreviated(name string) string {
	switch strings.ToUpper(name) {
	case "PST", "PDT", "PT":
		return "America/Los_Angeles"
	case "MDT", "MT":
		return "America/Denver"
	case "CST", "CDT", "CT":
		return "America/Chicago"
	case "EDT", "ET":
		return "America/New_York"
	case "BST":
		return "Europe/London"
	case "CEST", "MEZ", "MESZ":
		return "Europe/Berlin"
	case "IST":
		return "Asia/Kolkata"
	case "JST":
		return "Asia/Tokyo"
	case "AEST", "AEDT":
		return "Australia/Sydney"
	}
	return ""
}

// location is what Next needs: the clock of a zone by any name.
func location(name string) (*time.Location, error) {
	_, iana, ok := lookup(name)
	if !ok {
		return nil, fmt.Errorf("time zone %s is not known here, so its firings are not known", quote(name))
	}
	loc, err := load(iana)
	if err != nil {
		return nil, fmt.Errorf("this machine has no data for time zone %s, so its firings are not known", iana)
	}
	return loc, nil
}

// locations keeps what was loaded, by IANA name: reading a zone costs a
// thousand times more than asking it for an offset. It holds at most the table.
var locations sync.Map

func load(iana string) (*time.Location, error) {
	if loc, ok := locations.Load(iana); ok {
		return loc.(*time.Location), nil
	}
	if iana == "Etc/UTC" {
		return time.UTC, nil
	}
	loc, err := time.LoadLocation(iana)
	if err != nil {
		return nil, err
	}
	locations.Store(iana, loc)
	return loc, nil
}

// search finds name in a table sorted by lower-case name.
func search(n int, at func(int) string, name string) (int, bool) {
	low, high := 0, n
	for low < high {
		mid := (low + high) / 2
		switch c := compareFold(at(mid), name); {
		case c == 0:
			return mid, true
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return 0, false
}

// compareFold compares as strings.Compare would after lower-casing ASCII; zone
// names hold nothing else.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// nearestZone is the known name that looks most like the unknown one, or "".
func nearestZone(name string) string {
	if _, ok := offsetOf(name); ok {
		return "" // no other offset is what was meant
	}
	name = strings.ToLower(name)
	region, city := splitRegion(name)
	best, bestScore := "", 2*(len(city)/3+1)
	consider := func(candidate string) {
		// The city decides: "Berlin" and "Asia/Berlin" are meant to be Europe's.
		knownRegion, knownCity := splitRegion(strings.ToLower(candidate))
		score := 2 * nearest.Distance(city, knownCity, (bestScore+1)/2)
		if region != knownRegion {
			score++
		}
		if score < bestScore {
			best, bestScore = candidate, score
		}
	}
	for i := range windowsZones {
		consider(windowsZones[i].name)
		consider(windowsZones[i].iana)
	}
	for i := range ianaZones {
		consider(ianaZones[i].name)
	}
	return best
}

// splitRegion parts "america/argentina/salta" before its last word; a name
// without a region is all city.
func splitRegion(name string) (region, city string) {
	i := strings.LastIndexByte(name, '/')
	return name[:max(i, 0)], name[i+1:]
}

// zoneOrUTC is the zone's name for people.
func zoneOrUTC(name string) string {
	if name == "" {
		return "UTC"
	}
	return name
}

// Zones lists the IANA names of the time zones that have a Windows name, which
// the service requires, sorted.
func Zones() []string {
	names := make([]string, 0, len(ianaZones))
	for i := range ianaZones {
		if ianaZones[i].windows >= 0 {
			names = append(names, ianaZones[i].name)
		}
	}
	return names
}
