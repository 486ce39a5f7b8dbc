package compute

import (
	"strings"
)

// ValidateName says what is wrong with name as the name of a new compute, in
// one sentence, or nil. The rule is the REST API's pattern of computeName: 3 to
// 24 letters, digits and hyphens, a letter first, and no hyphen followed by
// nothing but digits at the end; v1 also reserved three words.
func ValidateName(name string) error {
	reason := ""
	switch {
	case name == "":
		reason = "a compute needs a name"
	case !isLetter(name[0]):
		reason = "it must start with a letter"
	case strings.IndexFunc(name, func(r rune) bool { return !isNameRune(r) }) >= 0:
		reason = "it may hold letters, digits and hyphens only"
	case len(name) < 3:
		reason = "it must have 3 characters or more"
	case len(name) > 24:
		reason = "it may have 24 characters at most"
	case endsInNumber(name):
		reason = "it may not end in a hyphen and a number"
	case isReserved(name):
		reason = "the service keeps this word for itself"
	default:
		return nil
	}
	return invalidf(name, "%q cannot be the name of a compute: %s; %q can", shorten(name, 60), reason, ProposeName(name))
}

// ProposeName is a name close to the one given that ValidateName accepts.
func ProposeName(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case isNameRune(r):
			b.WriteRune(r)
		case b.Len() > 0 && b.Len() < 64:
			b.WriteByte('-')
		}
	}
	fixed := b.String()
	for strings.Contains(fixed, "--") {
		fixed = strings.ReplaceAll(fixed, "--", "-")
	}
	fixed = strings.Trim(fixed, "-")
	if fixed == "" {
		return "instance"
	}
	if !isLetter(fixed[0]) {
		fixed = "ci" + fixed
	}
	if len(fixed) < 3 || isReserved(fixed) {
		fixed += "-ci"
	}
	fixed = strings.TrimRight(fixed[:min(len(fixed), 24)], "-")
	for endsInNumber(fixed) {
		cut := strings.LastIndexByte(fixed, '-')
		fixed = fixed[:cut] + fixed[cut+1:]
	}
	if len(fixed) < 3 {
		fixed += "-ci"
	}
	return fixed
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' }

func isNameRune(r rune) bool {
	return r < 0x80 && (isLetter(byte(r)) || '0' <= r && r <= '9' || r == '-')
}

// endsInNumber reports whether name ends in a hyphen and digits, which the
// pattern's lookahead refuses.
func endsInNumber(name string) bool {
	rest := strings.TrimRight(name, "0123456789")
	return rest != name && strings.HasSuffix(rest, "-")
}

func isReserved(name string) bool {
	switch strings.ToLower(name) {
	case "amlcompute", "local", "containerinstance":
		return true
	}
	return false
}
