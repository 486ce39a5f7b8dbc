package compute

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
)

// longestName is how many characters the name of any compute may have.
const longestName = 64

// PossibleName reports whether word can be the name of a compute of any type: a
// letter, then letters, digits, hyphens and underscores, 64 at most. It is
// wider than every rule the service has for new names; what it refuses was
// never meant as a name, so no request is made for it.
func PossibleName(word string) bool {
	if word == "" || len(word) > longestName || !isLetter(word[0]) {
		return false
	}
	return strings.IndexFunc(word, func(r rune) bool { return r != '_' && !isNameRune(r) }) < 0
}

// validateNew says what is wrong with name as the name of a new compute. Only an
// instance has a rule that is known: public templates call clusters cpu-cluster-4
// or ab, so for them, and for what is attached, the service decides.
func validateNew(name string, instance bool) error {
	switch {
	case instance:
		return ValidateName(name)
	case isReserved(name):
		return invalidf(name, "%q cannot be the name of a compute: the service keeps this word for itself", name)
	case !PossibleName(name):
		return invalidf(name, "%q cannot be the name of a compute: it must start with a letter and may hold %d letters, digits, hyphens and underscores%s; %q can",
			shorten(name, 60), longestName, otherAlphabet(name), ProposeName(name))
	}
	return nil
}

// DoubtfulName says why the service may refuse the name of a new instance that
// ValidateName accepts, or "": the documentation of instances asks for a letter
// after a hyphen, the pattern of the API does not.
func DoubtfulName(name string) string {
	hyphen := strings.LastIndexByte(name, '-')
	if hyphen < 0 || ValidateName(name) != nil || strings.ContainsFunc(name[hyphen:], func(r rune) bool { return r < 0x80 && isLetter(byte(r)) }) {
		return ""
	}
	return "the service may refuse the name " + name + ": its documentation asks for a letter after a hyphen"
}

// ValidateName says what is wrong with name as the name of a new instance, in
// one sentence, or nil. The rule is the REST API's pattern of computeName: 3 to
// 24 letters, digits and hyphens, a letter first, and no hyphen followed by
// nothing but digits at the end; v1 also reserved three words.
func ValidateName(name string) error {
	reason := ""
	switch {
	case name == "":
		reason = "a compute needs a name"
	case name[0] < 0x80 && !isLetter(name[0]):
		reason = "it must start with a letter"
	case strings.IndexFunc(name, func(r rune) bool { return !isNameRune(r) }) >= 0:
		reason = "it may hold the letters a to z, digits and hyphens only" + otherAlphabet(name)
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

// otherAlphabet names the first letter that only looks like one of the alphabet
// names are written in, or is "".
func otherAlphabet(name string) string {
	for _, r := range name {
		switch {
		case unicode.Is(unicode.Cyrillic, r):
			return fmt.Sprintf(", and %q (U+%04X) is a Cyrillic letter", r, r)
		case unicode.Is(unicode.Greek, r):
			return fmt.Sprintf(", and %q (U+%04X) is a Greek letter", r, r)
		}
	}
	return ""
}

// ProposeName is a name close to the one given that ValidateName accepts.
func ProposeName(name string) string {
	var b strings.Builder
	for _, r := range withoutAccents().Replace(name) {
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

// withoutAccents writes the letters of Western Europe with those names may have.
var withoutAccents = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer(
		"À", "A", "Á", "A", "Â", "A", "Ã", "A", "Ä", "A", "Å", "A", "Æ", "Ae", "Ç", "C", "È", "E", "É", "E", "Ê", "E", "Ë", "E",
		"Ì", "I", "Í", "I", "Î", "I", "Ï", "I", "Ñ", "N", "Ò", "O", "Ó", "O", "Ô", "O", "Õ", "O", "Ö", "O", "Ø", "O", "Œ", "Oe",
		"Ù", "U", "Ú", "U", "Û", "U", "Ü", "U", "Ý", "Y", "Š", "S", "Ž", "Z",
		"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "æ", "ae", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e",
		"ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ø", "o", "œ", "oe",
		"ù", "u", "ú", "u", "û", "u", "ü", "u", "ý", "y", "ÿ", "y", "ß", "ss", "š", "s", "ž", "z",
		// Letters of other alphabets that look like those names are written in.
		"А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "С", "C", "Т", "T", "Х", "X", "І", "I",
		"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "у", "y", "х", "x", "і", "i", "ѕ", "s", "ј", "j", "ԁ", "d",
		"Α", "A", "Β", "B", "Ε", "E", "Η", "H", "Ι", "I", "Κ", "K", "Μ", "M", "Ν", "N", "Ο", "O", "Ρ", "P", "Τ", "T", "Χ", "X", "ο", "o",
		"\u0300", "", "\u0301", "", "\u0302", "", "\u0303", "", "\u0308", "", "\u030a", "", "\u0327", "", // accents of their own, as macOS writes them
	)
})

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
