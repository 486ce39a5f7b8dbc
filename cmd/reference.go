package cmd

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Reference is the documentation of a command or a group.
type Reference struct {
	Words   string // below computetarget: "create computeinstance"
	Section string // the block of the root help it belongs to
	Short   string // one line
	Group   bool   // a group: the fields below are empty
	Long    string
	Usage   string
	Example string // command lines, each indented by two blanks
	Flags   []FlagReference
	Global  []FlagReference
}

// FlagReference is the documentation of a flag.
type FlagReference struct {
	Spelling string // "-n, --name NAME"
	About    string
}

// References describes every command, in the order of the table, without
// running any.
func References() []Reference {
	var out []Reference
	for _, s := range sections {
		for _, e := range s.entries {
			r := Reference{Words: e.words, Section: s.title, Short: e.short, Group: e.build == nil}
			if !r.Group {
				root := &cobra.Command{Use: "computetarget"}
				c := attach(root, e)
				r.Long, r.Example = c.Long, c.Example
				r.Usage = c.UseLine() + " [flags]"
				own, global := flagLists(c.Command)
				r.Flags, r.Global = flagReferences(own), flagReferences(global)
			}
			out = append(out, r)
		}
	}
	return out
}

func flagReferences(flags []*pflag.Flag) []FlagReference {
	var out []FlagReference
	for _, f := range flags {
		value, about := describe(f)
		r := FlagReference{Spelling: strings.TrimSpace(spelling(f)), About: about}
		if value != "" {
			r.Spelling += " " + value
		}
		out = append(out, r)
	}
	return out
}

// TopicReference is a help topic.
type TopicReference struct {
	Word, Short string
	Text        string // as a terminal shows it
}

// Topics returns the help topics.
func Topics() []TopicReference {
	var out []TopicReference
	for _, t := range topics() {
		var text strings.Builder
		t.write(&text)
		out = append(out, TopicReference{t.word, t.short, text.String()})
	}
	return out
}
