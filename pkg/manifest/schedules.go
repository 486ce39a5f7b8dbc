// Package manifest reads the files of "schedule apply" and "schedule preview
// -f": the hours or schedules of one instance or of several. Besides its own
// format it reads the service's bodies, parameters files, templates, policies,
// and the YAML of az's ml extension. Anything it does not understand is an
// error; only an empty list means no schedules.
package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Wanted are the schedules of an instance according to a file.
type Wanted struct {
	// Name is the instance; "" if the file has no name.
	Name string
	// Schedules are all its schedules; empty only if the file has an empty
	// list.
	Schedules []compute.Schedule
	// Notes are sentences for the user, such as a stop on the next day.
	Notes []string
}

// ReadSchedules reads a file of hours or schedules. zone returns the time zone of hours if the file has none.
// Errors begin with their line, if there is one.
//
// One instance, named by the command:
//
//	time-zone: Europe/Berlin
//	hours: [mon-thu 09:00-18:00, fri 09:00-16:00]
//
// or its schedules as the service writes them, in a list or as
// computeStartStop; those without an id or zone use the file's time-zone, if
// any. Several:
//
//	time-zone: Europe/Berlin
//	instances:
//	  dev:
//	    hours: mon-fri 09:00-18:00
//	  gpu:
//	    schedules: [{action: Stop, triggerType: Cron, cron: {expression: 0 19 * * *}}]
//
// or a list of objects with name and schedules, as "schedule list -o json"
// prints, or several documents. foreign.go has the other formats.
func ReadSchedules(data []byte, zone func() (schedule.Zone, error)) ([]Wanted, error) {
	docs, err := parse(data)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, errors.New("the file is empty; " + hint)
	}
	var out []Wanted
	for _, doc := range docs {
		list, err := reader{zone: zone}.document(doc)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, distinct(out)
}

const hint = "write hours: [mon-fri 09:00-18:00], or schedules: [] for none"

// distinct refuses duplicate instances.
func distinct(list []Wanted) error {
	seen := map[string]string{} // names in the service are not case-sensitive
	for _, w := range list {
		other, twice := seen[strings.ToLower(w.Name)]
		switch {
		case w.Name == "" && len(list) > 1:
			return errors.New("the file has several instances, and one has no name")
		case twice && other == w.Name:
			return fmt.Errorf("%s occurs twice in the file", show(w.Name))
		case twice:
			return fmt.Errorf("%s and %s are the same instance", show(other), show(w.Name))
		}
		seen[strings.ToLower(w.Name)] = w.Name
	}
	return nil
}

type reader struct {
	zone  func() (schedule.Zone, error)
	named string // the file's time zone, as the service names it, or ""
}

// The keys of our own format, for one instance.
var ownKeys = []string{"name", "time-zone", "hours", "schedules", "computeStartStop"}

// document reads a document in any format.
func (r reader) document(n *node) ([]Wanted, error) {
	switch {
	case n.list != nil:
		return r.items(n)
	case n.mapping == nil:
		return nil, n.errorf("the file has neither hours nor schedules; %s", hint)
	case n.find("resources") != nil:
		return r.template(n)
	case isPolicy(n):
		return one(r.policy(n))
	case n.find("parameters") != nil:
		return one(r.parameters(n))
	case n.find("instances") != nil:
		return r.instances(n)
	case n.find("value") != nil:
		return r.value(n)
	case isCompute(n):
		w, is, err := r.compute(n)
		if err == nil && !is {
			err = n.errorf("this is not a compute instance; only instances have schedules")
		}
		return []Wanted{w}, err
	}
	return one(r.own("", n))
}

func one(w Wanted, err error) ([]Wanted, error) { return []Wanted{w}, err }

// items reads a list: of schedules, of instances, or of what a policy appends.
func (r reader) items(n *node) ([]Wanted, error) {
	switch {
	case len(n.list) == 0, n.list[0].find("name") == nil && n.list[0].find("properties") == nil && n.list[0].find("field") == nil:
		return one(r.schedules(n))
	case n.list[0].find("field") != nil:
		return one(r.details(n, nil))
	}
	var out []Wanted
	for i, item := range n.list {
		name, ok := item.find("name").text()
		switch {
		case item.mapping == nil || !ok || name == "":
			return nil, item.errorf("entry %d of the list has no name", i+1)
		case isCompute(item):
			w, is, err := r.compute(item)
			if err != nil {
				return nil, err
			}
			if is {
				out = append(out, w)
			}
		default:
			w, err := r.own(name, item)
			if err != nil {
				return nil, err
			}
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return nil, n.errorf("the list has no compute instance")
	}
	return out, nil
}

// instances reads {time-zone, instances: {name: …}}.
func (r reader) instances(n *node) ([]Wanted, error) {
	if err := known(n, "the file", "time-zone", "instances"); err != nil {
		return nil, err
	}
	if err := r.within(n); err != nil {
		return nil, err
	}
	inner := n.find("instances")
	if len(inner.list) > 0 {
		return r.items(inner)
	}
	if inner.mapping == nil || len(inner.mapping.pairs) == 0 {
		return nil, inner.errorf("instances needs names and their hours, such as dev: {hours: [mon-fri 09:00-18:00]}")
	}
	var out []Wanted
	for _, p := range inner.mapping.pairs {
		if p.value.mapping == nil {
			return nil, p.errorf("%s is %s; %s", show(p.key), p.value.kind(), hint)
		}
		w, err := r.own(p.key, p.value)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// within returns the time zone for everything inside n.
func (r *reader) within(n *node) error {
	given := n.find("time-zone")
	if given == nil {
		return nil
	}
	name, ok := given.text()
	if !ok || name == "" {
		return given.errorf("time-zone is a name such as Europe/Berlin")
	}
	zone, err := schedule.Resolve(name)
	if err != nil {
		return given.errorf("%w", err)
	}
	r.zone, r.named = func() (schedule.Zone, error) { return zone, nil }, zone.Windows
	return nil
}

// own reads a single instance in our own format.
func (r reader) own(name string, n *node) (Wanted, error) {
	what := "the file"
	if name != "" {
		what = show(name)
	}
	if err := known(n, what, ownKeys...); err != nil {
		return Wanted{}, err
	}
	if given := n.find("name"); given != nil && name == "" {
		text, ok := given.text()
		if !ok || text == "" {
			return Wanted{}, given.errorf("name is %s, not the name of an instance", given.kind())
		}
		name = text
	}
	w, err := r.given(n)
	w.Name = name
	return w, err
}

// given reads the hours and schedules of n.
func (r reader) given(n *node) (Wanted, error) {
	if err := r.within(n); err != nil {
		return Wanted{}, err
	}
	var w Wanted
	given := false
	for _, key := range []string{"hours", "schedules", "computeStartStop"} {
		at := n.find(key)
		if at == nil {
			continue
		}
		given = true
		read := r.set
		switch key {
		case "hours":
			read = r.hours
		case "computeStartStop":
			read = r.startStop
		}
		more, err := read(at)
		if err != nil {
			return Wanted{}, err
		}
		w.Schedules, w.Notes = append(w.Schedules, more.Schedules...), append(w.Notes, more.Notes...)
	}
	if !given {
		return w, n.errorf("neither hours nor schedules are given; %s", hint)
	}
	return w, fits(n, w.Schedules)
}

// hours reads one text or a list of them.
func (r reader) hours(n *node) (Wanted, error) {
	items := n.list
	if items == nil {
		items = []*node{n}
	}
	if len(items) == 0 {
		return Wanted{}, n.errorf("hours is an empty list; write schedules: [] for none")
	}
	var texts []string
	for _, item := range items {
		text, ok := item.text()
		if !ok {
			return Wanted{}, item.errorf("hours are text such as mon-fri 09:00-18:00, not %s", item.kind())
		}
		texts = append(texts, text)
	}
	zone, err := r.zone()
	if err != nil {
		return Wanted{}, err
	}
	compiled, err := schedule.ParseHours(texts, zone.Windows)
	if err != nil {
		return Wanted{}, n.errorf("%w", err)
	}
	w := Wanted{Notes: slices.Clone(compiled.Notes)}
	for _, e := range compiled.Entries {
		w.Schedules = append(w.Schedules, compute.Schedule{Entry: e})
	}
	if zone.Warning != "" {
		w.Notes = append(w.Notes, zone.Warning)
	}
	return w, nil
}

// set reads the value of schedules: a list, the service's object, or that object
// as a parameter.
func (r reader) set(n *node) (Wanted, error) {
	if n.list != nil {
		return r.schedules(n)
	}
	if s, ok := n.text(); ok && isExpression(s) {
		return Wanted{}, n.errorf("schedules is the expression %s, which is not evaluated here; write its value, or apply the parameters file", show(s))
	}
	if n.mapping == nil {
		return Wanted{}, n.errorf("schedules is %s, not a list of schedules; write schedules: [] for none", n.kind())
	}
	for _, key := range []string{"value", "defaultValue"} { // a parameter, as a parameters file or a template has it
		if inner := n.find(key); inner != nil {
			if err := known(n, "schedules", key, "type", "metadata"); err != nil {
				return Wanted{}, err
			}
			return r.set(inner)
		}
	}
	if err := known(n, "schedules", "computeStartStop"); err != nil {
		return Wanted{}, err
	}
	inner := n.find("computeStartStop")
	if inner == nil {
		return Wanted{}, n.errorf("schedules has no computeStartStop; write schedules: [] for none")
	}
	return r.startStop(inner)
}

func (r reader) startStop(n *node) (Wanted, error) {
	if n.list == nil {
		return Wanted{}, n.errorf("computeStartStop is %s, not a list of schedules; write [] for none", n.kind())
	}
	return r.schedules(n)
}

// known refuses unknown keys.
func known(n *node, what string, keys ...string) error {
	b := block{what: what}
	for _, key := range keys {
		b.fields = append(b.fields, field{name: key})
	}
	for _, p := range n.mapping.pairs {
		if !slices.ContainsFunc(keys, func(key string) bool { return fold(key) == fold(p.key) }) {
			return b.unknown(p)
		}
	}
	return n.mapping.once(keys...)
}
