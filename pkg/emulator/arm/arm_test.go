package arm_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, path string
		args          []string
		ok            bool
	}{
		{"subscriptions/{}/resourceGroups", "Subscriptions/s/RESOURCEGROUPS", []string{"s"}, true},
		{"subscriptions/{}/resourceGroups", "subscriptions/s", nil, false},
		{"subscriptions/{}", "subscriptions/s/resourceGroups", nil, false},
		{"subscriptions/{}", "subscriptions", nil, false},
		{"{*}/providers/P/permissions", "a/b/providers/P/permissions", []string{"a/b"}, true},
		{"{*}/providers/P/permissions", "providers/P/permissions", []string{""}, true},
		{"{*}/providers/P/permissions", "a/providers/Q/providers/P/permissions", []string{"a/providers/Q"}, true},
		{"{*}/providers/P/permissions", "a/providers/P", nil, false},
		{"adfs/{*}/token", "adfs/token", []string{""}, true},
		{"adfs/{*}/token", "adfs/tenant/v2/token", []string{"tenant/v2"}, true},
		{"adfs/{*}/{}/token", "adfs/a/b/token", []string{"a", "b"}, true},
		{"adfs/{*}", "adfs/a/b", []string{"a/b"}, true},
	} {
		args, ok := arm.Match(test.pattern, strings.Split(test.path, "/"))
		if ok != test.ok || ok && !slices.Equal(args, test.args) {
			t.Errorf("%s on %s: %q, %v; want %q, %v", test.pattern, test.path, args, ok, test.args, test.ok)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	all := arm.Versions{"2021-01-01", "2022-01-01", "2021-06-01-preview", "2022-06-01-preview"}
	for _, test := range []struct {
		since arm.Since
		want  string
	}{
		{arm.Since{}, ""},
		{arm.Since{Stable: "2021-06-01"}, "2022-01-01"},
		{arm.Since{Preview: "2022-06-01"}, "2022-06-01-preview"},
		{arm.Since{Preview: "2021-06-01", Stable: "2021-01-01"}, strings.Join(all, " ")},
	} {
		if got := strings.Join(all.From(test.since), " "); got != test.want {
			t.Errorf("%+v: %q, want %q", test.since, got, test.want)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"2024-04-01", "2024-04-01-preview", "2024-04-01-PREVIEW", "2024-4-1", "20240401", "-preview", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := arm.ParseVersion(s); ok && v.String() != strings.ToLower(s) {
			t.Errorf("%q was read as %q", s, v)
		}
	})
}

// counter moves every hour.
type counter struct {
	Next  time.Time
	Moves int
}

func (c *counter) Valid() bool         { return c.Moves >= 0 }
func (c *counter) NextMove() time.Time { return c.Next }
func (c *counter) Move(*arm.Tx)        { c.Moves, c.Next = c.Moves+1, c.Next.Add(time.Hour) }

const (
	counters arm.Table[*counter] = "counter"
	words    arm.Table[string]   = "word"
)

func keep(t *testing.T, r *arm.Records) {
	t.Helper()
	c, err := r.Pending()
	if err != nil {
		t.Fatal(err)
	}
	r.Commit(c)
}

// What is rolled back is as it was committed: values, keys, what was deleted,
// and when a record moves.
func TestRollback(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)
	r := arm.NewRecords([]arm.Declared{counters, words})
	tx := r.Begin(&arm.Settings{})
	tx.Now = start
	counters.Put(tx, "hourly", &counter{Next: start.Add(time.Hour)})
	for _, k := range []string{"a/c", "a/b", "ab", "b/a"} {
		words.Put(tx, k, "first "+k)
	}
	words.Bury(tx, "gone")
	keep(t, r)
	same := func(when string) {
		t.Helper()
		if got := words.Keys(tx, "a/"); !slices.Equal(got, []string{"a/b", "a/c"}) {
			t.Errorf("%s, the keys under a/ are %q", when, got)
		}
		if got := words.Keys(tx, ""); !slices.Equal(got, []string{"a/b", "a/c", "ab", "b/a"}) {
			t.Errorf("%s, the keys are %q", when, got)
		}
		if got := words.Get(tx, "a/b"); got != "first a/b" {
			t.Errorf("%s, a/b is %q", when, got)
		}
		if !words.Buried(tx, "gone") || words.Buried(tx, "a/b") {
			t.Errorf("%s, it is not known what was deleted", when)
		}
		if at := tx.NextMove(); !at.Equal(start.Add(time.Hour)) {
			t.Errorf("%s, the next move is at %s", when, at)
		}
	}
	same("committed")

	counters.Get(tx, "hourly").Moves = 100 // and not put back
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := counters.Get(tx, "hourly").Moves; got != 0 {
		t.Errorf("a record that was changed in place has %d moves", got)
	}
	words.Put(tx, "a/b", "second")
	words.Put(tx, "a/0", "new")
	words.Delete(tx, "a/c")
	words.Bury(tx, "ab")
	words.Put(tx, "gone", "back")
	if words.Buried(tx, "gone") {
		t.Error("what was put again still counts as deleted")
	}
	tx.Now = start.Add(150 * time.Minute)
	tx.ApplyDue()
	if got := counters.Get(tx, "hourly").Moves; got != 2 || !tx.Now.Equal(start.Add(150*time.Minute)) {
		t.Errorf("%d moves in two hours and a half, and then it is %s", got, tx.Now)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	same("rolled back")

	r.Clear()
	if words.Len(tx) != 0 || !tx.NextMove().IsZero() {
		t.Error("something was left")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	same("after a clearing that was undone")

	snapshot, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	r = r.Fresh()
	tx = r.Begin(&arm.Settings{})
	for _, c := range snapshot {
		for k, raw := range c.Put {
			if err := r.Load(k, raw); err != nil {
				t.Fatal(err)
			}
		}
	}
	same("read back")
	for _, raw := range []string{"null", `{"Moves":-1}`, "{"} {
		if err := r.Load("counter/none", []byte(raw)); err == nil {
			t.Errorf("the record %s was read", raw)
		}
	}
	if err := r.Load("unheard-of/x", []byte("1")); err != nil {
		t.Errorf("a table of a later version: %v", err)
	}
}
