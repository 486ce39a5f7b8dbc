package compute

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

// ValidateSSHKey says in one sentence what is wrong with the public key of an
// instance. The REST API accepts only RSA keys.
func ValidateSSHKey(key string) error {
	const advice = `the API says: "Specifies the SSH rsa public key file as a string. Use "ssh-keygen -t rsa -b 2048" to generate your SSH key pairs."`
	key = strings.TrimSpace(key)
	fields := strings.Fields(key)
	switch {
	case key == "":
		return invalidf("", "the SSH public key is empty; %s", advice)
	case strings.Contains(key, "PRIVATE KEY"):
		return invalidf("", "this is a private SSH key, which must stay with you; give the public one, usually the file ending in .pub")
	case strings.HasPrefix(key, "-----BEGIN"), strings.HasPrefix(key, "---- BEGIN"):
		return invalidf("", "the SSH public key is in another format; give the one line that starts with ssh-rsa (ssh-keygen -i or -e converts it)")
	case strings.ContainsAny(key, "\r\n"):
		return invalidf("", "the SSH public key must be one line that starts with ssh-rsa, and this has more")
	case fields[0] != "ssh-rsa":
		return invalidf("", "SSH keys of type %.40q are not taken, only RSA ones are; %s", fields[0], advice)
	case len(fields) < 2:
		return invalidf("", "the SSH public key stops after its type; %s", advice)
	}
	if err := parseRSA(fields[1]); err != nil {
		return invalidf("", "the SSH public key cannot be read: %v; copy the whole line of the .pub file", err)
	}
	return nil
}

// parseRSA reads the middle field of an ssh-rsa line (RFC 4253 section 6.6):
// the type again, the exponent and the modulus.
func parseRSA(field string) error {
	data, err := base64.StdEncoding.DecodeString(field)
	if err != nil {
		return fmt.Errorf("it is not base64")
	}
	var parts [3][]byte
	for i := range parts {
		if len(data) < 4 {
			return fmt.Errorf("it is cut off")
		}
		n := binary.BigEndian.Uint32(data)
		if uint64(n) > uint64(len(data)-4) {
			return fmt.Errorf("it is cut off")
		}
		parts[i], data = data[4:4+n], data[4+n:]
	}
	bits := 8 * len(strings.TrimLeft(string(parts[2]), "\x00"))
	switch {
	case len(data) > 0:
		return fmt.Errorf("there is more in it than a key")
	case string(parts[0]) != "ssh-rsa":
		return fmt.Errorf("it says it is ssh-rsa and holds a %.20q", parts[0])
	case len(parts[1]) == 0 || len(parts[1]) > 8:
		return fmt.Errorf("its exponent makes no sense")
	case bits < 1024 || bits > 16384:
		return fmt.Errorf("it has %d bits", bits)
	}
	return nil
}
