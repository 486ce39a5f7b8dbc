package schedule

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/computetarget/computetarget/pkg/nearest"
)

// zonesText is the table of a pinned release of Unicode CLDR. To update it, run
// go run ./internal/genzones in this folder, which needs the network.
//
//go:embed zones.txt
var zonesText string

// Zone is a time zone with both its names.
type Zone struct {
	// Windows is the name that the service requires.
	Windows string
	// IANA is the name in the time zone database; "" if not known.
	IANA string
	// Location is nil if firings cannot be computed, because the zone is not
	// known here.
	Location *time.Location
	// Warning is a sentence for the user, or "".
	Warning string
}

// zoneName is a name in one system with the name in the other: the IANA zone
// that stands for a Windows zone (CLDR, territory 001), or the Windows zone of an
// IANA name, which may be an old one, or "".
type zoneName struct{ name, other string }

// zones are both parts of the table, each sorted by lower-case name.
var zones = sync.OnceValue(func() (z struct{ windows, iana []zoneName }) {
	part := &z.windows
	for line := range strings.Lines(zonesText) {
		name, other, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		switch {
		case ok:
			*part = append(*part, zoneName{name, other})
		case name == "":
			part = &z.iana
		}
	}
	return z
})

// Resolve finds a time zone by its Windows or IANA name, in any case; "" is UTC. A
// name in the form of a Windows name that is not in the table is kept with a
// warning, because the service may know it: the lists of azure-ai-ml and Windows
// differ. Any other unknown name is an error that suggests the nearest.
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

// lookup returns both names of a zone. An old IANA name stays as it is.
func lookup(name string) (windows, iana string, ok bool) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "UTC", "Etc/UTC", true
	}
	if z, ok := search(zones().windows, name); ok {
		return z.name, z.other, true
	}
	// Two names that Windows has retired and azure-ai-ml still accepts; CLDR
	// dropped them.
	switch {
	case strings.EqualFold(name, "Kamchatka Standard Time"):
		return "Kamchatka Standard Time", "Asia/Kamchatka", true
	case strings.EqualFold(name, "Mid-Atlantic Standard Time"):
		return "Mid-Atlantic Standard Time", "Etc/GMT+2", true
	}
	z, ok := search(zones().iana, name)
	return z.other, z.name, ok
}

// zoneWarning returns a warning about a known zone, or "".
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
		near = labelled(name)
	}
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

// looksWindows reports whether a name has the form of a Windows name, such as
// "Foo Standard Time" or "UTC+05".
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

// fixedZone returns the zone for an offset of whole hours, such as UTC+1, GMT+01 or
// +01:00, or "". IANA's names have the opposite sign.
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
	return map[string]string{
		"PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles", "MDT": "America/Denver", "MT": "America/Denver",
		"CST": "America/Chicago", "CDT": "America/Chicago", "CT": "America/Chicago", "EDT": "America/New_York", "ET": "America/New_York",
		"BST": "Europe/London", "CEST": "Europe/Berlin", "MEZ": "Europe/Berlin", "MESZ": "Europe/Berlin",
		"IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
	}[strings.ToUpper(name)]
}

// labelled is the time zone of a label that the studio and Windows show, such as
// "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna": that of the first
// city that gives a zone its name; "" if none does. The offset is that of winter.
func labelled(label string) string {
	offset, places, ok := strings.Cut(label, ") ")
	if !ok || !strings.HasPrefix(strings.ToUpper(offset), "(UTC") {
		return ""
	}
	if time, _, american := strings.Cut(places, " ("); american { // Pacific Time (US & Canada)
		places = map[string]string{"pacific time": "Los Angeles", "mountain time": "Denver", "central time": "Chicago", "eastern time": "New York"}[strings.ToLower(time)]
	}
	for place := range strings.SplitSeq(places, ", ") {
		city := "/" + strings.ReplaceAll(strings.ToLower(place), " ", "_")
		for _, z := range zones().iana {
			if place != "" && z.other != "" && strings.HasSuffix(strings.ToLower(z.name), city) {
				return z.name
			}
		}
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

// locations caches zones by IANA name: loading one costs a thousand times as much
// as using it.
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

// search finds a name in one part of the table, in any case.
func search(table []zoneName, name string) (zoneName, bool) {
	i, ok := slices.BinarySearchFunc(table, name, func(z zoneName, name string) int { return compareFold(z.name, name) })
	if !ok {
		return zoneName{}, false
	}
	return table[i], true
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
		return "" // another offset would be wrong
	}
	name = strings.ToLower(name)
	region, city := splitRegion(name)
	best, bestScore := "", 2*(len(city)/3+1)
	consider := func(candidate string) {
		// The city decides: "Berlin" and "Asia/Berlin" mean Europe/Berlin.
		knownRegion, knownCity := splitRegion(strings.ToLower(candidate))
		score := 2 * nearest.Distance(city, knownCity, (bestScore+1)/2)
		if region != knownRegion {
			score++
		}
		if score < bestScore {
			best, bestScore = candidate, score
		}
	}
	for _, z := range zones().windows {
		consider(z.name)
		consider(z.other)
	}
	for _, z := range zones().iana {
		consider(z.name)
	}
	return best
}

// splitRegion splits "america/argentina/salta" before its last part. A name
// without a region is a city.
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
	var names []string
	for _, z := range zones().iana {
		if z.other != "" {
			names = append(names, z.name)
		}
	}
	return names
}
