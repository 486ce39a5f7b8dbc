package arm

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Version is an api-version, split so that features can be compared by date.
type Version struct {
	Date    string // 2024-04-01
	Preview bool
}

// ParseVersion reads an api-version: a date, and perhaps -preview in any case.
func ParseVersion(s string) (v Version, ok bool) {
	v.Date, v.Preview = strings.CutSuffix(strings.ToLower(s), "-preview")
	_, err := time.Parse(time.DateOnly, v.Date)
	return v, err == nil
}

func (v Version) String() string {
	if v.Preview {
		return v.Date + "-preview"
	}
	return v.Date
}

// Versions are the api-versions that have something.
type Versions []string

// From keeps the versions that s holds for.
func (all Versions) From(s Since) Versions {
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		v, _ := ParseVersion(name) // the list is ours
		return !s.Has(v)
	})
}

// Since says from when on a field or an action is there: the first preview and
// the first stable version that have it; "" is never.
type Since struct{ Preview, Stable string }

// Has tells whether v has what s is about.
func (s Since) Has(v Version) bool {
	first := s.Stable
	if v.Preview {
		first = s.Preview
	}
	return first != "" && v.Date >= first
}

// Accept sets the api-version of a request for one of p's routes, or refuses the
// one it has.
func (p *Provider) Accept(r *Route, q *Request) error {
	if r.NoVersion {
		return nil
	}
	have := r.Versions
	if have == nil {
		have = p.Versions
	}
	given := q.Query["api-version"]
	switch {
	case len(given) == 0 || given[0] == "":
		return Fail(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	case len(given) > 1:
		return Fail(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version query parameter is given more than once.")
	}
	v, ok := ParseVersion(given[0])
	switch {
	case !ok && have == nil:
		return Fail(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version '%s' is invalid.", given[0])
	case !ok:
		return Fail(http.StatusBadRequest, "InvalidApiVersionParameter",
			"The api-version '%s' is invalid. The supported versions are '%s'.", given[0], strings.Join(have, ","))
	case have != nil && !slices.Contains(have, v.String()):
		return Fail(http.StatusBadRequest, "NoRegisteredProviderFound",
			"No registered resource provider found for API version '%s' for type '%s'. The supported api-versions are '%s'.",
			given[0], r.Type, strings.Join(have, ", "))
	}
	q.Version = v
	return nil
}
