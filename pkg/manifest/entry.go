package manifest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/lookalike"
	"github.com/computetarget/computetarget/pkg/nearest"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// block is a mapping of the service with all its known keys.
type block struct {
	what   string
	fields []field
	// open blocks may gain keys; an unknown key of any other block is an error.
	open bool
	// elsewhere says where misplaced keys belong.
	elsewhere map[string]string
}

type field struct {
	name  string
	kind  kind
	block *block
	words []string // the allowed values, in the service's spelling; nil for any
}

type kind int

const (
	text kind = iota
	number
	numbers
	texts
	nested
	anything
)

var (
	actions  = []string{"Start", "Stop"}
	statuses = []string{"Enabled", "Disabled"}
	triggers = []string{"Cron", "Recurrence"}
)

func timesBlock() *block {
	return &block{what: "the schedule of a recurrence", fields: []field{
		{name: "hours", kind: numbers}, {name: "minutes", kind: numbers}, {name: "weekDays", kind: texts}, {name: "monthDays", kind: numbers},
	}, elsewhere: map[string]string{"days": "weekDays", "at": "hours and minutes", "times": "hours and minutes"}}
}

func zoneWords() map[string]string {
	return map[string]string{"tz": "timeZone", "zone": "timeZone", "from": "startTime", "cron": "expression", "days": "schedule: {weekDays: […]}",
		"weekdays": "schedule: {weekDays: […]}", "hours": "schedule: {hours: […]}", "minutes": "schedule: {minutes: […]}", "every": "interval"}
}

// entryBlock is one schedule as the service writes it.
var entryBlock = sync.OnceValue(func() *block {
	return &block{what: "a schedule", open: true, fields: []field{
		{name: "id"}, {name: "provisioningStatus"}, {name: "status", words: statuses}, {name: "action", words: actions},
		{name: "triggerType", words: triggers}, {name: "schedule", kind: anything},
		{name: "cron", kind: nested, block: &block{what: "cron", open: true, elsewhere: zoneWords(), fields: []field{
			{name: "expression"}, {name: "startTime"}, {name: "timeZone"},
		}}},
		{name: "recurrence", kind: nested, block: &block{what: "recurrence", open: true, elsewhere: zoneWords(), fields: []field{
			{name: "frequency"}, {name: "interval", kind: number}, {name: "startTime"}, {name: "timeZone"}, {name: "schedule", kind: nested, block: timesBlock()},
		}}},
	}, elsewhere: map[string]string{
		"enabled": "status: Enabled or Disabled", "disabled": "status: Enabled or Disabled", "state": "status: Enabled or Disabled", "active": "status: Enabled or Disabled",
		"type": "triggerType", "expression": "cron: {expression: …}", "timezone": "timeZone, inside cron or recurrence", "tz": "timeZone, inside cron or recurrence",
		"starttime": "startTime, inside cron or recurrence", "start": "action: Start", "stop": "action: Stop",
		"frequency": "recurrence: {frequency: …}", "interval": "recurrence: {interval: …}",
		"hours": "hours beside the schedules, not inside one", "weekdays": "recurrence: {schedule: {weekDays: […]}}", "days": "recurrence: {schedule: {weekDays: […]}}",
	}}
})

// v2Block is one schedule as az's ml extension writes it.
var v2Block = sync.OnceValue(func() *block {
	return &block{what: "a schedule", fields: []field{
		{name: "action", words: actions}, {name: "state", words: statuses}, {name: "schedule_id"}, {name: "provisioning_state"},
		{name: "trigger", kind: nested, block: &block{what: "trigger", elsewhere: zoneWords(), fields: []field{
			{name: "type", words: triggers}, {name: "expression"}, {name: "start_time"}, {name: "time_zone"},
			{name: "frequency"}, {name: "interval", kind: number}, {name: "schedule", kind: nested, block: timesBlock()},
		}}},
	}, elsewhere: map[string]string{"status": "state: enabled or disabled", "enabled": "state: enabled or disabled", "cron": "trigger: {type: cron, expression: …}", "recurrence": "trigger: {type: recurrence, …}"}}
})

// read copies a mapping under the service's key names. strange are the unknown
// keys.
func (b *block) read(n *node) (out map[string]any, strange []string, err error) {
	if n.mapping == nil {
		return nil, nil, n.errorf("%s is %s, not a block of keys", b.what, n.kind())
	}
	if err := n.mapping.once(b.names()...); err != nil {
		return nil, nil, err
	}
	out = map[string]any{}
	for _, p := range n.mapping.pairs {
		at := slices.IndexFunc(b.fields, func(f field) bool { return fold(f.name) == fold(p.key) })
		if at < 0 {
			if err := b.unknown(p); err != nil {
				return nil, nil, err
			}
			out[p.key], strange = p.value.plain(), append(strange, p.key)
			continue
		}
		f := b.fields[at]
		v, more, err := f.read(p)
		if err != nil {
			return nil, nil, err
		}
		out[f.name], strange = v, append(strange, more...)
	}
	return out, strange, nil
}

func (b *block) names() []string {
	names := make([]string, len(b.fields))
	for i, f := range b.fields {
		names[i] = f.name
	}
	return names
}

// unknown is the error for an invalid key, nil for one that a newer service may
// have.
func (b *block) unknown(p pair) error {
	names := b.names()
	said := fmt.Sprintf("%s has the key %s", b.what, show(p.key))
	if where := b.elsewhere[fold(p.key)]; where != "" {
		return p.errorf("%s; write %s", said, where)
	}
	if r, odd := lookalike.First(p.key); odd {
		return p.errorf("%s, which contains %s", said, lookalike.Describe(r))
	}
	if near := similar(p.key, names); near != "" {
		return p.errorf("%s; did you mean %s?", said, near)
	}
	if b.open {
		return nil
	}
	return p.errorf("%s, which is unknown; the keys are %s", said, strings.Join(names, ", "))
}

// similar is the name closest to a key, or "".
func similar(key string, names []string) string {
	folded := make([]string, len(names))
	for i, name := range names {
		folded[i] = fold(name)
		short, long := min(len(folded[i]), len(fold(key))), max(len(folded[i]), len(fold(key)))
		if short >= 4 && long-short <= 4 && (strings.HasPrefix(folded[i], fold(key)) || strings.HasPrefix(fold(key), folded[i])) {
			return name
		}
	}
	if at := slices.Index(folded, nearest.Word(fold(key), folded)); at >= 0 {
		return names[at]
	}
	return ""
}

func (f field) read(p pair) (v any, strange []string, err error) {
	n := p.value
	if n.null() {
		return nil, nil, nil // as the service writes absent values
	}
	switch f.kind {
	case anything:
		return n.plain(), nil, nil
	case nested:
		return f.block.read(n)
	case number:
		v, err = n.number(p.key)
	case numbers, texts:
		if n.list == nil {
			return nil, nil, n.errorf("%s is %s, not a list such as %s", p.key, n.kind(), map[kind]string{numbers: "[9]", texts: "[Monday]"}[f.kind])
		}
		list := make([]any, len(n.list))
		for i, item := range n.list {
			if f.kind == numbers {
				list[i], err = item.number(p.key)
			} else {
				list[i], err = item.word(p.key, nil)
			}
			if err != nil {
				return nil, nil, err
			}
		}
		return list, nil, nil
	case text:
		v, err = n.word(p.key, f.words)
	}
	return v, nil, err
}

// number reads a whole number, even in quotes.
func (n *node) number(key string) (int, error) {
	written := fmt.Sprint(n.scalar)
	if n.mapping == nil && n.list == nil {
		if i, err := strconv.Atoi(written); err == nil {
			return i, nil
		}
	}
	return 0, n.errorf("%s is %s, not a whole number", key, n.kind())
}

// word reads a text; it must be one of words, if any.
func (n *node) word(key string, words []string) (string, error) {
	s, ok := n.text()
	if !ok {
		hint := "; write it in quotes"
		if len(words) > 0 {
			hint = "; write " + strings.Join(words, " or ")
		}
		return "", n.errorf("%s is %s, not text%s", key, n.kind(), hint)
	}
	if isExpression(s) {
		return "", n.errorf("%s is the expression %s, which is not evaluated here; write its value", key, show(s))
	}
	for _, w := range words {
		if strings.EqualFold(w, s) {
			return w, nil
		}
	}
	if near := nearest.Word(s, words); near != "" {
		return "", n.errorf("%s is %s; did you mean %s?", key, show(s), near)
	}
	return s, nil
}

// plain is n as encoding/json writes it.
func (n *node) plain() any {
	switch {
	case n.mapping != nil:
		m := map[string]any{}
		for _, p := range n.mapping.pairs {
			m[p.key] = p.value.plain()
		}
		return m
	case n.list != nil:
		list := make([]any, len(n.list))
		for i, item := range n.list {
			list[i] = item.plain()
		}
		return list
	}
	return n.scalar
}

// entry reads one schedule in the service's spelling or in v2's.
func entry(n *node) (map[string]any, []string, error) {
	if n.find("trigger") == nil && n.find("schedule_id") == nil {
		return entryBlock().read(n)
	}
	v2, _, err := v2Block().read(n)
	if err != nil {
		return nil, nil, err
	}
	trigger, _ := v2["trigger"].(map[string]any)
	if trigger == nil {
		return nil, nil, n.errorf("a schedule without a trigger never fires")
	}
	out := map[string]any{"action": v2["action"], "status": v2["state"], "id": v2["schedule_id"], "provisioningStatus": v2["provisioning_state"],
		"triggerType": trigger["type"]}
	when := map[string]any{"startTime": trigger["start_time"], "timeZone": trigger["time_zone"]}
	switch trigger["type"] {
	case "Cron":
		when["expression"] = trigger["expression"]
		out["cron"] = when
	case "Recurrence":
		when["frequency"], when["interval"], when["schedule"] = trigger["frequency"], trigger["interval"], trigger["schedule"]
		out["recurrence"] = when
	default:
		return nil, nil, n.errorf("the type of a trigger is cron or recurrence")
	}
	return out, nil, nil
}

// schedules reads a list of schedules. One with an id is the service's own and
// stays unchanged. Any other was written by hand: it is validated, and sent in
// the service's spelling.
func (r reader) schedules(list *node) (Wanted, error) {
	w := Wanted{Schedules: []compute.Schedule{}}
	for i, n := range list.list {
		one, strange, err := entry(n)
		if err != nil {
			return Wanted{}, err
		}
		raw, err := json.Marshal([]any{one})
		if err != nil {
			return Wanted{}, n.errorf("schedule %d: %w", i+1, err)
		}
		read, err := compute.ReadSchedules(raw)
		if err != nil || len(read) != 1 {
			return Wanted{}, n.errorf("schedule %d: %w", i+1, err)
		}
		s := read[0]
		if s.Entry.Zone == "" && s.Entry.ID == "" {
			s.Entry.Zone = r.named
		}
		if err := makesSense(s, one); err != nil {
			return Wanted{}, n.errorf("schedule %d: %w", i+1, err)
		}
		if s.Entry.ID == "" {
			w.Notes = append(w.Notes, s.Entry.Warnings()...)
		}
		for _, key := range strange {
			w.Notes = append(w.Notes, fmt.Sprintf("schedule %d has the unknown key %s: it is sent unchanged", i+1, show(key)))
		}
		if zone, err := schedule.Resolve(s.Entry.Zone); err == nil && s.Err == nil && s.Entry.Zone != "" {
			s.Entry.Zone = zone.Windows // the service requires Windows names
		}
		w.Schedules = append(w.Schedules, s)
	}
	return w, fits(list, w.Schedules)
}

// makesSense validates a schedule written by hand, and checks that one from the
// service is a schedule.
func makesSense(s compute.Schedule, one map[string]any) error {
	if s.Entry.ID != "" {
		if one["action"] == nil {
			return fmt.Errorf("it has an id but no action, so it is not a schedule")
		}
		return nil
	}
	if s.Err != nil {
		return s.Err
	}
	if status, _ := one["status"].(string); status != "" && !slices.Contains(statuses, status) {
		return fmt.Errorf("status is %s; write Enabled or Disabled", show(status))
	}
	switch kind, _ := one["triggerType"].(string); {
	case one["cron"] != nil && one["recurrence"] != nil && kind != "Cron" && kind != "Recurrence":
		return fmt.Errorf("it has both cron and recurrence: keep one, or choose with triggerType")
	case kind == "Cron" && one["cron"] == nil, kind == "Recurrence" && one["recurrence"] == nil:
		return fmt.Errorf("triggerType is %s, but %s is missing", kind, strings.ToLower(kind))
	case kind != "" && kind != "Cron" && kind != "Recurrence":
		return fmt.Errorf("triggerType is %s; write Cron or Recurrence", show(kind))
	}
	return s.Entry.Validate()
}

// fits refuses more schedules than an instance can have.
func fits(at *node, list []compute.Schedule) error {
	if len(list) > schedule.Max {
		return at.errorf("these are %d schedules, and an instance can have %d", len(list), schedule.Max)
	}
	return nil
}
