package schedule

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Explain describes when c fires, for example "at 18:00 from Monday to Friday".
func (c Cron) Explain() string {
	if c.months == 0 {
		return "never"
	}
	text := "at " + timeWords(c.clock)
	anyDay, anyWeekday := c.days == everyDate, c.week == everyDay
	switch {
	case anyDay && anyWeekday:
		text += " every day"
	case anyDay:
		text += " " + weekPhrase(c.week)
	case anyWeekday:
		text += " on day " + numberWords(bitsOf(uint64(c.days)))
	default:
		text += " on day " + numberWords(bitsOf(uint64(c.days))) + ", only when it is " + join(namesOf(uint64(c.week), 0), "or")
	}
	if c.months != everyMonth {
		text += " in " + join(namesOf(uint64(c.months), 1), "and")
	}
	return text
}

// Explain describes e, for example "Stop at 18:00 from Monday to Friday, W.
// Europe Standard Time, from 2027-01-04T00:00:00".
func (e Entry) Explain() string {
	var when string
	switch {
	case e.Cron != nil:
		when = e.Cron.Explain()
	case e.Recurrence != nil:
		when = e.Recurrence.Explain(e.Start)
	default:
		when = "never"
	}
	text := clean(string(e.Action)) + " " + when + ", " + clean(zoneOrUTC(e.Zone))
	// With an interval above 1, the recurrence names the start.
	if !e.Start.IsZero() && (e.Recurrence == nil || e.Recurrence.Interval == 1) {
		text += ", from " + e.Start.String()
	}
	if !e.End.IsZero() {
		text += ", until " + e.End.String()
	}
	if !e.Enabled {
		text += " (disabled)"
	}
	return text
}

// timeWords lists the times of day of c, or describes them if there are many.
func timeWords(c clock) string {
	hours, minutes := bitsOf(uint64(c.hours)), bitsOf(c.minutes)
	if len(hours)*len(minutes) <= 6 {
		var times []string
		for _, h := range hours {
			for _, m := range minutes {
				times = append(times, fmt.Sprintf("%02d:%02d", h, m))
			}
		}
		return join(times, "and")
	}
	minute := "minute " + numberWords(minutes)
	if len(minutes) == 60 {
		minute = "every minute"
	}
	if len(hours) == 24 {
		return minute + " of every hour"
	}
	return minute + " of hour " + numberWords(hours)
}

// weekPhrase is weekWords with a preposition.
func weekPhrase(week uint8) string {
	words := weekWords(week)
	if strings.Contains(words, " to ") && !strings.Contains(words, ",") && !strings.Contains(words, " and ") {
		return "from " + words
	}
	return "on " + words
}

// weekWords lists days of the week from Monday on; three or more in a row
// become a range.
func weekWords(week uint8) string {
	return join(ranges(fromMonday(week), func(n int) string { return dayNames[(n+1)%7] }, " to "), "and")
}

// fromMonday lists days of the week, Monday as 0.
func fromMonday(week uint8) []int { return bitsOf(uint64(week>>1 | week&1<<6)) }

// numberWords lists sorted numbers; three or more in a row become a range.
func numberWords(numbers []int) string { return join(ranges(numbers, strconv.Itoa, " to "), "and") }

// ranges writes sorted numbers; three or more in a row become a range.
func ranges(numbers []int, write func(int) string, to string) (words []string) {
	for i := 0; i < len(numbers); i++ {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		word := write(numbers[i])
		if last-i > 1 {
			word += to + write(numbers[last])
			i = last
		}
		words = append(words, word)
	}
	return words
}

// namesOf names the days (first 0) or months (first 1) in a set.
func namesOf(set uint64, first int) []string {
	names := dayNames
	if first == 1 {
		names = monthNames
	}
	var out []string
	for _, v := range bitsOf(set) {
		out = append(out, names[v-first])
	}
	return out
}

// bitsOf lists the numbers of a set, sorted.
func bitsOf(set uint64) []int {
	numbers := make([]int, 0, bits.OnesCount64(set))
	for ; set != 0; set &= set - 1 {
		numbers = append(numbers, bits.TrailingZeros64(set))
	}
	return numbers
}

// join writes a list as a sentence does.
func join(words []string, last string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
	}
}
