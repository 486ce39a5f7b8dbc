package schedule

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// The sets that let every day or month through.
const (
	everyDay   = 1<<7 - 1  // of the week
	everyDate  = 1<<32 - 2 // of the month
	everyMonth = 1<<13 - 2
)

// Cron is a five-field cron expression: minute, hour, day of month, month, day
// of week, as NCrontab reads it. Day of month and day of week must both match
// (NCrontab), where Unix cron would fire on either. The zero value never fires.
type Cron struct {
	text string
	clock
	days   uint32 // bit 1 is the first of the month
	months uint16 // bit 1 is January
	week   uint8  // bit 0 is Sunday
}

// ParseCron reads a five-field expression: numbers, lists (1,3), ranges (1-5),
// steps (*/15, 9-17/2, 10/5), and English names of months and week days, in any
// case, in full or as a prefix of at least three letters. Sunday is 0. Anything
// else is an error that says what to write.
//
// Source: computes REST API, definition Cron ("The expression should follow
// NCronTab format") and how-to-create-compute-instance.
func ParseCron(expression string) (Cron, error) {
	if len(expression) > 1000 {
		return Cron{}, errors.New("the cron expression is longer than 1000 characters: write five short fields such as \"0 18 * * 1-5\"")
	}
	fields := strings.Fields(expression)
	if err := checkShape(expression, fields); err != nil {
		return Cron{}, err
	}
	c := Cron{text: strings.Join(fields, " ")}
	var sets [len(cronFields)]uint64
	for i := range cronFields {
		set, err := cronFields[i].parse(fields[i])
		if err != nil {
			return Cron{}, fmt.Errorf("cron expression %s: %w", quote(c.text), err)
		}
		sets[i] = set
	}
	c.clock = clock{minutes: sets[0], hours: uint32(sets[1])}
	c.days, c.months, c.week = uint32(sets[2]), uint16(sets[3]), uint8(sets[4])
	return c, nil
}

// String returns the expression as written, with one space between fields.
func (c Cron) String() string { return c.text }

// checkShape refuses an expression without five fields, and suggests one with.
func checkShape(expression string, fields []string) error {
	if len(fields) == 0 {
		return errors.New("the cron expression is empty: write five fields such as \"0 18 * * 1-5\" (minute, hour, day of month, month, day of week)")
	}
	if strings.HasPrefix(fields[0], "@") {
		five := map[string]string{
			"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
			"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
		}[strings.ToLower(fields[0])]
		if five == "" || len(fields) > 1 {
			return fmt.Errorf("cron expression %s has no five-field form: write five fields such as \"0 18 * * 1-5\"", quote(expression))
		}
		return fmt.Errorf("the service does not take the cron word %s: write %q", quote(fields[0]), five)
	}
	if len(fields) == 6 {
		five := strings.Join(fields[1:], " ")
		if _, err := ParseCron(five); err == nil {
			return fmt.Errorf("cron expression %s has six fields, the service takes five and no seconds: write %q", quote(expression), five)
		}
	}
	if len(fields) != len(cronFields) {
		return fmt.Errorf("cron expression %s has %d fields: write five (minute, hour, day of month, month, day of week), such as \"0 18 * * 1-5\"", quote(expression), len(fields))
	}
	return nil
}

// cronField is one field's bounds and names.
type cronField struct {
	name     string
	min, max int
	names    []string // of min, min+1, …
}

var cronFields = [...]cronField{
	{name: "minute", min: 0, max: 59},
	{name: "hour", min: 0, max: 23},
	{name: "day of month", min: 1, max: 31},
	{name: "month", min: 1, max: 12, names: monthNames},
	{name: "day of week", min: 0, max: 6, names: dayNames},
}

var monthNames = []string{"January", "February", "March", "April", "May", "June", "July", "August",
	"September", "October", "November", "December"}

var dayNames = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// parse reads one field into a set of bits.
func (f *cronField) parse(text string) (uint64, error) {
	var set uint64
	for element := range strings.SplitSeq(text, ",") {
		bits, err := f.element(element)
		if err != nil {
			return 0, err
		}
		set |= bits
	}
	return set, nil
}

// element reads a number, a name, a range or a star, each with or without a step.
func (f *cronField) element(text string) (uint64, error) {
	span, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		n, ok := number(stepText)
		if !ok || n == 0 {
			return 0, fmt.Errorf("the %s field has the step %s: a step is a number from 1, as in */15", f.name, quote(stepText))
		}
		step = n
	}
	first, last := f.min, f.max
	from, to, ranged := strings.Cut(span, "-")
	switch {
	case span == "*":
	case ranged:
		var err error
		if first, err = f.value(from); err != nil {
			return 0, err
		}
		if last, err = f.value(to); err != nil {
			return 0, err
		}
		if first > last {
			return 0, fmt.Errorf("the %s field has the range %s, which runs backwards: write %s", f.name, quote(span), f.unwrap(first, last))
		}
	default:
		var err error
		if first, err = f.value(span); err != nil {
			return 0, err
		}
		// NCrontab reads 10/5 as 10-max/5, but 10/1 as 10 alone.
		if step == 1 {
			last = first
		}
	}
	var set uint64
	for v := first; v <= last; v += min(step, f.max+1) {
		set |= 1 << v
	}
	return set, nil
}

// unwrap splits a range that runs backwards into two that do not.
func (f *cronField) unwrap(first, last int) string {
	part := func(a, b int) string {
		if a == b {
			return strconv.Itoa(a)
		}
		return strconv.Itoa(a) + "-" + strconv.Itoa(b)
	}
	return part(f.min, last) + "," + part(first, f.max)
}

// value reads a number or a name.
func (f *cronField) value(text string) (int, error) {
	if n, ok := number(text); ok {
		if n >= f.min && n <= f.max {
			return n, nil
		}
		if f.max == 6 && n == 7 {
			return 0, errors.New("the day of week field has 7: Sunday is 0")
		}
		return 0, fmt.Errorf("the %s field has %s: it goes from %d to %d", f.name, quote(text), f.min, f.max)
	}
	if i, ok := nameIndex(f.names, text); ok {
		return f.min + i, nil
	}
	switch text {
	case "":
		return 0, fmt.Errorf("the %s field has an empty element: write *, a number, a list (1,3) or a range (1-5)", f.name)
	case "?":
		return 0, fmt.Errorf("the %s field has ?, which the service does not take: write *", f.name)
	}
	return 0, fmt.Errorf("the %s field has %s: write *, a number from %d to %d, a list (1,3) or a range (1-5)", f.name, quote(text), f.min, f.max)
}

// nameIndex finds a name by its first three letters or more, in any case: "thu",
// "Thurs", "THURSDAY". NCrontab also accepts fewer letters and takes the first
// name that fits; that is too easy to misread.
func nameIndex(names []string, text string) (int, bool) {
	for i, name := range names {
		if len(text) >= 3 && len(text) <= len(name) && strings.EqualFold(text, name[:len(text)]) {
			return i, true
		}
	}
	return 0, false
}

// number reads up to four plain digits.
func number(text string) (int, bool) {
	if text == "" || len(text) > 4 {
		return 0, false
	}
	n := 0
	for _, r := range []byte(text) {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, true
}

func (c Cron) rule() rule { return cronRule{c} }

type cronRule struct{ Cron }

// at tries month by month and day by day. The calendar repeats after 400 years,
// so a time that has not come by then never does.
func (r cronRule) at(from int64) (int64, bool) {
	if r.minutes == 0 || r.hours == 0 {
		return 0, false
	}
	start := time.Unix(from+59, 0).UTC().Truncate(time.Minute)
	year, month, day := start.Date()
	low := start.Hour()*60 + start.Minute()
	for range 400*12 + 2 {
		if r.months>>month&1 == 1 {
			first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
			weekday := int(first.Weekday())
			candidates := r.days & (1<<(daysIn(year, month)+1) - 1) >> day << day
			for ; candidates != 0; candidates &= candidates - 1 {
				d := bits.TrailingZeros32(candidates)
				if r.week>>((weekday+d-1)%7)&1 == 0 {
					continue
				}
				minute := 0
				if d == day {
					minute = low
				}
				if m, ok := r.timeOfDay(minute); ok {
					return first.Unix() + int64(d-1)*86400 + int64(m)*60, true
				}
			}
		}
		day, low = 1, 0
		if month++; month > 12 {
			year, month = year+1, 1
		}
	}
	return 0, false
}

// clock is a set of times of day: each of the hours with each of the minutes.
type clock struct {
	minutes uint64
	hours   uint32
}

// timeOfDay returns the first minute of the day in the set, from low on.
func (c clock) timeOfDay(low int) (int, bool) {
	hour := low / 60
	if hour > 23 {
		return 0, false
	}
	if c.hours>>hour&1 == 1 {
		if rest := c.minutes >> (low % 60) << (low % 60); rest != 0 {
			return hour*60 + bits.TrailingZeros64(rest), true
		}
	}
	rest := c.hours >> (hour + 1) << (hour + 1)
	if rest == 0 || c.minutes == 0 {
		return 0, false
	}
	return bits.TrailingZeros32(rest)*60 + bits.TrailingZeros64(c.minutes), true
}

// daysIn is the number of days of a month.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
