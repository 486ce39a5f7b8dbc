package render

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// byCause makes one report of those that tell of the same cause, at the place
// of the first: its message names every compute, and advice is given once.
func byCause(reports []report) []report {
	type cause struct{ code, message string }
	var order []cause
	groups := map[cause][]report{}
	for _, r := range reports {
		key := cause{r.code, varying().ReplaceAllString(withName(r.message, r.name, "\x00"), "\x01")}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	out := make([]report, 0, len(order))
	for _, key := range order {
		out = append(out, merged(groups[key]))
	}
	return out
}

// varying is what differs between two answers about one cause: ids of requests and
// times.
var varying = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?`)
})

// merged is one report of several with one cause.
func merged(group []report) report {
	r := group[0]
	var names, hints []string
	for _, g := range group {
		if g.name != "" && !slices.Contains(names, g.name) {
			names = append(names, g.name)
		}
		if r.requestID == "" {
			r.requestID = g.requestID
		}
	}
	if len(names) < 2 {
		return r
	}
	list := strings.Join(names, ", ")
	// Commands in advice take several names, and one may hold all of them already.
	// A name at the end of an id is part of it, and stays. So does advice that is the
	// same for another name: a compute may be called list, as a word of it is.
	for _, g := range group {
		hint := g.hint
		holds := func(other string) bool { return other != g.name && wordAt(hint, other) >= 0 }
		if slices.ContainsFunc(group, func(o report) bool { return o.name != g.name && o.hint == hint }) {
			holds = func(string) bool { return true }
		}
		if at := wordAt(hint, g.name); at >= 0 && !quoted(hint, at) && !slices.ContainsFunc(names, holds) {
			hint = withName(hint, g.name, strings.Join(names, " "))
		}
		if hint != "" && !slices.Contains(hints, hint) {
			hints = append(hints, hint)
		}
	}
	r.hint = longest(hints)
	at := wordAt(r.message, r.name)
	switch rest := strings.TrimPrefix(r.message, r.name+" "); {
	case at < 0:
	case rest != r.message && wordAt(rest, r.name) < 0: // "dev is still Stopping"
		r.message = list + ": each " + rest
	case wordAt(r.message[at+len(r.name):], r.name) < 0 && !quoted(r.message, at):
		r.message = withName(r.message, r.name, list)
	default: // the service's sentence, which says it in ids
		r.message = list + ": " + withName(r.message, r.name, "NAME")
	}
	r.name = list
	return r
}

// longest joins advice, leaving out what another one says too.
func longest(hints []string) string {
	var out []string
	for i, hint := range hints {
		if !slices.ContainsFunc(hints, func(other string) bool { return other != hint && strings.Contains(other, hint) }) {
			out = append(out, hints[i])
		}
	}
	return strings.Join(out, "; ")
}

// quoted reports whether what stands at a place of a text is part of a path or
// in quotes.
func quoted(text string, at int) bool {
	return at > 0 && strings.ContainsRune(`/"'`, rune(text[at-1]))
}

// withName replaces a name in a text, where it stands as a word of its own.
func withName(text, name, by string) string {
	var b strings.Builder
	for {
		at := wordAt(text, name)
		if at < 0 {
			return b.String() + text
		}
		b.WriteString(text[:at] + by)
		text = text[at+len(name):]
	}
}

// wordAt is the position of a name as a whole word in a text, or -1.
func wordAt(text, name string) int {
	part := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
	}
	for from := 0; name != ""; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			break
		}
		at += from
		end := at + len(name)
		if (at == 0 || !part(text[at-1])) && (end == len(text) || !part(text[end])) {
			return at
		}
		from = at + 1
	}
	return -1
}
