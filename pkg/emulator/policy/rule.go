package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// rule is a policyRule, compiled.
type rule struct {
	holds   condition
	effect  expression
	details expression // of append and modify; nil otherwise
}

// The effects of a rule. Those that need an identity of their own to deploy or
// to look elsewhere are kept and change nothing here.
var effects = []string{"append", "audit", "auditIfNotExists", "deny", "denyAction", "deployIfNotExists", "disabled", "manual", "modify"}

// compile compiles a rule whose parameters have some names.
func compile(raw json.RawMessage, parameters map[string]parameter) (*rule, error) {
	var in struct {
		If   any
		Then struct{ Effect, Details any }
	}
	if err := json.Unmarshal(raw, &in); err != nil || in.If == nil {
		return nil, fmt.Errorf("%w: policyRule has an if and a then", errRule)
	}
	c := &compiler{parameters: map[string]bool{}}
	for name := range parameters {
		c.parameters[strings.ToLower(name)] = true
	}
	holds, err := c.condition(in.If)
	if err != nil {
		return nil, err
	}
	word, _ := in.Then.Effect.(string)
	if word == "" {
		return nil, errors.New("then has no effect")
	}
	r := &rule{holds: holds}
	if r.effect, err = c.constant(word); err != nil {
		return nil, err
	}
	possible := []string{word}
	if isExpression(word) {
		possible = allowedEffects(word, parameters)
	}
	for _, effect := range possible {
		if !slices.ContainsFunc(effects, func(e string) bool { return strings.EqualFold(e, effect) }) {
			return nil, fmt.Errorf("the effect '%s' is not valid", effect)
		}
		if err := checkDetails(effect, in.Then.Details); err != nil {
			return nil, err
		}
	}
	if in.Then.Details != nil {
		r.details, err = c.constant(in.Then.Details)
	}
	return r, err
}

// allowedEffects are the effects that the parameter in [parameters('x')] can be.
func allowedEffects(word string, parameters map[string]parameter) []string {
	for name, p := range parameters {
		if strings.EqualFold(strings.ReplaceAll(word, " ", ""), "[parameters('"+name+"')]") {
			var out []string
			for _, v := range append(p.AllowedValues, p.DefaultValue) {
				if v != nil {
					out = append(out, text(v))
				}
			}
			return out
		}
	}
	return nil
}

// change is one change of append or modify.
type change struct {
	operation string // add, addOrReplace, remove; "" of append
	field     string
	path      []string
	value     any
}

// checkDetails refuses details of append and modify that cannot be carried out.
func checkDetails(effect string, details any) error {
	var list any
	switch strings.ToLower(effect) {
	case "append":
		list = details
	case "modify":
		m, _ := details.(map[string]any)
		roles, _ := lookup(m, "roleDefinitionIds")
		if ids, _ := roles.([]any); len(ids) == 0 {
			return errors.New("the effect modify needs roleDefinitionIds in its details")
		}
		list, _ = lookup(m, "operations")
	default:
		return nil
	}
	all, ok := list.([]any)
	if !ok || len(all) == 0 {
		return fmt.Errorf("the effect %s needs a list in its details", effect)
	}
	for _, one := range all {
		m, _ := one.(map[string]any)
		name, _ := lookup(m, "field")
		field := text(name)
		if isExpression(field) {
			continue
		}
		if _, ok := fieldPath(field); !ok {
			return fmt.Errorf("%w '%s'", errAlias, field)
		}
		alias, isAlias := strings.CutPrefix(strings.ToLower(field), strings.ToLower(computeType)+"/")
		if strings.EqualFold(effect, "modify") && isAlias && !slices.Contains(modifiable, alias) {
			return fmt.Errorf("the alias '%s' is not known to be modifiable", field)
		}
	}
	return nil
}

// changes are what append or modify does, with everything evaluated.
func (r *rule) changes(s *scope, effect string) ([]change, error) {
	if r.details == nil {
		return nil, nil
	}
	raw, err := r.details(s)
	if err != nil {
		return nil, err
	}
	if m, ok := raw.(map[string]any); ok && effect == "modify" {
		raw, _ = lookup(m, "operations")
	}
	list, _ := raw.([]any)
	var out []change
	for _, one := range list {
		m, _ := one.(map[string]any)
		get := func(key string) any { v, _ := lookup(m, key); return v }
		ch := change{operation: strings.ToLower(text(get("operation"))), field: text(get("field")), value: get("value")}
		if when := get("condition"); when != nil && !isTrue(when) {
			continue
		}
		path, ok := fieldPath(ch.field)
		if !ok {
			return nil, fmt.Errorf("%w '%s'", errAlias, ch.field)
		}
		ch.path = path
		out = append(out, ch)
	}
	return out, nil
}

// apply carries out a change. It returns false where append meets another value,
// which is a refusal.
func (ch change) apply(resource map[string]any) bool {
	path, element := slices.Clone(ch.path), false
	if path[len(path)-1] == "[*]" {
		path, element = path[:len(path)-1], true
	}
	if slices.Contains(path, "[*]") {
		return true // the elements that are there stay as they are
	}
	at, last := resource, path[len(path)-1]
	for _, step := range path[:len(path)-1] {
		next, _ := lookup(at, step)
		m, ok := next.(map[string]any)
		if !ok {
			m = map[string]any{}
			set(at, step, m)
		}
		at = m
	}
	old, _ := lookup(at, last)
	switch {
	case element:
		list, _ := old.([]any)
		set(at, last, append(slices.Clone(list), ch.value))
	case ch.operation == "remove":
		set(at, last, nil)
	case ch.operation == "addorreplace" || old == nil:
		set(at, last, ch.value)
	case ch.operation == "":
		return same(old, ch.value)
	}
	return true
}

// set sets a key whatever its case.
func set(m map[string]any, key string, v any) {
	for k := range m {
		if strings.EqualFold(k, key) {
			delete(m, k)
		}
	}
	if v != nil {
		m[key] = v
	}
}
