package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/nearest"
	"github.com/computetarget/computetarget/internal/recall"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Located says one way what is not there, whatever the service's words are: the
// nearest of the names that are remembered, in which workspace it was looked
// for and where that choice came from, because the usual reason is that another
// name or another workspace was meant.
func (a *App) Located(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined errors are taken apart
		var all []error
		for _, e := range several.Unwrap() {
			all = append(all, a.Located(e))
		}
		return errors.Join(all...)
	}
	var refused *compute.Error
	if a.client == nil || a.Spread || !errors.As(err, &refused) || refused.Kind != compute.KindNotFound {
		return err
	}
	where := a.Where()
	if where.Workspace == "" {
		return err
	}
	text, meant := "", ""
	advice := render.Hint(err)
	switch ws := a.client.Workspace().Name; {
	case isCompute(refused):
		text = fmt.Sprintf("there is no compute %s in the workspace %s", refused.Name, ws)
		advice = "computetarget list shows what the workspace has"
		meant = a.nearest(recall.Computes, refused.Name)
	case strings.Contains(strings.ToLower(refused.Message), "workspaces/"):
		meant = a.nearest(recall.Workspaces, ws)
	}
	if meant != "" {
		advice = "did you mean " + meant + "? " + advice
	}
	hint := "looked in " + where.String()
	if advice != "" {
		hint = advice + "; " + hint
	}
	return &exit.Error{Text: text, Tip: hint, Err: err}
}

// isCompute reports whether what is not there is the compute that was named, as
// opposed to the workspace or the group it should be in.
func isCompute(e *compute.Error) bool {
	message := strings.ToLower(e.Message)
	switch strings.ToLower(e.Code) {
	case "computenotfound":
		return e.Name != ""
	case "resourcenotfound", "notfound":
		return e.Name != "" && (strings.Contains(message, "/computes/") || !strings.Contains(message, "workspaces/"))
	}
	return false
}

// nearest is the remembered name that a mistyped one most likely means, or "".
// The service is not asked: an error must not take longer for it.
func (a *App) nearest(kind recall.Kind, name string) string {
	file, ok := a.remembered(kind)
	if !ok {
		return ""
	}
	var known []string
	for _, n := range file.Get(kind).Names {
		if !strings.EqualFold(n.Text, name) {
			known = append(known, n.Text)
		}
	}
	return nearest.Word(name, known)
}
