package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/order"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Preview is an instance whose schedules are to be drawn.
type Preview struct {
	Name string
	// Compute is the instance from the service; nil if it does not exist yet.
	Compute *compute.Compute
	// Schedules are those of the picture.
	Schedules []compute.Schedule

	zone     string // names the clock of the days
	entries  []schedule.Entry
	numbers  []int // the numbers of the entries
	problems []string
	plan     schedule.Plan
}

// Previews is the result of a preview: a picture, and every firing as JSON. The
// days are those of zone, or, when that is the zero one, of the first schedule,
// and begin with today.
func Previews(list []Preview, zone schedule.Zone, now time.Time, days int, several bool) render.Result {
	r := render.Result{Names: []string{}, IDs: []string{}}
	if zone.Location == nil {
		zone = zoneOf(list, now)
	}
	data := make([]any, 0, len(list))
	for i := range list {
		v := &list[i]
		v.make(zone, now, days)
		r.Names = append(r.Names, v.Name)
		if v.Compute != nil {
			r.IDs = append(r.IDs, v.Compute.ID)
		}
		data = append(data, v.object())
		for _, problem := range v.problems {
			r.Notes = append(r.Notes, strings.TrimPrefix(v.Name+": "+problem+"; the picture leaves it out", ": "))
		}
	}
	r.Data = one(data, several)
	r.Text = strings.Join(picture(list, pictureWidth, ascii(), several), "\n") + "\n"
	r.Table = func() string { return r.Text }
	r.People = func(p *render.Page) {
		g := blocks()
		if p.Color() {
			g.paint = paint
		}
		width := p.Width()
		if width == 0 {
			width = pictureWidth
		}
		for _, line := range picture(list, width, g, several) {
			p.Draw(line)
		}
	}
	return r
}

// zoneOf is the zone of the first schedule that has a known one, else that of
// now.
func zoneOf(list []Preview, now time.Time) schedule.Zone {
	for _, v := range list {
		entries, _ := Entries(v.Schedules)
		for _, e := range entries {
			if zone, err := schedule.Resolve(e.Zone); err == nil && zone.Location != nil {
				return zone
			}
		}
	}
	name := now.Location().String()
	if now.Location() == time.Local {
		name, _ = now.Zone() // "Local" tells nobody where
	}
	return schedule.Zone{IANA: name, Location: now.Location()}
}

// make computes the plan.
func (v *Preview) make(zone schedule.Zone, now time.Time, days int) {
	v.zone = zone.IANA
	switch {
	case v.zone == "":
		v.zone = zone.Windows
	case zone.Windows != "" && zone.Windows != zone.IANA:
		v.zone += " (" + zone.Windows + ")"
	}
	v.entries, v.numbers = Entries(v.Schedules)
	for i, s := range v.Schedules {
		if s.Err != nil {
			v.problems = append(v.problems, fmt.Sprintf("schedule %d cannot be read: %v", i+1, s.Err))
		}
	}
	view := schedule.View{First: now, Days: days, Zone: zone.Location, Now: now}
	if v.Compute != nil {
		switch {
		case v.Compute.IsRunning():
			view.State = schedule.On
		case v.Compute.IsStopped():
			view.State = schedule.Off
		}
	}
	if v.plan = schedule.NewPlan(v.entries, view); len(v.problems)+len(v.plan.Problems) > 0 {
		// What is left out may start or stop it at any time.
		view.State = schedule.Unknown
		v.plan = schedule.NewPlan(v.entries, view)
	}
	for _, problem := range v.plan.Problems {
		v.problems = append(v.problems, fmt.Sprintf("schedule %d: %v", v.numbers[problem.Entry], problem.Err))
	}
}

func (v *Preview) state() string {
	if v.Compute == nil {
		return ""
	}
	return v.Compute.State()
}

// object is the preview as a JSON value.
func (v *Preview) object() any {
	firings := make([]any, 0, len(v.plan.Firings))
	for _, f := range v.plan.Firings {
		e := v.entries[f.Entry]
		o := append(firing(f.At, f.Action), query.Object{
			{Key: "schedule", Value: v.numbers[f.Entry]}, {Key: "id", Value: text(e.ID)}, {Key: "timeZone", Value: text(e.Zone)},
		}...)
		if f.Moved {
			o = append(o, query.Member{Key: "asked", Value: f.Asked.String()})
		}
		firings = append(firings, o)
	}
	var week, saved any
	if on, ok := schedule.OnPerWeek(v.entries, v.plan.From); ok {
		week, saved = hoursOf(on), hoursOf((weekLength-on)*100/168)
	}
	p := v.plan
	return query.Object{
		{Key: "firings", Value: firings}, {Key: "from", Value: p.From.Format(time.RFC3339)}, {Key: "hoursOff", Value: hoursOf(p.Off)},
		{Key: "hoursOn", Value: hoursOf(p.On)}, {Key: "hoursPerWeek", Value: week}, {Key: "hoursUnknown", Value: hoursOf(p.Unknown)},
		{Key: "name", Value: text(v.Name)}, {Key: "savedPercent", Value: saved}, {Key: "state", Value: text(v.state())},
		{Key: "timeZone", Value: v.zone}, {Key: "to", Value: p.To.Format(time.RFC3339)},
	}
}

// pictureWidth is the width of a picture that is not for a terminal.
const pictureWidth = 80

// The colours of a picture, told apart by the colour-blind too: blue and
// orange, and a grey that recedes.
const (
	colorOn    = "\x1b[38;5;32m"
	colorFaint = "\x1b[38;5;240m"
	colorMark  = "\x1b[1;38;5;214m"
	colorHead  = "\x1b[1m"
)

// glyphs are what a picture is drawn with.
type glyphs struct {
	on, off, partly, unknown, now, missing, twice, mark string
	between, cut                                        string // parts of a sentence; the end of a text that was cut
	paint                                               func(color, text string) string
}

func plain(_, text string) string { return text }

func paint(color, text string) string {
	if strings.TrimSpace(text) == "" {
		return text
	}
	return color + text + "\x1b[0m"
}

func ascii() glyphs { return glyphs{"#", ".", "+", "?", "|", "-", "=", "*", ", ", "..", plain} }

func blocks() glyphs {
	return glyphs{"█", "·", "▄", "░", "┃", "╌", "═", "*", " · ", "…", plain}
}

// fit cuts text to a width.
func (g glyphs) fit(text string, width int) string {
	return render.CutEnd(render.Clean(text), width, g.cut)
}

// of is the glyph and colour of a cell.
func (g glyphs) of(c schedule.Cell) (glyph, color string) {
	switch {
	case c.Now:
		return g.now, colorMark
	case c.Missing:
		return g.missing, colorMark
	case c.Twice:
		return g.twice, colorMark
	}
	switch {
	case c.State == schedule.On:
		return g.on, colorOn
	case c.Partly:
		return g.partly, colorOn
	case c.State == schedule.Off:
		return g.off, colorFaint
	}
	return g.unknown, colorFaint
}

// row draws cells, painting runs of one colour together.
func (g glyphs) row(cells []schedule.Cell) string {
	var line, run strings.Builder
	last := ""
	flush := func() {
		line.WriteString(g.paint(last, run.String()))
		run.Reset()
	}
	for _, c := range cells {
		glyph, color := g.of(c)
		if color != last {
			flush()
			last = color
		}
		run.WriteString(glyph)
	}
	flush()
	return line.String()
}

// picture draws the days of one instance a row each, or the weeks of several
// instances, a row each.
func picture(list []Preview, width int, g glyphs, several bool) []string {
	if width <= 0 {
		width = pictureWidth
	}
	width = max(width, 24)
	if len(list) == 1 && !several {
		return g.days(list[0], width)
	}
	return g.weeks(list, width)
}

const dayLabel = len("Mon 23 Nov ")

// days draws one instance.
func (g glyphs) days(v Preview, width int) []string {
	perHour := 2
	switch {
	case width >= dayLabel+96+1+len("23h30m  09:00-18:00"):
		perHour = 4
	case width < dayLabel+48+1+len("9h30m"):
		perHour = 1
	}
	if width < dayLabel+24 {
		perHour = 0
	}
	lines := []string{g.title(v, width), ""}
	if perHour > 0 {
		lines = append(lines, strings.Repeat(" ", dayLabel)+hourScale(perHour))
	}
	n := perHour * 24
	if n == 0 {
		n = 12
	}
	partly := false
	for _, d := range v.plan.Days {
		label := d.From.Format("Mon _2 Jan ")
		cells := d.Cells(n)
		partly = partly || slices.ContainsFunc(cells, g.showsPartly)
		if today(d, v.plan.Now) {
			label = g.paint(colorHead, label)
		}
		lines = append(lines, label+g.row(cells)+g.remark(d, width-dayLabel-n))
	}
	lines = append(append(lines, ""), g.key(g.legend(v.plan, partly), width)...)
	for _, line := range g.sums(v) {
		lines = append(lines, render.Wrap(line, width)...)
	}
	return lines
}

func today(d schedule.PlanDay, now time.Time) bool {
	return !now.IsZero() && !now.Before(d.From) && now.Before(d.To)
}

// remark is the text beside a day, as far as it fits: the hours on, clock
// changes, and from when to when.
func (g glyphs) remark(d schedule.PlanDay, room int) string {
	var on time.Duration
	var spans []string
	unknown := false
	for _, s := range d.Segments {
		switch s.State {
		case schedule.On:
			on += s.To.Sub(s.From)
			to := s.To.Format("15:04")
			if s.To.Equal(d.To) {
				to = "24:00"
			}
			spans = append(spans, s.From.Format("15:04")+"-"+to)
		case schedule.Unknown:
			unknown = true
		}
	}
	hours := clockHours(on)
	if unknown && on == 0 {
		hours = "?"
	}
	text := fmt.Sprintf(" %6s", hours)
	if len(text) > room {
		text = " " + hours
		if len(text) > room {
			return ""
		}
	}
	left := room - len(text)
	add := func(word, color string) {
		if left >= len(word)+2 {
			text += "  " + g.paint(color, word)
			left -= len(word) + 2
		}
	}
	for _, c := range d.Changes {
		sign, by := "+", c.By
		if by < 0 {
			sign, by = "-", -by
		}
		// The clock shows the old time when it changes.
		_, before := c.At.Add(-time.Second).Zone()
		add(sign+clockHours(by)+" at "+c.At.In(time.FixedZone("", before)).Format("15:04"), colorMark)
	}
	if whole := strings.Join(spans, ", "); whole != "00:00-24:00" && whole != "" {
		add(whole, "")
	}
	return text
}

// hourScale numbers every third hour above cells.
func hourScale(perHour int) string {
	var b strings.Builder
	for h := 0; h < 24; h += 3 {
		fmt.Fprintf(&b, "%-*d", 3*perHour, h)
	}
	return strings.TrimRight(b.String(), " ") + strings.Repeat(" ", 3*perHour-2) + "24"
}

// title is the line above a picture.
func (g glyphs) title(v Preview, width int) string {
	words := []string{v.zone}
	if v.state() != "" {
		words = append(words, v.state()+" now")
	}
	name := g.fit(v.Name, width/2)
	rest := g.fit(strings.Join(words, g.between), max(width-render.Columns(name)-render.Columns(g.between), 1))
	if name == "" {
		return rest
	}
	return g.paint(colorHead, name) + g.between + rest
}

// showsPartly reports whether a cell is drawn as partly on.
func (g glyphs) showsPartly(c schedule.Cell) bool {
	glyph, _ := g.of(c)
	return glyph == g.partly
}

// sign is a glyph of a picture with what it means.
type sign struct{ glyph, color, text string }

// states explains the glyphs of the states that are in a picture.
func (g glyphs) states(partly, unknown bool) []sign {
	signs := []sign{{g.on, colorOn, "on"}, {g.off, colorFaint, "off"}}
	if partly {
		signs = append(signs, sign{g.partly, colorOn, "partly on"})
	}
	if unknown {
		signs = append(signs, sign{g.unknown, colorFaint, "not known"})
	}
	return signs
}

// present explains the glyph of the present, where a plan shows it.
func (g glyphs) present(p schedule.Plan) []sign {
	if slices.ContainsFunc(p.Days, func(d schedule.PlanDay) bool { return today(d, p.Now) }) {
		return []sign{{g.now, colorMark, "now " + p.Now.In(p.Zone).Format("15:04")}}
	}
	return nil
}

// key puts the signs of a picture below it, on as few lines as they need.
func (g glyphs) key(signs []sign, width int) (lines []string) {
	used := 0
	for _, s := range signs {
		text, n := g.paint(s.color, s.glyph)+" "+s.text, render.Columns(s.glyph+" "+s.text)
		if used > 0 && used+3+n <= width {
			lines[len(lines)-1] += "   " + text
			used += 3 + n
			continue
		}
		lines, used = append(lines, text), n
	}
	return lines
}

// legend explains the glyphs that are in the picture of one instance.
func (g glyphs) legend(p schedule.Plan, partly bool) []sign {
	signs := append(g.states(partly, p.Unknown > 0), g.present(p)...)
	forward, back := false, false
	for _, d := range p.Days {
		for _, c := range d.Changes {
			forward, back = forward || c.By > 0, back || c.By < 0
		}
	}
	if forward {
		signs = append(signs, sign{g.missing, colorMark, "the clock jumps over"})
	}
	if back {
		signs = append(signs, sign{g.twice, colorMark, "comes twice"})
	}
	return signs
}

// sums adds the picture up and says what happens next.
func (g glyphs) sums(v Preview) []string {
	p := v.plan
	sum := fmt.Sprintf("%s on in %s", clockHours(p.On), count(len(p.Days), "day"))
	if on, ok := schedule.OnPerWeek(v.entries, p.From); ok {
		if len(p.Days) == 7 && on == p.On && p.Unknown == 0 {
			sum = perWeek(on)
		} else {
			sum += g.between + perWeek(on)
		}
	}
	lines := []string{sum}
	var next []schedule.Firing
	for _, action := range [...]schedule.Action{schedule.Start, schedule.Stop} {
		if f, ok := schedule.Next(v.entries, action, p.Now); ok {
			next = append(next, f)
		}
	}
	order.By(next, func(a, b schedule.Firing) int { return a.At.Compare(b.At) })
	words := make([]string, len(next))
	for i, f := range next {
		words[i] = "next " + strings.ToLower(string(f.Action)) + " " + day(f.At.In(p.Zone), p.Now.In(p.Zone))
	}
	switch {
	case len(v.Schedules) == 0:
		lines = append(lines, "no schedules: nothing starts or stops it but its users")
	case len(next) == 0 && len(v.problems) > 0:
		lines = append(lines, "what happens next is not known")
	case len(next) == 0:
		lines = append(lines, "nothing fires any more")
	default:
		lines = append(lines, strings.Join(words, ", "))
	}
	if v.Compute != nil && v.Compute.Instance != nil {
		if d, ok := v.Compute.Instance.IdleShutdown(); ok && idleRemark(v.Compute) == "" {
			lines = append(lines, "stops earlier after "+schedule.FormatIdle(d)+" without use")
		}
	}
	return lines
}

// weeks draws several instances: a row each, a week at a time.
func (g glyphs) weeks(list []Preview, width int) []string {
	name := 4
	for _, v := range list {
		name = max(name, render.Columns(render.Clean(v.Name)))
	}
	cells := 1
	for _, n := range [...]int{24, 12, 8, 6, 4, 3, 2} {
		if min(name, 11)+1+7*(n+1)+6 <= width {
			cells = n
			break
		}
	}
	name = min(name, max(width-7*(cells+1)-7, 4))
	var lines []string
	if len(list) == 0 {
		return []string{"no compute instances"}
	}
	zones := map[string]bool{}
	for _, v := range list {
		zones[v.zone] = true
	}
	first := list[0].plan
	head := first.From.Format("2 Jan") + " to " + first.To.Add(-1).Format("2 Jan 2006")
	if len(zones) == 1 {
		head += g.between + list[0].zone
	}
	lines = append(lines, g.paint(colorHead, g.fit(head, width)))
	changes, partly := false, false
	for start := 0; start < len(first.Days); start += 7 {
		end := min(start+7, len(first.Days))
		lines = append(lines, "", g.weekHead(first.Days[start:end], name, cells, &changes))
		for _, v := range list {
			var on time.Duration
			label := g.fit(v.Name, name)
			line := label + strings.Repeat(" ", name-render.Columns(label))
			for _, d := range v.plan.Days[start:end] {
				shown := d.Cells(cells)
				for i := range shown {
					shown[i].Twice = false // it is marked above, and here what is on matters
				}
				partly = partly || slices.ContainsFunc(shown, g.showsPartly)
				line += " " + g.row(shown)
				for _, s := range d.Segments {
					if s.State == schedule.On {
						on += s.To.Sub(s.From)
					}
				}
			}
			lines = append(lines, line+fmt.Sprintf(" %5s", fmt.Sprintf("%.0fh", on.Hours())))
		}
	}
	var on, off, unknown time.Duration
	for _, v := range list {
		on, off, unknown = on+v.plan.On, off+v.plan.Off, unknown+v.plan.Unknown
	}
	total := on + off + unknown
	signs := append(g.states(partly, unknown > 0), g.present(first)...)
	if changes {
		signs = append(signs, sign{g.mark, colorMark, "the clock changes"})
	}
	lines = append(append(lines, ""), g.key(signs, width)...)
	return append(lines, render.Wrap(fmt.Sprintf("on %s of %s in %s, %s saved against always on",
		clockHours(on), clockHours(total), count(len(first.Days), "day"), share(off, total)), width)...) // what is not known is not saved
}

// weekHead names the days above their cells; a day whose clock changes is
// marked.
func (g glyphs) weekHead(days []schedule.PlanDay, name, cells int, changes *bool) string {
	line := strings.Repeat(" ", name)
	for _, d := range days {
		mark := ""
		if len(d.Changes) > 0 {
			mark, *changes = g.mark, true
		}
		text := d.From.Format("Mon 2") + mark
		if len(text) > cells && cells >= 6 {
			text = d.From.Format("Mon2") + mark
		}
		if len(text) > cells {
			text = d.From.Format("2") + mark
		}
		if len(text) > cells {
			text = (mark + text)[:cells]
		}
		room := strings.Repeat(" ", cells-len(text))
		if mark != "" {
			text = strings.Replace(text, mark, g.paint(colorMark, mark), 1)
		}
		line += " " + text + room
	}
	return strings.TrimRight(line, " ")
}
