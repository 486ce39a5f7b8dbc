package emulator

import (
	"bytes"
	"container/heap"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// state is everything an emulator remembers, decoded. Each entry of its maps is
// one record of the store, under the map's prefix and the entry's key.
type state struct {
	clock         clockRecord
	subscriptions map[string]*subscription // by id, lower case
	groups        map[string]*group        // by sub/group, lower case
	workspaces    map[string]*workspace    // by sub/group/workspace, lower case
	computes      map[string]*compute      // by sub/group/workspace/compute, lower case
	operations    map[string]*operation    // by id
	quotas        map[string]int           // by sub/location/family, and /group/workspace for the share of one, lower case: limits that were set
	sizes         map[string]string        // by sub/group/workspace/compute: what the next one of that name gets
	faults        map[string]*Fault        // by id
	deleted       map[string]bool          // store keys of groups and workspaces that were deleted and are not made on first use again

	changed map[string]bool            // records to write, by store key
	saved   map[string]json.RawMessage // every record as it was last committed, by store key
	due     dueHeap                    // when each compute moves next; stale entries are skipped
	order   []string                   // keys of computes, sorted; nil when to be made anew
}

type clockRecord struct {
	Offset time.Duration `json:"offset"` // sum of all advances
	Seen   time.Time     `json:"seen"`   // the emulator's time when the state last changed
}

type subscription struct {
	ID string `json:"id"`
}

type group struct {
	Subscription string `json:"subscription"`
	Name         string `json:"name"`
	Location     string `json:"location"`

	Tags map[string]*string `json:"tags,omitempty"`
}

// Store keys: one prefix for each map of state.
const (
	clockKey        = "clock"
	subscriptionKey = "subscription/"
	groupKey        = "group/"
	workspaceKey    = "workspace/"
	computeKey      = "compute/"
	operationKey    = "operation/"
	quotaKey        = "quota/"
	sizeKey         = "size/"
	faultKey        = "fault/"
	deletedKey      = "deleted/"
)

func key(parts ...string) string { return strings.ToLower(strings.Join(parts, "/")) }

// newState returns the seeded state.
func newState() *state {
	s := emptyState()
	s.seed()
	if change, err := s.pending(); err == nil { // three records of plain strings
		s.committed(change)
	}
	return s
}

func emptyState() *state {
	return &state{
		subscriptions: map[string]*subscription{},
		groups:        map[string]*group{},
		workspaces:    map[string]*workspace{},
		computes:      map[string]*compute{},
		operations:    map[string]*operation{},
		quotas:        map[string]int{},
		sizes:         map[string]string{},
		faults:        map[string]*Fault{},
		deleted:       map[string]bool{},
		changed:       map[string]bool{},
		saved:         map[string]json.RawMessage{},
	}
}

func (s *state) seed() {
	s.subscriptions[Subscription] = &subscription{ID: Subscription}
	s.groups[key(Subscription, ResourceGroup)] = &group{Subscription: Subscription, Name: ResourceGroup, Location: Location}
	s.workspaces[key(Subscription, ResourceGroup, Workspace)] = &workspace{
		Subscription: Subscription, ResourceGroup: ResourceGroup, Name: Workspace, Location: Location,
	}
	s.touch(subscriptionKey + Subscription)
	s.touch(groupKey + key(Subscription, ResourceGroup))
	s.touch(workspaceKey + key(Subscription, ResourceGroup, Workspace))
}

// touch marks a record as changed, so that it is written at the end of the
// request; a compute's next move is looked at again.
func (s *state) touch(storeKey string) {
	s.changed[storeKey] = true
	if k, ok := strings.CutPrefix(storeKey, computeKey); ok {
		s.watch(k)
	}
}

// watch notes when the compute under k moves next.
func (s *state) watch(k string) {
	c := s.computes[k]
	if c == nil {
		return
	}
	if at, ok := c.nextMove(); ok {
		heap.Push(&s.due, dueAt{at, k})
	}
	if len(s.due) > 1000+4*len(s.computes) {
		s.due = s.due[:0] // mostly stale by now: look at every compute anew
		for k, c := range s.computes {
			if at, ok := c.nextMove(); ok {
				s.due = append(s.due, dueAt{at, k})
			}
		}
		heap.Init(&s.due)
	}
}

// record returns the value under a store key, or nil when it is gone.
func (s *state) record(storeKey string) any {
	prefix, k, _ := strings.Cut(storeKey, "/")
	switch prefix + "/" {
	case subscriptionKey:
		return present(s.subscriptions, k)
	case groupKey:
		return present(s.groups, k)
	case workspaceKey:
		return present(s.workspaces, k)
	case computeKey:
		return present(s.computes, k)
	case operationKey:
		return present(s.operations, k)
	case quotaKey:
		return present(s.quotas, k)
	case sizeKey:
		return present(s.sizes, k)
	case faultKey:
		return present(s.faults, k)
	case deletedKey:
		return present(s.deleted, k)
	}
	if storeKey == clockKey {
		return s.clock
	}
	return nil
}

func present[V any](m map[string]V, k string) any {
	if v, ok := m[k]; ok {
		return v
	}
	return nil
}

// replay applies the complete lines of b. It returns their length and that of
// the records still alive after them, or what is wrong with one of them.
func (s *state) replay(b []byte) (good, live int, damage string) {
	latest := map[string]json.RawMessage{} // only the last value of each record is decoded
	for {
		line, _, ok := bytes.Cut(b[good:], []byte{'\n'})
		if !ok {
			break
		}
		t, ok := parseLine(line)
		if !ok {
			return 0, 0, "a line in it does not match its checksum"
		}
		for _, k := range t.Delete {
			latest[k] = nil
		}
		for k, v := range t.Put {
			latest[k] = v
		}
		good += len(line) + 1
	}
	for k, v := range latest {
		live += len(v)
		if err := s.load(k, v); err != nil {
			return 0, 0, "a record in it does not read: " + err.Error()
		}
		s.save(k, v)
	}
	return good, live, ""
}

// load sets or, given nil, removes the record under a store key.
func (s *state) load(storeKey string, raw json.RawMessage) error {
	prefix, k, _ := strings.Cut(storeKey, "/")
	switch prefix + "/" {
	case subscriptionKey:
		return set(s.subscriptions, k, raw)
	case groupKey:
		return set(s.groups, k, raw)
	case workspaceKey:
		return set(s.workspaces, k, raw)
	case operationKey:
		return set(s.operations, k, raw)
	case quotaKey:
		return set(s.quotas, k, raw)
	case sizeKey:
		return set(s.sizes, k, raw)
	case faultKey:
		return set(s.faults, k, raw)
	case deletedKey:
		return set(s.deleted, k, raw)
	case computeKey:
		if (raw == nil) == (s.computes[k] != nil) {
			s.order = nil
		}
		if err := set(s.computes, k, raw); err != nil {
			return err
		}
		s.watch(k)
		return nil
	}
	if storeKey == clockKey {
		s.clock = clockRecord{}
		if raw != nil {
			return json.Unmarshal(raw, &s.clock)
		}
	}
	return nil
}

var errIncomplete = errors.New("it is incomplete")

func set[V any](m map[string]V, k string, raw json.RawMessage) error {
	if raw == nil {
		delete(m, k)
		return nil
	}
	var v V
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	if p, ok := any(v).(interface{ valid() bool }); ok && !p.valid() {
		return errIncomplete
	}
	m[k] = v
	return nil
}

// pending returns the transaction that makes every change durable.
func (s *state) pending() (transaction, error) {
	t := transaction{Put: map[string]json.RawMessage{}}
	for k := range s.changed {
		v := s.record(k)
		if v == nil {
			t.Delete = append(t.Delete, k)
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return t, err
		}
		t.Put[k] = raw
	}
	slices.Sort(t.Delete)
	return t, nil
}

// committed notes that a change is durable: there is nothing to write any more,
// and this is what rollback returns to.
func (s *state) committed(change transaction) {
	for _, k := range change.Delete {
		s.save(k, nil)
	}
	for k, raw := range change.Put {
		s.save(k, raw)
	}
	clear(s.changed)
}

func (s *state) save(storeKey string, raw json.RawMessage) {
	if raw == nil {
		delete(s.saved, storeKey)
		return
	}
	s.saved[storeKey] = raw
}

// rollback undoes every change since the last commit.
func (s *state) rollback() error {
	for k := range s.changed {
		if err := s.load(k, s.saved[k]); err != nil {
			return err
		}
	}
	clear(s.changed)
	return nil
}

// snapshot returns transactions that make up the whole state.
func (s *state) snapshot() ([]transaction, error) {
	var all []transaction
	size := 0
	put := func(k string, v any) error {
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if len(all) == 0 || size > 1<<16 {
			all, size = append(all, transaction{Put: map[string]json.RawMessage{}}), 0
		}
		all[len(all)-1].Put[k] = raw
		size += len(raw)
		return nil
	}
	if err := put(clockKey, s.clock); err != nil {
		return nil, err
	}
	return all, errors.Join(
		each(s.subscriptions, subscriptionKey, put),
		each(s.groups, groupKey, put),
		each(s.workspaces, workspaceKey, put),
		each(s.computes, computeKey, put),
		each(s.operations, operationKey, put),
		each(s.quotas, quotaKey, put),
		each(s.sizes, sizeKey, put),
		each(s.faults, faultKey, put),
		each(s.deleted, deletedKey, put),
	)
}

func each[V any](m map[string]V, prefix string, put func(string, any) error) error {
	for k, v := range m {
		if err := put(prefix+k, v); err != nil {
			return err
		}
	}
	return nil
}

// names returns the keys of all computes in order, so that lists and pages of
// them are stable. Computes of one workspace stand together.
func (s *state) names() []string {
	if s.order == nil {
		s.order = make([]string, 0, len(s.computes))
		for k := range s.computes {
			s.order = append(s.order, k)
		}
		slices.Sort(s.order)
	}
	return s.order
}

func (s *state) addCompute(k string, c *compute) {
	if i, found := slices.BinarySearch(s.names(), k); !found {
		s.order = slices.Insert(s.order, i, k)
	}
	s.computes[k] = c
	s.touch(computeKey + k)
}

func (s *state) removeCompute(k string) {
	if i, found := slices.BinarySearch(s.names(), k); found {
		s.order = slices.Delete(s.order, i, i+1)
	}
	delete(s.computes, k)
	s.touch(computeKey + k)
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
