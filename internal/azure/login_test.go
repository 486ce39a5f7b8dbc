package azure

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testTenant = "72f988bf-0000-4000-8000-00000000abcd"
	testClient = "11111111-2222-4333-8444-555555555555"
	testSub    = "aaaaaaaa-0000-4000-8000-000000000001"
)

// jwt makes an unsigned token with the claims.
func jwt(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".c2ln"
}

// login is a sign-in service: OpenID discovery and a token endpoint, reached
// under whatever name a request has. It also plays the identity service of
// GitHub Actions and Azure Pipelines.
type login struct {
	t      *testing.T
	server *httptest.Server

	mu         sync.Mutex
	lifetime   int // seconds a token lives
	issued     int
	assertions []string // client_assertion of each token request, in order
	secrets    []string // client_secret likewise
	scopes     []string // scope likewise
	hosts      []string // every host that was spoken to
	queries    []url.Values
	keys       []string // Authorization of identity token requests
	refuse     string   // error_description to refuse with
	status     int      // status of token answers; 0 is right
	broken     error    // the network's failure
}

func newLogin(t *testing.T) *login {
	t.Helper()
	l := &login{t: t, lifetime: 3600}
	l.server = httptest.NewTLSServer(http.HandlerFunc(l.serve))
	t.Cleanup(l.server.Close)
	return l
}

// Do implements policy.Transporter: every host is this server.
func (l *login) Do(request *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.hosts = append(l.hosts, request.URL.Host)
	broken := l.broken
	l.mu.Unlock()
	if broken != nil {
		return nil, broken
	}
	at, err := url.Parse(l.server.URL)
	if err != nil {
		return nil, err
	}
	copied := request.Clone(request.Context())
	copied.Host = request.URL.Host
	copied.URL.Host = at.Host
	copied.URL.Scheme = at.Scheme
	return l.server.Client().Do(copied)
}

func (l *login) serve(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := func(status int, body map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		base := "https://" + r.Host + "/" + testTenant
		answer(200, map[string]any{"issuer": base + "/v2.0", "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/oauth2/v2.0/token"})
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		if err := r.ParseForm(); err != nil {
			l.t.Error(err)
		}
		l.assertions = append(l.assertions, r.Form.Get("client_assertion"))
		l.secrets = append(l.secrets, r.Form.Get("client_secret"))
		l.scopes = append(l.scopes, r.Form.Get("scope"))
		if l.refuse != "" || l.status != 0 {
			status := l.status
			if status == 0 {
				status = 401
			}
			answer(status, map[string]any{"error": "invalid_client", "error_description": l.refuse})
			return
		}
		l.issued++
		answer(200, map[string]any{"token_type": "Bearer", "expires_in": l.lifetime, "access_token": jwt(map[string]any{
			"aud": "https://management.core.windows.net/", "oid": "the-oid", "tid": testTenant, "appid": testClient, "idtyp": "app", "n": l.issued})})
	case r.URL.Path == "/identity":
		l.queries = append(l.queries, r.URL.Query())
		l.keys = append(l.keys, r.Header.Get("Authorization"))
		answer(200, map[string]any{"value": fmt.Sprintf("assertion-%d", len(l.keys)), "oidcToken": fmt.Sprintf("pipelines-%d", len(l.keys))})
	default:
		http.NotFound(w, r)
	}
}

// public is the public cloud as a target.
func public() Target { return Target{Cloud: builtin()[0]} }

// environment is a test's environment variables.
func environment(pairs ...string) func(string) string {
	values := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return values[name] }
}

// fakeTool makes a shell script called name the only thing on PATH, where
// azidentity finds it as it would the real one.
func fakeTool(t *testing.T, name, script string) (calls func() string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	text := "#!/bin/sh\nprintf '%s\\n' \"$*\" >> " + log + "\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	// The machine's own az and azd must not be found.
	t.Setenv("PATH", dir)
	return func() string {
		data, _ := os.ReadFile(log)
		return string(data)
	}
}

// noTools hides az and azd of the machine the tests run on.
func noTools(t *testing.T) {
	t.Helper()
	t.Setenv("PATH", t.TempDir())
}

// azToken is what az account get-access-token prints.
func azToken(token string, expires time.Time) string {
	return fmt.Sprintf(`printf '%%s' '{"accessToken": %q, "expiresOn": %q, "expires_on": %d, "tokenType": "Bearer"}'`,
		token, expires.Local().Format("2006-01-02 15:04:05.000000"), expires.Unix())
}

// azFolder makes az's folder with a profile whose active subscription is of
// the user.
func azFolder(t *testing.T, user, kind string) string {
	t.Helper()
	dir := t.TempDir()
	profile := "\ufeff" + fmt.Sprintf(`{"subscriptions": [{"id": %q, "name": "Team A", "isDefault": true, "state": "Enabled",
		"environmentName": "AzureCloud", "tenantId": %q, "user": {"name": %q, "type": %q}}]}`, testSub, testTenant, user, kind)
	if err := os.WriteFile(filepath.Join(dir, "azureProfile.json"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
