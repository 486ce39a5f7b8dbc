package compute

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

var errBadList = errors.New("it is not the list it should be")

// readPage reads {"value":[…],"nextLink":…} from r, holding one element at a
// time. {"error":…} is a refusal. It only finds where elements begin and end; whoever decodes them finds
// out whether they are JSON. (encoding/json's Decoder would read every element
// twice before it is decoded, which a list of thousands feels.)
func readPage(r io.Reader, key string, each func(json.RawMessage) error) (next string, err error) {
	p := &pageReader{bufio.NewReaderSize(r, 64<<10)}
	if err := p.expect('{'); err != nil {
		return "", err
	}
	for first := true; ; first = false {
		b, err := p.peek()
		switch {
		case err != nil:
			return "", err
		case b == '}':
			return next, nil
		case !first:
			if err := p.expect(','); err != nil {
				return "", err
			}
		}
		var name string
		if err := p.decode(&name); err != nil {
			return "", err
		}
		if err := p.expect(':'); err != nil {
			return "", err
		}
		switch {
		case strings.EqualFold(name, key):
			err = p.array(each)
		case strings.EqualFold(name, "nextLink"):
			var link text
			err = p.decode(&link)
			next = string(link)
		case name == "error":
			var said []byte
			if said, err = p.value(nil); err == nil && len(readProblems(said, 0)) > 0 {
				err = refusal(said)
			}
		default:
			_, err = p.value(nil)
		}
		if err != nil {
			return "", err
		}
	}
}

type pageReader struct{ *bufio.Reader }

// peek is the next byte that is no white space, left in place.
func (p *pageReader) peek() (byte, error) {
	for {
		b, err := p.ReadByte()
		switch {
		case err != nil:
			return 0, notEOF(err)
		case b == ' ' || b == '\t' || b == '\r' || b == '\n':
		default:
			return b, p.UnreadByte()
		}
	}
}

func (p *pageReader) expect(want byte) error {
	b, err := p.peek()
	if err != nil {
		return err
	}
	if b != want {
		return errBadList
	}
	_, err = p.Discard(1)
	return err
}

func (p *pageReader) decode(v any) error {
	data, err := p.value(nil)
	if err != nil {
		return err
	}
	if json.Unmarshal(data, v) != nil {
		return errBadList
	}
	return nil
}

// array hands out the elements of an array; null is an empty one.
func (p *pageReader) array(each func(json.RawMessage) error) error {
	b, err := p.peek()
	if err != nil {
		return err
	}
	if b != '[' {
		data, err := p.value(nil)
		if err == nil && string(data) != "null" {
			err = errBadList
		}
		return err
	}
	if _, err := p.Discard(1); err != nil {
		return err
	}
	var scratch []byte
	for first := true; ; first = false {
		b, err := p.peek()
		switch {
		case err != nil:
			return err
		case b == ']':
			_, err := p.Discard(1)
			return err
		case !first:
			if err := p.expect(','); err != nil {
				return err
			}
		}
		if scratch, err = p.value(scratch[:0]); err != nil {
			return err
		}
		// The scratch space grows once; what is handed out is exactly as large
		// as it must be, because it is kept.
		if err := each(append(make(json.RawMessage, 0, len(scratch)), scratch...)); err != nil {
			return err
		}
	}
}

// value appends the bytes of the next value to into.
func (p *pageReader) value(into []byte) ([]byte, error) {
	first, err := p.peek()
	if err != nil {
		return nil, err
	}
	nested := first == '{' || first == '['
	quoted := first == '"'
	depth, inString, escaped := 0, false, false
	for {
		// All that is buffered is looked at in one go.
		window, err := p.Peek(max(1, p.Buffered()))
		if len(window) == 0 {
			if errors.Is(err, io.EOF) && !nested && !quoted && len(into) > 0 {
				return into, nil
			}
			return nil, notEOF(err)
		}
		for i, b := range window {
			end := -1
			switch {
			case inString:
				switch {
				case escaped:
					escaped = false
				case b == '\\':
					escaped = true
				case b == '"':
					inString = false
					if !nested {
						end = i + 1
					}
				}
			case b == '"':
				inString = true
			case b == '{' || b == '[':
				depth++
			case b == '}' || b == ']':
				if depth--; nested && depth == 0 {
					end = i + 1
				} else if !nested {
					end = i
				}
			case !nested && (b == ',' || b == ':' || b == ' ' || b == '\t' || b == '\r' || b == '\n'):
				end = i
			}
			if end >= 0 {
				into = append(into, window[:end]...)
				if len(into) == 0 {
					return nil, errBadList
				}
				_, err := p.Discard(end)
				return into, err
			}
		}
		into = append(into, window...)
		if _, err := p.Discard(len(window)); err != nil {
			return nil, err
		}
	}
}

// notEOF is err, where the end of the body came in the middle of the document.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
