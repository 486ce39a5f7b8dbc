package arm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Object builds a JSON object whose keys keep the order they were set in, as
// the service's bodies have one, and which can hold nulls where Go structs
// would need a second type for each api-version.
type Object struct{ b []byte }

// Sized is an object with room for n bytes: lists are made of thousands, and
// growing takes longer than writing.
func Sized(n int) *Object { return &Object{make([]byte, 0, n)} }

// Set appends one key. The values the emulator sends are written directly;
// anything else goes through encoding/json.
func (o *Object) Set(key string, v any) *Object {
	o.name(key)
	o.b = appendValue(o.b, v)
	return o
}

// Nest sets a key to an object that fill writes, in place.
func (o *Object) Nest(key string, fill func(*Object)) *Object {
	o.name(key)
	in := Object{append(o.b, '{')}
	fill(&in)
	o.b = append(in.b, '}')
	return o
}

// name appends a key and what stands before its value.
func (o *Object) name(key string) {
	switch {
	case len(o.b) == 0:
		if cap(o.b) == 0 {
			o.b = make([]byte, 0, 256)
		}
		o.b = append(o.b, '{')
	case o.b[len(o.b)-1] != '{': // where Nest has begun
		o.b = append(o.b, ',')
	}
	o.b = append(appendString(o.b, key), ':')
}

// bytes returns the finished object; nothing can be set after it.
func (o *Object) bytes() []byte {
	if len(o.b) == 0 {
		return []byte("{}")
	}
	return append(o.b, '}')
}

// MarshalJSON lets an object stand inside values that encoding/json writes.
func (o *Object) MarshalJSON() ([]byte, error) { return o.bytes(), nil }

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, v)
	case *string:
		if v == nil {
			return append(b, "null"...)
		}
		return appendString(b, *v)
	case bool:
		return strconv.AppendBool(b, v)
	case *bool:
		if v == nil {
			return append(b, "null"...)
		}
		return strconv.AppendBool(b, *v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case json.RawMessage:
		if len(v) == 0 {
			return append(b, "null"...)
		}
		return append(b, v...)
	case *Object:
		if v == nil {
			return append(b, "null"...)
		}
		if len(v.b) == 0 {
			return append(b, "{}"...)
		}
		return append(append(b, v.b...), '}')
	case []*Object:
		b = append(b, '[')
		for i, o := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, o)
		}
		return append(b, ']')
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...) // only our own types come here, and they marshal
	}
	return append(b, raw...)
}

func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			raw, err := json.Marshal(s)
			if err != nil {
				raw = []byte(`""`)
			}
			return append(b, raw...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// Decode reads a request body into v. Keys match without regard to case, as at
// the service.
func Decode(body []byte, v any) error {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) // the mark that .NET puts before UTF-8
	if len(bytes.TrimSpace(body)) == 0 {
		return BadRequest("The request body is empty.")
	}
	if err := json.Unmarshal(body, v); err != nil {
		return Fail(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%s'.", misread(err))
	}
	return nil
}

// misread says what is wrong with JSON without a word of Go.
func misread(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("%s, position %d", syntax, syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("the JSON %s stands where another type belongs, position %d", kind.Value, kind.Offset)
	}
	return err.Error()
}

// IsNull tells a JSON value that is absent or null.
func IsNull(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || string(raw) == "null"
}

// Value is v as JSON.
func Value(v any) json.RawMessage { return appendValue(nil, v) }

// Tags are a resource's tags, which are an object also where none were sent.
func Tags(tags map[string]*string) map[string]*string {
	if tags == nil {
		return map[string]*string{}
	}
	return tags
}

// secretField tells the fields whose values are dropped as they arrive:
// passwords, private keys, tokens and connection strings of any compute type.
func secretField(parent, name string) bool {
	switch strings.ToLower(name) {
	case "password", "adminuserpassword", "privatekeydata", "privatekey", "passphrase", "databricksaccesstoken",
		"relayconnectionstring", "servicebusconnectionstring":
		return true
	case "key", "cert":
		return strings.EqualFold(parent, "sslConfiguration")
	}
	return false
}

// DropSecrets returns the object under a name with every secret in it set to
// null.
func DropSecrets(parent string, in map[string]json.RawMessage) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(in))
	for k, v := range in {
		if secretField(parent, k) {
			out[k] = json.RawMessage("null")
			continue
		}
		out[k] = DropNested(k, v)
	}
	return out
}

// DropNested is DropSecrets for any value under a name.
func DropNested(parent string, raw json.RawMessage) json.RawMessage {
	var obj map[string]json.RawMessage
	var list []json.RawMessage
	var out any
	switch {
	case IsNull(raw):
		return json.RawMessage("null")
	case json.Unmarshal(raw, &obj) == nil:
		out = DropSecrets(parent, obj)
	case json.Unmarshal(raw, &list) == nil:
		for i := range list {
			list[i] = DropNested(parent, list[i])
		}
		out = list
	default:
		return raw
	}
	clean, err := json.Marshal(out)
	if err != nil {
		return json.RawMessage("null")
	}
	return clean
}
