package argv

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io/fs"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// files reads @file values; standard input is read once.
type files struct {
	read  func(path string) ([]byte, error)
	stdin *string
	err   error // for the first existing file that could not be read
}

// value returns the value of an argument, with files read and quotes removed.
// Like az, it recognizes "@" at the start and after the first "=".
func (e *expander) value(arg string) string {
	if key, v, ok := strings.Cut(arg, "="); ok {
		if text, ok := e.files.load(v); ok {
			return key + "=" + text
		}
		return unquote(arg)
	}
	return e.attached(arg)
}

// attached returns the value of the text after a flag's "=".
func (e *expander) attached(v string) string {
	if text, ok := e.files.load(v); ok {
		return text
	}
	return unquote(v)
}

// load returns the text of the file in "@path"; false if v has another form or
// the file does not exist.
func (f *files) load(v string) (string, bool) {
	path, ok := strings.CutPrefix(v, "@")
	if !ok || path == "" || f.read == nil {
		return "", false
	}
	if path == "-" && f.stdin != nil {
		return *f.stdin, true
	}
	data, err := f.read(path)
	if err != nil {
		if f.err == nil && !errors.Is(err, fs.ErrNotExist) {
			f.err = err
		}
		return "", false
	}
	text := Text(data)
	if path == "-" {
		f.stdin = &text
	}
	return text, true
}

// Text returns the text of a file without byte order mark and trailing line
// ends, or binary content in base64.
func Text(data []byte) string {
	text := ""
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) && utf8.Valid(data):
		text = string(data[3:])
	case utf8.Valid(data):
		text = string(data)
	case bytes.HasPrefix(data, []byte("\xff\xfe")) && len(data)%2 == 0:
		text = utf16Text(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")) && len(data)%2 == 0:
		text = utf16Text(data[2:], binary.BigEndian)
	default:
		text = base64.StdEncoding.EncodeToString(data)
	}
	return strings.TrimRight(text, "\r\n")
}

func utf16Text(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(data)/2)
	for ; len(data) > 1; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return string(utf16.Decode(units))
}

// unquote removes quotes around a resource id, a GUID or [system], left by
// wrappers that quote twice: '"/subscriptions/…"'. They may enclose a
// comma-separated list or each of its ids.
func unquote(v string) string {
	if !strings.ContainsAny(v, `"'`) {
		return v
	}
	if ids, ok := unquoteList(v); ok {
		return ids
	}
	if bare, ok := stripQuotes(v); ok {
		if ids, ok := unquoteList(bare); ok {
			return ids
		}
	}
	return v
}

func unquoteList(v string) (string, bool) {
	ids := strings.Split(v, ",")
	for i, id := range ids {
		bare, ok := stripQuotes(id)
		for ok {
			id = bare
			bare, ok = stripQuotes(id)
		}
		if !isID(id) {
			return "", false
		}
		ids[i] = id
	}
	return strings.Join(ids, ","), true
}

// stripQuotes removes one pair of quotes, or backslash-escaped quotes.
func stripQuotes(v string) (string, bool) {
	for _, q := range []string{`"`, `'`, `\"`, `\'`} {
		if len(v) >= 2*len(q) && strings.HasPrefix(v, q) && strings.HasSuffix(v, q) {
			return v[len(q) : len(v)-len(q)], true
		}
	}
	return v, false
}

// isID reports whether v is a resource id, a GUID or [system].
func isID(v string) bool {
	const root = "/subscriptions/"
	if len(v) >= len(root) && strings.EqualFold(v[:len(root)], root) {
		return !strings.ContainsAny(v, `"'`)
	}
	if strings.EqualFold(v, "[system]") {
		return true
	}
	if len(v) != 36 {
		return false
	}
	for i, c := range v {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return false
		}
	}
	return true
}
