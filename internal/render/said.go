package render

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/pkg/compute"
)

// What is shorter than shortestHidden is not looked for, since it would be
// found everywhere. What is longer than recognized is found by any part of that
// length, since messages shorten what they quote, and mark places in it.
const (
	shortestHidden = 4
	recognized     = 12
)

// hiddenText is what errors and notes must not repeat, and what they say
// instead.
type hiddenText struct{ text, as string }

// Hide keeps a text out of every error and note, which print as instead. Use it
// for passwords and the contents of files.
func (s *Streams) Hide(text, as string) {
	quoted := strconv.Quote(text)
	for _, form := range []string{compute.ProposeName(text), text, Clean(text), quoted[1 : len(quoted)-1]} {
		if len(form) >= shortestHidden {
			s.hidden = append(s.hidden, hiddenText{form, as})
		}
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) >= shortestHidden && len(line) < recognized {
			s.hidden = append(s.hidden, hiddenText{line, as})
		}
	}
}

// withoutHidden is a message without hidden text, whole or in parts.
func (s *Streams) withoutHidden(message string) string {
	if len(s.hidden) == 0 {
		return message
	}
	instead := make([]string, len(message)) // of each byte, "" for one that stays
	for _, h := range s.hidden {
		size := min(len(h.text), recognized)
		for start := 0; start+size <= len(message); start++ {
			if strings.Contains(h.text, message[start:start+size]) {
				for i := start; i < start+size; i++ {
					instead[i] = h.as
				}
			}
		}
	}
	var out strings.Builder
	before := ""
	for i, as := range instead {
		switch {
		case as == "":
			out.WriteByte(message[i])
		case as != before:
			out.WriteString(as)
		}
		before = as
	}
	message = strings.ToValidUTF8(out.String(), "")
	for _, h := range s.hidden {
		for _, lineEnd := range []string{" ", `\n`} { // lines were found one by one
			for strings.Contains(message, h.as+lineEnd+h.as) {
				message = strings.ReplaceAll(message, h.as+lineEnd+h.as, h.as)
			}
		}
	}
	return message
}

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
