// Package arm is what the emulator's core and its resource providers agree on:
// requests, answers, errors and api-versions as Azure Resource Manager has them,
// and transactions over typed tables of records. A provider is data; it sees
// neither HTTP nor how its records are stored.
package arm

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Provider is one resource provider. Everything but Routes may be left out.
type Provider struct {
	Namespace string     // Microsoft.MachineLearningServices
	Types     []string   // resource types below the namespace, as GET providers lists them
	Versions  Versions   // api-versions of Types
	Tables    []Declared // what it keeps
	Routes    []Route    // the first whose path and method match answers
	Scopes    []Scope    // what can be asked for permissions
	Plane     *Plane     // set when Routes are of another API than Resource Manager's

	// Seed puts what every new emulator holds.
	Seed func(*Tx)
	// Admit is asked, in the order of the providers, before any of them serves a
	// request to ARM. It may refuse the request and may change its body.
	Admit func(t *Tx, q *Request) error
	// Below are the resources that stand below a scope's id and are not
	// top-level.
	Below func(t *Tx, scope string) []Resource
	// Resources are the top-level resources of a subscription or a group, which
	// a key names.
	Resources func(t *Tx, under string) []Resource
	// Empty removes whatever stands in the group that a key names.
	Empty func(t *Tx, group string)
	// Doom decides the fate of the operation that a request has just started; see
	// Fault.Operation of the emulator.
	Doom func(t *Tx, q *Request, fate string)
}

// Plane is an API that is not Resource Manager's and stands on the same port, such
// as sign-in or a file share. Its requests are not counted by Resource Manager,
// need no token of Resource Manager, and their bodies stay out of the journal.
type Plane struct {
	Roots []string // the first segments of its paths
	// Suffix is what a cloud's endpoints call the hosts of the API, such as
	// "storage"; "" leaves them out.
	Suffix string
	// Refuse is an error in the API's own shape; nil is Resource Manager's.
	Refuse func(*Request, *Error) *Response
}

// Route is one operation of the API. In a path {} stands for one segment and {*}
// for any number; the others match without regard to case, as ARM does.
type Route struct {
	Method    string
	Path      string
	Type      string   // resource type in messages about api-versions
	Versions  Versions // those that have it; nil is every one of the provider
	NoVersion bool     // it takes none
	Handle    func(*Tx, *Request) (*Response, error)
}

// Scope is a kind of resource that roles and permissions can be of. Find refuses
// one that does not exist.
type Scope struct {
	Path string
	Find func(t *Tx, args []string) error
}

// Resource is one line in ARM's lists of resources.
type Resource struct {
	ID, Name, Type, Location, Group string
	Body                            *Object
}

// Request is what a handler sees of an HTTP request.
type Request struct {
	Method  string
	Base    string // scheme and host the client used, for URLs in answers
	Path    []string
	RawPath string      // as the client escaped it
	Header  http.Header // as sent
	Args    []string    // what stood for each {} of the route's path
	Query   url.Values  // names in lower case: ARM does not look at theirs
	Version Version
	Body    []byte
	Caller  Person
}

// Under tells whether the path begins with a segment.
func (q *Request) Under(segment string) bool {
	return len(q.Path) > 0 && strings.EqualFold(q.Path[0], segment)
}

// Response is an answer before it is sent.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// NewResponse returns an answer without a body.
//
//go:noinline
func NewResponse(status int) *Response { return &Response{Status: status, Header: http.Header{}} }

// OK answers 200 with o. Copies of it and of JSON would take 10 kB.
//
//go:noinline
func OK(o *Object) *Response { return NewResponse(http.StatusOK).JSON(o) }

// List answers 200 with everything there is under value.
func List(o ...*Object) *Response { return OK(new(Object).Set("value", o)) }

// JSON makes o the body. See OK for its size.
//
//go:noinline
func (r *Response) JSON(o *Object) *Response {
	r.Body = o.bytes()
	r.Header["Content-Type"] = []string{"application/json; charset=utf-8"}
	return r
}

// Match returns what stands for each {} and {*} of a route's path, or false.
func Match(pattern string, path []string) ([]string, bool) {
	var args []string
	for i, seg := range path {
		var want string
		want, pattern, _ = strings.Cut(pattern, "/")
		switch {
		case want == "{}":
			args = append(args, seg)
		case want == "{*}":
			for n := i; n <= len(path); n++ {
				if more, ok := Match(pattern, path[n:]); ok {
					return append(append(args, strings.Join(path[i:n], "/")), more...), true
				}
			}
			return nil, false
		case want == "" || !strings.EqualFold(want, seg):
			return nil, false
		}
	}
	return args, pattern == ""
}

// MatchID matches a resource id against a route's path.
func MatchID(pattern, id string) ([]string, bool) {
	return Match(pattern, strings.Split(strings.Trim(id, "/"), "/"))
}

// Region turns a region's display name into its name: "East US" is "eastus".
func Region(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, " ", ""))
}

// Person is who sent a request, as a compute's createdBy shows it.
type Person struct {
	ObjectID string `json:"objectId"`
	TenantID string `json:"tenantId"`
	Name     string `json:"name,omitempty"`
}

// Anybody stands for a caller whose token says nothing.
var Anybody = Person{
	ObjectID: "00000000-0000-0000-0000-000000000000",
	TenantID: "00000000-0000-0000-0000-000000000000",
}

// StableUUID is an id that depends on its seed alone.
func StableUUID(seed string) string {
	b := sha256.Sum256([]byte(seed))
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
