// Package timetable reads the files of "schedule apply" and "schedule preview
// -f": the hours or schedules of one instance or of several, as YAML or JSON.
package timetable

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Wanted are the schedules a file asks for.
type Wanted struct {
	// Name is the instance; "" when the file names none.
	Name string
	// Schedules are all it is to have, none included.
	Schedules []compute.Scheduled
	// Notes are sentences for the user, such as a stop on the next day.
	Notes []string
}

const (
	maxSize  = 1 << 20
	maxNodes = 20_000
)

// Read reads a file. zone is asked for the time zone of hours when the file
// names none.
//
// One instance, whose name the command gives:
//
//	time-zone: Europe/Berlin
//	hours: [mon-thu 09:00-18:00, fri 09:00-16:00]
//
// or its schedules as the service writes them, in a list or as
// computeStartStop; those without an id or a zone are in the time-zone of the
// file, when it names one. Several:
//
//	time-zone: Europe/Berlin
//	instances:
//	  dev:
//	    hours: mon-fri 09:00-18:00
//	  gpu:
//	    schedules: [{action: Stop, triggerType: Cron, cron: {expression: 0 19 * * *}}]
//
// or a list of objects with name and schedules, as "schedule list -o json"
// prints for several instances.
func Read(data []byte, zone func() (schedule.Zone, error)) ([]Wanted, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	r := reader{zone: zone}
	switch v := root.(type) {
	case []any:
		if len(v) > 0 && has(v[0], "name") {
			return r.list(v)
		}
		w, err := r.objects(v)
		return []Wanted{w}, err
	case map[string]any:
		if _, ok := v["instances"]; ok {
			return r.instances(v)
		}
		w, err := r.one("", v)
		return []Wanted{w}, err
	}
	return nil, errors.New("the file holds neither hours nor schedules; write hours: [mon-fri 09:00-18:00]")
}

func has(v any, key string) bool {
	m, ok := v.(map[string]any)
	_, there := m[key]
	return ok && there
}

type reader struct {
	zone  func() (schedule.Zone, error)
	named string // the time zone the file names, as the service does; "" for none
}

// instances reads {time-zone, instances: {name: …}}.
func (r reader) instances(m map[string]any) ([]Wanted, error) {
	if err := known(m, "the file", "time-zone", "instances"); err != nil {
		return nil, err
	}
	if err := r.within(m); err != nil {
		return nil, err
	}
	seen := map[string]string{} // names differ in more than case
	named, ok := m["instances"].(map[string]any)
	if !ok {
		if list, ok := m["instances"].([]any); ok {
			return r.list(list)
		}
		return nil, errors.New("instances holds names and what each is to have, such as dev: {hours: [mon-fri 09:00-18:00]}")
	}
	var out []Wanted
	for _, name := range slices.Sorted(maps.Keys(named)) {
		folded := strings.ToLower(name)
		if other, twice := seen[folded]; twice {
			return nil, fmt.Errorf("%s and %s are one instance", show(other), show(name))
		}
		seen[folded] = name
		body, ok := named[name].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: write hours: [mon-fri 09:00-18:00], or schedules: [] for none", show(name))
		}
		w, err := r.one(name, body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", show(name), err)
		}
		out = append(out, w)
	}
	return out, nil
}

// within takes over the time zone that holds for what is inside m.
func (r *reader) within(m map[string]any) error {
	given, ok := m["time-zone"]
	if !ok {
		return nil
	}
	text, ok := given.(string)
	if !ok || text == "" {
		return errors.New("time-zone is a name such as Europe/Berlin")
	}
	zone, err := schedule.Resolve(text)
	if err != nil {
		return err
	}
	r.zone, r.named = func() (schedule.Zone, error) { return zone, nil }, zone.Windows
	return nil
}

// list reads [{name, schedules}, …].
func (r reader) list(items []any) ([]Wanted, error) {
	var out []Wanted
	seen := map[string]bool{}
	for i, item := range items {
		m, ok := item.(map[string]any)
		name, isText := m["name"].(string)
		if !ok || !isText || name == "" {
			return nil, fmt.Errorf("entry %d of the list has no name", i+1)
		}
		if seen[strings.ToLower(name)] {
			return nil, fmt.Errorf("%s is in the file twice", show(name))
		}
		seen[strings.ToLower(name)] = true
		delete(m, "name")
		w, err := r.one(name, m)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", show(name), err)
		}
		out = append(out, w)
	}
	return out, nil
}

// one reads what a single instance is to have.
func (r reader) one(name string, m map[string]any) (Wanted, error) {
	w := Wanted{Name: name}
	what := "the file"
	if name != "" {
		what = "an instance"
	}
	if err := known(m, what, "time-zone", "hours", "schedules", "computeStartStop"); err != nil {
		return w, err
	}
	if err := r.within(m); err != nil {
		return w, err
	}
	given := false
	if hours, ok := m["hours"]; ok {
		given = true
		texts, err := texts(hours)
		if err != nil {
			return w, err
		}
		zone, err := r.zone()
		if err != nil {
			return w, err
		}
		compiled, err := schedule.ParseHours(texts, zone.Windows)
		if err != nil {
			return w, err
		}
		for _, e := range compiled.Entries {
			w.Schedules = append(w.Schedules, compute.Scheduled{Entry: e})
		}
		w.Notes = append(w.Notes, compiled.Notes...)
		if zone.Warning != "" {
			w.Notes = append(w.Notes, zone.Warning)
		}
	}
	for _, key := range [...]string{"schedules", "computeStartStop"} {
		value, ok := m[key]
		if !ok {
			continue
		}
		given = true
		if inner, ok := value.(map[string]any); ok && key == "schedules" {
			value = inner["computeStartStop"] // as it stands in a compute's properties
		}
		list, ok := value.([]any)
		if !ok && value != nil {
			return w, fmt.Errorf("%s is a list of schedules", key)
		}
		more, err := r.objects(list)
		if err != nil {
			return w, err
		}
		w.Schedules, w.Notes = append(w.Schedules, more.Schedules...), append(w.Notes, more.Notes...)
	}
	if !given {
		return w, errors.New("neither hours nor schedules are given; write hours: [mon-fri 09:00-18:00], or schedules: [] for none")
	}
	return w, fits(w.Schedules)
}

// fits refuses more schedules than an instance can have.
func fits(list []compute.Scheduled) error {
	if len(list) > schedule.Max {
		return fmt.Errorf("these are %d schedules, and an instance can have %d", len(list), schedule.Max)
	}
	return nil
}

// objects reads schedules as the service writes them. One with an id is the
// service's own and is taken as it is; any other was written by hand: it must
// make sense, and is sent as the service spells it.
func (r reader) objects(list []any) (Wanted, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return Wanted{}, err
	}
	if list == nil {
		text = []byte("[]")
	}
	schedules, err := compute.ReadSchedules(text)
	if err != nil {
		return Wanted{}, err
	}
	w := Wanted{Schedules: schedules}
	for i := range schedules {
		s := &schedules[i]
		if s.Entry.ID == "" {
			if s.Entry.Zone == "" {
				s.Entry.Zone = r.named
			}
			if s.Err == nil {
				s.Err = s.Entry.Validate()
			}
			if s.Err != nil {
				return Wanted{}, fmt.Errorf("schedule %d: %w", i+1, s.Err)
			}
			w.Notes = append(w.Notes, s.Entry.Warnings()...)
			if key := strange(s.Raw); key != "" {
				w.Notes = append(w.Notes, fmt.Sprintf("schedule %d has the key %s, which is not known here: it is sent as it is", i+1, key))
			}
		}
		if zone, err := schedule.Resolve(s.Entry.Zone); err == nil && s.Err == nil && s.Entry.Zone != "" {
			s.Entry.Zone = zone.Windows // the service takes Windows names
		}
	}
	return w, fits(schedules)
}

// strange is a key of a schedule that is none of the service's, in quotes, or "".
func strange(raw []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(new(compute.Schedule))
	if err == nil {
		return ""
	}
	_, key, _ := strings.Cut(err.Error(), "json: unknown field ")
	return key
}

// texts reads one text or a list of them.
func texts(v any) ([]string, error) {
	if one, ok := v.(string); ok {
		return []string{one}, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New("hours are texts such as mon-fri 09:00-18:00")
	}
	var out []string
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, errors.New("hours are texts such as mon-fri 09:00-18:00")
		}
		out = append(out, text)
	}
	return out, nil
}

// known refuses keys that mean nothing here.
func known(m map[string]any, what string, keys ...string) error {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(keys, key) {
			return fmt.Errorf("%s has the key %s, which means nothing; known are %s", what, show(key), strings.Join(keys, ", "))
		}
	}
	return nil
}

func show(text string) string { return fmt.Sprintf("%.60q", text) }

// parse reads YAML, of which JSON is a part, into maps, lists and values. Times
// stay the text they are: a clock in a file has no offset.
func parse(data []byte) (any, error) {
	if len(data) > maxSize {
		return nil, errors.New("the file is longer than a megabyte")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("the file is not YAML: %w", err)
	}
	if len(doc.Content) != 1 {
		return nil, nil
	}
	left := maxNodes
	return value(doc.Content[0], &left, 0)
}

func value(n *yaml.Node, left *int, depth int) (any, error) {
	if *left--; *left < 0 || depth > 50 {
		return nil, errors.New("the file holds more than schedules need")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return value(n.Alias, left, depth+1)
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := value(item, left, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: a key is not a word", key.Line)
			}
			if _, twice := m[key.Value]; twice {
				return nil, fmt.Errorf("line %d: the key %s is there twice", key.Line, show(key.Value))
			}
			v, err := value(n.Content[i+1], left, depth+1)
			if err != nil {
				return nil, err
			}
			m[key.Value] = v
		}
		return m, nil
	}
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool", "!!null":
		var v any
		if err := n.Decode(&v); err != nil {
			return nil, fmt.Errorf("line %d: %s cannot be read", n.Line, show(n.Value))
		}
		if f, ok := v.(float64); ok && (f != f || f-f != 0) {
			return nil, fmt.Errorf("line %d: %s is no number for a schedule", n.Line, show(n.Value))
		}
		return v, nil
	}
	return n.Value, nil
}
