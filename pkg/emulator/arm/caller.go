package arm

import (
	"crypto/sha256"
	"fmt"
)

// Person is who sent a request, as a compute's createdBy shows it.
type Person struct {
	ObjectID string `json:"objectId"`
	TenantID string `json:"tenantId"`
	Name     string `json:"name,omitempty"`
}

// Anybody stands for a caller whose token says nothing.
var Anybody = Person{
	ObjectID: "00000000-0000-0000-0000-000000000000",
	TenantID: "00000000-0000-0000-0000-000000000000",
}

// StableUUID is an id that depends on its seed alone.
func StableUUID(seed string) string {
	b := sha256.Sum256([]byte(seed))
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
