package graph

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A filter of Graph is terms such as mail eq 'x@y', startswith(displayName,'x')
// and id in ('a','b'), joined by and, or, not and parentheses. Advanced queries,
// which need the header ConsistencyLevel, are refused.

type predicate func(*Person) bool

var errFilter = errors.New("Unsupported or invalid query filter clause specified.") //nolint:revive,staticcheck // Graph's words

var filterToken = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*('(?:[^']|'')*'|[A-Za-z][A-Za-z0-9/]*|[(),])`)
})

// parser reads a filter from left to right.
type parser struct {
	rest  string
	depth int
}

func parseFilter(s string) (predicate, error) {
	if strings.TrimSpace(s) == "" {
		return func(*Person) bool { return true }, nil
	}
	in := &parser{rest: s}
	match, err := in.either()
	if err != nil || strings.TrimSpace(in.rest) != "" {
		return nil, errFilter
	}
	return match, nil
}

// next takes the next token.
func (in *parser) next() string {
	m := filterToken().FindStringSubmatch(in.rest)
	if m == nil {
		return ""
	}
	in.rest = in.rest[len(m[0]):]
	return m[1]
}

// accept takes the next token if it is one of the words.
func (in *parser) accept(word string) bool {
	before := in.rest
	if strings.EqualFold(in.next(), word) {
		return true
	}
	in.rest = before
	return false
}

func (in *parser) either() (predicate, error) {
	left, err := in.both()
	for err == nil && in.accept("or") {
		var right predicate
		a := left
		right, err = in.both()
		left = func(p *Person) bool { return a(p) || right(p) }
	}
	return left, err
}

func (in *parser) both() (predicate, error) {
	left, err := in.term()
	for err == nil && in.accept("and") {
		var right predicate
		a := left
		right, err = in.term()
		left = func(p *Person) bool { return a(p) && right(p) }
	}
	return left, err
}

// term is one comparison, or a filter in parentheses.
func (in *parser) term() (predicate, error) {
	if in.depth++; in.depth > 100 {
		return nil, errFilter
	}
	defer func() { in.depth-- }()
	if in.accept("not") {
		match, err := in.term()
		if err != nil {
			return nil, err
		}
		return func(p *Person) bool { return !match(p) }, nil
	}
	if in.accept("(") {
		match, err := in.either()
		if err == nil && !in.accept(")") {
			err = errFilter
		}
		return match, err
	}
	field := in.next()
	if strings.EqualFold(field, "startswith") {
		return in.prefix()
	}
	if !slices.ContainsFunc(every, func(f string) bool { return strings.EqualFold(f, field) }) {
		return nil, errFilter
	}
	switch word := strings.ToLower(in.next()); word {
	case "eq", "ne":
		value := in.next()
		same := func(p *Person) bool { return strings.EqualFold(fieldOf(p, field), unquote(value)) }
		if value == "null" {
			same = func(p *Person) bool { return p.text(field) == nil }
		} else if !quoted(value) {
			return nil, errFilter
		}
		if word == "ne" {
			return func(p *Person) bool { return !same(p) }, nil
		}
		return same, nil
	case "in":
		return in.oneOf(field)
	}
	return nil, errFilter
}

// prefix reads what follows startswith.
func (in *parser) prefix() (predicate, error) {
	if !in.accept("(") {
		return nil, errFilter
	}
	field := in.next()
	if !in.accept(",") {
		return nil, errFilter
	}
	start := in.next()
	if !quoted(start) || !in.accept(")") {
		return nil, errFilter
	}
	start = strings.ToLower(unquote(start))
	return func(p *Person) bool { return strings.HasPrefix(strings.ToLower(fieldOf(p, field)), start) }, nil
}

// oneOf reads the list that follows in.
func (in *parser) oneOf(field string) (predicate, error) {
	if !in.accept("(") {
		return nil, errFilter
	}
	var values []string
	for {
		v := in.next()
		if !quoted(v) {
			return nil, errFilter
		}
		values = append(values, unquote(v))
		if in.accept(")") {
			break
		}
		if !in.accept(",") {
			return nil, errFilter
		}
	}
	return func(p *Person) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, fieldOf(p, field)) })
	}, nil
}

// fieldOf is a field of a person, "" when there is none.
func fieldOf(p *Person, field string) string {
	if s := p.text(field); s != nil {
		return *s
	}
	return ""
}

func quoted(s string) bool {
	return len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\''
}

// unquote takes the quotes off a string of OData.
func unquote(s string) string {
	if !quoted(s) {
		return s
	}
	return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
}
