package azure

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/computetarget/computetarget/internal/input"
)

// azClientID is az's application id, the same everywhere.
const azClientID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

// cachedToken looks for a valid Resource Manager token in the token cache az
// keeps as plain JSON where the platform has no encryption for it
// (msal_token_cache.json). Running az for the same token takes seconds. The
// token is used only if everything about it is as expected: the account az uses
// for the subscription, its tenant, a login host of the cloud, az's own
// application (or the service principal signed in), the audience, five minutes
// left, and a JWT inside that says the same. Anything else is not an error: az
// is run instead.
func cachedToken(configDir string, account Subscription, cloud Cloud, now time.Time) (azcore.AccessToken, bool) {
	if configDir == "" || account.User == "" || account.Tenant == "" {
		return azcore.AccessToken{}, false
	}
	data, err := input.Plain(filepath.Join(configDir, "msal_token_cache.json"))
	if err != nil {
		return azcore.AccessToken{}, false
	}
	return findToken(data, account, cloud, now)
}

func findToken(data []byte, account Subscription, cloud Cloud, now time.Time) (azcore.AccessToken, bool) {
	var cache struct {
		AccessToken map[string]json.RawMessage
		Account     map[string]json.RawMessage
	}
	plain, err := input.Text(data)
	if err != nil || json.Unmarshal(plain, &cache) != nil {
		return azcore.AccessToken{}, false
	}
	homes := map[string]bool{}
	for _, raw := range cache.Account {
		entry := object(raw)
		if strings.EqualFold(text(entry["username"]), account.User) && oneOf(cloud.LoginHosts, text(entry["environment"])) {
			homes[text(entry["home_account_id"])] = true
		}
	}
	var best azcore.AccessToken
	for _, raw := range cache.AccessToken {
		entry := object(raw)
		home, client := text(entry["home_account_id"]), text(entry["client_id"])
		switch account.UserType {
		case "user":
			if home == "" || !homes[home] || !strings.EqualFold(client, azClientID) {
				continue
			}
		case "servicePrincipal":
			if home != "" || account.ManagedIdentity || !strings.EqualFold(client, account.User) {
				continue
			}
		default:
			continue
		}
		if !strings.EqualFold(text(entry["credential_type"]), "AccessToken") ||
			!strings.EqualFold(text(entry["realm"]), account.Tenant) ||
			!oneOf(cloud.LoginHosts, text(entry["environment"])) ||
			!targets(text(entry["target"]), cloud.Audiences) {
			continue
		}
		// Proof-of-possession tokens and tokens for a special request do not
		// work as bearer tokens.
		if kind := text(entry["token_type"]); kind != "" && !strings.EqualFold(kind, "Bearer") {
			continue
		}
		if text(entry["key_id"]) != "" || text(entry["keyid"]) != "" || text(entry["ext_cache_key"]) != "" {
			continue
		}
		expires, ok := unixTime(entry["expires_on"])
		if cached, known := unixTime(entry["cached_at"]); !ok || (known && cached.After(now.Add(margin))) {
			continue
		}
		secret := text(entry["secret"])
		if !matches(secret, account, cloud, expires) || !expires.After(now.Add(margin)) || !expires.After(best.ExpiresOn) {
			continue
		}
		best = azcore.AccessToken{Token: secret, ExpiresOn: expires.UTC()}
	}
	return best, best.Token != ""
}

// matches reports whether the token itself agrees with its cache entry.
func matches(token string, account Subscription, cloud Cloud, expires time.Time) bool {
	claims, ok := decodeClaims(token)
	if !ok || !claims.isFor(cloud.Audiences) || !strings.EqualFold(claims.Tenant, account.Tenant) {
		return false
	}
	if account.UserType == "servicePrincipal" && !strings.EqualFold(claims.AppID, account.User) {
		return false
	}
	inside, ok := claims.expires()
	if !ok {
		return false
	}
	// The cache computes the time from expires_in: a few seconds apart is fine.
	apart := inside.Sub(expires)
	return apart > -margin && apart < margin
}

// targets reports whether one of the scopes is for one of the audiences.
func targets(scopes string, audiences []string) bool {
	for scope := range strings.FieldsSeq(scopes) {
		if at := strings.LastIndexByte(scope, '/'); at > 0 && oneOf(audiences, strings.TrimRight(scope[:at], "/")) {
			return true
		}
	}
	return false
}

// unixTime reads seconds since 1970, which MSAL writes as a string and some
// versions as a number.
func unixTime(raw json.RawMessage) (time.Time, bool) {
	value := text(raw)
	if value == "" {
		value = string(raw)
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0), true
}

func oneOf(list []string, value string) bool {
	return slices.ContainsFunc(list, func(item string) bool { return strings.EqualFold(item, value) })
}
