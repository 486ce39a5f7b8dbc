package emulator

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// callerOf reads the claims oid, tid and name of a bearer token that is a JWT.
// The signature is not checked: the emulator protects nothing.
func callerOf(authorization string) arm.Person {
	p := arm.Anybody
	scheme, token, _ := strings.Cut(authorization, " ")
	parts := strings.Split(token, ".")
	if !strings.EqualFold(scheme, "Bearer") || len(parts) != 3 {
		return p
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return p
	}
	var claims struct {
		OID  string `json:"oid"`
		TID  string `json:"tid"`
		Name string `json:"name"`
	}
	if json.Unmarshal(raw, &claims) != nil {
		return p
	}
	if claims.OID != "" {
		p.ObjectID = claims.OID
	}
	if claims.TID != "" {
		p.TenantID = claims.TID
	}
	p.Name = claims.Name
	return p
}
