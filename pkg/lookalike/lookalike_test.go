package lookalike

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"–dry-run": "-dry-run", "—dry-run": "--dry-run", "−−dry−run": "--dry-run", "“--dry-run”": "--dry-run", "‘dev’": "dev",
		"\u00ad--dry-run": "--dry-run", "\u00a0--dry-run": "--dry-run", "--dry‑run": "--dry-run", "－－yes": "--yes",
		"de\u200bv": "dev", "\ufeffdev": "dev", "dev": "dev", "--yes\r": "--yes", "a b": "a b", "«dev»": "dev", "équipe": "équipe", "": "",
	} {
		if got := Plain(given); got != want {
			t.Errorf("Plain(%q) = %q, want %q", given, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for r, want := range map[rune]string{
		'–': "an en dash (U+2013)", '\u00ad': "a soft hyphen (U+00AD)", '”': "a curly quote (U+201D)", '︱': "a kind of dash (U+FE31)",
		'⸂': "a kind of quote (U+2E02)", '\u2005': "an unusual blank (U+2005)", '\ufe0f': "an invisible character (U+FE0F)", 'é': "'é' (U+00E9)",
	} {
		if got := Describe(r); got != want {
			t.Errorf("Describe(%q) = %q, want %q", r, got, want)
		}
	}
}

// What a keyboard has is never taken for something else.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	for r := rune(' '); r < 0x7f; r++ {
		if Any(r) {
			t.Errorf("%q is taken for a look-alike", r)
		}
	}
	if r, ok := First("dev-2_x"); ok {
		t.Errorf("First found %q in a name", r)
	}
	if r, ok := First("a–b“"); !ok || r != '–' {
		t.Errorf("First found %q, %v", r, ok)
	}
}

// Plain leaves nothing that only looks like something, and is stable.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"–dry-run", "“--x”", "\u00ad", "——", "'\u2019'", "\xff–"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		plain := Plain(text)
		if r, ok := First(plain); ok {
			t.Errorf("Plain(%q) = %q still holds %s", text, plain, Describe(r))
		}
		if again := Plain(plain); again != plain {
			t.Errorf("Plain(%q) = %q, then %q", text, plain, again)
		}
		if strings.Trim(plain, `"' `) != plain {
			t.Errorf("Plain(%q) = %q begins or ends in quotes", text, plain)
		}
	})
}
