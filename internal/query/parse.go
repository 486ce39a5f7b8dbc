package query

import "fmt"

// op is the operation of a node.
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
	at    int    // byte offset of the node's token, or -1
	name  string // opField
	index int    // opIndex; opHash: number of distinct keys
	slice [3]*int
	value any       // opLiteral
	cmp   tokenKind // opCompare
	call  *function
	keys  []hashKey // opHash, one for each kid
	kids  []node

	depth   int  // of the tree below
	bracket bool // ends in an index: a slice right after it is another index
}

// hashKey is the position of a value in a hash: a repeated key keeps its first
// position and its last value, as in Python.
type hashKey struct {
	name string
	slot int
}

// powers are the left binding powers of tokens, as in Python's parser; a token
// that ends an expression has none.
var powers = [...]int{
	tokPipe: 1, tokOr: 2, tokAnd: 3,
	tokEqual: 5, tokNotEqual: 5, tokLess: 5, tokLessEqual: 5, tokGreater: 5, tokGreaterEqual: 5,
	tokFlatten: 9, tokStar: 20, tokFilter: 21, tokDot: 40, tokNot: 45, tokBrace: 50, tokBracket: 55, tokParen: 60,
}

// projectionEnd is the power below which a token ends a projection.
const projectionEnd = 10

// parser is Python's top-down parser: first parses the start of an expression,
// then what continues it.
type parser struct {
	expression string
	tokens     []token
	// shares limits how often a value can occur in the result: lists and hashes
	// of a query can repeat it.
	shares int
	err    error // the first error; later ones do not count
}

// parse turns an expression into nodes.
func parse(expression string) (*Query, error) {
	tokens, err := lex(expression)
	if err != nil {
		return nil, err
	}
	p := &parser{expression: expression, tokens: tokens, shares: 1}
	root := p.parse(0)
	p.match(tokEnd)
	if root.op == opExpref {
		p.misplaced()
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Query{expression: expression, root: root, shares: p.shares, steps: maxSteps}, nil
}

func (p *parser) fail(at int, reason string) {
	if p.err == nil {
		p.err = invalid(p.expression, at, reason)
	}
}

// unexpected refuses the next token.
func (p *parser) unexpected(t token) {
	switch t.kind {
	case tokEnd:
		p.fail(t.at, "it is incomplete")
	case tokQuoted:
		p.fail(t.at, "unexpected literal or quoted name")
	default:
		p.fail(t.at, "unexpected "+head(t.text, 24))
	}
}

func (p *parser) misplaced() {
	p.fail(-1, "& is only allowed before a function argument")
}

// peek is the kind of the next token; after an error it is the end.
func (p *parser) peek() tokenKind {
	if p.err != nil {
		return tokEnd
	}
	return p.tokens[0].kind
}

func (p *parser) take() token {
	t := p.tokens[0]
	if len(p.tokens) > 1 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// match takes the next token, which must be of one of the kinds.
func (p *parser) match(kinds ...tokenKind) token {
	t := p.take()
	for _, k := range kinds {
		if t.kind == k {
			return t
		}
	}
	p.unexpected(t)
	return t
}

// skip takes the next token if it is of the kind.
func (p *parser) skip(kind tokenKind) bool {
	if p.peek() != kind {
		return false
	}
	p.take()
	return true
}

// join combines nodes.
func (p *parser) join(op op, kids ...node) node {
	n := node{op: op, at: -1, kids: kids}
	for i := range kids {
		n.depth = max(n.depth, kids[i].depth+1)
		if kids[i].op == opExpref && op != opCall {
			p.misplaced()
		}
	}
	if n.depth > maxDepth {
		p.fail(-1, fmt.Sprintf("it nests deeper than %d levels", maxDepth))
	}
	return n
}

// parse parses an expression up to a token that does not bind stronger than
// power.
func (p *parser) parse(power int) node {
	left := p.first(p.take())
	for kind := p.peek(); kind > tokEnd && int(kind) < len(powers) && power < powers[kind]; kind = p.peek() {
		left = p.more(left, p.take())
	}
	return left
}

// first parses the expression that a token starts.
func (p *parser) first(t token) node {
	switch t.kind {
	case tokName, tokQuoted:
		return node{op: opField, at: t.at, name: t.text}
	case tokLiteral:
		return node{op: opLiteral, at: t.at, value: t.value}
	case tokAt:
		return identity
	case tokStar:
		if p.peek() == tokCloseBracket {
			return p.join(opValues, identity, identity)
		}
		return p.join(opValues, identity, p.projected(powers[tokStar]))
	case tokFilter, tokFlatten:
		return p.more(identity, t)
	case tokBracket:
		if p.peek() == tokStar && p.tokens[1].kind != tokCloseBracket || p.peek() != tokStar && p.peek() != tokNumber && p.peek() != tokColon {
			return p.list()
		}
		return p.more(identity, t)
	case tokBrace:
		return p.hash()
	case tokParen:
		inner := p.parse(0)
		p.match(tokCloseParen)
		return inner
	case tokNot:
		return p.join(opNot, p.parse(powers[tokNot]))
	case tokExpref:
		return p.join(opExpref, p.parse(0))
	}
	p.unexpected(t)
	return node{}
}

var identity = node{op: opIdentity, at: -1}

// more parses the expression that a token continues.
func (p *parser) more(left node, t token) node {
	switch t.kind {
	case tokDot:
		if p.skip(tokStar) {
			return p.join(opValues, left, p.projected(powers[tokDot]))
		}
		return p.join(opThen, left, p.afterDot(powers[tokDot]))
	case tokPipe:
		return p.join(opThen, left, p.parse(powers[tokPipe]))
	case tokOr:
		return p.join(opOr, left, p.parse(powers[tokOr]))
	case tokAnd:
		return p.join(opAnd, left, p.parse(powers[tokAnd]))
	case tokEqual, tokNotEqual, tokLess, tokLessEqual, tokGreater, tokGreaterEqual:
		n := p.join(opCompare, left, p.parse(powers[t.kind]))
		n.cmp = t.kind
		return n
	case tokFlatten:
		return p.join(opProject, p.join(opFlatten, left), p.projected(powers[tokFlatten]))
	case tokFilter:
		condition := p.parse(0)
		p.match(tokCloseBracket)
		right := identity
		if p.peek() != tokFlatten {
			right = p.projected(powers[tokFilter])
		}
		return p.join(opFilter, left, right, condition)
	case tokBracket:
		if p.skip(tokStar) {
			p.match(tokCloseBracket)
			return p.join(opProject, left, p.projected(powers[tokStar]))
		}
		return p.index(left)
	case tokParen:
		return p.call(left, t)
	}
	p.unexpected(t)
	return node{}
}

// projected parses the expression applied to each element of a projection.
func (p *parser) projected(power int) node {
	kind := p.peek()
	switch {
	case int(kind) >= len(powers) || powers[kind] < projectionEnd:
		return identity
	case kind == tokBracket || kind == tokFilter:
		return p.parse(power)
	case kind == tokDot:
		p.take()
		return p.afterDot(power)
	}
	p.unexpected(p.take())
	return node{}
}

// afterDot parses what may follow a dot.
func (p *parser) afterDot(power int) node {
	switch p.peek() {
	case tokName, tokQuoted, tokStar:
		return p.parse(power)
	case tokBracket:
		p.take()
		return p.list()
	case tokBrace:
		p.take()
		return p.hash()
	}
	p.unexpected(p.take())
	return node{}
}

// index parses an index or slice of left, after its bracket. Python treats a
// slice right after an index as another index, so a[0][1:3].b is field b of the
// sliced array, which is null, not field b of its elements.
func (p *parser) index(left node) node {
	var parts [3]*int
	colons := 0
	for p.peek() != tokCloseBracket && p.err == nil {
		switch t := p.match(tokNumber, tokColon); {
		case t.kind == tokColon && colons < 2:
			colons++
		case t.kind == tokColon, parts[colons] != nil && colons == 0:
			p.unexpected(t)
		default:
			parts[colons] = &t.index
		}
	}
	p.match(tokCloseBracket)
	if p.err != nil {
		return node{}
	}
	if colons == 0 {
		n := p.join(opThen, left, node{op: opIndex, at: -1, index: *parts[0]})
		n.bracket = true
		return n
	}
	n := p.join(opThen, left, node{op: opSlice, at: -1, slice: parts})
	if left.bracket {
		n.bracket = true
		return n
	}
	return p.join(opProject, n, p.projected(powers[tokStar]))
}

func (p *parser) list() node {
	kids := []node{p.parse(0)}
	for p.peek() != tokCloseBracket && p.err == nil {
		p.match(tokComma)
		kids = append(kids, p.parse(0))
	}
	p.match(tokCloseBracket)
	p.share(len(kids))
	return p.join(opList, kids...)
}

func (p *parser) hash() node {
	var keys []hashKey
	var kids []node
	slots := map[string]int{}
	for p.err == nil {
		name := p.match(tokQuoted, tokName).text
		p.match(tokColon)
		kids = append(kids, p.parse(0))
		slot, ok := slots[name]
		if !ok {
			slot = len(slots)
			slots[name] = slot
		}
		keys = append(keys, hashKey{name, slot})
		if p.skip(tokCloseBrace) {
			break
		}
		p.skip(tokComma) // Python does not require it either
	}
	p.share(len(kids))
	n := p.join(opHash, kids...)
	n.keys, n.index = keys, len(slots)
	return n
}

// call parses the arguments of a function, after its name.
func (p *parser) call(name node, paren token) node {
	if name.op != opField || p.expression[name.at] == '"' {
		p.fail(paren.at, "only a function name can come before (")
		return node{}
	}
	var args []node
	for p.peek() != tokCloseParen && p.err == nil {
		args = append(args, p.parse(0))
		p.skip(tokComma) // Python does not require it either
	}
	p.match(tokCloseParen)
	n := p.join(opCall, args...)
	n.at = name.at
	if n.call = lookup(name.name); n.call == nil {
		p.fail(n.at, "unknown function "+head(name.name, 24)+"()")
	} else if reason := n.call.checkArguments(n.kids); reason != "" {
		p.fail(n.at, reason)
	}
	return n
}

func (p *parser) share(n int) {
	if n > 1 && p.shares <= shareLimit {
		p.shares *= n
	}
}
