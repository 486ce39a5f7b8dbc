package emulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Sign-in endpoints stand under /adfs: that is the one form of an authority that
// clients built on MSAL accept without asking Microsoft about the host. Every
// secret is right: the emulator protects nothing. Tokens are JWTs without a
// signature, valid for an hour of wall clock time, since clients compare it with
// their own clocks.
const (
	signInPrefix  = "adfs"
	tokenLifetime = time.Hour
)

// The audiences of ARM in Microsoft's clouds, which clients ask tokens for
// whatever endpoint they are pointed at.
var publicAudiences = []string{
	"https://management.azure.com", "https://management.core.windows.net",
	"https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn",
	"https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net",
}

func isSignIn(q *request) bool { return q.under(signInPrefix) }

// authorize refuses a request without a token for this endpoint that is still
// valid. Signatures are not checked.
func (t *tx) authorize(q *request) error {
	if !t.e.opts.StrictAuth || isSignIn(q) || q.under("metadata") {
		return nil
	}
	refuse := func(code, format string, a ...any) error {
		e := fail(http.StatusUnauthorized, code, format, a...)
		e.header = http.Header{"Www-Authenticate": {`Bearer authorization_uri="` + q.base + "/" + signInPrefix + `", error="invalid_token", error_description="` + e.Message + `"`}}
		return e
	}
	scheme, token, _ := strings.Cut(q.authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return refuse("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
	}
	var claims struct {
		Aud string
		Exp float64
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return refuse("InvalidAuthenticationToken", "The access token is invalid.")
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		return refuse("InvalidAuthenticationToken", "The access token is invalid.")
	}
	audience := strings.TrimRight(claims.Aud, "/")
	if !slices.Contains(publicAudiences, audience) && !strings.EqualFold(audience, q.base) {
		return refuse("InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource. It should exactly match one of the allowed audiences '%s'.",
			strings.Join(append([]string{q.base}, publicAudiences...), "','"))
	}
	if float64(time.Now().Unix()) >= claims.Exp {
		return refuse("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")
	}
	return nil
}

// signIn answers OpenID discovery, and OAuth2 for the grants of client
// credentials and of a password.
func signIn(_ *tx, q *request) (*response, error) {
	here := q.base + "/" + signInPrefix
	last := strings.ToLower(strings.Join(q.path[1:], "/"))
	switch {
	case q.method == http.MethodGet && strings.HasSuffix(last, ".well-known/openid-configuration"):
		return newResponse(http.StatusOK).json(new(object).
			set("issuer", here).
			set("authorization_endpoint", here+"/oauth2/authorize").
			set("token_endpoint", here+"/oauth2/token").
			set("jwks_uri", here+"/discovery/keys").
			set("token_endpoint_auth_methods_supported", []string{"client_secret_post", "private_key_jwt"}).
			set("response_types_supported", []string{"code", "id_token", "token"}).
			set("response_modes_supported", []string{"query", "fragment", "form_post"}).
			set("subject_types_supported", []string{"pairwise"}).
			set("id_token_signing_alg_values_supported", []string{"RS256"}).
			set("scopes_supported", []string{"openid", "profile", "user_impersonation"})), nil
	case q.method == http.MethodGet && last == "discovery/keys":
		return newResponse(http.StatusOK).json(new(object).set("keys", []string{})), nil
	case q.method == http.MethodPost && (strings.HasSuffix(last, "oauth2/token") || strings.HasSuffix(last, "oauth2/v2.0/token")):
		return grant(q)
	}
	return nil, fail(http.StatusNotFound, "NotFound", "There is no sign-in endpoint '/%s'.", strings.Join(q.path, "/"))
}

// grant answers a request for a token.
func grant(q *request) (*response, error) {
	form, err := url.ParseQuery(string(q.body))
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
		"aud": audienceOf(form, q.base), "iss": q.base + "/" + signInPrefix, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tokenLifetime).Unix(),
		"oid": stableUUID("principal " + who), "sub": stableUUID("principal " + who), "tid": defaultPerson.TenantID, "appid": form.Get("client_id"), "name": who, "ver": "1.0",
	})
	if err != nil {
		return nil, err
	}
	res := newResponse(http.StatusOK).json(new(object).
		set("token_type", "Bearer").set("expires_in", int(tokenLifetime.Seconds())).set("ext_expires_in", int(tokenLifetime.Seconds())).
		set("access_token", token))
	return res, nil
}

func refuseGrant(code, text string) *response {
	return newResponse(http.StatusBadRequest).json(new(object).set("error", code).set("error_description", text))
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
