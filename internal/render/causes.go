package render

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/pkg/compute"
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

// wordAt is where a name stands in a text as a word of its own; -1 when it does
// not.
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

// fared counts how n computes fared when some of them failed: "29 running, 11
// failed: quota", or with several causes "11 failed: 8 quota, 3 not found". It
// is "" when one compute was asked for, or none failed. of is the word for how
// one ended, or its error.
func fared(n int, failed error, of func(int) (string, error)) string {
	if n < 2 || failed == nil {
		return ""
	}
	var done, causes tally
	for i := range n {
		switch word, err := of(i); {
		case errors.Is(err, compute.ErrDryRun):
		case err != nil:
			causes.add(cause(err))
		default:
			done.add(word)
		}
	}
	if causes.total == 0 {
		return ""
	}
	why := causes.words()
	if len(causes.order) == 1 {
		why = causes.order[0]
	}
	text := fmt.Sprintf("%d failed: %s", causes.total, why)
	if done.total > 0 {
		text = done.words() + ", " + text
	}
	return text
}

// tally counts words in the order in which they came.
type tally struct {
	order []string
	count map[string]int
	total int
}

func (t *tally) add(word string) {
	if t.count == nil {
		t.count = map[string]int{}
	}
	if t.count[word] == 0 {
		t.order = append(t.order, word)
	}
	t.count[word]++
	t.total++
}

func (t *tally) words() string {
	words := make([]string, len(t.order))
	for i, word := range t.order {
		words[i] = fmt.Sprintf("%d %s", t.count[word], word)
	}
	return strings.Join(words, ", ")
}

// cause is the reason of a failure in a word or two.
func cause(err error) string {
	var e *compute.Error
	if !errors.As(err, &e) {
		return "other errors"
	}
	text := strings.ToLower(e.Code + " " + e.Message)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case has("quota", "corelimit") && e.Kind != compute.KindBusy:
		return "quota"
	case has("capacity", "allocationfailed", "skunotavailable"):
		return "no capacity"
	}
	switch e.Kind {
	case compute.KindUnreachable:
		return "not reached"
	case compute.KindConflict:
		return "in conflict with what exists"
	case compute.KindInvalid:
		return "refused"
	case compute.KindNotFound:
		return "not found"
	case compute.KindTimeout:
		return "timed out"
	case compute.KindState:
		return "in a failed state"
	case compute.KindAuth:
		return "not permitted"
	case compute.KindBusy:
		return "busy"
	case compute.KindInterrupted:
		return "interrupted"
	}
	return "other errors"
}
