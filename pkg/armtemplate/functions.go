package armtemplate

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

var (
	errArguments = errors.New("the arguments do not fit")
	errLong      = errors.New("the text becomes too long")
)

// longest is the most bytes of a text that functions make of others.
const longest = 1 << 20

func textOf(args []any, i int) (string, error) {
	if i < len(args) {
		switch v := args[i].(type) {
		case string:
			return v, nil
		case int:
			return strconv.Itoa(v), nil
		}
	}
	return "", errArguments
}

// ofTexts is a function of n texts.
func ofTexts(n int, f func(t []string) (any, error)) func([]any) (any, error) {
	return func(args []any) (any, error) {
		if len(args) != n {
			return nil, errArguments
		}
		texts := make([]string, n)
		for i := range args {
			var err error
			if texts[i], err = textOf(args, i); err != nil {
				return nil, err
			}
		}
		return f(texts)
	}
}

// ofNumbers is a function of two whole numbers.
func ofNumbers(f func(a, b int) (any, error)) func([]any) (any, error) {
	return func(args []any) (any, error) {
		if len(args) == 2 {
			a, okA := args[0].(int)
			b, okB := args[1].(int)
			if okA && okB {
				return f(a, b)
			}
		}
		return nil, errArguments
	}
}

// functions are those that need no scope; nil for one that is not known.
func functions(name string) func([]any) (any, error) {
	switch name {
	case "concat":
		return concat
	case "format":
		return format
	case "if":
		return func(a []any) (any, error) {
			if len(a) != 3 {
				return nil, errArguments
			}
			condition, ok := a[0].(bool)
			switch {
			case !ok:
				return nil, errArguments
			case condition:
				return a[1], nil
			}
			return a[2], nil
		}
	case "and", "or":
		return func(a []any) (any, error) { return logical(a, name == "or") }
	case "not":
		return func(a []any) (any, error) {
			if len(a) == 1 {
				if b, ok := a[0].(bool); ok {
					return !b, nil
				}
			}
			return nil, errArguments
		}
	case "true", "false":
		return func([]any) (any, error) { return name == "true", nil }
	case "null":
		return func([]any) (any, error) { return nil, nil }
	case "equals":
		return func(a []any) (any, error) {
			if len(a) != 2 {
				return nil, errArguments
			}
			return reflect.DeepEqual(a[0], a[1]), nil
		}
	case "empty":
		return func(a []any) (any, error) {
			if len(a) == 1 && a[0] == nil {
				return true, nil
			}
			n, err := length(a)
			return n == 0, err
		}
	case "length":
		return func(a []any) (any, error) { return length(a) }
	case "json":
		return ofTexts(1, func(t []string) (any, error) { return ParseJSON(t[0]) })
	case "base64":
		return ofTexts(1, func(t []string) (any, error) { return base64.StdEncoding.EncodeToString([]byte(t[0])), nil })
	case "base64tostring":
		return ofTexts(1, func(t []string) (any, error) {
			text, err := base64.StdEncoding.DecodeString(t[0])
			return string(text), err
		})
	case "createarray", "array":
		return func(a []any) (any, error) {
			if name == "array" && len(a) == 1 {
				if list, ok := a[0].([]any); ok {
					return list, nil
				}
			}
			return append([]any{}, a...), nil
		}
	case "createobject":
		return createObject
	case "union":
		return union
	case "tolower":
		return ofTexts(1, func(t []string) (any, error) { return strings.ToLower(t[0]), nil })
	case "toupper":
		return ofTexts(1, func(t []string) (any, error) { return strings.ToUpper(t[0]), nil })
	case "trim":
		return ofTexts(1, func(t []string) (any, error) { return strings.TrimSpace(t[0]), nil })
	case "replace":
		return ofTexts(3, func(t []string) (any, error) {
			if t[1] == "" || strings.Count(t[0], t[1])*len(t[2])+len(t[0]) > longest {
				return nil, errLong
			}
			return strings.ReplaceAll(t[0], t[1], t[2]), nil
		})
	case "startswith":
		return ofTexts(2, func(t []string) (any, error) {
			return strings.HasPrefix(strings.ToLower(t[0]), strings.ToLower(t[1])), nil
		})
	case "endswith":
		return ofTexts(2, func(t []string) (any, error) {
			return strings.HasSuffix(strings.ToLower(t[0]), strings.ToLower(t[1])), nil
		})
	case "split":
		return ofTexts(2, func(t []string) (any, error) {
			out := []any{}
			for _, part := range strings.Split(t[0], t[1]) {
				out = append(out, part)
			}
			return out, nil
		})
	case "join":
		return join
	case "contains":
		return contains
	case "coalesce":
		return func(a []any) (any, error) {
			for _, v := range a {
				if v != nil {
					return v, nil
				}
			}
			return nil, nil
		}
	case "first", "last":
		return func(a []any) (any, error) { return end(a, name == "first") }
	case "int":
		return ofTexts(1, func(t []string) (any, error) { return strconv.Atoi(t[0]) })
	case "bool":
		return boolean
	case "string":
		return text
	case "add":
		return ofNumbers(func(a, b int) (any, error) { return a + b, nil })
	case "sub":
		return ofNumbers(func(a, b int) (any, error) { return a - b, nil })
	case "mul":
		return ofNumbers(func(a, b int) (any, error) { return a * b, nil })
	}
	return nil
}

func concat(args []any) (any, error) {
	if len(args) > 0 {
		if _, is := args[0].([]any); is {
			out := []any{}
			for _, a := range args {
				list, ok := a.([]any)
				if !ok {
					return nil, errArguments
				}
				out = append(out, list...)
			}
			return out, nil
		}
	}
	var out strings.Builder
	for i := range args {
		t, err := textOf(args, i)
		if err != nil {
			return nil, err
		}
		if out.WriteString(t); out.Len() > longest {
			return nil, errLong
		}
	}
	return out.String(), nil
}

// format replaces {0}, {1} and so on; {{ and }} are braces.
func format(args []any) (any, error) {
	pattern, err := textOf(args, 0)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	for pattern != "" {
		switch {
		case strings.HasPrefix(pattern, "{{"), strings.HasPrefix(pattern, "}}"):
			out.WriteByte(pattern[0])
			pattern = pattern[2:]
		case pattern[0] == '{':
			number, rest, ok := strings.Cut(pattern[1:], "}")
			i, err := strconv.Atoi(number)
			if !ok || err != nil || i < 0 {
				return nil, fmt.Errorf("{%.20s is not supported", number)
			}
			value, err := text(args[min(len(args), i+1):min(len(args), i+2)])
			if err != nil {
				return nil, err
			}
			t, _ := value.(string)
			if out.WriteString(t); out.Len() > longest {
				return nil, errLong
			}
			pattern = rest
		default:
			out.WriteByte(pattern[0])
			pattern = pattern[1:]
		}
	}
	return out.String(), nil
}

func logical(args []any, or bool) (any, error) {
	out := !or
	for _, a := range args {
		b, ok := a.(bool)
		if !ok {
			return nil, errArguments
		}
		if b == or {
			out = or
		}
	}
	return out, nil
}

func length(args []any) (int, error) {
	if len(args) == 1 {
		switch v := args[0].(type) {
		case string:
			return len([]rune(v)), nil
		case []any:
			return len(v), nil
		case map[string]any:
			return len(v), nil
		}
	}
	return 0, errArguments
}

// ParseJSON reads JSON as a value of expressions, whose numbers are whole.
func ParseJSON(t string) (any, error) {
	d := json.NewDecoder(strings.NewReader(t))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("this is not JSON")
	}
	return whole(v)
}

// whole turns the numbers of JSON into whole ones.
func whole(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		return strconv.Atoi(v.String())
	case []any:
		for i := range v {
			if v[i], err = whole(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = whole(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func createObject(args []any) (any, error) {
	out := map[string]any{}
	for i := 0; i < len(args); i += 2 {
		key, err := textOf(args, i)
		if err != nil || i+1 == len(args) {
			return nil, errArguments
		}
		out[key] = args[i+1]
	}
	return out, nil
}

// union merges objects, the later over the earlier, or lists without what is there
// already.
func union(args []any) (any, error) {
	object, list := map[string]any{}, []any{}
	objects := 0
	for _, a := range args {
		switch a := a.(type) {
		case map[string]any:
			objects++
			for key, value := range a {
				below, isBelow := object[key].(map[string]any)
				above, isAbove := value.(map[string]any)
				if isBelow && isAbove {
					value, _ = union([]any{below, above})
				}
				object[key] = value
			}
		case []any:
			for _, v := range a {
				if !slices.ContainsFunc(list, func(h any) bool { return reflect.DeepEqual(h, v) }) {
					list = append(list, v)
				}
			}
		default:
			return nil, errArguments
		}
	}
	switch objects {
	case 0:
		return list, nil
	case len(args):
		return object, nil
	}
	return nil, errArguments
}

func join(args []any) (any, error) {
	if len(args) != 2 {
		return nil, errArguments
	}
	list, ok := args[0].([]any)
	by, err := textOf(args, 1)
	if !ok || err != nil {
		return nil, errArguments
	}
	texts := make([]string, len(list))
	for i := range list {
		if texts[i], err = textOf(list, i); err != nil {
			return nil, err
		}
	}
	all := len(by) * len(texts)
	for _, t := range texts {
		all += len(t)
	}
	if all > longest {
		return nil, errLong
	}
	return strings.Join(texts, by), nil
}

func contains(args []any) (any, error) {
	if len(args) != 2 {
		return nil, errArguments
	}
	switch in := args[0].(type) {
	case string:
		part, err := textOf(args, 1)
		return strings.Contains(in, part), err
	case []any:
		return slices.ContainsFunc(in, func(v any) bool { return reflect.DeepEqual(v, args[1]) }), nil
	case map[string]any:
		key, err := textOf(args, 1)
		for k := range in {
			if strings.EqualFold(k, key) {
				return true, err
			}
		}
		return false, err
	}
	return nil, errArguments
}

func end(args []any, first bool) (any, error) {
	if n, err := length(args); err != nil || n == 0 {
		return nil, errArguments
	}
	switch v := args[0].(type) {
	case []any:
		if first {
			return v[0], nil
		}
		return v[len(v)-1], nil
	case string:
		runes := []rune(v)
		if first {
			return string(runes[0]), nil
		}
		return string(runes[len(runes)-1]), nil
	}
	return nil, errArguments
}

func boolean(args []any) (any, error) {
	if len(args) == 1 {
		switch v := args[0].(type) {
		case bool:
			return v, nil
		case int:
			return v != 0, nil
		case string:
			if b, err := strconv.ParseBool(strings.ToLower(v)); err == nil {
				return b, nil
			}
		}
	}
	return nil, errArguments
}

// text is any value as a text; objects and lists as JSON.
func text(args []any) (any, error) {
	if len(args) != 1 {
		return nil, errArguments
	}
	switch v := args[0].(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)[:1]) + strconv.FormatBool(v)[1:], nil
	}
	out, err := json.Marshal(args[0])
	return string(out), err
}
