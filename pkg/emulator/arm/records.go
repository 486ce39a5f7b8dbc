package arm

import (
	"container/heap"
	"encoding/json"
	"strings"
	"time"
)

// Records is everything an emulator remembers, decoded. Each record has a store
// key: its table's name, a slash and its key. Providers reach it by a Tx and
// their Tables alone.
type Records struct {
	declared []Declared
	tables   map[string]table
	changed  map[string]bool            // records to write, by store key
	saved    map[string]json.RawMessage // every record as it was last committed, by store key
	due      dueHeap                    // when each Mover moves next; stale entries are skipped
}

// Change is what a transaction writes, by store key.
type Change struct {
	Put    map[string]json.RawMessage `json:"put,omitempty"`
	Delete []string                   `json:"delete,omitempty"`
}

// NewRecords returns empty tables.
func NewRecords(declared []Declared) *Records {
	r := &Records{declared: declared, tables: map[string]table{}, changed: map[string]bool{}, saved: map[string]json.RawMessage{}}
	for _, d := range append(declared[:len(declared):len(declared)], buried) {
		name, t := d.declare()
		r.tables[name] = t
	}
	return r
}

// Fresh returns empty tables like those of r.
func (r *Records) Fresh() *Records { return NewRecords(r.declared) }

// Clear removes every record, for the transaction under way to write.
func (r *Records) Clear() {
	for name, t := range r.tables {
		for k := range t.all() {
			r.changed[Table[any](name).key(k)] = true
		}
		t.clear()
	}
	r.due = nil
}

func (r *Records) at(storeKey string) (t table, k string) {
	name, k, _ := strings.Cut(storeKey, "/")
	return r.tables[name], k
}

// value returns what is under a store key, or nil.
func (r *Records) value(storeKey string) any {
	if t, k := r.at(storeKey); t != nil {
		return t.value(k)
	}
	return nil
}

// touch marks a record as changed; when it moves next is looked at again.
func (r *Records) touch(storeKey string) {
	r.changed[storeKey] = true
	r.watch(storeKey)
}

// mover returns the record under a store key, or nil when it does not move.
func (r *Records) mover(storeKey string) Mover {
	m, _ := r.value(storeKey).(Mover)
	return m
}

// watch notes when a record moves next.
func (r *Records) watch(storeKey string) {
	m := r.mover(storeKey)
	if m == nil {
		return
	}
	if at := m.NextMove(); !at.IsZero() {
		heap.Push(&r.due, dueAt{at, storeKey})
	}
	most := 1000
	for _, t := range r.tables {
		most += 4 * t.len()
	}
	if len(r.due) <= most {
		return
	}
	r.due = r.due[:0] // mostly stale by now: look at every record anew
	for name, t := range r.tables {
		for k, v := range t.all() {
			m, ok := v.(Mover)
			if !ok {
				break // the others in its table do not move either
			}
			if at := m.NextMove(); !at.IsZero() {
				r.due = append(r.due, dueAt{at, Table[any](name).key(k)})
			}
		}
	}
	heap.Init(&r.due)
}

// next returns which record moves next and when, or no record.
func (r *Records) next() (dueAt, Mover) {
	for len(r.due) > 0 {
		if m := r.mover(r.due[0].key); m != nil && m.NextMove().Equal(r.due[0].at) {
			return r.due[0], m
		}
		heap.Pop(&r.due) // stale: the record has moved, changed or gone since
	}
	return dueAt{}, nil
}

// Load sets or, given nil, removes the record under a store key as it was
// committed. Records of tables that nobody declares are passed over.
func (r *Records) Load(storeKey string, raw json.RawMessage) error {
	if err := r.restore(storeKey, raw); err != nil {
		return err
	}
	r.save(storeKey, raw)
	return nil
}

func (r *Records) restore(storeKey string, raw json.RawMessage) error {
	t, k := r.at(storeKey)
	if t == nil {
		return nil
	}
	if err := t.load(k, raw); err != nil {
		return err
	}
	r.watch(storeKey)
	return nil
}

func (r *Records) save(storeKey string, raw json.RawMessage) {
	if raw == nil {
		delete(r.saved, storeKey)
		return
	}
	r.saved[storeKey] = raw
}

// Changed tells whether there is anything to commit.
func (r *Records) Changed() bool { return len(r.changed) > 0 }

// Pending returns what makes every change durable.
func (r *Records) Pending() (Change, error) {
	c := Change{Put: map[string]json.RawMessage{}}
	for k := range r.changed {
		v := r.value(k)
		if v == nil {
			c.Delete = append(c.Delete, k)
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return c, err
		}
		c.Put[k] = raw
	}
	return c, nil
}

// Commit notes that a change is durable: there is nothing to write any more, and
// this is what Tx.Rollback returns to.
func (r *Records) Commit(c Change) {
	for _, k := range c.Delete {
		r.save(k, nil)
	}
	for k, raw := range c.Put {
		r.save(k, raw)
	}
	clear(r.changed)
}

// Snapshot returns changes that make up the whole.
func (r *Records) Snapshot() ([]Change, error) {
	var all []Change
	size := 0
	for name, t := range r.tables {
		for k, v := range t.all() {
			raw, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			if len(all) == 0 || size > 1<<16 {
				all, size = append(all, Change{Put: map[string]json.RawMessage{}}), 0
			}
			all[len(all)-1].Put[Table[any](name).key(k)] = raw
			size += len(raw)
		}
	}
	return all, nil
}

type dueAt struct {
	at  time.Time
	key string
}

// dueHeap orders by time, then by key, so that a run is the same every time.
type dueHeap []dueAt

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].key < h[j].key
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(v any)   { *h = append(*h, v.(dueAt)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	v := (*h)[last]
	*h = (*h)[:last]
	return v
}
