package render

import (
	"strconv"
	"strings"

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
