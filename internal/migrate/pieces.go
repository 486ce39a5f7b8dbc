package migrate

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// A program can build a call from pieces that no search puts together: az ml
// $sub, and sub=computetarget elsewhere. What can be seen is a call whose words
// end in something unknown, and the word computetarget as a value.
type openPatterns struct{ open, known, value, after, program, run, through, az, two *regexp.Regexp }

var openCalls = sync.OnceValue(func() openPatterns {
	const (
		joined   = `["']\s*[\])]?\s*[,+]\s*[\[(]?\s*` // ["az"] + ["ml"], "az", ["ml"
		variable = `[$%{][({]?\w+(?:\[@\])?[)}%]*["']?`
		verbs    = `(?:create|attach|update|list|show|delete|detach|start|stop|restart|get-credentials|setup|amlcompute|computeinstance|aks|datafactory|remote|kubernetes)\b`
		groups   = `(?:compute|workspace|model|environment|datastore|dataset|data|folder|experiment|pipeline|service|endpoint|job)\b`
	)
	return openPatterns{
		// az ml, $AZ ml, "ml", …; az $group, az @args, ["az", *args]
		open: regexp.MustCompile(`(?i)(?:` + azStart + globals + `(?:` + gap + `|` + joined + `|[ \t]*,[ \t]*|` + yamlGap + `)|` + variable + gap + `)["']?(ml)\b` +
			`|["'](ml)(?:["']\s*[\])]?\s*[,+.]|[ \t]+["'{$%])` +
			`|` + azStart + globals + gap + `(?:["']?[$%{@*]|["'][ \t]*\+|-argumentlist\b)` +
			`|["']az(?:\.cmd|\.exe)?["']\s*(?:\]?\s*[,+]\s*[\[(]?\s*[\w*$@.]|\](?:\.|[ \t]*(?m:\r?$)))`),
		// What follows ml in a call that is known: a word.
		known: regexp.MustCompile(`(?i)^(?:["']?` + gap + `["']?|` + joined + `["']\s?|[ \t]*,[ \t]*["']?|` + yamlGap + `)(?:([a-z][\w-]*)|-h\b|--help\b)`),
		value: regexp.MustCompile(`(?i)\bcomputetarget\b`),
		// Any other word after it, but a group, is prose.
		after: regexp.MustCompile(`(?i)^(?:\s*$|[ \t]*(?:\r?\n|[\\"'` + "`" + `,;)\]|&+^])|[ \t]+(?:[$%{@-]|` + verbs + `|` + groups + `))`),
		// Before computetarget, the program, and its arguments.
		program: regexp.MustCompile(`(?i)(?:^[\t @+>$-]*|[;&|!>` + "`" + `][ \t]*["']?|\{[ \t]+|(?:^|[\s;&|$])\([ \t]*'?|\$\w+[ \t]*=[ \t]*|\b\w+=[^\s"']*[ \t]+` +
			`|(?:^|[\s({;&|@])(?:then|do|else|elif|if|while|until|sudo|env|exec|time|nohup|xargs|command|call|eval|watch|run)[ \t]+(?:-\w+[ \t]+)*["']?` +
			`|[ \t][-/]l?c[ \t]+["'])$`),
		run: regexp.MustCompile(`(?i)(?:\b(?:subprocess|os)\.\w+\(|\b(?:exec|spawn|check_|popen|system)\w*\(|(?:^|[\s{;&|])(?:cmd|entrypoint|sh|bat|powershell|pwsh|invoke-expression|iex)[ \t]` +
			`|\b(?:run|script|inlinescript|bash|sh|pwsh|powershell|cmd|command|args|entrypoint)["']?:[ \t])\s*[\[(]?\s*[frb]?["']{0,3}$`),
		// $CLI $1 computetarget, [cli, group, "computetarget", in a file that names az
		az:  regexp.MustCompile(`(?im)(?:^|[^\w-])` + azName + `(?:[^\w-]|$)`),
		two: regexp.MustCompile(`(?i)["']?` + variable + gap + `["']?` + variable + gap + `["']?computetarget\b|[\[(]\s*\w+\s*,\s*\w+\s*,\s*["']computetarget\b`),
		// $AZ_ML computetarget, AZ_ML + ["computetarget", and a function ml
		through: regexp.MustCompile(`(?im)(?:^[ \t]*ml` + gap + `|[$%{][({]?\w*(?:az|ml)\w*(?:\[@\])?[)}%]*["']?` + gap + `(?:["']?` + variable + gap + `)?` +
			`|\b\w*(?:az|ml)\w*\s*[,+]\s*[\[(]?\s*["'] ?)["']?computetarget\b`),
	}
})

// openCalls returns the calls that may run computetarget and do not say so. The
// others are in found, in order.
func (v view) openCalls(found []Finding) []Finding {
	const most, named = 200, 5 // bytes of a line to look at, lines to name
	p := openCalls()
	if !p.value.Match(v.text) {
		return nil
	}
	var direct, open, values []Finding
	add := func(list *[]Finding, part view, start, end int) {
		f := Finding{start: part.start(start), end: part.end(end - 1), Warnings: []string{piecesWhy}}
		i := sort.Search(len(found), func(i int) bool { return found[i].end > f.start })
		if part.inComment(end-1) || i < len(found) && found[i].start < f.end {
			return
		}
		text, _, _ := bytes.Cut(part.text[start:min(len(part.text), start+most)], []byte("\n"))
		f.Text = oneLine(strings.ToValidUTF8(string(text), ""))
		*list = append(*list, f)
	}
	parts := slices.DeleteFunc(views(v, v.kind), func(part view) bool {
		return part.literal || part.inPage // literals are in the view of the whole, too
	})
	for _, part := range parts {
		for _, m := range p.through.FindAllIndex(part.text, -1) {
			if p.after.Match(part.text[m[1]:min(len(part.text), m[1]+most)]) {
				add(&direct, part, m[0], m[1])
			}
		}
	}
	for _, part := range parts {
		for _, m := range p.two.FindAllIndex(part.text, -1) {
			first, before := part.text[m[0]], string(part.text[part.line(m[0]):m[0]])
			if (first == '[' || first == '(' || p.program.MatchString(before) || p.run.MatchString(before)) && p.az.Match(v.text) {
				add(&direct, part, m[0], m[1])
			}
		}
	}
	found = inOrder(slices.Concat(found, direct))
	for _, part := range parts {
		for _, m := range p.open.FindAllSubmatchIndex(part.text, -1) {
			if ml := max(m[3], m[5]); ml > 0 {
				known := p.known.FindSubmatch(part.text[ml:])
				if known != nil && !(strings.EqualFold(string(known[1]), "computetarget") && bytes.ContainsAny(known[0], `,+"'`)) {
					continue // plain words are found as a call
				}
			}
			if first := part.text[m[0]]; first == '"' || first == '\'' || part.starts(m[0]) {
				add(&open, part, m[0], m[1])
			}
		}
		for _, m := range p.value.FindAllIndex(part.text, -1) {
			if len(values) < named && part.isValue(m[0], m[1]) {
				add(&values, part, m[0], m[1])
			}
		}
	}
	if len(values) == 0 {
		return direct
	}
	var lines []string
	for _, f := range values {
		lines = append(lines, strconv.Itoa(1+bytes.Count(v.text[:f.start-v.base], []byte("\n"))))
	}
	why := fmt.Sprintf("may run the computetarget of line %s: make it run computetarget instead of az ml computetarget", strings.Join(slices.Compact(lines), ", "))
	for i := range open {
		open[i].Warnings = []string{why}
	}
	return append(direct, open...)
}

// isValue reports whether computetarget, from start to end, is a value or an
// argument: not a program, a part of a longer name, or a word of prose.
func (v view) isValue(start, end int) bool {
	p := openCalls()
	rest := v.text[end:min(len(v.text), end+40)]
	if start > 0 && strings.IndexByte("-./\\", v.text[start-1]) >= 0 || !p.after.Match(rest) {
		return false
	}
	at := v.line(start)
	const most = 300
	before := string(v.text[max(at, start-most):start])
	for at > 0 && len(before) < most { // a line that goes on
		up := v.line(at - 1)
		line := bytes.TrimRight(v.text[up:at], " \t\r\n")
		if len(line) == 0 || strings.IndexByte("\\^`", line[len(line)-1]) < 0 {
			break
		}
		before, at = string(line[max(0, len(line)-most):len(line)-1])+before, up
	}
	if p.run.MatchString(before) {
		return false
	}
	more := bytes.TrimLeft(rest, `"'`)
	alone := len(bytes.TrimLeft(more, " \t")) == len(more) || len(bytes.TrimSpace(more)) == 0
	return alone || !p.program.MatchString(before)
}
