package compute

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/url"
)

// List yields the computes of the workspace as the service's pages arrive
// (Compute_List). It ends after the first error.
func (c *Client) List(ctx context.Context) iter.Seq2[*Compute, error] {
	return func(yield func(*Compute, error) bool) {
		if err := c.workspace.check(); err != nil {
			yield(nil, err)
			return
		}
		k := call{op: opList, address: c.endpoint + c.workspace.path() + "/computes"}
		_, err := c.eachCompute(ctx, k, func(compute *Compute) error {
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

// eachCompute reads all pages of computes. count is the number of pages.
func (c *Client) eachCompute(ctx context.Context, k call, each func(*Compute) error) (count int, err error) {
	return pages(ctx, c, k, "value", func(data json.RawMessage) error {
		compute := new(Compute)
		if compute.decode(data) != nil {
			// Something in the list that is no object is nobody's compute.
			return nil
		}
		return each(compute)
	})
}

// All is List as a slice.
func (c *Client) All(ctx context.Context) ([]*Compute, error) {
	var out []*Compute
	for compute, err := range c.List(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, compute)
	}
	return out, nil
}

var errStop = errors.New("stop")

// maxPages ends a list whose pages never do.
const maxPages = 10000

// pages calls each for every element of the array at key in every page. The
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
// of any length costs the memory of what is kept of it. When a page breaks off
// it is asked for again and the elements already handed out are skipped.
func (c *Client) page(ctx context.Context, k call, key string, each func(json.RawMessage) error) (next string, err error) {
	done := 0
	for try := 0; ; try++ {
		var stopped error
		k.stream = func(r io.Reader) error {
			index := 0
			var err error
			next, err = readPage(r, key, func(data json.RawMessage) error {
				index++
				if index <= done {
					return nil
				}
				done = index
				stopped = each(data)
				return stopped
			})
			return err
		}
		_, err = c.send(ctx, k)
		if stopped != nil {
			return "", stopped
		}
		if err == nil || try == 2 || ctx.Err() != nil || !brokeOff(err) {
			return next, err
		}
	}
}

// brokeOff reports whether err came while the body of an answer was read.
func brokeOff(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || isSyntax(err)
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

// collect reads all pages of a list of T.
func collect[T any](ctx context.Context, c *Client, k call, key string, load func(*T, json.RawMessage)) ([]T, error) {
	out := []T{}
	_, err := pages(ctx, c, k, key, func(data json.RawMessage) error {
		var item T
		load(&item, data)
		out = append(out, item)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
