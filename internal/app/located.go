package app

import (
	"errors"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Located adds to every error about something that is not there in which
// workspace it was looked for and where that choice came from: the usual reason
// is that another workspace was meant.
func (a *App) Located(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined errors are taken apart
		var all []error
		for _, e := range several.Unwrap() {
			all = append(all, a.Located(e))
		}
		return errors.Join(all...)
	}
	var refused *compute.Error
	if a.client == nil || !errors.As(err, &refused) || refused.Kind != compute.KindNotFound {
		return err
	}
	where := a.Where()
	if where.Workspace == "" {
		return err
	}
	hint := "looked in " + where.String()
	if advice := render.Hint(err); advice != "" {
		hint = advice + "; " + hint
	}
	return &exit.Error{Tip: hint, Err: err}
}
