package cmd

import (
	"regexp"
	"strings"
	"testing"
)

// TestNeighboursPromiseWhatIsThere holds every command that an answer names, and
// every word that gets one: the first exist, the second do not.
func TestNeighboursPromiseWhatIsThere(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`computetarget ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)`)
	groups := []string{""}
	for _, s := range sections {
		for _, e := range s.entries {
			if e.build == nil {
				groups = append(groups, e.words)
			}
		}
	}
	for _, group := range groups {
		seen := map[string]bool{"help": true}
		for _, known := range neighbours(group) {
			for _, word := range strings.Fields(known.words) {
				if hasCommand(strings.TrimSpace(group+" "+word)) || seen[word] {
					t.Errorf("%s %s is a command, or answered twice", group, word)
				}
				seen[word] = true
			}
			for _, match := range named.FindAllStringSubmatch(known.ours, -1) {
				words := strings.Fields(match[1])
				ok := words[0] == "help"
				for n := range words {
					e, is := find(words[:n+1])
					ok = ok || is && (e.build != nil || e.words == "create")
				}
				if !ok {
					t.Errorf("%s %s: there is no %s", group, known.words, match[0])
				}
			}
		}
	}
}
