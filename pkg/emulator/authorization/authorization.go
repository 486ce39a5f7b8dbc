// Package authorization is Microsoft.Authorization: it lets everybody do
// everything.
package authorization

import (
	"net/http"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// Provider is Microsoft.Authorization.
func Provider() *arm.Provider {
	return &arm.Provider{
		Routes: []arm.Route{
			{Method: "GET", Path: "{*}/providers/Microsoft.Authorization/permissions", Handle: listPermissions},
		},
	}
}

func listPermissions(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	if err := find(t, q.Args[0]); err != nil {
		return nil, err
	}
	none := []string{}
	return arm.List(new(arm.Object).Set("actions", []string{"*"}).Set("notActions", none).Set("dataActions", none).Set("notDataActions", none)), nil
}

// find refuses a scope that does not exist.
func find(t *arm.Tx, scope string) error {
	for _, p := range t.Providers {
		for _, s := range p.Scopes {
			if args, ok := arm.MatchID(s.Path, scope); ok {
				return s.Find(t, args)
			}
		}
	}
	return arm.Fail(http.StatusNotFound, "InvalidResourceType", "The resource type of the path '/%s' could not be found.", strings.Trim(scope, "/"))
}
