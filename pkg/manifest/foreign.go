package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/pkg/armtemplate"
)

// isCompute reports whether n is a complete compute: from the service, our own
// output, or az's ml extension.
func isCompute(n *node) bool {
	return slices.ContainsFunc([]string{"properties", "type", "computeType", "provisioningState", "size", "vmSize", "location", "$schema", "hoursPerWeek"},
		func(key string) bool { return n.find(key) != nil })
}

// compute reads a complete compute. is is false for a compute that is not an
// instance, which has no schedules.
func (r reader) compute(n *node) (w Wanted, is bool, err error) {
	kind := n.find("properties", "computeType")
	if kind == nil {
		kind = n.find("computeType")
	}
	if t, ok := n.find("type").text(); ok && kind == nil && !strings.Contains(t, "/") {
		kind = n.find("type")
	}
	if name, ok := kind.text(); ok && fold(name) != "computeinstance" {
		return w, false, nil
	}
	body := n
	if inner := n.find("properties", "properties"); inner != nil {
		body = inner
	} else if n.find("properties", "schedules") != nil {
		body = n.find("properties")
	}
	if body.mapping == nil {
		return w, true, body.errorf("properties is %s, not a block of keys", body.kind())
	}
	if err := body.mapping.once("schedules", "hours", "time-zone", "computeStartStop"); err != nil {
		return w, true, err
	}
	if body.find("schedules") == nil && body.find("hours") == nil {
		for _, p := range body.mapping.pairs {
			if near := similar(p.key, []string{"schedules", "computeStartStop", "hours"}); near != "" {
				return w, true, p.errorf("this compute has the key %s; did you mean %s?", show(p.key), near)
			}
		}
		return w, true, n.errorf("this compute does not mention schedules; write schedules: [] for none")
	}
	if w, err = r.given(body); err != nil {
		return w, true, err
	}
	name, _ := n.find("name").text()
	if !isExpression(name) {
		w.Name = name[strings.LastIndex(name, "/")+1:]
	}
	return w, true, nil
}

// value reads {"value": …}: a page of the service's list, or a parameter.
func (r reader) value(n *node) ([]Wanted, error) {
	if err := known(n, "the file", "value", "nextLink", "type", "metadata"); err != nil {
		return nil, err
	}
	inner := n.find("value")
	if inner.list == nil {
		return one(r.set(inner))
	}
	if len(inner.list) == 0 {
		return nil, inner.errorf("value is an empty list, of computes or of schedules; write schedules: [] for none")
	}
	return r.items(inner)
}

// parameters reads a parameters file or block: the one parameter that has
// schedules.
func (r reader) parameters(n *node) (Wanted, error) {
	if err := known(n, "the file", "$schema", "contentVersion", "parameters"); err != nil {
		return Wanted{}, err
	}
	block := n.find("parameters")
	if block.mapping == nil {
		return Wanted{}, block.errorf("parameters is %s, not a block of keys", block.kind())
	}
	var found []pair
	var names []string
	for _, p := range block.mapping.pairs {
		names = append(names, show(p.key))
		value := p.value.find("value")
		if fold(p.key) == "schedules" || value.find("computeStartStop") != nil {
			found = append(found, p)
		}
	}
	switch {
	case len(found) > 1:
		return Wanted{}, found[1].errorf("the parameters %s and %s both have schedules; keep one", show(found[0].key), show(found[1].key))
	case len(found) == 0:
		return Wanted{}, block.errorf("no parameter has schedules, only %.200s", strings.Join(names, ", "))
	}
	p := found[0]
	if p.value.find("reference") != nil {
		return Wanted{}, p.value.errorf("the parameter %s is in a key vault, which is not read", show(p.key))
	}
	if p.value.mapping != nil && p.value.find("value") == nil {
		return Wanted{}, p.errorf("the parameter %s has no value", show(p.key))
	}
	return r.set(p.value)
}

// template reads the compute instances of an ARM template, written by hand or
// compiled from Bicep.
func (r reader) template(n *node) ([]Wanted, error) {
	s := newScope(n.find("parameters"), n.find("variables"))
	var out []Wanted
	var walk func(list *node, parent string) error
	walk = func(list *node, parent string) error {
		for _, item := range list.children() {
			kind, _ := item.find("type").text()
			if parent != "" && !strings.Contains(kind, ".") {
				kind = parent + "/" + kind
			}
			if strings.EqualFold(kind, "Microsoft.MachineLearningServices/workspaces/computes") {
				w, is, err := r.resource(item, s)
				if err != nil {
					return err
				}
				if is {
					out = append(out, w)
				}
			}
			if inner := item.find("properties", "template"); inner != nil && inner.mapping != nil {
				more, err := r.template(inner)
				if err != nil && !errors.Is(err, errNoInstance) {
					return err
				}
				out = append(out, more...)
			}
			if err := walk(item.find("resources"), kind); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(n.find("resources"), ""); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errNoInstance
	}
	return out, nil
}

var errNoInstance = errors.New("the template has no compute instance")

// children are the items of a list or the values of a mapping; resources can be
// either.
func (n *node) children() []*node {
	if n == nil || n.mapping == nil {
		if n == nil {
			return nil
		}
		return n.list
	}
	var out []*node
	for _, p := range n.mapping.pairs {
		out = append(out, p.value)
	}
	return out
}

// resource reads a compute of a template. It evaluates parameters and variables
// that have values.
func (r reader) resource(n *node, s scope) (w Wanted, is bool, err error) {
	kind, err := s.evaluate(n.find("properties", "computeType"), 0)
	if err != nil {
		return w, true, err
	}
	if name, _ := kind.text(); fold(name) != "computeinstance" {
		return w, false, nil
	}
	if n.find("copy") != nil {
		return w, true, n.errorf("the instance uses copy, which is not evaluated here")
	}
	body := n.find("properties", "properties")
	at := body.find("schedules")
	if at == nil {
		return w, true, n.errorf("this instance does not mention schedules; write schedules: [] for none")
	}
	if at, err = s.evaluate(at, 0); err != nil {
		return w, true, err
	}
	if w, err = r.set(at); err != nil {
		return w, true, err
	}
	// The name is not needed if the command names the instance.
	if named, err := s.evaluate(n.find("name"), 0); err == nil && named != nil {
		name, _ := named.text()
		w.Name = name[strings.LastIndex(name, "/")+1:]
	}
	return w, true, nil
}

// scope holds the parameters and variables of a template.
type scope struct {
	parameters, variables *node
	given                 *node // the values of a parameters file, if there is one
	subscription, group   map[string]any
	left                  *int // remaining values: expressions can multiply
}

func newScope(parameters, variables *node) scope {
	left := maxNodes
	return scope{parameters: parameters, variables: variables, left: &left}
}

// A template expression is text in brackets; "[[" escapes a bracket.
func isExpression(s string) bool {
	return strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && !strings.HasPrefix(s, "[[")
}

var lookup = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\[\s*(?i:(parameters|variables))\(\s*'([^']+)'\s*\)\s*\]$`)
})

// evaluate returns n with its expressions replaced by their values. An
// expression other than a parameter's default or a variable is an error with
// its line.
func (s scope) evaluate(n *node, depth int) (*node, error) {
	if n == nil {
		return nil, nil
	}
	if *s.left--; *s.left < 0 {
		return nil, errMuch
	}
	if text, ok := n.text(); ok && isExpression(text) {
		if m := lookup().FindStringSubmatch(text); m != nil { // as it stands, with its places
			value, err := s.lookUp(m[1], m[2], depth)
			if err != nil && !errors.Is(err, errMuch) {
				err = asMistake(err, n.place)
			}
			return value, err
		}
		value, err := armtemplate.Evaluate(text, s.expressions(depth))
		var inner *Mistake
		switch {
		case errors.Is(err, errMuch) || errors.As(err, &inner):
			return nil, err
		case err != nil:
			return nil, n.errorf("the expression %s: %w", show(text), err)
		}
		return fromPlain(value, n.place), nil
	}
	out := &node{place: n.place, scalar: n.scalar, written: n.written}
	if text, ok := n.text(); ok && strings.HasPrefix(text, "[[") { // an escaped bracket
		out.scalar, out.written = text[1:], text[1:]
	}
	if n.list != nil {
		out.list = make([]*node, len(n.list))
		for i, item := range n.list {
			v, err := s.evaluate(item, depth)
			if err != nil {
				return nil, err
			}
			out.list[i] = v
		}
	}
	if n.mapping != nil {
		out.mapping = &mapping{slices.Clone(n.mapping.pairs), n.mapping.keys, n.mapping.folded}
		for i, p := range out.mapping.pairs {
			v, err := s.evaluate(p.value, depth)
			if err != nil {
				return nil, err
			}
			out.mapping.pairs[i].value = v
		}
	}
	return out, nil
}

// lookUp is the value of a parameter or a variable.
func (s scope) lookUp(kind, name string, depth int) (*node, error) {
	if depth > 10 {
		return nil, fmt.Errorf("%s: values refer to each other too deeply", show(name))
	}
	value := s.variables.named(name)
	if strings.EqualFold(kind, "parameters") {
		declared := s.parameters.named(name)
		if value = s.given.named(name).find("value"); value == nil {
			value = declared.find("defaultValue")
		}
		if value == nil && s.given.named(name).find("reference") != nil {
			return nil, fmt.Errorf("the parameter %s is in a key vault, which is not read", show(name))
		}
	}
	if value == nil {
		return nil, fmt.Errorf("the %s %s has no value here; write it, or give the parameters file too", strings.TrimSuffix(strings.ToLower(kind), "s"), show(name))
	}
	return s.evaluate(value, depth+1)
}

// expressions are what other expressions refer to.
func (s scope) expressions(depth int) armtemplate.Scope {
	look := func(kind string) func(string) (any, error) {
		return func(name string) (any, error) {
			value, err := s.lookUp(kind, name, depth)
			if err != nil {
				return nil, err
			}
			return value.evaluated()
		}
	}
	return armtemplate.Scope{Parameter: look("parameters"), Variable: look("variables"), Subscription: s.subscription, ResourceGroup: s.group}
}

// evaluated is n as expressions have values.
func (n *node) evaluated() (any, error) {
	switch v := n.plain().(type) {
	case json.Number:
		i, err := strconv.Atoi(v.String())
		if err != nil {
			return nil, fmt.Errorf("%s is not a whole number", v)
		}
		return i, nil
	case map[string]any, []any:
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		return armtemplate.ParseJSON(string(text))
	default:
		return v, nil
	}
}

// fromPlain is the value of an expression as a node, all of it at one place.
func fromPlain(v any, at place) *node {
	n := &node{place: at}
	switch v := v.(type) {
	case map[string]any:
		n.mapping = &mapping{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			_ = n.mapping.add(key, at, fromPlain(v[key], at)) // keys differ
		}
	case []any:
		n.list = []*node{}
		for _, item := range v {
			n.list = append(n.list, fromPlain(item, at))
		}
	case int:
		n.scalar, n.written = json.Number(strconv.Itoa(v)), strconv.Itoa(v)
	case nil:
	default:
		n.scalar, n.written = v, fmt.Sprint(v)
	}
	return n
}

// isPolicy reports whether n is a policy definition or a part of one.
func isPolicy(n *node) bool {
	for _, keys := range [][]string{{"policyRule"}, {"properties", "policyRule"}, {"then"}, {"details"}, {"operations"}, {"field"}} {
		if n.find(keys...) != nil {
			return true
		}
	}
	return false
}

// policy reads the schedules that a policy appends to new instances.
func (r reader) policy(n *node) (Wanted, error) {
	parameters := n.find("parameters")
	for _, key := range []string{"properties", "policyRule", "then", "details", "operations"} {
		if inner := n.find(key); inner != nil {
			n = inner
		}
		if parameters == nil {
			parameters = n.find("parameters")
		}
	}
	if n.list == nil {
		n = &node{place: n.place, list: []*node{n}}
	}
	return r.details(n, parameters)
}

// details reads [{field, value}, …].
func (r reader) details(n, parameters *node) (Wanted, error) {
	for _, item := range n.list {
		name, _ := item.find("field").text()
		_, field, ok := strings.Cut(strings.ToLower(name), "/computes/")
		if !ok || field != "schedules" && !strings.HasPrefix(field, "schedules.computestartstop") {
			continue
		}
		value := item.find("value")
		if value == nil {
			return Wanted{}, item.errorf("%s has no value", show(name))
		}
		value, err := newScope(parameters, nil).evaluate(value, 0)
		switch {
		case err != nil:
			return Wanted{}, err
		case field == "schedules":
			return r.set(value)
		case strings.HasSuffix(field, "[*]") && value.list == nil:
			return r.schedules(&node{place: value.place, list: []*node{value}})
		}
		return r.startStop(value)
	}
	return Wanted{}, n.errorf("the policy appends nothing to the schedules of compute instances")
}
