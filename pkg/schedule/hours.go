package schedule

import (
	"errors"
	"fmt"
	"github.com/computetarget/computetarget/pkg/order"
	"slices"
	"strconv"
	"strings"
)

// Hours are working hours compiled to schedules.
type Hours struct {
	// Entries are the starts, then the stops, at most Max together.
	Entries []Entry
	// Notes tell the user about a stop on the next day and about joined hours.
	Notes []string
}

const hoursForm = `write days and hours such as "mon-thu 09:00-18:00"`

// ParseHours compiles hours to the fewest cron entries. All are enabled and in
// the given zone, a Windows name.
//
// A text is days, then times: "mon-thu 09:00-18:00". Days are names, in full or at
// least three letters, ranges (fri-mon), lists (mon,wed), weekdays, weekends or
// daily, which is the default. "09:00-" only starts, "-19:00" only stops,
// "22:00-06:00" stops the next day, 24:00 is the end of the day, and
// "09:00-12:00,13:00-18:00" has a break. Hours that overlap or touch are joined.
//
// It is an error if a text cannot be parsed, the hours cover the whole week, a
// start and a stop are at the same minute, or more than four entries are needed.
func ParseHours(texts []string, zone string) (Hours, error) {
	if len(texts) == 0 {
		return Hours{}, errors.New("no hours were given: " + hoursForm)
	}
	var w week
	var hours Hours
	for _, text := range texts {
		if _, err := ParseCron(text); err == nil {
			return Hours{}, fmt.Errorf("%s is a cron expression, which says when to start or when to stop: %s", quote(text), hoursForm)
		}
		days, spans, err := parseHoursText(text)
		if err != nil {
			return Hours{}, err
		}
		for _, s := range spans {
			hours.Notes = append(hours.Notes, w.add(days, s)...)
		}
	}
	starts, stops, err := w.edges()
	if err != nil {
		return Hours{}, err
	}
	if w.joined {
		hours.Notes = append(hours.Notes, "hours that overlap or touch are joined")
	}
	startBoxes, stopBoxes := cover(starts), cover(stops)
	if n := len(startBoxes) + len(stopBoxes); n > Max {
		return Hours{}, fmt.Errorf("these hours need %d schedules (start %s; stop %s), but an instance has at most four: let more days start or stop at the same time",
			n, boxWords(startBoxes), boxWords(stopBoxes))
	}
	for _, b := range startBoxes {
		hours.Entries = append(hours.Entries, b.entry(Start, zone))
	}
	for _, b := range stopBoxes {
		hours.Entries = append(hours.Entries, b.entry(Stop, zone))
	}
	return hours, nil
}

// span is one stretch of hours in minutes of the day; -1 is an open end.
type span struct{ from, to int }

func parseHoursText(text string) (days uint8, spans []span, err error) {
	if len(text) > 200 {
		return 0, nil, fmt.Errorf("hours %s are too long: %s", quote(text), hoursForm)
	}
	// Days and times differ, so commas and spaces both separate words. Editors
	// replace hyphens with dashes.
	plain := strings.NewReplacer("–", "-", ",", " ").Replace(strings.ToLower(text))
	plain = strings.Join(strings.Fields(plain), " ")
	plain = strings.NewReplacer(" - ", "-", "every day", "daily").Replace(plain)
	for word := range strings.FieldsSeq(plain) {
		if strings.ContainsAny(word, "0123456789") {
			s, err := parseSpan(word)
			if err != nil {
				return 0, nil, fmt.Errorf("hours %s: %w", quote(text), err)
			}
			spans = append(spans, s)
			continue
		}
		if len(spans) > 0 {
			return 0, nil, fmt.Errorf("hours %s have days after the time: write the days first, and hours of other days apart, such as \"mon-thu 09:00-18:00\" \"fri 09:00-16:00\"", quote(text))
		}
		set, err := parseDays(word)
		if err != nil {
			return 0, nil, fmt.Errorf("hours %s: %w", quote(text), err)
		}
		days |= set
	}
	if len(spans) == 0 {
		return 0, nil, fmt.Errorf("hours %s have no time: %s", quote(text), hoursForm)
	}
	if days == 0 {
		days = everyDay
	}
	return days, spans, nil
}

// parseDays parses a day, a range of days or a word for several, in lower case,
// into bits. Bit 0 is Sunday.
func parseDays(word string) (uint8, error) {
	switch word {
	case "daily", "everyday", "all":
		return everyDay, nil
	case "weekdays", "weekday":
		return 0b0111110, nil
	case "weekends", "weekend":
		return 0b1000001, nil
	}
	from, to, ranged := strings.Cut(word, "-")
	first, err := ParseWeekday(from)
	if err != nil {
		return 0, err
	}
	last := first
	if ranged {
		if last, err = ParseWeekday(to); err != nil {
			return 0, err
		}
	}
	var set uint8
	for d := first; ; d = (d + 1) % 7 {
		set |= 1 << d
		if d == last {
			return set, nil
		}
	}
}

func parseSpan(text string) (span, error) {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		return span{}, fmt.Errorf("%s is one time: write %s to start then, or %s to stop then", quote(text), quote(text+"-"), quote("-"+text))
	}
	s := span{-1, -1}
	var err error
	if from != "" {
		if s.from, err = parseClock(from); err != nil {
			return span{}, err
		}
		if s.from == 1440 {
			return span{}, errors.New("24:00 is the end of a day: write 00:00 of the next day")
		}
	}
	if to != "" {
		if s.to, err = parseClock(to); err != nil {
			return span{}, err
		}
	}
	if from != "" && s.from == s.to {
		return span{}, fmt.Errorf("%s starts and stops at the same time: write 00:00-24:00 for whole days", quote(text))
	}
	return s, nil
}

// parseClock reads "09:00", "9:00" or "9" into minutes of the day.
func parseClock(text string) (int, error) {
	h, m, exact := strings.Cut(text, ":")
	hour, ok := number(h)
	minute := 0
	if exact {
		var fine bool
		minute, fine = number(m)
		ok = ok && fine && len(m) == 2
	}
	if !ok || len(h) > 2 || hour > 24 || minute > 59 || hour == 24 && minute > 0 {
		return 0, fmt.Errorf("%s is not a time of day: write 00:00 to 24:00", quote(text))
	}
	return hour*60 + minute, nil
}

const weekMinutes = 7 * 1440

// week collects hours minute by minute, from Sunday 00:00.
type week struct {
	on          [weekMinutes]bool // between a start and its stop
	start, stop [weekMinutes]bool // asked for without the other end
	from, to    [weekMinutes]bool // ends asked for, to see which were joined
	joined      bool
}

// add adds a span to each of the days and returns notes.
func (w *week) add(days uint8, s span) (notes []string) {
	overnight := s.from >= 0 && s.to >= 0 && s.to < s.from
	for _, day := range bitsOf(uint64(days)) {
		base := day * 1440
		switch {
		case s.to < 0:
			w.start[base+s.from] = true
			continue
		case s.from < 0:
			w.stop[(base+s.to)%weekMinutes] = true
			continue
		}
		length := s.to - s.from
		if overnight {
			length += 1440
		}
		for i := range length {
			w.on[(base+s.from+i)%weekMinutes] = true
		}
		w.from[base+s.from], w.to[(base+s.from+length)%weekMinutes] = true, true
	}
	switch next := days<<1&everyDay | days>>6; {
	case overnight && days == next:
		notes = append(notes, fmt.Sprintf("%s-%s stops the next day, at %s", clockText(s.from), clockText(s.to), clockText(s.to)))
	case overnight:
		notes = append(notes, fmt.Sprintf("%s-%s on %s stops the next day, at %s on %s",
			clockText(s.from), clockText(s.to), shortDays(days), clockText(s.to), shortDays(next)))
	}
	return notes
}

// edges are the minutes of the week at which to start and to stop.
func (w *week) edges() (starts, stops []int, err error) {
	always := true
	for m := range weekMinutes {
		before := w.on[(m+weekMinutes-1)%weekMinutes]
		opens, closes := w.on[m] && !before, !w.on[m] && before
		always = always && w.on[m]
		w.joined = w.joined || w.from[m] && !opens || w.to[m] && !closes
		opens, closes = opens || w.start[m], closes || w.stop[m]
		if opens && closes {
			return nil, nil, fmt.Errorf("these hours start and stop at the same time, %s at %s: leave one of them out",
				dayNames[m/1440], clockText(m%1440))
		}
		if opens {
			starts = append(starts, m)
		}
		if closes {
			stops = append(stops, m)
		}
	}
	if always {
		return nil, nil, errors.New("these hours cover the whole week, so nothing would ever start or stop: write 00:00- to start every day")
	}
	return starts, stops, nil
}

// box is what one cron entry can say: its times of day on each of its days.
type box struct {
	clock
	days uint8
}

// cover groups minutes of the week into few boxes, sorted from Monday on. It
// merges those that agree in two of minute, hour and day, in every order of the
// three, and takes the shortest result.
func cover(points []int) []box {
	var best []box
	for i, order := range [...][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		boxes := make([]box, 0, len(points))
		for _, p := range points {
			boxes = append(boxes, box{clock{1 << (p % 60), 1 << (p % 1440 / 60)}, 1 << (p / 1440)})
		}
		for _, side := range order {
			boxes = mergeSide(boxes, side)
		}
		if i == 0 || len(boxes) < len(best) {
			best = boxes
		}
	}
	order.By(best, func(a, b box) int { return a.first() - b.first() })
	return best
}

// mergeSide joins boxes that differ only in days (0), hours (1) or minutes (2).
func mergeSide(boxes []box, side int) []box {
	var merged []box
	for _, b := range boxes {
		i := slices.IndexFunc(merged, func(m box) bool {
			switch side {
			case 0:
				return m.clock == b.clock
			case 1:
				return m.minutes == b.minutes && m.days == b.days
			default:
				return m.hours == b.hours && m.days == b.days
			}
		})
		if i < 0 {
			merged = append(merged, b)
			continue
		}
		merged[i].days |= b.days
		merged[i].hours |= b.hours
		merged[i].minutes |= b.minutes
	}
	return merged
}

// first is the earliest minute of b in a week that starts on Monday.
func (b box) first() int {
	for day := range 7 {
		if b.days>>((day+1)%7)&1 == 1 {
			m, _ := b.timeOfDay(0)
			return day*1440 + m
		}
	}
	return weekMinutes
}

func (b box) entry(action Action, zone string) Entry {
	days := "*"
	if b.days != everyDay {
		days = cronList(uint64(b.days))
	}
	c := Cron{
		text:   cronList(b.minutes) + " " + cronList(uint64(b.hours)) + " * * " + days,
		clock:  b.clock,
		days:   everyDate,
		months: everyMonth,
		week:   b.days,
	}
	return Entry{Action: action, Enabled: true, Cron: &c, Zone: zone}
}

// cronList writes a set as a cron field; three or more in a row become a range.
func cronList(set uint64) string {
	return strings.Join(ranges(bitsOf(set), strconv.Itoa, "-"), ",")
}

func boxWords(boxes []box) string {
	if len(boxes) == 0 {
		return "none"
	}
	var words []string
	for _, b := range boxes {
		words = append(words, shortDays(b.days)+" "+timeWords(b.clock))
	}
	return strings.Join(words, ", ")
}

// shortDays writes days as ParseHours reads them: "mon-thu,sat", "daily".
func shortDays(days uint8) string {
	if days == everyDay {
		return "daily"
	}
	short := func(n int) string { return strings.ToLower(dayNames[(n+1)%7][:3]) }
	return strings.Join(ranges(fromMonday(days), short, "-"), ",")
}

func clockText(minute int) string {
	return fmt.Sprintf("%02d:%02d", minute/60, minute%60)
}
