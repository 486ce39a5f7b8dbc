package cmd

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/argv"
)

// help answers "help", "help COMMAND" and "help TOPIC".
func help(out io.Writer, root *cobra.Command, args []string) error {
	args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return wantsHelp([]string{arg}) })
	known := tree()
	for _, t := range topics() {
		known[t.word] = argv.Word{}
	}
	found, err := argv.Path(append(args, "--help"), known, nil)
	if err != nil {
		return advise(err, nil, nil)
	}
	if len(found.Path) == 1 {
		for _, t := range topics() {
			if t.word == found.Path[0] {
				return printed(out, t.write)
			}
		}
	}
	e, ok := find(found.Path)
	return printed(out, func(w io.Writer) {
		switch {
		case !ok:
			writeRootHelp(w)
		case e.build == nil:
			writeGroupHelp(w, e, root)
		default:
			writeHelp(w, attach(root, e).Command)
		}
	})
}

func wantsHelp(args []string) bool {
	return slices.Contains(args, "--help") || slices.Contains(args, "-h")
}

// writeRootHelp prints the root commands on one screen.
func writeRootHelp(w io.Writer) {
	fmt.Fprint(w, `Manage Azure Machine Learning compute targets.

Usage: computetarget COMMAND [NAME…] [flags]

`)
	for _, s := range sections {
		var words []string
		for _, e := range s.entries {
			if !strings.Contains(e.words, " ") {
				words = append(words, e.words)
			}
		}
		writeWrapped(w, fmt.Sprintf("  %-22s ", s.title), strings.Join(words, " "))
	}
	fmt.Fprint(w, `
computetarget COMMAND --help explains a command and shows examples.
computetarget help TOPIC, on:`)
	for _, t := range topics() {
		fmt.Fprint(w, " "+t.word)
	}
	fmt.Fprint(w, `

Try it without an Azure account: add --cloud emulator to any command.
`)
}

// writeGroupHelp prints the commands of a group and the flags of its default
// command, if any; without a root only the commands.
func writeGroupHelp(w io.Writer, e entry, root *cobra.Command) {
	fmt.Fprintf(w, "%s.\n\nUsage: computetarget %s COMMAND [flags]\n\nCommands\n", e.short, e.words)
	for _, sub := range below(e.words) {
		fmt.Fprintf(w, "  %-16s %s\n", strings.TrimPrefix(sub.words, e.words+" "), sub.short)
	}
	if e.example != "" {
		fmt.Fprintf(w, "\nExample\n  computetarget %s\n", e.example)
	}
	fmt.Fprint(w, "\nAdd --help to a command to have it explained, with examples.\n")
	if meant, ok := find([]string{e.words, e.meant}); ok && !e.byFlags && root != nil {
		own, _ := flagLists(attach(root, meant).Command)
		writeFlags(w, "Flags of an instance, which is what create makes without a type", own)
	}
}

// printed writes the output of write at once, so that a failed write is an
// error: a full disk must not look like success.
func printed(w io.Writer, write func(io.Writer)) error {
	var page bytes.Buffer
	write(&page)
	_, err := w.Write(page.Bytes())
	return err
}

// writeHelp prints the help of one command.
func writeHelp(w io.Writer, c *cobra.Command) {
	for _, paragraph := range strings.Split(c.Long, "\n\n") {
		if strings.HasPrefix(paragraph, " ") || strings.Contains(paragraph, "\n ") {
			fmt.Fprintln(w, paragraph) // laid out by hand
		} else {
			writeWrapped(w, "", paragraph)
		}
		fmt.Fprintln(w)
	}
	writeWrapped(w, "Usage: ", c.UseLine()+" [flags]")
	if c.Example != "" {
		fmt.Fprintf(w, "\nExamples\n%s\n", c.Example)
	}
	own, global := flagLists(c)
	writeFlags(w, "Flags", own)
	writeFlags(w, "Global flags", global)
}

// flagLists splits the flags in help into the command's own and global ones.
func flagLists(c *cobra.Command) (own, global []*pflag.Flag) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Hidden:
		case f.Annotations[globalFlag] != nil:
			global = append(global, f)
		default:
			own = append(own, f)
		}
	})
	required := func(f *pflag.Flag) int {
		if f.Annotations[requiredFlag] != nil {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(own, func(a, b *pflag.Flag) int { return required(a) - required(b) })
	return own, global
}

func writeFlags(w io.Writer, title string, flags []*pflag.Flag) {
	if len(flags) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, f := range flags {
		head := spelling(f)
		value, usage := describe(f)
		if value != "" {
			head += " " + value
		}
		if len(head) > 30 {
			fmt.Fprintf(w, "  %s\n", head)
			head = ""
		}
		writeWrapped(w, fmt.Sprintf("  %-30s ", head), usage)
	}
}

// describe returns the name of a flag's value and its description.
func describe(f *pflag.Flag) (value, usage string) {
	value, usage = pflag.UnquoteUsage(f)
	if f.Annotations[requiredFlag] != nil {
		usage += " (required)"
	}
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
	default:
		if !strings.Contains(usage, "default") {
			usage += " (default " + f.DefValue + ")"
		}
	}
	return value, usage
}

// spelling is how a flag is typed: "-n, --name", "    --tag" or "-v".
func spelling(f *pflag.Flag) string {
	switch {
	case f.Name == fullObject:
		return "-v"
	case f.Shorthand != "":
		return "-" + f.Shorthand + ", --" + f.Name
	default:
		return "    --" + f.Name
	}
}

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
