package app

import (
	"errors"
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
// have been sent. Failures that have nothing to do with the dry run stay.
func (u *unsent) instead(r render.Result) render.Result {
	list := make([]any, 0, len(u.requests))
	for _, request := range u.requests {
		list = append(list, request)
	}
	shown := render.Result{Data: list, Err: onlyReal(r.Err)}
	if len(list) == 1 {
		shown.Data = list[0]
	}
	if len(list) == 0 && shown.Err == nil {
		shown.Notes = []string{"nothing would be sent"}
	}
	return shown
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
