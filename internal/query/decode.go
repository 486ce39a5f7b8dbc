package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxValueDepth limits the nesting of data, as encoding/json does.
const maxValueDepth = 10000

var errDepth = errors.New("nested too deeply")

// Decode reads one JSON value, with the keys of objects sorted and numbers as
// they are. A key given twice keeps its last value.
func Decode(raw []byte) (any, error) { return decode(raw, maxValueDepth, true) }

// decode reads one JSON value up to a nesting limit: for printing, as Decode
// does, or else with keys in their order and numbers as Python spells them.
func decode(raw []byte, limit int, printing bool) (any, error) {
	d := decoder{
		Decoder: jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		text:    string(raw), printing: printing,
	}
	v, err := d.value(limit)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text follows the JSON value")
	}
	return v, nil
}

type decoder struct {
	*jsontext.Decoder
	text     string // what it reads
	printing bool
}

// string is the string that was read last: a part of the text, which costs no
// memory of its own, unless it is spelled with escapes.
func (d decoder) string(token jsontext.Token) string {
	end := int(d.InputOffset()) - 1
	start := strings.LastIndexByte(d.text[:end], '"') + 1
	s := d.text[start:end]
	if start > 1 && d.text[start-2] == '\\' || strings.IndexByte(s, '\\') >= 0 || !utf8.ValidString(s) {
		return token.String()
	}
	return s
}

func (d decoder) value(limit int) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return d.string(token), nil
	case '0':
		n := json.Number(token.String())
		if !d.printing {
			n = Canonical(n)
		}
		return n, nil
	case 't', 'f':
		return token.Bool(), nil
	case 'n':
		return nil, nil
	}
	if limit == 0 {
		return nil, errDepth
	}
	if token.Kind() == '[' {
		list := []any{}
		for d.PeekKind() != ']' {
			e, err := d.value(limit - 1)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		_, err = d.ReadToken()
		return list, err
	}
	b := builder{object: make(Object, 0, 8)}
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := d.string(token)
		e, err := d.value(limit - 1)
		if err != nil {
			return nil, err
		}
		if d.printing {
			b.object.Set(key, e)
		} else {
			b.set(key, e)
		}
	}
	_, err = d.ReadToken()
	return b.object, err
}
