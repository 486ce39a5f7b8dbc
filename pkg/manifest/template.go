package manifest

import (
	"bytes"
	"errors"
	"strings"

	"github.com/computetarget/computetarget/pkg/armtemplate"
)

// Parameters are the values of a parameters file.
type Parameters struct{ node *node }

func (p *Parameters) values() *node {
	if p == nil {
		return nil
	}
	return p.node
}

// ReadParameters reads a parameters file of templates; nil if the file is something
// else.
func ReadParameters(data []byte) *Parameters {
	if !bytes.Contains(data, []byte("parameters")) {
		return nil
	}
	docs, err := parse(data)
	if err != nil || len(docs) != 1 || !isParameters(docs[0]) {
		return nil
	}
	return &Parameters{docs[0].find("parameters")}
}

// isParameters reports whether n is a parameters file: each parameter has a value, or
// refers to a key vault.
func isParameters(n *node) bool {
	block := n.find("parameters")
	if block == nil || block.mapping == nil || n.find("resources") != nil {
		return false
	}
	schema, _ := n.find("$schema").text()
	if strings.Contains(strings.ToLower(schema), "deploymentparameters") {
		return true
	}
	for _, p := range block.mapping.pairs {
		if p.value.mapping == nil || p.value.find("value") == nil && p.value.find("reference") == nil {
			return false
		}
	}
	return len(block.mapping.pairs) > 0
}

// template reads the computes of an ARM template, written by hand or compiled from
// Bicep. given are the values of its parameters, as in a parameters file.
func (r *documents) template(n, given *node) error {
	s := newScope(n.find("parameters"), n.find("variables"))
	s.given = given
	if r.Here != nil {
		if ws, err := r.Here(); err == nil {
			s.subscription = map[string]any{"subscriptionId": ws.Subscription, "id": "/subscriptions/" + ws.Subscription}
			s.group = map[string]any{"name": ws.ResourceGroup, "id": "/subscriptions/" + ws.Subscription + "/resourceGroups/" + ws.ResourceGroup}
		}
	}
	before := len(r.out.Documents)
	if err := r.resources(n.find("resources"), s, "", ""); err != nil {
		return err
	}
	if len(r.out.Documents) == before {
		r.out.Others++
	}
	return nil
}

// resources reads the computes among resources. kind and name are those of the
// resource that they are inside of.
func (r *documents) resources(list *node, s scope, kind, name string) error {
	for _, item := range list.children() {
		if item.mapping == nil {
			continue
		}
		own, _ := item.find("type").text()
		if kind != "" && !strings.Contains(own, ".") {
			own = kind + "/" + own
		}
		wanted, err := s.truth(item.find("condition"), true)
		if err != nil {
			return err
		}
		existing, err := s.truth(item.find("existing"), false)
		if err != nil {
			return err
		}
		if !wanted || existing {
			continue
		}
		switch {
		case strings.EqualFold(own, resourceType):
			if err := r.resource(item, s, name); err != nil {
				return err
			}
		case strings.EqualFold(own, "Microsoft.Resources/deployments") && item.find("properties", "template").mappingOf() != nil:
			given, err := s.evaluate(item.find("properties", "parameters"), 0)
			if err != nil {
				return err
			}
			inner := &documents{Options: r.Options, out: r.out}
			err = inner.template(item.find("properties", "template"), given)
			if r.wrong = append(r.wrong, inner.wrong...); err != nil {
				return err
			}
		case item.find("resources") != nil:
			parent, err := s.evaluate(item.find("name"), 0)
			if err != nil {
				return err
			}
			text, _ := parent.text()
			if err := r.resources(item.find("resources"), s, own, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *node) mappingOf() *mapping {
	if n == nil {
		return nil
	}
	return n.mapping
}

// truth is the value of a condition; otherwise is what it is when it is not given.
func (s scope) truth(n *node, otherwise bool) (bool, error) {
	if n == nil {
		return otherwise, nil
	}
	v, err := s.evaluate(n, 0)
	if err != nil {
		return false, err
	}
	is, ok := v.scalar.(bool)
	if !ok {
		return false, n.errorf("%s is neither true nor false", v.kind())
	}
	return is, nil
}

// resource reads a compute of a template, its expressions replaced by their values.
func (r *documents) resource(item *node, s scope, parent string) error {
	if item.find("copy") != nil {
		return item.errorf("the compute uses copy, which is not evaluated here")
	}
	out := &node{place: item.place, mapping: &mapping{}}
	workspace := parent
	for _, p := range item.mapping.pairs {
		if strings.EqualFold(p.key, "dependsOn") || strings.EqualFold(p.key, "condition") || strings.EqualFold(p.key, "existing") {
			continue
		}
		value, err := s.evaluate(p.value, 0)
		if strings.EqualFold(p.key, "location") && errors.Is(err, armtemplate.ErrUnknown) {
			continue // as a rule it is the group's region: the workspace's is used
		}
		if err != nil {
			return err
		}
		if name, ok := value.text(); ok && strings.EqualFold(p.key, "name") {
			if at := strings.LastIndexByte(name, '/'); at >= 0 {
				workspace = name[:at]
			}
		}
		if err := out.mapping.add(p.key, p.place, value); err != nil {
			return err
		}
	}
	return r.compute(out, (*reading).body, workspace)
}
