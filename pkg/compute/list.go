package compute

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// List yields the computes of the workspace as the service's pages arrive
// (Compute_List). It ends after the first error.
func (c *Client) List(ctx context.Context) iter.Seq2[*Compute, error] {
	return func(yield func(*Compute, error) bool) {
		if err := c.workspace.check(); err != nil {
			yield(nil, err)
			return
		}
		_, err := c.eachCompute(ctx, c.listCall(opList), func(compute *Compute) error {
			if !yield(compute, nil) {
				return errStop
			}
			return nil
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

func (c *Client) listCall(op operation) call {
	return call{op: op, address: c.endpoint + c.workspace.path() + "/computes"}
}

// eachCompute reads all pages of computes. count is the number of pages.
func (c *Client) eachCompute(ctx context.Context, k call, each func(*Compute) error) (count int, err error) {
	return pages(ctx, c, k, "value", func(data json.RawMessage) error {
		compute := new(Compute)
		if compute.decode(data) != nil {
			return errBadList // leaving it out could leave out a compute
		}
		return each(compute)
	})
}

// All is List as a slice. What was read is decoded by every processor while
// more is read, because a list of thousands feels that.
func (c *Client) All(ctx context.Context) ([]*Compute, error) { return c.all(ctx, opList) }

// AllWhole is All with what GetWhole tells.
func (c *Client) AllWhole(ctx context.Context) ([]*Compute, error) { return c.all(ctx, opListWhole) }

func (c *Client) all(ctx context.Context, op operation) ([]*Compute, error) {
	if err := c.workspace.check(); err != nil {
		return nil, err
	}
	var out []*Compute
	var bad atomic.Bool
	var group sync.WaitGroup
	read := make(chan []*Compute, 16)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for some := range read {
				for _, compute := range some {
					if compute.decode(compute.Raw) != nil {
						bad.Store(true)
					}
				}
			}
		})
	}
	const some = 25 // at once: waking a processor costs time, too
	k := c.listCall(op)
	_, err := pages(ctx, c, k, "value", func(data json.RawMessage) error {
		if data[0] != '{' {
			return errBadList
		}
		out = append(out, &Compute{Raw: data})
		if n := len(out); n%some == 0 {
			read <- out[n-some:]
		}
		return nil
	})
	read <- out[len(out)/some*some:]
	close(read)
	group.Wait()
	switch {
	case err != nil:
		return nil, err
	case bad.Load():
		return nil, errorf(KindFailed, k.name, "%v", errBadList)
	}
	return out, nil
}

var errStop = errors.New("stop")

// maxPages ends a list whose pages never do.
const maxPages = 10000

// pages calls each for every element of the array at key, or at one of several
// keys, in every page. The
// elements handed out are the caller's to keep.
func pages(ctx context.Context, c *Client, k call, key string, each func(json.RawMessage) error) (count int, err error) {
	seen := map[string]bool{}
	for {
		next, err := c.page(ctx, k, key, each)
		count++
		switch {
		case errors.Is(err, errStop):
			return count, nil
		case err != nil:
			return count, err
		case next == "":
			return count, nil
		case seen[next] || count >= maxPages:
			return count, errorf(KindFailed, k.name, "the service's list does not end: it names the same next page again; try again later")
		}
		seen[next] = true
		address, err := c.resolve(k.address, next)
		if err != nil {
			return count, errorf(KindFailed, k.name, "the service named a next page that is not an address: %.200q", next)
		}
		k.address, k.verbatim = address, true
	}
}

// page reads one page. Elements are handed out as they arrive, so that a list
// of any length costs the memory of what is kept of it and of one page. When a
// page breaks off it is asked for again, and what was handed out already is
// skipped: by what it is, because the list may be another one by then.
func (c *Client) page(ctx context.Context, k call, key string, each func(json.RawMessage) error) (next string, err error) {
	var handed []json.RawMessage
	var stopped error
	k.stream = func(r io.Reader) error {
		known := map[string]bool{}
		for _, data := range handed {
			known[identity(data)] = true
		}
		var err error
		next, err = readPage(r, key, func(data json.RawMessage) error {
			if len(known) > 0 && known[identity(data)] {
				return nil
			}
			handed = append(handed, data)
			stopped = each(data)
			return stopped
		})
		if errors.Is(stopped, errBadList) {
			handed, stopped = handed[:len(handed)-1], nil
		}
		if stopped != nil {
			return nil // nothing was wrong with the answer
		}
		return err
	}
	_, err = c.read(ctx, k, nil)
	if stopped != nil {
		return "", stopped
	}
	return next, err
}

// identity is what tells one element of a list from the others.
func identity(data json.RawMessage) string {
	var names struct {
		ID   text `json:"id"`
		Name text `json:"name"`
		Node text `json:"nodeId"`
	}
	if json.Unmarshal(data, &names) != nil || names.ID == "" && names.Name == "" && names.Node == "" {
		return string(data)
	}
	return strings.ToLower(string(names.ID + "\n" + names.Name + "\n" + names.Node))
}

// resolve makes an address the service named absolute, changing nothing else.
func (c *Client) resolve(base, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if u.IsAbs() {
		return address, nil
	}
	from, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	return from.ResolveReference(u).String(), nil
}

// collect reads all pages of a list of T. Each keeps its own JSON in raw; what a
// field cannot hold is left out.
func collect[T any](ctx context.Context, c *Client, k call, key string, raw func(*T) *json.RawMessage) ([]T, error) {
	out := []T{}
	_, err := pages(ctx, c, k, key, func(data json.RawMessage) error {
		var item T
		_ = unmarshal(data, &item)
		*raw(&item) = data
		out = append(out, item)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
