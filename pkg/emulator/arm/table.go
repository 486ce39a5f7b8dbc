package arm

import (
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Table declares one kind of record by its name in the store. Records are found
// by a key, whose parts Key joins. A value may say by Valid() bool whether it
// was read whole, and be a Mover.
type Table[V any] string

// Key joins the parts of a key, which has no case.
func Key(parts ...string) string { return strings.ToLower(strings.Join(parts, "/")) }

// buried are the store keys of what was deleted and is not made again on first
// use.
const buried Table[bool] = "deleted"

// Get returns the record under a key, or the zero value. Only what it returned
// may be changed in place. Copies of it would take 37 kB.
//
//go:noinline
func (name Table[V]) Get(t *Tx, k string) V {
	v, ok := name.of(t).m[k]
	if ok {
		t.lent = append(t.lent, name.key(k))
	}
	return v
}

// Lookup returns the record under a key and whether there is one.
//
//go:noinline
func (name Table[V]) Lookup(t *Tx, k string) (V, bool) {
	v, ok := name.of(t).m[k]
	return v, ok
}

// Len counts the records.
func (name Table[V]) Len(t *Tx) int { return len(name.of(t).m) }

// All returns the records in no order.
func (name Table[V]) All(t *Tx) iter.Seq[V] { return maps.Values(name.of(t).m) }

// Keys returns the keys that begin with prefix, sorted. They hold until a
// record comes or goes.
func (name Table[V]) Keys(t *Tx, prefix string) []string {
	r := name.of(t)
	if r.order == nil {
		r.order = slices.Sorted(maps.Keys(r.m))
	}
	from, _ := slices.BinarySearch(r.order, prefix)
	to := len(r.order)
	if n := len(prefix) - 1; n >= 0 {
		to, _ = slices.BinarySearch(r.order, prefix[:n]+string(prefix[n]+1))
	}
	return r.order[from:to]
}

// Put keeps v under a key; a record that was changed in place is put again.
func (name Table[V]) Put(t *Tx, k string, v V) {
	r := name.of(t)
	if _, old := r.m[k]; !old && r.order != nil {
		i, _ := slices.BinarySearch(r.order, k)
		r.order = slices.Insert(r.order, i, k)
	}
	r.m[k] = v
	t.records.touch(name.key(k))
	if buried.Len(t) > 0 && buried.Get(t, name.key(k)) {
		buried.Delete(t, name.key(k))
	}
}

// Delete removes the record under a key.
func (name Table[V]) Delete(t *Tx, k string) {
	r := name.of(t)
	if i, found := slices.BinarySearch(r.order, k); found {
		r.order = slices.Delete(r.order, i, i+1)
	}
	delete(r.m, k)
	t.records.touch(name.key(k))
}

// Bury deletes a record and remembers that it was there until it is put again.
func (name Table[V]) Bury(t *Tx, k string) {
	name.Delete(t, k)
	buried.Put(t, name.key(k), true)
}

// Buried tells whether the record under a key was deleted by Bury.
func (name Table[V]) Buried(t *Tx, k string) bool { return buried.Get(t, name.key(k)) }

func (name Table[V]) of(t *Tx) *rows[V] { return t.records.tables[string(name)].(*rows[V]) }

func (name Table[V]) key(k string) string {
	if k == "" { // the one record of its table
		return string(name)
	}
	return string(name) + "/" + k
}

// Declared is a Table of any type.
type Declared interface {
	declare() (name string, empty table)
}

func (name Table[V]) declare() (string, table) { return string(name), &rows[V]{m: map[string]V{}} }

// table is the records of a Table, whatever their type.
type table interface {
	value(k string) any // nil when it is gone
	load(k string, raw json.RawMessage) error
	all() iter.Seq2[string, any]
	len() int
	clear()
}

type rows[V any] struct {
	m     map[string]V
	order []string // keys, sorted; nil when to be made anew
}

func (r *rows[V]) len() int { return len(r.m) }

func (r *rows[V]) clear() {
	clear(r.m)
	r.order = nil
}

func (r *rows[V]) value(k string) any {
	if v, ok := r.m[k]; ok {
		return v
	}
	return nil
}

func (r *rows[V]) all() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for k, v := range r.m {
			if !yield(k, v) {
				return
			}
		}
	}
}

var errIncomplete = errors.New("it is incomplete")

// load sets or, given nil, removes the record under a key.
func (r *rows[V]) load(k string, raw json.RawMessage) error {
	if _, old := r.m[k]; old == (raw == nil) {
		r.order = nil
	}
	if raw == nil {
		delete(r.m, k)
		return nil
	}
	if IsNull(raw) {
		return errIncomplete
	}
	var v V
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	if p, ok := any(v).(interface{ Valid() bool }); ok && !p.Valid() {
		return errIncomplete
	}
	r.m[k] = v
	return nil
}
