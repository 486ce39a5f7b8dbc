// Package signin is what clients ask before they ask Resource Manager: the
// endpoints of the cloud, and tokens.
//
// Sign-in endpoints stand under /adfs: that is the one form of an authority that
// clients built on MSAL accept without asking Microsoft about the host. Every
// secret is right: the emulator protects nothing. Tokens are JWTs without a
// signature, valid for an hour of wall clock time, since clients compare it with
// their own clocks.
package signin

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

const (
	prefix        = "adfs"
	tokenLifetime = time.Hour

	graphPrefix = "graph" // of Microsoft Graph, which has an audience of its own
)

// The audiences of ARM in Microsoft's clouds, which clients ask tokens for
// whatever endpoint they are pointed at.
var publicAudiences = []string{
	"https://management.azure.com", "https://management.core.windows.net",
	"https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn",
	"https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net",
}

// The audiences of Microsoft Graph in the clouds.
var graphAudiences = []string{
	"https://graph.microsoft.com", "https://graph.microsoft.us", "https://dod-graph.microsoft.us", "https://microsoftgraph.chinacloudapi.cn",
}

// Provider answers OpenID discovery, OAuth2 for the grants of client credentials
// and of a password, and what a cloud's endpoints are.
func Provider() *arm.Provider {
	return &arm.Provider{
		Plane: &arm.Plane{Roots: []string{prefix, "metadata"}},
		Routes: []arm.Route{
			{Method: "GET", Path: prefix + "/{*}/.well-known/openid-configuration", NoVersion: true, Handle: discover},
			{Method: "GET", Path: prefix + "/discovery/keys", NoVersion: true, Handle: listKeys},
			{Method: "POST", Path: prefix + "/{*}/oauth2/token", NoVersion: true, Handle: grant},
			{Method: "POST", Path: prefix + "/{*}/oauth2/v2.0/token", NoVersion: true, Handle: grant},
			{Method: "GET", Path: "metadata/endpoints", Handle: cloudEndpoints},
		},
	}
}

// claims are those of a bearer token that the emulator looks at.
type claims struct {
	OID, TID, Name string
	Aud, Exp       any
}

// read reads the claims of a token that is a JWT. Signatures are not checked.
func read(authorization string) (c claims, given, ok bool) {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return c, false, false
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, true, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	ok = err == nil && json.Unmarshal(raw, &c) == nil
	return c, true, ok
}

// Caller is whom an Authorization header names, or arm.Anybody.
func Caller(authorization string) arm.Person {
	p := arm.Anybody
	c, _, ok := read(authorization)
	if !ok {
		return p
	}
	if c.OID != "" {
		p.ObjectID = c.OID
	}
	if c.TID != "" {
		p.TenantID = c.TID
	}
	p.Name = c.Name
	return p
}

// Check refuses a request whose Authorization header has no token for Resource
// Manager, or for Microsoft Graph on its paths, that is still valid.
func Check(q *arm.Request, authorization string) error {
	here, allowed := q.Base, publicAudiences
	if q.Under(graphPrefix) {
		here, allowed = q.Base+"/"+graphPrefix, graphAudiences
	}
	if err := Verify(q, authorization, append([]string{here}, allowed...)...); err != nil {
		return err
	}
	return nil
}

// Verify tells what is wrong with the token in an Authorization header for one of
// the audiences, or returns nil.
func Verify(q *arm.Request, authorization string, audiences ...string) *arm.Error {
	refuse := func(code, format string, a ...any) *arm.Error {
		e := arm.Fail(http.StatusUnauthorized, code, format, a...)
		e.Header = http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + q.Base + "/" + prefix + `", error="invalid_token", error_description="` + e.Message + `"`}}
		return e
	}
	c, given, ok := read(authorization)
	if !given {
		return refuse("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
	}
	if !ok {
		return refuse("InvalidAuthenticationToken", "The access token is invalid.")
	}
	audience, _ := c.Aud.(string)
	audience = strings.TrimRight(audience, "/")
	if !slices.ContainsFunc(audiences, func(a string) bool { return strings.EqualFold(a, audience) }) {
		return refuse("InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource. It should exactly match one of the allowed audiences '%s'.",
			strings.Join(audiences, "','"))
	}
	if expires, _ := c.Exp.(float64); float64(time.Now().Unix()) >= expires {
		return refuse("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")
	}
	return nil
}

func discover(_ *arm.Tx, q *arm.Request) (*arm.Response, error) {
	here := q.Base + "/" + prefix
	return arm.OK(new(arm.Object).
		Set("issuer", here).
		Set("authorization_endpoint", here+"/oauth2/authorize").
		Set("token_endpoint", here+"/oauth2/token").
		Set("jwks_uri", here+"/discovery/keys").
		Set("token_endpoint_auth_methods_supported", []string{"client_secret_post", "private_key_jwt"}).
		Set("response_types_supported", []string{"code", "id_token", "token"}).
		Set("response_modes_supported", []string{"query", "fragment", "form_post"}).
		Set("subject_types_supported", []string{"pairwise"}).
		Set("id_token_signing_alg_values_supported", []string{"RS256"}).
		Set("scopes_supported", []string{"openid", "profile", "user_impersonation"})), nil
}

func listKeys(*arm.Tx, *arm.Request) (*arm.Response, error) {
	return arm.OK(new(arm.Object).Set("keys", []string{})), nil
}

// grant answers a request for a token.
func grant(_ *arm.Tx, q *arm.Request) (*arm.Response, error) {
	form, err := url.ParseQuery(string(q.Body))
	if err != nil {
		return refuseGrant("invalid_request", "The body is not a form."), nil
	}
	who := form.Get("client_id")
	switch form.Get("grant_type") {
	case "client_credentials":
		if form.Get("client_secret") == "" && form.Get("client_assertion") == "" {
			return refuseGrant("invalid_client", "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'."), nil
		}
	case "password":
		who = form.Get("username")
	default:
		return refuseGrant("unsupported_grant_type", "The emulator knows the grants client_credentials and password."), nil
	}
	if who == "" {
		return refuseGrant("invalid_request", "AADSTS900144: The request body must contain the following parameter: 'client_id'."), nil
	}
	now := time.Now()
	token, err := unsignedToken(map[string]any{
		"aud": audienceOf(form, q.Base), "iss": q.Base + "/" + prefix, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tokenLifetime).Unix(),
		"oid": arm.StableUUID("principal " + who), "sub": arm.StableUUID("principal " + who), "tid": arm.Anybody.TenantID, "appid": form.Get("client_id"), "name": who, "ver": "1.0",
	})
	if err != nil {
		return nil, err
	}
	return arm.OK(new(arm.Object).
		Set("token_type", "Bearer").Set("expires_in", int(tokenLifetime.Seconds())).Set("ext_expires_in", int(tokenLifetime.Seconds())).
		Set("access_token", token)), nil
}

func refuseGrant(code, text string) *arm.Response {
	return arm.NewResponse(http.StatusBadRequest).JSON(new(arm.Object).Set("error", code).Set("error_description", text))
}

// audienceOf is whom a token is for: the resource of OAuth2's first version, or
// the scope of the second without its last word.
func audienceOf(form url.Values, base string) string {
	if resource := form.Get("resource"); resource != "" {
		return resource
	}
	for _, scope := range strings.Fields(form.Get("scope")) {
		if i := strings.LastIndexByte(scope, '/'); i > len("https://") {
			return strings.TrimRight(scope[:i], "/")
		}
	}
	return base
}

// unsignedToken is a JWT that proves nothing.
func unsignedToken(claims map[string]any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part(body) + ".", nil
}

// cloudEndpoints answers clients that learn a cloud from its Resource Manager:
// a list until 2022-09-01, one cloud from then on.
func cloudEndpoints(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	_, host, _ := strings.Cut(q.Base, "://")
	suffixes := new(arm.Object)
	for _, p := range t.Providers {
		if p.Plane != nil && p.Plane.Suffix != "" {
			suffixes.Set(p.Plane.Suffix, host+"/"+p.Plane.Roots[0])
		}
	}
	o := new(arm.Object).
		Set("name", "computetarget-emulator").
		Set("portal", q.Base).
		Set("resourceManager", q.Base).
		Set("gallery", q.Base).Set("graph", q.Base).Set("graphAudience", q.Base).Set("microsoftGraphResourceId", q.Base+"/"+graphPrefix+"/").
		Set("batch", q.Base).Set("media", q.Base).Set("sqlManagement", q.Base).Set("vmImageAliasDoc", q.Base).
		Set("activeDirectoryDataLake", q.Base).Set("logAnalyticsResourceId", q.Base).Set("appInsightsResourceId", q.Base).
		Set("authentication", new(arm.Object).
			Set("loginEndpoint", q.Base+"/"+prefix).
			Set("audiences", []string{q.Base}).
			Set("tenant", prefix).
			Set("identityProvider", "ADFS")).
		Set("suffixes", suffixes.
			Set("keyVaultDns", "vault.localhost").Set("sqlServerHostname", "database.localhost").
			Set("acrLoginServer", "azurecr.localhost").Set("azureDataLakeStoreFileSystem", "datalake.localhost").
			Set("azureDataLakeAnalyticsCatalogAndJob", "analytics.localhost"))
	if q.Query.Get("api-version") >= "2022-09-01" {
		return arm.OK(o), nil
	}
	res := arm.OK(o)
	res.Body = append(append([]byte{'['}, res.Body...), ']')
	return res, nil
}
