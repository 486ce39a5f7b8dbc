package app

import (
	"errors"
	"net/url"
	"slices"
	"sync"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// unsent collects the requests of a dry run.
type unsent struct {
	mu       sync.Mutex
	requests []compute.Request
}

func (u *unsent) add(r compute.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.requests = append(u.requests, r)
}

// instead is the result of a dry run: the requests, in the order they would
// have been sent, an array where the command itself prints one. Failures that
// have nothing to do with the dry run stay.
func (u *unsent) instead(r render.Result) render.Result {
	shown := render.Result{Body: true, Err: onlyReal(r.Err), Notes: r.Notes}
	shown.Names, shown.IDs = u.computes()
	_, several := r.Data.([]any)
	switch {
	case len(u.requests) == 0:
		if shown.Err == nil {
			shown.Notes = append(shown.Notes, "nothing would be sent")
		}
	case len(u.requests) == 1 && !several:
		shown.Data = u.requests[0]
	default:
		shown.Data = u.requests
	}
	return shown
}

// computes are the names and ARM ids of the computes the requests are for, each
// once.
func (u *unsent) computes() (names, ids []string) {
	names, ids = []string{}, []string{}
	for _, r := range u.requests {
		at, err := url.Parse(r.URL)
		if err != nil {
			continue
		}
		ws, name, err := compute.ParseID(at.Path)
		if id := ws.ComputeID(name); err == nil && name != "" && !slices.Contains(ids, id) {
			names, ids = append(names, name), append(ids, id)
		}
	}
	return names, ids
}

// onlyReal leaves the failures that are not the dry run itself.
func onlyReal(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined errors are taken apart
		var left []error
		for _, e := range joined.Unwrap() {
			left = append(left, onlyReal(e))
		}
		return errors.Join(left...)
	}
	if errors.Is(err, compute.ErrDryRun) {
		return nil
	}
	return err
}
