package render

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a-1_b.c": "computetarget open a-1_b.c", "": "computetarget open NAME", "a b": "computetarget open NAME",
		"-rf": "computetarget open NAME", "a;b": "computetarget open NAME", "é": "computetarget open NAME", "$(x)": "computetarget open NAME",
	} {
		if got := Command("open NAME", name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"abc", 1, "…"}, {"e\u0301x", 2, "e\u0301x"},
	} {
		if got := Cut(c.text, c.width); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""}, {"a b c", 10, "a b c"}, {"aa bb cc", 5, "aa bb|cc"}, {"abcdefgh", 3, "abc|def|gh"}, {"x abcdefgh", 4, "x|abcd|efgh"},
		{"日本 語", 2, "日|本|語"}, {"日本", 1, "…"}, {"a  b", 3, "a b"},
	} {
		if got := strings.Join(Wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("Wrap(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// FuzzText holds that nothing from outside gets past Clean, and that cutting
// and wrapping keep to the width.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a\x1b[31mb", "\u202eabc\u2069", "日本\u200d語😀\u0301", "\xff\xfe", "a\r\nb\tc", "\u2028\u0085\u009b31m", "\U000e0041\ufeff"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		clean := Clean(s)
		if !utf8.ValidString(clean) || Clean(clean) != clean {
			t.Fatalf("Clean(%q) = %q", s, clean)
		}
		for _, r := range clean {
			if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x061c || r == 0x200e || r == 0x200f {
				t.Fatalf("Clean(%q) lets %U through", s, r)
			}
		}
		if isPlain := !strings.ContainsFunc(s, unsafeRune) && utf8.ValidString(s); isPlain && clean != s {
			t.Fatalf("Clean changes %q into %q", s, clean)
		}
		width = max(1, width%200)
		if cut := Cut(clean, width); Columns(cut) > width {
			t.Fatalf("Cut(%q, %d) has %d columns", clean, width, Columns(cut))
		}
		for _, line := range Wrap(clean, width) {
			if Columns(line) > width {
				t.Fatalf("Wrap(%q, %d) has a line of %d columns", clean, width, Columns(line))
			}
		}
	})
}

// TestColumnsOfPlainText holds what is counted here to what the library counts.
func TestColumnsOfPlainText(t *testing.T) {
	t.Parallel()
	for r := rune(0); r < 0x3000; r++ {
		for _, text := range []string{string(r), "a" + string(r) + "…·"} {
			if got, want := Columns(text), widths().StringWidth(text); got != want {
				t.Errorf("%q takes %d columns, the library says %d", text, got, want)
			}
		}
	}
}
