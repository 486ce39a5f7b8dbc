package query

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"
)

// op is what a node does with the value it is given.
type op uint8

const (
	opIdentity op = iota
	opField
	opIndex
	opSlice
	opThen    // kids[1] on the result of kids[0]
	opProject // kids[1] on each element of the array kids[0]
	opValues  // kids[1] on each value of the object kids[0]
	opFilter  // kids[1] on the elements of kids[0] for which kids[2] is true
	opFlatten
	opLiteral
	opList
	opHash
	opOr
	opAnd
	opNot
	opCompare
	opCall
	opExpref // only as an argument of a function
)

type node struct {
	op    op
	at    int    // byte offset of the node's word; -1 when it has none
	name  string // opField
	index int    // opIndex; opHash: number of distinct keys
	slice [3]*int
	value any             // opLiteral
	cmp   parsing.TokType // opCompare
	call  *function
	keys  []hashKey // opHash, one for each kid
	kids  []node
}

// hashKey says where a hash puts a value: a key given twice keeps its first
// place and its last value, as in Python.
type hashKey struct {
	name string
	slot int
}

// parse turns an expression into nodes.
func parse(expression string) (*Query, error) {
	s, err := scan(expression)
	if err != nil {
		return nil, err
	}
	tree, err := parsing.NewParser().Parse(string(s.text))
	if err != nil {
		return nil, s.translate(err)
	}
	c := converter{scanned: s, shares: 1}
	root, err := c.convert(&tree, 0)
	if err != nil {
		return nil, err
	}
	if root.op == opExpref {
		return nil, s.fail(-1, "& can only stand before an argument of a function")
	}
	return &Query{expression: expression, root: root, shares: c.shares, steps: maxSteps}, nil
}

// translate says a syntax error of the parser in the expression's own words.
func (s *scanned) translate(err error) error {
	var syntax parsing.SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(s.text) {
		return s.fail(-1, "it cannot be parsed")
	}
	if syntax.Offset == len(s.text) {
		return s.fail(len(s.expression), "it is incomplete")
	}
	at := s.origin[syntax.Offset]
	return s.fail(at, "unexpected "+s.token(at))
}

// token is what stands at an offset of the expression, for a message.
func (s *scanned) token(at int) string {
	for _, w := range s.words {
		if w.at == at {
			if name, ok := w.value.(string); ok && isLetter(s.expression[at]) {
				return head(name, 24)
			}
			return "literal or quoted name"
		}
	}
	if c := s.expression[at]; isDigit(c) || c == '-' {
		return "number"
	}
	return s.expression[at : at+1]
}

// converter makes nodes of the parser's tree.
type converter struct {
	*scanned
	// shares bounds how often one value can stand in the result: lists and
	// hashes of the query put the same value in several places.
	shares int
}

// convert makes a node.
func (c *converter) convert(tree *parsing.ASTNode, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, c.fail(-1, fmt.Sprintf("it nests deeper than %d levels", maxDepth))
	}
	n := node{at: -1}
	var err error
	switch tree.NodeType {
	case parsing.ASTIdentity, parsing.ASTCurrentNode:
		n.op = opIdentity
	case parsing.ASTField:
		n.op = opField
		w, err := c.word(tree.Value)
		if err != nil {
			return n, err
		}
		n.at, n.name = w.at, w.value.(string)
	case parsing.ASTLiteral:
		n.op = opLiteral
		w, err := c.word(tree.Value)
		if err != nil {
			return n, err
		}
		n.at, n.value = w.at, w.value
	case parsing.ASTIndex:
		n.op = opIndex
		n.index, _ = tree.Value.(int)
		if i := n.index - firstSlice; i >= 0 && i < len(c.slices) {
			n.op, n.slice = opSlice, c.slices[i]
		}
	case parsing.ASTSlice:
		n.op = opSlice
		parts, _ := tree.Value.([]*int)
		copy(n.slice[:], parts)
	case parsing.ASTSubexpression, parsing.ASTPipe, parsing.ASTIndexExpression:
		n.op = opThen
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTProjection:
		n.op = opProject
		if sliceOfIndex(&tree.Children[0]) {
			n.op = opThen
		}
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTValueProjection:
		n.op = opValues
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTFilterProjection:
		n.op = opFilter
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTFlatten:
		n.op = opFlatten
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTMultiSelectList:
		n.op = opList
		c.share(len(tree.Children))
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTMultiSelectHash:
		c.share(len(tree.Children))
		return c.hash(tree, depth)
	case parsing.ASTOrExpression:
		n.op = opOr
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTAndExpression:
		n.op = opAnd
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTNotExpression:
		n.op = opNot
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTComparator:
		n.op = opCompare
		n.cmp, _ = tree.Value.(parsing.TokType)
		n.kids, err = c.kids(tree, depth)
	case parsing.ASTFunctionExpression:
		return c.function(tree, depth)
	case parsing.ASTExpRef:
		n.op = opExpref
		n.kids, err = c.kids(tree, depth)
	default:
		return n, c.fail(-1, "it uses an extension that az does not know")
	}
	return n, err
}

func (c *converter) kids(tree *parsing.ASTNode, depth int) ([]node, error) {
	list := make([]node, len(tree.Children))
	for i := range tree.Children {
		kid, err := c.convert(&tree.Children[i], depth+1)
		if err != nil {
			return nil, err
		}
		if kid.op == opExpref && tree.NodeType != parsing.ASTFunctionExpression {
			return nil, c.fail(-1, "& can only stand before an argument of a function")
		}
		list[i] = kid
	}
	return list, nil
}

// sliceOfIndex finds the slices of an index that bracket could not see, those
// behind a parenthesis: (a[0])[1:3].
func sliceOfIndex(tree *parsing.ASTNode) bool {
	return tree.NodeType == parsing.ASTIndexExpression &&
		tree.Children[0].NodeType == parsing.ASTIndexExpression &&
		tree.Children[1].NodeType == parsing.ASTSlice
}

func (c *converter) hash(tree *parsing.ASTNode, depth int) (node, error) {
	n := node{op: opHash, at: -1, keys: make([]hashKey, len(tree.Children)), kids: make([]node, len(tree.Children))}
	slots := map[string]int{}
	for i := range tree.Children {
		pair := &tree.Children[i]
		w, err := c.word(pair.Value)
		if err != nil {
			return n, err
		}
		values, err := c.kids(pair, depth)
		if err != nil {
			return n, err
		}
		name, _ := w.value.(string)
		slot, ok := slots[name]
		if !ok {
			slot = len(slots)
			slots[name] = slot
		}
		n.keys[i], n.kids[i] = hashKey{name, slot}, values[0]
	}
	n.index = len(slots)
	return n, nil
}

func (c *converter) function(tree *parsing.ASTNode, depth int) (node, error) {
	n := node{op: opCall}
	w, err := c.word(tree.Value)
	if err != nil {
		return n, err
	}
	n.at = w.at
	name, _ := w.value.(string)
	n.call = lookup(name)
	if n.call == nil {
		return n, c.fail(n.at, "there is no function "+head(name, 24)+"()")
	}
	if n.kids, err = c.kids(tree, depth); err != nil {
		return n, err
	}
	if reason := n.call.checkArguments(n.kids); reason != "" {
		return n, c.fail(n.at, reason)
	}
	return n, nil
}

// word finds the identifier or literal that scan hid behind a number.
func (c *converter) word(v any) (word, error) {
	i := -1
	switch v := v.(type) {
	case string:
		if len(v) > 1 {
			if n, err := strconv.Atoi(v[1:]); err == nil {
				i = n
			}
		}
	case float64:
		i = int(v)
	}
	if i < 0 || i >= len(c.words) {
		return word{}, c.fail(-1, "it cannot be parsed")
	}
	return c.words[i], nil
}

func (c *converter) share(n int) {
	if n > 1 && c.shares <= shareLimit {
		c.shares *= n
	}
}
