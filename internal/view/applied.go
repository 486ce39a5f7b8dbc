// Package view makes the results of commands: what people see of computes, their
// schedules and nodes, and the objects in v1's and v2's shapes that programs get.
package view

import (
	"cmp"
	"strings"
	"time"

	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Applied is one compute of "apply": what was done to it, or would be.
type Applied struct {
	Name        string
	Compute     *compute.Compute // nil if there is none
	Result      string           // created, changed, unchanged; with --check missing, differs, unchanged
	Differences []compute.Difference
	Elapsed     time.Duration
	Err         error
}

// Applications is the result of "apply". What failed is in Err only.
func Applications(list []Applied) render.Result {
	r := render.Result{Names: []string{}, IDs: []string{}}
	data := []any{}
	var errs []error
	for _, o := range list {
		if o.Err != nil {
			errs = append(errs, o.Err)
		}
		if o.Err != nil && o.Result == "" {
			continue
		}
		r.Names = append(r.Names, o.Name)
		if o.Compute != nil {
			r.IDs = append(r.IDs, o.Compute.ID)
		}
		data = append(data, appliedObject{o})
		if o.Result == "unchanged" {
			r.Aside = append(r.Aside, o.sentence())
		}
	}
	r.Data, r.Err = data, together(errs)
	r.Did = func(p *render.Page) {
		for _, o := range list {
			if o.Result != "" {
				p.Sentence("%s", o.sentence())
			}
		}
	}
	r.People = r.Did
	r.Summary = fared(len(list), r.Err, func(i int) (string, error) {
		if list[i].Result == "" {
			return "", list[i].Err
		}
		return list[i].Result, nil
	})
	return r
}

func (o Applied) sentence() string {
	text := o.Name + ": " + o.Result
	if o.Elapsed >= time.Second {
		text += " (" + Elapsed(o.Elapsed) + ")"
	}
	var words []string
	for _, d := range o.Differences {
		if o.Result == "changed" {
			words = append(words, d.Field+" from "+cmp.Or(d.Have, "empty")+" to "+cmp.Or(d.Want, "empty"))
		} else {
			words = append(words, d.String())
		}
	}
	if len(words) > 0 {
		text += " · " + strings.Join(words, "; ")
	}
	if c := o.Compute; c != nil && strings.HasSuffix(o.Result, "created") {
		text += " · " + c.State()
	}
	return text
}

// appliedObject is the object of a compute until it is printed, with what was done
// to it.
type appliedObject struct{ o Applied }

func (a appliedObject) At(now time.Time) any {
	out := query.Object{{Key: "name", Value: a.o.Name}}
	if a.o.Compute != nil {
		out = brief(a.o.Compute, now)
	}
	differences := []any{}
	for _, d := range a.o.Differences {
		differences = append(differences, query.Object{{Key: "have", Value: text(d.Have)}, {Key: "key", Value: d.Field}, {Key: "want", Value: text(d.Want)}})
	}
	return append(out, query.Object{{Key: "differences", Value: differences}, {Key: "result", Value: a.o.Result}, {Key: "url", Value: text(home(a.o.Compute))}}...)
}

// home is the address of an instance's Jupyter Lab, or "".
func home(c *compute.Compute) string {
	if c == nil || c.Instance == nil {
		return ""
	}
	for _, app := range c.Instance.Applications {
		if strings.EqualFold(app.Name, "Jupyter Lab") {
			return app.URI
		}
	}
	return ""
}
