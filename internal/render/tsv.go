package render

import (
	"fmt"
	"io"
	"strconv"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/query"
)

// appendTSV writes one line per item as az does: an object's values in sorted
// key order (the order of the query for its hashes), null as None, nested
// lists as their length, nested objects as nothing.
func appendTSV(b []byte, v any, v1 *V1, queried bool) []byte {
	list, ok := v.([]any)
	if !ok {
		// A string that is the whole result keeps its line breaks: there is no
		// other item its lines could be taken for.
		if s, ok := v.(string); ok {
			return append(append(b, CleanLines(s)...), '\n')
		}
		return tsvRow(b, v, v1, queried)
	}
	for _, e := range list {
		b = tsvRow(b, e, v1, queried)
	}
	return b
}

func tsvRow(b []byte, v any, v1 *V1, queried bool) []byte {
	if list, ok := v.([]any); ok {
		for i, e := range list {
			if i > 0 {
				b = append(b, '\t')
			}
			b = append(b, tsvCell(e)...)
		}
		return append(b, '\n')
	}
	if list, ok := v.(query.Object); ok {
		if v1 != nil {
			list = pick(v, v1.keys(v))
		} else if !queried {
			list, _ = sorted(v)
		}
		for i, m := range list {
			if i > 0 {
				b = append(b, '\t')
			}
			b = append(b, tsvCell(m.Value)...)
		}
		return append(b, '\n')
	}
	if flag, ok := v.(bool); ok {
		return append(strconv.AppendBool(b, flag), '\n')
	}
	return append(append(b, tsvCell(v)...), '\n')
}

// pick returns the values of an object's keys in the order of keys; one that
// is missing is null.
func pick(object any, keys []string) []member {
	picked := make([]member, len(keys))
	for i, key := range keys {
		picked[i] = member{Key: key, Value: Field(object, key)}
	}
	return picked
}

func tsvCell(v any) string {
	if list, ok := v.([]any); ok {
		return strconv.Itoa(len(list))
	}
	if _, ok := v.(query.Object); ok {
		return ""
	}
	return Clean(scalar(v, "None", "True", "False"))
}

func writeNames(w io.Writer, names []string) error {
	for _, n := range names {
		if _, err := fmt.Fprintln(w, Clean(n)); err != nil {
			return err
		}
	}
	return nil
}

// namesOf reads the names from a result: strings are names, objects have one.
func namesOf(v any) ([]string, error) {
	return collect(v, func(v any) (string, error) {
		if s, ok := v.(string); ok {
			return s, nil
		}
		if s, ok := Field(v, "name").(string); ok {
			return s, nil
		}
		return "", exit.Usagef("-o name cannot print this result, which has no names; use -o json")
	})
}

// idsOf reads the ARM ids from a result: strings that are one, objects that
// have one.
func idsOf(v any) ([]string, error) {
	return collect(v, func(v any) (string, error) {
		s, ok := v.(string)
		if !ok {
			s, _ = Field(v, "id").(string)
		}
		if len(s) > 1 && s[0] == '/' {
			return s, nil
		}
		return "", exit.Usagef("-o id cannot print this result, which has no ARM ids; use -o json")
	})
}

// collect reads one string from every element of a result.
func collect(v any, read func(any) (string, error)) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		s, err := read(e)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
