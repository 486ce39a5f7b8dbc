package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// An expression is a text in brackets, such as
// [concat(parameters('prefix'), field('name'))]. These are the functions that
// policies of computes have use for; others are refused when a definition is put.

// expression is a parsed one.
type expression func(*scope) (any, error)

// isExpression tells texts that are expressions. [[ begins a text that is none.
func isExpression(s string) bool {
	return strings.HasPrefix(s, "[") && !strings.HasPrefix(s, "[[") && strings.HasSuffix(s, "]")
}

// constant is a text that is no expression, as it is meant.
func constant(s string) string {
	if strings.HasPrefix(s, "[[") {
		return s[1:]
	}
	return s
}

// compiler compiles rules. It knows which parameters there are.
type compiler struct {
	parameters map[string]bool // by name in lower case
	text       string
	at         int
	depth      int
}

var errExpression = errors.New("it is not a valid expression")

// expression compiles a text in brackets.
func (c *compiler) expression(s string) (expression, error) {
	in := &compiler{parameters: c.parameters, text: s[1 : len(s)-1]}
	e, err := in.term()
	if err == nil && in.peek() != 0 {
		err = errExpression
	}
	if err != nil {
		return nil, fmt.Errorf("the expression '%s': %w", s, err)
	}
	return e, nil
}

// peek returns the next character that is no blank; 0 at the end.
func (c *compiler) peek() byte {
	for c.at < len(c.text) && (c.text[c.at] == ' ' || c.text[c.at] == '\t' || c.text[c.at] == '\n' || c.text[c.at] == '\r') {
		c.at++
	}
	if c.at == len(c.text) {
		return 0
	}
	return c.text[c.at]
}

// accept takes the next character if it is b.
func (c *compiler) accept(b byte) bool {
	if c.peek() != b {
		return false
	}
	c.at++
	return true
}

// word takes the longest run of letters, digits and signs.
func (c *compiler) word() string {
	c.peek()
	from := c.at
	for c.at < len(c.text) && strings.IndexByte(" \t\r\n()[],'.", c.text[c.at]) < 0 {
		c.at++
	}
	return c.text[from:c.at]
}

// term is a value and what is taken out of it.
func (c *compiler) term() (expression, error) {
	if c.depth++; c.depth > 64 {
		return nil, errExpression
	}
	defer func() { c.depth-- }()
	e, err := c.value()
	for err == nil {
		switch {
		case c.accept('.'):
			name := c.word()
			if name == "" {
				return nil, errExpression
			}
			e = member(e, func(*scope) (any, error) { return name, nil })
		case c.accept('['):
			var index expression
			if index, err = c.term(); err == nil && !c.accept(']') {
				err = errExpression
			}
			e = member(e, index)
		default:
			return e, nil
		}
	}
	return nil, err
}

// value is a text, a number or a call.
func (c *compiler) value() (expression, error) {
	if c.peek() == '\'' {
		s, ok := c.quoted()
		if !ok {
			return nil, errExpression
		}
		return func(*scope) (any, error) { return s, nil }, nil
	}
	name := c.word()
	if n, err := strconv.ParseFloat(name, 64); err == nil {
		return func(*scope) (any, error) { return n, nil }, nil
	}
	if !c.accept('(') {
		return nil, errExpression
	}
	var args []expression
	for !c.accept(')') {
		if len(args) > 0 && !c.accept(',') {
			return nil, errExpression
		}
		a, err := c.term()
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	return c.call(strings.ToLower(name), name, args)
}

// quoted takes a text in quotes, in which ” is a quote.
func (c *compiler) quoted() (string, bool) {
	var b strings.Builder
	for c.at++; c.at < len(c.text); c.at++ {
		if c.text[c.at] != '\'' {
			b.WriteByte(c.text[c.at])
			continue
		}
		if c.at+1 < len(c.text) && c.text[c.at+1] == '\'' {
			c.at++
			b.WriteByte('\'')
			continue
		}
		c.at++
		return b.String(), true
	}
	return "", false
}

// member is an element of a list or a value of an object.
func member(of, index expression) expression {
	return func(s *scope) (any, error) {
		v, err := of(s)
		if err != nil {
			return nil, err
		}
		i, err := index(s)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case map[string]any:
			if out, ok := lookup(v, text(i)); ok {
				return out, nil
			}
		case []any:
			if n, ok := i.(float64); ok && n >= 0 && n < float64(len(v)) {
				return v[int(n)], nil
			}
		}
		return nil, fmt.Errorf("the property '%s' does not exist", text(i))
	}
}

// call compiles a call of a function.
func (c *compiler) call(name, as string, args []expression) (expression, error) {
	if name == "parameters" && len(args) == 1 {
		p, err := args[0](&scope{})
		if err != nil || !c.parameters[strings.ToLower(text(p))] {
			return nil, fmt.Errorf("the parameter '%s' is not defined", text(p))
		}
		return func(s *scope) (any, error) { return s.parameters[strings.ToLower(text(p))], nil }, nil
	}
	if name == "field" && len(args) == 1 {
		if f, err := args[0](&scope{}); err == nil {
			if _, ok := fieldPath(text(f)); !ok {
				return nil, fmt.Errorf("%w '%s'", errAlias, text(f))
			}
		}
	}
	f, ok := functions()[name]
	if !ok {
		return nil, fmt.Errorf("the function '%s' is not known here", as)
	}
	if len(args) < f.least || f.most >= 0 && len(args) > f.most {
		return nil, fmt.Errorf("the function '%s' does not take %d arguments", as, len(args))
	}
	return func(s *scope) (any, error) {
		values := make([]any, len(args))
		for i, a := range args {
			v, err := a(s)
			if err != nil {
				return nil, err
			}
			values[i] = v
		}
		return f.run(s, values)
	}, nil
}

// function is one function of the language; most is -1 when there is no limit.
type function struct {
	least, most int
	run         func(s *scope, args []any) (any, error)
}

// texts makes a function of texts.
func texts(n int, run func(a []string) any) function {
	return function{n, n, func(_ *scope, args []any) (any, error) {
		all := make([]string, len(args))
		for i, a := range args {
			all[i] = text(a)
		}
		return run(all), nil
	}}
}

// compared makes a function of how its two arguments compare.
func compared(holds func(int) bool) function {
	return function{2, 2, func(_ *scope, args []any) (any, error) {
		n, ok := compare(args[0], args[1])
		return ok && holds(n), nil
	}}
}

// functions are all there are, by name in lower case.
var functions = sync.OnceValue(func() map[string]function {
	return map[string]function{
		"field": {1, 1, func(s *scope, args []any) (any, error) {
			path, ok := fieldPath(text(args[0]))
			if !ok {
				return nil, fmt.Errorf("%w '%s'", errAlias, text(args[0]))
			}
			found := s.resolve(path)
			if !slices.Contains(path, "[*]") {
				return found[0].v, nil
			}
			out := []any{}
			for _, f := range found {
				if f.ok {
					out = append(out, f.v)
				}
			}
			return out, nil
		}},
		"current": {0, 1, func(s *scope, args []any) (any, error) { return s.current(args) }},
		"concat": {1, -1, func(_ *scope, args []any) (any, error) {
			if _, ok := args[0].([]any); ok {
				out := []any{}
				for _, a := range args {
					list, _ := a.([]any)
					out = append(out, list...)
				}
				return out, nil
			}
			var b strings.Builder
			for _, a := range args {
				b.WriteString(text(a))
			}
			return b.String(), nil
		}},
		"if": {3, 3, func(_ *scope, args []any) (any, error) {
			if isTrue(args[0]) {
				return args[1], nil
			}
			return args[2], nil
		}},
		"and": {2, -1, func(_ *scope, args []any) (any, error) {
			return !slices.ContainsFunc(args, func(a any) bool { return !isTrue(a) }), nil
		}},
		"or":           {2, -1, func(_ *scope, args []any) (any, error) { return slices.ContainsFunc(args, isTrue), nil }},
		"not":          {1, 1, func(_ *scope, args []any) (any, error) { return !isTrue(args[0]), nil }},
		"true":         {0, 0, func(*scope, []any) (any, error) { return true, nil }},
		"false":        {0, 0, func(*scope, []any) (any, error) { return false, nil }},
		"null":         {0, 0, func(*scope, []any) (any, error) { return nil, nil }},
		"bool":         {1, 1, func(_ *scope, args []any) (any, error) { return isTrue(args[0]), nil }},
		"string":       {1, 1, func(_ *scope, args []any) (any, error) { return text(args[0]), nil }},
		"equals":       {2, 2, func(_ *scope, args []any) (any, error) { return same(args[0], args[1]), nil }},
		"less":         compared(func(n int) bool { return n < 0 }),
		"lessorequals": compared(func(n int) bool { return n <= 0 }),
		"greater":      compared(func(n int) bool { return n > 0 }),
		"greaterorequals": compared(func(n int) bool {
			return n >= 0
		}),
		"int": {1, 1, func(_ *scope, args []any) (any, error) {
			n, ok := number(args[0])
			if !ok {
				return nil, fmt.Errorf("'%s' is not a number", text(args[0]))
			}
			return float64(int64(n)), nil
		}},
		"empty":  {1, 1, func(_ *scope, args []any) (any, error) { return size(args[0]) == 0, nil }},
		"length": {1, 1, func(_ *scope, args []any) (any, error) { return float64(size(args[0])), nil }},
		"first":  {1, 1, func(_ *scope, args []any) (any, error) { return end(args[0], 0), nil }},
		"last":   {1, 1, func(_ *scope, args []any) (any, error) { return end(args[0], -1), nil }},
		"contains": {2, 2, func(_ *scope, args []any) (any, error) {
			if m, ok := args[0].(map[string]any); ok {
				_, found := lookup(m, text(args[1]))
				return found, nil
			}
			return contains(args[0], args[1]), nil
		}},
		"coalesce": {1, -1, func(_ *scope, args []any) (any, error) {
			for _, a := range args {
				if a != nil {
					return a, nil
				}
			}
			return nil, nil
		}},
		"createarray": {0, -1, func(_ *scope, args []any) (any, error) { return args, nil }},
		"split": {2, 2, func(_ *scope, args []any) (any, error) {
			out := []any{}
			for _, part := range strings.Split(text(args[0]), text(args[1])) {
				out = append(out, part)
			}
			return out, nil
		}},
		"substring": {2, 3, func(_ *scope, args []any) (any, error) {
			s := []rune(text(args[0]))
			from, ok := number(args[1])
			n := float64(len(s)) - from
			if len(args) == 3 {
				n, _ = number(args[2])
			}
			if !ok || !(from >= 0 && n >= 0 && from+n <= float64(len(s))) { // not a number is none of it
				return nil, errors.New("the function 'substring' goes beyond its text")
			}
			return string(s[int(from):int(from+n)]), nil
		}},
		"tolower":    texts(1, func(a []string) any { return strings.ToLower(a[0]) }),
		"toupper":    texts(1, func(a []string) any { return strings.ToUpper(a[0]) }),
		"trim":       texts(1, func(a []string) any { return strings.TrimSpace(a[0]) }),
		"startswith": texts(2, func(a []string) any { return strings.HasPrefix(strings.ToLower(a[0]), strings.ToLower(a[1])) }),
		"endswith":   texts(2, func(a []string) any { return strings.HasSuffix(strings.ToLower(a[0]), strings.ToLower(a[1])) }),
		"replace":    texts(3, func(a []string) any { return strings.ReplaceAll(a[0], a[1], a[2]) }),
		"resourcegroup": {0, 0, func(s *scope, _ []any) (any, error) {
			return map[string]any{"name": s.group, "id": "/subscriptions/" + s.subscription + "/resourceGroups/" + s.group}, nil
		}},
		"subscription": {0, 0, func(s *scope, _ []any) (any, error) {
			return map[string]any{"subscriptionId": s.subscription, "id": "/subscriptions/" + s.subscription}, nil
		}},
		"requestcontext": {0, 0, func(s *scope, _ []any) (any, error) { return map[string]any{"apiVersion": s.version}, nil }},
		"utcnow":         {0, 1, func(s *scope, _ []any) (any, error) { return s.now.Format("2006-01-02T15:04:05.0000000Z"), nil }},
	}
})

// lookup finds a key whatever its case.
func lookup(m map[string]any, key string) (any, bool) {
	if v, ok := m[key]; ok {
		return v, true
	}
	for k, v := range m {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return nil, false
}

// text is a value as text.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

func isTrue(v any) bool { return strings.EqualFold(text(v), "true") }

// number is a value as a number, if it is one.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil
	}
	return 0, false
}

// same tells whether two values are equal; texts are without regard to case, and
// a text is equal to what it writes.
func same(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if isScalar(a) && isScalar(b) {
		return strings.EqualFold(text(a), text(b))
	}
	return reflect.DeepEqual(a, b)
}

func isScalar(v any) bool {
	switch v.(type) {
	case string, bool, float64:
		return true
	}
	return false
}

// compare orders two numbers or two texts, and no others. Dates and durations
// are texts.
func compare(a, b any) (int, bool) {
	x, isNumber := a.(float64)
	if y, ok := number(b); ok && isNumber {
		switch {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	s, ok := a.(string)
	o, other := b.(string)
	return strings.Compare(strings.ToLower(s), strings.ToLower(o)), ok && other
}

// size is the length of a text, a list or an object.
func size(v any) int {
	switch v := v.(type) {
	case string:
		return len([]rune(v))
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}

// end is the first or last element of a list or character of a text.
func end(v any, at int) any {
	if s, ok := v.(string); ok {
		r := []rune(s)
		if len(r) == 0 {
			return ""
		}
		return string(r[(at+len(r))%len(r)])
	}
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil
	}
	return list[(at+len(list))%len(list)]
}

// contains tells whether a list has an element or a text a part.
func contains(v, part any) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, func(e any) bool { return same(e, part) })
	}
	s, ok := v.(string)
	return ok && strings.Contains(strings.ToLower(s), strings.ToLower(text(part)))
}
