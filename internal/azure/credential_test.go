package azure

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/computetarget/computetarget/internal/exit"
)

var armScope = policy.TokenRequestOptions{Scopes: []string{"https://management.core.windows.net/.default"}}

func credential(t *testing.T, opts Options) *Credential {
	t.Helper()
	if opts.Target.Cloud.Authority == "" {
		opts.Target = public()
	}
	if opts.Getenv == nil {
		opts.Getenv = environment()
	}
	return NewCredential(opts)
}

func token(t *testing.T, c *Credential) string {
	t.Helper()
	got, err := c.GetToken(t.Context(), armScope)
	if err != nil {
		t.Fatalf("GetToken: %v", err)
	}
	return got.Token
}

// asShown is the error that the command line prints: one line.
func asShown(t *testing.T, err error) *exit.Error {
	t.Helper()
	var shown *exit.Error
	if !errors.As(err, &shown) {
		t.Fatalf("err = %v (%T)", err, err)
	}
	if strings.ContainsAny(err.Error(), "\n\r\x1b") {
		t.Errorf("not one line: %q", err)
	}
	return shown
}

func signInError(t *testing.T, c *Credential) *exit.Error {
	t.Helper()
	_, err := c.GetToken(t.Context(), armScope)
	return asShown(t, err)
}

func servicePrincipal(extra ...string) func(string) string {
	return environment(append([]string{"AZURE_CLIENT_ID", testClient, "AZURE_TENANT_ID", testTenant}, extra...)...)
}

func TestSecret(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	c := credential(t, Options{Getenv: servicePrincipal("AZURE_CLIENT_SECRET", "sesame"), Transport: l})
	first := token(t, c)
	if token(t, c) != first || l.issued != 1 {
		t.Errorf("%d tokens issued, want the first kept", l.issued)
	}
	if l.secrets[0] != "sesame" {
		t.Errorf("secrets = %v", l.secrets)
	}
	for _, host := range l.hosts {
		if host != "login.microsoftonline.com" {
			t.Errorf("spoke to %s", host)
		}
	}
	if got := c.Source(); got != "environment (service principal "+testClient+")" {
		t.Errorf("source = %q", got)
	}
	id, err := c.Describe(t.Context())
	if err != nil || id.ObjectID != "the-oid" || id.Tenant != testTenant || id.Type != "servicePrincipal" || id.Name != testClient || id.Cloud != Public {
		t.Errorf("identity = %+v, %v", id, err)
	}
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	path := filepath.Join(t.TempDir(), "sp.pem")
	if err := os.WriteFile(path, rsaPair(t), 0o600); err != nil {
		t.Fatal(err)
	}
	c := credential(t, Options{Mode: ModeEnv, Getenv: servicePrincipal("AZURE_CLIENT_CERTIFICATE_PATH", path), Transport: l})
	token(t, c)
	if len(l.assertions) != 1 || strings.Count(l.assertions[0], ".") != 2 {
		t.Errorf("assertions = %q, want one signed", l.assertions)
	}
	for name, content := range map[string]string{"empty": "", "garbage": "\x00\xff"} {
		bad := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		e := signInError(t, credential(t, Options{Getenv: servicePrincipal("AZURE_CLIENT_CERTIFICATE_PATH", bad), Transport: l}))
		if !strings.Contains(e.Error(), bad) || e.Exit != 6 {
			t.Errorf("%s: %v", name, e)
		}
	}
	e := signInError(t, credential(t, Options{Getenv: servicePrincipal("AZURE_CLIENT_CERTIFICATE_PATH", path+".no"), Transport: l}))
	if !strings.Contains(e.Error(), "AZURE_CLIENT_CERTIFICATE_PATH") {
		t.Errorf("missing file: %v", e)
	}
}

// TestRefusal holds that a source that is there but refused ends the search,
// in one line without secrets.
func TestRefusal(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	l.refuse = "AADSTS7000215: Invalid client secret provided: 'open-sesame'.\r\nTrace ID: 123\r\nCorrelation ID: 456\r\nTimestamp: 2026-01-01"
	c := credential(t, Options{Getenv: servicePrincipal("AZURE_CLIENT_SECRET", "open-sesame"), Transport: l})
	e := signInError(t, c)
	want := "sign-in failed: environment (service principal " + testClient + "): AADSTS7000215: Invalid client secret provided: '***'"
	if e.Error() != want {
		t.Errorf("error:\n%s\nwant:\n%s", e, want)
	}
	if e.Exit != 6 || e.Tip == "" {
		t.Errorf("%d %q", e.Exit, e.Tip)
	}
}

func TestBusySignInIsTemporary(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	l.status = 503
	c := credential(t, Options{Getenv: servicePrincipal("AZURE_CLIENT_SECRET", "s"), Transport: l})
	e := signInError(t, c)
	var passes net.Error
	if !errors.As(e, &passes) || e.Exit != 1 {
		t.Errorf("%v, exit code %d", e, e.Exit)
	}
}

func TestNetworkFailureIsNotASignInFailure(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]func(string) string{
		"secret": servicePrincipal("AZURE_CLIENT_SECRET", "s"),
		"github": servicePrincipal("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/identity", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "k"),
	} {
		l := newLogin(t)
		l.broken = lasting{exit.Errorf(exit.Failed, "the host login.microsoftonline.com does not exist")}
		e := signInError(t, credential(t, Options{Getenv: env, Transport: l}))
		if e.Exit != 1 || !strings.HasSuffix(e.Error(), ": the host login.microsoftonline.com does not exist") {
			t.Errorf("%s: %d %v", name, e.Exit, e)
		}
		if len(l.hosts) != 1 {
			t.Errorf("%s: asked %d times", name, len(l.hosts))
		}
	}
}

// TestRenewal lets a credential outlive many tokens: each is renewed, and each
// renewal reads the assertion anew, because the old one has ended by then.
func TestRenewal(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "federated")
	tests := map[string]func(string) string{
		"file":   servicePrincipal("AZURE_FEDERATED_TOKEN_FILE", file),
		"github": servicePrincipal("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/identity?x=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-key"),
		"pipelines": environment("SYSTEM_OIDCREQUESTURI", "https://dev.azure.example/identity", "SYSTEM_ACCESSTOKEN", "job-key",
			"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "conn", "AZURESUBSCRIPTION_CLIENT_ID", testClient, "AZURESUBSCRIPTION_TENANT_ID", testTenant),
	}
	for name, env := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLogin(t)
			l.lifetime = 200 // under the margin: every token is due for renewal at once
			c := credential(t, Options{Mode: ModeWorkload, Getenv: env, Transport: l})
			seen := map[string]bool{}
			for i := range 4 {
				if err := os.WriteFile(file, []byte("\ufeffassertion-"+string(rune('1'+i))+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				seen[token(t, c)] = true
			}
			if len(seen) != 4 {
				t.Errorf("%d different tokens in 4 renewals", len(seen))
			}
			for i, got := range l.assertions {
				want := "assertion-" + string(rune('1'+i))
				if name == "pipelines" {
					want = "pipelines-" + string(rune('1'+i))
				}
				if got != want {
					t.Errorf("assertion %d = %q, want %q", i, got, want)
				}
			}
			switch name {
			case "github":
				if l.queries[0].Get("audience") != "api://AzureADTokenExchange" || l.queries[0].Get("x") != "1" || l.keys[0] != "Bearer job-key" {
					t.Errorf("query %v, key %q", l.queries[0], l.keys[0])
				}
			case "pipelines":
				if l.queries[0].Get("serviceConnectionId") != "conn" || l.queries[0].Get("api-version") != "7.1" {
					t.Errorf("query %v", l.queries[0])
				}
			}
		})
	}
}

func TestWorkloadProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  func(string) string
		want string
	}{
		{"file is gone", servicePrincipal("AZURE_FEDERATED_TOKEN_FILE", "/does/not/exist"), "AZURE_FEDERATED_TOKEN_FILE: /does/not/exist"},
		{"github over http", servicePrincipal("ACTIONS_ID_TOKEN_REQUEST_URL", "http://github.example/identity", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "k"), "not https"},
		{"github says no", servicePrincipal("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/nothing", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "k"), "GitHub refused an identity token (404"},
		{"no client id", environment("AZURE_FEDERATED_TOKEN_FILE", "/f", "AZURE_TENANT_ID", testTenant), "AZURE_CLIENT_ID and AZURE_TENANT_ID"},
		{"nothing", environment(), "neither AZURE_FEDERATED_TOKEN_FILE nor a GitHub Actions job"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := signInError(t, credential(t, Options{Mode: ModeWorkload, Getenv: test.env, Transport: newLogin(t)}))
			if !strings.Contains(e.Error(), test.want) || e.Exit != 6 {
				t.Errorf("%d %v, want %q in it", e.Exit, e, test.want)
			}
		})
	}
}

// An assertion is exchanged in the chosen cloud: for its audience, its Resource
// Manager and at its login host.
func TestExchange(t *testing.T) {
	t.Parallel()
	audiences := map[string]string{Public: "api://AzureADTokenExchange", China: "api://AzureADTokenExchangeChina",
		USGovernment: "api://AzureADTokenExchangeUSGov", "own": "api://AzureADTokenExchange"}
	own := builtin()[0]
	own.Name = "own"
	for _, cloud := range append(builtin(), own) {
		l := newLogin(t)
		c := credential(t, Options{Mode: ModeWorkload, Target: Target{Cloud: cloud}, Transport: l,
			Getenv: servicePrincipal("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/identity", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-key")})
		if _, err := c.Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := l.queries[0].Get("audience"); got != audiences[cloud.Name] {
			t.Errorf("%s: an assertion for %s, want %s", cloud.Name, got, audiences[cloud.Name])
		}
		if got, _, _ := strings.Cut(l.scopes[0], " "); got != cloud.Scope() {
			t.Errorf("%s: a token for %s, want %s", cloud.Name, got, cloud.Scope())
		}
		for _, host := range l.hosts {
			if host != "github.example" && host != cloud.LoginHosts[0] {
				t.Errorf("%s: spoke to %s", cloud.Name, host)
			}
		}
	}
}

// TestAuthority holds that secrets go to the login host of the chosen cloud.
func TestAuthority(t *testing.T) {
	t.Parallel()
	for _, cloud := range builtin() {
		l := newLogin(t)
		c := credential(t, Options{Target: Target{Cloud: cloud}, Getenv: servicePrincipal("AZURE_CLIENT_SECRET", "s"), Transport: l})
		token(t, c)
		for _, host := range l.hosts {
			if host != cloud.LoginHosts[0] {
				t.Errorf("%s: spoke to %s", cloud.Name, host)
			}
		}
	}
}

// TestOldTokenOutlivesAFailedRenewal holds that a token that still lives is
// used when its renewal fails.
func TestOldTokenOutlivesAFailedRenewal(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	l.lifetime = 200
	now := time.Now()
	c := credential(t, Options{Getenv: servicePrincipal("AZURE_CLIENT_SECRET", "s"), Transport: l, Now: func() time.Time { return now }})
	first := token(t, c)
	l.mu.Lock()
	l.refuse = "AADSTS7000222: expired"
	l.mu.Unlock()
	if token(t, c) != first {
		t.Error("another token")
	}
	now = now.Add(190 * time.Second)
	e := signInError(t, c)
	if !strings.HasPrefix(e.Error(), "the sign-in no longer works: environment") || e.Exit != 6 {
		t.Errorf("%+v", e)
	}
}

func needsShell(t *testing.T) {
	t.Helper()
	if goruntime.GOOS == "windows" {
		t.Skip("the fake az is a shell script")
	}
}

func TestAz(t *testing.T) {
	needsShell(t)
	expires := time.Now().Add(time.Hour)
	calls := fakeTool(t, "az", azToken("az-token", expires))
	c := credential(t, Options{Mode: ModeAzureCLI, ConfigDir: azFolder(t, "a@example.com", "user"), Subscription: testSub})
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			got, err := c.GetToken(context.Background(), armScope)
			if err != nil || got.Token != "az-token" || got.ExpiresOn.Unix() != expires.Unix() {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	want := "account get-access-token -o json --resource https://management.core.windows.net --subscription " + testSub + "\n"
	if calls() != want {
		t.Errorf("az was called:\n%swant once:\n%s", calls(), want)
	}
	if c.Source() != "az session" {
		t.Errorf("source = %q", c.Source())
	}
}

func TestAzProblems(t *testing.T) {
	needsShell(t)
	const see = "run az account get-access-token -o json to see what it prints, or choose another source with --auth-mode"
	tests := []struct {
		name, script string
		folder       bool // az knows a subscription
		want, hint   string
		code         int
	}{
		{"not signed in", `echo "ERROR: Please run 'az login' to setup account." >&2; exit 1`, false, "nobody is signed in with az login", "run az login", 6},
		{"session ended", `echo "ERROR: AADSTS70043: The refresh token has expired. Run az login" >&2; exit 1`, true,
			"az session: AADSTS70043: The refresh token has expired. Run az login", "run az login --tenant " + testTenant, 6},
		{"colours and pages", `printf '\033[31mERROR: bad\033[0m\nmore\n' >&2; exit 1`, true, "bad", "run az login --tenant " + testTenant, 6},
		{"no network", `echo "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com'): Max retries exceeded" >&2; exit 1`, true, "Max retries exceeded", "", 1},
		{"no token", `echo '{}'`, true, "az's answer was not understood", see, 6},
		{"garbage", `echo 'hello'`, true, "az's answer was not understood", see, 6},
		{"nothing", `true`, true, "az's answer was not understood", see, 6},
		{"a list", `echo '[]'`, true, "az's answer was not understood", see, 6},
		{"a day only", `echo '{"accessToken": "x", "expiresOn": "soon"}'`, true, "az's answer was not understood", see, 6},
		{"an empty token", `echo '{"accessToken": "", "expires_on": 4102444800}'`, true, "it contains no token", see, 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fakeTool(t, "az", test.script)
			dir := t.TempDir()
			if test.folder {
				dir = azFolder(t, "a@example.com", "user")
			}
			e := signInError(t, credential(t, Options{Mode: ModeAzureCLI, ConfigDir: dir}))
			if !strings.Contains(e.Error(), test.want) || e.Tip != test.hint || e.Exit != test.code {
				t.Errorf("%d %q, hint %q", e.Exit, e.Error(), e.Tip)
			}
		})
	}
}

func TestAzOfAnotherCloud(t *testing.T) {
	needsShell(t)
	calls := fakeTool(t, "az", azToken("az-token", time.Now().Add(time.Hour)))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte("[cloud]\nname = AzureChinaCloud\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := signInError(t, credential(t, Options{Mode: ModeAzureCLI, ConfigDir: dir}))
	if !strings.Contains(e.Error(), "az is set to cloud AzureChinaCloud") || calls() != "" {
		t.Errorf("%v; az called: %q", e, calls())
	}
	c := credential(t, Options{Mode: ModeAzureCLI, ConfigDir: dir, Target: Target{Cloud: builtin()[1]}})
	got, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{c.opts.Target.Cloud.Scope()}})
	if err != nil || got.Token != "az-token" || !strings.Contains(calls(), "management.core.chinacloudapi.cn") {
		t.Errorf("%v; az called: %q", err, calls())
	}
}

// TestCacheThenAz holds the use of az's token cache: taken when it matches;
// after a 401, for which azcore asks again at once, az itself is asked.
func TestCacheThenAz(t *testing.T) {
	needsShell(t)
	calls := fakeTool(t, "az", azToken("from-az", time.Now().Add(time.Hour)))
	dir := azFolder(t, "a@example.com", "user")
	cached := writeCache(t, dir, time.Now().Add(time.Hour))
	c := credential(t, Options{ConfigDir: dir, imds: "http://127.0.0.1:1"})
	id, err := c.Describe(t.Context())
	if err != nil || id.Name != "a@example.com" || id.Source != "az session" {
		t.Errorf("identity = %+v, %v", id, err)
	}
	if got := token(t, c); got != cached || calls() != "" {
		t.Errorf("first token %q, az called: %q", got, calls())
	}
	if got := token(t, c); got != "from-az" {
		t.Errorf("after a 401: %q, want az's", got)
	}
	if got := token(t, c); got != "from-az" || strings.Count(calls(), "\n") != 1 {
		t.Errorf("then: %q, az called: %q", got, calls())
	}
	if _, err := c.Describe(t.Context()); err != nil || strings.Count(calls(), "\n") != 1 {
		t.Errorf("Describe asked again: %v %q", err, calls())
	}
}

// A token for an instance is the one at hand, and az's when the instance refused that.
func TestInstanceToken(t *testing.T) {
	needsShell(t)
	calls := fakeTool(t, "az", azToken("from-az", time.Now().Add(time.Hour)))
	dir := azFolder(t, "a@example.com", "user")
	cached := writeCache(t, dir, time.Now().Add(time.Hour))
	c := credential(t, Options{ConfigDir: dir, imds: "http://127.0.0.1:1"})
	_ = token(t, c) // the Resource Manager's
	for range 2 {
		if got, err := c.InstanceToken(t.Context(), false); got != cached || err != nil || calls() != "" {
			t.Errorf("%q, %v, az called: %q", got, err, calls())
		}
	}
	if got, err := c.InstanceToken(t.Context(), true); got != "from-az" || err != nil {
		t.Errorf("after a refusal: %q, %v", got, err)
	}
}

// A token of az's cache that the service refused is not used again because az
// fails.
func TestRefusedTokenIsDropped(t *testing.T) {
	needsShell(t)
	fakeTool(t, "az", "echo 'ERROR: AADSTS700082: The refresh token has expired. Run az login' >&2; exit 1")
	dir := azFolder(t, "a@example.com", "user")
	cached := writeCache(t, dir, time.Now().Add(time.Hour))
	c := credential(t, Options{ConfigDir: dir, imds: "http://127.0.0.1:1"})
	if got := token(t, c); got != cached {
		t.Fatalf("%q, want the cached token", got)
	}
	if again, err := c.GetToken(t.Context(), armScope); err == nil { // as after a 401
		t.Errorf("%q once more", again.Token)
	}
}

// Claims are the service's demand for another token than the one in hand.
func TestClaimsAskAnew(t *testing.T) {
	t.Parallel()
	l := newLogin(t)
	c := credential(t, Options{Getenv: servicePrincipal("AZURE_CLIENT_SECRET", "s"), Transport: l})
	first := token(t, c)
	demand := armScope
	demand.Claims, demand.EnableCAE = `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`, true
	if second, err := c.GetToken(t.Context(), demand); err != nil || second.Token == first {
		t.Errorf("the same token, %v", err)
	}
}

// A token in az's cache is for the Resource Manager, and for nothing beside it.
func TestCacheIsForOneScope(t *testing.T) {
	needsShell(t)
	fakeTool(t, "az", azToken("from-az", time.Now().Add(time.Hour)))
	dir := azFolder(t, "a@example.com", "user")
	cached := writeCache(t, dir, time.Now().Add(time.Hour))
	for _, scopes := range [][]string{{"https://graph.microsoft.com/.default"}, append(slices.Clone(armScope.Scopes), "https://graph.microsoft.com/.default")} {
		c := credential(t, Options{ConfigDir: dir, imds: "http://127.0.0.1:1"})
		if got, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: scopes}); got.Token == cached {
			t.Errorf("%q: the cached token, %v", scopes, err)
		}
	}
}

func TestAutoOrder(t *testing.T) {
	needsShell(t)
	imds := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }))
	t.Cleanup(imds.Close)
	msi := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"access_token": "msi-token", "expires_on": "4102444800", "resource": "r", "token_type": "Bearer"}`))
	}))
	t.Cleanup(msi.Close)
	azd := `echo '{"token": "azd-token", "expiresOn": "2099-01-01T00:00:00Z"}'`

	t.Run("nothing", func(t *testing.T) {
		noTools(t)
		c := credential(t, Options{ConfigDir: t.TempDir(), imds: "http://127.0.0.1:1"})
		e := signInError(t, c)
		if e.Exit != 6 || e.Tip != "run az login, or choose a source with --auth-mode" {
			t.Errorf("%+v", e)
		}
		var order []string
		for reason := range strings.SplitSeq(strings.TrimPrefix(e.Error(), "not signed in: "), "; ") {
			source, _, _ := strings.Cut(reason, ":")
			order = append(order, source)
		}
		if got := strings.Join(order, ", "); got != "environment, workload identity, az session, managed identity, azd session" {
			t.Errorf("order = %s", got)
		}
	})
	t.Run("environment first", func(t *testing.T) {
		calls := fakeTool(t, "az", azToken("az-token", time.Now().Add(time.Hour)))
		c := credential(t, Options{Getenv: servicePrincipal("AZURE_CLIENT_SECRET", "s"), Transport: newLogin(t)})
		token(t, c)
		if !strings.HasPrefix(c.Source(), "environment") || calls() != "" {
			t.Errorf("source %q, az called %q", c.Source(), calls())
		}
	})
	t.Run("az before managed identity", func(t *testing.T) {
		fakeTool(t, "az", azToken("az-token", time.Now().Add(time.Hour)))
		c := credential(t, Options{ConfigDir: t.TempDir(), imds: imds.URL})
		if got := token(t, c); got != "az-token" {
			t.Errorf("token = %q", got)
		}
	})
	t.Run("managed identity when nobody is signed in", func(t *testing.T) {
		fakeTool(t, "az", `echo "ERROR: Please run 'az login' to setup account." >&2; exit 1`)
		t.Setenv("IDENTITY_ENDPOINT", msi.URL)
		t.Setenv("IDENTITY_HEADER", "h")
		c := credential(t, Options{ConfigDir: t.TempDir(), Getenv: os.Getenv})
		if got := token(t, c); got != "msi-token" || c.Source() != "managed identity" {
			t.Errorf("token = %q from %q", got, c.Source())
		}
	})
	t.Run("an ended session is not replaced by another identity", func(t *testing.T) {
		fakeTool(t, "az", `echo "ERROR: AADSTS70043: run az login" >&2; exit 1`)
		c := credential(t, Options{ConfigDir: azFolder(t, "a@example.com", "user"), imds: imds.URL})
		if e := signInError(t, c); !strings.HasPrefix(e.Error(), "sign-in failed: az session: ") {
			t.Errorf("%v", e)
		}
	})
	t.Run("azd last", func(t *testing.T) {
		fakeTool(t, "azd", azd)
		c := credential(t, Options{ConfigDir: t.TempDir(), imds: "http://127.0.0.1:1"})
		if got := token(t, c); got != "azd-token" || c.Source() != "azd session" {
			t.Errorf("token = %q from %q", got, c.Source())
		}
	})
	t.Run("AZURE_TOKEN_CREDENTIALS", func(t *testing.T) {
		fakeTool(t, "azd", azd)
		env := servicePrincipal("AZURE_CLIENT_SECRET", "s", "AZURE_TOKEN_CREDENTIALS", "dev")
		c := credential(t, Options{ConfigDir: t.TempDir(), Getenv: env})
		if got := token(t, c); got != "azd-token" {
			t.Errorf("token = %q", got)
		}
		e := signInError(t, credential(t, Options{Getenv: environment("AZURE_TOKEN_CREDENTIALS", "AzurePowerShellCredential")}))
		if !strings.Contains(e.Error(), "AZURE_TOKEN_CREDENTIALS") {
			t.Error(e)
		}
	})
}

// TestRefusedInThePipeline runs the way of a 401 through azcore's own bearer
// policy: the token of az's cache is refused, the same request is sent again
// with a token az was asked for.
func TestRefusedInThePipeline(t *testing.T) {
	needsShell(t)
	calls := fakeTool(t, "az", azToken("from-az", time.Now().Add(time.Hour)))
	dir := azFolder(t, "a@example.com", "user")
	cached := writeCache(t, dir, time.Now().Add(time.Hour))
	var seen []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if r.Header.Get("Authorization") != "Bearer from-az" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	c := credential(t, Options{ConfigDir: dir})
	pipeline := runtime.NewPipeline("test", "v1", runtime.PipelineOptions{
		PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(c, armScope.Scopes, nil)},
	}, &policy.ClientOptions{
		Transport: server.Client(),
		Retry:     policy.RetryOptions{MaxRetries: 1, RetryDelay: time.Millisecond, StatusCodes: []int{http.StatusUnauthorized}},
	})
	for range 3 {
		request, err := runtime.NewRequest(t.Context(), http.MethodGet, server.URL)
		if err != nil {
			t.Fatal(err)
		}
		response, err := pipeline.Do(request)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%v %v", response, err)
		}
	}
	want := []string{cached, "from-az", "from-az", "from-az"}
	if !slices.Equal(seen, want) || strings.Count(calls(), "\n") != 1 {
		t.Errorf("tokens sent: %q\naz called: %q", seen, calls())
	}
}

// answers is a network that gives one answer.
type answers string

func (a answers) Do(request *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(string(a))), Request: request}, nil
}

func TestManagedIdentity(t *testing.T) {
	for _, name := range []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "IDENTITY_SERVER_THUMBPRINT"} {
		t.Setenv(name, "")
	}
	imds := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }))
	t.Cleanup(imds.Close)
	const answer = answers(`{"access_token": "msi-token", "expires_on": "4102444800", "expires_in": "3600", "resource": "r", "token_type": "Bearer"}`)
	tests := map[string]map[string]string{
		"virtual machine":   {},
		"user assigned":     {"AZURE_CLIENT_ID": testClient},
		"App Service":       {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi", "IDENTITY_HEADER": "h"},
		"compute instance":  {"MSI_ENDPOINT": "http://127.0.0.1:1/msi", "MSI_SECRET": "s", "DEFAULT_IDENTITY_CLIENT_ID": testClient},
		"Azure Cloud Shell": {"MSI_ENDPOINT": "http://127.0.0.1:1/msi", "AZURE_CLIENT_ID": testClient},
	}
	for name, env := range tests {
		t.Run(name, func(t *testing.T) {
			for k, v := range env {
				t.Setenv(k, v)
			}
			c := credential(t, Options{Mode: ModeMSI, Getenv: func(k string) string { return env[k] }, Transport: answer, imds: imds.URL})
			if got := token(t, c); got != "msi-token" || c.Source() != "managed identity" {
				t.Errorf("token %q from %q", got, c.Source())
			}
		})
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	tests := map[int]bool{400: true, 429: true, 410: true, 404: false, 403: false, 200: false, 502: false}
	for status, azure := range tests {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Metadata") != "" {
				t.Error("the probe must be one that is refused")
			}
			w.WriteHeader(status)
		}))
		err := probe(t.Context(), server.URL)
		server.Close()
		var missing *notThere
		if (err == nil) != azure || (err != nil && !errors.As(err, &missing)) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestTokenMode(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	clock := func() time.Time { return now }
	good := jwt(map[string]any{"exp": now.Add(time.Hour).Unix(), "upn": "a@example.com", "oid": "o", "tid": "t"})
	tests := []struct{ name, token, want string }{
		{"jwt", good, ""},
		{"opaque", "opaque-token", ""},
		{"newline at the end", good + "\n", ""},
		{"ended", jwt(map[string]any{"exp": now.Add(-time.Hour).Unix()}), "the token expired 2027-01-15T07:00:00Z"},
		{"missing", "", "it is not set"},
		{"header smuggling", "a\r\nX: y", "characters that tokens do not have"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := credential(t, Options{Mode: ModeToken, Now: clock, Getenv: environment("COMPUTETARGET_ACCESS_TOKEN", test.token)})
			got, err := c.GetToken(t.Context(), armScope)
			if test.want == "" {
				if err != nil || got.Token != strings.TrimSpace(test.token) {
					t.Errorf("%q, %v", got.Token, err)
				}
				return
			}
			e := asShown(t, err)
			if !strings.Contains(e.Error(), test.want) || e.Exit != 6 || !strings.Contains(e.Tip, "COMPUTETARGET_ACCESS_TOKEN") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestLoopbackGetsADummy(t *testing.T) {
	t.Parallel()
	target, err := Locate("public", "http://127.0.0.1:8443", "")
	if err != nil {
		t.Fatal(err)
	}
	env := servicePrincipal("AZURE_CLIENT_SECRET", "real-secret", "COMPUTETARGET_ACCESS_TOKEN", "real-token")
	for _, mode := range []string{ModeAuto, ModeEnv, ModeAzureCLI, ModeMSI} {
		l := newLogin(t)
		c := NewCredential(Options{Mode: mode, Target: target, Getenv: env, Transport: l, User: "ada"})
		got := token(t, c)
		claims, ok := decodeClaims(got)
		if !ok || claims.name() != "ada" || claims.Tenant != dummyTenant || len(claims.ObjectID) != 36 || len(l.hosts) != 0 ||
			!claims.isFor([]string{"https://management.core.windows.net"}) {
			t.Errorf("%s: %+v, spoke to %v", mode, claims, l.hosts)
		}
		id, err := c.Describe(t.Context())
		if err != nil || id.Name != "ada" || id.ObjectID != claims.ObjectID || id.Cloud != "http://127.0.0.1:8443" || id.Type != "user" {
			t.Errorf("%s: %+v, %v", mode, id, err)
		}
	}
	c := NewCredential(Options{Mode: ModeToken, Target: target, Getenv: env})
	if got := token(t, c); got != "real-token" {
		t.Errorf("token mode gave %q", got)
	}
	one, two := dummyToken("ada", "x", time.Unix(1, 0)), dummyToken("bob", "x", time.Unix(1, 0))
	if one == two {
		t.Error("two users are one")
	}
	if localUser(environment()) == "" {
		t.Error("this process runs as nobody")
	}
}

func TestForeignEndpointGetsOnlyATokenGiven(t *testing.T) {
	t.Parallel()
	target, err := Locate("public", "https://arm.example.com", "")
	if err != nil {
		t.Fatal(err)
	}
	l := newLogin(t)
	env := servicePrincipal("AZURE_CLIENT_SECRET", "s", "COMPUTETARGET_ACCESS_TOKEN", "given")
	for _, mode := range []string{ModeAuto, ModeEnv, ModeAzureCLI} {
		e := signInError(t, credential(t, Options{Mode: mode, Target: target, Getenv: env, Transport: l}))
		if !strings.Contains(e.Error(), "arm.example.com") || !strings.Contains(e.Tip, "--auth-mode token") || len(l.hosts) != 0 {
			t.Errorf("%s: %v (%s)", mode, e, e.Tip)
		}
	}
	if got := token(t, credential(t, Options{Mode: ModeToken, Target: target, Getenv: env})); got != "given" {
		t.Errorf("token = %q", got)
	}
}

func TestCancelled(t *testing.T) {
	needsShell(t)
	fakeTool(t, "az", "sleep 30")
	c := credential(t, Options{Mode: ModeAzureCLI, ConfigDir: t.TempDir()})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by the user")
	cancel(stop)
	if _, err := c.GetToken(ctx, armScope); !errors.Is(err, stop) {
		t.Errorf("err = %v", err)
	}
}

func TestClaimsChallengePassesBy(t *testing.T) {
	needsShell(t)
	fakeTool(t, "az", azToken("from-az", time.Now().Add(time.Hour)))
	dir := azFolder(t, "a@example.com", "user")
	writeCache(t, dir, time.Now().Add(time.Hour))
	c := credential(t, Options{Mode: ModeAzureCLI, ConfigDir: dir})
	token(t, c)
	challenged := armScope
	challenged.Claims = `{"access_token":{"nbf":{"essential":true}}}`
	_, err := c.GetToken(t.Context(), challenged)
	e := asShown(t, err)
	if !strings.Contains(e.Error(), "az login") || e.Exit != 6 {
		t.Errorf("err = %v", err)
	}
}

// rsaPair makes a certificate and its key in one PEM file, as Entra ID wants
// them of a service principal.
func rsaPair(t *testing.T) []byte {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sp"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
}

// selfSigned makes a certificate for a name and its key.
func selfSigned(t *testing.T, name string) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, Issuer: pkix.Name{CommonName: name},
		DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// What the identity service of a platform answers is an assertion or an error,
// which tells neither the key nor what was answered.
func FuzzAssertion(f *testing.F) {
	for _, seed := range []string{`{"value":"a.b.c","count":1}`, `{"value":""}`, `{"value":7}`, `{"Value":"x"}`, `{}`, `[]`, `null`, ``, "<html>\x1b[2J</html>", `{"value":"a"`} {
		f.Add(200, seed)
	}
	f.Add(302, "moved")
	f.Add(403, `{"value":"a.b.c"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 999 {
			t.Skip()
		}
		answer := carrier(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
		got, err := githubAssertion(t.Context(), answer, "https://github.example/token?api-version=2", "sesame", "api://x")
		if err == nil && (got == "" || status != http.StatusOK || !strings.Contains(body, `"`)) {
			t.Errorf("%d %q: %q", status, body, got)
		}
		if err != nil && (got != "" || strings.Contains(err.Error(), "sesame") || strings.ContainsFunc(err.Error(), unicode.IsControl)) {
			t.Errorf("%d %q: %q, %v", status, body, got, err)
		}
	})
}

type carrier func(*http.Request) (*http.Response, error)

func (c carrier) Do(r *http.Request) (*http.Response, error) { return c(r) }
