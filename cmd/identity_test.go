package cmd

import (
	"strings"
	"testing"
)

// An identity that is sent is one that was written, and nothing else is one.
func FuzzIdentities(f *testing.F) {
	for _, s := range []string{"[system]", "/subscriptions/s/a,[SYSTEM]", "/subscriptions/a /subscriptions/b", "", ",", "me", "/Subscriptions/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		spec, err := parseIdentities([]string{s})
		if err != nil {
			return
		}
		n := len(spec.User)
		if spec.System {
			n++
		}
		if n > len(splitIdentities([]string{s})) || (n == 0) != (strings.Trim(s, ", ") == "") {
			t.Fatalf("%q is %+v", s, spec)
		}
	})
}
