package azure

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os/user"
	"strings"
	"time"
)

// tokenClaims are the identity claims of an access token. The signature is not
// checked: the token only goes to the service, which checks it.
type tokenClaims struct {
	ObjectID, Tenant, AppID, AppName, UPN, Unique, Preferred, Email, Name, IDType string

	Audience any // a string, or a list of them
	Expires  any // a number; a string from some issuers
}

func decodeClaims(token string) (tokenClaims, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return tokenClaims{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return tokenClaims{}, false
	}
	fields := object(payload)
	if fields == nil {
		return tokenClaims{}, false
	}
	claims := tokenClaims{
		ObjectID: text(fields["oid"]), Tenant: text(fields["tid"]), AppID: text(fields["appid"]),
		AppName: text(fields["app_displayname"]), UPN: text(fields["upn"]), Unique: text(fields["unique_name"]),
		Preferred: text(fields["preferred_username"]), Email: text(fields["email"]), Name: text(fields["name"]),
		IDType: text(fields["idtyp"]),
	}
	_ = json.Unmarshal(fields["aud"], &claims.Audience)
	_ = json.Unmarshal(fields["exp"], &claims.Expires)
	return claims, true
}

// name is the display name of the identity.
func (c tokenClaims) name() string {
	names := []string{c.UPN, c.Unique, c.Preferred, c.Email, c.Name, c.AppName, c.AppID}
	if c.kind() == "servicePrincipal" {
		names = []string{c.AppName, c.AppID, c.Name}
	}
	return cmp.Or(names...)
}

// kind is user or servicePrincipal.
func (c tokenClaims) kind() string {
	if c.IDType == "app" {
		return "servicePrincipal"
	}
	if c.IDType == "" && c.UPN == "" && c.Unique == "" && c.Preferred == "" && c.Email == "" && c.AppID != "" {
		return "servicePrincipal"
	}
	return "user"
}

// expires is when the token expires; false if it does not say.
func (c tokenClaims) expires() (time.Time, bool) {
	seconds, ok := c.Expires.(float64)
	if !ok || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// isFor reports whether the token's audience is one of audiences, ignoring a
// trailing slash.
func (c tokenClaims) isFor(audiences []string) bool {
	name, ok := c.Audience.(string)
	if !ok {
		return false
	}
	return oneOf(audiences, strings.TrimRight(name, "/"))
}

// dummyTenant is the emulator's tenant.
const dummyTenant = "00000000-0000-0000-0000-000000000000"

// dummyToken makes an unsigned JWT that names the caller to a server on this
// machine. It is worthless anywhere else. The object id is derived from the
// name, so a user is the same owner in every process. The token outlives any
// advance of an emulator's clock.
func dummyToken(userName, scope string, now time.Time) string {
	sum := sha256.Sum256([]byte("computetarget user " + userName))
	sum[6] = sum[6]&0x0f | 0x80 // version 8: custom
	sum[8] = sum[8]&0x3f | 0x80
	id := fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	claims, _ := json.Marshal(map[string]any{
		"aud":         strings.TrimSuffix(scope, "/.default"),
		"iss":         "https://sts.windows.net/" + dummyTenant + "/",
		"iat":         now.Unix(),
		"nbf":         now.Unix(),
		"exp":         now.AddDate(10, 0, 0).Unix(),
		"oid":         id,
		"tid":         dummyTenant,
		"name":        userName,
		"unique_name": userName,
		"idtyp":       "user",
		"ver":         "1.0",
	})
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	return header + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
}

// localUser is the operating system's name for the current user.
func localUser(getenv func(string) string) string {
	if current, err := user.Current(); err == nil && current.Username != "" {
		// Windows puts the machine or domain in front.
		return current.Username[strings.LastIndexByte(current.Username, '\\')+1:]
	}
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if value := getenv(name); value != "" {
			return value
		}
	}
	return "local-user"
}
