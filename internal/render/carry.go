package render

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Carried are the flags that said where this command acts. Commands that errors,
// notes and views suggest repeat them, so that they act there too when they are
// pasted.
type Carried struct {
	Cloud     string // --cloud or --endpoint, "" when neither was given
	Workspace string // the flags of subscription, resource group and workspace
}

// suggested finds a command of ours in a text, by its first two words.
var suggested = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\bcomputetarget [a-z][a-z-]*`) })

// What acts nowhere carries nothing, and what looks for a workspace carries none.
var (
	actsNowhere    = []string{"config", "help", "completion", "version", "migrate", "shim", "emulator"}
	findsWorkspace = []string{"use", "workspace", "auth"}
)

// carried is a text whose commands carry the flags. A command that says itself
// where it acts, such as one that takes a wait up again, is left alone.
func (s *Streams) carried(text string) string {
	if s.Carry == (Carried{}) {
		return text
	}
	var out strings.Builder
	last := 0
	for _, at := range suggested().FindAllStringIndex(text, -1) {
		name, verb, _ := strings.Cut(text[at[0]:at[1]], " ")
		rest, _, _ := strings.Cut(text[at[1]:], " · ")
		flags := s.Carry.Cloud
		if !slices.Contains(findsWorkspace, verb) {
			flags = strings.TrimSpace(flags + " " + s.Carry.Workspace)
		}
		before := text[:at[0]]
		before = before[strings.LastIndexByte(strings.TrimRight(before, " "), ' ')+1:]
		if flags == "" || slices.Contains(actsNowhere, verb) || strings.Contains(rest, " -w ") || strings.HasPrefix(before, "COMPUTETARGET_") {
			continue
		}
		out.WriteString(text[last:at[0]] + name + " " + flags + " " + verb)
		last = at[1]
	}
	return out.String() + text[last:]
}

// said is a text for display: without control characters and hidden text, and
// with commands ready to paste.
func (s *Streams) said(text string) string { return s.withoutHidden(s.carried(Clean(text))) }
