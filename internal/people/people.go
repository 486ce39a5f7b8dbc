// Package people finds people in the directory (Microsoft Graph) by e-mail
// address, sign-in name or object id.
//
// Source: Microsoft Graph v1.0, "Get a user", "List users" and "directoryObject:
// getByIds". Rights: User.ReadBasic.All, which an az login has.
package people

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
)

// Person is a user of the directory. A guest has the object id of this
// directory, not the one at home.
type Person struct {
	ID     string `json:"id"`
	Name   string `json:"displayName"`
	SignIn string `json:"userPrincipalName"`
	Mail   string `json:"mail"`
	Type   string `json:"userType"` // Member or Guest
	// Enabled is false for people who cannot sign in; nil if not told.
	Enabled *bool `json:"accountEnabled"`
}

// Label is how people recognize the person: the address, else the name.
func (p Person) Label() string {
	for _, text := range []string{p.Mail, p.SignIn, p.Name} {
		if text != "" {
			return text
		}
	}
	return p.ID
}

const fields = "id,displayName,userPrincipalName,mail,userType,accountEnabled"

// Find returns everybody who has an e-mail address or a sign-in name, which may
// be several people, or nobody. It makes two requests: the addresses of guests and
// the sign-in names of others are found in different ways. graph is a client of
// Microsoft Graph.
func Find(ctx context.Context, graph *compute.Client, address string) ([]Person, error) {
	var found []Person
	var one Person
	switch err := graph.Fetch(ctx, "v1.0/users"+key(address), url.Values{"$select": {fields}}, &one); {
	case compute.KindOf(err) == compute.KindNotFound:
	case err != nil:
		return nil, err
	case one.ID == "":
		return nil, errors.New("the directory's answer names nobody")
	case !one.has(address):
		return nil, errElse
	default:
		found = append(found, one)
	}
	var page struct {
		Value *[]Person `json:"value"`
	}
	query := url.Values{"$filter": {"mail eq " + quoted(address)}, "$select": {fields}, "$top": {"5"}}
	switch err := graph.Fetch(ctx, "v1.0/users", query, &page); {
	case compute.KindOf(err) == compute.KindNotFound: // nobody is an empty list
		return nil, errors.New("the directory's address has no list of people")
	case err != nil:
		return nil, err
	case page.Value == nil:
		return nil, errors.New("the directory's answer is not a list of people")
	}
	for _, p := range *page.Value {
		if p.ID == "" {
			return nil, errors.New("the directory's answer names somebody without an id")
		}
		if !p.has(address) {
			return nil, errElse
		}
		if !slices.ContainsFunc(found, func(other Person) bool { return strings.EqualFold(other.ID, p.ID) }) {
			found = append(found, p)
		}
	}
	return found, nil
}

var errElse = errors.New("the directory's answer names somebody else")

// has reports whether an answer can be that of the person with an address: it has
// an object id, and the address if it has any.
func (p Person) has(address string) bool {
	foreign := func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F')
	}
	return !strings.ContainsFunc(p.ID, foreign) &&
		(p.Mail == "" && p.SignIn == "" || strings.EqualFold(p.Mail, address) || strings.EqualFold(p.SignIn, address))
}

// key addresses a user by a sign-in name. One that begins with a dollar sign would
// be read as a word of the query language.
func key(name string) string {
	if strings.HasPrefix(name, "$") {
		return "(" + url.PathEscape(quoted(name)) + ")"
	}
	return "/" + url.PathEscape(name)
}

// quoted is a text of the query language.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// Most is how many ids Graph takes in one request.
const Most = 1000

// Named returns the people with the object ids, Most at most, by their ids in lower
// case, as far as they are people and exist. It makes one request.
func Named(ctx context.Context, graph *compute.Client, ids []string) (map[string]Person, error) {
	var page struct {
		Value []Person `json:"value"`
	}
	body := map[string]any{"ids": ids, "types": []string{"user"}}
	if err := graph.Query(ctx, "v1.0/directoryObjects/getByIds", nil, body, &page); err != nil {
		return nil, err
	}
	out := map[string]Person{}
	for _, p := range page.Value {
		if p.ID != "" {
			out[strings.ToLower(p.ID)] = p
		}
	}
	return out, nil
}
