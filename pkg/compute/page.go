package compute

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// unmarshal reads JSON as the service may write it: a field of another type
// than expected is left as it is, keys match in any case.
//
// It is the next encoding/json, three times as fast, which a list of thousands
// feels.
func unmarshal(data []byte, v any) error {
	err := jsonv1.Unmarshal(data, v)
	var otherType *jsonv1.UnmarshalTypeError
	if errors.As(err, &otherType) { // everything else was decoded before it was returned
		if plain, changed := decodeTruths(data); changed {
			_ = jsonv1.Unmarshal(plain, v)
		}
		return nil
	}
	return err
}

// truths are the keys of what is true or false.
const truths = `disableLocalAuth enableNodePublicIp enableSSO enableRootAccess enableOSPatching releaseQuotaOnStop isLatestOsImageVersion isolatedNetwork`

// decodeTruths is data with truths that have another type: a word is the truth that
// it says, and anything else is null. A pointer to a truth would be one to false.
func decodeTruths(data []byte) (plain []byte, changed bool) {
	value, ok := decodeWhole(data)
	if !ok {
		return nil, false
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if _, fine := inner.(bool); fine || inner == nil || !listed(truths, key) {
					walk(inner)
					continue
				}
				changed, v[key] = true, nil
				if word, ok := inner.(string); ok && (strings.EqualFold(word, "true") || strings.EqualFold(word, "false")) {
					v[key] = strings.EqualFold(word, "true")
				}
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(value)
	if !changed {
		return nil, false
	}
	plain, err := json.Marshal(value)
	return plain, err == nil
}

var errBadList = errors.New("it is not the list it should be")

// isSyntax reports whether err says that something is not the JSON it should be.
func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	var v1 *jsonv1.SyntaxError
	var token *jsontext.SyntacticError
	return errors.As(err, &syntax) || errors.As(err, &v1) || errors.As(err, &token) || errors.Is(err, errBadList)
}

// readPage reads {"value":[…],"nextLink":…} from r, holding one element at a
// time; key is the name of the list, or several. {"error":…} is a refusal, and an
// object without the key no list. What is handed out may be kept.
func readPage(r io.Reader, key string, each func(json.RawMessage) error) (next string, err error) {
	d := newDecoder(r)
	found := false
	err = readMembers(d, func(name string) (err error) {
		switch {
		case listed(key, name):
			found = true
			err = readElements(d, func(value jsontext.Value) error { return each(bytes.Clone(value)) })
		case strings.EqualFold(name, "nextLink"):
			var link text
			var value jsontext.Value
			if value, err = d.ReadValue(); err == nil {
				err = link.UnmarshalJSON(value)
			}
			next = string(link)
		case name == "error":
			var said jsontext.Value
			if said, err = d.ReadValue(); err == nil && len(readProblems(said, 0)) > 0 {
				err = refusal(bytes.Clone(said))
			}
		default:
			err = d.SkipValue()
		}
		return err
	})
	switch {
	case err != nil:
		return "", notEOF(err)
	case !found:
		return "", errBadList // an empty list says so
	}
	return next, nil
}

// newDecoder reads JSON as the service may write it.
func newDecoder(r io.Reader) *jsontext.Decoder {
	return jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// readMembers reads an object. each is told a key, and reads its value.
func readMembers(d *jsontext.Decoder, each func(name string) error) error {
	if err := open(d, '{'); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if err := each(name.String()); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// readElements hands out the elements of an array, which are read over when each
// returns; null is an empty one.
func readElements(d *jsontext.Decoder, each func(jsontext.Value) error) error {
	if d.PeekKind() == 'n' {
		return d.SkipValue()
	}
	if err := open(d, '['); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		value, err := d.ReadValue()
		if err != nil {
			return err
		}
		if err := each(value); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// open reads the beginning of an object or an array.
func open(d *jsontext.Decoder, kind jsontext.Kind) error {
	token, err := d.ReadToken()
	switch {
	case err != nil:
		return notEOF(err)
	case token.Kind() != kind:
		return errBadList
	}
	return nil
}

// notEOF is err, where the end of the body came in the middle of the document.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
