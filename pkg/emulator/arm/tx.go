package arm

import (
	"container/heap"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Settings are those of an emulator that providers heed.
type Settings struct {
	Speed       float64       // how many times as fast as the service operations are; +Inf is at once
	PageSize    int           // items in one page of a list
	Strict      bool          // refuse unknown subscriptions, groups and workspaces instead of making them
	FamilyCores int           // vCPU limit of each VM family and region
	CheckTokens bool          // refuse requests without a valid token
	NewID       func() string // a new random UUID
	Providers   []*Provider
}

// Tx is one request's view of the records: what it changes is kept when the
// request succeeds and is undone when it is refused.
type Tx struct {
	*Settings
	Now time.Time // the emulator's time for the whole of it

	records *Records
	lent    []string // store keys of what Get returned
}

// Begin starts a transaction on r at the zero time.
func (r *Records) Begin(s *Settings) *Tx { return &Tx{Settings: s, records: r} }

// Rollback undoes every change since the last commit, also those of records that
// were changed in place and not put back.
func (t *Tx) Rollback() error {
	r := t.records
	for _, k := range t.lent {
		r.changed[k] = true
	}
	for k := range r.changed {
		if err := r.restore(k, r.saved[k]); err != nil {
			return err
		}
	}
	clear(r.changed)
	t.lent = nil
	return nil
}

// Takes is how long something takes that takes d at the service.
func (t *Tx) Takes(d time.Duration) time.Duration {
	return time.Duration(math.Min(float64(d)/t.Speed, float64(math.MaxInt64/4)))
}

// A Mover is a record that changes by itself as time passes.
type Mover interface {
	NextMove() time.Time // when it does next; zero is never
	Move(*Tx)            // what is due at the transaction's time
}

// ApplyDue lets everything happen that was due until now, in the order of its
// time.
func (t *Tx) ApplyDue() {
	now := t.Now
	defer func() { t.Now = now }()
	for {
		d, m := t.records.next()
		if m == nil || d.at.After(now) {
			return
		}
		heap.Pop(&t.records.due)
		t.Now = d.at
		m.Move(t)
		if t.records.mover(d.key) == m {
			t.records.touch(d.key)
		}
	}
}

// NextMove is when something happens by itself next; zero is never.
func (t *Tx) NextMove() time.Time {
	d, _ := t.records.next()
	return d.at
}

// Page answers with one page of the items under the sorted keys, which share a
// prefix. $skip is the rest of the key after which the page starts, so that
// pages stay true while items come and go.
func (t *Tx) Page(q *Request, prefix string, keys []string, item func(string) *Object) (*Response, error) {
	if after := q.Query.Get("$skip"); after != "" {
		i, found := slices.BinarySearch(keys, prefix+after)
		if found {
			i++
		}
		keys = keys[i:]
	}
	more := len(keys) > t.PageSize
	if more {
		keys = keys[:t.PageSize]
	}
	out := Sized(3072*len(keys) + 1024)
	out.b = append(out.b, `{"value":[`...)
	for i, k := range keys {
		if i > 0 {
			out.b = append(out.b, ',')
		}
		out.b = appendValue(out.b, item(k))
	}
	out.b = append(out.b, ']')
	if more {
		next := maps.Clone(q.Query) // filters hold for every page
		next.Set("$skip", strings.TrimPrefix(keys[len(keys)-1], prefix))
		var path strings.Builder
		for _, seg := range q.Path {
			path.WriteString("/" + url.PathEscape(seg))
		}
		out.Set("nextLink", q.Base+path.String()+"?"+next.Encode())
	}
	return OK(out), nil
}
