package people_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/computetarget/computetarget/internal/people"
	"github.com/computetarget/computetarget/pkg/compute"
)

const (
	missing = `{"error":{"code":"Request_ResourceNotFound","message":"Resource 'x' does not exist.","innerError":{"request-id":"r-1"}}}`
	denied  = `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`
	nobody  = `{"value":[]}`
	ada     = `{"id":"aaaaaaaa-0000-4000-8000-000000000001","displayName":"Ada Archer","userPrincipalName":"ada@contoso.com","mail":"ada@contoso.com","userType":"Member","accountEnabled":true}`
	cho     = `{"id":"aaaaaaaa-0000-4000-8000-000000000003","displayName":null,"userPrincipalName":"cho_fabrikam.com#EXT#@contoso.onmicrosoft.com","mail":"cho@fabrikam.com","userType":"Guest","accountEnabled":false}`
)

// directory is a Microsoft Graph that answers two questions: who has a sign-in
// name, and who has a mail address.
type directory struct {
	one, list string
	asked     []string // path and filter of the requests
}

func (d *directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.asked = append(d.asked, strings.TrimSpace(r.URL.EscapedPath()+" "+r.URL.Query().Get("$filter")))
	body := d.one
	if r.URL.Path == "/v1.0/users" {
		body = d.list
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.Contains(body, "Request_ResourceNotFound"):
		w.WriteHeader(http.StatusNotFound)
	case strings.Contains(body, "Authorization_RequestDenied"):
		w.WriteHeader(http.StatusForbidden)
	case strings.Contains(body, `"error"`):
		w.WriteHeader(http.StatusBadRequest)
	case strings.HasPrefix(body, "<"):
		w.Header().Set("Content-Type", "text/html")
	}
	fmt.Fprint(w, body)
}

type token struct{}

func (token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// client is a client of a Graph that a handler answers for.
func client(t *testing.T, handler http.Handler) *compute.Client {
	t.Helper()
	c, err := compute.New(compute.Workspace{}, compute.Options{Endpoint: "https://graph.example", Credential: token{}, Transport: carrier{handler}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// carrier brings requests to a handler without a network.
type carrier struct{ http.Handler }

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// TestFind finds people by sign-in name and by mail, everybody once, and takes no
// answer that it does not understand for nobody.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what, address string
		one, list     string
		want          string // ids' last digits, or part of the error
		kind          compute.Kind
	}{
		{what: "by both", address: "ada@contoso.com", one: ada, list: `{"value":[` + ada + `]}`, want: "1"},
		{what: "by sign-in name", address: "ada@contoso.com", one: ada, list: nobody, want: "1"},
		{what: "a guest by mail", address: "cho@fabrikam.com", one: missing, list: `{"value":[` + cho + `]}`, want: "3"},
		{what: "two people", address: "ada@contoso.com", one: ada, list: `{"value":[` + strings.Replace(cho, "cho@fabrikam.com", "Ada@Contoso.com", 1) + `]}`, want: "1 3"},
		{what: "two with one mail", address: "ada@contoso.com", one: missing, list: `{"value":[` + ada + `,` + strings.Replace(cho, "cho@fabrikam.com", "ada@contoso.com", 1) + `]}`, want: "1 3"},
		{what: "somebody else", address: "x@contoso.com", one: ada, list: nobody, want: "names somebody else"},
		{what: "somebody else in the list", address: "ada@contoso.com", one: ada, list: `{"value":[` + cho + `]}`, want: "names somebody else"},
		{what: "an id that is none", address: "ada@contoso.com", one: strings.Replace(ada, "aaaaaaaa", "../../x'", 1), list: nobody, want: "names somebody else"},
		{what: "one id in other letters", address: "ada@contoso.com", one: ada, list: `{"value":[` + strings.Replace(ada, "aaaaaaaa", "AAAAAAAA", 1) + `]}`, want: "1"},
		{what: "nobody", address: "x@contoso.com", one: missing, list: nobody},
		{what: "null fields", address: "x@contoso.com", one: missing, list: `{"value":[{"id":"9","displayName":null,"userPrincipalName":null,"mail":null,"userType":null,"accountEnabled":null}]}`, want: "9"},
		{what: "not permitted", address: "x@contoso.com", one: denied, want: "Insufficient privileges", kind: compute.KindAuth},
		{what: "not permitted to list", address: "x@contoso.com", one: missing, list: denied, want: "Insufficient privileges", kind: compute.KindAuth},
		{what: "a filter it does not take", address: "ada@contoso.com", one: ada, list: `{"error":{"code":"Request_UnsupportedQuery","message":"Unsupported."}}`, want: "Unsupported.", kind: compute.KindInvalid},
		{what: "no such service", address: "x@contoso.com", one: missing, list: missing, want: "has no list of people"},
		{what: "nobody in particular", address: "x@contoso.com", one: `{"id":null}`, want: "names nobody"},
		{what: "not a list", address: "x@contoso.com", one: missing, list: `{}`, want: "not a list"},
		{what: "null for a list", address: "x@contoso.com", one: missing, list: `{"value":null}`, want: "not a list"},
		{what: "without an id", address: "x@contoso.com", one: missing, list: `{"value":[{"mail":"x@contoso.com"}]}`, want: "without an id"},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			d := &directory{one: test.one, list: test.list}
			found, err := people.Find(t.Context(), client(t, d), test.address)
			if err != nil {
				if test.want == "" || !strings.Contains(err.Error(), test.want) || test.kind != 0 && compute.KindOf(err) != test.kind {
					t.Errorf("%v (%v)", err, compute.KindOf(err))
				}
				return
			}
			var ids []string
			for _, p := range found {
				ids = append(ids, p.ID[len(p.ID)-1:])
			}
			if got := strings.Join(ids, " "); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
			if len(d.asked) > 2 {
				t.Errorf("%d requests: %q", len(d.asked), d.asked)
			}
		})
	}
}

// A page of HTML is no answer.
func TestFindPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := people.Find(t.Context(), client(t, &directory{one: "<html>Sign in</html>"}), "ada@contoso.com")
		if compute.KindOf(err) != compute.KindUnreachable {
			t.Errorf("%v", err)
		}
	})
}

// Names are written so that Graph reads them as names.
func TestFindQuotes(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]string{
		"o'brien@contoso.com":                  {"/v1.0/users/o%27brien@contoso.com", "/v1.0/users mail eq 'o''brien@contoso.com'"},
		"cho_f.com#EXT#@contoso.com":           {"/v1.0/users/cho_f.com%23EXT%23@contoso.com", "/v1.0/users mail eq 'cho_f.com#EXT#@contoso.com'"},
		"$dollar@contoso.com":                  {"/v1.0/users(%27$dollar@contoso.com%27)", "/v1.0/users mail eq '$dollar@contoso.com'"},
		"a+b&c=d@contoso.com":                  {"/v1.0/users/a+b&c=d@contoso.com", "/v1.0/users mail eq 'a+b&c=d@contoso.com'"},
		"100%20@contoso.com":                   {"/v1.0/users/100%2520@contoso.com", "/v1.0/users mail eq '100%20@contoso.com'"},
		"x' or startswith(mail,'a@contoso.com": {"/v1.0/users/x%27%20or%20startswith%28mail%2C%27a@contoso.com", "/v1.0/users mail eq 'x'' or startswith(mail,''a@contoso.com'"},
		"ünïcode@contoso.com":                  {"/v1.0/users/%C3%BCn%C3%AFcode@contoso.com", "/v1.0/users mail eq 'ünïcode@contoso.com'"},
	} {
		d := &directory{one: missing, list: nobody}
		if _, err := people.Find(t.Context(), client(t, d), address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		for i := range want {
			if d.asked[i] != want[i] {
				t.Errorf("%s: asked for %s, want %s", address, d.asked[i], want[i])
			}
		}
	}
}

// TestNamed names the people with some ids, in whatever letters the ids are, and
// only those that are people.
func TestNamed(t *testing.T) {
	t.Parallel()
	graph := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ IDs, Types []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.IDs) != 2 || !slices.Equal(in.Types, []string{"user"}) || r.URL.Path != "/v1.0/directoryObjects/getByIds" {
			t.Errorf("%s: %+v, %v", r.URL.Path, in, err)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"value":[{"id":%q,"displayName":"P"},{"id":null,"displayName":"nobody"},{"displayName":"nobody"}]}`, strings.ToUpper(in.IDs[0]))
	}))
	found, err := people.Named(t.Context(), graph, []string{"aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"})
	if err != nil || len(found) != 1 || found["aaaaaaaa-0000-4000-8000-000000000001"].Name != "P" {
		t.Errorf("%v, %v", found, err)
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]people.Person{
		"a@x":  {ID: "1", Name: "Ada", SignIn: "b@x", Mail: "a@x"},
		"b@x":  {ID: "1", Name: "Ada", SignIn: "b@x"},
		"Ada":  {ID: "1", Name: "Ada"},
		"only": {ID: "only"},
	} {
		if got := p.Label(); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}
