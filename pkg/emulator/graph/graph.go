// Package graph is Microsoft Graph, as far as clients of the computes ask it:
// who people are. It stands under /graph on the emulator's port, which is what
// /metadata/endpoints says. The specification is
// https://learn.microsoft.com/graph/api/resources/user.
package graph

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/authorization"
)

// Prefix is the first segment of its paths.
const Prefix = "graph"

// ReadPeople is the action that a permit denies to close Graph to somebody. It
// stands for the permission User.ReadBasic.All, which is no action of ARM.
const ReadPeople = "Microsoft.Graph/users/read"

// people are those of the directory, by object id.
const people arm.Table[*Person] = "person"

// Person is a user of the directory.
type Person struct {
	ObjectID          string `json:"objectId"`
	DisplayName       string `json:"displayName"`
	UserPrincipalName string `json:"userPrincipalName"`
	Mail              string `json:"mail,omitempty"`
	UserType          string `json:"userType,omitempty"` // Member or Guest
	AccountEnabled    *bool  `json:"accountEnabled,omitempty"`
}

// Valid tells whether p was read whole.
func (p *Person) Valid() bool { return p.ObjectID != "" }

// Provider is the part of Graph that answers about people.
func Provider() *arm.Provider {
	return &arm.Provider{
		Tables: []arm.Declared{people},
		Seed: func(t *arm.Tx) {
			for _, p := range []Person{
				{DisplayName: "Ada Archer", UserPrincipalName: "ada@contoso.com", Mail: "ada@contoso.com"},
				{DisplayName: "Ben Brook", UserPrincipalName: "ben@contoso.com", Mail: "Ben.Brook@contoso.com"},
				{DisplayName: "Cho Chen", UserPrincipalName: "cho_fabrikam.com#EXT#@contoso.onmicrosoft.com", Mail: "cho@fabrikam.com", UserType: "Guest"},
			} {
				p.ObjectID = arm.StableUUID("person " + p.UserPrincipalName)
				p.put(t)
			}
		},
		Routes: []arm.Route{
			{Method: "GET", Path: Prefix + "/{}/{*}", NoVersion: true, Handle: get},
			{Method: "POST", Path: Prefix + "/{}/directoryObjects/getByIds", NoVersion: true, Handle: getByIDs},
			{Method: "POST", Path: Prefix + "/{}/directoryObjects/microsoft.graph.getByIds", NoVersion: true, Handle: getByIDs},
		},
	}
}

func (p Person) put(t *arm.Tx) {
	if p.UserType == "" {
		p.UserType = "Member"
	}
	people.Put(t, arm.Key(p.ObjectID), &p)
}

// Load puts people into the directory; those with a known object id are
// replaced.
func Load(t *arm.Tx, raw json.RawMessage) (int, error) {
	var list []Person
	if err := arm.Decode(raw, &list); err != nil {
		return 0, err
	}
	for n, p := range list {
		switch {
		case !guid().MatchString(p.ObjectID):
			return 0, arm.BadRequest("Person %d of the list has no objectId that is a UUID.", n+1)
		case p.UserPrincipalName == "" && p.Mail == "":
			return 0, arm.BadRequest("Person %d of the list has neither userPrincipalName nor mail.", n+1)
		case p.UserType != "" && !strings.EqualFold(p.UserType, "Member") && !strings.EqualFold(p.UserType, "Guest"):
			return 0, arm.BadRequest("Person %d of the list has the userType '%s': it is Member or Guest.", n+1, p.UserType)
		}
	}
	for _, p := range list {
		if p.UserPrincipalName == "" {
			p.UserPrincipalName = p.Mail
		}
		p.put(t)
	}
	return len(list), nil
}

var guid = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`)
})

// Find returns the object id and the name of whom an object id, a user
// principal name or a mail address names. A UUID that is nobody's stands for
// itself: it may be a service principal's.
func Find(t *arm.Tx, who string) (id, name string, err error) {
	if p := people.Get(t, arm.Key(who)); p != nil {
		return p.ObjectID, p.UserPrincipalName, nil
	}
	if guid().MatchString(who) {
		return who, "", nil
	}
	var found []*Person
	for p := range people.All(t) {
		if strings.EqualFold(p.UserPrincipalName, who) || strings.EqualFold(p.Mail, who) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return "", "", arm.Fail(http.StatusNotFound, "PersonNotFound", "Nobody in the emulator's directory has the object id, user principal name or mail address '%s'.", who)
	case 1:
		return found[0].ObjectID, found[0].UserPrincipalName, nil
	}
	return "", "", arm.BadRequest("%d people have the address '%s'. Give an object id.", len(found), who)
}

// byID returns a person of the directory, or the caller: whoever has signed in
// is somebody.
func byID(t *arm.Tx, q *arm.Request, id string) *Person {
	if p := people.Get(t, arm.Key(id)); p != nil {
		return p
	}
	if c := q.Caller; c.Name != "" && strings.EqualFold(c.ObjectID, id) {
		p := &Person{ObjectID: c.ObjectID, DisplayName: c.Name, UserPrincipalName: c.Name, UserType: "Member"}
		if strings.Contains(c.Name, "@") {
			p.Mail = c.Name
		}
		return p
	}
	return nil
}

// get answers every GET. Graph's paths have their own grammar.
func get(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	if res := refused(t, q); res != nil {
		return res, nil
	}
	path := strings.Split(q.Args[1], "/")
	if name, key, ok := strings.Cut(path[0], "("); ok { // users('x')
		if key, ok = strings.CutSuffix(key, ")"); ok {
			path = append([]string{name, unquote(key)}, path[1:]...)
		}
	}
	switch what := strings.ToLower(path[0]); {
	case what == "me" && len(path) == 1:
		return me(t, q)
	case what == "users" && len(path) == 1:
		return listUsers(t, q)
	case what == "users" && len(path) == 2:
		return one(t, q, path[1], false)
	case what == "directoryobjects" && len(path) == 2:
		return one(t, q, path[1], true)
	case (what == "serviceprincipals" || what == "groups" || what == "applications") && len(path) == 1:
		return list(q, nil, ""), nil // there are none
	case (what == "serviceprincipals" || what == "groups" || what == "applications") && len(path) == 2:
		return missing(t, q, path[1]), nil
	}
	return fail(t, q, http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+path[0]+"'."), nil
}

// refused is the answer to a caller who may not read people.
func refused(t *arm.Tx, q *arm.Request) *arm.Response {
	switch strings.ToLower(q.Args[0]) {
	case "v1.0", "beta":
	default:
		return fail(t, q, http.StatusBadRequest, "BadRequest", "Invalid version: "+q.Args[0])
	}
	if authorization.Denies(t, q.Caller.ObjectID, ReadPeople) {
		return fail(t, q, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	return nil
}

// fail is an error in Graph's shape.
func fail(t *arm.Tx, q *arm.Request, status int, code, message string) *arm.Response {
	id := t.NewID()
	inner := new(arm.Object).Set("date", t.Now.Format("2006-01-02T15:04:05")).Set("request-id", id).Set("client-request-id", id)
	return arm.NewResponse(status).JSON(new(arm.Object).Set("error", new(arm.Object).Set("code", code).Set("message", message).Set("innerError", inner)))
}

func missing(t *arm.Tx, q *arm.Request, who string) *arm.Response {
	return fail(t, q, http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+who+"' does not exist or one of its queried reference-property objects are not present.")
}

func me(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	p := byID(t, q, q.Caller.ObjectID)
	if p == nil {
		return fail(t, q, http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow."), nil
	}
	return show(t, q, p, "users/$entity", false)
}

// one answers about a person by object id or user principal name.
func one(t *arm.Tx, q *arm.Request, who string, object bool) (*arm.Response, error) {
	p := byID(t, q, who)
	if p == nil && !object {
		for other := range people.All(t) {
			if strings.EqualFold(other.UserPrincipalName, who) {
				p = other
			}
		}
	}
	if p == nil {
		return missing(t, q, who), nil
	}
	return show(t, q, p, "users/$entity", object)
}

func show(t *arm.Tx, q *arm.Request, p *Person, context string, object bool) (*arm.Response, error) {
	fields, bad := selected(t, q)
	if bad != nil {
		return bad, nil
	}
	o := new(arm.Object).Set("@odata.context", q.Base+"/"+Prefix+"/"+q.Args[0]+"/$metadata#"+context)
	return arm.OK(p.body(o, fields, object)), nil
}

// Fields of a user, and those that Graph shows unless $select asks for others.
var (
	every = []string{
		"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage",
		"surname", "userPrincipalName", "id", "userType", "accountEnabled",
	}
	usual = every[:11]
)

// selected are the fields that $select asks for, or the answer that refuses it.
func selected(t *arm.Tx, q *arm.Request) ([]string, *arm.Response) {
	asked := q.Query.Get("$select")
	if asked == "" {
		return usual, nil
	}
	var out []string
	for _, name := range strings.Split(asked, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(every, func(f string) bool { return strings.EqualFold(f, name) })
		if i < 0 {
			return nil, fail(t, q, http.StatusBadRequest, "BadRequest", "Parsing OData Select and Expand failed: Could not find a property named '"+name+"' on type 'microsoft.graph.user'.")
		}
		out = append(out, every[i])
	}
	return out, nil
}

// body writes the fields of p into o.
func (p *Person) body(o *arm.Object, fields []string, object bool) *arm.Object {
	if object {
		o.Set("@odata.type", "#microsoft.graph.user")
	}
	for _, f := range fields {
		switch f {
		case "businessPhones":
			o.Set(f, []string{})
		case "accountEnabled":
			o.Set(f, p.AccountEnabled == nil || *p.AccountEnabled)
		default:
			o.Set(f, p.text(f))
		}
	}
	return o
}

// text is a field of p that is a string, or nil.
func (p *Person) text(field string) *string {
	var s string
	switch strings.ToLower(field) {
	case "id":
		s = p.ObjectID
	case "displayname":
		s = p.DisplayName
	case "userprincipalname":
		s = p.UserPrincipalName
	case "mail":
		s = p.Mail
	case "usertype":
		s = p.UserType
	case "givenname":
		s, _, _ = strings.Cut(p.DisplayName, " ")
	case "surname":
		_, s, _ = strings.Cut(p.DisplayName, " ")
	}
	if s == "" {
		return nil
	}
	return &s
}

// mostInPage is how many users Graph puts into one page at most; it takes 100
// when $top does not say.
const mostInPage = 999

func listUsers(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	fields, bad := selected(t, q)
	if bad != nil {
		return bad, nil
	}
	match, err := parseFilter(q.Query.Get("$filter"))
	if err != nil {
		return fail(t, q, http.StatusBadRequest, "Request_UnsupportedQuery", err.Error()), nil
	}
	top, ok := atMost(q.Query.Get("$top"))
	if !ok {
		return fail(t, q, http.StatusBadRequest, "BadRequest", "Invalid page size specified: '"+q.Query.Get("$top")+"'. Must be between 1 and 999 inclusive."), nil
	}
	var out []*arm.Object
	last := q.Query.Get("$skiptoken")
	for _, k := range people.Keys(t, "") {
		p := people.Get(t, k)
		if k <= last && last != "" || !match(p) {
			continue
		}
		if len(out) == top {
			next := maps.Clone(q.Query)
			next.Set("$skiptoken", last)
			return list(q, out, q.Base+"/"+Prefix+"/"+q.Args[0]+"/users?"+next.Encode()), nil
		}
		last = k
		out = append(out, p.body(new(arm.Object), fields, false))
	}
	return list(q, out, ""), nil
}

// list is a page of users.
func list(q *arm.Request, out []*arm.Object, next string) *arm.Response {
	o := new(arm.Object).Set("@odata.context", q.Base+"/"+Prefix+"/"+q.Args[0]+"/$metadata#users")
	if next != "" {
		o.Set("@odata.nextLink", next)
	}
	if out == nil {
		out = []*arm.Object{}
	}
	return arm.OK(o.Set("value", out))
}

// atMost reads $top.
func atMost(s string) (int, bool) {
	if s == "" {
		return 100, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= mostInPage
}

// mostIDs is how many ids one getByIds takes.
const mostIDs = 1000

// getByIDs answers who the people with some object ids are; others are left out.
func getByIDs(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	if res := refused(t, q); res != nil {
		return res, nil
	}
	var in struct{ IDs, Types []string }
	if arm.Decode(q.Body, &in) != nil || in.IDs == nil {
		return fail(t, q, http.StatusBadRequest, "Request_BadRequest", "The request body has no list under ids."), nil
	}
	if len(in.IDs) > mostIDs {
		return fail(t, q, http.StatusBadRequest, "Request_BadRequest", "Too many ids were requested: 1000 are allowed."), nil
	}
	users := len(in.Types) == 0
	for _, kind := range in.Types {
		users = users || strings.EqualFold(kind, "user") || strings.EqualFold(kind, "directoryObject")
	}
	out := []*arm.Object{}
	for _, id := range in.IDs {
		if p := byID(t, q, id); p != nil && users {
			out = append(out, p.body(new(arm.Object), usual, true))
		}
	}
	o := new(arm.Object).Set("@odata.context", q.Base+"/"+Prefix+"/"+q.Args[0]+"/$metadata#directoryObjects")
	return arm.OK(o.Set("value", out)), nil
}
