package app

import (
	"strings"
	"testing"
)

// The line that ssh gives to a shell has each word as it is, whatever is in it, and
// stays one line.
func TestProxyLine(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		words   []string
		windows bool
	}{
		`/bin/computetarget ssh dev -g rg`:                  {[]string{"/bin/computetarget", "ssh", "dev", "-g", "rg"}, false},
		`'/a b/computetarget' -g 'my(rg)' -w 50%%d`:         {[]string{"/a b/computetarget", "-g", "my(rg)", "-w", "50%d"}, false},
		`'/o'\''neil/computetarget' '$(rm -rf ~)' '#x' '~'`: {[]string{"/o'neil/computetarget", "$(rm -rf ~)", "#x", "~"}, false},
		`"C:\Program Files\computetarget.exe" -g "my(rg)"`:  {[]string{`C:\Program Files\computetarget.exe`, "-g", "my(rg)"}, true},
	} {
		if got, err := proxyLine(test.words, test.windows); got != want || err != nil {
			t.Errorf("%q became %s, %v", test.words, got, err)
		}
	}
	for _, word := range []string{"a\nProxyCommand x", "a\rb", "a\x00", "a\x1b[2J"} {
		if got, err := proxyLine([]string{word}, false); err == nil {
			t.Errorf("%q became %s", word, got)
		}
	}
	for _, word := range []string{`a"&calc`, "%PATH%"} {
		if got, err := proxyLine([]string{word}, true); err == nil {
			t.Errorf("%q became %s", word, got)
		}
	}
}

func FuzzProxyLine(f *testing.F) {
	f.Add("my(rg)")
	f.Add("%h'\"\\")
	f.Fuzz(func(t *testing.T, word string) {
		line, err := proxyLine([]string{"computetarget", word}, false)
		if err == nil && strings.ContainsAny(line, "\r\n\x00") {
			t.Errorf("%q became %q", word, line)
		}
		if err == nil && strings.Contains(strings.ReplaceAll(line, "%%", ""), "%") {
			t.Errorf("%q became %q, of which ssh replaces something", word, line)
		}
	})
}
