package compute

import (
	"fmt"
	"net/url"
	"strings"
)

// Workspace names the Azure Machine Learning workspace that computes live in.
type Workspace struct {
	Subscription  string // subscription id (a GUID)
	ResourceGroup string
	Name          string
}

// ID is the workspace's ARM resource id.
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

// check refuses a workspace whose parts would change the path they are put in.
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

// segment reports whether s can stand as one segment of an ARM path: a name
// such as ".." would make the path mean another resource.
func segment(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > 260 {
		return false
	}
	for _, r := range s {
		if r < 0x20 || r == 0x7f || strings.ContainsRune(`/\?#%&`, r) {
			return false
		}
	}
	return true
}

// ParseID reads an ARM id of a workspace, or of something inside one. Words
// are matched without regard to case; a missing leading slash, a trailing
// slash, a query or anything after the compute's name is ignored. The compute
// is "" when the id names none.
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

func idError(id string) error {
	return invalidf("", "%s is not the id of a workspace; it looks like /subscriptions/…/resourceGroups/…/providers/Microsoft.MachineLearningServices/workspaces/…",
		fmt.Sprintf("%.200q", id))
}
