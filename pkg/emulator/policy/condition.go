package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

var (
	errAlias = errors.New("there is no alias")
	errRule  = errors.New("it is not a valid condition")
)

// condition is the if of a rule, compiled.
type condition func(*scope) (bool, error)

// scope is what a condition is evaluated on.
type scope struct {
	resource            map[string]any
	parameters          map[string]any // by name in lower case
	subscription, group string
	version             string
	now                 time.Time

	bound []binding     // elements that counts are at, inner ones last
	trace []*arm.Object // what held, as a refusal shows it
}

// binding is the element that a count is at.
type binding struct {
	path []string // of the list, [*] included; nil for a list that is no field
	name string
	v    any
}

// value is what stands at a path; ok is false where nothing does.
type value struct {
	v  any
	ok bool
}

// resolve returns the values at a path: one, or one for each element of the list
// that [*] stands for. Null is nothing.
func (s *scope) resolve(path []string) []value {
	at := value{s.resource, true}
	for i := len(s.bound) - 1; i >= 0; i-- {
		b := s.bound[i]
		if b.path != nil && len(b.path) <= len(path) && slices.EqualFunc(b.path, path[:len(b.path)], strings.EqualFold) {
			at, path = value{b.v, b.v != nil}, path[len(b.path):]
			break
		}
	}
	return follow(at, path)
}

func follow(at value, path []string) []value {
	for i, step := range path {
		if step == "[*]" {
			list, _ := at.v.([]any)
			var out []value
			for _, e := range list {
				out = append(out, follow(value{e, e != nil}, path[i+1:])...)
			}
			return out
		}
		m, _ := at.v.(map[string]any)
		v, _ := lookup(m, step)
		at = value{v, v != nil}
	}
	return []value{at}
}

// current is the element that a count is at, or what stands at a path in it.
func (s *scope) current(args []any) (any, error) {
	if len(s.bound) == 0 {
		return nil, errors.New("the function 'current' stands outside of a count")
	}
	if len(args) == 0 {
		return s.bound[len(s.bound)-1].v, nil
	}
	for _, b := range slices.Backward(s.bound) {
		if b.name != "" && strings.EqualFold(b.name, text(args[0])) {
			return b.v, nil
		}
	}
	path, ok := fieldPath(text(args[0]))
	if !ok {
		return nil, fmt.Errorf("%w '%s'", errAlias, text(args[0]))
	}
	if found := s.resolve(path); len(found) == 1 {
		return found[0].v, nil
	}
	return nil, nil
}

// maxDepth is how deep conditions may be nested.
const maxDepth = 64

// condition compiles the if of a rule.
func (c *compiler) condition(raw any) (condition, error) {
	if c.depth++; c.depth > maxDepth {
		return nil, errRule
	}
	defer func() { c.depth-- }()
	m, ok := raw.(map[string]any)
	if !ok {
		return nil, errRule
	}
	for _, word := range []string{"allOf", "anyOf"} {
		if list, ok := lookup(m, word); ok {
			return c.several(list, word == "allOf", len(m))
		}
	}
	if inner, ok := lookup(m, "not"); ok && len(m) == 1 {
		is, err := c.condition(inner)
		if err != nil {
			return nil, err
		}
		return func(s *scope) (bool, error) {
			kept := s.trace
			holds, err := is(s)
			s.trace = kept
			return !holds, err
		}, nil
	}
	return c.comparison(m)
}

// several compiles allOf and anyOf.
func (c *compiler) several(raw any, all bool, keys int) (condition, error) {
	list, ok := raw.([]any)
	if !ok || keys != 1 {
		return nil, errRule
	}
	var inner []condition
	for _, one := range list {
		is, err := c.condition(one)
		if err != nil {
			return nil, err
		}
		inner = append(inner, is)
	}
	return func(s *scope) (bool, error) {
		kept := s.trace
		for _, is := range inner {
			holds, err := is(s)
			if !holds && all {
				s.trace = kept
			}
			if err != nil || holds != all {
				return holds, err
			}
		}
		return all, nil
	}, nil
}

// comparison compiles a field, a value or a count with its operator.
func (c *compiler) comparison(m map[string]any) (condition, error) {
	var compare func(v value, target any) bool
	var operator string
	var target expression
	for k, raw := range m {
		if is, ok := operators(k); ok {
			if compare != nil {
				return nil, errRule
			}
			var err error
			if target, err = c.constant(raw); err != nil {
				return nil, err
			}
			compare, operator = is, k
		}
	}
	if compare == nil || len(m) != 2 {
		return nil, fmt.Errorf("%w: a condition has a field, a value or a count, and one operator", errRule)
	}
	test := func(s *scope, v value) (bool, error) {
		t, err := target(s)
		return err == nil && compare(v, t), err
	}
	if field, ok := lookup(m, "field"); ok {
		return c.field(field, operator, target, test)
	}
	if raw, ok := lookup(m, "value"); ok {
		of, err := c.constant(raw)
		if err != nil {
			return nil, err
		}
		return func(s *scope) (bool, error) {
			v, err := of(s)
			if err != nil {
				return false, err
			}
			return test(s, value{v, v != nil})
		}, nil
	}
	if raw, ok := lookup(m, "count"); ok {
		count, err := c.count(raw)
		if err != nil {
			return nil, err
		}
		return func(s *scope) (bool, error) {
			n, err := count(s)
			if err != nil {
				return false, err
			}
			holds, err := test(s, value{n, true})
			if alias, of := countedField(raw); of && holds {
				t, _ := target(s) // test has evaluated it
				s.trace = append(s.trace, seen("Count", alias, operator, t).Set("expressionValue", n))
			}
			return holds, err
		}, nil
	}
	return nil, errRule
}

// field compiles the comparison of a field. Of a list, every element must pass.
func (c *compiler) field(raw any, operator string, target expression, test func(*scope, value) (bool, error)) (condition, error) {
	name, _ := raw.(string)
	path, ok := fieldPath(name)
	if !ok {
		return nil, fmt.Errorf("%w '%s'", errAlias, name)
	}
	return func(s *scope) (bool, error) {
		found := s.resolve(path)
		for _, v := range found {
			if holds, err := test(s, v); err != nil || !holds {
				return false, err
			}
		}
		t, _ := target(s) // test has evaluated it
		saw := seen("Field", name, operator, t).Set("path", strings.Join(path, "."))
		if len(found) == 1 && found[0].ok {
			saw.Set("expressionValue", found[0].v)
		}
		s.trace = append(s.trace, saw)
		return true, nil
	}, nil
}

// seen is a comparison that held, as a refusal shows it.
func seen(kind, expression, operator string, target any) *arm.Object {
	return new(arm.Object).Set("result", "True").Set("expressionKind", kind).Set("expression", expression).
		Set("targetValue", target).Set("operator", strings.ToUpper(operator[:1])+operator[1:])
}

// countedField is the field that a count is of, if it is of one.
func countedField(raw any) (string, bool) {
	m, _ := raw.(map[string]any)
	field, ok := lookup(m, "field")
	name, _ := field.(string)
	return name, ok
}

// count compiles a count of elements that pass a condition.
func (c *compiler) count(raw any) (func(*scope) (float64, error), error) {
	m, _ := raw.(map[string]any)
	where := func(*scope) (bool, error) { return true, nil }
	if given, ok := lookup(m, "where"); ok {
		is, err := c.condition(given)
		if err != nil {
			return nil, err
		}
		where = is
	}
	var elements func(*scope) ([]any, error)
	var path []string
	name := ""
	if field, ok := lookup(m, "field"); ok {
		alias, _ := field.(string)
		if path, ok = fieldPath(alias); !ok {
			return nil, fmt.Errorf("%w '%s'", errAlias, alias)
		}
		if len(path) == 0 || path[len(path)-1] != "[*]" {
			return nil, fmt.Errorf("%w: the field of a count ends in [*]", errRule)
		}
		elements = func(s *scope) ([]any, error) {
			var out []any
			for _, v := range s.resolve(path) {
				out = append(out, v.v)
			}
			return out, nil
		}
	} else if v, ok := lookup(m, "value"); ok {
		of, err := c.constant(v)
		if err != nil {
			return nil, err
		}
		given, _ := lookup(m, "name")
		name = text(given)
		elements = func(s *scope) ([]any, error) {
			v, err := of(s)
			list, _ := v.([]any)
			return list, err
		}
	} else {
		return nil, fmt.Errorf("%w: a count is of a field or a value", errRule)
	}
	return func(s *scope) (float64, error) {
		list, err := elements(s)
		n, kept := 0.0, s.trace
		for _, e := range list {
			s.bound = append(s.bound, binding{path, name, e})
			holds, err := where(s)
			s.bound = s.bound[:len(s.bound)-1]
			if err != nil {
				return 0, err
			}
			if holds {
				n++
			}
		}
		s.trace = kept
		return n, err
	}, nil
}

// constant compiles a JSON value in which texts may be expressions.
func (c *compiler) constant(raw any) (expression, error) {
	switch raw := raw.(type) {
	case string:
		if isExpression(raw) {
			return c.expression(raw)
		}
		s := constant(raw)
		return func(*scope) (any, error) { return s, nil }, nil
	case []any:
		var list []expression
		for _, one := range raw {
			e, err := c.constant(one)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		return func(s *scope) (any, error) {
			out := make([]any, 0, len(list))
			for _, e := range list {
				v, err := e(s)
				if err != nil {
					return nil, err
				}
				out = append(out, v)
			}
			return out, nil
		}, nil
	case map[string]any:
		fields := map[string]expression{}
		for k, one := range raw {
			e, err := c.constant(one)
			if err != nil {
				return nil, err
			}
			fields[k] = e
		}
		return func(s *scope) (any, error) {
			out := map[string]any{}
			for k, e := range fields {
				v, err := e(s)
				if err != nil {
					return nil, err
				}
				out[k] = v
			}
			return out, nil
		}, nil
	}
	return func(*scope) (any, error) { return raw, nil }, nil
}

// operators returns what an operator of conditions says about a value.
func operators(name string) (func(v value, target any) bool, bool) {
	name = strings.ToLower(name)
	ordered := func(holds func(int) bool) (func(value, any) bool, bool) {
		return func(v value, t any) bool {
			n, ok := compare(v.v, t)
			return v.ok && ok && holds(n)
		}, true
	}
	switch name {
	case "notequals", "notlike", "notmatch", "notmatchinsensitively", "notcontains", "notin", "notcontainskey":
		is, ok := operators(strings.TrimPrefix(name, "not"))
		return func(v value, t any) bool { return !is(v, t) }, ok
	case "equals":
		return func(v value, t any) bool { return v.ok && same(v.v, t) }, true
	case "like":
		return func(v value, t any) bool { return v.ok && like(text(t), text(v.v)) }, true
	case "match":
		return func(v value, t any) bool { return v.ok && match(text(t), text(v.v)) }, true
	case "matchinsensitively":
		return func(v value, t any) bool { return v.ok && match(strings.ToLower(text(t)), strings.ToLower(text(v.v))) }, true
	case "contains":
		return func(v value, t any) bool { return v.ok && contains(v.v, t) }, true
	case "in":
		return func(v value, t any) bool { return v.ok && contains(t, v.v) }, true
	case "containskey":
		return func(v value, t any) bool {
			m, _ := v.v.(map[string]any)
			_, ok := lookup(m, text(t))
			return ok
		}, true
	case "exists":
		return func(v value, t any) bool { return v.ok == isTrue(t) }, true
	case "less":
		return ordered(func(n int) bool { return n < 0 })
	case "lessorequals":
		return ordered(func(n int) bool { return n <= 0 })
	case "greater":
		return ordered(func(n int) bool { return n > 0 })
	case "greaterorequals":
		return ordered(func(n int) bool { return n >= 0 })
	}
	return nil, false
}

// like compares with a pattern in which one * stands for any text.
func like(pattern, s string) bool {
	before, after, ok := strings.Cut(strings.ToLower(pattern), "*")
	s = strings.ToLower(s)
	if !ok {
		return s == before
	}
	return len(s) >= len(before)+len(after) && strings.HasPrefix(s, before) && strings.HasSuffix(s, after)
}

// match compares with a pattern in which # is a digit, ? a letter and . any
// character.
func match(pattern, s string) bool {
	p, r := []rune(pattern), []rune(s)
	if len(p) != len(r) {
		return false
	}
	for i, want := range p {
		have := r[i]
		letter := have >= 'a' && have <= 'z' || have >= 'A' && have <= 'Z'
		ok := want == have
		switch want {
		case '#':
			ok = have >= '0' && have <= '9'
		case '?':
			ok = letter
		case '.':
			ok = true
		}
		if !ok {
			return false
		}
	}
	return true
}
