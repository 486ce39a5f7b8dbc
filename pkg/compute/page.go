package compute

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

var errBadList = errors.New("it is not the list it should be")

// isSyntax reports whether err says that something is not the JSON it should be.
func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	var token *jsontext.SyntacticError
	return errors.As(err, &syntax) || errors.As(err, &token) || errors.Is(err, errBadList)
}

// readPage reads {"value":[…],"nextLink":…} from r, holding one element at a
// time; key is the name of the list, or several. {"error":…} is a refusal, and an
// object without the key, or with null there, no list: that the service sends null
// for an empty one is not known, and half an answer must not read as none. What is handed out may be kept.
func readPage(r io.Reader, key string, each func(json.RawMessage) error) (next string, err error) {
	d := newDecoder(r)
	found := false
	err = readMembers(d, func(name string) (err error) {
		switch {
		case listed(key, name):
			if d.PeekKind() == 'n' {
				return d.SkipValue() // no list: an empty one is []
			}
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

var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// newDecoder reads JSON as the service may write it.
func newDecoder(r io.Reader) *jsontext.Decoder {
	return jsontext.NewDecoder(r, lenient...)
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
