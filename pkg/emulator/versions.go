package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// apiVersion is an api-version that Microsoft.MachineLearningServices has
// published, split so that features can be compared by date.
type apiVersion struct {
	date    string // 2024-04-01
	preview bool
}

func (v apiVersion) String() string {
	if v.preview {
		return v.date + "-preview"
	}
	return v.date
}

// The published api-versions with computes, stable and preview, of the
// TypeSpec's enumeration of versions.
var (
	stableVersions = []string{
		"2018-11-19", "2019-05-01", "2019-06-01", "2019-11-01", "2020-01-01", "2020-03-01", "2020-04-01", "2020-06-01", "2020-08-01",
		"2021-01-01", "2021-04-01", "2021-07-01", "2022-05-01", "2022-10-01", "2023-04-01", "2023-10-01", "2024-04-01", "2024-10-01",
		"2025-04-01", "2025-06-01", "2025-09-01", "2025-12-01", "2026-03-01", "2026-05-01",
	}
	previewVersions = []string{
		"2018-03-01", "2020-02-18", "2020-05-01", "2020-05-15", "2020-09-01", "2021-03-01", "2022-01-01", "2022-02-01", "2022-06-01",
		"2022-10-01", "2022-12-01", "2023-02-01", "2023-04-01", "2023-06-01", "2023-08-01", "2024-01-01", "2024-04-01", "2024-07-01",
		"2024-10-01", "2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01", "2026-01-15", "2026-03-15", "2026-05-15", "2026-07-15",
	}
)

// published tells whether s is an api-version of the provider.
func published(s string) (apiVersion, bool) {
	date, preview := strings.CutSuffix(strings.ToLower(s), "-preview")
	list := stableVersions
	if preview {
		list = previewVersions
	}
	return apiVersion{date, preview}, slices.Contains(list, date)
}

// allVersions lists every published version for which ok holds.
func allVersions(ok func(apiVersion) bool) []string {
	var all []string
	for _, d := range stableVersions {
		if v := (apiVersion{d, false}); ok(v) {
			all = append(all, v.String())
		}
	}
	for _, d := range previewVersions {
		if v := (apiVersion{d, true}); ok(v) {
			all = append(all, v.String())
		}
	}
	return all
}

// since tells whether v is a preview from the first date on or a stable version
// from the second on; "" stands for never.
func (v apiVersion) since(preview, stable string) bool {
	if v.preview {
		return preview != "" && v.date >= preview
	}
	return stable != "" && v.date >= stable
}

// Which versions have which action of a compute instance.
func anyVersion(apiVersion) bool          { return true }
func idleActionVersion(v apiVersion) bool { return v.since("2022-06-01", "") }
func resizeVersion(v apiVersion) bool     { return v.since("2023-08-01", "") }
func scheduleVersion(v apiVersion) bool {
	switch v.String() {
	case "2021-03-01-preview", "2021-07-01", "2022-10-01", "2022-10-01-preview":
		return true
	}
	return false
}

// version checks the api-version of a request for a route.
func (r *route) version(q *request) (apiVersion, error) {
	given := q.query["api-version"]
	switch {
	case len(given) == 0 || given[0] == "":
		return apiVersion{}, missingVersion()
	case len(given) > 1:
		return apiVersion{}, fail(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version query parameter is given more than once.")
	case r.versions == nil && wellFormed(given[0]):
		return apiVersion{date: given[0]}, nil
	case r.versions == nil:
		return apiVersion{}, fail(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version '%s' is invalid.", given[0])
	case !wellFormed(given[0]):
		return apiVersion{}, fail(http.StatusBadRequest, "InvalidApiVersionParameter",
			"The api-version '%s' is invalid. The supported versions are '%s'.", given[0], strings.Join(allVersions(r.versions), ","))
	}
	v, ok := published(given[0])
	if !ok || !r.versions(v) {
		return apiVersion{}, noProvider(r.kind, given[0], allVersions(r.versions))
	}
	return v, nil
}

// wellFormed tells whether s looks like an api-version: a date and perhaps
// -preview.
func wellFormed(s string) bool {
	s, _ = strings.CutSuffix(strings.ToLower(s), "-preview")
	if len(s) != len("2024-04-01") {
		return false
	}
	for i, c := range []byte(s) {
		if dash := i == 4 || i == 7; dash != (c == '-') || !dash && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
