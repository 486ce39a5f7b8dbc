package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/query"
)

// member is one key of an object with its value.
type member = query.Member

// Timed is a value that depends on when it is printed. It is computed then, so
// that only one of thousands is in memory at a time.
type Timed interface{ At(now time.Time) any }

// simplify turns a value into nil, bool, string, json.Number, []any or an
// ordered object, and a compute into its object at a time; every other type
// goes through encoding/json.
func simplify(v any, now time.Time) (any, error) {
	switch v := v.(type) {
	case nil, bool, string, json.Number:
		return v, nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			n, err := simplify(e, now)
			if err != nil {
				return nil, err
			}
			out[i] = n
		}
		return out, nil
	case map[string]any:
		o := make(query.Object, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			o = append(o, member{Key: key, Value: v[key]})
		}
		return simplify(o, now)
	case query.Object:
		for i := range v {
			n, err := simplify(v[i].Value, now)
			if err != nil {
				return nil, err
			}
			v[i].Value = n
		}
		return v, nil
	case Timed:
		return simplify(v.At(now), now)
	case json.RawMessage:
		// Most of what is passed on undecoded is one of these.
		switch string(v) {
		case "", "null":
			return nil, nil
		case "[]":
			return []any{}, nil
		case "{}":
			return query.Object{}, nil
		}
		return query.Decode(v)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return query.Decode(raw)
}

// sorted returns an object's keys in sorted order.
func sorted(v any) (list query.Object, ok bool) {
	list, ok = v.(query.Object)
	if !slices.IsSortedFunc(list, byKey) {
		list = slices.Clone(list)
		sortMembers(list)
	}
	return list, ok
}

func sortMembers(list []member) { sort.Sort(members(list)) }

// members sort by key. slices.SortFunc would add 20 kB for their type.
type members []member

func (l members) Len() int           { return len(l) }
func (l members) Less(i, j int) bool { return l[i].Key < l[j].Key }
func (l members) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

func byKey(a, b member) int { return strings.Compare(a.Key, b.Key) }

// Field reads one key of an object. It is called too often to be copied.
//
//go:noinline
func Field(v any, key string) any {
	o, _ := v.(query.Object)
	e, _ := o.Get(key)
	return e
}

// maxDepth bounds the nesting that is printed: indentation makes the output
// grow with the square of it.
const maxDepth = 200

var errDepth = fmt.Errorf("the result cannot be printed: it is nested more than %d levels deep", maxDepth)

// depth returns how deep lists and objects are nested; 0 for a scalar.
func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
	case query.Object:
		for i := range v {
			deepest = max(deepest, depth(v[i].Value))
		}
	default:
		return 0
	}
	return deepest + 1
}

// injectResourceGroup adds resourceGroup to every object, at any depth, that
// has an ARM id and no such key in any case, as az does before --query.
func injectResourceGroup(v any) any {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			v[i] = injectResourceGroup(e)
		}
	case query.Object:
		has := false
		for i := range v {
			v[i].Value = injectResourceGroup(v[i].Value)
			has = has || strings.EqualFold(v[i].Key, "resourceGroup")
		}
		if id, ok := Field(v, "id").(string); ok && !has {
			if group, ok := groupOf(id); ok {
				v = append(v, member{Key: "resourceGroup", Value: group})
				if slices.IsSortedFunc(v[:len(v)-1], byKey) {
					sortMembers(v)
				}
				return v
			}
		}
	}
	return v
}

// groupOf returns the resource group of an ARM id; ok is false when the id has
// not the form /subscriptions/x/resourceGroups/y/providers/a/b/c.
func groupOf(id string) (group string, ok bool) {
	s := strings.SplitN(id, "/", 10)
	if len(s) < 9 || !strings.EqualFold(s[3], "resourceGroups") {
		return "", false
	}
	return s[4], true
}
