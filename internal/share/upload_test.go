package share_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/share"
)

// Several files are put into the share together: none is written when one of them
// may not be.
func TestPut(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, nil)
	file := func(name, text string) share.File { return share.File{Path: "Users/me/" + name, Text: []byte(text)} }
	if wrote, err := r.Put(ctx, []share.File{file("a.sh", "a"), file("b.sh", "b")}, false); err != nil || !slices.Equal(wrote, []string{"Users/me/a.sh", "Users/me/b.sh"}) {
		t.Fatalf("%q, %v", wrote, err)
	}
	if wrote, err := r.Put(ctx, []share.File{file("a.sh", "a"), file("c.sh", "c")}, false); err != nil || !slices.Equal(wrote, []string{"Users/me/c.sh"}) {
		t.Fatalf("%q, %v", wrote, err)
	}
	wrote, err := r.Put(ctx, []share.File{file("new.sh", "a"), file("a.sh", "other"), file("b.sh", "other")}, false)
	var conflict *share.ConflictError
	if len(wrote) > 0 || !errors.As(err, &conflict) || strings.Count(err.Error(), "with other content") != 2 {
		t.Errorf("%q, %v", wrote, err)
	}
	if same, _, err := r.Compare(ctx, "Users/me/new.sh", []byte("a")); same || err == nil {
		t.Error("one of them was written")
	}
	if wrote, err := r.Put(ctx, []share.File{file("a.sh", "other")}, true); err != nil || len(wrote) != 1 {
		t.Errorf("%q, %v", wrote, err)
	}
	wrote, err = r.Put(ctx, []share.File{{Path: "Users/me/a.sh/b.sh"}}, false)
	if wrote != nil || err == nil || !strings.HasPrefix(err.Error(), "Users/me/a.sh is not a folder in the share ") {
		t.Errorf("in a file: %q, %v", wrote, err)
	}
	if wrote, err := r.Put(ctx, nil, false); err != nil || wrote != nil {
		t.Errorf("%q, %v", wrote, err)
	}
}

// Of two that put different files under one name at the same time, one goes on.
func TestPutAtOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	first := newRig(t, nil)
	if _, err := first.Put(ctx, []share.File{{Path: "Users/me/other.sh"}}, false); err != nil {
		t.Fatal(err)
	}
	// Both look before either of them writes, and both write before either reads
	// again.
	var looked, written sync.WaitGroup
	looked.Add(2)
	written.Add(2)
	var mu sync.Mutex
	looks := 0
	first.change = func(res *http.Response) error {
		if !strings.HasSuffix(res.Request.URL.Path, "/setup.sh") {
			return nil
		}
		step := &written
		if res.Request.Method == http.MethodGet {
			mu.Lock()
			looks++
			late := looks > 2
			mu.Unlock()
			if late {
				return nil
			}
			step = &looked
		}
		step.Done()
		step.Wait()
		return nil
	}
	errs := make(chan error, 2)
	for _, text := range []string{"one", "two"} {
		s := share.New(share.Options{Client: first.srv.Computes, Storage: first.srv.URL + "/storage", Transport: first})
		go func() {
			_, err := s.Put(ctx, []share.File{{Path: "Users/me/setup.sh", Text: []byte(text)}}, false)
			errs <- err
		}()
	}
	var failed error
	for range 2 {
		switch err := <-errs; {
		case err == nil:
		case failed != nil:
			t.Errorf("both failed: %v", err)
		default:
			failed = err
		}
	}
	if failed == nil {
		t.Fatal("both went on")
	}
	wantExit(t, failed, exit.TryLater, "changed by somebody else at the same moment")
}
