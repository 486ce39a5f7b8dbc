// Package armtemplate evaluates the expressions of ARM templates. It is pure: what
// an expression asks of Azure, it is told in a Scope, or it is an error.
package armtemplate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Scope is what expressions refer to. Values are string, int, bool, nil, []any and
// map[string]any.
type Scope struct {
	// Parameter and Variable return the value of a name.
	Parameter, Variable func(name string) (any, error)
	// Subscription and ResourceGroup are what subscription() and resourceGroup()
	// return, as far as it is known: subscriptionId, tenantId, id; name, location, id.
	Subscription, ResourceGroup map[string]any
}

// ErrUnknown is wrapped by the error of an expression about Azure that its Scope
// does not tell.
var ErrUnknown = errors.New("it is not known here")

// IsExpression reports whether a text is an expression: it stands in brackets, and
// does not begin with two.
func IsExpression(text string) bool {
	return strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") && !strings.HasPrefix(text, "[[")
}

// Evaluate returns the value of an expression, with its brackets.
func Evaluate(text string, s Scope) (any, error) {
	if !IsExpression(text) {
		return nil, fmt.Errorf("%.80q is not an expression", text)
	}
	p := &parser{rest: text[1 : len(text)-1], scope: s}
	v, err := p.expression(true, 0)
	if err == nil {
		if p.blanks(); p.rest != "" {
			err = fmt.Errorf("%.40q is left over", p.rest)
		}
	}
	return v, err
}

// parser evaluates as it reads. What is not taken, as a branch of if, is read only.
type parser struct {
	rest  string
	scope Scope
}

func (p *parser) blanks() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// next reports whether c comes next, and reads it.
func (p *parser) next(c string) bool {
	p.blanks()
	var ok bool
	p.rest, ok = strings.CutPrefix(p.rest, c)
	return ok
}

const deepest = 60

// expression reads a value and what is asked of it: .name and [index].
func (p *parser) expression(take bool, depth int) (any, error) {
	if depth > deepest {
		return nil, errors.New("the expression is too deep")
	}
	v, err := p.value(take, depth)
	for err == nil {
		switch {
		case p.next("."):
			name := p.word()
			if name == "" {
				return nil, errors.New("a name is missing after a dot")
			}
			if take {
				v, err = member(v, name)
			}
		case p.next("["):
			var key any
			if key, err = p.expression(take, depth+1); err != nil {
				return nil, err
			}
			if !p.next("]") {
				return nil, errors.New("a ] is missing")
			}
			if take {
				v, err = member(v, key)
			}
		default:
			return v, nil
		}
	}
	return nil, err
}

// member is an element of an object or a list.
func member(v, key any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("%v is not the name of a property", key)
		}
		if value, ok := v[name]; ok {
			return value, nil
		}
		for k, value := range v {
			if strings.EqualFold(k, name) {
				return value, nil
			}
		}
		if about, ok := v[unknown].(string); ok {
			return nil, fmt.Errorf("%s.%s: %w", about, name, ErrUnknown)
		}
		return nil, fmt.Errorf("there is no property %q", name)
	case []any:
		if i, ok := key.(int); ok && i >= 0 && i < len(v) {
			return v[i], nil
		}
		return nil, fmt.Errorf("there is no element %v", key)
	}
	return nil, fmt.Errorf("%v is asked of what is neither an object nor a list", key)
}

// unknown marks an object of which more is not known.
const unknown = "\x00unknown"

func (p *parser) word() string {
	p.blanks()
	end := 0
	for end < len(p.rest) && (p.rest[end] == '_' || p.rest[end] >= '0' && p.rest[end] <= '9' || p.rest[end]|0x20 >= 'a' && p.rest[end]|0x20 <= 'z') {
		end++
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	return word
}

// value reads a text, a number or a call.
func (p *parser) value(take bool, depth int) (any, error) {
	p.blanks()
	if strings.HasPrefix(p.rest, "'") {
		return p.text()
	}
	if p.rest != "" && (p.rest[0] == '-' || p.rest[0] >= '0' && p.rest[0] <= '9') {
		end := 1
		for end < len(p.rest) && p.rest[end] >= '0' && p.rest[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(p.rest[:end])
		p.rest = p.rest[end:]
		return n, err
	}
	name := p.word()
	if name == "" || !p.next("(") {
		return nil, fmt.Errorf("a value is missing before %.40q", p.rest)
	}
	return p.call(strings.ToLower(name), name, take, depth)
}

// text reads a text in quotes; two quotes are one.
func (p *parser) text() (any, error) {
	var out strings.Builder
	rest := p.rest[1:]
	for {
		before, after, ok := strings.Cut(rest, "'")
		if !ok {
			return nil, errors.New("a quote is missing")
		}
		out.WriteString(before)
		if !strings.HasPrefix(after, "'") {
			p.rest = after
			return out.String(), nil
		}
		out.WriteByte('\'')
		rest = after[1:]
	}
}

// call reads the arguments of a function, and calls it.
func (p *parser) call(name, written string, take bool, depth int) (any, error) {
	var args []any
	for !p.next(")") {
		if len(args) > 0 && !p.next(",") {
			return nil, fmt.Errorf("a comma or ) is missing in %s()", written)
		}
		use := take
		if name == "if" && len(args) > 0 && take { // the other branch may fail
			condition, _ := args[0].(bool)
			use = condition == (len(args) == 1)
		}
		v, err := p.expression(use, depth+1)
		if err != nil {
			return nil, err
		}
		if args = append(args, v); len(args) > 1000 {
			return nil, fmt.Errorf("%s() has too many arguments", written)
		}
	}
	if !take {
		return nil, nil
	}
	v, err := p.apply(name, written, args)
	if err != nil && name != "parameters" && name != "variables" && !strings.Contains(err.Error(), written+"(") {
		err = fmt.Errorf("%s(): %w", written, err)
	}
	return v, err
}

// apply calls a function that needs the scope, or one that does not.
func (p *parser) apply(name, written string, args []any) (any, error) {
	s := p.scope
	switch name {
	case "parameters", "variables":
		of := s.Parameter
		if name == "variables" {
			of = s.Variable
		}
		key, err := textOf(args, 0)
		if err != nil || len(args) != 1 || of == nil {
			return nil, errors.New("one name is needed")
		}
		return of(key)
	case "subscription":
		return told(s.Subscription, "subscription()"), nil
	case "resourcegroup":
		return told(s.ResourceGroup, "resourceGroup()"), nil
	case "resourceid", "subscriptionresourceid":
		return s.resourceID(name, args)
	}
	f := functions(name)
	if f == nil {
		return nil, fmt.Errorf("the function %s() is not supported here; write its value", written)
	}
	return f(args)
}

func told(known map[string]any, about string) map[string]any {
	out := map[string]any{unknown: about}
	for key, value := range known {
		out[key] = value
	}
	return out
}

// resourceID is the id of a resource from its type and names, in a subscription and
// a group that may stand before them.
func (s Scope) resourceID(name string, args []any) (any, error) {
	words := make([]string, len(args))
	at := -1
	for i := range args {
		var err error
		if words[i], err = textOf(args, i); err != nil {
			return nil, err
		}
		if at < 0 && strings.Contains(words[i], "/") {
			at = i
		}
	}
	if at < 0 || at > 2 {
		return nil, errors.New("a type such as Microsoft.Network/virtualNetworks is needed")
	}
	kinds, names := strings.Split(words[at], "/"), words[at+1:]
	if len(kinds)-1 != len(names) {
		return nil, fmt.Errorf("%s needs %d names, and there are %d", words[at], len(kinds)-1, len(names))
	}
	subscription, group := "", ""
	if at > 0 {
		group = words[at-1]
	}
	if at > 1 {
		subscription = words[0]
	}
	if name == "subscriptionresourceid" && at == 1 {
		subscription, group = words[0], ""
	}
	if subscription == "" {
		v, err := member(told(s.Subscription, "subscription()"), "subscriptionId")
		if err != nil {
			return nil, err
		}
		subscription, _ = v.(string)
	}
	id := "/subscriptions/" + subscription
	if name == "resourceid" {
		if group == "" {
			v, err := member(told(s.ResourceGroup, "resourceGroup()"), "name")
			if err != nil {
				return nil, err
			}
			group, _ = v.(string)
		}
		id += "/resourceGroups/" + group
	}
	id += "/providers/" + kinds[0]
	for i, kind := range kinds[1:] {
		id += "/" + kind + "/" + names[i]
	}
	return id, nil
}
