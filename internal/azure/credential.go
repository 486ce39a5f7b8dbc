package azure

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Auth modes: which source of tokens to use.
const (
	ModeAuto     = "auto"     // the first available source below
	ModeEnv      = "env"      // AZURE_CLIENT_ID, AZURE_TENANT_ID and a secret or certificate
	ModeWorkload = "workload" // a federated token file, GitHub Actions or Azure Pipelines
	ModeAzureCLI = "azurecli" // the session of az login
	ModeMSI      = "msi"      // the managed identity of this machine
	ModeAzd      = "azd"      // the session of azd auth login
	ModeToken    = "token"    // the access token in COMPUTETARGET_ACCESS_TOKEN
)

// Modes lists the values of --auth-mode.
func Modes() []string {
	return []string{ModeAuto, ModeEnv, ModeWorkload, ModeAzureCLI, ModeMSI, ModeAzd, ModeToken}
}

// Options say how to sign in. The zero value of a field means its default.
type Options struct {
	Mode      string              // one of Modes; default auto
	Target    Target              // where requests go
	ConfigDir string              // az's folder; see ConfigDir
	Getenv    func(string) string // default os.Getenv
	// Subscription is the id of the current subscription. If az knows it,
	// tokens are for the account and tenant that az uses for it.
	Subscription string
	// Transport sends the sign-in requests; default a plain HTTP client.
	Transport policy.Transporter
	Now       func() time.Time // default time.Now
	// User is the name in the dummy token for a loopback endpoint; default the
	// operating system's user.
	User string

	imds string // the instance metadata service; tests point it elsewhere
}

// margin is how long a token must remain valid to be used again.
const margin = 5 * time.Minute

// Credential supplies access tokens. It picks a source for the first token,
// keeps it, and renews its tokens for the life of the process. It is safe for
// concurrent use.
type Credential struct {
	opts    Options
	profile func() (*Profile, error) // az's, read once
	turn    chan struct{}            // holds one value: its taker may sign in

	mu     sync.Mutex // guards the fields below
	source *source
	tokens map[string]*heldToken
	// distrust is true once the service refused a token from az's cache; after
	// that, az itself is run.
	distrust bool
}

// heldToken is a token kept in memory.
type heldToken struct {
	azcore.AccessToken
	fromCache bool // read from az's token cache, so az may have a better one
	used      bool // returned for signing requests
}

// NewCredential returns a credential, which signs in when it is asked for the
// first token.
func NewCredential(opts Options) *Credential {
	opts = opts.withDefaults()
	c := &Credential{opts: opts, turn: make(chan struct{}, 1), tokens: map[string]*heldToken{}}
	c.profile = sync.OnceValues(func() (*Profile, error) { return ReadProfile(opts.ConfigDir) })
	c.turn <- struct{}{}
	return c
}

func (o Options) withDefaults() Options {
	o.Mode = cmp.Or(o.Mode, ModeAuto)
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		o.Transport = &http.Client{Transport: &http.Transport{Proxy: proxyFunc(o.Getenv), ForceAttemptHTTP2: true}}
	}
	if o.imds == "" {
		o.imds = "http://169.254.169.254"
	}
	return o
}

// GetToken implements azcore.TokenCredential. Tokens are kept in memory until
// five minutes before they expire, or until their issuer suggests to renew
// them. A renewal that fails while the old token still lives returns the old
// one. A failure to sign in is an exit.Error with the code for sign-in.
//
// azcore's bearer policy keeps a valid token and asks again only after the
// service refused it (401). If it asks again for a token from az's cache, that
// cache is no longer trusted, and az itself is run.
func (c *Credential) GetToken(ctx context.Context, request policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return c.get(ctx, request, true)
}

// get is GetToken; use tells whether the token will sign requests.
func (c *Credential) get(ctx context.Context, request policy.TokenRequestOptions, use bool) (azcore.AccessToken, error) {
	key := strings.Join(append([]string{request.TenantID}, request.Scopes...), " ")
	if token, ok := c.held(key, request, use); ok {
		return token, nil
	}
	select {
	case <-c.turn:
		defer func() { c.turn <- struct{}{} }()
	case <-ctx.Done():
		return azcore.AccessToken{}, context.Cause(ctx)
	}
	// Another goroutine may have signed in meanwhile.
	if token, ok := c.held(key, request, use); ok {
		return token, nil
	}
	token, err := c.signIn(ctx, request)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		old := c.tokens[key]
		refused := old != nil && old.fromCache && c.distrust
		if old != nil && !refused && request.Claims == "" && old.ExpiresOn.After(c.opts.Now().Add(30*time.Second)) {
			return old.AccessToken, nil
		}
		return azcore.AccessToken{}, err
	}
	token.used = use
	c.tokens[key] = token
	return token.AccessToken, nil
}

// held returns the token in memory if it is still usable.
func (c *Credential) held(key string, request policy.TokenRequestOptions, use bool) (azcore.AccessToken, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	token := c.tokens[key]
	now := c.opts.Now()
	if token == nil || request.Claims != "" || !token.ExpiresOn.After(now.Add(margin)) ||
		(!token.RefreshOn.IsZero() && !token.RefreshOn.After(now)) {
		return azcore.AccessToken{}, false
	}
	if token.fromCache && token.used && use {
		c.distrust = true
		return azcore.AccessToken{}, false
	}
	token.used = token.used || use
	return token.AccessToken, true
}

// signIn requests a token, and picks a source first if necessary. The caller
// holds the turn.
func (c *Credential) signIn(ctx context.Context, request policy.TokenRequestOptions) (*heldToken, error) {
	c.mu.Lock()
	chosen := c.source
	c.mu.Unlock()
	if chosen != nil {
		token, err := chosen.token(ctx, request)
		if err == nil {
			return token, nil
		}
		return nil, c.failure(ctx, []attempt{c.attempt(chosen, err)}, err, true)
	}
	var tried []attempt
	var cause error
	for _, candidate := range c.sources() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		token, err := candidate.token(ctx, request)
		if err == nil {
			c.mu.Lock()
			c.source = candidate
			c.mu.Unlock()
			return token, nil
		}
		cause = err
		tried = append(tried, c.attempt(candidate, err))
		// The user chose a source that exists but fails. Trying the next one
		// would silently act under another identity.
		if !tried[len(tried)-1].missing {
			tried = tried[len(tried)-1:]
			break
		}
	}
	return nil, c.failure(ctx, tried, cause, false)
}

func (c *Credential) attempt(s *source, err error) attempt {
	var missing *notThere
	text := reason(err)
	for _, secret := range s.secrets {
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	var garbled *garbledAnswer
	return attempt{mode: s.mode, source: s.name, reason: text, missing: errors.As(err, &missing), garbled: errors.As(err, &garbled)}
}

// InstanceToken returns a token for the Resource Manager to be sent to an instance,
// whose Jupyter takes it. refused tells that it did not take the last one: a token
// from az's cache is then replaced by az itself, as with GetToken.
func (c *Credential) InstanceToken(ctx context.Context, refused bool) (string, error) {
	token, err := c.get(ctx, policy.TokenRequestOptions{Scopes: []string{c.opts.Target.Cloud.Scope()}}, refused)
	return token.Token, err
}

// Source describes where the tokens come from; "" before the first one.
func (c *Credential) Source() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.source == nil {
		return ""
	}
	return c.source.name
}

// Identity is the identity of a Credential. It never contains the token.
type Identity struct {
	Name         string    // sign-in name of a user, name or client id of an application
	ObjectID     string    // the directory's id of the user or service principal
	Tenant       string    // tenant id
	Type         string    // user or servicePrincipal
	Source       string    // where the token came from, in words
	Cloud        string    // az's name of the cloud, or the endpoint
	Subscription string    // id of the current subscription, from Options
	Expires      time.Time // when the current token expires
}

// Describe signs in if necessary and returns the identity from the token. The
// names are empty if the token is not a readable JWT.
func (c *Credential) Describe(ctx context.Context) (Identity, error) {
	token, err := c.get(ctx, policy.TokenRequestOptions{Scopes: []string{c.opts.Target.Cloud.Scope()}}, false)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{
		Source:       c.Source(),
		Cloud:        c.opts.Target.Cloud.Name,
		Subscription: c.opts.Subscription,
		Expires:      token.ExpiresOn,
	}
	if id.Cloud == "" {
		id.Cloud = c.opts.Target.Cloud.Endpoint
	}
	claims, ok := decodeClaims(token.Token)
	if !ok {
		return id, nil
	}
	id.Name, id.ObjectID, id.Tenant, id.Type = claims.name(), claims.ObjectID, claims.Tenant, claims.kind()
	return id, nil
}
