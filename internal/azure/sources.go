package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/computetarget/computetarget/internal/input"
)

// source is a source of tokens.
type source struct {
	mode    string
	name    string // in words, for errors and auth status
	secrets []string
	// token asks for a token. A *notThere error means that the source does
	// not exist here.
	token func(context.Context, policy.TokenRequestOptions) (*heldToken, error)
}

// azPatience is how long az and azd may take to print a token. On a cold
// network drive, Python takes most of a minute.
const azPatience = 55 * time.Second

// sources lists the sources to try, in order.
func (c *Credential) sources() []*source {
	if c.opts.Mode == ModeToken {
		return []*source{c.tokenSource()}
	}
	if c.opts.Target.Loopback {
		return []*source{c.dummySource()}
	}
	if c.opts.Target.Foreign {
		return []*source{{mode: c.opts.Mode, name: "endpoint " + c.opts.Target.Cloud.Endpoint,
			token: unavailable("is not an endpoint of a known cloud, so it gets no token of yours")}}
	}
	all := []*source{c.envSource(), c.workloadSource(), c.azSource(), c.managedIdentitySource(), c.azdSource()}
	if c.opts.Mode != ModeAuto {
		for _, s := range all {
			if s.mode == c.opts.Mode {
				return []*source{s}
			}
		}
	}
	allowed, err := allowedModes(c.opts.Getenv("AZURE_TOKEN_CREDENTIALS"))
	if err != nil {
		return []*source{{mode: ModeAuto, name: "AZURE_TOKEN_CREDENTIALS", token: unavailable(err.Error())}}
	}
	var chosen []*source
	for _, s := range all {
		if oneOf(allowed, s.mode) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// allowedModes reads AZURE_TOKEN_CREDENTIALS as the Azure SDKs do: a choice
// among the sources of mode auto.
func allowedModes(value string) ([]string, error) {
	modes, ok := map[string][]string{
		"":                            Modes(),
		"dev":                         {ModeAzureCLI, ModeAzd},
		"prod":                        {ModeEnv, ModeWorkload, ModeMSI},
		"environmentcredential":       {ModeEnv},
		"workloadidentitycredential":  {ModeWorkload},
		"managedidentitycredential":   {ModeMSI},
		"azureclicredential":          {ModeAzureCLI},
		"azuredeveloperclicredential": {ModeAzd},
	}[strings.ToLower(value)]
	if !ok {
		return nil, fmt.Errorf("%q is not dev, prod or a supported credential", value)
	}
	return modes, nil
}

func unavailable(reason string) func(context.Context, policy.TokenRequestOptions) (*heldToken, error) {
	return func(context.Context, policy.TokenRequestOptions) (*heldToken, error) {
		return nil, &notThere{reason}
	}
}

// clientOptions directs azidentity to the cloud's sign-in service through our
// transport.
func (c *Credential) clientOptions(transport policy.Transporter) azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud: cloud.Configuration{
			ActiveDirectoryAuthorityHost: c.opts.Target.Cloud.Authority,
			Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{},
		},
		Transport: transport,
		Retry:     policy.RetryOptions{MaxRetries: 2, RetryDelay: 500 * time.Millisecond, MaxRetryDelay: 10 * time.Second},
	}
}

// remembering keeps the last network error, which azidentity reduces to text.
type remembering struct {
	next policy.Transporter
	mu   sync.Mutex
	last error
}

func (r *remembering) Do(request *http.Request) (*http.Response, error) {
	response, err := r.next.Do(request)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = err
	return response, err
}

func (r *remembering) explain(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if network := unreached(r.last); err != nil && network != nil {
		return network
	}
	return err
}

// through wraps an azidentity credential, built on first use, as a source.
func (c *Credential) through(mode, name string, secrets []string,
	build func(azcore.ClientOptions) (azcore.TokenCredential, error)) *source {
	network := &remembering{next: c.opts.Transport}
	credential := sync.OnceValues(func() (azcore.TokenCredential, error) { return build(c.clientOptions(network)) })
	return &source{
		mode: mode, name: name, secrets: secrets,
		token: func(ctx context.Context, request policy.TokenRequestOptions) (*heldToken, error) {
			built, err := credential()
			if err != nil {
				return nil, err
			}
			token, err := built.GetToken(ctx, request)
			if err != nil {
				return nil, network.explain(err)
			}
			return &heldToken{AccessToken: token}, nil
		},
	}
}

// envSource is a service principal whose secret or certificate is in the
// environment, under the names all Azure SDKs share.
func (c *Credential) envSource() *source {
	env := c.opts.Getenv
	client, tenant := env("AZURE_CLIENT_ID"), env("AZURE_TENANT_ID")
	secret, certificate := env("AZURE_CLIENT_SECRET"), env("AZURE_CLIENT_CERTIFICATE_PATH")
	name := "environment"
	switch {
	case client == "" || tenant == "":
		return &source{mode: ModeEnv, name: name, token: unavailable("AZURE_CLIENT_ID and AZURE_TENANT_ID are not both set")}
	case secret == "" && certificate == "":
		return &source{mode: ModeEnv, name: name, token: unavailable("neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set")}
	}
	name = "environment (service principal " + client + ")"
	password := env("AZURE_CLIENT_CERTIFICATE_PASSWORD")
	return c.through(ModeEnv, name, []string{secret, password}, func(options azcore.ClientOptions) (azcore.TokenCredential, error) {
		if secret != "" {
			return azidentity.NewClientSecretCredential(tenant, client, secret,
				&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		}
		data, err := input.Plain(certificate)
		if err != nil {
			return nil, fmt.Errorf("AZURE_CLIENT_CERTIFICATE_PATH: %w", err)
		}
		certs, key, err := azidentity.ParseCertificates(data, []byte(password))
		if err != nil {
			return nil, fmt.Errorf("%s has no usable certificate and key (%w)", certificate, err)
		}
		send := env("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
		return azidentity.NewClientCertificateCredential(tenant, client, certs, key, &azidentity.ClientCertificateCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: true,
			SendCertificateChain: send == "1" || strings.EqualFold(send, "true"),
		})
	})
}

// azSource is the session of az login: az's token cache first, then az itself.
func (c *Credential) azSource() *source {
	return &source{mode: ModeAzureCLI, name: "az session",
		token: func(ctx context.Context, request policy.TokenRequestOptions) (*heldToken, error) {
			account, known := c.account()
			c.mu.Lock()
			look := known && !c.distrust
			c.mu.Unlock()
			if look && request.Claims == "" && c.isForCloud(request) &&
				(request.TenantID == "" || strings.EqualFold(request.TenantID, account.Tenant)) {
				if token, ok := cachedToken(c.opts.ConfigDir, account, c.opts.Target.Cloud, c.opts.Now()); ok {
					return &heldToken{AccessToken: token, fromCache: true}, nil
				}
			}
			return c.askAz(ctx, request, account, known)
		}}
}

// isForCloud reports whether a token request is for the cloud's Resource
// Manager, the only tokens read from az's cache.
func (c *Credential) isForCloud(request policy.TokenRequestOptions) bool {
	return len(request.Scopes) == 1 && targets(request.Scopes[0], c.opts.Target.Cloud.Audiences)
}

// account is the entry of az's profile whose sign-in applies.
func (c *Credential) account() (Subscription, bool) {
	profile, err := c.profile()
	if err != nil {
		return Subscription{}, false
	}
	return profile.Account(c.opts.Target.Cloud.Name, c.opts.Subscription)
}

func (c *Credential) tenant() string {
	account, _ := c.account()
	return account.Tenant
}

// askAz runs az account get-access-token.
func (c *Credential) askAz(ctx context.Context, request policy.TokenRequestOptions, account Subscription, known bool) (*heldToken, error) {
	current, err := CurrentCloud(c.opts.Getenv, c.opts.ConfigDir)
	if err == nil && current != c.opts.Target.Cloud.Name {
		return nil, &notThere{fmt.Sprintf("az is set to cloud %s, not %s (az cloud set -n %s)",
			current, c.opts.Target.Cloud.Name, c.opts.Target.Cloud.Name)}
	}
	options := &azidentity.AzureCLICredentialOptions{}
	// az takes a subscription or a tenant, not both.
	if request.TenantID == "" && known && account.User != "" {
		options.Subscription = account.ID
	}
	credential, err := azidentity.NewAzureCLICredential(options)
	if err != nil {
		return nil, err
	}
	token, err := ask(ctx, "az", credential, request)
	if err != nil && !known && strings.Contains(err.Error(), "az login") {
		err = &notThere{"nobody is signed in with az login"}
	}
	return token, err
}

// azdSource is the session of azd auth login.
func (c *Credential) azdSource() *source {
	return &source{mode: ModeAzd, name: "azd session",
		token: func(ctx context.Context, request policy.TokenRequestOptions) (*heldToken, error) {
			credential, err := azidentity.NewAzureDeveloperCLICredential(nil)
			if err != nil {
				return nil, err
			}
			token, err := ask(ctx, "azd", credential, request)
			if err != nil && strings.Contains(err.Error(), "auth login") {
				err = &notThere{"nobody is signed in with azd auth login"}
			}
			return token, err
		}}
}

// ask runs a tool that prints a token, with our own timeout: azidentity's is
// ten seconds.
func ask(ctx context.Context, tool string, credential azcore.TokenCredential, request policy.TokenRequestOptions) (*heldToken, error) {
	ctx, cancel := context.WithTimeout(ctx, azPatience)
	defer cancel()
	token, err := credential.GetToken(ctx, request)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, fmt.Errorf("%s printed no token within %s: %w", tool, azPatience, context.DeadlineExceeded)
	}
	switch {
	case err != nil && unreadable(err):
		return nil, &garbledAnswer{tool, oneLine(err.Error())}
	case err != nil && strings.Contains(err.Error(), "executable not found on path"):
		return nil, &notThere{tool + " is not installed"}
	case err != nil:
		return nil, err
	case token.Token == "":
		return nil, &garbledAnswer{tool, "it contains no token"}
	}
	return &heldToken{AccessToken: token}, nil
}

// unreadable reports whether a tool printed something other than a token, as
// opposed to failing.
func unreadable(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind) || strings.Contains(err.Error(), "error parsing token expiration time")
}

// CurrentCloud is az's active cloud: AZURE_CLOUD_NAME, else [cloud] name in
// az's configuration, else AzureCloud.
func CurrentCloud(getenv func(string) string, configDir string) (string, error) {
	if name := getenv("AZURE_CLOUD_NAME"); name != "" {
		return CanonicalCloud(name), nil
	}
	if configDir == "" {
		return Public, nil
	}
	ini, err := ReadINI(filepath.Join(configDir, "config"))
	if err != nil {
		return "", err
	}
	if name := ini.Get("cloud", "name"); name != "" {
		return CanonicalCloud(name), nil
	}
	return Public, nil
}

// managedIdentitySource is the identity of the machine or service this process
// runs on. If no variable announces it, the metadata service of virtual
// machines is probed first, for at most a second, because outside Azure nothing
// answers.
func (c *Credential) managedIdentitySource() *source {
	env := c.opts.Getenv
	announced := env("IDENTITY_ENDPOINT") != "" || env("MSI_ENDPOINT") != "" || env("IMDS_ENDPOINT") != ""
	cloudShell := env("MSI_ENDPOINT") != "" && env("MSI_SECRET") == "" && env("IDENTITY_ENDPOINT") == ""
	s := c.through(ModeMSI, "managed identity", nil, func(client azcore.ClientOptions) (azcore.TokenCredential, error) {
		options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: client}
		if id := env("AZURE_CLIENT_ID"); id != "" && !cloudShell {
			options.ID = azidentity.ClientID(id)
		}
		return azidentity.NewManagedIdentityCredential(options)
	})
	next := s.token
	s.token = func(ctx context.Context, request policy.TokenRequestOptions) (*heldToken, error) {
		if !announced {
			if err := probe(ctx, c.opts.imds); err != nil {
				return nil, err
			}
		}
		return next(ctx, request)
	}
	return s
}

// probe sends the metadata service an invalid token request: only Azure answers
// it with 400.
func probe(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/metadata/identity/oauth2/token", nil)
	if err != nil {
		return err
	}
	// The address is this machine's own network: a proxy would answer for
	// another machine.
	direct := &http.Transport{DisableKeepAlives: true}
	response, err := direct.RoundTrip(request)
	if err != nil {
		return &notThere{"this machine has none (no Azure metadata service answers)"}
	}
	_ = response.Body.Close()
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusGone, http.StatusTooManyRequests:
		return nil
	}
	return &notThere{"this machine has none (its metadata service is not Azure's)"}
}

// tokenSource is the access token in COMPUTETARGET_ACCESS_TOKEN.
func (c *Credential) tokenSource() *source {
	token := strings.TrimSpace(c.opts.Getenv("COMPUTETARGET_ACCESS_TOKEN"))
	s := &source{mode: ModeToken, name: "COMPUTETARGET_ACCESS_TOKEN", secrets: []string{token}}
	s.token = func(context.Context, policy.TokenRequestOptions) (*heldToken, error) {
		if token == "" {
			return nil, &notThere{"it is not set"}
		}
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, errors.New("it contains characters that tokens do not have")
		}
		now := c.opts.Now()
		// A token without an expiry time is accepted.
		expires := now.Add(time.Hour)
		if claims, ok := decodeClaims(token); ok {
			if at, ok := claims.expires(); ok {
				expires = at
			}
		}
		if !expires.After(now) {
			return nil, fmt.Errorf("the token expired %s", expires.UTC().Format(time.RFC3339))
		}
		return &heldToken{AccessToken: azcore.AccessToken{Token: token, ExpiresOn: expires.UTC()}}, nil
	}
	return s
}

// dummySource is for servers on this machine, which check nothing.
func (c *Credential) dummySource() *source {
	return &source{mode: c.opts.Mode, name: "dummy token for this machine",
		token: func(_ context.Context, request policy.TokenRequestOptions) (*heldToken, error) {
			name := c.opts.User
			if name == "" {
				name = localUser(c.opts.Getenv)
			}
			now := c.opts.Now()
			scope := strings.Join(request.Scopes, " ")
			return &heldToken{AccessToken: azcore.AccessToken{
				Token: dummyToken(name, scope, now), ExpiresOn: now.AddDate(1, 0, 0).UTC()}}, nil
		}}
}
