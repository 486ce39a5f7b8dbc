package compute

import (
	"net/url"
	"strings"
	"unicode"
)

// Workspace names an Azure Machine Learning workspace.
type Workspace struct {
	Subscription  string // id
	ResourceGroup string
	Name          string
}

// ID is the workspace's ARM resource id. Copies of it would take 12 kB.
//
//go:noinline
func (w Workspace) ID() string {
	return "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.ResourceGroup +
		"/providers/Microsoft.MachineLearningServices/workspaces/" + w.Name
}

// ComputeID is the ARM resource id of a compute of the workspace.
func (w Workspace) ComputeID(name string) string {
	return w.ID() + "/computes/" + name
}

// path is ID with every part escaped for a URL.
func (w Workspace) path() string {
	return Workspace{url.PathEscape(w.Subscription), url.PathEscape(w.ResourceGroup), url.PathEscape(w.Name)}.ID()
}

// check refuses names that cannot be part of a path.
func (w Workspace) check() error {
	for _, part := range [...]struct{ what, value string }{
		{"subscription", w.Subscription}, {"resource group", w.ResourceGroup}, {"workspace", w.Name},
	} {
		if !segment(part.value) {
			return invalidf("", "the %s %q cannot be part of an address; give its plain name", part.what, part.value)
		}
	}
	return nil
}

// segment reports whether s can be a segment of an ARM path. A name such as ".."
// would name another resource. Beyond ASCII, groups have letters and digits only,
// not the dashes and spaces of a web page.
func segment(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= 260 && !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 || r == 0x7f || strings.ContainsRune(`/\?#%&`, r) || r > 0x7f && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// ParseID reads the ARM id of a workspace, or of something inside one, in any
// case. Slashes around it, a query and anything after the compute's name are
// ignored. compute is "" if the id names none.
func ParseID(id string) (ws Workspace, compute string, err error) {
	text, _, _ := strings.Cut(id, "?")
	parts := strings.Split(strings.Trim(text, "/ \t\r\n"), "/")
	want := [...]string{0: "subscriptions", 2: "resourcegroups", 4: "providers", 5: "microsoft.machinelearningservices", 6: "workspaces"}
	if len(parts) < 8 {
		return Workspace{}, "", idError(id)
	}
	for i, word := range want {
		if word != "" && !strings.EqualFold(parts[i], word) {
			return Workspace{}, "", idError(id)
		}
	}
	ws = Workspace{parts[1], parts[3], parts[7]}
	if ws.check() != nil {
		return Workspace{}, "", idError(id)
	}
	if len(parts) >= 10 && strings.EqualFold(parts[8], "computes") && segment(parts[9]) {
		compute = parts[9]
	}
	return ws, compute, nil
}

// ParseComputeID reads the ARM id of a compute, in any case. Slashes around it are
// ignored. The error says what else the id is of.
func ParseComputeID(id string) (ws Workspace, name string, err error) {
	parts := strings.Split(strings.Trim(id, "/"), "/")
	ws, name, err = ParseID(strings.Join(parts, "/"))
	if err == nil && len(parts) == 10 && name == parts[9] && PossibleName(name) {
		return ws, name, nil
	}
	return Workspace{}, "", invalidf("", "%q is %s, not of a compute; a compute's id ends in /providers/Microsoft.MachineLearningServices/workspaces/WORKSPACE/computes/NAME",
		shorten(id, 250), kindOfID(parts, ws, err == nil))
}

// kindOfID describes an id that is not a compute's.
func kindOfID(parts []string, ws Workspace, inWorkspace bool) string {
	switch {
	case inWorkspace && len(parts) == 8:
		return "the id of the workspace " + ws.Name
	case inWorkspace && !strings.EqualFold(parts[8], "computes"):
		return "the id of one of the " + shorten(parts[8], 40) + " of the workspace " + ws.Name
	case inWorkspace && len(parts) > 10 && PossibleName(parts[9]):
		return "the id of something below the compute " + parts[9]
	case len(parts) == 2:
		return "the id of a subscription"
	case len(parts) == 4 && strings.EqualFold(parts[2], "resourcegroups"):
		return "the id of a resource group"
	case len(parts) >= 8 && strings.EqualFold(parts[4], "providers") && !strings.EqualFold(parts[5], "microsoft.machinelearningservices"):
		return "the id of a resource of type " + shorten(parts[5]+"/"+parts[6], 80)
	}
	return "a damaged id"
}

func idError(id string) error {
	return invalidf("", "%.200q is not the id of a workspace; it looks like /subscriptions/…/resourceGroups/…/providers/Microsoft.MachineLearningServices/workspaces/…", id)
}
