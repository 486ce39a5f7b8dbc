package migrate

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
)

// throughNames looks at calls through a variable, an alias or a function that
// holds the first words: AZ="az ml computetarget", then $AZ delete. What such a
// call does differently is added to the finding that sets the name; a call that
// has to be changed by hand is a finding of its own.
func (v view) throughNames(found []Finding, o Options) []Finding {
	var more []Finding
	for i := range found {
		f := &found[i]
		if f.edits == nil || f.role != ordinary || len(f.args) > 0 {
			continue
		}
		before := v.text[max(0, f.start-v.base-200) : f.start-v.base]
		m := compiled().named.FindSubmatch(before)
		if m == nil {
			continue
		}
		for _, use := range v.uses(string(m[1]), f.end-v.base) {
			leaf, why := leafOf(use.words[1:])
			if why == "" && o.Refuses != nil {
				if args := use.args(leaf, nil, use.words[1:]); args != nil {
					if err := o.Refuses(args); err != nil {
						why = "computetarget would refuse it: " + err.Error()
					}
				}
			}
			at := Finding{
				Text: use.join(use.words), Warnings: []string{why},
				start: v.start(use.words[0].start), end: v.end(use.words[len(use.words)-1].end - 1),
			}
			if why != "" {
				more = append(more, at)
				continue
			}
			line := bytes.Count(v.text[:use.words[0].start], []byte("\n")) + 1
			for _, w := range use.warnings(leaf, use.words[1:]) {
				f.Warnings = append(f.Warnings, fmt.Sprintf("line %d, %s: %s", line, at.Text, w))
			}
		}
	}
	for _, m := range compiled().azOnly.FindAllSubmatchIndex(v.text, -1) {
		for _, use := range v.uses(string(v.text[m[2]:m[3]]), m[1]) {
			if w := bytes.ToLower([]byte(use.words[1].text)); !slices.Contains([]string{"computetarget", "folder"}, string(w)) {
				continue
			}
			more = append(more, Finding{
				Text: use.join(use.words), Warnings: []string{piecesWhy},
				start: v.start(use.words[0].start), end: v.end(use.words[1].end - 1),
			})
		}
	}
	return more
}

// uses returns the commands behind from that begin with what name stands for.
func (v view) uses(name string, from int) []call {
	quoted := regexp.QuoteMeta(name)
	re := regexp.MustCompile(`(?:"?\$\{?` + quoted + `(?:\[@\])?\}?"?|\$\(` + quoted + `\)|%` + quoted + `%|\{` + quoted + `\}|(?m:^|[;&|(])[ \t]*(` + quoted + `))[ \t]+[\w$"-]`)
	var out []call
	for _, m := range re.FindAllSubmatchIndex(v.text[from:], -1) {
		at := from + m[0]
		if m[2] >= 0 {
			at = from + m[2]
		}
		if v.inComment(at) {
			continue
		}
		if c := v.shellCall(at); len(c.words) > 1 {
			out = append(out, c)
		}
	}
	return out
}
