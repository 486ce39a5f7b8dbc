package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// person is who sent a request, as a compute's createdBy shows it.
type person struct {
	ObjectID string `json:"objectId"`
	TenantID string `json:"tenantId"`
	Name     string `json:"name,omitempty"`
}

// defaultPerson stands for a caller whose token says nothing.
var defaultPerson = person{
	ObjectID: "00000000-0000-0000-0000-000000000000",
	TenantID: "00000000-0000-0000-0000-000000000000",
}

// callerOf reads the claims oid, tid and name of a bearer token that is a JWT.
// The signature is not checked: the emulator protects nothing.
func callerOf(authorization string) person {
	p := defaultPerson
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

// stableUUID is an id that depends on its seed alone.
func stableUUID(seed string) string {
	b := sha256.Sum256([]byte(seed))
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
