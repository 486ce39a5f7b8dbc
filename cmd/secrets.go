package cmd

import (
	"strings"

	"github.com/computetarget/computetarget/internal/render"
)

// secretFlags mark, by a part of its name, a flag followed by a secret, even an
// unknown flag, which may be misspelled.
var secretFlags = [...]string{"passw", "pasw", "passphrase", "pwd", "secret", "token"}

// hideSecrets keeps passwords out of usage errors: it hides what follows a
// secret flag, up to the next flag. -p is the password of attach.
func hideSecrets(s *render.Streams, args []string) {
	secret := false
	for _, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		dashed := strings.HasPrefix(arg, "-") && len(arg) > 1
		switch {
		case dashed && isSecretFlag(name):
			secret = !assigned
			s.Hide(value, "…")
		case dashed && strings.HasPrefix(arg, "-p") && !strings.HasPrefix(arg, "--"):
			secret = len(arg) == 2
			s.Hide(strings.TrimPrefix(arg[2:], "="), "…")
		case dashed:
			secret = false
		case secret:
			s.Hide(arg, "…")
		}
	}
}

func isSecretFlag(name string) bool {
	name = strings.ToLower(name)
	for _, part := range secretFlags {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
