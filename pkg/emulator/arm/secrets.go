package arm

import (
	"encoding/json"
	"strings"
)

// secretField tells the fields whose values are dropped as they arrive:
// passwords, private keys, tokens and connection strings of any compute type.
func secretField(parent, name string) bool {
	switch strings.ToLower(name) {
	case "password", "adminuserpassword", "privatekeydata", "privatekey", "passphrase", "databricksaccesstoken",
		"relayconnectionstring", "servicebusconnectionstring":
		return true
	case "key", "cert":
		return strings.EqualFold(parent, "sslConfiguration")
	}
	return false
}

// DropSecrets returns the object under a name with every secret in it set to
// null.
func DropSecrets(parent string, in map[string]json.RawMessage) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(in))
	for k, v := range in {
		if secretField(parent, k) {
			out[k] = json.RawMessage("null")
			continue
		}
		out[k] = DropNested(k, v)
	}
	return out
}

// DropNested is DropSecrets for any value under a name.
func DropNested(parent string, raw json.RawMessage) json.RawMessage {
	var obj map[string]json.RawMessage
	var list []json.RawMessage
	var out any
	switch {
	case IsNull(raw):
		return json.RawMessage("null")
	case json.Unmarshal(raw, &obj) == nil:
		out = DropSecrets(parent, obj)
	case json.Unmarshal(raw, &list) == nil:
		for i := range list {
			list[i] = DropNested(parent, list[i])
		}
		out = list
	default:
		return raw
	}
	clean, err := json.Marshal(out)
	if err != nil {
		return json.RawMessage("null")
	}
	return clean
}
