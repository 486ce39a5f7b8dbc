package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// function is one of the functions of Python's jmespath 1.0.
type function struct {
	name     string
	params   []param
	variadic bool // the last parameter may repeat
	run      func(s *search, c *call) (any, error)
}

// param describes a parameter.
type param struct {
	kinds  kind // 0 for any
	elems  kind // for arrays: all elements of one of these kinds; 0 for any
	expref bool
}

// call is a function call with its evaluated arguments; expr has the
// unevaluated & expressions.
type call struct {
	node *node
	args []any
	expr *node
}

// lookup returns nil for a function az does not have.
func lookup(name string) *function {
	for i := range functions {
		if functions[i].name == name {
			return &functions[i]
		}
	}
	return nil
}

// functions come from the JMESPath specification's list of built-in functions
// and Python jmespath's functions.py.
var functions = [...]function{
	{name: "abs", params: []param{{kinds: kindNumber}}, run: numeric(number.abs)},
	{name: "avg", params: []param{{kinds: kindArray, elems: kindNumber}}, run: callAvg},
	{name: "ceil", params: []param{{kinds: kindNumber}}, run: numeric(number.ceil)},
	{name: "contains", params: []param{{kinds: kindArray | kindString}, {}}, run: callContains},
	{name: "ends_with", params: []param{{kinds: kindString}, {kinds: kindString}}, run: textual(strings.HasSuffix)},
	{name: "floor", params: []param{{kinds: kindNumber}}, run: numeric(number.floor)},
	{name: "join", params: []param{{kinds: kindString}, {kinds: kindArray, elems: kindString}}, run: callJoin},
	{name: "keys", params: []param{{kinds: kindObject}}, run: callKeys},
	{name: "length", params: []param{{kinds: kindString | kindArray | kindObject}}, run: callLength},
	{name: "map", params: []param{{expref: true}, {kinds: kindArray}}, run: callMap},
	{name: "max", params: []param{{kinds: kindArray, elems: kindNumber | kindString}}, run: callMax},
	{name: "max_by", params: []param{{kinds: kindArray}, {expref: true}}, run: callMaxBy},
	{name: "merge", params: []param{{kinds: kindObject}}, variadic: true, run: callMerge},
	{name: "min", params: []param{{kinds: kindArray, elems: kindNumber | kindString}}, run: callMin},
	{name: "min_by", params: []param{{kinds: kindArray}, {expref: true}}, run: callMinBy},
	{name: "not_null", params: []param{{}}, variadic: true, run: callNotNull},
	{name: "reverse", params: []param{{kinds: kindArray | kindString}}, run: callReverse},
	{name: "sort", params: []param{{kinds: kindArray, elems: kindNumber | kindString}}, run: callSort},
	{name: "sort_by", params: []param{{kinds: kindArray}, {expref: true}}, run: callSortBy},
	{name: "starts_with", params: []param{{kinds: kindString}, {kinds: kindString}}, run: textual(strings.HasPrefix)},
	{name: "sum", params: []param{{kinds: kindArray, elems: kindNumber}}, run: callSum},
	{name: "to_array", params: []param{{}}, run: callToArray},
	{name: "to_number", params: []param{{}}, run: callToNumber},
	{name: "to_string", params: []param{{}}, run: callToString},
	{name: "type", params: []param{{}}, run: callType},
	{name: "values", params: []param{{kinds: kindObject}}, run: callValues},
}

func (f *function) param(i int) param {
	return f.params[min(i, len(f.params)-1)]
}

// checkArguments returns what is wrong with the form of a call, or "".
func (f *function) checkArguments(args []node) string {
	want := len(f.params)
	if len(args) < want || len(args) > want && !f.variadic {
		least, plural := "", "s"
		if f.variadic {
			least = "at least "
		}
		if want == 1 {
			plural = ""
		}
		return fmt.Sprintf("%s() takes %s%d argument%s, not %d", f.name, least, want, plural, len(args))
	}
	for i := range args {
		switch expref := f.param(i).expref; {
		case expref && args[i].op != opExpref:
			return fmt.Sprintf("argument %d of %s() must be an expression after &, as in &name", i+1, f.name)
		case !expref && args[i].op == opExpref:
			return fmt.Sprintf("argument %d of %s() cannot be an & expression", i+1, f.name)
		}
	}
	return ""
}

// call evaluates the arguments, checks their types and runs the function.
func (s *search) call(n *node, v any) (any, error) {
	c := &call{node: n, args: make([]any, len(n.kids))}
	for i := range n.kids {
		if n.kids[i].op == opExpref {
			c.expr = &n.kids[i].kids[0]
			continue
		}
		arg, err := s.eval(&n.kids[i], v)
		if err != nil {
			return nil, err
		}
		c.args[i] = arg
	}
	for i := range c.args {
		if err := s.checkType(c, i); err != nil {
			return nil, err
		}
	}
	return n.call.run(s, c)
}

func (s *search) checkType(c *call, i int) error {
	p := c.node.call.param(i)
	if p.kinds == 0 {
		return nil
	}
	got := kindOf(c.args[i])
	if got&p.kinds == 0 {
		return s.wrong(c, i, "is "+got.article())
	}
	list, ok := c.args[i].([]any)
	if !ok || p.elems == 0 || len(list) == 0 {
		return nil
	}
	if err := s.spend(len(list)); err != nil {
		return err
	}
	first := kindOf(list[0])
	for _, e := range list {
		if k := kindOf(e); k&p.elems == 0 {
			return s.wrong(c, i, "has "+k.article()+" in it")
		} else if k != first {
			return s.wrong(c, i, "mixes numbers and strings")
		}
	}
	return nil
}

// wrong is the error for an argument of the wrong type.
func (s *search) wrong(c *call, i int, got string) error {
	f := c.node.call
	which := "its argument"
	if len(f.params) > 1 || f.variadic {
		which = fmt.Sprintf("argument %d", i+1)
	}
	return s.query.fail(c.node.at, fmt.Sprintf("%s() needs %s as %s, which %s", f.name, f.param(i), which, got))
}

// String describes a parameter for a message.
func (p param) String() string {
	var list []string
	for k := kindNull; k <= kindObject; k <<= 1 {
		if p.kinds&k == 0 {
			continue
		}
		text := k.article()
		switch {
		case k == kindArray && p.elems == kindNumber:
			text = "an array of numbers"
		case k == kindArray && p.elems == kindString:
			text = "an array of strings"
		case k == kindArray && p.elems != 0:
			text = "an array of numbers or of strings"
		}
		list = append(list, text)
	}
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
	return strings.Join(list, "")
}

func (k kind) article() string {
	switch k {
	case kindNull:
		return "null"
	case kindArray, kindObject:
		return "an " + k.String()
	}
	return "a " + k.String()
}

// result returns a computed number.
func (s *search) result(c *call, n number) (any, error) {
	if !n.finite() {
		return nil, s.query.fail(c.node.at, "the result of "+c.node.call.name+"() is too large for a number")
	}
	return n.json(), nil
}

// numeric is a function of one number.
func numeric(of func(number) number) func(*search, *call) (any, error) {
	return func(s *search, c *call) (any, error) { return s.result(c, of(numberOf(c.args[0]))) }
}

func sum(list []any) number {
	total := number{isInt: true}
	for _, e := range list {
		total = total.add(numberOf(e))
	}
	return total
}

func callSum(s *search, c *call) (any, error) {
	return s.result(c, sum(c.args[0].([]any)))
}

func callAvg(s *search, c *call) (any, error) {
	list := c.args[0].([]any)
	if len(list) == 0 {
		return nil, nil
	}
	return s.result(c, number{float: sum(list).float64() / float64(len(list))})
}

func callContains(s *search, c *call) (any, error) {
	if text, ok := c.args[0].(string); ok {
		part, ok := c.args[1].(string)
		if !ok {
			return nil, s.query.fail(c.node.at, "contains() searches a string for a string, but argument 2 is "+kindOf(c.args[1]).article())
		}
		return strings.Contains(text, part), s.spendText(len(text))
	}
	for _, e := range c.args[0].([]any) {
		if same, err := s.equal(e, c.args[1]); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// textual is a question about two strings.
func textual(ask func(text, part string) bool) func(*search, *call) (any, error) {
	return func(_ *search, c *call) (any, error) { return ask(c.args[0].(string), c.args[1].(string)), nil }
}

func callJoin(s *search, c *call) (any, error) {
	glue, list := c.args[0].(string), c.args[1].([]any)
	var b strings.Builder
	for i, e := range list {
		part := e.(string)
		if err := s.spendText(len(glue) + len(part)); err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(glue)
		}
		b.WriteString(part)
	}
	return b.String(), nil
}

func callKeys(s *search, c *call) (any, error) {
	return s.each(c.args[0].(Object), func(m Member) any { return m.Key })
}

func callValues(s *search, c *call) (any, error) {
	return s.each(c.args[0].(Object), func(m Member) any { return m.Value })
}

// each is an array of something of each member.
func (s *search) each(members Object, of func(Member) any) ([]any, error) {
	out := make([]any, len(members))
	for i, m := range members {
		out[i] = of(m)
	}
	return out, s.spend(len(out))
}

func callMerge(s *search, c *call) (any, error) {
	merged := &builder{object: Object{}}
	for _, arg := range c.args {
		members := arg.(Object)
		if err := s.spend(len(members)); err != nil {
			return nil, err
		}
		for _, m := range members {
			merged.set(m.Key, m.Value)
		}
	}
	return merged.object, nil
}

// callLength counts characters of a string, not bytes.
func callLength(s *search, c *call) (any, error) {
	length, err := 0, error(nil)
	switch v := c.args[0].(type) {
	case string:
		length, err = utf8.RuneCountInString(v), s.spendText(len(v))
	case []any:
		length = len(v)
	case Object:
		length = len(v)
	}
	return number{small: int64(length), isInt: true}.json(), err
}

func callReverse(s *search, c *call) (any, error) {
	if text, ok := c.args[0].(string); ok {
		runes := []rune(text)
		slices.Reverse(runes)
		return string(runes), s.spendText(len(text))
	}
	out := slices.Clone(c.args[0].([]any))
	slices.Reverse(out)
	return out, s.spend(len(out))
}

func callNotNull(_ *search, c *call) (any, error) {
	for _, arg := range c.args {
		if arg != nil {
			return arg, nil
		}
	}
	return nil, nil
}

func callToArray(_ *search, c *call) (any, error) {
	if list, ok := c.args[0].([]any); ok {
		return list, nil
	}
	return []any{c.args[0]}, nil
}

func callToNumber(s *search, c *call) (any, error) {
	switch kindOf(c.args[0]) {
	case kindNumber:
		return c.args[0], nil
	case kindString:
		text := c.args[0].(string)
		if n, ok := textNumber(text); ok {
			return n.json(), s.spendText(len(text))
		}
	}
	return nil, nil
}

func callToString(s *search, c *call) (any, error) {
	if text, ok := c.args[0].(string); ok {
		return text, nil
	}
	w := jsonText{search: s}
	if err := w.value(c.args[0]); err != nil {
		return nil, err
	}
	return string(w.b), nil
}

func callType(_ *search, c *call) (any, error) {
	return kindOf(c.args[0]).String(), nil
}

func callMap(s *search, c *call) (any, error) {
	list := c.args[1].([]any)
	out := make([]any, len(list))
	for i, e := range list {
		v, err := s.eval(c.expr, e)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// key is the sort key of an element: a string or a number.
type key struct {
	element any
	kind    kind
	text    string
	number  number
}

func (k *key) compare(o *key) int {
	if k.kind == kindString {
		return cmp.Compare(k.text, o.text)
	}
	return k.number.compare(o.number)
}

// keys computes the sort keys of an array; expr is nil for the elements
// themselves.
func (s *search) keys(c *call, list []any, expr *node) ([]key, error) {
	// A sort compares each element about fifteen times.
	if err := s.spend(len(list) * 4); err != nil {
		return nil, err
	}
	keys := make([]key, len(list))
	for i, e := range list {
		v := e
		if expr != nil {
			var err error
			if v, err = s.eval(expr, e); err != nil {
				return nil, err
			}
		}
		k := key{element: e, kind: kindOf(v)}
		switch k.kind {
		case kindString:
			k.text = v.(string)
		case kindNumber:
			k.number = numberOf(v)
		default:
			return nil, s.query.fail(c.node.at, fmt.Sprintf("%s() orders by numbers or strings, but element %d gives %s",
				c.node.call.name, i, k.kind.article()))
		}
		if k.kind != keys[0].kind && i > 0 {
			return nil, s.query.fail(c.node.at, fmt.Sprintf("%s() cannot order a %s among %ss (element %d)",
				c.node.call.name, k.kind, keys[0].kind, i))
		}
		keys[i] = k
	}
	return keys, nil
}

func (s *search) sorted(c *call, expr *node) (any, error) {
	keys, err := s.keys(c, c.args[0].([]any), expr)
	if err != nil {
		return nil, err
	}
	order := make([]*key, len(keys)) // all pointers are sorted by the same code
	for i := range keys {
		order[i] = &keys[i]
	}
	slices.SortStableFunc(order, (*key).compare)
	out := make([]any, len(keys))
	for i, k := range order {
		out[i] = k.element
	}
	return out, nil
}

// extreme is the first element with the largest (sign 1) or the smallest
// (sign -1) key, null for an empty array.
func (s *search) extreme(c *call, expr *node, sign int) (any, error) {
	keys, err := s.keys(c, c.args[0].([]any), expr)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	best := &keys[0]
	for i := range keys {
		if keys[i].compare(best)*sign > 0 {
			best = &keys[i]
		}
	}
	return best.element, nil
}

func callSort(s *search, c *call) (any, error)   { return s.sorted(c, nil) }
func callSortBy(s *search, c *call) (any, error) { return s.sorted(c, c.expr) }
func callMax(s *search, c *call) (any, error)    { return s.extreme(c, nil, 1) }
func callMaxBy(s *search, c *call) (any, error)  { return s.extreme(c, c.expr, 1) }
func callMin(s *search, c *call) (any, error)    { return s.extreme(c, nil, -1) }
func callMinBy(s *search, c *call) (any, error)  { return s.extreme(c, c.expr, -1) }
