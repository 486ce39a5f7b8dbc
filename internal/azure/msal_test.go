package azure

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/internal/input"
)

// cacheEntry is a token in az's cache, and the JWT in it, before a test
// spoils one of them.
type cacheEntry struct {
	fields map[string]any
	claims map[string]any
}

func userEntry(expires time.Time) cacheEntry {
	return cacheEntry{
		fields: map[string]any{
			"credential_type": "AccessToken", "home_account_id": "oid.home-tenant", "environment": "login.microsoftonline.com",
			"client_id": azClientID, "realm": testTenant, "token_type": "Bearer",
			"target":     "https://management.core.windows.net//user_impersonation https://management.core.windows.net//.default",
			"cached_at":  fmt.Sprint(expires.Add(-time.Hour).Unix()),
			"expires_on": fmt.Sprint(expires.Unix()), "extended_expires_on": fmt.Sprint(expires.Unix()),
		},
		claims: map[string]any{"aud": "https://management.core.windows.net/", "tid": testTenant, "oid": "the-oid",
			"upn": "a@example.com", "exp": expires.Unix(), "appid": azClientID},
	}
}

// cacheJSON writes az's cache. The account's name differs in case from the
// profile's, as it does in life.
func cacheJSON(entries ...cacheEntry) []byte {
	tokens := map[string]any{}
	for i, entry := range entries {
		if entry.fields["secret"] == nil {
			entry.fields["secret"] = jwt(entry.claims)
		}
		tokens[fmt.Sprintf("key-%d", i)] = entry.fields
	}
	data, err := json.Marshal(map[string]any{
		"AccessToken": tokens,
		"Account": map[string]any{"x": map[string]any{"home_account_id": "oid.home-tenant", "environment": "login.microsoftonline.com",
			"realm": testTenant, "username": "A@Example.com", "authority_type": "MSSTS", "local_account_id": "oid"}},
		"RefreshToken": map[string]any{"x": map[string]any{"secret": "refresh"}}, "IdToken": map[string]any{}, "AppMetadata": map[string]any{},
	})
	if err != nil {
		panic(err)
	}
	return data
}

// writeCache puts a good token for azFolder's user into az's cache.
func writeCache(t *testing.T, dir string, expires time.Time) string {
	t.Helper()
	entry := userEntry(expires)
	if err := os.WriteFile(filepath.Join(dir, "msal_token_cache.json"), cacheJSON(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	return jwt(entry.claims)
}

func TestTokenCache(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	expires := now.Add(time.Hour)
	user := Subscription{ID: testSub, User: "a@example.com", UserType: "user", Tenant: testTenant, Cloud: Public}
	tests := []struct {
		name    string
		spoil   func(*cacheEntry)
		account func(*Subscription)
		want    bool
	}{
		{name: "as expected", want: true},
		{name: "newer audience", spoil: func(e *cacheEntry) {
			e.fields["target"] = "https://management.azure.com/.default"
			e.claims["aud"] = "https://management.azure.com"
		}, want: true},
		{name: "another name of the login host", spoil: func(e *cacheEntry) { e.fields["environment"] = "login.windows.net" }, want: true},
		{name: "numbers instead of text", spoil: func(e *cacheEntry) { e.fields["expires_on"] = expires.Unix() }, want: true},
		{name: "no token type", spoil: func(e *cacheEntry) { delete(e.fields, "token_type") }, want: true},
		{name: "expires in four minutes", spoil: func(e *cacheEntry) {
			e.fields["expires_on"] = fmt.Sprint(now.Add(4 * time.Minute).Unix())
			e.claims["exp"] = now.Add(4 * time.Minute).Unix()
		}},
		{name: "expired", spoil: func(e *cacheEntry) { e.fields["expires_on"] = "1"; e.claims["exp"] = 1 }},
		{name: "no expiry", spoil: func(e *cacheEntry) { delete(e.fields, "expires_on") }},
		{name: "expiry is text", spoil: func(e *cacheEntry) { e.fields["expires_on"] = "tomorrow" }},
		{name: "expiry beyond reason", spoil: func(e *cacheEntry) { e.fields["expires_on"] = "99999999999999999" }},
		{name: "the token itself ends sooner", spoil: func(e *cacheEntry) { e.claims["exp"] = now.Add(-time.Hour).Unix() }},
		{name: "cached in the future", spoil: func(e *cacheEntry) { e.fields["cached_at"] = fmt.Sprint(now.Add(time.Hour).Unix()) }},
		{name: "another tenant", spoil: func(e *cacheEntry) { e.fields["realm"] = "other" }},
		{name: "another tenant inside", spoil: func(e *cacheEntry) { e.claims["tid"] = "other" }},
		{name: "another cloud's login host", spoil: func(e *cacheEntry) { e.fields["environment"] = "login.microsoftonline.us" }},
		{name: "another audience", spoil: func(e *cacheEntry) { e.fields["target"] = "https://graph.microsoft.com//.default" }},
		{name: "another audience inside", spoil: func(e *cacheEntry) { e.claims["aud"] = "https://graph.microsoft.com/" }},
		{name: "audience that only begins alike", spoil: func(e *cacheEntry) {
			e.fields["target"] = "https://management.core.windows.net.evil/.default"
		}},
		{name: "another application", spoil: func(e *cacheEntry) { e.fields["client_id"] = "someone-else" }},
		{name: "another account", spoil: func(e *cacheEntry) { e.fields["home_account_id"] = "someone.else" }},
		{name: "proof of possession", spoil: func(e *cacheEntry) { e.fields["token_type"] = "pop" }},
		{name: "bound to a key", spoil: func(e *cacheEntry) { e.fields["key_id"] = "k" }},
		{name: "for a special request", spoil: func(e *cacheEntry) { e.fields["ext_cache_key"] = "k" }},
		{name: "the token itself ends later", spoil: func(e *cacheEntry) { e.claims["exp"] = expires.Add(time.Hour).Unix() }},
		{name: "not a JWT", spoil: func(e *cacheEntry) { e.fields["secret"] = "opaque" }},
		{name: "no secret", spoil: func(e *cacheEntry) { e.fields["secret"] = 7 }},
		{name: "not an access token", spoil: func(e *cacheEntry) { e.fields["credential_type"] = "RefreshToken" }},
		{name: "another user is signed in", account: func(s *Subscription) { s.User = "b@example.com" }},
		{name: "profile without a tenant", account: func(s *Subscription) { s.Tenant = "" }},
		{name: "profile without a kind", account: func(s *Subscription) { s.UserType = "" }},
		{name: "service principal", spoil: func(e *cacheEntry) {
			e.fields["home_account_id"], e.fields["client_id"], e.claims["appid"] = nil, testClient, testClient
		}, account: func(s *Subscription) { s.User, s.UserType = testClient, "servicePrincipal" }, want: true},
		{name: "another service principal inside", spoil: func(e *cacheEntry) {
			e.fields["home_account_id"], e.fields["client_id"] = nil, testClient
		}, account: func(s *Subscription) { s.User, s.UserType = testClient, "servicePrincipal" }},
		{name: "managed identity", spoil: func(e *cacheEntry) {
			e.fields["home_account_id"], e.fields["client_id"], e.claims["appid"] = nil, "systemAssignedIdentity", "systemAssignedIdentity"
		}, account: func(s *Subscription) {
			s.User, s.UserType, s.ManagedIdentity = "systemAssignedIdentity", "servicePrincipal", true
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			entry, account := userEntry(expires), user
			if test.spoil != nil {
				test.spoil(&entry)
			}
			if test.account != nil {
				test.account(&account)
			}
			got, ok := findToken(cacheJSON(entry), account, builtin()[0], now)
			if ok != test.want {
				t.Fatalf("found = %v, want %v", ok, test.want)
			}
			if ok && (got.Token != entry.fields["secret"] || !got.ExpiresOn.Equal(expires)) {
				t.Errorf("token %+v", got)
			}
		})
	}
	t.Run("an account of that name in another cloud", func(t *testing.T) {
		t.Parallel()
		cache := strings.Replace(string(cacheJSON(userEntry(expires))), `"environment":"login.microsoftonline.com","home_account_id":"oid.home-tenant","local`,
			`"environment":"login.chinacloudapi.cn","home_account_id":"oid.home-tenant","local`, 1)
		if !strings.Contains(cache, "chinacloudapi") {
			t.Fatal(cache)
		}
		if got, ok := findToken([]byte(cache), user, builtin()[0], now); ok {
			t.Errorf("%v", got)
		}
	})
	t.Run("the longest living one", func(t *testing.T) {
		t.Parallel()
		later := userEntry(expires.Add(time.Hour))
		later.fields["cached_at"] = fmt.Sprint(now.Unix())
		got, ok := findToken(cacheJSON(userEntry(expires), later, userEntry(expires)), user, builtin()[0], now)
		if !ok || got.Token != later.fields["secret"] {
			t.Errorf("%v %v", got, ok)
		}
	})
}

func TestHostileTokenCache(t *testing.T) {
	t.Parallel()
	account := Subscription{User: "a@example.com", UserType: "user", Tenant: testTenant}
	contents := map[string][]byte{
		"empty": nil, "null": []byte("null"), "array": []byte("[]"), "wrong types": []byte(`{"AccessToken": [1], "Account": "x"}`),
		"nulls": []byte(`{"AccessToken": {"a": null}, "Account": {"b": null}}`), "truncated": cacheJSON(userEntry(time.Now()))[:200],
		"binary": {0, 1, 2, 0xff}, "huge": make([]byte, input.Settings+1),
	}
	for name, content := range contents {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "msal_token_cache.json"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := cachedToken(dir, account, builtin()[0], time.Now()); ok {
			t.Errorf("%s: found a token", name)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "msal_token_cache.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, ok := cachedToken(dir, account, builtin()[0], time.Now()); ok {
		t.Error("found a token in a folder")
	}
	if _, ok := cachedToken("", account, builtin()[0], time.Now()); ok {
		t.Error("found a token nowhere")
	}
}

func FuzzTokenCache(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	f.Add(cacheJSON(userEntry(now.Add(time.Hour))))
	f.Add([]byte(`{"AccessToken": {"a": {"secret": "x.y.z"}}}`))
	f.Add([]byte("\ufeff{}"))
	account := Subscription{User: "a@example.com", UserType: "user", Tenant: testTenant}
	f.Fuzz(func(t *testing.T, data []byte) {
		token, ok := findToken(data, account, builtin()[0], now)
		if !ok {
			return
		}
		claims, good := decodeClaims(token.Token)
		if !good || claims.Tenant == "" || !token.ExpiresOn.After(now.Add(margin)) {
			t.Errorf("took %+v", token)
		}
	})
}

// Whatever a token holds, its claims are strings that people can read or none.
func FuzzClaims(f *testing.F) {
	claims := func(s string) string { return "h." + base64.RawURLEncoding.EncodeToString([]byte(s)) + ".s" }
	f.Add(claims(`{"oid":"o","tid":"t","upn":"a@b","aud":["x"],"exp":1}`))
	f.Add(claims(`{"oid":1,"aud":{},"exp":"never","idtyp":"app","appid":null}`))
	f.Add(claims("null"))
	f.Add("a.b.c")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		c, ok := decodeClaims(token)
		if !ok && c.name()+c.Tenant+c.ObjectID != "" {
			t.Fatalf("%q: %+v, and not read", token, c)
		}
		if kind := c.kind(); kind != "user" && kind != "servicePrincipal" {
			t.Fatalf("%q is a %q", token, kind)
		}
	})
}
