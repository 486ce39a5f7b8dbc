package compute

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
)

// longestName is the longest name of any compute, in characters.
const longestName = 64

// PossibleName reports whether word can be the name of a compute of any type: a
// letter, then letters, digits, hyphens and underscores, 64 at most. The service's
// rules for new names are narrower.
func PossibleName(word string) bool {
	if word == "" || len(word) > longestName || !isLetter(word[0]) {
		return false
	}
	return strings.IndexFunc(word, func(r rune) bool { return r != '_' && !isNameRune(r) }) < 0
}

// validateNew says what is wrong with the name of a new compute. Only the rule for
// instances is known. Public templates call clusters cpu-cluster-4 or ab, so for
// any other compute the service decides.
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

// DoubtfulName says why the service may refuse a name that ValidateName accepts,
// or "". The documentation of instances asks for a letter after a hyphen; the
// pattern of the API does not.
func DoubtfulName(name string) string {
	hyphen := strings.LastIndexByte(name, '-')
	if hyphen < 0 || ValidateName(name) != nil || strings.ContainsFunc(name[hyphen:], func(r rune) bool { return r < 0x80 && isLetter(byte(r)) }) {
		return ""
	}
	return "the service may refuse the name " + name + ": its documentation asks for a letter after a hyphen"
}

// ValidateName says in one sentence what is wrong with the name of a new
// instance. The rule is the REST API's pattern of computeName: 3 to 24 letters,
// digits and hyphens, a letter first, and not a hyphen and a number at the end.
// v1 also reserved three words.
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

// otherAlphabet names the first Cyrillic or Greek letter, which may look like a
// Latin one.
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

// ProposeName is a similar name that ValidateName accepts.
func ProposeName(name string) string {
	words := strings.FieldsFunc(withoutAccents().Replace(name), func(r rune) bool { return r == '-' || !isNameRune(r) })
	fixed := strings.Join(words, "-")
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

// withoutAccents replaces letters with those that a name may have.
var withoutAccents = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer(
		"À", "A", "Á", "A", "Â", "A", "Ã", "A", "Ä", "A", "Å", "A", "Æ", "Ae", "Ç", "C", "È", "E", "É", "E", "Ê", "E", "Ë", "E",
		"Ì", "I", "Í", "I", "Î", "I", "Ï", "I", "Ñ", "N", "Ò", "O", "Ó", "O", "Ô", "O", "Õ", "O", "Ö", "O", "Ø", "O", "Œ", "Oe",
		"Ù", "U", "Ú", "U", "Û", "U", "Ü", "U", "Ý", "Y", "Š", "S", "Ž", "Z",
		"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "æ", "ae", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e",
		"ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ø", "o", "œ", "oe",
		"ù", "u", "ú", "u", "û", "u", "ü", "u", "ý", "y", "ÿ", "y", "ß", "ss", "š", "s", "ž", "z",
		// Letters of other alphabets that look alike.
		"А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "С", "C", "Т", "T", "Х", "X", "І", "I",
		"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "у", "y", "х", "x", "і", "i", "ѕ", "s", "ј", "j", "ԁ", "d",
		"Α", "A", "Β", "B", "Ε", "E", "Η", "H", "Ι", "I", "Κ", "K", "Μ", "M", "Ν", "N", "Ο", "O", "Ρ", "P", "Τ", "T", "Χ", "X", "ο", "o",
		"\u0300", "", "\u0301", "", "\u0302", "", "\u0303", "", "\u0308", "", "\u030a", "", "\u0327", "", // combining accents, as on macOS
	)
})

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' }

func isNameRune(r rune) bool {
	return r < 0x80 && (isLetter(byte(r)) || '0' <= r && r <= '9' || r == '-')
}

// endsInNumber reports whether name ends in a hyphen and a number, which the
// pattern refuses.
func endsInNumber(name string) bool {
	rest := strings.TrimRight(name, "0123456789")
	return rest != name && strings.HasSuffix(rest, "-")
}

func isReserved(name string) bool { return listed("amlcompute local containerinstance", name) }
