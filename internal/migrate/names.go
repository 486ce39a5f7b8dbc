package migrate

import (
	"bytes"
	"fmt"
	"strings"
)

// holder is a name that holds the first words of calls: a variable, an alias or
// a function. AZ="az ml computetarget" is one of $AZ delete.
type holder struct {
	finding int // the finding that sets it; -1 if it holds only az, or az ml
	end     int // in the view
}

// throughNames handles calls through a name. It adds their warnings to the
// finding that sets the name; a call that must be changed by hand is a finding
// of its own.
func (v view) throughNames(found []Finding, o Options) []Finding {
	holders := v.holders(found)
	if len(holders) == 0 {
		return nil
	}
	var more []Finding
	line, at := 1, 0
	for _, m := range compiled().use.FindAllSubmatchIndex(v.text, -1) {
		start, name := m[0], ""
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				name = string(v.text[m[g]:m[g+1]])
			}
		}
		if bare := m[len(m)-2]; bare >= 0 {
			start = bare
		}
		h, ok := holders[name]
		if !ok || start < h.end || v.inComment(start) {
			continue
		}
		c := v.shellCall(start)
		if len(c.words) < 2 {
			continue
		}
		line += bytes.Count(v.text[at:start], []byte("\n"))
		at = start
		use := Finding{Text: c.join(c.words), start: v.start(start), end: v.end(c.words[len(c.words)-1].end - 1)}
		if h.finding < 0 {
			next := c.words[1]
			if isVariable(next.text) && len(c.words) > 2 { // CLI=az; $CLI $1 computetarget
				next = c.words[2]
			}
			if name := strings.ToLower(next.text); name == "computetarget" || name == "folder" {
				use.byHand(piecesWhy)
				more = append(more, use)
			}
			continue
		}
		leaf, why := leafOf(c.words[1:])
		if args := c.args(leaf, nil, c.words[1:]); why == "" && args != nil && o.Refuses != nil {
			if err := o.Refuses(args); err != nil {
				why = refusedWhy + err.Error()
			}
		}
		if why != "" {
			use.byHand(why)
			more = append(more, use)
			continue
		}
		for _, w := range c.warnings(leaf, c.words[1:]) {
			sets := &found[h.finding]
			sets.Warnings = append(sets.Warnings, fmt.Sprintf("line %d, %s: %s", line, use.Text, w))
		}
	}
	return more
}

// holders returns the names that hold the first words of calls.
func (v view) holders(found []Finding) map[string]holder {
	out := map[string]holder{}
	for i, f := range found {
		if f.edits == nil || f.role != ordinary || len(f.args) > 0 {
			continue
		}
		const most = 200 // bytes of a name and its surroundings
		before := v.text[max(0, f.start-v.base-most) : f.start-v.base]
		if m := compiled().named.FindSubmatch(before); m != nil {
			out[string(m[1])] = holder{i, f.end - v.base}
		}
	}
	for _, m := range compiled().azOnly.FindAllSubmatchIndex(v.text, -1) {
		name := string(v.text[m[2]:m[3]])
		if _, ok := out[name]; !ok {
			out[name] = holder{-1, m[1]}
		}
	}
	return out
}
