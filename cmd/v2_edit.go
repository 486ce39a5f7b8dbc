package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
)

// v2Edit is one value of az's --set, --add or --remove.
type v2Edit struct{ how, text string }

// edits are the values of the three flags, in the order of the command line.
type edits struct {
	list  []v2Edit
	force *bool // --force-string: values stay text
}

// editFlags adds az's generic flags of update. They change the object that show
// prints.
func editFlags(f *pflag.FlagSet) *edits {
	e := &edits{}
	for _, flag := range []struct{ name, usage string }{
		{"set", "`KEY=VALUE` to set in the object that show prints, such as max_instances=4"},
		{"add", "`LIST` and KEY=VALUE pairs of an object to add to it"},
		{"remove", "`KEY` to remove, or a list and an index"},
	} {
		f.Var(&editValue{flag.name, e}, flag.name, flag.usage)
		markV1(f, flag.name)
		severalValues(f, flag.name)
	}
	e.force = f.Bool("force-string", false, "keep the values of --set and --add text")
	markV1(f, "force-string")
	return e
}

// editValue collects the values of one of the flags.
type editValue struct {
	how string
	to  *edits
}

func (v *editValue) String() string { return "" }
func (v *editValue) Type() string   { return "stringArray" }
func (v *editValue) Set(text string) error {
	v.to.list = append(v.to.list, v2Edit{v.how, text})
	return nil
}

// absent takes the place of what is removed.
type absent struct{}

// apply changes an object as az does. What --set names is created.
func (e *edits) apply(object map[string]any) error {
	for i := 0; i < len(e.list); i++ {
		path, value, assigned := strings.Cut(e.list[i].text, "=")
		how := e.list[i].how
		var change func(any) (any, error)
		switch how {
		case "set":
			change = func(any) (any, error) { return e.value(value), nil }
		case "add":
			if assigned {
				return exit.Usagef("--add: name the list first, then what to add: --add LIST %s", e.list[i].text)
			}
			var added any
			for ; i+1 < len(e.list) && e.list[i+1].how == how; i++ {
				key, v, pair := strings.Cut(e.list[i+1].text, "=")
				if !pair && added != nil {
					break // the next list
				}
				if !pair {
					added = key
					i++
					break
				}
				if added == nil {
					added = map[string]any{}
				}
				added.(map[string]any)[key] = e.value(v) //nolint:forcetypeassert,errorlint // made above
			}
			if added == nil {
				return exit.Usagef("--add %s: nothing is given to add", path)
			}
			change = func(old any) (any, error) {
				list, ok := old.([]any)
				if !ok && old != nil {
					return nil, exit.Usagef("--add: %s is not a list", path)
				}
				return append(list, added), nil
			}
		default:
			path = e.list[i].text
			if i+1 < len(e.list) && e.list[i+1].how == how {
				if _, err := strconv.Atoi(e.list[i+1].text); err == nil {
					i++
					path += "[" + e.list[i].text + "]"
				}
			}
			change = func(old any) (any, error) {
				if old == nil {
					return nil, exit.Usagef("--remove: there is no %s", path)
				}
				return absent{}, nil
			}
		}
		steps := strings.FieldsFunc(strings.ReplaceAll(path, "[", ".["), func(r rune) bool { return r == '.' })
		if len(steps) == 0 {
			return exit.Usagef("--%s: a key is missing", how)
		}
		if _, err := alter(object, steps, change); err != nil {
			return err
		}
	}
	return nil
}

// value is what az reads a value as: JSON where it is JSON, else text.
func (e *edits) value(text string) any {
	var v any
	if *e.force || json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return v
}

// alter changes what is below a path of keys, [index] and [key=value].
func alter(node any, path []string, change func(any) (any, error)) (any, error) {
	if len(path) == 0 {
		return change(node)
	}
	if selector, ok := strings.CutPrefix(path[0], "["); ok {
		list, _ := node.([]any)
		i := chosenItem(list, strings.TrimSuffix(selector, "]"))
		if i < 0 {
			return nil, exit.Usagef("there is no element %s", path[0])
		}
		next, err := alter(list[i], path[1:], change)
		if _, drop := next.(absent); drop {
			return slices.Delete(list, i, i+1), err
		}
		list[i] = next
		return list, err
	}
	keys, ok := node.(map[string]any)
	switch {
	case node == nil:
		keys = map[string]any{}
	case !ok:
		return nil, exit.Usagef("%s is below what has no keys", path[0])
	}
	next, err := alter(keys[path[0]], path[1:], change)
	if err != nil {
		return nil, err
	}
	if _, drop := next.(absent); drop {
		delete(keys, path[0])
	} else {
		keys[path[0]] = next
	}
	return keys, nil
}

// chosenItem is the index of the element that a selector means, -1 for none. Negative
// numbers count from the end, as in Python.
func chosenItem(list []any, selector string) int {
	if key, value, ok := strings.Cut(selector, "="); ok {
		return slices.IndexFunc(list, func(e any) bool {
			m, _ := e.(map[string]any)
			return m[key] == value
		})
	}
	i, err := strconv.Atoi(selector)
	if err == nil && i < 0 {
		i += len(list)
	}
	if err != nil || i < 0 || i >= len(list) {
		return -1
	}
	return i
}

// modification is what the edits ask for: of what they change, the scale settings,
// tags and identities can be.
func (e *edits) modification(have *compute.Compute) (m compute.Modification, err error) {
	if len(e.list) == 0 {
		return m, nil
	}
	before, err := shownObject(have)
	if err != nil {
		return m, err
	}
	after, err := shownObject(have)
	if err != nil {
		return m, err
	}
	if err := e.apply(after); err != nil {
		return m, err
	}
	changed := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(merged(before, after))) {
		if reflect.DeepEqual(before[key], after[key]) {
			continue
		}
		changed[key] = true
		tip := ""
		switch key {
		case "tags", "identity", "min_instances", "max_instances", "idle_time_before_scale_down":
			continue
		case "id", "name", "type", "created_on", "provisioning_state", "provisioning_errors", "resourceGroup", "state", "last_operation", "services", "os_image_metadata":
			after[key] = before[key] // what only the service sets is left out, as in v2
			continue
		case "size":
			tip = "computetarget resize " + have.Name + " -s SIZE"
		case "schedules":
			tip = "computetarget schedule set " + have.Name + " changes the hours"
		case "idle_time_before_shutdown", "idle_time_before_shutdown_minutes":
			tip = "computetarget idle " + have.Name + " 30m"
			if minutes, err := strconv.Atoi(fmt.Sprint(after[key])); err == nil && key == "idle_time_before_shutdown_minutes" {
				tip = fmt.Sprintf("computetarget idle %s %dm", have.Name, minutes)
			}
		}
		if _, known := before[key]; known || tip != "" {
			return m, &exit.Error{Exit: exit.Usage, Text: key + " of " + have.Name + " cannot be changed by an update; nothing was sent", Tip: tip}
		}
	}
	text, err := json.Marshal(after)
	if err != nil {
		return m, err
	}
	read, err := manifest.Read(text, manifest.Options{Alone: true})
	if err != nil {
		return m, exit.Usagef("%s", strings.ReplaceAll(err.Error(), "line 1: ", ""))
	}
	spec := read.Documents[0].Spec
	if changed["tags"] {
		if m.Tags = spec.Tags; m.Tags == nil {
			m.Tags = map[string]string{}
		}
	}
	if changed["identity"] {
		if m.Identity = spec.Identity; m.Identity == nil {
			m.Identity = &compute.IdentitySpec{}
		}
	}
	if c := spec.Cluster; c != nil && have.Cluster != nil && (changed["min_instances"] || changed["max_instances"] || changed["idle_time_before_scale_down"]) {
		m.Scale = &compute.ScaleSettings{MinNodes: c.MinNodes, MaxNodes: c.MaxNodes}
		if after["max_instances"] == nil { // removed: v2's default
			m.Scale.MaxNodes = max(1, c.MinNodes)
		}
		if have.Cluster.Scale != nil {
			m.Scale.IdleTime = have.Cluster.Scale.IdleTime
		}
		if c.IdleScaleDown > 0 {
			m.Scale.SetIdle(c.IdleScaleDown)
		}
	}
	return m, nil
}

// merged has the keys of two objects.
func merged(a, b map[string]any) map[string]any {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}

// shownObject is the object that show prints, to be changed.
func shownObject(c *compute.Compute) (object map[string]any, err error) {
	var out bytes.Buffer
	streams := render.NewStreams(nil, &out, io.Discard, func(string) string { return "" })
	if err := render.Print(streams, render.Options{Format: render.JSON}, render.Result{Data: view.V2Object(c)}); err != nil {
		return nil, err
	}
	err = json.Unmarshal(out.Bytes(), &object)
	return object, err
}
