package cmd_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

const (
	adaID = "aaaaaaaa-0000-4000-8000-000000000001"
	eveID = "aaaaaaaa-0000-4000-8000-000000000002"
)

// A graph stands between computetarget and the directory, which is at /graph of an
// endpoint, or a host of its own.
type graph struct {
	// endpoints is the body at /metadata/endpoints; "" is the emulator's.
	endpoints string
	// answer is that of the directory; nil is the emulator's.
	answer func(r *http.Request) *http.Response

	mu      sync.Mutex
	asked   []string // paths of the directory
	strayed []string // requests that went elsewhere
	tokens  []string // Authorization headers the directory saw
}

// in puts the graph into a bubble around an embedded emulator.
func (g *graph) in(b *bubble) *bubble {
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		g.mu.Lock()
		directory := strings.HasPrefix(r.URL.Path, "/graph/")
		switch {
		case r.URL.Host != "emulator.localhost":
			g.strayed = append(g.strayed, r.URL.String())
		case directory:
			g.asked = append(g.asked, strings.TrimPrefix(r.URL.Path, "/graph/v1.0/"))
			g.tokens = append(g.tokens, r.Header.Get("Authorization"))
		}
		g.mu.Unlock()
		switch {
		case r.URL.Path == "/metadata/endpoints" && g.endpoints != "":
			return answered(r, http.StatusOK, g.endpoints), nil
		case directory && g.answer != nil:
			if resp := g.answer(r); resp != nil {
				return resp, nil
			}
			return nil, context.Cause(r.Context())
		}
		return next.RoundTrip(r)
	}
	return b
}

// held holds a request up for a time, or until it is given up.
func held(r *http.Request, d time.Duration) (givenUp bool) {
	select {
	case <-r.Context().Done():
		return true
	case <-time.After(d):
		return false
	}
}

// forget begins counting anew.
func (g *graph) forget() { g.asked, g.strayed, g.tokens = nil, nil, nil }

// forAda creates an instance for somebody of whom the service tells an id only.
func forAda(b *bubble, name string) {
	b.t.Helper()
	b.must("create", name, "-s", "Standard_A1_v2", "--user-object-id", adaID, "--user-tenant-id", cloudTenant, "-o", "none")
}

// A directory that is silent, refuses or answers something else takes nothing from
// a list but names, and no more than a second. A create that needs it sends nothing.
func TestDirectoryFails(t *testing.T) {
	t.Parallel()
	page := "<html><title>Sign in</title></html>"
	for _, test := range []struct {
		what   string
		answer func(r *http.Request) *http.Response
		code   int
		says   string
	}{
		{"silent", func(r *http.Request) *http.Response {
			held(r, 10*time.Minute)
			return nil
		}, 1, "did not answer"},
		{"forbidden", func(r *http.Request) *http.Response {
			return answered(r, http.StatusForbidden, `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`)
		}, 6, "Insufficient privileges"},
		{"signed out", func(r *http.Request) *http.Response {
			return answered(r, http.StatusUnauthorized, `{"error":{"code":"InvalidAuthenticationToken","message":"Access token is empty."}}`)
		}, 6, "Access token is empty"},
		{"page", func(r *http.Request) *http.Response {
			return answered(r, http.StatusOK, page, "Content-Type: text/html")
		}, 1, ""},
		{"broken", func(r *http.Request) *http.Response { return answered(r, http.StatusInternalServerError, `{}`) }, 1, ""},
		{"not there", func(r *http.Request) *http.Response {
			return answered(r, http.StatusNotFound, `{"error":{"code":"ResourceNotFound","message":"no"}}`)
		}, 1, "no list of people"},
		{"a filter it does not take", func(r *http.Request) *http.Response {
			if r.URL.Path == "/graph/v1.0/users" {
				return answered(r, http.StatusBadRequest, `{"error":{"code":"Request_UnsupportedQuery","message":"Unsupported."}}`)
			}
			return answered(r, http.StatusNotFound, `{"error":{"code":"Request_ResourceNotFound","message":"no"}}`)
		}, 1, "Unsupported"},
		{"null", func(r *http.Request) *http.Response { return answered(r, http.StatusOK, `null`) }, 1, "names nobody"},
		{"moved", func(r *http.Request) *http.Response {
			return answered(r, http.StatusTemporaryRedirect, "", "Location: https://elsewhere.example/graph")
		}, 1, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			g := &graph{answer: test.answer}
			b := g.in(virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant"))
			forAda(b, "hers")
			g.forget()
			for _, args := range [][]string{{"list"}, {"list", "--owner", "ada@contoso.com"}, {"show", "hers"}, {"list-usage"}} {
				e := b.must(args...)
				if e.took > time.Second {
					t.Errorf("%s took %s", args, e.took)
				}
				if args[0] == "list" && len(args) > 1 {
					if e.out != "[]\n" || !strings.Contains(e.errors, "the directory did not tell who ada@contoso.com is") {
						t.Errorf("%s: %s%s", args, e.out, e.errors)
					}
				} else if !strings.Contains(e.out, `"owner": "`+adaID+`"`) || e.errors != "" {
					t.Errorf("%s: %s%s", args, e.out, e.errors)
				}
			}
			e := b.run("create", "other", "-s", "Standard_A1_v2", "--assign-to", "ada@contoso.com")
			if e.code != test.code || e.out != "" || !strings.Contains(e.errors, test.says) ||
				!strings.Contains(e.errors, "ERROR: the directory cannot be asked for ada@contoso.com: ") || !strings.Contains(e.errors, "hint: give the object id instead") {
				t.Errorf("exit code %d\n%s%s", e.code, e.out, e.errors)
			}
			if b.state("other") != "" {
				t.Error("it was created")
			}
			if len(g.strayed) > 0 {
				t.Errorf("asked elsewhere: %s", g.strayed)
			}
		})
	}
}

// Only addresses of the endpoint itself count as its services: nothing is asked
// anywhere else, and no token goes there.
func TestDirectoryElsewhere(t *testing.T) {
	t.Parallel()
	for _, endpoints := range []string{
		`{"microsoftGraphResourceId":"https://graph.evil.example/"}`,
		`{"microsoftGraphResourceId":"https://emulator.localhost:8444/graph/"}`,
		`{"microsoftGraphResourceId":"http://emulator.localhost/graph/"}`,
		`{"microsoftGraphResourceId":"https://emulator.localhost@evil.example/graph"}`,
		`{"microsoftGraphResourceId":"https://u:p@emulator.localhost/graph"}`,
		`{"microsoftGraphResourceId":"https://emulator.localhost.evil.example/graph"}`,
		`{"microsoftGraphResourceId":"//evil.example/graph"}`,
		`{"microsoftGraphResourceId":"evil.example"}`,
		`{"microsoftGraphResourceId":"https://emulator.localhost/graph?x=1"}`,
		`{"microsoftGraphResourceId":"https://emulator.localhost/graph#x"}`,
		`{"microsoftGraphResourceId":null}`,
		`{"microsoftGraphResourceId":7}`,
		`{}`, `[]`, `[{}]`, `null`, `"x"`, `<html></html>`,
	} {
		t.Run(endpoints, func(t *testing.T) {
			t.Parallel()
			g := &graph{}
			b := g.in(virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant"))
			forAda(b, "hers")
			g.endpoints = endpoints
			if e := b.must("list", "--query", "[].owner"); !strings.Contains(e.out, adaID) || e.took > time.Second {
				t.Errorf("%s after %s", e.out, e.took)
			}
			e := b.run("create", "other", "-s", "Standard_A1_v2", "--assign-to", "ada@contoso.com")
			if e.code == 0 || e.code == 3 || !strings.Contains(e.errors, "hint: give the object id instead") {
				t.Errorf("exit code %d\n%s", e.code, e.errors)
			}
			if len(g.asked)+len(g.strayed) > 0 {
				t.Errorf("asked: %s %s", g.asked, g.strayed)
			}
		})
	}
}

// The endpoint's own services are known in both forms of the answer.
func TestDirectoryAtTheEndpoint(t *testing.T) {
	t.Parallel()
	for _, endpoints := range []string{
		`{"microsoftGraphResourceId":"https://emulator.localhost/graph/"}`,
		`[{"microsoftGraphResourceId":"https://EMULATOR.localhost/graph"}]`,
		`[{"microsoftGraphResourceId":"https://emulator.localhost/graph/","suffixes":{"storage":"evil.example"}},{}]`,
	} {
		g := &graph{endpoints: endpoints}
		b := g.in(virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant"))
		b.must("create", "hers", "-s", "Standard_A1_v2", "--assign-to", "ada@contoso.com", "-o", "none")
		if len(g.asked) != 2 || len(g.strayed) > 0 {
			t.Errorf("%s: asked %s, elsewhere %s", endpoints, g.asked, g.strayed)
		}
	}
}

// Names cost a request when they are new; an address costs two, and only where
// somebody may be meant whom the service calls otherwise.
func TestDirectoryIsAskedSparingly(t *testing.T) {
	t.Parallel()
	g := &graph{answer: func(r *http.Request) *http.Response {
		ada := `{"id":"` + strings.ToUpper(adaID) + `","displayName":"Ada","mail":"ada@contoso.com"}`
		if strings.HasPrefix(r.URL.Path, "/graph/v1.0/users/") {
			return answered(r, http.StatusOK, ada)
		}
		return answered(r, http.StatusOK, `{"value":[`+ada+`]}`)
	}}
	b := g.in(virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant"))
	expect := func(requests int, args ...string) string {
		t.Helper()
		g.forget()
		e := b.must(args...)
		if len(g.asked) != requests {
			t.Errorf("%s: asked %q, want %d requests", args, g.asked, requests)
		}
		return e.out
	}
	expect(0, "list", "--owner", "ada@contoso.com") // there is none
	b.must("create", "mine", "-s", "Standard_A1_v2", "-o", "none")
	expect(0, "list")
	expect(0, "list", "--owner", "me")
	expect(0, "list", "--owner", "Ada")
	forAda(b, "hers")
	expect(0, "list", "-o", "name")
	expect(0, "list", "-o", "id")
	expect(0, "list", "-v")
	expect(0, "list", "--raw")
	expect(0, "show", "hers", "--raw")
	expect(0, "show", "hers", "-v")
	expect(1, "list")
	expect(0, "list")
	if out := expect(0, "show", "hers", "--query", "owner"); out != "\"ada@contoso.com\"\n" {
		t.Errorf("owner: %s", out)
	}
	if out := expect(0, "stop", "hers", "--query", "owner"); out != "\"ada@contoso.com\"\n" {
		t.Errorf("owner after a stop: %s", out)
	}
	if out := expect(2, "list", "--owner", "ADA@contoso.com", "-o", "name"); out != "hers\n" {
		t.Errorf("of the address: %q", out)
	}
	b.must("delete", "mine", "-y", "-o", "none")
	expect(0, "list")
	if out := expect(0, "list", "--owner", "ada@contoso.com", "--query", "[].name"); !strings.Contains(out, "hers") {
		t.Errorf("by the name that is known: %q", out)
	}
	if out := expect(0, "list", "--owner", adaID, "-o", "name"); out != "hers\n" {
		t.Errorf("by the id: %q", out)
	}

	// What is wrong without the directory is found before it is asked.
	g.forget()
	for _, wrong := range [][]string{{"--ssh-key", keyFile(t)}, {"--subnet-name", "s"}, {"--idle-shutdown", "1m"}} {
		e := b.run(append([]string{"create", "other", "-s", "Standard_A1_v2", "--assign-to", "ada@contoso.com"}, wrong...)...)
		if e.code != 2 || len(g.asked) > 0 {
			t.Errorf("%s: exit code %d, asked %q\n%s", wrong, e.code, g.asked, e.errors)
		}
	}
}

// Somebody whom the directory does not name keeps the id, and names are not markup.
func TestDirectoryNames(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"value":[]}`:            adaID,
		`{"value":[{"id":null}]}`: adaID,
		`{"value":null}`:          adaID,
		`{}`:                      adaID,
		`{"value":[null,{"id":"` + adaID + `"}]}`:                                            adaID,
		`{"value":[{"id":"` + eveID + `","mail":"eve@contoso.com"}]}`:                        adaID,
		`{"value":[{"id":"` + adaID + `","mail":null,"displayName":"Ada \u001b[2JArcher"}]}`: `Ada \u001b[2JArcher`,
	} {
		g := &graph{answer: func(r *http.Request) *http.Response { return answered(r, http.StatusOK, body) }}
		b := g.in(virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant"))
		forAda(b, "hers")
		if e := b.must("list"); !strings.Contains(e.out, `"owner": "`+want+`"`) {
			t.Errorf("%s: %s", body, e.out)
		}
		if e := b.must("show", "hers", "-o", "wide"); !strings.Contains(e.out, "  owner     "+want+", created by ") {
			t.Errorf("%s: %s", body, e.out)
		}
	}
}

// A token for the Resource Manager is none for the directory.
func TestDirectoryNeedsItsOwnToken(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_CLOUD=", "COMPUTETARGET_ENDPOINT=http://127.0.0.1:8443", "COMPUTETARGET_EMULATOR_PACE=instant",
		"COMPUTETARGET_AUTH_MODE=token", "COMPUTETARGET_ACCESS_TOKEN="+token(begin.Add(24*time.Hour)))
	var asked []string
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/graph/") || r.URL.Path == "/metadata/endpoints" {
			asked = append(asked, r.URL.Path)
		}
		return b.service().RoundTrip(r)
	}
	forAda(b, "hers")
	if e := b.must("list"); !strings.Contains(e.out, adaID) {
		t.Errorf("%s", e.out)
	}
	e := b.run("create", "other", "-s", "Standard_A1_v2", "--assign-to", "ada@contoso.com")
	if e.code != 6 || !strings.Contains(e.errors, "--auth-mode token has a token for the Resource Manager only, not for the directory") {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
	if e := b.run("permissions", "--user", "ada@contoso.com"); e.code != 6 {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
	e = b.run("create", "other", "-s", "Standard_A1_v2", "--assign-to", adaID, "-o", "none")
	if e.code != 2 || !strings.Contains(e.errors, "the access token does not tell the tenant; give it with --user-tenant-id") {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
	b.must("create", "other", "-s", "Standard_A1_v2", "--assign-to", adaID, "--user-tenant-id", cloudTenant, "-o", "none")
	if len(asked) > 0 {
		t.Errorf("asked %q", asked)
	}
}

// Each cloud has its own directory, which gets a token of its own audience; that of
// the Resource Manager goes nowhere else.
func TestDirectoryOfEachCloud(t *testing.T) {
	t.Parallel()
	for cloud, hosts := range map[string][4]string{ // sign-in, Resource Manager and its audience, directory
		"public": {"login.microsoftonline.com", "management.azure.com", "management.core.windows.net", "graph.microsoft.com"},
		"china":  {"login.chinacloudapi.cn", "management.chinacloudapi.cn", "management.core.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"},
		"usgov":  {"login.microsoftonline.us", "management.usgovcloudapi.net", "management.core.usgovcloudapi.net", "graph.microsoft.us"},
	} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			b := virtual(t, "COMPUTETARGET_CLOUD="+cloud, "COMPUTETARGET_EMULATOR_PACE=instant",
				"AZURE_CLIENT_ID="+cloudClient, "AZURE_TENANT_ID="+cloudTenant, "AZURE_CLIENT_SECRET=hunter2")
			silent := false
			asked, signIns := 0, 0
			slow := time.Duration(0)
			b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
				bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
				audience := map[string]string{hosts[0]: "", hosts[1]: hosts[2], hosts[3]: hosts[3]}[r.URL.Host]
				if got := audienceOf(bearer); got != audience {
					t.Errorf("a token for %q at %s", got, r.URL)
				}
				switch r.URL.Host {
				case hosts[0]:
					if strings.HasSuffix(r.URL.Path, "/token") && strings.Contains(r.PostFormValue("scope"), hosts[3]) {
						signIns++
						held(r, slow)
					}
					return signIn(r, hosts[0]), nil
				case hosts[1]:
					held(r, slow)
					return b.service().RoundTrip(r)
				case hosts[3]:
					asked++
					if silent && held(r, time.Hour) {
						return nil, context.Cause(r.Context())
					}
					if r.URL.Path == "/v1.0/users" {
						return answered(r, http.StatusOK, `{"value":[]}`), nil
					}
					if strings.HasPrefix(r.URL.Path, "/v1.0/users/") {
						return answered(r, http.StatusOK, `{"id":"`+adaID+`","mail":"ada@contoso.com"}`), nil
					}
					return answered(r, http.StatusOK, `{"value":[{"id":"`+eveID+`","mail":"eve@contoso.com"}]}`), nil
				}
				return nil, fmt.Errorf("%s is somewhere else", r.URL)
			}
			e := b.must("create", "hers", "-s", "Standard_A1_v2", "--assign-to", "ada@contoso.com")
			if !strings.Contains(e.out, `"owner": "ada@contoso.com"`) || asked != 2 {
				t.Errorf("%d requests\n%s", asked, e.out)
			}
			e = b.must("show", "hers", "--query", "[properties.properties.personalComputeInstanceSettings.assignedUser.tenantId]", "-v", "-o", "tsv")
			if e.out != cloudTenant+"\n" {
				t.Errorf("the tenant is %s", e.out)
			}

			// What did not answer is left alone for a minute.
			b.must("create", "his", "-s", "Standard_A1_v2", "--user-object-id", eveID, "--user-tenant-id", cloudTenant, "-o", "none")
			silent, asked = true, 0
			for i, most := range []time.Duration{1500 * time.Millisecond, 500 * time.Millisecond} {
				if e := b.must("list", "--query", "[].owner", "-o", "tsv"); e.took > most || e.out != "ada@contoso.com\n"+eveID+"\n" {
					t.Errorf("list %d took %s\n%s", i+1, e.took, e.out)
				}
			}
			if asked != 1 {
				t.Errorf("%d requests to a directory that does not answer", asked)
			}

			// A sign-in to it takes as long as az does, beside the list.
			b.now = b.now.Add(2 * time.Minute)
			silent, slow, signIns = false, 1500*time.Millisecond, 0
			if e := b.must("list", "--query", "[].owner", "-o", "tsv"); e.out != "ada@contoso.com\neve@contoso.com\n" || e.took > 2*time.Second || signIns != 1 {
				t.Errorf("later, after %s and %d sign-ins: %s", e.took, signIns, e.out)
			}
			signIns = 0
			if e := b.must("list", "--query", "[].owner", "-o", "tsv"); e.out != "ada@contoso.com\neve@contoso.com\n" || signIns != 0 {
				t.Errorf("%d sign-ins when all are known: %s", signIns, e.out)
			}
		})
	}
}

// signIn answers what a cloud's sign-in service is asked: every token is for the
// scope that was asked for.
func signIn(r *http.Request, host string) *http.Response {
	base := "https://" + host + "/" + cloudTenant
	switch {
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		return answered(r, http.StatusOK, fmt.Sprintf(`{"tenant_discovery_endpoint":"%s/v2.0/.well-known/openid-configuration","api-version":"1.1",
			"metadata":[{"preferred_network":%q,"preferred_cache":%q,"aliases":[%q]}]}`, base, host, host, host))
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		return answered(r, http.StatusOK, fmt.Sprintf(`{"issuer":"%[1]s/v2.0","authorization_endpoint":"%[1]s/oauth2/v2.0/authorize","token_endpoint":"%[1]s/oauth2/v2.0/token"}`, base))
	}
	part := base64.RawURLEncoding.EncodeToString
	scope := strings.TrimSuffix(strings.Fields(r.PostFormValue("scope"))[0], "/.default")
	claims := fmt.Sprintf(`{"aud":%q,"exp":%d,"oid":"33333333-3333-3333-3333-333333333333","tid":%q}`, scope, time.Now().Add(time.Hour).Unix(), cloudTenant)
	return answered(r, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"%s.%s.s"}`, part([]byte(`{"alg":"none"}`)), part([]byte(claims))))
}

// audienceOf is the host that a token is for.
func audienceOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Aud string }
	_ = json.Unmarshal(raw, &claims)
	audience, _ := url.Parse(claims.Aud)
	return audience.Host
}

// An instance is made for somebody by their address and with a script, and handed
// over: single sign-on is off until they, and nobody else, switch it on. A create
// costs two requests to the directory.
func TestHandOver(t *testing.T) {
	t.Parallel()
	const endpoint = "http://127.0.0.1:8443"
	b := virtual(t, "COMPUTETARGET_CLOUD=", "COMPUTETARGET_ENDPOINT="+endpoint)
	directory, switches := 0, 0
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/graph/") {
			directory++
		}
		if strings.HasSuffix(r.URL.Path, "/enableSso") {
			switches++
		}
		return b.service().RoundTrip(r)
	}
	script := filepath.Join(b.dir, "setup.sh")
	if err := os.WriteFile(script, []byte("#!/bin/bash\nset -e\necho hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	create := []string{"create", "hers", "-s", "Standard_DS3_v2", "--assign-to", "ada@contoso.com", "--setup-script", script}
	const off = "single sign-on of hers will be off, because it is for somebody else and has a script or custom applications; only ada@contoso.com can switch it on\n"
	e := b.must(append(create, "--dry-run")...)
	if !strings.Contains(e.errors, off) || strings.Contains(e.errors, "two steps") || !strings.Contains(e.out, `"assignedUser"`) {
		t.Errorf("a dry run: %s%s", e.out, e.errors)
	}
	directory = 0
	e = b.must(create...)
	steps := "ada@contoso.com has two steps to do, once it is running and signed in as themselves:\n" +
		"  1. computetarget open hers, and accept the question whether to trust the instance\n" +
		"  2. computetarget enable-sso hers, because single sign-on is off\n"
	if strings.Count(e.errors, off) != 1 || strings.Count(e.errors, steps) != 1 || directory != 2 {
		t.Errorf("%d requests to the directory\n%s", directory, e.errors)
	}
	var made struct {
		Properties struct {
			Properties struct {
				CreatedBy struct{ UserID string }
				Personal  struct {
					AssignedUser struct{ ObjectID, TenantID string }
				} `json:"personalComputeInstanceSettings"`
				EnableSSO *bool
			}
		}
	}
	if err := json.Unmarshal([]byte(b.must("show", "hers", "--raw").out), &made); err != nil {
		t.Fatal(err)
	}
	inner := made.Properties.Properties
	her := inner.Personal.AssignedUser
	if inner.EnableSSO == nil || *inner.EnableSSO || her.ObjectID == "" || her.TenantID == "" || her.ObjectID == inner.CreatedBy.UserID {
		t.Fatalf("it is %+v", inner)
	}

	if e := b.run("enable-sso", "hers"); e.code != 6 || switches != 0 || !strings.Contains(e.errors, "ERROR: hers is for ada@contoso.com, and only they can switch its single sign-on; nothing was sent\nhint: ask them to run: computetarget enable-sso hers\n") {
		t.Errorf("exit code %d after %d requests\n%s", e.code, switches, e.errors)
	}
	if e := b.run("open", "hers"); e.code != 6 {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
	as := func(id string) *bubble {
		claims := fmt.Sprintf(`{"aud":%q,"exp":%d,"oid":%q,"tid":%q}`, endpoint, b.now.Add(time.Hour).Unix(), id, her.TenantID)
		part := base64.RawURLEncoding.EncodeToString
		other := *b
		other.env = maps.Clone(b.env)
		other.set("COMPUTETARGET_AUTH_MODE=token", "COMPUTETARGET_ACCESS_TOKEN="+part([]byte(`{"alg":"none"}`))+"."+part([]byte(claims))+".s")
		return &other
	}
	stranger := as(eveID)
	if e := stranger.run("enable-sso", "hers"); e.code != 6 || switches != 0 {
		t.Errorf("exit code %d after %d requests\n%s", e.code, switches, e.errors)
	}
	if e := stranger.run("open", "hers", "--app", "terminal"); e.code != 6 || !strings.Contains(e.errors, "ERROR: hers is not yours: only its owner gets in, ") || strings.Contains(e.errors, "created an instance") {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
	if e := stranger.run("ssh", "hers"); !strings.HasPrefix(e.errors, "hers is not yours but ") {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
	ada := as(strings.ToUpper(her.ObjectID))
	ada.must("open", "hers")
	if e := ada.run("ssh", "hers"); strings.Contains(e.errors, "not yours") {
		t.Errorf("%s", e.errors)
	}
	if e := ada.must("enable-sso", "hers"); !strings.Contains(e.out, `"changed": true`) || switches != 1 {
		t.Errorf("%d requests\n%s", switches, e.out)
	}
	if e := b.must("enable-sso", "hers"); !strings.Contains(e.out, `"changed": false`) || switches != 1 { // there is nothing to refuse
		t.Errorf("%d requests\n%s", switches, e.out)
	}
}

// Owners are offered by an address, or else by their ids with the name beside: a
// name may hold what means something to a shell.
func TestOwnersAreOffered(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]string{
		`"mail":"ada@contoso.com"`:       "ada@contoso.com\n",
		`"mail":"o'brien@contoso.com"`:   adaID + "\to'brien@contoso.com\n",
		`"mail":"$(id)@contoso.com"`:     adaID + "\t$(id)@contoso.com\n",
		`"mail":"-rf@contoso.com"`:       adaID + "\t-rf@contoso.com\n",
		`"mail":"a+b@contoso.com"`:       adaID + "\ta+b@contoso.com\n",
		`"displayName":"Ada Archer"`:     adaID + "\tAda Archer\n",
		`"displayName":"\u001b[2Jx\ny"`:  adaID + "\t\\u001b[2Jx y\n",
		`"displayName":null,"mail":null`: adaID + "\n",
	} {
		g := &graph{answer: func(r *http.Request) *http.Response {
			return answered(r, http.StatusOK, `{"value":[{"id":"`+adaID+`",`+label+`}]}`)
		}}
		b := g.in(virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant"))
		forAda(b, "hers")
		if got := b.must("__complete", "list", "--owner", "").out; got != "me\tcomputes that are yours\n"+want+":4\n" {
			t.Errorf("%s: offered %q", label, got)
		}
		if got := b.must("__complete", "create", "--assign-to", "").out; strings.ContainsAny(got, "$'+ ") || strings.HasPrefix(got, "-") {
			t.Errorf("%s: offered %q", label, got)
		}
	}
}

// In several workspaces at once people are named, too, and each is refused.
func TestOthersInSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	g := &graph{answer: func(r *http.Request) *http.Response {
		return answered(r, http.StatusOK, `{"value":[{"id":"`+adaID+`","mail":"ada@contoso.com"}]}`)
	}}
	b := g.in(virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant"))
	args := []string{"enable-sso", "--disable"}
	for i := range 8 {
		name, in := fmt.Sprintf("hers%d", i), fmt.Sprintf("ws%d", i)
		b.must("create", name, "-w", in, "-s", "Standard_A1_v2", "--user-object-id", adaID, "--user-tenant-id", cloudTenant, "-o", "none")
		args = append(args, strings.Replace(computePath(name), "/"+emulator.Workspace+"/", "/"+in+"/", 1))
	}
	e := b.run(args...)
	if e.code != 6 || strings.Count(e.errors, " is for ada@contoso.com, and only they can switch its single sign-on; nothing was sent\n") != 8 {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
}

// Of many people a directory is asked for a thousand at a time, as far as a second
// goes; the others are for the next time.
func TestDirectoryOfMany(t *testing.T) {
	t.Parallel()
	g := &graph{answer: func(r *http.Request) *http.Response {
		if held(r, 700*time.Millisecond) {
			return nil
		}
		var in struct{ IDs []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.IDs) > 1000 {
			t.Errorf("%d ids, %v", len(in.IDs), err)
		}
		people := make([]map[string]string, len(in.IDs))
		for i, id := range in.IDs {
			people[i] = map[string]string{"id": id, "mail": "p" + id[24:] + "@contoso.com"}
		}
		body, _ := json.Marshal(map[string]any{"value": people})
		return answered(r, http.StatusOK, string(body))
	}}
	b := g.in(virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant"))
	computes := make([]map[string]any, 1500)
	for i := range computes {
		user := map[string]string{"objectId": fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", i), "tenantId": cloudTenant}
		inner := map[string]any{"vmSize": "STANDARD_DS3_V2", "state": "Stopped", "personalComputeInstanceSettings": map[string]any{"assignedUser": user}}
		computes[i] = map[string]any{"id": computePath(fmt.Sprintf("ci-%d", i)), "properties": map[string]any{"computeType": "ComputeInstance", "properties": inner}}
	}
	list, err := json.Marshal(computes)
	if err != nil {
		t.Fatal(err)
	}
	b.emulator(func(e *emulator.Emulator) error {
		_, err := e.Load(context.Background(), list)
		return err
	})
	for i, want := range []int{1000, 1500, 1500} {
		g.forget()
		e := b.must("list", "--query", "[].owner", "-o", "tsv")
		if got := strings.Count(e.out, "@contoso.com\n"); got != want || e.took > time.Second || i == 2 && len(g.asked) > 0 {
			t.Errorf("list %d: %d names after %s and %d requests", i+1, got, e.took, len(g.asked))
		}
	}
}
