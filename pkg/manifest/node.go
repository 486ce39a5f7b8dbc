package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/computetarget/computetarget/pkg/lookalike"
)

const (
	maxSize  = 1 << 20
	maxNodes = 100_000
	maxDepth = 50
)

// node is a value of the file and its place.
type node struct {
	place
	// Exactly one of the three is set.
	mapping *mapping
	list    []*node // not nil for a list, even an empty one
	scalar  any     // string, json.Number, bool or nil
	written string  // the scalar as it stands in the file
}

// mapping is a mapping in the order of the file.
type mapping struct {
	pairs  []pair
	keys   map[string]bool // as written
	folded map[string]int  // the first pair of each folded key
}

type pair struct {
	key string
	place
	value *node
}

// get is the value of a key in any spelling: computeStartStop,
// ComputeStartStop, compute_start_stop; nil if absent.
func (m *mapping) get(key string) *node {
	if m == nil {
		return nil
	}
	if i, ok := m.folded[fold(key)]; ok {
		return m.pairs[i].value
	}
	return nil
}

// named is the value of a key, ignoring case only: parameter names may differ
// in a hyphen.
func (n *node) named(key string) *node {
	if n == nil || n.mapping == nil {
		return nil
	}
	for _, p := range n.mapping.pairs {
		if strings.EqualFold(p.key, key) {
			return p.value
		}
	}
	return nil
}

// once refuses a key that occurs in two spellings.
func (m *mapping) once(keys ...string) error {
	seen := map[string]string{}
	for _, p := range m.pairs {
		if !slices.ContainsFunc(keys, func(key string) bool { return fold(key) == fold(p.key) }) {
			continue
		}
		if other := seen[fold(p.key)]; other != "" {
			return p.errorf("%s and %s are the same key", show(other), show(p.key))
		}
		seen[fold(p.key)] = p.key
	}
	return nil
}

// find follows keys to a value; nil if absent. Copies of its loop would take 8 kB.
//
//go:noinline
func (n *node) find(keys ...string) *node {
	for _, key := range keys {
		if n == nil {
			return nil
		}
		n = n.mapping.get(key)
	}
	return n
}

func (n *node) text() (string, bool) {
	if n == nil || n.mapping != nil || n.list != nil {
		return "", false
	}
	s, ok := n.scalar.(string)
	return s, ok
}

func (n *node) null() bool {
	return n != nil && n.mapping == nil && n.list == nil && n.scalar == nil
}

// place is where something stands in a file; line and column count from 1. What is
// not in the file that is read names its source.
type place struct {
	line, column int
	source       string
}

func at(line, column int) place { return place{line: line, column: column} }

func (p place) errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Mistake{Line: p.line, Column: p.column, File: p.source, Text: err.Error(), cause: errors.Unwrap(err)}
}

// Mistake is what is wrong with a file, and where.
type Mistake struct {
	Line, Column int    // from 1; 0 if not known
	File         string // "" for the file that is read
	Text         string
	cause        error
}

// Error begins with the line, if it is known.
func (m *Mistake) Error() string {
	switch {
	case m.File != "":
		return m.In("")
	case m.Line == 0:
		return m.Text
	}
	return fmt.Sprintf("line %d: %s", m.Line, m.Text)
}

// Unwrap returns the cause.
func (m *Mistake) Unwrap() error { return m.cause }

// In is the mistake as compilers write it: file:line:column: text.
func (m *Mistake) In(file string) string { return m.Where(file) + ": " + m.Text }

// Where is the place of the mistake: file:line:column.
func (m *Mistake) Where(file string) string {
	if m.File != "" {
		file = m.File
	}
	switch {
	case m.Line == 0:
		return file
	case m.Column == 0:
		return fmt.Sprintf("%s:%d", file, m.Line)
	}
	return fmt.Sprintf("%s:%d:%d", file, m.Line, m.Column)
}

// kind describes n, for errors.
func (n *node) kind() string {
	switch {
	case n.mapping != nil:
		return "a block of keys"
	case n.list != nil:
		return "a list"
	case n.scalar == nil:
		return "null"
	}
	if s, ok := n.scalar.(string); ok {
		return show(s)
	}
	return fmt.Sprint(n.scalar)
}

// fold normalizes a key: no case, hyphens or underscores.
func fold(key string) string {
	return strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(key, "-", ""), "_", ""))
}

func show(text string) string { return fmt.Sprintf("%.60q", text) }

// parse reads the documents of a file: JSON, with comments as in templates, or
// YAML.
func parse(data []byte) ([]*node, error) {
	if len(data) > maxSize {
		return nil, errors.New("the file is longer than a megabyte")
	}
	text := plainBlanks(string(data))
	if head := strings.TrimSpace(withoutComments(text)); strings.HasPrefix(head, "{") || strings.HasPrefix(head, "[") {
		docs, err := parseJSON(withoutComments(text))
		if err == nil || errors.Is(err, errMuch) {
			return docs, err
		}
		// Braces are also YAML, but for faulty JSON the JSON error says more.
		if docs, other := parseYAML(text); other == nil || !jsonStart().MatchString(head) {
			return docs, other
		}
		return nil, pasted(text, err)
	}
	docs, err := parseYAML(text)
	if err != nil {
		return nil, pasted(text, err)
	}
	return docs, nil
}

var jsonStart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\[{]+\s*"`) })

var errMuch = errors.New("the file has more than schedules need")

// plainBlanks turns blanks from web pages and word processors into plain ones,
// and drops zero-width characters.
func plainBlanks(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == ' ':
			return r
		case r == 0x2028 || r == 0x2029 || r == 0x85 || r == '\v' || r == '\f':
			return '\n'
		case unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
}

// pasted adds the first lookalike character to an error: curly quotes break
// both JSON and YAML.
func pasted(text string, err error) error {
	line := 0
	for row := range strings.Lines(text) {
		line++
		for column, r := range []rune(row) {
			if lookalike.Quote(r) {
				return at(line, column+1).errorf("%s instead of a plain quote (%w)", lookalike.Describe(r), err)
			}
		}
	}
	return err
}

// withoutComments blanks // and /* */ comments in JSON and keeps the lines.
func withoutComments(text string) string {
	out := []byte(text)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	for i := 0; i < len(out); i++ {
		switch {
		case out[i] == '"':
			for i++; i < len(out) && out[i] != '"'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
		case bytes.HasPrefix(out[i:], []byte("//")):
			end := len(out)
			if at := bytes.IndexByte(out[i:], '\n'); at >= 0 {
				end = i + at
			}
			blank(i, end)
			i = end
		case bytes.HasPrefix(out[i:], []byte("/*")):
			end := len(out)
			if at := bytes.Index(out[i+2:], []byte("*/")); at >= 0 { // "/*/" only opens one
				end = i + 2 + at + 2
			}
			blank(i, end)
			i = end - 1
		}
	}
	return string(out)
}

// parseJSON reads JSON values, one after the other.
func parseJSON(text string) ([]*node, error) {
	p := jsonParser{text: text, decoder: json.NewDecoder(strings.NewReader(text)), left: maxNodes}
	p.decoder.UseNumber()
	var docs []*node
	for {
		n, err := p.value(0)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
}

type jsonParser struct {
	text    string
	decoder *json.Decoder
	left    int
	seen    int // bytes of text whose lines are counted
	line    int // lines before seen
}

// at is where the token begins that was read after the offset from.
func (p *jsonParser) at(from int) place {
	from = min(from, len(p.text))
	from += len(p.text[from:]) - len(strings.TrimLeft(p.text[from:], " \t\r\n,:"))
	p.line += strings.Count(p.text[p.seen:from], "\n")
	p.seen = from
	return at(p.line+1, utf8.RuneCountInString(p.text[strings.LastIndexByte(p.text[:from], '\n')+1:from])+1)
}

func (p *jsonParser) token() (json.Token, place, error) {
	from := int(p.decoder.InputOffset())
	token, err := p.decoder.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		before := min(int(syntax.Offset), len(p.text))
		return nil, place{}, p.end(before).errorf("the file is not JSON: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, place{}, p.end(len(p.text)).errorf("the file is not JSON: it ends too early")
	case err != nil:
		return nil, place{}, err
	}
	return token, p.at(from), nil
}

// end is the place before the offset to.
func (p *jsonParser) end(to int) place {
	before := p.text[:to]
	return at(1+strings.Count(before, "\n"), max(1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])))
}

func (p *jsonParser) value(depth int) (*node, error) {
	token, at, err := p.token()
	if err != nil {
		return nil, err
	}
	return p.after(token, at, depth)
}

func (p *jsonParser) after(token json.Token, at place, depth int) (*node, error) {
	if p.left--; p.left < 0 || depth > maxDepth {
		return nil, errMuch
	}
	n := &node{place: at}
	switch token {
	case json.Delim('['):
		n.list = []*node{}
	case json.Delim('{'):
		n.mapping = &mapping{}
	default:
		n.scalar, n.written = token, fmt.Sprint(token)
		return n, nil
	}
	for {
		token, at, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil, p.end(len(p.text)).errorf("the file is not JSON: it ends too early")
		}
		if err != nil {
			return nil, err
		}
		if token == json.Delim(']') || token == json.Delim('}') {
			return n, nil
		}
		if n.list != nil {
			item, err := p.after(token, at, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, item)
			continue
		}
		key, _ := token.(string)
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if err := n.mapping.add(key, at, value); err != nil {
			return nil, err
		}
	}
}

// add refuses a duplicate key.
func (m *mapping) add(key string, at place, value *node) error {
	if m.keys[key] {
		return at.errorf("the key %s occurs twice", show(key))
	}
	if m.keys == nil {
		m.keys, m.folded = map[string]bool{}, map[string]int{}
	}
	m.keys[key] = true
	if _, ok := m.folded[fold(key)]; !ok {
		m.folded[fold(key)] = len(m.pairs)
	}
	m.pairs = append(m.pairs, pair{key, at, value})
	return nil
}

// parseYAML reads the non-empty documents of a YAML file.
func parseYAML(text string) ([]*node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	left := maxNodes
	var docs []*node
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, yamlError(text, err)
		}
		if len(doc.Content) != 1 {
			continue
		}
		n, err := fromYAML(doc.Content[0], &left, 0)
		if err != nil {
			return nil, err
		}
		if !n.null() {
			docs = append(docs, n)
		}
	}
}

var yamlLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: line (\d+): (.*)`) })

// yamlError puts the line first, and names a tab as the cause.
func yamlError(text string, err error) error {
	for i, row := range strings.Split(text, "\n") {
		if indent := row[:len(row)-len(strings.TrimLeft(row, " \t"))]; strings.Contains(indent, "\t") {
			return at(i+1, 1).errorf("the file is not YAML: the line is indented with a tab; use blanks")
		}
	}
	if m := yamlLine().FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		return place{line: line}.errorf("the file is not YAML: %s", m[2])
	}
	return fmt.Errorf("the file is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
}

// fromYAML converts a YAML node. Times stay text: a time in a file has no
// offset.
func fromYAML(y *yaml.Node, left *int, depth int) (*node, error) {
	if *left--; *left < 0 || depth > maxDepth {
		return nil, errMuch
	}
	n := &node{place: at(y.Line, y.Column)}
	switch y.Kind {
	case yaml.AliasNode:
		return fromYAML(y.Alias, left, depth+1)
	case yaml.SequenceNode:
		n.list = []*node{}
		for _, item := range y.Content {
			v, err := fromYAML(item, left, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, v)
		}
		return n, nil
	case yaml.MappingNode:
		n.mapping = &mapping{}
		return n, n.mapping.fill(y, left, depth)
	}
	n.written = y.Value
	return n, n.fromScalar(y)
}

// fill adds the keys of a YAML mapping, then its merged keys.
func (m *mapping) fill(y *yaml.Node, left *int, depth int) error {
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Kind != yaml.ScalarNode {
			return at(key.Line, key.Column).errorf("a key is not a word")
		}
		v, err := fromYAML(y.Content[i+1], left, depth+1)
		if err != nil {
			return err
		}
		if key.ShortTag() == "!!merge" {
			if v.list != nil {
				merged = append(merged, v.list...)
			} else {
				merged = append(merged, v)
			}
			continue
		}
		if err := m.add(key.Value, at(key.Line, key.Column), v); err != nil {
			return err
		}
	}
	for _, other := range merged {
		if other.mapping == nil {
			return other.errorf("<< merges a block of keys, and this is %s", other.kind())
		}
		for _, p := range other.mapping.pairs {
			if !m.keys[p.key] {
				_ = m.add(p.key, p.place, p.value)
			}
		}
	}
	return nil
}

func digits(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func (n *node) fromScalar(y *yaml.Node) error {
	switch y.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if err := y.Decode(&b); err != nil {
			return n.errorf("%s cannot be read", show(y.Value))
		}
		n.scalar = b
	case "!!int", "!!float":
		if digits(y.Value) { // people who write 010 mean ten
			n.scalar = json.Number(strings.TrimLeft(strings.TrimLeft(y.Value, "+"), "0"))
			if n.scalar == json.Number("") {
				n.scalar = json.Number("0")
			}
			return nil
		}
		var f float64
		if err := y.Decode(&f); err != nil || f != f || f-f != 0 {
			return n.errorf("%s is not a number that can be read", show(y.Value))
		}
		n.scalar = json.Number(strconv.FormatFloat(f, 'f', -1, 64))
	default:
		n.scalar = y.Value
	}
	return nil
}
