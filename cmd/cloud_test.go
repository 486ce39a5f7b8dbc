package cmd_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

const (
	cloudTenant = "72f988bf-0000-4000-8000-00000000abcd"
	cloudClient = "11111111-2222-4333-8444-555555555555"
)

// ownURL is where the Resource Manager and the sign-in service of an ownCloud are.
const ownURL = "https://arm.own.example"

// ownCloud is a cloud registered with az: its Resource Manager is an emulator
// that takes no token but those its own sign-in service handed out, and those
// only as long as they live.
type ownCloud struct {
	*bubble
	lifetime time.Duration

	mu     sync.Mutex
	ends   map[string]time.Time // by token
	taken  map[string]bool      // tokens that were taken
	paths  []string             // asked of the Resource Manager
	closed bool                 // nobody may sign in any more
	put    func()               // called when a PUT was accepted
}

// newOwnCloud is the cloud, and somebody whose az knows it and is set to it,
// with a service principal in the environment.
func newOwnCloud(t *testing.T, pace string, lifetime time.Duration) *ownCloud {
	t.Helper()
	b := virtual(t, "COMPUTETARGET_CLOUD=", "COMPUTETARGET_SUBSCRIPTION=", "COMPUTETARGET_RESOURCE_GROUP=", "COMPUTETARGET_WORKSPACE=",
		"COMPUTETARGET_EMULATOR_PACE="+pace, "AZURE_CLIENT_ID="+cloudClient, "AZURE_TENANT_ID="+cloudTenant, "AZURE_CLIENT_SECRET=hunter2")
	c := &ownCloud{bubble: b, lifetime: lifetime, ends: map[string]time.Time{}, taken: map[string]bool{}, put: func() {}}
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		switch {
		case r.URL.Scheme+"://"+r.URL.Host != ownURL:
			return nil, fmt.Errorf("%s is somewhere else", r.URL)
		case strings.HasPrefix(r.URL.Path, "/"+cloudTenant+"/"):
			return c.signIn(r), nil
		case !c.takes(r):
			return answered(r, http.StatusUnauthorized, `{"error":{"code":"ExpiredAuthenticationToken","message":"The access token has expired."}}`), nil
		}
		resp, err := b.service().RoundTrip(r)
		if r.Method == http.MethodPut {
			c.put()
		}
		return resp, err
	}
	folder := filepath.Join(b.env["HOME"], ".azure")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	profile := fmt.Sprintf(`{"subscriptions":[
		{"id":%q,"name":"ML Dev","state":"Enabled","isDefault":false,"tenantId":%q,"environmentName":"Own","user":{"name":"ada@example.com","type":"user"}},
		{"id":"99999999-0000-4000-8000-000000000009","name":"Other","state":"Enabled","isDefault":true,"tenantId":%q,"environmentName":"Own","user":{"name":"ada@example.com","type":"user"}},
		{"id":"99999999-0000-4000-8000-00000000000a","name":"ML Dev","state":"Enabled","isDefault":true,"tenantId":%q,"environmentName":"AzureCloud","user":{"name":"ada@example.com","type":"user"}}]}`,
		emulator.Subscription, cloudTenant, cloudTenant, cloudTenant)
	for name, text := range map[string]string{
		"clouds.config":     "[Own]\nendpoint_resource_manager = " + ownURL + "/\nendpoint_active_directory = " + ownURL + "\nendpoint_active_directory_resource_id = https://management.own.example/\n",
		"config":            "[cloud]\nname = Own\n[defaults]\ngroup = " + emulator.ResourceGroup + "\nworkspace = " + emulator.Workspace + "\n",
		"azureProfile.json": profile,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// signIn answers what a sign-in service is asked.
func (c *ownCloud) signIn(r *http.Request) *http.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		base := ownURL + "/" + cloudTenant
		return answered(r, http.StatusOK, fmt.Sprintf(`{"issuer":"%[1]s/v2.0","authorization_endpoint":"%[1]s/oauth2/v2.0/authorize","token_endpoint":"%[1]s/oauth2/v2.0/token"}`, base))
	}
	if r.PostFormValue("client_secret") != "hunter2" || c.closed {
		return answered(r, http.StatusUnauthorized, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired. Trace ID: 1"}`)
	}
	ends := time.Now().Add(c.lifetime)
	issued := token(ends) + fmt.Sprint(len(c.ends))
	c.ends[issued] = ends
	return answered(r, http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":%d,"access_token":%q}`, int(c.lifetime.Seconds()), issued))
}

// takes reports whether a request carries a token that lives.
func (c *ownCloud) takes(r *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !time.Now().Before(c.ends[given]) {
		return false
	}
	c.taken[given] = true
	c.paths = append(c.paths, r.URL.Path)
	return true
}

// close ends signing in, or lets it work again.
func (c *ownCloud) close(closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = closed
}

// caFile writes the certificate a server is trusted by.
func caFile(t *testing.T, server *httptest.Server) string {
	t.Helper()
	path := filepath.Join(folder(t), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A cloud registered with az is a cloud like any other: it is found, signed in
// to at its own service, and its subscriptions go by the names az knows.
func TestRegisteredCloud(t *testing.T) {
	t.Parallel()
	c := newOwnCloud(t, "instant", time.Hour)
	p := c.bubble
	p.must("create", "dev", "-s", "Standard_A1_v2", "-o", "none", "--subscription", "ML Dev")
	if got := p.must("list", "-o", "name", "--subscription-id", "ml dev").out; got != "dev\n" {
		t.Errorf("list: %q", got)
	}
	for _, path := range c.paths {
		if !strings.HasPrefix(path, "/subscriptions/"+emulator.Subscription+"/") {
			t.Errorf("asked for %s", path)
		}
	}
	if got := p.must("config", "get", "subscription").out; got != "99999999-0000-4000-8000-000000000009\n" {
		t.Errorf("without a flag the subscription is %q", got)
	}
	e := p.run("list", "--subscription", "ML Prod")
	if e.code != 2 || !strings.Contains(e.errors, `subscription "ML Prod" (from flag --subscription) is not an id, and az knows no subscription of that name in Own`) {
		t.Errorf("an unknown name: exit code %d\n%s", e.code, e.errors)
	}
	if e := p.run("list", "--cloud", "Owm"); e.code != 2 || !strings.Contains(e.errors, "Own") {
		t.Errorf("an unknown cloud: exit code %d\n%s", e.code, e.errors)
	}

	var who map[string]any
	e = p.must("auth", "status", "--subscription", "ML Dev")
	if err := json.Unmarshal([]byte(e.out), &who); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"name": "ada", "cloud": "Own", "subscription": emulator.Subscription,
		"source": "environment (service principal " + cloudClient + ")",
	} {
		if who[key] != want {
			t.Errorf("%s is %v, not %q", key, who[key], want)
		}
	}
	for issued := range c.ends {
		if strings.Contains(e.out+e.errors, issued) {
			t.Errorf("the token was printed")
		}
	}
	c.close(true)
	if e := p.run("auth", "status"); e.code != 6 || !strings.Contains(e.errors, "AADSTS7000222") || strings.Contains(e.errors, "hunter2") {
		t.Errorf("a sign-in that is refused: exit code %d\n%s", e.code, e.errors)
	}
}

// A wait goes on over the ends of tokens, as many as there are.
func TestWaitOutlivesTokens(t *testing.T) {
	t.Parallel()
	c := newOwnCloud(t, "0.05", 10*time.Minute) // a create takes an hour
	e := c.must("create", "dev", "-s", "Standard_A1_v2", "--query", "state", "-o", "tsv", "--subscription", "ML Dev", "--timeout", "2h")
	if e.out != "Running\n" || e.errors != "" {
		t.Errorf("stdout %q\nstderr %q", e.out, e.errors)
	}
	if n := len(c.taken); n <= 3 {
		t.Errorf("only %d tokens were used, which tests little", n)
	}
}

// A sign-in that dies in the middle of a wait ends the wait, not the operation,
// and the line printed takes the wait up again once signing in works.
func TestSignInDiesInAWait(t *testing.T) {
	t.Parallel()
	c := newOwnCloud(t, "real", time.Minute)
	c.put = func() { c.close(true) }
	e := c.run("create", "dev", "-s", "Standard_A1_v2", "--subscription", "ML Dev")
	if e.code != 6 || e.out != "" {
		t.Errorf("exit code %d\n%s", e.code, e.out)
	}
	resume := fmt.Sprintf("to wait again: COMPUTETARGET_CLOUD=Own computetarget wait dev -g %s -w %s --subscription-id %s\n",
		emulator.ResourceGroup, emulator.Workspace, emulator.Subscription)
	for _, part := range []string{"ERROR: the sign-in no longer works: environment", "AADSTS7000222", "the create of dev goes on", "hint: ", resume} {
		if !strings.Contains(e.errors, part) {
			t.Errorf("%q is not said:\n%s", part, e.errors)
		}
	}
	c.close(false)
	c.must("wait", "dev", "--subscription", "ML Dev")
}
