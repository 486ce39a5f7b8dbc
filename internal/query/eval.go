package query

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// search is one evaluation.
type search struct {
	query *Query
	left  int // remaining steps, see maxSteps
}

// spend uses up steps.
func (s *search) spend(steps int) error {
	if s.left -= steps; s.left < 0 {
		return s.query.fail(-1, "its result is too large; select less")
	}
	return nil
}

// spendText uses up the steps for some bytes of text.
func (s *search) spendText(size int) error { return s.spend(1 + size/4) }

// eval applies a node to a value.
func (s *search) eval(n *node, v any) (any, error) {
	if err := s.spend(1); err != nil {
		return nil, err
	}
	switch n.op {
	case opIdentity:
		return v, nil
	case opField:
		return s.field(v, n.name)
	case opIndex:
		list, _ := v.([]any)
		i := n.index
		if i < 0 {
			i += len(list)
		}
		if i < 0 || i >= len(list) {
			return nil, nil
		}
		return list[i], nil
	case opSlice:
		return s.slice(n, v)
	case opThen:
		left, err := s.eval(&n.kids[0], v)
		if err != nil {
			return nil, err
		}
		return s.eval(&n.kids[1], left)
	case opProject, opFilter, opValues:
		return s.project(n, v)
	case opFlatten:
		return s.flatten(n, v)
	case opLiteral:
		return n.value, nil
	case opList:
		if v == nil {
			return nil, nil
		}
		out := make([]any, len(n.kids))
		for i := range n.kids {
			e, err := s.eval(&n.kids[i], v)
			if err != nil {
				return nil, err
			}
			out[i] = e
		}
		return out, nil
	case opHash:
		if v == nil {
			return nil, nil
		}
		out := make(Object, n.index)
		for i := range n.kids {
			e, err := s.eval(&n.kids[i], v)
			if err != nil {
				return nil, err
			}
			out[n.keys[i].slot] = Member{n.keys[i].name, e}
		}
		return out, nil
	case opOr, opAnd:
		left, err := s.eval(&n.kids[0], v)
		if err != nil || isFalse(left) == (n.op == opAnd) {
			return left, err
		}
		return s.eval(&n.kids[1], v)
	case opNot:
		e, err := s.eval(&n.kids[0], v)
		return isFalse(e), err
	case opCompare:
		return s.compare(n, v)
	case opCall:
		return s.call(n, v)
	}
	return nil, s.query.fail(n.at, "it cannot be evaluated")
}

func (s *search) field(v any, name string) (any, error) {
	o, _ := v.(Object)
	e, _ := o.Get(name)
	return e, s.spend(len(o) / 16)
}

// slice follows Python's rules for a start and an end outside the array.
func (s *search) slice(n *node, v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, nil
	}
	step := 1
	if n.slice[2] != nil {
		step = *n.slice[2]
	}
	if step == 0 {
		return nil, s.query.fail(-1, "the step of a slice cannot be 0")
	}
	low, high := 0, len(list)
	if step < 0 {
		low, high = -1, len(list)-1
	}
	bound := func(part *int, otherwise int) int {
		if part == nil {
			return otherwise
		}
		i := *part
		if i < 0 {
			i += len(list)
		}
		return min(max(i, low), high)
	}
	out := []any{}
	if step > 0 {
		end := bound(n.slice[1], high)
		for i := bound(n.slice[0], low); i < end; i += step {
			out = append(out, list[i])
		}
	} else {
		end := bound(n.slice[1], low)
		for i := bound(n.slice[0], high); i > end; i += step {
			out = append(out, list[i])
		}
	}
	return out, s.spend(len(out))
}

func (s *search) project(n *node, v any) (any, error) {
	left, err := s.eval(&n.kids[0], v)
	if err != nil {
		return nil, err
	}
	list, ok := left.([]any)
	if n.op == opValues {
		var members Object
		members, ok = left.(Object)
		if list, err = s.each(members, func(m Member) any { return m.Value }); err != nil {
			return nil, err
		}
	}
	if !ok {
		return nil, nil
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		if n.op == opFilter {
			keep, err := s.eval(&n.kids[2], e)
			if err != nil {
				return nil, err
			}
			if isFalse(keep) {
				continue
			}
		}
		if e, err = s.eval(&n.kids[1], e); err != nil {
			return nil, err
		}
		if e != nil {
			out = append(out, e)
		}
	}
	return out, nil
}

func (s *search) flatten(n *node, v any) (any, error) {
	left, err := s.eval(&n.kids[0], v)
	if err != nil {
		return nil, err
	}
	list, ok := left.([]any)
	if !ok {
		return nil, nil
	}
	size := 0
	for _, e := range list {
		if inner, ok := e.([]any); ok {
			size += len(inner)
		} else {
			size++
		}
		if err := s.spend(1); err != nil {
			return nil, err
		}
	}
	if err := s.spend(size); err != nil {
		return nil, err
	}
	out := make([]any, 0, size)
	for _, e := range list {
		if inner, ok := e.([]any); ok {
			out = append(out, inner...)
		} else {
			out = append(out, e)
		}
	}
	return out, nil
}

// compare applies a comparator. Equality works for every type; order works for
// two numbers or, as in az, two strings, and is null otherwise.
func (s *search) compare(n *node, v any) (any, error) {
	a, err := s.eval(&n.kids[0], v)
	if err != nil {
		return nil, err
	}
	b, err := s.eval(&n.kids[1], v)
	if err != nil {
		return nil, err
	}
	ka, kb := kindOf(a), kindOf(b)
	if n.cmp == tokEqual || n.cmp == tokNotEqual {
		equal := false
		if ka|kb != kindBoolean|kindNumber {
			if equal, err = s.equal(a, b); err != nil {
				return nil, err
			}
		}
		return equal == (n.cmp == tokEqual), nil
	}
	const ordered = kindNumber | kindString
	if ka&ordered == 0 || kb&ordered == 0 {
		return nil, nil
	}
	if ka != kb {
		return nil, s.query.fail(max(n.kids[0].at, n.kids[1].at), fmt.Sprintf("a %s and a %s cannot be compared by order", ka, kb))
	}
	var order int
	if ka == kindString {
		order = cmp.Compare(a.(string), b.(string))
	} else {
		order = numberOf(a).compare(numberOf(b))
	}
	switch n.cmp {
	case tokLess:
		return order < 0, nil
	case tokLessEqual:
		return order <= 0, nil
	case tokGreater:
		return order > 0, nil
	}
	return order >= 0, nil
}

// equal is Python's ==, in which true equals 1 and false equals 0; compare
// keeps them apart where JMESPath does, which is not inside arrays.
func (s *search) equal(a, b any) (bool, error) {
	if err := s.spend(1); err != nil {
		return false, err
	}
	ka, kb := kindOf(a), kindOf(b)
	if ka|kb == kindBoolean|kindNumber {
		a, b, ka, kb = boolNumber(a), boolNumber(b), kindNumber, kindNumber
	}
	if ka != kb {
		return false, nil
	}
	switch ka {
	case kindNumber:
		if x, ok := a.(json.Number); ok && x == b {
			return true, nil
		}
		return numberOf(a).compare(numberOf(b)) == 0, nil
	case kindArray:
		x, y := a.([]any), b.([]any)
		if len(x) != len(y) {
			return false, nil
		}
		for i := range x {
			if same, err := s.equal(x[i], y[i]); !same {
				return false, err
			}
		}
		return true, nil
	case kindObject:
		return s.equalObjects(a.(Object), b.(Object))
	}
	return a == b, nil
}

func (s *search) equalObjects(x, y Object) (bool, error) {
	if len(x) != len(y) {
		return false, nil
	}
	if err := s.spend(len(x)); err != nil {
		return false, err
	}
	places := make(map[string]int, len(y))
	for i := range y {
		places[y[i].Key] = i
	}
	for i := range x {
		j, ok := places[x[i].Key]
		if !ok {
			return false, nil
		}
		if same, err := s.equal(x[i].Value, y[j].Value); !same {
			return false, err
		}
	}
	return true, nil
}

func boolNumber(v any) any {
	switch v {
	case true:
		return 1
	case false:
		return 0
	}
	return v
}

// measure uses up a step for every value of a result.
func (s *search) measure(v any) error {
	if err := s.spend(1); err != nil {
		return err
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := s.measure(e); err != nil {
				return err
			}
		}
	case Object:
		for i := range v {
			if err := s.measure(v[i].Value); err != nil {
				return err
			}
		}
	}
	return nil
}
